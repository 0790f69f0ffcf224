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
PUBLIC_WITH_SECRET = Kind(
    700025,
    "invalid_client",
    "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
    status=401,
)
NO_CREDENTIAL = Kind(
    7000216,
    "invalid_client",
    "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
    status=401,
)
SECRET_WRONG = Kind(
    7000215,
    "invalid_client",
    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, "
    "for a secret added to app '{client_id}'.",
    status=401,
)
SECRET_EXPIRED = Kind(
    7000222,
    "invalid_client",
    "The provided client secret keys for app '{client_id}' are expired. Create new keys for the app, or consider using certificate "
    "credentials for added security.",
    status=401,
)
ASSERTION_MALFORMED = Kind(50027, "invalid_client", "JWT token is invalid or malformed. {why}", status=401)
ASSERTION_UNSIGNED = Kind(700027, "invalid_client", "Client assertion contains an invalid signature. {why}", status=401)
ASSERTION_OF_ANOTHER = Kind(
    700021, "invalid_client", "Client assertion application identifier doesn't match 'client_id' parameter.", status=401
)
ASSERTION_FOR_ANOTHER = Kind(700023, "invalid_client", "Client assertion audience claim does not match Realm issuer.", status=401)
ASSERTION_UNTIMELY = Kind(
    700024,
    "invalid_client",
    "Client assertion is not within its valid time range. Current time: {now}, assertion valid from {begins}, expiry time of assertion "
    "{ends}.",
    status=401,
)
NOT_FEDERATED = Kind(
    70021,
    "invalid_client",
    "No matching federated identity record found for presented assertion. Assertion Issuer: '{issuer}'. Assertion Subject: '{subject}'. "
    "Assertion Audience: '{audience}'.",
    status=401,
)
NOT_FEDERATED_SUBJECT = Kind(
    700213,
    "invalid_client",
    "No matching federated identity record found for presented assertion subject '{subject}'. Check your federated identity credential "
    "Subject, Audience and Issuer against the presented assertion: issuer '{issuer}', audience '{audience}'.",
    status=401,
)
NOT_FEDERATED_AUDIENCE = Kind(
    700212,
    "invalid_client",
    "No matching federated identity record found for presented assertion audience '{audience}'. Assertion Issuer: '{issuer}'. Assertion "
    "Subject: '{subject}'.",
    status=401,
)
NOT_AN_APPS = Kind(700229, "invalid_client", "Only app-only tokens can be used as Federated Identity Credentials.", status=401)
NO_PRINCIPAL = Kind(
    7000229,
    "invalid_client",
    "The client application {client_id} is missing service principal in the tenant {tenant}.",
    status=401,
)
APP_DISABLED = Kind(7000112, "unauthorized_client", "Application '{client_id}'({app}) is disabled.")
NEEDS_TENANT = Kind(
    9001023,
    "invalid_request",
    "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.",
)
NEEDS_DEFAULT = Kind(
    1002012,
    "invalid_scope",
    "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the "
    "resource identifier (application ID URI).",
)
UNKNOWN_RESOURCE = Kind(
    500011,
    "invalid_resource",
    "The resource principal named {resource} was not found in the tenant named {directory}. This can happen if the application has not "
    "been installed by the administrator of the tenant or consented to by any user in the tenant.",
)
INVALID_SCOPE = Kind(
    70011,
    "invalid_scope",
    "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. {why}",
)
UNKNOWN_SCOPE = Kind(
    650053,
    "invalid_client",
    "The application asked for scope '{scope}' that doesn't exist on the resource '{resource}'. Contact the app vendor.",
)
SEVERAL_RESOURCES = Kind(
    700022, "invalid_scope", "The provided value for the input parameter 'scope' is not valid because it contains more than one resource."
)

# about whose accounts an app is for (signInAudience)
ONE_TENANT = Kind(
    50194,
    "invalid_request",
    "Application '{client_id}'({app}) is not configured as a multi-tenant application. Usage of the /{endpoint} endpoint is not supported "
    "for such apps created after '10/15/2018'. Use a tenant-specific endpoint or configure the application to be multi-tenant.",
)
NOT_FOR_PERSONS = Kind(
    9002332,
    "invalid_request",
    "Application '{client_id}'({app}) is configured for use by Azure Active Directory users only. Please do not use the /consumers "
    "endpoint to serve this request.",
)
FOR_PERSONS_ALONE = Kind(
    9002331,
    "invalid_request",
    "Application '{client_id}'({app}) is configured for use by Microsoft Account users only. Please use the /consumers endpoint to serve "
    "this request.",
)

