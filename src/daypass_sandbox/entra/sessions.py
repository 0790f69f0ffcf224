"""Sign-ins that were completed: what is judged before tokens are made of them, the token response, and how they are renewed.

A session is a JSON object: `user_id`, `client_id`, `signed_in_at`, `session` (the number of the user's session), `flow` (`device` or
`browser`), `public` (whether the app is a public client in it; absent: as its registration says), `spa` (whether it is a single-page
app, whose tokens only its page may fetch, for a day), `mfa` (whether more than a password was asked). A refresh token is a session with
`scope` and `issued_at`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from daypass.wire import Response

from ..clock import entra_stamp
from ..routes import Call, reply
from . import apps, clients, ordered, refusals
from .consents import consented, granted_by
from .forgetting import keep_refresh_token
from .forms import known_app, policy_holds, required
from .graph_api import base64url
from .refusals import Refusal
from .scopes import Scopes, parse_scopes
from .tokens import Grant, access_token, id_token

Json = dict[str, Any]

REFRESH_TOKEN_LIFE_SECONDS = 90 * 24 * 3600
SPA_LIFE_SECONDS = 24 * 3600  # "Refresh tokens in the Microsoft identity platform": from the sign-in on, however often it is renewed
ACCESS_TOKEN_LIFE_SECONDS = (60 * 60, 90 * 60)
CHALLENGEABLE_TOKEN_LIFE_SECONDS = (24 * 3600, 28 * 3600)  # of clients that understand claims challenges (CP1)


def begin(call: Call, user_id: str, client_id: str, flow: str, **more: Any) -> Json:
    """The session of a sign-in that was just completed."""
    now, state = call.tenant.clock.now(), call.tenant.state
    return {"user_id": user_id, "client_id": client_id, "signed_in_at": now, "session": state.session_of(user_id), "flow": flow, **more}


def judge(call: Call, session: Json, form: dict[str, str], when_blocked: refusals.Kind) -> str:
    """Refuse what the app's registration, the account or a policy forbids, in the order the service looks; how the app proved who it is."""
    user_id, state = session["user_id"], call.tenant.state
    app = state.apps[session["client_id"]]
    if policy_holds(call, "app_not_public", user_id):
        raise Refusal(refusals.NOT_PUBLIC)
    proof = clients.prove(call, form, session["client_id"], public=session.get("public", apps.is_public(app)))
    user = state.users.get(user_id)
    if user is None:
        raise Refusal(refusals.USER_GONE)
    if not user.get("accountEnabled", True) or policy_holds(call, "user_disabled", user_id):
        raise Refusal(refusals.USER_DISABLED)
    if session.get("flow", "device") == "device" and policy_holds(call, "block_device_code", user_id):
        raise Refusal(when_blocked)
    if not session.get("mfa") and policy_holds(call, "require_mfa", user_id):
        essential = {"essential": True, "values": [call.tenant.new_id("guid")]}
        raise Refusal(refusals.MFA_REQUIRED, claims=json.dumps({"access_token": {"capolids": essential}}))
    return proof


def check_origin(call: Call, session: Json) -> None:
    """What was given to a single-page app is redeemed from its page, anything else is not."""
    cross_origin = "origin" in call.request.headers
    if session.get("spa") and not cross_origin:
        raise Refusal(refusals.SPA_ONLY_FROM_PAGE)
    if cross_origin and not session.get("spa"):
        raise Refusal(refusals.PAGE_ONLY_FOR_SPA)


def no_consent(call: Call, client_id: str) -> Refusal:
    """The refusal where consent is missing."""
    return Refusal(refusals.CONSENT_MISSING, client_id=client_id, app=call.tenant.state.apps[client_id]["displayName"])


