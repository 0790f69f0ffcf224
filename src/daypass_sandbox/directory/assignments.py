"""App roles that users, groups and service principals were assigned (resources/approleassignment).

A role of Microsoft Graph that a service principal has is an application permission: tokens of that app bear it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from daypass.wire import Response

from ..entra import apps
from ..graph import odata, values
from ..graph.odata import Kind
from ..graph.payload import INSTANT, TEXT, read_only
from ..graph.permissions import ASSIGN_ROLES, READ_ROLES
from ..graph.services import DIRECTORY
from ..graph.values import Types
from ..routes import Call, Route
from .app_kinds import principal_kind, principal_of
from .objects import GUID, bad_request, collection_of, found, given, missing_value, no_such

Json = dict[str, Any]

DEFAULT_ROLE = "00000000-0000-0000-0000-000000000000"  # of apps that define none
TYPES = {"users": "User", "groups": "Group", "servicePrincipals": "ServicePrincipal"}
NAMES = (
    *("id", "deletedDateTime", "appRoleId", "createdDateTime", "principalDisplayName", "principalId", "principalType"),
    *("resourceDisplayName", "resourceId"),
)
SHAPE: Json = {
    **dict.fromkeys(("appRoleId", "principalId", "resourceId"), TEXT),
    **read_only(TEXT, "principalDisplayName", "principalType", "resourceDisplayName"),
    **read_only(INSTANT, "createdDateTime", "deletedDateTime"),
}


def _kind(call: Call) -> Kind[Json]:
    state = call.tenant.state

    def show(record: Json) -> Json:
        collection = collection_of(state, record["principalId"]) or "servicePrincipals"
        names = {"principalDisplayName": record["principalId"], "resourceDisplayName": record["resourceId"]}
        known = {name: found(state, key)["displayName"] for name, key in names.items() if collection_of(state, key)}
        values_of = {**{name: record.get(name) for name in NAMES}, **known, "principalType": TYPES[collection]}
        return {name: values_of[name] for name in NAMES}

    texts = dict.fromkeys(NAMES, values.TEXT) | dict.fromkeys(("appRoleId", "principalId", "resourceId"), values.GUID)
    types = Types(texts | {"createdDateTime": values.INSTANT, "deletedDateTime": values.INSTANT})
    sortable = ("principalDisplayName", "createdDateTime")
    return Kind("appRoleAssignment", NAMES, orderable=sortable, show=show, types=types, service=DIRECTORY, keeps_id=False)


def _assigned(call: Call) -> tuple[str, str, list[Json]]:
    """The object of the path, which end of an assignment it is (`principalId`, `resourceId`), and its assignments."""
    own, end = _object(call)["id"], "resourceId" if "/approleassignedto" in call.request.url.lower() else "principalId"
    return own, end, [one for one in call.tenant.state.app_role_assignments.values() if one[end] == own]


def _object(call: Call) -> Json:
    if "principal_id" in call.path:
        return principal_of(call)
    return found(call.tenant.state, call.path.get("user_id") or call.path["group_id"])


def _context(call: Call) -> str:
    own, end, _ = _assigned(call)
    collection = collection_of(call.tenant.state, own)
    return f"{collection}('{own}')/{'appRoleAssignedTo' if end == 'resourceId' else 'appRoleAssignments'}"


def list_assignments(call: Call) -> Response:
    """What an object was assigned, or who was assigned roles of a resource."""
    return odata.listing(call, _context(call), _kind(call), _assigned(call)[2])


def get_assignment(call: Call) -> Response:
    """One assignment."""
    odata.allow(call, "$select")
    return odata.single(call, 200, _context(call), _kind(call), _one(call))


def _one(call: Call) -> Json:
    for record in _assigned(call)[2]:
        if record["id"] == call.path["assignment_id"]:
            return record
    raise no_such(call.path["assignment_id"])


def assign(call: Call) -> Response:
    """Assign a role of a resource to a user, group or service principal."""
    odata.allow(call)
    own, end, _ = _assigned(call)
    body, state = given(call, SHAPE, "AppRoleAssignment"), call.tenant.state
    for name in ("principalId", "resourceId", "appRoleId"):
        if not GUID.fullmatch(body.get(name) or ""):
            raise missing_value(name, "AppRoleAssignment")
    if body[end] != own:
        raise bad_request(f"The {end} of the assignment is not the object of the request.", target=end, code="InvalidValue")
    if collection_of(state, body["principalId"]) is None:
        raise no_such(body["principalId"])
    resource = state.service_principals.get(body["resourceId"])
    if resource is None:
        raise no_such(body["resourceId"])
    _check_role(call, resource, body["appRoleId"])
    wanted = {name: body[name] for name in ("principalId", "resourceId", "appRoleId")}
    if any(wanted.items() <= record.items() for record in state.app_role_assignments.values()):
        raise bad_request("Permission being assigned already exists on the object")
    record = apps.assign_role(call.tenant, body["principalId"], body["resourceId"], body["appRoleId"])
    return odata.entity(call, 201, _context(call), _kind(call).show(record))


def _check_role(call: Call, resource: Json, role_id: str) -> None:
    offered = principal_kind(call.tenant.state).show(resource)["appRoles"]
    if role_id not in {role["id"] for role in offered} and (offered or role_id != DEFAULT_ROLE):
        raise bad_request(f"Permission being assigned was not found on application '{resource['displayName']}'.")


def unassign(call: Call) -> Response:
    """Take back an assignment."""
    odata.allow(call)
    del call.tenant.state.app_role_assignments[_one(call)["id"]]
    return Response(204)


def _routes(path: str, kind: str, relation: str) -> list[Route]:
    source = f"documentation: api/{kind}"
    name, one = relation.lower(), f"{path}/{relation}/{{assignment_id}}"
    make: Callable[..., Route] = Route
    return [
        make("GET", f"{path}/{relation}", list_assignments, READ_ROLES, f"{source}-list-{name}"),
        make("POST", f"{path}/{relation}", assign, ASSIGN_ROLES, f"{source}-post-{name}; refusals observed by others"),
        make("GET", one, get_assignment, READ_ROLES, "documentation: api/approleassignment-get"),
        make("DELETE", one, unassign, ASSIGN_ROLES, f"{source}-delete-{name}"),
    ]


ROUTES = [
    *_routes("/servicePrincipals/{principal_id}", "serviceprincipal", "appRoleAssignments"),
    *_routes("/servicePrincipals/{principal_id}", "serviceprincipal", "appRoleAssignedTo"),
    *_routes("/users/{user_id}", "user", "appRoleAssignments"),
    *_routes("/groups/{group_id}", "group", "appRoleAssignments"),
]
