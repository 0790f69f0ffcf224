"""The journal by its own door: what is kept, what is masked, and how a part of it is asked for."""

from __future__ import annotations

import json

import pytest

from daypass.wire import Request, Response, Sleep, step
from daypass_sandbox.journal import Exchange, Journal, Wanted
from entra_caller import CLIENT_ID, ROOT
from graph_caller import Graph, timed

MEMBERS = {
    *("number", "at", "ms", "method", "url", "user", "app"),
    *("request_headers", "request_body", "status", "response_headers", "response_body"),
}


def journal(entra):
    return [json.loads(line) for line in entra.control("GET", "journal").body.splitlines()]


def test_the_journal_holds_each_exchange_but_its_own(entra):
    entra.me("nonsense")
    entra.ask_control("GET", "clock")
    (entry,) = journal(entra)
    assert set(entry) == MEMBERS
    assert (entry["method"], entry["url"], entry["status"]) == ("GET", f"{ROOT}/v1.0/me", 401)
    assert entry["response_body"]["error"]["code"] == "InvalidAuthenticationToken"


@pytest.mark.parametrize("form", ["jsonl", "har"])
def test_the_journal_keeps_no_secret(entra, form):
    code = entra.device_code().json()
    entra.approve()
    tokens = entra.poll(code["device_code"]).json()
    entra.me(tokens["access_token"])
    entra.refresh(tokens["refresh_token"], client_secret="hunter2", password="hunter2")
    entra.form("/devicelogin", {"code": code["user_code"]})
    entra.get(f"/devicelogin?otc={code['user_code']}")
    told = entra.control("GET", f"journal?format={form}").body.decode()
    assert f"{ROOT}/v1.0/me" in told
    for secret in (code["device_code"], code["user_code"], tokens["access_token"], tokens["refresh_token"], tokens["id_token"], "hunter2"):
        assert secret not in told


def test_bodies_of_events_and_errors_stay_readable(tenant, entra):
    graph = Graph(tenant)
    graph.create(**timed("Stand-up", "2026-11-26T09:00:00", "2026-11-26T09:15:00", body={"contentType": "text", "content": "code message"}))
    (entry,) = journal(entra)
    assert entry["request_body"]["subject"] == entry["response_body"]["subject"] == "Stand-up"
    assert entry["request_body"]["body"]["content"] == "code message"


def test_the_har_has_the_same_exchanges(entra):
    entra.device_code()
    entra.me("nonsense")
    har = entra.ask_control("GET", "journal?format=har")["log"]
    assert har["version"] == "1.2"
    assert [(entry["request"]["method"], entry["request"]["url"], entry["response"]["status"]) for entry in har["entries"]] == [
        (entry["method"], entry["url"], entry["status"]) for entry in journal(entra)
    ]
    assert "client_id=" in har["entries"][0]["request"]["postData"]["text"]


def test_an_exchange_without_an_answer_has_no_status(entra):
    entra.ask_control("POST", "faults", {"drop": "after"})
    entra.me("nonsense")
    assert journal(entra)[0]["status"] is None
    assert entra.ask_control("GET", "journal?format=har")["log"]["entries"][0]["response"]["status"] == 0


def test_the_journal_is_forgotten_on_request(entra):
    entra.me("nonsense")
    entra.control("DELETE", "journal")
    assert journal(entra) == []
    assert entra.control("GET", "journal?format=xml").status == 400


# --- a part of it


@pytest.fixture
def busy(tenant, entra):
    """A tenant that had six exchanges: a device sign-in in two, and four of Graph."""
    tokens = entra.sign_in()
    entra.me(tokens["access_token"])
    entra.advance(60)
    graph = Graph(tenant, "alex")
    graph.create(**timed("Stand-up", "2026-11-26T09:00:00", "2026-11-26T09:15:00"))
    graph("GET", "/me/events/nothing")
    entra.me("nonsense")
    return entra


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [1, 2, 3, 4, 5, 6]),
        ("after=4", [5, 6]),
        ("after=6", []),
        ("after=600", []),
        ("since=2026-11-25T18:01:00Z", [4, 5, 6]),
        ("status=404", [5]),
        ("status=4xx", [5, 6]),
        ("status=2xx", [1, 2, 3, 4]),
        ("method=post", [1, 2, 4]),
        ("path=/me/events", [4, 5]),
        ("path=/v1.?/me", [3, 6]),
        ("path=*/me", [3, 6]),
        ("path=*/me/*", [4, 5]),
        ("path=(", []),
        ("user=alex", [4, 5]),
        ("user=megan@contoso.example", [2, 3]),
        ("user=contoso.example&status=2xx&method=GET", [3]),
    ],
)
def test_a_part_of_it_is_asked_for(busy, query, numbers):
    told = busy.control("GET", f"journal?{query}")
    assert [json.loads(line)["number"] for line in told.body.splitlines()] == numbers
    har = busy.ask_control("GET", f"journal?format=har&{query}")
    assert [entry["_number"] for entry in har["log"]["entries"]] == numbers


