from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from daypass_sandbox.calendar.events import NEVER
from graph_caller import PACIFIC, Graph, at, new_tenant, timed
from meeting_room import Company, guest, guests
from webhooks import Webhook, subscribe

AGAIN = "4501-01-01T00:00:00Z"


# --- an invitation arrives -------------------------------------------------------------------------------------


def test_everybody_who_is_asked_gets_a_copy_of_the_meeting(company):
    body = {"contentType": "html", "content": "<p>Agenda</p>"}
    meeting = company.invite("alex", "lee", body=body, location={"displayName": "Studio B"}, importance="high", sensitivity="confidential")
    for name in ("alex", "lee"):
        copy = company.copy(name)
        assert copy["id"] != meeting["id"]
        same = (
            "subject",
            "start",
            "end",
            "iCalUId",
            "body",
            "bodyPreview",
            "location",
            "importance",
            "sensitivity",
            "organizer",
            "responseRequested",
        )
        assert {part: copy[part] for part in same} == {part: meeting[part] for part in same}
        assert (copy["isOrganizer"], copy["showAs"], copy["type"], copy["isCancelled"]) == (False, "tentative", "singleInstance", False)
        assert copy["responseStatus"] == {"response": "notResponded", "time": NEVER}
    assert [one["status"] for one in meeting["attendees"]] == [{"response": "none", "time": NEVER}] * 2
    assert meeting["responseStatus"]["response"] == "organizer"


def test_attendees_see_the_organizer_among_them_and_nobody_elses_answer(company):
    meeting = company.invite("alex", "lee")
    company.act("alex", company.copy("alex"), "accept")
    company.change("megan", meeting, subject="Plan B")
    seen = company.copy("lee")["attendees"]
    assert [(one["emailAddress"]["name"], one["type"], one["status"]["response"]) for one in seen] == [
        ("Megan Bowen", "required", "none"),
        ("Alex Wilber", "required", "none"),
        ("Lee Gu", "required", "none"),
    ]


def test_hidden_attendees_see_only_themselves_and_the_organizer(company):
    company.invite("alex", "lee", hideAttendees=True)
    assert [one["emailAddress"]["name"] for one in company.copy("lee")["attendees"]] == ["Megan Bowen", "Lee Gu"]


def test_an_online_meeting_brings_its_join_link_and_no_transaction_id(company):
    meeting = company.invite("alex", isOnlineMeeting=True, transactionId="7e1e44ea")
    copy = company.copy("alex")
    assert copy["onlineMeeting"] == meeting["onlineMeeting"]
    assert copy["onlineMeeting"]["joinUrl"] in copy["body"]["content"]
    assert meeting["transactionId"] == "7e1e44ea"
    assert copy["transactionId"] is None


def test_categories_stay_at_home_and_the_reminder_travels_once(company):
    meeting = company.invite("alex", categories=["Red"], reminderMinutesBeforeStart=45)
    assert (company.copy("alex")["categories"], company.copy("alex")["reminderMinutesBeforeStart"]) == ([], 45)
    company.change("megan", meeting, reminderMinutesBeforeStart=5, subject="Plan B")
    assert company.copy("alex")["reminderMinutesBeforeStart"] == 45


def test_a_meeting_that_is_free_time_for_its_organizer_is_free_time_for_all(company):
    company.invite("alex", showAs="free")
    assert company.copy("alex")["showAs"] == "free"


def test_the_same_transaction_twice_invites_once(company):
    for _ in range(2):
        company.invite("alex", transactionId="once")
    assert len(company.events("alex")) == 1
    assert len(company.outbox(kind="invitation")) == 1


def test_somebody_named_twice_or_the_organizer_themselves_is_no_further_guest(company):
    meeting = company.invite("alex", "ALEX", "megan")
    assert [one["emailAddress"]["address"] for one in meeting["attendees"]] == ["alex@contoso.example", "megan@contoso.example"]
    assert len(company.events("alex")) == 1
    assert [event["id"] for event in company.events("megan")] == [meeting["id"]]
    assert company.sent() == [("invitation", "Plan", ["alex"])]


