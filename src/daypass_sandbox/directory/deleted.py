"""What was deleted less than thirty days ago: seen, restored, or gone for good (resources/directory, api/directory-deleteditems-list)."""

from __future__ import annotations

from typing import Any

from daypass.wire import Response

from ..graph import odata
from ..graph.odata import Kind
from ..graph.permissions import READ_BIN, RESTORE
from ..routes import Call, Route
from .app_kinds import APPLICATION, principal_kind
from .kinds import GROUP, USER
from .log import note, related
from .objects import STORES, bad_request, conflict, no_such, still_deleted
from .people import resolve

Json = dict[str, Any]

COLLECTIONS = {"user": "users", "group": "groups", "application": "applications", "serviceprincipal": "servicePrincipals"}


def _kind(call: Call, collection: str) -> Kind[Json]:
    kinds = {"users": USER, "groups": GROUP, "applications": APPLICATION}
    return kinds.get(collection) or principal_kind(call.tenant.state)


def _buried(call: Call) -> Json:
    buried = still_deleted(call, call.path["object_id"])
    if buried is None:
        raise no_such(call.path["object_id"])
    return buried


def _shown(buried: Json) -> Json:
    return {**buried["record"], "deletedDateTime": buried["deletedDateTime"]}


def list_deleted(call: Call) -> Response:
    """The deleted objects of a type: `microsoft.graph.user`, `…group`, `…application`, `…servicePrincipal`; or one by its id."""
    collection = COLLECTIONS.get(call.path["object_id"].lower())
    if collection is None:
        return get_deleted(call)
    ids = [object_id for object_id in call.tenant.state.deleted if still_deleted(call, object_id)]
    records = [call.tenant.state.deleted[object_id] for object_id in ids]
    items = [_shown(buried) for buried in records if buried["collection"] == collection]
    return odata.listing(call, collection, _kind(call, collection), items)


def get_deleted(call: Call) -> Response:
    """One deleted object."""
    odata.allow(call, "$select")
    buried = _buried(call)
    return odata.single(call, 200, "directoryObjects", _kind(call, buried["collection"]), _shown(buried))


def restore(call: Call) -> Response:
    """Put a deleted object back, with the mailbox it had; refused where another one has its name by now."""
    odata.allow(call)
    buried, state = _buried(call), call.tenant.state
    record, collection = buried["record"], buried["collection"]
    if collection == "users" and resolve(state, record["userPrincipalName"]):
        raise conflict("userPrincipalName")
    if collection == "servicePrincipals" and record["appId"] not in state.apps:
        raise bad_request("The application of the service principal must be restored first.")
    getattr(state, STORES[collection])[buried["key"]] = record
    if "mailbox" in buried:
        state.mailboxes[record["id"]] = buried["mailbox"]
    del state.deleted[record["id"]]
    note(call.tenant, collection, record["id"])
    related(call.tenant, record["id"])
    return odata.single(call, 200, "directoryObjects", _kind(call, collection), record)


def delete_for_good(call: Call) -> Response:
    """Forget a deleted object (api/directory-deleteditems-delete)."""
    odata.allow(call)
    _buried(call)
    del call.tenant.state.deleted[call.path["object_id"]]
    return Response(204)


_DOC = "documentation: api/directory-deleteditems-"
_ONE = "/directory/deletedItems/{object_id}"
ROUTES = [
    Route("GET", _ONE, list_deleted, READ_BIN, _DOC + "list"),
    Route("POST", f"{_ONE}/restore", restore, RESTORE, _DOC + "restore"),
    Route("DELETE", _ONE, delete_for_good, RESTORE, _DOC + "delete"),
]
