"""The types of Graph's values, and the one form of each in which two values are compared.

A type is one of Edm's by name (`TEXT`, `FLAG` …), `Collection(…)` of one, the members of an enumeration in their order, `WALL` (the
`dateTime` of a dateTimeTimeZone: a String by the metadata, an instant to whoever compares it), `COMPLEX`, `NULL` or `UNKNOWN`.

Texts and ids are compared without letter case, instants as whole microseconds since 1970, members of an enumeration by their place.
After OData 4.01, URL Conventions, section 5.1.1, and Protocol, section 11.2.6.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, TypeAlias

from .. import zones
from ..routes import Fault
from . import payload, query

Type: TypeAlias = str | tuple[str, ...]

TEXT, FLAG, GUID = "Edm.String", "Edm.Boolean", "Edm.Guid"
WHOLE, NUMBER = "Edm.Int32", "Edm.Double"
INSTANT, DAY, TIME, SPAN = "Edm.DateTimeOffset", "Edm.Date", "Edm.TimeOfDay", "Edm.Duration"
NULL, WALL, COMPLEX, ENUMERATION, UNKNOWN = "null", "wall time", "complex", "microsoft.graph.enumeration", "unknown"
NUMBERS = frozenset({WHOLE, NUMBER, "Edm.Int16", "Edm.Int64", "Edm.Decimal", "Edm.Single", "Edm.Byte"})
MICROSECONDS = 1_000_000

_SHOWN: dict[str, Type] = {
    "str": TEXT,
    "bool": FLAG,
    "int": WHOLE,
    "float": NUMBER,
    "datetime": INSTANT,
    "date": DAY,
    "time": TIME,
    "timedelta": SPAN,
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FLAG_NAME = re.compile(r"(is|has)[A-Z]\w*|\w*Enabled")
_INSTANT_NAME = re.compile(r"\w+DateTime")


class Incomparable(Fault):
    """A value that is not of the type it should be."""

    def __init__(self, text: object) -> None:
        super().__init__(400, "BadRequest", f"The value '{text}' cannot be compared.")


class Types(dict[str, Type]):
    """The types of properties by their paths (`start/dateTime`); a member of a collection's elements is at `collection/member`.

    Told apart by identity, so that what was worked out for one can be kept.
    """

    __hash__ = object.__hash__  # pyright: ignore[reportAssignmentType]
    __eq__ = object.__eq__


def conventional(path: str) -> Type:
    """The type that Graph gives a property of this name, where the name tells: `isAllDay`, `createdDateTime`, `start/dateTime`."""
    name = path.rpartition("/")[2]
    if name == "dateTime":
        return WALL
    if _INSTANT_NAME.fullmatch(name):
        return INSTANT
    return FLAG if _FLAG_NAME.fullmatch(name) else UNKNOWN


def types_of(shape: Mapping[str, Any], prefix: str = "") -> Types:
    """The types of all paths within a shape of `payload`; of what a client may not write only what the name tells."""
    found = Types()
    for name, inner in shape.items():
        path = f"{prefix}{name}"
        if isinstance(inner, dict):
            found.update({path: COMPLEX, **types_of(inner, f"{path}/")})  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(inner, list | payload.Each):
            element: Any = inner.kind if isinstance(inner, payload.Each) else inner[0]  # pyright: ignore[reportUnknownVariableType]
            found.update(types_of(element, f"{path}/") if isinstance(element, dict) else {})  # pyright: ignore[reportUnknownArgumentType]
            found[path] = f"Collection({COMPLEX if isinstance(element, dict) else _PLAIN.get(element, TEXT)})"
        else:
            found[path] = inner if isinstance(inner, tuple) else _plain_type(inner, path)
    return Types({path: type_ for path, type_ in found.items() if type_ != UNKNOWN})


_PLAIN: dict[Any, Type] = {payload.TEXT: TEXT, payload.FLAG: FLAG, payload.WHOLE: WHOLE, payload.NUMBER: NUMBER}


def _plain_type(kind: Any, path: str) -> Type:
    told = conventional(path)
    named = isinstance(kind, str) and kind in _PLAIN
    return _PLAIN[kind] if named and told not in (WALL, INSTANT) else told


def element_of(collection: Type) -> Type:
    """The type of what is in a collection."""
    return collection[len("Collection(") : -1] if isinstance(collection, str) and collection.startswith("Collection(") else UNKNOWN


def named(type_: Type) -> str:
    """A type as refusals name it."""
    return ENUMERATION if isinstance(type_, tuple) else TEXT if type_ == WALL else type_


@lru_cache(maxsize=8192)
def instant_of(text: str) -> int:
    """Microseconds since 1970 of an ISO 8601 text, in UTC where it has no offset; Incomparable for any other text."""
    try:
        return _since_epoch(datetime.fromisoformat(text.upper()))
    except ValueError:
        raise Incomparable(text) from None


def _since_epoch(moment: datetime) -> int:
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // timedelta(microseconds=1)


def moment_of(microseconds: int) -> datetime:
    """The moment, in UTC, of an instant in microseconds since 1970; Incomparable beyond the years that are counted."""
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        raise Incomparable(microseconds) from None


def seen(value: Any) -> Type:
    """The type that a value shows itself to be of."""
    return _SHOWN.get(type(value).__name__, COMPLEX)


def wall_instant(value: Any, zone: Callable[[], Any]) -> int | None:
    """The instant of a `dateTime` beside a `timeZone`, in microseconds; a number is an instant in seconds already."""
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(value * MICROSECONDS)
    name = zone()
    if not isinstance(value, str) or not isinstance(name, str) or not name:
        return _instant(value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise Incomparable(value) from None
    if moment.tzinfo is not None:
        return _since_epoch(moment)
    return zones.instant(moment.replace(microsecond=0), name) * MICROSECONDS + moment.microsecond


def comparable(value: Any, type_: Type) -> Any:
    """A value in the form in which those of its type are compared, None for none; Incomparable when it is not of that type."""
    if value is None:
        return None
    if isinstance(type_, tuple):
        return _member(value, type_)
    return _FORMS.get("number" if type_ in NUMBERS else type_, _as_it_is)(value)


def _instant(value: Any) -> int:
    if isinstance(value, str):
        return instant_of(value)
    if isinstance(value, datetime):
        return _since_epoch(value)
    if isinstance(value, date):
        return _since_epoch(datetime(value.year, value.month, value.day, tzinfo=UTC))
    raise Incomparable(value)


def _wall(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else _instant(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Incomparable(value)
    return value.casefold()


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Incomparable(value)
    return value


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Incomparable(value)
    return value


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else _parsed(value, lambda text: date.fromisoformat(text[:10]))


def _time(value: Any) -> time:
    return value if isinstance(value, time) else _parsed(value, time.fromisoformat)


def _span(value: Any) -> timedelta:
    return value if isinstance(value, timedelta) else _parsed(value, query.duration)


def _parsed(value: Any, read: Callable[[str], Any]) -> Any:
    try:
        return read(value)
    except (ValueError, TypeError, AttributeError):
        raise Incomparable(value) from None


def _member(value: Any, members: tuple[str, ...]) -> int:
    folded = _text(value)
    for place, member in enumerate(members):
        if member.casefold() == folded:
            return place
    raise Incomparable(value)


def _as_it_is(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


_FORMS: dict[str, Callable[[Any], Any]] = {
    TEXT: _text,
    GUID: _text,
    FLAG: _flag,
    "number": _number,
    INSTANT: _instant,
    WALL: _wall,
    DAY: _day,
    TIME: _time,
    SPAN: _span,
}
