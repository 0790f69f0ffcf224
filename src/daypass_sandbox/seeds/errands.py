"""The task lists of a seed: whose, which, and what is in them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, cast

from ..graph import payload
from ..todo import shapes, tasks
from ..todo.box import TaskBox
from . import schedule
from .document import check
from .ground import TIMES, Ground

Json = dict[str, Any]

TASK = {**TIMES, "repeat": dict, "times": int, "steps": list, "link": dict, "remind": str}


def plant(ground: Ground, lists: Json) -> None:
    """The lists of each person: `list` is a name (Tasks for the one everybody has), `tasks` what is in it.

    A task is due on a `workday` or `day`, if it has one, and reminds at the time of day `remind`; `repeat` is a Graph recurrence pattern
    (its days follow from the due date unless named), `times` ends it; `steps` are names, a checked one as {"displayName": …,
    "isChecked": true}; `link` is a Graph linkedResource. Any other member is a property of the Graph todoTask.
    """
    for key, some in lists.items():
        where = f"todo.{key}"
        owner_id = ground.user_id(key, where)
        box = TaskBox(ground.tenant.state.mailboxes[owner_id], f"users/{owner_id}", ground.settled_at)
        writer = tasks.Writer(ground.settled_at, ground.zone_of(key), ground.tenant.new_id)
        for number, spec in enumerate(_objects(some, where)):
            check(spec, {"list": str, "tasks": list}, f"{where}[{number}]", required=("list",))
            stored = _list(ground, box, spec["list"])
            for place, task in enumerate(_objects(spec.get("tasks", []), f"{where}[{number}].tasks")):
                given = _given(ground, key, task, f"{where}[{number}].tasks[{place}]")
                box.put_task(stored["id"], tasks.created(payload.read(given, shapes.TASK, "todoTask"), writer))


def _list(ground: Ground, box: TaskBox, name: str) -> Json:
    known = next((stored for stored in box.lists.values() if stored["displayName"] == name), None)
    return known or box.put_list(box.new_list(ground.tenant.new_id("list"), name))


def _given(ground: Ground, key: str, spec: Json, where: str) -> Json:
    """A task as a client would have sent it."""
    check(spec, TASK, where, required=("title",), open_ended=True)
    given = {name: value for name, value in spec.items() if name not in TASK}
    if isinstance(given.get("body"), str):
        given["body"] = {"content": given["body"], "contentType": "text"}
    if "day" in spec or "workday" in spec:
        given |= _times(ground.day(spec, where), ground.zone_of(key), spec)
    if given.get("status") == "completed":
        given.setdefault("completedDateTime", given.get("dueDateTime", tasks.midnight(ground.today - timedelta(days=1))))
    steps = cast("list[Any]", spec.get("steps", []))
    given["checklistItems"] = [{"displayName": step} if isinstance(step, str) else step for step in steps]
    given["linkedResources"] = [spec["link"]] if "link" in spec else []
    return given


def _times(day: date, zone: str, spec: Json) -> Json:
    """When a task is due, reminds, and comes again."""
    given: Json = {"dueDateTime": tasks.midnight(day, zone)}
    if "remind" in spec:
        given |= {"isReminderOn": True, "reminderDateTime": {"dateTime": f"{day}T{spec['remind']}", "timeZone": zone}}
    if "repeat" in spec:
        ends = {"type": "numbered", "numberOfOccurrences": spec["times"]} if "times" in spec else {"type": "noEnd"}
        limits = {**ends, "startDate": day.isoformat(), "recurrenceTimeZone": zone}
        given["recurrence"] = {"pattern": schedule.pattern(spec["repeat"], day), "range": limits}
    return given


def _objects(value: Any, where: str) -> list[Json]:
    if not isinstance(value, list):
        raise ValueError(f"{where} is not a list")
    return cast("list[Json]", value)
