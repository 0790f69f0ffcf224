"""What an administrator should know and do before daypass is let in: Markdown, made to be forwarded.

Sources on Microsoft Learn: "Conditional Access: Authentication flows", "Block authentication flows with Conditional Access policy",
conditionalAccessPolicy, signIn (`originalTransferMethod`, `authenticationProtocol`), "Grant tenant-wide admin consent", "Review permissions
granted to enterprise applications", "Role Based Access Control for Applications in Exchange Online", user: revokeSignInSessions.
"""

from __future__ import annotations

import json
from typing import Any

from ..value import Value
from .recipes import Place, filled
from .registration import REDIRECT, Plan

ID_UNKNOWN, PRINCIPAL_UNKNOWN = "<client id>", "<object id of its service principal>"

# Exchange knows two of these roles; there is none for the basic permission ("Supported Application Roles").
EXCHANGE_ROLES = {
    "read-basic": "Application Calendars.Read",
    "read": "Application Calendars.Read",
    "write": "Application Calendars.ReadWrite",
}

_GUIDE = """\
# Letting <<NAME>> in

daypass shows and changes people's Microsoft 365 calendars, from terminals, containers and wall displays. It signs in with an app
registration of your own tenant and has no service of its own: what it reads goes from Microsoft 365 to the device it runs on.

| | |
|---|---|
| app | <<NAME>> |
| client id | `<<CLIENT>>` |
| tenant | <<TENANT>> |
| kind | <<KIND>> |
| allowed accounts | <<AUDIENCE>> |

## What it asks for, and why

| permission | why |
|---|---|
<<PERMISSIONS>>

<<LIMITS>>

## Consent

<<CONSENT>>

What was granted stands in <<PORTAL>> under *Enterprise applications*, <<NAME>>, *Permissions*. To let in some people only:
*Properties*, *Assignment required*, then *Users and groups*.

<<SIGNING_IN>>
<<SCOPING>>
## Taking it back

- Everything: delete the app registration, or under *Enterprise applications*, <<NAME>>, *Properties* set *Enabled for users to sign
  in* to No.
- What was granted: *Enterprise applications*, <<NAME>>, *Permissions*, *Revoke*.
<<TAKING_BACK>>
"""

_SIGNING_IN = """\
## Device codes

A device code is typed on a second screen. That suits a machine without a browser, and it suits whoever tricks people into typing a code
that somebody else asked for: the second factor is satisfied all the same. Microsoft recommends to block device codes wherever possible.

1. **Let people sign in in a browser** wherever there is one. It needs no exception, and can prove a managed device.
2. **Block device codes for everybody else** with a Conditional Access policy. *Users*: all users, excluding your emergency accounts
   and a group of the named accounts that need codes, such as those of wall displays. *Target resources*: all. *Conditions*,
   *Authentication flows*: *Device code flow*. *Grant*: *Block access*. Begin in report-only mode.
3. **Hold the named accounts to named places** with a second policy. *Users*: that group. The same condition. *Network*: any, excluding
   the named locations where the devices stand. *Grant*: *Block access*.

Both as requests to Graph (`POST /identity/conditionalAccess/policies`, with Policy.ReadWrite.ConditionalAccess), report-only, ids to be
filled in:

```json
<<BLOCK>>
```

```json
<<PLACES>>
```

A session that began with a device code stays marked as such: once the policy is on, its renewals are refused too (AADSTS530036), and
the person signs in anew, in a browser.

**Watch for it** in the sign-in log: filter *Authentication protocol* = *Device code*. Sessions that began so show *Original transfer
method* = *Device code flow*. In Log Analytics:

```kusto
union SigninLogs, AADNonInteractiveUserSignInLogs
| where OriginalTransferMethod == "deviceCodeFlow"<<ONLY_APP>>
| project TimeGenerated, UserPrincipalName, AppDisplayName, IPAddress, ResultType
```

With Graph: `GET /beta/auditLogs/signIns?$filter=originalTransferMethod eq 'deviceCodeFlow'`.

"""

_SCOPING = """\
## Some mailboxes instead of all

Application permissions that are consented in Entra open every mailbox of the organisation. To open some alone, give no consent in
Entra, or take it back (the two add up), and assign the role in Exchange Online instead, with RBAC for Applications. In Exchange Online
PowerShell, for the direct members of one group:

```powershell
Connect-ExchangeOnline
New-ServicePrincipal -AppId '<<CLIENT>>' -ObjectId '<<PRINCIPAL>>' -DisplayName <<QUOTED_NAME>>
$group = Get-Group -Identity 'daypass mailboxes'
New-ManagementScope -Name 'daypass mailboxes' -RecipientRestrictionFilter "MemberOfGroup -eq '$($group.DistinguishedName)'"
New-ManagementRoleAssignment -Name 'daypass' -App '<<PRINCIPAL>>' -Role '<<ROLE>>' -CustomResourceScope 'daypass mailboxes'
Test-ServicePrincipalAuthorization -Identity '<<PRINCIPAL>>' -Resource megan@contoso.example
```

The object id is the one under *Enterprise applications*, not that of the app registration. Exchange has no role for basic reading, so
a scoped app reads events with their texts. A change takes up to two hours to count.

"""


