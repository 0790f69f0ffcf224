"""Change notifications: what is told to whom, what happens when the webhook fails, and the life of subscriptions."""

from __future__ import annotations

import json

import pytest

from daypass.errors import TransportError
from daypass.wire import Response
from daypass_sandbox.calendar import identity
from daypass_sandbox.changes import Change
from daypass_sandbox.directory import log
from daypass_sandbox.outside import Exchange
from daypass_sandbox.subscriptions.endpoints import AGAIN_SECONDS, Endpoint
from daypass_sandbox.tenant import CLIENT_ID, TENANT_ID
from graph_caller import MEGAN, NOW, Graph, new_tenant, series, timed
from webhooks import HOOK, LIFECYCLE, Webhook, ask, control, later, subscribe

ALEX = "c04705e2-7e11-4000-8000-000000000002"
HOUR, DAY = 3600, 86400
LUNCH = timed("Lunch", "2026-12-01T12:00:00", "2026-12-01T13:00:00")


@pytest.fixture
def webhook():
    return Webhook()


@pytest.fixture
def tenant(webhook):
    tenant = new_tenant()
    tenant.outside = webhook
    return tenant


@pytest.fixture
def graph(tenant):
    return Graph(tenant)


def failing(status=503):
    return lambda request: Response(status)


def silent(request):
    raise TransportError("nobody is there")


def edit(graph, event, subject="Supper"):
    answer = graph("PATCH", f"/me/events/{event['id']}", {"subject": subject})
    assert answer.status == 200
    return answer.body


def outcomes(tenant):
    return [note["outcome"] for note in control(tenant, "GET", "notifications")[1]]


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


# --- when the webhook fails


@pytest.mark.parametrize("answer", [failing(503), failing(404), failing(410), failing(302), failing(100), silent])
def test_a_notification_that_is_not_taken_goes_again_at_growing_intervals(tenant, graph, webhook, answer):
    subscribe(graph)
    webhook.answer = answer
    graph.create(**LUNCH)
    tried_at = []
    for _ in range(200):
        tried_at += [tenant.clock.now() - NOW] * tenant.deliver()
        tenant.clock.advance(10)
    assert tried_at == [0, 10, 30, 70, 150, 310, 630, 1270]
    webhook.answer = lambda request: Response(200)
    tenant.clock.advance(HOUR)
    tenant.deliver()
    assert webhook.changes == ["created"]
    assert outcomes(tenant) == ["delivered"]


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_will_do(tenant, graph, webhook, status):
    subscribe(graph)
    webhook.answer = failing(status)
    graph.create(**LUNCH)
    assert tenant.deliver() == 1
    assert outcomes(tenant) == ["delivered"]


def test_a_repeated_notification_is_the_same_and_has_ten_seconds(tenant, graph, webhook):
    subscribe(graph)
    webhook.answer = failing()
    graph.create(**LUNCH)
    tenant.deliver()
    tenant.clock.advance(10)
    tenant.deliver()
    first, second = webhook.requests[-2:]
    assert json.loads(first.body) == json.loads(second.body)
    assert (first.within_seconds, second.within_seconds) == (3, 10)


@pytest.mark.parametrize(("seconds", "taken"), [(3, True), (3.1, False)])
def test_an_answer_after_three_seconds_is_none(tenant, graph, webhook, seconds, taken):
    def slow(request):
        tenant.clock.advance(seconds)
        return Response(202)

    subscribe(graph)
    webhook.answer = slow
    graph.create(**LUNCH)
    for flow in tenant.post.deliveries():
        tenant._run(flow)
    assert outcomes(tenant) == ["delivered" if taken else "waiting"]


