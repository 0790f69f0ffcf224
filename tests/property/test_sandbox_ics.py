"""What comes of an iCalendar file, held against recurring-ical-events, which shares no line with the sandbox; and of any other file."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import recurring_ical_events
from hypothesis import event, example, given
from hypothesis import strategies as st
from icalendar import Calendar

from daypass.wire import Request
from daypass_sandbox.calendar.mailbox import open_mailbox
from daypass_sandbox.tenant import Tenant
from graph_caller import MEGAN, ROOT, new_tenant

ZONES = {"Europe/Berlin": "Europe/Berlin", "W. Europe Standard Time": "Europe/Berlin", "America/New_York": "America/New_York", "UTC": "UTC"}
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
APPROXIMATE = "Outlook takes the last day"


def imported(tenant: Tenant, text: str) -> tuple[int, dict]:
    request = Request("POST", f"{ROOT}/sandbox/import?user=megan", {"content-type": "text/calendar"}, text.encode("utf-8", "surrogatepass"))
    answer = tenant.handle(request)
    return answer.status, json.loads(answer.body)


def days(draw, least: int, most: int) -> list[str]:
    return sorted(draw(st.sets(st.sampled_from(DAYS), min_size=least, max_size=most)), key=DAYS.index)


@st.composite
def rules(draw) -> str:
    """Rules as calendars write them, most of which Graph has a pattern for."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}"]
    if draw(st.booleans()):
        parts.append(f"INTERVAL={draw(st.integers(1, 4))}")
    kind = draw(st.sampled_from(["plain", "days", "numbered days", "month day", "position"]))
    if kind == "days" and frequency in ("DAILY", "WEEKLY"):
        parts.append(f"BYDAY={','.join(days(draw, 1, 5))}")
    if kind == "numbered days" and frequency in ("MONTHLY", "YEARLY"):
        parts.append(f"BYDAY={draw(st.sampled_from([1, 2, 3, 4, 5, -1, -2]))}{draw(st.sampled_from(DAYS))}")
    if kind == "month day" and frequency in ("MONTHLY", "YEARLY"):
        parts.append(f"BYMONTHDAY={draw(st.sampled_from([-1, -2, 1, 15, 28, 29, 30, 31]))}")
    if kind == "position" and frequency == "MONTHLY":
        parts.append(f"BYDAY={','.join(days(draw, 1, 5))};BYSETPOS={draw(st.sampled_from([1, 2, -1, -2]))}")
    if frequency == "YEARLY" and draw(st.booleans()):
        parts.append(f"BYMONTH={draw(st.integers(1, 12))}")
    if frequency == "WEEKLY" and draw(st.booleans()):
        parts.append(f"WKST={draw(st.sampled_from(DAYS))}")
    end = draw(st.sampled_from(["", "COUNT", "UNTIL"]))
    if end == "COUNT":
        parts.append(f"COUNT={draw(st.integers(1, 40))}")
    if end == "UNTIL":
        parts.append(f"UNTIL={datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=draw(st.integers(1, 20_000))):%Y%m%dT%H%M%SZ}")
    return ";".join(parts)


@st.composite
def files(draw) -> str:
    zone = draw(st.sampled_from(sorted(ZONES)))
    start = datetime(2025, 1, 1) + timedelta(days=draw(st.integers(0, 400)), minutes=15 * draw(st.integers(0, 95)))
    lines = [f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}", f"DURATION:PT{draw(st.sampled_from([15, 60, 600]))}M", f"RRULE:{draw(rules())}"]
    excluded = draw(st.lists(st.integers(0, 60), max_size=3))
    lines += [f"EXDATE;TZID={zone}:{start + timedelta(days=number):%Y%m%dT%H%M%S}" for number in excluded]
    return "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", "BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT", "END:VCALENDAR", ""])


