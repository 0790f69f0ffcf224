"""Subscriptions and notifications from outside: what is watched, what was sent and how it was taken, and lifecycle events on demand."""

from __future__ import annotations

from typing import Any

from daypass.wire import Response

from ..clock import iso
from ..routes import Call, Fault, Route, reply
from ..subscriptions.lifecycle import EVENTS
from ..subscriptions.watching import TOPICS
from .asked import said, wrong

Json = dict[str, Any]


def list_subscriptions(call: Call) -> Response:
    """Every subscription there is, of all apps, with its secrets and what the tenant notes about it."""
    kept = [
        {
            **{name: value for name, value in one.items() if not name.startswith("x-")},
            "watches": one["x-path"],
            "held": one["x-held"],
            "authorizedUntil": iso(one["x-authorized"]) + "Z",
        }
        for one in call.tenant.post.registry
    ]
    return reply(200, kept)


def list_notifications(call: Call) -> Response:
    """The notifications that were delivered or given up lately, then those that wait."""
    post = call.tenant.state.notifications
    return reply(200, [_shown(note) for note in (*post.get("done", ()), *post.get("waiting", {}).values())])


def forget_notifications(call: Call) -> Response:
    """Forget those that were delivered or given up."""
    call.tenant.state.notifications["done"] = []
    return list_notifications(call)


def provoke(call: Call) -> Response:
    """Let a lifecycle event happen to a subscription.

    `reauthorizationRequired` makes its change notifications wait until it is reauthorized or renewed, `subscriptionRemoved` removes it, and
    `missed` loses what waits for it.
    """
    body, post = said(call, "subscription", "event"), call.tenant.post
    event = body.get("event")
    subscription = post.registry.find(str(body.get("subscription", "")).lower())
    if subscription is None:
        raise Fault(404, "unknown_subscription", "there is no such subscription; GET /sandbox/subscriptions lists those there are")
    if event not in EVENTS:
        raise wrong(f"event must be one of {', '.join(EVENTS)}")
    topic = TOPICS[subscription["x-type"]]
    if event not in topic.events:
        raise wrong(f"subscriptions on a {topic.type_name} know only {', '.join(topic.events)}")
    if not subscription["lifecycleNotificationUrl"]:
        raise wrong("this subscription has no lifecycleNotificationUrl to tell of it")
    post.provoke(subscription, event)
    return reply(202, {"subscription": subscription["id"], "event": event})


def _shown(note: Json) -> Json:
    return {
        "id": note["id"],
        "subscriptionId": note["subscriptionId"],
        "url": note["url"],
        "lifecycleEvent": note["event"] or None,
        "changeType": note["item"].get("changeType"),
        "resource": note["item"].get("resource"),
        "outcome": note["outcome"],
        "madeAt": iso(note["madeAt"]) + "Z",
        "dueAt": iso(note["dueAt"]) + "Z" if note["outcome"] == "waiting" else None,
        "attempts": [{**attempt, "at": iso(attempt["at"]) + "Z"} for attempt in note["attempts"]],
    }


ROUTES = (
    Route("GET", "/sandbox/subscriptions", list_subscriptions),
    Route("GET", "/sandbox/notifications", list_notifications),
    Route("DELETE", "/sandbox/notifications", forget_notifications),
    Route("POST", "/sandbox/lifecycle", provoke),
)
