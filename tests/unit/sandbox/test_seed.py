from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from daypass_sandbox.seeds import document, planting
from graph_caller import MEGAN, NOW, PACIFIC, Graph, new_tenant

A_DAY = 86400


def instant(days: float, now: float = NOW) -> str:
    return datetime.fromtimestamp(now + days * A_DAY, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def week_of(tenant, now: float = NOW) -> list[dict]:
    graph = Graph(tenant)
    return graph.everything(graph.view(instant(-7, now), instant(14, now), "&$top=50"))


@pytest.fixture(scope="module")
def three_weeks():
    return week_of(new_tenant("contoso"))


def planted(**document) -> list[dict]:
    tenant = new_tenant(json.dumps({"like": "empty", **document}))
    return week_of(tenant)


def test_contoso_shows_every_kind_of_event(three_weeks):
    kinds = Counter(event["type"] for event in three_weeks)
    assert kinds["exception"] == 1
    assert kinds["occurrence"] > 15
    assert kinds["singleInstance"] > 25
    assert {event["sensitivity"] for event in three_weeks} == {"normal", "personal", "private", "confidential"}
    assert {event["responseStatus"]["response"] for event in three_weeks} == {
        "organizer",
        "accepted",
        "tentativelyAccepted",
        "declined",
        "none",
    }
    assert {event["showAs"] for event in three_weeks} == {"free", "tentative", "busy", "oof", "workingElsewhere"}
    assert any(event["isCancelled"] and event["subject"].startswith("Canceled: ") for event in three_weeks)
    assert any(event["isAllDay"] and event["end"]["dateTime"][8:10] != event["start"]["dateTime"][8:10] for event in three_weeks)
    assert {"Tokyo Standard Time", "W. Europe Standard Time"} < {event["originalStartTimeZone"] for event in three_weeks}
    assert all(event["onlineMeeting"]["joinUrl"] in event["body"]["content"] for event in three_weeks if event["isOnlineMeeting"])
    assert any(event["isOnlineMeeting"] for event in three_weeks)


def test_one_stand_up_was_moved_and_one_dropped(three_weeks):
    local = Graph(new_tenant("contoso"))
    days = local.everything(
        local.view(instant(0), instant(9), "&$top=50", prefer=f'outlook.timezone="{PACIFIC}"'), prefer=f'outlook.timezone="{PACIFIC}"'
    )
    stand_ups = sorted(event["start"]["dateTime"][:16] for event in days if event["subject"].startswith("Marketing stand-up"))
    assert stand_ups == [
        "2026-11-26T09:15",
        "2026-11-27T10:30",
        "2026-11-30T09:15",
        "2026-12-02T09:15",
        "2026-12-03T09:15",
        "2026-12-04T09:15",
    ]


@pytest.mark.parametrize("days", range(7))
def test_on_every_day_of_the_week_more_than_twenty_events_are_ahead(days):
    now = NOW + days * A_DAY
    graph = Graph(new_tenant("contoso", now))
    assert graph.view(instant(0, now), instant(7, now), "&$count=true").body["@odata.count"] > 20


def test_the_same_clock_and_chance_give_the_same_tenant():
    assert new_tenant("contoso").state.to_json() == new_tenant("contoso").state.to_json()


def test_a_meeting_has_one_id_in_the_mailboxes_of_all_who_are_asked():
    tenant = new_tenant("contoso")
    reviews = [
        {event["iCalUId"] for event in week_of_user if event["subject"] == "Offsite: closing"}
        for week_of_user in (
            Graph(tenant, user).view(instant(-7), instant(14), "&$top=100").body["value"] for user in ("megan", "alex", "miriam")
        )
    ]
    assert reviews[0] == reviews[1] == reviews[2] != set()


def test_a_guest_sees_their_own_answer_and_the_organizer_sees_all():
    tenant = new_tenant("contoso")
    window = (instant(-7), instant(14), "&$top=100")
    declined = next(event for event in Graph(tenant, "megan").view(*window).body["value"] if event["subject"] == "Budget, second round")
    organized = next(event for event in Graph(tenant, "pradeep").view(*window).body["value"] if event["subject"] == "Budget, second round")
    assert (declined["responseStatus"]["response"], declined["showAs"], declined["isOrganizer"]) == ("declined", "free", False)
    assert (organized["responseStatus"]["response"], organized["isOrganizer"]) == ("organizer", True)
    answers = {guest["emailAddress"]["name"]: guest["status"]["response"] for guest in organized["attendees"]}
    assert answers == {"Megan Bowen": "declined", "Nestor Wilke": "accepted"}


def test_the_empty_seed_has_the_same_people_and_no_events():
    empty, contoso = new_tenant("empty"), new_tenant("contoso")
    assert empty.state.users == contoso.state.users
    assert all(not mailbox["events"] for mailbox in empty.state.mailboxes.values())
    assert len(empty.state.users) == 21


def test_a_snapshot_of_a_seeded_tenant_is_plain_json():
    state = new_tenant("contoso").state
    assert json.loads(json.dumps(state.to_json())) == state.to_json()


def test_a_seed_of_ones_own_adds_events_to_known_people():
    events = planted(events=[{"subject": "Mine", "organizer": "megan", "day": 1, "at": "07:30", "minutes": 15, "zone": "UTC"}])
    assert [(event["subject"], event["start"]["dateTime"]) for event in events] == [("Mine", "2026-11-26T07:30:00.0000000")]


def test_a_seed_of_ones_own_can_bring_its_own_people():
    person = {"id": MEGAN, "displayName": "Megan Bowen", "userPrincipalName": "megan@contoso.example"}
    document = {"zone": "UTC", "people": {"megan": person}, "events": []}
    tenant = new_tenant(json.dumps(document))
    assert list(tenant.state.users) == [MEGAN]
    assert tenant.state.users[MEGAN]["mail"] == "megan@contoso.example"


OLYMPIC = {"id": "r1", "displayName": "Olympic", "userPrincipalName": "olympic@contoso.example", "x-room": {"capacity": 3}}
SPACE = {"id": "w1", "displayName": "Space", "userPrincipalName": "space@contoso.example", "x-room": {"type": "workspace"}}


def test_rooms_of_a_seed_lie_where_its_places_say():
    places = {
        "hq": {"type": "building", "displayName": "HQ", "label": "1"},
        "ground": {"type": "floor", "displayName": "Ground", "parent": "hq", "rooms": ["olympic"]},
        "wing": {"type": "section", "displayName": "Wing", "parent": "ground", "workspaces": ["space"]},
        "all": {"type": "roomList", "displayName": "All", "emailAddress": "all@contoso.example", "rooms": ["olympic"]},
    }
    tenant = new_tenant(json.dumps({"like": "empty", "rooms": {"olympic": OLYMPIC, "space": SPACE}, "places": places}))
    graph = Graph(tenant, scopes=("Place.Read.All",))
    room, building = (graph("GET", f"/places/graph.{kind}").body["value"][0] for kind in ("room", "building"))
    assert (room["displayName"], room["capacity"], building["label"]) == ("Olympic", 3, "1")
    below = graph("GET", f"/places/{building['id']}/descendants").body["value"]
    assert [place["displayName"] for place in below] == ["Ground", "Olympic", "Wing", "Space"]
    assert graph("GET", "/places/all@contoso.example/graph.roomList/rooms").body["value"] == [room]


def test_rooms_of_ones_own_lie_in_no_place_of_the_seed_that_one_is_like():
    tenant = new_tenant(json.dumps({"like": "contoso", "rooms": {"olympic": OLYMPIC}, "events": []}))
    assert [place["type"] for place in tenant.state.places.values()] == ["room"]


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ({"x": {"displayName": "X"}}, "places.x lacks 'type'"),
        ({"x": {"type": "castle", "displayName": "X"}}, "the type 'castle' is none of"),
        ({"x": {"type": "room", "displayName": "X"}}, "the type 'room' is none of"),
        ({"x": {"type": "floor", "displayName": "X", "parent": "y"}}, "'y' is no place before this one that it may lie in (building)"),
        ({"x": {"type": "floor", "displayName": "X", "rooms": ["nobody"]}}, "'nobody' is nobody of this seed"),
        ({"x": {"type": "floor", "displayName": "X", "rooms": ["megan"]}}, "one of its rooms is no room"),
        ({"x": {"type": "building", "displayName": "X", "rooms": ["adams"]}}, "a room can't lie in a building"),
        ({"x": {"type": "building", "displayName": "X", "windows": 4}}, "'windows'"),
    ],
)
def test_a_place_that_makes_no_sense_is_refused_with_its_name(places, said):
    with pytest.raises(ValueError, match=r"^places") as refusal:
        new_tenant(json.dumps({"like": "empty", "places": places}))
    assert said in str(refusal.value)


