from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
import pytest

from daypass_sandbox.tenant import CLIENT_ID, TENANT_ID
from entra_caller import ROOT, Entra, refusal
from graph_caller import MEGAN

REDIRECT = "http://localhost:53682"
SCOPE = "openid profile offline_access User.Read"
VERIFIER = "a-verifier-of-at-least-forty-three-letters-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
WEB = "22222222-3333-4444-8555-666666666666"
SECRET = "web-secret-of-a-good-length"
WEB_REDIRECT = "https://app.contoso.example/signed-in?from=entra"


@dataclass
class Browser:
    """A browser that keeps cookies, fills forms, and does not follow where the app is."""

    entra: Entra
    cookie: str = ""

    def _sent(self, answer):
        self.cookie = answer.headers.get("set-cookie", self.cookie).partition(";")[0]
        return answer

    def open(self, client_id=CLIENT_ID, path="oauth2/v2.0/authorize", **query: str):
        usual = {"client_id": client_id, "response_type": "code", "redirect_uri": REDIRECT, "scope": SCOPE, "state": "s&1", "nonce": "n1"}
        pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
        self.at = f"/{TENANT_ID}/{path}?" + urlencode({name: value for name, value in {**usual, **pkce, **query}.items() if value})
        return self._sent(self.entra.get(self.at, cookie=self.cookie))

    def press(self, **fields: str):
        return self._sent(self.entra.form(self.at, fields, cookie=self.cookie, origin=self.entra.root))

    def sign_in(self, user=MEGAN, **query: str):
        self.open(**query)
        self.press(user=user)
        return self.press(user=user, answer="accept")


@pytest.fixture
def browser(entra):
    return Browser(entra)


@pytest.fixture
def web(entra):
    app = {"client_id": WEB, "displayName": "Board", "publicClient": False, "secret": SECRET, "redirectUris": [WEB_REDIRECT]}
    entra.ask_control("POST", "apps", app)
    entra.client_id = WEB
    return entra


def told(answer) -> dict[str, Any]:
    """What the app is told by a redirect."""
    assert answer.status == 302, answer.body
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query, keep_blank_values=True).items()}


