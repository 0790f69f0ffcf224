"""How calendars and events look to a client: Graph's resources in the zone and form that were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from .. import zones
from ..directory import people
from . import attached, bodies, events, identity
from .mailbox import Slot

Json = dict[str, Any]

GLOBAL_ID = "040000008200E00074C5B7101A82E008"  # with which every Outlook iCalUId begins (MS-OXOCAL, section 2.2.1.27)
HIDDEN_FROM_BASIC = ("body", "bodyPreview", "attachments")  # from callers with Calendars.ReadBasic alone (permissions reference)
EVENT_PROPERTIES = (
    *("id", "createdDateTime", "lastModifiedDateTime", "changeKey", "categories", "transactionId", "originalStartTimeZone"),
    *("originalEndTimeZone", "iCalUId", "reminderMinutesBeforeStart", "isReminderOn", "hasAttachments", "subject", "bodyPreview"),
    *("importance", "sensitivity", "isAllDay", "isCancelled", "isOrganizer", "responseRequested", "seriesMasterId", "showAs", "type"),
    *("webLink", "onlineMeetingUrl", "isOnlineMeeting", "onlineMeetingProvider", "allowNewTimeProposals", "isDraft", "hideAttendees"),
    *("originalStart", "responseStatus", "body", "start", "end", "location", "locations", "recurrence", "attendees", "organizer"),
    *("onlineMeeting", "occurrenceId"),
)
HIDDEN_PROPERTIES = ("cancelledOccurrences", "uid")
ORDERABLE = (
    *("id", "createdDateTime", "lastModifiedDateTime", "subject", "importance", "sensitivity", "isAllDay", "isCancelled", "isOrganizer"),
    *("showAs", "type", "start/dateTime", "end/dateTime", "location/displayName", "organizer/emailAddress/name"),
    *("organizer/emailAddress/address", "reminderMinutesBeforeStart"),
)
CALENDAR_PROPERTIES = (
    *("id", "name", "color", "hexColor", "isDefaultCalendar", "changeKey", "canShare", "canViewPrivateItems", "canEdit"),
    *("allowedOnlineMeetingProviders", "defaultOnlineMeetingProvider", "isTallyingResponses", "isRemovable", "owner"),
)


@dataclass(frozen=True)
class Form:
    """In which form a caller wants events.

    `root` is the service root for links, `user_id` the owner; `zone` that of times; `plain_text` and `basic` (no body at all)
    are about bodies; `select` holds the properties asked for, None for all; `immutable` asks for ids in that form.
    """

    root: str
    user_id: str
    zone: str = "UTC"
    plain_text: bool = False
    basic: bool = False
    select: frozenset[str] | None = None
    immutable: bool = False

    def id_of(self, event: Json, day: str | None = None) -> str:
        """The id of an event, or of the occurrence of a day, as the caller wants it."""
        master_id = identity.immutable(events.first_id(event)) if self.immutable else event["id"]
        return events.occurrence_id(master_id, day) if day else master_id

    def id_of_gone(self, plain_id: str) -> str:
        """The id of an event that is no longer there, as the caller wants it."""
        return identity.immutable(plain_id) if self.immutable else plain_id


def event(slot: Slot, form: Form) -> Json:
    """An event (or one occurrence of a series) as a Graph resource, with what the form selects."""
    stored = events.view(slot.event, slot.day)
    resource: Json = {"@odata.etag": f'W/"{stored["changeKey"]}"', "id": stored["id"]}
    resource |= {name: stored[name] for name in EVENT_PROPERTIES if name in stored}
    if form.immutable:
        resource |= {"id": form.id_of(slot.event, slot.day), "seriesMasterId": form.id_of(slot.event) if slot.day else None}
    start, end = stored["start"], stored["end"]
    resource |= {
        "originalStartTimeZone": stored.get("originalStartTimeZone", start["timeZone"]),
        "originalEndTimeZone": stored.get("originalEndTimeZone", end["timeZone"]),
        "iCalUId": global_id(stored["uid"], slot.day or stored.get("instanceDay")),
        "hasAttachments": attached.visible(stored["attachments"]),
        "seriesMasterId": resource.get("seriesMasterId"),
        "occurrenceId": _occurrence_name(resource["seriesMasterId"], slot.day) if slot.day else None,
        "webLink": f"https://outlook.office365.com/owa/?itemid={in_url(stored['id'])}&exvsurl=1&path=/calendar/item",
        "onlineMeetingUrl": None,
        "isDraft": False,
        "body": _body(stored["body"], form.plain_text),
        "start": _time(start, slot.start, stored["isAllDay"], form.zone),
        "end": _time(end, slot.end, stored["isAllDay"], form.zone),
        "attendees": [_attendee(attendee, stored["isAllDay"], form.zone) for attendee in stored["attendees"]],
    }
    return _chosen(resource, form, slot, stored["calendarId"])


def order_value(slot: Slot, path: str) -> Any:
    """What an event is sorted and filtered by; times by their instant, whatever zone they are shown in."""
    if path == "start/dateTime":
        return slot.start
    if path == "end/dateTime":
        return slot.end
    name, _, within = path.partition("/")
    value: Any = _part(slot, name)
    for inner in within.split("/") if within else ():
        value = value.get(inner) if isinstance(value, Mapping) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return value  # pyright: ignore[reportUnknownVariableType]


def _part(slot: Slot, name: str) -> Any:
    """A member of an event as a client sees it, found without rendering the whole."""
    if name == "iCalUId":
        return global_id(slot.event["uid"], slot.day or slot.event.get("instanceDay"))
    if name in ("start", "end"):
        return {"timeZone": "UTC"}
    if name == "hasAttachments":
        return attached.visible(events.view(slot.event, slot.day)["attachments"])
    if slot.day is None:
        return slot.event.get(name, events.DEFAULTS.get(name))
    return events.view(slot.event, slot.day).get(name)


def calendar(stored: Json, user: Mapping[str, Any]) -> Json:
    """A calendar as a Graph resource."""
    whole: Json = {"owner": people.named(user), **stored}
    return {name: whole[name] for name in CALENDAR_PROPERTIES if name in whole}


def _chosen(resource: Json, form: Form, slot: Slot, calendar_id: str) -> Json:
    """What was selected, or everything with the way to the calendar; without the body for callers who may not see it."""
    if form.select is None:
        link = f"{form.root}/users('{form.user_id}')/calendars('{in_url(calendar_id)}')"
        resource |= {"calendar@odata.associationLink": f"{link}/$ref", "calendar@odata.navigationLink": link}
    else:
        if "cancelledOccurrences" in form.select and slot.event.get("cancelled") and slot.day is None:
            resource["cancelledOccurrences"] = [_occurrence_name(resource["id"], day) for day in slot.event["cancelled"]]
        if "uid" in form.select:
            resource["uid"] = global_id(slot.event["uid"], None)
        resource = {name: value for name, value in resource.items() if name in form.select or name in ("@odata.etag", "id")}
    return {name: value for name, value in resource.items() if name not in HIDDEN_FROM_BASIC} if form.basic else resource


def _occurrence_name(master_id: str, day: str) -> str:
    """What `occurrenceId` and `cancelledOccurrences` call an occurrence: its series and its original day."""
    return f"OID.{master_id}.{day}"


@lru_cache(maxsize=4096)
def in_url(item_id: str) -> str:
    """An id as it stands in a URL."""
    return quote(item_id, safe="")


def moment(seconds: float, zone: str) -> Json:
    """An instant (seconds since 1970) as a wall time in a zone."""
    return {"dateTime": f"{zones.wall(seconds, zone).isoformat()}.0000000", "timeZone": zone}


def _time(stored: Mapping[str, str], seconds: int, all_day: bool, zone: str) -> Json:
    """Seven fractional digits and no offset; an all-day event keeps its midnights whatever zone is asked for."""
    if not all_day:
        return moment(seconds, zone)
    return {"dateTime": f"{events.wall_time(stored).isoformat()}.0000000", "timeZone": zone}


def _attendee(stored: Json, all_day: bool, zone: str) -> Json:
    """An attendee, with the new time that they may have proposed as the event's own times are shown (api/event-get)."""
    if "proposedNewTime" not in stored:
        return stored
    proposal = {name: _time(time, events.instant(time), all_day, zone) for name, time in stored["proposedNewTime"].items()}
    return {**stored, "proposedNewTime": proposal}


def _body(stored: Mapping[str, str], plain_text: bool) -> Json:
    if plain_text:
        return {"contentType": "text", "content": bodies.plain_text(stored)}
    content = bodies.as_html(stored)
    if content and "<html" not in content.lower():
        head = '<head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\r\n</head>'
        content = f"<html>\r\n{head}\r\n<body>\r\n{content}\r\n</body>\r\n</html>\r\n"
    return {"contentType": "html", "content": content}


def global_id(uid: str, day: str | None) -> str:
    """The iCalUId: the same in every attendee's mailbox; the occurrences of a series bear their original day in it."""
    year, month, date = (int(part) for part in day.split("-")) if day else (0, 0, 0)
    return f"{GLOBAL_ID}{year:04X}{month:02X}{date:02X}{'0' * 24}10000000{uid}"
