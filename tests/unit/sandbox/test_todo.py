from __future__ import annotations

import pytest

from graph_caller import MEGAN, PACIFIC, Graph, at
from todo_caller import DAILY, NOVEMBER_26, Todo, day, repeating
from webhooks import Webhook, subscribe

LISTS = "/me/todo/lists"
ALEX = "alex@contoso.example"


def refused(answer) -> tuple[int, str]:
    return answer.status, answer.code


def inner(answer) -> tuple[str, str | None]:
    return answer.body["error"]["innerError"]["code"], answer.body["error"]["innerError"].get("message")


def quirk(todo, **values):
    todo.tenant.state.quirks.update(values)


# --- lists


def test_everybody_has_two_lists(todo):
    answer = todo("GET", LISTS)
    assert [(each["displayName"], each["wellknownListName"]) for each in answer.body["value"]] == [
        ("Tasks", "defaultList"),
        ("Flagged Emails", "flaggedEmails"),
    ]
    assert answer.body["@odata.context"].endswith(f"#users('{MEGAN}')/todo/lists")
    assert todo("GET", LISTS).body == answer.body


def test_a_list_is_made_renamed_and_deleted(todo):
    made = todo("POST", LISTS, {"displayName": "Travel items"})
    assert made.status == 201
    there = f"{LISTS}/{made.body['id']}"
    own = {"displayName": "Travel items", "isOwner": True, "isShared": False, "wellknownListName": "none", "id": made.body["id"]}
    assert {name: value for name, value in todo("GET", there).body.items() if "@" not in name} == own
    renamed = todo("PATCH", there, {"displayName": "Vacation plan"})
    assert (renamed.status, renamed.body["displayName"]) == (200, "Vacation plan")
    assert renamed.body["@odata.etag"] != made.body["@odata.etag"]
    assert todo("DELETE", there).status == 204
    assert refused(todo("GET", there)) == (404, "ErrorItemNotFound")
    assert len(todo("GET", LISTS).body["value"]) == 2


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(("method", "doing"), [("PATCH", "renamed"), ("DELETE", "deleted")])
def test_the_lists_that_everybody_has_stay(todo, place, method, doing):
    known = todo("GET", LISTS).body["value"][place]
    answer = todo(method, f"{LISTS}/{known['id']}", {"displayName": "Mine"} if method == "PATCH" else None)
    assert refused(answer) == (400, "invalidRequest")
    assert inner(answer) == ("ErrorInvalidRequest", f"Your request can't be completed. A default task folder can't be {doing}.")


@pytest.mark.parametrize("body", [{}, {"displayName": ""}, {"displayName": None}, {"displayName": "  "}])
def test_a_list_needs_a_name(todo, body):
    assert refused(todo("POST", LISTS, body)) == (400, "invalidRequest")


def test_lists_are_counted_and_paged(todo):
    for number in range(3):
        todo("POST", LISTS, {"displayName": f"List {number}"})
    assert todo.everything(todo("GET", LISTS, prefer="odata.maxpagesize=2"))[-1]["displayName"] == "List 2"
    assert todo("GET", f"{LISTS}?$top=1").body["value"][0]["displayName"] == "Tasks"
    counted = todo("GET", f"{LISTS}/$count")
    assert (counted.body, counted.headers["content-type"]) == (5, "text/plain")


def test_a_list_shows_its_tasks_when_they_are_expanded(todo):
    todo.add()
    shown = todo("GET", f"{LISTS}?$expand=tasks($top=1)").body["value"]
    assert [[task["title"] for task in each["tasks"]] for each in shown] == [["Shop for dinner"], []]


def test_nobody_sees_the_lists_of_another(todo):
    alex = Graph(Todo.new("contoso").tenant, scopes=("Tasks.ReadWrite",), user="alex")
    assert alex("GET", f"/users/{MEGAN}/todo/lists").status == 403


# --- tasks


