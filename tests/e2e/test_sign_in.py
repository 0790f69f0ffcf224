"""Signing in, staying signed in, and every way in which it can fail, each with its own words and exit code."""

from __future__ import annotations

import json
import os
import time

import pytest
from cli import Cli


def test_a_second_command_signs_in_nobody_and_asks_nothing(megan: Cli) -> None:
    megan.control.forget_journal()
    assert megan("agenda").returncode == 0
    assert megan("status").returncode == 0
    assert not [exchange for exchange in megan.control.journal() if "oauth2" in exchange["url"]]


def test_status_tells_who_how_until_when_and_what_the_store_is_worth_without_a_request(megan: Cli) -> None:
    megan.control.forget_journal()
    status = megan.json("status")
    assert status["signed_in"] is True
    assert status["name"] == "Megan Bowen"
    assert status["method"] == "device"
    assert "Calendars.ReadWrite" in status["scopes"]
    assert status["renews_itself"] is True
    assert status["protection"].startswith("C: sealed, but the key lies beside it")
    assert [exchange for exchange in megan.control.journal() if "/sandbox/" not in exchange["url"]] == []


def test_a_key_file_raises_the_grade_and_is_needed_ever_after(cli: Cli) -> None:
    key = cli.folder / "key"
    key.write_bytes(os.urandom(32))
    cli.environ["DAYPASS_KEY_FILE"] = str(key)
    cli.sign_in()
    assert cli.json("status")["protection"].startswith("B:")
    assert not (cli.state / "key").exists()
    without = cli("agenda", DAYPASS_KEY_FILE=None)
    assert without.returncode == 10
    assert "DAYPASS_KEY_FILE" in without.stderr


def test_status_and_token_say_when_nobody_is_signed_in(cli: Cli) -> None:
    assert cli("status").returncode == 4
    assert cli("token").returncode == 4


def test_the_token_is_printed_to_a_pipe_and_is_good(megan: Cli) -> None:
    token = megan("token").stdout.strip()
    assert token.count(".") == 2
    assert json.loads(megan("token", "-o", "json").stdout)["access_token"] == token


def test_logging_out_forgets_the_tokens(megan: Cli) -> None:
    done = megan("logout")
    assert (done.returncode, "megan" in done.stdout.lower()) == (0, True)
    assert list(megan.state.glob("*.vault")) == []
    assert megan("agenda").returncode == 4


def test_without_a_terminal_and_not_signed_in_it_says_so_in_short_and_does_not_hang(cli: Cli) -> None:
    began = time.monotonic()
    for words in ((), ("agenda",), ("show", "AAMk"), ("add", "--title", "x", "--start", "+1h")):
        code, told = cli.refused(*words)
        assert code == 4
        assert "daypass login" in told["text"]
    assert time.monotonic() - began < 20


def test_a_refused_token_is_renewed_once_without_a_person(cli: Cli) -> None:
    cli.sign_in()
    before = cli("token").stdout
    cli.control.post("/faults", status=401, path="/v1.0/me/calendarView", count=1)
    assert cli("agenda").returncode == 0
    assert cli("token").stdout != before


def test_a_revoked_sign_in_asks_for_a_new_one(cli: Cli) -> None:
    cli.sign_in()
    cli.control.post("/revoke", user="megan")
    code, told = cli.refused("agenda")
    assert code == 4
    assert "daypass login" in told["text"]
    assert "last error" in cli("status").stdout


@pytest.mark.parametrize(
    ("policy", "code", "words"),
    [
        ({"block_device_code": True}, 5, "AADSTS53003"),
        ({"app_not_public": True}, 10, "AADSTS7000218"),
        ({"consent_required": True}, 5, "AADSTS65001"),
        ({"user_disabled": ["megan"]}, 5, "AADSTS50057"),
        ({"require_mfa": True}, 4, "AADSTS50076"),
    ],
)
def test_each_refusal_of_the_organisation_has_its_own_words(cli: Cli, policy: dict[str, object], code: int, words: str) -> None:
    cli.control.post("/policies", **policy)
    cli.control.when_asked({"user": "megan"})
    done = cli("login", "--device")
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert list(cli.state.glob("*.vault")) == []


def test_a_declined_sign_in_says_so(cli: Cli) -> None:
    cli.control.when_asked({}, "/deny")
    done = cli("login", "--device")
    assert done.returncode == 5
    assert "declined" in done.stderr


def test_an_expired_code_says_so(cli: Cli) -> None:
    process = cli.start("login", "--device")
    _wait_for_code(cli)
    cli.control.post("/clock", advance_seconds=901)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 4
    assert "ran out" in said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"TENANT_ID": "99999999-9999-4999-8999-999999999999"}, "AADSTS90002"),
        ({"CLIENT_ID": "99999999-9999-4999-8999-999999999999"}, "AADSTS700016"),
    ],
)
def test_unknown_tenants_and_apps_are_told_apart(cli: Cli, changes: dict[str, str], words: str) -> None:
    done = cli("login", "--device", **changes)
    assert done.returncode == 10
    assert words in done.stderr


