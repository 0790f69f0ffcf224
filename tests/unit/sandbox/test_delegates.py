"""Delegates: in whose name they write, and who gets the meeting messages of a mailbox that has some."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from graph_caller import Graph, at
from meeting_room import guests

ALEX = "/users/alex@contoso.example"
LEE = {"emailAddress": {"name": "Lee Gu", "address": "lee@contoso.example"}}
MEGAN = {"emailAddress": {"name": "Megan Bowen", "address": "megan@contoso.example"}}
ALEX_HIMSELF = {"emailAddress": {"name": "Alex Wilber", "address": "alex@contoso.example"}}


@pytest.fixture
def lee(company):
    return Graph(company.tenant, "lee", ("Calendars.ReadWrite.Shared", "Calendars.ReadWrite"))


def appoint(company, role="delegateWithoutPrivateEventAccess", who="lee"):
    body = {"emailAddress": {"address": f"{who}@contoso.example"}, "role": role}
    assert company.alex("POST", "/me/calendar/calendarPermissions", body).status == 201


def choose(company, option):
    alex = Graph(company.tenant, "alex", ("MailboxSettings.ReadWrite",))
    assert alex("PATCH", "/me/mailboxSettings", {"delegateMeetingMessageDeliveryOptions": option}).status == 200


def delivered(company, **filters):
    """Each message of the outbox: its kind, and by short name into whose mailboxes it went."""
    return [
        (message["kind"], [one["emailAddress"]["address"].partition("@")[0] for one in message["deliveredTo"]])
        for message in company.outbox(**filters)
    ]


# --- who gets them


def test_without_delegates_a_message_goes_to_those_it_is_addressed_to(company):
    company.invite("alex", "robin@fabrikam.example")
    company.act("alex", company.copy("alex"), "accept")
    assert delivered(company) == [("invitation", ["alex", "robin"]), ("response", ["megan"])]


@pytest.mark.parametrize(
    ("option", "receivers"),
    [
        ("sendToDelegateOnly", [LEE]),
        ("sendToDelegateAndPrincipal", [ALEX_HIMSELF, LEE]),
        ("sendToDelegateAndInformationToPrincipal", [{**ALEX_HIMSELF, "informationOnly": True}, LEE]),
    ],
)
def test_the_owner_chooses_who_gets_requests_and_answers(company, option, receivers):
    appoint(company)
    choose(company, option)
    company.invite("alex")
    mine = company.invite("adele", organizer="alex")
    (at_adeles,) = (event for event in company.events("adele") if event["iCalUId"] == mine["iCalUId"])
    company.act("adele", at_adeles, "accept")
    company.act("megan", company.copy("megan"), "cancel")
    messages = [message for message in company.outbox() if ALEX_HIMSELF in message["toRecipients"]]
    assert [message["kind"] for message in messages] == ["invitation", "response", "cancellation"]
    assert [message["deliveredTo"] for message in messages] == [receivers] * 3
    assert [message["toRecipients"] for message in messages] == [[ALEX_HIMSELF]] * 3


def test_the_meeting_itself_is_in_the_owners_calendar_all_the_same(company):
    appoint(company)
    company.invite("alex")
    assert delivered(company) == [("invitation", ["lee"])]
    assert company.copy("alex")["responseStatus"]["response"] == "notResponded"
    assert company.events("lee") == []


@pytest.mark.parametrize(
    ("role", "receivers"), [("delegateWithoutPrivateEventAccess", ["alex"]), ("delegateWithPrivateEventAccess", ["lee"])]
)
def test_private_meetings_reach_delegates_who_see_them_alone(company, role, receivers):
    appoint(company, role)
    company.invite("alex", sensitivity="private")
    assert delivered(company) == [("invitation", receivers)]


@pytest.mark.parametrize("action", ["accept", "forward"])
def test_a_copy_that_was_made_a_plain_one_is_still_of_a_private_meeting(company, action):
    appoint(company)
    mine = company.invite("diego", organizer="alex", sensitivity="private")
    copy = company.copy("diego")
    assert company.change("diego", copy, sensitivity="normal").status == 200
    body = {"toRecipients": [{"emailAddress": {"address": "adele@contoso.example"}}]} if action == "forward" else {}
    assert company.act("diego", copy, action, **body).status == 202
    told = [message for message in company.outbox() if ALEX_HIMSELF in message["toRecipients"]]
    assert [message["deliveredTo"] for message in told] == [[ALEX_HIMSELF]]
    assert mine["sensitivity"] == "private"


def test_who_may_only_write_is_no_delegate(company):
    appoint(company, "write")
    company.invite("alex")
    assert delivered(company) == [("invitation", ["alex"])]


def test_an_appointment_that_is_passed_on_is_plain_mail(company):
    appoint(company)
    plain = company.megan.create(subject="Alone", start=at("2026-12-07T12:00:00"), end=at("2026-12-07T13:00:00"))
    to = [{"emailAddress": {"address": "alex@contoso.example"}}]
    assert company.act("megan", plain, "forward", toRecipients=to).status == 202
    assert delivered(company) == [("forward", ["alex"])]


def test_a_delegate_who_is_no_more_gets_nothing_and_the_owner_all(company):
    appoint(company)
    company.megan("DELETE", "https://localhost:8443/sandbox/users/lee")
    company.invite("alex")
    assert delivered(company) == [("invitation", ["alex"])]


@pytest.mark.parametrize("names", [("lee", "alex"), ("alex", "lee")])
def test_who_gets_it_in_two_ways_gets_it_whole(company, names):
    appoint(company)
    own = {"emailAddress": {"address": "diego@contoso.example"}, "role": "delegateWithoutPrivateEventAccess"}
    assert company.lee("POST", "/me/calendar/calendarPermissions", own).status == 201
    lee = Graph(company.tenant, "lee", ("MailboxSettings.ReadWrite",))
    lee("PATCH", "/me/mailboxSettings", {"delegateMeetingMessageDeliveryOptions": "sendToDelegateAndInformationToPrincipal"})
    company.invite(*names)
    (message,) = company.outbox()
    assert [one for one in message["deliveredTo"] if one["emailAddress"] == LEE["emailAddress"]] == [LEE]


def test_what_a_delegate_sent_is_found_by_their_name(company, lee):
    appoint(company)
    company.invite("alex")
    path = f"{ALEX}/calendar/events/{quote(company.copy('alex')['id'])}"
    assert lee("POST", f"{path}/accept", {}).status == 202
    assert [message["kind"] for message in company.outbox(**{"from": "lee"})] == ["response"]


def test_mail_is_not_a_delegates(company):
    appoint(company)
    message = {"subject": "Lunch?", "toRecipients": [{"emailAddress": {"address": "alex@contoso.example"}}]}
    assert company.megan("POST", "/me/sendMail", {"message": message}).status == 202
    assert delivered(company) == [("mail", ["alex"])]


def test_the_outbox_is_asked_by_whom_a_message_went_to(company):
    appoint(company)
    company.invite("alex", "adele")
    assert delivered(company, to="lee") == delivered(company, to="alex") == [("invitation", ["lee", "adele"])]
    assert delivered(company, to="diego") == []


# --- in whose name they write


def sides(company, **filters):
    return [(message["kind"], message["from"], message["sender"]) for message in company.outbox(**filters)]


def test_what_a_delegate_writes_in_the_owners_calendar_is_sent_on_their_behalf(company, lee):
    appoint(company)
    meeting = {
        "subject": "Christmas dinner",
        "start": {"dateTime": "2026-12-25T18:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-12-25T22:00:00", "timeZone": "UTC"},
        "attendees": guests("adele", "megan"),
    }
    made = lee("POST", f"{ALEX}/calendar/events", meeting).body
    assert made["organizer"] == ALEX_HIMSELF
    path = f"{ALEX}/calendar/events/{quote(made['id'])}"
    assert lee("PATCH", path, {"subject": "New Year's dinner", "attendees": guests("adele")}).status == 200
    assert lee("DELETE", path).status == 204
    kinds = ["invitation", "cancellation", "update", "cancellation"]
    assert sides(company) == [(kind, ALEX_HIMSELF, LEE) for kind in kinds]
    assert company.copy("adele")["organizer"] == ALEX_HIMSELF


def test_so_are_answers_and_forwards_and_cancellations(company, lee):
    appoint(company)
    company.invite("alex")
    path = f"{ALEX}/calendar/events/{quote(company.copy('alex')['id'])}"
    assert lee("POST", f"{path}/accept", {}).status == 202
    assert sides(company, kind="response") == [("response", ALEX_HIMSELF, LEE)]
    assert lee("POST", f"{path}/forward", {"toRecipients": [{"emailAddress": {"address": "adele@contoso.example"}}]}).status == 202
    assert sides(company, kind="forward") == [("forward", ALEX_HIMSELF, LEE)]
    own = company.invite("adele", organizer="alex")
    assert lee("POST", f"{ALEX}/calendar/events/{quote(own['id'])}/cancel", {"comment": "Snow"}).status == 202
    assert sides(company, kind="cancellation") == [("cancellation", ALEX_HIMSELF, LEE)]
    assert company.statuses(company.copy("megan"))["alex"] == "accepted"


def test_a_room_answers_for_itself_whoever_books_it(company, lee):
    appoint(company)
    room = company.tenant.state.users[company.tenant.state.find_user("adams")]
    meeting = {
        "subject": "Plan",
        "start": {"dateTime": "2026-12-25T18:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-12-25T19:00:00", "timeZone": "UTC"},
        "attendees": [{"type": "resource", "emailAddress": {"address": room["mail"]}}],
    }
    assert lee("POST", f"{ALEX}/calendar/events", meeting).status == 201
    himself = {"emailAddress": {"name": room["displayName"], "address": room["mail"]}}
    assert sides(company) == [("invitation", ALEX_HIMSELF, LEE), ("response", himself, himself)]


def test_owners_and_apps_write_in_their_own_name(company):
    company.invite("alex")
    company.act("alex", company.copy("alex"), "accept")
    assert sides(company) == [("invitation", MEGAN, MEGAN), ("response", ALEX_HIMSELF, ALEX_HIMSELF)]
