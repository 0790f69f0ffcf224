"""One flow per Graph operation: what it asks, and what it makes of the answer, with scripted answers and with the pretend tenant's."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from daypass.errors import Forbidden, NotFound, TransportError
from daypass.graph import operations
from daypass.model.event import NewEvent
from daypass.wire import Request
from daypass_sandbox.tenant import Tenant
from drive import drive
from script import Script, answer

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
PREFER = 'outlook.timezone="UTC", outlook.body-content-type="text"'


class Stopped:
    """A clock that stands still."""

    def now(self) -> float:
        return NOW.timestamp()


@pytest.fixture
def tenant() -> Tenant:
    return Tenant(clock=Stopped(), chance=random.Random(7))


def item(number: int, start: datetime, **more: Any) -> dict[str, Any]:
    def stated(moment: datetime) -> dict[str, str]:
        return {"dateTime": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": "UTC"}

    return {"id": f"e{number}", "subject": f"Event {number}", "start": stated(start), "end": stated(start + timedelta(hours=1)), **more}


def query(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}


class TestMe:
    def test_it_asks_for_what_it_reads_and_no_more(self) -> None:
        script = Script(answer(200, {"id": "1", "displayName": "Megan Bowen"}))
        assert script.run(operations.me()).display_name == "Megan Bowen"
        (request,) = script.requests
        assert request.access is not None
        assert request.access.scopes == ("User.Read",)
        assert set(query(request)["$select"].split(",")) >= {"id", "displayName", "userPrincipalName"}

    def test_the_tenant_tells_who_is_signed_in(self, tenant: Tenant) -> None:
        user = drive(operations.me(), tenant)
        assert (user.display_name, user.user_principal_name, user.job_title) == (
            "Megan Bowen",
            "megan@contoso.example",
            "Marketing Manager",
        )


class TestCalendarView:
    def test_one_request_asks_for_the_window_with_room_for_events_that_float(self) -> None:
        script = Script(answer(200, {"value": []}))
        script.run(operations.calendar_view(datetime(2026, 11, 22, tzinfo=BERLIN), datetime(2026, 11, 29, tzinfo=BERLIN)))
        (request,) = script.requests
        assert urlsplit(request.url).path == "/me/calendarView"
        asked = query(request)
        assert (asked["startDateTime"], asked["endDateTime"]) == ("2026-11-21T09:00:00Z", "2026-11-29T13:00:00Z")
        assert (asked["$orderby"], asked["$top"]) == ("start/dateTime", "100")
        assert "body" not in asked["$select"].split(",")
        assert request.headers["Prefer"] == PREFER
        assert request.access is not None
        assert request.access.scopes == ("Calendars.ReadBasic",)

    def test_all_pages_are_followed_and_what_comes_twice_is_told_once(self) -> None:
        pages = [[item(1, NOW), item(2, NOW)], [item(2, NOW), item(3, NOW)], []]
        script = Script(
            *[answer(200, {"value": page, "@odata.nextLink": f"https://g/{n}"}) for n, page in enumerate(pages)],
            answer(200, {"value": [item(4, NOW)]}),
        )
        found = script.run(operations.calendar_view(NOW, NOW + timedelta(days=1)))
        assert [event.id for event in found] == ["e1", "e2", "e3", "e4"]
        assert {request.headers["Prefer"] for request in script.requests} == {PREFER}

    def test_what_the_wider_question_brought_too_much_is_left_out(self) -> None:
        hours = [-2, -1, 0, 23, 24]
        script = Script(answer(200, {"value": [item(hour, NOW + timedelta(hours=hour)) for hour in hours]}))
        found = script.run(operations.calendar_view(NOW, NOW + timedelta(days=1)))
        assert [event.id for event in found] == ["e0", "e23"]

    def test_all_day_events_count_by_the_viewers_dates_and_come_first(self) -> None:
        def day(number: int, start: str, end: str) -> dict[str, Any]:
            ends = {name: {"dateTime": f"{text}T00:00:00.0000000", "timeZone": "UTC"} for name, text in (("start", start), ("end", end))}
            return {**item(number, NOW), "isAllDay": True, **ends}

        items = [
            item(0, datetime(2026, 11, 22, 0, 30, tzinfo=BERLIN)),
            day(1, "2026-11-21", "2026-11-22"),
            day(2, "2026-11-22", "2026-11-23"),
            day(3, "2026-11-23", "2026-11-24"),
        ]
        script = Script(answer(200, {"value": items}))
        found = script.run(operations.calendar_view(datetime(2026, 11, 22, tzinfo=BERLIN), datetime(2026, 11, 23, tzinfo=BERLIN)))
        assert [event.id for event in found] == ["e2", "e0"]
        assert found[0].start == date(2026, 11, 22)

    @pytest.mark.parametrize("naive", [0, 1])
    def test_a_window_without_a_zone_is_no_window(self, naive: int) -> None:
        window = [NOW, NOW + timedelta(days=1)]
        window[naive] = window[naive].replace(tzinfo=None)
        with pytest.raises(ValueError, match="aware"):
            Script().run(operations.calendar_view(*window))

    def test_the_tenants_series_come_as_occurrences_in_order(self, tenant: Tenant) -> None:
        found = drive(operations.calendar_view(NOW, NOW + timedelta(days=14)), tenant)
        starts = [event.start for event in found if isinstance(event.start, datetime)]
        assert len(found) > 10
        assert len({event.id for event in found}) == len(found)
        assert starts == sorted(starts)
        assert {event.type for event in found} >= {"occurrence", "singleInstance"}
        assert "seriesMaster" not in {event.type for event in found}

    def test_each_event_of_the_tenant_lies_in_the_window_it_was_asked_for(self, tenant: Tenant) -> None:
        whole = {event.id for event in drive(operations.calendar_view(NOW, NOW + timedelta(days=7)), tenant)}
        parts = [drive(operations.calendar_view(NOW + timedelta(days=day), NOW + timedelta(days=day + 1)), tenant) for day in range(7)]
        assert {event.id for part in parts for event in part} == whole


class TestGetEvent:
    def test_an_id_is_one_segment_of_the_path_whatever_it_holds(self) -> None:
        script = Script(answer(200, item(1, NOW)))
        script.run(operations.get_event("AAMk/+ =?#&é/../.."))
        assert script.requests[0].url == "/me/events/AAMk%2F%2B%20%3D%3F%23%26%C3%A9%2F..%2F.."
        assert script.requests[0].headers["Prefer"] == PREFER

    def test_the_tenants_event_comes_with_its_text(self, tenant: Tenant) -> None:
        listed = drive(operations.calendar_view(NOW, NOW + timedelta(days=7)), tenant)
        event = drive(operations.get_event(listed[0].id), tenant)
        assert (event.subject, event.body_content_type) == (listed[0].subject, "text")

    def test_what_is_not_there_is_told(self, tenant: Tenant) -> None:
        with pytest.raises(NotFound) as caught:
            drive(operations.get_event("AAMkNothing="), tenant)
        assert caught.value.status == 404


def study(**more: Any) -> NewEvent:
    start = datetime(2026, 11, 22, 10, tzinfo=BERLIN)
    return NewEvent("Study for the AZ-204 exam", start, start + timedelta(minutes=30), "Europe/Berlin", "Wherever you are", **more)


class TestCreateEvent:
    def test_it_asks_to_write_and_returns_what_the_service_keeps(self) -> None:
        script = Script(answer(201, item(1, NOW, subject="As kept")))
        assert script.run(operations.create_event(study())).subject == "As kept"
        (request,) = script.requests
        assert (request.method, request.url) == ("POST", "/me/events")
        assert request.access is not None
        assert request.access.scopes == ("Calendars.ReadWrite",)
        assert json.loads(request.body)["subject"] == "Study for the AZ-204 exam"

    def test_the_tenant_keeps_it_and_lists_it(self, tenant: Tenant) -> None:
        created = drive(operations.create_event(study(body="Chapter 3", transaction_id="t-1")), tenant)
        assert (created.location, created.body.strip(), created.duration) == ("Wherever you are", "Chapter 3", timedelta(minutes=30))
        assert created.start == datetime(2026, 11, 22, 9, tzinfo=UTC)
        assert created.id in {event.id for event in drive(operations.calendar_view(NOW, NOW + timedelta(hours=1)), tenant)}

    @pytest.mark.parametrize(
        "fault",
        [
            *({"drop": "after"}, {"status": 503, "after": True}, {"status": 504, "html": True, "after": True}),
            *({"status": 500, "after": True}, {"truncate": 20}, {"truncate": 0}, {"stall": True}),
        ],
        ids=str,
    )
    def test_an_answer_that_was_lost_after_the_effect_makes_no_second_event(self, fault: dict[str, Any], tenant: Tenant) -> None:
        _plant(tenant, {"method": "POST", "path": "/events$", **fault})
        created = drive(operations.create_event(study(transaction_id="t-1")), tenant)
        assert [event.id for event in _named(tenant, "Study for the AZ-204 exam")] == [created.id]

    def test_without_a_transaction_id_the_loss_is_told_and_nothing_is_repeated(self, tenant: Tenant) -> None:
        _plant(tenant, {"method": "POST", "path": "/events$", "drop": "after"})
        with pytest.raises(TransportError) as caught:
            drive(operations.create_event(study()), tenant)
        assert caught.value.kind == "reset"
        assert len(_named(tenant, "Study for the AZ-204 exam")) == 1

    def test_a_creation_whose_answer_makes_no_sense_may_have_been_done(self) -> None:
        script = Script(answer(201, {"id": "1"}))
        with pytest.raises(TransportError, match="makes no sense") as caught:
            script.run(operations.create_event(study()))
        assert caught.value.maybe_done

    def test_without_the_permission_it_is_refused(self, tenant: Tenant) -> None:
        with pytest.raises(Forbidden) as caught:
            drive(operations.create_event(study()), tenant, token=tenant.mint("megan", ["Calendars.Read"]))
        assert caught.value.code == "ErrorAccessDenied"


def _plant(tenant: Tenant, fault: dict[str, Any]) -> None:
    done = tenant.handle(Request("POST", "https://localhost:8443/sandbox/faults", {}, json.dumps(fault).encode()))
    assert done.status == 201, done.body


def _named(tenant: Tenant, subject: str) -> list[Any]:
    return [event for event in drive(operations.calendar_view(NOW, NOW + timedelta(days=1)), tenant) if event.subject == subject]
