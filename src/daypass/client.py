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
import time
from collections.abc import Awaitable, Callable, Mapping
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import unquote

from .errors import ConfigError, TransportError
from .proxies import proxy_address
from .wire import Access, Flow, Reply, Request, Response, Sleep, absolute, address, step

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self
    from urllib.parse import SplitResult

    import aiohttp

T = TypeVar("T")
Token = Callable[[Access], str]

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 30.0
LARGEST_BODY_BYTES = 64 * 1024 * 1024
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})


def tls_context(ca_file: str = "", environ: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """Who is trusted: `ca_file`, else SSL_CERT_FILE or REQUESTS_CA_BUNDLE, else the system's store, else certifi.

    The system's hashed folder is preferred to its bundle: OpenSSL then reads one certificate instead of 140 (0.2 ms
    instead of 26). Raises ConfigError when a named file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    named = {"DAYPASS_CA_FILE": ca_file, **{name: environ.get(name, "") for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")}}
    setting, chosen = next(((setting, path) for setting, path in named.items() if path), ("", ""))
    if chosen:
        try:
            context.load_verify_locations(cafile=chosen)
        except OSError as error:
            reason = "no PEM certificate in it" if isinstance(error, ssl.SSLError) else error.strerror
            raise ConfigError(setting, f"cannot use {chosen} as a list of trusted certificates ({reason})") from None
        return context
    folder = environ.get("SSL_CERT_DIR") or ssl.get_default_verify_paths().capath
    if folder and any(name.endswith(".0") for name in _names_in(folder)):
        context.load_verify_locations(capath=folder)
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
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Connection(http.client.HTTPSConnection):
    """An HTTPS connection whose every answer must be complete by `deadline` (monotonic seconds)."""

    deadline = 0.0
    connected = used = False

    def connect(self) -> None:
        """Connect (through the proxy's tunnel, if any) and make reads obey the deadline."""
        super().connect()
        self.sock: Any = _DeadlineSocket(cast("socket.socket", self.sock), self)
        self.connected = True


class _DeadlineSocket:
    """The three things http.client asks of a socket."""

    def __init__(self, sock: socket.socket, connection: _Connection) -> None:
        self._sock, self._connection = sock, connection

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(max(0.001, self._connection.deadline - time.monotonic()))
        self._sock.sendall(data)

    def makefile(self, mode: str) -> BufferedReader:
        del mode
        return BufferedReader(_DeadlineReader(self._sock, self._connection.deadline))

    def close(self) -> None:
        self._sock.close()


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
                raise self._trouble(error, connection, url) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._trouble(error, connection, url) from None
        connection = self._new_connection(url.hostname, url.port)
        try:
            return self._exchange(connection, request, url)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._trouble(error, connection, url) from None

    def close(self) -> None:
        """Close the idle connections."""
        for connections in self._idle.values():
            while connections:
                connections.pop().close()

    def _connection(self, netloc: str, host: str, port: int | None) -> _Connection:
        try:
            return self._idle[netloc].pop()
        except LookupError:
            return self._new_connection(host, port)

    def _new_connection(self, host: str, port: int | None) -> _Connection:
        via = proxy_address(host, self._environ)
        if not via:
            return _Connection(host, port, timeout=self._connect_seconds, context=self._context)
        connection = _Connection(via.hostname or "", via.port or 8080, timeout=self._connect_seconds, context=self._context)
        connection.set_tunnel(host, port or 443, _proxy_login(via.username, via.password))
        return connection

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

    def _trouble(self, error: Exception, connection: _Connection, url: SplitResult) -> TransportError:
        waited = self._total_seconds if connection.connected else self._connect_seconds
        return _trouble(error, url.hostname or "", url.port, waited)


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
    (socket.gaierror, "dns", "the name {host} cannot be found"),
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


def _trouble(error: Exception, host: str, port: int | None, waited_seconds: float) -> TransportError:
    """The TransportError for a failure; the failure's own text is not repeated where it may quote what was sent."""
    where = host if port in (None, 443) else f"{host}:{port}"
    why = next((text for name in ("verify_message", "reason", "strerror") if (text := getattr(error, name, None))), str(error))
    kind, said = next((kind, said) for kinds, kind, said in TROUBLES if isinstance(error, kinds))
    told = said.format(host=host, where=where, why=why, waited=waited_seconds, kind=type(error).__name__)
    return TransportError(told, kind=kind, host=where)


def _outgoing(request: Request, root: str, token: Token) -> Request:
    """The request as it goes on the wire: absolute, named, and with a token where it asks for one."""
    whole = absolute(request, root)
    headers = {"User-Agent": "daypass", "Accept": "application/json", **request.headers}
    if request.access:
        headers["Authorization"] = f"Bearer {token(request.access)}"
        headers["client-request-id"] = os.urandom(16).hex()
    return Request(whole.method, whole.url, headers, whole.body)


class Client:
    """Runs flows over a blocking connection.

    `root` is the service root that relative requests are below, `token` gives an access token, `sleep` lets time pass.
    """

    def __init__(self, root: str, token: Token, transport: Transport, sleep: Callable[[float], object] = time.sleep) -> None:
        self._root, self._token, self._transport, self._sleep = root, token, transport, sleep

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
        outgoing = _outgoing(request, self._root, self._token)
        try:
            return self._transport.send(outgoing)
        except TransportError as error:
            return error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class AsyncClient:
    """Runs flows over aiohttp; the token is fetched in a thread, for MSAL blocks.

    `root` and `token` are as for `Client`; `ca_file`, `environ` and the seconds as for `Transport`; `sleep` is awaited.
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
    ) -> None:
        self._root, self._token, self._environ, self._sleep = root, token, environ, sleep
        self._connect_seconds, self._total_seconds = connect_seconds, total_seconds
        self._context = tls_context(ca_file, environ)
        self._session: aiohttp.ClientSession | None = None

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
        if self._session:
            await self._session.close()

    async def _pause(self, seconds: float) -> None:
        import asyncio

        await (self._sleep or asyncio.sleep)(seconds)

    async def _answer(self, request: Request) -> Response | TransportError:
        import asyncio

        import aiohttp
        from yarl import URL

        outgoing = await asyncio.to_thread(_outgoing, request, self._root, self._token)
        url = address(outgoing.url)
        host = url.hostname or ""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._total_seconds, connect=self._connect_seconds)
            self._session = aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(ssl=self._context))
        try:
            via = proxy_address(host, self._environ)
            async with self._session.request(
                outgoing.method,
                URL(outgoing.url, encoded=True),  # next links are opaque: not one character may change
                headers=outgoing.headers,
                data=outgoing.body or None,
                proxy=via.geturl() if via else None,
                allow_redirects=False,
            ) as answer:
                return Response(answer.status, {name.lower(): value for name, value in answer.headers.items()}, await _whole(answer, host))
        except TransportError as error:
            return error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            waited = self._connect_seconds if isinstance(error, aiohttp.ConnectionTimeoutError) else self._total_seconds
            return _trouble(_root_cause(error), host, url.port, waited)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()


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
