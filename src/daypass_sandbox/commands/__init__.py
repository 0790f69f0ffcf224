"""`daypass sandbox …`: start and end a tenant, and play the people and the weather around it.

A running tenant leaves a description in the state folder (`$XDG_STATE_HOME/daypass/sandbox/PORT.json`), by which the other
verbs find it. What goes wrong is one line on stderr and an exit code: 2 usage, 3 not found, 8 unreachable, 9 partial, 10 configuration.
"""

from __future__ import annotations

import argparse

from .. import extra
from . import running, shell, steering

SUMMARY = "a pretend Microsoft 365 tenant on this machine"


def configure(parser: argparse.ArgumentParser) -> None:
    """The verbs of `daypass sandbox` and their options."""
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for room in (running, shell, steering):
        room.configure(verbs)
    for verb in verbs.choices.values():
        verb.set_defaults(run=extra.needed("daypass sandbox", verb.get_default("run")))
