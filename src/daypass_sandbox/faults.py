"""Faults on demand: what to spoil, how, and how often.

A fault is a JSON object. It says whose requests it strikes (`method`, `path` (a regular expression), `user`), what it does
(exactly one effect) and how often (`count`, 0 for always; or `probability` with a `seed`). Effects:

    status        answer with this HTTP status and an error envelope; with `retry_after` seconds, `code`, `message`
    html          answer with an HTML page, as a gateway does; with `status` (502)
    truncate      keep so many bytes of the body: a complete HTTP message holding half a JSON document
    cut           close the connection after so many bytes of the body
    drop          close the connection without an answer: "before" the request took effect, or "after"
    stall         take the request and never answer
    drip          send the body at so many bytes a second
    latency_ms    answer late (also beside any other effect)

`after: true` lets a `status` or `html` answer come after the request took effect.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from daypass.wire import Flow, Response

from .entra.tokens import challenge, user_named_in
from .routes import Call, Fault

EFFECTS = ("status", "html", "truncate", "cut", "drop", "stall", "drip", "latency_ms")


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _truth(value: Any) -> bool:
    return isinstance(value, bool)


def _whole(least: int, most: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _number(least: float, most: float) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


# member → what it must fulfil, in code and in words
MEMBERS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "method": (_text, "a text"),
    "path": (_text, "a text"),
    "user": (_text, "a text"),
    "status": (_whole(400, 599), "a whole number from 400 to 599"),
    "html": (_truth, "true or false"),
    "truncate": (_whole(0, 10**9), "a whole number of bytes"),
    "cut": (_whole(0, 10**9), "a whole number of bytes"),
    "drop": (lambda value: value in ("before", "after"), '"before" or "after" (the effect of the request)'),
    "stall": (_truth, "true or false"),
    "drip": (_whole(1, 10**9), "a whole number of bytes a second, 1 or more"),
    "latency_ms": (_whole(0, 600_000), "a whole number of milliseconds, at most 600000"),
    "count": (_whole(0, 10**9), "a whole number, 0 for always"),
    "probability": (_number(0, 1), "a number from 0 to 1"),
    "seed": (lambda value: isinstance(value, int | str), "a whole number or a text"),
    "retry_after": (_number(0, 10**9), "a number of seconds, 0 or more"),
    "code": (_text, "a text"),
    "message": (_text, "a text"),
    "after": (_truth, "true or false"),
}
CODES = {
    401: ("InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."),
    403: ("ErrorAccessDenied", "Access is denied. Check credentials and try again."),
    404: ("ErrorItemNotFound", "The specified object was not found in the store."),
    429: ("ApplicationThrottled", "Application is over its MailboxConcurrency limit."),
    500: ("ErrorInternalServerTransientError", "Cannot complete the request because a transient error occurred. Try again."),
    503: ("ServiceUnavailable", "The service is temporarily unavailable."),
    504: ("GatewayTimeout", "The request timed out."),
}
HTML_PAGE = (
    b"<!DOCTYPE html><html><head><title>%d</title></head><body><h1>%d Server Error</h1><p>The gateway is having trouble.</p></body></html>"
)


LONGEST_PATTERN = 200  # characters of a `path`
LONGEST_PATH = 600  # characters of a request's path that are looked at
MOST_REPETITIONS, MOST_CHOICES = 2, 8
_OPAQUE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)  # an escape, or a class of characters
_ONE_SEGMENT = re.compile(r"\[\^/\][*+](?=/|\$|$)")  # ends by itself at the next slash
_REPETITION = re.compile(r"[*+]|\{\d*,\d*\}")
_CHOICE = re.compile(r"\||(?<![(*+}?])\?")  # one way or another; not the mark of a special group, or of a repetition's manner


class Disrupted(Response):
    """A response that goes wrong on the wire: late, in drips, cut off after some bytes, dropped, or never sent."""

    latency_seconds: float = 0.0
    drip_bytes_per_second: int = 0
    cut_after_bytes: int | None = None
    dropped: bool = False
    stalled: bool = False


def checked(fault: dict[str, Any], find_user: Callable[[str], str | None]) -> dict[str, Any]:
    """A fault as it is kept, the user's name replaced by the object id; ValueError says what is wrong with it."""
    for name, value in fault.items():
        if name not in MEMBERS:
            raise ValueError(f"unknown member {name!r}; a fault knows {', '.join(MEMBERS)}")
        fulfils, words = MEMBERS[name]
        if not fulfils(value):
            raise ValueError(f"{name} must be {words}")
    effects = _effects(fault)
    if len(effects) != 1:
        raise ValueError(f"a fault needs exactly one of {', '.join(EFFECTS)}; this one has {', '.join(effects) or 'none'}")
    check_pattern(fault.get("path", ""))
    kept = {**fault, "left": fault.get("count", 0 if "probability" in fault else 1) or None, "drawn": 0}
    if "user" in fault:
        kept["user"] = find_user(fault["user"])
        if kept["user"] is None:
            raise ValueError(f"there is no user {fault['user']!r}")
    return kept


