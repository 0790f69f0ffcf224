"""App registrations in short: what a test needs to set up an app without an administrator's clicks."""

from __future__ import annotations

from typing import Any, cast

from daypass.wire import Response

from ..clock import graph_stamp
from ..directory.credentials import SECRET_LIFE_SECONDS
from ..directory.log import note
from ..entra import apps as registrations
from ..entra import federated
from ..entra.addresses import parts_of
from ..entra.clients import digest
from ..entra.graph_api import ROLE, SCOPE, unpublished
from ..routes import Call, Route, reply
from .asked import said, wrong

Json = dict[str, Any]

MEMBERS: dict[str, type] = {
    "client_id": str,
    "displayName": str,
    "publicClient": bool,
    "permissions": list,
    "roles": list,
    "redirectUris": list,
    "secret": str,
}


def list_apps(call: Call) -> Response:
    """The app registrations."""
    return reply(200, [_shown(call, client_id) for client_id in call.tenant.state.apps])


def register_app(call: Call) -> Response:
    """Register an app, or change one; its `roles` (what it may do on its own) are granted at once, a `secret` is one more it may use."""
    body, state = said(call, *MEMBERS), call.tenant.state
    for name, value in body.items():
        if not isinstance(value, MEMBERS[name]):
            raise wrong(f"{name} must be {_WORDS[MEMBERS[name]]}")
    for uri in _texts(body.get("redirectUris", [])):
        if parts_of(uri) is None:
            raise wrong(f"redirectUris: '{uri}' is no address that a browser may be sent back to")
    told = unpublished(_texts(body.get("permissions", [])), SCOPE) or unpublished(_texts(body.get("roles", [])), ROLE)
    if told:
        raise wrong(told)
    client_id = body.get("client_id") or call.tenant.new_id("app")
    if client_id not in state.apps:
        state.apps[client_id] = registrations.registered(client_id, "App", public=True, permissions=["User.Read"])
        record = registrations.principal(client_id, "App")
        state.service_principals[record["id"]] = record
    _change(call, client_id, body)
    note(call.tenant, "applications", state.apps[client_id]["id"])
    if principal := registrations.principal_of(state, client_id):
        note(call.tenant, "servicePrincipals", principal["id"])
    return reply(200, _shown(call, client_id))


def _change(call: Call, client_id: str, body: Json) -> None:
    app = call.tenant.state.apps[client_id]
    if "displayName" in body:
        app["displayName"] = body["displayName"]
        registrations.ensure_principal(call.tenant, client_id)["displayName"] = body["displayName"]
    if "publicClient" in body:
        app["isFallbackPublicClient"] = body["publicClient"]
    if "permissions" in body:
        registrations.set_permissions(app, _texts(body["permissions"]), SCOPE)
    if "roles" in body:
        registrations.set_permissions(app, _texts(body["roles"]), ROLE)
        registrations.grant_roles(call.tenant, client_id, _texts(body["roles"]))
    if "redirectUris" in body:
        platform = "publicClient" if registrations.is_public(app) else "web"
        app[platform] = {**app.get(platform, {}), "redirectUris": _texts(body["redirectUris"])}
    if body.get("secret"):
        now = call.tenant.clock.now()
        password = {"keyId": call.tenant.new_id("app"), "hint": body["secret"][:3], "x-digest": digest(body["secret"])}
        times = {"startDateTime": graph_stamp(now), "endDateTime": graph_stamp(now + SECRET_LIFE_SECONDS)}
        app["passwordCredentials"] = [*app.get("passwordCredentials", []), {**password, **times}]


_WORDS = {str: "text", bool: "true or false", list: "a list of names"}


def _texts(values: Any) -> list[str]:
    return [str(value) for value in cast("list[Any]", values)]


def _shown(call: Call, client_id: str) -> Json:
    state = call.tenant.state
    app = state.apps[client_id]
    return {
        "client_id": client_id,
        "displayName": app["displayName"],
        "publicClient": registrations.is_public(app),
        "permissions": registrations.permissions(app, SCOPE),
        "roles": registrations.roles_granted(state, client_id, registrations.GRAPH_APP_ID),
        "redirectUris": registrations.redirect_uris(app),
    }


def federate(call: Call) -> Response:
    """Let a workload's token prove an app: of this sandbox's own platform, or of another issuer whose keys are given."""
    body, state = said(call, "client_id", "subject", "issuer", "audience", "jwks"), call.tenant.state
    client_id = str(body.get("client_id", ""))
    if client_id not in state.apps:
        raise wrong(f"there is no app {client_id!r}; GET /sandbox/apps lists those there are")
    if not isinstance(body.get("jwks", {}), dict):
        raise wrong("jwks are the other issuer's keys: a JSON Web Key Set")
    _add_federated(state.apps[client_id], credential := _federated(call, body))
    return reply(200, {name: credential[name] for name in ("issuer", "subject", "audiences")})


def _federated(call: Call, body: Json) -> Json:
    if not body.get("subject"):
        raise wrong("say whose token it is: subject")
    return {
        "issuer": str(body.get("issuer") or federated.platform(call)),
        "subject": str(body["subject"]),
        "audiences": [str(body.get("audience") or federated.AUDIENCE)],
        "jwks": body.get("jwks"),
    }


def _add_federated(app: Json, credential: Json) -> None:
    others = [one for one in app.get("x-federated", []) if (one["issuer"], one["subject"]) != (credential["issuer"], credential["subject"])]
    app["x-federated"] = [*others, credential]


def assert_workload(call: Call) -> Response:
    """A token of this sandbox's platform for a workload, as it lies in AZURE_FEDERATED_TOKEN_FILE."""
    body = said(call, "subject", "issuer", "audience", "lifetime_seconds")
    lifetime = body.get("lifetime_seconds", 3600)
    if not body.get("subject") or isinstance(lifetime, bool) or not isinstance(lifetime, int):
        raise wrong("say whose token it is: subject; lifetime_seconds is a whole number")
    names = (str(body.get("issuer") or ""), str(body.get("audience") or ""))
    return reply(200, {"assertion": federated.assertion(call, str(body["subject"]), *names, lifetime)})


ROUTES = (
    Route("POST", "/sandbox/federated", federate),
    Route("POST", "/sandbox/assertion", assert_workload),
    Route("GET", "/sandbox/apps", list_apps),
    Route("POST", "/sandbox/apps", register_app),
)
