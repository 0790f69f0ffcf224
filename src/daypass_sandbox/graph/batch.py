"""`POST /$batch`: up to 20 requests in one, each answered for itself.

The whole is refused only when it cannot be read; what becomes of the single requests stands in their own answers. They are either
independent of each other or form a chain, each depending on the one before; what depends on a failure fails too (424). Outlook takes
four of a batch at a time (concepts/throttling-limits), so no batch by itself asks more of a mailbox than that.

Source: concepts/json-batching. The words of refusals were observed by others (microsoft-graph-docs issue 16280,
msgraph-sdk-dotnet-core issue 891).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from daypass.wire import Request, Response, Sleep

from ..faults import Disrupted
from ..routes import Call, Fault, Route, begun_again, reply
from ..together import together
from .answers import allow
from .throttle import MOST_AT_A_TIME

if TYPE_CHECKING:
    from ..tenant import State

Json = dict[str, Any]

MOST_REQUESTS = 20
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
FAILED_DEPENDENCY = {"error": {"code": "FailedDependency", "message": "The request failed because a request it depends on failed."}}
SENT_ON = frozenset(
    {"content-type", "location", "retry-after", "preference-applied", "www-authenticate", "request-id", "client-request-id"}
)


@dataclass(frozen=True)
class Step:
    """One request of a batch; header names and the ids it depends on are in lower case."""

    id: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: Any
    after: frozenset[str]


async def answer(call: Call) -> Response:
    """Answer a batch: a chain one request after the other, independent ones four at a time."""
    allow(call)
    steps, state = _steps(call.json()), call.tenant.state
    if any(step.after for step in steps):
        answered = await _chained(call, steps)
    else:
        answered = await together([_asked(call, step, state) for step in steps], MOST_AT_A_TIME)
    if call.tenant.state is not state:
        raise begun_again()
    return reply(200, {"responses": [{"id": step.id, **_shown(outcome)} for step, outcome in zip(steps, answered, strict=True)]})


async def _chained(call: Call, steps: list[Step]) -> list[Response]:
    """The answers to requests that depend on each other; what depends on a failure is not asked."""
    answered: dict[str, Response] = {}
    state = call.tenant.state
    for step in steps:
        failed = any(answered[other].status >= 400 for other in step.after)
        answered[step.id.lower()] = reply(424, FAILED_DEPENDENCY) if failed else await _asked(call, step, state)
    return list(answered.values())


async def _asked(call: Call, step: Step, state: State) -> Response:
    """The answer to one request; Fault 503 for one that would come into another tenant than the batch did."""
    if call.tenant.state is not state:
        raise begun_again()
    return await _arrived(await call.tenant.graph(_request(call, step)))


def _steps(body: Mapping[str, Any]) -> list[Step]:
    """The requests of a batch; Fault 400 for one that cannot be read as a whole."""
    requests = body.get("requests")
    if not isinstance(requests, list) or not requests:
        raise _wrong("Invalid batch payload format.")
    steps = [_step(request) for request in cast("list[Any]", requests)]
    if len(steps) > MOST_REQUESTS:
        message = f"Number of batch request steps exceeds the maximum value of {MOST_REQUESTS}."
        raise _wrong(message, "MaximumValueExceeded")
    earlier: set[str] = set()
    for step in steps:
        if step.id.lower() in earlier:
            raise _wrong(f"Request Id {step.id} has to be unique in a batch.")
        if not step.after <= earlier:
            raise _wrong(f"Invalid dependency for request Id {step.id}.")
        earlier.add(step.id.lower())
    chained = all(before.id.lower() in step.after for before, step in pairwise(steps))
    if any(step.after for step in steps) and not chained:
        raise _wrong("Batch should be either fully sequential or fully parallel.")
    return steps


def _step(given: Any) -> Step:
    step = _readable(given)
    if step.body is not None and "content-type" not in step.headers:
        raise _wrong(f"The Content-Type header is missing for the request with body, request Id {step.id}.")
    if urlsplit(step.url).path.rstrip("/").lower().endswith("/$batch"):
        raise _wrong(f"A batch can't hold another batch, request Id {step.id}.")
    return step


def _readable(given: Any) -> Step:
    """One request, its members of the right kinds; Fault 400 otherwise."""
    members: Json = {name.lower(): value for name, value in cast("Json", given).items()} if isinstance(given, dict) else {}
    step_id, method, url = (members.get(name) for name in ("id", "method", "url"))
    headers: Any = members.get("headers") or {}
    after: Any = members.get("dependson") or []
    texts = all(isinstance(text, str) and text for text in (step_id, method, url))
    if (
        not texts
        or not _is_address(str(url))
        or str(method).upper() not in METHODS
        or not isinstance(headers, dict)
        or not isinstance(after, list)
    ):
        raise _wrong("Invalid batch payload format.")
    spelt = {str(name).lower(): str(value) for name, value in cast("Json", headers).items()}
    depends = frozenset(str(other).lower() for other in cast("list[Any]", after))
    return Step(str(step_id), str(method).upper(), str(url), spelt, members.get("body"), depends)


def _is_address(url: str) -> bool:
    try:
        urlsplit(url)
    except ValueError:
        return False
    return True


def _request(call: Call, step: Step) -> Request:
    """One request of a batch as if it had come alone: with the batch's token unless it brings its own, below the batch's version."""
    version = urlsplit(call.request.url).path.strip("/").partition("/")[0]
    there = urlsplit(step.url)
    path = there.path.lstrip("/")
    if path.partition("/")[0].lower() not in ("v1.0", "beta"):
        path = f"{version}/{path}"
    query = f"?{there.query}" if there.query else ""
    own = {name: value for name, value in call.request.headers.items() if name in ("authorization", "client-request-id", "accept")}
    return Request(step.method, f"{call.root}/{path}{query}".replace(" ", "%20"), {**own, **step.headers}, _sent(step))


def _sent(step: Step) -> bytes:
    if step.body is None:
        return b""
    if isinstance(step.body, str) and "json" not in step.headers["content-type"]:
        try:
            return base64.b64decode(step.body, validate=True)
        except ValueError:  # no Base64 (binascii.Error), or no ASCII
            return step.body.encode("utf-8", "replace")
    return json.dumps(step.body).encode()


async def _arrived(answer: Response) -> Response:
    """What of an answer arrives within a batch: one that a fault would spoil on the wire is late, or is a gateway's 504."""
    if not isinstance(answer, Disrupted):
        return answer
    await Sleep(answer.latency_seconds)
    if answer.dropped or answer.stalled or answer.cut_after_bytes is not None:
        return reply(504, {"error": {"code": "GatewayTimeout", "message": "The request timed out."}})
    return Response(answer.status, answer.headers, answer.body)


def _shown(answer: Response) -> Json:
    """An answer as a member of the batch's: JSON as it is, anything else in Base64."""
    headers = {name.title(): value for name, value in answer.headers.items() if name in SENT_ON}
    shown: Json = {"status": answer.status, "headers": headers}
    if answer.body:
        try:
            shown["body"] = json.loads(answer.body) if "json" in answer.headers.get("content-type", "") else None
        except ValueError:
            shown["body"] = None
        if shown["body"] is None:
            shown["body"] = base64.b64encode(answer.body).decode()
    return shown


def _wrong(message: str, code: str = "BadRequest") -> Fault:
    return Fault(400, code, message)


ROUTES = (Route("POST", "/$batch", answer, None, "documentation: concepts/json-batching; refusals observed by others"),)
