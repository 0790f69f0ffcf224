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
    """One HTTP response; header names are lowercase."""

    status: int
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b""

    def json(self) -> Any:
        """The body, decoded; ValueError when it is not JSON."""
        return json.loads(self.body)


class Access(Value):
    """What a request's token must be good for.

    `scopes` are permissions without resource prefix (`Calendars.Read`). `renew` asks for a token newer than the one
    just refused; `claims` is the challenge (JSON text) that the new token must answer (Continuous Access Evaluation).
    """

    scopes: tuple[str, ...]
    renew: bool = False
    claims: str = ""


class Request(Value):
    """One HTTP request; awaiting it gives the Response, or raises TransportError.

    `url` is absolute, or begins with `/` and is then below the service root that the driver was given. With `access`
    the driver adds a token, and refuses to do so for any host but the service's own.
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


def proxy_for(host: str, environ: Mapping[str, str]) -> str:
    """The proxy's URL for a host, or "": HTTPS_PROXY or ALL_PROXY, unless NO_PROXY names the host, or it is this machine."""
    settings = {name.lower(): value for name, value in environ.items()}
    rules = settings.get("no_proxy", "").lower().split(",")
    if host in ("localhost", "::1") or host.startswith("127.") or any(_spares(rule.strip(), host) for rule in rules):
        return ""
    proxy = settings.get("https_proxy") or settings.get("all_proxy") or ""
    return proxy if "://" in proxy or not proxy else f"http://{proxy}"


def _spares(rule: str, host: str) -> bool:
    """Whether a rule of NO_PROXY (a host, a domain with all below it, `*` for all) keeps a host off the proxy."""
    name = rule.lstrip("*").lstrip(".")
    return rule == "*" or (name != "" and (host == name or host.endswith(f".{name}")))


def proxy_address(host: str, environ: Mapping[str, str]) -> SplitResult | None:
    """The parts of `proxy_for`, None for the direct way; TransportError when the setting is no proxy's address."""
    proxy = proxy_for(host, environ)
    if not proxy:
        return None
    try:
        via = urlsplit(proxy)
        fine = via.scheme == "http" and bool(via.hostname) and via.port != 0
    except ValueError:
        fine, via = False, None
    if not fine:  # the address itself is not repeated: a password may stand in it
        raise TransportError("the proxy (HTTPS_PROXY or ALL_PROXY) must be an address like http://proxy.example:3128", host=host)
    return via
