"""Meetings travel: what an organizer does reaches the mailboxes of those who are asked, as copies and as messages.

Every write to a calendar passes through here. The organizer's event and the copies are joined by their `uid` alone. Who threw a
copy away (or declined, which does the same) gets a new one with the next new time.

Sources: api/event-update, api/event-delete, api/event-cancel, api/event-forward, resources/eventmessage; MS-OXOCAL, section 3.1.4.7.3.5.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from ..directory import people
from . import answering, copies, events, letters, tracking
from .delivery import Delivery
from .letters import Post

if TYPE_CHECKING:
    from .mailbox import Mailbox

Json = dict[str, Any]


def publish(post: Post, box: Mailbox, before: Json | None, after: Json, day: str | None = None) -> Json:
    """Keep a created or changed event (`day`: the day of a series that was changed), and tell those who are asked to it.

    Gives back the event as it is then: rooms have answered.
    """
    if not (_is_organized(after) or (before and _is_organized(before))):
        box.put(after)
        return after
    after = tracking.settled(before, after, post.tenant.clock.now()) if before else after
    box.put(after)
    anew = tracking.significant(before, after) if before else frozenset[str | None]()
    news = before is not None and (bool(anew) or copies.letter(before, day) != copies.letter(after, day))
    _send_requests(post, before, after, day, "fullUpdate" if anew else "informationalUpdate" if news else "")
    Delivery(post.tenant).bring(before, after, anew, to_all=news)
    return box.events[after["id"]]


def withdraw(post: Post, box: Mailbox, event: Json, day: str | None, comment: str = "") -> None:
    """Take an event (or one day of a series) out of a mailbox; those who are asked to it hear that it is cancelled.

    A series goes with its last occurrence, as Exchange has it.
    """
    day = None if day and box.is_last(event, day) else day
    after = events.cancel_occurrence(event, day, post.tenant.clock.now()) if day else None
    if after:
        box.put(after)
    else:
        box.remove(event["id"])
    if _is_organized(event):
        letters.cancellation(post, event, day, _asked(event, day).values(), comment)
        _cancel_days(post, event, () if day else event.get("exceptions", ()), comment)
        Delivery(post.tenant).bring(event, after, (), to_all=True)


def forward(post: Post, owner_id: str, event: Json, day: str | None, to: list[Json], comment: str) -> None:
    """The owner of a mailbox passes a meeting on: the recipients get it, and the organizer counts them among the attendees.

    Forwarded attendees are optional ones (MS-OXOCAL, section 3.1.4.10.2.2). An event that is no meeting goes as a message only.
    """
    sender = {"emailAddress": people.address_of(post.tenant.state, owner_id)}
    letters.forward(post, event, day, sender, to, comment)
    if event.get("isCancelled") or not events.view(event, day)["attendees"]:
        return
    if not event.get("isOrganizer", True):
        letters.forward_notification(post, event, day, sender, to)
    delivery = Delivery(post.tenant)
    home = answering.organizers(post.tenant, delivery.invitees, event)
    before, original_day = (home[1], day or event.get("instanceDay")) if home else (event, day)
    guests: list[Json] = [{"type": "optional", "status": copies.NO_ANSWER, "emailAddress": one["emailAddress"]} for one in to]
    after = tracking.added(before, original_day, guests, post.tenant.clock.now())
    if home and after is not before:
        home[0].put(after)
    delivery.bring(before, after, (), to_all=False)


def _send_requests(post: Post, before: Json | None, after: Json, day: str | None, update: str) -> None:
    """Invite who joins, tell who leaves, and send everybody else the `update` (a meetingRequestType; empty: there is none)."""
    was, now = _asked(before, day) if before else {}, _asked(after, day)
    letters.request(post, "invitation", after, day, [one for address, one in now.items() if address not in was], "newMeetingRequest")
    if before is None:
        return
    letters.cancellation(post, before, day, [one for address, one in was.items() if address not in now], "")
    if not update:
        return
    letters.request(post, "update", after, day, [one for address, one in now.items() if address in was], update)
    if day is None:
        exceptions = after.get("exceptions", {})
        for other in exceptions:
            if _differs(after, other) and events.span(after, other)[0] > post.tenant.clock.now():
                letters.request(post, "update", after, other, _asked(after, other).values(), update)
        _cancel_days(post, before, [other for other in before.get("exceptions", ()) if other not in exceptions], "")


def _cancel_days(post: Post, event: Json, days: Collection[str], comment: str) -> None:
    """Tell those who were asked to some days only that these are cancelled."""
    everyday = _asked(event, None)
    for day in days:
        extra = [one for address, one in _asked(event, day).items() if address not in everyday]
        letters.cancellation(post, event, day, extra, comment)


def _is_organized(event: Json) -> bool:
    """Whether the event is its owner's own, with others asked to it or to some days of it."""
    if not event.get("isOrganizer", True):
        return False
    return bool(event.get("attendees")) or any("attendees" in exception for exception in event.get("exceptions", {}).values())


def _differs(event: Json, day: str) -> bool:
    """Whether a day of a series was changed, and not only answered."""
    return copies.letter(event, day) != copies.letter({**event, "exceptions": {}}, day)


def _asked(event: Json, day: str | None) -> dict[str, Json]:
    """Who is asked to an event (or to one day of it), by address; the organizer is not."""
    organizer: str = event["organizer"]["emailAddress"]["address"].lower()
    attendees = tracking.by_address(events.view(event, day)["attendees"])
    return {address: attendee for address, attendee in attendees.items() if address != organizer}
