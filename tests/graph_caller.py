"""A caller of Graph for tests: speaks to a sandbox tenant in process, and can note down every exchange."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import recorder
from daypass.wire import Request
from daypass_sandbox.tenant import Tenant

ROOT = "https://localhost:8443"
NOW = 1795629600.0  # Wednesday 2026-11-25 18:00 UTC, 10:00 in Seattle
MEGAN = "c04705e2-7e11-4000-8000-000000000001"
PACIFIC = "Pacific Standard Time"


@dataclass
class StoppedClock:
    """A clock that shows what it is told."""

    seconds: float = NOW

    def now(self) -> float:
        return self.seconds


def new_tenant(seed: str = "empty", now: float = NOW) -> Tenant:
    return Tenant(clock=StoppedClock(now), chance=random.Random(7), seed=seed)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str:
        """The error code; fails when the answer is no refusal."""
        return self.body["error"]["code"]

    @property
    def message(self) -> str:
        return self.body["error"]["message"]

    @property
    def subjects(self) -> list[str]:
        return [event["subject"] for event in self.body["value"]]


@dataclass
class Graph:
    """`graph("GET", "/me/events")`: one user's token, absolute links welcome."""

    tenant: Tenant
    user: str = "megan"
    scopes: tuple[str, ...] = ("Calendars.ReadWrite", "User.Read")
    exchanges: list[dict[str, Any]] = field(default_factory=list)
    _tokens: dict[float, str] = field(default_factory=dict)

    @property
    def token(self) -> str:
        """A fresh token by the tenant's clock; signing is slow, so one serves as long as the clock stands still."""
        now = self.tenant.clock.now()
        if now not in self._tokens:
            self._tokens[now] = self.tenant.mint(self.user, self.scopes)
        return self._tokens[now]

    def __call__(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, prefer: str = "") -> Answer:
        url = path if path.startswith("https:") else f"{ROOT}/v1.0{path}"
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        if prefer:
            sent["Prefer"] = prefer
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        response = self.tenant.handle(Request(method, url, sent, raw))
        answer = Answer(response.status, dict(response.headers), json.loads(response.body) if response.body else None)
        noted = {
            "method": method,
            "url": url,
            "request_headers": {k: v for k, v in sent.items() if k != "Authorization"},
            "request_body": body.decode("latin-1") if isinstance(body, bytes) else body,
        }
        exchange = {**noted, "status": answer.status, "response_headers": answer.headers, "response_body": answer.body}
        self.exchanges.append(exchange)
        recorder.note(exchange)
        return answer

    def create(self, **event: Any) -> dict[str, Any]:
        """Create an event; fails the test when that is refused."""
        answer = self("POST", "/me/events", event)
        assert answer.status == 201, answer.body
        return answer.body

    def view(self, start: str, end: str, more: str = "", prefer: str = "") -> Answer:
        """The window from start to end, both with offset or in UTC."""
        return self("GET", f"/me/calendarView?startDateTime={quote(start)}&endDateTime={quote(end)}{more}", prefer=prefer)

    def round(self, link: str, prefer: str = "") -> tuple[list[dict[str, Any]], str]:
        """All items of a round of a delta query, and the link to the next round; fails the test when a page is refused."""
        items: list[dict[str, Any]] = []
        for _ in range(500):
            answer = self("GET", link, prefer=prefer)
            assert answer.status == 200, answer.body
            items += answer.body["value"]
            if "@odata.deltaLink" in answer.body:
                return items, answer.body["@odata.deltaLink"]
            link = answer.body["@odata.nextLink"]
        raise AssertionError("the round does not end")

    def everything(self, first: Answer, prefer: str = "") -> list[dict[str, Any]]:
        """All items of a list, the links followed as they are."""
        items, link = list(first.body["value"]), first.body.get("@odata.nextLink")
        while link:
            answer = self("GET", link, prefer=prefer)
            items += answer.body["value"]
            link = answer.body.get("@odata.nextLink")
        return items


def at(wall: str, zone: str = "UTC") -> dict[str, str]:
    return {"dateTime": wall, "timeZone": zone}


def timed(subject: str, start: str, end: str, zone: str = "UTC", **more: Any) -> dict[str, Any]:
    return {"subject": subject, "start": at(start, zone), "end": at(end, zone), **more}


def series(subject: str, start: str, end: str, pattern: dict[str, Any], zone: str = "UTC", **limits: Any) -> dict[str, Any]:
    limit = {"type": "noEnd", "startDate": start[:10], **limits}
    return timed(subject, start, end, zone, recurrence={"pattern": {"interval": 1, **pattern}, "range": limit})
