"""What changed in the directory, numbered collection by collection: the memory behind its delta queries and notifications."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..changes import Change, ChangeLog

if TYPE_CHECKING:
    from ..tenant import State, Tenant

# the collections of the directory that can be asked for their changes, and Graph's names for what is in them
TYPES = {
    "users": "user",
    "groups": "group",
    "applications": "application",
    "servicePrincipals": "servicePrincipal",
    "oauth2PermissionGrants": "oAuth2PermissionGrant",
}


def log_of(state: State, collection: str) -> ChangeLog:
    """The log of one collection."""
    return ChangeLog(state.directory_logs.setdefault(collection, {}))


def note(tenant: Tenant, collection: str, object_id: str, kind: str = "updated", aspects: Iterable[str] = ("",)) -> int:
    """Note that an object came, changed or went (`created`, `updated`, `deleted`); the number of this change.

    `aspects` are what of it changed: names of properties, `members/{id}` for a relation to another object, "" for all of it.
    """
    tenant.happened.append(Change(kind, "", f"{collection}/{object_id}", TYPES[collection]))
    return log_of(tenant.state, collection).note(object_id, aspects=aspects)


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The members that two versions of an object, as they are shown, do not have in common."""
    return [name for name in {**before, **after} if before.get(name) != after.get(name)]


def related(tenant: Tenant, object_id: str) -> None:
    """Note for all that lead to an object (groups it is in or owns, people it manages) that it went, or is back."""
    state = tenant.state
    for group_id, group in state.groups.items():
        aspects = [f"{name}/{object_id}" for name in ("members", "owners") if object_id in group.get(f"x-{name}", ())]
        if aspects:
            note(tenant, "groups", group_id, aspects=aspects)
    for user_id, user in state.users.items():
        if user.get("x-manager") == object_id:
            note(tenant, "users", user_id, aspects=[f"manager/{object_id}"])
