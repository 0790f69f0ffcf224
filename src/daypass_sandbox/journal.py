"""The journal: the exchanges the tenant had, to be read back as JSON lines or as HAR 1.2, secrets masked.

Exchanges are numbered from 1 on; the numbers go on when the journal is cleared. A JSON line holds number, at, ms, method, url,
user, app, request_headers, request_body, status, response_headers, response_body. An exchange that a fault left without an answer
has no status (0 in HAR). `user` and `app` are what the token in the request (or in the answer) says, unverified.
"""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from daypass.wire import Request, Response

from . import masking
from .clock import iso
from .faults import Disrupted

Json = dict[str, Any]

LONGEST = 10_000  # exchanges; older ones are forgotten
LARGEST_BYTES = 64 * 1024 * 1024  # of all bodies kept; beyond, the oldest exchanges are forgotten


@dataclass
class Exchange:
    """One exchange: its number, when it happened (seconds since 1970, tenant time), how long it took (None: nobody measured)."""

    number: int
    at: float
    request: Request
    response: Response
    ms: float | None = None
    _who: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def status(self) -> int | None:
        """The status of the answer; None where a fault kept it back."""
        lost = isinstance(self.response, Disrupted) and (self.response.dropped or self.response.stalled)
        return None if lost else self.response.status

    @property
    def user(self) -> str:
        """The user principal name of the user it was about, "" where none is known."""
        return self._known()[0]

    @property
    def app(self) -> str:
        """The client id of the app that spoke, "" where none is known."""
        return self._known()[1]

    @property
    def size(self) -> int:
        """The bytes of both bodies."""
        return len(self.request.body) + len(self.response.body)

    def brief(self) -> Json:
        """What a listing shows of it."""
        return {
            "number": self.number,
            "at": iso(self.at) + "Z",
            "ms": self.ms,
            "method": self.request.method,
            "url": masking.address(self.request.url),
            "user": self.user,
            "app": self.app,
            "status": self.status,
        }

    def entry(self) -> Json:
        """All of it, its secrets masked."""
        return {
            **self.brief(),
            "request_headers": masking.headers(self.request.headers),
            "request_body": masking.body(self.request.url, self.request.headers, self.request.body, request=True),
            "response_headers": masking.headers(self.response.headers),
            "response_body": masking.body(self.request.url, self.response.headers, self.response.body, request=False),
        }

    def _known(self) -> tuple[str, str]:
        if self._who is None:
            self._who = _speakers(self.request, self.response)
        return self._who


@dataclass(frozen=True)
class Wanted:
    """Which exchanges are asked for: later than number `after`, from `since` on (seconds since 1970), and so forth; None and "" fit all.

    `status` is a number or a class such as `4xx`, `user` a part of the user principal name. `path` is a part of the path or, with `*` or
    `?` in it, a pattern for all of it.
    """

    after: int = 0
    since: float | None = None
    method: str = ""
    path: str = ""
    status: str = ""
    user: str = ""

    def fits(self, exchange: Exchange) -> bool:
        """Whether the exchange is one of them."""
        shown = str(exchange.status or 0)
        return (
            exchange.number > self.after
            and (self.since is None or exchange.at >= self.since)
            and self.method in ("", exchange.request.method)
            and (
                not self.status or shown == self.status or (self.status.endswith("xx") and shown[:1] == self.status[:1] and len(shown) == 3)
            )
            and self._fits_path(urlsplit(exchange.request.url).path)
            and self.user.lower() in exchange.user.lower()
        )

    def _fits_path(self, path: str) -> bool:
        return fnmatchcase(path, self.path) if "*" in self.path or "?" in self.path else self.path in path


