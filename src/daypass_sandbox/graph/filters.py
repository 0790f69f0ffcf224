"""What a `$filter` means for the things of a kind: its syntax tree made into a predicate, its types checked.

Comparisons follow OData 4.01 (URL Conventions, sections 5.1.1.1 and 5.1.1.10): nothing (null) equals nothing only, is neither more nor
less than anything, and what holds neither way is left out. Types that cannot be compared are refused as the service refuses them,
with 400 `BadRequest`; where a type shows only in the values, when one is met.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple, cast

from ..routes import Fault
from . import functions, query, values
from .query import Comparison, Expression, Function, Junction, Lambda, Literal, Membership, Not, Path
from .schema import Schema, is_single
from .values import DAY, ENUMERATION, FLAG, INSTANT, NULL, NUMBERS, TEXT, TIME, UNKNOWN, WALL, WHOLE, Incomparable, Type

OPERATORS = {
    "eq": "Equal",
    "ne": "NotEqual",
    "gt": "GreaterThan",
    "ge": "GreaterThanOrEqual",
    "lt": "LessThan",
    "le": "LessThanOrEqual",
    "has": "Has",
    "and": "And",
    "or": "Or",
    "in": "Equal",
}
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {"gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le}
_CASTS: dict[str, Callable[[Any], Any]] = {
    "Edm.String": str,
    "Edm.Boolean": lambda value: {"true": True, "false": False}[str(value).lower()],
    **dict.fromkeys(("Edm.Int16", "Edm.Int32", "Edm.Int64"), int),
    **dict.fromkeys(("Edm.Double", "Edm.Single", "Edm.Decimal"), float),
    "Edm.DateTimeOffset": lambda value: values.moment_of(values.instant_of(str(value))),
    "Edm.Guid": str,
}


class Scope(NamedTuple):
    """What an expression is evaluated over: an item, who knows its parts (`at`), the time, and what the variables of lambdas stand for."""

    item: Any
    at: Callable[[Any, str], Any]
    now: float
    variables: Mapping[str, Any]


Predicate = Callable[[Scope], bool]
Value = Callable[[Scope], Any]


@dataclass(frozen=True)
class Operand:
    """A part of an expression: its type and how its value is found; `constant` parts need no scope."""

    type: Type
    value: Value
    constant: bool = False


@lru_cache(maxsize=512)
def compiled(text: str, schema: Schema) -> Predicate:
    """What a `$filter` asks of the things of a kind; Fault 400 for what cannot be read, is not there, or does not fit together."""
    tree = query.parse_filter(text)
    condition = _Compiler(schema).condition(tree)
    schema.service.examine(tree, schema)
    return lambda scope: condition(scope) is True


class _Compiler:
    """Makes the parts of a syntax tree into operands; it knows the kind's schema and which lambdas it is within."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._variables: dict[str, str] = {}  # of lambdas: the path of the collection each goes through
        self._makers: dict[type, Callable[[Any], Operand]] = {
            Literal: self._literal,
            Path: self._path,
            Function: self._function,
            Lambda: self._lambda,
            Comparison: self._comparison,
            Membership: self._membership,
            Not: self._negation,
            Junction: self._junction,
        }

    def _operand(self, tree: Expression) -> Operand:
        return self._makers[type(tree)](tree)

    def condition(self, tree: Expression) -> Value:
        """A whole filter, or the predicate of a lambda."""
        return _condition(self._operand(tree), refused("The $filter expression must evaluate to a single boolean value."))

    def _literal(self, literal: Literal) -> Operand:
        type_ = literal.type if literal.type == NULL or literal.type.startswith("Edm.") else ENUMERATION
        return Operand(type_, lambda scope: literal.value, constant=True)

    def _path(self, path: Path) -> Operand:
        first, *rest = path.names
        _refuse_casts(path.names)
        while rest and first.lower() == "$it":
            first, *rest = rest
        if rest and rest[-1] == "$count" and "$count" not in rest[:-1]:
            elements = self._collection(Path((first, *rest[:-1])))
            return Operand(WHOLE, lambda scope: sum(1 for _ in elements(scope)))
        if first in self._variables:
            return self._of_variable(first, tuple(rest))
        full = "/".join((first, *rest))
        spelled = self._schema.spelled(full)
        if spelled is None:
            raise refused(f"Could not find a property named '{full}' on type 'microsoft.graph.{self._schema.name}'.")
        if not self._schema.may_filter(spelled):
            raise self._schema.service.unfilterable(spelled, self._schema)
        type_ = self._schema.type_of(spelled)
        if type_ != WALL:
            return Operand(type_, lambda scope: scope.at(scope.item, spelled))
        zone = f"{spelled.rpartition('/')[0]}/timeZone"
        return Operand(WALL, lambda scope: values.wall_instant(scope.at(scope.item, spelled), lambda: scope.at(scope.item, zone)))

    def _of_variable(self, variable: str, names: tuple[str, ...]) -> Operand:
        """What the variable of a lambda stands for, or a member of it."""
        collection = self._variables[variable]
        path = "/".join((collection, *names))
        type_ = self._schema.type_of(path) if names else values.element_of(self._schema.type_of(collection))
        if type_ != WALL:
            return Operand(type_, lambda scope: walked(scope.variables[variable], names))
        zone = (*names[:-1], "timeZone")

        def moment(scope: Scope) -> int | None:
            element = scope.variables[variable]
            return values.wall_instant(walked(element, names), lambda: walked(element, zone))

        return Operand(WALL, moment)

    def _lambda(self, part: Lambda) -> Operand:
        collection = self._collection(part.path)
        if part.predicate is None or part.variable is None:
            return Operand(FLAG, lambda scope: bool(collection(scope)))
        variable, outer = part.variable, dict(self._variables)
        inner_path = part.path.names
        if inner_path[0] in outer:
            inner_path = (outer[inner_path[0]], *inner_path[1:])
        self._variables[variable] = self._schema.spelled("/".join(inner_path)) or "/".join(inner_path)
        predicate = self.condition(part.predicate)
        self._variables = outer
        found = any if part.quantifier == "any" else all

        def quantified(scope: Scope) -> bool:
            each = (scope._replace(variables={**scope.variables, variable: element}) for element in collection(scope))
            return found(predicate(inner) is True for inner in each)

        return Operand(FLAG, quantified)

    def _collection(self, path: Path) -> Callable[[Scope], Iterable[Any]]:
        """The elements of the collection at a path; refused when it is none."""
        spelled = None if path.names[0] in self._variables else self._schema.spelled(str(path))
        if spelled is not None and not self._schema.may_filter(spelled):
            raise self._schema.service.unquantifiable(spelled, self._schema)
        operand = self._path(path)
        not_one = refused("Any/All may only be used following a collection.")
        if operand.type != UNKNOWN and is_single(operand.type):
            raise not_one

        def elements(scope: Scope) -> Iterable[Any]:
            found = operand.value(scope)
            if found is not None and not isinstance(found, list | tuple):
                raise not_one
            return cast("Iterable[Any]", found or ())

        return elements

    def _negation(self, part: Not) -> Operand:
        operand = self._operand(part.operand)
        found = f"Found operand type '{values.named(operand.type)}' for operator kind 'Not'."
        inner = _condition(operand, refused(f"A unary operator with an incompatible type was detected. {found}"))

        def negated(scope: Scope) -> bool | None:
            value = inner(scope)
            return None if value is None else not value

        return Operand(FLAG, negated)

    def _junction(self, part: Junction) -> Operand:
        operands = [self._operand(operand) for operand in part.operands]
        otherwise = incompatible(operands[0].type, operands[1].type, part.operator)
        conditions = [_condition(operand, otherwise) for operand in operands]
        decisive = part.operator == "or"

        def joined(scope: Scope) -> bool | None:
            unsure = False
            for condition in conditions:
                value = condition(scope)
                if value is decisive:
                    return decisive
                unsure = unsure or value is None
            return None if unsure else not decisive

        return Operand(FLAG, joined)

    def _comparison(self, part: Comparison) -> Operand:
        left, right = self._operand(part.left), self._operand(part.right)
        if part.operator == "has":
            return _flags(left, right)
        common = _common(left, right, part.operator)
        one, other = (_in_form(operand, common, left, right, part.operator) for operand in (left, right))
        return Operand(FLAG, _compared(part.operator, one, other, left, right))

    def _membership(self, part: Membership) -> Operand:
        item = self._operand(part.item)
        if isinstance(part.options, Path):
            elements = self._collection(part.options)
            within = values.element_of(self._path(part.options).type)
            sample = Operand(within, lambda scope: None)
            common = _common(item, sample, "in")
            sought = _in_form(item, common, item, sample, "in")
            return Operand(FLAG, lambda scope: sought(scope) in [values.comparable(element, common) for element in elements(scope)])
        equal = [self._comparison_of(item, self._operand(option)) for option in part.options]
        return Operand(FLAG, lambda scope: any(test(scope) for test in equal))

    def _comparison_of(self, left: Operand, right: Operand) -> Value:
        common = _common(left, right, "in")
        one, other = (_in_form(operand, common, left, right, "in") for operand in (left, right))
        return _compared("eq", one, other, left, right)

    def _function(self, part: Function) -> Operand:
        if part.name == "now" and not part.arguments:
            return Operand(INSTANT, lambda scope: datetime.fromtimestamp(scope.now, UTC))
        if part.name == "cast":
            return self._cast(part)
        known = functions.FUNCTIONS.get(part.name)
        if part.name in functions.UNBUILT:
            raise Fault(501, "notImplemented", f"The function '{part.name}' in $filter is not implemented in this sandbox.")
        if known is None:
            also = "This may also be a function import or a key lookup on a navigation property, which is not allowed."
            raise refused(f"An unknown function with name '{part.name}' was found. {also}")
        arguments = [self._operand(argument) for argument in part.arguments]
        mismatch = _no_signature(part.name)
        if not known.takes([argument.type for argument in arguments]):
            raise mismatch
        readers = [_as_argument(argument) for argument in arguments]

        def called(scope: Scope) -> Any:
            try:
                given = [read(scope) for read in readers]
                return None if None in given else known.work(*given)
            except Incomparable:
                raise mismatch from None

        return Operand(known.result, called)

    def _cast(self, part: Function) -> Operand:
        target = part.arguments[-1] if len(part.arguments) == 2 else None
        name = str(target) if isinstance(target, Path) else ""
        if name not in _CASTS:
            raise Fault(501, "notImplemented", f"The cast to '{name}' in $filter is not implemented in this sandbox.")
        inner, convert = self._operand(part.arguments[0]), _CASTS[name]

        def converted(scope: Scope) -> Any:
            value = inner.value(scope)
            try:
                return None if value is None else convert(value)
            except (ValueError, KeyError, TypeError, OverflowError):
                return None

        return Operand(name, converted)


