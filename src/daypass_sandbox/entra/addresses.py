"""Redirect URIs as they may be written, so that the tenant and every browser read the same address in them.

After "Redirect URI (reply URL) restrictions and limitations" (Microsoft Learn) and RFC 3986, whose characters are the only ones allowed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
FORBIDDEN_SCHEMES = frozenset({"about", "blob", "data", "file", "filesystem", "javascript", "vbscript", "view-source", "ws", "wss"})
_WRITTEN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_AUTHORITY = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{0,5})?")


@dataclass(frozen=True)
class Parts:
    """A redirect URI in its parts; `host` is bare (`::1`), `port` None where none is said, an empty `path` of a web address is `/`."""

    scheme: str
    host: str
    port: int | None
    path: str
    query: str

    @property
    def on_the_web(self) -> bool:
        """Whether a browser goes there by itself (HTTP or HTTPS)."""
        return self.scheme in ("http", "https")

    @property
    def loopback(self) -> bool:
        """Whether it leads to a program on the same machine."""
        return self.on_the_web and self.host in LOOPBACK

    @property
    def origin(self) -> str:
        """The source expression for it in a Content-Security-Policy."""
        if not self.on_the_web:
            return f"{self.scheme}:"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port is None else f":{self.port}")


def parts_of(uri: str) -> Parts | None:
    """The parts of a redirect URI; None for one that may not be.

    That is one with a user name before the host, a backslash or a blank, a scheme that runs or opens something in the browser, or no host
    on the web.
    """
    try:
        url = urlsplit(uri) if _WRITTEN.fullmatch(uri) else None
        port = url.port if url else None
    except ValueError:
        return None
    if url is None or port == 0 or url.scheme in FORBIDDEN_SCHEMES:
        return None
    web = url.scheme in ("http", "https")
    if (web or url.netloc) and not _AUTHORITY.fullmatch(url.netloc):
        return None
    return Parts(url.scheme, url.hostname or "", port, url.path or ("/" if web else ""), url.query)


def may_be_registered(uri: str, platform: str) -> bool:
    """Whether a redirect URI fits a platform: HTTPS, or HTTP back to the same machine; for `publicClient` also a scheme of its own."""
    parts = parts_of(uri)
    if parts is None or "#" in uri:
        return False
    return parts.scheme == "https" or parts.loopback or (platform == "publicClient" and not parts.on_the_web)


def same(known: str, given: str) -> bool:
    """Whether an address is the registered one; a loopback address stands for any port, and `http://localhost` for its root."""
    if (theirs := parts_of(given)) is None:
        return False
    if known == given:
        return True
    ours = parts_of(known)
    if ours is None or not ours.loopback or "#" in given:
        return False
    return (ours.scheme, ours.host, ours.path, ours.query) == (theirs.scheme, theirs.host, theirs.path, theirs.query)
