"""What a sign-in service that means harm may do to its clients, short of forging (see `forging`): each thing by its name.

`WIRE` has how an answer comes, `TEXTS` what stands in place of its JSON; the others change one document: the discovery document, the
answer to a device, the answer that a browser brings back, the token response. What each does is its docstring.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from malicious import Exchange, Malicious

Json = dict[str, Any]
GIGABYTE = 1 << 30
PIECE = b" " * 65536
LONG = 1_000_000
DEPTH = 100_000
DIGITS = 5000  # more than Python reads as a whole number without being told to
PAGE = b"<!doctype html><title>Sign in</title><h1>Our systems are being looked after</h1><script>document.title = 'mine'</script>"
ESCAPES = "\x1b]0;mine\x07\x1b[2J\x1b[1;1H\x1b[8m\r\nSigned in.\u202e\u0000"


# --- how an answer comes -------------------------------------------------------------------------------------------


def redirects(exchange: Exchange, _: bytes) -> None:
    """Sends on to itself, without end."""
    exchange.send(307, {"Location": f"{exchange.path.partition('#')[0]}{'&' if '?' in exchange.path else '?'}again=1"})


def redirect_elsewhere(exchange: Exchange, _: bytes) -> None:
    """Sends the request on to another server, with all that it holds."""
    exchange.send(307, {"Location": exchange.authority.elsewhere.origin + exchange.path})


def redirect_into_the_clear(exchange: Exchange, _: bytes) -> None:
    """Sends the request on to another server, without TLS."""
    exchange.send(307, {"Location": exchange.authority.in_the_clear.origin + exchange.path})


def huge(exchange: Exchange, _: bytes) -> None:
    """A gigabyte, announced; it begins as JSON does."""
    exchange.begin(200, {"Content-Length": str(GIGABYTE)})
    exchange.pour(b'{"a": "' + PIECE[7:], GIGABYTE)


def endless(exchange: Exchange, _: bytes) -> None:
    """A body without an announced end, and without one (ten gigabytes, at most)."""
    exchange.begin(200, {"Connection": "close"})
    exchange.pour(b'{"a": "' + PIECE[7:], 10 * GIGABYTE)


def bomb(exchange: Exchange, _: bytes) -> None:
    """A gigabyte of blanks that is a megabyte on the way (gzip, though nobody asked for it)."""
    member = gzip.compress(b" " * (16 << 20))
    exchange.send(200, {"Content-Encoding": "gzip"}, member * (GIGABYTE // (16 << 20)))


def drip(exchange: Exchange, body: bytes) -> None:
    """The right answer, one byte each `drip_seconds`, after a million blanks: no single read takes long."""
    exchange.begin(200, {"Content-Length": str(LONG + len(body))})
    for byte in b" " * LONG + body:
        if exchange.pause():
            return
        exchange.write(bytes([byte]))


def drip_of_headers(exchange: Exchange, _: bytes) -> None:
    """Headers without end, one each `drip_seconds`."""
    exchange.close_connection = True
    exchange.write(b"HTTP/1.1 200 OK\r\n")
    while not exchange.pause():
        exchange.write(b"X-More: to come\r\n")


def long_header(exchange: Exchange, body: bytes) -> None:
    """The right answer below a header of a million letters."""
    exchange.send(200, {"X-Long": "x" * LONG}, body)


def silence(exchange: Exchange, _: bytes) -> None:
    """No answer, and no end."""
    exchange.close_connection = True
    while not exchange.pause():
        pass


def hang_up(exchange: Exchange, _: bytes) -> None:
    """No answer: the connection is reset."""
    exchange.reset()


def cut_short(exchange: Exchange, body: bytes) -> None:
    """Half of the right answer, then the end."""
    exchange.begin(200, {"Content-Length": str(len(body))})
    exchange.write(body[: len(body) // 2])


def no_http(exchange: Exchange, _: bytes) -> None:
    """Another protocol altogether."""
    exchange.close_connection = True
    exchange.write(b"SSH-2.0-OpenSSH_9.9\r\n" * 3)


def html(exchange: Exchange, _: bytes) -> None:
    """A page, which says that it is one."""
    exchange.send(200, {"Content-Type": "text/html; charset=utf-8"}, PAGE)


def wrong_type(exchange: Exchange, body: bytes) -> None:
    """The right answer, which says that it is a picture."""
    exchange.send(200, {"Content-Type": "image/png"}, body)


def broken(exchange: Exchange, _: bytes) -> None:
    """A failure, as a page (500)."""
    exchange.send(500, {"Content-Type": "text/html"}, PAGE)


def busy_for_ever(exchange: Exchange, _: bytes) -> None:
    """Says to come back in thirty years (503)."""
    exchange.send(503, {"Retry-After": "1000000000"}, b"{}")


WIRE: dict[str, Callable[[Exchange, bytes], None]] = {
    one.__name__: one
    for one in (
        *(redirects, redirect_elsewhere, redirect_into_the_clear, huge, endless, bomb, drip, drip_of_headers, long_header),
        *(silence, hang_up, cut_short, no_http, html, wrong_type, broken, busy_for_ever),
    )
}


# --- what stands in place of JSON ----------------------------------------------------------------------------------


def html_as_json(_: Json) -> bytes:
    """A page, which says that it is JSON."""
    return PAGE


def empty(_: Json) -> bytes:
    """Nothing."""
    return b""


def a_list(document: Json) -> bytes:
    """The right document, in a list."""
    return json.dumps([document]).encode()


def null(_: Json) -> bytes:
    """No document, in JSON's own word."""
    return b"null"


