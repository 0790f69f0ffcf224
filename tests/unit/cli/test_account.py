"""What `status` prints: facts, and nothing that a stranger's words could forge."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

from daypass.cli.facts import print_facts


def printed(**facts: object) -> str:
    with redirect_stdout(io.StringIO()) as out:
        print_facts(facts)
    return out.getvalue()


def test_names_and_errors_of_the_service_cannot_forge_a_line_or_steer_the_terminal() -> None:
    hostile = "u\x1b]0;pwned\x07\x1b[2J\nsigned in         yes\u202e"
    told = printed(user=hostile, last_error=hostile)
    assert len(told.splitlines()) == 2
    assert not {"\x1b", "\x07", "\u202e"} & set(told)


def test_what_is_not_known_is_not_printed_and_truths_are_words() -> None:
    assert printed(signed_in=True, user=None, scopes="", renews_itself=False) == "renews itself        no\n"
