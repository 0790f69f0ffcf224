from __future__ import annotations

import pytest

from graph_caller import MEGAN, Graph, series, timed

ONLINE = timed("Prep", "2026-12-01T10:00:00", "2026-12-01T11:00:00", isOnlineMeeting=True)


def allow(graph: Graph, *providers: str) -> None:
    for calendar in graph.tenant.state.mailboxes[MEGAN]["calendars"].values():
        calendar |= {
            "allowedOnlineMeetingProviders": list(providers),
            "defaultOnlineMeetingProvider": providers[0] if providers else "unknown",
        }


@pytest.mark.parametrize("provider", ["teamsForBusiness", "TeamsForBusiness", "unknown", None])
def test_a_meeting_is_held_by_the_named_provider_or_by_the_default_one(graph, provider):
    event = graph.create(**ONLINE, onlineMeetingProvider=provider)
    assert (event["isOnlineMeeting"], event["onlineMeetingProvider"]) == (True, "teamsForBusiness")
    assert event["onlineMeeting"]["joinUrl"] in event["body"]["content"]


@pytest.mark.parametrize(
    ("allowed", "wish"),
    [
        ((), {"isOnlineMeeting": True}),
        (("teamsForBusiness",), {"isOnlineMeeting": True, "onlineMeetingProvider": "skypeForBusiness"}),
        (("teamsForBusiness",), {"onlineMeetingProvider": "teamsForBusiness"}),
        (("teamsForBusiness",), {"isOnlineMeeting": False, "onlineMeetingProvider": "teamsForBusiness"}),
    ],
)
def test_a_wish_that_the_calendar_does_not_allow_is_passed_over(graph, allowed, wish):
    allow(graph, *allowed)
    event = graph.create(**{**ONLINE, "isOnlineMeeting": None, **wish})
    assert (event["isOnlineMeeting"], event["onlineMeetingProvider"], event["onlineMeeting"]) == (False, "unknown", None)


def test_a_meeting_by_skype_is_refused_by_name_where_the_calendar_allows_it(graph):
    allow(graph, "teamsForBusiness", "skypeForBusiness")
    refused = graph("POST", "/me/events", {**ONLINE, "onlineMeetingProvider": "skypeForBusiness"})
    assert (refused.status, refused.code) == (501, "notImplemented")


def test_a_plain_event_is_made_an_online_meeting_later(graph):
    event = graph.create(**{**ONLINE, "isOnlineMeeting": False, "body": {"contentType": "text", "content": "Agenda"}})
    wish = {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
    changed = graph("PATCH", f"/me/events/{event['id']}", wish).body
    assert changed["onlineMeeting"]["joinUrl"].startswith("https://teams.microsoft.com/l/meetup-join/")
    assert "Agenda" in changed["body"]["content"]


@pytest.mark.parametrize("undone", [{"isOnlineMeeting": False}, {"onlineMeetingProvider": "skypeForBusiness"}, {"isOnlineMeeting": None}])
def test_an_online_meeting_cannot_be_undone_nor_its_provider_changed(graph, undone):
    event = graph.create(**ONLINE)
    changed = graph("PATCH", f"/me/events/{event['id']}", undone).body
    kept = ("isOnlineMeeting", "onlineMeetingProvider", "onlineMeeting")
    assert {name: changed[name] for name in kept} == {name: event[name] for name in kept}


def test_the_link_survives_a_body_that_was_read_as_text_and_is_written_back(graph):
    event = graph.create(**ONLINE)
    path = f"/me/events/{event['id']}"
    text = graph("GET", path, prefer='outlook.body-content-type="text"').body["body"]
    assert text["content"].endswith(f"Join the meeting now<{event['onlineMeeting']['joinUrl']}>")
    kept = graph("PATCH", path, {"body": {**text, "content": text["content"] + "\nBring coffee"}}).body
    assert kept["onlineMeeting"] == event["onlineMeeting"]
    assert "https" not in graph("GET", path).body["bodyPreview"].partition("Bring")[2]


def test_the_link_is_lost_with_the_body_that_bore_it_and_a_new_meeting_gets_another(graph):
    event = graph.create(**ONLINE)
    path = f"/me/events/{event['id']}"
    lost = graph("PATCH", path, {"body": {"contentType": "html", "content": "<p>Agenda</p>"}}).body
    assert (lost["isOnlineMeeting"], lost["onlineMeeting"], lost["onlineMeetingProvider"]) == (False, None, "unknown")
    again = graph("PATCH", path, {"isOnlineMeeting": True}).body
    assert again["onlineMeeting"]["joinUrl"] != event["onlineMeeting"]["joinUrl"]


def test_all_occurrences_meet_at_one_link_and_one_may_lose_it(graph):
    graph.create(**{**series("Stand-up", "2026-12-01T09:00:00", "2026-12-01T09:15:00", {"type": "daily"}), "isOnlineMeeting": True})
    window = ("2026-12-01T00:00:00Z", "2026-12-04T00:00:00Z")
    first, second, third = graph.view(*window).body["value"]
    assert first["onlineMeeting"] == second["onlineMeeting"] == third["onlineMeeting"]
    assert first["onlineMeeting"]["joinUrl"]
    graph("PATCH", f"/me/events/{second['id']}", {"body": {"contentType": "text", "content": "In the garden"}})
    assert [event["isOnlineMeeting"] for event in graph.view(*window).body["value"]] == [True, False, True]


def test_links_in_a_body_are_told_in_its_text_and_not_in_its_preview(graph):
    content = (
        '<p>See <a href="https://contoso.example/a">the plan</a> and <a href="https://contoso.example/b">https://contoso.example/b</a></p>'
    )
    event = graph.create(**{**ONLINE, "isOnlineMeeting": False, "body": {"contentType": "html", "content": content}})
    assert event["bodyPreview"] == "See the plan and https://contoso.example/b"
    text = graph("GET", f"/me/events/{event['id']}", prefer='outlook.body-content-type="text"').body["body"]["content"]
    assert text == "See the plan<https://contoso.example/a> and https://contoso.example/b"
