"""A crowd: many mailboxes with many believable events, for whoever must know how an app does in a large organisation.

    {"crowd": {"mailboxes": 1000, "events": 1000, "seed": 7, "days": 180}}

Its people are `crowd0001@…`, `crowd0002@…` and so on, in five time zones. The same seed gives the same crowd, day for day from today. A
million events fit in memory because what many events have in common (times, places, guests) is one object, as stored events never
change; and they are there in seconds because no index is built before a mailbox is opened.
"""

from __future__ import annotations

import base64
import gc
import random
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from types import MappingProxyType
from typing import Any, NamedTuple

from ..calendar import events, identity, shapes
from ..calendar.calendars import new_mailbox
from ..graph import payload
from .document import check
from .ground import Ground, moment

Json = dict[str, Any]

MEMBERS = {"mailboxes": int, "events": int, "seed": (int, str), "days": int}
MOST_MAILBOXES, MOST_EVENTS, MOST_DAYS = 10_000, 2_000_000, 3650
ONE_DAY = timedelta(days=1)
SERIES_EVERY = 50  # one event in so many repeats
ZONES = ("Pacific Standard Time", "Eastern Standard Time", "W. Europe Standard Time", "India Standard Time", "Tokyo Standard Time")
GIVEN_NAMES = (
    "Adele Alex Allan Christie Debra Diego Emily Enrico Grady Henrietta Irvin Isaiah Johanna Joni Jordan Lee Lidia Lynne Miriam".split()
)
SURNAMES = "Archie Berger Bowen Braun Caldera Cattaneo Clarke Deyoung Graham Gu Gupta Holloway Langer Mueller Robbins Sayers Wilber".split()
JOBS = ("Engineer", "Designer", "Accountant", "Sales Associate", "Product Manager", "Paralegal", "Store Manager", "Marketing Manager")
OUTSIDERS = (
    *(("Robin Counts", "robin@fabrikam.example"), ("Carlos Grilo", "carlos@northwind.example"), ("Mona Kane", "mona@fabrikam.example")),
    *(("Ana Bowman", "ana@tailspin.example"), ("Tony Krijnen", "tony@northwind.example"), ("Eva Macias", "eva@tailspin.example")),
)


class Habit(NamedTuple):
    """A kind of event: its titles, how often it comes among all, when it may begin (hours), how long it takes, and what else is said of it.

    A `minutes` of 0 makes it all-day; `guests` come from elsewhere, so that nobody else's calendar must bear a copy.
    """

    titles: tuple[str, ...]
    weight: int
    hours: tuple[int, ...]
    minutes: int
    more: Mapping[str, Any] = MappingProxyType({})
    guests: int = 0


WORKING_HOURS = tuple(range(8, 18))
HABITS = (
    Habit(("Design review", "Budget", "Project status", "Planning", "Retrospective", "Hiring panel"), 22, WORKING_HOURS, 60),
    Habit(("1:1", "Catch-up", "Stand-up", "Hand-over"), 20, WORKING_HOURS, 30, {"location": {"displayName": "Desk"}}),
    Habit(("Customer call", "Vendor demo", "Press call"), 14, WORKING_HOURS, 45, {"location": {"displayName": "Conf Room Adams"}}, 2),
    Habit(("Contract with Fabrikam", "Northwind partnership", "Tailspin Toys roadmap"), 8, WORKING_HOURS, 90, {"importance": "high"}, 4),
    Habit(("Focus time",), 12, (8, 9, 13), 120, {"sensitivity": "personal", "isReminderOn": False}),
    Habit(("Lunch", "Lunch with the team"), 9, (12,), 60, {"location": {"displayName": "Canteen"}}),
    Habit(("Hold: workshop", "Hold: travel"), 5, (9, 13), 180, {"showAs": "tentative"}),
    Habit(("Dentist", "School play", "Parents' evening"), 4, (8, 16), 60, {"sensitivity": "private", "showAs": "oof"}),
    Habit(("Annual leave", "Out of office"), 2, (0,), 0, {"showAs": "oof"}),
    Habit(("Conference", "Trade fair"), 2, (0,), 0, {"showAs": "workingElsewhere", "location": {"displayName": "Convention Center"}}),
    Habit(("Release day", "Payroll run"), 2, (0,), 0, {"showAs": "free", "isReminderOn": False}),
)
EVERY_WORKDAY: Json = {"type": "weekly", "interval": 1, "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"]}
SERIES: tuple[tuple[str, int, Json], ...] = (
    ("Stand-up", 9, EVERY_WORKDAY),
    ("Team meeting", 10, {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]}),
    ("1:1", 14, {"type": "weekly", "interval": 2, "daysOfWeek": ["thursday"]}),
    ("All hands", 16, {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["wednesday"], "index": "last"}),
    ("Inbox, nothing else", 8, EVERY_WORKDAY),
    ("Pipeline", 11, {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}),
    ("Gym", 18, {"type": "weekly", "interval": 1, "daysOfWeek": ["wednesday", "friday"]}),
    ("Month's end", 15, {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 28}),
)


def plant(ground: Ground, said: Json) -> None:
    """Plant a crowd: `mailboxes`, each with `events`, spread over `days` (180) before today and as many after it, drawn with `seed` (0)."""
    check(said, MEMBERS, "crowd", required=("mailboxes", "events"))
    mailboxes, each, days = said["mailboxes"], said["events"], said.get("days", 180)
    if not (0 <= mailboxes <= MOST_MAILBOXES and each >= 0 and mailboxes * each <= MOST_EVENTS and 1 <= days <= MOST_DAYS):
        limits = f"at most {MOST_MAILBOXES} mailboxes, {MOST_EVENTS} events in all, and 1 to {MOST_DAYS} days"
        raise ValueError(f"crowd: there can be {limits}")
    seed = said.get("seed", 0)
    years = {zone: _Year(ground, zone, days) for zone in ZONES}
    with _no_search_for_garbage():
        for number in range(1, mailboxes + 1):
            chance = random.Random(f"{seed}:{number}")
            _settle(ground, number, chance, years[ZONES[number % len(ZONES)]], each)


