"""The control plane: JSON under `/sandbox/` by which tests, scripts and demos play the people around the tenant.

It approves and declines sign-ins, moves the clock, plants faults, changes policies, reads the journal, and takes and
restores snapshots. It is as powerful as the state it governs, so it listens where the sandbox listens (loopback) and
refuses what a foreign web page would send.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlsplit

from daypass.wire import Response

from . import faults
from .clock import TenantClock, iso, parse_instant
from .entra import protocol as entra
from .routes import Call, Fault, Route, Router, reply

POLICIES: Mapping[str, str] = {
    "app_not_public": "the app does not allow public client flows (AADSTS7000218)",
    "block_device_code": "device code flow is blocked: new sign-ins (AADSTS53003) and sessions that began with it (AADSTS530036)",
    "consent_required": "consent is missing or was withdrawn (AADSTS65001)",
    "require_mfa": "multi-factor authentication is demanded (AADSTS50076)",
    "sign_in_frequency_seconds": "refresh tokens die so many seconds after the sign-in (AADSTS70043)",
    "strict_polling": "polling faster than the interval is answered slow_down, and the interval grows by 5 seconds",
    "user_disabled": "the account is disabled (AADSTS50057)",
}
LAST_SECOND = 253370764800.0  # 9999-01-01
SHOWN_OF_USER = ("id", "displayName", "userPrincipalName", "mail", "jobTitle", "accountEnabled")


async def answer(call: Call) -> Response:
    """Answer a control request; a wrong one gets 400 (or 404, 403, 501) and a sentence that says what to do."""
    found = _ROUTER.find(call.request.method, urlsplit(call.request.url).path)
    try:
        origin = call.request.headers.get("origin", call.root)
        if origin != call.root:
            raise Fault(403, "foreign_origin", f"a web page of {origin} may not steer this sandbox")
        if found is None:
            raise Fault(501, "notImplemented", f"This sandbox does not build {call.request.method} {urlsplit(call.request.url).path}.")
        route, parameters = found
        answer = route.handler(replace(call, path=parameters))
        return answer if isinstance(answer, Response) else await answer
    except Fault as fault:
        return reply(fault.status, {"error": {"code": fault.code, "message": str(fault)}})


def _wrong(message: str) -> Fault:
    return Fault(400, "badControl", message)


def _said(call: Call, *allowed: str) -> dict[str, Any]:
    """The request's JSON object; Fault 400 when it has members that mean nothing here."""
    body = call.json()
    for name in body:
        if name not in allowed:
            raise _wrong(f"unknown member {name!r}; known here: {', '.join(allowed) or 'none'}")
    return body


def _user(call: Call, key: Any) -> str:
    user_id = call.tenant.state.find_user(str(key))
    if user_id is None:
        raise Fault(404, "unknown_user", f"there is no user {key!r} in this tenant; GET /sandbox/users lists those there are")
    return user_id


# --- people at the sign-in page --------------------------------------------------------------------------------


def _waiting(call: Call, user_code: str) -> dict[str, Any]:
    """The device code a decision is about: the one named, or the only one that waits."""
    if user_code:
        record = entra.waiting_code(call, user_code)
        if record is None:
            raise Fault(404, "unknown_code", "no sign-in waits for this code: it was never given out, has expired, or was decided already")
        return record
    now = call.tenant.clock.now()
    waiting = [code for code in call.tenant.state.device_codes.values() if code["status"] == "pending" and now < code["expires_at"]]
    if len(waiting) != 1:
        raise Fault(
            404 if not waiting else 400, "unknown_code", f"{len(waiting) or 'no'} sign-ins wait for approval; name one with user_code"
        )
    return waiting[0]


def _approve(call: Call) -> Response:
    said = _said(call, "user_code", "user")
    if not said.get("user"):
        raise _wrong('say who approves: {"user": "megan"}')
    record = _waiting(call, str(said.get("user_code", "")))
    entra.decide(call, record, _user(call, said["user"]))
    return reply(200, {"user_code": record["user_code"], "user": call.tenant.state.users[record["user_id"]]["userPrincipalName"]})


def _deny(call: Call) -> Response:
    record = _waiting(call, str(_said(call, "user_code").get("user_code", "")))
    entra.decide(call, record, "")
    return reply(200, {"user_code": record["user_code"], "status": "declined"})