def _condition(operand: Operand, otherwise: Fault) -> Value:
    """A part that is true, false or neither (None); refused with this fault when it is anything else."""
    if operand.type not in (FLAG, NULL, UNKNOWN):
        raise otherwise
    if operand.type != UNKNOWN:
        return operand.value

    def checked(scope: Scope) -> Any:
        value = operand.value(scope)
        if value is not None and not isinstance(value, bool):
            raise otherwise
        return value

    return checked


def walked(found: Any, names: Iterable[str]) -> Any:
    """What a JSON value has at a path, whatever the letter case of the names; None where it has nothing."""
    for name in names:
        if not isinstance(found, Mapping):
            return None
        members = cast("Mapping[str, Any]", found)
        found = members[name] if name in members else next((members[key] for key in members if key.lower() == name.lower()), None)
    return found


def _common(left: Operand, right: Operand, word: str) -> Type:
    """The type in which two operands are compared; refused when there is none."""
    for one, other in ((left, right), (right, left)):
        found = _reach(one.type, other)
        if found is not None:
            return found
    raise incompatible(left.type, right.type, word)


def _reach(type_: Type, other: Operand) -> Type | None:
    """The type in which one of this type can be compared with the other operand, if it can."""
    if NULL in (type_, other.type):
        return UNKNOWN
    if not is_single(type_) or not is_single(other.type):
        return None
    if other.type in (type_, UNKNOWN):
        return TEXT if type_ == ENUMERATION else type_
    if type_ in NUMBERS and other.type in NUMBERS:
        return values.NUMBER
    return type_ if _takes(type_, other.type, written=other.type == TEXT and other.constant) else None


