"""The pretend tenant: Entra ID and Microsoft Graph as one function from request to response.

    tenant = Tenant(clock=a_clock, chance=random.Random(7))
    response = tenant.handle(Request("GET", "https://localhost:8443/v1.0/me", {"authorization": f"Bearer {token}"}))

Nothing in here opens a socket, reads a clock or rolls dice of its own; `server.py` puts it on the network. The doors
that share the address are told apart by path: `/v1.0` and `/beta` are Graph, `/api/v2.0` is Outlook (where large files are sent),
`/sandbox` is the control plane, everything else is Entra.
"""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from daypass.errors import TransportError
from daypass.wire import Flow, Reply, Request, Response, Sleep, step

from . import crossorigin, faults
from .calendar.attachments import ROUTES as ATTACHMENT_ROUTES
from .calendar.calendars import ROUTES as CALENDAR_ROUTES
from .calendar.delta import ROUTES as CALENDAR_DELTA_ROUTES
from .calendar.extensions import ROUTES as EXTENSION_ROUTES
from .calendar.identity import PLAIN
from .calendar.meeting_times import ROUTES as MEETING_TIME_ROUTES
from .calendar.permitting import ROUTES as PERMITTING_ROUTES
from .calendar.reading import ROUTES as READING_ROUTES
from .calendar.reminders import ROUTES as REMINDER_ROUTES
from .calendar.responding import ROUTES as RESPONDING_ROUTES
from .calendar.schedule import ROUTES as SCHEDULE_ROUTES
from .calendar.translation import ROUTES as TRANSLATION_ROUTES
from .calendar.uploads import OUTLOOK_ROUTES
from .calendar.uploads import ROUTES as UPLOAD_ROUTES
from .calendar.writing import ROUTES as WRITING_ROUTES
from .changes import Change
from .clock import Clock, TenantClock, iso
from .control import door as control
from .directory.people import resolve
from .directory.places import ROUTES as PLACE_ROUTES
from .directory.routes import ROUTES as DIRECTORY_ROUTES
from .entra import apps as registrations
from .entra import protocol as entra
from .entra.graph_api import ROLE, SCOPE, unpublished
from .entra.tokens import Grant, SigningKey, access_token, base64url, caller_of, process_key
from .graph import batch, methods, paths
from .graph.throttle import SERVICE_SECONDS, Throttle
from .journal import Journal
from .outlook.categories import ROUTES as CATEGORY_ROUTES
from .outlook.sending import ROUTES as SENDING_ROUTES
from .outlook.settings import ROUTES as SETTINGS_ROUTES
from .outlook.supported import ROUTES as SUPPORTED_ROUTES
from .outlook.tips import ROUTES as TIPS_ROUTES
from .routes import Call, Fault, Route, Router, begun_again, reply
from .saved import strange_members
from .seeds import planting
from .subscriptions.delivery import PostOffice
from .subscriptions.routes import ROUTES as SUBSCRIPTION_ROUTES
from .todo.routes import ROUTES as TODO_ROUTES

__all__ = ["CLIENT_ID", "TENANT_ID", "Clock", "State", "Tenant"]

TENANT_ID = "da70a550-7e4a-4a11-8c07-c04705000001"
CLIENT_ID = "da70a550-c11e-4a77-8c07-c04705000002"
LOCAL_ROOT = "https://localhost:8443"

_ENTRA, _OUTLOOK = Router(entra.ROUTES), Router(OUTLOOK_ROUTES)
GRAPH_ROUTES = (
    *batch.ROUTES,
    *DIRECTORY_ROUTES,
    *CALENDAR_ROUTES,
    *READING_ROUTES,
    *WRITING_ROUTES,
    *RESPONDING_ROUTES,
    *CALENDAR_DELTA_ROUTES,
    *SETTINGS_ROUTES,
    *CATEGORY_ROUTES,
    *SUPPORTED_ROUTES,
    *REMINDER_ROUTES,
    *ATTACHMENT_ROUTES,
    *UPLOAD_ROUTES,
    *EXTENSION_ROUTES,
    *PERMITTING_ROUTES,
    *TRANSLATION_ROUTES,
    *PLACE_ROUTES,
    *SENDING_ROUTES,
    *TIPS_ROUTES,
    *SUBSCRIPTION_ROUTES,
    *TODO_ROUTES,
    *SCHEDULE_ROUTES,
    *MEETING_TIME_ROUTES,
)
_NOT_BUILT = Router(Route(method, template, lambda call: reply(501, None)) for method, template in methods.NOT_BUILT)
GRAPH_HOSTS = frozenset({"graph.microsoft.com"})
T = TypeVar("T")
LONGEST_ID_BYTES = 48  # of an Outlook-like id, before Base64


