"""The post: news of the tenant becomes notifications, notifications go to webhooks, and go again until they arrive or are given up.

Facts: concepts/change-notifications-delivery-webhooks (2026-04). A notification has arrived when the webhook answers 2xx within 3 seconds
(10 when it is repeated); until then it is sent again, at growing intervals, for up to 4 hours, and then dropped. An app with a
`lifecycleNotificationUrl` is told that it `missed` something. Everything goes by the tenant's clock.

Nothing here sends: `deliveries` gives flows, and whoever has a way to the outside runs them.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from daypass.wire import Flow

from .. import quirks
from ..changes import Change
from ..outside import Exchange, Outgoing, ask
from ..routes import as_json
from . import conditions, lifecycle, notices, reminders, sealing
from .endpoints import AGAIN_SECONDS, FIRST_SECONDS, Endpoint
from .registry import Registry
from .watching import TOPICS, Topic

if TYPE_CHECKING:
    from ..tenant import State, Tenant

Json = dict[str, Any]

RETRY_SECONDS = 10.0  # before the second try; each further pause is twice as long (the page gives no figures)
GIVEN_UP_SECONDS = 4 * 3600.0
MOST_IN_ONE = 100  # notifications in one request
LONGEST = 1000  # notifications that are remembered after they were delivered or given up
TICK_SECONDS, LONGEST_TICK_SECONDS = 1.0, 30.0  # between two looks for reminders, at least and at most
PUSHES = 3  # of one edit, with the quirk (microsoft-graph-docs-contrib issue 3072)


class PostOffice:
    """A tenant's post. `registry` has the subscriptions; `settle` brings everything up to the tenant's present moment."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._begin()

    def _begin(self) -> None:
        """Read the state anew: it is another one than before."""
        self._state = self._tenant.state
        self.registry = Registry(self._state.subscriptions)
        self._sessions = dict(self._state.sessions)
        self._under_way: set[str] = set()
        self._due: list[tuple[float, int, str]] = []
        self._reminded_at = self._tenant.clock.now()
        self._places: dict[tuple[str, bool], dict[str, None]] = {}  # of what waits: by subscription, changes apart from lifecycle events
        for note in self._waiting.values():
            self._place_of(note)[note["id"]] = None
            self._schedule(note, note["dueAt"])
        for subscription in self.registry:
            self.attend(subscription)

    def quirk(self, name: str) -> bool:
        """Whether the tenant has one of the service's odd habits."""
        return bool(quirks.value(self._tenant.state, name))

    # --- what happens

    def settle(self) -> None:
        """Tell the news, end what has expired, and warn of what will."""
        if self._state is not self._tenant.state:
            self._begin()
        now, news = self._tenant.clock.now(), self._tenant.happened
        for subscription in self.registry.due(now):
            self._look_at(subscription, now)
        if self._sessions != self._state.sessions:
            self._remove_revoked()
        if self.quirk("reminderPushes") and not 0 <= now - self._reminded_at < TICK_SECONDS:
            news += reminders.fired(self._tenant, self.registry.paths(), self._reminded_at, now)
            self._reminded_at = now
        for change in news:
            for subscription in self.registry.concerned(change):
                for kind in conditions.kinds(self._tenant, subscription, change):
                    self._tell(subscription, change._replace(kind=kind), now)
            if change.kind == "deleted" and change.type_name == "user":
                for subscription in self.registry.watching(f"{change.resource}/events"):
                    self.remove(subscription["id"], event="subscriptionRemoved")
        news.clear()

    def _tell(self, subscription: Json, change: Change, now: float) -> None:
        item = notices.of_change(self._tenant, change, subscription)
        if subscription["includeResourceData"] and change.kind != "deleted":
            item["x-content"] = notices.content(self._tenant, change, subscription)
        pushes = PUSHES if change.kind == "updated" and self.quirk("repeatedPushes") else 1
        for push in range(pushes):
            self._accept(subscription, {"item": item, "event": "", "url": subscription["notificationUrl"], "push": push}, now)

    def announce(self, subscription: Json, event: str) -> None:
        """Send a lifecycle notification, if the subscription has somewhere to send it to and its topic knows this event."""
        url = subscription["lifecycleNotificationUrl"]
        waiting = [note["event"] for note in self._of(subscription["id"], events=True)]
        if url and event in self.topic(subscription).events and event not in waiting:
            item = {"lifecycleEvent": event, **notices.of_subscription(self._tenant, subscription)}
            self._accept(subscription, {"item": item, "event": event, "url": url, "push": 0}, self._tenant.clock.now())

    def provoke(self, subscription: Json, event: str) -> None:
        """Let a lifecycle event happen now, with what it means for the notifications of the subscription."""
        if event == "subscriptionRemoved":
            self.remove(subscription["id"], event=event)
            return
        if event == "reauthorizationRequired":
            subscription["x-held"] = True
        else:
            for note in self._of(subscription["id"]):
                self._finish(note, "dropped")
        self.announce(subscription, event)

    def topic(self, subscription: Json) -> Topic:
        """What kind of thing a subscription watches."""
        return TOPICS[subscription["x-type"]]

    def _of(self, subscription_id: str, *, events: bool = False) -> list[Json]:
        """What waits for a subscription: the changes, or with `events` the lifecycle notifications."""
        return [self._waiting[note_id] for note_id in self._places.get((subscription_id, events), ())]

    def _place_of(self, note: Json) -> dict[str, None]:
        return self._places.setdefault((note["subscriptionId"], bool(note["event"])), {})

    def _accept(self, subscription: Json, note: Json, now: float) -> None:
        """Take a notification in, or drop it at once where the webhook is too slow for any."""
        number: int = self._post.get("last", 0) + 1
        self._post["last"] = number
        note |= {"id": f"n{number}", "subscriptionId": subscription["id"], "madeAt": now, "attempts": [], "outcome": "waiting"}
        if subscription["includeResourceData"]:
            note |= {"app": subscription["notificationUrlAppId"] or subscription["applicationId"], "root": subscription["x-root"]}
        self._tenant.changes += 1
        endpoint = self._endpoint(note["url"])
        throttled = self.quirk("slowEndpoints") and not note["event"]
        if throttled and endpoint.dropping(now):
            self._give_up(note)
            return
        self._waiting[note["id"]] = note
        self._place_of(note)[note["id"]] = None
        self._schedule(note, now + (endpoint.delay_seconds(now) if throttled else 0.0))

    # --- what becomes due

    def attend(self, subscription: Json) -> None:
        """See to a subscription that is new or was changed: note when it must be looked at."""
        subscription["x-challenge"] = lifecycle.first_challenge(subscription, with_token=self.quirk("tokenHoldsPush"))
        self.registry.remind(subscription["x-challenge"], subscription["id"])
        self.registry.remind(subscription["x-expires"], subscription["id"])

    def _look_at(self, subscription: Json, now: float) -> None:
        if now >= subscription["x-expires"]:
            self.remove(subscription["id"])
            return
        with_token = self.quirk("tokenHoldsPush")
        end = lifecycle.ends(subscription, with_token=with_token)
        if now >= subscription["x-challenge"] and subscription["x-answered"] != end and now < end:
            self.announce(subscription, "reauthorizationRequired")
            subscription["x-challenge"] = lifecycle.next_challenge(subscription, now, with_token=with_token)
            self.registry.remind(subscription["x-challenge"], subscription["id"])

    def remove(self, subscription_id: str, *, event: str = "") -> None:
        """End a subscription, and withdraw what still waits for it; with `event`, its app is told."""
        subscription = self.registry.remove(subscription_id)
        for note in [*self._of(subscription_id), *self._of(subscription_id, events=True)]:
            self._finish(note, "withdrawn")
        if subscription and event:
            self.announce(subscription, event)

    def _remove_revoked(self) -> None:
        """The sign-ins of some users were revoked: with them goes what their apps subscribed to in their names."""
        self._sessions = dict(self._state.sessions)
        for subscription in list(self.registry):
            if subscription["x-session"] != self._state.session_of(subscription["creatorId"]):
                self.remove(subscription["id"], event="subscriptionRemoved")

    def release(self, subscription: Json) -> None:
        """Send at once what waits for a subscription: it was reauthorized, or has another webhook."""
        now = self._tenant.clock.now()
        for note in self._of(subscription["id"]):
            note["url"] = subscription["notificationUrl"]
            self._schedule(note, min(note["dueAt"], now) if note["attempts"] else note["dueAt"])

    def next_moment(self) -> float | None:
        """When something will fall due by itself; None for never."""
        moments = [self.registry.next_moment(), self._due[0][0] if self._due else None]
        if self.quirk("reminderPushes") and len(self.registry):
            moments.append(self._reminded_at + LONGEST_TICK_SECONDS)
        return min((moment for moment in moments if moment is not None), default=None)

    # --- what is sent

    def deliveries(self) -> list[Flow[None]]:
        """A flow for each request that is due now; each must be run, once."""
        self.settle()
        now, groups = self._tenant.clock.now(), dict[tuple[str, bool, bool, int], list[str]]()
        while self._due and self._due[0][0] <= now:
            due_at, _, note_id = heapq.heappop(self._due)
            note = self._waiting.get(note_id)
            if note is None or note["dueAt"] != due_at or note_id in self._under_way or self._has_to_wait(note, now):
                continue
            self._under_way.add(note_id)
            groups.setdefault((note["url"], bool(note["event"]), bool(note["attempts"]), note["push"]), []).append(note_id)
        parts = [ids[at : at + MOST_IN_ONE] for ids in groups.values() for at in range(0, len(ids), MOST_IN_ONE)]
        return [self._deliver(part, self._state, self._under_way) for part in parts]

    def _has_to_wait(self, note: Json, now: float) -> bool:
        """Whether a notification may not go out now: it is given up, or its subscription waits to be reauthorized."""
        subscription = self.registry.find(note["subscriptionId"])
        held = subscription and not note["event"] and self._is_held(subscription, now)
        if (held or note["attempts"]) and now >= note["madeAt"] + GIVEN_UP_SECONDS:
            self._give_up(note)
            return True
        if held:
            self._try_again(note, now, {"at": now, "status": 0, "error": "the subscription waits to be reauthorized", "seconds": 0.0})
        return bool(held)

    def _is_held(self, subscription: Json, now: float) -> bool:
        return subscription["x-held"] or (self.quirk("tokenHoldsPush") and now >= subscription["x-authorized"])

    async def _deliver(self, note_ids: list[str], state: State, under_way: set[str]) -> None:
        """Send notifications of a state, unless the tenant has another one by now."""
        concluded = False
        try:
            if self._tenant.state is not state or self._state is not state:
                return
            notes = [self._waiting[note_id] for note_id in note_ids if note_id in self._waiting]
            if not notes:
                return
            allowed = AGAIN_SECONDS if notes[0]["attempts"] else FIRST_SECONDS
            body, headers = as_json(self._letter(notes)), {"content-type": "application/json; charset=utf-8"}
            exchange = await ask(Outgoing("POST", notes[0]["url"], headers, body, within_seconds=allowed), self._tenant.clock)
            concluded = True
            if self._tenant.state is state and self._state is state:
                self._conclude(notes, exchange)
        finally:
            under_way.difference_update(note_ids)
            if not concluded and self._state is state:  # broken off on the way, as when the server ends
                for note in [self._waiting[note_id] for note_id in note_ids if note_id in self._waiting]:
                    self._schedule(note, note["dueAt"])

    def _letter(self, notes: Iterable[Json]) -> Json:
        """The body of a request: the notifications, and with resource data in any of them a token for each app."""
        items: list[Json] = []
        audiences: dict[str, str] = {}
        for note in notes:
            item = {name: value for name, value in note["item"].items() if name != "x-content"}
            subscription = self.registry.find(note["subscriptionId"])
            if subscription:
                item |= notices.of_subscription(self._tenant, subscription)
                if note["item"].get("x-content") is not None:
                    item["encryptedContent"] = sealing.sealed(self._tenant, note["item"]["x-content"], subscription)
            if "app" in note:
                audiences[note["app"]] = note["root"]
            items.append(item)
        version_2 = self.quirk("validationTokensV2")
        tokens = [sealing.validation_token(self._tenant, app, root, version_2=version_2) for app, root in audiences.items()]
        return {"value": items, "validationTokens": tokens} if tokens else {"value": items}

    def _conclude(self, notes: Iterable[Json], exchange: Exchange) -> None:
        """What an answer (or none) means for the notifications that were sent."""
        now = self._tenant.clock.now()
        self._tenant.changes += 1
        for number, note in enumerate(notes):
            if number == 0 and self.quirk("slowEndpoints"):
                self._endpoint(note["url"]).note(exchange, now)
            attempt = {"at": now, "status": exchange.status, "error": exchange.error, "seconds": round(exchange.seconds, 3)}
            if note["id"] not in self._waiting:
                continue
            if exchange.accepted:
                note["attempts"].append(attempt)
                self._finish(note, "delivered")
            else:
                self._try_again(note, now, attempt)

    def _try_again(self, note: Json, now: float, attempt: Json) -> None:
        pause = RETRY_SECONDS * 2 ** len(note["attempts"])
        note["attempts"].append(attempt)
        self._schedule(note, min(now + pause, note["madeAt"] + GIVEN_UP_SECONDS) if now < note["madeAt"] + GIVEN_UP_SECONDS else now)

    def _give_up(self, note: Json) -> None:
        self._finish(note, "dropped")
        subscription = self.registry.find(note["subscriptionId"])
        if subscription and not note["event"]:
            self.announce(subscription, "missed")

    def _schedule(self, note: Json, moment: float) -> None:
        note["dueAt"] = moment
        heapq.heappush(self._due, (moment, int(note["id"][1:]), note["id"]))

    def _finish(self, note: Json, outcome: str) -> None:
        note["outcome"] = outcome
        self._waiting.pop(note["id"], None)
        place = self._place_of(note)
        place.pop(note["id"], None)
        if not place:
            del self._places[note["subscriptionId"], bool(note["event"])]
        done = self._post.setdefault("done", [])
        done.append(note)
        del done[:-LONGEST]

    # --- the state

    @property
    def _post(self) -> Json:
        return self._state.notifications

    @property
    def _waiting(self) -> dict[str, Json]:
        return self._post.setdefault("waiting", {})

    def _endpoint(self, url: str) -> Endpoint:
        return Endpoint(self._post.setdefault("endpoints", {}).setdefault(url, {}))
