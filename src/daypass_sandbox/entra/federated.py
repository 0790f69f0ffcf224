"""Workload identities: an app that shows a token of its platform in place of a secret, and the machine that hands out tokens itself.

After "Workload identity federation" and "How to use managed identities on a VM to acquire an access token" (Microsoft Learn): issuer,
subject and audience of the presented token must be those of a credential of the app's, and its signature one of the issuer's. The sandbox
is an issuer itself (`{root}/platform`), so that a pod, a pipeline or a test can be played; others give their keys with the credential.
"""

from __future__ import annotations

from typing import Any, cast

import jwt

from daypass.wire import Response

from ..clock import entra_stamp
from ..environment import IDENTITY_HEADER
from ..routes import Call, Route, reply
from . import apps, refusals
from .graph_api import GRAPH_APP_ID, GRAPH_URL
from .refusals import Refusal
from .tokens import Grant, access_token

Json = dict[str, Any]

AUDIENCE = "api://AzureADTokenExchange"
CLOCK_SKEW_SECONDS = 300
MACHINE = "da70a550-1de7-4a11-8c07-c04705000004"  # the client id of this machine's own identity
LIFETIME_SECONDS = 86_399
IMDS, APP_SERVICE = "/metadata/identity/oauth2/token", "/msi/token"
PATHS = (IMDS, APP_SERVICE)
_UNJUDGED: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False, "verify_iss": False}


def platform(call: Call) -> str:
    """The issuer of tokens that this sandbox gives to workloads."""
    return f"{call.root}/platform"


def assertion(call: Call, subject: str, issuer: str = "", audience: str = "", lifetime_seconds: int = 3600) -> str:
    """A platform's token for a workload, signed by this sandbox."""
    now = int(call.tenant.clock.now())
    times = {"iat": now, "nbf": now, "exp": now + lifetime_seconds}
    return call.tenant.key.sign({"iss": issuer or platform(call), "sub": subject, "aud": audience or AUDIENCE, **times})


def check(call: Call, token: str, claims: Json, client_id: str) -> None:
    """Refuse a platform's token that fits no credential of the app's: 70021, 700213, 700212, 700024, 700027, 700229."""
    shown = {"issuer": str(claims.get("iss", "")), "subject": str(claims.get("sub", "")), "audience": _first(claims.get("aud"))}
    if claims.get("idtyp") == "user" or claims.get("scp"):
        raise Refusal(refusals.NOT_AN_APPS)
    known: list[Json] = call.tenant.state.apps[client_id].get("x-federated", [])
    of_issuer = [one for one in known if one["issuer"] == shown["issuer"]]
    if not of_issuer:
        raise Refusal(refusals.NOT_FEDERATED, **shown)
    of_subject = [one for one in of_issuer if one["subject"] == shown["subject"]]
    if not of_subject:
        raise Refusal(refusals.NOT_FEDERATED_SUBJECT, **shown)
    fitting = [one for one in of_subject if shown["audience"] in one["audiences"]]
    if not fitting:
        raise Refusal(refusals.NOT_FEDERATED_AUDIENCE, **shown)
    _check_signature(call, token, fitting[0])
    _check_times(call, claims)


def _first(audience: Any) -> str:
    listed: list[Any] = cast("list[Any]", audience) if isinstance(audience, list) else [audience]
    return str(listed[0] or "") if listed else ""


def _check_signature(call: Call, token: str, credential: Json) -> None:
    try:
        if not credential["jwks"]:  # this sandbox's own platform
            call.tenant.key.read(token)
            return
        kid = jwt.get_unverified_header(token).get("kid")
        keys = jwt.PyJWKSet.from_dict(credential["jwks"]).keys
        chosen = next(key for key in keys if kid in (None, key.key_id))
        jwt.decode(token, chosen.key, algorithms=["RS256", "ES256"], options=_UNJUDGED)
    except (jwt.PyJWTError, StopIteration):
        raise Refusal(refusals.ASSERTION_UNSIGNED, why="[Reason - The key was not found, or the signature did not match.]") from None


def _check_times(call: Call, claims: Json) -> None:
    now, begins, ends = call.tenant.clock.now(), claims.get("nbf", 0), claims.get("exp", 0)
    numbers = all(isinstance(moment, int | float) for moment in (begins, ends))
    if not numbers or not begins - CLOCK_SKEW_SECONDS <= now < ends + CLOCK_SKEW_SECONDS:
        told = {"begins": entra_stamp(begins), "ends": entra_stamp(ends)} if numbers else {"begins": "?", "ends": "?"}
        raise Refusal(refusals.ASSERTION_UNTIMELY, now=entra_stamp(now), **told)


# --- the machine's own identity ------------------------------------------------------------------------------------


def ensure_machine(call: Call) -> str:
    """The client id of this machine's identity, which is registered now if it was not; its roles are given like any app's."""
    state = call.tenant.state
    if MACHINE not in state.apps:
        state.apps[MACHINE] = apps.registered(MACHINE, "This machine", public=False)
        record = {**apps.principal(MACHINE, "This machine"), "servicePrincipalType": "ManagedIdentity"}
        state.service_principals[record["id"]] = record
    return MACHINE


def imds(call: Call) -> Response:
    """A token from the clouds' instance metadata service, which any program on the machine may ask; a browser cannot send the header."""
    if call.request.headers.get("metadata", "").lower() != "true":
        return _wrong("Required metadata header not specified")
    if call.query.get("api-version") not in ("2018-02-01", "2019-08-01", "2019-11-01", "2021-02-01", "2025-04-01"):
        return _wrong("Required query variable 'api-version' is missing or not supported")
    return _given(call)


def app_service(call: Call) -> Response:
    """A token from the endpoint that App Service and others name in IDENTITY_ENDPOINT; it wants the header that IDENTITY_HEADER holds."""
    if call.request.headers.get("x-identity-header", "") != IDENTITY_HEADER:
        return reply(401, {"statusCode": 401, "message": "The header X-IDENTITY-HEADER is missing or wrong."})
    return _given(call)


def _given(call: Call) -> Response:
    resource, wanted = call.query.get("resource", "").rstrip("/"), call.query.get("client_id", "")
    if not resource:
        return _wrong("Required query variable 'resource' is missing")
    client_id = wanted or ensure_machine(call)
    if client_id not in call.tenant.state.apps:
        return _wrong("Identity not found")
    graph = _is_graph(resource)
    roles = apps.roles_granted(call.tenant.state, client_id, GRAPH_APP_ID) if graph else []
    now = int(call.tenant.clock.now())
    grant = Grant("", client_id, tuple(roles), GRAPH_APP_ID if graph else resource, proof="2")
    token = access_token(call.tenant, call.root, grant, LIFETIME_SECONDS)
    times = {"expires_in": str(LIFETIME_SECONDS), "expires_on": str(now + LIFETIME_SECONDS), "not_before": str(now)}
    return reply(200, {"access_token": token, "client_id": client_id, "resource": resource, "token_type": "Bearer", **times})


def _is_graph(resource: str) -> bool:
    return resource in (GRAPH_URL, GRAPH_APP_ID) or resource.startswith(("https://localhost", "https://127.0.0.1"))


def _wrong(told: str) -> Response:
    return reply(400, {"error": "invalid_request", "error_description": told})


_DOCS = "https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token"
ROUTES = (
    Route("GET", IMDS, imds, source=_DOCS),
    Route("GET", APP_SERVICE, app_service, source="https://learn.microsoft.com/azure/app-service/overview-managed-identity"),
)
