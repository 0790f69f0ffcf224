"""What a tenant holds at first: people, rooms and their calendars, from JSON whose times are relative to the clock's now.

    {"zone": "Pacific Standard Time",
     "people": {"megan": {"id": "…", "displayName": "Megan Bowen", "userPrincipalName": "megan@contoso.example"}},
     "rooms": {"adams": {…}},
     "events": [{"subject": "Stand-up", "organizer": "megan", "attendees": {"alex": "accepted"}, "room": "adams",
                 "workday": -9, "at": "09:15", "minutes": 15, "repeat": {"type": "weekly", "interval": 1},
                 "changed": [{"workday": 2, "at": "10:30"}], "dropped": [4]}]}

`workday` counts working days from today (or from Monday, on a weekend), `day` all days; `at` and `minutes` give a time in the
organizer's zone or the event's own `zone`, `days` makes it all-day. Every guest of an event gets a copy that bears their
answer. `repeat` is a Graph recurrence pattern (its days follow from the start unless named), `times` ends it. Any other
member is a property of the Graph event. A seed that is `like` another takes its members over where it has none of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any

from . import zones
from .calendar import events, shapes
from .calendar.calendars import new_mailbox
from .calendar.mailbox import Mailbox
from .calendar.recurrence import DAYS
from .directory import people
from .graph import payload
from .routes import Fault

if TYPE_CHECKING:
    from .tenant import Tenant

Json = dict[str, Any]

BUILT_IN = ("contoso", "empty")
SETTLED_BEFORE = timedelta(days=21)  # everything was entered three weeks ago
ANSWERS = ("none", "accepted", "declined", "tentativelyAccepted", "notResponded")
SHOWN_AS = {"accepted": None, "declined": "free"}  # by a guest's calendar; anything else is tentative
DOCUMENT = {"like": str, "zone": str, "people": dict, "rooms": dict, "events": list}
PERSON = {"id": str, "displayName": str, "userPrincipalName": str, "timeZone": str, "calendars": list}
TIMES = {"workday": int, "day": int, "at": str, "minutes": int, "days": int, "zone": str}
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


def plant(tenant: Tenant, seed: str) -> None:
    """Fill an empty tenant from a seed: `contoso`, `empty`, or the text of a seed file (it begins with `{`).

    ValueError tells what is wrong with the seed and where.
    """
    document = read(seed)
    _Garden(tenant, document).plant()


def read(seed: str) -> Json:
    """The document of a seed, given by its name or as text; ValueError when there is no such seed or it is not of the form."""
    if seed in BUILT_IN:
        seed = resources.files("daypass_sandbox").joinpath(f"seeds/{seed}.json").read_text("utf-8")
    if not seed.lstrip().startswith("{"):
        raise ValueError(f"there is no seed {seed[:40]!r}: known are {', '.join(BUILT_IN)}, or the content of a seed file (a JSON object)")
    try:
        document = json.loads(seed)
    except ValueError as error:
        raise ValueError(f"the seed is not valid JSON: {error}") from None
    _check(document, DOCUMENT, "the seed")
    if "like" not in document:
        return document
    if document["like"] not in BUILT_IN:
        raise ValueError(f"the seed is like '{document['like']}', which is none of {', '.join(BUILT_IN)}")
    return {**read(document["like"]), **document}


@dataclass(frozen=True)
class _Guest:
    """One who is asked to an event."""

    key: str
    answer: str
    kind: str = "required"


class _Garden:
    """A tenant while it is filled."""

    def __init__(self, tenant: Tenant, document: Json) -> None:
        self._tenant, self._document = tenant, document
        self._zone = _zone_name(document.get("zone", "UTC"), "the seed")
        self._people: dict[str, Json] = {**document.get("people", {}), **document.get("rooms", {})}
        self._boxes: dict[str, Mailbox] = {}
        self._now = tenant.clock.now()
        self._today = zones.wall(self._now, self._zone).date()

    def plant(self) -> None:
        for key, person in self._people.items():
            self._settle(key, person)
        for number, spec in enumerate(self._document.get("events", [])):
            where = f"events[{number}]"
            try:
                self._schedule(spec, where)
            except (Fault, OverflowError) as refusal:
                raise ValueError(f"{where} ({spec['subject']}): {refusal}") from None

    def _settle(self, key: str, person: Json) -> None:
        """A person (or room) with an account and a mailbox."""
        where = f"people.{key}"
        _check(person, PERSON, where, required=("id", "displayName", "userPrincipalName"), open_ended=True)
        user = {name: value for name, value in person.items() if name not in ("timeZone", "calendars")}
        self._tenant.state.users[person["id"]] = {"mail": person["userPrincipalName"], "accountEnabled": True, **user}
        state = new_mailbox(self._tenant.new_id, _zone_name(person.get("timeZone", self._zone), where))
        for extra in person.get("calendars", []):
            _check(extra, {"name": str, "color": str}, f"{where}.calendars", required=("name",))
            calendar = {**next(iter(state["calendars"].values())), "id": self._tenant.new_id("calendar"), "isDefaultCalendar": False}
            state["calendars"][calendar["id"]] = {**calendar, "isRemovable": True, **extra}
        self._tenant.state.mailboxes[person["id"]] = state
        self._boxes[key] = Mailbox(state)

    def _schedule(self, spec: Any, where: str) -> None:
        """An event in the organizer's calendar and a copy in each guest's."""
        _check(spec, EVENT, where, required=("subject", "organizer"), open_ended=True)
        guests = [_Guest(key, answer) for key, answer in spec.get("attendees", {}).items()]
        if "room" in spec:
            guests.append(_Guest(spec["room"], "accepted", "resource"))
        for guest in guests:
            if guest.key not in self._people or guest.answer not in ANSWERS:
                raise ValueError(
                    f"{where}: '{guest.key}' is nobody of this seed, or their answer '{guest.answer}' none of {', '.join(ANSWERS)}"
                )
        organizer = spec["organizer"]
        author = self._author(organizer, where)
        outside = not isinstance(organizer, str)
        home = Mailbox(new_mailbox(self._tenant.new_id, self._zone)) if outside else self._boxes[organizer]
        event = events.create(
            payload.read(self._given(spec, guests, where), shapes.EVENT, "event"), author, _calendar_id(home, spec, where)
        )
        for attendee, guest in zip(event.get("attendees", []), guests, strict=True):
            attendee["status"] = {"response": guest.answer, "time": self._answered(guest.answer)}
        home.put(event)
        event = self._with_exceptions(home, event, spec, author, where)
        if spec.get("cancelled"):
            home.remove(event["id"])
        for guest in guests:
            self._invite(event, guest, cancelled=spec.get("cancelled", False))

    def _author(self, organizer: str | Json, where: str) -> events.Author:
        if isinstance(organizer, str):
            if organizer not in self._people:
                raise ValueError(f"{where}: the organizer '{organizer}' is nobody of this seed")
            user = self._tenant.state.users[self._people[organizer]["id"]]
        else:
            _check(organizer, {"name": str, "address": str}, f"{where}.organizer", required=("name", "address"))
            user = {"id": "", "displayName": organizer["name"], "mail": organizer["address"]}
        users = self._tenant.state.users
        return events.Author(
            user=user,
            now=self._now - SETTLED_BEFORE.total_seconds(),
            new_id=self._tenant.new_id,
            name_of=lambda address: people.display_name(users, address),
            tenant_id=self._tenant.state.tenant_id,
        )

    def _given(self, spec: Json, guests: list[_Guest], where: str) -> Json:
        """The event as a client would have sent it."""
        given = {name: value for name, value in spec.items() if name not in EVENT}
        given |= self._times(spec, where)
        if isinstance(given.get("body"), str):
            given["body"] = {"contentType": "html", "content": given["body"]}
        if isinstance(given.get("location"), str):
            given["location"] = {"displayName": given["location"]}
        if "room" in spec:
            given.setdefault("location", {"displayName": self._people[spec["room"]]["displayName"]})
        given["attendees"] = [
            {"type": guest.kind, "emailAddress": {"address": self._people[guest.key]["userPrincipalName"]}} for guest in guests
        ]
        if "repeat" in spec:
            start = datetime.fromisoformat(given["start"]["dateTime"]).date()
            given["recurrence"] = {"pattern": _pattern(spec["repeat"], start), "range": _range(spec, start)}
        return given

    def _times(self, spec: Json, where: str) -> Json:
        day = self._day(spec, where)
        zone = spec.get("zone") or self._zone_of(spec.get("organizer"))
        if "days" in spec:
            start, end = (
                datetime.combine(day, datetime.min.time()),
                datetime.combine(day, datetime.min.time()) + timedelta(days=spec["days"]),
            )
            return {"isAllDay": True, "start": _moment(start, zone), "end": _moment(end, zone)}
        try:
            start = datetime.fromisoformat(f"{day}T{spec['at']}")
            end = start + timedelta(minutes=spec["minutes"])
        except (KeyError, ValueError):
            raise ValueError(f"{where}: needs either 'days', or 'at' (such as 09:15) with 'minutes'") from None
        return {"start": _moment(start, zone), "end": _moment(end, zone)}

    def _zone_of(self, organizer: Any) -> str:
        return self._people[organizer].get("timeZone", self._zone) if isinstance(organizer, str) else self._zone

    def _day(self, spec: Json, where: str) -> date:
        if "day" not in spec and "workday" not in spec:
            raise ValueError(f"{where}: needs 'workday' or 'day', counted from today")
        try:
            return self._today + timedelta(days=spec["day"]) if "day" in spec else self._workday(spec["workday"])
        except (ValueError, OverflowError):
            raise ValueError(f"{where}: there is no day that far from today") from None

    def _workday(self, number: int) -> date:
        today = self._today.toordinal() - 1
        monday, weekday = today // 7 * 7, today % 7
        monday, weekday = (monday + 7, 0) if weekday > 4 else (monday, weekday)
        weeks, rest = divmod(weekday + number, 5)
        return date.fromordinal(monday + 7 * weeks + rest + 1)

    def _with_exceptions(self, home: Mailbox, event: Json, spec: Json, author: events.Author, where: str) -> Json:
        for change in spec.get("changed", []):
            _check(change, TIMES, f"{where}.changed", open_ended=True)
            day = self._day(change, f"{where}.changed").isoformat()
            given = {name: value for name, value in change.items() if name not in TIMES}
            if "at" in change:
                times = self._times({**spec, **change}, f"{where}.changed")
                given |= times
            self._find(home, event, day, where)
            event = events.change_occurrence(event, day, home.neighbours(event, day), payload.read(given, shapes.EVENT, "event"), author)
            home.put(event)
        for number in spec.get("dropped", []):
            _check({"dropped": number}, {"dropped": int}, where)
            day = self._workday(number).isoformat()
            self._find(home, event, day, where)
            event = events.cancel_occurrence(event, day, author.now)
            home.put(event)
        return event

    def _find(self, home: Mailbox, event: Json, day: str, where: str) -> None:
        try:
            home.find(events.occurrence_id(event["id"], day))
        except Fault:
            raise ValueError(f"{where}: the series has no occurrence on {day}") from None

    def _invite(self, event: Json, guest: _Guest, *, cancelled: bool) -> None:
        """A guest's copy: it shows as their answer says, and a cancelled one says so."""
        box = self._boxes[guest.key]
        copy: Json = {
            **json.loads(json.dumps(event)),
            "id": self._tenant.new_id("event"),
            "calendarId": box.calendar(None)["id"],
            "isOrganizer": False,
            "responseStatus": {"response": guest.answer, "time": self._answered(guest.answer)},
        }
        shown = SHOWN_AS.get(guest.answer, "tentative")
        if shown:
            copy["showAs"] = shown
        if cancelled:
            copy |= {"isCancelled": True, "subject": f"Canceled: {event['subject']}", "showAs": "free"}
        box.put(events.stamp(copy, copy["id"], self._now - SETTLED_BEFORE.total_seconds()))

    def _answered(self, answer: str) -> str:
        return events.NEVER if answer in ("none", "notResponded") else events.timestamp(self._now - SETTLED_BEFORE.total_seconds() / 2)


