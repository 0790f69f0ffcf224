"""The command `login`: which way, for what, for which profile, and who must be the one."""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import TYPE_CHECKING

from ..config import MANAGED_IDENTITY
from ..errors import AuthError, UsageError
from .look import language, look
from .session import Session

if TYPE_CHECKING:
    from ..auth.app_credential import AppCredential
    from ..auth.wanted import Wanted
    from .screens import Screen

LONGEST_TOKEN = 65_536
UNTOLD_SECONDS = 3600.0  # how long a token is taken to be good that does not say it
WAYS = ("browser", "relay", "device", "paste")


def configure_login(parser: argparse.ArgumentParser) -> None:
    """Arguments of `login`."""
    way = parser.add_argument_group("how (asked on the way if none is given)").add_mutually_exclusive_group()
    way.add_argument("--browser", action="store_true", help="in a browser on this machine")
    way.add_argument("--relay", action="store_true", help="in your own browser while you work here over SSH")
    way.add_argument("--device", action="store_true", help="by a code typed on another device")
    way.add_argument("--paste", action="store_true", help="in any browser, whose last address is pasted here: the last resort")
    way.add_argument("--app", action="store_true", help="as an app of its own, with one of the next three")
    way.add_argument("--managed-identity", action="store_true", help="as the managed identity of this Azure machine")
    way.add_argument("--with-token", action="store_true", help="with an access token for Graph, read from stdin")
    proof = parser.add_argument_group("an app's proof")
    proof.add_argument("--secret-file", metavar="FILE", help="the file with the client secret")
    proof.add_argument("--certificate", metavar="FILE", help="certificate and private key, PEM or PFX")
    proof.add_argument("--certificate-password-file", metavar="FILE", help="the file with the key's password")
    proof.add_argument("--federated-token-file", metavar="FILE", help="the platform's token (AZURE_FEDERATED_TOKEN_FILE)")
    proof.add_argument("--identity", metavar="CLIENT_ID", help="which managed identity, if the machine has several")
    proof.add_argument("--mailbox", metavar="USER", help="whose calendar the app works with: an address or id")
    _configure_scopes(parser)
    _configure_profile(parser)
    shown = parser.add_argument_group("how it looks")
    shown.add_argument("--language", metavar="TAG", help="of the service's own words, such as de-DE (the locale's)")
    shown.add_argument("--plain", action="store_true", help="no drawings and no countdown, for screen readers (DAYPASS_PLAIN=1)")
    shown.add_argument("--events", action="store_true", help="one JSON document for each step on stderr, for programs")
    shown.add_argument(
        "--port", type=_port, default=0, metavar="PORT", help="where the browser's answer comes in (any free one; 8400 for --relay)"
    )
    parser.set_defaults(run=login)


def _configure_scopes(parser: argparse.ArgumentParser) -> None:
    asked = parser.add_argument_group("what it asks for").add_mutually_exclusive_group()
    asked.add_argument("--basic", action="store_true", help="only titles, times and places (Calendars.ReadBasic)")
    asked.add_argument("--write", action="store_true", help="permission to change the calendar now, not at the first change")
    asked.add_argument("--scope", action="append", metavar="SCOPE", help="this permission instead (repeatable)")
    parser.add_argument("--no-renewal", action="store_true", help="keep no refresh token: the sign-in ends with its access token")


def _configure_profile(parser: argparse.ArgumentParser) -> None:
    profile = parser.add_argument_group("as whom, and where")
    profile.add_argument("--client-id", metavar="ID", help="the app (CLIENT_ID)")
    profile.add_argument(
        "--tenant", "--tenant-id", dest="tenant_id", metavar="ID", help="the directory: id, domain, organizations, consumers (TENANT_ID)"
    )
    profile.add_argument("--cloud", choices=("public", "gcc-high", "dod", "china"), help="Microsoft's national clouds")
    profile.add_argument(
        "--authority", metavar="URL", help="another sign-in service, with --ca-file: B2C, External ID, any OpenID Connect issuer"
    )
    profile.add_argument("--authority-kind", choices=("entra", "b2c", "ciam", "oidc"), help="what that is, if its address does not tell")
    profile.add_argument("--ca-file", metavar="FILE", help="the certificates to trust (DAYPASS_CA_FILE)")
    profile.add_argument("--expect-user", default="", metavar="USER", help="accept this user alone, now and later in this profile")
    profile.add_argument("--expect-tenant", default="", metavar="ID", help="accept users of this directory alone, now and later")


def login(arguments: argparse.Namespace) -> int:
    """Sign in, whether or not somebody is signed in already."""
    if arguments.events and not _way(arguments):
        raise UsageError("--events is for programs: say which way to sign in", ("daypass login --device --events",))
    if arguments.app or arguments.managed_identity:
        return _login_as_app(arguments)
    if arguments.with_token:
        return _login_with_token(arguments)
    from .signin import Choice, sign_in

    with Session(arguments, new=True) as session:
        choice = Choice(_way(arguments), arguments.plain, arguments.events, arguments.port)
        try:
            sign_in(session.app, _wanted(session, arguments), choice)
        except AuthError as error:
            if arguments.events:
                from .advice import advise
                from .screens import Events, Purpose

                Events(Purpose((), session.settings)).failed(advise(error).code, str(error))
            raise
    return 0


