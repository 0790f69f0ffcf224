"""The sandbox's answers, judged by Microsoft's own published contract.

The judge is a conformance kit that lies beside the repository (`../shared/kit`, or where DAYPASS_KIT says) and is no part of
it. It needs packages of its own: DAYPASS_KIT_PYTHON names a Python that has them. Without either, these tests are skipped.
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest

from daypass_sandbox.calendar import attachments, calendars, extensions, reading, reminders, responding, translation, uploads, writing
from daypass_sandbox.directory import users
from daypass_sandbox.graph import paths
from daypass_sandbox.outlook import sending, tips
from daypass_sandbox.routes import Router
from graph_caller import MEGAN, PACIFIC, Graph, at, new_tenant, series, timed
from judging import KIT, command, judge, told

WINDOW = "startDateTime=2026-11-16T00:00:00Z&endDateTime=2026-12-14T00:00:00Z"
JUDGED = (
    *(route for route in users.ROUTES if route.handler == users.get_user),
    *(route for room in (calendars, reading, writing, responding, reminders, translation) for route in room.ROUTES),
    *(*attachments.ROUTES, *uploads.ROUTES, *extensions.ROUTES, *sending.ROUTES, *tips.ROUTES),
)
ROUTER = Router(JUDGED)
ALWAYS_REFUSED = {"POST /users/{}/calendar/permanentdelete"}  # the default calendar


@pytest.fixture(scope="module")
def kit() -> list[str]:
    return command()


def read_everything(graph: Graph) -> None:
    family = graph("GET", "/me/calendars").body["value"][1]["id"]
    for path in (
        "/me",
        f"/users/{MEGAN}?$select=displayName,department",
        "/users/megan@contoso.example",
        "/me/calendar",
        f"/me/calendars/{family}?$select=name,owner",
        "/me/events?$top=50",
        "/me/events?$select=subject,start&$orderby=subject&$count=true&$skip=2",
        "/me/calendar/events",
        f"/me/calendars/{family}/events",
        f"/me/calendarView?{WINDOW}&$top=100",
        f"/me/calendar/calendarView?{WINDOW}&$orderby=start/dateTime desc",
        f"/me/calendars/{family}/calendarView?{WINDOW}",
        f"/users/{MEGAN}/calendarView?{WINDOW}&$select=subject,onlineMeeting,cancelledOccurrences",
    ):
        assert graph("GET", path).status == 200
    graph.everything(graph("GET", f"/me/calendarView?{WINDOW}"))
    preferred = f'outlook.timezone="{PACIFIC}", outlook.body-content-type="text", odata.maxpagesize=50'
    for event in graph("GET", f"/me/calendarView?{WINDOW}", prefer=preferred).body["value"]:
        assert graph("GET", f"/me/events/{quote(event['id'])}", prefer=preferred).status == 200


def write_everything(graph: Graph) -> None:
    guests = [{"type": "required", "emailAddress": {"address": "alex@contoso.example", "name": "Alex Wilber"}}]
    body = {"contentType": "html", "content": "<p>Agenda</p>"}
    place = {"displayName": "Adams", "address": {"city": "Redmond"}, "coordinates": {"latitude": 47.6, "longitude": -122.1}}
    rich = {"attendees": guests, "body": body, "location": place, "isOnlineMeeting": True, "transactionId": "7e1e44ea"}
    meeting = graph.create(**timed("Meeting", "2026-12-07T10:00:00", "2026-12-07T11:00:00", PACIFIC, **rich))
    graph("PATCH", f"/me/events/{meeting['id']}", {"subject": "Other", "showAs": "oof"}, headers={"If-Match": meeting["@odata.etag"]})
    graph.create(subject="Fair", isAllDay=True, start=at("2026-12-08T00:00:00", PACIFIC), end=at("2026-12-10T00:00:00", PACIFIC))
    family = graph("GET", "/me/calendars").body["value"][1]["id"]
    for place_path in ("/me/calendar/events", f"/me/calendars/{family}/events"):
        assert graph("POST", place_path, timed("Simple", "2026-12-07T12:00:00", "2026-12-07T13:00:00")).status == 201
    week = {"type": "weekly", "daysOfWeek": ["monday", "wednesday"]}
    master = graph.create(
        **series("Series", "2026-12-07T09:00:00", "2026-12-07T09:30:00", week, PACIFIC, type="numbered", numberOfOccurrences=6)
    )
    instances = f"/me/events/{master['id']}/instances?startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z"
    first, second, third, *_ = graph("GET", instances).body["value"]
    graph(
        "PATCH", f"/me/events/{first['id']}", {"subject": "Special", "start": at("2026-12-07T20:00:00"), "end": at("2026-12-07T20:30:00")}
    )
    graph("DELETE", f"/me/events/{second['id']}")
    graph("GET", f"/me/events/{first['id']}")
    graph("GET", f"/me/events/{master['id']}?$select=cancelledOccurrences,recurrence")
    graph("DELETE", f"/me/events/{meeting['id']}")
    for calendar, instance in (("calendar", first), (f"calendars/{graph('GET', '/me/calendar').body['id']}", third)):
        through = f"/me/{calendar}/events/{instance['id']}"
        graph("GET", through)
        graph("PATCH", through, {"importance": "high"})
        graph("DELETE", through)
        graph("GET", f"/me/{calendar}/events/{master['id']}/instances?{WINDOW}")


def keep_calendars(graph: Graph) -> None:
    group = graph("POST", "/me/calendarGroups", {"name": "Personal events"}).body["id"]
    inside = f"/me/calendarGroups/{group}/calendars"
    graph("PATCH", f"/me/calendarGroups/{group}", {"name": "Private events"})
    first = graph("GET", "/me/calendarGroups").body["value"][0]["id"]
    for path in (f"/me/calendarGroups/{group}", "/me/calendarGroups/$count", inside, f"{inside}/$count", "/me/calendars/$count"):
        graph("GET", path)
    graph("PATCH", "/me/calendar", {"name": "Social events"})
    graph("GET", f"/me/calendarGroups/{first}/calendars")
    roles = "allowedCalendarSharingRoles(User='alex@contoso.example')"
    graph("GET", f"/me/calendar/{roles}")
    for shelf in ("/me/calendars", inside):
        calendar = f"{shelf}/{graph('POST', shelf, {'name': f'Calendar of {shelf}'}).body['id']}"
        graph("PATCH", calendar, {"color": "lightGreen"})
        graph("GET", calendar)
        graph("GET", f"{calendar}/{roles}")
        use_events(graph, calendar)
        graph("DELETE", calendar)
        calendar = f"{shelf}/{graph('POST', shelf, {'name': f'Another of {shelf}'}).body['id']}"
        graph("POST", f"{calendar}/permanentDelete")
    graph("DELETE", f"/me/calendarGroups/{group}")
    use_events(graph, "/me/calendar")
    use_events(graph, "/me")


def use_events(graph: Graph, place: str) -> None:
    """Everything that can be done to events, by one of the ways to them."""
    event = graph("POST", f"{place}/events", timed("Meeting", "2026-12-07T10:00:00", "2026-12-07T11:00:00", PACIFIC)).body["id"]
    path = f"{place}/events/{event}"
    graph("GET", f"{place}/events")
    graph("GET", f"{place}/events/$count")
    graph("GET", f"{place}/calendarView?{WINDOW}&$expand=calendar($select=name)")
    if place == "/me":
        graph("GET", f"{place}/calendarView/{event}")
    if place in ("/me", "/me/calendar"):
        graph("GET", f"{path}/calendar")
    graph("GET", f"{path}?$expand=exceptionOccurrences,calendar", prefer='IdType="ImmutableId"')
    graph("PATCH", path, {"importance": "high"})
    graph("POST", f"{path}/snoozeReminder", {"newReminderTime": at("2026-12-07T17:00:00")})
    graph("GET", "/me/reminderView(startDateTime='2026-12-07T00:00:00',endDateTime='2026-12-08T00:00:00')")
    graph("POST", f"{path}/dismissReminder")
    keep_more_with(graph, path)
    graph("POST", f"{path}/permanentDelete")
    event = graph(
        "POST", f"{place}/events", series("Series", "2026-12-07T09:00:00", "2026-12-07T09:30:00", {"type": "daily"}, PACIFIC)
    ).body["id"]
    graph("GET", f"{place}/events/{event}/instances?{WINDOW}")
    graph("DELETE", f"{place}/events/{event}")


def hold_meetings(megan: Graph) -> None:
    """Answer, forward and cancel meetings under each of their paths; and mail."""
    alex = Graph(megan.tenant, "alex", ("Calendars.ReadWrite", "Mail.Send", "Mail.Read"), exchanges=megan.exchanges)
    guests = [{"type": "required", "emailAddress": {"address": "alex@contoso.example"}}]
    lee = {"comment": "Do come", "toRecipients": [{"emailAddress": {"address": "lee@contoso.example"}}]}
    proposal = {"start": at("2026-12-08T11:00:00"), "end": at("2026-12-08T12:00:00")}

    def at_each_place(graph: Graph) -> list[str]:
        calendar, group = graph("GET", "/me/calendar").body["id"], graph("GET", "/me/calendarGroups").body["value"][0]["id"]
        within = f"/calendars/{quote(calendar)}"
        return [f"/me{place}/events" for place in ("", "/calendar", within, f"/calendarGroups/{quote(group)}{within}")]

    for hers, his in zip(at_each_place(megan), at_each_place(alex), strict=True):
        meeting = megan.create(**timed("To answer", "2026-12-08T10:00:00", "2026-12-08T11:00:00"), attendees=guests)
        mine = next(event for event in alex("GET", "/me/events?$top=100").body["value"] if event["iCalUId"] == meeting["iCalUId"])
        for action, body in (
            ("accept", {"comment": "Yes", "sendResponse": True}),
            ("tentativelyAccept", {"proposedNewTime": proposal}),
            ("forward", lee),
            ("decline", {"comment": "No"}),
        ):
            assert alex("POST", f"{his}/{quote(mine['id'])}/{action}", body).status == 202
        megan("GET", f"/me/events/{quote(meeting['id'])}")
        assert megan("POST", f"{hers}/{quote(meeting['id'])}/cancel", {"comment": "Sorry"}).status == 202
    alex("POST", "/me/sendMail", {"message": {"subject": "Hi", "toRecipients": lee["toRecipients"]}, "saveToSentItems": False})
    alex("POST", "/me/getMailTips", {"emailAddresses": ["lee@contoso.example"], "mailTipsOptions": "automaticReplies"})


def keep_more_with(graph: Graph, path: str) -> None:
    """Attachments, extensions and extended properties of an event."""
    files, data = f"{path}/attachments", f"{path}/extensions"
    item = {"@odata.type": "#microsoft.graph.event", **timed("Fair", "2026-12-07T10:00:00", "2026-12-07T11:00:00")}
    for attachment in (
        {"@odata.type": "#microsoft.graph.fileAttachment", "name": "menu.txt", "contentBytes": "bWFjIGFuZCBjaGVlc2UgdG9kYXk="},
        {"@odata.type": "#microsoft.graph.itemAttachment", "name": "Fair", "item": item},
        {"@odata.type": "#microsoft.graph.referenceAttachment", "name": "Plans"},
    ):
        made = graph("POST", files, attachment).body["id"]
        graph("GET", f"{files}/{made}")
    graph("POST", f"{files}/createUploadSession", {"AttachmentItem": {"attachmentType": "file", "name": "flower", "size": 3483322}})
    graph("GET", files)
    graph("GET", f"{files}/$count")
    graph("DELETE", f"{files}/{made}")
    graph("POST", data, {"@odata.type": "microsoft.graph.openTypeExtension", "extensionName": "Com.Contoso.Deal", "dealValue": 1010100})
    graph("GET", data)
    graph("GET", f"{data}/$count")
    graph("GET", f"{data}/Com.Contoso.Deal")
    graph("PATCH", f"{data}/Com.Contoso.Deal", {"@odata.type": "microsoft.graph.openTypeExtension", "extensionName": "Com.Contoso.Deal"})
    color = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Color"
    graph("PATCH", path, {"singleValueExtendedProperties": [{"id": color, "value": "Green"}]})
    graph("GET", f"{path}?$expand=attachments,extensions,singleValueExtendedProperties($filter=id%20eq%20'{quote(color)}')")
    graph("DELETE", f"{data}/Com.Contoso.Deal")


def tour(graph: Graph) -> None:
    read_everything(graph)
    write_everything(graph)
    keep_calendars(graph)
    hold_meetings(graph)


def test_every_answer_is_valid_by_the_published_contract(kit, tmp_path):
    graph = Graph(new_tenant("contoso"))
    tour(graph)
    assert all(exchange["status"] < 300 for exchange in graph.exchanges)
    published = in_the_contract()  # the pages promise more ways to an event than it has
    judged = judge(kit, [exchange for exchange in graph.exchanges if asked_for(exchange) in published], tmp_path)
    assert len(judged) > 200
    assert told(judged, "response") == []
    assert told(judged, "request") == []


def in_the_contract() -> set[str]:
    """Method and path of every operation of the published contract, parameters without their names, the path of a user for /me."""
    published = json.loads((KIT / "graph-calendar.hardened.openapi.json").read_text())["paths"]
    return {f"{method.upper()} {generic(path)}" for path, methods in published.items() for method in methods}


def generic(path: str) -> str:
    return re.sub(r"\(.*?\)", "", re.sub(r"\{[\w-]+\}", "{}", path)).lower().replace("/me", "/users/{}", 1)


def asked_for(exchange: dict) -> str:
    """Method and path of the route that an exchange went by."""
    path = paths.canonical(exchange["url"].partition("?")[0].partition("/v1.0/")[2], MEGAN, lambda key: MEGAN)[0]
    found = ROUTER.find(exchange["method"], path)
    return f"{exchange['method']} {generic(found[0].template)}" if found else ""


def test_every_route_is_judged(kit):
    graph = Graph(new_tenant("contoso"))
    tour(graph)
    wanted = {f"{route.method} {generic(route.template)}" for route in JUDGED if not route.template.startswith("/groups/")}
    assert (wanted & in_the_contract()) - {asked_for(exchange) for exchange in graph.exchanges} == ALWAYS_REFUSED


def test_the_least_permission_of_each_route_is_the_one_microsoft_publishes():
    table = KIT / "permissions.json"
    if not table.is_file():
        pytest.skip(f"NOT JUDGED: there is no table of permissions at {table}; set DAYPASS_KIT")
    published = json.loads(table.read_text())
    judged = 0
    for route in JUDGED:
        generic = re.sub(r"\{\w+\}", "{id}", route.template).lower()
        rows = [published.get(f"{route.method} {path}") for path in (generic, generic.replace("/users/{id}", "/me", 1))]
        least = {name for row in rows if row for name in row["least"]["DelegatedWork"]}
        judged += bool(least)
        assert not least or route.permissions.delegated[0] in least, f"{route.method} {route.template}: {sorted(least)}"
    assert judged >= 12


WRONG = {
    "a location as a string": ("POST", "/me/events", {**timed("X", "2026-12-07T10:00:00", "2026-12-07T11:00:00"), "location": "Adams"}),
    "a body as a string": ("POST", "/me/events", {**timed("X", "2026-12-07T10:00:00", "2026-12-07T11:00:00"), "body": "Agenda"}),
    "a member that does not exist": ("POST", "/me/events", {**timed("X", "2026-12-07T10:00:00", "2026-12-07T11:00:00"), "shoeSize": 44}),
    "a value no enumeration has": ("POST", "/me/events", {**timed("X", "2026-12-07T10:00:00", "2026-12-07T11:00:00"), "showAs": "banana"}),
    "a zone nobody knows": ("POST", "/me/events", timed("X", "2026-12-07T10:00:00", "2026-12-07T11:00:00", "Mars/Olympus")),
    "an end before the start": ("POST", "/me/events", timed("X", "2026-12-07T10:00:00", "2026-12-07T09:00:00")),
    "an all-day event at noon": ("POST", "/me/events", timed("X", "2026-12-07T12:00:00", "2026-12-08T12:00:00", isAllDay=True)),
    "a weekly series without days": ("POST", "/me/events", series("X", "2026-12-07T10:00:00", "2026-12-07T11:00:00", {"type": "weekly"})),
    "a window without end": ("GET", "/me/calendarView?startDateTime=2026-12-07T10:00:00Z", None),
    "a page of none": ("GET", "/me/events?$top=0", None),
    "a page of too many": ("GET", "/me/events?$top=1001", None),
}


@pytest.fixture(scope="module")
def verdicts(kit, tmp_path_factory) -> dict[str, tuple[dict, list[dict]]]:
    graph = Graph(new_tenant())
    for method, path, body in WRONG.values():
        graph(method, path, body)
    return dict(zip(WRONG, judge(kit, graph.exchanges, tmp_path_factory.mktemp("wrong")), strict=True))


@pytest.mark.parametrize("name", WRONG)
def test_what_the_contract_forbids_is_refused_in_the_form_it_declares(verdicts, name):
    exchange, findings = verdicts[name]
    assert exchange["status"] == 400
    assert any(finding["severity"] == "error" and finding["side"] == "request" for finding in findings)
    assert told([verdicts[name]], "response") == []
