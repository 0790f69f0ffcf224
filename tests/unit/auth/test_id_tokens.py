"""ID tokens: one that is in order is read, and whatever is forged, stale or another's is refused (OpenID Connect Core, 3.1.3.7)."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from daypass.auth import id_tokens
from daypass.errors import AuthError

NOW = 1_795_629_600.0
ISSUER, APP, NONCE = "https://login.example/tenant/v2.0", "the-app", "the-nonce"
CLAIMS = {"iss": ISSUER, "aud": APP, "sub": "megan", "tid": "tenant", "iat": NOW, "nbf": NOW, "exp": NOW + 3600, "nonce": NONCE}
KEY, OTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
CURVE = ec.generate_private_key(ec.SECP256R1())


def jwk(key: Any, kid: str = "one", **more: str) -> dict[str, Any]:
    algorithm = "ES256" if isinstance(key, ec.EllipticCurvePrivateKey) else "RS256"
    told = json.loads(jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key()))
    return {"use": "sig", **told, "kid": kid, **more}


KEYS = {"keys": [jwk(KEY)]}


def signed(key: Any = KEY, algorithm: str = "RS256", kid: str = "one", **changes: Any) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return jwt.encode(claims, key, algorithm, headers={"kid": kid} if kid else {})


def check(token: str, keys: Any = None, now: float = NOW, nonce: str = NONCE, issuer: str = ISSUER, **more: Any) -> dict[str, Any]:
    return id_tokens.validated(token, KEYS if keys is None else keys, issuer, APP, now, nonce, **more)


def test_one_in_order_is_read() -> None:
    assert check(signed())["sub"] == "megan"
    assert check(signed(CURVE, "ES256", "curve"), {"keys": [jwk(KEY), jwk(CURVE, "curve")]})["sub"] == "megan"
    assert check(signed(aud=[APP, "another"], azp=APP))["sub"] == "megan"
    assert check(signed(kid=""))["sub"] == "megan"  # the only key there is


def test_the_tenant_of_a_token_stands_in_its_issuer() -> None:
    template = "https://login.example/{tenantid}/v2.0"
    assert check(signed(), issuer=template, of_tenant=True)["tid"] == "tenant"
    for wrong in ({"tid": "other"}, {"tid": None}):
        with pytest.raises(AuthError):
            check(signed(**wrong), issuer=template)
    with pytest.raises(AuthError, match="another tenant"):
        check(signed(tid="other"), of_tenant=True)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"iss": None}, "another issuer"),
        ({"aud": "other"}, "another app"),
        ({"aud": None}, "another app"),
        ({"aud": [APP, "other"]}, "another app"),
        ({"aud": [APP, "other"], "azp": "other"}, "another app"),
        ({"azp": "other"}, "another app"),
        ({"nonce": "other"}, "another sign-in"),
        ({"nonce": None}, "another sign-in"),
        ({"sub": None}, "names nobody"),
        ({"sub": ""}, "names nobody"),
        ({"exp": NOW - 301}, "expired"),
        ({"exp": None}, "does not say when"),
        ({"iat": None}, "does not say when"),
        ({"iat": NOW + 301}, "not good yet"),
        ({"nbf": NOW + 301}, "not good yet"),
    ],
)
def test_what_is_wrong_with_another_is_told(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(AuthError, match=told) as caught:
        check(signed(**changes))
    assert caught.value.error == "invalid_id_token"


@pytest.mark.parametrize("changes", [{"exp": NOW - 299}, {"iat": NOW + 299, "nbf": NOW + 299}, {"nbf": None}])
def test_clocks_may_differ_by_five_minutes(changes: dict[str, Any]) -> None:
    assert check(signed(**changes))["sub"] == "megan"


def unsigned() -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({"alg": "none", "kid": "one"}, CLAIMS))
    return ".".join((*parts, ""))


def with_the_public_key_as_a_secret() -> str:
    import hashlib
    import hmac

    pem = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256", "kid": "one"}, CLAIMS))
    mac = base64.urlsafe_b64encode(hmac.new(pem, head + b"." + body, hashlib.sha256).digest()).rstrip(b"=")
    return b".".join((head, body, mac)).decode()


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(signed(OTHER), id="another key"),
        pytest.param(signed(kid="unknown"), id="a key that is not published"),
        pytest.param(unsigned(), id="alg none"),
        pytest.param(with_the_public_key_as_a_secret(), id="the public key as a secret"),
        pytest.param(signed()[:-4] + "AAAA", id="another signature"),
        pytest.param("", id="nothing"),
        pytest.param("a.b.c", id="no token"),
        pytest.param("é.b.c", id="no ASCII"),
    ],
)
def test_a_signature_that_proves_nothing(token: str) -> None:
    with pytest.raises(AuthError, match="not by a key"):
        check(token)


PRIVATE = {**jwk(KEY), **json.loads(jwt.get_algorithm_by_name("RS256").to_jwk(KEY))}


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"keys": []},
        {"keys": None},
        {"keys": [1, None]},
        {"keys": [{"kid": "one"}]},
        {"keys": [jwk(KEY), jwk(OTHER)]},
        {"keys": [PRIVATE]},
        {"keys": [jwk(KEY, use="enc")]},
        {"keys": [{"kid": "one", "kty": "oct", "k": "c2VjcmV0"}]},
    ],
)
def test_keys_that_prove_nothing(keys: dict[str, Any]) -> None:
    with pytest.raises(AuthError):
        check(signed(), keys)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_no_byte_of_a_token_can_be_another(place: int, by: int) -> None:
    token = signed().encode()
    place %= len(token)
    spoilt = token[:place] + bytes([token[place] ^ by]) + token[place + 1 :]
    try:
        claims = check(spoilt.decode("latin-1"))
    except AuthError:
        return
    assert claims == CLAIMS | {name: claims[name] for name in ("iat", "nbf", "exp")}  # a bit that base64 does not count


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_no_document_of_keys_brings_it_down(keys: Any) -> None:
    with pytest.raises(AuthError):
        check(signed(), keys if isinstance(keys, dict) else {"keys": keys})


def test_a_renewed_one_speaks_of_the_same_person() -> None:
    id_tokens.same_person(CLAIMS, {**CLAIMS, "exp": 1})
    id_tokens.same_person({}, CLAIMS)
    for name in ("iss", "sub", "aud"):
        with pytest.raises(AuthError, match="somebody else"):
            id_tokens.same_person(CLAIMS, {**CLAIMS, name: "other"})
