from __future__ import annotations

import re
from pathlib import Path

import pytest

from daypass_sandbox.directory.places import with_address
from graph_caller import Graph, new_tenant, timed

ID = "c04705e2-7e11-4000-8000-000000000"
ADAMS, LAKEVIEW, BUILDING, FLOOR, SECTION, DESK, LIST = (ID + number for number in ("101", "106", "201", "202", "204", "205", "207"))
ROOMS = ["Conf Room Adams", "Conf Room Baker", "Conf Room Crystal", "Conf Room Hood", "Conf Room Rainier"]


@pytest.fixture
def graph():
    return Graph(new_tenant("contoso"), scopes=("Place.ReadWrite.All", "Calendars.ReadWrite"))


def names(answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [place["displayName"] for place in answer.body["value"]]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("microsoft.graph.room", ROOMS),
        ("graph.room", ROOMS),
        ("microsoft.graph.roomlist", ["Building 32 Rooms"]),
        ("graph.roomList", ["Building 32 Rooms"]),
        ("graph.building", ["Building 32"]),
        ("graph.floor", ["Floor 1", "Floor 2"]),
        ("graph.section", ["Lakeside"]),
        ("graph.desk", ["Desk 1", "Desk 2"]),
        ("graph.workspace", ["Workspace Lakeview"]),
        ("building32@contoso.example/microsoft.graph.roomlist/rooms", ROOMS),
        ("BUILDING32@contoso.example/graph.roomList/workspaces", ["Workspace Lakeview"]),
    ],
)
def test_places_are_listed_by_type_and_by_list(graph, path, found):
    assert names(graph("GET", f"/places/{path}")) == found


@pytest.mark.parametrize(("path", "number"), [("", 13), ("graph.room/", 5), ("microsoft.graph.roomList/", 1), ("graph.desk/", 2)])
def test_places_are_counted_as_plain_text(graph, path, number):
    answer = graph("GET", f"/places/{path}$count")
    assert (answer.body, answer.headers["content-type"]) == (number, "text/plain")


def test_a_list_of_places_has_a_hundred_to_a_page(graph):
    places = graph.tenant.state.places
    for number in range(150):
        places[f"desk-{number}"] = {**places[DESK], "id": f"desk-{number}", "displayName": f"Desk {number}"}
    first = graph("GET", "/places/graph.desk")
    assert len(first.body["value"]) == 100
    assert len(graph.everything(first)) == 152
    assert len(graph("GET", "/places/graph.desk?$top=7").body["value"]) == 7


@pytest.mark.parametrize("key", [ADAMS, ADAMS.upper(), "adams@contoso.example", "Adams@Contoso.Example"])
def test_a_room_is_found_by_its_id_or_its_address(graph, key):
    room = graph("GET", f"/places/{key}").body
    assert room["@odata.type"] == "#microsoft.graph.room"
    assert (room["id"], room["emailAddress"], room["displayName"]) == (ADAMS, "adams@contoso.example", "Conf Room Adams")
    assert (room["capacity"], room["building"], room["floorNumber"], room["bookingType"]) == (12, "Building 32", 1, "standard")
    assert room["parentId"] == FLOOR
    assert room["placeId"] not in ("", ADAMS)


def test_a_place_is_got_as_what_it_is_and_not_as_anything_else(graph):
    assert graph("GET", f"/places/{BUILDING}/graph.building").body["wifiState"] == "enabled"
    assert graph("GET", f"/places/{BUILDING}/graph.floor").status == 404


def test_the_rooms_of_a_list_are_found_by_its_address_and_not_by_its_id(graph):
    assert graph("GET", f"/places/{LIST}/microsoft.graph.roomlist/rooms").status == 404
    assert graph("GET", "/places/adams@contoso.example/microsoft.graph.roomlist/rooms").status == 404


def test_a_list_of_rooms_can_be_expanded(graph):
    for answer in (
        graph("GET", "/places/graph.roomList?$expand=rooms").body["value"][0],
        graph("GET", f"/places/{LIST}?$expand=rooms").body,
    ):
        assert [room["displayName"] for room in answer["rooms"]] == ROOMS


def test_only_what_is_selected_is_shown(graph):
    answer = graph("GET", "/places/graph.room?$select=displayName,capacity")
    assert answer.body["value"][0] == {"id": ADAMS, "displayName": "Conf Room Adams", "capacity": 12}
    assert graph("GET", "/places/graph.floor?$select=capacity").status == 400


