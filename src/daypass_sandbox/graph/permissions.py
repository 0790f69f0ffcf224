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
READ_ME = Permissions(("User.Read", "User.ReadWrite", *_READ_PEOPLE), _READ_PEOPLE)
READ_PEOPLE = Permissions(_READ_PEOPLE, _READ_PEOPLE)
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
