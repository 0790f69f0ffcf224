"""Signing in and staying signed in, against the pretend tenant, with a clock that is moved and never waited for."""

from __future__ import annotations

import base64
import json
import logging
import random
import subprocess
import sys
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daypass.auth import tokens
from daypass.auth.authorities import authority
from daypass.auth.device import DeviceCode
from daypass.auth.wanted import Expected, Wanted
from daypass.credentials import Credentials
from daypass.errors import (
    AppMisconfigured,
    AuthError,
    BlockedByPolicy,
    ConsentRequired,
    DaypassError,
    DeviceCodeExpired,
    SignInDeclined,
    SignInRequired,
    TransportError,
)
from daypass.vault import Vault
from daypass.wire import Access, Request, Response
from daypass_sandbox.tenant import CLIENT_ID, TENANT_ID, Tenant

ROOT = "https://localhost:8443"
READ = ("User.Read", "Calendars.Read")
WRITE = ("User.Read", "Calendars.ReadWrite")
ANYBODY = Expected()
LONG = 30 * 3600  # longer than any access token lives

Spoil = Callable[[Callable[[], Response]], Response]


class World:
    """A tenant, its only client, and time that passes when somebody sleeps; what stands in `spoils` befalls the coming requests."""

    def __init__(self, **options: Any) -> None:
        self._now = time.time()  # MSAL reads the machine's clock, so we start together
        self.slept: list[float] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.spoils: dict[str, list[Spoil]] = {}
        self.events: dict[int, Callable[[], object]] = {}
        self.tenant = Tenant(clock=self, chance=random.Random(7), seed="empty", **options)
        for user_id, name in enumerate(("Megan Bowen", "Alex Wilber")):
            given = name.split()[0]
            upn = f"{given.lower()}@contoso.example"
            self.tenant.state.users[str(user_id)] = {"id": str(user_id), "displayName": name, "givenName": given, "userPrincipalName": upn}
        self.vault = Vault("", "megan")
        self.codes: list[DeviceCode] = []

    def now(self) -> float:
        return self._now

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += seconds
        self.events.pop(len(self.slept), lambda: None)()

    def send(self, request: Request) -> Response:
        kind = request.url.partition("?")[0].rsplit("/", 1)[-1]
        self.asked.append((kind, {name: values[-1] for name, values in parse_qs(request.body.decode()).items()}))
        spoil = self.spoils[kind].pop(0) if self.spoils.get(kind) else None
        return spoil(lambda: self.answer(request)) if spoil else self.answer(request)

    def answer(self, request: Request) -> Response:
        """The tenant's answer with its time, as every web server gives it."""
        answer = self.tenant.handle(request)
        return answer.replace(headers={**answer.headers, "date": formatdate(self.tenant.clock.now(), usegmt=True)})

    def credentials(self, client_id: str = CLIENT_ID, tenant: str = TENANT_ID, hosts: frozenset[str] = frozenset()) -> Credentials:
        service = authority(ROOT, tenant)
        return Credentials(client_id, service.replace(hosts=service.hosts | hosts), self.vault, self.send, self.now, self.sleep)

    def control(self, path: str, **said: Any) -> None:
        answer = self.tenant.handle(Request("POST", f"{ROOT}/sandbox/{path}", {}, json.dumps(said).encode()))
        assert answer.status < 300, answer.body

    def after_sleeps(self, count: int, path: str, **said: Any) -> None:
        """Let something happen at the tenant after so many sleeps."""
        self.events[count] = lambda: self.control(path, **said)

    def sign_in(self, scopes: tuple[str, ...] = READ, user: str = "megan", expected: Expected = ANYBODY, **more: str) -> tokens.Account:
        def show(code: DeviceCode) -> None:
            self.codes.append(code)
            self.control("approve", user=user)

        account = self.credentials(**more).sign_in_by_device_code(Wanted(scopes, expected=expected), show)
        self.asked.clear()
        self.slept.clear()
        return account

    def age(self, seconds: float) -> None:
        """Let time pass: the tenant's clock moves on, and what is kept grows older (so that MSAL, too, sees it)."""
        self.tenant.clock.advance(seconds)
        with self.vault.transaction() as state:
            for entry in state["cache"].get("AccessToken", {}).values():
                times = [name for name in ("expires_on", "cached_at", "refresh_on") if name in entry]
                entry.update({name: str(int(float(entry[name]) - seconds)) for name in times})

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.asked]

    def graph_says(self, token: str) -> Any:
        return self.tenant.handle(Request("GET", f"{ROOT}/v1.0/me", {"authorization": f"Bearer {token}"})).json()


