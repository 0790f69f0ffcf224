"""How an app shows that it is itself: a secret, or an assertion signed with the key of a certificate it registered.

After "Microsoft identity platform application authentication certificate credentials" (Microsoft Learn), RFC 6749 section 2.3 and
RFC 7523. The credentials are those of the app's record and of its service principal.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from ..clock import entra_stamp, parse_instant
from ..routes import Call
from . import federated, refusals
from .apps import principal_of
from .forms import required
from .graph_api import base64url
from .refusals import Refusal

Json = dict[str, Any]

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("RS256", "PS256")
ANONYMOUS, BY_SECRET, BY_CERTIFICATE = "0", "1", "2"  # as the claim `appidacr` has it
CLOCK_SKEW_SECONDS = 300


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def prove(call: Call, form: dict[str, str], client_id: str, *, public: bool) -> str:
    """How the app proved who it is (`ANONYMOUS`, `BY_SECRET`, `BY_CERTIFICATE`).

    A public client must not try to (Refusal 700025), a confidential one must (7000218), and what it shows must be right.
    """
    shown = bool(form.get("client_secret") or form.get("client_assertion"))
    if public:
        if shown:
            raise Refusal(refusals.PUBLIC_WITH_SECRET)
        return ANONYMOUS
    if not shown:
        raise Refusal(refusals.NOT_PUBLIC)
    return check(call, form, client_id)


def check(call: Call, form: dict[str, str], client_id: str) -> str:
    """How the credentials in a form prove that the app is `client_id`; Refusal where they do not."""
    if form.get("client_assertion"):
        _check_assertion(call, form, client_id)
        return BY_CERTIFICATE
    _check_secret(call, form["client_secret"], client_id)
    return BY_SECRET


def _credentials(call: Call, client_id: str, kind: str) -> Iterator[Json]:
    yield from call.tenant.state.apps[client_id].get(kind, ())
    yield from (principal_of(call.tenant.state, client_id) or {}).get(kind, ())


def _check_secret(call: Call, secret: str, client_id: str) -> None:
    now, wanted = call.tenant.clock.now(), digest(secret)
    known = [password for password in _credentials(call, client_id, "passwordCredentials") if password.get("x-digest") == wanted]
    if any(parse_instant(password["startDateTime"]) <= now < parse_instant(password["endDateTime"]) for password in known):
        return
    if any(parse_instant(password["endDateTime"]) <= now for password in known):
        raise Refusal(refusals.SECRET_EXPIRED, client_id=client_id)
    raise Refusal(refusals.SECRET_WRONG, client_id=client_id)


# --- assertions ----------------------------------------------------------------------------------------------------


def _check_assertion(call: Call, form: dict[str, str], client_id: str) -> None:
    if required(form, "client_assertion_type") != JWT_BEARER:
        raise Refusal(refusals.ASSERTION_MALFORMED, why="The client_assertion_type is not supported.")
    token = form["client_assertion"]
    try:
        header = jwt.get_unverified_header(token)
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise Refusal(refusals.ASSERTION_MALFORMED, why="It is no JWT in the compact form.") from None
    if claims.get("iss") != client_id:
        federated.check(call, token, claims, client_id)  # another issuer vouches for it
        return
    if claims.get("sub") != client_id:
        raise Refusal(refusals.ASSERTION_OF_ANOTHER)
    certificate = _certificate(call, header, client_id)
    _check_signature(token, certificate, header)
    _check_times(call, claims, certificate)
    _check_audience(call, claims)


def _certificate(call: Call, header: Json, client_id: str) -> x509.Certificate:
    """The registered certificate that a token's header names by its thumbprint (x5t, x5t#S256 or kid)."""
    named = {str(header.get(name, "")).rstrip("=") for name in ("x5t", "x5t#S256", "kid")} - {""}
    for credential in _credentials(call, client_id, "keyCredentials"):
        certificate = read_certificate(credential.get("key") or "")
        if certificate is not None and named & _thumbprints(certificate):
            return certificate
    shown = next(iter(sorted(named)), "")
    raise Refusal(refusals.ASSERTION_UNSIGNED, why=f"[Reason - The key was not found., Thumbprint of key used by client: '{_hex(shown)}']")


