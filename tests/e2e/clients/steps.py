"""What the programs that sign in have in common: their steps are tried one by one, the tenant is steered, and Graph asked who one is."""

from __future__ import annotations

import base64
import json
import os
import ssl
import sys
import time
import traceback
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

GRAPH = os.environ.get("GRAPH_ROOT", "")
MEGAN = "megan@contoso.example"
CONTEXT = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
E = TypeVar("E", bound=Exception)


class Refused(Exception):
    """An answer that is none: its headers, and what it says."""

    def __init__(self, status: int, headers: Mapping[str, str], told: str) -> None:
        super().__init__(f"{status} {told}")
        self.headers = headers


def run(program: Mapping[str, Any]) -> None:
    """Take the steps that the command line names; for each, print a line of JSON: its name, and what went wrong ("" for nothing)."""
    for name in sys.argv[1:]:
        try:
            program[name]()
            wrong = ""
        except Exception:  # noqa: BLE001 - whatever it was, the test is told
            wrong = traceback.format_exc()
        print(json.dumps([name, wrong]), flush=True)


def control(path: str, **said: object) -> Any:
    """Steer the tenant."""
    return _call("POST", f"{os.environ['CONTROL']}/{path}", json.dumps(said).encode(), urllib.request.ProxyHandler({}))


def approve(user_code: str) -> None:
    """What Megan does at her second screen."""
    control("approve", user_code=user_code, user="megan")


def ask(path: str, token: str) -> Any:
    """What Graph answers."""
    return _call("GET", GRAPH + path, None, urllib.request.ProxyHandler(), Authorization=f"Bearer {token}")


def is_megans(token: str) -> None:
    """Graph takes the token for hers."""
    assert ask("/me", token)["userPrincipalName"] == MEGAN


def is_the_apps(token: str) -> None:
    """Graph takes the token for that of an app alone, which may read who there is."""
    assert MEGAN in [user["userPrincipalName"] for user in ask("/users?$top=50", token)["value"]]


def assertion() -> str:
    """What the app says of itself, signed with the key of its certificate (RFC 7523, section 3)."""
    import jwt

    app, now = os.environ["APP_ID"], int(time.time())
    endpoint = f"{os.environ['AUTHORITY']}/{os.environ['TENANT_ID']}/oauth2/v2.0/token"
    claims = {"iss": app, "sub": app, "aud": endpoint, "jti": uuid.uuid4().hex, "nbf": now, "exp": now + 300}
    x5t = base64.urlsafe_b64encode(bytes.fromhex(os.environ["THUMBPRINT"])).decode().rstrip("=")
    with open(os.environ["KEY_FILE"]) as key:
        return jwt.encode(claims, key.read(), "RS256", {"x5t": x5t})


def challenge_to(token: str) -> str:
    """The claims that Graph asks for in place of a token that was revoked."""
    told = refusal(Refused, lambda: ask("/me", token)).headers["WWW-Authenticate"]
    assert 'error="insufficient_claims"' in told, told
    return base64.b64decode(told.partition('claims="')[2].partition('"')[0]).decode()


def refusal(kind: type[E], attempt: Callable[[], object]) -> E:
    """What an attempt is refused with."""
    try:
        attempt()
    except kind as refused:
        return refused
    raise AssertionError("it was not refused")


def _call(method: str, url: str, body: bytes | None, proxies: urllib.request.ProxyHandler, **headers: str) -> Any:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers}, method=method)
    opener = urllib.request.build_opener(proxies, urllib.request.HTTPSHandler(context=CONTEXT))
    try:
        with opener.open(request, timeout=20) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            raise Refused(refusal.code, refusal.headers, refusal.read().decode()) from None
