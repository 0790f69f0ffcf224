"""From Entra's refusals to our errors and plain words.

What happens next is decided by OAuth's `error` and `suberror` (Microsoft: "never use error_description to react"); the
AADSTS number only splits what one word lumps together (a policy and a revoked token are both `invalid_grant`), and
chooses the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, cast

from ..errors import (
    AppMisconfigured,
    AuthError,
    BlockedByPolicy,
    ConsentRequired,
    DeviceCodeExpired,
    SignInDeclined,
    SignInRequired,
)
from ..value import Value
from .aadsts import ADMIN, NOBODY, NUMBERS, OWNER, USER

LONGEST_NUMBER = 9  # digits; Entra's have seven

BY_WORD: Mapping[str, type[AuthError]] = {
    "expired_token": DeviceCodeExpired,
    "code_expired": DeviceCodeExpired,
    "bad_verification_code": DeviceCodeExpired,
    "authorization_declined": SignInDeclined,
    "consent_required": ConsentRequired,
    "invalid_client": AppMisconfigured,
    "unauthorized_client": AppMisconfigured,
    "invalid_scope": AppMisconfigured,
    "invalid_resource": AppMisconfigured,
    "invalid_tenant": AppMisconfigured,
    "invalid_request": AppMisconfigured,
}
BY_KIND: Mapping[str, type[AuthError]] = {
    "expired": DeviceCodeExpired,
    "declined": SignInDeclined,
    "policy": BlockedByPolicy,
    "consent": ConsentRequired,
    "app": AppMisconfigured,
    "account": BlockedByPolicy,
    "again": SignInRequired,
}


# OAuth's own words, where no number says more (RFC 6749, sections 4.1.2.1 and 5.2; RFC 8628, section 3.5; OpenID Connect Core, 3.1.2.6).
WORDS: Mapping[str, tuple[str, str, str]] = {
    "authorization_pending": ("The sign-in page has not been finished yet.", "Finish the sign-in on the other device.", USER),
    "slow_down": ("The service was asked too often.", "Wait: it is asked less often from now on.", NOBODY),
    "expired_token": ("The code ran out before it was used.", "Ask for a new code.", USER),
    "bad_verification_code": ("The code that was typed is wrong or no longer known.", "Ask for a new code.", USER),
    "authorization_declined": ("Somebody said no on the sign-in page.", "Sign in again and accept.", USER),
    "access_denied": ("Somebody said no on the sign-in page, or a rule did.", "Sign in again; ask your administrator if it stays.", USER),
    "invalid_grant": ("What was kept of the sign-in is not accepted any more.", "Sign in again.", USER),
    "interaction_required": ("A person is needed, for a second factor or a consent.", "Sign in again.", USER),
    "login_required": ("There is no session any more.", "Sign in again.", USER),
    "consent_required": ("The app has not been allowed to do this yet.", "Sign in again and accept the permissions.", USER),
    "invalid_client": (
        "The app did not prove who it is, or is none that may ask.",
        "Check the client id, and its secret if it has one.",
        OWNER,
    ),
    "unauthorized_client": ("The app may not ask in this way.", "Check the client id and how the app is registered.", OWNER),
    "invalid_scope": ("A permission asked for does not exist, or goes with no other.", "Check the permissions' spelling.", OWNER),
    "invalid_resource": ("The service asked for is not known in this tenant.", "Check the cloud and the tenant.", OWNER),
    "invalid_request": ("The request was not as the service needs it.", "Check TENANT_ID and CLIENT_ID.", OWNER),
    "unsupported_grant_type": ("The service does not know this way of signing in.", "Sign in another way.", OWNER),
    "unsupported_response_type": ("The app is not registered for this answer.", "Check the app's platforms.", OWNER),
    "temporarily_unavailable": ("The service has a passing problem.", "Try again in a minute.", NOBODY),
    "server_error": ("The service has a passing problem.", "Try again in a minute.", NOBODY),
}
FAMILIES: Mapping[str, tuple[str, str, str, str]] = {  # by their first digits: the kind, the cause, the cure, who can
    "53": ("policy", "A rule of the organisation refused; this number is not in our list.", "Ask which policy applies.", ADMIN),
    "700": ("app", "Something about the app does not fit; this number is not in our list.", "Check how the app is registered.", OWNER),
    "80": ("", "The organisation's own check of passwords failed; this number is not in our list.", "Tell your administrator.", ADMIN),
}
NUMBER = re.compile(r"(?:AADSTS\s*)(\d{4,9})|(?<![\w.-])(\d{5,8})(?![\w.-])", re.IGNORECASE)
IDS = {  # what of a pasted message lets an administrator find the attempt
    "correlation_id": re.compile(r"correlation[ _]id\W{1,4}([0-9a-f-]{36})", re.IGNORECASE),
    "timestamp": re.compile(r"timestamp\W{1,4}(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\dZ)", re.IGNORECASE),
}


class Explanation(Value):
    """A refusal in plain words: why, what would cure it, and who can do that.

    `code` is `AADSTS53003` or OAuth's word; `here` what is particular to the ways of signing in (by `aadsts.FLOWS`), `flows` in which of
    them it is met; `admin` what whoever administers the tenant can do; `source` where that is written.
    """

    cause: str
    cure: str
    who: str
    code: str = ""
    here: Mapping[str, str] = MappingProxyType({})
    flows: str = ""
    admin: str = ""
    source: str = ""

    @property
    def needs_admin(self) -> bool:
        """Whether the person signing in cannot cure it alone."""
        return self.who in (ADMIN, OWNER)


def failure(answer: Mapping[str, Any]) -> AuthError:
    """The error that a refusal of the sign-in service (an OAuth error answer, RFC 6749 section 5.2) stands for."""
    word, suberror = str(answer.get("error") or ""), str(answer.get("suberror") or "")
    description = str(answer.get("error_description") or "")
    code = aadsts_number(answer)
    kind = BY_WORD.get(suberror) or BY_WORD.get(word) or BY_KIND.get(_kind(code)) or _otherwise(word)
    return kind(
        _first_sentence(description) or word or "the sign-in service refused without saying why",
        error=word,
        suberror=suberror,
        code=code,
        claims=str(answer.get("claims") or ""),
        correlation_id=str(answer.get("correlation_id") or ""),
        timestamp=str(answer.get("timestamp") or ""),
    )


def explanation(error: AuthError) -> Explanation | None:
    """Plain words for an error by its number, None when the number is not in our list."""
    return of_number(error.code) if error.code in NUMBERS else None


def of_number(number: int) -> Explanation | None:
    """Plain words for an AADSTS number; for one that is not in our list what its family says, None where it has none."""
    code, entry = f"AADSTS{number}", NUMBERS.get(number)
    if entry:
        return Explanation(entry.cause, entry.cure, entry.who, code, entry.here, entry.flows, entry.admin, entry.source)
    family = _family(number)
    return Explanation(*family[1:], code) if family else None


def of_text(text: str) -> list[Explanation]:
    """Plain words for whatever a text names, nothing twice: numbers first, and where there are none that we know, OAuth's words.

    The text may be a number, a message that somebody got, or a whole answer of the service.
    """
    numbers = dict.fromkeys(int(found[1] or found[2]) for found in NUMBER.finditer(text))
    told = [explained for number in numbers if (explained := of_number(number))]
    named = dict.fromkeys(word for word in re.findall(r"[a-z_]{6,40}", text.lower()) if word in WORDS)
    return told or [Explanation(*WORDS[word], word, source="RFC 6749, RFC 8628, OpenID Connect Core") for word in named]


def of_refusal(refusal: Mapping[str, str]) -> Explanation | None:
    """Plain words for a refusal as it was remembered (`profiles.REFUSAL`), None where there are none."""
    code, word = refusal.get("code", ""), refusal.get("error", "")
    number = of_number(int(code)) if code.isdecimal() and int(code) else None
    return number or (Explanation(*WORDS[word], word) if word in WORDS else None)


def for_admin(refusal: Mapping[str, str], tenant: str, known: Explanation | None) -> str:
    """A paragraph for whoever administers the tenant: which attempt it was, and what can be done. Nobody's name stands in it."""
    number = f"AADSTS{refusal['code']}" if refusal.get("code", "0") != "0" else refusal.get("error", "")
    found = " ".join(
        part for part in (f"correlation id {refusal.get('correlation_id') or 'not told'},", refusal.get("timestamp") or "time not told")
    )
    said = f"The app {refusal.get('client_id')} could not sign in by {refusal.get('method')} at {tenant}: {number} ({found})."
    why = f"{known.cause} {known.admin or known.cure}" if known else refusal.get("message", "")
    log = "The sign-in log in the Entra admin centre, filtered by the correlation id, shows the attempt."
    return " ".join(part for part in (said, why, "" if "sign-in log" in why else log) if part)


