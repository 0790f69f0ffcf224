"""A program that nobody here adapted, on two generations of its libraries, does its whole job against the sandbox.

The program has Microsoft's hosts hard-coded. A small proxy on loopback stands for the name service: what is meant for
those hosts goes to the sandbox, whose certificate names them, and everything else is refused.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from cli import Control
from detour import MICROSOFT, Detour
from environments import python_with

PROGRAM = Path(__file__).parent / "tutorial" / "app.py"
GRAPH_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}"


@pytest.fixture(scope="module", params=["old", "new"])
def python(request: pytest.FixtureRequest) -> Path:
    """The interpreter of an environment with one generation of the libraries."""
    return python_with(f"tutorial-{request.param}")


class Run(NamedTuple):
    """One run of the program: when it began, what it printed, and which hosts it asked the proxy for."""

    began: datetime
    output: str
    asked: list[str]

    def events(self, headline: str) -> list[list[str]]:
        """The events that the program listed below a headline, each as subject, organizer, times."""
        block = re.search(rf"^{re.escape(headline)}\n((?:\* .*\n)*)", self.output, flags=re.MULTILINE)
        assert block, self.output
        return [line[2:].split(" | ") for line in block[1].splitlines()]


@pytest.fixture(scope="module")
def run(python: Path, running: Any, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The program, started as its author would, approved by Megan on another device, run to its end."""
    began, detour = datetime.now(UTC), Detour(urlsplit(running.authority).port)
    with detour.running() as proxy:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path_factory.mktemp("home")),
            "HTTPS_PROXY": proxy,
            "REQUESTS_CA_BUNDLE": running.ca_file,
            "CLIENT_ID": running.client_id,
            "TENANT_ID": running.tenant_id,
        }
        with subprocess.Popen([python, PROGRAM], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            killer = threading.Timer(90, process.kill)
            killer.start()
            try:
                message = process.stdout.readline()
                code = re.search(r"code ([A-Z0-9-]{8,10}) ", message)
                assert code, message + process.stdout.read()
                Control(running.control, running.ca_file).post("/approve", user_code=code[1], user="megan")
                output = message + process.stdout.read()
                assert process.wait(30) == 0, output
            finally:
                killer.cancel()
                process.kill()
    return Run(began, output, detour.asked)


def test_the_message_names_the_page_and_the_code(run: Run) -> None:
    assert re.match(r"To sign in, use a web browser to open the page https://\S+ and enter the code \S+ to authenticate\.\n", run.output)


def test_the_program_greets_the_person_who_approved(run: Run) -> None:
    assert "Hello, Megan Bowen\n" in run.output


def test_the_first_page_of_events_is_as_long_as_asked(run: Run) -> None:
    events = run.events("My events:")
    assert len(events) == 5
    assert all(re.fullmatch(rf"{GRAPH_TIME} to {GRAPH_TIME} UTC", times) for *_, times in events)


def test_the_week_is_told_in_the_zone_that_was_preferred(run: Run) -> None:
    events = run.events("This week, in Redmond:")
    assert events
    assert all(times.endswith(" Pacific Standard Time") for *_, times in events)


def test_the_event_is_created_at_the_instant_meant(run: Run) -> None:
    created = re.search(r"^Created Read about Graph at At my desk, (\S+)\.(\d{7}) UTC$", run.output, flags=re.MULTILINE)
    assert created, run.output
    start = datetime.fromisoformat(created[1]).replace(tzinfo=UTC)
    assert timedelta(minutes=5) <= start + timedelta(seconds=1) - run.began < timedelta(minutes=7)
    [[subject, organizer, _]] = run.events("Found again:")
    assert (subject, organizer) == ("Read about Graph", "Megan Bowen")


def test_nothing_but_the_two_hosts_was_asked_for(run: Run) -> None:
    assert set(run.asked) == MICROSOFT
