"""What changed, and when: the memory behind delta queries, and the news behind change notifications.

A `ChangeLog` numbers the changes of one collection (a mailbox's events, a list's tasks, the directory's users) and remembers for
each item the number of its last change, so that a delta query is "everything after number n". It forgets the oldest beyond
`LONGEST`; who asks for changes before that must start anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

Json = dict[str, Any]

LONGEST = 20_000  # items; a cursor from before the oldest of them is stale


class Change(NamedTuple):
    """One piece of news: `kind` is created, updated or deleted; `resource` the item's path below its owner (`events/AAMk…`).

    `owner` is `users/{id}` or `groups/{id}`, "" for what belongs to the whole tenant; `type_name` is Graph's (`event`), `etag` the item's.
    """

    kind: str
    owner: str
    resource: str
    type_name: str
    etag: str = ""


class ChangeLog:
    """Over its JSON state: `last` is the number of the newest change, `items` maps each changed item to its last number, oldest first.

    `floor` is the number before which changes were forgotten. `places` says in which parts of the collection (calendars of a mailbox) a
    changed item was since then, for those who follow one part alone; an item without places may have been anywhere. `names` has the other
    name of an item that bears one, for those who know it by that. `aspects` has for items of which that is told the numbers of the last
    change of each of their parts ("" for all of it).
    """

    def __init__(self, state: Json) -> None:
        self._state = state
        state.setdefault("last", 0)
        state.setdefault("floor", 0)
        state.setdefault("items", {})
        state.setdefault("places", {})
        state.setdefault("names", {})
        state.setdefault("aspects", {})

    @property
    def state(self) -> Json:
        """What it remembers, as JSON."""
        return self._state

    @property
    def last(self) -> int:
        """The number of the newest change, 0 before the first."""
        return self._state["last"]

    def note(self, item_id: str, *places: str, name: str = "", aspects: Iterable[str] | None = None) -> int:
        """Note that an item changed (or came, or went), and return the number of this change.

        `places` are where it was and where it is, `name` is its other name, if it has one, `aspects` are the parts that changed ("" for
        all of it); None where that is never asked.
        """
        if name:
            self._state["names"][item_id] = name
        items: dict[str, int] = self._state["items"]
        known: dict[str, list[str]] = self._state["places"]
        if places:
            known[item_id] = list(dict.fromkeys((*known.get(item_id, ()), *places)))
        items.pop(item_id, None)
        self._state["last"] += 1
        items[item_id] = self._state["last"]
        if aspects is not None:
            self._state["aspects"].setdefault(item_id, {}).update(dict.fromkeys(aspects, self._state["last"]))
        if len(items) > LONGEST:
            oldest = next(iter(items))
            self._state["floor"] = items.pop(oldest)
            known.pop(oldest, None)
            self._state["names"].pop(oldest, None)
            self._state["aspects"].pop(oldest, None)
        return self.last

    def knows(self, number: int) -> bool:
        """Whether it can tell what changed after the change of this number."""
        return self._state["floor"] <= number <= self.last

    def number(self, item_id: str) -> int:
        """The number of an item's last change, 0 for one that did not change."""
        return self._state["items"].get(item_id, 0)

    def name_of(self, item_id: str) -> str:
        """The other name of a changed item; its id if it has none."""
        return self._state["names"].get(item_id, item_id)

    def was_in(self, item_id: str, place: str) -> bool:
        """Whether a changed item is or was in this part of the collection, as far as is known."""
        places = self._state["places"].get(item_id)
        return not places or place in places

    def aspects(self, item_id: str, number: int) -> frozenset[str]:
        """The parts of an item that changed after the change of this number ("" among them: all of it), as far as is known."""
        known: dict[str, int] = self._state["aspects"].get(item_id, {})
        return frozenset(aspect for aspect, changed in known.items() if changed > number)

    def since(self, number: int) -> list[str] | None:
        """The items that changed after the change of this number, in order; None when so far back (or ahead) cannot be told."""
        if not self.knows(number):
            return None
        found: list[str] = []
        for item_id in reversed(self._state["items"]):
            if self._state["items"][item_id] <= number:
                break
            found.append(item_id)
        return found[::-1]

    def forget(self) -> None:
        """Make every cursor given out so far stale."""
        self._state["last"] += 1
        self._state["floor"] = self._state["last"]
        self._state["items"].clear()
        self._state["places"].clear()
        self._state["names"].clear()
        self._state["aspects"].clear()
