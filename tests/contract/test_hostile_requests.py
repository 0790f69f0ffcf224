"""Whatever is asked by the published contract or against it: no answer is a 500, none takes long, and nothing wrong is granted.

Requests are drawn from Microsoft's own description of the routes: mostly well formed, spoilt here and there in a hundred ways.
HOSTILE_REQUESTS says how many (default 20,000), HOSTILE_SEED which.
"""

from __future__ import annotations

import json
import os
import random
import re
import string
import time
from typing import Any
from urllib.parse import quote

import pytest

import judging
import recorder
from daypass.wire import Request, Response
from daypass_sandbox.graph import permissions
from daypass_sandbox.routes import Permissions
from daypass_sandbox.tenant import Tenant
from graph_caller import MEGAN, ROOT, Graph, StoppedClock

COUNT, SEED = int(os.environ.get("HOSTILE_REQUESTS", "20000")), int(os.environ.get("HOSTILE_SEED", "7"))
LONGEST_SECONDS = 5.0  # far more than any answer takes, on a busy machine too
SCOPES = sorted({name for family in vars(permissions).values() if isinstance(family, Permissions) for name in family.delegated})
TEXTS = (
    *("", " ", "a", "Lunch", "é", "\u202e", "half a pair \ud800", "' or 1 eq 1", "<script>alert(1)</script>", "%00", "../../etc/passwd"),
    *("$filter", "null", "true", "0", "-1", "1e400", "2026-12-07T10:00:00", "2026-02-30T25:61:00", "0001-01-01T00:00:00Z", "P1D", "PT30M"),
    *("9999-12-31T23:59:59.9999999", "Pacific Standard Time", "Mars/Olympus", "megan@contoso.example", "nobody", "a@b", "x" * 300, "\0"),
)
NUMBERS = (0, 1, -1, 5, 30, 999, 1000, 2**31, -(2**63), 2**70, 0.5, 1e300)
OPTIONS = (
    *("$top=5", "$top=0", "$top=-1", "$top=ten", "$top=999999999999", "$skip=3", "$skip=-3", "$count=true", "$count=maybe", "$select=id"),
    *("$select=nothing", "$select=subject,id", "$select=,", "$select=*", "$orderby=subject desc", "$orderby=start/dateTime,", "$orderby="),
    *("$filter=subject eq 'x'", "$filter=start/dateTime ge '2026-01-01'", "$filter=((((", "$filter=not not true", "$filter=id in ('a')"),
    *("$filter=contains(subject,subject)", "$filter=categories/any(c:c eq 'x')", "$expand=extensions", "$expand=attachments($top=1)"),
    *("$expand=nothing", '$search="displayName:x"', "$search=x", "$skiptoken=abc", "$deltatoken=abc", "$format=json", "$apply=x", "odd=1"),
    *("startDateTime=yesterday", "endDateTime=", "$filter=" + "(" * 900),
)
WINDOW = ("startDateTime=2026-11-20T00:00:00Z", "endDateTime=2026-12-20T00:00:00Z")
PREFERENCES = (
    *('outlook.timezone="Tokyo Standard Time"', "outlook.timezone=Mars", 'IdType="ImmutableId"', "odata.maxpagesize=0", "x", 'a="', ";;,="),
)
# Bodies that are granted, by the end of the path; they are spoilt too.
GOOD: dict[str, dict[str, Any]] = {
    "/events": {
        "subject": "Lunch",
        "start": {"dateTime": "2026-12-07T12:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-12-07T13:00:00", "timeZone": "UTC"},
        "attendees": [{"type": "required", "emailAddress": {"address": "alex@contoso.example"}}],
    },
    "/calendars": {"name": "Trade fair"},
    "/calendarGroups": {"name": "Fairs"},
    "/lists": {"displayName": "Trade fair"},
    "/tasks": {"title": "Order the stand", "dueDateTime": {"dateTime": "2026-12-07T00:00:00", "timeZone": "UTC"}},
    "/checklistItems": {"displayName": "Measure it"},
    "/getSchedule": {
        "schedules": ["alex@contoso.example"],
        "startTime": {"dateTime": "2026-12-07T00:00:00", "timeZone": "UTC"},
        "endTime": {"dateTime": "2026-12-08T00:00:00", "timeZone": "UTC"},
    },
    "/findMeetingTimes": {"attendees": [], "meetingDuration": "PT30M"},
    "/masterCategories": {"displayName": "Fairs", "color": "preset3"},
    "/attachments": {"@odata.type": "#microsoft.graph.fileAttachment", "name": "stand.txt", "contentBytes": "SGFsbCA0"},
    "/linkedResources": {"displayName": "The fair", "applicationName": "Fairs", "webUrl": "https://contoso.example/fair"},
    "/calendarPermissions": {"emailAddress": {"address": "alex@contoso.example"}, "role": "read"},
    "/forward": {"toRecipients": [{"emailAddress": {"address": "lee@contoso.example"}}]},
    "/sendMail": {"message": {"subject": "Lunch?", "toRecipients": [{"emailAddress": {"address": "lee@contoso.example"}}]}},
    "/$batch": {
        "requests": [{"id": "1", "method": "GET", "url": "/me/events"}, {"id": "2", "method": "GET", "url": "/me", "dependsOn": ["1"]}]
    },
    "/extensions": {"@odata.type": "#microsoft.graph.openTypeExtension", "extensionName": "com.contoso.fair", "stand": 4},
    "/attachments/createUploadSession": {"AttachmentItem": {"attachmentType": "file", "name": "hall.bin", "size": 4_000_000}},
    "/snoozeReminder": {"newReminderTime": {"dateTime": "2026-12-07T11:50:00", "timeZone": "UTC"}},
}
# Texts of the forms that the description asks for, by its patterns.
FORMED = (
    *("2026-12-07T10:00:00Z", "2026-12-07T10:00:00.1234567+02:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00-14:00"),
    *("2026-12-07", "0001-01-01", "10:00:00", "23:59:59.9999999", MEGAN, "00000000-0000-0000-0000-000000000000"),
    *("SGFsbCA0", "PT30M", "P1DT2H", "-PT15M"),
)


