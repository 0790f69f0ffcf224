"""How apps are registered, and the service principals that stand for them in the tenant.

There is one record for sign-in and for Graph: `state.apps` maps an app's id (its client id) to an application as Graph shows it
(resources/application), `state.service_principals` an object id to a service principal (resources/serviceprincipal). Own members begin
with `x-`: `x-foreign` marks an app that is registered elsewhere (Microsoft's own), of which the tenant has the service principal alone;
`x-names` has the names of permissions that are in no published table; a password has `x-digest` in place of its text.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..clock import graph_stamp
from ..directory.log import note
from . import addresses
from .graph_api import GRAPH_APP_ID, GRAPH_URL, OPENID, ROLE, ROLE_NAMES, SCOPE, base64url, permission_id, permission_name

if TYPE_CHECKING:
    from ..tenant import State, Tenant

Json = dict[str, Any]

# Microsoft's own public clients, which are in every tenant without registration
FIRST_PARTY = {
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46": "Microsoft Azure CLI",
    "14d82eec-204b-4c2f-b7e8-296a70dab67e": "Microsoft Graph Command Line Tools",
}
MICROSOFT_TENANT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
REGISTERED_PERMISSIONS = ("Calendars.ReadWrite", "User.Read")
NATIVE_CLIENT = "https://login.microsoftonline.com/common/oauth2/nativeclient"
FIRST_REDIRECTS = ("http://localhost", NATIVE_CLIENT)
PLATFORMS = ("web", "publicClient", "spa")


def registered(client_id: str, name: str, *, public: bool, permissions: Iterable[str] = (), redirects: Iterable[str] = ()) -> Json:
    """The record of an app with these delegated permissions of Graph; `redirects` are those of an installed program."""
    app: Json = {
        "id": derived_id("application", client_id),
        "appId": client_id,
        "displayName": name,
        "signInAudience": "AzureADandPersonalMicrosoftAccount",
        "isFallbackPublicClient": public,
        "publicClient": {"redirectUris": list(redirects)},
    }
    set_permissions(app, permissions, SCOPE)
    return app


def first_apps(client_id: str) -> dict[str, Json]:
    """The app registrations of a new tenant: `client_id` for the app under test, and Microsoft's well-known ones."""
    apps = {client_id: registered(client_id, "Calendar app", public=True, permissions=REGISTERED_PERMISSIONS, redirects=FIRST_REDIRECTS)}
    for app_id, name in FIRST_PARTY.items():
        foreign = registered(app_id, name, public=True, permissions=REGISTERED_PERMISSIONS, redirects=FIRST_REDIRECTS)
        apps[app_id] = {**foreign, "x-foreign": True}
    return apps


def first_principals(apps: Mapping[str, Json]) -> dict[str, Json]:
    """The service principals of a new tenant: Microsoft Graph's own, and one for each app."""
    found = [principal(GRAPH_APP_ID, "Microsoft Graph"), *(principal(app_id, app["displayName"]) for app_id, app in apps.items())]
    return {record["id"]: record for record in found}


def principal(app_id: str, name: str, object_id: str = "") -> Json:
    """A service principal for an app; its object id is made of the app's unless one is given."""
    return {
        "id": object_id or derived_id("servicePrincipal", app_id),
        "appId": app_id,
        "displayName": name,
        "accountEnabled": True,
        "appRoleAssignmentRequired": False,
        "servicePrincipalType": "Application",
    }


def derived_id(kind: str, client_id: str) -> str:
    """An object id made of an app's id, the same in every tenant."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}:{client_id}"))


def upgraded(apps: dict[str, Json]) -> dict[str, Json]:
    """Registrations, those of earlier versions of this sandbox (`publicClient` a flag, `permissions`) in today's form."""
    result: dict[str, Json] = {}
    for client_id, app in apps.items():
        if isinstance(app.get("publicClient"), bool):
            fresh = registered(client_id, app["displayName"], public=app["publicClient"], redirects=FIRST_REDIRECTS)
            set_permissions(fresh, app.get("permissions", []), SCOPE)
            result[client_id] = {**fresh, **({"x-foreign": True} if client_id in FIRST_PARTY else {})}
        else:
            result[client_id] = app
    return result


# --- what an app is and may do -------------------------------------------------------------------------------------


def is_public(app: Mapping[str, Any]) -> bool:
    """Whether flows without a redirect URI (device code) treat the app as a public client."""
    return bool(app.get("isFallbackPublicClient"))


def permissions(app: Mapping[str, Any], kind: str) -> list[str]:
    """The names of the permissions of Graph that the app's registration lists, of a kind (`SCOPE` or `ROLE`); OpenID's are left out."""
    own: Mapping[str, str] = app.get("x-names", {})
    listed = [
        access["id"]
        for resource in app.get("requiredResourceAccess", ())
        if resource["resourceAppId"] == GRAPH_APP_ID
        for access in resource["resourceAccess"]
        if access["type"] == kind
    ]
    names = (permission_name(identifier, kind) or own.get(identifier) for identifier in listed)
    return [name for name in names if name and name not in OPENID]


