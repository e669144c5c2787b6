"""How much one evaluation may do. Counted, not timed: the same expression always gets equally far."""

from collections.abc import Sized
from typing import TypeVar

from gitsync.rollout.analysis.expression.errors import ExpressionInvalid

_Made = TypeVar("_Made", bound=Sized)
MAX_STEPS = 100_000
MAX_SIZE = 1_000_000


class Budget:
    """Steps are nodes that are evaluated; size is elements and characters that are made."""

    def __init__(self, steps: int = MAX_STEPS, size: int = MAX_SIZE) -> None:
        self._steps = steps
        self._size = size

    def step(self) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise ExpressionInvalid("the expression does too much", suggestion="measure less, or ask for an aggregate")

    def size(self, amount: int) -> None:
        self._size -= amount
        if self._size < 0:
            raise ExpressionInvalid("memory budget exceeded", suggestion="measure less, or ask for an aggregate")

    def made(self, value: _Made) -> _Made:
        self.size(len(value))
        return value