@dataclass
class State:
    """All that the tenant remembers, as JSON-able values; a snapshot is a copy of it.

    `users` and `mailboxes` are keyed by object id, `places` by theirs (`directory.places`). A user is a Graph user resource (own
    members begin with `x-`); a mailbox has `timeZone` (a Windows or IANA name), `calendars` and `events`. `sessions` counts how
    often a user's sign-ins were revoked, `evaluations` how often something happened that their tokens must answer. `subscriptions`
    are kept by id; `notifications` is what the post has for their webhooks (`waiting`) and had lately (`done`).
    """

    tenant_id: str = TENANT_ID
    display_name: str = "Contoso"
    domains: list[str] = field(default_factory=lambda: ["contoso.example"])
    users: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    groups: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    mailboxes: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    places: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    apps: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    service_principals: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    app_role_assignments: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    deleted: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    directory_logs: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    consents: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    device_codes: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    auth_codes: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    refresh_tokens: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    sessions: dict[str, int] = field(default_factory=dict[str, int])
    evaluations: dict[str, int] = field(default_factory=dict[str, int])
    policies: dict[str, Any] = field(default_factory=dict[str, Any])
    faults: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    quirks: dict[str, Any] = field(default_factory=dict[str, Any])
    outbox: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    clock: dict[str, Any] = field(default_factory=dict[str, Any])
    subscriptions: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    notifications: dict[str, Any] = field(default_factory=dict[str, Any])

    def session_of(self, user_id: str) -> int:
        """The number of the user's present session; it changes when their sign-ins are revoked."""
        return self.sessions.get(user_id, 0)

    def find_user(self, key: str) -> str | None:
        """The object id of the user with this id, user principal name, mail address or short name (`megan`); None if nobody has it."""
        if key in self.users:
            return key
        wanted = key.strip().lower()
        for user_id, user in self.users.items():
            upn = str(user.get("userPrincipalName", "")).lower()
            first_name = str(user.get("givenName") or "").lower()
            if wanted and wanted in (user_id, upn, str(user.get("mail") or "").lower(), upn.partition("@")[0], first_name):
                return user_id
        return None

    def to_json(self) -> dict[str, Any]:
        """The state as one JSON-able object (not a copy)."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> State:
        """A state from what `to_json` gave; ValueError names members it does not know."""
        if not isinstance(saved, dict):  # pyright: ignore[reportUnnecessaryIsInstance] - it comes from outside
            raise ValueError("this is not a state of this sandbox: not a JSON object")
        blank = cls().to_json()
        wrong = sorted(name for name, value in saved.items() if not isinstance(value, type(blank.get(name))))
        wrong = wrong or strange_members(saved, {member.name: str(member.type) for member in fields(cls)})
        if wrong:
            raise ValueError(f"this is not a state of this sandbox: unknown or malformed members {', '.join(wrong)}")
        state = cls(**saved)
        state.apps = registrations.upgraded(state.apps)
        state.service_principals = state.service_principals or registrations.first_principals(state.apps)
        return state


def nobody_outside(request: Request) -> Response:
    """The outside of a tenant that stands alone: nobody answers there."""
    raise TransportError("this tenant has no way to the outside", host=urlsplit(request.url).hostname or "")


class Tenant:
    """A pretend tenant of Entra ID and Graph.

    `clock` and `chance` are its only sources of time and of randomness. `seed` names what it holds at first (`contoso`, `empty`, or
    the text of a seed file). `interval_seconds` is how often a device may poll, `auto_approve` a user in whose name every
    device sign-in is approved at once, `key` what it signs tokens with (default: a key shared by the process), `throttle` whether
    Graph's request limits are kept, `outside` who answers what
    the tenant itself asks (webhooks; by default nobody). `happened` holds the news that no subscription has been told yet, `post` what
    becomes of them. `control_hosts` are the host names under which the control plane answers (none: any).
    """

    def __init__(
        self,
        *,
        clock: Clock,
        chance: random.Random,
        seed: str = "contoso",
        tenant_id: str = TENANT_ID,
        client_id: str = CLIENT_ID,
        key: SigningKey | None = None,
        interval_seconds: int = 5,
        auto_approve: str = "",
        throttle: bool = False,
        graph_routes: Iterable[Route] = GRAPH_ROUTES,
        outside: Callable[[Request], Response] = nobody_outside,
        control_hosts: Iterable[str] = (),
    ) -> None:
        self.control_hosts = frozenset(control_hosts)
        self.client_id, self.key = client_id, key or process_key()
        self.interval_seconds, self.auto_approve = interval_seconds, auto_approve
        self.chance, self._source, self._first_tenant_id = chance, clock, tenant_id
        self.journal, self.snapshots = Journal(), dict[str, str]()
        self.outside, self.happened = outside, list[Change]()
        self.changes, self._throttle = 0, Throttle(chance) if throttle else None
        self._read_tokens: dict[str, dict[str, Any]] = {}
        self._graph_router = Router(graph_routes)
        self.state, self.clock = State(), TenantClock(clock, {})
        self.reset(seed)
        self.post = PostOffice(self)

    def reset(self, seed: str, *, keep_clock: bool = False) -> None:
        """Forget everything and begin again from a seed; ValueError when there is no such seed, and then nothing is forgotten.

        The clock is the world's again, unless it is kept: then the seed's events lie around the time it shows.
        """
        before, clock = self.state, self.state.clock if keep_clock else {}
        apps = registrations.first_apps(self.client_id)
        principals = registrations.first_principals(apps)
        self.state = State(tenant_id=self._first_tenant_id, apps=apps, service_principals=principals, clock=clock)
        self.clock = TenantClock(self._source, self.state.clock)
        try:
            planting.plant(self, seed)
        except ValueError:
            self.state, self.clock = before, TenantClock(self._source, before.clock)
            raise
        self.seed = seed
        self.journal.clear()
        self.happened.clear()

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over a state saved by `State.to_json`, clock setting included; ValueError when it is none, and then all stays as it was."""
        before = self.state, self.clock
        try:
            self.state = State.from_json(saved)
            self.clock = TenantClock(self._source, self.state.clock)
            iso(self.clock.now())
            for fault in self.state.faults:
                faults.check_pattern(fault.get("path", ""))
            self.post = PostOffice(self)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as error:
            self.state, self.clock = before
            raise error if isinstance(error, ValueError) else ValueError(f"this is not a state of this sandbox: {error!r}") from None
        self.happened.clear()

    def new_id(self, kind: str) -> str:
        """A new identifier.

        A GUID for users, apps, requests and traces, 22 letters for `uti` and attachments, a long Outlook-like id for anything else.
        """
        if kind in ("guid", "user", "app", "request", "trace"):
            return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))
        if kind in ("uti", "attachment"):
            return base64url(self.chance.randbytes(16))
        return f"{PLAIN}{base64url(self.chance.randbytes(LONGEST_ID_BYTES))}A="

    def mint(self, user: str, scopes: Iterable[str], *, lifetime_seconds: int = 3600, root: str = LOCAL_ROOT) -> str:
        """An access token for a user (any name `find_user` knows) without any sign-in, for tests.

        KeyError for an unknown user, ValueError for a permission that Graph has not.
        """
        user_id, scopes = self.state.find_user(user), tuple(scopes)
        if user_id is None:
            raise KeyError(user)
        if told := unpublished(scopes, SCOPE):
            raise ValueError(told)
        return access_token(self, root, Grant(user_id, self.client_id, tuple(scopes)), lifetime_seconds)

    def mint_app(self, client_id: str, roles: Iterable[str], *, lifetime_seconds: int = 3600, root: str = LOCAL_ROOT) -> str:
        """An access token for an app alone, with these application permissions, without any sign-in, for tests; ValueError as above."""
        roles = tuple(roles)
        if told := unpublished(roles, ROLE):
            raise ValueError(told)
        return access_token(self, root, Grant("", client_id, tuple(roles), proof="1"), lifetime_seconds)

    def read_token(self, token: str) -> dict[str, Any]:
        """The claims of a token signed here, the signature checked once; jwt.InvalidTokenError otherwise."""
        claims = self._read_tokens.get(token)
        if claims is None:
            if len(self._read_tokens) >= 1024:
                self._read_tokens.clear()
            claims = self._read_tokens[token] = self.key.read(token)
        return claims

    def handle(self, request: Request) -> Response:
        """Answer one request, asking `outside` where the answer takes that. `faults.Disrupted` responses are to be spoilt as they say."""
        return self._run(self.flow(request))

    def deliver(self) -> int:
        """Make all deliveries that are due by the tenant's clock, through `outside`; gives how many requests that took.

        Behind a server they are made by themselves.
        """
        made = 0
        while flows := self.post.deliveries():
            for flow in flows:
                self._run(flow)
            made += len(flows)
        return made

    def _run(self, flow: Flow[T]) -> T:
        reply_to: Reply = None
        while True:
            try:
                effect = step(flow, reply_to)
            except StopIteration as done:
                return done.value
            reply_to = None if isinstance(effect, Sleep) else self._ask_outside(effect)

    def _ask_outside(self, request: Request) -> Reply:
        try:
            return self.outside(request)
        except TransportError as error:
            return error

    async def flow(self, request: Request) -> Response:
        """The same as a flow (`daypass.wire`): it awaits what must be asked of others, such as whether a webhook listens."""
        self.post.settle()
        try:
            call = _received(self, request)
        except ValueError:
            return misaddressed(request)
        door = self._door(call)
        try:
            answer = await (door(call) if door == self._control else crossorigin.answered(call, door, graph=door != self._entra))
        except GeneratorExit:  # the client hung up
            self._end(call, faults.Disrupted(0, dropped=True))
            raise
        self._end(call, answer)
        return answer

    def _end(self, call: Call, answer: Response) -> None:
        """What follows a request, answered or not: notices go out, what changed is to be kept, and the exchange is noted."""
        door = self._door(call)
        self.post.settle()
        if call.request.method not in ("GET", "HEAD", "OPTIONS") or door == self._entra:  # a sign-in's GET gives out codes
            self.changes += 1
        if door != self._control:
            self.journal.record(self.clock.now(), call.request, answer)

    def _door(self, call: Call) -> Callable[[Call], Flow[Response]]:
        host, path = urlsplit(call.root).hostname, urlsplit(call.request.url).path.lower()
        if path == "/sandbox" or path.startswith("/sandbox/"):
            return self._control
        if path.startswith("/oidc/"):  # the one endpoint of sign-in that lives at Graph's address
            return self._entra
        if path.startswith("/api/v2.0/"):
            return self._outlook
        if host in GRAPH_HOSTS or path.startswith(("/v1.0/", "/beta/")):
            return self._graph
        return self._entra

    async def _control(self, call: Call) -> Response:
        return await control.answer(call)

    async def _entra(self, call: Call) -> Response:
        return await entra.answer(call, _ENTRA)

    async def graph(self, request: Request) -> Response:
        """Answer one request to Graph that came within another (a batch); it is journalled with that one."""
        return await self._graph(_received(self, request))

    async def _graph(self, call: Call, routed: Callable[[Call], Flow[Response]] | None = None) -> Response:
        ids = {"request-id": self.new_id("request")}
        ids["client-request-id"] = call.request.headers.get("client-request-id", ids["request-id"])

        def refused(fault: Fault) -> Response:
            inner = {**fault.inner, "date": iso(self.clock.now()), **ids}
            told = {"code": fault.code, "message": str(fault), **({"details": fault.details} if fault.details else {}), "innerError": inner}
            return reply(fault.status, {"error": told}, fault.headers)

        answer = await faults.meddle(call, routed or self._routed, refused)
        return answer.replace(headers={**answer.headers, **ids})

    async def _outlook(self, call: Call) -> Response:
        return await self._graph(call, self._at_outlook)

    async def _at_outlook(self, call: Call) -> Response:
        """Answer at an address of Outlook's own, which Graph gave out and which bears a token of its own."""
        found = _OUTLOOK.find(call.request.method, urlsplit(call.request.url).path)
        if found is None:
            raise not_built(call)
        return await _answered(found[0], replace(call, path=found[1]))

    async def _routed(self, call: Call) -> Response:
        caller = caller_of(call)
        version, _, path = urlsplit(call.request.url).path.strip("/").partition("/")
        canonical, arguments = paths.canonical(path, caller.user_id, lambda key: resolve(self.state, key))
        found = self._graph_router.find(call.request.method, canonical)
        if version.lower() not in ("v1.0", "beta") or found is None:
            raise self._unserved(call, version, canonical)
        route, parameters = found
        _check_content_type(call, route)
        if route.permissions and not route.permissions.admits(caller):
            raise route.permissions.refusal()
        call = replace(call, path=parameters, caller=caller, query={**call.query, **arguments})
        mailbox = Throttle.mailbox_of(route.template, parameters) if self._throttle else ""
        if not self._throttle or not mailbox:
            return await _answered(route, call)
        state = self.state
        with self._throttle.slot(caller.client_id, mailbox, self.clock.now(), len(call.request.body)):
            await Sleep(SERVICE_SECONDS)
            if self.state is not state:
                raise begun_again()
            return await _answered(route, call)

    def _unserved(self, call: Call, version: str, path: str) -> Fault:
        """The refusal of what no route serves: of a method, where Graph has others there and not this one, else of what is not built."""
        taken = self._graph_router.methods(path) if version.lower() == "v1.0" else frozenset[str]()
        return methods.not_allowed(taken) if taken and not _NOT_BUILT.find(call.request.method, path) else not_built(call)


