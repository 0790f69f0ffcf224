"""The sandbox's series, judged by two others who were not there when its expansion was written.

Random series are created over HTTP and looked at through `calendarView` and `instances`. The first judge is recurring-ical-events, which
gets the same series as an iCalendar object (RFC 5545: DTSTART with its TZID, VTIMEZONE, RRULE, EXDATE, RECURRENCE-ID); it stands on
dateutil, as the sandbox does, but hears of the series in other words. The second judge knows no library at all: it goes through the
calendar day by day and asks of each whether it fits the pattern, as the page resources/recurrencepattern words it.

Where Outlook means something else than the plain words of RFC 5545, the rule that is given to the first judge says so outright:

- the 29th, 30th or 31st of a month is that month's last day where it is shorter, while BYMONTHDAY=31 alone would leave the month out;
- a series begins at the first day from its start that fits, while RFC 5545 counts a DTSTART that does not fit as an occurrence;
- an end date is the last day by the clock of the series, both days included, while UNTIL is an instant;
- an occurrence of which a clock change leaves nothing (02:00 to 03:00 in the hour that is skipped) keeps its length.
"""

from __future__ import annotations

import calendar as months
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

icalendar = pytest.importorskip("icalendar")
recurring_ical_events = pytest.importorskip("recurring_ical_events")

from graph_caller import Answer, Graph, at, new_tenant  # noqa: E402

CASES = settings.default.max_examples * 4 if settings.default else 400  # for each of the two tests that are judged by both
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SHORT = dict(zip(DAYS, ("MO", "TU", "WE", "TH", "FR", "SA", "SU"), strict=True))
POSITIONS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
ZONES = {  # as Graph is asked, and as iCalendar is
    "UTC": "UTC",
    "Pacific Standard Time": "America/Los_Angeles",
    "W. Europe Standard Time": "Europe/Berlin",
    "Asia/Kolkata": "Asia/Kolkata",
    "Lord Howe Standard Time": "Australia/Lord_Howe",
    "New Zealand Standard Time": "Pacific/Auckland",
    "E. South America Standard Time": "America/Sao_Paulo",
}


@dataclass(frozen=True)
class Series:
    """A series as it is drawn: Graph's pattern and range, the zone, when it begins, and how long each occurrence takes."""

    pattern: dict
    span: dict
    zone: str
    begins: datetime
    lasts: timedelta
    all_day: bool = False

    def event(self) -> dict:
        start, end = (moment.isoformat() for moment in (self.begins, self.begins + self.lasts))
        return {
            "subject": "X",
            "isAllDay": self.all_day,
            "start": at(start, self.zone),
            "end": at(end, self.zone),
            "recurrence": {"pattern": self.pattern, "range": {**self.span, "startDate": self.begins.date().isoformat()}},
        }


# The judge who knows no library.


def fits(day: date, pattern: dict, start: date) -> bool:
    """Whether a day is one of the pattern's, counted from the start of its range."""
    kind, every = pattern["type"], pattern["interval"]
    if kind == "daily":
        return (day - start).days % every == 0
    if kind == "weekly":
        week = (week_of(day, pattern["firstDayOfWeek"]) - week_of(start, pattern["firstDayOfWeek"])).days // 7
        return week % every == 0 and DAYS[day.weekday()] in pattern["daysOfWeek"]
    if kind.endswith("Monthly"):
        period = (day.year - start.year) * 12 + day.month - start.month
    else:
        period = day.year - start.year
        if day.month != pattern["month"]:
            return False
    if period % every:
        return False
    length = months.monthrange(day.year, day.month)[1]
    if kind.startswith("absolute"):
        return day.day == min(pattern["dayOfMonth"], length)
    chosen = [number for number in range(1, length + 1) if DAYS[day.replace(day=number).weekday()] in pattern["daysOfWeek"]]
    place = POSITIONS[pattern["index"]]
    return day.day == chosen[-1 if place < 0 else place - 1] if len(chosen) >= abs(place) else False


def week_of(day: date, first_day: str) -> date:
    return day - timedelta(days=(day.weekday() - DAYS.index(first_day)) % 7)


def all_days_of(drawn: Series, last: date) -> Iterator[date]:
    """The days of a series up to and including one, in order."""
    start, count = drawn.begins.date(), 0
    if drawn.span["type"] == "endDate":
        last = min(last, date.fromisoformat(drawn.span["endDate"]))
    for number in range((last - start).days + 1):
        day = start + timedelta(days=number)
        if fits(day, drawn.pattern, start):
            yield day
            count += 1
            if drawn.span["type"] == "numbered" and count == drawn.span["numberOfOccurrences"]:
                return


