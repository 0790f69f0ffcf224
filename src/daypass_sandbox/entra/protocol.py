"""Entra ID's protocol side: discovery, keys, device codes and tokens.

After "OAuth 2.0 device authorization grant flow" and "Refresh tokens in the Microsoft identity platform" (Microsoft Learn),
RFC 8628, RFC 6749 and OpenID Connect Discovery 1.0. All addresses in the answers are built from the Host the client used.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from daypass.wire import Response

from .. import faults
from ..clock import entra_stamp
from ..routes import Call, Fault, Route, Router, reply
from . import refusals
from .refusals import Refusal, correlation_of, envelope
from .scopes import Scopes, parse_scopes
from .tokens import Grant, access_token, base64url, id_token, issuer

DEVICE_CODE_LIFE_SECONDS = 900
REFRESH_TOKEN_LIFE_SECONDS = 90 * 24 * 3600
ACCESS_TOKEN_LIFE_SECONDS = (60 * 60, 90 * 60)
CHALLENGEABLE_TOKEN_LIFE_SECONDS = (24 * 3600, 28 * 3600)  # of clients that understand claims challenges (CP1)
USER_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"  # no vowels: no words; no 0 and 1: no doubt
ANY_TENANT = ("common", "organizations", "consumers")
DEVICE_GRANTS = ("urn:ietf:params:oauth:grant-type:device_code", "device_code")
MICROSOFT_HOSTS = frozenset({"login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net"})
# Microsoft's own public clients, which are in every tenant without registration
FIRST_PARTY = {
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46": "Microsoft Azure CLI",
    "14d82eec-204b-4c2f-b7e8-296a70dab67e": "Microsoft Graph Command Line Tools",
}
REGISTERED_PERMISSIONS = ("Calendars.ReadWrite", "User.Read")


def first_apps(client_id: str) -> dict[str, dict[str, Any]]:
    """The app registrations of a new tenant: `client_id` for the app under test, and Microsoft's well-known ones."""
    names = {client_id: "Calendar app", **FIRST_PARTY}
    return {
        app_id: {"displayName": name, "publicClient": True, "permissions": list(REGISTERED_PERMISSIONS)} for app_id, name in names.items()
    }


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


def form_of(call: Call) -> dict[str, str]:
    """The fields of a form (application/x-www-form-urlencoded); the last of a repeated field counts."""
    return dict(parse_qsl(call.request.body.decode("utf-8", "replace"), keep_blank_values=True))


def _field(form: dict[str, str], name: str) -> str:
    if not form.get(name):
        raise Refusal(refusals.MISSING_PARAMETER, parameter=name)
    return form[name]


def _known_app(call: Call, form: dict[str, str]) -> str:
    client_id = _field(form, "client_id")
    state = call.tenant.state
    if client_id not in state.apps:
        raise Refusal(refusals.UNKNOWN_APP, client_id=client_id, directory=state.display_name)
    return client_id


# --- discovery -------------------------------------------------------------------------------------------------


def _openid_configuration(call: Call) -> Response:
    segment = call.path["tenant"]
    base = f"{call.root}/{segment if segment.lower() in ANY_TENANT else call.tenant.state.tenant_id}"
    oauth = f"{base}/oauth2/v2.0"
    return reply(
        200,
        {
            "issuer": issuer(call.tenant, call.root),
            "authorization_endpoint": f"{oauth}/authorize",
            "token_endpoint": f"{oauth}/token",
            "device_authorization_endpoint": f"{oauth}/devicecode",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "userinfo_endpoint": f"{call.root}/oidc/userinfo",
            "end_session_endpoint": f"{oauth}/logout",
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "oid", "ver"],
            "request_uri_parameter_supported": False,
            "http_logout_supported": True,
            "frontchannel_logout_supported": True,
            "tenant_region_scope": None,
            "cloud_instance_name": "microsoftonline.com",
            "cloud_graph_host_name": "graph.windows.net",
            "msgraph_host": urlsplit(call.root).netloc,
        },
    )