# Collections below which a POST makes another thing, and cannot without being told of it.
CREATED_BELOW = ("/events", "/calendars", "/calendarGroups", "/lists", "/tasks", "/subscriptions", "/users", "/groups", "/applications")


def _check_content_type(call: Call, route: Route) -> None:
    """Refuse a body that does not say what it is, is not what the route takes, or is not there to create something from.

    Observed: msgraph-cli issue 258, msgraph-sample-pythondjangoapp issue 22, microsoft-graph-docs issue 4769.
    """
    kind, method = call.request.headers.get("content-type", "").lower(), call.request.method
    if not call.request.body and (method == "PATCH" or (method == "POST" and route.template.endswith(CREATED_BELOW))):
        raise Fault(400, "BadRequest", "Empty Payload. JSON content expected.")
    if not (call.request.body and route.takes) or method in ("GET", "HEAD", "DELETE"):
        return
    if not kind:
        raise Fault(400, "BadRequest", "Write requests (excluding DELETE) must contain the Content-Type header declaration.")
    if not any(part in kind for part in route.takes.split()):
        raise Fault(400, "BadRequest", "Entity only allows writes with a JSON Content-Type header.")


async def _answered(route: Route, call: Call) -> Response:
    answer = route.handler(call)
    return answer if isinstance(answer, Response) else await answer


