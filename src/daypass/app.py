"""Where the parts are joined, and nowhere else: settings become a vault, a transport, credentials and clients."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload
from urllib.parse import urlsplit

from . import client, config
from .auth.forecast import FREQUENCY_CODES
from .auth.tokens import LEEWAY_SECONDS
from .credentials import Credentials
from .errors import AuthError
from .graph import operations
from .keys import Keys, systemd_key
from .private import JsonFile
from .profiles import Profiles
from .vault import Vault

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from .model.event import User
    from .wire import Access, Flow, Request, Response

P = ParamSpec("P")
T = TypeVar("T")


def load(
    flags: Mapping[str, str | None] | None = None, environ: Mapping[str, str] = os.environ, folder: str = "", *, new: bool = False
) -> config.Settings:
    """The settings, those of the profile in use among them; see `config.load`.

    `flags` are settings by name that stand above all others, `folder` is where `.env` is looked for (default: the working folder). Raises
    ConfigError, and UsageError for a profile that was named and is not there, unless it may be a `new` one.
    """
    return config.load(flags, environ, folder, profiles_in=profiles_in, new=new)


def profiles_in(folder: str) -> Profiles:
    """The profiles of a state folder; "" for none, which keeps them in memory."""
    return Profiles(JsonFile(os.path.join(folder, "profiles.json") if folder else ""), lambda: os.urandom(8).hex())


class App:
    """The parts of daypass as the settings say, each made when it is first needed.

    `warn` is told, in a sentence, what the user should know (a store set aside, tokens kept in memory only); `ask` gives the passphrase
    that seals the store, if one does and somebody is there.
    """

    def __init__(
        self,
        settings: config.Settings,
        environ: Mapping[str, str] = os.environ,
        warn: Callable[[str], object] = lambda text: None,
        ask: Callable[[], str] | None = None,
    ) -> None:
        self.settings, self._environ, self._warn, self._ask = settings.checked(), environ, warn, ask
        if settings.storage != "disk" and not settings.folder:
            no_volume = f"No writable volume is mounted at {settings.state_dir}: t" if settings.storage == "volume" else "T"
            warn(f"{no_volume}he sign-in is kept in memory and ends with this command.")

    @cached_property
    def vault(self) -> Vault:
        """Where this identity's tokens rest."""
        return self.vault_of(self.settings)

    def vault_of(self, settings: config.Settings) -> Vault:
        """Where the tokens of an identity in the same folder rest."""
        return Vault(self.settings.folder, settings.identity, warn=self._warn, keys=self.keys)

    @cached_property
    def keys(self) -> Keys:
        """The keys that seal what is in the state folder."""
        said = self.settings
        key_file = said.key_file or systemd_key(self._environ)
        return Keys(said.folder, key_file, said.key_command, said.passphrase_file, said.key_keeper, self._ask)

    @cached_property
    def profiles(self) -> Profiles:
        """Which sign-ins there are, and what was learnt of their tenants."""
        return profiles_in(self.settings.folder)

    @cached_property
    def transport(self) -> client.Transport:
        """The way to the sign-in service and to Graph."""
        return client.Transport(self.settings.ca_file, self._environ)

    @cached_property
    def credentials(self) -> Credentials:
        """This identity's tokens."""
        return self.credentials_that_wait(time.sleep)

    def credentials_that_wait(self, sleep: Callable[[float], object]) -> Credentials:
        """This identity's tokens, with another way to let time pass: one that heeds what somebody types."""
        graph = urlsplit(self.settings.graph_root)
        return Credentials(
            self.settings.client_id,
            self.settings.signs_in_at,
            self.vault,
            self._send,
            sleep=sleep,
            resource=f"{graph.scheme}://{graph.netloc}",
            send_local=client.send_local,
        )

    def token(self, access: Access, least_seconds: float = LEEWAY_SECONDS) -> str:
        """An access token, as `Credentials.token` gives it; what a refusal teaches of the tenant is remembered."""
        try:
            return self.credentials.token(access, least_seconds)
        except AuthError as error:
            if error.code in FREQUENCY_CODES:
                tenant, lasted = self.settings.signs_in_at.url, time.time() - self.credentials.standing().signed_in_at
                self.profiles.learn(tenant, self.profiles.habits(tenant).replace(lasts_seconds=lasted))
            raise

    def whose(self, token: str) -> User:
        """Whose access token this is, as Graph says; raises Unauthorized and other errors of Graph's when it is none of anybody's."""
        return client.Client(self.settings.graph_root, lambda access: token, self.transport).run(operations.me())

    def close(self) -> None:
        """Close the connections, if any were made."""
        if "transport" in self.__dict__:
            self.transport.close()

    def _send(self, request: Request) -> Response:
        return self.transport.send(request)


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
        settings: config.Settings | None = None,
        environ: Mapping[str, str] = os.environ,
        app: App | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        app = app or App(settings or load(environ=environ), environ)
        super().__init__(app.settings.graph_root, app.token, app.transport, sleep, app.settings.mailbox)


class AsyncClient(client.AsyncClient, Operations):
    """Microsoft 365 for asyncio, signed in as the settings say; otherwise as `Client`."""

    def __init__(self, settings: config.Settings | None = None, environ: Mapping[str, str] = os.environ) -> None:
        self._app = App(settings or load(environ=environ), environ)
        settings = self._app.settings
        super().__init__(settings.graph_root, self._app.token, settings.ca_file, environ, mailbox=settings.mailbox)

    async def close(self) -> None:
        """Close the connections, those that renewed the sign-in too."""
        await super().close()
        self._app.close()
