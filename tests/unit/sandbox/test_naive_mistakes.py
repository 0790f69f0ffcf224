"""What naive clients get wrong, and what they meet: the answer the real service would give them, however little they like it."""

from __future__ import annotations

import random
from datetime import datetime
from urllib.parse import quote, unquote, unquote_plus

import pytest

from daypass.wire import Response
from daypass_sandbox.tenant import CLIENT_ID, Tenant
from graph_caller import MEGAN, PACIFIC, Graph, StoppedClock, at, new_tenant, series, timed

DAY = ("2026-12-07T00:00:00Z", "2026-12-08T00:00:00Z")
WEEK = "startDateTime=2026-12-07T00:00:00Z&endDateTime=2026-12-14T00:00:00Z"


def test_1_upcoming_events_are_not_the_oldest_masters_first(graph):
    """`/me/events` by start gives masters at the start of their series, and no occurrence; calendarView is what was meant."""
    graph.create(**series("Stand-up", "2020-01-06T09:00:00", "2020-01-06T09:15:00", {"type": "daily"}))
    graph.create(**timed("Lunch", "2026-12-07T12:00:00", "2026-12-07T13:00:00"))
    naive = graph("GET", "/me/events?$orderby=start/dateTime&$top=1").body["value"]
    assert [(event["subject"], event["start"]["dateTime"][:4]) for event in naive] == [("Stand-up", "2020")]
    assert graph.view(*DAY, "&$orderby=start/dateTime").subjects == ["Stand-up", "Lunch"]


def test_2_one_page_is_ten_items_and_the_link_is_to_be_followed_as_it_is(graph):
    for number in range(12):
        graph.create(**timed(f"Event {number}", f"2026-12-07T{number:02}:00:00", f"2026-12-07T{number:02}:30:00"))
    first = graph.view(*DAY)
    assert len(first.body["value"]) == 10
    assert len({event["id"] for event in graph.everything(first)}) == 12


def test_2_the_last_item_of_a_page_may_come_again(graph):
    graph.tenant.state.quirks["repeatLastItem"] = True
    for number in range(12):
        graph.create(**timed(f"Event {number}", f"2026-12-07T{number:02}:00:00", f"2026-12-07T{number:02}:30:00"))
    items = graph.everything(graph.view(*DAY))
    assert (len(items), len({event["id"] for event in items})) == (13, 12)


@pytest.mark.parametrize("wrong", [{"location": "Adams"}, {"body": "Agenda"}, {"attendees": ["alex@contoso.example"]}])
def test_3_texts_where_objects_belong(graph, wrong):
    answer = graph("POST", "/me/events", {**timed("X", "2026-12-07T10:00:00", "2026-12-07T11:00:00"), **wrong})
    assert (answer.status, answer.code) == (400, "RequestBodyRead")


def test_4_an_offset_beside_a_zone_counts_and_fractions_have_seven_digits(graph):
    event = graph.create(subject="X", start=at("2026-12-07T10:00:00.123456+02:00", "UTC"), end=at("2026-12-07T11:00:00Z", "UTC"))
    assert event["start"]["dateTime"] == "2026-12-07T08:00:00.0000000"
    with pytest.raises(ValueError, match="unconverted data"):
        datetime.strptime(event["start"]["dateTime"], "%Y-%m-%dT%H:%M:%S.%f")


def test_5_all_day_events_stay_on_their_day_whatever_zone_is_asked(graph):
    graph.create(subject="Fair", isAllDay=True, start=at("2026-12-07T00:00:00", PACIFIC), end=at("2026-12-08T00:00:00", PACIFIC))
    (event,) = graph.view(*DAY, prefer='outlook.timezone="Tokyo Standard Time"').body["value"]
    assert event["start"] == {"dateTime": "2026-12-07T00:00:00.0000000", "timeZone": "Tokyo Standard Time"}


@pytest.mark.parametrize(
    ("start", "end"),
    [("2026-12-07T09:00:00", "2026-12-08T09:00:00"), ("2026-12-07T00:00:00", "2026-12-07T00:00:00")],
    ids=["hours", "no day"],
)
def test_5_all_day_events_with_hours_or_without_a_day(graph, start, end):
    answer = graph("POST", "/me/events", timed("Fair", start, end, isAllDay=True))
    assert (answer.status, answer.code) == (400, "ErrorInvalidRequest")


