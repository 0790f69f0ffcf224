"""What every endpoint of Entra asks of a request: its form, the app it speaks for, and the policies that are on."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from ..routes import Call
from . import refusals
from .refusals import Refusal

ANY_TENANT = ("common", "organizations", "consumers")


def form_of(call: Call) -> dict[str, str]:
    """The fields of a form (application/x-www-form-urlencoded); the last of a repeated field counts.

    An app's name and secret in an Authorization header (HTTP Basic; RFC 6749, section 2.3.1) count as if they stood in the form.
    """
    form = dict(parse_qsl(call.request.body.decode("utf-8", "replace"), keep_blank_values=True))
    scheme, _, encoded = call.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form
    try:
        name, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        return form
    return {**form, "client_id": unquote_plus(name), "client_secret": unquote_plus(secret)} if colon else form


def required(form: dict[str, str], name: str) -> str:
    """A field that must be there; Refusal 900144 names it where it is missing or empty."""
    if not form.get(name):
        raise Refusal(refusals.MISSING_PARAMETER, parameter=name)
    return form[name]


def known_app(call: Call, form: dict[str, str]) -> str:
    """The app that a form speaks for; Refusal 700016 where this tenant has none of that id, others where it is not for such accounts."""
    client_id, state = required(form, "client_id"), call.tenant.state
    if client_id not in state.apps:
        raise Refusal(refusals.UNKNOWN_APP, client_id=client_id, directory=state.display_name)
    app, asked = state.apps[client_id], call.path.get("tenant", "").lower()
    audience = app.get("signInAudience", "AzureADMyOrg")
    for wrong, kind in (
        (asked == "consumers" and audience in ("AzureADMyOrg", "AzureADMultipleOrgs"), refusals.NOT_FOR_PERSONS),
        (asked != "consumers" and audience == "PersonalMicrosoftAccount", refusals.FOR_PERSONS_ALONE),
        (asked in ("common", "organizations") and audience == "AzureADMyOrg", refusals.ONE_TENANT),
    ):
        if wrong:
            raise Refusal(kind, client_id=client_id, app=app["displayName"], endpoint=asked)
    return client_id


def policy_holds(call: Call, name: str, user_id: str) -> bool:
    """Whether a policy is on: for everybody (true), or for this user (a list of user ids)."""
    setting: Any = call.tenant.state.policies.get(name, False)
    return user_id in setting if isinstance(setting, list) else bool(setting)