def check_pattern(pattern: str) -> None:
    """ValueError for what is no regular expression, and for one that could take seconds to be sought in a path."""
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"path must be a regular expression of at most {LONGEST_PATTERN} characters")
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"path is not a regular expression: {error}") from None
    plain = _OPAQUE.sub("x", _ONE_SEGMENT.sub("x", pattern))
    if _repeats_what_varies(plain):
        raise ValueError("path repeats a group that holds a repetition or a choice, which can take forever to match")
    if len(_REPETITION.findall(plain)) > MOST_REPETITIONS:
        raise ValueError(f"path has more than {MOST_REPETITIONS} repetitions, which can take forever to match; [^/]+/ does not count")
    if len(_CHOICE.findall(plain)) > MOST_CHOICES:
        raise ValueError(f"path has more than {MOST_CHOICES} choices (? and |), which can take forever to match")


def _repeats_what_varies(pattern: str) -> bool:
    """Whether a group that can match in several ways is itself repeated; escapes and character classes are out of the pattern already."""
    varying, at = [False], 0
    while at < len(pattern):
        repeated = _REPETITION.match(pattern, at)
        if pattern[at] == "(":
            varying.append(False)
        elif pattern[at] == ")" and len(varying) > 1:
            inner = varying.pop()
            repeats = re.match(r"[*+{]", pattern[at + 1 :]) is not None
            if inner and repeats:
                return True
            varying[-1] = varying[-1] or inner
        elif repeated or pattern[at] == "|" or (pattern[at] == "?" and pattern[at - 1 : at] != "("):
            varying[-1] = True
        at += 1
    return False


def _effects(fault: dict[str, Any]) -> list[str]:
    """The effects a fault names; a status beside an HTML page is part of it, and latency goes with any other."""
    named = [name for name in EFFECTS if name in fault]
    if "html" in named and "status" in named:
        named.remove("status")
    if len(named) > 1 and "latency_ms" in named:
        named.remove("latency_ms")
    return named


async def meddle(call: Call, handler: Callable[[Call], Flow[Response]], refuse: Callable[[Fault], Response]) -> Response:
    """The answer of a handler, or what `refuse` makes of its refusal, spoilt by the first fault that strikes the request."""

    async def proceed(call: Call) -> Response:
        try:
            return await handler(call)
        except Fault as fault:
            return refuse(fault)

    fault = next((fault for fault in call.tenant.state.faults if _strikes(fault, call)), None)
    if fault is None:
        return await proceed(call)
    latency = fault.get("latency_ms", 0) / 1000
    if fault.get("drop") == "before":
        return Disrupted(0, latency_seconds=latency, dropped=True)
    if fault.get("stall"):
        return Disrupted(0, latency_seconds=latency, stalled=True)
    if "html" in fault or "status" in fault:
        if fault.get("after"):
            await proceed(call)
        return _error_answer(call, fault, latency, refuse)
    answer = await proceed(call)
    return Disrupted(
        answer.status,
        answer.headers,
        answer.body[: fault["truncate"]] if "truncate" in fault else answer.body,
        latency_seconds=latency,
        drip_bytes_per_second=fault.get("drip", 0),
        cut_after_bytes=fault.get("cut"),
        dropped=fault.get("drop") == "after",
    )


def _strikes(fault: dict[str, Any], call: Call) -> bool:
    path = urlsplit(call.request.url).path
    if (
        fault["left"] == 0
        or fault.get("method", call.request.method).upper() != call.request.method
        or not re.search(fault.get("path", ""), path[:LONGEST_PATH])
    ):
        return False
    if "user" in fault and fault["user"] != user_named_in(call.request.headers.get("authorization", "")):
        return False
    if "probability" in fault:
        call.tenant.changes += 1  # so that it is kept, also where only GETs are struck
        fault["drawn"] += 1
        if random.Random(f"{fault.get('seed', 0)}:{fault['drawn']}").random() >= fault["probability"]:
            return False
    if fault["left"]:
        call.tenant.changes += 1
        fault["left"] -= 1
    return True


def _error_answer(call: Call, fault: dict[str, Any], latency: float, refuse: Callable[[Fault], Response]) -> Response:
    status = fault.get("status", 502)
    headers = {"retry-after": str(math.ceil(fault["retry_after"]))} if "retry_after" in fault else {}
    if fault.get("html"):
        return Disrupted(
            status, {"content-type": "text/html; charset=utf-8", **headers}, HTML_PAGE % (status, status), latency_seconds=latency
        )
    code, message = CODES.get(status, ("UnknownError", "An error occurred."))
    if not urlsplit(call.request.url).path.lower().startswith(("/v1.0/", "/beta/")):
        code, message = "temporarily_unavailable", "AADSTS90033: A transient error has occurred. Please try again."
    elif status == 401:
        headers |= challenge(call)
    answer = refuse(Fault(status, fault.get("code", code), fault.get("message", message), headers))
    return Disrupted(answer.status, answer.headers, answer.body, latency_seconds=latency)
