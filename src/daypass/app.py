"""Where the parts are joined, and nowhere else: settings become a vault, a transport, credentials and clients."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from . import config
from .auth.forecast import FREQUENCY_CODES
from .auth.tokens import LEEWAY_SECONDS
from .credentials import Credentials
from .errors import AuthError
from .keys import Keys, systemd_key
from .private import JsonFile
from .profiles import Profiles
from .vault import Vault

if TYPE_CHECKING:
    from .client import Transport
    from .model.event import User
    from .wire import Access, Request, Response


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
    def transport(self) -> Transport:
        """The way to the sign-in service and to Graph; loaded only when somebody must be asked."""
        from .client import Transport

        return Transport(self.settings.ca_file, self._environ)

    @cached_property
    def credentials(self) -> Credentials:
        """This identity's tokens."""
        return self.credentials_that_wait(time.sleep)

    def credentials_that_wait(self, sleep: Callable[[float], object]) -> Credentials:
        """This identity's tokens, with another way to let time pass: one that heeds what somebody types."""
        return Credentials(
            self.settings.client_id,
            self.settings.signs_in_at,
            self.vault,
            self._send,
            sleep=sleep,
            resource="/".join(self.settings.graph_root.split("/")[:3]),
            send_local=_send_local,
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
        from .client import Client
        from .graph.operations import me

        return Client(self.settings.graph_root, lambda access: token, self.transport).run(me())

    def close(self) -> None:
        """Close the connections, if any were made."""
        if "transport" in self.__dict__:
            self.transport.close()

    def _send(self, request: Request) -> Response:
        return self.transport.send(request)


def _send_local(request: Request) -> Response:
    from .client import send_local

    return send_local(request)
