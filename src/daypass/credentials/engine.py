"""MSAL, shielded: made anew for each sign-in, speaking through our transport, asked for one thing at a time.

MSAL is a good protocol engine with fragile defaults for a terminal: no time-outs, one dropped connection or one 503 ends a device
sign-in, refusals are replayed from memory, and ID tokens are not looked at. What it lacks is in `auth.login_http` and here.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

import msal

from ..auth import id_tokens, tokens
from ..auth.authorities import Authority
from ..auth.login_http import LoginHttp
from ..errors import AppMisconfigured, AuthError, TransportError
from ..value import Value
from ..wire import Request, Response

KEPT_SECONDS = 24 * 3600  # a discovery document serves for a day, as MSAL's own cache would have it


class Service(Value):
    """A sign-in service as one app sees it: its address, the app, how requests are sent, a clock (epoch seconds), how time passes."""

    authority: Authority
    client_id: str
    send: Callable[[Request], Response]
    clock: Callable[[], float]
    sleep: Callable[[float], object]


class Engine:
    """MSAL over one cache of its own; `known` are documents of the service's, by address, that need not be fetched again.

    `renewable` asks for a refresh token.
    """

    def __init__(
        self, service: Service, cache: Mapping[str, Any] | None = None, known: Mapping[str, str] | None = None, *, renewable: bool = True
    ) -> None:
        logging.getLogger("msal.token_cache").setLevel(logging.INFO)  # at DEBUG it writes device codes
        self.service, self._renewable = service, renewable
        self.http = LoginHttp(service.send, service.sleep, service.authority.hosts, service.clock, known or {})
        self.cache = msal.SerializableTokenCache()
        if cache is not None:
            self.cache.deserialize(json.dumps(cache))

    def public(self) -> msal.PublicClientApplication:
        """The app as one that keeps no secret, for people to sign in with. Raises TransportError and AuthError."""
        with self.http.understood():
            return msal.PublicClientApplication(self.service.client_id, **self._options())

    def confidential(self, credential: Any) -> msal.ConfidentialClientApplication:
        """The app as one that signs in as itself; `credential` is MSAL's `client_credential`."""
        with self.http.understood():
            return msal.ConfidentialClientApplication(self.service.client_id, client_credential=credential, **self._options())

    def _options(self) -> dict[str, Any]:
        self.discovery()
        authority = self.service.authority
        return {
            "oidc_authority" if authority.kind == "oidc" else "authority": authority.url,
            "token_cache": self.cache,
            "http_client": self.http,
            "client_capabilities": ["CP1"] if authority.has_mailboxes else None,  # long tokens that can be recalled (CAE)
            "instance_discovery": False,  # the settings' host list stands in for it
            "exclude_scopes": None if self._renewable else ["offline_access"],
        }

    def discovery(self) -> dict[str, Any]:
        """The service's OpenID Connect configuration; an issuer must be who it was asked for as (OpenID Connect Discovery, 4.3)."""
        authority = self.service.authority
        answer = self.http.get(authority.discovery)
        if answer.status_code >= 400:
            raise self.http.failure(answer.json)
        if authority.kind == "oidc" and str(answer.json.get("issuer") or "").rstrip("/") != authority.url:
            raise TransportError(f"{authority.url} is not who answers there: its issuer is another", kind="garbage")
        return answer.json

    def check_id_token(self, nonce: str = "") -> None:
        """Raise AuthError when the ID token in the cache is not in order, or there is none."""
        token = tokens.id_token(self.content())
        if not token:
            raise AuthError("the sign-in service did not say who signed in (no ID token)", error="invalid_response")
        document = self.discovery()
        keys = self.http.document(str(document.get("jwks_uri") or ""))
        issuer, entra = str(document.get("issuer") or ""), self.service.authority.kind == "entra"
        id_tokens.validated(token, keys, issuer, self.service.client_id, self.http.service_time(), nonce, of_tenant=entra)

    def content(self) -> dict[str, Any]:
        """What MSAL's cache holds now."""
        return json.loads(self.cache.serialize())

    def must_have(self, endpoint: str, what: str) -> None:
        """Raise AppMisconfigured when the service has no such endpoint (OpenID Connect Discovery, section 3; RFC 8628, section 4)."""
        if not self.discovery().get(endpoint):
            raise AppMisconfigured(f"this sign-in service offers no {what}; sign in another way", error="unsupported_grant_type")
