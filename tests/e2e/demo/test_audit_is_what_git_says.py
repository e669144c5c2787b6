"""Promise 3: as many mutations as commits with our trailers, and an audit log that does not need the database."""

import asyncio
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.demo import Demo, Person, running_demo
from tests.support.mutations import COUNTED

pytestmark = [pytest.mark.e2e]

REPOSITORIES = ("platform", "apps", "config")


_COMMITTED = "{ operationId commit { sha } errors { code message } }"
_OPERATED = "{ operationId ledgerCommit { sha } errors { code message } }"
_APPLICATION = '{runtime: "demo", name: "audited"}'
_RESOURCE = '{kind: "%s", group: "%s", version: "v1", namespace: "audited", name: "newsletter"}'
_SOURCE = 'input: {runtime: "demo", name: "audited-source", repoURL: "%s/git/apps.git", path: "%s"}'

AUDIT = """query($after: String) { auditLog(pagination: {first: 100, after: $after}) {
  pageInfo { hasNextPage endCursor } nodes {
    commit { sha message repoURL branch } action entityKind entityName runtime actor { name email } operationId reason
    outcome files filesTotal signature { status signer } } } }"""
HISTORY = """{ application(runtime: "demo", name: "audited") { history { id } syncStatus
  operationState { phase } manifest } }"""


async def test_mutations_are_commits_and_the_audit_log_outlives_the_database(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running_demo(data) as demo, demo.signed_in("admin") as admin:
        port = int(demo.url.rpartition(":")[2])
        await admin.until_healthy("platform")
        accepted = await _do_everything(demo, admin)
        assert len(set(accepted)) == len(accepted)
        trailers = await asyncio.to_thread(_operation_ids, demo)
        assert set(trailers) == set(accepted)
        before = await _settled_log(admin, accepted)
    for file in data.glob("argosy.db*"):
        file.unlink()
    async with running_demo(data, port=port) as demo, demo.signed_in("admin") as admin:
        assert await _settled_log(admin, accepted, like=before) == before


async def _do_everything(demo: Demo, admin: Person) -> list[str]:
    """Ids of the operations that were accepted."""
    done: set[str] = set()
    accepted: list[str] = []

    async def do(field: str, arguments: str, selection: str = _OPERATED) -> None:
        async with asyncio.timeout(60):
            while True:
                outcome = (await admin.ask(f"mutation {{ outcome: {field}({arguments}) {selection} }}"))["outcome"]
                if [one["code"] for one in outcome["errors"]] != ["ALREADY_RUNNING"]:
                    break
                await asyncio.sleep(0.2)
        assert outcome["errors"] == [], field
        done.add(field)
        accepted.append(outcome["operationId"])

    def manifest(path: str) -> str:
        return yaml.safe_dump(_manifest(demo, path)).replace('"', '\\"').replace("\n", "\\n")

    words = 'commit: {message: "Because"}'
    at = 'runtime: "demo", name: "audited"'
    create = f'input: {{runtime: "demo", gitSource: "platform", manifest: "{manifest("newsletter")}", {words}}}'
    await do("createApplication", create, _COMMITTED)
    await _until(admin, lambda found: bool(found["history"]))
    first = (await admin.ask(HISTORY))["application"]["history"][-1]["id"]
    await do("syncApplication", f'{at}, options: {{reason: "to see it"}}')
    await _until(admin, lambda found: found["operationState"]["phase"] == "Succeeded")
    await do(
        "runResourceAction",
        f'application: {_APPLICATION}, resource: {_RESOURCE % ("Deployment", "apps")}, action: "restart"',
    )
    await do("deleteResource", f"application: {_APPLICATION}, resource: {_RESOURCE % ('ConfigMap', '')}")
    await asyncio.to_thread(_push, demo)
    await _until(admin, lambda found: len(found["history"]) >= 3)
    await do("rollbackApplication", f"{at}, historyId: {first}")
    edit = f'input: {{application: {_APPLICATION}, manifest: "{manifest("waits")}", {words}}}'
    await asyncio.to_thread(_push_hook, demo)
    await do("editApplication", edit, _COMMITTED)
    await _until(admin, lambda found: found["operationState"]["phase"] == "Running")
    await do("terminateOperation", at)
    await do(
        "deleteApplication", f'input: {{application: {_APPLICATION}, confirmName: "audited", {words}}}', _COMMITTED
    )
    await do("createGitSource", _SOURCE % (demo.url, "more"), _COMMITTED)
    await _until_source(admin)
    await do("editGitSource", _SOURCE % (demo.url, "other"), _COMMITTED)
    await do("deleteGitSource", 'runtime: "demo", name: "audited-source"', _COMMITTED)
    assert done == COUNTED
    # A new Git Source makes room for itself by a commit under an id of its own, which is told as `<id>-directory`.
    return accepted


def _manifest(demo: Demo, path: str) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "audited"},
        "spec": {
            "project": "default",
            "source": {"repoURL": f"{demo.url}/git/apps.git", "targetRevision": "main", "path": path},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "audited"},
            "syncPolicy": {"automated": {"prune": True}, "syncOptions": ["CreateNamespace=true"]},
        },
    }


