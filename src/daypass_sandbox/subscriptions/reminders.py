"""Reminders that fall due: with the quirk `reminderPushes` the service pushes an event when its reminder is shown (observed by others)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..calendar.mailbox import open_mailbox
from ..calendar.reminders import fires_at
from ..changes import Change

if TYPE_CHECKING:
    from ..tenant import Tenant

FARTHEST_SECONDS = 15 * 86_400  # from its event a reminder is looked for


def fired(tenant: Tenant, paths: Iterable[str], since: float, now: float) -> list[Change]:
    """The news of the reminders that fell due after one moment and by another, in the mailboxes whose events are watched.

    An event or series is named once. A reminder more than fifteen days from its event is not found.
    """
    found: dict[str, Change] = {}
    if now <= since:
        return []
    for path in paths:
        owner, _, collection = path.rpartition("/")
        owner_id = owner.partition("/")[2]
        if collection != "events" or owner_id not in tenant.state.mailboxes:
            continue
        for slot in open_mailbox(tenant, owner_id).window(int(since) - FARTHEST_SECONDS, int(now) + FARTHEST_SECONDS):
            moment, event = fires_at(slot), slot.event
            if moment is not None and since < moment <= now:
                found[event["id"]] = Change("updated", owner, f"events/{event['id']}", "event", event.get("changeKey", ""))
    return list(found.values())
