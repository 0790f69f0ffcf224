"""The options of `login`, by what they are about."""

from __future__ import annotations

import argparse

from ..auth.authorities import CLOUDS, KINDS


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of `login`: how, with what proof, for what, as whom, and how it looks."""
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
    profile.add_argument("--cloud", choices=tuple(CLOUDS), help="Microsoft's national clouds")
    profile.add_argument(
        "--authority", metavar="URL", help="another sign-in service, with --ca-file: B2C, External ID, any OpenID Connect issuer"
    )
    profile.add_argument("--authority-kind", choices=KINDS, help="what that is, if its address does not tell")
    profile.add_argument("--ca-file", metavar="FILE", help="the certificates to trust (DAYPASS_CA_FILE)")
    profile.add_argument("--expect-user", default="", metavar="USER", help="accept this user alone, now and later in this profile")
    profile.add_argument("--expect-tenant", default="", metavar="ID", help="accept users of this directory alone, now and later")


def _port(text: str) -> int:
    """A port as it is typed; 0 for any that is free."""
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError("is no port: 1 to 65535, or 0 for any that is free")
    return int(text)
