"""Success and failure conditions of a metric, on a value that was measured."""

from typing import Any

from gitsync.rollout.analysis.expression.errors import ExpressionInvalid
from gitsync.rollout.analysis.expression.evaluate import evaluate
from gitsync.rollout.analysis.expression.operators import kind_of


def judge(value: Any, success: str, failure: str) -> str:
    """The phase of the measurement. Raises ExpressionInvalid, which makes it an Error.

    With both conditions and neither or both of them true, nobody can tell: Inconclusive.
    """
    succeeded = holds(success, value) if success else None
    failed = holds(failure, value) if failure else None
    if succeeded is None and failed is None:
        return "Successful"
    if failed is None:
        return "Successful" if succeeded else "Failed"
    if succeeded is None:
        return "Failed" if failed else "Successful"
    if succeeded == failed:
        return "Inconclusive"
    return "Successful" if succeeded else "Failed"


def holds(condition: str, value: Any) -> bool:
    """Raises ExpressionInvalid also when the condition is no question."""
    answer = evaluate(condition, {"result": value})
    if not isinstance(answer, bool):
        raise ExpressionInvalid(
            f"expected bool, but got {kind_of(answer)} from {condition!r}",
            suggestion="compare the value with something",
        )
    return answer