def test_who_is_from_elsewhere_gets_a_message_only(company):
    company.invite("robin@fabrikam.example", "alex")
    assert company.sent() == [("invitation", "Plan", ["robin", "alex"])]


@pytest.mark.parametrize(("count", "status"), [(500, 201), (501, 400)])
def test_five_hundred_can_be_asked_and_not_one_more(company, count, status):
    crowd = [guest(f"visitor{number}@fabrikam.example") for number in range(count)]
    answer = company.megan("POST", "/me/events", timed("Fair", "2026-12-07T10:00:00", "2026-12-07T11:00:00", attendees=crowd))
    assert answer.status == status
    assert status == 201 or answer.code == "ErrorInvalidRecipients"


def test_a_group_is_its_members_and_its_own_calendar_accepts(company):
    state = company.tenant.state
    ids = {name: state.find_user(name) for name in ("alex", "lee", "grady")}
    state.groups["inner"] = {"displayName": "Inner", "mail": "inner@contoso.example", "x-members": [ids["grady"]]}
    state.groups["sales"] = {"displayName": "Sales", "mail": "sales@contoso.example", "x-members": [ids["alex"], ids["lee"], "inner"]}
    state.mailboxes["sales"] = {**json.loads(json.dumps(state.mailboxes[ids["alex"]]))}
    meeting = company.invite("sales")
    assert {len(company.events(name)) for name in ("alex", "lee", "grady")} == {1}
    (copy,) = state.mailboxes["sales"]["events"].values()
    assert copy["responseStatus"]["response"] == "accepted"
    assert copy["isReminderOn"] is False  # a group is reminded of nothing, its members are
    assert company.copy("grady")["isReminderOn"] is True
    company.act("grady", company.copy("grady"), "tentativelyAccept")
    assert company.statuses(meeting) == {"sales": "accepted", "grady": "tentativelyAccepted"}
    assert company.statuses(meeting).keys() == {"sales", "grady"}


def test_an_event_without_attendees_sends_nothing(company):
    event = company.invite()
    company.change("megan", event, subject="Alone")
    company.delete("megan", event)
    assert company.outbox() == []


# --- series ----------------------------------------------------------------------------------------------------


def test_a_series_travels_whole_with_its_exceptions_and_gaps(company):
    meeting = company.invite_daily()
    first, second, *_ = company.days("megan", meeting)
    company.change("megan", first, subject="Kick-off")
    company.delete("megan", second)
    company.change("megan", meeting, attendees=guests("alex"))
    copy = company.copy("alex")
    assert (copy["type"], copy["recurrence"], copy["iCalUId"]) == ("seriesMaster", meeting["recurrence"], meeting["iCalUId"])
    mine, theirs = company.days("alex"), company.days("megan", meeting)
    same = ("subject", "start", "end", "iCalUId", "type")
    assert [{part: day[part] for part in same} for day in mine] == [{part: day[part] for part in same} for day in theirs]
    assert [day["subject"] for day in mine] == ["Kick-off", "Stand-up", "Stand-up", "Stand-up"]


def test_a_change_of_one_occurrence_reaches_that_occurrence(company):
    meeting = company.invite_daily("alex")
    company.act("alex", company.copy("alex"), "accept")
    third = company.days("megan", meeting)[2]
    company.change("megan", third, start=at("2026-12-09T14:00:00"), end=at("2026-12-09T14:30:00"), location={"displayName": "Studio B"})
    days = company.days("alex")
    moved = next(day for day in days if day["type"] == "exception")
    assert (moved["start"]["dateTime"], moved["location"]["displayName"]) == ("2026-12-09T14:00:00.0000000", "Studio B")
    assert (moved["responseStatus"]["response"], moved["showAs"]) == ("notResponded", "tentative")
    assert {day["responseStatus"]["response"] for day in days if day is not moved} == {"accepted"}
    assert company.statuses(third) == {"alex": "notResponded"}
    assert company.statuses(meeting) == {"alex": "accepted"}


