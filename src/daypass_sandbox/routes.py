"""How a request finds its handler: method and path template, with the permission it needs and where its rules are written.

Every room of the tenant (Entra, directory, calendars, control) hands in a table of `Route`s. What no table holds is
answered 501 with its name, never a silent 200. The coverage page of the documentation is generated from these tables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from daypass.wire import Request, Response

if TYPE_CHECKING:
    from .tenant import Tenant


class Fault(Exception):
    """A refusal a handler raises; becomes the error envelope of the side (Graph or Entra) the request came in by."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, dict(headers or {})


@dataclass(frozen=True)
class Caller:
    """Who a Graph token speaks for: the user's object id ("" for an app alone), the app, and the scopes or roles granted."""

    user_id: str
    client_id: str
    scopes: frozenset[str]


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
        return body  # pyright: ignore[reportUnknownVariableType]

    def preferences(self) -> dict[str, str]:
        """The Prefer header's tokens, names in lower case, quotes taken off (RFC 7240)."""
        pairs = re.findall(r'([\w.\-]+)\s*=\s*("[^"]*"|[^,;\s]+)', self.request.headers.get("prefer", ""))
        return {name.lower(): value.strip('"') for name, value in pairs}


Handler = Callable[[Call], Response]


@dataclass(frozen=True)
class Route:
    """One line of a table: what is asked, who answers, any one of which permissions it takes (least first), and the source."""

    method: str
    template: str
    handler: Handler
    scopes: tuple[str, ...] = ()
    source: str = ""


def reply(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response."""
    return Response(status, {"content-type": "application/json; charset=utf-8", **(headers or {})}, json.dumps(body).encode())


class Router:
    """Finds the route of a method and path; literal segments win over parameters, letter case is ignored in literals."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_shape: dict[tuple[str, int], list[tuple[list[str], Route]]] = {}
        for route in routes:
            parts = route.template.strip("/").split("/")
            self._by_shape.setdefault((route.method, len(parts)), []).append((parts, route))
        for candidates in self._by_shape.values():
            candidates.sort(key=lambda candidate: sum(part.startswith("{") for part in candidate[0]))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route and its decoded path parameters, or None; repeated slashes count as one."""
        parts = [part for part in path.split("/") if part]
        for template, route in self._by_shape.get((method, len(parts)), ()):
            if all(want.startswith("{") or want.lower() == have.lower() for want, have in zip(template, parts, strict=True)):
                return route, {want[1:-1]: unquote(have) for want, have in zip(template, parts, strict=True) if want.startswith("{")}
        return None
