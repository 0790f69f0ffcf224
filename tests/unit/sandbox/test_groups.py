from __future__ import annotations

import pytest

from daypass_sandbox.directory.lists import members_of
from directory_caller import ALEX, EVENTUAL, NOBODY, App, administrator, bound, new_group, new_user, reference
from graph_caller import MEGAN, Graph, new_tenant

UNIFIED = {"groupTypes": ["Unified"], "description": "Self help community for library"}


@pytest.fixture
def tenant():
    """A tenant without groups."""
    tenant = new_tenant()
    tenant.state.groups.clear()
    return tenant


@pytest.fixture
def contoso():
    return administrator(new_tenant())


@pytest.fixture
def graph(tenant):
    return administrator(tenant)


def ids(answer):
    return [item["id"] for item in answer.body["value"]]


# --- creating


def test_a_microsoft_365_group_has_an_address_a_mailbox_and_an_owner(graph, tenant):
    made = new_group(graph, "library", **UNIFIED)
    assert (made["mail"], made["proxyAddresses"]) == ("library@contoso.example", ["SMTP:library@contoso.example"])
    assert (made["visibility"], made["createdDateTime"]) == ("Public", "2026-11-25T18:00:00Z")
    assert next(iter(tenant.state.mailboxes[made["id"]]["calendars"].values()))["isDefaultCalendar"]
    assert ids(graph("GET", f"/groups/{made['id']}/owners")) == [MEGAN]
    assert not [name for name in made if name.startswith("x-")]


def test_a_security_group_has_neither(graph, tenant):
    made = new_group(graph, "secret")
    assert (made["mail"], made["visibility"], made["id"] in tenant.state.mailboxes) == (None, "Private", False)
    assert ids(graph("GET", f"/groups/{made['id']}/owners")) == []


def test_members_and_owners_may_come_with_the_group(graph):
    made = new_group(graph, **{"members@odata.bind": bound(ALEX, MEGAN), "owners@odata.bind": bound("alex@contoso.example")})
    assert ids(graph("GET", f"/groups/{made['id']}/members")) == [ALEX, MEGAN]
    assert ids(graph("GET", f"/groups/{made['id']}/owners")) == [ALEX]
    assert graph("POST", "/groups", {"members@odata.bind": bound(NOBODY)}).status == 404
    assert graph("POST", "/groups", {"members@odata.bind": "x"}).code == "Request_BadRequest"


WHOLE = {"displayName": "Ops", "mailNickname": "ops", "mailEnabled": False, "securityEnabled": True}


@pytest.mark.parametrize("lacking", list(WHOLE))
def test_what_a_group_must_have_is_named(graph, lacking):
    answer = graph("POST", "/groups", {name: value for name, value in WHOLE.items() if name != lacking})
    assert answer.message == f"A value is required for property '{lacking}' of resource 'Group'."


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"mailEnabled": True}, 400),
        ({"securityEnabled": False}, 400),
        ({"groupTypes": ["Unified"]}, 400),
        ({"groupTypes": ["Other"]}, 400),
        ({"groupTypes": ["DynamicMembership"], "membershipRule": "user.department -eq 'Marketing'"}, 501),
        ({"visibility": "HiddenMembership"}, 400),
        ({"visibility": "Secret"}, 400),
        ({"isAssignableToRole": True, "securityEnabled": False, "groupTypes": ["Unified"], "mailEnabled": True}, 400),
        ({"mailNickname": "with blank"}, 400),
        ({"mailNickname": "with@sign"}, 400),
        ({"mailNickname": "x" * 65}, 400),
        ({"description": "x" * 1025}, 400),
        ({"createdDateTime": "2026-01-01T00:00:00Z"}, 400),
        ({"shoeSize": 44}, 400),
        ({"graphlearn_courses": {"courseId": "123"}}, 501),
        ({"isAssignableToRole": True}, 201),
    ],
)
def test_which_groups_can_be_made(graph, change, status):
    answer = graph("POST", "/groups", {**WHOLE, **change})
    assert answer.status == status, answer.body
    assert status != 400 or answer.code == "Request_BadRequest"


def test_two_groups_cannot_have_the_same_address(graph):
    new_group(graph, "library", **UNIFIED)
    again = graph(
        "POST", "/groups", {"displayName": "B", "mailNickname": "LIBRARY", "mailEnabled": True, "securityEnabled": False, **UNIFIED}
    )
    assert again.message == "Another object with the same value for property mailNickname already exists."
    assert again.body["error"]["details"][0]["code"] == "ObjectConflict"


