"""Walks an expression over a value: what it yields, and where in the value each of it stands.

Everything yielded is a pair of a place and a value. The place is None for what is made and not found. Each step is
counted, whatever it is, and the walk ends when they are used up.
"""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, TypeAlias

from gitsync.diff.jq import nodes as n
from gitsync.diff.jq.errors import ExpressionFailed, ExpressionTooCostly
from gitsync.diff.jq.functions import VALUE_FUNCTIONS, from_entries, to_text
from gitsync.diff.jq.places import Place, at, children, part_of, positions, step_of, without
from gitsync.diff.jq.values import (
    calculate,
    checked,
    compare,
    compared,
    equal,
    is_number,
    size,
    sort_key,
    truth,
    type_of,
)

Spot: TypeAlias = tuple[Place | None, Any]
Spots: TypeAlias = Iterator[Spot]
Scope: TypeAlias = dict[str, Any]

MAX_STEPS = 50_000  # some fifty milliseconds; conditions on every field of a large object take a fifth of it
_EVERYTHING = n.Try(n.Iterate(n.Identity()))
_EXPENSIVE = frozenset({"contains", "inside", "indices", "index", "rindex"})
_TYPES: dict[str, Callable[[Any], bool]] = {
    "values": lambda value: value is not None,
    "nulls": lambda value: value is None,
    "booleans": lambda value: isinstance(value, bool),
    "numbers": is_number,
    "strings": lambda value: isinstance(value, str),
    "arrays": lambda value: isinstance(value, list),
    "objects": lambda value: isinstance(value, dict),
    "iterables": lambda value: isinstance(value, list | dict),
    "scalars": lambda value: not isinstance(value, list | dict),
}


