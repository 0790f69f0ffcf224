"""The programs of `clients/` that sign in: which steps each has, and what went wrong in them.

A step is a function there and a test here, so that a client's report names what it could not do.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from environments import CLIENTS, node_with_clients, python_with

E2E = CLIENTS.parent
PERSON = [sys.executable, str(E2E / "plain_browser.py")]


class Program(NamedTuple):
    """A program and the environment that it runs in; `lacks` are the steps that it is not to take.

    `microsofts_hosts` says that it was built when those were the only ones.
    """

    name: str
    file: str
    environment: str
    microsofts_hosts: bool = False
    lacks: frozenset[str] = frozenset()

    @property
    def steps(self) -> list[str]:
        """The steps that it is to take: the functions of its file that neither take nor return anything."""
        text = (CLIENTS / self.file).read_text()
        if self.file.endswith(".mjs"):
            found = re.findall(r"^  async (\w+)\(\)", text, re.MULTILINE)
        else:
            functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
            found = [one.name for one in functions if ast.unparse(one).startswith(f"def {one.name}() -> None:")]
        return [step for step in found if step not in self.lacks]

    def run(self, ca_file: str, home: Path, environment: Mapping[str, str]) -> dict[str, str]:
        """What went wrong in each step ("" for nothing); a browser and a person are at hand, who trust `ca_file` as the program does."""
        whole = {
            **environment,
            **dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), ca_file),
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": str(E2E),
            "BROWSER": f"{shlex.join(PERSON)} open %s &",
            "PERSON": json.dumps(PERSON),
        }
        command = [*self._command(), *self.steps]
        ran = subprocess.run(command, env=whole, cwd=home, capture_output=True, text=True, timeout=180, check=False)
        assert ran.returncode == 0, f"after {ran.stdout}\n{ran.stderr[-6000:]}"
        return dict(json.loads(line) for line in ran.stdout.splitlines())

    def _command(self) -> list[str | Path]:
        if self.environment == "node":
            node, folder = node_with_clients()
            return [node, folder / self.file]
        return [python_with(self.environment), CLIENTS / self.file]
