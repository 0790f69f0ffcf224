"""Delegates: who gets the meeting messages that are addressed to somebody who has some.

Delegates are those with whom a default calendar is shared as such. Its owner chooses who gets requests and answers, by the setting
`delegateMeetingMessageDeliveryOptions` (resources/mailboxsettings; its meaning in Exchange: EWS, element DeliverMeetingRequests). The
meeting itself lies in the owner's calendar whoever gets the message. Messages about private meetings go to those delegates alone who
see private events (this sandbox's choice; no page of Graph tells).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .invitees import Invitees
from .sharing import DELEGATE_ROLES, permissions_of

if TYPE_CHECKING:
    from ..tenant import State

Json = dict[str, Any]

SETTING = "delegateMeetingMessageDeliveryOptions"
TO_DELEGATES = "sendToDelegateOnly"  # unless the owner chose otherwise
FOR_INFORMATION = "sendToDelegateAndInformationToPrincipal"
OPTIONS = (FOR_INFORMATION, "sendToDelegateAndPrincipal", TO_DELEGATES)


def receivers(state: State, known: Invitees, addressed: Iterable[Mapping[str, Any]], *, private: bool) -> list[Json]:
    """Into whose mailboxes a meeting message goes, as recipients; who gets a mere copy is marked `informationOnly`.

    Who gets it in two ways gets it once, and whole if either says so. Delegates who have no mailbox any more are none.
    """
    found = dict[str, Json]()
    for recipient in addressed:
        mailbox = state.mailboxes.get(known.user_id(recipient["emailAddress"]["address"]) or "", {})
        delegated = [one for one in _delegates(mailbox, private=private) if known.user_id(one["address"]) in state.mailboxes]
        option: str = mailbox.get("settings", {}).get(SETTING, TO_DELEGATES)
        if not delegated or option != TO_DELEGATES:
            _add(found, {**recipient, **({"informationOnly": True} if delegated and option == FOR_INFORMATION else {})})
        for delegate in delegated:
            _add(found, {"emailAddress": delegate})
    return list(found.values())


def _add(found: dict[str, Json], receiver: Json) -> None:
    address = receiver["emailAddress"]["address"].lower()
    if address not in found or "informationOnly" not in receiver:
        found[address] = receiver


def _delegates(mailbox: Mapping[str, Any], *, private: bool) -> list[Json]:
    """The addresses of the delegates of a mailbox (its JSON state); of those who see private events alone, if need be."""
    roles = DELEGATE_ROLES[1:] if private else DELEGATE_ROLES
    default = next((calendar for calendar in mailbox.get("calendars", {}).values() if calendar["isDefaultCalendar"]), None)
    given = permissions_of(default) if default else []
    return [permission["emailAddress"] for permission in given if permission["role"] in roles]
