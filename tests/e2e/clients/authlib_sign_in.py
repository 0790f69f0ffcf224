"""Authlib, which knows of no vendor, signs in at an OpenID Connect issuer: people by device code and with a code and PKCE, apps alone.

Run by its test with the issuer in the environment and the steps to take on the command line. Who signed in is asked of Graph where there
is one, and of the issuer.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import plain_browser
import steps
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, ClaimError
from joserfc.jwk import KeySet, RSAKey
from joserfc.util import urlsafe_b64encode

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
APP_ONLY = "https://graph.microsoft.com/.default"
SCOPE = "openid profile offline_access"


class Issuer:
    """What an issuer tells of itself."""

    def __init__(self) -> None:
        self.http = OAuth2Session(os.environ["CLIENT_ID"], token_endpoint_auth_method="none", scope=os.environ.get("SCOPE", SCOPE))
        url = os.environ["ISSUER"]
        self.told = self.http.get(f"{url}/.well-known/openid-configuration", withhold_token=True).json()
        assert self.told["issuer"] == url
        self.keys = self.http.get(self.told["jwks_uri"], withhold_token=True).json()

    def __getitem__(self, name: str) -> str:
        return self.told[name]

    def claims_of(self, tokens: dict[str, Any], nonce: str | None = None, keys: KeySet | None = None) -> CodeIDToken:
        """The claims of an ID token that is right in every respect (OpenID Connect Core, section 3.1.3.7)."""
        decoded = jwt.decode(tokens["id_token"], keys or KeySet.import_key_set(self.keys), algorithms=["RS256"])
        wanted = {"iss": {"value": self["issuer"]}, "aud": {"value": os.environ["CLIENT_ID"]}}
        params = {"nonce": nonce, "access_token": tokens["access_token"]}
        claims = CodeIDToken(decoded.claims, decoded.header, options=wanted, params=params)
        claims.validate(leeway=5)
        return claims


def is_megans(issuer: Issuer, claims: CodeIDToken) -> None:
    """The issuer, and Graph where there is one, take the token for hers."""
    told = issuer.http.get(issuer["userinfo_endpoint"]).json()
    assert told["sub"] == claims["sub"], told
    assert "Megan" in told["name"]
    if steps.GRAPH:
        steps.is_megans(issuer.http.token["access_token"])


def by_device_code(issuer: Issuer) -> dict[str, Any]:
    asked = {"client_id": os.environ["CLIENT_ID"], "scope": issuer.http.scope}
    given = issuer.http.post(issuer["device_authorization_endpoint"], data=asked, withhold_token=True).json()

    def poll() -> dict[str, Any]:
        return issuer.http.fetch_token(issuer["token_endpoint"], grant_type=DEVICE, device_code=given["device_code"])

    assert steps.refusal(OAuthError, poll).error == "authorization_pending"
    plain_browser.approve(given["verification_uri"], given["user_code"])
    return poll()


def by_code(issuer: Issuer, nonce: str) -> dict[str, Any]:
    verifier, redirect = generate_token(48), "http://localhost:53682"
    issuer.http.code_challenge_method, issuer.http.redirect_uri = "S256", redirect
    url, state = issuer.http.create_authorization_url(
        issuer["authorization_endpoint"], code_verifier=verifier, nonce=nonce, prompt="consent"
    )
    landing = plain_browser.sign_in(url)
    issuer.http.state = state
    return issuer.http.fetch_token(issuer["token_endpoint"], authorization_response=landing.url, code_verifier=verifier)


def device_code() -> None:
    issuer = Issuer()
    tokens = by_device_code(issuer)
    is_megans(issuer, issuer.claims_of(tokens))


def code_with_pkce() -> None:
    issuer, nonce = Issuer(), generate_token(20)
    tokens = by_code(issuer, nonce)
    claims = issuer.claims_of(tokens, nonce)
    assert claims["nonce"] == nonce
    is_megans(issuer, claims)


def id_token_for_another_nonce_is_refused() -> None:
    issuer = Issuer()
    tokens = by_code(issuer, "n-0S6_WzA2Mj")
    assert steps.refusal(ClaimError, lambda: issuer.claims_of(tokens, "another")).claim == "nonce"


def id_token_of_another_key_is_refused() -> None:
    issuer = Issuer()
    tokens = by_code(issuer, "n-0S6_WzA2Mj")
    others = KeySet([RSAKey.generate_key(2048, {"kid": key["kid"]}) for key in issuer.keys["keys"]])
    steps.refusal(BadSignatureError, lambda: issuer.claims_of(tokens, keys=others))


def refresh() -> None:
    issuer = Issuer()
    first = dict(by_code(issuer, "n-0S6_WzA2Mj"))
    second = issuer.http.refresh_token(issuer["token_endpoint"])
    assert first["access_token"] != second["access_token"]
    is_megans(issuer, issuer.claims_of(second))


def app(**how: Any) -> OAuth2Session:
    return OAuth2Session(os.environ["APP_ID"], scope=APP_ONLY, **how)


def client_secret() -> None:
    for method in ("client_secret_post", "client_secret_basic"):
        session = app(client_secret=os.environ["APP_SECRET"], token_endpoint_auth_method=method)
        steps.is_the_apps(session.fetch_token(Issuer()["token_endpoint"])["access_token"])


def certificate() -> None:
    thumbprint = urlsafe_b64encode(bytes.fromhex(os.environ["THUMBPRINT"])).decode()
    session = app(client_secret=Path(os.environ["KEY_FILE"]).read_text(), token_endpoint_auth_method="private_key_jwt")
    endpoint = Issuer()["token_endpoint"]
    session.register_client_auth_method(PrivateKeyJWT(endpoint, headers={"x5t": thumbprint}))
    steps.is_the_apps(session.fetch_token(endpoint, client_id=os.environ["APP_ID"])["access_token"])  # Microsoft's wants it beside


if __name__ == "__main__":
    steps.run(globals())
