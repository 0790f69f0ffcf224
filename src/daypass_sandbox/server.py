"""The tenant on the network: HTTPS on loopback with a private CA, its state kept in a folder if one is given.

`serve` runs it in a thread, for tests and demos; `running` is the same for a program with an event loop of its own. The CA's
key signs one certificate and is forgotten. Faults that concern the wire (`faults.Disrupted`) are carried out here.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import socket
import sys
import threading
import time
import traceback
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import IO, Any, TypeVar, cast
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, web
from aiohttp.resolver import ThreadedResolver
from aiohttp.streams import StreamReader
from yarl import URL

from daypass.errors import TransportError
from daypass.wire import Flow, Reply, Request, Response, Sleep, step

from . import files, keeping, reach
from .entra import federated
from .environment import environ_of
from .faults import Disrupted
from .outside import Outgoing, forbidden
from .routes import reply
from .tenant import Tenant

NAMES = (
    *("localhost", "127.0.0.1", "login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net"),
    *("graph.microsoft.com", "management.azure.com"),
)
LARGEST_BODY_BYTES = 8 * 1024 * 1024
STALL_SECONDS = 3600.0
CLOSING_SECONDS = 0.05
HANDSHAKE_BEATS = 20
OUTSIDE_SECONDS = 10.0  # others must answer within these, unless a request says otherwise
HEARTBEAT_SECONDS = 1.0
LARGEST_REPLY_BYTES = 65536
T = TypeVar("T")
START_SECONDS = 60.0


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Seconds since 1970 in UTC."""
        return time.time()


@dataclass(frozen=True)
class Options:
    """How a tenant is put on the network.

    `port` 0 takes any free one. `state_dir` keeps certificate, signing key and state ("" for none of it). `latency_ms` is added to
    every answer but the control plane's; `throttle` turns Graph's request limits on. `exposed` allows other addresses than loopback.
    `record` is a file to which each exchange is added as a line of JSON, `names` are more host names for the certificate.
    `webhooks` says whether notifications go to this machine alone or to any (`reach.CHOICES`). `managed_identity` is the port (0: any free
    one) of a second listener, in the clear and on 127.0.0.1 alone, that hands out this machine's own tokens as Azure does; None for none.
    """

    host: str = "127.0.0.1"
    port: int = 0
    state_dir: str = ""
    seed: str = "contoso"
    auto_approve: str = ""
    interval_seconds: int = 5
    latency_ms: int = 0
    throttle: bool = False
    exposed: bool = False
    record: str = ""
    names: tuple[str, ...] = ()
    webhooks: str = reach.LOOPBACK
    managed_identity: int | None = None


@dataclass(frozen=True)
class Running:
    """A tenant that listens: its addresses, the CA file to trust, and the tenant itself (touch it by `between_requests` only)."""

    authority: str
    graph_root: str
    tenant_id: str
    client_id: str
    ca_file: str
    control: str
    tenant: Tenant
    _loop: asyncio.AbstractEventLoop = field(repr=False)
    identity_endpoint: str = ""

    def between_requests(self, work: Callable[[], T]) -> T:
        """Do something to the tenant from another thread than the server's, while no request is being answered."""

        async def done() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(START_SECONDS)

    def description(self) -> dict[str, Any]:
        """What the line says that is printed when it listens."""
        names = ("authority", "graph_root", "tenant_id", "client_id", "ca_file", "control")
        identity = {"identity_endpoint": self.identity_endpoint} if self.identity_endpoint else {}
        return {**{name: getattr(self, name) for name in names}, **identity, "pid": os.getpid()}

    @property
    def environ(self) -> dict[str, str]:
        """The environment that points daypass at this tenant."""
        return environ_of(self.description())


@contextlib.contextmanager
def serve(
    *,
    port: int = 0,
    seed: str = "contoso",
    state_dir: str = "",
    auto_approve: str = "",
    interval_seconds: int = 5,
    latency_ms: int = 0,
    managed_identity: int | None = None,
) -> Generator[Running]:
    """Run a tenant over HTTPS on 127.0.0.1 in a thread for as long as the block lasts.

    OSError when the port is taken; ValueError for an unknown seed.
    """
    options = Options(
        port=port,
        seed=seed,
        state_dir=state_dir,
        auto_approve=auto_approve,
        interval_seconds=interval_seconds,
        latency_ms=latency_ms,
        managed_identity=managed_identity,
    )
    thread = _ServerThread(options)
    thread.start()
    try:
        yield thread.wait_until_ready()
    finally:
        thread.stop()