async def _until(admin: Person, holds: Callable[[dict[str, Any]], bool]) -> None:
    async def there() -> bool:
        found = (await admin.ask(HISTORY))["application"]
        return found is not None and found["operationState"] is not None and holds(found)

    await _patiently(there)


async def _until_source(admin: Person) -> None:
    async def there() -> bool:
        nodes = (await admin.ask("{ gitSources { nodes { metadata { name } } } }"))["gitSources"]["nodes"]
        return "audited-source" in {node["metadata"]["name"] for node in nodes}

    await _patiently(there)


async def _settled_log(
    admin: Person, accepted: list[str], like: list[dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """The whole log once it tells every operation, and the outcome of each that the ledger holds."""
    found: list[dict[str, Any]] = []

    async def complete() -> bool:
        found[:] = await _log(admin)
        told = {one["operationId"]: one for one in found}
        ledger = [one for one in found if any(file.startswith("operations/") for file in one["files"])]
        return set(accepted) <= told.keys() and all(one["outcome"] for one in ledger) and (not like or found == like)

    try:
        await _patiently(complete)
    except TimeoutError:
        assert like is None or found == like
        raise
    return found


async def _log(admin: Person) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await admin.ask(AUDIT, after=after))["auditLog"]
        entries += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return entries
        after = page["pageInfo"]["endCursor"]


async def _patiently(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110 - of other processes, without an event
            await asyncio.sleep(0.2)


def _operation_ids(demo: Demo) -> list[str]:
    """Every id in the trailers of all branches, those of a Git Source's directory under the Git Source's own."""
    ids: list[str] = []
    for repository in REPOSITORIES:
        bare = demo.data_dir.parent / f"{repository}.git"
        _git("clone", "-q", "--mirror", demo.clone_url(repository, user="admin"), str(bare))
        log = _git("-C", str(bare), "log", "--branches", "--format=%(trailers:key=Argosy-Operation-Id,valueonly)")
        ids += [line.removesuffix("-directory") for line in log.splitlines() if line]
    return ids


def _push(demo: Demo) -> None:
    _commit(demo, "newsletter/config.yaml", lambda text: text + "  AUDITED: 'yes'\n")


def _push_hook(demo: Demo) -> None:
    """A directory whose sync does not end by itself."""
    hook = """apiVersion: batch/v1
kind: Job
metadata:
  name: waits
  annotations: {argocd.argoproj.io/hook: PreSync}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: wait, image: registry.example.com/wait:1, command: [sh, -c, sleep 600]}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: waits}
"""
    _commit(demo, "waits/job.yaml", lambda text: hook)


def _commit(demo: Demo, path: str, change: Callable[[str], str]) -> None:
    clone = demo.data_dir.parent / f"clone-{path.replace('/', '-')}"
    _git("clone", "-q", demo.clone_url("apps"), str(clone))
    file = clone / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(change(file.read_text() if file.exists() else ""))
    identity = ("-c", "user.name=dana", "-c", "user.email=dana@example.com")
    _git("-C", str(clone), "add", "-A")
    _git("-C", str(clone), *identity, "commit", "-qm", f"Change {path}")
    _git("-C", str(clone), "push", "-q")


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout
