"""People and rooms as the control plane and seeds write them: nothing is taken that nobody has."""

from __future__ import annotations

import json

import pytest

from daypass_sandbox.directory import written
from graph_caller import Graph, new_tenant, timed

WRONG = {
    "a misspelt member": ({"jobTitel": "Planner"}, "there is no member 'jobTitel'; is 'jobTitle' meant?"),
    "a misspelt zone": ({"timezone": "Europe/Berlin"}, "there is no member 'timezone'; is 'timeZone' meant?"),
    "a name that is a number": ({"displayName": 5}, "'displayName': "),
    "no name at all": ({"displayName": None}, "'displayName' must be a text"),
    "a truth value in words": ({"accountEnabled": "perhaps"}, "'accountEnabled': "),
    "rules that are none": ({"x-calendarProcessing": "AutoAccept"}, "must be an object of rules"),
    "a misspelt rule": ({"x-calendarProcessing": {"bookingWindowInDay": 365}}, "has no rule 'bookingWindowInDay'; there are: "),
    "days in words": ({"x-calendarProcessing": {"bookingWindowInDays": "365"}}, "'bookingWindowInDays' must be a whole number, 0 or more"),
    "a number of yes": ({"x-calendarProcessing": {"allowConflicts": 1}}, "'allowConflicts' must be true or false"),
    "days before today": ({"x-calendarProcessing": {"bookingWindowInDays": -1}}, "'bookingWindowInDays' must be a whole number"),
    "a truth value for a number": ({"x-calendarProcessing": {"bookingWindowInDays": True}}, "'bookingWindowInDays' must be a whole number"),
}


def complaint(answer):
    return answer.status, answer.json()["error"]["message"]


@pytest.mark.parametrize(("members", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_a_member_is_said_and_nothing_is_changed(entra, tenant, members, said):
    before = json.dumps(tenant.state.to_json())
    if "timezone" not in members:
        status, told = complaint(entra.control("PATCH", "users/adams", members))
        assert status == 400
        assert said in told
    fresh = {"displayName": "Christie Cline", "userPrincipalName": "christie@contoso.example", **members}
    answer = entra.control("POST", "users", fresh)
    assert answer.status == 400
    if "displayName" not in members:
        assert said in complaint(answer)[1]
    assert json.dumps(tenant.state.to_json()) == before


@pytest.mark.parametrize(("members", "said"), WRONG.values(), ids=WRONG)
def test_the_same_is_said_of_a_seed_with_the_place(members, said):
    person = {"id": "christie", "displayName": "Christie Cline", "userPrincipalName": "christie@contoso.example", **members}
    with pytest.raises(ValueError, match=r"people\.christie") as wrong:
        new_tenant(json.dumps({"people": {"christie": person}}))
    if "displayName" not in members:
        assert said in str(wrong.value)


def test_the_members_of_groups_too():
    group = {"id": "g", "displayName": "Sales", "mailNickname": "sales", "kind": "security", "desription": "Sellers"}
    with pytest.raises(ValueError, match=r"groups\.sales: there is no member 'desription'; is 'description' meant"):
        new_tenant(json.dumps({"groups": {"sales": group}}))


def test_what_only_the_service_writes_may_be_written_here():
    members = {"createdDateTime": "2020-01-01T00:00:00Z", "onPremisesSyncEnabled": True, "extension_abc_level": 3, "x-equipment": True}
    assert written.user(members) == members


def test_the_zone_of_a_mailbox_is_changed(entra, tenant):
    assert entra.ask_control("PATCH", "users/megan", {"timeZone": "Europe/Berlin", "jobTitle": "Planner"})["jobTitle"] == "Planner"
    graph = Graph(tenant, scopes=("MailboxSettings.Read",))
    assert graph("GET", "/me/mailboxSettings/timeZone").body["value"] == "W. Europe Standard Time"
    assert complaint(entra.control("PATCH", "users/megan", {"timeZone": "Europe/Berln"}))[0] == 400
    assert "timeZone" not in tenant.state.users[tenant.state.find_user("megan")]


def test_a_room_answers_by_the_rules_it_was_given(entra, graph):
    entra.ask_control("PATCH", "users/adams", {"x-calendarProcessing": {"bookingWindowInDays": 1}})
    room = [{"type": "resource", "emailAddress": {"address": "adams@contoso.example"}}]
    booked = graph.create(**timed("Plan", "2026-12-20T10:00:00", "2026-12-20T11:00:00"), attendees=room)
    assert booked["attendees"][0]["status"]["response"] == "declined"
