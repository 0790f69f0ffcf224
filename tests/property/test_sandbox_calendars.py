from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daypass_sandbox import zones
from daypass_sandbox.calendar import events, shapes
from daypass_sandbox.calendar.mailbox import Mailbox
from daypass_sandbox.calendar.recurrence import DAYS, Rule, normal
from daypass_sandbox.graph import payload
from graph_caller import Graph, new_tenant, timed

ZONES = (
    "UTC",
    "Pacific Standard Time",
    "W. Europe Standard Time",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Apia",
)
AUTHOR = events.Author(
    user={"id": "u", "displayName": "Megan Bowen", "mail": "megan@contoso.example"},
    now=0,
    new_id=lambda kind: kind,
    name_of=lambda address: None,
)

days = st.dates(date(2020, 1, 1), date(2030, 12, 31))
weekdays = st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True)


@st.composite
def recurrences(draw, start):
    kind = draw(st.sampled_from(["daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"]))
    pattern = {
        "type": kind,
        "interval": draw(st.integers(1, 5)),
        "daysOfWeek": draw(weekdays),
        "firstDayOfWeek": draw(st.sampled_from(DAYS)),
        "dayOfMonth": draw(st.integers(1, 31)),
        "month": draw(st.integers(1, 12)),
        "index": draw(st.sampled_from(["first", "second", "third", "fourth", "last"])),
    }
    limit = draw(st.sampled_from(["noEnd", "endDate", "numbered"]))
    end = start + timedelta(days=draw(st.integers(0, 3000)))
    span = {"type": limit, "startDate": start.isoformat(), "endDate": end.isoformat(), "numberOfOccurrences": draw(st.integers(1, 60))}
    return {"pattern": pattern, "range": span}


@st.composite
def rules(draw):
    start = draw(days)
    return Rule(normal(draw(recurrences(start)), start, "UTC"))


@st.composite
def mailboxes(draw):
    """A mailbox with one series and a few single events, and two days between which to look."""
    box = Mailbox({"calendars": {}, "events": {}})
    start = draw(days)
    zone, hour, minutes = draw(st.sampled_from(ZONES)), draw(st.integers(0, 23)), draw(st.integers(0, 3 * 24 * 60))
    begin = datetime(start.year, start.month, start.day, hour)
    spans = [(begin, begin + timedelta(minutes=minutes), draw(recurrences(start)))]
    for _ in range(draw(st.integers(0, 6))):
        day = draw(st.datetimes(datetime(2020, 1, 1), datetime(2030, 12, 31)))
        spans.append((day, day + timedelta(minutes=draw(st.integers(0, 200_000))), None))
    for number, (first, last, recurrence) in enumerate(spans):
        given_event = {"start": {"dateTime": first.isoformat(), "timeZone": zone}, "end": {"dateTime": last.isoformat(), "timeZone": zone}}
        try:
            event = events.create({**given_event, "recurrence": recurrence}, AUTHOR, "calendar")
        except events.Fault:
            continue  # a range without any occurrence is refused
        box.put({**event, "id": f"event-{number}"})
    return box


def key(slot) -> tuple:
    return slot.start, slot.end, slot.event["id"], slot.day


windows = st.tuples(st.integers(1577836800, 1924992000), st.integers(1, 400 * 86400), st.floats(0, 1))


@given(rules(), days, st.integers(0, 800))
def test_a_window_shows_the_same_days_as_the_whole_series(rule, first, length):
    last = first + timedelta(days=length)
    whole = rule.between(date(2020, 1, 1), date(2034, 1, 1))
    assert rule.between(first, last) == [day for day in whole if first <= day <= last]


@given(rules())
def test_days_of_a_series_are_distinct_in_order_and_within_its_range(rule):
    found = rule.between(date(2020, 1, 1), date(2034, 1, 1))
    assert found == sorted(set(found))
    if found:
        assert found[0] == rule.first
        assert rule.last is None or found[-1] <= rule.last


