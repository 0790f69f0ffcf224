"""What an event is in a mailbox: made from a client's words, changed, and split into occurrences.

A stored event is JSON with Graph's own member names. What has its default value (`DEFAULTS`) is left out; `start` and `end`
are wall times in the event's own zone; `calendarId`, `version`, `uid` and `firstId` are ours. A series has `exceptions` (by original
day: what differs from the master) and `cancelled` (original days of deleted occurrences).

Rules: Graph's pages resources/event, api/user-post-events, api/event-update; refusals as observed where a page gives none.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from .. import zones
from ..directory import people
from ..graph.payload import without_nulls
from ..routes import Fault
from . import bodies, extended, identity, online, recurrence

Json = dict[str, Any]

NEVER = "0001-01-01T00:00:00Z"
MOST_ATTENDEES = 500
FIRST_YEAR, LAST_YEAR = 1601, 4500  # what Exchange can store
WALL_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))?(Z|[+-]\d\d:\d\d)?")
OCCURRENCE_ID = re.compile(r"(.+)FRAAg([A-Za-z0-9_-]{11})=")
NO_PLACE: Json = {"displayName": "", "locationType": "default", "uniqueIdType": "unknown", "address": {}, "coordinates": {}}
ADDED_TO = ("extensions", "singleValueExtendedProperties", "multiValueExtendedProperties")  # by what is written, and not replaced
DEFAULTS: Json = {
    "subject": "",
    "body": {"contentType": "html", "content": ""},
    "bodyPreview": "",
    "isAllDay": False,
    "location": NO_PLACE,
    "locations": [],
    "attendees": [],
    "recurrence": None,
    "importance": "normal",
    "sensitivity": "normal",
    "showAs": "busy",
    "isReminderOn": True,
    "reminderMinutesBeforeStart": 15,
    "responseRequested": True,
    "allowNewTimeProposals": True,
    "hideAttendees": False,
    "isOnlineMeeting": False,
    "onlineMeetingProvider": "unknown",
    "onlineMeeting": None,
    "categories": [],
    "transactionId": None,
    "reminders": {},
    "attachments": [],
    "extensions": [],
    "singleValueExtendedProperties": [],
    "multiValueExtendedProperties": [],
    "isCancelled": False,
    "isOrganizer": True,
    "responseStatus": {"response": "organizer", "time": NEVER},
}


@dataclass(frozen=True)
class Author:
    """Who writes, when and where.

    `user` is the mailbox's owner (a user resource), `now` the instant (seconds since 1970), `new_id` the tenant's source of ids,
    `name_of` its directory (the display name of an address, or None); `providers` are those of online meetings that
    the calendar allows, its default one first.
    """

    user: Mapping[str, Any]
    now: float
    new_id: Callable[[str], str]
    name_of: Callable[[str], str | None]
    tenant_id: str = ""
    providers: tuple[str, ...] = (online.TEAMS,)

    @property
    def address(self) -> str:
        """The owner's mail address."""
        return self.user.get("mail") or self.user["userPrincipalName"]

    def join_url(self) -> str:
        """A new join link."""
        return online.teams_url(self.new_id("thread"), self.tenant_id, self.user["id"])


def create(given: Json, author: Author, calendar_id: str) -> Json:
    """A new event from what a client sent (in the form `payload.read` gives); Fault 400 for what the service refuses."""
    event: Json = {
        "id": author.new_id("event"),
        "calendarId": calendar_id,
        "uid": author.new_id("guid").replace("-", "").upper(),
        "organizer": {"emailAddress": people.named(author.user)},
        "createdDateTime": timestamp(author.now),
        "type": "singleInstance",
        "version": 0,
        **_settled(given, {}, author),
        "attachments": [attachment(one, author) for one in given.get("attachments") or ()],
    }
    return _finished(event, author)


def attachment(given: Json, author: Author) -> Json:
    """An attachment (in the form that `attached.read` gives) with a key and its time."""
    return {**given, "id": author.new_id("attachment"), "lastModifiedDateTime": timestamp(author.now, 0)}


def with_members(event: Json, day: str | None, members: Json, now: float) -> Json:
    """The event with other members (attachments, extensions); with `day` the series with an occurrence that has them."""
    if day is None:
        return stamp({**event, **members, "version": event["version"] + 1}, event["id"], now)
    seen = view(event, day)
    return with_exception(event, day, {"start": seen["start"], "end": seen["end"], **members}, now)


