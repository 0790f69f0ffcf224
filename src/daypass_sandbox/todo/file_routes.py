"""Files attached to tasks over HTTP: small ones at once, larger ones in ranges by an upload session.

Facts: Graph's pages api/todotask-post-attachments, api/taskfileattachment-createuploadsession, concepts/todo-attachments; observed by
others (planetaryescape/ms-todo, spikes S14 and S16): bytes go to `…/content` with the token, a session cannot be asked where it stands, a
range that does not begin where the last one ended is refused, `size` is somewhat more than the bytes, and If-Match is ignored.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any
from urllib.parse import quote

from daypass.wire import Response

from ..calendar import attached, events
from ..calendar.access import owner_id
from ..graph import odata, payload
from ..graph.odata import Kind
from ..graph.permissions import READ_TASKS, WRITE_TASKS
from ..routes import Call, Fault, Route, not_found
from . import resources, shapes
from .box import TaskBox, invalid, open_box
from .list_routes import PAGE_SIZE
from .task_routes import TASK, found

Json = dict[str, Any]

FILES = TASK + "/attachments"
SESSIONS = TASK + "/attachmentSessions"
MOST_AT_ONCE = 3 * 1024 * 1024
MOST_IN_A_RANGE = 4 * 1024 * 1024
LARGEST_FILE = 25 * 1024 * 1024
WRAPPING_BYTES = 236  # by how much `size` exceeds the file (observed: 227 to 258)
SESSION_SECONDS = 2 * 3600
RANGE = re.compile(r"bytes (\d{1,12})-(\d{1,12})/(\d{1,12})")
FILE: Kind[Json] = Kind("taskFileAttachment", ("id", "name", "contentType", "size", "lastModifiedDateTime"), ("contentBytes",))


def list_files(call: Call) -> Response:
    """The files of a task, without their bytes."""
    shown = [_shown(file) for file in found(call, open_box(call))["files"].values()]
    return odata.listing(call, _place(call), FILE, shown, size=PAGE_SIZE)


def count_files(call: Call) -> Response:
    """How many files a task has."""
    return odata.counted(call, FILE, list(found(call, open_box(call))["files"].values()))


def create_file(call: Call) -> Response:
    """Attach a file below 3 MB."""
    odata.allow(call)
    box = open_box(call)
    task, given = found(call, box), payload.read(call.json(), shapes.FILE, "taskFileAttachment")
    if not given.get("name") or given.get("contentBytes") is None:
        raise invalid("Invalid request", "ErrorRequiredPropertyMissing", "Required property is missing: name and contentBytes.")
    content = _decoded(given["contentBytes"])
    if len(content) >= MOST_AT_ONCE:
        raise Fault(413, "ErrorMessageSizeExceeded", "The size of an attachment must be below 3 MB; a larger one takes an upload session.")
    file = _attach(call, box, task, given["name"], given.get("contentType") or "application/octet-stream", content)
    answer = odata.entity(call, 201, _place(call), {**_shown(file), "contentBytes": file["content"]})
    return answer.replace(headers={**answer.headers, "location": _address(call, "attachments", file["id"])})


def get_file(call: Call) -> Response:
    """One file with its bytes."""
    odata.allow(call, "$select")
    file = _found(call)
    select = odata.selected(call, FILE.selectable, FILE.name)
    whole = {**_shown(file), "contentBytes": file["content"]}
    return odata.entity(call, 200, _place(call), whole if select is None else odata.chosen(FILE, whole, select))


def get_bytes(call: Call) -> Response:
    """The bytes of a file."""
    odata.allow(call)
    file = _found(call)
    return Response(200, {"content-type": attached.media_type(file["contentType"])}, base64.b64decode(file["content"]))


def delete_file(call: Call) -> Response:
    """Take a file away."""
    odata.allow(call)
    box = open_box(call)
    task, file = found(call, box), _found(call)
    box.put_task(call.path["list_id"], {**task, "files": {k: other for k, other in task["files"].items() if k != file["id"]}})
    return Response(204)


def create_session(call: Call) -> Response:
    """Begin to upload a file of up to 25 MB."""
    odata.allow(call)
    box = open_box(call)
    task = found(call, box)
    info: Json = payload.read(call.json(), shapes.UPLOAD, "attachmentInfo").get("attachmentInfo") or {}
    if info.get("attachmentType") != "file" or not info.get("name") or not 0 < (info.get("size") or 0) <= LARGEST_FILE:
        reason = f"attachmentInfo needs the attachmentType file, a name, and a size of 1 to {LARGEST_FILE} bytes."
        raise invalid("Invalid request", "ErrorInvalidRequest", reason)
    session_id = call.tenant.new_id("session")
    expires = call.tenant.clock.now() + SESSION_SECONDS
    kept: Json = {"task": task["id"], "name": info["name"], "size": info["size"], "expires_at": expires, "ranges": [], "received": 0}
    box.state["sessions"][session_id] = {**kept, "contentType": info.get("contentType") or "application/octet-stream"}
    body: Json = {
        "@odata.context": f"{odata.service_root(call)}/$metadata#microsoft.graph.uploadSession",
        "uploadUrl": _address(call, "attachmentSessions", session_id),
        "expirationDateTime": events.timestamp(expires),
        "nextExpectedRanges": ["0-"],
    }
    return odata.answer(call, 201, body)


def put_range(call: Call) -> Response:
    """Take the next range of a file; the last one makes the attachment."""
    odata.allow(call)
    box = open_box(call)
    task, session = found(call, box), _session(call, box)
    start = _checked_range(call, session)
    session["ranges"].append(base64.b64encode(call.request.body).decode())
    session["received"] = start + len(call.request.body)
    if session["received"] < session["size"]:
        told = {"expirationDateTime": events.timestamp(session["expires_at"]), "nextExpectedRanges": [str(session["received"])]}
        return odata.answer(call, 200, told)
    del box.state["sessions"][call.path["session_id"]]
    content = b"".join(base64.b64decode(part) for part in session["ranges"])
    file = _attach(call, box, task, session["name"], session["contentType"], content)
    return Response(201, {"location": _address(call, "attachments", file["id"])})


def cancel_session(call: Call) -> Response:
    """Give an upload up."""
    odata.allow(call)
    box = open_box(call)
    _session(call, box)
    del box.state["sessions"][call.path["session_id"]]
    return Response(204)


def ask_session(call: Call) -> Response:
    """A session does not tell where it stands (observed by others), nor whether there is one."""
    found(call, open_box(call))
    raise Fault(404, "UnknownError", "")


def _checked_range(call: Call, session: Json) -> int:
    """Where the range of the request begins; Fault 400 `InvalidStart` unless that is where the last one ended."""
    found_range = RANGE.fullmatch(call.request.headers.get("content-range", "").strip())
    size = len(call.request.body)
    if size > MOST_IN_A_RANGE:
        raise Fault(413, "ErrorMessageSizeExceeded", "A range of a file can have at most 4 MB.")
    if found_range is None:
        raise invalid("Invalid request", "InvalidContentRange", "Content-Range must be of the form bytes {start}-{end}/{total}.")
    start, end, total = (int(number) for number in found_range.groups())
    if start != session["received"]:
        raise invalid("Invalid request", "InvalidStart")
    if end - start + 1 != size or total != session["size"] or end >= total:
        raise invalid("Invalid request", "InvalidContentRange", "Content-Range does not fit the bytes, or the size of the file.")
    return start


def _attach(call: Call, box: TaskBox, task: Json, name: str, content_type: str, content: bytes) -> Json:
    file: Json = {
        "id": call.tenant.new_id("attachment"),
        "name": name,
        "contentType": content_type,
        "size": len(content) + WRAPPING_BYTES,
        "lastModifiedDateTime": events.timestamp(call.tenant.clock.now(), 0),
        "content": base64.b64encode(content).decode(),
    }
    box.put_task(call.path["list_id"], {**task, "files": {**task["files"], file["id"]: file}})
    return file


def _shown(file: Json) -> Json:
    told = {name: file[name] for name in ("id", "lastModifiedDateTime", "name", "contentType", "size")}
    return {"@odata.type": "#microsoft.graph.taskFileAttachment", **told}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Fault(400, "RequestBodyRead", "Cannot convert the value of contentBytes to the expected type 'Edm.Binary'.") from None


def _found(call: Call) -> Json:
    files: dict[str, Json] = found(call, open_box(call))["files"]
    if call.path["file_id"] not in files:
        raise not_found()
    return files[call.path["file_id"]]


def _session(call: Call, box: TaskBox) -> Json:
    session = box.state["sessions"].get(call.path["session_id"])
    if session is None or session["task"] != call.path["task_id"] or call.tenant.clock.now() >= session["expires_at"]:
        raise Fault(404, "UnknownError", "")
    return session


def _address(call: Call, what: str, item_id: str) -> str:
    list_id, task_id = (quote(call.path[name], safe="=") for name in ("list_id", "task_id"))
    return f"{odata.service_root(call)}/users/{owner_id(call)}/todo/lists/{list_id}/tasks/{task_id}/{what}/{quote(item_id, safe='=')}"


def _place(call: Call) -> str:
    return f"{resources.task_place(call, call.path['list_id'], call.path['task_id'])}/attachments"


_SESSION = "documentation: concepts/todo-attachments"
ROUTES = [
    Route("GET", FILES, list_files, READ_TASKS, "documentation: api/todotask-list-attachments"),
    Route("GET", FILES + "/$count", count_files, READ_TASKS, "documentation: msgraph-sdk"),
    Route("POST", FILES, create_file, WRITE_TASKS, "documentation: api/todotask-post-attachments"),
    Route("POST", FILES + "/createUploadSession", create_session, WRITE_TASKS, "documentation: api/taskfileattachment-createuploadsession"),
    Route("GET", FILES + "/{file_id}", get_file, READ_TASKS, "documentation: api/taskfileattachment-get"),
    Route("GET", FILES + "/{file_id}/$value", get_bytes, READ_TASKS, "documentation: api/taskfileattachment-get"),
    Route("DELETE", FILES + "/{file_id}", delete_file, WRITE_TASKS, "documentation: api/taskfileattachment-delete"),
    Route("PUT", SESSIONS + "/{session_id}/content", put_range, WRITE_TASKS, f"{_SESSION}; ranges observed by others", takes=""),
    Route("DELETE", SESSIONS + "/{session_id}", cancel_session, WRITE_TASKS, _SESSION),
    Route("GET", SESSIONS + "/{session_id}", ask_session, READ_TASKS, "observed by others"),
    Route("GET", SESSIONS + "/{session_id}/content", ask_session, READ_TASKS, "observed by others"),
]
