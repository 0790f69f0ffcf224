"""The pages of a device sign-in: the code, the account, the confirmation with what is asked, the end.

Plain forms without scripts; each step carries the code along, and nothing is kept between them. Whether an answer is right is
decided by `entra.decide`, as it is for the control plane.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib.resources
from typing import Any

import jinja2
from markupsafe import Markup

from daypass.wire import Response

from ..routes import Call, Fault, Route
from . import protocol as entra
from .refusals import KINDS
from .scopes import parse_scopes

# permission → what it lets an app do, and a word on what that means
PERMISSIONS: dict[str, tuple[str, str]] = {
    "User.Read": ("See who you are", "Your name, your address and your work profile."),
    "User.ReadBasic.All": ("See who your colleagues are", "Names and addresses of the people in your organisation."),
    "User.Read.All": ("See everybody's full profile", "All profiles in your organisation."),
    "Calendars.ReadBasic": ("See when you are busy", "Titles, times and places of your events, without their text or attachments."),
    "Calendars.Read": ("Read your calendars", "Your events with all their details."),
    "Calendars.ReadWrite": ("Read and change your calendars", "Create, move, answer and delete events in your name."),
    "Calendars.Read.Shared": ("Read calendars others share with you", "Events you may see in colleagues' calendars."),
    "Calendars.ReadWrite.Shared": ("Change calendars others share with you", "Events you may edit in colleagues' calendars."),
    "MailboxSettings.Read": ("Read your mailbox settings", "Your time zone, language and working hours."),
    "MailboxSettings.ReadWrite": ("Change your mailbox settings", "Your time zone, language and working hours."),
    "Tasks.Read": ("Read your tasks", "Your To Do lists."),
    "Tasks.ReadWrite": ("Read and change your tasks", "Your To Do lists."),
    "Place.Read.All": ("See rooms and places", "The meeting rooms of your organisation."),
    "People.Read": ("See who you work with", "The people most relevant to you."),
    "Mail.Send": ("Send mail in your name", "Messages that come from your address."),
}
STAY_SIGNED_IN = ("Stay signed in", "Keep this access without asking again, until you sign out or it goes unused for 90 days.")


@functools.cache
def _pages() -> tuple[jinja2.Environment, Markup, str]:
    """The templates, their style sheet, and the Content-Security-Policy that lets it through and nothing else."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("daypass_sandbox"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = importlib.resources.files("daypass_sandbox").joinpath("templates", "style.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        environment,
        Markup(style),  # noqa: S704 - our own file
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    )


def _page(call: Call, name: str, status: int = 200, **words: Any) -> Response:
    environment, style, policy = _pages()
    body = environment.get_template(f"{name}.html").render(style=style, organisation=call.tenant.state.display_name, **words)
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": policy,
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
    }
    return Response(status, headers, body.encode())


def _ask_code(call: Call) -> Response:
    return _page(call, "code", code=call.query.get("otc", ""), trouble="")


def _take_step(call: Call) -> Response:
    """The next page, from what the form holds so far: a code, then a user, then an answer."""
    if call.request.headers.get("origin", call.root) != call.root:
        raise Fault(403, "access_denied", "This form must be sent from the sign-in page itself.")
    form = entra.form_of(call)
    code, user_id, decision = form.get("code", "").strip(), form.get("user", ""), form.get("answer", "")
    record = entra.waiting_code(call, code)
    if record is None:
        return _page(call, "code", code=code, trouble=_why_not(call, code))
    app = call.tenant.state.apps[record["client_id"]]
    if decision == "cancel":
        entra.decide(call, record, "")
        return _page(call, "declined", app=app)
    user = call.tenant.state.users.get(user_id)
    if user is None or not _may_sign_in(call, user_id):
        trouble = "This account is disabled. Your administrator can enable it again (AADSTS50057)." if user else ""
        return _page(call, "account", code=code, app=app, people=_people(call), trouble=trouble)
    if entra.policy_holds(call, "consent_required", user_id):
        return _page(call, "approval", app=app, user=user, code=code)
    if decision != "accept":
        return _page(call, "consent", code=code, app=app, user=user, asked=_asked(call, record, user_id))
    entra.decide(call, record, user_id)
    return _page(call, "done", app=app, user=user)


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


def _may_sign_in(call: Call, user_id: str) -> bool:
    enabled = call.tenant.state.users[user_id].get("accountEnabled", True)
    return bool(enabled) and not entra.policy_holds(call, "user_disabled", user_id)


def _people(call: Call) -> list[dict[str, Any]]:
    """Those who can sign in: every user but the rooms."""
    return [user for user in call.tenant.state.users.values() if "x-room" not in user]


def _asked(call: Call, record: dict[str, Any], user_id: str) -> list[tuple[str, str]]:
    """What the app asks that the user has not granted before, in words for people."""
    scopes = parse_scopes(record["scope"])
    already = entra.consented(call, user_id, record["client_id"], scopes)
    fresh = [name for name in entra.granted_by(call, record["client_id"], scopes) if name not in already]
    words = [PERMISSIONS.get(name, (name, "A permission this sandbox has no description of.")) for name in fresh]
    return [*words, STAY_SIGNED_IN] if words and "offline_access" in scopes.openid else words


def _explain(call: Call) -> Response:
    number = call.query.get("code", "")
    kind = KINDS.get(number)
    return _page(call, "error", 200 if kind else 404, number=number[:12], kind=kind)


_SOURCE = "https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code"
ROUTES = (
    *(Route("GET", path, _ask_code, source=_SOURCE) for path in ("/devicelogin", "/common/oauth2/deviceauth")),
    *(Route("POST", path, _take_step, source=_SOURCE) for path in ("/devicelogin", "/common/oauth2/deviceauth")),
    Route("GET", "/error", _explain, source="https://learn.microsoft.com/entra/identity-platform/reference-error-codes"),
)
