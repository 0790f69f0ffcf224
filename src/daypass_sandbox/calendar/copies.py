"""What of a meeting reaches those who are asked, and what of their copy is their own.

A copy is the organizer's event as it was sent, under what its owner made of it: their answer, how it shows, its reminder, its
categories. It is always made anew from the organizer's event, so that copies cannot drift apart; what an attendee changes of the
organizer's words stays in their copy until the next update (observed). Who is asked to some days of a series only has a
single event for each (MS-OXOCAL calls it an orphan instance), which knows its day (`instanceDay`). `intendedShowAs` and
`intendedSensitivity` are what the organizer's event says, where that is not the usual.

Sources: resources/eventmessage, resources/event, concepts/outlook-calendar-meeting-proposals,
concepts/outlook-create-event-in-shared-delegated-calendar; MS-OXOCAL, sections 2.2.6.4 and 3.1.4.7.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import events
from .invitees import Part

Json = dict[str, Any]

SENT = (
    *("uid", "organizer", "subject", "body", "bodyPreview", "start", "end", "originalStartTimeZone", "originalEndTimeZone", "isAllDay"),
    *("location", "locations", "importance", "responseRequested", "allowNewTimeProposals", "hideAttendees", "isOnlineMeeting"),
    *("onlineMeetingProvider", "onlineMeeting", "attachments"),
)
SENT_ONCE = ("isReminderOn", "reminderMinutesBeforeStart")  # with the invitation; afterwards the attendee's own
WORDED = ("attendees", "sensitivity", "intendedShowAs", "intendedSensitivity")  # sent in other words than the organizer's event has
OURS = ("type", "recurrence", "exceptions", "cancelled", "instanceDay", "isCancelled")
STAMPS = ("version", "changeKey", "lastModifiedDateTime")
USUAL = {**events.DEFAULTS, "intendedShowAs": "busy", "intendedSensitivity": "normal"}
NO_ANSWER: Json = {"response": "none", "time": events.NEVER}
NOT_ANSWERED: Json = {"response": "notResponded", "time": events.NEVER}
SHOWN = {
    "declined": "free",
    **dict.fromkeys(("tentativelyAccepted", "notResponded", "none"), "tentative"),
}  # else as the organizer meant it
CANCELLED = "Canceled: "


@dataclass(frozen=True)
class Desk:
    """Where copies of one meeting are made: the tenant's source of ids, its time (seconds since 1970), and the calendar for new ones.

    `reminds` says whether who gets a copy is reminded of it. `listed` holds the attendees as all of them see them, by day (None: every
    day); all copies share them.
    """

    new_id: Callable[[str], str]
    now: float
    calendar_id: str
    reminds: bool = True
    listed: dict[str | None, list[Json]] = field(default_factory=dict[str | None, list[Json]])


def made(event: Json, day: str | None, part: Part, previous: Json | None, anew: Collection[str | None], desk: Desk) -> Json:
    """Somebody's copy of a meeting, or of one `day` of it.

    Of the `previous` copy stays what is its owner's, but for their answer to what is `anew` (some days of a series, or None: all of
    it). The previous copy itself is given back when nothing of it changes.
    """
    kept = None if None in anew or day in anew else previous
    copy = {
        **(_own(previous) if previous else _invitation(event, desk)),
        **_sent(event, day, part, previous, desk),
        "type": "singleInstance",
    }
    if kept is None:
        copy |= answer(copy, NOT_ANSWERED)
    if day is not None:
        copy["instanceDay"] = day
    elif event.get("recurrence"):
        copy |= {"type": "seriesMaster", "recurrence": event["recurrence"], **_days(event, part, kept, anew, copy, desk)}
    return _finished(copy, previous, desk)


def called_off(copy: Json, desk: Desk) -> Json:
    """A copy of a meeting that was cancelled, or to which its owner is asked no longer."""
    if copy.get("isCancelled"):
        return copy
    gone = {**copy, **_cancellation(copy)}
    if copy.get("exceptions"):
        gone["exceptions"] = {}
        for day, exception in copy["exceptions"].items():
            left = _without(exception, "showAs", "isCancelled")
            if "subject" in left and not exception.get("isCancelled"):
                left["subject"] = CANCELLED + left["subject"]
            gone["exceptions"][day] = _stamped(left, day, exception, copy, desk)
    return _finished(gone, copy, desk)


def answered(copy: Json, day: str | None, response: str, desk: Desk) -> Json:
    """A copy (or one day of a series) with its owner's answer; an answer to a series is one to each of its days."""
    status: Json = {"response": response, "time": events.timestamp(desk.now)}
    if day is not None:
        seen = events.view(copy, day)
        times = {"start": seen["start"], "end": seen["end"]}
        return events.with_exception(copy, day, {**times, **answer(seen, status)}, desk.now)
    whole = {**copy, **answer(copy, status)}
    if copy.get("exceptions"):
        whole["exceptions"] = {}
        for other, exception in copy["exceptions"].items():
            left = exception if exception.get("isCancelled") else _without(exception, "responseStatus", "showAs")
            if _says_something(left, other, copy):
                whole["exceptions"][other] = _stamped(left, other, exception, copy, desk)
    return _finished(whole, copy, desk)


