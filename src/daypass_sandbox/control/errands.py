"""What people do in To Do's own apps, where Graph has no request for it."""

from __future__ import annotations

from daypass.wire import Response

from ..routes import Call, Route, reply
from ..todo.box import TaskBox
from .asked import said, user_id, wrong


def move_task(call: Call) -> Response:
    """Move a task to another list, as its owner does in the app: it has another id there (resources/todotask)."""
    body = said(call, "user", "task", "to")
    if not all(isinstance(body.get(name), str) and body[name] for name in ("user", "task", "to")):
        raise wrong('say whose task goes where: {"user": "megan", "task": "…", "to": "the id or name of a list"}')
    owner = user_id(call, body["user"])
    box = TaskBox(call.tenant.state.mailboxes[owner], f"users/{owner}", call.tenant.clock.now(), call.tenant.happened.append)
    there = next((stored for stored in box.lists.values() if body["to"] in (stored["id"], stored["displayName"])), None)
    here = next((stored for stored in box.lists.values() if body["task"] in stored["tasks"]), None)
    if there is None or here is None:
        raise wrong(f"there is no {'list' if there is None else 'task'} {body['to' if there is None else 'task']!r} of this user")
    task = here["tasks"][body["task"]]
    box.remove_task(here["id"], task["id"])
    moved = box.put_task(there["id"], {**task, "id": call.tenant.new_id("task")})
    return reply(200, {"list": there["id"], "task": moved["id"]})


ROUTES = (Route("POST", "/sandbox/todo/move", move_task),)
