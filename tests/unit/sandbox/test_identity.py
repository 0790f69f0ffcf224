from __future__ import annotations

import base64

import pytest

from graph_caller import MEGAN, Graph, new_tenant, series, timed
from webhooks import Webhook, subscribe

IMMUTABLE = 'IdType="ImmutableId"'
DECEMBER = ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")


@pytest.fixture
def event(graph):
    return graph.create(**timed("Lunch", "2026-12-01T12:00:00", "2026-12-01T13:00:00"))


@pytest.fixture
def master(graph):
    return graph.create(
        **series("Stand-up", "2026-12-01T09:00:00", "2026-12-01T09:15:00", {"type": "daily"}, type="numbered", numberOfOccurrences=3)
    )


def family(graph: Graph) -> str:
    return graph("GET", "/me/calendars").body["value"][1]["id"]


def moved(graph: Graph, event_id: str, calendar: str = "Family") -> dict:
    """The event moved by the control plane, as it is kept."""
    answer = graph("POST", "https://localhost:8443/sandbox/move", {"user": "megan", "event": event_id, "calendar": calendar})
    assert answer.status == 200, answer.body
    return answer.body


def test_an_immutable_id_is_another_one_and_both_find_the_event(graph, event):
    answer = graph("GET", f"/me/events/{event['id']}", prefer=IMMUTABLE)
    assert answer.headers["preference-applied"] == IMMUTABLE
    assert answer.body["id"] != event["id"]
    assert graph("GET", f"/me/events/{answer.body['id']}").body["id"] == event["id"]
    assert graph("PATCH", f"/me/events/{answer.body['id']}", {"subject": "Tea"}, prefer=IMMUTABLE).body["id"] == answer.body["id"]
    assert graph("DELETE", f"/me/events/{answer.body['id']}").status == 204


def test_ids_of_both_forms_are_base64_as_it_goes_into_urls(graph, event, master):
    occurrence = graph.view(*DECEMBER).body["value"][1]
    immutable = graph.view(*DECEMBER, prefer=IMMUTABLE).body["value"]
    for item_id in (event["id"], master["id"], occurrence["id"], *(item["id"] for item in immutable)):
        assert base64.urlsafe_b64encode(base64.urlsafe_b64decode(item_id)).decode() == item_id


def test_occurrences_and_their_series_have_immutable_ids_too(graph, master):
    occurrence = graph.view(*DECEMBER, prefer=IMMUTABLE).body["value"][1]
    immutable_master = graph("GET", f"/me/events/{master['id']}", prefer=IMMUTABLE).body["id"]
    assert occurrence["seriesMasterId"] == immutable_master
    assert occurrence["occurrenceId"] == f"OID.{immutable_master}.2026-12-02"
    assert graph("GET", f"/me/events/{occurrence['id']}").body["seriesMasterId"] == master["id"]


def test_a_moved_event_has_another_plain_id_and_the_same_immutable_one(graph, event):
    before = graph("GET", f"/me/events/{event['id']}", prefer=IMMUTABLE).body["id"]
    new_id = moved(graph, event["id"])["id"]
    assert new_id != event["id"]
    assert graph("GET", f"/me/events/{event['id']}").code == "ErrorItemNotFound"
    there = graph("GET", f"/me/calendars/{family(graph)}/events/{new_id}", prefer=IMMUTABLE).body
    assert (there["id"], there["subject"], there["iCalUId"]) == (before, "Lunch", event["iCalUId"])
    assert graph("GET", f"/me/events/{before}").body["id"] == new_id
    again = moved(graph, before, "Calendar")["id"]
    assert again not in (event["id"], new_id)
    assert graph("GET", f"/me/events/{again}", prefer=IMMUTABLE).body["id"] == before


def test_a_series_moves_as_a_whole(graph, master):
    second = graph.view(*DECEMBER, prefer=IMMUTABLE).body["value"][1]["id"]
    graph("PATCH", f"/me/events/{second}", {"subject": "Special"})
    new_id = moved(graph, master["id"])["id"]
    assert graph.view(*DECEMBER).subjects == []
    listed = graph("GET", f"/me/calendars/{family(graph)}/events/{new_id}/instances?startDateTime={DECEMBER[0]}&endDateTime={DECEMBER[1]}")
    assert listed.subjects == ["Stand-up", "Special", "Stand-up"]
    assert graph("GET", f"/me/events/{second}", prefer=IMMUTABLE).body["subject"] == "Special"
    assert graph("GET", f"/me/events/{second}", prefer=IMMUTABLE).body["id"] == second


def test_a_move_is_news_of_a_deletion_and_of_a_creation(graph, event):
    webhook = graph.tenant.outside = Webhook()
    subscribe(graph)
    new_id = moved(graph, event["id"])["id"]
    graph.tenant.deliver()
    told = [(item["changeType"], item["resourceData"]["id"]) for item in webhook.items()]
    assert told == [("deleted", event["id"]), ("created", new_id)]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"user": "megan", "event": "nothing", "calendar": "Family"}, 404),
        ({"user": "megan", "calendar": "Family"}, 400),
        ({"user": "nobody", "event": "{event}", "calendar": "Family"}, 404),
        ({"user": "megan", "event": "{event}", "calendar": "Nowhere"}, 404),
        ({"user": "megan", "event": "{event}", "calendar": "Family", "colour": "red"}, 400),
    ],
)
def test_a_move_that_makes_no_sense_moves_nothing(graph, event, body, status):
    body = {name: value.format(event=event["id"]) for name, value in body.items()}
    assert graph("POST", "https://localhost:8443/sandbox/move", body).status == status
    assert graph("GET", f"/me/events/{event['id']}").status == 200