def read_certificate(key: str) -> x509.Certificate | None:
    """The certificate that a key credential holds: DER or PEM in Base64; None where it is none with an RSA key."""
    try:
        raw = base64.b64decode(key)
        load = x509.load_pem_x509_certificate if raw.startswith(b"-----") else x509.load_der_x509_certificate
        certificate = load(raw)
    except ValueError:
        return None
    return certificate if isinstance(certificate.public_key(), rsa.RSAPublicKey) else None


def _thumbprints(certificate: x509.Certificate) -> set[str]:
    from cryptography.hazmat.primitives import hashes, serialization

    der = certificate.public_bytes(serialization.Encoding.DER)
    sha1 = certificate.fingerprint(hashes.SHA1())  # noqa: S303 - the thumbprint that x5t is by definition (RFC 7515, section 4.1.7)
    return {base64url(sha1), base64url(hashlib.sha256(der).digest()), sha1.hex(), sha1.hex().upper()}


def thumbprint(certificate: x509.Certificate) -> bytes:
    """The SHA-1 thumbprint by which consoles show a certificate."""
    from cryptography.hazmat.primitives import hashes

    return certificate.fingerprint(hashes.SHA1())  # noqa: S303 - as above


def _hex(named: str) -> str:
    try:
        return base64.urlsafe_b64decode(named + "=" * (-len(named) % 4)).hex().upper()
    except ValueError:
        return named


def _check_signature(token: str, certificate: x509.Certificate, header: Json) -> None:
    unjudged = cast("Any", {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False, "verify_jti": False})
    try:
        jwt.decode(token, cast("rsa.RSAPublicKey", certificate.public_key()), algorithms=list(ALGORITHMS), options=unjudged)
    except jwt.InvalidAlgorithmError:
        raise Refusal(refusals.ASSERTION_MALFORMED, why=f"The algorithm '{header.get('alg')}' is not supported.") from None
    except jwt.InvalidTokenError:
        shown = thumbprint(certificate).hex().upper()
        reason = "The provided signature value did not match the expected signature value."
        why = f"[Reason - {reason}, Thumbprint of key used by client: '{shown}']"
        raise Refusal(refusals.ASSERTION_UNSIGNED, why=why) from None


def _check_times(call: Call, claims: Json, certificate: x509.Certificate) -> None:
    """An assertion and its certificate must be in force; times may have fractions, and a clock may be five minutes off."""
    now = call.tenant.clock.now()
    try:
        ends, begins = float(claims["exp"]), float(claims.get("nbf", 0))
    except (KeyError, TypeError, ValueError):
        raise Refusal(refusals.ASSERTION_MALFORMED, why="It has no expiry.") from None
    if not begins - CLOCK_SKEW_SECONDS <= now < ends + CLOCK_SKEW_SECONDS:
        raise Refusal(refusals.ASSERTION_UNTIMELY, now=entra_stamp(now), begins=_stamp(begins), ends=_stamp(ends))
    if not certificate.not_valid_before_utc <= datetime.fromtimestamp(now, UTC) <= certificate.not_valid_after_utc:
        shown = thumbprint(certificate).hex().upper()
        raise Refusal(refusals.ASSERTION_UNSIGNED, why=f"[Reason - The key used is expired., Thumbprint of key used by client: '{shown}']")


def _stamp(seconds: float) -> str:
    try:
        return entra_stamp(seconds)
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def _check_audience(call: Call, claims: Json) -> None:
    """It must be meant for this tenant's token endpoint (any of its spellings) or issuer, port included."""
    given = claims.get("aud")
    audiences = [str(part) for part in cast("list[Any]", given)] if isinstance(given, list) else [str(given)]
    state = call.tenant.state
    names = "|".join(map(re.escape, (state.tenant_id, "common", "organizations", *state.domains)))
    path = re.compile(rf"/({names})(/(v2\.0|oauth2/token|oauth2/v2\.0/token)?)?", re.IGNORECASE)
    for audience in audiences:
        url = urlsplit(audience)
        if f"{url.scheme}://{url.netloc}".lower() == call.root.lower() and path.fullmatch(url.path):
            return
    raise Refusal(refusals.ASSERTION_FOR_ANOTHER)
