"""What an operation costs: 1 for every object that it may return; leaves are free, lists as long as they may be."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
)
from graphql.language import DocumentNode
from graphql.utilities import value_from_ast_untyped

from api.actions.paging import LONGEST_PAGE, UNPAGED

MAX_COST = 20_000
LIST_LENGTH = 10
"""For how many objects a list is taken that has no page size."""
FEW = frozenset({"RuntimeSlice", "ClusterSlice", "GitSourceSlice"})
"""Lists that stay short however big the fleet is."""


class Cost:
    """Cost of operations of one document with one set of variables; each fragment is counted once per page size."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._schema = schema
        self._variables = dict(variables)
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[tuple[str, int], int] = {}

    def of(self, operation: OperationDefinitionNode) -> int:
        root = self._schema.get_root_type(operation.operation)
        return self._selections(root, operation.selection_set, LIST_LENGTH) if root else 0

    def _selections(self, parent: Any, selections: SelectionSetNode, page_size: int) -> int:
        total = 0
        for node in selections.selections:
            if isinstance(node, FieldNode):
                total += self._field(parent, node, page_size)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inner = self._schema.get_type(condition.name.value) if condition else parent
                total += self._selections(inner, node.selection_set, page_size)
            elif isinstance(node, FragmentSpreadNode):
                total += self._fragment(node.name.value, page_size)
        return total

    def _fragment(self, name: str, page_size: int) -> int:
        key = (name, page_size)
        if key not in self._known:
            self._known[key] = 0
            fragment = self._fragments.get(name)
            if fragment is not None:
                inner = self._schema.get_type(fragment.type_condition.name.value)
                self._known[key] = self._selections(inner, fragment.selection_set, page_size)
        return self._known[key]

    def _field(self, parent: Any, node: FieldNode, page_size: int) -> int:
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) or node.selection_set is None:
            return 0
        field = parent.fields.get(node.name.value)
        if field is None:  # introspection
            return 0
        named = get_named_type(field.type)
        longest = LONGEST_PAGE if named.name in FEW else UNPAGED
        own_size = self._page_size(node, longest) if "pagination" in field.args else LIST_LENGTH
        inner = self._selections(named, node.selection_set, own_size)
        kind = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        return (1 + inner) * page_size if isinstance(kind, GraphQLList) else 1 + inner

    def _page_size(self, node: FieldNode, longest: int) -> int:
        given = {
            argument.name.value: value_from_ast_untyped(argument.value, self._variables)
            for argument in node.arguments or ()
        }
        pagination = given.get("pagination")
        if not isinstance(pagination, Mapping):
            return longest
        sizes = [size for size in (pagination.get("first"), pagination.get("last")) if isinstance(size, int)]
        return max(0, *sizes) if sizes else LONGEST_PAGE
