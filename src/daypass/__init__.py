"""One pass to your day: Microsoft 365 sign-in and calendar from any screen.

    from datetime import datetime, timedelta, timezone
    from daypass import Client

    with Client() as client:                       # signed in by `daypass login`
        print(client.me().display_name)
        now = datetime.now(timezone.utc)
        for event in client.calendar_view(now, now + timedelta(days=7)):
            print(event.start, event.subject)

`AsyncClient` offers the same, awaited. Names are loaded when they are first used, so that importing the package is cheap.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .app import load
    from .clients import AsyncClient, Client
    from .config import Settings
    from .errors import (
        AmbiguousTime,
        AppMisconfigured,
        AuthError,
        BadRequest,
        BlockedByPolicy,
        ConfigError,
        Conflict,
        ConsentRequired,
        DaypassError,
        DeviceCodeExpired,
        Forbidden,
        GraphError,
        NotFound,
        ServiceUnavailable,
        SignInDeclined,
        SignInRequired,
        StorageError,
        Throttled,
        TransportError,
        Unauthorized,
        UsageError,
    )
    from .model.event import Attendee, Event, NewEvent, Person, User

__version__ = "0.1.0"

__all__ = [
    "AmbiguousTime",
    "AppMisconfigured",
    "AsyncClient",
    "Attendee",
    "AuthError",
    "BadRequest",
    "BlockedByPolicy",
    "Client",
    "ConfigError",
    "Conflict",
    "ConsentRequired",
    "DaypassError",
    "DeviceCodeExpired",
    "Event",
    "Forbidden",
    "GraphError",
    "NewEvent",
    "NotFound",
    "Person",
    "ServiceUnavailable",
    "Settings",
    "SignInDeclined",
    "SignInRequired",
    "StorageError",
    "Throttled",
    "TransportError",
    "Unauthorized",
    "UsageError",
    "User",
    "load",
]

_HOMES = {
    **dict.fromkeys(("Client", "AsyncClient"), "clients"),
    "load": "app",
    "Settings": "config",
    **dict.fromkeys(("Attendee", "Event", "NewEvent", "Person", "User"), "model.event"),
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)
