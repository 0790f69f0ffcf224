from __future__ import annotations

from datetime import date, timedelta

import pytest

from daypass_sandbox.calendar.recurrence import Rule, normal
from daypass_sandbox.routes import Fault

ALL_YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def rule(start: str, pattern: dict, **limits) -> Rule:
    recurrence = {"pattern": {"interval": 1, **pattern}, "range": {"type": "noEnd", "startDate": start, **limits}}
    return Rule(normal(recurrence, date.fromisoformat(start), "UTC"))


def days(found: list[date]) -> list[str]:
    return [day.isoformat()[5:] for day in found]


@pytest.mark.parametrize(
    ("start", "pattern", "expected"),
    [
        ("2026-01-30", {"type": "daily", "interval": 2}, ["01-30", "02-01", "02-03"]),
        ("2026-01-05", {"type": "weekly", "daysOfWeek": ["monday", "thursday"]}, ["01-05", "01-08", "01-12"]),
        ("2026-01-31", {"type": "absoluteMonthly", "dayOfMonth": 31}, ["01-31", "02-28", "03-31", "04-30"]),
        ("2026-01-30", {"type": "absoluteMonthly", "dayOfMonth": 30}, ["01-30", "02-28", "03-30"]),
        ("2026-01-15", {"type": "absoluteMonthly", "dayOfMonth": 15, "interval": 3}, ["01-15", "04-15", "07-15"]),
        ("2026-01-27", {"type": "relativeMonthly", "daysOfWeek": ["tuesday"], "index": "last"}, ["01-27", "02-24", "03-31"]),
        ("2026-01-22", {"type": "relativeMonthly", "daysOfWeek": ["thursday"], "index": "fourth"}, ["01-22", "02-26", "03-26"]),
        ("2026-02-02", {"type": "relativeMonthly", "daysOfWeek": ["monday", "sunday"], "index": "first"}, ["03-01", "04-05"]),
        ("2026-11-26", {"type": "relativeYearly", "daysOfWeek": ["thursday"], "index": "fourth", "month": 11}, ["11-26"]),
        ("2026-04-30", {"type": "absoluteYearly", "dayOfMonth": 31, "month": 4}, ["04-30"]),
    ],
)
def test_each_pattern_gives_its_days(start, pattern, expected):
    assert days(rule(start, pattern).between(*ALL_YEAR))[: len(expected)] == expected


def test_the_29th_of_february_falls_on_the_28th_in_common_years():
    leap = rule("2024-02-29", {"type": "absoluteYearly", "dayOfMonth": 29, "month": 2})
    assert [day.isoformat() for day in leap.between(date(2024, 1, 1), date(2028, 12, 31))] == [
        "2024-02-29",
        "2025-02-28",
        "2026-02-28",
        "2027-02-28",
        "2028-02-29",
    ]


def test_the_first_day_of_the_week_decides_which_weeks_every_second_one_means():
    # RFC 5545, section 3.8.5.3: the example with WKST.
    pattern = {"type": "weekly", "interval": 2, "daysOfWeek": ["tuesday", "sunday"]}
    limits = {"type": "numbered", "numberOfOccurrences": 4}
    monday = rule("1997-08-05", {**pattern, "firstDayOfWeek": "monday"}, **limits)
    sunday = rule("1997-08-05", {**pattern, "firstDayOfWeek": "sunday"}, **limits)
    year = (date(1997, 1, 1), date(1997, 12, 31))
    assert days(monday.between(*year)) == ["08-05", "08-10", "08-19", "08-24"]
    assert days(sunday.between(*year)) == ["08-05", "08-17", "08-19", "08-31"]


def test_a_range_ends_on_its_end_date_or_after_its_number():
    until = rule("2026-01-01", {"type": "daily"}, type="endDate", endDate="2026-01-03")
    counted = rule("2026-01-01", {"type": "daily"}, type="numbered", numberOfOccurrences=4)
    assert days(until.between(*ALL_YEAR)) == ["01-01", "01-02", "01-03"]
    assert days(counted.between(*ALL_YEAR)) == ["01-01", "01-02", "01-03", "01-04"]
    assert (until.last, counted.last) == (date(2026, 1, 3), date(2026, 1, 4))
    assert rule("2026-01-01", {"type": "daily"}).last is None


