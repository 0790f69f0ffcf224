from __future__ import annotations

import pytest

from directory_caller import ALEX, NOBODY, administrator, new_group, new_user
from entra_caller import Entra, refusal
from graph_caller import Graph, new_tenant


@pytest.fixture
def graph():
    return administrator(new_tenant())


def listed(graph, kind):
    return [item["id"] for item in graph("GET", f"/directory/deletedItems/microsoft.graph.{kind}").body["value"]]


def test_a_user_comes_back_with_mailbox_and_groups(graph):
    alex = Graph(graph.tenant, "alex", scopes=("Calendars.ReadWrite", "User.Read"))
    event = alex.create(
        subject="Lunch",
        start={"dateTime": "2026-12-01T12:00:00", "timeZone": "UTC"},
        end={"dateTime": "2026-12-01T13:00:00", "timeZone": "UTC"},
    )
    groups = graph("GET", f"/users/{ALEX}/memberOf").body["value"]
    graph("DELETE", f"/users/{ALEX}")
    assert listed(graph, "user") == [ALEX]
    assert (
        graph("GET", f"/directory/deletedItems/{ALEX}?$select=displayName,deletedDateTime").body["deletedDateTime"]
        == "2026-11-25T18:00:00Z"
    )
    restored = graph("POST", f"/directory/deletedItems/{ALEX}/restore")
    assert (restored.status, restored.body["displayName"]) == (200, "Alex Wilber")
    assert listed(graph, "user") == []
    assert alex("GET", f"/me/events/{event['id']}").body["subject"] == "Lunch"
    assert graph("GET", f"/users/{ALEX}/memberOf").body["value"] == groups


def test_a_name_that_was_taken_meanwhile_stands_in_the_way(graph):
    graph("DELETE", f"/users/{ALEX}")
    new_user(graph, "Alex")
    assert graph("POST", f"/directory/deletedItems/{ALEX}/restore").body["error"]["details"][0]["code"] == "ObjectConflict"


def test_after_thirty_days_or_a_second_deletion_it_is_too_late(graph):
    made = new_group(graph, "library", groupTypes=["Unified"])
    graph("DELETE", f"/groups/{made['id']}")
    graph("DELETE", f"/users/{ALEX}")
    assert listed(graph, "group") == [made["id"]]
    assert graph("DELETE", f"/directory/deletedItems/{made['id']}").status == 204
    assert graph("POST", f"/directory/deletedItems/{made['id']}/restore").status == 404
    graph.tenant.clock.advance(30 * 86400)
    assert graph("POST", f"/directory/deletedItems/{ALEX}/restore").code == "Request_ResourceNotFound"
    assert listed(graph, "user") == []
    assert graph("GET", f"/directory/deletedItems/{NOBODY}").status == 404


def test_an_app_comes_back_and_signs_in_again(graph):
    app = graph("POST", "/applications", {"displayName": "Board", "isFallbackPublicClient": True}).body
    own = graph("POST", "/servicePrincipals", {"appId": app["appId"]}).body
    graph("DELETE", f"/applications/{app['id']}")
    entra = Entra(graph.tenant.handle, client_id=app["appId"])
    assert refusal(entra.device_code())[2] == [700016]
    assert graph("POST", f"/directory/deletedItems/{own['id']}/restore").code == "Request_BadRequest"
    assert graph("POST", f"/directory/deletedItems/{app['id']}/restore").status == 200
    assert graph("POST", f"/directory/deletedItems/{own['id']}/restore").status == 200
    assert entra.sign_in("User.Read")["access_token"]
