"""What sign-ins leave behind, and how long: codes that can no longer be redeemed and refresh tokens of old are forgotten.

What has run out is remembered as long again, so that who comes late hears that it ran out and not that it never was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

MOST_RECORDS = 10_000  # of a kind, beyond which the oldest are forgotten whatever they are
MOST_OF_A_SESSION = 50  # refresh tokens of one sign-in; each refresh leaves another


def keep(records: dict[str, Json], key: str, record: Json, is_over: Callable[[Json], bool]) -> None:
    """Add a record as the newest, and forget those that are over, and the oldest when there are too many."""
    for old in [name for name, kept in records.items() if is_over(kept)]:
        del records[old]
    while len(records) >= MOST_RECORDS:
        del records[next(iter(records))]
    records[key] = record


def keep_refresh_token(tokens: dict[str, Json], token: str, session: Json, is_over: Callable[[Json], bool]) -> None:
    """The same for a refresh token, beside the newest of its session."""
    keep(tokens, token, session, is_over)
    same = [name for name, kept in tokens.items() if all(kept[part] == session[part] for part in ("user_id", "client_id", "signed_in_at"))]
    for name in same[:-MOST_OF_A_SESSION]:
        del tokens[name]
