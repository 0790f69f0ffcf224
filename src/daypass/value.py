"""Immutable records: declared like `@dataclass(frozen=True)`, and checked by type checkers as such, but cheap to declare.

A dataclass compiles its methods when its class is made, and the module imports `inspect`; for the records of one command
that came to a quarter of its whole time. Here the methods are written once and work for every record.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self, dataclass_transform
else:

    def dataclass_transform(**_: object) -> object:
        """For type checkers alone; `typing` is not worth its import for it."""
        return lambda kind: kind


@dataclass_transform(frozen_default=True)
class Value:
    """A record whose fields are its class's annotations, in order; a value given to one there is the default.

    Records of one class are equal when their fields are, and are hashable when their fields are. `__post_init__`, if a class
    has one, may refuse what makes no sense.
    """

    _names: tuple[str, ...] = ()
    _defaults: dict[str, Any] = {}  # noqa: RUF012 - made anew for each class below, and never changed

    def __init_subclass__(cls) -> None:
        own = tuple(cls.__annotations__)
        cls._names = cls.__match_args__ = (*cls._names, *own)
        cls._defaults = {**cls._defaults, **{name: cls.__dict__[name] for name in own if name in cls.__dict__}}

    def __init__(self, *positional: Any, **named: Any) -> None:
        given = dict(zip(self._names, positional, strict=False))
        values = {**self._defaults, **given, **named}
        if len(positional) > len(self._names) or given.keys() & named.keys() or values.keys() != set(self._names):
            wrong = sorted((set(self._names) ^ values.keys()) | (given.keys() & named.keys())) or "too many"
            raise TypeError(f"{type(self).__name__} takes {', '.join(self._names)}; wrong or missing: {wrong}")
        self.__dict__.update(values)
        self.__post_init__()

    def __post_init__(self) -> None:
        """Refuse what makes no sense; a plain record accepts all."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable; use replace({name}=...)")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *(self.__dict__[name] for name in self._names)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={self.__dict__[name]!r}' for name in self._names)})"

    def replace(self, **changes: Any) -> Self:
        """The same with some fields changed."""
        return type(self)(**{**{name: self.__dict__[name] for name in self._names}, **changes})
