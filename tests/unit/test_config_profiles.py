"""Profiles and settings together: whose app, tenant and cloud count, and that parts of two identities are never mixed."""

from __future__ import annotations

from pathlib import Path

import pytest

from daypass.app import load, profiles_in
from daypass.config import Settings
from daypass.errors import ConfigError, UsageError
from daypass.profiles import Profile

APP, OTHER = "11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555"


class Place:
    """A working folder and a state folder with a profile `work` in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {"HOME": str(folder), "DAYPASS_STATE_DIR": str(folder / "state")}
        self.profiles = profiles_in(str(folder / "state"))
        remembered = {"client_id": APP, "tenant_id": "contoso.example", "mailbox": "megan@contoso.example", "ca_file": "/work.pem"}
        self.profiles.keep(Profile("work", "key-of-work", remembered))
        self.profiles.keep(Profile("home", "key-of-home", {"client_id": OTHER, "tenant_id": "consumers"}))

    def load(self, **flags: str) -> Settings:
        return load(flags, self.environ, str(self.folder))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_the_one_in_use_counts_where_nothing_else_says_anything(place: Place) -> None:
    settings = place.load()
    assert (settings.profile, settings.client_id, settings.mailbox) == ("work", APP, "megan@contoso.example")
    assert settings.origins["client_id"] == "profile work"
    assert settings.identity.endswith("|key-of-work")


@pytest.mark.parametrize("said", [{"CLIENT_ID": OTHER}, {"TENANT_ID": "fabrikam.example"}, {"DAYPASS_CLOUD": "china"}])
def test_one_that_nobody_named_gives_way_as_a_whole(said: dict[str, str], place: Place) -> None:
    place.environ |= said
    settings = place.load()
    assert (settings.profile, settings.profile_key, settings.mailbox) == ("default", "", "")
    assert settings.client_id != APP
    assert settings.tenant_id != "contoso.example"


@pytest.mark.parametrize("said", [{"CLIENT_ID": APP}, {"TENANT_ID": "contoso.example"}, {"DAYPASS_CLOUD": "public"}])
def test_one_that_nobody_named_counts_where_what_is_said_agrees(said: dict[str, str], place: Place) -> None:
    place.environ |= said
    assert (place.load().profile, place.load().mailbox) == ("work", "megan@contoso.example")


def test_the_tutorials_file_speaks_for_itself(place: Place) -> None:
    (place.folder / ".env").write_text(f"CLIENT_ID={OTHER}\nTENANT_ID=fabrikam.example\n")
    assert (place.load().profile, place.load().client_id, place.load().tenant_id) == ("default", OTHER, "fabrikam.example")


@pytest.mark.parametrize("how", ["flag", "environment"])
def test_one_that_is_named_brings_all_of_its_own_along(how: str, place: Place) -> None:
    place.environ |= {"CLIENT_ID": OTHER, "TENANT_ID": "fabrikam.example", "DAYPASS_AUTHORITY": "https://login.microsoftonline.us"}
    if how == "environment":
        place.environ["DAYPASS_PROFILE"] = "work"
    settings = place.load(**({"profile": "work"} if how == "flag" else {}))
    assert (settings.client_id, settings.tenant_id, settings.authority) == (APP, "contoso.example", "https://login.microsoftonline.com")
    assert settings.ca_file == "/work.pem"


def test_an_option_stands_above_it(place: Place) -> None:
    assert place.load(profile="work", tenant_id="fabrikam.example").tenant_id == "fabrikam.example"
    place.environ["DAYPASS_CA_FILE"] = "/corporate.pem"
    assert place.load(profile="home").ca_file == "/corporate.pem"  # which the profile says nothing of


def test_one_that_is_not_there_is_told_unless_it_may_be_new(place: Place) -> None:
    with pytest.raises(UsageError, match="no profile 'play'"):
        place.load(profile="play")
    new = load({"profile": "play", "client_id": APP}, place.environ, str(place.folder), new=True)
    assert (new.profile, len(new.profile_key), new.client_id) == ("play", 16, APP)
    with pytest.raises(UsageError, match="will not do"):
        load({"profile": "a/b"}, place.environ, str(place.folder), new=True)


def test_what_a_profile_remembers_is_what_makes_its_identity_again(place: Place) -> None:
    settings = place.load(profile="work", cloud="gcc-high")
    assert settings.remembered()["cloud"] == "gcc-high"
    place.profiles.keep(Profile("gov", "k", settings.remembered()))
    again = place.load(profile="gov")
    assert (again.authority, again.graph_root) == ("https://login.microsoftonline.us", "https://graph.microsoft.us/v1.0")


@pytest.mark.parametrize(
    ("values", "fine"),
    [
        ({"authority": "https://c.b2clogin.com/c.onmicrosoft.com/B2C_1_x", "client_id": "any"}, True),
        ({"authority": "https://c.ciamlogin.com", "client_id": "any"}, True),
        ({"authority": "https://issuer.example/realm", "client_id": "any"}, False),
        ({"authority": "https://issuer.example/realm", "client_id": "any", "ca_file": "/ca.pem"}, True),
        ({"authority": "https://issuer.example", "client_id": "any", "ca_file": "/ca.pem", "authority_kind": "oidc"}, True),
        ({"authority": "https://issuer.example", "client_id": "any", "ca_file": "/ca.pem"}, False),
        ({"authority": "http://issuer.example/realm", "client_id": "any", "ca_file": "/ca.pem"}, False),
        ({"client_id": "managed-identity"}, True),
        ({"client_id": f"managed-identity:{APP}"}, True),
        ({"client_id": APP, "tenant_id": "t.example", "cloud": "moon"}, False),
        ({"client_id": APP, "tenant_id": "t.example", "authority_kind": "saml"}, False),
        ({"client_id": APP, "tenant_id": "t.example", "key_keeper": "butler"}, False),
    ],
)
def test_which_services_will_do(values: dict[str, str], fine: bool) -> None:
    if fine:
        assert Settings(**values).checked()
    else:
        with pytest.raises(ConfigError):
            Settings(**values).checked()
