from __future__ import annotations

from datetime import datetime

import pytest

from daypass_sandbox import zones
from daypass_sandbox.routes import Fault


@pytest.mark.parametrize(
    ("name", "offset_hours"),
    [
        ("Pacific Standard Time", -8),
        ("pacific standard TIME", -8),
        ("America/Los_Angeles", -8),
        ("W. Europe Standard Time", 1),
        ("UTC", 0),
        ("tzone://Microsoft/Utc", 0),
        ("India Standard Time", 5.5),
    ],
)
def test_windows_and_iana_names_are_zones(name, offset_hours):
    assert zones.instant(datetime(1970, 1, 2), name) == 86400 - offset_hours * 3600


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "America", "/etc/localtime", "a\0b", "EST5", "x" * 9999])
def test_any_other_name_is_refused_with_the_code_of_the_service(name):
    with pytest.raises(Fault) as refusal:
        zones.zone(name)
    assert (refusal.value.status, refusal.value.code) == (400, "TimeZoneNotSupportedException")
    assert name in refusal.value.message


def test_a_skipped_wall_time_is_read_with_the_offset_from_before_the_change():
    skipped = zones.instant(datetime(2026, 3, 8, 2, 30), "America/Los_Angeles")
    assert zones.wall(skipped, "America/Los_Angeles") == datetime(2026, 3, 8, 3, 30)


def test_a_wall_time_that_occurs_twice_is_the_first_of_the_two():
    twice = zones.instant(datetime(2026, 11, 1, 1, 30), "America/Los_Angeles")
    assert zones.wall(twice, "UTC") == datetime(2026, 11, 1, 8, 30)


def test_every_windows_name_of_the_table_is_a_zone_and_every_iana_name_leads_to_one():
    windows, iana = zones._tables()
    assert len(windows) > 130
    assert {zones.zone(name).key for name in windows}
    assert all(windows_name.lower() in windows for windows_name in iana.values())


def test_windows_names_of_iana_names():
    assert zones.windows_name("Europe/Berlin") == "W. Europe Standard Time"
    assert zones.windows_name("Asia/Calcutta") == zones.windows_name("Asia/Kolkata") == "India Standard Time"
    assert zones.windows_name("Tokyo Standard Time") == "Tokyo Standard Time"
    assert zones.windows_name("Mars/Olympus") is None
