"""daypass's sign-in for Azure's SDKs, in a process of its own, as a program has it."""

from __future__ import annotations

import json
import subprocess
import sys

from cli import Cli

PROGRAM = """
import json, sys
from daypass.azure import Credential
with Credential() as credential:
    token = credential.get_token(*sys.argv[1:])
    info = credential.get_token_info(*sys.argv[1:], options={"claims": None})
    print(json.dumps({"token": token.token, "expires_on": token.expires_on, "same": info.token == token.token, "type": info.token_type}))
print(*sys.modules, file=sys.stderr)
"""


def ask(cli: Cli, *scopes: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", PROGRAM, *scopes]
    return subprocess.run(command, env=cli.environ, capture_output=True, text=True, timeout=60, check=False)


def test_an_sdk_gets_the_token_that_the_command_line_has(megan: Cli) -> None:
    done = ask(megan, "https://graph.microsoft.com/.default")
    told = json.loads(done.stdout)
    assert told["token"] == megan("token").stdout.strip()
    assert (told["same"], told["type"], told["expires_on"] > 1_700_000_000) == (True, "Bearer", True)
    assert not {"msal", "azure"} & {name.partition(".")[0] for name in done.stderr.split()}


def test_a_scope_is_a_scope_with_or_without_its_service(cli: Cli) -> None:
    cli.sign_in()
    assert json.loads(ask(cli, "https://graph.microsoft.com/Calendars.Read").stdout)["token"]
    refused = ask(cli, "Mail.Send")
    assert refused.returncode == 1
    assert "ConsentRequired" in refused.stderr


def test_nobody_signed_in_is_an_error_and_no_question(cli: Cli) -> None:
    refused = ask(cli, "https://graph.microsoft.com/.default")
    assert (refused.returncode, "SignInRequired" in refused.stderr) == (1, True)
