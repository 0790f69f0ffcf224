"""The pytest plugin as another project has it: a folder of tests of its own, run by a pytest of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from daypass_sandbox import extra, testing

ROOT = Path(__file__).parents[3]
ASK = """
import json
import pytest
from daypass.wire import Request

def ask(tenant, path, method="GET", body=None):
    token = tenant.mint("megan", ["Calendars.ReadWrite", "User.Read"])
    sent = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    answer = tenant.handle(Request(method, "https://localhost:8443/v1.0" + path, sent, json.dumps(body).encode() if body else b""))
    return answer.status, json.loads(answer.body)

def subjects(tenant):
    return [event["subject"] for event in ask(tenant, "/me/events?$top=100")[1]["value"]]
"""
OWN_SEED = """
like = "empty"
[[events]]
subject = "Lunch"
organizer = "megan"
day = 0
at = 12:00:00
minutes = 30
"""


class Project:
    """Somebody's project: files in a folder, and what pytest says of them."""

    def __init__(self, folder):
        self.folder = folder
        self.write("pytest.ini", "[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def run(self, tests, *options, plugin=True):
        self.write("test_it.py", ASK + tests)
        words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *(["-p", "daypass_sandbox.pytest_plugin"] if plugin else [])]
        environ = {**os.environ, "PYTEST_ADDOPTS": "", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run([*words, *options], cwd=self.folder, env=environ, capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_without_a_marker_it_is_contoso_on_a_monday_noon(project):
    code, told = project.run(
        """
def test_seed(tenant):
    assert "Marketing stand-up" in subjects(tenant)
    assert tenant.clock.now() == 1795435200.0

def test_server(tenant_server):
    assert "Marketing stand-up" in tenant_server.between_requests(lambda: subjects(tenant_server.tenant))
"""
    )
    assert code == 0, told


def test_a_marker_says_what_it_holds_what_time_it_is_and_what_is_odd(project):
    project.write("own.toml", OWN_SEED)
    code, told = project.run(
        """
NOW = "2027-03-28T00:30:00Z"

@pytest.mark.sandbox(seed="own.toml", now=NOW, quirks={"repeatLastItem": True})
def test_all(tenant, tenant_server):
    for each in (tenant, tenant_server.tenant):
        assert subjects(each) == ["Lunch"]
        assert each.clock.now() == 1806193800.0
        assert each.state.quirks == {"repeatLastItem": True}
    assert ask(tenant, "/me/events")[1]["value"][0]["start"]["dateTime"].startswith("2027-03-27T")

@pytest.mark.sandbox(seed={"like": "empty", "events": [{"subject": "Fair", "organizer": "megan", "day": 0, "days": 1}]})
def test_document(tenant):
    assert subjects(tenant) == ["Fair"]

def test_next(tenant_server):
    assert tenant_server.tenant.state.quirks == {}
    assert tenant_server.tenant.clock.now() != 1806193800.0
    assert "Lunch" not in subjects(tenant_server.tenant)
"""
    )
    assert code == 0, told


def test_the_settings_say_it_for_all_tests(project):
    project.write("own.toml", OWN_SEED)
    code, told = project.run("def test_it(tenant):\n    assert subjects(tenant) == ['Lunch']\n", "-o", "sandbox_seed=own.toml")
    assert code == 0, told


def test_a_failure_shows_the_last_exchanges_and_no_secret(project):
    code, told = project.run(
        """
def test_it(tenant):
    for _ in range(12):
        ask(tenant, "/me")
    status, body = ask(tenant, "/me/events", "POST", {"subject": "Lunch", "location": "Canteen"})
    assert status == 201

def test_passes(tenant):
    ask(tenant, "/me")
"""
    )
    assert code == 1
    shown = told.partition("The last exchanges with the sandbox")[2]
    assert "... 3 earlier ones" in shown
    assert shown.count("GET https://localhost:8443/v1.0/me -> 200   megan@contoso.example") == 9
    assert "POST https://localhost:8443/v1.0/me/events -> 400   megan@contoso.example" in shown
    assert 'asked: {"subject": "Lunch", "location": "Canteen"}' in shown
    assert 'answered: {"error": {"code": "RequestBodyRead"' in shown
    assert told.count("The last exchanges with the sandbox") == 1
    assert not re.search(r"eyJ[\w-]{20,}", shown)


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ("seed='fabrikam'", "there is no seed 'fabrikam'"),
        ("seed='absent.json'", "absent.json cannot be read"),
        ("seed={'peple': {}}", "unknown member 'peple'"),
        ("now='tomorrow'", "sandbox: Invalid isoformat string: 'tomorrow'"),
        ("quirks={'nonsense': True}", "there is no quirk 'nonsense'"),
        ("quirks={'repeatLastItem': 'yes'}", "repeatLastItem must be true or false"),
        ("'empty'", "the marker is sandbox(seed, now, quirks)"),
        ("user='megan'", "the marker is sandbox(seed, now, quirks)"),
    ],
)
def test_a_marker_that_makes_no_sense_is_explained(project, marker, said):
    code, told = project.run(f"@pytest.mark.sandbox({marker})\ndef test_it(tenant):\n    pass\n")
    assert code == 1
    assert said in told
    assert "Traceback" not in told


def test_where_it_is_not_asked_for_nothing_of_the_tenant_is_loaded(project):
    code, told = project.run(
        """
import sys

def test_it():
    assert not [name for name in sys.modules if name in ("jwt", "jinja2", "aiohttp", "trustme") or name.startswith("daypass_sandbox.t")]
    assert "daypass_sandbox.pytest_plugin" in sys.modules
"""
    )
    assert code == 0, told


def test_the_older_line_works_beside_the_plugin_and_without(project):
    project.write("conftest.py", 'pytest_plugins = ["daypass_sandbox.testing"]\n')
    for plugin in (True, False):
        code, told = project.run("def test_it(tenant):\n    assert subjects(tenant)\n", plugin=plugin)
        assert code == 0, told


def test_without_the_extra_a_test_fails_with_what_to_install(project):
    project.write(
        "conftest.py",
        "import sys\nclass Absent:\n    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {sorted(extra.PACKAGES)}:\n            raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Absent())\n",
    )
    code, told = project.run("def test_it(tenant):\n    pass\ndef test_server(tenant_server):\n    pass\ndef test_other():\n    pass\n")
    assert code == 1
    assert told.count(extra.ADVICE) >= 2
    assert "1 passed" in told


def test_pytest_finds_it_by_the_name_that_the_older_line_names_too():
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    assert points == {name: name for name in testing.pytest_plugins}
