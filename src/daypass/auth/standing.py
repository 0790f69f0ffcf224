"""How a sign-in stands, read from what is kept of it: no request, no file, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from ..errors import AuthError
from ..value import Value
from . import tokens
from .authorities import Authority

# What the vault holds for an identity: `cache` (MSAL's), `method`, `signed_in_at`, `asked` (permissions), `renewable`, `credential` (where
# an app's proof is), `documents` with `documents_at`, and of the last renewal that failed `last_error`, `failed_at`. Times: epoch seconds.
State: TypeAlias = dict[str, Any]


class Failure(Value):
    """What kept a sign-in from being renewed, last time: OAuth's words, the AADSTS number (0: none), and when (epoch seconds)."""

    message: str
    error: str = ""
    suberror: str = ""
    code: int = 0
    correlation_id: str = ""
    timestamp: str = ""
    failed_at: float = 0.0


class Standing(Value):
    """How an identity stands, told from the vault alone; times are seconds since the epoch, 0 where there is none.

    `asked` are the permissions that were asked for at sign-in, `granted` those that tokens carry. `renewed_at` is when the newest token
    came; `renewable` whether another can come without a person.
    """

    account: tokens.Account | None
    method: str
    signed_in_at: float
    asked: frozenset[str]
    granted: frozenset[str]
    expires_on: float
    renewed_at: float
    renewable: bool
    failure: Failure | None


def of(state: Mapping[str, Any], client_id: str, authority: Authority) -> Standing:
    """How the sign-in stands whose state this is."""
    cache: dict[str, Any] = state.get("cache", {})
    refused: dict[str, Any] | None = state.get("last_error")
    kept = tokens.access_tokens(cache)
    return Standing(
        account=who(state, client_id, authority),
        method=str(state.get("method") or ""),
        signed_in_at=state.get("signed_in_at", 0.0),
        asked=frozenset(state.get("asked", ())),
        granted=tokens.granted_scopes(cache),
        expires_on=max((token.expires_on for token in kept), default=0.0),
        renewed_at=tokens.renewed_at(cache),
        renewable=bool(state.get("credential")) or (tokens.has_refresh_token(cache) and state.get("renewable", True)),
        failure=Failure(**refused, failed_at=state.get("failed_at", 0.0)) if refused else None,
    )


def who(state: Mapping[str, Any], client_id: str, authority: Authority) -> tokens.Account | None:
    """Whose state this is: a person, or the app itself; None for nobody's."""
    if state.get("credential") and state.get("cache"):
        return tokens.Account("", client_id, "the app itself", authority.url.rpartition("/")[2])
    return tokens.account(state.get("cache", {}))


def somebody(state: Mapping[str, Any]) -> bool:
    """Whether anybody is signed in."""
    return bool(state.get("credential")) or tokens.account(state.get("cache", {})) is not None


def told(failure: AuthError) -> dict[str, Any]:
    """A refusal as it is kept; `Failure` is made of it."""
    names = ("error", "suberror", "code", "correlation_id", "timestamp")
    return {"message": str(failure), **{name: getattr(failure, name) for name in names}}
