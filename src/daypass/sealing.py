"""Sealing a state: a header line that names the key's keeper, a 96-bit random nonce, and the content under AES-256-GCM.

The header and the identity (authority, service, tenant, app, profile) are authenticated with it, so what is moved to another identity does
not open. `daypass-vault-2 KEEPER KEY-ID [NOTE]`: the id, of eight digits, tells one key from the next while all is sealed anew; the note
is how a passphrase becomes the key. Earlier files, `daypass-vault-1 KEEPER`, still open. Home of cryptography in the product.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from .errors import ConfigError, StorageError, UsageError
from .keys import KEEPERS, LEAST_LOG_N, MOST_LOG_N, SALT_BYTES, SCRYPT_LOG_N, Keys, Unreadable, scrypt
from .value import Value

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC, FIRST_MAGIC = b"daypass-vault-2 ", b"daypass-vault-1 "
COPY_MAGIC = "daypass-copy-1"
NONCE_BYTES = 12


class Header(Value):
    """What a header line says: who keeps the key, which key it is ("" in the first format), and the note beside it."""

    line: bytes
    keeper: str
    key_id: str = ""
    note: str = ""


def header_of(sealed: bytes) -> Header | None:
    """The header of something sealed, None when it is none of ours."""
    line, newline, _ = sealed.partition(b"\n")
    if not newline or len(line) > 200:
        return None
    words = line.decode(errors="replace").split(" ")
    if line.startswith(FIRST_MAGIC) and len(words) == 2 and words[1] in KEEPERS:
        return Header(line, words[1])
    if line.startswith(MAGIC) and len(words) in (3, 4) and words[1] in KEEPERS:
        return Header(line, words[1], words[2], words[3] if len(words) == 4 else "")
    return None


class Sealer:
    """Seals and opens the states of one identity with the keys of its folder."""

    def __init__(self, keys: Keys, identity: str) -> None:
        self.keys, self.identity = keys, identity

    def seal(self, state: dict[str, Any], before: bytes | None = None, keeper: str = "") -> bytes:
        """The state, sealed with the key of the keeper that is wanted; `before` is what is there now, whose keeper may be gone on with."""
        now = header_of(before or b"")
        keeper = keeper or self.keys.wanted(now.keeper if now else "")
        key, note = self.keys.new(keeper, now.note if now and now.keeper == keeper else "")
        line = MAGIC + " ".join(part for part in (keeper, key_id(key), note) if part).encode() + b"\n"
        nonce = os.urandom(NONCE_BYTES)
        return line + nonce + aes_gcm(key).encrypt(nonce, json.dumps(state).encode(), line + self.identity.encode())

    def open(self, sealed: bytes) -> dict[str, Any]:
        """The state. Unreadable when it is damaged or its key is gone; ConfigError when a setting names the wrong key."""
        header = header_of(sealed)
        if header is None:
            raise Unreadable("it is not a vault of this version")
        rest = sealed[len(header.line) + 1 :]
        for key in self.keys.candidates(header.keeper, header.note):
            if header.key_id in ("", key_id(key)):
                try:
                    bound = header.line + b"\n" + self.identity.encode()
                    return dict(json.loads(aes_gcm(key).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], bound)))
                except (_invalid_tag(), ValueError):
                    continue
        setting = self.keys.setting_of(header.keeper)
        if setting:  # a setting says which key; a wrong one must not cost the sign-in
            raise ConfigError(setting, "does not open the stored sign-in: it is another key, or what is stored is damaged")
        raise Unreadable("it is damaged, or its key is another")


def seal_copy(content: dict[str, Any], passphrase: str) -> bytes:
    """A copy to be taken elsewhere, sealed with a passphrase alone."""
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    line = f"{COPY_MAGIC} {salt.hex()}.{SCRYPT_LOG_N}\n".encode()
    return line + nonce + aes_gcm(scrypt(passphrase, salt, SCRYPT_LOG_N)).encrypt(nonce, json.dumps(content).encode(), line)


def open_copy(copy: bytes, passphrase: str) -> dict[str, Any]:
    """What a copy holds; UsageError when it is none, StorageError when it does not open."""
    line, _, rest = copy.partition(b"\n")
    magic, _, made = line.decode(errors="replace").partition(" ")
    salt, _, log_n = made.partition(".")
    if magic != COPY_MAGIC or not log_n.isdecimal() or not LEAST_LOG_N <= int(log_n) <= MOST_LOG_N:
        raise UsageError("this is no copy that daypass vault export wrote")
    try:
        key = scrypt(passphrase, bytes.fromhex(salt), int(log_n))
        return dict(json.loads(aes_gcm(key).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], line + b"\n")))
    except (_invalid_tag(), ValueError):
        raise StorageError("The copy does not open: the passphrase is another, or the file is damaged. Nothing was changed.") from None


def key_id(key: bytes) -> str:
    """Eight digits that tell one key from another, and nothing of the key."""
    import hashlib

    return hashlib.sha256(b"daypass key id" + key).hexdigest()[:8]


def aes_gcm(key: bytes) -> AESGCM:
    """AES-256-GCM. The class itself is taken from the compiled module: the public path to it imports 60 modules first."""
    try:
        from cryptography.hazmat.bindings._rust import openssl

        return openssl.aead.AESGCM(key)
    except (ImportError, AttributeError):
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(key)


def _invalid_tag() -> type[Exception]:
    from cryptography.exceptions import InvalidTag

    return InvalidTag
