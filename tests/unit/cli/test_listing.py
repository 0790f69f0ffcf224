"""The short numbers of the last listing."""

from __future__ import annotations

import threading
from contextlib import chdir
from datetime import UTC, datetime
from pathlib import Path

import pytest

from daypass.cli import listing
from daypass.errors import NoSuchEvent, UsageError
from daypass.model.event import Event
from daypass.vault import Vault

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
EVENTS = [Event(f"id-{number}", "x", NOON, NOON) for number in range(1, 4)]


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(str(tmp_path / "state"), "contoso|megan")


def test_a_number_names_the_event_listed_there(vault: Vault) -> None:
    listing.remember(vault, EVENTS)
    assert [listing.event_id(vault, text) for text in ("1", "3")] == ["id-1", "id-3"]


def test_anything_else_is_an_id_itself(vault: Vault) -> None:
    assert listing.event_id(vault, "AAMk=") == "AAMk="


@pytest.mark.parametrize("number", ["0", "4", "99999999999999999999", "1" * 5_000], ids=lambda number: f"{len(number)} digits")
def test_a_number_that_was_not_listed_is_not_found(vault: Vault, number: str) -> None:
    listing.remember(vault, EVENTS)
    with pytest.raises(NoSuchEvent, match="the last listing had 3 events"):
        listing.event_id(vault, number)


def test_numbers_of_another_sign_in_are_not_taken_over(vault: Vault) -> None:
    listing.remember(vault, EVENTS)
    with pytest.raises(UsageError, match="nothing has been listed yet"):
        listing.event_id(Vault(vault.folder, "contoso|alex"), "1")


@pytest.mark.parametrize("spoilt", [b"", b"[]", b'{"identity": 1}', b"\xff\xfe", b'{"ids": 5}'])
def test_a_spoilt_file_is_as_good_as_none(vault: Vault, spoilt: bytes) -> None:
    listing.remember(vault, EVENTS)
    (Path(vault.folder) / "last-listing.json").write_bytes(spoilt)
    with pytest.raises(UsageError, match="nothing has been listed yet"):
        listing.event_id(vault, "1")


def test_a_folder_that_cannot_be_written_does_not_spoil_the_listing() -> None:
    listing.remember(Vault("/proc/nowhere", "megan"), EVENTS)


def test_the_file_is_for_its_owner_alone_and_nothing_lies_beside_it(vault: Vault) -> None:
    listing.remember(vault, EVENTS)
    (file,) = Path(vault.folder).iterdir()
    assert (file.stat().st_mode & 0o077, file.parent.stat().st_mode & 0o077) == (0, 0)


def test_in_memory_nothing_is_written_and_a_number_gets_a_pointer_to_the_ids(tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    memory = Vault("", "contoso|megan")
    with chdir(tmp_path):  # where a path without its folder would lead
        listing.remember(memory, EVENTS)
    assert sorted(tmp_path.rglob("*")) == before
    with pytest.raises(UsageError, match="no listing is kept") as caught:
        listing.event_id(memory, "1")
    assert "daypass agenda -o json" in caught.value.suggestions[0]


def test_who_reads_while_others_list_finds_the_whole_of_one_listing(vault: Vault) -> None:
    listing.remember(vault, EVENTS)
    over = threading.Event()

    def list_again(count: int) -> None:
        while not over.is_set():
            listing.remember(vault, EVENTS * count)

    writers = [threading.Thread(target=list_again, args=(count,)) for count in (1, 400)]
    for writer in writers:
        writer.start()
    try:
        assert {listing.event_id(vault, "3") for _ in range(2_000)} == {"id-3"}
    finally:
        over.set()
        for writer in writers:
            writer.join()
    assert [file.name for file in Path(vault.folder).iterdir()] == ["last-listing.json"]
