"""Events of live lists."""

from functools import lru_cache

import strawberry

from api.live.applications import ApplicationNews
from api.types.application import Application
from api.types.application_meta import application_node_id
from api.types.enums import LiveEventType
from model.listing import ListedApplication


@strawberry.type
class ApplicationEvent:
    type: LiveEventType = strawberry.field(
        description="SNAPSHOT: the state now. RESYNC: too far behind, or what the viewer may see has changed; the "
        "stream ends, ask for a snapshot again."
    )
    applications: list[Application]
    removed: list[strawberry.ID]
    cursor: str = strawberry.field(description="Pass as `after` to go on from here.")

    @staticmethod
    def of(news: ApplicationNews, starred: frozenset[str]) -> "ApplicationEvent":
        return ApplicationEvent(
            type=news.kind,
            applications=[_shared(application, str(application.id) in starred) for application in news.changed],
            removed=[application_node_id(application_id) for application_id in news.removed],
            cursor=news.cursor,
        )


class _SameObject:
    """Key of a value by identity: hashing a whole summary would cost more than it saves."""

    __slots__ = ("application",)

    def __init__(self, application: ListedApplication) -> None:
        self.application = application

    def __hash__(self) -> int:
        return id(self.application)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _SameObject) and other.application is self.application


def _shared(application: ListedApplication, favorite: bool) -> Application:
    """Subscribers that are told the same change share the object made of it."""
    return _make(_SameObject(application), favorite)


@lru_cache(maxsize=256)
def _make(key: _SameObject, favorite: bool) -> Application:
    return Application.of(key.application, favorite=favorite)
