"""A web app sends a person to sign in: MSAL begins, a real browser goes through the pages, the app gets the code at its own address."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from urllib.parse import parse_qsl, urlsplit

import msal
import pytest
import requests
from playwright.sync_api import expect

from daypass_sandbox import serve

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended")]

SCOPES = ["User.Read", "Calendars.ReadWrite"]
SERVICE, SECRET = "11111111-2222-4333-8444-555555555555", "a-secret-of-a-web-app"


@pytest.fixture(scope="module")
def site():
    with serve(interval_seconds=1) as site:
        yield site


class WebApp:
    """An app on a port of this machine: where browsers come back to, and what they bring."""

    def __init__(self) -> None:
        self.brought: SimpleQueue[dict[str, str]] = SimpleQueue()
        self.script = b""
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.take(urlsplit(self.path).query)

            def do_POST(self):
                self.take(self.rfile.read(int(self.headers["Content-Length"])).decode())

            def take(self, brought):
                if urlsplit(self.path).path == "/signed-in":
                    app.brought.put(dict(parse_qsl(brought)))
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<!doctype html><link rel=icon href='data:,'><title>My app</title><h1>Welcome back</h1>" + app.script)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://localhost:{self.server.server_port}/signed-in"


@pytest.fixture
def app() -> Iterator[WebApp]:
    app = WebApp()
    thread = threading.Thread(target=app.server.serve_forever)
    thread.start()
    yield app
    app.server.shutdown()
    thread.join()
    app.server.server_close()


@pytest.fixture
def client(site, app):
    """The app's MSAL: a confidential client whose address is registered without its port."""
    site.tenant.reset("contoso")
    with requests.Session() as session:
        session.trust_env, session.verify = False, site.ca_file
        registered = {"client_id": SERVICE, "displayName": "My web app", "publicClient": False, "secret": SECRET, "permissions": SCOPES}
        said = session.post(f"{site.control}/apps", json={**registered, "redirectUris": ["http://localhost/signed-in"]}, timeout=10)
        assert said.ok, said.text
        authority = f"{site.authority}/{site.tenant_id}"
        yield msal.ConfidentialClientApplication(
            SERVICE, client_credential=SECRET, authority=authority, instance_discovery=False, http_client=session
        )


@pytest.fixture(params=["with scripts", "without"])
def page(request, browser):
    """A page whose every complaint about itself fails the test, but for one of a refusal that is meant."""
    context = browser.new_context(ignore_https_errors=True, java_script_enabled=request.param == "with scripts")
    page, complaints = context.new_page(), []
    page.on("console", lambda message: None if "status of 400" in message.text else complaints.append(message.text))
    page.scripted = request.param == "with scripts"
    yield page
    context.close()
    assert complaints == []


def arrive(page):
    """Wait for the app's own page, by a click where an answer that is a form cannot send itself."""
    if not page.scripted and page.get_by_role("button", name="Continue").is_visible():
        page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_a_person_signs_in_to_a_web_app(page, app, client, mode):
    flow = client.initiate_auth_code_flow(SCOPES, redirect_uri=app.address, response_mode=mode)
    page.goto(flow["auth_uri"])
    expect(page.get_by_role("heading", name="Pick an account")).to_be_visible()
    page.get_by_role("button", name="Alex Wilber").click()
    expect(page.get_by_text("Read and change your calendars")).to_be_visible()
    page.get_by_role("button", name="Accept").click()
    arrive(page)
    result = client.acquire_token_by_auth_code_flow(flow, app.brought.get(timeout=10))
    assert "access_token" in result, result
    assert result["id_token_claims"]["preferred_username"] == "alex@contoso.example"

    again = client.initiate_auth_code_flow(SCOPES, redirect_uri=app.address, response_mode=mode)
    page.goto(again["auth_uri"])
    arrive(page)
    assert "access_token" in client.acquire_token_by_auth_code_flow(again, app.brought.get(timeout=10))


