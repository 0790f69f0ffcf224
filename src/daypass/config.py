"""Settings, and where each came from: flags, then the environment, then `.env`, then the profile, then `config.toml`, then defaults.

A profile remembers with which app, tenant and cloud somebody signed in (`REMEMBERED`). One that is named (`--profile`, DAYPASS_PROFILE)
brings them all along, whatever the environment and `.env` say of them. One that nobody named counts only where nothing else says
otherwise: parts of two identities are never mixed.

`.env` is the tutorial's file, read from the working folder. Whoever can put a file there must not be able to redirect a
sign-in, so it may name the app and the tenant, and nothing else (`FROM_DOTENV`).
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from .auth import authorities
from .auth.authorities import CLOUDS, GRAPHS, MICROSOFT_GRAPHS
from .errors import ConfigError
from .value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .profiles import Profile, Profiles

ENVIRONMENT: Mapping[str, tuple[str, ...]] = {
    "client_id": ("DAYPASS_CLIENT_ID", "CLIENT_ID"),
    "tenant_id": ("DAYPASS_TENANT_ID", "TENANT_ID"),
    "cloud": ("DAYPASS_CLOUD",),
    "authority": ("DAYPASS_AUTHORITY",),
    "authority_kind": ("DAYPASS_AUTHORITY_KIND",),
    "graph_root": ("DAYPASS_GRAPH_ROOT",),
    "ca_file": ("DAYPASS_CA_FILE",),
    "state_dir": ("DAYPASS_STATE_DIR",),
    "storage": ("DAYPASS_STORAGE",),
    "key_file": ("DAYPASS_KEY_FILE",),
    "key_command": ("DAYPASS_KEY_COMMAND",),
    "passphrase_file": ("DAYPASS_PASSPHRASE_FILE",),
    "key_keeper": ("DAYPASS_KEY_KEEPER",),
    "time_zone": ("DAYPASS_TIME_ZONE",),
    "mailbox": ("DAYPASS_MAILBOX",),
    "profile": ("DAYPASS_PROFILE",),
}
FROM_DOTENV = frozenset({"client_id", "tenant_id"})
IDENTITY = ("client_id", "tenant_id", "cloud", "authority", "authority_kind", "graph_root")  # whose tokens, and from where
REMEMBERED = (*IDENTITY, "ca_file", "mailbox")  # what a profile remembers

TENANT_WORDS = frozenset({"common", "organizations", "consumers"})
STORAGES = ("disk", "volume", "memory")
KEY_KEEPERS = ("", "keyring", "passphrase", "sibling")
NOT_IN_ADDRESS = frozenset(" ?#\\")
MANAGED_IDENTITY = "managed-identity"  # stands for the app's id, with ":ID" behind it where the machine has several
PIN = "name the certificates to trust with DAYPASS_CA_FILE"
HEX = frozenset("0123456789abcdefABCDEF")

Found = dict[str, tuple[str, str]]  # what one place says: by setting, the value and where it stands


class Settings(Value):
    """All settings; `origins` tells where each value came from.

    `authority` is the sign-in service's address (Entra's without the tenant), `graph_root` Graph's address with its version, `mailbox`
    whose calendar an app on its own works with. `profile` names the sign-in, `profile_key` tells its tokens from others'. `storage`
    says where tokens may rest: `disk` (the state folder, an error if it cannot be written), `volume` (the state folder if a volume is
    mounted there, else memory), `memory`.
    """

    client_id: str = ""
    tenant_id: str = ""
    cloud: str = "public"
    authority: str = CLOUDS["public"][0]
    authority_kind: str = ""
    graph_root: str = CLOUDS["public"][1]
    ca_file: str = ""
    state_dir: str = ""
    storage: str = "disk"
    key_file: str = ""
    key_command: str = ""
    passphrase_file: str = ""
    key_keeper: str = ""
    time_zone: str = ""
    mailbox: str = ""
    profile: str = "default"
    profile_key: str = ""
    origins: Mapping[str, str] = MappingProxyType({})
    looked_in: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """Whose tokens these settings speak of: tokens of one identity are never used for another."""
        return f"{self.identity_of_app}|{self.profile_key}" if self.profile_key else self.identity_of_app

    @property
    def identity_of_app(self) -> str:
        """The identity without the profile: which app, tenant and service."""
        return "|".join((self.authority, self.graph_root, self.tenant_id.lower(), self.client_id.lower()))

    @property
    def signs_in_at(self) -> authorities.Authority:
        """The sign-in service."""
        return authorities.authority(self.authority, self.tenant_id, self.authority_kind)

    @property
    def folder(self) -> str:
        """Where the state is kept, "" for nowhere: the state folder, or on a volume a folder of ours if it is everybody's."""
        match self.storage:
            case "disk":
                return self.state_dir
            case "volume" if "\0" not in self.state_dir and _is_mounted(self.state_dir) and os.access(self.state_dir, os.W_OK | os.X_OK):
                return _place_on(self.state_dir)
            case _:
                return ""

    def remembered(self) -> dict[str, str]:
        """What a profile remembers of these settings: those of the identity that are not the default."""
        default = Settings()
        return {name: value for name in REMEMBERED if (value := str(getattr(self, name))) != getattr(default, name)}

    def checked(self) -> Settings:
        """These settings, fit for signing in; raises ConfigError that names the setting and where it was looked for."""
        for setting in ENVIRONMENT:
            if "\0" in getattr(self, setting):
                raise self.wrong(setting, "holds a NUL byte")
        if self.key_keeper not in KEY_KEEPERS:
            raise self.wrong("key_keeper", f"{self.key_keeper!r} is none of {', '.join(KEY_KEEPERS[1:])}")
        if self.cloud not in CLOUDS:
            raise self.wrong("cloud", f"{self.cloud!r} is none of {', '.join(CLOUDS)}")
        if self.authority_kind not in ("", *authorities.KINDS):
            raise self.wrong("authority_kind", f"{self.authority_kind!r} is none of {', '.join(authorities.KINDS)}")
        if self.is_managed:
            return self._checked_graph()
        if not self.client_id:
            raise self.wrong("client_id", "is not set: it is the 'Application (client) ID' of your app registration")
        host, kind = self._https("authority"), self.signs_in_at.kind
        if kind == "entra":
            self._check_entra(host)
        elif not self.ca_file and not host.endswith((authorities.B2C_SUFFIX, authorities.CIAM_SUFFIX)):
            raise self.wrong("authority", f"{host} is not a Microsoft sign-in service; {PIN}")
        return self

    @property
    def is_managed(self) -> bool:
        """Whether the app is a managed identity: Azure knows which, and its tenant."""
        return self.client_id.partition(":")[0] == MANAGED_IDENTITY

    def _checked_graph(self) -> Settings:
        """These settings, for an identity whose sign-in service is the machine it runs on."""
        self._https("authority")
        self._https("graph_root")
        return self

    def _check_entra(self, authority: str) -> None:
        if not _is_guid(self.client_id):
            raise self.wrong("client_id", f"{self.client_id!r} is not an application id like 11111111-2222-3333-4444-555555555555")
        if not self.tenant_id:
            issuer = "" if authority in GRAPHS else " (if this is an OpenID Connect issuer, say --authority-kind oidc)"
            raise self.wrong("tenant_id", f"is not set: it is the 'Directory (tenant) ID' of your app registration{issuer}")
        if not (_is_guid(self.tenant_id) or self.tenant_id.lower() in TENANT_WORDS or _is_domain(self.tenant_id)):
            raise self.wrong(
                "tenant_id", f"{self.tenant_id!r} is neither a directory id, nor a domain, nor common, organizations or consumers"
            )
        if urlsplit(self.authority).path:
            raise self.wrong("authority", f"{self.authority!r} must stand without a path; the tenant is set with TENANT_ID")
        graph = self._https("graph_root")
        if authority in GRAPHS:
            if graph not in GRAPHS[authority]:
                raise self.wrong("graph_root", f"{graph} does not belong to {authority}; expected {' or '.join(GRAPHS[authority])}")
            return
        if graph in MICROSOFT_GRAPHS:
            raise self.wrong("authority", f"{authority} is not a Microsoft sign-in service, and {graph} accepts no other")
        if not self.ca_file:
            raise self.wrong("authority", f"{authority} is not a Microsoft sign-in service; {PIN}")

    def _https(self, setting: str) -> str:
        """The host of an address that is https, with no login, query or fragment, and nothing that parsers disagree on."""
        text = str(getattr(self, setting))
        if "@" in text:  # not repeated: what stands before it may be a password
            raise self.wrong(setting, "is not an https:// address without a user name and password")
        try:
            url = urlsplit(text)
            fine = url.scheme == "https" and bool(url.hostname) and url.port != 0 and text.isprintable() and not set(text) & NOT_IN_ADDRESS
        except ValueError:
            fine, url = False, urlsplit("")
        if not fine:
            raise self.wrong(setting, f"{text!r} is not an https:// address")
        return str(url.hostname)

    def wrong(self, setting: str, reason: str) -> ConfigError:
        """The error for a setting that will not do, with where its value stands."""
        name = ENVIRONMENT[setting][-1]
        origin = self.origins.get(setting)
        return ConfigError(name, reason, (origin,) if origin else self.looked_in)


