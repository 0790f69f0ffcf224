"""Clients that nobody here wrote do a whole calendar's work against the sandbox, unmodified.

Their programs lie in `clients/`; each prints the name of every step that went as a user would expect.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cli import Control
from detour import Detour
from environments import CLIENTS, node_with_clients, python_with


@pytest.fixture
def address(running: Any, control: Control, tmp_path: Path) -> dict[str, str]:
    """The environment that tells a program where the tenant is, which has people and no events."""
    control.post("/reset", seed="empty")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AUTHORITY": running.authority,
        "GRAPH_ROOT": running.graph_root,
        "CONTROL": running.control,
        "CLIENT_ID": running.client_id,
        "TENANT_ID": running.tenant_id,
        "SSL_CERT_FILE": running.ca_file,
        "REQUESTS_CA_BUNDLE": running.ca_file,
        "NODE_EXTRA_CA_CERTS": running.ca_file,
    }


def steps_of(command: list[str | Path], environment: dict[str, str]) -> list[str]:
    """Run a program to its end and return the steps it went through; it must not fail."""
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert ran.returncode == 0, f"after {ran.stdout.split()}\n{ran.stderr[-6000:]}"
    return ran.stdout.split()


def functions(program: str) -> set[str]:
    """The steps that a Python program defines."""
    tree = ast.parse((CLIENTS / program).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.AsyncFunctionDef)} - {"main", "view", "code_of"}


def test_microsofts_python_sdk_keeps_a_calendar(address: dict[str, str]) -> None:
    steps = steps_of([python_with("clients"), CLIENTS / "sdk.py"], address)
    assert set(steps) == functions("sdk.py")


def test_python_o365_keeps_a_calendar_with_microsofts_hosts_hard_coded(running: Any, control: Control, address: dict[str, str]) -> None:
    app = control.post("/apps", displayName="O365", permissions=["Calendars.ReadWrite"], roles=["Calendars.ReadWrite"], secret="c0ntoso")
    with Detour(urlsplit(running.authority).port).running() as proxy:
        environment = {**address, "HTTPS_PROXY": proxy, "APP_ID": app["client_id"], "APP_SECRET": "c0ntoso"}
        steps = steps_of([python_with("clients"), CLIENTS / "o365.py"], environment)
    assert steps == re.findall(r'print\("(\w+)"', (CLIENTS / "o365.py").read_text())


def test_microsofts_javascript_client_keeps_a_calendar(address: dict[str, str], control: Control) -> None:
    scopes = ["User.Read", "Calendars.ReadWrite", "Tasks.ReadWrite"]
    tokens = {name: control.post("/token", user=name, scopes=scopes)["access_token"] for name in ("megan", "alex")}
    node, folder = node_with_clients()
    steps = steps_of([node, folder / "graph.mjs"], {**address, "MEGAN": tokens["megan"], "ALEX": tokens["alex"]})
    assert steps == re.findall(r"^  async (\w+)\(\)", (CLIENTS / "graph.mjs").read_text(), re.MULTILINE)
