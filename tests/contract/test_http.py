"""Both drivers against a TLS server on this machine that does everything wrong a server can do: the same outcome from each."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
import trustme

from daypass.client import LARGEST_BODY_BYTES, AsyncClient, Client, Transport
from daypass.errors import TransportError
from daypass.wire import Access, Request, Response

TOKEN = "eyJjYW5hcnkiOiJ0b2tlbiJ9"
READ = Access(("Calendars.Read",))
PATIENCE = 0.4  # seconds that the drivers under test have for one exchange
MARGIN = 3.0  # a busy machine may take longer; a hang takes for ever


class Stream:
    """One connection as the server sees it."""

    def __init__(self, sock: socket.socket, server: Server) -> None:
        self.sock, self._server, self._buffer = sock, server, b""

    def request(self) -> bytes | None:
        """The next request, head and body; None when the client has gone."""
        while b"\r\n\r\n" not in self._buffer:
            part = self.sock.recv(65_536)
            if not part:
                return None
            self._buffer += part
        head, _, rest = self._buffer.partition(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
        while len(rest) < length:
            rest += self.sock.recv(65_536)
        self._buffer = rest[length:]
        self._server.requests.append(head + b"\r\n\r\n" + rest[:length])
        return self._server.requests[-1]

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


Behaviour = Callable[[Stream], None]


class Server:
    """Accepts connections on a port of 127.0.0.1 and lets `behave` speak on each; with `context` it speaks TLS."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.root = f"https://localhost:{self.port}"
        self.behave: Behaviour = polite
        self.requests: list[bytes] = []
        self.connections = 0
        self.done = threading.Event()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            if self.done.is_set():
                sock.close()
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(sock,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        sock.settimeout(10)
        with contextlib.suppress(OSError), sock:
            speaking = self._context.wrap_socket(sock, server_side=True) if self._context else sock
            with speaking:
                self._open.append(speaking)
                self.behave(Stream(speaking, self))

    def finish(self) -> None:
        """Wait until every connection has been served to its end."""
        for thread in self._threads[1:]:
            thread.join(12)

    def close(self) -> None:
        """End the server and all its threads."""
        self.done.set()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        self._listener.close()
        for sock in self._open:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(12)


def reply(body: bytes = b"{}", status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def polite(stream: Stream) -> None:
    """Answer every request."""
    while stream.request() is not None:
        stream.send(reply(b'{"id": "1"}'))


def saying(data: bytes) -> Behaviour:
    """Answer the first request with just these bytes, and close."""

    def behave(stream: Stream) -> None:
        stream.request()
        stream.send(data)

    return behave


def waiting(server: Server) -> Behaviour:
    """Say nothing until the server is closed."""

    def behave(stream: Stream) -> None:
        server.done.wait(9)

    return behave


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def context_for(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture(scope="module")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    return context_for(authority, "localhost", "127.0.0.1", "graph.contoso.example")


@pytest.fixture
def server(tls: ssl.SSLContext) -> Iterator[Server]:
    server = Server(tls)
    yield server
    server.close()


class Driver(Protocol):
    """Either driver: one request, its response or the trouble."""

    def ask(self, method: str, url: str, body: bytes = b"") -> Response: ...
    def close(self) -> None: ...


async def asking(request: Request) -> Response:
    return await request


class Blocking:
    def __init__(self, root: str, ca_file: str, environ: dict[str, str], connect: float, total: float) -> None:
        self._client = Client(root, lambda access: TOKEN, Transport(ca_file, environ, connect, total))

    def ask(self, method: str, url: str, body: bytes = b"") -> Response:
        return self._client.run(asking(Request(method, url, {}, body, READ)))

    def close(self) -> None:
        self._client.close()


class Async:
    def __init__(self, root: str, ca_file: str, environ: dict[str, str], connect: float, total: float) -> None:
        self._runner = asyncio.Runner()
        self._client = AsyncClient(root, lambda access: TOKEN, ca_file, environ, connect_seconds=connect, total_seconds=total)

    def ask(self, method: str, url: str, body: bytes = b"") -> Response:
        return self._runner.run(self._client.run(asking(Request(method, url, {}, body, READ))))

    def close(self) -> None:
        async def close() -> None:
            await self._client.close()
            for _ in range(20):  # the loop hears that the server has gone, and ends what waited for its goodbye
                await asyncio.sleep(0)

        self._runner.run(close())
        self._runner.close()


Connect = Callable[..., Driver]


@pytest.fixture(params=[Blocking, Async], ids=["blocking", "async"])
def connect(request: pytest.FixtureRequest, server: Server, ca_file: str) -> Iterator[Connect]:
    """Makes the driver under test; all are closed at the end."""
    made: list[Driver] = []

    def make(root: str = "", ca: str = "", environ: dict[str, str] | None = None, connect: float = 5, total: float = 5) -> Driver:
        made.append(request.param(root or server.root, ca or ca_file, environ or {}, connect, total))
        return made[-1]

    yield make
    server.close()
    for driver in made:
        driver.close()


@pytest.fixture
def driver(connect: Connect) -> Driver:
    return connect()


def trouble(driver: Driver, method: str = "GET", url: str = "/me", body: bytes = b"") -> TransportError:
    """The trouble that a request ends in; it never tells the token."""
    with pytest.raises(TransportError) as caught:
        driver.ask(method, url, body)
    assert TOKEN not in repr(caught.value) + str(vars(caught.value))
    assert caught.value.__cause__ is None
    return caught.value


class TestAnswers:
    def test_status_headers_and_body_come_back(self, server: Server, driver: Driver) -> None:
        server.behave = saying(reply(b'{"error": {}}', "404 Not Found", "Request-Id: r1", "X-Twice: a"))
        response = driver.ask("GET", "/me")
        assert (response.status, response.headers["request-id"], response.json()) == (404, "r1", {"error": {}})

    def test_the_request_goes_out_to_the_letter(self, server: Server, driver: Driver) -> None:
        driver.ask("GET", "/me/calendarView?$skiptoken=a%2Fb+c%20d'~%C3%A9&$top=2&x=%zz")
        head = server.requests[0].split(b"\r\n")
        assert head[0] == b"GET /me/calendarView?$skiptoken=a%2Fb+c%20d'~%C3%A9&$top=2&x=%zz HTTP/1.1"
        assert f"Authorization: Bearer {TOKEN}".encode() in head
        assert f"Host: localhost:{server.port}".encode() in head

    def test_a_body_goes_out_whole(self, server: Server, driver: Driver) -> None:
        body = json.dumps({"subject": "x" * 300_000}).encode()
        driver.ask("POST", "/me/events", body)
        assert server.requests[0].endswith(body)

    def test_chunks_are_put_together(self, server: Server, driver: Driver) -> None:
        server.behave = saying(
            b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\n{"a\r\n6\r\n": "b"\r\n1\r\n}\r\n0\r\nTrailer: t\r\n\r\n'
        )
        assert driver.ask("GET", "/me").json() == {"a": "b"}

    def test_a_body_may_end_with_the_connection(self, server: Server, driver: Driver) -> None:
        server.behave = saying(b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"a": "b"}')
        assert driver.ask("GET", "/me").json() == {"a": "b"}

    def test_an_answer_without_a_body(self, server: Server, driver: Driver) -> None:
        server.behave = saying(b"HTTP/1.1 204 No Content\r\n\r\n")
        assert (driver.ask("DELETE", "/me/events/1").status, driver.ask("DELETE", "/me/events/1").body) == (204, b"")

    @pytest.mark.parametrize("status", ["100 Continue", "102 Processing", "103 Early Hints"])
    def test_hints_that_come_before_the_answer_are_passed_over(self, status: str, server: Server, driver: Driver) -> None:
        def hint_first(stream: Stream) -> None:
            while (request := stream.request()) is not None:
                hint = f"HTTP/1.1 {status}\r\nLink: </style.css>; rel=preload\r\n\r\n".encode()
                stream.send(hint + hint + reply(json.dumps({"asked": request.split()[1].decode()}).encode()))

        server.behave = hint_first
        for path in ("/1", "/2", "/3"):
            response = driver.ask("GET", path)
            assert (response.status, response.json(), "link" in response.headers) == (200, {"asked": path}, False)

    def test_redirects_are_not_followed(self, server: Server, driver: Driver) -> None:
        server.behave = saying(reply(b"", "302 Found", f"Location: {server.root}/elsewhere"))
        assert driver.ask("GET", "/me").status == 302
        assert len(server.requests) == 1


class TestConnections:
    def test_one_connection_serves_many_requests(self, server: Server, driver: Driver) -> None:
        for _ in range(4):
            driver.ask("GET", "/me")
        assert (server.connections, len(server.requests)) == (1, 4)

    def test_a_connection_that_the_server_ends_is_not_used_again(self, server: Server, driver: Driver) -> None:
        server.behave = saying(reply(b"{}", "200 OK", "Connection: close"))
        for _ in range(3):
            assert driver.ask("POST", "/me/events", b"{}").status == 200
        assert (server.connections, len(server.requests)) == (3, 3)

    @pytest.mark.parametrize("rude", [False, True], ids=["closed", "reset"])
    def test_a_connection_lost_while_idle_costs_a_get_nothing(self, rude: bool, server: Server, driver: Driver) -> None:
        answered = threading.Event()

        def once(stream: Stream) -> None:
            stream.request()
            stream.send(reply())
            answered.wait(9)
            answered.clear()
            stream.reset() if rude else None

        server.behave = once
        for _ in range(3):
            assert driver.ask("GET", "/me").status == 200
            answered.set()
            server.finish()
        assert (server.connections, len(server.requests)) == (3, 3)

    def test_and_a_post_is_never_sent_twice(self, server: Server, driver: Driver) -> None:
        def swallow(stream: Stream) -> None:
            stream.request()
            stream.send(reply())
            stream.request()  # takes the second request and answers nothing

        server.behave = swallow
        driver.ask("GET", "/me")
        assert trouble(driver, "POST", "/me/events", b"{}").kind == "reset"
        assert len([request for request in server.requests if request.startswith(b"POST")]) == 1

    def test_a_get_is_sent_twice_at_most(self, server: Server, driver: Driver) -> None:
        def first_only(stream: Stream) -> None:
            stream.request()
            if server.connections == 1:
                stream.send(reply())
                stream.request()

        server.behave = first_only
        driver.ask("GET", "/me")
        assert trouble(driver).kind == "reset"
        assert len(server.requests) == 3

    def test_after_trouble_the_next_request_starts_afresh(self, server: Server, driver: Driver) -> None:
        server.behave = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        assert trouble(driver).kind == "reset"
        server.behave = polite
        assert driver.ask("GET", "/me").json() == {"id": "1"}


class TestTimeLimits:
    def timed(self, driver: Driver) -> TransportError:
        began = time.monotonic()
        told = trouble(driver)
        assert time.monotonic() - began < PATIENCE + MARGIN
        return told

    def test_a_server_that_never_answers(self, server: Server, connect: Connect) -> None:
        def stall(stream: Stream) -> None:
            stream.request()
            server.done.wait(9)

        server.behave = stall
        told = self.timed(connect(total=PATIENCE))
        assert (told.kind, str(told)) == ("timeout", f"localhost:{server.port} did not answer within 0.4 seconds")

    @pytest.mark.parametrize(
        "start",
        [b"HTTP/1.1 200 ", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"],
        ids=["status", "header", "body"],
    )
    def test_a_server_that_drips(self, start: bytes, server: Server, connect: Connect) -> None:
        def drip(stream: Stream) -> None:
            stream.request()
            stream.send(start)
            while not server.done.wait(0.05):
                stream.send(b"H")

        server.behave = drip
        assert self.timed(connect(total=PATIENCE)).kind == "timeout"

    def test_a_handshake_that_never_comes(self, connect: Connect) -> None:
        silent = Server(None)
        silent.behave = waiting(silent)
        try:
            told = self.timed(connect(root=silent.root, connect=PATIENCE, total=30))
            assert (told.kind, str(told)) == ("timeout", f"localhost:{silent.port} did not answer within 0.4 seconds")
        finally:
            silent.close()

    def test_a_server_that_does_not_read(self, server: Server, connect: Connect) -> None:
        server.behave = waiting(server)
        driver = connect(total=PATIENCE)
        size = 20_000_000 if isinstance(driver, Blocking) else 900_000  # aiohttp warns of larger ones
        assert trouble(driver, "POST", "/me/events", b"x" * size).kind == "timeout"

    def test_each_exchange_has_its_own_time(self, server: Server, connect: Connect) -> None:
        def slow(stream: Stream) -> None:
            while stream.request() is not None:
                server.done.wait(0.4)
                stream.send(reply())

        server.behave = slow
        driver = connect(total=1)
        for _ in range(3):
            assert driver.ask("GET", "/me").status == 200


class TestTrust:
    def test_a_certificate_of_another_authority(self, connect: Connect, tmp_path: Path) -> None:
        trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
        told = trouble(connect(ca=str(tmp_path / "other.pem")))
        assert told.kind == "tls"
        assert "is not trusted" in str(told)

    def test_a_certificate_for_another_name(self, authority: trustme.CA, connect: Connect) -> None:
        other = Server(context_for(authority, "graph.contoso.example"))
        try:
            told = trouble(connect(root=other.root))
            assert told.kind == "tls"
            assert "localhost" in str(told)
        finally:
            other.close()

    def test_a_server_without_tls(self, connect: Connect) -> None:
        plain = Server(None)
        plain.behave = lambda stream: stream.send(b"220 smtp.contoso.example ESMTP\r\n")
        try:
            assert trouble(connect(root=plain.root)).kind == "tls"
        finally:
            plain.close()

    def test_the_token_reaches_nobody_who_is_not_trusted(self, server: Server, connect: Connect, tmp_path: Path) -> None:
        trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
        trouble(connect(ca=str(tmp_path / "other.pem")))
        assert server.requests == []


class TestTrouble:
    def test_a_name_that_nobody_has(self, connect: Connect) -> None:
        told = trouble(connect(root="https://no-such-host.invalid"))
        assert (told.kind, told.host) == ("dns", "no-such-host.invalid")

    def test_a_port_where_nobody_listens(self, connect: Connect) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        told = trouble(connect(root=f"https://127.0.0.1:{port}"))
        assert (told.kind, told.host) == ("connect", f"127.0.0.1:{port}")

    @pytest.mark.parametrize("rude", [False, True], ids=["closed", "reset"])
    @pytest.mark.parametrize(
        "start",
        [
            b"",
            b"HTTP/1.1 200 OK\r\nContent-Le",
            b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a',
            b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a',
            b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n',
        ],
        ids=["no answer", "half a head", "half a body", "half a chunk", "no last chunk"],
    )
    def test_a_connection_that_ends_in_the_middle(self, start: bytes, rude: bool, server: Server, driver: Driver) -> None:
        def behave(stream: Stream) -> None:
            stream.request()
            stream.send(start)
            stream.reset() if rude else None

        server.behave = behave
        assert trouble(driver).kind == "reset"

    @pytest.mark.parametrize("rude", [False, True], ids=["closed", "reset"])
    def test_a_connection_that_ends_before_the_handshake_is_done(self, rude: bool, connect: Connect) -> None:
        server = Server(None)

        def behave(stream: Stream) -> None:
            stream.sock.recv(65_536)
            stream.reset() if rude else None

        server.behave = behave
        try:
            assert trouble(connect(root=server.root)).kind == "reset"
        finally:
            server.close()

    @pytest.mark.parametrize(
        "data",
        [
            b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
            b"\x00\x01\x02\r\n\r\n",
            b"HTTP/1.1 abc OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 200_000 + b"\r\n\r\n",
        ],
        ids=["another protocol", "zeros", "no status", "an endless header"],
    )
    def test_what_is_not_http(self, data: bytes, server: Server, driver: Driver) -> None:
        server.behave = saying(data)
        told = trouble(driver)
        assert told.kind == "garbage"
        assert "is not HTTP" in str(told)

    def test_an_answer_that_is_declared_too_large_is_not_even_read(self, server: Server, driver: Driver) -> None:
        server.behave = saying(f"HTTP/1.1 200 OK\r\nContent-Length: {LARGEST_BODY_BYTES + 1}\r\n\r\n".encode() + b"x" * 1000)
        told = trouble(driver)
        assert (told.kind, str(told)) == ("garbage", "the answer is larger than 64 MiB")

    def test_an_answer_without_end_is_cut_off(self, server: Server, connect: Connect) -> None:
        def flood(stream: Stream) -> None:
            stream.request()
            stream.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while not server.done.is_set():
                stream.send(b"100000\r\n" + bytes(0x100000) + b"\r\n")

        server.behave = flood
        told = trouble(connect(total=30))
        assert (told.kind, str(told)) == ("garbage", "the answer is larger than 64 MiB")


class TestOrigins:
    def test_a_next_link_to_another_server_gets_no_token_and_no_request(self, server: Server, tls: ssl.SSLContext, driver: Driver) -> None:
        stranger = Server(tls)
        try:
            for foreign in (f"{stranger.root}/me", f"https://127.0.0.1:{server.port}/me", f"http://localhost:{server.port}/me"):
                assert "refused to send a token" in str(trouble(driver, url=foreign))
            assert (stranger.connections, server.connections) == (0, 0)
        finally:
            stranger.close()

    def test_a_next_link_to_the_same_server_is_followed(self, server: Server, driver: Driver) -> None:
        assert driver.ask("GET", f"{server.root}/page?$skip=10").status == 200
        assert server.requests[0].startswith(b"GET /page?$skip=10 ")


class Proxy(Server):
    """Speaks CONNECT and joins the client with `target`'s port, whatever name it was asked for; refuses with `refusal`."""

    def __init__(self, target: Server, refusal: bytes = b"") -> None:
        super().__init__(None)
        self._target, self._refusal = target, refusal
        self.behave = self._join

    def _join(self, stream: Stream) -> None:
        stream.request()
        if self._refusal:
            stream.send(self._refusal)
            return
        with socket.create_connection(("127.0.0.1", self._target.port), 5) as onward:
            stream.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=self._copy, args=(onward, stream.sock))
            back.start()
            self._copy(stream.sock, onward)
            back.join(12)

    @staticmethod
    def _copy(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


class TestProxy:
    @pytest.fixture
    def proxy(self, server: Server) -> Iterator[Proxy]:
        proxy = Proxy(server)
        yield proxy
        proxy.close()

    NAMED = "https://graph.contoso.example/v1.0"

    def environ(self, proxy: Server, login: str = "", **more: str) -> dict[str, str]:
        return {"HTTPS_PROXY": f"http://{login}127.0.0.1:{proxy.port}", **more}

    def test_the_way_through_a_proxy_with_a_login(self, server: Server, proxy: Proxy, connect: Connect) -> None:
        driver = connect(root=self.NAMED, environ=self.environ(proxy, "megan:p%40ss@"))
        assert driver.ask("GET", "/me").json() == {"id": "1"}
        head = proxy.requests[0].split(b"\r\n")
        assert head[0].startswith(b"CONNECT graph.contoso.example:443 HTTP/1.")
        assert b"Proxy-Authorization: Basic bWVnYW46cEBzcw==" in head
        assert TOKEN.encode() not in proxy.requests[0]
        assert b"Proxy-Authorization" not in server.requests[0]
        assert server.requests[0].startswith(b"GET /v1.0/me ")

    def test_the_tunnel_is_kept(self, server: Server, proxy: Proxy, connect: Connect) -> None:
        driver = connect(root=self.NAMED, environ=self.environ(proxy))
        for _ in range(3):
            driver.ask("GET", "/me")
        assert (len(proxy.requests), server.connections, len(server.requests)) == (1, 1, 3)

    def test_no_proxy_goes_round_it(self, proxy: Proxy, connect: Connect) -> None:
        driver = connect(root="https://no-such-host.invalid", environ=self.environ(proxy, NO_PROXY="invalid"))
        assert trouble(driver).kind == "dns"
        assert proxy.connections == 0

    def test_this_machine_is_reached_without_it(self, server: Server, proxy: Proxy, connect: Connect) -> None:
        assert connect(environ=self.environ(proxy)).ask("GET", "/me").status == 200
        assert (proxy.connections, server.connections) == (0, 1)

    def test_a_proxy_that_wants_another_login(self, server: Server, connect: Connect) -> None:
        proxy = Proxy(server, b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        try:
            told = trouble(connect(root=self.NAMED, environ=self.environ(proxy, "megan:hunter2@")))
            assert told.kind == "connect"
            assert "407" in str(told)
            assert "hunter2" not in str(told)
        finally:
            proxy.close()

    def test_a_proxy_that_is_not_there(self, connect: Connect) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        told = trouble(connect(root=self.NAMED, environ={"HTTPS_PROXY": f"http://megan:hunter2@127.0.0.1:{port}"}))
        assert told.kind == "connect"
        assert "hunter2" not in str(told)

    def test_what_a_proxy_that_cannot_be_reached_is_called(self, connect: Connect) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        refusing = trouble(connect(root=self.NAMED, environ={"HTTPS_PROXY": f"http://megan:hunter2@127.0.0.1:{port}"}))
        assert (refusing.kind, str(refusing)) == ("connect", f"nothing answers at the proxy 127.0.0.1:{port}")
        nameless = trouble(connect(root=self.NAMED, environ={"HTTPS_PROXY": "http://megan:hunter2@no-such-proxy.invalid:3128"}))
        assert (nameless.kind, str(nameless)) == ("dns", "the proxy no-such-proxy.invalid:3128 cannot be found (no such name)")

    def test_a_refusal_of_the_proxy_is_not_the_hosts(self, server: Server, connect: Connect) -> None:
        proxy = Proxy(server, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        try:
            told = trouble(connect(root=self.NAMED, environ=self.environ(proxy, "megan:hunter2@")))
            assert str(told).startswith(f"the proxy 127.0.0.1:{proxy.port} cannot be reached (")
            assert told.host == f"the proxy 127.0.0.1:{proxy.port}"
        finally:
            proxy.close()

    def test_what_fails_behind_the_proxy_is_the_hosts(self, server: Server, proxy: Proxy, connect: Connect) -> None:
        server.behave = saying(b"")
        told = trouble(connect(root=self.NAMED, environ=self.environ(proxy)))
        assert (told.kind, str(told)) == ("reset", "graph.contoso.example closed the connection in the middle")

    @pytest.mark.parametrize(
        "start", [b"", b"HTTP/1.1 200 O", b"HTTP/1.1 200 Connection established\r\nX: "], ids=["silence", "status", "header"]
    )
    def test_a_proxy_that_drips(self, start: bytes, server: Server, connect: Connect) -> None:
        proxy = Server(None)

        def drip(stream: Stream) -> None:
            stream.request()
            stream.send(start)
            while start and not proxy.done.wait(0.05):
                stream.send(b"X: y\r\n" if start.endswith(b" ") else b"K")
            proxy.done.wait(9)

        proxy.behave = drip
        driver = connect(root=self.NAMED, environ=self.environ(proxy), connect=PATIENCE, total=2 * PATIENCE)
        try:
            began = time.monotonic()
            assert trouble(driver).kind == "timeout"
            assert time.monotonic() - began < 2 * PATIENCE + MARGIN
        finally:
            proxy.close()

    def test_a_proxy_of_an_unknown_kind(self, connect: Connect) -> None:
        told = trouble(connect(root=self.NAMED, environ={"HTTPS_PROXY": "socks5://megan:hunter2@127.0.0.1:1"}))
        assert "must be an address like http://" in str(told)


def test_threads_may_share_a_transport(server: Server, ca_file: str) -> None:
    transport = Transport(ca_file, {})
    client = Client(server.root, lambda access: TOKEN, transport)
    found: list[int] = []

    def work() -> None:
        found.extend(client.run(asking(Request("GET", "/me", access=READ))).status for _ in range(15))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()
    assert found == [200] * 90
    assert server.connections <= 6


def test_tasks_may_share_an_async_client(server: Server, ca_file: str) -> None:
    async def work() -> list[Any]:
        async with AsyncClient(server.root, lambda access: TOKEN, ca_file, {}) as client:
            return await asyncio.gather(*(client.run(asking(Request("GET", "/me", access=READ))) for _ in range(50)))

    assert [response.status for response in asyncio.run(work())] == [200] * 50


def test_of_the_tasks_of_an_async_client_four_at_a_time_are_at_the_service_and_the_others_have_all_their_time(
    server: Server, ca_file: str
) -> None:
    inside, most, lock = [0], [0], threading.Lock()

    def slow(stream: Stream) -> None:
        while stream.request() is not None:
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            server.done.wait(0.2)
            with lock:
                inside[0] -= 1
            stream.send(reply())

    async def work() -> list[Any]:
        patience = {"connect_seconds": 0.9, "total_seconds": 0.9}
        async with AsyncClient(server.root, lambda access: TOKEN, ca_file, {}, **patience) as client:
            return await asyncio.gather(*(client.run(asking(Request("GET", "/me", access=READ))) for _ in range(40)))

    server.behave = slow
    assert [response.status for response in asyncio.run(work())] == [200] * 40
    assert (most[0], server.connections) == (4, 4)
