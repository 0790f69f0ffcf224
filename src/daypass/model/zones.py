"""Time zones by any name Microsoft 365 uses, and wall times turned into instants without a guess.

Zones come as IANA names (`Europe/Berlin`), as Windows names (`W. Europe Standard Time`) or as one of Outlook's spellings of UTC.
`zoneinfo` and the table of Windows names are loaded only when a name needs them.

A wall time need not name one instant: clocks put forward leave a gap, clocks put back let times happen twice. `resolve` is for times
that people type: it refuses the gap. `settle` is for times that a service or a file states: it always answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from typing import TYPE_CHECKING

from ..errors import AmbiguousTime, UsageError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_UTC_NAMES = frozenset({"utc", "etc/utc", "tzone://microsoft/utc"})
_CUSTOM_NAMES = frozenset({"tzone://microsoft/custom", "customized time zone"})
# Files of a system's zone folder that are no zones of their own; `right/` counts leap seconds.
_NOT_ZONES = ("posix/", "right/", "localtime", "posixrules", "factory")


class CustomZone(UsageError):
    """An event keeps rules of its own instead of a zone's name (Outlook: "Customized Time Zone"), so the name resolves to nothing."""


def zone(name: str) -> tzinfo:
    """The time zone of an IANA or Windows name, in any letter case.

    Raises CustomZone for Outlook's marks of a custom zone, and UsageError, with the nearest names, for an unknown one.
    """
    key = name.strip()
    if key.casefold() in _UTC_NAMES:
        return UTC
    if key.casefold() in _CUSTOM_NAMES:
        raise CustomZone(
            f"{key!r} is not a time zone but Outlook's mark for rules of an event's own; ask for the event in a named zone", ("UTC",)
        )
    # Windows names have no slash. They are looked up first because a miss in zoneinfo is slow.
    found = (None if "/" in key else _windows_zone(key)) or _iana_zone(key)
    if found is None:
        raise UsageError(f"unknown time zone {key[:60]!r}; give an IANA name such as Europe/Berlin or a Windows name", _near(key))
    return found


def zone_name(zone: tzinfo) -> str:
    """The name of a zone: its IANA name, `UTC`, or `UTC+02:00` for a fixed offset."""
    return getattr(zone, "key", None) or str(zone)


def to_windows(iana: str) -> str | None:
    """The Windows name of an IANA zone (CLDR windowsZones), None where Windows knows no such zone."""
    return next((windows for windows, zones in _windows_zones().items() if iana in zones), None)


def local_zone_name(environ: Mapping[str, str], read_link: Callable[[str], str], read_text: Callable[[str], str]) -> str | None:
    """The IANA name of the machine's time zone, None when the machine does not tell it by name.

    `read_link` gives the target of a symbolic link, `read_text` the content of a file; both raise OSError where there is none. As in the C
    library, `TZ` counts before `/etc/localtime`; a `TZ` of POSIX rules (`CET-1CEST`) or a copied `/etc/localtime` has no name.
    """
    if "TZ" in environ:
        return _known(environ["TZ"].removeprefix(":") or "UTC")
    for read, path in ((read_link, "/etc/localtime"), (read_text, "/etc/timezone")):
        try:
            told = read(path)
        except (OSError, UnicodeDecodeError):
            continue
        if (name := _known(told)) is not None:
            return name
    return None


def is_gap(wall: datetime, zone: tzinfo) -> bool:
    """Whether the clocks of the zone skip this naive wall time (PEP 495)."""
    early, late = _offsets(wall, zone)
    return early < late


def is_twice(wall: datetime, zone: tzinfo) -> bool:
    """Whether the clocks of the zone show this naive wall time twice (PEP 495)."""
    early, late = _offsets(wall, zone)
    return early > late


def resolve(wall: datetime, zone: tzinfo, *, fold: int | None = None) -> datetime:
    """The moment a person means by a naive wall time in a zone.

    A time that exists twice is the first of the two, with `fold=1` the second. A time that the clocks skip raises AmbiguousTime, whose
    suggestions are the time read by the clock before the change and by the clock after it (02:30 is offered as 03:30 and 01:30).
    """
    if is_gap(wall, zone):
        readings = tuple(f"{settle(wall, zone, fold=side):%Y-%m-%dT%H:%M}" for side in (0, 1))
        early, late = _offsets(wall, zone)
        minutes = (late - early) // timedelta(minutes=1)
        raise AmbiguousTime(
            f"{wall:%Y-%m-%d %H:%M} does not exist in {zone_name(zone)}: the clocks skip {minutes} minutes there;"
            f" did you mean {readings[0]}?",
            readings,
        )
    return wall.replace(tzinfo=zone, fold=int(fold == 1 and is_twice(wall, zone)))


