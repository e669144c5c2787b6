"""`argosy inspect render`: the manifests of an application, from directories or from its repositories."""

import asyncio
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from gitsync.git.credentials import NoCredentials
from gitsync.git.repositories import Repositories
from gitsync.inspect.files import InspectError
from gitsync.manifest.parse import ParsedDocument
from gitsync.project.permits import normalize_url
from gitsync.render.detect import refuse_unsupported
from gitsync.render.directory import Reading, RenderLimits, read_directory
from gitsync.render.local import read_local
from gitsync.render.parsed_files import parse_file
from model.kinds.application import Application, ApplicationSource

_LIMITS = RenderLimits()


def render_application(application: Application, directories: Mapping[str, Path]) -> list[ParsedDocument]:
    """All objects of all sources, in their order. Raises what rendering raises."""
    return [
        document
        for reading in read_sources(application, directories)
        for file in reading.files
        for document in parse_file(file)
    ]


def read_sources(application: Application, directories: Mapping[str, Path]) -> list[Reading]:
    """What the sources read. `directories` stand in for repositories; others are fetched without credentials."""
    known = {normalize_url(url): directory for url, directory in directories.items()}
    sources = [source for source in application.spec.all_sources if source.path or not source.ref]
    if not sources:
        raise InspectError(f"application {application.metadata.name} has no source", suggestion="Set spec.source.")
    return [_read(source, known.get(normalize_url(source.repo_url))) for source in sources]


def _read(source: ApplicationSource, directory: Path | None) -> Reading:
    if directory is None:
        return asyncio.run(_read_revision(source))
    if not directory.is_dir() or _is_bare(directory):
        raise InspectError(f"{directory} is no directory of files", suggestion="Use --repo URL=DIR with a checkout.")
    return read_local(directory, source, limits=_LIMITS)


def _is_bare(directory: Path) -> bool:
    return (directory / "HEAD").is_file() and (directory / "objects").is_dir()


async def _read_revision(source: ApplicationSource) -> Reading:
    refuse_unsupported(source)
    with tempfile.TemporaryDirectory(prefix="argosy-inspect-") as data_dir:
        repositories = Repositories(Path(data_dir), credentials=NoCredentials(), clock=lambda: datetime.now(UTC))
        try:
            resolved = await repositories.resolve(source.repo_url, source.target_revision)
            reader = await repositories.tree(source.repo_url, resolved.commit)
            return await reader.run(lambda files: read_directory(files, source, limits=_LIMITS))
        finally:
            await repositories.close()
