"""A webhook for tests: what answers the tenant's own requests in process, and remembers what it was told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from daypass.errors import TransportError
from daypass.wire import Request, Response
from daypass_sandbox.tenant import Tenant
from graph_caller import NOW, Answer, Graph, timed

HOOK, LIFECYCLE = "https://app.example/hook", "https://app.example/lifecycle"
HOUR, DAY = 3600, 86400
LUNCH = timed("Lunch", "2026-12-01T12:00:00", "2026-12-01T13:00:00")


def moment(seconds: float) -> str:
    """An instant as a client writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def later(*, minutes: float = 0, days: float = 0, since: float = NOW) -> str:
    return moment(since + minutes * 60 + days * 86400)


def echoed(request: Request) -> Response:
    """The right answer to a validation."""
    token = parse_qs(urlsplit(request.url).query)["validationToken"][0]
    return Response(200, {"content-type": "text/plain; charset=utf-8"}, token.encode())


def failing(status: int = 503) -> Callable[[Request], Response]:
    """A webhook's answers with one status."""
    return lambda request: Response(status)


def silent(request: Request) -> Response:
    """A webhook that is not there."""
    raise TransportError("nobody is there")


@dataclass
class Webhook:
    """`tenant.outside = Webhook()`: validates, takes notifications, and answers as told.

    `answer` makes the answer to notifications (202 by default) and may let the clock run or raise; `validate` that to validations.
    """

    answer: Callable[[Request], Response] = lambda request: Response(202)
    validate: Callable[[Request], Response] = echoed
    requests: list[Request] = field(default_factory=list)
    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        if "validationToken=" in request.url:
            return self.validate(request)
        response = self.answer(request)
        if 200 <= response.status < 300:
            self.taken.append((request.url, json.loads(request.body)))
        return response

    @property
    def posts(self) -> list[tuple[str, dict[str, Any]]]:
        """Every notification request, taken or not: address and body."""
        return [(request.url, json.loads(request.body)) for request in self.requests if "validationToken=" not in request.url]

    def items(self, url: str = HOOK) -> list[dict[str, Any]]:
        """The notifications that were taken at an address."""
        return [item for where, body in self.taken if where == url for item in body["value"]]

    @property
    def changes(self) -> list[str]:
        """The kinds of change that were taken."""
        return [item["changeType"] for item in self.items()]

    @property
    def events(self) -> list[str]:
        """The lifecycle events that were taken."""
        return [item["lifecycleEvent"] for item in self.items(LIFECYCLE)]


def subscribe(graph: Graph, **members: Any) -> dict[str, Any]:
    """A subscription of a day on the own events; fails the test when it is refused."""
    answer = ask(graph, **members)
    assert answer.status == 201, answer.body
    return answer.body


def ask(graph: Graph, **members: Any) -> Answer:
    """Ask for a subscription; a member that is None is left out."""
    usual = {
        "changeType": "created,updated,deleted",
        "notificationUrl": HOOK,
        "resource": "me/events",
        "expirationDateTime": later(days=1, since=graph.tenant.clock.now()),
        "clientState": "a secret",
    }
    return graph("POST", "/subscriptions", {name: value for name, value in {**usual, **members}.items() if value is not None})


def control(tenant: Tenant, method: str, path: str, body: Any = None) -> Any:
    """Ask the control plane; gives (status, JSON)."""
    raw = b"" if body is None else json.dumps(body).encode()
    response = tenant.handle(Request(method, f"https://localhost:8443/sandbox/{path}", {}, raw))
    return response.status, json.loads(response.body)


def edit(graph: Graph, event: dict[str, Any], subject: str = "Supper") -> dict[str, Any]:
    """The event with another subject."""
    answer = graph("PATCH", f"/me/events/{event['id']}", {"subject": subject})
    assert answer.status == 200
    return answer.body


def outcomes(tenant: Tenant) -> list[str]:
    """What became of each notification."""
    return [note["outcome"] for note in control(tenant, "GET", "notifications")[1]]
