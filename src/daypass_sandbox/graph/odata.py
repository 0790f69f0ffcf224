"""Graph's conventions for reading: query options, preferences, pages and the wrapping of answers.

What a handler does not name is refused with 501 and the option's name, so that nothing a client asks for is left out silently.
"""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar, cast
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from daypass.wire import Response

from .. import zones
from ..routes import Call, Fault, reply
from . import clauses
from .clauses import Expand

T = TypeVar("T")
Json = dict[str, Any]

PAGE_SIZE = 10  # undocumented; observed by others (microsoft-graph-docs issue 6201)
LARGEST_PAGE = 1000
INERT_PREFERENCES = frozenset({"wait", "handling", "odata.include-annotations"})
ORDER_TERM = re.compile(r"\s*([\w/]+)(?:\s+(asc|desc))?\s*", re.IGNORECASE)


def allow(call: Call, *options: str) -> None:
    """Refuse (501) every query option but these, given in lower case."""
    for name in call.query:
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
    page_size = None if size is None else _whole("odata.maxpagesize", size, 1)
    return Preferences(zone or "UTC", body == "text", page_size, ", ".join(applied), "idtype" in asked)


def service_root(call: Call) -> str:
    """Where the version of Graph that was asked is rooted: `https://host:port/v1.0`."""
    version = "beta" if urlsplit(call.request.url).path.lower().startswith("/beta/") else "v1.0"
    return f"{call.root}/{version}"


def selected(call: Call, properties: Collection[str], kind: str, unbuilt: Collection[str] | None = ()) -> frozenset[str] | None:
    """The properties that $select names (any letter case), None for all.

    501 for one that Graph has and this sandbox does not: those of `unbuilt`, or with None whatever is not in `properties`. 400
    for one that `kind` does not have.
    """
    spelling = {name.lower(): name for name in properties}
    names: set[str] = set()
    for name in filter(None, (part.strip() for part in call.query.get("$select", "").split(","))):
        if name == "*":
            return None
        if name.lower() in spelling:
            names.add(spelling[name.lower()])
        elif unbuilt is None or name in unbuilt or "/" in name:
            raise Fault(501, "notImplemented", f"$select of '{name}' of a {kind} is not implemented in this sandbox.")
        else:
            raise _no_property(name, kind)
    return frozenset(names) or None


def order(call: Call, properties: Collection[str], kind: str) -> list[tuple[str, bool]]:
    """The terms of $orderby as (path, descending); 400 where it cannot be read or names a property that `kind` does not have."""
    terms: list[tuple[str, bool]] = []
    spelling = {name.lower(): name for name in properties}
    for part in filter(None, call.query.get("$orderby", "").split(",")):
        term = ORDER_TERM.fullmatch(part)
        if term is None:
            raise Fault(400, "BadRequest", f"The $orderby term '{part.strip()}' is not a property path with an optional 'asc' or 'desc'.")
        path, direction = term.groups()
        if path.lower() not in spelling:
            raise _no_property(path, kind)
        terms.append((spelling[path.lower()], (direction or "").lower() == "desc"))
    return terms


def arranged(items: Iterable[T], terms: Sequence[tuple[str, bool]], value: Callable[[T, str], Any]) -> list[T]:
    """The items in the order of the terms; `value` gives what an item has at a path. Equal ones stay as they are."""
    result = list(items)
    for path, descending in reversed(terms):
        result.sort(key=lambda item: _sort_key(value(item, path)), reverse=descending)
    return result


def _sort_key(value: Any) -> tuple[bool, Any]:
    return value is not None, value.casefold() if isinstance(value, str) else value


@dataclass(frozen=True)
class Page:
    """Where a page begins and ends in the whole list, and the link to the next one ("" for the last)."""

    first: int
    last: int
    next_link: str = ""


