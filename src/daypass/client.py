"""The two drivers: they do what a flow asks for, and nothing else. Home of HTTP and TLS.

`Transport` sends one absolute request over a kept-alive connection (the standard library's `http.client`: it costs a
third of any HTTP library to start). `Client` and `AsyncClient` step flows; the first over a `Transport`, the second over
aiohttp, loaded when it is first used. Both take their token from a callable and give it to one origin only.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import quote, unquote

from .errors import ConfigError, TransportError
from .proxies import proxy_address
from .value import Value
from .wire import Access, Flow, Reply, Request, Response, Sleep, absolute, address, step

if TYPE_CHECKING:
    import asyncio
    from types import TracebackType
    from typing import Self
    from urllib.parse import SplitResult

    import aiohttp

T = TypeVar("T")
Token = Callable[[Access], str]

PROXY_PORT = http.client.HTTP_PORT
CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 30.0
LARGEST_BODY_BYTES = 64 * 1024 * 1024
AT_ONCE = 4  # Graph serves a mailbox so many requests at a time (throttling-limits: Outlook)
LOCAL_HOSTS = frozenset({"localhost", "169.254.169.254"})
OWN_JUDGES = ("darwin", "win32")  # systems that judge certificates themselves
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})


class Trust(Value):
    """Whose certificates are trusted: the `source` in words, and the `setting` that chose it, "" for none."""

    source: str
    setting: str = ""
    cafile: str = ""
    capath: str = ""


def trusted(ca_file: str = "", environ: Mapping[str, str] = os.environ) -> Trust:
    """Who is trusted: `ca_file`, else REQUESTS_CA_BUNDLE or SSL_CERT_FILE, else SSL_CERT_DIR or the system's store, else certifi.

    The system's hashed folder is preferred to its bundle: OpenSSL then reads one certificate instead of 140 (0.2 ms
    instead of 26). macOS and Windows judge certificates themselves, by way of truststore.
    """
    named = {"DAYPASS_CA_FILE": ca_file, **{name: environ.get(name, "") for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")}}
    setting, chosen = next(((setting, path) for setting, path in named.items() if path), ("", ""))
    if chosen:
        return Trust(f"the file {chosen}", setting, cafile=chosen)
    named_folder = environ.get("SSL_CERT_DIR", "")
    if not named_folder and sys.platform in OWN_JUDGES:
        return Trust("this system's own store")
    folder = named_folder or ssl.get_default_verify_paths().capath
    if folder and any(name.endswith(".0") for name in _names_in(folder)):
        return Trust(f"the folder {folder}", "SSL_CERT_DIR" if named_folder else "", capath=folder)
    return Trust("this system's list of certificates")


def tls_context(ca_file: str = "", environ: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """A context that trusts whom `trusted` says. Raises ConfigError when a named file cannot be used."""
    trust = trusted(ca_file, environ)
    if sys.platform in OWN_JUDGES and not (trust.cafile or trust.capath):
        import truststore  # pyright: ignore[reportMissingModuleSource]

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if trust.cafile:
        try:
            context.load_verify_locations(cafile=trust.cafile)
        except OSError as error:
            reason = "no PEM certificate in it" if isinstance(error, ssl.SSLError) else error.strerror
            raise ConfigError(trust.setting, f"cannot use {trust.cafile} as a list of trusted certificates ({reason})") from None
        return context
    if trust.capath:
        context.load_verify_locations(capath=trust.capath)
        return context
    context.load_default_certs()
    if not context.cert_store_stats()["x509_ca"]:
        import certifi

        context.load_verify_locations(cafile=certifi.where())
    return context


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


class _DeadlineReader(RawIOBase):
    """Reads a socket with one deadline for the whole answer, so that a server dripping bytes cannot hold us."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        super().__init__()
        self._sock, self._raw, self._deadline = sock, sock.makefile("rb", buffering=0), deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        self._sock.settimeout(_left(self._deadline))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _left(deadline: float) -> float:
    """Seconds up to a deadline; TimeoutError when it has passed."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


class _Answer(http.client.HTTPResponse):
    """An answer by a deadline, without the interim ones before it (RFC 9110, section 15.2; http.client passes over 100 alone)."""

    def __init__(self, sock: socket.socket, deadline: float, method: str | None) -> None:
        super().__init__(sock, method=method)
        self.fp.close()
        self.fp = BufferedReader(_DeadlineReader(sock, deadline))

    def begin(self) -> None:
        """Read heads up to the answer's own."""
        super().begin()
        while 100 <= self.status < 200:
            self.headers = self.msg = cast("Any", None)
            super().begin()


