"""Where people sign in: the kinds of services, the documents they describe themselves in, the hosts that may be told secrets."""

from __future__ import annotations

import pytest

from daypass.auth.authorities import CLOUDS, GRAPHS, authority, kind_of, login_hosts

KNOWN = "/.well-known/openid-configuration"


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://login.microsoftonline.com", "entra"),
        ("https://login.microsoftonline.us", "entra"),
        ("https://localhost:8443", "entra"),
        ("https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_signin", "b2c"),
        ("https://login.contoso.example/contoso.onmicrosoft.com/b2c_1_signin", "b2c"),
        ("https://contoso.ciamlogin.com", "ciam"),
        ("https://contoso.ciamlogin.com/contoso.onmicrosoft.com", "ciam"),
        ("https://issuer.example/realm", "oidc"),
        ("https://b2clogin.com.evil.example/x", "oidc"),
        ("https://evilciamlogin.com/x", "oidc"),
    ],
)
def test_the_kind_is_told_by_the_address(address: str, kind: str) -> None:
    assert kind_of(address) == kind
    assert authority(address, "tenant").has_mailboxes == (kind == "entra")


@pytest.mark.parametrize(
    ("address", "tenant", "kind", "url", "discovery"),
    [
        (
            "https://login.microsoftonline.com",
            "t",
            "",
            "https://login.microsoftonline.com/t",
            "https://login.microsoftonline.com/t/v2.0" + KNOWN,
        ),
        ("https://c.b2clogin.com/c/B2C_1_x/", "", "", "https://c.b2clogin.com/c/B2C_1_x", "https://c.b2clogin.com/c/B2C_1_x/v2.0" + KNOWN),
        (
            "https://c.ciamlogin.com",
            "",
            "",
            "https://c.ciamlogin.com/c.onmicrosoft.com",
            "https://c.ciamlogin.com/c.onmicrosoft.com/v2.0" + KNOWN,
        ),
        ("https://issuer.example/realm", "ignored", "", "https://issuer.example/realm", "https://issuer.example/realm" + KNOWN),
        ("https://issuer.example", "", "oidc", "https://issuer.example", "https://issuer.example" + KNOWN),
    ],
)
def test_each_kind_has_its_own_document(address: str, tenant: str, kind: str, url: str, discovery: str) -> None:
    found = authority(address, tenant, kind)
    assert (found.url, found.discovery) == (url, discovery)


def test_secrets_go_to_the_service_itself_or_to_the_other_names_of_its_cloud() -> None:
    assert authority("https://Issuer.Example:8443/x").hosts == {"issuer.example:8443"}
    assert authority("https://login.microsoftonline.com", "t").hosts == login_hosts("login.microsoftonline.com")
    for host, graphs in GRAPHS.items():
        assert {GRAPHS[other] for other in login_hosts(host)} == {graphs}


def test_each_cloud_is_a_pair_that_belongs_together() -> None:
    for login, graph in CLOUDS.values():
        assert graph.removeprefix("https://").removesuffix("/v1.0") in GRAPHS[login.removeprefix("https://")]
