"""What the tenant asks of others: requests of its own, each with the time it gives the other side to answer."""

from __future__ import annotations

from http import HTTPStatus

from daypass.errors import TransportError
from daypass.wire import Request, Response

from .clock import Clock


class Outgoing(Request):
    """A request to somebody outside the tenant, who must answer `within_seconds`."""

    within_seconds: float = 10.0


FORBIDDEN = "forbidden"


def forbidden(host: str) -> TransportError:
    """The failure of a request to another machine, where the tenant speaks to its own alone."""
    told = f"This sandbox delivers to this machine only, and {host} is not on it; start it with --webhooks any to reach others."
    return TransportError(told, kind=FORBIDDEN, host=host)


class Exchange:
    """What came of an outgoing request: `status` (0 without an answer), `error` in words, `seconds` by the tenant's clock.

    `timed_out` says that nothing came within the time given; an answer that came later counts as none. `forbidden` says that it was not
    even sent.
    """

    def __init__(self, response: Response | None, error: TransportError | None, seconds: float, within_seconds: float) -> None:
        self.forbidden = error is not None and error.kind == FORBIDDEN
        self.response, self.status = response, response.status if response else 0
        self.timed_out = seconds > within_seconds or (error is not None and error.kind == "timeout")
        self.seconds = max(seconds, within_seconds) if self.timed_out else seconds
        self.error = f"no answer within {within_seconds:g} seconds" if self.timed_out else str(error or "")

    @property
    def accepted(self) -> bool:
        """Whether it was answered in time, with success."""
        return not self.timed_out and 200 <= self.status < 300

    @property
    def status_name(self) -> str:
        """The status as .NET names it, `NotFound`; "" without an answer."""
        try:
            return HTTPStatus(self.status).phrase.title().replace(" ", "").replace("-", "")
        except ValueError:
            return str(self.status or "")


async def ask(request: Outgoing, clock: Clock) -> Exchange:
    """Send a request out and tell what came of it; a failure is told too, never raised."""
    began = clock.now()
    try:
        response = await request
    except TransportError as error:
        return Exchange(None, error, clock.now() - began, request.within_seconds)
    return Exchange(response, None, clock.now() - began, request.within_seconds)
