"""Graph's JSON to the model and back: the facts of the codec's docstring, one by one."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daypass.errors import TransportError
from daypass.graph import codec
from daypass.model.event import Attendee, NewEvent, Person

BERLIN = ZoneInfo("Europe/Berlin")


def times(start: str = "2026-11-22T10:00:00.0000000", end: str = "2026-11-22T10:30:00.0000000", zone: str = "UTC") -> dict[str, Any]:
    return {"start": {"dateTime": start, "timeZone": zone}, "end": {"dateTime": end, "timeZone": zone}}


def event(**members: Any) -> Any:
    return codec.event({"id": "e1", **times(), **members})


class TestTimes:
    def test_seven_fractional_digits_are_read_to_the_microsecond(self) -> None:
        read = event(**times("2026-11-22T10:00:00.1234567", "2026-11-22T10:00:01.9999999"))
        assert read.start == datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC)
        assert read.end == datetime(2026, 11, 22, 10, 0, 1, 999999, tzinfo=UTC)

    @pytest.mark.parametrize("zone", ["Europe/Berlin", "W. Europe Standard Time", "w. europe standard time"])
    def test_a_wall_time_is_read_in_the_zone_that_stands_beside_it(self, zone: str) -> None:
        read = event(**times(zone=zone))
        assert read.start == datetime(2026, 11, 22, 9, tzinfo=UTC)
        assert read.start.hour == 10

    @pytest.mark.parametrize("zone", [None, "", 7])
    def test_without_a_zone_it_is_utc_as_was_asked_for(self, zone: Any) -> None:
        assert event(**times(zone=zone)).start == datetime(2026, 11, 22, 10, tzinfo=UTC)

    @pytest.mark.parametrize("zone", ["UTC", "W. Europe Standard Time", "Pacific Standard Time", "Customized Time Zone", "no zone"])
    def test_an_all_day_event_has_dates_that_no_zone_moves(self, zone: str) -> None:
        read = event(isAllDay=True, **times("2026-11-22T00:00:00.0000000", "2026-11-24T00:00:00.0000000", zone))
        assert (read.start, read.end, read.is_all_day) == (date(2026, 11, 22), date(2026, 11, 24), True)
        assert not isinstance(read.start, datetime)

    @pytest.mark.parametrize("value", [False, None, 1, "true", []])
    def test_only_true_is_all_day(self, value: Any) -> None:
        assert not event(isAllDay=value).is_all_day

    @pytest.mark.parametrize(
        "members",
        [
            {"start": None},
            {"start": {}},
            {"start": "2026-11-22T10:00:00"},
            {"start": {"dateTime": None, "timeZone": "UTC"}},
            {"start": {"dateTime": "soon", "timeZone": "UTC"}},
            {"start": {"dateTime": "10000-01-01T00:00:00", "timeZone": "UTC"}},
            times(zone="Atlantis Standard Time"),
            times(zone="Customized Time Zone"),
            times(zone="../../etc/passwd"),
            {"isAllDay": True, "start": None},
            {"isAllDay": True, **times("yesterday", "today")},
        ],
        ids=repr,
    )
    def test_times_that_make_no_sense_are_garbage(self, members: dict[str, Any]) -> None:
        with pytest.raises(TransportError, match="an event that makes no sense") as caught:
            event(**members)
        assert caught.value.kind == "garbage"

    VIEWERS = (ZoneInfo("Asia/Tokyo"), ZoneInfo("America/Los_Angeles"), UTC)

    @pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
    @pytest.mark.parametrize("wall", ["0001-01-01T00:00:00.0000000", "0001-01-01T00:00:00Z", "1899-12-31T23:59:59"])
    def test_a_null_date_becomes_the_first_moment_that_every_viewer_can_be_shown(self, wall: str, zone: str) -> None:
        read = event(**times(wall, "2026-11-22T10:30:00", zone))
        assert read.start == datetime(1900, 1, 1, tzinfo=ZoneInfo(zone))
        assert {read.start.astimezone(viewer).year for viewer in self.VIEWERS} <= {1899, 1900}

    @pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
    @pytest.mark.parametrize("wall", ["9999-12-31T23:59:59.9999999", "9999-12-31T23:59:59-08:00", "3000-01-01T00:00:00"])
    def test_an_end_without_end_becomes_the_last(self, wall: str, zone: str) -> None:
        read = event(**times("2026-11-22T10:00:00", wall, zone))
        assert read.end == datetime(2999, 12, 31, tzinfo=ZoneInfo(zone))
        assert {read.end.astimezone(viewer).year for viewer in self.VIEWERS} <= {2999}

    def test_and_so_do_the_dates_of_whole_days(self) -> None:
        read = event(isAllDay=True, **times("0001-01-01T00:00:00", "9999-12-31T00:00:00"))
        assert (read.start, read.end) == (date(1900, 1, 1), date(2999, 12, 31))

    @pytest.mark.parametrize("wall", ["1900-01-01T00:00:00", "2999-12-31T23:59:59"])
    def test_moments_within_are_kept_to_the_second(self, wall: str) -> None:
        assert event(**times(wall, wall)).start == datetime.fromisoformat(wall).replace(tzinfo=UTC)

    def test_when_it_was_made_and_last_changed(self) -> None:
        read = event(createdDateTime="2026-11-01T08:00:00.1234567Z", lastModifiedDateTime="2026-11-02T09:00:00Z")
        assert read.created_at == datetime(2026, 11, 1, 8, 0, 0, 123456, tzinfo=UTC)
        assert read.last_modified_at == datetime(2026, 11, 2, 9, tzinfo=UTC)

    @pytest.mark.parametrize("stated", [None, "", 7, "yesterday", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
    def test_and_no_time_where_none_is_told(self, stated: Any) -> None:
        assert event(createdDateTime=stated, lastModifiedDateTime=stated) == event()


class TestProperties:
    def test_every_property_finds_its_place(self) -> None:
        read = event(
            subject="Review",
            location={"displayName": "Room 1", "locationType": "default"},
            organizer={"emailAddress": {"name": "Megan Bowen", "address": "megan@contoso.example"}},
            attendees=[{"type": "optional", "status": {"response": "accepted"}, "emailAddress": {"address": "alex@contoso.example"}}],
            showAs="tentative",
            sensitivity="private",
            importance="high",
            type="occurrence",
            seriesMasterId="m1",
            isCancelled=True,
            isOrganizer=True,
            responseStatus={"response": "organizer", "time": "0001-01-01T00:00:00Z"},
            isOnlineMeeting=True,
            onlineMeeting={"joinUrl": "https://teams.example/1"},
            bodyPreview="Ch",
            body={"contentType": "HTML", "content": "<p>Ch"},
            webLink="https://outlook.example/1",
            iCalUId="u1",
            changeKey="c1",
            transactionId="t1",
            categories=["Blue", "Red"],
            hasAttachments=True,
            isReminderOn=True,
            reminderMinutesBeforeStart=15,
            originalStartTimeZone="W. Europe Standard Time",
        )
        assert (read.id, read.subject, read.location) == ("e1", "Review", "Room 1")
        assert read.organizer == Person("Megan Bowen", "megan@contoso.example")
        assert read.attendees == (Attendee(Person("", "alex@contoso.example"), "optional", "accepted"),)
        assert (read.show_as, read.sensitivity, read.importance, read.response) == ("tentative", "private", "high", "organizer")
        assert (read.type, read.series_master_id, read.ical_uid, read.change_key) == ("occurrence", "m1", "u1", "c1")
        assert all((read.is_cancelled, read.is_organizer, read.is_online_meeting, read.has_attachments, read.is_reminder_on))
        assert (read.join_url, read.web_link) == ("https://teams.example/1", "https://outlook.example/1")
        assert (read.body_preview, read.body, read.body_content_type) == ("Ch", "<p>Ch", "html")
        assert (read.transaction_id, read.categories, read.reminder_minutes_before_start) == ("t1", ("Blue", "Red"), 15)
        assert read.original_start_time_zone == "W. Europe Standard Time"

    def test_absent_and_null_are_one(self) -> None:
        names = (
            "subject location organizer attendees showAs sensitivity importance type seriesMasterId isCancelled isOrganizer responseStatus "
            "isOnlineMeeting onlineMeeting bodyPreview body webLink iCalUId changeKey transactionId categories hasAttachments isReminderOn "
            "reminderMinutesBeforeStart originalStartTimeZone isAllDay"
        ).split()
        assert event(**dict.fromkeys(names)) == event()
        assert (event().organizer, event().attendees, event().show_as, event().type) == (None, (), "busy", "singleInstance")

    @pytest.mark.parametrize("name", ["showAs", "sensitivity", "importance", "type"])
    def test_a_kind_added_later_is_kept_as_it_came(self, name: str) -> None:
        assert "unknownFutureValue" in repr(event(**{name: "unknownFutureValue"}))

    def test_properties_added_later_harm_nobody(self) -> None:
        assert event(newThing={"x": 1}, **{"@odata.etag": 'W/"1"'}) == event()

    def test_an_organizer_without_an_address_is_a_person_with_what_there_is(self) -> None:
        assert event(organizer={"emailAddress": {"name": "Megan Bowen"}}).organizer == Person("Megan Bowen", "")
        assert event(organizer={"emailAddress": {}}).organizer is None
        assert event(organizer={}).organizer is None

    def test_attendees_that_are_none_are_passed_over_and_nameless_ones_kept(self) -> None:
        assert event(attendees=[None, 7, "x", {}]).attendees == (Attendee(Person(), "required", "none"),)

    @pytest.mark.parametrize("value", [None, "15", True, 1.5, []])
    def test_a_reminder_is_a_whole_number_or_none(self, value: Any) -> None:
        assert event(reminderMinutesBeforeStart=value).reminder_minutes_before_start is None

    def test_hostile_text_stays_text(self) -> None:
        text = "\x1b]0;owned\x07\u202e\U0001f600<script>\n"
        assert event(subject=text).subject == text

    @pytest.mark.parametrize(
        ("told", "read"), [(r"\ud83d", "\ufffd"), (r"\ude00!", "\ufffd!"), (r"\ud83dA", "\ufffdA"), (r"\ud83d\ude00", "\U0001f600")]
    )
    def test_half_a_surrogate_pair_is_replaced(self, told: str, read: str) -> None:
        text = json.loads(f'"{told}"')
        assert event(subject=text, categories=[text]).subject == read
        assert event(categories=[text]).categories == (read,)
        assert codec.user({"id": "1", "displayName": text}).display_name == read

    @pytest.mark.parametrize("read", [codec.user, codec.event])
    @pytest.mark.parametrize("missing", [{}, {"id": None}, {"id": ""}, {"id": 7}])
    def test_nothing_is_read_without_an_id(self, read: Any, missing: dict[str, Any]) -> None:
        with pytest.raises(TransportError, match="without an id"):
            read({**times(), **missing})


class TestUser:
    def test_every_property_finds_its_place_and_null_is_empty(self) -> None:
        read = codec.user(
            {"id": "1", "displayName": "Megan Bowen", "mail": None, "userPrincipalName": "megan@contoso.example", "jobTitle": 7}
        )
        assert (read.id, read.display_name, read.mail, read.user_principal_name, read.job_title) == (
            "1",
            "Megan Bowen",
            "",
            "megan@contoso.example",
            "",
        )

    def test_the_fields_asked_for_are_those_that_are_read(self) -> None:
        asked = codec.USER_FIELDS.split(",")
        full = codec.user({name: name for name in asked})
        assert "" not in vars(full).values()
        assert len(vars(full)) == len(asked)


def new(start: Any, end: Any, **more: Any) -> dict[str, Any]:
    return codec.new_event(NewEvent("Study", start, end, **more))


class TestNewEvents:
    def test_only_what_was_given_is_sent(self) -> None:
        start = datetime(2026, 11, 22, 10, tzinfo=BERLIN)
        assert new(start, start + timedelta(minutes=30), time_zone="Europe/Berlin") == {
            "subject": "Study",
            "isAllDay": False,
            "start": {"dateTime": "2026-11-22T10:00:00", "timeZone": "W. Europe Standard Time"},
            "end": {"dateTime": "2026-11-22T10:30:00", "timeZone": "W. Europe Standard Time"},
        }

    def test_everything_given_is_sent(self) -> None:
        start = datetime(2026, 11, 22, 10, tzinfo=UTC)
        guests = (Attendee(Person("", "alex@contoso.example"), "optional"), Attendee(Person("Lee Gu", "lee@contoso.example")))
        sent = new(
            start, start + timedelta(hours=1), location="Here", body="<p>", body_content_type="html", attendees=guests, transaction_id="t1"
        )
        assert sent["location"] == {"displayName": "Here"}
        assert sent["body"] == {"contentType": "html", "content": "<p>"}
        assert sent["transactionId"] == "t1"
        assert sent["attendees"] == [
            {"type": "optional", "emailAddress": {"address": "alex@contoso.example"}},
            {"type": "required", "emailAddress": {"address": "lee@contoso.example", "name": "Lee Gu"}},
        ]

    def test_instants_are_stated_in_the_zone_that_is_named_whatever_zone_they_come_in(self) -> None:
        start = datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("America/New_York"))
        sent = new(start, start + timedelta(hours=1), time_zone="Europe/Berlin")
        assert sent["start"] == {"dateTime": "2026-07-01T18:00:00", "timeZone": "W. Europe Standard Time"}

    def test_a_zone_that_windows_does_not_know_keeps_its_name(self) -> None:
        start = datetime(2026, 7, 1, 12, tzinfo=UTC)
        assert new(start, start + timedelta(hours=1), time_zone="Antarctica/Troll")["start"]["timeZone"] in ("Antarctica/Troll", "UTC")

    def test_an_all_day_event_is_stated_as_midnights(self) -> None:
        sent = new(date(2026, 11, 22), date(2026, 11, 24), time_zone="Europe/Berlin")
        assert sent["isAllDay"] is True
        assert sent["start"] == {"dateTime": "2026-11-22T00:00:00", "timeZone": "W. Europe Standard Time"}
        assert sent["end"] == {"dateTime": "2026-11-24T00:00:00", "timeZone": "W. Europe Standard Time"}

    @pytest.mark.parametrize("fold", [0, 1])
    def test_of_a_time_that_comes_twice_the_first_is_stated_as_it_is_and_the_second_in_utc(self, fold: int) -> None:
        start = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=fold)
        sent = new(start, start.astimezone(UTC) + timedelta(hours=2), time_zone="Europe/Berlin")
        expected = ("2026-10-25T01:30:00", "UTC") if fold else ("2026-10-25T02:30:00", "W. Europe Standard Time")
        assert (sent["start"]["dateTime"], sent["start"]["timeZone"]) == expected
        assert sent["end"]["timeZone"] == expected[1]

    def test_an_end_that_comes_twice_counts_as_well(self) -> None:
        end = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1)
        sent = new(end.astimezone(UTC) - timedelta(hours=3), end, time_zone="Europe/Berlin")
        assert (sent["start"]["timeZone"], sent["end"]["dateTime"]) == ("UTC", "2026-10-25T01:30:00")
