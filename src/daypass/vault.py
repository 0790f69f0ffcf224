"""Where tokens rest: one sealed file per identity, in a folder that only its owner can enter.

The file is a header line naming the key's keeper, a 96-bit random nonce, and the content sealed with AES-256-GCM. The header
and the identity (authority, service, tenant, app) are authenticated with it, so a file moved to another identity does
not open. Writers hold the identity's lock, on a file that is never deleted, write a temporary file, sync it and rename it:
a reader or a `kill -9` meets the old content or the new, never a part. What cannot be opened is set aside, not deleted.
Files that another user owns, or that everybody can write, are not opened: they could sign us in to somebody else's account.

The key is kept, in order: in the file that DAYPASS_KEY_FILE names, in the system's keyring (with the `keyring` extra),
or in a file beside the vault. `Vault.grade` says honestly what each is worth.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from _thread import allocate_lock  # threading costs a millisecond at every start
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from .errors import ConfigError, StorageError
from .private import delete, locked, make_private_folder, others_can_read, read_file, read_own, storage_error, write_whole

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"daypass-vault-1 "
NONCE_BYTES = 12
KEY_BYTES = 32
KEYRING_SECONDS = 3.0
PROOF_BYTES = 16_384  # more than a sign-in takes

GRADES = {
    "keyring": "A: sealed, the key is in the system's keyring",
    "keyfile": "B: sealed, the key is in the file that DAYPASS_KEY_FILE names",
    "sibling": "C: sealed, but the key lies beside it: this hides the tokens, it does not protect them from anyone who can read your files",
    "memory": "M: in memory only, gone when this command ends",
}
READABLE = ", and others can read that file"
OUT_OF_REACH = "it, or its key, cannot be read"


class Vault:
    """The sealed state of one identity: a JSON object, {} when there is none.

    `folder` holds the files ("" keeps everything in memory), `identity` names whose state it is and is bound to the
    content, `key_file` names the file with the key, if configured; `warn` is told, in a sentence, what became of a state
    that could not be opened. Raises StorageError and ConfigError.
    """

    def __init__(self, folder: str, identity: str, key_file: str = "", warn: Callable[[str], object] = lambda text: None) -> None:
        self.folder, self.identity, self._key_file, self._warn = folder, identity, key_file, warn
        self._memory = _Memory()

    @property
    def path(self) -> str:
        """The sealed file's path; "" in memory."""
        return os.path.join(self.folder, f"{_short_hash(self.identity)}.vault") if self.folder else ""

    @property
    def lock_path(self) -> str:
        """The identity's lock; "" in memory."""
        return os.path.join(self.folder, f"{_short_hash(self.identity)}.lock") if self.folder else ""

    @property
    def grade(self) -> str:
        """What the key's keeper is worth, in words."""
        keeper = (self._keeper_now() or self._keeper_wanted()) if self.folder else "memory"
        return GRADES[keeper] + (READABLE if keeper == "keyfile" and others_can_read(self._key_file) else "")

    def read(self) -> dict[str, Any]:
        """The state as it stands; needs no lock, for files change only by renaming."""
        try:
            return self._opened(self.path)
        except _Unreadable:
            with self._lock():  # looked at again, for a writer may just have put it right
                return self._opened_or_set_aside()

    @contextmanager
    def transaction(self) -> Generator[dict[str, Any]]:
        """The state, locked against every other process and thread; what the body leaves in it is sealed, if it changed."""
        with self._lock():
            state = self._opened_or_set_aside()
            before = json.dumps(state)
            yield state
            if json.dumps(state) != before:
                self._keep(state, self.path)

    def prove_writable(self) -> None:
        """Raise StorageError or ConfigError now rather than after the user has signed in: locks, seals and reads back.

        A state that cannot be opened any more makes room for the new one: it is set aside, even if only its key is lacking.
        """
        if not self.folder:
            return
        with self._lock():
            proof = self.path + ".proof"
            self._keep({"proof": "x" * PROOF_BYTES}, proof)
            self._opened(proof)
            delete(proof)
            try:
                self._opened_or_set_aside()
            except (StorageError, ConfigError):
                self._set_aside(OUT_OF_REACH)

    def erase(self) -> dict[str, Any]:
        """Forget the state, with what was set aside of it; returns what could still be opened ({} when nothing could)."""
        if self.folder and not self._files():
            return {}
        with self._lock():
            try:
                state = self._opened(self.path)
            except (StorageError, ConfigError):
                state = {}
                self._warn(f"The stored sign-in could not be opened ({OUT_OF_REACH}); it is deleted all the same.")
            self._memory.content = b"{}"
            for path in self._files():
                delete(path)
            return state

    def _files(self) -> list[str]:
        """The sealed file, and what was set aside or left unfinished of it; none in memory."""
        if not self.folder:
            return []
        try:
            return [os.path.join(self.folder, name) for name in os.listdir(self.folder) if name.startswith(os.path.basename(self.path))]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise storage_error("read", self.folder, error) from None

    def _opened(self, path: str) -> dict[str, Any]:
        if not self.folder:
            return json.loads(self._memory.content)
        sealed = read_own(path)
        return {} if sealed is None else self._open(sealed)

    def _opened_or_set_aside(self) -> dict[str, Any]:
        try:
            return self._opened(self.path)
        except _Unreadable as error:
            self._set_aside(str(error))
            return {}

    def _keep(self, state: dict[str, Any], path: str) -> None:
        if self.folder:
            write_whole(path, self._seal(state))
        else:
            self._memory.content = json.dumps(state).encode()

    # -- sealing

    def _seal(self, state: dict[str, Any]) -> bytes:
        keeper = self._keeper_wanted()
        header = MAGIC + keeper.encode() + b"\n"
        nonce = os.urandom(NONCE_BYTES)
        return header + nonce + _aes_gcm(self._key(keeper, create=True)).encrypt(nonce, json.dumps(state).encode(), self._bound(header))

    def _open(self, sealed: bytes) -> dict[str, Any]:
        header, newline, rest = sealed.partition(b"\n")
        keeper = _keeper_named(header)
        if not newline or not keeper:
            raise _Unreadable("it is not a vault of this version")
        key = self._key(keeper, create=False)
        try:
            plain = _aes_gcm(key).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], self._bound(header + b"\n"))
            return dict(json.loads(plain))
        except (_invalid_tag(), ValueError):
            if keeper == "keyfile":  # a setting says which key; a wrong one must not cost the sign-in
                reason = f"{self._key_file} does not open the stored sign-in: it is another key, or what is stored is damaged"
                raise ConfigError("DAYPASS_KEY_FILE", reason) from None
            raise _Unreadable("it is damaged, or its key is another") from None

    def _bound(self, header: bytes) -> bytes:
        return header + self.identity.encode()

    # -- the key and its keepers

    def _keeper_now(self) -> str:
        with suppress(StorageError):
            return _keeper_named((read_own(self.path) or b"").partition(b"\n")[0])
        return ""

    def _keeper_wanted(self) -> str:
        if self._key_file:
            return "keyfile"
        now = self._keeper_now()
        if now in ("keyring", "sibling"):
            return now
        if os.path.exists(self._sibling()):
            return "sibling"
        return "keyring" if _keyring("probe", self.folder) is not None else "sibling"

    def _sibling(self) -> str:
        return os.path.join(self.folder, "key")

    def _key(self, keeper: str, *, create: bool) -> bytes:
        if keeper == "keyfile":
            return self._key_from_file()
        look = self._key_from_keyring if keeper == "keyring" else self._key_beside
        if key := look():
            return key
        if not create:
            raise _Unreadable("its key is gone")
        with locked(os.path.join(self.folder, "lock")):  # the folder's identities share this key, though not their own locks
            return look() or self._new_key(keeper)

    def _new_key(self, keeper: str) -> bytes:
        key = os.urandom(KEY_BYTES)
        if keeper == "sibling":
            write_whole(self._sibling(), key)
        elif _keyring("set", self.folder, key) != key:
            raise StorageError("The system's keyring did not keep the key. Unlock it, or set DAYPASS_KEY_FILE.")
        return key

    def _key_from_keyring(self) -> bytes | None:
        """The key, None when the keyring has none. A keyring that does not answer may do so later: the file stays where it is."""
        kept = _keyring("get", self.folder)
        if kept is None:
            raise StorageError(
                f"The system's keyring, with the key of {self.path}, does not answer. Unlock it, or set DAYPASS_KEY_FILE and sign in again."
            )
        return kept if len(kept) == KEY_BYTES else None

    def _key_from_file(self) -> bytes:
        if not self._key_file:
            reason = "the stored sign-in is sealed with a key file, and none is named here: name it, or sign in again without it"
            raise ConfigError("DAYPASS_KEY_FILE", reason, ("environment",))
        try:
            content, found = read_file(self._key_file)
        except OSError as error:
            reason = f"cannot read {self._key_file} ({error.strerror}): name a file that can be read, or unset it and sign in again"
            raise ConfigError("DAYPASS_KEY_FILE", reason) from None
        if found.st_mode & stat.S_IWOTH:
            raise ConfigError("DAYPASS_KEY_FILE", f"every user can write {self._key_file}: close it (chmod 600)")
        if len(content) == KEY_BYTES:
            return content
        import base64
        import binascii

        with suppress(binascii.Error, ValueError):
            key = base64.b64decode(content.strip(), validate=True)
            if len(key) == KEY_BYTES:
                return key
        raise ConfigError("DAYPASS_KEY_FILE", f"{self._key_file} must hold 32 bytes, raw or in base64 (openssl rand -base64 32)")

    def _key_beside(self) -> bytes | None:
        key = read_own(self._sibling()) or b""
        return key if len(key) == KEY_BYTES else None

    # -- the files

    def _set_aside(self, why: str) -> None:
        aside = f"{self.path}.bad-{time.strftime('%Y%m%dT%H%M%S')}"
        try:
            os.replace(self.path, aside)
        except OSError as error:
            raise storage_error("set aside", self.path, error) from None
        self._warn(f"The stored sign-in could not be opened ({why}); it was set aside as {aside}.")

    @contextmanager
    def _lock(self) -> Generator[None]:
        if not self.folder:
            with self._memory.lock:
                yield
            return
        make_private_folder(self.folder)
        with locked(self.lock_path):
            yield


