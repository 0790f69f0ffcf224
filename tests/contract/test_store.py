"""Where sign-ins rest, one suite for both places: a sealed file for each, and a row of one SQLite file for each."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daypass.errors import StorageError
from daypass.keys import Keys
from daypass.store.sqlite import LEASE_SECONDS, SignIns
from daypass.vault import Vault

STATE = {"secret": "eyJ0eXAiOiJKV1QiLCJub25jZSI6ImNhbmFyeSJ9"}
Place = Callable[[str], Any]


def row(folder: Path, account: str = "megan", **more: Any) -> Any:
    return SignIns(str(folder / "sign-ins.db"), Keys(str(folder)), **more).account("board", account, "identity")


@pytest.fixture(params=["file", "row"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """What keeps the sign-in of an account."""
    if request.param == "file":
        return lambda account: Vault(str(tmp_path), account)
    return lambda account: row(tmp_path, account)


class TestBoth:
    def test_nothing_is_kept_at_first(self, place: Place) -> None:
        assert (place("megan").read(), place("megan").erase()) == ({}, {})

    def test_what_is_kept_is_there_for_the_next_and_for_no_other(self, place: Place) -> None:
        with place("megan").transaction() as state:
            state.update(STATE)
        assert place("megan").read() == STATE
        assert place("alex").read() == {}

    def test_each_account_has_its_own(self, place: Place) -> None:
        for name in ("megan", "alex"):
            with place(name).transaction() as state:
                state["name"] = name
        assert [place(name).read()["name"] for name in ("megan", "alex")] == ["megan", "alex"]

    def test_a_change_that_fails_half_way_is_none(self, place: Place) -> None:
        def fail() -> None:
            with place("megan").transaction() as state:
                state["half"] = True
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()
        assert place("megan").read() == {}
        with place("megan").transaction() as state:
            state["whole"] = True
        assert place("megan").read() == {"whole": True}

    def test_what_is_erased_is_returned_and_gone(self, place: Place) -> None:
        with place("megan").transaction() as state:
            state.update(STATE)
        assert place("megan").erase() == STATE
        assert place("megan").read() == {}

    def test_nothing_lies_open_and_nobody_else_can_read_it(self, place: Place, tmp_path: Path) -> None:
        with place("megan").transaction() as state:
            state.update(STATE)
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert not [path for path in files if STATE["secret"].encode() in path.read_bytes()]
        assert not [path for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077]

    def test_its_keeper_and_what_that_is_worth_are_told(self, place: Place) -> None:
        place("megan").prove_writable()
        with place("megan").transaction() as state:
            state.update(STATE)
        assert (place("megan").keeper, place("megan").grade[0]) == ("sibling", "C")

    def test_many_threads_lose_nothing(self, place: Place) -> None:
        def add(number: int) -> None:
            with place("megan").transaction() as state:
                state[f"n{number}"] = number

        threads = [threading.Thread(target=add, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(place("megan").read()) == 12


class TestRows:
    def test_a_row_that_was_moved_to_another_account_does_not_open(self, tmp_path: Path) -> None:
        said: list[str] = []
        for name in ("megan", "alex"):
            with row(tmp_path, name).transaction() as state:
                state["name"] = name
        with sqlite3.connect(tmp_path / "sign-ins.db") as database:
            (blob,) = database.execute("SELECT blob FROM auth_partition WHERE account = 'alex'").fetchone()
            database.execute("UPDATE auth_partition SET blob = ? WHERE account = 'megan'", (blob,))
        database.close()
        assert row(tmp_path, "megan", warn=said.append).read() == {}
        assert "could not be opened" in said[0]
        assert row(tmp_path, "alex").read() == {"name": "alex"}

    def test_a_write_leaves_the_other_rows_as_they_are(self, tmp_path: Path) -> None:
        def blobs() -> dict[str, bytes]:
            database = sqlite3.connect(tmp_path / "sign-ins.db")
            try:
                return dict(database.execute("SELECT account, blob FROM auth_partition"))
            finally:
                database.close()

        for number in range(20):
            with row(tmp_path, f"user{number}").transaction() as state:
                state.update(STATE)
        before = blobs()
        with row(tmp_path, "user7").transaction() as state:
            state["more"] = 1
        after = blobs()
        assert {account for account in before if before[account] != after[account]} == {"user7"}
        assert SignIns(str(tmp_path / "sign-ins.db"), Keys(str(tmp_path))).accounts("board") == sorted(before)

    def test_of_two_who_wrote_at_once_what_is_newer_stays(self, tmp_path: Path) -> None:
        ours = row(tmp_path)
        with ours.transaction() as state:
            state["cache"] = {"AccessToken": {"a": {"secret": "old", "cached_at": "1"}}}
        with ours.transaction() as state:
            theirs = row(tmp_path)
            newer = {"a": {"secret": "theirs", "cached_at": "9"}, "b": {"secret": "b", "cached_at": "3"}}
            theirs._swap({"cache": {"AccessToken": newer}}, 1)
            state["cache"]["AccessToken"]["a"] = {"secret": "ours", "cached_at": "5"}
            state["method"] = "device"
        kept = row(tmp_path).read()
        assert {name: entry["secret"] for name, entry in kept["cache"]["AccessToken"].items()} == {"a": "theirs", "b": "b"}
        assert kept["method"] == "device"

    def test_who_renews_has_the_row_until_done_or_gone(self, tmp_path: Path) -> None:
        now, slept = [1000.0], list[float]()

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            now[0] += 1.0

        clock = {"clock": lambda: now[0], "sleep": sleep, "chance": lambda: 0.0}
        with row(tmp_path, **clock).transaction() as state:
            state.update(STATE)
        gone = row(tmp_path, **clock)
        gone._lease("of somebody who was killed")
        with row(tmp_path, **clock).transaction() as state:
            state["next"] = True
        assert LEASE_SECONDS <= len(slept) <= LEASE_SECONDS + 1
        slept.clear()
        with row(tmp_path, **clock).transaction() as state:
            state["again"] = True
        assert slept == []

    def test_a_killed_writer_leaves_the_last_whole_state(self, tmp_path: Path) -> None:
        program = (
            "import sys; from daypass.keys import Keys; from daypass.store.sqlite import SignIns\n"
            "store = SignIns(sys.argv[1] + '/sign-ins.db', Keys(sys.argv[1])); number = 0\n"
            "row = store.account('board', 'megan', 'identity')\n"
            "while True:\n"
            "    with row.transaction() as state:\n"
            "        number += 1; state.update(number=number, text='x' * 5000)\n"
            "    print(number, flush=True)\n"
        )
        last = 0
        for _ in range(5):
            writer = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
            assert writer.stdout is not None
            for _ in range(3):
                last = int(writer.stdout.readline())
            os.kill(writer.pid, signal.SIGKILL)
            writer.communicate()
            with sqlite3.connect(tmp_path / "sign-ins.db") as database:
                database.execute("UPDATE auth_partition SET leased_until = 0")
            database.close()
            kept = row(tmp_path).read()
            assert kept["number"] >= last
            assert len(kept["text"]) == 5000

    def test_a_file_that_is_no_database_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "sign-ins.db").write_bytes(b"this is not SQLite" * 100)
        with pytest.raises(StorageError, match="Cannot use"):
            row(tmp_path).read()

    def test_what_is_kept_is_json(self, tmp_path: Path) -> None:
        with row(tmp_path).transaction() as state:
            state["nested"] = {"list": [1, None, "é"]}
        assert json.dumps(row(tmp_path).read()) == json.dumps({"nested": {"list": [1, None, "é"]}})
