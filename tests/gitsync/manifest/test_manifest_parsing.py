import codecs
import json
from pathlib import Path
from typing import Any

import pytest

from gitsync.manifest.errors import ManifestError
from gitsync.manifest.limits import ParseLimits
from gitsync.manifest.parse import parse_manifests
from gitsync.manifest.yaml_events import load_events
from tests.support.yaml_text import read_yaml

CASES = Path(__file__).parent / "cases"
GOOD = read_yaml((CASES / "good.yaml").read_text())
BAD = read_yaml((CASES / "bad.yaml").read_text())
OBJECT = "apiVersion: v1\nkind: A\nmetadata: {name: a}\n"


def rule(case: Any) -> str:
    return str(case["rule"])


@pytest.mark.parametrize("case", GOOD, ids=rule)
def test_manifests_say_what_kubernetes_tools_read(case: Any) -> None:
    parsed = parse_manifests(case["text"].encode(), file="a.yaml")
    # By their text, since 1 == 1.0 == True in Python.
    assert [repr(item.body) for item in parsed] == [repr(json.loads(body)) for body in case["bodies"]]
    doubts = [doubt.partition(";")[0] for item in parsed for doubt in item.doubts]
    assert doubts == case.get("doubts", [])
    if "lines" in case:
        assert [item.origin.line for item in parsed] == case["lines"]


@pytest.mark.parametrize("case", BAD, ids=rule)
def test_bad_manifests_name_file_line_and_next_step(case: Any) -> None:
    with pytest.raises(ManifestError) as caught:
        parse_manifests(case["text"].encode(), file="dir/a.yaml")
    error = caught.value
    assert str(error).startswith(f"dir/a.yaml:{case['line']}: ")
    assert case["says"] in str(error)
    assert error.suggestion.endswith(".")
    assert error.objects_before == case.get("before", 0)


def test_a_key_that_is_there_twice_is_refused_where_people_edit() -> None:
    with pytest.raises(ManifestError, match=r"a\.yaml:2: the key 'a' is there twice"):
        load_events("a: 1\na: 2\n", file="a.yaml", limits=ParseLimits())


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
        lambda text: text.encode("utf-32"),
    ],
    ids=["utf-8 BOM", "utf-16 BOM", "utf-16-le", "utf-16-be", "utf-16-be BOM", "utf-32 BOM"],
)
def test_every_encoding_of_unicode_is_read(encode: Any) -> None:
    [parsed] = parse_manifests(encode(OBJECT + "data: {a: é}\n"), file="a.yaml")
    assert parsed.body["data"] == {"a": "é"}
    assert parsed.origin.line == 1


def test_text_that_is_no_unicode_names_the_line() -> None:
    with pytest.raises(ManifestError, match=r"a\.yaml:3: is not UTF-8 text"):
        parse_manifests(b"a: b\nc: d\n\xff\xfe: x\n", file="a.yaml")


def test_control_characters_are_refused() -> None:
    with pytest.raises(ManifestError, match=r"a\.yaml:2: .*character that YAML does not allow"):
        parse_manifests(b"a: b\nc: \x01\n", file="a.yaml")


def test_alias_bombs_are_refused_before_they_grow() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(ManifestError, match="expand to more than") as caught:
        parse_manifests((OBJECT + "\n".join(lines)).encode(), file="a.yaml")
    assert caught.value.line > 3


def test_merge_bombs_are_refused_too() -> None:
    lines = ["a0: &a0 {a: 1, b: 2, c: 3, d: 4}"]
    lines += [f"a{n}: &a{n} {{x{n}: [{', '.join([f'*a{n - 1}'] * 10)}], <<: *a{n - 1}}}" for n in range(1, 12)]
    with pytest.raises(ManifestError, match="expand to more than"):
        parse_manifests((OBJECT + "\n".join(lines)).encode(), file="a.yaml")


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "], ids=["lists", "maps", "block lists"])
def test_depth_is_limited(opening: str) -> None:
    text = opening * 5000 if opening == "- " else f"spec: {opening * 5000}"
    with pytest.raises(ManifestError, match="nested deeper than 128 levels"):
        parse_manifests(text.encode(), file="a.yaml")


def test_depth_of_json_is_limited() -> None:
    with pytest.raises(ManifestError, match="nested deeper"):
        parse_manifests(b'{"a":' * 5000, file="a.json")


def test_depth_through_aliases_is_limited() -> None:
    inner = "[" * 100 + "]" * 100
    with pytest.raises(ManifestError, match="aliases nest deeper"):
        parse_manifests(f"{OBJECT}a: &a {inner}\nb: {'[' * 100}*a{']' * 100}".encode(), file="a.yaml")


def test_size_and_count_are_limited() -> None:
    with pytest.raises(ManifestError, match="has 44 bytes, more than the 10"):
        parse_manifests(OBJECT.ljust(44).encode(), file="a.yaml", limits=ParseLimits(max_bytes=10))
    with pytest.raises(ManifestError, match="more than 2 documents"):
        parse_manifests("---\n".join([OBJECT] * 3).encode(), file="a.yaml", limits=ParseLimits(max_documents=2))


def test_a_number_of_thousands_of_digits_is_refused() -> None:
    with pytest.raises(ManifestError, match="no JSON form"):
        parse_manifests(f"{OBJECT}spec: {'9' * 5000}".encode(), file="a.yaml")
    with pytest.raises(ManifestError, match="no JSON form"):
        parse_manifests(f"{{'a': {'9' * 5000}}}".replace("'", '"').encode(), file="a.json")
