from __future__ import annotations

from urllib.parse import quote

import pytest

from daypass_sandbox.calendar.calendars import new_mailbox
from daypass_sandbox.calendar.mailbox import open_mailbox
from daypass_sandbox.changes import ChangeLog
from daypass_sandbox.directory.log import log_of, note
from graph_caller import MEGAN, PACIFIC, Answer, Graph, at, new_tenant, series, timed

WINDOW = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-08T00:00:00Z"
VIEW = f"/me/calendarView/delta?{WINDOW}"
GONE = {"reason": "deleted"}
DAILY = {"type": "daily"}


def single(graph, subject="Lunch", day="2026-12-02", **more):
    return graph.create(**timed(subject, f"{day}T12:00:00", f"{day}T13:00:00", **more))


def standup(graph, start="2026-12-01", times=3, **more):
    limits = {"type": "numbered", "numberOfOccurrences": times}
    return graph.create(**series("Stand-up", f"{start}T09:00:00", f"{start}T09:15:00", DAILY, **limits, **more))


def instances(graph, master):
    return graph("GET", f"/me/events/{master['id']}/instances?{WINDOW}").body["value"]


def quirk(graph, **values):
    graph.tenant.state.quirks.update(values)


def told(items) -> list[str]:
    """What a round said: subjects of what came whole, types of what came in short, ids with a minus of what was removed."""
    return [f"-{item['id']}" if "@removed" in item else item.get("subject", item["type"]) for item in items]


