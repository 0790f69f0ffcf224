"""The messages that meetings send: requests, updates, cancellations, answers, forwards, in Graph's words, for the outbox.

Who writes in somebody's calendar sends in their name: `from` is the owner, `sender` the writer.

Sources: resources/eventmessage, resources/eventmessagerequest, resources/eventmessageresponse; the subjects' beginnings as in
concepts/outlook-calendar-meeting-proposals and concepts/outlook-create-event-in-shared-delegated-calendar.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .. import outbox
from ..directory import people
from . import bodies, delegates, events, resources
from .invitees import Invitees
from .sharing import PRIVATE

if TYPE_CHECKING:
    from ..tenant import Tenant

Json = dict[str, Any]

ANSWERS = {  # the beginning of the subject, and meetingMessageType (misspelt as Graph has it)
    "accepted": ("Accepted: ", "meetingAccepted"),
    "tentativelyAccepted": ("Tentative: ", "meetingTenativelyAccepted"),
    "declined": ("Declined: ", "meetingDeclined"),
}


@dataclass(frozen=True)
class Post:
    """The post of a tenant, and who takes letters to it: a user's id where somebody writes in the owner's name, else ""."""

    tenant: Tenant
    writer: str = ""

    @cached_property
    def invitees(self) -> Invitees:
        """Everybody's mailbox by address, as they are when the first letter is taken to the post."""
        return Invitees(self.tenant.state)

    def sender(self, owner: Mapping[str, Any]) -> Mapping[str, Any]:
        """The address that a letter in the name of `owner` (an emailAddress) is sent from."""
        return people.address_of(self.tenant.state, self.writer) if self.writer else owner


def request(post: Post, kind: str, event: Json, day: str | None, to: Iterable[Json], request_type: str) -> None:
    """An invitation or an update (`request_type` newMeetingRequest, fullUpdate, informationalUpdate) from the organizer."""
    seen = events.view(event, day)
    more = {
        "@odata.type": "#microsoft.graph.eventMessageRequest",
        "meetingMessageType": "meetingRequest",
        "meetingRequestType": request_type,
    }
    _send(post, kind, event, day, to, {**more, **_request(seen), "subject": seen["subject"], **_body(seen["body"])})


def cancellation(post: Post, event: Json, day: str | None, to: Iterable[Json], comment: str) -> None:
    """A cancellation from the organizer, with their comment."""
    seen = events.view(event, day)
    more = {"@odata.type": "#microsoft.graph.eventMessage", "meetingMessageType": "meetingCancelled", **_when(seen)}
    _send(post, "cancellation", event, day, to, {**more, "subject": f"Canceled: {seen['subject']}", **_commented(comment, seen)})


def response(post: Post, copy: Json, day: str | None, answer: Json, comment: str, subject: str | None) -> None:
    """An attendee's answer to the organizer: the attendee with their `status`, and a `proposedNewTime` if they propose one.

    `subject` is the meeting's, None for that of the copy.
    """
    seen, given = events.view(copy, day), answer["status"]["response"]
    beginning, message_type = ANSWERS[given]
    proposal = {"proposedNewTime": answer["proposedNewTime"]} if "proposedNewTime" in answer else {}
    more = {"@odata.type": "#microsoft.graph.eventMessageResponse", "meetingMessageType": message_type, "responseType": given, **proposal}
    subject = f"{'New Time Proposed: ' if proposal else beginning}{seen['subject'] if subject is None else subject}"
    body = _body({"contentType": "text", "content": comment})
    _send(post, "response", copy, day, [seen["organizer"]], {**more, **_when(seen), "subject": subject, **body}, answer)


def forward(post: Post, event: Json, day: str | None, sender: Json, to: list[Json], comment: str) -> None:
    """A meeting request (or an appointment) that somebody passes on."""
    seen = events.view(event, day)
    meeting = seen["attendees"] or not seen["isOrganizer"]
    more = {"@odata.type": "#microsoft.graph.message"}
    if meeting:
        more = {"@odata.type": "#microsoft.graph.eventMessageRequest", "meetingMessageType": "meetingRequest", **_request(seen)}
    _send(post, "forward", event, day, to, {**more, "subject": f"FW: {seen['subject']}", **_commented(comment, seen)}, sender)


def forward_notification(post: Post, event: Json, day: str | None, sender: Json, to: Iterable[Json]) -> None:
    """What tells the organizer that somebody passed their meeting on, and to whom."""
    seen = events.view(event, day)
    names = "; ".join(one["emailAddress"]["name"] for one in to)
    body = _body({"contentType": "text", "content": f"Your meeting was forwarded to: {names}"})
    more = {"@odata.type": "#microsoft.graph.eventMessage", "meetingMessageType": "none", **_when(seen)}
    subject = f"Meeting Forward Notification: {seen['subject']}"
    _send(post, "forwardNotification", event, day, [seen["organizer"]], {**more, "subject": subject, **body}, sender)


def _send(
    post: Post, kind: str, event: Json, day: str | None, to: Iterable[Mapping[str, Any]], message: Json, sender: Json | None = None
) -> None:
    receivers = [{"emailAddress": one["emailAddress"]} for one in to]
    if not receivers:
        return
    writer = sender or event["organizer"]
    about = {
        "from": {"emailAddress": writer["emailAddress"]},
        "sender": {"emailAddress": post.sender(writer["emailAddress"])},
        "toRecipients": receivers,
        "importance": event.get("importance", "normal"),
        "eventId": events.occurrence_id(event["id"], day) if day else event["id"],
        "iCalUId": resources.global_id(event["uid"], day or event.get("instanceDay")),
    }
    if "meetingMessageType" in message:  # an appointment that somebody passes on is plain mail
        about["deliveredTo"] = delegates.receivers(
            post.tenant.state, post.invitees, receivers, private=_is_private(events.view(event, day))
        )
    outbox.send(post.tenant, kind, {**message, **about})


def _is_private(seen: Mapping[str, Any]) -> bool:
    """Whether a meeting is private by its organizer's event or by the copy; an attendee may have made their copy a plain one."""
    return seen["sensitivity"] in PRIVATE or seen.get("intendedSensitivity") in PRIVATE


def _when(seen: Json) -> Json:
    return {
        "startDateTime": seen["start"],
        "endDateTime": seen["end"],
        "location": seen["location"],
        "type": seen["type"],
        "recurrence": seen["recurrence"],
        "isAllDay": seen["isAllDay"],
    }


def _request(seen: Json) -> Json:
    return {**_when(seen), "responseRequested": seen["responseRequested"], "allowNewTimeProposals": seen["allowNewTimeProposals"]}


def _body(body: Mapping[str, str]) -> Json:
    return {"body": dict(body), "bodyPreview": bodies.preview(body)}


def _commented(comment: str, seen: Json) -> Json:
    """The event's body below a comment."""
    if not comment:
        return _body(seen["body"])
    above = bodies.as_html({"contentType": "text", "content": comment})
    return _body({"contentType": "html", "content": f"<p>{above}</p>{bodies.as_html(seen['body'])}"})
