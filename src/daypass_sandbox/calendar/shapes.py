"""What a client may write into an event: its members, and what kind each is of (`graph.payload` reads by it)."""

from __future__ import annotations

from typing import Any

from ..graph import payload
from ..graph.payload import FLAG, INSTANT, LIST, NUMBER, OBJECT, TEXT, WHOLE, read_only
from . import attached, events, extended
from .recurrence import DAYS, FREQUENCIES, POSITIONS

RECIPIENT = {"emailAddress": {"name": TEXT, "address": TEXT}}
TIME = {"dateTime": TEXT, "timeZone": TEXT}
_PROVIDER = ("unknown", "skypeForBusiness", "skypeForConsumer", "teamsForBusiness")
_POSTAL = {
    **read_only(TEXT, "type"),
    "street": TEXT,
    "city": TEXT,
    "state": TEXT,
    "countryOrRegion": TEXT,
    "postalCode": TEXT,
    "postOfficeBox": TEXT,
}
_COORDINATES = dict.fromkeys(("altitude", "latitude", "longitude", "accuracy", "altitudeAccuracy"), NUMBER)
_KINDS_OF_PLACES = (
    *("default", "conferenceRoom", "homeAddress", "businessAddress", "geoCoordinates", "streetAddress", "hotel", "restaurant"),
    *("localBusiness", "postalAddress"),
)
_LOCATION = {
    "displayName": TEXT,
    "locationEmailAddress": TEXT,
    "locationUri": TEXT,
    "address": _POSTAL,
    "coordinates": _COORDINATES,
    **read_only(TEXT, "uniqueId"),
    **read_only(_KINDS_OF_PLACES, "locationType"),
    **read_only(("unknown", "locationStore", "directory", "private", "bing"), "uniqueIdType"),
}
_RECURRENCE = {
    "pattern": {
        "type": tuple(FREQUENCIES),
        "interval": WHOLE,
        "month": WHOLE,
        "dayOfMonth": WHOLE,
        "daysOfWeek": [DAYS],
        "firstDayOfWeek": DAYS,
        "index": tuple(POSITIONS),
    },
    "range": {
        "type": ("endDate", "noEnd", "numbered"),
        "startDate": TEXT,
        "endDate": TEXT,
        "recurrenceTimeZone": TEXT,
        "numberOfOccurrences": WHOLE,
    },
}
CALENDAR: dict[str, Any] = {
    "name": TEXT,
    "color": (
        *("auto", "lightBlue", "lightGreen", "lightOrange", "lightGray", "lightYellow"),
        *("lightTeal", "lightPink", "lightBrown", "lightRed", "maxColor"),
    ),
    "isDefaultCalendar": FLAG,
    **read_only(TEXT, "id", "hexColor", "changeKey", "defaultOnlineMeetingProvider"),
    **read_only(FLAG, "canShare", "canViewPrivateItems", "canEdit", "isTallyingResponses", "isRemovable"),
    **read_only(OBJECT, "owner"),
    **read_only([TEXT], "allowedOnlineMeetingProviders"),
    **read_only([OBJECT], "calendarPermissions", "calendarView", "events"),
    "singleValueExtendedProperties": [extended.single_value],
    "multiValueExtendedProperties": [extended.multi_value],
}
CALENDAR_GROUP: dict[str, Any] = {"name": TEXT, **read_only(TEXT, "id", "classId", "changeKey"), **read_only([OBJECT], "calendars")}
SNOOZE: dict[str, Any] = {"newReminderTime": TIME}
_NAMES = ("id", "changeKey", "iCalUId", "uid", "seriesMasterId", "occurrenceId", "webLink", "onlineMeetingUrl", "bodyPreview")
_READ_ONLY: dict[str, Any] = {
    **read_only(TEXT, *_NAMES, "originalStartTimeZone", "originalEndTimeZone"),
    **read_only(INSTANT, "createdDateTime", "lastModifiedDateTime", "originalStart"),
    **read_only(("singleInstance", "occurrence", "exception", "seriesMaster"), "type"),
    **read_only(FLAG, "hasAttachments", "isCancelled", "isDraft", "isOrganizer"),
    **read_only(OBJECT, "calendar", "onlineMeeting", "responseStatus"),
    **read_only(RECIPIENT, "organizer"),
    **read_only([TEXT], "cancelledOccurrences"),
    **read_only([OBJECT], "exceptionOccurrences", "instances"),
}


def attachment(value: Any) -> Any:
    """A client's attachment; to an event that is attached nothing is attached in turn."""
    return attached.read(value, _attached_event)


def _attached_event(value: Any) -> Any:
    given = payload.read(value, {**EVENT, **read_only(LIST, "attachments")}, "event")
    return given | {name: events.stored_time(given[name], name) for name in ("start", "end") if given.get(name)}


EVENT: dict[str, Any] = {
    "subject": TEXT,
    "body": {"contentType": ("text", "html"), "content": TEXT},
    "start": TIME,
    "end": TIME,
    "isAllDay": FLAG,
    "location": _LOCATION,
    "locations": [_LOCATION],
    "attendees": [{**RECIPIENT, "type": ("required", "optional", "resource"), **read_only(OBJECT, "status", "proposedNewTime")}],
    "recurrence": _RECURRENCE,
    "importance": ("low", "normal", "high"),
    "sensitivity": ("normal", "personal", "private", "confidential"),
    "showAs": ("unknown", "free", "tentative", "busy", "oof", "workingElsewhere"),
    "isReminderOn": FLAG,
    "reminderMinutesBeforeStart": WHOLE,
    "responseRequested": FLAG,
    "allowNewTimeProposals": FLAG,
    "hideAttendees": FLAG,
    "isOnlineMeeting": FLAG,
    "onlineMeetingProvider": _PROVIDER,
    "categories": [TEXT],
    "transactionId": TEXT,
    **_READ_ONLY,
    "attachments": [attachment],
    "extensions": [extended.extension],
    "singleValueExtendedProperties": [extended.single_value],
    "multiValueExtendedProperties": [extended.multi_value],
}
