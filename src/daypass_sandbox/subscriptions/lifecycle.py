"""When a subscription must be reauthorized, and when it ends.

Facts: concepts/change-notifications-lifecycle-events, whose illustration of the interval is taken at its word: a quarter of the time left
decides. The page leaves open when a short life begins to be told of; here not before half of it is over.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

EVENTS = ("reauthorizationRequired", "subscriptionRemoved", "missed")
MINUTE = 60.0
WARNED_MINUTES = 720.0  # a quarter of them is 180, from which on the illustration sends
LAST_MINUTES, LAST_STEP_MINUTES = 240.0, 15.0


def ends(subscription: Json, *, with_token: bool) -> float:
    """Until when it can go on without the app's doing: to its end or, `with_token`, that of the token it was last authorized by."""
    return min(subscription["x-expires"], subscription["x-authorized"]) if with_token else subscription["x-expires"]


def first_challenge(subscription: Json, *, with_token: bool) -> float:
    """The moment of the first `reauthorizationRequired`."""
    end, begin = ends(subscription, with_token=with_token), subscription["x-since"]
    return max(end - WARNED_MINUTES * MINUTE, begin + (end - begin) / 2)


def next_challenge(subscription: Json, now: float, *, with_token: bool) -> float:
    """The moment of the one after that: every 15 minutes in the last four hours, an eighth of the time left before."""
    left = (ends(subscription, with_token=with_token) - now) / MINUTE
    return now + MINUTE * (left / 8 if left > LAST_MINUTES else LAST_STEP_MINUTES)