def test_after_four_hours_a_notification_is_dropped_and_the_app_hears_that_it_missed_something(tenant, graph, webhook):
    made = subscribe(graph, lifecycleNotificationUrl=LIFECYCLE)
    webhook.answer = lambda request: Response(202 if request.url == LIFECYCLE else 500)
    graph.create(**LUNCH)
    for _ in range(4 * 60 - 1):
        tenant.deliver()
        tenant.clock.advance(60)
    assert webhook.items(LIFECYCLE) == []
    tenant.clock.advance(60)
    tenant.deliver()
    assert outcomes(tenant) == ["dropped", "delivered"]
    assert webhook.items(LIFECYCLE) == [
        {
            "lifecycleEvent": "missed",
            "subscriptionId": made["id"],
            "subscriptionExpirationDateTime": made["expirationDateTime"],
            "clientState": "a secret",
            "tenantId": TENANT_ID,
        }
    ]
    tenant.clock.advance(6 * HOUR)
    assert tenant.deliver() == 0, "and never again"


def test_many_that_are_dropped_are_told_of_once(tenant, graph, webhook):
    subscribe(graph, lifecycleNotificationUrl=LIFECYCLE)
    webhook.answer = silent
    for _ in range(5):
        graph.create(**LUNCH)
    tenant.deliver()
    webhook.answer = lambda request: Response(202)
    tenant.clock.advance(4 * HOUR)
    tenant.deliver()
    assert webhook.events == ["missed"]
    assert webhook.changes == []


def test_a_notification_that_was_never_tried_is_tried_however_late_it_is(tenant, graph, webhook):
    subscribe(graph)
    graph.create(**LUNCH)
    tenant.clock.advance(10 * HOUR)
    tenant.deliver()
    assert webhook.changes == ["created"]


def test_without_a_lifecycle_webhook_nobody_hears_of_what_was_missed(tenant, graph, webhook):
    subscribe(graph)
    webhook.answer = silent
    graph.create(**LUNCH)
    tenant.deliver()
    tenant.clock.advance(4 * HOUR)
    assert tenant.deliver() == 0
    assert outcomes(tenant) == ["dropped"]


def test_a_lifecycle_notification_is_repeated_like_any(tenant, graph, webhook):
    made = subscribe(graph, lifecycleNotificationUrl=LIFECYCLE)
    webhook.answer = silent
    control(tenant, "POST", "lifecycle", {"subscription": made["id"], "event": "missed"})
    tenant.deliver()
    webhook.answer = lambda request: Response(202)
    tenant.clock.advance(10)
    tenant.deliver()
    assert webhook.events == ["missed"]


def test_one_address_that_fails_does_not_hold_up_another(tenant, graph, webhook):
    subscribe(graph)
    subscribe(graph, changeType="created", notificationUrl="https://app.example/other")
    webhook.answer = lambda request: Response(500 if request.url == HOOK else 202)
    graph.create(**LUNCH)
    tenant.deliver()
    assert len(webhook.items("https://app.example/other")) == 1
    assert webhook.items() == []


def test_what_was_broken_off_on_the_way_goes_again(tenant, graph, webhook):
    subscribe(graph)
    graph.create(**LUNCH)
    (flow,) = tenant.post.deliveries()
    flow.send(None)
    assert tenant.post.deliveries() == [], "it is under way"
    flow.close()
    assert tenant.deliver() == 1
    assert webhook.changes == ["created"]


def test_what_waits_is_kept_with_the_state(tenant, graph, webhook):
    subscribe(graph)
    webhook.answer = silent
    graph.create(**LUNCH)
    tenant.deliver()
    saved = json.loads(json.dumps(tenant.state.to_json()))
    other = new_tenant(now=NOW + 60)
    other.outside = Webhook()
    other.restore(saved)
    assert other.deliver() == 1
    assert other.outside.changes == ["created"]


def test_an_answer_that_comes_after_the_state_was_exchanged_changes_nothing(tenant, graph, webhook):
    subscribe(graph)
    graph.create(**LUNCH)
    (flow,) = tenant.post.deliveries()
    flow.send(None)
    tenant.reset("empty")
    with pytest.raises(StopIteration):
        flow.send(Response(202))
    assert outcomes(tenant) == []


# --- slow webhooks


def answered(slow, seconds, quick=0):
    """The record of a webhook with so many slow answers, and so many quick ones after them."""
    endpoint = Endpoint({})
    for took in [seconds] * slow + [0.1] * quick:
        endpoint.note(Exchange(Response(202), None, took, AGAIN_SECONDS), NOW)
    return endpoint