class Journal:
    """The last exchanges, oldest first, as many and as large as may be; `last` is the number of the newest there ever was."""

    def __init__(self, longest: int = LONGEST, largest_bytes: int = LARGEST_BYTES) -> None:
        self._longest, self._largest_bytes = longest, largest_bytes
        self._exchanges: deque[Exchange] = deque()
        self._bytes, self.last = 0, 0

    @property
    def first(self) -> int:
        """The number of the oldest exchange that is kept; one more than `last` when there is none."""
        return self._exchanges[0].number if self._exchanges else self.last + 1

    def record(self, at: float, request: Request, response: Response) -> None:
        """Keep one exchange (at: seconds since 1970, tenant time)."""
        self.last += 1
        exchange = Exchange(self.last, at, request, response)
        self._exchanges.append(exchange)
        self._bytes += exchange.size
        while len(self._exchanges) > self._longest or (self._bytes > self._largest_bytes and len(self._exchanges) > 1):
            self._bytes -= self._exchanges.popleft().size

    def took(self, response: Response, ms: float) -> Exchange | None:
        """Note how long the exchange with this very answer took, and return it; None when it is not in the journal."""
        for exchange in reversed(self._exchanges):
            if exchange.response is response:
                exchange.ms = round(ms, 2)
                return exchange
            if self.last - exchange.number > 1000:
                break
        return None

    def clear(self) -> None:
        """Forget all."""
        self._exchanges.clear()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._exchanges)

    def find(self, number: int) -> Exchange | None:
        """The exchange of a number, None when it was forgotten or never was."""
        position = number - self.first
        return self._exchanges[position] if 0 <= position < len(self._exchanges) else None

    def matching(self, wanted: Wanted) -> Iterator[Exchange]:
        """The exchanges that are asked for, oldest first."""
        newer = max(0, min(len(self._exchanges), self.last - wanted.after))
        candidates = [self._exchanges[-position] for position in range(newer, 0, -1)] if newer < 256 else self._exchanges
        return filter(wanted.fits, candidates)

    def entries(self, wanted: Wanted | None = None) -> Iterator[Json]:
        """The exchanges asked for (all, if nothing is said) with their secrets masked."""
        return (exchange.entry() for exchange in self.matching(wanted or Wanted()))

    def as_jsonl(self, wanted: Wanted | None = None) -> bytes:
        """One JSON object a line."""
        return b"".join(json.dumps(entry).encode() + b"\n" for entry in self.entries(wanted))

    def as_har(self, wanted: Wanted | None = None) -> Json:
        """An HTTP Archive 1.2."""
        creator = {"name": "daypass sandbox", "version": "1"}
        return {"log": {"version": "1.2", "creator": creator, "entries": [_har_entry(entry) for entry in self.entries(wanted)]}}


# --- who spoke -------------------------------------------------------------------------------------------------


def _speakers(request: Request, response: Response) -> tuple[str, str]:
    """User and app by the token that was sent, or by the form and the token that came back."""
    claims = _claims(request.headers.get("authorization", "").partition(" ")[2])
    app = str(claims.get("appid", ""))
    if not claims and "form-urlencoded" in request.headers.get("content-type", ""):
        app = dict(parse_qsl(request.body.decode("utf-8", "replace"))).get("client_id", "")
        if b'"access_token"' in response.body:
            claims = _claims(str(_json_object(response.body).get("access_token", "")))
    return str(claims.get("upn", "")), app


def _claims(token: str) -> Json:
    """What a token says, unverified; {} for anything that is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        return _json_object(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}


def _json_object(text: bytes) -> Json:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return cast("Json", value) if isinstance(value, dict) else {}


# --- as HAR ----------------------------------------------------------------------------------------------------


def _har_entry(entry: Json) -> Json:
    """An exchange as HAR 1.2 has it (http://www.softwareishard.com/blog/har-12-spec/); members of our own begin with `_`."""
    sent, came = _har_text(entry["request_body"]), _har_text(entry["response_body"])
    message: Json = {"httpVersion": "HTTP/1.1", "cookies": [], "headersSize": -1}
    request: Json = {
        "method": entry["method"],
        "url": entry["url"],
        **message,
        "headers": _har_pairs(entry["request_headers"].items()),
        "queryString": _har_pairs(parse_qsl(str(entry["url"]).partition("?")[2], keep_blank_values=True)),
        "bodySize": len(sent.encode()),
    }
    if entry["request_body"] is not None:
        request["postData"] = {"mimeType": entry["request_headers"].get("content-type", ""), "text": sent}
    response: Json = {
        "status": entry["status"] or 0,
        "statusText": "",
        **message,
        "headers": _har_pairs(entry["response_headers"].items()),
        "content": {"size": len(came.encode()), "mimeType": entry["response_headers"].get("content-type", ""), "text": came},
        "redirectURL": entry["response_headers"].get("location", ""),
        "bodySize": len(came.encode()),
    }
    took = entry["ms"] or 0
    timing: Json = {"startedDateTime": entry["at"], "time": took, "cache": {}, "timings": {"send": 0, "wait": took, "receive": 0}}
    ours = {f"_{name}": entry[name] for name in ("number", "user", "app")}
    return {**timing, "request": request, "response": response, **ours}


def _har_pairs(pairs: Iterable[tuple[str, str]]) -> list[Json]:
    return [{"name": name, "value": value} for name, value in pairs]


def _har_text(body: Any) -> str:
    return body if isinstance(body, str) else "" if body is None else json.dumps(body)
