"""The look of every page of the sign-in: templates, one style sheet, and a Content-Security-Policy that lets nothing else in."""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib.resources
from typing import Any

import jinja2
from markupsafe import Markup

from daypass.wire import Response

from ..routes import Call

SEND_FORM = "document.forms[0].submit()"  # the one script there is: it passes a form on to the app that asked for it


@functools.cache
def _templates() -> tuple[jinja2.Environment, Markup]:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("daypass_sandbox"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = importlib.resources.files("daypass_sandbox").joinpath("templates", "style.css").read_text("utf-8")
    return environment, Markup(style)  # noqa: S704 - our own file


@functools.cache
def _digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def page(call: Call, name: str, status: int = 200, *, forms_to: str = "'self'", scripted: bool = False, **words: Any) -> Response:
    """A page from the template of that name; its forms may be sent (and passed on) to `forms_to`, `scripted` lets `SEND_FORM` run."""
    environment, style = _templates()
    words = {"style": style, "organisation": call.tenant.state.display_name, "script": SEND_FORM if scripted else "", **words}
    body = environment.get_template(f"{name}.html").render(**words)
    policy = f"default-src 'none'; style-src {_digest(str(style))}; form-action {forms_to}; frame-ancestors 'none'; base-uri 'none'"
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": policy + (f"; script-src {_digest(SEND_FORM)}" if scripted else ""),
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
    }
    return Response(status, headers, body.encode())
