"""Service principals: `/servicePrincipals`, what stands for an app in the tenant (resources/serviceprincipal)."""

from __future__ import annotations

from typing import Any

from daypass.wire import Response

from ..entra import apps, consents
from ..graph import odata
from ..graph.permissions import READ_APPS, WRITE_PRINCIPALS
from ..routes import Call, Fault, Route
from . import app_shapes as shapes
from . import credentials
from .app_kinds import OWNERS, check_owner, principal_kind, principal_of, reaches
from .following import follow
from .log import differing, note
from .objects import bad_request, bury, check_lengths, given, merged, missing_value

Json = dict[str, Any]


def _reached(call: Call) -> list[Json]:
    return [record for record in call.tenant.state.service_principals.values() if reaches(call, record["appId"], record.get(OWNERS, ()))]


def list_principals(call: Call) -> Response:
    """The service principals, Microsoft Graph's own among them (api/serviceprincipal-list)."""
    return odata.listing(call, "servicePrincipals", principal_kind(call.tenant.state), _reached(call))


def count_principals(call: Call) -> Response:
    """How many service principals there are (api/serviceprincipal-list)."""
    return odata.counted(call, principal_kind(call.tenant.state), _reached(call))


def get_principal(call: Call) -> Response:
    """One service principal, by object id or `(appId='…')` (api/serviceprincipal-get)."""
    odata.allow(call, "$select", "$expand")
    record = principal_of(call)
    check_owner(call, record["appId"], record.get(OWNERS, ()))
    return odata.single(call, 200, "servicePrincipals", credentials.whole_keys(call, principal_kind(call.tenant.state)), record)


def follow_principals(call: Call) -> Response:
    """The service principals, then what changed (api/serviceprincipal-delta)."""
    return follow(call, "servicePrincipals", principal_kind(call.tenant.state), call.tenant.state.service_principals)


def create_principal(call: Call) -> Response:
    """Give an app that is registered here its service principal (api/serviceprincipal-post-serviceprincipals)."""
    odata.allow(call)
    state = call.tenant.state
    values = given(call, shapes.PRINCIPAL, "ServicePrincipal", shapes.PRINCIPAL_READ_ONLY)
    app_id = values.pop("appId", None)
    if not app_id:
        raise missing_value("appId", "ServicePrincipal")
    app = state.apps.get(app_id)
    if app is None:
        message = f"The appId '{app_id}' of the service principal does not reference a valid application object."
        raise bad_request(message, target="appId", code="NoBackingApplicationObject")
    check_owner(call, app_id, app.get(OWNERS, ()))
    if apps.principal_of(state, app_id):
        what = "The service principal cannot be created, updated, or restored because the service principal name"
        detail = {"code": "ObjectConflict", "message": f"{what} {app_id} is already in use.", "target": "servicePrincipalNames"}
        raise Fault(409, "Request_MultipleObjectsWithSameKeyValue", detail["message"], details=[detail])
    record = apps.principal(app_id, app["displayName"], call.tenant.new_id("app"))
    record[OWNERS] = list(app.get(OWNERS, ()))
    _write(call, record, values)
    state.service_principals[record["id"]] = record
    note(call.tenant, "servicePrincipals", record["id"], "created")
    return odata.entity(call, 201, "servicePrincipals", principal_kind(state).show(record))


def update_principal(call: Call) -> Response:
    """Change a service principal; a disabled one gets no more tokens (api/serviceprincipal-update)."""
    odata.allow(call)
    record = principal_of(call)
    check_owner(call, record["appId"], record.get(OWNERS, ()))
    values = given(call, shapes.PRINCIPAL, "ServicePrincipal", (*shapes.PRINCIPAL_READ_ONLY, "appId"))
    show = principal_kind(call.tenant.state).show
    before = show(record)
    _write(call, record, values)
    note(call.tenant, "servicePrincipals", record["id"], aspects=differing(before, show(record)))
    return Response(204)


def _write(call: Call, record: Json, values: Json) -> None:
    check_lengths(values, shapes.PRINCIPAL_LENGTHS, "ServicePrincipal")
    if "keyCredentials" in values:
        values["keyCredentials"] = credentials.kept_keys(call, record, values["keyCredentials"] or [])
    if "passwordCredentials" in values:
        wanted: list[Json] = values["passwordCredentials"] or []
        values["passwordCredentials"], _ = credentials.kept_passwords(call, record, wanted, fresh=False)
    record.update({name: merged(record.get(name), value) for name, value in values.items()})


def delete_principal(call: Call) -> Response:
    """Delete a service principal, with what was granted and assigned to it (api/serviceprincipal-delete)."""
    odata.allow(call)
    record = principal_of(call)
    check_owner(call, record["appId"], record.get(OWNERS, ()))
    forget_principal(call, record)
    return Response(204)


def forget_principal(call: Call, record: Json) -> None:
    """Delete a service principal and all that names it."""
    tenant = call.tenant
    for entry in list(consents.all_grants(tenant.state)):
        if record["appId"] in (entry.client_id, entry.resource):
            consents.revoke(tenant, entry)
    assigned = tenant.state.app_role_assignments
    for identifier in [key for key, one in assigned.items() if record["id"] in (one["principalId"], one["resourceId"])]:
        del assigned[identifier]
    bury(call, "servicePrincipals", record["id"])


_DOC = "documentation: api/"
_PRINCIPAL = "/servicePrincipals/{principal_id}"
ROUTES = [
    Route("GET", "/servicePrincipals", list_principals, READ_APPS, _DOC + "serviceprincipal-list"),
    Route("POST", "/servicePrincipals", create_principal, WRITE_PRINCIPALS, _DOC + "serviceprincipal-post-serviceprincipals"),
    Route("GET", "/servicePrincipals/$count", count_principals, READ_APPS, _DOC + "serviceprincipal-list"),
    Route("GET", "/servicePrincipals/delta", follow_principals, READ_APPS, _DOC + "serviceprincipal-delta"),
    Route("GET", _PRINCIPAL, get_principal, READ_APPS, _DOC + "serviceprincipal-get"),
    Route("PATCH", _PRINCIPAL, update_principal, WRITE_PRINCIPALS, _DOC + "serviceprincipal-update"),
    Route("DELETE", _PRINCIPAL, delete_principal, WRITE_PRINCIPALS, _DOC + "serviceprincipal-delete"),
]
