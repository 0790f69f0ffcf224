"""What a tenant on the network keeps in a folder: certificate, signing key, state, and a record of its exchanges.

Every file is for its owner alone and is replaced whole or not at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
import sys
import tempfile
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import IO

from cryptography.x509 import DNSName, ExtensionNotFound, IPAddress, SubjectAlternativeName, load_pem_x509_certificate

from .entra.tokens import SigningKey
from .tenant import Tenant

SAVE_EVERY_SECONDS = 1.0


@contextlib.contextmanager
def folder(state_dir: str) -> Generator[Path]:
    """The folder for certificate, key and state, for its owner alone; a passing one if none is named."""
    if not state_dir:
        with tempfile.TemporaryDirectory(prefix="daypass-sandbox-") as passing:
            yield Path(passing)
        return
    kept = Path(state_dir).expanduser().resolve()
    kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(kept / "lock", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600), "w", encoding="utf-8") as lock:
        if not _locked(lock):
            raise ValueError(f"{kept} is in use by another sandbox; end that one (daypass sandbox down), or name another folder")
        yield kept


def _locked(file: IO[str]) -> bool:
    """Take the lock of a folder for as long as the file is open; True as well where the system has no such locks."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def record(file: str) -> contextlib.AbstractContextManager[IO[str] | None]:
    """The file to which exchanges are added, for its owner alone; None if none is named."""
    if not file:
        return contextlib.nullcontext()
    return open(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "a", encoding="utf-8")


def write_private(path: Path, data: bytes) -> None:
    """Replace a file whole or not at all, readable by its owner alone."""
    handle, passing = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(passing, path)
    except BaseException:
        os.unlink(passing)
        raise


def tls(folder: Path, names: Iterable[str]) -> tuple[ssl.SSLContext, Path]:
    """The server's TLS context and the CA file clients must trust.

    Both are made on first use, and anew when the certificate that is kept lacks one of the names: the CA's key is not kept.
    """
    ca_file, server_file = folder / "ca.pem", folder / "server.pem"
    names = [name.lower().encode("idna").decode() for name in names]
    if not (ca_file.exists() and server_file.exists() and _named_in(server_file, ca_file) >= set(names)):
        import trustme

        authority = trustme.CA(organization_name="daypass sandbox", organization_unit_name="pretend tenant on this machine")
        leaf = authority.issue_cert(*names, common_name="localhost", organization_name="daypass sandbox")
        write_private(server_file, leaf.private_key_and_cert_chain_pem.bytes())
        write_private(ca_file, authority.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(server_file)
    return context, ca_file


def _named_in(certificate: Path, authority: Path) -> set[str]:
    """The host names and addresses of a certificate; ValueError for files that are none of ours."""
    try:
        load_pem_x509_certificate(authority.read_bytes())
        alternatives = load_pem_x509_certificate(certificate.read_bytes()).extensions.get_extension_for_class(SubjectAlternativeName).value
    except (ValueError, ExtensionNotFound) as error:
        raise ValueError(f"{certificate} or {authority.name} beside it cannot be read ({error}); move both away to get new ones") from None
    return {str(name) for kind in (DNSName, IPAddress) for name in alternatives.get_values_for_type(kind)}


def signing_key(folder: Path) -> SigningKey:
    """The key that signs tokens: made on first use, the same after a restart."""
    file = folder / "signing-key.pem"
    if not file.exists():
        write_private(file, SigningKey.generate().private_pem)
    try:
        return SigningKey(file.read_bytes())
    except ValueError as error:
        raise ValueError(f"{file} cannot be read ({error}); move it away to get a new one") from None


class Store:
    """The tenant's state in a file: read at the start, written within a second of a change and at the end."""

    def __init__(self, tenant: Tenant, file: Path) -> None:
        self._tenant, self._file = tenant, file
        if file.exists():
            try:
                tenant.restore(json.loads(file.read_bytes()))
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{file} cannot be read as a tenant's state ({error}); move it away to begin again") from None
        self._saved_at, self._failing = -1, False

    def save(self) -> None:
        """Write the state if it changed since it was last written."""
        if self._saved_at != self._tenant.changes:
            changes = self._tenant.changes
            write_private(self._file, json.dumps(self._tenant.state.to_json(), separators=(",", ":")).encode())
            self._saved_at = changes

    def save_if_possible(self) -> None:
        """The same; where that fails it is said on standard error, once until it succeeds again."""
        try:
            self.save()
        except OSError as error:
            if not self._failing:
                sys.stderr.write(f"{self._file} cannot be saved ({error}); trying again every second\n")
            self._failing = True
        else:
            self._failing = False

    async def save_now_and_then(self) -> None:
        """Save every second what changed; where that fails, as on a full disk, again a second later."""
        while True:
            self.save_if_possible()
            await asyncio.sleep(SAVE_EVERY_SECONDS)
