"""Open extensions of events over HTTP.

Posting an extension that is there already adds to its data (observed, msgraph-sdk-dotnet issue 1541); patching one replaces them all.
Pages: api/opentypeextension-post-opentypeextension, -get, -update, -delete.
"""

from __future__ import annotations

from typing import Any

from daypass.wire import Response

from ..graph import odata
from ..graph.permissions import READ_EVENT_DETAILS, READ_GROUP_EVENTS, WRITE_CALENDARS, WRITE_GROUP_EVENTS
from ..routes import Call, not_found
from . import events, extended, resources
from .access import context, everywhere, found, opened
from .relations import EXTENSION

Json = dict[str, Any]


def list_extensions(call: Call) -> Response:
    """The open extensions of an event."""
    return odata.listing(call, _place(call), EXTENSION, _kept(call))


def count_extensions(call: Call) -> Response:
    """How many there are."""
    return odata.counted(call, EXTENSION, _kept(call))


def get_extension(call: Call) -> Response:
    """One extension, by its name or by its whole id."""
    odata.allow(call, "$select", "$expand")
    return odata.single(call, 200, _place(call), EXTENSION, _named(_kept(call), call.path["extension_id"]))


def create_extension(call: Call) -> Response:
    """Another extension, or more data in one that is there."""
    odata.allow(call)
    kept, given = _kept(call), extended.extension(call.json())
    known = {one["id"]: one for one in kept}.get(given["id"]) or {}
    return _keep(call, 201, kept, {**known, **given})


def update_extension(call: Call) -> Response:
    """Other data in an extension: what is not named goes."""
    odata.allow(call)
    kept = _kept(call)
    known = _named(kept, call.path["extension_id"])
    given = extended.extension({"extensionName": known["extensionName"], **call.json()})
    return _keep(call, 200, kept, {**given, "id": known["id"], "extensionName": known["extensionName"]})


def delete_extension(call: Call) -> Response:
    """An extension goes with its data."""
    odata.allow(call)
    kept = _kept(call)
    gone = _named(kept, call.path["extension_id"])
    _write(call, [one for one in kept if one is not gone])
    return Response(204)


def _keep(call: Call, status: int, kept: list[Json], extension: Json) -> Response:
    _write(call, extended.merged(kept, [extension]))
    return odata.single(call, status, _place(call), EXTENSION, extension)


def _write(call: Call, extensions: list[Json]) -> None:
    box = opened(call)
    event, day = found(call, box)
    box.put(events.with_members(event, day, {"extensions": extensions}, call.tenant.clock.now()))


def _kept(call: Call) -> list[Json]:
    return events.view(*found(call, opened(call)))["extensions"]


def _named(kept: list[Json], name: str) -> Json:
    wanted = extended.extension_id(name).lower()
    for one in kept:
        if one["id"].lower() == wanted:
            return one
    raise not_found()


def _place(call: Call) -> str:
    return context(call, f"events('{resources.in_url(call.path['event_id'])}')/extensions")


_POST = "documentation: api/opentypeextension-post-opentypeextension; posting twice observed by others"
_READS = READ_EVENT_DETAILS, "documentation: api/opentypeextension-get", READ_GROUP_EVENTS
_AT = "/events/{event_id}/extensions"
_ONE = f"{_AT}/{{extension_id}}"
ROUTES = [
    *everywhere("GET", _AT, list_extensions, *_READS),
    *everywhere("GET", f"{_AT}/$count", count_extensions, *_READS),
    *everywhere("GET", _ONE, get_extension, *_READS),
    *everywhere("POST", _AT, create_extension, WRITE_CALENDARS, _POST, WRITE_GROUP_EVENTS),
    *everywhere("PATCH", _ONE, update_extension, WRITE_CALENDARS, "documentation: api/opentypeextension-update", WRITE_GROUP_EVENTS),
    *everywhere("DELETE", _ONE, delete_extension, WRITE_CALENDARS, "documentation: api/opentypeextension-delete", WRITE_GROUP_EVENTS),
]
