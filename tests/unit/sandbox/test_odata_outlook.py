"""$filter, $orderby and $search over events, as Outlook takes and refuses them."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from graph_caller import PACIFIC, Graph, at, new_tenant, series, timed

COLOUR = "String {00020329-0000-0000-C000-000000000046} Name Color"
WEEK = ("2026-12-01T00:00:00Z", "2026-12-08T00:00:00Z")


@pytest.fixture(scope="module")
def graph():
    graph = Graph(new_tenant())
    guest = [{"emailAddress": {"address": "alex@contoso.example"}}]
    graph.create(**timed("Budget", "2026-12-01T09:00:00", "2026-12-01T10:00:00", categories=["Red", "Blue"], importance="high"))
    graph.create(**timed("budget review", "2026-12-02T09:00:00", "2026-12-02T10:00:00", PACIFIC, location={"displayName": "Adams"}))
    graph.create(subject="Fair", isAllDay=True, showAs="free", start=at("2026-12-03T00:00:00"), end=at("2026-12-05T00:00:00"))
    graph.create(**series("Stand-up", "2026-12-01T08:00:00", "2026-12-01T08:15:00", {"type": "daily"}), attendees=guest)
    return graph


def found(answer) -> list[str]:
    assert answer.status == 200, answer.body
    return answer.subjects


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("subject eq 'BUDGET'", ["Budget"]),
        ("startsWith(subject,'Budget')", ["Budget", "budget review"]),
        ("contains(subject,'VIEW')", ["budget review"]),
        ("Start/DateTime ge '2026-12-02T00:00'", ["budget review", "Fair"]),
        ("start/dateTime ge '2026-12-02T17:00:00Z'", ["budget review", "Fair"]),
        ("start/dateTime gt '2026-12-02T17:00:00Z'", ["Fair"]),
        ("start/dateTime ge 2026-12-02T09:00:00-08:00 and end/dateTime le 2026-12-02T19:00:00+01:00", ["budget review"]),
        ("categories/any(c: c eq 'red')", ["Budget"]),
        ("not categories/any()", ["budget review", "Fair", "Stand-up"]),
        ("importance eq 'HIGH'", ["Budget"]),
        ("showAs ne 'busy'", ["Fair"]),
        ("type eq 'seriesMaster'", ["Stand-up"]),
        ("isAllDay eq true or location/displayName eq 'adams'", ["budget review", "Fair"]),
        ("isCancelled eq false and isOrganizer eq true and subject ne 'Fair'", ["Budget", "budget review", "Stand-up"]),
        ("reminderMinutesBeforeStart gt 10", ["Budget", "budget review", "Fair", "Stand-up"]),
        ("lastModifiedDateTime ge 2026-11-25T00:00:00Z and createdDateTime lt 2026-11-26", ["Budget", "budget review", "Fair", "Stand-up"]),
        (f"singleValueExtendedProperties/Any(ep: ep/id eq '{COLOUR}' and ep/value eq 'x')", []),
        ("singleValueExtendedProperties/any(ep: ep/id eq 'Integer 0x1' and cast(ep/value, Edm.Int32) gt 3)", []),
    ],
)
@pytest.mark.parametrize("where", ["/me/events", "/me/calendar/events"])
def test_events_are_filtered(graph, where, text, subjects):
    assert found(graph("GET", f"{where}?$filter={quote(text)}")) == subjects


def test_a_window_is_filtered_occurrence_by_occurrence(graph):
    assert found(graph.view(*WEEK, "&$filter=type eq 'occurrence' and start/dateTime ge '2026-12-06'")) == ["Stand-up", "Stand-up"]
    assert found(graph.view(*WEEK, "&$filter=isAllDay eq true&$orderby=subject")) == ["Fair"]


def test_the_instances_of_a_series_are_filtered(graph):
    master = graph("GET", "/me/events?$filter=type eq 'seriesMaster'").body["value"][0]["id"]
    window = f"startDateTime={WEEK[0]}&endDateTime={WEEK[1]}"
    answer = graph("GET", f"/me/events/{master}/instances?{window}&$filter=start/dateTime lt '2026-12-03T00:00'&$select=start")
    assert [event["start"]["dateTime"][:10] for event in answer.body["value"]] == ["2026-12-01", "2026-12-02"]


def test_an_event_is_found_by_the_id_it_has_in_every_calendar(graph):
    wanted = graph("GET", "/me/events").body["value"][1]
    assert found(graph("GET", f"/me/events?$filter=iCalUId eq '{wanted['iCalUId']}'")) == [wanted["subject"]]


def test_calendars_are_filtered(graph):
    assert [each["name"] for each in graph("GET", "/me/calendars?$filter=isDefaultCalendar eq true").body["value"]] == ["Calendar"]
    assert graph("GET", "/me/calendars?$filter=name eq 'Other'").body["value"] == []


def test_a_filter_goes_on_in_the_next_page(graph):
    first = graph.view(*WEEK, "&$filter=subject eq 'Stand-up'&$top=3&$count=true")
    assert first.body["@odata.count"] == 7
    assert len(graph.everything(first)) == 7


@pytest.mark.parametrize(
    "path", ["id", "recurrence", "responseStatus/response", "organizer/emailAddress/address", "body/content", "isOnlineMeeting"]
)
def test_a_property_without_an_index_is_refused(graph, path):
    refused = graph("GET", f"/me/events?$filter={path} eq null")
    name = "/".join(part[0].upper() + part[1:] for part in path.split("/"))
    assert (refused.status, refused.code, refused.message) == (
        400,
        "ErrorInvalidProperty",
        f"The property '{name}' does not support filtering.",
    )


@pytest.mark.parametrize(
    "text",
    [
        "attendees/any(a: a/emailAddress/address eq 'alex@contoso.example')",
        "endswith(subject,'x')",
        "tolower(subject) eq 'x'",
        "categories/all(c: c eq 'x')",
        "showAs has 'busy'",
    ],
)
def test_what_exchange_cannot_ask_its_store_is_refused(graph, text):
    refused = graph("GET", f"/me/events?$filter={quote(text)}")
    assert (refused.status, refused.code) == (400, "ErrorInvalidUrlQueryFilter")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("$filter=subject eq 'Fair'&$orderby=start/dateTime", 400),
        ("$filter=subject eq 'Fair' and start/dateTime ge '2026-01-01'&$orderby=start/dateTime", 400),
        ("$filter=start/dateTime ge '2026-01-01' and subject eq 'Fair'&$orderby=start/dateTime,subject desc", 200),
        ("$filter=START/DATETIME ge '2026-01-01' and subject eq 'Fair'&$orderby=start/dateTime", 200),
        ("$filter=start/dateTime ge '2026-01-01' and subject eq 'Fair'&$orderby=subject,start/dateTime", 400),
        ("$filter=start/dateTime ge '2026-01-01'&$orderby=start/dateTime,subject", 400),
        ("$filter=start/dateTime ge '2026-01-01' and end/dateTime lt '2027-01-01'&$orderby=start/dateTime desc", 200),
    ],
)
def test_what_orders_must_come_first_in_the_filter(graph, query, status):
    answer = graph("GET", f"/me/events?{query}")
    assert answer.status == status
    assert status == 200 or (answer.code, answer.message[:31]) == ("InefficientFilter", "The restriction or sort order i")


@pytest.mark.parametrize("path", ["/me/events?$search=budget", '/me/events?$search="subject:budget"', "/me/calendars?$search=x"])
def test_a_search_is_refused(graph, path):
    refused = graph("GET", path)
    assert (refused.status, refused.code[:6]) == (501, "Search")
    assert "The parameter $search is not currently supported on the" in refused.message


def test_order_by_importance_is_by_importance(graph):
    assert found(graph("GET", "/me/events?$orderby=importance desc"))[0] == "Budget"


@pytest.mark.parametrize(("order", "words"), [("start", "single value of primitive type"), ("bodyPreview", "does not support sorting")])
def test_an_order_by_what_has_none_is_refused(graph, order, words):
    refused = graph("GET", f"/me/events?$orderby={order}")
    assert refused.status == 400
    assert words in refused.message
