"""The codec on anything: junk becomes an event or one error, and what is written means what was meant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from daypass.errors import TransportError
from daypass.graph import codec
from daypass.model.event import Event, NewEvent, in_order
from daypass.value import Value

NAMES = """
    id subject start end isAllDay location displayName organizer attendees emailAddress name address status response type showAs sensitivity
    importance seriesMasterId isCancelled isOrganizer responseStatus isOnlineMeeting onlineMeeting joinUrl bodyPreview body content webLink
    iCalUId changeKey transactionId categories hasAttachments isReminderOn reminderMinutesBeforeStart originalStartTimeZone
    dateTime timeZone
""".split()
MOMENTS = st.datetimes().map(datetime.isoformat) | st.dates().map(date.isoformat)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | MOMENTS
JUNK = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4), max_leaves=20
)

ZONE_NAMES = st.sampled_from(
    ["UTC", "Europe/Berlin", "W. Europe Standard Time", "tzone://Microsoft/Utc", "America/St_Johns", "Pacific/Apia"]
)
STATED = st.fixed_dictionaries({"dateTime": MOMENTS | st.text(max_size=20), "timeZone": ZONE_NAMES | st.text(max_size=30)})


@given(st.dictionaries(st.sampled_from(NAMES), JUNK, max_size=12), STATED | JUNK, STATED | JUNK, st.booleans())
def test_any_json_object_is_an_event_or_one_error(junk: dict[str, Any], start: Any, end: Any, whole: bool) -> None:
    for data in (junk, {**junk, "id": "1", "start": start, "end": end, "isAllDay": whole}):
        with suppress(TransportError):
            read = codec.event(data)
            assert isinstance(read, Event)
            assert all(isinstance(text, str) for text in (read.id, read.subject, read.location, read.body, read.show_as, *read.categories))


TEXTS = st.text(st.characters(exclude_categories=()), max_size=6)  # half surrogate pairs too, as JSON can hold them
WORDS = st.recursive(TEXTS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4))


def every_text(value: Any) -> Iterator[str]:
    """Every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | Value):
        for part in value if isinstance(value, tuple) else vars(value).values():
            yield from every_text(part)


@given(st.dictionaries(st.sampled_from([*NAMES, *codec.USER_FIELDS.split(",")]), WORDS))
def test_every_text_of_an_answer_can_be_written_as_utf_8(words: dict[str, Any]) -> None:
    when = {"dateTime": "2026-11-22T10:00:00", "timeZone": "UTC"}
    data = {**words, "id": "1\ud800", "start": when, "end": when, "attendees": [words]}
    for text in (*every_text(codec.event(data)), *every_text(codec.user(data))):
        text.encode()


@given(MOMENTS, MOMENTS, ZONE_NAMES, st.booleans())
def test_every_moment_can_be_shown_to_every_viewer(start: str, end: str, zone: str, whole: bool) -> None:
    stated = {name: {"dateTime": wall, "timeZone": zone} for name, wall in (("start", start), ("end", end))}
    read = codec.event({"id": "1", "isAllDay": whole, **stated})
    for viewer in (ZoneInfo("Asia/Tokyo"), ZoneInfo("America/Los_Angeles"), ZoneInfo("Pacific/Kiritimati")):
        assert in_order([read], viewer) == [read]
        for moment in (read.start, read.end):
            assert 1899 <= (moment.astimezone(viewer) if isinstance(moment, datetime) else moment).year <= 3000


@given(st.dictionaries(st.sampled_from([*codec.USER_FIELDS.split(","), *NAMES]), JUNK))
def test_any_json_object_is_a_user_or_one_error(junk: dict[str, Any]) -> None:
    with suppress(TransportError):
        assert isinstance(codec.user(junk).display_name, str)


ZONES = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "UTC", "Pacific/Apia"]
)
CHANGES = st.sampled_from([datetime(2026, 3, 29, 1), datetime(2026, 10, 25, 1), datetime(2026, 11, 1, 6), datetime(2026, 4, 4, 15)])
MINUTES = st.integers(-180, 180).map(lambda minutes: timedelta(minutes=minutes))
AROUND_CHANGES = st.builds(lambda change, minutes: change.replace(tzinfo=UTC) + minutes, CHANGES, MINUTES)


@given(start=AROUND_CHANGES, minutes=st.integers(1, 3 * 24 * 60), zone=ZONES, given_in=ZONES)
def test_a_timed_event_comes_back_as_the_instants_it_was_made_of(start: datetime, minutes: int, zone: str, given_in: str) -> None:
    end = start + timedelta(minutes=minutes)
    there = ZoneInfo(given_in)
    sent = codec.new_event(NewEvent("x", start.astimezone(there), end.astimezone(there), zone))
    read = codec.event({"id": "1", **sent})
    assert isinstance(read.start, datetime)
    assert isinstance(read.end, datetime)
    # compared in UTC: a time that comes twice equals none of another zone (PEP 495)
    assert (read.start.astimezone(UTC), read.end.astimezone(UTC)) == (start, end)


@given(start=st.dates(date(1900, 1, 1), date(2100, 1, 1)), days=st.integers(1, 400), zone=ZONES)
def test_an_all_day_event_comes_back_as_the_days_it_was_made_of(start: date, days: int, zone: str) -> None:
    read = codec.event({"id": "1", **codec.new_event(NewEvent("x", start, start + timedelta(days=days), zone))})
    assert (read.start, read.end, read.is_all_day) == (start, start + timedelta(days=days), True)