def page(call: Call, total: int, size: int | None = None, *, repeat_last: bool = False, by_token: bool = False) -> Page:
    """The page asked for by $top, $skip (or `by_token`, as the directory pages, a $skiptoken) and a preferred size.

    `repeat_last` plays a known quirk of Outlook: the last item of a page comes again as the first of the next one
    (microsoft-graph-docs-contrib issue 2285).
    """
    size = _whole("$top", call.query["$top"], 1) if "$top" in call.query else size or PAGE_SIZE
    option = "$skiptoken" if by_token else "$skip"
    asked = call.query.get(option, "0")
    first = _place(asked) if by_token and asked != "0" else _whole(option, asked, 0)
    last = min(first + size, total)
    if last >= total:
        return Page(first, last)
    url = urlsplit(call.request.url)
    options = [(name, value) for name, value in parse_qsl(url.query, keep_blank_values=True) if name.lower() != option]
    begin = last - 1 if repeat_last and size > 1 else last
    query = urlencode([*options, (option, _place_token(begin) if by_token else str(begin))], quote_via=quote)
    return Page(first, last, f"{call.root}{url.path}?{query}")


def _place_token(place: int) -> str:
    return base64.urlsafe_b64encode(f"directory page {place}".encode()).decode()


def _place(token: str) -> int:
    """Where the page of a token begins."""
    with contextlib.suppress(ValueError):
        word = base64.urlsafe_b64decode(token).decode()
        place = word.removeprefix("directory page ")
        if place != word and place.isdecimal():
            return int(place)
    message = "The specified page token value has expired and can no longer be included in your request."
    raise Fault(400, "Directory_ExpiredPageToken", message)


