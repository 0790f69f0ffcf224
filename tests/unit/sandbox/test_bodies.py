"""What a reader sees of the body of an event; hostile HTML is read once, however long and however broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daypass_sandbox.calendar.bodies import PREVIEW_LENGTH, plain_text, preview


def text_of(content):
    return plain_text({"contentType": "html", "content": content})


READ = {
    "<p>Hi &amp; <b>you</b></p>": "Hi & you",
    'Come <a href="https://contoso.example/?a=1&amp;b=2">here</a>.': "Come here<https://contoso.example/?a=1&b=2>.",
    "<a HREF = 'https://contoso.example/'>https://contoso.example/</a>": "https://contoso.example/",
    "<a data-href='x'>here</a>": "here",
    "One<br/>two<p>three</p>": "One\ntwo\nthree",
    "<html><head><title>Not this</title></head><body>This</body></html>": "This",
    "<style>p { color: red }</style>This<script>if (a < b) alert('x')</script>": "This",
    "Not <!-- <b>this --> this <![if mso]>at all<![endif]> <!doctype x>": "Not this at all",
    '<div title="a > b">Quoted</div>': "Quoted",
    "It's <i don't>fine</i>": "It's fine",
    "1 < 2 and 3<4, x <3": "1 < 2 and 3<4, x <3",
    "a <![ b": "a",
    "<![x]>b<![1]>c": "bc",
    "The end is <a href=": "The end is",
}


@pytest.mark.parametrize(("content", "text"), READ.items(), ids=str)
def test_what_is_seen_is_told(content, text):
    assert text_of(content) == text


LONG = (
    "<a ",
    '<a x="',
    "<!--",
    "<",
    "</",
    "<a href='",
    '="',
    "<script>",
    "<style><script>",
    "<p",
    "<a x=\"='",
    "&amp;",
    " \n",
    "<a href =",
)


@pytest.mark.parametrize("piece", LONG)
@pytest.mark.parametrize("begin", ["", "<a "])
@pytest.mark.parametrize("end", ["", ">", "</a>"])
def test_a_long_and_broken_one_is_read_once(piece, begin, end):
    """Each would take minutes where a piece is looked at again for every other one."""
    assert len(text_of(begin + piece * 100_000 + end)) <= 1_000_000


@given(st.text(st.sampled_from("<>/!-=\"' abpscrit&;\n"), max_size=60))
def test_any_text_is_read_to_its_end(content):
    assert len(preview({"contentType": "html", "content": content})) <= PREVIEW_LENGTH
    assert text_of(content + "--></script></style></head>\"'>here").endswith("here")
