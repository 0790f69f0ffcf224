"""The commands about the sign-in that is there: logout, status, token."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from ..errors import DaypassError, UsageError
from .session import Session, note

FORMATS = ("raw", "header", "json")
READ = ("Calendars.Read",)  # what a token carries when nothing is said; Graph's own module is not loaded for it
UNITS = {"s": 1, "m": 60, "h": 3600}


def configure_logout(parser: argparse.ArgumentParser) -> None:
    """Arguments of `logout`."""
    parser.add_argument("--all", action="store_true", help="of every profile")
    parser.add_argument("--revoke-sessions", action="store_true", help="end this user's sign-ins everywhere first, in all apps")
    parser.set_defaults(run=logout)


def configure_status(parser: argparse.ArgumentParser) -> None:
    """Arguments of `status`."""
    parser.add_argument("--check", action="store_true", help="ask the service, too, whether the sign-in is good")
    parser.add_argument("-o", "--output", choices=("plain", "json"), default="plain", help="how to show it")
    parser.set_defaults(run=status)


def configure_token(parser: argparse.ArgumentParser) -> None:
    """Arguments of `token`."""
    parser.add_argument(
        "--scope",
        "--scopes",
        action="append",
        metavar="SCOPE",
        help="a permission it must carry, Calendars.Read if not said (repeatable, or a,b)",
    )
    parser.add_argument("--min-ttl", type=_seconds, default=0.0, metavar="SPAN", help="how long it must be good still: 600, 30m, 1h (5m)")
    parser.add_argument("--format", choices=FORMATS, help="the token, a header with it for curl, or JSON with its end")
    parser.add_argument("--reveal", action="store_true", help="print it although the output is a terminal")
    parser.add_argument("-o", "--output", choices=("plain", "json"), default="plain", help="plain for --format raw, or json")
    parser.set_defaults(run=token)


def logout(arguments: argparse.Namespace) -> int:
    """Forget this machine's tokens."""
    from ..model.text import clean

    with Session(arguments) as session:
        if arguments.revoke_sessions:
            _revoke(session)
        if arguments.all:
            return _logout_everywhere(session)
        who = session.app.credentials.sign_out()
    if who is None:
        note("no sign-in that could be read was kept here; nothing is left of any")
        return 0
    print(f"Signed out {clean(who.username)}: the tokens kept here are gone.")
    if not arguments.revoke_sessions:
        note(
            "Microsoft has no way to take back what was given to this machine alone; what was copied from it before is good until it ends."
        )
        note("To end this account's sign-ins everywhere: daypass logout --revoke-sessions, or https://mysignins.microsoft.com")
    note("What this app may do stays granted until you take it back: https://myapplications.microsoft.com")
    return 0


def _revoke(session: Session) -> None:
    """End the user's sign-ins everywhere; without that nothing is forgotten."""
    from ..graph import operations

    session.run(operations.revoke_sessions)
    note("All sign-ins of this account have been ended, in every app; tokens given out before may work for up to an hour.")


def _logout_everywhere(session: Session) -> int:
    from ..model.text import clean
    from .accounts import app_of

    for profile in session.app.profiles.all():
        app = app_of(session, profile)
        app.credentials.sign_out()
        print(f"Signed out {clean(profile.user or profile.name)} (profile {profile.name}).")
    session.app.credentials.sign_out()
    return 0


def status(arguments: argparse.Namespace) -> int:
    """How things stand, from what is kept here: no request is made. Exit code 4 when nobody is signed in."""
    from .facts import facts_of, for_people, print_facts
    from .output import write_json

    with Session(arguments) as session:
        standing = session.app.credentials.standing()
        habits = session.app.profiles.habits(session.settings.signs_in_at.url)
        facts = facts_of(session.settings, standing, habits, session.app.vault.path, session.app.vault.grade)
        trouble = _checked(session, facts) if arguments.check else None
        if arguments.output == "json":
            write_json({"schema": "daypass.status/1", **facts})
        else:
            print_facts(for_people(facts, standing, time.time()))
        if trouble:
            raise trouble
        if standing.account is None:
            note("nobody is signed in here; daypass login")
            return 4
        return 0