def _takes(type_: Type, other: Type, *, written: bool) -> bool:
    """Whether a value of another type can be read as one of this type; `written` says that it is a text in the question itself."""
    if type_ == INSTANT:
        return other == DAY
    if type_ == WALL:
        return written or other in (INSTANT, DAY)
    return isinstance(type_, tuple) and (written or other == ENUMERATION)


def _in_form(operand: Operand, common: Type, left: Operand, right: Operand, word: str) -> Value:
    """The value of an operand in the form for comparing."""
    if operand.constant:
        try:
            value = values.comparable(operand.value(NOWHERE), common)
        except Incomparable:
            raise _wrong_literal(operand.value(NOWHERE), common, left, right, word) from None
        return lambda scope: value
    read = operand.value

    def formed(scope: Scope) -> Any:
        found = read(scope)
        try:
            return values.comparable(found, common)
        except Incomparable:
            if isinstance(common, tuple):
                return -1  # a member that this sandbox did not foresee equals none that a client can name
            raise incompatible(values.seen(found), right.type if operand is left else left.type, word) from None

    return formed


def _compared(word: str, one: Value, other: Value, left: Operand, right: Operand) -> Value:
    if word in ("eq", "ne") and right.constant:
        value, equal = other(NOWHERE), word == "eq"
        return lambda scope: (one(scope) == value) is equal
    if word == "eq":
        return lambda scope: one(scope) == other(scope)
    if word == "ne":
        return lambda scope: one(scope) != other(scope)
    compare = _ORDERS[word]

    def ordered(scope: Scope) -> bool:
        first, second = one(scope), other(scope)
        if first is None or second is None:
            return False
        try:
            return compare(first, second)
        except TypeError:
            raise incompatible(left.type, right.type, word) from None

    return ordered


