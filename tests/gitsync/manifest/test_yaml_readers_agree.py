"""The fast reader answers only what the exact reader would, in every kind of text that a search can come up with."""

import json

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gitsync.manifest.errors import ManifestError
from gitsync.manifest.limits import ParseLimits
from gitsync.manifest.yaml_events import load_events
from gitsync.manifest.yaml_fast import CannotTell, load_fast

_SCALARS = """
    a b "q" 's' 10 -5 01 0755 08 yes no on off y N true True null ~ Null 1.0 1.5 1.50 1e3 1e310 0x1f 0o7 0b1 +5 .5 -.5
    1_0 _ 1__0 -_5 inf .inf -.inf .nan = @ ` 1:30 2024-01-01 1.2.3 10Gi 100m app-01 -0 -0.0 123456789012345678
    12345678901234567890 0.0 1. + - . é "\\n" "yes" '01' turn-on
"""
GLUE = ["\n", "\n  ", "\n    ", "\r\n", " ", "\t", ": ", ":", "- ", ", ", ",", "{", "}", "[", "]", "? ", " # c", "#"]
RARE = ["&a ", "*a", "!x ", "!!str ", "<<", "<<: ", "|\n  ", ">-\n  ", "%", "\u2028", "\x85", "\ufeff", '"', "'"]
TOKENS = st.sampled_from([*_SCALARS.split(), *GLUE, *GLUE, *RARE])


@settings(max_examples=100, deadline=None)
@given(st.lists(TOKENS, min_size=1, max_size=12).map("".join))
@example("a: yes  #")
@example("{10, b}")
@example("{1\n: 2}")
@example("a: - b")
@example("{{}: x}")
def test_readers_agree_on_any_text(text: str) -> None:
    if text.startswith(("---", "...")) or "\n---" in text or "\n..." in text:
        return
    try:
        fast = load_fast(text)
    except CannotTell:
        return
    exact = [document.value for document in load_events(text, file="f", limits=ParseLimits())] or [None]
    assert repr([fast]) == repr(exact)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_readers_agree_on_what_yaml_writers_write(value: object) -> None:
    for text in (yaml.safe_dump(value, allow_unicode=True), json.dumps(value)):
        try:
            fast = load_fast(text)
        except CannotTell:
            continue
        try:
            [document] = load_events(text, file="f", limits=ParseLimits())
        except ManifestError as error:
            pytest.fail(f"the fast reader read what the exact one refuses: {error}")
        assert repr(fast) == repr(document.value)


@pytest.mark.parametrize(
    "text", ["image: docker.io/app:01", "cpu: 100m", "version: 1.2.3", "name: turn-on", "count: -5"]
)
def test_ordinary_manifests_are_read_fast(text: str) -> None:
    assert list(load_fast(text)) == [text.partition(":")[0]]


@pytest.mark.parametrize("depth", [127, 128, 129])
@pytest.mark.parametrize("opening", ["[", "{a: "])
def test_readers_agree_how_deep_is_too_deep(depth: int, opening: str) -> None:
    text = opening * depth + {"[": "]", "{a: ": "}"}[opening] * depth
    try:
        load_fast(text)
    except CannotTell:
        with pytest.raises(ManifestError):
            load_events(text, file="f", limits=ParseLimits())
    else:
        assert load_events(text, file="f", limits=ParseLimits())
