"""How Graph answers: what it prefers to hear of, pages of lists, and the wrapping of things and collections.

What a handler does not name is refused with 501 and the option's name, so that nothing a client asks for is left out silently.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from daypass.wire import Response

from .. import zones
from ..routes import Call, Fault, reply
from .services import OUTLOOK, Service

Json = dict[str, Any]

PAGE_SIZE = 10  # undocumented; observed by others (microsoft-graph-docs issue 6201)
MOST_DIGITS = 9
INERT_PREFERENCES = frozenset({"wait", "handling", "odata.include-annotations"})


def allow(call: Call, *options: str) -> None:
    """Refuse (501) every query option but these, given in lower case; `$format=json` is always taken, being what is answered anyway."""
    for name in call.query:
        if name == "$format" and call.query[name].lower() in ("json", "application/json"):
            continue
        if name not in options:
            raise Fault(501, "notImplemented", f"The query option '{name}' is not implemented in this sandbox.")


@dataclass(frozen=True)
class Preferences:
    """What the Prefer header asks for; `applied` confirms it to the caller.

    The `zone` of times, bodies as plain text, `page_size`, and ids of Outlook's items in the immutable form.
    """

    zone: str = "UTC"
    plain_text: bool = False
    page_size: int | None = None
    applied: str = ""
    immutable_ids: bool = False


def preferences(call: Call) -> Preferences:
    """Read the Prefer header; 501 for a preference this sandbox does not know, 400 for a value that makes no sense."""
    asked = call.preferences()
    for name in asked:
        if name not in ("outlook.timezone", "outlook.body-content-type", "odata.maxpagesize", "idtype", *INERT_PREFERENCES):
            raise Fault(501, "notImplemented", f"The preference '{name}' is not implemented in this sandbox.")
    applied: list[str] = []
    zone = asked.get("outlook.timezone")
    if zone is not None:
        zones.zone(zone)
        applied.append(f'outlook.timezone="{zone}"')
    body = asked.get("outlook.body-content-type", "html").lower()
    if body not in ("text", "html"):
        raise Fault(400, "ErrorInvalidParameter", f"The preference outlook.body-content-type is '{body}', neither text nor html.")
    if "outlook.body-content-type" in asked:
        applied.append(f'outlook.body-content-type="{body}"')
    if asked.get("idtype", "ImmutableId") != "ImmutableId":
        raise Fault(400, "ErrorInvalidParameter", f"The value '{asked['idtype']}' of the preference IdType is not ImmutableId.")
    if "idtype" in asked:
        applied.append('IdType="ImmutableId"')
    size = asked.get("odata.maxpagesize")
    page_size = None if size is None else min(whole("odata.maxpagesize", size, 1), OUTLOOK.largest_page)
    return Preferences(zone or "UTC", body == "text", page_size, ", ".join(applied), "idtype" in asked)


def service_root(call: Call) -> str:
    """Where the version of Graph that was asked is rooted: `https://host:port/v1.0`."""
    version = "beta" if urlsplit(call.request.url).path.lower().startswith("/beta/") else "v1.0"
    return f"{call.root}/{version}"


@dataclass(frozen=True)
class Page:
    """Where a page begins and ends in the whole list, and the link to the next one ("" for the last)."""

    first: int
    last: int
    next_link: str = ""


def page(call: Call, total: int, size: int | None = None, *, repeat_last: bool = False, service: Service = OUTLOOK) -> Page:
    """The page asked for by $top, $skip (or $skiptoken) and a preferred size, as the service cuts lists.

    `repeat_last` plays a known quirk of Outlook: the last item of a page comes again as the first of the next one
    (microsoft-graph-docs-contrib issue 2285).
    """
    size = size or service.page_size
    if "$top" in call.query:
        size = whole("$top", call.query["$top"], 1)
        if size > service.largest_page:
            raise service.wrong_size(call.query["$top"])
    first = _after(call) if service.by_token else whole("$skip", call.query.get("$skip", "0"), 0)
    last = min(first + size, total)
    if last >= total:
        return Page(first, last)
    begin = last - 1 if repeat_last and size > 1 else last
    if service.by_token:
        return Page(first, last, _link(call, "$skiptoken", base64.urlsafe_b64encode(f"{TOKEN_MARK}{begin}".encode()).decode()))
    return Page(first, last, _link(call, "$skip", str(begin)))


TOKEN_MARK = "page:"


def _after(call: Call) -> int:
    """Where the page that a $skiptoken stands for begins."""
    token = call.query.get("$skiptoken")
    if token is None:
        return 0
    try:
        mark, _, number = base64.urlsafe_b64decode(token.encode()).decode().partition(TOKEN_MARK)
    except (binascii.Error, ValueError):
        mark, number = "?", ""
    if mark or not number.isdecimal() or len(number) > MOST_DIGITS:
        message = "The specified page token value has expired and can no longer be included in your request."
        raise Fault(400, "Directory_ExpiredPageToken", message)
    return int(number)


def _link(call: Call, option: str, value: str) -> str:
    """The address of the request with one option changed, as a link to another page."""
    url = urlsplit(call.request.url)
    options = [(name, text) for name, text in parse_qsl(url.query, keep_blank_values=True) if name.lower() != option]
    return f"{call.root}{url.path}?{urlencode([*options, (option, value)], quote_via=quote)}"


def collection(
    call: Call, context: str, values: Sequence[Any], total: int, cut: Page, applied: str = "", service: Service = OUTLOOK
) -> Response:
    """Answer one page of a list; `context` is the fragment of its metadata URL, `total` what `$count=true` tells."""
    if call.query.get("$count", "false").lower() not in ("true", "false"):
        needed = "The $count query option requires a value of 'true' or 'false'."
        raise Fault(400, "BadRequest", f"Invalid value '{call.query['$count']}' for $count query option found. {needed}")
    body: Json = {"@odata.context": f"{service_root(call)}/$metadata#{context}"}
    if service.counts(call):
        body["@odata.count"] = total
    body["value"] = values
    if cut.next_link:
        body["@odata.nextLink"] = cut.next_link
    return answer(call, 200, body, applied)


def entity(call: Call, status: int, context: str, value: Json, applied: str = "") -> Response:
    """Answer one thing."""
    return answer(call, status, {"@odata.context": f"{service_root(call)}/$metadata#{context}/$entity", **value}, applied)


def answer(call: Call, status: int, body: Json, applied: str = "") -> Response:
    """A JSON answer, without OData's annotations (the link to the next page excepted) where `odata.metadata=none` is accepted."""
    if "odata.metadata=none" in call.request.headers.get("accept", "").lower():
        body = _plain(body)
    return reply(status, body, {"preference-applied": applied} if applied else None)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items() if "@odata." not in k or k == "@odata.nextLink"}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return [_plain(item) for item in value] if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType]


def whole(name: str, text: str, least: int) -> int:
    """The whole number that an option is; 400 for any other text, or for less than the least."""
    if not (text.isascii() and text.isdecimal()) or len(text) > MOST_DIGITS or int(text) < least:
        needed = f"The {name} query option requires a {'positive' if least else 'non-negative'} integer value."
        raise Fault(400, "BadRequest", f"Invalid value '{text}' for {name} query option found. {needed}")
    return int(text)
