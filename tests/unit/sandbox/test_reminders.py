from __future__ import annotations

import pytest

from graph_caller import MEGAN, PACIFIC, Graph, at, series, timed

DAY = ("2026-12-01T00:00:00", "2026-12-02T00:00:00")
WEEK = ("2026-12-01T00:00:00", "2026-12-08T00:00:00")


@pytest.fixture
def lunch(graph):
    return graph.create(**timed("Lunch", "2026-12-01T12:00:00", "2026-12-01T13:00:00", location={"displayName": "Canteen"}))


@pytest.fixture
def stand_up(graph):
    return graph.create(**series("Stand-up", "2026-12-01T09:00:00", "2026-12-01T09:15:00", {"type": "daily"}))


def reminders(graph: Graph, start: str = DAY[0], end: str = DAY[1], prefer: str = "", me: str = "me") -> list[dict]:
    answer = graph("GET", f"/{me}/reminderView(startDateTime='{start}',endDateTime='{end}')", prefer=prefer)
    assert answer.status == 200, answer.body
    return answer.body["value"]


def fire_times(graph: Graph, start: str = WEEK[0], end: str = WEEK[1]) -> list[str]:
    return [reminder["reminderFireTime"]["dateTime"][5:16] for reminder in reminders(graph, start, end)]


def snooze(graph: Graph, event_id: str, moment: dict):
    return graph("POST", f"/me/events/{event_id}/snoozeReminder", {"newReminderTime": moment})


def test_a_reminder_is_shown_as_documented(graph, lunch):
    assert reminders(graph) == [
        {
            "eventId": lunch["id"],
            "changeKey": lunch["changeKey"],
            "eventSubject": "Lunch",
            "eventWebLink": lunch["webLink"],
            "eventStartTime": at("2026-12-01T12:00:00.0000000"),
            "eventEndTime": at("2026-12-01T13:00:00.0000000"),
            "eventLocation": lunch["location"],
            "reminderFireTime": at("2026-12-01T11:45:00.0000000"),
        }
    ]
    assert reminders(graph, me=f"users/{MEGAN}") == reminders(graph)


@pytest.mark.parametrize("zone", ["UTC", PACIFIC, "Tokyo Standard Time"])
def test_a_reminder_of_ages_ago_is_shown_at_the_beginning_of_time(graph, zone):
    graph.create(**timed("Lunch", "2026-12-01T12:00:00", "2026-12-01T13:00:00", reminderMinutesBeforeStart=2147483647))
    (reminder,) = reminders(graph, prefer=f'outlook.timezone="{zone}"')
    assert reminder["reminderFireTime"]["dateTime"][:4] in ("1600", "1601")


def test_reminders_come_in_the_preferred_zone_and_with_the_preferred_ids(graph, lunch):
    reminder = reminders(graph, prefer=f'outlook.timezone="{PACIFIC}", IdType="ImmutableId"')[0]
    assert reminder["reminderFireTime"] == at("2026-12-01T03:45:00.0000000", PACIFIC)
    assert graph("GET", f"/me/events/{reminder['eventId']}").body["id"] == lunch["id"] != reminder["eventId"]


def test_only_events_with_a_reminder_in_the_window_are_shown(graph, lunch):
    graph.create(**timed("Quiet", "2026-12-01T14:00:00", "2026-12-01T15:00:00", isReminderOn=False))
    graph.create(**timed("Early", "2026-12-01T15:00:00", "2026-12-01T16:00:00", reminderMinutesBeforeStart=120))
    graph.create(**timed("Elsewhen", "2026-12-05T15:00:00", "2026-12-05T16:00:00"))
    assert [(reminder["eventSubject"], reminder["reminderFireTime"]["dateTime"][11:16]) for reminder in reminders(graph)] == [
        ("Lunch", "11:45"),
        ("Early", "13:00"),
    ]


def test_a_window_is_needed(graph):
    assert graph("GET", "/me/reminderView(startDateTime='2026-12-01T00:00:00')").code == "ErrorInvalidParameter"
    assert graph("GET", "/me/reminderView(startDateTime='soon',endDateTime='later')").code == "ErrorInvalidParameter"


def test_a_dismissed_reminder_is_gone_and_off(graph, lunch):
    answer = graph("POST", f"/me/events/{lunch['id']}/dismissReminder")
    assert (answer.status, answer.body) == (200, None)
    assert reminders(graph) == []
    event = graph("GET", f"/me/events/{lunch['id']}").body
    assert (event["isReminderOn"], event["changeKey"] == lunch["changeKey"]) == (False, False)


def test_a_snoozed_reminder_fires_at_its_new_time(graph, lunch):
    answer = snooze(graph, lunch["id"], at("2026-12-01T03:55:00", PACIFIC))
    assert (answer.status, answer.body) == (200, None)
    assert fire_times(graph) == ["12-01T11:55"]
    assert reminders(graph)[0]["changeKey"] != lunch["changeKey"]


