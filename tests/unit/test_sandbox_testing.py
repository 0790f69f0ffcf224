from __future__ import annotations

import ssl
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import pytest

from entra_caller import Entra

pytest_plugins = ["daypass_sandbox.testing"]


def test_the_tenant_is_contoso_on_a_monday_noon(tenant):
    assert tenant.state.find_user("megan")
    assert Entra(tenant.handle).ask_control("GET", "clock")["now"] == "2026-11-23T12:00:00Z"


def test_the_server_answers_where_it_says(tenant_server):
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=ssl.create_default_context(cafile=tenant_server.ca_file)))
    with opener.open(f"{tenant_server.authority}/common/v2.0/.well-known/openid-configuration", timeout=10) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("time", ["first", "second"])
def test_each_test_finds_the_server_as_good_as_new(tenant_server, time):
    assert tenant_server.tenant.state.policies == {}
    tenant_server.tenant.state.policies[time] = True
