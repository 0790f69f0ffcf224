"""What a client may write, and the one form it is kept in.

The service takes more spellings than it gives: `HTML` for `html`, `"true"` for true, names in any letter case, `@odata.type`
anywhere. `read` brings all of these into the form Graph itself answers with and refuses the rest as the service does: 400
`RequestBodyRead`. What this sandbox cannot keep is refused with 501 and its name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..routes import Fault

TEXT, FLAG, WHOLE, NUMBER, IGNORED, NOT_BUILT = "text", "flag", "whole number", "number", "ignored", "not built"
ANYTHING = "anything"  # kept as it came

_NODES: dict[type, str] = {dict: "StartObject", list: "StartArray"}


def read(value: Any, shape: Any, name: str) -> Any:
    """The value in the shape's own form; None stays None and read-only members are left out."""
    if value is None or shape == ANYTHING:
        return value
    if callable(shape):
        return shape(value)
    if isinstance(shape, dict):
        return _read_object(_node(value, dict), shape, name)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(shape, list):
        return [read(item, shape[0], name) for item in _node(value, list)]  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, dict | list):
        _node(value, str)
    if isinstance(shape, tuple):
        return _read_member(value, shape)  # pyright: ignore[reportUnknownArgumentType]
    if shape == FLAG:
        return _read_flag(value)
    if shape in (WHOLE, NUMBER):
        return _read_number(value, shape)
    if not isinstance(value, str):
        raise _unread(f"Cannot convert the literal '{value}' to the expected type 'Edm.String' (property '{name}').")
    return value


def _read_object(value: Mapping[str, Any], shape: Mapping[str, Any], kind: str) -> dict[str, Any]:
    spelling = {name.lower(): name for name in shape}
    result: dict[str, Any] = {}
    for given, part in value.items():
        if "@" in given:
            continue
        name = spelling.get(given.lower())
        if name is None:
            hint = "Make sure to only use property names that are defined by the type."
            raise _unread(f"The property '{given}' does not exist on type 'microsoft.graph.{kind}'. {hint}")
        if shape[name] == NOT_BUILT and part:
            raise Fault(501, "notImplemented", f"Writing '{name}' of an event is not implemented in this sandbox.")
        if shape[name] not in (IGNORED, NOT_BUILT):
            result[name] = read(part, shape[name], name)
    return result


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
    except ValueError:
        number = math.nan
    if isinstance(value, bool) or not abs(number) < 2**31 or (kind == WHOLE and not number.is_integer()):
        raise _unread(f"Cannot convert the literal '{value}' to the expected type '{'Edm.Int32' if kind == WHOLE else 'Edm.Double'}'.")
    return int(number) if kind == WHOLE else number


def _unread(message: str) -> Fault:
    return Fault(400, "RequestBodyRead", message)
