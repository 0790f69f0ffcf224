"""Tasks over HTTP.

Facts: Graph's pages api/todotasklist-list-tasks, api/todotasklist-post-tasks, api/todotask-get, -update, -delete; preconditions as
observed by others (planetaryescape/ms-todo, spike S6).
"""

from __future__ import annotations

from typing import Any

from daypass.wire import Response

from .. import quirks
from ..graph import odata, payload
from ..graph.permissions import READ_TASKS, WRITE_TASKS
from ..routes import Call, Route
from . import extension_routes, resources, shapes, tasks
from .box import TaskBox, check_match, open_box
from .list_routes import LIST, PAGE_SIZE

Json = dict[str, Any]

TASKS = LIST + "/tasks"
TASK = TASKS + "/{task_id}"


def list_tasks(call: Call) -> Response:
    """The tasks of a list, in the order they were made."""
    call, box = resources.asked_of_todo(call), open_box(call)
    stored = box.list(call.path["list_id"])
    size = odata.preferences(call).page_size or PAGE_SIZE
    place = f"{resources.list_place(call, stored['id'])}/tasks"
    return odata.listing(call, place, resources.task_kind(call, stored["id"]), list(stored["tasks"].values()), size=size)


def count_tasks(call: Call) -> Response:
    """How many tasks a list has."""
    stored = open_box(call).list(call.path["list_id"])
    return odata.counted(call, resources.task_kind(call, stored["id"]), list(stored["tasks"].values()))


def create_task(call: Call) -> Response:
    """Create a task, with steps, a link and extensions if it has any."""
    odata.allow(call)
    box = open_box(call)
    stored = box.list(call.path["list_id"])
    given, more = extension_routes.parted(call.json())
    task = tasks.created(payload.read(given, shapes.TASK, "todoTask"), writer(call, box))
    kept = box.put_task(stored["id"], {**task, "extensions": more})
    answer = _answer(call, 201, kept, just_written=True)
    return answer if not more else extension_routes.with_extensions(call, answer, kept)


def get_task(call: Call) -> Response:
    """One task."""
    call = resources.asked_of_todo(call)
    odata.allow(call, "$select", "$expand")
    return _answer(call, 200, found(call, open_box(call)))


def update_task(call: Call) -> Response:
    """Change a task; a recurring one that is completed goes on, and what was done is a task of its own."""
    odata.allow(call)
    box = open_box(call)
    task, list_id = found(call, box), call.path["list_id"]
    check_match(call, task)
    given = payload.read(call.json(), shapes.TASK, "todoTask")
    after, done = tasks.changed(task, given, writer(call, box))
    if done:
        box.put_task(list_id, done)
    return _answer(call, 200, box.put_task(list_id, after), just_written=True)


def delete_task(call: Call) -> Response:
    """Delete a task; If-Match is ignored (observed by others)."""
    odata.allow(call)
    box = open_box(call)
    box.remove_task(box.list(call.path["list_id"])["id"], call.path["task_id"])
    return Response(204)


def writer(call: Call, box: TaskBox) -> tasks.Writer:
    """Who writes, when and how."""
    shifts = quirks.value(call.tenant.state, "taskRecurrenceShift")
    return tasks.Writer(call.tenant.clock.now(), box.zone, call.tenant.new_id, shifts)


def found(call: Call, box: TaskBox) -> Json:
    """The task of the path."""
    return box.task(call.path["list_id"], call.path["task_id"])


def _answer(call: Call, status: int, task: Json, *, just_written: bool = False) -> Response:
    list_id = call.path["list_id"]
    kind = resources.task_kind(call, list_id, just_written=just_written)
    answer = odata.single(call, status, f"{resources.list_place(call, list_id)}/tasks", kind, task)
    return answer.replace(headers={**answer.headers, "etag": f'W/"{task["changeKey"]}"'})


ROUTES = [
    Route("GET", TASKS, list_tasks, READ_TASKS, "documentation: api/todotasklist-list-tasks; $select observed by others"),
    Route("GET", TASKS + "/$count", count_tasks, READ_TASKS, "documentation: msgraph-sdk"),
    Route("POST", TASKS, create_task, WRITE_TASKS, "documentation: api/todotasklist-post-tasks; days observed by others"),
    Route("GET", TASK, get_task, READ_TASKS, "documentation: api/todotask-get"),
    Route("PATCH", TASK, update_task, WRITE_TASKS, "documentation: api/todotask-update; If-Match, recurrence observed by others"),
    Route("DELETE", TASK, delete_task, WRITE_TASKS, "documentation: api/todotask-delete"),
]
