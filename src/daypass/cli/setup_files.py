"""What `setup` reads and writes beside the network: the token on the standard input, a certificate, the two ids, a secret."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from ..config import ENVIRONMENT
from ..errors import ConfigError, StorageError, UsageError
from ..services.registration import read_certificate

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

LONGEST_INPUT = 1_000_000  # characters; a certificate or a token has some thousands
TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, section 2.1
TOKEN_SOURCE = "az account get-access-token --resource-type ms-graph | daypass setup --with-token"
SETTINGS = {names[-1]: names for names in (ENVIRONMENT["client_id"], ENVIRONMENT["tenant_id"])}


def token_from_stdin() -> str:
    """An access token from the standard input, alone or in the JSON that `az` prints; on a terminal it is asked for, unseen."""
    if sys.stdin.isatty():
        from getpass import getpass

        text = getpass("Access token for Microsoft Graph (it stays invisible): ")
    else:
        text = sys.stdin.read(LONGEST_INPUT)
    token = _bare(text.strip()).removeprefix("Bearer ").strip()
    if not TOKEN.fullmatch(token):
        raise UsageError("the standard input holds no access token", (TOKEN_SOURCE,))
    return token


def _bare(text: str) -> str:
    if text.startswith("{"):
        with suppress(ValueError, RecursionError):
            content: Any = json.loads(text)
            told = cast("Mapping[str, Any]", content)
            return str(told.get("accessToken") or told.get("access_token") or "")
    return text.strip('"')


def certificate_in(path: str) -> str:
    """The certificate of a PEM file, as Graph takes it; UsageError where there is none, or a private key beside it."""
    try:
        with open(path, encoding="ascii") as file:
            return read_certificate(file.read(LONGEST_INPUT))
    except OSError as error:
        raise UsageError(f"cannot read {path} ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not in PEM form; openssl x509 -inform der makes it so") from None


class EnvFile:
    """A file of NAME=value lines to which the two ids are added; whatever stands in it stays as it is."""

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            with open(path, encoding="utf-8") as file:
                self._text = file.read(LONGEST_INPUT)
        except FileNotFoundError:
            self._text = ""
        except (OSError, UnicodeDecodeError) as error:
            raise StorageError(f"Cannot read {path} ({getattr(error, 'strerror', '') or 'it is not UTF-8 text'}).") from None

    def check(self, ids: Mapping[str, str]) -> None:
        """Raise ConfigError where the file gives one of these ids another value."""
        said = dict(self._said())
        for setting, value in ids.items():
            for name in SETTINGS[setting]:
                if said.get(name) and said[name].lower() != value.lower():
                    raise ConfigError(name, "is set to another id, which is not overwritten", (self._path,))

    def add(self, ids: Mapping[str, str]) -> None:
        """Append the ids that the file does not have yet; ConfigError where it has others, StorageError where it cannot be written."""
        self.check(ids)
        said = {name for name, value in self._said() if value}
        lacking = [f"{setting}={value}\n" for setting, value in ids.items() if not said.intersection(SETTINGS[setting])]
        begin = "\n" if self._text and not self._text.endswith("\n") else ""
        try:
            with open(self._path, "a", encoding="utf-8") as file:
                file.write(begin * bool(lacking) + "".join(lacking))
        except OSError as error:
            raise StorageError(f"Cannot write {self._path} ({error.strerror}).") from None

    def _said(self) -> list[tuple[str, str]]:
        pairs = (line.strip().removeprefix("export ").partition("=") for line in self._text.splitlines())
        return [(name.strip(), value.strip().strip("'\"")) for name, _, value in pairs]


class SecretFile:
    """A new file that its owner alone can read; made, empty, before there is a secret, and taken away if none is `kept` in it."""

    kept = False

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            raise UsageError(f"{path} is there already; a secret gets a file of its own", ("--secret-file ANOTHER",)) from None
        except OSError as error:
            raise StorageError(f"Cannot make {path} ({error.strerror}).") from None

    def keep(self, secret: str) -> None:
        """Put the secret in; StorageError where that fails."""
        try:
            os.write(self._handle, secret.encode())
            os.fsync(self._handle)
        except OSError as error:
            raise StorageError(f"Cannot write {self.path} ({error.strerror}).") from None
        self.kept = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self._handle)
        if not self.kept:
            with suppress(OSError):
                os.unlink(self.path)
