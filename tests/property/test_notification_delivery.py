"""Whatever happens to webhooks and time: a subscription hears of every change or that it missed some, and of nothing after its end."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from daypass.errors import TransportError
from daypass.wire import Response
from graph_caller import Graph, new_tenant, timed
from webhooks import HOOK, LIFECYCLE, Webhook, ask, later

MINUTE, HOUR, DAY = 60, 3600, 86400
LONG_ENOUGH = 10 * HOUR  # for everything that waits to arrive or to be given up


def taken(request):
    return Response(202)


def refused(request):
    return Response(503)


def unreachable(request):
    raise TransportError("nobody is there")


def slow_by(seconds):
    def answer(request, tenant):
        tenant.clock.advance(seconds)
        return Response(202)

    return answer


ANSWERS = {"taken": taken, "refused": refused, "unreachable": unreachable, "slow": slow_by(4), "very slow": slow_by(11)}
kinds = st.sampled_from(sorted(ANSWERS))
steps = st.one_of(
    st.tuples(st.just("create")),
    st.tuples(st.just("change"), st.integers(0, 3)),
    st.tuples(st.just("remove"), st.integers(0, 3)),
    st.tuples(st.just("deliver")),
    st.tuples(st.just("wait"), st.sampled_from([1, 10, 5 * MINUTE, HOUR, 5 * HOUR])),
    st.tuples(st.just("wait"), st.sampled_from([HOUR, 5 * HOUR, 13 * HOUR, DAY])),
    st.tuples(st.just("hook"), kinds),
    st.tuples(st.just("lifecycle"), kinds),
    st.tuples(st.just("ill repute")),
    st.tuples(st.just("subscribe")),
    st.tuples(st.just("unsubscribe")),
    st.tuples(st.just("renew")),
    st.tuples(st.just("reauthorize")),
    st.tuples(st.just("save and restore")),
)


class World:
    """A tenant with one app that watches one mailbox, and what the app must have heard."""

    def __init__(self) -> None:
        self.tenant = new_tenant()
        self.graph = Graph(self.tenant)
        self.answers = {HOOK: "taken", LIFECYCLE: "taken"}
        self.webhook = self.tenant.outside = Webhook(answer=self.answer)
        self.ends: dict[str, float] = {}
        self.subscription = ""
        self.events: list[str] = []
        self.due: list[tuple[int, str, str, str]] = []  # when, subscription, kind of change, event
        self.heard: list[tuple[int, str, str, str]] = []
        self.step = 0

    def answer(self, request):
        """Hear a notification, however late it is answered, unless it is refused; it must concern a subscription that lives."""
        kind = self.answers[request.url]
        for item in json.loads(request.body)["value"]:
            assert self.tenant.clock.now() < self.ends[item["subscriptionId"]], "told after the end"
            assert item["clientState"] == "a secret"
            if kind in ("refused", "unreachable"):
                continue
            if "lifecycleEvent" not in item:
                self.heard.append((self.step, item["subscriptionId"], item["changeType"], item["resourceData"]["id"]))
            elif item["lifecycleEvent"] == "missed":
                self.heard.append((self.step, item["subscriptionId"], "missed", ""))
        return ANSWERS[kind](request, self.tenant) if "slow" in kind else ANSWERS[kind](request)

    def alive(self) -> bool:
        return bool(self.subscription) and self.tenant.clock.now() < self.ends[self.subscription]

    def note(self, kind: str, event: str) -> None:
        if self.alive():
            self.due.append((self.step, self.subscription, kind, event))

    def hears_of(self, when: int, subscription: str, kind: str, event: str) -> bool:
        """Whether the app heard of a change, or later that it missed something."""
        news = ((kind, event), ("missed", ""))
        return any(then >= when and whose == subscription and (said, of) in news for then, whose, said, of in self.heard)

    def do(self, step) -> None:
        self.step += 1
        getattr(self, step[0].replace(" ", "_"))(*step[1:])

    def create(self) -> None:
        self.events.append(self.graph.create(**timed("X", "2026-12-01T12:00:00", "2026-12-01T13:00:00"))["id"])
        self.note("created", self.events[-1])

    def change(self, which: int) -> None:
        if which < len(self.events):
            assert self.graph("PATCH", f"/me/events/{self.events[which]}", {"subject": "Y"}).status == 200
            self.note("updated", self.events[which])

    def remove(self, which: int) -> None:
        if which < len(self.events):
            event = self.events.pop(which)
            assert self.graph("DELETE", f"/me/events/{event}").status == 204
            self.note("deleted", event)

    def deliver(self) -> None:
        self.tenant.deliver()

    def wait(self, seconds: int) -> None:
        self.tenant.clock.advance(seconds)

    def hook(self, kind: str) -> None:
        self.answers[HOOK] = kind

    def lifecycle(self, kind: str) -> None:
        self.answers[LIFECYCLE] = kind

    def ill_repute(self) -> None:
        """The webhook has answered slowly for some time."""
        if "endpoints" in self.tenant.state.notifications:
            answers = [[self.tenant.clock.now(), 10.0]] * 99
            self.tenant.state.notifications["endpoints"][HOOK] = {"answers": answers, "slow_until": 0.0, "drop_until": 0.0}

    def subscribe(self) -> None:
        answer = ask(self.graph, lifecycleNotificationUrl=LIFECYCLE)
        assert answer.status == (409 if self.alive() else 201), answer.body
        if answer.status == 201:
            self.subscription = answer.body["id"]
            self.ends[self.subscription] = self.tenant.clock.now() + DAY

    def unsubscribe(self) -> None:
        assert self.graph("DELETE", f"/subscriptions/{self.subscription or 'none'}").status == (204 if self.alive() else 404)
        if self.subscription:
            self.ends[self.subscription] = min(self.ends[self.subscription], self.tenant.clock.now())

    def renew(self) -> None:
        end = later(days=1, since=self.tenant.clock.now())
        answer = self.graph("PATCH", f"/subscriptions/{self.subscription or 'none'}", {"expirationDateTime": end})
        assert answer.status == (200 if self.alive() else 404)
        if answer.status == 200:
            self.ends[self.subscription] = self.tenant.clock.now() + DAY

    def reauthorize(self) -> None:
        answer = self.graph("POST", f"/subscriptions/{self.subscription or 'none'}/reauthorize")
        assert answer.status == (204 if self.alive() else 404)

    def save_and_restore(self) -> None:
        self.tenant.restore(json.loads(json.dumps(self.tenant.state.to_json())))

    def settle(self) -> None:
        """Let both webhooks be well again, and everything arrive."""
        self.answers = dict.fromkeys(self.answers, "taken")
        self.step += 1
        if self.alive() and self.ends[self.subscription] < self.tenant.clock.now() + LONG_ENOUGH:
            self.renew()
        for _ in range(LONG_ENOUGH // HOUR):
            self.deliver()
            self.wait(HOUR)


@given(st.lists(steps, min_size=12, max_size=50))
@settings(max_examples=200, deadline=None)
def test_every_change_of_a_live_subscription_is_heard_of_and_nothing_after_its_end(steps):
    world = World()
    world.subscribe()
    for step in steps:
        world.do(step)
    world.settle()
    for when, subscription, kind, event in world.due:
        if subscription == world.subscription and world.alive():
            assert world.hears_of(when, subscription, kind, event), (kind, event)
    waiting = world.tenant.state.notifications.get("waiting", {})
    assert waiting == {}, "everything comes to an end"
