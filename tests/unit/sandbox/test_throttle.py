from __future__ import annotations

import contextlib
import json
import random

import pytest

from daypass.wire import Request, Sleep, step
from daypass_sandbox.graph.throttle import MOST_AT_A_TIME, MOST_REQUESTS, MOST_UPLOADED_BYTES, SERVICE_SECONDS, Throttle
from daypass_sandbox.routes import Fault
from daypass_sandbox.tenant import CLIENT_ID, GRAPH_ROUTES, Tenant
from graph_caller import ROOT, Graph, StoppedClock, timed


@pytest.fixture
def tenant():
    return Tenant(clock=StoppedClock(), chance=random.Random(7), seed="contoso", throttle=True)


def begun(tenant, path, user="megan", client_id=CLIENT_ID):
    """A request that has arrived and takes its time; or, when it was refused at once, the refusal."""
    tenant.state.apps.setdefault(client_id, {"displayName": "Another app", "publicClient": True, "permissions": []})
    tenant.client_id = client_id
    token = tenant.mint(user, ("Calendars.Read", "User.Read"))
    flow = tenant.flow(Request("GET", f"{ROOT}/v1.0{path}", {"Authorization": f"Bearer {token}"}))
    try:
        assert step(flow, None) == Sleep(SERVICE_SECONDS)
    except StopIteration as done:
        return done.value
    return flow


def ended(flow):
    with pytest.raises(StopIteration) as done:
        step(flow, None)
    return done.value.value


def test_five_requests_to_one_mailbox_at_a_time_are_one_too_many(tenant):
    running = [begun(tenant, "/me/events") for _ in range(MOST_AT_A_TIME)]
    refused = begun(tenant, "/me/events")
    assert refused.status == 429
    error = refused.json()["error"]
    assert (error["code"], error["message"]) == ("ApplicationThrottled", "Application is over its MailboxConcurrency limit.")
    assert [ended(flow).status for flow in running] == [200] * MOST_AT_A_TIME
    assert ended(begun(tenant, "/me/events")).status == 200


def test_each_mailbox_and_each_app_has_its_own_four(tenant):
    running = [begun(tenant, "/me/events") for _ in range(MOST_AT_A_TIME)]
    others = [begun(tenant, "/me/events", user="alex"), begun(tenant, "/me/events", client_id="11111111-0000-4000-8000-000000000000")]
    assert [ended(flow).status for flow in (*running, *others)] == [200] * 6


def test_who_hangs_up_gives_the_place_back(tenant):
    running = [begun(tenant, "/me/events") for _ in range(MOST_AT_A_TIME)]
    running[0].close()
    assert ended(begun(tenant, "/me/events")).status == 200
    for flow in running[1:]:
        flow.close()


def test_the_directory_has_no_such_limit(tenant):
    token = tenant.mint("megan", ("User.Read",))
    for _ in range(MOST_AT_A_TIME):
        begun(tenant, "/me/events")
    assert tenant.handle(Request("GET", f"{ROOT}/v1.0/me", {"Authorization": f"Bearer {token}"})).status == 200


def test_refusals_come_with_and_without_a_retry_after(tenant):
    running = [begun(tenant, "/me/events") for _ in range(MOST_AT_A_TIME)]
    told = {begun(tenant, "/me/events").headers.get("retry-after") for _ in range(40)}
    assert told == {None, "1"}
    for flow in running:
        flow.close()


def batched(tenant, requests):
    """The statuses within the answer to a batch, and how long it took."""
    token = tenant.mint("megan", ("Calendars.Read", "User.Read"))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    flow = tenant.flow(Request("POST", f"{ROOT}/v1.0/$batch", headers, json.dumps({"requests": requests}).encode()))
    seconds = 0.0
    while True:
        try:
            seconds += step(flow, None).seconds
        except StopIteration as done:
            return [one["status"] for one in done.value.json()["responses"]], seconds


def reads(count, *, chained=False):
    after = [{"dependsOn": [str(number - 1)]} if chained and number else {} for number in range(count)]
    return [{"id": str(number), "method": "GET", "url": "/me/events", **after[number]} for number in range(count)]


def test_a_batch_asks_four_things_at_a_time_and_is_not_over_the_limit_by_itself(tenant):
    assert batched(tenant, reads(20)) == ([200] * 20, pytest.approx(5 * SERVICE_SECONDS))


def test_a_chain_of_requests_takes_one_after_the_other(tenant):
    assert batched(tenant, reads(6, chained=True)) == ([200] * 6, pytest.approx(6 * SERVICE_SECONDS))


def writes(count, *, chained=False):
    event = {**timed("Plan", "2026-12-07T10:00:00", "2026-12-07T11:00:00")}
    steps = [{**one, "method": "POST", "headers": {"Content-Type": "application/json"}, "body": event} for one in reads(count)]
    return [{**one, "dependsOn": [str(number - 1)]} if chained and number else one for number, one in enumerate(steps)]


