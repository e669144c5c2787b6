"""What a Git host says about the signature of a commit: the question, and the reading of its answer. Pure.

Hosts know keys of their accounts that nobody told the runtime. Their word is shown as theirs.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gitsync.access.provider import Provider, ProviderKind, Question, RepositoryPath, api_headers
from gitsync.access.secret import Credential

# Of GitHub's reasons those that lie in the signature itself.
_BROKEN = frozenset({"invalid", "bad_cert", "malformed_signature"})


@dataclass(frozen=True, slots=True)
class HostWord:
    """`good` None: the host does not know the key. `signer` is who the host says it was, or why it does not know."""

    good: bool | None
    signer: str


def signature_question(
    provider: Provider, path: RepositoryPath, commit: str, credential: Credential
) -> Question | None:
    """None: hosts of this kind verify no signatures."""
    headers, owner, name = api_headers(provider, credential), quote(path.owner, safe=""), quote(path.name, safe="")
    match provider.kind:
        case ProviderKind.GITHUB:
            return Question(f"{provider.api}/repos/{owner}/{name}/commits/{commit}", headers, {"per_page": "1"})
        case ProviderKind.GITEA:
            wanted = {"stat": "false", "files": "false"}
            return Question(f"{provider.api}/repos/{owner}/{name}/git/commits/{commit}", headers, wanted)
        case ProviderKind.GITLAB:
            project = quote(path.full, safe="")
            return Question(f"{provider.api}/projects/{project}/repository/commits/{commit}/signature", headers)
        case ProviderKind.BITBUCKET | ProviderKind.BITBUCKET_SERVER:
            return None


def read_signature(provider: Provider, body: Any) -> HostWord | None:
    """None where the answer does not say. Unexpected shapes say nothing."""
    if provider.kind is ProviderKind.GITLAB:
        return _of_gitlab(body)
    verification = _at(body, "commit", "verification")
    if not isinstance(verification, dict) or not isinstance(verification.get("verified"), bool):
        return None
    reason = str(verification.get("reason") or "")
    if not verification["verified"]:
        return HostWord(False if provider.kind is ProviderKind.GITHUB and reason in _BROKEN else None, reason)
    signer = (
        _at(verification, "signer", "username") or _at(verification, "signer", "name") or _at(body, "author", "login")
    )
    return HostWord(True, str(signer or ""))


def _of_gitlab(body: Any) -> HostWord | None:
    status = _at(body, "verification_status")
    if not isinstance(status, str):
        return None
    signer = _at(body, "gpg_key_user_name") or _at(body, "key", "title") or _at(body, "x509_certificate", "email")
    return HostWord(True if status in ("verified", "verified_system") else None, str(signer or status))


def _at(body: Any, *names: str) -> Any:
    for name in names:
        body = body.get(name) if isinstance(body, dict) else None
    return body
