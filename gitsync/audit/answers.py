"""Answers about single commits and single files, read from mirrors when somebody looks at them."""

from gitsync.audit.patch import patch_of
from gitsync.audit.provenance import field_origins, object_in
from gitsync.git.commit_log import CommitLog
from gitsync.git.repositories import Repositories
from model.audit import CommitChanges, ManifestHistory
from model.report import ManifestLocation

MAX_FILES = 50
MAX_VERSIONS = 100
MAX_COMMITS = 20_000
MAX_ANSWER_CHARACTERS = 1_000_000


async def commit_changes(repositories: Repositories, url: str, sha: str) -> CommitChanges:
    """What a commit changed against its first parent. Raises RevisionNotFound."""
    files, total = await repositories.look(url, sha, lambda commits: commits.changes(sha, limit=MAX_FILES))
    patches, size = [], 0
    for file in files:
        patch = patch_of(file.path, file.before, file.after)
        size += len(patch.patch)
        if size > MAX_ANSWER_CHARACTERS:
            break
        patches.append(patch)
    return CommitChanges(tuple(patches), total)


async def manifest_history(
    repositories: Repositories, url: str, location: ManifestLocation, *, kind: str, name: str
) -> ManifestHistory:
    """The versions of one object in one file, and who set each of its fields."""
    path = location.path

    def versions(commits: CommitLog) -> tuple[tuple[str, bytes | None], ...]:
        return commits.versions(location.revision, path, max_versions=MAX_VERSIONS, max_commits=MAX_COMMITS)

    found = await repositories.look(url, location.revision, versions)
    bodies = [
        (sha, object_in(data, file=path, kind=kind, name=name) if data is not None else None)
        for sha, data in reversed(found)
    ]
    fields = field_origins(bodies)
    infos = [await repositories.commit_info(url, sha) for sha, _ in found]
    return ManifestHistory(location=location, commits=tuple(infos), fields=fields)
