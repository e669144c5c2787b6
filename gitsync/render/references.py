"""Files of other sources of the same application, which `$ref/...` names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from gitsync.git.address import normalized
from gitsync.git.closure import Closure, closure_of
from gitsync.git.tree import Files
from gitsync.render.errors import SourceInvalid
from gitsync.render.gathering import Gathering
from gitsync.render.job import Job, Want
from gitsync.render.path_glob import is_glob
from gitsync.render.value_files import expand_in, missing
from model.kinds.application import ApplicationSource


class OtherClosure(msgspec.Struct, frozen=True, array_like=True):
    """What was read of the source that others refer to as `ref`."""

    ref: str
    closure: Closure


@dataclass(frozen=True, slots=True)
class Referred:
    """A source that others may refer to; `commit` "" means whatever its revision means now."""

    repo_url: str
    target_revision: str = ""
    commit: str = ""


References = Mapping[str, Referred]


def references_of(sources: Sequence[ApplicationSource], commits: Mapping[int, str] | None = None) -> References:
    """The sources with a `ref`; `commits` by position of the source. Raises SourceInvalid."""
    found: dict[str, Referred] = {}
    for position, source in enumerate(sources):
        if not source.ref:
            continue
        if source.chart:
            raise SourceInvalid(
                f"the source with ref {source.ref!r:.100} is a chart, which has no files to refer to",
                suggestion="Refer to a Git repository.",
            )
        if source.ref in found:
            raise SourceInvalid(f"two sources have the ref {source.ref!r:.100}", suggestion="Rename one of them.")
        found[source.ref] = Referred(source.repo_url, source.target_revision, (commits or {}).get(position, ""))
    return found


def spelled(references: References) -> list[tuple[str, str, str]]:
    """What of them belongs to the options of a render."""
    return sorted((ref, normalized(one.repo_url), one.target_revision) for ref, one in references.items())


def referred(references: References, ref: str) -> Referred:
    if ref not in references:
        raise SourceInvalid(
            f"valueFiles refer to ${ref:.100}, but no source of the application has that ref",
            suggestion=f"Add a source with `ref: {ref:.100}`, or correct the path.",
        )
    return references[ref]


def gather_wanted(
    files: Files, wants: Sequence[Want], *, max_bytes: int, max_files: int
) -> tuple[dict[Want, tuple[str, ...]], dict[str, bytes], Closure]:
    """Paths by want, content by path, and what was read. Runs in the owner thread of the other source's mirror."""
    gathering = Gathering(files, max_bytes=max_bytes, max_files=max_files)
    found: dict[Want, tuple[str, ...]] = {}
    for want in wants:
        if is_glob(want.pattern):
            found[want] = tuple(expand_in(gathering, want.pattern, required=want.required))
        elif gathering.file(want.pattern) is not None:
            found[want] = (want.pattern,)
        elif want.required:
            raise missing(f"${want.ref}/{want.pattern}")
    return found, dict(gathering.tree), closure_of(files, gathering.entries, "")


def complete(job: Job, ref: str, found: Mapping[Want, tuple[str, ...]], tree: Mapping[str, bytes]) -> Job:
    """The job with the files of one other source."""
    placed = {want: tuple(f"{ref}/{path}" for path in paths) for want, paths in found.items()}
    extra = {f"{ref}/{path}": data for path, data in tree.items()}
    return replace(job, extra={**job.extra, **extra}, found={**job.found, **placed})
