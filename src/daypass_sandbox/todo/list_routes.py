"""Task lists over HTTP. Facts: Graph's pages api/todo-list-lists, api/todo-post-lists, api/todotasklist-get, -update, -delete."""

from __future__ import annotations

from typing import Any

from daypass.wire import Response

from ..calendar.access import context
from ..graph import odata, payload
from ..graph.permissions import READ_TASKS, WRITE_TASKS
from ..routes import Call, Route
from . import extension_routes, resources, shapes
from .box import invalid, open_box

Json = dict[str, Any]

LISTS = "/users/{user_id}/todo/lists"
LIST = LISTS + "/{list_id}"
PAGE_SIZE = 50  # observed by others: planetaryescape/ms-todo, spike P1


def list_lists(call: Call) -> Response:
    """All lists of a user, Tasks first."""
    call, box = resources.asked_of_todo(call), open_box(call)
    size = odata.preferences(call).page_size or PAGE_SIZE
    return odata.listing(call, context(call, "todo/lists"), resources.LIST, list(box.lists.values()), size=size)


def count_lists(call: Call) -> Response:
    """How many lists there are."""
    return odata.counted(call, resources.LIST, list(open_box(call).lists.values()))


def create_list(call: Call) -> Response:
    """Create a list."""
    odata.allow(call)
    box = open_box(call)
    given, more = extension_routes.parted(call.json())
    given = payload.read(given, shapes.TASK_LIST, "todoTaskList")
    fresh = box.new_list(call.tenant.new_id("list"), _name(given))
    return _answer(call, 201, box.put_list({**fresh, "extensions": more}))


def get_list(call: Call) -> Response:
    """One list."""
    call = resources.asked_of_todo(call)
    odata.allow(call, "$select", "$expand")
    return _answer(call, 200, open_box(call).list(call.path["list_id"]))


def update_list(call: Call) -> Response:
    """Rename a list; If-Match is ignored (observed by others), the lists of every mailbox keep their names."""
    odata.allow(call)
    box = open_box(call)
    stored = box.list(call.path["list_id"])
    given = payload.read(call.json(), shapes.TASK_LIST, "todoTaskList")
    if "displayName" in given and given["displayName"] != stored["displayName"]:
        _check_is_own(stored, "renamed")
        stored = {**stored, "displayName": _name(given)}
    return _answer(call, 200, box.put_list(stored))


def delete_list(call: Call) -> Response:
    """Delete a list with its tasks; those of every mailbox stay."""
    odata.allow(call)
    box = open_box(call)
    _check_is_own(box.list(call.path["list_id"]), "deleted")
    box.remove_list(call.path["list_id"])
    return Response(204)


def _name(given: Json) -> str:
    name = (given.get("displayName") or "").strip()
    if not name:
        reason = "Your request can't be completed. The displayName of a task list is required."
        raise invalid("Invalid request", "ErrorInvalidRequest", reason)
    return name


def _check_is_own(stored: Json, doing: str) -> None:
    if stored["wellknownListName"] != "none":
        reason = f"Your request can't be completed. A default task folder can't be {doing}."
        raise invalid("Invalid request", "ErrorInvalidRequest", reason)


def _answer(call: Call, status: int, stored: Json) -> Response:
    return odata.single(call, status, context(call, "todo/lists"), resources.LIST, stored)


_RENAMED = "documentation: api/todotasklist-update; refusal for built-in lists observed by others (microsoft-graph-docs issue 15794)"
ROUTES = [
    Route("GET", LISTS, list_lists, READ_TASKS, "documentation: api/todo-list-lists; $select observed by others"),
    Route("GET", LISTS + "/$count", count_lists, READ_TASKS, "documentation: msgraph-sdk"),
    Route("POST", LISTS, create_list, WRITE_TASKS, "documentation: api/todo-post-lists"),
    Route("GET", LIST, get_list, READ_TASKS, "documentation: api/todotasklist-get"),
    Route("PATCH", LIST, update_list, WRITE_TASKS, _RENAMED),
    Route("DELETE", LIST, delete_list, WRITE_TASKS, "documentation: api/todotasklist-delete"),
]