def _calendar_id(home: Mailbox, spec: Json, where: str) -> str:
    if "calendar" not in spec:
        return home.calendar(None)["id"]
    for calendar in home.calendars.values():
        if calendar["name"] == spec["calendar"]:
            return calendar["id"]
    raise ValueError(f"{where}: the organizer has no calendar '{spec['calendar']}'")


def _zone_name(zone: str, where: str) -> str:
    name = zones.windows_name(zone)
    if name is None:
        raise ValueError(f"{where}: '{zone}' is not a time zone")
    return name


def _moment(wall: datetime, zone: str) -> Json:
    return {"dateTime": wall.isoformat(), "timeZone": zone}


def _pattern(repeat: Json, start: date) -> Json:
    own = {"interval": 1, "dayOfMonth": start.day, "month": start.month, "daysOfWeek": [DAYS[start.weekday()]]}
    return {**own, **repeat}


def _range(spec: Json, start: date) -> Json:
    if "times" in spec:
        return {"type": "numbered", "startDate": start.isoformat(), "numberOfOccurrences": spec["times"]}
    return {"type": "noEnd", "startDate": start.isoformat()}


def _check(value: Any, known: Mapping[str, Any], where: str, *, required: tuple[str, ...] = (), open_ended: bool = False) -> None:
    """ValueError unless the value is an object with the required members, each of its type and (unless open-ended) known."""
    if not isinstance(value, dict):
        raise ValueError(f"{where} is not a JSON object")
    for name in required:
        if name not in value:
            raise ValueError(f"{where} lacks '{name}'")
    for name, member in value.items():  # pyright: ignore[reportUnknownVariableType]
        if name not in known:
            if not open_ended:
                raise ValueError(f"{where} has an unknown member '{name}'; known are {', '.join(known)}")
        elif not isinstance(member, known[name]) or (isinstance(member, bool) and known[name] is not bool):
            raise ValueError(f"{where}: '{name}' is not of the right type")
