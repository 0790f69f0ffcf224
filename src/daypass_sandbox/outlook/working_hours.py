"""When somebody works: the working hours of a mailbox, and the stretches of time that they make.

Rules: Graph's pages resources/workinghours and api/user-update-mailboxsettings; by default Monday to Friday, 8 to 17 in the mailbox's zone
(api/user-findmeetingtimes).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

from .. import custom_zones, zones
from ..calendar.recurrence import DAYS
from ..graph import payload
from ..graph.payload import TEXT, WHOLE
from ..routes import Fault

Json = dict[str, Any]
Span = tuple[int, int]  # seconds since 1970

WORKING_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday"]
WEEKEND = ("saturday", "sunday")
BEGIN, END = "08:00:00.0000000", "17:00:00.0000000"
TIME_OF_DAY = re.compile(r"(\d\d:\d\d:\d\d)(?:\.(\d{1,7})\d*)?")
_CHANGE = {"time": TEXT, "dayOccurrence": WHOLE, "dayOfWeek": TEXT, "month": WHOLE, "year": WHOLE}
_CUSTOM = {"bias": WHOLE, "standardOffset": _CHANGE, "daylightOffset": {"daylightBias": WHOLE, **_CHANGE}}


def time_zone(value: Any) -> Json:
    """A client's time zone: a `timeZoneBase`, which has a name alone, unless its `@odata.type` is `customTimeZone`."""
    members: Json = value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]
    custom = str(members.get("@odata.type")).lower().rpartition(".")[2] == "customtimezone"
    return payload.read(value, {"name": TEXT, **(_CUSTOM if custom else {})}, "customTimeZone" if custom else "timeZoneBase")


SHAPE: Json = {"daysOfWeek": [TEXT], "startTime": TEXT, "endTime": TEXT, "timeZone": time_zone}


def of(mailbox: Mapping[str, Any]) -> Json:
    """The working hours of a mailbox (its JSON state) as Graph answers them."""
    own: Json = mailbox.get("settings", {}).get("workingHours", {})
    default: Json = {"daysOfWeek": WORKING_DAYS, "startTime": BEGIN, "endTime": END, "timeZone": {"name": mailbox["timeZone"]}}
    return {**default, **own}


def changed(before: Json, given: Mapping[str, Any]) -> Json:
    """Working hours with a client's changes (in the form `payload.read` gives); what is missing or null stays.

    Fault 400 with the codes of api/user-update-mailboxsettings: `RequestBodyRead` for a time of day that is none, `InvalidArguments`
    for a day, `InvalidTimeZone`, and `ErrorInvalidTimeSettings` unless the start comes before the end.
    """
    hours = dict(before)
    if given.get("daysOfWeek") is not None:
        hours["daysOfWeek"] = [_day(name) for name in given["daysOfWeek"]]
    for name in ("startTime", "endTime"):
        if given.get(name) is not None:
            hours[name] = time_of_day(given[name])
    if given.get("timeZone") is not None:
        hours["timeZone"] = _zone(given["timeZone"])
    if hours["startTime"] >= hours["endTime"]:
        raise Fault(400, "ErrorInvalidTimeSettings", "Start Time should occur before End Time.")
    return hours


def spans(hours: Mapping[str, Any], start: int, end: int, *, weekends: bool = False) -> Iterator[Span]:
    """The stretches of time within [start, end) in which somebody with these hours works; on Saturday and Sunday too if asked for."""
    zone = zone_of(hours)
    days = {*hours["daysOfWeek"], *(WEEKEND if weekends else ())}
    first, last = (time.fromisoformat(hours[name][:15]) for name in ("startTime", "endTime"))
    day = datetime.fromtimestamp(start, UTC).date() - timedelta(days=1)
    while (begin := custom_zones.instant(datetime.combine(day, first), zone)) < end:
        finish = custom_zones.instant(datetime.combine(day, last), zone)
        if DAYS[day.weekday()] in days and finish > start:
            yield max(begin, start), min(finish, end)
        day += timedelta(days=1)


def zone_of(hours: Mapping[str, Any]) -> tzinfo:
    """The zone that working hours are in: one with a name, or one with rules of its own."""
    zone: Json = hours["timeZone"]
    return custom_zones.CustomZone(zone) if "bias" in zone else zones.zone(zone["name"])


def time_of_day(text: str) -> str:
    """A time of day with seven fractional digits; Fault 400 `RequestBodyRead` for what is none."""
    found = TIME_OF_DAY.fullmatch(text)
    try:
        return f"{time.fromisoformat(found[1]).isoformat()}.{(found[2] or '').ljust(7, '0')}" if found else _no_time(text)
    except ValueError:
        return _no_time(text)


def _no_time(text: str) -> str:
    raise Fault(400, "RequestBodyRead", f"Cannot convert the literal '{text}' to the expected type 'Edm.TimeOfDay'.")


def _day(name: str | None) -> str:
    if str(name).lower() not in DAYS:
        raise Fault(400, "InvalidArguments", f"Requested value '{name}' was not found.")
    return str(name).lower()


def _zone(given: Json) -> Json:
    """A time zone base: a name alone, or the rules of a custom zone with everything in place."""
    try:
        if given.keys() & {"bias", "standardOffset", "daylightOffset"}:
            for change in filter(None, (given.get("standardOffset"), given.get("daylightOffset"))):
                if change.get("dayOfWeek"):
                    change["dayOfWeek"] = _day(change["dayOfWeek"])
                if change.get("time"):
                    change["time"] = time_of_day(change["time"])
            return custom_zones.normal(given)
        zones.zone(given.get("name") or "")
    except (Fault, ValueError) as wrong:
        if isinstance(wrong, Fault) and wrong.code in ("RequestBodyRead", "InvalidArguments"):
            raise
        raise Fault(400, "InvalidTimeZone", "Time Zone settings provided are invalid.") from None
    return {"name": given["name"]}