def test_who_is_asked_to_one_occurrence_gets_that_one_as_a_single_event(company):
    meeting = company.invite_daily("alex")
    second = company.days("megan", meeting)[1]
    company.change("megan", second, attendees=guests("alex", "lee"))
    copy = company.copy("lee")
    assert (copy["type"], copy["seriesMasterId"], copy["recurrence"]) == ("singleInstance", None, None)
    assert (copy["start"]["dateTime"], copy["iCalUId"]) == ("2026-12-08T09:00:00.0000000", second["iCalUId"])
    company.act("lee", copy, "accept")
    assert company.statuses(second) == {"alex": "none", "lee": "accepted"}
    assert company.statuses(meeting) == {"alex": "none"}


def test_who_was_asked_to_some_occurrences_gets_the_series_instead_when_asked_to_it(company):
    meeting = company.invite_daily("alex")
    for day in company.days("megan", meeting)[1:3]:
        company.change("megan", day, attendees=guests("alex", "lee"))
    assert [event["start"]["dateTime"][:10] for event in company.events("lee")] == ["2026-12-08", "2026-12-09"]
    company.change("megan", meeting, attendees=guests("alex", "lee"))
    assert company.copy("lee")["type"] == "seriesMaster"
    assert len(company.days("lee")) == 5


def test_who_joins_or_leaves_a_series_does_so_on_days_with_attendees_of_their_own(company):
    meeting = company.invite_daily("alex", "grady")
    company.act("alex", company.days("alex")[0], "accept")
    company.change("megan", meeting, attendees=guests("alex", "lee"))
    assert company.statuses(company.days("megan", meeting)[0]) == {"alex": "accepted", "lee": "none"}


def test_who_is_left_out_of_one_occurrence_sees_it_cancelled_and_back_when_asked_again(company):
    meeting = company.invite_daily("alex", "lee")
    company.act("lee", company.copy("lee"), "accept")
    second = company.days("megan", meeting)[1]
    company.change("megan", second, attendees=guests("alex"))
    assert [day["isCancelled"] for day in company.days("lee")] == [False, True, False, False, False]
    company.change("megan", second, attendees=guests("alex", "lee"))
    back = company.days("lee")[1]
    assert (back["isCancelled"], back["subject"], back["showAs"], back["responseStatus"]["response"]) == (
        False,
        "Stand-up",
        "tentative",
        "notResponded",
    )


def test_a_new_pattern_asks_for_new_answers_and_ends_what_was_asked_of_single_days(company):
    meeting = company.invite_daily("alex")
    company.act("alex", company.copy("alex"), "accept")
    company.act("alex", company.days("alex")[0], "decline")
    company.change("megan", company.days("megan", meeting)[1], attendees=guests("alex", "lee"))
    every_other = {**meeting["recurrence"], "pattern": {**meeting["recurrence"]["pattern"], "interval": 2}}
    company.change("megan", meeting, recurrence=every_other)
    assert company.copy("alex")["responseStatus"]["response"] == "notResponded"
    assert {day["responseStatus"]["response"] for day in company.days("alex")} == {"notResponded"}
    assert company.copy("lee")["isCancelled"]
    assert ("cancellation", "Canceled: Stand-up", ["lee"]) in company.sent()


def test_a_series_that_ends_earlier_asks_for_new_answers_and_keeps_its_changed_days(company):
    meeting = company.invite_daily("alex")
    company.act("alex", company.copy("alex"), "accept")
    company.change("megan", company.days("megan", meeting)[1], subject="Kick-off")
    company.act("alex", company.days("alex")[1], "accept")
    limits = {"type": "endDate", "startDate": "2026-12-07", "endDate": "2026-12-09"}
    company.change("megan", meeting, recurrence={"pattern": meeting["recurrence"]["pattern"], "range": limits})
    days, theirs = company.days("alex"), company.days("megan", meeting)
    assert [day["subject"] for day in days] == [day["subject"] for day in theirs] == ["Stand-up", "Kick-off", "Stand-up"]
    assert {day["responseStatus"]["response"] for day in days} == {"notResponded"}
    assert {day["attendees"][0]["status"]["response"] for day in theirs} == {"notResponded"}


