"""What an application's sources read to be rendered, and why they were rendered last."""

from datetime import datetime
from typing import cast

import strawberry

from api.types.enums import SourceType, member
from model.link_rendering import ReadPath as ReadPathValue
from model.link_rendering import RenderingAnswer, SourceRendering


@strawberry.type(description="One file, directory or list of names that was read, or looked for and not there.")
class ReadPath:
    kind: str
    path: str
    id: str | None = strawberry.field(description="What Git calls the content.")

    @staticmethod
    def of(read: ReadPathValue) -> "ReadPath":
        return ReadPath(kind=read.kind, path=read.path, id=read.id or None)


@strawberry.type
class RenderedSource:
    repo_url: str = strawberry.field(name="repoURL")
    path: str | None
    chart: str | None
    ref: str | None
    type: SourceType | None
    commit: str = strawberry.field(description="The commit that was looked at; the version of a chart.")
    from_cache: bool
    consulted: list[str] = strawberry.field(description="What else the manifests depend on.")
    reads: list[ReadPath]
    reads_total: int

    @staticmethod
    def of(source: SourceRendering) -> "RenderedSource":
        kind = cast(SourceType, member(SourceType, source.type, SourceType.Directory)) if source.type else None
        return RenderedSource(
            repo_url=source.repo_url,
            path=source.path or None,
            chart=source.chart or None,
            ref=source.ref or None,
            type=kind,
            commit=source.commit,
            from_cache=source.from_cache,
            consulted=list(source.consulted),
            reads=[ReadPath.of(read) for read in source.reads],
            reads_total=source.reads_total,
        )


@strawberry.type
class Rendering:
    rendered_at: datetime | None = strawberry.field(description="Null when the runtime found everything in its cache.")
    reasons: list[str] = strawberry.field(description="Why it was rendered last, one sentence each.")
    sources: list[RenderedSource]

    @staticmethod
    def of(answer: RenderingAnswer) -> "Rendering":
        return Rendering(
            rendered_at=answer.rendered_at,
            reasons=list(answer.reasons),
            sources=[RenderedSource.of(source) for source in answer.sources],
        )
