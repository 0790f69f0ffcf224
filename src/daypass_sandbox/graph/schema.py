"""What a filter may speak of: the properties of a kind, their spelling and their types."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from . import values
from .services import Service
from .values import COMPLEX, UNKNOWN, Type, Types


@dataclass(frozen=True)
class Schema:
    """The part of a kind that its queries are checked by.

    `names` are its properties and relations, `filterable` the paths that may stand in a filter (None: all), `types` what is known of
    their types, `service` who answers for it.
    """

    name: str
    names: tuple[str, ...]
    filterable: tuple[str, ...] | None
    types: Types
    service: Service

    def spelled(self, path: str) -> str | None:
        """A path in its own spelling, whatever its letter case; None for what the kind does not have."""
        known = _spelling(self)
        exact = known.get(path.lower())
        if exact is not None:
            return exact
        root, _, rest = path.partition("/")
        whole = known.get(root.lower())
        if whole is None or not rest:
            return None
        declared = self.types.get(whole, UNKNOWN)
        return f"{whole}/{rest}" if declared == UNKNOWN else None

    def type_of(self, path: str) -> Type:
        """The type of a path: declared, or what its name tells."""
        return self.types.get(path) or values.conventional(path)

    def may_filter(self, path: str) -> bool:
        """Whether the service filters by this path."""
        return self.filterable is None or path in self.filterable


@lru_cache(maxsize=256)
def _spelling(schema: Schema) -> dict[str, str]:
    return {name.lower(): name for name in (*schema.names, *schema.types, *(schema.filterable or ()))}


def is_single(type_: Type) -> bool:
    """Whether a value of this type can be compared at all: neither a collection nor made of parts."""
    return isinstance(type_, tuple) or not (type_ == COMPLEX or type_.startswith("Collection("))