def collection(call: Call, context: str, values: Sequence[Any], total: int, cut: Page, applied: str = "") -> Response:
    """Answer one page of a list; `context` is the fragment of its metadata URL, `total` what `$count=true` tells."""
    body: Json = {"@odata.context": f"{service_root(call)}/$metadata#{context}"}
    if call.query.get("$count", "false").lower() == "true":
        body["@odata.count"] = total
    body["value"] = values
    if cut.next_link:
        body["@odata.nextLink"] = cut.next_link
    return answer(call, 200, body, applied)


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A type of Graph as lists see it: how an item of it is shown, and what a client may ask of it.

    `properties` may be selected, `hidden` are there only when selected. `orderable` and `filterable` are paths (`start/dateTime`), None for
    every property. `show` renders an item, `value` gives what it has at a path (by default: of what is shown). `expandable` holds the
    navigation properties that can be expanded, each with who finds what is there: it gets the call, the item and what is asked of the
    relation, and gives JSON, best through `nested` (many things) or `nested_one` (one or None), which keep to the nested options:

        expandable={"extensions": lambda call, event, asked: odata.nested(call, EXTENSION, event["extensions"], asked)}

    `keeps_id` says that the id is shown whatever is selected.
    """

    name: str
    properties: tuple[str, ...]
    hidden: tuple[str, ...] = ()
    orderable: tuple[str, ...] | None = None
    filterable: tuple[str, ...] | None = None
    show: Callable[[T], Json] = field(default=lambda item: cast("Json", item))
    value: Callable[[T, str], Any] | None = None
    expandable: Mapping[str, Callable[[Call, T, Expand], Any]] = field(default_factory=dict[str, Callable[[Call, T, Expand], Any]])
    keeps_id: bool = True

    @property
    def selectable(self) -> tuple[str, ...]:
        """What $select may name; a relation that it names and $expand does not stays away."""
        return (*self.properties, *self.hidden, *self.expandable)

    def at(self, item: T, path: str) -> Any:
        """What an item has at a path, None where it has nothing."""
        if self.value:
            return self.value(item, path)
        found: Any = self.show(item)
        for name in path.split("/"):
            found = cast("Json", found).get(name) if isinstance(found, Mapping) else None
        return found


LIST_OPTIONS = ("$select", "$filter", "$orderby", "$top", "$skip", "$count", "$expand")


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
    by_token: bool = False,
) -> Response:
    """Answer a list of things of one kind as the query options ask.

    `options` are allowed beside the usual ones, `size` is the page's by preference; `repeat_last` and `by_token` as for `page`.
    """
    allow(call, *LIST_OPTIONS, *options)
    if "$filter" in call.query:
        raise Fault(501, "notImplemented", "The query option '$filter' is not implemented in this sandbox yet.")
    select = selected(call, kind.selectable, kind.name)
    items = arranged(items, order(call, kind.orderable or kind.properties, kind.name), kind.at)
    cut = page(call, len(items), size, repeat_last=repeat_last, by_token=by_token)
    relations = expansions(call.query.get("$expand", ""), kind)
    values = [expanded(call, kind, item, select, relations) for item in items[cut.first : cut.last]]
    return collection(call, context, values, len(items), cut, applied)


def counted(call: Call, kind: Kind[T], items: Sequence[T]) -> Response:  # noqa: ARG001
    """Answer how many things of a kind there are (`…/$count`): a number as plain text."""
    allow(call)
    return Response(200, {"content-type": "text/plain"}, str(len(items)).encode())


def single(call: Call, status: int, context: str, kind: Kind[T], item: T, applied: str = "") -> Response:
    """Answer one thing of a kind, with what $select and $expand ask of it."""
    select = selected(call, kind.selectable, kind.name)
    relations = expansions(call.query.get("$expand", ""), kind)
    return entity(call, status, context, expanded(call, kind, item, select, relations), applied)


def nested(call: Call, kind: Kind[T], items: Iterable[T], asked: Expand) -> list[Json]:
    """Things of a kind as an expanded relation shows them: filtered, ordered, cut and selected as its nested options ask."""
    inner = replace(call, query=_nested_options(asked))
    chosen_items = list(items)
    if asked.filter:
        raise Fault(501, "notImplemented", "$filter within $expand is not implemented in this sandbox yet.")
    chosen_items = arranged(chosen_items, order(inner, kind.orderable or kind.properties, kind.name), kind.at)
    first = _whole("$skip", asked.skip or "0", 0)
    last = first + _whole("$top", asked.top, 1) if asked.top else None
    return [nested_one(call, kind, item, asked) or {} for item in chosen_items[first:last]]


def nested_one(call: Call, kind: Kind[T], item: T | None, asked: Expand) -> Json | None:
    """One thing of a kind, or None, as an expanded relation shows it."""
    if item is None:
        return None
    select = selected(replace(call, query=_nested_options(asked)), kind.selectable, kind.name)
    return expanded(call, kind, item, select, expansions(asked.expand, kind))


def _nested_options(asked: Expand) -> dict[str, str]:
    named = {"$select": asked.select, "$orderby": asked.orderby}
    return {name: text for name, text in named.items() if text}


def expansions(text: str, kind: Kind[Any]) -> list[Expand]:
    """The relations that an $expand names, in their own spelling; 400 for what is no relation of the kind."""
    spelling = {name.lower(): name for name in kind.expandable}
    relations: list[Expand] = []
    for asked in clauses.parse_expand(text):
        if asked.name.lower() in spelling:
            relations.append(replace(asked, name=spelling[asked.name.lower()]))
            continue
        if asked.name.lower() in {name.lower() for name in (*kind.properties, *kind.hidden)}:
            reason = "is not a navigation property or complex property. Only navigation properties can be expanded."
            message = f"Parsing OData Select and Expand failed: Property '{asked.name}' on type 'microsoft.graph.{kind.name}' {reason}"
            raise Fault(400, "BadRequest", message)
        raise _no_property(asked.name, kind.name)
    return relations


def expanded(call: Call, kind: Kind[T], item: T, select: frozenset[str] | None, relations: Sequence[Expand]) -> Json:
    """An item as it is shown: what of it was selected, and the relations that were expanded."""
    shown = chosen(kind, kind.show(item), select)
    return {**shown, **{asked.name: kind.expandable[asked.name](call, item, asked) for asked in relations}} if relations else shown


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
    if not text.isdecimal() or int(text) < least:
        needed = f"The {name} query option requires a {'positive' if least else 'non-negative'} integer value."
        raise Fault(400, "BadRequest", f"Invalid value '{text}' for {name} query option found. {needed}")
    if least and int(text) > LARGEST_PAGE:
        raise Fault(400, "BadRequest", f"The limit of '{LARGEST_PAGE}' for {name} has been exceeded. The incoming value is '{text}'.")
    return int(text)


def _no_property(name: str, kind: str) -> Fault:
    return Fault(400, "RequestBroker--ParseUri", f"Could not find a property named '{name}' on type 'microsoft.graph.{kind}'.")