def test_an_attachment_reaches_the_attendees_with_the_next_update(company):
    meeting = company.invite("alex", "adams")
    file = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentBytes": "SGVsbG8="}
    assert company.megan("POST", f"/me/events/{meeting['id']}/attachments", file).status == 201
    assert company.copy("alex")["hasAttachments"] is False
    company.change("megan", meeting, subject="Plan B")
    assert company.copy("alex")["hasAttachments"] is True
    assert company.copy("adams")["hasAttachments"] is False
    copy = quote(company.copy("alex")["id"])
    assert company.alex("GET", f"/me/events/{copy}/attachments").body["value"][0]["contentBytes"] == "SGVsbG8="


def test_what_apps_keep_with_an_event_stays_with_it(company):
    note = {"@odata.type": "microsoft.graph.openTypeExtension", "extensionName": "com.contoso.note", "colour": "red"}
    meeting = company.invite("alex", extensions=[note])
    mine = quote(company.copy("alex")["id"])
    assert company.alex("GET", f"/me/events/{mine}?$expand=extensions").body["extensions"] == []
    assert company.alex("POST", f"/me/events/{mine}/extensions", {**note, "colour": "blue"}).status == 201
    company.change("megan", meeting, subject="Plan B")
    assert company.alex("GET", f"/me/events/{mine}?$expand=extensions").body["extensions"][0]["colour"] == "blue"


def test_a_cancelled_occurrence_is_seen_as_cancelled_by_those_who_had_it(company):
    meeting = company.invite_daily("alex")
    company.delete("megan", company.days("megan", meeting)[1])
    day = company.days("alex")[1]
    assert (day["isCancelled"], day["subject"], day["showAs"], day["type"]) == (True, "Canceled: Stand-up", "free", "exception")
    assert company.sent()[-1] == ("cancellation", "Canceled: Stand-up", ["alex"])
    company.delete("alex", day)
    assert len(company.days("alex")) == 4
    company.change("megan", meeting, subject="Huddle")
    assert [day["subject"] for day in company.days("alex")] == ["Huddle"] * 4


def test_cancelling_a_series_cancels_every_day_of_the_copies(company):
    meeting = company.invite_daily("alex")
    company.change("megan", company.days("megan", meeting)[0], subject="Kick-off", attendees=guests("alex", "lee"))
    company.act("alex", company.days("alex")[2], "accept")
    company.delete("megan", meeting)
    days = company.days("alex")
    assert [day["subject"] for day in days] == ["Canceled: Kick-off", *["Canceled: Stand-up"] * 4]
    assert {(day["isCancelled"], day["showAs"]) for day in days} == {(True, "free")}
    assert company.copy("lee")["isCancelled"]
    assert company.sent(kind="cancellation") == [
        ("cancellation", "Canceled: Stand-up", ["alex"]),
        ("cancellation", "Canceled: Kick-off", ["lee"]),
    ]


# --- updates ---------------------------------------------------------------------------------------------------

SMALL = {
    "subject": {"subject": "Plan B"},
    "place": {"location": {"displayName": "Studio B"}},
    "body": {"body": {"contentType": "text", "content": "Bring pens"}},
    "importance": {"importance": "high"},
    "wishes": {"responseRequested": False, "allowNewTimeProposals": False},
}


@pytest.mark.parametrize("change", SMALL.values(), ids=SMALL)
def test_a_small_change_reaches_the_copies_and_keeps_the_answers(company, change):
    meeting = company.invite("alex", "lee")
    company.act("alex", company.copy("alex"), "accept")
    changed = company.change("megan", meeting, **change).body
    copy = company.copy("alex")
    assert {part: copy[part] for part in change} == {part: changed[part] for part in change}
    assert (copy["responseStatus"]["response"], copy["showAs"]) == ("accepted", "busy")
    assert company.statuses(meeting) == {"alex": "accepted", "lee": "none"}
    assert [one["meetingRequestType"] for one in company.outbox(kind="update")] == ["informationalUpdate"]


