"""Writes the parts of docs/ that are told by the code: commands, settings, errors, and what the sandbox answers.

A page holds such a part between two marks, `<!-- made by tools/make_docs.py: NAME -->` and `<!-- end: NAME -->`; all around them is
written by hand and left alone. Run it in the project's environment; with `--check` it changes nothing and fails when a page is behind.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from daypass import cli, config, errors
from daypass.auth import aadsts, authorities, explain
from daypass.cli import advice
from daypass_sandbox import faults, quirks
from daypass_sandbox.calendar import shapes
from daypass_sandbox.control import weather
from daypass_sandbox.entra import protocol as entra
from daypass_sandbox.graph import payload
from daypass_sandbox.routes import Permissions, Route
from daypass_sandbox.seeds import planting
from daypass_sandbox.tenant import GRAPH_ROUTES

DOCS = Path(__file__).parents[1] / "docs"
MARKS = re.compile(r"<!-- made by tools/make_docs\.py: (?P<name>[\w-]+) -->\n.*?<!-- end: (?P=name) -->", re.DOTALL)
FLAGS = {  # the settings that some command takes as an option
    **{name: "--" + name.replace("_", "-") for name in ("client_id", "tenant_id", "cloud", "authority", "authority_kind", "ca_file")},
    "time_zone": "--tz",
    "mailbox": "--mailbox",
    "profile": "--profile",
}


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines)


def code(*words: str) -> str:
    """Words in the code face, with commas between."""
    return ", ".join(f"`{word}`" for word in words if word)


# --- the command line --------------------------------------------------------------------------------------------


def parsers() -> Iterator[tuple[argparse.ArgumentParser, str]]:
    """Every command's parser with its summary; verbs of a command follow it."""
    for name, (module, summary) in cli.COMMANDS.items():
        parser = cli.Parser(prog=f"daypass {name}", add_help=False)
        cli.configure(module, name, parser)
        yield parser, summary
        yield from verbs(parser)
    for point in sorted(entry_points(group=cli.PLUGINS), key=lambda point: point.name):
        parser = argparse.ArgumentParser(prog=f"daypass {point.name}", add_help=False)
        module = point.load()
        module.configure(parser)
        yield parser, module.SUMMARY
        yield from verbs(parser)


def verbs(parser: argparse.ArgumentParser) -> Iterator[tuple[argparse.ArgumentParser, str]]:
    """The parsers of a command's verbs with their summaries."""
    for action in parser._actions:
        if isinstance(action.choices, dict):
            listed: Any = action  # argparse does not show its class of sub-parsers
            summaries = {choice.dest: choice.help or "" for choice in listed._choices_actions}
            yield from ((verb, summaries[name]) for name, verb in listed.choices.items())


