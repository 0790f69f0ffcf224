from __future__ import annotations

import base64
import json

import pytest

from daypass.wire import Request
from graph_caller import ROOT, Graph, new_tenant, timed

LUNCH = timed("Lunch", "2027-12-07T12:00:00", "2027-12-07T13:00:00")
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def graph():
    return Graph(new_tenant("contoso"))


def batch(graph, *requests):
    return graph("POST", "/$batch", {"requests": list(requests)})


def get(number, url="/me", **more):
    return {"id": str(number), "method": "GET", "url": url, **more}


def outcomes(answer):
    assert answer.status == 200, answer.body
    return {response["id"]: response for response in answer.body["responses"]}


def statuses(answer):
    return {number: response["status"] for number, response in outcomes(answer).items()}


def test_each_request_is_answered_for_itself(graph):
    answers = outcomes(
        batch(
            graph,
            get("a"),
            get("b", "/me/events/nothing"),
            {"id": "C", "method": "post", "url": "me/events", "headers": JSON, "body": LUNCH},
            get("d", "/me/messages"),
        )
    )
    assert answers["a"]["body"]["displayName"] == "Megan Bowen"
    assert (answers["b"]["status"], answers["b"]["body"]["error"]["code"]) == (404, "ErrorItemNotFound")
    assert (answers["C"]["status"], answers["C"]["body"]["subject"]) == (201, "Lunch")
    assert answers["d"]["status"] == 501
    assert answers["a"]["headers"]["Content-Type"].startswith("application/json")


@pytest.mark.parametrize("option", ["$top=1", "startDateTime=2026-11-20"])
def test_a_batch_itself_takes_no_query(graph, option):
    answer = graph(
        "POST", f"/$batch?{option}", {"requests": [{"id": "1", "method": "POST", "url": "/me/events", "headers": JSON, "body": LUNCH}]}
    )
    assert (answer.status, answer.code) == (501, "notImplemented")
    assert "Lunch" not in graph.view("2027-12-07T00:00:00Z", "2027-12-08T00:00:00Z").subjects


@pytest.mark.parametrize(
    "url",
    ["/me", "me", "/v1.0/me", "v1.0/me", f"{ROOT}/v1.0//me", "/beta/me", "/users('megan@contoso.example')", "/me?$select=id,displayName"],
)
def test_every_spelling_of_an_address_will_do(graph, url):
    assert outcomes(batch(graph, get(1, url)))["1"]["body"]["displayName"] == "Megan Bowen"


def test_a_query_may_hold_blanks(graph):
    graph.create(**LUNCH)
    answer = outcomes(batch(graph, get(1, "/me/events?$orderby=start/dateTime desc&$select=subject&$top=1")))["1"]
    assert [event["subject"] for event in answer["body"]["value"]] == ["Lunch"]


def test_what_has_no_content_has_no_body(graph):
    event = graph.create(**LUNCH)
    answer = outcomes(batch(graph, {"id": "1", "method": "DELETE", "url": f"/me/events/{event['id']}"}))["1"]
    assert answer == {"id": "1", "status": 204, "headers": answer["headers"]}


def test_a_chain_runs_in_order_and_breaks_where_a_link_fails(graph):
    create = {"id": "1", "method": "POST", "url": "/me/events", "headers": JSON, "body": LUNCH}
    chain = [create, get(2, "/me/events/nothing", dependsOn=["1"]), get(3, dependsOn=["2"]), get(4, dependsOn=["3"])]
    assert statuses(batch(graph, *chain)) == {"1": 201, "2": 404, "3": 424, "4": 424}


def test_each_request_has_its_own_headers(graph):
    event = graph.create(**LUNCH)
    stale = {"If-Match": 'W/"stale"', **JSON}
    change = {"id": "1", "method": "PATCH", "url": f"/me/events/{event['id']}", "headers": stale, "body": {"subject": "Dinner"}}
    zone = get(2, f"/me/events/{event['id']}", headers={"prefer": 'outlook.timezone="Tokyo Standard Time"'})
    answers = outcomes(batch(graph, change, zone))
    assert answers["1"]["status"] == 412
    assert answers["2"]["body"]["start"]["timeZone"] == "Tokyo Standard Time"
    assert answers["2"]["headers"]["Preference-Applied"] == 'outlook.timezone="Tokyo Standard Time"'


