"""Creating, changing and deleting people, and what belongs to an account: licences, sessions (api/user-post-users, -update, -delete).

A new user with a principal name gets a mailbox at once and has that name as mail address, unless it is a guest: licences change
nothing about mailboxes here. Every user may act as an administrator.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from daypass.wire import Response

from ..calendar.calendars import new_mailbox
from ..clock import graph_stamp
from ..graph import odata, payload
from ..graph.payload import TEXT
from ..graph.permissions import CHANGE_PEOPLE, CHANGE_SOME, CREATE_PEOPLE, DELETE_PEOPLE, END_SESSIONS, LICENSE_PEOPLE
from ..routes import Call, Route
from . import shapes
from .kinds import USER, show_user
from .log import differing, note
from .objects import (
    GUID,
    bad_request,
    bury,
    check_lengths,
    conflict,
    denied,
    given,
    instant,
    invalid_value,
    merged,
    missing_value,
)
from .people import resolve

Json = dict[str, Any]

LOCAL_PART = re.compile(r"[A-Za-z0-9'._!#^~-]+")  # of a principal name (api/user-post-users)
MAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+")
NICKNAME = re.compile(r"[^@()\[\]\\\"';:.<>,\s][^@()\[\]\\\"';:<>,\s]*")
PASSWORD_CLASSES = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]")
SENSITIVE = frozenset({"accountEnabled", "mailNickname", "passwordProfile", "userPrincipalName", "userType"})  # not one's own to change
MAILBOX_ZONE = "UTC"


def create_user(call: Call) -> Response:
    """Create a user, with a mailbox unless it is a guest or signs in by identities alone."""
    odata.allow(call)
    values, tenant = given(call, shapes.USER, "User", shapes.USER_READ_ONLY), call.tenant
    local = "userPrincipalName" not in values and bool(values.get("identities"))
    needed = ("displayName",) if local else ("accountEnabled", "displayName", "mailNickname", "passwordProfile", "userPrincipalName")
    for name in needed:
        if values.get(name) in (None, "", {}):
            raise missing_value(name, "User")
    user_id = tenant.new_id("user")
    if local:
        values |= {"userPrincipalName": f"{user_id}@{tenant.state.domains[0]}", "accountEnabled": values.get("accountEnabled", True)}
    values = _checked(call, values, {})
    guest = values.get("userType") == "Guest"
    mail = None if guest or local else values.get("mail") or values["userPrincipalName"]
    creation = {"createdDateTime": graph_stamp(tenant.clock.now()), "creationType": "LocalAccount" if local else None}
    user = payload.without_nulls({"id": user_id, **values, **creation, "mail": values.get("mail") or mail})
    tenant.state.users[user_id] = user
    if mail:
        tenant.state.mailboxes[user_id] = new_mailbox(tenant.new_id, MAILBOX_ZONE)
    note(tenant, "users", user_id, "created")
    return odata.single(call, 201, "users", USER, user)


def update_user(call: Call) -> Response:
    """Change a user; members that are not named stay as they are."""
    odata.allow(call)
    user_id, state = call.path["user_id"], call.tenant.state
    values = given(call, shapes.USER, "User", shapes.USER_READ_ONLY)
    _check_reach(call, user_id, values)
    user = state.users[user_id]
    if "displayName" in values and not values["displayName"]:
        raise invalid_value("displayName", "User")
    values = _checked(call, values, user)
    changed = {**user, **{name: merged(user.get(name), value) for name, value in values.items()}}
    if values.get("mail") and values["mail"] != user.get("mail"):
        aliases = [address.replace("SMTP:", "smtp:") for address in user.get("proxyAddresses") or [f"SMTP:{user.get('mail')}"]]
        changed["proxyAddresses"] = [f"SMTP:{values['mail']}", *(alias for alias in aliases if alias != "smtp:None")]
    state.users[user_id] = changed
    note(call.tenant, "users", user_id, aspects=differing(show_user(user), show_user(changed)))
    return Response(204)


def _check_reach(call: Call, user_id: str, values: Mapping[str, Any]) -> None:
    """Fault 403 where the permissions are for oneself, or for some properties, and the change is not."""
    scopes = call.caller.scopes
    if scopes & {"User.ReadWrite.All", "Directory.ReadWrite.All"}:
        return
    allowed = frozenset(name for scope in scopes & set(CHANGE_SOME) for name in CHANGE_SOME[scope])
    if user_id == call.caller.user_id and "User.ReadWrite" in scopes:
        allowed |= set(shapes.USER) - SENSITIVE
    if not allowed.issuperset(values):
        raise denied()


def _checked(call: Call, values: Json, before: Mapping[str, Any]) -> Json:
    """The values as they are kept; Fault 400 for those that cannot be."""
    check_lengths(values, shapes.USER_LENGTHS, "User")
    values = {**values, **{n: instant(values[n], n, "User") for n in shapes.USER_INSTANTS if values.get(n)}}
    profile: Json = values.get("passwordProfile") or {}
    if profile.get("password"):
        values["passwordProfile"] = _without_password(profile, values.get("passwordPolicies") or before.get("passwordPolicies") or "")
    if "userPrincipalName" in values and values["userPrincipalName"] != before.get("userPrincipalName"):
        _check_principal_name(call, values["userPrincipalName"] or "", before.get("id", ""))
    if values.get("mail") and resolve(call.tenant.state, values["mail"]) not in (None, before.get("id")):
        raise conflict("proxyAddresses")
    for name, is_wrong in _WRONG.items():
        if values.get(name) is not None and is_wrong(values[name]):
            raise invalid_value(name, "User")
    return values


def _without_password(profile: Json, policies: str) -> Json:
    """A password profile as it is kept: the password itself is looked at and forgotten."""
    _check_password(profile["password"], policies)
    return {name: value for name, value in profile.items() if name != "password"}


# What a property must not be, beyond its type.
_WRONG: Mapping[str, Callable[[Any], bool]] = {
    "mail": lambda mail: bool(mail) and not MAIL.fullmatch(mail),
    "mailNickname": lambda name: not NICKNAME.fullmatch(name),
    "businessPhones": lambda phones: len(phones) > 1,
    "usageLocation": lambda country: bool(country) and not re.fullmatch(r"[A-Za-z]{2}", country),
    "identities": lambda identities: any(not one.get("signInType") or not one.get("issuer") for one in identities),
}


def _check_principal_name(call: Call, name: str, own_id: str) -> None:
    local, at, domain = name.rpartition("@")
    if not at or not LOCAL_PART.fullmatch(local):
        raise bad_request("Property userPrincipalName is invalid.", target="userPrincipalName", code="InvalidValue")
    if domain.lower() not in call.tenant.state.domains:
        reason = "You must use one of the verified domain names in your organization."
        raise bad_request(
            f"The domain portion of the userPrincipalName property is invalid. {reason}", target="userPrincipalName", code="InvalidValue"
        )
    if resolve(call.tenant.state, name) not in (None, own_id):
        raise conflict("userPrincipalName")


def _check_password(password: str, policies: str) -> None:
    classes = sum(bool(re.search(wanted, password)) for wanted in PASSWORD_CLASSES)
    weak = len(password) < 8 or len(password) > 256 or (classes < 3 and "DisableStrongPassword" not in policies)
    if weak:
        message = "The specified password does not comply with password complexity requirements. Please provide a different password."
        raise bad_request(message, target="password", code="PasswordNotComplex")


def delete_user(call: Call) -> Response:
    """Delete a user; mailbox and sign-ins go along, and for thirty days all can be restored."""
    odata.allow(call)
    user_id, state = call.path["user_id"], call.tenant.state
    bury(call, "users", user_id, mailbox=state.mailboxes.pop(user_id, None))
    state.sessions[user_id] = state.session_of(user_id) + 1
    return Response(204)


def end_sessions(call: Call) -> Response:
    """End all of a user's sign-ins (api/user-revokesigninsessions)."""
    odata.allow(call)
    user_id, state = call.path["user_id"], call.tenant.state
    if user_id != call.caller.user_id and not call.caller.scopes & set(END_SESSIONS.application):
        raise denied()
    state.sessions[user_id] = state.session_of(user_id) + 1
    state.users[user_id]["signInSessionsValidFromDateTime"] = graph_stamp(call.tenant.clock.now())
    note(call.tenant, "users", user_id, aspects=["signInSessionsValidFromDateTime"])
    return odata.answer(call, 200, {"@odata.context": f"{odata.service_root(call)}/$metadata#Edm.Boolean", "value": True})


