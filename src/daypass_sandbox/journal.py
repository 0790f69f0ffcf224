"""The journal: the exchanges the tenant had, to be read back as JSON lines or as HAR 1.2, secrets masked.

A JSON line holds method, url, request_headers, request_body, status, response_headers, response_body. An exchange that a
fault left without an answer has no status (0 in HAR).
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

from daypass.wire import Request, Response

from .clock import iso
from .faults import Disrupted

MASK = "***"
SECRET_MEMBERS = frozenset("access_token client_secret device_code id_token password refresh_token user_code".split())
SECRET_FIELDS = SECRET_MEMBERS | frozenset("assertion client_assertion code code_verifier otc".split())  # of forms and queries
_SECRET_FIELD = "|".join(sorted(SECRET_FIELDS))
_SECRET_IN_QUERY = re.compile(rf"(?<=[?&])({_SECRET_FIELD})=[^&]*")
LONGEST = 10_000  # exchanges; older ones are forgotten


class Journal:
    """The last exchanges, oldest first."""

    def __init__(self) -> None:
        self._exchanges: deque[tuple[float, Request, Response]] = deque(maxlen=LONGEST)

    def record(self, at: float, request: Request, response: Response) -> None:
        """Keep one exchange (at: seconds since 1970, tenant time)."""
        self._exchanges.append((at, request, response))

    def clear(self) -> None:
        """Forget all."""
        self._exchanges.clear()

    def __len__(self) -> int:
        return len(self._exchanges)

    def entries(self) -> Iterator[dict[str, Any]]:
        """Every exchange with its secrets masked, plus `at`, when it happened."""
        for at, request, response in self._exchanges:
            unanswered = isinstance(response, Disrupted) and (response.dropped or response.stalled)
            yield {
                "at": iso(at) + "Z",
                "method": request.method,
                "url": _SECRET_IN_QUERY.sub(rf"\1={MASK}", request.url),
                "request_headers": _masked_headers(request.headers),
                "request_body": _masked_body(request.headers, request.body),
                "status": None if unanswered else response.status,
                "response_headers": _masked_headers(response.headers),
                "response_body": _masked_body(response.headers, response.body),
            }

    def as_jsonl(self) -> bytes:
        """One JSON object a line."""
        return b"".join(json.dumps(entry).encode() + b"\n" for entry in self.entries())

    def as_har(self) -> dict[str, Any]:
        """An HTTP Archive 1.2."""
        creator = {"name": "daypass sandbox", "version": "1"}
        return {"log": {"version": "1.2", "creator": creator, "entries": [_har_entry(entry) for entry in self.entries()]}}


def _masked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    hidden = {"authorization": f"Bearer {MASK}", "cookie": MASK, "set-cookie": MASK}
    return {name: hidden.get(name, value) for name, value in headers.items()}


def _masked_body(headers: Mapping[str, str], body: bytes) -> Any:
    """The body for people and checkers: JSON as JSON, anything else as text; None if it is empty."""
    kind, text = headers.get("content-type", ""), body.decode("utf-8", "replace")
    if not body:
        return None
    if "html" in kind:
        return f"({len(body)} bytes of HTML)"
    if "form-urlencoded" in kind:
        return urlencode([(name, MASK if name in SECRET_FIELDS else value) for name, value in parse_qsl(text, keep_blank_values=True)])
    try:
        return _masked(json.loads(text))
    except ValueError:
        return text


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    members = cast("dict[str, Any]", value)
    secret = SECRET_MEMBERS | {"message"} if "user_code" in members else SECRET_MEMBERS  # the sentence repeats the code
    return {name: MASK if name in secret and isinstance(item, str) else _masked(item) for name, item in members.items()}


def _har_entry(entry: dict[str, Any]) -> dict[str, Any]:
    def headers(of: dict[str, str]) -> list[dict[str, str]]:
        return [{"name": name, "value": value} for name, value in of.items()]

    def text(body: Any) -> str:
        return body if isinstance(body, str) else "" if body is None else json.dumps(body)

    request: dict[str, Any] = {
        "method": entry["method"],
        "url": entry["url"],
        "httpVersion": "HTTP/1.1",
        "headers": headers(entry["request_headers"]),
    }
    if entry["request_body"] is not None:
        kind = entry["request_headers"].get("content-type", "")
        request["postData"] = {"mimeType": kind, "text": text(entry["request_body"])}
    content = {"mimeType": entry["response_headers"].get("content-type", ""), "text": text(entry["response_body"])}
    response = {"status": entry["status"] or 0, "headers": headers(entry["response_headers"]), "content": content}
    return {"startedDateTime": entry["at"], "time": 0, "request": request, "response": response}
