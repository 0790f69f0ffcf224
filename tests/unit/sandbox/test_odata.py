from __future__ import annotations

import random
from urllib.parse import parse_qsl, urlsplit

import pytest

from daypass.wire import Request
from daypass_sandbox.graph import odata
from daypass_sandbox.graph.services import DIRECTORY
from daypass_sandbox.routes import Call, Fault, Route
from daypass_sandbox.tenant import Tenant
from graph_caller import PACIFIC, Graph, StoppedClock, new_tenant, timed

WEEK = ("2026-12-01T00:00:00Z", "2026-12-08T00:00:00Z")


@pytest.fixture
def graph():
    graph = Graph(new_tenant())
    for hour in range(8, 20):
        graph.create(**timed(f"Event {hour:02}", f"2026-12-01T{hour:02}:00:00", f"2026-12-01T{hour:02}:30:00"))
    return graph


def test_a_page_holds_ten_and_links_to_the_rest_on_the_same_host(graph):
    first = graph.view(*WEEK)
    link = first.body["@odata.nextLink"]
    assert len(first.body["value"]) == 10
    assert link.startswith("https://localhost:8443/v1.0/me/calendarView?")
    assert "%24skip=10" in link
    second = graph("GET", link)
    assert second.subjects == ["Event 18", "Event 19"]
    assert "@odata.nextLink" not in second.body


def test_a_link_still_works_when_a_client_decodes_it(graph):
    link = graph.view(*WEEK).body["@odata.nextLink"].replace("%24", "$")
    assert graph("GET", link).subjects == ["Event 18", "Event 19"]


def test_top_is_the_size_of_a_page_and_no_cap(graph):
    first = graph.view(*WEEK, "&$top=5")
    assert [event["subject"][-2:] for event in graph.everything(first)] == [f"{hour:02}" for hour in range(8, 20)]
    assert len(first.body["value"]) == 5


def test_a_page_that_ends_with_the_list_has_no_link(graph):
    assert "@odata.nextLink" not in graph.view(*WEEK, "&$top=12").body


def test_skip_leaves_out_the_first(graph):
    assert graph.view(*WEEK, "&$skip=11").subjects == ["Event 19"]
    assert graph.view(*WEEK, "&$skip=500").subjects == []


def test_a_preferred_page_size_counts_where_top_is_absent(graph):
    assert len(graph.view(*WEEK, prefer="odata.maxpagesize=3").body["value"]) == 3
    assert len(graph.view(*WEEK, "&$top=4", prefer="odata.maxpagesize=3").body["value"]) == 4


def test_the_zone_is_not_remembered_in_the_link(graph):
    first = graph.view(*WEEK, prefer=f'outlook.timezone="{PACIFIC}"')
    assert first.body["value"][0]["start"] == {"dateTime": "2026-12-01T00:00:00.0000000", "timeZone": PACIFIC}
    assert graph("GET", first.body["@odata.nextLink"]).body["value"][0]["start"]["timeZone"] == "UTC"


def test_the_last_item_repeats_on_the_next_page_when_the_quirk_is_on(graph):
    graph.tenant.state.quirks["repeatLastItem"] = True
    subjects = [event["subject"] for event in graph.everything(graph.view(*WEEK))]
    assert subjects.count("Event 17") == 2
    assert len(set(subjects)) == 12
    one_by_one = graph.everything(graph.view(*WEEK, "&$top=1"))
    assert len(one_by_one) == 12


@pytest.mark.parametrize("value", ["0", "-1", "ten", "", "1001", "1.5"])
def test_a_size_that_makes_no_sense_is_refused(graph, value):
    refused = graph.view(*WEEK, f"&$top={value}")
    assert (refused.status, refused.code) == (400, "BadRequest")
    assert "$top" in refused.message


@pytest.mark.parametrize("value", ["-1", "x"])
def test_a_skip_that_makes_no_sense_is_refused(graph, value):
    assert graph.view(*WEEK, f"&$skip={value}").code == "BadRequest"


