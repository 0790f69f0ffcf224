"""What all objects of the directory share: how they are found, refused, written, deleted for a while, and named by references.

Error codes are those of "Microsoft Graph error responses" for directory objects; sentences as observed by others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlsplit

from ..clock import graph_stamp, parse_instant
from ..graph import payload
from ..routes import Call, Fault
from .log import TYPES, note, related

if TYPE_CHECKING:
    from ..tenant import State

Json = dict[str, Any]

GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
INSTANT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?", re.IGNORECASE)
KEPT_SECONDS = 30 * 86400  # how long a deleted object can be restored
STORES = {"users": "users", "groups": "groups", "applications": "apps", "servicePrincipals": "service_principals"}


def bad_request(message: str, *, target: str = "", code: str = "") -> Fault:
    """The directory's refusal of what was sent: 400 `Request_BadRequest`, with a detail about one property where there is one."""
    details = [{"code": code, "message": message, "target": target}] if target else []
    return Fault(400, "Request_BadRequest", message, details=details)


def invalid_value(name: str, resource: str) -> Fault:
    """The refusal of a value that a property cannot have."""
    return bad_request(f"Invalid value specified for property '{name}' of resource '{resource}'.", target=name, code="InvalidValue")


def missing_value(name: str, resource: str) -> Fault:
    """The refusal of an object without a property it must have."""
    return bad_request(f"A value is required for property '{name}' of resource '{resource}'.", target=name, code="InvalidValue")


def conflict(name: str) -> Fault:
    """The refusal of a value that another object has already."""
    return bad_request(f"Another object with the same value for property {name} already exists.", target=name, code="ObjectConflict")


