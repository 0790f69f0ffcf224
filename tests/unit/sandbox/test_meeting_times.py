from __future__ import annotations

import pytest

from daypass_sandbox.calendar.availability import Busy, Timeline, covers
from graph_caller import PACIFIC, Graph, at, series, timed

SCOPES = ("Calendars.Read.Shared", "Calendars.ReadWrite", "MailboxSettings.ReadWrite")
ALL_FREE = "Suggested because it is one of the nearest times when all attendees are available."
A_DAY = "2026-12-01"  # a Tuesday


@pytest.fixture
def megan(tenant):
    return Graph(tenant, scopes=SCOPES)


def colleague(tenant, name="alex"):
    return Graph(tenant, user=name, scopes=SCOPES)


def attendee(name="alex", kind="required"):
    return {"type": kind, "emailAddress": {"address": name if "@" in name else f"{name}@contoso.example"}}


def slot(start, end, zone=PACIFIC):
    return {"start": at(start, zone), "end": at(end, zone)}


def find(graph, *attendees, start=f"{A_DAY}T09:00:00", end=f"{A_DAY}T17:00:00", domain="work", **more):
    body = {
        "attendees": [one if isinstance(one, dict) else attendee(one) for one in attendees],
        "timeConstraint": {"activityDomain": domain, "timeSlots": [slot(start, end)]},
        "meetingDuration": "PT1H",
        **more,
    }
    answer = graph("POST", "/me/findMeetingTimes", body, prefer=f'outlook.timezone="{PACIFIC}"')
    assert answer.status == 200, answer.body
    return answer.body


def begins(found) -> list[str]:
    return [
        suggestion["meetingTimeSlot"]["start"]["dateTime"][:16].removeprefix(f"{A_DAY}T") for suggestion in found["meetingTimeSuggestions"]
    ]


def take(graph, start, end, **more):
    graph.create(**timed("X", f"{A_DAY}T{start}:00", f"{A_DAY}T{end}:00", PACIFIC, **more))


def documented(start, end):
    """The requests of concepts/findmeetingtimes-example."""
    return {
        "attendees": [{"type": "required", "emailAddress": {"name": "Adele Vance", "address": "adele@contoso.example"}}],
        "locationConstraint": {
            "isRequired": False,
            "suggestLocation": False,
            "locations": [{"resolveAvailability": False, "displayName": "Conf room Hood"}],
        },
        "timeConstraint": {"activityDomain": "work", "timeslots": [slot(start, end)]},
        "meetingDuration": "PT2H",
        "returnSuggestionReasons": True,
        "minimumAttendeePercentage": 100,
    }


def test_the_documented_example_gives_the_documented_answers(tenant, megan):
    adele = colleague(tenant, "adele")
    adele.create(subject="Away", isAllDay=True, start=at("2017-04-18T00:00:00"), end=at("2017-04-20T00:00:00"), showAs="oof")
    adele.create(**timed("X", "2017-04-20T09:00:00", "2017-04-20T16:00:00", PACIFIC))
    megan.create(**timed("X", "2017-04-21T08:00:00", "2017-04-21T14:00:00", PACIFIC))
    adele.create(**timed("X", "2017-04-21T16:00:00", "2017-04-21T17:00:00", PACIFIC))

    in_pacific = f'outlook.timezone="{PACIFIC}"'
    first = megan("POST", "/me/findMeetingTimes", documented("2017-04-18T09:00:00", "2017-04-20T17:00:00"), prefer=in_pacific)
    assert first.headers["preference-applied"] == in_pacific
    assert (first.body["emptySuggestionsReason"], first.body["meetingTimeSuggestions"]) == ("attendeesUnavailable", [])
    assert first.body["@odata.context"].endswith("$metadata#microsoft.graph.meetingTimeSuggestionsResult")

    second = megan("POST", "/me/findMeetingTimes", documented("2017-04-21T09:00:00", "2017-04-21T17:00:00"), prefer=in_pacific)
    assert second.body["emptySuggestionsReason"] == ""
    assert second.body["meetingTimeSuggestions"] == [
        {
            "confidence": 100.0,
            "order": 1,
            "organizerAvailability": "free",
            "suggestionReason": ALL_FREE,
            "meetingTimeSlot": {"start": at("2017-04-21T14:00:00.0000000", PACIFIC), "end": at("2017-04-21T16:00:00.0000000", PACIFIC)},
            "attendeeAvailability": [
                {"availability": "free", "attendee": {"type": "required", "emailAddress": {"address": "adele@contoso.example"}}}
            ],
            "locations": [{"displayName": "Conf room Hood"}],
        }
    ]


