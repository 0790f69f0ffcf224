"""A user of To Do for tests: a caller of Graph with their default list at hand."""

from __future__ import annotations

from typing import Any

from graph_caller import Answer, Graph, at, new_tenant

NOVEMBER_26 = at("2026-11-26T00:00:00")
DAILY = {"type": "daily", "interval": 1}


class Todo(Graph):
    """`todo("POST", "tasks", {...})`: paths are below the user's list Tasks unless they begin with a slash."""

    @classmethod
    def new(cls, seed: str = "empty", **options: Any) -> Todo:
        return cls(new_tenant(seed), scopes=("Tasks.ReadWrite", "User.Read"), **options)

    @property
    def tasks(self) -> str:
        """The id of the list that everybody has."""
        return super().__call__("GET", "/me/todo/lists").body["value"][0]["id"]

    def at_tasks(self, path: str) -> str:
        return f"/me/todo/lists/{self.tasks}/{path}"

    def __call__(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, prefer: str = "") -> Answer:
        return super().__call__(method, path if path.startswith(("/", "https:")) else self.at_tasks(path), body, headers, prefer)

    def add(self, title: str = "Shop for dinner", **more: Any) -> dict[str, Any]:
        """Create a task; fails the test when that is refused."""
        answer = self("POST", "tasks", {"title": title, **more})
        assert answer.status == 201, answer.body
        return answer.body

    def change(self, task: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Change a task; fails the test when that is refused."""
        answer = self("PATCH", f"tasks/{task['id']}", more)
        assert answer.status == 200, answer.body
        return answer.body

    def all(self) -> list[dict[str, Any]]:
        return self.everything(self("GET", "tasks"))


def repeating(start: str = "2026-11-25", pattern: dict[str, Any] = DAILY, zone: str = "UTC", **limits: Any) -> dict[str, Any]:
    """A due date and a recurrence from it on."""
    limit = {"type": "noEnd", "startDate": start, "recurrenceTimeZone": zone, **limits}
    return {"dueDateTime": at(f"{start}T00:00:00", zone), "recurrence": {"pattern": pattern, "range": limit}}


def day(moment: dict[str, str]) -> str:
    return moment["dateTime"][:10]
