"""The fixtures of `daypass_sandbox.pytest_plugin` by another name, for `pytest_plugins = ["daypass_sandbox.testing"]`.

Where the package is installed, pytest finds the plugin by itself and no line is needed.
"""

from __future__ import annotations

from .pytest_plugin import FIRST_SECOND, SteadyClock

__all__ = ["FIRST_SECOND", "SteadyClock"]

pytest_plugins = ["daypass_sandbox.pytest_plugin"]
