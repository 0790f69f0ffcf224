"""The device code's life (RFC 8628), as a table: what a poll may answer, and what follows.

  answer                                   what follows
  ---------------------------------------  -------------------------------------------------------------------
  tokens                                   done
  authorization_pending                    wait the interval, ask again                       (section 3.5)
  slow_down                                the interval grows by 5 s for good, ask again      (section 3.5)
  no answer, 5xx, temporarily_unavailable  wait twice as long as last time, 60 s at most      (section 3.5)
  429 with Retry-After                     wait as told, ask again
  expired_token, bad_verification_code     DeviceCodeExpired; a new code may be asked for
  authorization_declined, access_denied    SignInDeclined
  anything else                            the error it stands for (`explain.failure`)

While the code lives, trouble on the way never ends a sign-in: the person may be half-way through on the other device.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..value import Value

LIFETIME_SECONDS, LONGEST_LIFETIME_SECONDS = 900.0, 24 * 3600.0
INTERVAL_SECONDS, LONGEST_INTERVAL_SECONDS = 5.0, 300.0
SLOW_DOWN_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 60.0
LONGEST_MESSAGE = 400  # characters

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{2,31}")  # what a person types (RFC 8628, section 6.1); a sentence in its place is a trick
PAGE = re.compile(r"https://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]{1,400}")
WAITING = frozenset({"authorization_pending", "slow_down"})


class DeviceCode(Value):
    """What the person must be shown (RFC 8628, section 3.2); `expires_at` is seconds since the epoch, `message` the service's own words."""

    user_code: str
    verification_uri: str
    expires_at: float
    interval: float
    message: str = ""

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any], now: float) -> DeviceCode:
        """Read the device authorization endpoint's answer; ValueError when it holds no code, or no page on the web to type it at.

        Times that are missing or no numbers take the RFC's defaults; a code lives for a day and waits for five minutes at most.
        """
        code, uri = answer.get("user_code"), answer.get("verification_uri") or answer.get("verification_url") or ""
        if not isinstance(code, str) or not CODE.fullmatch(code):
            raise ValueError("an answer without a code")
        if not isinstance(uri, str) or not PAGE.fullmatch(uri):
            raise ValueError("an answer without a page")
        lifetime = _seconds(answer.get("expires_in"), LIFETIME_SECONDS, LONGEST_LIFETIME_SECONDS)
        interval = _seconds(answer.get("interval"), INTERVAL_SECONDS, LONGEST_INTERVAL_SECONDS)
        return cls(code, uri, now + lifetime, interval, str(answer.get("message") or "")[:LONGEST_MESSAGE])


def _seconds(told: Any, default: float, most: float) -> float:
    """A number of seconds from 1 to `most`, the nearest to what was told; `default` where nothing was."""
    try:
        return min(max(1.0, float(told or default)), most)
    except OverflowError:
        return most
    except (TypeError, ValueError):
        return default


class Trouble(Value):
    """A poll that got no answer from the sign-in service: why, and how long it asked us to wait (0: it did not say)."""

    reason: str
    retry_after_seconds: float = 0.0


class Pace:
    """How long to wait before the next poll; remembers the interval and how often in a row nothing came back."""

    def __init__(self, interval: float) -> None:
        self.interval, self._failures = max(1.0, interval), 0

    def after(self, answer: str | Trouble) -> float:
        """Seconds to wait after an answer: OAuth's error word, or the trouble that came instead."""
        if isinstance(answer, Trouble):
            self._failures += 1
            backed_off = min(self.interval * 2 ** (self._failures - 1), LONGEST_WAIT_SECONDS)
            return max(backed_off, answer.retry_after_seconds)
        self._failures = 0
        if answer == "slow_down":
            self.interval += SLOW_DOWN_SECONDS
        return self.interval
