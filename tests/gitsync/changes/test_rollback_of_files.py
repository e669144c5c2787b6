"""What a rollback changes: files where a source follows a branch, the manifest where it is fixed. Pure."""

from typing import Any

from gitsync.changes.application import Holder
from gitsync.changes.rollback import ReleasedSource, manifest_edit, paths_to_restore
from gitsync.git.affected import ChangeKind, PathChange
from gitsync.git.closure import Closure, ClosureEntry, EntryKind
from model.identity import ResourceKey
from model.kinds.application import ApplicationSource, DirectoryOptions
from tests.support.memory_files import MemoryFiles

HOLDER = Holder(
    ApplicationSource(repo_url="x", path="apps", directory=DirectoryOptions()),
    ResourceKey("argoproj.io", "Application", "argosy", "shop"),
)
FILE = """apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop}
spec:
  project: default  # whose
  source:
    repoURL: https://git.example.com/apps
    targetRevision: v2  # newest
    path: shop
"""


def source(**fields: Any) -> dict[str, Any]:
    return {"repoURL": "https://git.example.com/apps", "path": "shop", **fields}


def test_what_follows_a_branch_leaves_the_manifest_alone() -> None:
    spec = {"source": source(targetRevision="main")}
    released = ReleasedSource(source(targetRevision="main", helm=None), "a" * 40, "refs/heads/main")
    assert manifest_edit(_unasked, spec, [released]) is None


def test_a_tag_is_taken_back_to_the_commit_that_was_deployed() -> None:
    edit = manifest_edit(
        lambda: HOLDER,
        {"source": source(targetRevision="v2")},
        [ReleasedSource(source(targetRevision="v1"), "a" * 40, "")],
    )
    assert edit is not None
    ((path, content),) = edit(MemoryFiles({"apps/shop.yaml": FILE})).items()
    assert (path, content) == ("apps/shop.yaml", FILE.replace("v2", "a" * 40).encode())


def test_another_path_is_taken_back_in_the_manifest_and_several_sources_stay_several() -> None:
    two = [source(targetRevision="main", path="b"), {"repoURL": "https://c.example.com", "chart": "c"}]
    spec = {"sources": [source(targetRevision="main"), {**two[1], "targetRevision": "2.*"}]}
    edit = manifest_edit(
        lambda: HOLDER,
        spec,
        [ReleasedSource(two[0], "a" * 40, "refs/heads/main"), ReleasedSource(two[1], "2.1.0", "")],
    )
    assert edit is not None
    text = FILE[: FILE.index("  source:")] + "  sources: []\n"
    ((_, content),) = edit(MemoryFiles({"apps/shop.yaml": text})).items()
    assert content is not None
    told = content.decode()
    assert "path: b" in told
    assert 'targetRevision: "2.1.0"' in told or "targetRevision: 2.1.0" in told


def test_only_what_the_application_read_then_or_reads_now_goes_back() -> None:
    then = Closure((ClosureEntry(EntryKind.BLOB, "shop/a.yaml", "1"), ClosureEntry(EntryKind.LISTING, "shop", "2")))
    now = Closure((ClosureEntry(EntryKind.BLOB, "shared/new.yaml", "3"),))
    changed = (
        PathChange("shop/a.yaml", ChangeKind.MODIFIED),
        PathChange("shop/added.yaml", ChangeKind.ADDED),
        PathChange("shared/new.yaml", ChangeKind.MODIFIED),
        PathChange("other/x.yaml", ChangeKind.MODIFIED),
    )
    assert paths_to_restore(then, now, changed) == (["shop/a.yaml", "shop/added.yaml"], ["shared/new.yaml"])
    assert paths_to_restore(then, None, changed) == (["shop/a.yaml", "shop/added.yaml"], [])


def _unasked() -> Holder:
    raise AssertionError("nobody has to hold a manifest that does not change")
