"""The verbs that ask a running tenant's control plane something and print its answer, as one JSON line unless they say otherwise."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from ..files import read_seed, read_text
from .finding import ASK_SECONDS, CONFIGURATION, PARTIAL, USAGE, Question, add_port, ask, found, stop

Arguments = argparse.Namespace
Say = Callable[[Arguments], Question]

SPANS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
FOLLOW_SECONDS = 25
WORK_SECONDS = 120.0  # for what takes the tenant a while: a large seed, a large state


def configure(verbs: Any) -> None:
    """Every verb that steers."""
    for add in (_sign_ins, _begin_again, _time_and_weather, _people, _events, _journal, _snapshots):
        add(verbs)


def _verb(verbs: Any, name: str, summary: str, say: Say, seconds: float = ASK_SECONDS) -> argparse.ArgumentParser:
    """A verb and what it asks; `seconds` is how long the tenant may take to answer."""
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=summary, description=summary)
    add_port(verb)
    verb.set_defaults(run=_run, say=say, seconds=seconds)
    return verb


def _run(arguments: Arguments) -> int:
    """Ask, and print the answer on one line."""
    print(json.dumps(json.loads(ask(found(arguments.port), arguments.say(arguments), arguments.seconds)), ensure_ascii=False))
    return 0


def _pairs(words: list[str], read: Callable[[str], Any]) -> dict[str, Any]:
    """The members given as NAME=VALUE."""
    members: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            stop(f"{word!r} is not of the form NAME=VALUE, such as status=503", USAGE)
        members[name] = read(value)
    return members


def _value(text: str) -> Any:
    """A number or a truth value if it reads as one, else the text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float) else text


def _seed(named: str) -> str:
    try:
        return read_seed(named)
    except ValueError as error:
        stop(str(error), CONFIGURATION)


def _text(named: str) -> str:
    """The content of a file, or of the standard input for `-`."""
    try:
        return sys.stdin.read() if named == "-" else read_text(named)
    except ValueError as error:
        stop(str(error), CONFIGURATION)


# --- signing in ------------------------------------------------------------------------------------------------


def _sign_ins(verbs: Any) -> None:
    approve = _verb(verbs, "approve", "approve a waiting device sign-in", _say_approve)
    approve.add_argument("code", nargs="?", default="", help="the user code (default: the only one that waits)")
    approve.add_argument("--user", default="megan", help="who approves: short name, address or id (default: megan)")
    deny = _verb(verbs, "deny", "decline a waiting device sign-in", _say_deny)
    deny.add_argument("code", nargs="?", default="", help="the user code (default: the only one that waits)")
    revoke = _verb(verbs, "revoke", "end a user's sign-ins", lambda arguments: Question("POST", "revoke", {"user": arguments.user}))
    revoke.add_argument("user", help="short name, address or id")
    token = _verb(verbs, "token", "print an access token for a user, without a sign-in", _say_token)
    token.set_defaults(run=_print_token)
    token.add_argument("user", nargs="?", default="megan", help="short name, address or id (default: megan)")
    token.add_argument(
        "--scope", action="append", metavar="NAME", help="a permission; may be repeated (default: User.Read, Calendars.ReadWrite)"
    )
    token.add_argument("--lifetime", type=int, default=3600, metavar="SECONDS", help="how long it is good (default: 3600)")


def _say_approve(arguments: Arguments) -> Question:
    return Question("POST", "approve", {"user": arguments.user, **({"user_code": arguments.code} if arguments.code else {})})


def _say_deny(arguments: Arguments) -> Question:
    return Question("POST", "deny", {"user_code": arguments.code} if arguments.code else {})


def _say_token(arguments: Arguments) -> Question:
    scopes = arguments.scope or ["User.Read", "Calendars.ReadWrite"]
    return Question("POST", "token", {"user": arguments.user, "scopes": scopes, "lifetime_seconds": arguments.lifetime})


def _print_token(arguments: Arguments) -> int:
    print(json.loads(ask(found(arguments.port), arguments.say(arguments), arguments.seconds))["access_token"])
    return 0


# --- beginning again -------------------------------------------------------------------------------------------


