"""What lets a page of another origin call the tenant from a browser (CORS): single-page apps sign in and use Graph that way.

All of Graph is open to them, and of sign-in what needs no cookie: discovery, keys, tokens, `userinfo`. The headers are those that Graph was
seen to send (microsoft-graph-docs, api/profilephoto-get, has the older ones); a token is needed all the same. The control plane is closed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from daypass.wire import Flow, Response

from .routes import Call

_SIGN_IN = re.compile(
    r"/(?:[^/]+/)?(?:v2\.0/)?\.well-known/openid-configuration|/(?:[^/]+/)?discovery/.+|/[^/]+/oauth2/(?:v2\.0/)?token|/oidc/userinfo",
    re.IGNORECASE,
)
_EXPOSED = (
    "ETag, Location, Preference-Applied, Content-Range, request-id, client-request-id, ReadWriteConsistencyToken, Retry-After, SdkVersion, "
    "WWW-Authenticate, x-ms-client-gcc-tenant, X-Planner-Operationid, x-ms-permissions-recommendations"
)
_OPEN = {"access-control-allow-origin": "*", "access-control-expose-headers": _EXPOSED}
REMEMBERED_SECONDS = 600


async def answered(call: Call, door: Callable[[Call], Flow[Response]], *, graph: bool) -> Response:
    """The door's answer as browsers may show it to another origin, or the answer to their question before the request."""
    asked = call.request.headers
    if "origin" not in asked or not (graph or _SIGN_IN.fullmatch(urlsplit(call.request.url).path)):
        return await door(call)
    if call.request.method == "OPTIONS" and "access-control-request-method" in asked:
        allowed = {
            "access-control-allow-origin": "*",
            "access-control-allow-methods": asked["access-control-request-method"],
            "access-control-allow-headers": asked.get("access-control-request-headers", "*"),
            "access-control-max-age": str(REMEMBERED_SECONDS),
        }
        return Response(200, allowed)
    answer = await door(call)
    return answer.replace(headers={**answer.headers, **_OPEN})
