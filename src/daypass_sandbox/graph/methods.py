"""What is said to a method that a path does not take, and to one that Graph takes there and this sandbox does not build.

Which methods a path has is in Graph's published contract (its OpenAPI description): of the paths that the sandbox serves it has all but
those named here. The refusal has the words in which Graph refuses methods (405 `Request_BadRequest`), and the header that RFC 9110,
section 15.5.6, asks for.
"""

from __future__ import annotations

from collections.abc import Collection

from ..routes import Fault

_TASK = "/users/{user_id}/todo/lists/{list_id}/tasks/{task_id}"
_OF_ALL_KINDS = ("getByIds", "validateProperties", "getUserOwnedObjects", "getAvailableExtensionProperties")

# Method and template, of paths that are served with other methods, or that look like them.
NOT_BUILT: tuple[tuple[str, str], ...] = (
    ("PATCH", f"{_TASK}/attachmentSessions/{{session_id}}"),
    ("DELETE", f"{_TASK}/attachmentSessions/{{session_id}}/content"),
    ("PUT", f"{_TASK}/attachments/{{file_id}}/$value"),
    ("DELETE", f"{_TASK}/attachments/{{file_id}}/$value"),
    ("POST", "/organization"),
    *(("POST", f"/{kind}/{action}") for kind in ("users", "groups", "applications", "servicePrincipals") for action in _OF_ALL_KINDS),
)


def not_allowed(taken: Collection[str]) -> Fault:
    """The refusal of a method where only these are taken."""
    message = "Specified HTTP method is not allowed for the request target."
    return Fault(405, "Request_BadRequest", message, {"allow": ", ".join(sorted(taken))})
