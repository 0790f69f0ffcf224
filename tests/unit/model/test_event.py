from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from daypass.errors import UsageError
from daypass.model.event import Attendee, Event, NewEvent, Person, check_address, distinct, in_order, overlaps
from daypass.model.zones import day_start

BERLIN = ZoneInfo("Europe/Berlin")
ISTANBUL = ZoneInfo("Europe/Istanbul")
SINGAPORE = ZoneInfo("Asia/Singapore")
LOS_ANGELES = ZoneInfo("America/Los_Angeles")
NEW_YORK = ZoneInfo("America/New_York")


def timed(start, end, zone=UTC, key="1"):
    return Event(key, "Review", *(datetime.fromisoformat(wall).replace(tzinfo=zone) for wall in (start, end)))


def all_day(start, end, key="1"):
    return Event(key, "Fair", date.fromisoformat(start), date.fromisoformat(end))


def in_day(event, day, zone):
    """Whether the event lies in one whole day of the viewer."""
    return overlaps(event, day_start(day, zone), day_start(day + timedelta(days=1), zone), zone)


def days_of(event, around, zone):
    return [day for day in (around + timedelta(days=n) for n in range(-4, 5)) if in_day(event, day, zone)]


def test_an_event_is_all_day_exactly_when_it_has_dates():
    assert all_day("2026-11-23", "2026-11-24").is_all_day
    assert not timed("2026-11-23T09:00", "2026-11-23T10:00").is_all_day


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2026, 11, 23), datetime(2026, 11, 23, 9, tzinfo=UTC)),
        (datetime(2026, 11, 23, 9, tzinfo=UTC), date(2026, 11, 24)),
        (datetime.fromisoformat("2026-11-23T09:00"), datetime(2026, 11, 23, 10, tzinfo=UTC)),
        (datetime(2026, 11, 23, 9, tzinfo=UTC), datetime.fromisoformat("2026-11-23T10:00")),
    ],
)
def test_an_event_is_never_a_guess_between_date_and_moment(start, end):
    with pytest.raises(ValueError, match=r"both be|no moment"):
        Event("1", "Review", start, end)


def test_an_event_cannot_be_changed():
    with pytest.raises(AttributeError, match="immutable"):
        timed("2026-11-23T09:00", "2026-11-23T10:00").subject = "Other"


def test_an_event_keeps_words_that_graph_may_add():
    event = Event("1", "Review", date(2026, 11, 23), date(2026, 11, 24), show_as="unknownFutureValue", type="holiday")
    assert (event.show_as, event.type) == ("unknownFutureValue", "holiday")


def test_duration_is_real_time_across_the_end_of_summer_time():
    start = datetime(2017, 10, 29, 0, 0, tzinfo=UTC).astimezone(ZoneInfo("Europe/London"))
    end = datetime(2017, 10, 29, 1, 0, tzinfo=UTC).astimezone(ZoneInfo("Europe/London"))
    event = Event("1", "Night shift", start, end)
    assert f"{event.start:%H:%M %Z} to {event.end:%H:%M %Z}" == "01:00 BST to 01:00 GMT"
    assert event.duration == timedelta(hours=1)
    assert in_day(event, date(2017, 10, 29), ZoneInfo("Europe/London"))


def test_duration_of_an_all_day_event_is_its_days():
    assert all_day("2026-03-28", "2026-03-31").duration == timedelta(days=3)


def test_a_one_day_listing_in_istanbul_has_the_late_event_and_not_tomorrows_all_day_one():
    day = date(2022, 9, 18)
    assert not in_day(all_day("2022-09-19", "2022-09-20"), day, ISTANBUL)
    assert in_day(timed("2022-09-18T23:30", "2022-09-19T00:00", ISTANBUL), day, ISTANBUL)
    assert not in_day(timed("2022-09-18T23:30", "2022-09-19T00:00", ISTANBUL), day + timedelta(days=1), ISTANBUL)


def test_an_all_day_event_of_one_day_is_listed_on_that_day_only():
    assert days_of(all_day("2022-09-30", "2022-10-01"), date(2022, 9, 30), ISTANBUL) == [date(2022, 9, 30)]


