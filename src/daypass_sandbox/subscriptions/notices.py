"""What notifications say: of a change, and of a subscription itself.

Facts: resources/changenotification, concepts/outlook-change-notifications-overview (the two spellings of an Outlook resource),
concepts/change-notifications-lifecycle-events; of tasks, users and groups the pages azure/event-grid/to-do-events and
azure/event-grid/microsoft-entra-events, which show what Graph sends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..calendar import events, identity, resources
from ..calendar.mailbox import Slot, open_mailbox
from ..changes import Change
from ..routes import Fault

if TYPE_CHECKING:
    from ..tenant import Tenant

Json = dict[str, Any]


def of_change(tenant: Tenant, change: Change, subscription: Json) -> Json:
    """What a change notification says of the change itself."""
    item_id = change.resource.rpartition("/")[2]
    if change.type_name == "event":
        item_id = _immutable(tenant, change, item_id) if subscription["x-immutable"] else item_id
        path, type_name = _event_path(change, item_id, rich=bool(subscription["includeResourceData"]))
        data: Json = {"@odata.type": type_name, "@odata.id": path}
        if change.etag:
            data["@odata.etag"] = f'W/"{change.etag}"'
        return {"changeType": change.kind, "resource": path, "resourceData": {**data, "id": item_id}}
    if change.type_name == "todoTask":
        path = f"todob2/graph/v1/{change.owner.replace('/', '(', 1)})/tasks"
        return {"changeType": change.kind, "resource": path, "resourceData": {"@odata.type": "#microsoft.graph.todoTask", "id": item_id}}
    kind = change.type_name.capitalize()
    path = f"{kind}s/{item_id}"
    data = {"@odata.type": f"#Microsoft.Graph.{kind}", "@odata.id": path, "id": item_id}
    data |= {"organizationId": tenant.state.tenant_id, "eventTime": events.timestamp(tenant.clock.now())}
    return {"changeType": change.kind, "resource": path, "resourceData": data}


def of_subscription(tenant: Tenant, subscription: Json) -> Json:
    """What every notification says of its subscription."""
    return {
        "subscriptionId": subscription["id"],
        "subscriptionExpirationDateTime": subscription["expirationDateTime"],
        "clientState": subscription["clientState"],
        "tenantId": tenant.state.tenant_id,
    }


def content(tenant: Tenant, change: Change, subscription: Json) -> Json | None:
    """The selected properties of an event as it is now, for a subscription with resource data; None when it is gone."""
    slot = _slot(tenant, change)
    if slot is None:
        return None
    names, owner_id = frozenset(subscription["x-select"]), change.owner.partition("/")[2]
    form = resources.Form(f"{subscription['x-root']}/v1.0", owner_id, select=names, immutable=subscription["x-immutable"])
    return {name: value for name, value in resources.event(slot, form).items() if name in names}


def _slot(tenant: Tenant, change: Change) -> Slot | None:
    """The event that changed, as it is now; None when it is gone."""
    try:
        box = open_mailbox(tenant, change.owner.partition("/")[2])
        return box.slot(*box.find(change.resource.rpartition("/")[2]))
    except Fault:
        return None


def _immutable(tenant: Tenant, change: Change, item_id: str) -> str:
    slot = _slot(tenant, change)
    return identity.immutable(events.first_id(slot.event) if slot else item_id)


def _event_path(change: Change, item_id: str, *, rich: bool) -> tuple[str, str]:
    """Where an event is, and its type: each in one spelling with resource data, in another without."""
    owner_id = change.owner.partition("/")[2]
    if rich:
        return f"Users('{owner_id}')/events('{item_id}')", "#microsoft.graph.event"
    return f"Users/{owner_id}/Events/{item_id}", "#Microsoft.Graph.Event"
