"""Expressions: a table of what they mean, and that none of them does harm."""

import math
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitsync.rollout.analysis.condition import holds, judge
from gitsync.rollout.analysis.expression.errors import ExpressionInvalid
from gitsync.rollout.analysis.expression.evaluate import evaluate
from tests.support.yaml_text import read_yaml

TABLE: list[list[Any]] = read_yaml((Path(__file__).parent / "expressions.yaml").read_text())


@pytest.mark.parametrize(("expression", "result", "value"), TABLE, ids=[row[0] or "nothing" for row in TABLE])
def test_expression_means_what_the_table_says(expression: str, result: Any, value: Any) -> None:
    if isinstance(value, str) and value.startswith("error: "):
        with pytest.raises(ExpressionInvalid) as caught:
            evaluate(expression, {"result": result})
        assert value.removeprefix("error: ") in caught.value.message
        return
    found = evaluate(expression, {"result": result})
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "expression",
    [
        "count(1..99999, count(1..99999, true) > 0) > 0",
        "reduce(1..90000, #acc + 'aaaaaaaaaaaaaaaaaaaa', '') == ''",
        "len(map(1..90000, 1..90000)) > 0",
        "(" * 5000 + "1" + ")" * 5000,
        "-" * 5000 + "1",
        "1 in " + "[" * 2000,
        "result" + "[0]" * 3000,
        "1" + "+1" * 6000,
        "2 ** 2 ** 2 ** 2 ** 2 ** 2 > 0 and reduce(1..50000, #acc * 1000003, 1) == 0 and len(1..100000) == 0",
    ],
)
def test_expressions_that_do_too_much_end_with_an_error(expression: str) -> None:
    with pytest.raises(ExpressionInvalid):
        holds(expression, [])


@pytest.mark.cpu_seconds(20)  # many examples, on a machine that may be busy
@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="result[]().,#{}'\"0123 <>=!&|?:+-*/%nilotadcu", max_size=40))
def test_any_text_is_an_answer_or_an_error(expression: str) -> None:
    with suppress(ExpressionInvalid):
        evaluate(expression, {"result": [1.0, "a", None]})


@pytest.mark.cpu_seconds(20)
@settings(max_examples=100, deadline=None)
@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_comparisons_agree_with_those_of_numbers(left: float, right: float) -> None:
    assert evaluate("result.a < result.b", {"result": {"a": left, "b": right}}) == (left < right)
    assert evaluate("result.a == result.b", {"result": {"a": left, "b": right}}) == (left == right)


def test_additional_functions_get_their_arguments() -> None:
    moments = {"now": lambda: 1000.0, "duration": lambda text: {"1h": 3600.0}[text]}
    assert evaluate("now() - duration('1h')", {}, moments) == -2600.0
    assert math.isnan(evaluate("asFloat(result)", {"result": "NaN"}))


@pytest.mark.parametrize(
    ("success", "failure", "value", "phase"),
    [
        ("", "", 1, "Successful"),
        ("result > 1", "", 2, "Successful"),
        ("result > 1", "", 1, "Failed"),
        ("", "result > 1", 1, "Successful"),
        ("", "result > 1", 2, "Failed"),
        ("result < 1", "result > 5", 0, "Successful"),
        ("result < 1", "result > 5", 9, "Failed"),
        ("result < 1", "result > 5", 3, "Inconclusive"),
        ("result > 1", "result > 1", 3, "Inconclusive"),
    ],
)
def test_conditions_make_the_phase_of_a_measurement(success: str, failure: str, value: int, phase: str) -> None:
    assert judge(value, success, failure) == phase


def test_a_condition_that_is_no_question_is_an_error() -> None:
    with pytest.raises(ExpressionInvalid, match="expected bool, but got int"):
        holds("result + 1", 1)
