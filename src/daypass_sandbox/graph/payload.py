"""What a client may write, and the one form it is kept in.

The service takes more spellings than it gives: `HTML` for `html`, `"true"` for true, names in any letter case, the `@odata.type` of
Graph's types anywhere. `read` brings all of these into the form Graph itself answers with and refuses the rest as the service does: 400
`RequestBodyRead`. What this sandbox cannot keep is refused with 501 and its name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..routes import Fault

TEXT, FLAG, WHOLE, NUMBER, INSTANT = "text", "flag", "whole number", "number", "instant"
ANYTHING, OBJECT, LIST = "anything", "an object", "a list"  # kept as they came

_INSTANT = re.compile(
    r"\d{4,}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,12})?)?(Z|[+-]\d\d:\d\d)",
    re.ASCII | re.IGNORECASE,
)
_TYPE_NAME = re.compile(r"([^\s#]*#)?microsoft\.(graph|outlookservices)(\.\w+)+", re.IGNORECASE)


@dataclass(frozen=True)
class ReadOnly:
    """A member that only the service writes: what a client sends for it must be of its kind (a shape), and is passed over."""

    kind: Any = ANYTHING


@dataclass(frozen=True)
class NotBuilt:
    """A member that this sandbox does not keep: what a client sends for it must be of its kind, and empty."""

    kind: Any = ANYTHING


@dataclass(frozen=True)
class Each:
    """A list of texts of which none is null; in lists of other things nothing ever is."""

    kind: Any


IGNORED, NOT_BUILT = ReadOnly(), NotBuilt()
_NODES: dict[type, str] = {dict: "StartObject", list: "StartArray"}
_NODES_OF: dict[Any, type] = {OBJECT: dict, LIST: list}


def read_only(kind: Any, *names: str) -> dict[str, ReadOnly]:
    """Members of one kind that only the service writes."""
    return dict.fromkeys(names, ReadOnly(kind))


def without_nulls(members: Mapping[str, Any] | None) -> dict[str, Any]:
    """The members that a client gave a value: a null says as little as a member that is not there."""
    return {name: value for name, value in (members or {}).items() if value is not None}


def read(value: Any, shape: Any, name: str) -> Any:
    """The value in the shape's own form; None stays None and read-only members are left out."""
    if value is None or shape == ANYTHING:
        return value
    if callable(shape):
        return shape(value)
    if isinstance(shape, dict):
        return _read_object(_node(value, dict), shape, name)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(shape, list | Each):
        return _read_list(_node(value, list), shape, name)  # pyright: ignore[reportUnknownArgumentType]
    if shape in _NODES_OF:
        return _node(value, _NODES_OF[shape])
    if isinstance(value, dict | list):
        _node(value, str)
    if isinstance(shape, tuple):
        return _read_member(value, shape)  # pyright: ignore[reportUnknownArgumentType]
    return _read_plain(value, shape, name)


def _read_list(value: list[Any], shape: list[Any] | Each, name: str) -> list[Any]:
    kind = shape.kind if isinstance(shape, Each) else shape[0]
    if None in value and (isinstance(shape, Each) or kind != TEXT):
        needed = f"'Edm.{'String' if kind == TEXT else 'Untyped'}[Nullable=False]'"
        raise _unread(f"A null value was found with the expected type {needed}. The expected type {needed} does not allow null values.")
    return [read(item, kind, name) for item in value]


def _read_plain(value: Any, kind: str, name: str) -> Any:
    if kind == FLAG:
        return _read_flag(value)
    if kind in (WHOLE, NUMBER):
        return _read_number(value, kind)
    if not isinstance(value, str) or (kind == INSTANT and not _INSTANT.fullmatch(value)):
        expected = "DateTimeOffset" if kind == INSTANT else "String"
        raise _unread(f"Cannot convert the literal '{value}' to the expected type 'Edm.{expected}' (property '{name}').")
    return value


def _read_object(value: Mapping[str, Any], shape: Mapping[str, Any], kind: str) -> dict[str, Any]:
    spelling = {name.lower(): name for name in shape}
    result: dict[str, Any] = {}
    for given, part in value.items():
        if "@" in given:
            _check_annotation(given, part)
            continue
        name = spelling.get(given.lower())
        if name is None:
            hint = "Make sure to only use property names that are defined by the type."
            raise _unread(f"The property '{given}' does not exist on type 'microsoft.graph.{kind}'. {hint}")
        member = shape[name]
        if isinstance(member, ReadOnly):
            read(part, member.kind, name)
        elif not isinstance(member, NotBuilt):
            result[name] = read(part, member, name)
        elif read(part, member.kind, name):
            raise Fault(501, "notImplemented", f"Writing '{name}' of a {kind} is not implemented in this sandbox.")
    return result


def check_annotations(value: Mapping[str, Any]) -> None:
    """Fault 400 for an object with an `@odata.type` that is no name in Graph's namespaces."""
    for name, part in value.items():
        _check_annotation(name, part)


def _check_annotation(name: str, part: Any) -> None:
    if name.lower() == "@odata.type" and part is not None and not (isinstance(part, str) and _TYPE_NAME.fullmatch(part)):
        rest = "When a model is available, each type name must resolve to a valid type."
        raise _unread(f"A type named '{part}' could not be resolved by the model. {rest}")


def _node(value: Any, want: type) -> Any:
    if isinstance(value, want):
        return value
    found, expected = _node_name(value), _NODES.get(want, "PrimitiveValue")
    raise _unread(f"An unexpected '{found}' node was found when reading from the JSON reader. A '{expected}' node was expected.")


def _node_name(value: Any) -> str:
    return "StartObject" if isinstance(value, dict) else "StartArray" if isinstance(value, list) else "PrimitiveValue"


def _read_member(value: Any, members: tuple[str, ...]) -> str:
    for member in members:
        if isinstance(value, str) and member.lower() == value.lower():
            return member
    raise _unread(f"Requested value '{value}' was not found.")


def _read_flag(value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise _unread(f"Cannot convert the literal '{value}' to the expected type 'Edm.Boolean'.")
    return value


def _read_number(value: Any, kind: str) -> int | float:
    try:
        number = float(value)
    except (ValueError, OverflowError):
        number = math.nan
    if isinstance(value, bool) or not abs(number) < 2**31 or (kind == WHOLE and not number.is_integer()):
        raise _unread(f"Cannot convert the literal '{value}' to the expected type '{'Edm.Int32' if kind == WHOLE else 'Edm.Double'}'.")
    return int(number) if kind == WHOLE else number


def _unread(message: str) -> Fault:
    return Fault(400, "RequestBodyRead", message)
