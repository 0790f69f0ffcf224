"""What an app registration for daypass is: one plan, as data, from which Graph's calls and everybody's scripts are made.

Two kinds. For people: a public client (no secret could be kept on their machines) with the loopback address that browsers are sent back
to, and delegated permissions. On its own (`app_only`): a confidential client with a certificate and application permissions, for a screen
or a job without anybody signed in. One is never turned into the other: an app that people sign in to must not hold a key to all mailboxes.

Facts: Graph's application resource; "Redirect URI restrictions" (any port of http://localhost is meant); "Supported account types"
(personal accounts need version 2 of the access token). Ids of permissions: Microsoft Graph permissions reference.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from ..errors import UsageError
from ..graph.applications import GRAPH, ROLE, SCOPE, Application
from ..value import Value

Json = dict[str, Any]

REDIRECT = "http://localhost"
AUDIENCES = MappingProxyType(
    {"tenant": "AzureADMyOrg", "organizations": "AzureADMultipleOrgs", "personal": "AzureADandPersonalMicrosoftAccount"}
)
ACCESSES = ("read-basic", "read", "write")
LONGEST_NAME = 120  # characters; what the Entra admin centre takes


class Permission(Value):
    """A permission of Microsoft Graph: its name and id, its kind (SCOPE or ROLE), and why daypass asks for it."""

    name: str
    id: str
    kind: str
    why: str


_SCOPES = (
    Permission("openid", "37f7f235-527c-4136-accd-4a02d197296e", SCOPE, "to sign in at all"),
    Permission("profile", "14dad69e-099b-42c9-810b-d002981feec1", SCOPE, "to know the name of who signed in"),
    Permission("offline_access", "7427e0e9-2fba-42fe-b0c0-848c9e6a8182", SCOPE, "to stay signed in without asking again every hour"),
    Permission("User.Read", "e1fe6dd8-ba31-4d61-89e7-88639da4683d", SCOPE, "to greet who signed in, and to know their address"),
    Permission("Calendars.ReadBasic", "662d75ba-a364-42ad-adee-f5f880ea4878", SCOPE, "to list events: titles, times, places, no texts"),
    Permission("Calendars.Read", "465a38f9-76ea-45b9-9f34-9e8b0d4b0b42", SCOPE, "to list and show events with their texts"),
    Permission(
        "Calendars.ReadWrite", "1ec239c2-d7c9-4623-a91a-a9775856bb36", SCOPE, "to create and change events, from the first change on"
    ),
    Permission("Calendars.Read.Shared", "2b9c4092-424d-4249-948d-b43879977640", SCOPE, "to read calendars that others shared"),
    Permission("Calendars.ReadWrite.Shared", "12466101-c9b8-439a-8589-dd09ee67e8e9", SCOPE, "to change calendars that others shared"),
)
_ROLES = (
    Permission("Calendars.ReadBasic.All", "8ba4a692-bc31-4128-9094-475872af8a53", ROLE, "to list events of all mailboxes, no texts"),
    Permission("Calendars.Read", "798ee544-9d2d-430c-a058-570e29e34338", ROLE, "to read events of all mailboxes"),
    Permission("Calendars.ReadWrite", "ef54d2bf-783f-4e0f-bca1-3210c0444d99", ROLE, "to read and change events of all mailboxes"),
)
PERMISSIONS: Mapping[str, Mapping[str, Permission]] = MappingProxyType(
    {SCOPE: {one.name: one for one in _SCOPES}, ROLE: {one.name: one for one in _ROLES}}
)
NAMES: Mapping[str, str] = MappingProxyType({one.id: one.name for one in (*_SCOPES, *_ROLES)})

_ALWAYS = ("openid", "profile", "offline_access", "User.Read")
_FOR_PEOPLE = {
    "read-basic": ("Calendars.ReadBasic",),
    "read": ("Calendars.Read",),
    "write": ("Calendars.Read", "Calendars.ReadWrite"),
}
_SHARED = {
    "read-basic": ("Calendars.Read.Shared",),
    "read": ("Calendars.Read.Shared",),
    "write": ("Calendars.Read.Shared", "Calendars.ReadWrite.Shared"),
}
_ON_ITS_OWN = {"read-basic": "Calendars.ReadBasic.All", "read": "Calendars.Read", "write": "Calendars.ReadWrite"}


class Plan(Value):
    """What is to be registered. `access` is one of ACCESSES, `audience` one of AUDIENCES or "" (as it is, and for a new app the tenant).

    `certificate` is the DER of the public certificate, in Base64; it goes with `app_only` alone, as `shared` goes without it.
    """

    name: str = "daypass"
    audience: str = ""
    access: str = "write"
    shared: bool = False
    app_only: bool = False
    certificate: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.name.isprintable() or len(self.name) > LONGEST_NAME:
            raise UsageError(f"an app's name is 1 to {LONGEST_NAME} printable characters", ("--name daypass",))
        if self.app_only and self.shared:
            raise UsageError("an app on its own needs no permission for shared calendars: it reaches the mailboxes themselves")
        if self.certificate and not self.app_only:
            raise UsageError("a certificate belongs to an app on its own; people need none", ("--app-only --certificate FILE",))

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """What it lists, least first."""
        if self.app_only:
            return (PERMISSIONS[ROLE][_ON_ITS_OWN[self.access]],)
        names = (*_ALWAYS, *_FOR_PEOPLE[self.access], *(_SHARED[self.access] if self.shared else ()))
        return tuple(PERMISSIONS[SCOPE][name] for name in names)

    @property
    def sign_in_audience(self) -> str:
        """The audience in Graph's word."""
        return AUDIENCES[self.audience or "tenant"]

    @property
    def token_version(self) -> int:
        """The version of access tokens that the audience demands; 0 where it does not matter."""
        return 2 if self.audience == "personal" else 0

    def access_list(self) -> list[Json]:
        """The permissions as a registration lists them (`requiredResourceAccess`)."""
        return [{"resourceAppId": GRAPH, "resourceAccess": [{"id": one.id, "type": one.kind} for one in self.permissions]}]

    def key(self) -> Json:
        """The certificate as a registration has it (`keyCredentials`)."""
        return {"type": "AsymmetricX509Cert", "usage": "Verify", "key": self.certificate}

    def body(self) -> Json:
        """The whole registration, as Graph is asked to make it."""
        body: Json = {"displayName": self.name, "signInAudience": self.sign_in_audience}
        if self.app_only:
            body["isFallbackPublicClient"] = False
        else:
            body |= {"isFallbackPublicClient": True, "publicClient": {"redirectUris": [REDIRECT]}}
        if self.token_version:
            body["api"] = {"requestedAccessTokenVersion": self.token_version}
        if self.certificate:
            body["keyCredentials"] = [self.key()]
        return {**body, "requiredResourceAccess": self.access_list()}