@pytest.mark.parametrize(
    ("slow", "seconds", "quick", "delay", "dropping"),
    [
        (10, 3.5, 90, 0, False),
        (11, 3.5, 89, 600, False),
        (99, 3.5, 0, 0, False),
        (100, 3.5, 0, 600, False),
        (15, 11, 85, 600, False),
        (16, 11, 84, 600, True),
        (100, 2.9, 0, 0, False),
    ],
)
def test_a_webhook_is_judged_by_its_last_hundred_answers(slow, seconds, quick, delay, dropping):
    endpoint = answered(slow, seconds, quick)
    assert (endpoint.delay_seconds(NOW), endpoint.dropping(NOW)) == (delay, dropping)
    assert (endpoint.delay_seconds(NOW + 600), endpoint.dropping(NOW + 600)) == (0, False), "it has another chance"


def test_answers_of_more_than_ten_minutes_ago_are_forgotten():
    endpoint = answered(50, 3.5, 49)
    endpoint.note(Exchange(Response(202), None, 3.5, AGAIN_SECONDS), NOW + 600)
    assert endpoint.delay_seconds(NOW + 600) == 0


def make_it_slow(tenant, graph, webhook, seconds):
    """A subscription whose webhook has just been found too slow, by ninety-nine answers and one more."""
    subscribe(graph, lifecycleNotificationUrl=LIFECYCLE)
    tenant.state.notifications["endpoints"] = {HOOK: {"answers": [[NOW, seconds]] * 20 + [[NOW, 0.1]] * 79}}
    graph.create(**LUNCH)
    tenant.deliver()
    webhook.taken.clear()


def test_a_slow_webhook_gets_what_is_new_ten_minutes_late(tenant, graph, webhook):
    make_it_slow(tenant, graph, webhook, 3.5)
    graph.create(**LUNCH)
    tenant.clock.advance(599)
    assert tenant.deliver() == 0
    tenant.clock.advance(1)
    tenant.deliver()
    graph.create(**LUNCH)
    tenant.deliver()
    assert webhook.changes == ["created", "created"]


def test_a_webhook_that_is_too_slow_gets_nothing_for_ten_minutes_and_hears_that_it_missed_something(tenant, graph, webhook):
    make_it_slow(tenant, graph, webhook, 10)
    graph.create(**LUNCH)
    tenant.deliver()
    assert (webhook.events, webhook.changes) == (["missed"], [])
    tenant.clock.advance(600)
    graph.create(**LUNCH)
    tenant.deliver()
    assert webhook.changes == ["created"]
    assert outcomes(tenant) == ["delivered", "dropped", "delivered", "delivered"]


def test_the_throttling_of_slow_webhooks_can_be_switched_off(tenant, graph, webhook):
    control(tenant, "POST", "quirks", {"slowEndpoints": False})
    make_it_slow(tenant, graph, webhook, 10)
    graph.create(**LUNCH)
    tenant.deliver()
    assert (webhook.events, webhook.changes) == ([], ["created"])


# --- the end of a subscription


def test_after_its_deletion_a_subscription_is_told_nothing_more(tenant, graph, webhook):
    made = subscribe(graph)
    webhook.answer = silent
    graph.create(**LUNCH)
    tenant.deliver()
    graph.create(**LUNCH)
    webhook.answer = lambda request: Response(202)
    assert graph("DELETE", f"/subscriptions/{made['id']}").status == 204
    tenant.clock.advance(HOUR)
    graph.create(**LUNCH)
    assert tenant.deliver() == 0
    assert outcomes(tenant) == ["withdrawn", "withdrawn"]


def test_after_its_end_a_subscription_is_told_nothing_more(tenant, graph, webhook):
    subscribe(graph, expirationDateTime=later(minutes=60), lifecycleNotificationUrl=LIFECYCLE)
    graph("POST", f"/subscriptions/{graph('GET', '/subscriptions').body['value'][0]['id']}/reauthorize")
    graph.create(**LUNCH)
    tenant.clock.advance(HOUR)
    graph.create(**LUNCH)
    assert tenant.deliver() == 0
    assert webhook.taken == []


