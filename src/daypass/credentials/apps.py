"""Apps that sign in as themselves: with a secret, a certificate, a token of the platform they run on, or a managed identity.

What proves the app is read from its file at each sign-in and kept nowhere else, so a file that is renewed in place goes on working.
Sources: RFC 6749 section 4.4; Microsoft identity platform, client credentials flow and certificate credentials; managed identities.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msal
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from ..auth.app_credential import AppCredential, pem_blocks
from ..auth.login_http import LocalHttp
from ..errors import ConfigError
from ..private import read_file
from ..wire import Request, Response
from .engine import Engine


def sign_in(engine: Engine, credential: AppCredential, resource: str, send_local: Callable[[Request], Response]) -> None:
    """Bring a token for all that the app was granted on `resource` into the cache. Raises AuthError, ConfigError, TransportError."""
    http = engine.http
    if credential.kind == "managed_identity":
        _ask_the_machine(engine, credential, resource, send_local)
        return
    app = engine.confidential(_msal_form(credential))
    with http.understood():
        answer = app.acquire_token_for_client([f"{resource}/.default"]) or {}
    if "access_token" not in answer:
        raise http.failure(answer)


def _ask_the_machine(engine: Engine, credential: AppCredential, resource: str, send_local: Callable[[Request], Response]) -> None:
    chosen: dict[str, Any] = {"client_id": credential.client_id} if credential.client_id else {}
    identity = msal.UserAssignedManagedIdentity(**chosen) if chosen else msal.SystemAssignedManagedIdentity()
    http = LocalHttp(send_local)
    answer = msal.ManagedIdentityClient(identity, http_client=http, token_cache=engine.cache).acquire_token_for_client(resource=resource)
    if "access_token" not in answer:
        raise engine.http.failure(answer)


def _msal_form(credential: AppCredential) -> Any:
    """What MSAL takes for `client_credential`."""
    match credential.kind:
        case "secret":
            return _text(credential.file)
        case "federated":
            return {"client_assertion": lambda: _text(credential.file)}
        case _:
            return _certificate(credential)


def _certificate(credential: AppCredential) -> dict[str, str | None]:
    content, password = _content(credential.file), _text(credential.password_file) if credential.password_file else None
    check_key(content, password, credential.file)
    if b"-----BEGIN" not in content:
        return {"private_key_pfx_path": credential.file, "passphrase": password}
    text = content.decode("latin-1")
    return {
        "private_key": pem_blocks(text, "PRIVATE KEY", credential.file),
        "public_certificate": pem_blocks(text, "CERTIFICATE", credential.file),
        "passphrase": password,
    }


def check_key(content: bytes, password: str | None, path: str) -> None:
    """Raise ConfigError where a certificate's file holds no private key that opens with the password: nothing but this tells it well."""
    secret = password.encode() if password else None
    try:
        if b"-----BEGIN" in content:
            load_pem_private_key(pem_blocks(content.decode("latin-1"), "PRIVATE KEY", path).encode(), secret)
        elif not all(pkcs12.load_key_and_certificates(content, secret)[:2]):
            raise ConfigError("--certificate", f"{path} must have a certificate and its private key, and lacks one of them")
    except (ValueError, TypeError, UnsupportedAlgorithm):
        told = "is damaged, or its password is another one" if password else "is damaged, or sealed with a password"
        raise ConfigError("--certificate", f"the private key in {path} cannot be read: it {told} (--certificate-password-file)") from None


def _text(path: str) -> str:
    text = _content(path).decode("utf-8", "replace").strip()
    if not text.isprintable() or "\ufffd" in text:
        raise ConfigError(path, "is no line of text: it must hold the proof of the app's identity and nothing else")
    return text


def _content(path: str) -> bytes:
    try:
        content, _ = read_file(path)
    except OSError as error:
        raise ConfigError(path, f"cannot be read ({error.strerror}): it proves the app's identity; name a file that can be") from None
    if not content.strip():
        raise ConfigError(path, "is empty: it must prove the app's identity")
    return content
