"""Who is in a group, who owns it, and what groups somebody is in: reading, adding, removing (api/group-list-members and its neighbours)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from daypass.wire import Response

from ..graph import odata, payload
from ..graph.payload import FLAG, TEXT
from ..graph.permissions import READ_GROUPS, READ_MEMBERSHIP, WRITE_MEMBERS
from ..routes import Call, Handler, Permissions, Route
from .kinds import MEMBERS, OBJECT, OWNERS, TYPED_GROUP, TYPED_USER, groups_with, objects
from .log import note
from .objects import bad_request, collection_of, denied, no_such, referred

Json = dict[str, Any]

RELATIONS = {"members": MEMBERS, "owners": OWNERS}
CASTS = {"user": "users", "group": "groups", "serviceprincipal": "servicePrincipals"}


def _group(call: Call) -> Json:
    return call.tenant.state.groups.get(call.path["group_id"]) or _missing(call.path["group_id"])


def _missing(key: str) -> Json:
    raise no_such(key)


def _answer(call: Call, ids: Iterable[str], context: str) -> Response:
    """A list of directory objects, of all types or of the one that the path casts to, or their number."""
    items = objects(call, ids)
    wanted = call.path.get("cast", "").lower()
    if wanted:
        if wanted not in CASTS:
            raise bad_request(f"The type '{call.path['cast']}' is not one that can be listed here.")
        items = [item for item in items if collection_of(call.tenant.state, item["id"]) == CASTS[wanted]]
    kind = {"user": TYPED_USER, "group": TYPED_GROUP}.get(wanted, OBJECT)
    if call.request.url.partition("?")[0].rstrip("/").lower().endswith("/$count"):
        return odata.counted(call, kind, items)
    return odata.listing(call, context, kind, items)


def list_related(call: Call) -> Response:
    """The members or owners of a group."""
    relation = _relation(call)
    return _answer(call, _group(call).get(RELATIONS[relation], ()), "directoryObjects")


def list_transitive_members(call: Call) -> Response:
    """The members of a group and of the groups in it."""
    state, group = call.tenant.state, _group(call)
    seen: dict[str, None] = {}
    waiting = list(group.get(MEMBERS, ()))
    while waiting:
        member = waiting.pop(0)
        if member not in seen and member != group["id"]:
            seen[member] = None
            waiting += state.groups.get(member, {}).get(MEMBERS, ())
    return _answer(call, seen, "directoryObjects")


def _relation(call: Call) -> str:
    path = call.request.url.partition("?")[0].lower()
    return "owners" if "/owners" in path else "members"


def list_references(call: Call) -> Response:
    """References to the members or owners of a group."""
    odata.allow(call)
    relation = _relation(call)
    root = f"{odata.service_root(call)}/directoryObjects"
    references = [{"@odata.id": f"{root}/{record['id']}"} for record in objects(call, _group(call).get(RELATIONS[relation], ()))]
    context = f"{odata.service_root(call)}/$metadata#Collection($ref)"
    return odata.answer(call, 200, {"@odata.context": context, "value": references})


def add_reference(call: Call) -> Response:
    """Add a member or owner to a group (api/group-post-members, api/group-post-owners)."""
    odata.allow(call)
    body = {name.lower(): value for name, value in call.json().items()}
    add(call, _group(call), _relation(call), [referred(call.tenant.state, body.get("@odata.id"))])
    return Response(204)


def add(call: Call, group: Json, relation: str, ids: list[str]) -> None:
    """Add members or owners; Fault 400 for those who are there already, and for groups that are changed in Exchange alone."""
    _refuse_distribution(group)
    known: list[str] = group.setdefault(RELATIONS[relation], [])
    if set(ids) & set(known):
        raise bad_request(f"One or more added object references already exist for the following modified properties: '{relation}'.")
    for object_id in ids:
        if object_id == group["id"] or ("Unified" in group.get("groupTypes", ()) and object_id in call.tenant.state.groups):
            raise bad_request("The group cannot be a member of that group.")
        if relation == "owners" and object_id in call.tenant.state.groups:
            raise bad_request("A group cannot own a group.")
    known.extend(ids)
    _noted(call, group, relation, ids)


def remove_reference(call: Call) -> Response:
    """Take a member or owner out of a group (api/group-delete-members, api/group-delete-owners)."""
    odata.allow(call)
    group, relation, object_id = _group(call), _relation(call), call.path["object_id"]
    _refuse_distribution(group)
    known: list[str] = group.setdefault(RELATIONS[relation], [])
    if object_id not in known:
        raise no_such(object_id)
    if relation == "owners" and len(known) == 1 and "Unified" in group.get("groupTypes", ()):
        raise bad_request("The group must have at least one owner, hence this owner cannot be removed.")
    known.remove(object_id)
    _noted(call, group, relation, [object_id])
    return Response(204)


def _noted(call: Call, group: Json, relation: str, ids: Iterable[str]) -> None:
    note(call.tenant, "groups", group["id"], aspects=[f"{relation}/{object_id}" for object_id in ids])


def _refuse_distribution(group: Json) -> None:
    if group.get("mailEnabled") and "Unified" not in group.get("groupTypes", ()):
        raise bad_request("Cannot Update a mail-enabled security groups and or distribution list.")


# --- what groups somebody is in ------------------------------------------------------------------------------------


def list_groups_of(call: Call) -> Response:
    """The groups that a user or a group is in; `transitiveMemberOf` follows groups in groups."""
    object_id = call.path.get("user_id") or _group(call)["id"]
    _check_reach(call, object_id)
    nested = "/transitivememberof" in call.request.url.partition("?")[0].lower()
    return _answer(call, groups_with(call, object_id, nested=nested), "directoryObjects")


def _check_reach(call: Call, object_id: str) -> None:
    """Everybody may look for themselves with a permission for their own profile; it takes more to look for others."""
    if object_id != call.caller.user_id and not call.caller.scopes & set(READ_MEMBERSHIP.application):
        raise denied()


def get_member_groups(call: Call) -> Response:
    """The ids of all groups that a user is in (api/directoryobject-getmembergroups)."""
    odata.allow(call)
    _check_reach(call, call.path["user_id"])
    body: Json = payload.read(call.json(), {"securityEnabledOnly": FLAG}, "getMemberGroups")
    groups = call.tenant.state.groups
    ids = groups_with(call, call.path["user_id"], nested=True)
    return _ids(call, [group_id for group_id in ids if groups[group_id].get("securityEnabled") or not body.get("securityEnabledOnly")])


def check_member_groups(call: Call) -> Response:
    """Those of the named groups that a user is in (api/directoryobject-checkmembergroups)."""
    odata.allow(call)
    _check_reach(call, call.path["user_id"])
    body: Json = payload.read(call.json(), {"groupIds": [TEXT]}, "checkMemberGroups")
    asked = cast("list[str]", body.get("groupIds") or [])
    if len(asked) > 20:
        raise bad_request("At most 20 groups can be checked in one request.")
    inside = groups_with(call, call.path["user_id"], nested=True)
    return _ids(call, [group_id for group_id in asked if group_id in inside])


def _ids(call: Call, ids: list[str]) -> Response:
    return odata.answer(call, 200, {"@odata.context": f"{odata.service_root(call)}/$metadata#Collection(Edm.String)", "value": ids})


_DOC = "documentation: api/"
_SEEN = "; refusals observed by others"
_GROUP = "/groups/{group_id}"
_LISTS = ("", "/$count", "/{cast}", "/{cast}/$count")  # all, how many, those of one type, and how many


def _lists(path: str, handler: Handler, permissions: Permissions, source: str) -> list[Route]:
    return [Route("GET", path + rest, handler, permissions, source) for rest in _LISTS]


def _of_a_group(relation: str) -> list[Route]:
    path = f"{_GROUP}/{relation}"
    return [
        *_lists(path, list_related, READ_GROUPS, f"{_DOC}group-list-{relation}"),
        Route("GET", f"{path}/$ref", list_references, READ_GROUPS, f"{_DOC}group-list-{relation}"),
        Route("POST", f"{path}/$ref", add_reference, WRITE_MEMBERS, f"{_DOC}group-post-{relation}{_SEEN}"),
        Route("DELETE", f"{path}/{{object_id}}/$ref", remove_reference, WRITE_MEMBERS, f"{_DOC}group-delete-{relation}{_SEEN}"),
    ]


ROUTES = [
    *_of_a_group("members"),
    *_of_a_group("owners"),
    *_lists(f"{_GROUP}/transitiveMembers", list_transitive_members, READ_GROUPS, _DOC + "group-list-transitivemembers"),
    *_lists(f"{_GROUP}/memberOf", list_groups_of, READ_GROUPS, _DOC + "group-list-memberof"),
    *_lists(f"{_GROUP}/transitiveMemberOf", list_groups_of, READ_GROUPS, _DOC + "group-list-transitivememberof"),
    *_lists("/users/{user_id}/memberOf", list_groups_of, READ_MEMBERSHIP, _DOC + "user-list-memberof"),
    *_lists("/users/{user_id}/transitiveMemberOf", list_groups_of, READ_MEMBERSHIP, _DOC + "user-list-transitivememberof"),
    Route("POST", "/users/{user_id}/getMemberGroups", get_member_groups, READ_MEMBERSHIP, _DOC + "directoryobject-getmembergroups"),
    Route("POST", "/users/{user_id}/checkMemberGroups", check_member_groups, READ_MEMBERSHIP, _DOC + "directoryobject-checkmembergroups"),
]
