from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from daypass.errors import AmbiguousTime, UsageError
from daypass.model.zones import (
    CustomZone,
    day_start,
    is_gap,
    is_twice,
    local_zone_name,
    parse_graph,
    parse_graph_day,
    resolve,
    settle,
    to_windows,
    zone,
    zone_name,
)

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
APIA = ZoneInfo("Pacific/Apia")

wall = datetime.fromisoformat


@pytest.mark.parametrize(
    ("name", "iana"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (" Europe/Berlin ", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("EST5EDT", "EST5EDT"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("w. europe standard time", "Europe/Berlin"),
        ("Pacific Standard Time", "America/Los_Angeles"),
        ("India Standard Time", "Asia/Kolkata"),
        ("Nepal Standard Time", "Asia/Kathmandu"),
        ("UTC-11", "Etc/GMT+11"),
        ("UTC", "UTC"),
        ("Etc/UTC", "UTC"),
        ("tzone://Microsoft/Utc", "UTC"),
    ],
)
def test_a_zone_is_found_by_any_of_its_names(name, iana):
    assert zone_name(zone(name)) == iana


@pytest.mark.parametrize("name", ["tzone://Microsoft/Custom", "Customized Time Zone"])
def test_a_custom_zone_is_refused_by_its_own_type(name):
    with pytest.raises(CustomZone):
        zone(name)


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("Europe/Berln", "Europe/Berlin"),
        ("Amercia/New_York", "America/New_York"),
        ("Berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("W Europe Standard Time", "W. Europe Standard Time"),
    ],
)
def test_an_unknown_zone_is_refused_with_the_nearest_names(typo, meant):
    with pytest.raises(UsageError, match="unknown time zone") as refused:
        zone(typo)
    assert meant in refused.value.suggestions
    assert len(refused.value.suggestions) <= 3


@pytest.mark.parametrize(
    "name", ["", "Europe", "../../etc/passwd", "/etc/passwd", "\0", "\ud800", "right/UTC", "posix/UTC", "localtime", "x" * 5000]
)
def test_what_is_no_zone_is_refused_with_names_that_are(name):
    with pytest.raises(UsageError) as refused:
        zone(name)
    assert len(str(refused.value)) < 250
    assert all(zone(suggestion) for suggestion in refused.value.suggestions)
    assert refused.value.suggestions


def test_a_zone_without_a_name_is_told_by_its_offset():
    assert zone_name(datetime.fromisoformat("2026-11-23T09:00+02:00").tzinfo) == "UTC+02:00"


@pytest.mark.parametrize(
    ("iana", "windows"),
    [
        ("Europe/Berlin", "W. Europe Standard Time"),
        ("Europe/Amsterdam", "W. Europe Standard Time"),
        ("Asia/Kolkata", "India Standard Time"),
        ("Asia/Calcutta", "India Standard Time"),
        ("America/New_York", "Eastern Standard Time"),
        ("UTC", "UTC"),
        ("Antarctica/Troll", None),
        ("", None),
    ],
)
def test_an_iana_zone_has_its_windows_name(iana, windows):
    assert to_windows(iana) == windows


def local(environ=None, link=None, text=None):
    def read(path, known):
        if known is None:
            raise FileNotFoundError(path)
        return known

    return local_zone_name(environ or {}, lambda path: read(path, link), lambda path: read(path, text))


@pytest.mark.parametrize(
    ("machine", "name"),
    [
        ({"environ": {"TZ": "Europe/Berlin"}}, "Europe/Berlin"),
        ({"environ": {"TZ": ":Europe/Berlin"}}, "Europe/Berlin"),
        ({"environ": {"TZ": "/usr/share/zoneinfo/Europe/Berlin"}}, "Europe/Berlin"),
        ({"environ": {"TZ": ""}}, "UTC"),
        ({"environ": {"TZ": "UTC"}}, "UTC"),
        ({"environ": {"TZ": "CET-1CEST,M3.5.0,M10.5.0/3"}, "link": "/usr/share/zoneinfo/Asia/Tokyo"}, None),
        ({"environ": {"TZ": "America/New_York"}, "link": "/usr/share/zoneinfo/Asia/Tokyo"}, "America/New_York"),
        ({"link": "/usr/share/zoneinfo/Asia/Tokyo", "text": "Europe/Paris\n"}, "Asia/Tokyo"),
        ({"link": "../usr/share/zoneinfo/posix/Asia/Kathmandu"}, "Asia/Kathmandu"),
        ({"link": "/var/db/timezone/zoneinfo/America/Argentina/Salta"}, "America/Argentina/Salta"),
        ({"link": "/usr/share/zoneinfo/Etc/UTC"}, "UTC"),
        ({"link": "/etc/elsewhere", "text": "Europe/Paris\n"}, "Europe/Paris"),
        ({"text": "Europe/Paris\n"}, "Europe/Paris"),
        ({"text": "nonsense\n"}, None),
        ({}, None),
    ],
)
def test_the_machines_zone_is_known_by_name_or_not_at_all(machine, name):
    assert local(**machine) == name


def test_an_ordinary_wall_time_is_one_moment():
    moment = resolve(wall("2026-11-23T09:00"), BERLIN)
    assert moment.isoformat() == "2026-11-23T09:00:00+01:00"
    assert not is_gap(wall("2026-11-23T09:00"), BERLIN)
    assert not is_twice(wall("2026-11-23T09:00"), BERLIN)


@pytest.mark.parametrize(
    ("clock", "where", "readings"),
    [
        ("2026-03-29T02:30", BERLIN, ("2026-03-29T03:30", "2026-03-29T01:30")),
        ("2026-03-29T02:00", BERLIN, ("2026-03-29T03:00", "2026-03-29T01:00")),
        ("2007-03-11T02:30", NEW_YORK, ("2007-03-11T03:30", "2007-03-11T01:30")),
        ("2026-10-04T02:15", LORD_HOWE, ("2026-10-04T02:45", "2026-10-04T01:45")),
        ("2011-12-30T10:00", APIA, ("2011-12-31T10:00", "2011-12-29T10:00")),
    ],
)
def test_a_time_that_the_clocks_skip_is_refused_with_its_readings(clock, where, readings):
    with pytest.raises(AmbiguousTime, match="does not exist") as refused:
        resolve(wall(clock), where)
    assert refused.value.suggestions == readings
    assert readings[0] in str(refused.value)
    assert all(resolve(wall(reading), where) for reading in readings)


def test_asking_for_the_second_of_a_skipped_time_does_not_make_it_exist():
    with pytest.raises(AmbiguousTime):
        resolve(wall("2026-03-29T02:30"), BERLIN, fold=1)


@pytest.mark.parametrize(("clock", "exists"), [("01:59:59", True), ("02:00", False), ("02:59:59", False), ("03:00", True)])
def test_a_gap_begins_and_ends_with_the_change(clock, exists):
    assert is_gap(wall(f"2026-03-29T{clock}"), BERLIN) is not exists


@pytest.mark.parametrize(
    ("clock", "where", "first", "second"),
    [
        ("2026-10-25T02:30", BERLIN, "+02:00", "+01:00"),
        ("2007-11-04T01:30", NEW_YORK, "-04:00", "-05:00"),
        ("2026-04-05T01:45", LORD_HOWE, "+11:00", "+10:30"),
    ],
)
def test_a_time_that_exists_twice_is_the_first_unless_the_second_is_asked_for(clock, where, first, second):
    naive = wall(clock)
    assert is_twice(naive, where)
    assert resolve(naive, where).isoformat().endswith(first)
    assert resolve(naive, where, fold=0).isoformat().endswith(first)
    assert resolve(naive, where, fold=1).isoformat().endswith(second)


def test_asking_for_the_second_of_a_time_that_is_one_changes_nothing():
    assert resolve(wall("2026-11-23T09:00"), BERLIN, fold=1).fold == 0


@pytest.mark.parametrize(
    ("clock", "where", "stands_for"),
    [
        ("2007-03-11T02:30", NEW_YORK, "2007-03-11T03:30:00-04:00"),
        ("2007-11-04T01:30", NEW_YORK, "2007-11-04T01:30:00-04:00"),
        ("2011-12-30T10:00", APIA, "2011-12-31T10:00:00+14:00"),
        ("2026-11-23T09:00", ZoneInfo("Asia/Kathmandu"), "2026-11-23T09:00:00+05:45"),
    ],
)
def test_a_stated_time_is_read_as_rfc_5545_says(clock, where, stands_for):
    assert settle(wall(clock), where).isoformat() == stands_for


def test_a_stated_time_beyond_the_calendar_is_an_error():
    with pytest.raises(ValueError, match="out of range"):
        settle(wall("0001-01-01T00:00"), BERLIN)


@pytest.mark.parametrize(
    ("day", "where", "begins"),
    [
        (date(2026, 3, 29), BERLIN, "2026-03-29T00:00:00+01:00"),
        (date(2018, 11, 4), ZoneInfo("America/Sao_Paulo"), "2018-11-04T01:00:00-02:00"),
        (date(2011, 12, 30), APIA, "2011-12-31T00:00:00+14:00"),
        (date(2026, 10, 25), ZoneInfo("Atlantic/Azores"), "2026-10-25T00:00:00+00:00"),
    ],
)
def test_a_day_begins_with_its_first_moment(day, where, begins):
    assert day_start(day, where).isoformat() == begins


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_a_day_is_as_long_as_its_clocks_make_it(day, hours):
    begins, ends = (day_start(day + timedelta(days=after), BERLIN).astimezone(UTC) for after in (0, 1))
    assert ends - begins == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("date_time", "time_zone", "moment"),
    [
        ("2026-11-23T09:00:00.0000000", "Europe/Berlin", "2026-11-23T09:00:00+01:00"),
        ("2026-11-23T09:00:00.0000000", "W. Europe Standard Time", "2026-11-23T09:00:00+01:00"),
        ("2026-11-23T09:00:00.1234567", "UTC", "2026-11-23T09:00:00.123456+00:00"),
        ("2026-11-23T09:00:00", "UTC", "2026-11-23T09:00:00+00:00"),
        ("2026-11-23T09:00", "tzone://Microsoft/Utc", "2026-11-23T09:00:00+00:00"),
        ("2026-11-23", "Asia/Kathmandu", "2026-11-23T00:00:00+05:45"),
        ("2026-11-23T09:00:00Z", "Europe/Berlin", "2026-11-23T10:00:00+01:00"),
        ("2026-11-23T09:00:00.0000000+02:00", "UTC", "2026-11-23T07:00:00+00:00"),
        ("2026-10-25T02:30:00.0000000", "Europe/Berlin", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T01:30:00Z", "Europe/Berlin", "2026-10-25T02:30:00+01:00"),
        ("2026-03-29T02:30:00.0000000", "Europe/Berlin", "2026-03-29T03:30:00+02:00"),
    ],
)
def test_a_graph_time_is_a_moment_in_its_zone(date_time, time_zone, moment):
    assert parse_graph(date_time, time_zone).isoformat() == moment


def test_iana_name_windows_name_and_offset_state_the_same_instant():
    stated = [
        ("2026-11-23T09:00:00", "Europe/Berlin"),
        ("2026-11-23T09:00:00", "W. Europe Standard Time"),
        ("2026-11-23T09:00:00+01:00", "Europe/Berlin"),
    ]
    assert {(parse_graph(*each).isoformat(), zone_name(parse_graph(*each).tzinfo)) for each in stated} == {
        ("2026-11-23T09:00:00+01:00", "Europe/Berlin")
    }


@pytest.mark.parametrize("date_time", ["", "tomorrow", "2026-02-30T09:00:00", "2026-11-23T25:00:00"])
def test_a_graph_time_that_is_none_is_a_value_error(date_time):
    with pytest.raises(ValueError):  # noqa: PT011 - the words are Python's own
        parse_graph(date_time, "UTC")


def test_a_graph_time_before_the_calendar_is_a_value_error():
    with pytest.raises(ValueError, match="out of range"):
        parse_graph("0001-01-01T00:00:00Z", "America/New_York")


def test_a_graph_time_in_a_custom_or_unknown_zone_is_refused():
    with pytest.raises(CustomZone):
        parse_graph("2026-11-23T09:00:00", "tzone://Microsoft/Custom")
    with pytest.raises(UsageError):
        parse_graph("2026-11-23T09:00:00", "")


@pytest.mark.parametrize("date_time", ["2020-06-13T00:00:00.0000000", "2020-06-13", "2020-06-13T00:00:00Z"])
def test_the_day_of_an_all_day_event_is_never_converted(date_time):
    assert parse_graph_day(date_time) == date(2020, 6, 13)


def test_a_weekly_time_keeps_its_wall_clock_summer_and_winter():
    walls = [wall("2013-11-18T09:30"), wall("2014-07-07T09:30")]
    offsets = [settle(each, ZoneInfo("America/Tijuana")).utcoffset() for each in walls]
    assert offsets == [timedelta(hours=-8), timedelta(hours=-7)]
