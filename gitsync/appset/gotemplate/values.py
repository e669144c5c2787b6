"""Go values as Python ones. JSON's types are Go's `any`; the classes here are what Go keeps apart besides.

`None` is an interface that holds nil; MISSING is no value at all (a key that a map lacks), and prints the same.
"""

from datetime import datetime
from typing import Any, Final


class Int64(int):
    """An int64; a plain `int` is a Go int. A function that takes one refuses the other."""

    __slots__ = ()


class Uint8(int):
    """A byte of a string."""

    __slots__ = ()


class Strings(list[str]):
    """[]string"""

    __slots__ = ()


class Ints(list[int]):
    """[]int"""

    __slots__ = ()


class StringMap(dict[str, str]):
    """map[string]string, which has an empty string for keys that it lacks."""

    __slots__ = ()


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()

_TYPES: dict[type, str] = {
    type(None): "<nil>",
    _Missing: "<nil>",
    bool: "bool",
    int: "int",
    Int64: "int64",
    Uint8: "uint8",
    float: "float64",
    str: "string",
    bytes: "[]uint8",
    list: "[]interface {}",
    Strings: "[]string",
    Ints: "[]int",
    dict: "map[string]interface {}",
    StringMap: "map[string]string",
    datetime: "time.Time",
}
_KINDS = {
    "[]interface {}": "slice",
    "[]string": "slice",
    "[]int": "slice",
    "[]uint8": "slice",
    "map[string]interface {}": "map",
    "map[string]string": "map",
    "time.Time": "struct",
    "<nil>": "invalid",
}


def type_name(value: Any) -> str:
    """As `%T` says it."""
    known = _TYPES.get(type(value))
    return known if known is not None else str(getattr(value, "go_type", type(value).__name__))


def kind_name(value: Any) -> str:
    name = type_name(value)
    return "ptr" if name.startswith("*") else _KINDS.get(name, name)


def is_nil(value: Any) -> bool:
    return value is None or value is MISSING


def is_true(value: Any) -> bool:
    """What `if` takes for true: everything but zeros and what is empty."""
    if is_nil(value):
        return False
    if isinstance(value, bool | int | float | str | list | dict | bytes):
        return bool(value)
    return True


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def as_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
