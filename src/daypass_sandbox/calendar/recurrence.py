"""The days of a series, from Graph's `patternedRecurrence`, expanded by python-dateutil.

A `Rule` deals in dates only; the wall time of day is the event's. Asking for a window never walks through the series from its
start: the expansion begins at the last period before the window, so an endless series costs what it returns.

Rules: Graph's pages resources/recurrencepattern and resources/recurrencerange.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import MAXYEAR, date, datetime, time, timedelta
from functools import cached_property
from itertools import islice, takewhile
from typing import Any, Literal

from dateutil import rrule

from ..routes import Fault

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
POSITIONS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
FREQUENCIES: dict[str, Literal[0, 1, 2, 3]] = {
    "daily": rrule.DAILY,
    "weekly": rrule.WEEKLY,
    "absoluteMonthly": rrule.MONTHLY,
    "relativeMonthly": rrule.MONTHLY,
    "absoluteYearly": rrule.YEARLY,
    "relativeYearly": rrule.YEARLY,
}
REQUIRED: dict[str, tuple[str, ...]] = {
    "daily": (),
    "weekly": ("daysOfWeek",),
    "absoluteMonthly": ("dayOfMonth",),
    "relativeMonthly": ("daysOfWeek",),
    "absoluteYearly": ("dayOfMonth", "month"),
    "relativeYearly": ("daysOfWeek", "month"),
}
EMPTY_PATTERN: dict[str, Any] = {
    "type": "",
    "interval": 0,
    "month": 0,
    "dayOfMonth": 0,
    "daysOfWeek": [],
    "firstDayOfWeek": "sunday",
    "index": "first",
}
LONGEST_PERIOD_DAYS = {rrule.DAILY: 1, rrule.WEEKLY: 7, rrule.MONTHLY: 31, rrule.YEARLY: 366}
MOST_OCCURRENCES = 999  # Exchange's limit, of intervals too
STRETCH_DAYS, MOST_STRETCHES = 32, 16  # how much of a series is expanded at once, and how much of it is kept
NO_DATE = "0001-01-01"  # what Graph answers for an end date that a range does not have
LAST_DATE = date(MAXYEAR - 1, 12, 31)


def normal(recurrence: Mapping[str, Any], start: date, zone: str) -> dict[str, Any]:
    """A client's recurrence with every member in place, as Graph answers it.

    `start` is the date of the event's start, `zone` the name of its zone. Fault 400 `ErrorPropertyValidationFailure` when a member
    that the type needs is missing, when one makes no sense, or when the range does not begin at `start`.
    """
    return {
        "pattern": _normal_pattern(recurrence.get("pattern") or {}),
        "range": _normal_range(recurrence.get("range") or {}, start, zone),
    }


def _normal_pattern(given: dict[str, Any]) -> dict[str, Any]:
    kind = given.get("type", "")
    if kind not in FREQUENCIES:
        raise _invalid("recurrence.pattern.type is required")
    for name in ("interval", *REQUIRED[kind]):
        if not given.get(name):
            raise _invalid(f"recurrence.pattern.{name} is required for type {kind}")
    kept = {**EMPTY_PATTERN, **{name: value for name, value in given.items() if value}}
    for name, most in (("interval", MOST_OCCURRENCES), ("dayOfMonth", 31), ("month", 12)):
        if not 0 <= kept[name] <= most:
            raise _invalid(f"recurrence.pattern.{name} is outside 1..{most}")
    return kept


def _normal_range(given: dict[str, Any], start: date, zone: str) -> dict[str, Any]:
    limit, count = given.get("type", ""), given.get("numberOfOccurrences") or 0
    end = _day(given, "endDate") if limit == "endDate" else None
    ends = {"endDate": end is not None and end >= start, "noEnd": True, "numbered": 1 <= count <= MOST_OCCURRENCES}
    if limit not in ends:
        raise _invalid("recurrence.range.type is required")
    if _day(given, "startDate") != start:
        raise _invalid("recurrence.range.startDate is not the date of start")
    if not ends[limit]:
        raise _invalid(f"recurrence.range needs an endDate from startDate on, or a numberOfOccurrences of 1..{MOST_OCCURRENCES}")
    return {
        "type": limit,
        "startDate": start.isoformat(),
        "endDate": end.isoformat() if end else NO_DATE,
        "recurrenceTimeZone": given.get("recurrenceTimeZone") or zone,
        "numberOfOccurrences": count if limit == "numbered" else 0,
    }


class Rule:
    """The days of one series; `recurrence` is in the form that `normal` gives."""

    def __init__(self, recurrence: Mapping[str, Any]) -> None:
        self._pattern: dict[str, Any] = recurrence["pattern"]
        self._range: dict[str, Any] = recurrence["range"]
        self._start = date.fromisoformat(self._range["startDate"])
        self._stretches: dict[int, list[date]] = {}

    @cached_property
    def first(self) -> date | None:
        """The day of the first occurrence; None when the range ends before the pattern has one."""
        return next(self.starting(self._start), None)

    @cached_property
    def last(self) -> date | None:
        """The day of the last occurrence; None for a series without end (or without occurrences)."""
        span = self._range
        if span["type"] == "noEnd":
            return None
        if span["type"] == "numbered":
            days = list(islice(self._unbounded(self._start), span["numberOfOccurrences"]))
            return days[-1] if days else None
        end = date.fromisoformat(span["endDate"])
        return max(self._near(end, end), default=None)

    def between(self, first: date, last: date) -> list[date]:
        """The days of the occurrences from `first` to `last`, both included."""
        if (last - first).days > STRETCH_DAYS:
            return list(takewhile(lambda day: day <= last, self.starting(first)))
        stretches = range(first.toordinal() // STRETCH_DAYS, last.toordinal() // STRETCH_DAYS + 1)
        return [day for number in stretches for day in self._stretch(number) if first <= day <= last]

    def _stretch(self, number: int) -> list[date]:
        """The days of the occurrences of one stretch of the calendar, expanded once: clients ask for the same weeks again and again."""
        known = self._stretches.get(number)
        if known is None:
            if len(self._stretches) == MOST_STRETCHES:
                self._stretches.clear()
            begin = date.fromordinal(max(1, number * STRETCH_DAYS))
            until = min(date.max.toordinal(), (number + 1) * STRETCH_DAYS - 1)
            known = list(takewhile(lambda day: day.toordinal() <= until, self.starting(begin)))
            self._stretches[number] = known
        return known

    def first_beside(self, days: Collection[str]) -> date | None:
        """The day of the first occurrence that is on none of these days; None when there is no other."""
        return next((day for day in self.starting(self._start) if day.isoformat() not in days), None)

    def neighbours(self, day: date) -> tuple[date | None, date | None]:
        """The days of the occurrences before and after this one."""
        around = self._near(day, min(self.last or LAST_DATE, LAST_DATE))
        return max((other for other in around if other < day), default=None), min((other for other in around if other > day), default=None)

    def __contains__(self, day: date) -> bool:
        return self.between(day, day) == [day]

    def _near(self, day: date, last: date) -> list[date]:
        """The occurrences around a day, at least the nearest on either side, none after `last`."""
        kind, interval = self._pattern["type"], self._pattern["interval"]
        reach = timedelta(days=(interval + 1) * LONGEST_PERIOD_DAYS[FREQUENCIES[kind]])
        first = day - reach if day - date.min > reach else date.min
        until = min(last, day + reach if date.max - day > reach else date.max)
        days: list[date] = []
        for other in self._unbounded(first):
            if other > until:
                break
            days.append(other)
        return days

    def starting(self, first: date) -> Iterator[date]:
        """The days of the occurrences from `first` on, one after the other."""
        last = self.last if self._range["type"] != "noEnd" else LAST_DATE
        for day in self._unbounded(first):
            if last is None or day > last:
                return
            yield day

    def _unbounded(self, first: date) -> Iterator[date]:
        """The days the pattern gives from `first` on (never before the range's start), as if the range had no end."""
        first = max(first, self._start)
        pattern = self._pattern
        rule = rrule.rrule(
            FREQUENCIES[pattern["type"]],
            dtstart=datetime.combine(self._anchor(first), time()),
            interval=pattern["interval"],
            wkst=DAYS.index(pattern["firstDayOfWeek"]),
            **self._by(),
        )
        return (moment.date() for moment in rule if moment.date() >= first)

    def _by(self) -> dict[str, Any]:
        """The pattern in the words of RFC 5545, section 3.3.10."""
        pattern = self._pattern
        kind = pattern["type"]
        by: dict[str, Any] = {"bymonth": pattern["month"]} if kind.endswith("Yearly") else {}
        if kind.startswith("absolute"):
            # Outlook takes the last day of a month that is too short, where BYMONTHDAY=31 alone would leave the month out.
            by |= {"bymonthday": range(min(28, pattern["dayOfMonth"]), pattern["dayOfMonth"] + 1), "bysetpos": -1}
        elif kind != "daily":
            by["byweekday"] = [DAYS.index(name) for name in pattern["daysOfWeek"]]
        if kind.startswith("relative"):
            by["bysetpos"] = POSITIONS[pattern["index"]]
        return by

    def _anchor(self, first: date) -> date:
        """The beginning of the last of the pattern's periods that starts at or before `first`, counted from the range's start."""
        start, every = self._start, self._pattern["interval"]
        frequency = FREQUENCIES[self._pattern["type"]]
        if frequency == rrule.DAILY:
            return start + timedelta(days=(first - start).days // every * every)
        if frequency == rrule.WEEKLY:
            into_week = (start.weekday() - DAYS.index(self._pattern["firstDayOfWeek"])) % 7
            ahead = ((first - start).days + into_week) // (7 * every) * 7 * every
            return start if ahead == 0 else start + timedelta(days=ahead - into_week)
        if frequency == rrule.MONTHLY:
            months = (first.year - start.year) * 12 + first.month - start.month
            month = start.year * 12 + start.month - 1 + months // every * every
            return date(month // 12, month % 12 + 1, 1)
        return date(start.year + (first.year - start.year) // every * every, 1, 1)


def _day(span: Mapping[str, Any], name: str) -> date | None:
    try:
        return date.fromisoformat(span[name]) if span.get(name) else None
    except ValueError:
        raise _invalid(f"recurrence.range.{name} is not a date") from None


def _invalid(detail: str) -> Fault:
    return Fault(400, "ErrorPropertyValidationFailure", f"At least one property failed validation. ({detail})")
