"""What every command that talks to Microsoft 365 works with: settings, the joined parts, the viewer's now and zone."""

from __future__ import annotations

import argparse
import os
import sys
import time
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from ..app import App, load
from ..auth.methods import APP_METHODS
from ..config import ENVIRONMENT
from ..errors import BadRequest, ConfigError, ConsentRequired, SignInRequired, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, tzinfo
    from types import TracebackType
    from typing import Self

    from ..clients import Client
    from ..wire import Flow

T = TypeVar("T")

TOLD_SECONDS = 4.0  # a shorter wait passes without a word


class Session:
    """One command's dealings; `arguments` may carry settings by their names, and `tz`, the viewer's time zone.

    The profile that they name must be there, unless it may be a `new` one.
    """

    def __init__(self, arguments: argparse.Namespace, *, new: bool = False) -> None:
        said = {name: getattr(arguments, name, None) for name in ENVIRONMENT}
        self.settings = load({**said, "time_zone": getattr(arguments, "tz", None)}, new=new)
        self.app = App(self.settings, warn=note, ask=_passphrase if sys.stdin.isatty() else None)

    @cached_property
    def zone(self) -> tzinfo:
        """The viewer's time zone: `--tz`, else DAYPASS_TIME_ZONE, else this machine's, else UTC."""
        from ..model import zones

        name = self.settings.time_zone or zones.local_zone_name(os.environ, os.readlink, _read)
        if not name and os.environ.get("TZ"):
            note(
                f"TZ={os.environ['TZ'][:40]!r} names no time zone; times are in UTC. Set DAYPASS_TIME_ZONE to a name such as Europe/Berlin."
            )
        try:
            return zones.zone(name or "UTC")
        except UsageError as error:
            origin = self.settings.origins.get("time_zone", "")
            if origin.startswith("--") or not origin:
                raise
            raise ConfigError("DAYPASS_TIME_ZONE", str(error), (origin,)) from None

    @cached_property
    def now(self) -> datetime:
        """This moment, in the viewer's zone; the same throughout the command."""
        from datetime import UTC, datetime

        return datetime.now(UTC).astimezone(self.zone)

    @cached_property
    def client(self) -> Client:
        """The way to Graph."""
        from ..clients import Client

        return Client(app=self.app, sleep=wait)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.app.close()

    def run(self, flow: Callable[[], Flow[T]]) -> T:
        """Run a flow; when that takes a sign-in and a person is there, sign in first and run it anew.

        A permission not granted yet is asked for in the same way (the step up from reading to writing). One sign-in is to be
        enough for looking around, so it never asks for the user's name alone.
        """
        try:
            return self.client.run(flow())
        except BadRequest as error:
            if self.settings.mailbox or self.app.credentials.standing().method not in APP_METHODS:
                raise
            raise ConfigError("DAYPASS_MAILBOX", "is not set: an app has no calendar of its own, so say whose it works with") from error
        except (SignInRequired, ConsentRequired) as error:
            from ..auth.tokens import covers
            from ..auth.wanted import Expected, Wanted
            from ..graph.operations import IDENTITY, READ
            from .look import language, person_is_there
            from .signin import sign_in

            standing = self.app.credentials.standing()
            if not person_is_there() or standing.method in APP_METHODS:
                raise
            wanted = tuple(scope for scope in error.scopes if scope not in IDENTITY)
            scopes = (*IDENTITY, *(READ if covers(READ, wanted) else wanted))
            who = standing.account  # in the middle of a command nobody else may take over
            expected = Expected(who.home_account_id, who.username) if who else Expected()
            sign_in(self.app, Wanted(scopes, error.claims, language=language(), hint=expected.user, expected=expected))
            return self.client.run(flow())


def _passphrase() -> str:
    from getpass import getpass

    return getpass("Passphrase of the stored sign-ins: ", sys.stderr)


def wait(seconds: float) -> None:
    """Let time pass, and say so when it is long."""
    if seconds >= TOLD_SECONDS:
        note(f"Microsoft Graph is busy; trying again in {seconds:.0f} seconds (Ctrl-C stops)")
    time.sleep(seconds)


def note(text: str) -> None:
    """Tell the user something beside the output: on stderr."""
    sys.stderr.write(f"daypass: {text}\n")


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read(256)
