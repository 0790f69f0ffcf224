"""A thousand sign-ins in the row store: to load and open one, to change one, and what that writes of the others."""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from daypass.keys import Keys
from daypass.store.sqlite import SignIns

ACCOUNTS, TURNS = 1000, 300
KINDS = ("AccessToken", "RefreshToken", "IdToken", "Account")
STATE = {
    "cache": {kind: {"one": {"secret": "x" * 1500, "cached_at": "1"}} for kind in ("AccessToken", "RefreshToken", "IdToken", "Account")}
}


def main() -> None:
    """Fill a store, and time what a server does with it."""
    with tempfile.TemporaryDirectory() as folder:
        store = SignIns(str(Path(folder, "state", "sign-ins.db")), Keys(str(Path(folder, "state"))))
        rows = [store.account("board", f"user{number}", "identity") for number in range(ACCOUNTS)]
        for row in rows:
            with row.transaction() as state:
                state.update(STATE)
        reads, writes = [], []
        for turn in range(TURNS):
            row = rows[turn * 7 % ACCOUNTS]
            began = time.perf_counter()
            row.read()
            reads.append(time.perf_counter() - began)
            began = time.perf_counter()
            with row.transaction() as state:
                state["turn"] = turn
            writes.append(time.perf_counter() - began)
        floor = _floor(Path(folder, "plain.json"))
        print(f"{ACCOUNTS} sign-ins of {len(json.dumps(STATE)) / 1000:.1f} kB in one SQLite file, medians of {TURNS}")
        print(f"  load and open one    {1000 * statistics.median(reads):6.2f} ms   bar 1 ms")
        times = statistics.median(writes) / floor
        print(f"  change and seal one  {1000 * statistics.median(writes):6.2f} ms   {times:.2f} x rewriting all as one file")
        print(f"  rows that one change writes: {_rows_written(store.path, rows[3])} of {ACCOUNTS}")


def _floor(path: Path) -> float:
    """What it takes to write all of them as one JSON file, as caches of one file do."""
    everything = {f"user{number}": STATE for number in range(ACCOUNTS)}
    times = []
    for _ in range(5):
        began = time.perf_counter()
        with path.open("w", encoding="utf-8") as file:
            json.dump(everything, file)
            file.flush()
            os.fsync(file.fileno())
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _rows_written(path: str, row: object) -> int:
    def blobs() -> dict[str, bytes]:
        database = sqlite3.connect(path)
        try:
            return dict(database.execute("SELECT account, blob FROM auth_partition"))
        finally:
            database.close()

    before = blobs()
    with row.transaction() as state:  # type: ignore[attr-defined]
        state["changed"] = time.time()
    after = blobs()
    return sum(before[account] != after[account] for account in before)


if __name__ == "__main__":
    main()