def ids_in(text: str) -> dict[str, str]:
    """The ids in a text by which an administrator finds an attempt in the sign-in log, by `IDS`."""
    return {name: found[1] for name, pattern in IDS.items() if (found := pattern.search(text))}


def aadsts_number(answer: Mapping[str, Any]) -> int:
    """The AADSTS number of a refusal: the first known of `error_codes`, else the one in the description, else 0."""
    listed: Any = answer.get("error_codes")
    codes = [code for code in cast("list[Any]", listed) if isinstance(code, int)] if isinstance(listed, list) else []
    told = str(answer.get("error_description") or "").partition("AADSTS")[2]
    digits = told[: len(told) - len(told.lstrip("0123456789"))][:LONGEST_NUMBER]
    numbers = [*codes, int(digits)] if digits else codes
    return next((number for number in numbers if number in NUMBERS), numbers[0] if numbers else 0)


def _kind(code: int) -> str:
    if code in NUMBERS:
        return NUMBERS[code].kind
    family = _family(code)
    return family[0] if family else ""


def _family(code: int) -> tuple[str, str, str, str] | None:
    return next((told for start, told in FAMILIES.items() if str(code).startswith(start)), None)


def _otherwise(word: str) -> type[AuthError]:
    if word == "access_denied":
        return SignInDeclined
    return SignInRequired if word in ("invalid_grant", "interaction_required", "login_required") else AuthError


def _first_sentence(description: str) -> str:
    """The description without its number and without the ids that Entra appends after spaces or line breaks."""
    text = description.split("Trace ID:", maxsplit=1)[0].split("\r\n", maxsplit=1)[0].strip()
    head, mark, tail = text.partition(": ")
    return tail.strip() if mark and head.startswith("AADSTS") else text
