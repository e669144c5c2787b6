"""Problems of a spec in the words of the Kubernetes API: the field, the value it has, and what is wrong with it."""

import json
from typing import Any


def invalid(path: str, value: Any, problem: str) -> str:
    shown = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return f"{path}: Invalid value: {shown}: {problem}"


def required(path: str, problem: str = "") -> str:
    return f"{path}: Required value: {problem}" if problem else f"{path}: Required value"


def missing_field(path: str, field: str) -> str:
    return required(path, f"Rollout has missing field '{field}'")


def negative(path: str, value: int) -> str:
    return invalid(path, value, "must be greater than or equal to 0")


def contradictory(path: str, problem: str) -> str:
    """Two fields that exclude each other, or none of two that are needed; the API calls that an internal error."""
    return f"{path}: Internal error: {problem}"
