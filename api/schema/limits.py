"""How big a document may be, and what it costs, told before anything is executed.

All of it is counted with fragments remembered, so that a document that spreads fragments in fragments cannot make the
counting itself expensive.
"""

from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)
from graphql.language import DocumentNode
from graphql.validation import ASTValidationRule

from api.errors import TooComplex

MAX_TOKENS = 1_000
MAX_DEPTH = 15
MAX_ALIASES = 30
MAX_ROOT_FIELDS = 10


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a selection reaches: deepest field, aliases and fields of its top level in all."""

    depth: int = 0
    aliases: int = 0
    fields: int = 0


class Measure:
    """Extents of one document, each fragment measured once. Introspection has no depth: it has limits of its own."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[str, Extent] = {}

    def of(self, selections: SelectionSetNode | None) -> Extent:
        depth = aliases = fields = 0
        for node in selections.selections if selections else ():
            part = self._part(node)
            depth = max(depth, part.depth)
            aliases += part.aliases
            fields += part.fields
        return Extent(depth, aliases, fields)

    def _part(self, node: Any) -> Extent:
        if isinstance(node, FieldNode):
            if node.name.value.startswith("__"):
                return Extent(0, int(node.alias is not None), 1)
            inner = self.of(node.selection_set)
            return Extent(inner.depth + 1, inner.aliases + int(node.alias is not None), 1)
        if isinstance(node, InlineFragmentNode):
            return self.of(node.selection_set)
        return self._fragment(node.name.value)

    def _fragment(self, name: str) -> Extent:
        if name not in self._known:
            self._known[name] = Extent()  # a fragment within itself is another rule's business
            fragment = self._fragments.get(name)
            self._known[name] = self.of(fragment.selection_set) if fragment else Extent()
        return self._known[name]


class LimitRule(ASTValidationRule):
    """Depth, aliases and root fields of every operation. One class for all requests: validation results are cached."""

    def enter_document(self, document: DocumentNode, *_: Any) -> None:
        measure = Measure(document)
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                self._check(measure.of(node.selection_set))

    def _check(self, extent: Extent) -> None:
        for what, found, limit in (
            ("levels deep", extent.depth, MAX_DEPTH),
            ("aliases", extent.aliases, MAX_ALIASES),
            ("root fields", extent.fields, MAX_ROOT_FIELDS),
        ):
            if found > limit:
                message = f"the document has {found} {what}; at most {limit} are allowed"
                self.report_error(GraphQLError(message, original_error=TooComplex(message)))