def arguments(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """What a command takes, without --help and verbs."""
    return [action for action in parser._actions if action.dest != "help" and not isinstance(action.choices, dict)]


def value(action: argparse.Action) -> str:
    """The placeholder of an argument's value, "" when it takes none."""
    if action.nargs == 0:
        return ""
    name = action.metavar if isinstance(action.metavar, str) else "|".join(map(str, action.choices or [action.dest.upper()]))
    return {"?": f"[{name}]", "*": f"[{name} ...]"}.get(str(action.nargs), name)


def typed(action: argparse.Action, name: str) -> str:
    """An argument as it is typed."""
    return f"{name} {value(action)}".strip()


def synopsis(parser: argparse.ArgumentParser) -> str:
    """The command with all its arguments on one line, those that may be left out in brackets."""
    words = [parser.prog]
    for action in arguments(parser):
        word = typed(action, action.option_strings[0] if action.option_strings else "")
        words.append(word if action.required or word.startswith("[") else f"[{word}]")
    return " ".join(words)


def commands() -> str:
    """Every command: summary, synopsis, arguments."""
    parts: list[str] = []
    for parser, summary in parsers():
        if list(verbs(parser)):
            parts.append(f"## {parser.prog}\n\n{sentence(summary)} Its verbs follow.")
            continue
        exclusive = {action: group._group_actions for group in parser._mutually_exclusive_groups for action in group._group_actions}
        rows: list[tuple[str, str]] = []
        for action in arguments(parser):
            others = [other.option_strings[0] for other in exclusive.get(action, []) if other is not action]
            told = (action.help or "").replace("%%", "%") + (f"; not together with {code(*others)}" if others else "")
            needed = " (needed)" if action.required and action.option_strings else ""
            rows.append((code(*(typed(action, name) for name in action.option_strings or [""])), told + needed))
        parts.append(f"## {parser.prog}\n\n{sentence(summary)}\n\n```text\n{synopsis(parser)}\n```")
        if rows:
            parts.append(table(("argument", "meaning"), rows))
    return "\n\n".join(parts)


def sentence(summary: str) -> str:
    """A summary as a sentence."""
    return f"{summary[:1].upper()}{summary[1:]}."


def exit_codes() -> str:
    """The exit codes and what they mean."""
    pairs = re.findall(r"(\d+) ([^·\n]+)", cli.EXIT_CODES)
    return table(
        ("exit code", "meaning", "error codes"), ((code(number), words.strip(), _codes_of(int(number))) for number, words in pairs)
    )


def _codes_of(exit_code: int) -> str:
    return code(*dict.fromkeys(name for name, number, _ in advice.KINDS.values() if number == exit_code))


# --- settings and errors -------------------------------------------------------------------------------------------


def settings() -> str:
    """Where each setting can be given, and its default."""
    defaults = config.Settings()
    rows = [
        (
            code(setting),
            code(FLAGS.get(setting, "")),
            code(*names),
            code(*(names if setting in config.FROM_DOTENV else ())),
            code(str(getattr(defaults, setting))),
        )
        for setting, names in config.ENVIRONMENT.items()
    ]
    return table(("setting, and key in `config.toml`", "option", "environment", "`.env`", "default"), rows)


def clouds() -> str:
    """Which sign-in service goes with which Graph."""
    return table(
        ("authority", "graph_root"),
        ((code(f"https://{login}"), code(*(f"https://{g}/v1.0" for g in graphs))) for login, graphs in authorities.GRAPHS.items()),
    )


def error_classes() -> str:
    """Every error class with its name for programs, exit code, meaning and cure; a class without its own entry takes its parent's."""
    rows = [_error_row(kind) for kind in (errors.DaypassError, *descendants(errors.DaypassError))]
    return table(("class", "is a", "code", "exit", "meaning", "cure offered"), rows)


def descendants(kind: type[errors.DaypassError]) -> Iterator[type[errors.DaypassError]]:
    """The error classes of the tree below one, each parent before its children."""
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from descendants(child)


def _error_row(kind: type[errors.DaypassError]) -> tuple[str, ...]:
    name, exit_code, cure = next(told for known, told in advice.KINDS.items() if issubclass(kind, known))
    meaning = " ".join((kind.__doc__ or "").split("\n\n", maxsplit=1)[0].split())
    parent = kind.__base__.__name__ if kind.__base__ else ""
    return (code(kind.__name__), code(parent), code(name), str(exit_code), meaning, " ".join(cure.split()))


def entra_numbers() -> str:
    """The AADSTS numbers daypass explains."""
    rows: list[tuple[str, ...]] = []
    for number, entry in sorted(aadsts.NUMBERS.items()):
        raised = explain.BY_KIND.get(entry.kind)
        met = ", ".join(aadsts.FLOWS[flow] for flow in entry.flows)
        rows.append((f"AADSTS{number}", code(raised.__name__) if raised else "", entry.cause, entry.cure, entry.who, met))
    return table(("number", "error", "cause", "cure", "who can do it", "met"), rows)


# --- the sandbox ---------------------------------------------------------------------------------------------------


def routes(listed: Iterable[Route], *, permissions: bool) -> str:
    """A table of routes: request, permissions, where its rules are written."""
    heads = ("for a user: any one of these permissions", "for an app alone") if permissions else ()
    rows: list[tuple[str, ...]] = []
    for route in listed:
        takes = route.permissions or Permissions()
        granted = (code(*takes.delegated), code(*takes.application)) if permissions else ()
        rows.append((code(f"{route.method} {route.template}"), *granted, _source(route.source)))
    return table(("request", *heads, "source"), rows)


def _source(source: str) -> str:
    name = source.rpartition("/")[2]
    return f"documentation: [{name}]({source})" if source.startswith("https://") else source


def event_members() -> str:
    """What becomes of each member of an event that a client writes."""
    kinds: dict[str, list[str]] = {"kept": [], "read-only, passed over": []}
    for name, shape in shapes.EVENT.items():
        kinds["read-only, passed over" if isinstance(shape, payload.ReadOnly) else "kept"].append(name)
    return table(
        ("a client that writes these members", "finds them"), ((code(*sorted(names)), what) for what, names in kinds.items() if names)
    )


def policies() -> str:
    """The policies of the sandbox."""
    return table(("policy", "meaning"), ((code(name), meaning) for name, meaning in weather.POLICIES.items()))


def service_habits() -> str:
    """The quirks of the sandbox."""
    rows = ((code(name), code(repr(quirk.default).lower()), quirk.meaning) for name, quirk in quirks.QUIRKS.items())
    return table(("quirk", "by itself", "meaning"), rows)


def fault_members() -> str:
    """The members of a fault."""
    return table(("member", "must be"), ((code(name), words) for name, (_, words) in faults.MEMBERS.items()))


KINDS = {str: "text", dict: "object", list: "list"}


def seed_sections() -> str:
    """The members of a seed document."""
    return table(("member", "type", "meaning"), ((code(each.name), KINDS[each.kind], each.means) for each in planting.SECTIONS))


def seed_person() -> str:
    """The members of a person or room in a seed that are no properties of the Graph user."""
    return table(("member", "type", "meaning"), ((code(each.name), KINDS[each.kind], each.means) for each in planting.OF_A_PERSON))


PARTS: Mapping[str, Callable[[], str]] = {
    "commands": commands,
    "exit-codes": exit_codes,
    "settings": settings,
    "clouds": clouds,
    "errors": error_classes,
    "entra-numbers": entra_numbers,
    "sign-in-routes": lambda: routes(entra.ROUTES, permissions=False),
    "graph-routes": lambda: routes(GRAPH_ROUTES, permissions=True),
    "event-members": event_members,
    "policies": policies,
    "quirks": service_habits,
    "fault-members": fault_members,
    "seed-sections": seed_sections,
    "seed-person": seed_person,
}


def renewed(page: str) -> str:
    """A page with its made parts as the code tells them now; KeyError for a part of a name that is not known."""
    return MARKS.sub(lambda found: _between_marks(found["name"], PARTS[found["name"]]()), page)


def _between_marks(name: str, content: str) -> str:
    return f"<!-- made by tools/make_docs.py: {name} -->\n\n{content}\n\n<!-- end: {name} -->"


def behind(folder: Path) -> dict[Path, str]:
    """The pages that are behind the code, and what they should be."""
    pages = {path: path.read_text("utf-8") for path in sorted(folder.rglob("*.md"))}
    return {path: renewed(page) for path, page in pages.items() if renewed(page) != page}


def main(words: Sequence[str]) -> int:
    """Renew the pages, or with --check only say which are behind."""
    stale = behind(DOCS)
    for path, page in stale.items():
        print(f"{path.relative_to(DOCS.parent)} is {'behind the code: run make docs' if '--check' in words else 'renewed'}")
        if "--check" not in words:
            path.write_text(page, "utf-8")
    return int("--check" in words and bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
