"""Which zone an iCalendar file means: by a name that Windows, IANA or Exchange gives it, or by the rules that the file brings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import islice
from typing import cast

from dateutil import rrule

from .. import zones
from ..outlook import supported
from ..routes import Fault
from . import reading

OFFSET = re.compile(r"([+-])(\d\d)(\d\d)(\d\d)?")
MOST_CHANGES = 3000  # of one observance, in its yearly rule, which may begin in the year 1
LAST_YEAR = 2100


@dataclass(frozen=True)
class Observance:
    """One side of a zone's year: the offset it brings, and the instants (seconds since 1970) at which it begins."""

    offset: timedelta
    begins: tuple[float, ...]


class Finder:
    """The zones of one file. `home` is the mailbox's zone; `rules` are the texts of the VTIMEZONEs by name."""

    def __init__(self, home: str, rules: dict[str, str]) -> None:
        self._home, self._rules = home, rules
        self._known: dict[str, tuple[str, str]] = {}

    def named(self, name: str) -> tuple[str, str]:
        """The zone that is meant, as Graph names it, and a remark if that takes one; UTC, with a remark, where nobody can tell."""
        if name not in self._known:
            self._known[name] = self._find(name)
        return self._known[name]

    def _find(self, name: str) -> tuple[str, str]:
        for candidate in _spellings(name):
            known = _known(candidate)
            if known:
                return known, ""
        equal = self._by_rules(name) if name in self._rules else ""
        if equal:
            return equal, f"the zone '{name}' is taken for {equal}, whose clock shows the same"
        return "UTC", f"the zone '{name}' is known to nobody; its times are kept as if they were UTC"

    def _by_rules(self, name: str) -> str:
        observances = _observances(self._rules[name])
        if not observances:
            return ""
        return next((zone for zone in (self._home, *zones.windows_names()) if _agree(zone, observances)), "")


def _spellings(name: str) -> Iterator[str]:
    """A name as it stands, without quotes, and the IANA name at the end of a longer one."""
    plain = name.strip().strip('"')
    yield plain
    parts = plain.strip("/").split("/")
    yield from ("/".join(parts[-length:]) for length in (3, 2) if len(parts) > length)
    label = re.sub(r"^\((?:UTC|GMT)[^)]*\)\s*", "", plain)
    yield from ([label] if label != plain else [])


def _known(name: str) -> str:
    """The zone as Graph names it: by its Windows name where it has one; "" for a name that nobody knows."""
    try:
        return zones.windows_name(name) or supported.labelled(name) or str(zones.zone(name))
    except Fault:
        return ""


# --- by rules --------------------------------------------------------------------------------------------------


def _observances(rules: str) -> list[Observance]:
    """The observances of a VTIMEZONE; none where its rules are other than yearly."""
    found: list[Observance] = []
    for block in re.findall(r"^BEGIN:(?:STANDARD|DAYLIGHT)\s*?\n(.*?)^END:", rules, re.MULTILINE | re.DOTALL | re.IGNORECASE):
        lines = dict(re.findall(r"^([A-Z-]+)[^:\r\n]*:(.*?)\s*$", block, re.MULTILINE | re.IGNORECASE))
        before, after = _offset(lines.get("TZOFFSETFROM", "")), _offset(lines.get("TZOFFSETTO", ""))
        begins = () if before is None else _begins(lines, before)
        if after is None or not begins:
            return []
        found.append(Observance(after, begins))
    return found


def _offset(text: str) -> timedelta | None:
    found = OFFSET.fullmatch(text)
    if not found:
        return None
    span = timedelta(hours=int(found[2]), minutes=int(found[3]), seconds=int(found[4] or 0))
    return -span if found[1] == "-" else span


def _begins(lines: dict[str, str], before: timedelta) -> tuple[float, ...]:
    """When an observance begins; the file says it by the clock before it. Nothing where that cannot be told."""
    try:
        return tuple((wall - before).replace(tzinfo=UTC).timestamp() for wall in _walls(lines))
    except reading.UNREADABLE:
        return ()


def _walls(lines: dict[str, str]) -> list[datetime]:
    first = datetime.strptime(lines["DTSTART"].rstrip("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - wall time
    rule = lines.get("RRULE", "").upper()
    if not rule:
        return [first]
    if "FREQ=YEARLY" not in rule or re.search("BY(HOUR|MINUTE|SECOND|WEEKNO|YEARDAY)", rule):
        return []
    until = re.search(r"UNTIL=(\d{4})", rule)
    last = min(int(until[1]), LAST_YEAR) if until else LAST_YEAR
    yearly = cast("rrule.rrule", rrule.rrulestr(re.sub(r";?(UNTIL|COUNT)=[^;]*", "", rule), dtstart=first))
    return list(islice(yearly.replace(until=datetime.combine(date(last, 12, 31), time())), MOST_CHANGES))


def _agree(zone: str, observances: list[Observance]) -> bool:
    """Whether a zone shows what the observances say, on two days of every month from 2023 to 2028."""
    timeline = sorted((begins, observance.offset) for observance in observances for begins in observance.begins)
    there = zones.zone(zone)
    for moment in _SAMPLES:
        current = timeline[0][1]
        for begins, offset in timeline:
            if begins > moment.timestamp():
                break
            current = offset
        if moment.astimezone(there).utcoffset() != current:
            return False
    return True


_SAMPLES = [
    datetime(year, month, day, 12, tzinfo=UTC)
    for year in range(2023, 2029)
    for month in range(1, 13)
    for day in (7, 29 if month != 2 else 27)
]


@dataclass(frozen=True)
class Place:
    """A date or time of an event in a zone that Graph knows: `wall` by the clock there, None beside a whole `day`."""

    day: date
    wall: datetime | None
    zone: str

    @cached_property
    def seconds(self) -> int:
        """The instant; of a whole day its midnight in UTC."""
        return zones.instant(self.wall or datetime.combine(self.day, datetime.min.time()), self.zone if self.wall else "UTC")

    def in_zone(self, zone: str) -> datetime:
        """What a clock in another zone shows then; a whole day stays the day it is."""
        if self.wall is None:
            return datetime.combine(self.day, datetime.min.time())
        return self.wall if zone == self.zone else zones.wall(self.seconds, zone)
