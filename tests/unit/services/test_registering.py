"""Registering daypass, against the pretend tenant: once and for all, however often it is asked and whatever happens on the way."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from certificates import base64_der, certificate
from daypass.errors import DaypassError, Forbidden, NotFound, ServiceUnavailable, TransportError, UsageError
from daypass.graph import applications
from daypass.graph.applications import GRAPH
from daypass.services.registering import Progress, Registered, carry_out, look
from daypass.services.registration import PERMISSIONS, Plan
from daypass.wire import Effect, Request, Response
from daypass_sandbox.entra.graph_api import ROLE, SCOPE, permission_id
from daypass_sandbox.tenant import Tenant
from drive import drive
from script import Script, answer

NOW = 1_795_000_000.0


class Stopped:
    """A clock that stands still, but for the pauses of flows."""

    moment = NOW

    def now(self) -> float:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += seconds


@pytest.fixture
def tenant() -> Tenant:
    return Tenant(clock=Stopped(), chance=random.Random(7))


def setup(
    tenant: Tenant, plan: Plan, *, consent: bool = False, progress: Progress | None = None, log: list[Effect] | None = None
) -> Registered:
    found = drive(look(plan), tenant)
    return drive(carry_out(plan, found, progress or Progress(), consent=consent), tenant, log=log)


def apps_called(tenant: Tenant, name: str) -> list[dict[str, Any]]:
    return [app for app in tenant.state.apps.values() if app["displayName"] == name]


def changing(log: list[Effect]) -> list[str]:
    return [f"{effect.method} {effect.url.partition('?')[0]}" for effect in log if isinstance(effect, Request) and effect.method != "GET"]


def plant(tenant: Tenant, **fault: Any) -> None:
    done = tenant.handle(Request("POST", "https://localhost:8443/sandbox/faults", {}, json.dumps(fault).encode()))
    assert isinstance(done, Response)
    assert done.status == 201, done.body


def test_an_app_is_registered_with_all_that_it_needs(tenant: Tenant) -> None:
    done = setup(tenant, Plan(name="Contoso calendar", access="read", shared=True))
    assert done.created
    assert (done.application.name, done.application.public, done.application.redirects) == ("Contoso calendar", True, ("http://localhost",))
    listed = {name for name in PERMISSIONS[SCOPE] if (PERMISSIONS[SCOPE][name].id, SCOPE) in done.application.access[GRAPH]}
    assert listed == {"openid", "profile", "offline_access", "User.Read", "Calendars.Read", "Calendars.Read.Shared"}
    assert done.principal.client_id == done.application.client_id
    assert done.principal.home_tenant_id == tenant.state.tenant_id


@pytest.mark.parametrize("consent", [False, True])
@pytest.mark.parametrize("plan", [Plan(), Plan(audience="personal"), Plan(app_only=True, certificate=base64_der(certificate(NOW)))])
def test_doing_it_again_finds_it_done(tenant: Tenant, plan: Plan, consent: bool) -> None:
    first = setup(tenant, plan, consent=consent)
    progress, log = Progress(), list[Effect]()
    again = setup(tenant, plan, consent=consent, progress=progress, log=log)
    assert changing(log) == []
    assert progress.made == []
    assert (again.created, again.changed, again.consented) == (False, (), False)
    assert again.application == first.application
    assert len(apps_called(tenant, plan.name)) == 1


def test_what_is_lacking_is_added_and_what_others_added_stays(tenant: Tenant) -> None:
    before = setup(tenant, Plan(access="read")).application
    tenant.state.apps[before.client_id]["isFallbackPublicClient"] = False
    progress = Progress()
    done = setup(tenant, Plan(access="write"), progress=progress)
    assert not done.created
    assert len(done.changed) == 2
    assert done.application.public
    assert set(done.application.access[GRAPH]) > set(before.access[GRAPH])
    assert progress.made == [f"changes to the app 'daypass', client id {before.client_id}"]


def test_everybodys_consent_is_given_and_widened_and_never_narrowed(tenant: Tenant) -> None:
    first = setup(tenant, Plan(access="write"), consent=True)
    assert first.consented
    again = setup(tenant, Plan(access="read", shared=True), consent=True)
    assert again.consented
    graph = drive(applications.principal(GRAPH), tenant)
    assert graph is not None
    grant = drive(applications.granted_for_all(first.principal.object_id, graph.object_id), tenant)
    assert grant is not None
    assert {"Calendars.ReadWrite", "Calendars.Read.Shared", "offline_access"} <= grant.scopes


def test_an_app_on_its_own_gets_its_certificate_and_only_when_wanted_its_role(tenant: Tenant) -> None:
    plan = Plan(name="Lobby screen", app_only=True, access="read-basic", certificate=base64_der(certificate(NOW)))
    role = permission_id("Calendars.ReadBasic.All", ROLE)
    done = setup(tenant, plan)
    assert [key["key"] for key in done.application.keys] == [plan.certificate]
    assert tenant.state.app_role_assignments == {}
    assert setup(tenant, plan, consent=True).consented
    assert [record["appRoleId"] for record in tenant.state.app_role_assignments.values()] == [role]


def test_a_second_certificate_leaves_the_first(tenant: Tenant) -> None:
    first = Plan(app_only=True, certificate=base64_der(certificate(NOW)))
    second = first.replace(certificate=base64_der(certificate(NOW, number=2)))
    setup(tenant, first)
    keys = [key["key"] for key in setup(tenant, second).application.keys]
    assert keys == [first.certificate, second.certificate]


def test_a_name_that_several_have_is_not_guessed_at(tenant: Tenant) -> None:
    for _ in range(2):
        drive(applications.create_application(Plan().body()), tenant)
    with pytest.raises(UsageError) as refused:
        drive(look(Plan()), tenant)
    for app in apps_called(tenant, "daypass"):
        assert f"--client-id {app['appId']}" in refused.value.suggestions
    chosen = apps_called(tenant, "daypass")[1]["appId"]
    found = drive(look(Plan(), chosen), tenant)
    assert found is not None
    assert found.client_id == chosen


def test_a_client_id_that_leads_to_no_app_makes_none(tenant: Tenant) -> None:
    with pytest.raises(NotFound, match="no app with the client id"):
        drive(look(Plan(), "99999999-9999-4999-8999-999999999999"), tenant)


def test_a_name_that_another_kind_of_app_has_is_left_alone(tenant: Tenant) -> None:
    drive(applications.create_application({"displayName": "daypass", "web": {"redirectUris": ["https://contoso.example/in"]}}), tenant)
    with pytest.raises(UsageError, match="it is also a web app") as refused:
        drive(look(Plan()), tenant)
    assert refused.value.suggestions == ("--name ANOTHER",)


def test_an_app_with_a_secret_is_not_made_one_that_people_sign_in_to(tenant: Tenant) -> None:
    done = setup(tenant, Plan(app_only=True))
    secret = drive(applications.add_password(done.application.object_id, "daypass", "2027-01-01T00:00:00Z"), tenant)
    assert len(secret) > 20
    assert drive(applications.application(done.application.client_id), tenant).secrets == 1
    with pytest.raises(UsageError, match="with a certificate or a secret"):
        drive(look(Plan()), tenant)


# --- when something fails


@pytest.mark.parametrize("fault", [{"drop": "after"}, {"truncate": 10}])
@pytest.mark.parametrize("path", ["/applications$", "/servicePrincipals$", "/oauth2PermissionGrants$"])
def test_an_answer_that_was_lost_after_the_effect_makes_nothing_twice(tenant: Tenant, path: str, fault: dict[str, Any]) -> None:
    plant(tenant, method="POST", path=path, count=1, **fault)
    done = setup(tenant, Plan(), consent=True)
    assert len(apps_called(tenant, "daypass")) == 1
    assert len([one for one in tenant.state.service_principals.values() if one["appId"] == done.application.client_id]) == 1
    again = Progress()
    setup(tenant, Plan(), consent=True, progress=again)
    assert again.made == []


@pytest.mark.parametrize("path", ["/servicePrincipals$", "/oauth2PermissionGrants$", "/appRoleAssignments$"])
def test_what_there_can_be_one_of_is_asked_for_again_after_a_passing_trouble(tenant: Tenant, path: str) -> None:
    plant(tenant, method="POST", path=path, status=503, count=2)
    assert setup(tenant, Plan(app_only=path == "/appRoleAssignments$"), consent=True).consented


def test_a_registration_whose_fate_is_unknown_is_never_asked_for_twice(tenant: Tenant) -> None:
    plant(tenant, method="POST", path="/applications$", status=503, count=9)
    log = list[Effect]()
    progress = Progress()
    with pytest.raises(ServiceUnavailable) as refused:
        setup(tenant, Plan(), progress=progress, log=log)
    assert changing(log) == ["POST /applications"]
    assert refused.value.maybe_done
    assert progress.made == []


def test_while_the_network_is_away_it_is_looked_for_in_vain_and_the_first_trouble_is_told() -> None:
    script = Script(*(TransportError(f"trouble {number}", kind="reset") for number in range(60)))
    with pytest.raises(TransportError, match="trouble 0") as refused:
        script.run(carry_out(Plan(), None, Progress(), consent=False))
    assert refused.value.maybe_done
    assert [request.method for request in script.requests].count("POST") == 1


def test_a_throttled_registration_is_asked_for_again(tenant: Tenant) -> None:
    plant(tenant, method="POST", path="/applications$", status=429, retry_after=2, count=2)
    assert setup(tenant, Plan()).created


def test_the_directory_may_be_slow_to_know_the_new_app(tenant: Tenant) -> None:
    plant(tenant, method="POST", path="/servicePrincipals$", status=400, count=2)
    plant(tenant, method="GET", path=r"/applications\(", status=404, count=1)
    log = list[Effect]()
    setup(tenant, Plan(), log=log)
    assert changing(log) == ["POST /applications", *["POST /servicePrincipals"] * 3]


def test_an_app_that_is_listed_but_not_yet_shown_is_waited_for_and_not_made_again(tenant: Tenant) -> None:
    first = setup(tenant, Plan())
    plant(tenant, method="GET", path=r"/applications\(", status=404, count=2)
    assert setup(tenant, Plan()).application == first.application
    plant(tenant, method="GET", path=r"/applications\(", status=404, count=9)
    with pytest.raises(NotFound):
        drive(look(Plan()), tenant)


@pytest.mark.parametrize(
    ("path", "made", "needs"),
    [
        ("/applications$", 0, "Application.ReadWrite.All"),
        ("/servicePrincipals$", 1, "Application.ReadWrite.All"),
        ("/oauth2PermissionGrants$", 2, "DelegatedPermissionGrant.ReadWrite.All"),
    ],
)
def test_what_was_made_before_a_refusal_is_known_and_the_next_run_goes_on_from_there(
    tenant: Tenant, path: str, made: int, needs: str
) -> None:
    plant(tenant, method="POST", path=path, status=403, count=1)
    progress = Progress()
    with pytest.raises(Forbidden):
        setup(tenant, Plan(), consent=True, progress=progress)
    assert len(progress.made) == made
    assert progress.needs == needs
    assert bool(progress.created) == (made > 0)
    done = setup(tenant, Plan(), consent=True)
    assert done.created == (made == 0)
    assert len(apps_called(tenant, "daypass")) == 1


def test_a_token_without_the_permission_changes_nothing(tenant: Tenant) -> None:
    token = tenant.mint("megan", ("User.Read",))
    with pytest.raises(DaypassError) as refused:
        drive(look(Plan()), tenant, token=token)
    assert isinstance(refused.value, Forbidden)


def test_a_tenant_that_answers_with_junk_is_no_consent() -> None:
    script = Script(answer(200, {"id": "p-1", "appId": "c-1"}), answer(404, {"error": {"code": "Request_ResourceNotFound"}}))
    plan = Plan()
    found = applications.Application(
        object_id="o-1",
        client_id="c-1",
        name="daypass",
        audience="AzureADMyOrg",
        public=True,
        redirects=("http://localhost",),
        access={GRAPH: tuple((one.id, one.kind) for one in plan.permissions)},
        keys=(),
        secrets=0,
        serves=(),
        token_version=1,
    )
    with pytest.raises(NotFound, match="Microsoft Graph has no service principal"):
        script.run(carry_out(plan, found, Progress(), consent=True))
