"""An iCalendar file into a calendar: what becomes an event, and what is said of what does not.

The mailbox's owner is the organizer of what names no other. The same UID gives the same iCalUId in every mailbox.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ..calendar import events, shapes
from ..calendar.mailbox import Mailbox
from ..graph import payload
from ..routes import Fault
from . import reading, rules, words
from .reading import Book, Family, Part
from .rules import unheld
from .words import Words
from .zones import Finder, Place

Json = dict[str, Any]

OUTLOOK_UID = re.compile(r"040000008200E00074C5B7101A82E008[0-9A-F]{16,}", re.IGNORECASE)
LONGEST_TITLE = 80  # in a report
PAIRS = (("CREATED", "createdDateTime"), ("LAST-MODIFIED", "lastModifiedDateTime"))


@dataclass
class Report:
    """What came of a file: how many events were kept, remarks on those that are not quite what they were, and those refused."""

    events: int = 0
    series: int = 0
    notes: list[Json] = field(default_factory=list[Json])
    refused: list[Json] = field(default_factory=list[Json])

    def to_json(self) -> Json:
        """The report as JSON."""
        return {"events": self.events, "series": self.series, "notes": self.notes, "refused": self.refused}


@dataclass(frozen=True)
class Target:
    """Where events go: the mailbox, the calendar in it, who writes, and the owner's addresses in lower case."""

    box: Mailbox
    calendar: Json
    author: events.Author
    addresses: frozenset[str]


@dataclass(frozen=True)
class Draft:
    """One event on its way: the component it comes from, where it begins and ends, and what it says."""

    part: Part
    start: Place
    end: Place
    words: Words


def take(book: Book, target: Target) -> Report:
    """Put a file's events into a calendar."""
    report = Report()
    importer = _Importer(target, book, report)
    for family in book.families:
        importer.take(family)
    for kind, number in book.others.items():
        report.notes.append({"uid": "", "subject": "", "notes": [f"{number} {kind} not kept: this is a calendar"]})
    return report


