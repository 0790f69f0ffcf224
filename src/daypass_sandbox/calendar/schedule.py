"""getSchedule: the free and busy times of people, rooms and lists, as far as each lets them be seen.

Rules: Graph's pages api/calendar-getschedule, concepts/outlook-get-free-busy-schedule (2024-11), resources/scheduleinformation. Where they
are silent, as observed: more than 100 addresses are refused (microsoft-graph-docs issue 7046; the page promises 20), an address that
nobody has gets the number 5009 (issue 11225), and a list is one entry with its members' times merged, as in Exchange's GetUserAvailability,
whose error numbers these are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from daypass.wire import Response

from .. import quirks, zones
from ..directory import lists
from ..graph import odata, payload
from ..graph.payload import TEXT, WHOLE
from ..graph.permissions import GET_SCHEDULE
from ..outlook import working_hours
from ..routes import Call, Fault
from . import availability, events
from .access import everywhere, opened
from .availability import Busy, Sight
from .mailbox import Mailbox, open_mailbox

Json = dict[str, Any]

_TIME = {"dateTime": TEXT, "timeZone": TEXT}
SHAPE: Json = {"schedules": [TEXT], "startTime": _TIME, "endTime": _TIME, "availabilityViewInterval": WHOLE}
DIGITS = {"tentative": 1, "busy": 2, "oof": 3}
FORMER_DIGITS = {**DIGITS, "workingElsewhere": 4}
SHORTEST_MINUTES, LONGEST_MINUTES, USUAL_MINUTES = 5, 1440, 30
MOST_DAYS, FORMER_DAYS = 62, 41  # whole days of a window
MOST_ADDRESSES = 100
MOST_MEMBERS = 100  # of a list (Exchange's GroupAttendeeConflictData)
MOST_ENTRIES = 1000
A_DAY = 86400


@dataclass(frozen=True)
class _Question:
    """What is asked: from when to when (seconds since 1970), in which zone, in which steps; and the zone of the answer."""

    start: int
    end: int
    zone: str
    step: int
    shown_in: str


class _Unseen(Fault):
    """Why somebody's schedule can't be told, with Exchange's number for it: it stands in the place of that schedule."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(404, code, message)


def get_schedule(call: Call) -> Response:
    """Tell the free and busy times of each address that was asked for."""
    odata.allow(call)
    asked = odata.preferences(call)
    opened(call).calendar(call.path.get("calendar_id"))
    given = payload.read(call.json(), SHAPE, "getSchedule")
    addresses: list[str] = given.get("schedules") or []
    _check_addresses(addresses)
    question = _question(call, given, asked.zone)
    values = [_schedule(call, address or "", question) for address in addresses]
    whole = odata.Page(0, len(values))
    return odata.collection(call, "Collection(microsoft.graph.scheduleInformation)", values, len(values), whole, asked.applied)


def _check_addresses(addresses: list[str]) -> None:
    if not addresses:
        raise Fault(400, "ErrorMailboxDataArrayEmpty", "The schedules to look up are missing: name at least one address.")
    if len(addresses) > MOST_ADDRESSES:
        sizes = f"The allowed size = {MOST_ADDRESSES}; the actual size = {len(addresses)}."
        raise Fault(400, "ErrorMailboxDataArrayTooBig", f"There are too many target users in the EmailAddress array. {sizes}")


def _question(call: Call, given: Json, shown_in: str) -> _Question:
    """The window and steps that are asked for; Fault 400 (and 500 for a step of null) as the service refuses them."""
    state = call.tenant.state
    if given.get("availabilityViewInterval", 0) is None and quirks.value(state, "nullIntervalFails"):
        raise Fault(500, "ErrorInternalServerError", "An internal server error occurred. The operation failed.")
    step = 60 * (USUAL_MINUTES if given.get("availabilityViewInterval") is None else given["availabilityViewInterval"])
    first, last = (events.stored_time(given.get(name) or {}, name) for name in ("startTime", "endTime"))
    start, end = (events.instant(moment) for moment in (first, last))
    most = FORMER_DAYS if quirks.value(state, "formerSchedule") else MOST_DAYS
    if end <= start:
        raise Fault(400, "ErrorInvalidTimeInterval", "The start of the time window has to be before its end.")
    if (end - start) // A_DAY > most:
        limits = f"The allowed limit = {most} days; the actual limit = {(end - start) // A_DAY} days."
        reason = "The requested time duration specified for FreeBusyViewOptions.TimeWindow is too long."
        raise Fault(400, "ErrorTimeIntervalTooBig", f"{reason} {limits}")
    if not SHORTEST_MINUTES * 60 <= step <= min(LONGEST_MINUTES * 60, end - start):
        limits = f"It has to be from {SHORTEST_MINUTES} to {LONGEST_MINUTES} minutes, and no longer than the time window."
        raise Fault(400, "ErrorInvalidMergedFreeBusyInterval", f"The merged free/busy interval is invalid. {limits}")
    return _Question(start, end, first["timeZone"], step, shown_in)


