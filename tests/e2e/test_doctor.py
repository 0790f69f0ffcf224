"""`daypass doctor` as people run it: on a tenant that is well, and on everything that can be wrong with one."""

from __future__ import annotations

import fcntl
import json
import os
from typing import Any

import pytest
import trustme
from cli import Cli


def findings(cli: Cli, *words: str, **changes: str | None) -> tuple[int, dict[str, dict[str, Any]]]:
    done = cli("doctor", *words, "-o", "json", **changes)
    document = json.loads(done.stdout)
    assert document["schema"] == "daypass.doctor/1"
    assert document["healthy"] == (done.returncode == 0)
    assert "Traceback" not in done.stderr
    return done.returncode, {finding["check"]: finding for finding in document["findings"]}


def test_all_is_well(cli: Cli) -> None:
    cli.sign_in(write=True)
    code, found = findings(cli)
    assert code == 0
    assert {check: finding["grade"] for check, finding in found.items() if finding["grade"] not in ("ok", "note")} == {}
    assert {
        "versions",
        "settings",
        "store",
        "lock",
        "sign-in",
        "certificate",
        "clock",
        "tenant",
        "app",
        "redirect",
        "graph",
    } <= found.keys()
    assert "Calendars.ReadWrite" in found["sign-in"]["what"]


def test_it_shows_no_code_and_leaves_nothing_signed_in(cli: Cli) -> None:
    done = cli("doctor")
    codes = [waiting["user_code"] for waiting in cli.control.call("GET", "/approve")]
    assert done.returncode == 0
    assert codes
    assert not [code for code in codes if code in done.stdout + done.stderr]
    assert cli("status").returncode == 4


def test_without_the_network_it_asks_nobody(cli: Cli) -> None:
    cli.control.forget_journal()
    code, found = findings(cli, "--offline", HTTPS_PROXY="http://proxy.example:1")
    assert (code, "tenant" in found) == (0, False)
    assert cli.control.journal() == []


def test_without_any_settings_it_says_so(cli: Cli) -> None:
    code, found = findings(cli, CLIENT_ID=None, TENANT_ID=None)
    assert (code, found["settings"]["grade"]) == (10, "fail")
    assert "daypass setup" in found["settings"]["cure"]


@pytest.mark.parametrize(
    ("changes", "check", "grade", "exit_code"),
    [
        ({"TENANT_ID": "fabrikam.example"}, "tenant", "fail", 10),
        ({"CLIENT_ID": "12345678-1234-1234-1234-123456789012"}, "app", "fail", 10),
        ({"DAYPASS_AUTHORITY": "https://localhost:1", "DAYPASS_GRAPH_ROOT": "https://localhost:1/v1.0"}, "connection", "fail", 8),
        ({"DAYPASS_AUTHORITY": "https://nowhere.invalid", "DAYPASS_GRAPH_ROOT": "https://nowhere.invalid/v1.0"}, "name", "fail", 8),
        ({"DAYPASS_STORAGE": "memory"}, "store", "note", 0),
        ({"DAYPASS_KEY_FILE": "/nowhere/key"}, "store", "fail", 10),
    ],
)
def test_what_is_wrong_is_named(cli: Cli, changes: dict[str, str], check: str, grade: str, exit_code: int) -> None:
    code, found = findings(cli, **changes)
    assert (code, found[check]["grade"]) == (exit_code, grade)
    assert grade == "note" or found[check]["cure"] or check == "store"


def test_a_certificate_of_somebody_else(cli: Cli) -> None:
    other = cli.folder / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    code, found = findings(cli, DAYPASS_CA_FILE=str(other))
    assert (code, found["certificate"]["grade"]) == (8, "fail")
    assert str(other) in found["certificate"]["what"]
    assert "never switch checking off" in found["certificate"]["cure"]


def test_a_clock_that_is_wrong(cli: Cli) -> None:
    cli.control.post("/clock", advance_seconds=3600)
    code, found = findings(cli)
    assert (code, found["clock"]["grade"]) == (10, "fail")
    assert "behind the sign-in service" in found["clock"]["what"]


def test_an_app_that_is_not_registered_for_a_browser(cli: Cli) -> None:
    cli.control.post("/apps", client_id=cli.environ["CLIENT_ID"], redirectUris=[])
    code, found = findings(cli)
    assert (code, found["redirect"]["grade"]) == (0, "warn")
    assert "daypass setup" in found["redirect"]["cure"]


def test_a_proxy_is_told_without_its_password(cli: Cli) -> None:
    where = {"DAYPASS_AUTHORITY": "https://login.example", "DAYPASS_GRAPH_ROOT": "https://login.example/v1.0"}
    done = cli("doctor", HTTPS_PROXY="http://megan:canary@127.0.0.1:1", **where)
    assert done.returncode == 8
    assert "go through 127.0.0.1:1" in done.stdout
    assert "canary" not in done.stdout + done.stderr
    assert cli("doctor", HTTPS_PROXY="ftp://proxy.example", **where).returncode == 10


def test_a_lock_that_another_program_holds(cli: Cli) -> None:
    cli.sign_in()
    (path,) = (
        cli.state.glob("*.lock")
        if len(list(cli.state.glob("*.lock"))) == 1
        else [p for p in cli.state.glob("*.lock") if "profiles" not in p.name]
    )
    with path.open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, found = findings(cli, "--offline")
    assert (code, found["lock"]["grade"]) == (0, "warn")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere")
def test_a_store_that_cannot_be_written(cli: Cli) -> None:
    cli.state.mkdir(mode=0o500)
    code, found = findings(cli, "--offline")
    assert (code, found["store"]["grade"]) == (10, "fail")


def test_a_store_that_was_set_aside_is_told_of(cli: Cli) -> None:
    cli.sign_in()
    (vault,) = cli.state.glob("*.vault")
    vault.write_bytes(b"daypass-vault-1 sibling\n" + bytes(64))
    assert cli("status").returncode == 4
    _, found = findings(cli, "--offline")
    assert found["set aside"]["grade"] == "note"
