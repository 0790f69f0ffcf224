"""Where the browser brings the answer: real sockets, honest browsers, and visitors who are not."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daypass.auth import landing
from daypass.errors import UsageError
from daypass.loopback import Loopback

ANSWER = {"code": "the-code", "state": "right"}


def fits(fields) -> bool:
    return fields.get("state") == "right"


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    with Loopback() as listening:
        yield listening


def post(port: int, fields: dict[str, str], host: str = "localhost", path: str = "/", length: int | None = None) -> bytes:
    body = urlencode(fields).encode()
    sent = {"Host": f"{host}:{port}", "Content-Type": "application/x-www-form-urlencoded", "Content-Length": length or len(body)}
    head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def get(port: int, query: str = "", host: str = "localhost") -> bytes:
    return f"GET /?{query} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()


class Visitor:
    """Somebody who says something and hears the answer, meanwhile."""

    def __init__(self, port: int, *parts: bytes, pause: float = 0.0) -> None:
        self.heard = b""
        self._socket = socket.create_connection(("127.0.0.1", port), 10)
        self._thread = threading.Thread(target=self._talk, args=(parts, pause))
        self._thread.start()

    def _talk(self, parts: tuple[bytes, ...], pause: float) -> None:
        try:
            for part in parts:
                self._socket.sendall(part)
                time.sleep(pause)
            while more := self._socket.recv(65_536):
                self.heard += more
        except OSError:
            pass

    def done(self) -> str:
        self._thread.join(10)
        self._socket.close()
        return self.heard.decode(errors="replace")


@pytest.mark.parametrize(
    "say", [lambda port: post(port, ANSWER), lambda port: get(port, urlencode(ANSWER)), lambda port: post(port, ANSWER, "127.0.0.1")]
)
def test_the_answer_is_taken_and_the_browser_shown_how_it_went(say: Callable[[int], bytes], loopback: Loopback) -> None:
    visitor = Visitor(loopback.port, say(loopback.port))
    visit = loopback.wait(10, fits)
    assert visit is not None
    assert visit.fields == ANSWER
    visit.welcome("Signed in as <b>Megan</b>", "Go back.")
    page = visitor.done()
    assert "200 OK" in page
    assert "Signed in as &lt;b&gt;Megan&lt;/b&gt;" in page
    assert "Content-Security-Policy: default-src 'none'" in page


def test_it_is_on_this_machine_alone(loopback: Loopback) -> None:
    assert loopback._listener.getsockname()[0] == "127.0.0.1"
    assert loopback.uri == f"http://localhost:{loopback.port}"


def test_a_wrong_answer_is_turned_away_and_the_right_one_still_taken(loopback: Loopback) -> None:
    wrong = Visitor(loopback.port, post(loopback.port, {**ANSWER, "state": "wrong"}))
    assert loopback.wait(0.5, fits) is None
    assert "not the sign-in we wait for" in wrong.done()
    right = Visitor(loopback.port, post(loopback.port, ANSWER))
    visit = loopback.wait(10, fits)
    assert visit is not None
    visit.turn_away("The sign-in failed", "Sorry.")
    assert "400" in right.done()


def test_who_says_nothing_or_little_holds_up_nobody(loopback: Loopback) -> None:
    idle = [socket.create_connection(("127.0.0.1", loopback.port)) for _ in range(5)]
    slow = Visitor(loopback.port, *(bytes([byte]) for byte in post(loopback.port, ANSWER)[:30]), pause=0.02)
    right = Visitor(loopback.port, post(loopback.port, ANSWER))
    began = time.monotonic()
    visit = loopback.wait(10, fits)
    assert visit is not None
    assert time.monotonic() - began < 2
    visit.welcome("x", "y")
    right.done()
    loopback.close()
    slow.done()
    for one in idle:
        one.close()


def test_an_answer_may_come_in_pieces(loopback: Loopback) -> None:
    said = post(loopback.port, ANSWER)
    visitor = Visitor(loopback.port, said[:40], said[40:-5], said[-5:], pause=0.05)
    visit = loopback.wait(10, fits)
    assert visit is not None
    assert visit.fields == ANSWER
    visit.welcome("x", "y")
    visitor.done()


@pytest.mark.parametrize("said", [b"x" * 200_000, b"\r\n\r\n", b"\xff\xfe\x00", b"GET\r\n\r\n", post(1, ANSWER, length=999_999), b""])
def test_what_makes_no_sense_is_turned_away(said: bytes, loopback: Loopback) -> None:
    visitor = Visitor(loopback.port, said)
    assert loopback.wait(0.3, fits) is None
    right = Visitor(loopback.port, post(loopback.port, ANSWER))
    visit = loopback.wait(10, fits)
    assert visit is not None
    visit.welcome("x", "y")
    right.done()
    loopback.close()
    visitor.done()


def test_a_short_address_leads_on_for_this_machines_name_alone(loopback: Loopback) -> None:
    loopback.leads_to = "https://login.example/authorize?state=right"
    here, rebound = Visitor(loopback.port, get(loopback.port)), Visitor(loopback.port, get(loopback.port, host="evil.example"))
    assert loopback.wait(0.5, fits) is None
    assert "Location: https://login.example/authorize?state=right" in here.done()
    assert "Location" not in rebound.done()
    answered = Visitor(loopback.port, post(loopback.port, ANSWER, host="evil.example"))
    assert loopback.wait(0.3, fits) is None
    assert "404" in answered.done()


def test_something_to_read_elsewhere_ends_the_wait(loopback: Loopback) -> None:
    ours, theirs = socket.socketpair()
    theirs.send(b"d")
    began = time.monotonic()
    assert loopback.wait(10, fits, [ours.fileno()]) is None
    assert time.monotonic() - began < 2
    assert loopback.wait(0.1, fits) is None
    ours.close()
    theirs.close()


def test_a_port_that_is_taken_is_told(loopback: Loopback) -> None:
    with pytest.raises(UsageError, match=f"port {loopback.port} of this machine cannot be used"):
        Loopback(loopback.port)


@given(st.binary(max_size=300), st.integers(0, 400))
def test_nothing_that_is_heard_brings_it_down(noise: bytes, cut: int) -> None:
    said = post(1, ANSWER)
    for heard in (noise, said[:cut] + noise, noise + said, said[:cut]):
        fields = landing.heard(heard)
        assert fields is None or all(isinstance(value, str) for value in fields.fields.values())


@given(st.text(max_size=60))
def test_no_text_becomes_more_than_text_on_the_page(text: str) -> None:
    page = landing.answer(200, text, text, well=True).decode("utf-8", "surrogatepass")
    assert "<script" not in page.partition("</style>")[2]
    assert page.count("<h1>") == 1
