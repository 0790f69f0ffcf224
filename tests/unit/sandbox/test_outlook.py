from __future__ import annotations

import pytest

from daypass_sandbox import zones
from graph_caller import MEGAN, Graph, new_tenant

LIST = "/me/outlook/masterCategories"


@pytest.fixture
def graph():
    return Graph(new_tenant(), scopes=("MailboxSettings.ReadWrite", "User.Read"))


def made(graph, name="Project expenses", color="preset9"):
    answer = graph("POST", LIST, {"displayName": name, "color": color})
    assert answer.status == 201, answer.body
    return answer.body


def test_a_new_mailbox_has_six_categories_whose_ids_stay(graph):
    first = graph("GET", LIST).body["value"]
    assert [(category["displayName"], category["color"]) for category in first][:2] == [
        ("Red category", "preset0"),
        ("Orange category", "preset1"),
    ]
    assert len(first) == 6
    made(graph)
    assert graph("GET", LIST).body["value"][:6] == first


def test_a_category_is_made_found_recoloured_and_deleted(graph):
    category = made(graph)
    assert category["@odata.context"].endswith(f"#users('{MEGAN}')/outlook/masterCategories/$entity")
    path = f"{LIST}/{category['id']}"
    assert graph("GET", path).body["color"] == "preset9"
    assert graph("PATCH", path, {"color": "Preset15"}).body["color"] == "preset15"
    assert graph("GET", path).body["displayName"] == "Project expenses"
    assert graph("DELETE", path).status == 204
    assert [graph(method, path, {}).status for method in ("GET", "PATCH", "DELETE")] == [404, 404, 404]


def test_categories_are_counted_as_plain_text(graph):
    made(graph)
    answer = graph("GET", f"{LIST}/$count")
    assert (answer.headers["content-type"], answer.body) == ("text/plain", 7)


def test_all_categories_come_in_one_page(graph):
    for number in range(12):
        made(graph, f"Category {number}", f"preset{number}")
    answer = graph("GET", LIST).body
    assert len(answer["value"]) == 18
    assert "@odata.nextLink" not in answer


def test_a_category_without_a_colour_has_none(graph):
    assert graph("POST", LIST, {"displayName": "Plain"}).body["color"] == "none"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"displayName": "red CATEGORY"}, 409, "ErrorDuplicateCategory"),
        ({"displayName": "  "}, 400, "ErrorInvalidParameter"),
        ({"color": "preset1"}, 400, "ErrorInvalidParameter"),
        ({"displayName": "x" * 256}, 400, "ErrorInvalidParameter"),
        ({"displayName": "X", "color": "preset25"}, 400, "RequestBodyRead"),
        ({"displayName": "X", "shade": "dark"}, 400, "RequestBodyRead"),
    ],
)
def test_a_category_that_cannot_be_is_refused(graph, body, status, code):
    answer = graph("POST", LIST, body)
    assert (answer.status, answer.code) == (status, code)


def test_the_name_of_a_category_cannot_be_changed(graph):
    path = f"{LIST}/{made(graph)['id']}"
    refused = graph("PATCH", path, {"displayName": "Other", "color": "preset1"})
    assert (refused.status, refused.code) == (400, "ErrorInvalidRequest")
    assert graph("PATCH", path, {"displayName": "Project expenses", "color": "preset1"}).body["color"] == "preset1"


def test_a_deleted_first_category_does_not_come_back(graph):
    for category in graph("GET", LIST).body["value"]:
        graph("DELETE", f"{LIST}/{category['id']}")
    assert graph("GET", LIST).body["value"] == []


def test_the_outlook_user_is_an_id(graph):
    answer = graph("GET", "/me/outlook")
    assert answer.status == 200
    assert answer.body["id"]


def time_zones(graph, of=""):
    answer = graph("GET", f"/me/outlook/supportedTimeZones{of}")
    assert answer.body["@odata.context"].endswith("#Collection(microsoft.graph.timeZoneInformation)")
    assert "@odata.nextLink" not in answer.body
    return {zone["alias"]: zone["displayName"] for zone in answer.body["value"]}


@pytest.mark.parametrize("of", ["", "()", "(TimeZoneStandard='Windows')", "(TimeZoneStandard=microsoft.graph.timeZoneStandard'windows')"])
def test_time_zones_are_windows_zones_from_west_to_east(graph, of):
    found = time_zones(graph, of)
    assert next(iter(found)) == "Dateline Standard Time"
    assert list(found)[-1] == "Line Islands Standard Time"
    assert found["Pacific Standard Time"] == "(UTC-08:00) Pacific Time (US & Canada)"
    assert found["Nepal Standard Time"] == "(UTC+05:45) Kathmandu"
    assert found["Cen. Australia Standard Time"] == "(UTC+09:30) Adelaide"
    assert found["UTC"] == "(UTC) Coordinated Universal Time"
    assert set(found) == set(zones.windows_names())


@pytest.mark.parametrize("of", ["(TimeZoneStandard='Iana')", "(TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana')"])
def test_time_zones_are_iana_zones_for_whoever_asks(graph, of):
    found = time_zones(graph, of)
    assert {"America/Los_Angeles", "Asia/Kolkata", "Etc/GMT+12", "US/Samoa"} <= set(found)
    assert all(alias == name for alias, name in found.items())


def test_every_time_zone_on_offer_is_understood(graph):
    for name in (*time_zones(graph), *time_zones(graph, "(TimeZoneStandard='Iana')")):
        assert graph("PATCH", "/me/mailboxSettings", {"timeZone": name}).body["timeZone"] == name


def test_a_standard_of_time_zones_that_is_none_is_refused(graph):
    assert graph("GET", "/me/outlook/supportedTimeZones(TimeZoneStandard='Maya')").status == 400


def test_languages_name_themselves(graph):
    answer = graph("GET", "/me/outlook/supportedLanguages").body
    found = {language["locale"]: language["displayName"] for language in answer["value"]}
    assert found["af-ZA"] == "Afrikaans (Suid-Afrika)"
    assert found["en-CA"] == "English (Canada)"
    assert len(found) > 100
    assert answer["@odata.context"].endswith("#Collection(microsoft.graph.localeInfo)")
