"""The language of `$filter`: its grammar, a tokenizer and a recursive-descent parser into a syntax tree.

After OData 4.01, URL Conventions, section 5.1.1, and its ABNF; words are taken in any letter case, as the service takes them:

    filter    = disjunction
    disjunct. = conjunction *( "or" conjunction )
    conjunct. = negation *( "and" negation )
    negation  = "not" negation | relation
    relation  = operand [ ("eq" | "ne" | "gt" | "ge" | "lt" | "le" | "has") operand | "in" ( "(" [ operand *( "," operand ) ] ")" | path ) ]
    operand   = "(" disjunction ")" | literal | call | path | lambda
    call      = name "(" [ disjunction *( "," disjunction ) ] ")"
    lambda    = path "/" ("any" | "all") "(" [ name ":" disjunction ] ")"
    path      = name *( "/" name )                                  a name may be qualified (microsoft.graph.user), $count or $it
    literal   = "null" | "true" | "false" | number | string | guid | date | instant | time of day | duration'…' | enumeration'…'
    string    = "'" *( character but "'" | "''" ) "'"

What cannot be read raises Fault 400 in the words of the library behind the service. Text and nesting are bounded, so that nothing
a client sends takes long or deep.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple, NoReturn, TypeAlias

from ..routes import Fault

LONGEST_TEXT = 16_384  # characters; the service's own limit of a whole URL is of this order
DEEPEST = 40
MOST_NODES = 400  # parts of a tree: names, constants, comparisons …
DEEPEST_LAMBDA = 1  # as the library has it by default
MOST_DIGITS = 30
COMPARISONS = frozenset({"eq", "ne", "gt", "ge", "lt", "le", "has"})
ARITHMETIC = frozenset({"add", "sub", "mul", "div", "divby", "mod"})
WORDS = frozenset({"and", "or", "not", "in", *COMPARISONS, *ARITHMETIC})

Scalar: TypeAlias = str | int | float | bool | datetime | date | time | timedelta | None


@dataclass(frozen=True)
class Literal:
    """A constant: `type` is its Edm type (`Edm.String`), "null", or the name of an enumeration type (the value is a member's name)."""

    type: str
    value: Scalar


@dataclass(frozen=True)
class Path:
    """A property, or a member of one: `start/dateTime`; the first name may be the variable of a lambda."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return "/".join(self.names)


@dataclass(frozen=True)
class Function:
    """A call of a function; its name in lower case."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Lambda:
    """`any` or `all` over a collection; an `any` without a predicate (both None) asks whether there is anything."""

    path: Path
    quantifier: str
    variable: str | None = None
    predicate: Expression | None = None


@dataclass(frozen=True)
class Comparison:
    """Two operands and how they are compared (`eq`)."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Membership:
    """`in` a list of operands, or in a collection."""

    item: Expression
    options: tuple[Expression, ...] | Path


@dataclass(frozen=True)
class Not:
    """A negation."""

    operand: Expression


@dataclass(frozen=True)
class Junction:
    """Two or more operands that are joined by one `and` or `or`; long chains stay flat."""

    operator: str
    operands: tuple[Expression, ...]


Expression: TypeAlias = Literal | Path | Function | Lambda | Comparison | Membership | Not | Junction


@lru_cache(maxsize=1024)
def parse_filter(text: str) -> Expression:
    """The syntax tree of a `$filter`; Fault 400 `BadRequest` where it has none."""
    parser = _Parser(text)
    tree = parser.disjunction()
    parser.expect_end()
    parser.check_size(tree)
    return tree


def parts(tree: Expression) -> Iterator[Expression]:
    """A syntax tree and all that is in it, from left to right."""
    yield tree
    for part in _inner(tree):
        yield from parts(part)


def _inner(tree: Expression) -> tuple[Expression, ...]:
    if isinstance(tree, Junction):
        return tree.operands
    if isinstance(tree, Function):
        return tree.arguments
    if isinstance(tree, Comparison):
        return (tree.left, tree.right)
    if isinstance(tree, Membership):
        return (tree.item, *(tree.options if isinstance(tree.options, tuple) else (tree.options,)))
    if isinstance(tree, Not):
        return (tree.operand,)
    return (tree.path, *((tree.predicate,) if tree.predicate else ())) if isinstance(tree, Lambda) else ()


def _lambdas(tree: Expression) -> int:
    """How deep lambdas lie within lambdas."""
    return isinstance(tree, Lambda) + max((_lambdas(part) for part in _inner(tree)), default=0)


@lru_cache(maxsize=1024)
def paths(tree: Expression) -> tuple[str, ...]:
    """The properties that a filter speaks of, each once, in the order they come; what is within a lambda counts as its collection."""
    found: dict[str, None] = {}
    inner: set[str] = set()
    for part in parts(tree):
        if isinstance(part, Lambda):
            inner.add(part.variable or "")
        elif isinstance(part, Path) and part.names[0] not in inner:
            found[str(part)] = None
    return tuple(found)


class Token(NamedTuple):
    """A piece of the text: its kind (the name of a group of `_TOKEN`, or "end"), the text and where it begins."""

    kind: str
    text: str
    at: int


_TIME = r"\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?"
_TOKEN = re.compile(
    rf"""
    (?P<space>[ \t\r\n]+)
  | (?P<guid>[0-9a-f]{{8}}-(?:[0-9a-f]{{4}}-){{3}}[0-9a-f]{{12}}(?!\w))
  | (?P<instant>-?\d{{4,5}}-\d\d-\d\dT{_TIME}(?:Z|[+-]\d\d:\d\d)?)
  | (?P<date>-?\d{{4,5}}-\d\d-\d\d(?![\w:]))
  | (?P<time>{_TIME})
  | (?P<number>-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.]))
  | (?P<typed>[a-z_][\w.]*'(?:[^']|'')*')
  | (?P<string>'(?:[^']|'')*')
  | (?P<name>[a-z_$@][\w.$]*)
  | (?P<mark>[(),/:;=-])
    """,
    re.IGNORECASE | re.VERBOSE,
)
_DURATION = re.compile(r"(-)?P(?:(\d{1,8})D)?(?:T(?:(\d{1,8})H)?(?:(\d{1,8})M)?(?:(\d{1,8})(\.\d{1,12})?S)?)?")


def tokens(text: str, refuse: Refuse) -> list[Token]:
    """The tokens of a text, spaces left out, with one of kind "end" behind them."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            refuse.at(at, "There is an unterminated string literal" if text[at] == "'" else f"The character '{text[at]}' is not valid")
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup or "", match[0], at))
        at = match.end()
    return [*found, Token("end", "", len(text))]