def redeem(entra, spent, **fields: str):
    usual = {"grant_type": "authorization_code", "code": spent, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    return entra.token(**{name: value for name, value in {**usual, **fields}.items() if value})


def test_a_person_without_a_given_name_can_be_picked(browser, entra):
    made = {"displayName": "Reception", "userPrincipalName": "reception@contoso.example"}
    assert entra.ask_control("POST", "users", made)["displayName"] == "Reception"
    assert "Reception" in browser.open().body.decode()


def test_a_person_signs_in_and_the_app_gets_tokens_for_the_code(browser, entra):
    first = browser.open()
    assert first.status == 200
    assert "Pick an account" in first.body.decode()
    second = browser.press(user=MEGAN)
    assert "See who you are" in second.body.decode()
    answer = told(browser.press(user=MEGAN, answer="accept"))
    assert answer["state"] == "s&1"
    assert {"code", "session_state"} <= set(answer)
    tokens = redeem(entra, answer["code"]).json()
    assert tokens["scope"] == "openid profile User.Read"
    claims = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert (claims["nonce"], claims["preferred_username"]) == ("n1", "megan@contoso.example")
    assert entra.me(tokens["access_token"]).status == 200
    assert entra.refresh(tokens["refresh_token"]).status == 200


def test_forms_may_lead_to_the_app_and_nowhere_else(browser):
    policy = browser.open().headers["content-security-policy"]
    assert "form-action 'self' http://localhost:53682;" in policy
    assert "script-src" not in policy


def test_the_answer_comes_in_the_fragment_if_that_was_asked(browser):
    location = browser.sign_in(response_mode="fragment").headers["location"]
    assert urlsplit(location).query == ""
    assert dict(parse_qsl(urlsplit(location).fragment))["state"] == "s&1"


def test_the_answer_comes_as_a_form_that_sends_itself(browser, entra):
    answer = browser.sign_in(response_mode="form_post", client_info="1", state='"><script>')
    text = answer.body.decode()
    assert (answer.status, f'action="{REDIRECT}"' in text) == (200, True)
    fields = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', text)}
    assert set(fields) == {"code", "state", "session_state", "client_info"}
    assert fields["state"] == '"><script>'
    assert "script-src 'sha256-" in answer.headers["content-security-policy"]
    assert redeem(entra, fields["code"]).status == 200


def test_a_redirect_uri_keeps_its_own_query(web):
    answer = told(Browser(web).sign_in(client_id=WEB, redirect_uri=WEB_REDIRECT))
    assert answer["from"] == "entra"


def test_whoever_cancels_sends_the_app_a_refusal(browser):
    browser.open()
    answer = told(browser.press(user=MEGAN, answer="cancel"))
    assert (answer["error"], answer["state"]) == ("access_denied", "s&1")
    assert answer["error_description"].startswith("AADSTS65004: ")


@pytest.mark.parametrize(
    "redirect", ["http://localhost", "http://localhost/", "http://localhost:1", "http://localhost:65535/", "http://localhost:8400"]
)
def test_a_loopback_address_may_have_any_port(browser, redirect):
    assert told(browser.sign_in(redirect_uri=redirect))["code"]


TWO_FACED = (
    "http://evil.example\\@localhost",
    "http://evil.example@localhost",
    "http://evil.example:80@localhost:1/",
    "http://localhost\\.evil.example",
    "http://localhost\t:1",
    " http://localhost",
    "http://localhost\r\n",
    "http:\\\\localhost",
    "http:localhost",
    "http:///localhost",
    "http://localhost:1;script-src",
    "http://localhost,evil.example",
    "http://localhost:1/#there",
    "http://localhost:1/?more=1",
    "http://localhost:0",
)


@pytest.mark.parametrize("uri", TWO_FACED)
def test_an_address_that_browsers_read_otherwise_gets_nothing(browser, uri):
    answer = browser.open(redirect_uri=uri)
    assert (answer.status, "AADSTS50011: " in answer.body.decode()) == (400, True)
    leaving = browser.open(path="oauth2/v2.0/logout", post_logout_redirect_uri=uri)
    assert (leaving.status, "location" in leaving.headers) == (200, False)


@pytest.mark.parametrize(
    ("uri", "allowed"),
    [
        ("https://board.contoso.example:8443/done;v=1", "https://board.contoso.example:8443"),
        ("http://localhost:8400", "http://localhost:8400"),
        ("http://[::1]:8400/", "http://[::1]:8400"),
        ("msal123://auth", "msal123:"),
    ],
)
def test_a_form_may_lead_to_host_and_port_of_the_address_alone(browser, tenant, uri, allowed):
    tenant.state.apps[CLIENT_ID]["publicClient"] = {"redirectUris": [uri]}
    policy = browser.sign_in(response_mode="form_post", redirect_uri=uri).headers["content-security-policy"]
    assert f"form-action {allowed}; " in policy


@pytest.mark.parametrize(
    "uri", ["https://a.example;script-src *", "https://a.example,b.example/", "https://'self'/", "javascript:alert(1)", "data:,x"]
)
def test_an_address_that_would_write_policy_or_run_is_never_served(browser, tenant, entra, uri):
    tenant.state.apps[CLIENT_ID]["publicClient"] = {"redirectUris": [uri]}
    assert browser.open(redirect_uri=uri).status == 400
    assert entra.control("POST", "apps", {"client_id": CLIENT_ID, "redirectUris": [uri]}).status == 400


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ({"redirect_uri": "https://evil.example/"}, "50011"),
        ({"redirect_uri": "http://localhost.evil.example:1/"}, "50011"),
        ({"redirect_uri": "http://localhost:1/other"}, "50011"),
        ({"redirect_uri": "http://localhost:99999"}, "50011"),
        ({"redirect_uri": "https://localhost:1"}, "50011"),
        ({"redirect_uri": ""}, "900971"),
        ({"client_id": "00000000-0000-4000-8000-000000000009"}, "700016"),
        ({"client_id": ""}, "900144"),
        ({"response_mode": "carrier_pigeon"}, "70007"),
    ],
)
def test_what_no_app_may_hear_is_a_page(browser, query, number):
    answer = browser.open(**query)
    assert answer.status == 400
    assert f"AADSTS{number}: " in answer.body.decode()
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("query", "error", "number"),
    [
        ({"response_type": "token"}, "unsupported_response_type", "700054"),
        ({"response_type": ""}, "invalid_request", "900144"),
        ({"scope": ""}, "invalid_request", "900144"),
        ({"scope": "api://a/x api://b/y"}, "invalid_scope", "700022"),
        ({"prompt": "please"}, "invalid_request", "90023"),
        ({"code_challenge_method": "S512"}, "invalid_request", "501461"),
        ({"code_challenge": "short"}, "invalid_request", "501491"),
        ({"prompt": "none"}, "login_required", "50058"),
    ],
)
def test_what_the_app_asks_wrongly_it_is_told(browser, query, error, number):
    answer = told(browser.open(**query))
    assert (answer["error"], answer["state"]) == (error, "s&1")
    assert answer["error_description"].startswith(f"AADSTS{number}: ")
    assert answer["error_uri"] == f"{ROOT}/error?code={number}"