def test_a_task_has_what_it_was_given_and_little_else(todo):
    task = todo.add()
    assert set(task) - {"@odata.context"} == {
        *("@odata.etag", "id", "title", "status", "importance", "isReminderOn", "hasAttachments", "categories", "body"),
        *("createdDateTime", "lastModifiedDateTime"),
    }
    assert (task["status"], task["importance"], task["body"]) == ("notStarted", "normal", {"content": "", "contentType": "text"})
    assert todo("GET", f"tasks/{task['id']}").body == task


def test_a_task_keeps_every_property(todo):
    given = {
        "title": "A new task",
        "importance": "high",
        "status": "waitingOnOthers",
        "categories": ["Important", "Urgent"],
        "isReminderOn": True,
        "body": {"content": "Bread", "contentType": "text"},
        "startDateTime": at("2026-11-24T00:00:00"),
        "dueDateTime": NOVEMBER_26,
        "reminderDateTime": at("2026-11-26T09:15:00"),
    }
    task = todo.add(**given)
    assert task["bodyLastModifiedDateTime"] == "2026-11-25T18:00:00.0000000Z"
    for name in ("startDateTime", "dueDateTime", "reminderDateTime"):
        given[name] = {**given[name], "dateTime": given[name]["dateTime"] + ".0000000"}
    assert {name: task[name] for name in given} == given


def test_a_task_is_changed_in_part(todo):
    task = todo.add(importance="high", dueDateTime=NOVEMBER_26)
    changed = todo.change(task, title="Shop", categories=["Home"])
    assert (changed["title"], changed["importance"], changed["categories"]) == ("Shop", "high", ["Home"])
    assert changed["@odata.etag"] != task["@odata.etag"]
    assert "dueDateTime" not in todo.change(task, dueDateTime=None)


def test_a_task_is_deleted_once(todo):
    task = todo.add()
    assert todo("DELETE", f"tasks/{task['id']}").status == 204
    assert refused(todo("GET", f"tasks/{task['id']}")) == (404, "ErrorItemNotFound")
    assert refused(todo("DELETE", f"tasks/{task['id']}")) == (404, "ErrorItemNotFound")


def test_a_task_is_found_in_its_own_list_only(todo):
    other = todo("GET", LISTS).body["value"][1]["id"]
    assert todo("GET", f"{LISTS}/{other}/tasks/{todo.add()['id']}").status == 404
    assert todo("POST", f"{LISTS}/nowhere/tasks", {"title": "x"}).status == 404


@pytest.mark.parametrize(
    "body", [{"status": "banana"}, {"importance": 3}, {"shoeSize": 44}, {"title": {"x": 1}}, {"isReminderOn": "perhaps"}]
)
def test_what_no_task_has_is_refused(todo, body):
    assert refused(todo("POST", "tasks", {"title": "x", **body})) == (400, "RequestBodyRead")


def test_fifty_tasks_are_a_page_unless_asked_otherwise(todo):
    for number in range(52):
        todo.add(f"Task {number:02}")
    first = todo("GET", "tasks")
    assert len(first.body["value"]) == 50
    assert first.body["@odata.nextLink"].endswith("tasks?%24skip=50")
    assert len(todo("GET", "tasks", prefer="odata.maxpagesize=60").body["value"]) == 52
    assert [task["title"] for task in todo("GET", "tasks?$orderby=title desc&$top=2").body["value"]] == ["Task 51", "Task 50"]
    assert todo("GET", "tasks/$count").body == 52


@pytest.mark.parametrize("path", ["tasks", "tasks/delta", LISTS, f"{LISTS}/delta"])
def test_select_is_refused_as_the_service_does(todo, path):
    for names in ("title", "displayName", "id,title"):
        answer = todo("GET", f"{path}?$select={names}")
        assert (refused(answer), answer.message) == ((400, "invalidRequest"), "Invalid request")
        assert inner(answer)[0] == "RequestBroker--ParseUri"


