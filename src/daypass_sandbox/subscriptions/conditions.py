"""As what a change counts for a subscription: as what it is, as the directory names it, or by the condition of the resource.

With `$filter` in the resource of a subscription an event that begins to fulfil the condition counts as created, one that no longer does as
deleted (concepts/outlook-change-notifications-overview, "Refine the conditions for a notification"). Which events fulfil it, the
subscription remembers in `x-fulfilling`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..calendar import reading
from ..calendar.mailbox import Mailbox, Slot, open_mailbox
from ..calendar.resources import Form
from ..changes import Change
from ..graph import filters
from ..graph.filters import Scope

if TYPE_CHECKING:
    from ..tenant import Tenant

Json = dict[str, Any]

# In the directory what comes counts as updated, and what goes as updated and deleted (concepts/change-notifications-overview).
DIRECTORY_KINDS = {"created": ("updated",), "updated": ("updated",), "deleted": ("updated", "deleted")}


def fulfilling(tenant: Tenant, owner_id: str, condition: str) -> dict[str, None]:
    """The ids of the events of a mailbox that fulfil a condition now; Fault 400 for a condition that cannot be read."""
    box = open_mailbox(tenant, owner_id)
    fulfils = _condition(tenant, box, owner_id, condition)
    return {event["id"]: None for event in box.events.values() if fulfils(box.slot(event))}


def kinds(tenant: Tenant, subscription: Json, change: Change) -> list[str]:
    """The kinds of change that a change is for a subscription, of those it asked for."""
    if subscription["x-filter"]:
        counted = _by_condition(tenant, subscription, change)
    else:
        counted = (change.kind,) if change.owner else DIRECTORY_KINDS[change.kind]
    return [kind for kind in counted if kind in subscription["changeType"].split(",")]


def _by_condition(tenant: Tenant, subscription: Json, change: Change) -> tuple[str, ...]:
    owner_id, event_id = change.owner.partition("/")[2], change.resource.rpartition("/")[2]
    box, known = open_mailbox(tenant, owner_id), subscription["x-fulfilling"]
    event = box.events.get(event_id)
    fulfils = _condition(tenant, box, owner_id, subscription["x-filter"])
    before, now = event_id in known, event is not None and fulfils(box.slot(event))
    if now:
        known[event_id] = None
    else:
        known.pop(event_id, None)
    if before and now:
        return ("updated",)
    return ("created",) if now else ("deleted",) if before else ()


def _condition(tenant: Tenant, box: Mailbox, owner_id: str, text: str) -> Callable[[Slot], bool]:
    kind = reading.kind(box, Form("", owner_id))
    predicate, now = filters.compiled(text, kind.schema), tenant.clock.now()
    return lambda slot: predicate(Scope(slot, kind.at, now, {}))