def days_of(drawn: Series, last: date) -> list[date]:
    return list(all_days_of(drawn, last))


def times_of(drawn: Series, day: date, later: timedelta = timedelta()) -> tuple[datetime, datetime]:
    """When the occurrence of a day begins and ends: the wall times of the series on other days; in UTC if all day."""
    zone = ZoneInfo("UTC" if drawn.all_day else ZONES[drawn.zone])
    begin = datetime.combine(day, drawn.begins.time()) + later
    first, last = (moment.replace(tzinfo=zone).astimezone(UTC) for moment in (begin, begin + drawn.lasts))
    return first, last if last > first else first + drawn.lasts  # where a clock change leaves nothing of it, its length is kept


# The judge who knows iCalendar.


def rule_of(drawn: Series) -> str:
    """The series' rule in the words of RFC 5545, section 3.3.10."""
    pattern, kind = drawn.pattern, drawn.pattern["type"]
    parts = {"FREQ": kind.removeprefix("absolute").removeprefix("relative").upper(), "INTERVAL": pattern["interval"]}
    if kind.endswith("Yearly"):
        parts["BYMONTH"] = pattern["month"]
    if kind.startswith("absolute"):
        last = pattern["dayOfMonth"]
        parts["BYMONTHDAY"] = ",".join(str(number) for number in range(min(last, 28), last + 1))
        parts["BYSETPOS"] = -1  # the last of these that the month has
    elif kind != "daily":
        parts["BYDAY"] = ",".join(SHORT[name] for name in pattern["daysOfWeek"])
    if kind.startswith("relative"):
        parts["BYSETPOS"] = POSITIONS[pattern["index"]]
    if kind == "weekly":
        parts["WKST"] = SHORT[pattern["firstDayOfWeek"]]
    if drawn.span["type"] == "numbered":
        parts["COUNT"] = drawn.span["numberOfOccurrences"]
    if drawn.span["type"] == "endDate":
        parts["UNTIL"] = until_of(drawn)
    return ";".join(f"{name}={value}" for name, value in parts.items())


def until_of(drawn: Series) -> str:
    last = date.fromisoformat(drawn.span["endDate"])
    if drawn.all_day:
        return f"{last:%Y%m%d}"
    midnight = datetime.combine(last, time(23, 59, 59), ZoneInfo(ZONES[drawn.zone]))
    return f"{midnight.astimezone(UTC):%Y%m%dT%H%M%SZ}"


@cache
def zone_component(name: str) -> str:
    """The VTIMEZONE of a zone, as icalendar writes it."""
    return icalendar.Timezone.from_tzid(name, first_date=date(2019, 1, 1), last_date=date(2036, 1, 1)).to_ical().decode()


def moment_of(drawn: Series, name: str, moment: datetime) -> str:
    """A property with a time of the series."""
    if drawn.all_day:
        return f"{name};VALUE=DATE:{moment:%Y%m%d}"
    tzid = ZONES[drawn.zone]
    return f"{name}:{moment:%Y%m%dT%H%M%SZ}" if tzid == "UTC" else f"{name};TZID={tzid}:{moment:%Y%m%dT%H%M%S}"


def object_of(drawn: Series, first: date, dropped: list[date], moved: list[date]) -> icalendar.Calendar:
    """The iCalendar object: a series that begins on its first day, without the dropped days, and with an hour moved on others."""
    begin, later = datetime.combine(first, drawn.begins.time()), timedelta(hours=1)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//judge//"]
    if not drawn.all_day and drawn.zone != "UTC":
        lines += zone_component(ZONES[drawn.zone]).splitlines()
    lines += ["BEGIN:VEVENT", "UID:x", "DTSTAMP:20260101T000000Z", f"RRULE:{rule_of(drawn)}"]
    lines += [moment_of(drawn, "DTSTART", begin), moment_of(drawn, "DTEND", begin + drawn.lasts)]
    lines += [moment_of(drawn, "EXDATE", datetime.combine(day, begin.time())) for day in dropped]
    lines += ["END:VEVENT"]
    for day in moved:
        there = datetime.combine(day, begin.time())
        lines += ["BEGIN:VEVENT", "UID:x", "DTSTAMP:20260101T000000Z", moment_of(drawn, "RECURRENCE-ID", there)]
        lines += [moment_of(drawn, "DTSTART", there + later), moment_of(drawn, "DTEND", there + later + drawn.lasts), "END:VEVENT"]
    lines += ["END:VCALENDAR", ""]
    return icalendar.Calendar.from_ical("\r\n".join(lines))


