"""The running tenants of this machine: where their descriptions lie, which one is meant, and how it is asked something."""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import ssl
import sys
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlsplit

USAGE, NOT_FOUND, UNREACHABLE, PARTIAL, CONFIGURATION = 2, 3, 8, 9, 10
ASK_SECONDS = 5.0
DESCRIBED = ("authority", "graph_root", "ca_file", "client_id", "tenant_id", "control")


class Question(NamedTuple):
    """What a tenant's control plane is asked: method, path below it, and a body: JSON, or a text as it is."""

    method: str
    path: str
    body: Any = None
    text: str = ""


def stop(message: str, code: int) -> NoReturn:
    """End with one line on stderr and an exit code."""
    sys.stderr.write(f"daypass sandbox: {message}\n")
    raise SystemExit(code)


def add_port(parser: argparse.ArgumentParser, *, default: int | None = None, help_text: str = "which tenant, if several run") -> None:
    """The option by which one of several tenants is meant."""
    parser.add_argument("--port", type=int, default=default, help=help_text)


def folder() -> Path:
    """Where the descriptions of running tenants lie, for their owner alone."""
    home = os.environ.get("XDG_STATE_HOME", "")
    there = (Path(home) if os.path.isabs(home) else Path.home() / ".local" / "state") / "daypass" / "sandbox"
    try:
        there.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        stop(f"cannot make {there}: {error.strerror}; point XDG_STATE_HOME at a folder of yours", CONFIGURATION)
    return there


def all_running() -> dict[int, dict[str, Any]]:
    """The descriptions of the tenants that run, by their ports."""
    described = {int(file.stem): _description(file) for file in folder().glob("*.json") if file.stem.isdecimal()}
    return {port: description for port, description in sorted(described.items()) if description and alive(description["pid"])}


def found(port: int | None) -> dict[str, Any]:
    """The description of the running tenant: of the one on this port, or else of that which this shell points at."""
    running = all_running()
    if port is not None and port not in running:
        stop(f"no sandbox runs on port {port}; start one: daypass sandbox up --background --port {port}", NOT_FOUND)
    if not running:
        stop("no sandbox is running; start one: daypass sandbox up --background", NOT_FOUND)
    if port is None and len(running) > 1:
        port = next((number for number, one in running.items() if one["authority"] == os.environ.get("DAYPASS_AUTHORITY")), None)
    if port is None and len(running) > 1:
        stop(f"several sandboxes run; name one with --port: {', '.join(map(str, running))}", USAGE)
    return running[port] if port is not None else next(iter(running.values()))


def _description(file: Path) -> dict[str, Any]:
    """What a tenant wrote of itself, {} where that is spoilt."""
    try:
        said = json.loads(file.read_text("utf-8"))
        whole = isinstance(said["pid"], int) and all(isinstance(said[name], str) for name in DESCRIBED)
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        return {}
    return said if whole else {}


def alive(pid: int) -> bool:
    """Whether a process of this number lives."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def ask(description: dict[str, Any], question: Question, seconds: float = ASK_SECONDS) -> str:
    """A tenant's answer; what it refuses, or that it does not answer, ends the command."""
    status, answer = _exchange(description, question, seconds)
    if status >= 400:
        try:
            message = str(json.loads(answer)["error"]["message"])
        except (ValueError, LookupError, TypeError):
            message = f"it answered {status}"
        stop(message, NOT_FOUND if status == 404 else USAGE)
    return answer


def _exchange(description: dict[str, Any], question: Question, seconds: float) -> tuple[int, str]:
    said = question.text.encode() if question.text else None if question.body is None else json.dumps(question.body).encode()
    try:
        control = urlsplit(str(description["control"]))
        headers = {"Host": control.netloc, "Content-Type": "text/plain" if question.text else "application/json"}
        context = ssl.create_default_context(cafile=description["ca_file"])
        with contextlib.closing(
            http.client.HTTPSConnection("127.0.0.1", control.port or 443, timeout=seconds, context=context)
        ) as connection:
            connection.request(question.method, f"{control.path}/{question.path}", said, headers)
            response = connection.getresponse()
            return response.status, response.read().decode()
    except (OSError, ValueError, http.client.HTTPException) as error:
        stop(f"the sandbox at {description['authority']} does not answer: {error}", UNREACHABLE)