def change(event: Json, given: Json, author: Author) -> Json:
    """A single event or a series with a client's changes.

    A series of another time or pattern forgets its exceptions; one that only ends at another date keeps those that lie before it.
    """
    if given.get("transactionId") not in (None, event.get("transactionId")):
        raise Fault(400, "ErrorInvalidRequest", "Your request can't be completed. The transactionId of an event can't be changed.")
    changes = _settled(given, event, author)
    changed: Json = {**event, **changes, "transactionId": event.get("transactionId")}
    if "start" in changes:
        changed = {name: value for name, value in changed.items() if name not in ("originalStartTimeZone", "originalEndTimeZone")}
    if event.get("recurrence") and "start" in changes and "recurrence" not in changes:
        start: Json = changed["start"]
        moved = {"startDate": wall_time(start).date().isoformat(), "recurrenceTimeZone": start["timeZone"]}
        changed["recurrence"] = {**event["recurrence"], "range": {**event["recurrence"]["range"], **moved}}
    finished = _finished({**changed, "reminders": _marks_kept(event, changes)}, author)
    if event.get("recurrence") and finished.get("recurrence") and not {"start", "end", "recurrence", "isAllDay"}.isdisjoint(changes):
        finished |= _remembered(event, finished)
    return finished


def _marks_kept(event: Json, changes: Json, day: str | None = None) -> Json:
    """What was done to reminders, as far as a change leaves it: all is forgotten (of a day) with another time or reminder."""
    marks: Json = event.get("reminders", {})
    if {"start", "isReminderOn", "reminderMinutesBeforeStart"}.isdisjoint(changes):
        return marks
    return {other: mark for other, mark in marks.items() if day is not None and other != day}


def _remembered(before: Json, after: Json) -> Json:
    """The exceptions and deletions that a changed series keeps: all on its days if it takes the same course, else none."""
    if _course(before) != _course(after):
        return {"exceptions": {}, "cancelled": []}
    rule = recurrence.Rule(after["recurrence"])
    kept = {day: exception for day, exception in after["exceptions"].items() if date.fromisoformat(day) in rule}
    return {"exceptions": kept, "cancelled": [day for day in after["cancelled"] if date.fromisoformat(day) in rule]}


def _course(event: Json) -> tuple[Any, ...]:
    """What the days and times of a series follow from, its end excepted."""
    limits = event["recurrence"]["range"]
    return (
        *(event["start"], event["end"], event.get("isAllDay", False), event["recurrence"]["pattern"]),
        *(limits["startDate"], limits["recurrenceTimeZone"]),
    )


def change_occurrence(event: Json, day: str, neighbours: tuple[str | None, str | None], given: Json, author: Author) -> Json:
    """The series with one occurrence changed, which makes it an exception.

    `neighbours` are the original days of the occurrences before and after. Fault 400 `ErrorOccurrenceCrossingBoundary` when
    the occurrence would come to lie on or beyond the day of a neighbour, be that one deleted or not (api/event-update).
    """
    if given.get("recurrence") is not None:
        raise Fault(400, "ErrorInvalidRequest", "Your request can't be completed. An occurrence can't have a recurrence of its own.")
    now = view(event, day)
    changes = {name: value for name, value in _settled(given, now, author).items() if name != "transactionId"}
    changed = {**now, **changes}
    check_times(changed)
    before, after = (_actual_day(event, other) if other else None for other in neighbours)
    moved_to = _day_of(changed, event)
    if (before and moved_to <= before) or (after and moved_to >= after):
        message = "Modified occurrence is crossing or overlapping adjacent occurrence."
        raise Fault(400, "ErrorOccurrenceCrossingBoundary", message)
    changed = with_exception(event, day, {"start": now["start"], "end": now["end"], **changes}, author.now)
    return {**changed, "reminders": _marks_kept(event, changes, day)}


def with_exception(event: Json, day: str, changes: Json, now: float) -> Json:
    """The series with an occurrence that differs by these changes (`start` and `end` among them), besides those it has already."""
    exception = {**event["exceptions"].get(day, {}), **changes}
    exception["version"] = exception.get("version", event["version"]) + 1
    stamp(exception, event["id"] + day, now)
    return {**event, "exceptions": {**event["exceptions"], day: exception}}