@pytest.mark.parametrize("names", ["id", "lastModifiedDateTime", "*"])
def test_some_selections_change_nothing(todo, names):
    todo.add()
    assert "title" in todo("GET", f"tasks?$select={names}&$count=true").body["value"][0]
    assert "@odata.count" not in todo("GET", f"tasks?$select={names}&$count=true").body


def test_select_and_count_work_as_documented_when_the_quirk_is_off(todo):
    quirk(todo, todoQueryLimits=False)
    task = todo.add()
    answer = todo("GET", "tasks?$select=title&$count=true")
    assert answer.body["@odata.count"] == 1
    assert answer.body["value"] == [{"@odata.etag": task["@odata.etag"], "id": task["id"], "title": task["title"]}]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("tasks?$filter=extensions/any(e:e/id eq 'com.contoso.x')", "Invalid request"),
        (f"{LISTS}?$filter=wellknownListName eq 'defaultList'", "is not a valid enumeration type constant"),
    ],
)
def test_some_filters_are_refused_as_the_service_does(todo, path, said):
    answer = todo("GET", path)
    assert refused(answer) == (400, "invalidRequest")
    assert said in answer.message
    quirk(todo, todoQueryLimits=False)
    assert todo("GET", path).status == 200


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("status ne 'completed'", ["Bread", "Milk"]),
        ("categories/any(c:c eq 'Home')", ["Bread"]),
        ("dueDateTime/dateTime lt '2026-11-27T00:00:00'", ["Bread"]),
        ("lastModifiedDateTime ge 2026-11-26T00:00:00Z", []),
        ("importance eq 'high' and startswith(title,'M')", ["Milk"]),
    ],
)
def test_tasks_are_filtered(todo, asked, found):
    todo.add("Bread", categories=["Home"], dueDateTime=NOVEMBER_26)
    todo.add("Milk", importance="high")
    todo.add("Apples", status="completed")
    assert [task["title"] for task in todo("GET", f"tasks?$filter={asked}").body["value"]] == found


# --- days and times


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (at("2026-07-26T17:30:00", "Europe/London"), "2026-07-25T23:00:00"),
        (at("2026-07-26T17:30:00"), "2026-07-26T00:00:00"),
        (at("2026-07-26T22:00:00", "America/New_York"), "2026-07-26T04:00:00"),
        (at("2026-07-26T00:00:00", "GMT Standard Time"), "2026-07-25T23:00:00"),
        (at("2026-07-26"), "2026-07-26T00:00:00"),
        ({"dateTime": "2026-07-26T09:00:00"}, "2026-07-26T00:00:00"),
    ],
)
def test_a_due_time_is_thrown_away_and_its_midnight_told_in_utc(todo, sent, kept):
    assert todo.add(dueDateTime=sent)["dueDateTime"] == {"dateTime": f"{kept}.0000000", "timeZone": "UTC"}


def test_a_start_sets_the_due_date_that_is_not_there(todo):
    assert todo.add(startDateTime=NOVEMBER_26)["dueDateTime"] == todo.add(dueDateTime=NOVEMBER_26)["dueDateTime"]
    both = todo.add(startDateTime=NOVEMBER_26, dueDateTime=at("2026-11-28"))
    assert (day(both["startDateTime"]), day(both["dueDateTime"])) == ("2026-11-26", "2026-11-28")


def test_a_reminder_keeps_its_time(todo):
    task = todo.add(isReminderOn=True, reminderDateTime=at("2026-07-26T17:30:00", "Europe/London"))
    assert task["reminderDateTime"] == {"dateTime": "2026-07-26T16:30:00.0000000", "timeZone": "UTC"}


def test_times_come_in_the_preferred_zone(todo):
    todo.add(dueDateTime=at("2026-11-26T10:00:00", PACIFIC))
    answer = todo("GET", "tasks", prefer=f'outlook.timezone="{PACIFIC}"')
    assert answer.body["value"][0]["dueDateTime"] == {"dateTime": "2026-11-26T00:00:00.0000000", "timeZone": PACIFIC}
    assert "preference-applied" not in answer.headers


