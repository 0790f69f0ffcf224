"""What every test stands on: an environment with nothing of this machine in it, and how hard hypothesis looks."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import recorder

settings.register_profile("dev", max_examples=50, deadline=None)
# CI tries more examples, and each time the same: what fails there fails here too. New ones are found where people work.
settings.register_profile("ci", max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("deterministic", max_examples=100, deadline=None, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))

FOREIGN = re.compile(
    r"DAYPASS_.*|(CLIENT|TENANT)_ID|.*_PROXY|XDG_.*|SSL_CERT_(FILE|DIR)|(REQUESTS|CURL)_CA_BUNDLE|NO_COLOR|FORCE_COLOR|COLUMNS",
    re.IGNORECASE,
)


@pytest.fixture(autouse=True)
def clean_environment(tmp_path: Path) -> Iterator[None]:
    """Settings, proxies and certificates of this machine are out of sight, and so are its user's folders."""
    before = dict(os.environ)
    for name in filter(FOREIGN.fullmatch, before):
        del os.environ[name]
    home = tmp_path / "home"
    os.environ.update({f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")})
    os.environ.update({"HOME": str(home), "TZ": "UTC"})
    yield
    os.environ.clear()
    os.environ.update(before)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--exchanges", type=Path, help="a folder where the exchanges with the tenant are left, or taken from by those who judge them"
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    if session.config.option.exchanges:
        recorder.load(session.config.option.exchanges)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Several processes share the tests that are not `last`, and another one judges what they left."""
    if session.config.option.exchanges and recorder.NOTED:
        recorder.save(session.config.option.exchanges)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those marked `last` judge what all others did."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)
