"""Answering, cancelling and forwarding meetings over HTTP.

Facts: api/event-accept, api/event-decline, api/event-tentativelyaccept, api/event-cancel, api/event-forward. Refusals that the pages do
not word are as others observed them: whoever organizes cannot answer, nobody can where no answer is wanted, a comment needs a
response that is sent. For a meeting that was cancelled, and one without attendees to cancel, only Exchange's own codes are known
(ErrorCalendarIsCancelledForAccept; ErrorInvalidRecipients, php-ews issue 458).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from daypass.wire import Response

from ..directory import people
from ..graph import odata, payload
from ..graph.permissions import READ_EVENT_DETAILS, WRITE_CALENDARS
from ..routes import Call, Fault
from . import answering, events, meetings, shapes
from .access import everywhere, found_to_write, post_of
from .answering import Answer

Json = dict[str, Any]

ANSWER: Json = {"comment": payload.TEXT, "sendResponse": payload.FLAG}
PROPOSAL: Json = {**ANSWER, "proposedNewTime": {"start": shapes.TIME, "end": shapes.TIME}}
CANT = "Your request can't be completed. "


def respond(call: Call, response: str) -> Response:
    """Answer a meeting, or one occurrence of a series: `response` is accepted, tentativelyAccepted or declined."""
    odata.allow(call)
    box, event, day = found_to_write(call)
    given = payload.read(call.json(), ANSWER if response == "accepted" else PROPOSAL, "event")
    seen, told = events.view(event, day), given.get("sendResponse") is not False
    if seen["isOrganizer"]:
        raise Fault(400, "ErrorInvalidRequest", CANT + "You can't respond to this meeting because you're the meeting organizer.")
    if seen["isCancelled"]:
        raise Fault(400, "ErrorInvalidRequest", CANT + "You can't respond to this meeting because it was canceled.")
    if told and not seen["responseRequested"]:
        raise Fault(400, "ErrorInvalidRequest", CANT + "The meeting organizer hasn't requested a response.")
    if given.get("comment") and not told:
        raise Fault(400, "ErrorInvalidParameter", "The parameter 'SendResponse' must be true when 'Comment' is given.")
    answer = Answer(response, given.get("comment") or "", told, _proposal(given.get("proposedNewTime"), seen, told=told))
    answering.give(post_of(call, box), box.owner_id, box, event, day, answer)
    return Response(202)


def cancel_event(call: Call) -> Response:
    """Cancel a meeting, or one occurrence, with a comment for those who are asked; only its organizer may."""
    odata.allow(call)
    box, event, day = found_to_write(call)
    given = payload.read(call.json(), {"comment": payload.TEXT}, "event")
    seen = events.view(event, day)
    if not seen["isOrganizer"]:
        raise Fault(400, "ErrorInvalidRequest", CANT + "You need to be an organizer to cancel a meeting.")
    if not seen["attendees"]:
        message = "At least one recipient isn't valid., A message can't be sent because it contains no recipients."
        raise Fault(400, "ErrorInvalidRecipients", message)
    meetings.withdraw(post_of(call, box), box, event, day, given.get("comment") or "")
    return Response(202)


def forward_event(call: Call) -> Response:
    """Pass a meeting, or one occurrence, on to others, with a comment."""
    odata.allow(call)
    box, event, day = found_to_write(call)
    given = payload.read(call.json(), {"comment": payload.TEXT, "toRecipients": [shapes.RECIPIENT]}, "event")
    to = named_recipients(call, given.get("toRecipients") or [])
    meetings.forward(post_of(call, box), box.owner_id, event, day, to, given.get("comment") or "")
    return Response(202)


def named_recipients(call: Call, given: list[Json | None]) -> list[Json]:
    """Recipients, with their names from the directory where the client gave none; Fault 400 for none at all, or a bad one."""
    recipients = events.invited(given, (), lambda address: people.display_name(call.tenant.state.users, address))
    if not recipients:
        message = "At least one recipient isn't valid., A message can't be sent because it contains no recipients."
        raise Fault(400, "ErrorInvalidRecipients", message)
    return [{"emailAddress": recipient["emailAddress"]} for recipient in recipients]


def _proposal(given: Json | None, seen: Json, *, told: bool) -> Json | None:
    """The new time that an attendee proposes, checked."""
    if given is None:
        return None
    if not seen["allowNewTimeProposals"]:
        raise Fault(400, "ErrorInvalidRequest", CANT + "The meeting organizer doesn't allow new time proposals.")
    if not told:
        raise Fault(400, "ErrorInvalidParameter", "The parameter 'SendResponse' must be true when 'ProposedNewTime' is given.")
    proposal = {name: events.stored_time(given.get(name) or {}, f"proposedNewTime.{name}") for name in ("start", "end")}
    events.check_times(proposal)
    return {name: {**time, "dateTime": f"{time['dateTime']}.0000000"} for name, time in proposal.items()}


_DOC = "documentation: api/event-"
_SEEN = "refusals observed by others"
ROUTES = [
    *(
        route
        for name, response in (("accept", "accepted"), ("tentativelyAccept", "tentativelyAccepted"), ("decline", "declined"))
        for route in everywhere(
            "POST", f"/events/{{event_id}}/{name}", partial(respond, response=response), WRITE_CALENDARS, f"{_DOC}{name.lower()}; {_SEEN}"
        )
    ),
    *everywhere("POST", "/events/{event_id}/cancel", cancel_event, WRITE_CALENDARS, f"{_DOC}cancel; {_SEEN}", WRITE_CALENDARS),
    *everywhere("POST", "/events/{event_id}/forward", forward_event, READ_EVENT_DETAILS, f"{_DOC}forward"),
]
