"""The tenant's tokens: signing, reading back, and what a Graph request may do with one.

Shapes after "Access tokens in the Microsoft identity platform" and "ID token claims reference" (Microsoft Learn). Every
token carries `"sandbox": true`, and its issuer is the sandbox's own address, so that no other service can take it for real.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ..routes import Call, Caller, Fault
from .apps import derived_id, principal_of
from .graph_api import GRAPH_APP_ID, GRAPH_URL, ROLE_NAMES, base64url

if TYPE_CHECKING:
    from ..tenant import Tenant


class SigningKey:
    """An RSA key that signs with RS256 and describes itself as a JSON Web Key."""

    def __init__(self, private_pem: bytes) -> None:
        key = serialization.load_pem_private_key(private_pem, password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ValueError("the signing key must be an RSA private key in PEM")
        self.private_pem, self._key, self._public = private_pem, key, key.public_key()
        der = self._public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.kid = base64url(hashlib.sha256(der).digest()[:20])

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key of 2048 bits."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return cls(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

    def jwk(self) -> dict[str, str]:
        """The public half (RFC 7517)."""
        numbers = self._public.public_numbers()
        n, e = (base64url(value.to_bytes((value.bit_length() + 7) // 8, "big")) for value in (numbers.n, numbers.e))
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "x5t": self.kid, "n": n, "e": e}

    def sign(self, claims: dict[str, Any]) -> str:
        """A signed JWT."""
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self.kid, "x5t": self.kid})

    def read(self, token: str) -> dict[str, Any]:
        """The claims of a token this key signed; jwt.InvalidTokenError otherwise. Times and audience are the caller's to judge."""
        unjudged = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
        return jwt.decode(token, self._public, algorithms=["RS256"], options=cast("Any", unjudged))


@functools.cache
def process_key() -> SigningKey:
    """The key of tenants that were given none: made once in a process, since making one takes as long as a hundred tests."""
    return SigningKey.generate()


def challenge(call: Call, claims: str = "") -> dict[str, str]:
    """The header that goes with every 401 of Graph's; with the claims (JSON) that the next token must answer, if any."""
    told = f'Bearer realm="", authorization_uri="{call.root}/common/oauth2/authorize", client_id="{GRAPH_APP_ID}"'
    if claims:
        told += f', error="insufficient_claims", claims="{base64.b64encode(claims.encode()).decode()}"'
    return {"www-authenticate": told}


def _unauthorized(call: Call, message: str, claims: str = "") -> Fault:
    return Fault(401, "InvalidAuthenticationToken", message, challenge(call, claims))


def caller_of(call: Call) -> Caller:
    """Who a Graph request speaks for; Fault 401 when its token is absent, not ours, expired, revoked or meant for another service."""
    scheme, _, token = call.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized(call, "Access token is empty.")
    claims = _verified(call, token.strip())
    now, state = call.tenant.clock.now(), call.tenant.state
    if now >= claims["exp"]:
        raise _unauthorized(call, "Lifetime validation failed, the token is expired.")
    if str(claims["aud"]).rstrip("/") not in (GRAPH_APP_ID, GRAPH_URL, call.root):
        raise _unauthorized(call, "Access token validation failure. Invalid audience.")
    if claims.get("idtyp") == "app":
        roles = frozenset(map(str, claims.get("roles", ())))
        return Caller("", str(claims["appid"]), roles | {name for name, other in ROLE_NAMES.items() if other in roles})
    user_id = str(claims.get("oid", ""))
    if user_id and user_id not in state.users:
        raise _unauthorized(call, "The user account of the access token does not exist in the directory.")
    if "xms_cc" in claims and _is_stale(call, claims, user_id):
        since = json.dumps({"access_token": {"nbf": {"essential": True, "value": str(int(now))}}})
        raise _unauthorized(
            call,
            "Continuous access evaluation resulted in challenge with result: InteractionRequired "
            "and code: TokenIssuedBeforeRevocationTimestamp",
            since,
        )
    return Caller(user_id, str(claims["appid"]), frozenset(str(claims.get("scp", "")).split()))


def _is_stale(call: Call, claims: dict[str, Any], user_id: str) -> bool:
    """Whether something happened since a token was given out that its bearer must answer (Continuous Access Evaluation)."""
    state = call.tenant.state
    enabled = state.users.get(user_id, {}).get("accountEnabled", True)
    seen = (claims["sandbox_session"], claims.get("sandbox_evaluation", 0))
    return not enabled or seen != (state.session_of(user_id), state.evaluations.get(user_id, 0))


