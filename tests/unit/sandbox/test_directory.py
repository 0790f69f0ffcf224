from __future__ import annotations

import pytest

from daypass_sandbox.directory.people import display_name, resolve
from daypass_sandbox.directory.shapes import USER_DEFAULT as DEFAULT_PROPERTIES
from graph_caller import MEGAN, Graph

ALEX = "c04705e2-7e11-4000-8000-000000000002"


def test_me_is_the_signed_in_user_with_the_default_properties(tenant):
    answer = Graph(tenant)("GET", "/me")
    assert answer.status == 200
    assert set(answer.body) == {"@odata.context", *DEFAULT_PROPERTIES}
    assert answer.body["displayName"] == "Megan Bowen"
    assert answer.body["id"] == MEGAN
    assert answer.body["@odata.context"] == "https://localhost:8443/v1.0/$metadata#users/$entity"


@pytest.mark.parametrize(
    "path", ["/users/megan@contoso.example", "/users/MEGAN@contoso.example", f"/users/{MEGAN}", "/users('megan@contoso.example')"]
)
def test_a_user_answers_to_id_and_name_in_every_spelling(tenant, path):
    assert Graph(tenant)("GET", path).body["id"] == MEGAN


def test_others_take_a_permission_for_the_directory(tenant):
    refused = Graph(tenant, scopes=("User.Read",))("GET", "/users/alex@contoso.example")
    assert (refused.status, refused.code) == (403, "Authorization_RequestDenied")
    assert Graph(tenant, scopes=("User.Read.All",))("GET", "/users/alex@contoso.example").body["id"] == ALEX


def test_the_basic_permission_shows_only_the_basic_profile_of_others(tenant):
    seen = Graph(tenant, scopes=("User.ReadBasic.All",))("GET", "/users/alex@contoso.example").body
    assert seen["displayName"] == "Alex Wilber"
    assert "jobTitle" not in seen


def test_a_token_for_calendars_alone_does_not_read_the_profile(tenant):
    assert Graph(tenant, scopes=("Calendars.Read",))("GET", "/me").status == 403


def test_select_gives_what_was_asked_and_what_is_not_there_by_default(tenant):
    selected = Graph(tenant)("GET", "/me?$select=displayName,ACCOUNTENABLED").body
    assert {name: value for name, value in selected.items() if "@" not in name} == {"displayName": "Megan Bowen", "accountEnabled": True}


def test_select_of_what_is_not_kept_is_refused_by_name_and_of_what_is_not_there_as_the_service_does(tenant):
    refused = Graph(tenant)("GET", "/me?$select=signInActivity")
    assert (refused.status, refused.code) == (501, "notImplemented")
    assert "signInActivity" in refused.message
    assert Graph(tenant)("GET", "/me?$select=shoeSize").status == 400


def test_an_unknown_user_is_not_found(tenant):
    refused = Graph(tenant, scopes=("User.Read.All",))("GET", "/users/nobody@contoso.example")
    assert (refused.status, refused.code) == (404, "Request_ResourceNotFound")


def test_names_of_people_are_resolved_in_any_letter_case(tenant):
    assert resolve(tenant.state, "Alex@Contoso.Example") == ALEX
    assert resolve(tenant.state, ALEX.upper()) == ALEX
    assert resolve(tenant.state, "none") is None
    assert display_name(tenant.state.users, "ALEX@contoso.example") == "Alex Wilber"
    assert display_name(tenant.state.users, "someone@fabrikam.example") is None
