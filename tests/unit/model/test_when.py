from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from daypass.errors import AmbiguousTime, UsageError
from daypass.model.when import parse_day, parse_duration, parse_moment, parse_window

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
KATHMANDU = ZoneInfo("Asia/Kathmandu")
APIA = ZoneInfo("Pacific/Apia")
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=BERLIN)  # a Monday


def moment(text, zone=BERLIN, now=NOW, **options):
    return parse_moment(text, now, zone, **options).isoformat()


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-23", "2026-11-23"),
        ("2026-1-5", "2026-01-05"),
        ("2024-02-29", "2024-02-29"),
        ("2026-W48-1", "2026-11-23"),
        ("today", "2026-11-23"),
        (" Today ", "2026-11-23"),
        ("tomorrow", "2026-11-24"),
        ("yesterday", "2026-11-22"),
        ("mon", "2026-11-23"),
        ("next mon", "2026-11-30"),
        ("next monday", "2026-11-30"),
        ("fri", "2026-11-27"),
        ("Friday", "2026-11-27"),
        ("next fri", "2026-11-27"),
        ("next-fri", "2026-11-27"),
        ("thurs", "2026-11-26"),
        ("sunday", "2026-11-29"),
        ("+0d", "2026-11-23"),
        ("+3d", "2026-11-26"),
        ("-3d", "2026-11-20"),
        ("-1w", "2026-11-16"),
        ("+2w", "2026-12-07"),
        ("eod", "2026-11-23"),
        ("eow", "2026-11-29"),
        ("eom", "2026-11-30"),
        ("23 nov", "2026-11-23"),
        ("nov 24", "2026-11-24"),
        ("22 nov", "2027-11-22"),
        ("1 jan", "2027-01-01"),
        ("29 feb", "2028-02-29"),
        ("nov 23 2026", "2026-11-23"),
        ("Nov 23, 2026", "2026-11-23"),
        ("23 November 2026", "2026-11-23"),
        ("23. november 2026", "2026-11-23"),
        ("23rd sept 2025", "2025-09-23"),
    ],
)
def test_a_day_is_read(text, day):
    assert parse_day(text, NOW).isoformat() == day
    assert moment(text) == day


@pytest.mark.parametrize(
    ("today", "text", "day"),
    [
        (date(2026, 12, 31), "eom", "2026-12-31"),
        (date(2028, 2, 3), "eom", "2028-02-29"),
        (date(2026, 11, 29), "eow", "2026-11-29"),
        (date(2026, 12, 31), "tomorrow", "2027-01-01"),
        (date(2028, 2, 29), "29 feb", "2028-02-29"),
        (date(2096, 3, 1), "29 feb", "2104-02-29"),
    ],
)
def test_the_ends_of_week_month_and_year_are_met(today, text, day):
    assert parse_day(text, datetime(today.year, today.month, today.day, 23, 59, tzinfo=BERLIN)).isoformat() == day


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("2026-11-23T14:30", "2026-11-23T14:30:00+01:00"),
        ("2026-11-23 14:30", "2026-11-23T14:30:00+01:00"),
        ("2026-11-23  14:30:15", "2026-11-23T14:30:15+01:00"),
        ("2026-11-23T14:30Z", "2026-11-23T15:30:00+01:00"),
        ("2026-11-23T14:30:00.0000000Z", "2026-11-23T15:30:00+01:00"),
        ("2026-11-23T14:30:00.1234567", "2026-11-23T14:30:00.123456+01:00"),
        ("2026-11-23T14:30-05:00", "2026-11-23T20:30:00+01:00"),
        ("2026-11-23 14:30+0545", "2026-11-23T09:45:00+01:00"),
        ("2026-07-01T14:30", "2026-07-01T14:30:00+02:00"),
        ("2026-11-23 9am", "2026-11-23T09:00:00+01:00"),
        ("14:30", "2026-11-23T14:30:00+01:00"),
        ("9:05", "2026-11-23T09:05:00+01:00"),
        ("9am", "2026-11-23T09:00:00+01:00"),
        ("9 AM", "2026-11-23T09:00:00+01:00"),
        ("9:15pm", "2026-11-23T21:15:00+01:00"),
        ("12am", "2026-11-23T00:00:00+01:00"),
        ("12pm", "2026-11-23T12:00:00+01:00"),
        ("noon", "2026-11-23T12:00:00+01:00"),
        ("midnight", "2026-11-23T00:00:00+01:00"),
        ("24:00", "2026-11-24T00:00:00+01:00"),
        ("tomorrow 14:30", "2026-11-24T14:30:00+01:00"),
        ("tomorrow at 2:30 pm", "2026-11-24T14:30:00+01:00"),
        ("14:30 tomorrow", "2026-11-24T14:30:00+01:00"),
        ("fri 9am", "2026-11-27T09:00:00+01:00"),
        ("next fri noon", "2026-11-27T12:00:00+01:00"),
        ("+3d 9am", "2026-11-26T09:00:00+01:00"),
        ("eow 17:00", "2026-11-29T17:00:00+01:00"),
        ("23 November 2026 14:30", "2026-11-23T14:30:00+01:00"),
        ("now", "2026-11-23T15:00:00+01:00"),
        ("+2h", "2026-11-23T17:00:00+01:00"),
        ("-30m", "2026-11-23T14:30:00+01:00"),
        ("+1h30m", "2026-11-23T16:30:00+01:00"),
    ],
)
def test_a_moment_is_read(text, reads):
    assert moment(text) == reads


