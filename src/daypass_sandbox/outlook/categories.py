"""The master list of categories of a mailbox: names with one of 25 colours each.

It is kept in the mailbox's state under `categories`, by id, from the first change on; until then it is the list of a new mailbox.
Rules: Graph's pages resources/outlookcategory, api/outlookuser-post-mastercategories and their neighbours; the code for a name
that is taken is this sandbox's choice, since no page gives one.
"""

from __future__ import annotations

import uuid
from typing import Any

from daypass.wire import Response

from ..calendar.mailbox import Mailbox
from ..graph import odata, payload
from ..graph.payload import TEXT, read_only
from ..graph.permissions import READ_SETTINGS, WRITE_SETTINGS
from ..routes import Call, Fault, Route, not_found
from .mailboxes import context, own_mailbox

Json = dict[str, Any]

COLORS = ("none", *(f"preset{number}" for number in range(25)))
FIRST = {"Red": 0, "Orange": 1, "Yellow": 3, "Green": 4, "Blue": 7, "Purple": 8}  # api/outlookuser-list-mastercategories
SHAPE: Json = {**read_only(TEXT, "id"), "displayName": TEXT, "color": COLORS}
LONGEST_NAME = 255
WHOLE_LIST = 1000  # it comes in one page
CATEGORY: odata.Kind[Json] = odata.Kind("outlookCategory", ("id", "displayName", "color"))


def list_categories(call: Call) -> Response:
    """All categories of a mailbox."""
    found = list(_known(call, own_mailbox(call)).values())
    return odata.listing(call, context(call, "outlook/masterCategories"), CATEGORY, found, size=WHOLE_LIST)


def count_categories(call: Call) -> Response:
    """How many there are, as plain text."""
    odata.allow(call)
    return Response(200, {"content-type": "text/plain"}, str(len(_known(call, own_mailbox(call)))).encode())


def get_category(call: Call) -> Response:
    """One category."""
    odata.allow(call, "$select")
    return _answer(call, 200, _found(call, own_mailbox(call)))


def create_category(call: Call) -> Response:
    """A new category; its name must be another than those there are."""
    odata.allow(call)
    box = own_mailbox(call)
    given = payload.read(call.json(), SHAPE, "outlookCategory")
    name = (given.get("displayName") or "").strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise Fault(400, "ErrorInvalidParameter", f"A category needs a displayName of at most {LONGEST_NAME} characters.")
    known = _known(call, box)
    if any(name.casefold() == other["displayName"].casefold() for other in known.values()):
        raise Fault(409, "ErrorDuplicateCategory", f"The mailbox has a category named '{name}' already.")
    made = {"id": call.tenant.new_id("guid"), "displayName": name, "color": given.get("color") or "none"}
    box.state["categories"] = {**known, made["id"]: made}
    return _answer(call, 201, made)


def update_category(call: Call) -> Response:
    """A category in another colour; its name stays what it is (api/outlookcategory-update)."""
    odata.allow(call)
    box = own_mailbox(call)
    found = _found(call, box)
    given = payload.read(call.json(), SHAPE, "outlookCategory")
    if given.get("displayName") not in (None, found["displayName"]):
        raise Fault(400, "ErrorInvalidRequest", "Your request can't be completed. The name of a category can't be changed.")
    changed = {**found, "color": given.get("color") or found["color"]}
    box.state["categories"] = {**_known(call, box), found["id"]: changed}
    return _answer(call, 200, changed)


def delete_category(call: Call) -> Response:
    """Take a category off the list; the items that bear its name keep it."""
    odata.allow(call)
    box = own_mailbox(call)
    found = _found(call, box)
    box.state["categories"] = {key: category for key, category in _known(call, box).items() if key != found["id"]}
    return Response(204)


def _known(call: Call, box: Mailbox) -> dict[str, Json]:
    kept = box.state.get("categories")
    if kept is not None:
        return kept
    owner = uuid.uuid5(uuid.NAMESPACE_OID, call.path["user_id"])
    first = ({"id": str(uuid.uuid5(owner, name)), "displayName": f"{name} category", "color": f"preset{n}"} for name, n in FIRST.items())
    return {category["id"]: category for category in first}


def _found(call: Call, box: Mailbox) -> Json:
    found = _known(call, box).get(call.path["category_id"])
    if found is None:
        raise not_found()
    return found


def _answer(call: Call, status: int, category: Json) -> Response:
    return odata.single(call, status, context(call, "outlook/masterCategories"), CATEGORY, category)


_LIST = "/users/{user_id}/outlook/masterCategories"
_ONE = f"{_LIST}/{{category_id}}"
_DOC = "documentation: api/"
ROUTES = [
    Route("GET", _LIST, list_categories, READ_SETTINGS, f"{_DOC}outlookuser-list-mastercategories"),
    Route("GET", f"{_LIST}/$count", count_categories, READ_SETTINGS, "documentation: concepts/query-parameters"),
    Route("POST", _LIST, create_category, WRITE_SETTINGS, f"{_DOC}outlookuser-post-mastercategories"),
    Route("GET", _ONE, get_category, READ_SETTINGS, f"{_DOC}outlookcategory-get"),
    Route("PATCH", _ONE, update_category, WRITE_SETTINGS, f"{_DOC}outlookcategory-update"),
    Route("DELETE", _ONE, delete_category, WRITE_SETTINGS, f"{_DOC}outlookcategory-delete"),
]