def load(
    flags: Mapping[str, str | None] | None = None,
    environ: Mapping[str, str] = os.environ,
    folder: str = "",
    platform: str = sys.platform,
    profiles_in: Callable[[str], Profiles] | None = None,
    *,
    new: bool = False,
) -> Settings:
    """Gather the settings; `folder` is where `.env` is looked for (default: the working folder).

    `profiles_in` finds the profiles of a state folder. Raises ConfigError, and UsageError for a profile that was named and is not there,
    unless it may be a `new` one.
    """
    home = _home(environ)
    dotenv_path, toml_path = os.path.join(folder, ".env"), _config_file(environ, home, platform)
    said = {**_from_environment(environ), **_from_flags(flags or {})}
    dotenv = {} if said.keys() >= FROM_DOTENV else _from_dotenv(dotenv_path)  # what nobody needs spoils nothing
    found = {**_from_toml(toml_path), **dotenv, **said}  # the first to be asked comes last
    looked_in = ("the environment", dotenv_path, *([toml_path] if toml_path else []))
    settings = _tidied(_settings(found, looked_in), home, _state_folder(environ, home, platform))
    if profiles_in is None or "\0" in settings.folder:
        return settings
    named, profiles = "profile" in found, profiles_in(settings.folder)
    chosen = profiles.get(settings.profile if named else profiles.current())
    if chosen is None:
        return settings.replace(profile_key=profiles.new_key(settings.profile, may_be_new=new)) if named else settings
    if not named and not _agree(settings, chosen, {**dotenv, **said}):
        return settings
    return _tidied(_with_profile(settings, chosen, found, _from_flags(flags or {}), named=named), home, settings.state_dir)


