"""Change notifications: what is told of what changes, to whom, and in which words."""

from __future__ import annotations

import json

import pytest

from daypass_sandbox.calendar import identity
from daypass_sandbox.changes import Change
from daypass_sandbox.directory import log
from daypass_sandbox.tenant import TENANT_ID
from graph_caller import MEGAN, Graph, new_tenant, series, timed
from webhooks import DAY, HOOK, HOUR, LUNCH, ask, control, edit, later, subscribe

ALEX = "c04705e2-7e11-4000-8000-000000000002"


@pytest.fixture
def tenant(webhook):
    tenant = new_tenant()
    tenant.outside = webhook
    return tenant


# --- what is told


def test_an_event_is_told_as_it_comes_changes_and_goes(tenant, graph, webhook):
    made = subscribe(graph)
    event = graph.create(**LUNCH)
    changed = edit(graph, event)
    graph("DELETE", f"/me/events/{event['id']}")
    assert webhook.taken == [], "nothing goes out by itself"
    assert tenant.deliver() == 1
    assert webhook.changes == ["created", "updated", "deleted"]
    first, second, _ = webhook.items()
    assert first == {
        "changeType": "created",
        "clientState": "a secret",
        "resource": f"Users/{MEGAN}/Events/{event['id']}",
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Event",
            "@odata.id": f"Users/{MEGAN}/Events/{event['id']}",
            "@odata.etag": event["@odata.etag"],
            "id": event["id"],
        },
        "subscriptionExpirationDateTime": made["expirationDateTime"],
        "subscriptionId": made["id"],
        "tenantId": TENANT_ID,
    }
    assert second["resourceData"]["@odata.etag"] == changed["@odata.etag"]


def test_what_a_notification_names_can_be_read(tenant, graph, webhook):
    subscribe(graph)
    graph.create(**LUNCH)
    tenant.deliver()
    assert graph("GET", "/" + webhook.items()[0]["resource"]).body["subject"] == "Lunch"


def test_the_request_is_json_and_keeps_the_query_of_the_address(tenant, graph, webhook):
    subscribe(graph, notificationUrl=f"{HOOK}?code=a%2Bb")
    graph.create(**LUNCH)
    tenant.deliver()
    sent = webhook.requests[-1]
    assert (sent.method, sent.url, sent.within_seconds) == ("POST", f"{HOOK}?code=a%2Bb", 3)
    assert sent.headers["content-type"].startswith("application/json")


def test_only_the_kinds_of_change_that_were_asked_for_are_told(tenant, graph, webhook):
    subscribe(graph, changeType="deleted")
    event = graph.create(**LUNCH)
    edit(graph, event)
    graph("DELETE", f"/me/events/{event['id']}")
    tenant.deliver()
    assert webhook.changes == ["deleted"]


def test_only_the_mailbox_that_is_watched_is_told(tenant, graph, webhook):
    subscribe(graph)
    Graph(tenant, "alex").create(**LUNCH)
    assert tenant.deliver() == 0
    assert webhook.taken == []


def test_events_of_every_calendar_of_the_mailbox_are_told(tenant, graph, webhook):
    subscribe(graph)
    calendar = graph("POST", "/me/calendars", {"name": "Sailing"}).body["id"]
    assert graph("POST", f"/me/calendars/{calendar}/events", LUNCH).status == 201
    tenant.deliver()
    assert webhook.changes == ["created"]


def test_a_change_of_one_occurrence_is_told_of_its_series(tenant, graph, webhook):
    master = graph.create(**series("Stand-up", "2026-12-01T09:00:00", "2026-12-01T09:15:00", {"type": "daily"}))
    occurrence = graph.view("2026-12-02T00:00:00Z", "2026-12-03T00:00:00Z").body["value"][0]
    subscribe(graph)
    edit(graph, occurrence)
    graph("DELETE", f"/me/events/{occurrence['id']}")
    tenant.deliver()
    assert [(item["changeType"], item["resourceData"]["id"]) for item in webhook.items()] == [("updated", master["id"])] * 2


def test_what_happened_before_the_subscription_is_not_told(tenant, graph, webhook):
    graph.create(**LUNCH)
    subscribe(graph)
    assert tenant.deliver() == 0
    assert webhook.taken == []


def test_a_refused_change_is_no_news(tenant, graph, webhook):
    subscribe(graph)
    assert graph("POST", "/me/events", {"subject": "without a time"}).status == 400
    assert tenant.deliver() == 0


def test_a_subscription_without_a_secret_tells_none(tenant, graph, webhook):
    subscribe(graph, clientState=None)
    graph.create(**LUNCH)
    tenant.deliver()
    assert webhook.items()[0]["clientState"] is None


def test_ids_are_immutable_where_the_subscription_asked_for_them(tenant, graph, webhook):
    wish = {"changeType": "created,updated", "notificationUrl": HOOK, "resource": "me/events", "expirationDateTime": later(days=1)}
    made = graph("POST", "/subscriptions", wish, prefer='IdType="ImmutableId"')
    assert (made.status, made.headers["preference-applied"]) == (201, 'IdType="ImmutableId"')
    event = graph.create(**LUNCH)
    tenant.deliver()
    assert webhook.items()[0]["resourceData"]["id"] == identity.immutable(event["id"])


