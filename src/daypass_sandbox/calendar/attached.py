"""What is attached to an event: files, Outlook items and links, as they are kept, as a client writes them and as Graph shows them.

Contents are kept as Base64. An attachment's id is its event's with a key of its own behind it, so that it has both forms of ids and
changes when its event moves. Its size counts the attachment's own properties too, by as many bytes as in the page's example.

Pages: api/event-post-attachments, resources/attachment and its kinds. What they do not say: how a wrong attachment is refused.
"""

from __future__ import annotations

import base64
import binascii
import mimetypes
import re
from collections.abc import Callable, Mapping
from typing import Any

from ..graph import payload
from ..graph.payload import ANYTHING, FLAG, INSTANT, TEXT, WHOLE, read_only
from ..routes import Fault

Json = dict[str, Any]

SMALLEST_UPLOAD = 3 * 1024 * 1024  # bytes; smaller files are posted as they are, others are uploaded in a session
OVERHEAD = 158  # bytes of an attachment besides its content
MARK = "ABEgAQ"  # what parts the event's id from the attachment's key
_BASE: Json = {
    "name": TEXT,
    "contentType": TEXT,
    "isInline": FLAG,
    **read_only(TEXT, "id"),
    **read_only(INSTANT, "lastModifiedDateTime"),
    **read_only(WHOLE, "size"),
}
SHAPES: dict[str, Json] = {
    "fileAttachment": {**_BASE, "contentBytes": TEXT, "contentId": TEXT, "contentLocation": TEXT},
    "itemAttachment": {**_BASE, "item": ANYTHING},
    "referenceAttachment": _BASE,
}
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(?:\s*;[\x20-\x7e]*)?", re.ASCII)
ITEMS = ("event", "message", "contact")
_TYPES = mimetypes.MimeTypes()  # the built-in table alone, whatever the machine knows besides


def media_type(told: str) -> str:
    """The type of a file as a header may bear it: what a client said, if that is one."""
    return told if _MEDIA_TYPE.fullmatch(told) else "application/octet-stream"


def read(value: Any, read_event: Callable[[Any], Json]) -> Json:
    """A client's attachment in the form that is kept, without id and time; `read_event` reads an event that is attached.

    Fault 400 `RequestBodyRead` for what is no attachment, 413 for a file that is too large to be posted at once.
    """
    kind = _kind(value, SHAPES)
    given = payload.read(value, SHAPES[kind], kind)
    if not given.get("name"):
        raise Fault(400, "ErrorPropertyValidationFailure", "At least one property failed validation. (an attachment needs a name)")
    kept: Json = {"kind": kind, "contentType": None, "isInline": False, **payload.without_nulls(given)}
    if kind == "fileAttachment":
        return {**kept, **file_of(kept["name"], kept["contentType"], content_of(given.get("contentBytes")))}
    if kind == "itemAttachment":
        return {**kept, "item": _item(given.get("item"), read_event)}
    return kept


def file_of(name: str, content_type: str | None, content: bytes) -> Json:
    """What follows from the content of a file and its name."""
    guessed = content_type or _TYPES.guess_type(name)[0] or "application/octet-stream"
    return {"contentType": guessed, "contentBytes": base64.b64encode(content).decode()}


def content_of(text: str | None) -> bytes:
    """The bytes of a file that is posted; Fault 400 when they are none, 413 when they are too many."""
    if text is None:
        raise Fault(
            400, "ErrorPropertyValidationFailure", "At least one property failed validation. (a file attachment needs contentBytes)"
        )
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Fault(400, "RequestBodyRead", f"Cannot convert the literal '{text[:40]}' to the expected type 'Edm.Binary'.") from None
    if len(content) >= SMALLEST_UPLOAD:
        raise Fault(413, "BadRequest", "Maximum request length exceeded.")
    return content


def shown(attachment: Mapping[str, Any], event_id: str) -> Json:
    """An attachment as a Graph resource, an attached item left out; `event_id` is its event's in the form that is wanted."""
    kind: str = attachment["kind"]
    resource: Json = {"@odata.type": f"#microsoft.graph.{kind}"}
    if kind == "fileAttachment":
        resource["@odata.mediaContentType"] = attachment["contentType"]
    resource |= {
        "id": id_of(attachment, event_id),
        "lastModifiedDateTime": attachment["lastModifiedDateTime"],
        "name": attachment["name"],
        "contentType": attachment["contentType"],
        "size": OVERHEAD + _length(attachment),
        "isInline": attachment["isInline"],
    }
    if kind == "fileAttachment":
        resource |= {name: attachment.get(name) for name in ("contentId", "contentLocation", "contentBytes")}
    return resource


def id_of(attachment: Mapping[str, Any], event_id: str) -> str:
    """The id of an attachment of the event with this id."""
    return f"{event_id.rstrip('=')}{MARK}{attachment['id']}="


def key_of(attachment_id: str) -> str:
    """The key that an attachment's id ends with."""
    return attachment_id.rpartition(MARK)[2].rstrip("=")


def visible(attachments: list[Json]) -> bool:
    """Whether an event with these says that it has attachments: pictures within its body do not count."""
    return any(not attachment["isInline"] for attachment in attachments)


def _kind(value: Any, known: Mapping[str, Any]) -> str:
    """Which of the types an object says it is: `#microsoft.graph.fileAttachment` in any of its spellings."""
    named: Any = value.get("@odata.type") if isinstance(value, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    last = str(named or "").rpartition(".")[2].lower()  # pyright: ignore[reportUnknownArgumentType]
    for kind in known:
        if kind.lower() == last:
            return kind
    raise Fault(400, "RequestBodyRead", f"The type '{named or ''}' is not one of {', '.join(known)}; say which in @odata.type.")


def _item(value: Any, read_event: Callable[[Any], Json]) -> Json:
    kind = _kind(value, dict.fromkeys(ITEMS))
    return {
        "kind": kind,
        "content": read_event(value) if kind == "event" else {name: part for name, part in value.items() if "@" not in name},
    }


def _length(attachment: Mapping[str, Any]) -> int:
    """The length of the content in bytes, told from its Base64."""
    text: str = attachment.get("contentBytes", "")
    return len(text) * 3 // 4 - text.count("=", -2) if text else len(str(attachment.get("item", "")))
