"""Where the browser brings the answer of a sign-in: one address on this machine, for one answer (RFC 8252, section 7.3).

It listens on 127.0.0.1 alone. Browsers open connections that they may not use, and any page may send a browser here, so several visitors
are heard at once, each for a short time, and whoever does not bring the answer that is waited for gets a page that says so.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from .auth import landing
from .auth.landing import LOOPBACK
from .errors import UsageError
from .value import Value

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

LARGEST_BYTES = 65_536
VISIT_SECONDS = 10.0
VISITORS_AT_MOST = 32


class Visit(Value):
    """What a browser brought: the fields of its form or query; `_socket` is still open for the page in return."""

    fields: Mapping[str, str] = MappingProxyType({})
    connection: socket.socket | None = None

    def welcome(self, title: str, text: str) -> None:
        """Show the browser that all is well."""
        self._show(200, title, text, well=True)

    def turn_away(self, title: str, text: str, status: int = 400) -> None:
        """Show the browser what is wrong."""
        self._show(status, title, text, well=False)

    def lead_on(self, url: str) -> None:
        """Send the browser to another address."""
        if self.connection is not None:
            _say(self.connection, landing.redirect(url))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.connection is not None:
            self.connection.close()  # whether anything was shown or not

    def _show(self, status: int, title: str, text: str, *, well: bool) -> None:
        if self.connection is None:
            return
        _say(self.connection, landing.answer(status, title, text, well=well))


class _Visitor:
    """A connection and what came over it so far."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection, self.heard, self.leaves_at = connection, bytearray(), time.monotonic() + VISIT_SECONDS


class Loopback:
    """The address; `uri` is what the sign-in service is told. `port` 0 takes any that is free; UsageError when one is taken."""

    def __init__(self, port: int = 0) -> None:
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._listener.bind((LOOPBACK, port))
        except OSError as error:
            self._listener.close()
            raise UsageError(f"port {port} of this machine cannot be used ({error.strerror})", ("--port 0",)) from None
        self._listener.listen(VISITORS_AT_MOST)
        self._listener.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self.port: int = self._listener.getsockname()[1]
        self.leads_to = ""
        self.uri = f"http://localhost:{self.port}"  # what the app is registered for; Entra lets any port pass (redirect URI restrictions)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Listen no more; who is still here is shown out. Once is enough."""
        if self._listener.fileno() < 0:
            return
        for visitor in self._visitors():
            visitor.connection.close()
        self._selector.close()
        self._listener.close()

    def wait(self, seconds: float, fits: Callable[[Mapping[str, str]], bool], others: Iterable[int] = ()) -> Visit | None:
        """The visit that brings what `fits`, None when none came in time, or one of the file descriptors `others` has something to read.

        Whoever comes with empty hands is led on to `leads_to`: a short address to open in place of the sign-in page's long one.
        """
        deadline = time.monotonic() + seconds
        for other in others:
            self._selector.register(other, selectors.EVENT_READ)
        try:
            return self._wait(deadline, fits)
        finally:
            for other in others:
                self._selector.unregister(other)

    def _wait(self, deadline: float, fits: Callable[[Mapping[str, str]], bool]) -> Visit | None:
        while (left := deadline - time.monotonic()) > 0:
            for key, _ in self._selector.select(min(left, 1.0)):
                if key.fileobj is self._listener:
                    self._let_in()
                elif isinstance(key.data, _Visitor):
                    visit = self._hear(key.data, fits)
                    if visit:
                        return visit
                else:
                    return None
            self._show_out()
        return None

    def _visitors(self) -> list[_Visitor]:
        return [key.data for key in list(self._selector.get_map().values()) if isinstance(key.data, _Visitor)]

    def _let_in(self) -> None:
        connection, _ = self._listener.accept()
        connection.setblocking(False)
        if len(self._visitors()) >= VISITORS_AT_MOST:
            connection.close()
        else:
            self._selector.register(connection, selectors.EVENT_READ, _Visitor(connection))

    def _show_out(self) -> None:
        for visitor in self._visitors():
            if time.monotonic() > visitor.leaves_at:
                self._forget(visitor)
                visitor.connection.close()

    def _forget(self, visitor: _Visitor) -> None:
        self._selector.unregister(visitor.connection)

    def _hear(self, visitor: _Visitor, fits: Callable[[Mapping[str, str]], bool]) -> Visit | None:
        """What a visitor has said; None while that is not all, or not what is waited for."""
        try:
            said = visitor.connection.recv(LARGEST_BYTES)
        except BlockingIOError:
            return None
        except OSError:
            said = b""
        visitor.heard += said
        heard = landing.heard(bytes(visitor.heard))
        if heard is None and said and len(visitor.heard) <= LARGEST_BYTES:
            return None
        self._forget(visitor)
        if heard is None and not said:
            visitor.connection.close()
            return None
        heard = heard or landing.Heard()
        visit = Visit(heard.fields, visitor.connection)
        if fits(heard.fields):
            return visit
        self._answer(visit, at_home=heard.at_home)
        return None

    def _answer(self, visit: Visit, *, at_home: bool) -> None:
        """Tell a visitor who does not bring what is waited for."""
        if visit.fields:
            visit.turn_away("That is not the sign-in we wait for", "Go back to the terminal, and use the page that it opened.")
        elif self.leads_to and at_home:
            visit.lead_on(self.leads_to)
        else:
            visit.turn_away("Nothing to see here", "This address waits for the answer of a sign-in.", 404)


def _say(connection: socket.socket, text: bytes) -> None:
    """Send all of it and hang up; a browser that has gone away misses nothing."""
    try:
        connection.settimeout(2.0)
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    finally:
        connection.close()
