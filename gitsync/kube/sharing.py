"""Keeps equal small values once: labels, owners and facts repeat over thousands of objects, and memory is made of them.

The tables are bounded and simply emptied when full: what is shared already stays shared.
"""

import sys
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from gitsync.manifest.object import Facts
from model.kinds.meta import OwnerReference

_MAX_VALUES = 8192  # per table; a few MB at most

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class _Table(Generic[_K, _V]):
    def __init__(self) -> None:
        self._known: dict[_K, _V] = {}

    def keep(self, key: _K, make: Callable[[], _V]) -> _V:
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _MAX_VALUES:
                self._known.clear()
            known = self._known[key] = make()
        return known


_pairs: _Table[tuple[tuple[str, str], ...], dict[str, str]] = _Table()
_owners: _Table[tuple[OwnerReference, ...], tuple[OwnerReference, ...]] = _Table()
_facts: _Table[Facts, Facts] = _Table()
_NOTHING: dict[str, str] = {}


def shared_pairs(pairs: dict[str, str] | None) -> dict[str, str]:
    """Labels or annotations. Nobody may write to the result."""
    if not pairs:
        return _NOTHING
    return _pairs.keep(tuple(pairs.items()), lambda: {sys.intern(k): sys.intern(v) for k, v in pairs.items()})


def shared_owners(owners: tuple[OwnerReference, ...]) -> tuple[OwnerReference, ...]:
    return _owners.keep(owners, lambda: tuple(map(_interned, owners))) if owners else ()


def shared_facts(facts: Facts) -> Facts:
    return _facts.keep(facts, lambda: facts)


def _interned(owner: OwnerReference) -> OwnerReference:
    return OwnerReference(
        sys.intern(owner.kind), owner.name, sys.intern(owner.uid), sys.intern(owner.api_version), owner.controller
    )
