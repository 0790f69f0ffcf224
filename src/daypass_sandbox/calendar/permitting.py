"""The permissions of a calendar over HTTP: who sees it, as what, given and taken away by its owner.

Facts: Graph's pages api/calendar-list-calendarpermissions, api/calendar-post-calendarpermissions, api/calendarpermission-get, -update,
-delete. Only the role of a permission can change; others than the owner see an empty list.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from daypass.wire import Response

from ..directory import people
from ..graph import odata, payload
from ..graph.payload import FLAG, LIST, TEXT, read_only
from ..graph.permissions import READ_CALENDARS, WRITE_CALENDARS
from ..routes import Call, Fault, Route, access_denied, not_found
from . import sharing
from .access import CALENDARS, context, opened, owner_id
from .mailbox import Mailbox, open_mailbox

Json = dict[str, Any]

SHAPE: Json = {
    **read_only(TEXT, "id"),
    "role": tuple(sharing.ROLES),
    "emailAddress": {"name": TEXT, "address": TEXT},
    "isInsideOrganization": FLAG,
    "isRemovable": FLAG,
    **read_only(LIST, "allowedRoles"),
}
PERMISSION: odata.Kind[Json] = odata.Kind(
    "calendarPermission", ("id", "isRemovable", "isInsideOrganization", "role", "allowedRoles", "emailAddress")
)


def list_permissions(call: Call) -> Response:
    """All permissions of a calendar; nobody's but for its owner."""
    return odata.listing(call, _place(call), PERMISSION, _known(call))


def count_permissions(call: Call) -> Response:
    """How many there are."""
    return odata.counted(call, PERMISSION, _known(call))


def get_permission(call: Call) -> Response:
    """One permission."""
    odata.allow(call, "$select")
    return odata.single(call, 200, _place(call), PERMISSION, _found(call))


def create_permission(call: Call) -> Response:
    """Share the calendar with somebody, once."""
    odata.allow(call)
    box, given = _own(call), payload.read(call.json(), SHAPE, "calendarPermission")
    calendar = box.calendar(call.path.get("calendar_id"))
    whom: Json = given.get("emailAddress") or {}
    address: str = whom.get("address") or ""
    if "@" not in address:
        raise Fault(400, "ErrorInvalidRequest", "Your request can't be completed. A permission needs the emailAddress of whom it is for.")
    state = call.tenant.state
    inside = address.rpartition("@")[2].lower() in state.domains
    _check_role(given.get("role"), sharing.allowed_roles(calendar, inside=inside))
    name = people.display_name(state.users, address) or whom.get("name") or address
    made = sharing.permission(calendar, given["role"], name, address, inside=inside)
    known = sharing.permissions_of(calendar)
    if any(other["id"] == made["id"] for other in known):
        raise Fault(409, "ErrorCalendarAlreadyShared", "The calendar is already shared with this recipient.")
    _keep(box, calendar, [*known, made])
    _mount(call, calendar, address)
    return odata.single(call, 201, _place(call), PERMISSION, made)


def update_permission(call: Call) -> Response:
    """Another role; nothing else of a permission can change."""
    odata.allow(call)
    box, given, permission = _own(call), payload.read(call.json(), SHAPE, "calendarPermission"), _found(call)
    _check_role(given.get("role"), permission["allowedRoles"])
    changed = {**permission, "role": given["role"]}
    calendar = box.calendar(call.path.get("calendar_id"))
    _keep(box, calendar, [changed if other["id"] == changed["id"] else other for other in sharing.permissions_of(calendar)])
    return odata.single(call, 200, _place(call), PERMISSION, changed)


def delete_permission(call: Call) -> Response:
    """Stop sharing with somebody; the permission for everybody stays."""
    odata.allow(call)
    box, permission = _own(call), _found(call)
    if not permission["isRemovable"]:
        raise Fault(400, "ErrorInvalidRequest", "Your request can't be completed. This permission can't be removed.")
    calendar = box.calendar(call.path.get("calendar_id"))
    _keep(box, calendar, [other for other in sharing.permissions_of(calendar) if other["id"] != permission["id"]])
    return Response(204)


def _own(call: Call) -> Mailbox:
    """The mailbox of the path, for its owner and for apps; Fault 403 for anybody else, and in a calendar that somebody else shares."""
    box = open_mailbox(call.tenant, owner_id(call))
    if not _is_owners(call) or "sharedBy" in box.calendar(call.path.get("calendar_id")):
        raise access_denied()
    return box


def _is_owners(call: Call) -> bool:
    return call.caller.is_app or call.caller.user_id == owner_id(call)


def _known(call: Call) -> list[Json]:
    calendar = opened(call).calendar(call.path.get("calendar_id"))
    return sharing.permissions_of(calendar) if _is_owners(call) and "sharedBy" not in calendar else []


def _found(call: Call) -> Json:
    for known in _known(call):
        if known["id"] == call.path["permission_id"]:
            return known
    raise not_found()


def _check_role(role: str | None, allowed: tuple[str, ...] | list[str]) -> None:
    if role not in allowed:
        raise Fault(400, "ErrorInvalidRequest", f"Your request can't be completed. The role must be one of {', '.join(allowed)}.")


def _keep(box: Mailbox, calendar: Json, permissions: list[Json]) -> None:
    box.calendars[calendar["id"]] = {**calendar, "permissions": permissions}


def _mount(call: Call, calendar: Json, address: str) -> None:
    """A calendar comes into the list of whom it is shared with, under an id of its own there, as if they had accepted it at once."""
    user_id = people.resolve(call.tenant.state, address)
    if user_id is None or user_id not in call.tenant.state.mailboxes:
        return
    owner = call.tenant.state.users[owner_id(call)]
    sharing.mount(open_mailbox(call.tenant, user_id), calendar, owner, call.tenant.new_id("calendar"))


def _place(call: Call) -> str:
    calendar_id = call.path.get("calendar_id")
    return context(call, f"calendars('{calendar_id}')/calendarPermissions" if calendar_id else "calendar/calendarPermissions")


_DOC = "documentation: api/"
_ONE = "/calendarPermissions/{permission_id}"
_TABLE = (
    ("GET", "/calendarPermissions", list_permissions, READ_CALENDARS, "calendar-list-calendarpermissions"),
    ("GET", "/calendarPermissions/$count", count_permissions, READ_CALENDARS, "calendar-list-calendarpermissions"),
    ("POST", "/calendarPermissions", create_permission, WRITE_CALENDARS, "calendar-post-calendarpermissions"),
    ("GET", _ONE, get_permission, READ_CALENDARS, "calendarpermission-get"),
    ("PATCH", _ONE, update_permission, WRITE_CALENDARS, "calendarpermission-update"),
    ("DELETE", _ONE, delete_permission, WRITE_CALENDARS, "calendarpermission-delete"),
)
ROUTES = [
    Route(method, place + rest, partial(handler), permissions, _DOC + page)
    for place in CALENDARS
    for method, rest, handler, permissions, page in _TABLE
]