def test_count_tells_the_whole(graph):
    assert graph.view(*WEEK, "&$count=true").body["@odata.count"] == 12
    assert "@odata.count" not in graph.view(*WEEK).body


@pytest.mark.parametrize("option", ["$apply=x", "colour=red", "$format=atom", "$skiptoken=x"])
def test_an_option_that_is_not_built_is_refused_by_name(graph, option):
    refused = graph.view(*WEEK, f"&{option}")
    assert (refused.status, refused.code) == (501, "notImplemented")
    assert option.partition("=")[0] in refused.message


def test_a_preference_that_is_not_built_is_refused_before_anything_happens(graph):
    refused = graph("POST", "/me/events", timed("X", "2026-12-02T08:00:00", "2026-12-02T09:00:00"), prefer="return=minimal")
    assert (refused.status, refused.code) == (501, "notImplemented")
    assert "return" in refused.message
    assert graph.view("2026-12-02T00:00:00Z", "2026-12-03T00:00:00Z").subjects == []


@pytest.mark.parametrize(
    ("prefer", "code"),
    [
        ('outlook.timezone="Mars/Olympus"', "TimeZoneNotSupportedException"),
        ("outlook.timezone=Pacific Standard Time", "TimeZoneNotSupportedException"),
        ('outlook.body-content-type="markdown"', "ErrorInvalidParameter"),
        ('IdType="Short"', "ErrorInvalidParameter"),
        ("odata.maxpagesize=0", "BadRequest"),
    ],
)
def test_a_preference_with_a_senseless_value_is_refused(graph, prefer, code):
    refused = graph.view(*WEEK, prefer=prefer)
    assert (refused.status, refused.code) == (400, code)


def test_preferences_that_are_kept_are_confirmed(graph):
    asked = 'outlook.timezone="Europe/Berlin", outlook.body-content-type="text", IdType="ImmutableId"'
    assert graph.view(*WEEK, prefer=asked).headers["preference-applied"] == asked


@pytest.mark.parametrize(
    ("order", "first"), [("start/dateTime DESC", "Event 19"), ("START/DATETIME asc", "Event 08"), ("subject desc", "Event 19")]
)
def test_a_list_comes_in_the_order_asked(graph, order, first):
    assert graph.view(*WEEK, f"&$orderby={order}").subjects[0] == first


def test_a_second_term_orders_what_the_first_leaves_equal(graph):
    graph.create(**timed("Another", "2026-12-01T08:00:00", "2026-12-01T08:10:00"))
    assert graph.view(*WEEK, "&$orderby=start/dateTime,subject desc&$top=2").subjects == ["Event 08", "Another"]


@pytest.mark.parametrize("order", ["shoeSize", "start/dateTime upwards", "body"])
def test_an_order_by_nothing_known_is_refused(graph, order):
    assert graph.view(*WEEK, f"&$orderby={order}").status == 400


def test_select_gives_the_id_the_etag_and_what_was_asked(graph):
    event = graph.view(*WEEK, "&$select=subject,START").body["value"][0]
    assert set(event) == {"@odata.etag", "id", "subject", "start"}


def test_select_of_everything_is_everything(graph):
    assert len(graph.view(*WEEK, "&$select=*").body["value"][0]) > 40


def test_select_of_an_unknown_property_is_refused(graph):
    assert graph.view(*WEEK, "&$select=shoeSize").code == "RequestBroker--ParseUri"
    assert graph.view(*WEEK, "&$select=shoeSize/length").code == "RequestBroker--ParseUri"


def test_select_of_a_part_gives_the_part(graph):
    first = graph.view(*WEEK, "&$select=start/DATETIME,end,end/timeZone").body["value"][0]
    assert first["start"] == {"dateTime": "2026-12-01T08:00:00.0000000"}
    assert first["end"] == {"dateTime": "2026-12-01T08:30:00.0000000", "timeZone": "UTC"}


def test_the_context_tells_what_was_selected(graph):
    answer = graph.view(*WEEK, "&$select=START,subject")
    assert answer.body["@odata.context"].endswith("/calendarView(subject,start)")


