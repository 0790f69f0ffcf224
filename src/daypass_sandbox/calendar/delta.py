"""What changed in a calendar: delta queries over a window of time, over events, and over the instances of a series.

The window is sealed in the round's tokens. A single event in it comes whole; a series comes as its master, whole, followed by its
occurrences, which have nothing but id, type, master, start and end, and its exceptions, whole. Whatever changed and does not touch
the window is told as removed, whether the client has ever seen it or not: so is what was deleted, and what was moved out of the
window or the calendar. A client that gets a master forgets the occurrences of it that it had; one that is told that a master was
removed forgets its occurrences too.

Facts: Graph's pages api/event-delta (v1.0 and beta), concepts/delta-query-events; the form of occurrences was observed by others
(microsoft-graph-docs issue 7632), as was the refusal of options.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from daypass.wire import Response

from .. import quirks
from ..graph import delta, odata
from ..graph.permissions import FOLLOW_EVENTS, READ_GROUP_EVENTS
from ..routes import Call, Fault
from . import events, reading, resources
from .access import everywhere, found, opened, owner_id
from .mailbox import Mailbox, Slot
from .recurrence import Rule
from .resources import Form

Json = dict[str, Any]

EVENT = "event"
REFUSED = ("$orderby", "$filter", "$select", "$expand", "$search")
_LAST_ASKED: WeakKeyDictionary[Mailbox, tuple[object, list[str]]] = WeakKeyDictionary()
Bounds = tuple[int | None, int | None]  # of a window, in seconds since 1970; None where it is open


def follow_view(call: Call) -> Response:
    """Single events, and series with their occurrences, in a window of one calendar."""
    box = opened(call)
    calendar_id: str = box.calendar(call.path.get("calendar_id"))["id"]
    step = delta.opened(call, box.log, f"{owner_id(call)}/{calendar_id}/calendarView")
    _check_options(step.call, "CalendarView", *reading.WINDOW)
    window = reading.window(step.call)
    asked, form = odata.preferences(call), _form(step.call)

    def shown(event_id: str) -> list[Json]:
        event = box.events.get(event_id)
        if not event or not _lies_in(box, event, window, calendar_id):
            return [_gone(box, event_id, form)]
        if not event.get("recurrence"):
            return [_whole(box.slot(event), form)]
        return [_whole(box.slot(event), form), *_occurrences(call, box, event, form, window)]

    feed = delta.Feed(
        present=lambda: _present(box, window, calendar_id),
        shown=shown,
        concerns=lambda event_id: box.log.was_in(event_id, calendar_id),
    )
    return delta.answered(step, feed, "Collection(event)", size=asked.page_size, applied=asked.applied)


def follow_events(call: Call) -> Response:
    """Single events and masters of series, with little more than their times, of a calendar or of the whole mailbox.

    v1.0 demands a window; beta takes none, or a start alone.
    """
    box = opened(call)
    calendar_id: str | None = call.path.get("calendar_id")
    if calendar_id is not None:
        box.calendar(calendar_id)
    step = delta.opened(call, box.log, f"{owner_id(call)}/{calendar_id or ''}/events")
    _check_options(step.call, "Events", *reading.WINDOW)
    bounds = _bounds(step.call)
    asked, form = odata.preferences(call), _form(step.call)

    def shown(event_id: str) -> list[Json]:
        event = box.events.get(event_id)
        if not event or not _lies_in(box, event, bounds, calendar_id):
            return [_gone(box, event_id, form)]
        return [_limited(box.slot(event), form)]

    feed = delta.Feed(
        present=lambda: [event_id for event_id, event in box.events.items() if _lies_in(box, event, bounds, calendar_id)],
        shown=shown,
        concerns=lambda event_id: box.concerns(event_id, calendar_id),
    )
    return delta.answered(step, feed, "Collection(event)", size=asked.page_size, applied=asked.applied)


def follow_instances(call: Call) -> Response:
    """The occurrences and exceptions of one series in a window; all of them again when any changed."""
    box = opened(call)
    event, day = found(call, box)
    if day is not None or not event.get("recurrence"):
        raise Fault(400, "ErrorInvalidRequest", "Your request can't be completed. The event is not the master of a series.")
    step = delta.opened(call, box.log, f"{owner_id(call)}/{event['id']}/instances")
    _check_options(step.call, "Instances", *reading.WINDOW)
    window = reading.window(step.call)
    asked, form = odata.preferences(call), _form(step.call)
    feed = delta.Feed(
        present=lambda: [event["id"]],
        shown=lambda event_id: _occurrences(call, box, event, form, window),
        concerns=lambda event_id: event_id == event["id"],
    )
    return delta.answered(step, feed, "Collection(event)", size=asked.page_size, applied=asked.applied)


def _check_options(call: Call, resource: str, *known: str) -> None:
    """Refuse what cannot be asked of changes, in the words of the service."""
    if "$top" in call.query:
        message = f"The '$top' parameter is not supported with change tracking over the '{resource}' resource as page size cannot be "
        raise Fault(
            400,
            "ErrorInvalidUrlQuery",
            message + "guaranteed. Express page size preferences using the Prefer: odata.maxpagesize= header instead.",
        )
    if any(option in call.query for option in REFUSED):
        names = ", ".join(REFUSED)
        message = f"The following parameters are not supported with change tracking over the '{resource}' resource: '{names}'."
        raise Fault(400, "ErrorInvalidUrlQuery", message)
    odata.allow(call, *known)


def _bounds(call: Call) -> Bounds:
    """The window of a delta query over events: beta asks for none, and takes a start alone (api/event-delta of beta)."""
    first, last = reading.WINDOW
    if not odata.service_root(call).endswith("/beta") or last in call.query:
        return reading.window(call)
    return (reading.instant(call.query[first], first) if first in call.query else None), None


def _form(call: Call) -> Form:
    return reading.form(replace(call, query={}), odata.preferences(call))


def _lies_in(box: Mailbox, event: Json, bounds: Bounds, calendar_id: str | None) -> bool:
    """Whether an event, or some occurrence of a series, lies in a window and a calendar (None: any)."""
    start, end = bounds
    if calendar_id not in (None, event["calendarId"]):
        return False
    if start is None:
        return True
    if end is not None:
        return bool(box.touching(event, start, end))
    if not event.get("recurrence"):
        return box.slot(event).start >= start
    last = Rule(event["recurrence"]).last
    return last is None or events.span(event, last.isoformat())[0] >= start


def _present(box: Mailbox, window: tuple[int, int], calendar_id: str) -> list[str]:
    """The ids of what is in a window of a calendar, in order; looked up once as long as nothing changes, between the pages of a round."""
    asked = (window, calendar_id, box.log.last)
    known = _LAST_ASKED.get(box)
    if known is None or known[0] != asked:
        known = _LAST_ASKED[box] = asked, sorted({slot.event["id"] for slot in box.window(*window, calendar_id)})
    return known[1]


def _gone(box: Mailbox, event_id: str, form: Form) -> Json:
    return delta.removed(form.id_of_gone(box.log.name_of(event_id) if form.immutable else event_id), EVENT)


def _whole(slot: Slot, form: Form) -> Json:
    return {"@odata.type": "#microsoft.graph.event", **resources.event(slot, form)}


def _occurrences(call: Call, box: Mailbox, event: Json, form: Form, window: tuple[int, int]) -> list[Json]:
    """The occurrences and exceptions of a series in a window; those deleted too, where the quirk that hides them is off."""
    known = [_whole(slot, form) if slot.day in event["exceptions"] else _brief(slot, form) for slot in box.instances(event, *window)]
    if quirks.value(call.tenant.state, "deletedOccurrenceSilent"):
        return known
    return known + [delta.removed(form.id_of(event, day), EVENT) for day in box.cancelled(event, *window)]


def _brief(slot: Slot, form: Form) -> Json:
    """An occurrence as delta queries give it."""
    whole = _whole(slot, form)
    return {name: whole[name] for name in ("@odata.type", "@odata.etag", "seriesMasterId", "type", "id", "start", "end")}


def _limited(slot: Slot, form: Form) -> Json:
    """An event as delta queries over events give it: the page promises id, type, start and end."""
    whole = _whole(slot, form)
    return {name: whole[name] for name in ("@odata.type", "@odata.etag", "id", "type", "start", "end")}


_VIEW = "documentation: api/event-delta, concepts/delta-query-events; occurrences and refusals observed by others"
_EVENTS = "documentation: api/event-delta (beta), msgraph-sdk (v1.0 with both dates)"
ROUTES = [
    *everywhere("GET", "/calendarView/delta", follow_view, FOLLOW_EVENTS, _VIEW, READ_GROUP_EVENTS),
    *everywhere("GET", "/events/delta", follow_events, FOLLOW_EVENTS, _EVENTS, FOLLOW_EVENTS),
    *everywhere("GET", "/events/{event_id}/instances/delta", follow_instances, FOLLOW_EVENTS, "documentation: msgraph-sdk", FOLLOW_EVENTS),
]
