"""A program on a terminal of its own, watched and typed at."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Mapping
from typing import Self


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, command: list[str], environ: Mapping[str, str] = os.environ) -> None:
        self._ours, theirs = pty.openpty()
        environ = {**environ, "COLUMNS": "120", "TERM": "xterm"}
        self._process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ, start_new_session=True)
        os.close(theirs)
        self.seen = ""
        self.code: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.code = self._process.wait(timeout=30)
        finally:
            self._process.kill()
            self._process.wait()
            os.close(self._ours)

    def type(self, text: str) -> None:
        """Type at the terminal."""
        os.write(self._ours, text.encode())

    def wait_for(self, pattern: str) -> tuple[str, ...]:
        deadline = time.monotonic() + 60
        while not (found := re.search(pattern, self.seen)):
            assert time.monotonic() < deadline, self.seen
            if select.select([self._ours], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self._ours, 65_536).decode(errors="replace").replace("\r\n", "\n")
                except OSError:
                    break
        assert found, self.seen
        return found.groups()
