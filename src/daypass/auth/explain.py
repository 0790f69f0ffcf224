"""From Entra's refusals to our errors and plain words.

What happens next is decided by OAuth's `error` and `suberror` (Microsoft: "never use error_description to react"); the
AADSTS number only splits what one word lumps together (a policy and a revoked token are both `invalid_grant`), and
chooses the text.
"""

from __future__ import annotations

from collections.abc import Mapping
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
from .aadsts import ADMIN, NUMBERS, OWNER

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


class Explanation(Value):
    """A refusal in plain words: why, what would cure it, and who can do that."""

    cause: str
    cure: str
    who: str

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
    known = NUMBERS.get(error.code)
    return Explanation(*known[1:]) if known else None


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
        return NUMBERS[code][0]
    digits = str(code)
    return "policy" if digits.startswith("53") else "app" if digits.startswith("700") else ""


def _otherwise(word: str) -> type[AuthError]:
    if word == "access_denied":
        return SignInDeclined
    return SignInRequired if word in ("invalid_grant", "interaction_required", "login_required") else AuthError


def _first_sentence(description: str) -> str:
    """The description without its number and without the ids that Entra appends after spaces or line breaks."""
    text = description.split("Trace ID:", maxsplit=1)[0].split("\r\n", maxsplit=1)[0].strip()
    head, mark, tail = text.partition(": ")
    return tail.strip() if mark and head.startswith("AADSTS") else text
