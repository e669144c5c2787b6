"""What has just happened or is under way."""

from datetime import UTC, datetime
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import strawberry

from api.types.commit import Commit
from api.types.enums import ErrorLevels
from api.types.meta import ApplicationLink
from api.types.node import Node
from model.identity import encode_node_id
from model.notification import Notification as NotificationValue
from model.notification import NotificationFilter
from model.notification import NotificationState as State

strawberry.enum(State, name="NotificationState")
NotificationState: TypeAlias = State


@strawberry.type(description="Something that has just happened, or that is under way.")
class Notification(Node):
    time: datetime
    level: ErrorLevels | None = strawberry.field(description="Null where nothing is wrong.")
    title: str
    message: str | None
    kind: str = strawberry.field(description="Sync, Health, Application or Change.")
    state: NotificationState
    application: ApplicationLink | None
    commit: Commit | None
    answers: strawberry.Private[dict[Any, Any] | None] = None

    @staticmethod
    def shared(told: NotificationValue) -> "Notification":
        """Made once for all who are told."""
        found: Notification | None = _told.get(told)
        if found is None:
            found = _told[told] = Notification.of(told)
            found.answers = {}
        return found

    @staticmethod
    def of(told: NotificationValue) -> "Notification":
        one = told.application
        return Notification(
            id=strawberry.ID(encode_node_id("Notification", told.key)),
            time=told.time,
            level=ErrorLevels.ERROR if told.state is State.FAILED else None,
            title=told.title,
            message=told.message or None,
            kind=told.kind.value,
            state=told.state,
            application=ApplicationLink.of(one) if one else None,
            commit=Commit.of(told.commit) if told.commit else None,
        )


_told: WeakKeyDictionary[NotificationValue, Any] = WeakKeyDictionary()


@strawberry.input
class NotificationFilterArgs:
    kinds: list[str] | None = None
    since: datetime | None = None

    def value(self) -> NotificationFilter:
        since = self.since
        if since is not None and since.tzinfo is None:
            since = since.replace(tzinfo=UTC)
        return NotificationFilter(kinds=frozenset(self.kinds or ()), since=since)
