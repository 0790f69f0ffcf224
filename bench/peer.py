"""The sandbox beside a peer, `minutehand serve`: start, speed, memory, and what each answers. Run by hand, on Linux:

    python -m bench.peer PATH-TO-MINUTEHAND [--contract OPENAPI-OF-GRAPH.json] [--short]

Everything is measured in one run, the two in turn, by the same client over TLS on a connection that is kept alive. Rates are told by the
clock on the wall, and per second that the server had of a processor, which what else the machine does concerns less. With an OpenAPI
description of Graph, each of its operations is asked of both. Without the command nothing happens but a sentence.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from . import features, rivals
from .rivals import Answer, Rival

EVENTS, FIFTY = 1000, 50
STARTS, TURNS, TURN_SECONDS = 3, 5, 2.0
METHODS = ("get", "post", "put", "patch", "delete")
# What an argument of a path is filled with; anything else is an id that nobody has.
FILLED = {
    "user-id": "megan@contoso.example",
    "User": "megan@contoso.example",
    "StartDateTime": "2026-11-25T00:00:00Z",
    "EndDateTime": "2026-11-26T00:00:00Z",
    "TimeZoneStandard": "Windows",
}
# How each says that it does not have an operation at all, as against one that it has and does not do so.
UNBUILT = (b"This sandbox does not build", b"not on the Graph v1.0 surface", b"not an operation this provider serves")


def in_turn(of: dict[str, Rival], work: Callable[[Rival], object]) -> dict[str, tuple[float, float]]:
    """How often each does something in a second: by the clock on the wall, and per second of a processor; medians of turns."""
    walls: dict[str, list[float]] = {name: [] for name in of}
    shares: dict[str, list[float]] = {name: [] for name in of}
    for turn in range(TURNS + 1):
        for name, rival in of.items():
            began, spent, done = time.perf_counter(), rival.processor_seconds(), 0
            while (passed := time.perf_counter() - began) < TURN_SECONDS:
                work(rival)
                done += 1
            if turn:
                walls[name].append(done / passed)
                shares[name].append(done / max(rival.processor_seconds() - spent, 0.01))
    return {name: (statistics.median(walls[name]), statistics.median(shares[name])) for name in of}


def granted(answer: Answer, *, holds: int | None = None) -> None:
    """End the run unless an answer is what it should be."""
    if answer.status not in (200, 201) or (holds is not None and len(answer.json()["value"]) != holds):
        raise SystemExit(f"{answer.status}: {answer.body[:300]!r}")


def event_of(number: int) -> Any:
    """The event of a number: fifty in the first week, the others later."""
    day, hour = (
        (f"2026-12-{1 + number % 5:02}", 8 + number // 5) if number < FIFTY else (f"2027-{1 + number % 12:02}-{1 + number % 28:02}", 9)
    )
    start, end = ({"dateTime": f"{day}T{hour:02}:{minute}:00", "timeZone": "UTC"} for minute in ("00", "30"))
    body = {"contentType": "html", "content": f"<p>Point {number} of the catalogue.</p>"}
    return {"subject": f"Catalogue {number}", "start": start, "end": end, "body": body, "location": {"displayName": "Marketing corner"}}


def speed(of: dict[str, Rival]) -> dict[str, dict[str, tuple[float, float]]]:
    """Every rate; afterwards each holds `EVENTS` events in one mailbox."""
    rates = {"`GET /me`": in_turn(of, lambda rival: granted(rival.graph("GET", "/me")))}
    rates["`POST /me/events`, a mailbox of 1,000 filled"] = {name: filled(rival) for name, rival in of.items()}
    view = "/me/calendarView?startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-08T00:00:00Z&$top=50"
    rates["`GET /me/calendarView`, 50 events of these 1,000"] = in_turn(of, lambda rival: granted(rival.graph("GET", view), holds=FIFTY))
    return rates


def filled(rival: Rival) -> tuple[float, float]:
    """How fast a mailbox fills."""
    began, spent = time.perf_counter(), rival.processor_seconds()
    for number in range(EVENTS):
        granted(rival.graph("POST", "/me/events", event_of(number)))
    return EVENTS / (time.perf_counter() - began), EVENTS / (rival.processor_seconds() - spent)


def operations(contract: str) -> list[tuple[str, str]]:
    """Method and path of every operation of an OpenAPI description."""
    paths = json.loads(Path(contract).read_text("utf-8"))["paths"]
    return [(method.upper(), path) for path, item in paths.items() for method in METHODS if method in item]


def covered(rival: Rival, asked: list[tuple[str, str]]) -> set[tuple[str, str]]:
    """The operations that a rival has: all that it does not refuse as unknown to it."""
    had: set[tuple[str, str]] = set()
    for method, path in asked:
        whole = re.sub(r"\{([^}]+)\}", lambda found: quote(FILLED.get(found[1], "none"), safe=""), path)
        answer = rival.graph(method, whole, {} if method in ("POST", "PUT", "PATCH") else None)
        if answer.status != 501 or not any(words in answer.body for words in UNBUILT):
            had.add((method, path))
    return had


def area(path: str) -> str:
    """The part of Graph that a path belongs to."""
    first = re.sub(r"^/(me|users/\{[^}]+\}|groups/\{[^}]+\})(?=/)", "", path).split("/")[1]
    if path.startswith("/groups"):
        return "groups and their calendars"
    if first.startswith(("calendar", "event", "reminderView", "findMeeting")):
        return "calendars and events"
    return {"todo": "To Do", "subscriptions": "subscriptions", "places": "places"}.get(first, "directory, settings, mail and others")


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows])


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.peer")
    parser.add_argument("command", nargs="?", default="minutehand", metavar="PATH-TO-MINUTEHAND")
    parser.add_argument("--contract", default="", metavar="FILE", help="an OpenAPI description of Graph (JSON), to count operations")
    parser.add_argument("--short", action="store_true", help="only what each answers, no speed")
    given = parser.parse_args()
    command = shutil.which(str(given.command))
    if command is None:
        print(f"There is no {given.command} here, so there is nothing to compare with (pip install minutehand, Python 3.12 or newer).")
        return
    theirs: str = subprocess.run([command, "--version"], capture_output=True, text=True, check=False).stdout.strip() or "minutehand"
    print(f"daypass {version('daypass')} on Python {sys.version.split()[0]}; {theirs}", flush=True)
    if not given.short:
        _measured(command)
    with rivals.sandbox("--throttle", "real") as ours, rivals.minutehand(command) as peer:
        ours.set_clock()
        _answered(ours, peer, str(given.contract))


def _measured(command: str) -> None:
    """Print start, rates and memory."""
    starts: dict[str, list[tuple[float, float]]] = {"sandbox": [], "minutehand": []}
    for _ in range(STARTS):
        starts["sandbox"].append(rivals.seconds_to_first_answer(rivals.sandbox()))
        starts["minutehand"].append(rivals.seconds_to_first_answer(rivals.minutehand(command)))
    rows = [["start to the first answer, s", *_both({name: _middle(times) for name, times in starts.items()}, 2)]]
    with rivals.sandbox() as ours, rivals.minutehand(command) as peer:
        ours.set_clock()
        of: dict[str, Rival] = {ours.name: ours, peer.name: peer}
        rows += [[f"{what}, per s", *_both(rates, 0)] for what, rates in speed(of).items()]
        rows.append(["memory with these 1,000 events, MB", *(f"{rival.memory_megabytes():.0f}" for rival in of.values())])
    print("\n" + table(["by the clock (per second of a processor)", *starts], rows), flush=True)


def _middle(times: list[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(wall for wall, _ in times), statistics.median(spent for _, spent in times)


def _both(figures: dict[str, tuple[float, float]], digits: int) -> list[str]:
    return [f"{wall:,.{digits}f} ({spent:,.{digits}f})" for wall, spent in figures.values()]


def _answered(ours: Rival, peer: Rival, contract: str) -> None:
    """Print which operations and features each has."""
    has = {rival.name: features.compared(rival) for rival in (ours, peer)}
    rows = [[name, *("yes" if has[rival][name] else "no" for rival in has)] for name in features.FEATURES]
    print("\n" + table(["asked in earnest", *has], rows), flush=True)
    if contract:
        asked = operations(contract)
        had = {rival.name: covered(rival, asked) for rival in (ours, peer)}
        areas: dict[str, list[tuple[str, str]]] = {}
        for operation in asked:
            areas.setdefault(area(operation[1]), []).append(operation)
        counts = [[name, str(len(some)), *(str(len(found & set(some))) for found in had.values())] for name, some in sorted(areas.items())]
        counts.append(["all", str(len(asked)), *(str(len(found)) for found in had.values())])
        print("\n" + table(["operations of Graph's contract", "there", *had], counts), flush=True)


if __name__ == "__main__":
    main()
