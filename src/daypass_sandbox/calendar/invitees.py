"""Who of the tenant is asked to a meeting: its attendees' addresses, groups opened to their members, and to which part of a series."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..directory.membership import direct_members

if TYPE_CHECKING:
    from ..tenant import State

Json = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """What of a meeting somebody is asked to: all of it except some days of a series, or some days alone.

    `aliases` are the addresses (in lower case) under which they are asked: their own, or those of groups they are in.
    """

    whole: bool
    days: frozenset[str]
    aliases: frozenset[str]

    @property
    def keys(self) -> frozenset[str | None]:
        """The copies they get: one of the whole meeting (None), or one for each day."""
        return frozenset({None}) if self.whole else self.days


class Invitees:
    """The tenant's mailboxes by address, as they are when this is made."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._users: dict[str, str] = {}
        for user_id, user in state.users.items():
            self._users |= {str(user[name]).lower(): user_id for name in ("userPrincipalName", "mail") if user.get(name)}
        self._groups = {str(group["mail"]).lower(): group_id for group_id, group in state.groups.items() if group.get("mail")}

    def user_id(self, address: str) -> str | None:
        """The object id of the user or group that has this address; None for anybody from elsewhere."""
        return self._users.get(address.lower()) or self._groups.get(address.lower())

    def asked(self, attendees: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
        """The owners of mailboxes whom these attendees are, and under which addresses; a group is its members, and its own mailbox."""
        found: dict[str, frozenset[str]] = {}
        for attendee in attendees:
            address = attendee["emailAddress"]["address"].lower()
            for owner_id in self._behind(address):
                found[owner_id] = found.get(owner_id, frozenset()) | {address}
        return found

    def parts(self, event: Json | None) -> dict[str, Part]:
        """What of a meeting each owner of a mailbox is asked to; its organizer is not asked. None is no meeting at all."""
        if event is None:
            return {}
        everyday = self.asked(event.get("attendees", ()))
        parts = {owner_id: Part(True, frozenset(), aliases) for owner_id, aliases in everyday.items()}
        for day, exception in event.get("exceptions", {}).items():
            if "attendees" in exception:
                self._except(parts, day, everyday, self.asked(exception["attendees"]))
        parts.pop(self.user_id(event["organizer"]["emailAddress"]["address"]) or "", None)
        return parts

    @staticmethod
    def _except(parts: dict[str, Part], day: str, everyday: Mapping[str, Any], then: Mapping[str, frozenset[str]]) -> None:
        """Note who is asked to one day of a series but not to the others, or the other way round."""
        for owner_id in everyday.keys() ^ then.keys():
            so_far = parts.get(owner_id, Part(False, frozenset(), frozenset()))
            aliases = so_far.aliases | then.get(owner_id, frozenset())
            parts[owner_id] = Part(so_far.whole, so_far.days | {day}, aliases)

    def _behind(self, address: str) -> list[str]:
        """The mailboxes behind an address."""
        found = dict.fromkeys([self._users[address]] if address in self._users else [])
        waiting = [self._groups[address]] if address in self._groups else []
        while waiting:
            group_id = waiting.pop()
            if group_id not in found:
                found[group_id] = None
                members = direct_members(self._state.groups[group_id])
                waiting += [member for member in members if member in self._state.groups]
                found |= dict.fromkeys(member for member in members if member in self._state.users)
        return [owner_id for owner_id in found if owner_id in self._state.mailboxes]
