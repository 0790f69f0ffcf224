"""The live page at `/sandbox/`: what is asked of the tenant as it is asked, who waits, whose days look how, and the levers beside it.

The page is a skeleton; its script asks the control plane for the rest, and asks `/sandbox/news` what is new. Whatever an app or a
person wrote is put into the page as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from daypass.wire import Response, Sleep

from .. import pages
from ..journal import Wanted
from ..routes import Call, Route, reply
from .asked import wrong
from .record import LOOK_EVERY_SECONDS, seconds_to_wait

MOST_TOLD = 500  # exchanges at once
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
)


def routes(others: Iterable[Route]) -> tuple[Route, ...]:
    """The page's routes; a panel of the page shows where the control plane has a room for it among its others."""
    rooms = " ".join(sorted({route.template.split("/")[2] for route in others if route.method == "GET"}))

    def show(call: Call) -> Response:
        return pages.page("sandbox", POLICY, organisation=call.tenant.state.display_name, rooms=rooms)

    return (Route("GET", "/sandbox", show), *ROUTES)


def script(_: Call) -> Response:
    """Its script."""
    return _file("text/javascript", pages.source("sandbox.js"))


def style(_: Call) -> Response:
    """Its style: that of the sign-in pages, and its own."""
    return _file("text/css", pages.source("style.css") + pages.source("sandbox.css"))


def icon(_: Call) -> Response:
    """Its icon."""
    return _file("image/svg+xml", pages.source("icon.svg"))


def _file(kind: str, text: str) -> Response:
    return Response(200, {"content-type": f"{kind}; charset=utf-8", "cache-control": "no-cache", **pages.SAFE}, text.encode())


async def news(call: Call) -> Response:
    """What happened after exchange `after` and change `changes`: the exchanges in short, newest last, and the present numbers.

    With `wait` the answer is held back until there is something to tell. `first` is the oldest exchange still kept.
    """
    journal = call.tenant.journal
    after, changes = _number(call, "after"), _number(call, "changes")
    for _ in range(int(seconds_to_wait(call) / LOOK_EVERY_SECONDS)):
        if journal.last != after or call.tenant.changes != changes:
            break
        await Sleep(LOOK_EVERY_SECONDS)
    last = journal.last
    told = journal.matching(Wanted(after=max(after, last - MOST_TOLD) if after <= last else 0))
    exchanges = [exchange.brief() for exchange in told]
    return reply(200, {"first": journal.first, "last": last, "changes": call.tenant.changes, "exchanges": exchanges})


def _number(call: Call, name: str) -> int:
    text = call.query.get(name, "0")
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII):
        raise wrong(f"{name} must be a number")
    return int(text)


ROUTES = (
    Route("GET", "/sandbox/page.js", script),
    Route("GET", "/sandbox/page.css", style),
    Route("GET", "/sandbox/icon.svg", icon),
    Route("GET", "/sandbox/news", news),
)
