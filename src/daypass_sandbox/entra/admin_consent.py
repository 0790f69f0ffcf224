"""An administrator's consent: what an app's registration lists is granted for everybody, and its application permissions with it.

After "Admin consent on the Microsoft identity platform" (Microsoft Learn). Everybody here may act as the administrator.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from daypass.wire import Response

from ..routes import Call, Route
from . import apps, consents, login, redirects, refusals
from .forms import form_of
from .graph_api import GRAPH_APP_ID, ROLE, SCOPE, WORDS
from .pages import page
from .redirects import Address
from .refusals import Refusal
from .scopes import parse_scopes

Json = dict[str, Any]

CARE = "Accept only if you know this app: accepting grants it for everybody in the organisation."


def ask(call: Call) -> Response:
    """Ask an administrator, and send the browser back with their answer."""
    try:
        address = redirects.address_of(call)
    except Refusal as refusal:
        return redirects.refused(call, refusal)
    app, state = call.tenant.state.apps[address.client_id], call.tenant.state
    scopes, roles = _asked(call, address), apps.permissions(app, ROLE)
    if call.tenant.auto_approve:
        return _grant(call, address, scopes, roles)
    if call.request.method == "GET":
        return _ask_account(call, address)
    login.refuse_foreign_page(call)
    form = form_of(call)
    if form.get("answer") == "cancel":
        return redirects.send_refusal(call, address, Refusal(refusals.CANCELLED))
    if form.get("answer") == "accept":
        return _grant(call, address, scopes, roles)
    user = state.users.get(form.get("user", ""))
    if user is None:
        return _ask_account(call, address)
    asked = [WORDS.get(name, (name, "For the app, in your name and everybody's.")) for name in scopes]
    asked += [(name, "For the app on its own, without anybody signed in.") for name in roles]
    words: Json = {"app": app, "user": user, "asked": asked, "kept": {"user": user["id"]}, "care": CARE}
    return page(call, "consent", forms_to=f"'self' {address.origin}", **words)


def _ask_account(call: Call, address: Address) -> Response:
    words: Json = {"app": call.tenant.state.apps[address.client_id], "people": login.people(call), "trouble": "", "kept": {}}
    return page(call, "account", forms_to=f"'self' {address.origin}", **words)


def _asked(call: Call, address: Address) -> list[str]:
    """The delegated permissions that are asked: those of the request, or what the registration lists."""
    scope = call.query.get("scope", "")
    asked = parse_scopes(scope) if scope else None
    return list(asked.names) if asked and not asked.wants_default else apps.permissions(call.tenant.state.apps[address.client_id], SCOPE)


def _grant(call: Call, address: Address, scopes: Iterable[str], roles: Iterable[str]) -> Response:
    tenant = call.tenant
    apps.ensure_principal(tenant, address.client_id)
    key = consents.key_of(consents.EVERYBODY, address.client_id, GRAPH_APP_ID)
    if wanted := {*tenant.state.consents.get(key, ()), *scopes}:
        consents.grant(tenant, consents.EVERYBODY, address.client_id, GRAPH_APP_ID, wanted)
    apps.grant_roles(tenant, address.client_id, roles)
    return redirects.send(call, address, {"admin_consent": "True", "tenant": tenant.state.tenant_id})


_SOURCE = "https://learn.microsoft.com/entra/identity-platform/v2-admin-consent"
_PATHS = ("/{tenant}/v2.0/adminconsent", "/{tenant}/adminconsent")
ROUTES = tuple(Route(method, path, ask, source=_SOURCE) for path in _PATHS for method in ("GET", "POST"))
