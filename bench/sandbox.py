"""The sandbox's speed: from start to ready, answers a second in process and over TLS, large mailboxes, a crowded tenant.

Each part runs in a process of its own and prints one JSON line; the figures of a part are medians of several turns. What is compared is
asked in turn, within one run. Seconds are those the measured process had of a processor, so that a machine that others use at the same
time tells the same as a quiet one; what the clock on the wall says stands beside. Bars are those the project set itself.
"""

from __future__ import annotations

import contextlib
import gc
import json
import random
import resource
import socket
import ssl
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from daypass.wire import Request
from daypass_sandbox import serve
from daypass_sandbox.tenant import Tenant

NOW = 1795629600.0  # Wednesday 2026-11-25 18:00 UTC
TURNS, TURN_SECONDS = 5, 1.0
SCOPES = ("Calendars.Read", "User.Read")
CONNECTIONS = 4


class SteadyClock:
    """A clock that stands still."""

    def now(self) -> float:
        return NOW


def rates(asks: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """How often a second of one processor each of these can be done, in turn: the medians of several turns."""
    seen: dict[str, list[float]] = {name: [] for name in asks}
    for turn in range(TURNS + 1):
        for name, ask in asks.items():
            began, asked = time.process_time(), 0
            while (now := time.process_time()) - began < TURN_SECONDS:
                ask()
                asked += 1
            if turn:  # the first is for what is made once
                seen[name].append(asked / (now - began))
    return {name: statistics.median(turns) for name, turns in seen.items()}


def crowd(mailboxes: int, events: int) -> str:
    """A seed with so many mailboxes of so many events each."""
    return json.dumps({"like": "empty", "crowd": {"mailboxes": mailboxes, "events": events}})


def asking(tenant: Tenant, user: str, path: str) -> Callable[[], object]:
    """A request in a user's name, to be made again and again; it must be granted."""
    token = tenant.mint(user, SCOPES)
    request = Request("GET", f"https://localhost:8443/v1.0{path}", {"authorization": f"Bearer {token}"})

    def ask() -> None:
        answer = tenant.handle(request)
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {answer.body[:200]!r}")

    return ask


def fifty(tenant: Tenant, user: str, step: timedelta = timedelta(minutes=15)) -> str:
    """The first window of a mailbox, longer by `step` each time, that holds fifty events, asked for as one page."""
    first, token = datetime(2026, 11, 25), tenant.mint(user, SCOPES)
    for steps in range(1, 4000):
        last = first + step * steps
        path = f"/me/calendarView?startDateTime={first.isoformat()}Z&endDateTime={last.isoformat()}Z&$top=50"
        answer = tenant.handle(Request("GET", f"https://localhost:8443/v1.0{path}", {"authorization": f"Bearer {token}"}))
        if len(answer.json()["value"]) == 50:
            return path
    raise SystemExit("the mailbox holds no fifty events")


# --- the parts ---------------------------------------------------------------------------------------------------


def in_process() -> dict[str, float]:
    """`GET /me`, and fifty events of mailboxes of 1,000 and of 100,000."""
    asks = {"me": asking(Tenant(clock=SteadyClock(), chance=random.Random(7)), "megan", "/me")}
    for size in (1_000, 100_000):
        tenant = Tenant(clock=SteadyClock(), chance=random.Random(7), seed=crowd(1, size))
        user = list(tenant.state.users.values())[-1]["userPrincipalName"]
        asks[f"fifty_of_{size}"] = asking(tenant, user, fifty(tenant, user))
    asks["page_of_a_day"] = asking(tenant, user, fifty(tenant, user, timedelta(days=1)))  # in the mailbox of 100,000
    return rates(asks)


def over_tls() -> dict[str, float]:
    """`GET /me` over TLS on connections that are kept alive, asked for by another process."""
    with serve() as site:
        token = site.tenant.mint("megan", SCOPES, root=site.authority)
        port, began = urlsplit(site.authority).port or 443, time.process_time()
        asked = subprocess.run(
            [sys.executable, "-m", "bench.sandbox", "ask", str(port), site.ca_file], input=token, capture_output=True, text=True, check=True
        )
        answers, seconds = json.loads(asked.stdout), time.process_time() - began
        return {"me_over_tls": answers / seconds, "me_over_tls_wall": answers / (TURNS * TURN_SECONDS)}


def ask(port: int, ca_file: str) -> int:
    """The other process: raw requests on a few connections at once, and how many were answered; the token comes on standard input."""
    token = sys.stdin.read().strip()
    request = f"GET /v1.0/me HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    context = ssl.create_default_context(cafile=ca_file)
    counts = [0] * CONNECTIONS
    until = time.perf_counter() + TURNS * TURN_SECONDS

    def one(number: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as plain, context.wrap_socket(plain, server_hostname="localhost") as secure:
            while time.perf_counter() < until:
                secure.sendall(request)
                _read(secure)
                counts[number] += 1

    threads = [threading.Thread(target=one, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


def _read(connection: ssl.SSLSocket) -> None:
    """One answer, which must be a 200."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise SystemExit(head.decode())
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)


def crowded() -> dict[str, float]:
    """A tenant of 1,000 mailboxes of 1,000 events each."""
    began, wall = time.process_time(), time.perf_counter()
    tenant = Tenant(clock=SteadyClock(), chance=random.Random(7), seed=crowd(1_000, 1_000))
    took, wall = time.process_time() - began, time.perf_counter() - wall
    events = sum(len(box["events"]) for box in tenant.state.mailboxes.values())
    if events < 1_000_000:
        raise SystemExit(f"only {events} events were planted")
    gc.collect()
    return {"crowd_seconds": took, "crowd_wall": wall, "crowd_gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2}


def ready() -> dict[str, float]:
    """From the start of the command to the line that says it listens."""
    spent, walls = zip(*_starts([sys.executable, "-m", "daypass_sandbox", "up", "--port", "0"]), strict=True)
    return {"ready_seconds": statistics.median(spent), "ready_wall": statistics.median(walls)}


def _starts(command: list[str]) -> Iterator[tuple[float, float]]:
    """What each of several starts took of a processor (its end included) and by the clock."""
    for _ in range(TURNS):
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process, contextlib.ExitStack() as ending:
            ending.callback(process.terminate)
            if process.stdout is None or not process.stdout.readline():
                raise SystemExit("the sandbox did not start")
            wall = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        yield after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


PARTS: dict[str, Callable[..., dict[str, float]]] = {"ready": ready, "in-process": in_process, "over-tls": over_tls, "crowd": crowded}

# figure → what it is, its bar (0: none), and whether more is better
BARS: dict[str, tuple[str, float, bool]] = {
    "ready_seconds": ("from start to ready, s", 1.0, False),
    "ready_wall": ("... by the clock on the wall", 0, False),
    "me": ("GET /me in process, per s", 3_000, True),
    "me_over_tls": (f"GET /me over TLS, {CONNECTIONS} connections kept alive, per s", 1_200, True),
    "me_over_tls_wall": ("... by the clock on the wall", 0, True),
    "fifty_of_1000": ("50 events of a mailbox of 1,000, in process, per s", 500, True),
    "fifty_of_100000": ("50 events of a mailbox of 100,000, in process, per s", 500, True),
    "page_of_a_day": ("the first 50 of the 400 of a day of that mailbox", 0, True),
    "slower": ("the mailbox of 100,000 is slower by", 1.5, False),
    "crowd_seconds": ("1,000 mailboxes of 1,000 events planted, s", 20.0, False),
    "crowd_wall": ("... by the clock on the wall", 0, False),
    "crowd_gigabytes": ("... and in memory, GB", 2.0, False),
}


def measured() -> dict[str, float]:
    """All figures, each part measured in a process of its own."""
    figures: dict[str, float] = {}
    for part in PARTS:
        ran = subprocess.run([sys.executable, "-m", "bench.sandbox", part], stdout=subprocess.PIPE, text=True, check=True)
        figures |= json.loads(ran.stdout)
    figures["slower"] = figures["fifty_of_1000"] / figures["fifty_of_100000"]
    return figures


def main() -> None:
    """One part (`ready`, `in-process`, `over-tls`, `crowd`) as JSON, or all of them as a table."""
    words = sys.argv[1:]
    if words:
        told: Any = ask(int(words[1]), words[2]) if words[0] == "ask" else PARTS[words[0]]()
        print(json.dumps(told))
        return
    print(f"The sandbox, one process, Python {sys.version.split()[0]}")
    for name, value in measured().items():
        what, bar, more = BARS[name]
        within = value >= bar if more else value <= bar
        held = f"bar {bar:8,.1f}   {'' if within else 'MISSED'}" if bar else ""
        print(f"  {what:62} {value:10,.2f}   {held}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
