"""Microsoft's documented exchanges, and a tenant in which each can be had again.

The examples are part of a kit that lies beside the repository (see `judging`). An example names things by placeholders and by ids of
somebody else's tenant: a `Scene` makes the same things here, `asked` sends the example's request about them, and `lacking` tells what
the answer of the page has and another has not.
"""

from __future__ import annotations

import base64
import json
import random
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from typing import Any
from urllib.parse import quote

from daypass_sandbox.graph import paths, permissions
from daypass_sandbox.routes import Permissions, Route, Router
from daypass_sandbox.tenant import GRAPH_ROUTES, Tenant
from graph_caller import MEGAN, NOW, Answer, Graph, StoppedClock, at, timed
from judging import KIT
from webhooks import Webhook, subscribe

ALEX = "c04705e2-7e11-4000-8000-000000000002"
ROUTER = Router(GRAPH_ROUTES)
ALL_SCOPES = {name for family in vars(permissions).values() if isinstance(family, Permissions) for name in family.delegated}
ALL_SCOPES |= {name for route in GRAPH_ROUTES if route.permissions for name in route.permissions.delegated}
PARAMETER = re.compile(r"\{([\w-]+)\}")
WINDOW = "startDateTime=2016-12-01T00:00:00Z&endDateTime=2016-12-30T00:00:00Z"
DAILY = {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": "2015-01-01"}}
DEAL = {"companyName": "Alpine Skis", "dealValue": 1010100, "expirationDate": "2015-07-03T13:04:00Z"}
FOOD = "String {66f5a359-4659-4830-9070-00040ec6ac6e} Name Fun"
PLACE = {"address": {"street": "1 Main St", "city": "Seattle", "state": "WA", "countryOrRegion": "USA", "postalCode": "1"}}
PLACE["coordinates"] = {"latitude": 47.6, "longitude": -122.3}
CUSTOM = {
    "@odata.type": "#microsoft.graph.customTimeZone",
    "bias": 480,
    "name": "Customized Time Zone",
    "standardOffset": {"time": "02:00:00.0000000", "dayOccurrence": 1, "dayOfWeek": "sunday", "month": 11, "year": 0},
    "daylightOffset": {"daylightBias": -60, "time": "02:00:00.0000000", "dayOccurrence": 2, "dayOfWeek": "sunday", "month": 3, "year": 0},
}
# What a request is about besides what its path names: members of `Scene`, made first.
PRESENT = {
    r"GET .*/(events|calendarView|calendarView/delta\(\)|reminderView.*)": "event_id",
    r"GET /me/events/.*/attachments": "attachment_id",
    r"GET /me/todo/.*/attachments": "attachmentBase_id",
    r"GET .*/checklistItems": "checklistItem_id",
    r"GET .*/(linkedResources|tasks(/delta\(\))?)": "linkedResource_id",
    r"GET /subscriptions": "subscription_id",
    r"POST .*/(getMailTips|getSchedule)": "absence",
    r"GET /(oauth2PermissionGrants.*|servicePrincipals/.*/oauth2PermissionGrants)": "oAuth2PermissionGrant_id",
    r"GET /servicePrincipals/.*/appRole.*": "appRoleAssignment_id",
    r"GET /(applications|servicePrincipals)(/delta\(\))?": "servicePrincipal_id",
    r"GET /groups(/delta\(\))?": "group_id",
    r"GET .*/calendarPermissions": "calendarPermission_id",
    r"GET /users(/delta\(\))?": "newcomer_id",
}
# What is sent where only the answer is shown, and no page shows a request that has it.
SMILE = {"@odata.type": "#microsoft.graph.taskFileAttachment", "name": "smile", "contentBytes": "aGFsbG8=", "contentType": "image/gif"}
MENU = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "menu.txt", "contentBytes": "bWFj", "contentId": "x"}
_FILES = "POST /me/todo/lists/{todoTaskList-id}/tasks/{todoTask-id}/attachments"
SENT = {
    _FILES: SMILE,
    f"{_FILES}/createUploadSession": {"attachmentInfo": {"attachmentType": "file", "name": "flower", "size": 3483322}},
    "POST /me/events/{event-id}/attachments": MENU,
}
# What stands for an id in a body, by the name of its member.
IN_BODIES = {"clientId": "servicePrincipal_id", "appId": "app_id", "keyId": "key_id", "appRoleId": "role_id"}
PASSWORD = {"forceChangePasswordNextSignIn": False, "password": "xWwvJ]6NMw+bWH-d"}
OURS = ("Authorization", "Content-Length", "Host")  # headers that only a client itself can write
DIRECTORY_PAGE = 100  # of a round of delta
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
HERS = re.compile(r"/(me|users/\{user-id\}/.+)")
PEOPLE = re.compile(r"\b(adele|megan|alex)[vbw]@contoso\.onmicrosoft\.com|\b(?:danas|fannyd)@contoso\.onmicrosoft\.com", re.IGNORECASE)
# What the pages write where a value belongs.
PLACEHOLDERS = {
    "dateTime-value": "2017-01-02T09:30:00",
    "datetime-value": "2017-01-02T09:30:00Z",
    "timeZone-value": "UTC",
    "originalStartTimeZone-value": "UTC",
    "originalEndTimeZone-value": "UTC",
    "consentType-value": "Principal",
    "scope-value": "User.Read",
    "password-value": "xWwvJ]6NMw+bWH-d",
    "bWFjIGFuZCBjaGVlc2UgdG9kYXk=...": "bWFjIGFuZCBjaGVlc2UgdG9kYXk=",
}


