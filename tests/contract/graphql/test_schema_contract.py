"""The served schema against the public contract, and against the copy of it that is committed."""

from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    print_ast,
)
from graphql.type import GraphQLNamedType

from api.schema import build as served

HERE = Path(__file__).parent
PENDING = frozenset((HERE / "pending.txt").read_text().split())


@pytest.fixture(scope="module")
def contract() -> GraphQLSchema:
    return build_schema((HERE / "contract.graphql").read_text())


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(served.export(served.build_schema()))


def _members(kind: GraphQLNamedType) -> dict[str, str]:
    """Everything of a type that a client relies on, as coordinate -> its type."""
    name = kind.name
    if isinstance(kind, GraphQLEnumType):
        return {f"{name}.{value}": "" for value in kind.values}
    if isinstance(kind, GraphQLUnionType):
        return {f"{name}.{member.name}": "" for member in kind.types}
    found: dict[str, str] = {}
    if isinstance(kind, GraphQLInputObjectType):
        found |= {f"{name}.{field}": str(value.type) for field, value in kind.fields.items()}
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        found |= {f"{name}.{field}": str(value.type) for field, value in kind.fields.items()}
        found |= {
            f"{name}.{field}({argument}:)": str(given.type)
            for field, value in kind.fields.items()
            for argument, given in value.args.items()
        }
        found |= {f"{name} implements {parent.name}": "" for parent in kind.interfaces}
    return found


def _coordinates(schema: GraphQLSchema) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, kind in schema.type_map.items():
        if not name.startswith("__") and not isinstance(kind, GraphQLScalarType):
            found[name] = type(kind).__name__
            found |= _members(kind)
    return found


def _is_pending(coordinate: str) -> bool:
    """A type or field that is pending takes what is below it along."""
    name = coordinate.partition(" implements ")[0]
    return bool({name, name.partition("(")[0], name.partition(".")[0]} & PENDING)


def test_everything_in_the_contract_is_served_or_pending(contract: GraphQLSchema, schema: GraphQLSchema) -> None:
    have = _coordinates(schema)
    missing = {name for name in _coordinates(contract) if name not in have and not _is_pending(name)}
    assert not missing, "missing and not in pending.txt:\n" + "\n".join(sorted(missing))


def test_what_is_served_has_the_contracts_types_and_nullability(contract: GraphQLSchema, schema: GraphQLSchema) -> None:
    have = _coordinates(schema)
    wrong = {
        name: (kind, have[name]) for name, kind in _coordinates(contract).items() if name in have and have[name] != kind
    }
    assert not wrong, "\n".join(f"{name}: contract {a}, served {b}" for name, (a, b) in sorted(wrong.items()))


def test_arguments_that_the_contract_does_not_know_are_optional(contract: GraphQLSchema, schema: GraphQLSchema) -> None:
    known = _coordinates(contract)
    added = {name: kind for name, kind in _coordinates(schema).items() if "(" in name and name not in known}
    owners = {name: kind for name, kind in added.items() if name.partition("(")[0] in known}
    assert all(not kind.endswith("!") for kind in owners.values()), owners


def test_defaults_are_the_contracts(contract: GraphQLSchema, schema: GraphQLSchema) -> None:
    have = _defaults(schema)
    wanted = {name: value for name, value in _defaults(contract).items() if name in _coordinates(schema)}
    assert {name: have.get(name) for name in wanted} == wanted


def _defaults(schema: GraphQLSchema) -> dict[str, str]:
    """Default values as written, by coordinate."""
    found: dict[str, str] = {}
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            inputs = {f"{kind.name}.{name}": field.ast_node for name, field in kind.fields.items()}
        elif isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            inputs = {
                f"{kind.name}.{name}({argument}:)": given.ast_node
                for name, field in kind.fields.items()
                for argument, given in field.args.items()
            }
        else:
            continue
        found |= {name: print_ast(node.default_value) for name, node in inputs.items() if node and node.default_value}
    return found


def test_pending_lists_only_what_is_missing(contract: GraphQLSchema, schema: GraphQLSchema) -> None:
    have, wanted = _coordinates(schema), _coordinates(contract)
    assert not {name for name in PENDING if name in have}, "built: take it out of pending.txt"
    assert not {name for name in PENDING if name not in wanted}, "not in the contract"


def test_exported_schema_is_current() -> None:
    exported = served.export(served.build_schema())
    assert served.EXPORTED.read_text() == exported, "run `python -m api.schema.build`"