def test_to_snooze_a_reminder_that_is_off_turns_it_on(graph, lunch):
    graph("POST", f"/me/events/{lunch['id']}/dismissReminder")
    snooze(graph, lunch["id"], at("2026-12-01T11:59:00"))
    assert fire_times(graph) == ["12-01T11:59"]
    assert graph("GET", f"/me/events/{lunch['id']}").body["isReminderOn"] is True


@pytest.mark.parametrize(
    ("change", "fires"),
    [
        ({"subject": "Tea"}, ["12-01T11:58"]),
        ({"start": at("2026-12-01T12:30:00")}, ["12-01T12:15"]),
        ({"reminderMinutesBeforeStart": 5}, ["12-01T11:55"]),
        ({"isReminderOn": True}, ["12-01T11:45"]),
    ],
)
def test_a_new_time_or_reminder_makes_the_old_one_forgotten(graph, lunch, change, fires):
    snooze(graph, lunch["id"], at("2026-12-01T11:58:00"))
    assert graph("PATCH", f"/me/events/{lunch['id']}", change).status == 200
    assert fire_times(graph) == fires


def test_each_occurrence_has_a_reminder_of_its_own(graph, stand_up):
    occurrences = graph.view(f"{WEEK[0]}Z", f"{WEEK[1]}Z").body["value"]
    graph("POST", f"/me/events/{occurrences[1]['id']}/dismissReminder")
    snooze(graph, occurrences[2]["id"], at("2026-12-03T08:59:00"))
    assert fire_times(graph) == ["12-01T08:45", "12-03T08:59", "12-04T08:45", "12-05T08:45", "12-06T08:45", "12-07T08:45"]
    assert graph("GET", f"/me/events/{occurrences[1]['id']}").body["isReminderOn"] is True
    graph("PATCH", f"/me/events/{occurrences[2]['id']}", timed("Later", "2026-12-03T10:00:00", "2026-12-03T10:15:00"))
    assert fire_times(graph)[:3] == ["12-01T08:45", "12-03T09:45", "12-04T08:45"]


def test_the_reminder_of_a_series_is_that_of_its_next_occurrence(graph, stand_up):
    graph.tenant.clock.stop_at(graph.tenant.clock.now() + 8 * 86400)  # 3 December, 18:00 UTC
    graph("POST", f"/me/events/{stand_up['id']}/dismissReminder")
    assert fire_times(graph) == ["12-01T08:45", "12-02T08:45", "12-03T08:45", "12-05T08:45", "12-06T08:45", "12-07T08:45"]


def test_a_series_that_is_over_has_no_next_occurrence_and_nothing_happens(graph):
    ended = graph.create(
        **series("Once", "2026-11-02T09:00:00", "2026-11-02T09:15:00", {"type": "daily"}, type="numbered", numberOfOccurrences=2)
    )
    assert graph("POST", f"/me/events/{ended['id']}/dismissReminder").status == 200
    assert fire_times(graph, "2026-11-01T00:00:00", "2026-11-08T00:00:00") == ["11-02T08:45", "11-03T08:45"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "ErrorInvalidRequest"),
        ({"newReminderTime": None}, "ErrorInvalidRequest"),
        ({"newReminderTime": "soon"}, "RequestBodyRead"),
        ({"newReminderTime": at("soon")}, "ErrorPropertyValidationFailure"),
        ({"newReminderTime": at("2026-12-01T11:59:00", "Mars/Olympus")}, "TimeZoneNotSupportedException"),
    ],
)
def test_a_reminder_cannot_be_put_off_to_no_time(graph, lunch, body, code):
    refused = graph("POST", f"/me/events/{lunch['id']}/snoozeReminder", body)
    assert (refused.status, refused.code) == (400, code)
    assert fire_times(graph) == ["12-01T11:45"]


def test_names_of_parameters_are_taken_in_any_case(graph, lunch):
    body = {"NewReminderTime": at("2026-12-01T11:59:00")}
    assert graph("POST", f"/me/calendar/events/{lunch['id']}/snoozeReminder", body).status == 200
    assert graph("GET", f"/me/reminderView(StartDateTime='{DAY[0]}',EndDateTime='{DAY[1]}')").status == 200
    assert fire_times(graph) == ["12-01T11:59"]


def test_reminders_of_an_unknown_event_are_not_found(graph):
    assert graph("POST", "/me/events/nothing/dismissReminder").code == "ErrorItemNotFound"
    assert snooze(graph, "nothing", at("2026-12-01T11:59:00")).status == 404


def test_reminders_are_details_of_events(graph, lunch):
    basic = Graph(graph.tenant, scopes=("Calendars.ReadBasic",))
    assert basic("GET", f"/me/reminderView(startDateTime='{DAY[0]}',endDateTime='{DAY[1]}')").status == 403
    reader = Graph(graph.tenant, scopes=("Calendars.Read",))
    assert len(reminders(reader)) == 1
    assert reader("POST", f"/me/events/{lunch['id']}/dismissReminder").status == 403
