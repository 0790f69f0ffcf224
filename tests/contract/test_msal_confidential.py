"""Microsoft's own library signs in as an app alone, and through a browser, with what was registered through Graph."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import msal
import pytest
import requests
from cryptography.hazmat.primitives import hashes

from certificates import base64_der, certificate, pem, private_pem
from daypass_sandbox import serve
from daypass_sandbox.entra.graph_api import ROLE, permission_id
from directory_caller import EVERYTHING
from graph_caller import MEGAN

GRAPH_APP = "00000003-0000-0000-c000-000000000000"
DEFAULT = ["https://graph.microsoft.com/.default"]
REDIRECT = "http://localhost:5000/signed-in"


@pytest.fixture(scope="module")
def site():
    with serve(seed="empty", interval_seconds=1) as site:
        yield site


@dataclass
class Office:
    """An administrator at one address, and a browser."""

    site: object
    http: requests.Session

    def graph(self, method, path, body=None):
        token = self.site.tenant.mint("megan", EVERYTHING, root=self.site.authority)
        headers = {"Authorization": f"Bearer {token}"}
        answer = self.http.request(method, self.site.graph_root + path, json=body, headers=headers, timeout=10)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def register(self, **more):
        app = self.graph("POST", "/applications", {"displayName": "Calendar service", **more})
        return app, self.graph("POST", "/servicePrincipals", {"appId": app["appId"]})

    def let(self, principal, *permissions):
        """Grant application permissions of Graph."""
        resource = self.graph("GET", f"/servicePrincipals(appId='{GRAPH_APP}')")["id"]
        for name in permissions:
            body = {"principalId": principal["id"], "resourceId": resource, "appRoleId": permission_id(name, ROLE)}
            self.graph("POST", f"/servicePrincipals/{resource}/appRoleAssignedTo", body)

    def confidential(self, app, credential):
        authority = f"{self.site.authority}/{self.site.tenant_id}"
        return msal.ConfidentialClientApplication(
            app["appId"], client_credential=credential, authority=authority, instance_discovery=False, http_client=self.http
        )

    def sign_in(self, address):
        """What the app is told after a person has signed in at an address and granted what is asked."""
        for fields in ({}, {"user": MEGAN}, {"user": MEGAN, "answer": "accept"}):
            origin = {"Origin": self.site.authority}
            answer = self.http.request("POST" if fields else "GET", address, data=fields, headers=origin, allow_redirects=False, timeout=10)
        if answer.is_redirect:
            return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
        return {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', answer.text)}


@pytest.fixture
def office(site):
    site.tenant.reset("empty")
    with requests.Session() as http:
        http.trust_env, http.verify = False, site.ca_file
        yield Office(site, http)


def read_events(office, token):
    answer = office.http.get(f"{office.site.graph_root}/users/{MEGAN}/events", headers={"Authorization": f"Bearer {token}"}, timeout=10)
    return answer.status_code


def test_a_secret_made_through_graph_gets_a_token_that_graph_takes(office):
    app, principal = office.register()
    secret = office.graph("POST", f"/applications/{app['id']}/addPassword", {"passwordCredential": {"displayName": "msal"}})["secretText"]
    client = office.confidential(app, secret)
    without = client.acquire_token_for_client(DEFAULT)
    assert read_events(office, without["access_token"]) == 403
    office.let(principal, "Calendars.Read")
    answer = office.confidential(app, secret).acquire_token_for_client(DEFAULT)
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3599)
    assert read_events(office, answer["access_token"]) == 200
    again = client.acquire_token_for_client(DEFAULT)
    assert again["token_source"] == "cache"


def test_a_wrong_secret_is_explained(office):
    app, _ = office.register()
    refused = office.confidential(app, "nonsense").acquire_token_for_client(DEFAULT)
    assert (refused["error"], refused["error_codes"]) == ("invalid_client", [7000215])


@pytest.mark.parametrize("form", ["by SHA-1, RS256", "by SHA-256, PS256"])
def test_a_registered_certificate_gets_a_token(office, form):
    now = office.site.tenant.clock.now()
    cert = certificate(now)
    key = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64_der(cert), "displayName": "CN=Calendar service"}
    app, principal = office.register(keyCredentials=[key])
    office.let(principal, "Calendars.Read")
    older = {"private_key": private_pem(), "thumbprint": cert.fingerprint(hashes.SHA1()).hex()}
    newer = {"private_key": private_pem(), "public_certificate": pem(cert)}
    answer = office.confidential(app, older if "SHA-1" in form else newer).acquire_token_for_client(DEFAULT)
    assert "access_token" in answer, answer
    assert read_events(office, answer["access_token"]) == 200
    stranger = {"private_key": private_pem(2), "public_certificate": pem(certificate(now, number=2))}
    refused = office.confidential(app, stranger).acquire_token_for_client(DEFAULT)
    assert (refused["error"], refused["error_codes"]) == ("invalid_client", [700027])


@pytest.mark.parametrize("mode", ["form_post", "query"])
@pytest.mark.filterwarnings("ignore:.*response_mode:UserWarning")
def test_a_web_app_signs_people_in_through_the_browser(office, mode):
    app, _ = office.register(web={"redirectUris": [REDIRECT]})
    secret = office.graph("POST", f"/applications/{app['id']}/addPassword")["secretText"]
    client = office.confidential(app, secret)
    flow = client.initiate_auth_code_flow(["User.Read", "Calendars.Read"], redirect_uri=REDIRECT, response_mode=mode)
    signed_in = client.acquire_token_by_auth_code_flow(flow, office.sign_in(flow["auth_uri"]))
    assert signed_in["id_token_claims"]["preferred_username"] == "megan@contoso.example", signed_in
    assert set(signed_in["scope"].split()) >= {"User.Read", "Calendars.Read"}
    (account,) = client.get_accounts()
    fresh = client.acquire_token_silent_with_error(["User.Read"], account=account, force_refresh=True)
    assert fresh["token_source"] == "identity_provider"


@pytest.mark.filterwarnings("ignore:.*response_mode:UserWarning")
def test_a_program_signs_people_in_through_the_browser_at_any_port(office):
    client = msal.PublicClientApplication(
        office.site.client_id,
        authority=f"{office.site.authority}/{office.site.tenant_id}",
        instance_discovery=False,
        http_client=office.http,
    )
    flow = client.initiate_auth_code_flow(["Calendars.ReadWrite"], redirect_uri="http://localhost:61234", response_mode="query")
    signed_in = client.acquire_token_by_auth_code_flow(flow, office.sign_in(flow["auth_uri"]))
    assert signed_in["id_token_claims"]["name"] == "Megan Bowen", signed_in
    bearer = {"Authorization": f"Bearer {signed_in['access_token']}"}
    me = office.http.get(f"{office.site.graph_root}/me/events", headers=bearer, timeout=10)
    assert me.status_code == 200
