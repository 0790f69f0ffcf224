"""Attachments of events over HTTP: listed, added, read with or without their contents, and removed.

Adding one changes the event in its own mailbox only; attendees get it with the next update (api/event-post-attachments). An event
that is attached can be had as iCalendar; messages and contacts that are attached are kept, but have no MIME here.

Pages: api/event-list-attachments, api/event-post-attachments, api/attachment-get, api/attachment-delete.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

from daypass.wire import Response

from ..graph import odata, payload
from ..graph.clauses import Expand
from ..graph.permissions import READ_EVENT_DETAILS, WRITE_CALENDARS
from ..routes import Call, Fault, not_found
from . import attached, events, ical, relations, resources, shapes
from .access import context, everywhere, found, opened
from .mailbox import Mailbox
from .writing import author

Json = dict[str, Any]

ITEM_OF = "microsoft.graph.itemattachment/item"


def list_attachments(call: Call) -> Response:
    """The attachments of an event, with the contents of files."""
    return odata.listing(call, _place(call), relations.attachment_kind(_shown_id(call)), _kept(call))


def count_attachments(call: Call) -> Response:
    """How many there are."""
    return odata.counted(call, relations.attachment_kind(_shown_id(call)), _kept(call))


def get_attachment(call: Call) -> Response:
    """One attachment; the item of an item attachment comes with `$expand=microsoft.graph.itemattachment/item`."""
    odata.allow(call, "$select", "$expand")
    expand = call.query.get("$expand", "")
    call = replace(call, query={**call.query, "$expand": "item"}) if expand.lower() == ITEM_OF else call
    kind = replace(relations.attachment_kind(_shown_id(call)), expandable={"item": _shown_item})
    return odata.single(call, 200, _place(call), kind, _named(call, _kept(call)))


def get_content(call: Call) -> Response:
    """The raw content of a file, or an attached event as iCalendar; 405 for a link, as documented."""
    odata.allow(call)
    kept = _named(call, _kept(call))
    if kept["kind"] == "fileAttachment":
        return Response(200, {"content-type": attached.media_type(kept["contentType"])}, base64.b64decode(kept["contentBytes"]))
    if kept["kind"] == "referenceAttachment":
        raise Fault(405, "ErrorInvalidRequest", "The OData request is not supported.")
    if kept["item"]["kind"] != "event":
        raise Fault(501, "notImplemented", f"The MIME content of an attached {kept['item']['kind']} is not implemented in this sandbox.")
    return Response(200, {"content-type": "text/calendar; charset=utf-8"}, ical.written(kept["item"]["content"]))


def create_attachment(call: Call) -> Response:
    """Attach a file of less than 3 MB, an item or a link."""
    odata.allow(call)
    box = opened(call)
    event, _ = found(call, box)
    writer = author(call, box.calendar(event["calendarId"]))
    attachment = events.attachment(shapes.attachment(call.json()), writer)
    attach(call, box, attachment)
    return odata.single(call, 201, _place(call), relations.attachment_kind(_shown_id(call)), attachment)


def delete_attachment(call: Call) -> Response:
    """Remove an attachment."""
    odata.allow(call)
    kept = _kept(call)
    gone = _named(call, kept)
    _write(call, opened(call), [one for one in kept if one is not gone])
    return Response(204)


def attach(call: Call, box: Mailbox, attachment: Json) -> None:
    """Add an attachment (with its key and time) to the event of the path."""
    _write(call, box, [*events.view(*found(call, box))["attachments"], attachment])


def _write(call: Call, box: Mailbox, attachments: list[Json]) -> None:
    event, day = found(call, box)
    box.put(events.with_members(event, day, {"attachments": attachments}, call.tenant.clock.now()))


def _kept(call: Call) -> list[Json]:
    return events.view(*found(call, opened(call)))["attachments"]


def _named(call: Call, kept: list[Json]) -> Json:
    key = attached.key_of(call.path["attachment_id"])
    for one in kept:
        if one["id"] == key:
            return one
    raise not_found()


def _shown_id(call: Call) -> str:
    """The event's id in the form that is preferred."""
    event, day = found(call, opened(call))
    return resources.Form("", "", immutable=odata.preferences(call).immutable_ids).id_of(event, day)


def _place(call: Call) -> str:
    return context(call, f"events('{resources.in_url(call.path['event_id'])}')/attachments")


def _shown_item(_: Call, kept: Json, __: Expand) -> Json | None:
    """An attached item as it was sent, times in Graph's own form."""
    if kept["kind"] != "itemAttachment":
        return None
    content = payload.without_nulls(kept["item"]["content"])
    for name in ("start", "end"):
        if kept["item"]["kind"] == "event" and name in content:
            content[name] = {**content[name], "dateTime": f"{content[name]['dateTime']}.0000000"}
    return {"@odata.type": f"#microsoft.graph.{kept['item']['kind']}", "id": "", **content}


_AT = "/events/{event_id}/attachments"
_ONE = f"{_AT}/{{attachment_id}}"
_DOC = "documentation: api/"
_POST = f"{_DOC}event-post-attachments; refusals observed by others (microsoft-graph-docs issue 2212)"
ROUTES = [
    *everywhere("GET", _AT, list_attachments, READ_EVENT_DETAILS, f"{_DOC}event-list-attachments"),
    *everywhere("POST", _AT, create_attachment, WRITE_CALENDARS, _POST),
    *everywhere("GET", f"{_AT}/$count", count_attachments, READ_EVENT_DETAILS, f"{_DOC}event-list-attachments"),
    *everywhere("GET", _ONE, get_attachment, READ_EVENT_DETAILS, f"{_DOC}attachment-get"),
    *everywhere("GET", f"{_ONE}/$value", get_content, READ_EVENT_DETAILS, f"{_DOC}attachment-get"),
    *everywhere("DELETE", _ONE, delete_attachment, WRITE_CALENDARS, f"{_DOC}attachment-delete"),
]
