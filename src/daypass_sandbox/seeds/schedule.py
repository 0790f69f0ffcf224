"""The events of a seed: each in its organizer's calendar, and a copy in every guest's that bears their answer.

`workday` counts working days from today (or from Monday, on a weekend), `day` all days; `at` and `minutes` give a time in the
organizer's zone or the event's own `zone`, `days` makes it all-day. `repeat` is a Graph recurrence pattern (its days follow
from the start unless named), `times` ends it. Any other member is a property of the Graph event.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ..calendar import copies, events, rooms, shapes
from ..calendar.calendars import new_mailbox
from ..calendar.invitees import Part
from ..calendar.mailbox import Mailbox
from ..calendar.recurrence import DAYS
from ..directory import people
from ..graph import payload
from ..routes import Fault
from .document import check
from .ground import SETTLED_BEFORE, TIMES, Ground

Json = dict[str, Any]

ANSWERS = ("none", "accepted", "declined", "tentativelyAccepted", "notResponded")
EVENT = {
    **TIMES,
    "organizer": (str, dict),
    "attendees": dict,
    "room": str,
    "calendar": str,
    "repeat": dict,
    "times": int,
    "changed": list,
    "dropped": list,
    "cancelled": bool,
}


def plant(ground: Ground, specs: list[Any]) -> None:
    """Plant every event of a seed; ValueError tells what is wrong with which."""
    for number, spec in enumerate(specs):
        where = f"events[{number}]"
        check(spec, EVENT, where, required=("subject", "organizer"), open_ended=True)
        try:
            _Meeting(ground, spec, where).plant()
        except (Fault, OverflowError) as refusal:
            raise ValueError(f"{where} ({spec['subject']}): {refusal}") from None


def author_in(ground: Ground, organizer: str | Json, where: str) -> events.Author:
    """A person of the seed, or one from elsewhere (`name`, `address`), as the author of an event entered before the tenant was there."""
    users = ground.tenant.state.users
    if isinstance(organizer, str):
        if organizer not in ground.people:
            raise ValueError(f"{where}: the organizer '{organizer}' is nobody of this seed")
        user = users[ground.user_id(organizer, where)]
    else:
        check(organizer, {"name": str, "address": str}, f"{where}.organizer", required=("name", "address"))
        user = {"id": "", "displayName": organizer["name"], "mail": organizer["address"]}
    return events.Author(
        user=user,
        now=ground.settled_at,
        new_id=ground.tenant.new_id,
        name_of=lambda address: people.display_name(users, address),
        tenant_id=ground.tenant.state.tenant_id,
    )


@dataclass(frozen=True)
class _Guest:
    """One who is asked to an event."""

    key: str
    answer: str
    kind: str = "required"


class _Meeting:
    """One event of a seed on its way into the calendars; `where` is its place in the document."""

    def __init__(self, ground: Ground, spec: Json, where: str) -> None:
        self._ground, self._spec, self._where = ground, spec, where
        self._guests = [_Guest(key, answer) for key, answer in spec.get("attendees", {}).items()]
        if "room" in spec:
            self._guests.append(_Guest(spec["room"], "accepted", "resource"))
        for guest in self._guests:
            if guest.key not in ground.people or guest.answer not in ANSWERS:
                answers = ", ".join(ANSWERS)
                raise ValueError(f"{where}: '{guest.key}' is nobody of this seed, or their answer '{guest.answer}' none of {answers}")

    def plant(self) -> None:
        """Put it into the organizer's calendar and a copy into each guest's."""
        organizer = self._spec["organizer"]
        author = author_in(self._ground, organizer, self._where)
        outside = not isinstance(organizer, str)
        home = Mailbox(new_mailbox(self._ground.tenant.new_id, self._ground.zone)) if outside else self._ground.boxes[organizer]
        event = events.create(payload.read(self._given(), shapes.EVENT, "event"), author, self._calendar_id(home))
        for attendee, guest in zip(event.get("attendees", []), self._guests, strict=True):
            attendee["status"] = {"response": guest.answer, "time": self._answered(guest.answer)}
        home.put(event)
        event = self._with_exceptions(home, event, author)
        if self._spec.get("cancelled"):
            home.remove(event["id"])
        for guest in self._guests:
            self._invite(event, guest)

    def _given(self) -> Json:
        """The event as a client would have sent it."""
        spec, known = self._spec, self._ground.people
        given = {name: value for name, value in spec.items() if name not in EVENT} | self._times(spec)
        if isinstance(given.get("body"), str):
            given["body"] = {"contentType": "html", "content": given["body"]}
        if isinstance(given.get("location"), str):
            given["location"] = {"displayName": given["location"]}
        if "room" in spec:
            given.setdefault("location", {"displayName": known[spec["room"]]["displayName"]})
        given["attendees"] = [
            {"type": guest.kind, "emailAddress": {"address": known[guest.key]["userPrincipalName"]}} for guest in self._guests
        ]
        if "repeat" in spec:
            start = datetime.fromisoformat(given["start"]["dateTime"]).date()
            given["recurrence"] = {"pattern": pattern(spec["repeat"], start), "range": _range(spec, start)}
        return given

    def _times(self, spec: Json) -> Json:
        return self._ground.times(spec, spec.get("zone") or self._ground.zone_of(spec["organizer"]), self._where)

    def _calendar_id(self, home: Mailbox) -> str:
        if "calendar" not in self._spec:
            return home.calendar(None)["id"]
        for calendar in home.calendars.values():
            if calendar["name"] == self._spec["calendar"]:
                return calendar["id"]
        raise ValueError(f"{self._where}: the organizer has no calendar '{self._spec['calendar']}'")

    def _with_exceptions(self, home: Mailbox, event: Json, author: events.Author) -> Json:
        for change in self._spec.get("changed", []):
            there = f"{self._where}.changed"
            check(change, TIMES, there, open_ended=True)
            day = self._ground.day(change, there).isoformat()
            given = {name: value for name, value in change.items() if name not in TIMES}
            if "at" in change:
                given |= self._times({**self._spec, **change})
            self._find(home, event, day)
            event = events.change_occurrence(event, day, home.neighbours(event, day), payload.read(given, shapes.EVENT, "event"), author)
            home.put(event)
        for number in self._spec.get("dropped", []):
            check({"dropped": number}, {"dropped": int}, self._where)
            day = self._ground.workday(number).isoformat()
            self._find(home, event, day)
            event = events.cancel_occurrence(event, day, author.now)
            home.put(event)
        return event

    def _find(self, home: Mailbox, event: Json, day: str) -> None:
        try:
            home.find(events.occurrence_id(event["id"], day))
        except Fault:
            raise ValueError(f"{self._where}: the series has no occurrence on {day}") from None

    def _invite(self, event: Json, guest: _Guest) -> None:
        """A guest's copy, with their answer."""
        box, user = self._ground.boxes[guest.key], self._ground.tenant.state.users[self._ground.user_id(guest.key, self._where)]
        desk = copies.Desk(self._ground.tenant.new_id, self._ground.settled_at, box.calendar(None)["id"])
        copy = copies.made(event, None, Part(True, frozenset(), frozenset({user["mail"].lower()})), None, (), desk)
        copy |= copies.answer(copy, {"response": guest.answer, "time": self._answered(guest.answer)})
        rules = rooms.policy(user)
        if rules:
            copy = rooms.stripped(copy, rules)
        box.put(copies.called_off(copy, desk) if self._spec.get("cancelled") else copy)

    def _answered(self, answer: str) -> str:
        if answer in ("none", "notResponded"):
            return events.NEVER
        return events.timestamp(self._ground.now - SETTLED_BEFORE.total_seconds() / 2)


def pattern(repeat: Json, start: date) -> Json:
    """A recurrence pattern whose days follow from its start unless they are named."""
    own = {"interval": 1, "dayOfMonth": start.day, "month": start.month, "daysOfWeek": [DAYS[start.weekday()]]}
    return {**own, **repeat}


def _range(spec: Json, start: date) -> Json:
    if "times" in spec:
        return {"type": "numbered", "startDate": start.isoformat(), "numberOfOccurrences": spec["times"]}
    return {"type": "noEnd", "startDate": start.isoformat()}
