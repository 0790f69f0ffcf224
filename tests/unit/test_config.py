"""Settings: who wins, where each came from, and what is refused before anything is sent anywhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daypass.auth.authorities import GRAPHS
from daypass.config import ENVIRONMENT, Settings, load
from daypass.errors import ConfigError

APP = "11111111-2222-3333-4444-555555555555"
TENANT = "66666666-7777-8888-9999-aaaaaaaaaaaa"
KNOWN = {"CLIENT_ID": APP, "TENANT_ID": TENANT}
OTHER = "00000000-0000-0000-0000-000000000000"


class Place:
    """A working folder and a home, and the settings that are loaded there."""

    def __init__(self, folder: Path) -> None:
        self.work, self.home = folder / "work", folder / "home"
        self.work.mkdir()
        self.home.mkdir()
        self.environ = {"HOME": str(self.home)}
        self.dotenv_path = self.work / ".env"
        self.toml_path = self.home / ".config" / "daypass" / "config.toml"

    def dotenv(self, text: str | bytes) -> None:
        self.dotenv_path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def toml(self, text: str | bytes) -> None:
        self.toml_path.parent.mkdir(parents=True, exist_ok=True)
        self.toml_path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def load(self, platform: str = "linux", **flags: str | None) -> Settings:
        return load(flags, self.environ, str(self.work), platform)


@contextmanager
def nobody_in_particular() -> Iterator[None]:
    """Run as a user whom the user database does not know, as containers do; only root can become one."""
    if os.geteuid() != 0:
        pytest.skip("only root can become a user without an entry in the user database")
    os.seteuid(54_321)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def settings(**values: str) -> Settings:
    return Settings(**{"client_id": APP, "tenant_id": TENANT, **values}, looked_in=("the environment", ".env"))


class TestPrecedence:
    def test_flag_before_environment_before_dotenv_before_file_before_default(self, place: Place) -> None:
        place.toml('tenant_id = "from-toml.example"\ntime_zone = "Europe/Berlin"')
        assert place.load().tenant_id == "from-toml.example"
        place.dotenv("TENANT_ID=from-dotenv.example")
        assert place.load().tenant_id == "from-dotenv.example"
        place.environ["TENANT_ID"] = "from-environment.example"
        assert place.load().tenant_id == "from-environment.example"
        place.environ["DAYPASS_TENANT_ID"] = "from-our-environment.example"
        assert place.load().tenant_id == "from-our-environment.example"
        assert place.load(tenant_id="from-flag.example").tenant_id == "from-flag.example"
        assert (place.load().time_zone, place.load().authority) == ("Europe/Berlin", "https://login.microsoftonline.com")

    def test_each_value_knows_where_it_came_from(self, place: Place) -> None:
        place.toml('time_zone = "UTC"')
        place.dotenv(f"CLIENT_ID={APP}")
        place.environ["DAYPASS_TENANT_ID"] = TENANT
        assert place.load(graph_root="https://graph.microsoft.us/v1.0").origins == {
            "graph_root": "--graph-root",
            "tenant_id": "DAYPASS_TENANT_ID in the environment",
            "client_id": f"CLIENT_ID in {place.dotenv_path}",
            "time_zone": f"time_zone in {place.toml_path}",
        }

    def test_empty_values_are_no_values(self, place: Place) -> None:
        place.dotenv(f"CLIENT_ID={APP}")
        place.environ.update(DAYPASS_CLIENT_ID="", CLIENT_ID="")
        assert place.load(client_id="", tenant_id=None).client_id == APP

    def test_every_setting_can_be_set_by_flag_environment_and_file(self, place: Place) -> None:
        for setting, names in ENVIRONMENT.items():
            value = {"storage": "memory", "profile": "default"}.get(setting, "/somewhere")
            assert getattr(place.load(**{setting: value}), setting) == value
            for name in names:
                assert getattr(load({}, {**place.environ, name: value}, str(place.work)), setting) == value
            place.toml(f'{setting} = "{value}"')
            assert getattr(place.load(), setting) == value
            place.toml("")

    def test_without_files_and_variables_the_defaults_stand(self, place: Place) -> None:
        assert place.load() == Settings(state_dir=f"{place.home}/.local/state/daypass", looked_in=place.load().looked_in)

    @pytest.mark.parametrize("blank", [" ", "\t\n"])
    def test_blanks_are_no_values_either(self, blank: str, place: Place) -> None:
        place.environ.update(DAYPASS_STATE_DIR=blank, CLIENT_ID=blank)
        place.toml(f'client_id = "{APP}"')
        assert (place.load().client_id, place.load().state_dir) == (APP, f"{place.home}/.local/state/daypass")

    def test_paths_are_made_whole(self, place: Place) -> None:
        place.environ.update(DAYPASS_STATE_DIR="~/state", DAYPASS_CA_FILE="~/ca.pem", DAYPASS_KEY_FILE="~/key")
        loaded = place.load()
        home = place.home
        assert (loaded.state_dir, loaded.ca_file, loaded.key_file) == (f"{home}/state", f"{home}/ca.pem", f"{home}/key")
        assert Path(place.load(state_dir="here").state_dir).is_absolute()

    def test_a_slash_at_the_end_of_an_address_makes_no_difference(self, place: Place) -> None:
        loaded = place.load(authority="https://login.microsoftonline.us/", graph_root="https://graph.microsoft.us/v1.0/")
        assert (loaded.authority, loaded.graph_root) == ("https://login.microsoftonline.us", "https://graph.microsoft.us/v1.0")


class TestDotenv:
    @pytest.mark.parametrize(
        "line",
        [
            "CLIENT_ID={}",
            "CLIENT_ID = {}",
            "  CLIENT_ID={}  ",
            "\tCLIENT_ID\t=\t{}",
            "export CLIENT_ID={}",
            "export   CLIENT_ID={}",
            'CLIENT_ID="{}"',
            "CLIENT_ID='{}'",
            "CLIENT_ID={} # the app's",
            "CLIENT_ID='{}' # the app's",
            "# comment\n\nCLIENT_ID={}",
            "#CLIENT_ID=other\nCLIENT_ID={}",
            " # CLIENT_ID=other\nCLIENT_ID={}",
            "CLIENT_ID=other\nCLIENT_ID={}",
            "CLIENT_ID={}\r\nOTHER=x\r\n",
            "\ufeffCLIENT_ID={}",
            "nonsense\n=\n==\nCLIENT_ID={}\n!!!",
            "DAYPASS_CLIENT_ID={}\nCLIENT_ID=other",
        ],
    )
    def test_the_ways_people_write_it(self, line: str, place: Place) -> None:
        place.dotenv(line.format(APP))
        assert place.load().client_id == APP

    @pytest.mark.parametrize(
        ("text", "value"), [("'a # b'", "a # b"), ('"a#b"', "a#b"), ("a#b", "a#b"), ("'", ""), ('""', ""), ("a=b", "a=b")]
    )
    def test_quotes_protect_what_stands_in_them(self, text: str, value: str, place: Place) -> None:
        place.dotenv(f"CLIENT_ID={text}")
        assert place.load().client_id == value

    @pytest.mark.parametrize("setting", sorted(set(ENVIRONMENT) - {"client_id", "tenant_id"}))
    def test_it_may_name_the_app_and_the_tenant_and_nothing_else(self, setting: str, place: Place) -> None:
        place.dotenv("".join(f"{name}=https://evil.example\n" for name in (*ENVIRONMENT[setting], setting)))
        assert getattr(place.load(), setting) == getattr(Settings(state_dir=place.load().state_dir), setting)
        assert setting not in place.load().origins

    def test_a_folder_of_that_name_is_none(self, place: Place) -> None:
        place.dotenv_path.mkdir()
        assert place.load().client_id == ""

    def test_text_in_another_encoding_is_told(self, place: Place) -> None:
        place.dotenv(f"CLIENT_ID={APP}".encode("utf-16"))
        with pytest.raises(ConfigError, match=r"\.env: is not UTF-8 text") as caught:
            place.load()
        assert caught.value.looked_in == (str(place.dotenv_path),)

    @pytest.mark.parametrize("target", [None, "/dev/zero"], ids=["a pipe", "a device"])
    def test_what_is_no_file_is_told_and_not_waited_for(self, target: str | None, place: Place) -> None:
        if target:
            place.dotenv_path.symlink_to(target)
        else:
            os.mkfifo(place.dotenv_path)
        with pytest.raises(ConfigError, match=r"\.env: is not a regular file"):
            place.load()

    def test_it_is_not_even_opened_when_nothing_is_needed_from_it(self, place: Place) -> None:
        place.environ["TENANT_ID"] = TENANT
        place.dotenv(b"\xff\xfe")
        assert place.load(client_id=APP).checked().tenant_id == TENANT
        with pytest.raises(ConfigError, match=r"\.env: is not UTF-8 text"):
            place.load()

    @given(
        junk=st.binary()
        | st.text().map(str.encode)
        | st.lists(st.sampled_from(["CLIENT_ID", "=", "'", '"', "#", " ", "\n", "export ", "\0"])).map("".join).map(str.encode)
    )
    def test_junk_leads_to_settings_or_to_a_config_error(self, junk: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
        folder = tmp_path_factory.getbasetemp()
        (folder / ".env").write_bytes(junk)
        with suppress(ConfigError):
            load({}, {"HOME": "/nowhere"}, str(folder)).checked()


class TestFile:
    @pytest.mark.parametrize(
        ("text", "setting", "reason"),
        [
            ("tenant_id = contoso", "config.toml", "is not valid TOML"),
            ("tenant_id = 7", "tenant_id", "must be text in quotes"),
            ("tenant = 'x'", "tenant", "is not a setting; there are client_id, tenant_id, "),
            ("[daypass]\ntenant_id = 'x'", "daypass", "is not a setting"),
            ("x = " + "[" * 50_000, "config.toml", "is not valid TOML"),
            (b"\xff\xfe", "config.toml", "is not UTF-8 text"),
        ],
        ids=["no quotes", "a number", "unknown", "a table", "nested without end", "another encoding"],
    )
    def test_mistakes_are_named_with_their_place(self, text: str | bytes, setting: str, reason: str, place: Place) -> None:
        place.toml(text)
        with pytest.raises(ConfigError) as caught:
            place.load()
        assert (caught.value.setting, caught.value.looked_in) == (setting, (str(place.toml_path),))
        assert reason in caught.value.reason

    def test_it_lies_where_xdg_says(self, place: Place) -> None:
        place.environ.update(XDG_CONFIG_HOME=str(place.home / "xdg"), XDG_STATE_HOME=str(place.home / "var"))
        place.toml_path = place.home / "xdg" / "daypass" / "config.toml"
        place.toml("time_zone = 'UTC'")
        assert (place.load().time_zone, place.load().state_dir) == ("UTC", f"{place.home}/var/daypass")

    def test_it_lies_elsewhere_on_a_mac(self, place: Place) -> None:
        support = place.home / "Library" / "Application Support" / "daypass"
        place.toml_path = support / "config.toml"
        place.toml("time_zone = 'UTC'")
        loaded = place.load("darwin")
        assert (loaded.time_zone, loaded.state_dir) == ("UTC", str(support / "state"))
        assert place.load("linux").time_zone == ""

    def test_a_pipe_in_its_place_is_told_and_not_waited_for(self, place: Place) -> None:
        place.toml_path.parent.mkdir(parents=True)
        os.mkfifo(place.toml_path)
        with pytest.raises(ConfigError, match=r"config\.toml: is not a regular file"):
            place.load()

    def test_an_unreadable_file_is_told(self, place: Place) -> None:
        place.toml_path.parent.parent.mkdir()
        place.toml_path.parent.symlink_to(place.toml_path.parent)  # a link to itself
        with pytest.raises(ConfigError, match=r"config.toml: cannot be read \(Too many levels"):
            place.load()


class TestHome:
    """A relative home would make the working folder, where others may have put files, the place of settings and tokens."""

    @pytest.mark.parametrize("relative", ["xdg", "./xdg", "~/xdg"])
    def test_relative_xdg_folders_are_passed_over(self, relative: str, place: Place) -> None:
        place.environ.update(XDG_CONFIG_HOME=relative, XDG_STATE_HOME=relative)
        place.toml("time_zone = 'UTC'")
        assert (place.load().time_zone, place.load().state_dir) == ("UTC", f"{place.home}/.local/state/daypass")

    @pytest.mark.parametrize("home", ["", ".", "~"])
    def test_a_home_that_is_none_gives_way_to_the_user_database(self, home: str, place: Place) -> None:
        import pwd

        place.environ["HOME"] = home
        assert place.load().state_dir == f"{pwd.getpwuid(os.geteuid()).pw_dir}/.local/state/daypass"

    @pytest.mark.parametrize("home", [None, "", "."])
    @pytest.mark.parametrize("platform", ["linux", "darwin"])
    def test_without_any_the_state_folder_must_be_named_and_no_file_is_read(self, home: str | None, platform: str, place: Place) -> None:
        place.environ = KNOWN if home is None else {**KNOWN, "HOME": home}
        with nobody_in_particular():
            with pytest.raises(ConfigError, match="DAYPASS_STATE_DIR: is not set, and there is no home folder") as caught:
                place.load(platform)
            assert caught.value.looked_in == ("the environment", str(place.dotenv_path))
            assert place.load(platform, storage="memory").state_dir == ""
            assert place.load(platform, state_dir="/data").state_dir == "/data"

    def test_without_any_a_file_in_the_working_folder_is_not_taken_for_ours(self, place: Place) -> None:
        for folder in (place.work / ".config", place.work / "~" / ".config", place.work):
            (folder / "daypass").mkdir(parents=True)
            (folder / "daypass" / "config.toml").write_text('authority = "https://evil.example"')
        with chdir(place.work), nobody_in_particular():
            loaded = load({"storage": "memory"}, {**KNOWN, "XDG_CONFIG_HOME": ".", "HOME": "."})
        assert loaded.authority == Settings().authority

    def test_without_any_absolute_xdg_folders_will_do(self, place: Place) -> None:
        place.environ = {**KNOWN, "XDG_CONFIG_HOME": "/nowhere", "XDG_STATE_HOME": "/var"}
        with nobody_in_particular():
            loaded = place.load()
        assert (loaded.state_dir, loaded.looked_in[-1]) == ("/var/daypass", "/nowhere/daypass/config.toml")

    @pytest.mark.parametrize("setting", ["state_dir", "ca_file", "key_file"])
    def test_without_any_a_path_cannot_begin_there(self, setting: str, place: Place) -> None:
        place.environ = KNOWN
        with nobody_in_particular(), pytest.raises(ConfigError, match=rf"{ENVIRONMENT[setting][0]}: .* no home folder"):
            place.load(**{"state_dir": "/data", setting: "~/x"})


class TestChecks:
    def test_good_settings_pass(self) -> None:
        assert settings().checked() == settings()

    @pytest.mark.parametrize(("setting", "name"), [("client_id", "CLIENT_ID"), ("tenant_id", "TENANT_ID")])
    def test_a_missing_one_is_named_with_where_it_was_looked_for(self, setting: str, name: str, place: Place) -> None:
        place.environ.update({n: v for n, v in {"CLIENT_ID": APP, "TENANT_ID": TENANT}.items() if n != name})
        with pytest.raises(ConfigError, match=f"{name}: is not set: it is the '") as caught:
            place.load().checked()
        assert caught.value.setting == name
        assert caught.value.looked_in == ("the environment", str(place.dotenv_path), str(place.toml_path))

    @pytest.mark.parametrize(
        "value",
        ["contoso", APP[:-1], APP + "0", f"{{{APP}}}", APP.replace("-", ""), APP.replace("1", "g"), APP.replace("-", "_"), "é" * 36],
    )
    def test_a_malformed_app_id_is_quoted_with_its_origin(self, value: str, place: Place) -> None:
        place.dotenv(f"CLIENT_ID={value}\nTENANT_ID={TENANT}")
        with pytest.raises(ConfigError, match="is not an application id like") as caught:
            place.load().checked()
        assert repr(value) in str(caught.value)
        assert caught.value.looked_in == (f"CLIENT_ID in {place.dotenv_path}",)

    @pytest.mark.parametrize(
        "value", [TENANT, TENANT.upper(), "contoso.onmicrosoft.com", "a-b.example", "common", "Organizations", "consumers"]
    )
    def test_the_ways_to_name_a_tenant(self, value: str) -> None:
        assert settings(tenant_id=value).checked().tenant_id == value

    @pytest.mark.parametrize(
        "value",
        [
            "contoso",
            "contoso.",
            ".example",
            "a..b",
            "../../x",
            "a b.example",
            "x.example/y",
            "x.example?y",
            "x.example#",
            "é.example",
            "-.example",
            "@a.b",
        ],
    )
    def test_what_is_no_tenant_is_refused(self, value: str) -> None:
        with pytest.raises(ConfigError, match=r"TENANT_ID: .* is neither a directory id, nor a domain") as caught:
            settings(tenant_id=value).checked()
        assert caught.value.setting == "TENANT_ID"

    @pytest.mark.parametrize("setting", sorted(set(ENVIRONMENT) - {"storage", "profile"}))
    def test_a_nul_byte_is_refused_wherever_it_stands(self, setting: str, place: Place) -> None:
        place.toml(f'{setting} = "/a\\u0000b"')
        with pytest.raises(ConfigError, match="holds a NUL byte") as caught:
            place.load().checked()
        assert caught.value.setting == ENVIRONMENT[setting][-1]
        assert caught.value.looked_in == (f"{setting} in {place.toml_path}",)

    def test_storage_is_one_of_three(self, place: Place) -> None:
        with pytest.raises(ConfigError, match="'disc' is none of disk, volume, memory") as caught:
            place.load(storage="disc")
        assert (caught.value.setting, caught.value.looked_in) == ("DAYPASS_STORAGE", ("--storage",))


class TestHosts:
    @pytest.mark.parametrize(("authority", "graph"), [(authority, graph) for authority, graphs in GRAPHS.items() for graph in graphs])
    def test_each_cloud_has_its_graph(self, authority: str, graph: str) -> None:
        settings(authority=f"https://{authority}", graph_root=f"https://{graph}/v1.0").checked()

    @pytest.mark.parametrize("authority", GRAPHS)
    def test_no_token_of_one_cloud_goes_to_the_graph_of_another_or_to_a_stranger(self, authority: str) -> None:
        others = {graph for graphs in GRAPHS.values() for graph in graphs} - set(GRAPHS[authority])
        for graph in (*others, "localhost:8443", "graph.microsoft.com.evil.example"):
            with pytest.raises(ConfigError, match=r"DAYPASS_GRAPH_ROOT: .* does not belong to .*; expected"):
                settings(authority=f"https://{authority}", graph_root=f"https://{graph}/v1.0", ca_file="/ca.pem").checked()

    def test_microsofts_graph_takes_no_stranger_for_the_sign_in(self) -> None:
        with pytest.raises(ConfigError, match=r"DAYPASS_AUTHORITY: login\.evil\.example is not a Microsoft sign-in service"):
            settings(authority="https://login.evil.example", ca_file="/ca.pem").checked()

    def test_another_service_needs_its_certificates_named(self) -> None:
        sandbox = {"authority": "https://localhost:8443", "graph_root": "https://localhost:8443/v1.0"}
        settings(**sandbox, ca_file="/ca.pem").checked()
        with pytest.raises(ConfigError, match="name the certificates to trust with DAYPASS_CA_FILE"):
            settings(**sandbox).checked()

    @pytest.mark.parametrize("setting", ["authority", "graph_root"])
    @pytest.mark.parametrize(
        "value",
        [
            "http://login.microsoftonline.com",
            "login.microsoftonline.com",
            "//login.microsoftonline.com",
            "https://",
            "https:///path",
            "https://user@login.microsoftonline.com",
            "https://user:secret@login.microsoftonline.com",
            "https://:secret@login.microsoftonline.com",
            "https://@login.microsoftonline.com",
            "https://login.microsoftonline.com:99999",
            "https://login.microsoftonline.com:https",
            "https://login.microsoftonline.com:0",
            "https://login.microsoftonline.com?x=y",
            "https://login.microsoftonline.com#x",
            "https://login.microsoftonline.com\\@evil.example",
            "https://login.micro\nsoftonline.com",
            "https://login.microsoft online.com",
            "https://[::1",
            "https://[evil]",
            "ftp://login.microsoftonline.com",
            "javascript:alert(1)",
        ],
    )
    def test_an_address_is_https_with_a_host_and_no_tricks(self, setting: str, value: str) -> None:
        with pytest.raises(ConfigError) as caught:
            settings(**{setting: value}).checked()
        assert caught.value.setting == ENVIRONMENT[setting][-1]
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize("value", ["https://login.microsoftonline.com/common", "https://login.microsoftonline.com/x/y"])
    def test_the_authority_has_no_tenant_of_its_own(self, value: str) -> None:
        with pytest.raises(ConfigError, match=r"DAYPASS_AUTHORITY: .*without a path.*TENANT_ID"):
            settings(authority=value).checked()

    @given(st.text(), st.text())
    def test_no_text_as_address_raises_anything_but_a_config_error(self, authority: str, graph_root: str) -> None:
        for prefix in ("", "https://"):
            with pytest.raises(ConfigError):
                settings(authority=prefix + authority, graph_root=prefix + graph_root).checked()


class TestIdentity:
    def test_letter_case_of_the_ids_makes_no_difference(self) -> None:
        assert settings(tenant_id=TENANT.upper()).identity == settings().identity

    @pytest.mark.parametrize(
        "change",
        [
            {"tenant_id": OTHER},
            {"client_id": OTHER},
            {"authority": "https://localhost:8443"},
            {"graph_root": "https://graph.microsoft.com/beta"},
        ],
    )
    def test_anything_that_changes_whose_tokens_they_are_changes_it(self, change: dict[str, str]) -> None:
        assert settings(**change).identity != settings().identity
