"""The query language: read back what was written, mean what a naive reading means, bear whatever comes, and lose nothing between pages."""

from __future__ import annotations

import contextlib
import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from daypass_sandbox.graph import clauses, filters, odata, query
from daypass_sandbox.graph.query import Comparison, Function, Junction, Lambda, Literal, Membership, Not, Path
from daypass_sandbox.graph.services import DIRECTORY, Service
from daypass_sandbox.graph.values import Types
from daypass_sandbox.routes import Fault, Route
from daypass_sandbox.tenant import Tenant
from graph_caller import Graph, StoppedClock

# --- a tree, and how it is written ---------------------------------------------------------------------------------------------------

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name.lower() not in query.WORDS | {"null", "true", "false", "any", "all"}
)
moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))
literals = st.one_of(
    (st.text(max_size=12) | st.text("a' ", max_size=6)).map(lambda text: Literal("Edm.String", text)),
    st.integers(-(2**31), 2**31 - 1).map(lambda number: Literal("Edm.Int32", number)),
    st.integers(2**31, 10**20).map(lambda number: Literal("Edm.Int64", number)),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda number: Literal("Edm.Double", number)),
    st.booleans().map(lambda flag: Literal("Edm.Boolean", flag)),
    st.just(Literal("null", None)),
    moments.map(lambda moment: Literal("Edm.DateTimeOffset", moment)),
    st.dates(date(1000, 1, 1)).map(lambda day: Literal("Edm.Date", day)),
    st.times().map(lambda moment: Literal("Edm.TimeOfDay", moment)),
    st.uuids().map(lambda guid: Literal("Edm.Guid", str(guid))),
    st.timedeltas(timedelta(-9999), timedelta(9999)).map(lambda span: Literal("Edm.Duration", span)),
    st.tuples(names, names, st.text(max_size=8)).map(lambda parts: Literal(f"{parts[0]}.{parts[1]}", parts[2])),
)
paths = st.lists(names, min_size=1, max_size=3).map(lambda parts: Path(tuple(parts)))


def larger(trees):
    many = st.lists(trees, min_size=2, max_size=4).map(tuple)
    return st.one_of(
        st.builds(Junction, st.sampled_from(["and", "or"]), many),
        st.builds(Not, trees),
        st.builds(Comparison, st.sampled_from(sorted(query.COMPARISONS)), trees, trees),
        st.builds(Membership, trees, st.one_of(paths, st.lists(trees, max_size=3).map(tuple))),
        st.builds(Function, names.map(str.lower), st.lists(trees, max_size=3).map(tuple)),
        st.builds(Lambda, paths, st.sampled_from(["any", "all"]), names, trees),
        st.builds(Lambda, paths, st.just("any")),
    )


trees = st.recursive(st.one_of(literals, paths), larger, max_leaves=12)


def written(tree) -> str:
    """A tree as a client might write it, with all the parentheses it needs and more."""
    if isinstance(tree, Literal):
        return constant(tree)
    if isinstance(tree, Path):
        return str(tree)
    if isinstance(tree, Function):
        return f"{tree.name}({', '.join(map(written, tree.arguments))})"
    if isinstance(tree, Lambda):
        inner = f"{tree.variable}: {written(tree.predicate)}" if tree.predicate else ""
        return f"{tree.path}/{tree.quantifier}({inner})"
    if isinstance(tree, Comparison):
        return f"({written(tree.left)}) {tree.operator} ({written(tree.right)})"
    if isinstance(tree, Membership):
        options = str(tree.options) if isinstance(tree.options, Path) else f"({','.join(map(written, tree.options))})"
        return f"({written(tree.item)}) in {options}"
    if isinstance(tree, Not):
        return f"NOT ({written(tree.operand)})"
    return f" {tree.operator} ".join(f"({written(operand)})" for operand in tree.operands)


def constant(literal: Literal) -> str:
    value = literal.value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat() + "Z"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        whole, rest = divmod(abs(value), timedelta(seconds=1))
        sign = "-" if value < timedelta(0) else ""
        return f"duration'{sign}P{whole // 86400}DT{whole % 86400}.{rest.microseconds:06}S'"
    if literal.type == "Edm.Guid" or isinstance(value, int | float):
        return str(value)
    escaped = value.replace("'", "''")
    return f"'{escaped}'" if literal.type == "Edm.String" else f"{literal.type}'{escaped}'"