def contradiction(settings: Settings, environ: Mapping[str, str]) -> str:
    """What to say where the environment names another app than a sign-in was for, so that the next command will not find it; else ""."""
    if "profile" in settings.origins:  # a profile that is named stands above the environment
        return ""
    for name in reversed(ENVIRONMENT["client_id"]):
        if environ.get(name, "").strip() not in ("", settings.client_id):
            return (
                f"{name} in the environment names another app, and the next command will look for that one's sign-in: take it out, "
                "or give this one a name of its own with --profile."
            )
    return ""


def _agree(settings: Settings, profile: Profile, said: Found) -> bool:
    """Whether what was said elsewhere is what a profile stands for, so that nothing of two identities is mixed."""
    names = {name for name in IDENTITY if name in said} | ({"authority", "graph_root"} if "cloud" in said else set[str]())
    default = Settings()
    return all(getattr(settings, name) == profile.settings.get(name, getattr(default, name)) for name in names)


def _with_profile(settings: Settings, profile: Profile, found: Found, flags: Found, *, named: bool) -> Settings:
    """The settings with those that a profile remembers; one that was `named` stands above all but the `flags`."""
    remembered = {name: (value, f"profile {profile.name}") for name, value in profile.settings.items() if name in REMEMBERED}
    yields = (set(IDENTITY) | remembered.keys() if named else set[str]()) - flags.keys()
    over = {name: place for name, place in found.items() if name not in yields}
    return _settings({**remembered, **over}, settings.looked_in).replace(profile=profile.name, profile_key=profile.key)


def _settings(found: Found, looked_in: tuple[str, ...]) -> Settings:
    """The settings that were found; a cloud's name stands for the addresses that nothing else says."""
    login, graph = CLOUDS.get(found.get("cloud", ("", ""))[0], CLOUDS["public"])
    values = {"authority": login, "graph_root": graph, **{setting: value for setting, (value, _) in found.items()}}
    return Settings(**values, origins={setting: origin for setting, (_, origin) in found.items()}, looked_in=looked_in)


def _is_mounted(folder: str) -> bool:
    """Whether a volume is mounted at the folder; a bind mount of the same file system shows in the kernel's list alone."""
    if os.path.ismount(folder):
        return True
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:
            return any(line.split()[4].replace("\\040", " ") == folder for line in mounts)
    except (OSError, IndexError):
        return False


def _place_on(volume: str) -> str:
    """The volume itself if it is ours, else a folder of ours on it: many volumes are root's, for everybody or a group to write."""
    found = os.stat(volume)
    ours = found.st_uid == os.geteuid() and not found.st_mode & stat.S_ISVTX
    return volume if ours else os.path.join(volume, f"daypass-{os.geteuid()}")


def _from_flags(flags: Mapping[str, str | None]) -> Found:
    return {setting: (value.strip(), f"--{setting.replace('_', '-')}") for setting, value in flags.items() if value and value.strip()}


def _from_environment(environ: Mapping[str, str]) -> Found:
    return {
        setting: (environ[name].strip(), f"{name} in the environment")
        for setting, names in ENVIRONMENT.items()
        for name in reversed(names)  # the first name wins
        if environ.get(name, "").strip()
    }


def _from_dotenv(path: str) -> Found:
    said = _dotenv(path)
    return {
        setting: (said[name], f"{name} in {path}") for setting in FROM_DOTENV for name in reversed(ENVIRONMENT[setting]) if said.get(name)
    }


