"""Who is meant by a name: people by id, principal name or mail address, and the members behind a group's address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..tenant import State


def resolve(state: State, key: str) -> str | None:
    """The object id of the user with this id, user principal name or mail address (any letter case); None if nobody has it."""
    if key in state.users:
        return key
    wanted = key.lower()
    for user_id, user in state.users.items():
        if wanted in (user_id.lower(), str(user.get("userPrincipalName")).lower(), str(user.get("mail")).lower()):
            return user_id
    return None


def display_name(users: Mapping[str, Mapping[str, Any]], address: str) -> str | None:
    """The display name of whoever has this mail address in the tenant, or None."""
    wanted = address.lower()
    return next((user["displayName"] for user in users.values() if str(user.get("mail")).lower() == wanted), None)


def group_of(state: State, key: str) -> str | None:
    """The object id of the group with this id or mail address (any letter case); None if there is none."""
    if key in state.groups:
        return key
    wanted = key.lower()
    return next((group_id for group_id, group in state.groups.items() if str(group.get("mail")).lower() == wanted), None)


def members_of(state: State, key: str) -> list[str] | None:
    """The object ids of the people in a group, given by its id or mail address, those of the groups in it included, nobody twice.

    None where there is no such group.
    """
    start = group_of(state, key)
    if start is None:
        return None
    people: dict[str, None] = {}
    seen, waiting = {start}, [start]
    while waiting:
        for member in state.groups[waiting.pop(0)].get("x-members", ()):
            if member in state.users:
                people[member] = None
            elif member in state.groups and member not in seen:
                seen.add(member)
                waiting.append(member)
    return list(people)
