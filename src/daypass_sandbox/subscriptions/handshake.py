"""The validation handshake: a webhook proves that it is one, and wants notifications, by giving back a token.

Facts: concepts/change-notifications-delivery-webhooks, section "notificationUrl validation". The form of the token and the words of
the refusals are those others saw (issues microsoft-graph-docs 21160, azure-functions-splunk 26, Microsoft365-Analytics-Insights 273).
"""

from __future__ import annotations

from urllib.parse import quote_plus, urlsplit

from ..outside import Exchange, Outgoing, ask
from ..routes import Call, Fault, begun_again
from .watching import invalid

VALIDATION_SECONDS = 10.0
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def webhook_url(text: str, name: str) -> str:
    """A webhook's address; Fault 400 unless it is HTTPS (or HTTP on this machine, which only the sandbox allows), 501 for Event Hubs."""
    if text.lower().startswith(("eventhub:", "eventgrid:")):
        raise Fault(501, "notImplemented", f"'{text.partition(':')[0]}:' as {name} is not implemented in this sandbox; give it a webhook.")
    try:
        parts = urlsplit(text)
        local = parts.scheme == "http" and parts.hostname in LOOPBACK
        allowed = bool(parts.hostname) and not parts.fragment and (local or parts.scheme == "https")
        _ = parts.port
    except ValueError:
        allowed = False
    if not allowed:
        raise invalid(f"Invalid {name}: '{text}'. The {name} must be an absolute HTTPS URL.")
    return text


async def shake_hands(call: Call, *urls: str) -> None:
    """Ask each webhook, one after the other (twice where it is named twice); Fault 400 `ValidationError` when one fails.

    Fault 503 when the tenant was begun again in the meantime: what was asked for is to be asked for again.
    """
    state = call.tenant.state
    for url in urls:
        await _ask_for_token(call, url)
        if call.tenant.state is not state:
            raise begun_again()


async def _ask_for_token(call: Call, url: str) -> None:
    token = f"Validation: Testing client application reachability for subscription Request-Id: {call.tenant.new_id('request')}"
    joint = "&" if urlsplit(url).query else "?"
    asked = Outgoing(
        "POST",
        f"{url}{joint}validationToken={quote_plus(token)}",
        {"content-type": "text/plain; charset=utf-8"},
        within_seconds=VALIDATION_SECONDS,
    )
    exchange = await ask(asked, call.tenant.clock)
    complaint = _complaint(exchange, token)
    if complaint:
        raise Fault(400, "ValidationError", complaint)


def _complaint(exchange: Exchange, token: str) -> str:
    """What is wrong with a webhook's answer to the validation, "" if nothing is."""
    if exchange.timed_out:
        return "Subscription validation request timed out."
    failed = "Subscription validation request failed."
    needed = "Notification endpoint must respond with 200 OK to validation request."
    if exchange.forbidden:
        return f"{failed} {exchange.error}"
    if exchange.response is None:
        return f"{failed} {needed}"
    if exchange.status != 200:
        return f"{failed} HTTP status code is '{exchange.status_name}'. {needed}"
    if exchange.response.headers.get("content-type", "").partition(";")[0].strip().lower() != "text/plain":
        return f"{failed} The content type of the response must be text/plain."
    if exchange.response.body != token.encode():
        return f"{failed} Response must exactly match validationToken query parameter."
    return ""