def _begin_again(verbs: Any) -> None:
    reset = _verb(verbs, "reset", "forget everything and begin again from the seed, at the real time", _say_reset, WORK_SECONDS)
    reset.add_argument("--seed", default="", help="another seed: contoso, empty, or a seed file (*.json, *.toml)")
    seed = _verb(verbs, "seed", "forget everything and begin again from a seed, at the tenant's time", _say_seed, WORK_SECONDS)
    seed.set_defaults(run=_plant)
    seed.add_argument("seed", nargs="?", default="", help="contoso, empty, or a seed file (*.json, *.toml)")
    seed.add_argument(
        "--ics",
        default="",
        metavar="FILE",
        help="instead, forgetting nothing: put an iCalendar file (- for the standard input) into a mailbox",
    )
    seed.add_argument("--user", default="megan", help="with --ics: whose mailbox (default: megan)")
    seed.add_argument(
        "--calendar", default="", metavar="NAME", help="with --ics: which calendar, made if it is not there (default: the first)"
    )


def _say_reset(arguments: Arguments) -> Question:
    return Question("POST", "reset", {"seed": _seed(arguments.seed)} if arguments.seed else {})


def _say_seed(arguments: Arguments) -> Question:
    if bool(arguments.seed) == bool(arguments.ics):
        stop("name a seed, or a file with --ics", USAGE)
    if arguments.ics:
        whose = urlencode({"user": arguments.user, **({"calendar": arguments.calendar} if arguments.calendar else {})})
        return Question("POST", f"import?{whose}", text=_text(arguments.ics) or "\n")
    return Question("POST", "seed", {"seed": _seed(arguments.seed)})


def _plant(arguments: Arguments) -> int:
    """Ask, and say by the exit code whether something of a file was refused."""
    question = arguments.say(arguments)
    answer = json.loads(ask(found(arguments.port), question, arguments.seconds))
    print(json.dumps(answer, ensure_ascii=False))
    return PARTIAL if answer.get("refused") else 0


# --- time and weather ------------------------------------------------------------------------------------------


def _time_and_weather(verbs: Any) -> None:
    clock = _verb(verbs, "clock", "show or move the tenant's clock", _say_clock)
    clock.add_argument("--now", default="", metavar="TIME", help="stop the clock at this time (ISO 8601)")
    clock.add_argument("--advance", default="", metavar="SPAN", help="move it: seconds, or such as 90m, 1h, 90d, 2w")
    clock.add_argument("--stop", action="store_true", help="stop it where it is")
    clock.add_argument("--resume", action="store_true", help="let a stopped clock run on")
    fault = _verb(verbs, "fault", "plant, list or clear faults", _say_fault)
    fault.add_argument(
        "members", nargs="*", metavar="NAME=VALUE", help="status=503 retry_after=2 path=/me/events$ count=3; none: list them"
    )
    fault.add_argument("--clear", action="store_true", help="take all faults away")
    fault.add_argument("--remove", default="", metavar="ID", help="take one away")
    policy = _verb(verbs, "policy", "set, list or clear what the organisation demands", _say_policy)
    policy.add_argument("members", nargs="*", metavar="NAME=VALUE", help="require_mfa=true block_device_code=megan,alex; none: list them")
    policy.add_argument("--clear", action="store_true", help="take all policies away")
    quirk = _verb(verbs, "quirk", "set, list or clear the service's odd habits", _say_quirk)
    quirk.add_argument("members", nargs="*", metavar="NAME=VALUE", help="repeatLastItem=true emptyPages=0.5; none: list them")
    quirk.add_argument("--clear", action="store_true", help="let everything be as the service has it")


def _say_clock(arguments: Arguments) -> Question:
    wanted = {
        "now": arguments.now or None,
        "advance_seconds": _seconds(arguments.advance) if arguments.advance else None,
        "stop": arguments.stop or None,
        "run": arguments.resume or None,
    }
    said = {name: value for name, value in wanted.items() if value is not None}
    return Question("POST", "clock", said) if said else Question("GET", "clock")


def _seconds(text: str) -> float:
    span = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)([smhdw]?)", text.strip(), re.ASCII)
    if not span:
        stop(f"{text!r} is no span of time; give seconds, or such as 90m, 1h, 90d, 2w", USAGE)
    return float(span[1]) * SPANS[span[2]]


def _say_fault(arguments: Arguments) -> Question:
    if arguments.clear or arguments.remove:
        return Question("DELETE", f"faults/{quote(arguments.remove, safe='')}" if arguments.remove else "faults")
    return Question("POST", "faults", _pairs(arguments.members, _value)) if arguments.members else Question("GET", "faults")


