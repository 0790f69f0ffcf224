from __future__ import annotations

import base64
import json
import random
import re

import jwt
import pytest

from daypass.errors import TransportError
from daypass.wire import Access, Request, Sleep
from daypass_sandbox.routes import Permissions, Route, reply
from daypass_sandbox.tenant import CLIENT_ID, TENANT_ID, State, Tenant
from drive import drive
from entra_caller import ROOT, Entra
from graph_caller import MEGAN, NOW, Graph, StoppedClock, new_tenant

WHO = (
    Route("GET", "/users/{user_id}", lambda call: reply(200, dict(call.path)), Permissions(("User.Read", "User.ReadWrite"))),
    Route("GET", "/users/{user_id}/events/{event_id}", lambda call: reply(200, dict(call.path))),
    Route("GET", "/users/{user_id}/calendarView/delta", lambda call: reply(200, dict(call.query))),
    Route("GET", "/open", lambda call: reply(200, {"root": call.root, "scopes": sorted(call.caller.scopes)})),
)


@pytest.fixture
def tenant():
    return Tenant(clock=StoppedClock(NOW), chance=random.Random(7), seed="empty", graph_routes=WHO)


def ask(tenant, path, *, scopes=("User.Read",), token=None, root=ROOT, method="GET", **headers):
    sent = {"Authorization": f"Bearer {token or tenant.mint('megan', scopes)}"} if token != "" else {}
    return tenant.handle(Request(method, root + path, {**sent, **{name.replace("_", "-"): value for name, value in headers.items()}}))


def code_of(answer):
    return answer.status, answer.json()["error"]["code"]


# --- who is asked


@pytest.mark.parametrize(
    "path",
    [
        "/v1.0/me",
        "/beta/me",
        "/v1.0//me",
        "/V1.0/Me",
        f"/v1.0/users/{MEGAN}",
        "/v1.0/users/megan@contoso.example",
        "/v1.0/users/MEGAN%40contoso.example",
        "/v1.0/users('megan@contoso.example')",
        "/v1.0/users(%27megan%40contoso.example%27)",
    ],
)
def test_every_spelling_of_a_user_is_their_object_id_to_a_handler(tenant, path):
    assert ask(tenant, path).json() == {"user_id": MEGAN}


@pytest.mark.parametrize("path", ["/v1.0/me/events/AAMk=-_", "/v1.0/me/events('AAMk=-_')", "/v1.0/me/events/AAMk%3D-_"])
def test_keys_in_parentheses_are_segments(tenant, path):
    assert ask(tenant, path).json() == {"user_id": MEGAN, "event_id": "AAMk=-_"}


@pytest.mark.parametrize("function", ["delta", "delta()", "microsoft.graph.delta()", "Delta"])
def test_functions_are_known_with_and_without_parentheses_and_namespace(tenant, function):
    assert ask(tenant, f"/v1.0/me/calendarView/{function}?$top=2&%24skip=3&startDateTime=a+b%20c").json() == {
        "$top": "2",
        "$skip": "3",
        "startdatetime": "a b c",
    }


def test_an_unknown_user_is_not_found(tenant):
    assert code_of(ask(tenant, "/v1.0/users/nobody@contoso.example")) == (404, "Request_ResourceNotFound")


def test_me_without_a_user_is_refused(tenant):
    nobody = {**tenant.read_token(tenant.mint("megan", ["User.Read"])), "oid": ""}
    assert code_of(ask(tenant, "/v1.0/me", token=tenant.key.sign(nobody))) == (400, "BadRequest")


@pytest.mark.parametrize("root", [ROOT, "https://127.0.0.1:1", "https://graph.microsoft.com"])
def test_handlers_see_the_host_as_the_client_spelt_it(tenant, root):
    assert ask(tenant, "/v1.0/open", root=root).json()["root"] == root


