"""Sealing a state: a header line that names the key's keeper, a 96-bit random nonce, and the content under AES-256-GCM.

The header and the identity (authority, service, tenant, app, profile) are authenticated with it, so what is moved to another identity does
not open. `daypass-vault-2 KEEPER KEY-ID [NOTE]`: the id, of eight digits, tells one key from the next while all is sealed anew; the note
is how a passphrase becomes the key. Earlier files, `daypass-vault-1 KEEPER`, still open. Home of cryptography in the product.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from .errors import ConfigError, StorageError, UsageError
from .value import Value

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC, FIRST_MAGIC = b"daypass-vault-2 ", b"daypass-vault-1 "
COPY_MAGIC = "daypass-copy-1"
NONCE_BYTES = 12
KEY_BYTES = 32
SCRYPT_LOG_N, SCRYPT_R, SCRYPT_P = 15, 8, 1  # 32 MiB and a tenth of a second (RFC 7914, section 2)
LEAST_LOG_N, MOST_LOG_N = 10, 20  # what a file may ask for: no less than is safe, no more than a machine has
SALT_BYTES = 16

GRADES = {
    "keyring": "A: sealed, the key is in the system's keyring",
    "passphrase": "A: sealed, the key is made of a passphrase that is kept nowhere",
    "keyfile": "B: sealed, the key is in the file that DAYPASS_KEY_FILE names",
    "command": "B: sealed, the key is what DAYPASS_KEY_COMMAND prints",
    "sibling": "C: sealed, but the key lies beside it: this hides the tokens, it does not protect them from anyone who can read your files",
    "memory": "M: in memory only, gone when this command ends",
}
READABLE = ", and others can read that file"
KEEPERS = tuple(keeper for keeper in GRADES if keeper != "memory")


class Unreadable(StorageError):
    """What is sealed cannot be opened; the vault sets it aside."""


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


class Keeping(Protocol):
    """What gives keys (`keys.Keys`)."""

    def wanted(self, remembered: str) -> str:
        """The keeper for what is sealed next."""
        ...

    def new(self, keeper: str, note: str = "") -> tuple[bytes, str]:
        """The key to seal with, and the note beside it."""
        ...

    def candidates(self, keeper: str, note: str) -> Iterator[bytes]:
        """The keys that may open something."""
        ...

    def setting_of(self, keeper: str) -> str:
        """The setting that says where a keeper's key is."""
        ...


class Sealer:
    """Seals and opens the states of one identity with the keys of its folder."""

    def __init__(self, keys: Keeping, identity: str) -> None:
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


def scrypt(passphrase: str, salt: bytes, log_n: int) -> bytes:
    """A key of 32 bytes made of a passphrase (RFC 7914); OpenSSL's, by way of hashlib."""
    import hashlib

    need = 128 * SCRYPT_R * 2**log_n * 2
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=2**log_n, r=SCRYPT_R, p=SCRYPT_P, maxmem=need, dklen=KEY_BYTES)


def key_id(key: bytes) -> str:
    """Eight digits that tell one key from another, and nothing of the key."""
    return sha256(b"daypass key id" + key)[:8]


def sha256(content: bytes) -> str:
    """The digest in hexadecimal. Python's own module for it is taken where it is: `hashlib` loads OpenSSL's first, for two milliseconds."""
    for name in ("_sha2", "_sha256"):  # since Python 3.12, and before
        try:
            return str(__import__(name).sha256(content).hexdigest())
        except ImportError:
            continue
    from hashlib import sha256 as digest

    return digest(content).hexdigest()


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