BIG = {
    "a new time": {"start": at("2026-12-07T12:00:00"), "end": at("2026-12-07T13:00:00")},
    "a longer time": {"end": at("2026-12-07T12:00:00")},
    "all day": {"isAllDay": True, "start": at("2026-12-07T00:00:00"), "end": at("2026-12-08T00:00:00")},
    "a series": {
        "recurrence": {
            "pattern": {"type": "daily", "interval": 1},
            "range": {"type": "numbered", "startDate": "2026-12-07", "numberOfOccurrences": 2},
        }
    },
}


@pytest.mark.parametrize("change", BIG.values(), ids=BIG)
def test_a_new_time_takes_the_answers_back(company, change):
    meeting = company.invite("alex", "lee")
    company.act("alex", company.copy("alex"), "accept")
    changed = company.change("megan", meeting, **change).body
    copy = company.copy("alex")
    assert {part: copy[part] for part in ("start", "end", "isAllDay", "recurrence")} == {
        part: changed[part] for part in ("start", "end", "isAllDay", "recurrence")
    }
    assert (copy["responseStatus"], copy["showAs"]) == ({"response": "notResponded", "time": NEVER}, "tentative")
    assert [one["status"] for one in changed["attendees"]] == [
        {"response": "notResponded", "time": AGAIN},
        {"response": "none", "time": NEVER},
    ]
    assert [one["meetingRequestType"] for one in company.outbox(kind="update")] == ["fullUpdate"]


def test_the_time_written_again_as_it_was_takes_no_answer_back(company):
    meeting = company.invite("alex")
    company.act("alex", company.copy("alex"), "accept")
    company.change("megan", meeting, start=at("2026-12-07T10:00:00"), end=at("2026-12-07T11:00:00"), subject="Plan B")
    assert company.statuses(meeting) == {"alex": "accepted"}
    assert company.copy("alex")["responseStatus"]["response"] == "accepted"


@pytest.mark.parametrize("change", [{"categories": ["Red"]}, {"isReminderOn": False}, {"showAs": "oof"}, {"subject": "Plan"}])
def test_what_concerns_the_organizer_alone_is_sent_to_nobody(company, change):
    meeting = company.invite("alex")
    before = company.copy("alex")
    assert company.change("megan", meeting, **change).status == 200
    assert company.copy("alex") == before
    assert company.outbox(kind="update") == []


def test_who_is_added_is_invited_and_who_is_taken_out_is_told(company):
    meeting = company.invite("alex", "lee")
    company.act("alex", company.copy("alex"), "accept")
    before = company.copy("alex")
    company.change("megan", meeting, attendees=guests("alex", "grady"))
    assert company.copy("grady")["responseStatus"]["response"] == "notResponded"
    gone = company.copy("lee")
    assert (gone["isCancelled"], gone["subject"], gone["showAs"]) == (True, "Canceled: Plan", "free")
    assert company.copy("alex") == before  # an update of the attendees alone goes only to those it concerns (api/event-update)
    assert company.sent()[-2:] == [("invitation", "Plan", ["grady"]), ("cancellation", "Canceled: Plan", ["lee"])]
    assert company.statuses(meeting) == {"alex": "accepted", "grady": "none"}


def test_who_is_taken_out_and_asked_again_has_the_one_copy_unanswered(company):
    meeting = company.invite("alex")
    company.act("alex", company.copy("alex"), "accept")
    copy = company.copy("alex")
    company.change("megan", meeting, attendees=[])
    company.change("megan", meeting, attendees=guests("alex"))
    back = company.copy("alex")
    assert (back["id"], back["isCancelled"], back["subject"]) == (copy["id"], False, "Plan")
    assert (back["responseStatus"]["response"], back["showAs"]) == ("notResponded", "tentative")


