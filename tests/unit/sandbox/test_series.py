"""Changes to series as clients make them: this and the following ones, an end, a time, the last one left."""

from __future__ import annotations

import pytest

from graph_caller import PACIFIC, Graph, at, series, timed

DECEMBER = ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")


@pytest.fixture
def stand_up(graph):
    """Daily for eight days from 1 December, 09:00 in Seattle; the 2nd is special, the 3rd and the 6th are dropped, the 7th is late."""
    event = series(
        "Stand-up", "2026-12-01T09:00:00", "2026-12-01T09:15:00", {"type": "daily"}, PACIFIC, type="endDate", endDate="2026-12-08"
    )
    master = graph.create(**event)
    days = occurrences(graph)
    graph("PATCH", f"/me/events/{days[1]['id']}", {"subject": "Special"})
    graph("PATCH", f"/me/events/{days[6]['id']}", timed("Stand-up", "2026-12-07T12:00:00", "2026-12-07T12:15:00", PACIFIC))
    graph("DELETE", f"/me/events/{days[2]['id']}")
    graph("DELETE", f"/me/events/{days[5]['id']}")
    return graph("GET", f"/me/events/{master['id']}", prefer=f'outlook.timezone="{PACIFIC}"').body


def occurrences(graph: Graph) -> list[dict]:
    return graph.view(*DECEMBER, "&$orderby=start/dateTime&$top=50").body["value"]


def seen(graph: Graph) -> list[tuple[str, str, str]]:
    return [(event["start"]["dateTime"][8:13], event["type"], event["subject"]) for event in occurrences(graph)]


ALL = [
    ("01T17", "occurrence", "Stand-up"),
    ("02T17", "exception", "Special"),
    ("04T17", "occurrence", "Stand-up"),
    ("05T17", "occurrence", "Stand-up"),
    ("07T20", "exception", "Stand-up"),
    ("08T17", "occurrence", "Stand-up"),
]


def patch(graph: Graph, master: dict, **changes):
    answer = graph("PATCH", f"/me/events/{master['id']}", changes)
    assert answer.status == 200, answer.body
    return answer.body


def ended(master: dict, day: str) -> dict:
    limits = {**master["recurrence"]["range"], "type": "endDate", "endDate": day}
    return {"pattern": master["recurrence"]["pattern"], "range": limits}


def test_this_and_the_following_ones_are_parted_off_by_an_end_and_a_new_series(graph, stand_up):
    patch(graph, stand_up, recurrence=ended(stand_up, "2026-12-04"))
    assert seen(graph) == ALL[:3]
    graph.create(
        **series("New", "2026-12-05T10:00:00", "2026-12-05T10:15:00", {"type": "daily"}, PACIFIC, type="endDate", endDate="2026-12-06")
    )
    assert seen(graph) == [*ALL[:3], ("05T18", "occurrence", "New"), ("06T18", "occurrence", "New")]
    master = graph("GET", f"/me/events/{stand_up['id']}?$select=cancelledOccurrences&$expand=exceptionOccurrences($select=subject)").body
    assert master["cancelledOccurrences"] == [f"OID.{stand_up['id']}.2026-12-03"]
    assert [event["subject"] for event in master["exceptionOccurrences"]] == ["Special"]


@pytest.mark.parametrize(
    "limits",
    [{"type": "numbered", "numberOfOccurrences": 4}, {"type": "endDate", "endDate": "2026-12-04"}],
)
def test_a_series_may_end_by_date_or_by_number_and_forgets_what_lies_beyond(graph, stand_up, limits):
    limits = {"startDate": "2026-12-01", "recurrenceTimeZone": PACIFIC, **limits}
    patch(graph, stand_up, recurrence={"pattern": stand_up["recurrence"]["pattern"], "range": limits})
    assert seen(graph) == ALL[:3]
    patch(graph, stand_up, recurrence=ended(stand_up, "2026-12-08"))
    assert seen(graph)[3:] == [(f"0{day}T17", "occurrence", "Stand-up") for day in range(5, 9)]


def test_a_later_end_brings_nothing_back(graph, stand_up):
    patch(graph, stand_up, recurrence=ended(stand_up, "2026-12-09"))
    assert seen(graph) == [*ALL, ("09T17", "occurrence", "Stand-up")]


def test_what_a_client_sends_back_unchanged_changes_nothing(graph, stand_up):
    same = {name: stand_up[name] for name in ("start", "end", "isAllDay", "recurrence", "subject")}
    patch(graph, stand_up, **same)
    assert seen(graph) == ALL


