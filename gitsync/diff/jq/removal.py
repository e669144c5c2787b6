"""What `del(expression)` leaves of an object."""

from gitsync.diff.jq.errors import ExpressionTooCostly, ExpressionUnusable
from gitsync.diff.jq.parsing import parse
from gitsync.diff.jq.places import Place, without
from gitsync.diff.jq.walking import MAX_STEPS, Walk
from gitsync.manifest.object import JsonObject

_MAX_PLACES = 20_000


def check(expression: str) -> None:
    """Raises ExpressionUnusable for what can never name a field."""
    parse(expression)


def remove(body: JsonObject, expression: str, *, steps: int = MAX_STEPS) -> JsonObject:
    """`body` without the fields that the expression names; the very body when it names none.

    Raises ExpressionFailed where it does not fit this object, ExpressionUnusable and ExpressionTooCostly.
    """
    try:
        left = without(body, named(body, expression, steps=steps))
    except RecursionError as error:
        raise ExpressionTooCostly("it goes too deep") from error
    return left if isinstance(left, dict) else {}


def named(body: JsonObject, expression: str, *, steps: int = MAX_STEPS) -> list[Place]:
    """Where the fields stand that the expression names. Raises as `remove`."""
    found: list[Place] = []
    try:
        for place, _ in Walk(steps).spots(parse(expression), ((), body), {}):
            if place is None:
                raise ExpressionUnusable("it makes values and does not name fields", suggestion="Name fields by paths.")
            found.append(place)
            if len(found) > _MAX_PLACES:
                raise ExpressionTooCostly(f"it names more than {_MAX_PLACES} fields")
    except RecursionError as error:
        raise ExpressionTooCostly("it goes too deep") from error
    return found
