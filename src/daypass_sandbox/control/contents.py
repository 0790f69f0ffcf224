"""What the tenant holds, read and written directly: users, apps, events."""

from __future__ import annotations

from typing import Any

from daypass.wire import Response

from ..routes import Call, Route, reply
from .asked import said, user_id, wrong

SHOWN_OF_USER = ("id", "displayName", "userPrincipalName", "mail", "jobTitle", "accountEnabled")


def list_users(call: Call) -> Response:
    """Everybody, in short."""
    return reply(200, [{name: user[name] for name in SHOWN_OF_USER if name in user} for user in call.tenant.state.users.values()])


def change_user(call: Call) -> Response:
    """Change members of a user; the id stays."""
    user = call.tenant.state.users[user_id(call, call.path["user"])]
    user.update({name: value for name, value in call.json().items() if name != "id"})
    return reply(200, user)


def list_apps(call: Call) -> Response:
    """The app registrations."""
    return reply(200, [{"client_id": client_id, **app} for client_id, app in call.tenant.state.apps.items()])


def register_app(call: Call) -> Response:
    """Register an app, or change one."""
    apps = call.tenant.state.apps
    body = said(call, "client_id", "displayName", "publicClient", "permissions")
    client_id = str(body.pop("client_id", "")) or call.tenant.new_id("app")
    fresh: dict[str, Any] = {"displayName": "App", "publicClient": True, "permissions": ["User.Read"]}
    if not isinstance(body.get("publicClient", True), bool) or not isinstance(body.get("permissions", []), list):
        raise wrong("publicClient must be true or false, permissions a list of permission names")
    apps[client_id] = {**apps.get(client_id, fresh), **body}
    return reply(200, {"client_id": client_id, **apps[client_id]})


def list_events(call: Call) -> Response:
    """The events of a mailbox as they are kept."""
    mailbox = call.tenant.state.mailboxes.get(user_id(call, call.query.get("user", "")), {})
    return reply(200, list(mailbox.get("events", {}).values()))


ROUTES = (
    Route("GET", "/sandbox/users", list_users),
    Route("PATCH", "/sandbox/users/{user}", change_user),
    Route("GET", "/sandbox/apps", list_apps),
    Route("POST", "/sandbox/apps", register_app),
    Route("GET", "/sandbox/events", list_events),
)
