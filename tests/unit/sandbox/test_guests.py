"""What guests of a shared calendar may do besides plain writing: answer, forward and follow, and what they must not."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from daypass_sandbox.calendar.attached import SMALLEST_UPLOAD
from daypass_sandbox.calendar.mailbox import open_mailbox
from graph_caller import Graph, at, timed

ALEX = "/users/alex@contoso.example"
WEEK = "startDateTime=2026-12-07T00:00:00Z&endDateTime=2026-12-14T00:00:00Z"
BLIND = ("limitedRead", "read", "write", "delegateWithoutPrivateEventAccess")
TO = {"toRecipients": [{"emailAddress": {"address": "adele@contoso.example"}}]}
FILE = {"AttachmentItem": {"attachmentType": "file", "name": "flower.jpg", "size": SMALLEST_UPLOAD}}


@pytest.fixture
def lee(company):
    return Graph(company.tenant, "lee", ("Calendars.ReadWrite.Shared", "Calendars.ReadWrite"))


def share(company, role, calendar="/me/calendar"):
    answer = company.alex("POST", f"{calendar}/calendarPermissions", {"emailAddress": {"address": "lee@contoso.example"}, "role": role})
    assert answer.status == 201, answer.body
    return f"{calendar}/calendarPermissions/{quote(answer.body['id'])}"


def path_of(event, calendar=f"{ALEX}/calendar"):
    return f"{calendar}/events/{quote(event['id'])}"


def mounted(company, lee):
    """Alex's second calendar with a meeting that Megan asked him to, in Lee's list too; its path for Lee, and the meeting as Lee has it."""
    calendar = company.alex("POST", "/me/calendars", {"name": "Launches"}).body["id"]
    company.invite("alex", body={"contentType": "text", "content": "Agenda"})
    box = open_mailbox(company.tenant, company.tenant.state.find_user("alex"))
    box.move(company.copy("alex")["id"], calendar, company.tenant.clock.now())
    share(company, "write", f"/me/calendars/{calendar}")
    place = next(known["id"] for known in lee("GET", "/me/calendars").body["value"] if known["name"] == "Launches")
    (event,) = lee("GET", f"/me/calendars/{place}/events").body["value"]
    return f"/me/calendars/{place}", event


# --- answers


@pytest.mark.parametrize("action", ["accept", "tentativelyAccept", "decline"])
@pytest.mark.parametrize("role", ["limitedRead", "read"])
def test_who_may_only_read_answers_nothing(company, lee, role, action):
    company.invite("alex")
    share(company, role)
    before = company.copy("alex")
    assert lee("POST", f"{path_of(before)}/{action}", {}).status == 403
    assert company.copy("alex") == before
    assert company.statuses(company.copy("megan")) == {"alex": "none"}
    assert company.outbox(kind="response") == []


@pytest.mark.parametrize("action", ["accept", "tentativelyAccept", "decline"])
@pytest.mark.parametrize("role", BLIND)
def test_who_does_not_see_a_private_meeting_does_not_answer_it_and_nothing_of_it_is_lost(company, lee, role, action):
    company.invite("alex", sensitivity="private", body={"contentType": "text", "content": "Agenda"})
    share(company, role)
    before = company.copy("alex")
    assert lee("GET", path_of(before)).body["subject"] == "Private Appointment"
    assert lee("POST", f"{path_of(before)}/{action}", {}).status == 403
    assert company.copy("alex") == before
    assert (before["subject"], len(before["attendees"])) == ("Plan", 2)
    assert company.outbox(kind="response") == []


def test_a_delegate_who_sees_private_meetings_answers_them_and_nothing_else_of_them_changes(company, lee):
    company.invite("alex", sensitivity="private", body={"contentType": "text", "content": "Agenda"})
    share(company, "delegateWithPrivateEventAccess")
    before = company.copy("alex")
    assert lee("POST", f"{path_of(before)}/accept", {}).status == 202
    after = company.copy("alex")
    assert after["responseStatus"]["response"] == "accepted"
    kept = ("subject", "body", "attendees", "sensitivity", "organizer", "iCalUId")
    assert [after[name] for name in kept] == [before[name] for name in kept]


def test_an_answer_in_a_calendar_of_ones_own_list_is_its_owners(company, lee):
    place, event = mounted(company, lee)
    assert lee("POST", f"{path_of(event, place)}/accept", {}).status == 202
    (response,) = company.outbox(kind="response")
    (copy,) = company.events("alex")
    assert (response["from"]["emailAddress"]["name"], response["eventId"]) == ("Alex Wilber", copy["id"])
    assert copy["responseStatus"]["response"] == "accepted"
    assert copy["attendees"]
    assert company.statuses(company.copy("megan")) == {"alex": "accepted"}


# --- forwards


@pytest.mark.parametrize("role", ["limitedRead", "read"])
def test_who_may_only_read_forwards_nothing(company, lee, role):
    company.invite("alex")
    share(company, role)
    assert lee("POST", f"{path_of(company.copy('alex'))}/forward", TO).status == 403
    assert company.outbox(kind="forward") == []
    assert company.events("adele") == []


@pytest.mark.parametrize("role", BLIND)
def test_who_does_not_see_a_private_meeting_does_not_forward_it(company, lee, role):
    company.invite("alex", sensitivity="private")
    share(company, role)
    assert lee("POST", f"{path_of(company.copy('alex'))}/forward", TO).status == 403
    assert company.outbox(kind="forward") == []
    assert company.events("adele") == []


def test_who_may_write_forwards_in_the_owners_name_and_all_of_the_meeting(company, lee):
    place, event = mounted(company, lee)
    assert lee("POST", f"{path_of(event, place)}/forward", TO).status == 202
    (message,) = company.outbox(kind="forward")
    assert message["from"]["emailAddress"]["name"] == "Alex Wilber"
    assert "Agenda" in company.copy("adele")["body"]["content"]


# --- what a share of a calendar does not open


@pytest.mark.parametrize("role", ["write", "delegateWithPrivateEventAccess"])
def test_no_role_uploads_large_files_into_somebody_elses_mailbox(company, lee, role):
    """A known issue of the service: large files go into one's own mailbox alone (concepts/outlook-large-attachments)."""
    event = company.alex.create(**timed("Lunch", "2026-12-07T09:00:00", "2026-12-07T10:00:00"))
    share(company, role)
    refused = lee("POST", f"{path_of(event)}/attachments/createUploadSession", FILE)
    assert (refused.status, refused.code) == (403, "ErrorAccessDenied")
    assert company.act("alex", event, "attachments/createUploadSession", **FILE).status == 201


