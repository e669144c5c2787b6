"""Builds of images that CI reported."""

from datetime import datetime

import strawberry

from api.actions.image_builds import ImageReport, Reported
from api.types.links import safe_url
from api.types.payload import MutationError
from model.build import ImageBuild as Build


@strawberry.type(description="What CI said of an image, once it was pushed.")
class ImageBuild:
    image: str = strawberry.field(description="With its registry, and with tag, digest or both.")
    url: str | None = strawberry.field(description="The page of the build.")
    ci: str | None
    name: str | None = strawberry.field(description="Of the workflow or job.")
    repository: str | None
    branch: str | None
    commit: str | None
    pull_requests: list[str]
    issues: list[str]
    builder: str | None
    duration_seconds: float | None
    reported_at: datetime
    reporter: str

    @staticmethod
    def of(build: Build) -> "ImageBuild":
        return ImageBuild(
            image=build.image,
            url=safe_url(build.url),
            ci=build.ci or None,
            name=build.name or None,
            repository=build.repository or None,
            branch=build.branch or None,
            commit=build.commit or None,
            pull_requests=list(build.pull_requests),
            issues=list(build.issues),
            builder=build.builder or None,
            duration_seconds=build.duration_seconds,
            reported_at=build.reported,
            reporter=build.reporter,
        )


@strawberry.input
class ImageBuildInput:
    image: str = strawberry.field(description="repository:tag, with a registry unless it is on Docker Hub.")
    link: str = strawberry.field(description="The page of the build; http or https.")
    digest: str | None = strawberry.field(default=None, description="Where the image does not have it yet: sha256:...")
    ci: str | None = strawberry.field(default=None, description="GitHub Actions, Jenkins ...")
    name: str | None = strawberry.field(default=None, description="Of the workflow or job.")
    repository: str | None = strawberry.field(default=None, description="Of the source that it was built from.")
    branch: str | None = None
    commit: str | None = None
    pull_requests: list[str] | None = None
    issues: list[str] | None = None
    builder: str | None = strawberry.field(default=None, description="Who or what ran the build.")
    duration_seconds: float | None = None

    def value(self) -> ImageReport:
        return ImageReport(
            image=self.image,
            link=self.link,
            digest=self.digest,
            ci=self.ci,
            name=self.name,
            repository=self.repository,
            branch=self.branch,
            commit=self.commit,
            pull_requests=self.pull_requests,
            issues=self.issues,
            builder=self.builder,
            duration_seconds=self.duration_seconds,
        )


@strawberry.type
class ImageBuildPayload:
    build: ImageBuild | None
    repositories: list[str] = strawberry.field(
        description="Clone URLs: it is shown with releases of the applications that these rule."
    )
    errors: list[MutationError]

    @staticmethod
    def of(reported: Reported) -> "ImageBuildPayload":
        found = dict.fromkeys(repository for _, repository in reported.repositories)
        return ImageBuildPayload(build=ImageBuild.of(reported.build), repositories=list(found), errors=[])