def test_a_time_without_a_zone_is_the_users():
    assert moment("12:00", KATHMANDU) == "2026-11-23T12:00:00+05:45"


def test_today_is_the_day_of_the_zone_asked_for():
    late = datetime(2026, 11, 23, 23, 0, tzinfo=BERLIN)
    assert moment("today 08:00", KATHMANDU, late) == "2026-11-24T08:00:00+05:45"
    assert moment("today", NEW_YORK, late) == "2026-11-23"


def test_hours_from_now_are_real_time_across_a_change_of_clocks():
    before = datetime(2026, 3, 29, 1, 30, tzinfo=BERLIN)
    assert moment("+1h", now=before) == "2026-03-29T03:30:00+02:00"
    assert moment("+24h", now=before) == "2026-03-30T02:30:00+02:00"


@pytest.mark.parametrize(
    ("text", "zone", "offered"),
    [
        ("2026-03-29 02:30", BERLIN, "2026-03-29T03:30"),
        ("29 march 2026 2:30am", BERLIN, "2026-03-29T03:30"),
        ("2007-03-11T02:30", NEW_YORK, "2007-03-11T03:30"),
        ("2026-10-04 02:10", LORD_HOWE, "2026-10-04T02:40"),
        ("2011-12-30 10:00", APIA, "2011-12-31T10:00"),
    ],
)
def test_a_time_that_does_not_exist_is_refused_with_an_offer_that_does(text, zone, offered):
    with pytest.raises(AmbiguousTime, match="does not exist") as refused:
        parse_moment(text, NOW, zone)
    assert refused.value.suggestions[0] == offered
    assert moment(offered, zone).startswith(offered)


@pytest.mark.parametrize(
    ("text", "zone", "first", "second"),
    [
        ("2026-10-25 02:30", BERLIN, "+02:00", "+01:00"),
        ("2007-11-04 01:30", NEW_YORK, "-04:00", "-05:00"),
        ("2026-04-05 01:45", LORD_HOWE, "+11:00", "+10:30"),
    ],
)
def test_a_time_that_exists_twice_is_the_first_unless_asked(text, zone, first, second):
    assert moment(text, zone)[-6:] == first
    assert moment(text, zone, fold=0)[-6:] == first
    assert moment(text, zone, fold=1)[-6:] == second


def test_an_offset_chooses_between_the_two_by_itself():
    assert moment("2026-10-25T02:30+01:00") == "2026-10-25T02:30:00+01:00"
    assert moment("2026-10-25T02:30+02:00") == "2026-10-25T02:30:00+02:00"