@given(files())
@example(
    "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART;TZID=Europe/Berlin:20250131T230000\nDURATION:PT60M\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1\nEND:VEVENT\nEND:VCALENDAR\n"
)
def test_an_imported_series_has_the_occurrences_that_another_library_finds(text):
    tenant = new_tenant()
    status, report = imported(tenant, text)
    assert status == 200, report
    if report["refused"]:
        event("refused")
        return
    notes = str(report["notes"])
    if APPROXIMATE in notes:
        event("approximate")
        return
    event("single events" if "single events" in notes else "series")
    begin, end = datetime(2024, 12, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
    ours = [slot.start for slot in open_mailbox(tenant, MEGAN).window(int(begin.timestamp()), int(end.timestamp()))]
    theirs = sorted(instant(found["DTSTART"], text) for found in recurring_ical_events.of(Calendar.from_ical(text)).between(begin, end))
    assert ours == theirs


def instant(value, text: str) -> int:
    zone = ZoneInfo(ZONES[text.partition("TZID=")[2].partition(":")[0]])
    return int(value.dt.replace(tzinfo=zone).timestamp())


LINES = st.sampled_from(
    [
        *("BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "BEGIN:VTIMEZONE", "END:VTIMEZONE", "BEGIN:STANDARD"),
        *("BEGIN:VALARM", "END:VALARM", "UID:1", "UID:2", "DTSTART:20261125T100000Z", "DTSTART;VALUE=DATE:20261125", "DTSTART:never"),
        *(
            "DTEND:20261125T110000Z",
            "DTEND:00010101T000000Z",
            "DURATION:-P1D",
            "DURATION:P999999D",
            "RRULE:FREQ=DAILY",
            "RRULE:FREQ=SECONDLY",
        ),
        *(
            "RRULE:FREQ=DAILY;COUNT=99999999",
            "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "RRULE:FREQ=WEEKLY;BYDAY=XX",
            "RRULE:",
            "RRULE:X=Y",
        ),
        *("RRULE:FREQ=DAILY;INTERVAL=0", "RRULE:FREQ=DAILY;UNTIL=x", "RRULE:FREQ=MONTHLY;BYDAY=9MO", "EXDATE:20261126T100000Z", "EXDATE:x"),
        *("RDATE:20261130T100000Z", "RDATE;VALUE=PERIOD:20261130T100000Z/PT1H", "RECURRENCE-ID:20261126T100000Z", "RECURRENCE-ID:x"),
        *(
            "TZID:Mars",
            "TZOFFSETFROM:+9999",
            "TZOFFSETTO:+0100",
            "DTSTART;TZID=Mars:20261125T100000",
            "DTSTART;TZID=../../x:20261125T100000",
        ),
        *("SUMMARY:x\\", "GEO:x;y", "GEO:999;999", "TRIGGER:-PT15M", "TRIGGER:x", "STATUS:CANCELLED", "ATTENDEE:x", "ATTENDEE:mailto:x@y"),
        *(
            "ORGANIZER:mailto:x@y",
            "CATEGORIES:",
            "PRIORITY:x",
            "CLASS:SECRET",
            "X-ALT-DESC;FMTTYPE=text/html:<p>",
            ":",
            " ",
            "\ud800",
            "\x00",
        ),
    ]
)


@example(["RDATE:20261130T100000Z", "RDATE;VALUE=PERIOD:20261130T100000Z/PT1H", "EXDATE;VALUE=PERIOD:20261130T100000Z/PT1H"], True)
@given(st.lists(LINES | st.text(max_size=30), max_size=14), st.booleans())
def test_whatever_a_file_holds_it_is_taken_or_refused(lines, whole):
    inner = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "DTSTART:20261125T100000Z", *lines, "END:VEVENT", "END:VCALENDAR"] if whole else lines
    tenant = new_tenant()
    status, report = imported(tenant, "\r\n".join(inner))
    assert status in (200, 400)
    if status == 200:
        kept = tenant.state.mailboxes[MEGAN]["events"]
        assert len(kept) == report["events"]
        open_mailbox(tenant, MEGAN).window(1795000000, 1796000000)
        json.dumps(tenant.state.to_json())
