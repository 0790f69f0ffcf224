"""Odd streams, odd words and odd events: advice and the right exit code, never a traceback."""

from __future__ import annotations

import json
import subprocess

import pytest
from cli import Cli


def shell(cli: Cli, command: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run `daypass ...` through a shell, for its redirections."""
    program = " ".join(cli.command())
    environ = {**cli.environ, **changes}
    words = ["/bin/sh", "-c", command.replace("daypass", program)]
    return subprocess.run(words, env=environ, cwd=cli.folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("daypass agenda > /dev/full", 1),
        ("daypass agenda -o json > /dev/full", 1),
        ("daypass agenda >&-", 0),
        ("daypass agenda 2>&-", 0),
        ("daypass agenda <&-", 0),
        ("daypass --help > /dev/full", 1),
        ("daypass show ''", 2),
        ("daypass show -- --debug", 3),
        ("daypass --vers", 2),
        ("daypass --debug --version", 0),
        ("daypass agenda --da 3", 2),
        ("daypass token --scope offline_access", 2),
        ("daypass token --scope ''", 2),
        ("daypass show ..", 2),
        ("daypass show \"$(printf '\\377')\"", 2),
        ("daypass -o json", 2),
        (f"daypass agenda > /dev/null; daypass show {'1' * 5000}", 3),
    ],
)
def test_no_stream_and_no_word_makes_a_traceback(megan: Cli, command: str, code: int) -> None:
    done = shell(megan, command)
    assert "Traceback" not in done.stderr, done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.returncode == code, done.stderr


@pytest.mark.parametrize("command", ["daypass agenda <&-", "daypass agenda 2>&-", "daypass <&- >&-"])
def test_without_streams_and_a_sign_in_it_still_ends_with_4(cli: Cli, command: str) -> None:
    assert shell(cli, command).returncode == 4


@pytest.mark.parametrize("changes", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}])
def test_a_terminal_without_the_characters_is_no_reason_to_fail(megan: Cli, changes: dict[str, str]) -> None:
    megan("add", "--title", "Café ☕", "--start", "+1h")
    for command in ("daypass --help", "daypass agenda", "daypass agenda -o json", "daypass show --match Caf"):
        done = shell(megan, command, **changes)
        assert done.returncode == 0, done.stderr


def test_output_that_cannot_be_written_after_a_change_says_to_look_first(megan: Cli) -> None:
    done = shell(megan, "daypass add --title Once --start +1h > /dev/full")
    assert done.returncode == 1
    assert "look before you repeat it: daypass agenda" in done.stderr
    assert [event["subject"] for event in megan.control.events()].count("Once") == 1


def test_reading_that_cannot_be_written_does_not_speak_of_changes(megan: Cli) -> None:
    assert "look before" not in shell(megan, "daypass agenda > /dev/full").stderr


def test_numbers_that_cannot_be_kept_are_said_to_be_lost_and_old_ones_go(megan: Cli) -> None:
    megan("agenda", "--days", "7")
    kept = megan.state / "last-listing.json"
    assert kept.exists()
    kept.unlink()
    kept.mkdir()
    done = megan("agenda", "--days", "3")
    assert (done.returncode, "could not be kept" in done.stderr) == (0, True)
    assert megan("show", "1").returncode == 2


def test_a_zone_from_a_setting_is_a_setting_to_correct(megan: Cli) -> None:
    done = megan("agenda", DAYPASS_TIME_ZONE="Mars/Olympus")
    assert done.returncode == 10
    assert "DAYPASS_TIME_ZONE in the environment" in done.stderr


def test_an_unknown_word_of_json_asks_for_its_error_in_json(megan: Cli) -> None:
    for words in (("-o=json",), ("-o", "json"), ("--output=json",), ("-ojson",)):
        done = megan("agenda", "nonsense", *words)
        assert json.loads(done.stderr)["error"]["exit_code"] == 2


def test_an_end_is_read_from_the_start_only_when_it_is_a_time_or_a_length(megan: Cli) -> None:
    def made(start: str, end: str) -> dict[str, dict[str, str]]:
        return megan.json("add", "--title", "x", "--start", start, "--end", end)["event"]

    assert made("2027-06-04 09:00", "10am")["end"]["local"] == "2027-06-04T10:00:00+01:00"
    assert made("2027-06-04 09:00", "+2h")["end"]["local"] == "2027-06-04T11:00:00+01:00"
    assert made("2027-06-04", "+2d")["end"] == {"date": "2027-06-07"}
    done = megan("add", "--title", "x", "--start", "2027-06-04 09:00", "--end", "tomorrow 10am")
    assert (done.returncode, "end must come after" in done.stderr) == (2, True), "tomorrow is tomorrow, not the day after the start"


def test_an_hour_that_comes_twice_is_told_apart(megan: Cli) -> None:
    first = megan("add", "--title", "x", "--start", "2027-10-31 01:30", "--duration", "1h").stdout
    assert "Start      Sun 2027-10-31 01:30 (+0100) Europe/London" in first
    assert "End        Sun 2027-10-31 01:30 (+0000) Europe/London" in first
    second = megan.json("add", "--title", "x", "--start", "2027-10-31 01:30", "--fold")["event"]
    assert second["start"]["utc"] == "2027-10-31T01:30:00Z"


def test_a_zone_that_is_no_name_is_mentioned(megan: Cli) -> None:
    del megan.environ["DAYPASS_TIME_ZONE"]
    done = megan("agenda", TZ="CET-1CEST")
    assert (done.returncode, "names no time zone" in done.stderr) == (0, True)


def test_a_body_from_a_file_is_whole_or_refused(megan: Cli) -> None:
    path = megan.folder / "long.txt"
    path.write_text("x" * 1_000_001, encoding="utf-8")
    done = megan("add", "--title", "x", "--start", "+1h", "--body", f"@{path}")
    assert (done.returncode, "longer than" in done.stderr) == (2, True)
    assert megan.json("add", "--title", "x", "--start", "+1h", "--body", "@@home")["event"]["body"] == "@home"
