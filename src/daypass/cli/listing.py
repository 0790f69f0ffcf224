"""The short numbers of the last listing: `daypass show 3` is the third event that was listed last."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import NoSuchEvent, StorageError, UsageError
from ..private import make_private_folder

if TYPE_CHECKING:
    from ..model.event import Event
    from ..vault import Vault

MOST_DIGITS = 9


def remember(vault: Vault, events: Sequence[Event]) -> bool:
    """Keep the ids in the order listed, beside the vault; nothing is kept when it is in memory.

    What cannot be written is not kept: a listing must not fail for its numbers, and the answer tells. Then an older listing's
    numbers go, too, for they would name other events. Whoever reads meanwhile finds the whole of one listing, for each writer
    has a file of its own and puts it in place in one step.
    """
    if not vault.folder:
        return True
    temporary = f"{_path(vault)}.{os.getpid()}-{os.urandom(4).hex()}"
    try:
        make_private_folder(vault.folder)
        _write(temporary, {"identity": vault.identity, "ids": [event.id for event in events]})
        os.replace(temporary, _path(vault))
    except (OSError, StorageError):
        for leftover in (temporary, _path(vault)):
            with suppress(OSError):
                os.unlink(leftover)
        return False
    return True


def event_id(vault: Vault, named: str) -> str:
    """The id that was meant: a short number of the last listing, or an id itself. Raises NoSuchEvent and UsageError."""
    if not named.isdecimal():
        return named
    if not vault.folder:
        raise UsageError(f"{named[:20]} is no id, and no listing is kept in memory", ("daypass agenda -o json   (shows the ids)",))
    ids = _ids(vault)
    if not ids:
        raise UsageError(f"{named[:20]} is a number of a listing, and nothing has been listed yet", ("daypass agenda",))
    number = int(named) if len(named) <= MOST_DIGITS else 0
    if not 1 <= number <= len(ids):
        raise NoSuchEvent(f"the last listing had {len(ids)} events: there is no number {named[:20]}")
    return ids[number - 1]


def _write(path: str, content: object) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(handle, "w", encoding="utf-8") as file:
        json.dump(content, file)


def _ids(vault: Vault) -> list[str]:
    try:
        with open(_path(vault), encoding="utf-8") as file:
            kept = json.load(file)
        return [str(one) for one in kept["ids"]] if kept["identity"] == vault.identity else []
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _path(vault: Vault) -> str:
    return os.path.join(vault.folder, "last-listing.json")
