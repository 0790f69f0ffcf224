"""The short numbers of the last listing: `daypass show 3` is the third event that was listed last."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

from ..config import Settings
from ..errors import NoSuchEvent, UsageError
from ..model.event import Event


def remember(settings: Settings, events: Sequence[Event]) -> None:
    """Keep the ids in the order listed. What cannot be written is not kept: a listing must not fail for its numbers."""
    path = _path(settings)
    try:
        os.makedirs(settings.state_dir, mode=0o700, exist_ok=True)
        handle = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with open(handle, "w", encoding="utf-8") as file:
            json.dump({"identity": settings.identity, "ids": [event.id for event in events]}, file)
        os.replace(path + ".new", path)
    except OSError:
        return


def event_id(settings: Settings, named: str) -> str:
    """The id that was meant: a short number of the last listing, or an id itself. Raises NoSuchEvent and UsageError."""
    if not named.isdecimal():
        return named
    ids = _ids(settings)
    if not ids:
        raise UsageError(f"{named} is a number of a listing, and nothing has been listed yet", ("daypass agenda",))
    if not 1 <= int(named) <= len(ids):
        raise NoSuchEvent(f"the last listing had {len(ids)} events: there is no number {named[:20]}")
    return ids[int(named) - 1]


def _ids(settings: Settings) -> list[str]:
    try:
        with open(_path(settings), encoding="utf-8") as file:
            kept = json.load(file)
        return [str(one) for one in kept["ids"]] if kept["identity"] == settings.identity else []
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _path(settings: Settings) -> str:
    return os.path.join(settings.state_dir, "last-listing.json")
