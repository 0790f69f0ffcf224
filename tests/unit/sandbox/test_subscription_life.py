"""The life of subscriptions: how they end, reauthorization, and lifecycle events on demand."""

from __future__ import annotations

import pytest

from daypass.wire import Response
from daypass_sandbox.changes import Change
from graph_caller import MEGAN, Graph, new_tenant
from webhooks import DAY, HOOK, HOUR, LIFECYCLE, LUNCH, control, failing, later, outcomes, silent, subscribe


@pytest.fixture
def tenant(webhook):
    tenant = new_tenant()
    tenant.outside = webhook
    return tenant


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