def test_an_offset_that_contradicts_the_zone_is_refused_where_it_must_match():
    los_angeles = ZoneInfo("America/Los_Angeles")
    with pytest.raises(UsageError, match="not that of America/Los_Angeles") as refused:
        parse_moment("2026-11-23T09:00+02:00", NOW, los_angeles, offset_must_match=True)
    assert refused.value.suggestions == ("2026-11-22T23:00",)
    assert moment("2026-11-23T09:00-08:00", los_angeles, offset_must_match=True) == "2026-11-23T09:00:00-08:00"


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("03/04/2026", ("2026-04-03", "2026-03-04")),
        ("3.4.2026", ("2026-04-03", "2026-03-04")),
        ("3-4-2026", ("2026-04-03", "2026-03-04")),
        ("3.4.", ("2027-04-03", "2027-03-04")),
        ("23/11", ("2026-11-23",)),
        ("12/11", ("2027-11-12", "2026-12-11")),
        ("03/04/26", ("2026-04-03", "2026-03-04", "2003-04-26")),
        ("04/04/2026", ("2026-04-04",)),
        ("30/06/2025", ("2025-06-30",)),
        ("06/30/2025", ("2025-06-30",)),
        ("2026/11/23", ("2026-11-23",)),
        ("2026/11/12", ("2026-11-12", "2026-12-11")),
        ("30/06/2025 09:30", ("2025-06-30 09:30",)),
        ("3/4/2026 9am", ("2026-04-03 9am", "2026-03-04 9am")),
        ("30/06/2025 09:30 10:30 Europe/Helsinki", ("2025-06-30",)),
        ("9.30", ("2027-09-30", "9:30")),
        ("14.30", ("14:30",)),
    ],
)
def test_numbers_that_are_not_iso_are_refused_with_their_readings(text, readings):
    with pytest.raises(AmbiguousTime) as refused:
        parse_moment(text, NOW, BERLIN)
    assert refused.value.suggestions == readings
    assert all(reading in str(refused.value) for reading in readings)
    assert all(parse_moment(reading, NOW, BERLIN) for reading in readings)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-02-30", "February 2026 has 28 days"),
        ("30 feb 2028", "February 2028 has 29 days"),
        ("31 feb", "has 28 days"),
        ("0 nov", "has 30 days"),
        ("2026-13-01", "no month 13"),
        ("2026-00-01", "no month 0"),
        ("2026-W60-1", "invalid week: 60"),
        ("2026-W48-8", "invalid"),
        ("0001-01-01", "between 1900 and 2999"),
        ("9999-12-31", "between 1900 and 2999"),
        ("+99999w", "between 1900 and 2999"),
        ("0001-W01-1", "between 1900 and 2999"),
        ("25:00", "from 00:00 to 24:00"),
        ("24:01", "from 00:00 to 24:00"),
        ("14:60", "from 00:00 to 24:00"),
        ("2026-11-23T14:30:60", "from 00:00 to 24:00"),
        ("13pm", "1 to 12"),
        ("0am", "1 to 12"),
        ("9:60am", "1 to 12"),
        ("today 14:30Z", "needs a full date"),
        ("14:30+01:00", "needs a full date"),
        ("+2x", "cannot read"),
        ("+0h", "more than nothing"),
        ("+99999h", "longer than ten years"),
    ],
)
def test_what_cannot_be_says_why(text, why):
    with pytest.raises(UsageError, match=why) as refused:
        parse_moment(text, NOW, BERLIN)
    assert refused.value.suggestions


ARABIC_DIGITS = "2026-11-23".translate({ord(digit): 0x0660 + int(digit) for digit in "0123456789"})
NONSENSE = ["", " ", "foo", "at", "9", "2026", "nov", "nov 2026", "nov 23 26", "99/99", "2026/11", "fr", "next", "mon tue", "2026-11-23T"]


@pytest.mark.parametrize("text", [*NONSENSE, "fri 9am 10am", "23 14:30 nov", ARABIC_DIGITS])
def test_nonsense_is_refused_with_examples_that_are_read(text):
    with pytest.raises(UsageError, match="cannot read") as refused:
        parse_moment(text, NOW, BERLIN)
    assert all(parse_moment(example, NOW, BERLIN) for example in refused.value.suggestions)
    assert refused.value.suggestions


def test_an_error_shows_hostile_text_harmless_and_short():
    with pytest.raises(UsageError) as refused:
        parse_day("\x1b[2J\u202eevil\n" + "x" * 100_000, NOW)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 100


@pytest.mark.parametrize("text", ["14:30", "tomorrow 9am", "2026-11-23T14:30", "now", "+2h"])
def test_a_time_is_refused_where_a_day_is_needed(text):
    with pytest.raises(UsageError):
        parse_day(text, NOW)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("30m", 30),
        ("1h", 60),
        ("1h30", 90),
        ("1h30m", 90),
        ("90m", 90),
        ("1:30", 90),
        ("0:05", 5),
        ("2d", 2880),
        ("1w", 10080),
        ("1d12h", 2160),
        ("45 min", 45),
        ("1 hour 30 minutes", 90),
        ("PT1H30M", 90),
        ("pt90m", 90),
        ("P1D", 1440),
        ("P1DT2H", 1560),
        ("PT60S", 1),
        (" 1H ", 60),
        ("3660d", 5_270_400),
    ],
)
def test_a_length_is_read(text, minutes):
    assert parse_duration(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0m", "more than nothing"),
        ("PT0S", "more than nothing"),
        ("-30m", "more than nothing"),
        ("0:00", "more than nothing"),
        ("3661d", "longer than ten years"),
        ("9999w", "longer than ten years"),
        ("99999999d", "cannot read"),
        ("", "cannot read"),
        ("m", "cannot read"),
        ("P", "cannot read"),
        ("PT", "cannot read"),
        ("P1DT", "cannot read"),
        ("1:60", "cannot read"),
        ("1h90", "cannot read"),
        ("1.5h", "cannot read"),
        ("30m 1h", "cannot read"),
        ("half an hour", "cannot read"),
    ],
)
def test_a_length_that_is_none_says_why(text, why):
    with pytest.raises(UsageError, match=why) as refused:
        parse_duration(text)
    assert all(parse_duration(suggestion) for suggestion in refused.value.suggestions)


