"""What a mailbox may choose from: languages and time zones; and the Outlook user that they hang on.

Rules: Graph's pages api/outlookuser-supportedlanguages, api/outlookuser-supportedtimezones, resources/outlookuser.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

from daypass.wire import Response

from .. import zones
from ..graph import odata
from ..graph.permissions import READ_OUTLOOK_USER, READ_SUPPORTED
from ..routes import Call, Fault, Route
from . import languages
from .mailboxes import context

Json = dict[str, Any]

WHOLE_LIST = 1000  # both lists come in one page
LANGUAGE: odata.Kind[Json] = odata.Kind("localeInfo", ("locale", "displayName"))
TIME_ZONE: odata.Kind[Json] = odata.Kind("timeZoneInformation", ("alias", "displayName"))


@cache
def _labels() -> dict[str, str]:
    """What Windows calls the places of a zone: the part of its display name behind the offset."""
    return json.loads(resources.files("daypass_sandbox").joinpath("data/zone_labels.json").read_text("utf-8"))["labels"]


def labelled(label: str) -> str | None:
    """The Windows name of the zone that Windows calls so, such as "Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"."""
    return next((name for name, known in _labels().items() if known.lower() == label.lower()), None)


def get_outlook(call: Call) -> Response:
    """The Outlook user, who is nothing but an id."""
    odata.allow(call, "$select")
    return odata.entity(call, 200, context(call, "outlook"), {"id": call.path["user_id"]})


def list_languages(call: Call) -> Response:
    """The languages that a mailbox may be set to."""
    values = [languages.named(locale) for locale in languages.names()]
    return odata.listing(call, "Collection(microsoft.graph.localeInfo)", LANGUAGE, values, size=WHOLE_LIST)


def list_time_zones(call: Call) -> Response:
    """The time zones, as Windows names (by default) or as IANA names."""
    standard = call.query.get("timezonestandard", "Windows").lower()
    if standard not in ("windows", "iana"):
        message = f"The value '{call.query['timezonestandard']}' is not a member of 'microsoft.graph.timeZoneStandard'."
        raise Fault(400, "BadRequest", message)
    values = _windows(call.tenant.clock.now()) if standard == "windows" else [_named(name, name) for name in zones.iana_names()]
    context_of = "Collection(microsoft.graph.timeZoneInformation)"
    return odata.listing(call, context_of, TIME_ZONE, values, options=("timezonestandard",), size=WHOLE_LIST)


def _windows(now: float) -> list[Json]:
    """The Windows zones from west to east, with the standard offset of the present year in their names."""
    year = datetime.fromtimestamp(now, UTC).year
    offsets = {name: _standard_offset(name, year) for name in zones.windows_names()}
    labels = _labels()
    ordered = sorted(offsets, key=lambda name: (offsets[name], name != "UTC", labels.get(name, name)))
    return [_named(name, f"(UTC{_signed(offsets[name]) if name != 'UTC' else ''}) {labels.get(name, name)}") for name in ordered]


def _named(alias: str, display_name: str) -> Json:
    return {"alias": alias, "displayName": display_name}


def _standard_offset(name: str, year: int) -> timedelta:
    """The lesser of the offsets in January and July."""
    zone = zones.zone(name)
    return min(datetime(year, month, 15, tzinfo=zone).utcoffset() or timedelta() for month in (1, 7))


def _signed(offset: timedelta) -> str:
    minutes = offset // timedelta(minutes=1)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


_OUTLOOK = "/users/{user_id}/outlook"
_DOC = "documentation: api/outlookuser-"
ROUTES = [
    Route("GET", _OUTLOOK, get_outlook, READ_OUTLOOK_USER, "documentation: resources/outlookuser"),
    Route("GET", f"{_OUTLOOK}/supportedLanguages", list_languages, READ_SUPPORTED, f"{_DOC}supportedlanguages; names from CLDR"),
    Route("GET", f"{_OUTLOOK}/supportedTimeZones", list_time_zones, READ_SUPPORTED, f"{_DOC}supportedtimezones"),
]
