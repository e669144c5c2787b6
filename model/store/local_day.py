"""The day of a moment on the viewer's clocks, in SQL."""

from datetime import UTC, timedelta

from sqlalchemy import Integer, SQLColumnExpression, case, cast, literal

from model.statistics import Window, offsets
from model.store.moment import DAY_MICROS, to_micros


def local_day(window: Window, micros: SQLColumnExpression[int]) -> SQLColumnExpression[int]:
    """Days since 1970 on the clocks of the window's zone, which may change within the window."""
    changes = [
        (to_micros(start.astimezone(UTC)), offset // timedelta(microseconds=1)) for start, offset in offsets(window)
    ]
    shift: SQLColumnExpression[int] = literal(changes[0][1])
    if len(changes) > 1:
        shift = case(*((start <= micros, literal(offset)) for start, offset in reversed(changes[1:])), else_=shift)
    return cast((micros + shift) // DAY_MICROS, Integer)
