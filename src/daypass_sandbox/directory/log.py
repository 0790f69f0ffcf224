"""What changed in the directory, numbered collection by collection: the memory behind its delta queries and notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def note(tenant: Tenant, collection: str, object_id: str, kind: str = "updated") -> int:
    """Note that an object came, changed or went (`created`, `updated`, `deleted`); the number of this change."""
    tenant.happened.append(Change(kind, "", f"{collection}/{object_id}", TYPES[collection]))
    return log_of(tenant.state, collection).note(object_id)