@given(rules(), st.data())
def test_neighbours_are_the_nearest_days_of_the_series(rule, data):
    whole = rule.between(date(2020, 1, 1), date(2060, 1, 1))
    if len(whole) < 3:
        return
    place = data.draw(st.integers(0, len(whole) - 2))
    assert rule.neighbours(whole[place]) == (whole[place - 1] if place else None, whole[place + 1])


@given(mailboxes(), windows)
def test_two_adjacent_windows_show_what_the_whole_shows(box, window):
    start, length, share = window
    middle, end = start + int(length * share), start + length
    whole = {key(slot) for slot in box.window(start, end)}
    assert whole == {key(slot) for slot in box.window(start, middle)} | {key(slot) for slot in box.window(middle, end)}


@given(mailboxes(), windows)
def test_everything_in_a_window_touches_it_and_comes_in_order(box, window):
    start, length, _ = window
    slots = box.window(start, start + length)
    assert [key(slot) for slot in slots] == sorted(key(slot) for slot in slots)
    assert len({key(slot) for slot in slots}) == len(slots)
    assert all(slot.start < start + length and (slot.end > start or slot.start == slot.end >= start) for slot in slots)


@given(mailboxes(), windows)
def test_occurrences_keep_the_wall_time_of_their_master(box, window):
    start, length, _ = window
    for slot in box.window(start, start + length):
        if slot.day is None:
            continue
        first, zone = events.wall_time(slot.event["start"]), zones.zone(slot.event["start"]["timeZone"])
        shown = datetime.fromtimestamp(slot.start, UTC).astimezone(zone)
        wanted = datetime.fromisoformat(slot.day).replace(hour=first.hour, minute=first.minute, second=first.second, tzinfo=zone)
        skipped = wanted.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wanted.replace(tzinfo=None)
        assert skipped or shown.replace(tzinfo=None) == wanted.replace(tzinfo=None)


@given(mailboxes(), windows)
def test_an_index_kept_up_to_date_shows_what_a_fresh_one_shows(box, window):
    start, length, _ = window
    for slot in box.window(start, start + length)[:3]:
        if slot.day and slot.event["id"] in box.events:
            box.put(events.cancel_occurrence(box.events[slot.event["id"]], slot.day, 0))
        else:
            box.remove(slot.event["id"])
    fresh = Mailbox(box.state)
    assert [key(slot) for slot in box.window(start, start + length)] == [key(slot) for slot in fresh.window(start, start + length)]


@given(st.integers(-(10**10), 4 * 10**9), st.sampled_from(ZONES), st.sampled_from(ZONES))
def test_a_time_shown_in_any_zone_is_the_same_instant(seconds, one, other):
    there = zones.wall(seconds, one)
    back = zones.instant(there, one)
    ambiguous = there.replace(tzinfo=zones.zone(one)).utcoffset() != there.replace(tzinfo=zones.zone(one), fold=1).utcoffset()
    assert back == seconds or ambiguous
    assert zones.instant(zones.wall(seconds, "UTC"), "UTC") == seconds
    assert zones.instant(zones.wall(back, other), other) in (back, back - 3600, back + 3600, back - 1800, back + 1800)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.sampled_from(ZONES))
def test_what_is_stored_in_one_zone_is_the_instant_it_was_sent_as(wall, zone):
    sent = wall.replace(microsecond=0, tzinfo=UTC)
    stored = events.stored_time({"dateTime": sent.isoformat(), "timeZone": zone}, "start")
    first_reading = zones.instant(datetime.fromisoformat(stored["dateTime"]), zone)
    assert zones.wall(first_reading, zone) == zones.wall(sent.timestamp(), zone)


@pytest.fixture(scope="module")
def full_calendar():
    graph = Graph(new_tenant())
    for number in range(37):
        graph.create(**timed(f"Event {number:02}", f"2026-12-01T{number % 24:02}:00:00", f"2026-12-01T{number % 24:02}:30:00"))
    return graph


