"""Environments of other people's libraries: made on first use, kept in the repository's folder, made anew when their pins change.

Where they cannot be made (there is no Node.js, or no registry is reached) the test that needs them is skipped and says what it did not
prove; in CI a failed installation fails it. Processes that want the same environment wait for the first to have made it.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLIENTS = Path(__file__).parent / "clients"


def python_with(name: str) -> Path:
    """The interpreter of an environment that holds what `requirements/NAME.txt` pins."""
    return _made_or_skipped(f"what requirements/{name}.txt pins", functools.partial(_python_with, name))


def node_with_clients() -> tuple[str, Path]:
    """Node.js, and a folder with the programs of `clients/` and the packages that their lock file pins."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        pytest.skip("NOT PROVED with the clients in JavaScript: there is no Node.js with npm here")
    return node, _made_or_skipped("the clients in JavaScript", _node_folder)


@functools.cache
def _python_with(name: str) -> Path:
    requirements = ROOT / "requirements" / f"{name}.txt"
    folder = ROOT / f".venv-{name}"
    interpreter = folder / "bin" / "python"
    made_of = requirements.read_bytes() + sys.version.encode()
    with _alone(name):
        if _is_behind(folder, made_of):
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True, timeout=120)
            pip = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", requirements]
            subprocess.run(pip, check=True, timeout=600, capture_output=True, text=True)
            _note(folder, made_of)
    return interpreter


@functools.cache
def _node_folder() -> Path:
    folder = ROOT / ".venv-node-clients"
    made_of = b"".join(file.read_bytes() for file in sorted(CLIENTS.glob("*.json")))
    with _alone("node-clients"):
        if _is_behind(folder, made_of):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for file in CLIENTS.glob("*.json"):
                shutil.copy(file, folder)
            npm = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            subprocess.run(npm, cwd=folder, check=True, timeout=300, capture_output=True, text=True)
            _note(folder, made_of)
        for file in CLIENTS.glob("*.mjs"):
            if not (there := folder / file.name).exists() or there.read_bytes() != file.read_bytes():
                shutil.copy(file, there)
    return folder


_FAILED: dict[str, str] = {}


def _made_or_skipped(what: str, make: Callable[[], Path]) -> Path:
    """What was made; a failure is remembered, so that it is not tried again for every test."""
    if what not in _FAILED:
        try:
            return make()
        except subprocess.CalledProcessError as failed:
            _FAILED[what] = str(failed.stderr).strip()[-600:]
        except subprocess.TimeoutExpired as failed:
            _FAILED[what] = str(failed)
    return _not_proved(what, _FAILED[what])


def _not_proved(what: str, why: str) -> Path:
    if os.environ.get("CI"):
        pytest.fail(f"{what} cannot be installed: {why}", pytrace=False)
    pytest.skip(f"NOT PROVED with {what}, which cannot be installed here: {why}")


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """No other process makes the same environment in the meantime."""
    with (ROOT / f".venv-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_behind(folder: Path, made_of: bytes) -> bool:
    note = folder / "made-of"
    return not note.exists() or note.read_text() != hashlib.sha256(made_of).hexdigest()


def _note(folder: Path, made_of: bytes) -> None:
    (folder / "made-of").write_text(hashlib.sha256(made_of).hexdigest())