@pytest.mark.parametrize(
    "fault",
    [
        {"drop": "before", "count": 2},
        {"status": 503, "count": 2},
        {"status": 429, "retry_after": 1, "count": 1},
        {"status": 429, "count": 1},
        {"html": True, "count": 1},
    ],
)
def test_a_sign_in_survives_trouble_on_the_way(cli: Cli, fault: dict[str, object]) -> None:
    process = cli.start("login", "--device")
    _wait_for_code(cli)
    cli.control.post("/faults", path="/oauth2/v2.0/token", **fault)
    cli.control.post("/approve", user="megan")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said


@pytest.mark.parametrize("fault", [{"drop": "after"}, {"truncate": 10}])
def test_a_finished_sign_in_whose_answer_was_lost_says_that_and_nothing_else(cli: Cli, fault: dict[str, object]) -> None:
    process = cli.start("login", "--device")
    _wait_for_code(cli)
    cli.control.post("/approve", user="megan")
    cli.control.post("/faults", path="/oauth2/v2.0/token", count=1, **fault)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 4, said
    assert "answer got lost on the way" in said


def test_a_sign_in_survives_being_told_to_slow_down(cli: Cli) -> None:
    cli.control.post("/policies", strict_polling=True)
    cli.sign_in()
    assert cli("status").returncode == 0


@pytest.mark.parametrize("path", ["openid-configuration", "/devicecode"])
def test_a_busy_start_is_asked_again(cli: Cli, path: str) -> None:
    cli.control.post("/faults", path=path, status=503, count=1)
    cli.control.post("/faults", path=path, drop="before", count=1)
    cli.sign_in()


def test_ctrl_c_while_waiting_ends_with_130_and_no_traceback(cli: Cli) -> None:
    process = cli.start("login", "--device")
    _wait_for_code(cli)
    code, said = cli.interrupt(process)
    assert code == 130
    assert "Traceback" not in said


def test_writing_steps_up_silently_once_the_person_has_consented_anywhere(cli: Cli) -> None:
    cli.sign_in()
    assert "Calendars.ReadWrite" not in cli.json("status")["scopes"]
    elsewhere = Cli(cli.folder / "elsewhere", {**cli.environ, "DAYPASS_STATE_DIR": str(cli.folder / "elsewhere")}, cli.control)
    elsewhere.folder.mkdir()
    elsewhere.sign_in(write=True)
    assert cli("add", "--title", "x", "--start", "+1h").returncode == 0
    assert "Calendars.ReadWrite" in cli.json("status")["scopes"]


def test_writing_without_consent_says_which_permission_is_missing_and_what_to_do(cli: Cli) -> None:
    cli.sign_in()
    code, told = cli.refused("add", "--title", "x", "--start", "+1h")
    assert code == 5
    assert "daypass login --write" in told["text"]


def test_a_wrong_key_file_is_a_setting_to_correct_and_costs_no_sign_in(cli: Cli) -> None:
    keys = {name: cli.folder / name for name in ("right", "wrong")}
    for path in keys.values():
        path.write_bytes(os.urandom(32))
    cli.environ["DAYPASS_KEY_FILE"] = str(keys["right"])
    cli.sign_in()
    done = cli("agenda", DAYPASS_KEY_FILE=str(keys["wrong"]))
    assert (done.returncode, "DAYPASS_KEY_FILE" in done.stderr) == (10, True)
    assert cli("agenda").returncode == 0


def test_not_being_signed_in_is_said_in_one_line(cli: Cli) -> None:
    assert cli("agenda").stderr == "daypass: you are not signed in. Try: daypass login\n"


def test_the_state_folder_is_proved_before_anybody_is_sent_away(cli: Cli) -> None:
    (cli.folder / "state").write_text("a file where the folder should be")
    code, told = cli.refused("login", "--device")
    assert code == 10
    assert "/devicelogin" not in told["text"]
    assert str(cli.state) in told["text"]


def test_a_damaged_store_is_set_aside_and_a_new_sign_in_asked_for(megan: Cli) -> None:
    (vault,) = megan.state.glob("*.vault")
    vault.write_bytes(vault.read_bytes()[:-7])
    done = megan("agenda")
    assert done.returncode == 4
    assert "set aside" in done.stderr
    assert len(list(megan.state.glob("*.bad-*"))) == 1
    megan.sign_in()
    assert megan("agenda").returncode == 0


def test_no_secret_stands_in_any_file_or_output(megan: Cli) -> None:
    token = megan("token").stdout.strip()
    for path in megan.state.rglob("*"):
        if path.is_file():
            assert token.encode() not in path.read_bytes()
            assert path.stat().st_mode & 0o077 == 0, path
    assert megan.state.stat().st_mode & 0o077 == 0


def _wait_for_code(cli: Cli) -> None:
    deadline = time.monotonic() + 30
    while not cli.control.call("GET", "/approve"):
        assert time.monotonic() < deadline, "no code was asked for"
        time.sleep(0.05)
