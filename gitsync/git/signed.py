"""Signed objects of a repository, as they were signed. For the mirror's owner thread only."""

from dataclasses import dataclass

import pygit2
from pygit2.enums import ObjectType

_BEGIN = b"-----BEGIN PGP SIGNATURE-----"
_SEAL = "argocd-gpg-seal:"


@dataclass(frozen=True, slots=True)
class SignedObject:
    """A commit or an annotated tag. `signature` is empty if it has none. `seals`: its author vouches, by a trailer, for
    all that is before it."""

    id: str
    payload: bytes
    signature: bytes = b""
    parents: tuple[str, ...] = ()
    seals: bool = False


def signed_commit(repository: pygit2.Repository, sha: str) -> SignedObject:
    """Raises what pygit2 raises if it is not there."""
    commit = repository[sha].peel(pygit2.Commit)
    signature, payload = commit.gpg_signature
    parents = tuple(str(parent) for parent in commit.parent_ids)
    return SignedObject(sha, payload or b"", signature or b"", parents, _seals(commit.raw_message))


def signed_tag(repository: pygit2.Repository, ref: str) -> SignedObject | None:
    """The annotated tag that a ref leads to; None for a ref that leads to a commit at once."""
    target = repository[repository.references[ref].resolve().target]
    if target.type != ObjectType.TAG:
        return None
    _, data = repository.read(target.id)
    at = data.find(b"\n" + _BEGIN) + 1
    return SignedObject(str(target.id), data[:at] if at else data, data[at:] if at else b"")


def _seals(message: bytes) -> bool:
    """Trailers stand in the last paragraph."""
    last = message.decode(errors="replace").strip().rpartition("\n\n")[2]
    return any(line.lower().startswith(_SEAL) for line in last.splitlines())
