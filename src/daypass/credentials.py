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
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .auth import tokens
from .errors import AuthError, ConsentRequired, DeviceCodeExpired, SignInRequired, TransportError
from .value import Value
from .wire import Access, Request, Response, address

if TYPE_CHECKING:
    from typing import TypedDict

    import msal

    from .auth.device import DeviceCode
    from .auth.login_http import LoginHttp

    class State(TypedDict, total=False):
        """What the vault holds for an identity: MSAL's cache, and how and when the person signed in (epoch seconds)."""

        cache: dict[str, Any]
        method: str
        signed_in_at: float
        last_error: str


Send = Callable[[Request], Response]


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

    `authority` is the sign-in address with its tenant; `vault` has `read()`, `transaction()` and `erase()`; `send` carries requests
    to the sign-in service; `clock` gives seconds since the epoch; `sleep` lets time pass. `login_hosts` are hosts (with
    their ports) that belong to the same sign-in service: secrets go to them and to the authority's own, to no other.
    """

    def __init__(
        self,
        client_id: str,
        authority: str,
        vault: Any,
        send: Send,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
        login_hosts: frozenset[str] = frozenset(),
    ) -> None:
        self._client_id, self._authority, self._vault, self._send = client_id, authority, vault, send
        self._clock, self._sleep = clock, sleep
        self._login_hosts = login_hosts | {address(authority).netloc.lower()}

    def token(self, access: Access) -> str:
        """An access token good for `access`; raises SignInRequired (or what else the service says) when a person is needed.

        The error's `scopes` say what a sign-in would have to ask for.
        """
        try:
            return self._token(access)
        except AuthError as error:
            error.scopes = access.scopes
            raise

    def _token(self, access: Access) -> str:
        state: State = self._vault.read()
        if not (access.renew or access.claims):
            kept = tokens.pick(state.get("cache", {}), access.scopes, self._clock())
            if kept:
                return kept.secret
        if tokens.account(state.get("cache", {})) is None:
            raise SignInRequired("no sign-in is kept on this machine")
        return self._renewed(access)

    def expiry(self, secret: str) -> float:
        """When a kept access token ends, in seconds since the epoch; 0 when it is not kept."""
        cache = self._vault.read().get("cache", {})
        return next((token.expires_on for token in tokens.access_tokens(cache) if token.secret == secret), 0.0)

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

    def sign_in_by_device_code(
        self, scopes: tuple[str, ...], show: Callable[[DeviceCode], object], claims: str = "", only: tokens.Account | None = None
    ) -> tokens.Account:
        """Sign a person in on another device (RFC 8628); `show` is given the code to display.

        With `only`, nobody else's sign-in is accepted: what is kept stays as it was, and AuthError says who came instead.
        Polls until the person is done, through dropped connections and busy servers, while the code lives. Raises
        DeviceCodeExpired, SignInDeclined, BlockedByPolicy, ConsentRequired, AppMisconfigured or another AuthError.
        """
        from .auth.device import DeviceCode, Pace

        http, cache = self._http(), _new_cache()
        with http.understood():
            app = self._app(http, cache)
            flow = app.initiate_device_flow(scopes=list(scopes), claims_challenge=claims or None)
            if "error" in flow:
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
                return self._keep(cache, "device_code", only)
            wait = pace.after(http.trouble or _still_waiting(answer, http))
        raise DeviceCodeExpired("the code ran out before it was used", error="expired_token")

    def sign_out(self) -> tokens.Account | None:
        """Forget the tokens, even those that cannot be read any more; returns who was signed in, as far as can be told.

        Nothing is sent: Entra has no way to revoke a token (RFC 7009).
        """
        return tokens.account(self._vault.erase().get("cache", {}))

    def _keep(self, cache: msal.SerializableTokenCache, method: str, only: tokens.Account | None) -> tokens.Account:
        content: dict[str, Any] = json.loads(cache.serialize())
        account = tokens.account(content)
        if account is None:
            raise AuthError("the sign-in service did not say who signed in (no ID token)", error="invalid_response")
        if only and account.home_account_id != only.home_account_id:
            raise AuthError(f"{account.username} signed in, where {only.username} was expected; nothing was changed", error="other_account")
        with self._vault.transaction() as state:
            state.clear()  # an earlier sign-in's tokens must not outlive it
            state.update(cache=content, method=method, signed_in_at=self._clock())
        return account

    def _renewed(self, access: Access) -> str:
        with self._vault.transaction() as state:
            kept = tokens.pick(state.get("cache", {}), access.scopes, self._clock())
            if kept and not access.claims and not (access.renew and access.refused in ("", kept.secret)):
                return kept.secret  # another process was quicker
            http, cache = self._http(), _new_cache()
            cache.deserialize(json.dumps(state.get("cache", {})))
            scopes = tokens.widened(tokens.granted_scopes(state.get("cache", {})), access.scopes)
            with http.understood():
                answer = self._silently(self._app(http, cache), list(scopes), access) or {}
            if cache.has_state_changed:
                state["cache"] = json.loads(cache.serialize())
            secret = str(answer.get("access_token", ""))
            failure = _less_than_asked(state, secret, access) if secret else http.failure(answer)
            state["last_error"] = str(failure or "")
        if failure:
            raise failure
        return secret

    def _silently(self, app: msal.PublicClientApplication, scopes: list[str], access: Access) -> dict[str, Any] | None:
        account = next(iter(app.get_accounts()), None)
        return app.acquire_token_silent_with_error(
            scopes, account, force_refresh=access.renew, claims_challenge=access.claims or None, http_exceptions=(TransportError,)
        )

    def _http(self) -> LoginHttp:
        from .auth.login_http import LoginHttp

        return LoginHttp(self._send, self._sleep, self._login_hosts, self._clock)

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


def _still_waiting(answer: Mapping[str, Any], http: LoginHttp) -> str:
    from .auth.device import WAITING

    word = str(answer.get("error") or "")
    if word not in WAITING:
        raise http.failure(answer)
    return word


def _less_than_asked(state: State, secret: str, access: Access) -> ConsentRequired | None:
    """The error for a new token that lacks what it was asked for: it would be asked for again at each call."""
    kept = tokens.access_tokens(state.get("cache", {}))
    granted = next((token.scopes for token in kept if token.secret == secret), frozenset[str]())
    missing = [scope for scope in access.scopes if not tokens.covers(granted, [scope])]
    if not missing:
        return None
    return ConsentRequired(f"the sign-in service gave a token without {', '.join(missing)}", error="consent_required")


def _new_cache() -> msal.SerializableTokenCache:
    import logging

    import msal

    logging.getLogger("msal.token_cache").setLevel(logging.INFO)  # at DEBUG it writes device codes
    return msal.SerializableTokenCache()


def _once(flow: Mapping[str, Any]) -> bool:
    """MSAL's exit condition: one poll, no waiting; the waiting is ours."""
    del flow
    return True