# --- reading


def test_a_group_is_listed_counted_and_read(graph):
    made = new_group(graph, "library", **UNIFIED)
    assert made["id"] in ids(graph("GET", "/groups?$select=id"))
    assert graph("GET", f"/groups/{made['id']}?$select=displayName").body["displayName"] == "Library"
    assert graph("GET", "/groups?$count=true", headers=EVENTUAL).body["@odata.count"] == len(graph.tenant.state.groups)
    assert graph("GET", f"/groups/{NOBODY}").code == "Request_ResourceNotFound"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("$filter=groupTypes/any(c:c eq 'Unified')", {"Marketing", "Spring launch"}),
        ("$filter=groupTypes/any(c:c+eq+'Unified')", {"Marketing", "Spring launch"}),
        ("$filter=securityEnabled eq true", {"Building 32 access"}),
        ("$filter=NOT(groupTypes/any(c:c eq 'Unified')) and mailEnabled eq true&$count=true", {"All managers"}),
        ("$filter=mail eq 'marketing@contoso.example'", {"Marketing"}),
        ("$filter=hasMembersWithLicenseErrors eq true&$count=true", set()),
        ("$filter=assignedLicenses/any()", set()),
        ('$search="displayName:spring" OR "description:doors"&$orderby=displayName&$count=true', {"Spring launch", "Building 32 access"}),
    ],
)
def test_groups_are_found_by_what_they_have(contoso, query, expected):
    answer = contoso("GET", f"/groups?{query}", headers=EVENTUAL)
    assert answer.status == 200, answer.message
    assert {group["displayName"] for group in answer.body["value"]} == expected


def test_the_seed_has_groups_of_every_kind_and_managers(contoso):
    kinds = {group["displayName"]: (group["mail"], group["securityEnabled"]) for group in contoso("GET", "/groups").body["value"]}
    assert kinds == {
        "Marketing": ("marketing@contoso.example", False),
        "Spring launch": ("spring-launch@contoso.example", False),
        "Building 32 access": (None, True),
        "All managers": ("managers@contoso.example", False),
    }
    assert ALEX in members_of(contoso.tenant.state, "marketing@contoso.example")
    assert contoso("GET", "/me/manager").body["displayName"] == "Miriam Graham"
    assert {user["displayName"] for user in contoso("GET", "/me/directReports").body["value"]} == {"Alex Wilber"}
    assert {"Marketing", "All managers"} <= {group["displayName"] for group in contoso("GET", "/me/memberOf").body["value"]}
    assert len(contoso("GET", "/groups/c04705e2-7e11-4000-8000-000000000303/transitiveMembers").body["value"]) == 8


def test_what_exchange_keeps_is_to_be_had_of_one_group_alone(graph):
    made = new_group(graph, "library", **UNIFIED)
    names = "allowExternalSenders,autoSubscribeNewMembers,isSubscribedByMail,unseenCount"
    kept = graph("GET", f"/groups/{made['id']}?$select={names}").body
    assert [kept[name] for name in names.split(",")] == [False, False, True, 0]
    assert graph("GET", f"/groups?$select={names}").status == 501
    assert graph("PATCH", f"/groups/{made['id']}", {"autoSubscribeNewMembers": True}).status == 200
    assert graph("PATCH", f"/groups/{made['id']}", {"autoSubscribeNewMembers": True, "displayName": "x"}).status == 400
    assert graph("GET", f"/groups/{made['id']}?$select=autoSubscribeNewMembers").body["autoSubscribeNewMembers"] is True


def test_members_can_be_expanded(graph):
    made = new_group(graph, **{"members@odata.bind": bound(ALEX)})
    shown = graph("GET", f"/groups/{made['id']}?$expand=members($select=displayName)&$select=id").body
    assert shown["members"] == [{"@odata.type": "#microsoft.graph.user", "displayName": "Alex Wilber"}]


# --- changing


