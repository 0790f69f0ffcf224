"""The vault among real processes: killed while they write, refreshing all at once, and with keyrings that hang, lie and forget.

This file is also the program that the tests start: it forks, which a test run with its threads must not do.
"""

from __future__ import annotations

import base64
import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daypass.auth import tokens
from daypass.auth.authorities import authority
from daypass.auth.wanted import Wanted
from daypass.credentials import Credentials
from daypass.errors import StorageError
from daypass.keys import KEYRING_SECONDS
from daypass.sealing import KEY_BYTES
from daypass.vault import Vault
from daypass.wire import Access, Request, Response

READ = Access(("User.Read",))
SECRET = "eyJjYW5hcnkiOiJ0b2tlbiJ9"


def run_here(what: str, folder: Path) -> Any:
    """Start this file as a program, and return what it prints."""
    command = [sys.executable, "-W", "error", __file__, what, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A state folder whose key lies in it already, so that no keyring is asked."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / "key").write_bytes(bytes(KEY_BYTES))
    return state


class TestProcesses:
    def test_killed_fifty_times_while_writing_it_always_reads_and_never_goes_back(self, folder: Path) -> None:
        result = run_here("kill", folder)
        assert result["warnings"] == []
        assert result["went_back"] == result["spoilt"] == []
        assert result["kills"] == 50
        assert result["reached"] > 50
        assert sorted(file.suffix for file in folder.iterdir() if ".tmp" not in file.name) == ["", ".lock", ".vault"]

    def test_thirty_two_processes_that_need_a_new_token_make_one_request(self, folder: Path) -> None:
        result = run_here("refresh", folder)
        assert result["exits"] == [0] * 32
        assert result["requests"] == ["token"]
        assert len(set(result["tokens"])) == 1
        assert len(result["tokens"]) == 32
        assert result["kept"] == result["tokens"][0]
        assert result["renewable"]

    def test_thirty_two_processes_that_write_lose_nothing(self, folder: Path) -> None:
        assert run_here("count", folder) == {"exits": [0] * 32, "n": 32 * 10, "own": [10] * 32}


def test_ctrl_c_ends_the_wait_for_a_lock_at_once(folder: Path) -> None:
    program = (
        "import signal, sys; from daypass.vault import Vault\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # which a suite in the background does not hand down\n"
        "print('waiting', flush=True); Vault(sys.argv[1], 'megan').prove_writable()"
    )
    with Vault(str(folder), "megan").transaction():
        waiting = subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert waiting.stdout
        assert waiting.stdout.readline() == "waiting\n"
        select.select([], [], [], 0.3)
        assert waiting.poll() is None
        began = time.monotonic()
        waiting.send_signal(signal.SIGINT)
        _, said = waiting.communicate(timeout=30)
    assert time.monotonic() - began < 2
    assert "KeyboardInterrupt" in said


def test_who_has_lost_the_key_can_still_sign_out(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(bytes(KEY_BYTES))
    warnings: list[str] = []
    with Vault(str(folder), "megan", str(tmp_path / "key")).transaction() as state:
        state["cache"] = {"AccessToken": {}}
    keyless = Vault(str(folder), "megan", warn=warnings.append)
    assert Credentials("app", "https://localhost/x", keyless, lambda request: pytest.fail("nothing is sent")).sign_out() is None
    assert list(folder.glob("*.vault*")) == []
    assert len(warnings) == 1


KEYRING = '''
"""A keyring in a file, that may hang, be locked, or refuse to keep."""
import json, os, time
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordSetError

class Keyring(KeyringBackend):
    priority = 9

    def _all(self):
        mood = os.environ.get("MOOD", "")
        if mood == "hangs":
            time.sleep(600)
        if mood == "locked":
            raise KeyringLocked("locked")
        path = os.environ["KEYRING_FILE"]
        return json.load(open(path)) if os.path.exists(path) else {}

    def get_password(self, service, name):
        return self._all().get(service + "/" + name)

    def set_password(self, service, name, password):
        kept = self._all()
        if os.environ.get("MOOD") == "full":
            raise PasswordSetError("full")
        if os.environ.get("MOOD") != "forgets":
            json.dump({**kept, service + "/" + name: password}, open(os.environ["KEYRING_FILE"], "w"))
'''


class TestKeyring:
    @pytest.fixture(autouse=True)
    def keyring(self, tmp_path: Path) -> Path:
        """A keyring of our own, found the way that users configure one; the file in which it keeps what it is given."""
        (tmp_path / "backend").mkdir()
        (tmp_path / "backend" / "kept_in_a_file.py").write_text(KEYRING)
        config = Path(os.environ["XDG_CONFIG_HOME"]) / "python_keyring" / "keyringrc.cfg"
        config.parent.mkdir(parents=True)
        config.write_text(f"[backend]\ndefault-keyring=kept_in_a_file.Keyring\nkeyring-path={tmp_path / 'backend'}\n")
        os.environ.update(KEYRING_FILE=str(tmp_path / "kept.json"), XDG_DATA_HOME=str(tmp_path))
        return tmp_path / "kept.json"

    @pytest.fixture
    def state(self, tmp_path: Path) -> Path:
        return tmp_path / "state"

    def kept(self, state: Path, warn: Callable[[str], object] = lambda text: None) -> Vault:
        vault = Vault(str(state), "megan", warn=warn)
        with vault.transaction() as content:
            content["secret"] = SECRET
        return vault

    def test_the_key_is_in_the_keyring_and_nowhere_else(self, keyring: Path, state: Path) -> None:
        vault = self.kept(state)
        assert vault.grade == "A: sealed, the key is in the system's keyring"
        (key,) = json.loads(keyring.read_text()).values()
        raw = base64.b64decode(key)
        assert len(raw) == KEY_BYTES
        assert not any(raw in file.read_bytes() or key.encode() in file.read_bytes() for file in state.iterdir())
        assert Vault(str(state), "megan").read() == {"secret": SECRET}

    def test_the_keeper_is_remembered_though_a_key_lies_beside(self, state: Path) -> None:
        vault = self.kept(state)
        (state / "key").write_bytes(bytes(KEY_BYTES))
        assert vault.grade.startswith("A")
        assert vault.read() == {"secret": SECRET}

    def test_a_key_beside_is_remembered_though_a_keyring_comes(self, state: Path) -> None:
        state.mkdir(mode=0o700)
        (state / "key").write_bytes(bytes(KEY_BYTES))
        assert self.kept(state).grade.startswith("C")

    def test_a_keyring_that_hangs_costs_three_seconds_and_not_the_sign_in(self, state: Path) -> None:
        vault = self.kept(state)
        os.environ["MOOD"] = "hangs"
        began = time.monotonic()
        with pytest.raises(StorageError, match=r"does not answer\. Unlock it"):
            vault.read()
        assert KEYRING_SECONDS <= time.monotonic() - began < KEYRING_SECONDS + 3
        os.environ["MOOD"] = ""
        assert vault.read() == {"secret": SECRET}

    def test_a_keyring_that_is_locked_is_told(self, state: Path) -> None:
        vault = self.kept(state)
        os.environ["MOOD"] = "locked"
        for act in (vault.read, vault.prove_writable):
            with pytest.raises(StorageError, match="Unlock it"):
                act()
        os.environ["MOOD"] = ""
        assert vault.read() == {"secret": SECRET}

    @pytest.mark.parametrize("mood", ["locked", "hangs"])
    def test_who_has_lost_the_keyring_can_sign_out_or_sign_in_with_a_key_file(self, mood: str, state: Path, tmp_path: Path) -> None:
        (tmp_path / "key").write_bytes(bytes(KEY_BYTES))
        for leave in (True, False):
            old = self.kept(state)
            os.environ["MOOD"] = mood
            if leave:
                assert old.erase() == {}
            else:
                Vault(str(state), "megan", str(tmp_path / "key")).prove_writable()
            assert not Path(old.path).exists()
            assert len(list(state.glob("*.bad-*"))) == (0 if leave else 1)
            os.environ["MOOD"] = ""

    @pytest.mark.parametrize("mood", ["full", "forgets"])
    def test_a_keyring_that_keeps_nothing_is_told_before_the_sign_in(self, mood: str, state: Path) -> None:
        os.environ["MOOD"] = mood
        with pytest.raises(StorageError, match="did not keep the key"):
            Vault(str(state), "megan").prove_writable()

    @pytest.mark.parametrize("content", [None, "bm90IGEga2V5", "not base64!"], ids=["forgotten", "too short", "junk"])
    def test_a_key_that_is_no_longer_the_key_costs_the_sign_in_and_no_more(self, content: str | None, keyring: Path, state: Path) -> None:
        self.kept(state)
        names = json.loads(keyring.read_text())
        keyring.write_text(json.dumps({} if content is None else dict.fromkeys(names, content)))
        warnings: list[str] = []
        assert Vault(str(state), "megan", warn=warnings.append).read() == {}
        assert "it was set aside as" in warnings[0]
        self.kept(state)
        assert Vault(str(state), "megan").read() == {"secret": SECRET}

    @pytest.mark.parametrize("backend", ["keyring.backends.null.Keyring", "keyring.backends.fail.Keyring", "no.such.Backend"])
    def test_without_a_keyring_worth_the_name_the_key_lies_beside(self, backend: str, state: Path) -> None:
        os.environ["PYTHON_KEYRING_BACKEND"] = backend
        vault = self.kept(state)
        assert vault.grade.startswith("C")
        assert (state / "key").stat().st_size == KEY_BYTES

    def test_without_the_extra_no_process_is_started_for_it(self, state: Path) -> None:
        program = """
import os, sys
sys.modules["keyring"] = None  # as if it were not installed
sys.addaudithook(lambda event, args: os._exit(3) if event == "subprocess.Popen" else None)
from daypass.vault import Vault
vault = Vault(sys.argv[1], "megan")
vault.prove_writable()
print(vault.grade)
"""
        done = subprocess.run([sys.executable, "-c", program, str(state)], capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout.startswith("C")


# --- the program -----------------------------------------------------------------------------------------------


def in_processes(count: int, work: Callable[[int], object]) -> list[int]:
    """Fork so often, let all begin at once, and return how each ended."""
    gate, door = os.pipe()
    children: list[int] = []
    for number in range(count):
        child = os.fork()
        if child == 0:
            os.close(door)
            os.read(gate, 1)  # returns when the parent closes its end
            try:
                work(number)
            except BaseException as error:  # noqa: BLE001
                print(repr(error), file=sys.stderr, flush=True)
                os._exit(1)
            os._exit(0)
        children.append(child)
    os.close(gate)
    os.close(door)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def kill(folder: str) -> dict[str, Any]:
    """Kill a process that writes without pause, fifty times, each time at another moment, and look at what it left."""
    chance, warnings = random.Random(7), list[str]()
    vault = Vault(folder, "megan", warn=warnings.append)
    result: dict[str, Any] = {"kills": 0, "went_back": [], "spoilt": [], "warnings": warnings}
    for _ in range(50):
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            write_on(vault, tell)
        os.close(tell)
        acknowledged = 0
        for _ in range(chance.randint(1, 6)):
            acknowledged = int.from_bytes(os.read(told, 8), "big")
        select.select([], [], [], chance.random() / 500)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while rest := os.read(told, 8):
            acknowledged = int.from_bytes(rest, "big")
        os.close(told)
        state = vault.read()
        result["kills"] += 1
        if not acknowledged <= state["n"] <= acknowledged + 1:
            result["went_back"].append([acknowledged, state["n"]])
        if state["text"] != f"{state['n']}," * 500:
            result["spoilt"].append(state["n"])
        with vault.transaction() as state:  # the lock is free
            state["looked"] = result["kills"]
    result["reached"] = vault.read()["n"]
    return result


def write_on(vault: Vault, tell: int) -> None:
    """Write without end, and tell each number that was written."""
    while True:
        with vault.transaction() as state:
            state["n"] = state.get("n", 0) + 1
            state["text"] = f"{state['n']}," * 500
        os.write(tell, int(state["n"]).to_bytes(8, "big"))


def count(folder: str) -> dict[str, Any]:
    """Thirty-two processes that each count to ten, together in one vault and each in its own."""

    def work(number: int) -> None:
        for _ in range(10):
            for identity in ("all", f"own {number}"):
                with Vault(folder, identity).transaction() as state:
                    state["n"] = state.get("n", 0) + 1

    exits = in_processes(32, work)
    return {"exits": exits, "n": Vault(folder, "all").read()["n"], "own": [Vault(folder, f"own {n}").read()["n"] for n in range(32)]}


class Clock:
    """The machine's clock, for the tenant."""

    def now(self) -> float:
        return time.time()


def refresh(folder: str) -> dict[str, Any]:
    """Sign in, let the token expire, and ask for one in thirty-two processes; their tenants are copies, their log is one."""
    from daypass_sandbox.tenant import CLIENT_ID, TENANT_ID, Tenant

    tenant = Tenant(clock=Clock(), chance=random.Random(7), auto_approve="megan")
    log, answers = os.path.join(folder, "..", "requests"), os.path.join(folder, "..", "tokens")

    def send(request: Request) -> Response:
        if request.method == "POST":
            note(log, request.url.rsplit("/", 1)[-1])
            select.select([], [], [], 0.05)  # a service is not this near: let the others come
        return tenant.handle(request)

    def credentials() -> Credentials:
        service = authority("https://localhost:8443", TENANT_ID)
        return Credentials(CLIENT_ID, service, Vault(folder, "megan"), send, sleep=lambda seconds: None)

    credentials().sign_in_by_device_code(Wanted(READ.scopes), lambda code: None)
    with Vault(folder, "megan").transaction() as state:
        for entry in state["cache"]["AccessToken"].values():
            entry["expires_on"] = str(int(time.time()) - 1)
    os.unlink(log)
    exits = in_processes(32, lambda number: note(answers, credentials().token(READ)))
    cache = Vault(folder, "megan").read()["cache"]
    kept = tokens.pick(cache, READ.scopes, time.time())
    return {
        "exits": exits,
        "requests": Path(log).read_text().split(),
        "tokens": Path(answers).read_text().split(),
        "kept": kept and kept.secret,
        "renewable": tokens.has_refresh_token(cache),
    }


def note(path: str, line: str) -> None:
    """Append a line, which many processes may do at once."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(handle, line.encode() + b"\n")
    os.close(handle)


if __name__ == "__main__":
    print(json.dumps({"kill": kill, "count": count, "refresh": refresh}[sys.argv[1]](sys.argv[2])))
