"""Graph's conventions for reading: query options, preferences, pages and the wrapping of answers.

What a handler does not name is refused with 501 and the option's name, so that nothing a client asks for is left out silently.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar, cast
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from daypass.wire import Response

from .. import zones
from ..routes import Call, Fault, reply
from . import clauses, filters, query, searches, values
from .clauses import Expand, Order
from .filters import Predicate, Scope
from .schema import Schema, is_single
from .services import DIRECTORY_COUNT, OUTLOOK, Asked, Service, eventual
from .values import UNKNOWN, WALL, Types

T = TypeVar("T")
Json = dict[str, Any]

PAGE_SIZE = 10  # undocumented; observed by others (microsoft-graph-docs issue 6201)
MOST_DIGITS = 9
INERT_PREFERENCES = frozenset({"wait", "handling", "odata.include-annotations"})


def allow(call: Call, *options: str) -> None:
    """Refuse (501) every query option but these, given in lower case; `$format=json` is always taken, being what is answered anyway."""
    for name in call.query:
        if name == "$format" and call.query[name].lower() in ("json", "application/json"):
            continue
        if name not in options:
            raise Fault(501, "notImplemented", f"The query option '{name}' is not implemented in this sandbox.")


@dataclass(frozen=True)
class Preferences:
    """What the Prefer header asks for; `applied` confirms it to the caller.

    The `zone` of times, bodies as plain text, `page_size`, and ids of Outlook's items in the immutable form.
    """

    zone: str = "UTC"
    plain_text: bool = False
    page_size: int | None = None
    applied: str = ""
    immutable_ids: bool = False


def preferences(call: Call) -> Preferences:
    """Read the Prefer header; 501 for a preference this sandbox does not know, 400 for a value that makes no sense."""
    asked = call.preferences()
    for name in asked:
        if name not in ("outlook.timezone", "outlook.body-content-type", "odata.maxpagesize", "idtype", *INERT_PREFERENCES):
            raise Fault(501, "notImplemented", f"The preference '{name}' is not implemented in this sandbox.")
    applied: list[str] = []
    zone = asked.get("outlook.timezone")
    if zone is not None:
        zones.zone(zone)
        applied.append(f'outlook.timezone="{zone}"')
    body = asked.get("outlook.body-content-type", "html").lower()
    if body not in ("text", "html"):
        raise Fault(400, "ErrorInvalidParameter", f"The preference outlook.body-content-type is '{body}', neither text nor html.")
    if "outlook.body-content-type" in asked:
        applied.append(f'outlook.body-content-type="{body}"')
    if asked.get("idtype", "ImmutableId") != "ImmutableId":
        raise Fault(400, "ErrorInvalidParameter", f"The value '{asked['idtype']}' of the preference IdType is not ImmutableId.")
    if "idtype" in asked:
        applied.append('IdType="ImmutableId"')
    size = asked.get("odata.maxpagesize")
    page_size = None if size is None else min(_whole("odata.maxpagesize", size, 1), OUTLOOK.largest_page)
    return Preferences(zone or "UTC", body == "text", page_size, ", ".join(applied), "idtype" in asked)


def service_root(call: Call) -> str:
    """Where the version of Graph that was asked is rooted: `https://host:port/v1.0`."""
    version = "beta" if urlsplit(call.request.url).path.lower().startswith("/beta/") else "v1.0"
    return f"{call.root}/{version}"


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
            raise _no_property(name, kind)
    return frozenset(names) or None


@dataclass(frozen=True)
class Page:
    """Where a page begins and ends in the whole list, and the link to the next one ("" for the last)."""

    first: int
    last: int
    next_link: str = ""


def page(call: Call, total: int, size: int | None = None, *, repeat_last: bool = False, service: Service = OUTLOOK) -> Page:
    """The page asked for by $top, $skip (or $skiptoken) and a preferred size, as the service cuts lists.

    `repeat_last` plays a known quirk of Outlook: the last item of a page comes again as the first of the next one
    (microsoft-graph-docs-contrib issue 2285).
    """
    size = size or service.page_size
    if "$top" in call.query:
        size = _whole("$top", call.query["$top"], 1)
        if size > service.largest_page:
            raise service.wrong_size(call.query["$top"])
    first = _after(call) if service.by_token else _whole("$skip", call.query.get("$skip", "0"), 0)
    last = min(first + size, total)
    if last >= total:
        return Page(first, last)
    begin = last - 1 if repeat_last and size > 1 else last
    if service.by_token:
        return Page(first, last, _link(call, "$skiptoken", base64.urlsafe_b64encode(f"{TOKEN_MARK}{begin}".encode()).decode()))
    return Page(first, last, _link(call, "$skip", str(begin)))


TOKEN_MARK = "page:"


def _after(call: Call) -> int:
    """Where the page that a $skiptoken stands for begins."""
    token = call.query.get("$skiptoken")
    if token is None:
        return 0
    try:
        mark, _, number = base64.urlsafe_b64decode(token.encode()).decode().partition(TOKEN_MARK)
    except (binascii.Error, ValueError):
        mark, number = "?", ""
    if mark or not number.isdecimal() or len(number) > MOST_DIGITS:
        message = "The specified page token value has expired and can no longer be included in your request."
        raise Fault(400, "Directory_ExpiredPageToken", message)
    return int(number)


def _link(call: Call, option: str, value: str) -> str:
    """The address of the request with one option changed, as a link to another page."""
    url = urlsplit(call.request.url)
    options = [(name, text) for name, text in parse_qsl(url.query, keep_blank_values=True) if name.lower() != option]
    return f"{call.root}{url.path}?{urlencode([*options, (option, value)], quote_via=quote)}"


def collection(
    call: Call, context: str, values: Sequence[Any], total: int, cut: Page, applied: str = "", service: Service = OUTLOOK
) -> Response:
    """Answer one page of a list; `context` is the fragment of its metadata URL, `total` what `$count=true` tells."""
    if call.query.get("$count", "false").lower() not in ("true", "false"):
        needed = "The $count query option requires a value of 'true' or 'false'."
        raise Fault(400, "BadRequest", f"Invalid value '{call.query['$count']}' for $count query option found. {needed}")
    body: Json = {"@odata.context": f"{service_root(call)}/$metadata#{context}"}
    if service.counts(call):
        body["@odata.count"] = total
    body["value"] = values
    if cut.next_link:
        body["@odata.nextLink"] = cut.next_link
    return answer(call, 200, body, applied)


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

    @property
    def selectable(self) -> tuple[str, ...]:
        """What $select may name; a relation that it names and $expand does not stays away."""
        return (*self.properties, *self.hidden, *self.expandable)

    @property
    def schema(self) -> Schema:
        """What queries are checked by."""
        return Schema(self.name, self.selectable, self.filterable, self.types, self.service)

    def at(self, item: T, path: str) -> Any:
        """What an item has at a path, None where it has nothing."""
        if self.value:
            return self.value(item, path)
        return filters.walked(self.show(item), path.split("/"))


LIST_OPTIONS = ("$select", "$filter", "$orderby", "$top", "$skip", "$count", "$expand", "$search")


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
    if predicate or order or search or relations or kind.service.by_token:
        tree = query.parse_filter(options["$filter"]) if predicate else None
        kind.service.admit(call, Asked(tree, order, search, tuple(relations)), kind.schema, kind.advanced)
    select = selected(call, kind.selectable, kind.name, kind.unbuilt)
    return Query(kind, predicate, search, order, select, _parts(select, options.get("$select", "")), relations)


def listing(
    call: Call,
    context: str,
    kind: Kind[T],
    items: Sequence[T],
    *,
    options: Collection[str] = (),
    applied: str = "",
    size: int | None = None,
    repeat_last: bool = False,
) -> Response:
    """Answer a list of things of one kind as the query options ask.

    `options` are allowed beside the usual ones, `size` is the page's by preference; `repeat_last` as for `page`.
    """
    service = kind.service
    allow(call, *LIST_OPTIONS, *(("$skiptoken",) if service.by_token else ()), *options)
    asked = asked_of(call, kind)
    found = asked.of(call, items)
    cut = page(call, len(found), size, repeat_last=repeat_last, service=service)
    shown = [_placed(call, asked, item, context) for item in found[cut.first : cut.last]]
    return collection(call, context + _selection(asked), shown, len(found), cut, applied, service)


def _placed(call: Call, asked: Query[T], item: T, context: str) -> Json:
    """A listed item as it is shown, with the metadata URLs of what was expanded where the service tells them."""
    if not asked.relations or not asked.kind.service.tells_contexts:
        return asked.shown(call, item)
    item_id = quote(str(asked.kind.at(item, "id")), safe="")
    return asked.shown(call, item, f"{service_root(call)}/$metadata#{context}('{item_id}')")


def counted(call: Call, kind: Kind[T], items: Sequence[T], options: Collection[str] = ()) -> Response:
    """Answer how many things of a kind there are (`/$count`), of those that $filter and $search leave, as plain text."""
    allow(call, "$filter", "$search", *options)
    if kind.service.by_token and not eventual(call):
        raise Fault(400, "Request_BadRequest", DIRECTORY_COUNT)
    plain = replace(call, query={**call.query, "$count": "true"})
    number = len(asked_of(plain, kind).of(call, items))
    return Response(200, {"content-type": "text/plain"}, str(number).encode())


def single(call: Call, status: int, context: str, kind: Kind[T], item: T, applied: str = "") -> Response:
    """Answer one thing of a kind, with what $select and $expand ask of it."""
    asked = asked_of(call, kind)
    return entity(call, status, context + _selection(asked), _placed(call, asked, item, context), applied)


def nested(call: Call, kind: Kind[T], items: Iterable[T], asked: Expand) -> list[Json]:
    """Things of a kind as an expanded relation shows them: filtered, ordered, cut and selected as its nested options ask."""
    inner = _within(call, asked)
    wanted = asked_of(inner, kind)
    found = wanted.of(call, list(items))
    first = _whole("$skip", asked.skip or "0", 0)
    last = first + _whole("$top", asked.top, 1) if asked.top else None
    return [wanted.shown(call, item) for item in found[first:last]]


def nested_one(call: Call, kind: Kind[T], item: T | None, asked: Expand) -> Json | None:
    """One thing of a kind, or None, as an expanded relation shows it."""
    return None if item is None else asked_of(_within(call, asked), kind).shown(call, item)


def _within(call: Call, asked: Expand) -> Call:
    """A call with the options of an expanded relation for its own."""
    for name in ("count", "search"):
        if getattr(asked, name):
            raise Fault(501, "notImplemented", f"${name} within the $expand of '{asked.name}' is not implemented in this sandbox.")
    named = {"$select": asked.select, "$filter": asked.filter, "$orderby": asked.orderby, "$expand": asked.expand, "$count": "true"}
    headers = {**call.request.headers, "consistencylevel": "eventual"}
    return replace(call, query={name: text for name, text in named.items() if text}, request=call.request.replace(headers=headers))


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
        return _no_property(name, kind.name)
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
            raise _no_property(term.path, kind.name)
        known = path or kind.schema.spelled(term.path) or ""
        if not is_single(kind.schema.type_of(known)):
            raise _no_order()
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
        raise _no_order()
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
        raise _no_property(tree.property, kind.name)
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


def _selection(asked: Query[Any]) -> str:
    """What a metadata URL tells of a selection: `(subject,start)`."""
    if asked.select is None:
        return ""
    return f"({','.join(name for name in asked.kind.selectable if name in asked.select)})"


def chosen(kind: Kind[Any], shown: Json, select: frozenset[str] | None) -> Json:
    """What of a shown item was selected; without a selection all but what is hidden. Annotations and the id always stay."""
    if select is None:
        return {name: value for name, value in shown.items() if name not in kind.hidden}
    return {name: value for name, value in shown.items() if name in select or (name == "id" and kind.keeps_id) or "@" in name}


def entity(call: Call, status: int, context: str, value: Json, applied: str = "") -> Response:
    """Answer one thing."""
    return answer(call, status, {"@odata.context": f"{service_root(call)}/$metadata#{context}/$entity", **value}, applied)


def answer(call: Call, status: int, body: Json, applied: str = "") -> Response:
    """A JSON answer, without OData's annotations (the link to the next page excepted) where `odata.metadata=none` is accepted."""
    if "odata.metadata=none" in call.request.headers.get("accept", "").lower():
        body = _plain(body)
    return reply(status, body, {"preference-applied": applied} if applied else None)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items() if "@odata." not in k or k == "@odata.nextLink"}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return [_plain(item) for item in value] if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType]


def _whole(name: str, text: str, least: int) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > MOST_DIGITS or int(text) < least:
        needed = f"The {name} query option requires a {'positive' if least else 'non-negative'} integer value."
        raise Fault(400, "BadRequest", f"Invalid value '{text}' for {name} query option found. {needed}")
    return int(text)


def _no_order() -> Fault:
    return Fault(400, "BadRequest", "The $orderby expression must evaluate to a single value of primitive type.")


def _no_property(name: str, kind: str) -> Fault:
    return Fault(400, "RequestBroker--ParseUri", f"Could not find a property named '{name}' on type 'microsoft.graph.{kind}'.")