def cancel_occurrence(event: Json, day: str, now: float) -> Json:
    """The series without one of its occurrences."""
    exceptions = {other: exception for other, exception in event["exceptions"].items() if other != day}
    changed = {**event, "exceptions": exceptions, "cancelled": sorted({*event["cancelled"], day}), "version": event["version"] + 1}
    return stamp(changed, event["id"], now)


def stamp(event: Json, item_id: str, now: float) -> Json:
    """Mark an event (or an exception) as just changed: its change key follows from who it is and its version."""
    event["changeKey"] = identity.change_key(item_id, event["version"])
    event["lastModifiedDateTime"] = timestamp(now)
    return event


def first_id(event: Json) -> str:
    """The plain id that an event had before it was moved anywhere; its immutable id follows from that."""
    return event.get("firstId", event["id"])


def moved(event: Json, calendar_id: str, now: float) -> Json:
    """The event in another calendar: it has another plain id there."""
    version = event["version"] + 1
    place = {"id": identity.derived(event["id"], calendar_id, version), "firstId": first_id(event), "calendarId": calendar_id}
    return stamp({**event, **place, "version": version}, place["id"], now)


def view(event: Json, day: str | None = None) -> Json:
    """An event with every member in place; with `day`, the occurrence of a series that was on that day originally."""
    whole = {**DEFAULTS, **event}
    if day is None:
        return whole
    exception = event["exceptions"].get(day)
    original = _shifted(event, "start", day)
    whole["start"], whole["end"] = original, _shifted(event, "end", day)
    whole.update(exception or {})
    whole.update(
        id=occurrence_id(event["id"], day),
        type="exception" if exception else "occurrence",
        seriesMasterId=event["id"],
        recurrence=None,
        originalStart=timestamp(instant(original, all_day=event.get("isAllDay", False)), 0),
    )
    return whole


def span(event: Json, day: str | None = None) -> tuple[int, int]:
    """Start and end of an event or occurrence in seconds since 1970.

    An all-day event has no zone of its own: it lies from midnight to midnight UTC, which is where the service looks for it
    whatever zone is asked for (observed). An occurrence keeps its wall times; only where a clock change would leave nothing
    of it does it keep its length instead.
    """
    exception: Json = event["exceptions"].get(day, {}) if day else {}
    all_day: bool = exception.get("isAllDay", event.get("isAllDay", False))
    first, last = ((exception.get(name) or (_shifted(event, name, day) if day else event[name])) for name in ("start", "end"))
    start, end = instant(first, all_day=all_day), instant(last, all_day=all_day)
    if end <= start and first["timeZone"] == last["timeZone"]:
        end = start + int((wall_time(last) - wall_time(first)).total_seconds())
    return start, end


def wall_time(moment: Mapping[str, str]) -> datetime:
    """The wall time of a stored `start` or `end`."""
    return datetime.fromisoformat(moment["dateTime"])


def occurrence_id(master_id: str, day: str) -> str:
    """The id of an occurrence: it tells the series and the original day, and stays when the occurrence becomes an exception."""
    coded = base64.urlsafe_b64encode(date.fromisoformat(day).toordinal().to_bytes(8, "big")).decode()
    return f"{master_id.rstrip('=')}FRAAg{coded}"


def parse_occurrence_id(text: str) -> tuple[list[str], str]:
    """The ids that the series of an occurrence may have, and its original day; no ids when the text is no occurrence's id."""
    found = OCCURRENCE_ID.fullmatch(text)
    if found is None:
        return [], ""
    ordinal = int.from_bytes(base64.urlsafe_b64decode(found[2] + "="), "big")
    if not date.min.toordinal() <= ordinal <= date.max.toordinal():
        return [], ""
    return [found[1] + padding for padding in ("=", "", "==")], date.fromordinal(ordinal).isoformat()


