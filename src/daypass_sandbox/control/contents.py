"""Who is in the tenant, read and written directly: users with their mailboxes."""

from __future__ import annotations

import re
from typing import Any, cast

from daypass.wire import Response

from .. import zones
from ..calendar.calendars import new_calendar, new_mailbox
from ..directory import written
from ..directory.log import note, related
from ..routes import Call, Fault, Route, reply
from .asked import said, user_id, wrong

Json = dict[str, Any]

SHOWN_OF_USER = ("id", "displayName", "userPrincipalName", "mail", "jobTitle", "accountEnabled")
OWN = ("mailbox", "timeZone")  # what is said of a new user beside the members of a Graph user
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def list_users(call: Call) -> Response:
    """Everybody, in short: with the time zone of their mailbox and the number of events in it, and whether they are a room."""
    state = call.tenant.state
    listed: list[Json] = []
    for one, user in state.users.items():
        box = state.mailboxes.get(one)
        shown = {name: user[name] for name in SHOWN_OF_USER if name in user}
        shown |= {"timeZone": box["timeZone"] if box else None, "events": len(box["events"]) if box else None}
        listed.append(shown | ({"room": True} if "x-room" in user else {}))
    return reply(200, listed)


def add_user(call: Call) -> Response:
    """A new user with an empty mailbox (unless `mailbox` is false); any other member is a property of the Graph user."""
    body, state = call.json(), call.tenant.state
    name, address = body.get("displayName"), body.get("userPrincipalName")
    if not isinstance(name, str) or not isinstance(address, str) or not ADDRESS.fullmatch(address):
        raise wrong('say who: {"displayName": "Megan Bowen", "userPrincipalName": "megan@contoso.example"}')
    fresh = str(body.get("id") or call.tenant.new_id("user"))
    if state.find_user(fresh) or state.find_user(address):
        raise Fault(409, "user_exists", f"there is already a user {address} or with this id")
    box = new_mailbox(call.tenant.new_id, _zone(body)) if body.get("mailbox", True) else None
    given = _written({member: value for member, value in body.items() if member not in OWN})
    state.users[fresh] = {"mail": address if box else None, "accountEnabled": True, **given, "id": fresh}
    if box:
        state.mailboxes[fresh] = box
    note(call.tenant, "users", fresh, "created")
    return reply(201, state.users[fresh])


def change_user(call: Call) -> Response:
    """Change members of a user, or the `timeZone` of their mailbox; the id stays."""
    state, body = call.tenant.state, call.json()
    user = state.users[user_id(call, call.path["user"])]
    changed = _written({name: value for name, value in body.items() if name not in ("id", "timeZone")})
    if "timeZone" in body:
        if user["id"] not in state.mailboxes:
            raise wrong(f"{user['userPrincipalName']} has no mailbox whose timeZone could be changed")
        state.mailboxes[user["id"]]["timeZone"] = _zone(body)
    user.update(changed)
    note(call.tenant, "users", user["id"])
    return reply(200, user)


def _written(members: Json) -> Json:
    try:
        return written.user(members, OWN)
    except ValueError as error:
        raise wrong(str(error)) from None


def delete_user(call: Call) -> Response:
    """Forget a user with mailbox and sign-ins."""
    state, gone = call.tenant.state, user_id(call, call.path["user"])
    for by_user in (state.users, state.mailboxes, state.sessions, state.evaluations):
        by_user.pop(gone, None)
    for records in (state.refresh_tokens, state.device_codes):
        for key in [key for key, record in records.items() if record.get("user_id") == gone]:
            del records[key]
    note(call.tenant, "users", gone, "deleted")
    related(call.tenant, gone)
    return reply(200, {"deleted": gone})


def add_mailbox(call: Call) -> Response:
    """An empty mailbox for a user who has none; `calendars` names those besides the first."""
    body, state = said(call, "user", "timeZone", "calendars"), call.tenant.state
    whose, names = user_id(call, body.get("user", "")), body.get("calendars", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in cast("list[Any]", names)):
        raise wrong("calendars must be a list of names")
    if whose in state.mailboxes:
        raise Fault(409, "mailbox_exists", f"{state.users[whose]['userPrincipalName']} has a mailbox already")
    box = new_mailbox(call.tenant.new_id, _zone(body))
    (first,) = box["calendars"].values()
    for name in cast("list[str]", names):
        calendar = new_calendar(call.tenant.new_id, name)
        box["calendars"][calendar["id"]] = calendar
    state.mailboxes[whose] = box
    state.users[whose]["mail"] = state.users[whose].get("mail") or state.users[whose]["userPrincipalName"]
    return reply(201, {"user": state.users[whose]["userPrincipalName"], "timeZone": box["timeZone"], "calendars": [first["name"], *names]})


def _zone(body: Json) -> str:
    name = zones.windows_name(str(body.get("timeZone", "UTC")))
    if name is None:
        raise wrong(f"{body['timeZone']!r} is not a time zone")
    return name


ROUTES = (
    Route("GET", "/sandbox/users", list_users),
    Route("POST", "/sandbox/users", add_user),
    Route("PATCH", "/sandbox/users/{user}", change_user),
    Route("DELETE", "/sandbox/users/{user}", delete_user),
    Route("POST", "/sandbox/mailbox", add_mailbox),
)
