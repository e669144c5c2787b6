"""Parts of an expression."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Literal:
    value: Any


@dataclass(frozen=True, slots=True)
class Name:
    """A variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Pointer:
    """`#`: the element that a closure looks at; `#index`: its position; `#acc`: what reduce has so far."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary:
    operator: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Conditional:
    test: "Node"
    yes: "Node"
    no: "Node"


@dataclass(frozen=True, slots=True)
class Index:
    """`optional`: nothing of nothing is nothing, instead of an error."""

    subject: "Node"
    key: "Node"
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Slice:
    subject: "Node"
    start: "Node | None"
    end: "Node | None"


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Closure:
    """An argument that is evaluated for each element."""

    body: "Node"


@dataclass(frozen=True, slots=True)
class Items:
    items: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Pairs:
    pairs: "tuple[tuple[Node, Node], ...]"


@dataclass(frozen=True, slots=True)
class Let:
    name: str
    value: "Node"
    body: "Node"


Node = Literal | Name | Pointer | Unary | Binary | Conditional | Index | Slice | Call | Closure | Items | Pairs | Let
