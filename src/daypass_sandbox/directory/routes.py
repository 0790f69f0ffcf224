"""All routes of the directory."""

from __future__ import annotations

from . import (
    applications,
    assignments,
    credentials,
    deleted,
    grants,
    groups,
    managers,
    members,
    organization,
    principals,
    user_changes,
    users,
)

ROUTES = [
    *users.ROUTES,
    *user_changes.ROUTES,
    *managers.ROUTES,
    *members.ROUTES,
    *groups.ROUTES,
    *organization.ROUTES,
    *applications.ROUTES,
    *principals.ROUTES,
    *credentials.ROUTES,
    *assignments.ROUTES,
    *grants.ROUTES,
    *deleted.ROUTES,
]
