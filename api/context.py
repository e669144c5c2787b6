"""What every resolver gets: who asks, and the control plane. One per HTTP request, one per socket."""

from dataclasses import dataclass, field
from typing import TypeAlias

import strawberry

from api.access.viewer import Viewer
from api.errors import Unauthorized
from api.loaders.registry import Loaders
from api.plane import ControlPlane


@dataclass
class Context:
    """`connection_params` is what a socket's client sent in `connection_init`; Strawberry fills it in."""

    plane: ControlPlane
    viewer: Viewer | None
    connection_params: dict[str, object] | None = None
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.loaders = Loaders(self.plane, self.viewer)

    def signed_in(self) -> Viewer:
        if self.viewer is None:
            raise Unauthorized
        return self.viewer

    def sign_in_as(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.loaders = Loaders(self.plane, viewer)


Info: TypeAlias = strawberry.Info[Context, None]
