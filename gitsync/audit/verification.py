"""Whether signatures of commits are good, with the keys that the runtime knows now: asked when somebody looks.

GnuPG keys are those of argocd-gpg-keys-cm, SSH keys those of the ConfigMap `argosy-allowed-signers` (`allowed_signers`,
in the format of ssh-keygen). A good signature by a key that nobody named proves nothing: then the Git host is asked,
which knows keys of its accounts, and what it says is shown as its word; else it stays UNVERIFIED. Verdicts by our keys
are remembered as long as the keys stay the same; a commit never changes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gitsync.access.commit_signature import HostWord
from gitsync.git.errors import SignatureRefused
from gitsync.git.gpg import Keyring, Trust
from gitsync.git.repositories import Repositories
from gitsync.git.signed import SignedObject
from gitsync.git.ssh_signature import BEGIN, allowed_signers, ssh_signer
from model.audit import SignatureStatus, SignatureVerdict, SignatureVerdicts

MAX_COMMITS = 100
_MAX_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class KnownKeys:
    """Armored GnuPG public keys by id, and the text of allowed SSH signers."""

    gpg: Mapping[str, str] = field(default_factory=dict)
    ssh: str = ""


class Verification:
    """One per runtime. `keys` are read at each question; `host_words` says what the host of a repository says of some
    commits, as far as it says anything."""

    def __init__(
        self,
        repositories: Repositories,
        keys: Callable[[], Awaitable[KnownKeys]],
        host_words: Callable[[str, Sequence[str]], Awaitable[Mapping[str, HostWord]]],
    ) -> None:
        self._repositories = repositories
        self._keys = keys
        self._host_words = host_words
        self._used = KnownKeys()
        self._keyring = Keyring({})
        self._allowed: dict[bytes, str] = {}
        self._known: dict[str, SignatureVerdict] = {}
        self._turn = asyncio.Lock()

    async def verify(self, url: str, shas: Sequence[str]) -> SignatureVerdicts:
        """Raises RepositoryError."""
        found = await self._by_our_keys(url, shas)
        doubtful = [one.sha for one in found if one.status is SignatureStatus.UNVERIFIED]
        words = await self._host_words(url, doubtful) if doubtful else {}
        host = (urlsplit(url).hostname or url) if words else ""
        return SignatureVerdicts(tuple(_with(one, words.get(one.sha), host) for one in found))

    async def _by_our_keys(self, url: str, shas: Sequence[str]) -> list[SignatureVerdict]:
        async with self._turn:
            self._use(await self._keys())
            wanted = [sha for sha in dict.fromkeys(shas[:MAX_COMMITS]) if sha not in self._known]
            for sha in wanted:  # each is fetched if need be; most are here
                (commit,) = await self._repositories.signed_commits(url, [sha])
                self._known[sha] = await asyncio.to_thread(self._judge, commit)
            return [self._known[sha] for sha in shas[:MAX_COMMITS]]

    def close(self) -> None:
        self._keyring.close()

    def _use(self, keys: KnownKeys) -> None:
        if keys != self._used:
            self._keyring.close()
            self._keyring, self._allowed, self._used = Keyring(dict(keys.gpg)), allowed_signers(keys.ssh), keys
            self._known.clear()
        if len(self._known) > _MAX_REMEMBERED:
            self._known.clear()

    def _judge(self, commit: SignedObject) -> SignatureVerdict:
        if not commit.signature:
            return SignatureVerdict(commit.id, SignatureStatus.NONE)
        if BEGIN in commit.signature:
            return self._judge_ssh(commit)
        try:
            trust, signer = self._keyring.judge(commit.payload, commit.signature)
        except SignatureRefused as refused:
            return SignatureVerdict(commit.id, SignatureStatus.UNVERIFIED, refused.message)
        status = {
            Trust.GOOD: SignatureStatus.VALID,
            Trust.BAD: SignatureStatus.INVALID,
            Trust.UNKNOWN: SignatureStatus.UNVERIFIED,
        }[trust]
        return SignatureVerdict(commit.id, status, signer)

    def _judge_ssh(self, commit: SignedObject) -> SignatureVerdict:
        try:
            signer = ssh_signer(commit.payload, commit.signature, self._allowed)
        except SignatureRefused as refused:
            return SignatureVerdict(commit.id, SignatureStatus.INVALID, refused.message)
        if not signer.principal:
            return SignatureVerdict(commit.id, SignatureStatus.UNVERIFIED, signer.fingerprint)
        return SignatureVerdict(commit.id, SignatureStatus.VALID, f"{signer.principal} {signer.fingerprint}")


def _with(verdict: SignatureVerdict, word: HostWord | None, host: str) -> SignatureVerdict:
    """The host's word counts where ours is that we do not know the key, and is shown as its word."""
    if word is None or word.good is None or verdict.status is not SignatureStatus.UNVERIFIED:
        return verdict
    status = SignatureStatus.VALID if word.good else SignatureStatus.INVALID
    return SignatureVerdict(verdict.sha, status, f"{word.signer or verdict.signer}, says {host}".removeprefix(", "))
