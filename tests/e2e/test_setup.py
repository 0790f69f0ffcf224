"""Registering daypass for real: a token in, an app in the tenant, and a device sign-in with its new client id."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request

import pytest
from cli import HEARING, PATIENCE_SECONDS, Cli
from terminal import Terminal

from certificates import certificate, pem

REGISTER = "Application.ReadWrite.All"
EVERYTHING = (REGISTER, "DelegatedPermissionGrant.ReadWrite.All", "AppRoleAssignment.ReadWrite.All")


@pytest.fixture
def nobody(cli: Cli) -> Cli:
    """A command line that knows the tenant's address and no app."""
    for name in ("CLIENT_ID", "TENANT_ID", "DAYPASS_CLIENT_ID", "DAYPASS_TENANT_ID"):
        cli.environ.pop(name, None)
    return cli


def token(cli: Cli, *scopes: str, **more: Any) -> str:
    return cli.control.post("/token", user="megan", scopes=list(scopes), **more)["access_token"]


def with_input(cli: Cli, text: str, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """A command with something on its standard input, and no terminal anywhere."""
    return subprocess.run(
        cli.command(*words),
        env=cli.changed(changes),
        cwd=cli.folder,
        input=text,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
        start_new_session=True,
    )


def setup(cli: Cli, *words: str, scopes: tuple[str, ...] = EVERYTHING) -> subprocess.CompletedProcess[str]:
    secret = token(cli, *scopes)
    done = with_input(cli, secret, "setup", "--with-token", *words)
    assert secret not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def registered(cli: Cli, *words: str, **more: Any) -> dict[str, Any]:
    done = setup(cli, *words, "-o", "json", **more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def apps(cli: Cli) -> list[dict[str, Any]]:
    return cli.control.call("GET", "/apps")


def approve_sign_in(cli: Cli, client_id: str) -> None:
    """Wait for a sign-in to ask for a code, and approve it; the code that the check asked for, for all permissions, waits in vain."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for code in cli.control.call("GET", "/approve"):
            if code["client_id"] == client_id and "Calendars.ReadWrite" not in code["scope"]:
                cli.control.post("/approve", user="megan", user_code=code["user_code"])
                return
        time.sleep(0.05)
    raise AssertionError("no code was asked for")


def test_a_registered_app_signs_people_in(nobody: Cli) -> None:
    done = setup(nobody, "--name", "Contoso calendar", "--write-env", ".env")
    assert done.returncode == 0, done.stderr
    env = (nobody.folder / ".env").read_text()
    assert done.stdout == env
    client_id = env.splitlines()[0].removeprefix("CLIENT_ID=")
    process = nobody.start("login", "--device")
    approve_sign_in(nobody, client_id)
    _, said = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, said
    assert "Signed in as Megan Bowen" in said
    status = nobody.json("status")
    assert (status["client_id"], status["user"]) == (client_id, "megan@contoso.example")
    assert nobody("agenda").returncode == 0


def test_doing_it_again_makes_no_second_app(nobody: Cli) -> None:
    first, again = registered(nobody, "--consent-for-all"), registered(nobody, "--consent-for-all")
    assert (first["created"], again["created"]) == (True, False)
    assert first["fit"]
    assert again["fit"]
    assert first["client_id"] == again["client_id"]
    assert [app["displayName"] for app in apps(nobody)].count("daypass") == 1
    assert {check["name"]: check["passed"] for check in again["checks"]}["consent"] is True


def test_a_change_to_an_app_that_is_there_is_asked_for(nobody: Cli) -> None:
    before = registered(nobody, "--access", "read")
    refused = setup(nobody, "--access", "write")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert "list Calendars.ReadWrite" in refused.stderr
    changed = registered(nobody, "--access", "write", "--yes")
    assert changed["client_id"] == before["client_id"]
    assert changed["changed"] == ["list Calendars.ReadWrite"]
    (app,) = (app for app in apps(nobody) if app["client_id"] == before["client_id"])
    assert "Calendars.ReadWrite" in app["permissions"]


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("\n", 130)])
def test_at_a_terminal_the_question_is_put_although_the_token_comes_in_a_pipe(nobody: Cli, answer: str, code: int) -> None:
    registered(nobody, "--access", "read")
    shell = f'printf %s "$GRAPH_TOKEN" | {sys.executable} -m daypass setup --with-token --access write'
    with Terminal(["sh", "-c", shell], {**nobody.environ, "GRAPH_TOKEN": token(nobody, REGISTER)}) as terminal:
        terminal.wait_for(r"Change it\? \[y/N\]")
        terminal.type(f"{answer}\n")
        terminal.wait_for("up to date: list Calendars.ReadWrite" if code == 0 else "nothing was changed")
    assert terminal.code == code


def test_the_link_for_an_administrator_leads_to_consent_for_everybody(nobody: Cli) -> None:
    document = registered(nobody)
    megan = next(user["id"] for user in nobody.control.call("GET", "/users") if user["userPrincipalName"] == "megan@contoso.example")
    form = urlencode({"user": megan, "answer": "accept"}).encode()
    with pytest.raises(OSError, match=r"refused|Errno|404"):  # the browser is sent to http://localhost, where nobody listens
        nobody.control._opener.open(Request(document["consent_link"], form), timeout=10)
    verified = with_input(nobody, token(nobody, *EVERYTHING), "setup", "verify", "--with-token", "-o", "json")
    checks = {check["name"]: check["passed"] for check in json.loads(verified.stdout)["checks"]}
    assert checks["consent"] is True


# --- an app on its own


def test_an_app_on_its_own_gets_a_certificate_and_no_secret(nobody: Cli) -> None:
    (nobody.folder / "public.pem").write_text(pem(certificate(time.time())))
    document = registered(nobody, "--app-only", "--certificate", "public.pem", "--consent-for-all")
    assert document["fit"]
    assert [one["name"] for one in document["permissions"]] == ["Calendars.ReadBasic.All"]
    assert document["secret_file"] is None
    (app,) = (app for app in apps(nobody) if app["client_id"] == document["client_id"])
    assert (app["publicClient"], app["roles"]) == (False, ["Calendars.ReadBasic.All"])


def test_a_secret_goes_into_its_file_alone_and_is_good(nobody: Cli) -> None:
    done = setup(nobody, "--app-only", "--consent-for-all", "--secret", "--secret-file", "secret", "-o", "json")
    assert done.returncode == 0, done.stderr
    path = nobody.folder / "secret"
    secret = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(secret) > 20
    assert secret not in done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert document["secret_file"] == "secret"
    assert signs_in_on_its_own(nobody, document["client_id"], secret)
    again = setup(nobody, "--app-only", "--secret", "--secret-file", "secret")
    assert again.returncode == 2
    assert path.read_text() == secret


def signs_in_on_its_own(cli: Cli, client_id: str, secret: str) -> bool:
    fields = {
        "client_id": client_id,
        "client_secret": secret,
        "grant_type": "client_credentials",
        "scope": "https://graph.microsoft.com/.default",
    }
    with cli.control._opener.open(
        f"{cli.environ['DAYPASS_AUTHORITY']}/contoso.example/oauth2/v2.0/token", urlencode(fields).encode(), timeout=10
    ) as answer:
        return "access_token" in json.loads(answer.read())


# --- what can go wrong


def error_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.stdout == ""
    return json.loads(done.stderr)["error"]


def test_a_token_without_the_permission_says_which_and_makes_nothing(nobody: Cli) -> None:
    before = apps(nobody)
    error = error_of(setup(nobody, "-o", "json", scopes=("User.Read",)))
    assert (error["code"], error["exit_code"], error["made"]) == ("forbidden", 5, [])
    assert REGISTER in error["do"]
    assert apps(nobody) == before


def test_what_was_made_before_consent_was_refused_is_told_and_the_next_run_goes_on(nobody: Cli) -> None:
    error = error_of(setup(nobody, "--consent-for-all", "-o", "json", scopes=(REGISTER,)))
    assert (error["code"], error["exit_code"]) == ("forbidden", 9)
    assert len(error["made"]) == 2
    assert "DelegatedPermissionGrant.ReadWrite.All" in error["do"]
    document = registered(nobody, "--consent-for-all")
    assert document["client_id"] in error["made"][0]
    assert document["client_id"] in error["do"]  # for whoever would rather undo it
    assert document["created"] is False


@pytest.mark.parametrize("verb", [(), ("verify",)])
def test_an_expired_token_asks_for_a_fresh_one(nobody: Cli, verb: tuple[str, ...]) -> None:
    old = token(nobody, *EVERYTHING, lifetime_seconds=-10)
    done = with_input(nobody, old, "setup", *verb, "--with-token")
    assert done.returncode == 4, done.stderr
    assert "fresh access token" in done.stderr
    assert "daypass login" not in done.stderr


def test_a_name_that_a_web_app_has_is_taken(nobody: Cli) -> None:
    nobody.control.post("/apps", displayName="daypass", publicClient=False, redirectUris=["https://contoso.example/in"])
    done = setup(nobody)
    assert done.returncode == 2
    assert "another kind of app" in done.stderr
    assert "--name ANOTHER" in done.stderr


def test_another_apps_id_in_the_file_stops_it_before_anything_is_made(nobody: Cli) -> None:
    (nobody.folder / ".env").write_text("CLIENT_ID=99999999-9999-4999-8999-999999999999\n")
    before = apps(nobody)
    done = setup(nobody, "--write-env", ".env")
    assert done.returncode == 10
    assert "not overwritten" in done.stderr
    assert apps(nobody) == before


def test_another_tenant_in_the_file_is_found_out_only_when_the_app_is_there_and_then_both_are_told(nobody: Cli) -> None:
    (nobody.folder / ".env").write_text("TENANT_ID=common\n")
    error = error_of(setup(nobody, "--write-env", ".env", "-o", "json"))
    assert (error["code"], error["exit_code"], len(error["made"])) == ("configuration", 9, 2)
    assert error["do"].startswith("correct it there")
    assert (nobody.folder / ".env").read_text() == "TENANT_ID=common\n"


def test_without_a_network_it_says_so(nobody: Cli) -> None:
    nowhere = {"DAYPASS_AUTHORITY": "https://localhost:1", "DAYPASS_GRAPH_ROOT": "https://localhost:1/v1.0"}
    done = with_input(nobody, "e.y.J", "setup", "--with-token", **nowhere)
    assert done.returncode == 8
    assert "nothing answers at localhost:1" in done.stderr


def test_an_answer_that_was_lost_makes_no_second_app(nobody: Cli) -> None:
    nobody.control.post("/faults", path="/v1.0/applications$", method="POST", drop="after", count=1)
    assert registered(nobody)["created"]
    assert [app["displayName"] for app in apps(nobody)].count("daypass") == 1


def test_ctrl_c_half_way_says_what_was_made(nobody: Cli) -> None:
    nobody.control.post("/faults", path="/v1.0/servicePrincipals", method="POST", status=503, count=99)
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", HEARING, "setup", "--with-token"],
        env=nobody.changed({}),
        cwd=nobody.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(token(nobody, *EVERYTHING))
    process.stdin.close()
    process.stdin = None
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not any(exchange["status"] == 503 for exchange in nobody.control.journal()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    code, said = nobody.interrupt(process)
    assert code == 130
    assert "made so far: the app 'daypass', client id " in said
    assert "Traceback" not in said


# --- verifying


def test_verify_tells_a_fit_app_from_one_that_is_not(nobody: Cli) -> None:
    document = registered(nobody)
    ids = {"CLIENT_ID": document["client_id"], "TENANT_ID": document["tenant_id"]}
    assert nobody("setup", "verify", **ids).returncode == 0
    unknown = nobody("setup", "verify", **{**ids, "CLIENT_ID": "99999999-9999-4999-8999-999999999999"})
    assert unknown.returncode == 10
    assert "AADSTS700016" in unknown.stdout
    nobody.control.post("/apps", client_id=document["client_id"], publicClient=False)
    done = with_input(nobody, token(nobody, REGISTER), "setup", "verify", "--with-token", **ids)
    assert done.returncode == 10
    assert "NO  public client flows" in done.stdout
    missing = with_input(nobody, token(nobody, REGISTER), "setup", "verify", "--with-token", "--name", "Nobody's")
    assert missing.returncode == 3
    assert "Nobody's" in missing.stderr


# --- the steps by curl


@pytest.mark.parametrize("words", [(), ("--app-only",), ("--consent-for-all",), ("--app-only", "--consent-for-all")])
def test_the_script_by_curl_registers_the_app_once_however_often_it_runs(nobody: Cli, words: tuple[str, ...]) -> None:
    if shutil.which("curl") is None:
        pytest.skip("NO CURL ON THIS MACHINE: the script was not run")
    name = 'O\'Brien "$HOME" `id`'
    script = nobody("setup", "--print", "graph", "--name", name, *words).stdout
    environ = {**nobody.environ, "GRAPH_TOKEN": token(nobody, *EVERYTHING), "CURL_CA_BUNDLE": nobody.environ["DAYPASS_CA_FILE"]}
    printed = {
        subprocess.run(["sh"], input=script, env=environ, cwd=nobody.folder, text=True, capture_output=True, timeout=60, check=True).stdout
        for _ in range(2)
    }
    assert len(printed) == 1
    assert [app["displayName"] for app in apps(nobody)].count(name) == 1
    ids = dict(line.split("=") for line in printed.pop().splitlines())
    kind = ["--app-only"] if "--app-only" in words else []
    done = with_input(nobody, token(nobody, *EVERYTHING), "setup", "verify", "--with-token", *kind, "-o", "json", **ids)
    checks = {check["name"]: check["passed"] for check in json.loads(done.stdout)["checks"]}
    assert checks.pop("consent") is (True if "--consent-for-all" in words else None)
    assert checks.pop("credentials", False) is False  # a script for an app on its own has no certificate unless one is named
    assert set(checks.values()) == {True}
