from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from daypass_sandbox.custom_zones import CustomZone, instant, normal

PACIFIC = {
    "bias": 480,
    "standardOffset": {"time": "02:00:00.0000000", "dayOccurrence": 1, "dayOfWeek": "sunday", "month": 11, "year": 0},
    "daylightOffset": {"daylightBias": -60, "time": "02:00:00.0000000", "dayOccurrence": 2, "dayOfWeek": "sunday", "month": 3, "year": 0},
}
DOCUMENTED = {  # api/user-update-mailboxsettings, example 2
    "bias": -300,
    "name": "Customized Time Zone",
    "standardOffset": {"time": "02:00:00.0000000", "dayOccurrence": 2, "dayOfWeek": "sunday", "month": 10, "year": 0},
    "daylightOffset": {"daylightBias": 100, "time": "02:00:00.0000000", "dayOccurrence": 4, "dayOfWeek": "sunday", "month": 5, "year": 0},
}


def pacific() -> CustomZone:
    return CustomZone(normal(PACIFIC))


@pytest.mark.parametrize(
    ("wall", "fold", "hours"),
    [
        (datetime(2026, 1, 15, 12), 0, -8),
        (datetime(2026, 7, 15, 12), 0, -7),
        (datetime(2026, 3, 8, 1, 59), 0, -8),
        (datetime(2026, 3, 8, 2, 30), 0, -8),  # skipped: the offset from before the change
        (datetime(2026, 3, 8, 2, 30), 1, -7),
        (datetime(2026, 3, 8, 3, 0), 0, -7),
        (datetime(2026, 11, 1, 0, 59), 0, -7),
        (datetime(2026, 11, 1, 1, 30), 0, -7),  # twice: the first of the two
        (datetime(2026, 11, 1, 1, 30), 1, -8),
        (datetime(2026, 11, 1, 2, 0), 0, -8),
    ],
)
def test_the_offset_follows_the_rules_of_the_zone(wall, fold, hours):
    assert wall.replace(tzinfo=pacific(), fold=fold).utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("utc", "wall", "fold"),
    [
        (datetime(2026, 3, 8, 9, 59), datetime(2026, 3, 8, 1, 59), 0),
        (datetime(2026, 3, 8, 10, 0), datetime(2026, 3, 8, 3, 0), 0),
        (datetime(2026, 11, 1, 8, 30), datetime(2026, 11, 1, 1, 30), 0),
        (datetime(2026, 11, 1, 9, 30), datetime(2026, 11, 1, 1, 30), 1),
    ],
)
def test_an_instant_is_shown_as_the_clocks_there_show_it(utc, wall, fold):
    there = utc.replace(tzinfo=UTC).astimezone(pacific())
    assert (there.replace(tzinfo=None), there.fold) == (wall.replace(fold=fold), fold)


def test_the_fifth_of_a_weekday_is_the_last_one():
    berlin = CustomZone(
        normal(
            {
                "bias": -60,
                "standardOffset": {"time": "03:00:00", "dayOccurrence": 5, "dayOfWeek": "sunday", "month": 10},
                "daylightOffset": {"daylightBias": -60, "time": "02:00:00", "dayOccurrence": 5, "dayOfWeek": "sunday", "month": 3},
            }
        )
    )
    assert instant(datetime(2026, 3, 29, 3), berlin) == datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp()
    assert instant(datetime(2026, 10, 25, 1), berlin) == datetime(2026, 10, 24, 23, tzinfo=UTC).timestamp()
    assert instant(datetime(2026, 10, 25, 3), berlin) == datetime(2026, 10, 25, 2, tzinfo=UTC).timestamp()


def test_summer_in_the_south_spans_the_new_year():
    sydney = CustomZone(
        normal(
            {
                "bias": -600,
                "standardOffset": {"time": "03:00:00", "dayOccurrence": 1, "dayOfWeek": "sunday", "month": 4},
                "daylightOffset": {"daylightBias": -60, "time": "02:00:00", "dayOccurrence": 1, "dayOfWeek": "sunday", "month": 10},
            }
        )
    )
    january, july = datetime(2026, 1, 1, tzinfo=sydney), datetime(2026, 7, 1, tzinfo=sydney)
    assert (january.utcoffset(), january.dst()) == (timedelta(hours=11), timedelta(hours=1))
    assert (july.utcoffset(), july.dst()) == (timedelta(hours=10), timedelta())


def test_a_change_bound_to_one_year_happens_in_that_year_alone():
    once = {**PACIFIC, "daylightOffset": {**PACIFIC["daylightOffset"], "year": 2026}}
    zone = CustomZone(normal(once))
    assert datetime(2026, 7, 1, tzinfo=zone).utcoffset() == timedelta(hours=-7)
    assert datetime(2027, 7, 1, tzinfo=zone).utcoffset() == timedelta(hours=-8)


def test_a_zone_without_changes_keeps_its_offset():
    kolkata = CustomZone(normal({"bias": -330}))
    assert {datetime(2026, month, 1, tzinfo=kolkata).utcoffset() for month in (1, 7)} == {timedelta(hours=5, minutes=30)}
    assert kolkata.tzname(None) == "Customized Time Zone"
    assert kolkata.utcoffset(None) is kolkata.dst(None) is None


def test_summer_time_behind_standard_time_changes_places_with_it_as_the_page_shows():
    kept = normal(DOCUMENTED)
    assert kept["bias"] == -200
    assert kept["daylightOffset"] == {**DOCUMENTED["standardOffset"], "daylightBias": -100}
    assert kept["standardOffset"] == {name: value for name, value in DOCUMENTED["daylightOffset"].items() if name != "daylightBias"}
    assert normal(kept) == kept


@pytest.mark.parametrize(
    "wrong",
    [
        {"bias": 1440},
        {"bias": -1439, "daylightOffset": {"daylightBias": -60}},
        {"standardOffset": PACIFIC["standardOffset"]},
        {**PACIFIC, "standardOffset": {**PACIFIC["standardOffset"], "month": 13}},
        {**PACIFIC, "standardOffset": {**PACIFIC["standardOffset"], "dayOccurrence": 6}},
        {**PACIFIC, "standardOffset": {**PACIFIC["standardOffset"], "dayOccurrence": 0}},
        {**PACIFIC, "standardOffset": {**PACIFIC["standardOffset"], "dayOfWeek": "someday"}},
        {**PACIFIC, "standardOffset": {**PACIFIC["standardOffset"], "time": "25:00:00"}},
        {**PACIFIC, "standardOffset": {**PACIFIC["standardOffset"], "year": -1}},
    ],
)
def test_rules_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=r"clock|zone|hour|isoformat"):
        normal(wrong)
