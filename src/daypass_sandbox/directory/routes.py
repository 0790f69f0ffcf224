"""All routes of the directory."""

from __future__ import annotations

from . import groups, managers, members, organization, user_changes, users

ROUTES = [*users.ROUTES, *user_changes.ROUTES, *managers.ROUTES, *members.ROUTES, *groups.ROUTES, *organization.ROUTES]
