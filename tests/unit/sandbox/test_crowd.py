"""A crowd at small scale: believable, the same for the same seed, and sparing with memory."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from daypass_sandbox.tenant import Tenant
from graph_caller import NOW, Graph, StoppedClock, new_tenant

WINDOW = ("2026-11-16T00:00:00Z", "2026-12-14T00:00:00Z")


def crowded(chance=7, **said):
    document = {"like": "empty", "crowd": {"mailboxes": 6, "events": 200, "days": 30, **said}}
    return Tenant(clock=StoppedClock(NOW), chance=random.Random(chance), seed=json.dumps(document))


def crowd_of(tenant):
    return {one: user for one, user in tenant.state.users.items() if user["userPrincipalName"].startswith("crowd")}


@pytest.fixture(scope="module")
def tenant():
    return crowded()


def test_everybody_has_a_name_an_address_a_zone_and_so_many_events(tenant):
    people = crowd_of(tenant)
    assert [user["mail"] for user in people.values()] == [f"crowd000{number}@contoso.example" for number in range(1, 7)]
    assert all(len(user["displayName"].split()) == 2 for user in people.values())
    assert {len(tenant.state.mailboxes[one]["events"]) for one in people} == {200}
    assert len({tenant.state.mailboxes[one]["timeZone"] for one in people}) == 5


def test_their_events_are_of_all_kinds_and_lie_about_today(tenant):
    seen = Counter()
    for user in crowd_of(tenant).values():
        graph = Graph(tenant, user["mail"])
        for event in graph.everything(graph.view(*WINDOW, "&$top=200")):
            seen.update([event["type"], event["showAs"], event["sensitivity"], f"all day: {event['isAllDay']}"])
            assert event["organizer"]["emailAddress"]["address"] == user["mail"]
            assert "2026-11-15" <= event["start"]["dateTime"][:10] <= "2026-12-14"
    assert seen.keys() >= {"singleInstance", "occurrence", "busy", "free", "tentative", "oof", "workingElsewhere", "private", "normal"}
    assert seen["all day: True"] > 10
    assert seen["busy"] > seen["oof"] > 0


def test_ids_are_all_different(tenant):
    ids = [event[name] for one in crowd_of(tenant) for event in tenant.state.mailboxes[one]["events"].values() for name in ("id", "uid")]
    assert len(set(ids)) == len(ids) == 2400


def held(tenant, most=99):
    """What the crowd is and has, as JSON."""
    boxes = [tenant.state.mailboxes[one] for one in crowd_of(tenant)][:most]
    return json.dumps([list(crowd_of(tenant).values())[:most], *([box["calendars"], box["events"]] for box in boxes)])


def test_the_same_seed_gives_the_same_crowd_whatever_else_chance_gives(tenant):
    assert held(crowded(chance=1)) == held(crowded(chance=2))
    assert held(crowded(seed=1)) != held(crowded(seed=2))
    assert held(crowded(seed="one")) == held(crowded(seed="one"))


def test_a_larger_crowd_begins_with_the_same_people():
    assert held(crowded(mailboxes=7), 3) == held(crowded(mailboxes=3), 3)


def test_what_many_events_have_in_common_is_one_object(tenant):
    events = [event for one in crowd_of(tenant) for event in tenant.state.mailboxes[one]["events"].values() if "recurrence" not in event]
    assert len({id(event["start"]) for event in events}) == len({str(event["start"]) for event in events}) < len(events)


def test_a_change_of_one_event_is_a_change_of_no_other(tenant):
    graph = Graph(tenant, "crowd0002@contoso.example")
    before = held(tenant)
    event = graph("GET", "/me/events?$top=1&$filter=type eq 'singleInstance'").body["value"][0]
    graph("PATCH", f"/me/events/{event['id']}", {"location": {"displayName": "Moon base"}, "showAs": "oof", "attendees": []})
    after = held(tenant)
    assert after.count("Moon base") == before.count("Moon base") + 4, "as location and among the locations, each with its id"
    graph("DELETE", f"/me/events/{event['id']}")
    assert len(tenant.state.mailboxes[next(one for one in crowd_of(tenant) if one.endswith("2"))]["events"]) == 199


def test_nobody_in_the_crowd_is_asked_to_what_they_do_not_have(tenant):
    guests = {
        guest["emailAddress"]["address"]
        for one in crowd_of(tenant)
        for event in tenant.state.mailboxes[one]["events"].values()
        for guest in event.get("attendees", ())
    }
    assert guests
    assert not any(address.endswith("@contoso.example") for address in guests)


def test_no_index_is_built_before_a_mailbox_is_opened():
    tenant = crowded(mailboxes=300, events=100)
    assert Graph(tenant, "crowd0300@contoso.example").view(*WINDOW).status == 200


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"mailboxes": 10_001}, "at most 10000 mailboxes"),
        ({"mailboxes": 10_000, "events": 1000}, "2000000 events in all"),
        ({"mailboxes": -1}, "at most 10000 mailboxes"),
        ({"events": -1}, "events in all"),
        ({"days": 0}, "1 to 3650 days"),
        ({"mailboxes": "many"}, "'mailboxes' is not of the right type"),
        ({"people": 5}, "unknown member 'people'"),
    ],
)
def test_a_crowd_that_makes_no_sense_is_refused(said, complaint):
    with pytest.raises(ValueError, match=complaint):
        crowded(**said)


def test_a_crowd_may_be_nobody_or_have_nothing_to_do():
    assert crowd_of(crowded(mailboxes=0)) == {}
    idle = crowded(events=0)
    assert [len(idle.state.mailboxes[one]["events"]) for one in crowd_of(idle)] == [0] * 6


def test_a_crowd_needs_both_its_numbers():
    with pytest.raises(ValueError, match="crowd lacks 'events'"):
        new_tenant(json.dumps({"like": "empty", "crowd": {"mailboxes": 1}}))
