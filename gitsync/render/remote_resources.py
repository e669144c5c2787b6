"""Single files on servers that a kustomization names by their address: fetched here, and given to kustomize as files.

So no program needs a network, what they said is a part of what the render read, and the project decides which
addresses may be read, as it does for bases in other repositories.
"""

import hashlib
import posixpath
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from gitsync.render.chart_sources import Charts
from gitsync.render.errors import SourceInvalid
from gitsync.render.job import Job
from gitsync.render.kustomize_inputs import KUSTOMIZATION_NAMES, parse_kustomization
from gitsync.render.remote_files import consulted_file, fetch, file_digest
from gitsync.render.remote_uses import FileUse

_MAX_FILES = 50
_FOLDER = ".argosy-files"


async def with_remote_resources(job: Job, charts: Charts | None) -> tuple[Job, tuple[tuple[str, str], ...]]:
    """The job with these files, and what they said, to be remembered as consulted. Raises ChartUnavailable."""
    if not job.files:
        return job, ()
    urls = list(dict.fromkeys(one.url for one in job.files))
    if len(urls) > _MAX_FILES:
        raise SourceInvalid(
            f"the kustomization leads to more than {_MAX_FILES} files on servers",
            suggestion="Commit some of them to the repository.",
        )
    fetched = {url: await fetch(url, charts) for url in urls}
    tree = dict(job.tree)
    for use in job.files:
        tree[_below(use.directory, _place(use.url))] = fetched[use.url]
        name = _kustomization(tree, use.directory)
        body = _pointed(parse_kustomization(tree[name], name), use)
        tree[name] = msgspec.json.format(msgspec.json.encode(body), indent=1)
    consulted = tuple((consulted_file(url), file_digest(data)) for url, data in fetched.items())
    return replace(job, tree=tree, files=()), consulted


def _place(url: str) -> str:
    """Below the kustomization, since kustomize reads no file from elsewhere, and under the name that the file has on
    its server, since generators name their keys by it."""
    folder = hashlib.blake2b(url.encode(), digest_size=8).hexdigest()
    name = unquote(posixpath.basename(urlsplit(url).path)).replace("/", "_").lstrip(".")
    return f"{_FOLDER}/{folder}/{name or 'file.yaml'}"


def _pointed(value: Any, use: FileUse) -> Any:
    """The kustomization with the file beside it in the place of its address, wherever it is named."""
    match value:
        case str() if value == use.name or value.endswith(f"={use.name}"):
            return value.removesuffix(use.name) + _place(use.url)
        case dict():
            return {name: _pointed(item, use) for name, item in value.items()}
        case list():
            return [_pointed(item, use) for item in value]
        case _:
            return value


def _kustomization(tree: Iterable[str], directory: str) -> str:
    names = [_below(directory, name) for name in KUSTOMIZATION_NAMES]
    return next(name for name in names if name in tree)


def _below(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name