def test_what_lies_in_a_place_is_found_to_any_depth(graph):
    everything = graph("GET", f"/places/{BUILDING}/descendants()")
    assert names(everything) == ["Floor 1", ROOMS[0], ROOMS[1], "Lakeside", "Workspace Lakeview", "Desk 1", "Desk 2", "Floor 2", *ROOMS[2:]]
    assert everything.body["value"][0]["@odata.type"] == "#microsoft.graph.floor"
    assert names(graph("GET", f"/places/{BUILDING}/descendants/microsoft.graph.desk")) == ["Desk 1", "Desk 2"]
    assert names(graph("GET", f"/places/{FLOOR}/descendants/graph.room")) == ROOMS[:2]
    assert names(graph("GET", f"/places/{ADAMS}/descendants")) == []


@pytest.mark.parametrize("kind", ["building", "floor", "section", "room", "workspace", "desk", "roomList"])
def test_what_lies_in_a_place_is_found_by_its_kind(graph, kind):
    everything = graph("GET", f"/places/{BUILDING}/descendants").body["value"]
    of_the_kind = [place["displayName"] for place in everything if place["@odata.type"] == f"#microsoft.graph.{kind}"]
    assert names(graph("GET", f"/places/{BUILDING}/descendants/graph.{kind}")) == of_the_kind


def test_a_room_is_changed_and_what_is_fixed_stays(graph):
    change = {
        "@odata.type": "microsoft.graph.room",
        "nickname": "Big one",
        "capacity": 50,
        "displayName": "Other",
        "tags": None,
        "label": "100",
    }
    changed = graph("PATCH", "/places/adams@contoso.example", change)
    assert changed.status == 200
    assert (changed.body["nickname"], changed.body["capacity"], changed.body["label"]) == ("Big one", 50, "100")
    assert (changed.body["displayName"], changed.body["tags"], changed.body["floorNumber"]) == ("Conf Room Adams", [], 1)
    assert graph("GET", f"/places/{ADAMS}").body == changed.body


def test_a_list_of_rooms_is_changed(graph):
    address = {"street": "4567 Main Street", "city": "Buffalo", "state": "NY", "postalCode": "98052", "countryOrRegion": "USA"}
    where = {"altitude": None, "latitude": 47.0, "longitude": -122.0, "accuracy": None, "altitudeAccuracy": None}
    change = {
        "@odata.type": "microsoft.graph.roomList",
        "displayName": "X",
        "phone": "555-555-0100",
        "address": address,
        "geoCoordinates": where,
    }
    changed = graph("PATCH", "/places/building32@contoso.example", change).body
    assert (changed["phone"], changed["address"], changed["geoCoordinates"]["latitude"]) == ("555-555-0100", address, 47.0)
    assert len(with_address(graph.tenant.state, "building32@contoso.example")["rooms"]) == 5