def refresh(call: Call, form: dict[str, str]) -> Response:
    """Redeem a refresh token; it stays valid beside the new one."""
    client_id, tenant = known_app(call, form), call.tenant
    session, now = tenant.state.refresh_tokens.get(required(form, "refresh_token")), tenant.clock.now()
    if session is None or session["client_id"] != client_id:
        raise Refusal(refusals.TOKEN_MALFORMED)
    ordered.refuse(call, ordered.RENEWAL, ("ask", "page", "back", "token"), session["user_id"], client_id)
    issued = entra_stamp(session["issued_at"])
    if session["session"] != tenant.state.session_of(session["user_id"]):
        raise Refusal(refusals.REVOKED, issued=issued)
    if now - session["issued_at"] >= REFRESH_TOKEN_LIFE_SECONDS:
        raise Refusal(refusals.INACTIVE, issued=issued)
    if session.get("spa") and now - session["signed_in_at"] >= SPA_LIFE_SECONDS:
        raise Refusal(refusals.SPA_EXPIRED, issued=issued)
    check_origin(call, session)
    frequency = tenant.state.policies.get("sign_in_frequency_seconds")
    if frequency and now - session["signed_in_at"] >= frequency:
        raise Refusal(refusals.SIGN_IN_FREQUENCY, issued=issued, seconds=frequency)
    proof = judge(call, session, form, refusals.BLOCKED_SESSION)
    tokens = tenant.state.refresh_tokens
    tokens[form["refresh_token"]] = tokens.pop(form["refresh_token"])  # one in use is not among the oldest
    scopes = parse_scopes(form.get("scope") or session["scope"])
    wanted = set(granted_by(call, client_id, scopes))
    withdrawn = policy_holds(call, "consent_required", session["user_id"])
    if withdrawn or not wanted.issubset(consented(call, session["user_id"], client_id, scopes)):
        raise no_consent(call, client_id)
    if "offline_access" in session["scope"].split() and "offline_access" not in scopes.openid:
        scopes = replace(scopes, openid=(*scopes.openid, "offline_access"))
    return issue(call, session, scopes, form, claims=form.get("claims", ""), proof=proof)


def issue(
    call: Call, session: Json, scopes: Scopes, form: dict[str, str], *, claims: str = "", nonce: str = "", proof: str = "0"
) -> Response:
    """The token response. Like the service it grants all that was ever consented for the resource, not only what was asked."""
    tenant, user_id, client_id = call.tenant, session["user_id"], session["client_id"]
    asked = granted_by(call, client_id, scopes)
    granted = tuple(dict.fromkeys((*asked, *consented(call, user_id, client_id, scopes))))
    challengeable = "CP1" in claims
    lifetime = tenant.chance.randint(*(CHALLENGEABLE_TOKEN_LIFE_SECONDS if challengeable else ACCESS_TOKEN_LIFE_SECONDS))
    grant = Grant(user_id, client_id, granted, scopes.audience, challengeable, proof)
    body: Json = {
        "token_type": "Bearer",
        "scope": scopes.echo(granted),
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": access_token(tenant, call.root, grant, lifetime),
    }
    if challengeable:
        body["refresh_in"] = lifetime // 2
    if "offline_access" in scopes.openid:
        scope = " ".join((*(f"{scopes.prefix}{name}" for name in scopes.names), *scopes.openid))
        body["refresh_token"] = _new_refresh_token(call, session, scope)
    if "openid" in scopes.openid:
        body["id_token"] = id_token(tenant, call.root, grant, 3600, nonce)
    if form.get("client_info") == "1":
        body["client_info"] = client_info(call, user_id)
    return reply(200, body)


def client_info(call: Call, user_id: str) -> str:
    """Who signed in and where, as MSAL asks to be told."""
    return base64url(json.dumps({"uid": user_id, "utid": call.tenant.state.tenant_id}).encode())


def _new_refresh_token(call: Call, session: Json, scope: str) -> str:
    """A refresh token beside the old ones, which stay valid (research: each use gives a new one, none is revoked)."""
    token = "1.A" + base64url(call.tenant.chance.randbytes(192))
    now = call.tenant.clock.now()
    fresh = {**session, "scope": scope, "issued_at": now}
    keep_refresh_token(call.tenant.state.refresh_tokens, token, fresh, lambda old: now >= old["issued_at"] + 2 * REFRESH_TOKEN_LIFE_SECONDS)
    return token