class Refuse:
    """Refuses a text, in the words of the library that the service reads it with."""

    def __init__(self, text: str, prefix: str = "Invalid filter clause: ") -> None:
        self._text, self._prefix = text, prefix
        if len(text) > LONGEST_TEXT:
            self._text = ""
            self.because(f"The text is longer than the {LONGEST_TEXT} characters that are allowed.")

    def because(self, message: str) -> NoReturn:
        """With a sentence."""
        raise Fault(400, "BadRequest", self._prefix + message)

    def at(self, position: int, message: str) -> NoReturn:
        """With a place in the text."""
        self.because(f"{message} at position {position} in '{self._text}'.")


class _Parser:
    """One pass over the tokens; every method reads what its rule of the grammar says."""

    def __init__(self, text: str) -> None:
        self._refuse = Refuse(text)
        self._tokens = tokens(text, self._refuse)
        self._next = 0
        self._depth = 0

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _advance(self) -> Token:
        token = self._token
        self._next += 1
        return token

    def _is(self, kind: str, text: str) -> bool:
        return self._token.kind == kind and self._token.text.lower() == text

    def _take(self, kind: str, text: str) -> bool:
        """Whether the next token is this one; if so, it is read."""
        taken = self._is(kind, text)
        self._next += taken
        return taken

    def _need(self, mark: str, expected: str) -> None:
        if not self._take("mark", mark):
            self._refuse.at(self._token.at, expected)

    def expect_end(self) -> None:
        """Refuse anything that is left."""
        token = self._token
        if token.kind == "name" and token.text.lower() in ARITHMETIC:
            raise Fault(501, "notImplemented", f"The operator '{token.text}' in $filter is not implemented in this sandbox.")
        if token.kind != "end":
            self._refuse.at(token.at, "Syntax error")

    def check_size(self, tree: Expression) -> None:
        """Refuse what would take long to evaluate, with the words of the library's own limits."""
        if sum(1 for _ in parts(tree)) > MOST_NODES:
            self._refuse.because(f"The node count limit of '{MOST_NODES}' has been exceeded.")
        if _lambdas(tree) > DEEPEST_LAMBDA:
            self._refuse.because(f"The Any/All nesting limit of '{DEEPEST_LAMBDA}' has been exceeded.")

    def disjunction(self) -> Expression:
        """One or more conjunctions."""
        self._depth += 1
        if self._depth > DEEPEST:
            self._refuse.because("Recursion depth exceeded allowed limit.")
        tree = self._chain("or", self._conjunction)
        self._depth -= 1
        return tree

    def _conjunction(self) -> Expression:
        return self._chain("and", self._negation)

    def _chain(self, word: str, read: Callable[[], Expression]) -> Expression:
        operands = [read()]
        while self._take("name", word):
            operands.append(read())
        return operands[0] if len(operands) == 1 else Junction(word, tuple(operands))

    def _negation(self) -> Expression:
        negations = 0
        while self._take("name", "not"):
            negations += 1
            if negations > DEEPEST:
                self._refuse.because("Recursion depth exceeded allowed limit.")
        tree = self._relation()
        for _ in range(negations):
            tree = Not(tree)
        return tree

    def _relation(self) -> Expression:
        left = self._operand()
        word = self._token.text.lower() if self._token.kind == "name" else ""
        if word in COMPARISONS:
            self._next += 1
            return Comparison(word, left, self._operand())
        if word == "in":
            self._next += 1
            return self._membership(left)
        return left

    def _membership(self, item: Expression) -> Expression:
        if self._token.kind == "name":
            options = self._path_or_call()
            if not isinstance(options, Path):
                self._refuse.at(self._token.at, "Syntax error")
            return Membership(item, options)
        self._need("(", "'(' expected")
        return Membership(item, self._list())

    def _list(self) -> tuple[Expression, ...]:
        """Expressions with commas between them, up to the closing parenthesis."""
        if self._take("mark", ")"):
            return ()
        found = [self.disjunction()]
        while self._take("mark", ","):
            found.append(self.disjunction())
        self._need(")", "')' or ',' expected")
        return tuple(found)

    def _operand(self) -> Expression:
        token = self._token
        if self._take("mark", "("):
            tree = self.disjunction()
            self._need(")", "')' or operator expected")
            return tree
        if token.kind == "name":
            return self._word(token)
        if token.kind in ("end", "mark"):
            self._refuse.at(token.at, "Expression expected")
        self._next += 1
        return literal(token, self._refuse)

    def _word(self, token: Token) -> Expression:
        word = token.text.lower()
        if word in ("null", "true", "false") and not self._calls():
            self._next += 1
            return Literal("null", None) if word == "null" else Literal("Edm.Boolean", word == "true")
        if word in WORDS:
            self._refuse.at(token.at, "Expression expected")
        if word.startswith("@"):
            raise Fault(501, "notImplemented", f"The parameter alias '{token.text}' in $filter is not implemented in this sandbox.")
        return self._path_or_call()

    def _calls(self) -> bool:
        following = self._tokens[self._next + 1]
        return following.kind == "mark" and following.text == "("

    def _path_or_call(self) -> Expression:
        if self._calls():
            name = self._advance().text.lower()
            self._next += 1
            return Function(name, self._list())
        names = [self._advance().text]
        while self._take("mark", "/"):
            if self._token.kind != "name":
                self._refuse.at(self._token.at, "Syntax error")
            if self._calls():
                return self._lambda(Path(tuple(names)))
            names.append(self._advance().text)
        return Path(tuple(names))

    def _lambda(self, path: Path) -> Expression:
        token = self._advance()
        quantifier = token.text.lower()
        if quantifier not in ("any", "all"):
            self._refuse.because(f"An unknown function with name '{token.text}' was found.")
        self._next += 1
        if quantifier == "any" and self._take("mark", ")"):
            return Lambda(path, quantifier)
        variable = self._advance()
        if variable.kind != "name" or variable.text.lower() in WORDS or "." in variable.text or variable.text[0] in "$@":
            self._refuse.at(variable.at, "Expression expected")
        self._need(":", "Syntax error")
        predicate = self.disjunction()
        self._need(")", "')' or operator expected")
        return Lambda(path, quantifier, variable.text, predicate)


