"""Every mutation that is to be a commit, made once in a demo, and the audit log that tells them."""

import asyncio
import subprocess
from collections.abc import Awaitable, Callable
from typing import Any

import yaml

from tests.support.demo import Demo, Person

REPOSITORIES = ("platform", "apps", "config")
SOURCE = "audited-source"

_COMMITTED = "{ operationId commit { sha } errors { code message } }"
_OPERATED = "{ operationId ledgerCommit { sha } errors { code message } }"
_APPLICATION = '{runtime: "demo", name: "audited"}'
_RESOURCE = '{kind: "%s", group: "%s", version: "v1", namespace: "audited", name: "newsletter"}'
_SOURCE = f'input: {{runtime: "demo", name: "{SOURCE}", repoURL: "%s/git/apps.git", path: "%s"}}'
_WORDS = 'commit: {message: "Because"}'
_AT = 'runtime: "demo", name: "audited"'

AUDIT = """query($after: String) { auditLog(pagination: {first: 100, after: $after}) {
  pageInfo { hasNextPage endCursor } nodes {
    commit { sha message repoURL branch } action entityKind entityName runtime actor { name email } operationId reason
    outcome files filesTotal signature { status signer } } } }"""
HISTORY = """{ application(runtime: "demo", name: "audited") { history { id } syncStatus
  operationState { phase } manifest } }"""


class Clicks:
    """Mutations of one person; `done` has their names, `accepted` the ids of their operations."""

    def __init__(self, demo: Demo, person: Person) -> None:
        self.done: set[str] = set()
        self.accepted: list[str] = []
        self.last_commit = ""
        self._demo = demo
        self._person = person

    async def on_an_application(self) -> None:
        """From its creation to its deletion."""
        create = f'runtime: "demo", gitSource: "platform", manifest: "{self._manifest("newsletter")}", {_WORDS}'
        await self._do("createApplication", f"input: {{{create}}}", _COMMITTED)
        await self._until(lambda found: bool(found["history"]))
        first = (await self._person.ask(HISTORY))["application"]["history"][-1]["id"]
        await self._do("syncApplication", f'{_AT}, options: {{reason: "to see it"}}')
        await self._until(lambda found: found["operationState"]["phase"] == "Succeeded")
        deployment, config = _RESOURCE % ("Deployment", "apps"), _RESOURCE % ("ConfigMap", "")
        await self._do("runResourceAction", f'application: {_APPLICATION}, resource: {deployment}, action: "restart"')
        await self._do("deleteResource", f"application: {_APPLICATION}, resource: {config}")
        await asyncio.to_thread(_push, self._demo)
        await self._until(lambda found: len(found["history"]) >= 3)
        await self._do("rollbackApplication", f"{_AT}, historyId: {first}")
        await asyncio.to_thread(_push_hook, self._demo)
        edit = f'application: {_APPLICATION}, manifest: "{self._manifest("waits")}", {_WORDS}'
        await self._do("editApplication", f"input: {{{edit}}}", _COMMITTED)
        await self._until(lambda found: found["operationState"]["phase"] == "Running")
        await self._do("terminateOperation", _AT)
        delete = f'application: {_APPLICATION}, confirmName: "audited", {_WORDS}'
        await self._do("deleteApplication", f"input: {{{delete}}}", _COMMITTED)

    async def make_a_git_source(self) -> None:
        """It makes room for itself by a commit under an id of its own, which is told as `<id>-directory`."""
        await self._do("createGitSource", _SOURCE % (self._demo.url, "more"), _COMMITTED)

    async def change_the_git_source(self) -> None:
        await self._do("editGitSource", _SOURCE % (self._demo.url, "other"), _COMMITTED)
        await self._do("deleteGitSource", f'runtime: "demo", name: "{SOURCE}"', _COMMITTED)

    async def _do(self, field: str, arguments: str, selection: str = _OPERATED) -> None:
        async with asyncio.timeout(60):
            while True:
                asked = await self._person.ask(f"mutation {{ outcome: {field}({arguments}) {selection} }}")
                outcome = asked["outcome"]
                if [one["code"] for one in outcome["errors"]] != ["ALREADY_RUNNING"]:
                    break
                await asyncio.sleep(0.5)
        assert outcome["errors"] == [], field
        self.done.add(field)
        self.accepted.append(outcome["operationId"])
        self.last_commit = (outcome.get("commit") or outcome.get("ledgerCommit"))["sha"]

    async def _until(self, holds: Callable[[dict[str, Any]], bool]) -> None:
        async def there() -> bool:
            found = (await self._person.ask(HISTORY))["application"]
            return found is not None and found["operationState"] is not None and holds(found)

        await patiently(there)

    def _manifest(self, path: str) -> str:
        """As it stands in a GraphQL string."""
        value = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": "audited"},
            "spec": {
                "project": "default",
                "source": {"repoURL": f"{self._demo.url}/git/apps.git", "targetRevision": "main", "path": path},
                "destination": {"server": "https://kubernetes.default.svc", "namespace": "audited"},
                "syncPolicy": {"automated": {"prune": True}, "syncOptions": ["CreateNamespace=true"]},
            },
        }
        return str(yaml.safe_dump(value)).replace('"', '\\"').replace("\n", "\\n")


async def settled_log(
    person: Person, accepted: list[str], *, like: list[dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """The whole log once it tells every operation, and the outcome of each that the ledger holds.

    `like`: as soon as it is this one, and as it is in the end if it never is.
    """
    found: list[dict[str, Any]] = []

    async def complete() -> bool:
        found[:] = await _log(person)
        told = {one["operationId"]: one for one in found}
        ledger = [one for one in found if any(file.startswith("operations/") for file in one["files"])]
        return set(accepted) <= told.keys() and all(one["outcome"] for one in ledger) and (not like or found == like)

    try:
        await patiently(complete)
    except TimeoutError:
        if like is None:
            raise
    return found


async def _log(person: Person) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await person.ask(AUDIT, after=after))["auditLog"]
        entries += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return entries
        after = page["pageInfo"]["endCursor"]


async def patiently(holds: Callable[[], Awaitable[bool]], *, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 - of other processes, without an event
            await asyncio.sleep(0.5)


def operation_ids(demo: Demo) -> list[str]:
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
