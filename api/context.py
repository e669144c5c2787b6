"""What every resolver gets: who asks, and the control plane. One per HTTP request, one per socket."""

from collections.abc import Container
from dataclasses import dataclass, field
from typing import TypeAlias

import strawberry

from api.access.viewer import Viewer
from api.errors import Unauthorized
from api.loaders.registry import Loaders
from api.plane import ControlPlane


@dataclass
class Context:
    """`connection_params` is what a socket's client sent in `connection_init`; Strawberry fills it in.
    `looked_up`: the applications of which somebody asked whether the viewer starred them."""

    plane: ControlPlane
    viewer: Viewer | None
    connection_params: dict[str, object] | None = None
    looked_up: set[str] = field(default_factory=set)
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.loaders = Loaders(self.plane, self.viewer)

    def signed_in(self) -> Viewer:
        if self.viewer is None:
            raise Unauthorized
        return self.viewer

    async def stars(self) -> Container[str]:
        """Which applications the viewer starred, for saying so beside each; notes which were looked up."""
        return _Stars(await self.plane.favorites.applications(self.signed_in().name), self.looked_up)

    def sign_in_as(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.loaders = Loaders(self.plane, viewer)


@dataclass(frozen=True, slots=True)
class _Stars(Container[str]):
    starred: frozenset[str]
    looked_up: set[str]

    def __contains__(self, application: object) -> bool:
        self.looked_up.add(str(application))
        return application in self.starred


Info: TypeAlias = strawberry.Info[Context, None]
