"""What changed in task lists and tasks: delta queries.

Facts: Graph's pages api/todotasklist-delta, api/todotask-delta; observed by others (planetaryescape/ms-todo, spikes S1 to S4): options
are refused or ignored, a change of any part makes the task come again whole, extensions never come, and the tasks of a deleted list are
followed without news: only the lists tell that it is gone.
"""

from __future__ import annotations

from typing import Any

from daypass.wire import Response

from ..calendar.access import context, owner_id
from ..changes import ChangeLog
from ..graph import clauses, delta, odata
from ..graph.permissions import FOLLOW_TASK_LISTS, READ_TASKS
from ..routes import Call, Fault, Route
from . import resources
from .box import invalid, open_box
from .list_routes import LISTS
from .task_routes import TASKS

Json = dict[str, Any]

PAGE_SIZE = 50
RULES = delta.Rules(PAGE_SIZE, delta.OUTLOOK.stale)


def follow_lists(call: Call) -> Response:
    """The lists of a user, and what changed in them."""
    box = open_box(call)
    step = delta.opened(call, box.log, f"{owner_id(call)}/todo/lists", RULES)
    _, select = _options(step.call, *resources.LIST_PROPERTIES)
    kind = resources.LIST

    def shown(list_id: str) -> list[Json]:
        if list_id in box.lists:
            return [odata.chosen(kind, kind.show(box.lists[list_id]), select)]
        return [{**delta.removed(list_id), "isOwner": True, "isShared": False, "wellknownListName": "none"}]

    feed = delta.Feed(present=lambda: box.lists, shown=shown)
    return delta.answered(step, feed, context(call, "todo/lists"), size=odata.preferences(call).page_size)


def follow_tasks(call: Call) -> Response:
    """The tasks of a list, and what changed in it."""
    box, list_id = open_box(call), call.path["list_id"]
    name = f"{owner_id(call)}/todo/lists/{list_id}"
    if list_id in box.state["gone"]:
        stored, step = dict[str, Json](), delta.opened(call.without(*delta.TOKENS), ChangeLog({}), name, RULES)
    else:
        stored, step = box.tasks(list_id), delta.opened(call, ChangeLog(box.list(list_id)["log"]), name, RULES)
    inner, select = _options(step.call, *resources.TASK_PROPERTIES)
    kind = resources.task_kind(inner, list_id)

    def shown(task_id: str) -> list[Json]:
        if task_id in stored:
            return [odata.chosen(kind, kind.show(stored[task_id]), select)]
        return [{**delta.removed(task_id), "hasAttachments": False, "isReminderOn": False}]

    feed = delta.Feed(present=lambda: stored, shown=shown)
    return delta.answered(step, feed, f"{resources.list_place(call, list_id)}/tasks", size=odata.preferences(call).page_size)


def _options(call: Call, *properties: str) -> tuple[Call, frozenset[str] | None]:
    """The call without what is ignored, and what is selected where that is not refused."""
    if "$top" in call.query:
        raise invalid("Skip token is not provided.")
    if "$filter" in call.query:
        raise invalid("Invalid request. Delta query is not supported by this resource.")
    if any(asked.filter for asked in clauses.parse_expand(call.query.get("$expand", ""))):
        reason = "Value cannot be null. (Parameter 'initialState')"
        raise Fault(400, "BadRequest", f"Parsing OData Select and Expand failed: {reason}")
    inner = resources.asked_of_todo(call)
    odata.allow(inner, "$select", "$expand")
    return inner, odata.selected(inner, properties, "todoTask")


ROUTES = [
    Route("GET", LISTS + "/delta", follow_lists, FOLLOW_TASK_LISTS, "documentation: api/todotasklist-delta; options observed by others"),
    Route("GET", TASKS + "/delta", follow_tasks, READ_TASKS, "documentation: api/todotask-delta; options observed by others"),
]
