"""Sending mail: `sendMail`, as JSON or as MIME, into the outbox.

Facts: api/user-sendmail, resources/message. Other refusals as observed: no or bad recipients (php-connect-sample issues 10 and 13),
a sender who is somebody else (`ErrorSendAsDenied`), own headers that do not begin with `x-` (`InvalidInternetMessageHeader`).
"""

from __future__ import annotations

import base64
import binascii
import email
import email.policy
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any

from daypass.wire import Response

from .. import outbox
from ..calendar import bodies, events, shapes
from ..calendar.access import USER, owner, owner_id
from ..directory import people
from ..graph import odata, payload
from ..graph.payload import FLAG, TEXT, WHOLE, read_only
from ..graph.permissions import SEND_MAIL
from ..routes import Call, Fault, Route
from .mailboxes import own_mailbox

Json = dict[str, Any]

ATTACHMENT: Json = {
    "name": TEXT,
    "contentType": TEXT,
    "contentBytes": TEXT,
    "contentId": TEXT,
    "isInline": FLAG,
    **read_only(WHOLE, "size"),
}
FLAGGED: Json = {
    "flagStatus": ("notFlagged", "complete", "flagged"),
    **dict.fromkeys(("startDateTime", "dueDateTime", "completedDateTime"), shapes.TIME),
}
MESSAGE: Json = {
    "subject": TEXT,
    "body": {"contentType": ("text", "html"), "content": TEXT},
    **{name: [shapes.RECIPIENT] for name in (*outbox.RECEIVERS, "replyTo")},
    "from": shapes.RECIPIENT,
    "sender": shapes.RECIPIENT,
    "importance": ("low", "normal", "high"),
    "categories": [TEXT],
    "internetMessageHeaders": [{"name": TEXT, "value": TEXT}],
    "attachments": [ATTACHMENT],
    "flag": FLAGGED,
    "isDeliveryReceiptRequested": FLAG,
    "isReadReceiptRequested": FLAG,
    **read_only(TEXT, "id", "bodyPreview", "conversationId", "inferenceClassification"),
    **read_only(FLAG, "hasAttachments", "isDraft", "isRead"),
}


def send_mail(call: Call) -> Response:
    """Send a message: JSON with `message` and `saveToSentItems`, or MIME in Base64 as `text/plain`."""
    odata.allow(call)
    own_mailbox(call)
    mime = call.request.headers.get("content-type", "").lower().startswith("text/plain")
    given = {"message": _of_mime(call.request.body)} if mime else _of_json(call)
    message: Json = {**given["message"], **{name: _named(call, given["message"].get(name) or []) for name in outbox.RECEIVERS}}
    if not any(message[name] for name in outbox.RECEIVERS):
        message_text = "At least one recipient isn't valid., A message can't be sent because it contains no recipients."
        raise Fault(400, "ErrorInvalidRecipients", message_text)
    sender = {"emailAddress": people.address_of(call.tenant.state, owner_id(call))}
    body: Json = {"contentType": "text", "content": "", **payload.without_nulls(message.get("body"))}
    kept = {
        "@odata.type": "#microsoft.graph.message",
        **message,
        "subject": message.get("subject") or "",
        "body": body,
        "bodyPreview": bodies.preview(body),
        "importance": message.get("importance") or "normal",
        "hasAttachments": bool(message.get("attachments")),
        "from": _allowed(call, message.get("from")) or sender,
        "sender": sender,
        "savedToSentItems": given.get("saveToSentItems") is not False,
    }
    outbox.send(call.tenant, "mail", kept)
    return Response(202)


def _of_json(call: Call) -> Json:
    given = payload.read(call.json(), {"message": MESSAGE, "saveToSentItems": FLAG}, "message")
    message: Json | None = given.get("message")
    if message is None:
        raise Fault(400, "ErrorInvalidParameter", "The parameter 'Message' is required.")
    for header in _items(message, "internetMessageHeaders"):
        name = header.get("name") or ""
        if not name.lower().startswith("x-"):
            said = f"The internet message header name '{name}' should start with 'x-' or 'X-'."
            raise Fault(400, "InvalidInternetMessageHeader", said)
    for attachment in _items(message, "attachments"):
        _decoded(attachment.get("contentBytes") or "", "RequestBodyRead", "The value of 'contentBytes' is not valid Base64.")
    return given


def _items(message: Json, name: str) -> list[Json]:
    return [item for item in message.get(name) or () if item]


def _of_mime(body: bytes) -> Json:
    """A message in the form of Graph's JSON from one in MIME."""
    raw = _decoded(body.decode("ascii", "replace"), "ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content.")
    read = email.message_from_bytes(raw, policy=email.policy.default)
    text = read.get_body(("html", "plain"))
    message: Json = {"subject": str(read.get("subject", "")), "attachments": [_attached(part) for part in read.iter_attachments()]}
    if text is not None:
        message["body"] = {"contentType": "html" if text.get_content_subtype() == "html" else "text", "content": text.get_content()}
    for name, header in (
        ("toRecipients", "to"),
        ("ccRecipients", "cc"),
        ("bccRecipients", "bcc"),
        ("replyTo", "reply-to"),
        ("from", "from"),
    ):
        pairs = getaddresses([str(value) for value in read.get_all(header, [])])
        message[name] = [{"emailAddress": {"name": shown or None, "address": address}} for shown, address in pairs]
    message["from"] = message["from"][0] if message["from"] else None
    return message


def _attached(part: EmailMessage) -> Json:
    content = part.get_payload(decode=True)
    coded = base64.b64encode(content).decode() if isinstance(content, bytes) else ""
    return {"name": part.get_filename() or "", "contentType": part.get_content_type(), "contentBytes": coded}


def _decoded(text: str, code: str, refusal: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Fault(400, code, refusal) from None


def _named(call: Call, given: list[Json | None]) -> list[Json]:
    """Recipients, with their names from the directory where none were given; each must have an address."""
    named = events.invited(given, (), lambda address: people.display_name(call.tenant.state.users, address))
    return [{"emailAddress": one["emailAddress"]} for one in named]


def _allowed(call: Call, sender: Json | None) -> Json | None:
    """The sender that a client names, who must be the mailbox's owner: nobody has the right to send as somebody else here."""
    if not sender:
        return None
    named: Json = sender.get("emailAddress") or {}
    address = (named.get("address") or "").lower()
    user = owner(call)
    if address not in (str(user.get("mail")).lower(), str(user.get("userPrincipalName")).lower()):
        right = (
            "The user account which was used to submit this request does not have the right to send mail on behalf of the specified sending"
        )
        raise Fault(403, "ErrorSendAsDenied", f"{right} account., Cannot submit message.")
    return {"emailAddress": people.address_of(call.tenant.state, owner_id(call))}


_SOURCE = "documentation: api/user-sendmail; refusals observed by others"
ROUTES = [Route("POST", f"{USER}/sendMail", send_mail, SEND_MAIL, _SOURCE, takes="json text/plain")]
