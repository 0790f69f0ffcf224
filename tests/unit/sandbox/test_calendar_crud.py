from __future__ import annotations

from urllib.parse import quote

import pytest

from graph_caller import MEGAN, Graph, timed

DAY = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-02T00:00:00Z"


def made(graph: Graph, name: str, **more) -> dict:
    answer = graph("POST", "/me/calendars", {"name": name, **more})
    assert answer.status == 201, answer.body
    return answer.body


def names(graph: Graph, path: str = "/me/calendars") -> list[str]:
    return [calendar["name"] for calendar in graph("GET", path).body["value"]]


# Calendars


def test_a_new_calendar_comes_back_as_documented(graph):
    calendar = made(graph, "Volunteer")
    assert {name: value for name, value in calendar.items() if name not in ("@odata.context", "id", "changeKey")} == {
        "name": "Volunteer",
        "color": "auto",
        "hexColor": "",
        "isDefaultCalendar": False,
        "canShare": True,
        "canViewPrivateItems": True,
        "canEdit": True,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        "isTallyingResponses": False,
        "isRemovable": True,
        "owner": {"name": "Megan Bowen", "address": "megan@contoso.example"},
    }
    assert graph("GET", f"/me/calendars/{calendar['id']}").body["name"] == "Volunteer"
    assert names(graph) == ["Calendar", "Family", "Volunteer"]
    assert graph("GET", "/me/calendars/$count").body == 3


def test_a_calendar_takes_events_and_shows_them(graph):
    calendar = made(graph, "Volunteer")
    path = f"/me/calendars/{calendar['id']}"
    assert graph("POST", f"{path}/events", timed("Soup kitchen", "2026-12-01T18:00:00", "2026-12-01T20:00:00")).status == 201
    assert graph("GET", f"{path}/calendarView?{DAY}").subjects == ["Soup kitchen"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "ErrorInvalidRequest"),
        ({"name": None}, 400, "ErrorInvalidRequest"),
        ({"name": "  "}, 400, "ErrorInvalidRequest"),
        ({"name": "Calendar"}, 409, "ErrorFolderExists"),
        ({"name": " family "}, 409, "ErrorFolderExists"),
        ({"name": 5}, 400, "RequestBodyRead"),
        ({"name": "X", "color": "mauve"}, 400, "RequestBodyRead"),
        ({"name": "X", "shoeSize": 44}, 400, "RequestBodyRead"),
    ],
)
def test_a_calendar_that_cannot_be_made_is_refused(graph, body, status, code):
    refused = graph("POST", "/me/calendars", body)
    assert (refused.status, refused.code) == (status, code)
    assert names(graph) == ["Calendar", "Family"]


def test_a_name_is_free_again_when_its_calendar_is_gone(graph):
    calendar = made(graph, "Volunteer")
    assert graph("DELETE", f"/me/calendars/{calendar['id']}").status == 204
    made(graph, "Volunteer")


def test_a_calendar_gets_another_name_and_colour_and_a_new_change_key(graph):
    calendar = made(graph, "Volunteer", color="LightBlue")
    assert calendar["color"] == "lightBlue"
    changed = graph("PATCH", f"/me/calendars/{calendar['id']}", {"name": "Social events", "color": "lightGreen", "canEdit": False})
    assert changed.status == 200
    assert {name for name in calendar if calendar[name] != changed.body[name]} == {"name", "color", "changeKey"}
    assert graph("PATCH", f"/me/calendars/{calendar['id']}", {"color": None}).body["color"] == "auto"
    assert graph("PATCH", f"/me/calendars/{calendar['id']}", {"name": "social EVENTS"}).body["name"] == "social EVENTS"
    assert graph("PATCH", f"/me/calendars/{calendar['id']}", {"name": "Family"}).code == "ErrorFolderExists"
    assert graph("PATCH", f"/me/calendars/{calendar['id']}", {"name": ""}).code == "ErrorInvalidRequest"


def test_the_default_calendar_can_be_renamed_and_not_deleted(graph):
    assert graph("PATCH", "/me/calendar", {"name": "Social events"}).body["name"] == "Social events"
    default = graph("GET", "/me/calendar").body
    assert (default["name"], default["isDefaultCalendar"], default["isRemovable"]) == ("Social events", True, False)
    for method, path in (
        ("DELETE", f"/me/calendars/{default['id']}"),
        ("POST", f"/me/calendars/{default['id']}/permanentDelete"),
        ("POST", "/me/calendar/permanentDelete"),
    ):
        refused = graph(method, path)
        assert (refused.status, refused.code) == (400, "ErrorDeleteDistinguishedFolder")
    assert len(names(graph)) == 2


