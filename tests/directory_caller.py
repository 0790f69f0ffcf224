"""Callers of the directory for tests: an administrator who may do everything, and apps on their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from daypass_sandbox.tenant import CLIENT_ID, Tenant
from graph_caller import Graph

ALEX = "c04705e2-7e11-4000-8000-000000000002"
NOBODY = "c04705e2-0000-4000-8000-000000000000"
EVERYTHING = (
    *("User.Read", "User.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All", "Application.ReadWrite.All"),
    *("AppRoleAssignment.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All", "User.DeleteRestore.All"),
)
EVENTUAL = {"ConsistencyLevel": "eventual"}
PASSWORD = {"forceChangePasswordNextSignIn": False, "password": "xWwvJ]6NMw+bWH-d"}


def administrator(tenant: Tenant, user: str = "megan") -> Graph:
    return Graph(tenant, user, scopes=EVERYTHING)


@dataclass
class App(Graph):
    """An app on its own, with these roles."""

    client_id: str = CLIENT_ID
    roles: tuple[str, ...] = field(default=())

    @property
    def token(self) -> str:
        return self.tenant.mint_app(self.client_id, self.roles)


def new_user(graph: Graph, name: str = "Aline Dupuy", **more: Any) -> dict[str, Any]:
    """Create a user; fails the test when that is refused."""
    nickname = name.replace(" ", "").lower()
    usual = {"accountEnabled": True, "displayName": name, "mailNickname": nickname, "passwordProfile": PASSWORD}
    answer = graph("POST", "/users", {**usual, "userPrincipalName": f"{nickname}@contoso.example", **more})
    assert answer.status == 201, answer.body
    return answer.body


def new_group(graph: Graph, nickname: str = "ops", **more: Any) -> dict[str, Any]:
    """Create a security group (or with `groupTypes` another); fails the test when that is refused."""
    unified = "Unified" in more.get("groupTypes", ())
    usual = {"displayName": nickname.title(), "mailNickname": nickname, "mailEnabled": unified, "securityEnabled": not unified}
    answer = graph("POST", "/groups", {**usual, **more})
    assert answer.status == 201, answer.body
    return answer.body


def reference(object_id: str) -> dict[str, str]:
    return {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{object_id}"}


def bound(*ids: str) -> list[str]:
    return [f"https://graph.microsoft.com/v1.0/users/{object_id}" for object_id in ids]