@pytest.mark.parametrize("due", [at("soon"), at("2026-13-01"), at("2026-11-26T10:00:00", "Mars/Olympus"), {}])
def test_a_day_that_is_none_is_refused(todo, due):
    assert todo("POST", "tasks", {"title": "x", "dueDateTime": due}).status in (400, 201 if due == {} else 400)


# --- preconditions


def test_a_task_that_changed_since_is_not_changed(todo):
    task = todo.add()
    there = f"tasks/{task['id']}"
    assert todo("PATCH", there, {"title": "a"}, headers={"If-Match": task["@odata.etag"]}).status == 200
    stale = todo("PATCH", there, {"title": "b"}, headers={"If-Match": task["@odata.etag"]})
    assert refused(stale) == (412, "ErrorIrresolvableConflict")
    now = todo("GET", there)
    assert now.body["title"] == "a"
    assert now.headers["etag"] == now.body["@odata.etag"]
    assert todo("PATCH", there, {"title": "b"}, headers={"If-Match": now.body["@odata.etag"].removeprefix("W/")}).status == 200


@pytest.mark.parametrize("etag", ["*", 'W/"garbage"'])
def test_a_precondition_that_is_no_etag_brings_the_service_down(todo, etag):
    answer = todo("PATCH", f"tasks/{todo.add()['id']}", {"title": "a"}, headers={"If-Match": etag})
    assert (refused(answer), inner(answer)[0]) == ((500, "generalException"), "ErrorInternalServerError")


def test_deleting_and_renaming_a_list_ask_no_precondition(todo):
    task = todo.add()
    made = todo("POST", LISTS, {"displayName": "Travel items"}).body
    stale = {"If-Match": task["@odata.etag"]}
    todo.change(task, title="x")
    assert todo("DELETE", f"tasks/{task['id']}", headers=stale).status == 204
    assert todo("PATCH", f"{LISTS}/{made['id']}", {"displayName": "x"}, headers=stale).status == 200


# --- completing, and coming again


def test_a_completed_task_has_a_day_of_completion_until_it_is_opened_again(todo):
    task = todo.add()
    done = todo.change(task, status="completed")
    assert done["completedDateTime"] == {"dateTime": "2026-11-25T00:00:00.0000000", "timeZone": "UTC"}
    assert "completedDateTime" not in todo.change(task, status="inProgress")
    assert day(todo.add(status="completed")["completedDateTime"]) == "2026-11-25"
    assert day(todo.add(status="completed", completedDateTime=at("2026-11-20"))["completedDateTime"]) == "2026-11-20"


def test_completing_a_recurring_task_leaves_a_completed_copy_and_goes_on(todo):
    task = todo.add(**repeating(), reminderDateTime=at("2026-11-25T09:00:00"), isReminderOn=True)
    answer = todo.change(task, status="completed")
    assert (answer["id"], answer["status"], day(answer["dueDateTime"])) == (task["id"], "notStarted", "2026-11-26")
    assert answer["reminderDateTime"]["dateTime"] == "2026-11-26T09:00:00.0000000"
    assert "completedDateTime" not in answer
    here, copy = todo.all()
    assert here["id"] == task["id"]
    assert (copy["status"], day(copy["dueDateTime"]), day(copy["completedDateTime"])) == ("completed", "2026-11-25", "2026-11-25")
    assert copy["recurrence"]["pattern"]["type"] == "daily"


def test_an_overdue_task_comes_again_in_the_future(todo):
    task = todo.add(**repeating("2026-11-01", {"type": "weekly", "interval": 1, "daysOfWeek": ["sunday"]}))
    assert day(todo.change(task, status="completed")["dueDateTime"]) == "2026-11-29"


def test_a_task_that_is_due_later_comes_again_after_that(todo):
    task = todo.add(**repeating("2026-12-01"))
    assert day(todo.change(task, status="completed")["dueDateTime"]) == "2026-12-02"