class _Importer:
    """Puts the families of one file into a calendar."""

    def __init__(self, target: Target, book: Book, report: Report) -> None:
        self._target, self._report = target, report
        self._zones = Finder(target.box.state["timeZone"], book.zones)

    def take(self, family: Family) -> None:
        """Keep what can be kept of one UID and note the rest."""
        notes: list[str] = []
        if family.repeated:
            notes.append(f"{family.repeated} more events bear this UID; the first is kept")
        subject = reading.text(family.master or family.changed[0], "SUMMARY")[:LONGEST_TITLE]
        about: Json = {"uid": family.uid, "subject": subject}
        try:
            for event in list(self._events(family, notes)):
                self._target.box.put(event)
                self._report.events += 1
                self._report.series += event["type"] == "seriesMaster"
        except (Fault, ValueError, OverflowError) as reason:
            self._report.refused.append({**about, "reason": str(reason)})
            return
        if notes:
            self._report.notes.append({**about, "notes": list(dict.fromkeys(notes))})

    def _events(self, family: Family, notes: list[str]) -> Iterator[Json]:
        """The events of a family: a single one, a series, or several where Graph cannot hold them as one."""
        drafts = [self._draft(part, notes) for part in family.changed]
        if family.master is None:
            notes.append("the series it changes is not in the file; it is kept as a single event")
            yield from (self._single(draft, family.uid) for draft in drafts)
            return
        draft = self._draft(family.master, notes)
        more = self._added(draft)
        if more:
            notes.append(f"its {len(more)} added dates are kept as single events: Graph has none in a series")
        if not reading.values(family.master, "RRULE"):
            yield self._single(draft, family.uid)
        else:
            yield from self._repeated(draft, drafts, family.uid, notes)
        yield from (self._single(_moved(draft, day), family.uid) for day in more)

    def _repeated(self, draft: Draft, changed: list[Draft], uid: str, notes: list[str]) -> Iterator[Json]:
        series = rules.translated(reading.values(draft.part, "RRULE")[0], draft.start)
        notes += series.notes
        excluded = self._excluded(draft)
        others = {self._original_day(each, draft.start): each for each in changed}
        for day in series.singles:
            each = others.pop(day, None)
            if each or day not in excluded:
                yield self._single(each or _moved(draft, day), uid)
            excluded.discard(day)
        if series.recurrence is None:
            yield from (self._single(each, uid) for each in others.values())
            return
        draft.words.given["recurrence"] = series.recurrence
        yield from self._series(draft, list(others.values()), excluded, uid, notes)

    # --- a series and what differs in it

    def _series(self, draft: Draft, changed: list[Draft], excluded: set[date], uid: str, notes: list[str]) -> Iterator[Json]:
        event = self._single(draft, uid)
        scratch = Mailbox({"calendars": {self._target.calendar["id"]: self._target.calendar}, "events": {}, "calendarGroups": {"": {}}})
        scratch.put(event)
        for day in sorted(excluded):
            if not self._is_occurrence(scratch, event, day):
                excluded.discard(day)
                notes.append(f"it excludes {day}, on which it has no occurrence")
        if excluded:
            without: Json = {**event, "cancelled": sorted(day.isoformat() for day in excluded), "version": event["version"] + 1}
            event = events.stamp(without, event["id"], self._target.author.now)
            scratch.put(event)
        for each in changed:
            day = self._original_day(each, draft.start)
            if day.isoformat() in event["cancelled"] or not self._is_occurrence(scratch, event, day):
                notes.append(f"the occurrence of {day} that it changes is none of its own; it is kept as a single event")
                yield self._single(each, uid)
                continue
            event, apart = self._changed(scratch, event, day, each)
            if apart:
                notes.append(f"its occurrence of {day} was moved across another one; it is kept as a single event")
                yield self._single(each, uid)
            if "RANGE" in getattr(each.part.get("RECURRENCE-ID"), "params", {}):
                notes.append(f"the change of {day} and all that follow is kept for that day alone")
        yield event

    def _changed(self, scratch: Mailbox, event: Json, day: date, draft: Draft) -> tuple[Json, bool]:
        """The series with one occurrence changed or gone, and whether it must be kept apart because Graph does not let it go there."""
        without = events.cancel_occurrence(event, day.isoformat(), self._target.author.now)
        if reading.text(draft.part, "STATUS").upper() == "CANCELLED":
            return without, False
        try:
            return self._exception(scratch, event, day.isoformat(), draft), False
        except Fault:
            return without, True

    def _is_occurrence(self, scratch: Mailbox, event: Json, day: date) -> bool:
        try:
            scratch.find(events.occurrence_id(event["id"], day.isoformat()))
        except Fault:
            return False
        return True

    def _exception(self, scratch: Mailbox, event: Json, day: str, draft: Draft) -> Json:
        """The series with an occurrence that is as the draft says."""
        given = payload.read(_given(draft), shapes.EVENT, "event")
        changed = events.change_occurrence(event, day, scratch.neighbours(event, day), given, self._target.author)
        mine = changed["exceptions"][day]
        mine["attendees"] = self._with_answers(mine.get("attendees", []), draft.words)
        same = {name: value for name, value in mine.items() if name in ("start", "end", "version", "changeKey") or event.get(name) != value}
        kept = {name: value for name, value in same.items() if name in event or value != events.DEFAULTS.get(name)}
        return {**changed, "exceptions": {**changed["exceptions"], day: kept}}

    # --- one event

    def _draft(self, part: Part, notes: list[str]) -> Draft:
        said = words.translated(part)
        start = self._place(part, "DTSTART", notes)
        if start is None:
            raise ValueError("it has no start that can be read")
        notes += said.notes
        return Draft(part, start, self._end(part, start, notes), said)

    def _end(self, part: Part, start: Place, notes: list[str]) -> Place:
        """The end: as it is said, after the duration, or after no time (a whole day, if it is a date)."""
        end = self._place(part, "DTEND", notes)
        span = reading.span(part, "DURATION") or timedelta(days=0 if start.wall else 1)
        if end is None:
            end = replace(start, day=start.day + span) if start.wall is None else _later(start, span)
        if (end.wall is None) != (start.wall is None):
            raise ValueError("it begins on a day and ends at a time, or the other way round")
        if start.wall is None and end.day <= start.day:
            end = replace(start, day=start.day + timedelta(days=1))
        return end

    def _place(self, part: Part, name: str, notes: list[str]) -> Place | None:
        """A date or a time of the event, in a zone that Graph knows."""
        moment = reading.moment(part, name)
        if moment is None:
            return None
        home = self._target.box.state["timeZone"]
        if not isinstance(moment, datetime):
            return Place(moment, None, home)
        named = reading.parameter(part, name, "TZID")
        zone, note = (
            self._zones.named(named)
            if named
            else ("UTC", "")
            if moment.tzinfo
            else (home, f"its times name no zone; they are read in {home}")
        )
        if note:
            notes.append(note)
        return Place(moment.date(), moment.replace(tzinfo=None), zone)

    def _single(self, draft: Draft, uid: str) -> Json:
        """The event as it is kept."""
        author, calendar = self._target.author, self._target.calendar
        event = events.create(payload.read(_given(draft), shapes.EVENT, "event"), author, calendar["id"])
        event["uid"] = _uid(uid)
        event["attendees"] = self._with_answers(event.get("attendees", []), draft.words)
        event |= self._organized(draft)
        if reading.text(draft.part, "STATUS").upper() == "CANCELLED":
            event["isCancelled"] = True
        event = {name: value for name, value in event.items() if name not in events.DEFAULTS or value != events.DEFAULTS[name]}
        return event | _stamps(draft.part)

    def _with_answers(self, attendees: Iterable[Json], said: Words) -> list[Json]:
        return [
            {**one, "status": {"response": said.answers.get(one["emailAddress"]["address"].lower(), "none"), "time": events.NEVER}}
            for one in attendees
        ]

    def _organized(self, draft: Draft) -> Json:
        """Whose event it is, and the owner's answer where it is another's."""
        other = words.organizer(draft.part)
        if other is None or other["address"].lower() in self._target.addresses:
            return {}
        mine = next((draft.words.answers[address] for address in self._target.addresses if address in draft.words.answers), "none")
        return {"organizer": {"emailAddress": other}, "isOrganizer": False, "responseStatus": {"response": mine, "time": events.NEVER}}

    # --- days of a series

    def _original_day(self, draft: Draft, start: Place) -> date:
        """The day on which a changed occurrence would have been, by the calendar of its series' zone."""
        moment = reading.moment(draft.part, "RECURRENCE-ID")
        if moment is None:
            raise ValueError("one of its changed occurrences does not say which it is")
        return self._day(moment, reading.parameter(draft.part, "RECURRENCE-ID", "TZID"), start)

    def _day(self, moment: date | datetime, zone: str, start: Place) -> date:
        if not isinstance(moment, datetime) or start.wall is None:
            return moment.date() if isinstance(moment, datetime) else moment
        named = self._zones.named(zone)[0] if zone else "UTC" if moment.tzinfo else start.zone
        return Place(moment.date(), moment.replace(tzinfo=None), named).in_zone(start.zone).date()

    def _excluded(self, draft: Draft) -> set[date]:
        return {self._day(moment, zone, draft.start) for moment, zone in reading.moments(draft.part, "EXDATE")}

    def _added(self, draft: Draft) -> list[date]:
        """The days of RDATE; its times are taken for those of the event."""
        days = {self._day(moment, zone, draft.start) for moment, zone in reading.moments(draft.part, "RDATE")}
        if len(days) > rules.MOST_SINGLES:
            raise unheld(f"it adds {len(days)} dates to its rule; {rules.MOST_SINGLES} can be kept")
        return sorted(days - {draft.start.day})


