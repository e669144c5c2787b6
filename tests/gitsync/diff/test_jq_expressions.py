"""jq expressions that name fields: what they remove, what they cost, and what is refused by name."""

import contextlib
import copy
import json
import shutil
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitsync.diff.jq.errors import ExpressionError, ExpressionFailed, ExpressionTooCostly, ExpressionUnusable
from gitsync.diff.jq.functions import VALUE_FUNCTIONS
from gitsync.diff.jq.known import KNOWN_FUNCTIONS
from gitsync.diff.jq.nodes import Call, Literal
from gitsync.diff.jq.places import without
from gitsync.diff.jq.removal import check, remove
from gitsync.diff.jq.walking import Walk

BODY: dict[str, Any] = {
    "kind": "Deployment",
    "metadata": {"name": "web", "labels": {"a": "1", "b-c": "2", "x.y/z": "3"}, "annotations": None},
    "spec": {
        "replicas": 3,
        "template": {
            "spec": {
                "containers": [
                    {"name": "x", "image": "i:1", "resources": {"limits": {"cpu": "1"}}, "env": [{"name": "A"}]},
                    {"name": "y", "image": "j:2", "resources": {}},
                    {"name": "istio-proxy", "ports": [1, 2, 3]},
                ],
            }
        },
        "flag": True,
        "list": [[1, 2], [3, [4, 5]], []],
    },
    "webhooks": [{"name": "w", "clientConfig": {"caBundle": "zzz", "url": "u"}}, {"name": "v"}],
}
CONTAINERS = ".spec.template.spec.containers"

# Expression, and the places that it should name.
NAMED: list[tuple[str, list[tuple[Any, ...]]]] = [
    (".spec.replicas", [("spec", "replicas")]),
    (".spec.missing.deep", []),
    ('.metadata.labels["b-c"]', [("metadata", "labels", "b-c")]),
    ('.metadata.labels."x.y/z", .metadata.labels.a', [("metadata", "labels", "x.y/z"), ("metadata", "labels", "a")]),
    ('.metadata.labels["a", "b-c"]', [("metadata", "labels", "a"), ("metadata", "labels", "b-c")]),
    (".webhooks[]?.clientConfig.caBundle", [("webhooks", 0, "clientConfig", "caBundle")]),
    (".missing[]?.clientConfig", []),
    (".metadata.annotations.foo", []),
    (f'{CONTAINERS}[] | select(.name=="x") | .resources', [("spec", "template", "spec", "containers", 0, "resources")]),
    (f'{CONTAINERS}[] | select(.name != "x" and .name != "y")', [("spec", "template", "spec", "containers", 2)]),
    (f'{CONTAINERS}[] | select(.name | test("^ISTIO-"; "i"))', [("spec", "template", "spec", "containers", 2)]),
    (f'{CONTAINERS}[] | select(.name | startswith("istio") | not).image', [
        ("spec", "template", "spec", "containers", 0, "image"),
        ("spec", "template", "spec", "containers", 1, "image"),
    ]),
    (f'{CONTAINERS}[] | select(has("env")).env[0]', [("spec", "template", "spec", "containers", 0, "env", 0)]),
    (f'{CONTAINERS}[] | select(any(.env[]?; .name == "A"))', [("spec", "template", "spec", "containers", 0)]),
    (f'{CONTAINERS}[] | select(.name | IN("y", "z"))', [("spec", "template", "spec", "containers", 1)]),
    (f'{CONTAINERS}[] | select((.ports // []) | add == 6)', [("spec", "template", "spec", "containers", 2)]),
    (f'{CONTAINERS}[] | select("\\(.name)-\\(.image)" == "x-i:1")', [("spec", "template", "spec", "containers", 0)]),
    (f"{CONTAINERS}[-1]", [("spec", "template", "spec", "containers", 2)]),
    (f"{CONTAINERS}[1:]", [("spec", "template", "spec", "containers", n) for n in (1, 2)]),
    (f"{CONTAINERS}[:-1][0].image", [("spec", "template", "spec", "containers", 0, "image")]),
    (f"{CONTAINERS}.[0].image", [("spec", "template", "spec", "containers", 0, "image")]),
    (".spec.list[0:2][][0]", [("spec", "list", 0, 0), ("spec", "list", 1, 0)]),
    (".. | select(. == 4)", [("spec", "list", 1, 1, 0)]),
    (".. | .caBundle?", [("webhooks", 0, "clientConfig", "caBundle")]),
    (".spec | if .replicas > 2 then .flag else .replicas end", [("spec", "flag")]),
    (".spec.nothing // .spec.flag", [("spec", "flag")]),
    ('.metadata.labels as $l | .metadata.labels[$l | keys[1]]', [("metadata", "labels", "b-c")]),
    ('getpath(["spec", "replicas"])', [("spec", "replicas")]),
    (f"first({CONTAINERS}[]).image", [("spec", "template", "spec", "containers", 0, "image")]),
    (f"limit(2; {CONTAINERS}[])", [("spec", "template", "spec", "containers", n) for n in (0, 1)]),
    ("# nothing but a comment\n.spec.flag", [("spec", "flag")]),
    ("empty", []),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "places"), NAMED)
