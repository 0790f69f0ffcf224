"""What is in a calendar, over HTTP: lists of events, windows of time, series and single events.

Facts: Graph's pages api/user-list-events, api/user-list-calendarview, api/event-list-instances, api/event-get.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from daypass.wire import Response

from .. import quirks
from ..graph import odata
from ..graph.clauses import Expand
from ..graph.permissions import READ_CALENDARS, READ_GROUP_EVENT, READ_GROUP_EVENTS
from ..graph.services import OUTLOOK_TABLE
from ..routes import Call, Fault, Route
from . import calendars, events, queryable, relations, resources
from .access import USER, context, everywhere, found, opened, owner_id
from .mailbox import Mailbox, Slot, Slots
from .resources import Form

Json = dict[str, Any]

WINDOW = ("startdatetime", "enddatetime")
LONGEST_WINDOW_DAYS = 1825
INSTANT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?", re.IGNORECASE)
FULL_SCOPES = frozenset(
    "Calendars.Read Calendars.ReadWrite Calendars.Read.Shared Calendars.ReadWrite.Shared Group.Read.All Group.ReadWrite.All".split()
)


def list_events(call: Call) -> Response:
    """Single events and masters of series (no occurrences), in the order they were made; of a calendar or of all."""
    box = opened(call)
    return answer_slots(call, box, _kept(call, box), "events")


def count_events(call: Call) -> Response:
    """How many single events and masters of series there are."""
    box = opened(call)
    return odata.counted(call, kind(box, form(call, odata.preferences(call))), _kept(call, box))


def _kept(call: Call, box: Mailbox) -> Slots:
    calendar_id = call.path.get("calendar_id")
    if calendar_id is not None:
        box.calendar(calendar_id)
    return Slots(box, [event for event in box.events.values() if calendar_id in (None, event["calendarId"])])


def view_calendar(call: Call) -> Response:
    """What touches a window: single events, occurrences and exceptions.

    Without $orderby, single events come before the occurrences of series (observed), each in order of time.
    """
    box = opened(call)
    slots = _in_window(call, box)
    singles, occurrences = ([slot for slot in slots if (slot.day is None) is single] for single in (True, False))
    return answer_slots(call, box, [*singles, *occurrences], "calendarView", WINDOW)


def count_window(call: Call) -> Response:
    """How much touches a window."""
    box = opened(call)
    return odata.counted(call, kind(box, form(call, odata.preferences(call))), _in_window(call, box), WINDOW)


def _in_window(call: Call, box: Mailbox) -> list[Slot]:
    return box.window(*window(call), box.calendar(call.path.get("calendar_id"))["id"])


def list_instances(call: Call) -> Response:
    """The occurrences and exceptions of one series in a window (api/event-list-instances)."""
    box = opened(call)
    return answer_slots(call, box, _of_series(call, box), "events", WINDOW)


def count_instances(call: Call) -> Response:
    """How many of them there are."""
    box = opened(call)
    return odata.counted(call, kind(box, form(call, odata.preferences(call))), _of_series(call, box), WINDOW)


def _of_series(call: Call, box: Mailbox) -> list[Slot]:
    event, day = found(call, box)
    if day is not None or not event.get("recurrence"):
        raise Fault(400, "ErrorInvalidRequest", "Your request can't be completed. The event is not the master of a series.")
    return box.instances(event, *window(call))


def get_event(call: Call) -> Response:
    """One event: single, master, occurrence or exception."""
    odata.allow(call, "$select", "$expand", *WINDOW)
    asked, box = odata.preferences(call), opened(call)
    return answer_event(call, box, 200, box.slot(*found(call, box)), asked)


def get_calendar_of_event(call: Call) -> Response:
    """The calendar that an event is in."""
    odata.allow(call, "$select", "$expand")
    box = opened(call)
    event, _ = found(call, box)
    place = context(call, f"events('{resources.in_url(call.path['event_id'])}')/calendar")
    return odata.single(call, 200, place, calendars.kind(call), box.calendar(event["calendarId"]))


def form(call: Call, asked: odata.Preferences, properties: Collection[str] | None = None) -> Form:
    """The form that the caller wants events in: zone, body and ids by preference, properties by $select.

    `properties` are those that may be selected; with none of them, everything is.
    """
    known = (*resources.EVENT_PROPERTIES, *resources.HIDDEN_PROPERTIES, *RELATIONS) if properties is None else properties
    select = odata.selected(call, known, "event") if known else None
    basic = not call.caller.scopes & FULL_SCOPES
    return Form(odata.service_root(call), owner_id(call), asked.zone, asked.plain_text, basic, select, asked.immutable_ids)


def kind(box: Mailbox, shown: Form) -> odata.Kind[Slot]:
    """Events of a mailbox, in a form, as lists and $expand see them."""
    return odata.Kind(
        "event",
        resources.EVENT_PROPERTIES,
        resources.HIDDEN_PROPERTIES,
        resources.ORDERABLE,
        queryable.FILTERABLE,
        show=lambda slot: resources.event(slot, shown),
        value=resources.order_value,
        expandable={
            **{name: partial(find, box, shown) for name, find in IN_THE_MAILBOX.items()},
            **{name: partial(find, shown) for name, find in WITH_THE_EVENT.items()},
        },
        types=queryable.TYPES,
    )


def answer_event(call: Call, box: Mailbox, status: int, slot: Slot, asked: odata.Preferences) -> Response:
    """Answer one event of a mailbox."""
    call = _with_locations(call)
    return odata.single(call, status, context(call, "events"), kind(box, form(call, asked)), slot, asked.applied)


def answer_slots(call: Call, box: Mailbox, slots: Sequence[Slot], what: str, options: Collection[str] = ()) -> Response:
    """Answer a list of events of a mailbox, `options` being allowed beside the usual ones."""
    asked, call = odata.preferences(call), _with_locations(call)
    shown = form(call, asked)
    if what == "calendarView" and shown.select is not None:
        # These two do not support $select here (api/user-list-calendarview).
        shown = replace(shown, select=shown.select - {"createdDateTime", "lastModifiedDateTime"})
    repeat_last = quirks.value(call.tenant.state, "repeatLastItem")
    listed = kind(box, shown) if options else replace(kind(box, shown), service=OUTLOOK_TABLE)
    return odata.listing(
        call, context(call, what), listed, slots, options=options, applied=asked.applied, size=asked.page_size, repeat_last=repeat_last
    )


def _with_locations(call: Call) -> Call:
    """Who selects `location` gets `locations` too (api/event-get, api/user-list-events)."""
    selected = [name.strip() for name in call.query.get("$select", "").split(",")]
    if "location" not in selected:
        return call
    return replace(call, query={**call.query, "$select": ",".join(dict.fromkeys([*selected, "locations"]))})


def _calendar(box: Mailbox, _: Form, call: Call, slot: Slot, asked: Expand) -> Json | None:
    return odata.nested_one(call, calendars.kind(call), box.calendar(slot.event["calendarId"]), asked)


def _instances(box: Mailbox, shown: Form, call: Call, slot: Slot, asked: Expand) -> list[Json]:
    """The occurrences in the window of the request; an event that is no master has none."""
    if slot.day is not None or not slot.event.get("recurrence"):
        return []
    return _nested_events(box, shown, call, box.instances(slot.event, *window(call)), asked)


def _exceptions(box: Mailbox, shown: Form, call: Call, slot: Slot, asked: Expand) -> list[Json]:
    days = sorted(slot.event["exceptions"]) if slot.day is None and slot.event.get("recurrence") else []
    return _nested_events(box, shown, call, [box.slot(slot.event, day) for day in days], asked)


def _nested_events(box: Mailbox, shown: Form, call: Call, slots: list[Slot], asked: Expand) -> list[Json]:
    """Events within an event; what is selected of them is their own matter."""
    return odata.nested(call, kind(box, replace(shown, select=None)), slots, asked)


IN_THE_MAILBOX: dict[str, Callable[[Mailbox, Form, Call, Slot, Expand], Any]] = {
    "calendar": _calendar,
    "exceptionOccurrences": _exceptions,
    "instances": _instances,
}
WITH_THE_EVENT: dict[str, Callable[[Form, Call, Slot, Expand], Any]] = {
    "attachments": relations.attachments,
    "extensions": relations.extensions,
    **{name: partial(relations.of_event, name) for name in relations.PROPERTIES},
}
RELATIONS = (*IN_THE_MAILBOX, *WITH_THE_EVENT)


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
_UNDOCUMENTED = "metadata of Microsoft Graph (no page)"
_SEEN = "observed by others"
_ASKED = "metadata of Microsoft Graph of 2022, and observed by others: clients ask it (no page)"
ROUTES = [
    *everywhere("GET", "/events", list_events, READ_CALENDARS, f"{_DOC}user-list-events, api/calendar-list-events", READ_GROUP_EVENTS),
    *everywhere("GET", "/calendarView", view_calendar, READ_CALENDARS, f"{_DOC}user-list-calendarview; order {_SEEN}", READ_GROUP_EVENTS),
    *everywhere("GET", "/calendarView/$count", count_window, READ_CALENDARS, _ASKED),
    *everywhere("GET", "/events/{event_id}/instances/$count", count_instances, READ_CALENDARS, _ASKED),
    *everywhere("GET", "/events/{event_id}", get_event, READ_CALENDARS, f"{_DOC}event-get", READ_GROUP_EVENT),
    Route("GET", f"{USER}/calendarView/{{event_id}}", get_event, READ_CALENDARS, f"{_DOC}event-get"),
    *everywhere("GET", "/events/$count", count_events, READ_CALENDARS, _UNDOCUMENTED, READ_GROUP_EVENTS),
    *everywhere("GET", "/events/{event_id}/calendar", get_calendar_of_event, READ_CALENDARS, _UNDOCUMENTED, READ_GROUP_EVENTS),
    *everywhere("GET", "/events/{event_id}/instances", list_instances, READ_CALENDARS, f"{_DOC}event-list-instances", READ_CALENDARS),
]
