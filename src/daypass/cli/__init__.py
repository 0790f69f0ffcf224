"""The command line: one parser, each command's module loaded only when it is asked for, errors turned into advice.

A command's module offers `configure(parser)`, which adds its arguments and sets `run`, a callable that takes the parsed
arguments and returns the exit code; or verbs that do. Other distributions add commands through the entry point group `daypass.commands`:
there a module also carries its `SUMMARY`.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from io import TextIOWrapper
from typing import Any, NoReturn, TextIO

from ..errors import DaypassError, UsageError

COMMANDS: Mapping[str, tuple[str, str]] = {
    "login": ("login", "sign in"),
    "logout": ("account", "forget the sign-in of this machine"),
    "status": ("account", "who is signed in, how, and until when, without asking the network"),
    "token": ("account", "print an access token for Microsoft Graph"),
    "accounts": ("accounts", "several sign-ins side by side: list, switch, rename, remove"),
    "setup": ("setup", "register daypass in your tenant, or print the steps; check a registration; tell an administrator"),
    "vault": ("vault", "where sign-ins rest: show, rekey, export, import"),
    "doctor": ("doctor", "look at everything a sign-in hangs on, and say what cures what is wrong"),
    "explain": ("explain", "what an error of the sign-in service means, and who can cure it; offline"),
    "agenda": ("agenda", "what is coming up, or what lies between two dates"),
    "show": ("agenda", "one event with all its details"),
    "add": ("add", "create an event"),
}
CHANGING = frozenset({"add"})  # what fails in these may have been done all the same
PLUGINS = "daypass.commands"

ABOUT = """Without a command: sign in if needed, greet, show what is coming up.

to begin:
  daypass demo                     all of it, on a pretend tenant; needs no account
  daypass login --device           with CLIENT_ID and TENANT_ID in the environment
                                   or in a file named .env in this folder
  daypass agenda fri --days 3      three days from Friday
  daypass add --title Lunch --start 'fri 12:30' --where Canteen