def test_an_expression_removes_what_it_names(expression: str, places: list[tuple[Any, ...]]) -> None:
    assert remove(BODY, expression) == without(BODY, places)


UNFIT = [".spec.replicas.x", ".missing[]", ".spec.list.a", ".spec[0]", 'error("no")', f'{CONTAINERS} | test("a")']


@pytest.mark.parametrize("expression", UNFIT)
def test_an_expression_that_does_not_fit_says_so(expression: str) -> None:
    with pytest.raises(ExpressionFailed):
        remove(BODY, expression)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        (".spec | keys", "does not name fields"),
        ("1", "does not name fields"),
        (".spec |", "the end"),
        (".foo-bar", "bar/0"),
        (".spec.replicas = 1", "changes values"),
        ("def f: f; f", "def"),
        ("env", "env"),
        ("$ENV.PATH", "$ENV"),
        ("input", "input"),
        ('import "a" as a; .', "import"),
        ("@base64d", "@base64d"),
        ("[limit(1; repeat(1))]", "repeat/1"),
        (".a[", "the end"),
        ('"open', "not closed"),
        ('"\\(.a', "not closed"),
        ("&", "means nothing"),
        ("(" * 500, "nested"),
        ("." * 5000, "longer"),
    ],
)
def test_what_can_never_name_a_field_is_refused_by_name(expression: str, told: str) -> None:
    with pytest.raises(ExpressionUnusable, match=told.replace("$", r"\$")):
        remove(BODY, expression)


@pytest.mark.parametrize(
    "expression",
    [
        "range(1e9) | empty",
        "[range(1e9)] | empty",
        "reduce range(1e9) as $i (1; . + 1) | empty",
        "reduce range(1e5) as $i ([]; [.]) | empty",
        "reduce range(100) as $i ([1]; . + .) | empty",
        "any(range(1e9); false) | empty",
        "recurse(.)",
        "last(range(1e9))",
        ".. | .. | .. | .. | .. | ..",
        '[limit(3000; range(1e9))] | contains([limit(3000; range(1e9))] ) | empty',
    ],
)  # fmt: skip
def test_what_would_run_for_long_is_stopped(expression: str) -> None:
    with pytest.raises(ExpressionTooCostly):
        remove(BODY, expression)


@pytest.mark.parametrize("expression", ['"a" * 1000000000', 'reduce range(40) as $i ("aaaa"; . + .)'])
def test_what_would_take_much_memory_is_stopped(expression: str) -> None:
    with pytest.raises(ExpressionFailed, match="too long"):
        remove(BODY, expression)


def test_a_pattern_that_backtracks_elsewhere_takes_no_time() -> None:
    body = {"name": "a" * 50_000}
    assert remove(body, 'select(.name | test("(a*)*b")) | .name') is body


