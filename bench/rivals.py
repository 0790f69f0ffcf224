"""The sandbox and a peer (`minutehand serve`), each started as a process of its own and spoken to by the same few lines.

Both are asked over TLS on connections that are kept alive. The peer stands behind a forward proxy: a connection to it begins with
`CONNECT` to the host that is wanted.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

Json = Any
SCOPES = (
    *("Calendars.ReadWrite", "Calendars.ReadWrite.Shared", "User.Read", "User.Read.All", "Tasks.ReadWrite", "MailboxSettings.ReadWrite"),
    "Place.Read.All",
)
START_SECONDS = 120.0
GRAPH, LOGIN = "graph.microsoft.com", "login.microsoftonline.com"
NOW = "2026-11-25T08:00:00Z"  # what the peer's world begins with


class Answer(NamedTuple):
    """What was answered: status, headers with names in small letters, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Json:
        """The body as JSON, {} when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return {}


class Line:
    """One connection that is kept alive."""

    def __init__(self, connection: socket.socket, host: str) -> None:
        self._connection, self._host = connection, host

    def ask(self, method: str, path: str, body: Json = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request and its answer; a text is sent as it is, anything else as JSON."""
        sent = b"" if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
        words = {"Host": self._host, "Content-Type": "application/json", "Content-Length": str(len(sent)), **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in words.items())
        self._connection.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + sent)
        return _answer(self._connection)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def _answer(connection: socket.socket, *, head_only: bool = False) -> Answer:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status = int(first.split()[1])
    if head_only or status in (204, 304):
        return Answer(status, headers, b"")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        while not body.endswith(b"0\r\n\r\n"):
            body += _more(connection)
        return Answer(status, headers, _joined(body))
    while len(body) < int(headers.get("content-length", "0")):
        body += _more(connection)
    return Answer(status, headers, body)


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("the connection was closed within an answer")
    return data


def _joined(chunks: bytes) -> bytes:
    whole = b""
    while chunks:
        size, _, rest = chunks.partition(b"\r\n")
        length = int(size, 16)
        whole, chunks = whole + rest[:length], rest[length + 2 :] if length else b""
    return whole


