"""`daypass sandbox …` and `python -m daypass_sandbox …` as processes."""

from __future__ import annotations

import json
import os
import shlex
import signal
import ssl
import stat
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

import pytest

MEMBERS = {"authority", "graph_root", "tenant_id", "client_id", "ca_file", "control", "pid"}
SPELLINGS = {"product": ["-m", "daypass", "sandbox"], "alone": ["-m", "daypass_sandbox"]}


class Shell:
    """Runs the verbs in an environment of its own and ends what it started."""

    def __init__(self, folder):
        self.environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"), "TMPDIR": str(folder)}
        self.folder, self.words = folder, SPELLINGS["alone"]

    def __call__(self, *words, expect=0):
        command = [sys.executable, "-W", "error", *self.words, *words]
        done = subprocess.run(command, env=self.environ, cwd=self.folder, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == expect, done.stderr
        if expect:
            assert done.stdout == ""
            assert len(done.stderr.splitlines()) == 1 or expect == 2, done.stderr
            return done.stderr
        assert done.stderr == ""
        return done.stdout

    def json(self, *words):
        return json.loads(self(*words))

    def start(self, *words):
        command = [sys.executable, *self.words, "up", "--port", "0", *words]
        return subprocess.Popen(command, env=self.environ, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def shell(tmp_path):
    shell = Shell(tmp_path)
    yield shell
    for file in (tmp_path / "state" / "daypass" / "sandbox").glob("*.json"):
        shell("down", "--port", file.stem)


@pytest.fixture
def up(shell):
    """A tenant in the background, as it described itself."""
    return shell.json("up", "--port", "0", "--seed", "empty", "--background")


def ask(site, path, body=None, token=""):
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=ssl.create_default_context(cafile=site["ca_file"])))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    with opener.open(Request(path, data, headers), timeout=10) as answer:
        return json.load(answer)


def device_code(site):
    form = f"client_id={site['client_id']}&scope=User.Read".encode()
    return ask(site, f"{site['authority']}/{site['tenant_id']}/oauth2/v2.0/devicecode", form)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_up_prints_one_line_env_points_there_and_down_ends_it(shell, spelling):
    shell.words = SPELLINGS[spelling]
    printed = shell("up", "--port", "0", "--background", "--seed", "empty")
    assert len(printed.splitlines()) == 1
    site = json.loads(printed)
    assert set(site) == MEMBERS
    assert ask(site, f"{site['control']}/users")

    exported = dict(shlex.split(line)[1].split("=", 1) for line in shell("env").splitlines())
    assert exported == {
        "DAYPASS_AUTHORITY": site["authority"],
        "DAYPASS_GRAPH_ROOT": site["graph_root"],
        "DAYPASS_CA_FILE": site["ca_file"],
        "CLIENT_ID": site["client_id"],
        "TENANT_ID": site["tenant_id"],
    }
    assert shell("down") == ""
    assert "no sandbox is running" in shell("env", expect=3)


def test_print_env_takes_the_place_of_the_line(shell):
    printed = shell("up", "--port", "0", "--seed", "empty", "--background", "--print-env")
    assert printed == shell("env")


def test_a_sign_in_is_approved_and_denied(shell, up):
    code = device_code(up)["user_code"]
    assert shell.json("approve", code, "--user", "alex") == {"user_code": code, "user": "alex@contoso.example"}
    code = device_code(up)["user_code"]
    assert shell.json("deny")["user_code"] == code
    assert "no sign-ins wait" in shell("approve", expect=3)
    device_code(up)
    assert "no user 'nobody'" in shell("approve", "--user", "nobody", expect=3)


def test_the_clock_is_shown_set_moved_and_let_run(shell, up):
    assert shell.json("clock")["running"] is True
    assert shell.json("clock", "--now", "2030-01-02T03:04:05Z") == {
        "now": "2030-01-02T03:04:05Z",
        "seconds": 1893553445.0,
        "running": False,
    }
    assert shell.json("clock", "--advance", "60")["now"] == "2030-01-02T03:05:05Z"
    assert shell.json("clock", "--resume")["running"] is True
    assert "no time" in shell("clock", "--now", "tomorrow", expect=2)
    shell("reset")
    assert abs(shell.json("clock")["seconds"] - time.time()) < 60


def test_faults_are_planted_listed_and_cleared(shell, up):
    assert shell.json("fault", "status=503", "retry_after=2", "path=/me$", "after=true")["retry_after"] == 2
    (fault,) = shell.json("fault")
    assert (fault["status"], fault["path"], fault["after"]) == (503, "/me$", True)
    assert shell.json("fault", "--clear") == []
    assert "exactly one of" in shell("fault", "path=/me", expect=2)
    assert "NAME=VALUE" in shell("fault", "503", expect=2)


