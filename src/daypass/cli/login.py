"""The command `login`: which way, for what, for which profile, and who must be the one."""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import TYPE_CHECKING

from ..config import MANAGED_IDENTITY, contradiction
from ..errors import AuthError, UsageError
from .login_options import add_options
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
    add_options(parser)
    parser.set_defaults(run=login)


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
        if told := contradiction(session.settings, os.environ):
            screen.note(told)
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
    if not token.isascii() or not token.isprintable() or len(token.split()) != 1 or len(token) > LONGEST_TOKEN - len("Bearer  "):
        raise UsageError("what came on stdin is no access token")
    return token


def _screen(session: Session, arguments: argparse.Namespace) -> Screen:
    """What tells of a sign-in without a person."""
    from .screens import Events, Person, Purpose

    purpose = Purpose((), session.settings)
    return Events(purpose) if arguments.events else Person(look(os.environ), purpose, ())