def test_a_bare_number_is_no_length_and_its_two_readings_are_offered():
    with pytest.raises(UsageError) as refused:
        parse_duration("30")
    assert refused.value.suggestions == ("30m", "30h")


def window(start=None, end=None, days=None, now=NOW, zone=BERLIN):
    found = parse_window(start, end, days, now, zone)
    return f"{found.start:%a %Y-%m-%d %H:%M}", f"{found.end:%a %Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("asked", "begins", "ends"),
    [
        ({}, "Mon 2026-11-23 15:00", "Mon 2026-11-30 15:00"),
        ({"start": "now"}, "Mon 2026-11-23 15:00", "Mon 2026-11-30 15:00"),
        ({"start": "tomorrow"}, "Tue 2026-11-24 00:00", "Tue 2026-12-01 00:00"),
        ({"start": "tomorrow 14:00"}, "Tue 2026-11-24 14:00", "Tue 2026-12-01 14:00"),
        ({"start": "today", "end": "today"}, "Mon 2026-11-23 00:00", "Tue 2026-11-24 00:00"),
        ({"start": "today", "end": "eow"}, "Mon 2026-11-23 00:00", "Mon 2026-11-30 00:00"),
        ({"start": "mon", "end": "fri 17:00"}, "Mon 2026-11-23 00:00", "Fri 2026-11-27 17:00"),
        ({"end": "tomorrow"}, "Mon 2026-11-23 15:00", "Wed 2026-11-25 00:00"),
        ({"end": "+2h"}, "Mon 2026-11-23 15:00", "Mon 2026-11-23 17:00"),
        ({"days": 1}, "Mon 2026-11-23 00:00", "Tue 2026-11-24 00:00"),
        ({"days": 7}, "Mon 2026-11-23 00:00", "Mon 2026-11-30 00:00"),
        ({"start": "now", "days": 1}, "Mon 2026-11-23 15:00", "Tue 2026-11-24 00:00"),
        ({"start": "2026-12-30", "days": 3}, "Wed 2026-12-30 00:00", "Sat 2027-01-02 00:00"),
        ({"start": "2026-12-30 09:00", "days": 1}, "Wed 2026-12-30 09:00", "Thu 2026-12-31 00:00"),
    ],
)
def test_a_window_is_read(asked, begins, ends):
    assert window(**asked) == (begins, ends)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_window_of_a_day_is_as_long_as_its_clocks_make_it(day, hours):
    found = parse_window(day, day, None, NOW, BERLIN)
    assert found.end.astimezone(UTC) - found.start.astimezone(UTC) == timedelta(hours=hours)
    assert parse_window(day, None, 1, NOW, BERLIN) == found


def test_seven_days_on_is_the_same_time_by_the_clock_or_the_next_that_exists():
    assert window(now=datetime(2026, 3, 23, 9, 0, tzinfo=BERLIN))[1] == "Mon 2026-03-30 09:00"
    assert window(now=datetime(2026, 3, 22, 2, 30, tzinfo=BERLIN))[1] == "Sun 2026-03-29 03:30"


def test_a_window_lies_in_the_viewers_zone():
    found = parse_window(None, None, 1, datetime(2026, 11, 23, 20, 0, tzinfo=UTC), KATHMANDU)
    assert found.start.isoformat() == "2026-11-24T00:00:00+05:45"


def test_a_window_of_days_steps_over_the_day_that_apia_skipped():
    found = parse_window("2011-12-29", None, 3, NOW, APIA)
    assert (found.start.isoformat(), found.end.isoformat()) == ("2011-12-29T00:00:00-10:00", "2012-01-01T00:00:00+14:00")
    with pytest.raises(UsageError, match="does not come after"):
        parse_window("2011-12-30", "2011-12-30", None, NOW, APIA)


def test_a_window_within_the_hour_that_happens_twice_is_compared_in_real_time():
    with pytest.raises(UsageError, match="does not come after"):
        parse_window("2026-10-25T02:15+01:00", "2026-10-25T02:45+02:00", None, NOW, BERLIN)
    assert parse_window("2026-10-25T02:45+02:00", "2026-10-25T02:15+01:00", None, NOW, BERLIN)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"start": "tomorrow", "end": "today"}, "does not come after"),
        ({"start": "tomorrow 09:00", "end": "tomorrow 09:00"}, "does not come after"),
        ({"start": "tomorrow", "end": "17:00"}, "quotes"),
        ({"end": "yesterday"}, "does not come after"),
        ({"end": "tomorrow", "days": 3}, "not both"),
        ({"days": 0}, "between 1 and 1825"),
        ({"days": -1}, "between 1 and 1825"),
        ({"days": 1826}, "between 1 and 1825"),
        ({"start": ""}, "cannot read"),
        ({"start": "today", "end": "03/04/2026"}, "can mean"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(asked, why):
    with pytest.raises(UsageError, match=why):
        window(**asked)