# --- who is there


def test_once_signed_in_nothing_is_asked_again(browser, entra):
    browser.sign_in()
    assert told(browser.open())["code"]
    assert told(browser.open(prompt="none"))["code"]
    assert browser.open(prompt="login").status == 200
    assert browser.open(prompt="select_account").status == 200
    assert "See who you are" in browser.open(prompt="consent").body.decode()


def test_a_new_permission_is_asked_for_and_silence_is_refused(browser):
    browser.sign_in()
    more = f"{SCOPE} Calendars.ReadWrite"
    assert told(browser.open(scope=more, prompt="none"))["error"] == "interaction_required"
    page = browser.open(scope=more).body.decode()
    assert "Read and change your calendars" in page
    assert "See who you are" not in page


def test_a_hint_spares_the_picking(browser):
    page = browser.open(login_hint="megan@contoso.example").body.decode()
    assert "Are you trying to sign in to Calendar app?" in page
    assert "Pick an account" in browser.open(login_hint="stranger@fabrikam.example").body.decode()


def test_revoked_sessions_and_strange_cookies_are_nobodys(browser, entra):
    browser.sign_in()
    entra.ask_control("POST", "revoke", {"user": "megan"})
    assert told(browser.open(prompt="none"))["error"] == "login_required"
    for cookie in ("DAYPASS-SANDBOX=nobody.0", "DAYPASS-SANDBOX=", "=;;=\\", f"DAYPASS-SANDBOX={MEGAN}"):
        browser.cookie = cookie
        assert told(browser.open(prompt="none"))["error"] == "login_required"


def test_signing_out_ends_it_and_leads_back_to_a_known_address(browser):
    browser.sign_in()
    assert "You signed out" in browser.open(path="oauth2/v2.0/logout", redirect_uri="").body.decode()
    assert told(browser.open(prompt="none"))["error"] == "login_required"
    leaving = browser.open(path="oauth2/v2.0/logout", post_logout_redirect_uri="http://localhost:9/")
    assert leaving.headers["location"] == "http://localhost:9/?state=s%261"
    assert browser.open(path="oauth2/v2.0/logout", post_logout_redirect_uri="https://evil.example/").status == 200


def test_a_disabled_account_is_not_let_in(browser, entra):
    entra.policy(user_disabled=[MEGAN])
    browser.open()
    assert "AADSTS50057" in browser.press(user=MEGAN).body.decode()


def test_where_people_may_not_grant_they_are_sent_to_their_administrator(browser, entra):
    entra.policy(consent_required=True)
    browser.open()
    assert "AADSTS90094" in browser.press(user=MEGAN, answer="accept").body.decode()
    assert told(browser.press(answer="cancel"))["error"] == "access_denied"


def test_a_tenant_that_approves_everything_asks_nobody(browser, tenant):
    tenant.auto_approve = "alex"
    tokens = redeem(browser.entra, told(browser.open())["code"]).json()
    assert jwt.decode(tokens["id_token"], options={"verify_signature": False})["name"] == "Alex Wilber"


def test_a_foreign_page_cannot_send_the_form(browser):
    browser.open()
    answer = browser.entra.form(browser.at, {"user": MEGAN, "answer": "accept"}, origin="https://evil.example")
    assert answer.status == 403


# --- the code


def test_a_code_is_good_once(browser, entra):
    code = told(browser.sign_in())["code"]
    assert redeem(entra, code).status == 200
    assert refusal(redeem(entra, code)) == (400, "invalid_grant", [54005], "")


