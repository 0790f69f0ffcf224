"""How MSAL reaches the sign-in service: what it calls its `http_client`, made of a callable that sends requests.

Here lies the patience that MSAL lacks: time-outs are the transport's, a passing trouble is waited out, and a device poll
that fails on the way leaves the sign-in alive.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any, cast
from urllib.parse import urlencode

from ..errors import AuthError, SignInRequired, TransportError
from ..wire import Request, Response, address
from .device import Trouble
from .explain import failure

PAUSES_SECONDS = (1.0, 2.0)
LONGEST_PAUSE_SECONDS = 10.0
# Discovery and refresh together: nothing is begun later than this, and one exchange takes 30 s at most. 90 s, then, as the vault is held.
STARTS_WITHIN_SECONDS = 60.0

# Members of a token answer (RFC 6749, section 5.1; OpenID Connect) that MSAL takes for text without looking.
TEXTS = ("access_token", "refresh_token", "id_token", "client_info", "token_type", "scope")


class LoginHttp:
    """What MSAL calls its `http_client`, over our transport: with time-outs, retries, and patience for device polls.

    A device poll that fails on the way is reported to MSAL as still pending, and noted in `trouble` for our own loop.
    Whatever endpoints a discovery document names, only `hosts` (with their ports) are spoken to; `clock` gives seconds. A document
    (discovery, keys) is fetched once; those in `known`, by address, not at all.
    """

    def __init__(
        self,
        send: Callable[[Request], Response],
        sleep: Callable[[float], object],
        hosts: frozenset[str],
        clock: Callable[[], float],
        known: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._send, self._sleep, self._hosts, self._clock = send, sleep, hosts, clock
        self._last_start = clock() + STARTS_WITHIN_SECONDS
        self._ahead_seconds = 0.0
        self.documents = {url: LoginResponse(Response(200, {}, text.encode())) for url, text in known.items()}
        self.trouble: Trouble | None = None
        self._refusal: Mapping[str, Any] = {}

    def service_time(self) -> float:
        """Seconds since the epoch by the service's clock, as its last answer told it: this machine's own may be wrong."""
        return self._clock() + self._ahead_seconds

    def begin(self) -> None:
        """Give what follows its full time: a person has answered meanwhile."""
        self._last_start = self._clock() + STARTS_WITHIN_SECONDS

    def document(self, url: str) -> dict[str, Any]:
        """A document of the sign-in service's; TransportError when it refuses it."""
        answer = self.get(url)
        answer.raise_for_status()
        return answer.json

    def get(self, url: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None, **_: Any) -> LoginResponse:
        """GET for MSAL: discovery, which may be repeated."""
        self._check(url)
        whole = _with_query(url, params)
        if whole not in self.documents:
            answer = self._patiently(Request("GET", whole, _texts(headers)))
            if answer.status_code >= 400:
                return answer
            self.documents[whole] = answer
        return self.documents[whole]

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> LoginResponse:
        """POST for MSAL: a form to the device code or token endpoint."""
        self._check(url)
        form = {name: value for name, value in (data or {}).items() if value is not None}
        sent = {"Content-Type": "application/x-www-form-urlencoded", **_texts(headers)}
        request = Request("POST", _with_query(url, params), sent, urlencode(form).encode())
        if "device_code" not in form:
            return self._patiently(request)
        return self._poll(request)

    def close(self) -> None:
        """The transport is not ours to close."""

    @contextmanager
    def understood(self) -> Generator[None]:
        """Around each use of MSAL: what it trips over is a refusal that we have seen, or an answer that makes no sense."""
        try:
            yield
        except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
            if self._refusal:
                raise self.failure({}) from None
            raise TransportError("the sign-in service's answer makes no sense", kind="garbage") from None

    def refused(self) -> AuthError | None:
        """The error that the last refusal stands for, None when the last answer was none."""
        return failure(self._refusal) if self._refusal else None

    def failure(self, answer: Mapping[str, Any]) -> AuthError:
        """The error that MSAL's answer, or the last refusal seen, stands for."""
        told = answer if answer.get("error") else self._refusal
        return failure(told) if told else SignInRequired("what was kept of the sign-in is not enough for this")

    def _check(self, url: str) -> None:
        """Raise TransportError for an address that is not the sign-in service's own: what is posted is secret."""
        parts = address(url)
        if parts.scheme != "https" or parts.netloc.lower() not in self._hosts:
            where = parts.netloc or "an address without a host"
            raise TransportError(f"refused to sign in at {where}: it is not the sign-in service", kind="garbage", host=parts.netloc)

    def _poll(self, request: Request) -> LoginResponse:
        self.trouble = None
        try:
            return self._ask(request)
        except TransportError as error:
            if error.kind == "tls":
                raise
            self.trouble = Trouble(str(error), error.retry_after_seconds)
            return LoginResponse(Response(400, {}, b'{"error": "authorization_pending"}'))

    def _patiently(self, request: Request) -> LoginResponse:
        """Ask, and again after a passing trouble: a code, a refresh or a document may be asked for twice."""
        if self._clock() > self._last_start:
            raise TransportError("the sign-in service takes too long", kind="timeout", host=address(request.url).netloc)
        for pause in PAUSES_SECONDS:
            try:
                return self._ask(request)
            except TransportError as error:
                wait = error.retry_after_seconds or pause
                passing = error.kind in ("reset", "busy") and wait <= LONGEST_PAUSE_SECONDS
                if not passing or self._clock() + wait > self._last_start:
                    raise
                self._sleep(wait)
        return self._ask(request)

    def _ask(self, request: Request) -> LoginResponse:
        """One exchange; a busy service and an answer that is not JSON are TransportErrors too."""
        host = address(request.url).netloc
        response = LoginResponse(self._send(request))
        status = response.status_code
        told = _date(response.headers.get("date", ""))
        self._ahead_seconds = told - self._clock() if told else self._ahead_seconds
        if status == 429 or status >= 500 or response.json.get("error") == "temporarily_unavailable":
            wait = response.retry_after_seconds
            raise TransportError(f"{host} is busy (HTTP {status})", kind="busy", host=host, retry_after_seconds=wait)
        if not response.json:
            raise TransportError(f"{host} answered something that is not a sign-in service's answer", kind="garbage", host=host)
        self._refusal = response.json if status >= 400 else {}
        return response


