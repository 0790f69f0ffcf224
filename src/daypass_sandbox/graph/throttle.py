"""Outlook's limits, kept to the letter when the tenant is told to (`--throttle real`).

For each app and mailbox: 10,000 requests in ten minutes, four at a time, 150 MB of uploads in five minutes ("Microsoft Graph
service-specific throttling limits", Outlook service limits). What is over them is answered 429 `ApplicationThrottled`, most often with
a Retry-After and sometimes without (observed by others, as is the wording). Each request of a batch counts for itself.

Requests overlap only when they take time: with the limits on, each request to a mailbox takes at least `SERVICE_SECONDS`.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter, deque
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING

from ..routes import Fault

if TYPE_CHECKING:
    import random

MOST_REQUESTS, REQUESTS_SECONDS = 10_000, 600.0
MOST_AT_A_TIME = 4
MOST_UPLOADED_BYTES, UPLOADS_SECONDS = 150 * 1024 * 1024, 300.0
SERVICE_SECONDS = 0.05
WITHOUT_RETRY_AFTER = 0.25  # of the refusals for too many at a time
# What Outlook serves, below a user or a group; the rest is the directory's, which has limits of another kind.
OUTLOOK = re.compile(
    r"/(users|groups)/\{\w+\}/(calendar|events|reminderview|mailboxsettings|outlook|todo|sendmail|findmeetingtimes|getmailtips|translateexchangeids)",
    re.IGNORECASE,
)


class Throttle:
    """What each app asks of each mailbox, and who is asking at this moment. `chance` decides which refusals lack a Retry-After."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}
        self._uploads: dict[tuple[str, str], deque[tuple[float, int]]] = {}
        self._running: Counter[tuple[str, str]] = Counter()

    @staticmethod
    def mailbox_of(template: str, path: Mapping[str, str]) -> str:
        """The mailbox a request is about, "" where none of Outlook's is."""
        return path.get("user_id") or path.get("group_id") or "" if OUTLOOK.match(template) else ""

    @contextlib.contextmanager
    def slot(self, client_id: str, mailbox: str, now: float, uploaded_bytes: int = 0) -> Generator[None]:
        """One request's place for as long as it takes; Fault 429 when there is none."""
        key = client_id, mailbox
        if self._running[key] >= MOST_AT_A_TIME:
            raise self._refused("MailboxConcurrency", 0 if self._chance.random() < WITHOUT_RETRY_AFTER else 1)
        self._count(key, now)
        self._weigh(key, now, uploaded_bytes)
        self._running[key] += 1
        try:
            yield
        finally:
            self._running[key] -= 1

    def _count(self, key: tuple[str, str], now: float) -> None:
        began, counted = self._windows.get(key, (now, 0))
        if not began <= now < began + REQUESTS_SECONDS:
            began, counted = now, 0
        if counted >= MOST_REQUESTS:
            raise self._refused("request", max(1, round(began + REQUESTS_SECONDS - now)))
        self._windows[key] = began, counted + 1

    def _weigh(self, key: tuple[str, str], now: float, uploaded_bytes: int) -> None:
        if not uploaded_bytes:
            return
        sent = self._uploads.setdefault(key, deque())
        while sent and not sent[0][0] <= now < sent[0][0] + UPLOADS_SECONDS:
            sent.popleft()
        if sum(size for _, size in sent) + uploaded_bytes > MOST_UPLOADED_BYTES:
            raise self._refused("upload", max(1, round(sent[0][0] + UPLOADS_SECONDS - now)) if sent else 1)
        sent.append((now, uploaded_bytes))

    @staticmethod
    def _refused(limit: str, wait_seconds: int) -> Fault:
        headers = {"retry-after": str(wait_seconds)} if wait_seconds else {}
        return Fault(429, "ApplicationThrottled", f"Application is over its {limit} limit.", headers)
