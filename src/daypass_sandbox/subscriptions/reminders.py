"""Reminders that fall due: with the quirk `reminderPushes` the service pushes an event when its reminder is shown (observed by others)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..calendar import events
from ..calendar.mailbox import open_mailbox
from ..changes import Change

if TYPE_CHECKING:
    from ..tenant import Tenant

EARLIEST_SECONDS = 15 * 86_400  # before its event a reminder is looked for


def fired(tenant: Tenant, paths: Iterable[str], since: float, now: float) -> list[Change]:
    """The news of the reminders that fell due after one moment and by another, in the mailboxes whose events are watched.

    An event or series is named once. A reminder more than fifteen days before its event is not found.
    """
    found: dict[str, Change] = {}
    if now <= since:
        return []
    for path in paths:
        owner, _, collection = path.rpartition("/")
        owner_id = owner.partition("/")[2]
        if collection != "events" or owner_id not in tenant.state.mailboxes:
            continue
        for slot in open_mailbox(tenant, owner_id).window(int(since), int(now) + EARLIEST_SECONDS):
            event = events.view(slot.event, slot.day)
            shown_at = slot.start - 60 * event["reminderMinutesBeforeStart"]
            if event["isReminderOn"] and since < shown_at <= now:
                master = slot.event
                found[master["id"]] = Change("updated", owner, f"events/{master['id']}", "event", master.get("changeKey", ""))
    return list(found.values())
