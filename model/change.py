"""A difference as a value: which field, both values, and who wrote the live one."""

from datetime import datetime
from typing import Any

import msgspec


class FieldChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """One field in which live and desired differ.

    `path` is written as in jsonpath, with the keys of associative lists:
    `spec.template.spec.containers[name=app].image`.
    `live` and `desired` are None where that side has no such field. `manager` and `changed_at` come from the
    object's managedFields. `reason` says why it counts when the two values alone do not.
    """

    path: str
    live: Any = None
    desired: Any = None
    manager: str | None = None
    changed_at: datetime | None = None
    reason: str | None = None


class ObjectDiff(msgspec.Struct, frozen=True, omit_defaults=True):
    """Comparison of one object.

    `normalized_live` is live without what is ignored; `predicted_live` is live as it would be after a sync.
    `arbiter_needed`: the local comparison says "differs" but defaults, webhooks or quantities may explain it; a
    server-side dry run decides.
    """

    modified: bool
    changes: tuple[FieldChange, ...] = ()
    normalized_live: dict[str, Any] | None = None
    predicted_live: dict[str, Any] | None = None
    arbiter_needed: bool = False
