"""What a body may not say: the service reads all of it before it looks at any, also what it will not keep."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from daypass.wire import Request
from daypass_sandbox.calendar import shapes
from daypass_sandbox.graph.payload import ReadOnly
from graph_caller import ROOT, Graph, at, timed
from todo_caller import Todo

LUNCH = timed("Lunch", "2026-12-07T12:00:00", "2026-12-07T13:00:00")
ZONE = {"name": "Customized Time Zone", "bias": -60}


@pytest.mark.parametrize(
    "more",
    [
        {"id": 7},
        {"type": 0},
        {"type": "weekly"},
        {"hasAttachments": "sometimes"},
        {"createdDateTime": "UTC"},
        {"lastModifiedDateTime": "2026-12-01T10:00:00"},  # without its offset
        {"originalStart": "2026-13-99T99:99:99Z"},
        {"location": {"displayName": "Adams", "uniqueIdType": "hearsay"}},
        {"organizer": "megan@contoso.example"},
        {"organizer": {"name": "Megan Bowen"}},
        {"calendar": True},
        {"responseStatus": -541127450},
        {"instances": {"value": []}},
        {"instances": [None]},
        {"cancelledOccurrences": [{}]},
        {"location": {"displayName": "Adams", "locationType": {}}},
        {"attendees": [{"emailAddress": {"address": "alex@contoso.example"}, "status": "accepted"}]},
        {"@odata.type": ["#microsoft.graph.event"]},
        {"body": {"@odata.type": "", "content": "x"}},
        {"body": {"@odata.type": "itemBody", "content": "x"}},
    ],
    ids=str,
)
def test_what_only_the_service_writes_must_still_be_of_its_kind(graph, more):
    refused = graph("POST", "/me/events", {**LUNCH, **more})
    assert (refused.status, refused.code) == (400, "RequestBodyRead"), refused.body


def test_an_event_is_written_back_as_it_was_read(graph):
    guests = [{"emailAddress": {"address": "alex@contoso.example"}}]
    made = graph.create(**LUNCH, attendees=guests, location={"displayName": "Adams"}, isOnlineMeeting=True)
    assert {name for name, shape in shapes.EVENT.items() if isinstance(shape, ReadOnly)} & made.keys() > {"id", "type", "organizer"}
    answer = graph("PATCH", f"/me/events/{made['id']}", {"@odata.type": "#Microsoft.Graph.Event", **made})
    assert answer.status == 200
    stamps = ("@odata.context", "@odata.etag", "changeKey", "lastModifiedDateTime")
    assert {name: answer.body[name] for name in made if name not in stamps} == {name: made[name] for name in made if name not in stamps}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/me/events/{event}"),
        ("PATCH", "/me/calendar"),
        ("PATCH", "/me/mailboxSettings"),
        ("POST", "/me/events"),
        ("POST", "/me/calendars"),
        ("POST", "/me/todo/lists"),
    ],
)
def test_a_change_without_a_body_is_none(tenant, method, path):
    graph = Graph(tenant, scopes=("Calendars.ReadWrite", "MailboxSettings.ReadWrite", "Tasks.ReadWrite"))
    refused = graph(method, path.format(event=graph.create(**LUNCH)["id"]))
    assert (refused.status, refused.code, refused.message) == (400, "BadRequest", "Empty Payload. JSON content expected.")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, 400),
        ({"@odata.type": "#microsoft.graph.timeZoneBase"}, 400),
        ({"@odata.type": "#microsoft.graph.myCustomTimeZone"}, 400),
        ({"@odata.type": "#microsoft.graph.customTimeZone"}, 200),
        ({"@odata.type": "#Microsoft.Graph.CustomTimeZone"}, 200),
    ],
)
def test_a_zone_has_rules_of_its_own_if_its_type_says_so(tenant, more, status):
    graph = Graph(tenant, scopes=("MailboxSettings.ReadWrite",))
    answer = graph("PATCH", "/me/mailboxSettings", {"workingHours": {"timeZone": {**ZONE, **more}}})
    assert answer.status == status
    if status == 400:
        assert "'bias' does not exist on type 'microsoft.graph.timeZoneBase'" in answer.message


@pytest.mark.parametrize(
    "more", [{"checklistItems": [None]}, {"linkedResources": [None]}, {"extensions": {}}, {"attachmentSessions": False}]
)
def test_lists_of_a_task_are_lists_of_things(more):
    refused = Todo.new()("POST", "tasks", {"title": "Shop", **more})
    assert (refused.status, refused.code) == (400, "RequestBodyRead")


def test_a_places_tags_are_texts(tenant):
    graph = Graph(tenant, scopes=("Place.ReadWrite.All",))
    refused = graph("PATCH", "/places/adams@contoso.example", {"@odata.type": "microsoft.graph.room", "tags": ["window", None]})
    assert (refused.status, refused.code) == (400, "RequestBodyRead")
    assert "does not allow null values" in refused.message


@pytest.mark.parametrize("more", [{"id": 1}, {"@odata.type": 1}])
def test_so_must_what_is_said_of_an_extension(graph, more):
    event = graph.create(**LUNCH)
    refused = graph("POST", f"/me/events/{event['id']}/extensions", {"extensionName": "com.contoso.deal", **more})
    assert (refused.status, refused.code) == (400, "RequestBodyRead")


def test_what_is_null_is_as_if_it_were_not_there(graph):
    made = graph.create(**LUNCH, **{"@odata.type": None}, id=None, type=None, organizer=None, createdDateTime=None, instances=None)
    assert (made["type"], made["start"]) == ("singleInstance", at("2026-12-07T12:00:00.0000000"))


@pytest.mark.parametrize("path", ["/me/events", "/me/calendars", "/me/sendMail"])
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("", "Write requests (excluding DELETE) must contain the Content-Type header declaration."),
        ("application/x-www-form-urlencoded", "Entity only allows writes with a JSON Content-Type header."),
        ("text/xml", "Entity only allows writes with a JSON Content-Type header."),
    ],
)
def test_a_body_says_that_it_is_json(tenant, path, kind, said):
    graph = Graph(tenant, scopes=("Calendars.ReadWrite", "Mail.Send"))
    refused = graph("POST", path, LUNCH, headers={"Content-Type": kind})
    assert (refused.status, refused.code, refused.message) == (400, "BadRequest", said)


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8", "application/json;odata.metadata=minimal"])
def test_in_any_of_its_forms(graph, kind):
    assert graph("POST", "/me/events", LUNCH, headers={"Content-Type": kind}).status == 201


HUGE = 10**400
FILE = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentBytes": "SGVsbG8="}
UNREADABLE = {
    "a number beyond all": ("/me/events", {**LUNCH, "reminderMinutesBeforeStart": HUGE}),
    "one that is passed over": ("/me/events", {**LUNCH, "attachments": [{**FILE, "size": HUGE}]}),
    "no attachment": ("/me/events", {**LUNCH, "attachments": [None]}),
    "no extension": ("/me/events", {**LUNCH, "extensions": [None]}),
    "no property": ("/me/events", {**LUNCH, "singleValueExtendedProperties": [None]}),
    "no property of many values": ("/me/events", {**LUNCH, "multiValueExtendedProperties": [None]}),
    "no attendee": ("/me/events", {**LUNCH, "attendees": [None]}),
    "no id": ("/me/translateExchangeIds", {"inputIds": [None], "sourceIdType": "restId", "targetIdType": "entryId"}),
    "no type": ("/me/events", {**LUNCH, "singleValueExtendedProperties": [{"@odata.type": 5, "id": "String 0x1", "value": "x"}]}),
    "a deep body": ("/me/events", {**LUNCH, "extensions": [{"extensionName": "x", "deep": json.loads("[" * 200 + "]" * 200)}]}),
}


@pytest.mark.parametrize(("path", "body"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_nobody_can_read_is_refused(graph, path, body):
    refused = graph("POST", path, body)
    assert (refused.status, refused.code) == (400, "RequestBodyRead")


def test_days_of_the_week_are_days(graph):
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": [None]}
    limits = {"type": "noEnd", "startDate": "2026-12-07"}
    refused = graph("POST", "/me/events", {**LUNCH, "recurrence": {"pattern": pattern, "range": limits}})
    assert (refused.status, refused.code) == (400, "RequestBodyRead")


def test_what_an_extended_property_says_of_its_type_is_passed_over(graph):
    given = {"id": "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Color", "value": "Green", "value@odata.type": "#String"}
    assert graph("POST", "/me/events", {**LUNCH, "singleValueExtendedProperties": [given]}).status == 201


def test_a_deep_body_is_none_of_to_do_either():
    todo = Todo.new()
    deep = json.loads("[" * 150 + "]" * 150)
    refused = todo("POST", "tasks", {"title": "Shop", "extensions": [{"extensionName": "x", "deep": deep}]})
    assert (refused.status, refused.code) == (400, "RequestBodyRead")


def test_a_list_of_every_mailbox_is_written_back_as_it_was_read():
    todo = Todo.new()
    tasks = todo("GET", "/me/todo/lists").body["value"][0]
    assert todo("PATCH", f"/me/todo/lists/{tasks['id']}", tasks).status == 200
    assert todo("PATCH", f"/me/todo/lists/{tasks['id']}", {**tasks, "displayName": "Chores"}).status == 400


def test_a_message_without_a_text_is_sent(tenant):
    graph = Graph(tenant, scopes=("Mail.Send",))
    to = [{"emailAddress": {"address": "alex@contoso.example"}}]
    assert graph("POST", "/me/sendMail", {"message": {"body": {"contentType": "text", "content": None}, "toRecipients": to}}).status == 202


@pytest.mark.parametrize("told", ["text/html\r\nX: y", "a\0b", "text", "\u2713/x"])
def test_the_type_of_a_file_is_a_header_or_none(graph, told):
    event = graph.create(**LUNCH)
    made = graph("POST", f"/me/events/{event['id']}/attachments", {**FILE, "contentType": told}).body
    path = f"{ROOT}/v1.0/me/events/{event['id']}/attachments/{quote(made['id'])}/$value"
    answer = graph.tenant.handle(Request("GET", path, {"Authorization": f"Bearer {graph.token}"}))
    assert (answer.headers["content-type"], answer.body) == ("application/octet-stream", b"Hello")


def test_half_a_letter_in_an_address_is_part_of_it(graph):
    body = {"emailAddress": {"address": "\ud800@fabrikam.example"}, "role": "read"}
    assert graph("POST", "/me/calendar/calendarPermissions", body).status == 201


@pytest.mark.parametrize("token", ["\udcff\udcfe", "\u00e4.\u00f6.\u00fc"])
def test_a_token_that_is_no_text_is_no_token(tenant, token):
    answer = tenant.handle(Request("GET", f"{ROOT}/v1.0/me", {"Authorization": f"Bearer {token}"}))
    assert answer.status == 401


def test_a_body_in_a_batch_may_be_any_text(graph):
    step = {"id": "1", "method": "POST", "url": "/me/sendMail", "headers": {"Content-Type": "text/plain"}, "body": "\u00e9"}
    answer = graph("POST", "/$batch", {"requests": [step]})
    assert (answer.status, answer.body["responses"][0]["status"]) == (200, 403)


def test_a_body_beside_a_question_says_nothing(graph):
    assert graph("GET", "/me/events", {}, headers={"Content-Type": ""}).status == 200


TYPES = ("#microsoft.graph.event", "microsoft.graph.event", "https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.event")


@pytest.mark.parametrize("named", TYPES)
def test_a_type_is_named_in_any_form(graph, named):
    assert graph("POST", "/me/events", {**LUNCH, "@odata.type": named}).status == 201


def test_the_directory_reads_types_too(tenant):
    graph = Graph(tenant, scopes=("User.ReadWrite.All", "User.ReadWrite"))
    assert graph("PATCH", "/me", {"@odata.type": "banana", "jobTitle": "Planner"}).status == 400
    assert graph("PATCH", "/me", {"@odata.type": "#microsoft.graph.user", "mobilePhone": "+1 555 0100"}).status == 204
