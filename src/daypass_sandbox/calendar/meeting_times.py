"""findMeetingTimes: when people could meet, and where.

Rules: Graph's pages api/user-findmeetingtimes, resources/meetingtimesuggestionsresult, resources/locationconstraint,
concepts/findmeetingtimes-example. The pages promise who has to be free, how confidence is computed and in which order suggestions come,
and leave the rest to the service, whose algorithm "undergoes fine-tuning". Here: a meeting begins where a time slot begins or on the
half hour; suggestions do not overlap; there are five unless `maxCandidates` says otherwise (as in the page's example); of a very
long time only the first 62 days are looked at; without time slots, the seven days from now. A tentative attendee counts
like an unknown one; the organizer may be tentative. Up to three rooms are suggested (microsoft-graph-docs issue 2810), the
smallest that have a seat for everybody first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from daypass.wire import Response

from .. import zones
from ..directory import lists, places
from ..graph import odata, payload
from ..graph.payload import FLAG, NUMBER, TEXT, WHOLE
from ..graph.permissions import FIND_MEETING_TIMES
from ..outlook import working_hours
from ..outlook.mailboxes import own_mailbox
from ..routes import Call, Fault, Route
from . import availability, events
from .access import USER, owner_id
from .availability import Sight, Timeline
from .mailbox import Mailbox, open_mailbox
from .shapes import EVENT

Json = dict[str, Any]

_TIME = {"dateTime": TEXT, "timeZone": TEXT}
SHAPE: Json = {
    "attendees": [{"type": ("required", "optional", "resource"), "emailAddress": {"name": TEXT, "address": TEXT}}],
    "locationConstraint": {"isRequired": FLAG, "suggestLocation": FLAG, "locations": [{**EVENT["location"], "resolveAvailability": FLAG}]},
    "timeConstraint": {
        "activityDomain": ("unknown", "work", "personal", "unrestricted"),
        "timeSlots": [{"start": _TIME, "end": _TIME}],
    },
    "meetingDuration": TEXT,
    "maxCandidates": WHOLE,
    "isOrganizerOptional": FLAG,
    "returnSuggestionReasons": FLAG,
    "minimumAttendeePercentage": NUMBER,
}
DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?")
CHANCES = {"free": 100, "workingElsewhere": 100, "unknown": 49, "tentative": 49, "busy": 0, "oof": 0}
HALF_HOUR, A_DAY = 1800, 86400
USUAL_LENGTH, USUAL_CANDIDATES, USUAL_PERCENTAGE = HALF_HOUR, 5, 50
DAYS_AHEAD, MOST_DAYS = 7, 62
MOST_ROOMS = 3
ALL_FREE = "Suggested because it is one of the nearest times when all attendees are available."
SOME_FREE = "Suggested because it is one of the nearest times when enough attendees are available."


@dataclass(frozen=True)
class _Person:
    """One who may come: as the request names them, their time (None when nobody knows it), and when they work (None: always)."""

    named: Json
    time: Timeline | None
    work: tuple[tuple[int, int], ...] | None = None

    def status(self, start: int, end: int) -> str:
        """How they are taken then."""
        return self.time.strongest(start, end) if self.time else "unknown"

    def works(self, start: int, end: int) -> bool:
        """Whether they work then."""
        return self.work is None or availability.covers(self.work, start, end)


@dataclass(frozen=True)
class _Place:
    """Where they may meet: the location as it is answered, and its time (None: it is not looked at)."""

    location: Json
    time: Timeline | None = None

    def is_free(self, start: int, end: int) -> bool:
        """Whether they can meet there then."""
        return self.time is None or CHANCES[self.time.strongest(start, end)] == CHANCES["free"]


@dataclass(frozen=True)
class _Candidate:
    """A time that could be suggested."""

    start: int
    end: int
    confidence: float
    organizer: str
    statuses: tuple[str, ...]
    locations: tuple[Json, ...]


def find_meeting_times(call: Call) -> Response:
    """Suggest times to meet, or say why there are none."""
    odata.allow(call)
    asked = odata.preferences(call)
    search = _Search(call, own_mailbox(call), payload.read(call.json(), SHAPE, "findMeetingTimes"))
    candidates, reason = search.run()
    shown = [search.shown(candidate, number, asked.zone) for number, candidate in enumerate(candidates, 1)]
    where = f"{odata.service_root(call)}/$metadata#microsoft.graph.meetingTimeSuggestionsResult"
    body = {"@odata.context": where, "emptySuggestionsReason": reason, "meetingTimeSuggestions": shown}
    return odata.answer(call, 200, body, asked.applied)


class _Search:
    """One search for a time to meet; `given` is what the client asked, in the form `payload.read` gives."""

    def __init__(self, call: Call, box: Mailbox, given: Json) -> None:
        self._call, self._given = call, payload.without_nulls(given)
        self._length = _seconds(self._given.get("meetingDuration"))
        self._most = self._given.get("maxCandidates", USUAL_CANDIDATES)
        self._least = self._given.get("minimumAttendeePercentage", USUAL_PERCENTAGE)
        if self._most < 1 or not 0 <= self._least <= 100:
            raise _bad("maxCandidates has to be at least 1, and minimumAttendeePercentage from 0 to 100.")
        constraint: Json = self._given.get("timeConstraint") or {}
        self._domain: str = constraint.get("activityDomain") or "work"
        self._zone = box.state["timeZone"]
        self._slots = self._time_slots(constraint.get("timeSlots") or [])
        self._start, self._end = min(slot[0] for slot in self._slots), max(slot[1] for slot in self._slots)
        self._organizer = self._person(owner_id(call), {}, "required")
        self._attendees = [self._attendee(attendee or {}) for attendee in self._given.get("attendees", [])]
        self._location: Json = self._given.get("locationConstraint") or {}
        self._named, self._rooms = self._named_places(), self._fitting_rooms()

    def run(self) -> tuple[list[_Candidate], str]:
        """The suggestions in order, or none and the reason."""
        times = list(self._times())
        if not times:
            return [], "unknown"
        if not self._given.get("isOrganizerOptional"):
            times = [time for time in times if self._organizer.works(*time) and self._organizer.status(*time) not in ("busy", "oof")]
            if not times:
                return [], "organizerUnavailable"
        rated = [(time, statuses) for time in times if (statuses := self._statuses(*time)) is not None]
        if not rated:
            unknown = any(attendee.time is None for attendee in self._attendees)
            return [], "attendeesUnavailableOrUnknown" if unknown else "attendeesUnavailable"
        candidates = [found for time, statuses in rated if (found := self._candidate(*time, statuses)) is not None]
        return (self._best(candidates), "") if candidates else ([], "locationsUnavailable")

    def shown(self, candidate: _Candidate, order: int, zone: str) -> Json:
        """A suggestion as Graph answers it."""
        reasons = {"suggestionReason": ALL_FREE if candidate.confidence == 100 else SOME_FREE}
        return {
            "confidence": candidate.confidence,
            "order": order,
            "organizerAvailability": candidate.organizer,
            **(reasons if self._given.get("returnSuggestionReasons") else {}),
            "meetingTimeSlot": {"start": _moment(candidate.start, zone), "end": _moment(candidate.end, zone)},
            "attendeeAvailability": [
                {"availability": status, "attendee": attendee.named}
                for attendee, status in zip(self._attendees, candidate.statuses, strict=True)
            ],
            "locations": list(candidate.locations),
        }

    def _time_slots(self, given: list[Json | None]) -> list[tuple[int, int]]:
        """The stretches of time to look at, no more than so many days from the first."""
        if not given:
            now = -(-int(self._call.tenant.clock.now()) // HALF_HOUR) * HALF_HOUR
            return [(now, now + DAYS_AHEAD * A_DAY)]
        slots = [_slot(slot or {}) for slot in given]
        limit = min(start for start, _ in slots) + MOST_DAYS * A_DAY
        return [(start, min(end, limit)) for start, end in slots if start < limit]

    def _times(self) -> Iterator[tuple[int, int]]:
        """All times at which the meeting could be, in order."""
        begins: set[int] = set()
        for start, end in self._slots:
            first = start - (zones.wall(start, self._zone).minute % 30) * 60 - start % 60
            halves = range(first + HALF_HOUR if first < start else first, end - self._length + 1, HALF_HOUR)
            begins.update(begin for begin in (start, *halves) if begin + self._length <= end)
        return ((begin, begin + self._length) for begin in sorted(begins))

    def _attendee(self, given: Json) -> _Person:
        known: Json = given.get("emailAddress") or {}
        address: str = known.get("address") or ""
        if "@" not in address:
            raise Fault(400, "ErrorInvalidRecipients", f"At least one recipient isn't valid., Recipient '{address}' isn't resolved.")
        kind: str = given.get("type") or "required"
        named = {"type": kind, "emailAddress": {"address": address}}
        account_id = lists.account_with(self._call.tenant.state, address)
        if account_id is not None:
            return self._person(account_id, named, kind)
        members = lists.members_of(self._call.tenant.state, address)
        return _Person(named, self._merged(members)) if members else _Person(named, None)

    def _person(self, account_id: str, named: Json, kind: str) -> _Person:
        state = self._call.tenant.state.mailboxes.get(account_id)
        if state is None or not self._sees(account_id):
            return _Person(named, None)
        hours = None
        if kind != "resource" and self._domain != "unrestricted":
            weekends = self._domain == "personal"
            hours = tuple(working_hours.spans(working_hours.of(state), self._start, self._end, weekends=weekends))
        return _Person(named, self._merged([account_id]), hours)

    def _sees(self, account_id: str) -> bool:
        """Whether the caller may see when somebody is free."""
        calendar = open_mailbox(self._call.tenant, account_id).calendar(None)
        return availability.sight_of(self._call, account_id, calendar) != Sight.NOTHING

    def _merged(self, account_ids: Iterable[str]) -> Timeline:
        """The time of one or several, as far as there are mailboxes."""
        mailboxes = self._call.tenant.state.mailboxes
        seen = (account_id for account_id in account_ids if account_id in mailboxes and self._sees(account_id))
        boxes = (open_mailbox(self._call.tenant, account_id) for account_id in seen)
        return Timeline([busy for box in boxes for busy in availability.times(box, self._start, self._end, self._zone)])

    def _statuses(self, start: int, end: int) -> tuple[str, ...] | None:
        """Each attendee's status, None where it is nobody's working time or too few are likely to come."""
        if not all(attendee.works(start, end) for attendee in self._attendees):
            return None
        statuses = tuple(attendee.status(start, end) for attendee in self._attendees)
        return statuses if _confidence(statuses) >= self._least else None

    def _named_places(self) -> list[_Place]:
        """The locations that the client names; the time of one is looked at where that is asked for."""
        named: list[_Place] = []
        for location in filter(None, self._location.get("locations") or []):
            shown = {name: value for name, value in location.items() if value is not None and name != "resolveAvailability"}
            account_id = lists.account_with(self._call.tenant.state, shown.get("locationEmailAddress", ""))
            looked_at = location.get("resolveAvailability") and account_id
            named.append(_Place(shown, self._merged([account_id]) if looked_at and account_id else None))
        return named

    def _fitting_rooms(self) -> list[_Place]:
        """The rooms that may be suggested: those with a seat for everybody, or of unknown size, the smallest first."""
        if not self._location.get("suggestLocation"):
            return []
        state = self._call.tenant.state
        needed = 1 + sum(attendee.named["type"] != "resource" for attendee in self._attendees)
        rooms = [places.shown(state, place) for place in state.places.values() if place["type"] == "room"]
        fitting = sorted((room for room in rooms if (room["capacity"] or needed) >= needed), key=lambda room: room["capacity"] or needed)
        return [_Place(_room(room), self._merged([room["id"]])) for room in fitting]

    def _candidate(self, start: int, end: int, statuses: tuple[str, ...]) -> _Candidate | None:
        """The candidate at a time with the places that are free then; None when there must be one and there is none."""
        found = [place.location for place in self._named if place.is_free(start, end)]
        known = {location.get("locationEmailAddress") for location in found}
        for room in self._rooms:
            if len(found) < MOST_ROOMS and room.location["locationEmailAddress"] not in known and room.is_free(start, end):
                found.append(room.location)
        if self._location.get("isRequired") and not found:
            return None
        return _Candidate(start, end, _confidence(statuses), self._organizer.status(start, end), statuses, tuple(found))

    def _best(self, candidates: list[_Candidate]) -> list[_Candidate]:
        """The most likely ones first, then the earliest; none that overlaps a better one."""
        chosen: list[_Candidate] = []
        for candidate in sorted(candidates, key=lambda candidate: (-candidate.confidence, candidate.start)):
            if all(candidate.end <= other.start or other.end <= candidate.start for other in chosen):
                chosen.append(candidate)
            if len(chosen) == self._most:
                break
        return chosen


def _confidence(statuses: tuple[str, ...]) -> float:
    """How likely all attendees come, in percent: the average of their chances; certain when there are none."""
    return sum(CHANCES[status] for status in statuses) / len(statuses) if statuses else 100.0


def _seconds(duration: str | None) -> int:
    """The length of an ISO 8601 duration; Fault 400 for what is none, or no length at all."""
    if not duration:
        return USUAL_LENGTH
    found = DURATION.fullmatch(duration)
    if found is None or not any(found.groups()):
        raise Fault(400, "RequestBodyRead", f"Cannot convert the literal '{duration}' to the expected type 'Edm.Duration'.")
    days, hours, minutes, seconds = (min(int(part or 0), 10**6) for part in found.groups())
    length = int(timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds())
    if length <= 0:
        raise _bad("meetingDuration has to be longer than nothing.")
    return length


def _slot(given: Json) -> tuple[int, int]:
    first, last = (events.stored_time(given.get(name) or {}, f"timeSlots.{name}") for name in ("start", "end"))
    start, end = (events.instant(moment) for moment in (first, last))
    if end <= start:
        raise _bad("A time slot has to end after it begins.")
    return start, end


def _room(room: Json) -> Json:
    return {"displayName": room["displayName"], "locationEmailAddress": room["emailAddress"], "locationType": "conferenceRoom"}


def _moment(seconds: int, zone: str) -> Json:
    return {"dateTime": f"{zones.wall(seconds, zone).isoformat()}.0000000", "timeZone": zone}


def _bad(message: str) -> Fault:
    return Fault(400, "ErrorInvalidParameter", message)


_SOURCE = "documentation: api/user-findmeetingtimes, resources/locationconstraint; candidates and their number: this sandbox's choice"
ROUTES = [Route("POST", f"{USER}/findMeetingTimes", find_meeting_times, FIND_MEETING_TIMES, _SOURCE)]
