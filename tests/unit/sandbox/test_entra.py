from __future__ import annotations

import base64
import json
import random
import re
from urllib.parse import urlencode

import jwt
import pytest

from daypass.wire import Request
from daypass_sandbox.server import NAMES
from daypass_sandbox.tenant import CLIENT_ID, TENANT_ID, Tenant
from entra_caller import DEVICE_GRANT, ROOT, SCOPE, Entra, refusal
from graph_caller import MEGAN, NOW, StoppedClock

DAY = 24 * 3600
GRAPH = "https://graph.microsoft.com"
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
CP1 = '{"access_token":{"xms_cc":{"values":["CP1"]}}}'


def claims_of(token):
    return jwt.decode(token, options={"verify_signature": False})


# --- discovery


@pytest.mark.parametrize("segment", [TENANT_ID, "common", "organizations", "consumers", "contoso.example", "CONTOSO.example"])
def test_discovery_answers_for_every_name_of_the_tenant(entra, segment):
    found = entra.get(f"/{segment}/v2.0/.well-known/openid-configuration").json()
    assert found["issuer"] == f"{ROOT}/{TENANT_ID}/v2.0"
    for name in (
        "authorization_endpoint",
        "token_endpoint",
        "device_authorization_endpoint",
        "jwks_uri",
        "userinfo_endpoint",
        "end_session_endpoint",
    ):
        assert found[name].startswith(ROOT + "/")
    assert found["id_token_signing_alg_values_supported"] == ["RS256"]
    assert "response_types_supported" in found
    assert "subject_types_supported" in found


@pytest.mark.parametrize("root", ["https://127.0.0.1:9", "https://login.microsoftonline.com", "https://localhost"])
def test_discovery_is_built_from_the_host_the_client_used(tenant, root):
    found = Entra(tenant.handle, root).get("/common/v2.0/.well-known/openid-configuration").json()
    assert {value.split("/")[2] for value in found.values() if isinstance(value, str) and value.startswith("https:")} == {
        root.split("/")[2]
    }


def test_discovery_of_an_unknown_tenant_says_so(entra):
    answer = entra.get("/fabrikam.example/v2.0/.well-known/openid-configuration")
    assert refusal(answer) == (400, "invalid_tenant", [90002], "")
    assert "Tenant 'fabrikam.example' not found" in answer.json()["error_description"]


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_instance_discovery_echoes_our_own_host(entra, version):
    asked = f"{ROOT}/common/oauth2/v2.0/authorize"
    found = entra.get(f"/common/discovery/instance?api-version={version}&authorization_endpoint={asked}").json()
    assert found["tenant_discovery_endpoint"] == f"{ROOT}/common/v2.0/.well-known/openid-configuration"
    assert ("metadata" in found) == (version == "1.1")
    if version == "1.1":
        assert found["metadata"] == [{"preferred_network": "localhost", "preferred_cache": "localhost", "aliases": ["localhost"]}]


def test_instance_discovery_under_the_real_name_knows_its_aliases(tenant):
    login = Entra(tenant.handle, "https://login.microsoftonline.com")
    asked = f"https://login.microsoftonline.com/{TENANT_ID}/oauth2/v2.0/authorize"
    (metadata,) = login.get(f"/common/discovery/instance?api-version=1.1&authorization_endpoint={asked}").json()["metadata"]
    assert {"login.microsoftonline.com", "login.windows.net"} <= set(metadata["aliases"]) <= set(NAMES)  # old clients ask each of them


@pytest.mark.parametrize("asked", ["https://login.evil.example/common", "", "nonsense"])
def test_instance_discovery_refuses_foreign_hosts(entra, asked):
    answer = entra.get(f"/common/discovery/instance?api-version=1.1&authorization_endpoint={asked}")
    assert refusal(answer) == (400, "invalid_instance", [50049], "")