def _pending(call: Call) -> Response:
    now = call.tenant.clock.now()
    return reply(
        200,
        [
            {
                "user_code": code["user_code"],
                "client_id": code["client_id"],
                "scope": code["scope"],
                "expires_in": int(code["expires_at"] - now),
            }
            for code in call.tenant.state.device_codes.values()
            if code["status"] == "pending" and now < code["expires_at"]
        ],
    )


def _revoke(call: Call) -> Response:
    user_id = _user(call, _said(call, "user").get("user", ""))
    state = call.tenant.state
    state.sessions[user_id] = state.session_of(user_id) + 1
    return reply(200, {"user": state.users[user_id]["userPrincipalName"], "revoked": True})


def _mint(call: Call) -> Response:
    said = _said(call, "user", "scopes", "lifetime_seconds")
    scopes, lifetime = said.get("scopes", []), said.get("lifetime_seconds", 3600)
    if not isinstance(scopes, list) or not isinstance(lifetime, int):
        raise _wrong("scopes must be a list of permission names, lifetime_seconds a whole number")
    token = call.tenant.mint(
        _user(call, said.get("user", "")), [str(scope) for scope in cast("list[Any]", scopes)], lifetime_seconds=lifetime, root=call.root
    )
    return reply(200, {"access_token": token, "expires_in": lifetime})


# --- time, faults, policies ------------------------------------------------------------------------------------


def _clock(call: Call) -> Response:
    clock = call.tenant.clock
    if call.request.method == "POST":
        said = _said(call, "now", "advance_seconds", "run")
        if not said:
            raise _wrong('say {"now": "2026-11-22T09:00:00Z"}, {"advance_seconds": 60} or {"run": true}')
        try:
            _move(clock, said)
        except (ValueError, TypeError, OverflowError) as error:
            raise _wrong(f"this is no time: {error}") from None
    return reply(200, {"now": iso(clock.now()) + "Z", "seconds": clock.now(), "running": "stopped_at" not in clock.settings})


def _move(clock: TenantClock, said: dict[str, Any]) -> None:
    """Do to the clock what was said, or nothing if it would then show a time outside 1970 to 9998."""
    before = dict(clock.settings)
    try:
        if "now" in said:
            clock.stop_at(parse_instant(said["now"]))
        clock.advance(float(said.get("advance_seconds", 0)))
        if said.get("run"):
            clock.run()
        if not 0 <= clock.now() < LAST_SECOND:
            raise ValueError("it must lie from 1970 to 9998")
    except (ValueError, TypeError, OverflowError):
        clock.settings.clear()
        clock.settings.update(before)
        raise


def _faults(call: Call) -> Response:
    state = call.tenant.state
    if call.request.method == "DELETE":
        wanted = call.path.get("fault_id")
        if wanted and wanted not in {fault["id"] for fault in state.faults}:
            raise Fault(404, "unknown_fault", f"there is no fault {wanted!r}; GET /sandbox/faults lists those there are")
        state.faults = [fault for fault in state.faults if wanted and fault["id"] != wanted]
    if call.request.method == "POST":
        try:
            fault = faults.checked(call.json(), state.find_user)
        except ValueError as error:
            raise _wrong(str(error)) from None
        number = 1 + max((int(fault["id"][1:]) for fault in state.faults), default=0)
        state.faults.append({"id": f"f{number}", **fault})
        return reply(201, state.faults[-1])
    return reply(200, state.faults)


def _policies(call: Call) -> Response:
    state = call.tenant.state
    if call.request.method == "DELETE":
        state.policies = {}
    if call.request.method == "POST":
        said = _said(call, *POLICIES)
        state.policies = {
            name: value for name, value in {**state.policies, **{n: _policy(call, n, v) for n, v in said.items()}}.items() if value
        }
    return reply(200, {name: {"value": state.policies.get(name, False), "means": meaning} for name, meaning in POLICIES.items()})


def _policy(call: Call, name: str, value: Any) -> Any:
    if name.endswith("_seconds"):
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise _wrong(f"{name} must be a number of seconds, 0 for none")
        return value
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        return [_user(call, key) for key in cast("list[Any]", value)]
    raise _wrong(f"{name} must be true, false or a list of users")


# --- the directory and the mailboxes, directly -----------------------------------------------------------------


def _users(call: Call) -> Response:
    return reply(200, [{name: user[name] for name in SHOWN_OF_USER if name in user} for user in call.tenant.state.users.values()])


def _change_user(call: Call) -> Response:
    user = call.tenant.state.users[_user(call, call.path["user"])]
    user.update({name: value for name, value in call.json().items() if name != "id"})
    return reply(200, user)


