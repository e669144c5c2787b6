"""Functions of templates, with the Go types of their parameters: Go refuses what does not fit, and so do we."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gitsync.appset.gotemplate.values import type_name


@dataclass(frozen=True, slots=True)
class GoFunction:
    """`parameters` are names of Go types, `any` for every value; with `variadic` the last one repeats."""

    call: Callable[..., Any]
    parameters: tuple[str, ...] = ()
    variadic: bool = False

    def parameter(self, position: int) -> str:
        return self.parameters[min(position, len(self.parameters) - 1)]

    def takes(self, count: int) -> bool:
        return count >= len(self.parameters) - 1 if self.variadic else count == len(self.parameters)


class CallFailed(Exception):
    """A function refuses its arguments. Becomes EvaluationFailed with the place of the call."""


def go(call: Callable[..., Any], *parameters: str) -> GoFunction:
    """`...` at the end of the last parameter: it repeats."""
    variadic = bool(parameters) and parameters[-1].endswith("...")
    return GoFunction(call, tuple(name.removesuffix("...") for name in parameters), variadic)


_NAMES = {"map": "map[string]interface {}", "float": "float64", "time": "time.Time"}


def fits(value: Any, parameter: str) -> bool:
    """Whether Go would hand the value over. nil goes where a Go nil may."""
    return parameter == "any" or type_name(value) == _NAMES.get(parameter, parameter)


def full_name(parameter: str) -> str:
    return _NAMES.get(parameter, parameter)
