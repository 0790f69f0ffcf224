"""People: `/users` and `/me`, reading and following them (resources/user and its neighbours)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from daypass.wire import Response

from ..graph import delta, odata, query
from ..graph.odata import Kind
from ..graph.permissions import READ_ME, READ_PEOPLE
from ..routes import Call, Fault, Route
from . import shapes
from .kinds import USER
from .log import log_of
from .objects import bad_request, denied, still_deleted

Json = dict[str, Any]

OTHERS_SCOPES = frozenset(READ_PEOPLE.delegated)
MOST_FOLLOWED = 50  # users that one delta query may be narrowed to


def basic_only(call: Call, user_id: str = "") -> bool:
    """Whether the caller may see no more than the basic profile of others (`User.ReadBasic.All`)."""
    others = call.caller.is_app or user_id != call.caller.user_id
    return others and call.caller.scopes & OTHERS_SCOPES == frozenset({"User.ReadBasic.All"})


def seen_by(call: Call, kind: Kind[Json], user_id: str = "") -> Kind[Json]:
    """The kind as the caller may see it."""
    if not basic_only(call, user_id):
        return kind
    show_all = kind.show

    def show_basics(user: Json) -> Json:
        return {name: value for name, value in show_all(user).items() if name in shapes.USER_BASIC or "@" in name}

    return replace(kind, show=show_basics)


def get_user(call: Call) -> Response:
    """One user. Everybody may read themselves; others take a permission for the directory (api/user-get)."""
    odata.allow(call, "$select", "$expand", "$count")
    user_id = call.path["user_id"]
    if user_id != call.caller.user_id and not call.caller.scopes & OTHERS_SCOPES:
        raise denied()
    return odata.single(call, 200, "users", seen_by(call, USER, user_id), call.tenant.state.users[user_id])


def list_users(call: Call) -> Response:
    """The people of the tenant (api/user-list); what SharePoint keeps of them is not to be had of a list."""
    profile = {name.lower() for name in shapes.USER_PROFILE}
    if any(name.strip().lower() in profile for name in call.query.get("$select", "").split(",")):
        raise Fault(501, "NotImplemented", "This operation target is not yet supported.")
    people = list(call.tenant.state.users.values())
    return odata.listing(call, "users", seen_by(call, USER), people, options=("$format",))


def count_users(call: Call) -> Response:
    """How many people there are (api/user-list)."""
    return odata.counted(call, USER, list(call.tenant.state.users.values()))


def follow_users(call: Call) -> Response:
    """The people, then what changed about them (api/user-delta); `$filter` may name those who are followed, by their ids."""
    state = call.tenant.state
    step = delta.opened(call, log_of(state, "users"), "users", delta.DIRECTORY)
    odata.allow(step.call, "$select", "$filter")
    select = odata.selected(step.call, USER.selectable, "user")
    only = followed(step.call.query.get("$filter", ""))

    def shown(user_id: str) -> list[Json]:
        if only and user_id not in only:
            return []
        user = state.users.get(user_id)
        if user is None:
            return [delta.removed(user_id, reason="changed" if still_deleted(step.call, user_id) else "deleted")]
        return [followed_object(seen_by(step.call, USER), user, select)]

    return delta.answered(step, delta.Feed(lambda: state.users, shown), "users" + (f"({step.call.query['$select']})" if select else ""))


def followed_object(kind: Kind[Json], record: Json, select: frozenset[str] | None) -> Json:
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


def no_photo(_call: Call) -> Response:
    """Nobody here has a photo (observed: the refusal of the service where there is none)."""
    message = "Exception of type 'Microsoft.Fast.Profile.Core.Exception.ImageNotFoundException' was thrown."
    raise Fault(404, "ImageNotFound", message)


_DOC = "documentation: api/"
ROUTES = [
    Route("GET", "/users", list_users, READ_PEOPLE, _DOC + "user-list"),
    Route("GET", "/users/$count", count_users, READ_PEOPLE, _DOC + "user-list"),
    Route("GET", "/users/delta", follow_users, READ_PEOPLE, _DOC + "user-delta"),
    Route("GET", "/users/{user_id}", get_user, READ_ME, _DOC + "user-get"),
    *(
        Route("GET", f"/users/{{user_id}}/{photo}", no_photo, READ_ME, _DOC + "profilephoto-get; the refusal observed by others")
        for photo in ("photo", "photo/$value", "photos/{size}", "photos/{size}/$value")
    ),
]