def test_numbers_and_flags_are_understood_as_text(tenant, megan):
    """api/user-findmeetingtimes."""
    body = documented("2019-04-16T09:00:00", "2019-04-18T17:00:00")
    body |= {
        "isOrganizerOptional": "false",
        "returnSuggestionReasons": "true",
        "minimumAttendeePercentage": "100",
        "meetingDuration": "PT1H",
    }
    found = megan("POST", "/me/findMeetingTimes", body).body["meetingTimeSuggestions"]
    assert [suggestion["order"] for suggestion in found] == [1, 2, 3, 4, 5]
    assert {suggestion["suggestionReason"] for suggestion in found} == {ALL_FREE}
    assert found[0]["meetingTimeSlot"]["start"] == at("2019-04-16T16:00:00.0000000")


def test_suggestions_are_the_first_free_times_and_do_not_overlap(megan):
    take(megan, "10:00", "10:30")
    assert begins(find(megan)) == ["09:00", "10:30", "11:30", "12:30", "13:30"]
    assert begins(find(megan, maxCandidates=2)) == ["09:00", "10:30"]
    assert begins(find(megan, maxCandidates="50")) == ["09:00", "10:30", "11:30", "12:30", "13:30", "14:30", "15:30"]


def test_a_meeting_begins_with_the_slot_or_on_the_half_hour(megan):
    assert begins(find(megan, start=f"{A_DAY}T09:10:00", end=f"{A_DAY}T11:30:00")) == ["09:10", "10:30"]
    assert begins(find(megan, start=f"{A_DAY}T09:10:00", end=f"{A_DAY}T11:30:00", meetingDuration="PT30M")) == [
        "09:10",
        "10:00",
        "10:30",
        "11:00",
    ]
    assert begins(find(megan, start=f"{A_DAY}T09:10:00", end=f"{A_DAY}T10:10:00")) == ["09:10"]


@pytest.mark.parametrize(
    ("duration", "end"),
    [("PT30M", "09:30"), ("PT1H30M", "10:30"), ("PT0.5H", None), ("P0DT2H", "11:00"), (None, "09:30"), ("PT3600S", "10:00")],
)
def test_a_duration_is_read_as_iso_8601_has_it(megan, duration, end):
    body = {
        "timeConstraint": {"timeSlots": [slot(f"{A_DAY}T09:00:00", f"{A_DAY}T17:00:00")]},
        "meetingDuration": duration,
        "maxCandidates": 1,
    }
    answer = megan("POST", "/me/findMeetingTimes", body, prefer=f'outlook.timezone="{PACIFIC}"')
    if end is None:
        assert (answer.status, answer.code) == (400, "RequestBodyRead")
    else:
        assert answer.body["meetingTimeSuggestions"][0]["meetingTimeSlot"]["end"]["dateTime"][11:16] == end


@pytest.mark.parametrize(
    ("domain", "found"),
    [
        ("work", ["2026-12-04T16:00", "2026-12-07T08:00"]),
        ("unknown", ["2026-12-04T16:00", "2026-12-07T08:00"]),
        ("personal", ["2026-12-04T16:00", "2026-12-05T08:00"]),
        ("unrestricted", ["2026-12-04T16:00", "2026-12-04T17:00"]),
    ],
)
def test_the_domain_says_at_which_times_people_can_be_asked(megan, domain, found):
    answer = find(megan, start="2026-12-04T16:00:00", end="2026-12-07T17:00:00", domain=domain, maxCandidates=2)
    assert begins(answer) == found


