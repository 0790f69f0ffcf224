"""Entra ID's protocol side: every request that is not Graph's comes in here, and tokens are given out.

After RFC 6749 and the pages of the Microsoft identity platform that each module names. What a request may ask for is in the modules
of the flows: `device`, `authorize`, `app_only`, `sessions` (refresh tokens); `openid` has discovery, `admin_consent` an administrator's
consent, `login` the pages of the device code flow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from daypass.wire import Response

from .. import faults
from ..routes import Call, Fault, Route, Router, reply
from . import admin_consent, app_only, authorize, device, federated, login, openid, refusals, sessions
from .forms import ANY_TENANT, form_of, required
from .refusals import Refusal, correlation_of, envelope


async def answer(call: Call, router: Router) -> Response:
    """Answer a request to Entra, pages included; what is not built is refused 501 in Entra's form."""

    async def routed(call: Call) -> Response:
        found = router.find(call.request.method, urlsplit(call.request.url).path)
        if found is None:
            what = f"{call.request.method} {urlsplit(call.request.url).path}"
            raise Fault(501, "not_implemented", f"This sandbox does not build {what}.")
        route, parameters = found
        if "tenant" in parameters:
            _require_tenant(call, parameters["tenant"])
        answer = route.handler(replace(call, path=parameters))
        return answer if isinstance(answer, Response) else await answer

    def refused(fault: Fault) -> Response:
        if isinstance(fault, Refusal):
            return envelope(call, fault)
        return reply(fault.status, {"error": fault.code, "error_description": str(fault)}, fault.headers)

    done = await faults.meddle(call, routed, refused)
    ids = {"x-ms-request-id": call.tenant.new_id("trace"), "client-request-id": correlation_of(call), "x-ms-ests-server": "sandbox"}
    return done.replace(headers={**ids, "cache-control": "no-store, no-cache", "pragma": "no-cache", **done.headers})


def _require_tenant(call: Call, name: str) -> None:
    state = call.tenant.state
    if name.lower() not in (*ANY_TENANT, state.tenant_id.lower(), *state.domains):
        discovering = call.request.method == "GET"
        raise Refusal(refusals.UNKNOWN_TENANT, error="invalid_tenant" if discovering else "", tenant=name)


GRANTS: dict[str, Callable[[Call, dict[str, str]], Response]] = {
    **dict.fromkeys(device.DEVICE_GRANTS, device.redeem),
    "authorization_code": authorize.redeem,
    "client_credentials": app_only.sign_in,
    "refresh_token": sessions.refresh,
}


def _token(call: Call) -> Response:
    form = form_of(call)
    grant_type = required(form, "grant_type")
    if grant_type not in GRANTS:
        raise Refusal(refusals.UNKNOWN_GRANT, grant_type=grant_type)
    return GRANTS[grant_type](call, form)


_DOCS = "https://learn.microsoft.com/entra/identity-platform/"
ROUTES = (
    *openid.ROUTES,
    *device.ROUTES,
    Route("POST", "/{tenant}/oauth2/v2.0/token", _token, source=_DOCS + "v2-oauth2-auth-code-flow"),
    Route("POST", "/{tenant}/oauth2/token", _token, source=_DOCS + "v2-oauth2-auth-code-flow"),
    *authorize.ROUTES,
    *admin_consent.ROUTES,
    *federated.ROUTES,
    *login.ROUTES,
)