class _Connection(http.client.HTTPConnection):
    """A connection through TLS to `host`, straight or through the proxy `via`; `peer` is who is spoken to as yet, in words.

    Every exchange must be complete by `deadline` (monotonic seconds), the connecting included; reaching the host or the
    proxy, the proxy's answer and the handshake have `connect_seconds` each.
    """

    default_port = http.client.HTTPS_PORT
    deadline = 0.0
    connected = used = False

    def __init__(self, host: str, port: int | None, via: SplitResult | None, context: ssl.SSLContext, connect_seconds: float) -> None:
        self._host, self._place = host, _place(host, port)
        self._context, self._connect_seconds = context, connect_seconds
        self.peer = _proxy_place(via) if via else self._place
        if not via:
            super().__init__(host, port, timeout=connect_seconds)
            return
        super().__init__(via.hostname or "", via.port or PROXY_PORT, timeout=connect_seconds)
        self.set_tunnel(host, port or self.default_port, _proxy_login(via.username, via.password))

    def connect(self) -> None:
        """Connect, through the proxy's tunnel if there is one, and agree on keys."""
        super().connect()
        self.peer = self._place
        self.sock.settimeout(_left(self._limit()))
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self._host)
        self.connected = True

    def send(self, data: Any) -> None:
        """Send, within what is left of the time."""
        if self.sock is not None:
            self.sock.settimeout(_left(self._limit()))
        super().send(data)

    def response_class(  # pyright: ignore[reportIncompatibleVariableOverride] - http.client does no more than call it
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None
    ) -> _Answer:
        """What reads an answer, the proxy's or the host's."""
        del debuglevel
        return _Answer(sock, self._limit(), method)

    def _limit(self) -> float:
        """When the step that begins now must be done (monotonic seconds)."""
        return self.deadline if self.connected else min(self.deadline, time.monotonic() + self._connect_seconds)


