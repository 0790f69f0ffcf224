"""Who reports to whom (api/user-list-manager, user-post-manager, user-delete-manager, user-list-directreports)."""

from __future__ import annotations

from daypass.wire import Response

from ..graph import odata
from ..graph.permissions import CREATE_PEOPLE, READ_MANAGER
from ..routes import Call, Route
from .kinds import TYPED_USER, reports_to
from .log import note
from .objects import bad_request, no_such, referred


def get_manager(call: Call) -> Response:
    """The manager of a user; Fault 404 for who has none."""
    odata.allow(call, "$select", "$expand")
    state = call.tenant.state
    manager = state.users.get(state.users[call.path["user_id"]].get("x-manager", ""))
    if manager is None:
        raise no_such("manager")
    return odata.single(call, 200, "directoryObjects", TYPED_USER, manager)


def set_manager(call: Call) -> Response:
    """Give a user a manager, in place of the one before."""
    odata.allow(call)
    state, user_id = call.tenant.state, call.path["user_id"]
    body = {name.lower(): value for name, value in call.json().items()}
    manager_id = referred(state, body.get("@odata.id"))
    if manager_id not in state.users or manager_id == user_id:
        raise bad_request("The manager of a user must be another user.", target="manager", code="InvalidValue")
    before = state.users[user_id].get("x-manager")
    state.users[user_id] = {**state.users[user_id], "x-manager": manager_id}
    note(call.tenant, "users", user_id, aspects=[f"manager/{one}" for one in (before, manager_id) if one])
    return Response(204)


def remove_manager(call: Call) -> Response:
    """Leave a user without manager."""
    odata.allow(call)
    state, user_id = call.tenant.state, call.path["user_id"]
    if "x-manager" not in state.users[user_id]:
        raise no_such("manager")
    before = state.users[user_id]["x-manager"]
    state.users[user_id] = {name: value for name, value in state.users[user_id].items() if name != "x-manager"}
    note(call.tenant, "users", user_id, aspects=[f"manager/{before}"])
    return Response(204)


def list_reports(call: Call) -> Response:
    """Those who report to a user."""
    return odata.listing(call, "directoryObjects", TYPED_USER, reports_to(call, call.path["user_id"]))


def count_reports(call: Call) -> Response:
    """How many report to a user."""
    return odata.counted(call, TYPED_USER, reports_to(call, call.path["user_id"]))


_DOC = "documentation: api/"
_USER = "/users/{user_id}"
ROUTES = [
    Route("GET", f"{_USER}/manager", get_manager, READ_MANAGER, _DOC + "user-list-manager"),
    Route("PUT", f"{_USER}/manager/$ref", set_manager, CREATE_PEOPLE, _DOC + "user-post-manager"),
    Route("DELETE", f"{_USER}/manager/$ref", remove_manager, CREATE_PEOPLE, _DOC + "user-delete-manager"),
    Route("GET", f"{_USER}/directReports", list_reports, READ_MANAGER, _DOC + "user-list-directreports"),
    Route("GET", f"{_USER}/directReports/$count", count_reports, READ_MANAGER, _DOC + "user-list-directreports"),
]