class _ServerThread(threading.Thread):
    """A thread with an event loop in which one tenant listens."""

    def __init__(self, options: Options) -> None:
        super().__init__(name="daypass-sandbox", daemon=True)
        self._options = options
        self._ready, self._running, self._failure = threading.Event(), cast("Running | None", None), cast("Exception | None", None)
        self._events, self._ending = cast("asyncio.AbstractEventLoop | None", None), cast("asyncio.Event | None", None)

    def run(self) -> None:
        """Listen until `stop`."""
        try:
            asyncio.run(self._main())
        except (OSError, ValueError) as error:
            self._failure = error
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._events, self._ending = asyncio.get_running_loop(), asyncio.Event()
        async with running(self._options) as site:
            self._running = site
            self._ready.set()
            await self._ending.wait()

    def wait_until_ready(self) -> Running:
        """The running tenant; raises what kept it from listening."""
        self._ready.wait(START_SECONDS)
        if self._running is None:
            raise self._failure or TimeoutError("the sandbox did not start")
        return self._running

    def stop(self) -> None:
        """End it and wait for its end."""
        if self._events and self._ending and not self._events.is_closed():
            with contextlib.suppress(RuntimeError):  # it may end by itself at this very moment
                self._events.call_soon_threadsafe(self._ending.set)
        self.join(START_SECONDS)


@contextlib.asynccontextmanager
async def running(options: Options) -> AsyncGenerator[Running]:
    """Listen for as long as the block lasts. OSError when the address is taken; ValueError for an unknown seed or a forbidden address."""
    _check_address(options)
    with keeping.folder(options.state_dir) as folder, keeping.record(options.record) as record:
        keep = bool(options.state_dir)
        context, ca_file = keeping.tls(folder, (*NAMES, *options.names))
        tenant = Tenant(
            clock=SystemClock(),
            chance=random.SystemRandom(),
            seed=files.read_seed(options.seed),
            key=keeping.signing_key(folder) if keep else None,
            interval_seconds=options.interval_seconds,
            auto_approve=options.auto_approve,
            throttle=options.throttle,
            control_hosts=(*NAMES, *options.names),
        )
        store = keeping.Store(tenant, folder / "state.json") if keep else None
        async with ways(options.webhooks) as outside:
            door = _Door(tenant, options.latency_ms / 1000, outside, record)
            server = web.Server(door.open, request_factory=_request, handler_cancellation=True, access_log=None)
            loop = asyncio.get_running_loop()
            listener = await loop.create_server(server, options.host, options.port, ssl=context)
            port = listener.sockets[0].getsockname()[1]
            door.host = f"localhost:{port}"
            try:
                machine = await _machine(server, options.managed_identity)
            except OSError:
                listener.close()
                raise
            saving = loop.create_task(store.save_now_and_then()) if store else None
            carrying = loop.create_task(_Carrier(tenant, outside, door.answered).carry())
            try:
                yield _described(tenant, port, ca_file, machine)
            finally:
                listener.close()
                if machine:
                    machine.close()
                await _handshakes(listener, server)
                for connection in server.connections:  # clients that keep theirs alive are not waited for
                    _abort(connection.transport)
                await server.shutdown(0.5)
                await asyncio.sleep(CLOSING_SECONDS)  # what was aborted is closed by the loop, a moment later
                carrying.cancel()
                await asyncio.wait([carrying])
                if saving and store:
                    saving.cancel()
                    store.save()


async def _handshakes(listener: asyncio.Server, server: web.Server) -> None:
    """Let handshakes that are under way come to their end: until then nobody knows their connections, and so cannot close them."""
    for _ in range(HANDSHAKE_BEATS):
        if getattr(listener, "_active_count", 0) <= len(server.connections):  # asyncio tells it nowhere else before 3.13
            return
        await asyncio.sleep(CLOSING_SECONDS)


async def _machine(server: web.Server, port: int | None) -> asyncio.Server | None:
    """The second listener, in the clear, for this machine's managed identity; None where there is to be none."""
    return None if port is None else await asyncio.get_running_loop().create_server(server, "127.0.0.1", port)


def _described(tenant: Tenant, port: int, ca_file: Path, machine: asyncio.Server | None) -> Running:
    authority = "https://localhost" if port == 443 else f"https://localhost:{port}"
    endpoint = f"http://127.0.0.1:{machine.sockets[0].getsockname()[1]}{federated.APP_SERVICE}" if machine else ""
    return Running(
        authority=authority,
        graph_root=f"{authority}/v1.0",
        tenant_id=tenant.state.tenant_id,
        client_id=tenant.client_id,
        ca_file=str(ca_file),
        control=f"{authority}/sandbox",
        tenant=tenant,
        _loop=asyncio.get_running_loop(),
        identity_endpoint=endpoint,
    )


def _check_address(options: Options) -> None:
    loopback = options.host in ("localhost", "127.0.0.1")  # the addresses that its certificate and its description name
    if not loopback and not options.exposed:
        raise ValueError(
            f"the sandbox hands out tokens to anybody who asks; to let others than this machine reach it at {options.host}, add --i-know"
        )


