"""Delta queries and To Do, judged by Microsoft's own published contract and by the examples of its reference pages."""

from __future__ import annotations

import re

import pytest

from daypass_sandbox.calendar import delta as calendar_delta
from daypass_sandbox.graph import paths
from daypass_sandbox.routes import Router
from daypass_sandbox.todo.routes import ROUTES as TODO_ROUTES
from graph_caller import MEGAN, PACIFIC, Graph, new_tenant, series, timed
from judging import command, judge, least_permissions, told
from todo_caller import Todo, repeating

WINDOW = "startDateTime=2026-11-16T00:00:00Z&endDateTime=2026-12-14T00:00:00Z"
LISTS = "/me/todo/lists"
JUDGED = (*calendar_delta.ROUTES, *TODO_ROUTES)
NAMED_OTHERWISE_THAN_DOCUMENTED = "/attachments/createUploadSession"  # the contract wants an AttachmentItem, the page an attachmentInfo
NOT_JUDGED = re.compile(r"GET .*(/extensions|/attachmentsessions/\{}(/content)?|/\$value)|PUT .*|.*/calendargroups/.*|.*/instances/delta")


@pytest.fixture(scope="module")
def kit() -> list[str]:
    return command()


def follow(graph: Graph) -> None:
    """Rounds over calendars, events and instances, with changes in between."""
    family = graph("GET", "/me/calendars").body["value"][1]["id"]
    group = graph("GET", "/me/calendarGroups").body["value"][0]["id"]
    master = graph.create(**series("Series", "2026-12-01T09:00:00", "2026-12-01T09:30:00", {"type": "daily"}, PACIFIC))
    first, second, *_ = graph("GET", f"/me/events/{master['id']}/instances?{WINDOW}").body["value"]
    prefer = f'odata.maxpagesize=20, outlook.timezone="{PACIFIC}", outlook.body-content-type="text", IdType="ImmutableId"'
    places = ("/me", "/me/calendar", f"/me/calendars/{family}", f"/me/calendarGroups/{group}/calendars/{family}", f"/users/{MEGAN}")
    asked = [f"{place}/{what}/delta?{WINDOW}" for place in places for what in ("calendarView", "events")]
    asked += [f"{place}/events/{master['id']}/instances/delta()?{WINDOW}" for place in places[:2]]
    links = [graph.round(link, prefer)[1] for link in asked]
    graph.create(**timed("New", "2026-12-02T12:00:00", "2026-12-02T13:00:00"))
    graph.create(**timed("Far", "2027-12-02T12:00:00", "2027-12-02T13:00:00"))
    graph("PATCH", f"/me/events/{first['id']}", {"subject": "With cake"})
    graph("DELETE", f"/me/events/{second['id']}")
    for link in links:
        graph.round(link)


def work(todo: Todo) -> None:
    """Everything that can be done in To Do."""
    made = todo("POST", LISTS, {"displayName": "Travel items"}).body
    there = f"{LISTS}/{made['id']}"
    todo("PATCH", there, {"displayName": "Vacation plan"})
    links = [todo.round(path)[1] for path in (f"{LISTS}/delta", f"{there}/tasks/delta()")]
    task = todo("POST", f"{there}/tasks", {"title": "A new task", "categories": ["Important"], **repeating()}).body
    one = f"{there}/tasks/{task['id']}"
    todo("PATCH", one, {"status": "completed"}, headers={"If-Match": task["@odata.etag"]})
    for part, body, change in (
        ("checklistItems", {"displayName": "Create draft"}, {"isChecked": True}),
        ("linkedResources", {"applicationName": "Contoso", "webUrl": "https://contoso.example"}, {"displayName": "Letter"}),
    ):
        at = f"{one}/{part}/{todo('POST', f'{one}/{part}', body).body['id']}"
        todo("PATCH", at, change)
        todo("GET", at)
        todo("GET", f"{one}/{part}")
        todo("GET", f"{one}/{part}/$count")
        todo("GET", one)
        todo("DELETE", at)
    attach(todo, one)
    for place in (there, one):
        todo("POST", f"{place}/extensions", {"@odata.type": "#microsoft.graph.openTypeExtension", "extensionName": "com.contoso.x", "x": 1})
        todo("GET", f"{place}/extensions/com.contoso.x")
        todo("PATCH", f"{place}/extensions/com.contoso.x", {"x": 2})
        todo("GET", f"{place}/extensions/$count")
        todo("GET", f"{place}?$expand=extensions($filter=id eq 'com.contoso.x')")
        todo("DELETE", f"{place}/extensions/com.contoso.x")
    for path in (LISTS, f"{LISTS}/$count", there, f"{there}/tasks", f"{there}/tasks?$orderby=title&$top=1", f"{there}/tasks/$count", one):
        todo("GET", path, prefer=f'outlook.timezone="{PACIFIC}"')
    todo("DELETE", one)
    todo("DELETE", there)
    for link in links:
        todo.round(link)


def attach(todo: Todo, one: str) -> None:
    small = {"@odata.type": "#microsoft.graph.taskFileAttachment", "name": "smile", "contentBytes": "aGFsbG8=", "contentType": "image/gif"}
    at = f"{one}/attachments/{todo('POST', f'{one}/attachments', small).body['id']}"
    for path in (at, f"{one}/attachments", f"{one}/attachments/$count"):
        todo("GET", path)
    todo("DELETE", at)
    info = {"attachmentInfo": {"attachmentType": "file", "name": "flower", "size": 3483322}}
    todo("POST", f"{one}/attachments/createUploadSession", info)
    session = todo("POST", f"{one}/attachments/createUploadSession", info).body["uploadUrl"]
    todo("DELETE", session)


@pytest.fixture(scope="module")
def exchanges() -> list[dict]:
    graph, todo = Graph(new_tenant("contoso")), Todo.new("contoso")
    follow(graph)
    work(todo)
    return [*graph.exchanges, *todo.exchanges]


def test_every_answer_is_valid_by_the_published_contract(kit, exchanges, tmp_path):
    assert [exchange["url"] for exchange in exchanges if exchange["status"] >= 300] == []
    judged = judge(kit, exchanges, tmp_path)
    assert told(judged, "response") == []
    asked = [verdict for verdict in judged if not verdict[0]["url"].endswith(NAMED_OTHERWISE_THAN_DOCUMENTED)]
    assert told(asked, "request") == []


def spelt(route) -> str:
    return f"{route.method} {re.sub(r'{[^}]*}', '{}', route.template).lower()}"


def test_every_route_is_judged(exchanges):
    router = Router(JUDGED)
    asked = {(exchange["method"], exchange["url"].partition("?")[0].partition("/v1.0")[2]) for exchange in exchanges}
    found = [router.find(method, paths.canonical(path.strip("/"), MEGAN, lambda key: key)[0]) for method, path in asked]
    done = {spelt(route) for route, _ in filter(None, found)}
    wanted = {spelt(route) for route in JUDGED if not route.template.startswith("/groups/")}
    assert {line for line in wanted - done if not NOT_JUDGED.fullmatch(line)} == set()


def test_the_least_permission_of_each_route_is_the_one_microsoft_publishes():
    judged = 0
    for route, least in least_permissions(JUDGED):
        judged += 1
        assert route.permissions.delegated[0] in least, f"{route.method} {route.template}: {sorted(least)}"
    assert judged >= 20