@dataclass(frozen=True)
class Example:
    """One documented exchange: its number among all, the page it stands on, and what it says."""

    number: int
    page: str
    said: dict[str, Any]
    request: dict[str, Any]  # the same, or where only the answer is shown, another of the same operation that has a request

    @property
    def method(self) -> str:
        return self.said["method"]

    @property
    def template(self) -> str:
        return self.said["path_template"]

    @property
    def query(self) -> str:
        return self.request["url"].partition("?")[2]

    @property
    def last(self) -> str:
        """The last segment of the URL, as the page has it."""
        return self.said["url"].partition("?")[0].rstrip("/").rpartition("/")[2]

    @property
    def answer(self) -> Any:
        return self.said.get("response_body")

    @property
    def name(self) -> str:
        return f"{self.number} {self.page}"

    def route(self) -> Route | None:
        """The route that answers it, if one does."""
        found = ROUTER.find(self.method, paths.canonical(self.template.strip("/"), MEGAN, lambda key: key)[0])
        return found[0] if found else None


def examples() -> list[Example]:
    """All of them in their order; none where the kit is not at hand."""
    if not (KIT / "doc-examples.jsonl").is_file():
        return []
    known = [json.loads(line) for line in (KIT / "doc-examples.jsonl").read_text().splitlines()]
    return [Example(number, page(said), said, _request(said, known)) for number, said in enumerate(known)]


def page(said: dict[str, Any]) -> str:
    """The page of an example, below api-reference/v1.0 where it is one of those."""
    return said["source"].rpartition(":")[2].removeprefix("api-reference/v1.0/").removesuffix(".md").removesuffix(".json")


def _request(said: dict[str, Any], known: list[dict[str, Any]]) -> dict[str, Any]:
    """The example itself, or where it has no request, one of the same operation whose query is the same but for what was blanked."""
    if not said.get("response_only"):
        return said
    query = re.escape(said["url"].partition("?")[2].replace(" ", "").lower())
    same = re.compile(re.sub(r"(?<![a-z$])x(?![a-z])", ".+", query))
    asked = (one for one in known if not one.get("response_only") and one["status"] is not None)
    asked = (one for one in asked if (one["method"], one["path_template"]) == (said["method"], said["path_template"]))
    return next((one for one in asked if same.fullmatch(one["url"].partition("?")[2].replace(" ", "").lower())), said)


