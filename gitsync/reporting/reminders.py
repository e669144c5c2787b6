"""A sync that hangs makes no event: it is reported again by the clock, once it takes long."""

from collections.abc import Callable
from datetime import datetime

from gitsync.application.record import Record
from gitsync.reporting.remarks import long_sync_at
from model.identity import ApplicationKey

Cancel = Callable[[], None]
#: Calls after so many seconds, unless it is cancelled.
Later = Callable[[float, Callable[[], None]], Cancel]


class Reminders:
    """At most one an application, at the moment from which its sync takes long; `due` is told then, once."""

    def __init__(self, due: Callable[[ApplicationKey], None], later: Later) -> None:
        self._due = due
        self._later = later
        self._waiting: dict[ApplicationKey, tuple[datetime, Cancel]] = {}

    def look(self, record: Record, now: datetime) -> None:
        """With every report: what was waited for may have come, moved or ended."""
        at = long_sync_at(record)
        if at is None or at <= now:
            return self.forget(record.key)
        if (waiting := self._waiting.get(record.key)) is not None and waiting[0] == at:
            return None
        self.forget(record.key)
        cancel = self._later((at - now).total_seconds(), lambda: self._tell(record.key))
        self._waiting[record.key] = (at, cancel)
        return None

    def forget(self, key: ApplicationKey) -> None:
        if (waiting := self._waiting.pop(key, None)) is not None:
            waiting[1]()

    def _tell(self, key: ApplicationKey) -> None:
        del self._waiting[key]
        self._due(key)
