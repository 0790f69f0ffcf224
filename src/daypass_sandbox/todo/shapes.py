"""What a client may write into a task and its parts: their members, and what kind each is of (`graph.payload` reads by it)."""

from __future__ import annotations

from typing import Any

from ..calendar import shapes
from ..graph.payload import FLAG, IGNORED, NOT_BUILT, TEXT, WHOLE

STATUSES = ("notStarted", "inProgress", "completed", "waitingOnOthers", "deferred")
_TIME = {"dateTime": TEXT, "timeZone": TEXT}

TASK_LIST = {"displayName": TEXT, **dict.fromkeys(("id", "isOwner", "isShared", "wellknownListName", "tasks"), IGNORED)}
STEP = {"displayName": TEXT, "isChecked": FLAG, "checkedDateTime": TEXT, "createdDateTime": TEXT, "id": IGNORED}
LINK = {**dict.fromkeys(("webUrl", "applicationName", "displayName", "externalId"), TEXT), "id": IGNORED}
FILE = {"name": TEXT, "contentBytes": TEXT, "contentType": TEXT, **dict.fromkeys(("size", "id", "lastModifiedDateTime"), IGNORED)}
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
    **dict.fromkeys(("id", "createdDateTime", "lastModifiedDateTime", "bodyLastModifiedDateTime", "hasAttachments"), IGNORED),
    **dict.fromkeys(("attachments", "attachmentSessions"), NOT_BUILT),
}