def _verified(call: Call, token: str) -> dict[str, Any]:
    if not token.isascii():
        raise _unauthorized(call, "IDX14100: JWT is not well formed.")
    try:
        return call.tenant.read_token(token)
    except jwt.DecodeError as error:
        if isinstance(error, jwt.InvalidSignatureError):
            raise _unauthorized(call, "Access token validation failure. Invalid signature.") from None
        raise _unauthorized(call, "IDX14100: JWT is not well formed.") from None
    except jwt.InvalidTokenError:
        raise _unauthorized(call, "Access token validation failure.") from None


def user_named_in(authorization: str) -> str:
    """The object id a bearer token claims to speak for, unverified ("" if there is none); only for picking faults."""
    try:
        claims = jwt.decode(authorization.partition(" ")[2], options={"verify_signature": False})
    except (jwt.InvalidTokenError, UnicodeError):
        return ""
    return str(claims.get("oid", ""))


@dataclass(frozen=True)
class Grant:
    """What a token is for: user ("" for the app alone), app, permissions without prefix, audience.

    `understands_challenges` says whether the app declared that it can answer claims challenges; `proof` how it showed who it is: not at all
    ("0"), by a secret ("1"), by a certificate ("2").
    """

    user_id: str
    client_id: str
    scopes: tuple[str, ...]
    audience: str = GRAPH_APP_ID
    understands_challenges: bool = False
    proof: str = "0"


def issuer(tenant: Tenant, root: str) -> str:
    """The issuer of the tenant's tokens, which is also what its OIDC discovery says."""
    return f"{root}/{tenant.state.tenant_id}/v2.0"


def access_token(tenant: Tenant, root: str, grant: Grant, lifetime_seconds: int) -> str:
    """A signed access token, in the shape Graph's own tokens have (version 1.0 claims: appid, scp, upn, unique_name)."""
    now = int(tenant.clock.now())
    claims: dict[str, Any] = {
        "aud": grant.audience,
        "iss": issuer(tenant, root),
        "iat": now,
        "nbf": now,
        "exp": now + lifetime_seconds,
        "app_displayname": tenant.state.apps.get(grant.client_id, {}).get("displayName", ""),
        "appid": grant.client_id,
        "tid": tenant.state.tenant_id,
        "uti": tenant.new_id("uti"),
        "ver": "1.0",
        "sandbox": True,
        **(_of_user(tenant, grant) if grant.user_id else _of_app(tenant, grant)),
    }
    if grant.understands_challenges:
        claims["xms_cc"] = ["CP1"]
    return tenant.key.sign(claims)


def _of_user(tenant: Tenant, grant: Grant) -> dict[str, Any]:
    user = tenant.state.users[grant.user_id]
    return {
        "appidacr": grant.proof,
        "idtyp": "user",
        "name": user["displayName"],
        "oid": grant.user_id,
        "scp": " ".join(grant.scopes),
        "sub": pairwise_subject(grant.user_id, grant.client_id),
        "unique_name": user["userPrincipalName"],
        "upn": user["userPrincipalName"],
        "sandbox_session": tenant.state.session_of(grant.user_id),
        "sandbox_evaluation": tenant.state.evaluations.get(grant.user_id, 0),
    }


def _of_app(tenant: Tenant, grant: Grant) -> dict[str, Any]:
    """The app's service principal is its subject; its application permissions are roles."""
    record = principal_of(tenant.state, grant.client_id)
    principal = record["id"] if record else derived_id("servicePrincipal", grant.client_id)
    roles = {"roles": list(grant.scopes)} if grant.scopes else {}
    return {"appidacr": grant.proof, "idtyp": "app", "oid": principal, "sub": principal, **roles}


def id_token(tenant: Tenant, root: str, grant: Grant, lifetime_seconds: int, nonce: str = "") -> str:
    """A signed ID token, version 2.0."""
    user, now = tenant.state.users[grant.user_id], int(tenant.clock.now())
    claims: dict[str, Any] = {
        "aud": grant.client_id,
        "iss": issuer(tenant, root),
        "iat": now,
        "nbf": now,
        "exp": now + lifetime_seconds,
        "name": user["displayName"],
        "oid": grant.user_id,
        "preferred_username": user["userPrincipalName"],
        "rh": f"1.{tenant.new_id('uti')}.",
        "sub": pairwise_subject(grant.user_id, grant.client_id),
        "tid": tenant.state.tenant_id,
        "uti": tenant.new_id("uti"),
        "ver": "2.0",
        "sandbox": True,
    }
    return tenant.key.sign({**claims, "nonce": nonce} if nonce else claims)


def pairwise_subject(user_id: str, client_id: str) -> str:
    """The `sub` of a user as one app sees it: the same at every sign-in, different for every app (OpenID Connect Core, section 8.1)."""
    return base64url(hashlib.sha256(f"{user_id}|{client_id}".encode()).digest())