def denied() -> Fault:
    """The refusal of a caller whose permissions do not reach that far."""
    return Fault(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def no_such(key: str) -> Fault:
    """The refusal for a key that nothing has."""
    message = f"Resource '{key}' does not exist or one of its queried reference-property objects are not present."
    return Fault(404, "Request_ResourceNotFound", message)


def not_built(what: str) -> Fault:
    """The refusal of what this sandbox does not build, by its name."""
    return Fault(501, "notImplemented", f"{what} is not implemented in this sandbox.")


# --- reading what was sent -----------------------------------------------------------------------------------------


def given(call: Call, shape: Mapping[str, Any], resource: str, read_only: Iterable[str] = ()) -> Json:
    """The request's object in the form it is kept in.

    400 `Request_BadRequest` for what the shape does not have or cannot hold, and for properties that only the service sets; 501 for
    extension properties, which cannot be declared here.
    """
    payload.check_annotations(call.json())
    body = {name: value for name, value in call.json().items() if "@odata." not in name and name.lower() != "id"}
    known = {name.lower(): form for name, form in shape.items()}
    for name in read_only:
        if name.lower() in {sent.lower() for sent in body}:
            raise bad_request(f"Property '{name}' is read-only and cannot be set.", target=name, code="InvalidValue")
    for name in body:
        if name.lower() not in known and (name.startswith("extension_") or re.fullmatch(r"[a-z0-9]+_\w+", name)):
            raise not_built(f"Writing the extension property '{name}'")
        if name.lower() not in known:
            raise bad_request(f"Property '{name}' does not exist as a declared property or extension property.")
        if known[name.lower()] == payload.NOT_BUILT:
            raise not_built(f"Writing '{name}' of a {resource.lower()}")
    result: Json = {}
    for name, value in body.items():
        try:
            result |= payload.read({name: value}, shape, resource.lower())
        except Fault as fault:
            if fault.status != 400:
                raise
            raise invalid_value(name, resource) from None
    return result


def check_lengths(values: Mapping[str, Any], longest: Mapping[str, int], resource: str) -> None:
    """Fault 400 where a text is longer than its property may be."""
    for name, most in longest.items():
        if len(values.get(name) or "") > most:
            raise invalid_value(name, resource)


def instant(text: str, name: str, resource: str) -> str:
    """An instant as the directory keeps it (`2014-01-01T00:00:00Z`); Fault 400 where the text is none."""
    if not INSTANT.fullmatch(text):
        raise invalid_value(name, resource)
    try:
        return graph_stamp(parse_instant(text.upper())).zfill(20)
    except (ValueError, OverflowError):
        raise invalid_value(name, resource) from None


def merged(before: Any, change: Any) -> Any:
    """A value after a change: an object keeps the members that the change does not name, anything else is replaced."""
    if isinstance(before, dict) and isinstance(change, dict):
        known, new = cast("Json", before), cast("Json", change)
        return {**known, **{name: merged(known.get(name), value) for name, value in new.items()}}
    return change


# --- finding and referring -----------------------------------------------------------------------------------------


def collection_of(state: State, object_id: str) -> str | None:
    """The collection that an object is in; None for an id that nothing has."""
    if object_id in state.users:
        return "users"
    if object_id in state.groups:
        return "groups"
    return "servicePrincipals" if object_id in state.service_principals else None


def found(state: State, object_id: str) -> Json:
    """The user, group or service principal of an id; Fault 404."""
    record = state.users.get(object_id) or state.groups.get(object_id) or state.service_principals.get(object_id)
    if record is None:
        raise no_such(object_id)
    return record


def referred(state: State, reference: Any) -> str:
    """The object id that a reference (`https://graph.microsoft.com/v1.0/directoryObjects/{id}`) names; Fault 400, or 404 for nobody."""
    if not isinstance(reference, str) or not reference:
        raise bad_request("Invalid URL format specified in @odata.id for reference.")
    try:
        path = urlsplit(reference).path
    except ValueError:
        path = ""
    key = unquote(re.split(r"[/(]", path.rstrip(")"))[-1].strip("'")) if "/" in path else ""
    if not key:
        raise bad_request(f"Invalid URL format specified in @odata.id for reference '{reference}'.")
    object_id = key if collection_of(state, key) else state.find_user(key) if "@" in key else None
    if object_id is None:
        raise no_such(key)
    return object_id


def bound(call: Call, relation: str) -> list[str] | None:
    """The object ids that `{relation}@odata.bind` names; None where the request has no such member."""
    body = call.json()
    name = next((name for name in body if name.lower() == f"{relation.lower()}@odata.bind"), None)
    if name is None:
        return None
    references: Any = body[name]
    if not isinstance(references, list):
        raise bad_request(f"The value of '{name}' must be a list of references.")
    return list(dict.fromkeys(referred(call.tenant.state, reference) for reference in cast("list[Any]", references)))


# --- deleting for a while ------------------------------------------------------------------------------------------


def bury(call: Call, collection: str, object_id: str, key: str = "", **more: Any) -> None:
    """Delete an object; for thirty days it can be restored, with what it had (`more`). `key` is where it is kept, if not under its id."""
    state, now = call.tenant.state, call.tenant.clock.now()
    record = getattr(state, STORES[collection]).pop(key or object_id)
    stored: Json = {"collection": collection, "key": key or object_id, "record": record, **{k: v for k, v in more.items() if v is not None}}
    state.deleted[object_id] = {**stored, "deletedDateTime": graph_stamp(now), "at": now}
    note(call.tenant, collection, object_id, "deleted")
    related(call.tenant, object_id)


def still_deleted(call: Call, object_id: str) -> Json | None:
    """The record of a deleted object that can be restored; None where there is none, or it is gone for good."""
    buried = call.tenant.state.deleted.get(object_id)
    return buried if buried and call.tenant.clock.now() < buried["at"] + KEPT_SECONDS else None


def type_of(collection: str) -> str:
    """Graph's name for what is in a collection of the directory: `#microsoft.graph.user`."""
    return f"#microsoft.graph.{TYPES[collection]}"