def test_an_update_of_a_series_is_sent_for_it_and_for_each_changed_occurrence(company):
    meeting = company.invite_daily("alex")
    days = company.days("megan", meeting)
    company.change("megan", days[0], subject="Kick-off")
    company.act("alex", company.days("alex")[2], "accept")  # an exception of the organizer's, but not a change
    company.megan("DELETE", "https://localhost:8443/sandbox/outbox")
    company.change("megan", meeting, location={"displayName": "Studio B"})
    assert company.sent() == [("update", "Stand-up", ["alex"]), ("update", "Kick-off", ["alex"])]


OWN = {
    "showAs": "oof",
    "categories": ["Blue"],
    "isReminderOn": False,
    "reminderMinutesBeforeStart": 3,
    "sensitivity": "private",
}


def test_what_an_attendee_makes_of_their_copy_stays_theirs(company):
    meeting = company.invite("alex")
    company.act("alex", company.copy("alex"), "accept")
    assert company.change("alex", company.copy("alex"), **OWN).status == 200
    company.change("megan", meeting, subject="Plan B", showAs="free", categories=["Red"], sensitivity="normal")
    copy = company.copy("alex")
    assert {part: copy[part] for part in OWN} == OWN
    assert copy["subject"] == "Plan B"
    organized = company.megan("GET", f"/me/events/{meeting['id']}").body
    assert (organized["sensitivity"], organized["categories"]) == ("normal", ["Red"])


def test_what_an_attendee_makes_of_one_occurrence_stays_theirs(company):
    meeting = company.invite_daily("alex")
    company.change("alex", company.days("alex")[1], **OWN)
    company.change("megan", meeting, subject="Huddle")
    company.change("megan", company.days("megan", meeting)[1], importance="high")
    day = company.days("alex")[1]
    assert {part: day[part] for part in OWN} == OWN
    assert (day["subject"], day["importance"]) == ("Huddle", "high")
    assert company.days("megan", meeting)[1]["showAs"] == "busy"


def test_a_meeting_that_its_organizer_makes_private_is_private_everywhere(company):
    meeting = company.invite("alex")
    company.change("megan", meeting, sensitivity="private")
    assert company.copy("alex")["sensitivity"] == "private"
    company.change("megan", meeting, sensitivity="normal")
    assert company.copy("alex")["sensitivity"] == "normal"


def test_what_an_attendee_changes_of_the_organizers_words_lasts_until_the_next_update(company):
    meeting = company.invite("alex", "lee")
    mine = company.change("alex", company.copy("alex"), subject="Mine", start=at("2026-12-07T08:00:00"), end=at("2026-12-07T09:00:00"))
    assert (mine.status, mine.body["subject"]) == (200, "Mine")
    assert company.copy("lee")["subject"] == company.megan("GET", f"/me/events/{meeting['id']}").body["subject"] == "Plan"
    company.change("megan", meeting, importance="high")
    copy = company.copy("alex")
    assert (copy["subject"], copy["start"]["dateTime"]) == ("Plan", "2026-12-07T10:00:00.0000000")
    assert company.outbox(**{"from": "alex"}) == []


def test_an_update_follows_a_copy_into_the_calendar_it_was_put_in(company):
    """The mailbox joins them by the meeting's uid, wherever the copy lies."""
    company = Company(new_tenant("contoso"))
    family = company.megan("GET", "/me/calendars").body["value"][1]["id"]
    meeting = company.invite("megan", organizer="alex")
    megan = company.tenant.state.mailboxes[company.tenant.state.find_user("megan")]
    copy = next(event for event in megan["events"].values() if event["subject"] == "Plan")
    megan["events"][copy["id"]] = {**copy, "calendarId": family}
    company.tenant.restore(json.loads(json.dumps(company.tenant.state.to_json())))
    company.change("alex", meeting, subject="Plan B")
    assert "Plan B" in company.megan("GET", f"/me/calendars/{quote(family)}/events?$top=50").subjects


# --- cancelling and deleting -----------------------------------------------------------------------------------