def test_working_hours_are_each_ones_own(tenant, megan):
    henrietta = attendee("henrietta")  # in Berlin, nine hours ahead
    assert find(megan, henrietta, start=f"{A_DAY}T00:00:00", end=f"{A_DAY}T23:00:00")["emptySuggestionsReason"] == "attendeesUnavailable"
    megan("PATCH", "/me/mailboxSettings", {"workingHours": {"startTime": "07:00:00"}})
    answer = find(megan, henrietta, start=f"{A_DAY}T00:00:00", end=f"{A_DAY}T23:00:00")
    assert begins(answer) == ["07:00"]
    answer = find(megan, henrietta, start=f"{A_DAY}T00:00:00", end=f"{A_DAY}T23:00:00", isOrganizerOptional=True)
    assert begins(answer)[:2] == ["00:00", "01:00"]


def test_working_hours_in_a_custom_zone_are_kept_to(megan):
    custom = {"@odata.type": "#microsoft.graph.customTimeZone", "bias": 0, "name": "Customized Time Zone"}
    megan("PATCH", "/me/mailboxSettings", {"workingHours": {"timeZone": custom, "startTime": "18:00:00", "endTime": "19:00:00"}})
    assert begins(find(megan, start=f"{A_DAY}T00:00:00", end=f"{A_DAY}T23:00:00")) == ["10:00"]


def test_a_room_has_no_working_hours(megan):
    answer = find(megan, attendee("adams", "resource"), domain="work", start=f"{A_DAY}T08:00:00", maxCandidates=1)
    assert begins(answer) == ["08:00"]


def test_confidence_is_the_average_of_the_chances(tenant, megan):
    take(colleague(tenant, "adele"), "09:00", "17:00")
    people = ("alex", attendee("someone@fabrikam.example"), "adele")
    answer = find(megan, *people, minimumAttendeePercentage=0, maxCandidates=1)["meetingTimeSuggestions"][0]
    assert answer["confidence"] == pytest.approx(49.66, abs=0.01)
    assert [one["availability"] for one in answer["attendeeAvailability"]] == ["free", "unknown", "busy"]
    assert find(megan, *people)["emptySuggestionsReason"] == "attendeesUnavailableOrUnknown"


@pytest.mark.parametrize(
    ("shown", "confidence"), [("free", 100), ("workingElsewhere", 100), ("tentative", 49), ("unknown", 49), ("busy", 0), ("oof", 0)]
)
def test_each_status_has_its_chance(tenant, megan, shown, confidence):
    take(colleague(tenant), "09:00", "17:00", showAs=shown)
    answer = find(megan, "alex", minimumAttendeePercentage=0, maxCandidates=1)["meetingTimeSuggestions"][0]
    assert (answer["confidence"], answer["attendeeAvailability"][0]["availability"]) == (confidence, shown)


def test_the_surest_times_come_first_and_then_the_earliest(tenant, megan):
    take(colleague(tenant), "09:00", "11:00")
    take(colleague(tenant, "adele"), "13:00", "14:00")
    answer = find(megan, "alex", "adele", maxCandidates=50, returnSuggestionReasons=True)
    assert begins(answer) == ["11:00", "12:00", "14:00", "15:00", "16:00", "09:00", "10:00", "13:00"]
    assert [suggestion["confidence"] for suggestion in answer["meetingTimeSuggestions"]] == [100.0] * 5 + [50.0] * 3
    assert answer["meetingTimeSuggestions"][5]["suggestionReason"] != ALL_FREE


def test_reasons_are_given_to_those_who_ask(megan):
    assert "suggestionReason" not in find(megan)["meetingTimeSuggestions"][0]
    assert find(megan, returnSuggestionReasons=True)["meetingTimeSuggestions"][0]["suggestionReason"] == ALL_FREE


def test_the_organizer_must_be_there_unless_optional(megan):
    take(megan, "09:00", "17:00")
    assert find(megan, "alex")["emptySuggestionsReason"] == "organizerUnavailable"
    answer = find(megan, "alex", isOrganizerOptional=True, maxCandidates=1)["meetingTimeSuggestions"][0]
    assert (answer["organizerAvailability"], answer["confidence"]) == ("busy", 100.0)


