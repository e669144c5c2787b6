"""Builds of images: what CI reports, and which of them releases brought.

A report counts for the applications that are ruled by a repository which the reporter may write to: who could deploy
there anyway may say where an image came from, and nobody can put a link beside other people's releases.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from api.access.viewer import Viewer
from api.errors import Forbidden, Invalid
from api.plane import ControlPlane
from model.build import (
    ImageBuild,
    build_deployed,
    checked_duration,
    checked_keys,
    checked_page,
    checked_repository,
    checked_text,
    images_brought,
)
from model.errors import InvalidValue
from model.image import parse_image
from model.release import Release
from model.store import image_build as image_build_store

MOST_REPOSITORIES = 5_000  # that one report counts for
_Given = TypeVar("_Given")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class ImageReport:
    """A build as CI tells it, not looked at yet."""

    image: str
    link: str
    digest: str | None = None
    ci: str | None = None
    name: str | None = None
    repository: str | None = None
    branch: str | None = None
    commit: str | None = None
    pull_requests: Sequence[str] | None = None
    issues: Sequence[str] | None = None
    builder: str | None = None
    duration_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """`repositories` are the (runtime, clone URL) that it counts for."""

    build: ImageBuild
    repositories: Sequence[tuple[str, str]]


async def report(plane: ControlPlane, viewer: Viewer, given: ImageReport) -> Reported:
    """Raises Invalid, Forbidden, GitUnavailable or RuntimeUnavailable."""
    image, digest = given.image.strip(), (given.digest or "").strip()
    reference = _checked("image", parse_image, f"{image}@{digest}" if digest and "@" not in image else image)
    build = ImageBuild(
        image=str(reference),
        url=_checked("link", checked_page, given.link),
        reporter=viewer.name,
        reported=plane.clock(),
        ci=_checked("ci", checked_text, given.ci),
        name=_checked("name", checked_text, given.name),
        repository=_checked("repository", checked_repository, given.repository),
        branch=_checked("branch", checked_text, given.branch),
        commit=_checked("commit", checked_text, given.commit),
        pull_requests=_checked("pullRequests", checked_keys, given.pull_requests),
        issues=_checked("issues", checked_keys, given.issues),
        builder=_checked("builder", checked_text, given.builder),
        duration_seconds=_checked("durationSeconds", checked_duration, given.duration_seconds),
    )
    repositories = await _writable(plane, viewer)
    async with plane.database.write() as session:
        await image_build_store.put(session, build, reference, repositories)
    return Reported(build, repositories)


async def builds_of(plane: ControlPlane, releases: Sequence[Release]) -> list[list[ImageBuild]]:
    """For each release those of the images that it brought. Whether the viewer may see them was decided before."""
    images = [images_brought(release) for release in releases]
    keys = {key for some in images for image in some for key in image.keys}
    if not keys:
        return [[] for _ in releases]
    places = [(release.application.runtime, release.access_repo_url) for release in releases]
    async with plane.database.read() as session:
        known = await image_build_store.of_images(session, keys, places)
    return [
        [build for image in some if (build := build_deployed(image, known.get(place, {}), release.started)) is not None]
        for release, some, place in zip(releases, images, places, strict=True)
    ]


async def _writable(plane: ControlPlane, viewer: Viewer) -> list[tuple[str, str]]:
    verdicts = await plane.authority.verdicts_of(viewer)
    if writable := sorted(repository for repository, verdict in verdicts.items() if verdict.write):
        return writable[:MOST_REPOSITORIES]
    for (runtime, _), verdict in verdicts.items():
        if unavailable := plane.authority.verdicts.unavailable(runtime, verdict):
            raise unavailable
    raise Forbidden(
        "a build is reported by who may write to a repository that rules applications; you may write to none",
        suggestion="report with the API token of an account that may push to the repository of the manifests",
    )


def _checked(field: str, check: Callable[[_Given], _Value], given: _Given) -> _Value:
    try:
        return check(given)
    except InvalidValue as error:
        raise Invalid(f"{field}: {error}", field=field) from error