def _given(draft: Draft) -> Json:
    """The event as a client of Graph would send it."""
    times: Json = {"isAllDay": draft.start.wall is None}
    for name, place in (("start", draft.start), ("end", draft.end)):
        times[name] = {"dateTime": place.in_zone(place.zone).isoformat(), "timeZone": place.zone}
    return {**draft.words.given, **times}


def _moved(draft: Draft, day: date) -> Draft:
    """The event on another day."""
    by = day - draft.start.day
    given = {name: value for name, value in draft.words.given.items() if name != "recurrence"}
    start, end = (replace(place, day=place.day + by, wall=place.wall and place.wall + by) for place in (draft.start, draft.end))
    return Draft(draft.part, start, end, replace(draft.words, given=given))


def _later(start: Place, span: timedelta) -> Place:
    """So much later: whole days by the calendar, anything else by a clock that is never changed (RFC 5545, section 3.3.6)."""
    if span % timedelta(days=1) == timedelta():
        wall = start.in_zone(start.zone) + span
    else:
        instant = datetime.fromtimestamp(start.seconds, UTC) + span
        wall = Place(instant.date(), instant.replace(tzinfo=None), "UTC").in_zone(start.zone)
    return Place(wall.date(), wall, start.zone)


def _uid(text: str) -> str:
    """What is kept of a UID: the last part of Outlook's own, 32 letters that follow from any other."""
    if OUTLOOK_UID.fullmatch(text) and len(text) >= 64:
        return text[-32:].upper()
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32].upper()


def _stamps(part: Part) -> Json:
    """When it was made and last changed, where the file says so in UTC."""
    found: Json = {}
    for name, member in PAIRS:
        moment = reading.moment(part, name)
        if isinstance(moment, datetime) and moment.tzinfo:
            found[member] = events.timestamp(moment.timestamp())
    return found