def test_a_room_of_a_type_that_is_none_is_refused():
    rooms = {"olympic": {**OLYMPIC, "x-room": {"type": "castle"}}}
    with pytest.raises(ValueError, match=r"people\.olympic\.x-room: the type of a room is one of room, workspace"):
        new_tenant(json.dumps({"like": "empty", "rooms": rooms}))


def test_an_organizer_from_elsewhere_has_no_mailbox_here():
    outside = {"name": "Robin Counts", "address": "robin@fabrikam.example"}
    events = planted(
        events=[{"subject": "Visit", "organizer": outside, "day": 1, "at": "10:00", "minutes": 30, "attendees": {"megan": "none"}}]
    )
    assert events[0]["organizer"]["emailAddress"] == outside
    assert events[0]["isOrganizer"] is False


def test_a_numbered_series_ends():
    spec = {"subject": "Course", "organizer": "megan", "day": 0, "at": "06:00", "minutes": 30, "repeat": {"type": "daily"}, "times": 3}
    assert len(planted(events=[spec])) == 3


def test_working_days_skip_the_weekend_in_both_directions():
    spec = {"subject": "X", "organizer": "megan", "days": 1}
    found = planted(events=[{**spec, "workday": number} for number in (-3, 0, 3)])
    assert [event["start"]["dateTime"][:10] for event in found] == ["2026-11-20", "2026-11-25", "2026-11-30"]