@given(trees.filter(lambda tree: query._lambdas(tree) <= 1))
def test_a_filter_is_read_as_it_was_written(tree):
    assert query.parse_filter(written(tree)) == tree


# --- what it means, read naively ------------------------------------------------------------------------------------------------------

TYPES = Types(
    {
        "name": "Edm.String",
        "age": "Edm.Int32",
        "isTame": "Edm.Boolean",
        "size": ("small", "medium", "large"),
        "made": "Edm.DateTimeOffset",
        "tags": "Collection(Edm.String)",
        "kids": "Collection(complex)",
        "kids/name": "Edm.String",
        "kids/age": "Edm.Int32",
    }
)
BEAST = odata.Kind("beast", ("id", "name", "age", "isTame", "size", "made", "tags", "kids"), types=TYPES, service=Service())
WORDS = ("", "a", "A", "ab", "aB", "b'c", "ba", "ß", "SS")
START = datetime(2026, 1, 1, tzinfo=UTC)

words = st.sampled_from(WORDS)
ages = st.integers(-2, 3)
instants = st.integers(0, 3).map(lambda hours: START + timedelta(hours=hours))
kids = st.fixed_dictionaries({"name": st.none() | words, "age": st.none() | ages})
beasts = st.fixed_dictionaries(
    {
        "name": st.none() | words,
        "age": st.none() | ages,
        "isTame": st.none() | st.booleans(),
        "size": st.none() | st.sampled_from(["small", "MEDIUM", "Large"]),
        "made": st.none() | instants.map(lambda moment: moment.isoformat()),
        "tags": st.lists(words, max_size=3),
        "kids": st.lists(kids, max_size=3),
    }
)
ORDERS = ("eq", "ne", "gt", "ge", "lt", "le")


def operands(prefix: str):
    """Pairs of operands of one type, from an item or (`prefix`) an element."""

    def path(name):
        return st.just(Path((prefix, name) if prefix else (name,)))

    null = st.just(Literal("null", None))
    lowered = path("name").map(lambda name: Function("tolower", (name,)))
    length = path("name").map(lambda name: Function("length", (name,)))
    texts = st.one_of(words.map(lambda text: Literal("Edm.String", text)), path("name"), lowered)
    numbers = st.one_of(ages.map(lambda number: Literal("Edm.Int32", number)), path("age"), length)
    pairs = [st.tuples(texts, texts | null), st.tuples(numbers, numbers | null)]
    if not prefix:
        pairs += [
            st.tuples(path("isTame"), st.booleans().map(lambda flag: Literal("Edm.Boolean", flag)) | null),
            st.tuples(path("size"), st.sampled_from(["small", "Medium", "large"]).map(lambda text: Literal("Edm.String", text)) | null),
            st.tuples(path("made"), instants.map(lambda moment: Literal("Edm.DateTimeOffset", moment)) | null),
        ]
    return st.one_of(pairs)


def conditions(prefix: str = ""):
    name = Path((prefix, "name") if prefix else ("name",))
    leaves = [
        st.tuples(st.sampled_from(ORDERS), operands(prefix)).map(lambda parts: Comparison(parts[0], *parts[1])),
        st.tuples(st.sampled_from(["startswith", "endswith", "contains"]), words).map(
            lambda parts: Function(parts[0], (name, Literal("Edm.String", parts[1])))
        ),
        st.lists(words, max_size=3).map(lambda some: Membership(name, tuple(Literal("Edm.String", word) for word in some))),
    ]
    if not prefix:
        tag = words.map(lambda word: Comparison("eq", Path(("t",)), Literal("Edm.String", word)))
        leaves += [
            st.just(Path(("isTame",))),
            st.just(Lambda(Path(("tags",)), "any")),
            st.builds(lambda test, which: Lambda(Path(("tags",)), which, "t", test), tag, st.sampled_from(["any", "all"])),
            st.builds(lambda test, which: Lambda(Path(("kids",)), which, "k", test), conditions("k"), st.sampled_from(["any", "all"])),
            words.map(lambda word: Membership(Literal("Edm.String", word), Path(("tags",)))),
            ages.map(lambda number: Comparison("ge", Path(("tags", "$count")), Literal("Edm.Int32", number))),
        ]
    many = lambda inner: st.builds(Junction, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3).map(tuple))  # noqa: E731
    return st.recursive(st.one_of(leaves), lambda inner: st.builds(Not, inner) | many(inner), max_leaves=6)


