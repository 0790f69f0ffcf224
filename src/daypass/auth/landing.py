"""What a browser says when it brings the answer of a sign-in, and the page it is shown in return. HTTP as bytes; no sockets."""

from __future__ import annotations

import io
from collections.abc import Mapping
from email.parser import BytesParser
from html import escape
from types import MappingProxyType
from urllib.parse import parse_qsl

from ..value import Value

LOOPBACK = "127.0.0.1"
MOST_FIELDS = 50

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 1.05rem/1.5 system-ui, sans-serif; }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; }}
main {{ max-width: 32rem; padding: 2rem; }}
h1 {{ font-size: 1.6rem; font-weight: 600; margin: 0 0 .6rem; }}
h1::before {{ content: "{mark}"; margin-right: .5rem; color: {colour}; }}
</style></head><body><main><h1>{title}</h1><p>{text}</p></main></body></html>
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def answer(status: int, title: str, text: str, *, well: bool) -> bytes:
    """A whole HTTP response with a page that says how it went; what is said is text, whoever wrote it."""
    mark, colour = ("✓", "#107c10") if well else ("!", "#c50f1f")
    body = PAGE.format(title=escape(title), text=escape(text), mark=mark, colour=colour).encode("utf-8", "replace")
    head = (
        f"HTTP/1.1 {status} {'OK' if well else 'Refused'}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        f"Content-Security-Policy: {POLICY}\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def redirect(url: str) -> bytes:
    """A whole HTTP response that sends the browser on."""
    return f"HTTP/1.1 302 Found\r\nLocation: {url}\r\nContent-Length: 0\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n".encode()


class Heard(Value):
    """What a request brings: the fields of its form or query, and whether it was meant for this machine by its own name."""

    fields: Mapping[str, str] = MappingProxyType({})
    at_home: bool = False


def heard(request: bytes) -> Heard | None:
    """What a request brings, nothing where it makes no sense or asks for another host; None while it is not all there."""
    head, end, body = request.partition(b"\r\n\r\n")
    if not end:
        return None
    line, _, rest = head.partition(b"\r\n")
    words = line.decode("latin-1").split(" ")
    headers = BytesParser().parse(io.BytesIO(rest + b"\r\n\r\n"), headersonly=True)
    host = str(headers.get("host") or "").rpartition(":")[0]
    if len(words) != 3 or host not in ("localhost", LOOPBACK):  # another name would be a rebound DNS entry
        return Heard()
    if words[0] == "GET":
        return Heard(_decoded(words[1].partition("?")[2]), at_home=True)
    length = str(headers.get("content-length") or "")
    if words[0] != "POST" or not length.isdecimal() or len(length) > 6:
        return Heard()
    return Heard(_decoded(body[: int(length)].decode("latin-1")), at_home=True) if len(body) >= int(length) else None


def _decoded(text: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(text, max_num_fields=MOST_FIELDS))
    except ValueError:
        return {}
