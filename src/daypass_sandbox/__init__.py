"""A pretend Microsoft 365 tenant on this machine: Entra ID and Microsoft Graph for calendars, with clock and faults under control.

    from daypass_sandbox import serve

    with serve() as site:
        ...  # site.authority, site.graph_root, site.ca_file, site.client_id, site.tenant_id

`Tenant` is the same without a network: a function from request to response. Both are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .server import Running, serve
    from .tenant import Tenant

__all__ = ["Running", "Tenant", "serve"]


def __getattr__(name: str) -> object:
    if name == "Tenant":
        from .tenant import Tenant

        return Tenant
    if name in __all__:
        from . import server

        return getattr(server, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
