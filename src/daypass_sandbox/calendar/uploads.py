"""Attaching large files in pieces: a session is made through Graph, and takes the pieces at an address of its own.

Into somebody else's mailbox nobody uploads (a known issue: concepts/outlook-large-attachments); only an app by itself may, in any.
That address needs no token: it bears one, is good until the session expires, and is Outlook's and not Graph's. It tells where to
go on (GET), takes the next piece (PUT) and forgets all (DELETE). Pieces come in order. When the last is there the file is attached.

Pages: concepts/outlook-large-attachments, api/attachment-createuploadsession; a file that is none is refused as in
microsoft-graph-docs-contrib issue 710. What they do not say: the life of a session (its example shows more than an hour), and how a
piece out of order is refused.
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from daypass.wire import Response

from ..graph import odata, payload
from ..graph.payload import FLAG, TEXT
from ..graph.permissions import WRITE_CALENDARS
from ..routes import Call, Fault, Route, access_denied, not_found, reply
from . import attached, attachments, events
from .access import everywhere, found_to_write
from .mailbox import Mailbox, open_mailbox

Json = dict[str, Any]

LIFE_SECONDS = 2 * 3600
LARGEST_FILE = 150 * 1024 * 1024  # bytes
LARGEST_PIECE = 4 * 1024 * 1024  # bytes
SHAPE: dict[str, Any] = {
    "AttachmentItem": {
        "attachmentType": ("file", "item", "reference"),
        "name": TEXT,
        "size": payload.WHOLE,
        "contentType": TEXT,
        "isInline": FLAG,
        "contentId": TEXT,
    }
}
_RANGE = re.compile(r"bytes (\d{1,10})-(\d{1,10})/(\d{1,10})")
_KEYED = re.compile(r"\w+\('(.*)'\)")


# --- through Graph -----------------------------------------------------------------------------------------------


def create_session(call: Call) -> Response:
    """A new session for a file of 3 to 150 MB."""
    odata.allow(call)
    given: Json = payload.read(call.json(), SHAPE, "createUploadSession").get("AttachmentItem") or {}
    box, event, _ = found_to_write(call)
    if not call.caller.is_app and call.caller.user_id != box.owner_id:
        raise access_denied()
    _check_item(given)
    session_id, now = call.tenant.new_id("attachmentSession"), call.tenant.clock.now()
    session: Json = {
        **given,
        "event": call.path["event_id"],
        "token": call.tenant.new_id("uti"),
        "expires": now + LIFE_SECONDS,
        "pieces": [],
    }
    sessions: Json = box.state.setdefault("uploads", {})
    for old in [old for old, other in sessions.items() if other["expires"] <= now]:
        del sessions[old]
    sessions[session_id] = session
    place = f"{_event_url(call.root, box.owner_id, call.tenant.state.tenant_id, event['id'])}/AttachmentSessions('{session_id}')"
    resource = {
        "@odata.context": f"{odata.service_root(call)}/$metadata#microsoft.graph.uploadSession",
        "uploadUrl": f"{place}?authtoken={session['token']}",
        "expirationDateTime": events.timestamp(session["expires"]),
        "nextExpectedRanges": ["0-"],
    }
    return odata.answer(call, 201, resource)


def _check_item(item: Json) -> None:
    if item.get("attachmentType") in ("item", "reference"):
        message = "Unsupported Attachment type specified. Only File attachments can be uploaded using an Upload Session."
        raise Fault(405, "ErrorAttachmentSessionIsSupportedOnlyForFileAttachments", message)
    if not item.get("attachmentType") or not item.get("name") or item.get("size") is None:
        raise Fault(400, "ErrorInvalidRequest", "Your request can't be completed. An attachmentType, a name and a size are required.")
    if item["size"] < attached.SMALLEST_UPLOAD:
        message = f"The size of the file must not be less than {attached.SMALLEST_UPLOAD} bytes."
        raise Fault(400, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize", message)
    if item["size"] > LARGEST_FILE:
        raise Fault(400, "ErrorAttachmentSizeLimitExceeded", f"The size of the file must not exceed {LARGEST_FILE} bytes.")


def _event_url(root: str, user_id: str, tenant_id: str, event_id: str) -> str:
    return f"{root}/api/v2.0/Users('{user_id}@{tenant_id}')/Events('{quote(event_id, safe='=')}')"


# --- at the session's own address --------------------------------------------------------------------------------


def get_progress(call: Call) -> Response:
    """Where to go on."""
    _, session, _ = _session(call)
    return _progress(call, session)


def put_piece(call: Call) -> Response:
    """Take the next piece; the last one answers where the attachment is (201)."""
    box, session, sessions = _session(call)
    received, size = _received(session), session["size"]
    stated = _RANGE.fullmatch(call.request.headers.get("content-range", ""))
    first, last, total = (int(part) for part in stated.groups()) if stated else (-1, -1, -1)
    if total != size or last >= size or last - first + 1 != len(call.request.body) or not len(call.request.body) <= LARGEST_PIECE:
        message = f"The Content-Range must be 'bytes first-last/{size}' for the bytes that are sent, {LARGEST_PIECE} at most."
        raise Fault(400, "ErrorInvalidRange", message)
    if first != received:
        raise Fault(416, "ErrorInvalidRange", f"The bytes of a file come in order: the next one is {received}.")
    session["pieces"].append(base64.b64encode(call.request.body).decode())
    if _received(session) < size:
        return _progress(call, session)
    sessions.pop(_key(call.path["session"]))
    return Response(201, {"location": _finish(call, box, session), "content-length": "0"})


def cancel(call: Call) -> Response:
    """Forget the session and what came of the file."""
    _, _, sessions = _session(call)
    del sessions[_key(call.path["session"])]
    return Response(204)


def _session(call: Call) -> tuple[Mailbox, Json, Json]:
    """The mailbox, the session of the path, and all of the mailbox; Fault 401 without its token, 404 when it is no more."""
    owner = _key(call.path["user"]).partition("@")[0]
    box = open_mailbox(call.tenant, owner) if owner in call.tenant.state.mailboxes else None
    sessions: Json = box.state.get("uploads", {}) if box else {}
    session: Json | None = sessions.get(_key(call.path["session"]))
    if session is None or box is None or session["expires"] <= call.tenant.clock.now():
        raise not_found()
    if not hmac.compare_digest(call.query.get("authtoken", "").encode(), session["token"].encode()):
        raise Fault(401, "InvalidAuthenticationToken", "The token of the upload session is missing or wrong.")
    return box, session, sessions


def _finish(call: Call, box: Mailbox, session: Json) -> str:
    """Attach the whole file, and say where it is."""
    owner = _key(call.path["user"]).partition("@")[0]
    content = b"".join(base64.b64decode(piece) for piece in session["pieces"])
    file: Json = {"kind": "fileAttachment", "name": session["name"], "isInline": session.get("isInline") or False}
    file |= attached.file_of(session["name"], session.get("contentType"), content)
    file |= {"contentId": session.get("contentId"), "id": call.tenant.new_id("attachment")}
    file["lastModifiedDateTime"] = events.timestamp(call.tenant.clock.now(), 0)
    attachments.attach(replace(call, path={"user_id": owner, "event_id": session["event"]}), box, file)
    event, day = box.find(session["event"])
    event_id = events.view(event, day)["id"]
    place = _event_url(call.root, owner, call.tenant.state.tenant_id, event_id)
    return f"{place}/Attachments('{attached.id_of(file, event_id)}')"


def _progress(call: Call, session: Json) -> Response:
    fragment = urlsplit(call.request.url).path.partition("/api/v2.0/")[2].rpartition("/")[0]
    return reply(
        200,
        {
            "@odata.context": f"{call.root}/api/v2.0/$metadata#{fragment}/AttachmentSessions/$entity",
            "ExpirationDateTime": events.timestamp(session["expires"]),
            "nextExpectedRanges": [str(_received(session))],
        },
    )


def _received(session: Json) -> int:
    """How many bytes are there."""
    return sum(len(piece) * 3 // 4 - piece.count("=", -2) for piece in session["pieces"])


def _key(segment: str) -> str:
    """What stands between the quotes of a segment such as `AttachmentSessions('…')`."""
    found = _KEYED.fullmatch(segment)
    return found[1] if found else ""


_SOURCE = "documentation: api/attachment-createuploadsession, concepts/outlook-large-attachments"
_ADDRESS = "/api/v2.0/{user}/{event}/{session}"
ROUTES = [*everywhere("POST", "/events/{event_id}/attachments/createUploadSession", create_session, WRITE_CALENDARS, _SOURCE)]
OUTLOOK_ROUTES = [
    Route("GET", _ADDRESS, get_progress, None, f"{_SOURCE} (progress: as uploads to OneDrive tell it)"),
    Route("PUT", _ADDRESS, put_piece, None, _SOURCE),
    Route("DELETE", _ADDRESS, cancel, None, _SOURCE),
]