def _flags(left: Operand, right: Operand) -> Operand:
    """`has`: every member that the right names is among those of the left."""
    if not (isinstance(left.type, tuple) or left.type == UNKNOWN) or right.type not in (ENUMERATION, TEXT):
        raise incompatible(left.type, right.type, "has")

    def has(scope: Scope) -> bool | None:
        whole, part = left.value(scope), right.value(scope)
        return None if whole is None else _members(part) <= _members(whole)

    return Operand(FLAG, has)


def _members(text: Any) -> set[str]:
    return {member.strip().casefold() for member in str(text).split(",")}


def _as_argument(operand: Operand) -> Value:
    """The value of an operand as functions take it: moments, days and times as such."""
    if operand.type not in (WALL, INSTANT, DAY, TIME):
        return operand.value

    def converted(scope: Scope) -> Any:
        found = values.comparable(operand.value(scope), operand.type)
        return values.moment_of(found) if isinstance(found, int) else found

    return converted


def _refuse_casts(names: tuple[str, ...]) -> None:
    for name in names:
        if name.lower().startswith(("microsoft.graph.", "graph.")):
            raise Fault(501, "notImplemented", f"The cast to '{name}' in $filter is not implemented in this sandbox.")
        if "." in name:
            explained = "was not an entity type. Casts can only be performed on entity types."
            raise refused(f"The child type '{name}' in a cast {explained}")


def _wrong_literal(value: Any, common: Type, left: Operand, right: Operand, word: str) -> Fault:
    if isinstance(common, tuple):
        return refused(f"The string '{value}' is not a valid enumeration type constant.")
    if common == WALL:
        form = "'yyyy-mm-ddThh:mm:ss('.'s+)?(zzzzzz)?' and each field value is within valid range"
        return refused(f"The DateTimeOffset text '{value}' should be in format {form}.")
    return incompatible(left.type, right.type, word)


def incompatible(left: Type, right: Type, word: str) -> Fault:
    """The refusal of two types that cannot be compared."""
    found = f"Found operand types '{values.named(left)}' and '{values.named(right)}' for operator kind '{OPERATORS[word]}'."
    return refused(f"A binary operator with incompatible types was detected. {found}")


def _no_signature(name: str) -> Fault:
    considered = f"The function signatures considered are: {functions.described(name)}."
    return refused(f"No function signature for the function with name '{name}' matches the specified arguments. {considered}")


def refused(message: str) -> Fault:
    """The refusal of a filter."""
    return Fault(400, "BadRequest", f"Invalid filter clause: {message}")


def _nothing(item: Any, path: str) -> None:
    """Nothing is anywhere in it."""


NOWHERE = Scope(None, _nothing, 0.0, {})
