"""The tenant's clock from outside: shown, set, moved, let run."""

from __future__ import annotations

from typing import Any

from daypass.wire import Response

from ..clock import TenantClock, iso, parse_instant
from ..routes import Call, Route, reply
from .asked import said, wrong

LAST_SECOND = 253370764800.0  # 9999-01-01


def show(call: Call) -> Response:
    """What the clock shows, and whether it runs."""
    clock = call.tenant.clock
    return reply(200, {"now": iso(clock.now()) + "Z", "seconds": clock.now(), "running": "stopped_at" not in clock.settings})


def move(call: Call) -> Response:
    """Stop the clock where it is or at another time, move it, or let it run on."""
    body = said(call, "now", "advance_seconds", "run", "stop")
    if not body:
        raise wrong('say {"now": "2026-11-22T09:00:00Z"}, {"advance_seconds": 60}, {"stop": true} or {"run": true}')
    try:
        _move(call.tenant.clock, body)
    except (ValueError, TypeError, OverflowError) as error:
        raise wrong(f"this is no time: {error}") from None
    return show(call)


def _move(clock: TenantClock, body: dict[str, Any]) -> None:
    """Do to the clock what was said, or nothing if it would then show a time outside 1970 to 9998."""
    before = dict(clock.settings)
    try:
        if "now" in body:
            clock.stop_at(parse_instant(body["now"]))
        clock.advance(float(body.get("advance_seconds", 0)))
        if body.get("stop"):
            clock.stop_at(clock.now())
        if body.get("run"):
            clock.run()
        if not 0 <= clock.now() < LAST_SECOND:
            raise ValueError("it must lie from 1970 to 9998")
    except (ValueError, TypeError, OverflowError):
        clock.settings.clear()
        clock.settings.update(before)
        raise


ROUTES = (Route("GET", "/sandbox/clock", show), Route("POST", "/sandbox/clock", move))
