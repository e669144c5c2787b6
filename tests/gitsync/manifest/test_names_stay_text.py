"""What people call things is text to every reader of YAML, however much it looks like something else."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gitsync.inspect.output import as_yaml
from gitsync.manifest.edit import edit_document, read_documents
from gitsync.manifest.yaml_text import flow_text, yaml_text
from model.plain_scalar import TextDumper, is_text_unquoted

CASES: dict[str, list[str]] = json.loads((Path(__file__).parents[2] / "web/scripts/scalars.json").read_text())
LOOKS_LIKE_MORE = st.text("0123456789abefxoXOEBnNyYtTZ+-._:~=<> ", max_size=12)
NAMES = (
    st.sampled_from([*CASES["quoted"], *CASES["unquoted"]])
    | LOOKS_LIKE_MORE
    | st.integers().flatmap(lambda one: st.sampled_from([str(one), hex(one), oct(one), bin(one), f"{one:_}"]))
    | st.floats().map(str)
    | st.datetimes().flatmap(lambda one: st.sampled_from([str(one), str(one.date()), str(one.time()), one.isoformat()]))
    | st.text(max_size=12)
)
# The core schema of YAML 1.2, https://yaml.org/spec/1.2.2/#1032-tag-resolution
CORE = re.compile(
    r"(?:null|Null|NULL|~||true|True|TRUE|false|False|FALSE|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN)\Z"
)


class CoreLoader(yaml.SafeLoader):
    """A reader of YAML 1.2: the same grammar, another idea of what is no text."""


CoreLoader.yaml_implicit_resolvers = {None: [("!other", CORE)]}  # type: ignore[dict-item]
CoreLoader.add_constructor("!other", lambda loader, node: ("no text", node.value))


def read_everywhere(text: str) -> list[Any]:
    return [read_documents(text, file="x")[0], yaml.safe_load(text), yaml.load(text, Loader=CoreLoader)]


@pytest.mark.parametrize("name", CASES["quoted"])
def test_what_some_reader_takes_for_something_else_is_quoted(name: str) -> None:
    assert not is_text_unquoted(name)
    assert yaml_text({"name": name}) == f'name: "{name}"\n'
    assert yaml.dump({"name": name}, Dumper=TextDumper) == f'name: "{name}"\n'


@pytest.mark.parametrize("name", CASES["unquoted"])
def test_what_is_text_to_everybody_needs_no_quotes(name: str) -> None:
    assert is_text_unquoted(name)


@settings(max_examples=30, deadline=None)
@given(NAMES)
@example("2024-01-01")
@example("-_5")
def test_every_reader_gets_back_the_name_that_was_given(name: str) -> None:
    value = {"name": name, "list": [name, {"inner": name}], "of": {f"k{name}": "v"}}
    for text in (yaml_text(value), f"flow: {flow_text(value)}\n"):
        wanted = value if text.startswith("name") else {"flow": value}
        assert read_everywhere(text) == [wanted] * 3, text
    if name.isprintable():
        for text in (yaml.dump(value, Dumper=TextDumper), as_yaml([value])):
            assert read_everywhere(text) == [value] * 3, text


@settings(max_examples=30, deadline=None)
@given(NAMES)
@example("yes")
def test_a_name_that_is_edited_into_a_file_is_text_to_every_reader(name: str) -> None:
    for before in ("a: b  # why\nname: old\n", "a: b  # why\nname: 'old'\n", 'a: {b: "c"}\nname: "old"\n'):
        old = yaml.safe_load(before)
        text = edit_document(before, 0, {**old, "name": name, "new": name}, file="x")
        assert read_everywhere(text) == [{**old, "name": name, "new": name}] * 3, text