def test_a_group_changes_and_goes(graph, tenant):
    made = new_group(graph, "library", **UNIFIED)
    path = f"/groups/{made['id']}"
    assert graph("PATCH", path, {"displayName": "Library Assist", "mailNickname": "library-help", "groupTypes": ["Unified"]}).status == 204
    assert graph("GET", path).body["displayName"] == "Library Assist"
    for wrong in ({"groupTypes": []}, {"mailEnabled": False}, {"displayName": ""}, {"visibility": "HiddenMembership"}):
        assert graph("PATCH", path, wrong).code == "Request_BadRequest"
    assert graph("DELETE", path).status == 204
    assert graph("GET", path).status == 404
    assert made["id"] not in tenant.state.mailboxes


def test_who_may_not_change_groups_is_told_by_the_directory(tenant):
    made = new_group(administrator(tenant))
    reader = Graph(tenant, scopes=("Group.Read.All",))
    assert reader("GET", f"/groups/{made['id']}").status == 200
    assert reader("DELETE", f"/groups/{made['id']}").code == "Authorization_RequestDenied"
    assert Graph(tenant, scopes=("User.Read",))("GET", "/groups").code == "Authorization_RequestDenied"
    assert App(tenant, roles=("Group.Create",))("POST", "/groups", WHOLE).status == 201


# --- members


def test_members_come_and_go_by_reference(graph):
    made = new_group(graph)
    path = f"/groups/{made['id']}/members"
    assert graph("POST", f"{path}/$ref", reference(ALEX)).status == 204
    twice = graph("POST", f"{path}/$ref", reference(ALEX))
    assert twice.message == "One or more added object references already exist for the following modified properties: 'members'."
    assert graph("GET", f"{path}/$ref").body["value"] == [{"@odata.id": f"https://localhost:8443/v1.0/directoryObjects/{ALEX}"}]
    assert graph("DELETE", f"{path}/{ALEX}/$ref").status == 204
    assert graph("DELETE", f"{path}/{ALEX}/$ref").status == 404
    assert graph("POST", f"{path}/$ref", reference(NOBODY)).status == 404
    assert graph("POST", f"{path}/$ref", {}).code == "Request_BadRequest"
    assert graph("POST", f"{path}/$ref", {"@odata.id": 5}).code == "Request_BadRequest"
    assert graph("POST", f"{path}/$ref", reference(made["id"])).code == "Request_BadRequest"


def test_up_to_twenty_members_come_in_one_request(graph):
    made = new_group(graph)
    many = [new_user(graph, f"Person {number}")["id"] for number in range(21)]
    assert graph("PATCH", f"/groups/{made['id']}", {"members@odata.bind": bound(*many)}).code == "Request_BadRequest"
    assert graph("PATCH", f"/groups/{made['id']}", {"members@odata.bind": bound(*many[:20])}).status == 204
    assert len(graph("GET", f"/groups/{made['id']}/members").body["value"]) == 20
    body = {"displayName": "Many", "mailNickname": "many", "mailEnabled": False, "securityEnabled": True}
    assert graph("POST", "/groups", {**body, "members@odata.bind": bound(*many)}).code == "Request_BadRequest"


def test_the_last_owner_of_a_microsoft_365_group_stays(graph):
    made = new_group(graph, "library", **UNIFIED)
    path = f"/groups/{made['id']}/owners"
    assert graph("DELETE", f"{path}/{MEGAN}/$ref").code == "Request_BadRequest"
    graph("POST", f"{path}/$ref", reference(ALEX))
    assert graph("DELETE", f"{path}/{MEGAN}/$ref").status == 204


def test_groups_in_groups_are_walked(graph, tenant):
    inner = new_group(graph, "inner", **{"members@odata.bind": bound(ALEX)})
    outer = new_group(graph, "outer", **{"members@odata.bind": bound(MEGAN)})
    graph("POST", f"/groups/{outer['id']}/members/$ref", reference(inner["id"]))
    graph("POST", f"/groups/{inner['id']}/members/$ref", reference(outer["id"]))
    assert set(ids(graph("GET", f"/groups/{outer['id']}/transitiveMembers"))) == {MEGAN, ALEX, inner["id"]}
    assert ids(graph("GET", f"/groups/{outer['id']}/members/microsoft.graph.user")) == [MEGAN]
    assert ids(graph("GET", f"/groups/{outer['id']}/members/graph.group")) == [inner["id"]]
    assert graph("GET", f"/groups/{outer['id']}/members/graph.shoe").status == 400
    assert ids(graph("GET", f"/users/{ALEX}/memberOf")) == [inner["id"]]
    assert set(ids(graph("GET", f"/users/{ALEX}/transitiveMemberOf"))) == {inner["id"], outer["id"]}
    assert ids(graph("GET", f"/groups/{inner['id']}/memberOf")) == [outer["id"]]
    assert graph("GET", f"/users/{ALEX}/memberOf/$count", headers=EVENTUAL).body == 1
    assert graph("POST", f"/users/{ALEX}/checkMemberGroups", {"groupIds": [outer["id"], NOBODY]}).body["value"] == [outer["id"]]
    assert set(graph("POST", f"/users/{ALEX}/getMemberGroups", {"securityEnabledOnly": True}).body["value"]) == {inner["id"], outer["id"]}


