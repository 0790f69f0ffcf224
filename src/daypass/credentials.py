"""Access tokens: the fast path over the vault, and MSAL for all that needs the sign-in service. MSAL's only home.

MSAL is a good protocol engine with fragile defaults for a terminal: no time-outs, one dropped connection or one 503 ends
a device sign-in, refusals are replayed from memory, and refreshing is not single-flight. So it is shielded: it speaks
through our transport (`LoginHttp`), is asked for one poll at a time by our own loop, is made anew for each sign-in, and
refreshes inside the vault's transaction, which makes one refresh across threads and processes. It is imported only when
the vault holds no token that will do.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from .auth import tokens
from .errors import AuthError, DeviceCodeExpired, SignInRequired, TransportError
from .value import Value
from .wire import Access, Request, Response

if TYPE_CHECKING:
    from typing import TypedDict

    import msal

    from .auth.device import DeviceCode, Trouble

    class State(TypedDict, total=False):
        """What the vault holds for an identity: MSAL's cache, and how and when the person signed in (epoch seconds)."""

        cache: dict[str, Any]
        method: str
        signed_in_at: float
        last_error: str


Send = Callable[[Request], Response]

PAUSES_SECONDS = (1.0, 2.0)
LONGEST_PAUSE_SECONDS = 10.0

# Members of a token answer (RFC 6749, section 5.1; OpenID Connect) that MSAL takes for text without looking.
TEXTS = ("access_token", "refresh_token", "id_token", "client_info", "token_type", "scope")


class Standing(Value):
    """How an identity stands, told from the vault alone; times are seconds since the epoch."""

    account: tokens.Account | None
    method: str
    signed_in_at: float
    granted: frozenset[str]
    expires_on: float
    renewable: bool
    last_error: str


