"""The outbox: what left the tenant's mailboxes, read and emptied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from daypass.wire import Response

from .. import outbox
from ..routes import Call, Route, reply
from .asked import user_id, wrong

FILTERS = ("kind", "user", "from", "to")


def read_outbox(call: Call) -> Response:
    """The messages, oldest first: of a `kind`, `from` somebody, `to` somebody (a delegate too), or of a `user`, who is either."""
    for name in call.query:
        if name not in FILTERS:
            raise wrong(f"unknown filter {name!r}; known here: {', '.join(FILTERS)}")
    kind = call.query.get("kind", "")
    if kind and kind not in outbox.KINDS:
        raise wrong(f"there is no kind {kind!r} of message; known are {', '.join(outbox.KINDS)}")
    asked = {name: _addresses(call, call.query[name]) for name in ("user", "from", "to") if name in call.query}
    return reply(200, [message for message in call.tenant.state.outbox if kind in ("", message["kind"]) and _concerns(message, asked)])


def empty_outbox(call: Call) -> Response:
    """Forget all messages."""
    call.tenant.state.outbox.clear()
    return reply(200, {"messages": 0})


def _concerns(message: Mapping[str, Any], asked: Mapping[str, frozenset[str]]) -> bool:
    senders = _of([message["from"], message["sender"]])
    receivers = _of(person for name in (*outbox.RECEIVERS, "deliveredTo") for person in message.get(name, ()))
    sides = {"from": senders, "to": receivers, "user": senders | receivers}
    return all(not sides[side].isdisjoint(addresses) for side, addresses in asked.items())


def _of(people: Iterable[Mapping[str, Any]]) -> set[str]:
    return {person["emailAddress"]["address"].lower() for person in people}


def _addresses(call: Call, key: str) -> frozenset[str]:
    """The addresses of a user, or the one address of somebody from elsewhere."""
    if "@" in key and call.tenant.state.find_user(key) is None:
        return frozenset({key.lower()})
    user = call.tenant.state.users[user_id(call, key)]
    return frozenset(str(user[name]).lower() for name in ("mail", "userPrincipalName") if user.get(name))


ROUTES = (
    Route("GET", "/sandbox/outbox", read_outbox),
    Route("DELETE", "/sandbox/outbox", empty_outbox),
)