def refused(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.code


# --- first rounds


def test_the_first_round_gives_what_is_in_the_window(graph):
    single(graph)
    single(graph, "Too late", "2026-12-09")
    items, _ = graph.round(VIEW)
    assert told(items) == ["Lunch"]
    viewed = graph("GET", f"/me/calendarView?{WINDOW}").body["value"][0]
    assert items[0] == {"@odata.type": "#microsoft.graph.event", **viewed}


def test_a_series_comes_as_its_master_and_occurrences_that_have_little_more_than_times(graph):
    master = standup(graph)
    items, _ = graph.round(VIEW)
    assert told(items) == ["Stand-up", "occurrence", "occurrence", "occurrence"]
    assert items[0]["type"] == "seriesMaster"
    assert "@odata.etag" in items[1]
    assert {name: value for name, value in items[1].items() if name != "@odata.etag"} == {
        "@odata.type": "#microsoft.graph.event",
        "id": instances(graph, master)[0]["id"],
        "type": "occurrence",
        "seriesMasterId": master["id"],
        "start": {"dateTime": "2026-12-01T09:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-12-01T09:15:00.0000000", "timeZone": "UTC"},
    }


def test_an_exception_comes_whole(graph):
    master = standup(graph)
    graph("PATCH", f"/me/events/{instances(graph, master)[1]['id']}", {"subject": "With cake"})
    assert told(graph.round(VIEW)[0]) == ["Stand-up", "occurrence", "With cake", "occurrence"]


def test_only_the_occurrences_in_the_window_come(graph):
    standup(graph, start="2026-11-29", times=40)
    assert told(graph.round(VIEW)[0]) == ["Stand-up", *["occurrence"] * 7]


def test_a_round_without_anything_ends_at_once(graph):
    answer = graph("GET", VIEW)
    assert answer.body["value"] == []
    assert "@odata.deltaLink" in answer.body
    assert answer.body["@odata.context"].endswith("/$metadata#Collection(event)")


def test_pages_have_ten_items_or_as_many_as_preferred(graph):
    for number in range(12):
        single(graph, f"Event {number}")
    assert [len(graph("GET", VIEW, prefer=prefer).body["value"]) for prefer in ("", "odata.maxpagesize=5")] == [10, 5]
    items, _ = graph.round(VIEW, prefer="odata.maxpagesize=5")
    assert sorted(told(items)) == sorted(f"Event {number}" for number in range(12))


def test_the_preferred_size_is_not_sealed(graph):
    for number in range(12):
        single(graph, f"Event {number}")
    first = graph("GET", VIEW, prefer="odata.maxpagesize=1")
    assert len(graph("GET", first.body["@odata.nextLink"]).body["value"]) == 10


def test_a_page_takes_a_series_whole_though_it_grows_larger_than_asked(graph):
    standup(graph, times=5)
    assert len(graph("GET", VIEW, prefer="odata.maxpagesize=2").body["value"]) == 6


def test_a_series_may_be_parted_when_that_is_switched_on(graph):
    standup(graph, times=5)
    quirk(graph, wholeSeries=False)
    first = graph("GET", VIEW, prefer="odata.maxpagesize=2")
    assert told(first.body["value"]) == ["Stand-up", "occurrence"]
    items, _ = graph.round(VIEW, prefer="odata.maxpagesize=2")
    assert told(items) == ["Stand-up", *["occurrence"] * 5]


def test_zone_and_body_come_as_preferred_and_that_is_confirmed(graph):
    single(graph, body={"contentType": "html", "content": "<b>Soup</b>"})
    asked = f'outlook.timezone="{PACIFIC}", outlook.body-content-type="text", IdType="ImmutableId"'
    answer = graph("GET", VIEW, prefer=asked)
    assert answer.body["value"][0]["start"] == {"dateTime": "2026-12-02T04:00:00.0000000", "timeZone": PACIFIC}
    assert answer.body["value"][0]["body"] == {"contentType": "text", "content": "Soup"}
    assert answer.headers["preference-applied"] == f"{asked}, odata.track-changes"


def test_links_lead_back_to_where_and_how_was_asked(graph):
    for spelling in ("/me/calendarView/delta()", f"/users/{MEGAN}/calendarView/microsoft.graph.delta()"):
        link = graph("GET", f"{spelling}?{WINDOW}").body["@odata.deltaLink"]
        assert link.startswith(f"https://localhost:8443/v1.0{spelling}?$deltatoken=")
        assert graph("GET", link).body["value"] == []


@pytest.mark.parametrize("escape", [lambda link: link.replace("$", "%24"), lambda link: link])
def test_a_link_may_be_escaped_by_the_client(graph, escape):
    _, link = graph.round(VIEW)
    single(graph)
    assert told(graph("GET", escape(link)).body["value"]) == ["Lunch"]


# --- later rounds


def test_a_later_round_gives_what_came_and_what_changed(graph):
    known = single(graph)
    _, link = graph.round(VIEW)
    assert graph("GET", link).body["value"] == []
    graph("PATCH", f"/me/events/{known['id']}", {"subject": "Late lunch"})
    single(graph, "Tea")
    assert told(graph("GET", link).body["value"]) == ["Late lunch", "Tea"]
    assert told(graph("GET", graph("GET", link).body["@odata.deltaLink"]).body["value"]) == []


def test_an_event_that_changed_twice_comes_once(graph):
    _, link = graph.round(VIEW)
    event = single(graph)
    graph("PATCH", f"/me/events/{event['id']}", {"subject": "Late lunch"})
    assert told(graph("GET", link).body["value"]) == ["Late lunch"]


@pytest.mark.parametrize(
    "happens",
    [
        lambda graph, event: graph("DELETE", f"/me/events/{event['id']}"),
        lambda graph, event: graph(
            "PATCH", f"/me/events/{event['id']}", {"start": at("2027-01-01T10:00:00"), "end": at("2027-01-01T11:00:00")}
        ),
    ],
    ids=["deleted", "moved out of the window"],
)
def test_an_event_that_is_gone_from_the_window_is_removed(graph, happens):
    event = single(graph)
    _, link = graph.round(VIEW)
    happens(graph, event)
    assert graph("GET", link).body["value"] == [{"@odata.type": "#microsoft.graph.event", "id": event["id"], "@removed": GONE}]


def test_changes_outside_the_window_are_told_as_removals_of_ids_never_seen(graph):
    old = single(graph, "Old", "2026-11-01")
    _, link = graph.round(VIEW)
    graph("PATCH", f"/me/events/{old['id']}", {"subject": "Older"})
    new = single(graph, "New", "2027-01-01")
    assert told(graph("GET", link).body["value"]) == [f"-{old['id']}", f"-{new['id']}"]


def test_an_event_that_moves_into_the_window_comes_whole(graph):
    event = single(graph, day="2027-01-01")
    _, link = graph.round(VIEW)
    graph("PATCH", f"/me/events/{event['id']}", {"start": at("2026-12-03T10:00:00"), "end": at("2026-12-03T11:00:00")})
    assert told(graph("GET", link).body["value"]) == ["Lunch"]


def test_a_changed_series_comes_again_with_its_occurrences(graph):
    master = standup(graph)
    _, link = graph.round(VIEW)
    graph("PATCH", f"/me/events/{master['id']}", {"subject": "Stand-down"})
    assert told(graph("GET", link).body["value"]) == ["Stand-down", *["occurrence"] * 3]


def test_a_deleted_occurrence_gives_no_sign_but_that_its_series_comes_without_it(graph):
    master = standup(graph)
    _, link = graph.round(VIEW)
    gone = instances(graph, master)[1]
    graph("DELETE", f"/me/events/{gone['id']}")
    items = graph("GET", link).body["value"]
    assert told(items) == ["Stand-up", "occurrence", "occurrence"]
    assert gone["id"] not in [item["id"] for item in items]


def test_a_deleted_occurrence_is_removed_where_that_quirk_is_switched_off(graph):
    master = standup(graph)
    _, link = graph.round(VIEW)
    gone = instances(graph, master)[1]
    graph("DELETE", f"/me/events/{gone['id']}")
    quirk(graph, deletedOccurrenceSilent=False)
    assert told(graph("GET", link).body["value"]) == ["Stand-up", "occurrence", "occurrence", f"-{gone['id']}"]


@pytest.mark.parametrize("how", ["deleted", "moved away", "emptied"])
def test_a_series_that_left_the_window_is_removed_by_its_master(graph, how):
    master = standup(graph, times=1)
    _, link = graph.round(VIEW)
    if how == "emptied":
        graph("DELETE", f"/me/events/{instances(graph, master)[0]['id']}")
    elif how == "deleted":
        graph("DELETE", f"/me/events/{master['id']}")
    else:
        graph("PATCH", f"/me/events/{master['id']}", {"start": at("2027-01-01T09:00:00"), "end": at("2027-01-01T09:15:00")})
    assert told(graph("GET", link).body["value"]) == [f"-{master['id']}"]


def test_the_same_link_again_gives_the_same_again(graph):
    _, link = graph.round(VIEW)
    single(graph)
    assert graph("GET", link).body["value"] == graph("GET", link).body["value"] != []


def test_what_happens_between_pages_is_neither_lost_nor_told_in_an_old_form(graph):
    events = [single(graph, f"Event {number}") for number in range(4)]
    _, link = graph.round(VIEW)
    for event in events:
        graph("PATCH", f"/me/events/{event['id']}", {"importance": "high"})
    page = graph("GET", link, prefer="odata.maxpagesize=2")
    assert told(page.body["value"]) == ["Event 0", "Event 1"]
    graph("PATCH", f"/me/events/{events[0]['id']}", {"subject": "Event 0 again"})
    graph("PATCH", f"/me/events/{events[2]['id']}", {"subject": "Event 2 again"})
    rest, last = graph.round(page.body["@odata.nextLink"])
    assert told(rest) == ["Event 3", "Event 0 again", "Event 2 again"]
    assert graph("GET", last).body["value"] == []


def test_what_happens_between_the_pages_of_a_first_round_comes_in_the_next_one(graph):
    events = {single(graph, f"Event {number}")["id"]: number for number in range(4)}
    first = graph("GET", VIEW, prefer="odata.maxpagesize=2")
    seen = [item["id"] for item in first.body["value"]]
    graph("PATCH", f"/me/events/{seen[0]}", {"subject": "Changed"})
    unseen = next(event_id for event_id in events if event_id not in seen)
    graph("DELETE", f"/me/events/{unseen}")
    rest, link = graph.round(first.body["@odata.nextLink"])
    assert len(rest) == 1
    assert told(graph("GET", link).body["value"]) == ["Changed", f"-{unseen}"]


# --- one calendar among others


def family(graph):
    """A second calendar, as a seed would have it."""
    state = graph.tenant.state.mailboxes[MEGAN]
    default = next(iter(state["calendars"].values()))
    state["calendars"]["family"] = {**default, "id": "family", "name": "Family", "isDefaultCalendar": False}
    return f"/me/calendars/family/calendarView/delta?{WINDOW}"


def test_each_calendar_is_followed_by_itself(graph):
    there = family(graph)
    _, link = graph.round(there)
    _, here = graph.round(VIEW)
    single(graph)
    graph("POST", "/me/calendars/family/events", timed("Party", "2026-12-05T18:00:00", "2026-12-05T23:00:00"))
    assert told(graph("GET", link).body["value"]) == ["Party"]
    assert told(graph("GET", here).body["value"]) == ["Lunch"]
    assert told(graph.round(there)[0]) == ["Party"]


def test_an_event_deleted_from_one_calendar_is_no_news_in_another(graph):
    there = family(graph)
    party = graph("POST", "/me/calendars/family/events", timed("Party", "2026-12-05T18:00:00", "2026-12-05T23:00:00")).body
    _, link = graph.round(there)
    _, here = graph.round(VIEW)
    graph("DELETE", f"/me/events/{party['id']}")
    assert told(graph("GET", link).body["value"]) == [f"-{party['id']}"]
    assert graph("GET", here).body["value"] == []


@pytest.mark.parametrize("place", ["/me/calendar", "/users/megan@contoso.example"])
def test_the_default_calendar_has_many_names(graph, place):
    single(graph)
    assert told(graph.round(f"{place}/calendarView/delta?{WINDOW}")[0]) == ["Lunch"]


def test_a_calendar_that_is_not_there_is_not_followed(graph):
    assert refused(graph("GET", f"/me/calendars/nowhere/calendarView/delta?{WINDOW}")) == (404, "ErrorItemNotFound")


def test_the_calendar_of_a_group_is_followed_by_those_who_may_read_groups(graph):
    state = graph.tenant.state
    state.groups["launch"] = {"id": "launch", "displayName": "Launch", "mail": "launch@contoso.example", "x-members": [MEGAN]}
    state.mailboxes["launch"] = new_mailbox(graph.tenant.new_id, "UTC")
    box = open_mailbox(graph.tenant, "launch")
    for place in ("/groups/launch", "/groups/launch/calendar"):
        reader = Graph(graph.tenant, scopes=("Group.Read.All",))
        _, link = reader.round(f"{place}/calendarView/delta?{WINDOW}")
        box.put({**state.mailboxes[MEGAN]["events"][single(graph)["id"]], "id": place, "calendarId": box.calendar(None)["id"]})
        assert told(reader.round(link)[0]) == ["Lunch"]
        assert graph("GET", f"{place}/calendarView/delta?{WINDOW}").status == 403


# --- events and instances


def test_events_come_without_a_window_in_beta_and_with_little_more_than_times(graph):
    single(graph)
    standup(graph)
    beta = "https://localhost:8443/beta/me/events/delta"
    items, link = graph.round(beta)
    assert sorted(item["type"] for item in items) == ["seriesMaster", "singleInstance"]
    assert set(items[0]) == {"@odata.type", "@odata.etag", "id", "type", "start", "end"}
    single(graph, day="2029-01-01")
    assert len(graph("GET", link).body["value"]) == 1


@pytest.mark.parametrize(("start", "wanted"), [("2026-12-02T00:00:00Z", 3), ("2026-12-03T00:00:00Z", 2), ("2027-01-01T00:00:00Z", 1)])
def test_events_may_begin_at_a_day_in_beta(graph, start, wanted):
    single(graph)
    standup(graph, times=3)
    graph.create(**series("Forever", "2026-11-01T08:00:00", "2026-11-01T08:05:00", DAILY))
    assert len(graph.round(f"https://localhost:8443/beta/me/calendar/events/delta?startDateTime={start}")[0]) == wanted


def test_events_need_a_window_in_v1(graph):
    assert refused(graph("GET", "/me/events/delta")) == (400, "ErrorInvalidParameter")
    event = single(graph)
    items, link = graph.round(f"/me/events/delta?{WINDOW}")
    assert [item["type"] for item in items] == ["singleInstance"]
    graph("DELETE", f"/me/events/{event['id']}")
    assert told(graph("GET", link).body["value"]) == [f"-{event['id']}"]


def test_the_instances_of_a_series_are_followed(graph):
    master = standup(graph)
    single(graph)
    items, link = graph.round(f"/me/events/{master['id']}/instances/delta?{WINDOW}")
    assert told(items) == ["occurrence"] * 3
    single(graph, "Tea")
    graph("PATCH", f"/me/events/{items[0]['id']}", {"subject": "First"})
    assert told(graph("GET", link).body["value"]) == ["First", "occurrence", "occurrence"]


def test_a_single_event_has_no_instances_to_follow(graph):
    event = single(graph)
    assert refused(graph("GET", f"/me/events/{event['id']}/instances/delta?{WINDOW}")) == (400, "ErrorInvalidRequest")


# --- what is refused


@pytest.mark.parametrize("option", ["$select=id", "$filter=subject eq 'x'", "$orderby=subject", "$expand=instances", "$search=x", "$top=5"])
def test_options_that_go_with_no_delta_are_refused_as_the_service_does(graph, option):
    answer = graph("GET", f"{VIEW}&{quote(option, safe='=$')}")
    assert refused(answer) == (400, "ErrorInvalidUrlQuery")
    assert option.partition("=")[0] in answer.message
    assert "CalendarView" in answer.message


@pytest.mark.parametrize("query", ["", "?startDateTime=2026-12-01T00:00:00Z", "?endDateTime=2026-12-01T00:00:00Z"])
def test_a_round_needs_a_window(graph, query):
    answer = graph("GET", f"/me/calendarView/delta{query}")
    assert refused(answer) == (400, "ErrorInvalidParameter")
    assert "StartDateTime and EndDateTime" in answer.message


def test_an_option_nobody_knows_is_refused_by_its_name(graph):
    assert refused(graph("GET", f"{VIEW}&colour=red")) == (501, "notImplemented")


def test_a_token_that_was_tampered_with_is_badly_formed(graph):
    _, link = graph.round(VIEW)
    start, _, token = link.partition("$deltatoken=")
    wrong = ["x", "", ".", "ä.ö", token[:-1], token + "A", token.swapcase(), "A" + token[1:], token.replace(".", ""), "A" * 5000]
    for other in filter(None, wrong):
        answer = graph("GET", f"{start}$deltatoken={quote(other)}")
        assert (refused(answer), answer.message) == ((400, "BadRequest"), "Badly formed token.")
        assert "location" not in answer.headers


def test_no_letter_of_a_token_can_be_changed(graph):
    _, link = graph.round(VIEW)
    start, _, token = link.partition("$deltatoken=")
    for place in range(0, len(token), 7):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert graph("GET", f"{start}$deltatoken={changed}").message == "Badly formed token."


def test_a_token_is_good_for_its_own_place_in_a_link_only(graph):
    _, link = graph.round(VIEW)
    assert refused(graph("GET", link.replace("$deltatoken", "$skiptoken"))) == (400, "BadRequest")
    token = link.partition("=")[2]
    assert refused(graph("GET", f"{link}&$skiptoken={token}")) == (400, "BadRequest")


def test_a_token_of_another_calendar_is_not_found(graph):
    _, link = graph.round(family(graph))
    assert refused(graph("GET", link.replace("/calendars/family", ""))) == (410, "SyncStateNotFound")


def test_an_option_beside_a_token_must_be_the_sealed_one(graph):
    _, link = graph.round(VIEW)
    assert graph("GET", f"{link}&{WINDOW}").status == 200
    assert refused(graph("GET", f"{link}&startDateTime=2025-01-01T00:00:00Z")) == (400, "BadRequest")


def test_an_empty_token_begins_anew(graph):
    single(graph)
    assert told(graph.round(f"{VIEW}&$deltatoken=")[0]) == ["Lunch"]


def test_nobody_follows_the_calendar_of_another(graph):
    assert graph("GET", f"/users/alex@contoso.example/calendarView/delta?{WINDOW}").status in (403, 404)


@pytest.mark.parametrize(("scope", "status"), [("Calendars.Read", 200), ("Calendars.ReadBasic", 200), ("User.Read", 403)])
def test_following_takes_permission_to_read(graph, scope, status):
    single(graph, body={"contentType": "text", "content": "secret"})
    answer = Graph(graph.tenant, scopes=(scope,))("GET", VIEW)
    assert answer.status == status
    assert scope != "Calendars.ReadBasic" or "body" not in answer.body["value"][0]


# --- stale tokens


@pytest.mark.parametrize(
    ("form", "status", "located"),
    [("", 410, False), ("SyncStateNotFound", 410, False), ("syncStateNotFound", 400, False), ("resyncRequired", 410, True)],
)
def test_a_stale_token_is_refused_in_the_form_that_is_set(graph, form, status, located):
    _, link = graph.round(VIEW)
    quirk(graph, staleToken=form)
    ChangeLog(graph.tenant.state.mailboxes[MEGAN]["log"]).forget()
    answer = graph("GET", link)
    assert refused(answer) == (status, form or "SyncStateNotFound")
    assert ("location" in answer.headers) == located


def test_the_location_of_a_stale_token_begins_the_same_round_anew(graph):
    single(graph)
    _, link = graph.round(VIEW)
    quirk(graph, staleToken="SyncStateInvalid")
    ChangeLog(graph.tenant.state.mailboxes[MEGAN]["log"]).forget()
    there = graph("GET", link).headers["location"]
    assert there.endswith("&$deltatoken=")
    assert told(graph.round(there)[0]) == ["Lunch"]


def test_tokens_outlive_a_restart_and_a_snapshot(graph):
    single(graph)
    _, link = graph.round(VIEW)
    again = new_tenant()
    again.restore(graph.tenant.state.to_json())
    single(graph, "Tea")
    assert told(Graph(again)("GET", link).body["value"]) == ["Tea"]


# --- what comes now and then


def test_a_page_may_come_empty_with_a_link(graph):
    single(graph)
    quirk(graph, emptyPages=1)
    first = graph("GET", VIEW)
    assert first.body["value"] == []
    quirk(graph, emptyPages=0)
    assert told(graph.round(first.body["@odata.nextLink"])[0]) == ["Lunch"]


def test_the_last_item_of_a_page_may_come_again(graph):
    for number in range(6):
        single(graph, f"Event {number}")
    quirk(graph, repeatedItems=1)
    items, _ = graph.round(VIEW, prefer="odata.maxpagesize=3")
    assert len(items) == 8
    assert len({item["id"] for item in items}) == 6


def test_a_link_may_lead_to_the_same_page_again(graph):
    for number in range(6):
        single(graph, f"Event {number}")
    second = graph("GET", VIEW, prefer="odata.maxpagesize=2").body["@odata.nextLink"]
    quirk(graph, repeatedLinks=1)
    assert graph("GET", second, prefer="odata.maxpagesize=2").body["@odata.nextLink"] == second


def test_a_round_may_begin_with_what_an_earlier_one_had(graph):
    single(graph)
    _, link = graph.round(VIEW)
    single(graph, "Tea")
    _, link = graph.round(link)
    quirk(graph, replays=1)
    assert told(graph("GET", link).body["value"]) == ["Lunch", "Tea"]


def test_what_comes_now_and_then_is_the_same_with_the_same_seed():
    def run(seed):
        graph = Graph(new_tenant())
        for number in range(8):
            single(graph, f"Event {number}")
        quirk(graph, emptyPages=0.5, repeatedItems=0.5, repeatedLinks=0.5, seed=seed)
        return told(graph.round(VIEW, prefer="odata.maxpagesize=3")[0])

    assert run(3) == run(3)
    assert len({tuple(run(seed)) for seed in range(6)}) > 1


# --- the control plane


def control(graph, method, path, body=None):
    return graph(method, f"https://localhost:8443/sandbox/{path}", body)


def test_quirks_are_listed_set_and_given_back(graph):
    listed = control(graph, "GET", "quirks").body
    assert listed["deletedOccurrenceSilent"]["value"] is True
    changed = control(graph, "POST", "quirks", {"deletedOccurrenceSilent": False, "emptyPages": 0.25, "seed": 7}).body
    assert (changed["deletedOccurrenceSilent"]["value"], changed["emptyPages"]["value"]) == (False, 0.25)
    assert control(graph, "DELETE", "quirks").body == listed


@pytest.mark.parametrize(
    "body",
    [
        {"nonsense": True},
        {"repeatLastItem": 1},
        {"emptyPages": 2},
        {"emptyPages": True},
        {"staleToken": "gone"},
        {"seed": "x"},
        {"replays": -1},
    ],
)
def test_a_quirk_that_makes_no_sense_is_refused_and_nothing_is_set(graph, body):
    assert control(graph, "POST", "quirks", {"wholeSeries": False, **body}).status == 400
    assert graph.tenant.state.quirks == {}


def test_deltas_are_made_stale_for_one_user(graph):
    _, link = graph.round(VIEW)
    assert control(graph, "POST", "delta", {"expire": "megan"}).body == {"expired": "megan", "collections": 1}
    assert refused(graph("GET", link)) == (410, "SyncStateNotFound")
    assert control(graph, "POST", "delta", {"expire": "nobody"}).status == 404
    assert control(graph, "POST", "delta", {}).status == 400


def test_deltas_of_the_directory_are_made_stale(graph):
    before = note(graph.tenant, "users", MEGAN)
    assert control(graph, "POST", "delta", {"expire": "directory"}).status == 200
    assert log_of(graph.tenant.state, "users").since(before) is None
