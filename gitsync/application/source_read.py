"""What the sources of an application read of their repositories, and what of that is followed. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gitsync.git.address import normalized
from gitsync.git.closure import Closure, union
from gitsync.manifest.parse import ParsedDocument
from gitsync.render.render import Rendered
from model.kinds.application import ApplicationSource


@dataclass(frozen=True, slots=True)
class Place:
    """A ref of a repository, which applications follow."""

    repository: str
    ref: str


@dataclass(frozen=True, slots=True)
class BaseRead:
    """What was read of a repository that a kustomization names; `ref` as for sources."""

    url: str
    ref: str | None
    closure: Closure


@dataclass(frozen=True, slots=True)
class SourceRead:
    """One source of an application, rendered. `commit` is what was looked at, the version for a chart; `ref` what to
    watch for it to move, None if nothing can move. `closure` is all that was read of its repository at that commit,
    also by other sources of the application that refer to it. `bases`: what was read of repositories that
    kustomizations name."""

    source: ApplicationSource
    commit: str
    ref: str | None
    closure: Closure
    rendered: Rendered
    bases: tuple[BaseRead, ...] = ()

    def without_documents(self) -> "SourceRead":
        """To be kept for showing: the objects made of the documents are kept elsewhere."""
        return replace(self, rendered=replace(self.rendered, documents=()))

    @property
    def source_type(self) -> str:
        """A source that others only refer to is of no type."""
        return "" if is_only_referred_to(self.source) else self.rendered.source_type


def is_only_referred_to(source: ApplicationSource) -> bool:
    return bool(source.ref) and not source.path and not source.chart


def reads_of(
    sources: Sequence[ApplicationSource], refs: Sequence[str | None], rendered: Sequence[Rendered]
) -> tuple[SourceRead, ...]:
    """All sources of one application, in their order."""
    of_others: dict[str, list[Closure]] = {}
    for one in rendered:
        for other in one.others:
            of_others.setdefault(other.ref, []).append(other.closure)
    return tuple(
        SourceRead(source, made.commit, ref, union([made.closure, *of_others.get(source.ref, ())]), made)
        for source, ref, made in zip(sources, refs, rendered, strict=True)
    )


def places_of(reads: Sequence[SourceRead]) -> Mapping[Place, Closure]:
    """What is read of each place that may move."""
    closures: dict[Place, list[Closure]] = {}
    for read in reads:
        if read.ref is not None and not read.source.chart:
            closures.setdefault(Place(normalized(read.source.repo_url), read.ref), []).append(read.closure)
        for base in read.bases:
            if base.ref is not None:
                closures.setdefault(Place(normalized(base.url), base.ref), []).append(base.closure)
    return {place: union(several) for place, several in closures.items()}


def repositories_of(reads: Sequence[SourceRead]) -> list[str]:
    """URLs of all repositories that were read."""
    own = [read.source.repo_url for read in reads if not read.source.chart]
    return [*own, *(base.url for read in reads for base in read.bases)]


def documents_of(reads: Sequence[SourceRead]) -> list[ParsedDocument]:
    """The manifests of all sources, each knowing which one it is from."""
    documents: list[ParsedDocument] = []
    for position, read in enumerate(reads):
        if position == 0:
            documents += read.rendered.documents
        else:
            documents += [replace(one, origin=replace(one.origin, source=position)) for one in read.rendered.documents]
    return documents
