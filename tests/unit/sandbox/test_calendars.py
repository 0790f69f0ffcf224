from __future__ import annotations

import re

import pytest

from graph_caller import MEGAN, PACIFIC, Graph, at, series, timed

DAY = ("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z")
DECEMBER = ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")
ALL_DAY = {"subject": "Fair", "isAllDay": True, "start": at("2026-12-01T00:00:00", PACIFIC), "end": at("2026-12-03T00:00:00", PACIFIC)}
PROPERTIES = {
    *("allowNewTimeProposals", "attendees", "body", "bodyPreview", "categories", "changeKey", "createdDateTime", "end", "hasAttachments"),
    *(
        "hideAttendees",
        "iCalUId",
        "id",
        "importance",
        "isAllDay",
        "isCancelled",
        "isDraft",
        "isOnlineMeeting",
        "isOrganizer",
        "isReminderOn",
    ),
    *(
        "lastModifiedDateTime",
        "location",
        "locations",
        "onlineMeeting",
        "occurrenceId",
        "onlineMeetingProvider",
        "onlineMeetingUrl",
        "organizer",
    ),
    *("originalEndTimeZone", "originalStartTimeZone", "recurrence", "reminderMinutesBeforeStart", "responseRequested", "responseStatus"),
    *("sensitivity", "seriesMasterId", "showAs", "start", "subject", "transactionId", "type", "webLink"),
}


@pytest.fixture
def stand_up(graph):
    """Daily from 1 to 5 December, 09:00 in Seattle."""
    event = series(
        "Stand-up", "2026-12-01T09:00:00", "2026-12-01T09:15:00", {"type": "daily"}, PACIFIC, type="endDate", endDate="2026-12-05"
    )
    return graph.create(**event)


def occurrences(graph: Graph) -> list[dict]:
    return graph.view(*DECEMBER, "&$orderby=start/dateTime&$top=50").body["value"]


# Creating


def test_a_new_event_comes_back_with_every_property(graph):
    event = graph.create(
        **timed("Study for the AZ-204 exam", "2026-12-01T10:05:00", "2026-12-01T10:35:00", location={"displayName": "Wherever you are"})
    )
    assert {name for name in event if "@" not in name} == PROPERTIES
    assert event["start"] == {"dateTime": "2026-12-01T10:05:00.0000000", "timeZone": "UTC"}
    assert event["location"]["displayName"] == event["locations"][0]["displayName"] == "Wherever you are"
    assert event["organizer"] == {"emailAddress": {"name": "Megan Bowen", "address": "megan@contoso.example"}}
    assert event["responseStatus"] == {"response": "organizer", "time": "0001-01-01T00:00:00Z"}
    assert event["@odata.etag"] == f'W/"{event["changeKey"]}"'
    assert event["createdDateTime"] == "2026-11-25T18:00:00.0000000Z"
    assert (event["type"], event["showAs"], event["isReminderOn"], event["reminderMinutesBeforeStart"]) == (
        "singleInstance",
        "busy",
        True,
        15,
    )


def test_ids_are_long_and_survive_being_put_into_a_path(graph):
    event = graph.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00"))
    assert re.fullmatch(r"[A-Za-z0-9_-]{60,}=", event["id"])
    assert graph("GET", f"/me/events/{event['id']}").body["subject"] == "X"
    assert graph("GET", f"/me/events('{event['id']}')").body["subject"] == "X"
    assert event["webLink"].startswith("https://outlook.office365.com/owa/?itemid=")


@pytest.mark.parametrize(
    "start",
    [
        at("2026-12-01T10:05:00.123456+00:00", "UTC"),
        at("2026-12-01T10:05:00Z", "UTC"),
        at("2026-12-01T10:05:00.0000000", "UTC"),
        at("2026-12-01T11:05:00+01:00", "UTC"),
        at("2026-12-01T10:05:00"),
        {"dateTime": "2026-12-01T10:05:00"},
        at("2026-12-01T10:05", "Etc/UTC"),
        at("2026-12-01T02:05:00", PACIFIC),
        at("2026-12-01T11:05:00", "Europe/Berlin"),
    ],
)
def test_times_are_taken_in_every_spelling_the_service_takes(graph, start):
    event = graph.create(subject="X", start=start, end=at("2026-12-01T11:00:00"))
    assert event["start"]["dateTime"] == "2026-12-01T10:05:00.0000000"


@pytest.mark.parametrize(
    "wrong", ["soon", "2026-13-01T10:00:00", "2026-02-30T10:00:00", "20261201T100000", "1500-01-01T00:00:00", "9999-01-01T00:00:00", ""]
)
def test_a_time_that_is_none_fails_validation(graph, wrong):
    refused = graph("POST", "/me/events", {"subject": "X", "start": at(wrong), "end": at("2026-12-01T11:00:00")})
    assert (refused.status, refused.code) == (400, "ErrorPropertyValidationFailure")


