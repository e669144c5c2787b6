"""Execution that reads plain attributes at once instead of through a resolver per leaf.

Lists are made of a few objects with many leaves, and the stock executor spends most of its time around them. Here the
leaves of a selection that are plain attributes without arguments are planned once and read directly; every other field
goes the stock way. On any surprise the whole selection does, so errors are the stock ones. It relies on internals of
graphql-core, so that is pinned, and a test compares both executors.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLEnumType,
    GraphQLError,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    Undefined,
)
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter

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

    def build_per_event_executor(self, payload: Any) -> "FastExecutor":
        """Selections are collected anew for every event, so plans are too: kept, they would pile up."""
        executor = super().build_per_event_executor(payload)
        assert isinstance(executor, FastExecutor)
        executor._plans, executor._personal = {}, False
        return executor

    def execute_operation(self, serially: bool | None = None) -> Any:
        """An event that many subscribers get is executed once for all who ask the same, if nothing in it is personal.

        Events that are shared carry `answers`, where results are kept for as long as the event is.
        """
        answers = getattr(self.root_value, "answers", None)
        if answers is None:
            return super().execute_operation(serially)
        key = (id(self.operation), repr(self.variable_values.coerced))
        if (known := answers.get(key)) is not None:
            return ExecutionResult(known.data, None)
        result = super().execute_operation(serially)
        if isinstance(result, ExecutionResult) and not result.errors and not self._personal:
            answers[key] = Answer(self.operation, result.data)
        return result

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


@dataclass(frozen=True, slots=True)
class Answer:
    """`operation` is kept so that its id, by which answers are found, stays its own."""

    operation: Any
    data: Any


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
