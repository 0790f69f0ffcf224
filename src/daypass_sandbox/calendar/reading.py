"""What is in a calendar, over HTTP: lists of events, windows of time, series and single events.

Facts: Graph's pages api/user-list-events, api/user-list-calendarview, api/event-list-instances, api/event-get.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from daypass.wire import Response

from .. import quirks
from ..graph import odata
from ..graph.permissions import READ_CALENDARS
from ..routes import Call, Fault
from . import events, resources
from .access import context, everywhere, found, opened, owner_id
from .mailbox import Slot
from .resources import Form

Json = dict[str, Any]

LIST_OPTIONS = ("$select", "$top", "$skip", "$orderby", "$count")
WINDOW = ("startdatetime", "enddatetime")
LONGEST_WINDOW_DAYS = 1825
INSTANT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?", re.IGNORECASE)
FULL_SCOPES = frozenset({"Calendars.Read", "Calendars.ReadWrite", "Calendars.Read.Shared", "Calendars.ReadWrite.Shared"})


def list_events(call: Call) -> Response:
    """Single events and masters of series (no occurrences), in the order they were made; of a calendar or of all."""
    odata.allow(call, *LIST_OPTIONS)
    box = opened(call)
    calendar_id = call.path.get("calendar_id")
    if calendar_id is not None:
        box.calendar(calendar_id)
    kept = [box.slot(event) for event in box.events.values() if calendar_id in (None, event["calendarId"])]
    return answer_slots(call, kept, "events")


def view_calendar(call: Call) -> Response:
    """What touches a window: single events, occurrences and exceptions.

    Without $orderby, single events come before the occurrences of series (observed), each in order of time.
    """
    odata.allow(call, *LIST_OPTIONS, *WINDOW)
    box = opened(call)
    slots = box.window(*window(call), box.calendar(call.path.get("calendar_id"))["id"])
    return answer_slots(call, sorted(slots, key=lambda slot: slot.day is not None), "calendarView")


def list_instances(call: Call) -> Response:
    """The occurrences and exceptions of one series in a window (api/event-list-instances)."""
    odata.allow(call, *LIST_OPTIONS, *WINDOW)
    box = opened(call)
    event, day = found(call, box)
    if day is not None or not event.get("recurrence"):
        raise Fault(400, "ErrorInvalidRequest", "Your request can't be completed. The event is not the master of a series.")
    return answer_slots(call, box.instances(event, *window(call)), "events")


def get_event(call: Call) -> Response:
    """One event: single, master, occurrence or exception."""
    odata.allow(call, "$select")
    asked, box = odata.preferences(call), opened(call)
    return answer_event(call, 200, box.slot(*found(call, box)), asked)


def form(call: Call, asked: odata.Preferences) -> Form:
    """The form that the caller wants events in: zone and body by preference, properties by $select."""
    select = odata.selected(call, resources.EVENT_PROPERTIES, "event", resources.UNBUILT_PROPERTIES)
    basic = not call.caller.scopes & FULL_SCOPES
    return Form(odata.service_root(call), owner_id(call), asked.zone, asked.plain_text, basic, select)


def answer_event(call: Call, status: int, slot: Slot, asked: odata.Preferences) -> Response:
    """Answer one event."""
    return odata.entity(call, status, context(call, "events"), resources.event(slot, form(call, asked)), asked.applied)


def answer_slots(call: Call, slots: list[Slot], what: str) -> Response:
    """Answer a list of events: in the order, on the page and in the form that were asked for."""
    asked = odata.preferences(call)
    shown = form(call, asked)
    if what == "calendarView" and shown.select is not None:
        # These two do not support $select here (api/user-list-calendarview).
        shown = replace(shown, select=shown.select - {"createdDateTime", "lastModifiedDateTime"})
    slots = odata.arranged(slots, odata.order(call, resources.ORDERABLE, "event"), resources.order_value)
    cut = odata.page(call, len(slots), asked.page_size, repeat_last=quirks.value(call.tenant.state, "repeatLastItem"))
    values = [resources.event(slot, shown) for slot in slots[cut.first : cut.last]]
    return odata.collection(call, context(call, what), values, len(slots), cut, asked.applied)


def window(call: Call) -> tuple[int, int]:
    """The window in seconds since 1970; a value without offset is UTC, whatever zone is preferred (api/user-list-calendarview)."""
    if not all(call.query.get(name) for name in WINDOW):
        message = "This request requires a time window specified by the query string parameters StartDateTime and EndDateTime."
        raise Fault(400, "ErrorInvalidParameter", message)
    start, end = (instant(call.query[name], name) for name in WINDOW)
    if end < start:
        raise Fault(400, "ErrorInvalidParameter", "The value of parameter 'EndDateTime' is invalid: it is before 'StartDateTime'.")
    if end - start > LONGEST_WINDOW_DAYS * 86400:
        reason = "The range between the start and end dates is greater than the allowed range."
        message = f"Your request can't be completed. {reason} Maximum number of days: {LONGEST_WINDOW_DAYS}"
        raise Fault(400, "ErrorInvalidRequest", message)
    return start, end


def instant(text: str, name: str) -> int:
    """A bound of a window in seconds since 1970; `name` is that of its parameter, in lower case."""
    moment = None
    if INSTANT.fullmatch(text):
        try:
            moment = datetime.fromisoformat(text.upper())
        except ValueError:
            moment = None
    if moment is None or not events.FIRST_YEAR < moment.year < events.LAST_YEAR:
        title = "StartDateTime" if name == "startdatetime" else "EndDateTime"
        raise Fault(400, "ErrorInvalidParameter", f"The value '{text}' of parameter '{title}' is invalid.")
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


_DOC = "documentation: api/"
ROUTES = [
    *everywhere("GET", "/events", list_events, READ_CALENDARS, f"{_DOC}user-list-events, api/calendar-list-events"),
    *everywhere("GET", "/calendarView", view_calendar, READ_CALENDARS, f"{_DOC}user-list-calendarview; order observed by others"),
    *everywhere("GET", "/events/{event_id}", get_event, READ_CALENDARS, f"{_DOC}event-get"),
    *everywhere("GET", "/events/{event_id}/instances", list_instances, READ_CALENDARS, f"{_DOC}event-list-instances"),
]
