"""`daypass demo`: the main job from beginning to end, on a pretend tenant that lives as long as the demo.

Each step is a command anybody can type, run as its own process; this program only starts the tenant, plays the second
device when asked to, and checks that what was created is found again.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

from . import extra

if TYPE_CHECKING:
    from .server import Running

SUMMARY = "try it all on a pretend tenant: sign in, look, create an event"

TITLE, PLACE = "Study for the AZ-204 exam", "Wherever you are"
APPROVAL_TRIES, APPROVAL_PAUSE_SECONDS = 600, 0.1


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of `daypass demo`."""
    parser.add_argument(
        "--auto-approve",
        nargs="?",
        const="megan",
        metavar="USER",
        help="let USER (megan) approve the sign-in; the default without a terminal",
    )
    parser.set_defaults(run=extra.needed("daypass demo", run))


def run(arguments: argparse.Namespace) -> int:
    """Play the demo and return the exit code of the first step that failed, 0 when all went well."""
    from .server import serve

    approver = arguments.auto_approve or ("" if sys.stdin.isatty() and sys.stderr.isatty() else "megan")
    with tempfile.TemporaryDirectory(prefix="daypass-demo-") as folder, serve(port=0) as tenant:
        return Demo(tenant, folder, approver).play()


class Demo:
    """One showing: `folder` keeps the demo's own state, `approver` plays the second device ("" leaves that to the person)."""

    def __init__(self, tenant: Running, folder: str, approver: str) -> None:
        self._tenant, self._approver = tenant, approver
        ours = {name: value for name, value in os.environ.items() if not name.startswith("DAYPASS_") or name == "DAYPASS_TIME_ZONE"}
        self._environ = {**ours, **tenant.environ, "DAYPASS_STATE_DIR": folder, "PYTHONUNBUFFERED": "1"}

    def play(self) -> int:
        """Sign in, look, create, look again."""
        people = [user["userPrincipalName"].partition("@")[0] for user in self._control("GET", "/users")]
        if self._approver and self._approver.partition("@")[0] not in people:
            sys.stderr.write(f"daypass demo: there is no {self._approver!r} in the tenant; there are {', '.join(people[:12])} ...\n")
            return 2
        _say("This runs on a pretend Microsoft 365 tenant on this machine.\nNothing leaves it, and it is gone when the demo ends.")
        try:
            self._sign_in()
            self._show()
            made = self._show(
                "add",
                "--title",
                TITLE,
                "--start",
                "+5m",
                "--duration",
                "30m",
                "--where",
                PLACE,
                told="Now create an event, and see what the service made of it.",
            )
            self._prove(made)
        except subprocess.CalledProcessError as error:
            return error.returncode
        _say(_next_steps())
        return 0

    def _sign_in(self) -> None:
        if not self._approver:
            _say(
                "Sign in as you would on a second device: open the address below in a browser,\n"
                "type the code, pick Megan Bowen. (The browser will not know the demo's\n"
                "certificate: that is expected here, and only here.)"
            )
        else:
            _say(f"The second device is played for you: {self._approver} approves.")
            threading.Thread(target=self._approve, daemon=True).start()
        self._show("login", "--device", "--write")

    def _approve(self) -> None:
        """Wait for the code to be asked for, then approve it through the control plane."""
        for _ in range(APPROVAL_TRIES):
            time.sleep(APPROVAL_PAUSE_SECONDS)
            waiting = self._control("GET", "/approve")
            if waiting:
                time.sleep(1)  # for the reader: the code should be seen before it is used
                self._control("POST", "/approve", {"user_code": waiting[0]["user_code"], "user": self._approver})
                return

    def _control(self, method: str, path: str, body: dict[str, str] | None = None) -> Any:
        request = Request(
            self._tenant.control + path, json.dumps(body).encode() if body else None, {"Content-Type": "application/json"}, method=method
        )
        opener = build_opener(ProxyHandler({}), HTTPSHandler(context=ssl.create_default_context(cafile=self._tenant.ca_file)))
        with opener.open(request, timeout=10) as answer:
            return json.load(answer)

    def _show(self, *words: str, told: str = "") -> str:
        """Run a command as anybody would type it, and return what it printed."""
        if told:
            _say(told)
        print(f"$ {_typed(words)}", flush=True)
        if sys.stdout.isatty() and words[:1] != ("add",):
            subprocess.run(self._command(words), env=self._environ, check=True)
            print(flush=True)
            return ""
        printed = self._run(*words)
        print(printed, flush=True)
        return printed

    def _prove(self, made: str) -> None:
        """List a second time and look for the event by the id the service gave it."""
        event_id = next(line.split()[1] for line in made.splitlines() if line.startswith("Id "))
        _say("Look again: is it there?")
        self._show("agenda", "--days", "2")
        found = [event for event in json.loads(self._run("agenda", "--days", "2", "-o", "json"))["events"] if event["id"] == event_id]
        if len(found) != 1:
            _say(f"The second listing holds the new event {len(found)} times; expected once.")
            raise subprocess.CalledProcessError(1, "agenda")
        _say(f"Yes: number {found[0]['number']} of the second listing is the new event, by the service's own id.")

    def _run(self, *words: str) -> str:
        return subprocess.run(self._command(words), env=self._environ, check=True, stdout=subprocess.PIPE, text=True).stdout

    def _command(self, words: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "daypass", *words]


def _next_steps() -> str:
    """What to type next; where `daypass` is not on the path, first how to put it there."""
    activate = os.path.join(os.path.relpath(sys.prefix), "bin", "activate")
    to_path = [] if shutil.which("daypass") or not os.path.exists(activate) else [(f"source {activate}", "puts daypass on your path")]
    steps = [
        *to_path,
        ("daypass sandbox up --background", "a tenant that stays, and then:"),
        ('eval "$(daypass sandbox env)"', "points this shell at it"),
        ("daypass agenda fri --days 3 -o json", "other days, for programs"),
        ("daypass show --match webinar", "one event with all its details"),
    ]
    lines = [f"  {command:<37} {told}" for command, told in steps]
    return "\n".join(["What to try next:", *lines, "README.md has six steps to your own tenant, and the container."])


def _typed(words: Sequence[str]) -> str:
    return " ".join(["daypass", *(f'"{word}"' if " " in word else word for word in words)])


def _say(text: str) -> None:
    print(f"{text}\n", flush=True)
