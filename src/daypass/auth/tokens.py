"""Which kept token serves which need. Reads MSAL's cache format (its `AccessToken`, `IdToken` and `Account` entries) as data.

This is what lets a command with a valid token run without loading MSAL at all.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from ..value import Value

# A token with less left than this counts as expired, here as in MSAL (application.py), so that both always agree.
LEEWAY_SECONDS = 300

LATEST_END = 7_258_118_400.0  # 2200-01-01: an end beyond it is a service's slip, and more than some calendars can show

# Each permission gives all that stands to its right (Graph permissions reference: Calendars.*).
IMPLIED: Mapping[str, tuple[str, ...]] = {
    "calendars.readwrite": ("calendars.read", "calendars.readbasic"),
    "calendars.read": ("calendars.readbasic",),
}

# OpenID's own scopes: asked for by MSAL itself, never echoed reliably, no permission at Graph.
PROTOCOL_SCOPES = frozenset({"openid", "profile", "offline_access", "email"})

Cache = Mapping[str, Any]


class AccessToken(Value):
    """A kept access token; times are seconds since the epoch."""

    secret: str
    scopes: frozenset[str]
    expires_on: float


class Account(Value):
    """The signed-in identity, as the ID token named it; it is for display, and not a proof of anything."""

    home_account_id: str
    username: str
    name: str
    tenant_id: str


def short(scope: str) -> str:
    """A permission's bare name: `https://graph.microsoft.com/Calendars.Read` and `Calendars.Read` are one."""
    return scope.rsplit("/", 1)[-1]


def covers(granted: Iterable[str], needed: Iterable[str]) -> bool:
    """Whether granted permissions are enough, counting what a bigger one implies."""
    have = {short(scope).lower() for scope in granted}
    have |= {implied for scope in have for implied in IMPLIED.get(scope, ())}
    return {short(scope).lower() for scope in needed} <= have


def widened(granted: Iterable[str], needed: tuple[str, ...]) -> tuple[str, ...]:
    """The permissions to ask for silently: a granted bigger one stands in for each needed one it implies."""
    have = {short(scope).lower(): short(scope) for scope in granted}

    def granted_form(scope: str) -> str:
        bigger = next((big for big, small in IMPLIED.items() if scope.lower() in small and big in have), None)
        return have[bigger] if bigger else scope

    return tuple(dict.fromkeys(granted_form(scope) for scope in needed))


def pick(cache: Cache, needed: tuple[str, ...], now: float) -> AccessToken | None:
    """The kept token that is enough for `needed` and lasts longest, or None; `now` is seconds since the epoch."""
    usable = (token for token in access_tokens(cache) if token.expires_on - now > LEEWAY_SECONDS and covers(token.scopes, needed))
    return max(usable, key=lambda token: token.expires_on, default=None)


def access_tokens(cache: Cache) -> list[AccessToken]:
    """Every access token kept, expired or not; malformed entries are passed over, ends out of all reason brought within it."""
    found: list[AccessToken] = []
    for entry in _entries(cache, "AccessToken"):
        try:
            expires_on = float(entry["expires_on"])
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        if str(entry.get("token_type", "Bearer")).lower() == "bearer":
            scopes = frozenset(str(entry.get("target", "")).split())
            found.append(AccessToken(str(entry.get("secret", "")), scopes, min(max(0.0, expires_on), LATEST_END)))
    return found


def granted_scopes(cache: Cache) -> frozenset[str]:
    """The permissions granted so far, by bare name, without OpenID's own."""
    return frozenset(short(scope) for token in access_tokens(cache) for scope in token.scopes) - PROTOCOL_SCOPES


def account(cache: Cache) -> Account | None:
    """Who is signed in, or None."""
    entry = next(iter(_entries(cache, "Account")), None)
    if entry is None:
        return None
    home = str(entry.get("home_account_id", ""))
    claims = id_claims(next((str(token.get("secret")) for token in _entries(cache, "IdToken") if token.get("home_account_id") == home), ""))
    username = str(entry.get("username") or claims.get("preferred_username") or "")
    return Account(home, username, str(claims.get("name") or username), str(claims.get("tid") or entry.get("realm") or ""))


def id_claims(id_token: str) -> dict[str, Any]:
    """The claims of an ID token, unverified, {} if it is none: it came straight from the token endpoint over TLS (OIDC Core 3.1.3.7)."""
    body = id_token.split(".")[1] if id_token.count(".") == 2 else ""
    try:
        claims: Any = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)) or b"{}")
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", claims) if isinstance(claims, dict) else {}


def has_refresh_token(cache: Cache) -> bool:
    """Whether the sign-in can be renewed without a person."""
    return any(entry.get("secret") for entry in _entries(cache, "RefreshToken"))


def _entries(cache: Cache, kind: str) -> list[dict[str, Any]]:
    section: Any = cache.get(kind)
    if not isinstance(section, dict):
        return []
    return [cast("dict[str, Any]", entry) for entry in cast("dict[str, Any]", section).values() if isinstance(entry, dict)]
