"""The documentation says what the code does: nothing missing, nothing outlived, no link that leads nowhere."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path
from zoneinfo import ZoneInfo

import certifi
import pytest

import daypass
from daypass import cli, config, errors
from daypass.auth import aadsts
from daypass.cli import advice, output
from daypass.model.event import Attendee, Event, Person
from daypass_sandbox import faults
from daypass_sandbox.control import door
from daypass_sandbox.ics import words
from daypass_sandbox.seeds import crowd, errands, places, schedule, teams

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MACHINE = re.compile(r"/(?:work|root)/|/(?:home|tmp)/\w|[A-Z]:\\|pypi\.|files\.pythonhosted|registry\.npm", re.IGNORECASE)

spec = importlib.util.spec_from_file_location("make_docs", ROOT / "tools" / "make_docs.py")
make_docs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make_docs)


def page(name):
    return (DOCS / name).read_text("utf-8")


def prose(text):
    """A page without its fenced blocks."""
    return FENCED.sub("", text)


def anchors(text):
    """The headings of a page as they are linked to (GitHub's way)."""
    heads = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def members(text, heading):
    """The names in the first column of the first table below a heading, or below the words that introduce it."""
    table = re.search(r"^\|.*?(?=^(?!\|)|\Z)", text[text.index(heading) :], re.MULTILINE | re.DOTALL)[0]
    first = [line.split("|")[1] for line in table.splitlines()[2:]]
    return {name for cell in first for name in re.findall(r"`([^`]+)`", cell)}


# --- what is made by the tool


def test_what_the_tool_makes_is_up_to_date():
    behind = [str(path.relative_to(ROOT)) for path in make_docs.behind(DOCS)]
    assert not behind, f"run tools/make_docs.py: {behind}"


def test_every_part_that_the_tool_makes_stands_in_a_page():
    placed = {found["name"] for path in PAGES for found in make_docs.MARKS.finditer(path.read_text("utf-8"))}
    assert placed == set(make_docs.PARTS)


def test_a_part_that_is_behind_is_found_and_renewed_and_what_is_written_by_hand_stays(tmp_path):
    text = page("reference/cli.md")
    (tmp_path / "cli.md").write_text(text.replace("## daypass agenda", "## daypass gone"), "utf-8")
    assert make_docs.behind(tmp_path) == {tmp_path / "cli.md": text}


# --- commands


def commands():
    return [*cli.COMMANDS, *plugins()]


def plugins():
    return [point.name for point in entry_points(group=cli.PLUGINS)]


def help_of(capsys, *words):
    assert cli.main([*words, "--help"]) == 0
    return capsys.readouterr().out


def section(text, heading):
    return re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[1]


@pytest.mark.parametrize("command", commands())
def test_every_option_that_a_commands_help_shows_is_in_the_reference(command, capsys):
    shown = help_of(capsys, command)
    told = section(page("reference/cli.md"), f"daypass {command}")
    if "Its verbs follow." in told:
        shown = ""
        for verb in re.findall(rf"^## daypass {command} (\w+)$", page("reference/cli.md"), re.MULTILINE):
            shown += help_of(capsys, command, verb) if command not in plugins() else ""
            told += section(page("reference/cli.md"), f"daypass {command} {verb}")
    for option in set(re.findall(r"--[a-z][a-z-]+", shown)) - {"--help"}:
        assert f"{option}" in told, option


def verbs_of_the_sandbox(capsys):
    return re.findall(r"^    ([a-z]+) ", help_of(capsys, "sandbox"), re.MULTILINE)


def test_every_verb_of_the_sandbox_is_in_the_reference_with_its_options(capsys):
    verbs = verbs_of_the_sandbox(capsys)
    assert {"up", "down", "env", "approve"} <= set(verbs)
    for verb in verbs:
        told = section(page("reference/cli.md"), f"daypass sandbox {verb}")
        for option in set(re.findall(r"^  (--[a-z][a-z-]+)", help_of(capsys, "sandbox", verb), re.MULTILINE)):
            assert option in told, (verb, option)


def test_the_options_of_daypass_itself_are_told(capsys):
    shown = help_of(capsys)
    for option in set(re.findall(r"--[a-z-]+", shown)) - {"--help"}:
        assert option in page("reference/cli.md"), option


# --- settings


def test_every_setting_has_a_section_and_every_name_of_its_own_is_told():
    text = page("reference/settings.md")
    for setting, names in config.ENVIRONMENT.items():
        assert len(section(text, setting).split()) > 5, setting
        assert all(f"`{name}`" in text for name in names), names


def test_every_name_that_the_product_reads_from_the_environment_is_told():
    text = page("reference/settings.md")
    read = {
        name
        for path in (ROOT / "src/daypass").rglob("*.py")
        for name in re.findall(r"environ(?:\.get\(|\[)\"([A-Z_]+)\"", path.read_text("utf-8"))
    }
    assert {"NO_COLOR", "XDG_STATE_HOME"} <= read
    assert [name for name in sorted(read) if name not in text] == []


# --- errors


def tree(kind):
    return [kind, *(below for child in kind.__subclasses__() if child.__module__ == errors.__name__ for below in tree(child))]


@pytest.mark.parametrize("kind", tree(errors.DaypassError))
def test_every_error_class_is_told_with_its_code_and_exit_code(kind):
    text = page("reference/errors.md")
    row = re.search(rf"^\| `{kind.__name__}` \|.*$", text, re.MULTILINE)[0]
    code, exit_code, _ = next(told for known, told in advice.KINDS.items() if issubclass(kind, known))
    assert f"| `{code}` | {exit_code} |" in row


def test_every_exit_code_is_told():
    told = members(page("reference/errors.md"), "## Exit codes")
    assert told >= {str(exit_code) for _, exit_code, _ in advice.KINDS.values()}
    assert told >= {"0", "130"}


def test_every_aadsts_number_in_the_pages_is_one_that_daypass_explains():
    for path in PAGES:
        numbers = {int(number) for number in re.findall(r"AADSTS(\d+)", path.read_text("utf-8"))}
        assert numbers <= aadsts.NUMBERS.keys(), path


# --- JSON


EVENT = Event(
    id="1",
    subject="Review",
    start=datetime(2026, 11, 23, 9, tzinfo=UTC),
    end=datetime(2026, 11, 23, 10, tzinfo=UTC),
    organizer=Person("Megan Bowen", "megan@contoso.example"),
    attendees=(Attendee(Person("Alex Wilber", "alex@contoso.example")),),
)
BERLIN = ZoneInfo("Europe/Berlin")


def test_the_members_of_an_event_are_told(capsys):
    output.write_event(EVENT, BERLIN, "json")
    document = json.loads(capsys.readouterr().out)
    text = page("reference/json.md")
    assert members(text, "## daypass.event/1") == document.keys()
    assert members(text, "## An event") == document["event"].keys()
    attendees = re.search(r"^\| `attendees`.*$", text, re.MULTILINE)[0]
    assert all(f'"{name}"' in attendees for name in document["event"]["attendees"][0])
    start = re.search(r"^\| `start`.*$", text, re.MULTILINE)[0]
    assert all(f'"{name}"' in start for name in document["event"]["start"])


def test_the_members_of_a_listing_are_told(capsys):
    listing = output.Listing((EVENT,), EVENT.start.astimezone(BERLIN), EVENT.end.astimezone(BERLIN), EVENT.start)
    output.write_listing(listing, "json")
    document = json.loads(capsys.readouterr().out)
    text = page("reference/json.md")
    assert members(text, "## daypass.events/1") == document.keys()
    assert members(text, "| member of `meta`") == document["meta"].keys()
    assert document["events"][0].keys() - members(text, "## An event") == {"number"}


def test_the_members_of_a_status_are_told(capsys):
    os.environ |= {"CLIENT_ID": "11111111-2222-3333-4444-555555555555", "TENANT_ID": "contoso.example"}  # put back after each test
    assert cli.main(["status", "-o", "json"]) == 4
    assert members(page("reference/json.md"), "## daypass.status/1") == json.loads(capsys.readouterr().out).keys()


def test_the_members_of_a_registration_are_told(capsys):
    nowhere = {
        "DAYPASS_AUTHORITY": "https://localhost:1",
        "DAYPASS_GRAPH_ROOT": "https://localhost:1/v1.0",
        "DAYPASS_CA_FILE": certifi.where(),
    }
    os.environ |= {"CLIENT_ID": "11111111-2222-3333-4444-555555555555", "TENANT_ID": "contoso.example", **nowhere}
    assert cli.main(["setup", "verify", "-o", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    text = page("reference/json.md")
    assert members(text, "## daypass.registration/1") == document.keys()
    checks, permissions = (re.search(rf"^\| `{name}`.*$", text, re.MULTILINE)[0] for name in ("checks", "permissions"))
    assert all(f'"{name}"' in checks for name in document["checks"][0])
    assert all(f'"{name}"' in permissions for name in document["permissions"][0])


def test_the_members_of_an_explanation_are_told(capsys):
    ids = "Correlation ID: 6cd0e99e-0c95-4b5a-9c0a-53a9a8f20000 Timestamp: 2026-11-22 10:00:00Z"
    assert cli.main(["explain", "AADSTS53003", ids, "-o", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    text = page("reference/json.md")
    assert members(text, "## daypass.explanation/1") == document.keys()
    assert members(text, "| member of `explanations`") == document["explanations"][0].keys()


def test_the_members_of_an_error_are_told(capsys):
    advice.report(errors.UsageError("no"), as_json=True)
    document = json.loads(capsys.readouterr().err)
    text = page("reference/json.md")
    assert members(text, "## daypass.error/1") == document.keys()
    assert members(text, "| member of `error`") == document["error"].keys()


def test_every_schema_in_the_source_has_a_section_and_no_other_has():
    written = {name for path in (ROOT / "src").rglob("*.py") for name in re.findall(r"\"(daypass\.\w+/\d+)\"", path.read_text("utf-8"))}
    assert set(re.findall(r"^## (daypass\.\w+/\d+)$", page("reference/json.md"), re.MULTILINE)) == written


# --- the library


def test_every_exported_name_is_told_and_no_page_imports_another():
    told = page("how-to/library.md").partition("## What is exported")[2]
    assert set(re.findall(r"`(\w+)`", told)) == set(daypass.__all__)


def python_blocks():
    return [(path, code) for path in PAGES for kind, code in FENCED.findall(path.read_text("utf-8")) if kind == "python"]


@pytest.mark.parametrize(("path", "code"), python_blocks())
def test_python_in_the_pages_is_python_and_imports_what_there_is(path, code):
    imported = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom) and node.module == "daypass"]
    assert {alias.name for node in imported for alias in node.names} <= set(daypass.__all__), path


# --- the sandbox


def test_every_request_of_the_control_plane_is_told():
    text = page("reference/sandbox-control.md")
    told = {name.partition("?")[0] for name in re.findall(r"`((?:GET|POST|PATCH|DELETE) /sandbox[^`]*)`", text)}
    assert told == {f"{route.method} {route.template}" for route in door.ROUTES}


def test_every_effect_of_a_fault_is_told():
    assert members(page("reference/sandbox-control.md"), "| effect |") >= set(faults.EFFECTS)


@pytest.mark.parametrize(
    ("heading", "known"),
    [
        ("## Events", {*schedule.EVENT, "subject"}),
        ("## Tasks", {*errands.TASK, "title"} - {"at", "minutes", "days", "zone"}),
        ("## Places", {*places.OWN}),
        ("`groups` are groups", {*teams.GROUP}),
        ("## A crowd", {*crowd.MEMBERS}),
    ],
)
def test_every_member_of_a_seed_is_told_and_no_other(heading, known):
    assert members(page("reference/seeds.md"), heading) == known


def test_what_becomes_of_each_property_of_an_icalendar_file_is_told():
    told = page("reference/seeds.md").partition("## iCalendar files")[2]
    unseen = {"DTSTAMP", "SEQUENCE", *(name for name in words.UNDERSTOOD if name.startswith("X-MICROSOFT"))}
    assert [name for name in sorted(words.UNDERSTOOD - unseen) if f"`{name}`" not in told] == []


# --- all pages


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_every_link_leads_somewhere(path):
    for target, anchor in LINK.findall(prose(path.read_text("utf-8"))):
        there = (path.parent / target).resolve() if target else path
        assert there.exists(), target
        assert there.is_relative_to(ROOT), target
        if anchor:
            assert anchor in anchors(there.read_text("utf-8")), f"{target}#{anchor}"


def test_every_page_is_reached_from_the_map():
    linked = {(DOCS / target).resolve() for target, _ in LINK.findall(page("index.md")) if target}
    assert {path for path in PAGES if path.name != "index.md"} <= linked


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_no_page_names_a_place_on_somebodys_machine(path):
    assert MACHINE.findall(path.read_text("utf-8")) == []


def test_every_test_that_a_claim_names_is_there():
    named = set(re.findall(r"`(test_\w+)(?:\.py)?`", page("explanation/cross-device.md")))
    files = list((ROOT / "tests").rglob("test_*.py"))
    there = {path.stem for path in files} | {name for path in files for name in re.findall(r"def (test_\w+)\(", path.read_text("utf-8"))}
    assert len(named) > 15
    assert named - there == set()
