"""Microsoft Graph as an app sees it in the directory: its identifiers, and its permissions with theirs.

Identifiers are the same in every tenant of the real service; apps are registered with them (`requiredResourceAccess`), and
consoles, scripts and Terraform files bear them. Source: microsoft-graph-devx-content, permissions/ (2026-08). A permission that is
not in that table gets an identifier made of its name, the same every time.
"""

from __future__ import annotations

import base64
import difflib
import json
import uuid
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

Json = dict[str, Any]

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
GRAPH_URL = "https://graph.microsoft.com"
OPENID = ("openid", "profile", "email", "offline_access")
SCOPE, ROLE = "Scope", "Role"  # what a permission is in requiredResourceAccess: for a signed-in user, or for an app on its own
# the name that an app's token bears for a permission that is also known by another
ROLE_NAMES = {"Calendars.ReadBasic": "Calendars.ReadBasic.All"}

# permission → what it lets an app do, and a word on what that means
WORDS: dict[str, tuple[str, str]] = {
    "User.Read": ("See who you are", "Your name, your address and your work profile."),
    "User.ReadWrite": ("See and change your profile", "Your name, your phone numbers, your office."),
    "User.ReadBasic.All": ("See who your colleagues are", "Names and addresses of the people in your organisation."),
    "User.Read.All": ("See everybody's full profile", "All profiles in your organisation."),
    "User.ReadWrite.All": ("Create and change people", "All profiles in your organisation, and new ones."),
    "Group.Read.All": ("See all groups", "Every group, who is in it, and its calendar."),
    "Group.ReadWrite.All": ("Create and change groups", "Every group, who is in it, and its calendar."),
    "GroupMember.Read.All": ("See who is in which group", "Names of groups and their members."),
    "GroupMember.ReadWrite.All": ("Change who is in which group", "Members of the groups you may change."),
    "Directory.Read.All": ("Read the whole directory", "People, groups and apps of your organisation."),
    "Directory.ReadWrite.All": ("Change the whole directory", "People, groups and apps of your organisation."),
    "Application.Read.All": ("See all apps", "How the apps of your organisation are registered."),
    "Application.ReadWrite.All": ("Register and change apps", "The apps of your organisation, and their secrets."),
    "Calendars.ReadBasic": ("See when you are busy", "Titles, times and places of your events, without their text or attachments."),
    "Calendars.Read": ("Read your calendars", "Your events with all their details."),
    "Calendars.ReadWrite": ("Read and change your calendars", "Create, move, answer and delete events in your name."),
    "Calendars.Read.Shared": ("Read calendars others share with you", "Events you may see in colleagues' calendars."),
    "Calendars.ReadWrite.Shared": ("Change calendars others share with you", "Events you may edit in colleagues' calendars."),
    "MailboxSettings.Read": ("Read your mailbox settings", "Your time zone, language and working hours."),
    "MailboxSettings.ReadWrite": ("Change your mailbox settings", "Your time zone, language and working hours."),
    "Tasks.Read": ("Read your tasks", "Your To Do lists."),
    "Tasks.ReadWrite": ("Read and change your tasks", "Your To Do lists."),
    "Place.Read.All": ("See rooms and places", "The meeting rooms of your organisation."),
    "People.Read": ("See who you work with", "The people most relevant to you."),
    "Mail.Send": ("Send mail in your name", "Messages that come from your address."),
}


def base64url(data: bytes) -> str:
    """Base64 for URLs, without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@cache
def _table() -> Json:
    return json.loads(resources.files("daypass_sandbox").joinpath("data/graph_permissions.json").read_text("utf-8"))


def identifiers(kind: str) -> Mapping[str, str]:
    """The permissions of a kind (`SCOPE` or `ROLE`): name → identifier."""
    return _table()["delegated" if kind == SCOPE else "application"]


@cache
def _names(kind: str) -> Mapping[str, str]:
    return {identifier: name for name, identifier in identifiers(kind).items()}


def permission_id(name: str, kind: str) -> str:
    """The identifier of a permission by its name; one made of the name where none is published."""
    name = ROLE_NAMES.get(name, name) if kind == ROLE else name
    return identifiers(kind).get(name) or str(uuid.uuid5(uuid.NAMESPACE_URL, f"{GRAPH_URL}/{kind}/{name}"))


def permission_name(identifier: str, kind: str) -> str | None:
    """The name of a permission by its identifier; None for one that is not published."""
    return _names(kind).get(identifier.lower())


def unpublished(names: Iterable[str], kind: str) -> str:
    """What to say of the first of these names that is no permission of Graph (in any letter case), "" where all are."""
    known = {name.lower(): name for name in (*identifiers(kind), *(ROLE_NAMES if kind == ROLE else OPENID))}
    strange = next((name for name in names if name.lower() not in known), None)
    if strange is None:
        return ""
    near = difflib.get_close_matches(strange.lower(), known, n=1)
    hint = f"; is {known[near[0]]!r} meant?" if near else ""
    return f"there is no {'application' if kind == ROLE else 'delegated'} permission {strange[:80]!r} of Microsoft Graph{hint}"


def needs_administrator(name: str) -> bool:
    """Whether a person cannot grant this permission on their own."""
    return name in _table()["needsAdministrator"]


@cache
def published_scopes() -> tuple[Json, ...]:
    """The delegated permissions as Graph's own service principal lists them (resources/permissionscope)."""
    return tuple(_scope(name, identifier) for name, identifier in identifiers(SCOPE).items())


def _scope(name: str, identifier: str) -> Json:
    title, meaning = WORDS.get(name, (name, f"The permission {name} of Microsoft Graph."))
    admin = needs_administrator(name)
    return {
        "adminConsentDescription": meaning,
        "adminConsentDisplayName": title,
        "id": identifier,
        "isEnabled": True,
        "type": "Admin" if admin else "User",
        "userConsentDescription": meaning,
        "userConsentDisplayName": title,
        "value": name,
    }


@cache
def published_roles() -> tuple[Json, ...]:
    """The application permissions as Graph's own service principal lists them (resources/approle)."""
    return tuple(
        {
            "allowedMemberTypes": ["Application"],
            "description": f"The permission {name} of Microsoft Graph, for an app on its own.",
            "displayName": name,
            "id": identifier,
            "isEnabled": True,
            "origin": "Application",
            "value": name,
        }
        for name, identifier in identifiers(ROLE).items()
    )
