"""Builds of the images that releases brought."""

from api.actions import image_builds
from api.plane import ControlPlane
from model.build import ImageBuild
from model.release import Release


async def load_builds(plane: ControlPlane, releases: list[Release]) -> list[list[ImageBuild]]:
    """In the order of the releases. Whether the viewer may see them was decided before."""
    return await image_builds.builds_of(plane, releases)
