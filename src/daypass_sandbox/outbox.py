"""The outbox: every message that leaves a mailbox of the tenant, kept to be read by whoever tests an app.

Invitations, updates, cancellations, answers, forwards and sent mail are kept as messages in Graph's own words (`eventMessageRequest`,
`eventMessageResponse`, `eventMessage`, `message`), with a few members of ours: `kind`, `deliveredTo`, and for a meeting
`eventId` (in the sender's mailbox) and `iCalUId`. No message goes anywhere else; folders of mail are not built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .clock import iso

if TYPE_CHECKING:
    from .tenant import Tenant

Json = dict[str, Any]

RECEIVERS = ("toRecipients", "ccRecipients", "bccRecipients")
KINDS = ("invitation", "update", "cancellation", "response", "forward", "forwardNotification", "mail")
LONGEST = 10_000  # messages; the oldest beyond are forgotten


def send(tenant: Tenant, kind: str, message: Json) -> None:
    """Keep a message that leaves now, with what the service adds to it."""
    kept: Json = {
        "id": tenant.new_id("message"),
        "kind": kind,
        "sentDateTime": f"{iso(tenant.clock.now())}Z",
        "internetMessageId": f"<{tenant.new_id('guid')}@{tenant.state.domains[0]}>",
        "isDraft": False,
        "ccRecipients": [],
        "bccRecipients": [],
        **message,
    }
    kept.setdefault("deliveredTo", [person for name in RECEIVERS for person in kept[name]])
    tenant.state.outbox.append(kept)
    del tenant.state.outbox[:-LONGEST]
