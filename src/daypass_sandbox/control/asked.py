"""What a control request says, and how a wrong one is refused."""

from __future__ import annotations

from typing import Any

from ..routes import Call, Fault


def wrong(message: str) -> Fault:
    """The refusal of a request that makes no sense: 400 and a sentence that says what to do."""
    return Fault(400, "badControl", message)


def said(call: Call, *allowed: str) -> dict[str, Any]:
    """The request's JSON object; Fault 400 when it has members that mean nothing here."""
    body = call.json()
    for name in body:
        if name not in allowed:
            raise wrong(f"unknown member {name!r}; known here: {', '.join(allowed) or 'none'}")
    return body


def user_id(call: Call, key: Any) -> str:
    """The object id of a user, however called; Fault 404 for one who is not there."""
    found = call.tenant.state.find_user(str(key))
    if found is None:
        raise Fault(404, "unknown_user", f"there is no user {key!r} in this tenant; GET /sandbox/users lists those there are")
    return found
