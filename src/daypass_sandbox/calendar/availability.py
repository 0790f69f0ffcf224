"""Who is free when: what a default calendar makes of somebody's time, and how much of it others may see.

Rules: Graph's pages concepts/outlook-get-free-busy-schedule, resources/scheduleitem, resources/calendarpermission; that an all-day
event lies in the zone the request is in, and that free events are told as well, was observed by others.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from .. import zones
from ..routes import Call
from . import events, sharing
from .mailbox import Mailbox, Slot

Json = dict[str, Any]

STRENGTH = {"free": 0, "workingElsewhere": 1, "unknown": 2, "tentative": 3, "busy": 4, "oof": 5}
A_DAY = 86400


class Sight(IntEnum):
    """How much somebody may see of another's events: nothing, when they are, what and where they are, private ones as well."""

    NOTHING = 0
    TIMES = 1
    DETAILS = 2
    EVERYTHING = 3


SIGHT = {
    "none": Sight.NOTHING,
    "freeBusyRead": Sight.TIMES,
    "limitedRead": Sight.DETAILS,
    "read": Sight.DETAILS,
    "write": Sight.DETAILS,
    "delegateWithoutPrivateEventAccess": Sight.DETAILS,
    "delegateWithPrivateEventAccess": Sight.EVERYTHING,
}


class Busy(NamedTuple):
    """An event as somebody's time knows it: from when to when (seconds since 1970), how it shows, and the event with all its members."""

    start: int
    end: int
    status: str
    event: Json


def sight_of(call: Call, owner_id: str, calendar: Mapping[str, Any]) -> Sight:
    """How much of a calendar the caller may see: all of their own, else what its permissions give them, or everybody.

    An app alone sees what the user of its path would see. `permissions` of the calendar are Graph's `calendarPermission`s; a
    calendar without any lets everybody see when its owner is free.
    """
    caller_id = call.caller.user_id or call.path.get("user_id", "")
    if caller_id == owner_id:
        return Sight.EVERYTHING
    return SIGHT.get(sharing.role_of(call.tenant.state, calendar, caller_id), Sight.TIMES)


def times(box: Mailbox, start: int, end: int, zone: str) -> list[Busy]:
    """What lies in the default calendar within [start, end), in order; an all-day event from midnight to midnight in this zone."""
    wide = box.window(start - A_DAY, end + A_DAY, box.calendar(None)["id"])
    found = (_busy(slot, zone) for slot in wide)
    return sorted((busy for busy in found if busy.start < end and busy.end > start), key=lambda busy: busy[:2])


def _busy(slot: Slot, zone: str) -> Busy:
    event = events.view(slot.event, slot.day)
    start, end = slot.start, slot.end
    if event["isAllDay"]:
        start, end = (zones.instant(events.wall_time(event[name]), zone) for name in ("start", "end"))
    return Busy(start, end, "free" if event["isCancelled"] else event["showAs"], event)


def view(found: Iterable[Busy], start: int, end: int, step: int, digits: Mapping[str, int]) -> str:
    """A digit for each `step` seconds from start to end: that of the strongest status within it, by the digits of each status."""
    slots = [0] * -((start - end) // step)
    for busy in found:
        digit = digits.get(busy.status, 0)
        first, last = max(busy.start - start, 0) // step, -((start - min(busy.end, end)) // step)
        if digit and busy.start < busy.end:  # what lasts no time takes none
            for number in range(first, last):
                slots[number] = max(slots[number], digit)
    return "".join(str(digit) for digit in slots)


class Timeline:
    """Somebody's time as one row of statuses, for asking often what is strongest in a stretch of it."""

    def __init__(self, found: Sequence[Busy]) -> None:
        self._times = sorted({moment for busy in found for moment in busy[:2]})
        self._statuses = ["free"] * len(self._times)
        for busy in found:
            first, last = bisect_left(self._times, busy.start), bisect_left(self._times, busy.end)
            for number in range(first, last):
                self._statuses[number] = stronger(self._statuses[number], busy.status)

    def strongest(self, start: int, end: int) -> str:
        """The strongest status within [start, end)."""
        first = max(bisect_right(self._times, start) - 1, 0)
        last = bisect_left(self._times, end)
        return max(self._statuses[first:last], key=lambda status: STRENGTH[status], default="free")


def stronger(one: str, other: str) -> str:
    """The stronger of two statuses."""
    return one if STRENGTH[one] >= STRENGTH[other] else other


def covers(spans: Iterable[tuple[int, int]], start: int, end: int) -> bool:
    """Whether one of some stretches of time covers all from start to end; stretches that meet count as one."""
    merged: list[tuple[int, int]] = []
    for span in sorted(spans):
        if merged and span[0] <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], span[1]))
        else:
            merged.append(span)
    return any(first <= start and end <= last for first, last in merged)
