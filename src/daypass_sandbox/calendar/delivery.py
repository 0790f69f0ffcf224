"""Delivery: the mailboxes of those who are asked, brought up to date with what the organizer has.

Rooms and equipment answer by `rooms`; a Microsoft 365 group accepts whatever it is asked to (resources/event).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from . import answering, copies, rooms
from .answering import Answer
from .invitees import Invitees, Part
from .letters import Post
from .mailbox import Mailbox, open_mailbox

if TYPE_CHECKING:
    from ..tenant import Tenant

Json = dict[str, Any]


class Delivery:
    """One round of the post through the tenant's mailboxes."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self.invitees = Invitees(tenant.state)

    def bring(self, before: Json | None, after: Json | None, anew: Collection[str | None], *, to_all: bool) -> None:
        """Bring everybody's copy from `before` (None: the meeting is new) to `after` (None: it is no more).

        `anew` is what must be answered anew. Only those who join or leave it hear of it, unless it is news `to_all`.
        """
        was, now = self.invitees.parts(before), self.invitees.parts(after)
        listed = dict[str | None, list[Json]]()
        for owner_id in {**was, **now}:
            if to_all or was.get(owner_id) != now.get(owner_id):
                desk = self._desk(owner_id, listed)
                self._bring_to(owner_id, was.get(owner_id), now.get(owner_id), after or before or {}, anew, desk)

    def _desk(self, owner_id: str, listed: dict[str | None, list[Json]]) -> copies.Desk:
        calendar = open_mailbox(self._tenant, owner_id).calendar(None)
        reminds = owner_id not in self._tenant.state.groups  # a group is reminded of nothing
        return copies.Desk(self._tenant.new_id, self._tenant.clock.now(), calendar["id"], reminds, listed)

    def _bring_to(
        self, owner_id: str, was: Part | None, now: Part | None, event: Json, anew: Collection[str | None], desk: copies.Desk
    ) -> None:
        box = open_mailbox(self._tenant, owner_id)
        have = {copy.get("instanceDay"): copy for copy in box.of_meeting(event["uid"]) if not copy.get("isOrganizer", True)}
        wanted = now.keys if now else frozenset[str | None]()
        for key, copy in have.items():
            if key not in wanted and None in wanted:
                box.remove(copy["id"])  # a day that was asked to alone is now one of the series
            elif key not in wanted:
                _put(box, copy, copies.called_off(copy, desk))
        for key in sorted(wanted, key=str):
            again = _again(was, now, key, anew)
            if now and (key in have or key in again or None in again):
                copy = copies.made(event, key, now, have.get(key), again, desk)
                self._hand_over(owner_id, box, have.get(key), copy, again)

    def _hand_over(self, owner_id: str, box: Mailbox, had: Json | None, copy: Json, again: Collection[str | None]) -> None:
        """Put a copy into a mailbox; a room's, or a group's, is answered at once where it asks for an answer."""
        rules = rooms.policy(self._tenant.state.users.get(owner_id, {}))
        subject: str = copy.get("subject", "")
        if rules:
            copy = rooms.stripped(copy, rules)
        _put(box, had, copy)
        if not rules and owner_id not in self._tenant.state.groups:
            return
        days = sorted(day for day in again if day) if copy.get("recurrence") and None not in again else [None] if again else []
        for day in days:
            verdict = rooms.verdict(box, copy, day, rules, self._tenant.clock.now()) if rules else rooms.YES
            answering.give(Post(self._tenant), owner_id, box, copy, day, Answer(verdict.response, verdict.reason, subject=subject))
            for declined in verdict.declined:
                answer = Answer("declined", verdict.reason, subject=subject)
                answering.give(Post(self._tenant), owner_id, box, box.events[copy["id"]], declined, answer)
            copy = box.events.get(copy["id"], copy)


def _again(was: Part | None, now: Part | None, key: str | None, anew: Collection[str | None]) -> frozenset[str | None]:
    """What of a copy somebody must answer anew: what changed its time, and what they were not asked to before."""
    if was is None or key not in was.keys:
        return frozenset({*anew, key})
    returned = was.days - now.days if now and now.whole else frozenset[str]()
    return frozenset({*anew, *returned})


def _put(box: Mailbox, had: Json | None, copy: Json) -> None:
    if copy is not had:
        box.put(copy)
