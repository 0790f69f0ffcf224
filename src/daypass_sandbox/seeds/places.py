"""The places of a seed: rooms and workspaces by their mailboxes, and what they lie in.

    "rooms": {"adams": {"id": "…", "displayName": "Conf Room Adams", "userPrincipalName": "adams@contoso.example",
                        "x-room": {"capacity": 12, "building": "Building 32", "tags": ["Whiteboard"]}}},
    "places": {"building32": {"type": "building", "displayName": "Building 32"},
               "floor1": {"type": "floor", "displayName": "Floor 1", "parent": "building32", "rooms": ["adams"]},
               "list32": {"type": "roomList", "displayName": "Building 32 Rooms", "emailAddress": "…", "rooms": ["adams"]}}

`parent` is the short name of the place that one lies in. `rooms` and `workspaces` name those that lie in a floor or section, or
are on a list. Any other member is a property of the Graph place. A room is a `workspace` if its `x-room` says so under `type`.
"""

from __future__ import annotations

import uuid
from typing import Any

from ..directory.place_types import HAS_MAILBOX, TYPES
from ..graph import payload
from .document import check
from .ground import Ground

Json = dict[str, Any]

OWN = {"type": str, "id": str, "displayName": str, "emailAddress": str, "parent": str, "rooms": list, "workspaces": list}


def settle_room(ground: Ground, key: str, room: Json) -> None:
    """The place that a room's mailbox stands for; its account says so under `x-room`."""
    kind = room.get("type", "room")
    if kind not in HAS_MAILBOX:
        raise ValueError(f"people.{key}.x-room: the type of a room is one of {', '.join(HAS_MAILBOX)}")
    user_id = ground.people[key]["id"]
    given = payload.read({name: value for name, value in room.items() if name != "type"}, TYPES[kind].shape(), kind)
    ground.tenant.state.users[user_id]["x-room"] = True
    place_id = str(uuid.uuid5(uuid.NAMESPACE_OID, user_id))
    ground.tenant.state.places[user_id] = {"type": kind, "id": user_id, "placeId": place_id, **given}


def plant(ground: Ground, specs: Json) -> None:
    """Everything else: buildings, floors, sections, desks and lists of rooms, and who lies where."""
    ids: dict[str, str] = {}
    for key, spec in specs.items():
        where = f"places.{key}"
        check(spec, OWN, where, required=("type", "displayName"), open_ended=True)
        kind = TYPES.get(spec["type"])
        if kind is None or kind.name in HAS_MAILBOX:
            raise ValueError(
                f"{where}: the type '{spec['type']}' is none of {', '.join(name for name in TYPES if name not in HAS_MAILBOX)}"
            )
        place_id = ids[key] = spec.get("id") or ground.tenant.new_id("guid")
        given = payload.read({name: value for name, value in spec.items() if name not in OWN}, kind.shape(), kind.name)
        place: Json = {"type": kind.name, "id": place_id, "placeId": place_id, "displayName": spec["displayName"], **given}
        if "parent" in spec:
            place["parentId"] = _parent(ground, kind.within, ids, spec["parent"], where)
        if kind.name == "roomList":
            place |= {"emailAddress": spec.get("emailAddress"), **_members(ground, spec, where)}
        else:
            _fill(ground, place, spec, where)
        ground.tenant.state.places[place_id] = place


def _parent(ground: Ground, within: tuple[str, ...], ids: dict[str, str], key: str, where: str) -> str:
    parent = ground.tenant.state.places.get(ids.get(key, ""))
    if parent is None or parent["type"] not in within:
        raise ValueError(f"{where}: '{key}' is no place before this one that it may lie in ({' or '.join(within) or 'nothing'})")
    return parent["id"]


def _members(ground: Ground, spec: Json, where: str) -> Json:
    """The rooms and workspaces of a place by their ids."""
    found: Json = {}
    for member, kind in (("rooms", "room"), ("workspaces", "workspace")):
        found[member] = [ground.user_id(key, where) for key in spec.get(member, [])]
        for user_id in found[member]:
            if ground.tenant.state.places.get(user_id, {}).get("type") != kind:
                raise ValueError(f"{where}: one of its {member} is no {kind}")
    return found


def _fill(ground: Ground, place: Json, spec: Json, where: str) -> None:
    """Let the rooms and workspaces that a place names lie in it."""
    for user_id in (user_id for members in _members(ground, spec, where).values() for user_id in members):
        inner = ground.tenant.state.places[user_id]
        if place["type"] not in TYPES[inner["type"]].within:
            raise ValueError(f"{where}: a {inner['type']} can't lie in a {place['type']}")
        inner["parentId"] = place["id"]
