"""Open extensions, and extended properties of one or several values, of events and calendars."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from daypass_sandbox.calendar import extended
from daypass_sandbox.routes import Fault
from graph_caller import Graph, series, timed

DEAL = {
    "@odata.type": "microsoft.graph.openTypeExtension",
    "extensionName": "Com.Contoso.Deal",
    "companyName": "Alpine Skis",
    "dealValue": 1010100,
    "expirationDate": "2015-07-03T13:04:00.000Z",
    "topPicks": ["Employees only", "Add family"],
    "isOpen": True,
    "note": None,
}
DEAL_ID = "Microsoft.OutlookServices.OpenTypeExtension.Com.Contoso.Deal"
COLOR = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Color"
COUNT = "Integer {66f5a359-4659-4830-9070-00047ec6ac6e} Id 0x8012"
FUN = "StringArray {66f5a359-4659-4830-9070-00050ec6ac6e} Name Recreation"
LUNCH = timed("Lunch", "2026-12-01T12:00:00", "2026-12-01T13:00:00")


@pytest.fixture
def lunch(graph):
    return graph.create(**LUNCH)


@pytest.fixture
def deal(graph, lunch):
    answer = graph("POST", f"/me/events/{lunch['id']}/extensions", DEAL)
    assert answer.status == 201, answer.body
    return answer.body


def expand(graph: Graph, path: str, relation: str, *ids: str):
    wanted = " or ".join(f"id eq '{one}'" for one in ids)
    return graph("GET", f"{path}?$expand={quote(f'{relation}($filter={wanted})')}")


def colors(graph: Graph, path: str) -> list[str]:
    return [one["value"] for one in expand(graph, path, "singleValueExtendedProperties", COLOR).body["singleValueExtendedProperties"]]


# Open extensions


def test_an_extension_comes_back_as_documented(graph, lunch, deal):
    assert deal["@odata.context"].endswith(f"/events('{quote(lunch['id'], safe='')}')/extensions/$entity")
    kept = {name: value for name, value in deal.items() if name != "@odata.context"}
    data = {name: value for name, value in DEAL.items() if name != "@odata.type"}
    assert kept == {"@odata.type": "#microsoft.graph.openTypeExtension", "id": DEAL_ID, **data}
    path = f"/me/events/{lunch['id']}/extensions"
    assert graph("GET", path).body["value"] == [kept]
    assert graph("GET", f"{path}/$count").body == 1
    assert graph("GET", f"/me/events/{lunch['id']}").body["changeKey"] != lunch["changeKey"]


@pytest.mark.parametrize("name", ["Com.Contoso.Deal", DEAL_ID, "microsoft.graph.openTypeExtension.Com.Contoso.Deal", "com.contoso.deal"])
def test_an_extension_is_reached_by_its_name_and_by_its_id(graph, lunch, deal, name):
    path = f"/me/events/{lunch['id']}/extensions/{name}"
    assert graph("GET", path).body == deal
    assert graph("GET", f"{path}/").body["companyName"] == "Alpine Skis"
    assert graph("DELETE", path).status == 204
    assert graph("GET", path).code == "ErrorItemNotFound"


def test_a_patch_replaces_the_data_and_a_second_post_adds_to_them(graph, lunch, deal):
    path = f"/me/events/{lunch['id']}/extensions"
    patched = graph("PATCH", f"{path}/Com.Contoso.Deal", {**DEAL, "companyName": "Alpine Skis (USA)", "note": None, "dealValue": None})
    assert (patched.status, patched.body["companyName"], patched.body["dealValue"]) == (200, "Alpine Skis (USA)", None)
    less = graph("PATCH", f"{path}/{DEAL_ID}", {"extensionName": "Com.Contoso.Deal", "stage": "won"}).body
    assert {name for name in less if "@" not in name} == {"id", "extensionName", "stage"}
    more = graph("POST", path, {**DEAL, "stage": "paid"}).body
    assert (more["stage"], more["companyName"]) == ("paid", "Alpine Skis")
    assert graph("POST", path, {"extensionName": "Com.Contoso.Deal", "score": 1.5}).body["stage"] == "paid"
    assert graph("GET", f"{path}/$count").body == 1


def test_a_patch_keeps_the_name(graph, lunch, deal):
    path = f"/me/events/{lunch['id']}/extensions/Com.Contoso.Deal"
    assert graph("PATCH", path, {"extensionName": "Com.Contoso.Other", "stage": "won"}).body["id"] == DEAL_ID
    assert graph("PATCH", path, {"stage": "lost"}).body["stage"] == "lost"
    assert graph("PATCH", f"/me/events/{lunch['id']}/extensions/Com.Contoso.Other", {"stage": "won"}).status == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "ErrorPropertyValidationFailure"),
        ({**DEAL, "extensionName": " "}, "ErrorPropertyValidationFailure"),
        ({**DEAL, "extensionName": 5}, "ErrorPropertyValidationFailure"),
        ({**DEAL, "owner": {"name": "Megan"}}, "RequestBodyRead"),
        ({**DEAL, "owners": [{"name": "Megan"}]}, "RequestBodyRead"),
        ({**DEAL, "grid": [[1]]}, "RequestBodyRead"),
    ],
)
def test_an_extension_without_name_or_with_nested_data_is_refused(graph, lunch, body, code):
    refused = graph("POST", f"/me/events/{lunch['id']}/extensions", body)
    assert (refused.status, refused.code) == (400, code)
    assert graph("POST", "/me/events", {**LUNCH, "extensions": [body]}).code == code
    assert graph("GET", f"/me/events/{lunch['id']}/extensions").body["value"] == []


def test_an_extension_is_posted_with_its_event_and_patched_with_it(graph):
    event = graph.create(**LUNCH, extensions=[DEAL])
    assert [one["id"] for one in event["extensions"]] == [DEAL_ID]
    other = {"extensionName": "Com.Contoso.Room", "seats": 4}
    changed = graph("PATCH", f"/me/events/{event['id']}", {"subject": "Tea", "extensions": [other, {**DEAL, "note": "x"}]}).body
    assert "extensions" not in changed
    kept = graph("GET", f"/me/events/{event['id']}/extensions").body["value"]
    assert {one["extensionName"]: one.get("note") for one in kept} == {"Com.Contoso.Deal": "x", "Com.Contoso.Room": None}
    assert graph("PATCH", f"/me/events/{event['id']}", {"extensions": None}).status == 200
    assert graph("GET", f"/me/events/{event['id']}/extensions/$count").body == 2


@pytest.mark.parametrize("wanted", [DEAL_ID, "Com.Contoso.Deal", "microsoft.graph.openTypeExtension.Com.Contoso.Deal"])
def test_events_are_expanded_with_the_extension_that_is_asked_for(graph, lunch, deal, wanted):
    graph("POST", f"/me/events/{lunch['id']}/extensions", {"extensionName": "Com.Contoso.Room", "seats": 4})
    path = f"/me/events/{lunch['id']}"
    assert [one["id"] for one in expand(graph, path, "extensions", wanted).body["extensions"]] == [DEAL_ID]
    assert len(graph("GET", f"{path}?$expand=Extensions").body["extensions"]) == 2
    assert expand(graph, path, "extensions", "Com.Contoso.Other").body["extensions"] == []
    assert expand(graph, path, "extensions", wanted, "Com.Contoso.Room").body["extensions"][1]["seats"] == 4


def test_an_extension_belongs_to_one_mailbox(graph):
    guests = [{"emailAddress": {"address": "alex@contoso.example"}}]
    graph.create(**LUNCH, attendees=guests, extensions=[DEAL], singleValueExtendedProperties=[{"id": COLOR, "value": "Green"}])
    alex = Graph(graph.tenant, "alex")
    copy = alex.view("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z").body["value"][0]["id"]
    assert alex("GET", f"/me/events/{copy}/extensions").body["value"] == []
    assert colors(alex, f"/me/events/{copy}") == []
    alex("POST", f"/me/events/{copy}/extensions", {"extensionName": "Com.Contoso.Mine", "seen": True})
    event = graph.view("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z").body["value"][0]["id"]
    graph("PATCH", f"/me/events/{event}", {"subject": "Tea"})
    assert [one["seen"] for one in alex("GET", f"/me/events/{copy}/extensions").body["value"]] == [True]


def test_occurrences_have_the_extensions_of_their_series_until_they_have_their_own(graph):
    master = graph.create(
        **series("Stand-up", "2026-12-01T09:00:00", "2026-12-01T09:15:00", {"type": "daily"}),
        extensions=[DEAL],
        singleValueExtendedProperties=[{"id": COLOR, "value": "Green"}],
    )
    first, second = graph.view("2026-12-01T00:00:00Z", "2026-12-03T00:00:00Z").body["value"]
    path = f"/me/events/{second['id']}"
    assert graph("GET", f"{path}/extensions/Com.Contoso.Deal").body["companyName"] == "Alpine Skis"
    assert colors(graph, path) == ["Green"]
    graph("PATCH", f"{path}/extensions/Com.Contoso.Deal", {"stage": "won"})
    graph("PATCH", path, {"singleValueExtendedProperties": [{"id": COLOR, "value": "Red"}]})
    assert (colors(graph, path), colors(graph, f"/me/events/{first['id']}")) == (["Red"], ["Green"])
    assert "stage" not in graph("GET", f"/me/events/{master['id']}/extensions/Com.Contoso.Deal").body


def test_extensions_are_details_of_events(graph, lunch, deal):
    path = f"/me/events/{lunch['id']}"
    basic, reader = Graph(graph.tenant, scopes=("Calendars.ReadBasic",)), Graph(graph.tenant, scopes=("Calendars.Read",))
    assert basic("GET", f"{path}/extensions").status == 403
    assert basic("GET", f"{path}?$expand=extensions").body["extensions"] == []
    assert reader("GET", f"{path}/extensions/Com.Contoso.Deal").status == 200
    assert reader("POST", f"{path}/extensions", DEAL).status == 403


# Extended properties


def test_a_property_is_kept_with_its_event_and_shown_only_where_it_is_asked_for(graph):
    event = graph.create(**LUNCH, singleValueExtendedProperties=[{"id": COLOR, "value": "Green"}, {"id": COUNT, "value": "4"}])
    path = f"/me/events/{event['id']}"
    assert not [name for name in {**event, **graph("GET", path).body} if "ExtendedProperties" in name]
    assert expand(graph, path, "singleValueExtendedProperties", COLOR).body["singleValueExtendedProperties"] == [
        {"id": COLOR, "value": "Green"}
    ]
    both = expand(graph, path, "singleValueExtendedProperties", COLOR, COUNT, "String 0x3a25").body["singleValueExtendedProperties"]
    assert [one["value"] for one in both] == ["Green", "4"]
    listed = expand(graph, "/me/events", "singleValueExtendedProperties", COLOR).body["value"]
    assert listed[0]["singleValueExtendedProperties"] == [{"id": COLOR, "value": "Green"}]


def test_a_property_is_added_changed_and_deleted_by_patching_its_event(graph, lunch):
    path = f"/me/events/{lunch['id']}"
    for value, kept in (("Green", ["Green"]), ("Red", ["Red"]), (None, [])):
        changed = graph("PATCH", path, {"singleValueExtendedProperties": [{"id": COLOR, "value": value}]})
        assert changed.status == 200
        assert "singleValueExtendedProperties" not in changed.body
        assert colors(graph, path) == kept
    graph("PATCH", path, {"singleValueExtendedProperties": [{"id": COLOR, "value": "Blue"}]})
    graph("PATCH", path, {"singleValueExtendedProperties": [{"id": COUNT, "value": "1"}]})
    assert colors(graph, path) == ["Blue"]


def test_a_property_of_several_values(graph):
    event = graph.create(**LUNCH, multiValueExtendedProperties=[{"id": FUN, "value": ["Food", "Hiking", "Swimming"]}])
    path = f"/me/events/{event['id']}"
    found = expand(graph, path, "multiValueExtendedProperties", FUN).body["multiValueExtendedProperties"]
    assert found == [{"id": FUN, "value": ["Food", "Hiking", "Swimming"]}]


def test_a_calendar_has_properties_too(graph):
    calendar = graph("POST", "/me/calendars", {"name": "Volunteer", "singleValueExtendedProperties": [{"id": COLOR, "value": "Green"}]})
    assert calendar.status == 201
    assert "singleValueExtendedProperties" not in calendar.body
    path = f"/me/calendars/{calendar.body['id']}"
    assert colors(graph, path) == ["Green"]
    graph("PATCH", path, {"multiValueExtendedProperties": [{"id": FUN, "value": ["Food"]}]})
    graph("PATCH", path, {"singleValueExtendedProperties": [{"id": COLOR, "value": "Red"}]})
    assert colors(graph, path) == ["Red"]
    assert expand(graph, path, "multiValueExtendedProperties", FUN).body["multiValueExtendedProperties"][0]["value"] == ["Food"]


@pytest.mark.parametrize("written", ["string {66F5A359-4659-4830-9070-00047EC6AC6E} name Color", f"  {COLOR}"])
def test_ids_are_told_by_their_meaning_and_names_by_their_letters(graph, lunch, written):
    path = f"/me/events/{lunch['id']}"
    graph("PATCH", path, {"singleValueExtendedProperties": [{"id": written, "value": "Green"}]})
    assert colors(graph, path) == ["Green"]
    assert expand(graph, path, "singleValueExtendedProperties", COLOR.replace("Color", "color")).body["singleValueExtendedProperties"] == []


@pytest.mark.parametrize(
    ("relation", "item", "code"),
    [
        ("singleValueExtendedProperties", {"id": "Color", "value": "x"}, "ErrorInvalidExtendedProperty"),
        ("singleValueExtendedProperties", {"id": FUN, "value": "x"}, "ErrorInvalidExtendedProperty"),
        ("singleValueExtendedProperties", {"id": "Rainbow 0x3a25", "value": "x"}, "ErrorInvalidExtendedProperty"),
        ("singleValueExtendedProperties", {"id": "String {nonsense} Name Color", "value": "x"}, "ErrorInvalidExtendedProperty"),
        ("singleValueExtendedProperties", {"id": COLOR, "value": 5}, "RequestBodyRead"),
        ("singleValueExtendedProperties", {"value": "x"}, "RequestBodyRead"),
        ("singleValueExtendedProperties", "Green", "RequestBodyRead"),
        ("singleValueExtendedProperties", {"id": COLOR, "value": "x", "colour": "y"}, "RequestBodyRead"),
        ("singleValueExtendedProperties", {"id": COUNT, "value": "many"}, "ErrorInvalidExtendedPropertyValue"),
        ("multiValueExtendedProperties", {"id": COLOR, "value": ["x"]}, "ErrorInvalidExtendedProperty"),
        ("multiValueExtendedProperties", {"id": FUN, "value": "Food"}, "RequestBodyRead"),
        ("multiValueExtendedProperties", {"id": FUN, "value": [1]}, "RequestBodyRead"),
    ],
)
def test_a_property_that_makes_no_sense_is_refused(graph, relation, item, code):
    for method, path, body in (("POST", "/me/events", LUNCH), ("POST", "/me/calendars", {"name": "Volunteer"})):
        refused = graph(method, path, {**body, relation: [item]})
        assert (refused.status, refused.code) == (400, code)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("singleValueExtendedProperties", "ErrorInvalidRequest"),
        ("singleValueExtendedProperties($filter=value eq 'Green')", "ErrorInvalidRequest"),
        (f"singleValueExtendedProperties($filter=id eq '{COLOR}' and value eq 'Green')", "ErrorInvalidRequest"),
        ("singleValueExtendedProperties($filter=id eq 5)", "ErrorInvalidRequest"),
        ("singleValueExtendedProperties($filter=id eq 'Color')", "ErrorInvalidExtendedProperty"),
        (f"multiValueExtendedProperties($filter=id eq '{COLOR}')", "ErrorInvalidExtendedProperty"),
        ("extensions($filter=companyName eq 'Alpine Skis')", "ErrorInvalidRequest"),
    ],
)
def test_properties_can_be_had_by_their_ids_alone(graph, lunch, asked, code):
    refused = graph("GET", f"/me/events/{lunch['id']}?$expand={quote(asked)}")
    assert (refused.status, refused.code) == (400, code)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (
            "String {8ECCC264-6880-4EBE-992F-8888D2EEAA1D} Name TestProperty",
            "String {8eccc264-6880-4ebe-992f-8888d2eeaa1d} Name TestProperty",
        ),
        ("String {8ECCC264-6880-4EBE-992F-8888D2EEAA1D} Name  two words", "String {8eccc264-6880-4ebe-992f-8888d2eeaa1d} Name two words"),
        ("Integer {8ECCC264-6880-4EBE-992F-8888D2EEAA1D} Id 0x8012", "Integer {8eccc264-6880-4ebe-992f-8888d2eeaa1d} Id 0x8012"),
        ("Integer {8ECCC264-6880-4EBE-992F-8888D2EEAA1D} Id 32786", "Integer {8eccc264-6880-4ebe-992f-8888d2eeaa1d} Id 0x8012"),
        ("STRING 0x4001001E", "String 0x4001001e"),
        ("systemtime 0x0e06", "SystemTime 0xe06"),
    ],
)
def test_ids_have_one_spelling(written, kept):
    assert extended.property_id(written, many=False) == kept
    kind, rest = written.partition(" ")[::2]
    assert extended.property_id(f"{kind}Array {rest}", many=True) == kept.replace(" ", "Array ", 1)
    with pytest.raises(Fault):
        extended.property_id(written, many=True)


@pytest.mark.parametrize(
    ("kind", "good", "wrong"),
    [
        ("Integer", "-5", "5.5"),
        ("Double", "5.5", "x"),
        ("Boolean", "True", "yes"),
        ("CLSID", "66f5a359-4659-4830-9070-00047ec6ac6e", "66f5"),
        ("SystemTime", "2026-12-01T10:00:00Z", "soon"),
        ("Binary", "AAEC", "A"),
    ],
)
def test_values_are_of_their_propertys_type(kind, good, wrong):
    assert extended.single_value({"id": f"{kind} 0x3a25", "value": good})["value"] == good
    with pytest.raises(Fault) as refused:
        extended.single_value({"id": f"{kind} 0x3a25", "value": wrong})
    assert refused.value.code == "ErrorInvalidExtendedPropertyValue"


# Finding events and calendars by what was added to them


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (f"ep/id eq '{COLOR}' and ep/value eq 'Green'", ["Lunch"]),
        (f"ep/id eq '{COLOR}' and ep/value eq 'green'", ["Lunch"]),
        (f"ep/id eq '{COLOR}' and ep/value ne 'Green'", ["Tea"]),
        (f"ep/id eq '{COLOR}' and contains(ep/value,'e')", ["Lunch", "Tea"]),
        (f"ep/id eq '{COLOR}' and startswith(ep/value,'Re')", ["Tea"]),
        (f"ep/id eq '{COLOR.replace('66f5a359', '66F5A359')}' and ep/value eq 'Red'", ["Tea"]),
        (f"ep/id eq '{COUNT}' and cast(ep/value, Edm.Int32) gt 5", ["Tea"]),
        (f"ep/id eq '{COUNT}'", ["Lunch", "Tea"]),
        (f"ep/id eq '{COUNT}' and ep/value eq '7'", []),
    ],
)
def test_events_are_found_by_their_properties(graph, condition, found):
    for subject, color, count in (("Lunch", "Green", "4"), ("Tea", "Red", "40")):
        properties = [{"id": COLOR, "value": color}, {"id": COUNT, "value": count}]
        graph.create(**{**LUNCH, "subject": subject, "singleValueExtendedProperties": properties})
    graph.create(**{**LUNCH, "subject": "Nap"})
    for quantifier in ("Any", "any"):
        wanted = f"singleValueExtendedProperties/{quantifier}(ep: {condition})"
        assert graph("GET", f"/me/events?$filter={quote(wanted)}").subjects == found
    assert graph("GET", f"/me/events/$count?$filter={quote(wanted)}").body == len(found)


def test_calendars_are_found_by_their_properties(graph):
    graph("POST", "/me/calendars", {"name": "Volunteer", "singleValueExtendedProperties": [{"id": COLOR, "value": "Green"}]})
    wanted = f"singleValueExtendedProperties/Any(ep: ep/id eq '{COLOR}' and ep/value eq 'Green')"
    found = graph("GET", f"/me/calendars?$filter={quote(wanted)}")
    assert [calendar["name"] for calendar in found.body["value"]] == ["Volunteer"]


def test_events_are_found_by_their_extensions_and_expanded_with_them(graph, lunch, deal):
    graph.create(**{**LUNCH, "subject": "Tea", "extensions": [{"extensionName": "Com.Contoso.Room", "seats": 4}]})
    with_deal, the_deal = quote(f"Extensions/any(f:f/id eq '{DEAL_ID}')"), quote(f"Extensions($filter=id eq '{DEAL_ID}')")
    found = graph("GET", f"/me/events?$filter={with_deal}&$expand={the_deal}").body["value"]
    assert [(event["subject"], event["extensions"][0]["companyName"]) for event in found] == [("Lunch", "Alpine Skis")]


def test_events_with_attachments_are_found(graph, lunch):
    graph("POST", f"/me/events/{lunch['id']}/attachments", {"@odata.type": "#microsoft.graph.referenceAttachment", "name": "Plans"})
    graph.create(**{**LUNCH, "subject": "Tea"})
    assert graph("GET", "/me/events?$filter=hasAttachments eq true").subjects == ["Lunch"]
    assert graph("GET", "/me/events?$filter=hasAttachments eq false").subjects == ["Tea"]
