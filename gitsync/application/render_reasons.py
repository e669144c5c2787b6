"""Why an application was rendered, told from what its sources read before and read now. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gitsync.application.source_read import SourceRead
from gitsync.git.address import redact
from gitsync.git.affected import ChangedPaths, ChangeKind
from gitsync.git.closure import ClosureEntry, EntryKind
from model.link_rendering import ReadPath, RenderingAnswer, SourceRendering

MAX_REASONS = 20
MAX_READS = 2_000
_FIRST = "rendered for the first time"
_HELD = "not rendered: nothing that it reads has changed since an earlier process rendered it"
_ANEW = "rendered anew because a hard refresh asked for it"
_OPTIONS = "the options of the source changed"
_WORDS = {ChangeKind.ADDED: "was added", ChangeKind.REMOVED: "was removed"}


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence; `where` names the source, if there are several. `tree`: a whole directory was read; which files
    of it changed between the two commits of `repo_url` is looked up when somebody asks."""

    text: str
    where: str = ""
    tree: str | None = None
    repo_url: str = ""
    commits: tuple[str, str] = ("", "")

    @property
    def told(self) -> str:
        return f"{self.where}: {self.text}" if self.where else self.text


@dataclass(frozen=True, slots=True)
class RenderNote:
    """Why and when an application was rendered last; `at` None: not by this process."""

    reasons: tuple[Reason, ...]
    at: datetime | None = None


def note_of(
    known: RenderNote | None, before: Sequence[SourceRead], reads: Sequence[SourceRead], *, at: datetime
) -> RenderNote:
    """The note after a look at all sources; the known one if nothing was rendered."""
    made = [one for one in reads if one.source_type and not one.rendered.from_cache]
    same = [one.rendered.key for one in before] == [one.rendered.key for one in reads]
    if known is None:
        return RenderNote((Reason(_FIRST),), at) if made else RenderNote((Reason(_HELD),))
    if same:
        return RenderNote((Reason(_ANEW),), at) if made else known
    return RenderNote(tuple(_differences(before, reads))[:MAX_REASONS] or (Reason(_OPTIONS),), at)


def answer(note: RenderNote | None, reads: Sequence[SourceRead], texts: Sequence[str]) -> RenderingAnswer:
    """`texts` are the reasons with everything that was looked up."""
    return RenderingAnswer(
        sources=tuple(_source(read) for read in reads),
        reasons=tuple(texts[:MAX_REASONS]),
        rendered_at=note.at if note else None,
    )


def files_of_tree(reason: Reason, changed: ChangedPaths) -> list[str]:
    """The reason with the files that changed in the directory, where they are known."""
    prefix = f"{reason.tree}/" if reason.tree else ""
    files = [
        replace(reason, text=f"blob {one.path} {_WORDS.get(one.kind, 'changed')}").told
        for one in changed
        if one.path.startswith(prefix)
    ]
    return files or [reason.told]


def _differences(before: Sequence[SourceRead], reads: Sequence[SourceRead]) -> Iterator[Reason]:
    if [_place(one) for one in before] != [_place(one) for one in reads]:
        yield Reason("the sources of the application changed")
        return
    for position, (old, new) in enumerate(zip(before, reads, strict=True)):
        where = f"source {position + 1}" if len(reads) > 1 else ""
        for reason in (*_read_differently(old, new), *_told_differently(old, new)):
            commits = (old.commit, new.commit)
            yield replace(reason, where=where, repo_url=new.source.repo_url, commits=commits)
        if old.source != new.source:
            yield Reason(_OPTIONS, where)


def _place(read: SourceRead) -> tuple[str, str, str, str]:
    return read.source.repo_url, read.source.path, read.source.chart, read.source.ref


def _read_differently(old: SourceRead, new: SourceRead) -> Iterator[Reason]:
    if old.source.chart and old.commit != new.commit:
        yield Reason(f"chart {new.source.chart} is of version {new.commit} now, and was of {old.commit}")
        return
    was, now = _ids(old), _ids(new)
    found = False
    for (kind, path), content in now.items():
        if kind is EntryKind.BLOB and was.get((kind, path)) != content:
            found = True
            yield Reason(f"blob {path} {'changed' if (kind, path) in was else 'was added'}")
        elif kind is EntryKind.TREE and was.get((kind, path)) != content:
            found = True
            yield Reason(f"directory {path or '/'} changed", tree=path)
    for kind, path in was.keys() - now.keys():
        if kind is EntryKind.BLOB:
            found = True
            yield Reason(f"blob {path} is not read any more")
    if not found and was != now:
        yield Reason("the names of files that it looks for changed")


def _told_differently(old: SourceRead, new: SourceRead) -> Iterator[Reason]:
    was, now = dict(old.rendered.consulted), dict(new.rendered.consulted)
    for name in sorted(now.keys() & was.keys()):
        if now[name] != was[name]:
            yield Reason(f"{name} changed")


def _ids(read: SourceRead) -> Mapping[tuple[EntryKind, str], str]:
    """Of bases in other repositories the names have the repository in front."""
    return {(one.kind, place): one.id for place, one in _entries(read)}


def _entries(read: SourceRead) -> Iterator[tuple[str, ClosureEntry]]:
    yield from ((one.path, one) for one in read.closure.entries)
    for base in read.bases:
        yield from ((f"{redact(base.url)}//{one.path}", one) for one in base.closure.entries)


def _source(read: SourceRead) -> SourceRendering:
    source, entries = read.source, list(_entries(read))
    return SourceRendering(
        repo_url=redact(source.repo_url),
        commit=read.commit,
        type=read.source_type,
        path=source.path,
        chart=source.chart,
        ref=source.ref,
        from_cache=read.rendered.from_cache,
        consulted=tuple(name for name, _ in read.rendered.consulted),
        reads=tuple(ReadPath(one.kind.value, place, one.id) for place, one in entries[:MAX_READS]),
        reads_total=len(entries),
    )