class Transport:
    """Sends absolute https requests over kept-alive connections; safe to share between threads.

    `ca_file` names the certificates to trust (see `tls_context`); `total_seconds` bounds each exchange from first
    byte to last, `connect_seconds` the connecting. Raises ConfigError for unusable certificates.
    """

    def __init__(
        self,
        ca_file: str = "",
        environ: Mapping[str, str] = os.environ,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._context = tls_context(ca_file, environ)
        self._environ, self._connect_seconds, self._total_seconds = environ, connect_seconds, total_seconds
        self._idle: dict[str, list[_Connection]] = {}

    def send(self, request: Request) -> Response:
        """Send one request and read the whole answer; raises TransportError."""
        url = address(request.url)
        if url.scheme != "https" or not url.hostname:
            told = f"only https is spoken here, not {url.scheme or 'a relative address'}"
            raise TransportError(told, kind="garbage", host=url.hostname or "")
        connection = self._connection(url.netloc, url.hostname, url.port)
        try:
            return self._exchange(connection, request, url)
        except (ConnectionError, ssl.SSLEOFError) as error:
            # An idle connection may have been closed by the server meanwhile; that says nothing about the request.
            if not connection.used or request.method not in IDEMPOTENT:
                raise self._failure(error, connection) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._failure(error, connection) from None
        connection = self._new_connection(url.hostname, url.port)
        try:
            return self._exchange(connection, request, url)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._failure(error, connection) from None

    def close(self) -> None:
        """Close the idle connections."""
        for connections in list(self._idle.values()):
            while connections:
                connections.pop().close()

    def _connection(self, netloc: str, host: str, port: int | None) -> _Connection:
        try:
            return self._idle[netloc].pop()
        except LookupError:
            return self._new_connection(host, port)

    def _new_connection(self, host: str, port: int | None) -> _Connection:
        return _Connection(host, port, proxy_address(host, self._environ), self._context, self._connect_seconds)

    def _exchange(self, connection: _Connection, request: Request, url: SplitResult) -> Response:
        """One request and its answer; the connection is kept only when both were whole."""
        try:
            response = self._ask(connection, request, url)
        except BaseException:
            connection.close()
            raise
        connection.used = True
        if connection.sock is not None:
            self._idle.setdefault(url.netloc, []).append(connection)
        return response

    def _ask(self, connection: _Connection, request: Request, url: SplitResult) -> Response:
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection.deadline = time.monotonic() + self._total_seconds
        connection.request(request.method, target, body=request.body or None, headers=dict(request.headers))
        with connection.getresponse() as answer:
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Response(answer.status, headers, _whole_body(answer, url.netloc))

    def _failure(self, error: Exception, connection: _Connection) -> TransportError:
        waited = self._total_seconds if connection.connected else self._connect_seconds
        return _trouble(error, connection.peer, waited)


def send_local(request: Request) -> Response:
    """Ask the machine itself, in the clear: a managed identity's endpoint, which must be on this host or the clouds' link-local address."""
    url = address(request.url)
    host = url.hostname or ""
    if url.scheme != "http" or not (host in LOCAL_HOSTS or host.startswith("127.")):
        raise TransportError("a managed identity's endpoint must be on this machine", kind="garbage", host=host)
    connection = http.client.HTTPConnection(host, url.port, timeout=CONNECT_SECONDS)
    try:
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection.request(request.method, target, body=request.body or None, headers=dict(request.headers))
        with connection.getresponse() as answer:
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Response(answer.status, headers, _whole_body(answer, host))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _trouble(error, _place(host, url.port), CONNECT_SECONDS) from None
    finally:
        connection.close()


def _whole_body(answer: http.client.HTTPResponse, host: str) -> bytes:
    """The body, all of it: what is too large, or ends before its announced end, is an error."""
    announced = answer.length or 0
    body = answer.read(LARGEST_BODY_BYTES + 1) if announced <= LARGEST_BODY_BYTES else b""
    if max(announced, len(body)) > LARGEST_BODY_BYTES:
        raise _too_large(host)
    cut_in_the_head = answer.length is None and not answer.chunked and not body  # which http.client takes for the head's end
    if answer.length or cut_in_the_head:
        raise http.client.IncompleteRead(body, answer.length)
    return body


def _proxy_login(user: str | None, password: str | None) -> dict[str, str]:
    if not user:
        return {}
    import base64

    pair = f"{unquote(user)}:{unquote(password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def _too_large(host: str) -> TransportError:
    return TransportError(f"the answer is larger than {LARGEST_BODY_BYTES // 1024 // 1024} MiB", kind="garbage", host=host)


# Each way in which the network fails, most special first: our one word for it, and the words for people.
TROUBLES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, str], ...] = (
    (socket.gaierror, "dns", "{where} cannot be found (no such name)"),
    (ssl.SSLCertVerificationError, "tls", "the certificate of {where} is not trusted ({why})"),
    (ssl.SSLEOFError, "reset", "{where} closed the connection in the middle"),
    (ssl.SSLError, "tls", "no secure connection to {where} ({why})"),
    (TimeoutError, "timeout", "{where} did not answer within {waited:g} seconds"),
    (
        (http.client.RemoteDisconnected, http.client.IncompleteRead, ConnectionResetError, BrokenPipeError),
        "reset",
        "{where} closed the connection in the middle",
    ),
    (ConnectionRefusedError, "connect", "nothing answers at {where}"),
    (OSError, "connect", "{where} cannot be reached ({why})"),
    ((ValueError, http.client.InvalidURL), "garbage", "the request to {where} cannot be said in HTTP"),
    (Exception, "garbage", "{where} answered something that is not HTTP ({kind})"),
)


