"""Pushing one commit to one ref, only if the ref is still where it was thought to be.

The lease is checked twice: against what the host says at the beginning of this very conversation, and by the host
itself, which moves the ref only from that commit.
"""

import time

import pygit2
from pygit2.remotes import PushUpdate

from gitsync.git.address import redact
from gitsync.git.credentials import Answerer, GitCredential
from gitsync.git.errors import Overtaken, PushRefused
from gitsync.git.remote import proxy_of, translated
from gitsync.git.settings import GitSettings

_NO_COMMIT = "0" * 40


class _Push(Answerer):
    """Callbacks of one push: credentials, the lease, what the host says of the ref, and the deadline."""

    def __init__(self, credential: GitCredential | None, lease: str, deadline: float) -> None:
        super().__init__(credential)
        self.refusal: str | None = None
        self.told: list[str] = []
        self._lease = lease
        self._deadline = deadline

    def push_negotiation(self, updates: list[PushUpdate]) -> None:
        for update in updates:
            if str(update.src) != self._lease:
                raise Overtaken(f"the branch is at {str(update.src)[:8]} now")

    def push_update_reference(self, refname: str, message: str | None) -> None:
        if message is not None:
            self.refusal = message

    def push_transfer_progress(self, objects_pushed: int, total_objects: int, bytes_pushed: int) -> None:
        if time.monotonic() > self._deadline:
            raise TimeoutError

    def sideband_progress(self, string: str) -> None:
        if len(self.told) < 20:
            self.told.append(string.strip()[:200])


def push(
    repository: pygit2.Repository,
    url: str,
    commit: str,
    ref: str,
    *,
    lease: str | None,
    credential: GitCredential | None,
    settings: GitSettings,
) -> None:
    """Moves `ref` from `lease` (None: it does not exist) to the commit. Raises Overtaken, PushRefused, or why not."""
    callbacks = _Push(credential, lease or _NO_COMMIT, time.monotonic() + settings.push_timeout_seconds)

    def converse() -> None:
        remote = repository.remotes.create_anonymous(url)
        # Forced, since the lease says more than "fast-forward": a branch that was set back is not filled up again.
        remote.push([f"+{commit}:{ref}"], callbacks=callbacks, proxy=proxy_of(settings))

    translated(url, converse)
    if callbacks.refusal is not None:
        said = "; ".join([redact(callbacks.refusal), *(redact(line) for line in callbacks.told if line)])
        raise PushRefused(
            f"{redact(url)} does not take a push to {ref.removeprefix('refs/heads/')}: {said}"[:1000],
            suggestion="Open a pull request from a new branch instead.",
        )