def _instance_discovery(call: Call) -> Response:
    asked = urlsplit(call.query.get("authorization_endpoint", ""))
    own_host = urlsplit(call.root).hostname or ""
    if asked.hostname not in (own_host, *MICROSOFT_HOSTS):
        raise Refusal(refusals.UNKNOWN_INSTANCE)
    segment = asked.path.strip("/").split("/")[0] or "common"
    body: dict[str, Any] = {"tenant_discovery_endpoint": f"{call.root}/{segment}/v2.0/.well-known/openid-configuration"}
    body["api-version"] = call.query.get("api-version", "1.0")
    if body["api-version"] != "1.0":
        aliases = [own_host] if own_host not in MICROSOFT_HOSTS else sorted(MICROSOFT_HOSTS)
        body["metadata"] = [{"preferred_network": own_host, "preferred_cache": own_host, "aliases": aliases}]
    return reply(200, body)


def _keys(call: Call) -> Response:
    return reply(200, {"keys": [{**call.tenant.key.jwk(), "issuer": issuer(call.tenant, call.root)}]})


# --- device codes ----------------------------------------------------------------------------------------------


def _device_code(call: Call) -> Response:
    form, tenant = form_of(call), call.tenant
    client_id, scope, now = _known_app(call, form), form.get("scope", ""), tenant.clock.now()
    parse_scopes(scope)
    letters = re.sub(r"[^-\w]", "", base64url(tenant.chance.randbytes(96)))
    device_code, user_code = f"0A{letters}", "".join(tenant.chance.choice(USER_CODE_LETTERS) for _ in range(9))
    record: dict[str, Any] = {
        "user_code": user_code,
        "client_id": client_id,
        "scope": scope,
        "claims": form.get("claims", ""),
        "expires_at": now + DEVICE_CODE_LIFE_SECONDS,
        "interval": tenant.interval_seconds,
        "polled_at": None,
        "hurried": 0,
        "status": "pending",
        "user_id": "",
    }
    tenant.state.device_codes[device_code] = record
    if tenant.auto_approve:
        decide(call, record, tenant.auto_approve)
    page = f"{call.root}/devicelogin"
    return reply(
        200,
        {
            "user_code": user_code,
            "device_code": device_code,
            "verification_uri": page,
            "expires_in": DEVICE_CODE_LIFE_SECONDS,
            "interval": tenant.interval_seconds,
            "message": f"To sign in, use a web browser to open the page {page} and enter the code {user_code} to authenticate.",
        },
    )


def waiting_code(call: Call, user_code: str) -> dict[str, Any] | None:
    """The record of a user code that still waits for a decision (letter case, blanks and dashes ignored); None if there is none."""
    wanted = re.sub(r"[\s-]", "", user_code).upper()
    for record in call.tenant.state.device_codes.values():
        if record["user_code"] == wanted and record["status"] == "pending" and call.tenant.clock.now() < record["expires_at"]:
            return record
    return None


def decide(call: Call, record: dict[str, Any], user: str) -> None:
    """Approve a device code in a user's name, consent included, or decline it (user ""); Fault 404 for an unknown user."""
    if not user:
        record["status"] = "declined"
        return
    user_id = call.tenant.state.find_user(user)
    if user_id is None:
        raise Fault(404, "unknown_user", f"there is no user {user!r} in this tenant; ask GET /sandbox/users for those there are")
    record.update(status="approved", user_id=user_id)
    record_consent(call, user_id, record["client_id"], parse_scopes(record["scope"]))


def granted_by(call: Call, client_id: str, scopes: Scopes) -> tuple[str, ...]:
    """The permissions a question stands for: its names, or what the app's registration lists for `.default`."""
    return tuple(call.tenant.state.apps[client_id]["permissions"]) if scopes.wants_default else scopes.names


def consented(call: Call, user_id: str, client_id: str, scopes: Scopes) -> list[str]:
    """The permissions on this resource that the user has granted the app so far."""
    return call.tenant.state.consents.get(f"{user_id} {client_id} {scopes.resource}", [])


def record_consent(call: Call, user_id: str, client_id: str, scopes: Scopes) -> None:
    """Remember that a user granted an app what it asked."""
    already = consented(call, user_id, client_id, scopes)
    call.tenant.state.consents[f"{user_id} {client_id} {scopes.resource}"] = sorted({*already, *granted_by(call, client_id, scopes)})


