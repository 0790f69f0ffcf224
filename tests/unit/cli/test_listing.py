"""The short numbers of the last listing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from daypass.cli import listing
from daypass.config import Settings
from daypass.errors import NoSuchEvent, UsageError
from daypass.model.event import Event

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
EVENTS = [Event(f"id-{number}", "x", NOON, NOON) for number in range(1, 4)]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(client_id="c", tenant_id="t", state_dir=str(tmp_path / "state"))


def test_a_number_names_the_event_listed_there(settings: Settings) -> None:
    listing.remember(settings, EVENTS)
    assert [listing.event_id(settings, text) for text in ("1", "3")] == ["id-1", "id-3"]


def test_anything_else_is_an_id_itself(settings: Settings) -> None:
    assert listing.event_id(settings, "AAMk=") == "AAMk="


@pytest.mark.parametrize("number", ["0", "4", "99999999999999999999"])
def test_a_number_that_was_not_listed_is_not_found(settings: Settings, number: str) -> None:
    listing.remember(settings, EVENTS)
    with pytest.raises(NoSuchEvent, match="the last listing had 3 events"):
        listing.event_id(settings, number)


def test_numbers_of_another_sign_in_are_not_taken_over(settings: Settings) -> None:
    listing.remember(settings, EVENTS)
    with pytest.raises(UsageError, match="nothing has been listed yet"):
        listing.event_id(settings.replace(tenant_id="other"), "1")


@pytest.mark.parametrize("spoilt", [b"", b"[]", b'{"identity": 1}', b"\xff\xfe", b'{"ids": 5}'])
def test_a_spoilt_file_is_as_good_as_none(settings: Settings, spoilt: bytes) -> None:
    listing.remember(settings, EVENTS)
    (Path(settings.state_dir) / "last-listing.json").write_bytes(spoilt)
    with pytest.raises(UsageError, match="nothing has been listed yet"):
        listing.event_id(settings, "1")


def test_a_folder_that_cannot_be_written_does_not_spoil_the_listing(settings: Settings) -> None:
    listing.remember(settings.replace(state_dir="/proc/nowhere"), EVENTS)


def test_the_file_is_for_its_owner_alone(settings: Settings) -> None:
    listing.remember(settings, EVENTS)
    assert (Path(settings.state_dir) / "last-listing.json").stat().st_mode & 0o077 == 0
