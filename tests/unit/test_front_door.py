"""What `import daypass` offers, and how little it costs."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import daypass
from daypass import errors
from daypass.graph import operations

NAMES = {
    *("Client", "AsyncClient", "Settings", "load"),
    *("Attendee", "Event", "NewEvent", "Person", "User"),
    *("DaypassError", "UsageError", "AmbiguousTime", "ConfigError", "StorageError", "TransportError"),
    *("AuthError", "SignInRequired", "SignInDeclined", "DeviceCodeExpired", "BlockedByPolicy", "ConsentRequired", "AppMisconfigured"),
    *("GraphError", "BadRequest", "Unauthorized", "Forbidden", "NotFound", "Conflict", "Throttled", "ServiceUnavailable"),
}
HEAVY = {
    "msal",
    "asyncio",
    "rich",
    "requests",
    "aiohttp",
    "jwt",
    "keyring",
    "urllib3",
    "logging",
    "dateutil",
    "cryptography",
    "daypass_sandbox",
}


def loaded_by(program: str) -> set[str]:
    """The modules in memory after a program, run by an interpreter of its own."""
    command = [sys.executable, "-I", "-c", f"import sys\n{program}\nprint(*sys.modules)"]
    return set(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.split())


class TestNames:
    def test_they_are_these_and_at_most_thirty(self) -> None:
        assert set(daypass.__all__) == NAMES
        assert len(daypass.__all__) <= 30
        assert daypass.__all__ == sorted(daypass.__all__)

    @pytest.mark.parametrize("name", sorted(NAMES))
    def test_each_is_there_and_explains_itself(self, name: str) -> None:
        assert inspect.getdoc(getattr(daypass, name))

    def test_every_error_is_offered_or_is_a_kind_of_one_that_is(self) -> None:
        every = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, Exception)]
        assert [kind for kind in every if kind.__name__ not in NAMES and kind.__bases__[0].__name__ not in NAMES] == []
        assert all(issubclass(kind, daypass.DaypassError) for kind in every)

    def test_checkers_are_told_the_same_names(self) -> None:
        tree = ast.parse(Path(inspect.getfile(daypass)).read_text())
        told = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
        assert told & NAMES == NAMES

    def test_a_name_that_is_not_there_is_told(self) -> None:
        with pytest.raises(AttributeError, match="module 'daypass' has no attribute 'Calendar'"):
            _ = daypass.Calendar

    def test_the_version_is_a_version(self) -> None:
        assert all(part.isdecimal() for part in daypass.__version__.split("."))


class TestOperations:
    @pytest.mark.parametrize("client", [daypass.Client, daypass.AsyncClient])
    def test_both_clients_have_each_operation_under_its_own_name_and_words(self, client: type) -> None:
        flows = {name: flow for name, flow in vars(operations).items() if inspect.iscoroutinefunction(flow) and not name.startswith("_")}
        own = {name: flow for name, flow in flows.items() if flow.__module__ == operations.__name__}
        assert own.keys() >= {"me", "calendar_view", "get_event", "create_event"}
        for name, flow in own.items():
            assert inspect.getdoc(getattr(client, name)) == inspect.getdoc(flow)
            assert inspect.unwrap(getattr(client, name)) is flow


class TestCost:
    def test_importing_the_package_loads_next_to_nothing(self) -> None:
        loaded = loaded_by("import daypass")
        assert loaded & HEAVY == set()
        assert {name for name in loaded if name.startswith("daypass")} == {"daypass"}

    def test_the_blocking_client_loads_neither_msal_nor_aiohttp_nor_asyncio(self) -> None:
        assert loaded_by("from daypass import Client") & HEAVY == set()

    def test_the_model_loads_no_way_to_the_network(self) -> None:
        loaded = loaded_by("from daypass import Event, NewEvent, User, Throttled")
        assert loaded & (HEAVY | {"socket", "ssl", "http.client"}) == set()

    def test_even_the_async_client_loads_aiohttp_only_when_it_is_used(self) -> None:
        assert loaded_by("from daypass import AsyncClient") & HEAVY == set()