def _trouble(error: Exception, where: str, waited_seconds: float) -> TransportError:
    """The TransportError for a failure; the failure's own text is not repeated where it may quote what was sent."""
    why = next((text for name in ("verify_message", "reason", "strerror") if (text := getattr(error, name, None))), str(error))
    kind, said = next((kind, said) for kinds, kind, said in TROUBLES if isinstance(error, kinds))
    return TransportError(said.format(where=where, why=why, waited=waited_seconds, kind=type(error).__name__), kind=kind, host=where)


def _place(host: str, port: int | None) -> str:
    return host if port in (None, 443) else f"{host}:{port}"


def _proxy_place(via: SplitResult) -> str:
    """The proxy in words, without its login."""
    return f"the proxy {via.hostname}:{via.port or PROXY_PORT}"


def _outgoing(request: Request, root: str, token: Token, mailbox: str) -> Request:
    """The request as it goes on the wire: absolute, named, about `mailbox` where it says /me, and with a token where it asks for one."""
    about = request.url.removeprefix("/me")
    if mailbox and about != request.url and about[:1] in ("", "/", "?"):
        request = request.replace(url=f"/users/{quote(mailbox, safe='@')}{about}")
    whole = absolute(request, root)
    headers = {"User-Agent": "daypass", "Accept": "application/json", **request.headers}
    if request.access:
        headers["Authorization"] = f"Bearer {token(request.access)}"
        headers["client-request-id"] = os.urandom(16).hex()
    return Request(whole.method, whole.url, headers, whole.body)


def _telling_refused(response: Response, outgoing: Request) -> Response:
    """The response; a 401 with the token that it refuses."""
    bearer = outgoing.headers.get("Authorization", "") if response.status == 401 else ""
    return response.replace(refused=bearer.removeprefix("Bearer ")) if bearer else response


