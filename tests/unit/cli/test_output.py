"""What a listing and an event look like: as a table, as plain lines, as JSON."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from daypass.cli.output import Listing, as_json, write_event, write_listing
from daypass.model.event import Attendee, Event, Person

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 8, tzinfo=BERLIN)
STAND_UP = Event(
    "id-1",
    "Stand-up",
    datetime(2026, 11, 23, 9, tzinfo=UTC),
    datetime(2026, 11, 23, 9, 15, tzinfo=UTC),
    location="Room 5",
    organizer=Person("Adele Vance", "adele@contoso.example"),
    attendees=(Attendee(Person("Lee Gu", "lee@contoso.example"), "optional", "accepted"),),
)
OFFSITE = Event("id-2", "Offsite", date(2026, 11, 22), date(2026, 11, 25))
LATE = Event("id-3", "Night shift", datetime(2026, 11, 24, 22, tzinfo=UTC), datetime(2026, 11, 25, 4, tzinfo=UTC))


def printed(*events: Event, output: str) -> str:
    with redirect_stdout(io.StringIO()) as out:
        write_listing(Listing(events, NOW, NOW + timedelta(days=7), NOW), output)
    return out.getvalue()


def test_plain_lines_say_the_end_once_and_no_more_than_needed() -> None:
    assert printed(OFFSITE, STAND_UP, LATE, output="plain").splitlines() == [
        "1  Sun 2026-11-22 - Tue 2026-11-24 all day  Offsite",
        "2  Mon 2026-11-23 10:00 - 10:15  Stand-up  Adele Vance  Room 5",
        "3  Tue 2026-11-24 23:00 - Wed 2026-11-25 05:00  Night shift",
    ]


def test_the_table_groups_by_day_and_puts_what_began_earlier_under_the_first_day_shown() -> None:
    lines = printed(OFFSITE, STAND_UP, LATE, output="table").splitlines()
    assert lines[0] == "Monday 23 November 2026"
    assert lines[1].split() == ["1", "all", "day,", "3", "d", "Offsite"]
    assert lines[2].split()[:5] == ["2", "10:00", "-", "10:15", "Stand-up"]
    assert lines[4] == "Tuesday 24 November 2026"
    assert lines[5].split()[:6] == ["3", "23:00", "-", "05:00", "+1", "Night"]
    assert lines[-1] == "Times are Europe/Berlin. Details: daypass show NUMBER"


def test_the_tables_columns_line_up_for_wide_and_combining_characters() -> None:
    wide = STAND_UP.replace(id="id-4", subject="週次定例会議 ☕️ 👩‍💻 café")
    rows = [line for line in printed(STAND_UP, wide, output="table").splitlines() if "Adele" in line]
    from daypass.model.text import width

    assert len({width(row.partition("Adele")[0]) for row in rows}) == 1


@pytest.mark.parametrize("output", ["table", "plain"])
def test_nothing_is_said_in_words(output: str) -> None:
    assert printed(output=output) == "Nothing from Monday 23 November 2026 to Monday 30 November 2026 (Europe/Berlin).\n"


def test_json_is_one_document_whose_times_say_all() -> None:
    document = json.loads(printed(OFFSITE, STAND_UP, output="json"))
    assert (document["schema"], document["tz"], document["from"]) == ("daypass.events/1", "Europe/Berlin", "2026-11-23T08:00:00+01:00")
    assert document["meta"] == {"complete": True, "has_more": False, "stale": False, "as_of": "2026-11-23T07:00:00Z", "source": "live"}
    offsite, stand_up = document["events"]
    assert (offsite["start"], offsite["end"], offsite["all_day"]) == ({"date": "2026-11-22"}, {"date": "2026-11-25"}, True)
    assert stand_up["start"] == {"local": "2026-11-23T10:00:00+01:00", "zone": "Europe/Berlin", "utc": "2026-11-23T09:00:00Z"}
    assert stand_up["organizer"] == {"name": "Adele Vance", "address": "adele@contoso.example"}
    assert stand_up["attendees"] == [{"name": "Lee Gu", "address": "lee@contoso.example", "type": "optional", "response": "accepted"}]
    assert offsite["organizer"] is None


@pytest.mark.parametrize(
    ("changes", "mark"),
    [
        ({"is_cancelled": True}, "(cancelled)"),
        ({"response": "declined"}, "(declined)"),
        ({"show_as": "tentative"}, "(tentative)"),
        ({"response": "tentativelyAccepted"}, "(tentative)"),
        ({"show_as": "free"}, "(free)"),
        ({"sensitivity": "private"}, "(private)"),
        ({"sensitivity": "confidential"}, "(private)"),
        ({"subject": " \n "}, "(no title)"),
    ],
)
def test_what_a_reader_must_know_stands_by_the_title(changes: dict[str, object], mark: str) -> None:
    assert mark in printed(STAND_UP.replace(**changes), output="plain")


def test_details_show_the_body_line_by_line_and_leave_out_what_is_not_there() -> None:
    event = STAND_UP.replace(body="first\n\x1b[31msecond\n", join_url="https://teams.example/x")
    with redirect_stdout(io.StringIO()) as out:
        write_event(event, BERLIN, None)
    lines = out.getvalue().splitlines()
    assert "Start      Mon 2026-11-23 10:00 Europe/Berlin" in lines
    assert "With       Lee Gu (accepted, optional)" in lines
    assert lines[-2] == "Body       first"
    assert "second" in lines[-1]
    assert "\x1b" not in out.getvalue()
    assert not [line for line in lines if line.startswith("Series")]


def test_an_html_body_is_never_shown_as_text_in_details() -> None:
    event = STAND_UP.replace(body="<script>x</script>", body_content_type="html", body_preview="preview")
    with redirect_stdout(io.StringIO()) as out:
        write_event(event, BERLIN, None)
    assert "<script>" not in out.getvalue()
    assert "preview" in out.getvalue()


def test_an_event_for_programs_keeps_the_text_as_it_came() -> None:
    assert as_json(STAND_UP.replace(subject="\x1b[31mred"), BERLIN)["subject"] == "\x1b[31mred"