class Walk:
    """One walk, and the steps that it has left."""

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self._left = steps

    def _spend(self, steps: int = 1) -> None:
        self._left -= steps
        if self._left < 0:
            raise ExpressionTooCostly("it takes too many steps")

    def values(self, node: n.Node, value: Any, scope: Scope) -> Iterator[Any]:
        """What is yielded, wherever it stands."""
        return (found for _, found in self.spots(node, (None, value), scope))

    def spots(self, node: n.Node, spot: Spot, scope: Scope) -> Spots:
        """Raises ExpressionFailed and ExpressionTooCostly."""
        self._spend()
        match node:
            case n.Identity():
                yield spot
            case n.Literal(value):
                yield None, value
            case n.Index():
                yield from self._index(node, spot, scope)
            case n.Pipe(left, right):
                for middle in self.spots(left, spot, scope):
                    yield from self.spots(right, middle, scope)
            case n.Iterate(of):
                for place, value in self.spots(of, spot, scope):
                    for step, child in children(value):
                        self._spend()
                        yield _below(place, step), child
            case n.Call():
                yield from self._call(node, spot, scope)
            case n.Operation(sign, left, right):
                for other in self.values(right, spot[1], scope):
                    for one in self.values(left, spot[1], scope):
                        yield None, self._operate(sign, one, other)
            case n.Logic():
                for answer in self._logic(node, spot[1], scope):
                    yield None, answer
            case n.Comma(left, right):
                yield from self.spots(left, spot, scope)
                yield from self.spots(right, spot, scope)
            case n.Try():
                yield from self._try(node, spot, scope)
            case n.Everything():
                yield from self._recurse(_EVERYTHING, spot, scope)
            case n.Alternative():
                yield from self._alternative(node, spot, scope)
            case n.Condition(test, yes, no):
                for answer in self.values(test, spot[1], scope):
                    yield from self.spots(yes if truth(answer) else no, spot, scope)
            case _:
                yield from self._rarer(node, spot, scope)

    def _rarer(self, node: n.Node, spot: Spot, scope: Scope) -> Spots:
        value = spot[1]
        match node:
            case n.Slice():
                yield from self._slice(node, spot, scope)
            case n.Variable(name):
                yield None, scope[name]
            case n.Bind(source, name, body):
                for bound in self.values(source, value, scope):
                    yield from self.spots(body, spot, {**scope, name: bound})
            case n.Reduce():
                yield from self._reduce(node, spot, scope)
            case n.ListOf(of):
                yield None, list(self.values(of, value, scope))
            case n.ObjectOf(fields):
                for made in self._objects(fields, value, scope):
                    yield None, made
            case n.Text(parts):
                for text in self._texts(parts, value, scope):
                    yield None, checked(text)
            case n.Negation(of):
                for number in self.values(of, value, scope):
                    yield None, calculate("-", 0, number)

    # ---- places

    def _index(self, node: n.Index, spot: Spot, scope: Scope) -> Spots:
        for place, value in self.spots(node.of, spot, scope):
            for key in self.values(node.key, spot[1], scope):
                step = step_of(value, key)
                if step is None:
                    yield None, positions(value, key)
                else:
                    yield _below(place, step), at(value, step)

    def _slice(self, node: n.Slice, spot: Spot, scope: Scope) -> Spots:
        for place, value in self.spots(node.of, spot, scope):
            for end in self.values(node.end, spot[1], scope) if node.end else iter((None,)):
                for start in self.values(node.start, spot[1], scope) if node.start else iter((None,)):
                    part = part_of(start, end)
                    yield _below(place, part), at(value, part)

    def _recurse(self, step: n.Node, spot: Spot, scope: Scope) -> Spots:
        yield spot
        open_ = [self.spots(step, spot, scope)]
        while open_:
            following = next(open_[-1], None)
            if following is None:
                open_.pop()
                continue
            self._spend()
            yield following
            open_.append(self.spots(step, following, scope))

    # ---- conditions

    def _try(self, node: n.Try, spot: Spot, scope: Scope) -> Spots:
        try:
            yield from self.spots(node.body, spot, scope)
        except ExpressionFailed as failure:
            if node.handler is None:
                return
            message = failure.message
        else:
            return
        yield from self.spots(node.handler, (None, message), scope)

    def _alternative(self, node: n.Alternative, spot: Spot, scope: Scope) -> Spots:
        found = False
        for one in self._try(n.Try(node.left), spot, scope):
            if truth(one[1]):
                found = True
                yield one
        if not found:
            yield from self.spots(node.right, spot, scope)

    def _logic(self, node: n.Logic, value: Any, scope: Scope) -> Iterator[bool]:
        for left in self.values(node.left, value, scope):
            if truth(left) is (node.sign == "or"):
                yield node.sign == "or"
                continue
            for right in self.values(node.right, value, scope):
                yield truth(right)

    def _operate(self, sign: str, left: Any, right: Any) -> Any:
        self._spend(size(left) + size(right))
        if sign in ("+", "-", "*", "/", "%"):
            if sign == "-" and isinstance(left, list) and isinstance(right, list):
                self._spend(len(left) * len(right))
            return calculate(sign, left, right)
        return compared(sign, left, right)

    # ---- making values

    def _reduce(self, node: n.Reduce, spot: Spot, scope: Scope) -> Spots:
        for start in self.spots(node.start, spot, scope):
            kept: Spot | None = start
            for bound in self.values(node.source, spot[1], scope):
                inner = {**scope, node.name: bound}
                kept = self._last(node.update, kept or (None, None), inner)
            yield kept or (None, None)

    def _objects(self, fields: tuple[tuple[n.Node, n.Node], ...], value: Any, scope: Scope) -> Iterator[dict[str, Any]]:
        if not fields:
            yield {}
            return
        *before, (key_node, value_node) = fields
        for made in self._objects(tuple(before), value, scope):
            for key in self.values(key_node, value, scope):
                if not isinstance(key, str):
                    raise ExpressionFailed(f"{type_of(key)} is no key of an object")
                for child in self.values(value_node, value, scope):
                    self._spend(len(made))
                    yield {**made, key: child}

    def _texts(self, parts: tuple[str | n.Node, ...], value: Any, scope: Scope) -> Iterator[str]:
        if not parts:
            yield ""
            return
        *before, last = parts
        for start in self._texts(tuple(before), value, scope):
            if isinstance(last, str):
                yield start + last
                continue
            for put_in in self.values(last, value, scope):
                self._spend(size(put_in))
                yield start + to_text(put_in)

    # ---- functions

    def _call(self, call: n.Call, spot: Spot, scope: Scope) -> Spots:
        function = VALUE_FUNCTIONS.get((call.name, len(call.arguments)))
        if function is not None:
            for arguments in self._arguments(call.arguments, spot[1], scope):
                self._spend(self._cost(call.name, spot[1], arguments))
                yield None, function(spot[1], *arguments)
        elif call.name in _TYPES:
            if _TYPES[call.name](spot[1]):
                yield spot
        else:
            yield from self._place_function(call, spot, scope)

    @staticmethod
    def _cost(name: str, value: Any, arguments: tuple[Any, ...]) -> int:
        if not arguments:
            return size(value) if isinstance(value, list | str) else 1
        first = size(arguments[0])
        return size(value) * first if name in _EXPENSIVE else size(value) + first

    def _arguments(self, arguments: tuple[n.Node, ...], value: Any, scope: Scope) -> Iterator[tuple[Any, ...]]:
        if not arguments:
            yield ()
            return
        for first in self.values(arguments[0], value, scope):
            for rest in self._arguments(arguments[1:], value, scope):
                yield first, *rest

    def _place_function(self, call: n.Call, spot: Spot, scope: Scope) -> Spots:
        given, value = call.arguments, spot[1]
        match call.name, len(given):
            case "empty", _:
                return
            case "error", count:
                for message in self.values(given[0], value, scope) if count else iter((value,)):
                    raise ExpressionFailed(to_text(message)[:200])
            case "select", _:
                for answer in self.values(given[0], value, scope):
                    if truth(answer):
                        yield spot
            case "recurse", 0:
                yield from self._recurse(_EVERYTHING, spot, scope)
            case "recurse", 1:
                yield from self._recurse(given[0], spot, scope)
            case "recurse", 2:
                yield from self._recurse(n.Pipe(given[0], n.Call("select", (given[1],))), spot, scope)
            case "getpath", _:
                for keys in self.values(given[0], value, scope):
                    yield self._get(spot, keys)
            case (("first" | "last" | "nth" | "limit"), _):
                yield from self._some(call, spot, scope)
            case _:
                for made in self._made(call, value, scope):
                    yield None, made

    def _get(self, spot: Spot, keys: Any) -> Spot:
        if not isinstance(keys, list):
            raise ExpressionFailed("a path is a list of keys")
        place, value = spot
        for key in keys:
            self._spend()
            step = step_of(value, key)
            if step is None:
                raise ExpressionFailed("a list is no key")
            place, value = _below(place, step), at(value, step)
        return place, value

    def _some(self, call: n.Call, spot: Spot, scope: Scope) -> Spots:
        given, value = call.arguments, spot[1]
        match call.name, len(given):
            case "first", 0:
                yield from self.spots(n.Index(n.Identity(), n.Literal(0)), spot, scope)
            case "last", 0:
                yield from self.spots(n.Index(n.Identity(), n.Literal(-1)), spot, scope)
            case "nth", 1:
                yield from self.spots(n.Index(n.Identity(), given[0]), spot, scope)
            case "first", _:
                yield from islice(self.spots(given[0], spot, scope), 1)
            case "last", _:
                last = self._last(given[0], spot, scope)
                if last is not None:
                    yield last
            case _:
                for count in self.values(given[0], value, scope):
                    if not is_number(count) or count < 0:
                        raise ExpressionFailed(f"{call.name} needs a number from 0 on")
                    wanted = self.spots(given[1], spot, scope)
                    whole = min(int(count), MAX_STEPS)
                    yield from islice(wanted, whole, whole + 1) if call.name == "nth" else islice(wanted, whole)

    def _last(self, node: n.Node, spot: Spot, scope: Scope) -> Spot | None:
        return next(iter(deque(self.spots(node, spot, scope), maxlen=1)), None)

    def _made(self, call: n.Call, value: Any, scope: Scope) -> Iterator[Any]:
        given = call.arguments
        match call.name:
            case "map":
                yield [made for _, child in children(value) for made in self.values(given[0], child, scope)]
            case "map_values":
                yield self._map_values(given[0], value, scope)
            case "with_entries":
                entries = [{"key": key, "value": child} for key, child in children(value)]
                yield from_entries([made for entry in entries for made in self.values(given[0], entry, scope)])
            case "path":
                for place, _ in self.spots(given[0], ((), value), scope):
                    yield _shown(_required(place))
            case "paths":
                test = given[0] if given else n.Call("true")
                for place, child in self._recurse(_EVERYTHING, ((), value), scope):
                    if place:
                        yield from (_shown(place) for answer in self.values(test, child, scope) if truth(answer))
            case "del":
                yield without(value, [_required(place) for place, _ in self.spots(given[0], ((), value), scope)])
            case "any" | "all":
                source = given[0] if len(given) == 2 else n.Iterate(n.Identity())
                yield self._some_or_all(call.name, source, given[-1], value, scope)
            case "range":
                yield from self._range(given, value, scope)
            case "isempty":
                yield next(self.values(given[0], value, scope), self) is self
            case "IN":
                sought = list(self.values(given[0], value, scope)) if len(given) == 2 else [value]
                yield any(
                    equal(one, other)
                    for other in self.values(given[-1], value, scope)
                    for one in sought
                    if self._count()
                )
            case _:
                yield self._ordered(call.name, given[0], value, scope)

    def _count(self) -> bool:
        self._spend()
        return True

    def _map_values(self, body: n.Node, value: Any, scope: Scope) -> Any:
        found = [(step, next(self.values(body, child, scope), self)) for step, child in children(value)]
        if isinstance(value, dict):
            return {step: made for step, made in found if made is not self}
        return [made for _, made in found if made is not self]

    def _some_or_all(self, name: str, source: n.Node, test: n.Node, value: Any, scope: Scope) -> bool:
        answers = (
            truth(answer) for child in self.values(source, value, scope) for answer in self.values(test, child, scope)
        )
        return any(answers) if name == "any" else all(answers)

    def _range(self, given: tuple[n.Node, ...], value: Any, scope: Scope) -> Iterator[Any]:
        bounds = (n.Literal(0), *given) if len(given) == 1 else given
        for start, end, *by in self._arguments(bounds, value, scope):
            step = by[0] if by else 1
            if not all(map(is_number, (start, end, step))):
                raise ExpressionFailed("a range is between numbers")
            while step and (start < end if step > 0 else start > end):
                self._spend()
                yield start
                start += step

    def _ordered(self, name: str, by: n.Node, value: Any, scope: Scope) -> Any:
        if not isinstance(value, list):
            raise ExpressionFailed(f"{type_of(value)} has no items")
        keyed = [(list(self.values(by, item, scope)), item) for item in value]
        self._spend(sum(size(key) for key, _ in keyed))
        if name == "min_by":
            return min(keyed, key=lambda pair: sort_key(pair[0]), default=([], None))[1]
        in_order = sorted(keyed, key=lambda pair: sort_key(pair[0]))
        if name == "max_by":
            return in_order[-1][1] if in_order else None
        if name == "sort_by":
            return [item for _, item in in_order]
        firsts = [
            pair
            for position, pair in enumerate(in_order)
            if not position or compare(in_order[position - 1][0], pair[0])
        ]
        return [item for _, item in firsts]


def _below(place: Place | None, step: Any) -> Place | None:
    return None if place is None else (*place, step)


def _required(place: Place | None) -> Place:
    if place is None:
        raise ExpressionFailed("it makes values and does not name fields")
    return place


def _shown(place: Place) -> list[Any]:
    return [step if isinstance(step, str | int) else {"start": step.start, "end": step.end} for step in place]