def deep(document: Json) -> bytes:
    """The right document, and a list in a list in a list, 100,000 times."""
    return json.dumps(document)[:-1].encode() + b', "deep": ' + b"[" * DEPTH + b"]" * DEPTH + b"}"


def huge_numbers(document: Json) -> bytes:
    """The right document, its numbers of 5,000 digits."""
    return _text_with(document, lambda value: isinstance(value, int), b"9" * DIGITS)


def no_numbers(document: Json) -> bytes:
    """The right document, its numbers none (which JSON does not know, and many readers take)."""
    return _text_with(document, lambda value: isinstance(value, int), b"NaN")


def not_utf8(document: Json) -> bytes:
    """The right document, and bytes that are no text."""
    return json.dumps(document)[:-1].encode() + b', "text": "\xff\xfe\xc3\x28"}'


def half_letters(document: Json) -> bytes:
    """The right document, each text followed by half of a letter (a lone surrogate)."""
    return json.dumps({name: f"{value}\ud800" if isinstance(value, str) else value for name, value in document.items()}).encode()


def wrong_kinds(document: Json) -> bytes:
    """The right names, and none of the values is of the right kind."""
    return json.dumps({name: {"a": 1} if isinstance(value, str) else "soon" for name, value in document.items()}).encode()


def nulls(document: Json) -> bytes:
    """The right names, and no values."""
    return json.dumps(dict.fromkeys(document)).encode()


def _text_with(document: Json, meant: Callable[[Any], bool], text: bytes) -> bytes:
    values = (text if meant(value) else json.dumps(value).encode() for value in document.values())
    return b"{" + b", ".join(b'"%s": %s' % (name.encode(), value) for name, value in zip(document, values, strict=True)) + b"}"


TEXTS: dict[str, Callable[[Json], bytes]] = {
    one.__name__: one
    for one in (html_as_json, empty, a_list, null, deep, huge_numbers, no_numbers, not_utf8, half_letters, wrong_kinds, nulls)
}


# --- documents -----------------------------------------------------------------------------------------------------


def _endpoints(document: Json, moved: Callable[[str], str]) -> Json:
    return {name: moved(value) if name.endswith(("_endpoint", "_uri")) else value for name, value in document.items()}


def other_hosts(document: Json, authority: Malicious) -> Json:
    """All endpoints are on another server."""
    return _endpoints(document, lambda url: url.replace(authority.origin, authority.elsewhere.origin))


def other_keys(document: Json, authority: Malicious) -> Json:
    """The keys are published on another server."""
    return {**document, "jwks_uri": document["jwks_uri"].replace(authority.origin, authority.elsewhere.origin)}


def in_the_clear(document: Json, authority: Malicious) -> Json:
    """All endpoints are without TLS."""
    return _endpoints(document, lambda url: url.replace(authority.origin, authority.in_the_clear.origin))