def test_changes_of_several_subscriptions_to_one_address_come_in_one_request(tenant, graph, webhook):
    subscribe(graph)
    subscribe(graph, changeType="created")
    subscribe(Graph(tenant, "alex"), clientState="of Alex")
    graph.create(**LUNCH)
    Graph(tenant, "alex").create(**LUNCH)
    assert tenant.deliver() == 1
    assert [item["clientState"] for item in webhook.items()] == ["a secret", "a secret", "of Alex"]


def test_two_addresses_get_a_request_each(tenant, graph, webhook):
    subscribe(graph)
    subscribe(graph, changeType="created", notificationUrl="https://app.example/other")
    graph.create(**LUNCH)
    assert tenant.deliver() == 2


def test_many_changes_come_in_requests_of_a_hundred(tenant, graph, webhook):
    subscribe(graph)
    for _ in range(250):
        tenant.happened.append(Change("updated", f"users/{MEGAN}", "events/x", "event"))
    assert tenant.deliver() == 3
    assert [len(body["value"]) for _, body in webhook.taken] == [100, 100, 50]


def test_changes_by_the_control_plane_are_told_too(tenant, graph, webhook):
    subscribe(graph)
    event = graph.create(**LUNCH)
    calendar = graph("GET", "/me/calendars").body["value"][1]["name"]
    control(tenant, "POST", "move", {"user": "megan", "event": event["id"], "calendar": calendar})
    tenant.deliver()
    assert webhook.changes == ["created", "deleted", "created"]


def test_tasks_of_a_list_are_told_in_the_words_of_to_do(tenant, webhook):
    graph = Graph(tenant, scopes=("Tasks.ReadWrite",))
    tasks, flagged = (one["id"] for one in graph("GET", "/me/todo/lists").body["value"][:2])
    made = subscribe(graph, resource=f"/me/todo/lists/{tasks}/tasks", expirationDateTime=later(minutes=4230))
    task = graph("POST", f"/me/todo/lists/{tasks}/tasks", {"title": "Buy stamps"}).body
    graph("PATCH", f"/me/todo/lists/{tasks}/tasks/{task['id']}", {"status": "completed"})
    graph("DELETE", f"/me/todo/lists/{tasks}/tasks/{task['id']}")
    graph("POST", f"/me/todo/lists/{flagged}/tasks", {"title": "Elsewhere"})
    tenant.deliver()
    assert webhook.changes == ["created", "updated", "deleted"]
    item = webhook.items()[0]
    assert item["resource"] == f"todob2/graph/v1/users({MEGAN})/tasks"
    assert item["resourceData"] == {"@odata.type": "#microsoft.graph.todoTask", "id": task["id"]}
    longer = graph("PATCH", f"/subscriptions/{made['id']}", {"expirationDateTime": later(minutes=4231)})
    assert longer.message == "Subscription expiration can only be 4230 minutes in the future."


@pytest.mark.parametrize(("scopes", "which", "status"), [(("Tasks.Read",), "tasks", 403), (("Tasks.ReadWrite",), "nobody's", 400)])
def test_a_list_of_tasks_must_be_there_and_ones_own_to_change(tenant, scopes, which, status):
    lists = Graph(tenant, scopes=("Tasks.ReadWrite",))("GET", "/me/todo/lists").body["value"]
    list_id = lists[0]["id"] if which == "tasks" else "AAMkAG="
    answer = ask(Graph(tenant, scopes=scopes), resource=f"me/todo/lists/{list_id}/tasks")
    assert (answer.status, answer.code) == (status, "ExtensionError")


def test_users_and_groups_are_told_in_the_words_of_the_directory(tenant, webhook):
    directory = Graph(tenant, scopes=("Directory.ReadWrite.All", "Group.ReadWrite.All"))
    subscribe(directory, resource="users", changeType="updated")
    subscribe(directory, resource=f"users/{ALEX}", changeType="updated")
    subscribe(directory, resource="groups", changeType="updated,deleted")
    group = "11111111-2222-3333-4444-555555555555"
    log.note(tenant, "users", ALEX)
    log.note(tenant, "groups", group, "created")
    log.note(tenant, "groups", group, "deleted")
    tenant.deliver()
    told = [(item["changeType"], item["resource"], item["resourceData"]["@odata.type"]) for item in webhook.items()]
    assert told == [
        ("updated", f"Users/{ALEX}", "#Microsoft.Graph.User"),
        ("updated", f"Users/{ALEX}", "#Microsoft.Graph.User"),
        ("updated", f"Groups/{group}", "#Microsoft.Graph.Group"),
        ("updated", f"Groups/{group}", "#Microsoft.Graph.Group"),
        ("deleted", f"Groups/{group}", "#Microsoft.Graph.Group"),
    ], "what comes is an update, what goes an update and a deletion"
    assert webhook.items()[0]["resourceData"]["organizationId"] == TENANT_ID


