"""Whom a tenant on the network speaks to by itself: webhooks on this machine, and others only where that was asked for."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress

LOOPBACK, ANY = "loopback", "any"
CHOICES = (LOOPBACK, ANY)
RESOLVE_SECONDS = 5.0


async def is_here(host: str) -> bool:
    """Whether a host is this machine: a loopback address, or a name with no other address."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    try:
        found = await asyncio.wait_for(asyncio.get_running_loop().getaddrinfo(host, None), RESOLVE_SECONDS)
    except (OSError, TimeoutError, UnicodeError):
        return False
    return bool(found) and all(loopback(str(address[0])) for *_, address in found)


def loopback(text: str) -> bool:
    """Whether a text is a loopback address."""
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False
