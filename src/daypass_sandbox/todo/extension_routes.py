"""Open extensions of task lists and tasks: data of other apps, kept under a name.

Facts: Graph's pages api/opentypeextension-post-opentypeextension, -get, -update, -delete; observed by others (planetaryescape/ms-todo,
spikes S2 and S13): a change replaces the whole, making one that is there changes it, deleting one that is not is no error, the list of all
answers 404, and an If-Match on a task's is about the task.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from daypass.wire import Response

from .. import quirks
from ..graph import odata, payload
from ..graph.permissions import READ_TASKS, WRITE_TASKS
from ..routes import Call, Fault, Route, not_found
from . import resources
from .box import TaskBox, check_match, invalid, open_box

Json = dict[str, Any]

HIDDEN = ("id", "extensionname")  # what of a client's words is no content


def parted(body: Json) -> tuple[Json, Json]:
    """A client's words without their `extensions`, and those by name; Fault 400 for one without a name."""
    rest = {name: value for name, value in body.items() if name.lower() != "extensions"}
    given: Any = next((value for name, value in body.items() if name.lower() == "extensions"), None)
    given = [] if given is None else given
    if not isinstance(given, list):
        raise _not_a("StartArray")
    return rest, dict(_read(one) for one in cast("list[Any]", given))


def with_extensions(call: Call, answer: Response, item: Json) -> Response:
    """The answer to a creation with the extensions that came along."""
    body = json.loads(answer.body)
    told = [resources.extension(name, content) for name, content in item["extensions"].items()]
    return odata.answer(call, answer.status, {**body, "extensions": told}).replace(headers=answer.headers)


def list_all(call: Call) -> Response:
    """All extensions of a list or task, where the quirk `todoQueryLimits` is off; by itself the service answers 404."""
    item = _item(call, open_box(call))
    if quirks.value(call.tenant.state, "todoQueryLimits"):
        raise Fault(404, "UnknownError", "")
    odata.allow(call)
    told = [resources.extension(name, content) for name, content in item["extensions"].items()]
    return odata.collection(call, _place(call), told, len(told), odata.Page(0, len(told)))


def count(call: Call) -> Response:
    """How many extensions a list or task has."""
    odata.allow(call)
    return Response(200, {"content-type": "text/plain"}, str(len(_item(call, open_box(call))["extensions"])).encode())


def create(call: Call) -> Response:
    """Make an extension, or replace the one of that name."""
    odata.allow(call)
    name, content = _read(call.json())
    _keep(call, name, content)
    return odata.entity(call, 201, _place(call), resources.extension(name, content))


def get(call: Call) -> Response:
    """One extension, by its name or id."""
    odata.allow(call)
    name = _name(call)
    item = _item(call, open_box(call))
    if name not in item["extensions"]:
        raise not_found()
    return odata.entity(call, 200, _place(call), resources.extension(name, item["extensions"][name]))


def update(call: Call) -> Response:
    """Replace an extension."""
    odata.allow(call)
    name = _name(call)
    if name not in _item(call, open_box(call))["extensions"]:
        raise not_found()
    content = _content(call.json())
    _keep(call, name, content)
    return odata.entity(call, 200, _place(call), resources.extension(name, content))


def delete(call: Call) -> Response:
    """Take an extension away, if there is one."""
    odata.allow(call)
    _keep(call, _name(call), None)
    return Response(204)


def _keep(call: Call, name: str, content: Json | None) -> None:
    box = open_box(call)
    item = _item(call, box)
    if "task_id" in call.path:
        check_match(call, item)
    if content is None and name not in item["extensions"]:
        return
    rest = {other: value for other, value in item["extensions"].items() if other != name}
    after = {**item, "extensions": rest if content is None else {**rest, name: content}}
    if "task_id" in call.path:
        box.put_task(call.path["list_id"], after)
    else:
        box.put_list(after)


def _read(given: Any) -> tuple[str, Json]:
    if not isinstance(given, Mapping):
        raise _not_a("StartObject")
    members = cast("Json", given)
    name: Any = next((value for key, value in members.items() if key.lower() == "extensionname"), None)
    if not isinstance(name, str) or not name.strip():
        raise invalid("Invalid request", "ErrorInvalidRequest", "An open extension needs an extensionName.")
    return name.strip(), _content(members)


def _not_a(node: str) -> Fault:
    message = f"An unexpected node was found when reading from the JSON reader. A '{node}' node was expected."
    return Fault(400, "RequestBodyRead", message)


def _content(given: Mapping[str, Any]) -> Json:
    payload.check_annotations(given)
    return {name: value for name, value in given.items() if "@" not in name and name.lower() not in HIDDEN}


def _name(call: Call) -> str:
    """The name of the extension of the path, which may be given by its id (a namespace at its beginning was taken off on the way here)."""
    return call.path["extension_id"].removeprefix(resources.EXTENSION.removeprefix("microsoft.graph."))


def _item(call: Call, box: TaskBox) -> Json:
    return box.task(call.path["list_id"], call.path["task_id"]) if "task_id" in call.path else box.list(call.path["list_id"])


def _place(call: Call) -> str:
    list_id = call.path["list_id"]
    whose = resources.task_place(call, list_id, call.path["task_id"]) if "task_id" in call.path else resources.list_place(call, list_id)
    return f"{whose}/extensions"


def routes(place: str) -> list[Route]:
    """The routes of the extensions of what is at a place."""
    some, one = f"{place}/extensions", f"{place}/extensions/{{extension_id}}"
    page = "documentation: api/opentypeextension"
    return [
        Route("GET", some, list_all, READ_TASKS, "observed by others"),
        Route("GET", some + "/$count", count, READ_TASKS, "documentation: msgraph-sdk"),
        Route("POST", some, create, WRITE_TASKS, f"{page}-post-opentypeextension; replacing observed by others"),
        Route("GET", one, get, READ_TASKS, f"{page}-get"),
        Route("PATCH", one, update, WRITE_TASKS, f"{page}-update; replacing observed by others"),
        Route("DELETE", one, delete, WRITE_TASKS, f"{page}-delete"),
    ]


ROUTES = [*routes("/users/{user_id}/todo/lists/{list_id}"), *routes("/users/{user_id}/todo/lists/{list_id}/tasks/{task_id}")]
