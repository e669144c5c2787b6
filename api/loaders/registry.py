"""All loaders of one request or socket."""

from strawberry.dataloader import DataLoader

from api.access.viewer import Viewer
from api.loaders.application import load_applications, load_children_counts
from api.loaders.image_build import load_builds
from api.loaders.release import load_newest_releases
from api.loaders.runtime import load_application_counts, load_cluster_counts, load_runtimes
from api.loaders.signature import load_signatures
from api.plane import ControlPlane
from model.audit import ListedAuditEntry, SignatureVerdict
from model.build import ImageBuild
from model.identity import ApplicationId
from model.listing import ListedApplication, RegisteredRuntime, Visibility
from model.release import Release


class Loaders:
    """`viewer` None: nothing is visible, so nothing is found."""

    def __init__(self, plane: ControlPlane, viewer: Viewer | None) -> None:
        async def applications(ids: list[ApplicationId]) -> list[ListedApplication | None]:
            return await load_applications(plane, viewer, ids)

        async def children_counts(asked: list[tuple[ApplicationId, Visibility | None]]) -> list[int]:
            return await load_children_counts(plane, viewer, asked)

        async def runtimes(names: list[str]) -> list[RegisteredRuntime | None]:
            return await load_runtimes(plane, names)

        async def application_counts(names: list[str]) -> list[int]:
            return await load_application_counts(plane, viewer, names)

        async def cluster_counts(names: list[str]) -> list[int]:
            return await load_cluster_counts(plane, names)

        async def newest_releases(ids: list[ApplicationId]) -> list[tuple[str, int] | None]:
            return await load_newest_releases(plane, ids)

        async def builds(releases: list[Release]) -> list[list[ImageBuild]]:
            return await load_builds(plane, releases)

        async def signatures(entries: list[ListedAuditEntry]) -> list[SignatureVerdict]:
            return await load_signatures(plane, entries)

        self.builds = DataLoader(builds, cache=False)
        self.signature = DataLoader(signatures, cache=False)
        self.newest_release = DataLoader(newest_releases, cache=False)
        self.application = DataLoader(applications, cache=False)
        self.children_count = DataLoader(children_counts, cache=False)
        self.runtime = DataLoader(runtimes, cache=False)
        self.application_count = DataLoader(application_counts, cache=False)
        self.cluster_count = DataLoader(cluster_counts, cache=False)
