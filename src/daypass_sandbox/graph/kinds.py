"""The kinds of things that Graph lists, and what a request asks of one: which things, in which order, and what of them is shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from ..routes import Call, Fault
from . import clauses, filters, query, searches, values
from .clauses import Expand, Order
from .filters import Predicate, Scope
from .schema import Schema, is_single
from .services import OUTLOOK, Asked, Service
from .values import UNKNOWN, WALL, Types

T = TypeVar("T")
Json = dict[str, Any]

NO_TYPES = Types()


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A type of Graph as lists see it: how an item of it is shown, and what a client may ask of it.

    `properties` may be selected, `hidden` are there only when selected. `orderable` and `filterable` are paths (`start/dateTime`), None for
    every property; a path that is in `types` is there even where it is no property by itself. `show` renders an item, `value` gives what it
    has at a path (by default: of what is shown). `unbuilt` are properties and relations that Graph has and this sandbox does not (501).

    `types` says of what type the things at paths are (`values.types_of` reads them from a shape of `payload`); where it is silent, the
    name tells (`createdDateTime`, `isAllDay`), or the value once it is met. `service` is who keeps the things: its rules, page sizes and
    refusals hold. `advanced` are the paths that the directory filters and orders by in advanced queries only.

    `expandable` holds the navigation properties that can be expanded, each with who finds what is there: it gets the call, the item and
    what is asked of the relation, and gives JSON, best through `nested` (many things) or `nested_one` (one or None), which keep to the
    nested options:

        expandable={"extensions": lambda call, event, asked: odata.nested(call, EXTENSION, event["extensions"], asked)}

    Of these, `levelled` heed $levels themselves; `unexpandable` are relations that Graph itself does not expand. `keeps_id` says that the
    id is shown whatever is selected.
    """

    name: str
    properties: tuple[str, ...]
    hidden: tuple[str, ...] = ()
    orderable: tuple[str, ...] | None = None
    filterable: tuple[str, ...] | None = None
    show: Callable[[T], Json] = field(default=lambda item: cast("Json", item))
    value: Callable[[T, str], Any] | None = None
    expandable: Mapping[str, Callable[[Call, T, Expand], Any]] = field(default_factory=dict[str, Callable[[Call, T, Expand], Any]])
    types: Types = NO_TYPES
    service: Service = OUTLOOK
    advanced: Collection[str] = ()
    levelled: Collection[str] = ()
    unexpandable: Collection[str] = ()
    unbuilt: Collection[str] = ()
    keeps_id: bool = True

    @cached_property
    def selectable(self) -> tuple[str, ...]:
        """What $select may name; a relation that it names and $expand does not stays away."""
        return (*self.properties, *self.hidden, *self.expandable)

    @cached_property
    def on_request(self) -> frozenset[str]:
        """What is shown only when it is selected."""
        return frozenset(self.hidden)

    @cached_property
    def schema(self) -> Schema:
        """What queries are checked by."""
        return Schema(self.name, self.selectable, self.filterable, self.types, self.service)

    def at(self, item: T, path: str) -> Any:
        """What an item has at a path, None where it has nothing."""
        if self.value:
            return self.value(item, path)
        return filters.walked(self.show(item), path.split("/"))


@dataclass(frozen=True)
class Query(Generic[T]):
    """What a request asks of a list of a kind: which things, in which order, and how they are shown."""

    kind: Kind[T]
    predicate: Predicate | None
    search: clauses.SearchTree | None
    order: tuple[Order, ...]
    select: frozenset[str] | None
    parts: Mapping[str, frozenset[str]]
    relations: Sequence[Expand]

    def of(self, call: Call, items: Sequence[T]) -> Sequence[T]:
        """Those of the items that are asked for, in order."""
        if not (self.predicate or self.search or self.order):
            return items
        kept, at, test, search = list(items), self.kind.value or self.kind.at, self.predicate, self.search
        if test:
            now = call.tenant.clock.now()
            kept = [item for item in kept if test(Scope(item, at, now, {}))]
        if search:
            kept = [item for item in kept if searches.matches(search, lambda path, item=item: at(item, path))]
        for term in reversed(self.order):
            kept.sort(key=_sorter(self.kind, term.path), reverse=term.descending)
        return kept

    def shown(self, call: Call, item: T, where: str = "") -> Json:
        """An item as it is shown: what of it was selected, and the relations that were expanded.

        `where` is the metadata URL of the item itself, of which those of its relations are made.
        """
        whole = chosen(self.kind, self.kind.show(item), self.select)
        for name, members in self.parts.items():
            whole[name] = _pruned(whole.get(name), members)
        for asked in self.relations:
            found = self.kind.expandable[asked.name](call, item, asked)
            most = self.kind.service.most_expanded
            if where and isinstance(found, list):
                whole[f"{asked.name}@odata.context"] = f"{where}/{asked.name}"
            whole[asked.name] = found[:most] if most is not None and isinstance(found, list) else found
        return whole


