"""OData as Graph speaks it: lists and single things of a kind, answered as the query options ask.

    return odata.listing(call, "me/events", EVENT, events)

The rooms of the tenant know this module alone: a `Kind` says what can be asked of its things, `listing`, `single` and `counted` answer
a request, `nested` and `nested_one` an expanded relation; what these stand on is at hand for answers of another shape.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import quote

from daypass.wire import Response

from ..routes import Call, Fault
from .answers import PAGE_SIZE, Page, Preferences, allow, answer, collection, entity, page, preferences, service_root, whole
from .clauses import Expand
from .kinds import Kind, Query, asked_of, chosen, selected
from .services import DIRECTORY_COUNT, eventual

__all__ = [
    "PAGE_SIZE",
    "Kind",
    "Page",
    "Preferences",
    "allow",
    "answer",
    "chosen",
    "collection",
    "counted",
    "entity",
    "listing",
    "nested",
    "nested_one",
    "page",
    "preferences",
    "selected",
    "service_root",
    "single",
]

T = TypeVar("T")
Json = dict[str, Any]
LIST_OPTIONS = ("$select", "$filter", "$orderby", "$top", "$skip", "$count", "$expand", "$search")


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
    first = whole("$skip", asked.skip or "0", 0)
    last = first + whole("$top", asked.top, 1) if asked.top else None
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


def _selection(asked: Query[Any]) -> str:
    """What a metadata URL tells of a selection: `(subject,start)`."""
    if asked.select is None:
        return ""
    return f"({','.join(name for name in asked.kind.selectable if name in asked.select)})"
