"""Profiles: kept, switched, renamed and removed; what a file says that somebody spoilt brings nothing down."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daypass.errors import UsageError
from daypass.profiles import DEFAULT, Habits, Profile, Profiles

WORK = Profile("work", "k1", {"client_id": "a", "tenant_id": "t"}, user="megan@contoso.example", method="browser", signed_in_at=7.0)


class Shelf:
    """A shelf in memory."""

    def __init__(self, content: dict[str, Any] | None = None) -> None:
        self.content = content if content is not None else {}

    def read(self) -> dict[str, Any]:
        return self.content

    @contextmanager
    def change(self):
        yield self.content


@pytest.fixture
def profiles() -> Profiles:
    numbers = itertools.count(1)
    return Profiles(Shelf(), lambda: f"id{next(numbers)}")


def test_the_first_that_is_kept_is_the_one_in_use(profiles: Profiles) -> None:
    assert (profiles.current(), profiles.all()) == (DEFAULT, [])
    profiles.keep(WORK)
    profiles.keep(Profile("home"))
    assert (profiles.current(), profiles.get("work"), [one.name for one in profiles.all()]) == ("work", WORK, ["home", "work"])


def test_one_can_be_switched_to_renamed_and_removed(profiles: Profiles) -> None:
    profiles.keep(WORK)
    profiles.keep(Profile("home", "k2"))
    profiles.switch("home")
    profiles.rename("home", "family")
    assert (profiles.current(), profiles.get("home")) == ("family", None)
    assert profiles.get("family") == Profile("family", "k2")  # its tokens are bound to the key, which stays
    profiles.remove("family")
    assert (profiles.current(), [one.name for one in profiles.all()]) == ("work", ["work"])
    profiles.remove("work")
    assert profiles.current() == DEFAULT


@pytest.mark.parametrize("act", ["switch", "remove"])
def test_one_that_is_not_there_is_told_with_those_that_are(act: str, profiles: Profiles) -> None:
    profiles.keep(WORK)
    with pytest.raises(UsageError, match="no profile 'home'") as caught:
        getattr(profiles, act)("home")
    assert caught.value.suggestions == ("--profile work",)
    profiles.keep(Profile("home"))
    with pytest.raises(UsageError, match="already"):
        profiles.rename("home", "work")


@pytest.mark.parametrize("name", ["", "-x", "a b", "a/b", "../x", "é", "x" * 65, "a\nb", ".x"])
def test_a_name_that_makes_trouble_is_refused(name: str, profiles: Profiles) -> None:
    with pytest.raises(UsageError, match="will not do"):
        profiles.keep(Profile(name))


def test_a_new_one_has_a_key_of_its_own_and_the_default_one_none(profiles: Profiles) -> None:
    assert profiles.new_key(DEFAULT, may_be_new=False) == ""
    assert profiles.new_key("work", may_be_new=True) != profiles.new_key("work", may_be_new=True)
    with pytest.raises(UsageError, match="no profile"):
        profiles.new_key("work", may_be_new=False)


def test_what_was_learnt_is_of_one_tenant(profiles: Profiles) -> None:
    learnt = Habits({"device": 53003}, 3600.0, {"code": "53003", "error": "invalid_grant"})
    profiles.learn("one", learnt)
    assert (profiles.habits("one"), profiles.habits("two")) == (learnt, Habits())


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["profiles", "tenants", "current", "work", "settings", "blocked", "key", "signed_in_at", "refusal", "lasts_seconds"]
)
SPOILT = st.recursive(ANY, lambda inner: st.dictionaries(NAMES | st.text(), inner), max_leaves=12)


@given(st.dictionaries(NAMES, SPOILT))
def test_no_content_brings_it_down(content: dict[str, Any]) -> None:
    profiles = Profiles(Shelf(content), lambda: "id")
    assert isinstance(profiles.current(), str)
    assert all(isinstance(one, Profile) and isinstance(one.signed_in_at, float) for one in profiles.all())
    assert isinstance(profiles.habits("work"), Habits)
    profiles.keep(WORK)
    assert profiles.get("work") == WORK