class Ways:
    """The ways out: `local` to this machine, whose certificates nobody vouches for, and `world` (None: closed), where they count."""

    def __init__(self, local: ClientSession, world: ClientSession | None) -> None:
        self._local, self._world = local, world

    async def to(self, host: str) -> ClientSession:
        """The way to a host; a failure where it is on another machine and those are not to be reached."""
        if await reach.is_here(host):
            return self._local
        if self._world is None:
            raise forbidden(host)
        return self._world


@contextlib.asynccontextmanager
async def ways(webhooks: str) -> AsyncGenerator[Ways]:
    """The ways out for as long as the block lasts, by a choice of `reach.CHOICES`; ValueError for any other word."""
    if webhooks not in reach.CHOICES:
        raise ValueError(f"webhooks are reached on {' or '.join(reach.CHOICES)}, not {webhooks!r}")
    patience = ClientTimeout(total=OUTSIDE_SECONDS)
    async with contextlib.AsyncExitStack() as opened:
        here = TCPConnector(ssl=False, resolver=_HereOnly())
        local = await opened.enter_async_context(ClientSession(timeout=patience, connector=here))
        world = await opened.enter_async_context(ClientSession(timeout=patience)) if webhooks == reach.ANY else None
        yield Ways(local, world)


class _HereOnly(ThreadedResolver):
    """Resolves names of this machine alone, so that none turns into another between question and connection."""

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[Any]:
        found = await super().resolve(host, port, family)
        if not all(reach.loopback(one["host"]) for one in found):
            raise OSError(f"{host} is not on this machine")
        return list(found)


