"""The task lists of one mailbox over their JSON state, and the news of their changes.

The state lies in the mailbox, under `todo`: `lists` by id, each with its `tasks` by id, `extensions`, and a `log` of the changes of its
tasks; `log` is that of the lists themselves; `gone` holds the ids of deleted lists, `sessions` the uploads under way. Stored lists and
tasks are never changed in place: a changed one is put as a new object. Every mailbox has the lists Tasks and Flagged Emails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..calendar import events, identity
from ..calendar.access import owner_id
from ..changes import Change, ChangeLog
from ..outlook.mailboxes import own_mailbox
from ..routes import Call, Fault, not_found

Json = dict[str, Any]

BUILT_IN = {"defaultList": "Tasks", "flaggedEmails": "Flagged Emails"}


class TaskBox:
    """The task lists of a mailbox.

    `owner` is its owner's path (`users/{id}`); `now` the instant that changes bear (seconds since 1970); without `tell` nothing is
    noted, as while a seed is planted.
    """

    def __init__(self, mailbox: Json, owner: str, now: float, tell: Callable[[Change], None] | None = None) -> None:
        self.zone: str = mailbox["timeZone"]
        self.now, self._owner, self._tell = now, owner, tell
        self.state: Json = mailbox.setdefault("todo", {"lists": {}, "gone": [], "sessions": {}})
        self.log = ChangeLog(self.state.setdefault("log", {}))
        if not self.lists:
            for known, name in BUILT_IN.items():
                fresh = self.new_list(identity.derived(known, *mailbox["calendars"]), name)
                self.lists[fresh["id"]] = {**fresh, "wellknownListName": known}

    @property
    def lists(self) -> dict[str, Json]:
        """The lists by id, those that every mailbox has first."""
        return self.state["lists"]

    def new_list(self, list_id: str, name: str) -> Json:
        """A list without tasks, not yet among the others."""
        fresh: Json = {"id": list_id, "displayName": name, "wellknownListName": "none", "tasks": {}, "extensions": {}, "log": {}}
        return {**fresh, "version": 0, "changeKey": identity.change_key(list_id, 0)}

    def list(self, list_id: str) -> Json:
        """A list; Fault 404 for one that is not there."""
        if list_id not in self.lists:
            raise not_found()
        return self.lists[list_id]

    def put_list(self, changed: Json) -> Json:
        """Keep a new or changed list, its change key renewed."""
        version = changed["version"] + 1
        kept = {**changed, "version": version, "changeKey": identity.change_key(changed["id"], version)}
        self.lists[kept["id"]] = kept
        self._note(self.log, kept["id"])
        return kept

    def remove_list(self, list_id: str) -> None:
        """Forget a list with its tasks."""
        for task_id in list(self.list(list_id)["tasks"]):
            self.remove_task(list_id, task_id)
        del self.lists[list_id]
        self.state["gone"].append(list_id)
        self._note(self.log, list_id)

    def tasks(self, list_id: str) -> dict[str, Json]:
        """The tasks of a list by id; Fault 404 for one that is not there."""
        return self.list(list_id)["tasks"]

    def task(self, list_id: str, task_id: str) -> Json:
        """A task; Fault 404 for one that is not there."""
        tasks = self.tasks(list_id)
        if task_id not in tasks:
            raise not_found()
        return tasks[task_id]

    def put_task(self, list_id: str, changed: Json) -> Json:
        """Keep a new or changed task: its change key is renewed, and it was modified now."""
        stored, version = self.list(list_id), changed.get("version", 0) + 1
        key = identity.change_key(changed["id"], version)
        kept = {**changed, "version": version, "changeKey": key, "lastModifiedDateTime": events.timestamp(self.now)}
        kind = "updated" if kept["id"] in stored["tasks"] else "created"
        stored["tasks"][kept["id"]] = kept
        self._note_task(kind, stored, kept)
        return kept

    def remove_task(self, list_id: str, task_id: str) -> None:
        """Forget a task; Fault 404 for one that is not there."""
        task, stored = self.task(list_id, task_id), self.list(list_id)
        del stored["tasks"][task_id]
        self._note_task("deleted", stored, task)

    def _note_task(self, kind: str, stored: Json, task: Json) -> None:
        self._note(ChangeLog(stored["log"]), task["id"])
        if self._tell:
            self._tell(Change(kind, self._owner, f"todo/lists/{stored['id']}/tasks/{task['id']}", "todoTask", task["changeKey"]))

    def _note(self, log: ChangeLog, item_id: str) -> None:
        if self._tell:
            log.note(item_id)


def open_box(call: Call) -> TaskBox:
    """The task lists of the user in the path; Fault 403 for a user who asks for another's."""
    return TaskBox(own_mailbox(call).state, f"users/{owner_id(call)}", call.tenant.clock.now(), call.tenant.happened.append)


def invalid(message: str, inner: str = "", told: str = "") -> Fault:
    """How To Do refuses what makes no sense: 400 `invalidRequest`, mostly with the reason in the inner error alone (observed by others)."""
    reasons = {name: value for name, value in (("code", inner), ("message", told)) if value}
    return Fault(400, "invalidRequest", message, inner=reasons)


def check_match(call: Call, task: Json) -> None:
    """Hold If-Match against a task's etag.

    A stale one is refused with 412; `*` and what was never an etag bring the service down with 500 (observed by others:
    planetaryescape/ms-todo, spike S6).
    """
    given = call.request.headers.get("if-match", "").strip()
    if not given:
        return
    key = given.removeprefix("W/").strip('"')
    if len(key) != len(task["changeKey"]):
        raise Fault(500, "generalException", "Internal Server Error", inner={"code": "ErrorInternalServerError"})
    if key != task["changeKey"]:
        message = "A precondition provided in the request (such as an if-match header) does not match the resource's current state."
        raise Fault(412, "ErrorIrresolvableConflict", message, inner={"code": "ErrorIrresolvableConflict"})
