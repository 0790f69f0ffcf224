"""Groups: `/groups`, reading, following, creating, changing and deleting them (resources/group).

A Microsoft 365 group (`Unified`) has a mailbox of its own, in `state.mailboxes` under the group's id. Members and owners are kept in
`x-members` and `x-owners`.
"""

from __future__ import annotations

import operator
from typing import Any, cast

from daypass.wire import Response

from ..calendar.calendars import new_mailbox
from ..clock import graph_stamp
from ..graph import odata, payload
from ..graph.permissions import CREATE_GROUPS, DELETE_GROUPS, READ_GROUP, READ_GROUPS, WRITE_GROUP
from ..routes import Call, Fault, Route
from . import members, shapes
from .following import follow
from .kinds import GROUP, show_group
from .log import differing, note
from .objects import (
    bad_request,
    bound,
    bury,
    check_lengths,
    conflict,
    given,
    invalid_value,
    merged,
    missing_value,
    no_such,
    not_built,
)
from .user_changes import MAILBOX_ZONE, NICKNAME

Json = dict[str, Any]

MOST_BOUND = 20  # members or owners that one request may add


def group_of(call: Call) -> Json:
    """The group of the path; Fault 404."""
    group = call.tenant.state.groups.get(call.path["group_id"])
    if group is None:
        raise no_such(call.path["group_id"])
    return group


def list_groups(call: Call) -> Response:
    """The groups of the tenant (api/group-list); what Exchange keeps of them is not to be had of a list."""
    exchange = {name.lower() for name in (*shapes.GROUP_EXCHANGE, "unseenCount")}
    for name in call.query.get("$select", "").split(","):
        if name.strip().lower() in exchange:
            raise Fault(501, "NotImplemented", f"The property '{name.strip()}' of a group is only to be had of one group.")
    return odata.listing(call, "groups", GROUP, list(call.tenant.state.groups.values()))


def count_groups(call: Call) -> Response:
    """How many groups there are (api/group-list)."""
    return odata.counted(call, GROUP, list(call.tenant.state.groups.values()))


def get_group(call: Call) -> Response:
    """One group (api/group-get)."""
    odata.allow(call, "$select", "$expand")
    return odata.single(call, 200, "groups", GROUP, group_of(call))


def follow_groups(call: Call) -> Response:
    """The groups and who is in them, then what changed; who owns them for those who select it (api/group-delta)."""
    leads = {name: operator.methodcaller("get", kept, ()) for name, kept in members.RELATIONS.items()}
    return follow(call, "groups", GROUP, call.tenant.state.groups, relations=leads, unasked=["members"])


# --- changing ------------------------------------------------------------------------------------------------------


def create_group(call: Call) -> Response:
    """Create a group: a Microsoft 365 group with a mailbox, or a security group (api/group-post-groups)."""
    odata.allow(call)
    tenant = call.tenant
    inside, owners = bound(call, "members") or [], bound(call, "owners") or []
    if len(inside) + len(owners) > MOST_BOUND:
        raise bad_request(f"At most {MOST_BOUND} members and owners can be added in one request.")
    values = _wanted(call)
    if values["groupTypes"] and not owners and call.caller.user_id:
        owners = [call.caller.user_id]
    group: Json = {**_founded(call, values), "x-members": inside, "x-owners": owners}
    tenant.state.groups[group["id"]] = group
    if "Unified" in values["groupTypes"]:
        box = tenant.state.mailboxes.get(call.caller.user_id, {})
        tenant.state.mailboxes[group["id"]] = new_mailbox(tenant.new_id, box.get("timeZone", MAILBOX_ZONE))
    note(tenant, "groups", group["id"], "created")
    return odata.single(call, 201, "groups", GROUP, group)


def _wanted(call: Call) -> Json:
    """What a new group is to be; Fault 400 for what none can be."""
    values = _given(call)
    for name in ("displayName", "mailEnabled", "mailNickname", "securityEnabled"):
        if values.get(name) in (None, ""):
            raise missing_value(name, "Group")
    values["groupTypes"] = values.get("groupTypes") or []
    _check_kind(values)
    _check_nickname(call, values, "")
    return values


def _founded(call: Call, values: Json) -> Json:
    """A new group of these values, with what the service adds."""
    unified = "Unified" in values["groupTypes"]
    mail = f"{values['mailNickname']}@{call.tenant.state.domains[0]}" if unified else None
    now = graph_stamp(call.tenant.clock.now())
    return {
        "id": call.tenant.new_id("user"),
        "createdDateTime": now,
        "visibility": "Public" if unified else "Private",
        **payload.without_nulls(values),
        **({"mail": mail, "proxyAddresses": [f"SMTP:{mail}"]} if mail else {}),
        "renewedDateTime": now,
    }


def _given(call: Call) -> Json:
    values = given(call, shapes.GROUP, "Group", shapes.GROUP_READ_ONLY)
    check_lengths(values, shapes.GROUP_LENGTHS, "Group")
    return values


