"""`$select`, `$orderby`, `$expand` and `$search`, read into values.

    select    = item *( "," item )                              item = "*" | path
    orderby   = path [ "asc" | "desc" ] *( "," … )
    expand    = relation *( "," relation )                      relation = path [ "(" option *( ";" option ) ")" ]
    option    = ( "$select" | "$filter" | "$orderby" | "$top" | "$skip" | "$count" | "$search" | "$levels" | "$expand" ) "=" text
    search    = conjunction *( "OR" conjunction )
    conjunct. = term *( [ "AND" ] term )
    term      = [ "NOT" ] ( "(" search ")" | DQUOTE property ":" words DQUOTE )

After OData 4.01, URL Conventions, sections 5.1.2 to 5.1.5, and the page concepts/search-query-parameter, which wants the words AND, OR
and NOT in capitals and outside the quotes. As in `query`, text and nesting are bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from ..routes import Fault
from . import query

DEEPEST_EXPAND = 6
MOST_ORDERS = 5  # as the library has it by default
_PATH = re.compile(r"[A-Za-z_][\w.]*(?:/[A-Za-z_][\w.]*)*")
_ORDER = re.compile(r"\s*(\S+)(?:\s+(asc|desc))?\s*", re.IGNORECASE)
_SEARCH = re.compile(r'\s*(?:(?P<phrase>"(?:[^"\\]|\\.)*")|(?P<mark>[()])|(?P<word>[^\s()"]+))', re.DOTALL)
_SELECT_AND_EXPAND = "Parsing OData Select and Expand failed: "


@dataclass(frozen=True)
class Order:
    """One term of `$orderby`."""

    path: str
    descending: bool = False


@dataclass(frozen=True)
class Expand:
    """One relation that `$expand` asks for, with what its parentheses ask of it: the texts of the options ("" where absent).

    `levels` is "" or what `$levels` says: a number or `max`.
    """

    name: str
    select: str = ""
    filter: str = ""
    orderby: str = ""
    top: str = ""
    skip: str = ""
    count: str = ""
    search: str = ""
    levels: str = ""
    expand: str = ""


@dataclass(frozen=True)
class Phrase:
    """A clause of `$search`: which property is to hold which words."""

    property: str
    words: str


@dataclass(frozen=True)
class Search:
    """Clauses of `$search` joined by one operator: `and`, `or`, or `not` (of one)."""

    operator: str
    operands: tuple[Phrase | Search, ...]


SearchTree: TypeAlias = Phrase | Search


@lru_cache(maxsize=1024)
def parse_select(text: str) -> tuple[str, ...]:
    """The paths (and `*`) of a `$select`; Fault 400 `BadRequest` for what is none."""
    refuse = query.Refuse(text, _SELECT_AND_EXPAND)
    paths = [part.strip() for part in split(text, ",", refuse)]
    for path in filter(None, paths):
        if "(" in path:
            raise Fault(501, "notImplemented", f"Options within $select ('{path}') are not implemented in this sandbox.")
        if path != "*" and not _PATH.fullmatch(path):
            refuse.at(text.index(path), "Syntax error")
    return tuple(filter(None, paths))


@lru_cache(maxsize=1024)
def parse_orderby(text: str) -> tuple[Order, ...]:
    """The terms of an `$orderby`; Fault 400 `BadRequest` for what is none."""
    refuse = query.Refuse(text, "Invalid OrderBy clause: ")
    terms: list[Order] = []
    for part in filter(str.strip, split(text, ",", refuse)):
        term = _ORDER.fullmatch(part)
        if term is None or not _PATH.fullmatch(term[1]):
            refuse.because(f"The $orderby term '{part.strip()}' is not a property path with an optional 'asc' or 'desc'.")
        terms.append(Order(term[1], (term[2] or "").lower() == "desc"))
    if len(terms) > MOST_ORDERS:
        limit = f"The maximum number of $orderby clauses allowed is {MOST_ORDERS}."
        refuse.because(f"The number of clauses in $orderby query option exceeded the maximum number allowed. {limit}")
    return tuple(terms)


@lru_cache(maxsize=1024)
def parse_expand(text: str, depth: int = 1) -> tuple[Expand, ...]:
    """The relations of an `$expand`; Fault 400 `BadRequest` for what cannot be read, 501 for a form of it that is not built."""
    refuse = query.Refuse(text, _SELECT_AND_EXPAND)
    if depth > DEEPEST_EXPAND:
        refuse.because(f"The request includes a $expand path which is too deep. The maximum depth allowed is '{DEEPEST_EXPAND}'.")
    return tuple(_relation(part.strip(), refuse, depth) for part in split(text, ",", refuse) if part.strip())


def _relation(text: str, refuse: query.Refuse, depth: int) -> Expand:
    name, parenthesis, rest = text.partition("(")
    name = name.strip()
    if name == "*" or name.endswith(("/$ref", "/$count")):
        raise Fault(501, "notImplemented", f"$expand of '{name}' is not implemented in this sandbox.")
    if not _PATH.fullmatch(name) or (parenthesis and not rest.endswith(")")):
        refuse.because(f"Syntax error in '{text}'.")
    options: dict[str, str] = {}
    for part in split(rest[:-1], ";", refuse) if parenthesis else ():
        option, equals, value = part.strip().partition("=")
        member = option.strip().lower().removeprefix("$")
        if not equals or member == "name" or member not in Expand.__dataclass_fields__:
            refuse.because(f"Found an unknown query option '{option.strip()}' within the $expand of '{name}'.")
        options[member] = value.strip()
    if options.get("expand"):
        parse_expand(options["expand"], depth + 1)
    return Expand(name, **options)


@lru_cache(maxsize=1024)
def parse_search(text: str) -> SearchTree:
    """The clauses of a `$search`; Fault 400 `BadRequest` for what cannot be read."""
    return _Searching(text).all()


class _Searching:
    """One pass over the pieces of a `$search`."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._depth = text, 0, 0
        self._refuse = query.Refuse(text, "Invalid search clause: ")

    def all(self) -> SearchTree:
        """Everything, to the end."""
        tree = self._disjunction()
        if self._peek()[0]:
            self._refuse.at(self._at, "Syntax error")
        return tree

    def _peek(self) -> tuple[str, str, int]:
        """The kind ("" at the end), the text and the end of the next piece."""
        found = _SEARCH.match(self._text, self._at)
        if found is None:
            if self._text[self._at :].strip():
                self._refuse.at(self._at, "There is an unterminated string literal")
            return "", "", self._at
        kind = found.lastgroup or ""
        return kind, found[kind], found.end()

    def _take(self, text: str) -> bool:
        _, found, end = self._peek()
        if found == text:
            self._at = end
        return found == text

    def _disjunction(self) -> SearchTree:
        self._depth += 1
        if self._depth > query.DEEPEST:
            self._refuse.because("Recursion depth exceeded allowed limit.")
        operands = [self._conjunction()]
        while self._take("OR"):
            operands.append(self._conjunction())
        self._depth -= 1
        return operands[0] if len(operands) == 1 else Search("or", tuple(operands))

    def _conjunction(self) -> SearchTree:
        operands = [self._term()]
        while self._take("AND") or self._peek()[1] == "NOT" or self._peek()[0] == "phrase" or self._peek()[1] == "(":
            operands.append(self._term())
        return operands[0] if len(operands) == 1 else Search("and", tuple(operands))

    def _term(self) -> SearchTree:
        if self._take("NOT"):
            return Search("not", (self._clause(),))
        return self._clause()

    def _clause(self) -> SearchTree:
        if self._take("("):
            tree = self._disjunction()
            if not self._take(")"):
                self._refuse.at(self._at, "')' expected")
            return tree
        kind, text, end = self._peek()
        if kind != "phrase":
            self._refuse.at(self._at, "A clause in double quotes expected")
        self._at = end
        name, colon, words = re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL).partition(":")
        if not colon or not name.strip():
            self._refuse.because(f'The clause {text} is not of the form "property:words".')
        return Phrase(name.strip(), words.strip())


def split(text: str, separator: str, refuse: query.Refuse) -> list[str]:
    """The parts of a text at a separator, not counting those within quotes or parentheses."""
    parts, begin, depth, quoted = [""][:0], 0, 0, False
    for at, letter in enumerate(text):
        if letter == "'":
            quoted = not quoted
        if quoted:
            continue
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            refuse.at(at, "Syntax error")
        if letter == separator and depth == 0:
            parts.append(text[begin:at])
            begin = at + 1
    if quoted or depth:
        refuse.at(len(text), "There is an unterminated string literal" if quoted else "')' expected")
    return [*parts, text[begin:]]