def _apps(call: Call) -> Response:
    apps = call.tenant.state.apps
    if call.request.method == "POST":
        said = _said(call, "client_id", "displayName", "publicClient", "permissions")
        client_id = str(said.pop("client_id", "")) or call.tenant.new_id("app")
        fresh: dict[str, Any] = {"displayName": "App", "publicClient": True, "permissions": ["User.Read"]}
        if not isinstance(said.get("publicClient", True), bool) or not isinstance(said.get("permissions", []), list):
            raise _wrong("publicClient must be true or false, permissions a list of permission names")
        apps[client_id] = {**apps.get(client_id, fresh), **said}
        return reply(200, {"client_id": client_id, **apps[client_id]})
    return reply(200, [{"client_id": client_id, **app} for client_id, app in apps.items()])


def _events(call: Call) -> Response:
    mailbox = call.tenant.state.mailboxes.get(_user(call, call.query.get("user", "")), {})
    return reply(200, list(mailbox.get("events", {}).values()))


# --- the whole -------------------------------------------------------------------------------------------------


def _reset(call: Call) -> Response:
    """Begin again from the seed so far, a built-in one by its name, or the document of a new one.

    `reset` gives the clock back to the world; `seed` keeps it, and plants around the time it shows.
    """
    keep_clock = urlsplit(call.request.url).path.lower().endswith("/seed")
    seed = _said(call, "seed").get("seed", call.tenant.seed)
    try:
        call.tenant.reset(seed if isinstance(seed, str) else json.dumps(seed), keep_clock=keep_clock)
    except ValueError as error:
        raise _wrong(str(error)) from None
    return reply(200, {"users": len(call.tenant.state.users)})


def _journal(call: Call) -> Response:
    journal = call.tenant.journal
    if call.request.method == "DELETE":
        journal.clear()
    wanted = call.query.get("format", "jsonl")
    if wanted == "har":
        return reply(200, journal.as_har())
    if wanted != "jsonl":
        raise _wrong("format must be jsonl or har")
    return Response(200, {"content-type": "application/jsonl; charset=utf-8"}, journal.as_jsonl())


def _state(call: Call) -> Response:
    return reply(200, call.tenant.state.to_json())


def _snapshot(call: Call) -> Response:
    name = str(_said(call, "name").get("name", "snapshot"))
    call.tenant.snapshots[name] = json.dumps(call.tenant.state.to_json())
    return reply(200, {"name": name, "bytes": len(call.tenant.snapshots[name])})


def _restore(call: Call) -> Response:
    said = _said(call, "name", "state")
    name = str(said.get("name", "snapshot"))
    if "state" not in said and name not in call.tenant.snapshots:
        raise Fault(404, "unknown_snapshot", f"there is no snapshot {name!r}; there are: {', '.join(call.tenant.snapshots) or 'none'}")
    try:
        call.tenant.restore(said["state"] if "state" in said else json.loads(call.tenant.snapshots[name]))
    except (ValueError, TypeError) as error:
        raise _wrong(str(error)) from None
    return reply(200, {"users": len(call.tenant.state.users)})


ROUTES = (
    Route("POST", "/sandbox/approve", _approve),
    Route("POST", "/sandbox/deny", _deny),
    Route("GET", "/sandbox/approve", _pending),
    Route("POST", "/sandbox/revoke", _revoke),
    Route("POST", "/sandbox/token", _mint),
    *(Route(method, "/sandbox/clock", _clock) for method in ("GET", "POST")),
    *(Route(method, "/sandbox/faults", _faults) for method in ("GET", "POST", "DELETE")),
    Route("DELETE", "/sandbox/faults/{fault_id}", _faults),
    *(Route(method, "/sandbox/policies", _policies) for method in ("GET", "POST", "DELETE")),
    Route("GET", "/sandbox/users", _users),
    Route("PATCH", "/sandbox/users/{user}", _change_user),
    *(Route(method, "/sandbox/apps", _apps) for method in ("GET", "POST")),
    Route("GET", "/sandbox/events", _events),
    Route("POST", "/sandbox/reset", _reset),
    Route("POST", "/sandbox/seed", _reset),
    *(Route(method, "/sandbox/journal", _journal) for method in ("GET", "DELETE")),
    Route("GET", "/sandbox/state", _state),
    Route("POST", "/sandbox/snapshot", _snapshot),
    Route("POST", "/sandbox/restore", _restore),
)
_ROUTER = Router(ROUTES)
