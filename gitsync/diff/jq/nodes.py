"""A read expression."""

from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Identity:
    """`.`"""


@dataclass(frozen=True, slots=True)
class Everything:
    """`..`"""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a plain string, `[]` or `{}`."""

    value: Any


@dataclass(frozen=True, slots=True)
class Text:
    """A string with expressions in it."""

    parts: "tuple[str | Node, ...]"


@dataclass(frozen=True, slots=True)
class Index:
    """`of.name`, `of[key]`; the key is asked of what stands before `of`."""

    of: "Node"
    key: "Node"


@dataclass(frozen=True, slots=True)
class Slice:
    """`of[start:end]`"""

    of: "Node"
    start: "Node | None"
    end: "Node | None"


@dataclass(frozen=True, slots=True)
class Iterate:
    """`of[]`"""

    of: "Node"


@dataclass(frozen=True, slots=True)
class Try:
    """`body?`, `try body catch handler`"""

    body: "Node"
    handler: "Node | None" = None


@dataclass(frozen=True, slots=True)
class Pipe:
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Comma:
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Alternative:
    """`left // right`"""

    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Logic:
    """`left and right`, `left or right`"""

    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Operation:
    """Comparing and reckoning."""

    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Negation:
    of: "Node"


@dataclass(frozen=True, slots=True)
class Condition:
    """`if test then yes else no end`"""

    test: "Node"
    yes: "Node"
    no: "Node"


@dataclass(frozen=True, slots=True)
class Variable:
    name: str


@dataclass(frozen=True, slots=True)
class Bind:
    """`source as $name | body`"""

    source: "Node"
    name: str
    body: "Node"


@dataclass(frozen=True, slots=True)
class Reduce:
    """`reduce source as $name (start; update)`"""

    source: "Node"
    name: str
    start: "Node"
    update: "Node"


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[of]`"""

    of: "Node"


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """`{key: value, ...}`"""

    fields: "tuple[tuple[Node, Node], ...]"


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments, which are expressions and not values."""

    name: str
    arguments: "tuple[Node, ...]" = ()


Node: TypeAlias = (
    Identity
    | Everything
    | Literal
    | Text
    | Index
    | Slice
    | Iterate
    | Try
    | Pipe
    | Comma
    | Alternative
    | Logic
    | Operation
    | Negation
    | Condition
    | Variable
    | Bind
    | Reduce
    | ListOf
    | ObjectOf
    | Call
)
