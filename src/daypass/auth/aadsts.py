"""What Entra's error numbers mean, in plain words. Data, as of 2026-11, and text only: behaviour hangs on OAuth's words first.

An entry stands for one number, or for several of one meaning. Its `kind` splits what OAuth's words lump together (`explain.BY_KIND`).
`flows` are those it is met in: D device code, A authorization code, C client credentials, R renewal, S setting up an app. `here` adds
what is particular to a flow; `admin` is what whoever administers the tenant can do, to be forwarded. Where an entry names no other
source, it is Microsoft's list of authentication and authorization error codes; Microsoft reserves the right to change both.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..value import Value

USER, ADMIN, OWNER, NOBODY = "you", "your administrator", "whoever registered the app", "nobody: it passes"
REFERENCE = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes"
PUBLIC = "seen in public issue trackers"
COMMON = "common knowledge; no page of Microsoft's says it"
FLOWS: Mapping[str, str] = {
    "D": "signing in by device code",
    "A": "signing in in a browser",
    "C": "an app that signs in as itself",
    "R": "renewing a sign-in",
    "S": "setting up an app",
}


class Entry(Value):
    """What one number, or several of one meaning, stand for."""

    numbers: tuple[int, ...]
    kind: str
    flows: str
    cause: str
    cure: str
    who: str = USER
    admin: str = ""
    here: Mapping[str, str] = MappingProxyType({})
    source: str = REFERENCE


_CONSENT = "Grant consent: Entra admin centre, Enterprise applications, this app, Permissions, Grant admin consent."
_POLICY = "The sign-in log, found by the correlation id, names the policy under Conditional Access."
_DEVICE = (
    "A policy demands a managed device, which a device code cannot prove. Allow this app another way of signing in, or except it for "
    "people whose machines cannot be managed."
)
_RISK = "Look at the person under Risky users, and dismiss or confirm the risk."
_TENANTS = "Look at cross-tenant access settings and tenant restrictions; the app's home tenant must be allowed."
_ID = "Set TENANT_ID to the tenant's id."

ENTRIES = (
    # --- a code on another device
    Entry((70016,), "wait", "D", "The sign-in page has not been finished yet.", "Finish the sign-in on the other device."),
    Entry((70018,), "expired", "D", "The code that was typed is wrong or no longer known.", "Type it again, or ask for a new one."),
    Entry((70019,), "expired", "D", "The code ran out before it was used.", "Ask for a new code, and use it within 15 minutes."),
    Entry(
        (70020,),
        "expired",
        "D",
        "The code ran out before it was used.",
        "Ask for a new code; check tenant and clock if it stays.",
        source=PUBLIC,
    ),
    Entry((90119,), "expired", "D", "No code was typed.", "Ask for a new code."),
    Entry((90120,), "expired", "D", "The code was used or declined already.", "Ask for a new code."),
    Entry((50134,), "again", "D", "The sign-in was approved in another region of the service.", "Sign in again from the same network."),
    Entry((50199,), "again", "DA", "The page that asks whether you mean this app was not answered.", "Sign in again and press Continue."),
    # --- the app, its registration and its tenant
    Entry(
        (7000218,),
        "app",
        "DA",
        "The app registration is not a public client.",
        "Set 'Allow public client flows' to Yes under Authentication.",
        OWNER,
        here={"D": "It is told only after the person has signed in.", "A": "The redirect address belongs under 'Mobile and desktop'."},
    ),
    Entry((700025,), "app", "DR", "A secret was sent for a public client.", "Remove the secret.", OWNER),
    Entry((700016, 700011), "app", "DACR", "No app with this client id is known in this tenant.", "Check CLIENT_ID and TENANT_ID.", OWNER),
    Entry((90002,), "app", "DACR", "There is no tenant of this id or name.", "Check TENANT_ID.", OWNER),
    Entry((90038,), "app", "DACR", "The tenant lives in another cloud.", "Set the authority of that cloud.", OWNER),
    Entry((50059, 90019, 50128), "app", "DACR", "No tenant could be told from the request.", _ID, OWNER),
    Entry((50194,), "app", "DA", "The app serves one tenant and was asked for all.", _ID, OWNER),
    Entry((9002332,), "app", "DA", "The app is for work accounts only.", _ID, OWNER),
    Entry((9002331, 9002346), "app", "DA", "The app is for personal accounts only.", "Set TENANT_ID=consumers.", OWNER, source=PUBLIC),
    Entry((90124, 90130, 9001023), "app", "DC", "This way of signing in needs one tenant, not all of them.", _ID, OWNER),
    Entry((70011, 28002, 28003), "app", "DACR", "A permission asked for does not exist.", "Check the permission's spelling.", OWNER),
    Entry(
        (650053,),
        "app",
        "DACR",
        "Microsoft Graph has no permission of this name.",
        "Check the permission's spelling.",
        OWNER,
        source=PUBLIC,
    ),
    Entry((700022,), "app", "DACR", "Permissions of two services were asked for at once.", "Ask for those of one service.", OWNER),
    Entry(
        (700023,), "app", "DACR", "The request, or an app's assertion, is for another service or tenant.", "Check scope and tenant.", OWNER
    ),
    Entry((500011, 50001), "app", "DACR", "The resource is not known in this tenant.", "Check the cloud and the tenant.", OWNER),
    Entry(
        (70001, 7000112, 1000031),
        "app",
        "DACR",
        "The app is disabled in this tenant.",
        "Ask for the app to be enabled.",
        ADMIN,
        "Enable it: Entra admin centre, Enterprise applications, this app, Properties, 'Enabled for users to sign in'.",
    ),
    Entry((65002,), "app", "S", "The client id belongs to Microsoft.", "Register your own app.", OWNER),
    Entry((50049, 50050), "app", "S", "The sign-in address is none that Microsoft knows.", "Check the authority.", OWNER),
    Entry(
        (50011, 70004, 900971, 500112),
        "app",
        "A",
        "The redirect address is not one of the app's.",
        "Add http://localhost under 'Mobile and desktop applications'.",
        OWNER,
    ),
    Entry((700005,), "app", "A", "The code came from another tenant than it was handed in at.", _ID, OWNER),
    Entry(
        (700084,),
        "app",
        "R",
        "The app is registered as one within a page, whose sign-ins end after 24 hours.",
        "Register http://localhost under 'Mobile and desktop applications' instead.",
        OWNER,
    ),
    # --- consent
    Entry(
        (65001,),
        "consent",
        "DACR",
        "The app has not been allowed to do this yet.",
        "Sign in again and accept the permissions.",
        USER,
        _CONSENT,
    ),
    Entry((65004,), "declined", "DA", "The permissions were declined on the sign-in page.", "Sign in again and accept them."),
    Entry((90094, 90095), "consent", "DA", "Only an administrator may allow this app.", "Ask one to grant consent.", ADMIN, _CONSENT),
    Entry((90008,), "consent", "DA", "The app lacks the permission to sign users in.", "Add User.Read to the app registration.", OWNER),
    Entry(
        (65005, 650056, 650057),
        "consent",
        "DA",
        "The app registration does not list this permission.",
        "Add it under API permissions, Microsoft Graph.",
        OWNER,
    ),
    # --- the account
    Entry(
        (50020, 50034, 50014, 51004, 16000, 90072),
        "account",
        "DA",
        "This account is not known in that tenant.",
        "Sign in with another account, or ask to be invited.",
        USER,
        "Invite the person as a guest, if they are to use this app.",
    ),
    Entry(
        (500208,),
        "account",
        "D",
        "Accounts of this kind are not let in at this address.",
        "Sign in with another account, or at its own tenant.",
        OWNER,
        here={"D": "Tenants for customers (External ID) take no device codes."},
    ),
    Entry((50126, 50056, 50064), "account", "A", "The password was wrong.", "Sign in again."),
    Entry(
        (50053,),
        "account",
        "A",
        "The account is locked, or the network is a known source of attacks.",
        "Wait, or ask for it to be unlocked.",
        ADMIN,
        _RISK,
    ),
    Entry((50055, 50144), "account", "AR", "The password has expired.", "Change it in a browser, then sign in again."),
    Entry(
        (50057,),
        "account",
        "DACR",
        "The account is disabled.",
        "Ask for the account to be enabled.",
        ADMIN,
        "Enable it: Entra admin centre, Users.",
    ),
    Entry(
        (50105,),
        "account",
        "DA",
        "The app is for assigned users only.",
        "Ask to be assigned to the app.",
        ADMIN,
        "Assign the person or a group: Entra admin centre, Enterprise applications, this app, Users and groups.",
    ),
    Entry(
        tuple(range(80001, 80015)),
        "account",
        "A",
        "The organisation's own check of passwords does not answer.",
        "Try again later, and tell your administrator.",
        ADMIN,
        "The pass-through authentication agent does not answer, or cannot reach the domain: see its service and event log.",
    ),
    # --- the organisation's rules
    Entry(
        (53003,),
        "policy",
        "DAR",
        "Conditional Access refused.",
        "Use another way of signing in, or a network and device that the policy allows.",
        ADMIN,
        f"{_POLICY} If it blocks the device code flow, allow that for named people and networks, and block it elsewhere.",
        here={
            "D": "Often it is the device code itself that is blocked; password and second factor were fine.",
            "R": "What was kept is not accepted from here any more.",
        },
    ),
    Entry(
        (530036,),
        "policy",
        "R",
        "Sign-ins made by device code have been blocked since; what was kept is dead for good.",
        "Sign in another way.",
        ADMIN,
        "The authentication flows policy blocks device codes, and sessions that began with one.",
        source=PUBLIC,
    ),
    Entry((530032,), "policy", "DA", "The tenant's security policy refused.", "Ask which policy applies.", ADMIN, _POLICY),
    Entry(
        (530035,),
        "policy",
        "DA",
        "Security defaults refused this way of signing in.",
        "Ask which way is allowed.",
        ADMIN,
        "Security defaults block device codes; Conditional Access policies in their place can allow them for named people.",
    ),
    Entry((53000, 530002, 530003), "policy", "DA", "A managed device is demanded.", "Sign in on the managed device.", ADMIN, _DEVICE),
    Entry(
        (53001, 50097, 50129, 50187, 50155),
        "policy",
        "DA",
        "A device that is joined or registered is demanded.",
        "Sign in in a browser of such a device.",
        ADMIN,
        _DEVICE,
    ),
    Entry((530084,), "policy", "DAR", "Only tokens bound to a device are allowed.", "Ask for an exemption.", ADMIN, _DEVICE, source=PUBLIC),
    Entry((53002, 50127), "policy", "A", "An approved app is demanded.", "Ask for the app to be approved.", ADMIN, _POLICY),
    Entry((50005,), "policy", "D", "The policy does not know this platform.", "Sign in from a listed platform.", ADMIN, _POLICY),
    Entry(
        (53004, 53010, 53011, 50131, 530034),
        "policy",
        "DA",
        "The sign-in was judged risky.",
        "Prove who you are in a browser first.",
        ADMIN,
        _RISK,
    ),
    Entry(
        (50002, 500021, 500022, 500212, 500213),
        "policy",
        "DACR",
        "Your organisation or its network does not allow this tenant.",
        "Use another network, or ask for it to be allowed.",
        ADMIN,
        _TENANTS,
    ),
    # --- what a person must do again
    Entry((50076, 50079, 50072, 50074, 50078), "again", "AR", "A second factor is demanded now.", "Sign in again."),
    Entry((50158,), "again", "AR", "Another step is demanded of you, such as terms of use.", "Sign in again."),
    Entry((50173,), "again", "R", "The sign-in was revoked, say by a password change.", "Sign in again."),
    Entry((50132, 50133), "again", "R", "The password was changed.", "Sign in again."),
    Entry((700082,), "again", "R", "The sign-in was not used for 90 days.", "Sign in again."),
    Entry((70000, 50089), "again", "AR", "What was kept of the sign-in is no longer valid.", "Sign in again."),
    Entry((70008,), "again", "AR", "What was kept of the sign-in has expired.", "Sign in again."),
    Entry(
        (70043, 70044),
        "again",
        "R",
        "Your organisation asks for a fresh sign-in every so often.",
        "Sign in again.",
        USER,
        "The sign-in frequency of a Conditional Access policy decides how often; a display without people is better an app by itself.",
    ),
    Entry((700020, 50058), "again", "R", "There is no session any more, and a person is needed.", "Sign in again."),
    Entry((54005,), "again", "DA", "The sign-in was finished, but its answer got lost on the way.", "Sign in again."),
    Entry(
        (50147, 501481, 501491, 50148),
        "again",
        "A",
        "The answer belongs to another sign-in than the one that asked (PKCE).",
        "Sign in again.",
        NOBODY,
    ),
    # --- an app's own credentials
    Entry((70002, 7000215), "app", "C", "The secret is wrong; often it is its id and not its value.", "Use the secret's value.", OWNER),
    Entry((7000222,), "app", "C", "The secret has expired.", "Make a new one; better, a certificate or a federated credential.", OWNER),
    Entry((7000216,), "app", "C", "No secret, certificate or assertion was sent.", "Name one of them.", OWNER, source=PUBLIC),
    Entry(
        (700027, 50012, 700030, 50027),
        "app",
        "C",
        "The certificate is not the app's, or its signature is wrong.",
        "Use the right certificate.",
        OWNER,
    ),
    Entry((700021,), "app", "C", "The assertion was made for another app.", "Make it for this client id.", OWNER, source=PUBLIC),
    Entry((700024,), "app", "C", "The assertion is too old or not valid yet.", "Set this machine's clock right.", OWNER, source=COMMON),
    Entry(
        (70021, 700213),
        "app",
        "C",
        "No federated credential of the app fits what was presented.",
        "Compare issuer, subject and audience with the app's.",
        OWNER,
        source="Azure/azure-workload-identity, its troubleshooting page",
    ),
    Entry((700229,), "app", "C", "A person's token was presented where an app's is needed.", "Present a token of the app itself.", OWNER),
    Entry(
        (7000229,),
        "app",
        "C",
        "The app has no service principal in this tenant.",
        "Grant admin consent once.",
        ADMIN,
        _CONSENT,
        source=PUBLIC,
    ),
    Entry(
        (1002012,),
        "app",
        "C",
        "An app by itself asks for '.default' alone.",
        "Ask for https://graph.microsoft.com/.default.",
        OWNER,
        source=PUBLIC,
    ),
    # --- what passes
    Entry((50196,), "wait", "DR", "The same was asked too often.", "Wait five minutes.", NOBODY),
    Entry((90055,), "wait", "DACR", "Too many requests.", "Try again in a minute.", NOBODY),
    Entry((90024, 90033, 90006, 90012, 50033, 50087, 90090), "wait", "DACR", "The service has a passing problem.", "Try again.", NOBODY),
)

NUMBERS: Mapping[int, Entry] = {number: entry for entry in ENTRIES for number in entry.numbers}
