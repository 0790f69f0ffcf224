"""People and groups as the control plane and seeds write them: what Graph knows of them, and the sandbox's own members beside it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from typing import Any

from ..calendar import rooms
from ..graph import payload
from ..routes import Fault
from . import shapes

Json = dict[str, Any]

EXTENSION = re.compile(r"extension_\w+")  # properties that apps add to people
OWN_OF_A_USER: Json = {
    "id": payload.TEXT,
    "x-room": payload.FLAG,
    "x-equipment": payload.FLAG,
    "x-calendarProcessing": rooms.processing,
}
OWN_OF_A_GROUP: Json = {"id": payload.TEXT}
NEVER_NULL = ("displayName", "userPrincipalName")


def user(given: Mapping[str, Any], known_besides: Collection[str] = ()) -> Json:
    """The members of a user, checked; ValueError for one that no user has, or that is not of its kind.

    What only the service writes may be written here. `known_besides` are names that stand beside them where they were written.
    """
    return _checked(given, {**shapes.USER, **OWN_OF_A_USER}, known_besides)


def group(given: Mapping[str, Any], known_besides: Collection[str] = ()) -> Json:
    """The same for a group."""
    return _checked(given, {**shapes.GROUP, **OWN_OF_A_GROUP}, known_besides)


def _checked(given: Mapping[str, Any], shape: Json, known_besides: Collection[str]) -> Json:
    kept: Json = {}
    for name, value in given.items():
        if name not in shape and not EXTENSION.fullmatch(name):
            near = difflib.get_close_matches(name, [*shape, *known_besides], n=1)
            raise ValueError(f"there is no member '{name[:80]}'" + (f"; is '{near[0]}' meant?" if near else ""))
        if value is None and name in NEVER_NULL:
            raise ValueError(f"'{name}' must be a text")
        kept[name] = value if isinstance(shape.get(name), payload.ReadOnly | payload.NotBuilt) else _read(name, value, shape)
    return kept


def _read(name: str, value: Any, shape: Json) -> Any:
    try:
        return payload.read(value, shape.get(name, payload.ANYTHING), name)
    except Fault as fault:
        raise ValueError(f"'{name}': {fault}") from None
