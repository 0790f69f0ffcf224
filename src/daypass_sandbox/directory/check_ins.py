"""Checking in to a place: the note that somebody came to what they had booked.

Claims are kept with the place under `checkIns`, by the event's iCalUId. Rules: Graph's pages resources/checkinclaim,
api/place-post-checkins, api/checkinclaim-get.
"""

from __future__ import annotations

from typing import Any

from daypass.wire import Response

from ..calendar.events import timestamp
from ..graph import odata, payload
from ..routes import Call, Fault, not_found
from .place_types import HAS_MAILBOX

Json = dict[str, Any]

SHAPE: Json = {
    "calendarEventId": payload.TEXT,
    "checkInMethod": ("unspecified", "manual", "inferred", "verified"),
    **payload.read_only(payload.INSTANT, "createdDateTime"),
}
TYPE = "#microsoft.graph.checkInClaim"


def create(call: Call) -> Response:
    """Note a check-in for an event that is booked in the place's calendar; once more gives the note that is there."""
    odata.allow(call)
    place = _place(call)
    given = payload.read(call.json(), SHAPE, "checkInClaim")
    event_uid = given.get("calendarEventId") or ""
    if not _is_booked(call, place, event_uid):
        raise Fault(400, "ErrorInvalidRequest", "Your request can't be completed. The place has no such event in its calendar.")
    claims: dict[str, Json] = place.get("checkIns", {})
    made = {"calendarEventId": event_uid, "checkInMethod": given.get("checkInMethod") or "unspecified"}
    claim = claims.get(event_uid) or {**made, "createdDateTime": timestamp(call.tenant.clock.now())}
    call.tenant.state.places[place["id"]] = {**place, "checkIns": {**claims, event_uid: claim}}
    return _answer(call, 201, claim)


def get(call: Call) -> Response:
    """The check-in for an event, found by its iCalUId."""
    odata.allow(call)
    claim = _place(call).get("checkIns", {}).get(call.path["event_uid"])
    if claim is None:
        raise not_found()
    return _answer(call, 200, claim)


def _place(call: Call) -> Json:
    place = call.tenant.state.places.get(call.path["place_id"])
    if place is None:
        raise not_found()
    return place


def _is_booked(call: Call, place: Json, event_uid: str) -> bool:
    """Whether an event of the place's calendar has this iCalUId, which ends in the number that all copies of the event share."""
    mailbox = call.tenant.state.mailboxes.get(place["id"]) if place["type"] in HAS_MAILBOX else None
    return bool(mailbox and event_uid and any(event_uid.endswith(event["uid"]) for event in mailbox["events"].values()))


def _answer(call: Call, status: int, claim: Json) -> Response:
    where = f"places('{call.path['place_id']}')/checkIns"
    return odata.entity(call, status, where, {"@odata.type": TYPE, **claim})