@pytest.mark.parametrize("comment", ["Off to the beach", None])
def test_the_organizer_cancels_with_a_comment(company, comment):
    meeting = company.invite("alex", "lee")
    company.act("alex", company.copy("alex"), "accept")
    answer = company.act("megan", meeting, "cancel", **({"Comment": comment} if comment else {}))
    assert (answer.status, answer.body) == (202, None)
    assert company.events("megan") == []
    for name in ("alex", "lee"):
        copy = company.copy(name)
        assert (copy["isCancelled"], copy["subject"], copy["showAs"]) == (True, "Canceled: Plan", "free")
    (message,) = company.outbox(kind="cancellation")
    assert message["meetingMessageType"] == "meetingCancelled"
    assert message["bodyPreview"] == (comment or "")


def test_deleting_a_meeting_cancels_it(company):
    company.delete("megan", company.invite("alex"))
    assert company.copy("alex")["isCancelled"]
    assert company.sent()[-1] == ("cancellation", "Canceled: Plan", ["alex"])


def test_one_occurrence_can_be_cancelled_with_a_comment(company):
    meeting = company.invite_daily("alex")
    assert company.act("megan", company.days("megan", meeting)[3], "cancel", comment="All hands").status == 202
    assert len(company.days("megan", meeting)) == 4
    assert [day["isCancelled"] for day in company.days("alex")] == [False, False, False, True, False]
    assert company.outbox(kind="cancellation")[0]["bodyPreview"] == "All hands"


def test_an_attendee_cannot_cancel(company):
    company.invite("alex")
    answer = company.act("alex", company.copy("alex"), "cancel")
    assert (answer.status, answer.code) == (400, "ErrorInvalidRequest")
    assert answer.message == "Your request can't be completed. You need to be an organizer to cancel a meeting."


def test_an_event_without_attendees_cannot_be_cancelled(company):
    answer = company.act("megan", company.invite(), "cancel")
    assert (answer.status, answer.code) == (400, "ErrorInvalidRecipients")
    assert len(company.events("megan")) == 1


def test_an_attendee_who_deletes_their_copy_tells_nobody(company):
    meeting = company.invite("alex", "lee")
    assert company.delete("alex", company.copy("alex")).status == 204
    assert company.events("alex") == []
    assert company.statuses(meeting) == {"alex": "none", "lee": "none"}
    assert company.outbox(kind="response") == []
    company.change("megan", meeting, subject="Plan B")
    assert company.events("alex") == []
    company.change("megan", meeting, end=at("2026-12-07T12:00:00"))
    assert company.copy("alex")["subject"] == "Plan B"  # a new time is asked of everybody


def test_an_attendee_who_deletes_one_occurrence_keeps_it_deleted_until_it_moves(company):
    meeting = company.invite_daily("alex")
    company.delete("alex", company.days("alex")[1])
    company.change("megan", meeting, subject="Huddle")
    company.change("megan", company.days("megan", meeting)[1], importance="high")
    assert len(company.days("alex")) == 4
    company.change("megan", company.days("megan", meeting)[1], end=at("2026-12-08T10:00:00"))
    assert len(company.days("alex")) == 5


def test_every_change_in_an_attendees_mailbox_is_news(company):
    webhook = company.tenant.outside = Webhook()
    subscribe(Graph(company.tenant, "alex"))
    meeting = company.invite("alex")
    company.change("megan", meeting, subject="Plan B")
    company.delete("megan", meeting)
    company.tenant.deliver()
    assert webhook.changes == ["created", "updated", "updated"]


def test_a_meeting_survives_a_snapshot(company):
    meeting = company.invite("alex")
    saved = json.loads(json.dumps(company.tenant.state.to_json()))
    company.tenant.restore(saved)
    company.act("alex", company.copy("alex"), "accept")
    assert company.statuses(meeting) == {"alex": "accepted"}


def test_times_are_told_in_the_zone_each_asks_for(company):
    company.invite("alex", start=at("2026-12-07T10:00:00", PACIFIC), end=at("2026-12-07T11:00:00", PACIFIC))
    copy = company.copy("alex")
    assert (copy["start"]["dateTime"], copy["originalStartTimeZone"]) == ("2026-12-07T18:00:00.0000000", PACIFIC)


