"""Scopes as clients ask for them, and as the token endpoint must echo them.

The resource is the prefix of a scope ("Scopes and permissions in the Microsoft identity platform", Microsoft Learn). The
answer repeats the spelling of the question: short names for short names, the same prefix for qualified ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .graph_api import GRAPH_APP_ID, GRAPH_URL, OPENID, SCOPE, unpublished
from .refusals import INVALID_SCOPE, MISSING_PARAMETER, SEVERAL_RESOURCES, UNKNOWN_SCOPE, Refusal

DEFAULT = ".default"


@dataclass(frozen=True)
class Scopes:
    """One question: `prefix` of its resource ("" for Graph's short names), its `names`, and which of OpenID's scopes it holds."""

    prefix: str
    names: tuple[str, ...]
    openid: tuple[str, ...]

    @property
    def audience(self) -> str:
        """The `aud` of an access token for this resource."""
        return self.prefix.rstrip("/") if self.prefix else GRAPH_APP_ID

    @property
    def resource(self) -> str:
        """The service these permissions belong to: one name for Graph, however it was spelt."""
        return GRAPH_APP_ID if self.audience in (GRAPH_APP_ID, GRAPH_URL) else self.audience

    @property
    def wants_default(self) -> bool:
        """Whether it asks for all that the app's registration lists."""
        return DEFAULT in self.names

    def echo(self, granted: Iterable[str]) -> str:
        """The `scope` of the answer: what was granted, spelt as it was asked; offline_access is never repeated."""
        identity = [name for name in OPENID if name in self.openid and name != "offline_access"]
        default = [f"{self.prefix}{DEFAULT}"] if self.wants_default else []
        return " ".join([*identity, *default, *(f"{self.prefix}{name}" for name in granted)])


def parse_scopes(text: str) -> Scopes:
    """The scopes of a request; Refusal when there are none.

    Also when they belong to two resources, Graph has none of such a name, or `.default` stands beside others.
    """
    if not text.split():
        raise Refusal(MISSING_PARAMETER, parameter="scope")
    asked = [scope for scope in dict.fromkeys(text.split()) if scope.lower() not in OPENID]
    openid = tuple(scope.lower() for scope in text.split() if scope.lower() in OPENID)
    parts = [scope.rpartition("/") for scope in asked]
    prefixes = {head + slash for head, slash, _ in parts}
    names = tuple(name for _, _, name in parts)
    if len(prefixes) > 1:
        raise Refusal(SEVERAL_RESOURCES)
    if DEFAULT in names and len(names) > 1:
        raise Refusal(INVALID_SCOPE, why="The .default scope can't be combined with resource-specific scopes.")
    scopes = Scopes(prefixes.pop() if prefixes else "", names, openid)
    unknown = [name for name in names if name != DEFAULT and unpublished((name,), SCOPE)]
    if unknown and scopes.resource == GRAPH_APP_ID:
        raise Refusal(UNKNOWN_SCOPE, scope=unknown[0], resource=GRAPH_APP_ID)
    return scopes
