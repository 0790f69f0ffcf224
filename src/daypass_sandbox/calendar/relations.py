"""What `$expand` finds beside an event or calendar: data that apps keep there, and attachments.

Extended properties can be had by their ids alone (api/singlevaluelegacyextendedproperty-get); of extensions all come unless some are
asked for. Callers who may see no more than the basics find nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..graph import odata
from ..graph.clauses import Expand
from ..routes import Call
from . import attached, events, extended
from .mailbox import Slot
from .resources import Form

Json = dict[str, Any]

PROPERTIES = ("singleValueExtendedProperties", "multiValueExtendedProperties")
EXTENSION: odata.Kind[Json] = odata.Kind("openTypeExtension", ("id", "extensionName"), show=extended.shown_extension)
_PROPERTY_KINDS: dict[str, odata.Kind[Json]] = {
    name: odata.Kind(f"{name.partition('Extended')[0]}LegacyExtendedProperty", ("id", "value")) for name in PROPERTIES
}
ATTACHMENT_PROPERTIES = ("id", "lastModifiedDateTime", "name", "contentType", "size", "isInline")


def properties(name: str, call: Call, holder: Mapping[str, Any], asked: Expand) -> list[Json]:
    """Those extended properties of an event or calendar whose ids are asked for."""
    wanted = [extended.property_id(item_id, many=name.startswith("multi")) for item_id in extended.ids_asked(asked.filter)]
    found = [kept for kept in holder.get(name, ()) if kept["id"] in wanted]
    return odata.nested(call, _PROPERTY_KINDS[name], found, replace(asked, filter=""))


def extensions(form: Form, call: Call, slot: Slot, asked: Expand) -> list[Json]:
    """The open extensions of an event: all, or those whose names or ids are asked for."""
    kept: list[Json] = [] if form.basic else events.view(slot.event, slot.day)["extensions"]
    if asked.filter:
        wanted = {extended.extension_id(item_id).lower() for item_id in extended.ids_asked(asked.filter)}
        kept = [one for one in kept if one["id"].lower() in wanted]
    return odata.nested(call, EXTENSION, kept, replace(asked, filter=""))


def of_event(name: str, form: Form, call: Call, slot: Slot, asked: Expand) -> list[Json]:
    """The extended properties of an event."""
    seen = events.view(slot.event, slot.day)
    return properties(name, call, {} if form.basic else seen, asked)


def attachments(form: Form, call: Call, slot: Slot, asked: Expand) -> list[Json]:
    """The attachments of an event, with the contents of files."""
    kept: list[Json] = [] if form.basic else events.view(slot.event, slot.day)["attachments"]
    return odata.nested(call, attachment_kind(form.id_of(slot.event, slot.day)), kept, asked)


def attachment_kind(event_id: str) -> odata.Kind[Json]:
    """The attachments of an event with this id."""
    return odata.Kind("attachment", ATTACHMENT_PROPERTIES, show=lambda kept: attached.shown(kept, event_id))