def test_renewed_in_time_it_goes_on(tenant, graph, webhook):
    made = subscribe(graph, expirationDateTime=later(minutes=60))
    tenant.clock.advance(HOUR - 1)
    assert graph("PATCH", f"/subscriptions/{made['id']}", {"expirationDateTime": later(days=3)}).status == 200
    tenant.clock.advance(2 * DAY)
    graph.create(**LUNCH)
    tenant.deliver()
    assert webhook.changes == ["created"]
    assert webhook.items()[0]["subscriptionExpirationDateTime"] == later(days=3).replace("Z", ".0000000Z")


def test_what_waits_goes_to_the_new_webhook_at_once(tenant, graph, webhook):
    made = subscribe(graph)
    webhook.answer = silent
    graph.create(**LUNCH)
    tenant.deliver()
    webhook.answer = lambda request: Response(202)
    graph("PATCH", f"/subscriptions/{made['id']}", {"notificationUrl": "https://app.example/new"})
    tenant.deliver()
    assert len(webhook.items("https://app.example/new")) == 1


def test_revoking_a_users_sign_ins_removes_what_was_subscribed_in_their_name(tenant, graph, webhook):
    made = subscribe(graph, lifecycleNotificationUrl=LIFECYCLE)
    subscribe(Graph(tenant, "alex"))
    graph.create(**LUNCH)
    control(tenant, "POST", "revoke", {"user": "megan"})
    tenant.deliver()
    assert webhook.events == ["subscriptionRemoved"]
    assert webhook.items(LIFECYCLE)[0]["subscriptionId"] == made["id"]
    assert webhook.items() == []
    assert len(control(tenant, "GET", "subscriptions")[1]) == 1
    graph.create(**LUNCH)
    assert tenant.deliver() == 0
    assert subscribe(graph)["id"] != made["id"]


def test_a_deleted_user_takes_the_subscriptions_on_the_mailbox_along(tenant, graph, webhook):
    subscribe(graph, lifecycleNotificationUrl=LIFECYCLE)
    tenant.happened.append(Change("deleted", "", f"users/{MEGAN}", "user"))
    tenant.deliver()
    assert webhook.events == ["subscriptionRemoved"]
    assert control(tenant, "GET", "subscriptions")[1] == []


# --- reauthorization


def test_before_its_end_an_app_is_asked_to_reauthorize_again_and_again(tenant, graph, webhook):
    made = subscribe(graph, expirationDateTime=later(days=7), lifecycleNotificationUrl=LIFECYCLE)
    tenant.clock.advance(6.5 * DAY - 1)
    assert tenant.deliver() == 0
    tenant.clock.advance(1)
    tenant.deliver()
    assert webhook.items(LIFECYCLE)[0]["lifecycleEvent"] == "reauthorizationRequired"
    assert webhook.items(LIFECYCLE)[0]["subscriptionId"] == made["id"]
    for _ in range(12 * 60 - 1):
        tenant.clock.advance(60)
        tenant.deliver()
    assert 20 < len(webhook.events) < 30
    graph.create(**LUNCH)
    tenant.deliver()
    assert webhook.changes == ["created"], "notifications go on to the end"


@pytest.mark.parametrize("answer", ["reauthorize", "renew"])
def test_an_app_that_answers_is_not_asked_again(tenant, graph, webhook, answer):
    made = subscribe(graph, expirationDateTime=later(minutes=120), lifecycleNotificationUrl=LIFECYCLE)
    tenant.clock.advance(HOUR)
    tenant.deliver()
    assert webhook.events == ["reauthorizationRequired"]
    if answer == "reauthorize":
        assert graph("POST", f"/subscriptions/{made['id']}/reauthorize").status == 204
    else:
        graph("PATCH", f"/subscriptions/{made['id']}", {"expirationDateTime": later(days=3)})
    for _ in range(3):
        tenant.clock.advance(HOUR / 4)
        assert tenant.deliver() == 0
    tenant.clock.advance(HOUR / 4)
    tenant.deliver()
    assert webhook.events == ["reauthorizationRequired"]
    assert graph("GET", f"/subscriptions/{made['id']}").status == (404 if answer == "reauthorize" else 200)


