"""A tenant on the network for each module, as good as new for each test; a command line for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli import Cli, Control

from daypass_sandbox import serve


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    """A sandbox server for the module; codes may be polled every second."""
    with serve(port=0, interval_seconds=1) as server:
        yield server


@pytest.fixture
def control(running: Any) -> Control:
    """The tenant's control plane, the tenant as seeded, its clock running."""
    control = Control(running.control, running.ca_file)
    for path in ("/faults", "/policies"):
        control.call("DELETE", path)
    control.post("/clock", run=True)
    control.post("/reset", seed="contoso")
    return control


@pytest.fixture
def cli(running: Any, control: Control, tmp_path: Path) -> Cli:
    """The command line, nobody signed in."""
    return Cli(tmp_path, running.environ, control)


@pytest.fixture
def megan(cli: Cli) -> Cli:
    """The command line, Megan signed in for reading and writing."""
    cli.sign_in(write=True)
    return cli
