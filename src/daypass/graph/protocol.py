"""Graph's conventions: calls, errors, throttling, paging.

Rules and their pages (learn.microsoft.com/graph): throttling waits for Retry-After, else backs off exponentially
(concepts/throttling); errors are told apart by `code`, never by text (concepts/errors); a collection is complete only
when no `@odata.nextLink` is left, which is followed verbatim (concepts/paging); a 401 may carry a claims challenge that
a new token must answer (Entra: claims-challenge).
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

from ..errors import (
    BadRequest,
    Conflict,
    Forbidden,
    GraphError,
    NotFound,
    ServiceUnavailable,
    Throttled,
    TransportError,
    Unauthorized,
)
from ..wire import Access, Request, Response, Sleep

ATTEMPTS = 5
PATIENCE_SECONDS = 90.0  # longer waits are the caller's decision: Throttled says how long

# After which trouble a request is repeated: a status, a TransportError's kind, or `spoilt` for a success that cannot be read.
# A 429 did nothing yet; after the others nobody knows, so they need a request that may be repeated.
AFTER_REFUSAL: frozenset[str | int] = frozenset({429})
WHEN_HARMLESS = AFTER_REFUSAL | {"reset", "spoilt", 502, 503, 504}
WHEN_NUMBERED = WHEN_HARMLESS | {"garbage", "timeout", 500}
UNCERTAIN = frozenset({"reset", "spoilt", "garbage", "timeout", "busy"})

PAGES_AT_MOST = 10_000

BY_STATUS: Mapping[int, type[GraphError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    412: Conflict,
    429: Throttled,
}


async def call(
    method: str,
    url: str,
    payload: Mapping[str, Any] | None = None,
    *,
    scopes: tuple[str, ...],
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Make one Graph call and return its JSON object ({} when the answer has no body).

    Throttling and passing trouble are waited out within PATIENCE_SECONDS; a 401 is answered once with a renewed token.
    A POST whose effect is unknown is repeated only when its payload carries a `transactionId`, which makes the service
    create one thing however often it is asked (Graph: event resource). Raises GraphError and TransportError; their
    `maybe_done` tells whether any attempt at a change may have taken effect.
    """
    body = b"" if payload is None else json.dumps(payload).encode()
    sent = {"Content-Type": "application/json", **(headers or {})} if body else dict(headers or {})
    numbered = "transactionId" in (payload or {})
    repeated = WHEN_HARMLESS if method != "POST" else WHEN_NUMBERED if numbered else AFTER_REFUSAL
    return await _patiently(Request(method, url, sent, body, Access(scopes)), repeated)


async def _patiently(request: Request, repeated: frozenset[str | int]) -> dict[str, Any]:
    """The first content that comes, or the error that waiting would not better; a stall is waited for once more at most."""
    attempts, patience, renewed, uncertain = 0, PATIENCE_SECONDS, False, False
    while True:
        response = Response(0)
        try:
            response = await request
            return decipher(response)
        except (GraphError, TransportError) as failure:
            error = failure
        if response.status == 401 and not renewed:
            request, renewed = _renewed(request, response), True
            continue
        trouble = _trouble(error, response)
        error.maybe_done = uncertain = uncertain or (request.method != "GET" and _may_be_done(trouble))
        wait = retry_after_seconds(response) or 2.0**attempts
        attempts += 1
        if trouble not in repeated or attempts == ATTEMPTS or wait > patience:
            raise error
        repeated -= {trouble} & {"timeout"}
        patience -= wait
        await Sleep(wait)


def _trouble(error: GraphError | TransportError, response: Response) -> str | int:
    """What went wrong, in the words of the tables above."""
    if isinstance(error, GraphError):
        return error.status
    return "spoilt" if response.status else error.kind


def _may_be_done(trouble: str | int) -> bool:
    return trouble in UNCERTAIN or (isinstance(trouble, int) and trouble >= 500)


def _renewed(request: Request, refusal: Response) -> Request:
    """The request again, with a token newer than the refused one that answers the refusal's challenge."""
    scopes = request.access.scopes if request.access else ()
    return request.replace(access=Access(scopes, renew=True, claims=claims_challenge(refusal), refused=refusal.refused))


async def items(url: str, *, scopes: tuple[str, ...], headers: Mapping[str, str] | None = None) -> AsyncIterator[dict[str, Any]]:
    """Every item of a collection, all pages; the headers go with each page, for the service forgets them."""
    link, seen = url, set[str]()
    while link:
        page = await call("GET", link, scopes=scopes, headers=headers)
        value: Any = page.get("value")
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in cast("list[Any]", value)):
            raise TransportError("Graph's answer has no list of items", kind="garbage")
        for item in cast("list[dict[str, Any]]", value):
            yield item
        seen.add(link)
        link = str(page.get("@odata.nextLink") or "")
        if link in seen or len(seen) >= PAGES_AT_MOST:
            raise TransportError("Graph's pages go round in a circle", kind="garbage")


def decipher(response: Response) -> dict[str, Any]:
    """The answer as a JSON object, or the error it stands for. Only what was created (201) must tell of itself."""
    body = _json_object(response.body or b"{}")
    if 200 <= response.status < 300:
        if body is None or (response.status == 201 and not body):
            raise TransportError("Graph's answer is cut short or is not JSON", kind="garbage")
        return body
    raise _error(response, body or {})


def _json_object(text: str | bytes) -> dict[str, Any] | None:
    """The JSON object that a text holds, None when it holds none."""
    try:
        content: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", content) if isinstance(content, dict) else None


def _error(response: Response, body: dict[str, Any]) -> GraphError:
    envelope: Any = body.get("error")
    told = cast("dict[str, Any]", envelope) if isinstance(envelope, dict) else {}
    kind = BY_STATUS.get(response.status, ServiceUnavailable if response.status >= 500 else BadRequest)
    request_id = response.headers.get("request-id", "")
    error = kind(response.status, str(told.get("code") or f"HTTP {response.status}"), str(told.get("message") or ""), request_id)
    if isinstance(error, Throttled):
        error.retry_after_seconds = retry_after_seconds(response)
    return error


def retry_after_seconds(response: Response) -> float | None:
    """The Retry-After header in seconds, None when absent or unreadable (Graph sends seconds, never a date)."""
    text = response.headers.get("retry-after", "").strip()
    return float(text) if text.replace(".", "", 1).isdecimal() and len(text) < 10 else None


def claims_challenge(response: Response) -> str:
    """The claims (JSON text) a 401 demands of the next token, or "" (WWW-Authenticate, `insufficient_claims`)."""
    challenge = response.headers.get("www-authenticate", "")
    if "insufficient_claims" not in challenge:
        return ""
    _, _, rest = challenge.partition('claims="')
    encoded = rest.partition('"')[0]
    try:
        claims = base64.b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except ValueError:
        return ""
    return claims if _json_object(claims) is not None else ""
