"""What the person's terminal can show, and in which language; whether a person is there at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from ..value import Value


class Look(Value):
    """What may be drawn: on a terminal at all, in colour, beyond ASCII, how wide and high; or plainly, for a screen reader."""

    terminal: bool = False
    colour: bool = False
    unicode: bool = False
    plain: bool = False
    width: int = 80
    height: int = 24

    def bold(self, text: str) -> str:
        """The text, so that it stands out."""
        return f"\x1b[1m{text}\x1b[0m" if self.colour else text

    def faint(self, text: str) -> str:
        """The text, so that it stands back."""
        return f"\x1b[2m{text}\x1b[0m" if self.colour else text


def look(environ: Mapping[str, str], *, plain: bool = False) -> Look:
    """What stderr can show; NO_COLOR and TERM=dumb are honoured (no-color.org), DAYPASS_PLAIN=1 stands for a screen reader."""
    if not sys.stderr.isatty():
        return Look(plain=plain)
    plain = plain or environ.get("TERM") == "dumb" or environ.get("DAYPASS_PLAIN", "") not in ("", "0")
    try:
        width, height = os.get_terminal_size(sys.stderr.fileno())
    except OSError:
        width, height = 80, 24
    encoding = (sys.stderr.encoding or "").lower().replace("-", "")
    return Look(True, not plain and not environ.get("NO_COLOR"), encoding == "utf8", plain, width or 80, height or 24)


def person_is_there() -> bool:
    """Whether somebody at a terminal can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def language() -> str:
    """The language of the locale as a tag (`de-DE`), "" where none is set (POSIX: LC_ALL, LC_MESSAGES, LANG)."""
    name = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    tag = name.partition(".")[0].partition("@")[0].replace("_", "-")
    return "" if tag in ("", "C", "POSIX") or not tag.replace("-", "").isalnum() else tag
