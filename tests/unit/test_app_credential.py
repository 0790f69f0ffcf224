"""What proves an app: a certificate's file is opened before anybody is asked anything."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)

from certificates import certificate, pem, private_key, private_pem
from daypass.auth.app_credential import AppCredential, pem_blocks
from daypass.credentials.apps import check_key
from daypass.errors import ConfigError
from graph_caller import NOW

CERTIFICATE = certificate(NOW)
SEALED = BestAvailableEncryption(b"c0ntoso")


def pfx(cert=CERTIFICATE, sealing=SEALED):
    return pkcs12.serialize_key_and_certificates(b"Robot", private_key(1), cert, None, sealing)


def sealed_pem():
    key = load_pem_private_key(private_pem().encode(), None)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, SEALED)


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (private_pem().encode() + pem(CERTIFICATE).encode(), None),
        (sealed_pem() + pem(CERTIFICATE).encode(), "c0ntoso"),
        (pfx(), "c0ntoso"),
        (pfx(sealing=NoEncryption()), None),
    ],
)
def test_a_key_that_opens_is_taken(content, password):
    check_key(content, password, "robot.pem")


@pytest.mark.parametrize(
    ("content", "password", "told"),
    [
        (b"garbage", None, "damaged"),
        (b"", None, "damaged"),
        (pfx(), None, "sealed with a password"),
        (pfx(), "wr0ng-one", "its password is another one"),
        (pfx()[:200], "c0ntoso", "damaged"),
        (pfx(cert=None), "c0ntoso", "lacks one"),
        (sealed_pem(), None, "sealed with a password"),
        (sealed_pem(), "wr0ng-one", "its password is another one"),
        (private_pem().encode(), "needless", "its password is another one"),
        (private_pem().encode().replace(b"\nMII", b"\nXXX"), None, "damaged"),
        (pem(CERTIFICATE).encode(), None, "holds no private key"),
    ],
)
def test_one_that_does_not_is_told_and_never_shown(content, password, told):
    with pytest.raises(ConfigError, match=told) as failure:
        check_key(content, password, "robot.pem")
    assert "robot.pem" in str(failure.value)
    assert (password or "-") not in str(failure.value).split()


def test_blocks_keep_their_order_and_nothing_else():
    chain = pem(CERTIFICATE) * 2
    text = f"Bag Attributes\n    localKeyID: 01\n{private_pem()}subject=CN = Robot\n{chain}"
    assert pem_blocks(text, "CERTIFICATE", "x") == chain
    assert pem_blocks(text, "PRIVATE KEY", "x") == private_pem()


def test_what_is_kept_is_where_the_proof_is():
    credential = AppCredential("certificate", "/etc/robot.pem", "/etc/password")
    assert AppCredential.from_kept(credential.kept()) == credential
    assert AppCredential.from_kept({"kind": None}) == AppCredential("")
