"""What type checkers see of the front door. Checked by pyright (`make lint`), never run.

Each mistake that a checker must find stands with its own `ignore`: an `ignore` that hides nothing is an error.
"""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true, reportUnusedCoroutine=true

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import assert_type

from daypass import AsyncClient, Client, Event, GraphError, NewEvent, Person, Settings, Throttled, User, load

NOW = datetime.now(UTC)


def blocking() -> None:
    settings = load({"client_id": "x"})
    assert_type(settings, Settings)
    with Client(settings) as client:
        assert_type(client, Client)
        assert_type(client.me(), User)
        assert_type(client.calendar_view(NOW, NOW), list[Event])
        assert_type(client.calendar_view(start=NOW, end=NOW), list[Event])
        assert_type(client.get_event("id"), Event)
        assert_type(client.create_event(NewEvent("Study", NOW, NOW)), Event)


async def awaited() -> None:
    async with AsyncClient() as client:
        assert_type(client, AsyncClient)
        assert_type(await client.me(), User)
        assert_type(await client.calendar_view(NOW, NOW), list[Event])
        assert_type(await client.get_event("id"), Event)
        assert_type(await client.create_event(NewEvent("Study", NOW, NOW)), Event)


def values(event: Event) -> None:
    assert_type(event.start, datetime | date)
    assert_type(event.organizer, Person | None)
    assert_type(event.categories, tuple[str, ...])
    assert_type(event.reminder_minutes_before_start, int | None)


def errors(error: GraphError) -> None:
    assert_type(error.status, int)
    assert_type(error.code, str)
    if isinstance(error, Throttled):
        assert_type(error.retry_after_seconds, float | None)


def mistakes(client: Client, event: Event) -> None:
    client.calendar_view(NOW)  # pyright: ignore[reportCallIssue]
    client.calendar_view("today", NOW)  # pyright: ignore[reportArgumentType]
    client.create_event("Study")  # pyright: ignore[reportArgumentType]
    client.no_such_operation()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    event.subject = "changed"  # pyright: ignore[reportAttributeAccessIssue]
    NewEvent("Study", NOW)  # pyright: ignore[reportCallIssue]
    _ = event.start.hour  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]


async def forgotten(client: AsyncClient) -> None:
    client.me()  # pyright: ignore[reportUnusedCoroutine]
