"""What a `$search` of the directory finds: words, not parts of words (concepts/search-query-parameter).

The value of a property and what is sought are parted into words at spaces, at symbols, between letters and digits, and where a small
letter is followed by a capital; words that only symbols part count as one as well. `displayName` and `description` hold what is sought
when each of its words begins one of theirs, in any order; any other property when it begins with the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from .clauses import Phrase, SearchTree

BY_WORDS = frozenset({"displayName", "description"})
_WORD = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-zß-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])")


def matches(tree: SearchTree, text_of: Callable[[str], Any]) -> bool:
    """Whether a search finds a thing; `text_of` gives what the thing has at a property."""
    if isinstance(tree, Phrase):
        return _holds(tree, text_of(tree.property))
    found = [matches(part, text_of) for part in tree.operands]
    return not found[0] if tree.operator == "not" else all(found) if tree.operator == "and" else any(found)


def _holds(phrase: Phrase, value: Any) -> bool:
    texts = [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]  # pyright: ignore[reportUnknownVariableType]
    if phrase.property not in BY_WORDS:
        return any(text.casefold().startswith(phrase.words.casefold()) for text in texts)
    sought = words(phrase.words)
    return bool(sought) and any(all(any(word.startswith(part) for word in found(text)) for part in sought) for text in texts)


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """The words of a text, in small letters."""
    return tuple(part.casefold() for word in _WORD.findall(text) for part in _CAMEL.split(word))


@lru_cache(maxsize=4096)
def found(text: str) -> frozenset[str]:
    """The words that a text can be found by: its own, and those that only symbols part put together."""
    together = ("".join(words(part)) for part in text.split())
    return frozenset((*words(text), *together))
