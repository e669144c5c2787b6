"""The schema as it is served, and its text."""

import functools
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import strawberry
from graphql import GraphQLError
from strawberry.extensions import AddValidationRules, MaxTokensLimiter, SchemaExtension, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionContext

from api.schema.extensions import CheckOperation, ParseOnce, PublicErrors
from api.schema.fast_executor import FastExecutor
from api.schema.limits import MAX_TOKENS, LimitRule
from api.schema.mutation import Mutation
from api.schema.query import Query
from api.schema.scalars import DATE_TIME
from api.schema.subscription import Subscription
from api.types.problem import HealthError, SyncError

EXPORTED = Path(__file__).parent.parent / "schema.graphql"

_EXTENSIONS: tuple[type[SchemaExtension] | Callable[[], SchemaExtension], ...] = (
    PublicErrors,
    lambda: MaxTokensLimiter(MAX_TOKENS),
    lambda: AddValidationRules([LimitRule]),
    ParseOnce,
    ValidationCache,
    CheckOperation,
)


class Schema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing: `PublicErrors` logs what is worth it, once."""


@functools.cache
def build_schema(executor: type[StrawberryGraphQLCoreExecutionContext] = FastExecutor) -> Schema:
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[SyncError, HealthError],
        extensions=_EXTENSIONS,
        execution_context_class=executor,
        scalar_overrides={datetime: DATE_TIME},
        config=StrawberryConfig(disable_field_suggestions=True),
    )


def export(schema: Schema) -> str:
    return schema.as_str() + "\n"


if __name__ == "__main__":
    EXPORTED.write_text(export(build_schema()))
