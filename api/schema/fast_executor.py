"""Execution that reads plain attributes at once instead of through a resolver per leaf.

Lists are made of a few objects with many leaves, and the stock executor spends most of its time around them. Here the
leaves of a selection that are plain attributes without arguments are planned once and read directly; every other field
goes the stock way. On any surprise the whole selection does, so errors are the stock ones. It relies on internals of
graphql-core, so that is pinned, and a test compares both executors.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    Node,
    OperationDefinitionNode,
    Undefined,
    VariableNode,
)
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter

from api.types.shared import SAME_FOR_ALL

_AS_IT_IS = {"String": str, "ID": str, "Boolean": bool}


@dataclass(frozen=True, slots=True)
class _Leaf:
    """How to read one leaf: `exact` is the type of a value that needs no coercion."""

    read: Callable[[Any], Any]
    exact: type | None
    coerce: Callable[[Any], Any]
    required: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    """`grouped` is kept so that its id, by which plans are found, stays its own. `personal`: the viewer matters."""

    grouped: Any
    leaves: dict[str, _Leaf]
    personal: bool


class _SurpriseError(Exception):
    """The stock executor is to deal with it."""


class FastExecutor(StrawberryGraphQLCoreExecutionContext):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: dict[int, _Plan] = {}
        self._personal = False
        self._asked: Hashable | None = None

    def build_per_event_executor(self, payload: Any) -> "FastExecutor":
        """Selections are collected anew for every event, so plans are too: kept, they would pile up."""
        if self._asked is None:
            fragments = (details.definition for details in self.fragments.values())
            self._asked = _asked(self.operation, fragments, self.variable_values.coerced)
        executor = super().build_per_event_executor(payload)
        assert isinstance(executor, FastExecutor)
        executor._plans, executor._personal = {}, False
        return executor

    def execute_operation(self, serially: bool | None = None) -> Any:
        """An event that many subscribers get is executed once for all who ask the same, if nothing in it is personal.

        Events that are shared carry `answers`, where results are kept for as long as the event is.
        """
        answers = getattr(self.root_value, "answers", None)
        if answers is None or self._asked is None:
            return super().execute_operation(serially)
        answer: Answer | None = answers.get(self._asked)
        if answer is None:
            return self._execute_first(answers, serially)
        if answer.is_personal:
            return super().execute_operation(serially)
        if answer.data is not None:
            return ExecutionResult(answer.data, None)
        return self._execute_after(answer, serially)

    def _execute_first(self, answers: dict[Any, "Answer"], serially: bool | None) -> Any:
        answer = answers[self._asked] = Answer(self.operation)
        result: Any = super().execute_operation(serially)
        if isinstance(result, ExecutionResult):
            return answer.settle(result, is_personal=self._personal)
        answer.task = asyncio.create_task(self._settle(answer, result), name="shared-event")
        return asyncio.shield(answer.task)

    async def _settle(self, answer: "Answer", found: Awaitable[ExecutionResult]) -> ExecutionResult:
        return answer.settle(await found, is_personal=self._personal)

    async def _execute_after(self, answer: "Answer", serially: bool | None) -> Any:
        """Somebody else is at it. Whoever waits may go away without it."""
        if answer.task is not None:
            await asyncio.wait({answer.task})
        if answer.data is not None:
            return ExecutionResult(answer.data, None)
        result: Any = super().execute_operation(serially)
        return result if isinstance(result, ExecutionResult) else await result

    def execute_fields(
        self, parent_type: GraphQLObjectType, source: Any, path: Path | None, grouped: Any, position_context: Any
    ) -> Any:
        plan = self._plans.get(id(grouped))
        if plan is None:
            plan = self._plans[id(grouped)] = self._plan(parent_type, grouped)
            self._personal = self._personal or plan.personal
        if not plan.leaves or position_context is not None:
            return super().execute_fields(parent_type, source, path, grouped, position_context)
        try:
            values = {name: _value(leaf, source) for name, leaf in plan.leaves.items()}
        except _SurpriseError:
            return super().execute_fields(parent_type, source, path, grouped, position_context)
        if len(values) == len(grouped):
            return values
        rest = {name: details for name, details in grouped.items() if name not in values}
        found: Any = super().execute_fields(parent_type, source, path, rest, position_context)
        if self.is_awaitable(found):
            return _merged_later(grouped, values, found)
        return _merged(grouped, values, found)

    def _plan(self, parent_type: GraphQLObjectType, grouped: Any) -> _Plan:
        if self.middleware_manager is not None and self.middleware_manager.middlewares:
            return _Plan(grouped, {}, personal=True)
        fields = {name: _field(parent_type, details[0].node.name.value) for name, details in grouped.items()}
        leaves = {name: field.leaf for name, field in fields.items() if field.leaf is not None}
        is_root = parent_type is self.schema.subscription_type  # what it yields was decided before the event
        return _Plan(grouped, leaves, personal=not is_root and any(field.personal for field in fields.values()))


@dataclass(slots=True)
class Answer:
    """`operation` is kept so that its id, by which answers are found, stays its own. Without data it is not to be
    shared, or `task` is still at it."""

    operation: Any
    data: "Encoded | None" = None
    is_personal: bool = False
    task: "asyncio.Task[ExecutionResult] | None" = None

    def settle(self, result: ExecutionResult, *, is_personal: bool) -> ExecutionResult:
        self.is_personal = is_personal or bool(result.errors) or result.data is None
        if result.data is None or self.is_personal:
            return result
        self.data = Encoded(result.data)
        return ExecutionResult(self.data, None)


class Encoded(dict[str, Any]):
    """Data that many are sent: whoever makes text of it keeps that here, for the others."""

    text: str | None = None


def _asked(operation: OperationDefinitionNode, fragments: Iterable[Node], variables: Mapping[str, Any]) -> Hashable:
    """By what answers to an event are told apart: the document, and what its selections vary by. The arguments of the
    subscription itself decided which events come, so two who went on from different places share each."""
    varying: set[str] = set()
    for selection in operation.selection_set.selections:
        parts: Iterable[Node | None] = (selection,)
        if isinstance(selection, FieldNode):
            parts = (selection.selection_set, *(selection.directives or ()))
        varying.update(name for part in parts if part is not None for name in _variables(part))
    varying.update(name for fragment in fragments for name in _variables(fragment))
    return id(operation), repr([(name, variables[name]) for name in sorted(varying) if name in variables])


def _variables(node: Node) -> Iterator[str]:
    if isinstance(node, VariableNode):
        yield node.name.value
        return
    for key in node.keys:
        value = getattr(node, key)
        for below in value if isinstance(value, list | tuple) else (value,):
            if isinstance(below, Node):
                yield from _variables(below)


@dataclass(frozen=True, slots=True)
class _Field:
    """`leaf` None: the stock executor reads it."""

    leaf: _Leaf | None
    personal: bool


@lru_cache(maxsize=4096)
def _field(parent_type: GraphQLObjectType, name: str) -> _Field:
    field = parent_type.fields.get(name)
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF) if field is not None else None
    if field is None or definition is None:
        return _Field(None, personal=not name.startswith("__"))
    resolver = definition.base_resolver
    if field.args or not getattr(field.resolve, "_is_default", False):
        asks_who = resolver is None or resolver.info_parameter is not None or definition.is_async
        asks_who = asks_who and not definition.metadata.get(SAME_FOR_ALL)
        return _Field(None, personal=bool(field.args) or asks_who)
    kind = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    if not isinstance(kind, GraphQLScalarType | GraphQLEnumType):
        return _Field(None, personal=False)
    required = isinstance(field.type, GraphQLNonNull)
    read = attrgetter(definition.python_name)
    return _Field(_Leaf(read, _AS_IT_IS.get(kind.name), kind.coerce_output_value, required), personal=False)


def _value(leaf: _Leaf, source: Any) -> Any:
    try:
        value = leaf.read(source)
        if type(value) is leaf.exact:
            return value
        if value is None:
            if leaf.required:
                raise _SurpriseError
            return None
        coerced = leaf.coerce(value)
    except _SurpriseError:
        raise
    except (GraphQLError, AttributeError, TypeError, ValueError, OverflowError) as error:
        raise _SurpriseError from error
    if coerced is None or coerced is Undefined:
        raise _SurpriseError
    return coerced


def _merged(grouped: Any, values: dict[str, Any], rest: dict[str, Any]) -> dict[str, Any]:
    """In the order of the document."""
    return {name: values[name] if name in values else rest[name] for name in grouped if name in values or name in rest}


async def _merged_later(grouped: Any, values: dict[str, Any], rest: Any) -> dict[str, Any]:
    return _merged(grouped, values, await rest)
