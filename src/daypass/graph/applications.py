"""App registrations and what stands for them in a tenant, one flow per Graph operation (Graph: application, servicePrincipal).

An *application* is the registration: what kind of client it is, where it may be sent back to, what it lists. A *service principal* stands
for it in a tenant: consent is given to that, not to the registration. A new object is known everywhere only after some seconds: what is
asked about it too early is answered 404, or 400 where it is named in a body. `settled` waits for that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast
from urllib.parse import quote

from ..errors import BadRequest, NotFound, TransportError
from ..value import Value
from ..wire import Flow, Sleep
from .protocol import call, items

T = TypeVar("T")
Json = dict[str, Any]

GRAPH = "00000003-0000-0000-c000-000000000000"  # Microsoft Graph's own app id, the same in every tenant and cloud
SCOPE, ROLE = "Scope", "Role"  # what a permission is in a registration: for a signed-in person, or for an app on its own

# The least that each kind of step takes (the pages of the operations below).
REGISTER = ("Application.ReadWrite.All",)
CONSENT = ("DelegatedPermissionGrant.ReadWrite.All",)
ASSIGN = ("AppRoleAssignment.ReadWrite.All",)

FIELDS = ",".join(
    (
        "id,appId,displayName,signInAudience,isFallbackPublicClient,publicClient,web,spa,api,appRoles",
        "requiredResourceAccess,keyCredentials,passwordCredentials",
    )
)
PRINCIPAL_FIELDS = "id,appId,displayName,accountEnabled,appOwnerOrganizationId,appRoleAssignmentRequired"
PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0)


class Application(Value):
    """A registration. `access` has what it lists by the id of the API: pairs of a permission's id and kind (SCOPE, ROLE).

    `serves` tells what else it is, in words (a web app, an API): what an app of ours is not. `secrets` counts its passwords.
    """

    object_id: str
    client_id: str
    name: str
    audience: str
    public: bool
    redirects: tuple[str, ...]
    access: Mapping[str, tuple[tuple[str, str], ...]]
    keys: tuple[Json, ...]
    secrets: int
    serves: tuple[str, ...]
    token_version: int


class Principal(Value):
    """What stands for an app in a tenant; `home_tenant_id` is the tenant that the app is registered in."""

    object_id: str
    client_id: str
    enabled: bool
    home_tenant_id: str
    only_assigned: bool


class Grant(Value):
    """Delegated permissions that were granted to an app for everybody."""

    id: str
    scopes: frozenset[str]


# --- registrations -------------------------------------------------------------------------------------------------


async def applications_named(name: str) -> list[Application]:
    """The registrations of just this name that the token may see (Graph: application-list)."""
    wanted = quote(f"displayName eq '{name.replace(chr(39), chr(39) * 2)}'", safe="")
    listed = items(f"/applications?$filter={wanted}&$select={FIELDS}", scopes=REGISTER)
    found = [_application(item) async for item in listed]
    return [application for application in found if application.name == name]  # Graph compares without regard to case


async def application(client_id: str) -> Application:
    """One registration, its certificates whole (Graph: application-get). Raises NotFound."""
    path = f"/applications(appId='{quote(client_id, safe='')}')"
    return _application(await call("GET", f"{path}?$select={FIELDS}", scopes=REGISTER))


async def create_application(body: Mapping[str, Any]) -> Application:
    """Register an app (Graph: application-post-applications). Never asked twice: each time makes another app."""
    return _made(await call("POST", "/applications", body, scopes=REGISTER), _application)


async def update_application(object_id: str, changes: Mapping[str, Any]) -> None:
    """Change a registration (Graph: application-update)."""
    await call("PATCH", f"/applications/{quote(object_id, safe='')}", changes, scopes=REGISTER)


async def add_password(object_id: str, name: str, ends_at: str) -> str:
    """Make a secret that is good until `ends_at` (ISO 8601, UTC), and return it; it is told this once (Graph: application-addpassword)."""
    body = {"passwordCredential": {"displayName": name, "endDateTime": ends_at}}
    made = await call("POST", f"/applications/{quote(object_id, safe='')}/addPassword", body, scopes=REGISTER)
    return _made(made, lambda data: _text(data, "secretText"))


# --- what stands for them ------------------------------------------------------------------------------------------


async def principal(client_id: str) -> Principal | None:
    """The service principal of an app in this tenant, None when it has none (Graph: serviceprincipal-get)."""
    path = f"/servicePrincipals(appId='{quote(client_id, safe='')}')"
    try:
        return _principal(await call("GET", f"{path}?$select={PRINCIPAL_FIELDS}", scopes=REGISTER))
    except NotFound:
        return None


async def create_principal(client_id: str) -> Principal:
    """Give an app its service principal (Graph: serviceprincipal-post-serviceprincipals); Conflict when it has one."""
    return _made(await call("POST", "/servicePrincipals", {"appId": client_id}, scopes=REGISTER), _principal)


async def granted_for_all(principal_id: str, resource_id: str) -> Grant | None:
    """What an administrator granted an app on an API for everybody (Graph: serviceprincipal-list-oauth2permissiongrants)."""
    async for item in items(f"/servicePrincipals/{quote(principal_id, safe='')}/oauth2PermissionGrants", scopes=CONSENT):
        if item.get("consentType") == "AllPrincipals" and item.get("resourceId") == resource_id:
            return Grant(_text(item, "id"), frozenset(str(item.get("scope") or "").split()))
    return None


async def grant_for_all(principal_id: str, resource_id: str, scopes: frozenset[str]) -> None:
    """Grant an app delegated permissions on an API for everybody (Graph: oauth2permissiongrant-post); Conflict when there is a grant."""
    body = {"clientId": principal_id, "consentType": "AllPrincipals", "resourceId": resource_id, "scope": " ".join(sorted(scopes))}
    await call("POST", "/oauth2PermissionGrants", body, scopes=CONSENT)


async def change_grant(grant_id: str, scopes: frozenset[str]) -> None:
    """Let a grant be for just these permissions (Graph: oauth2permissiongrant-update)."""
    await call("PATCH", f"/oauth2PermissionGrants/{quote(grant_id, safe='')}", {"scope": " ".join(sorted(scopes))}, scopes=CONSENT)


async def assigned_roles(principal_id: str, resource_id: str) -> frozenset[str]:
    """The ids of the application permissions that an app has on an API (Graph: serviceprincipal-list-approleassignments)."""
    listed = items(f"/servicePrincipals/{quote(principal_id, safe='')}/appRoleAssignments", scopes=ASSIGN)
    return frozenset([_text(item, "appRoleId") async for item in listed if item.get("resourceId") == resource_id])


async def assign_role(principal_id: str, resource_id: str, role_id: str) -> None:
    """Give an app an application permission on an API (Graph: serviceprincipal-post-approleassignments); BadRequest when it has it."""
    body = {"principalId": principal_id, "resourceId": resource_id, "appRoleId": role_id}
    await call("POST", f"/servicePrincipals/{quote(principal_id, safe='')}/appRoleAssignments", body, scopes=ASSIGN)


async def settled(flow: Callable[[], Flow[T]]) -> T:
    """What a flow about an object made just now gives, run anew while the directory does not know the object everywhere."""
    for pause in PAUSES_SECONDS:
        try:
            return await flow()
        except (NotFound, BadRequest):
            await Sleep(pause)
    return await flow()


# --- reading -------------------------------------------------------------------------------------------------------


def _made(answer: Json, read: Callable[[Json], T]) -> T:
    """What an answer tells of something that was made; even where that makes no sense, it was made."""
    try:
        return read(answer)
    except TransportError as error:
        error.maybe_done = True
        raise


def _application(data: Json) -> Application:
    web, spa, api = _object(data, "web"), _object(data, "spa"), _object(data, "api")
    uses = {
        "a web app": web.get("redirectUris"),
        "a single-page app": spa.get("redirectUris"),
        "an API": api.get("oauth2PermissionScopes") or data.get("appRoles"),
    }
    return Application(
        object_id=_text(data, "id"),
        client_id=_text(data, "appId"),
        name=str(data.get("displayName") or ""),
        audience=str(data.get("signInAudience") or ""),
        public=data.get("isFallbackPublicClient") is True,
        redirects=tuple(str(uri) for uri in _list(_object(data, "publicClient"), "redirectUris")),
        access={str(api.get("resourceAppId")): _pairs(api) for api in _objects(data, "requiredResourceAccess")},
        keys=tuple(_objects(data, "keyCredentials")),
        secrets=len(_list(data, "passwordCredentials")),
        serves=tuple(what for what, there in uses.items() if there),
        token_version=2 if api.get("requestedAccessTokenVersion") == 2 else 1,
    )


def _pairs(resource: Json) -> tuple[tuple[str, str], ...]:
    return tuple((str(one.get("id")), str(one.get("type"))) for one in _objects(resource, "resourceAccess"))


def _principal(data: Json) -> Principal:
    return Principal(
        object_id=_text(data, "id"),
        client_id=_text(data, "appId"),
        enabled=data.get("accountEnabled") is not False,
        home_tenant_id=str(data.get("appOwnerOrganizationId") or ""),
        only_assigned=data.get("appRoleAssignmentRequired") is True,
    )


def _text(data: Json, name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise _without(name)
    return value


def _without(name: str) -> TransportError:
    return TransportError(f"Graph's answer has no {name}", kind="garbage")


def _object(data: Json, name: str) -> Json:
    value: Any = data.get(name)
    return cast("Json", value) if isinstance(value, dict) else {}


def _list(data: Json, name: str) -> list[Any]:
    value: Any = data.get(name)
    return cast("list[Any]", value) if isinstance(value, list) else []


def _objects(data: Json, name: str) -> list[Json]:
    return [cast("Json", one) for one in _list(data, name) if isinstance(one, dict)]