def under_way(tenant, requests, steps):
    """A batch after so many of its pauses."""
    headers = {"Authorization": f"Bearer {tenant.mint('megan', ('Calendars.ReadWrite',))}", "Content-Type": "application/json"}
    flow = tenant.flow(Request("POST", f"{ROOT}/v1.0/$batch", headers, json.dumps({"requests": requests}).encode()))
    for _ in range(steps):
        assert isinstance(step(flow, None), Sleep)
    return flow


def plans(tenant):
    box = tenant.state.mailboxes[tenant.state.find_user("megan")]
    return sum(event["subject"] == "Plan" for event in box["events"].values())


@pytest.mark.parametrize("chained", [False, True])
def test_a_batch_does_not_go_on_in_a_tenant_that_was_begun_again(tenant, chained):
    flow = under_way(tenant, writes(20, chained=chained), 2)
    assert plans(tenant) > 0
    tenant.reset("contoso")
    assert (ended(flow).status, plans(tenant)) == (503, 0)


def test_what_a_client_did_before_it_hung_up_is_kept_and_noted(tenant):
    before = tenant.changes
    flow = under_way(tenant, writes(20, chained=True), 5)
    flow.close()
    assert plans(tenant) == 4
    assert tenant.changes == before + 1
    (entry,) = tenant.journal.entries()
    assert (entry["url"].endswith("/$batch"), entry["status"]) == (True, None)


def test_requests_of_a_batch_are_refused_one_by_one(tenant):
    running = [begun(tenant, "/me/events") for _ in range(MOST_AT_A_TIME - 1)]
    graph, asked = Graph(tenant), reads(3)
    assert [one["status"] for one in graph("POST", "/$batch", {"requests": asked}).body["responses"]] == [200, 429, 429]
    running.append(begun(tenant, "/me/events"))
    asked.append({"id": "me", "method": "GET", "url": "/me"})
    answer = graph("POST", "/$batch", {"requests": asked})
    assert (answer.status, [one["status"] for one in answer.body["responses"]]) == (200, [429, 429, 429, 200])
    for flow in running:
        flow.close()


def enter(throttle, now=1000.0, size=0, mailbox="megan", app="app"):
    with throttle.slot(app, mailbox, now, size):
        return True


def test_ten_thousand_requests_in_ten_minutes_and_no_more():
    throttle = Throttle(random.Random(1))
    for _ in range(MOST_REQUESTS):
        enter(throttle)
    with pytest.raises(Fault) as refused:
        enter(throttle, 1540.0)
    assert (refused.value.status, refused.value.headers["retry-after"]) == (429, "60")
    assert enter(throttle, 1540.0, mailbox="alex")
    assert enter(throttle, 1540.0, app="another")
    assert enter(throttle, 1600.0)


def test_uploads_are_weighed_over_five_minutes():
    throttle = Throttle(random.Random(1))
    enter(throttle, 1000.0, MOST_UPLOADED_BYTES // 2)
    enter(throttle, 1100.0, MOST_UPLOADED_BYTES // 2)
    with pytest.raises(Fault) as refused:
        enter(throttle, 1200.0, 10)
    assert refused.value.headers["retry-after"] == "100"
    assert enter(throttle, 1300.0, 10)


def test_a_request_that_fails_gives_its_place_back():
    throttle = Throttle(random.Random(1))
    for _ in range(MOST_AT_A_TIME + 1):
        with contextlib.suppress(RuntimeError), throttle.slot("app", "megan", 1000.0):
            raise RuntimeError


@pytest.mark.parametrize("route", GRAPH_ROUTES, ids=lambda route: f"{route.method} {route.template}")
def test_what_lies_in_a_mailbox_is_outlooks(route):
    path = {"user_id": "u", "group_id": "g"}
    below = route.template.count("/") > 2 and route.template.startswith(("/users/{user_id}/", "/groups/{group_id}/"))
    directory = below and (route.permissions.directory or route.template.split("/")[3].lower() in DIRECTORY_OWN)
    assert bool(Throttle.mailbox_of(route.template, path)) == (below and not directory)


DIRECTORY_OWN = frozenset(
    "manager directreports memberof transitivememberof members owners photo extensions licensedetails approleassignments".split()
)


def test_without_the_limits_nothing_waits():
    tenant = Tenant(clock=StoppedClock(), chance=random.Random(7), seed="contoso")
    flow = tenant.flow(Request("GET", f"{ROOT}/v1.0/me/events", {"Authorization": f"Bearer {tenant.mint('megan', ('Calendars.Read',))}"}))
    assert json.loads(ended(flow).body)["value"]