def test_every_function_of_values_can_be_called() -> None:
    assert VALUE_FUNCTIONS.keys() <= KNOWN_FUNCTIONS
    for name, count in KNOWN_FUNCTIONS:
        call = Call(name, tuple(Literal(0) for _ in range(count)))
        try:
            list(zip(Walk(1000).spots(call, ((), {"a": 1}), {}), range(20), strict=False))
        except ExpressionFailed:
            continue


def test_the_very_object_comes_back_when_nothing_is_named() -> None:
    assert remove(BODY, ".spec.nothing") is BODY


# ---- held to jq itself

JQ = shutil.which("jq")
AS_JQ = [*(expression for expression, _ in NAMED if ".[0]" not in expression), *UNFIT]


@pytest.mark.skipif(JQ is None, reason="the program jq is not installed")
@pytest.mark.cpu_seconds(20)
@pytest.mark.parametrize("expression", AS_JQ)
def test_it_is_what_jq_makes_of_it(expression: str) -> None:
    assert JQ is not None
    done = subprocess.run(
        [JQ, "-c", f"del({expression}\n)"], input=json.dumps(BODY).encode(), capture_output=True, check=False
    )
    if done.returncode:
        with pytest.raises(ExpressionError):
            remove(BODY, expression)
        return
    assert remove(BODY, expression) == json.loads(done.stdout)


# ---- properties

SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.text('ab"\\.-é', max_size=3)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('ab"\\.-é', max_size=3), inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text('ab"\\.-é', max_size=3), JSON, max_size=4)


def all_places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for step, child in steps for found in ((*place, step), *all_places(child, (*place, step)))]


@given(OBJECTS, st.data())
def test_any_field_can_be_named_and_nothing_else_goes(body: dict[str, Any], data: st.DataObject) -> None:
    places = all_places(body)
    if not places:
        return
    place = data.draw(st.sampled_from(places))
    spelled = "." + "".join(f"[{json.dumps(step, ensure_ascii=data.draw(st.booleans()))}]" for step in place)
    expected = copy.deepcopy(body)
    above: Any = expected
    for step in place[:-1]:
        above = above[step]
    del above[place[-1]]
    before = copy.deepcopy(body)
    assert remove(body, spelled) == expected
    assert body == before


@given(OBJECTS, st.lists(st.integers(0, 30), max_size=5))
def test_many_places_go_as_one_after_the_other_from_the_last(body: dict[str, Any], chosen: list[int]) -> None:
    places = all_places(body)
    picked = sorted({places[n % len(places)] for n in chosen} if places else set(), key=repr)
    expected = copy.deepcopy(body)
    for place in sorted(picked, key=lambda one: [places.index(one[: n + 1]) for n in range(len(one))], reverse=True):
        above: Any = expected
        for step in place[:-1]:
            above = above[step]
        del above[place[-1]]
    assert without(body, picked) == expected


SIGNS = [
    ".",
    "..",
    ".a",
    "[]",
    "[0]",
    "[1:]",
    "?",
    "|",
    ",",
    "(",
    ")",
    "==",
    "//",
    "{",
    "}",
    ":",
    "-",
    "+",
    "*",
    ";",
    "=",
]
NAMES = [
    "select(",
    "and",
    "not",
    "map(",
    "first(",
    "test(",
    "length",
    "keys",
    "error",
    "recurse",
    "del(",
    "$x",
    "@json",
]
PHRASES = ["1", '"a"', '"\\(', " as $x |", "if ", " then ", " else ", " end", "reduce ", "try ", "catch ", "def "]
WORDS = st.sampled_from([*SIGNS, *NAMES, *PHRASES])


@given(OBJECTS, st.lists(WORDS, max_size=12) | st.lists(st.text(max_size=5), max_size=3))
def test_whatever_is_written_only_ever_fails_as_an_expression(body: dict[str, Any], words: list[str]) -> None:
    before = copy.deepcopy(body)
    with contextlib.suppress(ExpressionError):
        check("".join(words))
        remove(body, "".join(words), steps=3000)
    assert body == before
