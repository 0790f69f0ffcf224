"""The functions of `$filter`: what they take, what they give, and how (OData 4.01, URL Conventions, sections 5.1.1.5 to 5.1.1.9).

A function of nothing (null) is nothing. Texts are compared without letter case, as Outlook and the directory do.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from . import values
from .values import DAY, FLAG, INSTANT, NUMBER, NUMBERS, TEXT, TIME, WALL, WHOLE, Incomparable, Type

_TEXTS = frozenset({TEXT})
_DAYS = frozenset({INSTANT, WALL, DAY})
_TIMES = frozenset({INSTANT, WALL, TIME})
_MOMENTS = frozenset({INSTANT, WALL})

UNBUILT = frozenset(
    {
        *("isof", "matchespattern", "fractionalseconds", "totalseconds", "totaloffsetminutes", "mindatetime", "maxdatetime", "case"),
        *("geo.distance", "geo.length", "geo.intersects", "hassubset", "hassubsequence"),
    }
)


@dataclass(frozen=True)
class Signature:
    """A function: the types each argument may have, the last `optional` of which may be absent; the type of its result; its work."""

    arguments: tuple[frozenset[str], ...]
    result: Type
    work: Callable[..., Any]
    optional: int = 0

    def takes(self, types: list[Type]) -> bool:
        """Whether arguments of these types are such as it takes; nobody knows of those whose type is unknown before they are there."""
        if not len(self.arguments) - self.optional <= len(types) <= len(self.arguments):
            return False
        unsure = (values.UNKNOWN, values.NULL)
        return all(
            given in wanted or given in unsure or isinstance(given, tuple) for given, wanted in zip(types, self.arguments, strict=False)
        )


def described(name: str) -> str:
    """The signature of a function as refusals name it."""
    known = FUNCTIONS[name]
    names = [TEXT if types == _TEXTS else NUMBER if types == NUMBERS else max(types & {INSTANT, TIME, DAY}) for types in known.arguments]
    return f"{name}({', '.join(f'{type_} Nullable=true' for type_ in names)})"


def _moment(value: Any) -> datetime:
    return values.moment_of(values.comparable(value, INSTANT))


def _day_of(value: Any) -> date:
    return value if isinstance(value, date) else _moment(value)


def _time_of(value: Any) -> datetime | time:
    return value if isinstance(value, time) else _moment(value)


def _date(value: Any) -> date:
    day = _day_of(value)
    return day.date() if isinstance(day, datetime) else day


def _time(value: Any) -> time:
    moment = _time_of(value)
    return moment.timetz().replace(tzinfo=None) if isinstance(moment, datetime) else moment


def _substring(text: Any, begin: Any, length: Any = None) -> str:
    values.comparable(text, TEXT)
    first = max(0, math.floor(values.comparable(begin, NUMBER)))
    return text[first:] if length is None else text[first : first + max(0, math.floor(values.comparable(length, NUMBER)))]


def _round(number: float) -> int:
    """Halves go away from zero (section 5.1.1.9.1)."""
    return math.floor(number + 0.5) if number >= 0 else math.ceil(number - 0.5)


def _texts(work: Callable[..., Any]) -> Callable[..., Any]:
    """A function of texts, which refuses anything else."""

    def checked(*given: Any) -> Any:
        if not all(isinstance(text, str) for text in given):
            raise Incomparable(given)
        return work(*given)

    return checked


def _two(result: Type, work: Callable[[str, str], Any]) -> Signature:
    return Signature((_TEXTS, _TEXTS), result, _texts(work))


def _one(result: Type, work: Callable[[str], Any]) -> Signature:
    return Signature((_TEXTS,), result, _texts(work))


def _rounding(work: Callable[[float], int]) -> Signature:
    def rounded(value: Any) -> int:
        return work(values.comparable(value, NUMBER))

    return Signature((NUMBERS,), NUMBER, rounded)


def _part(types: frozenset[str], work: Callable[[Any], Any]) -> Signature:
    return Signature((types,), WHOLE, work)


FUNCTIONS: dict[str, Signature] = {
    "startswith": _two(FLAG, lambda text, part: text.casefold().startswith(part.casefold())),
    "endswith": _two(FLAG, lambda text, part: text.casefold().endswith(part.casefold())),
    "contains": _two(FLAG, lambda text, part: part.casefold() in text.casefold()),
    "indexof": _two(WHOLE, lambda text, part: text.casefold().find(part.casefold())),
    "concat": _two(TEXT, lambda text, more: text + more),
    "length": _one(WHOLE, len),
    "tolower": _one(TEXT, str.lower),
    "toupper": _one(TEXT, str.upper),
    "trim": _one(TEXT, str.strip),
    "substring": Signature((_TEXTS, NUMBERS, NUMBERS), TEXT, _substring, optional=1),
    "year": _part(_DAYS, lambda value: _day_of(value).year),
    "month": _part(_DAYS, lambda value: _day_of(value).month),
    "day": _part(_DAYS, lambda value: _day_of(value).day),
    "hour": _part(_TIMES, lambda value: _time_of(value).hour),
    "minute": _part(_TIMES, lambda value: _time_of(value).minute),
    "second": _part(_TIMES, lambda value: _time_of(value).second),
    "date": Signature((_MOMENTS | {DAY},), DAY, _date),
    "time": Signature((_MOMENTS | {TIME},), TIME, _time),
    "round": _rounding(_round),
    "floor": _rounding(math.floor),
    "ceiling": _rounding(math.ceil),
}
