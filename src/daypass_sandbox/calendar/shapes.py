"""What a client may write into an event: its members, and what kind each is of (`graph.payload` reads by it)."""

from __future__ import annotations

from typing import Any

from ..graph import payload
from ..graph.payload import FLAG, IGNORED, NUMBER, TEXT, WHOLE
from . import attached, events, extended
from .recurrence import DAYS, FREQUENCIES, POSITIONS

RECIPIENT = {"emailAddress": {"name": TEXT, "address": TEXT}}
TIME = {"dateTime": TEXT, "timeZone": TEXT}
_PROVIDER = ("unknown", "skypeForBusiness", "skypeForConsumer", "teamsForBusiness")
_POSTAL = {"type": IGNORED, "street": TEXT, "city": TEXT, "state": TEXT, "countryOrRegion": TEXT, "postalCode": TEXT, "postOfficeBox": TEXT}
_COORDINATES = dict.fromkeys(("altitude", "latitude", "longitude", "accuracy", "altitudeAccuracy"), NUMBER)
_LOCATION = {
    "displayName": TEXT,
    "locationEmailAddress": TEXT,
    "locationUri": TEXT,
    "address": _POSTAL,
    "coordinates": _COORDINATES,
    "locationType": IGNORED,
    "uniqueId": IGNORED,
    "uniqueIdType": IGNORED,
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
    **dict.fromkeys(("id", "hexColor", "changeKey", "canShare", "canViewPrivateItems", "canEdit", "isTallyingResponses"), IGNORED),
    **dict.fromkeys(("isRemovable", "owner", "allowedOnlineMeetingProviders", "defaultOnlineMeetingProvider"), IGNORED),
    **dict.fromkeys(("calendarPermissions", "calendarView", "events"), IGNORED),
    "singleValueExtendedProperties": [extended.single_value],
    "multiValueExtendedProperties": [extended.multi_value],
}
CALENDAR_GROUP: dict[str, Any] = {"name": TEXT, **dict.fromkeys(("id", "classId", "changeKey", "calendars"), IGNORED)}
SNOOZE: dict[str, Any] = {"newReminderTime": TIME}
READ_ONLY = (
    *("id", "bodyPreview", "calendar", "cancelledOccurrences", "changeKey", "createdDateTime", "exceptionOccurrences", "hasAttachments"),
    *("iCalUId", "instances", "isCancelled", "isDraft", "isOrganizer", "lastModifiedDateTime", "onlineMeeting", "onlineMeetingUrl"),
    *("organizer", "originalEndTimeZone", "originalStart", "originalStartTimeZone", "responseStatus", "seriesMasterId", "type"),
    *("occurrenceId", "uid", "webLink"),
)


def attachment(value: Any) -> Any:
    """A client's attachment; to an event that is attached nothing is attached in turn."""
    return attached.read(value, _attached_event)


def _attached_event(value: Any) -> Any:
    given = payload.read(value, {**EVENT, "attachments": IGNORED}, "event")
    return given | {name: events.stored_time(given[name], name) for name in ("start", "end") if given.get(name)}


EVENT: dict[str, Any] = {
    "subject": TEXT,
    "body": {"contentType": ("text", "html"), "content": TEXT},
    "start": TIME,
    "end": TIME,
    "isAllDay": FLAG,
    "location": _LOCATION,
    "locations": [_LOCATION],
    "attendees": [{**RECIPIENT, "type": ("required", "optional", "resource"), "status": IGNORED, "proposedNewTime": IGNORED}],
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
    **dict.fromkeys(READ_ONLY, IGNORED),
    "attachments": [attachment],
    "extensions": [extended.extension],
    "singleValueExtendedProperties": [extended.single_value],
    "multiValueExtendedProperties": [extended.multi_value],
}
