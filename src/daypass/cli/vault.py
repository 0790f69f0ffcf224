"""The command `vault`: where sign-ins rest, a new key for all of them, and a sealed copy of one to take elsewhere."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, UsageError
from ..model.text import clean
from ..private import read_file, write_new
from .output import write_json
from .session import Session, note

if TYPE_CHECKING:
    from ..vault import Vault

LEAST_PASSPHRASE = 8


def configure_vault(parser: argparse.ArgumentParser) -> tuple[argparse.ArgumentParser, ...]:
    """The verbs of `vault`, with their arguments."""
    verbs = parser.add_subparsers(metavar="VERB", title="verbs", required=True)
    show = verbs.add_parser("show", help="where the sign-in rests, who keeps its key, and what could not be opened")
    show.add_argument("-o", "--output", choices=("plain", "json"), default="plain", help="how to show it")
    show.set_defaults(run=show_vault)
    rekey = verbs.add_parser("rekey", help="seal every sign-in of the folder with a new key, or with another keeper's")
    rekey.add_argument("--to", choices=("keyring", "passphrase", "sibling", "keyfile", "command"), help="the keeper (the one of now)")
    rekey.set_defaults(run=rekey_vault)
    export = verbs.add_parser("export", help="write a copy of the sign-in, sealed with a passphrase, into a file")
    export.add_argument("file", metavar="FILE", help="a new file")
    export.add_argument("--passphrase-file", dest="copy_passphrase", metavar="FILE", help="the file with the passphrase (it is asked)")
    export.set_defaults(run=export_vault)
    bring = verbs.add_parser("import", help="keep the sign-in that a file has a copy of")
    bring.add_argument("file", metavar="FILE", help="what `export` wrote")
    bring.add_argument("--passphrase-file", dest="copy_passphrase", metavar="FILE", help="the file with the passphrase (it is asked)")
    bring.add_argument("--force", action="store_true", help="in place of the sign-in that is here")
    bring.set_defaults(run=import_vault)
    return show, rekey, export, bring


def show_vault(arguments: argparse.Namespace) -> int:
    """Say where the sign-in rests."""
    with Session(arguments) as session:
        vault = session.app.vault
        facts: dict[str, Any] = {
            "path": vault.path or "memory",
            "keeper": vault.keeper or None,
            "protection": vault.grade,
            "bytes": os.path.getsize(vault.path) if vault.path and os.path.exists(vault.path) else 0,
            "set_aside": sorted(name for name in _names(vault) if ".bad-" in name),
        }
    if arguments.output == "json":
        write_json({"schema": "daypass.vault/1", **facts})
        return 0
    for name, value in {**facts, "set_aside": ", ".join(facts["set_aside"])}.items():
        if value:
            print(f"{name.replace('_', ' '):<12} {clean(str(value))}")
    return 0


def _names(vault: Vault) -> list[str]:
    return os.listdir(vault.folder) if vault.folder and os.path.isdir(vault.folder) else []


# --- a new key ---------------------------------------------------------------------------------------------------------


def rekey_vault(arguments: argparse.Namespace) -> int:
    """Seal everything anew. Stopped half-way, each sign-in opens with the old key or the new, and the next run goes on."""
    from .accounts import app_of

    with Session(arguments) as session:
        app = session.app
        if not app.vault.folder:
            raise UsageError("sign-ins are kept in memory here: there is nothing to seal anew")
        app.vault.prove_writable()
        keeper = arguments.to or app.vault.keeper or app.keys.wanted("")
        vaults = {vault.path: vault for vault in (app.vault, *(app_of(session, profile).vault for profile in app.profiles.all()))}
        if keeper == "keyring" and app.vault.keeper == "keyring":
            raise UsageError("the keyring's key cannot be changed in place", ("daypass vault rekey --to sibling", "and back: --to keyring"))
        if keeper == "sibling":
            app.keys.begin_anew()
        done = [vault for vault in vaults.values() if vault.reseal(keeper)]
        left = _sealed_otherwise(app.vault, set(vaults))
        if keeper == "sibling":
            app.keys.end_anew(keep_old=bool(left))
        elif not left:
            app.keys.forget_sibling()
        print(f"Sealed anew: {len(done)}. {app.vault.grade}")
        if left:
            note(f"{len(left)} sealed files belong to no profile that is known here; they were left as they are, and so was their key.")
        return 0


def _sealed_otherwise(vault: Vault, known: set[str]) -> list[str]:
    return [name for name in _names(vault) if name.endswith(".vault") and os.path.join(vault.folder, name) not in known]


# --- a copy ------------------------------------------------------------------------------------------------------------


def export_vault(arguments: argparse.Namespace) -> int:
    """Write a sealed copy of the sign-in."""
    from ..sealing import seal_copy

    with Session(arguments) as session:
        state = session.app.vault.read()
        if not state:
            raise UsageError("nobody is signed in with this profile: there is nothing to copy", ("daypass login",))
        passphrase = _passphrase_for_copy(arguments, twice=True)
        content = {"identity": session.settings.identity_of_app, "settings": session.settings.remembered(), "state": state}
        write_new(arguments.file, seal_copy(content, passphrase))
        print(f"A sealed copy is in {clean(arguments.file)}: whoever has it and the passphrase can sign in as you.")
        return 0


def import_vault(arguments: argparse.Namespace) -> int:
    """Keep the sign-in that a copy holds, if it is for the app, tenant and service of this profile."""
    from ..auth import standing
    from ..auth.wanted import Expected
    from ..sealing import open_copy
    from .signin import remember

    with Session(arguments, new=True) as session:
        try:
            content, _ = read_file(arguments.file)
        except OSError as error:
            raise UsageError(f"cannot read {clean(arguments.file)} ({error.strerror})") from None
        copied = open_copy(content, _passphrase_for_copy(arguments, twice=False))
        if copied.get("identity") != session.settings.identity_of_app:
            raise ConfigError("CLIENT_ID", "or TENANT_ID is another than the copy's: it is of another app, tenant or sign-in service")
        vault, state = session.app.vault, copied["state"]
        vault.prove_writable()
        if vault.read() and not arguments.force:
            raise UsageError("somebody is signed in here already", ("daypass vault import --force FILE", "daypass login --profile NAME"))
        with vault.transaction() as kept:
            kept.clear()
            kept.update(state)
        who = standing.who(state, session.settings.client_id, session.settings.signs_in_at)
        if who:
            remember(session.app, who, str(state.get("method") or ""), Expected())
        print(f"Signed in as {clean(who.username) if who else 'nobody'}, from the copy.")
        return 0


def _passphrase_for_copy(arguments: argparse.Namespace, *, twice: bool) -> str:
    from getpass import getpass

    from ..keys import passphrase_in

    if arguments.copy_passphrase:
        typed = passphrase_in(arguments.copy_passphrase)
    elif sys.stdin.isatty():
        typed = getpass("Passphrase of the copy: ", sys.stderr)
        if twice and typed != getpass("Once more: ", sys.stderr):
            raise UsageError("the two are not the same")
    else:
        raise UsageError("a copy is sealed with a passphrase", ("--passphrase-file FILE",))
    if twice and len(typed) < LEAST_PASSPHRASE:
        raise UsageError(f"a passphrase of less than {LEAST_PASSPHRASE} characters is soon guessed")
    return typed
