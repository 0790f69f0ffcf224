"""An iCalendar file taken apart: events by their UIDs, each with its changed occurrences, and the rules of zones it brings."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol, cast

MOST_EVENTS = 20_000
LONGEST_COMPLAINT = 200
FOLD = re.compile(r"\r?\n[ \t]")
ZONE = re.compile(r"^BEGIN:VTIMEZONE\s*?\r?\n(.*?)^END:VTIMEZONE\s*?(?:\r?\n|\Z)", re.MULTILINE | re.DOTALL | re.IGNORECASE)
OTHER_KINDS = ("VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY")
# What icalendar raises for what is no iCalendar; its parser does not promise one kind of error.
UNREADABLE = (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, OverflowError)


class Part(Protocol):
    """A component of a file, as icalendar gives it: its properties by their names, and the components within it."""

    name: str
    subcomponents: list[Part]
    errors: list[tuple[str | None, str]]

    def get(self, name: str) -> Any:
        """A property's value, a list if it comes more than once, None if it does not."""
        ...

    def __contains__(self, name: object) -> bool: ...

    def __iter__(self) -> Iterator[str]: ...


@dataclass
class Family:
    """All events of one UID: the series or single event (None if the file has only changed occurrences), and the changed ones."""

    uid: str
    master: Part | None = None
    changed: list[Part] = field(default_factory=list[Part])
    repeated: int = 0


@dataclass(frozen=True)
class Book:
    """A whole file: its events, the text of each zone's rules by the zone's name, and how many components of other kinds it has."""

    families: list[Family]
    zones: dict[str, str]
    others: dict[str, int]


def read(text: str) -> Book:
    """Take a file apart; ValueError says why it cannot be read.

    Rules of zones are taken out before icalendar sees the file: it would follow them however far they lead.
    """
    from icalendar import Calendar

    count = len(re.findall(r"^BEGIN:VEVENT\b", text, re.MULTILINE | re.IGNORECASE))
    if count > MOST_EVENTS:
        raise ValueError(f"this file has {count} events; {MOST_EVENTS} can be taken at once")
    unfolded = FOLD.sub("", text)
    zones = {_zone_name(found[1]): found[1] for found in ZONE.finditer(unfolded)}
    try:
        with warnings.catch_warnings(action="ignore"):  # zones by long names are guessed at, and found out again in `zones`
            calendars = cast("list[Part]", Calendar.from_ical(ZONE.sub("", unfolded), multiple=True))
        components = [part for calendar in calendars for part in calendar.subcomponents]
    except UNREADABLE as error:
        raise ValueError(f"this is not an iCalendar file: {str(error)[:LONGEST_COMPLAINT] or type(error).__name__}") from None
    if not calendars or any(calendar.name != "VCALENDAR" for calendar in calendars):
        raise ValueError("this is not an iCalendar file: it has no VCALENDAR")
    others = {kind: sum(part.name == kind for part in components) for kind in OTHER_KINDS}
    return Book(_families(components), zones, {kind: number for kind, number in others.items() if number})


def _zone_name(rules: str) -> str:
    found = re.search(r"^TZID[^:\r\n]*:(.*?)\s*$", rules, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""


def _families(components: list[Part]) -> list[Family]:
    families: dict[str, Family] = {}
    for number, part in enumerate(components):
        if part.name != "VEVENT":
            continue
        uid = str(part.get("UID") or f"(none, event {number + 1})")
        family = families.setdefault(uid, Family(uid))
        if "RECURRENCE-ID" in part:
            family.changed.append(part)
        elif family.master is None:
            family.master = part
        else:
            family.repeated += 1
    return list(families.values())


# --- properties ------------------------------------------------------------------------------------------------


def moment(part: Part, name: str) -> date | datetime | None:
    """A date or a time of an event, a time as it stands there, whatever zone its parameter names; None where there is none to be read."""
    value = _attribute(_first(part, name), "dt")
    return value if isinstance(value, date) else None


def span(part: Part, name: str) -> timedelta | None:
    """A duration."""
    value = _attribute(_first(part, name), "dt")
    return value if isinstance(value, timedelta) else None


def moments(part: Part, name: str) -> Iterator[tuple[date | datetime, str]]:
    """All dates and times of a list such as EXDATE, each with the name of its zone ("" if it has none); of a period its start."""
    for value in _all(part, name):
        for each in _attribute(value, "dts") or ():
            found: Any = _attribute(each, "dt")
            yield cast("Any", found)[0] if isinstance(found, tuple) else found, zone_named(value)


def text(part: Part, name: str) -> str:
    """A text, "" where there is none."""
    value = _first(part, name)
    return "" if value is None else str(value)


def parameter(part: Part, name: str, parameter_name: str) -> str:
    """A parameter of a property, "" where there is none."""
    return str(getattr(_first(part, name), "params", {}).get(parameter_name, ""))


def zone_named(value: Any) -> str:
    """The TZID of a value, "" where it has none."""
    return str(getattr(value, "params", {}).get("TZID", ""))


def values(part: Part, name: str) -> list[Any]:
    """All values of a property that may come more than once."""
    return _all(part, name)


def _attribute(value: Any, name: str) -> Any:
    """An attribute of a value, None where there is none or the value could not be read."""
    try:
        return getattr(value, name, None)
    except UNREADABLE:
        return None


def _first(part: Part, name: str) -> Any:
    found = _all(part, name)
    return found[0] if found else None


def _all(part: Part, name: str) -> list[Any]:
    value = part.get(name)
    return [] if value is None else cast("list[Any]", value) if isinstance(value, list) else [value]
