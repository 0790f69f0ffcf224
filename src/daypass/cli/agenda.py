"""The commands that look: agenda and show."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import TYPE_CHECKING

from ..errors import NoSuchEvent, UsageError
from ..graph import operations
from ..model.text import clean
from ..model.when import parse_window
from . import listing
from .output import FORMATS, Listing, write_event, write_listing
from .session import Session, note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..model.event import Event

MATCH_DAYS = 30


def configure_agenda(parser: argparse.ArgumentParser) -> None:
    """Arguments of `agenda`."""
    parser.add_argument("start", nargs="?", metavar="FROM", help="first day or moment: 2026-11-23, today, fri, +3d, 'tomorrow 14:00' (now)")
    parser.add_argument("end", nargs="?", metavar="TO", help="last day, itself included, or the moment it ends (7 days later)")
    parser.add_argument("--days", type=whole_number, metavar="N", help="how many days instead of TO")
    add_view_options(parser, FORMATS, "table (on a terminal), plain (in a pipe) or json")
    parser.set_defaults(run=agenda)


def configure_show(parser: argparse.ArgumentParser) -> None:
    """Arguments of `show`."""
    parser.add_argument("event", nargs="?", metavar="ID", help="a number of the last listing, or an event's id")
    parser.add_argument("--match", metavar="TEXT", help=f"the one event of the next {MATCH_DAYS} days whose title holds this")
    add_view_options(parser, ("plain", "json"), "plain, or json")
    parser.set_defaults(run=show)


def whole_number(text: str) -> int:
    """A number of the command line."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number") from None


def add_view_options(parser: argparse.ArgumentParser, formats: Sequence[str], told: str) -> None:
    """Zone and format, the same wherever events are shown."""
    parser.add_argument("--tz", metavar="ZONE", help="show and read times in this zone, such as Europe/Berlin (this machine's)")
    parser.add_argument("-o", "--output", choices=formats, help=told)


def agenda(arguments: argparse.Namespace) -> int:
    """List events of a window, complete, in the viewer's zone."""
    with Session(arguments) as session:
        window = parse_window(arguments.start, arguments.end, arguments.days, session.now, session.zone)
        list_events(session, window.start, window.end, arguments.output)
        return 0


def list_events(session: Session, start: datetime, end: datetime, output: str | None) -> None:
    """Read, number, remember and print the events between two instants."""
    events = session.run(lambda: operations.calendar_view(start, end))
    if not listing.remember(session.app.vault, events):
        note("the numbers of this listing could not be kept, for the state folder cannot be written; show takes ids meanwhile")
    write_listing(Listing(events, start, end, session.now), output)


def show(arguments: argparse.Namespace) -> int:
    """Show one event, named by number, id or words of its title."""
    if (arguments.event is None) == (arguments.match is None) or arguments.event in ("", ".", ".."):
        raise UsageError("name one event: by number, by id or by --match", ("daypass show 1", "daypass show --match stand-up"))
    with Session(arguments) as session:
        event_id = (
            listing.event_id(session.app.vault, arguments.event) if arguments.event is not None else _matching(session, arguments.match).id
        )
        event = session.run(lambda: operations.get_event(event_id))
        write_event(event, session.zone, arguments.output)
        return 0


def _matching(session: Session, text: str) -> Event:
    """The one coming event whose title holds the text; NoSuchEvent when there is none, or with the candidates when there are many."""
    window = parse_window(None, None, MATCH_DAYS, session.now, session.zone)
    events = session.run(lambda: operations.calendar_view(window.start, window.end))
    found = [event for event in events if text.casefold() in event.subject.casefold()]
    if len(found) == 1:
        return found[0]
    if not found:
        raise NoSuchEvent(f"no event of the next {MATCH_DAYS} days has {clean(text)!r} in its title")
    titles = "; ".join(clean(event.subject)[:40] for event in found[:4])
    raise NoSuchEvent(
        f"{len(found)} events of the next {MATCH_DAYS} days have {clean(text)!r} in their titles: {titles}",
        ("daypass agenda, then its number",),
    )
