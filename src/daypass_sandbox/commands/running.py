"""Starting and ending a tenant: `up` and `down`."""

from __future__ import annotations

import argparse
import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .finding import CONFIGURATION, UNREACHABLE, USAGE, Question, add_port, alive, ask, folder, found, stop
from .shell import bundle_of, show, trusting

if TYPE_CHECKING:
    from ..server import Options, Running

END_SECONDS = 10.0


def configure(verbs: Any) -> None:
    """The verbs `up` and `down`."""
    up = verbs.add_parser("up", help="start a tenant; prints one JSON line when it listens")
    add_port(up, default=8443, help_text="port, 0 for any free one (default: 8443)")
    up.add_argument("--state", default="", metavar="DIR", help="keep certificate, key and state here across restarts")
    up.add_argument("--seed", default="contoso", help="contoso, empty, or a seed file (*.json, *.toml)")
    up.add_argument("--auto-approve", default="", metavar="USER", help="approve every device sign-in at once in this user's name")
    up.add_argument("--latency", type=int, default=0, metavar="MS", help="answer this much later")
    up.add_argument("--throttle", choices=("real", "off"), default="off", help="keep Graph's request limits (default: off)")
    words = "deliver notifications to this machine alone, or to any with a valid certificate (default: loopback)"
    up.add_argument("--webhooks", choices=("loopback", "any"), default="loopback", help=words)
    up.add_argument("--interval", type=int, default=5, metavar="SECONDS", help="how often a device may poll (default: 5)")
    up.add_argument("--record", default="", metavar="FILE", help="add each exchange to this file as a line of JSON, secrets masked")
    up.add_argument("--name", action="append", default=[], metavar="HOST", help="another name for the certificate; may be repeated")
    words = "also answer as the managed identity of this machine, in the clear on 127.0.0.1 (default port: any free one)"
    up.add_argument("--managed-identity", type=int, nargs="?", const=0, default=None, metavar="PORT", help=words)
    up.add_argument("--background", action="store_true", help="return when it listens; end it with `down`")
    up.add_argument("--print-env", action="store_true", help="print export lines for a shell instead of the JSON line")
    up.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="listen on another address; needs --i-know")
    up.add_argument("--i-know", action="store_true", help="let other machines reach a server that hands out tokens to anybody")
    up.set_defaults(run=_up)
    down = verbs.add_parser("down", help="end the running tenant", description="end the running tenant")
    add_port(down)
    down.set_defaults(run=_down)


def _up(arguments: argparse.Namespace) -> int:
    if not 0 <= arguments.port <= 65535:
        stop("--port must be from 0 to 65535", USAGE)
    if not 0 <= (arguments.managed_identity or 0) <= 65535:
        stop("--managed-identity must be a port from 0 to 65535", USAGE)
    if arguments.latency < 0 or arguments.interval < 1:
        stop("--latency must be 0 or more milliseconds, --interval 1 or more seconds", USAGE)
    return _up_in_background(arguments) if arguments.background else _up_in_foreground(arguments)


def _up_in_foreground(arguments: argparse.Namespace) -> int:
    import asyncio

    from ..server import Options

    options = Options(
        host=arguments.host,
        port=arguments.port,
        state_dir=arguments.state,
        seed=arguments.seed,
        auto_approve=arguments.auto_approve,
        interval_seconds=arguments.interval,
        latency_ms=arguments.latency,
        throttle=arguments.throttle == "real",
        exposed=arguments.i_know,
        record=arguments.record,
        names=tuple(arguments.name),
        webhooks=arguments.webhooks,
        managed_identity=arguments.managed_identity,
    )
    try:
        return asyncio.run(_listen(options, print_env=arguments.print_env))
    except OSError as error:
        which = f"{arguments.port} or {arguments.managed_identity}" if arguments.managed_identity else arguments.port
        taken = f"port {which} is taken; choose another with --port, or 0 for any free one"
        stop(taken if error.errno == errno.EADDRINUSE else f"cannot start: {error}", CONFIGURATION)
    except ValueError as error:
        stop(str(error), CONFIGURATION)


async def _listen(options: Options, *, print_env: bool) -> int:
    """Listen until SIGINT or SIGTERM; meanwhile the description lies where the other verbs look for it."""
    import asyncio

    from ..server import running

    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with running(options) as site:
        if options.auto_approve and site.tenant.state.find_user(options.auto_approve) is None:
            raise ValueError(f"--auto-approve: there is no user {options.auto_approve!r} in this tenant")
        description = site.description()
        file = _announce(site, description, print_env=print_env)
        try:
            await ended.wait()
        finally:
            file.unlink(missing_ok=True)
            bundle_of(description).unlink(missing_ok=True)
    return 0


def _announce(site: Running, description: dict[str, Any], *, print_env: bool) -> Path:
    from ..keeping import write_private

    file = folder() / f"{urlsplit(site.authority).port or 443}.json"
    write_private(file, json.dumps(description).encode())
    show(description, print_env=print_env)
    return file


def _up_in_background(arguments: argparse.Namespace) -> int:
    """Start the same command in a session of its own, and return when it says that it listens."""
    words = ["--port", str(arguments.port), "--seed", arguments.seed, "--latency", str(arguments.latency), "--throttle", arguments.throttle]
    words += ["--interval", str(arguments.interval), "--host", arguments.host, *(["--i-know"] if arguments.i_know else [])]
    words += ["--webhooks", arguments.webhooks]
    words += [] if arguments.managed_identity is None else ["--managed-identity", str(arguments.managed_identity)]
    words += ["--auto-approve", arguments.auto_approve, "--state", arguments.state, "--record", arguments.record]
    words += [word for name in arguments.name for word in ("--name", name)]
    with (folder() / "last.log").open("w+b") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "daypass_sandbox", "up", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
        with contextlib.ExitStack() as closing:
            line = closing.enter_context(child.stdout).readline() if child.stdout else b""
        if line:
            child.returncode = 0  # it lives on, and nobody waits for it
            show(json.loads(line), print_env=arguments.print_env)
            return 0
        code = child.wait(END_SECONDS)
        log.seek(0)
        sys.stderr.write(log.read().decode("utf-8", "replace"))
        return code


def _down(arguments: argparse.Namespace) -> int:
    """End the tenant; it is asked something first, so that no other process that got its number is ended."""
    description = found(arguments.port)
    ask(description, Question("GET", "clock"))
    os.kill(description["pid"], signal.SIGTERM)
    deadline = time.monotonic() + END_SECONDS
    while alive(description["pid"]):
        if time.monotonic() > deadline:
            stop(f"process {description['pid']} does not end", UNREACHABLE)
        time.sleep(0.02)
    if os.environ.get("DAYPASS_AUTHORITY") == description["authority"]:
        sys.stderr.write('this shell still points at it; to take that back: eval "$(daypass sandbox env --unset)"\n')
    if trusting() == str(bundle_of(description)):
        sys.stderr.write('its programs still look for the certificate; to take that back: eval "$(daypass sandbox trust --unset)"\n')
    return 0
