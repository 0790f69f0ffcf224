from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from daypass.errors import AmbiguousTime, UsageError
from daypass.model.text import clean
from daypass.model.when import parse_day, parse_duration, parse_moment, parse_window
from daypass.model.zones import resolve

BERLIN = ZoneInfo("Europe/Berlin")
zones = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "UTC"]).map(ZoneInfo)
days = st.dates(date(2000, 1, 1), date(2037, 12, 31))
nows = st.builds(
    lambda instant, where: instant.astimezone(where),
    st.datetimes(datetime.fromisoformat("2000-01-02"), datetime.fromisoformat("2037-12-31"), timezones=st.just(UTC)),
    zones,
)
# Words of the grammar in any order, and characters of it in any order.
NAMES = "today tomorrow now fri next mon nov eow noon midnight at am pm T Z"
NUMBERS = "23 2026 2026-11-23 14:30 9am + - +3d -1w +2h 30m 03/04/2026 3.4. 2026-W48-1 +02:00 24:00"
words = st.sampled_from([*NAMES.split(), *NUMBERS.split()])
typed = st.one_of(st.text(max_size=120), st.lists(words, max_size=5).map(" ".join), st.text("0123456789:-+/.TZWwdhmap ", max_size=25))


def refusal(read, *arguments):
    """What is read and None, or None and the refusal."""
    try:
        return read(*arguments), None
    except UsageError as refused:
        return None, refused


@given(typed, nows, zones)
def test_anything_typed_is_a_day_a_moment_of_the_zone_or_a_refusal(text, now, where):
    found, refused = refusal(parse_moment, text, now, where)
    if refused:
        assert refused.suggestions
        assert clean(str(refused)) == str(refused)
        assert len(str(refused)) < 200
    assert not isinstance(found, datetime) or found.tzinfo is where


@given(typed, nows)
def test_a_day_alone_reads_the_same_as_day_and_as_moment(text, now):
    try:
        day = parse_day(text, now)
    except UsageError:
        return
    assert parse_moment(text, now, now.tzinfo) == day


@given(typed)
def test_anything_typed_is_a_length_or_a_refusal(text):
    length, refused = refusal(parse_duration, text)
    assert refused.suggestions if refused else timedelta(0) < length <= timedelta(days=3660)


@given(days, nows)
def test_a_date_reads_the_same_in_each_way_it_is_written(day, now):
    year, week, weekday = day.isocalendar()
    written = [day.isoformat(), f"{year}-W{week:02}-{weekday}", f"{day:%d %B %Y}", f"{day:%b %d %Y}", f"{day.day} {day:%b}, {day.year}"]
    assert {parse_day(text, now) for text in written} == {day}


@given(days, st.times(), zones, nows)
def test_an_iso_time_reads_as_python_reads_it(day, clock, where, now):
    wall = datetime.combine(day, clock)
    try:
        moment = resolve(wall, where)
    except AmbiguousTime:
        return
    assert parse_moment(wall.isoformat(), now, where).isoformat() == moment.isoformat()
    assert parse_moment(moment.isoformat(), now, where).isoformat() == moment.isoformat()


@given(days, nows)
def test_every_reading_of_a_refused_date_is_read_and_one_is_the_date_meant(day, now):
    for written in (f"{day:%d/%m/%Y}", f"{day:%m/%d/%Y}", f"{day:%d.%m.%Y}", f"{day:%m-%d-%y}"):
        _, refused = refusal(parse_day, written, now)
        assert isinstance(refused, AmbiguousTime)
        assert day in [parse_day(reading, now) for reading in refused.suggestions]


@given(st.sampled_from("monday tuesday wednesday thursday friday saturday sunday".split()), nows)
def test_a_weekday_is_within_a_week_and_next_is_after_today(name, now):
    today = now.date()
    coming, following = parse_day(name, now), parse_day(f"next {name}", now)
    assert f"{coming:%A}".lower() == f"{following:%A}".lower() == name
    assert timedelta(0) <= coming - today < timedelta(days=7)
    assert timedelta(0) < following - today <= timedelta(days=7)


@given(st.integers(1, 5000))
def test_a_length_reads_the_same_in_each_way_it_is_written(minutes):
    hours, rest = divmod(minutes, 60)
    written = [f"{minutes}m", f"{hours}:{rest:02}", f"{hours}h{rest:02}", f"{hours}h {rest}m", f"PT{hours}H{rest}M", f"{minutes} minutes"]
    assert {parse_duration(text) for text in written} == {timedelta(minutes=minutes)}


@given(nows, zones, st.integers(1, 60))
def test_a_window_of_days_holds_whole_days_and_today(now, where, count):
    window = parse_window(None, None, count, now, where)
    assert window.start <= now < window.end
    last = (window.end.astimezone(UTC) - timedelta.resolution).astimezone(where).date()
    assert last == now.astimezone(where).date() + timedelta(days=count - 1) or where.key == "Pacific/Apia"


@given(days, st.integers(0, 60), zones)
def test_a_window_from_day_to_day_is_that_of_as_many_days(first, more, where):
    now = datetime(2026, 11, 23, 15, 0, tzinfo=BERLIN)
    try:
        window = parse_window(first.isoformat(), (first + timedelta(days=more)).isoformat(), None, now, where)
    except UsageError:
        assert where.key == "Pacific/Apia"  # the day that never was
        return
    assert window == parse_window(first.isoformat(), None, more + 1, now, where)
