"""Where the parts are joined, and nowhere else: settings become a vault, a transport, credentials and clients."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from . import client, config
from .credentials import Credentials
from .graph import operations
from .vault import Vault

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from .wire import Flow, Request, Response

P = ParamSpec("P")
T = TypeVar("T")


class App:
    """The parts of daypass as the settings say, each made when it is first needed.

    `warn` is told, in a sentence, what the user should know (a store set aside, tokens kept in memory only).
    """

    def __init__(
        self, settings: config.Settings, environ: Mapping[str, str] = os.environ, warn: Callable[[str], object] = lambda text: None
    ) -> None:
        self.settings, self._environ, self._warn = settings.checked(), environ, warn

    @cached_property
    def vault(self) -> Vault:
        """Where this identity's tokens rest."""
        return Vault(self._state_folder(), self.settings.identity, self.settings.key_file, self._warn)

    @cached_property
    def transport(self) -> client.Transport:
        """The way to the sign-in service and to Graph."""
        return client.Transport(self.settings.ca_file, self._environ)

    @cached_property
    def credentials(self) -> Credentials:
        """This identity's tokens."""
        authority = self.settings.authority
        hosts = login_hosts(authority.partition("://")[2].lower())
        return Credentials(self.settings.client_id, f"{authority}/{self.settings.tenant_id}", self.vault, self._send, login_hosts=hosts)

    def close(self) -> None:
        """Close the connections, if any were made."""
        if "transport" in self.__dict__:
            self.transport.close()

    def _send(self, request: Request) -> Response:
        return self.transport.send(request)

    def _state_folder(self) -> str:
        folder = self.settings.state_dir
        if self.settings.storage == "disk":
            return folder
        if self.settings.storage == "volume":
            if _is_mounted(folder) and os.access(folder, os.W_OK | os.X_OK):
                return _place_on(folder)
            self._warn(f"No writable volume is mounted at {folder}: the sign-in is kept in memory and ends with this command.")
        else:
            self._warn("The sign-in is kept in memory and ends with this command.")
        return ""


def login_hosts(host: str) -> frozenset[str]:
    """All names of the sign-in service that a host belongs to: those of its cloud; none but its own where it is no cloud's."""
    return frozenset(other for other, graphs in config.CLOUDS.items() if graphs == config.CLOUDS.get(host)) | {host}


def _is_mounted(folder: str) -> bool:
    """Whether a volume is mounted at the folder; a bind mount of the same file system shows in the kernel's list alone."""
    if os.path.ismount(folder):
        return True
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:
            return any(line.split()[4].replace("\\040", " ") == folder for line in mounts)
    except (OSError, IndexError):
        return False


def _place_on(volume: str) -> str:
    """The volume itself if it is ours, else a folder of ours on it: many volumes are root's, for everybody or a group to write."""
    found = os.stat(volume)
    ours = found.st_uid == os.geteuid() and not found.st_mode & stat.S_ISVTX
    return volume if ours else os.path.join(volume, f"daypass-{os.geteuid()}")


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


class Client(client.Client, Operations):
    """Microsoft 365 through a blocking connection, signed in as the settings say.

    `settings` default to `daypass.load()`; `app` takes parts already joined instead; `sleep` lets the time of a wait pass.
    Raises ConfigError when the settings are not fit for use, and SignInRequired from any operation while nobody is signed
    in (`daypass login`).
    """

    def __init__(
        self,
        settings: config.Settings | None = None,
        environ: Mapping[str, str] = os.environ,
        app: App | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        app = app or App(settings or config.load(environ=environ), environ)
        super().__init__(app.settings.graph_root, app.credentials.token, app.transport, sleep)


class AsyncClient(client.AsyncClient, Operations):
    """Microsoft 365 for asyncio, signed in as the settings say; otherwise as `Client`."""

    def __init__(self, settings: config.Settings | None = None, environ: Mapping[str, str] = os.environ) -> None:
        self._app = App(settings or config.load(environ=environ), environ)
        super().__init__(self._app.settings.graph_root, self._app.credentials.token, self._app.settings.ca_file, environ)

    async def close(self) -> None:
        """Close the connections, those that renewed the sign-in too."""
        await super().close()
        self._app.close()
