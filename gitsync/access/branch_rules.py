"""What a Git host says about one branch: whether it is protected, and whether this person may push to it. Pure."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gitsync.access.provider import Provider, ProviderKind, Question, RepositoryPath, api_headers
from gitsync.access.secret import Credential


@dataclass(frozen=True, slots=True)
class BranchRules:
    """None where the host does not say."""

    protected: bool
    may_push: bool | None = None
    required_approvals: int | None = None


def branch_question(provider: Provider, path: RepositoryPath, branch: str, credential: Credential) -> Question | None:
    """None: hosts of this kind tell only administrators of the repository."""
    headers, name = api_headers(provider, credential), quote(branch, safe="")
    match provider.kind:
        case ProviderKind.GITHUB | ProviderKind.GITEA:
            owner, repository = quote(path.owner, safe=""), quote(path.name, safe="")
            return Question(f"{provider.api}/repos/{owner}/{repository}/branches/{name}", headers)
        case ProviderKind.GITLAB:
            project = quote(path.full, safe="")
            return Question(f"{provider.api}/projects/{project}/repository/branches/{name}", headers)
        case ProviderKind.BITBUCKET | ProviderKind.BITBUCKET_SERVER:
            return None


def read_branch(provider: Provider, body: Any) -> BranchRules | None:
    if not isinstance(body, dict) or not isinstance(body.get("protected"), bool):
        return None
    may_push = {ProviderKind.GITEA: "user_can_push", ProviderKind.GITLAB: "can_push"}.get(provider.kind, "")
    pushes, approvals = body.get(may_push), body.get("required_approvals")
    return BranchRules(
        body["protected"],
        pushes if isinstance(pushes, bool) else None,
        approvals if isinstance(approvals, int) and not isinstance(approvals, bool) else None,
    )
