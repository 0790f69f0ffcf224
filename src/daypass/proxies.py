"""Which way a request goes: straight to its host, or through a proxy, as HTTPS_PROXY, ALL_PROXY and NO_PROXY say."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from .errors import TransportError


def proxy_for(host: str, environ: Mapping[str, str]) -> str:
    """The proxy's URL for a host, or "": HTTPS_PROXY or ALL_PROXY, unless NO_PROXY names the host, or it is this machine."""
    settings = {name.lower(): value for name, value in environ.items()}
    rules = settings.get("no_proxy", "").lower().split(",")
    if host in ("localhost", "::1") or host.startswith("127.") or any(_spares(rule.strip(), host) for rule in rules):
        return ""
    proxy = settings.get("https_proxy") or settings.get("all_proxy") or ""
    return proxy if "://" in proxy or not proxy else f"http://{proxy}"


def _spares(rule: str, host: str) -> bool:
    """Whether a rule of NO_PROXY (a host, a domain with all below it, `*` for all) keeps a host off the proxy."""
    name = rule.lstrip("*").lstrip(".")
    return rule == "*" or (name != "" and (host == name or host.endswith(f".{name}")))


def proxy_address(host: str, environ: Mapping[str, str]) -> SplitResult | None:
    """The parts of `proxy_for`, None for the direct way; TransportError when the setting is no proxy's address."""
    proxy = proxy_for(host, environ)
    if not proxy:
        return None
    try:
        via = urlsplit(proxy)
        fine = via.scheme == "http" and bool(via.hostname) and via.port != 0
    except ValueError:
        fine, via = False, None
    if not fine:  # the address itself is not repeated: a password may stand in it
        raise TransportError("the proxy (HTTPS_PROXY or ALL_PROXY) must be an address like http://proxy.example:3128", host=host)
    return via