def disguised_hosts(document: Json, authority: Malicious) -> Json:
    """All endpoints are on another server, and begin as if they were on this one (its name stands as a user's)."""
    here, there = authority.origin, authority.elsewhere.origin.removeprefix("https://")
    return _endpoints(document, lambda url: url.replace(here, f"{here}@{there}"))


def files(document: Json, _: Malicious) -> Json:
    """All endpoints are files of the client's own machine."""
    return _endpoints(document, lambda _: "file:///etc/passwd")


def other_issuer(document: Json, _: Malicious) -> Json:
    """It speaks for somebody else."""
    return {**document, "issuer": "https://login.fabrikam.example/v2.0"}


def no_endpoints(document: Json, _: Malicious) -> Json:
    """It has an issuer, and nothing else."""
    return {"issuer": document["issuer"]}


def terminal_escapes(document: Json, _: Malicious) -> Json:
    """Texts for people hold what terminals obey: they clear the screen, and write what was not said."""
    return {name: value + ESCAPES if name in ("user_code", "message") else value for name, value in document.items()}


def page_that_is_a_script(document: Json, _: Malicious) -> Json:
    """The page to go to is a script."""
    return {**document, "verification_uri": "javascript:alert(document.domain)"}


def page_that_is_a_file(document: Json, _: Malicious) -> Json:
    """The page to go to is a file of the person's own machine."""
    return {**document, "verification_uri": "file:///etc/passwd", "verification_uri_complete": "file:///etc/passwd"}


def page_of_another(document: Json, _: Malicious) -> Json:
    """The page to go to looks like Microsoft's and is not."""
    return {**document, "verification_uri": "https://login.microsoftonline.com@fabrikam.example/devicelogin"}


def long_message(document: Json, _: Malicious) -> Json:
    """What to tell the person has a million letters."""
    return {**document, "message": "x" * LONG, "user_code": "B" * LONG}


def impatient(document: Json, _: Malicious) -> Json:
    """Devices are to ask without a pause."""
    return {**document, "interval": 0}


def sluggish(document: Json, _: Malicious) -> Json:
    """Devices are to ask in thirty years."""
    return {**document, "interval": 1_000_000_000}


def over_already(document: Json, _: Malicious) -> Json:
    """What is given out has run out."""
    return {**document, "expires_in": -1}


def lives_for_ever(document: Json, _: Malicious) -> Json:
    """What is given out lives until long after the last year that calendars have."""
    return {**document, "expires_in": 10**15}


def other_state(answer: Json, _: Malicious) -> Json:
    """An answer to another question."""
    return {**answer, "state": "another"}


def no_state(answer: Json, _: Malicious) -> Json:
    """An answer to no question."""
    return {name: value for name, value in answer.items() if name != "state"}


def from_another_issuer(answer: Json, _: Malicious) -> Json:
    """An answer that another issuer gave (RFC 9207)."""
    return {**answer, "iss": "https://login.fabrikam.example/v2.0"}


def no_code(answer: Json, _: Malicious) -> Json:
    """An answer that holds neither a code nor a refusal."""
    return {name: value for name, value in answer.items() if name != "code"}


def refusal_with_a_script(answer: Json, _: Malicious) -> Json:
    """A refusal whose words are a page, and what terminals obey."""
    told = f"<script>alert(1)</script><img src=x onerror=alert(1)>{ESCAPES}"
    return {**no_code(answer, _), "error": f"access_denied<b>{ESCAPES}", "error_description": told, "error_uri": "javascript:alert(1)"}


Change = Callable[[Json, "Malicious"], Json]
DISCOVERY: dict[str, Change] = {
    one.__name__: one for one in (other_hosts, other_keys, in_the_clear, disguised_hosts, files, other_issuer, no_endpoints)
}
DEVICE: dict[str, Change] = {
    one.__name__: one
    for one in (
        *(terminal_escapes, page_that_is_a_script, page_that_is_a_file, page_of_another, long_message),
        *(impatient, sluggish, over_already, lives_for_ever),
    )
}
LANDING: dict[str, Change] = {one.__name__: one for one in (other_state, no_state, from_another_issuer, no_code, refusal_with_a_script)}
