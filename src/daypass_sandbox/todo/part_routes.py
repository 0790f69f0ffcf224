"""The steps and the link of a task over HTTP.

Facts: Graph's pages api/todotask-list-checklistitems, api/todotask-list-linkedresources and their neighbours; what If-Match is about, that
steps keep their order, and that there is one link as observed by others (planetaryescape/ms-todo, spikes S6, S14 and S15).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from daypass.wire import Response

from .. import quirks
from ..graph import odata, payload
from ..graph.odata import Kind
from ..graph.permissions import READ_TASKS, WRITE_TASKS
from ..routes import Call, Route, not_found
from . import parts, resources, shapes
from .box import check_match, invalid, open_box
from .list_routes import PAGE_SIZE
from .task_routes import TASK, found

Json = dict[str, Any]


class Part:
    """One sort of part of a task: `name` in paths, `member` where it is kept, and how one is made and changed."""

    def __init__(
        self,
        name: str,
        member: str,
        kind: Kind[Json],
        shape: Json,
        make: Callable[[Call, Json], Json],
        change: Callable[[Call, Json, Json], Json],
    ) -> None:
        self.name, self.member, self.kind, self.shape, self.make, self.change = name, member, kind, shape, make, change

    def list_all(self, call: Call) -> Response:
        """All parts of this sort of a task, in the order they were added whatever order is asked (observed by others)."""
        call = resources.asked_of_todo(call)
        task = found(call, open_box(call))
        unordered = call.without("$orderby") if quirks.value(call.tenant.state, "todoQueryLimits") else call
        return odata.listing(unordered, self._place(call), self.kind, task[self.member], size=PAGE_SIZE)

    def count(self, call: Call) -> Response:
        """How many parts of this sort a task has."""
        return odata.counted(call, self.kind, found(call, open_box(call))[self.member])

    def create(self, call: Call) -> Response:
        """Add a part."""
        odata.allow(call)
        box = open_box(call)
        task = found(call, box)
        check_match(call, task)
        part = self.make(call, payload.read(call.json(), self.shape, self.kind.name))
        self._check_room(task)
        box.put_task(call.path["list_id"], {**task, self.member: [*task[self.member], part]})
        return self._answer(call, 201, part)

    def get(self, call: Call) -> Response:
        """One part."""
        call = resources.asked_of_todo(call)
        odata.allow(call, "$select")
        return self._answer(call, 200, self._found(call, found(call, open_box(call))))

    def update(self, call: Call) -> Response:
        """Change a part; If-Match is about the task."""
        odata.allow(call)
        box = open_box(call)
        task = found(call, box)
        part = self._found(call, task)
        check_match(call, task)
        after = self.change(call, part, payload.read(call.json(), self.shape, self.kind.name))
        box.put_task(call.path["list_id"], {**task, self.member: [after if other is part else other for other in task[self.member]]})
        return self._answer(call, 200, after)

    def delete(self, call: Call) -> Response:
        """Take a part away; If-Match is about the task."""
        odata.allow(call)
        box = open_box(call)
        task = found(call, box)
        part = self._found(call, task)
        check_match(call, task)
        box.put_task(call.path["list_id"], {**task, self.member: [other for other in task[self.member] if other is not part]})
        return Response(204)

    def routes(self) -> list[Route]:
        """The routes of this sort of part."""
        some, one, page = f"{TASK}/{self.name}", f"{TASK}/{self.name}/{{part_id}}", self.kind.name.lower()
        plural = self.name.lower()
        return [
            Route("GET", some, self.list_all, READ_TASKS, f"documentation: api/todotask-list-{plural}"),
            Route("GET", some + "/$count", self.count, READ_TASKS, "documentation: msgraph-sdk"),
            Route("POST", some, self.create, WRITE_TASKS, f"documentation: api/todotask-post-{plural}"),
            Route("GET", one, self.get, READ_TASKS, f"documentation: api/{page}-get"),
            Route("PATCH", one, self.update, WRITE_TASKS, f"documentation: api/{page}-update; If-Match observed by others"),
            Route("DELETE", one, self.delete, WRITE_TASKS, f"documentation: api/{page}-delete; If-Match observed by others"),
        ]

    def _check_room(self, task: Json) -> None:
        if self.member == "links" and task["links"]:
            raise invalid("Linked Resource already exists.", "LinkedResourceSizeExceeded")

    def _found(self, call: Call, task: Json) -> Json:
        for part in task[self.member]:
            if part["id"] == call.path["part_id"]:
                return part
        raise not_found()

    def _place(self, call: Call) -> str:
        return f"{resources.task_place(call, call.path['list_id'], call.path['task_id'])}/{self.name}"

    def _answer(self, call: Call, status: int, part: Json) -> Response:
        return odata.single(call, status, self._place(call), self.kind, part)


def _new_step(call: Call, given: Json) -> Json:
    return parts.new_step(given, call.tenant.new_id("guid"), call.tenant.clock.now())


def _changed_step(call: Call, step: Json, given: Json) -> Json:
    unchecks = quirks.value(call.tenant.state, "stepUncheckedByRename")
    return parts.changed_step(step, given, call.tenant.clock.now(), unchecks=unchecks)


STEPS = Part("checklistItems", "steps", resources.STEP, shapes.STEP, _new_step, _changed_step)
LINKS = Part(
    "linkedResources",
    "links",
    resources.LINK,
    shapes.LINK,
    lambda call, given: parts.new_link(given, call.tenant.new_id("guid")),
    lambda call, link, given: parts.changed_link(link, given),
)
ROUTES = [*STEPS.routes(), *LINKS.routes()]
