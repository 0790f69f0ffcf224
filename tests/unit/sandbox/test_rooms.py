from __future__ import annotations

from pathlib import Path

import pytest

from daypass_sandbox.calendar.rooms import POLICY
from graph_caller import at, timed
from meeting_room import guest, guests

BOOKED = timed("Booked", "2026-12-09T09:00:00", "2026-12-09T10:00:00")


def room(company, **policy):
    """The policy of Conf Room Adams."""
    company.tenant.state.users[company.tenant.state.find_user("adams")]["x-calendarProcessing"] = policy


def in_room(name="adams"):
    return [*guests("alex"), guest(name, "resource")]


def test_a_free_room_accepts_at_once_and_the_organizer_sees_it(company):
    meeting = company.invite(attendees=in_room(), location={"displayName": "Conf Room Adams"})
    assert {one["emailAddress"]["name"]: (one["type"], one["status"]["response"]) for one in meeting["attendees"]} == {
        "Alex Wilber": ("required", "none"),
        "Conf Room Adams": ("resource", "accepted"),
    }
    assert meeting == company.megan("GET", f"/me/events/{meeting['id']}").body
    copy = company.copy("adams")
    assert (copy["responseStatus"]["response"], copy["showAs"], copy["location"]["displayName"]) == ("accepted", "busy", "Conf Room Adams")
    assert company.sent()[1:] == [("response", "Accepted: Plan", ["megan"])]


def test_the_if_match_of_a_room_booking_is_that_of_the_answered_event(company):
    meeting = company.invite(attendees=in_room())
    answer = company.megan("PATCH", f"/me/events/{meeting['id']}", {"subject": "Plan B"}, headers={"If-Match": meeting["@odata.etag"]})
    assert answer.status == 200


def test_a_room_keeps_the_organizers_name_for_the_subject_and_neither_body_nor_secrets(company):
    company.invite(
        attendees=in_room(), body={"contentType": "html", "content": "<p>Secret</p>"}, sensitivity="private", isOnlineMeeting=True
    )
    copy = company.copy("adams")
    assert (copy["subject"], copy["body"]["content"], copy["bodyPreview"], copy["sensitivity"]) == ("Megan Bowen", "", "", "normal")
    assert copy["onlineMeeting"]["joinUrl"]
    assert company.copy("alex")["subject"] == "Plan"


def test_an_update_does_not_bring_the_subject_back(company):
    meeting = company.invite(attendees=in_room())
    company.change("megan", meeting, subject="Plan B", body={"contentType": "text", "content": "More"})
    copy = company.copy("adams")
    assert (copy["subject"], copy["body"]["content"], copy["responseStatus"]["response"]) == ("Megan Bowen", "", "accepted")


def test_an_exception_says_no_more_than_the_series(company):
    meeting = company.invite_daily("adams")
    company.change("megan", company.days("megan", meeting)[1], subject="Secret", body={"contentType": "text", "content": "Secret"})
    assert {(day["subject"], day["body"]["content"]) for day in company.days("adams")} == {("Megan Bowen", "")}


@pytest.mark.parametrize(
    ("policy", "subject", "body"),
    [
        ({"deleteSubject": False}, "Megan Bowen Plan", False),
        ({"deleteSubject": False, "addOrganizerToSubject": False}, "Plan", False),
        ({"addOrganizerToSubject": False}, "", False),
        ({"deleteComments": False}, "Megan Bowen", True),
    ],
)
def test_what_a_room_keeps_is_its_policy(company, policy, subject, body):
    room(company, **policy)
    company.invite(attendees=in_room(), body={"contentType": "text", "content": "Agenda"})
    assert company.copy("adams")["subject"] == subject
    assert ("Agenda" in company.copy("adams")["body"]["content"]) is body


def test_a_private_meeting_stays_private_where_the_policy_says_so(company):
    room(company, removePrivateProperty=False)
    company.invite(attendees=in_room(), sensitivity="private")
    assert company.copy("adams")["sensitivity"] == "private"


def test_a_taken_room_declines(company):
    company.invite(organizer="lee", attendees=in_room())
    meeting = company.invite(attendees=in_room(), start=at("2026-12-07T10:30:00"), end=at("2026-12-07T11:30:00"))
    assert company.statuses(meeting) == {"alex": "none", "adams": "declined"}
    assert len(company.events("adams")) == 1
    message = company.outbox(kind="response")[-1]
    assert (message["subject"], message["bodyPreview"]) == ("Declined: Plan", "This resource is booked at that time.")


def test_a_meeting_right_after_another_is_no_conflict(company):
    company.invite(attendees=in_room())
    after = company.invite(attendees=in_room(), start=at("2026-12-07T11:00:00"), end=at("2026-12-07T12:00:00"))
    assert company.statuses(after)["adams"] == "accepted"


def test_free_time_in_a_rooms_calendar_blocks_nobody(company):
    company.invite(attendees=in_room(), showAs="free")
    assert company.statuses(company.invite(attendees=in_room()))["adams"] == "accepted"


def test_a_cancelled_booking_frees_the_room(company):
    company.delete("megan", company.invite(attendees=in_room()))
    assert company.statuses(company.invite(attendees=in_room()))["adams"] == "accepted"


def test_a_meeting_that_moves_is_judged_anew(company):
    company.invite(organizer="lee", attendees=in_room())
    meeting = company.invite(attendees=in_room(), start=at("2026-12-07T14:00:00"), end=at("2026-12-07T15:00:00"))
    assert company.statuses(meeting)["adams"] == "accepted"
    company.change("megan", meeting, start=at("2026-12-07T10:00:00"), end=at("2026-12-07T11:00:00"))
    assert company.statuses(meeting)["adams"] == "declined"
    company.change("megan", meeting, start=at("2026-12-07T16:00:00"), end=at("2026-12-07T17:00:00"))
    assert company.statuses(meeting)["adams"] == "accepted"
    assert len(company.events("adams")) == 2


