"""What a write means for a task: made from a client's words, changed, and completed.

A stored task is JSON with Graph's own member names; what it does not have is left out. Days (`dueDateTime`, `startDateTime`,
`completedDateTime`) are kept as midnight of the zone they were sent in, since the service throws the time of day away; a reminder keeps
its time. `steps`, `links`, `files` and `extensions` are its parts.

Rules: Graph's page resources/todotask; days, recurrence and completion as observed by others (planetaryescape/ms-todo, spikes S11 and S12;
MS365-ToDo issue 62).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from .. import zones
from ..calendar import events, recurrence
from ..calendar.recurrence import Rule
from ..graph import payload
from ..routes import Fault
from . import parts

Json = dict[str, Any]

DAYS = ("dueDateTime", "startDateTime", "completedDateTime")
MIDNIGHT = "T00:00:00"


@dataclass(frozen=True)
class Writer:
    """When a task is written, in which zone its owner lives, where ids come from, and whether dates shift as the service's do.

    `now` is in seconds since 1970; `shifts` is the quirk `taskRecurrenceShift`.
    """

    now: float
    zone: str
    new_id: Callable[[str], str]
    shifts: bool = True

    @property
    def today(self) -> date:
        """The owner's date."""
        return zones.wall(self.now, self.zone).date()


def created(given: Json, writer: Writer) -> Json:
    """A new task from what a client sent (in the form `payload.read` gives); Fault 400 for what the service refuses."""
    steps: list[Json | None] = given.get("checklistItems") or []
    links: list[Json | None] = given.get("linkedResources") or []
    task: Json = {
        "id": writer.new_id("task"),
        "title": "",
        "status": "notStarted",
        "importance": "normal",
        "isReminderOn": False,
        "categories": [],
        "body": {"content": "", "contentType": "text"},
        "createdDateTime": events.timestamp(writer.now),
        "steps": [parts.new_step(step or {}, writer.new_id("guid"), writer.now) for step in steps],
        "links": parts.first_links(links, writer.new_id),
        "files": {},
        "extensions": {},
    }
    task = _settled(task, given, writer)
    return _stamped(task, writer) if task["status"] == "completed" else task


def changed(task: Json, given: Json, writer: Writer) -> tuple[Json, Json | None]:
    """A task with a client's changes, and the completed copy that is left where a recurring one was completed.

    Completing a recurring task keeps its id open, due at the next occurrence that is still to come; what was done is a new task.
    """
    after = _settled(task, given, writer)
    if task["status"] == "completed" or after["status"] != "completed":
        return _without(after, "completedDateTime") if after["status"] != "completed" else after, None
    upcoming = next_day(after, writer.today)
    if upcoming is None:
        return _stamped(after, writer), None
    done = _stamped({**after, "id": writer.new_id("task"), "createdDateTime": events.timestamp(writer.now)}, writer)
    done |= {name: midnight(day_of(done[name])) for name in ("dueDateTime", "startDateTime") if name in done}
    return _rolled(after, upcoming), {**done, "version": 0}


def next_day(task: Json, today: date) -> date | None:
    """The day on which a recurring task is due after the present one and after today; None where it does not recur any more."""
    if not task.get("recurrence"):
        return None
    return Rule(task["recurrence"]).neighbours(max(day_of(task["dueDateTime"]), today))[1]


def day_of(moment: Json) -> date:
    """The day of a stored due, start or completed date."""
    return datetime.fromisoformat(moment["dateTime"]).date()


def midnight(day: date, zone: str = "UTC") -> Json:
    """A day as it is stored."""
    return {"dateTime": day.isoformat() + MIDNIGHT, "timeZone": zone}


