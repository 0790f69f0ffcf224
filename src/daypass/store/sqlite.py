"""Many sign-ins in one SQLite file, a sealed row for each account: for servers, where a file for each would be too many locks and names.

A row is what `vault.Vault` is for one: `read()`, `transaction()`, `erase()`, `prove_writable()`. Nobody holds a lock while a token is
renewed: a transaction ends with compare-and-swap on the row's `version`, and begins anew when somebody else was quicker. Entra leaves old
refresh tokens valid, so two renewals at once lose nothing; a lease keeps them rare: who renews has the row for half a minute.

SQLite's write-ahead log lets readers go on beside a writer, and a `kill -9` leaves the last whole state (sqlite.org: wal.html).
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from ..auth.tokens import merged
from ..errors import StorageError
from ..keys import Keys
from ..private import make_private_folder
from ..sealing import Sealer, Unreadable, header_of

BUSY_SECONDS = 10.0
LEASE_SECONDS, LEASE_JITTER_SECONDS = 30.0, 5.0
ATTEMPTS = 50
BEAT_SECONDS = 0.05
SCHEMA = """
CREATE TABLE IF NOT EXISTS auth_partition (
    profile TEXT NOT NULL, account TEXT NOT NULL, blob BLOB NOT NULL, version INTEGER NOT NULL, updated REAL NOT NULL,
    leased_until REAL NOT NULL DEFAULT 0, leased_by TEXT NOT NULL DEFAULT '', PRIMARY KEY (profile, account)
) WITHOUT ROWID
"""


class SignIns:
    """The sign-ins of a server, in the file at `path`; its folder is ours alone, and so is the file.

    `keys` seal them; `clock` gives seconds since the epoch; `sleep` lets time pass; `chance` gives a number from 0 to 1; `warn` is told, in
    a sentence, what became of a row that could not be opened. Raises StorageError.
    """

    def __init__(
        self,
        path: str,
        keys: Keys,
        warn: Callable[[str], object] = lambda text: None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
        chance: Callable[[], float] = lambda: 0.5,
    ) -> None:
        self.path, self.keys, self.warn, self.clock, self.sleep, self.chance = path, keys, warn, clock, sleep, chance
        make_private_folder(os.path.dirname(path))
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        with self.connected() as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute(SCHEMA)

    def account(self, profile: str, account: str, identity: str) -> Row:
        """The row of one account; `identity` is bound to what is sealed in it."""
        return Row(self, profile, account, identity)

    def accounts(self, profile: str) -> list[str]:
        """The accounts that a profile has rows of."""
        with self.connected() as database:
            found = database.execute("SELECT account FROM auth_partition WHERE profile = ? ORDER BY account", (profile,))
            return [str(row[0]) for row in found]

    @contextmanager
    def connected(self) -> Generator[sqlite3.Connection]:
        """A connection for one use: a thread's own, closed at once, committed if all went well."""
        try:
            database = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        except sqlite3.Error as error:
            raise self._trouble(error) from None
        try:
            database.execute("PRAGMA synchronous = NORMAL")  # safe in a write-ahead log: a power cut costs the newest row alone
            yield database
        except sqlite3.Error as error:
            raise self._trouble(error) from None
        finally:
            database.close()

    def _trouble(self, error: sqlite3.Error) -> StorageError:
        return StorageError(f"Cannot use {self.path} ({error}). Free or mend it, or name another file.")