@pytest.mark.parametrize(
    ("key", "change", "code"),
    [
        (ADAMS, {"@odata.type": "microsoft.graph.building", "capacity": 1}, "ErrorInvalidRequest"),
        (ADAMS, {"capacity": "many"}, "RequestBodyRead"),
        (ADAMS, {"windows": 4}, "RequestBodyRead"),
        (BUILDING, {"capacity": 4}, "RequestBodyRead"),
        (ADAMS, {"parentId": BUILDING}, "ErrorInvalidRequest"),
        (DESK, {"parentId": None}, "ErrorInvalidRequest"),
        (BUILDING, {"parentId": FLOOR}, "ErrorInvalidRequest"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(graph, key, change, code):
    before = graph("GET", f"/places/{key}").body
    answer = graph("PATCH", f"/places/{key}", change)
    assert (answer.status, answer.code) == (400, code)
    assert graph("GET", f"/places/{key}").body == before


def test_a_building_is_raised_from_the_ground(graph):
    def make(kind, **more):
        answer = graph("POST", "/places", {"@odata.type": f"microsoft.graph.{kind}", **more})
        assert answer.status == 201, answer.body
        assert answer.body["@odata.type"] == f"#microsoft.graph.{kind}"
        return answer.body

    building = make("building", displayName="B001")
    floor = make("floor", displayName="F1", parentId=building["id"])
    section = make("section", displayName="S1", parentId=floor["id"])
    desk = make("desk", displayName="D1", parentId=section["id"])
    assert (desk["mode"], desk["placeId"]) == ({"@odata.type": "#microsoft.graph.dropInPlaceMode"}, desk["id"])
    room = make("room", displayName="Conf Room 4/3.3G11", parentId=floor["id"])
    assert room["emailAddress"].startswith("confroom433g11")
    assert room["bookingType"] == "standard"
    workspace = make("workspace", displayName="testSpace001", parentId=section["id"], tags=["test"])
    assert names(graph("GET", f"/places/{building['id']}/descendants")) == ["F1", "S1", "D1", "testSpace001", "Conf Room 4/3.3G11"]
    assert graph("GET", f"/places/{workspace['emailAddress']}").body["tags"] == ["test"]
    refused = graph("DELETE", f"/places/{section['id']}")
    assert (refused.status, refused.code) == (400, "ErrorInvalidRequest")
    assert graph("DELETE", f"/places/{desk['id']}").status == 204
    assert graph("GET", f"/places/{desk['id']}").status == 404


def test_a_new_room_has_a_mailbox_that_can_be_booked(graph):
    room = graph("POST", "/places", {"@odata.type": "#microsoft.graph.room", "displayName": "Olympic"}).body
    state = graph.tenant.state
    assert state.mailboxes[room["id"]]["events"] == {}
    assert state.users[state.find_user(room["emailAddress"])]["displayName"] == "Olympic"


@pytest.mark.parametrize(
    "body",
    [
        {"displayName": "X"},
        {"@odata.type": "microsoft.graph.castle", "displayName": "X"},
        {"@odata.type": "microsoft.graph.roomList", "displayName": "X"},
        {"@odata.type": "microsoft.graph.building"},
        {"@odata.type": "microsoft.graph.floor", "displayName": "X"},
        {"@odata.type": "microsoft.graph.floor", "displayName": "X", "parentId": FLOOR},
        {"@odata.type": "microsoft.graph.desk", "displayName": "X", "parentId": FLOOR},
        {"@odata.type": "microsoft.graph.building", "displayName": "X", "parentId": FLOOR},
    ],
)
def test_a_place_that_cannot_be_is_not_made(graph, body):
    answer = graph("POST", "/places", body)
    assert (answer.status, answer.code) == (400, "ErrorInvalidRequest")


@pytest.mark.parametrize("key", [ADAMS, LAKEVIEW, LIST])
def test_rooms_workspaces_and_lists_are_not_deleted(graph, key):
    assert graph("DELETE", f"/places/{key}").status == 400


def test_a_place_nobody_knows_is_not_found(graph):
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/descendants"), ("GET", "/graph.room")):
        answer = graph(method, f"/places/nowhere@contoso.example{path}", {})
        assert (answer.status, answer.code) == (404, "ErrorItemNotFound")


def test_looking_at_places_takes_no_permission_to_change_them():
    reader = Graph(new_tenant("contoso"), scopes=("Place.Read.All",))
    assert reader("GET", "/places/graph.room").status == 200
    assert reader("PATCH", f"/places/{ADAMS}", {"capacity": 1}).status == 403
    assert Graph(new_tenant("contoso"))("GET", "/places/graph.room").status == 403


def booked(graph) -> str:
    """The iCalUId of an event in the calendar of the room Adams."""
    adams = Graph(graph.tenant, user="adams@contoso.example")
    event = adams("POST", "/me/events", timed("Booked", "2026-12-01T10:00:00", "2026-12-01T11:00:00"))
    return event.body["iCalUId"]


def test_who_comes_checks_in_to_what_was_booked(graph):
    uid = booked(graph)
    claim = graph("POST", f"/places/{ADAMS}/checkIns", {"calendarEventId": uid, "checkInMethod": "Verified"})
    assert claim.status == 201
    assert (claim.body["calendarEventId"], claim.body["checkInMethod"]) == (uid, "verified")
    assert claim.body["createdDateTime"].endswith("Z")
    assert graph("GET", f"/places/{ADAMS}/checkIns/{uid}").body == claim.body
    assert graph("POST", f"/places/{ADAMS}/checkIns", {"calendarEventId": uid}).body["checkInMethod"] == "verified"
    assert "checkIns" not in graph("GET", f"/places/{ADAMS}").body


@pytest.mark.parametrize("body", [{}, {"calendarEventId": ""}, {"calendarEventId": "0400"}, {"checkInMethod": "verified"}])
def test_nobody_checks_in_to_what_was_not_booked(graph, body):
    booked(graph)
    assert graph("POST", f"/places/{ADAMS}/checkIns", body).status == 400
    assert graph("POST", f"/places/{DESK}/checkIns", body).status == 400
    assert graph("GET", f"/places/{ADAMS}/checkIns/0400").status == 404
    assert graph("GET", "/places/nowhere/checkIns/0400").status == 404


def test_the_seed_of_the_documentation_is_planted():
    page = (Path(__file__).parents[3] / "docs/reference/sandbox-availability.md").read_text()
    seed = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    graph = Graph(new_tenant(seed[1]), scopes=("Place.Read.All",))
    assert names(graph("GET", "/places/building32@contoso.example/graph.roomList/rooms")) == ["Conf Room Adams"]
    assert names(graph("GET", "/places/graph.floor")) == ["Floor 1"]
