"""Entra's refusals as data: the AADSTS number, OAuth's word for it, and the sentence the service writes.

Words and numbers are those of "Microsoft Entra authentication and authorization error codes" (Microsoft Learn), RFC 6749
section 5.2 and RFC 8628 section 3.5. Clients act on `error` and `suberror`; people read the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from daypass.wire import Response

from ..clock import entra_stamp
from ..routes import Call, Fault, reply


@dataclass(frozen=True)
class Kind:
    """One kind of refusal: AADSTS `number`, OAuth's `error`, the sentence (a format string), Microsoft's `suberror`, the HTTP status."""

    number: int
    error: str
    text: str
    suberror: str = ""
    status: int = 400


# about the request
UNKNOWN_TENANT = Kind(
    90002,
    "invalid_request",
    "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. "
    "Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.",
)
UNKNOWN_INSTANCE = Kind(50049, "invalid_instance", "Unknown or invalid instance.")
MISSING_PARAMETER = Kind(900144, "invalid_request", "The request body must contain the following parameter: '{parameter}'.")
UNKNOWN_GRANT = Kind(70003, "unsupported_grant_type", "The app requested an unsupported grant type '{grant_type}'.")
UNKNOWN_APP = Kind(
    700016,
    "unauthorized_client",
    "Application with identifier '{client_id}' was not found in the directory '{directory}'. This can happen if the application has "
    "not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your "
    "authentication request to the wrong tenant.",
)
NOT_PUBLIC = Kind(
    7000218,
    "invalid_client",
    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    status=401,
)
INVALID_SCOPE = Kind(
    70011,
    "invalid_scope",
    "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. {why}",
)
SEVERAL_RESOURCES = Kind(
    700022, "invalid_scope", "The provided value for the input parameter 'scope' is not valid because it contains more than one resource."
)

# about a device code
PENDING = Kind(70016, "authorization_pending", "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")
# RFC 8628, section 3.5; the service's own number for it is not documented, so it shares that of the state it reports
SLOW_DOWN = Kind(70016, "slow_down", "OAuth 2.0 device flow error. Authorization is pending. Polling too frequently, slow down.")
DECLINED = Kind(65004, "authorization_declined", "User declined to consent to access the app.")
CODE_EXPIRED = Kind(
    70020, "expired_token", "The provided value for the input parameter 'device_code' is not valid. This device code has expired."
)
CODE_UNKNOWN = Kind(70018, "bad_verification_code", "Invalid verification code due to User typing in wrong user code for device code flow.")
CODE_REDEEMED = Kind(
    54005,
    "invalid_grant",
    "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.",
)

# about the user, the organisation's rules and what was granted
USER_DISABLED = Kind(50057, "invalid_grant", "The user account is disabled.")
CONSENT_MISSING = Kind(
    65001,
    "invalid_grant",
    "The user or administrator has not consented to use the application with ID '{client_id}' named '{app}'. Send an interactive "
    "authorization request for this user and resource.",
    "consent_required",
)
BLOCKED = Kind(
    53003,
    "invalid_grant",
    "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
    "message_only",
)
BLOCKED_SESSION = Kind(
    530036,
    "invalid_grant",
    "The session began with device code flow, which the authentication flows policy of the organization does not allow any more.",
    "bad_token",
)
MFA_REQUIRED = Kind(
    50076,
    "interaction_required",
    "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor "
    "authentication to access '00000003-0000-0000-c000-000000000000'.",
    "basic_action",
)
REVOKED = Kind(
    50173,
    "invalid_grant",
    "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their "
    "password. The grant was issued on '{issued}'.",
    "bad_token",
)
INACTIVE = Kind(
    700082,
    "invalid_grant",
    "The refresh token has expired due to inactivity. The token was issued on {issued} and was inactive for 90.00:00:00.",
    "bad_token",
)
SIGN_IN_FREQUENCY = Kind(
    70043,
    "invalid_grant",
    "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token was issued on {issued} "
    "and the maximum allowed lifetime for this request is {seconds}.",
    "token_expired",
)
TOKEN_MALFORMED = Kind(9002313, "invalid_grant", "Invalid request. Request is malformed or invalid.", "bad_token")

KINDS: dict[str, Kind] = {
    str(kind.number): kind for kind in list(globals().values()) if isinstance(kind, Kind) and kind.error != "slow_down"
}


class Refusal(Fault):
    """A refusal of one kind, its sentence filled in; `claims` is the challenge (JSON text) the next sign-in must answer."""

    def __init__(self, kind: Kind, *, error: str = "", claims: str = "", **words: object) -> None:
        super().__init__(kind.status, error or kind.error, kind.text.format(**words))
        self.kind, self.claims = kind, claims


_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def correlation_of(call: Call) -> str:
    """The id the client gave its attempt (`client-request-id`, in a header or the query), else a new one."""
    given = call.request.headers.get("client-request-id") or call.query.get("client-request-id", "")
    return given if _GUID.fullmatch(given) else call.tenant.new_id("request")


def envelope(call: Call, refusal: Refusal) -> Response:
    """A refusal as Entra writes it: OAuth's JSON with error_codes, timestamp, trace_id, correlation_id and error_uri."""
    number, trace, correlation = refusal.kind.number, call.tenant.new_id("trace"), correlation_of(call)
    stamp = entra_stamp(call.tenant.clock.now())
    body: dict[str, Any] = {
        "error": refusal.code,
        "error_description": f"AADSTS{number}: {refusal} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}",
        "error_codes": [number],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"{call.root}/error?code={number}",
    }
    if refusal.kind.suberror:
        body["suberror"] = refusal.kind.suberror
    if refusal.claims:
        body["claims"] = refusal.claims
    return reply(refusal.status, body, {"x-ms-request-id": trace, "client-request-id": correlation, "x-ms-clitelem": f"1,{number},0,,"})
