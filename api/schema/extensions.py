"""What happens around every operation: checks before it, a time limit on it, and errors that say only what they may."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import structlog
from graphql import FragmentSpreadNode, GraphQLError, InlineFragmentNode, OperationDefinitionNode, OperationType
from graphql.language import DocumentNode, FieldNode, FragmentDefinitionNode, SelectionSetNode
from strawberry.extensions import MaskErrors, ParserCache, SchemaExtension

from api.context import Context
from api.errors import ApiError, Invalid, TooComplex, TookTooLong, Unauthorized
from api.schema.cost import MAX_COST, Cost
from model.errors import InvalidIdentity

EXECUTION_SECONDS = 10.0
MUTATION_SECONDS = 30.0  # a commit waits for a Git host
PUBLIC_FIELDS = frozenset({"me", "version", "__typename", "__schema", "__type"})

log = structlog.get_logger(__name__)


class CheckOperation(SchemaExtension):
    """Refuses, before anything is executed, what nobody signed in for, what is ambiguous, and what costs too much."""

    _cost: int | None = None

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        if not context.pre_execution_errors and context.graphql_document is not None:
            try:
                self._cost = self._check(context.graphql_document)
            except ApiError as error:
                context.pre_execution_errors = [GraphQLError(error.message, original_error=error)]
        yield

    async def on_execute(self) -> AsyncIterator[None]:
        seconds, suggestion = EXECUTION_SECONDS, "ask for less at once"
        if self._is_mutation():
            seconds = MUTATION_SECONDS
            suggestion = "whether it was done is not known; with the same operation id it is done once at most"
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError as error:
            raise TookTooLong(f"the operation took longer than {seconds:g} s", suggestion=suggestion) from error

    def _is_mutation(self) -> bool:
        document = self.execution_context.graphql_document
        if document is None:
            return False
        operation = _operation(document, self.execution_context._provided_operation_name)
        return operation.operation is OperationType.MUTATION

    def get_results(self) -> dict[str, Any]:
        return {} if self._cost is None else {"cost": {"requested": self._cost, "limit": MAX_COST}}

    def _check(self, document: DocumentNode) -> int | None:
        operation = _operation(document, self.execution_context._provided_operation_name)
        viewer_context: Context = self.execution_context.context
        if viewer_context.viewer is None and not _root_fields(document, operation) <= PUBLIC_FIELDS:
            raise Unauthorized
        variables = self.execution_context.variables or {}
        cost = Cost(self.execution_context.schema._schema, document, variables).of(operation)
        if cost > MAX_COST:
            raise TooComplex(
                f"the operation costs {cost}; at most {MAX_COST} is allowed",
                suggestion="ask for smaller pages, or for fewer nested objects",
            )
        return None if operation.operation is OperationType.SUBSCRIPTION else cost


class ParseOnce(ParserCache):
    """Parses through the cache. A syntax error is left to the stock path, which reports it on every transport."""

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        with suppress(GraphQLError):
            context.graphql_document = self.cached_parse_document(context.query, **context.parse_options)
        yield


class PublicErrors(MaskErrors):
    """Gives every error a stable code; what is not meant for people is masked and logged under a correlation id."""

    def __init__(self) -> None:
        super().__init__()

    def _process_errors(self, errors: list[GraphQLError]) -> list[GraphQLError]:
        return [_public(error) for error in errors]


def _public(error: GraphQLError) -> GraphQLError:
    if error.extensions and "code" in error.extensions:
        return error
    original = error.original_error
    if isinstance(original, InvalidIdentity):
        original = Invalid(str(original))
    if isinstance(original, ApiError):
        extensions = {"code": original.code, "suggestion": original.suggestion, "field": original.field}
        message = original.message
        return _renamed(error, message, {key: value for key, value in extensions.items() if value})
    if original is None or isinstance(original, GraphQLError):
        return _renamed(error, error.message, {"code": Invalid.code})
    correlation_id = str(uuid.uuid4())
    log.error("operation failed", correlation_id=correlation_id, path=error.path, exc_info=original)
    extensions = {"code": ApiError.code, "correlationId": correlation_id}
    return _renamed(error, "something went wrong here; the log says what, under the correlation id", extensions)


def _renamed(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        original_error=error.original_error if isinstance(error.original_error, ApiError) else None,
        extensions=extensions,
    )


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name:
        operations = [node for node in operations if node.name and node.name.value == name]
    if not operations:
        raise Invalid(f"the document has no operation {name!r}" if name else "the document has no operation")
    if len(operations) > 1:
        raise Invalid("the document has several operations: say which in operationName")
    return operations[0]


def _root_fields(document: DocumentNode, operation: OperationDefinitionNode) -> frozenset[str]:
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    seen: set[str] = set()

    def names(selections: SelectionSetNode) -> Iterator[str]:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                yield node.name.value
            elif isinstance(node, InlineFragmentNode):
                yield from names(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                yield from names(fragments[node.name.value].selection_set)

    return frozenset(names(operation.selection_set))
