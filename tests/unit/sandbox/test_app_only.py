from __future__ import annotations

import base64

import jwt
import pytest

from certificates import assertion, base64_der, certificate, pem, x5t_s256
from daypass_sandbox.tenant import CLIENT_ID, TENANT_ID
from entra_caller import ROOT, Entra, refusal
from graph_caller import MEGAN, NOW

SERVICE = "11111111-2222-4333-8444-555555555555"
SECRET = "abc~a-secret-of-forty-letters-or-thereabouts"
DEFAULT = "https://graph.microsoft.com/.default"
YEAR = 365 * 24 * 3600
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture
def entra(tenant):
    entra = Entra(tenant.handle, client_id=SERVICE)
    made = {"client_id": SERVICE, "displayName": "Calendar service", "publicClient": False, "secret": SECRET, "permissions": []}
    entra.ask_control("POST", "apps", {**made, "roles": ["Calendars.Read", "User.Read.All"]})
    return entra


def ask(entra, **fields):
    return entra.token(**{"grant_type": "client_credentials", "scope": DEFAULT, "client_secret": SECRET, **fields})


def claims_of(token):
    return jwt.decode(token, options={"verify_signature": False})


def test_a_secret_buys_a_token_with_the_roles_that_were_granted(entra, tenant):
    answer = ask(entra)
    assert answer.status == 200, answer.body
    assert set(answer.json()) == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    assert answer.json()["expires_in"] == 3599
    claims = claims_of(answer.json()["access_token"])
    assert (claims["idtyp"], claims["appid"], claims["roles"]) == ("app", SERVICE, ["Calendars.Read", "User.Read.All"])
    assert (claims["appidacr"], claims["aud"], claims["tid"]) == ("1", "https://graph.microsoft.com", TENANT_ID)
    assert claims["oid"] == claims["sub"]
    assert claims["oid"] in tenant.state.service_principals
    assert "scp" not in claims


def test_graph_takes_the_token_for_whom_it_may_read_and_nothing_else(entra):
    bearer = {"authorization": f"Bearer {ask(entra).json()['access_token']}"}
    assert entra.get(f"/v1.0/users/{MEGAN}/calendar/events", **bearer).status == 200
    assert entra.get("/v1.0/me", **bearer).status == 400


def test_a_token_for_an_app_is_to_be_had_without_any_sign_in(entra, tenant):
    bearer = {"authorization": f"Bearer {tenant.mint_app(SERVICE, ['Calendars.Read'])}"}
    assert entra.get(f"/v1.0/users/{MEGAN}/calendar/events", **bearer).status == 200
    assert entra.get(f"/v1.0/users/{MEGAN}", **bearer).status == 403


def test_a_role_with_two_names_opens_what_either_name_does(entra):
    entra.ask_control("POST", "apps", {"client_id": CLIENT_ID, "roles": ["Calendars.ReadBasic"], "secret": SECRET})
    token = ask(entra, client_id=CLIENT_ID).json()["access_token"]
    assert claims_of(token)["roles"] == ["Calendars.ReadBasic.All"]
    answer = entra.get(f"/v1.0/users/{MEGAN}/calendar/events", authorization=f"Bearer {token}")
    assert answer.status == 200
    assert entra.get(f"/v1.0/users/{MEGAN}/calendars", authorization=f"Bearer {token}").status == 200


def test_an_app_without_roles_gets_a_token_that_opens_nothing(entra):
    entra.ask_control("POST", "apps", {"client_id": CLIENT_ID, "publicClient": False, "secret": SECRET})
    token = ask(entra, client_id=CLIENT_ID).json()["access_token"]
    assert "roles" not in claims_of(token)
    assert entra.get(f"/v1.0/users/{MEGAN}", authorization=f"Bearer {token}").status == 403


def test_the_secret_may_come_in_the_header(entra):
    basic = base64.b64encode(f"{SERVICE}:{SECRET.replace('~', '%7E')}".encode()).decode()
    fields = {"grant_type": "client_credentials", "scope": DEFAULT}
    answer = entra.form(f"/{TENANT_ID}/oauth2/v2.0/token", fields, authorization=f"Basic {basic}")
    assert answer.status == 200, answer.body


