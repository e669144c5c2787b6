"""Which operations get one answer for all who see the same: those whose every field says so."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    InlineFragmentNode,
    ObjectFieldNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Visitor,
    get_named_type,
    parse,
    visit,
)
from graphql.language import DocumentNode
from strawberry import Schema
from strawberry.schema.schema_converter import GraphQLCoreConverter

from api.schema.limits import MAX_TOKENS
from api.types.shared import SAME_FOR_ALL, SAME_FOR_EQUALS

_FAVORITE = "favorite"  # a filter by what one starred oneself
KNOWN_DOCUMENTS = 128


def is_sharable(schema: Schema, text: str, operation_name: str | None, variables: Mapping[str, Any] | None) -> bool:
    """What is not known to be, is not: a field has to be marked, or to read nothing but what it is a part of."""
    return not _asks_for_favorites(variables) and _document_is_sharable(schema, text, operation_name)


@lru_cache(maxsize=KNOWN_DOCUMENTS)
def _document_is_sharable(schema: Schema, text: str, operation_name: str | None) -> bool:
    try:
        document = parse(text, no_location=True, max_tokens=MAX_TOKENS)
    except GraphQLError:
        return False
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) != 1 or operations[0].operation is not OperationType.QUERY:
        return False
    if operation_name and (operations[0].name is None or operations[0].name.value != operation_name):
        return False
    return not _names_favorites(document) and _Selections(schema, document).are_sharable(operations[0])


class _Selections:
    """Of one document; each fragment is looked at once."""

    def __init__(self, schema: Schema, document: DocumentNode) -> None:
        self._schema = schema._schema
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._seen: set[str] = set()

    def are_sharable(self, operation: OperationDefinitionNode) -> bool:
        return all(self._below(self._schema.query_type, operation.selection_set))

    def _below(self, parent: Any, selections: SelectionSetNode) -> Iterator[bool]:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                yield from self._field(parent, node)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inner = self._schema.get_type(condition.name.value) if condition else parent
                yield from self._below(inner, node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in self._seen:
                self._seen.add(node.name.value)
                fragment = self._fragments.get(node.name.value)
                if fragment is None:
                    yield False
                else:
                    inner = self._schema.get_type(fragment.type_condition.name.value)
                    yield from self._below(inner, fragment.selection_set)

    def _field(self, parent: Any, node: FieldNode) -> Iterator[bool]:
        name = node.name.value
        if name == "__typename":
            return
        fields = [kind.fields.get(name) for kind in self._kinds(parent)]
        yield bool(fields) and all(field is not None and _is_same_for_equals(field) for field in fields)
        if node.selection_set is not None and fields and fields[0] is not None:
            yield from self._below(get_named_type(fields[0].type), node.selection_set)

    def _kinds(self, parent: Any) -> list[GraphQLObjectType]:
        if isinstance(parent, GraphQLInterfaceType | GraphQLUnionType):
            return list(self._schema.get_possible_types(parent))
        return [parent] if isinstance(parent, GraphQLObjectType) else []


def _is_same_for_equals(field: Any) -> bool:
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if definition is None:
        return False
    resolver = definition.base_resolver
    if resolver is None or (resolver.info_parameter is None and not definition.is_async):
        return True  # an attribute, or a function of what it is a part of
    return bool(definition.metadata.get(SAME_FOR_EQUALS) or definition.metadata.get(SAME_FOR_ALL))


def _names_favorites(document: DocumentNode) -> bool:
    class Found(Visitor):
        any = False

        def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
            self.any = self.any or node.name.value == _FAVORITE

    visitor = Found()
    visit(document, visitor)
    return visitor.any


def _asks_for_favorites(value: Any) -> bool:
    if isinstance(value, Mapping):
        return value.get(_FAVORITE) is not None or any(map(_asks_for_favorites, value.values()))
    return isinstance(value, list) and any(map(_asks_for_favorites, value))
