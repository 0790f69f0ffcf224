"""What points daypass at a tenant: names in the environment, and where a tenant's description has their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

IDENTITY_HEADER = "identity-header-of-this-machine"  # what keeps a mere web page from asking; no secret
IDENTITY = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")  # where a program looks for a managed identity, as on App Service

ENVIRONMENT = {
    "DAYPASS_AUTHORITY": "authority",
    "DAYPASS_GRAPH_ROOT": "graph_root",
    "DAYPASS_CA_FILE": "ca_file",
    "CLIENT_ID": "client_id",
    "TENANT_ID": "tenant_id",
}


def environ_of(description: Mapping[str, Any]) -> dict[str, str]:
    """The environment that points daypass at the tenant described so."""
    named = {name: str(description[member]) for name, member in ENVIRONMENT.items()}
    endpoint = description.get("identity_endpoint", "")
    return named | dict(zip(IDENTITY, (str(endpoint), IDENTITY_HEADER), strict=True)) if endpoint else named
