"""Events and calendars are reached by many paths: each way of asking says the same at every place that has it."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from graph_caller import Graph, new_tenant, series, timed

WINDOW = "startDateTime=2026-12-07T00:00:00Z&endDateTime=2026-12-14T00:00:00Z"
SALES = "c04705e2-7e11-4000-8000-000000000301"
SCOPES = ("Calendars.ReadWrite", "User.Read", "Group.ReadWrite.All")
MENU = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "menu.json", "contentBytes": "WzFd"}
DAILY = series("Stand-up", "2026-12-07T09:00:00", "2026-12-07T09:15:00", {"type": "daily"}, type="numbered", numberOfOccurrences=3)
LUNCH = timed("Lunch", "2026-12-08T12:00:00", "2026-12-08T13:00:00")
BY_USERS = ("/me", "/me/calendar", "/me/calendars/{calendar}", "/me/calendarGroups/{group}/calendars/{calendar}")
BY_GROUPS = (f"/groups/{SALES}", f"/groups/{SALES}/calendar")


@pytest.fixture
def graph():
    return Graph(new_tenant(), scopes=SCOPES)


def here(graph, place):
    """The path of a place."""
    calendar, group = graph("GET", "/me/calendar").body["id"], graph("GET", "/me/calendarGroups").body["value"][0]["id"]
    return place.format(calendar=quote(calendar), group=quote(group))


@pytest.mark.parametrize("place", [*BY_USERS, *BY_GROUPS])
def test_events_are_counted_and_followed(graph, place):
    there = here(graph, place)
    made = [graph("POST", f"{there}/events", event) for event in (DAILY, LUNCH)]
    assert [answer.status for answer in made] == [201, 201]
    one = f"{there}/events/{quote(made[0].body['id'])}"
    assert graph("GET", f"{there}/events/$count").body == 2
    assert graph("GET", f"{one}/calendar").status == 200
    assert len(graph("GET", f"{one}/instances?{WINDOW}").body["value"]) == 3
    followed = graph("GET", f"{one}/instances/delta?{WINDOW}")
    assert {item["type"] for item in followed.body["value"]} <= {"seriesMaster", "occurrence"}
    assert len(graph("GET", f"{there}/events/delta?{WINDOW}").body["value"]) >= 2


@pytest.mark.parametrize("place", BY_USERS)
def test_windows_and_instances_are_counted(graph, place):
    there = here(graph, place)
    made = graph("POST", f"{there}/events", DAILY).body
    graph("POST", f"{there}/events", LUNCH)
    assert graph("GET", f"{there}/calendarView/$count?{WINDOW}").body == 4
    assert graph("GET", f"{there}/events/{quote(made['id'])}/instances/$count?{WINDOW}").body == 3


@pytest.mark.parametrize("place", BY_USERS)
def test_the_content_of_a_file_is_read(graph, place):
    there = here(graph, place)
    files = f"{there}/events/{quote(graph('POST', f'{there}/events', LUNCH).body['id'])}/attachments"
    made = graph("POST", files, MENU).body
    assert graph("GET", f"{files}/{quote(made['id'])}/$value").body == [1]
    assert graph("GET", f"{files}/$count").body == 1


@pytest.mark.parametrize("place", [*BY_USERS, *BY_GROUPS])
def test_what_apps_add_is_kept(graph, place):
    there = here(graph, place)
    kept = f"{there}/events/{quote(graph('POST', f'{there}/events', LUNCH).body['id'])}/extensions"
    assert graph("POST", kept, {"extensionName": "Com.Contoso.Deal", "dealValue": 1}).status == 201
    assert graph("PATCH", f"{kept}/Com.Contoso.Deal", {"dealValue": 2}).status in (200, 204)
    assert graph("GET", f"{kept}/Com.Contoso.Deal").body["dealValue"] == 2
    assert [one["extensionName"] for one in graph("GET", kept).body["value"]] == ["Com.Contoso.Deal"]
    assert graph("GET", f"{kept}/$count").body == 1
    assert graph("DELETE", f"{kept}/Com.Contoso.Deal").status == 204
    assert graph("GET", f"{kept}/$count").body == 0


@pytest.mark.parametrize("place", BY_USERS[1:])
def test_a_calendar_is_shared(graph, place):
    roles = f"{here(graph, place)}/calendarPermissions"
    alex = {"emailAddress": {"name": "Alex Wilber", "address": "alex@contoso.example"}, "role": "read"}
    before = graph("GET", f"{roles}/$count").body
    made = graph("POST", roles, alex).body
    assert graph("GET", f"{roles}/$count").body == before + 1
    one = f"{roles}/{quote(made['id'])}"
    assert graph("PATCH", one, {"role": "write"}).status == 200
    assert graph("GET", one).body["role"] == "write"
    assert made["id"] in [entry["id"] for entry in graph("GET", roles).body["value"]]
    assert graph("DELETE", one).status == 204
    assert graph("GET", one).status == 404


def test_an_event_of_a_window_goes_for_good(graph):
    event = graph.create(**LUNCH)
    assert graph("POST", f"/me/calendarView/{quote(event['id'])}/permanentDelete").status == 204
    assert graph("GET", f"/me/events/{quote(event['id'])}").status == 404


@pytest.mark.parametrize("place", BY_GROUPS)
def test_a_groups_meeting_is_cancelled(graph, place):
    guests = [{"type": "required", "emailAddress": {"address": "alex@contoso.example"}}]
    made = graph("POST", f"{place}/events", {**LUNCH, "attendees": guests}).body
    assert graph("POST", f"{place}/events/{quote(made['id'])}/cancel", {"comment": "Sorry"}).status == 202
    assert graph("GET", f"{place}/events/{quote(made['id'])}").status == 404
