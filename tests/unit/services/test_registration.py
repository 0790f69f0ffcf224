"""What a registration for daypass is: the published ids, the body that Graph is sent, and what one that is there lacks."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest

from certificates import base64_der, certificate, pem
from daypass.errors import UsageError
from daypass.graph.applications import GRAPH, ROLE, SCOPE, Application
from daypass.services.registration import (
    ACCESSES,
    AUDIENCES,
    PERMISSIONS,
    REDIRECT,
    Plan,
    beyond,
    changes,
    read_certificate,
    reasons_against,
)
from daypass_sandbox.directory import app_shapes
from daypass_sandbox.entra.graph_api import GRAPH_APP_ID, permission_id, permission_name

CERTIFICATE = certificate(time.time())
OTHER_API = "00000002-0000-0ff1-ce00-000000000000"
MAIL_SEND = permission_id("Mail.Send", SCOPE)


def registered(plan: Plan, **otherwise: Any) -> Application:
    """An app that is as the plan has it, but for what is said otherwise."""
    body = plan.body()
    usual: dict[str, Any] = {
        "object_id": "o-1",
        "client_id": "c-1",
        "name": plan.name,
        "audience": plan.sign_in_audience,
        "public": not plan.app_only,
        "redirects": () if plan.app_only else (REDIRECT,),
        "access": {GRAPH: tuple((one.id, one.kind) for one in plan.permissions)},
        "keys": tuple(body.get("keyCredentials", ())),
        "secrets": 0,
        "serves": (),
        "token_version": plan.token_version or 1,
    }
    return Application(**{**usual, **otherwise})


PEOPLE, SCREEN = Plan(), Plan(app_only=True, access="read-basic", certificate=base64_der(CERTIFICATE))


@pytest.mark.parametrize("kind", [SCOPE, ROLE])
def test_the_ids_are_those_that_microsoft_publishes(kind: str) -> None:
    assert GRAPH == GRAPH_APP_ID
    for name, permission in PERMISSIONS[kind].items():
        assert permission_name(permission.id, kind) == name
        assert permission.kind == kind


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("access", ACCESSES)
def test_people_are_asked_for_no_more_than_they_are_to_have(access: str, shared: bool) -> None:
    names = [one.name for one in Plan(access=access, shared=shared).permissions]
    assert names[:4] == ["openid", "profile", "offline_access", "User.Read"]
    assert ("Calendars.ReadWrite" in names) == (access == "write")
    assert ("Calendars.Read" in names) == (access != "read-basic")
    assert any(name.endswith(".Shared") for name in names) == shared
    assert ("Calendars.ReadWrite.Shared" in names) == (shared and access == "write")


@pytest.mark.parametrize(
    ("access", "name"), [("read-basic", "Calendars.ReadBasic.All"), ("read", "Calendars.Read"), ("write", "Calendars.ReadWrite")]
)
def test_an_app_on_its_own_lists_one_role_and_is_no_public_client(access: str, name: str) -> None:
    plan = Plan(app_only=True, access=access)
    assert [(one.name, one.kind) for one in plan.permissions] == [(name, ROLE)]
    assert plan.body()["isFallbackPublicClient"] is False
    assert "publicClient" not in plan.body()


def test_the_body_is_the_whole_registration() -> None:
    body = PEOPLE.body()
    assert body["displayName"] == "daypass"
    assert body["signInAudience"] == "AzureADMyOrg"
    assert body["isFallbackPublicClient"] is True
    assert body["publicClient"] == {"redirectUris": ["http://localhost"]}
    (resource,) = body["requiredResourceAccess"]
    assert resource["resourceAppId"] == GRAPH
    assert {access["type"] for access in resource["resourceAccess"]} == {SCOPE}


@pytest.mark.parametrize("word", AUDIENCES)
def test_personal_accounts_alone_need_version_2_of_the_access_token(word: str) -> None:
    body = Plan(audience=word).body()
    assert body["signInAudience"] in app_shapes.AUDIENCES
    assert body.get("api") == ({"requestedAccessTokenVersion": 2} if word == "personal" else None)


@pytest.mark.parametrize("name", ["", "  ", "line\nbreak", "\x1b[2J", "x" * 121])
def test_a_name_that_nobody_could_read_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        Plan(name=name)


@pytest.mark.parametrize("wrong", [{"app_only": True, "shared": True}, {"certificate": "MII="}])
def test_what_does_not_go_together_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Plan(**wrong)


# --- bringing one up to date


@pytest.mark.parametrize("plan", [PEOPLE, SCREEN, Plan(audience="personal"), Plan(access="read", shared=True)])
def test_an_app_that_is_as_the_plan_has_it_lacks_nothing(plan: Plan) -> None:
    assert changes(plan, registered(plan)).body == {}
    assert changes(plan, registered(plan)).words == ()
    assert reasons_against(plan, registered(plan)) == ()


def test_what_others_rely_on_stays_and_what_is_lacking_is_added() -> None:
    calendars = PERMISSIONS[SCOPE]["Calendars.Read"]
    access = {OTHER_API: (("x-1", SCOPE),), GRAPH: ((MAIL_SEND, SCOPE), (calendars.id, SCOPE))}
    found = registered(PEOPLE, public=False, redirects=("myapp://back",), access=access)
    told = changes(PEOPLE, found)
    assert told.body["isFallbackPublicClient"] is True
    assert told.body["publicClient"] == {"redirectUris": ["myapp://back", REDIRECT]}
    others, graph = told.body["requiredResourceAccess"]
    assert others == {"resourceAppId": OTHER_API, "resourceAccess": [{"id": "x-1", "type": SCOPE}]}
    ids = [entry["id"] for entry in graph["resourceAccess"]]
    assert ids[:2] == [MAIL_SEND, calendars.id]
    assert set(ids) == {MAIL_SEND, *(one.id for one in PEOPLE.permissions)}
    assert len(ids) == len(set(ids))
    assert len(told.words) == 3


def test_accounts_are_changed_only_if_that_is_asked() -> None:
    found = registered(PEOPLE, audience="AzureADMultipleOrgs")
    assert changes(PEOPLE, found).body == {}
    assert changes(Plan(audience="tenant"), found).body == {"signInAudience": "AzureADMyOrg"}
    wide = changes(Plan(audience="personal"), found).body
    assert wide == {"signInAudience": "AzureADandPersonalMicrosoftAccount", "api": {"requestedAccessTokenVersion": 2}}


def test_a_new_certificate_joins_those_that_are_there() -> None:
    old = {"keyId": "k-1", "key": "b2xk", "type": "AsymmetricX509Cert", "usage": "Verify"}
    assert changes(SCREEN, registered(SCREEN, keys=(old,))).body["keyCredentials"] == [old, SCREEN.key()]


def test_fewer_permissions_than_there_are_take_none_away_and_are_told() -> None:
    found = registered(Plan(access="write"))
    assert changes(Plan(access="read"), found).body == {}
    assert beyond(Plan(access="read"), found) == ("Calendars.ReadWrite",)


@pytest.mark.parametrize(
    ("plan", "otherwise", "words"),
    [
        (PEOPLE, {"serves": ("a web app",)}, "it is also a web app"),
        (PEOPLE, {"public": False, "secrets": 1}, "it signs in on its own, with a certificate or a secret"),
        (SCREEN, {"public": True}, "people sign in to it"),
        (SCREEN, {"redirects": (REDIRECT,)}, "people sign in to it"),
    ],
)
def test_an_app_of_another_kind_is_not_turned_into_ours(plan: Plan, otherwise: dict[str, Any], words: str) -> None:
    assert reasons_against(plan, registered(plan, **otherwise)) == (words,)


# --- certificates


def test_a_certificate_is_read_from_its_pem_form() -> None:
    assert read_certificate(f"Bag Attributes\n  friendlyName: x\n{pem(CERTIFICATE)}") == base64_der(CERTIFICATE)


PRIVATE = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PRIVATE + pem(CERTIFICATE), "private key"),
        (PRIVATE.replace("PRIVATE", "ENCRYPTED PRIVATE"), "private key"),
        ("", "no certificates"),
        (pem(CERTIFICATE) * 2, "2 certificates"),
        ("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----", "damaged"),
        (f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(b'text').decode()}\n-----END CERTIFICATE-----", "damaged"),
    ],
)
def test_what_is_no_single_public_certificate_is_refused_without_its_content(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as refused:
        read_certificate(text)
    assert "MII" not in str(refused.value)
