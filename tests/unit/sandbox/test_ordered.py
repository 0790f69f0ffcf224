"""Every refusal that the explainer knows can be had from the sandbox: in each flow it is met in, by a policy and by a test user or app."""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from daypass.auth.aadsts import NUMBERS
from daypass.auth.explain import failure, of_number
from daypass.errors import AuthError
from daypass_sandbox.entra import ordered
from daypass_sandbox.tenant import TENANT_ID
from entra_caller import Entra
from graph_caller import MEGAN

SERVICE = "11111111-2222-4333-8444-555555555555"
SECRET = "abc~a-secret-of-forty-letters-or-thereabouts"
REDIRECT = "http://localhost:53682"
VERIFIER = "a-verifier-of-at-least-forty-three-letters-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
BY_ITSELF = {(70016, "D")}  # what a poll hears before anybody has decided
CASES = [(number, flow) for number, entry in NUMBERS.items() for flow in entry.flows if flow != "S" and (number, flow) not in BY_ITSELF]


class Trial:
    """A flow, gone through to where the refusal comes; what is heard of it is an OAuth answer, or a page that shows the number."""

    def __init__(self, entra: Entra, user: str = "megan", user_id: str = MEGAN, app_name: str = "Calendar service") -> None:
        self.entra, self.user, self.user_id = entra, user, user_id
        self.service = Entra(entra.send, client_id=SERVICE)
        app = {"client_id": SERVICE, "displayName": app_name, "publicClient": False, "secret": SECRET, "roles": ["Calendars.Read"]}
        entra.ask_control("POST", "apps", app)
        code = entra.device_code().json()
        entra.approve("alex", user_code=code["user_code"])

    def of(self, flow: str, order: object) -> dict:
        self.order = order
        return {"D": self.device, "A": self.browser, "C": self.app, "R": self.renewal}[flow]()

    def device(self) -> dict:
        self.order()
        code = self.entra.device_code().json()
        if "error" in code:
            return code
        self.entra.approve(self.user, user_code=code["user_code"])
        return self.entra.poll(code["device_code"]).json()

    def browser(self) -> dict:
        self.order()
        query = {"client_id": self.entra.client_id, "response_type": "code", "redirect_uri": REDIRECT, "scope": "User.Read openid"}
        pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256", "state": "s"}
        at = f"/{TENANT_ID}/oauth2/v2.0/authorize?{urlencode({**query, **pkce})}"
        answer = self.entra.get(at)
        if answer.status == 200:
            answer = self.entra.form(at, {"user": self.user_id, "answer": "accept"}, origin=self.entra.root)
        if answer.status != 302:
            return {"error": "on the page", "error_codes": [int(number) for number in re.findall(r"AADSTS(\d+)", answer.body.decode())]}
        told = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
        if "error" in told:
            return told
        grant = {"grant_type": "authorization_code", "code": told["code"], "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
        return self.entra.token(**grant).json()

    def app(self) -> dict:
        self.order()
        scope = "https://graph.microsoft.com/.default"
        return self.service.token(grant_type="client_credentials", scope=scope, client_secret=SECRET).json()

    def renewal(self) -> dict:
        code = self.entra.device_code().json()
        self.entra.approve("alex" if self.user.startswith("aadsts") else self.user, user_code=code["user_code"])
        refresh = self.entra.poll(code["device_code"]).json()["refresh_token"]
        self.order()
        return self.entra.refresh(refresh).json()


def number_in(answer: dict) -> int:
    if "error_codes" in answer:
        return answer["error_codes"][0]
    return int(re.match(r"AADSTS(\d+)", answer["error_description"])[1])


@pytest.mark.parametrize(("number", "flow"), CASES)
def test_a_policy_gives_each_refusal_where_it_is_met(number: int, flow: str, entra: Entra) -> None:
    answer = Trial(entra).of(flow, lambda: entra.policy(**{f"aadsts{number}": True}))
    assert number_in(answer) == number
    assert answer["error"]
    error = failure(answer)
    told = of_number(error.code)
    assert all((told.cause, told.cure, told.who))
    if NUMBERS[number].kind != "wait":
        assert type(error) is not AuthError or answer["error"] == "on the page", answer
    entra.ask_control("DELETE", "policies")


@pytest.mark.parametrize(("number", "flow"), [(number, flow) for number, flow in CASES if flow in "DA"])
def test_a_test_user_is_refused_by_name(number: int, flow: str, entra: Entra) -> None:
    name = f"aadsts{number}.{flow.lower()}@contoso.example"
    made = entra.ask_control("POST", "users", {"displayName": f"Refused {number}", "userPrincipalName": name})
    answer = Trial(entra, name, made["id"]).of(flow, lambda: None)
    assert number_in(answer) == number


@pytest.mark.parametrize("number", [number for number, flow in CASES if flow == "C"])
def test_a_test_app_is_refused_by_name(number: int, entra: Entra) -> None:
    assert number_in(Trial(entra, app_name=f"aadsts{number} service").of("C", lambda: None)) == number


def test_only_those_named_are_refused(entra: Entra) -> None:
    entra.policy(aadsts53003=["alex"])
    assert entra.sign_in(user="megan")["access_token"]
    code = entra.device_code().json()
    entra.approve("alex", user_code=code["user_code"])
    assert number_in(entra.poll(code["device_code"]).json()) == 53003


def test_an_app_may_be_named_too(entra: Entra) -> None:
    trial = Trial(entra)
    entra.policy(aadsts7000222=[SERVICE])
    assert number_in(trial.of("C", lambda: None)) == 7000222
    assert entra.sign_in()["access_token"]


@pytest.mark.parametrize("name", ["aadsts1", "aadsts99999", "AADSTS53003", "aadsts53003x"])
def test_a_number_that_nobody_knows_is_no_policy(name: str, entra: Entra) -> None:
    assert entra.control("POST", "policies", {name: True}).status == 400


def test_policies_that_are_on_are_listed(entra: Entra) -> None:
    entra.policy(aadsts53003=["megan"])
    listed = entra.ask_control("GET", "policies")
    assert listed["aadsts53003"]["value"] == [MEGAN]
    assert "aadsts<number>" not in listed


def test_the_page_about_a_number_knows_them_all(entra: Entra) -> None:
    for number in ordered.BY_NUMBER:
        page = entra.get(f"/error?code={number}")
        assert page.status == 200, number
        assert f"AADSTS{number}" in page.body.decode()
