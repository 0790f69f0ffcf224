"""Signing in by device code, as a person sees it: the address, the code, what it is for, and a warning that stands by it."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from ..errors import DeviceCodeExpired
from ..model.text import clean

if TYPE_CHECKING:
    from ..app import App
    from ..auth.device import DeviceCode
    from ..auth.tokens import Account

CODES_AT_MOST = 4


def sign_in(app: App, scopes: tuple[str, ...], claims: str = "", only: Account | None = None) -> Account:
    """Sign the person in on another device, `only` that one if given; an expired code is replaced on request. Raises AuthError."""
    app.vault.prove_writable()  # before anybody is sent away to sign in
    codes = 1
    while True:
        try:
            account = app.credentials.sign_in_by_device_code(scopes, lambda code: _show(app, code, scopes), claims, only)
        except DeviceCodeExpired:
            if codes == CODES_AT_MOST or not person_is_there() or not _wants_another():
                raise
            codes += 1
        else:
            sys.stderr.write(f"Signed in as {clean(account.name)} ({clean(account.username)}).\n\n")
            return account


def person_is_there() -> bool:
    """Whether somebody at a terminal can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _show(app: App, code: DeviceCode, scopes: tuple[str, ...]) -> None:
    minutes = max(1, round((code.expires_at - time.time()) / 60))
    bold, plain = ("\033[1m", "\033[0m") if sys.stderr.isatty() else ("", "")
    sys.stderr.write(
        f"To sign in, open  {bold}{clean(code.verification_uri)}{plain}\n"
        f"and enter code    {bold}{clean(code.user_code)}{plain}    (good for {minutes} minutes)\n\n"
        f"This asks for {', '.join(scopes)}\nin tenant {clean(app.settings.tenant_id)}.\n"
        "Only type this code if you started this sign-in yourself, here, just now.\n"
        "Nobody will ever send you one.\n\n"
        "Waiting for you to finish there ... (Ctrl-C stops)\n"
    )
    sys.stderr.flush()


def _wants_another() -> bool:
    sys.stderr.write("The code ran out before it was used. Get a new one? [Y/n] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    return bool(answer) and answer.strip().lower() in ("", "y", "yes")
