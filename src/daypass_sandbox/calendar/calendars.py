"""Calendars and calendar groups over HTTP.

Facts: Graph's pages resources/calendar, resources/calendargroup, api/user-post-calendars, api/calendar-update, api/calendar-delete
and their neighbours. Refusals that no page gives are Exchange's own for folders (ErrorFolderExists, ErrorDeleteDistinguishedFolder).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from daypass.wire import Response

from ..graph import filters, odata, payload, values
from ..graph.permissions import READ_CALENDARS, READ_GROUP_EVENTS, WRITE_CALENDARS
from ..routes import Call, Fault, Handler, Route
from . import extended, identity, relations, resources, shapes, sharing
from .access import CALENDARS, GROUP_PLACES, USER, context, everywhere, opened, owner, owner_id
from .mailbox import first_group, open_mailbox

Json = dict[str, Any]

GROUP = f"{USER}/calendarGroups/{{calendar_group_id}}"
CALENDAR_GROUP: odata.Kind[Json] = odata.Kind("calendarGroup", ("id", "name", "classId", "changeKey"))
_TYPES = values.types_of(shapes.CALENDAR)


def new_mailbox(new_id: Callable[[str], str], time_zone: str) -> Json:
    """An empty mailbox with its default calendar; `time_zone` is a Windows name."""
    calendar = new_calendar(new_id, "Calendar") | {"isDefaultCalendar": True, "isRemovable": False, "isTallyingResponses": True}
    groups = first_group(new_id("calendarGroup"))
    return {"timeZone": time_zone, "calendars": {calendar["id"]: calendar}, "events": {}, "calendarGroups": groups}


def kind(call: Call) -> odata.Kind[Json]:
    """The calendars of the path's owner, as lists and $expand see them."""
    return odata.Kind(
        "calendar",
        resources.CALENDAR_PROPERTIES,
        show=lambda stored: resources.calendar(stored, owner(call)),
        value=lambda stored, path: filters.walked({**stored, **resources.calendar(stored, owner(call))}, path.split("/")),
        types=_TYPES,
        expandable={name: partial(relations.properties, name) for name in relations.PROPERTIES},
    )


def list_calendars(call: Call) -> Response:
    """All calendars of a user, the default one first; or those of a group."""
    return odata.listing(call, context(call, "calendars"), kind(call), _listed(call))


def count_calendars(call: Call) -> Response:
    """How many there are."""
    return odata.counted(call, kind(call), _listed(call))


def get_calendar(call: Call) -> Response:
    """The default calendar, or the one with the id of the path."""
    odata.allow(call, "$select", "$expand")
    return odata.single(call, 200, context(call, "calendars"), kind(call), opened(call).calendar(call.path.get("calendar_id")))


def get_group_calendar(call: Call) -> Response:
    """The one calendar of a Microsoft 365 group."""
    return get_calendar(replace(call, path={**call.path, "calendar_id": opened(call).calendar(None)["id"]}))


def create_calendar(call: Call) -> Response:
    """A new calendar, in the first group or in that of the path."""
    odata.allow(call)
    box, given = opened(call), payload.read(call.json(), shapes.CALENDAR, "calendar")
    _check_name(given, [calendar["name"] for calendar in box.calendars.values()])
    calendar = _changed(new_calendar(call.tenant.new_id, given["name"]), given)
    if "calendar_group_id" in call.path:
        calendar["calendarGroupId"] = box.group(call.path["calendar_group_id"])["id"]
    box.calendars[calendar["id"]] = calendar
    return odata.single(call, 201, context(call, "calendars"), kind(call), calendar)


def update_calendar(call: Call) -> Response:
    """Another name or colour; or this calendar becomes the default one, which then no other is."""
    odata.allow(call)
    box, given = opened(call), payload.read(call.json(), shapes.CALENDAR, "calendar")
    calendar = box.calendar(call.path.get("calendar_id"))
    if "name" in given:
        _check_name(given, [other["name"] for other in box.calendars.values() if other is not calendar])
    if given.get("isDefaultCalendar") is False and calendar["isDefaultCalendar"]:
        raise Fault(400, "ErrorInvalidRequest", "Your request can't be completed. A mailbox needs a default calendar.")
    if given.get("isDefaultCalendar"):
        for other in box.calendars.values():
            other |= {"isDefaultCalendar": other is calendar, "isRemovable": other is not calendar}
    box.calendars[calendar["id"]] = changed = _changed(calendar, given)
    return odata.single(call, 200, context(call, "calendars"), kind(call), changed)


