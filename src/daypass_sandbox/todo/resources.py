"""How task lists, tasks and their parts look to a client, and what may be asked of them in lists.

Steps and the link of a task are always in it, where it has any; files never are, and extensions only by a filtered $expand (observed by
others: planetaryescape/ms-todo, spikes S1 and S2).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from .. import quirks, zones
from ..calendar.access import context
from ..graph import clauses, odata, values
from ..graph.clauses import Expand
from ..graph.odata import Kind
from ..routes import Call, Fault
from . import shapes

Json = dict[str, Any]

TIMES = ("dueDateTime", "startDateTime", "reminderDateTime", "completedDateTime")
TASK_PROPERTIES = (
    *("id", "importance", "isReminderOn", "status", "title", "createdDateTime", "lastModifiedDateTime", "hasAttachments", "categories"),
    *("body", "bodyLastModifiedDateTime", *TIMES, "recurrence"),
)
ORDERABLE = (*TASK_PROPERTIES, *(f"{name}/dateTime" for name in TIMES), "body/content")
LIST_PROPERTIES = ("id", "displayName", "isOwner", "isShared", "wellknownListName")
IDLE_RELATIONS = frozenset({"checklistitems", "linkedresources", "attachments", "extensions"})
TASK_TYPES = values.types_of(shapes.TASK)
EXTENSION = "microsoft.graph.openTypeExtension."
BY_EXTENSION = re.compile(r"\bextensions/(any|all)\b", re.IGNORECASE)
BY_KNOWN_NAME = re.compile(r"\bwellknownListName\s+\w+\s+'(\w*)'", re.IGNORECASE)
BY_NAME = re.compile(r"\s*(?:id|extensionName)\s+eq\s+'((?:[^']|'')*)'\s*", re.IGNORECASE)

STEP: Kind[Json] = Kind("checklistItem", ("id", "displayName", "createdDateTime", "isChecked", "checkedDateTime"))
LINK: Kind[Json] = Kind("linkedResource", ("id", "webUrl", "applicationName", "displayName", "externalId"))


def list_place(call: Call, list_id: str) -> str:
    """The fragment of a metadata URL for a list."""
    return context(call, f"todo/lists('{list_id}')")


def task_place(call: Call, list_id: str, task_id: str) -> str:
    """The fragment of a metadata URL for a task."""
    return f"{list_place(call, list_id)}/tasks('{task_id}')"


def task_kind(call: Call, list_id: str, *, just_written: bool = False) -> Kind[Json]:
    """The tasks of a list, as this caller sees them; only the answer to a write tells the zone that a recurrence was sent with."""
    zone = odata.preferences(call).zone
    omits = quirks.value(call.tenant.state, "taskRecurrenceOmitted")

    def show(stored: Json) -> Json:
        shown: Json = {"@odata.etag": f'W/"{stored["changeKey"]}"', "hasAttachments": bool(stored["files"])}
        shown |= {name: stored[name] for name in TASK_PROPERTIES if name in stored and name not in (*TIMES, "recurrence")}
        shown |= {name: _time(stored[name], zone) for name in TIMES if name in stored}
        if stored.get("recurrence") and not omits:
            limits = stored["recurrence"]["range"]
            told = limits if just_written else {**limits, "recurrenceTimeZone": "UTC"}
            shown["recurrence"] = {**stored["recurrence"], "range": told}
        return shown | _inline(call, list_id, stored)

    expandable: dict[str, Callable[[Call, Json, Expand], Any]] = {
        "extensions": expanded_extensions,
        "checklistItems": lambda call, task, asked: odata.nested(call, STEP, task["steps"], asked),
        "linkedResources": lambda call, task, asked: odata.nested(call, LINK, task["links"], asked),
        "attachments": lambda call, task, asked: [],
    }
    return Kind("todoTask", TASK_PROPERTIES, orderable=ORDERABLE, show=show, expandable=expandable, types=TASK_TYPES)


def _inline(call: Call, list_id: str, stored: Json) -> Json:
    """The parts that are told with a task; what it has none of is not told."""
    root, place = odata.service_root(call), task_place(call, list_id, stored["id"])
    told: Json = {}
    for name, some in (("checklistItems", stored["steps"]), ("linkedResources", stored["links"])):
        if some and "$select" not in call.query:
            told[f"{name}@odata.context"] = f"{root}/$metadata#{place}/{name}"
        if some:
            told[name] = some
    return told


def _time(stored: Json, zone: str) -> Json:
    wall = zones.wall(zones.instant(datetime.fromisoformat(stored["dateTime"]), stored["timeZone"]), zone)
    return {"dateTime": f"{wall.isoformat()}.0000000", "timeZone": zone}


def extension(name: str, content: Json) -> Json:
    """An open extension as a Graph resource."""
    return {"@odata.type": "#microsoft.graph.openTypeExtension", "id": EXTENSION + name, "extensionName": name, **content}


def expanded_extensions(call: Call, item: Json, asked: Expand) -> list[Json]:
    """The extensions of a list or task that a nested $filter names; by itself the service gives none."""
    if not asked.filter:
        silent = quirks.value(call.tenant.state, "todoQueryLimits")
        return [] if silent else [extension(name, content) for name, content in item["extensions"].items()]
    named = BY_NAME.fullmatch(asked.filter)
    if named is None:
        raise Fault(400, "BadRequest", f"The $filter '{asked.filter}' of extensions is none by id.")
    wanted = named[1].replace("''", "'").removeprefix(EXTENSION)
    return [extension(name, content) for name, content in item["extensions"].items() if name == wanted]


def _shown_list(stored: Json) -> Json:
    own = {name: stored[name] for name in ("displayName", "wellknownListName", "id")}
    return {"@odata.etag": f'W/"{stored["changeKey"]}"', "isOwner": True, "isShared": False, **own}


def _tasks_of(call: Call, stored: Json, asked: Expand) -> list[Json]:
    return odata.nested(call, task_kind(call, stored["id"]), list(stored["tasks"].values()), asked)


LIST: Kind[Json] = Kind(
    "todoTaskList", LIST_PROPERTIES, show=_shown_list, expandable={"extensions": expanded_extensions, "tasks": _tasks_of}
)


def _check_filter(text: str) -> None:
    if BY_EXTENSION.search(text):
        raise Fault(400, "invalidRequest", "Invalid request")
    named = BY_KNOWN_NAME.search(text)
    if named:
        message = f"The string 'microsoft.toDo.wellknownListName'{named[1]}'' is not a valid enumeration type constant."
        raise Fault(400, "invalidRequest", message)


def asked_of_todo(call: Call) -> Call:
    """The call with what To Do makes of its options.

    By itself it refuses $select of all but `id`, `lastModifiedDateTime` and `*`, which it ignores, as it ignores $count=true and an $expand
    without a $filter within, and lets nobody filter by extensions or by the well-known name of a list (observed by others:
    planetaryescape/ms-todo, spikes S1 to S3 and S13; microsoft-graph-docs issue 17694); the quirk `todoQueryLimits`, switched off, lets
    them work as documented.
    """
    if not quirks.value(call.tenant.state, "todoQueryLimits"):
        return call
    names = {name.strip().lower() for name in call.query.get("$select", "").split(",") if name.strip()}
    if names - {"id", "lastmodifieddatetime", "*"}:
        raise Fault(400, "invalidRequest", "Invalid request", inner={"code": "RequestBroker--ParseUri"})
    _check_filter(call.query.get("$filter", ""))
    relations = clauses.parse_expand(call.query.get("$expand", ""))
    idle = all(asked.name.lower() in IDLE_RELATIONS and not asked.filter for asked in relations)
    return call.without("$select", "$count", *(("$expand",) if idle else ()))
