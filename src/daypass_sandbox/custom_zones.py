"""Time zones by their own rules: Graph's `customTimeZone`, as the working hours of a mailbox may have one.

    {"@odata.type": "#microsoft.graph.customTimeZone", "name": "Customized Time Zone", "bias": 480,
     "standardOffset": {"time": "02:00:00.0000000", "dayOccurrence": 1, "dayOfWeek": "sunday", "month": 11, "year": 0},
     "daylightOffset": {"daylightBias": -60, "time": "02:00:00.0000000", "dayOccurrence": 2, "dayOfWeek": "sunday", "month": 3, "year": 0}}

`bias` is what must be added to local time to have UTC, in minutes: 480 for Seattle in the service's answers (api/calendar-getschedule),
as in Windows, though the page resources/customtimezone says the opposite. `daylightBias` is added to it in summer. `standardOffset` and
`daylightOffset` say when either time begins, by the clock that ends then: the n-th such weekday of a month, the fifth being the last.
A `year` that is not 0 means that year alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from .calendar.recurrence import DAYS
from .graph.payload import without_nulls

Json = dict[str, Any]

TYPE = "#microsoft.graph.customTimeZone"
LONGEST_BIAS = 24 * 60  # minutes; no datetime bears more
NO_CHANGE: Json = {"time": "00:00:00.0000000", "dayOccurrence": 0, "dayOfWeek": "sunday", "month": 0, "year": 0}


def normal(given: Mapping[str, Any]) -> Json:
    """A custom zone with every member in place, as the service keeps it; ValueError when its rules make no sense.

    Where summer time would be behind standard time, the two change places, so that `daylightBias` is never positive
    (api/user-update-mailboxsettings, example 2).
    """
    standard = {**NO_CHANGE, **without_nulls(given.get("standardOffset"))}
    daylight = {"daylightBias": 0, **NO_CHANGE, **without_nulls(given.get("daylightOffset"))}
    bias, shift = given.get("bias") or 0, daylight.pop("daylightBias")
    if shift > 0:
        bias, shift, standard, daylight = bias + shift, -shift, daylight, standard
    for rule in (standard, daylight):
        _check(rule)
    if bool(standard["month"]) != bool(daylight["month"]) or abs(bias) >= LONGEST_BIAS or abs(bias + shift) >= LONGEST_BIAS:
        raise ValueError("a zone has both changes of the clock or none, and lies within a day of UTC")
    name = given.get("name") or "Customized Time Zone"
    return {
        "@odata.type": TYPE,
        "bias": bias,
        "name": name,
        "standardOffset": standard,
        "daylightOffset": {"daylightBias": shift, **daylight},
    }


def _check(rule: Json) -> None:
    known_day = rule["dayOfWeek"] in DAYS and 0 <= rule["month"] <= 12 and 0 <= rule["year"] <= 9999
    if not known_day or (rule["month"] and not 1 <= rule["dayOccurrence"] <= 5):
        raise ValueError("a change of the clock is on the first to fifth of a weekday in a month")
    time.fromisoformat(rule["time"][:15])


class CustomZone(tzinfo):
    """The zone of a `customTimeZone` in the form that `normal` gives. Skipped and doubled wall times are read as PEP 495 says."""

    def __init__(self, rules: Mapping[str, Any]) -> None:
        self._name: str = rules["name"]
        self._standard = timedelta(minutes=-rules["bias"])
        self._summer = timedelta(minutes=-rules["bias"] - rules["daylightOffset"]["daylightBias"])
        self._to_standard, self._to_summer = rules["standardOffset"], rules["daylightOffset"]

    def tzname(self, dt: datetime | None) -> str:  # noqa: ARG002
        """The zone's own name, all the year."""
        return self._name

    def dst(self, dt: datetime | None) -> timedelta | None:
        """How far summer time is ahead, zero in winter."""
        offset = self.utcoffset(dt)
        return None if offset is None else offset - self._standard

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """The offset from UTC of a wall time there."""
        if dt is None:
            return None
        wall = dt.replace(tzinfo=None, fold=0)
        early, late = max(self._standard, self._summer), min(self._standard, self._summer)
        fitting = [offset for offset in (early, late) if self._offset_at(wall - offset) == offset]
        if not fitting:  # skipped: the clock was put forward
            return early if dt.fold else late
        return fitting[-1 if dt.fold else 0]

    def fromutc(self, dt: datetime) -> datetime:
        """The wall time there of an instant."""
        utc = dt.replace(tzinfo=None)
        offset = self._offset_at(utc)
        doubled = self._offset_at(utc - abs(self._summer - self._standard)) > offset
        local = (utc + offset).replace(tzinfo=self)
        return local.replace(fold=1) if doubled and local.utcoffset() != offset else local

    def _offset_at(self, utc: datetime) -> timedelta:
        """The offset in force at an instant (naive, in UTC): that of the last change before it."""
        changes: list[tuple[datetime, timedelta]] = []
        for year in range(max(utc.year - 1, 2), min(utc.year + 1, 9998) + 1):
            for rule, before, after in (
                (self._to_standard, self._summer, self._standard),
                (self._to_summer, self._standard, self._summer),
            ):
                if rule["month"] and rule["year"] in (0, year):
                    changes.append((_wall_of(rule, year) - before, after))
        passed = [change for change in changes if change[0] <= utc]
        return max(passed, key=lambda change: change[0])[1] if passed else self._standard


def _wall_of(rule: Mapping[str, Any], year: int) -> datetime:
    """When a rule changes the clock in a year, by the clock that ends then."""
    first = date(year, rule["month"], 1)
    day = first + timedelta(days=(DAYS.index(rule["dayOfWeek"]) - first.weekday()) % 7 + 7 * (rule["dayOccurrence"] - 1))
    while day.month != rule["month"]:
        day -= timedelta(days=7)
    return datetime.combine(day, time.fromisoformat(rule["time"][:15]))


def instant(wall: datetime, zone: tzinfo) -> int:
    """Seconds since 1970 at which a clock in this zone shows this wall time."""
    return int(wall.replace(tzinfo=zone).astimezone(UTC).timestamp())