def test_a_code_is_good_for_ten_minutes(browser, entra):
    code = told(browser.sign_in())["code"]
    entra.advance(600)
    assert refusal(redeem(entra, code)) == (400, "invalid_grant", [70008], "")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"code": "nonsense"}, (400, "invalid_grant", [70000], "bad_token")),
        ({"code": ""}, (400, "invalid_request", [900144], "")),
        ({"redirect_uri": ""}, (400, "invalid_request", [900144], "")),
        ({"redirect_uri": "http://localhost:1"}, (401, "invalid_client", [500112], "")),
        ({"code_verifier": ""}, (400, "invalid_grant", [50148], "")),
        ({"code_verifier": VERIFIER[::-1]}, (400, "invalid_grant", [501481], "")),
        ({"client_secret": "x"}, (401, "invalid_client", [700025], "")),
        ({"scope": "Calendars.ReadWrite"}, (400, "invalid_grant", [65001], "consent_required")),
    ],
)
def test_a_code_comes_with_what_it_was_asked_for(browser, entra, fields, expected):
    code = told(browser.sign_in())["code"]
    assert refusal(redeem(entra, code, **fields)) == expected
    assert redeem(entra, code).status == 200, "a refused attempt spends nothing"


def test_another_app_cannot_redeem_it(browser, entra, web):
    entra.client_id = CLIENT_ID
    code = told(browser.sign_in())["code"]
    entra.client_id = WEB
    assert refusal(redeem(entra, code, client_secret=SECRET))[2] == [70000]


def test_the_plain_challenge_is_its_own_verifier(browser, entra):
    code = told(browser.sign_in(code_challenge=VERIFIER, code_challenge_method=""))["code"]
    assert redeem(entra, code).status == 200


def test_a_verifier_without_a_challenge_proves_nothing(browser, entra):
    code = told(browser.sign_in(code_challenge="", code_challenge_method=""))["code"]
    assert refusal(redeem(entra, code))[2] == [501481]
    assert redeem(entra, code, code_verifier="").status == 200


def test_a_web_app_needs_its_secret_and_pkce_is_its_choice(web):
    code = told(Browser(web).sign_in(client_id=WEB, redirect_uri=WEB_REDIRECT, code_challenge="", code_challenge_method=""))["code"]
    asked = {"redirect_uri": WEB_REDIRECT, "code_verifier": ""}
    assert refusal(redeem(web, code, **asked)) == (401, "invalid_client", [7000218], "")
    tokens = redeem(web, code, **asked, client_secret=SECRET).json()
    assert refusal(web.refresh(tokens["refresh_token"]))[2] == [7000218]
    assert web.refresh(tokens["refresh_token"], client_secret=SECRET).status == 200


def test_the_code_of_a_single_page_app_is_redeemed_from_its_page(tenant, browser, entra):
    tenant.state.apps[CLIENT_ID]["spa"] = {"redirectUris": ["https://spa.contoso.example"]}
    spa = "https://spa.contoso.example"
    asked = told(browser.open(redirect_uri=spa, code_challenge="", code_challenge_method=""))
    assert asked["error_description"].startswith("AADSTS9002325: ")
    fields = {"grant_type": "authorization_code", "redirect_uri": spa, "code_verifier": VERIFIER, "client_id": CLIENT_ID}
    fields["code"] = told(browser.sign_in(redirect_uri=spa))["code"]
    path = f"/{TENANT_ID}/oauth2/v2.0/token"
    assert refusal(entra.form(path, fields))[2] == [9002327]
    answer = entra.form(path, fields, origin=spa)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")
    token = answer.json()["refresh_token"]
    again = {"grant_type": "refresh_token", "client_id": CLIENT_ID, "refresh_token": token}
    assert refusal(entra.form(path, again))[2] == [9002327]
    tenant.clock.advance(23 * 3600)
    token = entra.form(path, again, origin=spa).json()["refresh_token"]
    tenant.clock.advance(3600)
    refused = entra.form(path, {**again, "refresh_token": token}, origin=spa)
    assert (refusal(refused)[2], refused.headers["access-control-allow-origin"]) == ([700084], "*")


