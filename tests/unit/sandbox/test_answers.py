from __future__ import annotations

from urllib.parse import quote

import pytest

from daypass_sandbox.calendar.calendars import new_mailbox
from daypass_sandbox.calendar.events import NEVER
from graph_caller import MEGAN, Graph, at, timed
from meeting_room import guest, guests

ANSWERED = "2026-11-25T18:00:00.0000000Z"
ACTIONS = {
    "accept": ("accepted", "busy", "Accepted: Plan", "meetingAccepted"),
    "tentativelyAccept": ("tentativelyAccepted", "tentative", "Tentative: Plan", "meetingTenativelyAccepted"),
    "decline": ("declined", "free", "Declined: Plan", "meetingDeclined"),
}
LATER = {"start": at("2026-12-08T10:00:00"), "end": at("2026-12-08T11:00:00")}


@pytest.fixture
def keeping(company):
    """A company whose calendars keep what is declined."""
    company.tenant.state.quirks["preserveDeclinedMeetings"] = True
    return company


# --- answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ACTIONS)
def test_an_answer_is_in_the_copy_at_the_organizers_and_in_the_outbox(keeping, action):
    response, shown, subject, message_type = ACTIONS[action]
    meeting = keeping.invite("alex", "lee")
    answer = keeping.act("alex", keeping.copy("alex"), action, comment="See you")
    assert (answer.status, answer.body) == (202, None)
    copy = keeping.copy("alex")
    assert (copy["responseStatus"], copy["showAs"]) == ({"response": response, "time": ANSWERED}, shown)
    organized = keeping.megan("GET", f"/me/events/{meeting['id']}").body
    assert [one["status"] for one in organized["attendees"]] == [
        {"response": response, "time": ANSWERED},
        {"response": "none", "time": NEVER},
    ]
    (message,) = keeping.outbox(kind="response")
    assert (message["subject"], message["meetingMessageType"], message["responseType"]) == (subject, message_type, response)
    assert (message["bodyPreview"], message["from"]["emailAddress"]["name"]) == ("See you", "Alex Wilber")
    assert [to["emailAddress"]["name"] for to in message["toRecipients"]] == ["Megan Bowen"]
    assert (message["eventId"], message["iCalUId"]) == (copy["id"], meeting["iCalUId"])


def test_a_declined_copy_leaves_the_calendar(company):
    meeting = company.invite("alex")
    copy = company.copy("alex")
    company.act("alex", copy, "decline")
    assert company.events("alex") == []
    assert company.act("alex", copy, "accept").code == "ErrorItemNotFound"
    assert company.statuses(meeting) == {"alex": "declined"}
    company.change("megan", meeting, subject="Plan B")
    assert company.events("alex") == []
    company.change("megan", meeting, **LATER)
    assert company.copy("alex")["responseStatus"]["response"] == "notResponded"
    assert company.statuses(meeting) == {"alex": "notResponded"}


def test_an_answer_can_be_changed(keeping):
    meeting = keeping.invite("alex")
    for action, (response, shown, *_) in ACTIONS.items():
        keeping.act("alex", keeping.copy("alex"), action)
        assert (keeping.copy("alex")["showAs"], keeping.statuses(meeting)) == (shown, {"alex": response})


def test_an_accepted_meeting_shows_as_its_organizer_meant_it(company):
    meeting = company.invite("alex", showAs="oof")
    assert company.copy("alex")["showAs"] == "tentative"
    company.act("alex", company.copy("alex"), "accept")
    assert company.copy("alex")["showAs"] == "oof"
    assert meeting["showAs"] == "oof"


@pytest.mark.parametrize("action", ACTIONS)
def test_an_answer_that_is_not_sent_stays_in_the_attendees_calendar(keeping, action):
    meeting = keeping.invite("alex")
    before = keeping.megan("GET", f"/me/events/{meeting['id']}").body
    assert keeping.act("alex", keeping.copy("alex"), action, sendResponse=False).status == 202
    assert keeping.copy("alex")["responseStatus"]["response"] == ACTIONS[action][0]
    assert keeping.megan("GET", f"/me/events/{meeting['id']}").body == before
    assert keeping.outbox(kind="response") == []