# --- tokens ----------------------------------------------------------------------------------------------------


def _token(call: Call) -> Response:
    form = form_of(call)
    grant_type = _field(form, "grant_type")
    if grant_type in DEVICE_GRANTS:
        return _redeem_device_code(call, form)
    if grant_type == "refresh_token":
        return _refresh(call, form)
    raise Refusal(refusals.UNKNOWN_GRANT, grant_type=grant_type)


def _redeem_device_code(call: Call, form: dict[str, str]) -> Response:
    client_id = _known_app(call, form)
    record = call.tenant.state.device_codes.get(form.get("device_code") or _field(form, "code"))
    if record is None or record["client_id"] != client_id:
        raise Refusal(refusals.CODE_UNKNOWN)
    if record["status"] == "redeemed":
        raise Refusal(refusals.CODE_REDEEMED)
    if record["status"] == "declined":
        raise Refusal(refusals.DECLINED)
    if call.tenant.clock.now() >= record["expires_at"]:
        raise Refusal(refusals.CODE_EXPIRED)
    if record["status"] == "pending":
        raise Refusal(refusals.SLOW_DOWN if _polls_too_fast(call, record) else refusals.PENDING)
    session = {
        "user_id": record["user_id"],
        "client_id": client_id,
        "signed_in_at": call.tenant.clock.now(),
        "session": call.tenant.state.session_of(record["user_id"]),
    }
    _judge(call, session, refusals.BLOCKED)
    scopes = parse_scopes(record["scope"])
    if policy_holds(call, "consent_required", record["user_id"]):
        raise _no_consent(call, client_id)
    record["status"] = "redeemed"
    return _issue(call, session, scopes, form, form.get("claims") or record["claims"])


def _polls_too_fast(call: Call, record: dict[str, Any]) -> bool:
    """RFC 8628, section 3.5. The service itself is lenient; the policy `strict_polling` makes it keep the interval to the letter."""
    now, last = call.tenant.clock.now(), record["polled_at"]
    record["polled_at"] = now
    strict = policy_holds(call, "strict_polling", "")
    if last is None or now - last >= record["interval"] * (0.9 if strict else 0.2):
        record["hurried"] = 0
        return False
    record["hurried"] += 1
    if strict:
        record["interval"] += 5
    return strict or record["hurried"] >= 5


def _refresh(call: Call, form: dict[str, str]) -> Response:
    client_id, tenant = _known_app(call, form), call.tenant
    session, now = tenant.state.refresh_tokens.get(_field(form, "refresh_token")), tenant.clock.now()
    if session is None or session["client_id"] != client_id:
        raise Refusal(refusals.TOKEN_MALFORMED)
    issued = entra_stamp(session["issued_at"])
    if session["session"] != tenant.state.session_of(session["user_id"]):
        raise Refusal(refusals.REVOKED, issued=issued)
    if now - session["issued_at"] >= REFRESH_TOKEN_LIFE_SECONDS:
        raise Refusal(refusals.INACTIVE, issued=issued)
    frequency = tenant.state.policies.get("sign_in_frequency_seconds")
    if frequency and now - session["signed_in_at"] >= frequency:
        raise Refusal(refusals.SIGN_IN_FREQUENCY, issued=issued, seconds=frequency)
    _judge(call, session, refusals.BLOCKED_SESSION)
    scopes = parse_scopes(form.get("scope") or session["scope"])
    wanted = set(granted_by(call, client_id, scopes))
    withdrawn = policy_holds(call, "consent_required", session["user_id"])
    if withdrawn or not wanted.issubset(consented(call, session["user_id"], client_id, scopes)):
        raise _no_consent(call, client_id)
    if "offline_access" in session["scope"].split() and "offline_access" not in scopes.openid:
        scopes = replace(scopes, openid=(*scopes.openid, "offline_access"))
    return _issue(call, session, scopes, form, form.get("claims", ""))


def policy_holds(call: Call, name: str, user_id: str) -> bool:
    """Whether a policy is on: for everybody (true), or for this user (a list of user ids)."""
    setting = call.tenant.state.policies.get(name, False)
    return user_id in setting if isinstance(setting, list) else bool(setting)