def _way(arguments: argparse.Namespace) -> str:
    return next((way for way in WAYS if getattr(arguments, way)), "")


def _wanted(session: Session, arguments: argparse.Namespace) -> Wanted:
    from ..auth.wanted import Expected, Wanted
    from ..graph.operations import IDENTITY, READ, READ_BASIC, WRITE

    permissions = tuple(arguments.scope or (WRITE if arguments.write else READ_BASIC if arguments.basic else READ))
    scopes = tuple(dict.fromkeys((*IDENTITY, *permissions)))
    if not session.settings.signs_in_at.has_mailboxes:
        scopes = tuple(arguments.scope or ())
    expected = Expected(user=arguments.expect_user, tenant_id=arguments.expect_tenant)
    return Wanted(
        scopes, renewable=not arguments.no_renewal, language=arguments.language or language(), hint=arguments.expect_user, expected=expected
    )


def _login_as_app(arguments: argparse.Namespace) -> int:
    from ..auth.wanted import Expected
    from .signin import remember

    credential = _credential(arguments)
    if credential.kind == "federated" and not {"CLIENT_ID", "DAYPASS_CLIENT_ID"} & os.environ.keys():
        arguments.client_id = arguments.client_id or os.environ.get("AZURE_CLIENT_ID")
        arguments.tenant_id = arguments.tenant_id or os.environ.get("AZURE_TENANT_ID")
    if credential.kind == "managed_identity":
        arguments.client_id = f"{MANAGED_IDENTITY}:{credential.client_id}" if credential.client_id else MANAGED_IDENTITY
    with Session(arguments, new=True) as session:
        session.app.vault.prove_writable()
        account = session.app.credentials.sign_in_as_app(credential)
        remember(session.app, account, credential.kind, Expected())
        screen = _screen(session, arguments)
        screen.done(account, credential.kind)
        if not session.settings.mailbox:
            screen.note("An app has no calendar of its own: say whose it works with, with --mailbox or DAYPASS_MAILBOX.")
    return 0


def _credential(arguments: argparse.Namespace) -> AppCredential:
    from ..auth.app_credential import AppCredential

    if arguments.managed_identity:
        return AppCredential("managed_identity", client_id=arguments.identity or "")
    given = {
        "secret": arguments.secret_file,
        "certificate": arguments.certificate,
        "federated": arguments.federated_token_file,
    }
    chosen = {kind: file for kind, file in given.items() if file}
    if not chosen and os.environ.get("AZURE_FEDERATED_TOKEN_FILE"):
        chosen = {"federated": os.environ["AZURE_FEDERATED_TOKEN_FILE"]}
    if len(chosen) != 1:
        told = "an app proves itself with one file" if chosen else "an app must prove who it is"
        raise UsageError(told, ("--certificate FILE", "--federated-token-file FILE", "--secret-file FILE"))
    ((kind, file),) = chosen.items()
    password = arguments.certificate_password_file or ""
    return AppCredential(kind, os.path.abspath(os.path.expanduser(file)), password and os.path.abspath(os.path.expanduser(password)))


def _login_with_token(arguments: argparse.Namespace) -> int:
    from ..auth.tokens import Account, id_claims
    from ..auth.wanted import Expected
    from .signin import pins, remember

    token = _token_from_stdin()
    claims = id_claims(token)
    arguments.client_id = arguments.client_id or str(claims.get("appid") or claims.get("azp") or "")
    arguments.tenant_id = arguments.tenant_id or str(claims.get("tid") or "")
    with Session(arguments, new=True) as session:
        session.app.vault.prove_writable()
        user = session.app.whose(token)  # nobody but Graph can say whether it is good
        tenant = str(claims.get("tid") or session.settings.tenant_id)
        who = Account(f"{user.id}.{tenant}", user.user_principal_name, user.display_name, tenant)
        wanted = Expected(user=arguments.expect_user, tenant_id=arguments.expect_tenant)
        scopes = str(claims.get("scp") or " ".join(arguments.scope or ())).split()
        ends = claims.get("exp")
        ends_on = float(ends) if isinstance(ends, int | float) else time.time() + UNTOLD_SECONDS
        session.app.credentials.adopt(token, who, scopes, ends_on, wanted if wanted != Expected() else pins(session.app))
        remember(session.app, who, "token", wanted)
        _screen(session, arguments).done(who, "token")
    return 0


def _token_from_stdin() -> str:
    if sys.stdin.isatty():
        raise UsageError("the token is read from stdin, so that nobody sees it", ("your-program | daypass login --with-token",))
    token = sys.stdin.read(LONGEST_TOKEN).strip().removeprefix("Bearer ").strip()
    if not token or not token.isascii() or len(token.split()) != 1:
        raise UsageError("what came on stdin is no access token")
    return token


def _screen(session: Session, arguments: argparse.Namespace) -> Screen:
    """What tells of a sign-in without a person."""
    from .screens import Events, Person, Purpose

    purpose = Purpose((), session.settings)
    return Events(purpose) if arguments.events else Person(look(os.environ), purpose, ())


def _port(text: str) -> int:
    """A port as it is typed; 0 for any that is free."""
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError("is no port: 1 to 65535, or 0 for any that is free")
    return int(text)
