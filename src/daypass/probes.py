"""Looking at the world for `doctor`: names, certificates, locks. Each look ends by itself."""

from __future__ import annotations

import fcntl
import os
import socket
import ssl
import threading
import time
from contextlib import suppress
from typing import Any, cast

PROBE_SECONDS = 5.0
LOCK_SECONDS = 2.0


def addresses(host: str) -> list[str] | None:
    """The addresses of a host; [] for a name that nobody knows, None when the name service did not answer in time."""
    found: list[list[str]] = []

    def look() -> None:
        try:
            told = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
        except OSError:
            told = []
        found.append(list(dict.fromkeys(str(entry[4][0]) for entry in told)))

    looking = threading.Thread(target=look, daemon=True)  # the resolver knows no time-out
    looking.start()
    looking.join(PROBE_SECONDS)
    return found[0] if found else None


def certificate(host: str, port: int, context: ssl.SSLContext) -> tuple[dict[str, str], float]:
    """Who certified a host and whom, and for how many days that is good. Raises OSError, ssl.SSLError among them."""
    with socket.create_connection((host, port), PROBE_SECONDS) as plain, context.wrap_socket(plain, server_hostname=host) as secured:
        shown = cast("dict[str, Any]", secured.getpeercert() or {})
    ends = ssl.cert_time_to_seconds(str(shown.get("notAfter"))) if shown.get("notAfter") else time.time()
    return {name: _common(shown.get(name, ())) for name in ("issuer", "subject")}, (ends - time.time()) / 86_400


def _common(parts: Any) -> str:
    """The organisation and common name of a distinguished name."""
    names = {key: value for part in parts for key, value in part}
    chosen = dict.fromkeys(str(names[key]) for key in ("organizationName", "commonName") if key in names)
    return ", ".join(chosen) or "somebody without a name"


def lock_is_free(path: str) -> bool:
    """Whether a lock can be had within two seconds; one that is not there is free."""
    try:
        lock = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return True
    deadline = time.monotonic() + LOCK_SECONDS
    try:
        while time.monotonic() < deadline:
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            time.sleep(0.05)
    finally:
        os.close(lock)
    return False
