"""Who is free, meeting times, places, mailbox settings and categories, judged by Microsoft's published contract.

Its documented examples are replayed, too; the judge is told of in `judging`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from daypass_sandbox.calendar import meeting_times, schedule
from daypass_sandbox.calendar.calendars import new_mailbox
from daypass_sandbox.directory import places
from daypass_sandbox.outlook import categories, supported
from daypass_sandbox.outlook import settings as mailbox_settings
from graph_caller import PACIFIC, Graph, at, new_tenant, series, timed
from judging import KIT, command, judge, least_permissions, told

ROUTES = (
    *schedule.ROUTES,
    *meeting_times.ROUTES,
    *places.ROUTES,
    *mailbox_settings.ROUTES,
    *categories.ROUTES,
    *supported.ROUTES,
)
SCOPES = ("Calendars.ReadWrite", "Calendars.Read.Shared", "MailboxSettings.ReadWrite", "Place.ReadWrite.All", "User.Read", "Group.Read.All")
HERE = re.compile(r"/(me|users/\{[\w-]+\}|groups/\{[\w-]+\})/(.*/getSchedule|findMeetingTimes|mailboxSettings.*|outlook(/.*)?)|/places.*")
ELSEWHERE = re.compile(r"/users/\{[\w-]+\}/")  # the same routes as those below /me
NOT_PUBLISHED = re.compile(
    r"/mailboxSettings/\w+$|/checkIns|/descendants/|roomlist/(rooms|workspaces)|timeZoneStandard'", re.IGNORECASE
)  # documented only
NO_SUCH_PATH = "no such path in the contract"
MODES = re.compile(r"(reservable|dropIn)PlaceMode where microsoft.graph.placeMode is declared")  # derived types that the kit leaves out
BUILDING, FLOOR, SECTION, DESK = (f"c04705e2-7e11-4000-8000-000000000{number}" for number in ("201", "202", "204", "205"))
TYPES = ("building", "floor", "section", "desk", "room", "roomList", "workspace")
GROUP_ID = "c04705e2-7e11-4000-8000-000000000301"
A_DAY = {"startTime": at("2026-12-01T08:00:00", PACIFIC), "endTime": at("2026-12-01T18:00:00", PACIFIC)}


@pytest.fixture(scope="module")
def kit() -> list[str]:
    return command()


@pytest.fixture
def graph() -> Graph:
    return Graph(new_tenant("contoso"), scopes=SCOPES)


def see_who_is_free(graph: Graph) -> None:
    state = graph.tenant.state
    state.groups[GROUP_ID] = {"id": GROUP_ID, "displayName": "Sales", "mail": "sales@contoso.example", "x-members": list(state.users)[:2]}
    state.mailboxes[GROUP_ID] = new_mailbox(graph.tenant.new_id, PACIFIC)
    for day, shown in enumerate(("free", "tentative", "busy", "oof", "workingElsewhere"), 1):
        graph.create(**timed(shown, f"2026-12-01T{9 + day:02}:00:00", f"2026-12-01T{9 + day:02}:30:00", PACIFIC, showAs=shown))
    graph.create(**series("Series", "2026-12-01T08:00:00", "2026-12-01T08:30:00", {"type": "daily"}, PACIFIC))
    graph("PATCH", "/me/mailboxSettings", {"workingHours": {"timeZone": CUSTOM}})
    everybody = ["megan@contoso.example", "alex@contoso.example", "adams@contoso.example", "sales@contoso.example"]
    body = {"schedules": [*everybody, "building32@contoso.example", "nobody@contoso.example"], **A_DAY}
    group = graph("POST", "/me/calendarGroups", {"name": "Projects"}).body["id"]
    calendar = graph("POST", f"/me/calendarGroups/{group}/calendars", {"name": "Launch"}).body["id"]
    for place in (
        "/me/calendar",
        f"/me/calendars/{calendar}",
        f"/me/calendarGroups/{group}/calendars/{calendar}",
        f"/groups/{GROUP_ID}/calendar",
    ):
        graph("POST", f"{place}/getSchedule", body)
    graph("POST", "/me/calendar/getSchedule", {**body, "availabilityViewInterval": 60}, prefer=f'outlook.timezone="{PACIFIC}"')


CUSTOM = {
    "@odata.type": "#microsoft.graph.customTimeZone",
    "bias": 480,
    "name": "Customized Time Zone",
    "standardOffset": {"time": "02:00:00.0000000", "dayOccurrence": 1, "dayOfWeek": "sunday", "month": 11, "year": 0},
    "daylightOffset": {"daylightBias": -60, "time": "02:00:00.0000000", "dayOccurrence": 2, "dayOfWeek": "sunday", "month": 3, "year": 0},
}


def find_times(graph: Graph) -> None:
    people = [
        {"type": kind, "emailAddress": {"address": f"{name}@contoso.example"}}
        for name, kind in (("alex", "required"), ("adele", "optional"))
    ]
    constraint = {"timeSlots": [{"start": A_DAY["startTime"], "end": A_DAY["endTime"]}]}
    room = {"displayName": "Conf Room Hood", "locationEmailAddress": "hood@contoso.example", "resolveAvailability": True}
    where = {"isRequired": True, "suggestLocation": True, "locations": [room]}
    for body in (
        {},
        {"attendees": people, "timeConstraint": constraint, "meetingDuration": "PT1H", "returnSuggestionReasons": True},
        {
            "attendees": people,
            "timeConstraint": constraint,
            "locationConstraint": where,
            "minimumAttendeePercentage": 50,
            "maxCandidates": 3,
        },
        {"attendees": people, "timeConstraint": constraint, "meetingDuration": "PT10H", "isOrganizerOptional": True},
    ):
        graph("POST", "/me/findMeetingTimes", body)


def walk_the_places(graph: Graph) -> None:
    graph("GET", "/places/$count")
    for name in TYPES:
        for path in (f"/places/graph.{name}", f"/places/graph.{name}/$count"):
            graph("GET", path)
        listed = graph("GET", f"/places/graph.{name}?$top=1").body["value"]
        graph("GET", f"/places/{listed[0]['id']}/graph.{name}")
        if name == "room":  # the only type that the contract has for a place by its id alone
            graph("GET", f"/places/{listed[0]['id']}")
    graph("GET", "/places/building32@contoso.example/graph.roomList/rooms")
    graph("GET", "/places/building32@contoso.example/graph.roomList/workspaces")
    graph("GET", f"/places/{BUILDING}/descendants")
    graph("GET", f"/places/{BUILDING}/descendants/graph.room")
    graph("PATCH", "/places/adams@contoso.example", {"@odata.type": "microsoft.graph.room", "capacity": 14, "tags": ["Stage"]})
    desk = {"@odata.type": "microsoft.graph.desk", "displayName": "Desk 9", "parentId": SECTION}
    made = graph("POST", "/places", desk).body["id"]
    graph("DELETE", f"/places/{made}")


def keep_a_mailbox(graph: Graph) -> None:
    graph("GET", "/me/mailboxSettings")
    graph("GET", "/me/mailboxSettings?$select=timeZone,language")
    graph("GET", "/users/megan@contoso.example/mailboxSettings")
    for name in mailbox_settings.NAMES:
        graph("GET", f"/me/mailboxSettings/{name}")
    away = {
        "status": "scheduled",
        "externalAudience": "all",
        "scheduledStartDateTime": at("2026-12-20T00:00:00"),
        "scheduledEndDateTime": at("2027-01-02T00:00:00"),
    }
    for change in (
        {"automaticRepliesSetting": {**away, "internalReplyMessage": "Back soon.", "externalReplyMessage": "Away."}},
        {"timeZone": "W. Europe Standard Time", "language": {"locale": "de-DE"}},
        {"dateFormat": "dd.MM.yyyy", "timeFormat": "HH:mm", "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly"},
        {
            "workingHours": {
                "daysOfWeek": ["monday", "tuesday"],
                "startTime": "07:30:00",
                "endTime": "16:00:00",
                "timeZone": {"name": PACIFIC},
            }
        },
    ):
        graph("PATCH", "/me/mailboxSettings", change)
    graph("GET", "/me/mailboxSettings")


def keep_categories(graph: Graph) -> None:
    graph("GET", "/me/outlook")
    graph("GET", "/me/outlook/supportedLanguages")
    graph("GET", "/me/outlook/supportedTimeZones")
    graph("GET", "/me/outlook/supportedTimeZones(TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana')")
    graph("GET", "/me/outlook/supportedTimeZones(TimeZoneStandard='Windows')")
    graph("GET", "/me/outlook/masterCategories")
    graph("GET", "/me/outlook/masterCategories/$count")
    made = graph("POST", "/me/outlook/masterCategories", {"displayName": "Project expenses", "color": "preset9"}).body["id"]
    graph("PATCH", f"/me/outlook/masterCategories/{made}", {"color": "preset15"})
    graph("GET", f"/me/outlook/masterCategories/{made}")
    graph("DELETE", f"/me/outlook/masterCategories/{made}")


def tour(graph: Graph) -> None:
    for steps in (keep_a_mailbox, see_who_is_free, find_times, walk_the_places, keep_categories):
        steps(graph)


def in_the_contract() -> set[str]:
    """Method and path of what the published contract has in these rooms, by one of the ways to it."""
    paths = json.loads((KIT / "graph-calendar.hardened.openapi.json").read_text())["paths"]
    here = {path: operations for path, operations in paths.items() if HERE.fullmatch(path) and not ELSEWHERE.match(path)}
    return {f"{method.upper()} {pattern(path)}" for path, operations in here.items() for method in operations if method != "parameters"}


def pattern(path: str) -> str:
    """A path as a pattern of what is asked."""
    return re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(path).replace(r"\(\)", ""))


def test_every_answer_is_valid_by_the_published_contract_and_everything_in_it_is_asked(kit: list[str], graph: Graph, tmp_path: Path):
    tour(graph)
    assert [exchange["url"] for exchange in graph.exchanges if exchange["status"] >= 300] == []
    asked = [f"{exchange['method']} {exchange['url'].partition('?')[0].partition('/v1.0')[2]}" for exchange in graph.exchanges]
    assert {wanted for wanted in in_the_contract() if not any(re.fullmatch(wanted, path, re.IGNORECASE) for path in asked)} == set()
    judged = judge(kit, graph.exchanges, tmp_path)
    for exchange, findings in judged:
        unknown = [finding for finding in findings if finding["message"] == NO_SUCH_PATH]
        assert bool(unknown) == bool(NOT_PUBLISHED.search(exchange["url"].partition("?")[0])), exchange["url"]
        findings[:] = [finding for finding in findings if finding not in unknown and not MODES.search(finding["message"])]
    assert told(judged, "response") == []
    assert told(judged, "request") == []


def test_the_least_permission_of_each_route_is_the_one_microsoft_publishes():
    judged = 0
    for route, least in least_permissions(ROUTES):
        judged += 1
        assert route.permissions.delegated[0] in least, f"{route.method} {route.template}: {sorted(least)}"
    assert judged >= 25


def test_what_is_refused_is_refused_in_the_declared_form(kit: list[str], graph: Graph, tmp_path: Path):
    body = {"schedules": ["megan@contoso.example"], **A_DAY}
    for method, path, wrong, status in (
        ("POST", "/me/calendar/getSchedule", {**body, "schedules": []}, 400),
        ("POST", "/me/calendar/getSchedule", {**body, "availabilityViewInterval": 4}, 400),
        ("POST", "/me/calendar/getSchedule", {**body, "endTime": body["startTime"]}, 400),
        ("POST", "/me/calendar/getSchedule", {**body, "availabilityViewInterval": None}, 500),
        ("POST", "/me/findMeetingTimes", {"meetingDuration": "an hour"}, 400),
        ("PATCH", "/me/mailboxSettings", {"timeZone": "Mars/Olympus"}, 400),
        ("PATCH", "/me/mailboxSettings", {"workingHours": {"startTime": "noon"}}, 400),
        ("POST", "/me/outlook/masterCategories", {"displayName": "X", "color": "preset99"}, 400),
        ("GET", "/me/outlook/masterCategories/nothing", None, 404),
        ("GET", "/places/nothing", None, 404),
        ("POST", "/places", {"@odata.type": "microsoft.graph.desk", "displayName": "Desk 9"}, 400),
    ):
        answer = graph(method, path, wrong)
        assert answer.status == status, (path, wrong, answer.body)
    assert told(judge(kit, graph.exchanges, tmp_path), "response") == []