class LocalHttp:
    """What MSAL calls its `http_client` when it asks the machine itself for a token: a managed identity's endpoint.

    That is spoken to in the clear, so it must be on this machine, or the link-local address that clouds answer at (IMDS).
    """

    def __init__(self, send_local: Callable[[Request], Response]) -> None:
        self._send = send_local

    def get(self, url: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None, **_: Any) -> LoginResponse:
        """GET for MSAL."""
        return LoginResponse(self._send(Request("GET", _with_query(url, params), _texts(headers))))

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> LoginResponse:
        """POST for MSAL: some platforms want a form."""
        sent = {"Content-Type": "application/x-www-form-urlencoded", **_texts(headers)}
        return LoginResponse(self._send(Request("POST", _with_query(url, params), sent, urlencode(data or {}).encode())))

    def close(self) -> None:
        """The transport is not ours to close."""


class LoginResponse:
    """A response in the shape MSAL asks for; `json` is {} when it makes no sense."""

    def __init__(self, raw: Response) -> None:
        self.status_code, self.headers = raw.status, dict(raw.headers)
        self.text = raw.body.decode("utf-8", "replace")
        try:
            content: Any = json.loads(self.text)
        except (ValueError, RecursionError):
            content = None
        members = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
        self.json = members if all(isinstance(members.get(name, ""), str) for name in TEXTS) else {}

    @property
    def retry_after_seconds(self) -> float:
        """What Retry-After says, 0 when it says nothing."""
        text = self.headers.get("retry-after", "")
        return float(text) if text.isdecimal() and len(text) < 10 else 0.0

    def raise_for_status(self) -> None:
        """Raise for a refusal; MSAL calls it on unexpected ones only."""
        if self.status_code >= 400:
            raise TransportError(f"the sign-in service answered HTTP {self.status_code}", kind="busy")


def _date(text: str) -> float:
    """A Date header in seconds since the epoch, 0 when it is none (RFC 9110, section 5.6.7)."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _with_query(url: str, params: Mapping[str, str] | None) -> str:
    return f"{url}?{urlencode(params)}" if params else url


def _texts(headers: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: str(value) for name, value in (headers or {}).items() if value is not None}