class Row:
    """The sealed state of one account: a JSON object, {} when there is none."""

    def __init__(self, store: SignIns, profile: str, account: str, identity: str) -> None:
        self._store, self._where = store, (profile, account)
        self._sealer = Sealer(store.keys, f"{identity}|{profile}|{account}")

    @property
    def path(self) -> str:
        """The file that the row is in."""
        return self._store.path

    @property
    def keeper(self) -> str:
        """Who keeps the key of what is there; "" when nothing is."""
        header = header_of(self._row()[0])
        return header.keeper if header else ""

    @property
    def grade(self) -> str:
        """What the key's keeper is worth, in words."""
        return self._store.keys.grade(self.keeper or self._store.keys.wanted(""))

    def read(self) -> dict[str, Any]:
        """The state as it stands."""
        return self._opened(self._row()[0])

    @contextmanager
    def transaction(self) -> Generator[dict[str, Any]]:
        """The state, leased to us; what the body leaves in it is sealed, if it changed.

        When somebody wrote meanwhile all the same, what they wrote stays where it is newer, and ours is laid over it.
        """
        holder = os.urandom(8).hex()
        self._lease(holder)
        try:
            blob, version = self._row()
            state = self._opened(blob)
            before = json.dumps(state)
            yield state
            if json.dumps(state) != before:
                self._swap(state, version)
        finally:
            self._release(holder)

    def prove_writable(self) -> None:
        """Raise StorageError or ConfigError now rather than after somebody has signed in."""
        self._sealer.open(self._sealer.seal({"proof": True}))
        with self._store.connected() as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")

    def erase(self) -> dict[str, Any]:
        """Forget the state; returns what could still be opened."""
        try:
            state = self.read()
        except StorageError:
            state = {}
        with self._store.connected() as database:
            database.execute("DELETE FROM auth_partition WHERE profile = ? AND account = ?", self._where)
        return state

    def _row(self) -> tuple[bytes, int]:
        with self._store.connected() as database:
            found = database.execute("SELECT blob, version FROM auth_partition WHERE profile = ? AND account = ?", self._where).fetchone()
        return (bytes(found[0]), int(found[1])) if found else (b"", 0)

    def _opened(self, blob: bytes) -> dict[str, Any]:
        if not blob:
            return {}
        try:
            return self._sealer.open(blob)
        except Unreadable as error:
            self._store.warn(f"The stored sign-in of {self._where[1]} could not be opened ({error}); it stays until the next sign-in.")
            return {}

    def _swap(self, state: dict[str, Any], version: int) -> None:
        """Write the state if the row is the one that was read; else lay what is newer in ours over theirs, and try again."""
        for _ in range(ATTEMPTS):
            blob, now = self._row()
            if now != version:
                state, version = merged(self._opened(blob), state), now
            sealed = self._sealer.seal(state, blob)
            if self._write(sealed, version):
                return
        raise StorageError(f"Others keep changing the sign-in of {self._where[1]}. Try again.")

    def _write(self, sealed: bytes, version: int) -> bool:
        with self._store.connected() as database:
            if version:
                changed = database.execute(
                    "UPDATE auth_partition SET blob = ?, version = version + 1, updated = ? "
                    "WHERE profile = ? AND account = ? AND version = ?",
                    (sealed, self._store.clock(), *self._where, version),
                )
            else:
                changed = database.execute(
                    "INSERT INTO auth_partition (profile, account, blob, version, updated) VALUES (?, ?, ?, 1, ?) ON CONFLICT DO NOTHING",
                    (*self._where, sealed, self._store.clock()),
                )
            return changed.rowcount == 1

    def _lease(self, holder: str) -> None:
        """Have the row to ourselves for half a minute, or wait until whoever has it is done, or gone."""
        while True:
            now = self._store.clock()
            until = now + LEASE_SECONDS + LEASE_JITTER_SECONDS * self._store.chance()
            with self._store.connected() as database:
                exists = database.execute("SELECT 1 FROM auth_partition WHERE profile = ? AND account = ?", self._where).fetchone()
                taken = database.execute(
                    "UPDATE auth_partition SET leased_until = ?, leased_by = ? WHERE profile = ? AND account = ? AND leased_until <= ?",
                    (until, holder, *self._where, now),
                )
                if not exists or taken.rowcount == 1:
                    return
            self._store.sleep(BEAT_SECONDS)

    def _release(self, holder: str) -> None:
        with self._store.connected() as database:
            database.execute(
                "UPDATE auth_partition SET leased_until = 0, leased_by = '' WHERE profile = ? AND account = ? AND leased_by = ?",
                (*self._where, holder),
            )
