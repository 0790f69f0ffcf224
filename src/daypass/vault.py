"""Where tokens rest: one sealed file per identity, in a folder that only its owner can enter.

The file is sealed as `sealing` tells, for its identity alone, with a key that one of the keepers of `keys` has. Writers hold the
identity's lock, on a file that is never deleted, write a temporary file, sync it and rename it: a reader or a `kill -9` meets the old
content or the new, never a part. What cannot be opened is set aside, not deleted. Files that another user owns, or that everybody can
write, are not opened: they could sign us in to somebody else's account.
"""

from __future__ import annotations

import json
import os
import time
from _thread import allocate_lock  # threading costs a millisecond at every start
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any

from .errors import ConfigError, StorageError
from .keys import Keys
from .private import delete, locked, make_private_folder, read_own, storage_error, write_whole
from .sealing import Sealer, Unreadable, header_of, sha256

PROOF_BYTES = 16_384  # more than a sign-in takes
OUT_OF_REACH = "it, or its key, cannot be read"


class Vault:
    """The sealed state of one identity: a JSON object, {} when there is none.

    `folder` holds the files ("" keeps everything in memory), `identity` names whose state it is and is bound to the
    content, `keys` are the folder's (or `key_file` names the file with the key); `warn` is told, in a sentence, what became of a state
    that could not be opened. Raises StorageError and ConfigError.
    """

    def __init__(
        self, folder: str, identity: str, key_file: str = "", warn: Callable[[str], object] = lambda text: None, keys: Keys | None = None
    ) -> None:
        self.folder, self.identity, self._warn = folder, identity, warn
        self.keys = keys or Keys(folder, key_file)
        self._sealer, self._memory = Sealer(self.keys, identity), _Memory()

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
        return self.keys.grade(self.keeper or self.keys.wanted(""))

    @property
    def keeper(self) -> str:
        """Who keeps the key of what is there; "" when nothing is."""
        if not self.folder:
            return "memory"
        with suppress(StorageError):
            header = header_of(read_own(self.path) or b"")
            return header.keeper if header else ""
        return ""

    def reseal(self, keeper: str = "") -> bool:
        """Seal what is there with the key that is wanted now, or with that of another keeper; whether anything was there."""
        with self._lock():
            sealed = read_own(self.path)
            if sealed is None:
                return False
            write_whole(self.path, self._sealer.seal(self._sealer.open(sealed), sealed, keeper))
            return True

    def read(self) -> dict[str, Any]:
        """The state as it stands; needs no lock, for files change only by renaming."""
        try:
            return self._opened(self.path)
        except Unreadable:
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
        return {} if sealed is None else self._sealer.open(sealed)

    def _opened_or_set_aside(self) -> dict[str, Any]:
        try:
            return self._opened(self.path)
        except Unreadable as error:
            self._set_aside(str(error))
            return {}

    def _keep(self, state: dict[str, Any], path: str) -> None:
        if self.folder:
            write_whole(path, self._sealer.seal(state, read_own(self.path)))
        else:
            self._memory.content = json.dumps(state).encode()

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


def _short_hash(text: str) -> str:
    return sha256(text.encode())[:16]