def set_permissions(app: Json, names: Iterable[str], kind: str) -> None:
    """Let the registration list these permissions of Graph, in place of those of the same kind."""
    others = [resource for resource in app.get("requiredResourceAccess", []) if resource["resourceAppId"] != GRAPH_APP_ID]
    of_graph = [resource for resource in app.get("requiredResourceAccess", []) if resource["resourceAppId"] == GRAPH_APP_ID]
    kept = [access for resource in of_graph for access in resource["resourceAccess"] if access["type"] != kind]
    fresh = [{"id": permission_id(name, kind), "type": kind} for name in dict.fromkeys(names)]
    unpublished = {permission_id(name, kind): name for name in names if permission_name(permission_id(name, kind), kind) is None}
    if unpublished:
        app["x-names"] = {**app.get("x-names", {}), **unpublished}
    if kept or fresh:
        others.append({"resourceAppId": GRAPH_APP_ID, "resourceAccess": [*kept, *fresh]})
    app["requiredResourceAccess"] = others


def redirect_uris(app: Mapping[str, Any]) -> list[str]:
    """All redirect URIs of an app, of every platform."""
    of_platforms: list[Json] = [app.get(platform) or {} for platform in PLATFORMS]
    return [uri for platform in of_platforms for uri in platform.get("redirectUris") or ()]


def platform_of(app: Mapping[str, Any], redirect_uri: str) -> str | None:
    """Which platform (`web`, `publicClient`, `spa`) a redirect URI is registered for; None if for none.

    A registered loopback address stands for any port (reference "Redirect URI restrictions").
    """
    for platform in PLATFORMS:
        for known in redirect_uris({platform: app.get(platform)}):
            if addresses.same(known, redirect_uri):
                return platform
    return None


# --- service principals --------------------------------------------------------------------------------------------


def principal_of(state: State, app_id: str) -> Json | None:
    """The service principal of an app in this tenant; None if it has none."""
    return next((record for record in state.service_principals.values() if record["appId"].lower() == app_id.lower()), None)


def ensure_principal(tenant: Tenant, client_id: str) -> Json:
    """The service principal of a registered app, made now if it has none yet, as the first consent does."""
    record = principal_of(tenant.state, client_id)
    if record is None:
        record = principal(client_id, tenant.state.apps[client_id]["displayName"], tenant.new_id("app"))
        tenant.state.service_principals[record["id"]] = record
        note(tenant, "servicePrincipals", record["id"], "created")
    return record


def app_named(state: State, resource: str) -> str | None:
    """The id of the app that a resource's name means: the app's id or one of its identifier URIs; Graph by any of its names."""
    if resource in (GRAPH_APP_ID, GRAPH_URL):
        return GRAPH_APP_ID
    for app_id, app in state.apps.items():
        uris = (uri.lower().rstrip("/") for uri in app.get("identifierUris", ()))
        if resource.lower() in (app_id.lower(), f"api://{app_id}".lower(), *uris):
            return app_id
    return None


def roles_granted(state: State, client_id: str, resource_app_id: str) -> list[str]:
    """The names of the application permissions that an app was assigned on a resource."""
    client, resource = principal_of(state, client_id), principal_of(state, resource_app_id)
    if client is None or resource is None:
        return []
    own = {role["id"]: role.get("value") for role in state.apps.get(resource_app_id, {}).get("appRoles", ())}
    names: list[str] = []
    for assignment in state.app_role_assignments.values():
        if (assignment["principalId"], assignment["resourceId"]) == (client["id"], resource["id"]):
            identifier = assignment["appRoleId"]
            named = permission_name(identifier, ROLE) if resource_app_id == GRAPH_APP_ID else own.get(identifier)
            names += [named or assignment.get("x-name") or ""]
    return sorted(filter(None, names))


def assign_role(tenant: Tenant, principal_id: str, resource_id: str, role_id: str, name: str = "") -> Json:
    """Assign an app role to a user, group or service principal, and return the assignment (resources/approleassignment).

    `name` is what the role is called where its resource does not say it.
    """
    assignment: Json = {
        "id": assignment_id(principal_id, tenant.new_id("app")),
        "createdDateTime": graph_stamp(tenant.clock.now()),
        "appRoleId": role_id,
        "principalId": principal_id,
        "resourceId": resource_id,
    }
    if name:
        assignment["x-name"] = name
    tenant.state.app_role_assignments[assignment["id"]] = assignment
    return assignment


def assignment_id(principal_id: str, unique: str) -> str:
    """The id of an assignment: who has it, and a number of its own, as the documented ones are made."""
    return base64url(uuid.UUID(principal_id).bytes_le + uuid.UUID(unique).bytes_le)


def grant_roles(tenant: Tenant, client_id: str, names: Iterable[str]) -> None:
    """Give an app application permissions of Graph, as an administrator's consent does; those it has already it keeps."""
    client, graph = ensure_principal(tenant, client_id), principal_of(tenant.state, GRAPH_APP_ID)
    has = roles_granted(tenant.state, client_id, GRAPH_APP_ID)
    for name in names:
        if graph and ROLE_NAMES.get(name, name) not in has:
            assign_role(tenant, client["id"], graph["id"], permission_id(name, ROLE), ROLE_NAMES.get(name, name))