@pytest.mark.parametrize("query", ["after=x", "after=-1", "since=soon", "status=teapot", "status=4", "wait=31", "wait=x", "limit=5"])
def test_a_part_that_makes_no_sense_is_refused(entra, query):
    answer = entra.control("GET", f"journal?{query}")
    assert answer.status == 400
    assert query.partition("=")[0] in answer.json()["error"]["message"]


def test_each_exchange_names_user_and_app(busy):
    named = [(entry["user"], entry["app"]) for entry in journal(busy)]
    megan, alex = ("megan@contoso.example", CLIENT_ID), ("alex@contoso.example", CLIENT_ID)
    assert named == [("", CLIENT_ID), megan, megan, alex, alex, ("", "")]


@pytest.mark.parametrize("token", ["a.b.c", "a.e30.c", "a.WzFd.c", "..", "a.\u00fc.c"])
def test_a_token_that_is_none_names_nobody(token):
    exchange = Exchange(1, 0.0, Request("GET", f"{ROOT}/v1.0/me", {"authorization": f"Bearer {token}"}), Response(401))
    assert (exchange.user, exchange.app) == ("", "")


def test_one_is_read_by_its_number(busy):
    assert busy.ask_control("GET", "journal/5")["response_body"]["error"]["code"] == "ErrorItemNotFound"
    for number in ("7", "0", "x", "-1", "9" * 30):
        assert busy.control("GET", f"journal/{number}").status == 404


def test_the_numbers_go_on_when_it_is_forgotten(busy):
    busy.control("DELETE", "journal")
    busy.me("nonsense")
    assert [entry["number"] for entry in journal(busy)] == [7]
    assert busy.control("GET", "journal/6").status == 404
    busy.ask_control("POST", "reset")
    busy.me("nonsense")
    assert [entry["number"] for entry in journal(busy)] == [8]


def pauses_of(flow, meanwhile):
    """Step a flow that only waits, doing after so many pauses what is to happen meanwhile; the pauses it took, and its answer."""
    pauses = 0
    while True:
        try:
            assert isinstance(step(flow, None), Sleep)
        except StopIteration as done:
            return pauses, done.value
        pauses += 1
        meanwhile.get(pauses, lambda: None)()


def test_waiting_ends_with_the_first_that_is_asked_for(tenant, entra):
    waiting = tenant.flow(Request("GET", f"{ROOT}/sandbox/journal?after=0&status=404&wait=10"))
    meanwhile = {3: lambda: entra.me("nonsense"), 7: lambda: Graph(tenant)("GET", "/me/events/nothing")}
    pauses, answer = pauses_of(waiting, meanwhile)
    assert pauses == 7
    assert [json.loads(line)["number"] for line in answer.body.splitlines()] == [2]


def test_waiting_in_vain_ends_with_nothing(entra):
    assert entra.control("GET", "journal?after=0&wait=2").body == b""


# --- how much is kept


def exchange(body):
    return Request("POST", f"{ROOT}/v1.0/me/events", {}, body), Response(201)


def test_the_oldest_are_forgotten_when_there_are_too_many():
    kept = Journal(longest=3)
    for _ in range(5):
        kept.record(0.0, *exchange(b"x"))
    assert [entry["number"] for entry in kept.entries()] == [3, 4, 5]
    assert kept.find(3).number == 3
    assert kept.find(2) is None


def test_the_oldest_are_forgotten_when_they_are_too_large():
    kept = Journal(largest_bytes=1000)
    for size in (400, 400, 400, 5000):
        kept.record(0.0, *exchange(b"x" * size))
        assert kept.last in {entry["number"] for entry in kept.entries()}
    assert kept.first == kept.last == 4
    kept.record(0.0, *exchange(b"x"))
    assert (kept.first, kept.last) == (5, 5)


def test_how_long_it_took_is_noted_for_the_very_exchange():
    kept = Journal()
    answers = [Response(200), Response(200)]
    for answer in answers:
        kept.record(0.0, Request("GET", f"{ROOT}/v1.0/me"), answer)
    assert kept.took(answers[0], 12.3456).number == 1
    assert kept.took(Response(200), 1.0) is None
    assert [entry["ms"] for entry in kept.entries()] == [12.35, None]
    assert [entry["time"] for entry in kept.as_har()["log"]["entries"]] == [12.35, 0]


def test_nothing_wanted_is_everything():
    kept = Journal()
    kept.record(0.0, *exchange(b"x"))
    assert list(kept.matching(Wanted())) == [kept.find(1)]
