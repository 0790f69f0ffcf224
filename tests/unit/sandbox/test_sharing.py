from __future__ import annotations

from urllib.parse import quote

import pytest

from daypass_sandbox.calendar.calendars import new_mailbox
from daypass_sandbox.calendar.sharing import ROLES
from daypass_sandbox.tenant import CLIENT_ID
from graph_caller import MEGAN, Graph, series, timed

WEEK = "startDateTime=2026-12-07T00:00:00Z&endDateTime=2026-12-14T00:00:00Z"
ALEX = "alex@contoso.example"
SHARED = ("Calendars.ReadWrite", "Calendars.ReadWrite.Shared", "User.Read")


@pytest.fixture
def alex(tenant):
    return Graph(tenant, user="alex")


@pytest.fixture
def megan(tenant):
    return Graph(tenant, scopes=SHARED)


def share(owner, role, calendar="/me/calendar", address="megan@contoso.example"):
    whom = {"emailAddress": {"name": "Megan Bowen", "address": address}, "role": role}
    answer = owner("POST", f"{calendar}/calendarPermissions", whom)
    assert answer.status == 201, answer.body
    return answer.body


def fill(owner):
    """A plain event, one of each sensitivity, and a series with a private exception."""
    rich = {"location": {"displayName": "Adams"}, "body": {"contentType": "text", "content": "Agenda"}}
    plain = owner.create(**timed("Plain", "2026-12-07T09:00:00", "2026-12-07T10:00:00", **rich))
    for number, sensitivity in enumerate(("personal", "private", "confidential")):
        owner.create(**timed(sensitivity, f"2026-12-08T1{number}:00:00", f"2026-12-08T1{number}:30:00", sensitivity=sensitivity, **rich))
    return plain


def theirs(guest, path="/calendar/calendarView?" + WEEK, **more):
    return guest("GET", f"/users/{ALEX}{path}", **more)


# --- permissions


def test_everybody_may_see_when_the_owner_is_free_and_that_permission_stays(alex):
    (everybody,) = alex("GET", "/me/calendar/calendarPermissions").body["value"]
    assert everybody["emailAddress"] == {"name": "My Organization"}
    assert (everybody["role"], everybody["isRemovable"], everybody["isInsideOrganization"]) == ("freeBusyRead", False, True)
    path = f"/me/calendar/calendarPermissions/{everybody['id']}"
    assert alex("DELETE", path).status == 400
    assert alex("PATCH", path, {"role": "limitedRead"}).body["role"] == "limitedRead"
    assert alex("GET", path).body["role"] == "limitedRead"


def test_a_permission_is_given_changed_and_taken_away(alex):
    made = share(alex, "read")
    assert made["emailAddress"] == {"name": "Megan Bowen", "address": "megan@contoso.example"}
    assert "delegateWithPrivateEventAccess" in made["allowedRoles"]
    path = f"/me/calendar/calendarPermissions/{quote(made['id'])}"
    assert alex("PATCH", path, {"role": "write"}).body["role"] == "write"
    assert alex("GET", "/me/calendar/calendarPermissions/$count").body == 2
    assert alex("DELETE", path).status == 204
    assert alex("GET", path).status == 404


WRONG = {
    "a role nobody has": {"role": "owner", "emailAddress": {"address": "megan@contoso.example"}},
    "nobody": {"role": "read"},
    "no address": {"role": "read", "emailAddress": {"name": "Megan"}},
    "no role": {"emailAddress": {"address": "megan@contoso.example"}},
    "more than an outsider may get": {"role": "write", "emailAddress": {"address": "anna@fabrikam.example"}},
}


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG)
def test_what_is_no_permission_is_refused(alex, body):
    assert alex("POST", "/me/calendar/calendarPermissions", body).status == 400
    assert len(alex("GET", "/me/calendar/calendarPermissions").body["value"]) == 1


def test_nobody_is_given_the_same_calendar_twice(alex):
    share(alex, "read")
    again = {"emailAddress": {"address": "MEGAN@contoso.example"}, "role": "write"}
    assert alex("POST", "/me/calendar/calendarPermissions", again).status == 409


