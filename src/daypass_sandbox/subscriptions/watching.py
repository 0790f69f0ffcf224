"""What can be watched, by which permission, for how long: the `resource` of a subscription.

Facts: Graph's pages api/subscription-post-subscriptions, concepts/change-notifications-overview,
concepts/outlook-change-notifications-overview and concepts/change-notifications-with-resource-data. Refusals are worded as others saw
them (issues microsoft-graph-docs 13548, 3436, 14948 and 2988, microsoft-graph-docs-contrib 4819, msgraph-sdk-javascript 1630).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from ..calendar import resources
from ..directory.people import resolve
from ..graph import paths
from ..graph.permissions import WATCH_EVENTS, WATCH_GROUPS, WATCH_TASKS, WATCH_USERS
from ..routes import Call, Fault, Permissions
from ..todo.box import TaskBox

CHANGES = ("created", "updated", "deleted")
OUTLOOK_QUOTA = 1000  # subscriptions on a mailbox, of all apps together
DIRECTORY_QUOTA = 100  # subscriptions on directory objects, of one app in a tenant
TENANT_QUOTA = 1000  # the same, of all apps
UNSUPPORTED_OPTIONS = (
    "$top, $skip, $orderby, $select=body,uniqueBody and $expand other than singleValueExtendedProperties,multiValueExtendedProperties "
    "are not supported in subscription resource Url."
)


@dataclass(frozen=True)
class Topic:
    """A kind of thing that can be watched.

    `minutes` is a subscription's longest life, `rich_minutes` the same when it is to carry data (0: it cannot); `changes` are those that
    are told, `events` the lifecycle notifications it knows.
    """

    type_name: str
    permissions: Permissions
    minutes: int
    rich_minutes: int = 0
    changes: tuple[str, ...] = CHANGES
    events: tuple[str, ...] = ("reauthorizationRequired",)
    in_mailbox: bool = False


EVENT = Topic(
    "event",
    WATCH_EVENTS,
    10_080,
    1_440,
    events=("reauthorizationRequired", "subscriptionRemoved", "missed"),
    in_mailbox=True,
)
TASK = Topic("todoTask", WATCH_TASKS, 4_230)
USER = Topic("user", WATCH_USERS, 41_760, changes=("updated", "deleted"))
GROUP = Topic("group", WATCH_GROUPS, 41_760, changes=("updated", "deleted"))
TOPICS = {topic.type_name: topic for topic in (EVENT, TASK, USER, GROUP)}
# Microsoft's service watches these as well; this tenant has none of them.
_NOT_BUILT = re.compile(
    r"(me|users/[^/]+)/(messages|contacts|mailfolders/.+|contactfolders/.+|drive/.+|chats/.+|onlinemeetings/.+)"
    r"|groups/[^/]+/(conversations|members|owners)"
    r"|(appcatalogs|chats|communications|copilot|drives|print|security|sites|solutions|teams|teamwork)(/.+)?",
    re.IGNORECASE,
)
_KEY = re.compile(r"\('?([^')]*)'?\)")  # of `mailFolders('Inbox')`
_LITERALS = frozenset({"users", "groups", "events", "todo", "lists", "tasks"})
_ID = r"[^/]+"
_PATHS = (
    (re.compile(rf"users/{_ID}/events", re.IGNORECASE), EVENT),
    (re.compile(rf"users/{_ID}/todo/lists/{_ID}/tasks", re.IGNORECASE), TASK),
    (re.compile(rf"users(/{_ID})?", re.IGNORECASE), USER),
    (re.compile(rf"groups(/{_ID})?", re.IGNORECASE), GROUP),
)


@dataclass(frozen=True)
class Watched:
    """What a subscription watches.

    `path` is that of the thing itself or of the collection whose items are watched, as `Change`s name them (`users/{id}/events`);
    `owner_id` the user whose mailbox it lies in ("" for the directory). `select` holds the properties that notifications carry,
    `condition` is what events must fulfil, `query` all the options as they were written.
    """

    topic: Topic
    path: str
    owner_id: str = ""
    select: tuple[str, ...] = ()
    condition: str = ""
    query: str = ""


def watched(call: Call, resource: str, *, rich: bool) -> Watched:
    """What the `resource` of a new subscription means for this caller.

    Fault 400 for what cannot be watched, 403 for another user's mailbox or without the permission, 404 for a user who is not there.
    """
    path, _, query = resource.partition("?")
    topic, canonical = _topic(call, path, resource)
    if not topic.permissions.admits(call.caller):
        raise refused(403, "Forbidden", "Access is denied. Check credentials and try again.")
    parts = canonical.split("/")
    owner_id = parts[1] if topic in (EVENT, TASK) else ""
    if owner_id and call.caller.user_id not in ("", owner_id):
        raise refused(403, "Forbidden", "Access is denied. Check credentials and try again.")
    if owner_id and owner_id not in call.tenant.state.mailboxes:
        raise refused(404, "NotFound", "REST API is not yet supported for this mailbox.")
    if topic is TASK:
        _check_list(call, owner_id, parts[4])
    if rich and not topic.rich_minutes:
        raise refused(400, "BadRequest", f"Resource '{resource}' does not support notifications with resource data.")
    options = _options(query, topic)
    return Watched(topic, canonical, owner_id, _selected(options, rich=rich), options.get("$filter", ""), query.lower())


def changes_of(topic: Topic, text: str) -> tuple[str, ...]:
    """The change types in a subscription's `changeType`; Fault 400 for one that is none, or none for this topic."""
    named = [part.strip().lower() for part in text.split(",")]
    for change in named:
        if change not in topic.changes:
            raise invalid(f"Invalid 'changeType' attribute: '{change}'.")
    return tuple(dict.fromkeys(named))