@pytest.mark.parametrize("junk", ["Basic !!!", "Basic " + base64.b64encode(b"no colon").decode(), "Basic /w=="])
def test_a_header_that_cannot_be_read_counts_as_none(entra, junk):
    fields = {"grant_type": "client_credentials", "scope": DEFAULT, "client_id": SERVICE, "client_secret": SECRET}
    assert entra.form(f"/{TENANT_ID}/oauth2/v2.0/token", fields, authorization=junk).status == 200


REFUSALS = {
    "a wrong secret": ({"client_secret": "nonsense"}, (401, "invalid_client", [7000215], "")),
    "no secret at all": ({"client_secret": ""}, (401, "invalid_client", [7000216], "")),
    "an app nobody registered": ({"client_id": "00000000-0000-4000-8000-000000000000"}, (400, "unauthorized_client", [700016], "")),
    "no app": ({"client_id": ""}, (400, "invalid_request", [900144], "")),
    "no scope": ({"scope": ""}, (400, "invalid_request", [900144], "")),
    "a single permission": ({"scope": "https://graph.microsoft.com/Calendars.Read"}, (400, "invalid_scope", [1002012], "")),
    "two scopes": ({"scope": f"{DEFAULT} openid"}, (400, "invalid_scope", [1002012], "")),
    "a resource nobody knows": ({"scope": "api://nothing/.default"}, (400, "invalid_resource", [500011], "")),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_wrong_is_refused_as_entra_does(entra, name):
    fields, told = REFUSALS[name]
    assert refusal(ask(entra, **fields)) == told


def test_an_expired_secret_is_called_expired(entra):
    entra.advance(2 * YEAR + 1)
    assert refusal(ask(entra)) == (401, "invalid_client", [7000222], "")


@pytest.mark.parametrize("authority", ["common", "consumers"])
def test_an_app_alone_must_name_its_tenant(entra, authority):
    entra.authority = authority
    assert refusal(ask(entra)) == (400, "invalid_request", [9001023], "")


def test_an_app_without_service_principal_or_with_a_disabled_one_is_refused(entra, tenant):
    (record,) = [record for record in tenant.state.service_principals.values() if record["appId"] == SERVICE]
    record["accountEnabled"] = False
    assert refusal(ask(entra)) == (400, "unauthorized_client", [7000112], "")
    del tenant.state.service_principals[record["id"]]
    assert refusal(ask(entra)) == (401, "invalid_client", [7000229], "")


@pytest.mark.parametrize(("resource", "audience"), [(ROOT, ROOT), ("00000003-0000-0000-c000-000000000000",) * 2, (ROOT + "/", ROOT)])
def test_graph_answers_to_its_other_names(entra, resource, audience):
    claims = claims_of(ask(entra, scope=f"{resource}/.default").json()["access_token"])
    assert (claims["aud"], claims["roles"]) == (audience, ["Calendars.Read", "User.Read.All"])


def test_a_public_client_that_shows_a_secret_is_told_so(entra):
    code = Entra(entra.send).device_code().json()["device_code"]
    entra.approve("megan")
    public = Entra(entra.send)
    assert refusal(public.poll(code, client_secret="x")) == (401, "invalid_client", [700025], "")
    assert public.poll(code).status == 200


def test_a_confidential_client_redeems_and_renews_with_its_secret(entra):
    code = entra.device_code("User.Read offline_access").json()["device_code"]
    entra.approve("megan")
    assert refusal(entra.poll(code)) == (401, "invalid_client", [7000218], "")
    tokens = entra.poll(code, client_secret=SECRET).json()
    assert claims_of(tokens["access_token"])["appidacr"] == "1"
    assert refusal(entra.refresh(tokens["refresh_token"])) == (401, "invalid_client", [7000218], "")
    assert entra.refresh(tokens["refresh_token"], client_secret=SECRET).status == 200


# --- certificates


@pytest.fixture
def signer(tenant, entra):
    cert = certificate(NOW)
    key = {"key": base64_der(cert), "type": "AsymmetricX509Cert", "usage": "Verify", "keyId": "a", "endDateTime": "2030-01-01T00:00:00Z"}
    tenant.state.apps[SERVICE]["keyCredentials"] = [key]

    def sign(number=1, algorithm="RS256", header=None, cert=cert, **claims):
        now = tenant.clock.now()
        usual = {"iss": SERVICE, "sub": SERVICE, "aud": f"{ROOT}/{TENANT_ID}/oauth2/v2.0/token", "jti": "7", "nbf": now, "exp": now + 600.5}
        return assertion(cert, {**usual, **claims}, number=number, algorithm=algorithm, **(header or {}))

    return sign


def asked_with(entra, token, **fields):
    return ask(entra, client_secret="", client_assertion=token, **{"client_assertion_type": JWT_BEARER, **fields})


def test_an_assertion_signed_with_a_registered_certificate_serves_as_well(entra, signer):
    token = asked_with(entra, signer()).json()["access_token"]
    assert (claims_of(token)["appidacr"], claims_of(token)["roles"]) == ("2", ["Calendars.Read", "User.Read.All"])


@pytest.mark.parametrize(
    "audience",
    [
        f"{ROOT}/{TENANT_ID}/oauth2/v2.0/token",
        f"{ROOT}/contoso.example/oauth2/token",
        f"{ROOT}/{TENANT_ID}/v2.0",
        f"{ROOT}/{TENANT_ID}/",
        [f"{ROOT}/{TENANT_ID}/v2.0", "https://other.example"],
    ],
)
def test_it_may_be_meant_for_any_spelling_of_the_endpoint(entra, signer, audience):
    assert asked_with(entra, signer(aud=audience)).status == 200


def test_the_newer_form_with_sha256_serves_too(entra, tenant, signer):
    cert = certificate(NOW)
    tenant.state.apps[SERVICE]["keyCredentials"][0]["key"] = base64.b64encode(pem(cert).encode()).decode()
    assert asked_with(entra, signer(algorithm="PS256", header={"x5t#S256": x5t_s256(cert)}, cert=cert)).status == 200


WRONG = {
    "another app's": ({"sub": CLIENT_ID}, 700021),
    "another issuer's": ({"iss": "https://token.actions.example", "sub": "repo:contoso"}, 70021),
    "for another service": ({"aud": "https://login.example/x/oauth2/v2.0/token"}, 700023),
    "for another port": ({"aud": f"https://localhost:1/{TENANT_ID}/oauth2/v2.0/token"}, 700023),
    "of yesterday": ({"nbf": NOW - 90000, "exp": NOW - 86400}, 700024),
    "of tomorrow": ({"nbf": NOW + 86400, "exp": NOW + 90000}, 700024),
    "without an end": ({"exp": "never"}, 50027),
    "signed with another key": ({"number": 2}, 700027),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_assertion_is_refused_with_its_reason(entra, signer, name):
    changes, number = WRONG[name]
    assert refusal(asked_with(entra, signer(**changes))) == (401, "invalid_client", [number], "")


def test_a_certificate_that_is_not_registered_and_one_that_has_expired_are_told_apart(entra, signer):
    unknown = asked_with(entra, signer(cert=certificate(NOW, number=2), number=2))
    assert refusal(unknown)[2] == [700027]
    assert "The key was not found" in unknown.json()["error_description"]
    entra.advance(YEAR)
    expired = asked_with(entra, signer())
    assert refusal(expired)[2] == [700027]
    assert "The key used is expired" in expired.json()["error_description"]


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "e30.e30."])
def test_what_is_no_assertion_is_malformed(entra, signer, token):
    assert refusal(asked_with(entra, token))[2] in ([50027], [70021])


def test_an_assertion_of_an_unknown_type_is_malformed(entra, signer):
    assert refusal(asked_with(entra, signer(), client_assertion_type="saml"))[2] == [50027]
    assert refusal(asked_with(entra, signer(), client_assertion_type=""))[2] == [900144]
