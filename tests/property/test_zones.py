from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from dateutil import tz
from hypothesis import given
from hypothesis import strategies as st

from daypass.errors import AmbiguousTime, UsageError
from daypass.model.zones import day_start, is_gap, is_twice, parse_graph, resolve, settle, to_windows, zone, zone_name

CHANGING = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Africa/Casablanca",
]
zones = st.sampled_from(CHANGING).map(ZoneInfo)
walls = st.datetimes(datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2037-12-31"))
# Changes of clocks lie at full minutes of few days; walls near midnight and 02:30 on any day meet them more often.
near_changes = st.builds(
    lambda day, minute: datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute),
    st.dates(datetime.fromisoformat("2005-01-01").date(), datetime.fromisoformat("2030-12-31").date()),
    st.integers(0, 200),
)
any_wall = st.one_of(walls, near_changes)


@given(any_wall, zones, st.sampled_from([None, 0, 1]))
def test_a_resolved_time_shows_the_wall_time_that_was_asked_for(wall, where, fold):
    try:
        moment = resolve(wall, where, fold=fold)
    except AmbiguousTime:
        assert is_gap(wall, where)
        return
    assert moment.replace(tzinfo=None, fold=0) == wall
    assert moment.astimezone(UTC).astimezone(where).replace(tzinfo=None, fold=0) == wall
    assert moment.fold == int(fold == 1 and is_twice(wall, where))


@given(any_wall, zones)
def test_a_gap_and_a_repeated_time_are_those_that_dateutil_sees(wall, where):
    other = tz.gettz(where.key)
    assert is_gap(wall, where) == (not tz.datetime_exists(wall, other))
    assert is_twice(wall, where) == tz.datetime_ambiguous(wall, other)


@given(any_wall, zones)
def test_an_offer_for_a_skipped_time_exists_and_lies_after_it(wall, where):
    if not is_gap(wall, where):
        return
    with pytest.raises(AmbiguousTime) as refused:
        resolve(wall, where)
    later, earlier = (datetime.fromisoformat(reading) for reading in refused.value.suggestions)
    assert earlier < wall < later + timedelta(minutes=1)
    assert not is_gap(later, where)
    assert not is_gap(earlier, where)


@given(any_wall, zones)
def test_a_settled_time_is_a_real_one_and_settling_is_resolving_where_it_exists(wall, where):
    moment = settle(wall, where)
    assert moment.astimezone(UTC).astimezone(where) == moment
    assert not is_gap(moment.replace(tzinfo=None), where)
    if not is_gap(wall, where):
        assert moment.isoformat() == resolve(wall, where).isoformat()


@given(
    st.datetimes(timezones=st.just(UTC), min_value=datetime.fromisoformat("1990-01-01"), max_value=datetime.fromisoformat("2037-12-31")),
    zones,
)
def test_an_instant_that_graph_states_survives_its_zone(instant, where):
    assert parse_graph(instant.isoformat(), where.key).astimezone(UTC) == instant


@given(any_wall, zones)
def test_graphs_seven_digits_are_read(wall, where):
    seven = f"{wall:%Y-%m-%dT%H:%M:%S.%f}0"
    assert parse_graph(seven, where.key).isoformat() == settle(wall, where).isoformat()


@given(st.dates(datetime.fromisoformat("1990-01-01").date(), datetime.fromisoformat("2037-12-31").date()), zones)
def test_days_follow_each_other_without_a_hole(day, where):
    begins, ends = day_start(day, where), day_start(day + timedelta(days=1), where)
    assert begins <= ends
    if begins.astimezone(UTC) < ends.astimezone(UTC):  # the day exists
        assert begins.date() == day
        before = (begins.astimezone(UTC) - timedelta.resolution).astimezone(where)
        assert before.date() < day


@given(st.text(max_size=60))
def test_any_text_is_a_zone_or_is_refused(text):
    try:
        found = zone(text)
    except UsageError as error:
        refused = error
    else:
        assert zone_name(found)
        return
    assert all(zone(suggestion) for suggestion in refused.suggestions)
    assert refused.suggestions


NAMES = sorted(available_timezones() - {"localtime", "Factory"})


def test_every_iana_zone_is_known_by_its_name():
    assert [zone_name(zone(name)) for name in NAMES] == ["UTC" if name == "Etc/UTC" else name for name in NAMES]


def test_the_windows_name_of_every_iana_zone_leads_to_a_zone_of_that_name():
    windows = {name: to_windows(name) for name in NAMES}
    assert {name for name, known in windows.items() if known and to_windows(zone_name(zone(known))) != known} == set()
    assert len([known for known in windows.values() if known]) > 550
