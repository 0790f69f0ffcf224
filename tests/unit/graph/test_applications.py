"""Registrations and service principals: what each flow asks, and what it makes of odd answers."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest

from daypass.errors import BadRequest, NotFound, TransportError
from daypass.graph import applications
from daypass.graph.applications import GRAPH, PAUSES_SECONDS, settled
from script import Script, answer

APP = {"id": "o-1", "appId": "c-1", "displayName": "daypass"}


def test_a_name_is_looked_for_as_it_is_quotes_and_all() -> None:
    script = Script(answer(200, {"value": [{**APP, "displayName": "O'BRIEN"}, {**APP, "displayName": "O'Brien"}]}))
    (found,) = script.run(applications.applications_named("O'Brien"))
    assert found.name == "O'Brien"  # Graph's `eq` takes the other one, too
    assert "$filter=displayName eq 'O''Brien'&" in unquote(script.requests[0].url)
    assert "'" not in script.requests[0].url


def test_what_an_answer_does_not_tell_is_empty_and_no_error() -> None:
    found = Script(answer(200, APP)).run(applications.application("c-1"))
    assert (found.public, found.redirects, found.access, found.keys, found.secrets, found.serves) == (False, (), {}, (), 0, ())
    assert found.token_version == 1


@pytest.mark.parametrize(
    ("more", "serves"),
    [
        ({"web": {"redirectUris": ["https://contoso.example"]}}, ("a web app",)),
        ({"spa": {"redirectUris": ["https://contoso.example"]}}, ("a single-page app",)),
        ({"api": {"oauth2PermissionScopes": [{"id": "x"}]}}, ("an API",)),
        ({"appRoles": [{"id": "x"}]}, ("an API",)),
        ({"web": {"redirectUris": []}, "spa": None, "api": {"requestedAccessTokenVersion": 2}}, ()),
    ],
)
def test_what_else_an_app_is_shows(more: dict[str, Any], serves: tuple[str, ...]) -> None:
    assert Script(answer(200, {**APP, **more})).run(applications.application("c-1")).serves == serves


@pytest.mark.parametrize("junk", [{}, {"id": 1, "appId": "c"}, {"id": "o-1", "appId": None}])
def test_an_answer_without_ids_makes_no_sense(junk: dict[str, Any]) -> None:
    with pytest.raises(TransportError) as refused:
        Script(answer(200, junk)).run(applications.application("c-1"))
    assert not refused.value.maybe_done


def test_what_was_created_but_cannot_be_read_may_be_there() -> None:
    for flow in (applications.create_application({"displayName": "x"}), applications.create_principal("c-1")):
        with pytest.raises(TransportError) as refused:
            Script(answer(201, {"odd": 1})).run(flow)
        assert refused.value.maybe_done
    with pytest.raises(TransportError) as refused:
        Script(answer(200, {"keyId": "k"})).run(applications.add_password("o-1", "x", "2027-01-01T00:00:00Z"))
    assert refused.value.maybe_done


def test_an_app_without_a_service_principal_has_none() -> None:
    assert Script(answer(404, {"error": {"code": "Request_ResourceNotFound"}})).run(applications.principal("c-1")) is None


def test_the_grant_for_everybody_is_told_from_those_of_persons_and_other_apis() -> None:
    grants = [
        {"id": "g-1", "consentType": "Principal", "resourceId": "r-1", "scope": "Mail.Send"},
        {"id": "g-2", "consentType": "AllPrincipals", "resourceId": "r-2", "scope": "x"},
        {"id": "g-3", "consentType": "AllPrincipals", "resourceId": "r-1", "scope": " User.Read  Calendars.Read "},
    ]
    grant = Script(answer(200, {"value": grants})).run(applications.granted_for_all("p-1", "r-1"))
    assert grant is not None
    assert (grant.id, grant.scopes) == ("g-3", {"User.Read", "Calendars.Read"})


def test_each_kind_of_step_asks_for_the_permission_that_it_takes() -> None:
    flows = {
        applications.REGISTER: (applications.update_application("o-1", {"displayName": "x"}), answer(204)),
        applications.CONSENT: (applications.grant_for_all("p-1", "r-1", frozenset({"b", "a"})), answer(201, {"id": "g"})),
        applications.ASSIGN: (applications.assign_role("p-1", "r-1", GRAPH), answer(201, {"id": "a"})),
    }
    for scopes, (flow, reply) in flows.items():
        script = Script(reply)
        script.run(flow)
        assert script.requests[0].access is not None
        assert script.requests[0].access.scopes == scopes
    script = Script(answer(201, {"id": "g"}))
    script.run(applications.grant_for_all("p-1", "r-1", frozenset({"b", "a"})))
    assert json.loads(script.requests[0].body)["scope"] == "a b"


def test_a_new_object_is_waited_for_and_not_for_ever() -> None:
    late = answer(404, {"error": {"code": "Request_ResourceNotFound"}})
    early = answer(400, {"error": {"code": "NoBackingApplicationObject"}})
    script = Script(late, early, answer(201, {"id": "p-1", "appId": "c-1"}))
    assert script.run(settled(lambda: applications.create_principal("c-1"))).object_id == "p-1"
    assert script.sleeps == list(PAUSES_SECONDS[:2])
    for reply, error in ((late, NotFound), (early, BadRequest)):
        script = Script(*[reply] * (len(PAUSES_SECONDS) + 1))
        with pytest.raises(error):
            script.run(settled(lambda: applications.create_principal("c-1")))
        assert script.left == []