@pytest.mark.parametrize(
    "change",
    [
        {"start": at("2026-12-01T08:00:00", PACIFIC)},
        {"end": at("2026-12-01T09:30:00", PACIFIC)},
        {"start": at("2026-12-01T17:00:00"), "end": at("2026-12-01T17:15:00")},
        {"isAllDay": True, "start": at("2026-12-01T00:00:00", PACIFIC), "end": at("2026-12-02T00:00:00", PACIFIC)},
        {"recurrence": {"pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]}}},
    ],
)
def test_another_time_or_pattern_forgets_every_exception(graph, stand_up, change):
    if "recurrence" in change:
        change = {"recurrence": {**change["recurrence"], "range": stand_up["recurrence"]["range"]}}
    patch(graph, stand_up, **change)
    after = occurrences(graph)
    assert {event["type"] for event in after} == {"occurrence"}
    assert len(after) == (2 if "recurrence" in change else 8)


def test_a_change_of_the_master_reaches_exceptions_in_what_is_not_their_own(graph, stand_up):
    patch(graph, stand_up, subject="Daily", importance="high", location={"displayName": "Adams"})
    after = occurrences(graph)
    assert [event["subject"] for event in after] == ["Daily", "Special", "Daily", "Daily", "Stand-up", "Daily"]
    assert {event["importance"] for event in after} == {"high"}
    assert {event["location"]["displayName"] for event in after} == {"Adams"}


def test_a_series_goes_with_its_last_occurrence(graph):
    master = graph.create(
        **series("Pair", "2026-12-01T09:00:00", "2026-12-01T09:15:00", {"type": "daily"}, type="numbered", numberOfOccurrences=2)
    )
    first, second = occurrences(graph)
    graph("PATCH", f"/me/events/{second['id']}", {"subject": "Special"})
    assert graph("DELETE", f"/me/events/{first['id']}").status == 204
    assert graph("GET", f"/me/events/{master['id']}").status == 200
    assert graph("DELETE", f"/me/events/{second['id']}").status == 204
    assert graph("GET", f"/me/events/{master['id']}").code == "ErrorItemNotFound"


def test_a_series_that_lost_its_recurrence_is_a_single_event_at_the_masters_time(graph, stand_up):
    single = patch(graph, stand_up, recurrence=None)
    assert (single["type"], single["recurrence"]) == ("singleInstance", None)
    assert seen(graph) == [("01T17", "singleInstance", "Stand-up")]


def test_one_occurrence_lasts_all_day(graph, stand_up):
    fifth = occurrences(graph)[3]
    day = {"isAllDay": True, "start": at("2026-12-05T00:00:00", PACIFIC), "end": at("2026-12-06T00:00:00", PACIFIC)}
    changed = graph("PATCH", f"/me/events/{fifth['id']}", day).body
    assert (changed["type"], changed["isAllDay"], changed["originalStart"]) == ("exception", True, "2026-12-05T17:00:00Z")
    shown = graph.view("2026-12-05T00:00:00Z", "2026-12-06T00:00:00Z", prefer='outlook.timezone="Asia/Tokyo"').body["value"]
    assert [event["start"]["dateTime"][:16] for event in shown] == ["2026-12-05T00:00"]
    assert graph("PATCH", f"/me/events/{fifth['id']}", {"isAllDay": False}).body["type"] == "exception"


def test_an_exception_is_told_by_its_master_with_its_occurrence_id(graph, stand_up):
    second = occurrences(graph)[1]
    master = graph("GET", f"/me/events/{stand_up['id']}?$expand=exceptionOccurrences").body
    assert [event["id"] for event in master["exceptionOccurrences"]] == [second["id"], occurrences(graph)[4]["id"]]
    assert second["occurrenceId"] == f"OID.{stand_up['id']}.2026-12-02"
    assert stand_up["occurrenceId"] is None


def test_instances_can_be_expanded_within_a_window(graph, stand_up):
    window = f"startDateTime={DECEMBER[0]}&endDateTime=2026-12-03T00:00:00Z"
    expanded = graph("GET", f"/me/events/{stand_up['id']}?{window}&$select=subject&$expand=instances($select=subject)").body
    assert [event["subject"] for event in expanded["instances"]] == ["Stand-up", "Special"]
    assert graph("GET", f"/me/events/{stand_up['id']}?$expand=instances").code == "ErrorInvalidParameter"
    single = graph.create(**timed("Lunch", "2026-12-01T12:00:00", "2026-12-01T13:00:00"))
    assert graph("GET", f"/me/events/{single['id']}?$expand=instances,exceptionOccurrences").body["instances"] == []


def test_a_uid_is_the_same_for_every_occurrence(graph, stand_up):
    events = graph.view(*DECEMBER, "&$select=uid,iCalUId").body["value"]
    assert {event["uid"] for event in events} == {stand_up["iCalUId"]}
    assert len({event["iCalUId"] for event in events}) == len(events)
    assert "uid" not in occurrences(graph)[0]


def test_an_occurrence_begins_and_ends_by_the_clock_of_its_zone_whenever_that_changes(graph):
    """Start and end are offsets from the day's local midnight (MS-OXOCAL, AppointmentRecurrencePattern); clocks go back on 25 October."""
    shift = series("Night shift", "2026-10-23T22:00:00", "2026-10-24T06:00:00", {"type": "daily"}, "W. Europe Standard Time")
    made = graph.create(**shift)
    window = "startDateTime=2026-10-23T00:00:00Z&endDateTime=2026-10-26T12:00:00Z"
    days = graph("GET", f"/me/events/{made['id']}/instances?{window}").body["value"]
    assert [(day["start"]["dateTime"][:13], day["end"]["dateTime"][:13]) for day in days] == [
        ("2026-10-23T20", "2026-10-24T04"),
        ("2026-10-24T20", "2026-10-25T05"),  # an hour longer
        ("2026-10-25T21", "2026-10-26T05"),
    ]
