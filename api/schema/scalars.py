"""Scalars that differ from Strawberry's own."""

from datetime import UTC, datetime

import strawberry
from strawberry.types.scalar import ScalarDefinition


def _write(moment: datetime) -> str:
    utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return utc.isoformat().removesuffix("+00:00") + "Z"


def _read(text: object) -> datetime:
    if not isinstance(text, str):
        raise ValueError("a DateTime is a string as in RFC 3339")
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


DATE_TIME: ScalarDefinition = strawberry.scalar(
    name="DateTime", description="A moment as in RFC 3339, in UTC.", serialize=_write, parse_value=_read
)