def test_6_windows_names_and_preferences_without_quotes_or_commas(graph):
    graph.create(**timed("X", "2026-12-07T10:00:00", "2026-12-07T11:00:00", PACIFIC))
    assert graph.view(*DAY, prefer=f'outlook.timezone="{PACIFIC}"').body["value"][0]["start"]["timeZone"] == PACIFIC
    unquoted = graph.view(*DAY, prefer=f"outlook.timezone={PACIFIC}")
    assert (unquoted.status, unquoted.code) == (400, "TimeZoneNotSupportedException")
    both = graph.view(*DAY, prefer=f'outlook.timezone="{PACIFIC}", outlook.body-content-type="text"')
    assert both.headers["preference-applied"] == f'outlook.timezone="{PACIFIC}", outlook.body-content-type="text"'


def test_7_delta_takes_no_select_and_its_window_stays(graph):
    assert graph("GET", f"/me/calendarView/delta?{WEEK}&$select=subject").status == 400
    _, link = graph.round(f"/me/calendarView/delta?{WEEK}")
    moved = graph("GET", link + "&startDateTime=2027-01-01T00:00:00Z&endDateTime=2027-02-01T00:00:00Z")
    assert (moved.status, moved.code) == (400, "BadRequest")


def test_7_delta_removes_what_was_never_seen(graph):
    _, link = graph.round(f"/me/calendarView/delta?{WEEK}")
    outside = graph.create(**timed("Far away", "2027-06-01T10:00:00", "2027-06-01T11:00:00"))
    items, _ = graph.round(link)
    assert items == [{"@odata.type": "#microsoft.graph.event", "id": outside["id"], "@removed": {"reason": "deleted"}}]


def test_7_a_stale_delta_link_says_to_begin_anew(graph):
    _, link = graph.round(f"/me/calendarView/delta?{WEEK}")
    graph.tenant.state.mailboxes[MEGAN]["log"].update(floor=99, last=99)
    answer = graph("GET", link)
    assert (answer.status, answer.code) == (410, "SyncStateNotFound")


def test_8_a_repeated_post_makes_two_unless_it_bears_a_transaction_id(graph):
    lunch = timed("Lunch", "2026-12-07T12:00:00", "2026-12-07T13:00:00")
    assert graph.create(**lunch)["id"] != graph.create(**lunch)["id"]
    assert graph.create(**lunch, transactionId="7e1e44ea")["id"] == graph.create(**lunch, transactionId="7e1e44ea")["id"]


def test_8_a_change_without_if_match_loses_another(graph):
    event = graph.create(**timed("Lunch", "2026-12-07T12:00:00", "2026-12-07T13:00:00"))
    path = f"/me/events/{quote(event['id'])}"
    graph("PATCH", path, {"subject": "Dinner"})
    guarded = graph("PATCH", path, {"subject": "Breakfast"}, headers={"If-Match": event["@odata.etag"]})
    assert (guarded.status, guarded.code) == (412, "ErrorIrresolvableConflict")
    assert graph("PATCH", path, {"subject": "Breakfast"}).status == 200


