"""The languages and regions to choose from, each named in itself.

The service's own list is published nowhere; these are the languages of Outlook on the web, with names from Unicode CLDR.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

Json = dict[str, Any]


@cache
def names() -> dict[str, str]:
    """The name of each language, by its locale (`en-US`)."""
    return json.loads(resources.files("daypass_sandbox").joinpath("data/languages.json").read_text("utf-8"))["languages"]


def spelt(locale: str) -> str | None:
    """The proper spelling of a locale given in any letter case, None when it is not supported."""
    return {known.lower(): known for known in names()}.get(locale.lower())


def named(locale: str) -> Json:
    """A locale with its name, as Graph's `localeInfo`."""
    return {"locale": locale, "displayName": names().get(locale, locale)}