def test_a_seed_file_is_planted(shell, up):
    person = {"id": "11111111-2222-4333-8444-555555555555", "displayName": "Zoe", "userPrincipalName": "zoe@contoso.example"}
    (shell.folder / "own.json").write_text(json.dumps({"people": {"zoe": person}}))
    assert shell.json("seed", "own.json") == {"users": 1}
    assert shell.json("reset") == {"users": 1}
    assert shell.json("reset", "--seed", "contoso")["users"] > 10
    assert "no seed 'fabrikam'" in shell("seed", "fabrikam", expect=2)
    assert "cannot be read" in shell("seed", "absent.json", expect=10)


def test_auto_approval_needs_nobody(shell):
    site = shell.json("up", "--port", "0", "--seed", "empty", "--background", "--auto-approve", "megan")
    code = device_code(site)["device_code"]
    form = f"client_id={site['client_id']}&grant_type=device_code&device_code={code}".encode()
    token = ask(site, f"{site['authority']}/common/oauth2/v2.0/token", form)["access_token"]
    assert ask(site, f"{site['graph_root']}/me", token=token)["displayName"] == "Megan Bowen"


def test_the_state_outlives_the_process(shell):
    words = ["up", "--port", "0", "--seed", "empty", "--background", "--state", "kept"]
    site = shell.json(*words)
    code = device_code(site)["user_code"]
    ca = Path(site["ca_file"]).read_bytes()
    shell("down")
    assert Path(shell.json(*words)["ca_file"]).read_bytes() == ca
    assert shell.json("approve")["user_code"] == code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_without_a_word(shell, number):
    with shell.start("--seed", "empty") as process:
        site = json.loads(process.stdout.readline())
        process.send_signal(number)
        rest, complaints = process.communicate(timeout=30)
    assert (process.returncode, rest, complaints) == (0, "", "")
    assert not Path(site["ca_file"]).exists()
    assert "no sandbox is running" in shell("down", expect=3)


def test_after_a_kill_the_others_say_that_none_runs(shell):
    with shell.start("--seed", "empty") as process:
        process.stdout.readline()
        process.kill()
        process.communicate(timeout=30)
    assert "no sandbox is running" in shell("env", expect=3)
    for file in (shell.folder / "state" / "daypass" / "sandbox").glob("*.json"):
        file.unlink()


def test_of_several_one_must_be_named(shell, up):
    second = shell.json("up", "--port", "0", "--seed", "empty", "--background")
    assert "--port" in shell("env", expect=2)
    port = second["authority"].rsplit(":", 1)[1]
    assert second["authority"] in shell("env", "--port", port)
    assert "no sandbox runs on port 1;" in shell("env", "--port", "1", expect=3)


@pytest.mark.parametrize("background", [[], ["--background"]])
def test_a_taken_port_is_said_to_be_taken(shell, up, background):
    port = up["authority"].rsplit(":", 1)[1]
    assert f"port {port} is taken" in shell("up", "--port", port, *background, expect=10)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--port", "70000"], 2, "--port"),
        (["--latency", "-1"], 2, "--latency"),
        (["--interval", "0"], 2, "--interval"),
        (["--seed", "fabrikam"], 10, "no seed 'fabrikam'"),
        (["--seed", "absent.json"], 10, "cannot be read"),
        (["--host", "0.0.0.0"], 10, "--i-know"),
        (["--auto-approve", "nobody"], 10, "no user 'nobody'"),
        (["--state", "/proc/nothing"], 10, "cannot start"),
        (["--throttle", "much"], 2, "--throttle"),
    ],
)
def test_what_makes_no_sense_is_one_line_and_an_exit_code(shell, words, code, said):
    assert said in shell("up", "--port", "0", *words, expect=code)


def test_descriptions_are_for_their_owner_alone(shell, up):
    folder = shell.folder / "state" / "daypass" / "sandbox"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.glob("*.json")} == {0o600}


def test_a_server_that_hangs_is_unreachable_not_waited_for(shell, up):
    os.kill(up["pid"], signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert "does not answer" in shell("clock", expect=8)
        assert time.monotonic() - began < 20
    finally:
        os.kill(up["pid"], signal.SIGCONT)


def test_help_of_the_verbs_loads_nothing_heavy(shell):
    code = "import sys, daypass_sandbox.__main__; print(sorted({'aiohttp', 'jwt', 'jinja2', 'trustme', 'asyncio'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], env=shell.environ, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "[]"