@pytest.mark.parametrize("path", [f"/{TENANT_ID}/discovery/v2.0/keys", "/common/discovery/keys", "/discovery/keys"])
def test_the_published_key_verifies_the_tokens(entra, path):
    (key,) = entra.get(path).json()["keys"]
    assert {"kid", "x5t", "n", "e", "issuer"} <= set(key)
    assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")
    tokens = entra.sign_in()
    public = jwt.PyJWK(key)
    for token in (tokens["access_token"], tokens["id_token"]):
        assert jwt.get_unverified_header(token)["kid"] == key["kid"]
        assert (
            jwt.decode(
                token,
                public,
                algorithms=["RS256"],
                options={"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )["sandbox"]
            is True
        )


def test_what_is_not_built_is_refused_with_its_name(entra):
    answer = entra.get(f"/{TENANT_ID}/oauth2/authorize?response_type=code")
    assert answer.status == 501
    assert f"GET /{TENANT_ID}/oauth2/authorize" in answer.json()["error_description"]


# --- device codes


def test_a_device_code_has_all_six_members(entra):
    code = entra.device_code().json()
    assert set(code) == {"user_code", "device_code", "verification_uri", "expires_in", "interval", "message"}
    assert re.fullmatch(r"[A-Z0-9]{9}", code["user_code"])
    assert (code["expires_in"], code["interval"]) == (900, 5)
    assert code["verification_uri"] == f"{ROOT}/devicelogin"
    assert code["verification_uri"] in code["message"]
    assert code["user_code"] in code["message"]


def test_device_codes_differ(entra):
    codes = [entra.device_code().json() for _ in range(50)]
    assert len({code["user_code"] for code in codes}) == 50
    assert len({code["device_code"] for code in codes}) == 50


@pytest.mark.parametrize(
    ("fields", "number", "error"),
    [
        ({"client_id": "", "scope": "User.Read"}, 900144, "invalid_request"),
        ({"client_id": "11111111-2222-4333-8444-555555555555", "scope": "User.Read"}, 700016, "unauthorized_client"),
        ({"client_id": CLIENT_ID, "scope": " "}, 900144, "invalid_request"),
        ({"client_id": CLIENT_ID, "scope": "User.Read api://other/x"}, 700022, "invalid_scope"),
        ({"client_id": CLIENT_ID, "scope": ".default User.Read"}, 70011, "invalid_scope"),
        ({"client_id": CLIENT_ID, "scope": "User.Read Calenders.Read"}, 650053, "invalid_client"),
        ({"client_id": CLIENT_ID, "scope": "https://graph.microsoft.com/Bogus.Everything"}, 650053, "invalid_client"),
    ],
)
def test_a_wrong_question_for_a_code_is_refused(entra, fields, number, error):
    assert refusal(entra.form(f"/{TENANT_ID}/oauth2/v2.0/devicecode", fields)) == (400, error, [number], "")


def test_an_unknown_tenant_gives_no_code(entra):
    entra.authority = "11111111-2222-4333-8444-555555555555"
    assert refusal(entra.device_code()) == (400, "invalid_request", [90002], "")


@pytest.mark.parametrize("grant", [DEVICE_GRANT, "device_code"])
@pytest.mark.parametrize("endpoint", ["oauth2/v2.0/token", "oauth2/token", "oauth2/v2.0/token?client-request-id=x"])
def test_both_spellings_of_the_grant_are_taken_at_both_endpoints(entra, grant, endpoint):
    code = entra.device_code().json()
    entra.approve()
    fields = {
        "client_id": CLIENT_ID,
        "grant_type": grant,
        "device_code": code["device_code"],
        "code": code["device_code"],
        "x-client-SKU": "X",
    }
    assert entra.form(f"/common/{endpoint}", fields).json()["token_type"] == "Bearer"


@pytest.mark.parametrize("name", ["device_code", "code"])
def test_either_name_of_the_field_will_do(entra, name):
    code = entra.device_code().json()
    entra.approve()
    assert entra.token(grant_type=DEVICE_GRANT, **{name: code["device_code"]}).status == 200


def test_a_well_known_client_needs_no_registration(tenant):
    azure_cli = Entra(tenant.handle, client_id="04b07795-8ddb-461a-bbee-02f9e1bf7b46", authority="organizations")
    assert azure_cli.sign_in("https://management.core.windows.net//.default offline_access openid profile")["refresh_token"]


def test_polling_is_pending_until_somebody_decides(entra):
    code = entra.device_code().json()
    assert refusal(entra.poll(code["device_code"])) == (400, "authorization_pending", [70016], "")
    entra.advance(5)
    assert refusal(entra.poll(code["device_code"]))[1] == "authorization_pending"
    entra.approve()
    assert entra.poll(code["device_code"]).status == 200


def test_a_declined_code_says_so(entra):
    code = entra.device_code().json()
    entra.ask_control("POST", "deny", {"user_code": code["user_code"]})
    assert refusal(entra.poll(code["device_code"]))[:2] == (400, "authorization_declined")


def test_a_code_lives_fifteen_minutes(entra):
    code = entra.device_code().json()
    entra.advance(899.9)
    assert refusal(entra.poll(code["device_code"]))[1] == "authorization_pending"
    entra.advance(0.2)
    assert refusal(entra.poll(code["device_code"])) == (400, "expired_token", [70020], "")


def test_an_approval_does_not_outlive_its_code(entra):
    code = entra.device_code().json()
    entra.approve()
    entra.advance(900)
    assert refusal(entra.poll(code["device_code"]))[1] == "expired_token"


def test_an_unknown_code_is_bad(entra):
    assert refusal(entra.poll("0Anonsense")) == (400, "bad_verification_code", [70018], "")


def test_a_code_of_another_app_is_unknown(entra):
    code = entra.device_code().json()
    entra.client_id = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
    assert refusal(entra.poll(code["device_code"]))[1] == "bad_verification_code"


def test_a_code_is_redeemed_once(entra):
    code = entra.device_code().json()
    entra.approve()
    assert entra.poll(code["device_code"]).status == 200
    assert refusal(entra.poll(code["device_code"])) == (400, "invalid_grant", [54005], "")


def test_the_service_is_lenient_about_polling_early(entra):
    code = entra.device_code().json()
    for _ in range(20):
        assert refusal(entra.poll(code["device_code"]))[1] == "authorization_pending"
        entra.advance(1)


def test_polling_without_any_pause_is_told_to_slow_down(entra):
    code = entra.device_code().json()
    said = {refusal(entra.poll(code["device_code"]))[1] for _ in range(20)}
    assert said == {"authorization_pending", "slow_down"}


def test_strict_polling_keeps_the_interval_and_lengthens_it(entra):
    entra.policy(strict_polling=True)
    code = entra.device_code().json()
    heard = []
    for pause in (0, 5, 3, 5, 20):
        entra.advance(pause)
        heard.append(refusal(entra.poll(code["device_code"]))[1].split("_")[0])
    assert heard == ["authorization", "authorization", "slow", "slow", "authorization"]


@pytest.mark.parametrize("grant", ["password", "nonsense"])
def test_other_grants_are_refused_by_name(entra, grant):
    answer = entra.token(grant_type=grant)
    assert refusal(answer) == (400, "unsupported_grant_type", [70003], "")
    assert grant in answer.json()["error_description"]


def test_a_form_without_grant_type_names_what_is_missing(entra):
    answer = entra.token()
    assert refusal(answer) == (400, "invalid_request", [900144], "")
    assert "'grant_type'" in answer.json()["error_description"]


def test_a_body_that_is_no_form_is_refused_and_harms_nothing(tenant):
    answer = tenant.handle(Request("POST", f"{ROOT}/common/oauth2/v2.0/token", {}, b"\xff\xfe{not a form"))
    assert refusal(answer)[1] == "invalid_request"


# --- tokens


def test_the_token_response_has_what_clients_need(entra):
    tokens = entra.sign_in(client_info="1")
    assert set(tokens) == {
        "token_type",
        "scope",
        "expires_in",
        "ext_expires_in",
        "access_token",
        "refresh_token",
        "id_token",
        "client_info",
    }
    assert isinstance(tokens["expires_in"], int)
    assert 3600 <= tokens["expires_in"] <= 5400
    padded = tokens["client_info"] + "=" * (-len(tokens["client_info"]) % 4)
    assert json.loads(base64.urlsafe_b64decode(padded)) == {"uid": MEGAN, "utid": TENANT_ID}


@pytest.mark.parametrize(
    ("scope", "present", "absent"),
    [
        ("User.Read", set(), {"refresh_token", "id_token", "client_info"}),
        ("User.Read offline_access", {"refresh_token"}, {"id_token"}),
        ("User.Read openid", {"id_token"}, {"refresh_token"}),
    ],
)
def test_refresh_and_id_token_come_only_when_asked(entra, scope, present, absent):
    members = set(entra.sign_in(scope))
    assert present <= members
    assert not absent & members


@pytest.mark.parametrize(
    ("asked", "echoed", "audience"),
    [
        ("User.Read offline_access", "User.Read", GRAPH_APP),
        ("openid profile email User.Read", "openid profile email User.Read", GRAPH_APP),
        (f"{GRAPH}/User.Read openid", f"openid {GRAPH}/User.Read", GRAPH),
        (f"{GRAPH}/.default", f"{GRAPH}/.default {GRAPH}/Calendars.ReadWrite {GRAPH}/User.Read", GRAPH),
        (f"{GRAPH}//.default", f"{GRAPH}//.default {GRAPH}//Calendars.ReadWrite {GRAPH}//User.Read", GRAPH),
        (f"{ROOT}//.default", f"{ROOT}//.default {ROOT}//Calendars.ReadWrite {ROOT}//User.Read", ROOT),
        ("api://board/Read", "api://board/Read", "api://board"),
        (f"{GRAPH_APP}/User.Read", f"{GRAPH_APP}/User.Read", GRAPH_APP),
    ],
)
def test_scopes_are_echoed_as_they_were_asked_and_decide_the_audience(entra, asked, echoed, audience):
    tokens = entra.sign_in(asked)
    assert tokens["scope"] == echoed
    assert claims_of(tokens["access_token"])["aud"] == audience


def test_what_was_granted_before_is_granted_with_it(entra):
    entra.sign_in("User.Read")
    assert entra.sign_in("Calendars.Read")["scope"] == "Calendars.Read User.Read"
    assert entra.sign_in("api://board/Read")["scope"] == "api://board/Read"


def test_the_access_token_has_the_shape_of_graphs_own(entra):
    claims = claims_of(entra.sign_in()["access_token"])
    assert (claims["oid"], claims["tid"], claims["appid"], claims["idtyp"]) == (MEGAN, TENANT_ID, CLIENT_ID, "user")
    assert (claims["upn"], claims["unique_name"]) == ("megan@contoso.example", "megan@contoso.example")
    assert claims["scp"].split() == ["Calendars.Read", "User.Read"]
    assert claims["iss"] == f"{ROOT}/{TENANT_ID}/v2.0"
    assert claims["sandbox"] is True


def test_the_id_token_names_the_user_to_this_app_alone(entra):
    claims = claims_of(entra.sign_in()["id_token"])
    assert {"iat", "nbf", "exp", "sub", "uti", "rh"} <= set(claims)
    assert (claims["aud"], claims["iss"], claims["ver"]) == (CLIENT_ID, f"{ROOT}/{TENANT_ID}/v2.0", "2.0")
    assert (claims["oid"], claims["tid"], claims["preferred_username"], claims["name"]) == (
        MEGAN,
        TENANT_ID,
        "megan@contoso.example",
        "Megan Bowen",
    )
    entra.client_id = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
    assert claims_of(entra.sign_in()["id_token"])["sub"] != claims["sub"]


def test_clients_that_understand_challenges_get_tokens_for_a_day(entra):
    tokens = entra.sign_in(claims=CP1)
    assert DAY <= tokens["expires_in"] <= 28 * 3600
    assert tokens["refresh_in"] == tokens["expires_in"] // 2
    assert claims_of(tokens["access_token"])["xms_cc"] == ["CP1"]


def test_lifetimes_vary(entra):
    assert len({entra.sign_in()["expires_in"] for _ in range(8)}) > 1


def test_a_refresh_gives_new_tokens_and_leaves_the_old_refresh_token_valid(entra):
    first = entra.sign_in()
    second = entra.refresh(first["refresh_token"], scope=SCOPE).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert entra.refresh(first["refresh_token"]).status == 200


def test_a_refresh_without_scope_asks_for_what_was_granted(entra):
    first = entra.sign_in(f"{GRAPH}/User.Read offline_access openid")
    second = entra.refresh(first["refresh_token"]).json()
    assert second["scope"] == first["scope"]
    assert "id_token" in second


def test_refresh_tokens_slide_for_ninety_days(entra):
    token = entra.sign_in()["refresh_token"]
    for _ in range(4):
        entra.advance(89 * DAY)
        token = entra.refresh(token).json()["refresh_token"]
    entra.advance(90 * DAY)
    assert refusal(entra.refresh(token)) == (400, "invalid_grant", [700082], "bad_token")


def test_a_refresh_for_what_nobody_granted_needs_consent(entra):
    token = entra.sign_in("User.Read offline_access")["refresh_token"]
    answer = entra.refresh(token, scope="Mail.Send offline_access")
    assert refusal(answer) == (400, "invalid_grant", [65001], "consent_required")
    assert CLIENT_ID in answer.json()["error_description"]


def test_a_revoked_refresh_token_is_told_so(entra):
    token = entra.sign_in()["refresh_token"]
    entra.ask_control("POST", "revoke", {"user": "megan"})
    assert refusal(entra.refresh(token)) == (400, "invalid_grant", [50173], "bad_token")
    assert entra.refresh(entra.sign_in()["refresh_token"]).status == 200


@pytest.mark.parametrize("token", ["nonsense", "1.Aabc"])
def test_a_refresh_token_nobody_issued_is_malformed(entra, token):
    assert refusal(entra.refresh(token)) == (400, "invalid_grant", [9002313], "bad_token")


def test_a_refresh_token_belongs_to_its_app(entra):
    token = entra.sign_in()["refresh_token"]
    entra.client_id = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
    assert refusal(entra.refresh(token))[2] == [9002313]


# --- policies


POLICIES = [
    ({"app_not_public": True}, (401, "invalid_client", [7000218], ""), (401, "invalid_client", [7000218], "")),
    ({"user_disabled": True}, (400, "invalid_grant", [50057], ""), (400, "invalid_grant", [50057], "")),
    ({"block_device_code": True}, (400, "invalid_grant", [53003], "message_only"), (400, "invalid_grant", [530036], "bad_token")),
    ({"require_mfa": True}, (400, "interaction_required", [50076], "basic_action"), (400, "interaction_required", [50076], "basic_action")),
    ({"consent_required": True}, (400, "invalid_grant", [65001], "consent_required"), (400, "invalid_grant", [65001], "consent_required")),
]


@pytest.mark.parametrize(("policy", "at_sign_in", "_"), POLICIES)
def test_a_policy_refuses_the_sign_in_after_the_user_approved(entra, policy, at_sign_in, _):
    entra.policy(**policy)
    code = entra.device_code().json()
    assert refusal(entra.poll(code["device_code"]))[1] == "authorization_pending"
    entra.approve()
    assert refusal(entra.poll(code["device_code"])) == at_sign_in
    entra.ask_control("DELETE", "policies")
    assert entra.poll(code["device_code"]).status == 200


@pytest.mark.parametrize(("policy", "_", "at_refresh"), POLICIES)
def test_a_policy_refuses_the_refresh(entra, policy, _, at_refresh):
    token = entra.sign_in()["refresh_token"]
    entra.policy(**policy)
    assert refusal(entra.refresh(token)) == at_refresh
    entra.ask_control("DELETE", "policies")
    assert entra.refresh(token).status == 200


def test_the_demand_for_a_second_factor_carries_its_claims(entra):
    token = entra.sign_in()["refresh_token"]
    entra.policy(require_mfa=["megan"])
    assert "capolids" in json.loads(entra.refresh(token).json()["claims"])["access_token"]


def test_sign_in_frequency_counts_from_the_sign_in_not_from_the_last_refresh(entra):
    entra.policy(sign_in_frequency_seconds=10 * DAY)
    token = entra.sign_in()["refresh_token"]
    entra.advance(9 * DAY)
    token = entra.refresh(token).json()["refresh_token"]
    entra.advance(DAY)
    assert refusal(entra.refresh(token)) == (400, "invalid_grant", [70043], "token_expired")


def test_an_app_registered_without_public_flows_is_refused_at_the_poll(entra):
    entra.ask_control("POST", "apps", {"client_id": CLIENT_ID, "publicClient": False})
    code = entra.device_code().json()
    entra.approve()
    assert refusal(entra.poll(code["device_code"])) == (401, "invalid_client", [7000218], "")


def test_auto_approval_stands_for_the_second_device(tenant):
    tenant.auto_approve = "megan"
    entra = Entra(tenant.handle)
    assert entra.poll(entra.device_code().json()["device_code"]).status == 200


# --- the form of refusals


def test_a_refusal_bears_the_correlation_id_of_the_client(entra):
    given = "6a1c0b0e-3f0c-4b7e-9a53-1d2f3c4b5a69"
    answer = entra.form("/common/oauth2/v2.0/token", {}, client_request_id=given)
    assert answer.json()["correlation_id"] == given
    assert answer.headers["client-request-id"] == given
    assert answer.headers["x-ms-request-id"] == answer.json()["trace_id"]


@pytest.mark.parametrize("hostile", ["x\r\nset-cookie: a=b", "<script>", "6a1c0b0e"])
def test_a_correlation_id_that_is_none_is_not_echoed(entra, hostile):
    answer = entra.form("/common/oauth2/v2.0/token", {}, client_request_id=hostile)
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["client-request-id"])
    assert hostile not in answer.body.decode()


def test_a_refusal_tells_the_tenants_time_and_where_to_read_more(entra):
    entra.ask_control("POST", "clock", {"now": "2031-02-03T04:05:06Z"})
    body = entra.token().json()
    assert body["timestamp"] == "2031-02-03 04:05:06Z"
    assert body["error_uri"] == f"{ROOT}/error?code=900144"


def test_tokens_are_not_to_be_stored_by_caches(entra):
    code = entra.device_code().json()
    entra.approve()
    assert "no-store" in entra.poll(code["device_code"]).headers["cache-control"]


# --- the page


def page(entra, **fields):
    answer = entra.form("/devicelogin", fields)
    assert answer.headers["content-type"].startswith("text/html")
    return answer.body.decode()


def test_the_page_leads_from_code_to_account_to_consent_to_the_end(entra):
    code = entra.device_code().json()
    assert 'name="code"' in entra.get("/devicelogin").body.decode()
    typed = f"{code['user_code'][:4].lower()}-{code['user_code'][4:]}"
    assert "Megan Bowen" in page(entra, code=typed)
    consent = page(entra, code=typed, user=MEGAN)
    assert "Are you trying to sign in to Calendar app?" in consent
    assert "Read your calendars" in consent
    assert "signed in" in page(entra, code=typed, user=MEGAN, answer="accept")
    assert entra.poll(code["device_code"]).status == 200


def test_what_was_granted_once_is_not_asked_again(entra):
    entra.sign_in("User.Read offline_access")
    code = entra.device_code("User.Read Calendars.Read offline_access").json()["user_code"]
    consent = page(entra, code=code, user=MEGAN)
    assert "Read your calendars" in consent
    assert "See who you are" not in consent
    page(entra, code=code, user=MEGAN, answer="accept")
    again = entra.device_code("Calendars.Read offline_access").json()["user_code"]
    assert "granted it all" in page(entra, code=again, user=MEGAN)


def test_cancel_declines(entra):
    code = entra.device_code().json()
    assert "cancelled" in page(entra, code=code["user_code"], user=MEGAN, answer="cancel")
    assert refusal(entra.poll(code["device_code"]))[1] == "authorization_declined"


def test_nothing_is_approved_before_accept(entra):
    code = entra.device_code().json()
    page(entra, code=code["user_code"])
    page(entra, code=code["user_code"], user=MEGAN)
    page(entra, code=code["user_code"], user="nobody", answer="accept")
    assert refusal(entra.poll(code["device_code"]))[1] == "authorization_pending"


def test_each_trouble_with_a_code_has_its_own_words(entra):
    code = entra.device_code().json()["user_code"]
    assert "Type the code" in page(entra, code=" ")
    assert "know this code" in page(entra, code="XXXXXXXXX")
    entra.advance(901)
    assert "expired" in page(entra, code=code)
    used = entra.device_code().json()["user_code"]
    entra.approve()
    assert "used already" in page(entra, code=used)


@pytest.mark.parametrize("hostile", ['"><script>alert(1)</script>', "{{ 7*7 }}", "' onfocus=alert(1) '"])
def test_hostile_words_stay_words(entra, hostile):
    shown = page(entra, code=hostile)
    assert "<script" not in shown
    assert "49" not in re.sub(r"<style>.*</style>", "", shown, flags=re.DOTALL)
    assert "onfocus=alert(1) '" not in shown.replace("&#39;", "’")


def test_an_app_name_is_data(entra):
    entra.ask_control("POST", "apps", {"client_id": CLIENT_ID, "displayName": "<b>Evil</b>"})
    assert "&lt;b&gt;Evil&lt;/b&gt;" in page(entra, code=entra.device_code().json()["user_code"], user=MEGAN)


def test_a_disabled_account_cannot_be_picked(entra):
    entra.policy(user_disabled=["megan"])
    code = entra.device_code().json()
    assert "disabled" in page(entra, code=code["user_code"], user=MEGAN, answer="accept")
    assert refusal(entra.poll(code["device_code"]))[1] == "authorization_pending"


def test_where_consent_is_the_administrators_the_page_says_so(entra):
    entra.policy(consent_required=True)
    code = entra.device_code().json()
    assert "administrator must approve" in page(entra, code=code["user_code"], user=MEGAN, answer="accept")
    assert refusal(entra.poll(code["device_code"]))[1] == "authorization_pending"


def test_the_page_allows_no_scripts_and_no_frames(entra):
    policy = entra.get("/devicelogin").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_a_foreign_page_cannot_send_the_form(entra):
    code = entra.device_code().json()
    answer = entra.form("/devicelogin", {"code": code["user_code"], "user": MEGAN, "answer": "accept"}, origin="https://evil.example")
    assert answer.status == 403
    assert refusal(entra.poll(code["device_code"]))[1] == "authorization_pending"


@pytest.mark.parametrize(("number", "status"), [("53003", 200), ("70016", 200), ("1", 404), ("", 404), ("²", 404), ("9" * 5000, 404)])
def test_the_error_page_explains_the_numbers_it_knows(entra, number, status):
    answer = entra.get("/error?" + urlencode({"code": number}))
    assert answer.status == status
    assert f"AADSTS{number[:12]}" in answer.body.decode()


def test_two_tenants_do_not_take_each_others_tokens():
    from daypass_sandbox.entra.tokens import SigningKey

    ours = Tenant(clock=StoppedClock(NOW), chance=random.Random(1), key=SigningKey.generate())
    theirs = Tenant(clock=StoppedClock(NOW), chance=random.Random(1))
    answer = Entra(theirs.handle).me(ours.mint("megan", ["User.Read"]))
    assert answer.status == 401


@pytest.mark.parametrize(
    ("audience", "refused"),
    [
        ("AzureADMyOrg", {"common": 50194, "organizations": 50194, "consumers": 9002332}),
        ("AzureADMultipleOrgs", {"consumers": 9002332}),
        ("AzureADandPersonalMicrosoftAccount", {}),
        ("PersonalMicrosoftAccount", {TENANT_ID: 9002331, "common": 9002331, "organizations": 9002331}),
    ],
)
def test_an_app_serves_the_accounts_it_is_registered_for(tenant, entra, audience, refused):
    tenant.state.apps[CLIENT_ID]["signInAudience"] = audience
    for segment in (TENANT_ID, "common", "organizations", "consumers"):
        answer = entra.form(f"/{segment}/oauth2/v2.0/devicecode", {"client_id": CLIENT_ID, "scope": "User.Read"})
        told = refusal(answer)[:3] if answer.status != 200 else None
        assert told == ((400, "invalid_request", [refused[segment]]) if segment in refused else None), segment


@pytest.mark.parametrize(
    ("market", "word"), [("de-DE", "Anmelden"), ("pt-BR", "insira"), ("pt-PT", "introduza"), ("xx-YY", "To sign in"), ("", "To sign in")]
)
def test_the_message_of_a_code_comes_in_the_language_that_is_asked_for(market, word, entra):
    fields = {"client_id": entra.client_id, "scope": SCOPE}
    code = entra.form(f"/{entra.authority}/oauth2/v2.0/devicecode?mkt={market}", fields).json()
    assert word in code["message"]
    assert code["user_code"] in code["message"]
    assert code["verification_uri"] in code["message"]


def test_who_goes_on_polling_too_fast_is_told_of_a_loop(entra):
    code = entra.device_code().json()["device_code"]
    numbers = [refusal(entra.poll(code))[1:3] for _ in range(25)]
    assert numbers[0] == ("authorization_pending", [70016])
    assert ("slow_down", [70016]) in numbers
    assert numbers[-1] == ("invalid_request", [50196])


@pytest.mark.parametrize(
    ("event", "renewed"),
    [("ipChanged", None), ("passwordChanged", 50173), ("sessionsRevoked", 50173), ("riskDetected", 50173), ("userDisabled", 50057)],
)
def test_what_happens_to_a_user_is_noticed_at_once_by_those_who_understand_it(event, renewed, entra):
    cp1 = {"claims": '{"access_token":{"xms_cc":{"values":["CP1"]}}}'}
    understands, does_not = entra.sign_in(**cp1), entra.sign_in()
    told = entra.ask_control("POST", "cae", {"user": "megan", "event": event})
    assert told["event"] == event
    challenged = entra.me(understands["access_token"])
    assert challenged.status == 401
    assert "insufficient_claims" in challenged.headers["www-authenticate"]
    assert entra.me(does_not["access_token"]).status == 200
    answer = entra.refresh(understands["refresh_token"], scope=SCOPE, **cp1)
    if renewed:
        assert refusal(answer)[2] == [renewed]
    else:
        assert entra.me(answer.json()["access_token"]).status == 200


def test_an_event_that_nobody_knows_is_refused(entra):
    assert entra.control("POST", "cae", {"user": "megan", "event": "tea"}).status == 400
