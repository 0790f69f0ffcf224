from __future__ import annotations

from datetime import datetime

import pytest

from daypass_sandbox import zones
from daypass_sandbox.routes import Fault

# Names of zones with rules of their own: the service answers them, and there is nothing to make of them without the rules.
CUSTOM = ("tzone://Microsoft/Custom", "Customized Time Zone", "localtime")
# The names beside those of Windows that the page resources/datetimetimezone lists.
ADDITIONAL = """Etc/GMT+12; Etc/GMT+11; Pacific/Honolulu; America/Anchorage; America/Santa_Isabel; America/Los_Angeles; America/Phoenix
America/Chihuahua; America/Denver; America/Guatemala; America/Chicago; America/Mexico_City; America/Regina; America/Bogota
America/New_York; America/Indiana/Indianapolis; America/Caracas; America/Asuncion; America/Halifax; America/Cuiaba; America/La_Paz
America/Santiago; America/St_Johns; America/Sao_Paulo; America/Argentina/Buenos_Aires; America/Cayenne; America/Godthab
America/Montevideo; America/Bahia; Etc/GMT+2; Atlantic/Azores; Atlantic/Cape_Verde; Africa/Casablanca; Etc/GMT; Europe/London
Atlantic/Reykjavik; Europe/Berlin; Europe/Budapest; Europe/Paris; Europe/Warsaw; Africa/Lagos; Africa/Windhoek; Europe/Bucharest
Asia/Beirut; Africa/Cairo; Asia/Damascus; Africa/Johannesburg; Europe/Kyiv (Kiev); Europe/Istanbul; Asia/Jerusalem; Asia/Amman
Asia/Baghdad; Europe/Kaliningrad; Asia/Riyadh; Africa/Nairobi; Asia/Tehran; Asia/Dubai; Asia/Baku; Europe/Moscow; Indian/Mauritius
Asia/Tbilisi; Asia/Yerevan; Asia/Kabul; Asia/Karachi; Asia/Toshkent (Tashkent); Asia/Kolkata; Asia/Colombo; Asia/Kathmandu
Asia/Astana (Almaty); Asia/Dhaka; Asia/Yekaterinburg; Asia/Yangon (Rangoon); Asia/Bangkok; Asia/Novosibirsk; Asia/Shanghai
Asia/Krasnoyarsk; Asia/Singapore; Australia/Perth; Asia/Taipei; Asia/Ulaanbaatar; Asia/Irkutsk; Asia/Tokyo; Asia/Seoul
Australia/Adelaide; Australia/Darwin; Australia/Brisbane; Australia/Sydney; Pacific/Port_Moresby; Australia/Hobart; Asia/Yakutsk
Pacific/Guadalcanal; Asia/Vladivostok; Pacific/Auckland; Etc/GMT-12; Pacific/Fiji; Asia/Magadan; Pacific/Tongatapu; Pacific/Apia
Pacific/Kiritimati"""


@pytest.mark.parametrize("name", ADDITIONAL.replace("\n", "; ").split("; "))
def test_every_name_that_the_documentation_lists_is_a_zone(name):
    assert zones.wall(zones.instant(datetime(2026, 7, 1, 12), name), name) == datetime(2026, 7, 1, 12)


def test_the_table_of_windows_names_is_cldrs():
    cldr = pytest.importorskip("tzlocal.windows_tz")
    assert zones.windows_names() == cldr.win_tz
    assert zones._tables()[1] == {iana: windows for iana, windows in cldr.tz_win.items() if iana}


@pytest.mark.parametrize(
    ("name", "offset_hours"),
    [
        ("Pacific Standard Time", -8),
        ("pacific standard TIME", -8),
        ("America/Los_Angeles", -8),
        ("W. Europe Standard Time", 1),
        ("UTC", 0),
        ("tzone://Microsoft/Utc", 0),
        ("america/los_angeles", -8),
        ("Mid-Atlantic Standard Time", -2),
        ("Etc/GMT-12", 12),
        ("India Standard Time", 5.5),
    ],
)
def test_windows_and_iana_names_are_zones(name, offset_hours):
    assert zones.instant(datetime(1970, 1, 2), name) == 86400 - offset_hours * 3600


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "America", "/etc/localtime", "a\0b", "EST5", "x" * 9999, *CUSTOM])
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
    assert {zones.zone(name).key for name in zones.iana_names()}
    assert all(windows_name.lower() in windows for windows_name in iana.values())


def test_windows_names_of_iana_names():
    assert zones.windows_name("Europe/Berlin") == "W. Europe Standard Time"
    assert zones.windows_name("Asia/Calcutta") == zones.windows_name("Asia/Kolkata") == "India Standard Time"
    assert zones.windows_name("Tokyo Standard Time") == "Tokyo Standard Time"
    assert zones.windows_name("Mars/Olympus") is None
