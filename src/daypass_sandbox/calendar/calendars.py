"""Calendars over HTTP.

Facts: Graph's pages resources/calendar, api/user-list-calendars and their neighbours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from daypass.wire import Response

from ..graph import odata
from ..graph.permissions import READ_CALENDARS
from ..routes import Call, Route
from . import resources
from .access import USER, context, opened, owner

Json = dict[str, Any]


def new_mailbox(new_id: Callable[[str], str], time_zone: str) -> Json:
    """An empty mailbox with its default calendar; `time_zone` is a Windows name."""
    calendar: Json = {
        "id": new_id("calendar"),
        "name": "Calendar",
        "color": "auto",
        "hexColor": "",
        "isDefaultCalendar": True,
        "changeKey": new_id("key")[:24],
        "canShare": True,
        "canViewPrivateItems": True,
        "canEdit": True,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        "isTallyingResponses": True,
        "isRemovable": False,
    }
    return {"timeZone": time_zone, "calendars": {calendar["id"]: calendar}, "events": {}}


def get_calendar(call: Call) -> Response:
    """The default calendar, or the one with the id of the path."""
    odata.allow(call, "$select")
    box = opened(call)
    select = odata.selected(call, resources.CALENDAR_PROPERTIES, "calendar")
    value = resources.calendar(box.calendar(call.path.get("calendar_id")), owner(call), select)
    return odata.entity(call, 200, context(call, "calendars"), value)


def list_calendars(call: Call) -> Response:
    """All calendars of a user, the default one first."""
    odata.allow(call, "$select", "$top", "$skip", "$count")
    box = opened(call)
    select = odata.selected(call, resources.CALENDAR_PROPERTIES, "calendar")
    found = [resources.calendar(stored, owner(call), select) for stored in box.calendars.values()]
    cut = odata.page(call, len(found))
    return odata.collection(call, context(call, "calendars"), found[cut.first : cut.last], len(found), cut)


_DOC = "documentation: api/"
ROUTES = [
    Route("GET", f"{USER}/calendar", get_calendar, READ_CALENDARS, _DOC + "calendar-get"),
    Route("GET", f"{USER}/calendars", list_calendars, READ_CALENDARS, _DOC + "user-list-calendars"),
    Route("GET", f"{USER}/calendars/{{calendar_id}}", get_calendar, READ_CALENDARS, _DOC + "calendar-get"),
]
