"""The messages of `model.link` about the sync windows that concern an application."""

from datetime import datetime

import msgspec

from model.identity import ApplicationKey


class _Message(msgspec.Struct, frozen=True, tag_field="_", tag=True, omit_defaults=True):
    """Settings that all messages share: the class name is the tag."""


class GetSyncWindows(_Message, frozen=True):
    """-> SyncWindowsAnswer"""

    application: ApplicationKey


class SyncWindowInfo(_Message, frozen=True):
    """One window of the application's project. `kind` is allow or deny; `next_start` None: it opens never again."""

    kind: str
    schedule: str
    duration: str
    active: bool
    manual_sync: bool = False
    next_start: datetime | None = None


class SyncWindowsAnswer(_Message, frozen=True):
    """As of now, in the order of the project."""

    windows: tuple[SyncWindowInfo, ...] = ()
