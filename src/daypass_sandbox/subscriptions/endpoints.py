"""How webhooks answer, and what becomes of those that answer slowly.

Facts: concepts/change-notifications-delivery-webhooks, section "Throttling" (2026-04). Where more than a tenth of the answers in ten
minutes took longer than 3 seconds, what is new waits ten minutes. Where more than 15 % took longer than the 10 seconds that a repeated
notification is given, nothing new is kept for ten minutes. It is judged from 100 answers on, as an older version of the page says.
"""

from __future__ import annotations

from typing import Any

from ..outside import Exchange

Json = dict[str, Any]

FIRST_SECONDS, AGAIN_SECONDS = 3.0, 10.0  # for an answer to a new notification, and to a repeated one
WINDOW_SECONDS = 600.0
SAMPLE = 100
SLOW_SHARE, DROP_SHARE = 0.10, 0.15


class Endpoint:
    """A webhook's record over its JSON state: `answers` of the last ten minutes ([moment, seconds]), and until when it is throttled."""

    def __init__(self, state: Json) -> None:
        self._state = state
        state.setdefault("answers", [])
        state.setdefault("slow_until", 0.0)
        state.setdefault("drop_until", 0.0)

    def note(self, exchange: Exchange, now: float) -> None:
        """Note an answer, and judge the endpoint by its last ones."""
        answers = [answer for answer in self._state["answers"] if now - WINDOW_SECONDS < answer[0] <= now]
        answers = [*answers, [now, exchange.seconds]][-SAMPLE:]
        self._state["answers"] = answers
        if len(answers) < SAMPLE:
            return
        if _share(answers, FIRST_SECONDS) > SLOW_SHARE:
            self._state.update(slow_until=now + WINDOW_SECONDS, answers=[])
        if _share(answers, AGAIN_SECONDS) > DROP_SHARE:
            self._state.update(drop_until=now + WINDOW_SECONDS, answers=[])

    def dropping(self, now: float) -> bool:
        """Whether what is new for it is dropped."""
        return now < self._state["drop_until"]

    def delay_seconds(self, now: float) -> float:
        """How long what is new for it has to wait."""
        return WINDOW_SECONDS if now < self._state["slow_until"] else 0.0


def _share(answers: list[list[float]], seconds: float) -> float:
    return sum(answer[1] >= seconds for answer in answers) / len(answers)
