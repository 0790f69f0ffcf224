"""Whose calendar a request is about, by which of its many paths, and whether the caller may.

A mailbox's events are reached below the mailbox itself, its default calendar, any of its calendars, and a calendar within a
calendar group; a Microsoft 365 group has one calendar. `everywhere` writes the routes for all of them, so that a handler is
written once: it finds `user_id` or `group_id`, and `calendar_id` (absent: the whole mailbox), in `call.path`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from daypass.wire import Flow, Response

from .. import quirks
from ..routes import Call, Handler, Permissions, Route, access_denied, not_found
from .letters import Post
from .mailbox import Mailbox, open_mailbox
from .shared import Guest, SharedMailbox
from .sharing import ROLES, role_of

Json = dict[str, Any]

USER, GROUP = "/users/{user_id}", "/groups/{group_id}"
_CALENDAR = "/calendars/{calendar_id}"
CALENDARS = (f"{USER}/calendar", f"{USER}{_CALENDAR}", f"{USER}/calendarGroups/{{calendar_group_id}}{_CALENDAR}")
USER_PLACES = (USER, *CALENDARS)
SHARED_SCOPES = frozenset({"Calendars.Read.Shared", "Calendars.ReadWrite.Shared"})
WRITING_SCOPES = frozenset({"Calendars.ReadWrite", "Calendars.ReadWrite.Shared"})
GROUP_PLACES = (GROUP, f"{GROUP}/calendar")


def everywhere(
    method: str,
    rest: str,
    handler: Handler,
    permissions: Permissions,
    source: str,
    for_groups: Permissions | None = None,
    *,
    mailbox: bool = True,
) -> list[Route]:
    """The routes of a handler below the mailbox (unless told not to), each calendar and, with `for_groups`, a group's calendar."""
    places = USER_PLACES if mailbox else CALENDARS
    routes = [Route(method, place + rest, _at(place, handler), permissions, source) for place in places]
    if for_groups:
        of_groups = GROUP_PLACES if mailbox else GROUP_PLACES[1:]
        routes += [Route(method, place + rest, _at(place, handler), for_groups, source) for place in of_groups]
    return routes


def _at(place: str, handler: Handler) -> Handler:
    """The handler for a place: `/calendar` is the default calendar by another name, a calendar in a group must be of that group."""

    def in_group(call: Call) -> Response | Flow[Response]:
        box = opened(call)
        if box.calendar(call.path["calendar_id"]) not in box.in_group(box.group(call.path["calendar_group_id"])["id"]):
            raise not_found()
        return handler(call)

    def in_default_calendar(call: Call) -> Response | Flow[Response]:
        return handler(replace(call, path={**call.path, "calendar_id": opened(call).calendar(None)["id"]}))

    if "/calendarGroups/" in place:
        return in_group
    return in_default_calendar if place.endswith("/calendar") else handler


def owner_id(call: Call) -> str:
    """The object id of the user or group in the path."""
    return call.path.get("user_id") or call.path["group_id"]


def owner(call: Call) -> Mapping[str, Any]:
    """The user or group in the path."""
    state = call.tenant.state
    return state.users.get(owner_id(call)) or state.groups[owner_id(call)]


def context(call: Call, what: str) -> str:
    """The fragment of a metadata URL for what lies below the path's owner: `users('…')/events`."""
    return f"{'groups' if 'group_id' in call.path else 'users'}('{owner_id(call)}')/{what}"


def opened(call: Call) -> Mailbox:
    """The mailbox of the path as the caller sees it: their own, a group's, or what somebody shares with them.

    Fault 403 where nothing is shared, or where the token lacks a `.Shared` permission. An app alone sees everything.
    """
    owner, caller = owner_id(call), call.caller
    box = open_mailbox(call.tenant, owner)
    if caller.is_app:
        return box
    if "group_id" in call.path:
        group = call.tenant.state.groups.get(owner, {})
        if caller.user_id not in (*group.get("x-members", ()), *group.get("x-owners", ())):
            raise access_denied()
        return box
    if caller.user_id != owner:
        return _shared_by(call, box, box.calendars)
    source = box.calendars.get(call.path.get("calendar_id", ""), {}).get("sharedBy")
    return _in_own_list(call, box, source) if source else box


def _in_own_list(call: Call, box: Mailbox, source: Mapping[str, str]) -> Mailbox:
    """A calendar that somebody shared and that is in the caller's own list."""
    theirs, listed = open_mailbox(call.tenant, source["user"]), box.calendars[call.path["calendar_id"]]
    if source["calendar"] not in theirs.calendars:
        raise not_found()
    names = ("id", "name", "color", "hexColor", "isDefaultCalendar", "isRemovable", "sharedBy", "owner")
    return _shared_by(call, theirs, [source["calendar"]], shown={name: listed[name] for name in names if name in listed})


def _shared_by(call: Call, box: Mailbox, calendar_ids: Iterable[str], shown: Json | None = None) -> Mailbox:
    """What of a mailbox is shared with the caller; Fault 403 when that is nothing."""
    state, scopes = call.tenant.state, call.caller.scopes
    if not shown and scopes.isdisjoint(SHARED_SCOPES):
        raise access_denied()
    writes = not scopes.isdisjoint(WRITING_SCOPES if shown else WRITING_SCOPES & SHARED_SCOPES)
    guests: dict[str, Guest] = {}
    for calendar_id in calendar_ids:
        calendar = box.calendars[calendar_id]
        role = ROLES[role_of(state, calendar, call.caller.user_id)]
        if role.sees and "sharedBy" not in calendar:
            guests[calendar_id] = Guest(shown["id"] if shown else calendar_id, role, writes, shown)
    if not guests:
        raise access_denied()
    return SharedMailbox(box, guests, own_ids=bool(shown), shows_private=bool(quirks.value(state, "privateDetailsShown")))


def post_of(call: Call, box: Mailbox) -> Post:
    """The post for what the caller writes in a mailbox; in their own name in their own one, and in a group's."""
    guest = "user_id" in call.path and call.caller.user_id != box.owner_id
    return Post(call.tenant, call.caller.user_id if guest else "")


def found_to_write(call: Call) -> tuple[Mailbox, Json, str | None]:
    """The owner's mailbox and their whole event of the path, and for an occurrence its original day; Fault 403 where the caller may not."""
    box = opened(call)
    event, day = found(call, box)
    return *box.to_write(event), day


def found(call: Call, box: Mailbox) -> tuple[Json, str | None]:
    """The event of the path and, for an occurrence, its original day; it must lie in the calendar of the path if that names one."""
    event, day = box.find(call.path["event_id"])
    if call.path.get("calendar_id", event["calendarId"]) != event["calendarId"]:
        raise not_found()
    return event, day
