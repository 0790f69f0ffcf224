"""Translating the ids of events between the forms that Exchange has for them.

Page: api/user-translateexchangeids. What it does not say: which code a failed translation bears (Exchange's own for the id), and
how too many ids are refused.
"""

from __future__ import annotations

from typing import Any

from daypass.wire import Response

from ..graph import odata, payload
from ..graph.payload import TEXT, Each
from ..graph.permissions import TRANSLATE_IDS
from ..routes import Call, Fault, Route
from . import events, identity
from .access import USER, opened
from .mailbox import Mailbox

MOST_IDS = 1000
FORMS = ("entryId", "ewsId", "immutableEntryId", "restId", "restImmutableEntryId")
SHAPE: dict[str, Any] = {"inputIds": Each(TEXT), "sourceIdType": FORMS, "targetIdType": FORMS}
_TO_EWS, _FROM_EWS = str.maketrans("-_", "/+"), str.maketrans("/+", "-_")


def translate(call: Call) -> Response:
    """Each id in the form that is wanted; one that cannot be translated bears the reason instead."""
    odata.allow(call)
    given, box = payload.read(call.json(), SHAPE, "translateExchangeIds"), opened(call)
    ids: list[str] | None = given.get("inputIds")
    if ids is None or not given.get("sourceIdType") or not given.get("targetIdType"):
        raise Fault(400, "ErrorInvalidRequest", "Your request can't be completed. inputIds, sourceIdType and targetIdType are required.")
    if len(ids) > MOST_IDS:
        raise Fault(400, "ErrorInvalidRequest", f"Your request can't be completed. At most {MOST_IDS} ids can be translated at once.")
    results = [_translated(box, item_id, given["sourceIdType"], given["targetIdType"]) for item_id in ids]
    whole = odata.Page(0, len(results))
    return odata.collection(call, "Collection(microsoft.graph.convertIdResult)", results, len(results), whole)


def _translated(box: Mailbox, item_id: str, source: str, target: str) -> dict[str, Any]:
    try:
        found = _known(box, _as_rest(item_id, source))
    except Fault as refusal:
        return {"sourceId": item_id, "errorDetails": {"code": refusal.code, "message": refusal.message}}
    return {"sourceId": item_id, "targetId": _from_rest(*found, target)}


def _known(box: Mailbox, rest_id: str) -> tuple[str, str]:
    """The plain and the immutable id of an event; a calendar has one that never changes. Fault 404 for anything else."""
    if rest_id in box.calendars:
        return rest_id, rest_id
    event, day = box.find(rest_id)
    first = events.first_id(event)
    if day is None:
        return event["id"], identity.immutable(first)
    return events.occurrence_id(event["id"], day), identity.immutable(events.occurrence_id(first, day))


def _as_rest(item_id: str, form: str) -> str:
    """An id as Graph writes it, from the form that a client has."""
    if form == "ewsId":
        return item_id.translate(_FROM_EWS)
    if form.lower().endswith("entryid") and not form.startswith("rest"):
        if item_id[-1:] not in ("0", "1", "2"):
            raise Fault(400, "ErrorInvalidIdMalformed", "Id is malformed.")
        return item_id[:-1] + "=" * int(item_id[-1])
    return item_id


def _from_rest(plain_id: str, immutable_id: str, form: str) -> str:
    if form == "ewsId":
        return plain_id.translate(_TO_EWS)
    rest_id = immutable_id if "mmutable" in form else plain_id
    return rest_id.rstrip("=") + str(rest_id.count("=")) if form in ("entryId", "immutableEntryId") else rest_id


ROUTES = [
    Route(
        "POST",
        f"{USER}/translateExchangeIds",
        translate,
        TRANSLATE_IDS,
        "documentation: api/user-translateexchangeids; codes of failures are Exchange's for ids, as no page gives them",
    )
]
