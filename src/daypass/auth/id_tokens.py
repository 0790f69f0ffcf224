"""Whether an ID token is what it seems: signed by who was asked, for us, now, and in answer to our question (OpenID Connect Core, 3.1.3.7).

MSAL reads ID tokens without looking at any of that (since 1.38). The signature is checked against the keys that the sign-in service
publishes; which algorithm it may be made with is ours to say, so a token cannot choose `none`, or a public key as a secret (RFC 8725).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ..errors import AuthError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY_SECONDS = 300
TENANT_PLACE = "{tenantid}"  # what stands for the tenant in the issuer of `common` and `organizations`


def validated(
    token: str, keys: Mapping[str, Any], issuer: str, client_id: str, now: float, nonce: str = "", *, of_tenant: bool = False
) -> dict[str, Any]:
    """The claims of an ID token that is in order; AuthError (`invalid_id_token`) says what is wrong with any other.

    With `of_tenant` the tenant that it names (`tid`) must be the issuer's, as Entra's are.

    `keys` is a JSON Web Key Set, `issuer` what the discovery document names, `now` seconds since the epoch by the service's own clock.
    """
    import jwt

    try:
        header = jwt.get_unverified_header(token)
        key = _key(keys, str(header.get("kid") or ""), str(header.get("alg") or ""))
        unjudged = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False, "verify_iss": False}
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=list(ALGORITHMS), options=cast("Any", unjudged))
    except (jwt.PyJWTError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        raise _wrong("its signature is not by a key of the sign-in service") from None
    _check(claims, issuer, client_id, now, nonce)
    if of_tenant and str(claims.get("tid") or "nobody's") not in str(claims["iss"]).split("/"):
        raise _wrong("it is of another tenant than its issuer")
    return claims


def same_person(old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Raise AuthError when a renewed ID token speaks of somebody else (OpenID Connect Core, 12.2)."""
    if old and new and any(old.get(name) != new.get(name) for name in ("iss", "sub", "aud")):
        raise _wrong("the renewed one speaks of somebody else")


def _check(claims: Mapping[str, Any], issuer: str, client_id: str, now: float, nonce: str) -> None:
    expected = issuer.replace(TENANT_PLACE, str(claims.get("tid") or "nobody's"))
    if not issuer or claims.get("iss") != expected:
        raise _wrong("another issuer made it")
    if not _is_for(client_id, claims):
        raise _wrong("it is meant for another app")
    if nonce and claims.get("nonce") != nonce:
        raise _wrong("it answers another sign-in (nonce)")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise _wrong("it names nobody")
    _check_times(claims, now)


def _is_for(client_id: str, claims: Mapping[str, Any]) -> bool:
    """Whether a token is for an app: alone, or among others with the app as the one that it was given to (`azp`)."""
    audience: Any = claims.get("aud")
    meant = cast("list[Any]", audience) if isinstance(audience, list) else [audience]
    given_to = claims.get("azp", client_id if len(meant) == 1 else None)
    return client_id in meant and given_to == client_id


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    ends, begins, made = claims.get("exp"), claims.get("nbf", now), claims.get("iat")
    if not all(isinstance(moment, int | float) for moment in (ends, begins, made)):
        raise _wrong("it does not say when it is good")
    if now >= cast("float", ends) + LEEWAY_SECONDS:
        raise _wrong("it has expired")
    if now < max(cast("float", begins), cast("float", made)) - LEEWAY_SECONDS:
        raise _wrong("it is not good yet")


def _key(keys: Mapping[str, Any], kid: str, algorithm: str) -> Any:
    """The published key that a token names, else the only one there is; ValueError for none that may have signed it."""
    import jwt

    listed: Any = keys.get("keys")
    found = [cast("dict[str, Any]", key) for key in cast("list[Any]", listed) if isinstance(key, dict)] if isinstance(listed, list) else []
    usable = [
        key
        for key in found
        if key.get("use", "sig") == "sig" and key.get("kty") != "oct" and "d" not in key and (not kid or key.get("kid") == kid)
    ]
    if len(usable) != 1 or algorithm not in ALGORITHMS:
        raise ValueError("no such key")
    return jwt.PyJWK(usable[0], algorithm=algorithm)


def _wrong(why: str) -> AuthError:
    return AuthError(f"the sign-in service's proof of who signed in was refused: {why}; nothing was kept", error="invalid_id_token")