def timestamp(seconds: float, digits: int = 7) -> str:
    """An instant as Graph writes it for an item: `2026-11-22T10:00:00.0000000Z`, or without a fraction."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")[:26]
    return f"{text}0Z" if digits else f"{text[:19]}Z"


def stored_time(given: Mapping[str, Any], name: str) -> dict[str, str]:
    """A client's `dateTimeTimeZone` as it is kept: whole seconds, wall time in the named zone (UTC if none is named).

    A `dateTime` that bears an offset of its own means that instant, whatever zone stands beside it.
    """
    zone = given.get("timeZone") or "UTC"
    zones.zone(zone)
    found = WALL_TIME.fullmatch(given.get("dateTime") or "")
    try:
        moment = datetime.fromisoformat("{}T{}".format(found[1], found[2] or "00:00") + (found[3] or "")) if found else None
    except ValueError:
        moment = None
    if moment is None or not FIRST_YEAR < moment.year < LAST_YEAR:
        raise _invalid(f"{name}.dateTime '{given.get('dateTime')}' is not of the form 2026-11-22T10:00:00")
    if moment.tzinfo is not None:
        moment = zones.wall(moment.timestamp(), zone)
    return {"dateTime": moment.replace(microsecond=0).isoformat(), "timeZone": zone}


def _settled(given: Json, before: Mapping[str, Any], author: Author) -> Json:
    """A client's words as changes to a stored event; a null stands for the default.

    Fault 400 for attachments of an event that is there already: they are added one by one (api/event-post-attachments).
    """
    if given.get("attachments") and before:
        raise Fault(
            400, "ErrorInvalidRequest", "Your request can't be completed. Attachments are added by posting to the event's attachments."
        )
    plain = {name: value for name, value in given.items() if name not in (*ADDED_TO, "attachments")}
    changes: Json = {name: DEFAULTS.get(name) if value is None else value for name, value in plain.items()}
    changes |= {name: extended.merged(before.get(name, ()), given[name]) for name in ADDED_TO if given.get(name)}
    for name in ("start", "end"):
        if name in changes:
            changes[name] = stored_time(changes[name] or {}, name)
    if "location" in given or "locations" in given:
        changes |= _places(given.get("location"), given.get("locations"))
    if given.get("attendees"):
        changes["attendees"] = invited(given["attendees"], before.get("attendees", ()), author.name_of)
    if "body" in changes:
        changes["body"] = {"contentType": "text", "content": "", **without_nulls(changes["body"])}
    changes |= online.settled(changes, before, author.providers, author.join_url)
    return {**changes, "bodyPreview": bodies.preview(changes["body"])} if "body" in changes else changes


def _places(location: Json | None, locations: list[Json | None] | None) -> Json:
    """The two properties for places, which always correspond: `location` names several in one line (api/event-get, example 2)."""
    several = [without_nulls(place) for place in locations or ([location] if location else []) if place and any(place.values())]
    if not several:
        return {"location": NO_PLACE, "locations": []}
    name = (location or {}).get("displayName") or "; ".join(filter(None, (place.get("displayName") for place in several)))
    whole = _place({**(several[0] if len(several) == 1 else {}), "displayName": name})
    return {"location": whole, "locations": [_place(place, one_of_many=len(several) > 1) for place in several]}


def _place(given: Json, *, one_of_many: bool = False) -> Json:
    """A location with what the service adds: an id of its own, but for a mere name among several."""
    place: Json = {"displayName": "", **given, "locationType": "default", "uniqueIdType": "unknown"}
    if not place["displayName"] or (one_of_many and given.keys() == {"displayName"}):
        return place
    return {**place, "uniqueId": place["displayName"], "uniqueIdType": "private"}


def invited(given: list[Json | None], before: Iterable[Json], name_of: Callable[[str], str | None]) -> list[Json]:
    """A client's attendees (or recipients) as they are kept; those of `before` keep their answers. Fault 400 `ErrorInvalidRecipients`."""
    if len(given) > MOST_ATTENDEES:
        raise Fault(400, "ErrorInvalidRecipients", f"An event can have at most {MOST_ATTENDEES} attendees; {len(given)} were given.")
    known = {other["emailAddress"]["address"].lower(): other for other in before}
    found: dict[str, Json] = {}  # by address: who is named twice is asked once
    for one in given:
        attendee: Json = one or {}
        named: Json = attendee.get("emailAddress") or {}
        address: str = named.get("address") or ""
        if "@" not in address:
            message = f"At least one recipient isn't valid., Recipient '{address}' isn't resolved. All recipients must be resolved"
            raise Fault(400, "ErrorInvalidRecipients", message + " before a message can be submitted.")
        name = named.get("name") or name_of(address) or address
        earlier = known.get(address.lower(), {"status": {"response": "none", "time": NEVER}})
        asked = {"type": attendee.get("type") or "required", "emailAddress": {"name": name, "address": address}}
        found.setdefault(address.lower(), {**earlier, **asked})
    return list(found.values())


