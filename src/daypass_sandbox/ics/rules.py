"""Recurrence rules of iCalendar (RFC 5545, section 3.3.10) in Graph's words, as far as Graph has words for them.

Whether a rule was understood is not left to its reading: the days that Graph's recurrence gives are held against those that dateutil
gives for the rule itself. Source: Graph's pages resources/recurrencepattern and resources/recurrencerange.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any, cast

from dateutil import rrule

from ..calendar.recurrence import DAYS, MOST_OCCURRENCES, POSITIONS, Rule, normal
from ..routes import Fault
from .zones import Place

Json = dict[str, Any]

WEEKDAYS: Mapping[str, str] = dict(zip(("MO", "TU", "WE", "TH", "FR", "SA", "SU"), DAYS, strict=True))
INDEX = {number: name for name, number in POSITIONS.items()}
FREQUENCIES = {"DAILY": rrule.DAILY, "WEEKLY": rrule.WEEKLY, "MONTHLY": rrule.MONTHLY, "YEARLY": rrule.YEARLY}
PARTS = frozenset("FREQ INTERVAL COUNT UNTIL BYDAY BYMONTHDAY BYMONTH BYSETPOS WKST".split())
COMPARED_YEARS, COMPARED_DAYS = 12, 300
MOST_SINGLES = 366
FARTHEST_YEARS = 60  # how far a rule is followed at all
LATE_DAYS = (29, 30, 31)


def unheld(message: str) -> Fault:
    """The refusal of a rule that Graph has no words for."""
    return Fault(400, "notHeld", message)


@dataclass(frozen=True)
class Series:
    """What becomes of a rule: Graph's `recurrence`, or None; the days that are kept as `singles`, one by one; and remarks."""

    recurrence: Json | None
    singles: tuple[date, ...]
    notes: tuple[str, ...] = ()


def translated(rule: Mapping[str, Any], start: Place) -> Series:
    """A rule in Graph's words, or its days one by one where they are few; Fault where neither can be."""
    parts = _Parts(rule, start)
    try:
        pattern = parts.pattern()
        recurrence = {"pattern": pattern, "range": parts.limits()}
        misfit = parts.days(1)[:1] != [start.day]
        notes = [
            _difference(parts, recurrence, start),
            f"its first day, {start.day}, does not fit its rule and is kept as a single event" * misfit,
        ]
        return Series(recurrence, (start.day,) * misfit, tuple(filter(None, notes)))
    except Fault as reason:
        days = parts.few_days()
        if days is None:
            raise unheld(str(reason)) from None
        days = sorted({start.day, *days})
        return Series(None, tuple(days), (f"{reason}; its {len(days)} occurrences are kept as single events",))


def _difference(parts: _Parts, recurrence: Json, start: Place) -> str:
    """A remark where Graph's days are not quite the rule's, "" where they are the same; Fault where they are others."""
    last = parts.start.day + timedelta(days=366 * COMPARED_YEARS)
    theirs = parts.days(COMPARED_DAYS, last)
    ours = Rule(normal(recurrence, start.day, start.zone)).between(start.day, last)[:COMPARED_DAYS]
    if ours == theirs:
        return (
            "" if not theirs or theirs[0] == start.day else f"its first day, {start.day}, does not fit its rule: it begins on {theirs[0]}"
        )
    kept = recurrence["pattern"]
    if kept["type"].startswith("absolute") and kept["dayOfMonth"] in LATE_DAYS and not parts.ends and theirs and set(theirs) <= set(ours):
        return f"in months without a {kept['dayOfMonth']}th Outlook takes the last day, where the rule leaves the month out"
    raise unheld(f"Graph has no pattern for {parts}")