def test_an_organizer_from_elsewhere_is_answered_by_mail_alone():
    outside = {"name": "Robin Counts", "address": "robin@fabrikam.example"}
    seed = {
        "like": "empty",
        "events": [{"subject": "Visit", "organizer": outside, "day": 1, "at": "10:00", "minutes": 30, "attendees": {"megan": "none"}}],
    }
    company = Company(new_tenant(json.dumps(seed)))
    assert company.act("megan", company.copy("megan"), "accept").status == 202
    assert company.copy("megan")["responseStatus"]["response"] == "accepted"
    assert company.sent() == [("response", "Accepted: Visit", ["robin"])]


def test_an_app_alone_organizes_and_answers_for_people():
    tenant = new_tenant()
    company = Company(tenant)
    app = Graph(tenant)
    app._tokens[tenant.clock.now()] = tenant.mint_app("app", ["Calendars.ReadWrite"])
    meeting = app(
        "POST", "/users/megan@contoso.example/events", timed("Plan", "2026-12-07T10:00:00", "2026-12-07T11:00:00", attendees=guests("alex"))
    )
    assert meeting.status == 201
    copy = company.copy("alex")
    assert app("POST", f"/users/alex@contoso.example/events/{quote(copy['id'])}/accept", {}).status == 202
    assert company.statuses(meeting.body) == {"alex": "accepted"}


def test_who_has_an_account_but_no_mailbox_gets_a_message_only(company):
    state = company.tenant.state
    del state.mailboxes[state.find_user("lee")]
    company.invite("alex", "lee")
    assert company.copy("alex")["subject"] == "Plan"
    assert company.sent() == [("invitation", "Plan", ["alex", "lee"])]


@pytest.mark.parametrize("way", ["as it was read", "by another name of the zone"])
def test_the_same_time_in_other_words_takes_no_answer_back(company, way):
    pacific = {name: at(f"2026-12-07T{hour}:00:00", "Pacific Standard Time") for name, hour in (("start", "10"), ("end", "11"))}
    meeting = company.invite("alex", **pacific)
    company.act("alex", company.copy("alex"), "accept")
    again = company.megan("GET", f"/me/events/{quote(meeting['id'])}").body
    if way == "by another name of the zone":
        again = {name: {**pacific[name], "timeZone": "America/Los_Angeles"} for name in pacific}
    company.change("megan", meeting, **{**again, "subject": "Plan B"})
    assert company.statuses(meeting) == {"alex": "accepted"}
    assert company.copy("alex")["responseStatus"]["response"] == "accepted"
    assert [message["meetingRequestType"] for message in company.outbox(kind="update")] == ["informationalUpdate"]


def test_five_hundred_copies_share_one_list_of_attendees(company):
    state = company.tenant.state
    for number in range(60):
        user_id = f"u{number}"
        state.users[user_id] = {"id": user_id, "displayName": user_id, "userPrincipalName": f"{user_id}@contoso.example"}
        state.mailboxes[user_id] = json.loads(json.dumps(state.mailboxes[state.find_user("alex")]))
    company.invite(*(f"u{number}" for number in range(60)))
    lists = {id(event["attendees"]) for number in range(60) for event in state.mailboxes[f"u{number}"]["events"].values()}
    assert len(lists) == 1


def test_a_delta_query_follows_what_others_do_to_ones_meetings(company):
    window = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z"
    nothing, link = company.alex.round(f"/me/calendarView/delta?{window}")
    meeting = company.invite("alex")
    invited, link = company.alex.round(link)
    company.change("megan", meeting, subject="Plan B")
    renamed, link = company.alex.round(link)
    company.delete("megan", meeting)
    cancelled, link = company.alex.round(link)
    company.delete("alex", company.copy("alex"))
    removed, _ = company.alex.round(link)
    assert nothing == []
    assert [event["subject"] for event in (*invited, *renamed, *cancelled)] == ["Plan", "Plan B", "Canceled: Plan B"]
    assert removed[0]["@removed"] == {"reason": "deleted"}
