"""Refusals to order: every error number that a client may meet in a flow, given by a policy or to a test user or test app.

The policy `aadsts53003` refuses everybody, or the users (for an app on its own: the apps) it lists; a user whose principal name begins with
`aadsts53003`, or an app whose display name does, is always refused with that number. Each number comes where the service gives it:

  stage  device code                        in a browser                          an app, a renewal
  -----  ---------------------------------  ------------------------------------  ------------------
  page   at the poll after the approval     on the page; the app hears nothing    at the token
  back   at the poll after the approval     sent back to the app                  at the token
  ask    at the device code endpoint        on the page                           at the token
  token  at the poll after the approval     when the code is redeemed             at the token

Words and numbers: "Microsoft Entra authentication and authorization error codes" (Microsoft Learn), RFC 6749 sections 4.1.2.1 and 5.2, RFC
8628 section 3.5; what stands nowhere else is from public issue trackers. The sentences are this sandbox's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..routes import Call
from .refusals import KINDS, Kind, Refusal

DEVICE, BROWSER, APP, RENEWAL = "D", "A", "C", "R"
_NUMBERED = re.compile(r"aadsts(\d{5,7})(?!\d)", re.IGNORECASE)
_PREFIX = "aadsts"


@dataclass(frozen=True)
class Order:
    """Numbers of one meaning: OAuth's `error` and `suberror`, the `flows` they are met in, at which `stage`, with a sentence."""

    numbers: tuple[int, ...]
    error: str
    flows: str
    stage: str
    text: str
    suberror: str = ""
    status: int = 400


_GRANT = "invalid_grant"
_AGAIN = "interaction_required"
_BASIC, _TOKEN = "basic_action", "bad_token"

ORDERS = (
    # --- a code on another device
    Order((70018, 90119), "bad_verification_code", DEVICE, "token", "The verification code was empty or is not known."),
    Order((70019, 70020), "expired_token", DEVICE, "token", "The verification code has expired."),
    Order((90120,), "expired_token", DEVICE, "token", "The code was authorized or declined already."),
    Order((50134,), _GRANT, DEVICE, "token", "The sign-in was completed in another data centre."),
    Order((50199,), _AGAIN, "DA", "page", "The confirmation that this app is meant was not answered.", _BASIC),
    # --- the app, its registration and its tenant
    Order((7000218,), "invalid_client", "DA", "token", "The request body must contain 'client_assertion' or 'client_secret'.", "", 401),
    Order((700025,), "invalid_client", "DR", "token", "The client is public, so neither secret nor assertion should be sent.", "", 401),
    Order((700016, 700011), "unauthorized_client", "DACR", "ask", "The application was not found in the directory."),
    Order((90002, 90038, 50059, 90019, 50128), "invalid_request", "DACR", "ask", "The tenant is not known here, or cannot be told."),
    Order((50194, 9002332, 9002331, 9002346), "invalid_request", "DA", "ask", "The application is not for accounts of this endpoint."),
    Order((90124, 90130, 9001023), "invalid_request", "DC", "ask", "The endpoint is not supported without a tenant."),
    Order(
        (70011, 28002, 28003, 700022), "invalid_scope", "DACR", "ask", "The provided value for the input parameter 'scope' is not valid."
    ),
    Order((650053, 700023), "invalid_client", "DACR", "ask", "The application asked for what does not exist on the resource.", "", 401),
    Order((500011, 50001), "invalid_resource", "DACR", "ask", "The resource principal was not found in the tenant."),
    Order((70001, 7000112, 1000031), "unauthorized_client", "DACR", "ask", "The application is disabled."),
    Order((50011, 70004, 900971), "invalid_request", BROWSER, "ask", "The redirect URI is not one of the application's."),
    Order((500112,), "invalid_client", BROWSER, "token", "The reply address does not match that of the authorization request.", "", 401),
    Order((700005,), _GRANT, BROWSER, "token", "The authorization code was issued for another tenant."),
    Order((700084,), _GRANT, RENEWAL, "token", "The refresh token was issued to a single page app and has expired.", "token_expired"),
    # --- consent
    Order((65001,), _GRANT, "DACR", "token", "The user or administrator has not consented to use the application.", "consent_required"),
    Order((65004,), "access_denied", "DA", "back", "The user declined to consent to access the app."),
    Order((90094, 90095), "access_denied", "DA", "back", "An administrator must grant the permission.", "consent_required"),
    Order((90008, 65005, 650056, 650057), "invalid_resource", "DA", "ask", "The application's registration does not list the permission."),
    # --- the account
    Order((50020, 50034, 50014, 51004, 16000, 90072), _GRANT, "DA", "page", "The account does not exist in the tenant."),
    Order((500208,), _GRANT, DEVICE, "token", "The domain is not a valid login domain for the account type."),
    Order((50126, 50056, 50064), _GRANT, BROWSER, "page", "The user name or password is wrong."),
    Order((50053,), _GRANT, BROWSER, "page", "The account is locked."),
    Order((50055, 50144), _GRANT, "AR", "page", "The password has expired.", "user_password_expired"),
    Order((50057,), _GRANT, "DACR", "page", "The user account is disabled."),
    Order((50105,), _GRANT, "DA", "page", "The signed-in user is not assigned to a role for the application."),
    Order(tuple(range(80001, 80015)), _GRANT, BROWSER, "page", "The password could not be validated on premises."),
    # --- the organisation's rules
    Order((53003,), _GRANT, "DAR", "page", "Access has been blocked by Conditional Access policies.", "message_only"),
    Order((530036,), _GRANT, RENEWAL, "token", "The session began with device code flow, which a policy does not allow.", _TOKEN),
    Order((530032, 530035), _GRANT, "DA", "page", "The tenant's security policy blocked the request.", "message_only"),
    Order((53000, 530002, 530003), _GRANT, "DA", "page", "The device is not in the required compliance state.", "message_only"),
    Order((53001, 50097, 50129, 50187, 50155), _AGAIN, "DA", "page", "Device authentication is required.", "additional_action"),
    Order((530084,), _GRANT, "DAR", "page", "Access has been blocked by token protection.", "protection_policy_required"),
    Order((53002, 50127), _AGAIN, BROWSER, "page", "An approved client app is required.", "additional_action"),
    Order((50005,), _GRANT, DEVICE, "token", "The user tried to log in from a platform that the policy does not support."),
    Order((53004, 53010, 53011, 50131, 530034), _GRANT, "DA", "page", "The sign-in was blocked because of risk.", "message_only"),
    Order((50002, 500021, 500022, 500212, 500213), "access_denied", "DACR", "page", "Access to the tenant is denied by a policy."),
    # --- what a person must do again
    Order((50076, 50079, 50072, 50074, 50078, 50158), _AGAIN, "AR", "token", "More than a password is needed now.", _BASIC),
    Order((50173, 50132, 50133, 70000, 50089), _GRANT, "AR", "token", "The grant is not valid any more; a fresh one is needed.", _TOKEN),
    Order((700082, 70008, 70043, 70044), _GRANT, "AR", "token", "The grant has expired.", "token_expired"),
    Order((700020, 50058), _AGAIN, RENEWAL, "token", "A silent request was sent, and a person is needed.", _BASIC),
    Order((54005,), _GRANT, "DA", "token", "The authorization code was already redeemed."),
    Order((50147, 501481, 501491, 50148), _GRANT, BROWSER, "token", "The code verifier does not fit the code challenge."),
    # --- an app's own credentials
    Order((70002, 7000215, 7000222, 7000216), "invalid_client", APP, "token", "The client secret is missing, wrong or expired.", "", 401),
    Order((700027, 50012, 700030, 50027, 700021), "invalid_client", APP, "token", "The client assertion is not valid.", "", 401),
    Order((700024, 70021, 700213, 700229), "invalid_client", APP, "token", "No federated credential fits the assertion.", "", 401),
    Order((7000229,), "invalid_client", APP, "token", "The client application has no service principal in the tenant.", "", 401),
    Order((1002012,), "invalid_scope", APP, "token", "Client credential flows must ask for '.default'."),
    # --- what passes
    Order((50196,), "invalid_request", "DR", "token", "The server terminated an operation because it met a client request loop."),
    Order(
        (90055, 90024, 90033, 90006, 90012, 50033, 50087, 90090),
        *("temporarily_unavailable", "DACR", "token", "A transient error has occurred. Please try again.", "", 503),
    ),
)
BY_NUMBER = {number: order for order in ORDERS for number in order.numbers}


