"""The command `accounts`: several sign-ins side by side, each a profile."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..model.text import clean, pad, width
from ..profiles import DEFAULT, Profile, Profiles, no_such_profile
from .facts import utc
from .output import write_json
from .session import Session, note

if TYPE_CHECKING:
    from ..app import App

COLUMNS = ("profile", "user", "tenant", "how", "since")


def configure_accounts(parser: argparse.ArgumentParser) -> tuple[argparse.ArgumentParser, ...]:
    """The verbs of `accounts`, with their arguments."""
    verbs = parser.add_subparsers(metavar="VERB", title="verbs", required=True)
    listing = verbs.add_parser("list", help="the profiles, with who signed in to each; * marks the one in use")
    listing.add_argument("-o", "--output", choices=("plain", "json"), default="plain", help="how to show them")
    listing.set_defaults(run=list_accounts)
    switch = verbs.add_parser("switch", help="use this profile when none is named")
    switch.add_argument("name", metavar="NAME", help="a profile")
    switch.set_defaults(run=switch_account)
    rename = verbs.add_parser("rename", help="give a profile another name; its sign-in stays")
    rename.add_argument("name", metavar="NAME", help="a profile")
    rename.add_argument("new_name", metavar="NEW", help="its new name")
    rename.set_defaults(run=rename_account)
    remove = verbs.add_parser("remove", help="forget a profile and its sign-in")
    remove.add_argument("name", metavar="NAME", help="a profile")
    remove.set_defaults(run=remove_account)
    return listing, switch, rename, remove


def list_accounts(arguments: argparse.Namespace) -> int:
    """The profiles there are."""
    profiles = _profiles(arguments)
    current, found = profiles.current(), profiles.all()
    if arguments.output == "json":
        write_json({"schema": "daypass.accounts/1", "accounts": [_as_json(profile, current) for profile in found]})
        return 0
    if not found:
        note("nobody has signed in here; daypass login --profile NAME")
        return 0
    rows = [("", *COLUMNS), *(("*" if profile.name == current else "", *_row(profile)) for profile in found)]
    wide = [max(width(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows if sys.stdout.isatty() else rows[1:]:
        print("  ".join(pad(cell, wide[column]) for column, cell in enumerate(row)).rstrip())
    return 0


def switch_account(arguments: argparse.Namespace) -> int:
    """Use a profile from now on."""
    profiles = _profiles(arguments)
    profiles.switch(arguments.name)
    who = profiles.get(arguments.name)
    print(f"Now using {arguments.name}" + (f": {clean(who.user)}." if who and who.user else "."))
    return 0


def rename_account(arguments: argparse.Namespace) -> int:
    """Give a profile another name."""
    _profiles(arguments).rename(arguments.name, arguments.new_name)
    print(f"{arguments.name} is now {arguments.new_name}.")
    return 0


def remove_account(arguments: argparse.Namespace) -> int:
    """Forget a profile; its tokens first, so that none is left behind without a name."""
    profiles = _profiles(arguments)
    profile = profiles.get(arguments.name)
    if profile is None:
        raise no_such_profile(arguments.name, [other.name for other in profiles.all()])
    arguments.profile = arguments.name
    with Session(arguments) as session:
        session.app.credentials.sign_out()
    profiles.remove(arguments.name)
    print(f"Removed {arguments.name}: its tokens are gone.")
    return 0


def app_of(session: Session, profile: Profile) -> App:
    """The parts of another profile of the same state folder."""
    from ..app import App, load

    return App(load({"profile": profile.name, "state_dir": session.settings.state_dir}), warn=note)


def _profiles(arguments: argparse.Namespace) -> Profiles:
    from ..app import load, profiles_in

    if getattr(arguments, "profile", None):
        raise UsageError("accounts is about all profiles: --profile has no place here", ("daypass accounts list",))
    return profiles_in(load({"profile": DEFAULT}).folder)


def _row(profile: Profile) -> tuple[str, ...]:
    since = (utc(profile.signed_in_at) or "never")[:10]
    return (profile.name, clean(profile.user), clean(profile.tenant_id), clean(profile.method), since)


def _as_json(profile: Profile, current: str) -> dict[str, object]:
    return {
        "profile": profile.name,
        "current": profile.name == current,
        "user": profile.user or None,
        "tenant_id": profile.tenant_id or None,
        "client_id": profile.settings.get("client_id"),
        "authority": profile.settings.get("authority"),
        "method": profile.method or None,
        "signed_in_at": utc(profile.signed_in_at),
        "pinned_user": profile.pinned_user or None,
        "pinned_tenant": profile.pinned_tenant or None,
    }