def made(megan: Graph) -> dict[str, list[str]]:
    """One thing of each kind that hangs on another, with its id, by the parameter of the path that it is for."""

    def create(path: str, body: dict[str, Any]) -> str:
        answer = megan("POST", path, body)
        assert answer.status == 201, (path, answer.body)
        return answer.body["id"]

    lunch = {**GOOD["/events"], "subject": "Lunch with everything"}
    event, tasks = create("/me/events", lunch), create("/me/todo/lists", GOOD["/lists"])
    task = create(f"/me/todo/lists/{quote(tasks)}/tasks", GOOD["/tasks"])
    on_event, on_task, group = (
        f"/me/events/{quote(event)}",
        f"/me/todo/lists/{quote(tasks)}/tasks/{quote(task)}",
        next(iter(megan.tenant.state.groups)),
    )
    for path in (on_event, f"/me/todo/lists/{quote(tasks)}", on_task):
        create(f"{path}/extensions", GOOD["/extensions"])
    return {
        "event-id": [event] * 3 + [*list(megan.tenant.state.mailboxes[MEGAN]["events"])[:3]],
        "groups/group-id": [group],
        "groups/event-id": [create(f"/groups/{group}/events", GOOD["/events"])],
        "todoTaskList-id": [tasks],
        "todoTask-id": [task],
        "extension-id": [GOOD["/extensions"]["extensionName"]],
        "attachment-id": [create(f"{on_event}/attachments", GOOD["/attachments"])],
        "attachmentBase-id": [
            create(f"{on_task}/attachments", {**GOOD["/attachments"], "@odata.type": "#microsoft.graph.taskFileAttachment"})
        ],
        "checklistItem-id": [create(f"{on_task}/checklistItems", GOOD["/checklistItems"])],
        "linkedResource-id": [create(f"{on_task}/linkedResources", GOOD["/linkedResources"])],
        "calendarPermission-id": [create("/me/calendar/calendarPermissions", GOOD["/calendarPermissions"])],
        "outlookCategory-id": [create("/me/outlook/masterCategories", GOOD["/masterCategories"])],
    }