def test_the_code_of_any_other_app_is_not(browser, entra):
    code = told(browser.sign_in())["code"]
    fields = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": VERIFIER, "client_id": CLIENT_ID, "code": code}
    assert refusal(entra.form(f"/{TENANT_ID}/oauth2/v2.0/token", fields, origin="https://spa.contoso.example"))[2] == [9002326]
    fields |= {"grant_type": "refresh_token", "refresh_token": redeem(entra, code).json()["refresh_token"]}
    assert refusal(entra.form(f"/{TENANT_ID}/oauth2/v2.0/token", fields, origin="https://spa.contoso.example"))[2] == [9002326]


def test_multi_factor_demanded_before_the_sign_in_is_met_by_it(browser, entra):
    entra.policy(require_mfa=True)
    tokens = redeem(entra, told(browser.sign_in())["code"]).json()
    assert entra.refresh(tokens["refresh_token"]).status == 200


def test_multi_factor_demanded_afterwards_and_a_block_of_device_codes_differ(browser, entra):
    tokens = redeem(entra, told(browser.sign_in())["code"]).json()
    entra.policy(block_device_code=True)
    assert entra.refresh(tokens["refresh_token"]).status == 200
    entra.policy(require_mfa=True)
    assert refusal(entra.refresh(tokens["refresh_token"]))[2] == [50076]


# --- who it is, and for everybody


def test_userinfo_tells_who_a_token_speaks_for(browser, entra):
    tokens = redeem(entra, told(browser.sign_in())["code"]).json()
    told_claims = entra.get("/oidc/userinfo", authorization=f"Bearer {tokens['access_token']}").json()
    id_claims = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert told_claims == {
        "sub": id_claims["sub"],
        "name": "Megan Bowen",
        "family_name": "Bowen",
        "given_name": "Megan",
        "email": "megan@contoso.example",
        "picture": f"{ROOT}/v1.0/me/photo/$value",
    }
    assert entra.get("/oidc/userinfo").status == 401


def test_an_app_on_its_own_is_nobody(entra, tenant):
    token = tenant.mint_app(CLIENT_ID, ["User.Read.All"])
    assert entra.get("/oidc/userinfo", authorization=f"Bearer {token}").status == 401


def test_userinfo_is_found_at_graphs_own_address(tenant):
    graph = Entra(tenant.handle, "https://graph.microsoft.com")
    assert graph.get("/oidc/userinfo", authorization=f"Bearer {tenant.mint('megan', ['User.Read'])}").json()["name"] == "Megan Bowen"


def test_the_native_client_page_is_there(entra):
    assert "Go back to your app" in entra.get("/common/oauth2/nativeclient").body.decode()


@pytest.mark.parametrize("path", ["adminconsent", "v2.0/adminconsent"])
def test_an_administrator_grants_for_everybody(entra, browser, path):
    entra.ask_control("POST", "apps", {"client_id": CLIENT_ID, "permissions": ["User.Read", "Calendars.Read"]})
    browser.open(path=path, scope="")
    page = browser.press(user=MEGAN).body.decode()
    assert "Read your calendars" in page
    answer = told(browser.press(user=MEGAN, answer="accept"))
    assert answer == {"admin_consent": "True", "tenant": TENANT_ID, "state": "s&1"}
    browser.cookie = ""
    page = browser.open(login_hint="alex", scope="Calendars.Read").body.decode()
    assert "You have granted it all it asks for before" in page


def test_an_administrators_no_is_passed_on(browser):
    browser.open(path="adminconsent")
    assert told(browser.press(answer="cancel"))["error"] == "access_denied"
    assert browser.open(path="adminconsent", redirect_uri="https://evil.example").status == 400


def test_an_administrators_consent_brings_application_permissions(tenant, entra, browser, web):
    from daypass_sandbox.entra import apps
    from daypass_sandbox.entra.graph_api import ROLE

    apps.set_permissions(tenant.state.apps[WEB], ["Calendars.Read"], ROLE)
    browser.open(client_id=WEB, path="adminconsent", redirect_uri=WEB_REDIRECT, scope="")
    assert "Calendars.Read" in browser.press(user=MEGAN).body.decode()
    browser.press(user=MEGAN, answer="accept")
    granted = web.token(grant_type="client_credentials", client_secret=SECRET, scope="https://graph.microsoft.com/.default").json()
    assert jwt.decode(granted["access_token"], options={"verify_signature": False})["roles"] == ["Calendars.Read"]
