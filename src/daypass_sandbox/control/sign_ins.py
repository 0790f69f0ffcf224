"""Sign-ins from the tenant's side: what waits at the sign-in page is approved or declined, tokens are made and revoked."""

from __future__ import annotations

from typing import Any, cast

from daypass.wire import Response

from ..entra import device
from ..routes import Call, Fault, Route, reply
from .asked import said, user_id, wrong

EVENTS = {  # what Entra tells Graph of a user (Microsoft Entra: Continuous access evaluation), and what a client then meets
    "ipChanged": "tokens must be renewed, which needs nobody",
    "passwordChanged": "the sign-ins end (AADSTS50173)",
    "sessionsRevoked": "the sign-ins end (AADSTS50173)",
    "riskDetected": "the sign-ins end (AADSTS50173)",
    "userDisabled": "the account is disabled (AADSTS50057)",
}


def _waiting(call: Call) -> list[dict[str, Any]]:
    now = call.tenant.clock.now()
    return [code for code in call.tenant.state.device_codes.values() if code["status"] == "pending" and now < code["expires_at"]]


def _meant(call: Call, user_code: str) -> dict[str, Any]:
    """The device code a decision is about: the one named, or the only one that waits."""
    if user_code:
        record = device.waiting_code(call, user_code)
        if record is None:
            raise Fault(404, "unknown_code", "no sign-in waits for this code: it was never given out, has expired, or was decided already")
        return record
    waiting = _waiting(call)
    if len(waiting) != 1:
        message = f"{len(waiting) or 'no'} sign-ins wait for approval; name one by its user_code"
        raise Fault(400 if waiting else 404, "unknown_code", message)
    return waiting[0]


def approve(call: Call) -> Response:
    """Approve a waiting sign-in in a user's name."""
    body = said(call, "user_code", "user")
    if not body.get("user"):
        raise wrong('say who approves: {"user": "megan"}')
    record = _meant(call, str(body.get("user_code", "")))
    device.decide(call, record, user_id(call, body["user"]))
    return reply(200, {"user_code": record["user_code"], "user": call.tenant.state.users[record["user_id"]]["userPrincipalName"]})


def deny(call: Call) -> Response:
    """Decline a waiting sign-in."""
    record = _meant(call, str(said(call, "user_code").get("user_code", "")))
    device.decide(call, record, "")
    return reply(200, {"user_code": record["user_code"], "status": "declined"})


def list_waiting(call: Call) -> Response:
    """The sign-ins that wait, with the app that asks and how long the code still lives (seconds)."""
    now = call.tenant.clock.now()
    return reply(
        200,
        [
            {
                "user_code": code["user_code"],
                "client_id": code["client_id"],
                "scope": code["scope"],
                "expires_in": int(code["expires_at"] - now),
            }
            for code in _waiting(call)
        ],
    )


def revoke(call: Call) -> Response:
    """End a user's sign-ins."""
    whose = user_id(call, said(call, "user").get("user", ""))
    state = call.tenant.state
    state.sessions[whose] = state.session_of(whose) + 1
    return reply(200, {"user": state.users[whose]["userPrincipalName"], "revoked": True})


def evaluate(call: Call) -> Response:
    """Let something happen that Continuous Access Evaluation acts upon: clients that declared CP1 are challenged at once."""
    body = said(call, "user", "event")
    whose, event, state = user_id(call, body.get("user", "")), str(body.get("event", "")), call.tenant.state
    if event not in EVENTS:
        raise wrong(f"event must be one of {', '.join(EVENTS)}")
    if event == "userDisabled":
        state.users[whose]["accountEnabled"] = False
    elif event == "ipChanged":
        state.evaluations[whose] = state.evaluations.get(whose, 0) + 1
    else:
        state.sessions[whose] = state.session_of(whose) + 1
    return reply(200, {"user": state.users[whose]["userPrincipalName"], "event": event, "means": EVENTS[event]})


def mint(call: Call) -> Response:
    """Make an access token for a user without any sign-in."""
    body = said(call, "user", "scopes", "lifetime_seconds")
    scopes, lifetime = body.get("scopes", []), body.get("lifetime_seconds", 3600)
    if not isinstance(scopes, list) or not isinstance(lifetime, int):
        raise wrong("scopes must be a list of permission names, lifetime_seconds a whole number")
    names = [str(scope) for scope in cast("list[Any]", scopes)]
    whose = user_id(call, body.get("user", ""))
    try:
        token = call.tenant.mint(whose, names, lifetime_seconds=lifetime, root=call.root)
    except ValueError as error:
        raise wrong(str(error)) from None
    return reply(200, {"access_token": token, "expires_in": lifetime})


ROUTES = (
    Route("POST", "/sandbox/approve", approve),
    Route("POST", "/sandbox/deny", deny),
    Route("GET", "/sandbox/approve", list_waiting),
    Route("POST", "/sandbox/revoke", revoke),
    Route("POST", "/sandbox/cae", evaluate),
    Route("POST", "/sandbox/token", mint),
)