def test_a_person_says_no_and_the_app_is_told(page, app, client):
    flow = client.initiate_auth_code_flow(SCOPES, redirect_uri=app.address)
    page.goto(flow["auth_uri"])
    page.get_by_role("button", name="Megan Bowen").click()
    page.get_by_role("button", name="Cancel").click()
    arrive(page)
    told = app.brought.get(timeout=10)
    assert (told["error"], told["state"]) == ("access_denied", flow["state"])


def test_a_person_signs_out_and_is_asked_again(page, app, client, site):
    flow = client.initiate_auth_code_flow(SCOPES, redirect_uri=app.address, login_hint="megan@contoso.example")
    page.goto(flow["auth_uri"])
    page.get_by_role("button", name="Accept").click()
    arrive(page)
    page.goto(f"{site.authority}/{site.tenant_id}/oauth2/v2.0/logout?post_logout_redirect_uri={app.address}")
    arrive(page)
    page.goto(client.initiate_auth_code_flow(SCOPES, redirect_uri=app.address)["auth_uri"])
    expect(page.get_by_role("heading", name="Pick an account")).to_be_visible()


def test_an_address_that_is_not_registered_is_told_to_the_person_alone(page, client):
    page.goto(client.initiate_auth_code_flow(SCOPES, redirect_uri="http://localhost:1/elsewhere")["auth_uri"])
    expect(page.get_by_text("AADSTS50011")).to_be_visible()


def test_an_administrator_grants_an_app_what_it_may_do(page, app, site, client):
    del client
    page.goto(f"{site.authority}/{site.tenant_id}/v2.0/adminconsent?client_id={SERVICE}&state=7&redirect_uri={app.address}")
    page.get_by_role("button", name="Megan Bowen").click()
    page.get_by_role("button", name="Accept").click()
    arrive(page)
    told = app.brought.get(timeout=10)
    assert (told["admin_consent"], told["state"]) == ("True", "7")


SINGLE_PAGE = """<script>
const client = {client_id: "%s", redirect_uri: location.origin + location.pathname, scope: "User.Read Calendars.ReadWrite offline_access"};
const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const got = async (address, more) => (await fetch(address, more)).json();
(async () => {
  const endpoints = await got("%s/v2.0/.well-known/openid-configuration");
  const answer = new URLSearchParams(location.hash.slice(1));
  if (!answer.has("code")) {
    const verifier = sessionStorage.verifier = base64(crypto.getRandomValues(new Uint8Array(48)));
    const challenge = base64(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
    const pkce = {response_type: "code", response_mode: "fragment", code_challenge: challenge, code_challenge_method: "S256"};
    location = endpoints.authorization_endpoint + "?" + new URLSearchParams({...client, ...pkce});
    return;
  }
  const body = {...client, grant_type: "authorization_code", code: answer.get("code"), code_verifier: sessionStorage.verifier};
  const tokens = await got(endpoints.token_endpoint, {method: "POST", body: new URLSearchParams(body)});
  const headers = {Authorization: "Bearer " + tokens.access_token, Prefer: 'outlook.timezone="UTC"'};
  const made = await fetch("%s/me/events", {method: "POST", headers: {...headers, "Content-Type": "application/json"}, body: JSON.stringify(
    {subject: "Made here", start: {dateTime: "2027-01-04T09:00", timeZone: "UTC"}, end: {dateTime: "2027-01-04T10:00", timeZone: "UTC"}}
  )});
  const me = await got("%s/me", {headers});
  document.querySelector("h1").textContent = `${me.displayName}: ${made.status} ${made.headers.has("request-id")}`;
})();
</script>"""


def test_a_page_signs_in_and_uses_graph_by_itself(browser, app, site):
    site.tenant.reset("contoso")
    site.tenant.state.apps[SERVICE] = {**site.tenant.state.apps[site.client_id], "appId": SERVICE, "spa": {"redirectUris": [app.address]}}
    authority = f"{site.authority}/{site.tenant_id}"
    app.script = (SINGLE_PAGE % (SERVICE, authority, site.graph_root, site.graph_root)).encode()
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(app.address)
    page.get_by_role("button", name="Megan Bowen").click()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", name="Megan Bowen: 201 true")).to_be_visible()
    context.close()