class Changes(Value):
    """How a registration is brought up to date: each step in words, and what Graph is told."""

    words: tuple[str, ...]
    body: Mapping[str, Any]


def reasons_against(plan: Plan, found: Application) -> tuple[str, ...]:
    """Why a registration that was found is something else than the plan's, in words; none where it is of the same kind."""
    reasons = [f"it is also {what}" for what in found.serves]
    if plan.app_only and (found.public or found.redirects):
        reasons.append("people sign in to it")
    if not plan.app_only and (found.keys or found.secrets) and not found.public:
        reasons.append("it signs in on its own, with a certificate or a secret")
    return tuple(reasons)


def changes(plan: Plan, found: Application) -> Changes:
    """What a registration lacks; what it has beyond the plan stays: others may rely on it."""
    words: list[str] = []
    body: Json = {}
    if not plan.app_only and not found.public:
        words.append("allow public client flows (device codes, and no secret)")
        body["isFallbackPublicClient"] = True
    if not plan.app_only and REDIRECT not in found.redirects:
        words.append(f"add the redirect URI {REDIRECT}")
        body["publicClient"] = {"redirectUris": [*found.redirects, REDIRECT]}
    if plan.audience and found.audience != plan.sign_in_audience:
        words.append(f"serve the accounts of {plan.sign_in_audience} instead of {found.audience}")
        body["signInAudience"] = plan.sign_in_audience
    if plan.token_version > found.token_version:
        words.append(f"take access tokens of version {plan.token_version}, as personal accounts need it")
        body["api"] = {"requestedAccessTokenVersion": plan.token_version}
    if lacking := [one for one in plan.permissions if (one.id, one.kind) not in found.access.get(GRAPH, ())]:
        words.append(f"list {', '.join(one.name for one in lacking)}")
        body["requiredResourceAccess"] = _widened(found.access, lacking)
    if plan.certificate and plan.certificate not in [key.get("key") for key in found.keys]:
        words.append("add the certificate")
        body["keyCredentials"] = [*found.keys, plan.key()]
    return Changes(tuple(words), body)


def _widened(access: Mapping[str, tuple[tuple[str, str], ...]], lacking: Iterable[Permission]) -> list[Json]:
    listed = {**access, GRAPH: (*access.get(GRAPH, ()), *((one.id, one.kind) for one in lacking))}
    return [
        {"resourceAppId": resource, "resourceAccess": [{"id": identifier, "type": kind} for identifier, kind in pairs]}
        for resource, pairs in listed.items()
    ]


def beyond(plan: Plan, found: Application) -> tuple[str, ...]:
    """The calendar permissions that a registration lists although the plan has no need of them."""
    wanted = {one.id for one in plan.permissions}
    return tuple(NAMES[identifier] for identifier, _ in found.access.get(GRAPH, ()) if identifier in NAMES and identifier not in wanted)


def read_certificate(pem: str) -> str:
    """The DER of the one certificate in a PEM text, in Base64; UsageError where there is none, several, or a private key beside it."""
    if "PRIVATE KEY-----" in pem:
        raise UsageError("that file holds a private key, which must never leave this machine; name one with the certificate alone")
    _, *parts = pem.split("-----BEGIN CERTIFICATE-----")
    if len(parts) != 1:
        raise UsageError(f"that file holds {len(parts) or 'no'} certificates in PEM form; one is needed")
    try:
        der = base64.b64decode("".join(parts[0].partition("-----END CERTIFICATE-----")[0].split()), validate=True)
    except (binascii.Error, ValueError):
        der = b""
    if der[:1] != b"\x30":  # every certificate is an ASN.1 sequence
        raise UsageError("that certificate cannot be read: it is damaged, or not PEM")
    return base64.b64encode(der).decode()