def icalendar_says(drawn: Series, first_day: date, start: datetime, end: datetime, dropped=(), moved=()) -> list[tuple[datetime, datetime]]:
    """What lies in a window, by recurring-ical-events."""
    found = recurring_ical_events.of(object_of(drawn, first_day, list(dropped), list(moved))).between(
        start - timedelta(days=2), end + timedelta(days=2)
    )
    read = [tuple(in_utc(component[name].dt) for name in ("DTSTART", "DTEND")) for component in found]
    times = [(first, last if last > first else first + drawn.lasts) for first, last in read]
    return sorted(pair for pair in times if pair[0] < end and pair[1] > start)


def in_utc(moment: date) -> datetime:
    return moment.astimezone(UTC) if isinstance(moment, datetime) else datetime.combine(moment, time(), UTC)


# What is drawn.

weekdays = st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True)


@st.composite
def all_series(draw):
    kind = draw(st.sampled_from(["daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"]))
    start = draw(st.dates(date(2020, 1, 1), date(2028, 12, 31)))
    pattern = {
        "type": kind,
        "interval": draw(st.sampled_from([1, 1, 1, 2, 2, 3, 4, 5, 7, 13])),
        "firstDayOfWeek": draw(st.sampled_from(DAYS)),
        "daysOfWeek": draw(weekdays),
        "dayOfMonth": draw(st.integers(1, 31) | st.integers(28, 31)),
        "month": draw(st.integers(1, 12)),
        "index": draw(st.sampled_from(sorted(POSITIONS))),
    }
    limit = draw(st.sampled_from(["noEnd", "endDate", "numbered"]))
    span = {"type": limit}
    if limit == "endDate":
        span["endDate"] = (start + timedelta(days=draw(st.integers(0, 2000)))).isoformat()
    if limit == "numbered":
        span["numberOfOccurrences"] = draw(st.integers(1, 40))
    all_day = draw(st.integers(0, 5)) == 0
    minutes = 0 if all_day else draw(st.integers(0, 47)) * 30
    lasts = (
        timedelta(days=draw(st.integers(1, 3))) if all_day else timedelta(minutes=draw(st.sampled_from([5, 30, 60, 90, 240, 1440, 2000])))
    )
    zone = draw(st.sampled_from(sorted(ZONES)))
    return Series(pattern, span, zone, datetime.combine(start, time()) + timedelta(minutes=minutes), lasts, all_day)


def window_near(drawn: Series, offset: int, length: int) -> tuple[datetime, datetime]:
    """A window some half hours from the day a series begins on, some half hours long."""
    start = datetime.combine(drawn.begins.date(), time(), UTC) + timedelta(minutes=30 * offset)
    return start, start + timedelta(minutes=30 * length)


short_series = all_series().filter(lambda one: not one.all_day and one.lasts <= timedelta(hours=4) and one.begins.hour < 18)


class Caller:
    """Calls the one tenant; a class with few words, because hypothesis prints what a test is given when it fails."""

    def __init__(self) -> None:
        self._graph = Graph(new_tenant())

    def __call__(self, method: str, path: str, body: dict | None = None) -> Answer:
        self._graph.exchanges.clear()
        return self._graph(method, path, body)

    def everything(self, first: Answer) -> list[dict]:
        return self._graph.everything(first)


@pytest.fixture(scope="module")
def graph():
    return Caller()


def created(graph: Caller, drawn: Series) -> dict | None:
    """The series as the tenant made it; None when it has no occurrence, which both sides must agree on."""
    answer = graph("POST", "/me/events", drawn.event())
    if answer.status == 400:
        assert answer.code == "ErrorRecurrenceHasNoOccurrence", answer.body
        return None
    assert answer.status == 201, answer.body
    return answer.body


def seen(graph: Caller, path: str, start: datetime, end: datetime) -> list[dict]:
    window = f"startDateTime={quote(start.isoformat())}&endDateTime={quote(end.isoformat())}"
    first = graph("GET", f"{path}?{window}&$top=1000")
    assert first.status == 200, first.body
    return graph.everything(first)


def told_times(events: list[dict]) -> list[tuple[datetime, datetime]]:
    return sorted(
        tuple(datetime.fromisoformat(event[name]["dateTime"][:19]).replace(tzinfo=UTC) for name in ("start", "end")) for event in events
    )


def first_day(drawn: Series) -> date | None:
    """The first day of a series, looked for as far as it may lie ahead."""
    years = 13 * (1 if drawn.pattern["type"].endswith("Yearly") else 0) + 3
    return next(all_days_of(drawn, drawn.begins.date() + timedelta(days=366 * years)), None)


