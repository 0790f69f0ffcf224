"""With whom a calendar is shared, and as what: the permissions that its owner gives, and what each role lets somebody do.

A stored calendar has `permissions`, Graph's `calendarPermission`s in the order they were given; the one for everybody in the
organization is there from the beginning and stays. Roles and their meaning: Graph's page resources/calendarpermission.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ..directory import people

if TYPE_CHECKING:
    from ..tenant import State
    from .mailbox import Mailbox

Json = dict[str, Any]

EVERYBODY = "My Organization"
EVERYBODYS_ID = base64.b64encode(b"Default").decode()
SHARING_ROLES = ("freeBusyRead", "limitedRead", "read", "write")
DELEGATE_ROLES = ("delegateWithoutPrivateEventAccess", "delegateWithPrivateEventAccess")
PRIVATE = ("private", "confidential")  # what of an event's sensitivity a guest's role may hide
OUTSIDERS_ROLES = ("freeBusyRead", "limitedRead", "read")


class Role(NamedTuple):
    """What a role lets somebody do: see that events are there, see all of them, change them, see the private ones."""

    sees: bool = False
    details: bool = False
    writes: bool = False
    private: bool = False


ROLES: Mapping[str, Role] = {
    "none": Role(),
    "freeBusyRead": Role(),  # which getSchedule answers; there is no list of events in it
    "limitedRead": Role(sees=True),
    "read": Role(sees=True, details=True),
    "write": Role(sees=True, details=True, writes=True),
    "delegateWithoutPrivateEventAccess": Role(sees=True, details=True, writes=True),
    "delegateWithPrivateEventAccess": Role(sees=True, details=True, writes=True, private=True),
    "custom": Role(sees=True, details=True),
}


def permissions_of(calendar: Mapping[str, Any]) -> list[Json]:
    """All permissions of a calendar; everybody may see when the owner of a default calendar is free, and nothing of another calendar."""
    given: list[Json] = list(calendar.get("permissions", ()))
    if any(permission["id"] == EVERYBODYS_ID for permission in given):
        return given
    role = "freeBusyRead" if calendar["isDefaultCalendar"] else "none"
    return [permission(calendar, role, EVERYBODY, None, inside=True), *given]


def permission(calendar: Mapping[str, Any], role: str, name: str, address: str | None, *, inside: bool) -> Json:
    """A permission as it is kept; without an address it is everybody's."""
    whom: Json = {"name": name} if address is None else {"name": name, "address": address}
    return {
        "id": EVERYBODYS_ID
        if address is None
        else base64.b64encode(f"/o=ExchangeLabs/cn=Recipients/cn={address.lower()}".encode("utf-8", "surrogatepass")).decode(),
        "isRemovable": address is not None,
        "isInsideOrganization": inside,
        "role": role,
        "allowedRoles": list(allowed_roles(calendar, inside=inside, everybody=address is None)),
        "emailAddress": whom,
    }


def allowed_roles(calendar: Mapping[str, Any], *, inside: bool, everybody: bool = False) -> tuple[str, ...]:
    """As what a calendar may be shared: outsiders get less, and only the default calendar has delegates."""
    if everybody:
        return ("none", *SHARING_ROLES)
    if not inside:
        return OUTSIDERS_ROLES
    return (*SHARING_ROLES, *DELEGATE_ROLES) if calendar["isDefaultCalendar"] else SHARING_ROLES


def mount(box: Mailbox, calendar: Mapping[str, Any], owner: Mapping[str, Any], calendar_id: str) -> None:
    """Put the shared calendar of a user into somebody's own list, under an id of its own there; once.

    A default calendar bears its owner's name there (concepts/outlook-share-or-delegate-calendar).
    """
    source = {"user": owner["id"], "calendar": calendar["id"]}
    if any(known.get("sharedBy") == source for known in box.calendars.values()):
        return
    kept = {name: value for name, value in calendar.items() if name != "permissions"}
    own: Json = {"id": calendar_id, "isDefaultCalendar": False, "isRemovable": True, "sharedBy": source, "owner": people.named(owner)}
    if calendar["isDefaultCalendar"]:
        own["name"] = owner["displayName"]
    box.calendars[calendar_id] = {**kept, **own}


def rights_in(state: State, listed: Mapping[str, Any], user_id: str) -> Json:
    """What the owner of a list may do in a calendar of it that somebody shares with them; nothing to say of their own calendars."""
    if "sharedBy" not in listed:
        return {}
    source: Mapping[str, str] = listed["sharedBy"]
    theirs = state.mailboxes.get(source["user"], {}).get("calendars", {}).get(source["calendar"])
    role = ROLES[role_of(state, theirs, user_id)] if theirs else Role()
    return {"canEdit": role.writes, "canShare": False, "canViewPrivateItems": role.private}


def role_of(state: State, calendar: Mapping[str, Any], user_id: str) -> str:
    """The role somebody has in a calendar: their own, or everybody's."""
    user = state.users.get(user_id, {})
    names = {str(user.get(name)).lower() for name in ("mail", "userPrincipalName") if user.get(name)}
    role = "none"
    for known in permissions_of(calendar):
        address = known["emailAddress"].get("address")
        if address is not None and address.lower() in names:
            return str(known["role"])
        if known["id"] == EVERYBODYS_ID and user:
            role = str(known["role"])
    return role
