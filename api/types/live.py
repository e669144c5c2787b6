"""Events of live lists."""

from typing import Any
from weakref import WeakKeyDictionary

import strawberry

from api.live.applications import ApplicationNews
from api.types.application import Application, shown
from api.types.application_meta import application_node_id
from api.types.enums import LiveEventType


@strawberry.type
class ApplicationEvent:
    type: LiveEventType = strawberry.field(
        description="SNAPSHOT: the state now. RESYNC: too far behind, or what the viewer may see has changed; "
        "a SNAPSHOT follows."
    )
    applications: list[Application]
    removed: list[strawberry.ID]
    cursor: str = strawberry.field(description="Pass as `after` to go on from here.")
    answers: strawberry.Private[dict[Any, Any]]

    @staticmethod
    def of(news: ApplicationNews, starred: frozenset[str]) -> "ApplicationEvent":
        """Made once for all who are told the same and starred the same of it."""
        stars = frozenset(str(application.id) for application in news.changed) & starred
        made = _events.setdefault(news, {})
        if stars not in made:
            made[stars] = ApplicationEvent(
                type=news.kind,
                applications=[shown(stars, news.visibility)(application) for application in news.changed],
                removed=[application_node_id(application_id) for application_id in news.removed],
                cursor=news.cursor,
                answers={},
            )
        event: ApplicationEvent = made[stars]
        return event


_events: WeakKeyDictionary[ApplicationNews, dict[frozenset[str], Any]] = WeakKeyDictionary()
