"""Events read and written by the control plane, past permissions and invitations."""

from __future__ import annotations

import pytest

from entra_caller import Entra
from graph_caller import PACIFIC, Graph, at, new_tenant, series, timed

LUNCH = timed("Lunch", "2026-11-26T20:00:00", "2026-11-26T21:00:00")
DAILY = series("Stand-up", "2026-11-23T09:00:00", "2026-11-23T09:15:00", {"type": "daily"}, PACIFIC)


def complaint(answer):
    return answer.status, answer.json()["error"]["message"]


def subjects(entra, query):
    return [event["subject"] for event in entra.ask_control("GET", f"events?{query}")]


def test_what_an_app_created_is_seen_directly(tenant, entra):
    Graph(tenant).create(**LUNCH)
    assert subjects(entra, "user=megan") == ["Lunch"]
    assert subjects(entra, "user=alex") == []
    assert complaint(entra.control("GET", "events"))[0] == 404


def test_what_is_created_directly_an_app_sees(tenant, entra):
    made = entra.ask_control("POST", "events", {"user": "megan", "calendar": "Family", "event": LUNCH})
    graph = Graph(tenant)
    family = next(calendar["id"] for calendar in graph("GET", "/me/calendars").body["value"] if calendar["name"] == "Family")
    assert graph("GET", f"/me/calendars/{family}/events").subjects == ["Lunch"]
    assert graph("GET", f"/me/events/{made['id']}").body["organizer"]["emailAddress"]["name"] == "Megan Bowen"
    assert subjects(entra, "user=megan&calendar=Family") == subjects(entra, f"user=megan&calendar={family}") == ["Lunch"]
    assert subjects(entra, "user=megan&calendar=Calendar") == []


def test_nobody_is_invited(tenant, entra):
    guests = [{"type": "required", "emailAddress": {"address": "alex@contoso.example"}}]
    entra.ask_control("POST", "events", {"user": "megan", "event": {**LUNCH, "attendees": guests}})
    assert subjects(entra, "user=alex") == []


def test_what_is_written_directly_is_news_to_delta_queries(tenant, entra):
    window = "startDateTime=2026-11-26T00:00:00Z&endDateTime=2026-11-27T00:00:00Z"
    graph = Graph(tenant)
    link = graph("GET", f"/me/calendarView/delta?{window}").body["@odata.deltaLink"]
    made = entra.ask_control("POST", "events", {"user": "megan", "event": LUNCH})
    answer = graph("GET", link)
    assert answer.subjects == ["Lunch"]
    entra.ask_control("DELETE", f"events/{made['id']}?user=megan")
    assert graph("GET", answer.body["@odata.deltaLink"]).body["value"][0]["@removed"] == {"reason": "deleted"}


def test_an_event_is_changed_and_an_occurrence_moved(tenant, entra):
    made = entra.ask_control("POST", "events", {"user": "megan", "event": LUNCH})
    assert entra.ask_control("PATCH", f"events/{made['id']}?user=megan", {"subject": "Late lunch"})["subject"] == "Late lunch"
    graph = Graph(tenant)
    master = entra.ask_control("POST", "events", {"user": "megan", "event": DAILY})
    first, second = graph.view("2026-11-26T00:00:00Z", "2026-11-28T00:00:00Z").body["value"][-2:]
    moved = {"start": at("2026-11-26T10:00:00", PACIFIC), "end": at("2026-11-26T10:15:00", PACIFIC)}
    entra.ask_control("PATCH", f"events/{first['id']}?user=megan", moved)
    entra.ask_control("DELETE", f"events/{second['id']}?user=megan")
    days = entra.ask_control("GET", "days?user=megan&from=2026-11-26&days=3")["days"]
    assert [[(event["start"], event["type"]) for event in day["events"] if event["subject"] == "Stand-up"] for day in days] == [
        [("10:00", "exception")],
        [],
        [("09:00", "occurrence")],
    ]
    assert subjects(entra, "user=megan") == ["Late lunch", "Stand-up"]
    assert master["id"] == next(event["id"] for event in entra.ask_control("GET", "events?user=megan") if event["subject"] == "Stand-up")


