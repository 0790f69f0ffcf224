from __future__ import annotations

import json

import pytest

from daypass.wire import Request
from daypass_sandbox.faults import Disrupted
from entra_caller import ROOT
from graph_caller import Graph, timed

EVENT = timed("Stand-up", "2026-11-26T09:00:00", "2026-11-26T09:15:00")


@pytest.fixture
def token(tenant):
    return tenant.mint("megan", ["User.Read", "Calendars.ReadWrite"])


def plant(entra, **fault):
    return entra.ask_control("POST", "faults", fault)


def subjects(entra):
    return [event["subject"] for event in entra.ask_control("GET", "events?user=megan")]


def test_a_status_strikes_once_unless_told_otherwise(entra, token):
    plant(entra, status=503)
    assert [entra.me(token).status for _ in range(3)] == [503, 200, 200]


def test_a_status_comes_in_the_envelope_of_graph(entra, token):
    plant(entra, status=429, retry_after=7)
    answer = entra.me(token)
    assert answer.headers["retry-after"] == "7"
    assert answer.json()["error"]["code"] == "ApplicationThrottled"
    assert answer.json()["error"]["innerError"]["request-id"] == answer.headers["request-id"]


def test_without_retry_after_there_is_none(entra, token):
    plant(entra, status=429)
    assert "retry-after" not in entra.me(token).headers


def test_code_and_message_can_be_chosen(entra, token):
    plant(entra, status=410, code="syncStateNotFound", message="Start again.")
    assert entra.me(token).json()["error"].items() >= {"code": "syncStateNotFound", "message": "Start again."}.items()