def test_without_a_lifecycle_webhook_nobody_is_asked(tenant, graph, webhook):
    subscribe(graph, expirationDateTime=later(minutes=60))
    tenant.clock.advance(HOUR - 1)
    assert tenant.deliver() == 0


def test_once_called_for_a_reauthorization_holds_the_notifications_until_it_comes(tenant, graph, webhook):
    made = subscribe(graph, lifecycleNotificationUrl=LIFECYCLE)
    status, said = control(tenant, "POST", "lifecycle", {"subscription": made["id"], "event": "reauthorizationRequired"})
    assert (status, said) == (202, {"subscription": made["id"], "event": "reauthorizationRequired"})
    graph.create(**LUNCH)
    tenant.clock.advance(HOUR)
    tenant.deliver()
    assert (webhook.events, webhook.changes) == (["reauthorizationRequired"], [])
    assert control(tenant, "GET", "subscriptions")[1][0]["held"] is True
    assert graph("POST", f"/subscriptions/{made['id']}/reauthorize").status == 204
    tenant.deliver()
    assert webhook.changes == ["created"]


def test_held_for_four_hours_notifications_are_missed(tenant, graph, webhook):
    made = subscribe(graph, lifecycleNotificationUrl=LIFECYCLE)
    control(tenant, "POST", "lifecycle", {"subscription": made["id"], "event": "reauthorizationRequired"})
    graph.create(**LUNCH)
    tenant.clock.advance(4 * HOUR)
    tenant.deliver()
    assert (webhook.events, webhook.changes) == (["reauthorizationRequired", "missed"], [])


def test_with_the_quirk_an_expired_token_holds_the_notifications(tenant, graph, webhook):
    control(tenant, "POST", "quirks", {"tokenHoldsPush": True})
    made = subscribe(graph, lifecycleNotificationUrl=LIFECYCLE)
    tenant.clock.advance(HOUR / 2)
    tenant.deliver()
    assert webhook.events == ["reauthorizationRequired"]
    tenant.clock.advance(HOUR / 2)
    graph.create(**LUNCH)
    tenant.deliver()
    assert webhook.changes == []
    graph("POST", f"/subscriptions/{made['id']}/reauthorize")
    tenant.deliver()
    assert webhook.changes == ["created"]


def test_without_the_quirk_a_subscription_outlives_the_token(tenant, graph, webhook):
    subscribe(graph, lifecycleNotificationUrl=LIFECYCLE, expirationDateTime=later(days=7))
    tenant.clock.advance(5 * DAY)
    graph.create(**LUNCH)
    tenant.deliver()
    assert webhook.changes == ["created"]


# --- lifecycle events on demand


def test_a_subscription_can_be_removed_from_outside(tenant, graph, webhook):
    made = subscribe(graph, lifecycleNotificationUrl=LIFECYCLE)
    graph.create(**LUNCH)
    control(tenant, "POST", "lifecycle", {"subscription": made["id"], "event": "subscriptionRemoved"})
    tenant.deliver()
    assert (webhook.events, webhook.changes) == (["subscriptionRemoved"], [])
    assert graph("GET", f"/subscriptions/{made['id']}").status == 404


