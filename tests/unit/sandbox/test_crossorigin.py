"""What pages of another origin may see of the tenant."""

from __future__ import annotations

import pytest

from daypass.wire import Request
from daypass_sandbox.tenant import TENANT_ID
from graph_caller import ROOT, Graph

PAGE = "https://spa.contoso.example"
OPEN = [
    "/v1.0/me/events",
    "/beta/$batch",
    f"/{TENANT_ID}/oauth2/v2.0/token",
    f"/{TENANT_ID}/v2.0/.well-known/openid-configuration",
    f"/{TENANT_ID}/discovery/v2.0/keys",
    "/common/discovery/instance",
    "/oidc/userinfo",
]
CLOSED = ["/sandbox/users", "/sandbox/token", f"/{TENANT_ID}/oauth2/v2.0/devicecode", f"/{TENANT_ID}/oauth2/v2.0/authorize", "/devicelogin"]


def ask(tenant, method, path, **headers):
    return tenant.handle(Request(method, ROOT + path, {name.replace("_", "-"): value for name, value in headers.items()}, b""))


@pytest.mark.parametrize("path", OPEN)
def test_a_browser_that_asks_before_it_sends_may(tenant, path):
    asked = {"access_control_request_method": "PATCH", "access_control_request_headers": "authorization,prefer"}
    answer = ask(tenant, "OPTIONS", path, origin=PAGE, **asked)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "PATCH"
    assert answer.headers["access-control-allow-headers"] == "authorization,prefer"


@pytest.mark.parametrize("path", CLOSED)
def test_what_needs_a_cookie_or_no_token_is_closed(tenant, path):
    for method in ("OPTIONS", "GET", "POST"):
        answer = ask(tenant, method, path, origin=PAGE, access_control_request_method="POST")
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_answers_and_refusals_can_be_read_with_their_headers(tenant):
    for answer in (Graph(tenant)("GET", "/me", headers={"Origin": PAGE}), ask(tenant, "GET", "/v1.0/me", origin=PAGE)):
        assert answer.status in (200, 401)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "Retry-After" in answer.headers["access-control-expose-headers"]


def test_nothing_of_it_is_said_to_programs(tenant):
    answer = Graph(tenant)("GET", "/me")
    assert not [name for name in answer.headers if name.startswith("access-control")]