def naive(tree, item, **variables):
    """What a filter is worth for an item: a value, True, False, or None for neither."""
    if isinstance(tree, Literal):
        return tree.value
    if isinstance(tree, Path):
        return place(tree.names, item, variables)
    if isinstance(tree, Function):
        return function(tree.name, [naive(argument, item, **variables) for argument in tree.arguments])
    if isinstance(tree, Not):
        worth = naive(tree.operand, item, **variables)
        return None if worth is None else not worth
    if isinstance(tree, Junction):
        worths = [naive(operand, item, **variables) for operand in tree.operands]
        ruling = tree.operator == "or"
        return ruling if ruling in worths else None if None in worths else not ruling
    if isinstance(tree, Lambda):
        elements = item[tree.path.names[0]]
        if tree.predicate is None:
            return len(elements) > 0
        worths = [naive(tree.predicate, item, **variables, **{tree.variable: element}) is True for element in elements]
        return any(worths) if tree.quantifier == "any" else all(worths)
    if isinstance(tree, Membership):
        sought = folded(naive(tree.item, item, **variables))
        if isinstance(tree.options, Path):
            return sought in [folded(option) for option in place(tree.options.names, item, variables)]
        return sought in [folded(option.value) for option in tree.options]
    return compared(tree, naive(tree.left, item, **variables), naive(tree.right, item, **variables))


def place(path, item, variables):
    if path[-1] == "$count":
        return len(item[path[0]])
    if path[0] in variables:
        return variables[path[0]] if len(path) == 1 else variables[path[0]][path[1]]
    value = item[path[0]]
    return datetime.fromisoformat(value) if path[0] == "made" and value else value


def function(name, given):
    if None in given:
        return None
    first, *rest = [text.casefold() for text in given]
    if name == "tolower":
        return given[0].lower()
    if name == "length":
        return len(given[0])
    return {"startswith": str.startswith, "endswith": str.endswith, "contains": str.__contains__}[name](first, *rest)


def folded(value):
    return value.casefold() if isinstance(value, str) else value


def compared(tree, left, right):
    if Path(("size",)) == tree.left:
        left, right = (None if text is None else ("small", "medium", "large").index(text.lower()) for text in (left, right))
    left, right = folded(left), folded(right)
    if tree.operator in ("eq", "ne"):
        return (left == right) == (tree.operator == "eq")
    if left is None or right is None:
        return False
    return {"gt": left > right, "ge": left >= right, "lt": left < right, "le": left <= right}[tree.operator]


@settings(max_examples=500)
@given(conditions(), st.lists(beasts, max_size=6))
def test_a_filter_means_what_it_says(tree, items):
    test = filters.compiled(written(tree), BEAST.schema)
    kept = [item for item in items if test(filters.Scope(item, BEAST.at, 0.0, {}))]
    assert kept == [item for item in items if naive(tree, item) is True]


# --- whatever comes -------------------------------------------------------------------------------------------------------------------

PIECES = (
    *("name", "age", "isTame", "size", "made", "tags", "kids", "$it", "$count", "shoeSize", "k", "t", "kids/name", "made/x", "@p", "*"),
    *("eq", "ne", "gt", "has", "in", "and", "or", "not", "add", "any", "all", "any(", "all(t:", "any(k:k/age", "asc", "desc"),
    *("(", ")", ",", ":", "/", ";", "=", "-", "'", "''", '"', "\\", " ", "null", "true", "'a'", "1", "-1.5e3", "1e999", "9" * 40),
    *("2026-01-01", "2026-01-01T00:00:00Z", "12:30", "duration'PT1H'", "x.y'z'", "184efa21-98c3-4e5d-95ab-d07053a96e67", "now()"),
    *("startswith(", "contains(name,'a')", "length(", "cast(", "Edm.Int32", "microsoft.graph.user", "geo.distance(", "year(made)"),
    *("toys($select=id)", "toys(", "$filter=", "$levels=max", '"name:a"', "AND", "OR", "NOT", "\x00", "é", "\U0001f98a", "%", "&"),
)
soup = st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join) | st.lists(st.sampled_from(PIECES), max_size=25).map("".join)
NESTED = [opening * 5000 for opening in ("(", "not ", "tags/any(t:", "a/", "$it/", "((((tags/$count/", "-", "'", "a(", "toys($expand=")]
OPTIONS = ("$filter", "$orderby", "$select", "$expand", "$search", "$top", "$skip", "$skiptoken", "$count", "$format")
TOY = odata.Kind("toy", ("id", "name"))
FUZZED = replace(BEAST, expandable={"toys": lambda call, item, asked: odata.nested(call, TOY, [{"id": "1", "name": "ball"}], asked)})
ITEMS = [
    {"id": "1", "name": "Rex", "age": 3, "isTame": True, "size": "large", "made": "2026-01-01", "tags": ["a"], "kids": [{"age": 1}]},
    {"id": "2", "name": None, "tags": [], "kids": None, "made": "9999-12-31T23:59:59-14:00"},
]


