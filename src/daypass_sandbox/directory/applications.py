"""App registrations: `/applications` (resources/application). The records are those that sign-in goes by (`entra.apps`)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from daypass.wire import Response

from ..clock import graph_stamp
from ..entra import apps
from ..entra.addresses import may_be_registered
from ..graph import odata
from ..graph.permissions import CREATE_APPS, READ_APPS, WRITE_APPS
from ..routes import Call, Route
from . import app_shapes as shapes
from . import credentials
from .app_kinds import APPLICATION, OWNERS, application_of, principal_shower, reaches
from .following import follow
from .log import differing, note
from .objects import GUID, bad_request, bury, check_lengths, conflict, given, invalid_value, merged, missing_value
from .principals import forget_principal

Json = dict[str, Any]


def _registered(call: Call) -> list[Json]:
    """The registrations of this tenant that the caller may reach; Microsoft's own are registered elsewhere."""
    listed = [app for app in call.tenant.state.apps.values() if not app.get("x-foreign")]
    return [app for app in listed if reaches(call, app["appId"], app.get(OWNERS, ()))]


def list_applications(call: Call) -> Response:
    """The registrations (api/application-list)."""
    return odata.listing(call, "applications", APPLICATION, _registered(call))


def count_applications(call: Call) -> Response:
    """How many registrations there are (api/application-list)."""
    return odata.counted(call, APPLICATION, _registered(call))


def get_application(call: Call) -> Response:
    """One registration, by object id or `(appId='…')` (api/application-get)."""
    odata.allow(call, "$select", "$expand")
    return odata.single(call, 200, "applications", credentials.whole_keys(call, APPLICATION), application_of(call))


def follow_applications(call: Call) -> Response:
    """The registrations, then what changed (api/application-delta)."""
    by_id = {app["id"]: app for app in call.tenant.state.apps.values() if not app.get("x-foreign")}
    return follow(call, "applications", APPLICATION, by_id)


def create_application(call: Call) -> Response:
    """Register an app; it has no service principal yet (api/application-post-applications)."""
    odata.allow(call)
    tenant = call.tenant
    values = given(call, shapes.APPLICATION, "Application", shapes.APPLICATION_READ_ONLY)
    if not values.get("displayName"):
        raise missing_value("displayName", "Application")
    app: Json = {
        "id": tenant.new_id("app"),
        "appId": tenant.new_id("app"),
        "createdDateTime": graph_stamp(tenant.clock.now()),
        "publisherDomain": tenant.state.domains[0],
        "createdByAppId": call.caller.client_id,
        "isFallbackPublicClient": None,
        "signInAudience": "AzureADMyOrg",
    }
    own = apps.principal_of(tenant.state, call.caller.client_id)
    owner = call.caller.user_id or (own["id"] if own else "")
    app[OWNERS] = [owner] if owner else []
    made = _write(call, app, values, fresh=True)
    tenant.state.apps[app["appId"]] = app
    note(tenant, "applications", app["id"], "created")
    answer = {**APPLICATION.show(app), "passwordCredentials": [_told(one) for one in made]} if made else APPLICATION.show(app)
    return odata.entity(call, 201, "applications", answer)


def _told(password: Json) -> Json:
    return {name: value for name, value in password.items() if not name.startswith("x-")}


def update_application(call: Call) -> Response:
    """Change a registration; sign-in goes by it from now on (api/application-update)."""
    odata.allow(call)
    app = application_of(call)
    values = given(call, shapes.APPLICATION, "Application", shapes.APPLICATION_READ_ONLY)
    if "displayName" in values and not values["displayName"]:
        raise invalid_value("displayName", "Application")
    principal, show = apps.principal_of(call.tenant.state, app["appId"]), principal_shower(call.tenant.state)
    before, inherited = APPLICATION.show(app), show(principal) if principal else {}
    _write(call, app, values, fresh=False)
    note(call.tenant, "applications", app["id"], aspects=differing(before, APPLICATION.show(app)))
    if principal and (changed := differing(inherited, show(principal))):
        note(call.tenant, "servicePrincipals", principal["id"], aspects=changed)
    return Response(204)


def _write(call: Call, app: Json, values: Json, *, fresh: bool) -> list[Json]:
    """Put values into a registration once all are right; the secrets made on the way, with their text."""
    check_lengths(values, shapes.APPLICATION_LENGTHS, "Application")
    _check_addresses(values)
    _check_identifiers(call, app, values)
    _check_access(values)
    made: list[Json] = []
    if "keyCredentials" in values:
        values["keyCredentials"] = credentials.kept_keys(call, app, values["keyCredentials"] or [])
    if "passwordCredentials" in values:
        wanted: list[Json] = values["passwordCredentials"] or []
        values["passwordCredentials"], made = credentials.kept_passwords(call, app, wanted, fresh=fresh)
    app.update({name: merged(app.get(name), value) for name, value in values.items()})
    return made


def _check_addresses(values: Json) -> None:
    """Redirect URIs are such as may be registered for their platform."""
    for platform in apps.PLATFORMS:
        written: Json = values.get(platform) or {}
        uris: list[str] = written.get("redirectUris") or []
        for uri in uris:
            if not may_be_registered(uri, platform):
                raise bad_request(f"The redirect URI '{uri}' is not valid for the platform.", target=platform, code="InvalidValue")


def _check_identifiers(call: Call, app: Json, values: Json) -> None:
    uris: list[str] = values.get("identifierUris") or []
    for uri in uris:
        if not _has_scheme(uri):
            raise invalid_value("identifierUris", "Application")
        for other in call.tenant.state.apps.values():
            if other["id"] != app["id"] and uri.lower() in {known.lower() for known in other.get("identifierUris", ())}:
                raise conflict("identifierUris")


def _check_access(values: Json) -> None:
    """Each permission an app lists is named by GUIDs, that of the API and its own."""
    for resource in values.get("requiredResourceAccess") or ():
        access: list[Json] = resource.get("resourceAccess") or []
        ids = [resource.get("resourceAppId"), *(one.get("id") for one in access)]
        if not access or not all(GUID.fullmatch(identifier or "") for identifier in ids) or not all(one.get("type") for one in access):
            raise invalid_value("requiredResourceAccess", "Application")


def delete_application(call: Call) -> Response:
    """Delete a registration; nobody signs in to it any more, and its service principal goes with it (api/application-delete)."""
    odata.allow(call)
    app = application_of(call)
    principal = apps.principal_of(call.tenant.state, app["appId"])
    if principal:
        forget_principal(call, principal)
    bury(call, "applications", app["id"], app["appId"])
    return Response(204)


def _has_scheme(uri: str) -> bool:
    try:
        return bool(urlsplit(uri).scheme)
    except ValueError:
        return False


_DOC = "documentation: api/"
_APP = "/applications/{application_id}"
ROUTES = [
    Route("GET", "/applications", list_applications, READ_APPS, _DOC + "application-list"),
    Route("POST", "/applications", create_application, CREATE_APPS, _DOC + "application-post-applications"),
    Route("GET", "/applications/$count", count_applications, READ_APPS, _DOC + "application-list"),
    Route("GET", "/applications/delta", follow_applications, READ_APPS, _DOC + "application-delta"),
    Route("GET", _APP, get_application, READ_APPS, _DOC + "application-get"),
    Route("PATCH", _APP, update_application, WRITE_APPS, _DOC + "application-update"),
    Route("DELETE", _APP, delete_application, WRITE_APPS, _DOC + "application-delete"),
]