@pytest.mark.parametrize(
    "body",
    [
        {"Comment": "ok", "SendResponse": "true"},
        {"COMMENT": "ok", "sendresponse": "True"},
        {"comment": "ok"},
        {"comment": "ok", "sendResponse": None},
        {"comment": None},
        {},
    ],
)
def test_arguments_come_in_any_letter_case_and_quoted(company, body):
    meeting = company.invite("alex")
    assert company.act("alex", company.copy("alex"), "accept", **body).status == 202
    assert company.statuses(meeting) == {"alex": "accepted"}


def test_an_answer_without_a_body_will_do(company):
    meeting = company.invite("alex")
    path = f"/me/events/{quote(company.copy('alex')['id'])}/accept"
    assert company.alex("POST", path).status == 202
    assert company.statuses(meeting) == {"alex": "accepted"}


@pytest.mark.parametrize(
    "place",
    ["/me", "/users/alex@contoso.example", "/me/calendar", "/me/calendars/{calendar}", "/me/calendargroups/{group}/calendars/{calendar}"],
)
def test_a_meeting_is_answered_under_each_of_its_paths(company, place):
    meeting = company.invite("alex")
    calendar = company.alex("GET", "/me/calendar").body["id"]
    group = company.alex("GET", "/me/calendarGroups").body["value"][0]["id"]
    path = place.format(calendar=quote(calendar), group=quote(group))
    assert company.alex("POST", f"{path}/events/{quote(company.copy('alex')['id'])}/accept", {}).status == 202
    assert company.statuses(meeting) == {"alex": "accepted"}


def test_one_occurrence_is_answered_alone(company):
    meeting = company.invite_daily("alex")
    company.act("alex", company.days("alex")[1], "tentativelyAccept")
    days = company.days("alex")
    assert [day["responseStatus"]["response"] for day in days] == ["notResponded", "tentativelyAccepted", *["notResponded"] * 3]
    theirs = company.days("megan", meeting)
    assert [day["attendees"][0]["status"]["response"] for day in theirs] == ["none", "tentativelyAccepted", "none", "none", "none"]
    assert company.statuses(meeting) == {"alex": "none"}
    company.act("alex", days[2], "decline")
    assert len(company.days("alex")) == 4
    assert company.days("megan", meeting)[2]["attendees"][0]["status"]["response"] == "declined"


def test_an_answer_to_the_series_is_one_to_each_occurrence(company):
    meeting = company.invite_daily("alex", "lee")
    company.act("alex", company.days("alex")[1], "tentativelyAccept")
    company.act("alex", company.copy("alex"), "accept")
    assert {(day["responseStatus"]["response"], day["showAs"]) for day in company.days("alex")} == {("accepted", "busy")}
    assert {day["attendees"][0]["status"]["response"] for day in company.days("megan", meeting)} == {"accepted"}
    assert {day["responseStatus"]["response"] for day in company.days("lee")} == {"notResponded"}


def test_a_declined_occurrence_stays_declined_when_the_series_is_accepted(company):
    meeting = company.invite_daily("alex")
    company.act("alex", company.days("alex")[1], "decline")
    company.act("alex", company.copy("alex"), "accept")
    theirs = company.days("megan", meeting)
    assert [day["attendees"][0]["status"]["response"] for day in theirs] == ["accepted", "declined", "accepted", "accepted", "accepted"]


def test_one_persons_answer_to_a_day_changes_nobody_elses_copy(company):
    company.invite_daily("alex", "lee")
    before = company.days("lee")
    company.act("alex", company.days("alex")[1], "accept")
    company.change("megan", company.copy("megan"), subject="Huddle")
    assert [day["type"] for day in company.days("lee")] == [day["type"] for day in before] == ["occurrence"] * 5


