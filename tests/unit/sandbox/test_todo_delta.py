from __future__ import annotations

import pytest

from todo_caller import repeating

LISTS = "/me/todo/lists"


def refused(answer) -> tuple[int, str]:
    return answer.status, answer.code


def test_tasks_are_followed(todo):
    first = todo.add("First")
    items, link = todo.round("tasks/delta")
    assert [{**item, "@odata.context": first["@odata.context"]} for item in items] == [first]
    second = todo.add("Second")
    todo("DELETE", f"tasks/{first['id']}")
    items, link = todo.round(link)
    assert [item["id"] for item in items] == [second["id"], first["id"]]
    assert items[1] == {"id": first["id"], "@removed": {"reason": "deleted"}, "hasAttachments": False, "isReminderOn": False}
    assert todo.round(link)[0] == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "checklistItems", {"displayName": "Bread"}),
        ("POST", "linkedResources", {"applicationName": "Contoso"}),
        ("POST", "attachments", {"name": "x", "contentBytes": ""}),
        ("POST", "extensions", {"extensionName": "com.contoso.x"}),
        ("PATCH", "", {"title": "x"}),
    ],
)
def test_whatever_changes_of_a_task_makes_it_come_again(todo, method, path, body):
    task = todo.add()
    _, link = todo.round("tasks/delta")
    assert todo(method, f"tasks/{task['id']}/{path}".rstrip("/"), body).status in (200, 201)
    items, _ = todo.round(link)
    assert [item["id"] for item in items] == [task["id"]]
    assert "extensions" not in items[0]


def test_completing_a_recurring_task_tells_both(todo):
    task = todo.add(**repeating())
    _, link = todo.round("tasks/delta")
    todo.change(task, status="completed")
    assert sorted(item["status"] for item in todo.round(link)[0]) == ["completed", "notStarted"]


def test_fifty_tasks_are_a_page_unless_asked_otherwise(todo):
    for number in range(52):
        todo.add(f"Task {number}")
    assert len(todo("GET", "tasks/delta").body["value"]) == 50
    items, _ = todo.round("tasks/delta", prefer="odata.maxpagesize=20")
    assert len({item["id"] for item in items}) == len(items) == 52


@pytest.mark.parametrize("expand", ["checklistItems", "extensions", "linkedResources,attachments"])
def test_an_expansion_changes_nothing(todo, expand):
    todo.add(checklistItems=[{"displayName": "Bread"}])
    assert todo("GET", f"tasks/delta?$expand={expand}").body["value"] == todo("GET", "tasks/delta").body["value"]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("$top=1", "Skip token is not provided."),
        ("$filter=status ne 'completed'", "Invalid request. Delta query is not supported by this resource."),
        ("$select=title", "Invalid request"),
        (
            "$expand=extensions($filter=id eq 'x')",
            "Parsing OData Select and Expand failed: Value cannot be null. (Parameter 'initialState')",
        ),
    ],
)
def test_options_are_refused_in_the_words_of_the_service(todo, option, message):
    answer = todo("GET", f"tasks/delta?{option}")
    assert (answer.status, answer.message) == (400, message)


def test_a_selection_is_sealed_where_it_is_allowed(todo):
    todo.tenant.state.quirks["todoQueryLimits"] = False
    todo.add()
    items, link = todo.round("tasks/delta?$select=title")
    assert set(items[0]) == {"@odata.etag", "id", "title"}
    todo.add("Second")
    assert set(todo.round(link)[0][0]) == {"@odata.etag", "id", "title"}


def test_lists_are_followed(todo):
    items, link = todo.round(f"{LISTS}/delta")
    assert {item["displayName"] for item in items} == {"Tasks", "Flagged Emails"}
    made = todo("POST", LISTS, {"displayName": "Travel items"}).body
    todo.add()
    items, link = todo.round(link)
    assert [item["displayName"] for item in items] == ["Travel items"]
    todo("PATCH", f"{LISTS}/{made['id']}", {"displayName": "Vacation plan"})
    items, link = todo.round(link)
    assert [item["displayName"] for item in items] == ["Vacation plan"]
    todo("DELETE", f"{LISTS}/{made['id']}")
    items, _ = todo.round(link)
    assert items == [{"id": made["id"], "@removed": {"reason": "deleted"}, "isOwner": True, "isShared": False, "wellknownListName": "none"}]


def test_the_tasks_of_a_deleted_list_bring_no_news(todo):
    made = todo("POST", LISTS, {"displayName": "Travel items"}).body
    there = f"{LISTS}/{made['id']}"
    todo("POST", f"{there}/tasks", {"title": "x"})
    _, link = todo.round(f"{there}/tasks/delta")
    todo("DELETE", there)
    answer = todo("GET", link)
    assert (answer.status, answer.body["value"]) == (200, [])
    assert "@odata.deltaLink" in answer.body
    assert todo("GET", f"{LISTS}/nowhere/tasks/delta").status == 404


def test_tokens_of_lists_and_tasks_do_not_mix(todo):
    _, link = todo.round(f"{LISTS}/delta")
    answer = todo("GET", "tasks/delta?" + link.partition("?")[2])
    assert refused(answer) == (410, "SyncStateNotFound")
    assert answer.body["error"]["innerError"]["code"] == "SyncStateInvalid"
    garbage = todo("GET", "tasks/delta?$deltatoken=garbage123")
    assert (refused(garbage), garbage.message) == ((400, "BadRequest"), "Badly formed token.")


def test_tokens_are_forgotten_on_demand(todo):
    todo.add()
    links = [todo.round(path)[1] for path in ("tasks/delta", f"{LISTS}/delta")]
    todo("POST", "https://localhost:8443/sandbox/delta", {"expire": "megan"})
    for link in links:
        assert refused(todo("GET", link)) == (410, "SyncStateNotFound")


def test_a_moved_task_goes_here_and_comes_there(todo):
    task = todo.add()
    made = todo("POST", LISTS, {"displayName": "Travel items"}).body
    _, here = todo.round("tasks/delta")
    _, there = todo.round(f"{LISTS}/{made['id']}/tasks/delta")
    todo("POST", "https://localhost:8443/sandbox/todo/move", {"user": "megan", "task": task["id"], "to": made["id"]})
    assert [item["id"] for item in todo.round(here)[0] if "@removed" in item] == [task["id"]]
    assert [item["title"] for item in todo.round(there)[0]] == ["Shop for dinner"]