@dataclass
class Scene:
    """A tenant around one example; its members are what the example's placeholders stand for, made when they are first named."""

    example: Example

    @cached_property
    def graph(self) -> Graph:
        tenant = Tenant(clock=StoppedClock(self.now()), chance=random.Random(7), seed="empty", outside=Webhook())
        return Graph(tenant, scopes=tuple(sorted(ALL_SCOPES)))

    def now(self) -> float:
        """The tenant's time: a quarter of an hour and two before what the example lets expire, if anything."""
        body = self.example.request["request_body"]
        until = body.get("expirationDateTime") if isinstance(body, dict) else None
        try:
            return datetime.fromisoformat(re.sub(r"\.\d+", "", until)).timestamp() - 3600 if until else NOW
        except ValueError:
            return NOW

    def asked(self) -> Answer:
        """The answer to the example's request, about this tenant's things."""
        self.prepared()
        request = self.example.request
        headers = {name.title(): value for name, value in request["request_headers"].items() if name.title() not in OURS}
        target = self.target()
        if "token=" in self.example.query:
            target = self.link(target.partition("?")[0], headers)
        return self.graph(self.example.method, target, self.body(), headers=headers)

    def prepared(self) -> None:
        """Make what the request is to find."""
        for operation, name in PRESENT.items():
            if re.fullmatch(operation, f"{self.example.method} {self.example.template}"):
                self.thing(name)

    def target(self) -> str:
        """The path and the query."""
        template = self.example.template
        if "(" in template and not template.endswith("()"):
            template = f"/me/{self.example.last}" if "{" not in self.example.last else template
        path = PARAMETER.sub(lambda found: quote(self.thing(found[1]), safe="='"), template)
        query = (
            self.example.query.replace("contoso.com", "contoso.example")
            .replace("{start_datetime}", "2016-12-01T00:00:00Z")
            .replace("{end_datetime}", "2016-12-30T00:00:00Z")
        )
        return f"{path}?{query}" if query else path

    def body(self) -> Any:
        operation = f"{self.example.method} {self.example.template}"
        body = SENT.get(operation) if self.example.said.get("response_only") else None
        body = body or self.example.request["request_body"]
        if isinstance(body, str):  # a message in MIME; that of the page is cut short within its Base64
            coded = re.sub(r"\s", "", body)
            message = base64.b64decode(coded[: len(coded) // 4 * 4])
            return base64.b64encode(re.sub(rb"<(\w+?)[WE]@contoso.com>", rb"<megan@contoso.example>", message))
        return self.filled(body)

    def filled(self, value: Any, name: str = "") -> Any:
        """A request's body with placeholders, ids and people of the page replaced by such as there are here."""
        if isinstance(value, dict):
            return {name: self.filled(part, name) for name, part in value.items()}
        if isinstance(value, list) and name.endswith("@odata.bind"):
            return [f"https://graph.microsoft.com/v1.0/users/{one}" for one in (MEGAN, ALEX)[: len(value)]]
        if isinstance(value, list):
            return [self.filled(part) for part in value]
        if not isinstance(value, str):
            return value
        if name in ("principalId", "resourceId"):
            return self.party(name)
        if name in IN_BODIES and self.example.template.strip("/") != "applications":
            return self.thing(IN_BODIES[name])
        if name == "userPrincipalName":
            return f"{value.partition('@')[0]}@contoso.example"
        return PLACEHOLDERS.get(value, PEOPLE.sub(lambda found: f"{found[1] or 'alex'}@contoso.example", value))

    def party(self, name: str) -> str:
        """The one or the other party of a grant: the principal of the path is the one that the list is about."""
        if self.example.template.startswith("/oauth2"):
            return MEGAN if name == "principalId" else self.graph_itself
        of_the_path = "principalId" if self.example.template.endswith("appRoleAssignments") else "resourceId"
        if name == of_the_path:
            return self.servicePrincipal_id
        return MEGAN if name == "principalId" else self.graph_itself

    def link(self, path: str, headers: dict[str, str]) -> str:
        """The link of a round of delta that leads to where the example's token leads."""
        for day in range(10, 16):
            self.graph.create(**timed("Get food", f"2016-12-{day}T19:30:00", f"2016-12-{day}T21:30:00"))
        for number in range(DIRECTORY_PAGE if re.search("/(users|groups)/delta.*skiptoken", self.example.said["url"]) else 0):
            self.newcomer(f"guest{number}", givenName="Guest", surname=f"Number {number}")
            self.new_group(f"team{number}", description="A team")
        prefer = {"Prefer": "odata.maxpagesize=2", **headers}
        answer = self.graph("GET", f"{path}?{WINDOW}" if "calendarView" in path else path, headers=prefer)
        if "skiptoken" in self.example.query:
            return answer.body["@odata.nextLink"]
        while "@odata.nextLink" in answer.body:
            answer = self.graph("GET", answer.body["@odata.nextLink"], headers=headers)
        self.changed(path)
        return answer.body["@odata.deltaLink"]

    def changed(self, path: str) -> None:
        """News for whoever follows a path."""
        if "calendarView" in path:
            self.graph.create(**timed("Attend service", "2016-12-25T06:00:00", "2016-12-25T07:30:00"))
        if "todo" in path:
            self.graph("POST", f"{self.list_path}/tasks", {"title": "Shop for dinner"})
        if "users" in path:
            self.graph("PATCH", f"/users/{self.newcomer_id}", {"surname": "Wood"})
        if "groups" in path:
            self.graph("PATCH", f"/groups/{self.group_id}", {"description": "Everybody plays"})

    def thing(self, name: str) -> str:
        """The id that a parameter of the path stands for."""
        return str(getattr(self, name.replace("-", "_")))

    # --- people and places ------------------------------------------------------------------------------------------

    @property
    def user_id(self) -> str:
        return MEGAN if HERS.match(self.example.template) or self.example.method != "DELETE" else self.newcomer_id

    @cached_property
    def newcomer_id(self) -> str:
        """A user whom everything is known of that examples ask for."""
        self.graph("PATCH", "/me", {"mobilePhone": "+1 425 555 0109"})
        known = {"city": "Seattle", "country": "US", "department": "Sales", "mobilePhone": "+1 425 555 0109", "postalCode": "98052"}
        names = {"displayName": "A. Walter", "givenName": "A.", "surname": "Walter", "mailNickname": "wanda"}
        return self.newcomer("wanda", **known, **names)

    def newcomer(self, name: str, **known: str) -> str:
        account = {"accountEnabled": True, "userPrincipalName": f"{name}@contoso.example", "passwordProfile": PASSWORD}
        return self.graph("POST", "/users", {"displayName": name, "mailNickname": name, **account, **known}).body["id"]

    @property
    def place_id(self) -> str:
        return "building32@contoso.example" if "roomList" in json.dumps([self.example.said]) else "adams@contoso.example"

    @cached_property
    def outlookCategory_id(self) -> str:  # noqa: N802 - as the templates have it
        return self.graph("POST", "/me/outlook/masterCategories", {"displayName": "Project expenses", "color": "preset9"}).body["id"]

    @cached_property
    def absence(self) -> str:
        """Adele and Alex are away, and say so."""
        reply = {"status": "scheduled", "internalReplyMessage": "Away", "externalReplyMessage": "Away"}
        times = {"scheduledStartDateTime": at("2026-11-20T00:00:00"), "scheduledEndDateTime": at("2026-12-20T00:00:00")}
        changes = {"automaticRepliesSetting": reply | times, "workingHours": {"timeZone": CUSTOM}}
        for name in ("alex", "adele"):
            Graph(self.graph.tenant, name, self.graph.scopes)("PATCH", "/me/mailboxSettings", changes)
        return "away"

    @cached_property
    def group_id(self) -> str:
        for group in self.graph("GET", "/groups").body["value"]:
            self.graph("PATCH", f"/groups/{group['id']}", {"description": "Whoever plays"})
        return self.new_group("golf", displayName="All Video prod", description="Whoever plays golf")

    def new_group(self, name: str, **known: str) -> str:
        kind = {"mailEnabled": True, "securityEnabled": False, "groupTypes": ["Unified"]}
        return self.graph("POST", "/groups", {"displayName": name, "mailNickname": name, **kind, **known}).body["id"]

    @cached_property
    def application_id(self) -> str:
        return self.graph("POST", "/applications", {"displayName": "A Web Team app"}).body["id"]

    @property
    def app_id(self) -> str:
        return self.graph("GET", f"/applications/{self.application_id}").body["appId"]

    @property
    def key_id(self) -> str:
        return self.graph("POST", f"/applications/{self.application_id}/addPassword", {}).body["keyId"]

    @cached_property
    def servicePrincipal_id(self) -> str:  # noqa: N802 - as the templates have it
        return self.graph("POST", "/servicePrincipals", {"appId": self.app_id}).body["id"]

    @cached_property
    def graph_itself(self) -> str:
        """The service principal of Microsoft Graph."""
        return self.graph("GET", f"/servicePrincipals(appId='{GRAPH_APP}')").body["id"]

    @property
    def role_id(self) -> str:
        """A role of the app that is the resource; those that define none have the role of nobody in particular."""
        if self.party("resourceId") == self.servicePrincipal_id:
            return "00000000-0000-0000-0000-000000000000"
        return self.graph("GET", f"/servicePrincipals/{self.graph_itself}").body["appRoles"][0]["id"]

    @cached_property
    def appRoleAssignment_id(self) -> str:  # noqa: N802
        parties = {name: self.party(name) for name in ("principalId", "resourceId")}
        return self.graph(
            "POST",
            f"/servicePrincipals/{self.servicePrincipal_id}/{self.example.template.rpartition('/')[2]}",
            {**parties, "appRoleId": self.role_id},
        ).body["id"]

    @cached_property
    def oAuth2PermissionGrant_id(self) -> str:  # noqa: N802 - as the templates have it
        grant = {"clientId": self.servicePrincipal_id, "consentType": "Principal", "principalId": MEGAN, "resourceId": self.graph_itself}
        return self.graph("POST", "/oauth2PermissionGrants", {**grant, "scope": "User.Read"}).body["id"]

    @cached_property
    def subscription_id(self) -> str:
        return subscribe(self.graph)["id"]

    # --- calendars and events ---------------------------------------------------------------------------------------

    @cached_property
    def alex(self) -> Graph:
        return Graph(self.graph.tenant, "alex", self.graph.scopes)

    @property
    def calendar_id(self) -> str:
        return self.graph("GET", "/me/calendar").body["id"]

    @cached_property
    def calendarPermission_id(self) -> str:  # noqa: N802 - as the templates have it
        sharing = {"emailAddress": {"name": "Alex Wilber", "address": "alex@contoso.example"}, "role": "read"}
        return self.graph("POST", "/me/calendar/calendarPermissions", sharing).body.get("id", "nothing")

    @cached_property
    def calendarGroup_id(self) -> str:  # noqa: N802 - as the templates have it
        if self.example.method == "GET":
            return self.graph("GET", "/me/calendarGroups").body["value"][0]["id"]
        return self.graph("POST", "/me/calendarGroups", {"name": "Mine"}).body["id"]

    @cached_property
    def event_id(self) -> str:
        """The event that the example is about."""
        if self.example.template.endswith(("/accept", "/decline", "/tentativelyAccept")):
            return self.invitation()
        again = {} if self.example.method in ("PATCH", "DELETE") else {"recurrence": DAILY}
        of_a_group = self.example.template.startswith("/groups/") and ROUTER.find("POST", "groups/x/events")
        made = self.graph(
            "POST",
            f"/groups/{self.group_id}/events" if of_a_group else "/me/events",
            {
                **timed("All plan the summer picnic", "2015-01-01T18:00:00", "2015-01-01T19:00:00"),
                **again,
                "attendees": [{"type": "required", "emailAddress": {"address": "alex@contoso.example", "name": "Alex Wilber"}}],
                "location": {"displayName": "Conf Room", **PLACE},
                "isOnlineMeeting": True,
                "onlineMeetingProvider": "teamsForBusiness",
                "body": {"contentType": "html", "content": "Let's go"},
                "singleValueExtendedProperties": [{"id": FOOD, "value": "Food"}],
            },
        ).body
        if of_a_group:
            return made["id"]
        proposal = {"start": at("2015-01-01T20:00:00"), "end": at("2015-01-01T21:00:00")}
        self.alex(
            "POST", f"/me/events/{self.alex('GET', '/me/events').body['value'][0]['id']}/tentativelyAccept", {"proposedNewTime": proposal}
        )
        return made["id"]

    def invitation(self) -> str:
        """An event of Alex to which Megan is invited."""
        guests = [{"type": "required", "emailAddress": {"address": "megan@contoso.example"}}]
        self.alex.create(**timed("Dinner", "2019-12-08T10:00:00", "2019-12-08T11:00:00"), attendees=guests)
        return self.graph("GET", "/me/events").body["value"][0]["id"]

    @cached_property
    def attachment_id(self) -> str:
        return self.graph("POST", f"/me/events/{self.event_id}/attachments", MENU).body["id"]

    @cached_property
    def extension_id(self) -> str:
        name = self.example.last.removeprefix("Microsoft.OutlookServices.OpenTypeExtension.")
        at_event = PARAMETER.sub(lambda found: quote(self.thing(found[1])), self.example.template.partition("/extensions")[0])
        self.graph("POST", f"{at_event}/extensions", {"extensionName": name, **DEAL})
        return self.example.last

    # --- To Do ------------------------------------------------------------------------------------------------------

    @property
    def list_path(self) -> str:
        return f"/me/todo/lists/{quote(self.todoTaskList_id)}"

    @property
    def task_path(self) -> str:
        return f"{self.list_path}/tasks/{quote(self.todoTask_id)}"

    @cached_property
    def todoTaskList_id(self) -> str:  # noqa: N802 - as the templates have it
        return self.graph("POST", "/me/todo/lists", {"displayName": "Travel items"}).body["id"]

    @cached_property
    def todoTask_id(self) -> str:  # noqa: N802 - as the templates have it
        days = {"startDateTime": at("2026-12-01T00:00:00"), "dueDateTime": at("2026-12-02T00:00:00")}
        task = {"title": "Buy gifts", "body": {"content": "", "contentType": "text"}, "categories": ["Important"], **days}
        return self.graph("POST", f"{self.list_path}/tasks", task).body["id"]

    @cached_property
    def checklistItem_id(self) -> str:  # noqa: N802 - as the templates have it
        return self.graph("POST", f"{self.task_path}/checklistItems", {"displayName": "Final sign-off"}).body["id"]

    @cached_property
    def linkedResource_id(self) -> str:  # noqa: N802 - as the templates have it
        link = {"webUrl": "https://contoso.example", "applicationName": "Contoso", "displayName": "Letter", "externalId": "7"}
        return self.graph("POST", f"{self.task_path}/linkedResources", link).body["id"]

    @cached_property
    def attachmentBase_id(self) -> str:  # noqa: N802 - as the templates have it
        return self.graph("POST", f"{self.task_path}/attachments", SMILE).body["id"]


@cache
def published() -> frozenset[str]:
    """The names of all members of all types of the published contract; of others the pages speak from memory."""
    names: set[str] = set()
    waiting: list[Any] = [json.loads((KIT / "graph-calendar.hardened.openapi.json").read_text())]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            names |= value["properties"].keys() if isinstance(value.get("properties"), dict) else set()
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return frozenset(names)


def lacking(wanted: Any, got: Any, known: frozenset[str], where: str = "$") -> list[str]:
    """What a documented body has and another lacks: members that are known, kinds of values, items.

    Of a list that is wanted the first item tells all, and some item of the other must have it.
    """
    if wanted is None or got is None:
        return []
    if where == "$" and isinstance(wanted, dict) and isinstance(wanted.get("value"), dict):  # a page that puts one thing into a value
        wanted = wanted["value"]
    if isinstance(wanted, dict) and isinstance(got, dict):
        pairs = {name: value for name, value in wanted.items() if name in known and "@" not in name}
        missing = [f"{where}.{name} is missing" for name in pairs if name not in got]
        return missing + [line for name in pairs if name in got for line in lacking(wanted[name], got[name], known, f"{where}.{name}")]
    if isinstance(wanted, list) and isinstance(got, list):
        if wanted and not got and where == "$.value":
            return [f"{where} is empty"]
        return min((lacking(wanted[0], item, known, f"{where}[0]") for item in got), key=len) if wanted and got else []
    numbers = {type(wanted), type(got)} == {int, float} or (isinstance(wanted, str) and wanted.isdigit() and isinstance(got, int))
    return [] if type(wanted) is type(got) or numbers else [f"{where} is {type(got).__name__}, not {type(wanted).__name__}"]
