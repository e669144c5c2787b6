"""When a project lets an application be synced."""

from datetime import datetime

import strawberry

from model.link_window import SyncWindowInfo


@strawberry.type(description="`kind` is allow or deny; `manualSync`: people may sync while it is in the way.")
class SyncWindow:
    kind: str
    schedule: str
    duration: str
    active: bool
    manual_sync: bool
    next_start: datetime | None

    @staticmethod
    def of(window: SyncWindowInfo) -> "SyncWindow":
        return SyncWindow(
            kind=window.kind,
            schedule=window.schedule,
            duration=window.duration,
            active=window.active,
            manual_sync=window.manual_sync,
            next_start=window.next_start,
        )