# translateExchangeIds


def translate(graph: Graph, ids: list[str], source: str, target: str):
    return graph("POST", "/me/translateExchangeIds", {"inputIds": ids, "sourceIdType": source, "targetIdType": target})


@pytest.mark.parametrize("form", ["restImmutableEntryId", "ewsId", "entryId", "immutableEntryId", "restId"])
def test_ids_are_translated_there_and_back(graph, event, master, form):
    answer = translate(graph, [event["id"], master["id"]], "restId", form)
    assert [pair["sourceId"] for pair in answer.body["value"]] == [event["id"], master["id"]]
    targets = [pair["targetId"] for pair in answer.body["value"]]
    back = translate(graph, targets, form, "restId")
    assert [pair["targetId"] for pair in back.body["value"]] == [event["id"], master["id"]]
    assert len({*targets, event["id"], master["id"]}) == (2 if form == "restId" else 4)


def test_the_forms_are_those_of_the_page(graph, event):
    immutable = graph("GET", f"/me/events/{event['id']}", prefer=IMMUTABLE).body["id"]

    def target(form):
        return translate(graph, [event["id"]], "restId", form).body["value"][0]["targetId"]

    assert target("restImmutableEntryId") == immutable
    assert target("entryId") == event["id"].rstrip("=") + "1"
    assert target("immutableEntryId") == immutable.rstrip("=") + str(immutable.count("="))
    assert target("ewsId") == event["id"].replace("-", "/").replace("_", "+")


def test_a_moved_event_is_translated_by_its_first_id(graph, event):
    before = graph("GET", f"/me/events/{event['id']}", prefer=IMMUTABLE).body["id"]
    new_id = moved(graph, event["id"])["id"]
    assert translate(graph, [new_id], "restId", "restImmutableEntryId").body["value"][0]["targetId"] == before
    assert translate(graph, [before], "restImmutableEntryId", "restId").body["value"][0]["targetId"] == new_id


def test_an_id_that_nothing_has_is_told_beside_the_others(graph, event):
    answer = translate(graph, ["nothing", event["id"], "AAMkAG*"], "restId", "restImmutableEntryId")
    assert answer.status == 200
    assert [("targetId" in pair, "errorDetails" in pair) for pair in answer.body["value"]] == [
        (False, True),
        (True, False),
        (False, True),
    ]
    assert answer.body["value"][0]["errorDetails"]["code"] == "ErrorItemNotFound"


def test_a_calendar_has_one_id_only(graph):
    calendar = family(graph)
    assert translate(graph, [calendar], "restId", "restImmutableEntryId").body["value"] == [{"sourceId": calendar, "targetId": calendar}]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"inputIds": ["x"] * 1001, "sourceIdType": "restId", "targetIdType": "ewsId"}, "ErrorInvalidRequest"),
        ({"inputIds": ["x"], "sourceIdType": "restId"}, "ErrorInvalidRequest"),
        ({"sourceIdType": "restId", "targetIdType": "ewsId"}, "ErrorInvalidRequest"),
        ({"inputIds": ["x"], "sourceIdType": "restId", "targetIdType": "hexId"}, "RequestBodyRead"),
        ({"inputIds": "x", "sourceIdType": "restId", "targetIdType": "ewsId"}, "RequestBodyRead"),
    ],
)
def test_what_cannot_be_translated_at_all_is_refused(graph, body, code):
    refused = graph("POST", "/me/translateExchangeIds", body)
    assert (refused.status, refused.code) == (400, code)


def test_a_thousand_ids_are_translated_at_once(graph, event):
    answer = graph(
        "POST",
        f"/users/{MEGAN}/translateExchangeIds",
        {"InputIds": [event["id"]] * 1000, "SourceIdType": "restId", "TargetIdType": "RestImmutableEntryId"},
    )
    assert (answer.status, len(answer.body["value"])) == (200, 1000)


def test_translating_needs_no_more_than_to_know_the_user(graph, event):
    reader = Graph(graph.tenant, scopes=("User.Read",))
    assert translate(reader, [event["id"]], "restId", "ewsId").status == 200
    assert translate(Graph(graph.tenant, scopes=("Calendars.ReadWrite",)), [event["id"]], "restId", "ewsId").status == 403


def test_changes_are_told_by_immutable_ids_where_those_are_wanted(graph, event, master):
    window = f"startDateTime={DECEMBER[0]}&endDateTime={DECEMBER[1]}"
    ids = {
        item["id"]: item["subject"] for item in graph.view(*DECEMBER, prefer=IMMUTABLE).body["value"] if item["type"] == "singleInstance"
    }
    first = graph("GET", f"/me/calendarView/delta?{window}", prefer=f"{IMMUTABLE}, odata.maxpagesize=50")
    assert set(ids) < {item["id"] for item in first.body["value"]}
    graph("DELETE", f"/me/events/{event['id']}")
    second = graph("GET", first.body["@odata.deltaLink"], prefer=IMMUTABLE)
    assert [item["id"] for item in second.body["value"]] == list(ids)


@pytest.mark.parametrize("event_id", ["0(0=0)", "a(b='c')", "(x)", "delta(", "x()y"])
def test_an_id_may_look_like_a_function(event_id):
    answer = Graph(new_tenant())("GET", f"/me/events/{event_id}")
    assert (answer.status, answer.code) == (404, "ErrorItemNotFound")
