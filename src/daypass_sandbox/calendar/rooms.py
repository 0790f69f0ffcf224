"""Rooms and equipment: mailboxes that answer for themselves, and keep of a meeting little more than who has it.

A user with `x-room` or `x-equipment` is one. How it answers is what Exchange calls calendar processing, with the names and defaults of
the cmdlet Set-CalendarProcessing; a user's `x-calendarProcessing` may say otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import zones
from . import events
from .mailbox import Mailbox, Slot
from .recurrence import Rule

Json = dict[str, Any]

POLICY: Json = {
    "automateProcessing": "AutoAccept",
    "allowConflicts": False,
    "allowRecurringMeetings": True,
    "conflictPercentageAllowed": 0,
    "maximumConflictInstances": 0,
    "bookingWindowInDays": 180,
    "maximumDurationInMinutes": 1440,
    "deleteSubject": True,
    "addOrganizerToSubject": True,
    "deleteComments": True,
    "deleteAttachments": True,
    "removePrivateProperty": True,
}
DAY_SECONDS = 86400


@dataclass(frozen=True)
class Verdict:
    """A room's answer to a meeting, with the reason, and the days of a series that it declines all the same."""

    response: str
    reason: str = ""
    declined: tuple[str, ...] = ()


YES = Verdict("accepted")


def processing(value: Any) -> Json:
    """An `x-calendarProcessing` as it is written; ValueError for a rule that there is not, or a value that is none."""
    if not isinstance(value, dict):
        raise ValueError("x-calendarProcessing must be an object of rules")
    given: Json = value  # pyright: ignore[reportUnknownVariableType]
    for name, rule in given.items():
        if name not in POLICY:
            raise ValueError(f"x-calendarProcessing has no rule '{name}'; there are: {', '.join(POLICY)}")
        if type(rule) is not type(POLICY[name]) or (isinstance(rule, int) and rule < 0):
            kind = {bool: "true or false", int: "a whole number, 0 or more", str: "a text"}[type(POLICY[name])]
            raise ValueError(f"x-calendarProcessing: '{name}' must be {kind}")
    return given


def policy(user: Mapping[str, Any]) -> Json | None:
    """How a room or piece of equipment answers; None for anybody who answers themselves."""
    if "x-room" not in user and "x-equipment" not in user:
        return None
    rules: Json = {**POLICY, **(user.get("x-calendarProcessing") or {})}
    return rules if rules["automateProcessing"] == "AutoAccept" else None


def stripped(copy: Json, rules: Json) -> Json:
    """A copy as a room keeps it: the organizer's name for its subject, neither body nor attachments, nothing private."""
    kept = {**copy, **_stripped(copy, copy, rules)}
    if rules["removePrivateProperty"]:
        kept["sensitivity"] = "normal"
    if copy.get("exceptions"):
        kept["exceptions"] = {day: {**part, **_stripped(part, copy, rules)} for day, part in copy["exceptions"].items()}
    return kept


def verdict(box: Mailbox, copy: Json, day: str | None, rules: Json, now: float) -> Verdict:
    """What a room answers to a meeting, or to one day of a series: yes when it is free and the rules allow it."""
    days = rules["bookingWindowInDays"]
    latest = int(now) + (days + 1) * DAY_SECONDS
    wanted = [slot for slot in _occurrences(copy, latest) if slot.start < latest and day in (None, slot.day)]
    longest = max((slot.end - slot.start for slot in wanted), default=0)
    if copy.get("recurrence") and not rules["allowRecurringMeetings"]:
        return Verdict("declined", "Recurring meetings aren't allowed for this resource.")
    if not wanted or (day is None and _goes_on(copy, latest)):
        return Verdict("declined", f"This resource can be booked at most {days} days ahead.")
    if longest > rules["maximumDurationInMinutes"] * 60 > 0:
        return Verdict("declined", f"A meeting with this resource may last {rules['maximumDurationInMinutes']} minutes at most.")
    return YES if rules["allowConflicts"] else _unless_taken(box, copy, rules, wanted)


def _unless_taken(box: Mailbox, copy: Json, rules: Json, wanted: list[Slot]) -> Verdict:
    """Yes to a meeting whose time is free, or to most of a series when the rules bear some conflicts."""
    others = box.window(wanted[0].start, max(slot.end for slot in wanted))
    taken = [other for other in others if other.event["uid"] != copy["uid"] and events.view(other.event, other.day)["showAs"] != "free"]
    clashes = [slot for slot in wanted if any(slot.start < other.end and other.start < slot.end for other in taken)]
    if not clashes:
        return YES
    few = len(clashes) <= rules["maximumConflictInstances"] or len(clashes) * 100 <= rules["conflictPercentageAllowed"] * len(wanted)
    if few and len(clashes) < len(wanted):
        return Verdict(
            "accepted", "Some days were declined because they conflict with other bookings.", tuple(slot.day or "" for slot in clashes)
        )
    return Verdict("declined", "This resource is booked at that time.")


def _occurrences(copy: Json, latest: int) -> list[Slot]:
    """The meeting's places in time that begin before `latest`, in order."""
    start, end = events.span(copy)
    if not copy.get("recurrence"):
        return [Slot(start, end, copy)]
    slots = Mailbox({"calendars": {}, "events": {copy["id"]: copy}}).instances(copy, start - DAY_SECONDS, max(start, latest))
    return [slot for slot in slots if not events.view(copy, slot.day).get("isCancelled")]


def _goes_on(copy: Json, latest: int) -> bool:
    """Whether a series has days after `latest`; Exchange declines it then, instead of cutting it short."""
    if not copy.get("recurrence"):
        return False
    last = Rule(copy["recurrence"]).last
    return last is None or last > zones.wall(latest, "UTC").date()


def _stripped(part: Json, copy: Json, rules: Json) -> Json:
    """What a room writes over members of a copy, or of one of its exceptions, that are there."""
    over: Json = {}
    if "subject" in part:
        name = copy["organizer"]["emailAddress"]["name"] if rules["addOrganizerToSubject"] else ""
        over["subject"] = name if rules["deleteSubject"] else f"{name} {part['subject']}".strip()
    if rules["deleteComments"] and "body" in part:
        over |= {"body": events.DEFAULTS["body"], "bodyPreview": ""}
    if rules["deleteAttachments"] and "attachments" in part:
        over["attachments"] = []
    return over