def test_the_organizer_may_be_tentative(megan):
    take(megan, "09:00", "17:00", showAs="tentative")
    assert find(megan)["meetingTimeSuggestions"][0]["organizerAvailability"] == "tentative"


@pytest.mark.parametrize("where", [{"end": f"{A_DAY}T09:30:00"}, {"meetingDuration": "PT24H"}])
def test_a_meeting_that_fits_no_slot_has_no_known_reason(megan, where):
    assert find(megan, **where) == {**find(megan, **where), "emptySuggestionsReason": "unknown", "meetingTimeSuggestions": []}


def test_a_weekend_is_no_time_to_work(megan):
    assert find(megan, start="2026-12-05T09:00:00", end="2026-12-06T17:00:00")["emptySuggestionsReason"] == "organizerUnavailable"


def hood(**more):
    return {"displayName": "Hood", "locationEmailAddress": "hood@contoso.example", **more}


def test_a_named_room_is_looked_at_when_that_is_asked_for(tenant, megan):
    take(colleague(tenant, "hood@contoso.example"), "09:00", "11:00")
    blind = {"locations": [hood(resolveAvailability=False)]}
    assert find(megan, locationConstraint=blind, maxCandidates=1)["meetingTimeSuggestions"][0]["locations"] == [hood()]
    looking = {"locations": [hood(resolveAvailability=True)]}
    first = find(megan, locationConstraint=looking, maxCandidates=3)["meetingTimeSuggestions"]
    assert [suggestion["locations"] for suggestion in first] == [[], [], [hood()]]
    assert begins(find(megan, locationConstraint={**looking, "isRequired": True}, maxCandidates=1)) == ["11:00"]


def test_rooms_are_suggested_the_smallest_that_fit_first(tenant, megan):
    constraint = {"suggestLocation": True}
    rooms = find(megan, "alex", locationConstraint=constraint, maxCandidates=1)["meetingTimeSuggestions"][0]["locations"]
    assert [room["displayName"] for room in rooms] == ["Conf Room Crystal", "Conf Room Rainier", "Conf Room Baker"]
    assert rooms[0]["locationEmailAddress"] == "crystal@contoso.example"
    take(colleague(tenant, "crystal@contoso.example"), "09:00", "17:00")
    rooms = find(megan, "alex", locationConstraint=constraint, maxCandidates=1)["meetingTimeSuggestions"][0]["locations"]
    assert [room["displayName"] for room in rooms] == ["Conf Room Rainier", "Conf Room Baker", "Conf Room Adams"]
    many = [attendee(f"guest{number}@fabrikam.example") for number in range(15)]
    rooms = find(megan, *many, locationConstraint=constraint, minimumAttendeePercentage=0)["meetingTimeSuggestions"][0]["locations"]
    assert [room["displayName"] for room in rooms] == ["Conf Room Hood"]


def test_a_named_room_is_not_suggested_twice(megan):
    constraint = {"suggestLocation": True, "locations": [{**hood(), "locationEmailAddress": "crystal@contoso.example"}]}
    rooms = find(megan, locationConstraint=constraint, maxCandidates=1)["meetingTimeSuggestions"][0]["locations"]
    assert [room["locationEmailAddress"] for room in rooms].count("crystal@contoso.example") == 1


def test_without_the_room_that_is_needed_there_is_no_suggestion(tenant, megan):
    take(colleague(tenant, "hood@contoso.example"), "09:00", "17:00")
    answer = find(megan, locationConstraint={"isRequired": True, "locations": [hood(resolveAvailability=True)]})
    assert answer["emptySuggestionsReason"] == "locationsUnavailable"


def test_a_list_comes_as_its_members_do(tenant, megan):
    take(colleague(tenant, "adams@contoso.example"), "09:00", "10:00")
    tenant.state.groups["g"] = {"id": "g", "mail": "empty@contoso.example", "x-members": []}
    assert begins(find(megan, "building32@contoso.example", minimumAttendeePercentage=100))[0] == "10:00"
    assert find(megan, "empty@contoso.example")["emptySuggestionsReason"] == "attendeesUnavailableOrUnknown"


