"""The authorization server that nobody here wrote does what tests of ours ask of it: other people's clients sign in there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import SimpleQueue
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import msal
import pytest
import requests
from foreign_issuer import ForeignIssuer, Options
from plain_browser import Landing
from programs import Program

APPS_ALONE = frozenset({"client_secret", "certificate"})
TRIED = (
    Program("authlib", "authlib_sign_in.py", "sign-in", lacks=APPS_ALONE),
    Program("openid-client", "openid_sign_in.mjs", "node", lacks=APPS_ALONE),
)
SCOPES = ["User.Read", "Calendars.Read"]
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Program, ForeignIssuer], dict[str, str]]:
    """What went wrong in each step of a program ("" for nothing); it runs once."""
    results: dict[Program, dict[str, str]] = {}

    def run(program: Program, issuer: ForeignIssuer) -> dict[str, str]:
        if program not in results:
            where = {"ISSUER": issuer.url, "CLIENT_ID": issuer.client_id}
            results[program] = program.run(issuer.ca_file, tmp_path_factory.mktemp(program.name), where)
        return results[program]

    return run


@pytest.mark.parametrize(
    ("program", "step"), [pytest.param(program, step, id=f"{program.name}-{step}") for program in TRIED for step in program.steps]
)
def test_clients_sign_in(program: Program, step: str, foreign_issuer: ForeignIssuer, tried: Any) -> None:
    wrong = tried(program, foreign_issuer)[step]
    assert not wrong, wrong


# --- MSAL, which can be told of other issuers


@pytest.fixture
def http(foreign_issuer: ForeignIssuer) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env, session.verify = False, foreign_issuer.ca_file
        yield session


@pytest.fixture
def app(foreign_issuer: ForeignIssuer, http: requests.Session) -> msal.PublicClientApplication:
    return msal.PublicClientApplication(foreign_issuer.client_id, oidc_authority=foreign_issuer.url, http_client=http)


def test_msal_signs_in_by_device_code(app: msal.PublicClientApplication, foreign_issuer: ForeignIssuer) -> None:
    flow = app.initiate_device_flow(SCOPES)
    assert flow["interval"] == 1
    foreign_issuer.approve(flow["user_code"])
    result = app.acquire_token_by_device_flow(flow)
    assert result["id_token_claims"]["preferred_username"] == "megan@contoso.example", result
    assert set(SCOPES) <= set(result["scope"].split())
    (account,) = app.get_accounts()
    assert app.acquire_token_silent(SCOPES, account, force_refresh=True)["access_token"] != result["access_token"]


@pytest.mark.parametrize("redirect", ["http://localhost:53682", "http://127.0.0.1:53682/signed-in"])
@pytest.mark.parametrize("mode", ["query", "form_post"])
@pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended")
def test_msal_signs_in_with_a_code_to_any_loopback_port(app: Any, foreign_issuer: ForeignIssuer, mode: str, redirect: str) -> None:
    flow = app.initiate_auth_code_flow(SCOPES, redirect_uri=redirect, response_mode=mode)
    landing = foreign_issuer.sign_in(flow["auth_uri"])
    assert (landing.posted is not None) == (mode == "form_post")
    assert landing.answer["iss"] == foreign_issuer.url
    result = app.acquire_token_by_auth_code_flow(flow, landing.answer)
    assert result["id_token_claims"]["name"] == "Megan Bowen", result


# --- what it can be told to be like


def start(issuer: ForeignIssuer, http: requests.Session) -> dict[str, Any]:
    asked = {"client_id": issuer.client_id, "scope": "openid profile offline_access"}
    return http.post(f"{issuer.url}/device/auth", data=asked, timeout=10).json()


def poll(issuer: ForeignIssuer, http: requests.Session, given: dict[str, Any]) -> dict[str, Any]:
    asked = {"client_id": issuer.client_id, "grant_type": DEVICE, "device_code": given["device_code"]}
    return http.post(f"{issuer.url}/token", data=asked, timeout=10).json()


def refresh(issuer: ForeignIssuer, http: requests.Session, token: str) -> dict[str, Any]:
    asked = {"client_id": issuer.client_id, "grant_type": "refresh_token", "refresh_token": token}
    return http.post(f"{issuer.url}/token", data=asked, timeout=10).json()


def sign_in(issuer: ForeignIssuer, http: requests.Session) -> dict[str, Any]:
    given = start(issuer, http)
    issuer.approve(given["user_code"])
    return poll(issuer, http, given)


def discovered(issuer: ForeignIssuer, http: requests.Session) -> dict[str, Any]:
    return http.get(f"{issuer.url}/.well-known/openid-configuration", timeout=10).json()


def options(**more: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("foreign_issuer", [Options(**more)], indirect=True, ids=["-".join(more)])


def test_somebody_declines(foreign_issuer: ForeignIssuer, http: requests.Session) -> None:
    given = start(foreign_issuer, http)
    assert poll(foreign_issuer, http, given)["error"] == "authorization_pending"
    foreign_issuer.decline(given["user_code"])
    assert poll(foreign_issuer, http, given)["error"] == "access_denied"


def test_somebody_else_signs_in(foreign_issuer: ForeignIssuer, http: requests.Session) -> None:
    given = start(foreign_issuer, http)
    foreign_issuer.approve(given["user_code"], "Alex Wilber")
    claims = jwt.decode(poll(foreign_issuer, http, given)["id_token"], options={"verify_signature": False})
    assert (claims["name"], claims["preferred_username"]) == ("Alex Wilber", "alex@contoso.example")


def test_a_wrong_code_is_no_approval(foreign_issuer: ForeignIssuer, http: requests.Session) -> None:
    given = start(foreign_issuer, http)
    with pytest.raises(AssertionError):
        foreign_issuer.approve("WRONG-CODE")
    assert poll(foreign_issuer, http, given)["error"] == "authorization_pending"


def test_a_refresh_token_is_good_once_and_its_second_use_ends_it_all(foreign_issuer: ForeignIssuer, http: requests.Session) -> None:
    first = sign_in(foreign_issuer, http)["refresh_token"]
    second = refresh(foreign_issuer, http, first)["refresh_token"]
    assert first != second
    assert [refresh(foreign_issuer, http, token)["error"] for token in (first, second)] == ["invalid_grant"] * 2


def test_a_refresh_token_can_be_revoked(foreign_issuer: ForeignIssuer, http: requests.Session) -> None:
    token = sign_in(foreign_issuer, http)["refresh_token"]
    where = discovered(foreign_issuer, http)["revocation_endpoint"]
    assert http.post(where, data={"client_id": foreign_issuer.client_id, "token": token}, timeout=10).ok
    assert refresh(foreign_issuer, http, token)["error"] == "invalid_grant"


@options(path="", rotate_refresh_tokens=False, access_token_seconds=7, id_token_seconds=11)
def test_without_rotation_and_with_short_lives(foreign_issuer: ForeignIssuer, http: requests.Session) -> None:
    answer = sign_in(foreign_issuer, http)
    claims = jwt.decode(answer["id_token"], options={"verify_signature": False})
    assert (answer["expires_in"], claims["exp"] - claims["iat"]) == (7, 11)
    for _ in range(2):
        assert refresh(foreign_issuer, http, answer["refresh_token"])["refresh_token"] == answer["refresh_token"]


@options(device_code_seconds=1, interval_seconds=3)
def test_a_device_code_runs_out(foreign_issuer: ForeignIssuer, http: requests.Session) -> None:
    given = start(foreign_issuer, http)
    assert (given["expires_in"], given["interval"]) == (1, 3)
    while (error := poll(foreign_issuer, http, given)["error"]) == "authorization_pending":
        pass
    assert error == "expired_token"


@options(device_flow=False, form_post=False)
@pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended")
def test_without_device_codes_and_forms(foreign_issuer: ForeignIssuer, http: requests.Session, app: msal.PublicClientApplication) -> None:
    told = discovered(foreign_issuer, http)
    assert "device_authorization_endpoint" not in told
    assert told["response_modes_supported"] == ["query", "fragment"]
    assert http.post(f"{foreign_issuer.url}/device/auth", data={"client_id": foreign_issuer.client_id}, timeout=10).status_code == 404
    by_form = app.initiate_auth_code_flow(SCOPES, redirect_uri="http://localhost:53682", response_mode="form_post")
    refused = foreign_issuer.sign_in(by_form["auth_uri"]).answer
    assert (refused["error"], "response_mode" in refused["error_description"]) == ("invalid_request", True)
    by_query = app.initiate_auth_code_flow(SCOPES, redirect_uri="http://localhost:53682", response_mode="query")
    landing = foreign_issuer.sign_in(by_query["auth_uri"])
    assert "access_token" in app.acquire_token_by_auth_code_flow(by_query, landing.answer)


@options(refresh_tokens="offline_access", claims_in_id_token=False)
def test_refresh_tokens_for_consent_alone_and_names_by_userinfo(app: msal.PublicClientApplication, foreign_issuer: ForeignIssuer) -> None:
    for prompt, given in ((None, False), ("consent", True)):
        flow = app.initiate_auth_code_flow(SCOPES, redirect_uri="http://localhost:53682", response_mode="form_post", prompt=prompt)
        result = app.acquire_token_by_auth_code_flow(flow, foreign_issuer.sign_in(flow["auth_uri"]).answer)
        assert ("refresh_token" in result, "name" in result["id_token_claims"]) == (given, False), result


# --- how an answer comes to the program that listens


@pytest.mark.parametrize("brought", [Landing("http://localhost:{port}/?code=1"), Landing("http://localhost:{port}/", {"code": "1"})])
def test_an_answer_is_delivered(brought: Landing, foreign_issuer: ForeignIssuer) -> None:
    heard: SimpleQueue[tuple[str, dict[str, str]]] = SimpleQueue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self.answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def answer(self, said: str) -> None:
            heard.put((self.command, dict(parse_qsl(said))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"You can close this window.")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        page = foreign_issuer.deliver(brought._replace(url=brought.url.format(port=server.server_port)))
        thread.join()
    assert page.text == "You can close this window."
    assert heard.get(timeout=5) == ("GET" if brought.posted is None else "POST", {"code": "1"})