def delete_calendar(call: Call) -> Response:
    """A calendar goes with everything in it; the default calendar stays."""
    odata.allow(call)
    own = open_mailbox(call.tenant, owner_id(call)).calendars
    if call.caller.user_id == owner_id(call) and "sharedBy" in own.get(call.path["calendar_id"], {}):
        del own[call.path["calendar_id"]]  # it leaves this list, whether it is shared still or not, and nothing of its owner's goes
        return Response(204)
    box = opened(call)
    calendar = box.calendar(call.path["calendar_id"])
    if calendar["isDefaultCalendar"]:
        raise Fault(400, "ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
    for event in [event for event in box.events.values() if event["calendarId"] == calendar["id"]]:
        box.remove(event["id"])
    del box.calendars[calendar["id"]]
    return Response(204)


def list_roles(call: Call) -> Response:
    """As what a calendar may be shared with somebody: outsiders get less, and only the default calendar has delegates."""
    odata.allow(call, "user")
    inside = call.query.get("user", "").rpartition("@")[2].lower() in call.tenant.state.domains
    calendar = opened(call).calendar(call.path["calendar_id"])
    roles = sharing.allowed_roles(calendar, inside=inside)
    return odata.collection(call, "Collection(microsoft.graph.calendarRoleType)", roles, len(roles), odata.Page(0, len(roles)))


def list_groups(call: Call) -> Response:
    """The calendar groups of a user, the one that everybody has first."""
    return odata.listing(call, context(call, "calendarGroups"), CALENDAR_GROUP, list(opened(call).groups.values()))


def count_groups(call: Call) -> Response:
    """How many there are."""
    return odata.counted(call, CALENDAR_GROUP, list(opened(call).groups.values()))


def get_group(call: Call) -> Response:
    """One calendar group."""
    odata.allow(call, "$select", "$expand")
    return _answer_group(call, 200, opened(call).group(call.path["calendar_group_id"]))


def create_group(call: Call) -> Response:
    """A new calendar group, empty."""
    odata.allow(call)
    box, given = opened(call), payload.read(call.json(), shapes.CALENDAR_GROUP, "calendarGroup")
    _check_name(given, [group["name"] for group in box.groups.values()])
    new_id = call.tenant.new_id
    group: Json = {"id": new_id("calendarGroup"), "name": given["name"], "classId": new_id("guid")}
    group["changeKey"] = identity.change_key(group["id"])
    box.groups[group["id"]] = group
    return _answer_group(call, 201, group)


def update_group(call: Call) -> Response:
    """Another name for a calendar group."""
    odata.allow(call)
    box, given = opened(call), payload.read(call.json(), shapes.CALENDAR_GROUP, "calendarGroup")
    group = box.group(call.path["calendar_group_id"])
    _check_name({"name": group["name"], **given}, [other["name"] for other in box.groups.values() if other is not group])
    box.groups[group["id"]] = changed = _changed(group, given)
    return _answer_group(call, 200, changed)


def delete_group(call: Call) -> Response:
    """An empty calendar group goes; the first one stays."""
    odata.allow(call)
    box = opened(call)
    group = box.group(call.path["calendar_group_id"])
    if group is next(iter(box.groups.values())) or box.in_group(group["id"]):
        reason = "it holds calendars" if box.in_group(group["id"]) else "every mailbox has it"
        raise Fault(400, "ErrorCannotDeleteObject", f"Your request can't be completed. This calendar group can't be deleted: {reason}.")
    del box.groups[group["id"]]
    return Response(204)


def new_calendar(new_id: Callable[[str], str], name: str) -> Json:
    """A calendar as it is kept, not the default one."""
    return {
        "id": new_id("calendar"),
        "name": name,
        "color": "auto",
        "hexColor": "",
        "isDefaultCalendar": False,
        "changeKey": new_id("key")[6:38],
        "canShare": True,
        "canViewPrivateItems": True,
        "canEdit": True,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        "isTallyingResponses": False,
        "isRemovable": True,
    }


def _listed(call: Call) -> list[Json]:
    box, group_id = opened(call), call.path.get("calendar_group_id")
    known = box.in_group(box.group(group_id)["id"]) if group_id else list(box.calendars.values())
    return [{**calendar, **sharing.rights_in(call.tenant.state, calendar, owner_id(call))} for calendar in known]


def _changed(calendar: Json, given: Json) -> Json:
    """A calendar or group with a client's words in it, and another change key."""
    changes = {name: "auto" if value is None and name == "color" else value for name, value in given.items()}
    changes |= {name: extended.merged(calendar.get(name, ()), given.get(name) or ()) for name in relations.PROPERTIES if name in given}
    return {**calendar, **changes, "changeKey": identity.change_key(calendar["id"], calendar["changeKey"])}


def _check_name(given: Json, others: list[str]) -> None:
    name: str = (given.get("name") or "").strip()
    if not name:
        raise Fault(400, "ErrorInvalidRequest", "Your request can't be completed. A name is required.")
    if name.casefold() in (other.casefold() for other in others):
        message = f"A folder with the specified name already exists., Could not create folder '{name}'."
        raise Fault(409, "ErrorFolderExists", message)
    given["name"] = name


def _answer_group(call: Call, status: int, group: Json) -> Response:
    return odata.single(call, status, context(call, "calendarGroups"), CALENDAR_GROUP, group)


def _in_calendar(method: str, rest: str, handler: Handler, source: str) -> list[Route]:
    """The routes of a handler for every way to a calendar."""
    return everywhere(method, rest, handler, READ_CALENDARS if method == "GET" else WRITE_CALENDARS, source, mailbox=False)


_DOC = "documentation: api/"
_UNDOCUMENTED = "metadata of Microsoft Graph (no page)"
ROUTES = [
    Route("GET", f"{USER}/calendars", list_calendars, READ_CALENDARS, _DOC + "user-list-calendars"),
    Route("POST", f"{USER}/calendars", create_calendar, WRITE_CALENDARS, _DOC + "user-post-calendars"),
    Route("GET", f"{USER}/calendars/$count", count_calendars, READ_CALENDARS, _UNDOCUMENTED),
    *_in_calendar("GET", "", get_calendar, _DOC + "calendar-get"),
    Route("GET", GROUP_PLACES[1], get_group_calendar, READ_GROUP_EVENTS, _DOC + "calendar-get"),
    *_in_calendar("PATCH", "", update_calendar, _DOC + "calendar-update"),
    *(Route("DELETE", place, delete_calendar, WRITE_CALENDARS, _DOC + "calendar-delete") for place in CALENDARS[1:]),
    *_in_calendar("POST", "/permanentDelete", delete_calendar, _DOC + "calendar-permanentdelete"),
    *_in_calendar("GET", "/allowedCalendarSharingRoles", list_roles, _UNDOCUMENTED),
    Route("GET", f"{USER}/calendarGroups", list_groups, READ_CALENDARS, _DOC + "user-list-calendargroups"),
    Route("POST", f"{USER}/calendarGroups", create_group, WRITE_CALENDARS, _DOC + "user-post-calendargroups"),
    Route("GET", f"{USER}/calendarGroups/$count", count_groups, READ_CALENDARS, _UNDOCUMENTED),
    Route("GET", GROUP, get_group, READ_CALENDARS, _DOC + "calendargroup-get"),
    Route("PATCH", GROUP, update_group, WRITE_CALENDARS, _DOC + "calendargroup-update"),
    Route("DELETE", GROUP, delete_group, WRITE_CALENDARS, _DOC + "calendargroup-delete"),
    Route("GET", f"{GROUP}/calendars", list_calendars, READ_CALENDARS, _DOC + "calendargroup-list-calendars"),
    Route("POST", f"{GROUP}/calendars", create_calendar, WRITE_CALENDARS, _DOC + "calendargroup-post-calendars"),
    Route("GET", f"{GROUP}/calendars/$count", count_calendars, READ_CALENDARS, _UNDOCUMENTED),
]
