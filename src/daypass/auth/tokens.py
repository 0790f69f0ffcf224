"""Which kept token serves which need. Reads MSAL's cache format (its `AccessToken`, `IdToken` and `Account` entries) as data.

This is what lets a command with a valid token run without loading MSAL at all.
"""

from __future__ import annotations

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
    """A kept access token; times are seconds since the epoch, `refresh_on` 0 where the service did not say when to renew it."""

    secret: str
    scopes: frozenset[str]
    expires_on: float
    refresh_on: float = 0.0


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


def pick(cache: Cache, needed: tuple[str, ...], now: float, least_seconds: float = LEEWAY_SECONDS) -> AccessToken | None:
    """The kept token that is enough for `needed`, lasts for `least_seconds` and longest, or None; `now` is seconds since the epoch.

    An app's own token carries what it was assigned, whatever is needed; its scope ends in `.default`, a managed identity's in none.
    """
    usable = (
        token
        for token in access_tokens(cache)
        if token.expires_on - now > least_seconds and (covers(token.scopes, needed) or _is_apps(token))
    )
    return max(usable, key=lambda token: token.expires_on, default=None)


def _is_apps(token: AccessToken) -> bool:
    return any((scope.startswith("https://") and scope.count("/") < 3) or scope.endswith("/.default") for scope in token.scopes)


def access_tokens(cache: Cache) -> list[AccessToken]:
    """Every access token kept, expired or not; malformed entries are passed over, ends out of all reason brought within it."""
    found: list[AccessToken] = []
    for entry in _entries(cache, "AccessToken"):
        try:
            expires_on, refresh_on = float(entry["expires_on"]), float(entry.get("refresh_on") or 0)
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        if str(entry.get("token_type", "Bearer")).lower() == "bearer":
            scopes = frozenset(str(entry.get("target", "")).split())
            ends = min(max(0.0, expires_on), LATEST_END)
            found.append(AccessToken(str(entry.get("secret", "")), scopes, ends, max(0.0, refresh_on)))
    return found


def granted_scopes(cache: Cache) -> frozenset[str]:
    """The permissions granted so far, by bare name, without OpenID's own; of an app on its own those that its token says it has."""
    kept = access_tokens(cache)
    roles = {str(role) for token in kept if _is_apps(token) for role in _listed(id_claims(token.secret).get("roles"))}
    scopes = {short(scope) for token in kept if not _is_apps(token) for scope in token.scopes}
    return frozenset(scopes | roles) - PROTOCOL_SCOPES


def _listed(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def account(cache: Cache) -> Account | None:
    """Who is signed in, or None."""
    entry = next(iter(_entries(cache, "Account")), None)
    if entry is None:
        return None
    home = str(entry.get("home_account_id", ""))
    claims = id_claims(next((str(token.get("secret")) for token in _entries(cache, "IdToken") if token.get("home_account_id") == home), ""))
    username = str(entry.get("username") or claims.get("preferred_username") or "")
    name = str(claims.get("name") or entry.get("name") or username)
    return Account(home, username, name, str(claims.get("tid") or entry.get("realm") or ""))


def cache_of(secret: str, who: Account, scopes: list[str], expires_on: float, now: float) -> dict[str, Any]:
    """A cache that holds one access token and whose it is, as MSAL would have written it; times are seconds since the epoch."""
    access = {
        "secret": secret,
        "target": " ".join(scopes),
        "token_type": "Bearer",
        "expires_on": str(int(expires_on)),
        "cached_at": str(int(now)),
    }
    person = {"home_account_id": who.home_account_id, "username": who.username, "realm": who.tenant_id, "name": who.name}
    return {"AccessToken": {"given": access}, "Account": {"given": person}}


def id_claims(id_token: str) -> dict[str, Any]:
    """The claims of an ID token, unverified, {} if it is none: it came straight from the token endpoint over TLS (OIDC Core 3.1.3.7)."""
    import base64

    body = id_token.split(".")[1] if id_token.count(".") == 2 else ""
    try:
        claims: Any = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)) or b"{}")
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", claims) if isinstance(claims, dict) else {}


def id_token(cache: Cache) -> str:
    """The ID token of whoever is signed in, "" when there is none."""
    return next((str(entry.get("secret") or "") for entry in _entries(cache, "IdToken")), "")


def renewed_at(cache: Cache) -> float:
    """When the newest access token came, and with it the refresh token (seconds since the epoch); 0 when that is not known."""
    return max((_seconds(entry.get("cached_at")) for entry in _entries(cache, "AccessToken")), default=0.0)


def _seconds(value: Any) -> float:
    try:
        return min(max(0.0, float(value)), LATEST_END)
    except (TypeError, ValueError, OverflowError):
        return 0.0


def has_refresh_token(cache: Cache) -> bool:
    """Whether the sign-in can be renewed without a person."""
    return any(entry.get("secret") for entry in _entries(cache, "RefreshToken"))


def _entries(cache: Cache, kind: str) -> list[dict[str, Any]]:
    section: Any = cache.get(kind)
    if not isinstance(section, dict):
        return []
    return [cast("dict[str, Any]", entry) for entry in cast("dict[str, Any]", section).values() if isinstance(entry, dict)]


def merged(theirs: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    """Two states of one account: of each entry of the cache the one that came last stays (MSAL: `cached_at`, `last_modification_time`)."""
    cache: dict[str, dict[str, Any]] = {kind: dict(entries) for kind, entries in theirs.get("cache", {}).items()}
    for kind, entries in ours.get("cache", {}).items():
        for key, entry in entries.items():
            other = cache.setdefault(kind, {}).get(key)
            if other is None or _moment(entry) >= _moment(other):
                cache[kind][key] = entry
    return {**theirs, **ours, **({"cache": cache} if cache else {})}


def _moment(entry: dict[str, Any]) -> float:
    return _seconds(entry.get("cached_at") or entry.get("last_modification_time"))
