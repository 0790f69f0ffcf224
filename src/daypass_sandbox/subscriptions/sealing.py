"""Notifications that carry data: the app's certificate, the sealed content, and the tokens that say who sealed it.

Facts: concepts/change-notifications-with-resource-data. A key of 32 bytes is made for every item; the data is encrypted with it
(AES-256 in CBC mode, PKCS7, the key's first 16 bytes as initialization vector) and signed (HMAC-SHA256 of the encrypted bytes); the key
itself is encrypted for the app's certificate (RSA, OAEP with SHA-1). Refusals of a certificate begin as in microsoft-graph-docs issue 9081.
"""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ..entra.tokens import issuer
from ..routes import as_json
from .watching import invalid

if TYPE_CHECKING:
    from ..tenant import Tenant

Json = dict[str, Any]

PUBLISHER_APP_ID = "0bf30f3b-4a52-48df-9a82-234910c4a086"  # the app that Graph sends change notifications as
TOKEN_SECONDS = 86_400
LEAST_BITS, MOST_BITS = 2048, 4096


def certificate(text: str) -> x509.Certificate:
    """The certificate in an `encryptionCertificate` (Base64 of its DER or PEM form); Fault 400 when it cannot encrypt for the app."""
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
        read = x509.load_pem_x509_certificate if b"-----BEGIN" in data else x509.load_der_x509_certificate
        found = read(data)
        key = found.public_key()
    except ValueError:
        raise invalid("Certificate validation error: Cannot find the requested object.") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise invalid("Certificate validation error: The key of the certificate must be of type RSA.")
    if not LEAST_BITS <= key.key_size <= MOST_BITS:
        raise invalid(f"Certificate validation error: The key size must be between {LEAST_BITS} and {MOST_BITS} bits.")
    return found


def sealed(tenant: Tenant, resource: Json, subscription: Json) -> Json:
    """The `encryptedContent` of a notification: a resource that only the holder of the subscription's private key can read."""
    found = certificate(subscription["encryptionCertificate"])
    key = tenant.chance.randbytes(32)
    padder, cipher = padding.PKCS7(128).padder(), Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    data = cipher.update(padder.update(as_json(resource)) + padder.finalize()) + cipher.finalize()
    public_key = found.public_key()
    assert isinstance(public_key, rsa.RSAPublicKey)  # noqa: S101 - `certificate` refuses any other
    oaep = rsa_padding.OAEP(rsa_padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 - what the service uses
    return {
        "data": base64.b64encode(data).decode(),
        "dataSignature": base64.b64encode(hmac.digest(key, data, "sha256")).decode(),
        "dataKey": base64.b64encode(public_key.encrypt(key, oaep)).decode(),
        "encryptionCertificateId": subscription["encryptionCertificateId"],
        "encryptionCertificateThumbprint": found.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303 - what a thumbprint is
    }


def validation_token(tenant: Tenant, audience: str, root: str, *, version_2: bool) -> str:
    """A token that says to an app (`audience`) that what it comes with was sent by Graph's publisher of notifications.

    The tenant's key signs it, as all its tokens. Version 1.0 has the claims of the documented example; version 2.0 says `azp` for `appid`
    and has the issuer of the tenant's discovery document, below `root`.
    """
    now, tenant_id = int(tenant.clock.now()), tenant.state.tenant_id
    legacy = f"https://sts.windows.net/{tenant_id}/"
    own: Json = {"iss": legacy, "idp": legacy, "appid": PUBLISHER_APP_ID, "appidacr": "2", "ver": "1.0"}
    if version_2:
        own = {"iss": issuer(tenant, root), "azp": PUBLISHER_APP_ID, "azpacr": "2", "ver": "2.0"}
    claims = {"aud": audience, **own, "iat": now, "nbf": now, "exp": now + TOKEN_SECONDS, "tid": tenant_id, "uti": tenant.new_id("uti")}
    return tenant.key.sign({**claims, "sandbox": True})
