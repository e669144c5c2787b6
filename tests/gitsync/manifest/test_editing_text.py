"""Edits of YAML text: they mean exactly what was wanted, and leave every line alone that it does not concern."""

import copy
import difflib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gitsync.manifest.edit import edit_document, read_documents, remove_document, same
from gitsync.manifest.errors import ManifestError
from gitsync.manifest.yaml_text import yaml_text
from tests.support.yaml_text import read_all_yaml

CASES: list[dict[str, Any]] = read_all_yaml((Path(__file__).parent / "cases" / "editing.yaml").read_text())

keys = st.sampled_from(["name", "spec", "a b", "true", "1", "image", "on", "x-y", "ünï", "#", "k:v", ""]).filter(bool)
tricky = st.sampled_from(
    ["yes", "1.0", "0x1F", "null", "~", "- a", "a: b", "a #b", "*x", "&x", "line\nline", "l\nm\n", " s"]
)
numbers = st.one_of(st.integers(-1000, 1000), st.floats(-10, 10).map(lambda number: round(number, 2) + 0.001))


def _objects(text: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    values = _values(text)
    return st.dictionaries(keys, values, min_size=1, max_size=5)


def _values(text: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.recursive(
        st.one_of(st.none(), st.booleans(), numbers, tricky, text),
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
        max_leaves=14,
    )


anything = st.text(st.characters(blacklist_categories=("Cs",)), max_size=12)
objects = _objects(anything)
# What another program wrote; not every writer of YAML escapes all that its readers need escaped.
foreign = _objects(anything.filter(str.isprintable))


@pytest.mark.parametrize("case", CASES, ids=[case["rule"] for case in CASES])
def test_edited_text(case: dict[str, Any]) -> None:
    wanted = read_documents(case["wanted"], file="wanted")[0]
    assert edit_document(case["text"], case.get("document", 0), wanted, file="a.yaml") == case["edited"]


@settings(max_examples=60, deadline=None)
@given(foreign, objects, st.sampled_from(["ours", "dump", "flow", "mixed", "json"]))
def test_edit_means_what_was_wanted(old: dict[str, Any], new: dict[str, Any], style: str) -> None:
    text = _written(old, style)
    assert same(read_documents(edit_document(text, 0, new, file="a.yaml"), file="a.yaml"), [new])


@settings(max_examples=60, deadline=None)
@given(objects, st.data())
def test_one_changed_leaf_leaves_all_other_lines_alone(old: dict[str, Any], data: st.DataObject) -> None:
    text = "".join(f"{line}  # note {number}\n" for number, line in enumerate(_plain(old).splitlines()))
    new = copy.deepcopy(_simple(old))
    paths = list(_leaves(new))
    if not paths:
        return
    path = data.draw(st.sampled_from(paths))
    holder: Any = new
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = "another value"
    edited = edit_document(text, 0, new, file="a.yaml")
    assert same(read_documents(edited, file="a.yaml"), [new])
    removed = [line for line in difflib.ndiff(text.splitlines(), edited.splitlines()) if line.startswith("- ")]
    assert len(removed) <= 1
    assert edited.count("# note") >= text.count("# note") - 1


@settings(max_examples=40, deadline=None)
@given(objects, objects, objects)
def test_other_documents_stay_as_they_are(first: dict[str, Any], second: dict[str, Any], new: dict[str, Any]) -> None:
    before = f"# first\n{yaml_text(first)}"
    text = f"{before}---\n# second\n{yaml_text(second)}"
    edited = edit_document(text, 1, new, file="a.yaml")
    assert edited.startswith(before)
    assert same(read_documents(edited, file="a.yaml"), [first, new])


@settings(max_examples=40, deadline=None)
@given(foreign)
def test_an_edit_to_the_same_value_changes_nothing(old: dict[str, Any]) -> None:
    text = _written(old, "dump")
    assert edit_document(text, 0, old, file="a.yaml") == text


@settings(max_examples=80, deadline=None)
@given(_values(anything))
def test_written_text_reads_as_the_value(value: Any) -> None:
    assert same(read_documents(yaml_text(value), file="a.yaml"), [value])


def test_removing_a_document_leaves_the_others() -> None:
    text = "# top\na: 1\n---\n# middle\nb: 2\n---\nc: 3\n"
    assert remove_document(text, 1, file="a") == "# top\na: 1\n---\nc: 3\n"
    assert remove_document(text, 0, file="a") == "---\n# middle\nb: 2\n---\nc: 3\n"
    assert remove_document(text, 2, file="a") == "# top\na: 1\n---\n# middle\nb: 2\n"


def test_text_that_is_no_yaml_is_refused_with_its_line() -> None:
    with pytest.raises(ManifestError) as refused:
        edit_document("a: 1\nb: [\n", 0, {"a": 2}, file="a.yaml")
    assert refused.value.line >= 2


def _written(value: dict[str, Any], style: str) -> str:
    if style == "ours":
        return yaml_text(value)
    if style == "flow":
        return yaml.safe_dump(value, default_flow_style=True, allow_unicode=True)
    if style == "json":
        return json.dumps(value, indent=1, ensure_ascii=False)
    return yaml.safe_dump(value, default_flow_style=False if style == "dump" else None, allow_unicode=True, width=30)


def _simple(value: Any) -> Any:
    """Without texts of several lines, which a note at each line's end would become part of."""
    if isinstance(value, dict):
        return {key: _simple(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_simple(item) for item in value]
    return value.replace("\n", " ") if isinstance(value, str) else value


def _plain(value: dict[str, Any]) -> str:
    return yaml_text(_simple(value))


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Any:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, entry in pairs:
        if isinstance(entry, dict | list) and entry:
            yield from _leaves(entry, (*path, step))
        else:
            yield (*path, step)
