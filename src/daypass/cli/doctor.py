"""The command `doctor`: looks at everything a sign-in hangs on, one thing after another, and says what cures what is wrong."""

from __future__ import annotations

import argparse
import os
import ssl
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .. import probes
from ..app import App, load
from ..client import Client, Transport, tls_context, trusted
from ..errors import ConfigError, DaypassError, StorageError, TransportError, UsageError
from ..model.text import clean
from ..proxies import proxy_address
from ..services import doctor as judge
from ..services.doctor import CONFIGURATION, FAIL, NOTE, OK, UNREACHABLE, WARN, Finding
from .output import write_json

if TYPE_CHECKING:
    from ..config import Settings

MARKS = {OK: "ok  ", NOTE: "note", WARN: "WARN", FAIL: "FAIL"}


def configure_doctor(parser: argparse.ArgumentParser) -> None:
    """Arguments of `doctor`."""
    parser.add_argument("--offline", action="store_true", help="only what can be told without the network")
    parser.add_argument("-o", "--output", choices=("plain", "json"), default="plain", help="how to show it")
    parser.set_defaults(run=doctor)


def doctor(arguments: argparse.Namespace) -> int:
    """Look at everything; the exit code is that of the first thing that fails, 0 when nothing does."""
    findings: list[Finding] = []
    for finding in _all(arguments):
        findings.append(finding)
        if arguments.output == "plain":
            _show(finding)
    if arguments.output == "json":
        shown = [{name: getattr(finding, name) or None for name in ("check", "grade", "what", "cure")} for finding in findings]
        write_json({"schema": "daypass.doctor/1", "healthy": judge.worst(findings) == 0, "findings": shown})
    return judge.worst(findings)


def _show(finding: Finding) -> None:
    print(f"{MARKS[finding.grade]}  {finding.check:<12} {clean(finding.what)}")
    if finding.cure:
        print(f"{'':<20}do: {clean(finding.cure)}")
    sys.stdout.flush()


def _all(arguments: argparse.Namespace) -> Iterator[Finding]:
    yield _versions()
    yield _terminal()
    try:
        settings = load({"profile": getattr(arguments, "profile", None)})
        app = App(settings)
    except (ConfigError, UsageError) as error:
        yield Finding("settings", FAIL, str(error), "daypass setup; or look around first: daypass demo", CONFIGURATION)
        return
    yield _settings(settings)
    yield from _storage(app)
    yield from _container(settings)
    try:
        yield _standing(app)
    except DaypassError as error:
        yield Finding("sign-in", FAIL, str(error), "daypass logout, then daypass login", CONFIGURATION)
    if not arguments.offline and not settings.is_managed:
        yield from _network(settings)


def _versions() -> Finding:
    from importlib.metadata import version

    from .. import __version__

    parts = (f"{name} {version(name)}" for name in ("msal", "cryptography"))
    return Finding("versions", OK, f"daypass {__version__}, Python {sys.version.split()[0]}, {', '.join(parts)}, {ssl.OPENSSL_VERSION}")


def _terminal() -> Finding:
    from ..auth.methods import ladder
    from .look import person_is_there
    from .signin import place_here

    ways = ", then ".join(method.name for method in ladder(place_here(os.environ)))
    if not person_is_there():
        return Finding("terminal", NOTE, f"nobody is at a terminal: a way to sign in must be said ({ways})")
    return Finding("terminal", OK, f"signing in begins with: {ways}")


def _settings(settings: Settings) -> Finding:
    names = ("client_id", "tenant_id", "authority")
    told = (f"{name} {getattr(settings, name)} ({settings.origins.get(name, 'the default')})" for name in names if getattr(settings, name))
    return Finding("settings", OK, f"profile {settings.profile}: {', '.join(told)}")


