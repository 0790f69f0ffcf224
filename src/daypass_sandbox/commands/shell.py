"""What a shell or a person wants of a running tenant: how to point programs at it and make them trust it, how it stands, its page."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import ssl
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..environment import ENVIRONMENT, IDENTITY, environ_of
from .finding import CONFIGURATION, NOT_FOUND, Question, add_port, all_running, ask, folder, found, stop

# Where systems keep their own certificate authorities in one file.
ROOTS = (
    *("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"),
    *("/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem", "/usr/local/etc/ssl/cert.pem", "/opt/homebrew/etc/ca-certificates/cert.pem"),
)
# Which programs read which variable: with a bundle of everybody they trust, or with an authority more.
BUNDLE_NAMES, ADDED_NAMES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"), ("NODE_EXTRA_CA_CERTS",)
CHANGED = (*BUNDLE_NAMES, *ADDED_NAMES, "SSL_CERT_DIR")
BEFORE = "DAYPASS_BEFORE_"  # and the name of a variable: what it was before a shell was made to trust a tenant
BUNDLE = ".bundle.pem"


def configure(verbs: Any) -> None:
    """The verbs `env`, `trust`, `status` and `open`."""
    env = _verb(verbs, "env", "print export lines that point daypass at the running tenant", _env)
    env.add_argument("--unset", action="store_true", help="print the line that takes them back, for a shell that pointed at a tenant")
    trust = _verb(verbs, "trust", "print export lines that make other programs trust the running tenant's certificate", _trust)
    trust.add_argument("--unset", action="store_true", help="print the lines that give the shell back what it had")
    _verb(verbs, "status", "how the running tenants stand, one JSON line each", _status)
    _verb(verbs, "open", "print the address of the running tenant's live page, and open it if this is a terminal", _open)


def _verb(verbs: Any, name: str, summary: str, run: Any) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=summary, description=summary)
    add_port(verb)
    verb.set_defaults(run=run)
    return verb


def show(description: dict[str, Any], *, print_env: bool) -> None:
    """Print a tenant's description as one JSON line, or as export lines."""
    if not print_env:
        print(json.dumps(description, separators=(",", ":")), flush=True)
        return
    print(exports(environ_of(description).items()), flush=True)


def exports(pairs: Iterable[tuple[str, str]]) -> str:
    """Export lines for a shell."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in pairs)


def _env(arguments: argparse.Namespace) -> int:
    if arguments.unset:
        print(f"unset {' '.join((*ENVIRONMENT, *IDENTITY))}", flush=True)
        return 0
    show(found(arguments.port), print_env=True)
    return 0


# --- trust -----------------------------------------------------------------------------------------------------


def bundle_of(description: dict[str, Any]) -> Path:
    """Where the bundle of a tenant lies, if one was asked for: it is taken away when the tenant ends."""
    return folder() / f"{description['authority'].rpartition(':')[2].strip('/')}{BUNDLE}"


def _trust(arguments: argparse.Namespace) -> int:
    """Write this machine's certificate authorities and the tenant's into one file, and print what makes programs read it."""
    if arguments.unset:
        print(_taken_back(), flush=True)
        return 0
    description = found(arguments.port)
    bundle, before = bundle_of(description), _before()
    added = before.get("NODE_EXTRA_CA_CERTS", "")
    try:
        more = Path(added).read_bytes() + b"\n" if os.path.isfile(added) else b""
        bundle.write_bytes(_system_roots(bundle) + b"\n" + more + Path(description["ca_file"]).read_bytes())
    except OSError as error:
        stop(f"cannot write {bundle}: {error.strerror}", CONFIGURATION)
    node = str(bundle) if more else description["ca_file"]
    pairs = [*((name, str(bundle)) for name in BUNDLE_NAMES), *((name, node) for name in ADDED_NAMES)]
    kept = [(BEFORE + name, value) for name, value in before.items()]
    print(f"{exports([*kept, *pairs])}\nunset SSL_CERT_DIR", flush=True)
    return 0


def _before() -> dict[str, str]:
    """What the shell had before it trusted any tenant: as it was noted then, or as it is now."""
    noted = {name: os.environ[BEFORE + name] for name in CHANGED if BEFORE + name in os.environ}
    return noted if trusting() else {name: os.environ[name] for name in CHANGED if os.environ.get(name)}


def trusting() -> str:
    """The bundle of a tenant that this shell's programs are pointed at, "" for none."""
    named = (os.environ.get(name, "") for name in BUNDLE_NAMES)
    return next((file for file in named if Path(file).parent == folder() and file.endswith(BUNDLE)), "")


def _taken_back() -> str:
    """The lines that give a shell back what it had before."""
    noted = {name: os.environ[BEFORE + name] for name in CHANGED if BEFORE + name in os.environ}
    gone = [*(name for name in CHANGED if name not in noted), *(BEFORE + name for name in noted)]
    return "\n".join(line for line in (exports(noted.items()), f"unset {' '.join(gone)}") if line)


def _system_roots(ours: Path) -> bytes:
    """The authorities that programs trust as it is: those the environment names (unless they are ours), the system's, or certifi's."""
    named = [_before().get(name, "") for name in BUNDLE_NAMES]
    for file in (*named, ssl.get_default_verify_paths().cafile or "", *ROOTS):
        if file and Path(file) != ours and not file.endswith(BUNDLE) and os.path.isfile(file):
            return Path(file).read_bytes()
    try:
        import certifi
    except ImportError:
        return b""
    return Path(certifi.where()).read_bytes()


# --- status and open -------------------------------------------------------------------------------------------


def _status(arguments: argparse.Namespace) -> int:
    """A line for each tenant that runs; exit code 3 when none does."""
    running = all_running() if arguments.port is None else {arguments.port: found(arguments.port)}
    for port, description in running.items():
        print(json.dumps({"port": port, **_standing(description)}), flush=True)
    if not running:
        stop("no sandbox is running; start one: daypass sandbox up --background", NOT_FOUND)
    return 0


def _standing(description: dict[str, Any]) -> dict[str, Any]:
    def told(path: str) -> Any:
        return json.loads(ask(description, Question("GET", path)))

    clock, news = told("clock"), told("news")
    return {
        "authority": description["authority"],
        "pid": description["pid"],
        "page": f"{description['control']}/",
        "now": clock["now"],
        "running": clock["running"],
        "users": len(told("users")),
        "requests": news["last"],
        "waiting": [code["user_code"] for code in told("approve")],
        "faults": len(told("faults")),
    }


def _open(arguments: argparse.Namespace) -> int:
    address = f"{found(arguments.port)['control']}/"
    print(address, flush=True)
    if sys.stdout.isatty():
        import webbrowser

        webbrowser.open(address)
        sys.stderr.write("The browser does not know the tenant's certificate and warns of it: that is expected here, and only here.\n")
    return 0
