"""Who is meant by a name: people by id, principal name or mail address."""

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


def address_of(state: State, owner_id: str) -> dict[str, str]:
    """The name and address of a user or group."""
    return named(state.users.get(owner_id) or state.groups[owner_id])


def named(owner: Mapping[str, Any]) -> dict[str, str]:
    """The name and address of a user or group, as Graph writes an emailAddress."""
    return {"name": owner["displayName"], "address": owner.get("mail") or owner["userPrincipalName"]}
