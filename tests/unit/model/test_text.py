from __future__ import annotations

import pytest

from daypass.model.text import clean, fit, pad, width

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
THUMB = "\U0001f44d\U0001f3fd"
HEART = "\u2764\ufe0f"
FLAG = "\U0001f1e9\U0001f1ea"
PIRATES = "\U0001f3f4\u200d\u2620\ufe0f"


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("Plain title", "Plain title"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hgone", "gone"),
        ("\x9b31mred", "red"),
        ("\x1b]0;new window title\x07Review", "Review"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPdevice\x1b\\Review", "Review"),
        ("\x1b]0;never ended", "]0;never ended"),
        ("\x1b\x1b[31m[31mred", "[31mred"),
        ("\x1bcReset", "cReset"),
        ("a\nb", "a b"),
        ("a\r\n\r\nb", "a b"),
        ("a\tb\vc\fd", "a b c d"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("a\x00b\x07c\x08d\x7fe", "abcde"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("\u2066a\u2067b\u2068c\u2069", "abc"),
        ("\u202aa\u202bb\u202cc\u202dd", "abcd"),
        ("half \udcff pair", "half \ufffd pair"),
        (
            "caf\u00e9 cafe\u0301 \u5c71\u7530 \u05e2\u05d1\u05e8\u05d9\u05ea\u200f",
            "caf\u00e9 cafe\u0301 \u5c71\u7530 \u05e2\u05d1\u05e8\u05d9\u05ea\u200f",
        ),
        (f"{FAMILY} {THUMB} {HEART} {FLAG}", f"{FAMILY} {THUMB} {HEART} {FLAG}"),
        ("", ""),
    ],
)
def test_a_hostile_text_becomes_harmless_and_one_line(hostile, harmless):
    assert clean(hostile) == harmless


def test_a_long_hostile_text_is_cleaned_in_linear_time():
    assert clean("\x1b]" * 200_000) == "]" * 200_000
    assert clean("\x1b[" + "0" * 400_000) == "[" + "0" * 400_000
    assert clean(" " * 400_000 + "\x00") == " " * 400_000


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("Review", 6),
        ("caf\u00e9", 4),
        ("cafe\u0301", 4),
        ("\u5c71\u7530", 4),
        ("\uff21", 2),
        ("\uff71", 1),
        ("\u1112\u1161\u11ab", 2),
        ("\ud55c", 2),
        ("\U0001f600", 2),
        (FAMILY, 2),
        (THUMB, 2),
        (HEART, 2),
        (FLAG, 2),
        (PIRATES, 2),
        ("1\ufe0f\u20e3", 2),
        ("\u2026", 1),
        ("a\ufe0f", 1),
        ("\u1112\ud7b0", 2),
        ("a\u200bb", 2),
        ("co\u00adop", 5),
        ("\u0928\u093f", 2),
        ("\u5c71\u200d\u7530", 4),
        ("\U0001f600\U0001f600", 4),
    ],
)
def test_width_is_the_columns_of_a_terminal(text, columns):
    assert width(text) == columns


@pytest.mark.parametrize(
    ("text", "columns", "cut"),
    [
        ("Review", 6, "Review"),
        ("Review", 5, "Revi…"),
        ("Review", 1, "…"),
        ("Review", 0, ""),
        ("Review", -3, ""),
        ("", 0, ""),
        ("\u5c71\u7530\u592a\u90ce", 5, "\u5c71\u7530…"),
        ("\u5c71\u7530\u592a\u90ce", 4, "\u5c71…"),
        ("cafe\u0301 bar", 5, "cafe\u0301…"),
        (f"{FAMILY}{FAMILY}", 3, f"{FAMILY}…"),
        (f"{THUMB}abc", 4, f"{THUMB}a…"),
    ],
)
def test_a_text_is_cut_by_columns_and_never_inside_a_character(text, columns, cut):
    assert fit(text, columns) == cut


@pytest.mark.parametrize(
    ("text", "columns", "filled"),
    [("ab", 4, "ab  "), ("\u5c71", 4, "\u5c71  "), ("abcd", 2, "abcd"), ("", 2, "  "), ("cafe\u0301", 5, "cafe\u0301 ")],
)
def test_a_text_is_filled_to_columns(text, columns, filled):
    assert pad(text, columns) == filled


@pytest.mark.parametrize("opener", ["\x9d", "\x90", "\x1b]", "\x1bP", "\x9b", "\x9b0", "\x1b[0;", "\x1b"])
def test_a_long_run_of_openers_is_cleaned_in_a_moment(opener: str) -> None:
    """Quadratic searching took six seconds for 16,000 of them; this is thirty times as many."""
    assert clean(opener * 500_000).strip("0;[]P") == ""
