"""Who has to review a change of an application's manifest before it counts: CODEOWNERS and branch protection."""

from gitsync.access.branch_rules import BranchRules
from gitsync.access.code_owners import MAX_BYTES, owners_of, places_of
from gitsync.access.credentials import CredentialStore
from gitsync.access.provider import ProviderKind
from gitsync.access.provider_client import ProviderClient, ProviderSilent
from gitsync.application.record import Record
from gitsync.git.repositories import Repositories
from gitsync.git.tree import EntryType, Files, find
from gitsync.reporting.reporter import Reporter
from model.link_access import ManifestReview

_HEADS = "refs/heads/"


async def manifest_review(
    record: Record,
    person: str,
    *,
    reporter: Reporter,
    repositories: Repositories,
    credentials: CredentialStore,
    providers: ProviderClient,
) -> ManifestReview:
    """What stands between a change of the manifest and its branch, as far as the host tells this person."""
    location, owner = reporter.manifest_location(record), reporter.owner(record)
    if location is None or owner is None:
        return ManifestReview()
    source = owner.application.spec.all_sources[0]
    resolved = await repositories.resolve(source.repo_url, source.target_revision)
    state = repositories.state(source.repo_url)
    ref = resolved.ref if resolved.ref != "HEAD" else (state.default_branch if state else "")
    branch = (ref or "").removeprefix(_HEADS) if (ref or "").startswith(_HEADS) else ""
    path = location.path

    kind = await _kind(providers, credentials.web_url(source.repo_url))

    def look(files: Files) -> tuple[str, ...]:
        return owners_of(_code_owners(files, kind), path, kind)

    owners = await (await repositories.tree(source.repo_url, resolved.commit)).run(look)
    rules = await _rules(providers, credentials, person, source.repo_url, branch) if branch else None
    return ManifestReview(
        branch=branch,
        path=path,
        owners=owners,
        protected=rules.protected if rules else None,
        may_push=rules.may_push if rules else None,
        required_approvals=rules.required_approvals if rules else None,
    )


async def _kind(providers: ProviderClient, url: str) -> ProviderKind | None:
    try:
        provider = await providers.provider_of(url)
    except ProviderSilent:
        return None
    return provider.kind if provider is not None else None


def _code_owners(files: Files, kind: ProviderKind | None) -> str:
    """Text of the first CODEOWNERS that there is, as the host looks for it."""
    for place in places_of(kind):
        entry = find(files, place).entry
        if entry is not None and entry.type is EntryType.BLOB and files.size(entry.id) <= MAX_BYTES:
            return files.read(entry.id).decode(errors="replace")
    return ""


async def _rules(
    providers: ProviderClient, credentials: CredentialStore, person: str, url: str, branch: str
) -> BranchRules | None:
    url = credentials.web_url(url)
    credential = credentials.for_person(person, url)
    if credential is None:
        return None
    try:
        return await providers.branch_rules(url, branch, credential)
    except ProviderSilent:
        return None
