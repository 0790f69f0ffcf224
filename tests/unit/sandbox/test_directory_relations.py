"""Who belongs to whom is listed, counted, cast and referred to in the same way wherever the directory has it."""

from __future__ import annotations

import pytest

from directory_caller import ALEX, EVENTUAL, administrator, new_group, reference
from graph_caller import MEGAN, new_tenant

KINDS = {"microsoft.graph.user": "#microsoft.graph.user", "microsoft.graph.group": "#microsoft.graph.group"}
RELATIONS = [
    *("/groups/{inner}/members", "/groups/{inner}/owners", "/groups/{outer}/transitiveMembers"),
    *("/groups/{inner}/memberOf", "/groups/{inner}/transitiveMemberOf"),
    *("/users/{alex}/memberOf", "/users/{alex}/transitiveMemberOf"),
]


@pytest.fixture
def graph():
    return administrator(new_tenant())


@pytest.fixture
def ids(graph):
    """A group with Alex in it, within another."""
    inner, outer = new_group(graph, "inner")["id"], new_group(graph, "outer")["id"]
    graph("POST", f"/groups/{inner}/members/$ref", reference(ALEX))
    graph("POST", f"/groups/{inner}/owners/$ref", reference(MEGAN))
    graph("POST", f"/groups/{outer}/members/$ref", reference(inner))
    return {"inner": inner, "outer": outer, "alex": ALEX}


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_relation_is_counted_and_cast(graph, ids, relation):
    path = relation.format(**ids)
    listed = graph("GET", path).body["value"]
    assert listed
    assert graph("GET", f"{path}/$count", headers=EVENTUAL).body == len(listed)
    for cast, kind in KINDS.items():
        of_that_kind = [one["id"] for one in listed if one["@odata.type"] == kind]
        answer = graph("GET", f"{path}/{cast}?$count=true", headers=EVENTUAL)
        assert answer.status == 200, answer.body
        assert [one["id"] for one in answer.body["value"]] == of_that_kind
        assert graph("GET", f"{path}/{cast}/$count", headers=EVENTUAL).body == len(of_that_kind)


def test_owners_are_referred_to(graph, ids):
    (owner,) = graph("GET", f"/groups/{ids['inner']}/owners/$ref").body["value"]
    assert MEGAN in owner["@odata.id"]


def test_reports_are_counted(graph):
    graph("PUT", f"/users/{ALEX}/manager/$ref", reference(MEGAN))
    assert graph("GET", f"/users/{MEGAN}/directReports/$count", headers=EVENTUAL).body == len(
        graph("GET", f"/users/{MEGAN}/directReports").body["value"]
    )


def test_the_organisation_is_found_by_its_id(graph):
    (one,) = graph("GET", "/organization").body["value"]
    assert graph("GET", f"/organization/{one['id']}").body["displayName"] == one["displayName"]
