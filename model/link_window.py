"""The messages of `model.link` about the sync windows that concern an application."""

from datetime import datetime

from model.identity import ApplicationKey
from model.link_message import Message


class GetSyncWindows(Message, frozen=True):
    """-> SyncWindowsAnswer"""

    application: ApplicationKey


class SyncWindowInfo(Message, frozen=True):
    """One window of the application's project. `kind` is allow or deny; `next_start` None: it opens never again."""

    kind: str
    schedule: str
    duration: str
    active: bool
    manual_sync: bool = False
    next_start: datetime | None = None


class SyncWindowsAnswer(Message, frozen=True):
    """As of now, in the order of the project."""

    windows: tuple[SyncWindowInfo, ...] = ()
