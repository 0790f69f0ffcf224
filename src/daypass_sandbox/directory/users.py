"""People: `/users` and `/me`, reading and following them (resources/user and its neighbours)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from daypass.wire import Response

from ..graph import odata
from ..graph.odata import Kind
from ..graph.permissions import READ_ME, READ_PEOPLE
from ..routes import Call, Fault, Route
from . import shapes
from .following import follow
from .kinds import USER
from .objects import denied

Json = dict[str, Any]

OTHERS_SCOPES = frozenset(READ_PEOPLE.delegated)


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
    """The people with their managers, then what changed about them (api/user-delta)."""
    relations = {"manager": _manager_of}
    return follow(call, "users", seen_by(call, USER), call.tenant.state.users, relations=relations, unasked=relations)


def _manager_of(user: Json) -> list[str]:
    return [user["x-manager"]] if "x-manager" in user else []


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
