"""Commits of a scripted runtime's repositories, and what they changed."""

from datetime import UTC, datetime, timedelta

import msgspec

from model.audit import AuditBatch, CommitChanges, FilePatch, GetCommitChanges
from tests.support.audit_entries import batch, entry
from tests.support.fake_runtime import FakeRuntime

PATCH = "--- a/cart.yaml\n+++ b/cart.yaml\n@@ -3,2 +3,2 @@\n spec:\n-  replicas: 2\n+  replicas: 3\n"
CHANGES = CommitChanges((FilePatch("cart.yaml", "MODIFIED", PATCH),), 1)


def tell_commits(runtime: FakeRuntime, repo: str) -> None:
    runtime.audit.append(_commits(repo))
    runtime.answers[GetCommitChanges] = lambda _: CHANGES


def _commits(repo: str, count: int = 3) -> AuditBatch:
    """The newest of a moment ago: one edit of an application, one sync, one commit made outside."""
    now = datetime.now(UTC)
    made = []
    for number, action in zip(range(1, count + 1), ("COMMIT", "SYNC", "EDIT"), strict=False):
        one = entry(number, repo=repo, action=action, message=f"{action.capitalize()} cart")
        date = now - timedelta(minutes=10 * (count - number))
        made.append(msgspec.structs.replace(one, commit=msgspec.structs.replace(one.commit, date=date)))
    return batch(*made)