def test_only_the_default_calendar_has_delegates(alex):
    other = alex("POST", "/me/calendars", {"name": "Launches"}).body["id"]
    whom = {"emailAddress": {"address": "megan@contoso.example"}, "role": "delegateWithPrivateEventAccess"}
    assert alex("POST", f"/me/calendars/{other}/calendarPermissions", whom).status == 400


def test_others_than_the_owner_see_no_permissions_and_give_none(alex, megan):
    share(alex, "write")
    assert theirs(megan, "/calendar/calendarPermissions").body["value"] == []
    whom = {"emailAddress": {"address": "adele@contoso.example"}, "role": "read"}
    assert megan("POST", f"/users/{ALEX}/calendar/calendarPermissions", whom).status == 403


# --- what each role sees and does


@pytest.mark.parametrize("role", [None, "freeBusyRead"])
def test_who_may_see_when_alone_sees_no_events(alex, megan, role):
    fill(alex)
    if role:
        share(alex, role)
    for path in ("/calendar", "/events", "/calendar/events", f"/calendarView?{WEEK}"):
        assert theirs(megan, path).status == 403


SEES = ["limitedRead", "read", "write", "delegateWithoutPrivateEventAccess", "delegateWithPrivateEventAccess"]


@pytest.mark.parametrize("role", SEES)
def test_each_role_sees_what_it_says(alex, megan, role):
    fill(alex)
    share(alex, role)
    seen = {event["start"]["dateTime"][8:13]: event for event in theirs(megan).body["value"]}
    plain, personal, private, confidential = (seen[hour] for hour in ("07T09", "08T10", "08T11", "08T12"))
    for event, subject in ((plain, "Plain"), (personal, "personal")):
        assert (event["subject"], event["location"]["displayName"]) == (subject, "Adams")
        assert ("Agenda" in event["body"]["content"]) is ROLES[role].details
    for event in (private, confidential):
        hidden = not ROLES[role].private
        assert event["subject"] == ("Private Appointment" if hidden else event["sensitivity"])
        assert (event["location"]["displayName"], event["body"]["content"] == "") == (("", True) if hidden else ("Adams", False))


@pytest.mark.parametrize("query", ["subject eq 'private'", "contains(subject,'confid')", "location/displayName eq 'Adams'"])
def test_no_question_tells_what_is_hidden(alex, megan, query):
    fill(alex)
    share(alex, "read")
    found = theirs(megan, f"/events?$filter={query}").body["value"]
    assert {event["sensitivity"] for event in found} <= {"normal", "personal"}
    assert theirs(megan, "/events?$orderby=subject&$select=subject").subjects == [
        "personal",
        "Plain",
        "Private Appointment",
        "Private Appointment",
    ]


def test_private_details_are_shown_to_guests_where_the_quirk_says_so(tenant, alex, megan):
    fill(alex)
    share(alex, "read")
    tenant.state.quirks["privateDetailsShown"] = True
    assert "private" in theirs(megan).subjects


@pytest.mark.parametrize("role", SEES)
def test_who_may_write_writes_and_nobody_else(alex, megan, role):
    event = fill(alex)
    share(alex, role)
    writes = ROLES[role].writes
    place = f"/users/{ALEX}/calendar/events"
    made = megan("POST", place, timed("From Megan", "2026-12-09T09:00:00", "2026-12-09T10:00:00"))
    assert made.status == (201 if writes else 403)
    assert megan("PATCH", f"{place}/{quote(event['id'])}", {"subject": "Changed"}).status == (200 if writes else 403)
    assert megan("DELETE", f"{place}/{quote(event['id'])}").status == (204 if writes else 403)
    assert ("From Megan" in alex("GET", "/me/events").subjects) is writes
    assert ("Plain" in alex("GET", "/me/events").subjects) is not writes
    if writes:
        assert made.body["organizer"]["emailAddress"]["address"] == ALEX


def test_private_events_are_not_changed_by_who_does_not_see_them(alex, megan):
    fill(alex)
    share(alex, "write")
    private = next(event for event in theirs(megan).body["value"] if event["sensitivity"] == "private")
    path = f"/users/{ALEX}/calendar/events/{quote(private['id'])}"
    assert megan("PATCH", path, {"subject": "Public"}).status == 403
    assert megan("DELETE", path).status == 403
    assert "private" in alex("GET", "/me/events").subjects


