"""The delivery of notifications: webhooks that fail, webhooks that are slow, and when the next attempt falls due."""

from __future__ import annotations

import json

import pytest

from daypass.wire import Response
from daypass_sandbox.outside import Exchange
from daypass_sandbox.subscriptions.endpoints import AGAIN_SECONDS, Endpoint
from daypass_sandbox.tenant import CLIENT_ID, TENANT_ID
from graph_caller import NOW, new_tenant
from webhooks import DAY, HOOK, HOUR, LIFECYCLE, LUNCH, Webhook, control, failing, later, outcomes, silent, subscribe


@pytest.fixture
def tenant(webhook):
    tenant = new_tenant()
    tenant.outside = webhook
    return tenant


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


def test_a_delivery_of_an_earlier_state_does_not_touch_the_present_one(tenant, graph):
    subscribe(graph)
    graph.create(**LUNCH)
    saved = json.loads(json.dumps(tenant.state.to_json()))
    (old,) = tenant.post.deliveries()
    tenant.restore(saved)
    (flow,) = tenant.post.deliveries()
    with pytest.raises(StopIteration):
        old.send(None)
    assert flow.send(None).method == "POST"
    assert tenant.post.deliveries() == []
    assert outcomes(tenant) == ["waiting"]


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