class Known(Value):
    """What is known of the app when the guide is written: its client id and its service principal's object id, "" where they are not."""

    client_id: str = ""
    principal_id: str = ""


def guide(plan: Plan, place: Place, known: Known) -> str:
    """The guide for an administrator, with what is known filled in."""
    name = plan.name.replace("|", "\\|")
    return filled(
        _GUIDE,
        NAME=name,
        CLIENT=known.client_id or ID_UNKNOWN,
        TENANT=f"`{place.tenant}`" if place.tenant else "yours",
        KIND="signs in as itself, with a certificate" if plan.app_only else "public client: signs people in, holds no secret",
        AUDIENCE=plan.sign_in_audience,
        PERMISSIONS="\n".join(
            f"| `{one.name}` ({'application' if plan.app_only else 'delegated'}) | {one.why} |" for one in plan.permissions
        ),
        LIMITS=_limits(plan),
        CONSENT=_consent(plan, place, known),
        PORTAL=place.cloud.portal,
        SIGNING_IN="" if plan.app_only else _signing_in(known),
        SCOPING=_scoping(plan, known) if plan.app_only else "",
        TAKING_BACK=_TAKE_KEYS if plan.app_only else _TAKE_SESSIONS,
    ).rstrip("\n")


_TAKE_SESSIONS = """\
- One person's sign-ins: *Users*, the person, *Revoke sessions* (Graph: `POST /users/{id}/revokeSignInSessions`). Tokens for the
  calendar end within minutes where continuous access evaluation applies, else within 90 minutes.
- One device: `daypass logout` there."""
_TAKE_KEYS = """\
- A certificate: *App registrations*, the app, *Certificates & secrets*, delete it. Tokens that were got with it end within 90 minutes."""


def _limits(plan: Plan) -> str:
    if plan.app_only:
        return "These are application permissions: without scoping (below) they reach every mailbox, with nobody signed in."
    return (
        "All are *delegated*: daypass can do what the person who signed in can do"
        f"{', with calendars shared with them too' if plan.shared else ', and reaches no other mailbox'}.\n"
        "It asks for reading first, and for changing at the first change. Tokens are sealed on the device."
    )


def _consent(plan: Plan, place: Place, known: Known) -> str:
    link = place.consent_link(plan, known.client_id or "CLIENT-ID")
    if plan.app_only:
        return f"A Privileged Role Administrator grants it here, **unless it is to be scoped** as told below:\n\n<{link}>"
    return (
        "If people may consent to these permissions themselves, nothing is to be done. Else a Cloud Application Administrator grants\n"
        f"them for everybody:\n\n<{link}>\n\n"
        f"Afterwards the browser is sent to {REDIRECT}, where nothing answers; that is in order."
    )


def _signing_in(known: Known) -> str:
    only = f'\n| where AppId == "{known.client_id}"' if known.client_id else ""
    return filled(_SIGNING_IN, BLOCK=_policy(), PLACES=_policy_of_places(), ONLY_APP=only).removesuffix("\n")


def _policy() -> str:
    users = {"includeUsers": ["All"], "excludeGroups": ["<emergency accounts>", "<accounts that need device codes>"]}
    return _as_json("Block device codes", {"users": users})


def _policy_of_places() -> str:
    locations = {"includeLocations": ["All"], "excludeLocations": ["<named location>"]}
    return _as_json(
        "Device codes in named places only", {"users": {"includeGroups": ["<accounts that need device codes>"]}, "locations": locations}
    )


def _as_json(name: str, conditions: dict[str, Any]) -> str:
    flows = {"applications": {"includeApplications": ["All"]}, "authenticationFlows": {"transferMethods": "deviceCodeFlow"}}
    grant = {"operator": "OR", "builtInControls": ["block"]}
    policy = {
        "displayName": name,
        "state": "enabledForReportingButNotEnforced",
        "conditions": {**conditions, **flows},
        "grantControls": grant,
    }
    return json.dumps(policy, indent=2)


def _scoping(plan: Plan, known: Known) -> str:
    return filled(
        _SCOPING,
        CLIENT=known.client_id or ID_UNKNOWN,
        PRINCIPAL=known.principal_id or PRINCIPAL_UNKNOWN,
        QUOTED_NAME="'" + plan.name.replace("'", "''") + "'",
        ROLE=EXCHANGE_ROLES[plan.access],
    ).removesuffix("\n")
