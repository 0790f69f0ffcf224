"""Online meetings: an event gets a join link once, cannot be rid of it, and loses it with the link in its body.

Pages: concepts/outlook-calendar-online-meetings, api/event-update. A provider that the calendar does not allow is passed over, as
is the wish for a meeting in a calendar that allows none.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from ..routes import Fault
from .bodies import as_html

Json = dict[str, Any]

NOT_ONLINE: Json = {"isOnlineMeeting": False, "onlineMeetingProvider": "unknown", "onlineMeeting": None}
TEAMS = "teamsForBusiness"
TOLL_NUMBER = "+1 425-555-0100"


def settled(changes: Json, before: Mapping[str, Any], providers: tuple[str, ...], join_url: Callable[[], str]) -> Json:
    """What a change means for the online meeting of an event; `providers` are those the calendar allows, its default one first.

    Fault 501 for a meeting by another provider than Teams, where the calendar allows it.
    """
    if before.get("isOnlineMeeting"):
        kept = before["onlineMeeting"]["joinUrl"] in (changes.get("body") or before["body"])["content"]
        return {name: before[name] for name in NOT_ONLINE} if kept else NOT_ONLINE
    provider = changes.get("onlineMeetingProvider") or "unknown"
    provider = next(iter(providers), "") if provider == "unknown" else provider
    if not changes.get("isOnlineMeeting") or provider not in providers:
        return NOT_ONLINE if changes.keys() & NOT_ONLINE.keys() else {}
    if provider != TEAMS:
        raise Fault(501, "notImplemented", f"Online meetings by {provider} are not implemented in this sandbox.")
    url = join_url()
    body = as_html(changes.get("body") or before.get("body") or {"contentType": "html", "content": ""})
    blob = f'<div><hr><p>Microsoft Teams meeting</p><p><a href="{url}">Join the meeting now</a></p></div>'
    return {"onlineMeetingProvider": TEAMS, "onlineMeeting": _by_phone(url), "body": {"contentType": "html", "content": body + blob}}


def _by_phone(join_url: str) -> Json:
    """The meeting of a join link: organisations whose meetings can be dialled into have a number for it (the pages' examples do)."""
    return {"joinUrl": join_url, "conferenceId": f"{zlib.crc32(join_url.encode()) % 10**9:09}", "tollNumber": TOLL_NUMBER}


def teams_url(thread_id: str, tenant_id: str, organizer_id: str) -> str:
    """A join link of Teams."""
    thread = re.sub(r"\W", "", thread_id)[:48]
    context = f"%7b%22Tid%22%3a%22{tenant_id}%22%2c%22Oid%22%3a%22{organizer_id}%22%7d"
    return f"https://teams.microsoft.com/l/meetup-join/19%3ameeting_{thread}%40thread.v2/0?context={context}"