@pytest.fixture(scope="module")
def graph():
    searched = replace(FUZZED, service=DIRECTORY)
    routes = [
        Route("GET", "/beasts", lambda call: odata.listing(call, "beasts", FUZZED, ITEMS)),
        Route("GET", "/searched", lambda call: odata.listing(call, "beasts", searched, ITEMS)),
    ]
    return Graph(Tenant(clock=StoppedClock(), chance=random.Random(7), seed="empty", graph_routes=routes))


@settings(deadline=5000)
@given(st.sampled_from(OPTIONS), soup | st.text(max_size=40))
@example("$filter", "(" * 39 + "isTame" + ")" * 39)
@example("$filter", "not " * 39 + "(isTame)")
@example("$filter", "tags/any(b:" * 39 + "b eq 'a'" + ")" * 39)
@example("$filter", "year(made) eq 9999")
@example("$top", "٣")
def test_whatever_is_asked_is_answered_or_refused(graph, option, text):
    for place in ("beasts", "searched"):
        answer = graph("GET", f"/{place}?{quote(option)}={quote(text)}", headers={"ConsistencyLevel": "eventual"})
        assert answer.status in (200, 400, 501), answer.body
        graph.exchanges.clear()


@pytest.mark.parametrize("text", NESTED, ids=lambda text: text[:12])
@pytest.mark.parametrize("option", ["$filter", "$orderby", "$select", "$expand", "$search"])
def test_what_has_no_end_is_refused(graph, option, text):
    for length in (len(text), 16_000):
        assert graph("GET", f"/searched?{option}={quote(text[:length])}", headers={"ConsistencyLevel": "eventual"}).status == 400


@given(soup | st.text(max_size=60))
def test_no_reader_raises_anything_but_a_refusal(text):
    for read in (query.parse_filter, clauses.parse_select, clauses.parse_orderby, clauses.parse_expand, clauses.parse_search):
        with contextlib.suppress(Fault):
            read(text)


# --- order and pages ------------------------------------------------------------------------------------------------------------------


def sortable(value) -> tuple:
    """Nothing comes first; letter case is nothing."""
    return (False,) if value is None else (True, folded(value))


def first_differing(left: list, right: list) -> bool:
    """Whether the left comes before the right by these keys: the first that differs decides."""
    for (one, descending), (other, _) in zip(left, right, strict=True):
        if one != other:
            return (one < other) is not descending
    return True


@given(
    st.lists(st.tuples(st.none() | words, st.none() | ages), max_size=25),
    st.lists(st.tuples(st.sampled_from(["name", "age"]), st.booleans()), max_size=3, unique_by=lambda term: term[0]),
    st.integers(1, 4),
    st.booleans(),
    st.booleans(),
)
def test_pages_hold_everything_once_and_in_order(rows, terms, size, repeats, by_token):
    items = [{"id": str(number), "name": name, "age": age} for number, (name, age) in enumerate(rows)]
    kind = replace(BEAST, service=DIRECTORY if by_token else BEAST.service)
    answer_of = lambda call: odata.listing(call, "beasts", kind, items, repeat_last=repeats and not by_token)  # noqa: E731
    graph = Graph(Tenant(clock=StoppedClock(), chance=random.Random(7), seed="empty", graph_routes=[Route("GET", "/beasts", answer_of)]))
    order = ",".join(f"{path} {'desc' if descending else 'asc'}" for path, descending in terms)
    found = graph.everything(graph("GET", f"/beasts?$top={size}" + (f"&$orderby={order}" if order else "")))
    once = list({item["id"]: item for item in found}.values())
    assert (len(found) == len(items)) or (repeats and size > 1 and len(found) > len(items))
    assert sorted(int(item["id"]) for item in once) == list(range(len(items)))
    keys = [[(sortable(item[path]), descending) for path, descending in terms] for item in once]
    for before, after, one, other in zip(keys, keys[1:], once, once[1:], strict=False):
        assert first_differing(before, after)
        if before == after:
            assert int(one["id"]) < int(other["id"])  # equal ones stay as they were
