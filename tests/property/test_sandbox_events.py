"""Laws of what is kept with events: ids through moves, the ends of series, data that apps add."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from daypass_sandbox.calendar import attached, events, extended, identity
from daypass_sandbox.calendar.mailbox import Mailbox
from daypass_sandbox.calendar.recurrence import Rule
from graph_caller import Graph, at, new_tenant, series

AUTHOR = events.Author(
    user={"id": "u", "displayName": "Megan Bowen", "mail": "megan@contoso.example"},
    now=0,
    new_id=identity.derived,
    name_of=lambda address: None,
)
FIRST = date(2026, 12, 1)
days = st.integers(0, 29).map(lambda number: FIRST + timedelta(days=number))


def of_december(last: date) -> dict:
    limits = {"type": "endDate", "startDate": FIRST.isoformat(), "endDate": last.isoformat()}
    return {"pattern": {"type": "daily", "interval": 1}, "range": limits}


def daily(last: date) -> dict:
    moments = {name: at(f"2026-12-01T{hour}:00:00", "W. Europe Standard Time") for name, hour in (("start", "09"), ("end", "10"))}
    return events.create({**moments, "recurrence": of_december(last)}, AUTHOR, "calendar")


@given(st.binary(min_size=1, max_size=60), days)
def test_ids_of_both_forms_are_each_others_other_form(seed, day):
    plain = identity.derived(seed)
    for item_id in (plain, events.occurrence_id(plain, day.isoformat())):
        assert identity.plain(identity.immutable(item_id)) == item_id
        assert identity.is_immutable(identity.immutable(item_id)) is True
        assert identity.is_immutable(item_id) is False


@given(st.lists(st.sampled_from(["Calendar", "Family"]), max_size=5), st.booleans())
def test_an_event_is_found_by_its_immutable_id_wherever_it_was_moved(names, is_series):
    graph = Graph(new_tenant())
    calendars = {calendar["name"]: calendar["id"] for calendar in graph("GET", "/me/calendars").body["value"]}
    event = graph.create(
        **series("X", "2026-12-01T09:00:00", "2026-12-01T10:00:00", {"type": "daily"}) | ({} if is_series else {"recurrence": None})
    )
    lasting, ids = graph("GET", f"/me/events/{event['id']}", prefer='IdType="ImmutableId"').body["id"], [event["id"]]
    for name in names:
        ids.append(graph("POST", "https://localhost:8443/sandbox/move", {"user": "megan", "event": ids[-1], "calendar": name}).body["id"])
        found = graph("GET", f"/me/calendars/{calendars[name]}/events/{lasting}")
        assert (found.status, found.body["id"]) == (200, ids[-1])
    assert len(set(ids)) == len(ids)
    assert [graph("GET", f"/me/events/{one}").status for one in ids] == [404] * len(names) + [200]


@given(st.sets(days, max_size=6), st.sets(days, max_size=6), days, days)
def test_another_end_of_a_series_keeps_what_happened_to_the_days_that_are_left(changed, dropped, last, new_last):
    box = Mailbox({"calendars": {}, "events": {}})
    event = daily(last)
    box.put(event)
    there = {FIRST + timedelta(days=number) for number in range((last - FIRST).days + 1)}
    for day in sorted(changed & there):
        event = events.change_occurrence(event, day.isoformat(), box.neighbours(event, day.isoformat()), {"subject": str(day)}, AUTHOR)
    for day in sorted(dropped & there):
        event = events.cancel_occurrence(event, day.isoformat(), 0)
    after = events.change(event, {"recurrence": of_december(new_last)}, AUTHOR)
    left = {day for day in there if day <= new_last}
    assert {date.fromisoformat(day) for day in after["exceptions"]} == (changed & left) - dropped
    assert {date.fromisoformat(day) for day in after["cancelled"]} == dropped & left
    assert Rule(after["recurrence"]).last == new_last


@given(st.sets(days, min_size=1, max_size=29))
def test_a_series_is_there_as_long_as_any_of_its_days(dropped):
    box = Mailbox({"calendars": {}, "events": {}})
    box.put(daily(max(dropped)))
    event_id = next(iter(box.events))
    for day in sorted(dropped):
        box.delete(box.events[event_id], day.isoformat(), 0)
    everything = {FIRST + timedelta(days=number) for number in range((max(dropped) - FIRST).days + 1)}
    assert (event_id in box.events) == bool(everything - dropped)


properties = st.builds(
    lambda number, value: {"id": f"String 0x{number:x}", "value": value}, st.integers(1, 5), st.none() | st.text(max_size=5)
)


@given(st.lists(st.lists(properties, max_size=6), max_size=5))
def test_properties_are_what_was_written_last_and_nothing_that_was_set_to_null(writes):
    kept: list[dict] = []
    told: dict[str, str | None] = {}
    for given_now in writes:
        kept = extended.merged(kept, given_now)
        told |= {one["id"]: one["value"] for one in given_now}
    assert {one["id"]: one["value"] for one in kept} == {name: value for name, value in told.items() if value is not None}
    assert len({one["id"] for one in kept}) == len(kept)


@given(st.binary(max_size=100))
def test_the_size_of_a_file_is_that_of_its_content_and_the_rest(content):
    file = {
        "kind": "fileAttachment",
        "name": "x",
        "isInline": False,
        "id": "k",
        "lastModifiedDateTime": "",
        **attached.file_of("x", None, content),
    }
    assert attached.shown(file, "event")["size"] == len(content) + attached.OVERHEAD
    assert attached.content_of(file["contentBytes"]) == content


TEXTS = st.text(max_size=60) | st.from_regex(extended.ID, fullmatch=True)


@given(TEXTS)
def test_no_text_is_taken_for_the_id_of_a_property_unless_it_is_one(text):
    try:
        found = extended.property_id(text, many=False)
    except extended.Fault:
        return
    assert extended.property_id(found, many=False) == found


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(["restId", "file", "UTC", "=", "0"])
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=6
)
members = st.sampled_from(
    (
        *("@odata.type", "name", "contentBytes", "item", "contentType", "isInline", "extensionName", "value", "id"),
        *("newReminderTime", "AttachmentItem", "inputIds", "sourceIdType", "targetIdType", "color", "isDefaultCalendar"),
        *("singleValueExtendedProperties", "multiValueExtendedProperties"),
    )
)
kinds = st.sampled_from(["#microsoft.graph.fileAttachment", "#microsoft.graph.itemAttachment", "#microsoft.graph.event", "x.message"])
bodies = st.dictionaries(members, anything | kinds | st.dictionaries(members, anything | kinds, max_size=3), max_size=5)
PLACES = (
    *(
        ("POST", f"/me/events/{{event}}/{rest}")
        for rest in ("attachments", "attachments/createUploadSession", "extensions", "snoozeReminder")
    ),
    *(
        ("PATCH", path)
        for path in ("/me/events/{event}/extensions/Com.Contoso.Deal", "/me/calendars/{calendar}", "/me/calendarGroups/{group}")
    ),
    *(("POST", path) for path in ("/me/translateExchangeIds", "/me/calendars", "/me/calendarGroups")),
)


@given(st.lists(st.tuples(st.sampled_from(PLACES), bodies), min_size=1, max_size=4))
def test_no_body_whatever_brings_the_service_down(asked):
    graph = Graph(new_tenant())
    event = graph.create(**series("X", "2026-12-01T09:00:00", "2026-12-01T10:00:00", {"type": "daily"}))["id"]
    graph("POST", f"/me/events/{event}/extensions", {"extensionName": "Com.Contoso.Deal"})
    ids = {
        "event": event,
        "calendar": graph("GET", "/me/calendars").body["value"][1]["id"],
        "group": graph("GET", "/me/calendarGroups").body["value"][0]["id"],
    }
    for (method, path), body in asked:
        assert graph(method, path.format(**ids), body).status in (200, 201, 400, 405, 409, 413)
    relations = "attachments,extensions,calendar,exceptionOccurrences"
    assert graph("GET", f"/me/events/{event}?$expand={relations}").status == 200
    assert graph("GET", "/me/reminderView(startDateTime='2026-12-01',endDateTime='2026-12-09')").status == 200
    for attachment in graph("GET", f"/me/events/{event}/attachments").body["value"]:
        assert graph("GET", f"/me/events/{event}/attachments/{attachment['id']}?$expand=microsoft.graph.itemattachment/item").status == 200