# --- conditions


def test_an_event_that_begins_to_fulfil_the_condition_counts_as_created_and_one_that_ceases_as_deleted(tenant, graph, webhook):
    before = graph.create(**LUNCH, importance="high")
    subscribe(graph, resource="me/events?$filter=importance eq 'high' and isAllDay eq false")
    event = graph.create(**LUNCH)
    steps = (
        (event, {"subject": "Nobody's business"}, []),
        (event, {"importance": "high"}, ["created"]),
        (event, {"subject": "Supper"}, ["updated"]),
        (event, {"importance": "low"}, ["deleted"]),
        (before, {"subject": "Breakfast"}, ["updated"]),
    )
    for which, change, told in steps:
        webhook.taken.clear()
        assert graph("PATCH", f"/me/events/{which['id']}", change).status == 200
        tenant.deliver()
        assert webhook.changes == told, change
    for which in (event, before):
        graph("DELETE", f"/me/events/{which['id']}")
    graph.create(**LUNCH, importance="high")
    tenant.deliver()
    assert webhook.changes == ["updated", "deleted", "created"]


def test_a_condition_and_the_kinds_of_change_go_together(tenant, graph, webhook):
    subscribe(graph, changeType="created", resource="me/events?$filter=startswith(subject,'Lunch')")
    event = graph.create(**{**LUNCH, "subject": "Supper"})
    edit(graph, event, "Lunch after all")
    edit(graph, event, "Lunch once more")
    graph("DELETE", f"/me/events/{event['id']}")
    tenant.deliver()
    assert webhook.changes == ["created"]


def test_a_condition_is_kept_with_the_state(tenant, graph, webhook):
    subscribe(graph, resource="me/events?$filter=importance eq 'high'")
    event = graph.create(**LUNCH, importance="high")
    tenant.restore(json.loads(json.dumps(tenant.state.to_json())))
    edit(graph, event)
    tenant.deliver()
    assert webhook.changes == ["created", "updated"]


# --- quirks


def test_with_the_quirk_an_edit_is_pushed_three_times(tenant, graph, webhook):
    control(tenant, "POST", "quirks", {"repeatedPushes": True})
    subscribe(graph)
    event = graph.create(**LUNCH)
    tenant.deliver()
    edit(graph, event)
    assert tenant.deliver() == 3
    assert webhook.changes == ["created", "updated", "updated", "updated"]


def test_with_the_quirk_a_reminder_that_falls_due_is_pushed(tenant, graph, webhook):
    control(tenant, "POST", "quirks", {"reminderPushes": True})
    subscribe(graph, expirationDateTime=later(days=7))
    single = graph.create(**timed("Dentist", "2026-11-25T20:00:00", "2026-11-25T21:00:00", reminderMinutesBeforeStart=60))
    graph.create(**timed("Walk", "2026-11-25T20:00:00", "2026-11-25T21:00:00", isReminderOn=False))
    master = graph.create(**series("Stand-up", "2026-11-26T09:00:00", "2026-11-26T09:15:00", {"type": "daily"}))
    tenant.deliver()
    webhook.taken.clear()
    tenant.clock.advance(HOUR - 1)
    assert tenant.deliver() == 0
    tenant.clock.advance(1)
    tenant.deliver()
    assert [(item["changeType"], item["resourceData"]["id"]) for item in webhook.items()] == [("updated", single["id"])]
    webhook.taken.clear()
    tenant.clock.advance(3 * DAY)
    tenant.deliver()
    assert [item["resourceData"]["id"] for item in webhook.items()] == [master["id"]], "once, however many fell due in one leap"
    webhook.taken.clear()
    tenant.clock.advance(HOUR)
    assert tenant.deliver() == 0


def test_a_reminder_that_was_put_off_or_dismissed_is_pushed_later_or_never(tenant, graph, webhook):
    control(tenant, "POST", "quirks", {"reminderPushes": True})
    late, never = (graph.create(**timed(name, "2026-11-25T20:00:00", "2026-11-25T21:00:00"))["id"] for name in ("Dentist", "Walk"))
    again = {"newReminderTime": {"dateTime": "2026-11-25T19:50:00", "timeZone": "UTC"}}
    assert graph("POST", f"/me/events/{late}/snoozeReminder", again).status == 200
    assert graph("POST", f"/me/events/{never}/dismissReminder").status == 200
    subscribe(graph)
    tenant.clock.advance(109 * 60)
    assert tenant.deliver() == 0
    tenant.clock.advance(60)
    tenant.deliver()
    assert [item["resourceData"]["id"] for item in webhook.items()] == [late]


def test_without_the_quirk_reminders_are_nobodys_news(tenant, graph, webhook):
    graph.create(**timed("Dentist", "2026-11-25T20:00:00", "2026-11-25T21:00:00"))
    subscribe(graph)
    tenant.clock.advance(3 * HOUR)
    assert tenant.deliver() == 0