def test_an_hour_in_the_morning_east_of_utc_touches_only_the_days_own_all_day_event():
    start = datetime(2025, 8, 20, 8, 0, 1, tzinfo=SINGAPORE)
    window = (start, start + timedelta(hours=1))
    listed = [day for day in (19, 20, 21) if overlaps(all_day(f"2025-08-{day}", f"2025-08-{day + 1}"), *window, SINGAPORE)]
    assert listed == [20]


def test_an_afternoon_west_of_utc_still_has_todays_all_day_event_and_not_yet_tomorrows():
    start = datetime(2025, 8, 20, 17, 30, tzinfo=LOS_ANGELES)  # 00:30 on the 21st in UTC
    window = (start.astimezone(UTC), (start + timedelta(minutes=1)).astimezone(UTC))
    listed = [day for day in (19, 20, 21) if overlaps(all_day(f"2025-08-{day}", f"2025-08-{day + 1}"), *window, LOS_ANGELES)]
    assert listed == [20]


@pytest.mark.parametrize(
    "zone", [NEW_YORK, SINGAPORE, ZoneInfo("Asia/Kathmandu"), ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago"), UTC]
)
def test_an_all_day_event_has_the_same_date_in_every_zone(zone):
    assert days_of(all_day("2026-01-01", "2026-01-02"), date(2026, 1, 1), zone) == [date(2026, 1, 1)]


def test_the_day_before_an_all_day_event_does_not_list_it():
    assert not in_day(all_day("2026-11-24", "2026-11-25"), date(2026, 11, 23), BERLIN)


def test_an_all_day_event_of_several_days_is_on_each_of_them():
    assert days_of(all_day("2026-03-28", "2026-03-31"), date(2026, 3, 29), BERLIN) == [date(2026, 3, day) for day in (28, 29, 30)]


def test_an_all_day_event_that_ends_where_it_starts_is_on_that_day():
    assert days_of(all_day("2026-03-28", "2026-03-28"), date(2026, 3, 28), BERLIN) == [date(2026, 3, 28)]


@pytest.mark.parametrize(
    ("start", "end", "listed"),
    [
        ("08:00", "09:00", False),  # ends where the window begins
        ("08:00", "09:01", True),
        ("08:00", "11:00", True),
        ("09:30", "09:40", True),
        ("09:59", "11:00", True),
        ("10:00", "11:00", False),  # begins where the window ends
        ("09:00", "09:00", True),  # without length, at the start
        ("10:00", "10:00", False),  # without length, at the end
        ("08:59", "08:59", False),
    ],
)
def test_a_timed_event_is_listed_when_an_instant_of_it_lies_in_the_window(start, end, listed):
    event = timed(f"2026-11-23T{start}", f"2026-11-23T{end}", BERLIN)
    window = (datetime(2026, 11, 23, 8, 0, tzinfo=UTC), datetime(2026, 11, 23, 9, 0, tzinfo=UTC))  # 09:00 to 10:00 in Berlin
    assert overlaps(event, *window, NEW_YORK) is listed


def test_a_window_over_the_hour_that_happens_twice_compares_instants():
    window = [datetime(2026, 10, 25, 2, 0, tzinfo=BERLIN, fold=fold) for fold in (0, 1)]
    second = Event(
        "1", "Review", datetime(2026, 10, 25, 2, 15, tzinfo=BERLIN, fold=1), datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1)
    )
    first = timed("2026-10-25T02:15", "2026-10-25T02:30", BERLIN)
    assert overlaps(first, *window, BERLIN)
    assert not overlaps(second, *window, BERLIN)


def test_events_stand_by_the_viewers_day_all_day_first_then_by_instant():
    late = timed("2026-11-23T23:30", "2026-11-23T23:45", UTC, "late")  # 00:30 on the 24th in Berlin
    early = timed("2026-11-23T09:00", "2026-11-23T10:00", BERLIN, "early")
    same = timed("2026-11-23T08:00", "2026-11-23T08:30", UTC, "same")
    fair = all_day("2026-11-24", "2026-11-25", "fair")
    trip = all_day("2026-11-22", "2026-11-27", "trip")
    assert [event.id for event in in_order([late, fair, early, same, trip], BERLIN)] == ["trip", "early", "same", "fair", "late"]
    assert [event.id for event in in_order([late, fair, same, early, trip], BERLIN)] == ["trip", "same", "early", "fair", "late"]