def _storage(app: App) -> Iterator[Finding]:
    vault = app.vault
    if not vault.folder:
        yield Finding("store", NOTE, "sign-ins are kept in memory and end with each command", "mount a volume, or unset DAYPASS_STORAGE")
        return
    if not probes.lock_is_free(vault.lock_path):
        yield Finding(
            "lock", WARN, f"another program holds {vault.lock_path}", "see who: fuser -v that file; it is freed when that program ends"
        )
        return
    yield Finding("lock", OK, "the store's lock can be had")
    try:
        vault.prove_writable()
    except (StorageError, ConfigError) as error:
        yield Finding("store", FAIL, str(error), "", CONFIGURATION)
        return
    grade = vault.grade
    yield Finding(
        "store",
        OK if grade[0] in "AB" else NOTE,
        f"{vault.path}; {grade}",
        "" if grade[0] in "AB" else "set DAYPASS_KEY_FILE for a better one",
    )
    aside = [name for name in os.listdir(vault.folder) if ".bad-" in name]
    if aside:
        yield Finding(
            "set aside", NOTE, f"{len(aside)} stores that could not be opened lie in {vault.folder}", "delete them when nothing is missed"
        )


def _container(settings: Settings) -> Iterator[Finding]:
    from .signin import place_here

    if not place_here(os.environ).container:
        return
    kept = "on a volume" if settings.folder else "in memory: each new container signs in anew"
    yield Finding("container", OK if settings.folder else NOTE, f"this is a container; sign-ins are kept {kept}")


def _standing(app: App) -> Finding:
    from ..auth.tokens import covers
    from ..graph.operations import READ_BASIC, WRITE

    if not app.settings.signs_in_at.has_mailboxes:
        return Finding("sign-in", NOTE, "accounts of this sign-in service carry no mailbox: they tell who somebody is")
    standing = app.credentials.standing()
    granted = standing.granted
    return judge.consent(
        signed_in=standing.account is not None, granted=granted, can_read=covers(granted, READ_BASIC), can_write=covers(granted, WRITE)
    )


# --- the network ---------------------------------------------------------------------------------------------------


def _network(settings: Settings) -> Iterator[Finding]:
    login = urlsplit(settings.authority)
    try:
        via = proxy_address(login.hostname or "", os.environ)
    except TransportError as error:
        yield Finding("proxy", FAIL, str(error), "HTTPS_PROXY=http://proxy.example:3128", CONFIGURATION)
        return
    if via:
        yield Finding("proxy", NOTE, f"requests go through {via.hostname}:{via.port or 80}")
    else:
        found = judge.name("name", login.hostname or "", probes.addresses(login.hostname or ""))
        yield found
        if found.grade == FAIL:
            return
        yield _certificate(settings, login.hostname or "", login.port or 443)
    transport = Transport(settings.ca_file, os.environ, probes.PROBE_SECONDS, probes.PROBE_SECONDS)
    here = Client("", lambda access: "", transport)
    try:
        found, document = here.run(judge.service(settings.signs_in_at.discovery, time.time))
        yield from found
        if document:
            yield from here.run(judge.ways(document, settings.signs_in_at, settings.client_id))
        if settings.signs_in_at.has_mailboxes:
            yield here.run(judge.graph(settings.graph_root))
    finally:
        transport.close()


def _certificate(settings: Settings, host: str, port: int) -> Finding:
    from ..auth.authorities import GRAPHS

    trust = trusted(settings.ca_file)
    try:
        shown, days = probes.certificate(host, port, tls_context(settings.ca_file))
    except ssl.SSLCertVerificationError as error:
        cure = "set DAYPASS_CA_FILE to your organisation's certificates; never switch checking off"
        return Finding("certificate", FAIL, f"{host}: {error.verify_message}, by {trust.source}", cure, UNREACHABLE)
    except OSError as error:
        return Finding("connection", FAIL, f"{host}:{port}: {error.strerror or error}", "check the network, and HTTPS_PROXY", UNREACHABLE)
    return judge.certificate(host, trust.source, shown, days, microsofts=host in GRAPHS)