def _say_policy(arguments: Arguments) -> Question:
    return _switches("policies", arguments, _whom)


def _say_quirk(arguments: Arguments) -> Question:
    return _switches("quirks", arguments, _value)


def _switches(path: str, arguments: Arguments, read: Callable[[str], Any]) -> Question:
    if arguments.clear:
        return Question("DELETE", path)
    return Question("POST", path, _pairs(arguments.members, read)) if arguments.members else Question("GET", path)


def _whom(text: str) -> Any:
    """True, false or a number; else the users named, with commas between."""
    value = _value(text)
    return [name.strip() for name in value.split(",")] if isinstance(value, str) else value


# --- people ----------------------------------------------------------------------------------------------------


def _people(verbs: Any) -> None:
    users = _verb(verbs, "users", "list, add, disable or delete users", _say_users)
    one = users.add_mutually_exclusive_group()
    one.add_argument("--add", default="", metavar="ADDRESS", help="add a user with this user principal name")
    one.add_argument("--disable", default="", metavar="USER", help="disable an account")
    one.add_argument("--enable", default="", metavar="USER", help="enable it again")
    one.add_argument("--delete", default="", metavar="USER", help="forget a user with mailbox and sign-ins")
    users.add_argument("--name", default="", help="with --add: the display name (default: from the address)")
    users.add_argument("--zone", default="UTC", help="with --add: the mailbox's time zone (default: UTC)")


def _say_users(arguments: Arguments) -> Question:
    if arguments.add:
        name = arguments.name or arguments.add.partition("@")[0].replace(".", " ").title()
        return Question("POST", "users", {"userPrincipalName": arguments.add, "displayName": name, "timeZone": arguments.zone})
    if arguments.delete:
        return Question("DELETE", f"users/{quote(arguments.delete, safe='')}")
    if arguments.disable or arguments.enable:
        return Question(
            "PATCH", f"users/{quote(arguments.disable or arguments.enable, safe='')}", {"accountEnabled": bool(arguments.enable)}
        )
    return Question("GET", "users")


def _events(verbs: Any) -> None:
    events = _verb(verbs, "events", "list, add or delete a user's events", _say_events)
    events.add_argument("user", help="short name, address or id")
    events.add_argument("--calendar", default="", metavar="NAME", help="of one calendar, by name or id (default: all; to add: the first)")
    one = events.add_mutually_exclusive_group()
    one.add_argument("--add", default="", metavar="JSON", help="an event as Graph has it, or - to read it from the standard input")
    one.add_argument("--delete", default="", metavar="ID", help="delete an event, a series or an occurrence")
    one.add_argument("--clear", action="store_true", help="delete them all")
    one.add_argument("--days", type=int, default=0, metavar="N", help="the next N days as the user sees them, occurrences in place")


def _say_events(arguments: Arguments) -> Question:
    whose = urlencode({"user": arguments.user, **({"calendar": arguments.calendar} if arguments.calendar else {})})
    if arguments.add:
        event = _json(_text("-") if arguments.add == "-" else arguments.add)
        return Question("POST", "events", {"user": arguments.user, "calendar": arguments.calendar, "event": event})
    if arguments.delete:
        return Question("DELETE", f"events/{quote(arguments.delete, safe='')}?{whose}")
    if arguments.days:
        return Question("GET", f"days?{urlencode({'user': arguments.user, 'days': arguments.days})}")
    return Question("DELETE" if arguments.clear else "GET", f"events?{whose}")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        stop(f"this is not JSON: {error}", USAGE)


# --- the journal -----------------------------------------------------------------------------------------------


def _journal(verbs: Any) -> None:
    journal = _verb(verbs, "journal", "print the exchanges that the tenant had, secrets masked", _say_journal, WORK_SECONDS)
    journal.set_defaults(run=_print_journal)
    journal.add_argument("--har", action="store_true", help="as an HTTP Archive instead of a line of JSON each")
    journal.add_argument("--brief", action="store_true", help="one short line each, for people")
    journal.add_argument("--follow", action="store_true", help="and those to come, until Ctrl-C")
    journal.add_argument("--clear", action="store_true", help="forget them")
    for name, metavar, help_text in (
        ("after", "NUMBER", "those with a greater number"),
        ("since", "TIME", "those from this time on, by the tenant's clock"),
        ("method", "METHOD", "those with this method"),
        ("path", "PATTERN", "those with this in their path; with * or ?, a pattern for all of it"),
        ("status", "STATUS", "those with this status (429) or class (4xx)"),
        ("user", "USER", "those of this user"),
    ):
        journal.add_argument(f"--{name}", default="", metavar=metavar, help=help_text)