def test_groups_are_known_by_their_address(graph, tenant):
    made = new_group(graph, "library", **UNIFIED, **{"members@odata.bind": bound(ALEX)})
    assert members_of(tenant.state, made["mail"].upper()) == [ALEX]
    assert members_of(tenant.state, "nothing@contoso.example") is None


def test_a_deep_nest_of_groups_is_walked_to_its_end(tenant):
    """And a ring of groups once: each holds one person and the next group, the last the first."""
    deep, people = 3_000, list(tenant.state.users)
    for number in range(deep):
        members = [people[number % len(people)], f"nest-{(number + 1) % deep}"]
        tenant.state.groups[f"nest-{number}"] = {"id": f"nest-{number}", "mail": f"nest-{number}@contoso.example", "x-members": members}
    assert sorted(members_of(tenant.state, "nest-0@contoso.example") or []) == sorted(people)


def test_everybody_sees_their_own_groups_and_nobody_elses(graph, tenant):
    made = new_group(graph, **{"members@odata.bind": bound(MEGAN)})
    own = Graph(tenant, scopes=("User.Read",))
    assert ids(own("GET", "/me/memberOf")) == [made["id"]]
    assert own("GET", f"/users/{ALEX}/memberOf").code == "Authorization_RequestDenied"


def test_distribution_lists_are_changed_in_exchange_alone(graph, tenant):
    tenant.state.groups["dl"] = {"id": "dl", "displayName": "All", "mailNickname": "all", "mailEnabled": True, "securityEnabled": False}
    assert "distribution list" in graph("POST", "/groups/dl/members/$ref", reference(ALEX)).message


# --- following


def test_a_client_follows_groups_and_who_is_in_them(graph):
    made = new_group(graph, **{"members@odata.bind": bound(ALEX)})
    first = graph("GET", "/groups/delta?$select=displayName,members")
    (shown,) = [group for group in first.body["value"] if group["id"] == made["id"]]
    assert shown == {
        "id": made["id"],
        "displayName": "Ops",
        "members@delta": [{"@odata.type": "#microsoft.graph.user", "id": ALEX}],
    }
    graph("POST", f"/groups/{made['id']}/members/$ref", reference(MEGAN))
    graph("DELETE", f"/groups/{made['id']}/members/{ALEX}/$ref")
    later = graph("GET", first.body["@odata.deltaLink"]).body
    (changed,) = later["value"]
    assert changed["members@delta"] == [
        {"@odata.type": "#microsoft.graph.user", "id": MEGAN},
        {"@odata.type": "#microsoft.graph.user", "id": ALEX, "@removed": {"reason": "deleted"}},
    ]
    graph("DELETE", f"/groups/{made['id']}")
    (gone,) = graph("GET", later["@odata.deltaLink"]).body["value"]
    assert gone == {"id": made["id"], "@removed": {"reason": "deleted"}}


def test_a_user_who_is_deleted_leaves_the_groups(graph):
    made = new_group(graph, "library", **UNIFIED, **{"members@odata.bind": bound(ALEX)})
    link = graph("GET", "/groups/delta?$deltatoken=latest").body["@odata.deltaLink"]
    graph("DELETE", f"/users/{ALEX}")
    (changed,) = graph("GET", link).body["value"]
    assert changed["members@delta"] == [{"@odata.type": "#microsoft.graph.user", "id": ALEX, "@removed": {"reason": "deleted"}}]
    assert ids(graph("GET", f"/groups/{made['id']}/members")) == []
    graph("DELETE", f"/groups/{made['id']}")
    (gone,) = graph("GET", link).body["value"]
    assert gone["@removed"] == {"reason": "changed"}
