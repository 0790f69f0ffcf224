"""Other people's words on a terminal: made harmless, measured in columns, cut and filled to fit.

Titles, names and places are written by strangers. An escape sequence in one could move the cursor or retitle the window, a bidi override
could show a name as another, a line break could forge a row. The columns are those that terminals agree on; stdlib only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_ELLIPSIS = "…"
_ZERO_WIDTH_JOINER, _EMOJI_STYLE = "\u200d", "\ufe0f"

# ECMA-48: control sequences (CSI) and terminated control strings (DCS, SOS, OSC, PM, APC). A lone ESC goes with the other controls.
# A string may not hold what opens another: else a run of openers would be searched to the end from each of them.
_SEQUENCE = r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[PX\]^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"
_BREAKS = r"[\t-\r\x1c-\x1e\x85\u2028\u2029]+"
_HIDDEN = r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+"
_HALVES = r"[\ud800-\udfff]"


def clean(text: str) -> str:
    """The text on one line and safe to print: escape sequences, controls and bidi overrides go, line breaks become one space.

    Emoji, combining marks and right-to-left words stay; half a surrogate pair, which no terminal can be sent, becomes U+FFFD.
    """
    if text.isprintable():
        return text
    shown = re.sub(_BREAKS, " ", re.sub(_SEQUENCE, "", text))
    return re.sub(_HALVES, "\ufffd", re.sub(_HIDDEN, "", shown))


def width(text: str) -> int:
    """How many columns a terminal gives to a clean text."""
    return len(text) if text.isascii() else sum(columns for _, columns in _clusters(text))


def fit(text: str, columns: int) -> str:
    """The clean text, cut with an ellipsis where it is wider than so many columns; what belongs together is not torn apart."""
    if width(text) <= columns:
        return text
    kept, room = "", columns - 1
    for cluster, wide in _clusters(text):
        if wide > room:
            break
        kept, room = kept + cluster, room - wide
    return kept + _ELLIPSIS if columns > 0 else ""


def pad(text: str, columns: int) -> str:
    """The clean text, filled with spaces to at least so many columns."""
    return text + " " * (columns - width(text))


def _clusters(text: str) -> Iterator[tuple[str, int]]:
    """What a terminal draws as one: a character with its marks, an emoji with its modifiers and what it is joined to; and its columns."""
    cluster, wide = "", 0
    for mark in text:
        if cluster and _belongs(mark, cluster, wide):
            cluster += mark
            if mark == _EMOJI_STYLE and wide == 1 and not cluster[0].isalpha():
                wide = 2
            continue
        if cluster:
            yield cluster, wide
        cluster, wide = mark, _columns(mark)
    if cluster:
        yield cluster, wide


def _belongs(mark: str, cluster: str, wide: int) -> bool:
    """Whether a character adds no column of its own after a cluster: marks and joiners, skin tones, emoji after a joiner."""
    joined = "\U0001f3fb" <= mark <= "\U0001f3ff" or (cluster[-1] == _ZERO_WIDTH_JOINER and mark > "\u2000" and not mark.isalpha())
    return _columns(mark) == 0 or (joined and wide == 2)


def _columns(mark: str) -> int:
    """The columns of one character on its own (Unicode Standard Annex 11)."""
    if "\u1160" <= mark <= "\u11ff" or "\ud7b0" <= mark <= "\ud7ff":  # vowels and finals that complete a Hangul syllable
        return 0
    if mark != "\xad" and unicodedata.category(mark) in {"Mn", "Me", "Cc", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(mark) in "WF" else 1