def _say_journal(arguments: Arguments) -> Question:
    if arguments.clear:
        return Question("DELETE", "journal")
    filters = {name: getattr(arguments, name) for name in ("after", "since", "method", "path", "status", "user")}
    asked = {name: value for name, value in filters.items() if value} | ({"format": "har"} if arguments.har else {})
    return Question("GET", f"journal?{urlencode(asked)}")


def _print_journal(arguments: Arguments) -> int:
    if arguments.har and (arguments.follow or arguments.brief):
        stop("--har goes with neither --follow nor --brief", USAGE)
    description = found(arguments.port)
    answer = ask(description, arguments.say(arguments), arguments.seconds)
    if arguments.har or arguments.clear:
        sys.stdout.write(answer and answer.rstrip() + "\n")
        return 0
    last = _print_exchanges(answer, arguments)
    while arguments.follow:
        arguments.after = str(last)
        question = arguments.say(arguments)
        answer = ask(description, question._replace(path=f"{question.path}&wait={FOLLOW_SECONDS}"), FOLLOW_SECONDS + 10)
        last = _print_exchanges(answer, arguments) or last
    return 0


def _print_exchanges(lines: str, arguments: Arguments) -> int:
    """Print them and return the number of the last; of what --after says when there are none."""
    last = int(arguments.after or 0)
    for line in lines.splitlines():
        exchange = json.loads(line)
        last = exchange["number"]
        print(_brief(exchange) if arguments.brief else line, flush=True)
    return last


def _brief(exchange: dict[str, Any]) -> str:
    """An exchange on one line, without anything that could steer a terminal."""
    took = "" if exchange["ms"] is None else f"{exchange['ms']:.0f} ms"
    address = re.sub(r"^https://[^/]*", "", exchange["url"])
    words = (f"{exchange['at'][11:19]} {exchange['method']:<6} {exchange['status'] or '---'} {took:>7} ", exchange["user"] or "-", address)
    return re.sub(r"[^\x20-\x7e]", "?", " ".join(words))


# --- snapshots -------------------------------------------------------------------------------------------------


def _snapshots(verbs: Any) -> None:
    snapshot = _verb(
        verbs, "snapshot", "keep a copy of the tenant's state under a name, or list or forget copies", _say_snapshot, WORK_SECONDS
    )
    snapshot.add_argument("name", nargs="?", default="snapshot", help="its name (default: snapshot)")
    one = snapshot.add_mutually_exclusive_group()
    one.add_argument("--list", action="store_true", help="list the copies")
    one.add_argument("--delete", action="store_true", help="forget the copy of this name")
    restore = _verb(verbs, "restore", "put a copy of the tenant's state back, its clock included", _say_restore, WORK_SECONDS)
    restore.add_argument("name", nargs="?", default="snapshot", help="its name (default: snapshot)")
    restore.add_argument("--file", default="", help="instead: a file that `daypass sandbox state` printed, or - for the standard input")
    _verb(verbs, "state", "print the whole state", lambda _: Question("GET", "state"), WORK_SECONDS)
    outbox = _verb(verbs, "outbox", "list the messages that left the tenant's mailboxes", _say_outbox)
    outbox.add_argument("--user", default="", help="those from or to this user")
    outbox.add_argument("--clear", action="store_true", help="forget them")


def _say_snapshot(arguments: Arguments) -> Question:
    if arguments.list:
        return Question("GET", "snapshot")
    if arguments.delete:
        return Question("DELETE", f"snapshot/{quote(arguments.name, safe='')}")
    return Question("POST", "snapshot", {"name": arguments.name})


def _say_restore(arguments: Arguments) -> Question:
    return Question("POST", "restore", {"state": _json(_text(arguments.file))} if arguments.file else {"name": arguments.name})


def _say_outbox(arguments: Arguments) -> Question:
    if arguments.clear:
        return Question("DELETE", "outbox")
    return Question("GET", f"outbox?{urlencode({'user': arguments.user})}" if arguments.user else "outbox")
