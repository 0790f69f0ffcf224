"""All routes of To Do."""

from __future__ import annotations

from . import delta, extension_routes, file_routes, list_routes, part_routes, task_routes

ROUTES = (
    *list_routes.ROUTES,
    *task_routes.ROUTES,
    *part_routes.ROUTES,
    *file_routes.ROUTES,
    *extension_routes.ROUTES,
    *delta.ROUTES,
)
