"""Queries of the directory: advanced ones, searches, opaque tokens between pages."""

from __future__ import annotations

import json
import random
from urllib.parse import quote

import pytest

from daypass.wire import Request
from daypass_sandbox.graph import odata
from daypass_sandbox.graph.services import DIRECTORY, PLACES
from daypass_sandbox.graph.values import Types
from daypass_sandbox.routes import Route
from daypass_sandbox.tenant import Tenant
from graph_caller import ROOT, Graph, StoppedClock

EVENTUAL = {"ConsistencyLevel": "eventual"}
NAMES = ["Megan Bowen", "Alex Wilber", "Adele Vance", "OneVideo Team", "hello-world", "Room42b"]
PEOPLE = [
    {
        "id": f"{number}",
        "displayName": name,
        "mail": f"{name.split()[0].lower()}@contoso.example",
        "accountEnabled": number != 2,
        "skills": [],
    }
    for number, name in enumerate(NAMES)
]
PERSON = odata.Kind(
    "user",
    ("id", "displayName", "mail", "accountEnabled", "jobTitle", "companyName", "skills"),
    orderable=("displayName", "createdDateTime"),
    filterable=("id", "displayName", "mail", "accountEnabled", "companyName", "skills"),
    types=Types({"displayName": "Edm.String", "mail": "Edm.String", "skills": "Collection(Edm.String)", "companyName": "Edm.String"}),
    service=DIRECTORY,
    advanced=("companyName", "createdDateTime"),
    unexpandable=("photo",),
    expandable={
        "manager": lambda call, person, asked: odata.nested_one(call, PERSON, PEOPLE[0], asked),
        "reports": lambda call, person, asked: odata.nested(call, PERSON, PEOPLE * 5, asked),
    },
)


@pytest.fixture(scope="module")
def graph():
    routes = [
        Route("GET", "/people", lambda call: odata.listing(call, "people", PERSON, PEOPLE)),
        Route("GET", "/people/$count", lambda call: odata.counted(call, PERSON, PEOPLE)),
        Route("GET", "/many", lambda call: odata.listing(call, "people", PERSON, PEOPLE * 40)),
        Route("GET", "/halls", lambda call: odata.listing(call, "halls", odata.Kind("room", ("id",), service=PLACES), PEOPLE * 40)),
    ]
    return Graph(Tenant(clock=StoppedClock(), chance=random.Random(7), seed="empty", graph_routes=routes))


def found(answer) -> str:
    assert answer.status == 200, answer.body
    return "".join(person["id"] for person in answer.body["value"])


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("$filter=accountEnabled eq false", "2"),
        ("$filter=startswith(displayName,'a') or startswith(mail,'megan')", "012"),
        ("$filter=displayName in ('Alex Wilber','nobody')", "1"),
        ("$filter=skills/any(s:s eq 'x')", ""),
        ("$orderby=displayName", "214035"),
        ("$orderby=displayName desc&$top=2", "53"),
    ],
)
def test_plain_queries_need_no_header(graph, query, ids):
    assert found(graph("GET", f"/people?{query}")) == ids


NO_CLAUSE = "Unsupported or invalid query filter clause specified for property"
ADVANCED = [
    ("$filter=accountEnabled ne true", "2", "Operator 'ne' is not supported because the required parameters might be missing."),
    ("$filter=not startswith(displayName,'a')", "0345", "Operator 'not' is not supported"),
    ("$filter=endsWith(mail,'@contoso.example')", "012345", "Operator 'endsWith' is not supported"),
    ("$filter=companyName eq null", "012345", "Operator 'eq' is not supported"),
    (
        "$filter=companyName eq 'Contoso'",
        "",
        "Unsupported or invalid query filter clause specified for property 'companyName' of resource 'User'.",
    ),
    (
        "$filter=skills/$count eq 0",
        "012345",
        "Unsupported or invalid query filter clause specified for property 'skills/$count' of resource 'User'.",
    ),
    ("$filter=accountEnabled eq true&$orderby=displayName", "14035", "Sorting not supported for current query."),
    ("$orderby=createdDateTime", "012345", "Unsupported sort property 'createdDateTime' for User."),
]


