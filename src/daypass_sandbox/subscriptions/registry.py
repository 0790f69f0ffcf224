"""The subscriptions that live: who watches what, and what must be seen to at which moment.

The state holds each subscription as Graph's resource, with members of our own that begin with `x-`: `x-path` and `x-type` say what
is watched, `x-filter` on what condition, `x-expires` is the end of its life, `x-answered` the end that a reauthorization has answered for,
`x-held` that notifications wait for one. The index beside it is never part of the state.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import Any

from ..changes import Change

Json = dict[str, Any]


class Registry:
    """The subscriptions over their JSON state, found by what they watch; `agenda` tells which must be looked at, and when."""

    def __init__(self, state: dict[str, Json]) -> None:
        self._state = state
        self._watchers: dict[str, dict[str, None]] = {}
        self._agenda: list[tuple[float, str]] = []
        for subscription in state.values():
            self._watchers.setdefault(subscription["x-path"], {})[subscription["id"]] = None

    def __iter__(self) -> Iterator[Json]:
        return iter(self._state.values())

    def __len__(self) -> int:
        return len(self._state)

    def find(self, subscription_id: str) -> Json | None:
        """The subscription of an id that lives."""
        return self._state.get(subscription_id)

    def add(self, subscription: Json) -> None:
        """Let a new one live."""
        self._state[subscription["id"]] = subscription
        self._watchers.setdefault(subscription["x-path"], {})[subscription["id"]] = None

    def remove(self, subscription_id: str) -> Json | None:
        """End one; gives what it was."""
        subscription = self._state.pop(subscription_id, None)
        if subscription:
            watchers = self._watchers[subscription["x-path"]]
            del watchers[subscription_id]
            if not watchers:
                del self._watchers[subscription["x-path"]]
        return subscription

    def watching(self, path: str) -> Iterable[Json]:
        """Those that watch a path."""
        return [self._state[subscription_id] for subscription_id in self._watchers.get(path, ())]

    def paths(self) -> Iterable[str]:
        """Every path that is watched."""
        return self._watchers.keys()

    def concerned(self, change: Change) -> list[Json]:
        """Those that watch the thing that changed, or the collection it is in."""
        path = f"{change.owner}/{change.resource}" if change.owner else change.resource
        return [*self.watching(path), *self.watching(path.rpartition("/")[0])]

    def remind(self, moment: float, subscription_id: str) -> None:
        """Note that a subscription must be looked at; too often does no harm."""
        heapq.heappush(self._agenda, (moment, subscription_id))

    def due(self, now: float) -> Iterator[Json]:
        """Those that must be looked at by now, each note once."""
        while self._agenda and self._agenda[0][0] <= now:
            subscription = self.find(heapq.heappop(self._agenda)[1])
            if subscription:
                yield subscription

    def next_moment(self) -> float | None:
        """When one must be looked at next; None for never."""
        return self._agenda[0][0] if self._agenda else None
