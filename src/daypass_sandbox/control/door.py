"""The control plane's door: every request under `/sandbox/`, answered or refused with a sentence that says what to do.

It is as powerful as the state it governs, so it listens where the sandbox listens (loopback) and refuses what a foreign web
page would send.
"""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from daypass.wire import Response

from ..routes import Call, Fault, Router, reply
from . import apps, clock, contents, errands, events, habits, importing, mail, notifications, page, record, sign_ins, weather, whole

_ROOMS = (
    *apps.ROUTES,
    *sign_ins.ROUTES,
    *clock.ROUTES,
    *weather.ROUTES,
    *habits.ROUTES,
    *errands.ROUTES,
    *contents.ROUTES,
    *events.ROUTES,
    *importing.ROUTES,
    *mail.ROUTES,
    *notifications.ROUTES,
    *record.ROUTES,
    *whole.ROUTES,
)
ROUTES = (*page.routes(_ROOMS), *_ROOMS)
_ROUTER = Router(ROUTES)
# What another site's page must not make of an answer: guess its type, or take it in.
HARMLESS = {"x-content-type-options": "nosniff", "cross-origin-resource-policy": "same-origin", "cache-control": "no-store"}


def _refuse_strangers(call: Call) -> None:
    """Fault 403 for what a foreign web page sends, also one that had a name of its own lead here (DNS rebinding)."""
    origin, known = call.request.headers.get("origin", call.root), call.tenant.control_hosts
    if origin != call.root:
        raise Fault(403, "foreign_origin", f"a web page of {origin} may not steer this sandbox")
    if call.request.headers.get("sec-fetch-site", "none").lower() in ("cross-site", "same-site"):
        raise Fault(403, "foreign_origin", "a web page of another site may not steer this sandbox; open the address by itself")
    host = (urlsplit(call.root).hostname or "").lower()
    if known and not any(fnmatchcase(host, name.lower()) for name in known):
        raise Fault(403, "foreign_host", f"this sandbox is not steered under the name {host!r}; start it with --name {host} if it is yours")


async def answer(call: Call) -> Response:
    """Answer a control request; a wrong one gets 400 (or 404, 403, 501) and a sentence that says what to do."""
    path = urlsplit(call.request.url).path
    try:
        _refuse_strangers(call)
        found = _ROUTER.find(call.request.method, path)
        if found is None:
            raise Fault(501, "notImplemented", f"This sandbox does not build {call.request.method} {path}.")
        route, parameters = found
        answer = route.handler(replace(call, path=parameters))
        answer = answer if isinstance(answer, Response) else await answer
    except Fault as fault:
        answer = reply(fault.status, {"error": {"code": fault.code, "message": str(fault)}})
    return answer.replace(headers={**HARMLESS, **answer.headers})
