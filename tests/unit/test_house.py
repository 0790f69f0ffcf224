"""The gates hold: each contract and each ban is broken on purpose in a copy of the source, and the tool says so."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from daypass_sandbox.tenant import CLIENT_ID, TENANT_ID

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent


class Plant(NamedTuple):
    """A line that breaks a contract, and the module it is planted in (a new one, or an existing one by its file)."""

    contract: str
    module: str
    line: str


PLANTS = [
    Plant("floors", "daypass.model.planted", "import daypass.graph"),
    Plant("floors", "daypass.graph.planted", "import daypass.auth"),
    Plant("floors", "daypass.auth.planted", "import daypass.client"),
    Plant("floors", "daypass.services.planted", "import daypass.cli"),
    Plant("core", "daypass.model.planted", "import sqlite3"),
    Plant("core", "daypass.auth.planted", "import msal"),
    Plant("core", "daypass.graph.planted", "import asyncio"),
    Plant("core", "daypass.graph.planted", "import aiohttp"),
    Plant("core", "daypass.services.planted", "import socket"),
    Plant("product", "daypass.graph.planted", "import daypass_sandbox"),
    Plant("sandbox", "daypass_sandbox.planted", "import daypass.model"),
    Plant("sandbox", "daypass_sandbox.planted", "import daypass.graph"),
    Plant("home-msal", "daypass.auth.planted", "import msal"),
    Plant("home-msal", "daypass_sandbox.planted", "import msal"),
    Plant("home-aiohttp", "daypass.cli.planted", "import aiohttp"),
    Plant("home-aiohttp", "daypass_sandbox.planted", "import aiohttp"),
    Plant("home-cryptography", "daypass.auth.planted", "import cryptography"),
    Plant("home-sqlite3", "daypass.cli.planted", "import sqlite3"),
    Plant("home-keyring", "daypass.graph.planted", "import keyring"),
]


def copy_of_the_source(folder: Path) -> Path:
    """The source and the tools' settings, in a folder where they may be spoilt."""
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".importlinter", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


def write(folder: Path, module: str, lines: list[str]) -> None:
    """Plant a new module."""
    file = folder / "src" / (module.replace(".", "/") + ".py")
    file.parent.mkdir(exist_ok=True)
    file.write_text('"""Planted."""\n\n' + "\n".join(lines) + "\n")


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """What import-linter says of a copy."""
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "NO_COLOR": "1", "COLUMNS": "200"}
    command = [str(TOOLS / "lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def contract_names() -> dict[str, str]:
    """What `.importlinter` calls each contract."""
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter")
    return {section.rsplit(":", 1)[1]: config[section]["name"] for section in config.sections() if ":contract:" in section}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What import-linter says of each contract when everything is planted at once."""
    folder = copy_of_the_source(tmp_path_factory.mktemp("planted"))
    for module in {plant.module for plant in PLANTS}:
        write(folder, module, [plant.line for plant in PLANTS if plant.module == module])
    write(folder, "daypass.utils", [])
    result = lint_imports(folder)
    assert result.returncode == 1, result.stdout + result.stderr
    _, details = result.stdout.split("Broken contracts", 1)
    titles = "|".join(re.escape(name) for name in contract_names().values())
    pieces = re.split(rf"^({titles})\n-+$", details, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def test_the_source_as_it_is_keeps_every_contract(tmp_path: Path) -> None:
    result = lint_imports(copy_of_the_source(tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_contract_has_a_planted_violation() -> None:
    assert {plant.contract for plant in PLANTS} == set(contract_names())


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant.contract}: {plant.line} in {plant.module}")
def test_a_planted_import_breaks_its_contract(report: dict[str, str], plant: Plant) -> None:
    section = report[contract_names()[plant.contract]]
    importer = re.escape(plant.module)
    imported = re.escape(plant.line.removeprefix("import "))
    assert re.search(rf"{importer} -> {imported}\b", section), section


def test_a_module_without_a_floor_breaks_the_floors(report: dict[str, str]) -> None:
    assert "utils" in report[contract_names()["floors"]]


BANNED_LINES = """
import http.client
import io; io.open("token")
import os
import pathlib
import secrets
import shutil
import tempfile
import time
import urllib.request
from os import environ
from time import monotonic, time as now
from pathlib import Path
open("token")
import datetime; datetime.datetime.now(datetime.UTC)
datetime.datetime.utcnow()
datetime.datetime.today()
datetime.date.today()
import random; random.random()
random.choice([1])
random.SystemRandom()
import uuid; uuid.uuid4()
""".strip().splitlines()


@pytest.fixture(scope="module")
def banned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The planted lines that ruff's bans find, by module."""
    folder = copy_of_the_source(tmp_path_factory.mktemp("banned"))
    modules = ["planted", "model.planted", "auth.planted", "graph.planted", "services.planted", "cli.planted", "store.planted", "client"]
    planted = [f"daypass.{module}" for module in modules] + ["daypass_sandbox.planted", "daypass_sandbox.server"]
    for module in planted:
        write(folder, module, BANNED_LINES)
    command = [str(TOOLS / "ruff"), "check", "--no-cache", "--select", "TID251,PTH123", "--output-format", "json", "src"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    found: dict[str, set[str]] = {module: set() for module in planted}
    for finding in json.loads(result.stdout):
        module = ".".join(Path(finding["filename"]).relative_to(folder / "src").with_suffix("").parts)
        found[module].add(BANNED_LINES[finding["location"]["row"] - 3])
    return found


@pytest.mark.parametrize("module", ["planted", "model.planted", "auth.planted", "graph.planted", "services.planted"])
def test_clock_chance_and_files_are_banned_in_the_core(banned: dict[str, set[str]], module: str) -> None:
    assert banned[f"daypass.{module}"] == set(BANNED_LINES)


def test_clock_chance_and_files_are_banned_inside_the_tenant(banned: dict[str, set[str]]) -> None:
    assert banned["daypass_sandbox.planted"] == set(BANNED_LINES)


@pytest.mark.parametrize("module", ["daypass.cli.planted", "daypass.store.planted", "daypass.client", "daypass_sandbox.server"])
def test_clock_chance_and_files_are_allowed_on_the_io_floor(banned: dict[str, set[str]], module: str) -> None:
    assert banned[module] == set()


def test_the_product_does_not_know_that_there_is_a_sandbox() -> None:
    sources = [file for file in (ROOT / "src" / "daypass").rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    assert sources
    assert [str(file) for file in sources if "sandbox" in file.read_text().lower()] == []


def test_the_compose_file_names_the_tenant_and_the_app_of_the_sandbox() -> None:
    text = (ROOT / "compose.yaml").read_text()
    assert f"CLIENT_ID: {CLIENT_ID}\n" in text
    assert f"TENANT_ID: {TENANT_ID}\n" in text


@pytest.mark.parametrize("file", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda file: file.name)
def test_pinned_requirements_carry_hashes_and_name_no_index(file: Path) -> None:
    text = file.read_text()
    pins = re.findall(r"^\w\S*==(?:.*\\\n)*.*", text, flags=re.MULTILINE)
    assert pins
    assert [pin for pin in pins if "--hash=sha256:" not in pin] == []
    assert not re.search(r"^\s*(-i|--(extra-)?index.url|-f|--find-links|--trusted-host)\b|https?://", text, flags=re.MULTILINE)
