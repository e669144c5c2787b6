"""Verdicts on signatures of commits, with the keys that runtimes know now."""

from collections import defaultdict

from api.errors import ApiError
from api.plane import ControlPlane
from model.audit import ListedAuditEntry, SignatureStatus, SignatureVerdict, SignatureVerdicts, VerifySignatures

_AT_ONCE = 100


async def load_signatures(plane: ControlPlane, entries: list[ListedAuditEntry]) -> list[SignatureVerdict]:
    """In the order of `entries`, which the viewer may see. Without an answer of the runtime a signature stays what the
    log says of it: there, and not verified."""
    asked: dict[tuple[str, str], list[str]] = defaultdict(list)
    for listed in entries:
        asked[listed.runtime, listed.entry.commit.repo_url].append(listed.entry.commit.sha)
    found: dict[tuple[str, str, str], SignatureVerdict] = {}
    for (runtime, repo), shas in asked.items():
        for start in range(0, len(shas), _AT_ONCE):
            body = VerifySignatures(repo, tuple(shas[start : start + _AT_ONCE]))
            try:
                answer = await plane.connected.ask(runtime, body, SignatureVerdicts)
            except ApiError:
                break
            found |= {(runtime, repo, one.sha): one for one in answer.verdicts}
    return [
        found.get((listed.runtime, listed.entry.commit.repo_url, listed.entry.commit.sha)) or _unverified(listed)
        for listed in entries
    ]


def _unverified(listed: ListedAuditEntry) -> SignatureVerdict:
    return SignatureVerdict(listed.entry.commit.sha, SignatureStatus.UNVERIFIED, listed.entry.signer)
