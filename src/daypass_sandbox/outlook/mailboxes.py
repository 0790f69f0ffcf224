"""Whose mailbox a request is about that has nothing to do with its calendars: everybody's own, and for an app alone anybody's."""

from __future__ import annotations

from typing import Any

from ..calendar.mailbox import Mailbox, open_mailbox
from ..routes import Call, access_denied

Json = dict[str, Any]


def own_mailbox(call: Call) -> Mailbox:
    """The mailbox of the path; Fault 403 for a user's token in another's, which no sharing of a calendar opens."""
    user_id = call.path["user_id"]
    if call.caller.user_id and call.caller.user_id != user_id:
        raise access_denied()
    return open_mailbox(call.tenant, user_id)


def context(call: Call, what: str) -> str:
    """The fragment of a metadata URL for what lies below the path's user: `users('…')/mailboxSettings`."""
    return f"users('{call.path['user_id']}')/{what}"
