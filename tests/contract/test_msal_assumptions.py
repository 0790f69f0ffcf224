"""What we lean on in MSAL, and what we shield it from: when a new version changes one of these, it is noticed here.

Each test states a fact about MSAL itself, with nothing of ours between it and the pretend tenant but a recording HTTP client.
"""

from __future__ import annotations

import importlib.metadata
import json
import logging
import random
import time
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import msal
import pytest
from msal.exceptions import MsalServiceError

from daypass.auth import tokens
from daypass.wire import Request, Response
from daypass_sandbox.tenant import CLIENT_ID, TENANT_ID, Tenant

ROOT = "https://localhost:8443"
AUTHORITY = f"{ROOT}/{TENANT_ID}"
READ = ["User.Read", "Calendars.Read"]

Spoil = Callable[[], Response]


class Machine:
    """The clock that MSAL reads."""

    def now(self) -> float:
        return time.time()


class Http:
    """An HTTP client in the shape MSAL asks for, over a tenant; what stands in `spoils` answers the coming requests instead."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.spoils: list[Spoil] = []

    def get(self, url: str, params: Any = None, headers: Any = None, **more: Any) -> Any:
        return self._answer("GET", f"{url}?{urlencode(params)}" if params else url, {}, headers)

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **more: Any) -> Any:
        return self._answer("POST", url, data or {}, headers)

    def close(self) -> None:
        """Nothing is open."""

    def _answer(self, method: str, url: str, form: dict[str, Any], headers: Any) -> Any:
        self.asked.append((method, url.rsplit("/", 1)[-1], form))
        if self.spoils:
            answer = self.spoils.pop(0)()
        else:
            answer = self._tenant.handle(Request(method, url, dict(headers or {}), urlencode(form).encode()))
        return SimpleNamespace(status_code=answer.status, text=answer.body.decode(), headers=answer.headers, raise_for_status=lambda: None)

    def posts(self, name: str) -> int:
        return sum(1 for method, last, _ in self.asked if (method, last) == ("POST", name))


@pytest.fixture
def tenant() -> Tenant:
    return Tenant(clock=Machine(), chance=random.Random(7), seed="contoso")


@pytest.fixture
def http(tenant: Tenant) -> Http:
    return Http(tenant)


def app(http: Http, cache: msal.SerializableTokenCache | None = None, **more: Any) -> msal.PublicClientApplication:
    options: dict[str, Any] = {"authority": AUTHORITY, "http_client": http, "token_cache": cache, "instance_discovery": False}
    return msal.PublicClientApplication(CLIENT_ID, **{**options, **more})


def approve(tenant: Tenant) -> None:
    done = tenant.handle(Request("POST", f"{ROOT}/sandbox/approve", {}, b'{"user": "megan"}'))
    assert done.status == 200, done.body


def poll(client: msal.PublicClientApplication, flow: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One poll, without MSAL's complaint that it comes soon after another."""
    flow["interval"] = 1
    return client.acquire_token_by_device_flow(flow, exit_condition=lambda flow: True, **more)


def sign_in(http: Http, tenant: Tenant, **more: Any) -> tuple[msal.PublicClientApplication, msal.SerializableTokenCache]:
    cache = msal.SerializableTokenCache()
    client = app(http, cache, **more)
    flow = client.initiate_device_flow(READ)
    approve(tenant)
    assert "access_token" in poll(client, flow)
    return client, cache


def expire(cache: msal.SerializableTokenCache) -> None:
    """Make every kept access token old."""
    content = json.loads(cache.serialize())
    for entry in content["AccessToken"].values():
        entry["expires_on"] = str(int(time.time()) - 1)
    cache.deserialize(json.dumps(content))


def busy(status: int = 503, **headers: str) -> Spoil:
    return lambda: Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"{}")


def lost() -> Response:
    raise ConnectionError("dropped")


def test_the_version_is_one_that_these_facts_were_measured_on() -> None:
    major, minor = (int(part) for part in importlib.metadata.version("msal").split(".")[:2])
    assert (1, 38) <= (major, minor) < (2, 0)


class TestConstruction:
    def test_an_authority_without_https_is_refused(self, http: Http) -> None:
        with pytest.raises(ValueError, match="https"):
            app(http, authority=AUTHORITY.replace("https", "http"))
        assert http.asked == []

    def test_without_instance_discovery_it_asks_the_authority_and_nobody_else(self, http: Http) -> None:
        app(http)
        assert [(method, last) for method, last, _ in http.asked] == [("GET", "openid-configuration")]

    def test_with_it_an_unknown_host_is_asked_about_at_microsofts(self, http: Http) -> None:
        asked: list[str] = []
        http.get = lambda url, **more: asked.append(url) or lost()
        with pytest.raises(ConnectionError):
            app(http, instance_discovery=None)
        assert asked[0].startswith("https://login.microsoftonline.com/common/discovery/instance")

    def test_a_refused_discovery_is_a_value_error(self, http: Http) -> None:
        with pytest.raises(ValueError, match="fabrikam"):
            app(http, authority=f"{ROOT}/fabrikam.example")


