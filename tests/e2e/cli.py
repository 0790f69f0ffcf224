"""The command line as a user has it: real processes, a real tenant over TLS, a clean environment."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

PATIENCE_SECONDS = 60.0


class Control:
    """The tenant's control plane over HTTPS, as any script would use it."""

    def __init__(self, control: str, ca_file: str) -> None:
        self._control = control
        self._opener = build_opener(ProxyHandler({}), HTTPSHandler(context=ssl.create_default_context(cafile=ca_file)))

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = Request(self._control + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with self._opener.open(request, timeout=10) as answer:
                text = answer.read().decode()
        except HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from None
        return json.loads(text) if "jsonl" not in answer.headers["content-type"] else [json.loads(line) for line in text.splitlines()]

    def post(self, where: str, /, **body: Any) -> Any:
        return self.call("POST", where, body)

    def journal(self) -> list[dict[str, Any]]:
        return self.call("GET", "/journal")

    def forget_journal(self) -> None:
        self.call("DELETE", "/journal")

    def events(self, user: str = "megan") -> list[dict[str, Any]]:
        return self.call("GET", f"/events?user={user}")

    def when_asked(self, decide: Mapping[str, Any], path: str = "/approve") -> threading.Thread:
        """Decide the next sign-in that asks for a code."""

        def wait() -> None:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < deadline:
                if self.call("GET", "/approve"):
                    self.call("POST", path, decide)
                    return
                time.sleep(0.05)

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        return thread


# What a shell starts in the background ignores SIGINT, and so do its children; this one is to hear it all the same.
HEARING = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); runpy.run_module('daypass', run_name='__main__')"


class Cli:
    """`daypass` in a folder of its own, pointed at one tenant."""

    def __init__(self, folder: Path, environ: Mapping[str, str], control: Control) -> None:
        self.folder, self.control = folder, control
        self.state = folder / "state"
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "DAYPASS_STATE_DIR": str(self.state),
            "DAYPASS_TIME_ZONE": "Europe/London",
            **environ,
        }

    def __call__(self, *words: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
        """Run to the end; keyword arguments change the environment (None removes)."""
        return subprocess.run(
            self.command(*words),
            env=self.changed(changes),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def start(self, *words: str, **changes: str | None) -> subprocess.Popen[str]:
        """Start and leave running; Ctrl-C reaches it."""
        return subprocess.Popen(
            [sys.executable, "-W", "error", "-c", HEARING, *words],
            env=self.changed(changes),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-W", "error", "-m", "daypass", *words]

    def changed(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        return {name: value for name, value in {**self.environ, **changes}.items() if value is not None}

    def sign_in(self, *, write: bool = False, user: str = "megan") -> None:
        self.control.when_asked({"user": user})
        done = self("login", "--device", *(["--write"] if write else []))
        assert done.returncode == 0, done.stderr

    def json(self, *words: str) -> Any:
        done = self(*words, "-o", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def json_of(self, *words: str) -> Any:
        """The document of a command that may fail."""
        return json.loads(self(*words, "-o", "json").stdout)

    def refused(self, *words: str, **changes: str | None) -> tuple[int, dict[str, Any]]:
        """The exit code and the error of a command that must fail, from its JSON form; the text form is checked on the way."""
        done = self(*words, **changes)
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        assert 1 <= len(done.stderr.splitlines()) <= 8, done.stderr
        assert done.returncode != 0
        return done.returncode, {"text": done.stderr}

    def interrupt(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        """Send Ctrl-C and wait for the end."""
        process.send_signal(signal.SIGINT)
        try:
            _, said = process.communicate(timeout=PATIENCE_SECONDS)
        finally:
            process.kill()
        return process.returncode, said