def test_on_graphs_own_name_everything_is_graph(tenant):
    answer = ask(tenant, "/common/v2.0/.well-known/openid-configuration", root="https://graph.microsoft.com")
    assert code_of(answer) == (501, "notImplemented")


# --- tokens at Graph's door


def test_without_a_token_the_challenge_says_where_to_get_one(tenant):
    answer = ask(tenant, "/v1.0/me", token="")
    assert code_of(answer) == (401, "InvalidAuthenticationToken")
    assert f'authorization_uri="{ROOT}/common/oauth2/authorize"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer ", "nonsense"])
def test_other_credentials_are_no_token(tenant, header):
    assert code_of(tenant.handle(Request("GET", f"{ROOT}/v1.0/me", {"authorization": header}))) == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize("token", ["abc", "a.b.c", "..", "é.é.é"])
def test_a_malformed_token_is_refused(tenant, token):
    assert code_of(ask(tenant, "/v1.0/me", token=token)) == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_we_did_not_sign_is_refused(tenant, algorithm):
    claims = tenant.read_token(tenant.mint("megan", ["User.Read"]))
    forged = jwt.encode(claims, "" if algorithm == "none" else "k" * 32, algorithm=algorithm)
    assert code_of(ask(tenant, "/v1.0/me", token=forged)) == (401, "InvalidAuthenticationToken")


def test_a_token_altered_on_the_way_is_refused(tenant):
    head, body, signature = tenant.mint("megan", ["User.Read"]).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    altered = base64.urlsafe_b64encode(json.dumps({**claims, "scp": "User.ReadWrite"}).encode()).rstrip(b"=").decode()
    assert code_of(ask(tenant, "/v1.0/me", token=f"{head}.{altered}.{signature}")) == (401, "InvalidAuthenticationToken")


def test_a_token_expires_by_the_tenants_clock(tenant):
    token = tenant.mint("megan", ["User.Read"], lifetime_seconds=60)
    tenant.clock.advance(59)
    assert ask(tenant, "/v1.0/me", token=token).status == 200
    tenant.clock.advance(1)
    answer = ask(tenant, "/v1.0/me", token=token)
    assert code_of(answer) == (401, "InvalidAuthenticationToken")
    assert "expired" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("audience", "status"),
    [("https://graph.microsoft.com", 200), ("https://graph.microsoft.com/", 200), (ROOT, 200), ("api://board", 401), (CLIENT_ID, 401)],
)
def test_a_token_for_another_service_is_refused(tenant, audience, status):
    claims = {**tenant.read_token(tenant.mint("megan", ["User.Read"])), "aud": audience}
    assert ask(tenant, "/v1.0/me", token=tenant.key.sign(claims)).status == status


def test_revocation_challenges_those_who_understand_and_spares_the_others():
    entra = Entra(new_tenant().handle)
    plain = entra.sign_in()["access_token"]
    challengeable = entra.sign_in(claims='{"access_token":{"xms_cc":{"values":["CP1"]}}}')["access_token"]
    entra.ask_control("POST", "revoke", {"user": "megan"})
    assert entra.me(plain).status == 200
    refused = entra.me(challengeable)
    assert refused.status == 401
    claims = re.search(r'error="insufficient_claims", claims="([^"]+)"', refused.headers["www-authenticate"])
    assert json.loads(base64.b64decode(claims[1]))["access_token"]["nbf"]["essential"] is True
    assert entra.me(entra.sign_in(claims='{"access_token":{"xms_cc":{"values":["CP1"]}}}')["access_token"]).status == 200


@pytest.mark.parametrize(
    ("scopes", "status"), [(("User.Read",), 200), (("User.ReadWrite", "Mail.Send"), 200), (("Calendars.Read",), 403), ((), 403)]
)
def test_any_one_of_a_routes_permissions_will_do(tenant, scopes, status):
    answer = ask(tenant, "/v1.0/me", scopes=scopes)
    assert answer.status == status
    if status == 403:
        assert answer.json()["error"]["code"] == "ErrorAccessDenied"
        assert answer.json()["error"]["message"] == "Access is denied. Check credentials and try again."


