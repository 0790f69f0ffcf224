"""Which permissions let a caller do what: the one table behind every route.

Each family below is the set of permissions that Microsoft's permissions reference gives for a kind of request, least first, for
people (delegated) and for apps on their own (application). A permission to change includes the one to look. `.Shared` permissions
reach what others shared with the user; whether they did is `calendar.access`'s business.

Source: the permission table of microsoft-graph-devx-content (2026-08), held against the routes by a test where the table is at hand.
"""

from __future__ import annotations

from ..routes import Permissions

_SHARED_READ = ("Calendars.Read.Shared", "Calendars.ReadWrite.Shared")

READ_CALENDARS = Permissions(
    ("Calendars.ReadBasic", "Calendars.Read", "Calendars.ReadWrite", *_SHARED_READ),
    ("Calendars.ReadBasic", "Calendars.Read", "Calendars.ReadWrite"),
)
READ_EVENT_DETAILS = Permissions(("Calendars.Read", "Calendars.ReadWrite", *_SHARED_READ), ("Calendars.Read", "Calendars.ReadWrite"))
FOLLOW_EVENTS = Permissions(
    ("Calendars.Read", "Calendars.ReadBasic", "Calendars.ReadWrite", *_SHARED_READ),
    ("Calendars.Read", "Calendars.ReadBasic", "Calendars.ReadWrite"),
)
WRITE_CALENDARS = Permissions(("Calendars.ReadWrite", "Calendars.ReadWrite.Shared"), ("Calendars.ReadWrite",))
GET_SCHEDULE = Permissions(
    ("Calendars.ReadBasic", "Calendars.Read", "Calendars.ReadWrite"), ("Calendars.ReadBasic", "Calendars.Read", "Calendars.ReadWrite")
)
FIND_MEETING_TIMES = Permissions(_SHARED_READ)
CHECK_IN = Permissions(("Calendars.ReadWrite",))
READ_GROUP_EVENTS = Permissions(("Group.Read.All", "Group.ReadWrite.All"))
WRITE_GROUP_EVENTS = Permissions(("Group.ReadWrite.All",))
READ_GROUP_EVENT = Permissions((*READ_CALENDARS.delegated, *READ_GROUP_EVENTS.delegated), READ_CALENDARS.application)
CHANGE_GROUP_EVENT = Permissions((*WRITE_CALENDARS.delegated, *WRITE_GROUP_EVENTS.delegated), WRITE_CALENDARS.application)

READ_SETTINGS = Permissions(("MailboxSettings.Read", "MailboxSettings.ReadWrite"), ("MailboxSettings.Read", "MailboxSettings.ReadWrite"))
WRITE_SETTINGS = Permissions(("MailboxSettings.ReadWrite",), ("MailboxSettings.ReadWrite",))
READ_MAIL = Permissions(("Mail.Read", "Mail.ReadWrite", "Mail.Read.Shared", "Mail.ReadWrite.Shared"), ("Mail.Read", "Mail.ReadWrite"))
SEND_MAIL = Permissions(("Mail.Send",), ("Mail.Send",))
READ_TASKS = Permissions(("Tasks.Read", "Tasks.ReadWrite"), ("Tasks.Read.All", "Tasks.ReadWrite.All"))
FOLLOW_TASK_LISTS = Permissions(("Tasks.ReadWrite",), ("Tasks.Read.All", "Tasks.ReadWrite.All"))
WRITE_TASKS = Permissions(("Tasks.ReadWrite",), ("Tasks.ReadWrite.All",))
READ_PLACES = Permissions(("Place.Read.All", "Place.ReadWrite.All"), ("Place.Read.All", "Place.ReadWrite.All"))
WRITE_PLACES = Permissions(("Place.ReadWrite.All",), ("Place.ReadWrite.All",))

_READ_USER = ("User.Read.All", "User.ReadWrite.All")
TRANSLATE_IDS = Permissions(("User.ReadBasic.All", "User.Read", "User.ReadWrite", *_READ_USER), _READ_USER)
_READ_PEOPLE = ("User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")
READ_ME = Permissions(("User.Read", "User.ReadWrite", *_READ_PEOPLE), _READ_PEOPLE, directory=True)
READ_PEOPLE = Permissions(_READ_PEOPLE, _READ_PEOPLE, directory=True)
READ_OUTLOOK_USER = Permissions(("User.Read", "User.ReadWrite"))
READ_SUPPORTED = Permissions(
    ("User.Read", "User.ReadWrite", "User.ReadBasic.All", "User.Read.All"), ("User.Read.All", "User.ReadBasic.All")
)

# To watch by a subscription takes what reading takes, but never a `.Shared` permission, nor the basic ones.
_GROUP_READERS = ("Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")
_USER_READERS = ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")
WATCH_EVENTS = Permissions(("Calendars.Read", "Calendars.ReadWrite"), ("Calendars.Read", "Calendars.ReadWrite"))
WATCH_TASKS = Permissions(("Tasks.ReadWrite",))
WATCH_USERS = Permissions(_USER_READERS, _USER_READERS)
WATCH_GROUPS = Permissions(_GROUP_READERS, _GROUP_READERS)
# --- the directory; permissions of other products (Intune's, those for agents) are left out ---------------------------

