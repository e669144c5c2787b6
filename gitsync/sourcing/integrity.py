"""Refuses commits whose signatures are not what the project demands, before anything is read of them.

What was verified once is remembered as long as keys and policy stay the same: a commit never changes.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping

import msgspec

from gitsync.errors import Failed, Waiting
from gitsync.git.address import redact
from gitsync.git.errors import SignatureRefused
from gitsync.git.gpg import Keyring
from gitsync.git.repositories import Repositories
from gitsync.git.repository import ResolvedRevision
from gitsync.git.signed import SignedObject
from gitsync.manifest.object import JsonObject
from gitsync.project.integrity import IntegrityMode, IntegrityPolicy, integrity_policy

_MAX_COMMITS = 20_000
_MAX_REMEMBERED = 200_000
_STEP = 200  # commits read in one visit to the mirror


class IntegrityFailed(Failed):
    """A signature that the project demands is missing or not trusted."""


class SourceIntegrity:
    """`keys` are armored public keys by id, or None while they are not known yet."""

    def __init__(self, repositories: Repositories, *, keys: Callable[[], Mapping[str, str] | None]) -> None:
        self._repositories = repositories
        self._keys = keys
        self._keyring = Keyring({})
        self._of = ""
        self._verified: set[tuple[str, str]] = set()
        self._turn = asyncio.Lock()

    async def require(self, project: JsonObject | None, url: str, resolved: ResolvedRevision) -> None:
        """Raises IntegrityFailed, or Waiting while the keys are not known."""
        policy = integrity_policy(project, url)
        if policy is None:
            return
        keys = self._keys()
        if keys is None:
            raise Waiting("the keys of argocd-gpg-keys-cm are being read", retry_after_seconds=0.5)
        async with self._turn:
            self._use(keys)
            await self._require(policy, url, resolved)

    def close(self) -> None:
        self._keyring.close()

    def _use(self, keys: Mapping[str, str]) -> None:
        digest = hashlib.blake2b(msgspec.msgpack.encode(sorted(keys.items())), digest_size=16).hexdigest()
        if digest != self._of:
            self._keyring.close()
            self._keyring, self._of = Keyring(dict(keys)), digest
            self._verified.clear()

    async def _require(self, policy: IntegrityPolicy, url: str, resolved: ResolvedRevision) -> None:
        name = f"{policy.mode} {' '.join(sorted(policy.keys))}"
        if len(self._verified) > _MAX_REMEMBERED:
            self._verified.clear()
        head = (name, f"{resolved.tag} {resolved.commit}")
        if head in self._verified:
            return
        tag = await self._repositories.signed_tag(url, resolved.tag) if resolved.tag else None
        if tag is not None:
            await self._trust(policy, url, f"tag {resolved.tag.removeprefix('refs/tags/')}", tag)
        if policy.mode is IntegrityMode.STRICT:
            await self._trust_all(policy, name, url, resolved.commit)
        elif tag is None:
            (commit,) = await self._repositories.signed_commits(url, [resolved.commit])
            await self._trust(policy, url, f"commit {commit.id[:8]}", commit)
        self._verified.add(head)

    async def _trust_all(self, policy: IntegrityPolicy, name: str, url: str, head: str) -> None:
        """The commit and those before it, back to those that are known or seal what is before them."""
        todo, found = [head], {head}
        done: list[str] = []
        while todo:
            step, todo = todo[:_STEP], todo[_STEP:]
            for commit in await self._repositories.signed_commits(url, step):
                await self._trust(policy, url, f"commit {commit.id[:8]}", commit)
                done.append(commit.id)
                parents = () if commit.seals else commit.parents
                new = [one for one in parents if one not in found and (name, one) not in self._verified]
                found.update(new)
                todo += new
            if len(found) > _MAX_COMMITS:
                raise IntegrityFailed(
                    f"{redact(url)} has more than {_MAX_COMMITS} commits to verify",
                    suggestion="Seal the history with a signed commit that has the trailer Argocd-gpg-seal.",
                )
        # Only now: until all before it are verified, none of them is.
        self._verified.update((name, one) for one in done)

    async def _trust(self, policy: IntegrityPolicy, url: str, what: str, signed: SignedObject) -> None:
        try:
            fingerprints = await asyncio.to_thread(self._keyring.signers, signed.payload, signed.signature)
        except SignatureRefused as refused:
            raise IntegrityFailed(
                f"{what} of {redact(url)} is not trusted: {refused.message}", suggestion=refused.suggestion
            ) from refused
        if not policy.trusts(fingerprints):
            raise IntegrityFailed(
                f"{what} of {redact(url)} is not trusted: the project does not list the key {fingerprints[0]}",
                suggestion="Have it signed by somebody whom the project trusts, or list the key in the project.",
            )