@pytest.mark.parametrize("action", ["tentativelyAccept", "decline"])
def test_a_new_time_can_be_proposed(company, action):
    meeting = company.invite("alex")
    assert company.act("alex", company.copy("alex"), action, proposedNewTime={"Start": LATER["start"], "End": LATER["end"]}).status == 202
    (attendee,) = company.megan("GET", f"/me/events/{meeting['id']}").body["attendees"]
    shown = {name: {**time, "dateTime": f"{time['dateTime']}.0000000"} for name, time in LATER.items()}
    assert attendee["proposedNewTime"] == shown
    (message,) = company.outbox(kind="response")
    assert (message["subject"], message["proposedNewTime"]) == ("New Time Proposed: Plan", shown)
    accepted = company.change("megan", meeting, **LATER).body["attendees"][0]
    assert "proposedNewTime" not in accepted


def test_a_proposal_is_told_in_the_zone_that_is_asked_for(company):
    """As in the example of api/event-get."""
    meeting = company.invite("alex")
    berlin = {"start": at("2026-12-08T11:00:00", "Europe/Berlin"), "end": at("2026-12-08T12:00:00", "W. Europe Standard Time")}
    assert company.act("alex", company.copy("alex"), "decline", proposedNewTime=berlin).status == 202
    for prefer, zone, hours in (("", "UTC", (10, 11)), ('outlook.timezone="Pacific Standard Time"', "Pacific Standard Time", (2, 3))):
        (attendee,) = company.megan("GET", f"/me/events/{meeting['id']}", prefer=prefer).body["attendees"]
        start, end = (at(f"2026-12-08T{hour:02}:00:00.0000000", zone) for hour in hours)
        assert attendee["proposedNewTime"] == {"start": start, "end": end}
    assert company.change("megan", meeting, subject="Plan B").body["attendees"] == [
        attendee | {"proposedNewTime": {"start": at("2026-12-08T10:00:00.0000000"), "end": at("2026-12-08T11:00:00.0000000")}}
    ]


def test_a_proposal_for_a_whole_day_keeps_its_midnights(company):
    zone = "W. Europe Standard Time"
    days = {name: at(f"2026-12-{day}T00:00:00", zone) for name, day in (("start", "07"), ("end", "08"))}
    meeting = company.invite("alex", isAllDay=True, **days)
    proposed = {name: at(f"2026-12-{day}T00:00:00", zone) for name, day in (("start", "09"), ("end", "10"))}
    assert company.act("alex", company.copy("alex"), "decline", proposedNewTime=proposed).status == 202
    (attendee,) = company.megan("GET", f"/me/events/{meeting['id']}").body["attendees"]
    midnights = [attendee["proposedNewTime"][name]["dateTime"] for name in ("start", "end")]
    assert midnights == ["2026-12-09T00:00:00.0000000", "2026-12-10T00:00:00.0000000"]


def test_an_answer_without_a_proposal_takes_the_earlier_one_back(company):
    meeting = company.invite("alex")
    company.act("alex", company.copy("alex"), "tentativelyAccept", proposedNewTime=LATER)
    company.change("megan", meeting, subject="Plan B", attendees=guests("alex"))
    assert "proposedNewTime" in company.megan("GET", f"/me/events/{meeting['id']}").body["attendees"][0]
    company.act("alex", company.copy("alex"), "accept")
    assert "proposedNewTime" not in company.megan("GET", f"/me/events/{meeting['id']}").body["attendees"][0]


REFUSED = {
    "a proposal that the meeting does not allow": (
        {"allowNewTimeProposals": False},
        "decline",
        {"proposedNewTime": LATER},
        "ErrorInvalidRequest",
    ),
    "a proposal that is not sent": ({}, "tentativelyAccept", {"proposedNewTime": LATER, "sendResponse": False}, "ErrorInvalidParameter"),
    "a comment that is not sent": ({}, "decline", {"comment": "Sorry", "sendResponse": "false"}, "ErrorInvalidParameter"),
    "a response nobody asked for": ({"responseRequested": False}, "accept", {}, "ErrorInvalidRequest"),
    "a proposal with an acceptance": ({}, "accept", {"proposedNewTime": LATER}, "RequestBodyRead"),
    "an argument there is not": ({}, "accept", {"remark": "x"}, "RequestBodyRead"),
    "half a proposal": ({}, "decline", {"proposedNewTime": {"start": LATER["start"]}}, "ErrorPropertyValidationFailure"),
    "a proposal that ends before it starts": (
        {},
        "decline",
        {"proposedNewTime": {"start": LATER["end"], "end": LATER["start"]}},
        "ErrorPropertyValidationFailure",
    ),
    "a zone nobody knows": (
        {},
        "decline",
        {"proposedNewTime": {**LATER, "end": at("2026-12-08T11:00:00", "Mars")}},
        "TimeZoneNotSupportedException",
    ),
}