_CHANGE_PEOPLE = ("User.ReadWrite.All", "Directory.ReadWrite.All")
# each lets an app change some properties of a user and nothing else (api/user-update)
CHANGE_SOME = {
    "User-Mail.ReadWrite.All": frozenset({"otherMails"}),
    "User-PasswordProfile.ReadWrite.All": frozenset({"passwordProfile"}),
    "User-Phone.ReadWrite.All": frozenset({"businessPhones", "mobilePhone"}),
    "User.EnableDisableAccount.All": frozenset({"accountEnabled"}),
    "User.ManageIdentities.All": frozenset({"identities"}),
}
CREATE_PEOPLE = Permissions(_CHANGE_PEOPLE, _CHANGE_PEOPLE, directory=True)
CHANGE_PEOPLE = Permissions(("User.ReadWrite", *_CHANGE_PEOPLE, *CHANGE_SOME), (*_CHANGE_PEOPLE, *CHANGE_SOME), directory=True)
_DELETE_PEOPLE = ("User.DeleteRestore.All", "User.ReadWrite.All")
DELETE_PEOPLE = Permissions(_DELETE_PEOPLE, _DELETE_PEOPLE, directory=True)
_READ_MANAGER = ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")
READ_MANAGER = Permissions(_READ_MANAGER, _READ_MANAGER, directory=True)
_READ_MEMBERSHIP = (*_READ_MANAGER, "GroupMember.Read.All", "Group.Read.All")
READ_MEMBERSHIP = Permissions(("User.Read", "User.ReadWrite", *_READ_MEMBERSHIP), _READ_MEMBERSHIP, directory=True)
_END_SESSIONS = ("User.RevokeSessions.All", "User.ReadWrite.All", "Directory.ReadWrite.All")
END_SESSIONS = Permissions(("User.ReadWrite", *_END_SESSIONS), _END_SESSIONS, directory=True)
LICENSE_PEOPLE = CREATE_PEOPLE

_READ_GROUPS = ("GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")
READ_GROUPS = Permissions(_READ_GROUPS, _READ_GROUPS, directory=True)
_CHANGE_GROUP = ("Group-NestingSupport.ReadWrite.All", "Group.ManageProtection.All")  # of which each is for some properties
_READ_GROUP = (*_READ_GROUPS, "Group.ReadBasic.All", *_CHANGE_GROUP)
READ_GROUP = Permissions(_READ_GROUP, _READ_GROUP, directory=True)
_WRITE_GROUPS = ("Group.ReadWrite.All", "Directory.ReadWrite.All")
CREATE_GROUPS = Permissions(_WRITE_GROUPS, ("Group.Create", *_WRITE_GROUPS), directory=True)
WRITE_GROUP = Permissions((*_WRITE_GROUPS, *_CHANGE_GROUP), (*_WRITE_GROUPS, *_CHANGE_GROUP), directory=True)
DELETE_GROUPS = Permissions(("Group.ReadWrite.All",), ("Group.ReadWrite.All",), directory=True)
_WRITE_MEMBERS = ("GroupMember.ReadWrite.All", *_WRITE_GROUPS)
WRITE_MEMBERS = Permissions(_WRITE_MEMBERS, _WRITE_MEMBERS, directory=True)

_READ_ORGANIZATION = (
    *("Organization.Read.All", "Organization.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All", "User.Read.All"),
    *("DeviceManagementServiceConfig.Read.All", "DeviceManagementServiceConfig.ReadWrite.All"),
)
READ_ORGANIZATION = Permissions(("User.Read", *_READ_ORGANIZATION), _READ_ORGANIZATION, directory=True)

OWN_APPS = "Application.ReadWrite.OwnedBy"  # reaches the apps alone that the caller owns
_READ_APPS = ("Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")
READ_APPS = Permissions(_READ_APPS, (OWN_APPS, *_READ_APPS), directory=True)
CREATE_APPS = Permissions(("Application.ReadWrite.All",), (OWN_APPS, "Application.ReadWrite.All"), directory=True)
WRITE_APPS = CREATE_APPS
_WRITE_PRINCIPALS = ("Application.ReadWrite.All", "Directory.ReadWrite.All")
WRITE_PRINCIPALS = Permissions(_WRITE_PRINCIPALS, (OWN_APPS, *_WRITE_PRINCIPALS), directory=True)
_READ_ROLES = ("Application.Read.All", "AppRoleAssignment.ReadWrite.All", *_READ_APPS[1:])
READ_ROLES = Permissions(_READ_ROLES, _READ_ROLES, directory=True)
_ASSIGN_ROLES = ("AppRoleAssignment.ReadWrite.All", "Directory.ReadWrite.All")
ASSIGN_ROLES = Permissions(_ASSIGN_ROLES, _ASSIGN_ROLES, directory=True)
_GRANT = ("DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All")
GRANT = Permissions(_GRANT, _GRANT, directory=True)
_READ_GRANTS = ("Directory.Read.All", *_GRANT)
READ_GRANTS = Permissions(_READ_GRANTS, _READ_GRANTS, directory=True)
_BIN = ("Directory.Read.All", "Directory.ReadWrite.All", "User.Read.All", "User.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All")
READ_BIN = Permissions((*_BIN, *_READ_APPS[:2]), (*_BIN, *_READ_APPS[:2]), directory=True)
_RESTORE = ("User.DeleteRestore.All", "User.ReadWrite.All", "Group.ReadWrite.All", "Application.ReadWrite.All", "Directory.ReadWrite.All")
RESTORE = Permissions(_RESTORE, _RESTORE, directory=True)
