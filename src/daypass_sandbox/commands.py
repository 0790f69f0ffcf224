"""`daypass sandbox …`: start and end a tenant, and play the people and the weather around it.

A running tenant leaves a description in the state folder (`$XDG_STATE_HOME/daypass/sandbox/PORT.json`), by which the other
verbs find it. What goes wrong is one line on stderr and an exit code: 2 usage, 3 not found, 8 unreachable, 10 configuration.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import http.client
import json
import os
import shlex
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from .server import Options, Running

SUMMARY = "a pretend Microsoft 365 tenant on this machine"

USAGE, NOT_FOUND, UNREACHABLE, CONFIGURATION = 2, 3, 8, 10
END_SECONDS, ASK_SECONDS = 10.0, 5.0
DESCRIBED = ("authority", "graph_root", "ca_file", "client_id", "tenant_id", "control")


def configure(parser: argparse.ArgumentParser) -> None:
    """The verbs of `daypass sandbox` and their options."""
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    _configure_up(verbs.add_parser("up", help="start a tenant; prints one JSON line when it listens"))
    down = verbs.add_parser("down", help="end the running tenant", description="end the running tenant")
    env_help = "print export lines that point daypass at the running tenant"
    env = verbs.add_parser("env", help=env_help, description=env_help)
    env.add_argument("--unset", action="store_true", help="print the line that takes them back, for a shell that pointed at a tenant")
    for verb, run in ((down, _down), (env, _env)):
        _add_port(verb)
        verb.set_defaults(run=run)
    approve = _control_verb(verbs, "approve", "approve a waiting device sign-in", _say_approve)
    approve.add_argument("code", nargs="?", default="", help="the user code (default: the only one that waits)")
    approve.add_argument("--user", default="megan", help="who approves: short name, address or id (default: megan)")
    deny = _control_verb(verbs, "deny", "decline a waiting device sign-in", _say_deny)
    deny.add_argument("code", nargs="?", default="", help="the user code (default: the only one that waits)")
    reset = _control_verb(verbs, "reset", "forget everything and begin again from the seed, at the real time", _say_reset)
    reset.add_argument("--seed", default="", help="another seed: contoso, empty, or a seed file (*.json)")
    seed = _control_verb(verbs, "seed", "forget everything and begin again from a seed, at the tenant's time", _say_seed)
    seed.add_argument("seed", help="contoso, empty, or a seed file (*.json)")
    clock = _control_verb(verbs, "clock", "show or move the tenant's clock", _say_clock)
    clock.add_argument("--now", default="", metavar="TIME", help="stop the clock at this time (ISO 8601)")
    clock.add_argument("--advance", type=float, metavar="SECONDS", help="move it forward")
    clock.add_argument("--resume", action="store_true", help="let a stopped clock run on")
    fault = _control_verb(verbs, "fault", "plant, list or clear faults", _say_fault)
    fault.add_argument(
        "members", nargs="*", metavar="NAME=VALUE", help="status=503 retry_after=2 path=/me/events$ count=3; none: list them"
    )
    fault.add_argument("--clear", action="store_true", help="take all faults away")


def _configure_up(up: argparse.ArgumentParser) -> None:
    _add_port(up, default=8443, help_text="port, 0 for any free one (default: 8443)")
    up.add_argument("--state", default="", metavar="DIR", help="keep certificate, key and state here across restarts")
    up.add_argument("--seed", default="contoso", help="contoso, empty, or a seed file (*.json)")
    up.add_argument("--auto-approve", default="", metavar="USER", help="approve every device sign-in at once in this user's name")
    up.add_argument("--latency", type=int, default=0, metavar="MS", help="answer this much later")
    up.add_argument("--throttle", choices=("real", "off"), default="off", help="keep Graph's request limits (default: off)")
    up.add_argument("--interval", type=int, default=5, metavar="SECONDS", help="how often a device may poll (default: 5)")
    up.add_argument("--record", default="", metavar="FILE", help="add each exchange to this file as a line of JSON, secrets masked")
    up.add_argument("--name", action="append", default=[], metavar="HOST", help="another name for the certificate; may be repeated")
    up.add_argument("--background", action="store_true", help="return when it listens; end it with `down`")
    up.add_argument("--print-env", action="store_true", help="print export lines for a shell instead of the JSON line")
    up.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="listen on another address; needs --i-know")
    up.add_argument("--i-know", action="store_true", help="let other machines reach a server that hands out tokens to anybody")
    up.set_defaults(run=_up)


def _add_port(parser: argparse.ArgumentParser, *, default: int | None = None, help_text: str = "which tenant, if several run") -> None:
    parser.add_argument("--port", type=int, default=default, help=help_text)


Question = tuple[str, str, Any]  # method, path below the control plane, JSON body


def _control_verb(verbs: Any, name: str, summary: str, say: Callable[[argparse.Namespace], Question]) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=summary, description=summary)
    _add_port(verb)
    verb.set_defaults(run=_ask_control, say=say)
    return verb


def _stop(message: str, code: int) -> NoReturn:
    sys.stderr.write(f"daypass sandbox: {message}\n")
    raise SystemExit(code)


# --- up --------------------------------------------------------------------------------------------------------


def _up(arguments: argparse.Namespace) -> int:
    if not 0 <= arguments.port <= 65535:
        _stop("--port must be from 0 to 65535", USAGE)
    if arguments.latency < 0 or arguments.interval < 1:
        _stop("--latency must be 0 or more milliseconds, --interval 1 or more seconds", USAGE)
    return _up_in_background(arguments) if arguments.background else _up_in_foreground(arguments)


def _up_in_foreground(arguments: argparse.Namespace) -> int:
    import asyncio

    from .server import Options

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
    )
    try:
        return asyncio.run(_listen(options, print_env=arguments.print_env))
    except OSError as error:
        taken = f"port {arguments.port} is taken; choose another with --port, or 0 for any free one"
        _stop(taken if error.errno == errno.EADDRINUSE else f"cannot start: {error}", CONFIGURATION)
    except ValueError as error:
        _stop(str(error), CONFIGURATION)


async def _listen(options: Options, *, print_env: bool) -> int:
    """Listen until SIGINT or SIGTERM; meanwhile the description lies where the other verbs look for it."""
    import asyncio

    from .server import running

    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with running(options) as site:
        if options.auto_approve and site.tenant.state.find_user(options.auto_approve) is None:
            raise ValueError(f"--auto-approve: there is no user {options.auto_approve!r} in this tenant")
        file = _announce(site, print_env=print_env)
        try:
            await ended.wait()
        finally:
            file.unlink(missing_ok=True)
    return 0


def _announce(site: Running, *, print_env: bool) -> Path:
    from .keeping import write_private

    description = site.description()
    file = _folder() / f"{urlsplit(site.authority).port or 443}.json"
    write_private(file, json.dumps(description).encode())
    _show(description, print_env=print_env)
    return file


def _up_in_background(arguments: argparse.Namespace) -> int:
    """Start the same command in a session of its own, and return when it says that it listens."""
    words = ["--port", str(arguments.port), "--seed", arguments.seed, "--latency", str(arguments.latency), "--throttle", arguments.throttle]
    words += ["--interval", str(arguments.interval), "--host", arguments.host, *(["--i-know"] if arguments.i_know else [])]
    words += ["--auto-approve", arguments.auto_approve, "--state", arguments.state, "--record", arguments.record]
    words += [word for name in arguments.name for word in ("--name", name)]
    with (_folder() / "last.log").open("w+b") as log:
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
            _show(json.loads(line), print_env=arguments.print_env)
            return 0
        code = child.wait(END_SECONDS)
        log.seek(0)
        sys.stderr.write(log.read().decode("utf-8", "replace"))
        return code


# --- the others ------------------------------------------------------------------------------------------------


def _folder() -> Path:
    """Where the descriptions of running tenants lie, for their owner alone."""
    home = os.environ.get("XDG_STATE_HOME", "")
    folder = (Path(home) if os.path.isabs(home) else Path.home() / ".local" / "state") / "daypass" / "sandbox"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        _stop(f"cannot make {folder}: {error.strerror}; point XDG_STATE_HOME at a folder of yours", CONFIGURATION)
    return folder


def _found(port: int | None) -> dict[str, Any]:
    """The description of the running tenant, or of the one on this port."""
    described = {int(file.stem): _description(file) for file in _folder().glob("*.json") if file.stem.isdecimal()}
    alive = {number: description for number, description in described.items() if description and _alive(description["pid"])}
    if port is not None and port not in alive:
        _stop(f"no sandbox runs on port {port}; start one: daypass sandbox up --background --port {port}", NOT_FOUND)
    if not alive:
        _stop("no sandbox is running; start one: daypass sandbox up --background", NOT_FOUND)
    if port is None and len(alive) > 1:
        _stop(f"several sandboxes run; name one with --port: {', '.join(map(str, sorted(alive)))}", USAGE)
    return alive[port] if port is not None else next(iter(alive.values()))


def _description(file: Path) -> dict[str, Any]:
    """What a tenant wrote of itself, {} where that is spoilt."""
    try:
        found = json.loads(file.read_text("utf-8"))
        whole = isinstance(found["pid"], int) and all(isinstance(found[name], str) for name in DESCRIBED)
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        return {}
    return found if whole else {}


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _down(arguments: argparse.Namespace) -> int:
    """End the tenant; it is asked something first, so that no other process that got its number is ended."""
    description = _found(arguments.port)
    _ask(description, ("GET", "clock", None))
    os.kill(description["pid"], signal.SIGTERM)
    deadline = time.monotonic() + END_SECONDS
    while _alive(description["pid"]):
        if time.monotonic() > deadline:
            _stop(f"process {description['pid']} does not end", UNREACHABLE)
        time.sleep(0.02)
    if os.environ.get("DAYPASS_AUTHORITY") == description["authority"]:
        sys.stderr.write('this shell still points at it; to take that back: eval "$(daypass sandbox env --unset)"\n')
    return 0


def _env(arguments: argparse.Namespace) -> int:
    if arguments.unset:
        from .server import ENVIRONMENT

        print(f"unset {' '.join(ENVIRONMENT)}", flush=True)
        return 0
    _show(_found(arguments.port), print_env=True)
    return 0


def _show(description: dict[str, Any], *, print_env: bool) -> None:
    if not print_env:
        print(json.dumps(description, separators=(",", ":")), flush=True)
        return
    from .server import environ_of

    print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in environ_of(description).items()), flush=True)


def _ask_control(arguments: argparse.Namespace) -> int:
    """Ask the running tenant's control plane what the verb says, and print the answer as one JSON line."""
    status, answer = _ask(_found(arguments.port), arguments.say(arguments))
    if status >= 400:
        _stop(answer["error"]["message"], NOT_FOUND if status == 404 else USAGE)
    print(json.dumps(answer, ensure_ascii=False))
    return 0


