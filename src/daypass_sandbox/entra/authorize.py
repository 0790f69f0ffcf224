"""Signing in through a browser: the authorization endpoint with its pages, and the redemption of the codes it gives out.

After "Microsoft identity platform and OAuth 2.0 authorization code flow" (Microsoft Learn), RFC 6749 section 4.1, RFC 7636 (PKCE)
and OpenID Connect Core section 3.1. The request stays in the address of the page, and nothing else is kept between steps.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from daypass.wire import Response

from ..routes import Call, Route
from . import browser, login, ordered, redirects, refusals, sessions
from .consents import consented, granted_by, record_consent
from .forgetting import keep
from .forms import form_of, known_app, policy_holds, required
from .graph_api import base64url
from .pages import page
from .redirects import Address
from .refusals import Refusal
from .scopes import Scopes, parse_scopes

Json = dict[str, Any]

CODE_LIFE_SECONDS = 600
PROMPTS = ("", "login", "none", "consent", "select_account", "create")
CARE = "Accept only if you started this sign-in yourself: accepting lets the app act as you."


@dataclass(frozen=True)
class Question:
    """What an app asks of a person who signs in."""

    address: Address
    scope: str
    scopes: Scopes
    prompt: str
    challenge: str
    method: str


def authorize(call: Call) -> Response:
    """The authorization endpoint: asks who signs in and what they grant, and sends the browser back with a code.

    Where nothing is to be asked (somebody is signed in in this browser and has granted it all; or the tenant approves everything in one
    user's name), no page is shown. An error the app may hear goes back to it, any other is a page.
    """
    try:
        address = redirects.address_of(call)
        ordered.refuse(call, ordered.BROWSER, ("ask",), client_id=address.client_id)
    except Refusal as refusal:
        return redirects.refused(call, refusal)
    try:
        question = _question(call, address)
        return _take_step(call, question) if call.request.method == "POST" else _first_step(call, question)
    except Refusal as refusal:
        return redirects.send_refusal(call, address, refusal)


def _question(call: Call, address: Address) -> Question:
    wanted = redirects.asked_for(call, "response_type")
    if wanted != "code":
        raise Refusal(refusals.RESPONSE_TYPE, wanted=wanted)
    prompt = call.query.get("prompt", "").lower()
    if prompt not in PROMPTS:
        raise Refusal(refusals.PROMPT, wanted=prompt)
    scope = call.query.get("scope", "")
    challenge = call.query.get("code_challenge", "")
    method = call.query.get("code_challenge_method", "plain" if challenge else "").upper()
    if method not in ("", "PLAIN", "S256"):
        raise Refusal(refusals.CHALLENGE_METHOD, wanted=method)
    if (challenge or method) and not 43 <= len(challenge) <= 128:
        raise Refusal(refusals.CHALLENGE_SIZE)
    if address.platform == "spa" and not challenge:
        raise Refusal(refusals.PKCE_NEEDED)
    return Question(address, scope, parse_scopes(scope), prompt, challenge, method)


def _first_step(call: Call, question: Question) -> Response:
    here = _hinted(call) or browser.user_of(call)
    approver = call.tenant.state.find_user(call.tenant.auto_approve) if call.tenant.auto_approve else None
    if approver:
        return _finish(call, question, approver)
    if question.prompt == "none":
        here = browser.user_of(call)
        if here is None:
            raise Refusal(refusals.NOBODY_SIGNED_IN)
        if not _has_all(call, question, here):
            raise Refusal(refusals.INTERACTION_NEEDED, client_id=question.address.client_id, app=_app(call, question)["displayName"])
        return _finish(call, question, here)
    if here is None or question.prompt == "select_account":
        return _ask_account(call, question)
    if not question.prompt and here == browser.user_of(call) and _has_all(call, question, here):
        return _finish(call, question, here)
    return _ask_consent(call, question, here)


def _take_step(call: Call, question: Question) -> Response:
    """What follows from a form: a user was picked, or an answer given."""
    login.refuse_foreign_page(call)
    form = form_of(call)
    user_id, answer = form.get("user", ""), form.get("answer", "")
    if answer == "cancel":
        raise Refusal(refusals.CANCELLED)
    user = call.tenant.state.users.get(user_id)
    if user is None or not login.may_sign_in(call, user_id):
        return _ask_account(call, question, login.DISABLED if user else "")
    if policy_holds(call, "consent_required", user_id):
        words: Json = {"app": _app(call, question), "user": user, "kept": {}, "back": f"Back to {_app(call, question)['displayName']}"}
        return page(call, "approval", forms_to=_forms_to(question), **words)
    return _finish(call, question, user_id) if answer == "accept" else _ask_consent(call, question, user_id)


def _app(call: Call, question: Question) -> Json:
    return call.tenant.state.apps[question.address.client_id]


def _hinted(call: Call) -> str | None:
    hint = call.query.get("login_hint", "")
    return call.tenant.state.find_user(hint) if hint else None


def _has_all(call: Call, question: Question, user_id: str) -> bool:
    client_id, scopes = question.address.client_id, question.scopes
    return set(granted_by(call, client_id, scopes)).issubset(consented(call, user_id, client_id, scopes))


def _forms_to(question: Question) -> str:
    """Browsers hold a form's target to the policy through redirects too, so it must name the app's address."""
    return f"'self' {question.address.origin}"


def _ask_account(call: Call, question: Question, trouble: str = "") -> Response:
    words: Json = {"kept": {}, "app": _app(call, question), "people": login.people(call), "trouble": trouble}
    return page(call, "account", forms_to=_forms_to(question), **words)


def _ask_consent(call: Call, question: Question, user_id: str) -> Response:
    again = question.prompt == "consent"
    asked = login.in_words(call, question.address.client_id, question.scopes, user_id, again=again)
    words: Json = {"app": _app(call, question), "user": call.tenant.state.users[user_id], "asked": asked, "care": CARE}
    return page(call, "consent", forms_to=_forms_to(question), kept={"user": user_id}, **words)


def _finish(call: Call, question: Question, user_id: str) -> Response:
    """Remember the consent, and send the browser back with a code; a refusal that was ordered is shown, or sent back."""
    client_id, tenant = question.address.client_id, call.tenant
    if shown := ordered.page_for(call, user_id):
        return redirects.refused(call, shown)
    ordered.refuse(call, ordered.BROWSER, ("back",), user_id)
    record_consent(call, user_id, client_id, question.scopes)
    session = sessions.begin(
        call,
        user_id,
        client_id,
        "browser",
        public=question.address.platform != "web",
        spa=question.address.platform == "spa",
        mfa=policy_holds(call, "require_mfa", user_id),
    )
    code = "1.A" + base64url(tenant.chance.randbytes(96))
    record: Json = {
        "session": session,
        "redirect_uri": question.address.uri,
        "scope": question.scope,
        "nonce": call.query.get("nonce", ""),
        "claims": call.query.get("claims", ""),
        "challenge": question.challenge,
        "method": question.method,
        "redeemed": False,
    }
    oldest = tenant.clock.now() - 2 * CODE_LIFE_SECONDS
    keep(tenant.state.auth_codes, code, record, lambda old: old["session"]["signed_in_at"] <= oldest)
    answer = {"code": code, "session_state": tenant.new_id("guid")}
    if call.query.get("client_info") == "1":
        answer["client_info"] = sessions.client_info(call, user_id)
    return redirects.send(call, question.address, answer, browser.signed_in(call, user_id))


# --- redeeming a code ----------------------------------------------------------------------------------------------


def redeem(call: Call, form: dict[str, str]) -> Response:
    """The tokens for a code: once, within ten minutes, by the same app at the same address, with the verifier of its challenge."""
    client_id = known_app(call, form)
    record = call.tenant.state.auth_codes.get(required(form, "code"))
    if record is None or record["session"]["client_id"] != client_id:
        raise Refusal(refusals.CODE_OF_ANOTHER)
    session = record["session"]
    if record["redeemed"]:
        raise Refusal(refusals.CODE_REDEEMED)
    if call.tenant.clock.now() - session["signed_in_at"] >= CODE_LIFE_SECONDS:
        raise Refusal(refusals.CODE_LATE)
    if required(form, "redirect_uri") != record["redirect_uri"]:
        raise Refusal(refusals.REDIRECT_DIFFERS, given=form["redirect_uri"], asked=record["redirect_uri"])
    ordered.refuse(call, ordered.BROWSER, ("token",), session["user_id"], client_id)
    sessions.check_origin(call, session)
    _check_verifier(record, form.get("code_verifier", ""))
    proof = sessions.judge(call, session, form, refusals.BLOCKED)
    scopes = parse_scopes(form.get("scope") or record["scope"])
    if not set(granted_by(call, client_id, scopes)).issubset(consented(call, session["user_id"], client_id, scopes)):
        raise sessions.no_consent(call, client_id)
    record["redeemed"] = True
    claims = form.get("claims") or record["claims"]
    return sessions.issue(call, session, scopes, form, claims=claims, nonce=record["nonce"], proof=proof)


def _check_verifier(record: Json, verifier: str) -> None:
    if not record["challenge"]:
        if verifier:
            raise Refusal(refusals.VERIFIER_WRONG)
        return
    if not verifier:
        raise Refusal(refusals.VERIFIER_MISSING)
    shown = base64url(hashlib.sha256(verifier.encode()).digest()) if record["method"] == "S256" else verifier
    if not hmac.compare_digest(shown.encode(), record["challenge"].encode()):
        raise Refusal(refusals.VERIFIER_WRONG)


# --- signing out, and where native programs land -------------------------------------------------------------------


def sign_out(call: Call) -> Response:
    """End the browser's sign-in, and lead on to where the app asked if it registered that address."""
    target = redirects.after_signing_out(call)
    if target is None:
        shown = page(call, "signed_out")
        return shown.replace(headers={**shown.headers, **browser.signed_out()})
    state = {"state": call.query["state"]} if call.query.get("state") else {}
    back = redirects.send(call, Address("", target, "", "query", ""), state)
    return back.replace(headers={**back.headers, **browser.signed_out()})


def native_client(call: Call) -> Response:
    """Where programs without an address of their own have the browser sent; they read the answer off the address bar."""
    return page(call, "native")


_FLOW = "https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow"
_OIDC = "https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc"
ROUTES = (
    *(Route(method, "/{tenant}/oauth2/v2.0/authorize", authorize, source=_FLOW) for method in ("GET", "POST")),
    Route("GET", "/{tenant}/oauth2/v2.0/logout", sign_out, source=_OIDC),
    Route("GET", "/common/oauth2/nativeclient", native_client, source=_FLOW),
)
