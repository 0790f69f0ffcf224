"""Access tokens: the fast path over the vault, and MSAL for all that needs the sign-in service. MSAL's only home.

What is here runs at every command and imports no MSAL: `engine` has MSAL and what shields it, `people` the flows in which somebody signs
in, `apps` those in which an app does. A renewal runs inside the vault's transaction, which makes one of it across threads and processes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..auth import standing, tokens
from ..auth.standing import Standing, State
from ..errors import AuthError, ConsentRequired, NoMailbox, SignInRequired, TransportError
from ..wire import Access, Request, Response

if TYPE_CHECKING:
    from ..auth.app_credential import AppCredential
    from ..auth.authorities import Authority
    from ..auth.device import DeviceCode
    from ..auth.wanted import Expected, Wanted
    from .engine import Engine
    from .people import BrowserQuestion

Send = Callable[[Request], Response]

RETRY_AFTER_SECONDS = 300.0  # a token that is good still is not renewed ahead of time more often than this, when that fails
DOCUMENTS_SERVE_SECONDS = 24 * 3600.0


class Credentials:
    """The tokens of one identity.

    `authority` is the sign-in service; `vault` has `read()`, `transaction()` and `erase()`; `send` carries requests to the service, and
    `send_local` those to the machine's own identity endpoint; `clock` gives seconds since the epoch; `sleep` lets time pass, and may raise
    to end a sign-in; `resource` is the service whose tokens an app gets (Graph's origin).
    """

    def __init__(
        self,
        client_id: str,
        authority: Authority,
        vault: Any,
        send: Send,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
        resource: str = "https://graph.microsoft.com",
        send_local: Send | None = None,
    ) -> None:
        self._client_id, self._authority, self._vault, self._send = client_id, authority, vault, send
        self._clock, self._sleep, self._resource, self._send_local = clock, sleep, resource, send_local or send

    # -- tokens

    def token(self, access: Access, least_seconds: float = tokens.LEEWAY_SECONDS) -> str:
        """An access token good for `access` and for `least_seconds`.

        Raises SignInRequired, or what else the service says, when a person is needed; the error's `scopes` say what a sign-in would
        have to ask for. A token that is to be renewed ahead of its end serves all the same while that fails. Raises NoMailbox for an
        account that Graph does not know.
        """
        if not self._authority.has_mailboxes:
            raise NoMailbox("this account carries no mailbox: it tells who somebody is, and Microsoft Graph does not know it")
        try:
            return self._token(access, least_seconds)
        except AuthError as error:
            error.scopes, error.flow = access.scopes, error.flow or "R"
            raise

    def _token(self, access: Access, least_seconds: float) -> str:
        state: State = self._vault.read()
        kept = tokens.pick(state.get("cache", {}), access.scopes, self._clock(), least_seconds)
        if access.renew or access.claims or kept is None:
            if not standing.somebody(state):
                raise SignInRequired("no sign-in is kept on this machine")
            return self._renewed(access, least_seconds)
        if not self._is_due(kept, state):
            return kept.secret
        try:
            return self._renewed(access, least_seconds)
        except (AuthError, TransportError):
            return kept.secret

    def _is_due(self, kept: tokens.AccessToken, state: State) -> bool:
        """Whether a token should be renewed ahead of its end, and that did not fail just now."""
        now = self._clock()
        return bool(kept.refresh_on) and now >= kept.refresh_on and now - state.get("failed_at", 0.0) > RETRY_AFTER_SECONDS

    def _renewed(self, access: Access, least_seconds: float) -> str:
        with self._vault.transaction() as state:
            kept = tokens.pick(state.get("cache", {}), access.scopes, self._clock(), least_seconds)
            wanted = access.claims or (access.renew and kept is not None and access.refused in ("", kept.secret))
            if kept and not wanted and not self._is_due(kept, state):
                return kept.secret  # another process was quicker
            secret, failure = self._ask_again(state, access, kept)
            if failure:
                state["last_error"], state["failed_at"] = standing.told(failure), self._clock()
            else:
                state.pop("last_error", None)
        if failure:
            raise failure
        return secret

    def _ask_again(self, state: State, access: Access, kept: tokens.AccessToken | None) -> tuple[str, AuthError | None]:
        """A new token, or the refusal; what came with it is in the state. TransportError leaves the state as it was."""
        if state.get("credential"):
            return self._ask_as_app(state)
        if not state.get("renewable", True):
            return "", SignInRequired("this sign-in was made to last as long as one token, and that has ended")
        engine, before = self._engine(state), tokens.id_token(state.get("cache", {}))
        scopes = list(tokens.widened(tokens.granted_scopes(state.get("cache", {})), access.scopes))
        app = engine.public()
        with engine.http.understood():
            account = next(iter(app.get_accounts()), None)
            force, claims = access.renew or kept is None, access.claims or None
            answer = app.acquire_token_silent_with_error(
                scopes, account, force_refresh=force, claims_challenge=claims, http_exceptions=(TransportError,)
            )
        secret = str((answer or {}).get("access_token", ""))
        if kept and secret == kept.secret:  # the old one again: it was due, and a new one could not be had
            state["failed_at"] = self._clock()
            return secret, engine.http.refused()
        if engine.cache.has_state_changed:
            content = engine.content()
            if secret:
                _same_person(before, tokens.id_token(content))
            state["cache"] = content
        self._remember_documents(state, engine)
        return secret, _less_than_asked(state, secret, access) if secret else engine.http.failure(answer or {})

    def _ask_as_app(self, state: State) -> tuple[str, AuthError | None]:
        from ..auth.app_credential import AppCredential

        engine = self._engine({**state, "cache": {}})
        try:
            self._prove(engine, AppCredential.from_kept(state["credential"]))
        except AuthError as error:
            return "", error
        state["cache"] = engine.content()
        self._remember_documents(state, engine)
        return tokens.access_tokens(state["cache"])[0].secret, None

    def expiry(self, secret: str) -> float:
        """When a kept access token ends, in seconds since the epoch; 0 when it is not kept."""
        cache = self._vault.read().get("cache", {})
        return next((token.expires_on for token in tokens.access_tokens(cache) if token.secret == secret), 0.0)

    def standing(self) -> Standing:
        """How things stand, without any request."""
        return standing.of(self._vault.read(), self._client_id, self._authority)

    # -- signing in and out

    def sign_in_by_device_code(self, wanted: Wanted, show: Callable[[DeviceCode], object]) -> tokens.Account:
        """Sign a person in on another device (RFC 8628); `show` is given the code to display.

        When somebody else signs in than was expected, what is kept stays as it was, and AuthError says who came. Raises DeviceCodeExpired,
        SignInDeclined, BlockedByPolicy, ConsentRequired, AppMisconfigured or another AuthError.
        """
        from .people import by_device_code

        engine = self._engine({}, renewable=wanted.renewable)
        by_device_code(engine, wanted, show)
        return self._keep(engine, "device", wanted.expected, asked=list(wanted.scopes), renewable=wanted.renewable)

    def ask_browser(self, wanted: Wanted, redirect_uri: str, mode: str) -> BrowserQuestion:
        """Begin a sign-in in a browser; its `url` is to be opened, and what comes back goes to `keep_answer`.

        `mode` is how it should come back: `form_post`, where the service can do that, keeps the code out of addresses; else `query`.
        """
        from .people import BrowserQuestion

        engine = self._engine({}, renewable=wanted.renewable)
        engine.must_have("authorization_endpoint", "sign-in in a browser")
        modes = engine.discovery().get("response_modes_supported") or [mode]
        mode = mode if mode in modes else "query"
        return BrowserQuestion(engine, wanted, redirect_uri, mode)

    def keep_answer(self, question: BrowserQuestion, answer: Mapping[str, str], method: str) -> tokens.Account:
        """Redeem what a browser brought back, and keep it; otherwise as `sign_in_by_device_code`."""
        question.finish(answer)
        wanted = question.wanted
        return self._keep(question.engine, method, wanted.expected, asked=list(wanted.scopes), renewable=wanted.renewable)

    def sign_in_as_app(self, credential: AppCredential) -> tokens.Account:
        """Sign the app in as itself, for all it was granted on Graph. Raises ConfigError when its proof cannot be read."""
        engine = self._engine({})
        self._prove(engine, credential)
        return self._keep(engine, credential.kind, None, credential=credential.kept())

    def _prove(self, engine: Engine, credential: AppCredential) -> None:
        from .apps import sign_in

        try:
            sign_in(engine, credential, self._resource, self._send_local)
        except AuthError as error:
            error.flow = "C"
            raise

    def adopt(self, token: str, account: tokens.Account, scopes: list[str], expires_on: float, expected: Expected) -> tokens.Account:
        """Keep an access token that somebody else got; it cannot be renewed."""
        expected.check(account)
        cache = tokens.cache_of(token, account, scopes, expires_on, self._clock())
        with self._vault.transaction() as state:
            state.clear()
            state.update(cache=cache, method="token", signed_in_at=self._clock(), asked=scopes, renewable=False)
        return account

    def reach(self) -> None:
        """Ask the sign-in service for its configuration, to see that it is there. Raises TransportError and AuthError."""
        self._engine({}).discovery()

    def sign_out(self) -> tokens.Account | None:
        """Forget the tokens, even those that cannot be read any more; returns who was signed in, as far as can be told.

        Nothing is sent: Entra has no way to revoke a token (RFC 7009).
        """
        return standing.who(self._vault.erase(), self._client_id, self._authority)

    def _keep(self, engine: Engine, method: str, expected: Expected | None, **more: Any) -> tokens.Account:
        content = engine.content()
        fresh: State = {"cache": content, "method": method, "signed_in_at": self._clock(), **more}
        self._remember_documents(fresh, engine)
        account = standing.who(fresh, self._client_id, self._authority)
        if account is None:
            raise AuthError("the sign-in service did not say who signed in (no ID token)", error="invalid_response")
        if expected:
            expected.check(account)
        with self._vault.transaction() as state:
            state.clear()  # an earlier sign-in's tokens must not outlive it
            state.update(fresh)
        return account

    def _engine(self, state: Mapping[str, Any], *, renewable: bool | None = None) -> Engine:
        from .engine import Engine, Service

        service = Service(self._authority, self._client_id, self._send, self._clock, self._sleep)
        recent = self._clock() - state.get("documents_at", 0.0) < DOCUMENTS_SERVE_SECONDS
        known: dict[str, str] = state.get("documents", {}) if recent else {}
        asks_to_stay = state.get("renewable", True) if renewable is None else renewable
        return Engine(service, state.get("cache"), known, renewable=asks_to_stay)

    def _remember_documents(self, state: State, engine: Engine) -> None:
        """Keep the discovery document with the tokens, sealed as they are: a renewal then is one request."""
        found = engine.http.documents.get(self._authority.discovery)
        if found and found.text != state.get("documents", {}).get(self._authority.discovery):
            state["documents"], state["documents_at"] = {self._authority.discovery: found.text}, self._clock()


def _same_person(before: str, after: str) -> None:
    from ..auth.id_tokens import same_person

    same_person(tokens.id_claims(before), tokens.id_claims(after))


def _less_than_asked(state: State, secret: str, access: Access) -> ConsentRequired | None:
    """The error for a new token that lacks what it was asked for: it would be asked for again at each call."""
    kept = tokens.access_tokens(state.get("cache", {}))
    granted = next((token.scopes for token in kept if token.secret == secret), frozenset[str]())
    missing = [scope for scope in access.scopes if not tokens.covers(granted, [scope])]
    if not missing:
        return None
    return ConsentRequired(f"the sign-in service gave a token without {', '.join(missing)}", error="consent_required")
