"""What daypass does only when somebody is there: sign in on the way, step up for a change, replace a code that ran out."""

from __future__ import annotations

from cli import Cli
from terminal import Terminal


def test_the_bare_command_signs_in_once_and_goes_on(cli: Cli) -> None:
    cli.control.when_asked({"user": "megan"})
    with Terminal(cli.command(), cli.environ) as terminal:
        terminal.wait_for(r"(Times are Europe/London)")
    assert terminal.code == 0
    assert terminal.seen.count("and enter code") == 1
    assert "Welcome, Megan Bowen!" in terminal.seen


def test_a_code_that_ran_out_is_replaced_on_request(cli: Cli) -> None:
    with Terminal(cli.command("login", "--device"), cli.environ) as terminal:
        (first,) = terminal.wait_for(r"enter code\s+(?:\x1b\[1m)?([A-Z0-9]{6,12})")
        cli.control.post("/clock", advance_seconds=901)
        terminal.wait_for(r"(Get a new one\?)")
        cli.control.when_asked({"user": "megan"})
        terminal.type("\n")
        terminal.wait_for(r"(Signed in as Megan Bowen)")
    assert terminal.code == 0
    assert terminal.seen.count("and enter code") == 2
    assert first in terminal.seen


def test_the_first_change_steps_up_and_goes_on(cli: Cli) -> None:
    cli.sign_in()
    cli.control.when_asked({"user": "megan"})
    with Terminal(cli.command("add", "--title", "Stepped up", "--start", "+1h"), cli.environ) as terminal:
        terminal.wait_for(r"(Subject +Stepped up)")
    assert terminal.code == 0
    assert "This asks for User.Read, Calendars.ReadWrite" in terminal.seen
    assert [event["subject"] for event in cli.control.events()].count("Stepped up") == 1


def test_nobody_else_takes_over_in_the_middle_of_a_change(cli: Cli) -> None:
    cli.sign_in()
    cli.control.when_asked({"user": "alex"})
    with Terminal(cli.command("add", "--title", "Wrong calendar", "--start", "+1h"), cli.environ) as terminal:
        terminal.wait_for(r"(alex@contoso\.example signed in, where megan@contoso\.example was expected)")
    assert terminal.code == 4
    assert "Wrong calendar" not in [event["subject"] for user in ("megan", "alex") for event in cli.control.events(user)]
    assert cli.json("status")["name"] == "Megan Bowen"
