"""daypass's sign-in for Azure's and Microsoft Graph's own SDKs: an object of the shape they call a TokenCredential.

    from msgraph import GraphServiceClient
    from daypass.azure import Credential

    graph = GraphServiceClient(Credential())       # signed in by `daypass login`

Nothing of those SDKs is imported: the shape is a protocol (azure-core: TokenCredential, SupportsTokenInfo).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .app import App, load
from .wire import Access

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from .config import Settings


class AccessToken(NamedTuple):
    """A token and when it ends, in whole seconds since the epoch."""

    token: str
    expires_on: int


class TokenInfo(NamedTuple):
    """The same, with what newer SDKs ask for (azure-core: AccessTokenInfo)."""

    token: str
    expires_on: int
    token_type: str = "Bearer"
    refresh_on: int | None = None


class Credential:
    """Gives SDKs the access tokens of a sign-in that was made with `daypass login`; nobody is ever asked anything.

    `settings` default to `daypass.load()`. Raises SignInRequired while nobody is signed in, ConsentRequired for permissions that were not
    granted, and ConfigError when the settings are not fit for use.
    """

    def __init__(self, settings: Settings | None = None, environ: Mapping[str, str] = os.environ) -> None:
        self._app = App(settings or load(environ=environ), environ)

    def get_token(self, *scopes: str, claims: str | None = None, **_: Any) -> AccessToken:
        """A token for these scopes of Graph; `.default` stands for all that was granted. `claims` is a challenge to answer (JSON text)."""
        named = tuple(name for scope in scopes if (name := scope.rpartition("/")[2]) != ".default")
        wanted = named or tuple(sorted(self._app.credentials.standing().granted))
        secret = self._app.token(Access(wanted, claims=claims or ""))
        return AccessToken(secret, int(self._app.credentials.expiry(secret)))

    def get_token_info(self, *scopes: str, options: Mapping[str, Any] | None = None) -> TokenInfo:
        """The same for newer SDKs; `options` may hold `claims`."""
        return TokenInfo(*self.get_token(*scopes, claims=(options or {}).get("claims")))

    def close(self) -> None:
        """Close the connections."""
        self._app.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
