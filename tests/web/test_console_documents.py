"""Every operation of the console is valid against the schema that the control plane serves."""

import functools
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

from web.graph.document import document, operations

SCHEMA = Path(__file__).parents[2] / "api" / "schema.graphql"


@functools.cache
def schema() -> GraphQLSchema:
    return build_schema(SCHEMA.read_text())


@pytest.mark.skipif(not SCHEMA.exists(), reason="api/schema.graphql is not there")
@pytest.mark.parametrize("name", operations())
def test_operation_is_valid(name: str) -> None:
    assert [error.message for error in validate(schema(), parse(document(name)))] == []


@pytest.mark.parametrize("name", operations())
def test_operation_is_named_like_its_file(name: str) -> None:
    title = "".join(part.capitalize() for part in name.split("_"))
    assert f" {title}" in document(name).split("{", 1)[0].split("(", 1)[0]


def test_every_script_and_state_asks_only_for_what_exists() -> None:
    import re

    web = SCHEMA.parents[1] / "web"
    asked = set()
    for source in [*web.glob("views/*.js*"), *web.glob("states/*.py"), *web.glob("graph/*.js")]:
        asked |= set(
            re.findall(
                r"\b(?:ask|useStream|useAnswer|follow|_do|run)\(\s*(?:[\w.]+,\s*)?[\"'](\w+)[\"']", source.read_text()
            )
        )
    assert asked - {"delete"} <= set(operations())