# --- the envelope


def test_an_error_bears_date_and_ids(tenant):
    answer = ask(tenant, "/v1.0/nope", client_request_id="c-1")
    inner = answer.json()["error"]["innerError"]
    assert inner == {"date": "2026-11-25T18:00:00", "request-id": answer.headers["request-id"], "client-request-id": "c-1"}
    assert answer.headers["client-request-id"] == "c-1"


def test_success_bears_ids_too(tenant):
    assert re.fullmatch(r"[0-9a-f-]{36}", ask(tenant, "/v1.0/me").headers["request-id"])


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1.0/me/messages"), ("DELETE", "/v1.0/nothing"), ("GET", "/v1.0/"), ("GET", "/beta/drives")]
)
def test_an_unknown_route_is_refused_by_method_and_path(tenant, method, path):
    answer = ask(tenant, path, method=method)
    assert code_of(answer) == (501, "notImplemented")
    assert f"{method} {path}" in answer.json()["error"]["message"]


# --- state, clock, chance


def test_users_are_found_by_id_name_address_and_short_name(tenant):
    for key in (MEGAN, MEGAN.upper(), "megan@contoso.example", "MEGAN@contoso.example", "megan", "Megan"):
        assert tenant.state.find_user(key) == MEGAN
    for key in ("", " ", "nobody", "meg", "contoso.example"):
        assert tenant.state.find_user(key) is None


def test_the_same_chance_gives_the_same_tenant():
    first, second = new_tenant("contoso"), new_tenant("contoso")
    assert first.state.to_json() == second.state.to_json()


def test_ids_of_directory_objects_are_guids_and_items_have_long_ones(tenant):
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", tenant.new_id("user"))
    assert re.fullmatch(r"AAMkAG[\w-]+=", tenant.new_id("event"))
    assert len({tenant.new_id("event") for _ in range(1000)}) == 1000


def test_the_state_survives_json_and_is_restored_whole():
    tenant = new_tenant("contoso")
    refresh_token = Entra(tenant.handle).sign_in()["refresh_token"]
    tenant.clock.advance(3600)
    saved = json.loads(json.dumps(tenant.state.to_json()))
    other = new_tenant("empty")
    other.restore(saved)
    assert other.state.to_json() == tenant.state.to_json()
    assert other.clock.now() == tenant.clock.now()
    assert Entra(other.handle).refresh(refresh_token).status == 200


@pytest.mark.parametrize("saved", [{"nonsense": 1}, {"users": []}, {"tenant_id": None}])
def test_what_is_no_state_is_not_restored(tenant, saved):
    with pytest.raises(ValueError, match="not a state"):
        tenant.restore(saved)
    assert tenant.state.users


@pytest.mark.parametrize(
    "member",
    [
        {"users": {"x": 5}},
        {"users": {"x": {}}},
        {"apps": {"a": 5}},
        {"apps": {"a": {"publicClient": True}}},
        {"subscriptions": {"a": {}}},
        {"mailboxes": {"a": {"calendars": {}, "events": [1]}}},
        {"mailboxes": {"a": {"calendars": {}, "events": {"e": 1}}}},
        {"mailboxes": {"a": {}}},
        {"faults": [{}]},
        {"consents": {"a": 1}},
        {"sessions": {"a": "1"}},
        {"domains": [1]},
        {"clock": {"stopped_at": "soon"}},
        {"clock": {"stopped_at": 1e300}},
        {"notifications": {"waiting": {"n1": {}}}},
        {"notifications": {"waiting": 5}},
    ],
)
def test_a_state_that_cannot_be_served_is_not_taken_over(member):
    tenant = new_tenant("contoso")
    saved, before = json.loads(json.dumps(tenant.state.to_json())), tenant.state
    with pytest.raises(ValueError, match=r"not a state|could not convert"):
        tenant.restore({**saved, **member})
    assert tenant.state is before
    assert Graph(tenant, scopes=("User.Read",))("GET", "/me").status == 200


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        ("/v1.0/me", {"error": {"code": "BadRequest", "message": "Bad Request - Invalid Hostname"}}),
        ("/sandbox/state", {"error": {"code": "BadRequest", "message": "Bad Request - Invalid Hostname"}}),
        ("/common/oauth2/v2.0/token", {"error": "invalid_request", "error_description": "Bad Request - Invalid Hostname"}),
    ],
)
def test_a_host_that_is_none_is_refused(tenant, path, refused):
    answer = tenant.handle(Request("GET", f"https://[{path}", {}))
    assert (answer.status, answer.json()) == (400, refused)


