"""The services behind Graph, and what each of them takes of the query options and refuses.

Graph hands a query to the service that keeps the things: Outlook (Exchange) for mailboxes, the directory for users and groups. Their
rules differ, and so do the words of their refusals. Sources: the pages concepts/query-parameters, concepts/filter-query-parameter,
concepts/aad-advanced-queries, concepts/search-query-parameter and api/user-list-messages; where a page gives no words, those that
others met (named beside the refusal).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..routes import Call, Fault
from . import query
from .clauses import Expand, Order, SearchTree
from .query import Comparison, Expression, Function, Junction, Lambda, Literal, Membership, Not

if TYPE_CHECKING:
    from .schema import Schema

MOST_ALTERNATIVES = 15
DIRECTORY_COUNT = "$count is not currently supported."
TRY_ADVANCED = (
    "is not supported because the required parameters might be missing. Try adding $count=true query parameter and "
    "ConsistencyLevel:eventual header. Refer to https://aka.ms/graph-docs/advanced-queries for more information"
)


@dataclass(frozen=True)
class Asked:
    """What a request asks of a list, read: the tree of its $filter, its order, its $search, what it expands."""

    filter: Expression | None = None
    order: tuple[Order, ...] = ()
    search: SearchTree | None = None
    expand: tuple[Expand, ...] = ()


class Service:
    """A service without rules of its own; the others say what they do differently.

    `page_size` is that of a page nobody sized, `largest_page` the most that $top may ask for; `by_token` tells whether its next links
    page by $skiptoken; `searches` whether it searches, `tells_contexts` whether an
    expanded collection comes with its metadata URL; `most_expanded` how many things of a relation $expand shows (None: all).
    """

    by_token = False
    searches = False
    tells_contexts = False
    most_expanded: int | None = None

    def __init__(self, page_size: int = 10, largest_page: int = 1000) -> None:
        self.page_size, self.largest_page = page_size, largest_page

    def examine(self, tree: Expression, schema: Schema) -> None:
        """Refuse a filter for what is in it, whatever else the request says."""

    def admit(self, call: Call, asked: Asked, schema: Schema, advanced: Collection[str]) -> None:
        """Refuse options that do not go together; `advanced` are the properties that only advanced queries speak of."""
        del call, advanced
        if asked.search:
            raise Fault(400, "BadRequest", f"The query parameter '$search' is not supported for a {schema.name}.")

    def unfilterable(self, path: str, schema: Schema) -> Fault:
        """The refusal of a filter by a property (`path`) that cannot be filtered by (observed, microsoft-graph-docs issue 5033)."""
        del path, schema
        return Fault(400, "BadRequest", "This filter query is not supported.")

    def unquantifiable(self, path: str, schema: Schema) -> Fault:
        """The refusal of a lambda over a collection that cannot be filtered by."""
        return self.unfilterable(path, schema)

    def unorderable(self, path: str, schema: Schema) -> Fault:
        """The refusal of an order by a property that has no order."""
        return Fault(400, "BadRequest", f"The property '{path}' of a {schema.name} does not support sorting.")

    def wrong_size(self, text: str) -> Fault:
        """The refusal of a $top beyond the largest page."""
        limit = f"The limit of '{self.largest_page}' for $top has been exceeded."
        return Fault(400, "BadRequest", f"{limit} The incoming value is '{text}'.")

    def counts(self, call: Call) -> bool:
        """Whether `$count=true` is heard."""
        return call.query.get("$count", "").lower() == "true"


class Outlook(Service):
    """Mailboxes, kept by Exchange.

    Where things lie in a table that Exchange sorts and filters by one index (`indexed`), the properties of $orderby must come first in
    $filter, in the same order (api/user-list-messages, section on using both).
    """

    functions = frozenset({"startswith", "contains", "cast"})
    tells_contexts = True

    def __init__(self, page_size: int = 10, largest_page: int = 1000, *, indexed: bool = False) -> None:
        super().__init__(page_size, largest_page)
        self._indexed = indexed

    def examine(self, tree: Expression, schema: Schema) -> None:
        """Exchange knows few functions, no `all` and no `has` (observed by several in 2026: endswith, lambdas over recipients)."""
        del schema
        for part in query.parts(tree):
            strange = isinstance(part, Function) and part.name not in self.functions
            if (
                strange
                or (isinstance(part, Lambda) and part.quantifier == "all")
                or (isinstance(part, Comparison) and part.operator == "has")
            ):
                raise invalid_nodes()

    def admit(self, call: Call, asked: Asked, schema: Schema, advanced: Collection[str]) -> None:
        """No $search but for messages (an example in the JavaScript SDK's source), and no filter against the order of the index."""
        del call, advanced
        if asked.search:
            many = f"{schema.name[0].upper()}{schema.name[1:]}s"
            raise Fault(501, f"Search{many}", f"The parameter $search is not currently supported on the {many} resource.")
        if self._indexed and asked.filter and asked.order:
            filtered = [schema.spelled(path) for path in query.paths(asked.filter)]
            if filtered[: len(asked.order)] != [term.path for term in asked.order]:
                raise Fault(400, "InefficientFilter", "The restriction or sort order is too complex for this operation.")

    def unfilterable(self, path: str, schema: Schema) -> Fault:
        """Observed: microsoft-graph-docs-contrib issues 6058 and 292."""
        del schema
        name = "/".join(part[0].upper() + part[1:] for part in path.split("/"))
        return Fault(400, "ErrorInvalidProperty", f"The property '{name}' does not support filtering.")

    def unquantifiable(self, path: str, schema: Schema) -> Fault:
        """A lambda over recipients or other parts that have no index."""
        del path, schema
        return invalid_nodes()


def invalid_nodes() -> Fault:
    """Exchange's refusal of a filter that it has no way to ask its store for."""
    return Fault(400, "ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes.")


class Directory(Service):
    """Users, groups and other objects of the directory, with its advanced queries.

    An advanced query says `ConsistencyLevel: eventual` and counts ($count=true) or searches; without it the directory knows neither
    `ne`, `not`, `endsWith` nor counts, and does not sort what it filters (concepts/aad-advanced-queries).
    """

    by_token = True
    searches = True
    most_expanded = 20
    functions = frozenset({"startswith", "endswith"})

    def __init__(self, page_size: int = 100, largest_page: int = 999) -> None:
        super().__init__(page_size, largest_page)

    def examine(self, tree: Expression, schema: Schema) -> None:
        """The directory knows two functions and no `all`, and bears fifteen alternatives (observed by others)."""
        for part in query.parts(tree):
            number = _alternatives(part)
            if number > MOST_ALTERNATIVES:
                many = f"Too many child clauses specified in search filter expression containing 'OR' operators: {number}."
                raise _unsupported(f"{many} Max allowed: {MOST_ALTERNATIVES}.")
            if isinstance(part, Function) and part.name not in self.functions:
                raise _unsupported(f"Filter operator '{part.name[0].upper()}{part.name[1:]}' is not supported.")
            if isinstance(part, Lambda) and part.quantifier == "all":
                raise self.unfilterable(str(part.path), schema)

    def admit(self, call: Call, asked: Asked, schema: Schema, advanced: Collection[str]) -> None:
        """What takes an advanced query is refused without; $skip always, and more than one relation in $expand."""
        if "$skip" in call.query:
            raise Fault(400, "Request_BadRequest", "'$skip' is not supported by the service.")
        if len(asked.expand) > 1:
            raise _unsupported("Only one property can be expanded in a single query.")
        if asked.search and not eventual(call):
            special = "a special request header: 'ConsistencyLevel: eventual'"
            raise _unsupported(f"Request with $search query parameter only works through MSGraph with {special}")
        if eventual(call) and (asked.search or super().counts(call)):
            return
        if asked.filter:
            self._admit_plain(asked.filter, schema, advanced)
            if asked.order:
                raise _unsupported("Sorting not supported for current query.")
        for term in asked.order:
            if term.path in advanced:
                raise self.unorderable(term.path, schema)

    def _admit_plain(self, tree: Expression, schema: Schema, advanced: Collection[str]) -> None:
        for part in query.parts(tree):
            word = _advanced_operator(part)
            if word:
                raise _unsupported(f"Operator '{word}' {TRY_ADVANCED}")
        for path in query.paths(tree):
            if schema.spelled(path) in advanced or path.lower().endswith("/$count"):
                raise self.unfilterable(path, schema)

    def unfilterable(self, path: str, schema: Schema) -> Fault:
        """The documented words for a property without an index."""
        resource = f"{schema.name[0].upper()}{schema.name[1:]}"
        return _unsupported(f"Unsupported or invalid query filter clause specified for property '{path}' of resource '{resource}'.")

    def unorderable(self, path: str, schema: Schema) -> Fault:
        """The refusal of an order that the directory has no index for."""
        return _unsupported(f"Unsupported sort property '{path}' for {schema.name[0].upper()}{schema.name[1:]}.")

    def wrong_size(self, text: str) -> Fault:
        """Observed by others (steampipe-plugin-azuread)."""
        return _unsupported(f"Invalid page size specified: '{text}'. Must be between 1 and {self.largest_page} inclusive.")

    def counts(self, call: Call) -> bool:
        """Without the header, and on every page but the first, `$count=true` is passed over in silence (concepts/query-parameters)."""
        return super().counts(call) and eventual(call) and "$skiptoken" not in call.query


def eventual(call: Call) -> bool:
    """Whether the caller takes answers from the directory's index: `ConsistencyLevel: eventual`."""
    return call.request.headers.get("consistencylevel", "").strip().lower() == "eventual"


def _unsupported(message: str) -> Fault:
    return Fault(400, "Request_UnsupportedQuery", message)


def _alternatives(part: Expression) -> int:
    """Between how many alternatives a part of a filter chooses."""
    if isinstance(part, Junction):
        return len(part.operands) if part.operator == "or" else 1
    return len(part.options) if isinstance(part, Membership) and isinstance(part.options, tuple) else 1


def _advanced_operator(part: Expression) -> str:
    """The operator in a filter that takes an advanced query; "" for any other part. Nothing (null) is compared in advanced ones only."""
    if isinstance(part, Not):
        return "not"
    if isinstance(part, Function) and part.name == "endswith":
        return "endsWith"
    if isinstance(part, Comparison):
        null = Literal("null", None) in (part.left, part.right)
        return part.operator if part.operator == "ne" or null else ""
    return ""


OUTLOOK = Outlook()
OUTLOOK_TABLE = Outlook(indexed=True)
DIRECTORY = Directory()
PLACES = Service(page_size=100)