class Webhook:
    """A webhook that answers a validation as it was told to, and keeps what was sent to it."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def __call__(self, request):
        self.asked.append(request)
        _, _, token = request.url.partition("validationToken=")
        return self.answer(token.partition("&")[0])


def plain(text):
    return Response(200, {"content-type": "text/plain"}, text.encode())


def subscribe(webhook, **more):
    tenant = Tenant(clock=StoppedClock(), chance=random.Random(7), seed="empty", outside=webhook)
    asked = {
        "changeType": "created,updated,deleted",
        "notificationUrl": "https://hooks.contoso.example/graph",
        "resource": "/me/events",
        "expirationDateTime": "2026-11-27T18:00:00Z",
        "clientState": "only we know",
        **more,
    }
    graph = Graph(tenant, scopes=tuple(more.pop("scopes", ())) or ("Calendars.ReadWrite",))
    return graph, graph("POST", "/subscriptions", {name: value for name, value in asked.items() if name != "scopes"})


def test_9_the_validation_token_must_come_back_decoded():
    assert subscribe(Webhook(lambda token: plain(unquote_plus(token))))[1].status == 201
    encoded = Webhook(plain)
    answer = subscribe(encoded)[1]
    assert unquote(encoded.asked[0].url) != encoded.asked[0].url, "the token has nothing to decode"
    assert (answer.status, answer.code) == (400, "ValidationError")


def test_9_an_expiry_beyond_the_maximum_and_a_lifecycle_url_added_later():
    echo = Webhook(lambda token: plain(unquote_plus(token)))
    assert subscribe(echo, expirationDateTime="2027-11-27T18:00:00Z")[1].status == 400
    graph, made = subscribe(echo)
    late = graph("PATCH", f"/subscriptions/{made.body['id']}", {"lifecycleNotificationUrl": "https://hooks.contoso.example/life"})
    assert late.status == 400


def test_9_shared_permissions_cannot_subscribe():
    assert subscribe(Webhook(lambda token: plain(unquote_plus(token))), scopes=("Calendars.Read.Shared",))[1].status == 403


def test_10_a_batch_is_200_whatever_its_requests_are(graph):
    asked = [{"id": "1", "method": "GET", "url": "/me/events/nothing"}, {"id": "2", "method": "GET", "url": "/me"}]
    answer = graph("POST", "/$batch", {"requests": asked})
    assert (answer.status, [one["status"] for one in answer.body["responses"]]) == (200, [404, 200])


def test_11_any_letter_case_is_taken_and_one_is_answered(graph):
    event = graph.create(
        Subject="X",
        START=at("2026-12-07T10:00:00"),
        End=at("2026-12-07T11:00:00"),
        showAs="OOF",
        body={"contentType": "HTML", "content": "x"},
    )
    assert (event["subject"], event["showAs"], event["body"]["contentType"]) == ("X", "oof", "html")


def test_12_the_join_link_is_in_the_online_meeting(graph):
    event = graph.create(**timed("X", "2026-12-07T10:00:00", "2026-12-07T11:00:00", isOnlineMeeting=True))
    assert event["onlineMeetingUrl"] is None
    assert event["onlineMeeting"]["joinUrl"].startswith("https://teams.microsoft.com/l/meetup-join/")


def test_12_bodies_hold_whatever_was_written(graph):
    content = "<script>alert('hello')</script><p>Agenda</p>"
    event = graph.create(**timed("X", "2026-12-07T10:00:00", "2026-12-07T11:00:00", body={"contentType": "html", "content": content}))
    assert content in event["body"]["content"]


def test_13_an_app_alone_may_never_look_for_meeting_times():
    tenant = new_tenant("contoso")
    headers = {"Authorization": f"Bearer {tenant.mint_app(CLIENT_ID, ('Calendars.ReadWrite',))}"}
    answer = Graph(tenant)("POST", f"/users/{MEGAN}/findMeetingTimes", {}, headers=headers)
    assert (answer.status, answer.code) == (403, "ErrorAccessDenied")


def test_13_an_app_alone_reaches_every_mailbox():
    tenant = new_tenant("contoso")
    headers = {"Authorization": f"Bearer {tenant.mint_app(CLIENT_ID, ('Calendars.Read',))}"}
    for name in ("megan", "alex", "patti"):
        assert Graph(tenant)("GET", f"/users/{name}@contoso.example/events", headers=headers).status == 200


def test_14_private_events_of_others_have_no_subject():
    tenant = new_tenant()
    alex, megan = Graph(tenant, user="alex"), Graph(tenant, scopes=("Calendars.Read.Shared",))
    alex("POST", "/me/calendar/calendarPermissions", {"emailAddress": {"address": "megan@contoso.example"}, "role": "read"})
    alex.create(**timed("Dentist", "2026-12-07T10:00:00", "2026-12-07T11:00:00", sensitivity="private"))
    (seen,) = megan("GET", "/users/alex@contoso.example/events").body["value"]
    assert (seen["subject"], seen["sensitivity"]) == ("Private Appointment", "private")


def test_15_one_meeting_is_in_every_mailbox_under_one_icaluid():
    tenant = new_tenant()
    megan, alex = Graph(tenant), Graph(tenant, user="alex")
    guests = [{"emailAddress": {"address": "alex@contoso.example"}, "type": "required"}]
    made = megan.create(**timed("Kick-off", "2026-12-07T10:00:00", "2026-12-07T11:00:00", attendees=guests))
    (copy,) = alex.view(*DAY).body["value"]
    assert copy["id"] != made["id"]
    assert (copy["iCalUId"], copy["start"]) == (made["iCalUId"], made["start"])
