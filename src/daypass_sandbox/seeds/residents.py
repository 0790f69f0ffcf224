"""The people and rooms of a seed: each gets an account, a mailbox, and the calendars they have besides the first."""

from __future__ import annotations

from typing import Any

from ..calendar.calendars import new_mailbox
from ..calendar.mailbox import Mailbox
from ..directory import written
from .document import check
from .ground import Ground, zone_name

Json = dict[str, Any]

NEEDED = ("id", "displayName", "userPrincipalName")


def settle(ground: Ground, key: str, person: Json, own_members: frozenset[str]) -> None:
    """A person (or room) with an account and a mailbox; what is not of `own_members` is a property of the Graph user."""
    where = f"people.{key}"
    try:
        user = written.user({name: value for name, value in person.items() if name not in own_members}, own_members)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    ground.tenant.state.users[person["id"]] = {"mail": person["userPrincipalName"], "accountEnabled": True, **user}
    state = new_mailbox(ground.tenant.new_id, zone_name(person.get("timeZone", ground.zone), where))
    ground.tenant.state.mailboxes[person["id"]] = state
    ground.people[key], ground.boxes[key] = person, Mailbox(state)


def more_calendars(ground: Ground, key: str, calendars: list[Json]) -> None:
    """The calendars of a person besides the first: `name`, `color`."""
    known = ground.boxes[key].calendars
    for extra in calendars:
        check(extra, {"name": str, "color": str}, f"people.{key}.calendars", required=("name",))
        calendar_id = ground.tenant.new_id("calendar")
        first = next(iter(known.values()))
        known[calendar_id] = {**first, "id": calendar_id, "isDefaultCalendar": False, "isRemovable": True, **extra}
