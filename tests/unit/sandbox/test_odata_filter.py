"""$filter over things of no service in particular: what the language means."""

from __future__ import annotations

import random
from urllib.parse import quote

import pytest

from daypass_sandbox.graph import odata, values
from daypass_sandbox.graph.services import Service
from daypass_sandbox.graph.values import Types
from daypass_sandbox.routes import Route
from daypass_sandbox.tenant import Tenant
from graph_caller import Graph, StoppedClock

TYPES = Types(
    {
        "name": values.TEXT,
        "age": values.WHOLE,
        "weight": values.NUMBER,
        "size": ("small", "medium", "large"),
        "chip": values.GUID,
        "born": values.DAY,
        "fedAt": values.TIME,
        "nap": values.SPAN,
        "tags": "Collection(Edm.String)",
        "owner": values.COMPLEX,
        "owner/name": values.TEXT,
        "visits": "Collection(complex)",
        "visits/why": values.TEXT,
        "visits/due": values.COMPLEX,
        "visits/due/dateTime": values.WALL,
        "visits/due/timeZone": values.TEXT,
    }
)
PROPERTIES = ("id", "name", "age", "weight", "size", "chip", "born", "fedAt", "nap", "tags", "owner", "visits", "isTame", "createdDateTime")
PET = odata.Kind("pet", (*PROPERTIES, "walk", "note"), types=TYPES, service=Service())
PETS = [
    {
        "id": "1",
        "name": "Rex",
        "age": 3,
        "weight": 12.5,
        "size": "large",
        "isTame": True,
        "note": 7,
        "chip": "184EFA21-98C3-4E5D-95AB-D07053A96E67",
        "born": "2023-05-01",
        "fedAt": "07:30:00",
        "nap": "PT1H30M",
        "tags": ["Dog", "brown"],
        "owner": {"name": "Megan's"},
        "createdDateTime": "2026-01-01T08:00:00.5000000Z",
        "walk": {"dateTime": "2026-01-02T09:00:00", "timeZone": "Pacific Standard Time"},
        "visits": [{"why": "check", "due": {"dateTime": "2026-03-01T09:00:00", "timeZone": "Pacific Standard Time"}}],
    },
    {
        "id": "2",
        "name": "tom",
        "age": 7,
        "weight": 4,
        "size": "Small",
        "isTame": False,
        "chip": None,
        "tags": ["cat"],
        "visits": [],
        "createdDateTime": "2026-02-01T08:00:00Z",
        "walk": {"dateTime": "2026-01-02T18:00:00.0000000", "timeZone": "UTC"},
        "owner": None,
    },
    {"id": "3", "name": None, "age": None, "tags": [], "size": "medium", "note": "seven"},
]


@pytest.fixture(scope="module")
def zoo():
    route = Route("GET", "/pets", lambda call: odata.listing(call, "pets", PET, PETS))
    return Graph(Tenant(clock=StoppedClock(), chance=random.Random(7), seed="empty", graph_routes=[route]))


