"""The third driver: a flow against a tenant, without sockets. Sleeps move the tenant's clock instead of being slept."""

from __future__ import annotations

from typing import TypeVar

from daypass.errors import TransportError
from daypass.wire import Effect, Flow, Reply, Request, Sleep, step
from daypass_sandbox.faults import Disrupted
from daypass_sandbox.tenant import Tenant

T = TypeVar("T")

ROOT = "https://localhost:8443"
SERVICE_ROOT = f"{ROOT}/v1.0"


def drive(flow: Flow[T], tenant: Tenant, *, token: str | None = None, log: list[Effect] | None = None, user: str = "megan") -> T:
    """Step a flow to its end and return its result; `log` collects what it asked for.

    A request with `access` goes out with `token`, or else with one minted for `user` with just the scopes it asks for; as in
    every driver it goes to the service alone.
    """
    reply: Reply = None
    while True:
        try:
            effect = step(flow, reply)
        except StopIteration as done:
            return done.value
        if log is not None:
            log.append(effect)
        if isinstance(effect, Sleep):
            tenant.clock.advance(effect.seconds)
            reply = None
        else:
            reply = _exchange(effect, tenant, token, user)


def _exchange(request: Request, tenant: Tenant, token: str | None, user: str) -> Reply:
    url = SERVICE_ROOT + request.url if request.url.startswith("/") else request.url
    headers = dict(request.headers)
    if request.access:
        assert url.startswith(f"{SERVICE_ROOT}/"), f"a token must not go to {url}"
        headers["Authorization"] = f"Bearer {token or tenant.mint(user, request.access.scopes)}"
    answer = tenant.handle(request.replace(url=url, headers=headers))
    if not isinstance(answer, Disrupted):
        return answer
    tenant.clock.advance(answer.latency_seconds)
    if answer.stalled:
        return TransportError("no answer within the time allowed", kind="timeout", host="localhost")
    if answer.dropped or answer.cut_after_bytes is not None:
        return TransportError("the connection was closed", kind="reset", host="localhost")
    return answer
