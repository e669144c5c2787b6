"""Rendering a directory on disk, for `argosy inspect render`: what would this say if it were pushed?"""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from gitsync.git.tree import Entry, EntryType
from gitsync.manifest.errors import ManifestError
from gitsync.manifest.parse import ParsedDocument
from gitsync.render.chart_sources import Charts, with_dependencies
from gitsync.render.context import RenderContext, surroundings_of
from gitsync.render.detect import refuse_unsupported
from gitsync.render.directory import RenderLimits
from gitsync.render.errors import SourceInvalid
from gitsync.render.job import Job, run_job
from gitsync.render.kustomization import says_the_same
from gitsync.render.parsed_files import parse_file
from gitsync.render.reading import Reading, read_source
from gitsync.render.references import complete, gather_wanted
from gitsync.render.remote_files import with_remote_files
from gitsync.render.tools import Tools, find_tools, tool_identities
from model.kinds.application import ApplicationSource

_DEFAULT_LIMITS = RenderLimits()
_DEFAULT_CONTEXT = RenderContext()
_NO_REFERENCES: Mapping[str, Path] = {}


class LocalFiles:
    """`gitsync.git.tree.Files` of a directory on disk. Ids are paths: they stand for content only while nothing
    changes, so closures made from them are for showing."""

    def __init__(self, top: Path) -> None:
        self._top = top

    def root(self) -> Entry:
        return Entry("", EntryType.TREE, ".")

    def child(self, tree_id: str, name: str) -> Entry | None:
        path = self._top / tree_id / name
        if path.is_symlink():
            return Entry(name, EntryType.LINK, f"{tree_id}/{name}")
        if path.is_dir():
            return Entry(name, EntryType.TREE, f"{tree_id}/{name}")
        return Entry(name, EntryType.BLOB, f"{tree_id}/{name}") if path.is_file() else None

    def children(self, tree_id: str) -> list[Entry]:
        names = sorted(path.name for path in (self._top / tree_id).iterdir() if path.name != ".git")
        return [entry for name in names if (entry := self.child(tree_id, name)) is not None]

    def size(self, blob_id: str) -> int:
        return (self._top / blob_id).stat().st_size

    def read(self, blob_id: str) -> bytes:
        path = self._top / blob_id
        return str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()


def read_local(
    directory: Path,
    source: ApplicationSource,
    *,
    limits: RenderLimits = _DEFAULT_LIMITS,
    context: RenderContext = _DEFAULT_CONTEXT,
    tools: Tools | None = None,
) -> Reading:
    """What the source reads, if `directory` is the top of its repository."""
    refuse_unsupported(source)

    def read(*, exactly: bool) -> Reading:
        surroundings = surroundings_of(source, "", context, tool_identities(tools or find_tools(), context))
        return read_source(
            LocalFiles(directory), source, limits=limits, context=context, surroundings=surroundings, exactly=exactly
        )

    reading = read(exactly=False)
    return read(exactly=True) if reading.listed and not _is_plain(reading) else reading


def _is_plain(reading: Reading) -> bool:
    try:
        return says_the_same(reading.files, [one for file in reading.files for one in parse_file(file)])
    except ManifestError:
        return False


def render_local(
    directory: Path,
    source: ApplicationSource,
    *,
    limits: RenderLimits = _DEFAULT_LIMITS,
    context: RenderContext = _DEFAULT_CONTEXT,
    tools: Tools | None = None,
    references: Mapping[str, Path] = _NO_REFERENCES,
    charts: Charts | None = None,
) -> tuple[ParsedDocument, ...]:
    """The manifests of the source, if `directory` is the top of its repository; `references` are those of others."""
    reading = read_local(directory, source, limits=limits, context=context, tools=tools)
    return documents_of(reading, limits=limits, tools=tools, references=references, charts=charts)


def documents_of(
    reading: Reading,
    *,
    limits: RenderLimits = _DEFAULT_LIMITS,
    tools: Tools | None = None,
    references: Mapping[str, Path] = _NO_REFERENCES,
    charts: Charts | None = None,
) -> tuple[ParsedDocument, ...]:
    """What was read, parsed and run."""
    plain = tuple(document for file in reading.files for document in parse_file(file))
    if reading.job is None:
        return plain
    job = _completed(reading.job, references, limits)
    return plain + tuple(asyncio.run(_run(job, tools or find_tools(), charts, limits)))


async def _run(job: Job, tools: Tools, charts: Charts | None, limits: RenderLimits) -> list[ParsedDocument]:
    job, _ = await with_remote_files(await with_dependencies(job, charts), charts)
    return await run_job(job, tools, limits.program)


def _completed(job: Job, references: Mapping[str, Path], limits: RenderLimits) -> Job:
    for ref in sorted({want.ref for want in job.wants}):
        if ref not in references:
            raise SourceInvalid(
                f"valueFiles refer to ${ref:.100}, which no directory stands for",
                suggestion="Give the directory of that source's repository with --repo URL=DIR.",
            )
        wants = [want for want in job.wants if want.ref == ref]
        files = LocalFiles(references[ref])
        found, tree, _ = gather_wanted(files, wants, max_bytes=limits.tree_bytes, max_files=limits.max_files)
        job = complete(job, ref, found, tree)
    return job