def _judge(call: Call, session: dict[str, Any], when_blocked: refusals.Kind) -> None:
    """Refuse what the app's registration, the account or a policy forbids, in the order the service looks."""
    user_id, state = session["user_id"], call.tenant.state
    if not state.apps[session["client_id"]]["publicClient"] or policy_holds(call, "app_not_public", user_id):
        raise Refusal(refusals.NOT_PUBLIC)
    if not state.users.get(user_id, {}).get("accountEnabled", True) or policy_holds(call, "user_disabled", user_id):
        raise Refusal(refusals.USER_DISABLED)
    if policy_holds(call, "block_device_code", user_id):
        raise Refusal(when_blocked)
    if policy_holds(call, "require_mfa", user_id):
        essential = {"essential": True, "values": [call.tenant.new_id("guid")]}
        raise Refusal(refusals.MFA_REQUIRED, claims=json.dumps({"access_token": {"capolids": essential}}))


def _no_consent(call: Call, client_id: str) -> Refusal:
    return Refusal(refusals.CONSENT_MISSING, client_id=client_id, app=call.tenant.state.apps[client_id]["displayName"])


def _issue(call: Call, session: dict[str, Any], scopes: Scopes, form: dict[str, str], claims: str) -> Response:
    """The token response. Like the service it grants all that was ever consented for the resource, not only what was asked."""
    tenant, user_id, client_id = call.tenant, session["user_id"], session["client_id"]
    asked = granted_by(call, client_id, scopes)
    granted = tuple(dict.fromkeys((*asked, *consented(call, user_id, client_id, scopes))))
    challengeable = "CP1" in claims
    lifetime = tenant.chance.randint(*(CHALLENGEABLE_TOKEN_LIFE_SECONDS if challengeable else ACCESS_TOKEN_LIFE_SECONDS))
    grant = Grant(user_id, client_id, granted, scopes.audience, challengeable)
    body: dict[str, Any] = {
        "token_type": "Bearer",
        "scope": scopes.echo(granted),
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": access_token(tenant, call.root, grant, lifetime),
    }
    if challengeable:
        body["refresh_in"] = lifetime // 2
    if "offline_access" in scopes.openid:
        body["refresh_token"] = _new_refresh_token(
            call, session, " ".join((*(f"{scopes.prefix}{name}" for name in scopes.names), *scopes.openid))
        )
    if "openid" in scopes.openid:
        body["id_token"] = id_token(tenant, call.root, grant, 3600)
    if form.get("client_info") == "1":
        body["client_info"] = base64url(json.dumps({"uid": user_id, "utid": tenant.state.tenant_id}).encode())
    return reply(200, body)


def _new_refresh_token(call: Call, session: dict[str, Any], scope: str) -> str:
    """A refresh token beside the old ones, which stay valid (research: each use gives a new one, none is revoked)."""
    token = "1.A" + base64url(call.tenant.chance.randbytes(192))
    call.tenant.state.refresh_tokens[token] = {**session, "scope": scope, "issued_at": call.tenant.clock.now()}
    return token


_DOCS = "https://learn.microsoft.com/entra/identity-platform/"
ROUTES = (
    Route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", _openid_configuration, source=_DOCS + "v2-protocols-oidc"),
    Route("GET", "/{tenant}/.well-known/openid-configuration", _openid_configuration, source=_DOCS + "v2-protocols-oidc"),
    Route("GET", "/{tenant}/discovery/v2.0/keys", _keys, source=_DOCS + "access-tokens"),
    Route("GET", "/{tenant}/discovery/keys", _keys, source=_DOCS + "access-tokens"),
    Route("GET", "/discovery/keys", _keys, source=_DOCS + "access-tokens"),
    Route("GET", "/common/discovery/instance", _instance_discovery, source="observed: what MSAL asks"),
    Route("POST", "/{tenant}/oauth2/v2.0/devicecode", _device_code, source=_DOCS + "v2-oauth2-device-code"),
    Route("POST", "/{tenant}/oauth2/v2.0/token", _token, source=_DOCS + "v2-oauth2-device-code"),
    Route("POST", "/{tenant}/oauth2/token", _token, source=_DOCS + "v2-oauth2-device-code"),
)