@pytest.fixture
def world() -> World:
    return World()


def lost(kind: str, **more: Any) -> Spoil:
    """The request takes no effect, and no answer comes."""

    def spoil(answer: Callable[[], Response]) -> Response:
        raise TransportError(f"trouble of kind {kind}", kind=kind, host="localhost", **more)

    return spoil


def answer_lost(answer: Callable[[], Response]) -> Response:
    """The request takes effect, and the answer is lost on the way."""
    answer()
    raise TransportError("closed in the middle", kind="reset", host="localhost")


def instead(status: int, body: bytes = b"", **headers: str) -> Spoil:
    """Another answer in place of the service's."""
    return lambda answer: Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def cut_short(answer: Callable[[], Response]) -> Response:
    whole = answer()
    return Response(whole.status, whole.headers, whole.body[: len(whole.body) // 2])


def after(seconds: float, world: World, spoil: Spoil) -> Spoil:
    """The same, but slowly."""

    def slowly(answer: Callable[[], Response]) -> Response:
        world.pass_by(seconds)
        return spoil(answer)

    return slowly


HTML = b"<!DOCTYPE html><title>Sign in to the hotel's network</title>"
SLOW_DOWN = json.dumps({"error": "slow_down", "error_description": "AADSTS70016: slow down"}).encode()

TROUBLES = {
    "reset": lost("reset"),
    "refused": lost("connect"),
    "no name": lost("dns"),
    "no answer in time": lost("timeout"),
    "garbage": lost("garbage"),
    "503": instead(503, b'{"error": "temporarily_unavailable"}'),
    "500 in HTML": instead(500, HTML),
    "429": instead(429, b"{}"),
    "429 Retry-After 30": instead(429, b"{}", retry_after="30"),
    "a hotel's page": instead(200, HTML),
    "half a JSON document": cut_short,
    "a JSON list": instead(400, b"[]"),
    "nothing": instead(200),
    "slow_down": instead(400, SLOW_DOWN),
    "temporarily_unavailable": instead(
        400, b'{"error": "temporarily_unavailable", "error_description": "AADSTS90033: A transient error."}'
    ),
}


class TestDeviceSignIn:
    def test_to_the_end(self, world: World) -> None:
        world.after_sleeps(3, "approve", user="megan")
        shown: list[DeviceCode] = []
        began = world.now()
        account = world.credentials().sign_in_by_device_code(Wanted(READ), shown.append)
        assert (account.username, account.name, account.tenant_id) == ("megan@contoso.example", "Megan Bowen", TENANT_ID)
        assert (shown[0].verification_uri, shown[0].expires_at, shown[0].interval) == (f"{ROOT}/devicelogin", began + 900, 5)
        assert world.kinds() == ["openid-configuration", "devicecode", "token", "token", "token", "keys"]
        assert world.slept == [5, 5, 5]
        assert world.graph_says(world.credentials().token(Access(READ)))["displayName"] == "Megan Bowen"

    def test_it_asks_for_the_permissions_and_to_stay_signed_in_and_for_nothing_more(self, world: World) -> None:
        world.after_sleeps(1, "approve", user="megan")
        world.credentials().sign_in_by_device_code(Wanted(READ), lambda code: None)
        form = dict(world.asked)["devicecode"]
        assert set(form["scope"].split()) == {*READ, "openid", "profile", "offline_access"}
        assert json.loads(form["claims"]) == {"access_token": {"xms_cc": {"values": ["CP1"]}}}
        assert form["client_id"] == CLIENT_ID

    @pytest.mark.parametrize("name", TROUBLES)
    def test_trouble_on_the_way_does_not_end_it(self, name: str, world: World) -> None:
        world.spoils["token"] = [TROUBLES[name]]
        world.after_sleeps(2, "approve", user="megan")
        assert world.credentials().sign_in_by_device_code(Wanted(READ), lambda code: None).name == "Megan Bowen"
        assert world.kinds().count("token") == 2

    def test_all_troubles_together_do_not_end_it_while_the_code_lives(self, world: World) -> None:
        world.spoils["token"] = list(TROUBLES.values())
        world.after_sleeps(len(TROUBLES) + 1, "approve", user="megan")
        assert world.credentials().sign_in_by_device_code(Wanted(READ), lambda code: None).name == "Megan Bowen"
        assert world.kinds().count("token") == len(TROUBLES) + 1

    def test_an_outage_is_waited_out_with_growing_pauses(self, world: World) -> None:
        world.spoils["token"] = [lost("connect")] * 5
        world.after_sleeps(6, "approve", user="megan")
        world.credentials().sign_in_by_device_code(Wanted(READ), lambda code: None)
        assert world.slept == [5, 5, 10, 20, 40, 60]

    def test_retry_after_is_obeyed(self, world: World) -> None:
        world.spoils["token"] = [TROUBLES["429 Retry-After 30"]]
        world.after_sleeps(2, "approve", user="megan")
        world.credentials().sign_in_by_device_code(Wanted(READ), lambda code: None)
        assert world.slept == [5, 30]

    @pytest.mark.parametrize("wait", ["3600", "9" * 400])
    def test_no_wait_goes_beyond_the_end_of_the_code(self, wait: str, world: World) -> None:
        world.spoils["token"] = [instead(429, b"{}", retry_after=wait)]
        with pytest.raises(DeviceCodeExpired):
            world.credentials().sign_in_by_device_code(Wanted(READ), world.codes.append)
        assert world.now() <= world.codes[0].expires_at + 1

    def test_slow_down_is_obeyed_for_good(self, world: World) -> None:
        world.control("policies", strict_polling=True)
        world.tenant.interval_seconds = 7
        world.spoils["devicecode"] = [lambda answer: _changed(answer(), interval=5)]
        world.after_sleeps(6, "approve", user="megan")
        world.credentials().sign_in_by_device_code(Wanted(READ), lambda code: None)
        assert world.slept == [5, 5, 10, 15, 20, 20]  # 5 s more after each refusal, until the service is content

    @pytest.mark.parametrize(("interval", "wait"), [(0, 5), (None, 5), (1, 1), (30, 30)])
    def test_the_service_sets_the_pace_and_a_missing_one_is_the_rfcs(self, interval: int | None, wait: int, world: World) -> None:
        world.spoils["devicecode"] = [lambda answer: _changed(answer(), interval=interval)]
        world.after_sleeps(2, "approve", user="megan")
        world.credentials().sign_in_by_device_code(Wanted(READ), lambda code: None)
        assert world.slept == [wait, wait]

    def test_a_certificate_that_is_not_trusted_ends_it(self, world: World) -> None:
        world.spoils["token"] = [lost("tls")]
        with pytest.raises(TransportError, match="kind tls"):
            world.credentials().sign_in_by_device_code(Wanted(READ), lambda code: None)

    def test_a_code_that_nobody_uses_expires(self, world: World) -> None:
        with pytest.raises(DeviceCodeExpired):
            world.credentials().sign_in_by_device_code(Wanted(READ), world.codes.append)
        assert world.codes[0].expires_at <= world.now() <= world.codes[0].expires_at + 5
        assert world.vault.read() == {}

    def test_the_service_may_call_it_expired_first(self, world: World) -> None:
        world.after_sleeps(2, "clock", advance_seconds=900)
        with pytest.raises(DeviceCodeExpired, match="expired") as caught:
            world.credentials().sign_in_by_device_code(Wanted(READ), lambda code: None)
        assert (caught.value.error, caught.value.code) == ("expired_token", 70020)
        assert len(world.slept) == 2

    def test_after_an_expiry_a_new_code_may_be_asked_for(self, world: World) -> None:
        credentials = world.credentials()
        with pytest.raises(DeviceCodeExpired):
            credentials.sign_in_by_device_code(Wanted(READ), world.codes.append)
        assert world.sign_in().name == "Megan Bowen"
        assert world.codes[0].user_code != world.codes[1].user_code

    def test_a_person_may_decline(self, world: World) -> None:
        world.after_sleeps(1, "deny")
        with pytest.raises(SignInDeclined) as caught:
            world.credentials().sign_in_by_device_code(Wanted(READ), lambda code: None)
        assert (caught.value.error, caught.value.code) == ("authorization_declined", 65004)

    @pytest.mark.parametrize(
        ("policy", "kind", "code"),
        [
            ("block_device_code", BlockedByPolicy, 53003),
            ("app_not_public", AppMisconfigured, 7000218),
            ("consent_required", ConsentRequired, 65001),
            ("user_disabled", BlockedByPolicy, 50057),
            ("require_mfa", SignInRequired, 50076),
        ],
    )
    def test_each_refusal_is_its_own_error(self, policy: str, kind: type[AuthError], code: int, world: World) -> None:
        world.control("policies", **{policy: True})
        world.after_sleeps(1, "approve", user="megan")
        with pytest.raises(kind) as caught:
            world.credentials().sign_in_by_device_code(Wanted(READ), lambda code: None)
        error = caught.value
        assert (type(error), error.code) == (kind, code)
        assert error.correlation_id
        assert error.timestamp
        assert "Trace ID" not in str(error)
        assert world.vault.read() == {}

    def test_a_refusal_is_not_replayed_from_memory_once_it_is_cured(self, world: World) -> None:
        world.control("policies", app_not_public=True)
        with pytest.raises(AppMisconfigured):
            world.sign_in()
        world.control("policies", app_not_public=False)
        assert world.sign_in().name == "Megan Bowen"

    def test_an_unknown_tenant(self, world: World) -> None:
        with pytest.raises(AppMisconfigured, match=r"Tenant 'fabrikam\.example' not found") as caught:
            world.sign_in(tenant="fabrikam.example")
        assert caught.value.code == 90002

    def test_an_unknown_app(self, world: World) -> None:
        with pytest.raises(AppMisconfigured, match="was not found in the directory") as caught:
            world.sign_in(client_id="11111111-2222-3333-4444-555555555555")
        assert caught.value.code == 700016

    def test_the_sign_in_of_another_person_replaces_what_was_kept(self, world: World) -> None:
        world.sign_in(WRITE)
        first = world.vault.read()
        world.sign_in(READ, user="alex")
        kept = json.dumps(world.vault.read())
        for kind in ("AccessToken", "RefreshToken"):
            for entry in first["cache"][kind].values():
                assert entry["secret"] not in kept
        assert world.credentials().standing().account == tokens.account(world.vault.read()["cache"])
        assert world.graph_says(world.credentials().token(Access(READ)))["displayName"] == "Alex Wilber"

    def test_where_one_person_is_expected_another_changes_nothing(self, world: World) -> None:
        megan = world.sign_in(user="megan")
        with pytest.raises(AuthError, match=r"alex@contoso\.example signed in, where megan@contoso\.example was expected"):
            world.sign_in(user="alex", expected=Expected(megan.home_account_id, megan.username))
        assert world.credentials().standing().account == megan
        assert world.sign_in(user="megan", expected=Expected(megan.home_account_id, megan.username)) == megan

    def test_a_sign_in_that_fails_leaves_the_one_that_was(self, world: World) -> None:
        world.sign_in()
        before = world.vault.read()
        world.after_sleeps(1, "deny")
        with pytest.raises(SignInDeclined):
            world.credentials().sign_in_by_device_code(Wanted(READ), lambda code: None)
        assert world.vault.read() == before

    def test_an_answer_that_names_nobody_is_refused_and_nothing_is_kept_of_it(self, world: World) -> None:
        world.sign_in()
        before = world.vault.read()
        world.spoils["token"] = [lambda answer: _changed(answer(), id_token=None, client_info=None)]
        with pytest.raises(AuthError, match="did not say who signed in"):
            world.sign_in(user="alex")
        assert world.vault.read() == before

    @pytest.mark.parametrize("kind", ["openid-configuration", "devicecode"])
    @pytest.mark.parametrize("trouble", ["reset", "503"])
    def test_the_first_requests_are_repeated_twice(self, kind: str, trouble: str, world: World) -> None:
        world.spoils[kind] = [TROUBLES[trouble]] * 2
        world.events[3] = lambda: world.control("approve", user="megan")
        assert world.credentials().sign_in_by_device_code(Wanted(READ), lambda code: None).name == "Megan Bowen"
        assert world.slept[:2] == [1, 2]

    @pytest.mark.parametrize("kind", ["openid-configuration", "devicecode"])
    @pytest.mark.parametrize("trouble", ["dns", "timeout", "tls", "connect"])
    def test_what_a_repetition_would_not_help_is_told_at_once(self, kind: str, trouble: str, world: World) -> None:
        world.spoils[kind] = [lost(trouble)]
        with pytest.raises(TransportError, match=f"kind {trouble}"):
            world.credentials().sign_in_by_device_code(Wanted(READ), lambda code: None)
        assert world.slept == []

    @pytest.mark.parametrize("kind", ["openid-configuration", "devicecode"])
    @pytest.mark.parametrize("status", [200, 400, 404])
    def test_a_captive_portal_is_named_as_what_it_is(self, kind: str, status: int, world: World) -> None:
        world.spoils[kind] = [instead(status, HTML)]
        with pytest.raises(TransportError, match="not a sign-in service's answer") as caught:
            world.credentials().sign_in_by_device_code(Wanted(READ), lambda code: None)
        assert caught.value.kind == "garbage"

    def test_an_answer_without_a_code_makes_no_sense(self, world: World) -> None:
        world.spoils["devicecode"] = [lambda answer: _changed(answer(), user_code=None)]
        with pytest.raises(TransportError, match="makes no sense") as caught:
            world.credentials().sign_in_by_device_code(Wanted(READ), lambda code: None)
        assert caught.value.kind == "garbage"

    @pytest.mark.parametrize("status", [200, 400])
    def test_a_refusal_in_place_of_a_code_is_that_refusal(self, status: int, world: World) -> None:
        world.spoils["devicecode"] = [instead(status, b'{"error": "unauthorized_client", "error_description": "AADSTS700016: no"}')]
        with pytest.raises(AppMisconfigured):
            world.credentials().sign_in_by_device_code(Wanted(READ), lambda code: None)

    def test_an_id_token_that_nests_without_end_is_garbage(self, world: World) -> None:
        deep = base64.urlsafe_b64encode(b"[" * 50_000).decode()
        world.spoils["token"] = [lambda answer: _changed(answer(), id_token=f"e30.{deep}.x")]
        with pytest.raises(TransportError, match="makes no sense"):
            world.sign_in()


ENDPOINTS = ["token_endpoint", "device_authorization_endpoint"]


class TestWhereSecretsGo:
    """The discovery document names the endpoints; it cannot send what is secret elsewhere."""

    @pytest.mark.parametrize("endpoint", ENDPOINTS)
    @pytest.mark.parametrize(
        "foreign",
        [
            "https://evil.example/token",
            "https://localhost/token",
            "https://localhost:8444/token",
            "http://localhost:8443/token",
            "https://localhost:8443@evil.example/token",
            "https://megan@localhost:8443/token",
            "https://localhost:8443.evil.example/token",
            "https://localhost:8443\\@evil.example/token",
            "//localhost:8443/token",
            "token",
            "https://[::1/token",
        ],
    )
    def test_no_other_address_is_asked_for_a_token(self, endpoint: str, foreign: str, world: World) -> None:
        world.spoils["openid-configuration"] = [lambda answer: _changed(answer(), **{endpoint: foreign})] * 2
        with pytest.raises(TransportError) as caught:
            world.credentials().sign_in_by_device_code(Wanted(READ), lambda code: None)
        assert caught.value.kind == "garbage"
        assert [form for _, form in world.asked if "device_code" in form or "refresh_token" in form] == []

    def test_nor_given_a_refresh_token(self, world: World) -> None:
        world.sign_in()
        world.age(LONG)
        world.pass_by(LONG)  # the discovery document is asked for again after a day
        world.spoils["openid-configuration"] = [lambda answer: _changed(answer(), token_endpoint="https://evil.example/token")]
        with pytest.raises(TransportError, match=r"refused to sign in at evil\.example") as caught:
            world.credentials().token(Access(READ))
        assert (caught.value.host, world.kinds()) == ("evil.example", ["openid-configuration"])

    def test_another_host_of_the_same_service_is_asked_where_the_settings_say_so(self, world: World) -> None:
        world.spoils["openid-configuration"] = [
            lambda answer: _changed(answer(), token_endpoint="https://login.example/t/oauth2/v2.0/token")
        ]
        world.spoils["token"] = [instead(400, b'{"error": "expired_token"}')]
        with pytest.raises(DeviceCodeExpired):
            world.credentials(hosts=frozenset({"login.example"})).sign_in_by_device_code(Wanted(READ), lambda code: None)
        assert world.kinds() == ["openid-configuration", "devicecode", "token"]


def _changed(answer: Response, **members: Any) -> Response:
    """The answer with members replaced; None takes one out."""
    changed = {name: value for name, value in {**answer.json(), **members}.items() if value is not None}
    return Response(
        answer.status, answer.headers, json.dumps({name: value for name, value in changed.items() if value is not None}).encode()
    )


class TestFastPath:
    def test_a_valid_token_costs_no_request(self, world: World) -> None:
        world.sign_in()
        assert world.graph_says(world.credentials().token(Access(READ)))["displayName"] == "Megan Bowen"
        assert world.credentials().token(Access(("Calendars.ReadBasic",)))
        assert world.asked == []

    def test_and_loads_no_msal(self, world: World, tmp_path: Path) -> None:
        world.sign_in()
        (tmp_path / "state").mkdir(0o700)
        (tmp_path / "key").write_bytes(bytes(32))
        with Vault(str(tmp_path / "state"), "megan", str(tmp_path / "key")).transaction() as state:
            state.update(world.vault.read())
        program = """
import sys
from daypass.auth.authorities import authority
from daypass.credentials import Credentials
from daypass.vault import Vault
from daypass.wire import Access
vault = Vault(sys.argv[1], "megan", sys.argv[2])
credentials = Credentials("app", authority("https://login.example", "tenant"), vault, send=None)
assert credentials.token(Access(("User.Read",)))
assert credentials.standing().account.name == "Megan Bowen"
print(*sys.modules)
"""
        command = [sys.executable, "-I", "-c", program, str(tmp_path / "state"), str(tmp_path / "key")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        loaded = {name.partition(".")[0] for name in done.stdout.split()}
        assert loaded & {"msal", "requests", "urllib3", "asyncio", "aiohttp", "logging", "jwt"} == set()

    def test_without_a_sign_in_nothing_is_asked(self, world: World) -> None:
        with pytest.raises(SignInRequired, match="no sign-in is kept"):
            world.credentials().token(Access(READ))
        assert world.asked == []


class TestRenewal:
    def test_after_expiry_it_renews_silently_and_once(self, world: World) -> None:
        world.sign_in()
        first = world.credentials().token(Access(READ))
        world.age(LONG)
        second = world.credentials().token(Access(READ))
        assert second != first
        assert world.credentials().token(Access(READ)) == second
        assert world.kinds() == ["token"]
        assert world.asked[0][1]["grant_type"] == "refresh_token"
        assert world.graph_says(second)["displayName"] == "Megan Bowen"

    def test_each_renewal_keeps_the_newest_refresh_token_so_that_ninety_days_begin_anew(self, world: World) -> None:
        world.sign_in()
        for _ in range(4):
            world.age(80 * 24 * 3600)
            assert world.graph_says(world.credentials().token(Access(READ)))["displayName"] == "Megan Bowen"
        assert len(world.vault.read()["cache"]["RefreshToken"]) == 1
        world.age(91 * 24 * 3600)
        with pytest.raises(SignInRequired) as caught:
            world.credentials().token(Access(READ))
        assert caught.value.code == 700082

    def test_a_refused_token_is_replaced_though_its_time_is_not_up(self, world: World) -> None:
        world.sign_in()
        first = world.credentials().token(Access(READ))
        second = world.credentials().token(Access(READ, renew=True))
        assert second != first
        assert world.kinds().count("token") == 1
        assert world.credentials().token(Access(READ)) == second

    def test_a_claims_challenge_goes_with_the_renewal(self, world: World) -> None:
        world.sign_in()
        challenge = '{"access_token": {"nbf": {"essential": true, "value": "1700000000"}}}'
        world.credentials().token(Access(READ, renew=True, claims=challenge))
        sent = json.loads(world.asked[-1][1]["claims"])["access_token"]
        assert sent["nbf"] == {"essential": True, "value": "1700000000"}
        assert sent["xms_cc"] == {"values": ["CP1"]}

    def test_a_revoked_sign_in_needs_a_person_and_is_remembered(self, world: World) -> None:
        world.sign_in()
        world.age(LONG)
        world.control("revoke", user="megan")
        with pytest.raises(SignInRequired, match="revoked") as caught:
            world.credentials().token(Access(READ))
        assert caught.value.code == 50173
        remembered = world.credentials().standing().failure
        assert (remembered.code, remembered.error, remembered.failed_at) == (50173, "invalid_grant", world.now())
        assert world.credentials().standing().account is not None
        world.sign_in()
        assert world.credentials().standing().failure is None

    def test_a_refusal_is_asked_anew_each_time_and_forgotten_once_it_is_cured(self, world: World) -> None:
        world.sign_in()
        world.age(LONG)
        world.control("policies", block_device_code=True)
        with pytest.raises(BlockedByPolicy) as caught:
            world.credentials().token(Access(READ))
        assert caught.value.code == 530036
        world.control("policies", block_device_code=False)
        assert world.credentials().token(Access(READ))
        assert world.credentials().standing().failure is None

    @pytest.mark.parametrize(
        ("policy", "value", "kind", "code"),
        [
            ("sign_in_frequency_seconds", 3600, SignInRequired, 70043),
            ("user_disabled", True, BlockedByPolicy, 50057),
            ("consent_required", True, ConsentRequired, 65001),
            ("require_mfa", True, SignInRequired, 50076),
        ],
    )
    def test_each_refusal_is_its_own_error(self, policy: str, value: Any, kind: type[AuthError], code: int, world: World) -> None:
        world.sign_in()
        world.age(LONG)
        world.control("policies", **{policy: value})
        with pytest.raises(kind) as caught:
            world.credentials().token(Access(READ))
        assert (type(caught.value), caught.value.code) == (kind, code)

    def test_what_the_service_demands_of_the_next_sign_in_is_carried(self, world: World) -> None:
        world.sign_in()
        world.age(LONG)
        world.control("policies", require_mfa=True)
        with pytest.raises(SignInRequired) as caught:
            world.credentials().token(Access(READ))
        assert "capolids" in json.loads(caught.value.claims)["access_token"]

    def test_a_bigger_permission_is_asked_for_in_place_of_the_smaller_it_implies(self, world: World) -> None:
        world.sign_in(WRITE)
        world.age(LONG)
        world.credentials().token(Access(("Calendars.Read",)))
        assert "Calendars.ReadWrite" in world.asked[-1][1]["scope"].split()
        assert "Calendars.Read" not in world.asked[-1][1]["scope"].split()

    def test_a_permission_never_granted_needs_consent(self, world: World) -> None:
        world.sign_in(READ)
        with pytest.raises(ConsentRequired) as caught:
            world.credentials().token(Access(("Calendars.ReadWrite",)))
        assert caught.value.suberror == "consent_required"
        assert world.credentials().token(Access(READ))  # what was granted is good as before

    @pytest.mark.parametrize("trouble", ["connect", "dns", "timeout", "tls"])
    def test_without_a_network_nothing_is_lost(self, trouble: str, world: World) -> None:
        world.sign_in()
        world.age(LONG)
        before = world.vault.read()
        world.spoils["token"] = [lost(trouble)]
        with pytest.raises(TransportError, match=trouble):
            world.credentials().token(Access(READ))
        assert world.vault.read() == before
        assert world.credentials().token(Access(READ))

    def test_passing_trouble_is_waited_out(self, world: World) -> None:
        world.sign_in()
        world.age(LONG)
        world.spoils["token"] = [answer_lost, instead(503, HTML, retry_after="4")]
        assert world.credentials().token(Access(READ))
        assert world.slept == [1, 4]

    def test_a_long_wait_is_the_callers_decision(self, world: World) -> None:
        world.sign_in()
        world.age(LONG)
        world.spoils["token"] = [instead(429, b"{}", retry_after="60")]
        with pytest.raises(TransportError) as caught:
            world.credentials().token(Access(READ))
        assert (caught.value.kind, caught.value.retry_after_seconds, world.slept) == ("busy", 60, [])

    def test_trouble_has_an_end(self, world: World) -> None:
        world.sign_in()
        world.age(LONG)
        world.spoils["token"] = [lost("reset")] * 9
        with pytest.raises(TransportError):
            world.credentials().token(Access(READ))
        assert world.kinds().count("token") == 3

    def test_the_sign_in_service_as_a_whole_is_given_ninety_seconds(self, world: World) -> None:
        world.sign_in()
        world.age(LONG)
        world.pass_by(LONG)
        began = world.now()
        world.spoils["openid-configuration"] = [after(25, world, lost("reset"))] * 2
        world.spoils["token"] = [after(29, world, lost("reset"))] * 9
        with pytest.raises(TransportError):
            world.credentials().token(Access(READ))
        assert 60 < world.now() - began < 90

    def test_less_than_was_asked_for_needs_consent_each_time(self, world: World) -> None:
        world.sign_in(READ)
        world.age(LONG)
        world.spoils["token"] = [lambda answer: _changed(answer(), scope="User.Read")] * 2
        for _ in range(2):
            with pytest.raises(ConsentRequired, match=r"without Calendars\.Read") as caught:
                world.credentials().token(Access(READ))
        assert caught.value.error == "consent_required"
        assert "Calendars.Read" in world.credentials().standing().failure.message
        world.asked.clear()
        assert world.credentials().token(Access(("User.Read",)))  # what was granted is kept
        assert world.asked == []

    def test_a_token_that_another_renewed_meanwhile_is_not_renewed_again(self, world: World) -> None:
        world.sign_in()
        refused = world.credentials().token(Access(READ))
        others = world.credentials().token(Access(READ, renew=True, refused=refused))
        assert world.credentials().token(Access(READ, renew=True, refused=refused)) == others
        assert world.kinds().count("token") == 1
        assert world.credentials().token(Access(READ, renew=True, refused=others)) != others

    def test_without_a_refresh_token_a_person_is_needed(self, world: World) -> None:
        world.spoils["token"] = [lambda answer: _changed(answer(), refresh_token=None)]
        world.sign_in()
        assert not world.credentials().standing().renewable
        world.age(LONG)
        with pytest.raises(SignInRequired, match="not enough"):
            world.credentials().token(Access(READ))


class TestStanding:
    def test_before_and_after_a_sign_in(self, world: World) -> None:
        nobody = world.credentials().standing()
        assert (nobody.account, nobody.method, nobody.renewable, nobody.granted, nobody.expires_on) == (None, "", False, frozenset(), 0)
        world.sign_in(WRITE)
        somebody = world.credentials().standing()
        assert somebody.account is not None
        assert (somebody.account.name, somebody.method, somebody.renewable) == ("Megan Bowen", "device", True)
        assert somebody.granted == set(WRITE)
        assert 0 <= world.now() - somebody.signed_in_at < 10
        assert somebody.expires_on - world.now() > 23 * 3600  # a token that can be recalled lives for a day
        assert world.asked == []

    def test_a_kept_token_tells_when_it_ends_and_a_strange_one_does_not(self, world: World) -> None:
        world.sign_in()
        token = world.credentials().token(Access(READ))
        assert world.credentials().expiry(token) == world.credentials().standing().expires_on
        assert world.credentials().expiry("strange") == 0

    def test_signing_out_forgets_everything_and_asks_nobody(self, world: World) -> None:
        world.sign_in()
        who = world.credentials().sign_out()
        assert who is not None
        assert who.username == "megan@contoso.example"
        assert (world.vault.read(), world.asked, world.credentials().sign_out()) == ({}, [], None)


SECRETS = ("access_token", "refresh_token", "id_token", "device_code", "client_info")


class TestSecrets:
    def test_no_secret_is_logged_or_told(self, world: World, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        secrets: set[str] = set()
        told: list[str] = []

        def watch(answer: Callable[[], Response]) -> Response:
            given = answer()
            secrets.update(value for name, value in given.json().items() if name in SECRETS)
            return given

        def attempt(*spoils: Spoil, **access: Any) -> None:
            world.spoils["token"] = list(spoils)
            world.age(LONG)
            try:
                world.credentials().token(Access(READ, **access))
            except DaypassError as error:
                told.extend((str(error), repr(error), repr(vars(error))))

        world.spoils = {"devicecode": [watch], "token": [watch] * 3}
        world.sign_in()
        attempt(watch)
        attempt(watch, renew=True, claims='{"access_token": {}}')
        attempt(lost("timeout"))
        attempt(answer_lost, answer_lost, cut_short)
        attempt(instead(400, b'{"error": "invalid_grant", "error_description": "AADSTS70000: no"}'))
        assert world.vault.read()["last_error"]
        told.append(repr(world.vault.read()["last_error"]))
        world.control("revoke", user="megan")
        attempt()
        assert len(secrets) >= 8
        assert len(told) >= 12
        text = caplog.text + "\n".join(told)
        assert [secret for secret in secrets if secret in text] == []
        assert [secret for secret in secrets if repr(world.credentials()).count(secret)] == []


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
MEMBERS = {
    "openid-configuration": "authorization_endpoint token_endpoint device_authorization_endpoint issuer error".split(),
    "devicecode": "user_code device_code verification_uri expires_in interval message error".split(),
    "token": "access_token refresh_token id_token client_info expires_in refresh_in scope token_type error error_codes".split(),
}


class TestHostileAnswers:
    @given(
        kind=st.sampled_from(sorted(MEMBERS)),
        status=st.sampled_from([200, 200, 200, 400, 401, 404]),
        data=st.data(),
    )
    def test_any_json_leads_to_an_outcome_or_to_one_of_our_errors(self, kind: str, status: int, data: st.DataObject) -> None:
        junk = data.draw(st.dictionaries(st.sampled_from(MEMBERS[kind]), ANY_JSON, min_size=1, max_size=3))
        world = World()
        world.spoils[kind] = [lambda answer: Response(status, {}, json.dumps({**answer().json(), **junk}).encode())]
        try:
            world.sign_in()
            world.age(LONG)
            world.spoils[kind] = [lambda answer: Response(status, {}, json.dumps({**answer().json(), **junk}).encode())]
            world.credentials().token(Access(READ))
        except DaypassError:
            pass
        world.credentials().standing()

    @pytest.mark.parametrize("kind", sorted(MEMBERS))
    @pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b'"text"', b"17", b"\xff\xfe", b"null"])
    def test_what_is_no_json_object_is_garbage(self, kind: str, body: bytes, world: World) -> None:
        world.spoils[kind] = [instead(200, body)] * 400
        with pytest.raises((TransportError, DeviceCodeExpired)):
            world.credentials().sign_in_by_device_code(Wanted(READ), lambda code: None)
