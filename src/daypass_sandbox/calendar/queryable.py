"""What queries may ask of events: the types of their properties, and those that Outlook filters by.

No page lists the latter. Those left out answer that they do not support filtering, as others met it: id (microsoft-graph-docs-contrib
issue 6058), recurrence (issue 292), attendees (microsoft-graph-docs issue 1771), organizer (426), responseStatus (292), isOnlineMeeting
(microsoft-graph-explorer-v4 issue 3188), and what Exchange keeps no index of, such as bodies.
"""

from __future__ import annotations

from ..graph import values
from ..graph.values import Types
from . import shapes

FILTERABLE = (
    *("subject", "importance", "sensitivity", "showAs", "type", "categories", "iCalUId", "createdDateTime", "lastModifiedDateTime"),
    *("isAllDay", "isCancelled", "isOrganizer", "isReminderOn", "reminderMinutesBeforeStart", "hasAttachments", "responseRequested"),
    *("start/dateTime", "end/dateTime", "location/displayName", "singleValueExtendedProperties", "multiValueExtendedProperties"),
    "extensions",
)
TYPES = Types(
    {
        **values.types_of(shapes.EVENT),
        **dict.fromkeys(("id", "changeKey", "iCalUId", "seriesMasterId", "bodyPreview", "webLink", "onlineMeetingUrl", "uid"), values.TEXT),
        "type": ("singleInstance", "occurrence", "exception", "seriesMaster"),
        "organizer": values.COMPLEX,
        "organizer/emailAddress": values.COMPLEX,
        "organizer/emailAddress/name": values.TEXT,
        "organizer/emailAddress/address": values.TEXT,
        "responseStatus": values.COMPLEX,
        "responseStatus/response": ("none", "organizer", "tentativelyAccepted", "accepted", "declined", "notResponded"),
        "extensions": f"Collection({values.COMPLEX})",
        "extensions/id": values.TEXT,
        "singleValueExtendedProperties": f"Collection({values.COMPLEX})",
        "singleValueExtendedProperties/id": values.TEXT,
        "singleValueExtendedProperties/value": values.TEXT,
        "multiValueExtendedProperties": f"Collection({values.COMPLEX})",
        "multiValueExtendedProperties/id": values.TEXT,
        "multiValueExtendedProperties/value": f"Collection({values.TEXT})",
    }
)