def _checked(session: Session, facts: dict[str, Any]) -> DaypassError | None:
    """Ask Graph who is signed in, or where there is no mailbox the sign-in service whether it is there; what came of it is a fact too."""
    from ..graph import operations

    try:
        if not session.settings.signs_in_at.has_mailboxes:
            session.app.credentials.reach()
        elif facts["method"] not in ("secret", "certificate", "federated", "managed_identity") or session.settings.mailbox:
            session.client.run(operations.me())
        else:
            from ..graph.operations import READ
            from ..wire import Access

            session.app.token(Access(READ, renew=True))
    except DaypassError as error:
        facts["checked"] = {"good": False, "message": str(error)}
        return error
    facts["checked"] = {"good": True, "message": "the service accepts this sign-in"}
    return None


def explain_last(arguments: argparse.Namespace) -> int:
    """Say what the last refusal in this profile means, and what to forward."""
    from ..auth.explain import for_admin, of_refusal
    from ..model.text import clean
    from .explain import FLOW_OF, FLOWS, as_json, as_text
    from .facts import last_refusal
    from .output import write_json

    with Session(arguments, new=True) as session:
        settings = session.settings
        habits = session.app.profiles.habits(settings.signs_in_at.url)
        refusal = last_refusal(session.app.credentials.standing(), habits, settings.client_id)
    if not refusal:
        raise UsageError("no refusal is remembered here", ("daypass explain 53003",))
    known = of_refusal(refusal)
    forward = for_admin(refusal, settings.signs_in_at.url, known)
    if arguments.output == "json":
        told = [as_json(known, "")] if known else []
        write_json({"schema": "daypass.explanation/1", "explanations": told, **refusal, "forward": forward})
        return 0
    print(as_text(known, FLOWS.get(FLOW_OF.get(refusal["method"], ""), ""), {}) if known else clean(refusal["message"]))
    print(f"\nTo forward to an administrator:\n\n{clean(forward)}")
    return 0


def token(arguments: argparse.Namespace) -> int:
    """Print an access token, renewed if need be; refuses to show it on a terminal unless asked to."""
    from ..auth.tokens import LEEWAY_SECONDS, PROTOCOL_SCOPES
    from ..wire import Access

    if sys.stdout.isatty() and not arguments.reveal:
        raise UsageError(
            "a token is not shown on a screen, where others could read it", ("daypass token --reveal", "daypass token | your-program")
        )
    asked = [scope.strip() for scopes in arguments.scope or () for scope in scopes.split(",")]
    if "" in asked:
        raise UsageError("a permission has a name", ("--scope Calendars.Read",))
    if reserved := sorted(PROTOCOL_SCOPES.intersection(asked)):
        raise UsageError(f"{reserved[0]} is no permission of Microsoft Graph's; it is asked for by itself")
    shape = arguments.format or ("json" if arguments.output == "json" else "raw")
    with Session(arguments) as session:
        secret = session.app.token(Access(tuple(asked) or READ), max(arguments.min_ttl, LEEWAY_SECONDS))
        if shape == "json":
            from .facts import utc
            from .output import write_json

            expires_at = utc(session.app.credentials.expiry(secret))
            write_json({"schema": "daypass.token/1", "access_token": secret, "token_type": "Bearer", "expires_at": expires_at})
        else:
            print(f"Authorization: Bearer {secret}" if shape == "header" else secret)
        return 0


def _seconds(text: str) -> float:
    """A span as it is typed: seconds, or with s, m or h."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in UNITS else (text, "s")
    if not number.isdecimal() or len(number) > 6:
        raise argparse.ArgumentTypeError("is no span of time: 600, 30m, 1h")
    return float(number) * UNITS[unit]
