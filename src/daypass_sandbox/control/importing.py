"""iCalendar files from outside into a mailbox."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from daypass.wire import Response

from ..calendar.calendars import new_calendar
from ..calendar.mailbox import Mailbox, open_mailbox
from ..calendar.writing import author
from ..ics import importing, reading
from ..ics.importing import Target
from ..routes import Call, Route, reply
from .asked import user_id, wrong


def take_file(call: Call) -> Response:
    """Put the events of an iCalendar file (the body) into a user's calendar, which is made if it is not there; say what was not kept."""
    for name in call.query:
        if name not in ("user", "calendar"):
            raise wrong(f"unknown query option {name!r}; known here: user, calendar")
    whose = user_id(call, call.query.get("user", ""))
    call, box = replace(call, path={"user_id": whose}), open_mailbox(call.tenant, whose)
    try:
        book = reading.read(call.request.body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise wrong("the file must be text in UTF-8") from None
    except ValueError as error:
        raise wrong(str(error)) from None
    calendar = _calendar(call, box, call.query.get("calendar", ""))
    user = call.tenant.state.users[whose]
    addresses = frozenset(str(user[name]).lower() for name in ("mail", "userPrincipalName") if user.get(name))
    report = importing.take(book, Target(box, calendar, author(call, calendar), addresses))
    return reply(200, {"user": user["userPrincipalName"], "calendar": calendar["name"], **report.to_json()})


def _calendar(call: Call, box: Mailbox, named: str) -> dict[str, Any]:
    for calendar in box.calendars.values():
        if named in (calendar["id"], calendar["name"]) or (not named and calendar["isDefaultCalendar"]):
            return calendar
    calendar = new_calendar(call.tenant.new_id, named)
    box.calendars[calendar["id"]] = calendar
    return calendar


ROUTES = (Route("POST", "/sandbox/import", take_file),)
