"""No secret is where somebody could find it: not in an output, a file, a log at its most talkative, or an argument of a program."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import plain_browser
import pytest
from cli import Cli

from daypass.app import load
from daypass.vault import Vault

SECRET = "canary~s3cret~of~the~app"
TALKATIVE = (
    "import logging, sys; logging.basicConfig(level=1, stream=sys.stderr); from daypass.cli import main; sys.exit(main(sys.argv[1:]))"
)
WATCHING = """#!{python}
import subprocess, sys
with open({log!r}, "a") as log:
    print(*sys.argv, file=log)
    for line in subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True).stdout.splitlines():
        print(line, file=log)
sys.exit(subprocess.call([{python!r}, {browser!r}, "open", *sys.argv[1:]], stdout=subprocess.DEVNULL))
"""


def talk(cli: Cli, *words: str) -> str:
    """Everything that a command says with every logger at its lowest level."""
    command = [sys.executable, "-c", TALKATIVE, *words]
    done = subprocess.run(
        command, env=cli.environ, cwd=cli.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "DEBUG:" in done.stderr or words[0] in ("status", "accounts", "agenda")
    return done.stdout + done.stderr


def kept(cli: Cli, profile: str = "default") -> dict[str, Any]:
    settings = load({"profile": profile}, cli.environ, str(cli.folder))
    return Vault(settings.folder, settings.identity).read()


def secrets_in(state: dict[str, Any]) -> set[str]:
    kinds = ("AccessToken", "RefreshToken", "IdToken")
    return {entry["secret"] for kind in kinds for entry in state["cache"].get(kind, {}).values()}


def files_with(folder: Path, secrets: set[str]) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [path for path in files if any(secret.encode() in path.read_bytes() for secret in secrets)]


@pytest.mark.parametrize("way", ["browser", "device"])
def test_a_persons_sign_in_leaves_no_secret_behind(way: str, cli: Cli) -> None:
    seen, browser = cli.folder / "seen", cli.folder / "browser"
    browser.write_text(WATCHING.format(python=sys.executable, log=str(seen), browser=plain_browser.__file__))
    browser.chmod(0o700)
    cli.environ |= {"BROWSER": str(browser), "SSL_CERT_FILE": cli.environ["DAYPASS_CA_FILE"]}
    if way == "device":
        cli.control.when_asked({"user": "megan"})
    said = talk(cli, "login", f"--{way}", "--write")
    said += talk(cli, "agenda") + talk(cli, "status", "--check") + talk(cli, "status", "-o", "json") + talk(cli, "accounts", "list")
    secrets = secrets_in(kept(cli))
    assert len(secrets) == 3
    assert [secret for secret in secrets if secret in said] == []
    assert files_with(cli.folder, secrets) == []
    if way == "browser":
        watched = seen.read_text()
        assert "http://localhost:" in watched
        assert "code_challenge" not in watched  # nor anything else of the question: the short address leads on to it
        assert "code=" not in said


def test_an_apps_sign_in_keeps_its_secret_in_its_file_alone(cli: Cli) -> None:
    app = "99999999-2222-3333-4444-555555555555"
    cli.control.post("/apps", client_id=app, displayName="Robot", publicClient=False, roles=["Calendars.Read"], secret=SECRET)
    (cli.folder / "secret").write_text(SECRET)
    cli.environ["CLIENT_ID"] = app
    said = talk(cli, "login", "--app", "--secret-file", "secret", "--mailbox", "megan@contoso.example") + talk(cli, "agenda")
    state = kept(cli)
    secrets = secrets_in(state) | {SECRET}
    assert [secret for secret in secrets if secret in said] == []
    assert SECRET not in json.dumps(state)
    assert files_with(cli.folder, secrets) == [cli.folder / "secret"]
    (cli.folder / "secret").write_text(f"{SECRET} that is wrong")
    done = cli("token", "--min-ttl", "100h")
    assert done.returncode == 10
    assert SECRET not in done.stdout + done.stderr