def test_what_waits_can_be_lost_from_outside(tenant, graph, webhook):
    made = subscribe(graph, lifecycleNotificationUrl=LIFECYCLE)
    graph.create(**LUNCH)
    control(tenant, "POST", "lifecycle", {"subscription": made["id"], "event": "missed"})
    tenant.deliver()
    assert (webhook.events, webhook.changes) == (["missed"], [])
    assert outcomes(tenant) == ["dropped", "delivered"]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"subscription": "nobody's", "event": "missed"}, 404, "no such subscription"),
        ({"event": "missed"}, 404, "no such subscription"),
        ({"subscription": "ID", "event": "forgotten"}, 400, "event must be one of"),
        ({"subscription": "ID"}, 400, "event must be one of"),
        ({"subscription": "ID", "event": "missed", "now": True}, 400, "unknown member 'now'"),
        ({"subscription": "QUIET", "event": "missed"}, 400, "no lifecycleNotificationUrl"),
        ({"subscription": "USERS", "event": "missed"}, 400, "know only reauthorizationRequired"),
    ],
)
def test_a_lifecycle_event_that_makes_no_sense_is_refused(tenant, graph, body, status, said):
    made = {
        "ID": subscribe(graph, lifecycleNotificationUrl=LIFECYCLE)["id"],
        "QUIET": subscribe(graph, changeType="created")["id"],
        "USERS": subscribe(Graph(tenant, scopes=("User.Read.All",)), resource="users", changeType="updated")["id"],
    }
    asked = {name: made.get(value, value) if isinstance(value, str) else value for name, value in body.items()}
    answered, error = control(tenant, "POST", "lifecycle", asked)
    assert answered == status
    assert said in error["error"]["message"]


def test_the_attempts_can_be_looked_at(tenant, graph, webhook):
    made = subscribe(graph)
    webhook.answer = failing()
    event = graph.create(**LUNCH)
    tenant.deliver()
    (note,) = control(tenant, "GET", "notifications")[1]
    assert note == {
        "id": "n1",
        "subscriptionId": made["id"],
        "url": HOOK,
        "lifecycleEvent": None,
        "changeType": "created",
        "resource": f"Users/{MEGAN}/Events/{event['id']}",
        "outcome": "waiting",
        "madeAt": "2026-11-25T18:00:00Z",
        "dueAt": "2026-11-25T18:00:10Z",
        "attempts": [{"at": "2026-11-25T18:00:00Z", "status": 503, "error": "", "seconds": 0.0}],
    }
    webhook.answer = silent
    tenant.clock.advance(10)
    tenant.deliver()
    (note,) = control(tenant, "GET", "notifications")[1]
    assert (note["attempts"][1]["status"], note["attempts"][1]["error"]) == (0, "nobody is there")
    webhook.answer = lambda request: Response(202)
    tenant.clock.advance(HOUR)
    tenant.deliver()
    assert control(tenant, "GET", "notifications")[1][0]["dueAt"] is None
    assert control(tenant, "DELETE", "notifications") == (200, [])


def test_only_the_last_thousand_are_remembered(tenant, graph, webhook):
    subscribe(graph)
    tenant.happened += [Change("updated", f"users/{MEGAN}", f"events/{number}", "event") for number in range(1100)]
    tenant.deliver()
    remembered = control(tenant, "GET", "notifications")[1]
    assert len(remembered) == 1000
    assert remembered[0]["id"] == "n101"


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


def test_without_the_quirk_reminders_are_nobodys_news(tenant, graph, webhook):
    graph.create(**timed("Dentist", "2026-11-25T20:00:00", "2026-11-25T21:00:00"))
    subscribe(graph)
    tenant.clock.advance(3 * HOUR)
    assert tenant.deliver() == 0


# --- what tells a server when to wake


def test_the_next_moment_is_when_something_falls_due(tenant, graph, webhook):
    assert tenant.post.next_moment() is None
    subscribe(graph, expirationDateTime=later(days=1))
    assert tenant.post.next_moment() == NOW + DAY / 2
    webhook.answer = silent
    graph.create(**LUNCH)
    assert tenant.post.next_moment() == NOW
    tenant.deliver()
    assert tenant.post.next_moment() == NOW + 10
    control(tenant, "POST", "quirks", {"reminderPushes": True})
    tenant.clock.advance(10)
    webhook.answer = lambda request: Response(202)
    tenant.deliver()
    assert tenant.post.next_moment() == NOW + 10 + 30


def test_a_notification_bears_its_apps_id_only_in_the_subscription(tenant, graph, webhook):
    made = subscribe(graph)
    graph.create(**LUNCH)
    tenant.deliver()
    assert made["applicationId"] == CLIENT_ID
    assert CLIENT_ID not in json.dumps(webhook.items())
