"""Fixtures for the tests of any app: `pytest_plugins = ["daypass_sandbox.testing"]`.

    def test_my_app(tenant_server):
        my_app(authority=tenant_server.authority, graph_root=tenant_server.graph_root, ca_file=tenant_server.ca_file)

A tenant that holds something else comes from another fixture of your own; these show how little that takes.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .server import Running
    from .tenant import Tenant

FIRST_SECOND = 1_795_435_200.0  # 2026-11-23T12:00:00Z, a Monday


class SteadyClock:
    """A clock that stands still; the tenant's own (`tenant.clock.advance`) moves on top of it."""

    def now(self) -> float:
        """Seconds since 1970 in UTC: always the same."""
        return FIRST_SECOND


@pytest.fixture
def tenant() -> Tenant:
    """A new Contoso without a network, its clock standing still on a Monday noon, the same in every run."""
    from .tenant import Tenant

    return Tenant(clock=SteadyClock(), chance=random.Random(0))


@pytest.fixture(scope="session")
def _tenant_site() -> Generator[Running]:
    from .server import serve

    with serve(interval_seconds=1) as site:
        yield site


@pytest.fixture
def tenant_server(_tenant_site: Running) -> Running:
    """Contoso over HTTPS on 127.0.0.1, at the real time and as good as new for each test; the server itself lives for the whole run."""
    _tenant_site.tenant.reset("contoso")
    return _tenant_site