class Client:
    """Runs flows over a blocking connection.

    `root` is the service root that relative requests are below, `token` gives an access token, `sleep` lets time pass; `mailbox` is whom
    `/me` stands for when an app speaks for itself.
    """

    def __init__(
        self, root: str, token: Token, transport: Transport, sleep: Callable[[float], object] = time.sleep, mailbox: str = ""
    ) -> None:
        self._root, self._token, self._transport, self._sleep, self._mailbox = root, token, transport, sleep, mailbox

    def run(self, flow: Flow[T]) -> T:
        """Run a flow to its result."""
        answer: Reply = None
        try:
            while True:
                match step(flow, answer):
                    case Request() as request:
                        answer = self._answer(request)
                    case Sleep(seconds):
                        self._sleep(seconds)
                        answer = None
        except StopIteration as done:
            return cast("T", done.value)
        finally:
            flow.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _answer(self, request: Request) -> Response | TransportError:
        outgoing = _outgoing(request, self._root, self._token, self._mailbox)
        try:
            return _telling_refused(self._transport.send(outgoing), outgoing)
        except TransportError as error:
            return error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class AsyncClient:
    """Runs flows over aiohttp, AT_ONCE exchanges at a time; the token is fetched in a thread, for MSAL blocks.

    `root`, `token` and `mailbox` are as for `Client`; `ca_file`, `environ` and the seconds as for `Transport`; `sleep` is awaited.
    """

    def __init__(
        self,
        root: str,
        token: Token,
        ca_file: str = "",
        environ: Mapping[str, str] = os.environ,
        sleep: Callable[[float], Awaitable[object]] | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
        mailbox: str = "",
    ) -> None:
        self._root, self._token, self._environ, self._sleep, self._mailbox = root, token, environ, sleep, mailbox
        self._connect_seconds, self._total_seconds = connect_seconds, total_seconds
        self._context = tls_context(ca_file, environ)
        self._opened: tuple[aiohttp.ClientSession, asyncio.Semaphore] | None = None

    async def run(self, flow: Flow[T]) -> T:
        """Run a flow to its result."""
        answer: Reply = None
        try:
            while True:
                match step(flow, answer):
                    case Request() as request:
                        answer = await self._answer(request)
                    case Sleep(seconds):
                        await self._pause(seconds)
                        answer = None
        except StopIteration as done:
            return cast("T", done.value)
        finally:
            flow.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._opened:
            await self._opened[0].close()

    async def _pause(self, seconds: float) -> None:
        import asyncio

        await (self._sleep or asyncio.sleep)(seconds)

    async def _answer(self, request: Request) -> Response | TransportError:
        outgoing = await _from_thread(lambda: _outgoing(request, self._root, self._token, self._mailbox))
        session, slots = self._opened = self._opened or self._open()
        try:
            async with slots:  # waiting for a turn costs no time of the exchange
                return _telling_refused(await self._exchange(session, outgoing), outgoing)
        except TransportError as error:
            return error

    def _open(self) -> tuple[aiohttp.ClientSession, asyncio.Semaphore]:
        import asyncio

        import aiohttp

        timeout = aiohttp.ClientTimeout(total=self._total_seconds, sock_connect=self._connect_seconds)
        return aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(ssl=self._context)), asyncio.Semaphore(AT_ONCE)

    async def _exchange(self, session: aiohttp.ClientSession, request: Request) -> Response:
        import aiohttp
        from yarl import URL

        url = address(request.url)
        host = url.hostname or ""
        via = proxy_address(host, self._environ)
        try:
            async with session.request(
                request.method,
                URL(request.url, encoded=True),  # next links are opaque: not one character may change
                headers=request.headers,
                data=request.body or None,
                proxy=via.geturl() if via else None,
                allow_redirects=False,
            ) as answer:
                return Response(answer.status, {name.lower(): value for name, value in answer.headers.items()}, await _whole(answer, host))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            waited = self._connect_seconds if isinstance(error, aiohttp.ConnectionTimeoutError) else self._total_seconds
            where = _proxy_place(via) if via and _is_of_proxy(error, via) else _place(host, url.port)
            raise _trouble(_root_cause(error), where, waited) from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()


async def _from_thread(work: Callable[[], T]) -> T:
    """What `work` gives, from a thread of its own: whoever is cancelled, and the end of the program, need not wait for it."""
    import asyncio
    import threading
    from concurrent.futures import Future

    outcome: Future[T] = Future()
    outcome.set_running_or_notify_cancel()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(outcome)


async def _whole(answer: aiohttp.ClientResponse, host: str) -> bytes:
    """The whole body, unless it is larger than any that we expect."""
    body = bytearray()
    if (answer.content_length or 0) > LARGEST_BODY_BYTES:
        raise _too_large(host)
    async for part in answer.content.iter_any():
        body += part
        if len(body) > LARGEST_BODY_BYTES:
            raise _too_large(host)
    return bytes(body)


def _is_of_proxy(error: Exception, via: SplitResult) -> bool:
    """Whether one of aiohttp's errors tells of the proxy, not of the host behind it."""
    import aiohttp

    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return error.host == via.hostname
    return isinstance(error, aiohttp.ClientProxyConnectionError | aiohttp.ClientHttpProxyError)


def _root_cause(error: Exception) -> Exception:
    """The socket or TLS error inside one of aiohttp's, so that both drivers use one table of troubles."""
    import aiohttp

    match error:
        case aiohttp.ClientConnectorCertificateError():
            return error.certificate_error
        case aiohttp.ClientConnectorDNSError():
            return socket.gaierror()
        case aiohttp.ClientConnectorError():
            return error.os_error
        case aiohttp.ClientHttpProxyError():
            return OSError(f"the proxy answered HTTP {error.status}")
        case aiohttp.ClientOSError() if isinstance(error.__cause__, OSError):
            return error.__cause__
        case TimeoutError():
            return error
        case aiohttp.ClientConnectionError() | aiohttp.ClientPayloadError():
            return ConnectionResetError()
        case _:
            return error
