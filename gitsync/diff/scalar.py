"""When two single values mean the same although they are spelled differently."""

from typing import Any

from gitsync.diff.facts import is_quantity
from gitsync.diff.quantity import rewritten_duration, same_quantity


def same_value(desired: Any, live: Any) -> bool:
    """Equality of JSON: true is not 1, but 1 is 1.0."""
    if type(desired) is type(live):
        return bool(desired == live)
    if isinstance(desired, bool) or isinstance(live, bool):
        return False
    return isinstance(desired, int | float) and isinstance(live, int | float) and desired == live


def same_meaning(desired: Any, live: Any, *, name: str, parent: str, kind: str, built_in: bool) -> bool:
    """Whether the server, or a controller that only read the object and wrote it back, may have respelled the value."""
    if built_in:
        return is_quantity(name, parent, kind) and same_quantity(desired, live)
    return rewritten_duration(desired, live)
