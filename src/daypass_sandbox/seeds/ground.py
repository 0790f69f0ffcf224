"""The tenant while it is filled from a seed: who is there so far, what day it is, and how a seed's times are read."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from .. import zones
from ..calendar.mailbox import Mailbox

if TYPE_CHECKING:
    from ..tenant import Tenant

Json = dict[str, Any]

SETTLED_BEFORE = timedelta(days=21)  # everything was entered three weeks ago
TIMES = {"workday": int, "day": int, "at": str, "minutes": int, "days": int, "zone": str}


class Ground:
    """A tenant while it is filled.

    `zone` is the seed's time zone, `now` the tenant's time (seconds since 1970), `today` its date there, `settled_at` the instant at which
    everything was entered. `people` holds persons and rooms by their short names as the seed has them, `boxes` their mailboxes.
    """

    def __init__(self, tenant: Tenant, zone: str) -> None:
        self.tenant, self.zone = tenant, zone_name(zone, "the seed")
        self.people, self.boxes = dict[str, Json](), dict[str, Mailbox]()
        self.now = tenant.clock.now()
        self.settled_at = self.now - SETTLED_BEFORE.total_seconds()
        self.today = zones.wall(self.now, self.zone).date()

    def user_id(self, key: str, where: str) -> str:
        """The object id of a person or room by the seed's short name; ValueError names the place where nobody is meant."""
        if key not in self.people:
            raise ValueError(f"{where}: '{key}' is nobody of this seed")
        return self.people[key]["id"]

    def zone_of(self, key: Any) -> str:
        """The time zone of a person; the seed's own for one who has none, or is nobody of this seed."""
        return self.people[key].get("timeZone", self.zone) if isinstance(key, str) and key in self.people else self.zone

    def day(self, spec: Json, where: str) -> date:
        """The day that `day` or `workday` counts from today."""
        if "day" not in spec and "workday" not in spec:
            raise ValueError(f"{where}: needs 'workday' or 'day', counted from today")
        try:
            return self.today + timedelta(days=spec["day"]) if "day" in spec else self.workday(spec["workday"])
        except (ValueError, OverflowError):
            raise ValueError(f"{where}: there is no day that far from today") from None

    def workday(self, number: int) -> date:
        """The working day so many from today, or from Monday when today is a weekend."""
        today = self.today.toordinal() - 1
        monday, weekday = today // 7 * 7, today % 7
        monday, weekday = (monday + 7, 0) if weekday > 4 else (monday, weekday)
        weeks, rest = divmod(weekday + number, 5)
        return date.fromordinal(monday + 7 * weeks + rest + 1)

    def times(self, spec: Json, zone: str, where: str) -> Json:
        """`start` and `end` (and `isAllDay`) as a client would send them, from the members of `TIMES`."""
        day = self.day(spec, where)
        if "days" in spec:
            start = datetime.combine(day, datetime.min.time())
            return {"isAllDay": True, "start": moment(start, zone), "end": moment(start + timedelta(days=spec["days"]), zone)}
        try:
            start = datetime.fromisoformat(f"{day}T{spec['at']}")
            end = start + timedelta(minutes=spec["minutes"])
        except KeyError:
            raise ValueError(f"{where}: needs either 'days', or 'at' (such as 09:15) with 'minutes'") from None
        except ValueError:
            raise ValueError(f"{where}: 'at' is {spec['at']!r}, which is no time of day such as 09:15") from None
        return {"start": moment(start, zone), "end": moment(end, zone)}


def moment(wall: datetime, zone: str) -> Json:
    """A wall time as Graph writes it."""
    return {"dateTime": wall.isoformat(), "timeZone": zone}


def zone_name(zone: str, where: str) -> str:
    """The Windows name of a zone; ValueError names the place where none is meant."""
    name = zones.windows_name(zone)
    if name is None:
        raise ValueError(f"{where}: '{zone}' is not a time zone")
    return name
