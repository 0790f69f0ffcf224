"""Whether a state that comes from outside, as from a file, is one that the tenant can go on from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

_ITEMS: dict[str, type] = {
    "dict[str, dict[str, Any]]": dict,
    "list[dict[str, Any]]": dict,
    "dict[str, list[str]]": list,
    "dict[str, int]": int,
    "list[str]": str,
}
# what the tenant relies on in records that come from outside
_NEEDED: dict[str, tuple[str, ...]] = {
    "users": ("id", "displayName", "userPrincipalName"),
    "groups": ("id", "displayName"),
    "apps": ("displayName",),
    "service_principals": ("id", "appId", "displayName"),
    "mailboxes": ("calendars", "events"),
    "faults": ("left", "drawn"),
    "subscriptions": (
        *("id", "applicationId", "changeType", "notificationUrl", "lifecycleNotificationUrl", "creatorId", "includeResourceData"),
        *("x-path", "x-type", "x-query", "x-expires", "x-authorized", "x-answered", "x-held", "x-session"),
    ),
}


def strange_members(saved: Mapping[str, Any], types: Mapping[str, str]) -> list[str]:
    """The members that hold something else than they should, or records that lack what they need; `types` are those of `State`."""
    return sorted(name for name, value in saved.items() if not _is_sound(name, _items(value), types[name]))


def _items(value: Any) -> list[Any]:
    items: Iterable[Any] = cast("dict[str, Any]", value).values() if isinstance(value, dict) else value
    return list(items) if isinstance(value, dict | list) else []


def _is_sound(name: str, items: Iterable[Any], written: str) -> bool:
    needed = _NEEDED.get(name, ())
    sound = all(isinstance(item, _ITEMS.get(written, object)) and all(member in item for member in needed) for item in items)
    return sound and (name != "mailboxes" or all(_is_store(box[part]) for box in items for part in needed))


def _is_store(part: Any) -> bool:
    """Whether it holds calendars or events by id."""
    return isinstance(part, dict) and all(isinstance(item, dict) and "id" in item for item in _items(part))
