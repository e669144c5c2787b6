"""Alerts of runtimes that a person does not want to see any more."""

from api.access.authorize import not_visible
from api.access.viewer import Viewer
from api.live.tidings import Starred
from api.plane import ControlPlane

_KIND = "HiddenAlerts"  # kept as stars are: personal, and an address


async def hidden_alerts(plane: ControlPlane, viewer: Viewer) -> list[str]:
    """Names of runtimes, in order."""
    return sorted(await plane.favorites.of_kind(viewer.name, _KIND))


async def hide_alerts(plane: ControlPlane, viewer: Viewer, runtime: str, *, hidden: bool) -> None:
    """Raises NotVisible."""
    if not await plane.authority.may_see_runtime(viewer, runtime):
        raise not_visible(f"runtime {runtime:.80}")
    await plane.favorites.put(viewer.name, _KIND, runtime, starred=hidden)
    plane.tidings.tell(Starred(viewer.name, ()))