class Credentials:
    """The tokens of one identity.

    `authority` is the sign-in address with its tenant; `vault` has `read()` and `transaction()`; `send` carries requests
    to the sign-in service; `clock` gives seconds since the epoch; `sleep` lets time pass.
    """

    def __init__(
        self,
        client_id: str,
        authority: str,
        vault: Any,
        send: Send,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._client_id, self._authority, self._vault, self._send = client_id, authority, vault, send
        self._clock, self._sleep = clock, sleep

    def token(self, access: Access) -> str:
        """An access token good for `access`; raises SignInRequired (or what else the service says) when a person is needed."""
        state: State = self._vault.read()
        if not (access.renew or access.claims):
            kept = tokens.pick(state.get("cache", {}), access.scopes, self._clock())
            if kept:
                return kept.secret
        if tokens.account(state.get("cache", {})) is None:
            raise SignInRequired("nobody is signed in")
        return self._renewed(access, refused=_best(state, access, self._clock()))

    def standing(self) -> Standing:
        """How things stand, without any request."""
        state: State = self._vault.read()
        cache = state.get("cache", {})
        kept = tokens.access_tokens(cache)
        return Standing(
            account=tokens.account(cache),
            method=state.get("method", ""),
            signed_in_at=state.get("signed_in_at", 0.0),
            granted=tokens.granted_scopes(cache),
            expires_on=max((token.expires_on for token in kept), default=0.0),
            renewable=tokens.has_refresh_token(cache),
            last_error=state.get("last_error", ""),
        )

    def sign_in_by_device_code(self, scopes: tuple[str, ...], show: Callable[[DeviceCode], object], claims: str = "") -> tokens.Account:
        """Sign a person in on another device (RFC 8628); `show` is given the code to display.

        Polls until the person is done, through dropped connections and busy servers, while the code lives. Raises
        DeviceCodeExpired, SignInDeclined, BlockedByPolicy, ConsentRequired, AppMisconfigured or another AuthError.
        """
        from .auth.device import DeviceCode, Pace

        http, cache = LoginHttp(self._send, self._sleep), _new_cache()
        with http.understood():
            app = self._app(http, cache)
            flow = app.initiate_device_flow(scopes=list(scopes), claims_challenge=claims or None)
            if "user_code" not in flow:
                raise http.failure(flow)
            code = DeviceCode.from_answer(flow, self._clock())
        show(code)
        pace = Pace(code.interval)
        wait = pace.interval
        while (left := code.expires_at - self._clock()) > 0:
            self._sleep(min(wait, left))
            flow["interval"] = 1  # MSAL would spin on 0, and warn of haste after a slow_down; the pace is ours
            with http.understood():
                answer = app.acquire_token_by_device_flow(flow, claims_challenge=claims or None, exit_condition=_once)
            if "access_token" in answer:
                return self._keep(cache, "device_code")
            wait = pace.after(http.trouble or _still_waiting(answer, http))
        raise DeviceCodeExpired("the code ran out before it was used", error="expired_token")

    def sign_out(self) -> tokens.Account | None:
        """Forget the tokens; returns who was signed in. Nothing is sent: Entra has no way to revoke a token (RFC 7009)."""
        who = tokens.account(self._vault.read().get("cache", {}))
        self._vault.erase()
        return who

    def _keep(self, cache: msal.SerializableTokenCache, method: str) -> tokens.Account:
        content: dict[str, Any] = json.loads(cache.serialize())
        account = tokens.account(content)
        if account is None:
            raise AuthError("the sign-in service did not say who signed in (no ID token)", error="invalid_response")
        with self._vault.transaction() as state:
            state.clear()  # an earlier sign-in's tokens must not outlive it
            state.update(cache=content, method=method, signed_in_at=self._clock())
        return account

    def _renewed(self, access: Access, refused: str) -> str:
        with self._vault.transaction() as state:
            now = self._clock()
            kept = tokens.pick(state.get("cache", {}), access.scopes, now)
            if kept and not access.claims and not (access.renew and kept.secret == refused):
                return kept.secret  # another process was quicker
            http, cache = LoginHttp(self._send, self._sleep), _new_cache()
            cache.deserialize(json.dumps(state.get("cache", {})))
            scopes = tokens.widened(tokens.granted_scopes(state.get("cache", {})), access.scopes)
            with http.understood():
                answer = self._silently(self._app(http, cache), list(scopes), access)
            if cache.has_state_changed:
                state["cache"] = json.loads(cache.serialize())
            failure = None if answer and "access_token" in answer else http.failure(answer or {})
            state["last_error"] = str(failure or "")
        if failure:
            raise failure
        return str((answer or {})["access_token"])

    def _silently(self, app: msal.PublicClientApplication, scopes: list[str], access: Access) -> dict[str, Any] | None:
        account = next(iter(app.get_accounts()), None)
        return app.acquire_token_silent_with_error(
            scopes, account, force_refresh=access.renew, claims_challenge=access.claims or None, http_exceptions=(TransportError,)
        )

    def _app(self, http: LoginHttp, cache: msal.SerializableTokenCache) -> msal.PublicClientApplication:
        import msal

        return msal.PublicClientApplication(
            self._client_id,
            authority=self._authority,
            token_cache=cache,
            http_client=http,
            client_capabilities=["CP1"],  # Continuous Access Evaluation: long tokens that can be recalled
            instance_discovery=False,  # the settings' host list stands in for it
        )


class LoginHttp:
    """What MSAL calls its `http_client`, over our transport: with time-outs, retries, and patience for device polls.

    A device poll that fails on the way is reported to MSAL as still pending, and noted in `trouble` for our own loop.
    """

    def __init__(self, send: Send, sleep: Callable[[float], object]) -> None:
        self._send, self._sleep = send, sleep
        self.trouble: Trouble | None = None
        self._refusal: Mapping[str, Any] = {}

    def get(self, url: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None, **_: Any) -> LoginResponse:
        """GET for MSAL: discovery, which may be repeated."""
        return self._patiently(Request("GET", _with_query(url, params), _texts(headers)))

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> LoginResponse:
        """POST for MSAL: a form to the device code or token endpoint."""
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
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            if self._refusal:
                raise self.failure({}) from None
            raise TransportError("the sign-in service's answer makes no sense", kind="garbage") from None

    def failure(self, answer: Mapping[str, Any]) -> AuthError:
        """The error that MSAL's answer, or the last refusal seen, stands for."""
        from .auth.explain import failure

        told = answer if answer.get("error") else self._refusal
        return failure(told) if told else SignInRequired("what was kept of the sign-in is not enough for this")

    def _poll(self, request: Request) -> LoginResponse:
        from .auth.device import Trouble

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
        for pause in PAUSES_SECONDS:
            try:
                return self._ask(request)
            except TransportError as error:
                wait = error.retry_after_seconds or pause
                if error.kind not in ("reset", "busy") or wait > LONGEST_PAUSE_SECONDS:
                    raise
                self._sleep(wait)
        return self._ask(request)

    def _ask(self, request: Request) -> LoginResponse:
        """One exchange; a busy service and an answer that is not JSON are TransportErrors too."""
        host = request.url.partition("://")[2].partition("/")[0]
        response = LoginResponse(self._send(request))
        if response.status_code == 429 or response.status_code >= 500:
            wait = response.retry_after_seconds
            raise TransportError(f"{host} is busy (HTTP {response.status_code})", kind="busy", host=host, retry_after_seconds=wait)
        if not response.json:
            raise TransportError(f"{host} answered something that is not a sign-in service's answer", kind="garbage", host=host)
        self._refusal = response.json if response.status_code >= 400 else {}
        return response


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


def _still_waiting(answer: Mapping[str, Any], http: LoginHttp) -> str:
    from .auth.device import WAITING

    word = str(answer.get("error") or "")
    if word not in WAITING:
        raise http.failure(answer)
    return word


def _best(state: State, access: Access, now: float) -> str:
    kept = tokens.pick(state.get("cache", {}), access.scopes, now)
    return kept.secret if kept else ""


def _new_cache() -> msal.SerializableTokenCache:
    import logging

    import msal

    logging.getLogger("msal.token_cache").setLevel(logging.INFO)  # at DEBUG it writes device codes
    return msal.SerializableTokenCache()


def _once(flow: Mapping[str, Any]) -> bool:
    """MSAL's exit condition: one poll, no waiting; the waiting is ours."""
    del flow
    return True


def _with_query(url: str, params: Mapping[str, str] | None) -> str:
    return f"{url}?{urlencode(params)}" if params else url


def _texts(headers: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: str(value) for name, value in (headers or {}).items() if value is not None}