def assign_license(call: Call) -> Response:
    """Give and take licences (api/user-assignlicense); who has none needs a usage location first."""
    odata.allow(call)
    shape: Json = {"addLicenses": [{"skuId": TEXT, "disabledPlans": [TEXT]}], "removeLicenses": [TEXT]}
    body: Json = payload.read(call.json(), shape, "assignLicense")
    user = call.tenant.state.users[call.path["user_id"]]
    added, removed = cast("list[Json]", body.get("addLicenses") or []), set(body.get("removeLicenses") or [])
    if added and not user.get("usageLocation"):
        message = "License assignment cannot be done for user with invalid usage location."
        raise bad_request(message, target="usageLocation", code="InvalidValue")
    skus = [str(one.get("skuId")) for one in added]
    for sku in (*skus, *removed):
        if not GUID.fullmatch(sku):
            raise bad_request(f"License {sku} does not correspond to a valid company License.", target="skuId", code="InvalidValue")
    kept = [one for one in user.get("assignedLicenses", []) if one["skuId"] not in {*skus, *removed}]
    fresh: list[Json] = [{"disabledPlans": one.get("disabledPlans") or [], "skuId": one["skuId"]} for one in added]
    call.tenant.state.users[user["id"]] = {**user, "assignedLicenses": [*kept, *fresh]}
    note(call.tenant, "users", user["id"], aspects=["assignedLicenses"])
    return odata.single(call, 200, "users", USER, call.tenant.state.users[user["id"]])


_DOC = "documentation: api/"
ROUTES = [
    Route("POST", "/users", create_user, CREATE_PEOPLE, _DOC + "user-post-users; refusals observed by others"),
    Route("PATCH", "/users/{user_id}", update_user, CHANGE_PEOPLE, _DOC + "user-update"),
    Route("DELETE", "/users/{user_id}", delete_user, DELETE_PEOPLE, _DOC + "user-delete"),
    Route("POST", "/users/{user_id}/revokeSignInSessions", end_sessions, END_SESSIONS, _DOC + "user-revokesigninsessions"),
    Route("POST", "/users/{user_id}/assignLicense", assign_license, LICENSE_PEOPLE, _DOC + "user-assignlicense"),
]
