"""What is forwarded to an administrator: nothing left open that is known, JSON that Graph takes, numbers that daypass explains."""

from __future__ import annotations

import json
import re

import pytest

from daypass.auth import aadsts
from daypass.services.admin_guide import Known, guide
from daypass.services.recipes import PLACEHOLDER, Place
from daypass.services.registration import Plan

CLIENT = "11111111-2222-3333-4444-555555555555"
TENANT = "da70a550-7e4a-4a11-8c07-c04705000001"
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLANS = [Plan(), Plan(access="read", shared=True), Plan(app_only=True, access="read-basic"), Plan(app_only=True, access="write")]


@pytest.mark.parametrize("known", [Known(), Known(CLIENT, "p-1")])
@pytest.mark.parametrize("plan", PLANS)
def test_every_permission_stands_in_it_with_its_reason_and_every_id_that_is_known(plan: Plan, known: Known) -> None:
    text = guide(plan, Place(tenant_id=TENANT), known)
    assert not PLACEHOLDER.search(text)
    for one in plan.permissions:
        assert f"`{one.name}`" in text
        assert one.why in text
    assert (CLIENT in text) == bool(known.client_id)
    assert f"/{TENANT}/" in text
    assert {int(number) for number in re.findall(r"AADSTS(\d+)", text)} <= aadsts.NUMBERS.keys()
    assert "\n\n\n" not in text


def test_device_codes_are_blocked_but_for_named_accounts_in_named_places() -> None:
    text = guide(Plan(), Place(), Known(CLIENT))
    block, places = (json.loads(code) for kind, code in FENCED.findall(text) if kind == "json")
    for policy in (block, places):
        assert policy["state"] == "enabledForReportingButNotEnforced"
        assert policy["conditions"]["authenticationFlows"] == {"transferMethods": "deviceCodeFlow"}
        assert policy["grantControls"]["builtInControls"] == ["block"]
    (named,) = places["conditions"]["users"]["includeGroups"]
    assert block["conditions"]["users"]["includeUsers"] == ["All"]
    assert named in block["conditions"]["users"]["excludeGroups"]
    assert places["conditions"]["locations"]["includeLocations"] == ["All"]
    assert len(places["conditions"]["locations"]["excludeLocations"]) == 1


def test_the_sign_in_log_is_filtered_for_sessions_that_began_with_a_device_code() -> None:
    (query,) = (code for kind, code in FENCED.findall(guide(Plan(), Place(), Known(CLIENT))) if kind == "kusto")
    assert 'OriginalTransferMethod == "deviceCodeFlow"' in query
    assert f'AppId == "{CLIENT}"' in query
    assert "AppId ==" not in guide(Plan(), Place(), Known())


@pytest.mark.parametrize(
    ("access", "role"), [("read-basic", "Calendars.Read"), ("read", "Calendars.Read"), ("write", "Calendars.ReadWrite")]
)
def test_an_app_on_its_own_is_scoped_by_a_role_that_exchange_has(access: str, role: str) -> None:
    text = guide(Plan(name="O'Brien", app_only=True, access=access), Place(), Known(CLIENT, "p-1"))
    (script,) = (code for kind, code in FENCED.findall(text) if kind == "powershell")
    assert f"-Role 'Application {role}' " in script
    assert f"New-ServicePrincipal -AppId '{CLIENT}' -ObjectId 'p-1' -DisplayName 'O''Brien'" in script
    assert "Device codes" not in text
    assert "## Some mailboxes" not in guide(Plan(), Place(), Known())