@contextmanager
def _no_search_for_garbage() -> Generator[None]:
    """While a million objects are made that all stay, looking through them for garbage again and again takes half of the time."""
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()


def _settle(ground: Ground, number: int, chance: random.Random, year: _Year, each: int) -> None:
    """One of the crowd with an account and a full mailbox."""
    given, surname = chance.choice(GIVEN_NAMES), chance.choice(SURNAMES)
    address = f"crowd{number:04d}@{ground.tenant.state.domains[0]}"
    user: Json = {
        "id": f"c04705e2-c04d-4000-8000-{number:012d}",
        "displayName": f"{given} {surname}",
        "givenName": given,
        "surname": surname,
        "userPrincipalName": address,
        "mail": address,
        "jobTitle": chance.choice(JOBS),
        "accountEnabled": True,
    }
    state = new_mailbox(_ids(chance), year.zone)
    organizer = {"emailAddress": {"name": user["displayName"], "address": address}}
    state["events"] = {event["id"]: event for event in year.events(chance, each, next(iter(state["calendars"])), organizer)}
    ground.tenant.state.users[user["id"]], ground.tenant.state.mailboxes[user["id"]] = user, state


def _ids(chance: random.Random) -> Callable[[str], str]:
    """A source of ids that follows from the crowd's seed alone."""
    return lambda kind: f"{identity.PLAIN}{base64.urlsafe_b64encode(chance.randbytes(48)).decode()}="


class _Year:
    """The days of a zone on which a crowd's events lie, and the patterns they are cut from; made once, used by many mailboxes."""

    def __init__(self, ground: Ground, zone: str, days: int) -> None:
        self.zone, self._ground = zone, ground
        first = ground.today - timedelta(days=days)
        spread = [first + timedelta(days=number) for number in range(2 * days + 1)]
        self._workdays = [day for day in spread if day.weekday() < 5] or spread
        self._moments = dict[tuple[date, int], Json]()
        self._models = [self._model(habit, title) for habit in HABITS for title in habit.titles]
        self._weights = list(accumulate(habit.weight / len(habit.titles) for habit in HABITS for _ in habit.titles))
        self._habits = [habit for habit in HABITS for _ in habit.titles]
        self._series = [self._model(Habit((title,), 0, (hour,), 30), title, pattern) for title, hour, pattern in SERIES]

    def _author(self) -> events.Author:
        nobody = {"id": "", "displayName": "", "mail": "nobody@contoso.example"}
        return events.Author(nobody, self._ground.settled_at, self._ground.tenant.new_id, lambda _: None)

    def _model(self, habit: Habit, title: str, pattern: Json | None = None) -> Json:
        """An event such as the service itself would have made of a client's words; the crowd's are copies of it at other times."""
        day, minute = self._workdays[0], habit.hours[0] * 60
        guests = [{"emailAddress": {"name": name, "address": address}} for name, address in OUTSIDERS[: habit.guests]]
        given: Json = {"subject": title, **habit.more, "attendees": guests, "isAllDay": not habit.minutes}
        given["start"], given["end"] = self._times(day, minute, habit.minutes)
        if pattern:
            given["recurrence"] = {"pattern": pattern, "range": {"type": "noEnd", "startDate": day.isoformat()}}
        return events.create(payload.read(given, shapes.EVENT, "event"), self._author(), "")

    def _times(self, day: date, minute: int, minutes: int) -> tuple[Json, Json]:
        """Start and end of an event of so many minutes, or of a whole day."""
        return self._moment(day, minute), self._moment(day, minute + minutes) if minutes else self._moment(day + ONE_DAY, 0)

    def _moment(self, day: date, minute: int) -> Json:
        """A wall time, one object for all events that begin or end there."""
        known = self._moments.get((day, minute))
        if known is None:
            known = self._moments[day, minute] = moment(datetime.combine(day, time()) + timedelta(minutes=minute), self.zone)
        return known

    def events(self, chance: random.Random, count: int, calendar_id: str, organizer: Json) -> Iterator[Json]:
        """So many events of one mailbox, drawn by chance; one in fifty is a series, as long as there are others."""
        letters = base64.urlsafe_b64encode(chance.randbytes(36)).decode()
        uid = chance.randbytes(11).hex().upper()
        drawn = chance.choices(range(len(self._models)), cum_weights=self._weights, k=count)
        days = chance.choices(self._workdays, k=count)
        series = min(count // SERIES_EVERY, len(self._series))
        for number in range(count):
            if number < series:
                event = self._series[number].copy()
            else:
                which = drawn[number]
                event, habit = self._models[which].copy(), self._habits[which]
                minute = chance.choice(habit.hours) * 60 + (30 if habit.minutes and which & 1 else 0)
                event["start"], event["end"] = self._times(days[number], minute, habit.minutes)
            event["id"] = f"{identity.PLAIN}{letters}{number:016d}="
            event["calendarId"], event["organizer"] = calendar_id, organizer
            event["uid"], event["changeKey"] = f"{uid}{number:010X}", f"{letters[:22]}{number:08d}=="
            yield event
