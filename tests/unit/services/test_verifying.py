"""Whether a registration is fit: each thing that can be wrong is found, named and has its cure; what cannot be seen is said to be so."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import parse_qs

import pytest

from daypass.errors import TransportError
from daypass.graph import applications
from daypass.services.registering import Progress, carry_out
from daypass.services.registration import Plan
from daypass.services.verifying import Check, Report, SignInService, examined, examined_from_outside, of_consent, of_sign_in
from daypass_sandbox.tenant import CLIENT_ID, TENANT_ID, Tenant
from drive import ROOT, drive
from script import Script, answer

NOBODY = "99999999-9999-4999-8999-999999999999"


class Stopped:
    """A clock that stands still, but for the pauses of flows."""

    moment = 1_795_000_000.0

    def now(self) -> float:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += seconds


@pytest.fixture
def tenant() -> Tenant:
    return Tenant(clock=Stopped(), chance=random.Random(7))


def by_name(checks: Any) -> dict[str, Check]:
    return {check.name: check for check in checks}


def report_after(tenant: Tenant, plan: Plan, **changes: Any) -> dict[str, Check]:
    """The checks of an app that was registered by the plan, and then changed."""
    done = drive(carry_out(plan, None, Progress(), consent=False), tenant)
    tenant.state.apps[done.application.client_id].update(changes)
    found = drive(applications.application(done.application.client_id), tenant)
    return by_name(drive(examined(plan, found, ROOT, TENANT_ID), tenant).checks)


@pytest.mark.parametrize("plan", [Plan(), Plan(access="read-basic", shared=True), Plan(audience="organizations")])
def test_what_was_registered_by_the_plan_is_fit(tenant: Tenant, plan: Plan) -> None:
    checks = report_after(tenant, plan)
    assert {name for name, check in checks.items() if check.passed is False} == set()
    assert {name for name, check in checks.items() if check.passed is None} == {"consent"}
    assert {"public client flows", "redirect URI", "permissions", "service principal", "tenant", "app"} <= checks.keys()


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"isFallbackPublicClient": None}, "public client flows", "AADSTS7000218"),
        ({"publicClient": {"redirectUris": []}}, "redirect URI", "http://localhost is missing"),
        ({"requiredResourceAccess": []}, "permissions", "not listed: openid"),
        ({"web": {"redirectUris": ["https://contoso.example"]}}, "registration", "it is also a web app"),
        ({"signInAudience": "AzureADMultipleOrgs"}, "accounts", "AzureADMultipleOrgs"),
    ],
)
def test_what_is_wrong_is_found(tenant: Tenant, changes: dict[str, Any], name: str, words: str) -> None:
    checks = report_after(tenant, Plan(audience="tenant"), **changes)
    assert [check.name for check in checks.values() if check.passed is False] == [name]
    assert words in checks[name].told


def test_a_service_principal_that_is_missing_or_disabled_is_found(tenant: Tenant) -> None:
    done = drive(carry_out(Plan(), None, Progress(), consent=False), tenant)
    record = tenant.state.service_principals[done.principal.object_id]
    record.update(accountEnabled=False, appRoleAssignmentRequired=True)
    assert "disabled" in by_name(drive(examined(Plan(), done.application, ROOT, TENANT_ID), tenant).checks)["service principal"].told
    record.update(accountEnabled=True)
    assert (
        "only people assigned"
        in by_name(drive(examined(Plan(), done.application, ROOT, TENANT_ID), tenant).checks)["service principal"].told
    )
    del tenant.state.service_principals[done.principal.object_id]
    report = drive(examined(Plan(), done.application, ROOT, TENANT_ID), tenant)
    assert not report.fit
    assert "consent" not in by_name(report.checks)


def test_an_app_on_its_own_is_asked_for_its_credentials(tenant: Tenant) -> None:
    plan = Plan(app_only=True, access="read-basic")
    checks = report_after(tenant, plan)
    assert checks["credentials"].passed is False
    assert "public client flows" not in checks
    assert "admin-guide" in checks["consent"].cure


@pytest.mark.parametrize("app_only", [False, True])
def test_consent_is_told_where_the_token_may_see_it(tenant: Tenant, app_only: bool) -> None:
    plan = Plan(app_only=app_only)
    done = drive(carry_out(plan, None, Progress(), consent=True), tenant)
    assert drive(of_consent(plan, done.principal), tenant) == Check("consent", True, "given for everybody")
    token = tenant.mint("megan", ("Application.ReadWrite.All",) if not app_only else ("User.Read",))
    unseen = drive(of_consent(plan, done.principal), tenant, token=token)
    assert unseen.passed is None
    assert "this token may not see" in unseen.told


# --- from outside


def outside(tenant: Tenant, tenant_id: str = TENANT_ID, client_id: str = CLIENT_ID) -> Report:
    return drive(examined_from_outside(Plan(), SignInService(ROOT, tenant_id, client_id)), tenant)


def test_without_a_token_the_sign_in_service_is_asked_and_nobody_signs_in(tenant: Tenant) -> None:
    report = outside(tenant, "contoso.example")
    assert report.fit
    assert report.tenant_id == TENANT_ID  # told by discovery
    assert by_name(report.checks)["registration"].passed is None
    assert [code["status"] for code in tenant.state.device_codes.values()] == ["pending"]


def test_the_permissions_of_the_plan_are_asked_for() -> None:
    discovery = answer(200, {"issuer": f"https://login.microsoftonline.com/{TENANT_ID}/v2.0"})
    script = Script(discovery, answer(200, {"user_code": "A", "device_code": "B"}))
    checks, tenant_id = script.run(of_sign_in(Plan(access="read"), SignInService("https://login.microsoftonline.com", "x/../y", "c-1")))
    assert all(check.passed for check in checks)
    assert tenant_id == TENANT_ID
    first, second = script.requests
    assert first.url == "https://login.microsoftonline.com/x%2F..%2Fy/v2.0/.well-known/openid-configuration"
    assert parse_qs(second.body.decode())["scope"] == ["openid profile offline_access User.Read Calendars.Read"]
    assert first.access is None
    assert second.access is None


@pytest.mark.parametrize(
    ("tenant_id", "client_id", "name", "number"), [(NOBODY, CLIENT_ID, "tenant", "AADSTS90002"), (TENANT_ID, NOBODY, "app", "AADSTS700016")]
)
def test_a_tenant_or_an_app_that_is_not_there_is_told_with_its_number(
    tenant: Tenant, tenant_id: str, client_id: str, name: str, number: str
) -> None:
    report = outside(tenant, tenant_id, client_id)
    check = by_name(report.checks)[name]
    assert (report.fit, check.passed) == (False, False)
    assert number in check.told
    assert check.cure


@pytest.mark.parametrize(
    "trouble", [TransportError("no network", kind="dns"), answer(503, {}), answer(200, b"<html>"), answer(429, {"error": "x"})]
)
def test_a_service_that_cannot_be_asked_proves_nothing(trouble: Any) -> None:
    report = Script(trouble).run(examined_from_outside(Plan(), SignInService("https://login.example", "t", "c")))
    assert report.fit
    assert by_name(report.checks)["tenant"].passed is None


def test_a_fresh_app_is_waited_for_and_one_that_stays_unknown_is_told(tenant: Tenant) -> None:
    done = drive(carry_out(Plan(), None, Progress(), consent=False), tenant)
    discovery = answer(200, {"issuer": "https://login.example/{tenantid}/v2.0"})
    unknown = answer(400, {"error": "unauthorized_client", "error_codes": [700016], "error_description": "AADSTS700016: not found"})
    script = Script(discovery, unknown, unknown, answer(200, {"user_code": "A"}))
    service = SignInService("https://login.example", "organizations", done.application.client_id)
    checks, tenant_id = script.run(of_sign_in(Plan(), service, fresh=True))
    assert by_name(checks)["app"].passed
    assert (tenant_id, script.sleeps) == ("", [1.0, 2.0])
    script = Script(discovery, *[unknown] * 5)
    checks, _ = script.run(of_sign_in(Plan(), service, fresh=True))
    assert by_name(checks)["app"].passed is False
