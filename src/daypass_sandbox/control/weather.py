"""What goes wrong around an app: faults on the wire, and what the organisation demands or forbids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from daypass.wire import Response

from .. import faults
from ..entra import ordered
from ..routes import Call, Fault, Route, reply
from .asked import said, user_id, wrong

POLICIES: Mapping[str, str] = {
    "app_not_public": "the app does not allow public client flows (AADSTS7000218)",
    "block_device_code": "device code flow is blocked: new sign-ins (AADSTS53003) and sessions that began with it (AADSTS530036)",
    "consent_required": "consent is missing or was withdrawn (AADSTS65001)",
    "require_mfa": "multi-factor authentication is demanded (AADSTS50076)",
    "sign_in_frequency_seconds": "refresh tokens die so many seconds after the sign-in (AADSTS70043)",
    "strict_polling": "polling faster than the interval is answered slow_down, and the interval grows by 5 seconds",
    "user_disabled": "the account is disabled (AADSTS50057)",
    "aadsts<number>": "any other refusal that a client may meet, where the service gives it; its list may name users and apps",
}


def list_faults(call: Call) -> Response:
    """The faults there are, with how often each will still strike."""
    return reply(200, call.tenant.state.faults)


def add_fault(call: Call) -> Response:
    """Plant a fault."""
    state = call.tenant.state
    try:
        fault = faults.checked(call.json(), state.find_user)
    except ValueError as error:
        raise wrong(str(error)) from None
    number = 1 + max((int(fault["id"][1:]) for fault in state.faults), default=0)
    state.faults.append({"id": f"f{number}", **fault})
    return reply(201, state.faults[-1])


def clear_faults(call: Call) -> Response:
    """Take away the fault of the path, or all."""
    state, wanted = call.tenant.state, call.path.get("fault_id")
    if wanted and wanted not in {fault["id"] for fault in state.faults}:
        raise Fault(404, "unknown_fault", f"there is no fault {wanted!r}; GET /sandbox/faults lists those there are")
    state.faults = [fault for fault in state.faults if wanted and fault["id"] != wanted]
    return list_faults(call)


def list_policies(call: Call) -> Response:
    """The policies with their values and meanings."""
    held = call.tenant.state.policies
    listed = {name: {"value": held.get(name, False), "means": meaning} for name, meaning in POLICIES.items() if name.isidentifier()}
    given = {name: {"value": value, "means": f"{name.upper()} is given"} for name, value in held.items() if ordered.known(name)}
    return reply(200, {**listed, **given})


def set_policies(call: Call) -> Response:
    """Set the policies named; the others stay."""
    body = said(call, *POLICIES, *filter(ordered.known, call.json()))
    fresh = {name: _value(call, name, value) for name, value in body.items()}
    state = call.tenant.state
    state.policies = {name: value for name, value in {**state.policies, **fresh}.items() if value}
    return list_policies(call)


def clear_policies(call: Call) -> Response:
    """Take all policies away."""
    call.tenant.state.policies = {}
    return list_policies(call)


def _value(call: Call, name: str, value: Any) -> Any:
    if name.endswith("_seconds"):
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise wrong(f"{name} must be a number of seconds, 0 for none")
        return value
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        return [_whose(call, name, key) for key in cast("list[Any]", value)]
    raise wrong(f"{name} must be true, false or a list of users")


def _whose(call: Call, name: str, key: Any) -> str:
    """A user's id; an app's may stand in its place where a refusal is ordered."""
    return key if ordered.known(name) and key in call.tenant.state.apps else user_id(call, key)


ROUTES = (
    Route("GET", "/sandbox/faults", list_faults),
    Route("POST", "/sandbox/faults", add_fault),
    Route("DELETE", "/sandbox/faults", clear_faults),
    Route("DELETE", "/sandbox/faults/{fault_id}", clear_faults),
    Route("GET", "/sandbox/policies", list_policies),
    Route("POST", "/sandbox/policies", set_policies),
    Route("DELETE", "/sandbox/policies", clear_policies),
)
