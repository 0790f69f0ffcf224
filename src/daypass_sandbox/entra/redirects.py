"""Sending a browser back to the app that sent it: to which address, and how the answer is written into it.

After "Redirect URI (reply URL) restrictions and limitations" (Microsoft Learn), OAuth 2.0 Form Post Response Mode and RFC 9207.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from daypass.wire import Response

from ..clock import entra_stamp
from ..routes import Call
from . import addresses, apps, refusals
from .forms import known_app, required
from .pages import page
from .refusals import Refusal, correlation_of

MODES = ("query", "fragment", "form_post")


@dataclass(frozen=True)
class Address:
    """Where an answer goes: the app, its redirect URI and what platform that is registered for, the `response_mode`, the app's `state`."""

    client_id: str
    uri: str
    platform: str
    mode: str
    state: str

    @property
    def origin(self) -> str:
        """What a Content-Security-Policy must let a form lead to."""
        parts = addresses.parts_of(self.uri)
        return parts.origin if parts else "'none'"


def address_of(call: Call) -> Address:
    """The address that a request names; Refusal where the app is not known, the address not registered, or the mode none there is."""
    client_id = known_app(call, dict(call.query))
    uri = call.query.get("redirect_uri", "")
    if not uri:
        raise Refusal(refusals.NO_REDIRECT)
    platform = apps.platform_of(call.tenant.state.apps[client_id], uri)
    if platform is None:
        raise Refusal(refusals.REDIRECT_UNKNOWN, redirect=uri, client_id=client_id)
    mode = call.query.get("response_mode", "query").lower()
    if mode not in MODES:
        raise Refusal(refusals.RESPONSE_MODE, wanted=mode)
    return Address(client_id, uri, platform, mode, call.query.get("state", ""))


def send(call: Call, address: Address, answer: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Response:
    """Send the browser back with an answer; the app's `state` goes with it."""
    fields = {**answer, **({"state": address.state} if address.state else {})}
    if address.mode == "form_post":
        shown = page(call, "pass_on", forms_to=address.origin, scripted=True, address=address.uri, fields=fields)
        return shown.replace(headers={**shown.headers, **(headers or {})})
    url = urlsplit(address.uri)
    if address.mode == "fragment":
        target = url._replace(fragment=urlencode(fields))
    else:
        target = url._replace(query=urlencode([*parse_qsl(url.query, keep_blank_values=True), *fields.items()]))
    return Response(302, {"location": target.geturl(), **(headers or {})})


def send_refusal(call: Call, address: Address, refusal: Refusal) -> Response:
    """Send the browser back with a refusal, worded as the token endpoint words it."""
    trace, correlation, stamp = call.tenant.new_id("trace"), correlation_of(call), entra_stamp(call.tenant.clock.now())
    number = refusal.kind.number
    told = f"AADSTS{number}: {refusal} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
    return send(call, address, {"error": refusal.code, "error_description": told, "error_uri": f"{call.root}/error?code={number}"})


def refused(call: Call, refusal: Refusal) -> Response:
    """The page for a refusal that no app can be told."""
    return page(call, "refused", 400, number=refusal.kind.number, told=str(refusal), correlation=correlation_of(call))


def after_signing_out(call: Call) -> str | None:
    """Where to go after signing out: what the request names, if some app has registered it; None for nowhere."""
    uri = call.query.get("post_logout_redirect_uri", "")
    known = any(apps.platform_of(app, uri) for app in call.tenant.state.apps.values())
    return uri if uri and known else None


def asked_for(call: Call, name: str) -> str:
    """A parameter that must be there; Refusal 900144 where it is missing."""
    return required(dict(call.query), name)
