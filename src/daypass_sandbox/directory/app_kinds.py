"""How app registrations and service principals are shown, who may reach them, and which of them a path means."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from ..entra import apps
from ..entra.graph_api import GRAPH_APP_ID, published_roles, published_scopes
from ..graph import values
from ..graph.odata import Kind
from ..graph.permissions import OWN_APPS
from ..graph.services import DIRECTORY
from ..graph.values import Types
from ..routes import Call
from . import app_shapes as shapes
from .kinds import value_of
from .objects import denied, merged, no_such
from .shapes import shown

if TYPE_CHECKING:
    from ..tenant import State

Json = dict[str, Any]

OWNERS = "x-owners"


def show_application(app: Json) -> Json:
    """A registration with every property there is; of its secrets and certificates only what may be seen again."""
    values_of = {**shown(app, shapes.APPLICATION_NAMES, ()), **{n: merged(v, app.get(n) or v) for n, v in shapes.NEW_APPLICATION.items()}}
    values_of["passwordCredentials"] = [show_password(password) for password in app.get("passwordCredentials", ())]
    values_of["keyCredentials"] = [{**key, "key": None} for key in app.get("keyCredentials", ())]
    return values_of


def show_password(password: Json) -> Json:
    """A secret as it is seen after it was made: without its text."""
    return {
        name: password.get(name)
        for name in ("customKeyIdentifier", "displayName", "endDateTime", "hint", "keyId", "secretText", "startDateTime")
    }


def principal_shower(state: State) -> Callable[[Json], Json]:
    """Who shows service principals: with what they take over from the registration of their app."""

    def show(record: Json) -> Json:
        values_of = shown(record, shapes.PRINCIPAL_NAMES, shapes.PRINCIPAL_COLLECTIONS)
        inherited = of_graph() if record["appId"] == GRAPH_APP_ID else _inherited(state, record)
        values_of |= {name: value for name, value in inherited.items() if not record.get(name)}
        values_of["passwordCredentials"] = [show_password(password) for password in record.get("passwordCredentials", ())]
        values_of["keyCredentials"] = [{**key, "key": None} for key in record.get("keyCredentials", ())]
        return values_of

    return show


def of_graph() -> Json:
    """What Microsoft Graph's own service principal offers: every permission there is."""
    return {
        "appDisplayName": "Microsoft Graph",
        "appOwnerOrganizationId": apps.MICROSOFT_TENANT,
        "appRoles": list(published_roles()),
        "oauth2PermissionScopes": list(published_scopes()),
        "servicePrincipalNames": [GRAPH_APP_ID, "https://graph.microsoft.com"],
        "signInAudience": "AzureADMultipleOrgs",
        "info": dict.fromkeys(shapes.NEW_APPLICATION["info"]),
    }


def _inherited(state: State, record: Json) -> Json:
    app = state.apps.get(record["appId"], {"appId": record["appId"]})
    web: Json = app.get("web") or {}
    api: Json = app.get("api") or {}
    return {
        "appDescription": app.get("description"),
        "appDisplayName": app.get("displayName"),
        "appOwnerOrganizationId": apps.MICROSOFT_TENANT if app.get("x-foreign") else state.tenant_id,
        "appRoles": app.get("appRoles", []),
        "homepage": web.get("homePageUrl"),
        "info": app.get("info") or dict.fromkeys(shapes.NEW_APPLICATION["info"]),
        "logoutUrl": web.get("logoutUrl"),
        "oauth2PermissionScopes": api.get("oauth2PermissionScopes", []),
        "replyUrls": apps.redirect_uris(app),
        "servicePrincipalNames": [record["appId"], *app.get("identifierUris", ())],
        "signInAudience": app.get("signInAudience"),
    }