def literal(token: Token, refuse: Refuse) -> Literal:
    """The constant that a token is."""
    readers: dict[str, Callable[[str], Literal]] = {
        "string": lambda text: Literal("Edm.String", unquoted(text)),
        "guid": lambda text: Literal("Edm.Guid", text.lower()),
        "number": _number,
        "instant": _instant,
        "date": lambda text: Literal("Edm.Date", date.fromisoformat(text)),
        "time": lambda text: Literal("Edm.TimeOfDay", time.fromisoformat(text)),
        "typed": _typed,
    }
    try:
        return readers[token.kind](token.text)
    except (ValueError, OverflowError):
        if token.kind == "instant":
            form = "'yyyy-mm-ddThh:mm:ss('.'s+)?(zzzzzz)?' and each field value is within valid range"
            refuse.because(f"The DateTimeOffset text '{token.text}' should be in format {form}.")
        refuse.because(f"Unrecognized '{token.kind}' literal '{token.text}' at '{token.at}'.")


def unquoted(text: str) -> str:
    """What stands between the quotes of a string literal."""
    return text[1:-1].replace("''", "'")


def _number(text: str) -> Literal:
    if len(text) > MOST_DIGITS:
        raise ValueError(text)
    if text.lstrip("-").isdigit():
        value = int(text)
        return Literal("Edm.Int32" if -(2**31) <= value < 2**31 else "Edm.Int64", value)
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(text)
    return Literal("Edm.Double", value)


def _instant(text: str) -> Literal:
    moment = datetime.fromisoformat(text.upper())
    if moment.tzinfo is None:
        raise ValueError(text)
    return Literal("Edm.DateTimeOffset", moment.astimezone(UTC))


def _typed(text: str) -> Literal:
    name, _, rest = text.partition("'")
    value = unquoted("'" + rest)
    if name.lower() == "duration":
        return Literal("Edm.Duration", duration(value))
    if "." not in name:
        raise ValueError(text)
    return Literal(name, value)


def duration(text: str) -> timedelta:
    """An ISO 8601 duration of days, hours, minutes and seconds; ValueError for any other text."""
    found = _DURATION.fullmatch(text.upper())
    if found is None or text.upper().endswith(("P", "T")):
        raise ValueError(text)
    sign, days, hours, minutes, seconds, fraction = found.groups()
    span = timedelta(days=int(days or 0), hours=int(hours or 0), minutes=int(minutes or 0), seconds=int(seconds or 0))
    span += timedelta(seconds=float(fraction or 0))
    return -span if sign else span
