"""Data that apps keep with an event or calendar: open extensions, and extended properties of one or several values.

Each is told from the others by its id, which is brought into one spelling here. What is written is added to what is there; an
extended property that is set to null goes.

Pages: resources/opentypeextension and its methods, resources/extended-properties-overview, resources/singlevaluelegacyextendedproperty.
Refusals observed by others (microsoft-graph-docs issue 2251) and Exchange's own.
"""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, cast

from ..graph import payload, query
from ..routes import Fault

Json = dict[str, Any]

PREFIX = "Microsoft.OutlookServices.OpenTypeExtension."
PREFIXES = (PREFIX.lower(), "microsoft.graph.opentypeextension.", "opentypeextension.")  # the last as `graph.paths` leaves it
RESERVED = frozenset({"id", "extensionname"})
TYPES = ("ApplicationTime", "Binary", "Boolean", "CLSID", "Currency", "Double", "Float", "Integer", "Long", "Short", "String", "SystemTime")
ID = re.compile(
    r"(?P<type>[a-z]+?)(?P<many>Array)? +(?:"
    r"\{(?P<guid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\} +(?:Name +(?P<name>\S.*)|Id +(?P<id>0x[0-9a-f]{1,8}|[0-9]{1,10}))"
    r"|(?P<tag>0x[0-9a-f]{1,8}))",
    re.IGNORECASE,
)
_READERS: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(("Integer", "Long", "Short"), int),
    **dict.fromkeys(("Double", "Float", "Currency"), float),
    "CLSID": uuid.UUID,
    "SystemTime": datetime.fromisoformat,
    "Binary": lambda text: base64.b64decode(text, validate=True),
    "Boolean": lambda text: ("true", "false").index(text.lower()),
}
_SPELLING = {name.lower(): name for name in TYPES}


# --- open extensions ---------------------------------------------------------------------------------------------


def extension(value: Any) -> Json:
    """A client's open extension in the form that is kept; Fault 400 when it has no name or data that are not primitive."""
    if not isinstance(value, dict):
        raise Fault(
            400, "RequestBodyRead", "An unexpected node was found when reading from the JSON reader. A 'StartObject' node was expected."
        )
    whole = cast("Json", value)
    payload.check_annotations(whole)
    given = {name: part for name, part in whole.items() if "@" not in name}
    named, item_id = (next((part for name, part in given.items() if name.lower() == wanted), None) for wanted in ("extensionname", "id"))
    if not isinstance(named, str) or not named.strip():
        raise Fault(
            400, "ErrorPropertyValidationFailure", "At least one property failed validation. (an open extension needs an extensionName)"
        )
    payload.read(item_id, payload.TEXT, "id")
    data = {name: part for name, part in given.items() if name.lower() not in RESERVED}
    for name, part in data.items():
        if isinstance(part, dict) or (isinstance(part, list) and any(isinstance(one, dict | list) for one in part)):  # pyright: ignore[reportUnknownVariableType]
            reason = "The data of an open extension are primitive values or lists of them."
            raise Fault(400, "RequestBodyRead", f"The value of '{name}' can't be read. {reason}")
    return {"id": extension_id(named), "extensionName": extension_id(named).removeprefix(PREFIX), **data}


def extension_id(named: str) -> str:
    """The id of an extension, from its name or its id in either spelling."""
    for prefix in PREFIXES:
        if named.lower().startswith(prefix):
            return PREFIX + named[len(prefix) :].strip()
    return PREFIX + named.strip()


def shown_extension(kept: Json) -> Json:
    """An open extension as a Graph resource."""
    return {"@odata.type": "#microsoft.graph.openTypeExtension", **kept}


# --- extended properties -----------------------------------------------------------------------------------------


def property_id(text: str, *, many: bool) -> str:
    """The id of an extended property in one spelling; Fault 400 `ErrorInvalidExtendedProperty` for what is none."""
    found = ID.fullmatch(text.strip())
    kind = _SPELLING.get(found["type"].lower()) if found else None
    if found is None or kind is None or bool(found["many"]) != many:
        raise Fault(400, "ErrorInvalidExtendedProperty", "The extended property attribute combination is invalid.")
    type_name = kind + ("Array" if many else "")
    if found["tag"]:
        return f"{type_name} 0x{int(found['tag'], 16):x}"
    place = f"Name {found['name']}" if found["name"] else f"Id 0x{_number(found['id']):x}"
    return f"{type_name} {{{found['guid'].lower()}}} {place}"


def _number(text: str) -> int:
    return int(text, 16 if text.lower().startswith("0x") else 10)


def single_value(value: Any) -> Json:
    """A client's extended property of one value in the form that is kept."""
    given = _property(value)
    item_id, content = property_id(given["id"], many=False), given.get("value")
    if content is not None:
        _check(content, item_id)
    return {"id": item_id, "value": content}


def multi_value(value: Any) -> Json:
    """A client's extended property of several values in the form that is kept."""
    given = _property(value)
    item_id, content = property_id(given["id"], many=True), given.get("value")
    if content is not None and not isinstance(content, list):
        raise Fault(400, "RequestBodyRead", "An unexpected 'PrimitiveValue' node was found when reading from the JSON reader.")
    for one in cast("list[Any]", content or []):
        _check(one, item_id.replace("Array", "", 1))
    return {"id": item_id, "value": content}


def merged(before: Iterable[Json], given: Iterable[Json]) -> list[Json]:
    """What is there with what is written; properties without a value are gone."""
    known = {one["id"]: one for one in before} | {one["id"]: one for one in given}
    return [one for one in known.values() if one.keys() != {"id", "value"} or one["value"] is not None]


def ids_asked(text: str) -> list[str]:
    """The ids that an $expand's filter asks for: `id eq '…'`, several joined by `or`.

    Extended properties can be had by their ids alone; Fault 400 `ErrorInvalidRequest` for any other filter, and for none.
    """
    tree = query.parse_filter(text) if text else None
    terms = tree.operands if isinstance(tree, query.Junction) and tree.operator == "or" else (tree,)
    ids: list[str] = []
    for term in terms:
        named = isinstance(term, query.Comparison) and term.operator == "eq" and str(term.left).lower() == "id"
        literal = term.right if named and isinstance(term, query.Comparison) else None
        if not isinstance(literal, query.Literal) or not isinstance(literal.value, str):
            raise Fault(400, "ErrorInvalidRequest", "The OData request is not supported.")
        ids.append(literal.value)
    return ids


def _property(value: Any) -> Json:
    given: Json = {name.lower(): part for name, part in value.items()} if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    payload.check_annotations(given)
    given = {name: part for name, part in given.items() if "@" not in name}
    if not isinstance(given.get("id"), str) or not given.keys() <= {"id", "value"}:
        raise Fault(400, "RequestBodyRead", "An extended property is an object with an id and a value.")
    return given


def _check(value: Any, item_id: str) -> None:
    """Refuse a value that is no text, or not of the property's type."""
    if not isinstance(value, str):
        raise Fault(400, "RequestBodyRead", f"Cannot convert the literal '{value}' to the expected type 'Edm.String'.")
    try:
        _READERS.get(item_id.partition(" ")[0], str)(value)
    except ValueError:
        raise Fault(400, "ErrorInvalidExtendedPropertyValue", f"The value '{value[:40]}' is not one of the property '{item_id}'.") from None
