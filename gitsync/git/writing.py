"""Commits in memory on a given commit, and the diffs they make. Everything here runs in one owner thread.

Objects go into the mirror's object store, where nothing leads to them until the host has taken them: no working tree,
no index, no ref, no lock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pygit2
from pygit2.enums import FileMode, SortMode

from gitsync.errors import GitsyncError
from gitsync.git.address import commit_page, redact
from gitsync.git.change import OPERATION_ID, Change, Contents, Landed, checked_path, full_message, trailers_of
from gitsync.git.errors import NothingChanged, PathRefused
from gitsync.git.remote import damaged
from gitsync.git.tree import CommitFiles, Entry, EntryType, Files
from model.report import CommitInfo

_COMMITTER = ("Argosy", "argosy@argosy.invalid")
_LOOK_BACK = 3_000  # commits that are searched for an operation's id when a branch is met for the first time
_MAX_DIFF = 200_000  # characters of a diff that are shown


class EmptyFiles:
    """`Files` of a branch that does not exist yet."""

    def root(self) -> Entry:
        return Entry("", EntryType.TREE, "")

    def child(self, tree_id: str, name: str) -> Entry | None:
        return None

    def children(self, tree_id: str) -> list[Entry]:
        return []

    def size(self, blob_id: str) -> int:
        raise KeyError(blob_id)

    def read(self, blob_id: str) -> bytes:
        raise KeyError(blob_id)


@dataclass(frozen=True, slots=True)
class Built:
    """Commits on `base`, not pushed yet. `outcomes` has one entry per change, in their order."""

    base: str | None
    tip: str | None
    outcomes: tuple[Landed | GitsyncError, ...]


class Writer:
    """Makes the commits of one branch. `url` and `branch` are only for what is told about them."""

    def __init__(self, path: Path, url: str, ref: str) -> None:
        self._path = path
        self._url = url
        self._branch = ref.removeprefix("refs/heads/")
        self._operations: dict[str, str] = {}
        self._searched: str | None = None

    def open(self) -> pygit2.Repository:
        """The mirror's objects; a handle of this thread's own."""
        try:
            return pygit2.Repository(str(self._path))
        except pygit2.GitError as error:
            raise damaged(self._url) from error

    def build(self, repository: pygit2.Repository, base: str | None, changes: Sequence[Change], now: datetime) -> Built:
        """One commit per change that fits, each on the one before."""
        try:
            self._search(repository, base)
            tip, made = base, dict[str, Landed]()
            outcomes: list[Landed | GitsyncError] = []
            for change in changes:
                outcome = self._known(repository, change) or made.get(change.operation_id)
                if outcome is None:
                    try:
                        outcome = self._commit(repository, tip, change, now)
                    except GitsyncError as error:
                        outcomes.append(error)
                        continue
                    tip = outcome.commit.sha
                    made[change.operation_id] = outcome
                outcomes.append(outcome)
        except (KeyError, pygit2.GitError) as error:
            raise damaged(self._url) from error
        return Built(base, tip, tuple(outcomes))

    def _known(self, repository: pygit2.Repository, change: Change) -> Landed | None:
        sha = self._operations.get(change.operation_id) if change.operation_id else None
        if sha is None:
            return None
        commit = repository[sha].peel(pygit2.Commit)
        return Landed(self._info(commit), _diff(repository, commit), repeated=True)

    def _commit(self, repository: pygit2.Repository, tip: str | None, change: Change, now: datetime) -> Landed:
        files: Files = CommitFiles(repository, tip) if tip else EmptyFiles()
        contents = {checked_path(path): content for path, content in change.edit(files).items()}
        before = repository[tip].peel(pygit2.Tree) if tip else None
        after = _changed(repository, before, contents) or repository.TreeBuilder().write()
        if before is not None and after == before.id:
            raise NothingChanged("the change leaves every file as it is", suggestion="Nothing needs to be committed.")
        stamp = int(now.astimezone(UTC).timestamp())
        sha = repository.create_commit(
            None,
            pygit2.Signature(*change.actor.signature, stamp, 0, "utf-8"),
            pygit2.Signature(*_COMMITTER, stamp, 0, "utf-8"),
            full_message(change),
            after,
            [tip] if tip else [],
        )
        commit = repository[sha].peel(pygit2.Commit)
        return Landed(self._info(commit), _diff(repository, commit))

    def _info(self, commit: pygit2.Commit) -> CommitInfo:
        sha = str(commit.id)
        return CommitInfo(
            sha=sha,
            message=commit.message.strip(),
            author_name=commit.author.name,
            author_email=commit.author.email,
            date=datetime.fromtimestamp(commit.commit_time, UTC),
            repo_url=redact(self._url),
            branch=self._branch,
            url=commit_page(self._url, sha),
        )

    def _search(self, repository: pygit2.Repository, tip: str | None) -> None:
        """Learns the ids of operations up to `tip`; after a force-push from the beginning."""
        if tip is None or tip == self._searched:
            if tip is None:
                self._operations.clear()
            return
        walk = repository.walk(tip, SortMode.TOPOLOGICAL)
        if self._searched and self._searched in repository and repository.descendant_of(tip, self._searched):
            walk.hide(self._searched)
        else:
            self._operations.clear()
        for number, commit in enumerate(walk):
            if number >= _LOOK_BACK:
                break
            if operation := trailers_of(commit.message).get(OPERATION_ID):
                self._operations.setdefault(operation, str(commit.id))
        self._searched = tip


def _changed(repository: pygit2.Repository, tree: pygit2.Tree | None, contents: Contents) -> pygit2.Oid | None:
    """The tree with the files changed; None when nothing is left in it. Only touched directories are read."""
    builder = repository.TreeBuilder(tree) if tree is not None else repository.TreeBuilder()
    below: dict[str, dict[str, bytes | None]] = {}
    for path, content in contents.items():
        name, slash, rest = path.partition("/")
        present = tree[name] if tree is not None and name in tree else None
        if slash:
            below.setdefault(name, {})[rest] = content
        elif content is None:
            if present is not None:
                builder.remove(name)
        elif isinstance(present, pygit2.Tree):
            raise PathRefused(f"{name!r} is a directory", suggestion="Choose another file name.")
        else:
            executable = present is not None and present.filemode == FileMode.BLOB_EXECUTABLE
            mode = FileMode.BLOB_EXECUTABLE if executable else FileMode.BLOB
            builder.insert(name, repository.create_blob(content), mode)
    for name, inner in below.items():
        present = tree[name] if tree is not None and name in tree else None
        if present is not None and not isinstance(present, pygit2.Tree):
            raise PathRefused(f"{name!r} is no directory", suggestion="Choose another path.")
        changed = _changed(repository, present, inner)
        if changed is not None:
            builder.insert(name, changed, FileMode.TREE)
        elif present is not None:
            builder.remove(name)
    return builder.write() if len(builder) else None


def _diff(repository: pygit2.Repository, commit: pygit2.Commit) -> str:
    parent = commit.parents[0].tree if commit.parents else None
    diff = parent.diff_to_tree(commit.tree) if parent is not None else commit.tree.diff_to_tree(swap=True)
    text = diff.patch or ""
    return text if len(text) <= _MAX_DIFF else text[:_MAX_DIFF] + "\n... the rest of the diff is left out\n"