def test_a_request_may_bring_another_token(graph):
    alex = graph.tenant.mint("alex", ("User.Read",))
    assert outcomes(batch(graph, get(1, headers={"Authorization": f"Bearer {alex}"})))["1"]["body"]["displayName"] == "Alex Wilber"


def test_permissions_hold_for_each_request():
    graph = Graph(new_tenant("contoso"), scopes=("User.Read",))
    assert statuses(batch(graph, get(1), get(2, "/me/events"))) == {"1": 200, "2": 403}


def test_without_a_token_there_is_no_batch():
    request = Request("POST", f"{ROOT}/v1.0/$batch", JSON, json.dumps({"requests": [get(1)]}).encode())
    assert new_tenant().handle(request).status == 401


MALFORMED = {
    "no requests": ({}, "Invalid batch payload format."),
    "an empty list": ({"requests": []}, "Invalid batch payload format."),
    "requests that are no list": ({"requests": {"id": "1"}}, "Invalid batch payload format."),
    "a request that is no object": ({"requests": ["/me"]}, "Invalid batch payload format."),
    "no id": ({"requests": [{"method": "GET", "url": "/me"}]}, "Invalid batch payload format."),
    "an id that is no text": ({"requests": [{"id": 1, "method": "GET", "url": "/me"}]}, "Invalid batch payload format."),
    "an address that is none": ({"requests": [{"id": "1", "method": "GET", "url": "https://[/me"}]}, "Invalid batch payload format."),
    "a method that is none": ({"requests": [{"id": "1", "method": "LOOK", "url": "/me"}]}, "Invalid batch payload format."),
    "two of one id": ({"requests": [get("a"), get("A")]}, "Request Id A has to be unique in a batch."),
    "a dependency on nobody": ({"requests": [get(1), get(2, dependsOn=["3"])]}, "Invalid dependency for request Id 2."),
    "a dependency on a later one": ({"requests": [get(1, dependsOn=["2"]), get(2)]}, "Invalid dependency for request Id 1."),
    "neither chain nor heap": (
        {"requests": [get(1), get(2, dependsOn=["1"]), get(3)]},
        "Batch should be either fully sequential or fully parallel.",
    ),
    "a batch in a batch": ({"requests": [{**get(1, "/$batch"), "method": "POST"}]}, "A batch can't hold another batch, request Id 1."),
    "a body without its type": (
        {"requests": [{"id": "1", "method": "POST", "url": "/me/events", "body": LUNCH}]},
        "The Content-Type header is missing for the request with body, request Id 1.",
    ),
}


@pytest.mark.parametrize(("body", "message"), MALFORMED.values(), ids=MALFORMED)
def test_what_cannot_be_read_is_refused_whole_and_nothing_happens(graph, body, message):
    before = len(graph.tenant.journal)
    answer = graph("POST", "/$batch", body)
    assert (answer.status, answer.code, answer.message) == (400, "BadRequest", message)
    assert len(graph.tenant.journal) == before + 1


def test_twenty_are_taken_and_twenty_one_are_not(graph):
    assert set(statuses(batch(graph, *(get(number) for number in range(20)))).values()) == {200}
    answer = batch(graph, *(get(number) for number in range(21)))
    assert (answer.status, answer.code) == (400, "MaximumValueExceeded")


def test_a_fault_strikes_single_requests(graph):
    graph.tenant.state.faults.append(
        {"id": "f1", "path": "/me$", "status": 429, "retry_after": 7, "count": 1, "left": 1},
    )
    answers = outcomes(batch(graph, get(1), get(2)))
    assert (answers["1"]["status"], answers["1"]["headers"]["Retry-After"]) == (429, "7")
    assert answers["2"]["status"] == 200


def test_a_request_whose_connection_would_break_is_a_gateways_504(graph):
    graph.tenant.state.faults.append({"id": "f1", "path": "/me$", "drop": "after", "count": 1, "left": 1})
    assert statuses(batch(graph, get(1), get(2))) == {"1": 504, "2": 200}


def test_what_is_no_json_travels_in_base64(graph):
    """A body of another type is bytes in Base64; the tenant's own refusal of it is JSON again."""
    body = base64.b64encode(b"<xml/>").decode()
    request = {"id": "1", "method": "POST", "url": "/me/events", "headers": {"Content-Type": "text/xml"}, "body": body}
    answer = outcomes(batch(graph, request))["1"]
    assert (answer["status"], answer["body"]["error"]["code"]) == (400, "BadRequest")