@pytest.mark.parametrize(("keep_clock", "now"), [(False, NOW), (True, NOW + 60)])
def test_a_reset_forgets_everything_and_keeps_the_clock_if_told(tenant, keep_clock, now):
    before = State.from_json(json.loads(json.dumps(tenant.state.to_json())))
    tenant.clock.advance(60)
    Entra(tenant.handle).sign_in()
    tenant.state.policies["require_mfa"] = True
    tenant.reset("empty", keep_clock=keep_clock)
    assert tenant.clock.now() == now
    assert (tenant.state.refresh_tokens, tenant.state.consents, tenant.state.policies) == ({}, {}, {})
    assert tenant.state.users == before.users


def test_an_unknown_seed_changes_nothing(tenant):
    tenant.clock.advance(60)
    with pytest.raises(ValueError, match="no seed 'fabrikam'"):
        tenant.reset("fabrikam")
    assert tenant.state.find_user("megan") == MEGAN
    assert tenant.clock.now() == NOW + 60


def test_minting_for_nobody_fails(tenant):
    with pytest.raises(KeyError):
        tenant.mint("nobody", ["User.Read"])


def test_a_tenant_can_have_ids_of_its_own():
    tenant = Tenant(
        clock=StoppedClock(), chance=random.Random(1), seed="empty", tenant_id="11111111-2222-4333-8444-555555555555", client_id="app"
    )
    entra = Entra(tenant.handle, client_id="app", authority="11111111-2222-4333-8444-555555555555")
    assert entra.sign_in()["token_type"] == "Bearer"
    assert entra.get(f"/{TENANT_ID}/v2.0/.well-known/openid-configuration").status == 400


# --- the driver of the tests


async def asks(url, scopes=("User.Read",)):
    return await Request("GET", url, access=Access(scopes) if scopes else None)


def test_drive_signs_requests_below_the_service_root(tenant):
    assert drive(asks("/me"), tenant).json() == {"user_id": MEGAN}
    assert drive(asks("/open", ("Mail.Read", "Tasks.Read")), tenant).json()["scopes"] == ["Mail.Read", "Tasks.Read"]
    assert drive(asks("/me", ()), tenant).status == 401


def test_drive_gives_no_token_to_strangers(tenant):
    with pytest.raises(AssertionError, match="must not go"):
        drive(asks("https://evil.example/v1.0/me"), tenant)


def test_drive_lets_time_pass_in_sleeps(tenant):
    async def sleeps():
        await Sleep(90)

    log = []
    drive(sleeps(), tenant, log=log)
    assert tenant.clock.now() == NOW + 90
    assert log == [Sleep(90)]


@pytest.mark.parametrize(
    ("effect", "kind"), [({"drop": "before"}, "reset"), ({"drop": "after"}, "reset"), ({"cut": 3}, "reset"), ({"stall": True}, "timeout")]
)
def test_drive_turns_broken_connections_into_transport_errors(tenant, effect, kind):
    Entra(tenant.handle).ask_control("POST", "faults", effect)
    with pytest.raises(TransportError) as broken:
        drive(asks("/me"), tenant)
    assert broken.value.kind == kind
    assert drive(asks("/me"), tenant).status == 200
