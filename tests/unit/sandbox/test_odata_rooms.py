"""The same query options over everything that the tenant lists."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from daypass.wire import Request
from graph_caller import ROOT, Graph, new_tenant

SCOPES = ("Calendars.ReadWrite", "User.Read", "Place.Read.All", "MailboxSettings.ReadWrite", "Tasks.ReadWrite")


WINDOW = "startDateTime=2026-11-16T00:00:00Z&endDateTime=2026-12-01T00:00:00Z"


@pytest.fixture(scope="module")
def graph():
    return Graph(new_tenant("contoso"), scopes=SCOPES)


@pytest.mark.parametrize(
    ("path", "options", "name", "values"),
    [
        ("/places/microsoft.graph.room", "$filter=capacity ge 10 and capacity lt 15", "capacity", [12]),
        ("/places/microsoft.graph.room", "$filter=contains(displayName,'HOOD')", "displayName", ["Conf Room Hood"]),
        ("/places/microsoft.graph.room", "$orderby=capacity desc&$top=2", "capacity", [20, 12]),
        ("/places/microsoft.graph.room", "$filter=isWheelChairAccessible eq true and address/city eq 'Nowhere'", "id", []),
        ("/me/outlook/masterCategories", "$filter=color eq 'PRESET1'", "displayName", ["Orange category"]),
        ("/me/outlook/supportedTimeZones", "$filter=alias eq 'pacific standard time'", "alias", ["Pacific Standard Time"]),
        ("/me/calendars", "$filter=startswith(name,'f') and isDefaultCalendar eq false", "name", ["Family"]),
        ("/me/calendars", "$filter=owner/address eq 'megan@contoso.example'&$orderby=name desc", "name", ["Family", "Calendar"]),
        ("/me/calendarGroups", "$filter=name ne 'x'", "name", ["My Calendars"]),
    ],
)
def test_what_is_listed_can_be_filtered_and_ordered(graph, path, options, name, values):
    answer = graph("GET", f"{path}?{options}")
    assert answer.status == 200, answer.body
    assert [each[name] for each in answer.body["value"]] == values


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("/places/microsoft.graph.room/$count?$filter=capacity gt 10", 2),
        ("/me/calendars/$count?$filter=name eq 'family'", 1),
        ("/me/events/$count?$filter=type eq 'seriesMaster' and isAllDay eq true", 0),
    ],
)
def test_a_count_counts_what_the_filter_leaves(graph, path, number):
    assert counted(graph, path) == (200, "text/plain", str(number))


def counted(graph, path: str) -> tuple[int, str, str]:
    request = Request("GET", f"{ROOT}/v1.0{quote(path, safe='/?$=&:')}", {"Authorization": f"Bearer {graph.token}"})
    answer = graph.tenant.handle(request)
    return answer.status, answer.headers["content-type"], answer.body.decode()


@pytest.mark.parametrize("options", ["", "&$filter=isAllDay eq true", "&$filter=type eq 'occurrence'"])
def test_a_window_is_counted_as_it_is_listed(graph, options):
    master = graph("GET", "/me/events?$filter=type eq 'seriesMaster'").body["value"][0]["id"]
    for place in ("/me/calendarView", "/me/calendar/calendarView", f"/me/events/{master}/instances"):
        listed = graph("GET", f"{place}?{WINDOW}{options}&$count=true").body["@odata.count"]
        assert counted(graph, f"{place}/$count?{WINDOW}{options}") == (200, "text/plain", str(listed))
    assert counted(graph, "/me/calendarView/$count")[0] == 400


@pytest.mark.parametrize("path", ["/places/microsoft.graph.room", "/me/outlook/masterCategories", "/me/calendars", "/me/events"])
@pytest.mark.parametrize(("options", "code"), [("$filter=shoeSize eq 44", "BadRequest"), ("$orderby=shoeSize", "RequestBroker--ParseUri")])
def test_a_property_that_is_not_there_is_refused_everywhere(graph, path, options, code):
    refused = graph("GET", f"{path}?{options}")
    assert (refused.status, refused.code) == (400, code)
    assert "Could not find a property named 'shoeSize' on type 'microsoft.graph." in refused.message


@pytest.fixture(scope="module")
def tasks(graph):
    work = f"/me/todo/lists/{graph('POST', '/me/todo/lists', {'displayName': 'Filtered'}).body['id']}/tasks"
    for title, more in (
        ("Bread", {"importance": "high", "dueDateTime": {"dateTime": "2026-12-01T00:00:00", "timeZone": "Pacific Standard Time"}}),
        ("Milk", {"status": "completed", "categories": ["Shop"]}),
        ("Eggs", {"importance": "low", "dueDateTime": {"dateTime": "2026-12-03T00:00:00", "timeZone": "UTC"}}),
    ):
        assert graph("POST", work, {"title": title, **more}).status == 201
    return work


@pytest.mark.parametrize(
    ("options", "titles"),
    [
        ("$filter=status ne 'completed'&$orderby=title", ["Bread", "Eggs"]),
        ("$filter=categories/any(c:c eq 'shop')", ["Milk"]),
        ("$filter=lastModifiedDateTime ge 2026-11-25T18:00:00Z&$orderby=importance desc", ["Bread", "Milk", "Eggs"]),
        ("$filter=lastModifiedDateTime gt 2027-01-01", []),
        ("$filter=dueDateTime/dateTime lt '2026-12-02T00:00:00Z'", ["Bread"]),
        ("$orderby=dueDateTime/dateTime desc", ["Eggs", "Bread", "Milk"]),
        ("$filter=startswith(title,'e') or dueDateTime eq null&$orderby=createdDateTime,title", ["Eggs", "Milk"]),
    ],
)
def test_tasks_are_filtered_as_others_saw_it(graph, tasks, options, titles):
    assert [task["title"] for task in graph("GET", f"{tasks}?{options}").body["value"]] == titles
