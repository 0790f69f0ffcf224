"""A driver whose other side is a script: each request of a flow gets the next reply, and what was asked can be looked at."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from daypass.errors import TransportError
from daypass.wire import Flow, Reply, Request, Response, step

T = TypeVar("T")


def answer(status: int, content: Any = None, **headers: str) -> Response:
    """A response with JSON (or bytes as they are); `retry_after="3"` is the header Retry-After."""
    body = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


class Script:
    """Replies in order. `requests` and `sleeps` hold what the flow asked for; `left` are the replies it did not need."""

    def __init__(self, *replies: Response | TransportError) -> None:
        self.left = list(replies)
        self.requests: list[Request] = []
        self.sleeps: list[float] = []

    def run(self, flow: Flow[T]) -> T:
        """Step the flow to its end and return its result."""
        reply: Reply = None
        try:
            while True:
                effect = step(flow, reply)
                reply = None
                if isinstance(effect, Request):
                    self.requests.append(effect)
                    assert self.left, f"the script has no reply to {effect.method} {effect.url}"
                    reply = self.left.pop(0)
                else:
                    self.sleeps.append(effect.seconds)
        except StopIteration as done:
            return done.value
        finally:
            flow.close()
