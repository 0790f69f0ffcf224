"""ID tokens that are not what they seem, and the sets of keys that go with them: each forgery is wrong in one way alone.

`ID_TOKENS` and `KEYS` have them by name; what each does is its docstring. The right key is `private_key(1)`, the forger's `private_key(2)`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from jwt.utils import base64url_encode

from certificates import private_key, private_pem

Json = dict[str, Any]
KID = "key-1"
HOUR = 3600


def jwk(number: int = 1, *, private: bool = False) -> Json:
    """A key as it is published."""
    key = private_key(number) if private else private_key(number).public_key()
    return {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key)), "kid": KID, "use": "sig", "alg": "RS256"}


def signed(claims: Json, number: int = 1, algorithm: str = "RS256", **header: Any) -> str:
    """A token that the right key signed, or another."""
    return jwt.encode(claims, private_pem(number), algorithm, {"kid": KID, **header})


def public_pem() -> bytes:
    """The right key's public half as text: what anybody can know."""
    return private_key(1).public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _unsigned(header: Json, claims: Json) -> str:
    return ".".join(base64url_encode(json.dumps(part).encode()).decode() for part in ({"typ": "JWT", "kid": KID, **header}, claims))


def alg_none(claims: Json) -> str:
    """Says that it needs no signature, and has none."""
    return _unsigned({"alg": "none"}, claims) + "."


def no_signature(claims: Json) -> str:
    """Says that it is signed with RS256, and is not."""
    return _unsigned({"alg": "RS256"}, claims) + "."


def hs256_with_the_public_key(claims: Json) -> str:
    """Signed by HMAC, its secret the published key as a PEM file."""
    text = _unsigned({"alg": "HS256"}, claims)
    return f"{text}.{base64url_encode(hmac.digest(public_pem(), text.encode(), hashlib.sha256)).decode()}"


def another_key(claims: Json) -> str:
    """Signed by the forger's key, which it calls by the right key's name."""
    return signed(claims, 2)


def key_in_the_header(claims: Json) -> str:
    """Signed by the forger's key, which it brings along."""
    return signed(claims, 2, jwk=jwk(2))


def unknown_kid(claims: Json) -> str:
    """Signed by the forger's key, by a name that is not published."""
    return signed(claims, 2, kid="../../dev/null")


def changed_after_signing(claims: Json) -> str:
    """The signature is that of another token."""
    header, _, signature = signed(claims).split(".")
    body = base64url_encode(json.dumps({**claims, "name": "Alex Wilber"}).encode()).decode()
    return f"{header}.{body}.{signature}"


def _claiming(what: str, **changes: Callable[[Json], Any]) -> Callable[[Json], str]:
    """A forgery that the right key signed: only claims are changed, those that become None are left out."""

    def forged(claims: Json) -> str:
        changed = {**claims, **{name: change(claims) for name, change in changes.items()}}
        return signed({name: value for name, value in changed.items() if value is not None})

    forged.__doc__ = what
    return forged


def _valid(begins: int, ends: int) -> dict[str, Callable[[Json], Any]]:
    """The times of a token, in seconds from now."""
    made = {name: lambda claims: claims["iat"] + begins for name in ("iat", "nbf")}
    return {**made, "exp": lambda claims: claims["iat"] + ends}


ID_TOKENS: dict[str, Callable[[Json], str]] = {
    **{one.__name__: one for one in (alg_none, no_signature, hs256_with_the_public_key, changed_after_signing)},
    **{one.__name__: one for one in (another_key, key_in_the_header, unknown_kid)},
    "expired": _claiming("Was good until an hour ago.", **_valid(-2 * HOUR, -HOUR)),
    "not_yet_good": _claiming("Is good in an hour.", **_valid(HOUR, 2 * HOUR)),
    "no_expiry": _claiming("Does not say until when it is good.", exp=lambda _: None),
    "wrong_audience": _claiming("Is meant for another app.", aud=lambda _: "11111111-2222-4333-8444-555555555555"),
    "given_to_another": _claiming(
        "Is meant for two apps, and was given to the other.", aud=lambda claims: [claims["aud"], "another"], azp=lambda _: "another"
    ),
    "wrong_issuer": _claiming("Another issuer made it, it says.", iss=lambda _: "https://login.fabrikam.example/v2.0"),
    "wrong_nonce": _claiming("Answers another sign-in.", nonce=lambda _: "another"),
    "no_nonce": _claiming("Answers no sign-in.", nonce=lambda _: None),
    "nobody": _claiming("Names nobody.", sub=lambda _: None),
    "another_tenant": _claiming("Is of somebody of another tenant.", tid=lambda _: "99999999-8888-4777-8666-555555555555"),
}


def _other_key() -> list[Json]:
    """The forger's key by the right key's name."""
    return [jwk(2)]


def _private_key() -> list[Json]:
    """The right key, its private half too."""
    return [jwk(private=True)]


def _symmetric_key() -> list[Json]:
    """A secret by the right key's name, which anybody may read."""
    return [{"kty": "oct", "kid": KID, "alg": "HS256", "k": base64url_encode(b"published-for-everybody-to-read!").decode()}]


def _two_keys_of_one_name() -> list[Json]:
    """The forger's key before the right one, by the same name."""
    return [jwk(2), jwk()]


def _no_keys() -> list[Json]:
    """None at all."""
    return []


def _no_objects() -> list[Any]:
    """Things that are no keys."""
    return [None, 1, "key", [], {"kty": "RSA", "kid": KID, "n": "AQAB"}, {"kty": "RSA", "kid": KID, "n": None, "e": {}}]


KEYS: dict[str, Callable[[], list[Any]]] = {
    one.__name__.strip("_"): one for one in (_other_key, _private_key, _symmetric_key, _two_keys_of_one_name, _no_keys, _no_objects)
}