def letter(event: Json, day: str | None = None) -> Json:
    """What an invitation or update tells of an event (or of one day of it), but for who is asked."""
    seen = events.view(event, day)
    return {name: seen[name] for name in (*SENT, "sensitivity", "recurrence") if name in seen}


def _invitation(event: Json, desk: Desk) -> Json:
    """What a new copy begins with."""
    new: Json = {name: event.get(name, events.DEFAULTS[name]) for name in SENT_ONCE}
    if not desk.reminds:
        new["isReminderOn"] = False
    created = events.timestamp(desk.now)
    return {**new, "id": desk.new_id("event"), "calendarId": desk.calendar_id, "isOrganizer": False, "createdDateTime": created}


def _own(copy: Json) -> Json:
    """What of a copy (or of one day of it) is its owner's."""
    own = _without(copy, *SENT, *WORDED, *OURS, *STAMPS)
    return _without(own, "showAs") if copy.get("isCancelled") else own


def _sent(event: Json, day: str | None, part: Part, previous: Json | None, desk: Desk) -> Json:
    """What the organizer's event, or one day of it, makes of a copy; the copy's owner may have made it private meanwhile."""
    seen = events.view(event, day)
    sent = {name: seen[name] for name in SENT if name in seen}
    meant = {
        name: seen.get(f"intended{name[0].upper()}{name[1:]}", seen[name] if seen["isOrganizer"] else USUAL[name])
        for name in ("showAs", "sensitivity")
    }
    had = {**USUAL, **(previous or {})}
    own_list = day if day and "attendees" in event["exceptions"].get(day, {}) else None
    chosen = had["sensitivity"] if previous and had["sensitivity"] != had["intendedSensitivity"] else meant["sensitivity"]
    intended = {"intendedShowAs": meant["showAs"], "intendedSensitivity": meant["sensitivity"]}
    return {**sent, "attendees": _listed(seen, own_list, part.aliases, desk), "sensitivity": chosen, **intended}


def _listed(seen: Json, day: str | None, aliases: frozenset[str], desk: Desk) -> list[Json]:
    """The attendees as each of them sees them: the organizer is one of them, and nobody's answer is told."""
    organizer: Json = seen["organizer"]["emailAddress"]
    if day not in desk.listed:
        asked = [one for one in seen["attendees"] if one["emailAddress"]["address"].lower() != organizer["address"].lower()]
        first: Json = {"type": "required", "emailAddress": organizer}
        shown = [{"type": one["type"], "status": NO_ANSWER, "emailAddress": one["emailAddress"]} for one in (first, *asked)]
        desk.listed[day] = shown
    everybody = desk.listed[day]
    if not seen["hideAttendees"]:
        return everybody
    return [one for one in everybody if one["emailAddress"] is organizer or one["emailAddress"]["address"].lower() in aliases]


