"""What a client may write into a task and its parts: their members, and what kind each is of (`graph.payload` reads by it)."""

from __future__ import annotations

from typing import Any

from ..calendar import shapes
from ..graph.payload import FLAG, INSTANT, LIST, OBJECT, TEXT, WHOLE, NotBuilt, read_only

STATUSES = ("notStarted", "inProgress", "completed", "waitingOnOthers", "deferred")
_TIME = {"dateTime": TEXT, "timeZone": TEXT}

TASK_LIST = {
    "displayName": TEXT,
    **read_only(TEXT, "id", "wellknownListName"),
    **read_only(FLAG, "isOwner", "isShared"),
    **read_only([OBJECT], "tasks"),
}
STEP = {
    "displayName": TEXT,
    "isChecked": FLAG,
    **dict.fromkeys(("checkedDateTime", "createdDateTime"), INSTANT),
    **read_only(TEXT, "id"),
}
LINK = {**dict.fromkeys(("webUrl", "applicationName", "displayName", "externalId"), TEXT), **read_only(TEXT, "id")}
FILE = {
    **dict.fromkeys(("name", "contentBytes", "contentType"), TEXT),
    **read_only(TEXT, "id"),
    **read_only(INSTANT, "lastModifiedDateTime"),
    **read_only(WHOLE, "size"),
}
UPLOAD = {"attachmentInfo": {"attachmentType": ("file", "item", "reference"), "name": TEXT, "size": WHOLE, "contentType": TEXT}}
TASK: dict[str, Any] = {
    "title": TEXT,
    "body": {"contentType": ("text", "html"), "content": TEXT},
    "importance": ("low", "normal", "high"),
    "status": STATUSES,
    "isReminderOn": FLAG,
    "categories": [TEXT],
    **dict.fromkeys(("dueDateTime", "startDateTime", "reminderDateTime", "completedDateTime"), _TIME),
    "recurrence": shapes.EVENT["recurrence"],
    "checklistItems": [STEP],
    "linkedResources": [LINK],
    **read_only(TEXT, "id"),
    **read_only(INSTANT, "createdDateTime", "lastModifiedDateTime", "bodyLastModifiedDateTime"),
    **read_only(FLAG, "hasAttachments"),
    **dict.fromkeys(("attachments", "attachmentSessions"), NotBuilt(LIST)),
}
