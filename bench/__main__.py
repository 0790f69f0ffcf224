"""Cold start: how much CPU a command takes, whole process, as a ratio to its floor, pair by pair."""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from daypass.app import load

RUNS = 21
PYTHON = [sys.executable, "-c", "pass"]


def cpu_seconds(command: Sequence[str], environ: Mapping[str, str]) -> float:
    """User and system time of one process and all it started; its output is thrown away."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(command, env=dict(environ), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        _, said = process.communicate(timeout=60)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} failed: {said.decode(errors='replace')}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)  # counts the children waited for, and only this one was
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ratio(command: Sequence[str], floor: Sequence[str], environ: Mapping[str, str]) -> tuple[float, float, float]:
    """Median ratio, and the medians in milliseconds, of a command and its floor run in turn."""
    times: dict[str, list[float]] = {"command": [], "floor": []}
    for run in range(RUNS + 1):
        for name, words in (("floor", floor), ("command", command)):
            spent = cpu_seconds(words, environ)
            if run:  # the first is for the disk's cache
                times[name].append(spent)
    ratios = [one / other for one, other in zip(times["command"], times["floor"], strict=True)]
    return statistics.median(ratios), *(1000 * statistics.median(times[name]) for name in ("command", "floor"))


def main() -> None:
    """Start a tenant, sign in, compare."""
    daypass = shutil.which("daypass", path=str(Path(sys.executable).parent)) or "daypass"
    with tempfile.TemporaryDirectory() as folder:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("DAYPASS_", "PYTHON"))}
        environ = {
            **clean,
            "DAYPASS_STATE_DIR": folder,
            "XDG_STATE_HOME": folder,
            "DAYPASS_TIME_ZONE": "UTC",
        }
        tenant = subprocess.Popen(
            [daypass, "sandbox", "up", "--port", "0", "--auto-approve", "megan"], env=environ, stdout=subprocess.PIPE, text=True
        )
        try:
            told = json.loads(tenant.stdout.readline())  # type: ignore[union-attr]
            environ |= {
                "DAYPASS_AUTHORITY": told["authority"],
                "DAYPASS_GRAPH_ROOT": told["graph_root"],
                "DAYPASS_CA_FILE": told["ca_file"],
                "CLIENT_ID": told["client_id"],
                "TENANT_ID": told["tenant_id"],
            }
            subprocess.run([daypass, "login", "--device"], env=environ, check=True, stderr=subprocess.DEVNULL)
            compare(daypass, folder, told, environ)
        finally:
            tenant.terminate()
            tenant.wait(timeout=10)


def compare(daypass: str, folder: str, told: Mapping[str, str], environ: Mapping[str, str]) -> None:
    """Print each comparison with its bar."""
    token = json.loads(subprocess.run([daypass, "token", "-o", "json"], env=dict(environ), check=True, stdout=subprocess.PIPE).stdout)
    token_file = Path(folder, "token.json")
    token_file.write_text(json.dumps({"AccessToken": {"one": {"secret": token["access_token"]}}}), encoding="utf-8")
    root = urlsplit(told["graph_root"])
    target = f"{root.path}/me/calendarView?{_query()}"
    floor = [sys.executable, str(Path(__file__).with_name("floor.py")), str(token_file), told["ca_file"], root.netloc, target]
    rows = [
        ("daypass token", [daypass, "token"], "the floor: decrypt and print", _opener(folder, environ), 1.3),
        ("daypass --version", [daypass, "--version"], "python -c pass", PYTHON, 4.5),
        ("daypass agenda", [daypass, "agenda"], "the floor: token file + http.client", floor, 1.7),
        ("daypass agenda", [daypass, "agenda"], "python -c pass", PYTHON, 8.0),
        ("the floor", floor, "python -c pass", PYTHON, None),
    ]
    print(f"CPU of whole processes, medians of {RUNS} pairs, Python {sys.version.split()[0]}")
    for name, command, other, base, bar in rows:
        times, ours, theirs = ratio(command, base, environ)
        print(f"  {name:20} {ours:6.1f} ms   {times:5.2f} x {other} ({theirs:.1f} ms){'' if bar is None else f'   bar {bar}'}", flush=True)


def _opener(folder: str, environ: Mapping[str, str]) -> list[str]:
    """The least a program can do to print a sealed token: read key and file, decrypt, print."""
    (vault,) = Path(folder).glob("*.vault")
    identity = load({}, environ).identity
    return [sys.executable, str(Path(__file__).with_name("opener.py")), str(vault), str(Path(folder, "key")), identity]


def _query() -> str:
    """The window and fields `daypass agenda` asks for, taken from the flow itself."""
    from datetime import UTC, datetime, timedelta

    from daypass.graph.operations import calendar_view
    from daypass.wire import Request, step

    now = datetime.now(UTC)
    flow = calendar_view(now, now + timedelta(days=7))
    first = step(flow, None)
    flow.close()
    assert isinstance(first, Request)
    return first.url.partition("?")[2]


if __name__ == "__main__":
    main()
