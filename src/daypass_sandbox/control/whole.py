"""The tenant as a whole: begun again, copied, put back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from daypass.wire import Response

from ..calendar import resources
from ..calendar.mailbox import open_mailbox
from ..routes import Call, Fault, Route, reply
from .asked import said, wrong

if TYPE_CHECKING:
    from ..tenant import Tenant

MOST_SNAPSHOTS = 20


def reset(call: Call) -> Response:
    """Begin again at the world's time, from the seed so far, a built-in one by its name, or the document of a new one."""
    return _begin_again(call, keep_clock=False)


def seed(call: Call) -> Response:
    """The same at the time that the tenant's clock shows: the seed's events lie around it."""
    return _begin_again(call, keep_clock=True)


def _begin_again(call: Call, *, keep_clock: bool) -> Response:
    wanted = said(call, "seed").get("seed", call.tenant.seed)
    try:
        call.tenant.reset(wanted if isinstance(wanted, str) else json.dumps(wanted), keep_clock=keep_clock)
    except ValueError as error:
        raise wrong(str(error)) from None
    return reply(200, {"users": len(call.tenant.state.users)})


def read_state(call: Call) -> Response:
    """The whole state."""
    return reply(200, call.tenant.state.to_json())


def list_snapshots(call: Call) -> Response:
    """The snapshots there are."""
    return reply(200, [{"name": name, "bytes": len(text)} for name, text in call.tenant.snapshots.items()])


def take_snapshot(call: Call) -> Response:
    """Keep a copy of the state under a name, in place of one that has it; Fault 409 for one too many."""
    name = str(said(call, "name").get("name", "snapshot"))
    if name not in call.tenant.snapshots and len(call.tenant.snapshots) >= MOST_SNAPSHOTS:
        raise Fault(
            409, "too_many_snapshots", f"there are {MOST_SNAPSHOTS} snapshots; forget one (DELETE /sandbox/snapshot/{{name}}) first"
        )
    call.tenant.snapshots[name] = json.dumps(call.tenant.state.to_json())
    return reply(200, {"name": name, "bytes": len(call.tenant.snapshots[name])})


def delete_snapshot(call: Call) -> Response:
    """Forget a snapshot."""
    if call.tenant.snapshots.pop(call.path["name"], None) is None:
        raise _unknown_snapshot(call, call.path["name"])
    return list_snapshots(call)


def _unknown_snapshot(call: Call, name: str) -> Fault:
    return Fault(404, "unknown_snapshot", f"there is no snapshot {name!r}; there are: {', '.join(call.tenant.snapshots) or 'none'}")


def restore(call: Call) -> Response:
    """Put back a snapshot, or a state that was read."""
    body = said(call, "name", "state")
    name = str(body.get("name", "snapshot"))
    if "state" not in body and name not in call.tenant.snapshots:
        raise _unknown_snapshot(call, name)
    before = call.tenant.state
    try:
        call.tenant.restore(body["state"] if "state" in body else json.loads(call.tenant.snapshots[name]))
        if "state" in body:
            _look_through(call.tenant)
    except (ValueError, TypeError, LookupError, AttributeError, Fault) as error:
        if call.tenant.state is not before:
            call.tenant.restore(before.to_json())
        raise wrong(str(error) if isinstance(error, ValueError) else f"this is not a state of this sandbox: {error!r}") from None
    return reply(200, {"users": len(call.tenant.state.users)})


def _look_through(tenant: Tenant) -> None:
    """Look at every event once, as a request would; some error where one is not what the tenant writes."""
    for owner_id in tenant.state.mailboxes:
        box = open_mailbox(tenant, owner_id)
        form = resources.Form("", owner_id)
        for event in box.events.values():
            box.calendar(event["calendarId"])
            resources.event(box.slot(event), form)


ROUTES = (
    Route("POST", "/sandbox/reset", reset),
    Route("POST", "/sandbox/seed", seed),
    Route("GET", "/sandbox/state", read_state),
    Route("GET", "/sandbox/snapshot", list_snapshots),
    Route("POST", "/sandbox/snapshot", take_snapshot),
    Route("DELETE", "/sandbox/snapshot/{name}", delete_snapshot),
    Route("POST", "/sandbox/restore", restore),
)