def asked_of(call: Call, kind: Kind[T]) -> Query[T]:
    """The query options of a request, read for a kind; Fault 400 or 501 for what the kind or its service does not take."""
    options = call.query
    order = _ordered(kind, options.get("$orderby", ""))
    predicate = filters.compiled(options["$filter"], kind.schema) if options.get("$filter") else None
    search = _sought(kind, options.get("$search", ""))
    relations = expansions(options.get("$expand", ""), kind)
    if predicate or order or search or relations or (kind.service.by_token and options):
        tree = query.parse_filter(options["$filter"]) if predicate else None
        kind.service.admit(call, Asked(tree, order, search, tuple(relations)), kind.schema, kind.advanced)
    select = selected(call, kind.selectable, kind.name, kind.unbuilt)
    return Query(kind, predicate, search, order, select, _parts(select, options.get("$select", "")), relations)


def selected(call: Call, properties: Collection[str], kind: str, unbuilt: Collection[str] | None = ()) -> frozenset[str] | None:
    """The properties that $select names (any letter case), None for all; of a path within one (`start/dateTime`) its first name.

    501 for one that Graph has and this sandbox does not: those of `unbuilt`, or with None whatever is not in `properties`. 400
    for one that `kind` does not have.
    """
    if not call.query.get("$select"):
        return None
    spelling = {name.lower(): name for name in properties}
    names: set[str] = set()
    for path in clauses.parse_select(call.query["$select"]):
        name = path.partition("/")[0]
        if name == "*":
            return None
        if name.lower() in spelling:
            names.add(spelling[name.lower()])
        elif unbuilt is None or name in unbuilt:
            raise Fault(501, "notImplemented", f"$select of '{name}' of a {kind} is not implemented in this sandbox.")
        else:
            raise no_property(name, kind)
    return frozenset(names) or None


def chosen(kind: Kind[Any], shown: Json, select: frozenset[str] | None) -> Json:
    """What of a shown item was selected; without a selection all but what is hidden. Annotations and the id always stay."""
    if select is None:
        kept = shown.copy()
        for name in kind.on_request:
            kept.pop(name, None)
        return kept
    return {name: value for name, value in shown.items() if name in select or (name == "id" and kind.keeps_id) or "@" in name}


def expansions(text: str, kind: Kind[Any]) -> list[Expand]:
    """The relations that an $expand names, in their own spelling; 400 for what is no relation of the kind."""
    if not text:
        return []
    spelling = {name.lower(): name for name in kind.expandable}
    relations: list[Expand] = []
    for asked in clauses.parse_expand(text):
        name = spelling.get(asked.name.lower())
        if name is None:
            raise _not_a_relation(asked.name, kind)
        if asked.levels and name not in kind.levelled:
            raise Fault(501, "notImplemented", f"$levels within the $expand of '{name}' is not implemented in this sandbox.")
        if any(name == other.name for other in relations):
            raise Fault(400, "BadRequest", f"Parsing OData Select and Expand failed: '{name}' is expanded more than once.")
        relations.append(replace(asked, name=name))
    return relations


def _not_a_relation(name: str, kind: Kind[Any]) -> Fault:
    for known in kind.unexpandable:
        if known.lower() == name.lower():
            message = f"Expand is not allowed for property '{known[0].upper()}{known[1:]}' according to the entity schema."
            return Fault(400, "ExpandNotSupported", message)
    if name.lower() in {known.lower() for known in kind.unbuilt}:
        return Fault(501, "notImplemented", f"The query option '$expand={name}' of a {kind.name} is not implemented in this sandbox.")
    if name.lower() not in {known.lower() for known in (*kind.properties, *kind.hidden)}:
        return no_property(name, kind.name)
    reason = "is not a navigation property or complex property. Only navigation properties can be expanded."
    message = f"Parsing OData Select and Expand failed: Property '{name}' on type 'microsoft.graph.{kind.name}' {reason}"
    return Fault(400, "BadRequest", message)