class _Parts:
    """The parts of one rule; `start` is where its event begins."""

    def __init__(self, rule: Mapping[str, Any], start: Place) -> None:
        self.start = start
        self._rule = {str(name).upper(): _listed(value) for name, value in rule.items()}
        self.frequency = str(self._first("FREQ", "")).upper()
        self.interval = int(self._first("INTERVAL", 1))
        self.count = int(self._first("COUNT", 0))
        self.until = _last_day(self._first("UNTIL", None), start)

    def __str__(self) -> str:
        """The rule as it was written."""
        return ";".join(f"{name}={','.join(_word(value) for value in listed)}" for name, listed in self._rule.items())

    @property
    def ends(self) -> bool:
        """Whether the rule ends at all."""
        return bool(self.count or self.until)

    def _first(self, name: str, default: Any) -> Any:
        return self._rule.get(name, [default])[0]

    def _numbers(self, name: str) -> list[int]:
        return [int(value) for value in self._rule.get(name, ())]

    def _weekdays(self) -> list[tuple[int, str]]:
        """BYDAY: each day with its number within month or year, 0 for none."""
        found = [re.fullmatch(r"([+-]?\d{1,2})?([A-Z]{2})", str(value).upper()) for value in self._rule.get("BYDAY", ())]
        if not all(each and each[2] in WEEKDAYS for each in found):
            raise unheld(f"the rule {self} cannot be read")
        return [(int(each[1] or 0), WEEKDAYS[each[2]]) for each in found if each]

    # --- in Graph's words

    def pattern(self) -> Json:
        """Graph's recurrence pattern; Fault where it has none."""
        strange = self._rule.keys() - PARTS
        if self.frequency not in FREQUENCIES or strange or not 1 <= self.interval <= MOST_OCCURRENCES:
            raise unheld(f"Graph has no pattern for {self}")
        kept: Json = {"interval": self.interval, **getattr(self, f"_{self.frequency.lower()}")()}
        if "WKST" in self._rule or kept["type"] == "weekly":
            kept["firstDayOfWeek"] = WEEKDAYS.get(
                str(self._first("WKST", "MO")).upper(), "monday"
            )  # RFC 5545 says Monday where none is said
        return kept

    def _daily(self) -> Json:
        if "BYDAY" in self._rule and self.interval == 1 and not self._rule.keys() & {"BYMONTH", "BYMONTHDAY", "BYSETPOS"}:
            return {"type": "weekly", "daysOfWeek": [day for _, day in self._weekdays()]}
        self._no("BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS")
        return {"type": "daily"}

    def _weekly(self) -> Json:
        self._no("BYMONTH", "BYMONTHDAY", "BYSETPOS")
        days = [day for _, day in self._weekdays()] or [DAYS[self.start.day.weekday()]]
        return {"type": "weekly", "daysOfWeek": days}

    def _monthly(self) -> Json:
        self._no("BYMONTH")
        return self._in_month("Monthly")

    def _yearly(self) -> Json:
        months = self._numbers("BYMONTH") or ([] if "BYDAY" in self._rule else [self.start.day.month])
        if len(months) != 1:
            raise unheld(f"Graph has no pattern for {self}")
        return {**self._in_month("Yearly"), "month": months[0]}

    def _in_month(self, kind: str) -> Json:
        """The days of a month: one by its number, or one by its weekday and place."""
        weekdays = self._weekdays()
        return self._by_place(kind, weekdays) if weekdays else self._by_number(kind)

    def _by_number(self, kind: str) -> Json:
        self._no("BYSETPOS")
        numbers = self._numbers("BYMONTHDAY") or [self.start.day.day]
        if len(numbers) > 1 or numbers[0] not in (-1, *range(1, 32)):
            raise unheld(f"Graph has no pattern for {self}")
        return {"type": f"absolute{kind}", "dayOfMonth": 31 if numbers[0] == -1 else numbers[0]}

    def _by_place(self, kind: str, weekdays: list[tuple[int, str]]) -> Json:
        self._no("BYMONTHDAY")
        numbered = {number for number, _ in weekdays}
        places = self._numbers("BYSETPOS") if numbered == {0} else list(numbered)
        if "BYSETPOS" in self._rule and numbered != {0}:
            raise unheld(f"Graph has no pattern for {self}")
        if len(places) != 1 or places[0] not in INDEX or (numbered != {0} and len(weekdays) > 1):
            raise unheld(f"Graph has no pattern for {self}")
        return {"type": f"relative{kind}", "daysOfWeek": [day for _, day in weekdays], "index": INDEX[places[0]]}

    def _no(self, *names: str) -> None:
        if self._rule.keys() & set(names):
            raise unheld(f"Graph has no pattern for {self}")

    def limits(self) -> Json:
        """Graph's recurrence range."""
        span: Json = {"startDate": self.start.day.isoformat(), "recurrenceTimeZone": self.start.zone}
        if self.count and self.count <= MOST_OCCURRENCES:
            return {**span, "type": "numbered", "numberOfOccurrences": self.count}
        last = (self.days(self.count)[-1:] or [None])[0] if self.count else self.until
        if last is None:
            return {**span, "type": "noEnd"}
        if last < self.start.day:
            raise unheld("it ends before it begins")
        return {**span, "type": "endDate", "endDate": last.isoformat()}

    # --- day by day

    def days(self, most: int, last: date | None = None) -> list[date]:
        """The rule's days in order, at most so many, by dateutil; Fault for a rule that deals in hours."""
        if self.frequency not in FREQUENCIES or self._rule.keys() - PARTS:
            raise unheld(f"Graph has no pattern for {self}")
        begin = datetime.combine(self.start.day, time())
        farthest = min(begin.year + FARTHEST_YEARS, 9998)
        end = min(filter(None, (self.until, last, date(farthest, 12, 31))))
        words = ";".join(
            f"{name}={','.join(_word(v) for v in listed)}" for name, listed in self._rule.items() if name not in ("UNTIL", "COUNT")
        )
        try:
            rule = cast("rrule.rrule", rrule.rrulestr(words, dtstart=begin)).replace(until=datetime.combine(end, time()))
            return [moment.date() for moment in islice(rule, min(most, self.count or most))]
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError):
            raise unheld(f"the rule {self} cannot be read") from None

    def few_days(self) -> list[date] | None:
        """All of the rule's days, if they end and are few."""
        if not self.ends or (self.until and self.until < self.start.day):
            return None
        try:
            found = self.days(MOST_SINGLES + 1)
        except Fault:
            return None
        return found if len(found) <= MOST_SINGLES else None


def _listed(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def _word(value: Any) -> str:
    return (
        value.strftime("%Y%m%dT%H%M%S")
        if isinstance(value, datetime)
        else value.strftime("%Y%m%d")
        if isinstance(value, date)
        else str(value)
    )


def _last_day(until: Any, start: Place) -> date | None:
    """The last day on which an occurrence may begin, by the calendar of the event's zone."""
    if not isinstance(until, datetime):
        return until if isinstance(until, date) else None
    if start.wall is None:
        return until.date()
    wall = Place(until.date(), until.replace(tzinfo=None), "UTC").in_zone(start.zone) if until.tzinfo else until
    return wall.date() if wall.time() >= start.wall.time() else wall.date() - timedelta(days=1)
