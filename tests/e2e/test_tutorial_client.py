"""A program that nobody here adapted, on two generations of its libraries, does its whole job against the sandbox.

The program has Microsoft's hosts hard-coded. A small proxy on loopback stands for the name service: what is meant for
those hosts goes to the sandbox, whose certificate names them, and everything else is refused.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from cli import Control

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).parent / "tutorial" / "app.py"
MICROSOFT = {"login.microsoftonline.com:443", "graph.microsoft.com:443"}
GRAPH_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}"


class Detour:
    """An HTTP proxy that knows CONNECT only: Microsoft's hosts lead to one port of this machine, all others nowhere."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.asked: list[str] = []

    @contextmanager
    def running(self) -> Iterator[str]:
        """Its address, while it runs."""
        loop = asyncio.new_event_loop()
        server = loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            asyncio.run_coroutine_threadsafe(self._stop(server), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()

    async def _stop(self, server: asyncio.Server) -> None:
        server.close()
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            method, target, _ = (await reader.readuntil(b"\r\n\r\n")).decode().split(" ", 2)
            self.asked.append(target)
            if method != "CONNECT" or target not in MICROSOFT:
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                return
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._to)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(self._pump(reader, there_writer), self._pump(there_reader, writer))
        finally:
            writer.close()

    @staticmethod
    async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        except ConnectionError:
            pass
        finally:
            sink.close()


@pytest.fixture(scope="module", params=["old", "new"])
def python(request: pytest.FixtureRequest) -> Path:
    """The interpreter of an environment with one generation of the libraries; made on first use, kept in the repository's folder."""
    requirements = ROOT / "requirements" / f"tutorial-{request.param}.txt"
    folder = ROOT / f".venv-tutorial-{request.param}"
    interpreter, made_of = folder / "bin" / "python", folder / "made-of"
    fingerprint = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    if not made_of.exists() or made_of.read_text() != fingerprint:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True, timeout=120)
        pip = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", requirements]
        subprocess.run(pip, check=True, timeout=300)
        made_of.write_text(fingerprint)
    return interpreter


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
