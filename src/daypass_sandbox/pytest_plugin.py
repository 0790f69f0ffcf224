"""A pretend tenant for the tests of any app, found by pytest where this package is installed.

    def test_my_app(tenant_server):
        my_app(authority=tenant_server.authority, graph_root=tenant_server.graph_root, ca_file=tenant_server.ca_file)

`tenant_server` is a tenant over HTTPS that each test finds as good as new, `tenant` the same without a network. What it holds, what time it
is there and what is odd about it is said by a marker: `@pytest.mark.sandbox(seed="empty", now="2027-03-28T00:30:00Z", quirks={…})`; the
seed of all tests by `sandbox_seed` in pytest's settings. When a test fails, its report shows the last exchanges.

Nothing of the tenant is loaded before a test asks for it.
"""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Generator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from . import extra

if TYPE_CHECKING:
    from .journal import Exchange
    from .server import Running
    from .tenant import Tenant

FIRST_SECOND = 1_795_435_200.0  # 2026-11-23T12:00:00Z, a Monday
MOST_EXCHANGES, LONGEST_BODY = 10, 600
MARKER = "sandbox(seed, now, quirks): what the pretend tenant holds, what time it is there, and which habits it has"
HEADING = "The last exchanges with the sandbox"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The setting by which all tests get another tenant."""
    parser.addini("sandbox_seed", "what the pretend tenant holds: contoso, empty, or a seed file (*.json, *.toml)", default="contoso")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", MARKER)


class SteadyClock:
    """A clock that stands still; the tenant's own (`tenant.clock.advance`) moves on top of it."""

    def __init__(self, seconds: float = FIRST_SECOND) -> None:
        self._seconds = seconds

    def now(self) -> float:
        """Seconds since 1970 in UTC: always the same."""
        return self._seconds


class _Wish(NamedTuple):
    """What a test wants of its tenant: the seed, the time (None: whatever it is), the quirks as they are kept."""

    seed: str
    now: float | None
    quirks: dict[str, Any]


@pytest.fixture
def tenant(request: pytest.FixtureRequest) -> Tenant:
    """A new Contoso without a network, its clock standing still on a Monday noon, the same in every run."""
    wish = _wish(request)
    from .tenant import Tenant

    clock = SteadyClock(FIRST_SECOND if wish.now is None else wish.now)
    with _said_in_short():
        fresh = Tenant(clock=clock, chance=random.Random(0), seed=wish.seed)
    fresh.state.quirks.update(wish.quirks)
    _report_failures(request, fresh)
    return fresh


@pytest.fixture(scope="session")
def _tenant_site() -> Generator[Running]:
    _need_extra()
    from .server import serve

    with serve(interval_seconds=1, seed="empty") as site:
        yield site


@pytest.fixture
def tenant_server(request: pytest.FixtureRequest, _tenant_site: Running) -> Running:
    """Contoso over HTTPS on 127.0.0.1, as good as new for each test, at the real time unless the marker says another.

    The server itself lives for the whole run, on one port.
    """
    wish, here = _wish(request), _tenant_site.tenant

    def begin_again() -> None:
        if wish.now is not None:
            here.clock.stop_at(wish.now)
        here.reset(wish.seed, keep_clock=wish.now is not None)
        here.state.quirks.update(wish.quirks)
        here.snapshots.clear()

    with _said_in_short():
        _tenant_site.between_requests(begin_again)
    _report_failures(request, here)
    return _tenant_site


@contextlib.contextmanager
def _said_in_short() -> Generator[None]:
    """What is wrong with a seed is said without the way to where it was found."""
    try:
        yield
    except ValueError as error:
        pytest.fail(f"sandbox: {error}", pytrace=False)


def _need_extra() -> None:
    try:
        import_module(".tenant", __package__)
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in extra.PACKAGES:
            raise
        pytest.fail(extra.ADVICE, pytrace=False)


def _wish(request: pytest.FixtureRequest) -> _Wish:
    """What the test's marker says, and the settings where it is silent; the test fails where that makes no sense."""
    _need_extra()
    from . import quirks
    from .clock import parse_instant

    marker = request.node.get_closest_marker("sandbox")
    said: dict[str, Any] = dict(marker.kwargs) if marker else {}
    strange = [*(repr(value) for value in (marker.args if marker else ())), *(said.keys() - {"seed", "now", "quirks"})]
    if strange:
        pytest.fail(f"the marker is {MARKER.partition(':')[0]}, each by its name, and has no {strange[0][:80]}", pytrace=False)
    try:
        now = parse_instant(said["now"]) if "now" in said else None
        known = {name: quirks.checked(name, value) for name, value in said.get("quirks", {}).items()}
        return _Wish(_seed(request, said.get("seed", request.config.getini("sandbox_seed"))), now, known)
    except KeyError as unknown:
        pytest.fail(f"sandbox: there is no quirk {unknown}; there are {', '.join(quirks.QUIRKS)}", pytrace=False)
    except ValueError as error:
        pytest.fail(f"sandbox: {error}", pytrace=False)


def _seed(request: pytest.FixtureRequest, named: Any) -> str:
    """A seed by its name, by a file beside the test or below pytest's root, or as the document itself."""
    from .files import SEED_KINDS, read_seed
    from .seeds import planting

    if not isinstance(named, str):
        text = json.dumps(named)
    elif named.endswith(SEED_KINDS):
        places = (request.path.parent / named, request.config.rootpath / named)
        text = read_seed(str(next((place for place in places if Path(place).exists()), places[-1])))
    else:
        text = named
    planting.read(text)
    return text


# --- what a failure shows --------------------------------------------------------------------------------------

_ASKED_FOR = pytest.StashKey[list["Tenant"]]()


def _report_failures(request: pytest.FixtureRequest, tenant: Tenant) -> None:
    """Let the report of this test show what was said to this tenant, should it fail."""
    manager = request.config.pluginmanager
    if not manager.has_plugin(_Reporter.__name__):
        manager.register(_Reporter(), _Reporter.__name__)
    request.node.stash.setdefault(_ASKED_FOR, []).append(tenant)


class _Reporter:
    """Adds the last exchanges to the report of a test that failed; registered with the first test that has a tenant."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.failed and report.when == "call":
            for tenant in item.stash.get(_ASKED_FOR, list["Tenant"]()):
                report.sections.append((HEADING, _told(tenant)))
        return report


def _told(tenant: Tenant) -> str:
    from .journal import Wanted

    journal = tenant.journal
    last = list(journal.matching(Wanted(after=journal.last - MOST_EXCHANGES)))
    earlier = len(journal) - len(last)
    lines = [f"... {earlier} earlier ones"] if earlier else []
    return "\n".join(lines + [line for exchange in last for line in _lines(exchange)]) or "There were none."


def _lines(exchange: Exchange) -> list[str]:
    entry = exchange.entry()
    status = "no answer" if entry["status"] is None else entry["status"]
    lines = [f"{entry['method']} {entry['url']} -> {status}   {entry['user']}".rstrip()]
    for what, body in (("asked", entry["request_body"]), ("answered", entry["response_body"])):
        if body is not None and (what == "asked" or exchange.status is None or exchange.status >= 400):
            text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
            lines.append(f"    {what}: {text[:LONGEST_BODY]}{' ...' if len(text) > LONGEST_BODY else ''}")
    return lines