def _ask(description: dict[str, Any], question: Question) -> tuple[int, Any]:
    method, path, body = question
    control = urlsplit(str(description["control"]))
    try:
        context = ssl.create_default_context(cafile=description["ca_file"])
        said = None if body is None else json.dumps(body).encode()
        with contextlib.closing(
            http.client.HTTPSConnection("127.0.0.1", control.port or 443, timeout=ASK_SECONDS, context=context)
        ) as connection:
            connection.request(method, f"{control.path}/{path}", said, {"Host": control.netloc, "Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
    except (OSError, ValueError, http.client.HTTPException) as error:
        _stop(f"the sandbox at {description['authority']} does not answer: {error}", UNREACHABLE)


# --- what each verb asks the control plane ---------------------------------------------------------------------


def _say_approve(arguments: argparse.Namespace) -> Question:
    return "POST", "approve", {"user": arguments.user, **({"user_code": arguments.code} if arguments.code else {})}


def _say_deny(arguments: argparse.Namespace) -> Question:
    return "POST", "deny", {"user_code": arguments.code} if arguments.code else {}


def _say_reset(arguments: argparse.Namespace) -> Question:
    return "POST", "reset", {"seed": _seed(arguments.seed)} if arguments.seed else {}


def _say_seed(arguments: argparse.Namespace) -> Question:
    return "POST", "seed", {"seed": _seed(arguments.seed)}


def _seed(named: str) -> str:
    """A built-in seed's name as it is, a file's content otherwise."""
    try:
        return Path(named).read_text("utf-8") if named.endswith(".json") else named
    except (OSError, UnicodeDecodeError) as error:
        _stop(f"the seed file {named} cannot be read: {error}", CONFIGURATION)


def _say_clock(arguments: argparse.Namespace) -> Question:
    wanted = {"now": arguments.now or None, "advance_seconds": arguments.advance, "run": arguments.resume or None}
    said = {name: value for name, value in wanted.items() if value is not None}
    return ("POST", "clock", said) if said else ("GET", "clock", None)


def _say_fault(arguments: argparse.Namespace) -> Question:
    if arguments.clear:
        return "DELETE", "faults", None
    if not arguments.members:
        return "GET", "faults", None
    fault: dict[str, Any] = {}
    for member in arguments.members:
        name, equals, value = member.partition("=")
        if not equals:
            _stop(f"{member!r} is not of the form NAME=VALUE, such as status=503", USAGE)
        fault[name] = _value(value)
    return "POST", "faults", fault


def _value(text: str) -> Any:
    """A number or a truth value if it reads as one, else the text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float) else text