class _Memory:
    """What stands in for the file when nothing may be written: JSON, so that an unfinished change cannot be seen."""

    def __init__(self) -> None:
        self.content, self.lock = b"{}", allocate_lock()


class _Unreadable(StorageError):
    """The sealed file cannot be opened; never leaves this module."""


def _keeper_named(header: bytes) -> str:
    """Who keeps the key, by the header line; "" when it is not one of ours."""
    keeper = header.removeprefix(MAGIC).decode(errors="replace")
    return keeper if header.startswith(MAGIC) and keeper in GRADES and keeper != "memory" else ""


def _aes_gcm(key: bytes) -> AESGCM:
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


def _short_hash(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:16]


KEYRING_CHILD = """
import base64, sys
import keyring
verb, name = sys.argv[1:]
if verb == "probe":
    kind = type(keyring.get_keyring()).__module__
    sys.exit("fail" in kind or "null" in kind or "plaintext" in kind.lower())
if verb == "set":
    keyring.set_password("daypass", name, sys.stdin.read())
print(keyring.get_password("daypass", name) or "")
"""


def _keyring(verb: str, folder: str, key: bytes = b"") -> bytes | None:
    """Ask the system's keyring in a child process, for it may hang for ever on a machine without a session.

    The verbs: `probe` (is there one worth using?), `get`, `set`. Answers what is kept now, b"" for nothing; None when there
    is no keyring, or it does not answer.
    """
    from importlib.util import find_spec

    if find_spec("keyring") is None:
        return None
    import base64
    import binascii
    import subprocess

    command = [sys.executable, "-I", "-c", KEYRING_CHILD, verb, f"vault key of {folder}"]
    try:
        done = subprocess.run(
            command, input=base64.b64encode(key).decode(), capture_output=True, text=True, timeout=KEYRING_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    try:
        return base64.b64decode(done.stdout.strip(), validate=True)
    except binascii.Error:
        return b""  # somebody else's
