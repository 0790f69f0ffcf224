"""The organizer's side of a meeting: what of a change asks for new answers, and which answers came.

A new time takes answers back: the attendees' status is `notResponded` again (concepts/outlook-calendar-meeting-proposals shows it).
An answer to one day of a series makes that day an exception of the organizer's series, unless it was cancelled; who answers
without being on the list is added to it (MS-OXOCAL, sections 3.1.4.8 and 3.1.4.10).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from .. import zones
from . import events

Json = dict[str, Any]

ASKED_AGAIN: Json = {"response": "notResponded", "time": "4501-01-01T00:00:00Z"}


def by_address(attendees: Iterable[Json]) -> dict[str, Json]:
    """Attendees by their address in lower case."""
    return {attendee["emailAddress"]["address"].lower(): attendee for attendee in attendees}


def significant(before: Json, after: Json) -> frozenset[str | None]:
    """What must be answered anew because its time changed: everything (None), or some days of a series."""
    if _span(before) != _span(after):
        return frozenset({None})
    gone, missing = set(before.get("cancelled", ())), set(after.get("cancelled", ()))
    days = {*before.get("exceptions", {}), *after.get("exceptions", {})} - missing
    return frozenset({day for day in days if _time(before, day) != _time(after, day)} | (gone - missing))


def settled(before: Json, after: Json, now: float) -> Json:
    """The changed event without answers to a time that is no longer; who joins or leaves a series does so on each of its days."""
    anew = significant(before, after)
    for day in [None, *after.get("exceptions", {})] if None in anew else sorted(day for day in anew if day):
        attendees = events.view(after, day)["attendees"]
        if _unanswered(attendees) != attendees:
            after = events.with_members(after, day, {"attendees": _unanswered(attendees)}, now)
    return _every_day(before, after)


def recorded(event: Json, day: str | None, answer: Json, now: float, without: Collection[str] = ()) -> Json:
    """The event (or one day of it) with an answer: an attendee with their `status`, and the `proposedNewTime` if they proposed one.

    An answer to a series holds for its exceptions too, `without` the days that the attendee declined or threw away before. The event itself
    when the day was cancelled.
    """
    if day is not None and day in event["cancelled"]:
        return event
    event = events.with_members(event, day, {"attendees": _with_answer(events.view(event, day)["attendees"], answer)}, now)
    if day is None:
        for other, exception in event.get("exceptions", {}).items():
            if other not in without and answer["emailAddress"]["address"].lower() in by_address(exception.get("attendees", ())):
                event = events.with_members(event, other, {"attendees": _with_answer(exception["attendees"], answer)}, now)
    return event


def added(event: Json, day: str | None, attendees: Iterable[Json], now: float) -> Json:
    """The event (or one day of it, or all its days) with more attendees; the event itself when all were there."""
    known = by_address(events.view(event, day)["attendees"])
    fresh = [attendee for address, attendee in by_address(attendees).items() if address not in known]
    if not fresh:
        return event
    more = events.with_members(event, day, {"attendees": [*known.values(), *fresh]}, now)
    return more if day else _every_day(event, more)


def _with_answer(attendees: Iterable[Json], answer: Json) -> list[Json]:
    known, address = by_address(attendees), answer["emailAddress"]["address"].lower()
    earlier = known.get(address, {"type": "optional", "emailAddress": answer["emailAddress"]})
    fresh = {name: value for name, value in earlier.items() if name != "proposedNewTime"}
    return list((known | {address: {**fresh, **{name: value for name, value in answer.items() if name != "emailAddress"}}}).values())


def _unanswered(attendees: Iterable[Json]) -> list[Json]:
    """Attendees whose answers were taken back, proposals with them."""
    fresh: list[Json] = []
    for attendee in attendees:
        without = {name: value for name, value in attendee.items() if name != "proposedNewTime"}
        fresh.append(without if attendee["status"]["response"] == "none" else {**without, "status": ASKED_AGAIN})
    return fresh


def _every_day(before: Mapping[str, Any], after: Json) -> Json:
    """The series whose days with attendees of their own follow who joined or left the series."""
    was, now = by_address(before.get("attendees", ())), by_address(after.get("attendees", ()))
    if was.keys() == now.keys() or not any("attendees" in exception for exception in after.get("exceptions", {}).values()):
        return after
    exceptions: Json = {}
    for day, exception in after["exceptions"].items():
        exceptions[day] = exception
        if "attendees" in exception:
            there = by_address(exception["attendees"])
            stay = {address: one for address, one in there.items() if address in now or address not in was}
            joined = {address: one for address, one in now.items() if address not in was}
            exceptions[day] = {**exception, "attendees": list((joined | stay).values())}
    return {**after, "exceptions": exceptions}


def _time(event: Json, day: str) -> tuple[Any, ...]:
    return _instants(events.view(event, day))


def _span(event: Json) -> tuple[Any, ...]:
    """When an event is: the same instants in another zone are the same time, but for a series, whose zone counts on other days."""
    zone = zones.zone(event["start"]["timeZone"]) if event.get("recurrence") else None
    return *_instants(event), event.get("recurrence"), zone


def _instants(event: Json) -> tuple[Any, ...]:
    all_day: bool = event.get("isAllDay", False)
    return events.instant(event["start"], all_day=all_day), events.instant(event["end"], all_day=all_day), all_day
