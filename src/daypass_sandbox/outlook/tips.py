"""Mail tips: what a sender should know of recipients before writing to them, as far as the tenant knows it.

Facts: api/user-getmailtips, resources/mailtips. The size limit is Exchange Online's own for incoming messages (36 MB). An address of the
tenant's domains that nobody has gets an `error`, with Exchange's code for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from daypass.wire import Response

from ..calendar.access import USER
from ..calendar.invitees import Invitees
from ..directory.membership import direct_members
from ..graph import odata, payload
from ..graph.permissions import READ_MAIL
from ..routes import Call, Fault, Route
from . import languages
from .mailboxes import own_mailbox
from .settings import automatic_reply

Json = dict[str, Any]

LARGEST_MESSAGE = 36 * 1024 * 1024


def get_mail_tips(call: Call) -> Response:
    """The asked mail tips of each address."""
    odata.allow(call)
    own_mailbox(call)
    given = payload.read(call.json(), {"emailAddresses": [payload.TEXT], "mailTipsOptions": payload.TEXT}, "mailTips")
    asked = [
        payload.read(name.strip(), tuple(TIPS), "mailTipsOptions")
        for name in (given.get("mailTipsOptions") or "").split(",")
        if name.strip()
    ]
    if not given.get("emailAddresses") or not asked:
        raise Fault(400, "ErrorInvalidParameter", "The parameters 'EmailAddresses' and 'MailTipsOptions' are required.")
    invitees = Invitees(call.tenant.state)
    values = [_tips(call, invitees, address or "", asked) for address in given["emailAddresses"]]
    context = f"{odata.service_root(call)}/$metadata#Collection(microsoft.graph.mailTips)"
    return odata.answer(call, 200, {"@odata.context": context, "value": values})


def _tips(call: Call, invitees: Invitees, address: str, asked: list[str]) -> Json:
    tips: Json = {"emailAddress": {"name": "", "address": address}}
    owner_id = invitees.user_id(address)
    if owner_id is None and _is_inside(call, address):
        return {**tips, "error": {"code": "ErrorMailRecipientNotFound", "message": "The recipient was not found in the directory."}}
    for name in asked:
        tips |= TIPS[name](call, address, owner_id or "")
    return tips


def _replies(call: Call, address: str, owner_id: str) -> Json:  # noqa: ARG001
    """The answer that comes by itself, with the reader's language and, where it has them, its times; else an empty message."""
    mailbox: Mapping[str, Any] = call.tenant.state.mailboxes.get(owner_id, {})
    message = automatic_reply(mailbox, call.tenant.clock.now())
    if not message:
        return {"automaticReplies": {"message": ""}}
    tip: Json = {
        "message": message,
        "messageLanguage": languages.named(call.tenant.state.users[owner_id].get("preferredLanguage") or "en-US"),
    }
    replies: Json = mailbox["settings"]["automaticRepliesSetting"]
    if replies["status"] == "scheduled":
        tip |= {"scheduledStartTime": replies["scheduledStartDateTime"], "scheduledEndTime": replies["scheduledEndDateTime"]}
    return {"automaticReplies": tip}


def _scope(call: Call, address: str, owner_id: str) -> Json:  # noqa: ARG001
    return {"recipientScope": "internal" if _is_inside(call, address) else "external"}


def _members(call: Call, address: str, owner_id: str) -> Json:  # noqa: ARG001
    group = call.tenant.state.groups.get(owner_id)
    return {} if group is None else {"totalMemberCount": len(direct_members(group))}


def _external_members(call: Call, address: str, owner_id: str) -> Json:  # noqa: ARG001
    group = call.tenant.state.groups.get(owner_id)
    if group is None:
        return {}
    users = call.tenant.state.users
    mails = [str(users[member].get("mail") or users[member]["userPrincipalName"]) for member in direct_members(group) if member in users]
    return {"externalMemberCount": sum(not _is_inside(call, mail) for mail in mails)}


def _is_inside(call: Call, address: str) -> bool:
    return address.rpartition("@")[2].lower() in call.tenant.state.domains


def _always(name: str, value: Any) -> Callable[[Call, str, str], Json]:
    """A tip that is the same for everybody here: nobody's mailbox is full, moderated, restricted, or has a tip of its own."""
    return lambda call, address, owner_id: {name: value}


TIPS: Mapping[str, Callable[[Call, str, str], Json]] = {
    "automaticReplies": _replies,
    "mailboxFullStatus": _always("mailboxFull", value=False),
    "customMailTip": _always("customMailTip", ""),
    "externalMemberCount": _external_members,
    "totalMemberCount": _members,
    "maxMessageSize": _always("maxMessageSize", LARGEST_MESSAGE),
    "deliveryRestriction": _always("deliveryRestricted", value=False),
    "moderationStatus": _always("isModerated", value=False),
    "recipientScope": _scope,
    "recipientSuggestions": _always("recipientSuggestions", []),
}

ROUTES = [Route("POST", f"{USER}/getMailTips", get_mail_tips, READ_MAIL, "documentation: api/user-getmailtips")]
