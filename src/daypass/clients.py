"""The clients that people use: Graph's operations under their own names, signed in as the settings say."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from . import client
from .app import App, load
from .graph import operations

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from .config import Settings
    from .wire import Flow

P = ParamSpec("P")
T = TypeVar("T")


class _Operation(Generic[P, T]):
    """A Graph operation as a method: it runs at once on a Client, and is awaited on an AsyncClient."""

    def __init__(self, flow: Callable[P, Flow[T]]) -> None:
        self._flow, self.__doc__, self.__wrapped__ = flow, flow.__doc__, flow

    @overload
    def __get__(self, owner: None, kind: type[Any]) -> _Operation[P, T]: ...
    @overload
    def __get__(self, owner: Client, kind: type[Any]) -> Callable[P, T]: ...
    @overload
    def __get__(self, owner: AsyncClient, kind: type[Any]) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, owner: Client | AsyncClient | None, kind: type[Any]) -> Any:
        if owner is None:
            return self

        def method(*args: P.args, **kwargs: P.kwargs) -> Any:
            return owner.run(self._flow(*args, **kwargs))

        method.__doc__, method.__wrapped__ = self.__doc__, self._flow  # pyright: ignore[reportFunctionMemberAccess]
        return method


class Operations:
    """Graph's operations under their own names, the same on both clients; each is written once, as a flow."""

    me = _Operation(operations.me)
    calendar_view = _Operation(operations.calendar_view)
    get_event = _Operation(operations.get_event)
    create_event = _Operation(operations.create_event)
    revoke_sessions = _Operation(operations.revoke_sessions)


class Client(client.Client, Operations):
    """Microsoft 365 through a blocking connection, signed in as the settings say.

    `settings` default to `daypass.load()`; `app` takes parts already joined instead; `sleep` lets the time of a wait pass.
    Raises ConfigError when the settings are not fit for use, and SignInRequired from any operation while nobody is signed
    in (`daypass login`).
    """

    def __init__(
        self,
        settings: Settings | None = None,
        environ: Mapping[str, str] = os.environ,
        app: App | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        app = app or App(settings or load(environ=environ), environ)
        super().__init__(app.settings.graph_root, app.token, app.transport, sleep, app.settings.mailbox)


class AsyncClient(client.AsyncClient, Operations):
    """Microsoft 365 for asyncio, signed in as the settings say; otherwise as `Client`."""

    def __init__(self, settings: Settings | None = None, environ: Mapping[str, str] = os.environ) -> None:
        self._app = App(settings or load(environ=environ), environ)
        settings = self._app.settings
        super().__init__(settings.graph_root, self._app.token, settings.ca_file, environ, mailbox=settings.mailbox)

    async def close(self) -> None:
        """Close the connections, those that renewed the sign-in too."""
        await super().close()
        self._app.close()
