"""Evaluates a parsed template: Go's rules for nil, missing keys and types, within limits."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gitsync.appset.gotemplate.errors import EvaluationFailed
from gitsync.appset.gotemplate.function import CallFailed, GoFunction, fits, full_name
from gitsync.appset.gotemplate.nodes import (
    Action,
    Body,
    Break,
    Chain,
    Command,
    Constant,
    Continue,
    Dot,
    Field,
    Function,
    If,
    Include,
    Nil,
    Node,
    Operand,
    Pipeline,
    Range,
    Template,
    Text,
    Variable,
    With,
)
from gitsync.appset.gotemplate.number import shortest
from gitsync.appset.gotemplate.printing import shown
from gitsync.appset.gotemplate.values import MISSING, Int64, StringMap, is_nil, is_true, type_name


@dataclass(frozen=True, slots=True)
class TemplateLimits:
    """Beyond them a template fails. `depth` counts templates inside of templates."""

    steps: int = 1_000_000
    output_characters: int = 4_000_000
    depth: int = 100


DEFAULT_LIMITS = TemplateLimits()
_NO_ARGUMENT: Any = object()
_FAILURES = (ArithmeticError, AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError, MemoryError)


def evaluate(
    template: Template,
    data: Any,
    functions: Mapping[str, GoFunction],
    *,
    missing_key: str = "default",
    limits: TemplateLimits = DEFAULT_LIMITS,
) -> str:
    """The text of the template. `missing_key`: default, invalid, zero or error. Raises EvaluationFailed."""
    return _Evaluation(template, functions, missing_key, limits).run(data)


class _BreakLoop(Exception):
    """`{{break}}`"""


class _ContinueLoop(Exception):
    """`{{continue}}`"""


class _Evaluation:
    def __init__(
        self, template: Template, functions: Mapping[str, GoFunction], missing_key: str, limits: TemplateLimits
    ) -> None:
        self._template = template
        self._functions = functions
        self._missing_key = missing_key
        self._limits = limits
        self._output: list[str] = []
        self._written = 0
        self._steps = 0
        self._depth = 0
        self._variables: list[tuple[str, Any]] = []
        self._line = 1

    def run(self, data: Any) -> str:
        self._variables = [("$", data)]
        try:
            self._body(data, self._template.body)
        except RecursionError as error:
            raise self._failed("it is nested too deeply") from error
        return "".join(self._output)

    def _failed(self, what: str) -> EvaluationFailed:
        return EvaluationFailed(
            f"line {self._line}: {what}", suggestion="Correct the template, or the values that it is given."
        )

    def _step(self) -> None:
        self._steps += 1
        if self._steps > self._limits.steps:
            raise self._failed("the template takes too many steps")

    def _write(self, text: str) -> None:
        self._written += len(text)
        if self._written > self._limits.output_characters:
            raise self._failed("the template writes too much")
        self._output.append(text)

    # ---- nodes

    def _body(self, dot: Any, body: Body) -> None:
        for node in body:
            self._node(dot, node)

    def _node(self, dot: Any, node: Node) -> None:
        self._step()
        match node:
            case Text(text):
                self._write(text)
            case Action(pipeline):
                value = self._pipeline(dot, pipeline)
                if not pipeline.declared:
                    self._write(shown(value))
            case If() | With():
                self._choose(dot, node)
            case Range():
                self._range(dot, node)
            case Include():
                self._include(dot, node)
            case Break():
                raise _BreakLoop
            case Continue():
                raise _ContinueLoop

    def _choose(self, dot: Any, node: If | With) -> None:
        known = len(self._variables)
        value = self._pipeline(dot, node.pipeline)
        if is_true(value):
            self._body(value if isinstance(node, With) else dot, node.body)
        else:
            self._body(dot, node.otherwise)
        del self._variables[known:]

    def _range(self, dot: Any, node: Range) -> None:
        known = len(self._variables)
        value = self._pipeline(dot, node.pipeline, binds=False)
        inside = len(self._variables)
        if isinstance(value, int) and len(node.pipeline.declared) > 1:
            raise self._failed("can't use a number to iterate over with more than one variable")
        items = self._items(value)
        with suppress(_BreakLoop):
            for key, item in items:
                self._step()
                self._bind(node.pipeline, key, item)
                with suppress(_ContinueLoop):
                    self._body(item, node.body)
                del self._variables[inside:]
        del self._variables[known:]
        if not self._has_items(value):
            self._body(dot, node.otherwise)
            del self._variables[known:]

    def _items(self, value: Any) -> Iterable[tuple[Any, Any]]:
        if isinstance(value, list):
            return enumerate(value)
        if isinstance(value, dict):
            return sorted(value.items(), key=lambda pair: pair[0].encode("utf-8", "surrogateescape"))
        if isinstance(value, int) and not isinstance(value, bool):
            kind = type(value)
            return ((kind(number), kind(number)) for number in range(value))
        if is_nil(value):
            return ()
        raise self._failed(f"range can't iterate over {type_name(value)}")

    @staticmethod
    def _has_items(value: Any) -> bool:
        return value > 0 if isinstance(value, int) else bool(value) and not is_nil(value)

    def _bind(self, pipeline: Pipeline, key: Any, item: Any) -> None:
        names = pipeline.declared
        if not names:
            return
        pairs = [(names[0], item)] if len(names) == 1 else [(names[0], key), (names[1], item)]
        for name, value in pairs:
            if pipeline.assigns:
                self._assign(name, value)
            else:
                self._variables.append((name, value))

    def _assign(self, name: str, value: Any) -> None:
        for position in range(len(self._variables) - 1, -1, -1):
            if self._variables[position][0] == name:
                self._variables[position] = (name, value)
                return
        raise self._failed(f"the variable {name} is not known")

    def _include(self, dot: Any, node: Include) -> None:
        self._line = node.line
        body = self._template.definitions.get(node.name)
        if body is None:
            raise self._failed(f'template "{node.name}" not defined')
        self._depth += 1
        if self._depth > self._limits.depth:
            raise self._failed(f"the templates inside of {node.name!r} are nested too deeply")
        value = self._pipeline(dot, node.pipeline) if node.pipeline else MISSING
        outer = self._variables
        self._variables = [("$", value)]
        self._body(value, body)
        self._variables = outer
        self._depth -= 1

    # ---- values

    def _pipeline(self, dot: Any, pipeline: Pipeline, *, binds: bool = True) -> Any:
        self._line = pipeline.line
        value: Any = _NO_ARGUMENT
        for command in pipeline.commands:
            value = self._command(dot, command, value)
            if value is None:
                value = MISSING
        for name in pipeline.declared if binds else ():
            if pipeline.assigns:
                self._assign(name, value)
            else:
                self._variables.append((name, value))
        return value

    def _command(self, dot: Any, command: Command, last: Any) -> Any:
        self._step()
        first, *others = command.operands
        if isinstance(first, Function):
            return self._call(dot, first.name, others, last)
        if others or last is not _NO_ARGUMENT:
            if isinstance(first, Field | Chain) or (isinstance(first, Variable) and first.names):
                return self._method(dot, first, others, last)
            raise self._failed("can't give an argument to what is no function")
        if isinstance(first, Nil):
            raise self._failed("nil is not a command")
        return self._operand(dot, first)

    def _operand(self, dot: Any, operand: Operand) -> Any:
        match operand:
            case Constant():
                return self._constant(operand, "any")
            case Dot():
                return dot
            case Nil():
                return None
            case Field(names):
                return self._fields(dot, names)
            case Variable(name, names):
                return self._fields(self._variable(name), names)
            case Function(name):
                return self._call(dot, name, [], _NO_ARGUMENT)
            case Pipeline():
                known = len(self._variables)
                value = self._pipeline(dot, operand)
                del self._variables[known:]
                return value
            case Chain(start, names):
                if isinstance(start, Nil):
                    raise self._failed("nil has no fields")
                return self._fields(self._operand(dot, start), names)

    def _variable(self, name: str) -> Any:
        for known, value in reversed(self._variables):
            if known == name:
                return value
        raise self._failed(f"the variable {name} is not known")

    def _fields(self, value: Any, names: tuple[str, ...]) -> Any:
        for name in names:
            value = self._field(value, name)
        return value

    def _field(self, value: Any, name: str) -> Any:
        if value is MISSING:
            if self._missing_key == "error":
                raise self._failed(f'nil data; no entry for key "{name}"')
            return MISSING
        if value is None:
            raise self._failed(f"nil pointer evaluating interface {{}}.{name}")
        if isinstance(value, dict):
            if name in value:
                return value[name]
            if self._missing_key == "error":
                raise self._failed(f'map has no entry for key "{name}"')
            zero: Any = "" if isinstance(value, StringMap) else None
            return zero if self._missing_key == "zero" else MISSING
        method = _methods(value).get(name)
        if method is not None:
            return self._invoke(name, method, [])
        raise self._failed(f"can't evaluate field {name} in type {type_name(value)}")

    def _method(self, dot: Any, target: Field | Chain | Variable, others: list[Operand], last: Any) -> Any:
        """A method that is given arguments: only values of our own have any."""
        match target:
            case Field(names):
                value = self._fields(dot, names[:-1])
            case Variable(name, names):
                value = self._fields(self._variable(name), names[:-1])
            case Chain(start, names):
                value = self._fields(self._operand(dot, start), names[:-1])
        method = _methods(value).get(names[-1])
        if method is None:
            raise self._failed(f"{names[-1]} is not a method but has arguments")
        return self._apply(dot, names[-1], method, others, last)

    # ---- calls

    def _call(self, dot: Any, name: str, others: list[Operand], last: Any) -> Any:
        if name in ("and", "or"):
            return self._logic(dot, name, others, last)
        return self._apply(dot, name, self._functions[name], others, last)

    def _logic(self, dot: Any, name: str, others: list[Operand], last: Any) -> Any:
        if not others and last is _NO_ARGUMENT:
            raise self._failed(f"wrong number of args for {name}: want at least 1 got 0")
        value: Any = MISSING
        for operand in others:
            value = self._argument(dot, operand, "any")
            if is_true(value) == (name == "or"):
                return value
        return value if last is _NO_ARGUMENT else last

    def _apply(self, dot: Any, name: str, function: GoFunction, others: list[Operand], last: Any) -> Any:
        count = len(others) + (last is not _NO_ARGUMENT)
        if not function.takes(count):
            raise self._failed(f"wrong number of args for {name}: want {len(function.parameters)} got {count}")
        arguments = [
            self._argument(dot, operand, function.parameter(position)) for position, operand in enumerate(others)
        ]
        if last is not _NO_ARGUMENT:
            arguments.append(self._fitting(last, function.parameter(count - 1)))
        return self._invoke(name, function, arguments)

    def _invoke(self, name: str, function: GoFunction, arguments: list[Any]) -> Any:
        try:
            value = function.call(*arguments)
        except (CallFailed, *_FAILURES) as error:
            raise self._failed(f"error calling {name}: {error}"[:500]) from error
        if isinstance(value, str | list | dict):
            self._steps += len(value) // 100
            if len(value) > self._limits.output_characters:
                raise self._failed(f"error calling {name}: what it gives is too large")
        return value

    def _argument(self, dot: Any, operand: Operand, parameter: str) -> Any:
        if isinstance(operand, Constant):
            return self._constant(operand, parameter)
        if isinstance(operand, Nil):
            if parameter in ("any", "map"):
                return _nil_of(parameter)
            raise self._failed(f"cannot assign nil to {full_name(parameter)}")
        return self._fitting(self._operand(dot, operand), parameter)

    def _fitting(self, value: Any, parameter: str) -> Any:
        if is_nil(value):
            if parameter == "any" or (parameter == "map" and value is MISSING):
                return _nil_of(parameter)
            raise self._failed(f"invalid value; expected {full_name(parameter)}")
        if not fits(value, parameter):
            raise self._failed(f"wrong type for value; expected {full_name(parameter)}; got {type_name(value)}")
        return value

    def _constant(self, constant: Constant, parameter: str) -> Any:
        """A number takes the type that is asked for, if it can."""
        value = constant.value
        if isinstance(value, int | float) and not isinstance(value, bool):
            whole = isinstance(value, int) or value.is_integer()
            if parameter == "any":
                floats = isinstance(value, float) and not constant.text.startswith("'")
                if not floats and not -(2**63) <= value < 2**63:
                    raise self._failed(f"{constant.text} overflows int")
                return value
            if parameter == "float":
                return float(value)
            if parameter in ("int", "int64") and whole:
                return Int64(value) if parameter == "int64" else int(value)
            raise self._failed(f"expected {full_name(parameter)}; found {shortest(float(value))}")
        return self._fitting(value, parameter)


def _nil_of(parameter: str) -> Any:
    """A nil map of Go can be read like an empty one."""
    return {} if parameter == "map" else None


def _methods(value: Any) -> Mapping[str, GoFunction]:
    found = getattr(value, "go_methods", None)
    return found() if found is not None else {}
