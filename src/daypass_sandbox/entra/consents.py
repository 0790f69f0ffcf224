"""What was granted to which app: the one truth behind sign-in and behind Graph's `oauth2PermissionGrants`.

`state.consents` maps "user app resource" to the names of delegated permissions; the user is `*` where an administrator granted
them for everybody. The resource is the id of the app that offers them, or the name it was asked by where this tenant does not know it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..directory.log import note
from ..routes import Call
from . import apps
from .graph_api import GRAPH_APP_ID, OPENID, SCOPE, base64url
from .scopes import Scopes

if TYPE_CHECKING:
    from ..tenant import State, Tenant

EVERYBODY = "*"
USUAL = "user_impersonation"  # what APIs other than Graph call their one permission


@dataclass(frozen=True)
class Grant:
    """One entry: whose (`EVERYBODY` or a user's object id), the app's id and the resource's, and the key it is kept under."""

    whose: str
    client_id: str
    resource: str
    key: str


def all_grants(state: State) -> Iterator[Grant]:
    """Every entry."""
    for key in state.consents:
        whose, client_id, resource = key.split(" ", 2)
        yield Grant(whose, client_id, resource, key)


def key_of(whose: str, client_id: str, resource: str) -> str:
    """Where an entry is kept."""
    return f"{whose} {client_id} {resource}"


def granted_by(call: Call, client_id: str, scopes: Scopes) -> tuple[str, ...]:
    """The permissions a question stands for: its names, or for `.default` what the app's registration lists."""
    if not scopes.wants_default:
        return scopes.names
    if resource_of(call, scopes) != GRAPH_APP_ID:
        return (USUAL,)
    return tuple(apps.permissions(call.tenant.state.apps[client_id], SCOPE))


def consented(call: Call, user_id: str, client_id: str, scopes: Scopes) -> list[str]:
    """The permissions on this resource that the user, or an administrator for everybody, has granted the app so far."""
    state, resource = call.tenant.state, resource_of(call, scopes)
    found = [state.consents.get(key_of(whose, client_id, resource), []) for whose in (user_id, EVERYBODY)]
    return list(dict.fromkeys(name for names in found for name in names if name not in OPENID))


def resource_of(call: Call, scopes: Scopes) -> str:
    """The name under which grants for a resource are kept, however it was spelt; this sandbox's own address is Graph's."""
    if scopes.audience == call.root:
        return GRAPH_APP_ID
    return apps.app_named(call.tenant.state, scopes.resource) or scopes.resource


def record_consent(call: Call, user_id: str, client_id: str, scopes: Scopes) -> None:
    """Remember that a user granted an app what it asked; like the first consent to an app it gives it its service principal."""
    resource = resource_of(call, scopes)
    already = call.tenant.state.consents.get(key_of(user_id, client_id, resource), [])
    apps.ensure_principal(call.tenant, client_id)
    if wanted := granted_by(call, client_id, scopes):
        grant(call.tenant, user_id, client_id, resource, {*already, *wanted})


def grant(tenant: Tenant, whose: str, client_id: str, resource: str, names: set[str]) -> None:
    """Let exactly these permissions be granted to an app for a user, or for `EVERYBODY`."""
    key, state = key_of(whose, client_id, resource), tenant.state
    if state.consents.get(key) == sorted(names):
        return
    kind = "updated" if key in state.consents else "created"
    state.consents[key] = sorted(names)
    if identifier := grant_id(state, Grant(whose, client_id, resource, key)):
        note(tenant, "oauth2PermissionGrants", identifier, kind)


def revoke(tenant: Tenant, entry: Grant) -> None:
    """Take back all that was granted by one entry."""
    identifier = grant_id(tenant.state, entry)
    tenant.state.consents.pop(entry.key, None)
    if identifier:
        note(tenant, "oauth2PermissionGrants", identifier, "deleted")


def grant_id(state: State, entry: Grant) -> str | None:
    """The id Graph shows an entry by: the object ids of both service principals and of the user, as the documented ones are made.

    None where one of the two apps has no service principal here.
    """
    client, resource = apps.principal_of(state, entry.client_id), apps.principal_of(state, entry.resource)
    if client is None or resource is None:
        return None
    parts = [client["id"], resource["id"], *([] if entry.whose == EVERYBODY else [entry.whose])]
    try:
        return base64url(b"".join(uuid.UUID(part).bytes_le for part in parts))
    except ValueError:
        return None