class TestDeviceFlow:
    def test_a_refused_start_is_returned_and_not_raised(self, http: Http) -> None:
        client = app(http)
        http.spoils = [lambda: Response(400, {}, b'{"error": "unauthorized_client"}')]
        flow = client.initiate_device_flow(READ)
        assert "user_code" not in flow
        assert flow["error"] == "unauthorized_client"

    def test_it_asks_for_openids_scopes_itself(self, http: Http) -> None:
        app(http).initiate_device_flow(READ)
        assert set(str(http.asked[-1][2]["scope"]).split()) == {*READ, "openid", "profile", "offline_access"}

    def test_an_exit_condition_that_holds_makes_it_one_poll_without_waiting(self, http: Http) -> None:
        client = app(http)
        flow = client.initiate_device_flow(READ)
        began = time.monotonic()
        assert poll(client, flow)["error"] == "authorization_pending"
        assert poll(client, flow)["error"] == "authorization_pending"
        assert http.posts("token") == 2  # a pending answer is not replayed from memory
        assert time.monotonic() - began < 1

    def test_slow_down_changes_the_flow_and_a_hasty_poll_is_complained_about(self, http: Http) -> None:
        client = app(http)
        flow = client.initiate_device_flow(READ)
        http.spoils = [lambda: Response(400, {}, b'{"error": "slow_down"}')]
        assert poll(client, flow)["error"] == "slow_down"
        assert flow["interval"] == 6
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            client.acquire_token_by_device_flow(flow, exit_condition=lambda flow: True)
        assert "too soon" in str(caught[0].message)

    def test_a_dropped_connection_is_raised(self, http: Http) -> None:
        client = app(http)
        flow = client.initiate_device_flow(READ)
        http.spoils = [lost]
        with pytest.raises(ConnectionError):
            poll(client, flow)

    def test_a_busy_service_is_raised_and_then_replayed_from_memory(self, http: Http) -> None:
        client = app(http)
        flow = client.initiate_device_flow(READ)
        http.spoils = [busy(503, retry_after="60")]
        asked = http.posts("token")
        for _ in range(3):
            with pytest.raises(MsalServiceError):
                poll(client, flow)
        assert http.posts("token") == asked + 1

    def test_a_400_that_we_make_of_trouble_keeps_the_flow_alive(self, http: Http, tenant: Tenant) -> None:
        client = app(http)
        flow = client.initiate_device_flow(READ)
        http.spoils = [lambda: Response(400, {}, b'{"error": "authorization_pending"}')] * 3
        for _ in range(3):
            assert poll(client, flow)["error"] == "authorization_pending"
        approve(tenant)
        assert "access_token" in poll(client, flow)

    def test_a_refusal_is_replayed_from_memory_by_the_same_app_and_not_by_a_new_one(self, http: Http) -> None:
        client = app(http)
        http.spoils = [lambda: Response(400, {}, b'{"error": "unauthorized_client"}')]
        for _ in range(2):
            assert client.initiate_device_flow(READ)["error"] == "unauthorized_client"
        assert http.posts("devicecode") == 1
        assert "user_code" in app(http).initiate_device_flow(READ)


class TestCapabilities:
    def test_cp1_is_declared_at_each_step(self, http: Http, tenant: Tenant) -> None:
        client, cache = sign_in(http, tenant, client_capabilities=["CP1"])
        expire(cache)
        client.acquire_token_silent_with_error(READ, client.get_accounts()[0])
        claims = [json.loads(form["claims"]) for method, _, form in http.asked if method == "POST"]
        assert claims == [{"access_token": {"xms_cc": {"values": ["CP1"]}}}] * 3

    def test_a_challenge_passes_by_the_kept_token_and_is_merged(self, http: Http, tenant: Tenant) -> None:
        client, _ = sign_in(http, tenant, client_capabilities=["CP1"])
        challenge = '{"access_token": {"nbf": {"essential": true, "value": "1"}}}'
        client.acquire_token_silent_with_error(READ, client.get_accounts()[0], claims_challenge=challenge)
        assert json.loads(http.asked[-1][2]["claims"])["access_token"].keys() == {"nbf", "xms_cc"}

    def test_a_challenge_that_is_no_json_is_a_value_error(self, http: Http, tenant: Tenant) -> None:
        client, _ = sign_in(http, tenant, client_capabilities=["CP1"])
        with pytest.raises(ValueError, match="Expecting value"):
            client.acquire_token_silent_with_error(READ, client.get_accounts()[0], claims_challenge="no")