def test_the_calendar_says_what_its_guest_may(alex, megan):
    share(alex, "delegateWithPrivateEventAccess")
    calendar = theirs(megan, "/calendar").body
    assert (calendar["canEdit"], calendar["canViewPrivateItems"], calendar["canShare"]) == (True, True, False)
    assert calendar["owner"]["address"] == ALEX


def test_other_calendars_of_the_owner_stay_their_own(alex, megan):
    other = alex("POST", "/me/calendars", {"name": "Launches"}).body["id"]
    alex("POST", f"/me/calendars/{other}/events", timed("Secret launch", "2026-12-07T09:00:00", "2026-12-07T10:00:00"))
    share(alex, "write")
    assert theirs(megan, "/events").subjects == []
    assert [calendar["name"] for calendar in theirs(megan, "/calendars").body["value"]] == ["Calendar"]
    assert theirs(megan, f"/calendars/{other}").status == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/calendars", {"name": "Megan was here"}),
        ("PATCH", "/calendar", {"name": "Mine now"}),
        ("POST", "/calendarGroups", {"name": "Megan was here"}),
    ],
)
def test_guests_keep_their_hands_off_calendars_and_groups(alex, megan, method, path, body):
    share(alex, "delegateWithPrivateEventAccess")
    assert megan(method, f"/users/{ALEX}{path}", body).status == 403


@pytest.mark.parametrize(
    ("scopes", "reads", "writes"),
    [
        (("Calendars.ReadWrite",), 403, 403),
        (("Calendars.Read.Shared",), 200, 403),
        (("Calendars.ReadWrite.Shared",), 200, 201),
    ],
)
def test_sharing_takes_a_shared_permission_too(tenant, alex, scopes, reads, writes):
    share(alex, "write")
    guest = Graph(tenant, scopes=scopes)
    assert theirs(guest).status == reads
    body = timed("X", "2026-12-09T09:00:00", "2026-12-09T10:00:00")
    assert guest("POST", f"/users/{ALEX}/calendar/events", body).status == writes


def test_an_app_alone_asks_nobody(tenant, alex):
    fill(alex)
    headers = {"Authorization": f"Bearer {tenant.mint_app(CLIENT_ID, ('Calendars.Read',))}"}
    assert "private" in theirs(Graph(tenant), headers=headers).subjects


def test_free_and_busy_tells_as_much_as_the_role(alex, megan):
    fill(alex)
    body = {
        "schedules": [ALEX],
        "startTime": {"dateTime": "2026-12-07T00:00:00", "timeZone": "UTC"},
        "endTime": {"dateTime": "2026-12-09T00:00:00", "timeZone": "UTC"},
    }

    def subjects():
        (schedule,) = megan("POST", "/me/calendar/getSchedule", body).body["value"]
        return {item.get("subject") for item in schedule["scheduleItems"]}

    assert subjects() == {None}
    share(alex, "read")
    assert "Plain" in subjects()
    assert "private" not in subjects()


# --- a calendar in the guest's own list


@pytest.fixture
def launches(alex):
    """Alex's second calendar, with an event and a series, shared with Megan for writing."""
    calendar = alex("POST", "/me/calendars", {"name": "Launches"}).body["id"]
    alex("POST", f"/me/calendars/{calendar}/events", timed("Spring", "2026-12-07T09:00:00", "2026-12-07T10:00:00"))
    alex("POST", f"/me/calendars/{calendar}/events", series("Weekly", "2026-12-08T09:00:00", "2026-12-08T09:30:00", {"type": "daily"}))
    share(alex, "write", f"/me/calendars/{calendar}")
    return f"/me/calendars/{calendar}"


def mine(megan):
    return next(calendar for calendar in megan("GET", "/me/calendars").body["value"] if calendar["name"] == "Launches")


