"""The look of every page of the sign-in: one style sheet, and a Content-Security-Policy that lets nothing else in."""

from __future__ import annotations

from typing import Any

from daypass.wire import Response

from .. import pages
from ..routes import Call

SEND_FORM = "document.forms[0].submit()"  # the one script there is: it passes a form on to the app that asked for it


def page(call: Call, name: str, status: int = 200, *, forms_to: str = "'self'", scripted: bool = False, **words: Any) -> Response:
    """A page from the template of that name; its forms may be sent (and passed on) to `forms_to`, `scripted` lets `SEND_FORM` run."""
    style = pages.source("style.css")
    words = {"style": style, "organisation": call.tenant.state.display_name, "script": SEND_FORM if scripted else "", **words}
    policy = f"default-src 'none'; style-src {pages.digest(style)}; form-action {forms_to}; frame-ancestors 'none'; base-uri 'none'"
    return pages.page(name, policy + (f"; script-src {pages.digest(SEND_FORM)}" if scripted else ""), status, **words)
