"""The pages of a device sign-in: the code, the account, the confirmation with what is asked, the end.

Plain forms without scripts; each step carries the code along, and nothing is kept between them. Whether an answer is right is
decided by `device.decide`, as it is for the control plane. What the two kinds of sign-in share (who can sign in, what is asked in
words) is here too.
"""

from __future__ import annotations

from typing import Any

from daypass.wire import Response

from ..routes import Call, Fault, Route
from . import device
from .consents import consented, granted_by
from .forms import form_of, policy_holds
from .graph_api import WORDS
from .ordered import explained
from .pages import page
from .scopes import Scopes, parse_scopes

CARE = (
    "Accept only if you started this sign-in yourself, on a device you trust. If somebody sent you the code, choose Cancel: accepting lets "
    "them act as you."
)
STAY_SIGNED_IN = ("Stay signed in", "Keep this access without asking again, until you sign out or it goes unused for 90 days.")


def _ask_code(call: Call) -> Response:
    return page(call, "code", code=call.query.get("otc", ""), trouble="")


def _take_step(call: Call) -> Response:
    """The next page, from what the form holds so far: a code, then a user, then an answer."""
    refuse_foreign_page(call)
    form = form_of(call)
    code, user_id, decision = form.get("code", "").strip(), form.get("user", ""), form.get("answer", "")
    record = device.waiting_code(call, code)
    if record is None:
        return page(call, "code", code=code, trouble=_why_not(call, code))
    app, kept = call.tenant.state.apps[record["client_id"]], {"code": code}
    if decision == "cancel":
        device.decide(call, record, "")
        return page(call, "declined", app=app)
    user = call.tenant.state.users.get(user_id)
    if user is None or not may_sign_in(call, user_id):
        return page(call, "account", kept=kept, app=app, people=people(call), trouble=DISABLED if user else "")
    if policy_holds(call, "consent_required", user_id):
        return page(call, "approval", app=app, user=user, kept=kept, back="Back to my device")
    if decision != "accept":
        asked = in_words(call, record["client_id"], parse_scopes(record["scope"]), user_id)
        return page(call, "consent", kept={**kept, "user": user_id}, app=app, user=user, asked=asked, care=CARE)
    device.decide(call, record, user_id)
    return page(call, "done", app=app, user=user)


def refuse_foreign_page(call: Call) -> None:
    """Fault 403 for a form that another site sends."""
    if call.request.headers.get("origin", call.root) != call.root:
        raise Fault(403, "access_denied", "This form must be sent from the sign-in page itself.")


def _why_not(call: Call, code: str) -> str:
    if not code:
        return "Type the code that your device shows."
    wanted = "".join(letter for letter in code.upper() if letter.isalnum())
    known = [record for record in call.tenant.state.device_codes.values() if record["user_code"] == wanted]
    if not known:
        return "We don't know this code. Compare it with the one on your device, letter by letter."
    if known[0]["status"] != "pending":
        return "This code was used already. If your device still waits, ask it for a new one."
    return "This code has expired: codes live for 15 minutes. Ask your device for a new one."


DISABLED = "This account is disabled. Your administrator can enable it again (AADSTS50057)."


def may_sign_in(call: Call, user_id: str) -> bool:
    """Whether this user's account is enabled."""
    enabled = call.tenant.state.users[user_id].get("accountEnabled", True)
    return bool(enabled) and not policy_holds(call, "user_disabled", user_id)


def people(call: Call) -> list[dict[str, Any]]:
    """Those who can sign in: every user but the rooms."""
    return [user for user in call.tenant.state.users.values() if "x-room" not in user]


def in_words(call: Call, client_id: str, scopes: Scopes, user_id: str, *, again: bool = False) -> list[tuple[str, str]]:
    """What the app asks that the user has not granted before (or all of it, `again`), in words for people."""
    already = [] if again else consented(call, user_id, client_id, scopes)
    fresh = [name for name in granted_by(call, client_id, scopes) if name not in already]
    words = [WORDS.get(name, (name, "A permission this sandbox has no description of.")) for name in fresh]
    return [*words, STAY_SIGNED_IN] if words and "offline_access" in scopes.openid else words


def _explain(call: Call) -> Response:
    number = call.query.get("code", "")
    kind = explained(number)
    return page(call, "error", 200 if kind else 404, number=number[:12], kind=kind)


_SOURCE = "https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code"
ROUTES = (
    *(Route("GET", path, _ask_code, source=_SOURCE) for path in ("/devicelogin", "/common/oauth2/deviceauth")),
    *(Route("POST", path, _take_step, source=_SOURCE) for path in ("/devicelogin", "/common/oauth2/deviceauth")),
    Route("GET", "/error", _explain, source="https://learn.microsoft.com/entra/identity-platform/reference-error-codes"),
)
