"""Faults on purpose: how a Git host misbehaves, for tests of those who must live with it."""

import enum
from dataclasses import dataclass


class FaultKind(enum.Enum):
    """SLOW waits before it answers; REFUSE answers with `status`; HANG never answers; OVERTAKEN lets a rival commit
    land on the branch first, so that the push is refused as one that lost a race."""

    SLOW = "slow"
    REFUSE = "refuse"
    HANG = "hang"
    OVERTAKEN = "overtaken"


class Operation(enum.Enum):
    """What a request is about."""

    REFS = "refs"
    FETCH = "fetch"
    PUSH = "push"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Fault:
    """Hits requests that match. `repository` None matches all, `operation` None matches all, `times` None does not
    end.
    """

    kind: FaultKind
    repository: str | None = None
    operation: Operation | None = None
    status: int = 500
    seconds: float = 1.0
    times: int | None = None

    def matches(self, repository: str, operation: Operation) -> bool:
        return self.repository in (None, repository) and self.operation in (None, operation)


class Faults:
    """The faults in force, oldest first."""

    def __init__(self) -> None:
        self._left: dict[Fault, int | None] = {}

    def inject(self, fault: Fault) -> None:
        self._left[fault] = fault.times

    def clear(self) -> None:
        self._left.clear()

    def take(self, repository: str, operation: Operation) -> Fault | None:
        """The fault that hits this request, if any; one that is limited in number is used up by it."""
        for fault, left in self._left.items():
            if fault.matches(repository, operation):
                if left is not None and left <= 1:
                    del self._left[fault]
                elif left is not None:
                    self._left[fault] = left - 1
                return fault
        return None