class _Door:
    """Turns what came over the wire into a Request, and the tenant's Response into what goes over the wire."""

    def __init__(self, tenant: Tenant, latency_seconds: float, outside: Ways, record: IO[str] | None) -> None:
        self._tenant, self._latency_seconds, self._outside, self._record = tenant, latency_seconds, outside, record
        self.answered = asyncio.Event()
        self.host = ""  # what a request in the clear is taken to be for: the tenant is known by one name

    async def open(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; in the clear, those for the managed identity of this machine and no others."""
        if request.transport is None or request.transport.get_extra_info("sslcontext"):
            return await self.answer(request)
        if request.path not in federated.PATHS:
            return web.Response(status=404)
        return await self.answer(request, host=self.host)

    async def answer(self, request: web.BaseRequest, *, host: str = "") -> web.StreamResponse:
        """Answer one request, as one to `host` if that is given."""
        try:
            asked, began = await _read(request, host), time.perf_counter()
        except (web.HTTPException, web.RequestPayloadError) as refusal:
            return _unread(refusal)
        try:
            answer = await run(self._tenant.flow(asked), self._outside)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, who asked is told, and it stands in the journal
            answer = self._failed(asked, error)
        self.answered.set()
        spoilt = answer if isinstance(answer, Disrupted) else None
        latency = 0.0 if request.path.startswith("/sandbox") else self._latency_seconds
        latency += spoilt.latency_seconds if spoilt else 0.0
        self._note(answer, time.perf_counter() - began + latency)
        await asyncio.sleep(latency)
        stamped = {**answer.headers, "date": formatdate(self._tenant.clock.now(), usegmt=True), "server": "daypass-sandbox"}
        if spoilt and (spoilt.dropped or spoilt.stalled):
            await asyncio.sleep(STALL_SECONDS if spoilt.stalled else 0.0)
            _abort(request.transport)
            return web.Response()  # goes nowhere
        if spoilt and (spoilt.drip_bytes_per_second or spoilt.cut_after_bytes is not None):
            return await _in_pieces(request, spoilt, stamped)
        return web.Response(status=answer.status, headers=stamped, body=answer.body or None)

    def _failed(self, asked: Request, error: Exception) -> Response:
        """The answer to a request that brought a handler down: a fault of the sandbox's own, with its trace on stderr."""
        traceback.print_exception(error)
        told = f"The sandbox itself failed ({type(error).__name__}); what it printed says where. Please report it."
        answer = reply(500, {"error": {"code": "sandboxFailure", "message": told}})
        self._tenant.journal.record(self._tenant.clock.now(), asked, answer)
        return answer

    def _note(self, answer: Response, seconds: float) -> None:
        """Tell the journal how long the answer took, and add the exchange to the record if one is kept."""
        exchange = self._tenant.journal.took(answer, seconds * 1000)
        if not (exchange and self._record):
            return
        try:
            self._record.write(json.dumps(exchange.entry()) + "\n")
            self._record.flush()
        except OSError as error:
            sys.stderr.write(f"{self._record.name} cannot be written ({error}); nothing more is recorded\n")
            self._record = None


async def _read(request: web.BaseRequest, host: str) -> Request:
    headers = {name.lower(): value for name, value in request.headers.items()} | ({"host": host} if host else {})
    url = f"https://{headers.get('host', 'localhost')}{request.raw_path}"
    return Request(request.method, url, headers, await _body(request))


async def _body(request: web.BaseRequest) -> bytes:
    """The body of a request, which a client may hold back until it is told to go on (RFC 9110, section 10.1.1)."""
    if (request.content_length or 0) > LARGEST_BODY_BYTES:
        raise web.HTTPRequestEntityTooLarge(LARGEST_BODY_BYTES, request.content_length or 0)
    if request.headers.get("expect", "").lower() == "100-continue" and request.writer.transport:
        request.writer.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return await request.read()


def _unread(refusal: Exception) -> web.Response:
    """The answer to a body that is too large, or is not what its headers say."""
    status = refusal.status if isinstance(refusal, web.HTTPException) else 400
    code = "RequestEntityTooLarge" if status == 413 else "BadRequest"
    body = json.dumps({"error": {"code": code, "message": f"The request body cannot be read: {refusal}"}})
    return web.Response(status=status, body=body, content_type="application/json")


async def run(flow: Flow[T], outside: Ways) -> T:
    """Step a flow of the tenant's to its end: pauses are slept, requests go to whoever they are for."""
    reply: Reply = None
    with contextlib.closing(flow):  # a client that hangs up gives back the place its request took
        while True:
            try:
                effect = step(flow, reply)
            except StopIteration as done:
                return done.value
            if isinstance(effect, Sleep):
                await asyncio.sleep(effect.seconds)
                reply = None
            else:
                reply = await _exchange(effect, outside)


class _Carrier:
    """Makes the deliveries of a tenant as they fall due: after a request, and when the time has come."""

    def __init__(self, tenant: Tenant, outside: Ways, woken: asyncio.Event) -> None:
        self._tenant, self._outside, self._woken = tenant, outside, woken
        self._under_way: set[asyncio.Task[None]] = set()

    async def carry(self) -> None:
        """Go on until cancelled."""
        try:
            while True:
                self._woken.clear()
                for flow in self._tenant.post.deliveries():
                    task = asyncio.create_task(run(flow, self._outside))
                    self._under_way.add(task)
                    task.add_done_callback(self._arrived)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), self._patience())
        finally:
            for task in self._under_way:
                task.cancel()

    def _arrived(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._woken.set()

    def _patience(self) -> float | None:
        """How long nothing falls due, if nobody asks for anything; a clock that stands still may be moved at any time."""
        moment = self._tenant.post.next_moment()
        return None if moment is None else min(max(0.0, moment - self._tenant.clock.now()), HEARTBEAT_SECONDS)


async def _exchange(request: Request, outside: Ways) -> Reply:
    """One request of the tenant's own, such as a notification; redirects are not followed."""
    host = urlsplit(request.url).hostname or ""
    seconds = request.within_seconds if isinstance(request, Outgoing) else OUTSIDE_SECONDS
    try:
        way = await outside.to(host)
        async with way.request(
            request.method,
            URL(request.url, encoded=True),
            headers=dict(request.headers),
            data=request.body or None,
            allow_redirects=False,
            timeout=ClientTimeout(total=seconds),
        ) as answer:
            body = await answer.content.read(LARGEST_REPLY_BYTES)
            return Response(answer.status, {name.lower(): value for name, value in answer.headers.items()}, body)
    except TransportError as error:
        return error
    except TimeoutError:
        return TransportError(f"{host} did not answer within {seconds:g} seconds", kind="timeout", host=host)
    except (ClientError, OSError, ValueError) as error:
        return TransportError(f"{host} cannot be reached: {error}", host=host)


async def _in_pieces(request: web.BaseRequest, answer: Disrupted, headers: Mapping[str, str]) -> web.StreamResponse:
    """A body sent slowly, or broken off."""
    end = len(answer.body) if answer.cut_after_bytes is None else answer.cut_after_bytes
    size = max(1, answer.drip_bytes_per_second // 10) if answer.drip_bytes_per_second else max(1, end)
    stream = web.StreamResponse(status=answer.status, headers={**headers, "content-length": str(len(answer.body))})
    await stream.prepare(request)
    for start in range(0, end, size):
        await stream.write(answer.body[start : min(start + size, end)])
        await asyncio.sleep(size / answer.drip_bytes_per_second if answer.drip_bytes_per_second else 0.0)
    if end < len(answer.body) and request.transport:
        request.transport.close()
    return stream


def _abort(transport: asyncio.BaseTransport | None) -> None:
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


def _request(message: Any, payload: StreamReader, protocol: Any, writer: Any, task: asyncio.Task[None]) -> web.BaseRequest:
    return web.BaseRequest(message, payload, protocol, writer, task, asyncio.get_running_loop(), client_max_size=LARGEST_BODY_BYTES)
