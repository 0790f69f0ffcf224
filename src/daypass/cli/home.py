"""Bare `daypass`: sign in if needed, greet, show what is coming up. The container's default, too."""

from __future__ import annotations

import argparse
import sys

from ..graph import operations
from ..model.text import clean
from ..model.when import parse_window
from .agenda import list_events
from .session import Session


def run(arguments: argparse.Namespace) -> int:
    """Greet the user and list the next seven days."""
    with Session(arguments) as session:
        window = parse_window(None, None, None, session.now, session.zone)
        if session.settings.mailbox:  # an app: there is nobody to greet
            sys.stdout.write(f"The calendar of {clean(session.settings.mailbox)}\n\n")
        else:
            user = session.run(operations.me)
            sys.stdout.write(f"Welcome, {clean(user.display_name or user.user_principal_name)}!\n\n")
        list_events(session, window.start, window.end, None)
        return 0
