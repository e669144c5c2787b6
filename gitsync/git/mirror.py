"""A bare copy of one repository on disk. Everything here runs in the mirror's owner thread.

A copy is a cache: whatever looks damaged is thrown away and fetched again. Refs are written so that after a restart
without network the newest known commits are still known.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TypeVar

import pygit2
from pygit2.enums import DeltaStatus, DiffOption, ObjectType

from gitsync.git.address import commit_page, redact
from gitsync.git.affected import ChangedPaths, ChangeKind, PathChange
from gitsync.git.commit_log import CommitLog
from gitsync.git.credentials import GitCredential
from gitsync.git.errors import RepositoryUnreachable, RevisionNotFound
from gitsync.git.refs import HEAD
from gitsync.git.remote import damaged, fetch
from gitsync.git.settings import GitSettings
from gitsync.git.signed import SignedObject, signed_commit, signed_tag
from gitsync.git.tree import CommitFiles
from model.report import CommitInfo

_T = TypeVar("_T")
_EVERYTHING = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_OUR_HEAD = "refs/argosy/HEAD"
_KINDS = {
    DeltaStatus.ADDED: ChangeKind.ADDED,
    DeltaStatus.DELETED: ChangeKind.REMOVED,
    DeltaStatus.MODIFIED: ChangeKind.MODIFIED,
}


class Mirror:
    """The copy at `path`, of the repository at `url`."""

    def __init__(self, path: Path, url: str, settings: GitSettings) -> None:
        self._path = path
        self._url = url
        self._settings = settings
        self._repository: pygit2.Repository | None = None

    def known_refs(self) -> Mapping[str, str]:
        """Refs as they were when last fetched."""
        repository = self._opened()
        refs = {name: str(repository.references[name].peel(pygit2.Commit).id) for name in repository.references}
        return {HEAD if name == _OUR_HEAD else name: commit for name, commit in refs.items()}

    def has(self, commit: str) -> bool:
        """Whether the commit is here; its trees and files come with it."""
        return commit in self._opened()

    def expand(self, prefix: str) -> str | None:
        """The full id of the one commit whose id begins so. Raises RevisionNotFound when there are several."""
        try:
            found = self._opened().get(prefix)
        except ValueError as error:
            raise RevisionNotFound(
                f"{prefix} is the beginning of more than one id in {redact(self._url)}", suggestion="Write more of it."
            ) from error
        # Prefixes find objects of every kind; only a commit is a revision.
        return str(found.id) if found is not None and found.type == ObjectType.COMMIT else None

    def fetch_refs(self, refs: Iterable[str], credential: GitCredential | None) -> None:
        """Brings some refs by their full names, and what they lead to."""
        self._fetch([f"+{ref}:{_OUR_HEAD if ref == HEAD else ref}" for ref in refs], credential)

    def fetch_everything(self, credential: GitCredential | None) -> None:
        """Brings all branches and tags."""
        self._fetch(_EVERYTHING, credential)

    def fetch_commit(self, commit: str, credential: GitCredential | None) -> bool:
        """Brings a commit that no ref is known to lead to: by everything, then by its id if the host allows."""
        self.fetch_everything(credential)
        if not self.has(commit):
            try:
                self._fetch([f"+{commit}:refs/argosy/commits/{commit}"], credential)
            except RepositoryUnreachable:
                # Hosts refuse ids that no ref leads to, in many words; the one above has just answered.
                return False
        return self.has(commit)

    def look(self, work: Callable[[CommitLog], _T]) -> _T:
        """Result of reading commits; whatever is missing is damage."""
        try:
            return work(CommitLog(self._opened()))
        except (KeyError, ValueError, pygit2.GitError) as error:
            raise damaged(self._url) from error

    def signed_commits(self, shas: Iterable[str]) -> list[SignedObject]:
        try:
            return [signed_commit(self._opened(), sha) for sha in shas]
        except (KeyError, ValueError, pygit2.GitError) as error:
            raise damaged(self._url) from error

    def signed_tag(self, ref: str) -> SignedObject | None:
        """The annotated tag of a ref that was fetched; None if it is no annotated one."""
        try:
            return signed_tag(self._opened(), ref)
        except (KeyError, ValueError, pygit2.GitError) as error:
            raise damaged(self._url) from error

    def files(self, commit: str) -> CommitFiles:
        return CommitFiles(self._opened(), commit)

    def commit_info(self, sha: str) -> CommitInfo:
        commit = self._commit(sha)
        return CommitInfo(
            sha=sha,
            message=commit.message.strip(),
            author_name=commit.author.name,
            author_email=commit.author.email,
            date=datetime.fromtimestamp(commit.commit_time, timezone(timedelta(minutes=commit.commit_time_offset))),
            repo_url=redact(self._url),
            url=commit_page(self._url, sha),
        )

    def parents(self, sha: str) -> tuple[str, ...]:
        return tuple(str(parent) for parent in self._commit(sha).parent_ids)

    def commit_time(self, sha: str) -> int:
        return int(self._commit(sha).commit_time)

    def changed_paths(self, old: str | None, new: str) -> ChangedPaths:
        """Files that differ between two commits; `old` None: all files of `new`. Descends only where ids differ."""
        try:
            flags = DiffOption.SKIP_BINARY_CHECK | DiffOption.INCLUDE_TYPECHANGE | DiffOption.IGNORE_SUBMODULES
            after = self._commit(new).tree
            if old is None:
                diff = after.diff_to_tree(flags=flags, swap=True)
            else:
                diff = self._commit(old).tree.diff_to_tree(after, flags=flags)
            return tuple(_change(delta) for delta in diff.deltas)
        except (KeyError, pygit2.GitError) as error:
            raise damaged(self._url) from error

    def remember(self, ref: str, commit: str) -> None:
        """Notes where a ref leads, for a start without network. Fetching does so by itself."""
        self._opened().references.create(_OUR_HEAD if ref == HEAD else ref, commit, force=True)

    def release(self) -> None:
        """Gives back files and memory; the next use opens the copy again."""
        if self._repository is not None:
            self._repository.free()
            self._repository = None

    def discard(self) -> None:
        """Throws the copy away; the next use begins an empty one."""
        self.release()
        shutil.rmtree(self._path, ignore_errors=True)

    def _commit(self, sha: str) -> pygit2.Commit:
        try:
            commit = self._opened()[sha].peel(pygit2.Commit)
        except (KeyError, ValueError, pygit2.GitError) as error:
            raise damaged(self._url) from error
        return commit

    def _fetch(self, refspecs: Iterable[str], credential: GitCredential | None) -> None:
        fetch(self._opened(), self._url, list(refspecs), credential, self._settings)
        if len(list(self._path.glob("objects/pack/*.pack"))) > self._settings.max_packs:
            self._join_packs()

    def _join_packs(self) -> None:
        """Rolls small packs up into one, which takes little however large the repository is. libgit2 cannot."""
        self.release()
        command = ["git", f"--git-dir={self._path}", "repack", "--geometric=2", "-d", "-q"]
        try:
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            return  # without it the mirror is slower, and the next fetch tries again

    def _opened(self) -> pygit2.Repository:
        if self._repository is None:
            self._repository = self._open()
        return self._repository

    def _open(self) -> pygit2.Repository:
        if not (self._path / "HEAD").is_file():
            shutil.rmtree(self._path, ignore_errors=True)
            return self._init()
        self._remove_stale_locks()
        try:
            repository = pygit2.Repository(str(self._path))
        except pygit2.GitError:
            shutil.rmtree(self._path, ignore_errors=True)
            return self._init()
        if not _looks_whole(repository):
            repository.free()
            shutil.rmtree(self._path, ignore_errors=True)
            return self._init()
        return repository

    def _init(self) -> pygit2.Repository:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return pygit2.init_repository(str(self._path), bare=True)

    def _remove_stale_locks(self) -> None:
        """A process that was killed leaves them, and they would stop every fetch. Nobody else writes here."""
        for lock in (*self._path.glob("*.lock"), *(self._path / "refs").rglob("*.lock")):
            lock.unlink(missing_ok=True)


def _looks_whole(repository: pygit2.Repository) -> bool:
    """Reading what the refs lead to is a cheap proof that a copy is good enough to be used."""
    try:
        for name in repository.references:
            repository.references[name].peel(pygit2.Tree)
    except (pygit2.GitError, KeyError, ValueError):
        return False
    return True


def _change(delta: pygit2.DiffDelta) -> PathChange:
    return PathChange(delta.new_file.path or delta.old_file.path, _KINDS.get(delta.status, ChangeKind.REPLACED))
