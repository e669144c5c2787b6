"""All repositories of the runtime: the one door of this package.

Every repository has its own mirror, threads and failures; none waits for another.
"""

import asyncio
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from gitsync.git.address import check_address, normalized, same_place
from gitsync.git.affected import ChangedPaths, Key
from gitsync.git.change import Change, Landed
from gitsync.git.closure import Closure
from gitsync.git.commit_log import CommitLog
from gitsync.git.commit_queue import CommitQueue, MayShare
from gitsync.git.credentials import CredentialSource, GitCredential
from gitsync.git.history import HistoryBudget, Memo, newest_changes
from gitsync.git.mirror import Mirror
from gitsync.git.refs import RefListing, RefsMoved
from gitsync.git.remote import configure
from gitsync.git.repository import Repository, RepositoryState, ResolvedRevision
from gitsync.git.settings import GitSettings
from gitsync.git.signed import SignedObject
from gitsync.git.tree import Files
from gitsync.git.watcher import RefWatcher
from model.report import CommitInfo

_T = TypeVar("_T")
Listener = Callable[[RefsMoved], None]
_DEFAULT_SETTINGS = GitSettings()
_DEFAULT_BUDGET = HistoryBudget()


class TreeReader:
    """The files of one commit. `run` is one visit to the owner thread, so whoever reads much asks for it at once."""

    def __init__(self, repository: Repository, commit: str) -> None:
        self._repository = repository
        self.commit = commit

    async def run(self, work: Callable[[Files], _T]) -> _T:
        """Result of the work. It must not keep the files, nor be slow for other reasons than reading them."""
        return await self._repository.read(lambda mirror: work(mirror.files(self.commit)), needs=[self.commit])