class Rival(ABC):
    """One of those that are compared, while it runs."""

    name: str

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._ca = ssl.create_default_context()
        self._lines: dict[str, Line] = {}
        self._tokens: dict[tuple[str, tuple[str, ...]], str] = {}

    @abstractmethod
    def line(self, host: str = GRAPH) -> Line:
        """A new connection to Graph, or to the sign-in."""

    @abstractmethod
    def new_token(self, user: str, scopes: tuple[str, ...]) -> str:
        """An access token in a user's name."""

    @abstractmethod
    def control(self, what: str, body: Json = None, method: str = "POST") -> Answer:
        """Ask its control plane."""

    def token(self, user: str = "megan", scopes: tuple[str, ...] = SCOPES) -> str:
        """The same, made once."""
        if (user, scopes) not in self._tokens:
            self._tokens[user, scopes] = self.new_token(user, scopes)
        return self._tokens[user, scopes]

    def graph(self, method: str, path: str, body: Json = None, *, user: str = "megan", **headers: str) -> Answer:
        """Ask Graph in a user's name; `headers` are named with underscores. `user` is "" for nobody."""
        bearer = {"Authorization": f"Bearer {self.token(user)}"} if user else {}
        return self.host(GRAPH, method, f"/v1.0{path}", body, {**bearer, **headers})

    def host(self, host: str, method: str, path: str, body: Json = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask a host on the connection that is kept to it."""
        line = self._lines.get(host) or self.line(host)
        self._lines[host] = line
        try:
            named = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
            answer = line.ask(method, path, body, named)
        except (OSError, ValueError):
            self._lines.pop(host).close()
            raise
        if answer.headers.get("connection", "").lower() == "close":
            self._lines.pop(host).close()
        return answer

    def memory_megabytes(self) -> float:
        """What it holds in memory, its children too (Linux)."""
        return sum(_resident(pid) for pid in _family(self.process.pid)) / 1024

    def processor_seconds(self) -> float:
        """The time it had of a processor so far, its children too (Linux)."""
        return sum(_spent(pid) for pid in _family(self.process.pid))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split():
        yield from _family(int(child))


def _resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0])


def _spent(pid: int) -> float:
    parts = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


class Sandbox(Rival):
    """This project's sandbox."""

    name = "sandbox"

    def __init__(self, process: subprocess.Popen[str]) -> None:
        super().__init__(process)
        self.told: Json = json.loads(_first_line(process))
        self._ca = ssl.create_default_context(cafile=self.told["ca_file"])
        self._port: int = urlsplit(str(self.told["authority"])).port or 443

    def set_clock(self) -> None:
        """Let it be the time at which the peer's world begins."""
        for asked in ({"now": NOW}, {"run": True}):
            self.control("clock", asked)

    def line(self, host: str = GRAPH) -> Line:
        """Straight to its port, under the name it is asked for (`localhost` serves as Graph)."""
        plain = socket.create_connection(("127.0.0.1", self._port))
        name = f"localhost:{self._port}"
        return Line(self._ca.wrap_socket(plain, server_hostname="localhost" if host == GRAPH else host), name if host == GRAPH else host)

    def new_token(self, user: str, scopes: tuple[str, ...]) -> str:
        """From the control plane."""
        return self.control("token", {"user": user, "scopes": list(scopes)}).json()["access_token"]

    def control(self, what: str, body: Json = None, method: str = "POST") -> Answer:
        """Below `/sandbox/`."""
        return self.host(GRAPH, method, f"/sandbox/{what}", body)


class Minutehand(Rival):
    """`minutehand serve`, with one world of two people."""

    name = "minutehand"

    def __init__(self, process: subprocess.Popen[str], proxy: int, control: int) -> None:
        super().__init__(process)
        _first_line(process)
        self._proxy, self._control = proxy, control
        told = json.loads(self._plain("GET", "/v1/environment").body)["variables"]
        self._ca = ssl.create_default_context(cafile=told["SSL_CERT_FILE"])
        people = [{"key": "megan", "name": "Megan Bowen", "email": "megan@contoso.example"}]
        people.append({"key": "alex", "name": "Alex Wilber", "email": "alex@contoso.example"})
        seed = {"name": "contoso", "starts_at": NOW, "people": people}
        opened = self._plain("POST", "/v1/worlds", {"seed": seed, "claims": {"default": True}})
        self._world = opened.json()["world_id"]

    def line(self, host: str = GRAPH) -> Line:
        """Through its proxy."""
        plain = socket.create_connection(("127.0.0.1", self._proxy))
        plain.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
        _answer(plain, head_only=True)
        return Line(self._ca.wrap_socket(plain, server_hostname=host), host)

    def new_token(self, user: str, scopes: tuple[str, ...]) -> str:
        """By the authorization code flow, which takes no browser there."""
        asked = {"client_id": "daypass", "redirect_uri": "https://localhost/", "scope": " ".join(scopes)}
        hint = {"response_type": "code", "login_hint": f"{user}@contoso.example"}
        gone = self.host(LOGIN, "GET", f"/common/oauth2/v2.0/authorize?{urlencode({**asked, **hint})}")
        code = parse_qs(urlsplit(gone.headers["location"]).query)["code"][0]
        form = urlencode({**asked, "grant_type": "authorization_code", "code": code})
        headers = {"Content_Type": "application/x-www-form-urlencoded"}
        return self.host(LOGIN, "POST", "/common/oauth2/v2.0/token", form, headers).json()["access_token"]

    def control(self, what: str, body: Json = None, method: str = "POST") -> Answer:
        """Of its world, or with a leading slash of the whole."""
        return self._plain(method, f"/v1{what}" if what.startswith("/") else f"/v1/worlds/{self._world}/{what}", body)

    def _plain(self, method: str, path: str, body: Json = None) -> Answer:
        with contextlib.closing(Line(socket.create_connection(("127.0.0.1", self._control)), f"127.0.0.1:{self._control}")) as line:
            return line.ask(method, path, body)


def _first_line(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise SystemExit("it did not start")
    return line


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


@contextlib.contextmanager
def sandbox(*words: str) -> Generator[Sandbox]:
    """This project's sandbox, from its start to its end."""
    with _started([sys.executable, "-m", "daypass_sandbox", "up", "--port", "0", "--seed", "empty", *words]) as process:
        yield Sandbox(process)


@contextlib.contextmanager
def minutehand(command: str) -> Generator[Minutehand]:
    """The peer, from its start to its end, with a folder of its own."""
    proxy, control = _free_ports()
    with tempfile.TemporaryDirectory() as folder:
        words = ["serve", "--proxy-port", str(proxy), "--control-port", str(control), "--no-receive-telemetry", "--state", folder]
        with _started([command, *words]) as process:
            yield Minutehand(process, proxy, control)


@contextlib.contextmanager
def _started(command: list[str]) -> Generator[subprocess.Popen[str]]:
    environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ) as process:
        try:
            yield process
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            if process.poll() is None:
                process.kill()


def seconds_to_first_answer(start: contextlib.AbstractContextManager[Rival]) -> tuple[float, float]:
    """From the start of the command to the first answered `GET /me`: by the clock on the wall, and of a processor."""
    began = time.perf_counter()
    with start as rival:
        if rival.graph("GET", "/me").status != 200:
            raise SystemExit(f"{rival.name}: GET /me is not answered")
        return time.perf_counter() - began, rival.processor_seconds()