def test_nor_does_a_calendar_of_ones_own_list(company, lee):
    place, event = mounted(company, lee)
    assert lee("POST", f"{path_of(event, place)}/attachments/createUploadSession", FILE).status == 403


EVERYTHING = ("Calendars.ReadWrite.Shared", "Tasks.ReadWrite", "Mail.Send", "Mail.Read", "MailboxSettings.ReadWrite")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/todo/lists", None),
        ("POST", "/todo/lists", {"displayName": "Spying"}),
        ("GET", "/todo/lists/delta", None),
        ("POST", "/sendMail", {"message": {"subject": "As Alex", **TO}}),
        ("POST", "/getMailTips", {"emailAddresses": ["adele@contoso.example"], "mailTipsOptions": "automaticReplies"}),
        ("GET", "/mailboxSettings", None),
        ("PATCH", "/mailboxSettings", {"timeZone": "UTC"}),
        ("GET", "/outlook/masterCategories", None),
        ("POST", "/findMeetingTimes", {}),
    ],
)
def test_even_a_delegate_has_the_calendar_and_nothing_else_of_the_mailbox(company, method, path, body):
    share(company, "delegateWithPrivateEventAccess")
    lee = Graph(company.tenant, "lee", EVERYTHING)
    assert lee("GET", f"{ALEX}/events").status == 200
    refused = lee(method, ALEX + path, body)
    assert (refused.status, refused.code) == (403, "ErrorAccessDenied")
    assert company.outbox() == []


def test_nor_the_names_of_the_owners_groups_of_calendars(company, lee):
    company.alex("POST", "/me/calendarGroups", {"name": "Divorce lawyer"})
    share(company, "limitedRead")
    assert [group["name"] for group in lee("GET", f"{ALEX}/calendarGroups").body["value"]] == ["My Calendars"]


def test_when_somebody_is_free_is_told_to_whom_they_let_see_it_alone(company):
    everybody = company.alex("GET", "/me/calendar/calendarPermissions").body["value"][0]
    company.alex("PATCH", f"/me/calendar/calendarPermissions/{everybody['id']}", {"role": "none"})
    lee = Graph(company.tenant, "lee", ("Calendars.Read.Shared",))
    attendee = {"type": "required", "emailAddress": {"address": "alex@contoso.example"}}
    slot = {"start": at("2026-12-07T12:00:00"), "end": at("2026-12-07T18:00:00")}
    asked = {"attendees": [attendee], "timeConstraint": {"activityDomain": "unrestricted", "timeSlots": [slot]}}
    answer = lee("POST", "/me/findMeetingTimes", {**asked, "minimumAttendeePercentage": 0}).body
    told = {one["availability"] for found in answer["meetingTimeSuggestions"] for one in found["attendeeAvailability"]}
    assert told == {"unknown"}


# --- changes


def test_who_follows_a_shared_mailbox_hears_nothing_of_calendars_that_are_not_shared(company, lee):
    other = company.alex("POST", "/me/calendars", {"name": "Launches"}).body["id"]
    share(company, "read")
    link = lee("GET", f"{ALEX}/events/delta?{WEEK}").body["@odata.deltaLink"]
    secret = company.alex("POST", f"/me/calendars/{other}/events", timed("Secret", "2026-12-07T09:00:00", "2026-12-07T10:00:00")).body
    assert lee("GET", link).body["value"] == []
    assert company.delete("alex", secret).status == 204
    plain = company.alex.create(**timed("Plain", "2026-12-08T09:00:00", "2026-12-08T10:00:00"))
    answer = lee("GET", link).body
    assert [item["id"] for item in answer["value"]] == [plain["id"]]
    assert company.delete("alex", plain).status == 204
    (gone,) = lee("GET", answer["@odata.deltaLink"]).body["value"]
    assert (gone["id"], "@removed" in gone) == (plain["id"], True)
