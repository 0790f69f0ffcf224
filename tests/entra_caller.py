"""A client of Entra and of the control plane for tests; how its requests travel is the business of the `send` it is given."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from daypass.wire import Request, Response
from daypass_sandbox.tenant import CLIENT_ID, TENANT_ID

ROOT = "https://localhost:8443"
SCOPE = "Calendars.Read User.Read openid profile offline_access"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass
class Entra:
    """A public client at one address."""

    send: Callable[[Request], Response]
    root: str = ROOT
    client_id: str = CLIENT_ID
    authority: str = TENANT_ID

    def get(self, path: str, **headers: str) -> Response:
        return self.send(Request("GET", self.root + path, {name.replace("_", "-"): value for name, value in headers.items()}))

    def form(self, path: str, fields: dict[str, Any], **headers: str) -> Response:
        sent = {"content-type": "application/x-www-form-urlencoded", **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.send(Request("POST", self.root + path, sent, urlencode(fields).encode()))

    def device_code(self, scope: str = SCOPE, **fields: str) -> Response:
        return self.form(f"/{self.authority}/oauth2/v2.0/devicecode", {"client_id": self.client_id, "scope": scope, **fields})

    def token(self, **fields: str) -> Response:
        return self.form(f"/{self.authority}/oauth2/v2.0/token", {"client_id": self.client_id, **fields})

    def poll(self, device_code: str, **fields: str) -> Response:
        return self.token(grant_type=DEVICE_GRANT, device_code=device_code, **fields)

    def refresh(self, refresh_token: str, **fields: str) -> Response:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token, **fields)

    def control(self, method: str, path: str, body: Any = None) -> Response:
        sent = b"" if body is None else json.dumps(body).encode()
        return self.send(Request(method, f"{self.root}/sandbox/{path}", {"content-type": "application/json"}, sent))

    def ask_control(self, method: str, path: str, body: Any = None) -> Any:
        """The control plane's answer; fails the test when it refuses."""
        answer = self.control(method, path, body)
        assert answer.status < 300, answer.body
        return answer.json()

    def approve(self, user: str = "megan", **more: str) -> Any:
        return self.ask_control("POST", "approve", {"user": user, **more})

    def policy(self, **policies: Any) -> None:
        self.ask_control("POST", "policies", policies)

    def advance(self, seconds: float) -> None:
        self.ask_control("POST", "clock", {"advance_seconds": seconds})

    def sign_in(self, scope: str = SCOPE, user: str = "megan", **fields: str) -> dict[str, Any]:
        """A whole device sign-in; the token response."""
        code = self.device_code(scope, **fields).json()
        self.approve(user, user_code=code["user_code"])
        answer = self.poll(code["device_code"], **fields)
        assert answer.status == 200, answer.body
        return answer.json()

    def me(self, access_token: str) -> Response:
        return self.get("/v1.0/me", authorization=f"Bearer {access_token}")


def refusal(answer: Response) -> tuple[int, str, list[int], str]:
    """A refusal's status, error, AADSTS numbers and suberror, its form checked on the way."""
    body = answer.json()
    assert body["error_description"].startswith(f"AADSTS{body['error_codes'][0]}: ")
    for part in ("Trace ID: " + body["trace_id"], "Correlation ID: " + body["correlation_id"], "Timestamp: " + body["timestamp"]):
        assert part in body["error_description"]
    return answer.status, body["error"], body["error_codes"], body.get("suberror", "")