def test_without_a_time_constraint_the_next_seven_days_are_looked_at(megan):
    answer = megan("POST", "/me/findMeetingTimes", {})
    assert answer.status == 200
    first = answer.body["meetingTimeSuggestions"][0]["meetingTimeSlot"]["start"]
    assert first == at("2026-11-25T18:00:00.0000000")
    megan.create(**series("X", "2026-11-25T00:00:00", "2026-11-26T00:00:00", {"type": "daily"}))
    assert megan("POST", "/me/findMeetingTimes", {}).body["emptySuggestionsReason"] == "organizerUnavailable"


def test_of_a_very_long_time_the_first_sixty_two_days_are_looked_at(megan):
    megan.create(**timed("X", "2026-12-01T00:00:00", "2027-02-02T00:00:00", PACIFIC))
    answer = find(megan, start="2026-12-01T00:00:00", end="2028-12-01T00:00:00", domain="unrestricted")
    assert answer["emptySuggestionsReason"] == "organizerUnavailable"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"maxCandidates": 0}, "ErrorInvalidParameter"),
        ({"minimumAttendeePercentage": 101}, "ErrorInvalidParameter"),
        ({"minimumAttendeePercentage": -1}, "ErrorInvalidParameter"),
        ({"meetingDuration": "an hour"}, "RequestBodyRead"),
        ({"meetingDuration": "P"}, "RequestBodyRead"),
        ({"meetingDuration": "PT0M"}, "ErrorInvalidParameter"),
        ({"attendees": [{"type": "required"}]}, "ErrorInvalidRecipients"),
        ({"attendees": [None]}, "RequestBodyRead"),
        ({"attendees": [{"type": "vip", "emailAddress": {"address": "a@b"}}]}, "RequestBodyRead"),
        ({"timeConstraint": {"activityDomain": "leisure"}}, "RequestBodyRead"),
        ({"timeConstraint": {"timeSlots": [slot(f"{A_DAY}T10:00:00", f"{A_DAY}T10:00:00")]}}, "ErrorInvalidParameter"),
        ({"timeConstraint": {"timeSlots": [{"start": at(f"{A_DAY}T10:00:00")}]}}, "ErrorPropertyValidationFailure"),
        ({"timeConstraint": {"timeSlots": [slot(f"{A_DAY}T10:00:00", f"{A_DAY}T11:00:00", "Mars")]}}, "TimeZoneNotSupportedException"),
        ({"mood": "good"}, "RequestBodyRead"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(megan, change, code):
    answer = megan("POST", "/me/findMeetingTimes", change)
    assert (answer.status, answer.code) == (400, code)


def test_it_takes_a_user_with_a_permission_for_shared_calendars(tenant, megan):
    assert Graph(tenant, scopes=("Calendars.ReadWrite",))("POST", "/me/findMeetingTimes", {}).status == 403
    token = tenant.mint_app("da70a550-0000-4000-8000-000000000000", ["Calendars.ReadWrite", "Calendars.Read"])
    app = {"Authorization": f"Bearer {token}"}
    assert megan("POST", "/users/megan@contoso.example/findMeetingTimes", {}, app).status == 403
    assert megan("POST", "/users/alex@contoso.example/findMeetingTimes", {}).status == 403
    assert megan("POST", "/users/megan@contoso.example/findMeetingTimes", {}).status == 200


def test_a_timeline_tells_the_strongest_status_of_any_stretch():
    line = Timeline([Busy(10, 20, "tentative", {}), Busy(15, 30, "busy", {}), Busy(40, 50, "free", {}), Busy(45, 46, "oof", {})])
    expected = {(0, 10): "free", (0, 11): "tentative", (10, 15): "tentative", (14, 16): "busy", (20, 21): "busy", (30, 40): "free"}
    expected |= {(0, 60): "oof", (46, 50): "free", (50, 60): "free", (29, 45): "busy"}
    assert {stretch: line.strongest(*stretch) for stretch in expected} == expected
    assert Timeline([]).strongest(0, 10) == "free"


def test_stretches_that_meet_count_as_one():
    assert covers([(10, 20), (0, 10)], 5, 15)
    assert not covers([(0, 9), (10, 20)], 5, 15)
    assert not covers([], 0, 1)
