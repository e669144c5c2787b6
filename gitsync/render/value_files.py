"""Which files `valueFiles` and `fileParameters` of a Helm source mean. One place decides about paths.

Relative to the chart, `/x` from the top of the repository, `$ref/x` from the top of another source's. Globs are
expanded in place; a file that is also named by itself stands where it is named.
"""

from collections.abc import Callable

from gitsync.git.tree import EntryType, clean_path
from gitsync.render.errors import SourceInvalid
from gitsync.render.gathering import Gathering
from gitsync.render.job import Want
from gitsync.render.options import HelmOptions
from gitsync.render.path_glob import expand, fixed_part, is_glob
from gitsync.render.remote_files import RemoteFile, remote_file

ValueFile = str | Want | RemoteFile  # a path in the tree, or a file of another source, or one on a server
_MAX_FILES = 500


def read_value_files(
    gathering: Gathering,
    chart: str,
    options: HelmOptions,
    substitute: Callable[[str], str],
    schemes: frozenset[str],
) -> list[ValueFile]:
    """In the order of precedence, lowest first. Raises SourceInvalid and PathRefused."""
    required = not options.ignore_missing_value_files
    named = [_named(text, substitute, required, schemes) for text in options.value_files]
    explicit = {_place(chart, one) for one in named if isinstance(one, str) and not is_glob(one)}
    chosen: list[ValueFile] = []
    for one in named:
        if isinstance(one, (Want, RemoteFile)):
            chosen.append(one)
        elif is_glob(one):
            matches = expand_in(gathering, _place(chart, one), required=required)
            chosen += [path for path in matches if path not in explicit and path not in chosen]
        else:
            path = _place(chart, one)
            if gathering.file(path) is not None:
                chosen.append(path)
            elif required:
                raise missing(one)
    if len(chosen) > _MAX_FILES:
        raise SourceInvalid(f"valueFiles names more than {_MAX_FILES} files", suggestion="Narrow the globs.")
    return chosen


def read_file_parameter(
    gathering: Gathering, chart: str, text: str, substitute: Callable[[str], str], schemes: frozenset[str]
) -> ValueFile:
    """Raises SourceInvalid when there is no such file."""
    named = _named(text, substitute, True, schemes)
    if not isinstance(named, str):
        return named
    path = _place(chart, named)
    if gathering.file(path) is None:
        raise missing(named)
    return path


def expand_in(gathering: Gathering, pattern: str, *, required: bool) -> list[str]:
    """Files that match; all below the fixed part of the pattern counts as read. Raises SourceInvalid for none."""
    top = fixed_part(pattern)
    found = gathering.find(top)
    paths: set[str] = set()
    if found.entry is not None and found.entry.type is EntryType.TREE:
        below = Gathering(
            gathering.files, max_bytes=gathering.max_bytes, max_files=gathering.max_files, names_only=True
        )
        below.directory(top)
        gathering.entries |= below.entries
        paths = set(below.tree)
    matches = expand(pattern, paths)
    if not matches and required:
        raise missing(pattern)
    for path in matches:
        gathering.file(path)
    return matches


def missing(name: str) -> SourceInvalid:
    return SourceInvalid(
        f"there is no value file {name!r:.300}",
        suggestion="Correct valueFiles of the source, or set ignoreMissingValueFiles.",
    )


def _named(text: str, substitute: Callable[[str], str], required: bool, schemes: frozenset[str]) -> ValueFile:
    """`$name/...` at the beginning is another source, whatever the build environment has of that name."""
    if text.startswith("$") and "/" in text and not text.startswith(("$$", "${", "$ARGOCD_")):
        ref, slash, rest = text.partition("/")
        return _want(ref + slash + substitute(rest), required=required)
    path = substitute(text)
    return remote_file(path, schemes) if "://" in path else path


def _want(text: str, *, required: bool) -> Want:
    ref, _, path = text.partition("/")
    return Want(ref.removeprefix("$"), clean_path(path), required)


def _place(chart: str, name: str) -> str:
    """Raises PathRefused for a path that leads out of the repository."""
    return clean_path(name if name.startswith("/") else f"{chart}/{name}")
