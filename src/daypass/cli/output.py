"""How events are shown: a table for eyes, plain lines for pipes and screen readers, one JSON document for programs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from ..model.event import Event, Person
from ..model.text import clean, fit, pad, width
from ..model.zones import is_twice, zone_name
from ..value import Value

FORMATS = ("table", "plain", "json")
HOURS_COLUMNS, ENOUGH_FOR_A_TITLE = 16, 32
WORDS = {  # Graph's words that are no words
    "none": "no answer yet",
    "notResponded": "no answer yet",
    "tentativelyAccepted": "tentative",
    "oof": "out of office",
    "workingElsewhere": "working elsewhere",
}
LAYOUTS = ((18, 20), (14, 12), (14, 0), (0, 0))  # columns for organizer and location


class Listing(Value):
    """Events between two instants as one viewer sees them; `as_of` is when they were read."""

    events: Sequence[Event]
    start: datetime
    end: datetime
    as_of: datetime

    @property
    def zone(self) -> tzinfo:
        """The viewer's zone."""
        return self.start.tzinfo or UTC


def chosen(output: str | None) -> str:
    """The format to use: as asked, else a table on a terminal and plain lines in a pipe."""
    return output or ("table" if sys.stdout.isatty() else "plain")


def write_listing(listing: Listing, output: str | None) -> None:
    """Print a listing in the chosen format."""
    sys.stdout.write(WRITERS[chosen(output)](listing) + "\n")


def write_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document, in ASCII: no text of a stranger's can steer the terminal it is read on."""
    sys.stdout.write(json.dumps(document) + "\n")


def write_event(event: Event, zone: tzinfo, output: str | None) -> None:
    """Print one event with all its details."""
    if output == "json":
        write_json({"schema": "daypass.event/1", "tz": zone_name(zone), "event": {**as_json(event, zone), "body": event.body or None}})
        return
    for name, value in _details(event, zone).items():
        first, *rest = value.splitlines() or [""]
        print(f"{name:<11}{clean(first)}".rstrip())
        for line in rest:
            print(f"{'':<11}{clean(line)}".rstrip())


# -- formats of a listing


def _table(listing: Listing) -> str:
    if not listing.events:
        return _nothing(listing)
    bold, dim, reset = ("\033[1m", "\033[2m", "\033[0m") if _in_colour() else ("", "", "")
    subject, organizer, location = _layout(listing, _columns())
    lines: list[str] = []
    heading = ""
    for number, event in enumerate(listing.events, 1):
        day = _shown_day(event, listing)
        if day != heading:
            lines += ["", f"{bold}{day}{reset}"] if lines else [f"{bold}{day}{reset}"]
            heading = day
        cells = [f"{number:>4}", pad(_hours(event, listing.zone), HOURS_COLUMNS), pad(_fitted_title(event, subject), subject)]
        cells += [pad(fit(_who(event.organizer), organizer), organizer)] if organizer else []
        cells += [fit(clean(event.location).strip(), location)] if location else []
        faint = dim if event.is_cancelled or event.response == "declined" else ""
        lines.append(f"{faint}{'  '.join(cells).rstrip()}{reset if faint else ''}")
    return "\n".join([*lines, "", f"Times are {zone_name(listing.zone)}. Details: daypass show NUMBER"])


def _layout(listing: Listing, columns: int) -> tuple[int, int, int]:
    """Columns for title, organizer and location: the richest layout that leaves the titles room enough."""
    longest = max(width(_title(event)) for event in listing.events)
    room = columns - 4 - 2 - HOURS_COLUMNS - 2
    for organizer, location in LAYOUTS:
        left = room - sum(wide + 2 for wide in (organizer, location) if wide)
        if left >= min(longest, ENOUGH_FOR_A_TITLE):
            return min(longest, left), organizer, location
    return max(8, min(longest, room)), 0, 0


def _nothing(listing: Listing) -> str:
    first, last = _day(listing.start), _day(_last_day(listing))
    return f"Nothing {f'on {first}' if first == last else f'from {first} to {last}'} ({zone_name(listing.zone)})."


def _plain(listing: Listing) -> str:
    if not listing.events:
        return _nothing(listing)
    return "\n".join(_plain_line(number, event, listing.zone) for number, event in enumerate(listing.events, 1))


def _plain_line(number: int, event: Event, zone: tzinfo) -> str:
    parts = [
        f"{number}",
        _span(event, zone),
        _title(event),
        _who(event.organizer),
        clean(event.location),
    ]
    return "  ".join(part for part in parts if part)


def _document(listing: Listing) -> str:
    zone = listing.zone
    document = {
        "schema": "daypass.events/1",
        "tz": zone_name(zone),
        "from": listing.start.isoformat(),
        "to": listing.end.isoformat(),
        "events": [{"number": number, **as_json(event, zone)} for number, event in enumerate(listing.events, 1)],
        "meta": {"complete": True, "has_more": False, "stale": False, "as_of": _utc(listing.as_of), "source": "live"},
    }
    return json.dumps(document)


WRITERS: Mapping[str, Callable[[Listing], str]] = {"table": _table, "plain": _plain, "json": _document}


def as_json(event: Event, zone: tzinfo) -> dict[str, Any]:
    """An event for programs: every time in the viewer's zone, with its name and in UTC; all-day events have dates alone.

    The body is not among it: a listing does not ask for it, and null would say that there is none.
    """
    return {
        "id": event.id,
        "subject": event.subject,
        "all_day": event.is_all_day,
        "start": _moment(event.start, zone),
        "end": _moment(event.end, zone),
        "location": event.location or None,
        "organizer": _person(event.organizer),
        "attendees": [{**(_person(one.person) or {}), "type": one.type, "response": one.response} for one in event.attendees],
        "show_as": event.show_as,
        "sensitivity": event.sensitivity,
        "response": event.response,
        "cancelled": event.is_cancelled,
        "type": event.type,
        "series_id": event.series_master_id or None,
        "join_url": event.join_url or None,
        "categories": list(event.categories),
        "web_link": event.web_link or None,
    }