def test_the_last_day_is_an_occurrence_even_if_the_end_date_is_none():
    assert rule("2026-01-05", {"type": "weekly", "daysOfWeek": ["monday"]}, type="endDate", endDate="2026-01-18").last == date(2026, 1, 12)


def test_a_range_that_ends_before_the_pattern_begins_has_no_occurrence():
    none = rule("2026-01-05", {"type": "weekly", "daysOfWeek": ["friday"]}, type="endDate", endDate="2026-01-06")
    assert none.first is None
    assert none.between(*ALL_YEAR) == []


def test_a_window_far_into_an_endless_series_is_found_without_walking_there():
    daily = rule("1990-01-01", {"type": "daily", "interval": 3})
    far = date(1990, 1, 1) + timedelta(days=3 * 290_000)
    assert daily.between(far - timedelta(days=2), far + timedelta(days=5)) == [far, far + timedelta(days=3)]


def test_neighbours_are_the_occurrences_on_either_side():
    weekly = rule("2026-01-05", {"type": "weekly", "daysOfWeek": ["monday", "friday"]})
    assert weekly.neighbours(date(2026, 1, 9)) == (date(2026, 1, 5), date(2026, 1, 12))
    assert weekly.neighbours(date(2026, 1, 5)) == (None, date(2026, 1, 9))


def test_the_last_occurrence_has_no_neighbour_after_it():
    twice = rule("2026-01-05", {"type": "weekly", "daysOfWeek": ["monday"]}, type="numbered", numberOfOccurrences=2)
    assert twice.neighbours(date(2026, 1, 12)) == (date(2026, 1, 5), None)


@pytest.mark.parametrize(
    ("pattern", "limits"),
    [
        ({"type": "hourly"}, {}),
        ({"type": "weekly"}, {}),
        ({"type": "weekly", "daysOfWeek": []}, {}),
        ({"type": "daily", "interval": 0}, {}),
        ({"type": "daily", "interval": -1}, {}),
        ({"type": "daily", "interval": 1000}, {}),
        ({"type": "absoluteMonthly", "dayOfMonth": 32}, {}),
        ({"type": "absoluteMonthly"}, {}),
        ({"type": "absoluteYearly", "dayOfMonth": 1}, {}),
        ({"type": "relativeYearly", "daysOfWeek": ["monday"], "month": 13}, {}),
        ({"type": "daily"}, {"type": "endDate"}),
        ({"type": "daily"}, {"type": "endDate", "endDate": "2025-12-31"}),
        ({"type": "daily"}, {"type": "endDate", "endDate": "soon"}),
        ({"type": "daily"}, {"type": "numbered"}),
        ({"type": "daily"}, {"type": "numbered", "numberOfOccurrences": 1000}),
        ({"type": "daily"}, {"startDate": "2026-01-02"}),
        ({"type": "daily"}, {"startDate": None}),
        ({"type": "daily"}, {"type": "forever"}),
    ],
)
def test_a_pattern_that_lacks_something_or_makes_no_sense_is_refused(pattern, limits):
    recurrence = {"pattern": {"interval": 1, **pattern}, "range": {"type": "noEnd", "startDate": "2026-01-01", **limits}}
    with pytest.raises(Fault) as refusal:
        normal(recurrence, date(2026, 1, 1), "UTC")
    assert (refusal.value.status, refusal.value.code) == (400, "ErrorPropertyValidationFailure")


def test_what_a_pattern_does_not_need_is_answered_with_its_empty_value():
    whole = normal(
        {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": "2026-01-01"}}, date(2026, 1, 1), "UTC"
    )
    assert whole == {
        "pattern": {
            "type": "daily",
            "interval": 1,
            "month": 0,
            "dayOfMonth": 0,
            "daysOfWeek": [],
            "firstDayOfWeek": "sunday",
            "index": "first",
        },
        "range": {
            "type": "noEnd",
            "startDate": "2026-01-01",
            "endDate": "0001-01-01",
            "recurrenceTimeZone": "UTC",
            "numberOfOccurrences": 0,
        },
    }
