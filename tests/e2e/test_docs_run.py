"""The pages that lead by the hand are followed to the letter: each console block runs, in order, in one shell, on a real tenant.

What a page shows as output is compared loosely: its long words must come, in any order; names of days and months, numbers and what holds a
digit may differ. A page's own port is exchanged for a free one; nothing else is changed.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BLOCK = re.compile(r"(?:^Save (?:this|it) as `(?P<file>[\w.]+)`.*?\n+)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
WORD = re.compile(r"(?<![\w-])[A-Za-z]{4,}(?![\w-])")
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
MONTHS = "January February March April June July August September October November December"
PASSING = frozenset([*DAYS.split(), *MONTHS.split()])
PATIENCE_SECONDS = 60

# What stands for the reader's shell: `make` takes this environment instead of making one, and a tenant takes any free port.
SHELL = """
set -eo pipefail
make() { command make --no-print-directory -C ROOT -o .venv/.ready BIN=BIN_FOLDER "$@"; }
daypass() { if [ "$1 $2" = "sandbox up" ]; then command daypass "$@" --port 0; else command daypass "$@"; fi; }
""".replace("ROOT", shlex.quote(str(ROOT))).replace("BIN_FOLDER", shlex.quote(str(Path(sys.executable).parent)))


class Step(NamedTuple):
    """One command of a page, and the words that its output must hold."""

    command: str
    words: tuple[str, ...]


def steps(text: str) -> list[Step]:
    """The commands of a console block with what is shown below each."""
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    found: list[Step] = []
    for part in parts:
        command, _, shown = part.partition("\n")
        found.append(Step(command, tuple(word for word in WORD.findall(shown) if word not in PASSING)))
    return found


class Reader:
    """Somebody who follows a page in one terminal: a folder and an environment that last from command to command."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._kept = folder, folder / ".environment"
        tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environ = {**os.environ, "PATH": tools, "PYTHONWARNINGS": "error"}
        self._kept.touch()

    def type(self, command: str) -> str:
        """Run a command; returns what it showed, on both streams. It must succeed."""
        script = f"{SHELL}\n. {shlex.quote(str(self._kept))}\n{command}\nexport -p > {shlex.quote(str(self._kept))}\n"
        with subprocess.Popen(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            alarm = threading.Timer(PATIENCE_SECONDS, process.kill)
            alarm.start()
            shown = ""
            for line in process.stdout or ():
                shown += line
                if command.startswith("daypass login") and line.startswith("and enter code"):
                    self.sign_in_in_the_browser(shown)
            alarm.cancel()
        assert process.returncode == 0, f"$ {command}\n{shown}"
        return shown

    def sign_in_in_the_browser(self, shown: str) -> None:
        """Do what the page asks a person to do: open the address, type the code, pick Megan Bowen, accept."""
        address, code = re.search(r"open +(\S+)\nand enter code +(\S+)", shown).groups()
        ca_file = re.search(r'DAYPASS_CA_FILE="([^"]+)"', self._kept.read_text())[1]
        browser = build_opener(ProxyHandler({}), HTTPSHandler(context=ssl.create_default_context(cafile=ca_file)))

        def send(**form: str) -> str:
            with browser.open(address, urlencode(form).encode() or None, timeout=10) as page:
                return page.read().decode()

        assert "code" in send()
        people = send(code=code)
        megan = re.search(r'name="user" value="([^"]+)"(?:(?!</button>).)*Megan Bowen', people, re.DOTALL)[1]
        assert "Are you trying to sign in" in send(code=code, user=megan)
        assert "Accept" not in send(code=code, user=megan, answer="accept")


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """A reader with an empty folder; a tenant they left running is ended."""
    reader = Reader(tmp_path)
    yield reader
    for file in Path(os.environ["XDG_STATE_HOME"], "daypass", "sandbox").glob("*.json"):
        reader.type(f"command daypass sandbox down --port {file.stem}")


def follow(reader: Reader, page: str) -> int:
    """Type every console block of a page and save the files it says to save; returns how many commands that was."""
    typed = 0
    for block in BLOCK.finditer((DOCS / page).read_text("utf-8")):
        if block["file"]:
            (reader.folder / block["file"]).write_text(block["text"], "utf-8")
        if block["kind"] == "console":
            for step in steps(block["text"]):
                shown = reader.type(step.command)
                missing = [word for word in step.words if word not in shown]
                assert not missing, f"{page}: $ {step.command}\nlacks {missing} in\n{shown}"
                typed += 1
    return typed


def test_the_first_steps_can_be_followed_to_the_letter(reader):
    assert follow(reader, "tutorial/first-steps.md") > 12
    assert (
        "no sandbox is running"
        in subprocess.run(["daypass", "sandbox", "env"], env=reader.environ, capture_output=True, text=True, timeout=60, check=False).stderr
    )


def test_the_page_for_developers_of_other_apps_can_be_followed_to_the_letter(reader):
    if not shutil.which("curl"):
        pytest.skip("NO CURL ON THIS MACHINE: the page for developers of other apps was not followed")
    assert follow(reader, "how-to/test-your-own-app.md") > 12


def test_the_page_on_notifications_can_be_followed_to_the_letter(reader):
    if not shutil.which("curl"):
        pytest.skip("NO CURL ON THIS MACHINE: the page on notifications was not followed")
    try:
        assert follow(reader, "how-to/receive-notifications.md") > 12
    finally:
        reader.type('kill "${WEBHOOK:-$$}" 2> told.txt || true')


def test_the_programs_for_other_languages_run(reader):
    missing = [tool for tool in ("curl", "node") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"NOT ON THIS MACHINE, so that the programs for other languages were not run: {', '.join(missing)}")
    assert follow(reader, "how-to/sandbox-clients.md") == 8


def test_the_page_on_seeds_can_be_followed_to_the_letter(reader):
    assert follow(reader, "reference/seeds.md") == 5


def test_a_seed_from_the_page_can_be_planted(reader):
    page = (DOCS / "how-to/test-your-own-app.md").read_text("utf-8")
    (reader.folder / "team.json").write_text(next(block["text"] for block in BLOCK.finditer(page) if block["kind"] == "json"))
    reader.type("daypass sandbox up --background --seed team.json")
    assert '{"users": 2}' in reader.type("daypass sandbox seed team.json")


def test_a_page_that_shows_what_does_not_come_is_found_out(reader, tmp_path):
    (tmp_path / "page.md").write_text("```console\n$ echo welcome everybody\nwelcome nobody\n```\n")
    with pytest.raises(AssertionError, match="nobody"):
        follow(reader, str(tmp_path / "page.md"))


def test_a_command_that_fails_is_found_out(reader, tmp_path):
    (tmp_path / "page.md").write_text("```console\n$ false | cat\n```\n")
    with pytest.raises(AssertionError, match="false"):
        follow(reader, str(tmp_path / "page.md"))