def test_on_a_weekend_today_is_the_monday_to_come():
    saturday = datetime(2026, 11, 28, 18, tzinfo=UTC).timestamp()
    document = {"like": "empty", "events": [{"subject": "X", "organizer": "megan", "days": 1, "workday": 0}]}
    tenant = new_tenant(json.dumps(document), saturday)
    assert [event["start"]["dateTime"][:10] for event in week_of(tenant, saturday)] == ["2026-11-30"]


A_MEETING = {"subject": "X", "organizer": "megan", "workday": 0, "at": "10:00", "minutes": 30}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("nowhere", "there is no seed 'nowhere'"),
        ("/etc/passwd", "there is no seed '/etc/passwd'"),
        ("{", "not valid JSON"),
        ({"peple": {}}, "unknown member 'peple'"),
        ({"like": "fabrikam"}, "'fabrikam'"),
        ({"events": {}}, "'events' is not of the right type"),
        ({"events": ["x"]}, "events[0] is not a JSON object"),
        ({"events": [{"organizer": "megan"}]}, "events[0] lacks 'subject'"),
        ({"events": [{**A_MEETING, "organizer": "nobody"}]}, "'nobody' is nobody"),
        ({"events": [{**A_MEETING, "organizer": 5}]}, "'organizer' is not of the right type"),
        ({"events": [{**A_MEETING, "organizer": {"name": "X"}}]}, "lacks 'address'"),
        ({"events": [{**A_MEETING, "attendees": {"alex": "perhaps"}}]}, "'perhaps'"),
        ({"events": [{**A_MEETING, "attendees": {"nobody": "accepted"}}]}, "'nobody'"),
        ({"events": [{**A_MEETING, "room": "cellar"}]}, "'cellar'"),
        ({"events": [{**A_MEETING, "at": "ten"}]}, "no time of day such as 09:15"),
        ({"events": [{**A_MEETING, "minutes": "30"}]}, "'minutes' is not of the right type"),
        ({"events": [{"subject": "X", "organizer": "megan", "workday": 0}]}, "'days'"),
        ({"events": [{"subject": "X", "organizer": "megan", "days": 1}]}, "'workday' or 'day'"),
        ({"events": [{**A_MEETING, "zone": "Mars/Olympus"}]}, "Mars/Olympus"),
        ({"events": [{**A_MEETING, "subjet": "X"}]}, "'subjet'"),
        ({"events": [{**A_MEETING, "repeat": {"type": "hourly"}}]}, "events[0] (X)"),
        ({"events": [{**A_MEETING, "repeat": {"type": "daily"}, "dropped": [-5]}]}, "no occurrence on 2026-11-18"),
        (
            {"events": [{**A_MEETING, "repeat": {"type": "weekly"}, "changed": [{"workday": 1, "at": "11:00"}]}]},
            "no occurrence on 2026-11-26",
        ),
        ({"events": [{**A_MEETING, "calendar": "Secret"}]}, "'Secret'"),
        ({"events": [{**A_MEETING, "repeat": {"type": "daily"}, "dropped": ["x"]}]}, "'dropped' is not of the right type"),
        ({"events": [{**A_MEETING, "workday": 10**9}]}, "events[0]: there is no day"),
        ({"events": [{**A_MEETING, "minutes": 10**15}]}, "events[0] (X)"),
        ({"events": [{**A_MEETING, "attendees": ["alex"]}]}, "'attendees' is not of the right type"),
        ({"people": {"x": 5}, "events": []}, "people.x is not a JSON object"),
        ({"people": {"x": {"displayName": "X", "userPrincipalName": "x@contoso.example"}}, "events": []}, "people.x lacks 'id'"),
        ({"zone": "Mars/Olympus", "events": []}, "Mars/Olympus"),
        ({"people": {"x": {"id": "1", "displayName": "X", "userPrincipalName": "x@y", "timeZone": "Nowhere"}}, "events": []}, "Nowhere"),
    ],
)
def test_a_malformed_seed_is_refused_with_its_place(document, said):
    text = document if isinstance(document, str) else json.dumps({"like": "empty", **document})
    tenant = new_tenant("empty")
    with pytest.raises(ValueError, match=re.escape(said)):
        tenant.reset(text)
    assert MEGAN in tenant.state.users


def test_built_in_seeds_are_documents_of_the_form():
    assert set(document.BUILT_IN) == {"contoso", "empty"}
    assert all(planting.read(name)["people"]["megan"]["displayName"] == "Megan Bowen" for name in document.BUILT_IN)


def test_the_seed_follows_the_clock():
    later = NOW + timedelta(days=365).total_seconds()
    assert len(week_of(new_tenant("contoso", later), later)) > 40
