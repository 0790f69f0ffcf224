"""The tenant's time: it runs with the world's, can be stopped, set and moved, and is written as Microsoft writes it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Protocol

LAST_SECOND = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()


class Clock(Protocol):
    """Anything that knows what time it is."""

    def now(self) -> float:
        """Seconds since 1970 in UTC."""
        ...


class TenantClock:
    """A clock over another one: `settings` (part of the tenant's state) says by how much it is ahead, or where it stands still."""

    def __init__(self, source: Clock, settings: dict[str, Any]) -> None:
        self._source, self.settings = source, settings

    def now(self) -> float:
        """Seconds since 1970 in UTC, as the tenant sees them."""
        stopped = self.settings.get("stopped_at")
        return float(stopped) if stopped is not None else self._source.now() + float(self.settings.get("ahead_seconds", 0.0))

    def stop_at(self, seconds: float) -> None:
        """Set the time (seconds since 1970, UTC) and let it stand still there."""
        self.settings["stopped_at"] = seconds

    def advance(self, seconds: float) -> None:
        """Move the time forward; a running clock keeps running, a stopped one stays stopped."""
        if self.settings.get("stopped_at") is not None:
            self.settings["stopped_at"] += seconds
        else:
            self.settings["ahead_seconds"] = self.settings.get("ahead_seconds", 0.0) + seconds

    def run(self) -> None:
        """Let a stopped clock run on from where it stands."""
        if self.settings.get("stopped_at") is not None:
            self.settings["ahead_seconds"] = self.settings.pop("stopped_at") - self._source.now()


def iso(seconds: float) -> str:
    """An instant as Graph writes it in error envelopes: `2026-11-22T10:00:00`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def graph_stamp(seconds: float) -> str:
    """An instant as the directory writes it: `2026-11-22T10:00:00Z`; nothing is later than the last second of the year 9999."""
    return iso(min(seconds, LAST_SECOND)) + "Z"


def entra_stamp(seconds: float) -> str:
    """An instant as Entra writes it in refusals: `2026-11-22 10:00:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def parse_instant(value: str | float) -> float:
    """Seconds since 1970 from a number or an ISO 8601 text (UTC unless it has an offset); ValueError if it is neither."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    moment = datetime.fromisoformat(str(value))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