@pytest.mark.parametrize(("meeting", "action", "body", "code"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_answered_so_is_refused_and_changes_nothing(company, meeting, action, body, code):
    event = company.invite("alex", **meeting)
    before = company.copy("alex")
    answer = company.act("alex", before, action, **body)
    assert (answer.status, answer.code) == (400, code)
    assert company.copy("alex") == before
    assert company.statuses(event) == {"alex": "none"}
    assert company.outbox(kind="response") == []


def test_where_no_response_is_requested_an_answer_can_be_kept_to_oneself(company):
    company.invite("alex", responseRequested=False)
    assert company.act("alex", company.copy("alex"), "accept", sendResponse=False).status == 202
    assert company.copy("alex")["responseStatus"]["response"] == "accepted"


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("names", [("alex",), ()])
def test_the_organizer_cannot_answer(company, action, names):
    answer = company.act("megan", company.invite(*names), action)
    assert (answer.status, answer.code) == (400, "ErrorInvalidRequest")
    assert answer.message == "Your request can't be completed. You can't respond to this meeting because you're the meeting organizer."


@pytest.mark.parametrize("action", ACTIONS)
def test_a_cancelled_meeting_cannot_be_answered(company, action):
    company.act("megan", company.invite("alex"), "cancel")
    answer = company.act("alex", company.copy("alex"), action)
    assert (answer.status, answer.code) == (400, "ErrorInvalidRequest")


def test_a_cancelled_occurrence_cannot_be_answered_but_the_series_can(company):
    meeting = company.invite_daily("alex")
    company.delete("megan", company.days("megan", meeting)[0])
    assert company.act("alex", company.days("alex")[0], "accept").status == 400
    assert company.act("alex", company.copy("alex"), "accept").status == 202
    assert [day["isCancelled"] for day in company.days("alex")] == [True, False, False, False, False]


def test_an_answer_to_a_meeting_that_is_no_more_is_sent_all_the_same(company):
    meeting = company.invite("alex")
    home = company.tenant.state.mailboxes[MEGAN]["events"]
    home.clear()
    company.tenant.restore(company.tenant.state.to_json())
    assert company.act("alex", company.copy("alex"), "accept").status == 202
    assert len(company.outbox(kind="response")) == 1
    assert company.megan("GET", f"/me/events/{meeting['id']}").status == 404


def test_nobody_answers_for_somebody_else(company):
    company.invite("alex")
    path = f"/users/alex@contoso.example/events/{quote(company.copy('alex')['id'])}/accept"
    assert company.lee("POST", path, {}).status == 403


def test_answering_takes_the_permission_to_write(company):
    company.invite("alex")
    reader = Graph(company.tenant, "alex", ("Calendars.Read",))
    assert reader("POST", f"/me/events/{quote(company.copy('alex')['id'])}/accept", {}).code == "ErrorAccessDenied"


def test_the_time_of_an_answer_is_the_tenants(company):
    company.invite("alex")
    company.megan("POST", "https://localhost:8443/sandbox/clock", {"advance_seconds": 90})
    company.act("alex", company.copy("alex"), "accept")
    assert company.copy("alex")["responseStatus"]["time"] == "2026-11-25T18:01:30.0000000Z"


# --- forwarding ------------------------------------------------------------------------------------------------


def forward(company, name, event, *to, **more):
    return company.act(
        name,
        event,
        "forward",
        **{"ToRecipients": [{"EmailAddress": guest(one)["emailAddress"]} for one in to], "Comment": "Do come", **more},
    )


def test_an_attendee_forwards_a_meeting_and_the_organizer_learns_of_it(company):
    meeting = company.invite("alex")
    answer = forward(company, "alex", company.copy("alex"), "lee")
    assert (answer.status, answer.body) == (202, None)
    copy = company.copy("lee")
    assert (copy["organizer"]["emailAddress"]["name"], copy["iCalUId"], copy["isOrganizer"]) == ("Megan Bowen", meeting["iCalUId"], False)
    organized = company.megan("GET", f"/me/events/{meeting['id']}").body
    assert [(one["emailAddress"]["name"], one["type"]) for one in organized["attendees"]] == [
        ("Alex Wilber", "required"),
        ("Lee Gu", "optional"),
    ]
    assert company.sent()[1:] == [
        ("forward", "FW: Plan", ["lee"]),
        ("forwardNotification", "Meeting Forward Notification: Plan", ["megan"]),
    ]
    message = company.outbox(kind="forward")[0]
    assert message["bodyPreview"] == "Do come"
    assert message["from"]["emailAddress"]["name"] == "Alex Wilber"
    company.act("lee", copy, "accept")
    company.change("megan", meeting, subject="Plan B")
    assert company.copy("lee")["subject"] == "Plan B"
    assert company.statuses(meeting) == {"alex": "none", "lee": "accepted"}


def test_the_organizer_forwards_without_telling_themselves(company):
    meeting = company.invite("alex")
    forward(company, "megan", meeting, "lee", "robin@fabrikam.example")
    assert company.statuses(meeting) == {"alex": "none", "lee": "none", "robin": "none"}
    assert [kind for kind, *_ in company.sent()] == ["invitation", "forward"]
    assert company.copy("lee")["subject"] == "Plan"


def test_one_occurrence_is_forwarded_alone(company):
    meeting = company.invite_daily("alex")
    forward(company, "alex", company.days("alex")[1], "lee")
    copy = company.copy("lee")
    assert (copy["type"], copy["start"]["dateTime"]) == ("singleInstance", "2026-12-08T09:00:00.0000000")
    assert company.statuses(company.days("megan", meeting)[1]) == {"alex": "none", "lee": "none"}
    assert company.statuses(meeting) == {"alex": "none"}


def test_who_has_the_meeting_already_gets_the_message_only(company):
    meeting = company.invite("alex", "lee")
    company.act("lee", company.copy("lee"), "accept")
    before = company.copy("lee")
    forward(company, "alex", company.copy("alex"), "lee")
    assert company.copy("lee") == before
    assert company.statuses(meeting) == {"alex": "none", "lee": "accepted"}
    assert company.sent(kind="forward") == [("forward", "FW: Plan", ["lee"])]


def test_an_appointment_is_forwarded_as_a_message_only(company):
    event = company.invite()
    assert forward(company, "megan", event, "lee").status == 202
    assert company.events("lee") == []
    assert company.sent() == [("forward", "FW: Plan", ["lee"])]


def test_a_meeting_of_somebody_from_elsewhere_is_forwarded_from_the_copy(company):
    company.invite("alex")
    mailbox = company.tenant.state.mailboxes[company.tenant.state.find_user("alex")]
    ((copy_id, copy),) = mailbox["events"].items()
    mailbox["events"][copy_id] = {**copy, "organizer": {"emailAddress": {"name": "Robin Counts", "address": "robin@fabrikam.example"}}}
    company.tenant.restore(company.tenant.state.to_json())
    forward(company, "alex", company.copy("alex"), "lee")
    assert company.copy("lee")["organizer"]["emailAddress"]["name"] == "Robin Counts"
    assert company.sent(kind="forwardNotification") == [("forwardNotification", "Meeting Forward Notification: Plan", ["robin"])]


@pytest.mark.parametrize("to", [[], None, [{"emailAddress": {"address": "nowhere"}}], [{}]])
def test_a_forward_needs_recipients(company, to):
    answer = company.act("megan", company.invite("alex"), "forward", toRecipients=to)
    assert (answer.status, answer.code) == (400, "ErrorInvalidRecipients")
    assert company.outbox(kind="forward") == []


def test_to_forward_it_is_enough_to_be_allowed_to_read(company):
    meeting = company.invite("alex")
    path = f"/me/events/{quote(meeting['id'])}/forward"
    body = {"toRecipients": guests("lee")}
    body["toRecipients"][0].pop("type")
    assert Graph(company.tenant, "megan", ("Calendars.ReadBasic",))("POST", path, body).status == 403
    assert Graph(company.tenant, "megan", ("Calendars.Read",))("POST", path, body).status == 202


def test_an_event_that_is_not_there_is_neither_answered_nor_forwarded(company):
    for action in ("accept", "decline", "tentativelyAccept", "cancel", "forward"):
        assert company.megan("POST", f"/me/events/AAMkNone/{action}", {}).code == "ErrorItemNotFound"


def test_a_group_calendar_has_no_answers(company):
    assert company.megan("POST", "/groups/any/events/x/accept", {}).status == 501


def test_who_declines_every_day_of_a_series_has_nothing_of_it_left(company):
    meeting = company.invite_daily("alex", times=2)
    for day in company.days("alex"):
        assert company.act("alex", day, "decline").status == 202
    assert company.events("alex") == []
    assert {day["attendees"][0]["status"]["response"] for day in company.days("megan", meeting)} == {"declined"}


SHARED = ("Calendars.ReadWrite.Shared", "Calendars.ReadWrite")


def shared(company, role):
    """Alex, asked to a meeting of Megan's, shares his calendar with Lee; gives the path of his copy to Lee."""
    company.invite("alex")
    whom = {"emailAddress": {"address": "lee@contoso.example"}, "role": role}
    assert company.alex("POST", "/me/calendar/calendarPermissions", whom).status == 201
    return Graph(company.tenant, "lee", SHARED), f"/users/alex@contoso.example/calendar/events/{quote(company.copy('alex')['id'])}"


def test_who_may_write_in_somebodys_calendar_answers_in_their_name(company):
    lee, path = shared(company, "write")
    assert lee("POST", f"{path}/accept", {"comment": "For Alex"}).status == 202
    assert company.copy("alex")["responseStatus"]["response"] == "accepted"
    assert company.statuses(company.copy("megan")) == {"alex": "accepted"}
    assert company.outbox(kind="response")[0]["from"]["emailAddress"]["name"] == "Alex Wilber"


@pytest.mark.parametrize("role", ["read", "limitedRead", "freeBusyRead"])
def test_who_may_only_read_somebodys_calendar_answers_nothing_and_forwards_nothing(company, role):
    lee, path = shared(company, role)
    before = company.copy("alex")
    assert lee("POST", f"{path}/accept", {}).status == 403
    assert lee("POST", f"{path}/forward", {"toRecipients": [{"emailAddress": {"address": "lee@contoso.example"}}]}).status == 403
    assert company.copy("alex") == before
    assert [kind for kind, *_ in company.sent()] == ["invitation"]


def test_a_member_cancels_a_meeting_of_their_group(company):
    state = company.tenant.state
    megan = state.find_user("megan")
    state.groups["g"] = {
        "id": "g",
        "displayName": "Sales",
        "mail": "sales@contoso.example",
        "groupTypes": ["Unified"],
        "x-members": [megan],
    }
    state.mailboxes["g"] = new_mailbox(company.tenant.new_id, "UTC")
    member = Graph(company.tenant, "megan", ("Group.ReadWrite.All", "Calendars.ReadWrite"))
    meeting = member("POST", "/groups/g/events", timed("Fair", "2026-12-07T10:00:00", "2026-12-07T11:00:00", attendees=guests("alex"))).body
    assert company.copy("alex")["organizer"]["emailAddress"]["name"] == "Sales"
    assert member("POST", f"/groups/g/calendar/events/{quote(meeting['id'])}/cancel", {"comment": "Rain"}).status == 202
    assert company.copy("alex")["isCancelled"]
