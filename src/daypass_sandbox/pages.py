"""The sandbox's pages: templates, what lies beside them, and the headers without which no page leaves."""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib.resources
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from daypass.wire import Response

if TYPE_CHECKING:
    import jinja2

SAFE = {"referrer-policy": "same-origin", "x-content-type-options": "nosniff"}


@functools.cache
def _environment() -> jinja2.Environment:
    import jinja2  # here, because a tenant is ready sooner without it

    return jinja2.Environment(
        loader=jinja2.PackageLoader("daypass_sandbox"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@functools.cache
def source(name: str) -> Markup:
    """A file of our own from beside the templates, as it is."""
    return Markup(importlib.resources.files("daypass_sandbox").joinpath("templates", name).read_text("utf-8"))  # noqa: S704


@functools.cache
def digest(text: str) -> str:
    """The source expression of a Content-Security-Policy that lets this very text in."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def page(name: str, policy: str, status: int = 200, **words: Any) -> Response:
    """A page of a template, under a Content-Security-Policy."""
    body = _environment().get_template(f"{name}.html").render(**words)
    headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": policy, **SAFE}
    return Response(status, headers, body.encode())