def test_the_last_of_a_series_is_completed_itself(todo):
    task = todo.add(**repeating(type="numbered", numberOfOccurrences=2))
    todo.change(task, status="completed")
    assert todo.change(task, status="completed")["status"] == "completed"
    assert [task["status"] for task in todo.all()] == ["completed", "completed"]


def test_a_task_is_completed_once(todo):
    task = todo.add(**repeating(type="numbered", numberOfOccurrences=1))
    todo.change(task, status="completed")
    todo.change(task, status="completed")
    assert len(todo.all()) == 1


def test_another_due_date_leaves_one_open_task(todo):
    task = todo.add(**repeating())
    changed = todo.change(task, dueDateTime=at("2026-11-20"))
    assert (day(changed["dueDateTime"]), changed["recurrence"]["range"]["startDate"]) == ("2026-11-20", "2026-11-20")
    assert len(todo.all()) == 1
    assert day(todo.change(task, status="completed")["dueDateTime"]) == "2026-11-26"


@pytest.mark.parametrize("change", [{"recurrence": None}, {"dueDateTime": None}])
def test_a_series_ends_with_its_recurrence_or_its_due_date(todo, change):
    task = todo.add(**repeating())
    assert "recurrence" not in todo.change(task, **change)
    assert todo.change(task, status="completed")["status"] == "completed"


def test_a_recurrence_without_a_due_date_makes_one(todo):
    task = todo.add(recurrence={"pattern": DAILY, "range": {"type": "noEnd", "startDate": "2026-12-24"}})
    assert task["dueDateTime"] == {"dateTime": "2026-12-24T00:00:00.0000000", "timeZone": "UTC"}
    assert task["recurrence"]["range"]["recurrenceTimeZone"] == "UTC"


def test_a_recurrence_comes_back_with_every_member_and_read_in_utc(todo):
    task = todo.add(**repeating(zone="Europe/London"))
    assert task["recurrence"]["range"]["recurrenceTimeZone"] == "Europe/London"
    read = todo("GET", f"tasks/{task['id']}").body["recurrence"]
    assert read["range"] == {
        "type": "noEnd",
        "startDate": "2026-11-25",
        "endDate": "0001-01-01",
        "recurrenceTimeZone": "UTC",
        "numberOfOccurrences": 0,
    }
    assert set(read["pattern"]) == {"type", "interval", "month", "dayOfMonth", "daysOfWeek", "firstDayOfWeek", "index"}


def test_a_series_whose_zone_is_not_that_of_its_due_date_moves_on(todo):
    given = repeating(zone="Europe/Berlin")
    del given["recurrence"]["range"]["recurrenceTimeZone"]
    shifted = todo.add(**given)
    assert (shifted["dueDateTime"]["dateTime"][:13], shifted["recurrence"]["range"]["startDate"]) == ("2026-11-25T23", "2026-11-26")
    quirk(todo, taskRecurrenceShift=False)
    assert todo.add(**given)["dueDateTime"]["dateTime"][:13] == "2026-11-24T23"


def test_no_recurrence_is_told_when_the_quirk_is_on(todo):
    quirk(todo, taskRecurrenceOmitted=True)
    task = todo.add(**repeating())
    assert "recurrence" not in task
    assert day(todo.change(task, status="completed")["dueDateTime"]) == "2026-11-26"


@pytest.mark.parametrize(
    "recurrence",
    [
        {"pattern": {"type": "weekly", "interval": 1}, "range": {"type": "noEnd", "startDate": "2026-11-25"}},
        {"pattern": DAILY, "range": {"type": "noEnd", "startDate": "someday"}},
        {"pattern": DAILY, "range": {"type": "endDate", "startDate": "2026-11-25", "endDate": "2026-11-01"}},
        {"pattern": DAILY, "range": {"startDate": "2026-11-25"}},
        {
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
            "range": {"type": "endDate", "startDate": "2026-11-25", "endDate": "2026-11-26"},
        },
    ],
)
def test_a_recurrence_that_makes_no_sense_is_refused_as_for_events(todo, recurrence):
    answer = todo("POST", "tasks", {"title": "x", "recurrence": recurrence})
    assert answer.status == 400
    assert answer.code in ("ErrorPropertyValidationFailure", "ErrorRecurrenceHasNoOccurrence")