def known(policy: str) -> bool:
    """Whether a policy's name orders a number that is known here."""
    found = _NUMBERED.fullmatch(policy)
    return policy.startswith(_PREFIX) and bool(found) and int(found[1]) in BY_NUMBER


def policy_of(number: int) -> str:
    """The name of the policy that orders a number."""
    return f"{_PREFIX}{number}"


def refuse(call: Call, flow: str, stages: tuple[str, ...], user_id: str = "", client_id: str = "") -> None:
    """Raise the Refusal that was ordered for this user or app in a flow at one of these stages, if any was."""
    for number in _ordered(call, user_id, client_id):
        order = BY_NUMBER[number]
        if flow in order.flows and order.stage in stages:
            raise Refusal(_kind(number, order, flow))


def page_for(call: Call, user_id: str) -> Refusal | None:
    """The refusal that a page must show to a person signing in in a browser, None for none: the service tells no app of those."""
    try:
        refuse(call, BROWSER, ("page", "ask"), user_id)
    except Refusal as refusal:
        return refusal
    return None


def _ordered(call: Call, user_id: str, client_id: str) -> list[int]:
    """The numbers that hold for a user and an app, those of policies first."""
    state = call.tenant.state
    whom = {name: setting for name, setting in state.policies.items() if known(name)}
    found = [
        int(name.removeprefix(_PREFIX)) for name, setting in whom.items() if setting is True or user_id in setting or client_id in setting
    ]
    names = (state.users.get(user_id, {}).get("userPrincipalName", ""), state.apps.get(client_id, {}).get("displayName", ""))
    matches = (_NUMBERED.match(name) for name in names)
    return [*found, *(int(match[1]) for match in matches if match and int(match[1]) in BY_NUMBER)]


def _kind(number: int, order: Order, flow: str) -> Kind:
    """The kind of refusal in a flow; OAuth has its own word for a person's no on another device (RFC 8628, section 3.5)."""
    error = "authorization_declined" if number == 65004 and flow == DEVICE else order.error
    error = "temporarily_unavailable" if order.status == 503 else error
    return Kind(number, error, order.text, order.suberror, order.status)


def explained(number: str) -> Kind | None:
    """What the page about an error number shows: the refusals that this sandbox gives by itself, and those to order."""
    if number in KINDS:
        return KINDS[number]
    order = BY_NUMBER.get(int(number)) if number.isdecimal() and len(number) < 10 else None
    return _kind(int(number), order, BROWSER) if order else None
