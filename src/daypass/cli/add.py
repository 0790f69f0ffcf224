"""The command that creates an event."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, date, datetime, timedelta, tzinfo

from ..errors import UsageError
from ..graph import operations
from ..model.event import Attendee, NewEvent, Person
from ..model.when import parse_duration, parse_end, parse_moment
from ..model.zones import zone_name
from .agenda import add_view_options
from .output import write_event
from .session import Session, note

USUAL_LENGTH = timedelta(minutes=30)
LONGEST_BODY = 1_000_000  # characters


def configure_add(parser: argparse.ArgumentParser) -> None:
    """Arguments of `add`."""
    parser.add_argument("--title", required=True, help="what it is called")
    parser.add_argument(
        "--start", required=True, metavar="WHEN", help="'2026-11-23 14:30', 'tomorrow 9am', +30m; a day alone makes it all-day"
    )
    until = parser.add_mutually_exclusive_group()
    until.add_argument("--end", metavar="WHEN", help="when it ends (+1h and +2d count from the start); for an all-day event its last day")
    until.add_argument("--duration", metavar="LENGTH", help="how long it takes: 30m, 1h30, 2d (30m)")
    parser.add_argument("--fold", action="store_const", const=1, help="of two equal times, when clocks are put back, take the second")
    parser.add_argument("--where", default="", metavar="PLACE", help="the location")
    parser.add_argument(
        "--with", dest="people", action="append", default=[], metavar="ADDRESS", help="invite somebody (repeatable, or a,b,c)"
    )
    parser.add_argument("--body", default="", metavar="TEXT", help="the text of the event; @FILE reads it from a file, @@ is an @")
    add_view_options(parser, ("plain", "json"), "plain, or json")
    parser.set_defaults(run=add)


def add(arguments: argparse.Namespace) -> int:
    """Create an event and show it as the service keeps it."""
    with Session(arguments) as session:
        start, end = _span(arguments, session.now, session.zone)
        new = NewEvent(
            subject=arguments.title,
            start=start,
            end=end,
            time_zone=zone_name(session.zone),
            location=arguments.where,
            body=_body(arguments.body),
            attendees=tuple(Attendee(Person("", address)) for address in _addresses(arguments.people)),
            transaction_id=_guid(),
        )
        event = session.run(lambda: operations.create_event(new))
        write_event(event, session.zone, arguments.output)
        if new.attendees:
            count = len(new.attendees)
            note(f"{count} {'person has' if count == 1 else 'people have'} been invited")
        return 0


def _span(arguments: argparse.Namespace, now: datetime, zone: tzinfo) -> tuple[datetime | date, datetime | date]:
    """Start and end as asked: two instants, or two dates with the second exclusive."""
    typed = {"fold": arguments.fold, "offset_must_match": arguments.tz is not None}
    start = parse_moment(arguments.start, now, zone, **typed)
    length = parse_duration(arguments.duration) if arguments.duration else None
    if isinstance(start, datetime):
        end = (
            parse_end(arguments.end, start, now, zone, **typed)
            if arguments.end
            else (start.astimezone(UTC) + (length or USUAL_LENGTH)).astimezone(zone)
        )
        if not isinstance(end, datetime):
            raise UsageError(
                "the event starts at a time and ends on a day; give both a time, or neither", (f"--end '{arguments.end} 17:00'",)
            )
        return start, end
    if length is not None and length % timedelta(days=1):
        raise UsageError("an all-day event takes whole days", ("--duration 1d", f"--start '{arguments.start} 09:00'"))
    first = datetime.combine(start, datetime.min.time(), zone)
    last = parse_end(arguments.end, first, now, zone) if arguments.end else start + (length or timedelta(days=1)) - timedelta(days=1)
    if isinstance(last, datetime):
        raise UsageError(
            "the event starts on a day and ends at a time; give both a time, or neither", (f"--start '{arguments.start} 09:00'",)
        )
    return start, last + timedelta(days=1)


def _addresses(people: list[str]) -> list[str]:
    return [address.strip() for one in people for address in one.split(",") if address.strip()]


def _body(text: str) -> str:
    """The body as given, or from a file: `@FILE`; `@@` stands for an `@` at the beginning."""
    if text.startswith("@@") or not text.startswith("@"):
        return text.removeprefix("@") if text.startswith("@@") else text
    try:
        with open(text[1:], encoding="utf-8") as file:
            body = file.read(LONGEST_BODY + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the body from {text[1:]} ({getattr(error, 'strerror', None) or 'not UTF-8 text'})") from None
    if len(body) > LONGEST_BODY:
        raise UsageError(f"the body in {text[1:]} is longer than {LONGEST_BODY} characters")
    return body


def _guid() -> str:
    """A random id in the form Graph's examples of `transactionId` have."""
    text = os.urandom(16).hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
