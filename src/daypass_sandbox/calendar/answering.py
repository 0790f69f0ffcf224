"""An attendee's answer: in their own copy, in the organizer's list of attendees, and as a message between the two.

Sources: api/event-accept, api/event-decline, api/event-tentativelyaccept; a declined copy leaves the calendar
(microsoft-graph-docs issue 2284), unless the quirk `preserveDeclinedMeetings` keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import quirks
from ..directory import people
from . import copies, events, letters, tracking
from .invitees import Invitees
from .letters import Post
from .mailbox import Mailbox, open_mailbox

if TYPE_CHECKING:
    from ..tenant import Tenant

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What an attendee says: `response` is accepted, tentativelyAccepted or declined; it is `told` to the organizer, or not.

    `subject` is the meeting's, where the attendee's copy has another.
    """

    response: str
    comment: str = ""
    told: bool = True
    proposal: Json | None = None
    subject: str | None = None


def give(post: Post, owner_id: str, box: Mailbox, copy: Json, day: str | None, answer: Answer) -> None:
    """The owner of a mailbox (or who may write in it) answers the meeting, or one day of a series, of which `copy` is in the `box`."""
    tenant, now = post.tenant, post.tenant.clock.now()
    _keep(tenant, box, copy, day, answer.response)
    if not answer.told:
        return
    sender = people.address_of(tenant.state, owner_id)
    status = {"response": answer.response, "time": events.timestamp(now)}
    attendee: Json = {"emailAddress": sender, "status": status, **({"proposedNewTime": answer.proposal} if answer.proposal else {})}
    letters.response(post, copy, day, attendee, answer.comment, answer.subject)
    invitees = Invitees(tenant.state)
    home = organizers(tenant, invitees, copy)
    if home:
        box, event = home
        day = day or copy.get("instanceDay")
        listed = _listed(invitees, owner_id, events.view(event, day)["attendees"])
        known = tracking.recorded(event, day, {**attendee, **listed}, now, copy.get("cancelled", ()))
        if known is not event:
            box.put(known)


def organizers(tenant: Tenant, invitees: Invitees, event: Json) -> tuple[Mailbox, Json] | None:
    """The organizer's mailbox and event of a meeting, given any copy; None when they are not of this tenant or the event is no more."""
    organizer_id = invitees.user_id(event["organizer"]["emailAddress"]["address"])
    if organizer_id is None or organizer_id not in tenant.state.mailboxes:
        return None
    box = open_mailbox(tenant, organizer_id)
    return next(((box, own) for own in box.of_meeting(event["uid"]) if own.get("isOrganizer", True)), None)


def _keep(tenant: Tenant, box: Mailbox, copy: Json, day: str | None, response: str) -> None:
    """Note the answer in the attendee's copy; what is declined goes."""
    now = tenant.clock.now()
    if response != "declined" or quirks.value(tenant.state, "preserveDeclinedMeetings"):
        box.put(copies.answered(copy, day, response, copies.Desk(tenant.new_id, now, copy["calendarId"])))
    else:
        box.delete(copy, day, now)


def _listed(invitees: Invitees, owner_id: str, attendees: list[Json]) -> Json:
    """How the organizer's list has somebody: by their `emailAddress`, or in a group, whose `type` is theirs; empty for a stranger."""
    behind = [attendee for attendee in attendees if owner_id in invitees.asked([attendee])]
    own = [attendee for attendee in behind if invitees.user_id(attendee["emailAddress"]["address"]) == owner_id]
    if own:
        return {"emailAddress": own[0]["emailAddress"]}
    return {"type": behind[0]["type"]} if behind else {}