def test_a_shared_calendar_comes_into_the_guests_list_under_ids_of_its_own(alex, megan, launches):
    calendar = mine(megan)
    assert calendar["owner"]["address"] == ALEX
    assert calendar["id"] not in launches
    ours = megan("GET", f"/me/calendars/{calendar['id']}/events").body["value"]
    theirs = alex("GET", f"{launches}/events").body["value"]
    assert [event["subject"] for event in ours] == [event["subject"] for event in theirs]
    assert {event["id"] for event in ours}.isdisjoint(event["id"] for event in theirs)
    assert [event["iCalUId"] for event in ours] == [event["iCalUId"] for event in theirs]
    assert megan("GET", f"/me/calendars/{calendar['id']}/events/{quote(theirs[0]['id'])}").status == 404
    assert "Spring" not in megan("GET", "/me/events").subjects


@pytest.mark.parametrize(("role", "writes", "private"), [("read", False, False), ("delegateWithPrivateEventAccess", True, True)])
def test_a_default_calendar_comes_into_the_list_under_its_owners_name(alex, megan, role, writes, private):
    share(alex, role)
    lunch = alex.create(**timed("Lunch", "2026-12-07T12:00:00", "2026-12-07T13:00:00"))
    own, *_, listed = megan("GET", "/me/calendars").body["value"]
    assert own["isDefaultCalendar"] is True
    assert (listed["name"], listed["owner"]["name"]) == ("Alex Wilber", "Alex Wilber")
    assert (listed["isDefaultCalendar"], listed["isRemovable"], listed["canShare"]) == (False, True, False)
    for one in (listed, megan("GET", f"/me/calendars/{listed['id']}").body):
        assert (one["canEdit"], one["canViewPrivateItems"]) == (writes, private)
    (seen,) = megan("GET", f"/me/calendars/{listed['id']}/events").body["value"]
    assert (seen["subject"], seen["id"] != lunch["id"]) == ("Lunch", True)
    assert megan("GET", "/me/events").body["value"] == []


def test_a_guest_does_not_share_on(alex, megan, launches):
    place = f"/me/calendars/{mine(megan)['id']}/calendarPermissions"
    refused = megan("POST", place, {"emailAddress": {"address": "diego@contoso.example"}, "role": "write"})
    assert (refused.status, refused.code) == (403, "ErrorAccessDenied")
    assert len(alex("GET", f"{launches}/calendarPermissions").body["value"]) == 2


@pytest.mark.parametrize("ends", ["the share", "the calendar"])
def test_what_is_shared_no_more_still_leaves_the_list(alex, megan, launches, ends):
    listed = f"/me/calendars/{mine(megan)['id']}"
    if ends == "the share":
        made = next(known for known in alex("GET", f"{launches}/calendarPermissions").body["value"] if known["isRemovable"])
        assert alex("DELETE", f"{launches}/calendarPermissions/{quote(made['id'])}").status == 204
    else:
        assert alex("DELETE", launches).status == 204
    (known,) = (one for one in megan("GET", "/me/calendars").body["value"] if one["name"] == "Launches")
    assert (known["canEdit"], known["canShare"], known["canViewPrivateItems"]) == (False, False, False)
    assert megan("DELETE", listed).status == 204
    assert "Launches" not in [one["name"] for one in megan("GET", "/me/calendars").body["value"]]


def test_both_see_what_either_does(alex, megan, launches):
    place = f"/me/calendars/{mine(megan)['id']}"
    made = megan("POST", f"{place}/events", timed("Summer", "2026-12-07T11:00:00", "2026-12-07T12:00:00"))
    assert made.status == 201
    assert made.body["organizer"]["emailAddress"]["address"] == ALEX
    assert megan("GET", f"{place}/events/{quote(made.body['id'])}").body["subject"] == "Summer"
    assert "Summer" in alex("GET", f"{launches}/events").subjects
    occurrence = next(event for event in megan("GET", f"{place}/calendarView?{WEEK}").body["value"] if event["type"] == "occurrence")
    moved = megan("PATCH", f"{place}/events/{quote(occurrence['id'])}", {"subject": "Weekly, at Megan's"})
    assert (moved.status, moved.body["type"], moved.body["id"]) == (200, "exception", occurrence["id"])
    assert "Weekly, at Megan's" in alex("GET", f"{launches}/calendarView?{WEEK}").subjects
    assert megan("DELETE", f"{place}/events/{quote(made.body['id'])}").status == 204
    assert "Summer" not in alex("GET", f"{launches}/events").subjects