@settings(max_examples=CASES)
@given(all_series(), st.integers(-48 * 40, 48 * 1400), st.integers(1, 48 * 180))
def test_a_series_lies_where_both_judges_say(graph, drawn, offset, length):
    start, end = window_near(drawn, offset, length)
    master, first = created(graph, drawn), first_day(drawn)
    assert (master is None) == (first is None)
    if master is None:
        return
    try:
        told = told_times(seen(graph, f"/me/events/{master['id']}/instances", start, end))
        assert told_times(seen(graph, "/me/calendarView", start, end)) == told
    finally:
        graph("DELETE", f"/me/events/{master['id']}")
    by_days = [times_of(drawn, day) for day in days_of(drawn, end.date() + timedelta(days=2))]
    assert told == [pair for pair in sorted(by_days) if pair[0] < end and pair[1] > start]
    assert told == icalendar_says(drawn, first, start, end)
    assert master["recurrence"]["range"]["startDate"] == first.isoformat()


@settings(max_examples=CASES)
@given(short_series, st.integers(10, 200), st.lists(st.sampled_from(["stays", "dropped", "moved"]), min_size=1, max_size=6))
def test_what_is_dropped_and_moved_is_where_both_judges_say(graph, drawn, length, fates):
    master, first = created(graph, drawn), first_day(drawn)
    assert (master is None) == (first is None)
    if master is None:
        return
    start = datetime.combine(first - timedelta(days=2), time(), UTC)
    end = start + timedelta(days=length)
    times = {day: times_of(drawn, day) for day in days_of(drawn, end.date() + timedelta(days=2))}
    days = [day for day, (begin, _) in times.items() if begin < end]
    path, later = f"/me/events/{master['id']}/instances", timedelta(hours=1)
    try:
        occurrences = sorted(seen(graph, path, start, end), key=lambda event: event["start"]["dateTime"])
        assert told_times(occurrences) == [times[day] for day in days]
        for occurrence, day, fate in zip(occurrences, days, fates, strict=False):
            begin = datetime.combine(day, drawn.begins.time()) + later
            if fate == "dropped":
                assert graph("DELETE", f"/me/events/{occurrence['id']}").status == 204
            if fate == "moved":
                there = {"start": at(begin.isoformat(), drawn.zone), "end": at((begin + drawn.lasts).isoformat(), drawn.zone)}
                answer = graph("PATCH", f"/me/events/{occurrence['id']}", there)
                assert answer.status == 200, answer.body
        told = told_times(seen(graph, "/me/calendarView", start, end))
        if graph("GET", f"/me/events/{master['id']}").status == 404:  # a series goes with its last occurrence
            assert told == []
        else:
            assert told_times(seen(graph, path, start, end)) == told
    finally:
        graph("DELETE", f"/me/events/{master['id']}")
    dropped, moved = ([day for day, fate in zip(days, fates, strict=False) if fate == what] for what in ("dropped", "moved"))
    shifted = [times_of(drawn, day, later if day in moved else timedelta()) for day in times if day not in dropped]
    assert told == [pair for pair in sorted(shifted) if pair[0] < end and pair[1] > start]
    assert told == icalendar_says(drawn, first, start, end, dropped, moved)


LEAP_DAYS = {2024: (2, 29), 2025: (2, 28), 2026: (2, 28), 2027: (2, 28), 2028: (2, 29)}


@pytest.mark.parametrize("day", [29, 30, 31])
def test_outlook_takes_the_last_day_of_a_month_that_is_too_short_and_rfc_5545_alone_would_not(graph, day):
    """The one difference of the rules themselves, outright: RFC 5545's BYMONTHDAY leaves short months out, Outlook takes their last day."""
    pattern = {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": day}
    drawn = Series(pattern, {"type": "noEnd"}, "UTC", datetime(2024, 1, day, 10), timedelta(hours=1))
    master = created(graph, drawn)
    start, end = datetime(2024, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
    told = [
        begin.date()
        for begin, _ in told_times(seen(graph, f"/me/events/{master['id']}/instances", start, datetime(2028, 12, 30, tzinfo=UTC)))
    ]
    graph("DELETE", f"/me/events/{master['id']}")
    assert {found.year: (2, found.day) for found in told if found.month == 2} == LEAP_DAYS
    plain = object_of(drawn, date(2024, 1, day), [], [])
    plain.walk("VEVENT")[0]["RRULE"] = icalendar.vRecur.from_ical(f"FREQ=MONTHLY;BYMONTHDAY={day}")
    by_rfc = {component["DTSTART"].dt.date() for component in recurring_ical_events.of(plain).between(start, end)}
    skipped = {found for found in told if found not in by_rfc}
    assert skipped
    assert all(found.day == months.monthrange(found.year, found.month)[1] < day for found in skipped)
