"""One repository: its mirror, what its host says its refs are, and how it does.

Refs are listed in a thread of their own that never touches the mirror, so a host that hangs does not hold up reading
what is already here.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from gitsync.errors import GitsyncError
from gitsync.git.address import redact
from gitsync.git.credentials import CredentialSource
from gitsync.git.errors import MirrorDamaged, NoRoom, RepositoryUnreachable, RevisionNotFound
from gitsync.git.mirror import Mirror
from gitsync.git.owner_thread import OwnerThread
from gitsync.git.refs import (
    HEAD,
    RefListing,
    RefMove,
    TagRange,
    is_full_commit,
    is_short_commit,
    moves_between,
    moves_of_ranges,
    ref_of,
    tag_of,
)
from gitsync.git.remote import list_refs
from gitsync.git.settings import GitSettings
from gitsync.git.signed import SignedObject
from model.report import CommitInfo

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ResolvedRevision:
    """The commit of a revision. `ref` is what to watch for it to move; None: a commit id, which never moves.
    `tag` is the full name of the tag that it was resolved by."""

    commit: str
    ref: str | None
    head_checked_at: datetime | None
    tag: str = ""


@dataclass(frozen=True, slots=True)
class RepositoryState:
    """How a repository does. `head` is the newest known commit of the default branch; `error` "" when it is well."""

    url: str
    head: str | None = None
    default_branch: str = ""
    checked_at: datetime | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Refresh:
    """What asking the host brought to light."""

    moves: tuple[RefMove, ...] = ()
    recovered: bool = False
    listing_seconds: float = 0.0


class Repository:
    """To be used from the event loop only."""

    def __init__(
        self,
        url: str,
        path: Path,
        credentials: CredentialSource,
        settings: GitSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self.url = url
        self.on_refresh: Callable[[Refresh], None] | None = None
        self._credentials = credentials
        self.settings = settings
        self._clock = clock
        self._mirror = Mirror(path, url, settings)
        self._owner = OwnerThread(f"mirror {path.stem[:8]}")
        self._lister = OwnerThread(f"refs {path.stem[:8]}")
        self._listing: RefListing | None = None
        self._listed_at: datetime | None = None
        self._error: GitsyncError | None = None
        self._refreshing: asyncio.Task[Refresh] | None = None
        self._followed: set[str] = set()  # refs that somebody resolved: these are fetched when they move
        self._ranges: set[TagRange] = set()  # ranges of versions that somebody resolved, each followed like a ref
        self._present: set[str] = set()  # commits known to be in the mirror
        self._missing: dict[str, RefListing | None] = {}  # commits not found while the refs were these
        self._infos: dict[str, CommitInfo] = {}
        self._generation = 0  # counts how often the mirror was made anew
        self._renewing = asyncio.Lock()

    @property
    def state(self) -> RepositoryState:
        return RepositoryState(
            redact(self.url),
            self._listing.refs.get(HEAD) if self._listing else None,
            self._listing.default_branch if self._listing else "",
            self._listed_at,
            str(self._error) if self._error else "",
        )

    async def resolve(self, revision: str, *, fresh: bool, tag_prefix: str = "") -> ResolvedRevision:
        if is_full_commit(revision):
            await self.ensure(revision)
            return ResolvedRevision(revision, None, self._listed_at)
        listing = await self._current_listing(fresh)
        wanted = TagRange(revision, tag_prefix)
        tag = tag_of(wanted, listing.refs) if tag_prefix else None
        ref = ref_of(revision, listing.refs) if tag is None else None
        if ref is not None:
            commit = listing.refs[ref]
            await self.ensure(commit, ref)
            if ref not in self._followed:
                self._followed.add(ref)
                await self.read(lambda mirror: mirror.remember(ref, commit))
            return ResolvedRevision(commit, ref, self._listed_at, ref if ref.startswith("refs/tags/") else "")
        tag = tag or tag_of(wanted, listing.refs)
        if tag is not None and not is_short_commit(revision):
            self._ranges.add(wanted)
            await self.ensure(listing.refs[tag], tag)
            await self.read(lambda mirror: mirror.remember(tag, listing.refs[tag]))
            return ResolvedRevision(listing.refs[tag], wanted.ref, self._listed_at, tag)
        return ResolvedRevision(await self._expand(revision), None, self._listed_at)

    async def signed_tag(self, ref: str) -> SignedObject | None:
        """The annotated tag of a ref. It is fetched anew, since we remember of tags only where they lead."""
        credential = await self._credentials.credential_for(self.url)

        def fetched(mirror: Mirror) -> SignedObject | None:
            mirror.fetch_refs([ref], credential)
            return mirror.signed_tag(ref)

        return await self.read(fetched)

    async def tip(self, ref: str, *, fresh: bool) -> str | None:
        """The commit of a ref by its full name; None: there is no such ref. `fresh`: as the host says now, or raises
        why it did not say."""
        if fresh:
            await self.refresh()
        listing = await self._current_listing(False)
        commit = listing.refs.get(ref)
        if commit is not None:
            await self.ensure(commit, ref)
        return commit

    async def ensure(self, commit: str, ref: str | None = None) -> None:
        """Has the commit in the mirror, by `ref` if it leads there. Raises RevisionNotFound."""
        if commit in self._present:
            return
        if not await self.read(lambda mirror: mirror.has(commit)):
            await self._bring(commit, ref)
        self._present.add(commit)

    async def listing(self) -> RefListing:
        """All refs as the host told them last; it is asked now if that was long ago."""
        return await self._current_listing(fresh=False)

    async def bring(self, refs: Mapping[str, str]) -> None:
        """Has the commits that refs lead to in the mirror, fetched in one conversation. Raises RevisionNotFound."""
        unknown = {ref: commit for ref, commit in refs.items() if commit not in self._present}
        if not unknown:
            return
        credential = await self._credentials.credential_for(self.url)

        def fetch(mirror: Mirror) -> list[str]:
            missing = [ref for ref, commit in unknown.items() if not mirror.has(commit)]
            if missing:
                mirror.fetch_refs(missing, credential)
            return [ref for ref in missing if not mirror.has(unknown[ref])]

        if moved := await self.read(fetch):
            raise RevisionNotFound(
                f"{redact(self.url)} moved {', '.join(moved[:3])} while it was fetched",
                suggestion="It is read again when the refs are listed next.",
            )
        self._present.update(unknown.values())

    async def read(self, work: Callable[[Mirror], _T], *, needs: Collection[str] = ()) -> _T:
        """Result of the work on the mirror. A damaged mirror is made anew once, with the commits in `needs`."""
        generation = self._generation
        try:
            return await self._on_mirror(work)
        except MirrorDamaged:
            await self._renew(generation)
            for commit in needs:
                await self.ensure(commit)
            return await self._on_mirror(work)

    async def commit_info(self, sha: str) -> CommitInfo:
        info = self._infos.get(sha)
        if info is None:
            await self.ensure(sha)
            info = await self.read(lambda mirror: mirror.commit_info(sha), needs=[sha])
            while len(self._infos) >= 5000:
                del self._infos[next(iter(self._infos))]
            self._infos[sha] = info
        return info

    async def refresh(self) -> Refresh:
        """Asks the host for its refs and fetches those that are followed and have moved. One at a time; whoever comes
        while one is under way shares it, and whoever goes does not end it for the others."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh(), name=f"refs of {redact(self.url)}")
            self._refreshing.add_done_callback(_look_at)
        return await asyncio.shield(self._refreshing)

    def rest(self) -> None:
        """Gives back the threads while there is nothing to do."""
        self._owner.rest()
        self._lister.rest()

    def close(self) -> None:
        if self._refreshing is not None:
            self._refreshing.cancel()
        self._owner.close(self._mirror.release)
        self._lister.close()

    async def _refresh(self) -> Refresh:
        failed_before = self._error is not None
        try:
            began = asyncio.get_running_loop().time()
            listing = await self._list()
            listing_seconds = asyncio.get_running_loop().time() - began
            old = self._listing
            moves = moves_between(old.refs, listing.refs) if old else ()
            wanted = [move.ref for move in moves if move.new and move.ref in self._followed]
            of_ranges, tags = moves_of_ranges(self._ranges, old.refs, listing.refs) if old else ((), ())
            wanted += [tag for tag in tags if tag not in wanted]
            moves += of_ranges
            if wanted:
                credential = await self._credentials.credential_for(self.url)
                await self.read(lambda mirror: mirror.fetch_refs(wanted, credential))
        except GitsyncError as error:
            self._error = error
            if isinstance(error, NoRoom) and not failed_before:
                self._tell(Refresh(tuple(RefMove(ref, None, None) for ref in self._followed), False, 0.0))
            raise
        self._listing, self._listed_at, self._error = listing, self._clock(), None
        result = Refresh(moves, failed_before, listing_seconds)
        self._tell(result)
        return result

    def _tell(self, refresh: Refresh) -> None:
        """What moved; of a commit that does not fit on the disk nobody knows whom it concerns, so all look again."""
        if self.on_refresh is not None:
            self.on_refresh(refresh)

    async def _list(self) -> RefListing:
        if self._lister.busy:
            raise self._late("is still busy with an earlier question")
        credential = await self._credentials.credential_for(self.url)
        try:
            async with asyncio.timeout(self.settings.list_timeout_seconds):
                return await self._lister.run(lambda: list_refs(self.url, credential, self.settings))
        except TimeoutError as error:
            raise self._late(f"gave no answer within {self.settings.list_timeout_seconds:g} seconds") from error

    def _late(self, what: str) -> RepositoryUnreachable:
        return RepositoryUnreachable(
            f"{redact(self.url)} {what}",
            suggestion="Check that the Git host is up and that the runtime may connect to it.",
        )

    async def _current_listing(self, fresh: bool) -> RefListing:
        if self._listing is not None and not fresh and self._recent():
            return self._listing
        try:
            await self.refresh()
        except RepositoryUnreachable:
            known = self._listing or await self._remembered()
            if known is None:
                raise
            return known
        assert self._listing is not None, "a refresh without error leaves a listing"
        return self._listing

    def _recent(self) -> bool:
        """A listing is good for two intervals: the watcher renews it every one."""
        if self._error is not None or self._listed_at is None:
            return False
        return (self._clock() - self._listed_at).total_seconds() < 2 * self.settings.poll_seconds

    async def _remembered(self) -> RefListing | None:
        refs = await self.read(lambda mirror: mirror.known_refs())
        return RefListing(refs) if refs else None

    async def _bring(self, commit: str, ref: str | None) -> None:
        credential = await self._credentials.credential_for(self.url)

        def by_ref(mirror: Mirror, ref: str) -> bool:
            if not mirror.has(commit):  # somebody else may have brought it while we waited for the thread
                mirror.fetch_refs([ref], credential)
            return mirror.has(commit)

        if ref is not None and await self.read(lambda mirror: by_ref(mirror, ref)):
            return
        looked_before = commit in self._missing and self._missing[commit] is self._listing
        if looked_before or not await self.read(lambda mirror: mirror.fetch_commit(commit, credential)):
            self._missing[commit] = self._listing
            raise RevisionNotFound(
                f"{redact(self.url)} has no commit {commit}, or no branch or tag leads to it any more",
                suggestion="Check the commit id; after a force-push, choose a commit that is still on a branch.",
            )
        self._missing.pop(commit, None)

    async def _expand(self, revision: str) -> str:
        if is_short_commit(revision):
            commit = await self.read(lambda mirror: mirror.expand(revision))
            if commit is None:
                credential = await self._credentials.credential_for(self.url)
                await self.read(lambda mirror: mirror.fetch_everything(credential))
                commit = await self.read(lambda mirror: mirror.expand(revision))
            if commit is not None:
                return commit
        raise RevisionNotFound(
            f"{redact(self.url)} has no branch, tag or commit {revision!r:.200}",
            suggestion="Check targetRevision, and that the branch was not deleted.",
        )

    async def _renew(self, generation: int) -> None:
        """Throws the mirror away and fetches what is followed, unless somebody has done so since `generation`."""
        async with self._renewing:
            if generation != self._generation:
                return
            self._generation += 1
            self._present.clear()
            self._missing.clear()
            await self._on_mirror(lambda mirror: mirror.discard())
            credential = await self._credentials.credential_for(self.url)
            if refs := sorted(self._followed):
                await self._on_mirror(lambda mirror: mirror.fetch_refs(refs, credential))

    async def _on_mirror(self, work: Callable[[Mirror], _T]) -> _T:
        return await self._owner.run(lambda: work(self._mirror))


def _look_at(task: asyncio.Task[Refresh]) -> None:
    """Its error is in the state already; nobody may be left to hear it."""
    if not task.cancelled():
        task.exception()
