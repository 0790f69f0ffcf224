"""Delta queries of the directory: objects whole at first, then those that changed, and those that went.

What the client selected is what it follows: an object of which only something else changed is not told. With `Prefer: return=minimal`
only what changed is told of it (concepts/delta-query-overview, api/user-delta, api/group-delta).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from daypass.wire import Response

from ..graph import delta, odata, query
from ..graph.odata import Kind
from ..routes import Call
from .log import log_of
from .objects import bad_request, collection_of, still_deleted, type_of

Json = dict[str, Any]
Relation = Callable[[Json], Iterable[str]]  # from an object to the ids of those it leads to

MOST_FOLLOWED = 50  # objects that one delta query may be narrowed to
WHOLE = ""  # what changed about an object that is new, or back


def follow(
    call: Call,
    collection: str,
    kind: Kind[Json],
    records: Mapping[str, Json],
    *,
    relations: Mapping[str, Relation] | None = None,
    unasked: Iterable[str] = (),
) -> Response:
    """Answer a delta query of a collection.

    `records` are what is in it, by id. $select may name the `relations`, which are then told as `members@delta`; those in `unasked` are
    told where nothing is selected too. `$filter` may name the objects that are followed, by their ids.
    """
    step = delta.opened(call, log_of(call.tenant.state, collection), collection, delta.DIRECTORY)
    odata.allow(step.call, "$select", "$filter", "$expand")
    known = relations or {}
    asked = [*_names(step.call, "$select"), *_names(step.call, "$expand")]
    spelled = {name.lower(): name for name in known}
    plain = ",".join(name for name in _names(step.call, "$select") if name.lower() not in spelled)
    select = odata.selected(_selecting(step.call, plain), kind.selectable, kind.name, kind.unbuilt)
    told = [spelled[name.lower()] for name in asked if name.lower() in spelled] or ([] if asked else list(unasked))
    if asked and select is None and not plain:
        select = frozenset[str]()
    only = followed(step.call.query.get("$filter", ""))
    minimal = not step.is_first and call.preferences().get("return", "").lower() == "minimal"

    def shown(object_id: str) -> list[Json]:
        if only and object_id not in only:
            return []
        record = records.get(object_id)
        if record is None:
            return [delta.removed(object_id, reason="changed" if still_deleted(step.call, object_id) else "deleted")]
        changed = _changed(step, object_id)
        if select is not None and not _concerned(changed, {*select, *told}):
            return []
        item = _told(kind, record, select, changed, minimal=minimal)
        for name in told:
            if leads := _leads(step.call, name, known[name](record), changed):
                item[f"{name}@delta"] = leads
        return [item]

    feed = delta.Feed(lambda: records, shown)
    context = f"{collection}({plain})" if plain else collection
    return delta.answered(step, feed, context, applied="return=minimal" if minimal else "")


def _names(call: Call, option: str) -> list[str]:
    return [name.strip() for name in call.query.get(option, "").split(",") if name.strip()]


def _selecting(call: Call, names: str) -> Call:
    return replace(call, query={**call.query, "$select": names})


def _changed(step: delta.Step, object_id: str) -> frozenset[str]:
    """What changed about an object since the round before; at least what changed last, where that is told once more."""
    if step.is_first:
        return frozenset({WHOLE})
    return step.log.aspects(object_id, min(step.cursor.began, step.log.number(object_id) - 1))


def _concerned(changed: frozenset[str], watched: set[str]) -> bool:
    return WHOLE in changed or any(aspect.partition("/")[0] in watched for aspect in changed)


def _told(kind: Kind[Json], record: Json, select: frozenset[str] | None, changed: frozenset[str], *, minimal: bool) -> Json:
    """An object as a delta query tells it: its id always, and nothing of what was never set."""
    chosen: Json = {} if select == frozenset() else odata.chosen(kind, kind.show(record), select)
    wanted = changed if minimal and WHOLE not in changed else chosen
    return {
        "id": record["id"],
        **{name: value for name, value in chosen.items() if name in wanted and (value is not None or name in record or name in changed)},
    }


def _leads(call: Call, name: str, inside: Iterable[str], changed: frozenset[str]) -> list[Json]:
    """Those a relation leads to and those it leads to no more, as far as that changed."""
    state = call.tenant.state
    present = {object_id: collection for object_id in inside if (collection := collection_of(state, object_id))}
    moved = [aspect.partition("/")[2] for aspect in sorted(changed) if aspect.startswith(f"{name}/")]
    ids = dict.fromkeys([*present, *moved] if WHOLE in changed else moved)
    return [
        {"@odata.type": type_of(present.get(object_id) or _type_of_gone(call, object_id)), "id": object_id}
        | ({} if object_id in present else {"@removed": {"reason": "deleted"}})
        for object_id in ids
    ]


def _type_of_gone(call: Call, object_id: str) -> str:
    """The collection of an object that a relation leads to no more."""
    buried = still_deleted(call, object_id)
    return collection_of(call.tenant.state, object_id) or (buried["collection"] if buried else "users")


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
