"""The service's odd habits: quirks, and delta tokens that are forgotten."""

from __future__ import annotations

from typing import Any

from daypass.wire import Response

from .. import quirks
from ..changes import ChangeLog
from ..directory.log import TYPES, log_of
from ..routes import Call, Route, reply
from .asked import said, user_id, wrong


def list_quirks(call: Call) -> Response:
    """The quirks with their values and meanings."""
    state = call.tenant.state
    return reply(200, {name: {"value": quirks.value(state, name), "means": quirk.meaning} for name, quirk in quirks.QUIRKS.items()})


def set_quirks(call: Call) -> Response:
    """Set the quirks named, all or none; the others stay. A new seed begins its row of draws anew."""
    body, state = said(call, *quirks.QUIRKS), call.tenant.state
    try:
        fresh = {name: quirks.checked(name, given) for name, given in body.items()}
    except ValueError as error:
        raise wrong(str(error)) from None
    if "seed" in fresh:
        state.quirks.pop(quirks.DRAWN, None)
    state.quirks.update(fresh)
    return list_quirks(call)


def clear_quirks(call: Call) -> Response:
    """Let everything be as the service has it."""
    call.tenant.state.quirks = {}
    return list_quirks(call)


def expire_deltas(call: Call) -> Response:
    """Make delta tokens stale, as when the service's cache overflows: those of a user's calendars and task lists, or of the directory."""
    state, asked = call.tenant.state, said(call, "expire").get("expire")
    if not asked:
        raise wrong('say whose tokens become stale: {"expire": "megan"}, or {"expire": "directory"}')
    if asked == "directory":
        logs = [log_of(state, collection) for collection in TYPES]
    else:
        logs = [ChangeLog(log) for log in _logs(state.mailboxes.get(user_id(call, asked), {}))]
    for log in logs:
        log.forget()
    return reply(200, {"expired": asked, "collections": len(logs)})


def _logs(mailbox: dict[str, Any]) -> list[dict[str, Any]]:
    """The change logs of a mailbox: of its events, its task lists, and each list's tasks."""
    todo: dict[str, Any] = mailbox.get("todo", {})
    return [part["log"] for part in (mailbox, todo, *todo.get("lists", {}).values()) if "log" in part]


ROUTES = (
    Route("GET", "/sandbox/quirks", list_quirks),
    Route("POST", "/sandbox/quirks", set_quirks),
    Route("DELETE", "/sandbox/quirks", clear_quirks),
    Route("POST", "/sandbox/delta", expire_deltas),
)