def test_a_status_at_entra_comes_in_entras_form(entra):
    plant(entra, status=503, path="/token$")
    answer = entra.poll("x")
    assert (answer.status, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert "AADSTS90033" in answer.json()["error_description"]


@pytest.mark.parametrize("after", [False, True])
def test_a_refusal_can_come_before_or_after_the_effect(tenant, entra, after):
    plant(entra, status=504, method="POST", path="/events$", after=after)
    assert Graph(tenant)("POST", "/me/events", EVENT).status == 504
    assert subjects(entra) == (["Stand-up"] if after else [])


@pytest.mark.parametrize(("when", "created"), [("before", []), ("after", ["Stand-up"])])
def test_a_dropped_connection_has_its_effect_or_not(tenant, entra, when, created):
    plant(entra, drop=when, method="post", path="/me/events")
    sent = {"authorization": f"Bearer {tenant.mint('megan', ['Calendars.ReadWrite'])}", "content-type": "application/json"}
    answer = tenant.handle(Request("POST", f"{ROOT}/v1.0/me/events", sent, json.dumps(EVENT).encode()))
    assert isinstance(answer, Disrupted)
    assert answer.dropped
    assert subjects(entra) == created


def test_an_html_page_takes_the_place_of_json(entra, token):
    plant(entra, html=True)
    answer = entra.me(token)
    assert answer.status == 502
    assert answer.headers["content-type"].startswith("text/html")
    assert b"<html>" in answer.body
    plant(entra, html=True, status=503)
    assert entra.me(token).status == 503


def test_a_truncated_body_is_a_whole_message_with_half_a_document(entra, token):
    plant(entra, truncate=20)
    answer = entra.me(token)
    assert (answer.status, len(answer.body)) == (200, 20)
    with pytest.raises(ValueError, match=r"."):
        answer.json()


@pytest.mark.parametrize(
    ("effect", "shown"),
    [
        ({"cut": 5}, {"cut_after_bytes": 5}),
        ({"drip": 100}, {"drip_bytes_per_second": 100}),
        ({"latency_ms": 250}, {"latency_seconds": 0.25}),
        ({"stall": True}, {"stalled": True}),
        ({"drop": "before", "latency_ms": 10}, {"dropped": True, "latency_seconds": 0.01}),
    ],
)
def test_what_concerns_the_wire_travels_with_the_answer(entra, token, effect, shown):
    plant(entra, **effect)
    answer = entra.me(token)
    assert isinstance(answer, Disrupted)
    assert {name: getattr(answer, name) for name in shown} == shown


def test_a_refusal_is_spoilt_like_any_answer(entra):
    plant(entra, drop="after", count=2)
    assert entra.me("nonsense").dropped
    assert entra.poll("nonsense").dropped


def test_count_zero_is_for_ever_until_cleared(entra, token):
    plant(entra, status=500, count=0)
    assert {entra.me(token).status for _ in range(20)} == {500}
    assert entra.ask_control("DELETE", "faults") == []
    assert entra.me(token).status == 200


def test_one_fault_is_taken_away_by_its_id(entra, token):
    first, second = plant(entra, status=500, count=0), plant(entra, status=503, count=0)
    entra.ask_control("DELETE", f"faults/{first['id']}")
    assert [fault["id"] for fault in entra.ask_control("GET", "faults")] == [second["id"]]
    assert entra.me(token).status == 503
    assert entra.control("DELETE", "faults/f99").status == 404


def test_only_what_matches_is_struck(tenant, entra, token):
    plant(entra, status=500, method="GET", path=r"/me$", user="megan", count=0)
    assert entra.me(token).status == 500
    assert entra.me(tenant.mint("alex", ["User.Read"])).status == 200
    assert entra.me("nonsense").status == 401
    assert Graph(tenant)("GET", "/me/calendars").status == 200


def test_the_first_fault_that_strikes_wins_and_the_next_follows(entra, token):
    plant(entra, status=500)
    plant(entra, status=503, count=2)
    assert [entra.me(token).status for _ in range(4)] == [500, 503, 503, 200]


def test_probability_follows_its_seed(entra, token):
    def run(seed):
        entra.ask_control("DELETE", "faults")
        plant(entra, status=500, probability=0.3, seed=seed)
        return [entra.me(token).status for _ in range(200)]

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert 30 <= run(1).count(500) <= 90


@pytest.mark.parametrize(("probability", "statuses"), [(0, {200}), (1, {500})])
def test_probability_has_sure_ends(entra, token, probability, statuses):
    plant(entra, status=500, probability=probability)
    assert {entra.me(token).status for _ in range(20)} == statuses


def test_a_count_limits_a_probability(entra, token):
    plant(entra, status=500, probability=1, count=2)
    assert [entra.me(token).status for _ in range(3)] == [500, 500, 200]


def test_the_control_plane_is_never_struck(entra):
    plant(entra, status=500, count=0)
    assert entra.control("GET", "clock").status == 200


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({}, "exactly one of"),
        ({"status": 500, "drop": "before"}, "exactly one of"),
        ({"status": 200}, "status must be"),
        ({"status": "500"}, "status must be"),
        ({"status": True}, "status must be"),
        ({"drop": "sometimes"}, "drop must be"),
        ({"status": 500, "path": "["}, "not a regular expression"),
        ({"status": 500, "path": "x" * 201}, "at most 200 characters"),
        *(({"status": 500, "path": pattern}, "repeats a group") for pattern in ("(a+)+b", "(a|a)*b", r"((\w{1,})){2,}!", "(?:(a?)){50}b")),
        *(
            ({"status": 500, "path": pattern}, "more than 2 repetitions")
            for pattern in (".*.*.*x", "[^/]+[^/]+[^/]+[^/]+x", "a+(b+)c{0,9}")
        ),
        *(
            ({"status": 500, "path": pattern}, "more than 8 choices")
            for pattern in ("a?" * 40 + "a" * 40 + "c", "[ab]?" * 24 + "c", "(?:a|b)?" * 24 + "c", "(?:a|aa)" * 20 + "c")
        ),
        ({"status": 500, "user": "nobody"}, "no user 'nobody'"),
        ({"status": 500, "probability": 2}, "probability must be"),
        ({"status": 500, "probability": "often"}, "probability must be"),
        ({"status": 500, "count": -1}, "count must be"),
        ({"status": 500, "retry_after": -1}, "retry_after must be"),
        ({"status": 500, "retryafter": 1}, "unknown member 'retryafter'"),
        ({"drip": 0}, "drip must be"),
        ({"latency_ms": -1}, "latency_ms must be"),
        ({"status": 500, "method": 7}, "method must be"),
        ({"stall": "yes"}, "stall must be"),
        ({"html": 1}, "html must be"),
        ({"status": 500, "code": 5}, "code must be"),
        ({"status": 500, "retry_after": float("nan")}, "retry_after must be"),
        ({"html": True, "status": 503, "cut": 1}, "this one has html, cut"),
    ],
)
def test_a_wrong_fault_is_refused_with_what_is_wrong(tenant, entra, fault, said):
    answer = entra.control("POST", "faults", fault)
    assert answer.status == 400
    assert said in answer.json()["error"]["message"]
    assert tenant.state.faults == []


def test_a_401_on_demand_says_how_to_sign_in(entra, token):
    plant(entra, status=401)
    assert "authorization_uri" in entra.me(token).headers["www-authenticate"]