# about a device code
PENDING = Kind(70016, "authorization_pending", "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")
# RFC 8628, section 3.5; the service's own number for it is not documented, so it shares that of the state it reports
SLOW_DOWN = Kind(70016, "slow_down", "OAuth 2.0 device flow error. Authorization is pending. Polling too frequently, slow down.")
LOOP = Kind(
    50196,
    "invalid_request",
    "The server terminated an operation because it encountered a client request loop. Please contact your app vendor.",
)
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

# about an authorization code, and the browser that is to fetch one
REDIRECT_UNKNOWN = Kind(
    50011,
    "invalid_request",
    "The redirect URI '{redirect}' specified in the request does not match the redirect URIs configured for the application '{client_id}'. "
    "Make sure the redirect URI sent in the request matches one added to the application.",
)
NO_REDIRECT = Kind(900971, "invalid_request", "No reply address provided.")
REDIRECT_DIFFERS = Kind(
    500112,
    "invalid_client",
    "The reply address '{given}' does not match the reply address '{asked}' provided when requesting Authorization code.",
    status=401,
)
RESPONSE_TYPE = Kind(700054, "unsupported_response_type", "response_type '{wanted}' is not enabled for the application.")
RESPONSE_MODE = Kind(70007, "invalid_request", "'{wanted}' is not a supported value of 'response_mode' when requesting a token.")
PROMPT = Kind(90023, "invalid_request", "Unsupported 'prompt' value '{wanted}'.")
CHALLENGE_SIZE = Kind(501491, "invalid_request", "Invalid size of Code_Challenge parameter.")
CHALLENGE_METHOD = Kind(501461, "invalid_request", "The code_challenge_method '{wanted}' is not supported.")
PKCE_NEEDED = Kind(9002325, "invalid_request", "Proof Key for Code Exchange is required for cross-origin authorization code redemption.")
SPA_ONLY_FROM_PAGE = Kind(
    9002327,
    "invalid_request",
    "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.",
)
PAGE_ONLY_FOR_SPA = Kind(
    9002326, "invalid_request", "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type."
)
SPA_EXPIRED = Kind(
    700084,
    "invalid_grant",
    "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00, which cannot be "
    "extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page. The token was issued on {issued}.",
)
CODE_LATE = Kind(
    70008,
    "invalid_grant",
    "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this "
    "user and resource.",
)
VERIFIER_WRONG = Kind(501481, "invalid_grant", "The Code_Verifier does not match the code_challenge supplied in the authorization request.")
VERIFIER_MISSING = Kind(
    50148, "invalid_grant", "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE."
)
CODE_OF_ANOTHER = Kind(70000, "invalid_grant", "Provided grant is invalid or malformed.", "bad_token")
TOKEN_OF_NOBODY = Kind(50014, "invalid_token", "The access token speaks for no user.", status=401)
NOBODY_SIGNED_IN = Kind(50058, "login_required", "A silent sign-in request was sent but no user is signed in.")
INTERACTION_NEEDED = Kind(
    65001,
    "interaction_required",
    "The user or administrator has not consented to use the application with ID '{client_id}' named '{app}'. Send an interactive "
    "authorization request for this user and resource.",
)
CANCELLED = Kind(65004, "access_denied", "User declined to consent to access the app.")
ADMIN_NEEDED = Kind(
    90094,
    "access_denied",
    "{app} needs permission to access resources in your organization that only an admin can grant. Please ask an admin to grant "
    "permission to this app before you can use it.",
)

# about the user, the organisation's rules and what was granted
USER_DISABLED = Kind(50057, "invalid_grant", "The user account is disabled.")
USER_GONE = Kind(
    50034,
    "invalid_grant",
    "The user account does not exist in the directory. To sign into this application, the account must be added to the directory.",
)
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
    str(kind.number): kind
    for kind in reversed([kind for kind in list(globals().values()) if isinstance(kind, Kind)])
    if kind.error != "slow_down"
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