# --- permissions


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("Tasks.Read", "GET", LISTS, 200),
        ("Tasks.Read", "POST", LISTS, 403),
        ("Tasks.Read", "GET", f"{LISTS}/delta", 403),
        ("Tasks.ReadWrite", "GET", f"{LISTS}/delta", 200),
        ("Calendars.ReadWrite", "GET", LISTS, 403),
    ],
)
def test_people_need_the_permission(todo, scope, method, path, status):
    assert Graph(todo.tenant, scopes=(scope,))(method, path, {"displayName": "x"} if method == "POST" else None).status == status


@pytest.mark.parametrize(
    ("role", "method", "status"),
    [("Tasks.Read.All", "GET", 200), ("Tasks.Read.All", "POST", 403), ("Tasks.ReadWrite.All", "POST", 201), ("Mail.Send", "GET", 403)],
)
def test_apps_need_the_permission(todo, role, method, status):
    token = todo.tenant.mint_app(todo.tenant.client_id, [role])
    answer = todo(
        method, f"/users/{MEGAN}/todo/lists", {"displayName": "x"} if method == "POST" else None, {"Authorization": f"Bearer {token}"}
    )
    assert answer.status == status


# --- news, and what happens in the app


def test_changes_of_tasks_are_told_to_those_who_watch(todo):
    todo.tenant.outside = webhook = Webhook()
    subscribe(todo, resource=f"me/todo/lists/{todo.tasks}/tasks")
    task = todo.add(**repeating())
    todo.change(task, status="completed")
    todo("DELETE", f"tasks/{task['id']}")
    todo.tenant.deliver()
    assert sorted(webhook.changes) == ["created", "created", "deleted", "updated"]
    gone = next(item for item in webhook.items() if item["changeType"] == "deleted")
    assert gone["resourceData"]["id"] == task["id"]


def test_a_task_that_is_moved_in_the_app_has_another_id(todo):
    task = todo.add(importance="high")
    todo("POST", LISTS, {"displayName": "Travel items"})
    body = {"user": "megan", "task": task["id"], "to": "Travel items"}
    moved = todo("POST", "https://localhost:8443/sandbox/todo/move", body).body
    assert moved["task"] != task["id"]
    assert todo("GET", f"tasks/{task['id']}").status == 404
    there = todo("GET", f"{LISTS}/{moved['list']}/tasks/{moved['task']}").body
    assert (there["title"], there["importance"]) == ("Shop for dinner", "high")


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 400), ({"user": "nobody", "task": "x", "to": "Tasks"}, 404), ({"user": "megan", "task": "x", "to": "Tasks"}, 400)],
)
def test_a_move_of_nothing_is_refused(todo, body, status):
    assert todo("POST", "https://localhost:8443/sandbox/todo/move", body).status == status


def test_the_people_of_contoso_have_something_to_do():
    todo = Todo.new("contoso")
    names = [each["displayName"] for each in todo("GET", LISTS).body["value"]]
    assert names[:2] == ["Tasks", "Flagged Emails"]
    assert len(names) == 4
    assert {task["status"] for task in todo.all()} >= {"completed", "inProgress", "notStarted"}
    alex = Todo(todo.tenant, user="alex", scopes=("Tasks.Read",))
    assert [len(task.get("checklistItems", [])) for task in alex.all()] == [3, 0]


def test_lists_and_tasks_outlive_a_restart(todo):
    task = todo.add()
    todo("POST", f"tasks/{task['id']}/checklistItems", {"displayName": "Bread"})
    again = Todo.new()
    again.tenant.restore(todo.tenant.state.to_json())
    assert again.all() == todo.all()
