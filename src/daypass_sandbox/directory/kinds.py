"""How users, groups and objects of either sort are shown, and which relations lead from one to the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from ..graph import odata, values
from ..graph.clauses import Expand
from ..graph.filters import walked
from ..graph.odata import Kind
from ..graph.services import DIRECTORY
from ..graph.values import Types
from ..routes import Call
from . import shapes
from .objects import collection_of, found

Json = dict[str, Any]
Expander = Callable[[Call, Json, Expand], Any]

USER_ON_SELECT = tuple(sorted(set(shapes.USER) - {*shapes.USER_DEFAULT, *shapes.USER_UNBUILT}))
GROUP_ON_SELECT = (*shapes.GROUP_ON_SELECT, *shapes.GROUP_EXCHANGE, "unseenCount", "hasMembersWithLicenseErrors")
GROUP_AT_FIRST: Json = {
    **dict.fromkeys(shapes.GROUP_EXCHANGE, False),
    "isSubscribedByMail": True,
    "unseenCount": 0,
    "hasMembersWithLicenseErrors": False,
}
DEEPEST = 1000  # managers above managers
MEMBERS, OWNERS = "x-members", "x-owners"


# --- how they are shown ----------------------------------------------------------------------------------------------


def show_user(user: Json) -> Json:
    """A user with every property there is; what follows from others is worked out."""
    values = shapes.shown(user, (*shapes.USER_DEFAULT, *USER_ON_SELECT), shapes.USER_COLLECTIONS)
    values["userType"] = values["userType"] or "Member"
    if values["mail"] and not values["proxyAddresses"]:
        values["proxyAddresses"] = [f"SMTP:{values['mail']}"]
    return values


def show_group(group: Json) -> Json:
    """A group with every property there is; those of Exchange as they are at first."""
    values = shapes.shown(group, (*shapes.GROUP_DEFAULT, *GROUP_ON_SELECT), shapes.GROUP_COLLECTIONS)
    return {**values, **{name: value for name, value in GROUP_AT_FIRST.items() if values[name] is None}}


def show_object(record: Json) -> Json:
    """A user, group or service principal with the name of its type."""
    if "appId" in record:
        return {"@odata.type": "#microsoft.graph.servicePrincipal", **{name: record[name] for name in record if not name.startswith("x-")}}
    if "userPrincipalName" in record:
        return {"@odata.type": "#microsoft.graph.user", **show_user(record)}
    return {"@odata.type": "#microsoft.graph.group", **show_group(record)}


# --- what leads where ------------------------------------------------------------------------------------------------


def objects(call: Call, ids: Iterable[str]) -> list[Json]:
    """The objects of these ids that are there."""
    state = call.tenant.state
    return [found(state, object_id) for object_id in ids if collection_of(state, object_id)]


def reports_to(call: Call, user_id: str) -> list[Json]:
    """Those whose manager somebody is."""
    return [user for user in call.tenant.state.users.values() if user.get("x-manager") == user_id]


def groups_with(call: Call, object_id: str, *, nested: bool = False) -> list[str]:
    """The ids of the groups that somebody is in, or with `nested` those of the groups these are in too."""
    ids: dict[str, None] = {}
    waiting = [object_id]
    while waiting:
        inner = waiting.pop(0)
        for group_id, group in call.tenant.state.groups.items():
            if inner in group.get(MEMBERS, ()) and group_id not in ids:
                ids[group_id] = None
                waiting += [group_id] if nested else []
    return list(ids)


def _manager(call: Call, user: Json, asked: Expand) -> Json | None:
    """The manager, and with `$levels` the managers above (api/user-list-manager)."""
    above = call.tenant.state.users.get(user.get("x-manager", ""))
    if above is None:
        return None
    shown = odata.nested_one(call, TYPED_USER, above, replace(asked, levels="", expand=""))
    left = DEEPEST if asked.levels == "max" else int(asked.levels or 1)
    if shown is not None and left > 1:
        shown["manager"] = _manager(call, above, replace(asked, levels=str(left - 1)))
    return shown


def _reports(call: Call, user: Json, asked: Expand) -> list[Json]:
    return odata.nested(call, TYPED_USER, reports_to(call, user["id"]), asked)


def _groups(call: Call, record: Json, asked: Expand) -> list[Json]:
    return odata.nested(call, OBJECT, objects(call, groups_with(call, record["id"])), asked)


def _kept_in(member: str) -> Expander:
    return lambda call, group, asked: odata.nested(call, OBJECT, objects(call, group.get(member, ())), asked)


# --- what can be asked of them -----------------------------------------------------------------------------------------


def value_of(show: Callable[[Json], Json]) -> Callable[[Json, str], Any]:
    """What an object has at a path: as it is kept, or where it is not kept as it is shown."""

    def value(record: Json, path: str) -> Any:
        root, *rest = path.split("/")
        kept = record.get(root)
        return walked(show(record).get(root) if kept is None else kept, rest)

    return value


_LICENSES = {
    "assignedLicenses": f"Collection({values.COMPLEX})",
    "assignedLicenses/skuId": values.GUID,
    "assignedLicenses/disabledPlans": f"Collection({values.GUID})",
    "assignedPlans": f"Collection({values.COMPLEX})",
    "assignedPlans/servicePlanId": values.GUID,
    "assignedPlans/service": values.TEXT,
    "assignedPlans/capabilityStatus": values.TEXT,
    "proxyAddresses": f"Collection({values.TEXT})",
    "imAddresses": f"Collection({values.TEXT})",
}
_KEYS = dict.fromkeys(("id", "mail", "creationType", "securityIdentifier"), values.TEXT)
USER_TYPES = Types({**values.types_of(shapes.USER), **_LICENSES, **_KEYS})
GROUP_TYPES = Types({**values.types_of(shapes.GROUP), **_LICENSES, **_KEYS, "hasMembersWithLicenseErrors": values.FLAG})
_UNBUILT = (
    *("appRoleAssignments", "calendar", "createdOnBehalfOf", "drive", "events", "extensions", "licenseDetails", "oauth2PermissionGrants"),
    *("ownedDevices", "ownedObjects", "photo", "registeredDevices", "sponsors", "transitiveMemberOf", "transitiveMembers"),
)
_EXTENSION_ATTRIBUTES = tuple(path for path in USER_TYPES if path.startswith("onPremisesExtensionAttributes/"))

USER: Kind[Json] = Kind(
    name="user",
    properties=shapes.USER_DEFAULT,
    hidden=USER_ON_SELECT,
    orderable=("displayName", "userPrincipalName", "createdDateTime", "deletedDateTime"),
    filterable=(*shapes.USER_FILTERABLE, *_EXTENSION_ATTRIBUTES),
    show=show_user,
    value=value_of(show_user),
    expandable={"manager": _manager, "directReports": _reports, "memberOf": _groups},
    types=USER_TYPES,
    service=DIRECTORY,
    advanced=(*shapes.USER_ADVANCED_ONLY, *_EXTENSION_ATTRIBUTES),
    levelled=("manager",),
    unexpandable=("events", "messages", "photo"),  # concepts/query-parameters
    unbuilt=(*shapes.USER_UNBUILT, *_UNBUILT),
    keeps_id=False,
)
TYPED_USER: Kind[Json] = replace(USER, show=show_object)
GROUP: Kind[Json] = Kind(
    name="group",
    properties=shapes.GROUP_DEFAULT,
    hidden=GROUP_ON_SELECT,
    orderable=("displayName", "deletedDateTime"),
    filterable=shapes.GROUP_FILTERABLE,
    show=show_group,
    value=value_of(show_group),
    expandable={"members": _kept_in(MEMBERS), "owners": _kept_in(OWNERS), "memberOf": _groups},
    types=GROUP_TYPES,
    service=DIRECTORY,
    advanced=shapes.GROUP_ADVANCED_ONLY,
    unbuilt=_UNBUILT,
    keeps_id=False,
)
TYPED_GROUP: Kind[Json] = replace(GROUP, show=show_object)
_NAMES = tuple(dict.fromkeys((*shapes.USER_DEFAULT, *shapes.GROUP_DEFAULT, "appId", "appDisplayName", "servicePrincipalType")))
OBJECT: Kind[Json] = Kind(
    name="directoryObject",
    properties=_NAMES,
    hidden=tuple(name for name in dict.fromkeys((*USER_ON_SELECT, *GROUP_ON_SELECT)) if name not in _NAMES),
    orderable=("displayName",),
    filterable=("id", "displayName", "mail", "userPrincipalName", "userType", "accountEnabled", "mailEnabled", "securityEnabled"),
    show=show_object,
    value=value_of(show_object),
    types=Types({**GROUP_TYPES, **USER_TYPES}),
    service=DIRECTORY,
    unbuilt=_UNBUILT,
    keeps_id=False,
)
