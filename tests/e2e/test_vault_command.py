"""`daypass vault` as people run it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli import Cli


@pytest.fixture
def words(cli: Cli) -> str:
    path = cli.folder / "words"
    path.write_text("correct horse battery\n")
    return str(path)


def test_it_shows_where_the_sign_in_rests(cli: Cli) -> None:
    cli.sign_in()
    shown = json.loads(cli("vault", "show", "-o", "json").stdout)
    assert (shown["keeper"], shown["protection"][0], shown["set_aside"]) == ("sibling", "C", [])
    assert shown["bytes"] == Path(shown["path"]).stat().st_size
    assert "C: sealed" in cli("vault", "show").stdout


def test_a_new_key_for_all_profiles(cli: Cli) -> None:
    cli.sign_in()
    cli.control.when_asked({"user": "alex"})
    assert cli("login", "--device", "--profile", "alex").returncode == 0
    before = (cli.state / "key").read_bytes()
    done = cli("vault", "rekey")
    assert (done.returncode, "Sealed anew: 2" in done.stdout) == (0, True), done.stderr
    assert before != (cli.state / "key").read_bytes()
    assert cli.json("status")["name"] == "Megan Bowen"
    assert cli.json("--profile", "alex", "status")["name"] == "Alex Wilber"


def test_from_keeper_to_keeper(cli: Cli, words: str) -> None:
    cli.sign_in()
    cli.environ["DAYPASS_PASSPHRASE_FILE"] = words
    assert cli("vault", "rekey", "--to", "passphrase").returncode == 0
    assert not (cli.state / "key").exists()
    assert cli.json("status")["protection"][0] == "A"
    refused = cli("status", DAYPASS_PASSPHRASE_FILE=None)
    assert (refused.returncode, "nobody is here to type it" in refused.stderr) == (10, True)
    assert cli("agenda").returncode == 0
    assert cli("vault", "rekey", "--to", "sibling").returncode == 0
    assert cli.json("status")["protection"][0] == "C"


def test_a_copy_is_taken_elsewhere(cli: Cli, words: str) -> None:
    cli.sign_in()
    copy = cli.folder / "copy"
    done = cli("vault", "export", str(copy), "--passphrase-file", words)
    assert done.returncode == 0, done.stderr
    assert copy.stat().st_mode & 0o777 == 0o600
    assert cli("vault", "export", str(copy), "--passphrase-file", words).returncode == 10  # never in place of another file
    elsewhere = {"DAYPASS_STATE_DIR": str(cli.folder / "elsewhere")}
    assert cli("status", **elsewhere).returncode == 4
    brought = cli("vault", "import", str(copy), "--passphrase-file", words, **elsewhere)
    assert (brought.returncode, "megan@contoso.example" in brought.stdout) == (0, True), brought.stderr
    assert cli("agenda", **elsewhere).returncode == 0
    assert "megan" in cli("accounts", "list", **elsewhere).stdout
    assert cli("vault", "import", str(copy), "--passphrase-file", words, **elsewhere).returncode == 2  # somebody is signed in
    assert cli("vault", "import", str(copy), "--passphrase-file", words, "--force", **elsewhere).returncode == 0


def test_a_copy_of_another_app_or_with_another_passphrase_changes_nothing(cli: Cli, words: str) -> None:
    cli.sign_in()
    copy, other = cli.folder / "copy", cli.folder / "other"
    cli("vault", "export", str(copy), "--passphrase-file", words)
    other.write_text("wrong horse battery")
    assert cli("vault", "import", str(copy), "--passphrase-file", str(other), "--force").returncode == 10
    app = "12345678-1234-1234-1234-123456789012"
    assert cli("vault", "import", str(copy), "--passphrase-file", words, CLIENT_ID=app).returncode == 10
    assert cli("vault", "import", str(cli.folder / "nowhere"), "--passphrase-file", words).returncode == 2
    assert cli("vault", "import", words, "--passphrase-file", words).returncode == 2
    assert cli.json("status")["name"] == "Megan Bowen"


def test_nothing_to_copy_and_a_passphrase_too_short_are_told(cli: Cli, words: str) -> None:
    assert cli("vault", "export", str(cli.folder / "copy"), "--passphrase-file", words).returncode == 2
    cli.sign_in()
    short = cli.folder / "short"
    short.write_text("abc")
    assert cli("vault", "export", str(cli.folder / "copy"), "--passphrase-file", str(short)).returncode == 2
    assert cli("vault", "export", str(cli.folder / "copy")).returncode == 2  # nobody to ask
    assert not (cli.folder / "copy").exists()