def _from_toml(path: str) -> Found:
    said = _toml(path) if path else {}
    return {setting: (value.strip(), f"{setting} in {path}") for setting, value in said.items() if value.strip()}


def _tidied(settings: Settings, home: str, state_folder: str) -> Settings:
    if settings.storage not in STORAGES:
        raise settings.wrong("storage", f"{settings.storage!r} is none of {', '.join(STORAGES)}")
    state_dir = _whole(settings, "state_dir", home) or state_folder
    if not state_dir and settings.storage != "memory":
        raise settings.wrong("state_dir", "is not set, and there is no home folder to keep the sign-in in (HOME names none)")
    return settings.replace(
        authority=settings.authority.rstrip("/"),
        graph_root=settings.graph_root.rstrip("/"),
        state_dir=state_dir and os.path.abspath(state_dir),
        ca_file=_whole(settings, "ca_file", home),
        key_file=_whole(settings, "key_file", home),
        passphrase_file=_whole(settings, "passphrase_file", home),
    )


def _whole(settings: Settings, setting: str, home: str) -> str:
    """A path with its `~` replaced; one that needs a home which is not known must not fall back on the working folder."""
    path = str(getattr(settings, setting))
    if path.partition("/")[0] != "~":
        return os.path.expanduser(path)
    if not home:
        raise settings.wrong(setting, f"{path!r} begins in a home folder, and there is no home folder (HOME names none)")
    return home.rstrip("/") + path[1:]


def _dotenv(path: str) -> dict[str, str]:
    """The assignments of a `.env` file: `NAME=value`, `export NAME="value"`, comments; {} when there is none."""
    found: dict[str, str] = {}
    for line in _text(path).splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        value = value.strip()
        if not equals or name.strip().startswith("#"):
            continue
        if value[:1] in ("'", '"'):
            value = value[1:].partition(value[0])[0]
        else:
            value = value.partition(" #")[0].strip()
        found[name.strip()] = value
    return found


def _toml(path: str) -> dict[str, str]:
    text = _text(path)
    if not text:
        return {}
    import tomllib

    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError("config.toml", f"is not valid TOML ({error})", (path,)) from None
    unknown = sorted(set(content) - set(ENVIRONMENT))
    if unknown:
        raise ConfigError(unknown[0], f"is not a setting; there are {', '.join(ENVIRONMENT)}", (path,))
    wrong = next((name for name, value in content.items() if not isinstance(value, str)), None)
    if wrong:
        raise ConfigError(wrong, "must be text in quotes", (path,))
    return content


def _text(path: str) -> str:
    """A file's text, "" when there is none; a pipe or a device in its place is refused before it can make us wait."""
    try:
        with open(path, encoding="utf-8-sig", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ConfigError(os.path.basename(path), "is not a regular file", (path,))
            return file.read(65_536)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ""
    except OSError as error:
        raise ConfigError(os.path.basename(path), f"cannot be read ({error.strerror})", (path,)) from None
    except UnicodeDecodeError:
        raise ConfigError(os.path.basename(path), "is not UTF-8 text", (path,)) from None


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a pipe would wait for its writer


def _home(environ: Mapping[str, str]) -> str:
    """The user's home, "" when neither the environment nor the user database has an absolute one (a container's made-up user)."""
    home = environ.get("HOME", "")
    if not os.path.isabs(home):
        import pwd

        try:
            home = pwd.getpwuid(os.geteuid()).pw_dir
        except KeyError:
            return ""
    return home if os.path.isabs(home) else ""


def _config_file(environ: Mapping[str, str], home: str, platform: str) -> str:
    folder = _user_folder(environ.get("XDG_CONFIG_HOME", ""), home, platform, ".config")
    return folder and os.path.join(folder, "config.toml")


def _state_folder(environ: Mapping[str, str], home: str, platform: str) -> str:
    folder = _user_folder(environ.get("XDG_STATE_HOME", ""), home, platform, os.path.join(".local", "state"))
    return os.path.join(folder, "state") if folder and platform == "darwin" else folder


def _user_folder(named: str, home: str, platform: str, below_home: str) -> str:
    """Our folder of one kind, "" when no home is known (XDG Base Directory Specification: a relative path is passed over)."""
    if platform == "darwin":
        return home and os.path.join(home, "Library", "Application Support", "daypass")
    base = named if os.path.isabs(named) else home and os.path.join(home, below_home)
    return base and os.path.join(base, "daypass")


def _is_guid(text: str) -> bool:
    parts = text.split("-")
    return [len(part) for part in parts] == [8, 4, 4, 4, 12] and all(set(part) <= HEX for part in parts)


def _is_domain(text: str) -> bool:
    labels = text.split(".")
    return len(labels) > 1 and all(label and label.replace("-", "").isalnum() and label.isascii() for label in labels)
