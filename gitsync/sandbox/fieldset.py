"""Sets of field paths, in the very form in which `managedFields` writes them (fieldsV1).

A set is a nested dict: `{"f:spec": {"f:replicas": {}, "f:template": {".": {}, ...}}}`. An empty dict is a
member without members below; a non-empty one is a member itself only if it holds the key ".". Sets are never
changed once made.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from gitsync.sandbox.schema import Node, Shape

FieldSet = dict[str, Any]
SELF = "."
EMPTY: FieldSet = {}


def is_member(node: FieldSet) -> bool:
    """Whether the path that leads to this node is in the set."""
    return not node or SELF in node


def union(left: FieldSet, right: FieldSet) -> FieldSet:
    """Paths of either set."""
    if not left:
        return right
    if not right:
        return left
    out = dict(left)
    for key, theirs in right.items():
        ours = out.get(key)
        out[key] = theirs if ours is None else _union_node(ours, theirs)
    return out


def _union_node(left: FieldSet, right: FieldSet) -> FieldSet:
    if left == right or (not right and SELF in left):
        return left
    if not left and SELF in right:
        return right
    if not left or not right:
        return {SELF: {}} | (left or right)
    return union(left, right)


def difference(left: FieldSet, right: FieldSet) -> FieldSet:
    """Paths of `left` that are not in `right`. Members below a path of `right` stay."""
    if not right or not left:
        return left
    out: FieldSet = {}
    for key, ours in left.items():
        theirs = right.get(key)
        if theirs is None:
            out[key] = ours
        elif key != SELF:
            rest = _difference_node(ours, theirs)
            if rest is not None:
                out[key] = rest
    return out


def _difference_node(left: FieldSet, right: FieldSet) -> FieldSet | None:
    if not left:
        return None if is_member(right) else left
    rest = difference(left, right)
    if not right:
        rest = {key: value for key, value in left.items() if key != SELF}
    return None if not rest else _tidy(rest)


def intersection(left: FieldSet, right: FieldSet) -> FieldSet:
    """Paths in both sets."""
    out: FieldSet = {}
    for key, ours in left.items():
        theirs = right.get(key)
        if theirs is None or key == SELF:
            continue
        below = intersection(ours, theirs) if ours and theirs else {}
        both_members = is_member(ours) and is_member(theirs)
        if below:
            out[key] = {SELF: {}} | below if both_members else below
        elif both_members:
            out[key] = {}
    return out


def _tidy(node: FieldSet) -> FieldSet:
    """`{".": {}}` alone is written `{}`."""
    return {} if len(node) == 1 and SELF in node else node


def is_subset(left: FieldSet, right: FieldSet) -> bool:
    """Whether every path of `left` is in `right`."""
    if left == right:
        return True
    for key, ours in left.items():
        if key == SELF:
            continue
        theirs = right.get(key)
        if theirs is None or (is_member(ours) and not is_member(theirs)) or (ours and not is_subset(ours, theirs)):
            return False
    return True


def with_member(node: FieldSet) -> FieldSet:
    """The node, with its own path in the set."""
    return node if is_member(node) else {SELF: {}} | node


def with_named_fields(fields: FieldSet, node: Node) -> FieldSet:
    """The set plus every named field on the way to a member: that of `a.b` then holds the field `a` too."""
    out: FieldSet = {}
    for key, below in fields.items():
        if key == SELF or not below:
            out[key] = below
            continue
        child = node.child(key[2:]) if key.startswith("f:") else node.element
        deeper = with_named_fields(below, child)
        is_named = key.startswith("f:") and node.shape is Shape.STRUCT and key[2:] in node.fields
        out[key] = with_member(deeper) if is_named else deeper
    return out


def paths(fields: FieldSet, prefix: str = "") -> Iterator[str]:
    """Every member as the API server prints it in messages: `.spec.containers[name="web"].image`."""
    keys = sorted(key for key in fields if key != SELF)
    yield from (prefix + _printed(key) for key in keys if is_member(fields[key]))
    for key in keys:
        yield from paths(fields[key], prefix + _printed(key))


def _printed(key: str) -> str:
    kind, value = key[0], key[2:]
    if kind == "f":
        return f".{value}"
    if kind == "k":
        keys: dict[str, Any] = orjson.loads(value)
        return "[" + ",".join(f"{name}={orjson.dumps(item).decode()}" for name, item in keys.items()) + "]"
    return f"[={value}]" if kind == "v" else f"[{value}]"