def test_all_of_a_calendar_or_a_mailbox_go(entra):
    for calendar in ("Calendar", "Family", "Family"):
        entra.ask_control("POST", "events", {"user": "megan", "calendar": calendar, "event": LUNCH})
    assert entra.ask_control("DELETE", "events?user=megan&calendar=Family") == {"deleted": 2}
    assert entra.ask_control("DELETE", "events?user=megan") == {"deleted": 1}
    assert subjects(entra, "user=megan") == []


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"event": LUNCH}, 404, "no user"),
        ({"user": "megan"}, 400, "give the event as Graph has it"),
        ({"user": "megan", "event": LUNCH, "calendar": "Secret"}, 404, "there are: Calendar, Family"),
        ({"user": "megan", "event": {**LUNCH, "subjet": "X"}}, 400, "'subjet'"),
        ({"user": "megan", "event": {"subject": "X"}}, 400, "start and end"),
        ({"user": "megan", "event": LUNCH, "events": []}, 400, "unknown member"),
    ],
)
def test_what_makes_no_sense_is_refused(entra, body, status, said):
    answer = complaint(entra.control("POST", "events", body))
    assert answer[0] == status
    assert said in answer[1]
    assert subjects(entra, "user=megan") == []


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_an_event_that_is_not_there_is_not_found(entra, method):
    assert entra.control(method, "events/nothing?user=megan", {} if method == "PATCH" else None).status == 404


# --- as the owner sees it


def days(entra, query):
    return {day["date"]: day["events"] for day in entra.ask_control("GET", f"days?{query}")["days"]}


def test_days_show_events_at_the_owners_time_and_on_each_day_they_touch(entra):
    late = timed("Late show", "2026-11-27T07:30:00", "2026-11-27T08:30:00")  # half past eleven in the evening in Seattle
    fair = {"subject": "Fair", "isAllDay": True, "start": at("2026-11-27T00:00:00"), "end": at("2026-11-29T00:00:00")}
    for event in (late, fair):
        entra.ask_control("POST", "events", {"user": "megan", "event": event})
    shown = days(entra, "user=megan&from=2026-11-26&days=4")
    assert {day: [event["subject"] for event in events] for day, events in shown.items()} == {
        "2026-11-26": ["Late show"],
        "2026-11-27": ["Fair", "Late show"],
        "2026-11-28": ["Fair"],
        "2026-11-29": [],
    }
    assert (shown["2026-11-26"][0]["start"], shown["2026-11-26"][0]["end"]) == ("23:30", "00:30")
    assert shown["2026-11-28"][0]["start"] is None


def test_days_begin_today_by_the_owners_calendar(tenant, entra):
    entra.ask_control("POST", "clock", {"now": "2026-11-26T07:00:00Z"})
    assert next(iter(days(entra, "user=megan"))) == "2026-11-25"
    assert list(days(entra, "user=lee&days=1")) == ["2026-11-26"]
    assert len(days(entra, "user=megan&days=62")) == 62


@pytest.mark.parametrize("query", ["from=soon", "from=9999-12-31", "from=0001-01-01", "days=0", "days=63", "days=x", "days=-1"])
def test_days_that_make_no_sense_are_refused(entra, query):
    assert complaint(entra.control("GET", f"days?user=megan&{query}"))[0] == 400


@pytest.mark.parametrize("seed", ["contoso"])
def test_the_days_of_everybody_can_be_shown(seed):
    entra = Entra(new_tenant(seed).handle)
    found = 0
    for user in entra.ask_control("GET", "users"):
        found += sum(len(day["events"]) for day in entra.ask_control("GET", f"days?user={user['id']}&days=14")["days"])
    assert found > 100
