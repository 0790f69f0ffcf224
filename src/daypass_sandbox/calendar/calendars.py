"""Calendars and events over HTTP: reading, windows, writing.

Every handler opens the mailbox of the path, lets `payload` read what came, `events` decide what it means, and `resources`
show the result. Facts: Graph's pages resources/event, resources/calendar, api/user-list-calendarview and their neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from daypass.wire import Response

from ..directory import people
from ..graph import odata, payload
from ..graph.permissions import READ_CALENDARS, WRITE_CALENDARS
from ..routes import Call, Fault, Route
from . import events, resources, shapes
from .access import USER, context, everywhere, found, opened, owner, owner_id
from .mailbox import Mailbox, Slot
from .resources import Form

Json = dict[str, Any]

LIST_OPTIONS = ("$select", "$top", "$skip", "$orderby", "$count")
WINDOW = ("startdatetime", "enddatetime")
LONGEST_WINDOW_DAYS = 1825
INSTANT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?", re.IGNORECASE)
FULL_SCOPES = frozenset({"Calendars.Read", "Calendars.ReadWrite", "Calendars.Read.Shared", "Calendars.ReadWrite.Shared"})


def new_mailbox(new_id: Callable[[str], str], time_zone: str) -> Json:
    """An empty mailbox with its default calendar; `time_zone` is a Windows name."""
    calendar: Json = {
        "id": new_id("calendar"),
        "name": "Calendar",
        "color": "auto",
        "hexColor": "",
        "isDefaultCalendar": True,
        "changeKey": new_id("key")[:24],
        "canShare": True,
        "canViewPrivateItems": True,
        "canEdit": True,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        "isTallyingResponses": True,
        "isRemovable": False,
    }
    return {"timeZone": time_zone, "calendars": {calendar["id"]: calendar}, "events": {}}


def get_calendar(call: Call) -> Response:
    """The default calendar, or the one with the id of the path."""
    odata.allow(call, "$select")
    box = opened(call)
    select = odata.selected(call, resources.CALENDAR_PROPERTIES, "calendar")
    value = resources.calendar(box.calendar(call.path.get("calendar_id")), owner(call), select)
    return odata.entity(call, 200, context(call, "calendars"), value)


def list_calendars(call: Call) -> Response:
    """All calendars of a user, the default one first."""
    odata.allow(call, "$select", "$top", "$skip", "$count")
    box = opened(call)
    select = odata.selected(call, resources.CALENDAR_PROPERTIES, "calendar")
    found = [resources.calendar(stored, owner(call), select) for stored in box.calendars.values()]
    cut = odata.page(call, len(found))
    return odata.collection(call, context(call, "calendars"), found[cut.first : cut.last], len(found), cut)


def list_events(call: Call) -> Response:
    """Single events and masters of series (no occurrences), in the order they were made; of a calendar or of all."""
    odata.allow(call, *LIST_OPTIONS)
    box = opened(call)
    calendar_id = call.path.get("calendar_id")
    if calendar_id is not None:
        box.calendar(calendar_id)
    kept = [box.slot(event) for event in box.events.values() if calendar_id in (None, event["calendarId"])]
    return _answer_slots(call, box, kept, "events")


def view_calendar(call: Call) -> Response:
    """What touches a window: single events, occurrences and exceptions.

    Without $orderby, single events come before the occurrences of series (observed), each in order of time.
    """
    odata.allow(call, *LIST_OPTIONS, *WINDOW)
    box = opened(call)
    slots = box.window(*_window(call), box.calendar(call.path.get("calendar_id"))["id"])
    return _answer_slots(call, box, sorted(slots, key=lambda slot: slot.day is not None), "calendarView")


def list_instances(call: Call) -> Response:
    """The occurrences and exceptions of one series in a window (api/event-list-instances)."""
    odata.allow(call, *LIST_OPTIONS, *WINDOW)
    box = opened(call)
    event, day = found(call, box)
    if day is not None or not event.get("recurrence"):
        raise Fault(400, "ErrorInvalidRequest", "Your request can't be completed. The event is not the master of a series.")
    return _answer_slots(call, box, box.instances(event, *_window(call)), "events")


def get_event(call: Call) -> Response:
    """One event: single, master, occurrence or exception."""
    odata.allow(call, "$select")
    asked, box = odata.preferences(call), opened(call)
    return _answer_event(call, 200, box.slot(*found(call, box)), asked)


def create_event(call: Call) -> Response:
    """Create an event; the same `transactionId` again gives the event that is there already (resources/event)."""
    odata.allow(call)
    asked, box = odata.preferences(call), opened(call)
    calendar = box.calendar(call.path.get("calendar_id"))
    given = payload.read(call.json(), shapes.EVENT, "event")
    known = box.with_transaction(given.get("transactionId") or "")
    if known is None:
        known = events.create(given, _author(call, calendar), calendar["id"])
        box.put(known)
    return _answer_event(call, 201, box.slot(known), asked)


def update_event(call: Call) -> Response:
    """Change an event; changing an occurrence makes it an exception (api/event-update)."""
    odata.allow(call)
    asked, box = odata.preferences(call), opened(call)
    event, day = found(call, box)
    _check_etag(call, event, day)
    given, author = payload.read(call.json(), shapes.EVENT, "event"), _author(call, box.calendar(event["calendarId"]))
    if day is None:
        changed = events.change(event, given, author)
    else:
        changed = events.change_occurrence(event, day, box.neighbours(event, day), given, author)
    box.put(changed)
    return _answer_event(call, 200, box.slot(changed, day), asked)


def delete_event(call: Call) -> Response:
    """Delete an event, a whole series, or one occurrence."""
    odata.allow(call)
    box = opened(call)
    event, day = found(call, box)
    _check_etag(call, event, day)
    if day is None:
        box.remove(event["id"])
    else:
        box.put(events.cancel_occurrence(event, day, call.tenant.clock.now()))
    return Response(204)


def _author(call: Call, calendar: Json) -> events.Author:
    users = call.tenant.state.users
    return events.Author(
        user=owner(call),
        now=call.tenant.clock.now(),
        new_id=call.tenant.new_id,
        name_of=lambda address: people.display_name(users, address),
        tenant_id=call.tenant.state.tenant_id,
        allows_online="teamsForBusiness" in calendar["allowedOnlineMeetingProviders"],
    )


def _form(call: Call, asked: odata.Preferences) -> Form:
    select = odata.selected(call, resources.EVENT_PROPERTIES, "event", resources.UNBUILT_PROPERTIES)
    basic = not call.caller.scopes & FULL_SCOPES
    return Form(odata.service_root(call), owner_id(call), asked.zone, asked.plain_text, basic, select)


def _answer_event(call: Call, status: int, slot: Slot, asked: odata.Preferences) -> Response:
    return odata.entity(call, status, context(call, "events"), resources.event(slot, _form(call, asked)), asked.applied)


def _answer_slots(call: Call, box: Mailbox, slots: list[Slot], what: str) -> Response:
    asked = odata.preferences(call)
    form = _form(call, asked)
    if what == "calendarView" and form.select is not None:
        # These two do not support $select here (api/user-list-calendarview).
        form = Form(
            form.root, form.user_id, form.zone, form.plain_text, form.basic, form.select - {"createdDateTime", "lastModifiedDateTime"}
        )
    slots = odata.arranged(slots, odata.order(call, resources.ORDERABLE, "event"), resources.order_value)
    cut = odata.page(call, len(slots), asked.page_size, repeat_last="repeatLastItem" in box.state.get("quirks", ()))
    values = [resources.event(slot, form) for slot in slots[cut.first : cut.last]]
    return odata.collection(call, context(call, what), values, len(slots), cut, asked.applied)


def _check_etag(call: Call, event: Json, day: str | None) -> None:
    """If-Match with a change key that is no longer the event's: 412 (observed, msgraph-sdk-dotnet issue 1201)."""
    given = call.request.headers.get("if-match", "*").strip()
    if given != "*" and given.removeprefix("W/").strip('"') != events.view(event, day)["changeKey"]:
        message = "The send or update operation could not be performed because the change key passed in the request does not match "
        raise Fault(412, "ErrorIrresolvableConflict", message + "the current change key for the item.")


