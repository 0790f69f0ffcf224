"""The places of the tenant: buildings with their floors and sections, rooms, workspaces and desks, and lists of rooms.

`state.places` holds them by id: `type` is the type's Graph name, the rest what Graph shows. A room and a workspace have the id of
their mailbox's account, and their name and address from there; a list of rooms has `rooms` and `workspaces`, ids both.

Rules: Graph's pages api/place-list, api/place-get, api/place-update, api/place-post, api/place-delete, api/place-descendants. A
place is found by its id, one with an address by that too; the rooms of a list by the list's address alone (api/place-list). The
pages ask for an administrator's role to change places; roles are no part of this tenant, the permission is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from daypass.wire import Response

from ..calendar.calendars import new_mailbox
from ..graph import odata, payload, values
from ..graph.permissions import CHECK_IN, READ_PLACES, WRITE_PLACES
from ..graph.services import PLACES
from ..routes import Call, Fault, Handler, Route, not_found
from . import check_ins
from .place_types import HAS_MAILBOX, TYPES, PlaceType, of_type

if TYPE_CHECKING:
    from ..tenant import State

Json = dict[str, Any]

MOST_DESCENDANTS = 2500  # api/place-descendants
TYPED = "@odata.type"
_TYPES = {name: values.types_of(kind.shape()) for name, kind in TYPES.items()}


def shown(state: State, place: Mapping[str, Any]) -> Json:
    """A place as Graph shows it, without its type."""
    kind = TYPES[place["type"]]
    whole: Json = {**kind.blank(), **place}
    if kind.name in HAS_MAILBOX:
        user = state.users.get(place["id"], {})
        whole |= {"displayName": user.get("displayName", ""), "emailAddress": user.get("mail")}
        whole["nickname"] = whole["nickname"] or whole["displayName"]
    return {name: whole[name] for name in kind.properties}


def with_address(state: State, address: str) -> Json | None:
    """The place that has this mail address (any letter case), None if none has."""
    wanted = address.lower()
    for place in state.places.values():
        mail = state.users.get(place["id"], {}).get("mail") if place["type"] in HAS_MAILBOX else place.get("emailAddress")
        if wanted and str(mail).lower() == wanted:
            return place
    return None


def listed(type_name: str) -> Handler:
    """The handler that lists the places of a type."""

    def list_places(call: Call) -> Response:
        state = call.tenant.state
        found = [shown(state, place) for place in state.places.values() if place["type"] == type_name]
        return _listing(call, f"places/microsoft.graph.{type_name}", type_name, found)

    return list_places


def counted(type_name: str | None) -> Handler:
    """The handler that counts the places of a type, or all."""

    def count_places(call: Call) -> Response:
        state = call.tenant.state
        found = [shown(state, place) for place in state.places.values() if type_name in (None, place["type"])]
        return odata.counted(call, _kind(call, type_name) if type_name else _any_kind(), found)

    return count_places


def get_place(call: Call) -> Response:
    """One place, of whatever type it is."""
    odata.allow(call, "$select", "$expand")
    return _answer(call, 200, _found(call))


def got_as(type_name: str) -> Handler:
    """The handler for one place as one of a type; 404 when it is of another."""

    def get_as(call: Call) -> Response:
        odata.allow(call, "$select", "$expand")
        place = _found(call)
        if place["type"] != type_name:
            raise not_found()
        return _answer(call, 200, place)

    return get_as


def list_members(type_name: str) -> Handler:
    """The handler for the rooms or the workspaces of a list of rooms, which is found by its address and not by its id."""
    member = f"{type_name}s"

    def list_of(call: Call) -> Response:
        state = call.tenant.state
        place = with_address(state, call.path["place_id"])
        if place is None or place["type"] != "roomList":
            raise not_found()
        found = [shown(state, state.places[key]) for key in place.get(member, []) if key in state.places]
        where = f"places('{quote(call.path['place_id'], safe='')}')/microsoft.graph.roomList/{member}"
        return _listing(call, where, type_name, found)

    return list_of


def descended(type_name: str | None) -> Handler:
    """The handler for all places below one, of a type or of every type."""

    def descendants(call: Call) -> Response:
        state = call.tenant.state
        found = [place for place in _below(state, _found(call)["id"]) if type_name in (None, place["type"])][:MOST_DESCENDANTS]
        if type_name:
            return _listing(call, "Collection(microsoft.graph.place)", type_name, [shown(state, place) for place in found])
        typed = [{TYPED: f"#microsoft.graph.{place['type']}", **shown(state, place)} for place in found]
        return odata.listing(call, "Collection(microsoft.graph.place)", _any_kind(), typed)

    return descendants


def create_place(call: Call) -> Response:
    """A new place of the type that the body names; a room or workspace gets a mailbox (api/place-post)."""
    odata.allow(call)
    body = call.json()
    kind = of_type(body.get(TYPED))
    if kind is None or kind.name == "roomList":
        makable = ", ".join(name for name in TYPES if name != "roomList")
        raise _bad(f"The @odata.type of a new place has to be microsoft.graph. followed by one of {makable}.")
    name = payload.read({"displayName": body.get("displayName")}, {"displayName": payload.TEXT}, "place")["displayName"]
    if not name:
        raise _bad("A place needs a displayName.")
    given = payload.read(body, kind.shape(), kind.name)
    _check_parent(call, kind, given.get("parentId"))
    tenant = call.tenant
    place_id = _new_account(call, name) if kind.name in HAS_MAILBOX else tenant.new_id("guid")
    place: Json = {"type": kind.name, "id": place_id, "placeId": place_id, "displayName": name, **payload.without_nulls(given)}
    if kind.name in HAS_MAILBOX:
        place["placeId"] = tenant.new_id("guid")
    tenant.state.places[place_id] = place
    return _answer(call, 201, place)


def update_place(call: Call) -> Response:
    """Change a place; null empties what can be empty (api/place-update)."""
    odata.allow(call)
    place, body = _found(call), call.json()
    kind = TYPES[place["type"]]
    if TYPED in body and of_type(body[TYPED]) != kind:
        raise _bad(f"The place is a microsoft.graph.{kind.name}, and not a '{body[TYPED]}'.")
    given = payload.read(body, kind.shape(), kind.name)
    if "parentId" in given:
        _check_parent(call, kind, given["parentId"])
    nothing = kind.blank()
    changed = {**place, **{name: nothing[name] if value is None else value for name, value in given.items()}}
    call.tenant.state.places[place["id"]] = changed
    return _answer(call, 200, changed)


def delete_place(call: Call) -> Response:
    """Take a place away: a building, floor, section or desk that nothing lies in (api/place-delete)."""
    odata.allow(call)
    place, places = _found(call), call.tenant.state.places
    if place["type"] in (*HAS_MAILBOX, "roomList"):
        raise _bad(f"A {place['type']} can't be deleted.")
    if any(other.get("parentId") == place["id"] for other in places.values()):
        raise _bad("The place has other places in it.")
    del places[place["id"]]
    return Response(204)


def _listing(call: Call, where: str, type_name: str, found: list[Json]) -> Response:
    return odata.listing(call, where, _kind(call, type_name), found)


def _any_kind() -> odata.Kind[Json]:
    """Places of whatever type as lists see them."""
    return odata.Kind("place", tuple(dict.fromkeys(name for kind in TYPES.values() for name in kind.properties)), service=PLACES)


def _kind(call: Call, type_name: str) -> odata.Kind[Json]:
    """A type of place as lists see it; a list of rooms can be expanded to these."""
    if type_name != "roomList":
        return odata.Kind(type_name, TYPES[type_name].properties, types=_TYPES[type_name], service=PLACES)
    places, state = call.tenant.state.places, call.tenant.state

    def related(member: str, of: str) -> Any:
        def expand(call: Call, place: Json, asked: Any) -> Any:
            found = [shown(state, places[key]) for key in places[place["id"]].get(member, []) if key in places]
            return odata.nested(call, _kind(call, of), found, asked)

        return expand

    relations = {"rooms": related("rooms", "room"), "workspaces": related("workspaces", "workspace")}
    known = TYPES[type_name].properties
    return odata.Kind(type_name, known, expandable=relations, types=_TYPES[type_name], service=PLACES)


def _answer(call: Call, status: int, place: Mapping[str, Any]) -> Response:
    value = {TYPED: f"#microsoft.graph.{place['type']}", **shown(call.tenant.state, place)}
    return odata.single(call, status, "places", _kind(call, place["type"]), value)


def _found(call: Call) -> Json:
    key, state = call.path["place_id"], call.tenant.state
    place = state.places.get(key) or state.places.get(key.lower()) or with_address(state, key)
    if place is None:
        raise not_found()
    return place


def _below(state: State, place_id: str) -> Iterable[Json]:
    """The places below one, each before those within it."""
    within: dict[str, list[Json]] = {}
    for place in state.places.values():
        within.setdefault(place.get("parentId") or "", []).append(place)
    waiting = within.get(place_id, [])[::-1]
    while waiting:
        place = waiting.pop()
        yield place
        waiting += within.get(place["id"], [])[::-1]


def _check_parent(call: Call, kind: PlaceType, parent_id: str | None) -> None:
    """A place lies in what its type may lie in; whatever must lie somewhere does. Fault 400 otherwise."""
    parent = call.tenant.state.places.get(parent_id or "")
    optional = not kind.within or kind.name in HAS_MAILBOX
    if (parent is None and (parent_id or not optional)) or (parent and parent["type"] not in kind.within):
        needed = f"has to be the id of a {' or '.join(kind.within)}" if kind.within else "has to be left out"
        raise _bad(f"The parentId of a {kind.name} {needed}.")


def _new_account(call: Call, name: str) -> str:
    """The account and mailbox of a new room or workspace; its address is made up from its name."""
    tenant = call.tenant
    user_id, tail = tenant.new_id("user"), tenant.new_id("guid").replace("-", "")[:12]
    address = f"{re.sub(r'[^a-z0-9]', '', name.lower())}{tail}@{tenant.state.domains[0]}"
    account = {"id": user_id, "displayName": name, "userPrincipalName": address, "mail": address, "accountEnabled": False}
    tenant.state.users[user_id] = {**account, "x-room": True}
    tenant.state.mailboxes[user_id] = new_mailbox(tenant.new_id, "UTC")
    return user_id


def _bad(message: str) -> Fault:
    return Fault(400, "ErrorInvalidRequest", f"Your request can't be completed. {message}")


_DOC = "documentation: api/place-"
_ONE = "/places/{place_id}"
ROUTES = [
    Route("GET", "/places/$count", counted(None), READ_PLACES, "documentation: concepts/query-parameters"),
    Route("POST", "/places", create_place, WRITE_PLACES, f"{_DOC}post"),
    Route("GET", _ONE, get_place, READ_PLACES, f"{_DOC}get"),
    Route("PATCH", _ONE, update_place, WRITE_PLACES, f"{_DOC}update"),
    Route("DELETE", _ONE, delete_place, WRITE_PLACES, f"{_DOC}delete"),
    Route("GET", f"{_ONE}/descendants", descended(None), READ_PLACES, f"{_DOC}descendants"),
    Route("GET", f"{_ONE}/roomList/rooms", list_members("room"), READ_PLACES, f"{_DOC}list"),
    Route("GET", f"{_ONE}/roomList/workspaces", list_members("workspace"), READ_PLACES, f"{_DOC}list"),
    Route("POST", f"{_ONE}/checkIns", check_ins.create, CHECK_IN, f"{_DOC}post-checkins"),
    Route("GET", f"{_ONE}/checkIns/{{event_uid}}", check_ins.get, CHECK_IN, "documentation: api/checkinclaim-get"),
    *(
        route
        for name in TYPES
        for route in (
            Route("GET", f"/places/{name}", listed(name), READ_PLACES, f"{_DOC}list"),
            Route("GET", f"/places/{name}/$count", counted(name), READ_PLACES, "documentation: concepts/query-parameters"),
            Route("GET", f"{_ONE}/{name}", got_as(name), READ_PLACES, f"{_DOC}get"),
            Route("GET", f"{_ONE}/descendants/{name}", descended(name), READ_PLACES, f"{_DOC}descendants"),
        )
    ),
]
