"""The value of an expression."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from gitsync.rollout.analysis.expression import functions
from gitsync.rollout.analysis.expression.budget import Budget
from gitsync.rollout.analysis.expression.errors import ExpressionInvalid
from gitsync.rollout.analysis.expression.operators import (
    calculated,
    compared,
    contained,
    equal,
    is_number,
    kind_of,
    mismatch,
    texts,
)
from gitsync.rollout.analysis.expression.parse import parse
from gitsync.rollout.analysis.expression.syntax import (
    Binary,
    Call,
    Closure,
    Conditional,
    Index,
    Items,
    Let,
    Literal,
    Name,
    Node,
    Pairs,
    Pointer,
    Slice,
    Unary,
)

_MAX_RANGE = 100_000


def evaluate(source: str, variables: Mapping[str, Any], more: Mapping[str, Callable[[Any], Any]] | None = None) -> Any:
    """`more` are functions of one or no argument beyond the usual ones. Raises ExpressionInvalid."""
    tree = _parsed(source, variables, more or ())
    try:
        return _Evaluation(variables, more or {}).value(tree)
    except RecursionError as failure:
        raise ExpressionInvalid("the expression is nested too deeply", suggestion="simplify it") from failure


def check_expression(source: str, variables: Collection[str]) -> None:
    """Raises ExpressionInvalid for what is no expression with these variables, whatever they will be."""
    _parsed(source, variables, ())


def _parsed(source: str, variables: Collection[str], more: Collection[str]) -> Node:
    known = {*functions.FUNCTIONS, *_OVER_ELEMENTS, "reduce", *more}
    return parse(source, variables, known, {*_OVER_ELEMENTS, "reduce"})


class _Evaluation:
    """One run. `_pointers` is what `#` means, innermost last."""

    def __init__(self, variables: Mapping[str, Any], more: Mapping[str, Callable[[Any], Any]]) -> None:
        self._variables = dict(variables)
        self._more = more
        self._pointers: list[dict[str, Any]] = []
        self._budget = Budget()

    def value(self, node: Node) -> Any:
        self._budget.step()
        match node:
            case Literal(value):
                return value
            case Name(name):
                return self._variables[name]
            case Pointer(name):
                return self._pointer(name)
            case Unary(operator, operand):
                return self._unary(operator, self.value(operand))
            case Binary():
                return self._binary(node)
            case Conditional(test, yes, no):
                return self.value(yes if self._truth(self.value(test), "?") else no)
            case Index():
                return self._index(node)
            case Slice():
                return self._slice(node)
            case Call(function, arguments):
                return self._call(function, arguments)
            case _:
                return self._made(node)

    def _made(self, node: Node) -> Any:
        match node:
            case Items(items):
                return self._budget.made([self.value(one) for one in items])
            case Pairs(pairs):
                return self._budget.made({str(self.value(key)): self.value(value) for key, value in pairs})
            case Let(name, value, body):
                self._variables[name] = self.value(value)
                return self.value(body)
        raise ExpressionInvalid("a closure stands where a value should", suggestion="correct the condition")

    def _pointer(self, name: str) -> Any:
        if not self._pointers or name not in self._pointers[-1]:
            raise ExpressionInvalid(f"#{name} has no meaning here", suggestion="use # inside of a closure")
        return self._pointers[-1][name]

    @staticmethod
    def _truth(value: Any, operator: str) -> bool:
        if not isinstance(value, bool):
            raise ExpressionInvalid(
                f"invalid operation: {operator} of {kind_of(value)}", suggestion="compare the value with something"
            )
        return value

    def _unary(self, operator: str, value: Any) -> Any:
        if operator == "not":
            return not self._truth(value, "not")
        if not is_number(value):
            raise ExpressionInvalid(
                f"invalid operation: {operator}{kind_of(value)}", suggestion="convert with asInt or asFloat"
            )
        return -value if operator == "-" else value

    def _binary(self, node: Binary) -> Any:
        operator = node.operator
        left = self.value(node.left)
        match operator:
            case "and":
                return self._truth(left, "and") and self._truth(self.value(node.right), "and")
            case "or":
                return self._truth(left, "or") or self._truth(self.value(node.right), "or")
            case "??":
                return left if left is not None else self.value(node.right)
        right = self.value(node.right)
        match operator:
            case "==":
                return equal(left, right)
            case "!=":
                return not equal(left, right)
            case "<" | "<=" | ">" | ">=":
                return compared(operator, left, right)
            case "in":
                return contained(left, right)
            case "contains" | "startsWith" | "endsWith" | "matches":
                return texts(operator, left, right)
            case "..":
                return self._range(left, right)
        return calculated(operator, left, right, self._budget)

    def _range(self, left: Any, right: Any) -> list[int]:
        if not isinstance(left, int) or not isinstance(right, int):
            raise mismatch("..", left, right)
        if right - left >= _MAX_RANGE:
            raise ExpressionInvalid("memory budget exceeded", suggestion="use a shorter range")
        return self._budget.made(list(range(left, right + 1)))

    def _index(self, node: Index) -> Any:
        subject = self.value(node.subject)
        if subject is None and node.optional:
            return None
        key = self.value(node.key)
        if isinstance(subject, dict):
            return subject.get(key) if isinstance(key, str) else None
        if isinstance(subject, list | str) and isinstance(key, int) and not isinstance(key, bool):
            if not -len(subject) <= key < len(subject):
                raise ExpressionInvalid(
                    f"index out of range: {key} (array length is {len(subject)})",
                    suggestion="test len(result) first, or use default",
                )
            return subject[key]
        raise ExpressionInvalid(
            f"cannot fetch {key} from {kind_of(subject)}", suggestion="test for nil first, or use ?."
        )

    def _slice(self, node: Slice) -> Any:
        subject = self.value(node.subject)
        if not isinstance(subject, list | str):
            raise ExpressionInvalid(f"cannot slice {kind_of(subject)}", suggestion="slice an array or a text")
        start = self.value(node.start) if node.start else None
        end = self.value(node.end) if node.end else None
        if not isinstance(start, int | None) or not isinstance(end, int | None):
            raise ExpressionInvalid("slices are cut at whole numbers", suggestion="use asInt")
        return self._budget.made(subject[start:end])

    def _call(self, name: str, arguments: tuple[Node, ...]) -> Any:
        if name in self._more:
            return self._more[name](*(self.value(one) for one in arguments))
        if name == "reduce":
            return self._reduce(arguments)
        if name in _OVER_ELEMENTS:
            return self._over_elements(name, arguments)
        return functions.call(name, [self.value(one) for one in arguments], self._budget)

    def _elements(self, node: Node, name: str) -> list[Any]:
        items = self.value(node)
        if not isinstance(items, list):
            raise ExpressionInvalid(f"{name} needs an array, not {kind_of(items)}", suggestion="correct the condition")
        return items

    def _over_elements(self, name: str, arguments: tuple[Node, ...]) -> Any:
        if not 1 <= len(arguments) <= 2:
            raise ExpressionInvalid(f"{name} takes an array and a closure", suggestion="correct the condition")
        items = self._elements(arguments[0], name)
        body = arguments[1] if len(arguments) == 2 else None
        return _OVER_ELEMENTS[name](self, items, self._results(items, body))

    def _results(self, items: list[Any], body: Node | None) -> Iterator[Any]:
        """Lazily: what decides early looks at no more elements."""
        inner = body.body if isinstance(body, Closure) else body
        for position, item in enumerate(items):
            if inner is None:
                yield item
                continue
            self._pointers.append({"": item, "index": position})
            result = self.value(inner)
            self._pointers.pop()
            yield result

    def truths(self, results: Iterator[Any]) -> Iterator[bool]:
        return (self._truth(one, "a closure") for one in results)

    def _reduce(self, arguments: tuple[Node, ...]) -> Any:
        if not 2 <= len(arguments) <= 3 or not isinstance(arguments[1], Closure):
            raise ExpressionInvalid("reduce takes an array, a closure and a start", suggestion="correct the condition")
        items = self._elements(arguments[0], "reduce")
        if len(arguments) == 3:
            so_far = self.value(arguments[2])
        elif items:
            so_far, items = items[0], items[1:]
        else:
            raise ExpressionInvalid("reduce of an empty array needs a start", suggestion="add one")
        for position, item in enumerate(items):
            self._pointers.append({"": item, "index": position, "acc": so_far})
            so_far = self.value(arguments[1].body)
            self._pointers.pop()
        return so_far


def _filtered(run: _Evaluation, items: list[Any], results: Iterator[Any]) -> list[Any]:
    return [item for item, keep in zip(items, run.truths(results), strict=True) if keep]


def _position(run: _Evaluation, _: list[Any], results: Iterator[Any]) -> int | None:
    return next((position for position, found in enumerate(run.truths(results)) if found), None)


def _found(run: _Evaluation, items: list[Any], results: Iterator[Any]) -> Any:
    position = _position(run, items, results)
    return None if position is None else items[position]


def _sum(_: _Evaluation, __: list[Any], results: Iterator[Any]) -> Any:
    total: Any = 0
    for one in results:
        if not is_number(one):
            raise ExpressionInvalid(f"cannot add {kind_of(one)}", suggestion="sum numbers")
        total += one
    return total


_OVER_ELEMENTS: dict[str, Callable[[_Evaluation, list[Any], Iterator[Any]], Any]] = {
    "all": lambda run, _, results: all(run.truths(results)),
    "any": lambda run, _, results: any(run.truths(results)),
    "none": lambda run, _, results: not any(run.truths(results)),
    "one": lambda run, _, results: sum(run.truths(results)) == 1,
    "count": lambda run, _, results: sum(run.truths(results)),
    "filter": _filtered,
    "map": lambda _, __, results: list(results),
    "find": _found,
    "findIndex": _position,
    "sum": _sum,
}
