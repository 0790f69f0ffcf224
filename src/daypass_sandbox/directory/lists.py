"""Who is meant by a mail address that stands for several: the members of a group, or the rooms of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import people, places
from .membership import direct_members

if TYPE_CHECKING:
    from ..tenant import State

Json = dict[str, Any]


def account_with(state: State, address: str) -> str | None:
    """The object id of the person or room with this mail address, None if there is none."""
    return people.resolve(state, address) if "@" in address else None


def members_of(state: State, address: str) -> list[str] | None:
    """The object ids of the people and rooms behind a list's address, those of lists within it too; None when it is no list's."""
    wanted = address.lower()
    group_id = next((key for key, group in state.groups.items() if wanted and str(group.get("mail")).lower() == wanted), None)
    if group_id is not None:
        return _people_in(state, group_id)
    place = places.with_address(state, address)
    if place is not None and place["type"] == "roomList":
        return [*place.get("rooms", []), *place.get("workspaces", [])]
    return None


def _people_in(state: State, group_id: str) -> list[str]:
    """The people of a group and of the groups within it, nobody twice."""
    found: dict[str, None] = {}
    seen, waiting = {group_id}, [group_id]
    while waiting:
        for member_id in direct_members(state.groups[waiting.pop()]):
            if member_id in state.users:
                found[member_id] = None
            elif member_id in state.groups and member_id not in seen:
                seen.add(member_id)
                waiting.append(member_id)
    return list(found)
