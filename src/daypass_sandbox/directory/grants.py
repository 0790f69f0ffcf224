"""Delegated permissions that were granted: `/oauth2PermissionGrants`, a view of what sign-in goes by (`entra.consents`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from daypass.wire import Response

from ..entra import apps, consents
from ..graph import odata, values
from ..graph.odata import Kind
from ..graph.payload import INSTANT, TEXT, read_only
from ..graph.permissions import GRANT, READ_GRANTS
from ..graph.services import DIRECTORY
from ..graph.values import Types
from ..routes import Call, Fault, Route
from .app_kinds import principal_of
from .following import follow
from .objects import bad_request, given, invalid_value, missing_value, no_such

Json = dict[str, Any]

FOR_ALL, FOR_ONE = "AllPrincipals", "Principal"
NAMES = ("clientId", "consentType", "id", "principalId", "resourceId", "scope")
SHAPE: Json = {
    **dict.fromkeys(("clientId", "principalId", "resourceId", "scope"), TEXT),
    "consentType": (FOR_ALL, FOR_ONE),
    **read_only(INSTANT, "startTime", "expiryTime"),
}
KIND: Kind[Json] = Kind(
    "oAuth2PermissionGrant",
    NAMES,
    filterable=("clientId", "consentType", "principalId", "resourceId", "scope", "id"),
    types=Types(dict.fromkeys(NAMES, values.TEXT)),
    service=DIRECTORY,
)


def _views(call: Call) -> dict[str, tuple[consents.Grant, Json]]:
    """Every grant by its id: the entry and how it is shown."""
    state = call.tenant.state
    found: dict[str, tuple[consents.Grant, Json]] = {}
    for entry in consents.all_grants(state):
        identifier = consents.grant_id(state, entry)
        client, resource = apps.principal_of(state, entry.client_id), apps.principal_of(state, entry.resource)
        if identifier and client and resource:
            everybody = entry.whose == consents.EVERYBODY
            found[identifier] = (
                entry,
                {
                    "clientId": client["id"],
                    "consentType": FOR_ALL if everybody else FOR_ONE,
                    "id": identifier,
                    "principalId": None if everybody else entry.whose,
                    "resourceId": resource["id"],
                    "scope": " ".join(state.consents[entry.key]),
                },
            )
    return found


def _shown(call: Call, wanted: Callable[[Json], bool] = lambda grant: True) -> list[Json]:
    return [grant for _, grant in _views(call).values() if wanted(grant)]


def _one(call: Call) -> tuple[consents.Grant, Json]:
    grant = _views(call).get(call.path["grant_id"])
    if grant is None:
        raise no_such(call.path["grant_id"])
    return grant


def list_grants(call: Call) -> Response:
    """All grants (api/oauth2permissiongrant-list)."""
    return odata.listing(call, "oauth2PermissionGrants", KIND, _shown(call))


def count_grants(call: Call) -> Response:
    """How many grants there are."""
    return odata.counted(call, KIND, _shown(call))


def list_grants_of_app(call: Call) -> Response:
    """What was granted to an app (api/serviceprincipal-list-oauth2permissiongrants)."""
    own = principal_of(call)["id"]
    return odata.listing(call, "oauth2PermissionGrants", KIND, _shown(call, lambda grant: grant["clientId"] == own))


def list_grants_of_user(call: Call) -> Response:
    """What a user granted (api/user-list-oauth2permissiongrants)."""
    own = call.path["user_id"]
    return odata.listing(call, "oauth2PermissionGrants", KIND, _shown(call, lambda grant: grant["principalId"] == own))


def get_grant(call: Call) -> Response:
    """One grant (api/oauth2permissiongrant-get)."""
    odata.allow(call, "$select")
    return odata.single(call, 200, "oauth2PermissionGrants", KIND, _one(call)[1])


def follow_grants(call: Call) -> Response:
    """The grants, then what changed (api/oauth2permissiongrant-delta)."""
    return follow(call, "oauth2PermissionGrants", KIND, {identifier: grant for identifier, (_, grant) in _views(call).items()})


def create_grant(call: Call) -> Response:
    """Grant permissions to an app, for one user or for everybody, without asking anybody (api/oauth2permissiongrant-post)."""
    odata.allow(call)
    body, state = given(call, SHAPE, "OAuth2PermissionGrant"), call.tenant.state
    for name in ("clientId", "consentType", "resourceId", "scope"):
        if body.get(name) is None:
            raise missing_value(name, "OAuth2PermissionGrant")
    client, resource = (state.service_principals.get(body[name]) for name in ("clientId", "resourceId"))
    if client is None or resource is None:
        raise no_such(body["clientId"] if client is None else body["resourceId"])
    whose = consents.EVERYBODY if body["consentType"] == FOR_ALL else _user(call, body.get("principalId"))
    if whose == consents.EVERYBODY and body.get("principalId"):
        raise invalid_value("principalId", "OAuth2PermissionGrant")
    key = consents.key_of(whose, client["appId"], resource["appId"])
    if key in state.consents:
        raise Fault(409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists.")
    consents.grant(call.tenant, whose, client["appId"], resource["appId"], set(body["scope"].split()))
    return odata.entity(call, 201, "oauth2PermissionGrants", next(grant for entry, grant in _views(call).values() if entry.key == key))


def _user(call: Call, user_id: str | None) -> str:
    if not user_id:
        raise missing_value("principalId", "OAuth2PermissionGrant")
    if user_id not in call.tenant.state.users:
        raise no_such(user_id)
    return user_id


def update_grant(call: Call) -> Response:
    """Grant exactly these permissions from now on (api/oauth2permissiongrant-update)."""
    odata.allow(call)
    entry, grant = _one(call)
    body = given(call, SHAPE, "OAuth2PermissionGrant")
    for name in ("clientId", "consentType", "principalId", "resourceId"):
        if body.get(name, grant[name]) != grant[name]:
            raise bad_request(f"Property '{name}' is read-only and cannot be set.", target=name, code="InvalidValue")
    if body.get("scope") is not None:
        consents.grant(call.tenant, entry.whose, entry.client_id, entry.resource, set(body["scope"].split()))
    return Response(204)


def delete_grant(call: Call) -> Response:
    """Take back what was granted: the next token takes a new consent (api/oauth2permissiongrant-delete)."""
    odata.allow(call)
    consents.revoke(call.tenant, _one(call)[0])
    return Response(204)


_DOC = "documentation: api/oauth2permissiongrant-"
_GRANTS, _GRANT = "/oauth2PermissionGrants", "/oauth2PermissionGrants/{grant_id}"
ROUTES = [
    Route("GET", _GRANTS, list_grants, READ_GRANTS, _DOC + "list"),
    Route("POST", _GRANTS, create_grant, GRANT, _DOC + "post"),
    Route("GET", f"{_GRANTS}/$count", count_grants, READ_GRANTS, _DOC + "list"),
    Route("GET", f"{_GRANTS}/delta", follow_grants, READ_GRANTS, _DOC + "delta"),
    Route("GET", _GRANT, get_grant, READ_GRANTS, _DOC + "get"),
    Route("PATCH", _GRANT, update_grant, GRANT, _DOC + "update"),
    Route("DELETE", _GRANT, delete_grant, GRANT, _DOC + "delete"),
    Route(
        "GET",
        "/servicePrincipals/{principal_id}/oauth2PermissionGrants",
        list_grants_of_app,
        READ_GRANTS,
        "documentation: api/serviceprincipal-list-oauth2permissiongrants",
    ),
    Route(
        "GET",
        "/users/{user_id}/oauth2PermissionGrants",
        list_grants_of_user,
        READ_GRANTS,
        "documentation: api/user-list-oauth2permissiongrants",
    ),
]