def misaddressed(request: Request) -> Response:
    """The refusal of a request whose host is none: 400, in the form of the door that its path leads to."""
    path = f"/{request.url.partition('://')[2].partition('/')[2]}".lower()
    code, message = "BadRequest", "Bad Request - Invalid Hostname"
    if path.startswith(("/v1.0/", "/beta/", "/api/v2.0/", "/sandbox")):
        return reply(400, {"error": {"code": code, "message": message}})
    return reply(400, {"error": "invalid_request", "error_description": message})


def not_built(call: Call) -> Fault:
    """The refusal of whatever no table holds: 501, with its name."""
    return Fault(501, "notImplemented", f"This sandbox does not build {call.request.method} {urlsplit(call.request.url).path}.")


def _received(tenant: Tenant, request: Request) -> Call:
    """The request as handlers see it: header and query names in lower case, slashes in the path single."""
    url = urlsplit(request.url)
    path = re.sub(r"/{2,}", "/", url.path) or "/"
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = {name.lower(): value for name, value in parse_qsl(url.query, keep_blank_values=True)}
    root = f"{url.scheme}://{url.netloc}" if url.netloc else LOCAL_ROOT
    clean = request.replace(method=request.method.upper(), url=url._replace(path=path).geturl(), headers=headers)
    return Call(tenant, clean, root, query=query)
