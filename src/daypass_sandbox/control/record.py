"""The journal from outside: read whole or in part, as JSON lines or HAR, waited for, forgotten.

`wait` holds the answer back until there is something to tell, so that a page or a script can follow what happens without asking
all the time.
"""

from __future__ import annotations

import re

from daypass.wire import Response, Sleep

from ..clock import parse_instant
from ..journal import Wanted
from ..routes import Call, Fault, Route, reply
from .asked import wrong

FILTERS = ("after", "since", "method", "path", "status", "user")
LOOK_EVERY_SECONDS, LONGEST_WAIT_SECONDS = 0.1, 30.0
JSON_LINES = "application/jsonl; charset=utf-8"


async def read_journal(call: Call) -> Response:
    """The exchanges asked for; with `wait`, those that come within so many seconds when there are none yet."""
    for name in call.query:
        if name not in (*FILTERS, "format", "wait"):
            raise wrong(f"unknown query option {name!r}; known here: {', '.join((*FILTERS, 'format', 'wait'))}")
    wanted, form = _wanted(call), call.query.get("format", "jsonl")
    if form not in ("jsonl", "har"):
        raise wrong("format must be jsonl or har")
    journal = call.tenant.journal
    for _ in range(int(seconds_to_wait(call) / LOOK_EVERY_SECONDS)):
        if next(iter(journal.matching(wanted)), None) is not None:
            break
        await Sleep(LOOK_EVERY_SECONDS)
    if form == "har":
        return reply(200, journal.as_har(wanted))
    return Response(200, {"content-type": JSON_LINES}, journal.as_jsonl(wanted))


def seconds_to_wait(call: Call) -> float:
    """How long the answer may be held back: `wait`, at most half a minute."""
    try:
        seconds = float(call.query.get("wait", "0"))
        if not 0 <= seconds <= LONGEST_WAIT_SECONDS:
            raise ValueError
    except ValueError:
        raise wrong(f"wait must be a number of seconds from 0 to {LONGEST_WAIT_SECONDS:g}") from None
    return seconds


def _wanted(call: Call) -> Wanted:
    query = call.query
    if not re.fullmatch(r"\d{1,18}", query.get("after", "0"), re.ASCII):
        raise wrong("after must be the number of an exchange")
    if not re.fullmatch(r"(\d{3}|\dxx)?", query.get("status", ""), re.ASCII):
        raise wrong("status must be a number such as 429 or a class such as 4xx")
    try:
        since = parse_instant(query["since"]) if "since" in query else None
    except (ValueError, OverflowError) as error:
        raise wrong(f"since must be a time: {error}") from None
    method, path, status, user = query.get("method", "").upper(), query.get("path", ""), query.get("status", ""), query.get("user", "")
    known = call.tenant.state.find_user(user)
    if known:
        user = call.tenant.state.users[known]["userPrincipalName"]
    return Wanted(after=int(query.get("after", "0")), since=since, method=method, path=path, status=status, user=user)


def read_exchange(call: Call) -> Response:
    """One exchange by its number."""
    number = call.path["number"]
    exchange = call.tenant.journal.find(int(number)) if re.fullmatch(r"\d{1,18}", number, re.ASCII) else None
    if exchange is None:
        raise Fault(404, "unknown_exchange", f"the journal has no exchange {number!r}: it was forgotten, or never was")
    return reply(200, exchange.entry())


def forget_journal(call: Call) -> Response:
    """Forget the exchanges so far; the numbers go on."""
    call.tenant.journal.clear()
    return Response(200, {"content-type": JSON_LINES}, b"")


ROUTES = (
    Route("GET", "/sandbox/journal", read_journal),
    Route("DELETE", "/sandbox/journal", forget_journal),
    Route("GET", "/sandbox/journal/{number}", read_exchange),
)