_UNBUILT = (
    *("appManagementPolicies", "createdOnBehalfOf", "extensionProperties", "federatedIdentityCredentials", "homeRealmDiscoveryPolicies"),
    *("synchronization", "tokenIssuancePolicies", "tokenLifetimePolicies", "claimsMappingPolicies", "endpoints", "memberOf", "owners"),
    *("appRoleAssignedTo", "appRoleAssignments", "oauth2PermissionGrants", "ownedObjects", "createdObjects"),
)
_KEYS = dict.fromkeys(("id", "appId", "publisherDomain", "appDisplayName", "appOwnerOrganizationId"), values.TEXT)
_SORTED = ("displayName", "createdDateTime", "deletedDateTime")
APPLICATION: Kind[Json] = Kind(
    name="application",
    properties=shapes.APPLICATION_NAMES,
    orderable=_SORTED,
    filterable=(
        *("appId", "createdDateTime", "description", "disabledByMicrosoftStatus", "displayName", "id", "identifierUris", "publisherDomain"),
        *("requiredResourceAccess", "signInAudience", "tags", "uniqueName", "web/redirectUris", "spa/redirectUris"),
        "publicClient/redirectUris",
    ),
    show=show_application,
    value=value_of(show_application),
    types=Types({**values.types_of(shapes.APPLICATION), **_KEYS}),
    service=DIRECTORY,
    advanced=(*_SORTED[1:], "description", "publisherDomain"),
    unbuilt=(*_UNBUILT, *shapes.APPLICATION_UNBUILT),
    keeps_id=False,
)


def principal_kind(state: State) -> Kind[Json]:
    """The service principals of a tenant, as lists see them."""
    show = principal_shower(state)
    return Kind(
        name="servicePrincipal",
        properties=shapes.PRINCIPAL_NAMES,
        orderable=_SORTED,
        filterable=(
            *("accountEnabled", "alternativeNames", "appDisplayName", "appId", "appOwnerOrganizationId", "appRoleAssignmentRequired"),
            *("displayName", "homepage", "id", "servicePrincipalNames", "servicePrincipalType", "signInAudience", "tags", "replyUrls"),
        ),
        show=show,
        value=value_of(show),
        types=_PRINCIPAL_TYPES,
        service=DIRECTORY,
        advanced=(*_SORTED[1:], "homepage"),
        unbuilt=(*_UNBUILT, "customSecurityAttributes"),
        keeps_id=False,
    )


_PRINCIPAL_TYPES = Types({**values.types_of(shapes.PRINCIPAL), **_KEYS, "servicePrincipalNames": f"Collection({values.TEXT})"})


# --- which is meant, and who may -------------------------------------------------------------------------------------


def application_of(call: Call) -> Json:
    """The registration of the path, by object id or `appId=…`; Fault 404, or 403 where the caller may only reach others."""
    key = call.path["application_id"]
    name, equals, value = key.partition("=")
    registered = {app["id"]: app for app in call.tenant.state.apps.values() if not app.get("x-foreign")}
    if equals:
        wanted = {"appid": "appId", "uniquename": "uniqueName"}.get(name.lower(), "")
        app = next((app for app in registered.values() if value and str(app.get(wanted, "")).lower() == value.lower()), None)
    else:
        app = registered.get(key)
    if app is None:
        raise no_such(value or key)
    check_owner(call, app["appId"], app.get(OWNERS, ()))
    return app


def principal_of(call: Call) -> Json:
    """The service principal of the path, by object id or `appId=…`; Fault 404."""
    key = call.path["principal_id"]
    name, equals, value = key.partition("=")
    state = call.tenant.state
    record = apps.principal_of(state, value) if equals and name.lower() == "appid" else state.service_principals.get(key)
    if record is None:
        raise no_such(value or key)
    return record


def reaches(call: Call, app_id: str, owners: Collection[str]) -> bool:
    """Whether the caller may reach an app: with a permission for its own (`OwnedBy`) only itself and those it owns."""
    others = call.caller.scopes - {OWN_APPS}
    if OWN_APPS not in call.caller.scopes or any(name.startswith(("Application.", "Directory.")) for name in others):
        return True
    own = apps.principal_of(call.tenant.state, call.caller.client_id)
    return app_id == call.caller.client_id or (own is not None and own["id"] in owners)


def check_owner(call: Call, app_id: str, owners: Collection[str]) -> None:
    """Fault 403 where the caller's permission is for its own apps and this is none of them."""
    if not reaches(call, app_id, owners):
        raise denied()
