"""One flow per Graph operation, in Graph's own words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from ..errors import TransportError
from ..model.event import distinct, in_order, overlaps
from . import codec
from .protocol import call, items

if TYPE_CHECKING:
    from ..model.event import Event, NewEvent, User

IDENTITY = ("User.Read",)
READ_BASIC = ("Calendars.ReadBasic",)  # titles, times, places, people; no text, attachments or extensions
READ = ("Calendars.Read",)
WRITE = ("Calendars.ReadWrite",)
REVOKE = ("User.RevokeSessions.All",)

PAGE_SIZE = 100
# All-day events float: the service places them by its own idea of the zone, up to 14 hours from the viewer's.
FLOATING = timedelta(hours=14)


async def me() -> User:
    """The signed-in user (Graph: user-get)."""
    return codec.user(await call("GET", f"/me?$select={codec.USER_FIELDS}", scopes=IDENTITY))


async def calendar_view(start: datetime, end: datetime) -> list[Event]:
    """Everything in the default calendar between two instants, series expanded, complete, in order (Graph: calendar-list-calendarview).

    `start` and `end` are aware; all-day events count by the dates of `start`'s zone. All pages are followed and repeated
    items dropped, for the last item of a page can reappear on the next. Raises GraphError and TransportError.
    """
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("calendar_view needs aware datetimes")
    window = {
        "startDateTime": _instant(start - FLOATING),
        "endDateTime": _instant(end + FLOATING),
        "$orderby": "start/dateTime",
        "$top": str(PAGE_SIZE),
        "$select": codec.LISTING_FIELDS,
    }
    query = urlencode(window, safe="$/,:", quote_via=quote)
    pages = items(f"/me/calendarView?{query}", scopes=READ_BASIC, headers=codec.PREFER)
    found = distinct([codec.event(item) async for item in pages])
    return in_order([event for event in found if overlaps(event, start, end, start.tzinfo)], start.tzinfo)


async def get_event(event_id: str) -> Event:
    """One event with its body as text (Graph: event-get). Raises NotFound."""
    return codec.event(await call("GET", f"/me/events/{quote(event_id, safe='')}", scopes=READ, headers=codec.PREFER))


async def create_event(new: NewEvent) -> Event:
    """Create an event in the default calendar and return it as the service keeps it (Graph: user-post-events).

    `new.transaction_id` makes a repeated attempt safe: the service creates one event however often it is asked.
    """
    created = await call("POST", "/me/events", codec.new_event(new), scopes=WRITE, headers=codec.PREFER)
    try:
        return codec.event(created)
    except TransportError as error:
        error.maybe_done = True
        raise


async def revoke_sessions() -> None:
    """End every sign-in of the user's, in all apps (Graph: user-revokesigninsessions); tokens given out before live on for a while."""
    await call("POST", "/me/revokeSignInSessions", scopes=REVOKE)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