def test_the_two_halves_of_a_repeated_hour_stand_in_real_order():
    second = Event("second", "B", *(datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN, fold=1),) * 2)
    first = Event("first", "A", *(datetime(2026, 10, 25, 2, 50, tzinfo=BERLIN),) * 2)
    assert [event.id for event in in_order([second, first], BERLIN)] == ["first", "second"]


def test_an_event_that_two_pages_repeat_is_kept_once_and_first():
    a, b, again = (timed("2026-11-23T09:00", "2026-11-23T10:00", key=key) for key in ("a", "b", "a"))
    kept = distinct([a, b, again])
    assert [event.id for event in kept] == ["a", "b"]
    assert kept[0] is a


def test_ids_are_told_apart_by_letter_case():
    assert len(distinct([timed("2026-11-23T09:00", "2026-11-23T10:00", key=key) for key in ("AAx", "AAX")])) == 2


NINE, TEN = (datetime(2026, 11, 23, hour, tzinfo=BERLIN) for hour in (9, 10))


def test_a_new_event_is_timed_or_all_day():
    assert not NewEvent("Study", NINE, TEN, time_zone="Europe/Berlin").is_all_day
    assert NewEvent("Study", date(2022, 9, 30), date(2022, 10, 1)).is_all_day


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"end": NINE}, "must come after"),
        ({"end": datetime(2026, 11, 23, 8, tzinfo=UTC) - timedelta(minutes=1)}, "must come after"),
        ({"start": date(2026, 11, 23), "end": date(2026, 11, 23)}, "must come after"),
        ({"start": date(2026, 11, 23)}, "both be"),
        ({"end": date(2026, 11, 24)}, "both be"),
        ({"start": datetime.fromisoformat("2026-11-23T09:00")}, "time zone"),
        ({"subject": ""}, "title"),
        ({"subject": " \t "}, "title"),
        ({"subject": "Study\nBcc: all@contoso.example"}, "one line"),
        ({"subject": "Study \x1b[31mnow"}, "one line"),
        ({"subject": "Study\udcff"}, "one line"),
        ({"location": "Room 1\u2028Room 2"}, "one line"),
        ({"attendees": (Attendee(Person("Ann", "nobody")),)}, "mail address"),
        ({"attendees": (Attendee(Person("Ann", "a@contoso.example")),) * 501}, "at most 500"),
    ],
)
def test_a_new_event_that_makes_no_sense_is_refused(change, reason):
    with pytest.raises(UsageError, match=reason):
        NewEvent(**({"subject": "Study", "start": NINE, "end": TEN} | change))


def test_a_new_event_across_the_change_of_clocks_is_compared_in_real_time():
    first, second = (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=fold) for fold in (0, 1))
    assert NewEvent("Night shift", first, second)
    with pytest.raises(UsageError, match="must come after"):
        NewEvent("Night shift", second, first)


def test_a_new_event_takes_people_emoji_and_500_attendees():
    everyone = tuple(Attendee(Person("", f"a{n}@contoso.example")) for n in range(500))
    assert NewEvent("Fête 👩‍👩‍👧 עברית", NINE, TEN, attendees=everyone).attendees == everyone


@pytest.mark.parametrize("address", ["megan@contoso.example", "o'neil+tag@mail.contoso.example", "jürgen@müller.example"])
def test_an_address_is_taken(address):
    check_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "megan",
        "@contoso.example",
        "megan@",
        "a@b@c",
        "a@b,c",
        "a;b@c",
        "a b@c",
        "a@b\n",
        "a@b\r\nBcc: c",
        "Megan <a@b>",
        "a@b\0",
        "a@\u202eb",
    ],
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(UsageError, match="not an email address"):
        check_address(address)
