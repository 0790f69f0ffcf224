"""What proves an app: which kind of proof, and where it is; never the proof itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ConfigError
from ..value import Value


class AppCredential(Value):
    """What proves an app: its `kind` (auth.methods.APP_METHODS), the file it is in, and the file with that one's password, if it has one.

    For a managed identity `client_id` names the one of several; it has no file.
    """

    kind: str
    file: str = ""
    password_file: str = ""
    client_id: str = ""

    def kept(self) -> dict[str, str]:
        """As it is remembered: where the proof is, not what it is."""
        return {name: str(getattr(self, name)) for name in ("kind", "file", "password_file", "client_id")}

    @classmethod
    def from_kept(cls, kept: Mapping[str, Any]) -> AppCredential:
        """What was remembered."""
        return cls(*(str(kept.get(name) or "") for name in ("kind", "file", "password_file", "client_id")))


def pem_blocks(text: str, kind: str, path: str) -> str:
    """The blocks of one kind in a PEM file, in order: a key, or a certificate with its chain (RFC 7468)."""
    blocks: list[str] = []
    inside = False
    for line in text.splitlines():
        inside = inside or (line.startswith("-----BEGIN ") and line.rstrip("-").endswith(kind))
        if inside:
            blocks.append(line)
        inside = inside and not line.startswith("-----END ")
    if not blocks:
        raise ConfigError("--certificate", f"{path} holds no {kind.lower()}: it must have the certificate and its private key (PEM or PFX)")
    return "\n".join(blocks) + "\n"
