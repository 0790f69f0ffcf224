"""The parts of a task that are told with it: steps (checklistItems) and its link (linkedResources).

Rules: Graph's pages resources/checklistitem and resources/linkedresource; the rest as observed by others (planetaryescape/ms-todo, spikes
S1, S14 and S15): a task holds one link, a link needs an application's name, its members can be set and never cleared, and a step that is
renamed alone is no longer checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..calendar import events
from ..clock import parse_instant
from .box import invalid

Json = dict[str, Any]

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
LINK_MEMBERS = ("webUrl", "applicationName", "displayName", "externalId")


def new_step(given: Json, step_id: str, now: float) -> Json:
    """A new step; one may come checked, and with the times it had elsewhere."""
    step: Json = {
        "id": step_id,
        "displayName": given.get("displayName") or "",
        "createdDateTime": _instant(given, "createdDateTime") or events.timestamp(now),
        "isChecked": bool(given.get("isChecked")),
    }
    when = _instant(given, "checkedDateTime")
    if step["isChecked"]:
        step["checkedDateTime"] = when or events.timestamp(now)
    return step


def changed_step(step: Json, given: Json, now: float, *, unchecks: bool) -> Json:
    """A step with a client's changes; with `unchecks` it is unchecked by whatever does not say that it is checked."""
    if "createdDateTime" in given:
        raise invalid("The property 'createdDateTime' cannot be updated.")
    when, checked = _instant(given, "checkedDateTime"), given.get("isChecked")
    if checked is None:
        checked = False if unchecks else step["isChecked"]
    name = given.get("displayName")
    after: Json = {**step, "displayName": step["displayName"] if name is None else name, "isChecked": checked}
    after.pop("checkedDateTime", None)
    if checked:
        after["checkedDateTime"] = when or step.get("checkedDateTime") or events.timestamp(now)
    return after


def first_links(given: list[Json | None], new_id: Callable[[str], str]) -> list[Json]:
    """The links of a new task: one at most."""
    if len(given) > 1:
        raise invalid("Only one item in linkedResources is allowed.")
    return [new_link(link or {}, new_id("guid")) for link in given]


def new_link(given: Json, link_id: str) -> Json:
    """A new link; 400 without an application's name."""
    if not given.get("applicationName"):
        raise invalid("The property 'applicationName' is required when creating the linked resource")
    return changed_link({"id": link_id}, given)


def changed_link(link: Json, given: Json) -> Json:
    """A link with a client's changes; what is null or empty changes nothing."""
    if given.get("webUrl") and not URL.fullmatch(given["webUrl"]):
        raise invalid("The property 'webUrl' has an invalid value")
    return {**link, **{name: given[name] for name in LINK_MEMBERS if given.get(name)}}


def _instant(given: Json, name: str) -> str | None:
    """A moment that a client sent, in UTC; None where it sent none."""
    text = given.get(name)
    if not text:
        return None
    try:
        seconds = parse_instant(text.upper())
    except (ValueError, OverflowError):
        raise invalid(f"The property '{name}' has an invalid value") from None
    return events.timestamp(seconds, digits=7 if seconds % 1 else 0)