def may_manage(call: Call, subscription: Mapping[str, Any]) -> bool:
    """Whether the caller may read and change a subscription: its app made it, for itself or for this user, and may still watch."""
    if call.caller.client_id != subscription["applicationId"]:
        return False
    if not call.caller.is_app and call.caller.user_id != subscription["creatorId"]:
        return False
    return TOPICS[subscription["x-type"]].permissions.admits(call.caller)


def invalid(message: str) -> Fault:
    """The refusal of a subscription that is not written as one must be."""
    return Fault(400, "InvalidRequest", message)


def refused(status: int, name: str, reason: str) -> Fault:
    """The refusal by the service behind Graph that would have to watch, in the form that Graph hands it on."""
    return Fault(status, "ExtensionError", f"Operation: Create; Exception: [Status Code: {name}; Reason: {reason}]")


def _topic(call: Call, path: str, resource: str) -> tuple[Topic, str]:
    """The topic of a path and the path as the tables spell it."""
    unsupported = refused(400, "BadRequest", f"The value '{resource}' of parameter 'Resource' is not supported.")
    plain = path.strip("/")
    if not plain or "://" in plain:
        raise unsupported
    if _NOT_BUILT.fullmatch(_KEY.sub(r"/\1", plain)):
        raise Fault(501, "notImplemented", f"This sandbox does not watch '{path}': it has nothing of that kind.")
    canonical, arguments = paths.canonical(plain, call.caller.user_id, lambda key: resolve(call.tenant.state, key))
    for pattern, topic in _PATHS:
        if not arguments and pattern.fullmatch(canonical):
            parts = [unquote(part) for part in canonical.split("/")]
            return topic, "/".join(part.lower() if part.lower() in _LITERALS else part for part in parts)
    raise unsupported


def _check_list(call: Call, owner_id: str, list_id: str) -> None:
    try:
        TaskBox(call.tenant.state.mailboxes[owner_id], f"users/{owner_id}", call.tenant.clock.now()).list(list_id)
    except Fault:
        raise refused(400, "BadRequest", "Invalid resource specified in payload") from None


def _options(query: str, topic: Topic) -> dict[str, str]:
    """The query options of a resource, names in lower case; Fault 400 for what no subscription takes, 501 for what is not built."""
    options = {name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)}
    if not options.keys().isdisjoint({"$top", "$skip", "$orderby"}):
        raise refused(400, "BadRequest", UNSUPPORTED_OPTIONS)
    for name in options:
        if name not in (("$select", "$filter") if topic is EVENT else ("$select",)):
            raise Fault(501, "notImplemented", f"'{name}' in the resource of a subscription is not implemented in this sandbox.")
    return options


def _selected(options: Mapping[str, str], *, rich: bool) -> tuple[str, ...]:
    names = [part.strip() for part in options.get("$select", "").split(",") if part.strip()]
    if {"body", "uniquebody"} & {name.lower() for name in names}:
        raise refused(400, "BadRequest", UNSUPPORTED_OPTIONS)
    if rich and not names:
        raise refused(400, "BadRequest", "select clause should be present in query string to support rich notifications")
    spelling = {name.lower(): name for name in resources.EVENT_PROPERTIES}
    for name in names:
        if rich and name.lower() not in spelling:
            raise refused(400, "BadRequest", f"Could not find a property named '{name}' on type 'microsoft.graph.event'.")
    return tuple(spelling[name.lower()] for name in names if name.lower() in spelling)