def _moment(moment: datetime | date, zone: tzinfo) -> dict[str, str]:
    if not isinstance(moment, datetime):
        return {"date": moment.isoformat()}
    return {"local": moment.astimezone(zone).isoformat(), "zone": zone_name(zone), "utc": _utc(moment)}


def _person(person: Person | None) -> dict[str, str] | None:
    return {"name": person.name, "address": person.address} if person else None


# -- an event's words


def _details(event: Event, zone: tzinfo) -> dict[str, str]:
    """Name and text of each detail there is; the texts are not yet fit for a terminal."""
    invited = [
        f"{_who(one.person)} ({WORDS.get(one.response, one.response)}{'' if one.type == 'required' else ', ' + one.type})"
        for one in event.attendees
    ]
    found = {
        "Subject": event.subject,
        "Start": _stamp(event.start, zone, named=True),
        "End": _stamp(_shown_end(event), zone, named=True),
        "Location": event.location,
        "Organizer": _who(event.organizer, address=True),
        "With": "\n".join(invited),
        "Join": event.join_url,
        "Show as": WORDS.get(event.show_as, event.show_as),
        "Notes": ", ".join(_marks(event)),
        "Series": event.series_master_id,
        "Link": event.web_link,
        "Id": event.id,
        "Body": event.body if event.body_content_type == "text" else event.body_preview,
    }
    return {name: value for name, value in found.items() if value.strip()}


def _title(event: Event) -> str:
    return _named(event) + _marked(event)


def _fitted_title(event: Event, columns: int) -> str:
    """The title in so many columns; what a reader must know is not what is cut off."""
    marked = _marked(event)
    return fit(fit(_named(event), max(8, columns - width(marked))) + marked, columns)


def _named(event: Event) -> str:
    return clean(event.subject).strip() or "(no title)"


def _marked(event: Event) -> str:
    marks = _marks(event)
    return f" ({', '.join(marks)})" if marks else ""


def _marks(event: Event) -> list[str]:
    """What a reader must know beside the title."""
    told = {
        "cancelled": event.is_cancelled,
        "declined": event.response == "declined",
        "tentative": event.show_as == "tentative" or event.response == "tentativelyAccepted",
        "free": event.show_as == "free",
        "private": event.sensitivity in ("private", "confidential"),
    }
    return [mark for mark, holds in told.items() if holds]


def _who(person: Person | None, *, address: bool = False) -> str:
    if person is None:
        return ""
    name = clean(person.name or person.address)
    return f"{name} <{clean(person.address)}>" if address and person.name and person.address else name


# -- times


def _hours(event: Event, zone: tzinfo) -> str:
    """`09:00 - 09:30`; an end on a later day says how many days later: `23:30 - 00:30 +1`."""
    if not isinstance(event.start, datetime) or not isinstance(event.end, datetime):
        days = event.duration.days
        return "all day" if days <= 1 else f"all day, {days} d"
    start, end = event.start.astimezone(zone), event.end.astimezone(zone)
    later = (end.date() - start.date()).days
    return f"{start:%H:%M} - {end:%H:%M}" + (f" +{later}" if later else "")


def _stamp(moment: datetime | date, zone: tzinfo, *, named: bool = False) -> str:
    """A time that says all: weekday, date with its year, hour; with `named` the zone as well."""
    if not isinstance(moment, datetime):
        return f"{moment:%a %Y-%m-%d}"
    here = moment.astimezone(zone)
    offset = f" ({here:%z})" if is_twice(here.replace(tzinfo=None), zone) else ""  # clocks put back: the hour comes twice
    return f"{here:%a %Y-%m-%d %H:%M}{offset}" + (f" {zone_name(zone)}" if named else "")


def _span(event: Event, zone: tzinfo) -> str:
    """Start and end on one line; what the end shares with the start is not said twice."""
    start, last = event.start, _shown_end(event)
    if not isinstance(start, datetime) or not isinstance(last, datetime):
        return f"{_stamp(start, zone)} all day" if start == last else f"{_stamp(start, zone)} - {_stamp(last, zone)} all day"
    same_day = start.astimezone(zone).date() == last.astimezone(zone).date()
    return f"{_stamp(start, zone)} - " + (f"{last.astimezone(zone):%H:%M}" if same_day else _stamp(last, zone))


def _shown_end(event: Event) -> datetime | date:
    """The end as people say it: an all-day event's last day, not the day after."""
    return event.end if isinstance(event.end, datetime) else max(event.start, event.end - timedelta(days=1))


def _shown_day(event: Event, listing: Listing) -> str:
    """The day an event is listed under: its first one within the listing."""
    first = event.start.astimezone(listing.zone).date() if isinstance(event.start, datetime) else event.start
    return _day(max(first, listing.start.date()))


def _day(moment: date) -> str:
    return f"{moment:%A} {moment.day} {moment:%B %Y}"


def _last_day(listing: Listing) -> date:
    return (listing.end - timedelta.resolution).date()


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _in_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _columns() -> int:
    """The terminal's width; a pipe gets all the room there is."""
    try:
        return int(os.environ.get("COLUMNS") or os.get_terminal_size(sys.stdout.fileno()).columns)
    except (OSError, ValueError):
        return 1000 if not sys.stdout.isatty() else 100
