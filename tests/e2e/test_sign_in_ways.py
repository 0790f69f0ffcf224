"""Every way to sign in, as people and programs take it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import plain_browser
import pytest
import requests
from cli import Cli, Control
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from terminal import Terminal

from certificates import base64_der, certificate, pem, private_key, private_pem
from daypass_sandbox import serve
from daypass_sandbox.entra.federated import MACHINE

ROBOT = "99999999-2222-3333-4444-555555555555"


@pytest.fixture
def browsing(cli: Cli) -> Cli:
    """A command line with a browser in which Megan signs in."""
    cli.environ |= {"BROWSER": f"{sys.executable} {plain_browser.__file__} open %s &", "SSL_CERT_FILE": cli.environ["DAYPASS_CA_FILE"]}
    return cli


def robot(cli: Cli, secret: str = "the~secret") -> None:
    cli.control.post("/apps", client_id=ROBOT, displayName="Robot", publicClient=False, roles=["Calendars.Read"], secret=secret)
    (cli.folder / "secret").write_text(secret + "\n")
    cli.environ["CLIENT_ID"] = ROBOT


class TestInABrowser:
    def test_on_this_machine(self, browsing: Cli) -> None:
        done = browsing("login", "--browser")
        assert done.returncode == 0, done.stderr
        assert browsing.json("status")["method"] == "browser"
        assert browsing("agenda").returncode == 0

    def test_through_ssh(self, cli: Cli) -> None:
        cli.environ["SSH_CONNECTION"] = "198.51.100.7 51514 203.0.113.9 22"
        with Terminal(cli.command("login", "--port", "0"), cli.environ) as terminal:
            (port, again) = terminal.wait_for(r"ssh -N -L (\d+):127\.0\.0\.1:(\d+) \S+@203\.0\.113\.9")
            terminal.wait_for(rf"(http://localhost:{port})")
            answer = plain_browser.sign_in(f"http://localhost:{port}", cli.environ["DAYPASS_CA_FILE"])
            plain_browser.PlainBrowser().go(answer.url, answer.posted)
            terminal.wait_for("(Signed in as Megan Bowen)")
        assert (terminal.code, port) == (0, again)
        assert cli.json("status")["method"] == "relay"

    def test_by_pasting_where_it_ended(self, cli: Cli) -> None:
        with Terminal(cli.command("login", "--paste"), cli.environ) as terminal:
            (url,) = terminal.wait_for(r"(https://localhost\S+authorize\?\S+nonce\S+)")
            terminal.wait_for(r"(Its whole address)")
            terminal.type("http://localhost/?code=x&state=wrong\n")
            terminal.wait_for(r"(That is not where this sign-in ends)")
            landing = plain_browser.sign_in(re.sub(r"\x1b\[\d*m", "", url), cli.environ["DAYPASS_CA_FILE"])
            terminal.type(landing.url + "\n")
            terminal.wait_for("(Signed in as Megan Bowen)")
        assert terminal.code == 0

    def test_another_sign_ins_answer_is_no_answer(self, browsing: Cli) -> None:
        process = browsing.start("login", "--relay", "--events", "--port", "0")
        event = next(json.loads(line) for line in iter(process.stderr.readline, "") if '"page"' in line)
        port = re.search(r"-L (\d+):", event["tunnel"])[1]
        page = plain_browser.PlainBrowser().go(f"http://localhost:{port}/?code=stolen&state=guessed")
        assert "not the sign-in we wait for" in page.text
        code, _ = browsing.interrupt(process)
        assert code == 130
        assert browsing("status").returncode == 4


class TestKeys:
    def test_a_person_steps_from_rung_to_rung(self, cli: Cli) -> None:
        cli.control.when_asked({"user": "megan"})
        with Terminal(cli.command("login", "--relay", "--port", "0"), cli.environ) as terminal:
            terminal.wait_for(r"(Waiting for your browser)")
            terminal.type("d")
            terminal.wait_for(r"(and enter code)")
            terminal.wait_for("(Signed in as Megan Bowen)")
        assert (terminal.code, cli.json("status")["method"]) == (0, "device")

    @pytest.mark.parametrize("way", ["--device", "--relay"])
    def test_escape_ends_it_at_once(self, way: str, cli: Cli) -> None:
        with Terminal(cli.command("login", way, *(["--port", "0"] if way == "--relay" else [])), cli.environ) as terminal:
            terminal.wait_for(r"(Esc\] stop)")
            began = time.monotonic()
            terminal.type("\x1b")
            terminal.wait_for("(Interrupted)")
            assert time.monotonic() - began < 1.5
        assert terminal.code == 130

    def test_the_code_is_copied_by_the_terminal(self, cli: Cli) -> None:
        cli.environ["PATH"] = str(cli.folder)  # no clipboard program here
        with Terminal(cli.command("login", "--device"), cli.environ) as terminal:
            terminal.wait_for(r"(Esc\] stop)")
            terminal.type("c")
            terminal.wait_for(r"(\x1b\]52;c;[A-Za-z0-9+/=]+\x07)")
            terminal.type("\x1b")

    def test_one_who_listens_hears_the_code_spelt_out_and_no_drawings(self, cli: Cli) -> None:
        with Terminal(cli.command("login", "--device", "--plain"), cli.environ) as terminal:
            terminal.wait_for(r"(Spelled out: [A-Za-z0-9, -]+\.)")
            terminal.wait_for(r"(Keys: )")
            terminal.type("\x1b")
        assert not set("█▀▄\x1b") & set(terminal.seen.replace("\x1b]", ""))

    def test_the_services_own_words_come_in_the_language_asked_for(self, cli: Cli) -> None:
        process = cli.start("login", "--device", "--language", "de-DE")
        cli.control.when_asked({"user": "megan"})
        _, said = process.communicate(timeout=60)
        assert "Öffnen Sie zum Anmelden" in said


class TestAsAnApp:
    def test_with_a_secret(self, cli: Cli) -> None:
        robot(cli)
        done = cli("login", "--app", "--secret-file", "secret", "--mailbox", "megan@contoso.example")
        assert done.returncode == 0, done.stderr
        status = cli.json("status")
        assert (status["method"], status["scopes"], status["person_needed_at"]) == ("secret", ["Calendars.Read"], None)
        assert cli("agenda").returncode == 0
        assert "The calendar of megan@contoso.example" in cli().stdout

    def test_without_a_mailbox_it_is_told_what_is_missing(self, cli: Cli) -> None:
        robot(cli)
        assert "--mailbox" in cli("login", "--app", "--secret-file", "secret").stderr
        done = cli("agenda")
        assert (done.returncode, "DAYPASS_MAILBOX" in done.stderr) == (10, True)
        assert cli("agenda", DAYPASS_MAILBOX="megan@contoso.example").returncode == 0

    def test_a_secret_that_is_renewed_in_its_file_goes_on_working(self, cli: Cli) -> None:
        robot(cli)
        cli("login", "--app", "--secret-file", "secret", "--mailbox", "megan@contoso.example")
        cli.control.post("/apps", client_id=ROBOT, secret="another~secret")
        (cli.folder / "secret").write_text("another~secret")
        assert cli("token", "--min-ttl", "10h").returncode == 0
        (cli.folder / "secret").unlink()
        gone = cli("token", "--min-ttl", "10h")
        assert (gone.returncode, "cannot be read" in gone.stderr) == (10, True)

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            ((), "must prove who it is"),
            (("--secret-file", "a", "--certificate", "b"), "one file"),
            (("--secret-file", "nowhere"), "cannot be read"),
            (("--certificate", "secret"), "holds no"),
            (("--certificate", "garbage"), "is damaged, or sealed with a password"),
            (("--secret-file", "garbage"), "no line of text"),
            (("--federated-token-file", "garbage"), "no line of text"),
        ],
    )
    def test_what_proves_nothing_is_told(self, words: tuple[str, ...], told: str, cli: Cli) -> None:
        robot(cli, "-----BEGIN NOTHING-----")
        (cli.folder / "garbage").write_bytes(bytes(range(1, 256)))
        done = cli("login", "--app", *words)
        assert (done.returncode in (2, 10), told in done.stderr) == (True, True), done.stderr

    def test_with_a_token_of_its_platform(self, cli: Cli) -> None:
        robot(cli)
        cli.control.post("/federated", client_id=ROBOT, subject="system:serviceaccount:reports:nightly")
        token = cli.control.post("/assertion", subject="system:serviceaccount:reports:nightly")["assertion"]
        (cli.folder / "token").write_text(token)
        done = cli("login", "--app", "--federated-token-file", "token", "--mailbox", "megan@contoso.example")
        assert done.returncode == 0, done.stderr
        assert cli.json("status")["method"] == "federated"
        assert cli("agenda").returncode == 0
        other = cli.control.post("/assertion", subject="system:serviceaccount:another")["assertion"]
        (cli.folder / "token").write_text(other)
        refused = cli("token", "--min-ttl", "10h")
        assert (refused.returncode, "AADSTS700213" in refused.stderr, other in refused.stderr) == (10, True, False), refused.stderr

    @pytest.mark.parametrize("sealed", [True, False])
    def test_with_a_certificate(self, sealed: bool, cli: Cli, running: Any) -> None:
        robot(cli)
        cert = certificate(running.tenant.clock.now())
        key = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64_der(cert), "displayName": "CN=Robot"}
        bearer = cli.control.post("/token", user="megan", scopes=["Application.ReadWrite.All"])["access_token"]
        answer = requests.patch(
            f"{running.graph_root}/applications(appId='{ROBOT}')",
            json={"keyCredentials": [key]},
            headers={"Authorization": f"Bearer {bearer}"},
            verify=running.ca_file,
            timeout=10,
        )
        assert answer.ok, answer.text
        words = ["login", "--app", "--certificate", "robot.pem", "--mailbox", "megan@contoso.example"]
        if sealed:
            content = pkcs12.serialize_key_and_certificates(b"Robot", private_key(1), cert, None, BestAvailableEncryption(b"c0ntoso"))
            (cli.folder / "robot.pem").write_bytes(content)
            (cli.folder / "password").write_text("c0ntoso\n")
            words += ["--certificate-password-file", "password"]
        else:
            (cli.folder / "robot.pem").write_text(private_pem() + pem(cert))
        done = cli(*words)
        assert done.returncode == 0, done.stderr
        assert cli.json("status")["method"] == "certificate"
        assert cli("agenda").returncode == 0


class TestAsTheMachineItself:
    @pytest.fixture
    def machine(self, tmp_path: Path) -> Iterator[Cli]:
        """The command line on a machine with an identity of its own, which is told nothing else."""
        with serve(port=0, managed_identity=0) as server:
            yield Cli(tmp_path, server.environ, Control(server.control, server.ca_file))

    def test_it_needs_no_file_and_no_id(self, machine: Cli) -> None:
        machine.control.post("/assertion", subject="anything")
        del machine.environ["CLIENT_ID"], machine.environ["TENANT_ID"]
        done = machine("login", "--managed-identity", "--mailbox", "megan@contoso.example")
        assert done.returncode == 0, done.stderr
        assert machine.json("status")["method"] == "managed_identity"
        assert machine("agenda").returncode == 5  # nobody granted it anything
        machine.control.post("/apps", client_id=MACHINE, roles=["Calendars.Read"])
        assert machine("login", "--managed-identity", "--mailbox", "megan@contoso.example").returncode == 0
        agenda = machine("agenda")
        assert agenda.returncode == 0, agenda.stderr

    def test_one_of_several_is_named(self, machine: Cli) -> None:
        robot(machine)
        words = ("login", "--managed-identity", "--identity", ROBOT, "--mailbox", "megan@contoso.example")
        done = machine(*words)
        assert done.returncode == 0, done.stderr
        assert "CLIENT_ID in the environment names another app" in done.stderr
        del machine.environ["CLIENT_ID"], machine.environ["TENANT_ID"]
        done = machine(*words)
        assert (done.returncode, "CLIENT_ID" in done.stderr) == (0, False)
        assert machine("agenda").returncode == 0

    def test_a_machine_without_one_is_told(self, cli: Cli) -> None:
        cli.environ |= {"IDENTITY_ENDPOINT": "http://127.0.0.1:9/msi/token", "IDENTITY_HEADER": "x"}
        done = cli("login", "--managed-identity")
        assert (done.returncode in (8, 10), "Traceback" in done.stderr) == (True, False), done.stderr

    def test_its_listener_answers_nothing_else(self, machine: Cli) -> None:
        endpoint = urlsplit(machine.environ["IDENTITY_ENDPOINT"])
        assert requests.get(f"http://{endpoint.netloc}/v1.0/me", timeout=10).status_code == 404
        assert requests.get(f"http://{endpoint.netloc}/sandbox/apps", timeout=10).status_code == 404


class TestWithAToken:
    def given(self, cli: Cli, token: str, *words: str) -> subprocess.CompletedProcess[str]:
        command = cli.command("login", "--with-token", *words)
        return subprocess.run(
            command, env=cli.environ, cwd=cli.folder, input=token, capture_output=True, text=True, timeout=60, check=False
        )

    def token(self, cli: Cli, **said: object) -> str:
        return cli.control.post("/token", **{"user": "megan", "scopes": ["User.Read", "Calendars.Read"], **said})["access_token"]

    def test_graph_says_whose_it_is(self, cli: Cli) -> None:
        done = self.given(cli, f"Bearer {self.token(cli)}\n")
        assert done.returncode == 0, done.stderr
        status = cli.json("status")
        assert (status["name"], status["method"], status["renews_itself"]) == ("Megan Bowen", "token", False)
        assert cli("agenda").returncode == 0

    def test_one_that_is_no_good_leaves_everything_as_it_was(self, cli: Cli) -> None:
        cli.sign_in()
        for token in ("e30.e30.x", "no token at all", "", "e30\0e30", "e" * 70_000, self.token(cli)[:-3] + "abc"):
            done = self.given(cli, token)
            assert done.returncode in (2, 4, 10), done.stderr
            assert "Traceback" not in done.stderr
        assert self.given(cli, self.token(cli, user="alex"), "--expect-user", "megan@contoso.example").returncode == 4
        assert cli.json("status")["method"] == "device"


class TestProfiles:
    def test_two_people_side_by_side(self, cli: Cli) -> None:
        cli.sign_in()
        cli.control.when_asked({"user": "alex"})
        assert cli("login", "--device", "--profile", "alex").returncode == 0
        assert cli.json("status")["name"] == "Megan Bowen"
        assert cli.json("--profile", "alex", "status")["name"] == "Alex Wilber"
        assert cli("status", "--profile", "nobody").returncode == 2
        listed = json.loads(cli("accounts", "list", "-o", "json").stdout)["accounts"]
        assert [(one["profile"], one["current"]) for one in listed] == [("alex", False), ("default", True)]

    def test_they_are_switched_renamed_and_removed(self, cli: Cli) -> None:
        cli.sign_in()
        cli.control.when_asked({"user": "alex"})
        cli("login", "--device", "--profile", "alex")
        bare = dict.fromkeys(("CLIENT_ID", "TENANT_ID", "DAYPASS_AUTHORITY", "DAYPASS_GRAPH_ROOT", "DAYPASS_CA_FILE"))
        assert cli("accounts", "switch", "alex").returncode == 0
        assert "Alex Wilber" in cli("status", **bare).stdout
        assert cli("accounts", "rename", "alex", "work").returncode == 0
        assert "Alex Wilber" in cli("status", **bare).stdout
        assert cli("accounts", "remove", "work").returncode == 0
        assert "Megan Bowen" in cli("status", **bare).stdout
        assert cli("accounts", "switch", "work").returncode == 2

    def test_pins_hold_for_later_sign_ins(self, cli: Cli) -> None:
        cli.control.when_asked({"user": "megan"})
        assert cli("login", "--device", "--expect-user", "megan@contoso.example").returncode == 0
        cli.control.when_asked({"user": "alex"})
        assert cli("login", "--device").returncode == 4
        assert cli.json("status")["name"] == "Megan Bowen"
        cli.control.when_asked({"user": "megan"})
        assert cli("login", "--device", "--expect-tenant", "00000000-0000-0000-0000-000000000000").returncode == 4

    def test_all_can_be_signed_out(self, cli: Cli) -> None:
        cli.sign_in()
        cli.control.when_asked({"user": "alex"})
        cli("login", "--device", "--profile", "alex")
        assert cli("logout", "--all").returncode == 0
        assert cli("status").returncode == 4
        assert cli("status", "--profile", "alex").returncode == 4


class TestStatusAndToken:
    def test_it_can_ask_the_service_too(self, cli: Cli) -> None:
        cli.sign_in()
        cli.control.forget_journal()
        assert cli.json("status")["signed_in"]
        assert cli.control.journal() == []
        assert json.loads(cli("status", "--check", "-o", "json").stdout)["checked"]["good"]
        cli.control.post("/revoke", user="megan")
        done = cli("status", "--check")
        assert (done.returncode, "AADSTS50173" in done.stdout + done.stderr) == (4, True)

    def test_what_was_learnt_of_the_tenant_is_in_the_forecast(self, cli: Cli) -> None:
        cli.sign_in()
        assert "90 days" in cli.json("status")["person_needed_because"]
        cli.control.post("/policies", sign_in_frequency_seconds=1)
        cli.control.post("/clock", advance_seconds=5)
        assert cli("token", "--min-ttl", "100h").returncode == 4
        cli.control.call("DELETE", "/policies")
        cli.sign_in()
        assert "new sign-in this often" in cli.json("status")["person_needed_because"]

    def test_a_token_takes_the_shape_that_is_wanted(self, cli: Cli) -> None:
        cli.sign_in()
        raw = cli("token").stdout.strip()
        assert cli("token", "--format", "header").stdout == f"Authorization: Bearer {raw}\n"
        assert json.loads(cli("token", "--format", "json").stdout)["access_token"] == raw
        assert cli("token", "--scopes", "User.Read,Calendars.Read").stdout.strip() == raw
        assert cli("token", "--min-ttl", "200h").stdout.strip() != raw
        assert cli("token", "--min-ttl", "soon").returncode == 2

    def test_the_last_refusal_is_explained_with_a_paragraph_to_forward(self, cli: Cli) -> None:
        cli.control.post("/policies", block_device_code=True)
        cli.control.when_asked({"user": "megan"})
        done = cli("login", "--device")
        assert (done.returncode, "device code itself" in done.stderr, "daypass login --browser" in done.stderr) == (5, True, True)
        told = json.loads(cli("explain", "--last", "-o", "json").stdout)
        assert (told["code"], told["method"]) == ("53003", "device")
        assert told["correlation_id"] in told["forward"]
        assert "megan" not in told["forward"]
        assert cli.json_of("status")["last_error"]["code"] == "AADSTS53003"
        cli.control.call("DELETE", "/policies")
        cli.sign_in()
        assert cli("explain", "--last").returncode == 2
