"""Reminders: when an event's reminder fires, putting it off, and being rid of it.

A reminder is the mailbox's own affair; nobody else is told. What was put off or dismissed stands in the event's `reminders`, by
original day for an occurrence ("" for a single event), and is forgotten when the event gets another time or another reminder. The
reminder of a series is that of its next occurrence.

Pages: api/event-snoozereminder, api/event-dismissreminder, api/user-reminderview, resources/reminder. That a dismissed reminder of
a single event is off is in MS-OXORMDR.
"""

from __future__ import annotations

from typing import Any

from daypass.wire import Response

from ..graph import odata, payload
from ..graph.permissions import READ_EVENT_DETAILS, WRITE_CALENDARS
from ..routes import Call, Fault, Route
from . import events, reading, resources, shapes
from .access import USER, everywhere, found, opened
from .mailbox import Mailbox, Slot
from .resources import Form

Json = dict[str, Any]

PROPERTIES = ("eventId", "changeKey", "eventSubject", "eventWebLink", "eventStartTime", "eventEndTime", "eventLocation", "reminderFireTime")
FIRST_MOMENT = -11_644_473_600  # 1601-01-01, where Outlook's time begins ([MS-DTYP] FILETIME)


def dismiss(call: Call) -> Response:
    """The reminder does not fire any more; for a series, that of its next occurrence."""
    odata.allow(call)
    box = opened(call)
    event, day = found(call, box)
    marked = _marked(box, event, day, call.tenant.clock.now(), {"dismissed": True})
    box.put(marked if event.get("recurrence") else {**marked, "isReminderOn": False})
    return Response(200)


def snooze(call: Call) -> Response:
    """The reminder fires at another time, and is on if it was off."""
    odata.allow(call)
    given, box = payload.read(call.json(), shapes.SNOOZE, "snoozeReminder"), opened(call)
    event, day = found(call, box)
    if not given.get("newReminderTime"):
        raise Fault(400, "ErrorInvalidRequest", "Your request can't be completed. The parameter newReminderTime is required.")
    moment = events.stored_time(given["newReminderTime"], "newReminderTime")
    fires_at = events.instant(moment)
    marked = _marked(box, event, day, call.tenant.clock.now(), {"firesAt": fires_at})
    box.put(marked if event.get("recurrence") else {name: value for name, value in marked.items() if name != "isReminderOn"})
    return Response(200)


def view(call: Call) -> Response:
    """The reminders of all events that touch a window of time, in order of the events."""
    asked, box = odata.preferences(call), opened(call)
    form = reading.form(call, asked, ())
    kind: odata.Kind[Slot] = odata.Kind("reminder", PROPERTIES, show=lambda slot: _shown(slot, form))
    slots = [slot for slot in box.window(*reading.window(call)) if fires_at(slot) is not None]
    where = "Collection(microsoft.graph.reminder)"
    return odata.listing(call, where, kind, slots, options=reading.WINDOW, applied=asked.applied, size=asked.page_size)


def fires_at(slot: Slot) -> int | None:
    """When the reminder of an event or occurrence fires, in seconds since 1970; None when it has none or it was dismissed."""
    event = events.view(slot.event, slot.day)
    marks: Json = slot.event.get("reminders", {})
    mark: Json = marks.get(slot.day or "", {})
    if not event["isReminderOn"] or event["isCancelled"] or mark.get("dismissed"):
        return None
    fires: int = mark.get("firesAt", slot.start - event["reminderMinutesBeforeStart"] * 60)
    return max(fires, FIRST_MOMENT)


def _marked(box: Mailbox, event: Json, day: str | None, now: float, mark: Json) -> Json:
    """The event with a mark on its reminder; on that of its next occurrence, for a series as a whole."""
    if day is None and event.get("recurrence"):
        day = box.next_day(event, now)
    marks: Json = {**event.get("reminders", {}), day or "": mark}
    return events.stamp({**event, "reminders": marks, "version": event["version"] + 1}, event["id"], now)


def _shown(slot: Slot, form: Form) -> Json:
    event = resources.event(slot, form)
    return {
        "eventId": event["id"],
        "changeKey": event["changeKey"],
        "eventSubject": event["subject"],
        "eventWebLink": event["webLink"],
        "eventStartTime": event["start"],
        "eventEndTime": event["end"],
        "eventLocation": event["location"],
        "reminderFireTime": resources.moment(fires_at(slot) or 0, form.zone),
    }


_DOC = "documentation: api/"
ROUTES = [
    *everywhere("POST", "/events/{event_id}/dismissReminder", dismiss, WRITE_CALENDARS, f"{_DOC}event-dismissreminder"),
    *everywhere("POST", "/events/{event_id}/snoozeReminder", snooze, WRITE_CALENDARS, f"{_DOC}event-snoozereminder"),
    Route("GET", f"{USER}/reminderView", view, READ_EVENT_DETAILS, f"{_DOC}user-reminderview"),
]
