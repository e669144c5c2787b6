"""Success and failure conditions of a metric, on a value that was measured."""

from typing import Any

from gitsync.rollout.analysis.expression.errors import ExpressionInvalid
from gitsync.rollout.analysis.expression.evaluate import evaluate
from gitsync.rollout.analysis.expression.operators import kind_of


def judge(value: Any, success: str, failure: str) -> str:
    """The phase of the measurement. Raises ExpressionInvalid, which makes it an Error.

    With both conditions and neither or both of them true, nobody can tell: Inconclusive.
    """
    succeeded = _answered("successCondition", success, value) if success else None
    failed = _answered("failureCondition", failure, value) if failure else None
    if succeeded is None and failed is None:
        return "Successful"
    if failed is None:
        return "Successful" if succeeded else "Failed"
    if succeeded is None:
        return "Failed" if failed else "Successful"
    if succeeded == failed:
        return "Inconclusive"
    return "Successful" if succeeded else "Failed"


def _answered(name: str, condition: str, value: Any) -> bool:
    """Says which condition it was, and that there was nothing to look at where that is why."""
    try:
        return holds(condition, value)
    except ExpressionInvalid as invalid:
        empty = value is None or value == []
        why = "metric result is nil or empty: no data returned from the metric provider" if empty else invalid.message
        raise ExpressionInvalid(
            f'could not evaluate {name} "{condition}": {why}', suggestion=invalid.suggestion
        ) from invalid


def holds(condition: str, value: Any) -> bool:
    """Raises ExpressionInvalid also when the condition is no question."""
    answer = evaluate(condition, {"result": value})
    if not isinstance(answer, bool):
        raise ExpressionInvalid(
            f"expected bool, but got {kind_of(answer)} from {condition!r}",
            suggestion="compare the value with something",
        )
    return answer