def found(tenant: Tenant) -> dict[str, list[str]]:
    """What the seed has, by the parameter of the path that it is for."""
    state = tenant.state
    box = state.mailboxes[MEGAN]
    return {
        "calendar-id": list(box["calendars"]),
        "calendarGroup-id": list(box["calendarGroups"]),
        "place-id": list(state.places),
        "application-id": list(state.apps),
        "appId": list(state.apps),
        "servicePrincipal-id": list(state.service_principals),
        "TimeZoneStandard": ["Iana", "Windows"],
        "StartDateTime": ["2026-11-20T00:00:00"],
        "EndDateTime": ["2026-12-20T00:00:00"],
    }


class Asker:
    """Draws requests from a description, and makes them."""

    def __init__(self, contract: dict[str, Any]) -> None:
        self.chance, self.contract = random.Random(SEED), contract
        self.operations = [
            (method, path, operation)
            for path, methods in contract["paths"].items()
            for method, operation in methods.items()
            if method in ("get", "post", "patch", "put", "delete")
        ]
        self.tenant = self.fresh()

    def fresh(self) -> Tenant:
        """A tenant as seeded, with something of every kind; hostile requests may have deleted everybody in the last one."""
        tenant = Tenant(clock=StoppedClock(), chance=random.Random(SEED), seed="contoso")
        megan = Graph(tenant, scopes=tuple(SCOPES))
        self.token = megan.token
        self.ids = {"user-id": [MEGAN, "megan@contoso.example"], "User": ["alex@contoso.example"], **made(megan), **found(tenant)}
        self.others = [one for known in self.ids.values() for one in known[:3]]
        return tenant

    def id_for(self, name: str, template: str) -> str:
        """An id for a parameter of a path: of the right kind most often."""
        if self.spoil():
            return self.text()
        within = f"{template.split('/')[1]}/{name}"
        return str(self.one_of(self.ids.get(within) or self.ids.get(name) or self.others) if not self.spoil() else self.one_of(self.others))

    def one_of(self, values: Any) -> Any:
        return self.chance.choice(values)

    def spoil(self, likelihood: float = 0.04) -> bool:
        return self.chance.random() < likelihood

    def text(self) -> str:
        if self.spoil(0.3):
            return "".join(self.chance.choices(string.printable, k=self.chance.randint(0, 40)))
        return self.one_of(TEXTS)

    def value(self, schema: dict[str, Any], depth: int = 0) -> Any:
        """A value of a schema, or something else now and then."""
        if "$ref" in schema:
            schema = self.contract["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        if self.spoil():
            return self.one_of([None, True, 0, "", [], {}, [[]], {"a": {"b": []}}, self.text(), self.one_of(NUMBERS)])
        if "allOf" in schema or "anyOf" in schema:
            parts = schema.get("allOf") or [self.one_of(schema["anyOf"])]
            merged: dict[str, Any] = {}
            for part in parts:
                value = self.value(part, depth)
                merged |= value if isinstance(value, dict) else {}
                if not isinstance(value, dict):
                    return value
            return merged
        if "enum" in schema:
            return self.one_of(schema["enum"])
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if kind == "object":
            names = list(schema.get("properties", {}))
            chosen = self.chance.sample(names, min(len(names), self.chance.randint(0, 6))) if depth < 4 else []
            return {name: self.value(schema["properties"][name], depth + 1) for name in chosen}
        if kind == "array":
            return [self.value(schema.get("items", {}), depth + 1) for _ in range(self.chance.randint(0, 2))]
        if "pattern" in schema and not self.spoil():
            return self.one_of([text for text in FORMED if re.search(schema["pattern"], text)] or TEXTS)
        return {"boolean": self.spoil(0.5), "integer": self.one_of(NUMBERS), "number": self.one_of(NUMBERS)}.get(kind, self.text())

    def body(self, method: str, template: str, schema: dict[str, Any]) -> Any:
        """A body of a schema, on top of one that is granted where that is known, or of a part of that for a change."""
        drawn = self.value(schema)
        collection = template.rpartition("/")[0] if method == "patch" else template
        good = next((known for end, known in GOOD.items() if collection.endswith(end)), {})
        if not isinstance(drawn, dict) or (not good and method == "post") or self.spoil(0.2):
            return drawn
        if method == "patch":
            good = {name: good[name] for name in good if self.spoil(0.5)}
        return {**good, **dict(list(drawn.items())[: self.chance.randint(0, 2)])}

    def draw(self) -> Request:
        method, template, operation = self.one_of(self.operations)
        path = re.sub(r"\{([\w-]+)\}", lambda found: quote(self.id_for(found[1], template), errors="replace"), template)
        options = self.chance.sample(OPTIONS, self.chance.choice((0, 0, 0, 1, 2))) if method == "get" or self.spoil() else []
        if "Date" in str(operation.get("parameters")) or self.spoil():
            options += WINDOW
        query = "&".join(quote(option, safe="=$&()',:;/", errors="replace") for option in options)
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        if self.spoil(0.2):
            headers["prefer"] = self.one_of(PREFERENCES)
        if self.spoil(0.1):
            headers["consistencylevel"] = "eventual"
        body = b""
        if method in ("post", "patch", "put"):
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            body = json.dumps(self.body(method, template, content)).encode() if not self.spoil() else self.text().encode("utf-8", "replace")
        return Request(method.upper(), f"{ROOT}/v1.0{path}" + (f"?{query}" if query else ""), headers, body)


@pytest.fixture(scope="module")
def asked():
    """What was asked and answered."""
    file = judging.KIT / "graph-calendar.hardened.openapi.json"
    if not file.is_file():
        pytest.skip(f"NOT JUDGED: there is no description of the routes at {file}; set DAYPASS_KIT")
    asker, exchanges, slowest = Asker(json.loads(file.read_text())), [], 0.0
    for number in range(COUNT):
        if number % 50 == 49:
            asker.tenant = asker.fresh()
        request = asker.draw()
        began = time.perf_counter()
        try:
            answer = asker.tenant.handle(request)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            pytest.fail(f"request {number} of seed {SEED}: {request.method} {request.url} {request.body!r}: {error!r}")
        slowest = max(slowest, time.perf_counter() - began)
        exchanges.append((request, answer))
        if MEGAN not in asker.tenant.state.users or MEGAN not in asker.tenant.state.mailboxes:
            asker.tenant = asker.fresh()
    return exchanges, slowest


def is_the_services_own(request: Request, answer: Response) -> bool:
    """Whether the service itself answers 500 here: getSchedule with a null for its interval (observed by others)."""
    asked = request.url.partition("?")[0].lower().endswith("getschedule")
    return asked and answer.json()["error"]["code"] == "ErrorInternalServerError"


def test_no_answer_is_a_failure_of_the_tenants_own(asked):
    exchanges, slowest = asked
    failed = [pair for pair in exchanges if pair[1].status >= 500 and pair[1].status != 501 and not is_the_services_own(*pair)]
    wrong = [f"{request.method} {request.url} -> {answer.status}" for request, answer in failed]
    assert not wrong, "\n".join(wrong)
    assert slowest < LONGEST_SECONDS


def test_every_refusal_says_what_it_is(asked):
    for request, answer in asked[0]:
        if answer.status >= 400:
            error = answer.json()["error"]
            assert error["code"], (request.url, answer.body)
            assert error["message"] or error["code"] == "UnknownError", (request.url, answer.body)  # of which To Do says no more


def test_much_is_granted_and_much_refused(asked):
    """The draw is worth something: both kinds of answers come, from most operations."""
    granted = sum(answer.status < 300 for _, answer in asked[0])
    assert granted > len(asked[0]) / 20
    assert len(asked[0]) - granted > len(asked[0]) / 20


# What is taken although the contract says otherwise; see test_recorded_traffic for who saw it. Members that only the service writes are
# passed over whatever they hold, and so is the body of an action that has none.
PASSED_OVER = (
    *("id", "createdDateTime", "lastModifiedDateTime", "originalStart", "instances", "events", "calendarView", "calendars", "calendar"),
    *("calendarPermissions", "defaultOnlineMeetingProvider", "allowedOnlineMeetingProviders", "changeKey", "exceptionOccurrences"),
    *("classId", "hasAttachments", "bodyPreview", "webLink", "owner", "hexColor", "isTallyingResponses", "onlineMeeting", "tasks"),
    *("canEdit", "canShare", "canViewPrivateItems", "isRemovable", "bodyLastModifiedDateTime", "isOwner", "isShared", "wellknownListName"),
    *("iCalUId", "isOrganizer", "isCancelled", "isDraft", "onlineMeetingUrl", "originalStartTimeZone", "originalEndTimeZone", "type"),
    *("organizer", "seriesMasterId", "cancelledOccurrences", "creationSource", "lists"),
)
TAKEN_ALL_THE_SAME = re.compile(
    r"in another letter case|is spelled '|quoted |is not \{date\}T\{time\} without offset|no such path|\.(responseStatus|status)\b"
    r"|^Prefer outlook\.timezone value must be quoted"  # a token will do too, and a preference may be passed over (RFC 7240, section 2)
    r"|@odata\.type|this operation takes no body"
    rf"|None for not nullable|None is not of type .array.|undeclared query parameter \$format|\$\.({'|'.join(PASSED_OVER)})\b"
)


def is_json(body: bytes) -> bool:
    """Whether a body can be judged: JSON, without halves of letters, which the judge cannot print."""
    try:
        json.dumps(json.loads(body), ensure_ascii=False).encode()
    except ValueError:
        return False
    return True


@pytest.fixture(scope="module")
def judged(asked, tmp_path_factory):
    """What was granted, bytes of files aside, with the judge's findings: every write, and a read of each shape."""
    exchanges = [
        {
            "method": request.method,
            "url": request.url,
            "request_headers": {name: value for name, value in request.headers.items() if name != "authorization"},
            "request_body": json.loads(request.body) if request.body else None,
            "status": answer.status,
            "response_headers": dict(answer.headers),
            "response_body": json.loads(answer.body) if answer.body else None,
        }
        for request, answer in asked[0]
        if answer.status < 300 and all(is_json(body) for body in (request.body, answer.body) if body)
    ]
    reads = {recorder.kind(exchange): exchange for exchange in exchanges if exchange["method"] == "GET"}
    writes = [exchange for exchange in exchanges if exchange["method"] != "GET"]
    return judging.judge(judging.command(), [*reads.values(), *writes], tmp_path_factory.mktemp("judged"))


def test_nothing_wrong_is_granted(judged):
    """The bodies of what was granted are within the contract."""
    writes = [(exchange, findings) for exchange, findings in judged if exchange["request_body"] is not None]
    assert writes
    wrong = [
        f"{exchange['method']} {exchange['url']}: {finding['where']} {finding['message']!r}"
        for exchange, findings in writes
        for finding in findings
        if finding["side"] == "request" and not TAKEN_ALL_THE_SAME.search(f"{finding['where']} {finding['message']}")
    ]
    assert not wrong, "\n".join(wrong)


def test_what_is_granted_is_answered_within_the_contract(judged):
    """Whatever was written before, nothing of it spoils an answer."""
    wrong = judging.unknown(judging.told(judged, "response"), judging.ANSWERED_ALL_THE_SAME)
    assert not wrong, "\n".join(wrong)
