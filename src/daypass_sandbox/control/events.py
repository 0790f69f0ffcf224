"""The events of a mailbox, read and written directly, past permissions and invitations: what a test needs to be there, or gone.

What is written is read as Graph reads it, and what changes is news to delta queries and subscriptions as ever.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from daypass.wire import Response

from .. import zones
from ..calendar import events, shapes
from ..calendar.mailbox import Mailbox, Slot, open_mailbox
from ..calendar.writing import author
from ..graph import payload
from ..routes import Call, Fault, Route, reply
from .asked import said, user_id, wrong

Json = dict[str, Any]

MOST_DAYS = 62


def _box(call: Call, key: Any) -> tuple[Call, Mailbox]:
    """A user's mailbox, and the call as if it were about this user."""
    whose = user_id(call, key)
    return replace(call, path={**call.path, "user_id": whose}), open_mailbox(call.tenant, whose)


def _calendar(box: Mailbox, named: str) -> Json:
    """A calendar by its id or name, the default one for ""; Fault 404 lists those there are."""
    for calendar in box.calendars.values():
        if named in (calendar["id"], calendar["name"]) or (not named and calendar["isDefaultCalendar"]):
            return calendar
    names = ", ".join(calendar["name"] for calendar in box.calendars.values())
    raise Fault(404, "unknown_calendar", f"there is no calendar {named!r} in this mailbox; there are: {names}")


def list_events(call: Call) -> Response:
    """The events of a mailbox, or of one of its calendars, as they are kept."""
    _, box = _box(call, call.query.get("user", ""))
    named = call.query.get("calendar", "")
    wanted = _calendar(box, named)["id"] if named else None
    return reply(200, [event for event in box.events.values() if wanted in (None, event["calendarId"])])


def create_event(call: Call) -> Response:
    """A new event, from what a client of Graph would send; nobody is invited."""
    body = said(call, "user", "calendar", "event")
    call, box = _box(call, body.get("user", ""))
    calendar = _calendar(box, str(body.get("calendar", "")))
    event = events.create(_read(body.get("event")), author(call, calendar), calendar["id"])
    box.put(event)
    return reply(201, event)


def change_event(call: Call) -> Response:
    """Change an event, or one occurrence of a series, as a client of Graph would."""
    call, box = _box(call, call.query.get("user", ""))
    event, day = box.find(call.path["event_id"])
    given, writer = _read(call.json()), author(call, box.calendar(event["calendarId"]))
    if day is None:
        changed = events.change(event, given, writer)
    else:
        changed = events.change_occurrence(event, day, box.neighbours(event, day), given, writer)
    box.put(changed)
    return reply(200, changed)


def _read(event: Any) -> Json:
    if not isinstance(event, dict):
        raise wrong(
            'give the event as Graph has it: {"subject": "Lunch", "start": {"dateTime": "2026-11-26T12:00:00", "timeZone": "UTC"}, …}'
        )
    return payload.read(event, shapes.EVENT, "event")


def delete_event(call: Call) -> Response:
    """Delete an event, a whole series, or one occurrence; nobody is told."""
    _, box = _box(call, call.query.get("user", ""))
    event, day = box.find(call.path["event_id"])
    box.delete(event, day, call.tenant.clock.now())
    return reply(200, {"deleted": 1})


def clear_events(call: Call) -> Response:
    """Delete every event of a mailbox, or of one of its calendars."""
    _, box = _box(call, call.query.get("user", ""))
    named = call.query.get("calendar", "")
    wanted = _calendar(box, named)["id"] if named else None
    gone = [event["id"] for event in box.events.values() if wanted in (None, event["calendarId"])]
    for event_id in gone:
        box.remove(event_id)
    return reply(200, {"deleted": len(gone)})


def move_event(call: Call) -> Response:
    """Move an event (a series as a whole) to another calendar of its mailbox, where it has another plain id."""
    body = said(call, "user", "event", "calendar")
    _, box = _box(call, body.get("user", ""))
    if not body.get("event") or not body.get("calendar"):
        raise wrong('say what moves where: {"user": "megan", "event": "AAMk…", "calendar": "Family"}')
    calendar = _calendar(box, str(body["calendar"]))
    return reply(200, box.move(str(body["event"]), calendar["id"], call.tenant.clock.now()))


# --- as the owner sees it --------------------------------------------------------------------------------------


def view_days(call: Call) -> Response:
    """Some days of a mailbox as its owner sees them: occurrences in place, times in their zone, from today or a named day on."""
    _, box = _box(call, call.query.get("user", ""))
    zone = box.state["timeZone"]
    first, count = _first_day(call, zone), _days(call)
    start, end = (zones.instant(datetime.combine(day, datetime.min.time()), zone) for day in (first, first + timedelta(days=count)))
    shown = [_shown(slot, zone, box) for slot in box.window(start - 86400, end + 86400)]
    days = [(first + timedelta(days=number)).isoformat() for number in range(count)]
    listed = [{"date": day, "events": [event for event in shown if event["first"] <= day <= event["last"]]} for day in days]
    return reply(200, {"zone": zone, "days": listed, "calendars": [calendar["name"] for calendar in box.calendars.values()]})


def _first_day(call: Call, zone: str) -> date:
    today = zones.wall(call.tenant.clock.now(), zone).date()
    try:
        first = date.fromisoformat(call.query["from"]) if call.query.get("from") else today
    except ValueError:
        first = date.min
    if not events.FIRST_YEAR < first.year < events.LAST_YEAR:
        raise wrong("from must be a date such as 2026-11-23")
    return first


def _days(call: Call) -> int:
    asked = call.query.get("days", "7")
    if not asked.isascii() or not asked.isdigit() or not 1 <= int(asked[:9]) <= MOST_DAYS:
        raise wrong(f"days must be a number from 1 to {MOST_DAYS}")
    return int(asked)


def _shown(slot: Slot, zone: str, box: Mailbox) -> Json:
    """An event in short; `first` and `last` are the days it touches, `start` and `end` times of day (None: all day)."""
    event = events.view(slot.event, slot.day)
    all_day = event["isAllDay"]
    start, end = (
        events.wall_time(event[name]) if all_day else zones.wall(seconds, zone)
        for name, seconds in (("start", slot.start), ("end", slot.end))
    )
    last = max(start, end - timedelta(seconds=1))
    return {
        "id": event["id"],
        "subject": event["subject"],
        "first": start.date().isoformat(),
        "last": last.date().isoformat(),
        "start": None if all_day else start.strftime("%H:%M"),
        "end": None if all_day else end.strftime("%H:%M"),
        "showAs": event["showAs"],
        "type": event["type"],
        "calendar": box.calendars[event["calendarId"]]["name"],
        "location": event["location"]["displayName"],
        "organizer": event["organizer"]["emailAddress"]["name"],
        "response": event["responseStatus"]["response"],
        "isCancelled": event["isCancelled"],
        "isOnlineMeeting": event["isOnlineMeeting"],
        "sensitivity": event["sensitivity"],
        "guests": [{"name": guest["emailAddress"]["name"], "response": guest["status"]["response"]} for guest in event["attendees"]],
    }


ROUTES = (
    Route("GET", "/sandbox/events", list_events),
    Route("POST", "/sandbox/events", create_event),
    Route("DELETE", "/sandbox/events", clear_events),
    Route("PATCH", "/sandbox/events/{event_id}", change_event),
    Route("DELETE", "/sandbox/events/{event_id}", delete_event),
    Route("POST", "/sandbox/move", move_event),
    Route("GET", "/sandbox/days", view_days),
)
