"""Time zones as Graph names them: Windows names and IANA names, read independently of the product's own table.

Wall times are naive datetimes, instants are seconds since 1970 in UTC. A wall time that a clock change skips is read with the
offset from before the change, one that occurs twice as the first of the two (PEP 495, `fold=0`; RFC 5545, section 3.3.5).

Windows names stand for the IANA zones that Unicode CLDR gives them (supplemental/windowsZones.xml, its territory 001), as the
package tzlocal carries them; `data/windows_zones.json` was written from its two tables as they are, and a test holds it against
them. IANA names are those of the tz database (the package tzdata). `ALIASES` are the spellings that are neither: what the page
resources/datetimetimezone lists beside a zone's former name, and two zones that Windows knows and CLDR does not.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .routes import Fault

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UTC_EPOCH = EPOCH.replace(tzinfo=None)  # as a wall time
SECOND = timedelta(seconds=1)
CUSTOM = "tzone://Microsoft/Custom"  # the zone of an event that came with rules of its own (resources/event): an answer, never a request
ALIASES = {
    "tzone://microsoft/utc": "Etc/UTC",  # what Outlook answers for some events, and takes back
    "asia/astana (almaty)": "Asia/Almaty",
    "asia/toshkent (tashkent)": "Asia/Tashkent",
    "asia/yangon (rangoon)": "Asia/Yangon",
    "europe/kyiv (kiev)": "Europe/Kyiv",
    "kamchatka standard time": "Asia/Kamchatka",
    "mid-atlantic standard time": "Etc/GMT+2",
}


@cache
def _tables() -> tuple[dict[str, str], dict[str, str]]:
    tables = json.loads(resources.files(__package__ or "").joinpath("data/windows_zones.json").read_text("utf-8"))
    windows = {name.lower(): iana for name, iana in tables["windows"].items()}
    return {**windows, **ALIASES}, tables["iana"]


@cache
def windows_names() -> dict[str, str]:
    """The Windows names of CLDR as they are spelt, each with its IANA zone."""
    return json.loads(resources.files(__package__ or "").joinpath("data/windows_zones.json").read_text("utf-8"))["windows"]


@cache
def iana_names() -> tuple[str, ...]:
    """The names of the tz database, in order."""
    return tuple(sorted(resources.files("tzdata").joinpath("zones").read_text("utf-8").split()))


@cache
def _spelling() -> dict[str, str]:
    """The zone of the tz database behind each name the service knows, in lower case."""
    return {**{name.lower(): name for name in iana_names()}, **_tables()[0]}


@lru_cache(maxsize=4096)
def zone(name: str) -> ZoneInfo:
    """The zone of a Windows name or an IANA name (in any letter case); Fault 400 `TimeZoneNotSupportedException` for any other."""
    try:
        return ZoneInfo(_spelling()[name.lower()])
    except (KeyError, ZoneInfoNotFoundError, ValueError, OSError):
        message = f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'."
        raise Fault(400, "TimeZoneNotSupportedException", message) from None


def windows_name(name: str) -> str | None:
    """The Windows name for an IANA name (a Windows name is itself), None where CLDR has none."""
    windows, iana = _tables()
    return name if name.lower() in windows else iana.get(name)


def instant(wall: datetime, name: str) -> int:
    """Seconds since 1970 at which a clock in the zone shows this wall time."""
    if name == "UTC":
        return (wall - UTC_EPOCH) // SECOND
    return (wall.replace(tzinfo=zone(name)) - EPOCH) // SECOND


def wall(seconds: float, name: str) -> datetime:
    """What a clock in the zone shows at an instant."""
    if name == "UTC":
        return UTC_EPOCH + timedelta(seconds=seconds)
    return (EPOCH + timedelta(seconds=seconds)).astimezone(zone(name)).replace(tzinfo=None)
