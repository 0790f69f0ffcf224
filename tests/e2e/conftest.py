"""A tenant on the network for each module, as good as new for each test; a command line for each test; a browser for each module."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli import Cli, Control
from foreign_issuer import ForeignIssuer, Options
from foreign_issuer import serve as serve_foreign_issuer
from malicious import Malicious

import recorder
from daypass_sandbox import serve

BROWSER_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    """A sandbox server for the module; codes may be polled every second."""
    with serve(port=0, interval_seconds=1) as server:
        yield server


@pytest.fixture
def control(running: Any) -> Iterator[Control]:
    """The tenant's control plane, the tenant as seeded, its clock running; what was said to Graph is noted for the judge."""
    control = Control(running.control, running.ca_file)
    for path in ("/faults", "/policies"):
        control.call("DELETE", path)
    control.post("/clock", run=True)
    control.post("/reset", seed="contoso")
    yield control
    recorder.note_all(control.journal())


@pytest.fixture
def cli(running: Any, control: Control, tmp_path: Path) -> Cli:
    """The command line, nobody signed in."""
    return Cli(tmp_path, running.environ, control)


@pytest.fixture(scope="module")
def signed_in(running: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of a real sign-in of Megan's, made once for the module: its access token outlives a reset."""
    cli = Cli(tmp_path_factory.mktemp("signed-in"), running.environ, Control(running.control, running.ca_file))
    cli.sign_in(write=True)
    return cli.state


@pytest.fixture
def megan(cli: Cli, signed_in: Path) -> Cli:
    """The command line, Megan signed in for reading and writing."""
    shutil.copytree(signed_in, cli.state)
    return cli


@pytest.fixture(scope="module")
def foreign_issuer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForeignIssuer]:
    """An authorization server that nobody here wrote; what it is like is said by indirect parametrization with `Options`."""
    with serve_foreign_issuer(tmp_path_factory.mktemp("issuer"), getattr(request, "param", Options())) as issuer:
        yield issuer


@pytest.fixture
def malicious(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Malicious]:
    """A sign-in service that does what it is told to do to its clients; honest at first."""
    with Malicious(tmp_path_factory.mktemp("malicious")).running() as authority:
        yield authority


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real Chromium; the test is skipped, saying so, where there is none."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("NO CHROMIUM ON THIS MACHINE: the pages were not tried in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()
