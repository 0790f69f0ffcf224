from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from daypass_sandbox import zones
from daypass_sandbox.custom_zones import CustomZone, instant, normal

NAMES = (*zones.windows_names(), *zones.iana_names(), *zones.ALIASES)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = 3600

names = st.sampled_from(NAMES)
instants = st.integers(0, 4 * 10**9)
walls = st.datetimes(datetime(1971, 1, 1), datetime(2090, 1, 1)).map(lambda wall: wall.replace(microsecond=0))


def offset_at(seconds: int, name: str) -> int:
    """What a clock there is ahead of UTC at an instant, in seconds: from zoneinfo alone."""
    shown = (EPOCH + timedelta(seconds=seconds)).astimezone(zones.zone(name)).replace(tzinfo=UTC)
    return int((shown - EPOCH).total_seconds()) - seconds


@given(names, instants)
def test_an_instant_comes_back_from_the_wall_time_that_shows_it_or_from_the_first_of_the_two(name, seconds):
    back = zones.instant(zones.wall(seconds, name), name)
    assert back == seconds or (back < seconds and zones.wall(back, name) == zones.wall(seconds, name))


@given(names, walls)
def test_a_wall_time_is_shown_again_unless_the_clock_skips_it(name, wall):
    seconds = zones.instant(wall, name)
    shown = zones.wall(seconds, name)
    if shown != wall:  # a gap: it is shown as much later as the clock was put forward
        assert shown - wall == timedelta(seconds=offset_at(seconds, name) - offset_just_before(seconds, name)) > timedelta()


def offset_just_before(seconds: int, name: str) -> int:
    """The offset before the last change of the clock at or before an instant (the change is found to the second)."""
    now = offset_at(seconds, name)
    early = seconds - 86400 - HOUR
    if offset_at(early, name) == now:
        return now
    late = seconds
    while late - early > 1:
        middle = (early + late) // 2
        if offset_at(middle, name) == now:
            late = middle
        else:
            early = middle
    return offset_at(early, name)


def changes(name: str, first: int, last: int) -> list[tuple[int, int, int]]:
    """The changes of a clock between two instants: when, and the offsets before and after."""
    found: list[tuple[int, int, int]] = []
    day = first
    while day < last:
        if offset_at(day, name) != offset_at(day + 86400, name):
            early, late = day, day + 86400
            while late - early > 1:
                middle = (early + late) // 2
                early, late = (early, middle) if offset_at(middle, name) != offset_at(early, name) else (middle, late)
            found.append((late, offset_at(early, name), offset_at(late, name)))
        day += 86400
    return found


@given(st.sampled_from(sorted(zones.windows_names())), st.integers(2020, 2035), st.floats(0.0, 1.0, exclude_max=True))
def test_wall_times_around_each_change_of_a_clock_are_read_as_documented(name, year, share):
    begin = int((datetime(year, 1, 1, tzinfo=UTC) - EPOCH).total_seconds())
    for moment, before, after in changes(name, begin, begin + 366 * 86400):
        inside = int(abs(after - before) * share)
        if after > before:  # skipped: the offset from before the change
            skipped = datetime.fromtimestamp(moment + before + inside, UTC).replace(tzinfo=None)
            assert zones.instant(skipped, name) == moment + inside
            assert zones.wall(moment + inside, name) == skipped + timedelta(seconds=after - before)
        else:  # twice: the first of the two
            twice = datetime.fromtimestamp(moment + after + inside, UTC).replace(tzinfo=None)
            assert zones.instant(twice, name) == moment - (before - after) + inside
            assert zones.wall(moment + inside, name) == twice == zones.wall(zones.instant(twice, name), name)


def rules(bias: int, to_standard: tuple[int, int, int], to_summer: tuple[int, int, int]) -> dict:
    """A custom zone by the month, the occurrence of Sunday and the hour of either change."""

    def change(month: int, occurrence: int, hour: int) -> dict:
        return {"time": f"{hour:02}:00:00", "dayOccurrence": occurrence, "dayOfWeek": "sunday", "month": month, "year": 0}

    return {"bias": bias, "standardOffset": change(*to_standard), "daylightOffset": {"daylightBias": -60, **change(*to_summer)}}


SAME = {
    "America/Los_Angeles": rules(480, (11, 1, 2), (3, 2, 2)),
    "America/New_York": rules(300, (11, 1, 2), (3, 2, 2)),
    "Europe/Berlin": rules(-60, (10, 5, 3), (3, 5, 2)),
    "Europe/London": rules(0, (10, 5, 2), (3, 5, 1)),
    "Australia/Sydney": rules(-600, (4, 1, 3), (10, 1, 2)),
}


@given(st.sampled_from(sorted(SAME)), st.datetimes(datetime(2009, 1, 1), datetime(2036, 1, 1)), st.integers(0, 1))
def test_a_custom_zone_with_the_rules_of_a_known_one_is_that_zone(name, wall, fold):
    custom, known = CustomZone(normal(SAME[name])), ZoneInfo(name)
    wall = wall.replace(microsecond=0, fold=fold)
    assert wall.replace(tzinfo=custom).utcoffset() == wall.replace(tzinfo=known).utcoffset()
    there, back = (wall.replace(tzinfo=UTC).astimezone(zone) for zone in (custom, known))
    assert (there.replace(tzinfo=None), there.fold) == (back.replace(tzinfo=None), back.fold)


months = st.integers(1, 12)
changes_of_a_clock = st.tuples(months, st.integers(1, 5), st.integers(0, 23))


@st.composite
def custom_rules(draw):
    standard, summer = draw(changes_of_a_clock), draw(changes_of_a_clock)
    assume(abs(standard[0] - summer[0]) >= 2)
    given_rules = rules(draw(st.integers(-13 * 60, 13 * 60)), standard, summer)
    given_rules["daylightOffset"]["daylightBias"] = draw(st.sampled_from([-120, -60, -30, 0, 30, 60]))
    return normal(given_rules)


@given(custom_rules(), st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)))
def test_an_instant_comes_back_from_a_custom_zone(kept, moment):
    zone, utc = CustomZone(kept), moment.replace(microsecond=0, tzinfo=UTC)
    there = utc.astimezone(zone)
    assert there.astimezone(UTC) == utc
    assert instant(there.replace(tzinfo=None, fold=0), zone) <= utc.timestamp()


@given(custom_rules())
def test_a_custom_zone_that_is_set_again_stays_what_it_is(kept):
    assert normal(kept) == kept
    assert kept["daylightOffset"]["daylightBias"] <= 0