def test_an_unknown_zone_is_refused_with_its_name(graph):
    refused = graph("POST", "/me/events", timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00", "Middle Earth Time"))
    assert (refused.status, refused.code) == (400, "TimeZoneNotSupportedException")
    assert "Middle Earth Time" in refused.message


@pytest.mark.parametrize("missing", ["start", "end"])
def test_start_and_end_are_needed(graph, missing):
    event = timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00")
    assert graph("POST", "/me/events", {**event, missing: None}).code == "ErrorPropertyValidationFailure"


def test_an_end_before_the_start_fails_validation(graph):
    assert graph("POST", "/me/events", timed("X", "2026-12-01T10:00:00", "2026-12-01T09:00:00")).code == "ErrorPropertyValidationFailure"
    crossed = {"subject": "X", "start": at("2026-12-01T10:00:00"), "end": at("2026-12-01T10:30:00", "Europe/Berlin")}
    assert graph("POST", "/me/events", crossed).code == "ErrorPropertyValidationFailure"


def test_an_event_that_begins_in_a_skipped_hour_is_kept(graph):
    event = graph.create(**timed("Night shift", "2027-03-14T02:10:00", "2027-03-14T03:00:00", PACIFIC))
    assert event["start"]["dateTime"] == "2027-03-14T10:10:00.0000000"
    assert event["end"]["dateTime"] > event["start"]["dateTime"]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("location", "Wherever you are"),
        ("body", "text"),
        ("attendees", ["alex@contoso.example"]),
        ("attendees", {"emailAddress": {}}),
        ("start", "2026-12-01T10:00:00Z"),
        ("subject", {"text": "X"}),
        ("subject", 5),
        ("showAs", "banana"),
        ("showAs", 1),
        ("isAllDay", "perhaps"),
        ("isAllDay", 1),
        ("reminderMinutesBeforeStart", "soon"),
        ("reminderMinutesBeforeStart", True),
        ("reminderMinutesBeforeStart", 1.5),
        ("reminderMinutesBeforeStart", "NaN"),
        ("reminderMinutesBeforeStart", 2**40),
        ("location", {"displayName": "X", "coordinates": {"latitude": "north"}}),
        ("categories", "Team"),
        ("shoeSize", 44),
        ("recurrence", "weekly"),
    ],
)
def test_a_member_of_the_wrong_shape_is_not_read(graph, member, value):
    refused = graph("POST", "/me/events", {**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00"), member: value})
    assert (refused.status, refused.code) == (400, "RequestBodyRead")


def test_a_string_for_a_location_gets_the_words_of_the_service(graph):
    refused = graph("POST", "/me/events", {"location": "Wherever you are"})
    assert (
        refused.message
        == "An unexpected 'PrimitiveValue' node was found when reading from the JSON reader. A 'StartObject' node was expected."
    )


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe", b'"x"'])
def test_a_body_that_is_no_object_is_not_read(graph, body):
    assert graph("POST", "/me/events", body).code == "RequestBodyRead"


def test_other_spellings_of_names_and_members_are_taken_and_answered_in_graphs_own(graph):
    event = graph.create(
        **{
            "@odata.type": "#microsoft.graph.event",
            "Subject": "X",
            "start": {"@odata.type": "#microsoft.graph.dateTimeTimeZone", **at("2026-12-01T10:00:00")},
            "end": at("2026-12-01T11:00:00"),
            "body": {"contentType": "HTML", "content": "<b>x</b>"},
            "showAs": "WorkingElsewhere",
            "isReminderOn": "false",
            "reminderMinutesBeforeStart": "30",
            "attendees": [{"type": "Optional", "emailAddress": {"address": "alex@contoso.example"}}],
            "isOnlineMeeting": None,
            "transactionId": None,
            "id": "mine",
            "isOrganizer": False,
        }
    )
    assert (event["subject"], event["showAs"], event["isReminderOn"], event["reminderMinutesBeforeStart"]) == (
        "X",
        "workingElsewhere",
        False,
        30,
    )
    assert event["body"]["contentType"] == "html"
    assert event["attendees"] == [
        {
            "type": "optional",
            "status": {"response": "none", "time": "0001-01-01T00:00:00Z"},
            "emailAddress": {"name": "Alex Wilber", "address": "alex@contoso.example"},
        }
    ]
    assert event["isOrganizer"] is True
    assert event["id"] != "mine"


def test_no_more_than_five_hundred_are_invited(graph):
    def invite(count):
        guests = [{"emailAddress": {"address": f"guest{number}@contoso.example"}} for number in range(count)]
        return graph("POST", "/me/events", timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00", attendees=guests))

    assert invite(500).status == 201
    assert invite(501).code == "ErrorInvalidRecipients"


@pytest.mark.parametrize("address", ["", "nobody", None])
def test_a_guest_needs_an_address(graph, address):
    guest = {"emailAddress": {"name": "Somebody", "address": address}}
    refused = graph("POST", "/me/events", timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00", attendees=[guest]))
    assert refused.code == "ErrorInvalidRecipients"


def test_a_repeated_post_with_one_transaction_id_creates_once(graph):
    event = timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00", transactionId="7e1e44ea")
    first, second = graph("POST", "/me/events", event), graph("POST", "/me/events", event)
    assert (first.status, second.status) == (201, 201)
    assert first.body["id"] == second.body["id"]
    assert first.body["transactionId"] == "7e1e44ea"
    assert graph.view(*DAY).subjects == ["X"]


def test_a_repeated_transaction_id_with_another_body_gives_the_first_event(graph):
    event = timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00", transactionId="7e1e44ea")
    first = graph.create(**event)
    again = graph(
        "POST",
        "/me/events",
        {**event, "subject": "Y", "attachments": [{"@odata.type": "#microsoft.graph.referenceAttachment", "name": "Z"}]},
    )
    assert (again.status, again.body["id"], again.body["subject"], again.body["hasAttachments"]) == (201, first["id"], "X", False)


def test_after_a_deletion_a_transaction_id_may_be_used_again(graph):
    event = timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00", transactionId="7e1e44ea")
    first = graph.create(**event)
    graph("DELETE", f"/me/events/{first['id']}")
    assert graph.create(**event)["id"] != first["id"]


def test_an_online_meeting_gets_a_join_link_in_its_body(graph):
    meeting = timed(
        "X", "2026-12-01T10:00:00", "2026-12-01T11:00:00", isOnlineMeeting=True, body={"contentType": "text", "content": "1 < 2"}
    )
    event = graph.create(**meeting)
    assert (event["isOnlineMeeting"], event["onlineMeetingProvider"], event["onlineMeetingUrl"]) == (True, "teamsForBusiness", None)
    assert event["onlineMeeting"]["joinUrl"].startswith("https://teams.microsoft.com/l/meetup-join/")
    assert event["onlineMeeting"]["joinUrl"] in event["body"]["content"]
    assert "1 &lt; 2" in event["body"]["content"]


def test_an_online_meeting_is_not_undone_but_lost_with_its_link(graph):
    event = graph.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00", isOnlineMeeting=True))
    path = f"/me/events/{event['id']}"
    assert graph("PATCH", path, {"isOnlineMeeting": False}).body["onlineMeeting"] == event["onlineMeeting"]
    kept = {"contentType": "html", "content": event["body"]["content"] + "<p>Agenda</p>"}
    assert graph("PATCH", path, {"body": kept}).body["onlineMeeting"] == event["onlineMeeting"]
    lost = graph("PATCH", path, {"body": {"contentType": "html", "content": "<p>Agenda</p>"}}).body
    assert (lost["isOnlineMeeting"], lost["onlineMeeting"]) == (False, None)


def test_a_calendar_without_online_meetings_ignores_the_wish(graph):
    for calendar in graph.tenant.state.mailboxes[MEGAN]["calendars"].values():
        calendar["allowedOnlineMeetingProviders"] = []
    event = graph.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00", isOnlineMeeting=True))
    assert (event["isOnlineMeeting"], event["onlineMeeting"]) == (False, None)


def test_the_location_names_several_in_one_line_and_replaces_them(graph):
    event = graph.create(
        **timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00", locations=[{"displayName": "Adams"}, {"displayName": "Baker"}])
    )
    assert event["location"]["displayName"] == "Adams; Baker"
    assert [place["displayName"] for place in event["locations"]] == ["Adams", "Baker"]
    changed = graph("PATCH", f"/me/events/{event['id']}", {"location": {"displayName": "Crystal"}}).body
    assert [place["displayName"] for place in changed["locations"]] == ["Crystal"]


# Bodies


def test_the_preview_is_the_text_of_the_body(graph):
    head = "<head><title>no</title><style>p {}</style></head>"
    content = f"<html>{head}<body><p>Late   morning?</p><script>x()</script><p>&amp; more</p></body></html>"
    event = graph.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00", body={"contentType": "html", "content": content}))
    assert event["bodyPreview"] == "Late morning?\n& more"
    assert event["body"]["content"] == content


def test_the_preview_is_short(graph):
    event = graph.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00", body={"contentType": "text", "content": "x" * 999}))
    assert event["bodyPreview"] == "x" * 255


def test_a_body_comes_as_html_or_as_text_as_preferred(graph):
    event = graph.create(
        **timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00", body={"contentType": "html", "content": "<p>A</p><p>B</p>"})
    )
    path = f"/me/events/{event['id']}"
    assert graph("GET", path).body["body"]["content"].startswith("<html>")
    text = graph("GET", path, prefer='outlook.body-content-type="text"')
    assert text.body["body"] == {"contentType": "text", "content": "A\nB"}


def test_readers_of_basics_see_no_body(graph):
    graph.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00", body={"contentType": "text", "content": "secret"}))
    basic = Graph(graph.tenant, scopes=("Calendars.ReadBasic",))
    event = basic.view(*DAY).body["value"][0]
    assert event["subject"] == "X"
    assert "secret" not in str(event)
    assert not {"body", "bodyPreview", "attachments"} & set(event)


# All-day events


@pytest.mark.parametrize("zone", ["UTC", PACIFIC, "Asia/Tokyo", "Pacific/Kiritimati"])
def test_an_all_day_event_lies_from_midnight_to_midnight_whatever_zone_is_asked(graph, zone):
    event = graph.create(**ALL_DAY)
    answer = graph("GET", f"/me/events/{event['id']}", prefer=f'outlook.timezone="{zone}"').body
    assert (answer["start"], answer["end"]) == (at("2026-12-01T00:00:00.0000000", zone), at("2026-12-03T00:00:00.0000000", zone))
    assert answer["originalStartTimeZone"] == PACIFIC


def test_an_all_day_event_is_looked_for_between_midnights_utc_and_its_end_is_exclusive(graph):
    graph.create(**ALL_DAY)
    assert graph.view("2026-12-02T23:59:59Z", "2026-12-05T00:00:00Z").subjects == ["Fair"]
    assert graph.view("2026-12-03T00:00:00Z", "2026-12-05T00:00:00Z").subjects == []
    assert graph.view("2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z").subjects == []
    assert graph.view("2026-11-30T16:00:00-08:00", "2026-11-30T16:00:01-08:00").subjects == ["Fair"]


def test_dates_alone_are_taken_for_an_all_day_event(graph):
    event = graph.create(subject="X", isAllDay=True, start=at("2026-12-01", PACIFIC), end=at("2026-12-02", PACIFIC))
    assert event["start"]["dateTime"] == "2026-12-01T00:00:00.0000000"


@pytest.mark.parametrize(
    ("start", "end", "code", "said"),
    [
        (at("2026-12-01T09:00:00"), at("2026-12-02T00:00:00"), "ErrorInvalidRequest", "Event.Start property for an all-day event"),
        (at("2026-12-01T00:00:00"), at("2026-12-01T23:59:59"), "ErrorInvalidRequest", "Event.End property for an all-day event"),
        (at("2026-12-01T00:00:00"), at("2026-12-01T00:00:00"), "ErrorInvalidRequest", "at least 24 hours"),
        (at("2026-12-01T00:00:00"), at("2026-12-02T00:00:00", PACIFIC), "ErrorPropertyValidationFailure", "same time zone"),
    ],
)
def test_an_all_day_event_with_hours_or_in_two_zones_is_refused(graph, start, end, code, said):
    refused = graph("POST", "/me/events", {"subject": "X", "isAllDay": True, "start": start, "end": end})
    assert (refused.status, refused.code) == (400, code)
    assert said in refused.message


# Windows


def test_a_window_needs_both_ends(graph):
    for query in ("", "?startDateTime=2026-12-01T00:00:00Z", "?endDateTime=2026-12-01T00:00:00Z", "?startDateTime=&endDateTime="):
        refused = graph("GET", f"/me/calendarView{query}")
        assert (refused.status, refused.code) == (400, "ErrorInvalidParameter")
        assert (
            refused.message == "This request requires a time window specified by the query string parameters StartDateTime and EndDateTime."
        )


@pytest.mark.parametrize(
    "wrong", ["tomorrow", "2026-12-01T00:00:00 01:00", "2026-99-01T00:00:00Z", "9999-12-31T00:00:00Z", "0001-01-01T00:00:00"]
)
def test_an_end_of_the_window_that_is_no_time_is_refused(graph, wrong):
    refused = graph.view(wrong, DAY[1])
    assert (refused.status, refused.code) == (400, "ErrorInvalidParameter")
    assert refused.message == f"The value '{wrong}' of parameter 'StartDateTime' is invalid."


def test_a_window_is_no_longer_than_five_years(graph):
    refused = graph.view("2020-01-01T00:00:00Z", "2025-01-01T00:00:00Z")
    assert (refused.status, refused.code) == (400, "ErrorInvalidRequest")
    assert refused.message.endswith("Maximum number of days: 1825")
    assert graph.view("2021-01-01T00:00:00Z", "2025-12-31T00:00:00Z").status == 200


def test_a_window_that_ends_before_it_begins_is_refused(graph):
    assert graph.view(DAY[1], DAY[0]).code == "ErrorInvalidParameter"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-12-01T10:30:00Z", "2026-12-01T10:31:00Z"),
        ("2026-12-01T10:30:00", "2026-12-01T10:31:00"),
        ("2026-12-01T02:30:00-08:00", "2026-12-01T02:31:00-08:00"),
        ("2026-12-01T10:59:59.999999Z", "2026-12-01T12:00:00.0000000Z"),
        ("2026-12-01", "2026-12-02"),
    ],
)
def test_the_offset_of_a_window_counts_and_without_one_it_is_utc_whatever_zone_is_preferred(graph, start, end):
    graph.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00"))
    assert graph.view(start, end).subjects == ["X"]
    assert graph.view(start, end, prefer=f'outlook.timezone="{PACIFIC}"').subjects == ["X"]


def test_names_of_window_parameters_are_taken_in_any_case(graph):
    assert graph("GET", f"/me/calendarview?STARTDATETIME={DAY[0]}&enddatetime={DAY[1]}").status == 200


def test_events_that_only_touch_the_window_from_outside_are_not_in_it(graph):
    graph.create(**timed("Before", "2026-11-30T23:00:00", "2026-12-01T00:00:00"))
    graph.create(**timed("After", "2026-12-02T00:00:00", "2026-12-02T01:00:00"))
    graph.create(**timed("Across", "2026-11-30T23:00:00", "2026-12-02T01:00:00"))
    graph.create(**timed("Moment", "2026-12-01T00:00:00", "2026-12-01T00:00:00"))
    assert graph.view(*DAY).subjects == ["Across", "Moment"]


def test_an_event_of_a_year_is_found_from_within(graph):
    event = graph.create(**timed("Sabbatical", "2026-01-01T00:00:00", "2027-01-01T00:00:00"))
    assert graph.view(*DAY).subjects == ["Sabbatical"]
    graph("DELETE", f"/me/events/{event['id']}")
    assert graph.view(*DAY).subjects == []


@pytest.mark.parametrize(
    ("zone", "wall"),
    [(PACIFIC, "2026-12-01T02:00:00"), ("America/Los_Angeles", "2026-12-01T02:00:00"), ("Tokyo Standard Time", "2026-12-01T19:00:00")],
)
def test_times_come_in_the_preferred_zone_under_the_name_that_was_asked(graph, zone, wall):
    graph.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00"))
    answer = graph.view(*DAY, prefer=f'outlook.timezone="{zone}"')
    assert answer.body["value"][0]["start"] == {"dateTime": f"{wall}.0000000", "timeZone": zone}
    assert answer.headers["preference-applied"] == f'outlook.timezone="{zone}"'
    assert answer.body["value"][0]["originalStartTimeZone"] == "UTC"


def test_single_events_come_before_occurrences_unless_an_order_is_asked(graph, stand_up):
    graph.create(**timed("Late", "2026-12-04T20:00:00", "2026-12-04T21:00:00"))
    assert graph.view(*DECEMBER).subjects == ["Late", *["Stand-up"] * 5]
    assert graph.view(*DECEMBER, "&$orderby=start/dateTime").subjects == [*["Stand-up"] * 4, "Late", "Stand-up"]


def test_the_list_of_events_has_singles_and_masters_and_no_occurrences(graph, stand_up):
    graph.create(**timed("Late", "2026-12-04T20:00:00", "2026-12-04T21:00:00"))
    listed = graph("GET", "/me/events").body["value"]
    assert [(event["subject"], event["type"]) for event in listed] == [("Stand-up", "seriesMaster"), ("Late", "singleInstance")]


def test_a_changed_event_keeps_its_place_in_the_list(graph):
    first = graph.create(**timed("A", "2026-12-04T20:00:00", "2026-12-04T21:00:00"))
    graph.create(**timed("B", "2026-12-01T20:00:00", "2026-12-01T21:00:00"))
    graph("PATCH", f"/me/events/{first['id']}", {"subject": "A, changed"})
    assert graph("GET", "/me/events").subjects == ["A, changed", "B"]


def test_created_and_modified_cannot_be_selected_in_a_window(graph):
    graph.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00"))
    assert set(graph.view(*DAY, "&$select=subject,createdDateTime").body["value"][0]) == {"@odata.etag", "id", "subject"}
    assert "createdDateTime" in graph("GET", "/me/events?$select=createdDateTime").body["value"][0]


# Calendars


def test_the_default_calendar_and_the_others(graph):
    default = graph("GET", "/me/calendar").body
    listed = graph("GET", "/me/calendars").body["value"]
    assert (default["name"], default["isDefaultCalendar"]) == ("Calendar", True)
    assert default["owner"] == {"name": "Megan Bowen", "address": "megan@contoso.example"}
    assert [calendar["name"] for calendar in listed] == ["Calendar", "Family"]
    assert graph("GET", f"/me/calendars/{listed[1]['id']}?$select=name").body["name"] == "Family"


def test_an_unknown_calendar_is_not_found(graph):
    for path in ("", "/events", f"/calendarView?startDateTime={DAY[0]}&endDateTime={DAY[1]}"):
        assert graph("GET", f"/me/calendars/nowhere{path.partition('?')[0]}?{path.partition('?')[2]}").code == "ErrorItemNotFound"
    assert graph("POST", "/me/calendars/nowhere/events", timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00")).status == 404


def test_events_of_another_calendar_stay_there(graph):
    family = graph("GET", "/me/calendars").body["value"][1]["id"]
    created = graph("POST", f"/me/calendars/{family}/events", timed("Play", "2026-12-01T18:00:00", "2026-12-01T19:00:00"))
    graph("POST", "/me/calendar/events", timed("Work", "2026-12-01T10:00:00", "2026-12-01T11:00:00"))
    window = f"calendarView?startDateTime={DAY[0]}&endDateTime={DAY[1]}"
    assert created.status == 201
    assert family.rstrip("=") in created.body["calendar@odata.navigationLink"]
    assert graph("GET", f"/me/calendars/{family}/{window}").subjects == ["Play"]
    assert graph("GET", f"/me/calendars/{family}/events").subjects == ["Play"]
    assert graph("GET", f"/me/{window}").subjects == graph("GET", f"/me/calendar/{window}").subjects == ["Work"]
    assert graph("GET", "/me/calendar/events").subjects == ["Work"]
    assert graph("GET", "/me/events").subjects == ["Play", "Work"]


def test_an_event_is_reached_through_its_own_calendar_only(graph):
    default, family = (calendar["id"] for calendar in graph("GET", "/me/calendars").body["value"])
    event = graph("POST", f"/me/calendars/{family}/events", timed("Play", "2026-12-01T18:00:00", "2026-12-01T19:00:00")).body
    assert graph("GET", f"/me/calendars/{family}/events/{event['id']}").body["subject"] == "Play"
    assert graph("GET", f"/me/calendars/{default}/events/{event['id']}").code == "ErrorItemNotFound"
    assert graph("GET", f"/me/calendar/events/{event['id']}").status == 404
    assert graph("PATCH", f"/me/calendars/{family}/events/{event['id']}", {"subject": "Concert"}).body["subject"] == "Concert"
    assert graph("DELETE", f"/me/calendars/{family}/events/{event['id']}").status == 204


# Reading and changing one event


@pytest.mark.parametrize("event_id", ["nothing", "AAMkAGFRAAgAAAAAAALSm4=", "xFRAAg___________=", "%00", "a" * 5000])
def test_an_unknown_id_is_not_found(graph, event_id):
    for method in ("GET", "PATCH", "DELETE"):
        refused = graph(method, f"/me/events/{event_id}", {} if method == "PATCH" else None)
        assert (refused.status, refused.code) == (404, "ErrorItemNotFound")
        assert refused.message == "The specified object was not found in the store."


def test_ids_distinguish_letter_case(graph):
    event = graph.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00"))
    assert graph("GET", f"/me/events/{event['id'].swapcase()}").status == 404


def test_a_change_keeps_the_rest_and_gives_a_new_change_key(graph):
    event = graph.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00", importance="high"))
    graph.tenant.clock.advance(60)
    answer = graph("PATCH", f"/me/events/{event['id']}", {"subject": "Y", "start": at("2026-12-01T09:00:00")})
    assert answer.status == 200
    changed = {name for name in event if event[name] != answer.body[name]}
    assert changed == {"subject", "start", "changeKey", "@odata.etag", "lastModifiedDateTime"}
    assert graph.view("2026-12-01T09:00:00Z", "2026-12-01T09:30:00Z").subjects == ["Y"]


def test_a_null_puts_the_default_back(graph):
    event = graph.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00", location={"displayName": "Adams"}, showAs="oof"))
    changed = graph("PATCH", f"/me/events/{event['id']}", {"location": None, "showAs": None}).body
    assert (changed["location"]["displayName"], changed["locations"], changed["showAs"]) == ("", [], "busy")


def test_a_change_that_fails_leaves_the_event_as_it_was(graph):
    event = graph.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00"))
    assert graph("PATCH", f"/me/events/{event['id']}", {"subject": "Y", "end": at("2026-12-01T09:00:00")}).status == 400
    assert graph("GET", f"/me/events/{event['id']}").body == {**event}


def test_guests_who_stay_keep_their_answer(graph):
    guests = [{"emailAddress": {"address": f"{name}@contoso.example"}} for name in ("alex", "adele", "lee")]
    event = graph.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00", attendees=guests[:2]))
    graph.tenant.state.mailboxes[MEGAN]["events"][event["id"]]["attendees"][0]["status"]["response"] = "accepted"
    changed = graph("PATCH", f"/me/events/{event['id']}", {"attendees": [guests[0], guests[2]]}).body
    assert [(guest["emailAddress"]["name"], guest["status"]["response"]) for guest in changed["attendees"]] == [
        ("Alex Wilber", "accepted"),
        ("Lee Gu", "none"),
    ]


def test_a_transaction_id_is_not_changed(graph):
    event = graph.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00", transactionId="one"))
    assert graph("PATCH", f"/me/events/{event['id']}", {"transactionId": "two"}).code == "ErrorInvalidRequest"
    for harmless in ("one", None):
        assert graph("PATCH", f"/me/events/{event['id']}", {"transactionId": harmless, "subject": "Y"}).body["transactionId"] == "one"


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_stale_change_key_is_refused_and_a_fresh_one_passes(graph, method):
    event = graph.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00"))
    path, body = f"/me/events/{event['id']}", {"subject": "Z"} if method == "PATCH" else None
    fresh = graph("PATCH", path, {"subject": "Y"}, headers={"If-Match": event["@odata.etag"]}).body
    stale = graph(method, path, body, headers={"If-Match": event["@odata.etag"]})
    assert (stale.status, stale.code) == (412, "ErrorIrresolvableConflict")
    assert graph("GET", path).body["subject"] == "Y"
    assert graph(method, path, body, headers={"If-Match": fresh["@odata.etag"]}).status in (200, 204)


def test_if_none_match_is_passed_over(graph):
    event = graph.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00"))
    path, headers = f"/me/events/{event['id']}", {"If-None-Match": event["@odata.etag"]}
    assert graph("GET", path, headers=headers).status == graph("PATCH", path, {"subject": "Y"}, headers=headers).status == 200


def test_a_deleted_event_is_gone(graph):
    event = graph.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00"))
    answer = graph("DELETE", f"/me/events/{event['id']}")
    assert (answer.status, answer.body) == (204, None)
    assert graph("GET", f"/me/events/{event['id']}").status == 404
    assert graph("DELETE", f"/me/events/{event['id']}").code == "ErrorItemNotFound"
    assert graph.view(*DAY).subjects == []


# Series


def test_a_window_shows_occurrences_that_lead_back_to_their_master(graph, stand_up):
    found = occurrences(graph)
    assert [event["start"]["dateTime"][:16] for event in found] == [f"2026-12-0{day}T17:00" for day in range(1, 6)]
    assert {event["type"] for event in found} == {"occurrence"}
    assert {event["seriesMasterId"] for event in found} == {stand_up["id"]}
    assert all(event["recurrence"] is None for event in found)
    assert found[0]["originalStart"] == "2026-12-01T17:00:00Z"
    assert len({event["id"] for event in found}) == len({event["iCalUId"] for event in found}) == 5
    assert stand_up["iCalUId"] not in {event["iCalUId"] for event in found}


def test_a_series_keeps_its_wall_time_over_the_change_of_clocks(graph):
    graph.create(
        **series("X", "2026-10-23T09:00:00", "2026-10-23T09:30:00", {"type": "weekly", "daysOfWeek": ["friday"]}, "W. Europe Standard Time")
    )
    found = graph.view("2026-10-20T00:00:00Z", "2026-11-10T00:00:00Z").body["value"]
    assert [event["start"]["dateTime"][:16] for event in found] == ["2026-10-23T07:00", "2026-10-30T08:00", "2026-11-06T08:00"]


def test_an_occurrence_in_the_skipped_hour_happens_once_and_keeps_its_length(graph):
    weekly = {"type": "weekly", "daysOfWeek": ["sunday"]}
    graph.create(**series("X", "2026-03-01T02:30:00", "2026-03-01T03:30:00", weekly, "America/Los_Angeles"))
    found = graph.view("2026-03-01T00:00:00Z", "2026-03-17T00:00:00Z", prefer='outlook.timezone="America/Los_Angeles"').body["value"]
    spans = [(event["start"]["dateTime"][5:16], event["end"]["dateTime"][5:16]) for event in found]
    assert spans == [("03-01T02:30", "03-01T03:30"), ("03-08T03:30", "03-08T04:30"), ("03-15T02:30", "03-15T03:30")]


def test_a_series_over_midnight_is_seen_from_both_days(graph):
    graph.create(
        **series(
            "Night shift", "2026-12-01T22:00:00", "2026-12-02T06:00:00", {"type": "daily"}, PACIFIC, type="numbered", numberOfOccurrences=2
        )
    )
    assert graph.view("2026-12-02T13:00:00Z", "2026-12-02T13:30:00Z").subjects == ["Night shift"]
    assert graph.view("2026-12-03T13:59:00Z", "2026-12-10T00:00:00Z").subjects == ["Night shift"]
    assert graph.view("2026-12-03T14:00:00Z", "2026-12-10T00:00:00Z").subjects == []


def test_an_all_day_series_is_midnight_to_midnight(graph):
    limits = {"type": "numbered", "startDate": "2026-12-01", "numberOfOccurrences": 3}
    graph.create(
        **ALL_DAY
        | {"end": at("2026-12-02T00:00:00", PACIFIC), "recurrence": {"pattern": {"type": "daily", "interval": 7}, "range": limits}}
    )
    assert [event["start"]["dateTime"] for event in occurrences(graph)] == [f"2026-12-{day}T00:00:00.0000000" for day in ("01", "08", "15")]


def test_a_series_begins_with_the_first_day_of_its_pattern(graph):
    master = graph.create(**series("X", "2026-12-01T09:00:00", "2026-12-01T10:00:00", {"type": "weekly", "daysOfWeek": ["friday"]}))
    assert master["start"]["dateTime"][:10] == master["recurrence"]["range"]["startDate"] == "2026-12-04"


def test_a_recurrence_in_another_zone_than_the_start_lives_in_its_own(graph):
    daily = series("X", "2026-10-23T09:00:00", "2026-10-23T10:00:00", {"type": "daily"}, "UTC", recurrenceTimeZone="Europe/Berlin")
    master = graph.create(**daily)
    assert (master["originalStartTimeZone"], master["recurrence"]["range"]["recurrenceTimeZone"]) == ("UTC", "Europe/Berlin")
    found = graph.view("2026-10-24T00:00:00Z", "2026-10-26T00:00:00Z").body["value"]
    assert [event["start"]["dateTime"][:16] for event in found] == ["2026-10-24T09:00", "2026-10-25T10:00"]


def test_a_series_without_an_occurrence_is_refused(graph):
    never = series(
        "X",
        "2026-12-01T09:00:00",
        "2026-12-01T10:00:00",
        {"type": "weekly", "daysOfWeek": ["friday"]},
        type="endDate",
        endDate="2026-12-02",
    )
    assert graph("POST", "/me/events", never).status == 400


def test_a_master_is_read_with_its_pattern_in_graphs_own_spelling(graph):
    event = series(
        "X", "2026-12-01T09:00:00", "2026-12-01T10:00:00", {"type": "Weekly", "daysOfWeek": ["Tuesday"], "firstDayOfWeek": "Monday"}
    )
    master = graph.create(**event)
    assert master["type"] == "seriesMaster"
    assert master["recurrence"]["pattern"] == {
        "type": "weekly",
        "interval": 1,
        "month": 0,
        "dayOfMonth": 0,
        "daysOfWeek": ["tuesday"],
        "firstDayOfWeek": "monday",
        "index": "first",
    }


def test_an_occurrence_is_read_by_its_id(graph, stand_up):
    occurrence = occurrences(graph)[2]
    read = graph("GET", f"/me/events/{occurrence['id']}").body
    assert {name: value for name, value in read.items() if name != "@odata.context"} == occurrence


def test_an_id_for_a_day_without_occurrence_is_not_found(graph, stand_up):
    other = graph.create(**series("X", "2026-12-10T09:00:00", "2026-12-10T09:15:00", {"type": "daily"}))
    suffix = next(event["id"] for event in occurrences(graph) if event["seriesMasterId"] == other["id"])[len(other["id"]) - 1 :]
    assert graph("GET", f"/me/events/{stand_up['id'].rstrip('=')}{suffix}").status == 404


def test_a_changed_occurrence_becomes_an_exception_under_the_same_id(graph, stand_up):
    third = occurrences(graph)[2]
    changed = graph(
        "PATCH",
        f"/me/events/{third['id']}",
        {"subject": "Stand-up, later", "start": at("2026-12-03T19:00:00"), "end": at("2026-12-03T19:15:00")},
    )
    assert changed.status == 200
    assert (changed.body["type"], changed.body["id"], changed.body["originalStart"]) == ("exception", third["id"], third["originalStart"])
    assert changed.body["changeKey"] != third["changeKey"]
    after = occurrences(graph)
    assert [event["subject"] for event in after] == ["Stand-up", "Stand-up", "Stand-up, later", "Stand-up", "Stand-up"]
    assert after[2]["start"]["dateTime"] == "2026-12-03T19:00:00.0000000"
    assert graph("GET", f"/me/events/{stand_up['id']}").body["subject"] == "Stand-up"


def test_an_exception_changes_again_and_its_stale_key_is_refused(graph, stand_up):
    third = occurrences(graph)[2]
    path = f"/me/events/{third['id']}"
    first = graph("PATCH", path, {"subject": "One"}, headers={"If-Match": third["@odata.etag"]}).body
    second = graph("PATCH", path, {"importance": "high"}, headers={"If-Match": first["@odata.etag"]}).body
    assert (second["subject"], second["importance"]) == ("One", "high")
    assert graph("PATCH", path, {"subject": "Two"}, headers={"If-Match": first["@odata.etag"]}).status == 412


def test_an_exception_moved_out_of_the_pattern_is_found_where_it_is(graph):
    weekly = series(
        "X",
        "2026-12-01T09:00:00",
        "2026-12-01T09:15:00",
        {"type": "weekly", "daysOfWeek": ["tuesday"]},
        type="numbered",
        numberOfOccurrences=2,
    )
    graph.create(**weekly)
    second = occurrences(graph)[1]
    graph("PATCH", f"/me/events/{second['id']}", timed("X", "2026-12-20T09:00:00", "2026-12-20T09:15:00"))
    assert graph.view("2026-12-20T00:00:00Z", "2026-12-21T00:00:00Z").subjects == ["X"]
    assert graph.view("2026-12-08T00:00:00Z", "2026-12-09T00:00:00Z").subjects == []


@pytest.mark.parametrize("day", ["02", "04", "01", "10"])
def test_an_occurrence_does_not_reach_or_cross_the_day_of_another(graph, stand_up, day):
    third = occurrences(graph)[2]
    refused = graph("PATCH", f"/me/events/{third['id']}", timed("X", f"2026-12-{day}T20:00:00", f"2026-12-{day}T20:15:00"))
    assert (refused.status, refused.code) == (400, "ErrorOccurrenceCrossingBoundary")
    assert refused.message == "Modified occurrence is crossing or overlapping adjacent occurrence."


def test_the_day_of_an_occurrence_is_that_of_its_series_zone_whatever_zone_the_change_is_in(graph, stand_up):
    third = occurrences(graph)[2]
    late = timed("Late", "2026-12-04T07:00:00", "2026-12-04T07:15:00")
    assert graph("PATCH", f"/me/events/{third['id']}", late).status == 200
    next_day = timed("Too late", "2026-12-04T08:00:00", "2026-12-04T08:15:00")
    assert graph("PATCH", f"/me/events/{third['id']}", next_day).code == "ErrorOccurrenceCrossingBoundary"


def test_a_series_moves_to_the_zone_of_its_new_start(graph, stand_up):
    moved = graph(
        "PATCH", f"/me/events/{stand_up['id']}", timed("Stand-up", "2026-12-02T00:30:00", "2026-12-02T00:45:00", "Tokyo Standard Time")
    ).body
    assert moved["recurrence"]["range"]["startDate"] == "2026-12-02"
    assert moved["recurrence"]["range"]["recurrenceTimeZone"] == moved["originalStartTimeZone"] == "Tokyo Standard Time"
    assert [event["start"]["dateTime"][5:16] for event in occurrences(graph)] == [f"12-0{day}T15:30" for day in range(1, 5)]


def test_even_the_day_of_a_deleted_neighbour_is_out_of_reach(graph, stand_up):
    third, fourth = occurrences(graph)[2:4]
    graph("DELETE", f"/me/events/{fourth['id']}")
    assert graph("PATCH", f"/me/events/{third['id']}", timed("X", "2026-12-04T20:00:00", "2026-12-04T20:15:00")).status == 400


def test_an_occurrence_has_no_recurrence_of_its_own(graph, stand_up):
    third = occurrences(graph)[2]
    body = {"recurrence": {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": "2026-12-03"}}}
    assert graph("PATCH", f"/me/events/{third['id']}", body).code == "ErrorInvalidRequest"


def test_a_deleted_occurrence_is_gone_and_the_master_tells(graph, stand_up):
    third = occurrences(graph)[2]
    assert graph("DELETE", f"/me/events/{third['id']}").status == 204
    assert graph("GET", f"/me/events/{third['id']}").status == 404
    assert third["id"] not in {event["id"] for event in occurrences(graph)}
    master = graph("GET", f"/me/events/{stand_up['id']}?$select=cancelledOccurrences").body
    assert master["cancelledOccurrences"] == [f"OID.{stand_up['id']}.2026-12-03"]
    assert "cancelledOccurrences" not in graph("GET", f"/me/events/{stand_up['id']}").body


def test_a_deleted_exception_leaves_no_trace_in_windows(graph, stand_up):
    third = occurrences(graph)[2]
    graph("PATCH", f"/me/events/{third['id']}", {"subject": "Moved"})
    graph("DELETE", f"/me/events/{third['id']}")
    assert [event["subject"] for event in occurrences(graph)] == ["Stand-up"] * 4


def test_a_deleted_master_takes_its_occurrences_along(graph, stand_up):
    graph("PATCH", f"/me/events/{occurrences(graph)[2]['id']}", {"subject": "Moved"})
    graph("DELETE", f"/me/events/{stand_up['id']}")
    assert occurrences(graph) == []


def test_a_new_title_of_the_master_reaches_occurrences_and_spares_exceptions(graph, stand_up):
    graph("PATCH", f"/me/events/{occurrences(graph)[2]['id']}", {"subject": "Special"})
    graph("PATCH", f"/me/events/{stand_up['id']}", {"subject": "Daily"})
    assert [event["subject"] for event in occurrences(graph)] == ["Daily", "Daily", "Special", "Daily", "Daily"]


def test_a_new_time_of_the_master_forgets_exceptions_and_deletions(graph, stand_up):
    third, fourth = occurrences(graph)[2:4]
    graph("PATCH", f"/me/events/{third['id']}", {"subject": "Special"})
    graph("DELETE", f"/me/events/{fourth['id']}")
    moved = timed("Stand-up", "2026-12-01T08:00:00", "2026-12-01T08:15:00", PACIFIC)
    assert graph("PATCH", f"/me/events/{stand_up['id']}", moved).status == 200
    assert [(event["type"], event["start"]["dateTime"][8:16]) for event in occurrences(graph)] == [
        ("occurrence", f"0{day}T16:00") for day in range(1, 6)
    ]


def test_a_series_becomes_a_single_event_and_back(graph, stand_up):
    path = f"/me/events/{stand_up['id']}"
    single = graph("PATCH", path, {"recurrence": None}).body
    assert (single["type"], single["recurrence"]) == ("singleInstance", None)
    assert len(occurrences(graph)) == 1
    again = graph("PATCH", path, {"recurrence": stand_up["recurrence"]})
    assert again.body["type"] == "seriesMaster"
    assert len(occurrences(graph)) == 5


def test_instances_are_those_of_one_series(graph, stand_up):
    third = occurrences(graph)[2]
    graph.create(**timed("Other", "2026-12-02T10:00:00", "2026-12-02T11:00:00"))
    graph("PATCH", f"/me/events/{third['id']}", {"subject": "Special"})
    path = f"/me/events/{stand_up['id']}/instances"
    answer = graph("GET", f"{path}?startDateTime=2026-12-02T00:00:00Z&endDateTime=2026-12-05T00:00:00Z")
    assert [(event["type"], event["subject"]) for event in answer.body["value"]] == [
        ("occurrence", "Stand-up"),
        ("exception", "Special"),
        ("occurrence", "Stand-up"),
    ]
    assert graph("GET", path).code == "ErrorInvalidParameter"


def test_instances_of_what_is_no_master_are_refused(graph, stand_up):
    single = graph.create(**timed("Other", "2026-12-02T10:00:00", "2026-12-02T11:00:00"))
    for event_id in (single["id"], occurrences(graph)[0]["id"]):
        refused = graph("GET", f"/me/events/{event_id}/instances?startDateTime={DAY[0]}&endDateTime={DAY[1]}")
        assert (refused.status, refused.code) == (400, "ErrorInvalidRequest")


# Whose mailbox


def test_a_users_token_reaches_no_other_mailbox(graph):
    for path in ("/users/alex@contoso.example/events", "/users/alex@contoso.example/calendar"):
        refused = graph("GET", path)
        assert (refused.status, refused.code) == (403, "ErrorAccessDenied")


def test_ones_own_mailbox_is_reached_by_name_too(graph):
    assert graph("GET", "/users/megan@contoso.example/events").status == 200


def test_reading_scopes_do_not_write(graph):
    reader = Graph(graph.tenant, scopes=("Calendars.Read",))
    assert reader("GET", "/me/events").status == 200
    assert reader("POST", "/me/events", timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00")).code == "ErrorAccessDenied"
    assert Graph(graph.tenant, scopes=("User.Read",))("GET", "/me/events").status == 403


def test_a_user_without_a_mailbox_is_told_so(graph):
    del graph.tenant.state.mailboxes[MEGAN]
    refused = graph("GET", "/me/events")
    assert (refused.status, refused.code) == (404, "MailboxNotEnabledForRESTAPI")


def test_events_put_into_the_state_from_outside_are_seen(graph):
    event = graph.create(**timed("X", "2026-12-01T10:00:00", "2026-12-01T11:00:00"))
    events = graph.tenant.state.mailboxes[MEGAN]["events"]
    events["copy"] = {**events[event["id"]], "id": "copy", "subject": "Y"}
    assert sorted(graph.view(*DAY).subjects) == ["X", "Y"]
    del events[event["id"]]
    assert graph.view(*DAY).subjects == ["Y"]