def _check_kind(values: Json) -> None:
    """Fault 400 for a combination of properties that is no kind of group one can make through Graph."""
    types = cast("list[str]", values["groupTypes"])
    if not set(types) <= {"Unified", "DynamicMembership"}:
        raise invalid_value("groupTypes", "Group")
    if "DynamicMembership" in types or values.get("membershipRule"):
        raise not_built("A group with dynamic membership")
    if "Unified" in types and not values["mailEnabled"]:
        raise bad_request("The mail-enablement property of a Microsoft 365 group must be set.", target="mailEnabled", code="InvalidValue")
    if "Unified" not in types and values["mailEnabled"]:
        cure = "Please ensure that the mail-enablement property is unset and the security-enablement property is set."
        raise bad_request(f"The service does not currently support writes of mail-enabled groups. {cure}")
    if "Unified" not in types and not values["securityEnabled"]:
        raise bad_request("A group must be security-enabled, mail-enabled or both.", target="securityEnabled", code="InvalidValue")
    if values.get("isAssignableToRole") and not values["securityEnabled"]:
        raise bad_request("A group that roles can be assigned to must be security-enabled.", target="securityEnabled", code="InvalidValue")
    if values.get("visibility") == "HiddenMembership" and "Unified" not in types:
        raise invalid_value("visibility", "Group")


def _check_nickname(call: Call, values: Json, own_id: str) -> None:
    nickname = values.get("mailNickname")
    if nickname is None:
        return
    if not nickname.isascii() or not NICKNAME.fullmatch(nickname) or "." in nickname:
        raise invalid_value("mailNickname", "Group")
    taken = {g["mailNickname"].lower() for g in call.tenant.state.groups.values() if g["id"] != own_id and g.get("mailEnabled")}
    if nickname.lower() in taken and values.get("mailEnabled", True):
        raise conflict("mailNickname")


def update_group(call: Call) -> Response:
    """Change a group, or add up to twenty members (`members@odata.bind`); what Exchange keeps of it is changed alone (api/group-update)."""
    odata.allow(call)
    group = group_of(call)
    added = bound(call, "members")
    values = _given(call)
    exchange = set(values) & set(shapes.GROUP_EXCHANGE)
    if exchange and (set(values) - exchange or added):
        raise bad_request("Properties that Exchange keeps must be changed in a request of their own.")
    if added is not None and len(added) > MOST_BOUND:
        raise bad_request(f"At most {MOST_BOUND} members can be added in one request.")
    _check_change(group, values)
    _check_nickname(call, {"mailEnabled": group.get("mailEnabled"), **values}, group["id"])
    if added:
        members.add(call, group, "members", added)
    changed = {**group, **{name: merged(group.get(name), value) for name, value in values.items()}}
    call.tenant.state.groups[group["id"]] = changed
    note(call.tenant, "groups", group["id"], aspects=differing(show_group(group), show_group(changed)))
    return Response(200 if exchange else 204)


def _check_change(group: Json, values: Json) -> None:
    """Fault 400 for what a group cannot become after it was made."""
    if "displayName" in values and not values["displayName"]:
        raise invalid_value("displayName", "Group")
    for name in ("groupTypes", "mailEnabled", "isAssignableToRole"):
        if name in values and values[name] != group.get(name, False if name == "isAssignableToRole" else None):
            raise bad_request(f"Property '{name}' cannot be changed after the group was created.", target=name, code="InvalidValue")
    if values.get("visibility") == "HiddenMembership" and group.get("visibility") != "HiddenMembership":
        raise invalid_value("visibility", "Group")


def delete_group(call: Call) -> Response:
    """Delete a group; a Microsoft 365 group can be restored for thirty days with its mailbox, any other is gone (api/group-delete)."""
    odata.allow(call)
    group, state = group_of(call), call.tenant.state
    bury(call, "groups", group["id"], mailbox=state.mailboxes.pop(group["id"], None))
    if "Unified" not in group.get("groupTypes", ()):
        del state.deleted[group["id"]]
    return Response(204)


_DOC = "documentation: api/"
ROUTES = [
    Route("GET", "/groups", list_groups, READ_GROUPS, _DOC + "group-list"),
    Route("POST", "/groups", create_group, CREATE_GROUPS, _DOC + "group-post-groups; refusals observed by others"),
    Route("GET", "/groups/$count", count_groups, READ_GROUPS, _DOC + "group-list"),
    Route("GET", "/groups/delta", follow_groups, READ_GROUPS, _DOC + "group-delta"),
    Route("GET", "/groups/{group_id}", get_group, READ_GROUP, _DOC + "group-get"),
    Route("PATCH", "/groups/{group_id}", update_group, WRITE_GROUP, _DOC + "group-update"),
    Route("DELETE", "/groups/{group_id}", delete_group, DELETE_GROUPS, _DOC + "group-delete"),
]
