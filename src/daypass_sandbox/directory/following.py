"""Delta queries of the directory: objects whole at first, then those that changed, and those that went."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from daypass.wire import Response

from ..graph import delta, odata, query
from ..graph.odata import Kind
from ..routes import Call
from .log import log_of
from .objects import bad_request, still_deleted

Json = dict[str, Any]

MOST_FOLLOWED = 50  # objects that one delta query may be narrowed to


def follow(
    call: Call,
    collection: str,
    kind: Kind[Json],
    records: Mapping[str, Json],
    *,
    more: Callable[[delta.Step, Json], Json] | None = None,
    relations: Iterable[str] = (),
) -> Response:
    """Answer a delta query of a collection.

    `records` are what is in it, by id; `more` adds members to an object that the client is told of (they belong to `relations`, which
    $select may name). `$filter` may name the objects that are followed, by their ids.
    """
    step = delta.opened(call, log_of(call.tenant.state, collection), collection, delta.DIRECTORY)
    odata.allow(step.call, "$select", "$filter", "$expand")
    names = [name.strip() for name in step.call.query.get("$select", "").split(",") if name.strip()]
    plain = ",".join(name for name in names if name not in relations)
    select = odata.selected(_selecting(step.call, plain), kind.selectable, kind.name, kind.unbuilt)
    only = followed(step.call.query.get("$filter", ""))

    def shown(object_id: str) -> list[Json]:
        if only and object_id not in only:
            return []
        record = records.get(object_id)
        if record is None:
            return [delta.removed(object_id, reason="changed" if still_deleted(step.call, object_id) else "deleted")]
        return [{**_told(kind, record, select), **(more(step, record) if more else {})}]

    return delta.answered(step, delta.Feed(lambda: records, shown), f"{collection}({plain})" if plain else collection)


def _selecting(call: Call, names: str) -> Call:
    return replace(call, query={**call.query, "$select": names})


def _told(kind: Kind[Json], record: Json, select: frozenset[str] | None) -> Json:
    """An object as a delta query tells it: its id always, and nothing of what was never set."""
    chosen = odata.chosen(kind, kind.show(record), select)
    return {"id": record["id"], **{name: value for name, value in chosen.items() if value is not None}}


def followed(text: str) -> frozenset[str]:
    """The ids that the `$filter` of a delta query names (`id eq '…' or id eq '…'`, at most fifty), none for all; Fault 400 otherwise."""
    if not text:
        return frozenset()
    tree = query.parse_filter(text)
    parts: Iterable[Any] = tree.operands if isinstance(tree, query.Junction) and tree.operator == "or" else (tree,)
    ids: set[str] = set()
    for part in parts:
        match part:
            case query.Comparison("eq", query.Path(("id",)), query.Literal(_, value)):
                ids.add(str(value))
            case _:
                raise bad_request("The $filter of a delta query can only name objects by their id.")
    if len(ids) > MOST_FOLLOWED:
        raise bad_request(f"The $filter of a delta query can name at most {MOST_FOLLOWED} objects.")
    return frozenset(ids)