def test_changes_are_followed_under_the_guests_ids(alex, megan, launches):
    place = f"/me/calendars/{mine(megan)['id']}"
    answer = megan("GET", f"{place}/calendarView/delta?{WEEK}")
    assert answer.status == 200
    while "@odata.nextLink" in answer.body:
        answer = megan("GET", answer.body["@odata.nextLink"])
    alex("POST", f"{launches}/events", timed("Autumn", "2026-12-07T14:00:00", "2026-12-07T15:00:00"))
    (item,) = megan("GET", answer.body["@odata.deltaLink"]).body["value"]
    assert megan("GET", f"{place}/events/{quote(item['id'])}").body["subject"] == "Autumn"


def test_leaving_a_shared_calendar_takes_nothing_from_its_owner(alex, megan, launches):
    assert megan("DELETE", f"/me/calendars/{mine(megan)['id']}").status == 204
    assert [calendar["name"] for calendar in megan("GET", "/me/calendars").body["value"]].count("Launches") == 0
    assert "Spring" in alex("GET", f"{launches}/events").subjects


def test_a_share_that_ended_shows_nothing(alex, megan, launches):
    place = f"/me/calendars/{mine(megan)['id']}/events"
    made = next(known for known in alex("GET", f"{launches}/calendarPermissions").body["value"] if known["isRemovable"])
    alex("DELETE", f"{launches}/calendarPermissions/{quote(made['id'])}")
    assert megan("GET", place).status == 403


# --- groups

MARKETING = "c04705e2-7e11-4000-8000-0000000003f1"
GROUP = ("Group.ReadWrite.All", "Calendars.ReadWrite")


@pytest.fixture
def group(tenant):
    """A Microsoft 365 group with Megan in it and its mailbox."""
    tenant.state.groups[MARKETING] = {
        "id": MARKETING,
        "displayName": "Marketing (test)",
        "mail": "marketing.test@contoso.example",
        "groupTypes": ["Unified"],
        "x-members": [MEGAN],
    }
    tenant.state.mailboxes[MARKETING] = new_mailbox(tenant.new_id, "Pacific Standard Time")
    return f"/groups/{MARKETING}"


@pytest.mark.parametrize("place", ["", "/calendar"])
def test_a_group_keeps_a_calendar(tenant, group, place):
    member = Graph(tenant, scopes=GROUP)
    made = member("POST", f"{group}{place}/events", timed("Campaign", "2026-12-07T09:00:00", "2026-12-07T10:00:00"))
    assert made.status == 201
    assert made.body["organizer"]["emailAddress"] == {"name": "Marketing (test)", "address": "marketing.test@contoso.example"}
    assert made.body["isReminderOn"] is False
    path = f"{group}{place}/events/{quote(made.body['id'])}"
    assert member("GET", path).body["subject"] == "Campaign"
    assert member("PATCH", path, {"subject": "Campaign, second round", "isReminderOn": True}).body["isReminderOn"] is False
    assert member("GET", f"{group}{place}/calendarView?{WEEK}").subjects == ["Campaign, second round"]
    assert member("GET", f"{group}/calendar").body["name"] == "Calendar"
    assert member("DELETE", path).status == 204
    assert member("GET", f"{group}{place}/events").subjects == []


def test_a_groups_calendar_is_its_members(tenant, group):
    assert Graph(tenant, user="alex", scopes=GROUP)("GET", f"{group}/events").status == 403
    assert Graph(tenant, scopes=("Calendars.ReadWrite",))("GET", f"{group}/events").status == 403


def test_a_group_without_a_mailbox_has_no_calendar(tenant, group):
    del tenant.state.mailboxes[MARKETING]
    answer = Graph(tenant, scopes=GROUP)("GET", f"{group}/events")
    assert (answer.status, answer.code) == (404, "MailboxNotEnabledForRESTAPI")