def found(zoo, text: str) -> str:
    answer = zoo("GET", f"/pets?$filter={quote(text)}")
    assert answer.status == 200, answer.body
    return "".join(pet["id"] for pet in answer.body["value"])


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("name eq 'rex'", "1"),
        ("NAME eq 'REX'", "1"),
        ("'Rex' eq name", "1"),
        ("name ne 'Rex'", "23"),
        ("name eq null", "3"),
        ("name ne null", "12"),
        ("null eq null", "123"),
        ("name gt 'Rex'", "2"),
        ("name ge 'Rex' and name le 'Tom'", "12"),
        ("age gt 3", "2"),
        ("age ge 3.0", "12"),
        ("age lt 10", "12"),
        ("age le 3", "1"),
        ("not (age gt 3)", "13"),
        ("not age gt 3", "13"),
        ("not not age gt 3", "2"),
        ("age eq 3 or age eq 7", "12"),
        ("age eq 3 OR age eq 7 AND name eq 'nobody'", "1"),
        ("(age eq 3 or age eq 7) and name eq 'tom'", "2"),
        ("weight eq 12.5", "1"),
        ("weight lt 1.3e1", "12"),
        ("weight gt -1", "12"),
        ("isTame", "1"),
        ("isTame eq false", "2"),
        ("not isTame", "2"),
        ("not isTame or id eq '3'", "23"),
        ("isTame and id eq '3'", ""),
        ("not (isTame and id eq '3')", "12"),
        ("age in (3, 4)", "1"),
        ("name in ('REX', null)", "13"),
        ("age in ()", ""),
        ("'cat' in tags", "2"),
        ("size eq 'SMALL'", "2"),
        ("size ge 'medium'", "13"),
        ("size eq pet.size'large'", "1"),
        ("size in ('large','small')", "12"),
        ("size has pet.size'large'", "1"),
        ("owner/name eq 'Megan''s'", "1"),
        ("owner ne null", "1"),
        ("chip eq 184efa21-98c3-4e5d-95ab-d07053a96e67", "1"),
        ("born eq 2023-05-01", "1"),
        ("born lt 2023-05-02", "1"),
        ("fedAt lt 08:00", "1"),
        ("nap gt duration'PT1H'", "1"),
        ("nap eq duration'P0DT90M'", "1"),
        ("createdDateTime eq 2026-01-01T08:00:00.5Z", "1"),
        ("createdDateTime ge 2026-01-01T09:00:00.5+01:00", "12"),
        ("createdDateTime gt 2026-01-01", "12"),
        ("createdDateTime lt 2026-01-15 and age eq 3", "1"),
        ("walk/dateTime eq '2026-01-02T17:00'", "1"),
        ("walk/dateTime ge '2026-01-02T17:00:00Z'", "12"),
        ("walk/dateTime gt 2026-01-02T18:30:00+01:00", "2"),
        ("walk/dateTime le '2026-01-02T09:00:00-08:00'", "1"),
        ("walk/timeZone eq 'utc'", "2"),
        ("tags/any()", "12"),
        ("tags/any(t: t eq 'DOG')", "1"),
        ("tags/any(t:startswith(t,'b') or t eq 'cat')", "12"),
        ("tags/all(t: t eq 'cat')", "23"),
        ("not tags/any(t: t eq 'cat')", "13"),
        ("tags/$count gt 1", "1"),
        ("tags/$count eq 0", "3"),
        ("visits/any(v: v/why eq 'check' and name eq 'rex')", "1"),
        ("visits/any(v: v/due/dateTime eq '2026-03-01T17:00:00Z')", "1"),
        ("$it/name eq 'tom'", "2"),
        ("startswith(name,'R')", "1"),
        ("startsWith(name, 'to') eq true", "2"),
        ("startswith(name,null)", ""),
        ("endswith(name,'EX')", "1"),
        ("contains(name,'o') or contains(name,'e')", "12"),
        ("tolower(name) eq 'rex'", "1"),
        ("contains(concat(name, ' and Tom'), 'x and t')", "1"),
        ("length(name) eq 3", "12"),
        ("indexof(name,'x') eq 2", "1"),
        ("substring(name,1) eq 'ex'", "1"),
        ("substring(name,0,2) eq 'to'", "2"),
        ("trim(' Rex ') eq name", "1"),
        ("toupper(name) eq 'REX'", "1"),
        ("year(createdDateTime) eq 2026 and month(createdDateTime) eq 2", "2"),
        ("day(born) eq 1 and hour(fedAt) eq 7 and minute(fedAt) eq 30 and second(fedAt) eq 0", "1"),
        ("hour(walk/dateTime) eq 17", "1"),
        ("date(createdDateTime) eq 2026-02-01", "2"),
        ("time(createdDateTime) eq 08:00:00.5", "1"),
        ("createdDateTime lt now()", "12"),
        ("round(weight) eq 13", "1"),
        ("floor(weight) eq 12 and ceiling(weight) eq 13", "1"),
        ("cast(id,Edm.Int32) gt 2", "3"),
        ("cast(name,Edm.Int32) eq null", "123"),
    ],
)
def test_a_filter_leaves_what_it_says(zoo, text, ids):
    assert found(zoo, text) == ids


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", None),
        ("name", "single boolean value"),
        ("name eq", "Expression expected at position 7 in 'name eq'"),
        ("name eq 'Rex", "unterminated string literal at position 8"),
        ("name eq 'Rex' and", "Expression expected at position 17"),
        ("name eq 'Rex' 'Tom'", "Syntax error at position 14"),
        ("name = 'Rex'", "Syntax error at position 5"),
        ('name eq "Rex"', "The character '\"' is not valid at position 8"),
        ("(name eq 'Rex'", "')' or operator expected at position 14"),
        ("name eq 'Rex')", "Syntax error at position 13"),
        ("name in 'Rex'", "'(' expected"),
        ("name in ('Rex'", "')' or ',' expected"),
        ("and", "Expression expected"),
        ("shoeSize eq 44", "Could not find a property named 'shoeSize' on type 'microsoft.graph.pet'"),
        ("owner/age eq 44", "Could not find a property named 'owner/age'"),
        ("name eq 3", "'Edm.String' and 'Edm.Int32' for operator kind 'Equal'"),
        ("age gt 'x'", "'Edm.Int32' and 'Edm.String' for operator kind 'GreaterThan'"),
        ("isTame eq 'true'", "'Edm.Boolean' and 'Edm.String'"),
        ("createdDateTime ge '2026-01-01T00:00:00Z'", "'Edm.DateTimeOffset' and 'Edm.String' for operator kind 'GreaterThanOrEqual'"),
        ("createdDateTime ge 2026-01-01T00:00:00", "The DateTimeOffset text '2026-01-01T00:00:00' should be in format"),
        ("createdDateTime ge 2026-13-01T00:00:00Z", "should be in format"),
        ("walk/dateTime ge 'tomorrow'", "The DateTimeOffset text 'tomorrow' should be in format"),
        ("size eq 'gigantic'", "The string 'gigantic' is not a valid enumeration type constant"),
        ("tags eq 'cat'", "'Collection(Edm.String)' and 'Edm.String'"),
        ("owner eq 'Megan'", "incompatible types"),
        ("name/any(n: n eq 'x')", "Any/All may only be used following a collection"),
        ("tags/any(t: t)", "single boolean value"),
        ("tags/any(t: t eq 'x') or t eq 'x'", "Could not find a property named 't'"),
        ("tags/any(t: u eq 'x')", "Could not find a property named 'u'"),
        ("tags/any(t eq 'x')", "Syntax error"),
        ("tags/some(t: t eq 'x')", "An unknown function with name 'some' was found"),
        ("tags/all()", "Expression expected"),
        ("soundex(name) eq 'R2'", "An unknown function with name 'soundex' was found"),
        ("startswith(name)", "No function signature for the function with name 'startswith' matches"),
        ("startswith(age,'3')", "startswith(Edm.String Nullable=true, Edm.String Nullable=true)"),
        ("year(name) eq 2026", "No function signature"),
        ("startswith(note,'s')", "No function signature"),
        ("name and isTame", "'Edm.String' and 'Edm.Boolean' for operator kind 'And'"),
        ("not name", "Found operand type 'Edm.String' for operator kind 'Not'"),
        ("note", "single boolean value"),
        ("note eq 7", "'Edm.String' and 'Edm.Int32' for operator kind 'Equal'"),
        ("note lt 'x'", "'Edm.Int32' and 'Edm.String' for operator kind 'LessThan'"),
        ("owner.name eq 'Megan'", "The child type 'owner.name' in a cast was not an entity type"),
        ("name has 'x'", "operator kind 'Has'"),
        ("age eq 99999999999999999999999999999999", "Unrecognized"),
        ("age eq 1e999", "Unrecognized"),
        ("nap eq duration'an hour'", "Unrecognized"),
        ("(" * 60 + "isTame" + ")" * 60, "Recursion depth exceeded allowed limit"),
        ("not " * 60 + "isTame", "Recursion depth exceeded allowed limit"),
        ("tags/any(t: visits/any(v: v/why eq t))", "The Any/All nesting limit of '1' has been exceeded."),
        ("isTame or " * 500 + "isTame", "The node count limit of '400' has been exceeded."),
        ("isTame or " * 3000 + "isTame", "longer than the 16384 characters"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_in_the_words_of_the_service(zoo, text, words):
    answer = zoo("GET", f"/pets?$filter={quote(text)}")
    if words is None:
        assert answer.status == 200
        return
    assert (answer.status, answer.code) == (400, "BadRequest")
    assert answer.message.startswith("Invalid filter clause: ")
    assert words in answer.message


@pytest.mark.parametrize(
    "text",
    ["age add 1 eq 4", "matchesPattern(name,'x')", "microsoft.graph.dog/name eq 'x'", "age eq @p", "cast(name,Edm.Stream) eq null"],
)
def test_what_this_sandbox_does_not_build_of_the_language_is_refused_by_name(zoo, text):
    assert (zoo("GET", f"/pets?$filter={quote(text)}").status, zoo.exchanges[-1]["response_body"]["error"]["code"]) == (
        501,
        "notImplemented",
    )


def test_long_chains_are_read(zoo):
    assert found(zoo, " or ".join(f"id eq '{number}'" for number in range(1, 133))) == "123"


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("age", "312"),
        ("age desc", "213"),
        ("size", "231"),
        ("size desc,id", "132"),
        ("createdDateTime desc", "213"),
        ("walk/dateTime", "312"),
        ("name", "312"),
        ("isTame desc,age", "123"),
        ("note", "213"),
    ],
)
def test_things_come_in_the_order_of_their_type(zoo, order, ids):
    assert "".join(pet["id"] for pet in zoo("GET", f"/pets?$orderby={order}").body["value"]) == ids


def test_no_more_than_five_terms_order(zoo):
    assert zoo("GET", "/pets?$orderby=id,id,id,id,id").status == 200
    assert "The maximum number of $orderby clauses allowed is 5." in zoo("GET", "/pets?$orderby=id,id,id,id,id,id").message


@pytest.mark.parametrize("order", ["tags", "owner", "visits", "walk"])
def test_what_has_no_order_is_refused(zoo, order):
    refused = zoo("GET", f"/pets?$orderby={order}")
    assert (refused.status, refused.message) == (400, "The $orderby expression must evaluate to a single value of primitive type.")