def test_json_may_be_asked_for_by_name(graph):
    assert graph.view(*WEEK, "&$format=json").status == graph("GET", "/me?$format=application/json").status == 200


def test_a_count_is_true_or_false(graph):
    assert graph.view(*WEEK, "&$count=false").status == 200
    assert graph.view(*WEEK, "&$count=maybe").code == "BadRequest"


def test_without_metadata_only_the_link_to_the_next_page_is_left(graph):
    answer = graph(
        "GET", f"/me/calendarView?startDateTime={WEEK[0]}&endDateTime={WEEK[1]}", headers={"Accept": "application/json;odata.metadata=none"}
    )
    assert [name for name in answer.body if "@odata" in name] == ["@odata.nextLink"]
    assert not [name for name in answer.body["value"][0] if "@odata" in name]


def test_links_and_contexts_of_beta_stay_in_beta(graph):
    answer = graph("GET", f"https://localhost:8443/beta/me/calendarView?startDateTime={WEEK[0]}&endDateTime={WEEK[1]}")
    assert answer.body["@odata.nextLink"].startswith("https://localhost:8443/beta/me/calendarView?")
    assert answer.body["@odata.context"].startswith("https://localhost:8443/beta/$metadata#")


def pets(call):
    toy = odata.Kind("toy", ("id", "name"))
    pet = odata.Kind(
        "pet",
        ("id", "name"),
        expandable={
            "toys": lambda call, pet, asked: odata.nested(call, toy, pet["toys"], asked),
            "favourite": lambda call, pet, asked: odata.nested_one(call, toy, next(iter(pet["toys"]), None), asked),
        },
    )
    items = [
        {"id": "1", "name": "Rex", "toys": [{"id": "a", "name": "ball"}, {"id": "b", "name": "bone"}]},
        {"id": "2", "name": "Tom", "toys": []},
    ]
    return odata.listing(call, "pets", pet, [{"id": item["id"], "name": item["name"], "toys": item["toys"]} for item in items])


@pytest.fixture
def zoo():
    return Graph(Tenant(clock=StoppedClock(), chance=random.Random(7), seed="empty", graph_routes=[Route("GET", "/pets", pets)]))


def test_an_expanded_relation_keeps_to_its_own_options(zoo):
    answer = zoo("GET", "/pets?$select=name&$expand=TOYS($select=name;$orderby=name desc;$top=1),favourite($select=id)")
    where = "https://localhost:8443/v1.0/$metadata#pets"
    assert answer.body["value"] == [
        {
            "id": "1",
            "name": "Rex",
            "toys@odata.context": f"{where}('1')/toys",
            "toys": [{"id": "b", "name": "bone"}],
            "favourite": {"id": "a"},
        },
        {"id": "2", "name": "Tom", "toys@odata.context": f"{where}('2')/toys", "toys": [], "favourite": None},
    ]


@pytest.mark.parametrize(
    "expand", ["name", "owner", "toys(", "toys($colour=red)", "toys)", "toys($top=0)", "toys($select=shoeSize)", "toys,TOYS"]
)
def test_an_expand_of_what_is_no_relation_is_refused(zoo, expand):
    assert zoo("GET", f"/pets?$expand={expand}").status == 400


def test_a_page_may_go_on_by_a_token_that_says_nothing():
    def cut(query):
        return odata.page(Call(new_tenant(), Request("GET", "https://h/v1.0/users?$top=2"), "https://h", query=query), 5, service=DIRECTORY)

    first = cut({"$top": "2"})
    token = dict(parse_qsl(urlsplit(first.next_link).query))["$skiptoken"]
    assert not token.isdecimal()
    assert (cut({"$top": "2", "$skiptoken": token}).first, cut({"$top": "5"}).next_link) == (2, "")
    for broken in ("x", "Zm9v", token[:-6], "\u00e9"):
        with pytest.raises(Fault) as refused:
            cut({"$skiptoken": broken})
        assert refused.value.code == "Directory_ExpiredPageToken"
