"""The packages that the sandbox needs and the product does not: what to say where they are not installed."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

PACKAGES = frozenset("dateutil icalendar jinja2 jwt markupsafe orjson trustme".split())  # as they are imported
ADVICE = "the sandbox is an extra that is not installed here: pip install 'daypass[sandbox]'"
CONFIGURATION = 10


def needed(command: str, run: Callable[[Any], int]) -> Callable[[Any], int]:
    """The command, ending with one line that says what to install where one of the packages is missing."""

    @functools.wraps(run)
    def with_advice(arguments: Any) -> int:
        try:
            return run(arguments)
        except ModuleNotFoundError as missing:
            if (missing.name or "").partition(".")[0] not in PACKAGES:
                raise
            sys.stderr.write(f"{command}: {ADVICE}\n")
            return CONFIGURATION

    return with_advice
