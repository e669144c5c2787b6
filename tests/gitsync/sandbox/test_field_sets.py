"""The algebra of field sets, against plain sets of paths."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gitsync.sandbox.fieldset import SELF, FieldSet, difference, intersection, is_member, is_subset, paths, union

Paths = frozenset[tuple[str, ...]]

_PATHS = st.frozensets(
    st.lists(st.sampled_from(["f:a", "f:b", 'k:{"n":1}']), min_size=1, max_size=4).map(tuple), max_size=8
)


def _tree(members: Paths) -> FieldSet:
    root: dict[str, Any] = {}
    for path in members:
        node = root
        for key in path:
            node = node.setdefault(key, {})
        node[SELF] = {}
    return {key: _tidied(node) for key, node in root.items()}


def _tidied(node: FieldSet) -> FieldSet:
    below = {key: _tidied(child) for key, child in node.items() if key != SELF}
    return ({SELF: {}} if SELF in node and below else {}) | below


def _members(tree: FieldSet, prefix: tuple[str, ...] = ()) -> Paths:
    found: set[tuple[str, ...]] = set()
    for key, node in tree.items():
        if key != SELF:
            if is_member(node):
                found.add((*prefix, key))
            found |= _members(node, (*prefix, key))
    return frozenset(found)


@given(_PATHS)
def test_a_tree_holds_exactly_its_members(members: Paths) -> None:
    assert _members(_tree(members)) == members


@given(_PATHS, _PATHS)
def test_union_is_that_of_the_members(left: Paths, right: Paths) -> None:
    assert union(_tree(left), _tree(right)) == _tree(left | right)


@given(_PATHS, _PATHS)
def test_difference_is_that_of_the_members(left: Paths, right: Paths) -> None:
    assert difference(_tree(left), _tree(right)) == _tree(left - right)


@given(_PATHS, _PATHS)
def test_intersection_is_that_of_the_members(left: Paths, right: Paths) -> None:
    assert intersection(_tree(left), _tree(right)) == _tree(left & right)


@given(_PATHS, _PATHS)
def test_subset_is_that_of_the_members(left: Paths, right: Paths) -> None:
    assert is_subset(_tree(left), _tree(right)) == (left <= right)


def test_paths_are_printed_as_people_read_them() -> None:
    item = 'k:{"containerPort":80,"protocol":"TCP"}'
    fields = {"f:spec": {"f:replicas": {}, "f:ports": {item: {SELF: {}, "f:name": {}}}, "f:tags": {'v:"x"': {}}}}
    assert list(paths(fields)) == [
        ".spec.replicas",
        '.spec.ports[containerPort=80,protocol="TCP"]',
        '.spec.ports[containerPort=80,protocol="TCP"].name',
        '.spec.tags[="x"]',
    ]
