"""How a request finds its handler: method and path template, with the permission it needs and where its rules are written.

Every room of the tenant (Entra, directory, calendars, control) hands in a table of `Route`s. What no table holds is
answered 501 with its name, never a silent 200. The coverage page of the documentation is generated from these tables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

from daypass.wire import Flow, Request, Response

if TYPE_CHECKING:
    from .tenant import Tenant


class Fault(Exception):
    """A refusal a handler raises; becomes the error envelope of the side (Graph or Entra) the request came in by.

    `details` are what Graph's envelope tells beyond that: each a code, a message and the property it is about (`target`); `inner` is
    what its innerError says of its own: a code, and sometimes a message.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        headers: Mapping[str, str] | None = None,
        *,
        details: Iterable[Mapping[str, str]] = (),
        inner: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, dict(headers or {})
        self.details, self.inner = [dict(detail) for detail in details], dict(inner or {})


@dataclass(frozen=True)
class Caller:
    """Who a Graph token speaks for: the user's object id ("" for an app alone), the app, and the scopes or roles granted."""

    user_id: str
    client_id: str
    scopes: frozenset[str]

    @property
    def is_app(self) -> bool:
        """Whether an app speaks for itself, with application permissions (roles), and not for a user."""
        return not self.user_id


@dataclass(frozen=True)
class Permissions:
    """What it takes to call a route: any one of these delegated permissions, or of these application permissions; least first.

    `directory` says that the directory refuses who has none of them, in its own words, and not Exchange.
    """

    delegated: tuple[str, ...] = ()
    application: tuple[str, ...] = ()
    directory: bool = False

    def admits(self, caller: Caller) -> bool:
        """Whether the caller was granted one of them."""
        return not caller.scopes.isdisjoint(self.application if caller.is_app else self.delegated)

    def refusal(self) -> Fault:
        """What a caller hears who was granted none of them."""
        if self.directory:
            return Fault(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        return access_denied()


DEEPEST = 100  # objects and lists within each other, as OData's readers have it (MessageQuotas.MaxNestingDepth)
NOBODY = Caller("", "", frozenset())


@dataclass(frozen=True)
class Call:
    """One request on its way through a handler.

    `path` holds the template's parameters, decoded; `query` the query options, decoded, names in lower case with their
    `$` (`$top`, `startdatetime`); `root` is scheme, host and port as the client spelt them (all links are built from it).
    """

    tenant: Tenant
    request: Request
    root: str
    path: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    caller: Caller = NOBODY

    def json(self) -> dict[str, Any]:
        """The request's body as a JSON object; Fault 400 `RequestBodyRead` otherwise."""
        try:
            body = json.loads(self.request.body or b"{}")
        except (ValueError, RecursionError) as error:
            raise Fault(400, "RequestBodyRead", f"The request body is not valid JSON: {error}") from None
        if not isinstance(body, dict):
            raise Fault(400, "RequestBodyRead", "The request body must be a JSON object.")
        if self.request.body.count(b"[") + self.request.body.count(b"{") > DEEPEST and _depth(body) > DEEPEST:  # pyright: ignore[reportUnknownArgumentType]
            raise Fault(400, "RequestBodyRead", f"The depth of the request body exceeds the limit of {DEEPEST}.")
        return body  # pyright: ignore[reportUnknownVariableType]

    def without(self, *options: str) -> Call:
        """The call as if these query options had not been given."""
        return replace(self, query={name: text for name, text in self.query.items() if name not in options})

    def preferences(self) -> dict[str, str]:
        """The Prefer header's tokens, names in lower case, quotes taken off (RFC 7240)."""
        pairs = re.findall(r'([\w.\-]+)\s*=\s*("[^"]*"|[^,;\s]+)', self.request.headers.get("prefer", ""))
        return {name.lower(): value.strip('"') for name, value in pairs}


def _depth(value: Any) -> int:
    """How deep objects and lists lie within each other."""
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        part, depth = waiting.pop()
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        if inner is not None:
            deepest = max(deepest, depth)
            waiting += [(one, depth + 1) for one in inner]  # pyright: ignore[reportUnknownVariableType]
    return deepest


Handler = Callable[[Call], Response | Flow[Response]]  # a flow where the answer takes asking somebody outside the tenant


@dataclass(frozen=True)
class Route:
    """One line of a table: what is asked, who answers, what it takes (None: nothing), and the source of its rules.

    `takes` names the kinds of bodies, by a part of their Content-Type; empty where any is taken, and none need be named.
    """

    method: str
    template: str
    handler: Handler
    permissions: Permissions | None = None
    source: str = ""
    takes: str = "json"


def reply(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response."""
    return Response(status, {"content-type": "application/json; charset=utf-8", **(headers or {})}, as_json(body))


def as_json(value: Any) -> bytes:
    """A value as JSON in UTF-8."""
    try:
        return orjson.dumps(value)
    except TypeError:  # half a surrogate pair in a text, or a number beyond 64 bits: JSON can say them, orjson does not
        return json.dumps(value, separators=(",", ":")).encode()


class Router:
    """Finds the route of a method and path; literal segments win over parameters, letter case is ignored in literals."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Branch()
        for route in routes:
            names = self._root.grow([part for part in route.template.split("/") if part])
            names.routes.setdefault(route.method, route)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route and its decoded path parameters, or None; repeated slashes count as one."""
        parts = [part for part in path.split("/") if part]
        route = self._root.find(method, parts, 0)
        if route is None:
            return None
        template = [part for part in route.template.split("/") if part]
        return route, {want[1:-1]: unquote(have) for want, have in zip(template, parts, strict=True) if want.startswith("{")}

    def methods(self, path: str) -> frozenset[str]:
        """The methods that some route answers at this path."""
        return frozenset(self._root.methods([part for part in path.split("/") if part], 0))


class _Branch:
    """One segment of the tree of templates."""

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self._literal: dict[str, _Branch] = {}
        self._parameter: _Branch | None = None

    def grow(self, parts: list[str]) -> _Branch:
        """The branch for a template's segments."""
        if not parts:
            return self
        if parts[0].startswith("{"):
            self._parameter = self._parameter or _Branch()
            return self._parameter.grow(parts[1:])
        return self._literal.setdefault(parts[0].lower(), _Branch()).grow(parts[1:])

    def find(self, method: str, parts: list[str], at: int) -> Route | None:
        """The route of a method for the segments from `at` on."""
        if at == len(parts):
            return self.routes.get(method)
        for branch in (self._literal.get(parts[at].lower()), self._parameter):
            found = branch.find(method, parts, at + 1) if branch else None
            if found:
                return found
        return None

    def methods(self, parts: list[str], at: int) -> set[str]:
        """The methods of the routes for the segments from `at` on."""
        if at == len(parts):
            return set(self.routes)
        branches = (self._literal.get(parts[at].lower()), self._parameter)
        return {method for branch in branches if branch for method in branch.methods(parts, at + 1)}


def not_found() -> Fault:
    """Exchange's refusal for an id that the mailbox does not have, or does not show."""
    return Fault(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def access_denied() -> Fault:
    """Exchange's refusal of what the caller may not do."""
    return Fault(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def begun_again() -> Fault:
    """The refusal of a request that was under way while the tenant was reset or restored: what it was about is gone."""
    return Fault(503, "ServiceUnavailable", "The tenant was begun again while the request was under way. Try again.")