def test_a_meeting_is_not_in_its_own_way(company):
    meeting = company.invite(attendees=in_room())
    company.change("megan", meeting, end=at("2026-12-07T12:00:00"))
    assert company.statuses(meeting)["adams"] == "accepted"


def test_a_room_declines_a_series_with_one_conflict(company):
    company.invite(organizer="lee", **BOOKED, attendees=in_room())
    meeting = company.invite_daily("adams")
    assert company.statuses(meeting) == {"adams": "declined"}


@pytest.mark.parametrize(
    ("policy", "response"),
    [
        ({"maximumConflictInstances": 1}, "accepted"),
        ({"conflictPercentageAllowed": 20}, "accepted"),
        ({"conflictPercentageAllowed": 19}, "declined"),
        ({"allowConflicts": True}, "accepted"),
    ],
)
def test_how_many_conflicts_a_series_may_have_is_the_rooms_policy(company, policy, response):
    company.invite(organizer="lee", **BOOKED, attendees=in_room())
    room(company, **policy)
    assert company.statuses(company.invite_daily("adams")) == {"adams": response}


def test_a_room_that_accepts_a_series_declines_its_taken_days(company):
    company.invite(organizer="lee", **BOOKED, attendees=in_room())
    room(company, maximumConflictInstances=1)
    meeting = company.invite_daily("adams")
    days = company.days("megan", meeting)
    assert [day["attendees"][0]["status"]["response"] for day in days] == ["accepted", "accepted", "declined", "accepted", "accepted"]
    series = next(event for event in company.events("adams") if event["type"] == "seriesMaster")
    assert [day["start"]["dateTime"][8:10] for day in company.days("adams", series)] == ["07", "08", "10", "11"]


def test_one_occurrence_that_moves_is_judged_alone(company):
    company.invite(organizer="lee", attendees=in_room())
    meeting = company.invite_daily("adams")
    company.change("megan", company.days("megan", meeting)[0], start=at("2026-12-07T10:00:00"), end=at("2026-12-07T10:30:00"))
    assert [day["attendees"][0]["status"]["response"] for day in company.days("megan", meeting)][:2] == ["declined", "accepted"]
    company.change("megan", company.days("megan", meeting)[0], start=at("2026-12-07T12:00:00"), end=at("2026-12-07T12:30:00"))
    assert company.statuses(company.days("megan", meeting)[0]) == {"adams": "accepted"}


BEYOND = {
    "far ahead": (timed("X", "2027-06-07T10:00:00", "2027-06-07T11:00:00"), {}, "declined"),
    "far ahead, where that is allowed": (
        timed("X", "2027-06-07T10:00:00", "2027-06-07T11:00:00"),
        {"bookingWindowInDays": 365},
        "accepted",
    ),
    "longer than a day": (timed("X", "2026-12-07T10:00:00", "2026-12-09T11:00:00"), {}, "declined"),
    "longer than a day, where that is allowed": (
        timed("X", "2026-12-07T10:00:00", "2026-12-09T11:00:00"),
        {"maximumDurationInMinutes": 0},
        "accepted",
    ),
}


@pytest.mark.parametrize(("meeting", "policy", "response"), BEYOND.values(), ids=BEYOND)
def test_a_room_can_be_booked_so_far_ahead_and_so_long(company, meeting, policy, response):
    room(company, **policy)
    assert company.statuses(company.invite(**meeting, attendees=in_room()))["adams"] == response


@pytest.mark.parametrize(("times", "response"), [(150, "accepted"), (200, "declined")])
def test_a_series_beyond_what_can_be_booked_is_declined_whole(company, times, response):
    assert company.statuses(company.invite_daily("adams", times=times)) == {"adams": response}


def test_an_endless_series_is_declined(company):
    meeting = company.megan.create(
        **{
            **timed("Stand-up", "2026-12-07T09:00:00", "2026-12-07T09:30:00"),
            "recurrence": {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": "2026-12-07"}},
            "attendees": in_room(),
        }
    )
    assert company.statuses(meeting)["adams"] == "declined"


def test_a_room_may_want_no_series_at_all(company):
    room(company, allowRecurringMeetings=False)
    assert company.statuses(company.invite_daily("adams")) == {"adams": "declined"}


def test_a_room_that_does_not_answer_by_itself_waits_like_anybody(company):
    room(company, automateProcessing="AutoUpdate")
    meeting = company.invite(attendees=in_room())
    assert company.statuses(meeting)["adams"] == "none"
    assert (company.copy("adams")["subject"], company.copy("adams")["showAs"]) == ("Plan", "tentative")


def test_a_room_answers_even_where_no_response_is_requested(company):
    assert company.statuses(company.invite(attendees=in_room(), responseRequested=False))["adams"] == "accepted"


def test_equipment_answers_like_a_room(company):
    company.tenant.state.users[company.tenant.state.find_user("lee")]["x-equipment"] = {}
    assert company.statuses(company.invite("lee")) == {"lee": "accepted"}


def test_a_room_added_later_answers_then(company):
    meeting = company.invite("alex")
    changed = company.change("megan", meeting, attendees=in_room()).body
    assert [one["status"]["response"] for one in changed["attendees"]] == ["none", "accepted"]


def test_every_rule_of_a_room_is_told_in_the_pages():
    page = (Path(__file__).parents[3] / "docs/reference/sandbox-meetings.md").read_text()
    assert [name for name in POLICY if f"`{name}`" not in page] == []
