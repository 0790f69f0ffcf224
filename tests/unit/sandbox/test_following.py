"""Following the directory: what is told of whom, and what is not."""

from __future__ import annotations

import pytest

from directory_caller import ALEX, administrator, bound, new_group, new_user, reference
from graph_caller import MEGAN, Graph, new_tenant


@pytest.fixture
def graph():
    return administrator(new_tenant())


def latest(graph, path) -> str:
    """A link to what changes from now on."""
    return graph("GET", f"{path}{'&' if '?' in path else '?'}$deltatoken=latest").body["@odata.deltaLink"]


def told(graph: Graph, link: str, prefer: str = "") -> dict[str, dict]:
    """All that the link leads to, by id."""
    items: dict[str, dict] = {}
    while link:
        answer = graph("GET", link, prefer=prefer)
        assert answer.status == 200, answer.body
        for item in answer.body["value"]:
            assert item["id"] not in items
            items[item["id"]] = item
        link = answer.body.get("@odata.nextLink", "")
    return items


def one(kind: str, object_id: str, *, gone: bool = False) -> dict:
    item = {"@odata.type": f"#microsoft.graph.{kind}", "id": object_id}
    return {**item, "@removed": {"reason": "deleted"}} if gone else item


def test_what_was_not_selected_is_not_told_when_it_changes(graph):
    link = latest(graph, "/users/delta?$select=displayName,jobTitle")
    graph("PATCH", f"/users/{ALEX}", {"city": "Berlin"})
    graph("PUT", f"/users/{ALEX}/manager/$ref", reference(MEGAN))
    assert told(graph, link) == {}
    graph("PATCH", f"/users/{ALEX}", {"jobTitle": "Director"})
    assert told(graph, link) == {ALEX: {"id": ALEX, "displayName": "Alex Wilber", "jobTitle": "Director"}}


def test_what_was_cleared_is_told_as_null_and_what_was_never_set_is_not(graph):
    graph("PATCH", f"/users/{ALEX}", {"jobTitle": "Director", "city": "Berlin"})
    link = latest(graph, "/users/delta?$select=jobTitle,mobilePhone")
    graph("PATCH", f"/users/{ALEX}", {"jobTitle": None})
    assert told(graph, link) == {ALEX: {"id": ALEX, "jobTitle": None}}
    made = new_user(graph)
    assert told(graph, link)[made["id"]] == {"id": made["id"]}


def test_only_what_changed_is_told_to_those_who_ask_for_less(graph):
    link = latest(graph, "/users/delta")
    graph("PATCH", f"/users/{ALEX}", {"jobTitle": "Director"})
    graph("PATCH", f"/users/{ALEX}", {"officeLocation": None, "city": "Berlin"})
    assert "displayName" in told(graph, link)[ALEX]
    assert told(graph, link, "return=minimal") == {ALEX: {"id": ALEX, "jobTitle": "Director", "officeLocation": None}}
    assert graph("GET", link, prefer="return=minimal").headers["preference-applied"] == "return=minimal"
    made = new_user(graph)
    assert told(graph, link, "return=minimal")[made["id"]]["displayName"] == "Aline Dupuy"


def test_managers_are_told_and_may_be_all_that_is_asked_for(graph):
    graph("PUT", f"/users/{ALEX}/manager/$ref", reference(MEGAN))
    first = graph("GET", "/users/delta?$select=manager").body
    assert {"id": ALEX, "manager@delta": [one("user", MEGAN)]} in first["value"]
    made = new_user(graph)
    graph("PUT", f"/users/{ALEX}/manager/$ref", reference(made["id"]))
    later = told(graph, first["@odata.deltaLink"])
    assert sorted(later[ALEX]["manager@delta"], key=str) == sorted([one("user", MEGAN, gone=True), one("user", made["id"])], key=str)
    link = latest(graph, "/users/delta")
    graph("DELETE", f"/users/{ALEX}/manager/$ref")
    assert told(graph, link)[ALEX]["manager@delta"] == [one("user", made["id"], gone=True)]


def test_owners_are_told_to_those_who_select_them(graph):
    made = new_group(graph)
    links = [latest(graph, "/groups/delta?$select=owners"), latest(graph, "/groups/delta"), latest(graph, "/groups/delta?$select=members")]
    graph("POST", f"/groups/{made['id']}/owners/$ref", reference(ALEX))
    owners, everything, members = (told(graph, link) for link in links)
    assert owners == {made["id"]: {"id": made["id"], "owners@delta": [one("user", ALEX)]}}
    assert (everything[made["id"]]["displayName"], members) == ("Ops", {})
    assert "owners@delta" not in everything[made["id"]]


def test_a_new_group_comes_with_its_members(graph):
    link = latest(graph, "/groups/delta")
    made = new_group(graph, **{"members@odata.bind": bound(ALEX)})
    assert told(graph, link)[made["id"]]["members@delta"] == [one("user", ALEX)]


def test_what_is_restored_is_back_where_it_was(graph):
    made = new_group(graph, "library", groupTypes=["Unified"], **{"members@odata.bind": bound(ALEX, MEGAN)})
    link = latest(graph, "/groups/delta")
    graph("DELETE", f"/users/{ALEX}")
    assert told(graph, link)[made["id"]]["members@delta"] == [one("user", ALEX, gone=True)]
    link = latest(graph, "/groups/delta")
    graph("POST", f"/directory/deletedItems/{ALEX}/restore")
    assert told(graph, link)[made["id"]]["members@delta"] == [one("user", ALEX)]
    link = latest(graph, "/groups/delta")
    graph("DELETE", f"/groups/{made['id']}/members/{ALEX}/$ref")
    graph("DELETE", f"/groups/{made['id']}")
    graph("POST", f"/directory/deletedItems/{made['id']}/restore")
    assert told(graph, link)[made["id"]]["members@delta"] == [one("user", MEGAN), one("user", ALEX, gone=True)]


def test_all_that_happened_to_a_group_is_told_on_whatever_page_it_comes(graph):
    made = new_group(graph)
    link = latest(graph, "/groups/delta")
    graph("POST", f"/groups/{made['id']}/members/$ref", reference(ALEX))
    others = [new_group(graph, f"g{number}")["id"] for number in range(130)]
    graph("POST", f"/groups/{made['id']}/members/$ref", reference(MEGAN))
    items = told(graph, link)
    assert list(items) == [*others, made["id"]]
    assert items[made["id"]]["members@delta"] == sorted([one("user", ALEX), one("user", MEGAN)], key=lambda item: item["id"])


def test_a_renamed_app_changes_its_service_principal(graph):
    app = graph("POST", "/applications", {"displayName": "Planner"}).body
    principal = graph("POST", "/servicePrincipals", {"appId": app["appId"]}).body["id"]
    link = latest(graph, "/servicePrincipals/delta?$select=appDisplayName")
    graph("PATCH", f"/applications/{app['id']}", {"displayName": "Day planner"})
    assert told(graph, link) == {principal: {"id": principal, "appDisplayName": "Day planner"}}
    link = latest(graph, "/applications/delta?$select=displayName")
    graph("POST", f"/applications/{app['id']}/addPassword")
    assert told(graph, link) == {}