def test_another_calendar_becomes_the_default_one(graph):
    calendar = made(graph, "Volunteer")
    changed = graph("PATCH", f"/me/calendars/{calendar['id']}", {"isDefaultCalendar": True}).body
    assert (changed["isDefaultCalendar"], changed["isRemovable"]) == (True, False)
    assert graph("GET", "/me/calendar").body["id"] == calendar["id"]
    assert [other["isDefaultCalendar"] for other in graph("GET", "/me/calendars").body["value"]] == [False, False, True]
    assert graph("PATCH", f"/me/calendars/{calendar['id']}", {"isDefaultCalendar": False}).code == "ErrorInvalidRequest"


@pytest.mark.parametrize("how", ["DELETE", "permanentDelete"])
def test_a_deleted_calendar_takes_its_events_along_and_no_others(graph, how):
    calendar = made(graph, "Volunteer")
    path = f"/me/calendars/{calendar['id']}"
    event = graph("POST", f"{path}/events", timed("Soup kitchen", "2026-12-01T18:00:00", "2026-12-01T20:00:00")).body
    kept = graph.create(**timed("Work", "2026-12-01T10:00:00", "2026-12-01T11:00:00"))
    assert (graph("DELETE", path) if how == "DELETE" else graph("POST", f"{path}/permanentDelete")).status == 204
    assert graph("GET", path).code == graph("GET", f"/me/events/{event['id']}").code == "ErrorItemNotFound"
    assert graph("GET", f"/me/events/{kept['id']}").status == 200
    assert names(graph) == ["Calendar", "Family"]


@pytest.mark.parametrize(
    ("calendar", "user", "roles"),
    [
        (
            "calendar",
            "alex@contoso.example",
            [
                *("freeBusyRead", "limitedRead", "read", "write"),
                *("delegateWithoutPrivateEventAccess", "delegateWithPrivateEventAccess"),
            ],
        ),
        ("calendars/{family}", "Alex@CONTOSO.example", ["freeBusyRead", "limitedRead", "read", "write"]),
        ("calendar", "somebody@fabrikam.example", ["freeBusyRead", "limitedRead", "read"]),
    ],
)
def test_a_calendar_can_be_shared_with_outsiders_in_fewer_roles(graph, calendar, user, roles):
    family = graph("GET", "/me/calendars").body["value"][1]["id"]
    answer = graph("GET", f"/me/{calendar.format(family=family)}/allowedCalendarSharingRoles(User='{user}')")
    assert answer.body["value"] == roles
    assert answer.body["@odata.context"].endswith("#Collection(microsoft.graph.calendarRoleType)")


def test_readers_make_and_delete_no_calendars(graph):
    calendar = made(graph, "Volunteer")
    reader = Graph(graph.tenant, scopes=("Calendars.Read",))
    assert reader("GET", "/me/calendars").status == 200
    for method, path, body in (
        ("POST", "/me/calendars", {"name": "X"}),
        ("PATCH", "/me/calendar", {"name": "X"}),
        ("DELETE", f"/me/calendars/{calendar['id']}", None),
        ("POST", "/me/calendarGroups", {"name": "X"}),
    ):
        assert reader(method, path, body).status == 403


# Calendar groups


def new_group(graph: Graph, name: str = "Personal events") -> dict:
    answer = graph("POST", "/me/calendarGroups", {"name": name})
    assert answer.status == 201, answer.body
    return answer.body


def test_everybody_has_a_first_group_that_holds_their_calendars(graph):
    first = graph("GET", "/me/calendarGroups").body["value"][0]
    assert (first["name"], first["classId"]) == ("My Calendars", "0006f0b7-0000-0000-c000-000000000046")
    assert names(graph, f"/me/calendarGroups/{first['id']}/calendars") == ["Calendar", "Family"]
    assert graph("GET", f"/me/calendarGroups/{first['id']}").body["id"] == first["id"]
    alex = Graph(graph.tenant, "alex")("GET", "/me/calendarGroups").body["value"][0]
    assert alex["id"] != first["id"]


def test_groups_are_made_renamed_and_deleted(graph):
    group = new_group(graph)
    assert graph("GET", "/me/calendarGroups/$count").body == 2
    changed = graph("PATCH", f"/me/calendarGroups/{group['id']}", {"name": "Private events"}).body
    assert {name for name in group if group[name] != changed[name]} == {"name", "changeKey"}
    assert graph("DELETE", f"/me/calendarGroups/{group['id']}").status == 204
    assert graph("GET", f"/me/calendarGroups/{group['id']}").code == "ErrorItemNotFound"