class Repositories:
    """Repositories by URL; they are made known by their first use."""

    def __init__(
        self,
        data_dir: Path,
        *,
        credentials: CredentialSource,
        settings: GitSettings = _DEFAULT_SETTINGS,
        clock: Callable[[], datetime],
    ) -> None:
        configure(settings)
        self._data_dir = data_dir / "git"
        self._credentials = credentials
        self._settings = settings
        self._clock = clock
        self._repositories: dict[str, Repository] = {}
        self._watchers: dict[str, RefWatcher] = {}
        self._memos: dict[str, Memo[Any]] = {}
        self._queues: dict[tuple[str, str, str], CommitQueue] = {}

    async def resolve(self, url: str, revision: str, *, fresh: bool = False, tag_prefix: str = "") -> ResolvedRevision:
        """The commit that a revision means now. `fresh` asks the host even if it was asked a moment ago.

        When the host does not answer, the newest known commit is given, and `head_checked_at` and `state` tell its age.
        `tag_prefix` narrows ranges of versions to tags that begin with it.
        """
        return await self._repository(url).resolve(revision, fresh=fresh, tag_prefix=tag_prefix)

    async def tree(self, url: str, commit: str) -> TreeReader:
        """The files of a commit, fetched if need be."""
        repository = self._repository(url)
        await repository.ensure(commit)
        return TreeReader(repository, commit)

    async def commit_info(self, url: str, sha: str) -> CommitInfo:
        """Author, message and time of a commit."""
        return await self._repository(url).commit_info(sha)

    async def changed_paths(self, url: str, old: str, new: str) -> ChangedPaths:
        """Files that differ between two commits, for `AffectedIndex.affected`."""
        repository = self._repository(url)
        await repository.ensure(old)
        await repository.ensure(new)
        return await repository.read(lambda mirror: mirror.changed_paths(old, new), needs=[old, new])

    async def refs(self, url: str, *, fresh: bool = False) -> RefListing:
        """All refs of the repository, as its host told them last; `fresh`: as it tells them now, or raises why not."""
        repository = self._repository(url)
        if fresh:
            await repository.refresh()
        return await repository.listing()

    async def read(
        self, url: str, work: Callable[[Mirror], _T], *, refs: Mapping[str, str], needs: Collection[str] = ()
    ) -> _T:
        """Result of the work on the mirror, with what `refs` lead to fetched; one visit to the owner thread."""
        repository = self._repository(url)
        await repository.bring(refs)
        return await repository.read(work, needs=[*refs.values(), *needs])

    async def look(self, url: str, commit: str, work: Callable[[CommitLog], _T]) -> _T:
        """Result of looking at a commit and those before it, fetched if need be."""
        repository = self._repository(url)
        await repository.ensure(commit)
        return await repository.read(lambda mirror: mirror.look(work), needs=[commit])

    async def signed_commits(self, url: str, shas: Sequence[str]) -> list[SignedObject]:
        """Commits with their signatures, fetched if need be."""
        repository = self._repository(url)
        await repository.ensure(shas[0])
        return await repository.read(lambda mirror: mirror.signed_commits(shas), needs=shas[:1])

    async def signed_tag(self, url: str, ref: str) -> SignedObject | None:
        """An annotated tag with its signature; None for a tag that is only a name of a commit."""
        return await self._repository(url).signed_tag(ref)

    async def newest_changes(
        self,
        url: str,
        head: str,
        closures: Mapping[Key, Closure],
        *,
        budget: HistoryBudget = _DEFAULT_BUDGET,
    ) -> dict[Key, str]:
        """For each reader the newest commit up to `head` that changed what it reads, in one walk for all.

        Readers whose commit lies beyond the budget are left out.
        """
        repository = self._repository(url)
        await repository.ensure(head)
        memo: Memo[Key] = self._memos.setdefault(normalized(url), Memo())
        return await newest_changes(repository.read, head, closures, memo=memo, budget=budget)

    async def commit(
        self,
        url: str,
        ref: str,
        change: Change,
        credential: GitCredential | None,
        *,
        base_ref: str = "",
        push_url: str = "",
        may_share: MayShare | None = None,
    ) -> Landed:
        """Makes the change on the newest commit of `ref` and pushes it with this credential. Raises what the edit
        raises, PushRefused, or why it could not be pushed. A ref that does not exist begins at `base_ref`. `push_url`
        is another address of the same repository, for a credential that is not for the one it is read from.
        `may_share`: see `CommitQueue.commit`.
        """
        if push_url:
            check_address(push_url)
        key = (self._key(url), ref, push_url)
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = CommitQueue(
                self._repository(url),
                self._mirror_path(key[0]),
                ref,
                base_ref=base_ref,
                push_url=push_url,
                settings=self._settings,
                clock=self._clock,
                pushed=lambda: self.hint([url]),
            )
        return await queue.commit(change, credential, may_share=may_share)

    def subscribe(self, url: str, listener: Listener) -> None:
        """Calls the listener in the event loop when refs of the repository have moved; its objects are here then."""
        key = self._key(url)
        if key not in self._watchers:
            self._watchers[key] = RefWatcher(self._repository(url), self._settings)
        self._watchers[key].listeners[listener] = None

    def unsubscribe(self, url: str, listener: Listener) -> None:
        """Ends what `subscribe` began; the last one to go ends the asking."""
        key = self._key(url)
        watcher = self._watchers.get(key)
        if watcher is None:
            return
        watcher.listeners.pop(listener, None)
        if not watcher.listeners:
            del self._watchers[key]
            watcher.stop()

    def hint(self, urls: Collection[str] = ()) -> None:
        """These repositories may have changed, in whatever spelling; none given: all. They are asked at once."""
        places = {same_place(url) for url in urls}
        for watcher in self._watchers.values():
            if not places or same_place(watcher.url) in places:
                watcher.hint()

    def poll_every(self, seconds: float) -> None:
        """Hosts are asked at this interval from now on; whoever waits for a longer one is asked at once."""
        if seconds == self._settings.poll_seconds:
            return
        self._settings = replace(self._settings, poll_seconds=seconds)
        for repository in self._repositories.values():
            repository.settings = self._settings
        for watcher in self._watchers.values():
            watcher.settings = self._settings
            watcher.hint()

    def state(self, url: str) -> RepositoryState | None:
        """What is known of a repository without asking; None if nobody asked for it yet."""
        repository = self._repositories.get(self._key(url))
        return repository.state if repository else None

    def urls(self) -> tuple[str, ...]:
        """Every repository that was used, as it was spelled first; with the credentials that are in it."""
        return tuple(repository.url for repository in self._repositories.values())

    def states(self) -> tuple[RepositoryState, ...]:
        return tuple(repository.state for repository in self._repositories.values())

    async def close(self) -> None:
        """Ends all watching. Connections that hang are not waited for."""
        watchers = list(self._watchers.values())
        self._watchers.clear()
        for watcher in watchers:
            watcher.stop()
        await asyncio.gather(*(watcher.ended() for watcher in watchers))
        for queue in self._queues.values():
            queue.close()
        for repository in self._repositories.values():
            repository.close()

    def _key(self, url: str) -> str:
        check_address(url)
        return normalized(url)

    def _repository(self, url: str) -> Repository:
        key = self._key(url)
        repository = self._repositories.get(key)
        if repository is None:
            path = self._mirror_path(key)
            repository = Repository(url, path, self._credentials, self._settings, self._clock)
            self._repositories[key] = repository
        return repository

    def _mirror_path(self, key: str) -> Path:
        return self._data_dir / f"{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}.git"
