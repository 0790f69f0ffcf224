"""Environments of other people's libraries: made on first use, kept in the repository's folder, made anew when their pins change."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLIENTS = Path(__file__).parent / "clients"


def python_with(name: str) -> Path:
    """The interpreter of an environment that holds what `requirements/NAME.txt` pins."""
    requirements = ROOT / "requirements" / f"{name}.txt"
    folder = ROOT / f".venv-{name}"
    interpreter = folder / "bin" / "python"
    if _is_behind(folder, requirements.read_bytes() + sys.version.encode()):
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True, timeout=120)
        pip = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", requirements]
        subprocess.run(pip, check=True, timeout=600)
        _note(folder, requirements.read_bytes() + sys.version.encode())
    return interpreter


def node_with_clients() -> tuple[str, Path]:
    """Node.js, and a folder with the programs of `clients/` and the packages that their lock file pins."""
    node, folder = shutil.which("node") or "node", ROOT / ".venv-node-clients"
    made_of = b"".join(file.read_bytes() for file in sorted(CLIENTS.glob("*.json")))
    if _is_behind(folder, made_of):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for file in CLIENTS.glob("*.json"):
            shutil.copy(file, folder)
        npm = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(npm, cwd=folder, check=True, timeout=300, stdout=subprocess.DEVNULL)
        _note(folder, made_of)
    for file in CLIENTS.glob("*.mjs"):
        shutil.copy(file, folder)
    return node, folder


def _is_behind(folder: Path, made_of: bytes) -> bool:
    note = folder / "made-of"
    return not note.exists() or note.read_text() != hashlib.sha256(made_of).hexdigest()


def _note(folder: Path, made_of: bytes) -> None:
    (folder / "made-of").write_text(hashlib.sha256(made_of).hexdigest())