@pytest.mark.parametrize(("query", "ids", "words"), ADVANCED)
def test_advanced_queries_take_the_header_and_a_count(graph, query, ids, words):
    for headers, count in ((None, ""), (None, "&$count=true"), (EVENTUAL, "")):
        refused = graph("GET", f"/people?{query}{count}", headers=headers)
        assert (refused.status, refused.code) == (400, "Request_UnsupportedQuery")
        assert words in refused.message
    answer = graph("GET", f"/people?{query}&$count=true", headers=EVENTUAL)
    assert found(answer) == ids
    assert answer.body["@odata.count"] == len(ids)


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ("$filter=jobTitle eq 'x'", "Request_UnsupportedQuery", "property 'jobTitle' of resource 'User'"),
        ("$filter=contains(displayName,'x')", "Request_UnsupportedQuery", "Filter operator 'Contains' is not supported."),
        ("$filter=skills/all(s:s eq 'x')", "Request_UnsupportedQuery", "property 'skills'"),
        ("$filter=shoeSize eq 44", "BadRequest", "Could not find a property named 'shoeSize' on type 'microsoft.graph.user'."),
        ("$filter=" + " or ".join(["id eq '1'"] * 16), "Request_UnsupportedQuery", "containing 'OR' operators: 16. Max allowed: 15."),
        ("$filter=id in (" + ",".join(["'1'"] * 17) + ")", "Request_UnsupportedQuery", "containing 'OR' operators: 17. Max allowed: 15."),
        ("$orderby=mail", "Request_UnsupportedQuery", "Unsupported sort property 'mail' for User."),
        ("$expand=manager,reports", "Request_UnsupportedQuery", "Only one property can be expanded in a single query."),
        ("$expand=Photo", "ExpandNotSupported", "Expand is not allowed for property 'Photo' according to the entity schema."),
        ("$skip=2", "Request_BadRequest", "'$skip' is not supported by the service."),
        ("$top=1000", "Request_UnsupportedQuery", "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive."),
        ("$skiptoken=nonsense", "Directory_ExpiredPageToken", "has expired"),
        ("$skiptoken=", "Directory_ExpiredPageToken", "has expired"),
        ('$search="displayName:x" OR', "BadRequest", "A clause in double quotes expected"),
        ("$search=displayName:x", "BadRequest", "A clause in double quotes expected at position 0"),
        ('$search="shoeSize:44"', "RequestBroker--ParseUri", "shoeSize"),
    ],
)
def test_what_the_directory_never_takes_is_refused(graph, query, code, words):
    refused = graph("GET", f"/people?{query}&$count=true", headers=EVENTUAL)
    assert (refused.status, refused.code) == (400, code)
    assert words in refused.message


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ('"displayName:wilber"', "1"),
        ('"displayName:Wil Al"', "1"),
        ('"displayName:ilber"', ""),
        ('"displayName:One"', "3"),
        ('"displayName:video"', "3"),
        ('"displayName:OneVideo"', "3"),
        ('"displayName:onevideo"', "3"),
        ('"displayName:world"', "4"),
        ('"displayName:helloworld"', "4"),
        ('"displayName:42"', "5"),
        ('"displayName:-"', ""),
        ('"mail:alex"', "1"),
        ('"mail:contoso"', ""),
        ('"displayName:Megan" OR "displayName:Alex"', "01"),
        ('"displayName:Megan" AND "mail:alex"', ""),
        ('NOT "displayName:Megan"', "12345"),
        ('"displayName:Megan" OR ("displayName:Alex" AND NOT "mail:adele")', "01"),
        ('"displayName:\\"Megan\\""', "0"),
    ],
)
def test_a_search_finds_words(graph, search, ids):
    assert found(graph("GET", f"/people?$search={quote(search)}", headers=EVENTUAL)) == ids


def test_a_search_takes_the_header(graph):
    refused = graph("GET", '/people?$search="displayName:x"')
    assert (refused.status, refused.code) == (400, "Request_UnsupportedQuery")
    assert refused.message.endswith("a special request header: 'ConsistencyLevel: eventual'")


def test_a_search_and_a_filter_go_together(graph):
    query = '$search="displayName:A"&$filter=accountEnabled eq true&$orderby=displayName'
    assert found(graph("GET", f"/people?{query}", headers=EVENTUAL)) == "1"


def test_a_count_without_the_header_is_passed_over(graph):
    assert "@odata.count" not in graph("GET", "/people?$count=true").body
    assert graph("GET", "/people?$count=true", headers=EVENTUAL).body["@odata.count"] == 6


def count(graph, query: str, headers: dict) -> tuple[int, str, str]:
    answer = graph.tenant.handle(Request("GET", f"{ROOT}/v1.0/people/$count{query}", {"Authorization": f"Bearer {graph.token}", **headers}))
    return answer.status, answer.headers["content-type"], answer.body.decode()


def test_the_number_of_things_is_plain_text(graph):
    assert count(graph, "", EVENTUAL) == (200, "text/plain", "6")
    assert count(graph, "?$filter=accountEnabled ne true", EVENTUAL) == (200, "text/plain", "1")
    status, _, body = count(graph, "", {})
    assert (status, json.loads(body)["error"]["message"]) == (400, "$count is not currently supported.")


def test_pages_are_linked_by_an_opaque_token(graph):
    first = graph("GET", "/many?$count=true", headers=EVENTUAL)
    assert (len(first.body["value"]), first.body["@odata.count"]) == (100, 240)
    assert "%24skiptoken=" in first.body["@odata.nextLink"]
    assert "skip=" not in first.body["@odata.nextLink"]
    second = graph("GET", first.body["@odata.nextLink"], headers=EVENTUAL)
    assert "@odata.count" not in second.body
    assert len(graph.everything(graph("GET", "/many"))) == 240
    assert len(graph.everything(graph("GET", "/many?$top=7"))) == 240


def test_places_come_by_the_hundred_and_are_skipped(graph):
    first = graph("GET", "/halls")
    assert len(first.body["value"]) == 100
    assert "%24skip=100" in first.body["@odata.nextLink"]
    assert graph("GET", '/halls?$search="x"').code == "BadRequest"
    assert graph("GET", "/halls?$filter=shoeSize eq 4").code == "BadRequest"


def test_an_expanded_relation_shows_twenty_at_most(graph):
    person = graph("GET", "/people?$expand=reports($select=id)&$top=1").body["value"][0]
    assert person["reports"] == [{"id": each["id"]} for each in (PEOPLE * 5)[:20]]
    assert graph("GET", "/people?$expand=manager($select=mail)").body["value"][1]["manager"] == {"id": "0", "mail": "megan@contoso.example"}
    inner = graph("GET", "/people?$expand=reports($filter=accountEnabled ne true;$orderby=displayName;$select=id)").body["value"][0]
    assert {each["id"] for each in inner["reports"]} == {"2"}


@pytest.mark.parametrize("option", ["$levels=max", "$count=true", '$search="displayName:x"'])
def test_an_option_of_a_relation_that_is_not_built_is_refused(graph, option):
    assert graph("GET", f"/people?$expand=reports({option})").status == 501