def _finished(event: Json, author: Author) -> Json:
    """The event checked as a whole, its recurrence in order, stamped."""
    if not event.get("start") or not event.get("end"):
        raise _invalid("start and end are required")
    if event.get("recurrence") is not None:
        event = _in_recurrence_zone(event)
        start = wall_time(event["start"]).date()
        event["recurrence"] = recurrence.normal(event["recurrence"], start, event["start"]["timeZone"])
        first = recurrence.Rule(event["recurrence"]).first
        if first is None:
            raise Fault(400, "ErrorRecurrenceHasNoOccurrence", "The recurrence has no occurrence in its range.")
        event |= {name: _shifted(event, name, first.isoformat()) for name in ("start", "end")}
        event["recurrence"]["range"]["startDate"] = first.isoformat()
        event = {"exceptions": {}, "cancelled": [], **event, "type": "seriesMaster"}
    else:
        event = {name: value for name, value in event.items() if name not in ("exceptions", "cancelled")} | {"type": "singleInstance"}
    check_times(event)
    event["version"] += 1
    kept = {name: value for name, value in event.items() if name not in DEFAULTS or value != DEFAULTS[name]}
    return stamp(kept, event["id"], author.now)


def _in_recurrence_zone(event: Json) -> Json:
    """A series lives in the zone of its recurrence, if that is not the zone of its start."""
    limits: Json = event["recurrence"].get("range") or {}
    name: str | None = limits.get("recurrenceTimeZone")
    if not name or event.get("isAllDay") or zones.zone(name) == zones.zone(event["start"]["timeZone"]):
        return event
    event = {"originalStartTimeZone": event["start"]["timeZone"], "originalEndTimeZone": event["end"]["timeZone"], **event}
    for part in ("start", "end"):
        there = zones.wall(instant(event[part]), name)
        event[part] = {"dateTime": there.isoformat(), "timeZone": name}
    return event


def check_times(event: Mapping[str, Any]) -> None:
    """Fault 400 unless `end` is not before `start`, and an all-day event goes from midnight to midnight in one zone."""
    start, end = wall_time(event["start"]), wall_time(event["end"])
    same_zone = event["start"]["timeZone"] == event["end"]["timeZone"]
    if end < start if same_zone else instant(event["end"]) < instant(event["start"]):
        raise _invalid("end is before start")
    if not event.get("isAllDay"):
        return
    for name, moment in (("Start", start), ("End", end)):
        if moment.time().isoformat() != "00:00:00":
            raise Fault(400, "ErrorInvalidRequest", f"The Event.{name} property for an all-day event needs to be set to midnight.")
    if not same_zone:
        raise _invalid("start and end of an all-day event need the same time zone")
    if end - start < timedelta(days=1):
        raise Fault(400, "ErrorInvalidRequest", "The duration of an event marked as All day must be at least 24 hours.")


def _actual_day(event: Json, day: str) -> date:
    """Where an occurrence is now: the day of its exception's start, if it has one."""
    exception = event["exceptions"].get(day)
    return _day_of(exception, event) if exception else date.fromisoformat(day)


def _day_of(occurrence: Mapping[str, Any], event: Json) -> date:
    """The day on which an occurrence begins, by the calendar of its series' zone."""
    start = occurrence["start"]
    if occurrence.get("isAllDay", event.get("isAllDay")):
        return wall_time(start).date()
    return zones.wall(instant(start), event["start"]["timeZone"]).date()


def _shifted(event: Json, name: str, day: str) -> dict[str, str]:
    """The start or end that the rule gives an occurrence."""
    by = date.fromisoformat(day) - wall_time(event["start"]).date()
    return {"dateTime": (wall_time(event[name]) + by).isoformat(), "timeZone": event[name]["timeZone"]}


def instant(moment: Mapping[str, str], *, all_day: bool = False) -> int:
    """A stored time in seconds since 1970; the midnights of an all-day event count as UTC's."""
    return zones.instant(wall_time(moment), "UTC" if all_day else moment["timeZone"])


def _invalid(detail: str) -> Fault:
    return Fault(400, "ErrorPropertyValidationFailure", f"At least one property failed validation. ({detail})")
