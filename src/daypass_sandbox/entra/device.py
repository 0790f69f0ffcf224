"""Device codes: given out, approved or declined by somebody at a second screen, redeemed (RFC 8628)."""

from __future__ import annotations

import re
from typing import Any

from daypass.wire import Response

from ..routes import Call, Fault, Route, reply
from . import ordered, refusals, sessions
from .consents import record_consent
from .forgetting import keep
from .forms import form_of, known_app, policy_holds, required
from .graph_api import base64url
from .refusals import Refusal
from .scopes import parse_scopes

DEVICE_CODE_LIFE_SECONDS = 900
USER_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"  # no vowels: no words; no 0 and 1: no doubt
LOOP_POLLS = 20  # in a row, each too early: the service ends such a loop, at a number that it does not publish
MESSAGES = {  # by language, or by language and region
    "en": "To sign in, use a web browser to open the page {page} and enter the code {code} to authenticate.",
    "da": "Log på ved at åbne siden {page} i en browser og angive koden {code}.",
    "de": "Öffnen Sie zum Anmelden die Seite {page} in einem Browser, und geben Sie dort den Code {code} ein.",
    "es": "Para iniciar sesión, abra la página {page} en un explorador web y escriba el código {code}.",
    "fi": "Kirjaudu sisään avaamalla selaimella sivu {page} ja antamalla koodi {code}.",
    "fr": "Pour vous connecter, ouvrez la page {page} dans un navigateur web et entrez le code {code}.",
    "it": "Per accedere, aprire la pagina {page} in un Web browser e immettere il codice {code}.",
    "ja": "サインインするには、Web ブラウザーでページ {page} を開き、コード {code} を入力してください。",
    "nl": "Open de pagina {page} in een webbrowser en voer de code {code} in om u aan te melden.",
    "pl": "Aby się zalogować, otwórz stronę {page} w przeglądarce i wprowadź kod {code}.",
    "pt": "Para entrar, abra a página {page} num navegador e introduza o código {code}.",
    "pt-br": "Para entrar, abra a página {page} em um navegador da Web e insira o código {code}.",
    "sv": "Logga in genom att öppna sidan {page} i en webbläsare och ange koden {code}.",
    "zh": "请在浏览器中打开页面 {page} 并输入代码 {code} 以登录。",
}
DEVICE_GRANTS = ("urn:ietf:params:oauth:grant-type:device_code", "device_code")


def device_code(call: Call) -> Response:
    """Give out a device code and the user code that belongs to it."""
    form, tenant = form_of(call), call.tenant
    client_id, scope, now = known_app(call, form), form.get("scope", ""), tenant.clock.now()
    ordered.refuse(call, ordered.DEVICE, ("ask",), client_id=client_id)
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
    keep(tenant.state.device_codes, device_code, record, lambda old: now >= old["expires_at"] + DEVICE_CODE_LIFE_SECONDS)
    if tenant.auto_approve:
        decide(call, record, tenant.auto_approve)
    page = f"{call.root}/devicelogin"
    message = _message(call.query.get("mkt", "")).format(page=page, code=user_code)
    return reply(
        200,
        {
            "user_code": user_code,
            "device_code": device_code,
            "verification_uri": page,
            "expires_in": DEVICE_CODE_LIFE_SECONDS,
            "interval": tenant.interval_seconds,
            "message": message,
        },
    )


def _message(market: str) -> str:
    """What to tell the person, in the language of `mkt` (`de-DE`); in English where the service has no other here."""
    return MESSAGES.get(market.lower()) or MESSAGES.get(market.lower().partition("-")[0]) or MESSAGES["en"]


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


def redeem(call: Call, form: dict[str, str]) -> Response:
    """What a device hears when it polls: that nobody has decided yet, that it was declined, or its tokens."""
    client_id = known_app(call, form)
    record = call.tenant.state.device_codes.get(form.get("device_code") or required(form, "code"))
    if record is None or record["client_id"] != client_id:
        raise Refusal(refusals.CODE_UNKNOWN)
    if record["status"] == "redeemed":
        raise Refusal(refusals.CODE_REDEEMED)
    if record["status"] == "declined":
        raise Refusal(refusals.DECLINED)
    if call.tenant.clock.now() >= record["expires_at"]:
        raise Refusal(refusals.CODE_EXPIRED)
    if record["status"] == "pending":
        too_fast = _polls_too_fast(call, record)
        if record["hurried"] >= LOOP_POLLS:
            raise Refusal(refusals.LOOP)
        raise Refusal(refusals.SLOW_DOWN if too_fast else refusals.PENDING)
    ordered.refuse(call, ordered.DEVICE, ("ask", "page", "back", "token"), record["user_id"], client_id)
    session = sessions.begin(call, record["user_id"], client_id, "device")
    proof = sessions.judge(call, session, form, refusals.BLOCKED)
    scopes = parse_scopes(record["scope"])
    if policy_holds(call, "consent_required", record["user_id"]):
        raise sessions.no_consent(call, client_id)
    record["status"] = "redeemed"
    return sessions.issue(call, session, scopes, form, claims=form.get("claims") or record["claims"], proof=proof)


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


ROUTES = (
    Route(
        "POST",
        "/{tenant}/oauth2/v2.0/devicecode",
        device_code,
        source="https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code",
    ),
)
