"""Time zones as Graph names them: Windows names and IANA names, read independently of the product's own table.

Wall times are naive datetimes, instants are seconds since 1970 in UTC. A wall time that a clock change skips is read with the
offset from before the change, one that occurs twice as the first of the two (PEP 495, `fold=0`; RFC 5545, section 3.3.5).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .routes import Fault

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ALIASES = {"tzone://microsoft/utc": "Etc/UTC"}  # what Outlook answers for some events, and takes back


@cache
def _tables() -> tuple[dict[str, str], dict[str, str]]:
    tables = json.loads(resources.files(__package__ or "").joinpath("data/windows_zones.json").read_text("utf-8"))
    windows = {name.lower(): iana for name, iana in tables["windows"].items()}
    return {**windows, **ALIASES}, tables["iana"]


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of a Windows name (any letter case) or an IANA name; Fault 400 `TimeZoneNotSupportedException` for any other."""
    try:
        return ZoneInfo(_tables()[0].get(name.lower(), name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'."
        raise Fault(400, "TimeZoneNotSupportedException", message) from None


def windows_name(name: str) -> str | None:
    """The Windows name for an IANA name (a Windows name is itself), None where CLDR has none."""
    windows, iana = _tables()
    return name if name.lower() in windows else iana.get(name)


def instant(wall: datetime, name: str) -> int:
    """Seconds since 1970 at which a clock in the zone shows this wall time."""
    return (wall.replace(tzinfo=zone(name)) - EPOCH) // timedelta(seconds=1)


def wall(seconds: float, name: str) -> datetime:
    """What a clock in the zone shows at an instant."""
    return (EPOCH + timedelta(seconds=seconds)).astimezone(zone(name)).replace(tzinfo=None)
