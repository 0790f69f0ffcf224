"""Signing people in: by a code on another device, and in a browser. Each brings MSAL's cache to what is kept afterwards."""

from __future__ import annotations

import hmac
import warnings
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ..auth.device import WAITING, DeviceCode, Pace
from ..auth.wanted import Wanted
from ..errors import AuthError, DeviceCodeExpired
from .engine import Engine


def by_device_code(engine: Engine, wanted: Wanted, show: Callable[[DeviceCode], object]) -> None:
    """Sign a person in on another device (RFC 8628); `show` is given the code to display.

    Polls until the person is done, through dropped connections and busy servers, while the code lives.
    """
    engine.must_have("device_authorization_endpoint", "device codes")
    app, http, clock = engine.public(), engine.http, engine.service.clock
    with http.understood():
        language = {"params": {"mkt": wanted.language}} if wanted.language else {}
        flow = app.initiate_device_flow(scopes=list(wanted.scopes), claims_challenge=wanted.claims or None, **language)
        if "error" in flow:
            raise http.failure(flow)
        code = DeviceCode.from_answer(flow, clock())
    show(code)
    pace = Pace(code.interval)
    wait = pace.interval
    while (left := code.expires_at - clock()) > 0:
        engine.service.sleep(min(wait, left))
        flow["interval"] = 1  # MSAL would spin on 0, and warn of haste after a slow_down; the pace is ours
        with http.understood():
            answer = app.acquire_token_by_device_flow(flow, claims_challenge=wanted.claims or None, exit_condition=_once)
        if "access_token" in answer:
            http.begin()
            return engine.check_id_token()
        word = str(answer.get("error") or "")
        if not http.trouble and word not in WAITING:
            raise http.failure(answer)
        wait = pace.after(http.trouble or word)
    raise DeviceCodeExpired("the code ran out before it was used", error="expired_token")


class BrowserQuestion:
    """A sign-in in a browser (RFC 6749 section 4.1, with PKCE, state and nonce): `url` is where the browser goes, `state` comes back.

    `redirect_uri` is where the browser brings the answer, `mode` how (`form_post` or `query`).
    """

    def __init__(self, engine: Engine, wanted: Wanted, redirect_uri: str, mode: str) -> None:
        self.engine, self.wanted, self._app = engine, wanted, engine.public()
        with engine.http.understood(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MSAL warns of `query`, which is for pasting by hand, where nothing else can be
            self._flow: dict[str, Any] = self._app.initiate_auth_code_flow(
                list(wanted.scopes),
                redirect_uri=redirect_uri,
                response_mode=mode,
                login_hint=wanted.hint or None,
                claims_challenge=wanted.claims or None,
                **({"ui_locales": wanted.language, "mkt": wanted.language} if wanted.language else {}),
            )
        self.url, self.state = str(self._flow["auth_uri"]), str(self._flow["state"])

    def fits(self, answer: Mapping[str, str]) -> bool:
        """Whether an answer is one to this question: any page may send a browser to our address (RFC 6749, section 10.12)."""
        return hmac.compare_digest(answer.get("state", "").encode(), self.state.encode())

    def finish(self, answer: Mapping[str, str]) -> None:
        """Redeem the code in an answer; AuthError when it is a refusal, or answers another question."""
        if not self.fits(answer):
            raise AuthError("the browser's answer belongs to another sign-in; nothing was kept", error="state_mismatch")
        http = self.engine.http
        http.begin()
        issuer = str(self.engine.discovery().get("issuer") or "")
        if answer.get("iss") and answer["iss"] != issuer:  # RFC 9207: two services must not be mixed up
            raise AuthError("the browser's answer comes from another sign-in service; nothing was kept", error="issuer_mismatch")
        with http.understood():
            try:
                told = self._app.acquire_token_by_auth_code_flow(self._flow, dict(answer))
            except RuntimeError:  # MSAL's word for a nonce that is another's
                raise AuthError(
                    "the sign-in service's proof answers another sign-in (nonce); nothing was kept", error="invalid_id_token"
                ) from None
        if "error" in told:
            raise http.failure(told)
        self.engine.check_id_token(_sent(self.url, "nonce"))


def _sent(url: str, name: str) -> str:
    return parse_qs(urlsplit(url).query).get(name, [""])[0]


def _once(flow: Mapping[str, Any]) -> bool:
    """MSAL's exit condition: one poll, no waiting; the waiting is ours."""
    del flow
    return True