class TestCache:
    def test_its_format_is_the_one_we_read(self, http: Http, tenant: Tenant) -> None:
        _, cache = sign_in(http, tenant)
        content = json.loads(cache.serialize())
        assert set(content) >= {"AccessToken", "RefreshToken", "IdToken", "Account"}
        token = tokens.pick(content, ("Calendars.ReadBasic",), time.time())
        assert token is not None
        assert token.expires_on - time.time() > 3000
        account = tokens.account(content)
        assert account is not None
        assert (account.username, account.name, account.tenant_id) == ("megan@contoso.example", "Megan Bowen", TENANT_ID)
        assert tokens.has_refresh_token(content)
        assert tokens.granted_scopes(content) >= set(READ)

    @pytest.mark.parametrize(("left", "kept"), [(tokens.LEEWAY_SECONDS - 5, False), (tokens.LEEWAY_SECONDS + 30, True)])
    def test_a_token_counts_as_expired_five_minutes_early_there_as_here(self, left: int, kept: bool, http: Http, tenant: Tenant) -> None:
        client, cache = sign_in(http, tenant)
        content = json.loads(cache.serialize())
        for entry in content["AccessToken"].values():
            entry["expires_on"] = str(int(time.time()) + left)
        cache.deserialize(json.dumps(content))
        before = http.posts("token")
        client.acquire_token_silent_with_error(READ, client.get_accounts()[0])
        assert (http.posts("token") == before) is kept
        assert (tokens.pick(content, tuple(READ), time.time()) is not None) is kept

    def test_it_says_when_it_has_changed(self, http: Http, tenant: Tenant) -> None:
        _, cache = sign_in(http, tenant)
        assert cache.has_state_changed
        text = cache.serialize()
        assert not cache.has_state_changed
        fresh = msal.SerializableTokenCache()
        fresh.deserialize(text)
        assert not fresh.has_state_changed

    def test_a_refresh_token_is_replaced_by_the_newer_one(self, http: Http, tenant: Tenant) -> None:
        client, cache = sign_in(http, tenant)
        before = json.loads(cache.serialize())["RefreshToken"]
        expire(cache)
        client.acquire_token_silent_with_error(READ, client.get_accounts()[0])
        after = json.loads(cache.serialize())["RefreshToken"]
        assert (len(before), len(after)) == (1, 1)
        assert before != after

    def test_the_host_names_the_cache_entry_without_its_port_so_each_identity_needs_a_cache_of_its_own(
        self, http: Http, tenant: Tenant
    ) -> None:
        _, cache = sign_in(http, tenant)
        assert {entry["environment"] for entry in json.loads(cache.serialize())["Account"].values()} == {"localhost"}

    def test_accounts_are_found_without_a_request(self, http: Http, tenant: Tenant) -> None:
        client, _ = sign_in(http, tenant)
        asked = len(http.asked)
        assert len(client.get_accounts()) == 1
        assert app(http, msal.SerializableTokenCache()).get_accounts() == []
        assert len(http.asked) == asked + 1  # the discovery of the new app

    def test_it_writes_device_codes_to_the_log_of_token_cache_and_no_tokens(self, http: Http, tenant: Tenant, caplog: Any) -> None:
        caplog.set_level(logging.DEBUG, "msal")
        caplog.set_level(logging.DEBUG, "msal.token_cache")
        _, cache = sign_in(http, tenant)
        (device_code,) = {form["device_code"] for _, _, form in http.asked if "device_code" in form}
        assert {record.name for record in caplog.records if device_code in record.getMessage()} == {"msal.token_cache"}
        content = json.loads(cache.serialize())
        for kind in ("AccessToken", "RefreshToken", "IdToken"):
            assert not any(entry["secret"] in caplog.text for entry in content[kind].values())


class TestSilently:
    def test_a_refusal_is_returned_with_its_classification_and_everything_entra_said(self, http: Http, tenant: Tenant) -> None:
        client, cache = sign_in(http, tenant)
        expire(cache)
        tenant.handle(Request("POST", f"{ROOT}/sandbox/policies", {}, b'{"consent_required": true}'))
        answer = client.acquire_token_silent_with_error(READ, client.get_accounts()[0])
        assert (answer["error"], answer["suberror"], answer["error_codes"]) == ("invalid_grant", "consent_required", [65001])
        assert answer["correlation_id"]
        assert "AADSTS65001" in answer["error_description"]

    def test_without_anything_kept_the_answer_is_none(self, http: Http, tenant: Tenant) -> None:
        client, cache = sign_in(http, tenant)
        account = client.get_accounts()[0]
        cache.deserialize("{}")
        assert client.acquire_token_silent_with_error(READ, account) is None

    def test_trouble_on_the_way_is_raised_when_no_token_is_left(self, http: Http, tenant: Tenant) -> None:
        client, cache = sign_in(http, tenant)
        expire(cache)
        http.spoils = [lost]
        with pytest.raises(ConnectionError):
            client.acquire_token_silent_with_error(READ, client.get_accounts()[0], http_exceptions=(ConnectionError,))

    def test_a_token_of_more_permissions_serves_for_fewer(self, http: Http, tenant: Tenant) -> None:
        client, _ = sign_in(http, tenant)
        asked = len(http.asked)
        assert client.acquire_token_silent_with_error(["User.Read"], client.get_accounts()[0])
        assert len(http.asked) == asked

    def test_reserved_scopes_are_its_own_business(self, http: Http) -> None:
        with pytest.raises(ValueError, match="reserved"):
            app(http).initiate_device_flow(["User.Read", "offline_access"])
