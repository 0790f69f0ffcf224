"""When a person will be needed again, as far as can be known without asking anybody."""

from __future__ import annotations

from ..value import Value

# Refresh tokens, but for single-page apps': 90 days from their last use (Microsoft identity platform: refresh tokens).
UNUSED_SECONDS = 90 * 24 * 3600.0
FREQUENCY_CODES = frozenset({70043, 70044})  # a policy on sign-in frequency ended the sign-in


class Forecast(Value):
    """The moment (epoch seconds; 0: none can be foreseen) from which on a person is needed, and why then."""

    at: float
    why: str


def person_needed(
    *, renewable: bool, alone: bool, expires_on: float, renewed_at: float, signed_in_at: float, lasts_seconds: float = 0.0
) -> Forecast:
    """The earliest end in sight of a sign-in; all moments in seconds since the epoch.

    `alone` is an app that signs in by itself; `lasts_seconds` is how long a sign-in was seen to last in this tenant, 0 where it was not.
    """
    if alone:
        return Forecast(0.0, "the app signs in by itself, as long as what proves it is good")
    if not renewable:
        return Forecast(expires_on, "the token ends then, and nothing renews it")
    unused = Forecast(renewed_at + UNUSED_SECONDS, "if it is not used before then: a sign-in that rests for 90 days ends")
    if not lasts_seconds:
        return unused
    policy = Forecast(signed_in_at + lasts_seconds, "the organisation asks for a new sign-in this often, as it was seen to do")
    return min(policy, unused, key=lambda forecast: forecast.at)
