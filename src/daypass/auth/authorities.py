"""Where people sign in: Microsoft's clouds, and the sign-in services that are no Entra ID but may vouch for somebody all the same.

  kind   address                                                     signs in
  -----  ----------------------------------------------------------  -----------------------------------------------------------
  entra  https://login.microsoftonline.com + tenant                  people with a mailbox (Microsoft 365)
  b2c    https://NAME.b2clogin.com/TENANT/B2C_1_POLICY               customers: Azure AD B2C, a user flow in the path
  ciam   https://NAME.ciamlogin.com[/TENANT]                         customers: Microsoft Entra External ID
  oidc   https://issuer.example[/path]                               whoever an OpenID Connect issuer knows; custom domains, too

Only the first has mailboxes. The others serve to tell who somebody is. Sources: Microsoft Graph, national cloud deployments; Azure AD B2C,
b2clogin.com overview; External ID, custom URL domains; OpenID Connect Discovery 1.0, section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from ..value import Value

# Which sign-in service goes with which Graph (Microsoft Graph: national cloud deployments). A token is never sent across.
GRAPHS: Mapping[str, tuple[str, ...]] = {
    "login.microsoftonline.com": ("graph.microsoft.com",),
    "login.microsoft.com": ("graph.microsoft.com",),
    "login.windows.net": ("graph.microsoft.com",),
    "login.microsoftonline.us": ("graph.microsoft.us", "dod-graph.microsoft.us"),
    "login.partner.microsoftonline.cn": ("microsoftgraph.chinacloudapi.cn",),
    "login.chinacloudapi.cn": ("microsoftgraph.chinacloudapi.cn",),
}
MICROSOFT_GRAPHS = frozenset(host for hosts in GRAPHS.values() for host in hosts)

# The clouds by name: sign-in service, Graph.
CLOUDS: Mapping[str, tuple[str, str]] = {
    "public": ("https://login.microsoftonline.com", "https://graph.microsoft.com/v1.0"),
    "gcc-high": ("https://login.microsoftonline.us", "https://graph.microsoft.us/v1.0"),
    "dod": ("https://login.microsoftonline.us", "https://dod-graph.microsoft.us/v1.0"),
    "china": ("https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn/v1.0"),
}

KINDS = ("entra", "b2c", "ciam", "oidc")
B2C_SUFFIX, CIAM_SUFFIX = ".b2clogin.com", ".ciamlogin.com"
WELL_KNOWN = "/.well-known/openid-configuration"


class Authority(Value):
    """A sign-in service, one tenant of it where it has several.

    `url` is what vouches (origin and path), `discovery` the address of its OpenID Connect configuration; secrets go to `hosts` (with
    their ports) and to no other.
    """

    kind: str
    url: str
    discovery: str
    hosts: frozenset[str]

    @property
    def has_mailboxes(self) -> bool:
        """Whether those who sign in here may have a calendar at Microsoft Graph."""
        return self.kind == "entra"


def kind_of(address: str) -> str:
    """The kind of a sign-in service, by its address; one of nobody we know is an issuer of its own when it has a path, else like Entra."""
    parts = urlsplit(address)
    host, path = (parts.hostname or "").lower(), parts.path.strip("/")
    if host in GRAPHS:
        return "entra"
    if host.endswith(B2C_SUFFIX) or path.lower().rpartition("/")[2].startswith("b2c_"):
        return "b2c"
    if host.endswith(CIAM_SUFFIX):
        return "ciam"
    return "oidc" if path else "entra"


def authority(address: str, tenant: str = "", kind: str = "") -> Authority:
    """The sign-in service at an address; `tenant` counts for Entra alone, `kind` (one of KINDS) stands above what the address suggests."""
    kind, parts = kind or kind_of(address), urlsplit(address)
    url = address.rstrip("/")
    match kind:
        case "entra":
            url = f"{url}/{tenant}"
            return Authority(kind, url, f"{url}/v2.0{WELL_KNOWN}", login_hosts(parts.netloc.lower()))
        case "ciam" if not parts.path.strip("/"):
            url = f"{url}/{_first_label(parts)}.onmicrosoft.com"
        case _:
            pass
    version = "" if kind == "oidc" else "/v2.0"
    return Authority(kind, url, f"{url}{version}{WELL_KNOWN}", frozenset({parts.netloc.lower()}))


def login_hosts(host: str) -> frozenset[str]:
    """All names of the sign-in service that a host belongs to: those of its cloud; none but its own where it is no cloud's."""
    return frozenset(other for other, graphs in GRAPHS.items() if graphs == GRAPHS.get(host)) | {host}


def _first_label(parts: SplitResult) -> str:
    return (parts.hostname or "").partition(".")[0]
