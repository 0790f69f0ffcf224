from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from daypass.model.text import clean, fit, pad, width

# Any text, and texts made of what terminals and bidi algorithms obey.
hostile = st.one_of(
    st.text(st.characters(codec=None)),
    st.lists(
        st.sampled_from(["\x1b", "[", "]", "31m", "0;t", "\x07", "\\", "\x9b", "\u202e", "\u2069", "\n", "\ud800", "a", "\u5c71", "\u200d"])
    ).map("".join),
)


@given(hostile)
def test_a_clean_text_can_be_printed_and_commands_no_terminal(text):
    shown = clean(text)
    assert not {unicodedata.category(mark) for mark in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert shown.encode().decode() == shown


@given(hostile)
def test_cleaning_twice_changes_nothing(text):
    assert clean(clean(text)) == clean(text)


@given(st.text(st.characters(exclude_categories=["C"], include_characters="\u200d\u202f")))
def test_cleaning_keeps_every_visible_character(text):
    broken = text.replace("\u2028", " ").replace("\u2029", " ")
    assert clean(broken) == broken


@given(hostile, st.integers(-2, 40))
def test_a_fitted_and_padded_text_fills_its_column_exactly(text, columns):
    shown = fit(clean(text), columns)
    assert width(shown) <= max(columns, 0)
    assert width(pad(shown, columns)) == max(columns, 0)


@given(hostile)
def test_a_text_that_fits_is_left_alone(text):
    shown = clean(text)
    assert fit(shown, width(shown)) == shown


@given(hostile, st.integers(1, 40))
def test_a_cut_text_is_a_beginning_and_an_ellipsis(text, columns):
    shown = clean(text)
    cut = fit(shown, columns)
    assert cut == shown or (cut.endswith("…") and shown.startswith(cut[:-1]))
