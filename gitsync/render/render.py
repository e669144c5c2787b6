"""The story of a render: which commit, is it rendered already, what does it read, what does that say."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from gitsync.git.address import normalized
from gitsync.git.closure import Closure, holds
from gitsync.git.repositories import Repositories
from gitsync.git.tree import Files
from gitsync.manifest.parse import ParsedDocument
from gitsync.render.cache import Candidate, RenderCache
from gitsync.render.detect import SourceType, refuse_unsupported, type_of
from gitsync.render.directory import Reading, RenderLimits, read_directory
from model.kinds.application import ApplicationSource

_VERSION = "1"  # of what is rendered from equal inputs; a new one leaves all older renders unused
_DEFAULT_LIMITS = RenderLimits()


@dataclass(frozen=True, slots=True)
class Rendered:
    """The manifests of one source. `key` is equal for equal manifests of the same source, whatever the commit."""

    documents: tuple[ParsedDocument, ...]
    closure: Closure
    source_type: str
    commit: str
    key: str
    from_cache: bool


async def render(
    source: ApplicationSource,
    *,
    repositories: Repositories,
    cache: RenderCache,
    limits: RenderLimits = _DEFAULT_LIMITS,
    commit: str | None = None,
    fresh: bool = False,
) -> Rendered:
    """Renders a source at its revision, or at `commit` if that is given; `fresh` uses no earlier render.

    Raises RepositoryError, RenderError and ManifestError.
    """
    refuse_unsupported(source)
    if commit is None:
        commit = (await repositories.resolve(source.repo_url, source.target_revision)).commit
    if source.ref and not source.path:
        return Rendered((), Closure(()), SourceType.DIRECTORY, commit, _key(Closure(()), ""), from_cache=False)
    reader = await repositories.tree(source.repo_url, commit)
    lookup = _lookup(source, limits)
    candidates = () if fresh else await cache.candidates(lookup)
    found = await reader.run(lambda files: _held(candidates, files) or read_directory(files, source, limits=limits))
    if isinstance(found, Candidate):
        documents = await cache.load(found.key)
        if documents is not None:
            cache.counter.cache_hits_total += 1
            source_type = type_of(source, found.closure)
            return Rendered(documents, found.closure, source_type, commit, found.key, from_cache=True)
        found = await reader.run(lambda files: read_directory(files, source, limits=limits))
    return await _render(source, found, lookup, commit, cache)


async def _render(
    source: ApplicationSource, reading: Reading, lookup: str, commit: str, cache: RenderCache
) -> Rendered:
    documents = await cache.parsed.parse(reading.files)
    cache.counter.renders_total += 1
    key = _key(reading.closure, lookup)
    await cache.put(lookup, reading.closure, key, documents)
    return Rendered(documents, reading.closure, type_of(source, reading.closure), commit, key, from_cache=False)


def _held(candidates: Sequence[Candidate], files: Files) -> Candidate | None:
    return next((candidate for candidate in candidates if holds(candidate.closure, files)), None)


def _lookup(source: ApplicationSource, limits: RenderLimits) -> str:
    """Stands for everything that a render depends on besides the files of the repository."""
    options = (_VERSION, normalized(source.repo_url), source.path, source.directory, limits.max_bytes, limits.max_files)
    return hashlib.blake2b(msgspec.msgpack.encode(options), digest_size=16).hexdigest()


def _key(closure: Closure, lookup: str) -> str:
    return hashlib.blake2b(f"{lookup} {closure.digest()}".encode(), digest_size=16).hexdigest()
