"""An app that signs in as itself: the client credentials grant (RFC 6749, section 4.4)."""

from __future__ import annotations

from daypass.wire import Response

from ..routes import Call, reply
from . import apps, clients, ordered, refusals
from .forms import known_app, required
from .graph_api import GRAPH_APP_ID
from .refusals import Refusal
from .tokens import Grant, access_token

LIFETIME_SECONDS = 3599
NOT_A_TENANT = ("common", "consumers")


def sign_in(call: Call, form: dict[str, str]) -> Response:
    """A token with the application permissions that the app was assigned on the resource; without any it bears none, and Graph refuses it.

    Refusals: 9001023 (no tenant named), 7000216, 7000215, 7000222, 700027 and their neighbours (credentials), 1002012 (scope), 500011
    (resource), 7000229 (no service principal), 7000112 (disabled).
    """
    client_id, state = known_app(call, form), call.tenant.state
    ordered.refuse(call, ordered.APP, ("ask", "page", "back", "token"), client_id=client_id)
    if call.path.get("tenant", "").lower() in NOT_A_TENANT:
        raise Refusal(refusals.NEEDS_TENANT)
    if not (form.get("client_secret") or form.get("client_assertion")):
        raise Refusal(refusals.NO_CREDENTIAL)
    proof = clients.check(call, form, client_id)
    principal, app = apps.principal_of(state, client_id), state.apps[client_id]
    if principal is None:
        raise Refusal(refusals.NO_PRINCIPAL, client_id=client_id, tenant=state.tenant_id)
    if not principal.get("accountEnabled", True) or app.get("isDisabled"):
        raise Refusal(refusals.APP_DISABLED, client_id=client_id, app=app["displayName"])
    audience, resource = _resource(call, required(form, "scope"))
    roles = apps.roles_granted(state, client_id, resource)
    token = access_token(call.tenant, call.root, Grant("", client_id, tuple(roles), audience, proof=proof), LIFETIME_SECONDS)
    return reply(200, {"token_type": "Bearer", "expires_in": LIFETIME_SECONDS, "ext_expires_in": LIFETIME_SECONDS, "access_token": token})


def _resource(call: Call, scope: str) -> tuple[str, str]:
    """The audience of the token, and the app that the scope's resource is; the scope must be `{resource}/.default`."""
    name, slash, permission = scope.strip().rpartition("/")
    if permission != ".default" or not slash or " " in name:
        raise Refusal(refusals.NEEDS_DEFAULT, scope=scope)
    audience = name.rstrip("/")
    app_id = GRAPH_APP_ID if audience == call.root else apps.app_named(call.tenant.state, audience)
    if app_id is None:
        raise Refusal(refusals.UNKNOWN_RESOURCE, resource=name, directory=call.tenant.state.display_name)
    return audience, app_id