@given(
    st.integers(1, 40), st.sampled_from(["", "&$orderby=start/dateTime", "&$orderby=subject desc", "&$orderby=start/dateTime desc,subject"])
)
def test_following_the_links_gives_each_event_once_and_in_order(full_calendar, size, order):
    window = ("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z")
    whole = full_calendar.view(*window, f"&$top=100{order}").body["value"]
    paged = full_calendar.everything(full_calendar.view(*window, f"&$top={size}{order}"))
    assert [event["id"] for event in paged] == [event["id"] for event in whole]
    assert len(whole) == 37


numbers = st.integers(-1, 40) | st.integers() | st.floats()
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["2026-12-01T10:00:00", "UTC", "9999-12-31"])
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=6
)


KEPT_WITH_EVENTS = (
    {"@odata.type": "#microsoft.graph.fileAttachment", "name": "menu.txt", "contentBytes": "bWFj"},
    {
        "@odata.type": "#microsoft.graph.itemAttachment",
        "name": "Fair",
        "item": {"@odata.type": "#microsoft.graph.event", "subject": "Fair"},
    },
    {"extensionName": "Com.Contoso.Deal", "dealValue": 1010100},
    {"id": "String 0x3a25", "value": "Green"},
    {"id": "StringArray 0x3a25", "value": ["Green"]},
)


def of_shape(shape):
    """What fits a member of an event, now and then something else."""
    if isinstance(shape, dict):
        fitting = st.fixed_dictionaries({}, optional={name: of_shape(part) for name, part in shape.items()})
    elif isinstance(shape, list):
        fitting = st.lists(of_shape(shape[0]), max_size=3)
    elif isinstance(shape, tuple):
        fitting = st.sampled_from(shape)
    elif shape in (payload.WHOLE, payload.NUMBER):
        fitting = numbers
    elif callable(shape):
        fitting = st.sampled_from(KEPT_WITH_EVENTS)
    else:
        fitting = scalars
    return st.one_of(fitting, fitting, fitting, fitting, anything)


bodies = st.fixed_dictionaries(
    {"start": st.just({"dateTime": "2026-12-01T10:00:00", "timeZone": "UTC"}), "end": st.just({"dateTime": "2026-12-02T10:00:00"})},
    optional={name: of_shape(shape) for name, shape in shapes.EVENT.items() if name not in ("start", "end")},
)


@given(bodies, bodies)
def test_no_body_whatever_brings_the_service_down(first, second):
    graph = Graph(new_tenant())
    created = graph("POST", "/me/events", first)
    assert created.status in (201, 400, 501)
    if created.status == 201:
        path = f"/me/events/{created.body['id']}"
        assert graph("PATCH", path, second).status in (200, 400, 501)
        assert graph("GET", path).status == 200
        window = graph.view("2026-11-01T00:00:00Z", "2027-11-01T00:00:00Z", "&$top=1000&$orderby=start/dateTime desc")
        assert window.status == 200
        for event in window.body["value"][:2]:
            assert graph("PATCH", f"/me/events/{event['id']}", second).status in (200, 400, 501)
            assert graph("DELETE", f"/me/events/{event['id']}").status == 204


@given(
    st.dictionaries(
        st.sampled_from(["$select", "$top", "$skip", "$orderby", "$count", "startDateTime", "endDateTime"]), st.text(max_size=30)
    )
)
def test_no_query_whatever_brings_the_service_down(full_calendar, options):
    assert full_calendar("GET", f"/me/calendarView?{urlencode(options)}").status in (200, 400, 501)


@given(st.text(alphabet="AZaz09_-=FRgk%/.'()", max_size=60))
def test_no_id_whatever_brings_the_service_down(full_calendar, text):
    assert full_calendar("GET", f"/me/events/{quote(text, safe='')}").status in (200, 404)
