"""What docs/explanation/cross-device.md claims of signing in on another device (BCP 247, RFC 10027), each claim as a test of its name."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from cli import Cli
from terminal import Terminal

from daypass.auth.methods import Place, ladder
from daypass.cli.signin import CODES_AT_MOST

CODE = r"enter code\s+(?:\x1b\[1m)?([A-Z0-9]{6,12})"


def asked_for_codes(cli: Cli) -> int:
    return sum(exchange["url"].partition("?")[0].endswith("/devicecode") for exchange in cli.control.journal())


class TestProtocolSelection:
    @pytest.mark.parametrize("place", [Place(browser=True), Place(ssh=True), Place(browser=True, ssh=True, container=True)])
    def test_a_code_is_not_the_first_choice_where_a_browser_can_bring_the_answer(self, place: Place) -> None:
        assert ladder(place)[0].name in ("browser", "relay")

    def test_a_code_opens_no_browser_on_the_same_device(self, cli: Cli) -> None:
        opened = cli.folder / "opened"
        browser = cli.folder / "browser"
        browser.write_text(f"#!{sys.executable}\nopen({str(opened)!r}, 'w').close()\n")
        browser.chmod(0o700)
        cli.environ["BROWSER"] = str(browser)
        cli.sign_in()
        assert not opened.exists()

    def test_a_way_that_the_tenant_refuses_is_not_offered_first_again(self) -> None:
        names = [method.name for method in ladder(Place(ssh=True), frozenset({"device", "relay"}))]
        assert names == ["relay", "device"]
        assert ladder(Place(browser=True), frozenset({"browser"}))[0].name == "device"


class TestInitiation:
    def test_no_code_is_asked_for_unless_somebody_asks_to_sign_in(self, cli: Cli) -> None:
        for words in (("agenda",), ("status",), ("token",), ()):
            assert cli(*words).returncode == 4
        assert cli("login").returncode == 2
        assert asked_for_codes(cli) == 0

    def test_a_code_is_replaced_on_request_alone_and_three_times_at_most(self, cli: Cli) -> None:
        assert CODES_AT_MOST == 4
        with Terminal(cli.command("login", "--device"), cli.environ) as terminal:
            for number in range(1, CODES_AT_MOST + 1):
                terminal.wait_for(rf"(?s)(?:{CODE}.*){{{number}}}")
                assert asked_for_codes(cli) == number
                cli.control.post("/clock", advance_seconds=901)
                if number < CODES_AT_MOST:
                    terminal.wait_for(rf"(?s)((?:Get a new one.*){{{number}}})")
                    terminal.type("\n")
            terminal.wait_for("(the code ran out before it was used)")
        assert (terminal.code, asked_for_codes(cli)) == (4, CODES_AT_MOST)

    def test_the_service_is_polled_at_its_own_pace(self, cli: Cli) -> None:
        cli.control.post("/policies", strict_polling=True)
        cli.sign_in()
        answers = [exchange["response_body"] for exchange in cli.control.journal() if exchange["url"].endswith("/token")]
        assert [answer for answer in answers if answer.get("error") == "slow_down"] == []


class TestContext:
    def test_beside_the_code_stand_what_it_is_for_and_the_warning(self, cli: Cli) -> None:
        process = cli.start("login", "--device")
        cli.control.when_asked({"user": "megan"}).join()
        _, said = process.communicate(timeout=60)
        for words in ("User.Read, Calendars.Read", "read your calendar", cli.environ["TENANT_ID"], cli.environ["CLIENT_ID"]):
            assert words in said
        assert "Only type this code if you started this sign-in yourself, here, just now.\nNobody will ever send you one." in said

    def test_the_qr_code_holds_the_address_and_never_the_code(self, cli: Cli) -> None:
        with Terminal(cli.command("login", "--device"), cli.environ) as terminal:
            (code,) = terminal.wait_for(CODE)
            terminal.type("q")
            shown = terminal.wait_for(r"(?s)\n    (https://\S+)\s")
            terminal.type("\x1b")
        assert shown[0].endswith("/devicelogin")
        assert code not in shown[0]

    def test_it_says_at_the_end_who_signed_in(self, cli: Cli) -> None:
        process = cli.start("login", "--device")
        cli.control.when_asked({"user": "alex"})
        _, said = process.communicate(timeout=60)
        assert "Signed in as Alex Wilber (alex@contoso.example)" in said


class TestImpact:
    def test_no_more_is_asked_for_than_reading_takes(self, cli: Cli) -> None:
        cli.sign_in()
        assert set(cli.json("status")["scopes"]) == {"User.Read", "Calendars.Read"}

    def test_less_can_be_asked_for(self, cli: Cli) -> None:
        cli.control.when_asked({"user": "megan"})
        assert cli("login", "--device", "--basic", "--no-renewal").returncode == 0
        status = cli.json("status")
        assert (set(status["scopes"]), status["renews_itself"]) == ({"User.Read", "Calendars.ReadBasic"}, False)
        assert cli("agenda").returncode == 0

    def test_somebody_else_than_expected_is_not_kept(self, cli: Cli) -> None:
        cli.control.when_asked({"user": "alex"})
        done = cli("login", "--device", "--expect-user", "megan@contoso.example")
        assert done.returncode == 4
        assert cli.json_of("status")["signed_in"] is False

    def test_a_sign_in_that_was_ended_elsewhere_is_noticed_at_once(self, cli: Cli) -> None:
        cli.sign_in()
        assert cli("agenda").returncode == 0
        cli.control.post("/revoke", user="megan")
        assert cli("agenda").returncode == 4

    def test_the_code_is_kept_nowhere(self, cli: Cli, tmp_path: Path) -> None:
        process = cli.start("login", "--device", "--events")
        event = next(json.loads(line) for line in iter(process.stderr.readline, "") if '"code"' in line)
        cli.control.post("/approve", user="megan")
        output, _ = process.communicate(timeout=60)
        assert event["user_code"] not in output
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert files
        assert [path for path in files if event["user_code"].encode() in path.read_bytes()] == []
