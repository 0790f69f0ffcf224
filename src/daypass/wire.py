"""HTTP as values: what the product says and hears, with nothing that opens a socket or reads a clock.

A *flow* is an `async def` that awaits only what is defined here: a `Request`, which gives its `Response`, or a
`Sleep`. A *driver* runs a flow by stepping the coroutine: it does what the flow asks for and hands back the answer.
The blocking client, the async client and the tests each have a driver of some twenty lines, so every Graph operation
is written once and serves them all. No event loop is involved.

    async def me() -> User:                       # a flow
        response = await Request("GET", "/me")    # asks; does not act
        return User(response.json()["id"])

    client.run(me())                              # the blocking driver acts
    await async_client.run(me())                  # so does the async one

Rules: a flow is used once, must not await in `finally`, and awaits nothing but what stands here.
"""

from __future__ import annotations

import json
from collections.abc import Coroutine, Generator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar
from urllib.parse import SplitResult, urlsplit

from .errors import TransportError
from .value import Value

T = TypeVar("T")


class Response(Value):
    """One HTTP response; header names are lowercase. A 401 to a request with `access` tells the token that was `refused`."""

    status: int
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b""
    refused: str = ""

    def json(self) -> Any:
        """The body, decoded; ValueError when it is not JSON."""
        return json.loads(self.body)


class Access(Value):
    """What a request's token must be good for.

    `scopes` are permissions without resource prefix (`Calendars.Read`). `renew` asks for another token than the one
    `refused`, or than any kept when that is not known; `claims` is the challenge (JSON text) that the new token must
    answer (Continuous Access Evaluation).
    """

    scopes: tuple[str, ...]
    renew: bool = False
    claims: str = ""
    refused: str = ""


class Request(Value):
    """One HTTP request; awaiting it gives the Response, or raises TransportError when the exchange failed.

    `url` is absolute, or begins with `/` and is then below the service root that the driver was given. With `access`
    the driver adds a token, and refuses to do so for any host but the service's own. That refusal, and whatever keeps
    the driver from having a token (a TransportError of the sign-in service too), ends the flow: nothing was sent yet.
    """

    method: str
    url: str
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b""
    access: Access | None = None

    def __await__(self) -> Generator[Request, Response, Response]:
        return (yield self)


class Sleep(Value):
    """A pause; awaiting it lets the time pass."""

    seconds: float

    def __await__(self) -> Generator[Sleep, None, None]:
        return (yield self)


Flow: TypeAlias = Coroutine[Any, Any, T]
Effect: TypeAlias = Request | Sleep
Reply: TypeAlias = Response | TransportError | None


def step(flow: Flow[T], reply: Reply) -> Effect:
    """Hand a reply to a flow and return what it asks for next; StopIteration carries its result."""
    effect = flow.throw(reply) if isinstance(reply, TransportError) else flow.send(reply)
    if not isinstance(effect, Request | Sleep):
        raise TypeError(f"a flow may await only Request and Sleep, not {effect!r}")
    return effect


def address(url: str) -> SplitResult:
    """The parts of an address that a service may have written; TransportError when it is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise TransportError("what should be followed is no address", kind="garbage") from None
    return parts


def absolute(request: Request, root: str) -> Request:
    """The request with its whole address, below `root` where it begins with `/`.

    Raises TransportError when it asks for a token and leads away from `root`'s origin: next links are absolute addresses
    that somebody else wrote, and a token goes to the configured service alone.
    """
    url = root + request.url if request.url.startswith("/") else request.url
    ours, theirs = urlsplit(root), address(url)
    if request.access and (theirs.scheme, theirs.netloc) != (ours.scheme, ours.netloc):
        raise TransportError(f"refused to send a token to {theirs.netloc}: it is not {ours.netloc}", kind="garbage", host=theirs.netloc)
    return request.replace(url=url)
