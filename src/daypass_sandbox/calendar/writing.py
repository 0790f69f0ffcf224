"""Creating, changing and deleting events over HTTP: what `events` makes of a client's words is put into the mailbox.

Facts: Graph's pages api/user-post-events, api/event-update, api/event-delete.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from daypass.wire import Response

from ..directory import people
from ..graph import odata, payload
from ..graph.permissions import CHANGE_GROUP_EVENT, WRITE_CALENDARS, WRITE_GROUP_EVENTS
from ..routes import Call, Fault, Route
from . import events, meetings, shapes
from .access import USER, everywhere, found, opened, owner, post_of
from .reading import answer_event

Json = dict[str, Any]


def create_event(call: Call) -> Response:
    """Create an event; the same `transactionId` again gives the event that is there already (resources/event)."""
    odata.allow(call)
    asked, box = odata.preferences(call), opened(call)
    calendar = box.calendar(call.path.get("calendar_id"))
    given = _read(call)
    known = box.with_transaction(given.get("transactionId") or "")
    if known is None:
        known = meetings.publish(post_of(call, box), box, None, events.create(given, author(call, calendar), calendar["id"]))
    # Extensions that were posted with their event come back with it (api/opentypeextension-post-opentypeextension).
    shown = replace(call, query={"$expand": "extensions"}) if given.get("extensions") else call
    return answer_event(shown, box, 201, box.slot(known), asked)


def update_event(call: Call) -> Response:
    """Change an event; changing an occurrence makes it an exception (api/event-update)."""
    odata.allow(call)
    asked, box = odata.preferences(call), opened(call)
    event, day = found(call, box)
    check_etag(call, event, day)
    given, writer = _read(call), author(call, box.calendar(event["calendarId"]))
    if day is None:
        changed = events.change(event, given, writer)
    else:
        changed = events.change_occurrence(event, day, box.neighbours(event, day), given, writer)
    changed = meetings.publish(post_of(call, box), box, event, changed, day)
    return answer_event(call, box, 200, box.slot(changed, day), asked)


def delete_event(call: Call) -> Response:
    """Delete an event, a whole series, or one occurrence; a series goes with its last occurrence."""
    odata.allow(call)
    box = opened(call)
    event, day = found(call, box)
    check_etag(call, event, day)
    meetings.withdraw(post_of(call, box), box, event, day)
    return Response(204)


def _read(call: Call) -> Json:
    """A client's event; a group is reminded of nothing, whatever is said."""
    given = payload.read(call.json(), shapes.EVENT, "event")
    creates = call.request.method == "POST"
    return {**given, "isReminderOn": False} if "group_id" in call.path and (creates or "isReminderOn" in given) else given


def author(call: Call, calendar: Json) -> events.Author:
    """Who writes: the owner of the path, or of a calendar shared with them, now, into this calendar."""
    users = call.tenant.state.users
    return events.Author(
        user=users[calendar["sharedBy"]["user"]] if "sharedBy" in calendar else owner(call),
        now=call.tenant.clock.now(),
        new_id=call.tenant.new_id,
        name_of=lambda address: people.display_name(users, address),
        tenant_id=call.tenant.state.tenant_id,
        providers=_providers(calendar),
    )


def _providers(calendar: Json) -> tuple[str, ...]:
    """The providers of online meetings that a calendar allows, its default one first."""
    return tuple(sorted(calendar["allowedOnlineMeetingProviders"], key=lambda name: name != calendar["defaultOnlineMeetingProvider"]))


def check_etag(call: Call, event: Json, day: str | None) -> None:
    """If-Match with a change key that is no longer the event's: 412 (observed, msgraph-sdk-dotnet issue 1201)."""
    given = call.request.headers.get("if-match", "*").strip()
    if given != "*" and given.removeprefix("W/").strip('"') != events.view(event, day)["changeKey"]:
        message = "The send or update operation could not be performed because the change key passed in the request does not match "
        raise Fault(412, "ErrorIrresolvableConflict", message + "the current change key for the item.")


_DOC = "documentation: api/"
_SEEN = "observed by others"
ROUTES = [
    *everywhere("POST", "/events", create_event, WRITE_CALENDARS, f"{_DOC}user-post-events, api/group-post-events", WRITE_GROUP_EVENTS),
    *everywhere("PATCH", "/events/{event_id}", update_event, WRITE_CALENDARS, f"{_DOC}event-update; If-Match {_SEEN}", CHANGE_GROUP_EVENT),
    *everywhere("DELETE", "/events/{event_id}", delete_event, WRITE_CALENDARS, f"{_DOC}event-delete; If-Match {_SEEN}", CHANGE_GROUP_EVENT),
    *everywhere("POST", "/events/{event_id}/permanentDelete", delete_event, WRITE_CALENDARS, f"{_DOC}event-permanentdelete"),
    Route("POST", f"{USER}/calendarView/{{event_id}}/permanentDelete", delete_event, WRITE_CALENDARS, f"{_DOC}event-permanentdelete"),
]