def _window(call: Call) -> tuple[int, int]:
    """The window in seconds since 1970; a value without offset is UTC, whatever zone is preferred (api/user-list-calendarview)."""
    if not all(call.query.get(name) for name in WINDOW):
        message = "This request requires a time window specified by the query string parameters StartDateTime and EndDateTime."
        raise Fault(400, "ErrorInvalidParameter", message)
    start, end = (_instant(call.query[name], name) for name in WINDOW)
    if end < start:
        raise Fault(400, "ErrorInvalidParameter", "The value of parameter 'EndDateTime' is invalid: it is before 'StartDateTime'.")
    if end - start > LONGEST_WINDOW_DAYS * 86400:
        reason = "The range between the start and end dates is greater than the allowed range."
        message = f"Your request can't be completed. {reason} Maximum number of days: {LONGEST_WINDOW_DAYS}"
        raise Fault(400, "ErrorInvalidRequest", message)
    return start, end


def _instant(text: str, name: str) -> int:
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
_SEEN = "observed by others"
ROUTES = [
    Route("GET", f"{USER}/calendar", get_calendar, READ_CALENDARS, _DOC + "calendar-get"),
    Route("GET", f"{USER}/calendars", list_calendars, READ_CALENDARS, _DOC + "user-list-calendars"),
    Route("GET", f"{USER}/calendars/{{calendar_id}}", get_calendar, READ_CALENDARS, _DOC + "calendar-get"),
    *everywhere("GET", "/events", list_events, READ_CALENDARS, f"{_DOC}user-list-events, api/calendar-list-events"),
    *everywhere("POST", "/events", create_event, WRITE_CALENDARS, f"{_DOC}user-post-events"),
    *everywhere("GET", "/calendarView", view_calendar, READ_CALENDARS, f"{_DOC}user-list-calendarview; order {_SEEN}"),
    *everywhere("GET", "/events/{event_id}", get_event, READ_CALENDARS, f"{_DOC}event-get"),
    *everywhere("PATCH", "/events/{event_id}", update_event, WRITE_CALENDARS, f"{_DOC}event-update; If-Match {_SEEN}"),
    *everywhere("DELETE", "/events/{event_id}", delete_event, WRITE_CALENDARS, f"{_DOC}event-delete; If-Match {_SEEN}"),
    *everywhere("GET", "/events/{event_id}/instances", list_instances, READ_CALENDARS, f"{_DOC}event-list-instances"),
]