def _settled(task: Json, given: Json, writer: Writer) -> Json:
    """A task with a client's words; a null takes a member away, or back to what it was at first."""
    after = {**task, **{name: given[name] for name in ("status", "importance", "isReminderOn", "title") if given.get(name) is not None}}
    if "categories" in given:
        names: list[str | None] = given["categories"] or []
        after["categories"] = [name for name in names if name]
    if "body" in given:
        after["body"] = {"content": "", "contentType": "text", **payload.without_nulls(given["body"])}
        after["bodyLastModifiedDateTime"] = events.timestamp(writer.now)
    for name in (*DAYS, "reminderDateTime"):
        if name in given:
            after = {**after, name: _moment(given[name], name)} if given[name] else _without(after, name)
    if given.get("startDateTime") and "dueDateTime" not in after:
        after["dueDateTime"] = after["startDateTime"]
    return _recurring(after, given, writer)


def _moment(given: Json, name: str) -> Json:
    stored = events.stored_time(given, name)
    return {**stored, "dateTime": stored["dateTime"][:10] + MIDNIGHT} if name in DAYS else stored


def _recurring(task: Json, given: Json, writer: Writer) -> Json:
    """A task whose recurrence is in order: it needs a day to be due, and ends with it."""
    if given.get("recurrence"):
        return _repeated(task, given["recurrence"], writer)
    if "recurrence" in given or ("dueDateTime" in given and not given["dueDateTime"]):
        return _without(task, "recurrence")
    if task.get("recurrence") and given.get("dueDateTime"):
        limits = task["recurrence"]["range"]
        first = min(date.fromisoformat(limits["startDate"]), day_of(task["dueDateTime"]))
        return {**task, "recurrence": {**task["recurrence"], "range": {**limits, "startDate": first.isoformat()}}}
    return task


def _repeated(task: Json, given: Json, writer: Writer) -> Json:
    """A task with a new recurrence.

    Without a due date it is due when its range starts. Where the due midnight is none in the recurrence's zone (UTC if it names none), the
    service moves it on to the next occurrence (observed for daily ones).
    """
    limits: Json = {**(given.get("range") or {})}
    due = task.get("dueDateTime")
    zone = due["timeZone"] if due else "UTC"
    limits.setdefault("startDate", day_of(due).isoformat() if due else None)
    start = _date(limits["startDate"])
    kept = recurrence.normal({"pattern": given.get("pattern") or {}, "range": limits}, start, zone)
    if Rule(kept).first is None:
        raise Fault(400, "ErrorRecurrenceHasNoOccurrence", "The recurrence has no occurrence in its range.")
    if due is None:
        kept["range"]["recurrenceTimeZone"] = "UTC"
        return {**task, "recurrence": kept, "dueDateTime": midnight(start)}
    asked = limits.get("recurrenceTimeZone") or "UTC"
    there = zones.wall(zones.instant(datetime.fromisoformat(due["dateTime"]), due["timeZone"]), asked)
    following = Rule(kept).neighbours(day_of(due))[1]
    if writer.shifts and following and there.isoformat()[10:] != MIDNIGHT:
        kept["range"]["startDate"] = following.isoformat()
        due = midnight(following, due["timeZone"])
    return {**task, "recurrence": kept, "dueDateTime": due}


def _rolled(task: Json, day: date) -> Json:
    """A recurring task at its next occurrence: due at midnight UTC, start and reminder as far ahead as the due date."""
    ahead = day - day_of(task["dueDateTime"])
    rolled = {**_without(task, "completedDateTime"), "status": "notStarted", "dueDateTime": midnight(day)}
    if "startDateTime" in task:
        rolled["startDateTime"] = midnight(day_of(task["startDateTime"]) + ahead)
    if "reminderDateTime" in task:
        rolled["reminderDateTime"] = _later(task["reminderDateTime"], ahead)
    return rolled


def _later(moment: Json, by: timedelta) -> Json:
    return {**moment, "dateTime": (datetime.fromisoformat(moment["dateTime"]) + by).isoformat()}


def _stamped(task: Json, writer: Writer) -> Json:
    """A completed task: without a date of its own it was completed today."""
    return {"completedDateTime": midnight(writer.today), **task}


def _without(task: Json, name: str) -> Json:
    return {other: value for other, value in task.items() if other != name}


def _date(text: str | None) -> date:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return date.min  # `recurrence.normal` says what is wrong with it
