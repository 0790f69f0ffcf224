"""Keys and certificates of made-up apps for tests."""

from __future__ import annotations

import base64
import functools
import hashlib
from datetime import UTC, datetime, timedelta

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID


@functools.cache
def private_key(number: int = 1) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(now: float, *, number: int = 1, days: int = 365) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Contoso calendar service")])
    start = datetime.fromtimestamp(now, UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private_key(number).public_key())
    builder = builder.serial_number(7).not_valid_before(start).not_valid_after(start + timedelta(days=days))
    return builder.sign(private_key(number), hashes.SHA256())


def der(cert: x509.Certificate) -> bytes:
    return cert.public_bytes(serialization.Encoding.DER)


def base64_der(cert: x509.Certificate) -> str:
    return base64.b64encode(der(cert)).decode()


def pem(cert: x509.Certificate) -> str:
    return cert.public_bytes(serialization.Encoding.PEM).decode()


def private_pem(number: int = 1) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return private_key(number).private_bytes(encoding, form, serialization.NoEncryption()).decode()


def x5t(cert: x509.Certificate) -> str:
    return base64.urlsafe_b64encode(cert.fingerprint(hashes.SHA1())).rstrip(b"=").decode()


def x5t_s256(cert: x509.Certificate) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(der(cert)).digest()).rstrip(b"=").decode()


def assertion(cert: x509.Certificate, claims: dict, *, number: int = 1, algorithm: str = "RS256", **header: str) -> str:
    return jwt.encode(claims, private_key(number), algorithm=algorithm, headers=header or {"x5t": x5t(cert)})
