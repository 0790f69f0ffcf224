"""Bad input and every fault the network and the service can offer: a clear word, the right exit code, nothing lost or doubled."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import pytest
from cli import Cli

ADD = ("add", "--title", "Once only", "--start", "+1h")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"CLIENT_ID": None}, ("CLIENT_ID", "not set", ".env")),
        ({"TENANT_ID": None}, ("TENANT_ID", "not set", ".env")),
        ({"CLIENT_ID": "YOUR_CLIENT_ID"}, ("CLIENT_ID", "'YOUR_CLIENT_ID'", "environment")),
        ({"TENANT_ID": "not a tenant"}, ("TENANT_ID", "'not a tenant'", "environment")),
        ({"DAYPASS_AUTHORITY": "http://localhost"}, ("DAYPASS_AUTHORITY", "https")),
        ({"DAYPASS_AUTHORITY": "https://login.example.com", "DAYPASS_CA_FILE": None}, ("DAYPASS_AUTHORITY", "not a Microsoft")),
        ({"DAYPASS_GRAPH_ROOT": "https://graph.microsoft.com/v1.0"}, ("DAYPASS_AUTHORITY", "graph.microsoft.com")),
        ({"DAYPASS_CA_FILE": "/nowhere/ca.pem"}, ("DAYPASS_CA_FILE", "/nowhere/ca.pem")),
        ({"DAYPASS_STORAGE": "cloud"}, ("DAYPASS_STORAGE", "disk, volume, memory")),
    ],
)
def test_a_wrong_setting_is_named_with_where_it_came_from(cli: Cli, changes: dict[str, str | None], words: tuple[str, ...]) -> None:
    done = cli("login", "--device", **changes)
    assert done.returncode == 10, done.stderr
    assert all(word in done.stderr for word in words), done.stderr
    assert len(done.stderr.splitlines()) <= 8


def test_settings_are_read_from_the_tutorials_dotenv_file(cli: Cli) -> None:
    names = ("CLIENT_ID", "TENANT_ID")
    (cli.folder / ".env").write_text("".join(f"{name}={cli.environ.pop(name)}\n" for name in names), encoding="utf-8")
    cli.sign_in()
    assert cli("agenda").returncode == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("agenda", "gibberish"), "gibberish"),
        (("agenda", "2026-02-30"), "2026-02-30"),
        (("agenda", "03/04/2027"), "2027-03-04"),
        (("agenda", "2027-05-02", "2027-05-01"), "2027-05-01"),
        (("agenda", "--days", "0"), "0"),
        (("agenda", "--days", "many"), "many"),
        (("agenda", "--tz", "Europe/Berln"), "Europe/Berlin"),
        (("agenda", "-o", "yaml"), "yaml"),
        (("agend",), "daypass agenda"),
        (("show",), "daypass show 1"),
        (("show", "1"), "daypass agenda"),
        (("add", "--title", "x", "--start", "2027-05-01 10:00", "--end", "2027-05-01 09:00"), "end"),
        (("add", "--title", "x", "--start", "2027-03-28 02:30", "--tz", "Europe/Berlin"), "03:30"),
        (("add", "--title", "x", "--start", "2027-05-01 10:00", "--duration", "-1h"), "-1h"),
        (("add", "--title", " ", "--start", "+1h"), "title"),
        (("add", "--title", "x", "--start", "+1h", "--with", "nobody"), "nobody"),
        (("add", "--title", "x", "--start", "2027-05-01", "--end", "2027-05-02 10:00"), "time"),
        (("add", "--title", "x", "--start", "+1h", "--body", "@/nowhere"), "/nowhere"),
        (("add", "--start", "+1h"), "--title"),
        (("sandbox", "sideways"), "sideways"),
    ],
)
def test_words_that_make_no_sense_are_refused_with_a_pointer(cli: Cli, words: tuple[str, ...], told: str) -> None:
    done = cli(*words)
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_an_error_has_a_json_form_too(megan: Cli) -> None:
    done = megan("agenda", "Sontag", "-o", "json")
    error = json.loads(done.stderr)
    assert (error["schema"], error["error"]["code"], error["error"]["exit_code"]) == ("daypass.error/1", "usage", 2)


def test_a_number_beyond_the_listing_and_an_unknown_id_are_not_found(megan: Cli) -> None:
    megan("agenda")
    assert megan.refused("show", "999")[0] == 3
    assert megan.refused("show", "AAMkNoSuchEvent=")[0] == 3


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ({"status": 403}, 5, "ErrorAccessDenied"),
        ({"status": 404}, 3, "ErrorItemNotFound"),
        ({"status": 401}, 4, "do:      daypass login"),
        ({"status": 429, "retry_after": 3600}, 7, "3600 seconds"),
        ({"status": 500}, 8, "HTTP 500"),
        ({"html": True, "status": 500}, 8, "HTTP 500"),
        ({"truncate": 40}, 8, "cut short"),
        ({"cut": 40}, 8, "closed the connection"),
    ],
)
def test_each_lasting_trouble_of_graph_has_its_exit_code(megan: Cli, fault: dict[str, object], code: int, words: str) -> None:
    megan.control.post("/faults", path="/v1.0/me/calendarView", count=0, **fault)
    exit_code, told = megan.refused("agenda")
    assert exit_code == code
    assert words in told["text"]


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "retry_after": 1, "count": 2},
        {"status": 429, "count": 1},
        {"status": 503, "retry_after": 1, "count": 1},
        {"status": 503, "count": 1},
        {"html": True, "status": 502, "count": 1},
        {"drop": "before", "count": 1},
        {"cut": 100, "count": 1},
    ],
)
def test_passing_trouble_is_waited_out(megan: Cli, fault: dict[str, object]) -> None:
    megan.control.post("/faults", path="/v1.0/me/calendarView", **fault)
    done = megan("agenda")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "fault", [{"drop": "after"}, {"drop": "before"}, {"status": 503, "after": True}, {"cut": 20}, {"status": 429, "retry_after": 1}]
)
def test_an_event_is_created_once_whatever_happens_to_the_answer(megan: Cli, fault: dict[str, object]) -> None:
    megan.control.post("/faults", method="POST", path="/v1.0/me/events", count=1, **fault)
    done = megan(*ADD)
    assert done.returncode == 0, done.stderr
    assert [event["subject"] for event in megan.control.events()].count("Once only") == 1


def test_nobody_listening_no_name_and_a_wrong_certificate_are_told_apart(megan: Cli, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    nobody = {"DAYPASS_AUTHORITY": f"https://localhost:{port}", "DAYPASS_GRAPH_ROOT": f"https://localhost:{port}/v1.0"}
    nameless = {"DAYPASS_AUTHORITY": "https://no.such.host.invalid", "DAYPASS_GRAPH_ROOT": "https://no.such.host.invalid/v1.0"}
    import trustme

    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other-ca.pem"))
    for changes, words in (
        (nobody, "nothing answers"),
        (nameless, "cannot be found"),
        ({"DAYPASS_CA_FILE": str(tmp_path / "other-ca.pem")}, "not trusted"),
    ):
        done = megan("login", "--device", **changes)
        assert done.returncode == 8, done.stderr
        assert words in done.stderr
    done = megan("agenda", DAYPASS_CA_FILE=str(tmp_path / "other-ca.pem"))
    assert (done.returncode, "not trusted" in done.stderr) == (8, True), (
        "a changed list of certificates does not change whose tokens these are"
    )


def test_a_stalled_server_is_given_up_in_bounded_time(megan: Cli) -> None:
    megan.control.post("/faults", path="/v1.0/me/calendarView", stall=True, count=1)
    began = time.monotonic()
    assert megan.refused("agenda")[0] == 8
    assert time.monotonic() - began < 45


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder in which nobody can write, /proc")
def test_a_read_only_state_folder_is_named_before_anybody_is_sent_away(cli: Cli) -> None:
    code, told = cli.refused("login", "--device", DAYPASS_STATE_DIR="/proc/daypass")
    assert code == 10
    assert "/proc/daypass" in told["text"]
    assert "/devicelogin" not in told["text"]


def test_leaving_the_pipe_early_is_no_error(megan: Cli) -> None:
    import subprocess

    done = subprocess.run(
        ["/bin/sh", "-c", f"{' '.join(megan.command('agenda', '--days', '300'))} | head -n 1"],
        env=megan.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert done.stderr == ""