def _schedule(call: Call, address: str, question: _Question) -> Json:
    state = call.tenant.state
    try:
        account_id = lists.account_with(state, address)
        if account_id is not None:
            return {"scheduleId": address, **_of_one(call, account_id, question)}
        members = lists.members_of(state, address)
        if members is not None:
            return {"scheduleId": address, **_of_list(call, members, question)}
        raise _Unseen("5009", f"Unable to resolve e-mail address {address} to an Active Directory object.")
    except _Unseen as unseen:
        return {"scheduleId": address, "error": {"message": unseen.message, "responseCode": unseen.code}}


def _of_one(call: Call, account_id: str, question: _Question) -> Json:
    box, sight, found = _seen(call, account_id, question)
    return {
        "availabilityView": _view(call, found, question),
        "scheduleItems": [_item(busy, sight, question.shown_in) for busy in found],
        "workingHours": working_hours.of(box.state),
    }


def _of_list(call: Call, members: list[str], question: _Question) -> Json:
    """The merged times of a list's members, as far as they can be seen; without items or working hours, which are one's own."""
    if len(members) > MOST_MEMBERS:
        raise _Unseen("5043", f"The group has too many members to look up. The allowed size is {MOST_MEMBERS}; it has {len(members)}.")
    found: list[Busy] = []
    for member_id in members:
        try:
            found += _seen(call, member_id, question)[2]
        except _Unseen:
            continue
    return {"availabilityView": _view(call, found, question), "scheduleItems": []}


def _seen(call: Call, account_id: str, question: _Question) -> tuple[Mailbox, Sight, list[Busy]]:
    """Somebody's mailbox, how much of it may be seen, and what is in the window."""
    if account_id not in call.tenant.state.mailboxes:
        raise _Unseen("5009", "The mailbox of this address is inactive, soft-deleted, or hosted elsewhere.")
    box = open_mailbox(call.tenant, account_id)
    sight = availability.sight_of(call, account_id, box.calendar(None))
    if sight == Sight.NOTHING:
        raise _Unseen("5037", "The caller does not have access to free/busy data.")
    found = availability.times(box, question.start, question.end, question.zone)
    if len(found) > MOST_ENTRIES:
        sizes = f"The allowed size is {MOST_ENTRIES}; the actual size is {len(found)}."
        raise _Unseen("5006", f"The result set contains too many calendar entries. {sizes}")
    return box, sight, found


def _view(call: Call, found: list[Busy], question: _Question) -> str:
    digits = FORMER_DIGITS if quirks.value(call.tenant.state, "formerSchedule") else DIGITS
    return availability.view(found, question.start, question.end, question.step, digits)


def _item(busy: Busy, sight: Sight, zone: str) -> Json:
    """One entry: its times, and what it is about where the owner lets that be seen and it is not private (or one may see all)."""
    event = busy.event
    open_enough = sight == Sight.EVERYTHING or (sight == Sight.DETAILS and event["sensitivity"] in ("normal", "personal"))
    about = {
        "isPrivate": event["sensitivity"] == "private",
        "status": busy.status,
        "subject": event["subject"],
        "location": event["location"].get("displayName", ""),
    }
    shown = about if open_enough else {"status": busy.status}
    return {**shown, "start": _moment(busy.start, zone), "end": _moment(busy.end, zone)}


def _moment(seconds: int, zone: str) -> Json:
    return {"dateTime": f"{zones.wall(seconds, zone).isoformat()}.0000000", "timeZone": zone}


_SOURCE = "documentation: api/calendar-getschedule, concepts/outlook-get-free-busy-schedule; limits and error numbers observed by others"
ROUTES = everywhere("POST", "/getSchedule", get_schedule, GET_SCHEDULE, _SOURCE, GET_SCHEDULE, mailbox=False)