def _ordered(kind: Kind[Any], text: str) -> tuple[Order, ...]:
    """The terms of an $orderby in the kind's own spelling; 400 for what has no order or is not there."""
    if not text:
        return ()
    orderable = None if kind.orderable is None else {path.lower(): path for path in kind.orderable}
    terms: list[Order] = []
    for term in clauses.parse_orderby(text):
        path = kind.schema.spelled(term.path) if orderable is None else orderable.get(term.path.lower())
        if path is None and kind.schema.spelled(term.path) is None:
            raise no_property(term.path, kind.name)
        known = path or kind.schema.spelled(term.path) or ""
        if not is_single(kind.schema.type_of(known)):
            raise no_order()
        if path is None:
            raise kind.service.unorderable(known, kind.schema)
        terms.append(replace(term, path=path))
    return tuple(terms)


def _sorter(kind: Kind[T], path: str) -> Callable[[T], tuple[bool, str, Any]]:
    """What a thing of a kind is sorted by at a path: instants as such, members of enumerations in their order."""
    type_, at = kind.schema.type_of(path), kind.value or kind.at
    zone = f"{path.rpartition('/')[0]}/timeZone"

    def key(item: T) -> tuple[bool, str, Any]:
        found = at(item, path)
        try:
            if type_ == WALL:
                return _sort_key(values.wall_instant(found, lambda: at(item, zone)))
            return _sort_key(values.comparable(found, type_))
        except values.Incomparable:
            return _sort_key(values.comparable(found, UNKNOWN))

    return key


def _sort_key(value: Any) -> tuple[bool, str, Any]:
    """Nothing comes first, then each type by itself; 400 for what has no order."""
    if isinstance(value, str):
        return True, "text", value
    if isinstance(value, Mapping | list):
        raise no_order()
    return value is not None, "" if isinstance(value, int | float) or value is None else type(value).__name__, value


def _sought(kind: Kind[Any], text: str) -> clauses.SearchTree | None:
    """The tree of a $search, its properties in their own spelling; 400 for one that the kind does not have."""
    if not text:
        return None
    return _spelled(clauses.parse_search(text) if kind.service.searches else clauses.Phrase("", text), kind)


def _spelled(tree: clauses.SearchTree, kind: Kind[Any]) -> clauses.SearchTree:
    if isinstance(tree, clauses.Search):
        return replace(tree, operands=tuple(_spelled(part, kind) for part in tree.operands))
    path = kind.schema.spelled(tree.property) if tree.property else ""
    if path is None:
        raise no_property(tree.property, kind.name)
    return replace(tree, property=path)


def _parts(select: frozenset[str] | None, text: str) -> dict[str, frozenset[str]]:
    """Of the properties that are selected in part (`start/dateTime`) only: which members."""
    if select is None or "/" not in text:
        return {}
    whole: set[str] = set()
    parts: dict[str, set[str]] = {}
    spelling = {name.lower(): name for name in select}
    for path in clauses.parse_select(text):
        root, _, member = path.partition("/")
        name = spelling[root.lower()]
        if member:
            parts.setdefault(name, set()).add(member.lower())
        else:
            whole.add(name)
    return {name: frozenset(members) for name, members in parts.items() if name not in whole}


def _pruned(value: Any, members: Collection[str]) -> Any:
    """A complex value with these of its members (paths in small letters); a collection's elements each so."""
    if isinstance(value, list):
        return [_pruned(element, members) for element in cast("list[Any]", value)]
    if not isinstance(value, Mapping):
        return value
    kept: Json = {}
    for name, part in cast("Mapping[str, Any]", value).items():
        below = {path.partition("/")[2] for path in members if path.partition("/")[0] == name.lower()}
        if below:
            kept[name] = part if "" in below else _pruned(part, below)
    return kept


def no_order() -> Fault:
    """The refusal of an order by what is no single value (observed, microsoft-graph-docs issue 62)."""
    return Fault(400, "BadRequest", "The $orderby expression must evaluate to a single value of primitive type.")


def no_property(name: str, kind: str) -> Fault:
    """The refusal of a property that a kind does not have."""
    return Fault(400, "RequestBroker--ParseUri", f"Could not find a property named '{name}' on type 'microsoft.graph.{kind}'.")
