"""What an ApplicationSet would do, asked of the runtime: only for those who may commit one to the Git Source anyway."""

from api.access.viewer import Viewer
from api.actions.changes import CHANGE_SECONDS, author_of, require_writable_source
from api.errors import Invalid
from api.plane import ControlPlane
from model.link_appset import ApplicationSetPreviewAnswer, PreviewApplicationSet


async def preview(
    plane: ControlPlane, viewer: Viewer, *, runtime: str, git_source: str, manifest: str, name: str
) -> ApplicationSetPreviewAnswer:
    """Raises NotVisible, Forbidden, Invalid, or what the runtime refuses with."""
    if bool(manifest) == bool(name):
        raise Invalid("give the manifest of the ApplicationSet, or the name of one, and not both", field="manifest")
    await require_writable_source(plane, viewer, runtime, git_source)
    body = PreviewApplicationSet(git_source, author_of(viewer), manifest, name)
    return await plane.connected.ask(runtime, body, ApplicationSetPreviewAnswer, deadline_seconds=CHANGE_SECONDS)
