"""Execution that reads plain attributes at once instead of through a resolver per leaf.

Lists are made of a few objects with many leaves, and the stock executor spends most of its time around them. Here the
leaves of a selection that are plain attributes without arguments are planned once and read directly; every other field
goes the stock way. On any surprise the whole selection does, so errors are the stock ones. It relies on internals of
graphql-core, so that is pinned, and a test compares both executors.
"""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from graphql import GraphQLEnumType, GraphQLError, GraphQLNonNull, GraphQLObjectType, GraphQLScalarType, Undefined
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
    """`grouped` is kept so that its id, by which plans are found, stays its own."""

    grouped: Any
    leaves: dict[str, _Leaf]


class _SurpriseError(Exception):
    """The stock executor is to deal with it."""


class FastExecutor(StrawberryGraphQLCoreExecutionContext):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: dict[int, _Plan] = {}

    def execute_fields(
        self, parent_type: GraphQLObjectType, source: Any, path: Path | None, grouped: Any, position_context: Any
    ) -> Any:
        plan = self._plans.get(id(grouped))
        if plan is None:
            plan = self._plans[id(grouped)] = _Plan(grouped, self._leaves(parent_type, grouped))
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

    def _leaves(self, parent_type: GraphQLObjectType, grouped: Any) -> dict[str, _Leaf]:
        if self.middleware_manager is not None and self.middleware_manager.middlewares:
            return {}
        planned = {name: self._leaf(parent_type, details) for name, details in grouped.items()}
        return {name: leaf for name, leaf in planned.items() if leaf is not None}

    def _leaf(self, parent_type: GraphQLObjectType, details: Any) -> _Leaf | None:
        field = parent_type.fields.get(details[0].node.name.value)
        if field is None or field.args or not getattr(field.resolve, "_is_default", False):
            return None
        definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        kind = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        if definition is None or not isinstance(kind, GraphQLScalarType | GraphQLEnumType):
            return None
        required = isinstance(field.type, GraphQLNonNull)
        coerce = kind.coerce_output_value
        return _Leaf(attrgetter(definition.python_name), _AS_IT_IS.get(kind.name), coerce, required)


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