"""

EXIT_CODES = """exit codes:
  0 ok · 1 unexpected · 2 usage or ambiguous date · 3 not found or ambiguous
  4 sign-in needed · 5 forbidden (scope, consent, policy) · 6 conflict
  7 throttled · 8 unreachable · 9 partial · 10 configuration · 130 interrupted"""

OF_DAYPASS_ITSELF = frozenset({"--debug", "--profile", "--version", "-h", "--help"})


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are our errors, so that they come out in one form; `see` names the help to read."""

    see = ""

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("allow_abbrev", False)
        super().__init__(**settings)
        self._negative_number_matcher = re.compile(r"^-\d")  # `-1w` is a date, never a flag

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with a pointer to this command's help."""
        raise UsageError(message, (f"{self.see or self.prog} --help",))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; whatever goes wrong becomes advice on stderr, a traceback only with --debug."""
    words = list(sys.argv[1:] if argv is None else argv)
    options = words[: words.index("--")] if "--" in words else words
    _prepare_streams()
    try:
        _check_text(words)
        code = _run(words, options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted.\n")
        return 130
    except BrokenPipeError:
        _silence(sys.stdout)  # the reader left early: nothing to say, nothing lost
        return 0
    except Exception as error:
        if "--debug" in options:
            raise
        from .advice import report

        told = error if isinstance(error, DaypassError) else _unexpected(error, changing=bool(CHANGING.intersection(options)))
        return report(told, as_json=_wants_json(options))
    return code


def _run(words: list[str], options: list[str]) -> int:
    if words and words[0].startswith("-") and words[0].partition("=")[0] not in OF_DAYPASS_ITSELF:
        raise UsageError(f"daypass alone does not take {words[0]}; name a command first", (f"daypass agenda {' '.join(words)}",))
    pairs = zip(["", *options], options, strict=False)
    name = next((word for before, word in pairs if not word.startswith("-") and before != "--profile"), "")
    if not name and "--version" in options:
        from .. import __version__

        print(f"daypass {__version__}")
        return 0
    try:
        arguments = _parser(name, everything=not name).parse_args(words)
    except SystemExit as done:  # argparse's way to end after --help
        return int(done.code or 0)
    run = getattr(arguments, "run", None) or _module("home").run
    return int(run(arguments))


def _prepare_streams() -> None:
    """Make every stream one that can be written: closed ones lead nowhere, and a character the terminal lacks is spelt out."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            nowhere = os.open(os.devnull, os.O_RDONLY if mode == "r" else os.O_WRONLY)
            setattr(sys, name, open(nowhere, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - as long-lived as the process
        elif mode == "w" and isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _silence(stream: TextIO) -> None:
    """Lead a stream that cannot be written nowhere, so that its last flush at the end of the process is no second failure."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _unexpected(error: Exception, *, changing: bool) -> DaypassError:
    """What nobody foresaw, without its text, which may quote anything; the output that cannot be written is the one case known."""
    if isinstance(error, OSError) and error.filename is None:
        _silence(sys.stdout)
        told = DaypassError(f"the output could not be written ({error.strerror or type(error).__name__})")
    else:
        told = DaypassError(f"something unexpected went wrong ({type(error).__name__}); --debug shows more, please report it")
    told.maybe_done = changing
    return told


def _check_text(words: list[str]) -> None:
    """Refuse words that are no text: Python hands on undecodable bytes as halves of surrogate pairs, which nothing after it takes."""
    for word in words:
        if any("\ud800" <= mark <= "\udfff" for mark in word):
            raise UsageError(f"{word.encode('utf-8', 'replace').decode()[:40]!r} is not UTF-8 text")


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal; asked here, for argparse would load `shutil` for it on every start."""

    def __init__(self, prog: str) -> None:
        try:
            columns = int(os.environ.get("COLUMNS") or os.get_terminal_size().columns)
        except (OSError, ValueError):
            columns = 100
        super().__init__(prog, width=max(40, min(columns, 120)) - 2)


def _parser(name: str, *, everything: bool) -> Parser:
    """The parser: every command is listed in it where none is meant, else that one alone, with its arguments."""
    parser = Parser(
        prog="daypass",
        description="One pass to your day: Microsoft 365 sign-in and calendar from any screen.",
        epilog=f"{ABOUT}\n{EXIT_CODES}",
        formatter_class=_Formatter,
    )
    parser.add_argument("--version", action="store_true", help="show the version and exit")
    add_common(parser)
    parser.see = f"daypass {name}" if name in COMMANDS else ""
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    listed = COMMANDS if name not in COMMANDS else {name: COMMANDS[name]}  # making a parser takes a third of a millisecond
    for known, (module, summary) in listed.items():
        command = commands.add_parser(known, help=summary, description=_sentence(summary), formatter_class=_Formatter)
        if known == name:
            configure(module, known, command)
    if everything or name not in COMMANDS:
        _add_plugins(commands, name)
    return parser


def add_common(parser: argparse.ArgumentParser) -> None:
    """The options every command takes."""
    parser.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show a traceback when something fails")
    parser.add_argument("--profile", default=argparse.SUPPRESS, metavar="NAME", help="with this profile's sign-in (DAYPASS_PROFILE)")


def configure(module: str, name: str, parser: argparse.ArgumentParser) -> None:
    """Give a command its arguments; where it has verbs, they take the common options, and its `configure_` returns their parsers."""
    verbs = getattr(_module(module), f"configure_{name}")(parser)
    for each in verbs or (parser,):
        add_common(each)


def _module(name: str) -> Any:
    """A command's module, loaded now."""
    from importlib import import_module

    return import_module(f"{__name__}.{name}")


def _add_plugins(commands: Any, name: str) -> None:
    from importlib.metadata import entry_points

    found = {point.name: point for point in entry_points(group=PLUGINS) if point.name not in COMMANDS}
    for known, point in sorted(found.items()):
        if name in ("", known):
            module = point.load()
            module.configure(
                commands.add_parser(known, help=module.SUMMARY, description=_sentence(module.SUMMARY), formatter_class=_Formatter)
            )
    if name and name not in found:
        from difflib import get_close_matches

        near = get_close_matches(name, [*COMMANDS, *found], n=2)
        raise UsageError(f"there is no command {name!r}", tuple(f"daypass {word}" for word in near) or ("daypass --help",))


def _sentence(summary: str) -> str:
    return f"{summary[:1].upper()}{summary[1:]}."


def _wants_json(options: list[str]) -> bool:
    pairs = zip(["", *options], options, strict=False)
    return any(
        word in ("-ojson", "-o=json", "--output=json") or (word == "json" and before in ("-o", "--output")) for before, word in pairs
    )
