"""Keyset paging in SQL; see `model.paging`."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, SQLColumnExpression, tuple_

from model.paging import PageRequest, decode_cursor


def keyset(
    statement: Select[Any],
    request: PageRequest,
    keys: Sequence[SQLColumnExpression[Any]],
    types: list[type],
    *,
    descending: bool,
) -> Select[Any]:
    """The statement for one row more than the page, in the order in which it is read (reversed when backwards)."""
    position = tuple_(*keys)
    down = descending is not request.backwards
    if request.after:
        start = tuple_(*decode_cursor(request.after, *types))
        statement = statement.where(position < start if descending else position > start)
    if request.before:
        end = tuple_(*decode_cursor(request.before, *types))
        statement = statement.where(position > end if descending else position < end)
    return statement.order_by(*(key.desc() if down else key.asc() for key in keys)).limit(request.limit + 1)