def _days(event: Json, part: Part, kept: Json | None, anew: Collection[str | None], copy: Json, desk: Desk) -> Json:
    """The exceptions and the missing days of a copy of a series; a day called off stays to be seen in a copy that had it."""
    before: Json = kept["exceptions"] if kept else {}
    missing: set[str] = {day for day in kept["cancelled"] if day not in anew} if kept else set()
    gone: set[str] = {*event["cancelled"], *part.days}
    exceptions: Json = {}
    for day in {*event["exceptions"], *before, *(day for day in anew if day)} - gone - missing:
        exception = _exception(event, day, part, before.get(day, {}), anew, copy, desk)
        if exception:
            exceptions[day] = _stamped(exception, day, before.get(day), copy, desk)
    for day in gone - missing:
        if kept is None:
            missing.add(day)
        elif before.get(day, {}).get("isCancelled"):
            exceptions[day] = before[day]
        else:
            seen = events.view(kept, day)
            left = {**before.get(day, {}), "start": seen["start"], "end": seen["end"], **_cancellation(seen)}
            exceptions[day] = _stamped(left, day, before.get(day), copy, desk)
    return {"exceptions": dict(sorted(exceptions.items())), "cancelled": sorted(missing)}


def _exception(event: Json, day: str, part: Part, before: Json, anew: Collection[str | None], copy: Json, desk: Desk) -> Json:
    """One day of a copy of a series as far as it differs from the others; nothing where it does not."""
    sent = _sent(event, day, part, before, desk)
    usual = _sent({**event, "exceptions": {}}, day, part, None, desk)
    exception = {name: value for name, value in sent.items() if value != usual.get(name)} | _own(before)
    if day in anew:
        exception |= answer({**copy, **exception}, NOT_ANSWERED)
    return {"start": sent["start"], "end": sent["end"], **exception} if exception else {}


def _says_something(exception: Json, day: str, copy: Json) -> bool:
    """Whether an exception differs from the days without one."""
    rule = events.view({**copy, "exceptions": {}}, day)
    return any(value != rule.get(name) for name, value in _without(exception, *STAMPS).items())


def answer(copy: Mapping[str, Any], status: Json) -> Json:
    """An answer (a responseStatus) as it stands in a copy, with how the copy shows then."""
    meant: str = copy.get("intendedShowAs", "busy")
    return {"responseStatus": status, "showAs": meant if meant == "free" else SHOWN.get(status["response"], meant)}


def _cancellation(seen: Mapping[str, Any]) -> Json:
    return {"isCancelled": True, "subject": CANCELLED + seen.get("subject", ""), "showAs": "free"}


def _without(values: Mapping[str, Any], *names: str) -> Json:
    return {name: value for name, value in values.items() if name not in names}


def _stamped(exception: Json, day: str, before: Json | None, copy: Json, desk: Desk) -> Json:
    """An exception with its stamps: those it had when nothing of it changed."""
    content = _without(exception, *STAMPS)
    if before and content == _without(before, *STAMPS):
        return before
    version = (before or copy).get("version", 0) + 1
    return events.stamp({**content, "version": version}, copy["id"] + day, desk.now)


def _finished(copy: Json, previous: Json | None, desk: Desk) -> Json:
    """The copy as it is kept: without what is usual, stamped; the previous one when they are alike."""
    content = {name: value for name, value in _without(copy, *STAMPS).items() if name not in USUAL or value != USUAL[name]}
    if previous and content == _without(previous, *STAMPS):
        return previous
    return events.stamp({**content, "version": (previous or {}).get("version", 0) + 1}, copy["id"], desk.now)