def test_a_group_needs_a_name_of_its_own(graph):
    group = new_group(graph)
    assert graph("POST", "/me/calendarGroups", {"name": "my calendars"}).code == "ErrorFolderExists"
    assert graph("POST", "/me/calendarGroups", {}).code == "ErrorInvalidRequest"
    assert graph("PATCH", f"/me/calendarGroups/{group['id']}", {"name": "My Calendars"}).code == "ErrorFolderExists"
    assert graph("PATCH", f"/me/calendarGroups/{group['id']}", {}).body["name"] == "Personal events"


def test_a_calendar_is_made_in_a_group_and_listed_there(graph):
    group = new_group(graph)
    calendars = f"/me/calendarGroups/{group['id']}/calendars"
    calendar = graph("POST", calendars, {"name": "Marketing calendar"})
    assert calendar.status == 201
    assert names(graph, calendars) == ["Marketing calendar"]
    assert names(graph) == ["Calendar", "Family", "Marketing calendar"]
    assert graph("GET", f"{calendars}/$count").body == 1
    assert graph("GET", f"{calendars}/{calendar.body['id']}").body["name"] == "Marketing calendar"
    assert graph("PATCH", f"{calendars}/{calendar.body['id']}", {"color": "lightTeal"}).body["color"] == "lightTeal"
    assert graph("DELETE", f"{calendars}/{calendar.body['id']}").status == 204
    assert names(graph, calendars) == []


def test_a_group_with_calendars_and_the_first_group_stay(graph):
    group = new_group(graph)
    graph("POST", f"/me/calendarGroups/{group['id']}/calendars", {"name": "Marketing calendar"})
    first = graph("GET", "/me/calendarGroups").body["value"][0]
    for other in (group, first):
        refused = graph("DELETE", f"/me/calendarGroups/{other['id']}")
        assert (refused.status, refused.code) == (400, "ErrorCannotDeleteObject")


def test_events_are_reached_through_the_group_of_their_calendar_and_no_other(graph):
    group, other = new_group(graph), new_group(graph, "Others")
    calendar = graph("POST", f"/me/calendarGroups/{group['id']}/calendars", {"name": "Marketing calendar"}).body["id"]
    path = f"/me/calendarGroups/{group['id']}/calendars/{calendar}"
    event = graph("POST", f"{path}/events", timed("Fair", "2026-12-01T10:00:00", "2026-12-01T11:00:00")).body
    assert graph("GET", f"{path}/events").subjects == graph("GET", f"{path}/calendarView?{DAY}").subjects == ["Fair"]
    assert graph("PATCH", f"{path}/events/{event['id']}", {"subject": "Trade fair"}).body["subject"] == "Trade fair"
    astray = f"/me/calendarGroups/{other['id']}/calendars/{calendar}"
    for wrong in (astray, f"{astray}/events", f"{astray}/events/{event['id']}", f"/me/calendarGroups/nowhere/calendars/{calendar}"):
        assert graph("GET", wrong).code == "ErrorItemNotFound"
    assert graph("DELETE", f"{path}/events/{event['id']}").status == 204


def test_a_mailbox_saved_before_there_were_groups_gets_its_first(graph):
    saved = graph.tenant.state.to_json()
    for mailbox in saved["mailboxes"].values():
        del mailbox["calendarGroups"]
    graph.tenant.restore(saved)
    graph.tenant.state.mailboxes[MEGAN] = dict(graph.tenant.state.mailboxes[MEGAN])
    first = graph("GET", "/me/calendarGroups").body["value"][0]
    assert names(graph, f"/me/calendarGroups/{first['id']}/calendars") == ["Calendar", "Family"]
    assert graph("GET", "/me/calendarGroups").body["value"][0]["id"] == first["id"]


# Reading an event with its calendar


def test_an_event_is_read_with_its_calendar(graph):
    calendar = made(graph, "Volunteer")
    event = graph(
        "POST", f"/me/calendars/{calendar['id']}/events", timed("Soup kitchen", "2026-12-01T18:00:00", "2026-12-01T20:00:00")
    ).body
    expanded = graph("GET", f"/me/events/{event['id']}?$select=subject&$expand=calendar($select=name)").body
    assert expanded["calendar"] == {"id": calendar["id"], "name": "Volunteer"}
    listed = graph("GET", f"/me/events?$expand={quote('calendar')}").body["value"]
    assert [found["calendar"]["name"] for found in listed] == ["Volunteer"]
    through = graph("GET", f"/me/events/{event['id']}/calendar?$select=name").body
    assert (through["id"], through["name"]) == (calendar["id"], "Volunteer")
