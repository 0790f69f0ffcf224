"""Which kept token serves which need, told from MSAL's cache as data, however spoilt the data is."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daypass.auth import tokens

NOW = 1_800_000_000.0
HOUR = 3600


def entry(secret: str = "t", target: str = "User.Read", expires_on: object = NOW + HOUR, **more: Any) -> dict[str, Any]:
    return {"secret": secret, "target": target, "expires_on": expires_on, "token_type": "Bearer", **more}


def cache(*entries: Any, **sections: Any) -> dict[str, Any]:
    return {"AccessToken": {str(number): one for number, one in enumerate(entries)}, **sections}


def jwt(claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{body}.sig"


def picked(kept: dict[str, Any], *needed: str, now: float = NOW) -> str | None:
    token = tokens.pick(kept, needed, now)
    return token.secret if token else None


class TestPick:
    def test_the_token_that_lasts_longest_is_taken(self) -> None:
        kept = cache(entry("a", expires_on=NOW + 1 * HOUR), entry("b", expires_on=NOW + 3 * HOUR), entry("c", expires_on=NOW + 2 * HOUR))
        assert picked(kept, "User.Read") == "b"

    @pytest.mark.parametrize(("left", "taken"), [(301, "t"), (300, None), (1, None), (0, None), (-1, None)])
    def test_the_last_five_minutes_do_not_count(self, left: int, taken: str | None) -> None:
        assert picked(cache(entry(expires_on=NOW + left)), "User.Read") == taken

    def test_a_token_must_be_enough(self) -> None:
        kept = cache(entry("small", "User.Read", expires_on=NOW + 9 * HOUR), entry("big", "User.Read Calendars.ReadWrite"))
        assert picked(kept, "User.Read", "Calendars.Read") == "big"
        assert picked(kept, "Mail.Send") is None

    def test_times_are_read_as_the_text_that_msal_writes(self) -> None:
        assert picked(cache(entry(expires_on=str(int(NOW) + HOUR))), "User.Read") == "t"

    @pytest.mark.parametrize("kind", ["Bearer", "bearer", "BEARER"])
    def test_a_bearer_token_in_any_case(self, kind: str) -> None:
        assert picked(cache(entry(token_type=kind)), "User.Read") == "t"

    @pytest.mark.parametrize("kind", ["pop", "ssh-cert", "", None, 7])
    def test_no_other_kind_of_token(self, kind: object) -> None:
        assert picked(cache(entry(token_type=kind)), "User.Read") is None

    @pytest.mark.parametrize(
        "spoilt",
        [
            None,
            7,
            "text",
            [],
            {},
            {"secret": "x"},
            *(entry("x", expires_on=when) for when in (None, "", "soon", [], {}, "nan", float("nan"), 10**400)),
        ],
    )
    def test_spoilt_entries_are_passed_over(self, spoilt: Any) -> None:
        assert picked(cache(spoilt, entry("good")), "User.Read") == "good"
        assert picked(cache(spoilt), "User.Read") is None

    @pytest.mark.parametrize("when", [1e18, "1e300", "inf", 10**30, -1, -1e18, "-inf"])
    def test_an_end_that_no_calendar_has_becomes_the_nearest_that_one_has(self, when: object) -> None:
        (token,) = tokens.access_tokens(cache(entry(expires_on=when)))
        assert 1970 <= datetime.fromtimestamp(token.expires_on, UTC).year <= 2200

    @pytest.mark.parametrize("section", [None, [], "text", 7, {}])
    def test_a_spoilt_section_is_empty(self, section: Any) -> None:
        assert picked({"AccessToken": section}, "User.Read") is None

    def test_an_empty_cache_has_none(self) -> None:
        assert picked({}, "User.Read") is None
        assert tokens.account({}) is None
        assert not tokens.has_refresh_token({})


class TestPermissions:
    @pytest.mark.parametrize(
        ("granted", "needed", "enough"),
        [
            ("Calendars.ReadWrite", "Calendars.ReadWrite", True),
            ("Calendars.ReadWrite", "Calendars.Read", True),
            ("Calendars.ReadWrite", "Calendars.ReadBasic", True),
            ("Calendars.Read", "Calendars.ReadBasic", True),
            ("Calendars.Read", "Calendars.ReadWrite", False),
            ("Calendars.ReadBasic", "Calendars.Read", False),
            ("calendars.readwrite", "Calendars.Read", True),
            ("https://graph.microsoft.com/Calendars.Read", "Calendars.Read", True),
            ("Calendars.Read", "https://graph.microsoft.com/Calendars.Read", True),
            ("User.Read Calendars.Read", "Calendars.Read User.Read", True),
            ("User.Read", "User.Read Calendars.Read", False),
            ("Calendars.ReadWrite.Shared", "Calendars.Read", False),
            ("", "User.Read", False),
            ("User.Read", "", True),
        ],
    )
    def test_a_bigger_permission_covers_the_smaller_and_never_the_other_way(self, granted: str, needed: str, enough: bool) -> None:
        assert tokens.covers(granted.split(), needed.split()) is enough

    @pytest.mark.parametrize(
        ("granted", "needed", "asked"),
        [
            (("Calendars.ReadWrite",), ("Calendars.Read",), ("Calendars.ReadWrite",)),
            (("Calendars.ReadWrite", "Calendars.Read"), ("Calendars.ReadBasic",), ("Calendars.ReadWrite",)),
            (("https://graph.microsoft.com/Calendars.ReadWrite",), ("Calendars.Read",), ("Calendars.ReadWrite",)),
            (("User.Read",), ("Calendars.Read",), ("Calendars.Read",)),
            (("Calendars.Read",), ("Calendars.ReadWrite",), ("Calendars.ReadWrite",)),
            (("Calendars.ReadWrite",), ("Calendars.Read", "Calendars.ReadBasic", "User.Read"), ("Calendars.ReadWrite", "User.Read")),
        ],
    )
    def test_what_was_granted_is_asked_for_in_place_of_the_smaller_it_implies(self, granted: Any, needed: Any, asked: Any) -> None:
        assert tokens.widened(granted, needed) == asked

    @given(granted=st.sets(st.sampled_from(["User.Read", "Calendars.ReadBasic", "Calendars.Read", "Calendars.ReadWrite"])), data=st.data())
    def test_widening_never_asks_for_less_and_never_for_more_than_granted_where_that_is_enough(self, granted: set[str], data: Any) -> None:
        needed = tuple(data.draw(st.lists(st.sampled_from(["User.Read", "Calendars.ReadBasic", "Calendars.Read"]), unique=True)))
        asked = tokens.widened(granted, needed)
        assert tokens.covers(asked, needed)
        if tokens.covers(granted, needed):
            assert tokens.covers(granted, asked)

    def test_what_was_granted_is_told_by_bare_names_without_openids_own(self) -> None:
        kept = cache(
            entry(target="openid profile email offline_access User.Read"), entry(target="https://graph.microsoft.com/Calendars.Read")
        )
        assert tokens.granted_scopes(kept) == {"User.Read", "Calendars.Read"}


ACCOUNT = {"home_account_id": "oid.tid", "username": "megan@contoso.example", "realm": "tid"}


class TestAccount:
    def kept(self, claims: object, **account: Any) -> dict[str, Any]:
        return {
            "Account": {"a": {**ACCOUNT, **account}},
            "IdToken": {
                "other": {"home_account_id": "x", "secret": jwt({"name": "Alex"})},
                "own": {"home_account_id": "oid.tid", "secret": jwt(claims)},
            },
        }

    def test_the_id_token_of_the_account_names_the_person(self) -> None:
        assert tokens.account(self.kept({"name": "Megan Bowen", "tid": "tenant"})) == tokens.Account(
            "oid.tid", "megan@contoso.example", "Megan Bowen", "tenant"
        )

    def test_without_a_name_the_user_name_stands_for_it(self) -> None:
        assert tokens.account(self.kept({})) == tokens.Account("oid.tid", "megan@contoso.example", "megan@contoso.example", "tid")

    def test_without_a_user_name_the_preferred_one_is_taken(self) -> None:
        account = tokens.account(self.kept({"preferred_username": "m@contoso.example"}, username=None))
        assert account is not None
        assert account.username == account.name == "m@contoso.example"

    def test_a_refresh_token_tells_that_the_sign_in_can_be_renewed(self) -> None:
        assert tokens.has_refresh_token({"RefreshToken": {"r": {"secret": "x"}}})
        assert not tokens.has_refresh_token({"RefreshToken": {"r": {"secret": ""}}})


class TestIdClaims:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "a.b",
            "a.b.c.d",
            "..",
            "a.!!!.c",
            "a.AAAA.c",
            "a.bnVsbA.c",
            "a.W10.c",
            "a.é.c",
            f"a.{base64.b64encode(b'[' * 50_000).decode()}.c",
        ],
    )
    def test_what_is_no_id_token_has_no_claims(self, text: str) -> None:
        assert tokens.id_claims(text) == {}

    @given(st.dictionaries(st.text(), st.text() | st.integers()))
    def test_claims_are_read_whatever_padding_they_lack(self, claims: dict[str, Any]) -> None:
        assert tokens.id_claims(jwt(claims)) == claims

    @given(st.text())
    def test_no_text_raises(self, text: str) -> None:
        assert isinstance(tokens.id_claims(text), dict)
        assert isinstance(tokens.id_claims(f"e30.{text}.x"), dict)


WORDS = ["secret", "target", "expires_on", "token_type", "home_account_id", "username", "realm"]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.builds(jwt, st.dictionaries(st.text(max_size=3), st.none()))
)
JSON = (
    LEAVES
    | st.lists(LEAVES, max_size=2)
    | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=3), LEAVES | st.lists(LEAVES, max_size=2), max_size=6)
)
SECTION = JSON | st.dictionaries(st.text(max_size=2), JSON, max_size=3)
SECTIONS = st.dictionaries(st.sampled_from(["AccessToken", "IdToken", "Account", "RefreshToken", "AppMetadata"]), SECTION)


@given(kept=SECTIONS, needed=st.lists(st.text(max_size=5)).map(tuple), now=st.floats(0, 4e9))
def test_no_cache_however_spoilt_raises(kept: dict[str, Any], needed: tuple[str, ...], now: float) -> None:
    token = tokens.pick(kept, needed, now)
    assert token is None or token.expires_on - now > tokens.LEEWAY_SECONDS
    account = tokens.account(kept)
    assert account is None or all(isinstance(part, str) for part in (account.name, account.username, account.tenant_id))
    assert tokens.has_refresh_token(kept) in (True, False)
    assert tokens.covers(tokens.widened(tokens.granted_scopes(kept), needed), needed)
