"""Parsed manifests by blob, so that a commit costs the parsing of the files that it changed.

Parsing runs in a few threads of its own: the event loop goes on, and one huge source does not hold up the others.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from gitsync.manifest.errors import ManifestError, ObjectInvalid
from gitsync.manifest.object import JsonObject, Origin
from gitsync.manifest.parse import ParsedDocument, parse_manifests, require_one_json_object
from gitsync.render.directory import SourceFile

_SKIP_MARKER = b"+argocd:skip-file-rendering"
_KUSTOMIZATION = re.compile(rb"^apiVersion:[ \t]*[\"']?kustomize\.config\.k8s\.io/", re.MULTILINE)
_MARKS_OF_A_MANIFEST = (b"apiVersion:", b"kind:", b"metadata:")


_Key = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class _Parsed:
    """Bodies with the lines they begin at and doubts about them, and how many bytes they were made of."""

    documents: tuple[tuple[JsonObject, int, tuple[str, ...]], ...]
    size: int


class ParsedFiles:
    """Least recently used blobs go first when their sources exceed `max_bytes`."""

    def __init__(self, *, max_bytes: int, threads: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._parsed: OrderedDict[_Key, _Parsed] = OrderedDict()
        self._workers = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="parse")

    async def parse(self, files: Sequence[SourceFile]) -> tuple[ParsedDocument, ...]:
        """The objects of all files in their order. Raises ManifestError for the first bad one."""
        parsed = {key: self._parsed[key] for file in files if (key := _key(file)) in self._parsed}
        for key in parsed:
            self._parsed.move_to_end(key)
        new = [file for file in files if _key(file) not in parsed]
        if new:
            loop = asyncio.get_running_loop()
            fresh = await loop.run_in_executor(self._workers, lambda: {_key(file): _parse(file) for file in new})
            self._keep(fresh)
            parsed |= fresh
        return tuple(
            ParsedDocument(body, Origin(file.path, line), doubts)
            for file in files
            for body, line, doubts in parsed[_key(file)].documents
        )

    def close(self) -> None:
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _keep(self, fresh: dict[_Key, _Parsed]) -> None:
        for key, parsed in fresh.items():
            if key not in self._parsed:
                self._parsed[key] = parsed
                self._bytes += parsed.size
        while self._bytes > self._max_bytes:
            _, oldest = self._parsed.popitem(last=False)
            self._bytes -= oldest.size


def parse_file(file: SourceFile) -> list[ParsedDocument]:
    """The objects of one file; none if it asks to be skipped, or cannot be read and does not look like a manifest."""
    if asks_to_be_skipped(file):
        return []
    if file.is_json:
        require_one_json_object(file.data, file=file.path)
    try:
        return parse_manifests(file.data, file=file.path)
    except ObjectInvalid as error:
        if _KUSTOMIZATION.search(file.data):
            return []  # what kustomize reads is no object, although it looks like one
        error.suggestion += " If it is no object for the cluster, leave the file out with directory.exclude."
        raise
    except ManifestError as error:
        looks_like_one = all(mark in file.data for mark in _MARKS_OF_A_MANIFEST)
        if error.objects_before or looks_like_one or file.path.endswith(".json"):
            raise
        return []


def asks_to_be_skipped(file: SourceFile) -> bool:
    return _SKIP_MARKER in file.data


def _key(file: SourceFile) -> _Key:
    return file.blob, file.is_json


def _parse(file: SourceFile) -> _Parsed:
    documents = parse_file(file)
    return _Parsed(tuple((one.body, one.origin.line, one.doubts) for one in documents), len(file.data))
