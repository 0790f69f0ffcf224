"""Settings, and where each came from: flags, then the environment, then `.env`, then `config.toml`, then defaults.

`.env` is the tutorial's file, read from the working folder. Whoever can put a file there must not be able to redirect a
sign-in, so it may name the app and the tenant, and nothing else (`FROM_DOTENV`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from .errors import ConfigError
from .value import Value

ENVIRONMENT: Mapping[str, tuple[str, ...]] = {
    "client_id": ("DAYPASS_CLIENT_ID", "CLIENT_ID"),
    "tenant_id": ("DAYPASS_TENANT_ID", "TENANT_ID"),
    "authority": ("DAYPASS_AUTHORITY",),
    "graph_root": ("DAYPASS_GRAPH_ROOT",),
    "ca_file": ("DAYPASS_CA_FILE",),
    "state_dir": ("DAYPASS_STATE_DIR",),
    "storage": ("DAYPASS_STORAGE",),
    "key_file": ("DAYPASS_KEY_FILE",),
    "time_zone": ("DAYPASS_TIME_ZONE",),
}
FROM_DOTENV = frozenset({"client_id", "tenant_id"})

# Which sign-in service goes with which Graph (Microsoft Graph: national cloud deployments). A token is never sent across.
CLOUDS: Mapping[str, tuple[str, ...]] = {
    "login.microsoftonline.com": ("graph.microsoft.com",),
    "login.microsoft.com": ("graph.microsoft.com",),
    "login.windows.net": ("graph.microsoft.com",),
    "login.microsoftonline.us": ("graph.microsoft.us", "dod-graph.microsoft.us"),
    "login.partner.microsoftonline.cn": ("microsoftgraph.chinacloudapi.cn",),
    "login.chinacloudapi.cn": ("microsoftgraph.chinacloudapi.cn",),
}
MICROSOFT_GRAPHS = frozenset(host for hosts in CLOUDS.values() for host in hosts)

TENANT_WORDS = frozenset({"common", "organizations", "consumers"})
STORAGES = ("disk", "volume", "memory")
NOT_IN_ADDRESS = frozenset(" ?#\\")
HEX = frozenset("0123456789abcdefABCDEF")


class Settings(Value):
    """All settings; `origins` tells where each value came from.

    `authority` is the sign-in service's origin, `graph_root` Graph's address with its version. `storage` says where
    tokens may rest: `disk` (the state folder, an error if it cannot be written), `volume` (the state folder if a volume
    is mounted there, else memory), `memory`.
    """

    client_id: str = ""
    tenant_id: str = ""
    authority: str = "https://login.microsoftonline.com"
    graph_root: str = "https://graph.microsoft.com/v1.0"
    ca_file: str = ""
    state_dir: str = ""
    storage: str = "disk"
    key_file: str = ""
    time_zone: str = ""
    origins: Mapping[str, str] = MappingProxyType({})
    looked_in: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """Whose tokens these settings speak of: tokens of one identity are never used for another."""
        return "|".join((self.authority, self.graph_root, self.tenant_id.lower(), self.client_id.lower()))

    def checked(self) -> Settings:
        """These settings, fit for signing in; raises ConfigError that names the setting and where it was looked for."""
        if not self.client_id:
            raise self._wrong("client_id", "is not set: it is the 'Application (client) ID' of your app registration")
        if not _is_guid(self.client_id):
            raise self._wrong("client_id", f"{self.client_id!r} is not an application id like 11111111-2222-3333-4444-555555555555")
        if not self.tenant_id:
            raise self._wrong("tenant_id", "is not set: it is the 'Directory (tenant) ID' of your app registration")
        if not (_is_guid(self.tenant_id) or self.tenant_id.lower() in TENANT_WORDS or _is_domain(self.tenant_id)):
            raise self._wrong(
                "tenant_id", f"{self.tenant_id!r} is neither a directory id, nor a domain, nor common, organizations or consumers"
            )
        self._check_hosts()
        return self

    def _check_hosts(self) -> None:
        authority, graph = self._https("authority"), self._https("graph_root")
        if authority in CLOUDS:
            if graph not in CLOUDS[authority]:
                raise self._wrong("graph_root", f"{graph} does not belong to {authority}; expected {' or '.join(CLOUDS[authority])}")
            return
        if graph in MICROSOFT_GRAPHS:
            raise self._wrong("authority", f"{authority} is not a Microsoft sign-in service, and {graph} accepts no other")
        if not self.ca_file:
            raise self._wrong(
                "authority", f"{authority} is not a Microsoft sign-in service; name the certificates to trust with DAYPASS_CA_FILE"
            )

    def _https(self, setting: str) -> str:
        """The host of an address that is https, with no login, query or fragment, and nothing that parsers disagree on."""
        text = str(getattr(self, setting))
        if "@" in text:  # not repeated: what stands before it may be a password
            raise self._wrong(setting, "is not an https:// address without a user name and password")
        try:
            url = urlsplit(text)
            fine = url.scheme == "https" and bool(url.hostname) and url.port != 0 and text.isprintable() and not set(text) & NOT_IN_ADDRESS
        except ValueError:
            fine, url = False, urlsplit("")
        if not fine:
            raise self._wrong(setting, f"{text!r} is not an https:// address")
        if setting == "authority" and url.path:
            raise self._wrong(setting, f"{text!r} must stand without a path; the tenant is set with TENANT_ID")
        return str(url.hostname)

    def _wrong(self, setting: str, reason: str) -> ConfigError:
        name = ENVIRONMENT[setting][-1]
        origin = self.origins.get(setting)
        return ConfigError(name, reason, (origin,) if origin else self.looked_in)


def load(
    flags: Mapping[str, str | None] | None = None, environ: Mapping[str, str] = os.environ, folder: str = "", platform: str = sys.platform
) -> Settings:
    """Gather the settings; `folder` is where `.env` is looked for (default: the working folder). Raises ConfigError."""
    dotenv_path = os.path.join(folder, ".env")
    toml_path = os.path.join(_config_folder(environ, platform), "config.toml")
    dotenv, toml = _dotenv(dotenv_path), _toml(toml_path)
    values: dict[str, str] = {}
    origins: dict[str, str] = {}
    for setting, names in ENVIRONMENT.items():
        from_env = [(environ[name], f"{name} in the environment") for name in names if environ.get(name)]
        from_dotenv = [(dotenv[name], f"{name} in {dotenv_path}") for name in names if dotenv.get(name) and setting in FROM_DOTENV]
        from_toml = [(toml[setting], f"{setting} in {toml_path}")] if toml.get(setting) else []
        flag = (flags or {}).get(setting)
        from_flag = [(flag, f"--{setting.replace('_', '-')}")] if flag else []
        for value, origin in [*from_flag, *from_env, *from_dotenv, *from_toml][:1]:
            values[setting], origins[setting] = value.strip(), origin
    settings = Settings(
        **{"state_dir": _state_folder(environ, platform), **values}, origins=origins, looked_in=("the environment", dotenv_path, toml_path)
    )
    return _tidied(settings)


def _tidied(settings: Settings) -> Settings:
    if settings.storage not in STORAGES:
        raise ConfigError("DAYPASS_STORAGE", f"{settings.storage!r} is none of {', '.join(STORAGES)}", (settings.origins["storage"],))

    return settings.replace(
        authority=settings.authority.rstrip("/"),
        graph_root=settings.graph_root.rstrip("/"),
        state_dir=os.path.abspath(os.path.expanduser(settings.state_dir)),
        ca_file=os.path.expanduser(settings.ca_file),
        key_file=os.path.expanduser(settings.key_file),
    )


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
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read(65_536)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except IsADirectoryError:
        return ""
    except OSError as error:
        raise ConfigError(os.path.basename(path), f"cannot be read ({error.strerror})", (path,)) from None
    except UnicodeDecodeError:
        raise ConfigError(os.path.basename(path), "is not UTF-8 text", (path,)) from None


def _config_folder(environ: Mapping[str, str], platform: str) -> str:
    home = environ.get("HOME") or os.path.expanduser("~")
    if platform == "darwin":
        return os.path.join(home, "Library", "Application Support", "daypass")
    return os.path.join(environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "daypass")


def _state_folder(environ: Mapping[str, str], platform: str) -> str:
    home = environ.get("HOME") or os.path.expanduser("~")
    if platform == "darwin":
        return os.path.join(home, "Library", "Application Support", "daypass", "state")
    return os.path.join(environ.get("XDG_STATE_HOME") or os.path.join(home, ".local", "state"), "daypass")


def _is_guid(text: str) -> bool:
    parts = text.split("-")
    return [len(part) for part in parts] == [8, 4, 4, 4, 12] and all(set(part) <= HEX for part in parts)


def _is_domain(text: str) -> bool:
    labels = text.split(".")
    return len(labels) > 1 and all(label and label.replace("-", "").isalnum() and label.isascii() for label in labels)
