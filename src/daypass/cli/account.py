"""The commands about the sign-in: login, logout, status, token."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..model.text import clean
from .output import write_json
from .session import Session, note

if TYPE_CHECKING:
    from ..credentials import Standing

METHODS = {"device_code": "device code"}


def configure_login(parser: argparse.ArgumentParser) -> None:
    """Arguments of `login`."""
    parser.add_argument("--device", action="store_true", help="by a code typed on another device (the only way so far, and the default)")
    parser.add_argument("--write", action="store_true", help="ask for permission to change the calendar now, not at the first change")
    parser.set_defaults(run=login)


def configure_logout(parser: argparse.ArgumentParser) -> None:
    """Arguments of `logout`."""
    parser.set_defaults(run=logout)


def configure_status(parser: argparse.ArgumentParser) -> None:
    """Arguments of `status`."""
    parser.add_argument("-o", "--output", choices=("plain", "json"), default="plain", help="how to show it")
    parser.set_defaults(run=status)


def configure_token(parser: argparse.ArgumentParser) -> None:
    """Arguments of `token`."""
    parser.add_argument(
        "--scope", action="append", metavar="SCOPE", help="a permission it must carry, Calendars.Read if not said (repeatable)"
    )
    parser.add_argument("--reveal", action="store_true", help="print it although the output is a terminal")
    parser.add_argument("-o", "--output", choices=("plain", "json"), default="plain", help="the token alone, or with its expiry")
    parser.set_defaults(run=token)


def login(arguments: argparse.Namespace) -> int:
    """Sign in, whether or not somebody is signed in already."""
    from ..graph.operations import IDENTITY, READ, WRITE
    from .signin import sign_in

    with Session(arguments) as session:
        sign_in(session.app, (*IDENTITY, *(WRITE if arguments.write else READ)))
    return 0


def logout(arguments: argparse.Namespace) -> int:
    """Forget this machine's tokens."""
    with Session(arguments) as session:
        who = session.app.credentials.sign_out()
    if who is None:
        note("no sign-in that could be read was kept here; nothing is left of any")
        return 0
    print(f"Signed out {clean(who.username)}: the tokens kept here are gone.")
    note("Sign-ins elsewhere are not ended; to end those of a work account: https://mysignins.microsoft.com")
    return 0


def status(arguments: argparse.Namespace) -> int:
    """How things stand, from what is kept here: no request is made. Exit code 4 when nobody is signed in."""
    with Session(arguments) as session:
        standing = session.app.credentials.standing()
        facts = _facts(session, standing)
        if arguments.output == "json":
            write_json({"schema": "daypass.status/1", **facts})
        else:
            print_facts({**facts, "scopes": " ".join(sorted(standing.granted)), "token_expires_at": _expiry(standing.expires_on)})
        if standing.account is None:
            note("nobody is signed in here; daypass login --device")
            return 4
        return 0


def _facts(session: Session, standing: Standing) -> dict[str, object]:
    """What there is to say of a sign-in, for programs; None where there is nothing."""
    who = standing.account
    return {
        "signed_in": who is not None,
        "user": who.username if who else None,
        "name": who.name if who else None,
        "tenant_id": who.tenant_id if who else session.settings.tenant_id,
        "client_id": session.settings.client_id,
        "authority": session.settings.authority,
        "method": METHODS.get(standing.method, standing.method) or None,
        "signed_in_at": _utc(standing.signed_in_at),
        "scopes": sorted(standing.granted),
        "token_expires_at": _utc(standing.expires_on),
        "renews_itself": standing.renewable,
        "store": session.app.vault.path or "memory",
        "protection": session.app.vault.grade,
        "last_error": standing.last_error or None,
    }


def print_facts(facts: dict[str, object]) -> None:
    """Print each fact there is, its name first; whether somebody is signed in shows in the rest."""
    for name, value in facts.items():
        if name != "signed_in" and value not in (None, ""):
            print(f"{name.replace('_', ' '):<17} {clean(_words(value))}")


def token(arguments: argparse.Namespace) -> int:
    """Print an access token, renewed if need be; refuses to show it on a terminal unless asked to."""
    from ..auth.tokens import PROTOCOL_SCOPES
    from ..graph.operations import READ
    from ..wire import Access

    if sys.stdout.isatty() and not arguments.reveal:
        raise UsageError(
            "a token is not shown on a screen, where others could read it", ("daypass token --reveal", "daypass token | your-program")
        )
    reserved = sorted(PROTOCOL_SCOPES.intersection(arguments.scope or ()))
    if "" in (arguments.scope or ()):
        raise UsageError("a permission has a name", ("--scope Calendars.Read",))
    if reserved:
        raise UsageError(f"{reserved[0]} is no permission of Microsoft Graph's; it is asked for by itself")
    with Session(arguments) as session:
        secret = session.app.credentials.token(Access(tuple(arguments.scope or READ)))
        if arguments.output == "json":
            expires_at = _utc(session.app.credentials.expiry(secret))
            write_json({"schema": "daypass.token/1", "access_token": secret, "expires_at": expires_at})
        else:
            print(secret)
        return 0


def _utc(seconds: float) -> str | None:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)) if seconds else None


def _expiry(expires_on: float) -> str:
    if not expires_on:
        return ""
    left = expires_on - time.time()
    how_long = f"{left / 60:.0f} min" if left < 7200 else f"{left / 3600:.0f} h"
    return f"{_utc(expires_on)} (in {how_long})" if left > 0 else f"{_utc(expires_on)} (past; it is renewed when needed)"


def _words(value: object) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