def settle(wall: datetime, zone: tzinfo, *, fold: int = 0) -> datetime:
    """The moment a stated naive wall time stands for: a skipped time is read by the clock before the change (RFC 5545, section 3.3.5).

    Raises ValueError where the moment is beyond the years 1 to 9999.
    """
    return _moved(wall.replace(tzinfo=zone, fold=fold), zone)


def day_start(day: date, zone: tzinfo) -> datetime:
    """The first moment of a day in a zone; later than 00:00 where the clocks skip midnight."""
    return settle(datetime.combine(day, time.min), zone)


def parse_graph(date_time: str, time_zone: str) -> datetime:
    """The moment of a Graph `dateTimeTimeZone`, in its own zone.

    `date_time` is a wall time with any number of fractional digits (Graph sends seven), or an instant when it carries `Z` or an offset.
    Source: https://learn.microsoft.com/graph/api/resources/datetimetimezone. Raises ValueError for text that is no such time, and what
    `zone` raises.
    """
    where = zone(time_zone)
    stated = datetime.fromisoformat(date_time)
    return settle(stated, where) if stated.tzinfo is None else _moved(stated, where)


def parse_graph_day(date_time: str) -> date:
    """The day that the Graph `dateTime` of an all-day event names; ValueError for text that names none.

    It is never converted: Graph answers midnight in whatever zone is asked for.
    Source: https://learn.microsoft.com/graph/api/resources/event (isAllDay).
    """
    return datetime.fromisoformat(date_time).date()


def _offsets(wall: datetime, zone: tzinfo) -> tuple[timedelta, timedelta]:
    """The zone's offsets from UTC by the clock before and by the clock after a change near a naive wall time; equal where there is none."""
    offsets = [wall.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta(0) for fold in (0, 1)]
    return offsets[0], offsets[1]


def _moved(moment: datetime, zone: tzinfo) -> datetime:
    """A moment in a zone. The way through UTC makes a skipped wall time a real one."""
    try:
        return moment.astimezone(UTC).astimezone(zone)
    except OverflowError as error:
        raise ValueError(f"{moment} is out of range in {zone_name(zone)}") from error


def _known(told: str) -> str | None:
    """The zone's name out of a name, a path below some `zoneinfo` folder, or a file's content."""
    name = told.strip().rpartition("zoneinfo/")[2].removeprefix("posix/")
    found = _iana_zone(name) if name.casefold() not in _UTC_NAMES else UTC
    return None if found is None else zone_name(found)


def _iana_zone(name: str) -> ZoneInfo | None:
    from zoneinfo import ZoneInfo

    if name.casefold().startswith(_NOT_ZONES):
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        spelled = _iana_names().get(name.casefold())
    return ZoneInfo(spelled) if spelled else None


def _windows_zone(name: str) -> ZoneInfo | None:
    spelled = {windows.casefold(): zones[0] for windows, zones in _windows_zones().items()}.get(name.casefold())
    return _iana_zone(spelled) if spelled else None


@cache
def _iana_names() -> dict[str, str]:
    """Every IANA name by its casefolded spelling; slow, so only for a name that was not found as it stands."""
    from zoneinfo import available_timezones

    return {name.casefold(): name for name in sorted(available_timezones()) if not name.casefold().startswith(_NOT_ZONES)}


@cache
def _windows_zones() -> dict[str, list[str]]:
    """Each Windows name with its IANA zones, the main one first; made by tools/make_windows_zones.py."""
    from json import loads
    from pkgutil import get_data

    return loads(get_data("daypass.model", "windows_zones.json") or b"{}")["zones"]


def _near(name: str) -> tuple[str, ...]:
    """At most three known names like the given one: those of its city first, then the best spelled alike."""
    from difflib import get_close_matches

    wanted = name.casefold().replace(" ", "_")
    known = _iana_names()
    cities = [folded for folded in known if folded.rpartition("/")[2] == wanted]
    alike = get_close_matches(wanted[:60], known, n=3)
    windows = {key.casefold(): key for key in _windows_zones()}
    by_windows = get_close_matches(name.casefold()[:60], windows, n=3)
    names = [known[key] for key in cities] + [known[key] for key in alike] + [windows[key] for key in by_windows]
    return tuple(dict.fromkeys(names))[:3] or ("Europe/Berlin", "America/New_York", "UTC")
