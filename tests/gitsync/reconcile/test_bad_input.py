"""Whatever is wrong with one application is said on it, with the next step, and costs nobody else anything."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gitsync.sandbox.faults import Fault
from tests.support.runtime import (
    AUTHOR,
    NAMESPACE,
    Rig,
    application,
    conditions_of,
    phase_of,
    synced_and_healthy,
)
from tests.support.sandbox_rig import World, running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

AUTOMATED = {"automated": {"prune": True, "selfHeal": True}}
CLOSED = "http://127.0.0.1:9"  # the discard port: nobody listens


def config_map(name: str, value: str = "1") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  value: '{value}'\n"


def job(name: str, image: str) -> str:
    return f"""apiVersion: batch/v1
kind: Job
metadata:
  name: {name}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: work
          image: {image}
"""


@dataclass(frozen=True)
class Case:
    """`files` are pushed below the application's directory, `then` after it was synced once.

    `condition` is (type, pattern of its message); `operation` a pattern of the operation's message or of the result of
    one of its objects; `exists` names ConfigMaps that must be there at the end, `changed` those that must have come to
    the value 2.
    """

    files: dict[str, str] = field(default_factory=dict)
    then: dict[str, str | None] = field(default_factory=dict)
    spec: dict[str, Any] = field(default_factory=dict)
    prepare: Callable[[World, Rig], Awaitable[None]] | None = None
    condition: tuple[str, str] | None = None
    operation: str = ""
    exists: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    sync: str = ""


async def _private_repository(world: World, rig: Rig) -> None:
    await world.host.create_repository("private")
    await world.host.commit_files(
        "private", "main", {"a.yaml": config_map("x").encode()}, message="Seed", author=AUTHOR
    )
    await _secret(rig, "private", "repository", url=world.host.clone_url("private"), username="dana", password="wrong")


async def _far_cluster(_: World, rig: Rig) -> None:
    await _secret(rig, "far", "cluster", name="far", server="https://127.0.0.1:9", config="{}")


async def _forbidden(world: World, _: Rig) -> None:
    world.sandbox.faults.add(Fault(method="PATCH", path="configmaps/forbidden-one", status=403))


async def _other_owner(_: World, rig: Rig) -> None:
    await rig.push({"first-owner/a.yaml": config_map("contested")})
    await rig.create_application("first-owner", syncPolicy=AUTOMATED)
    await rig.until("first-owner", synced_and_healthy)


async def _narrow_project(_: World, rig: Rig) -> None:
    await rig.cluster.create(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AppProject",
            "metadata": {"name": "narrow", "namespace": NAMESPACE},
            "spec": {
                "sourceRepos": ["*"],
                "destinations": [{"server": "*", "namespace": "default"}],
                "namespaceResourceBlacklist": [{"group": "batch", "kind": "Job"}],
            },
        }
    )


async def _secret(rig: Rig, secret_name: str, kind: str, /, **data: str) -> None:
    await rig.cluster.create(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": secret_name,
                "namespace": NAMESPACE,
                "labels": {"argocd.argoproj.io/secret-type": kind},
            },
            "stringData": data,
        }
    )


CASES: dict[str, Case] = {
    "unparsable": Case(
        files={"a.yaml": config_map("kept-1"), "b.yaml": config_map("kept-2")},
        then={"b.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: [oops\n"},
        condition=("ComparisonError", r"unparsable/b\.yaml:\d"),
        exists=("kept-1", "kept-2"),
        sync="Unknown",
    ),
    "oversized": Case(
        files={"a.yaml": config_map("kept-3")},
        then={"b.yaml": config_map("big", "x" * 10_500_000)},
        condition=("ComparisonError", r"more than the 10000000 bytes.*oversized/b\.yaml"),
        exists=("kept-3",),
        sync="Unknown",
    ),
    "missing-path": Case(condition=("ComparisonError", r"missing-path"), sync="Unknown"),
    "path-that-went": Case(
        files={"a.yaml": config_map("kept-4")},
        then={"a.yaml": None},
        condition=("ComparisonError", r"path-that-went"),
        exists=("kept-4",),
        sync="Unknown",
    ),
    "kustomized": Case(
        files={"kustomization.yaml": "namePrefix: x-\nresources: [none.yaml]\n", "a.yaml": config_map("x")},
        condition=("ComparisonError", r"(?i)kustomize"),
        sync="Unknown",
    ),
    "unknown-kind": Case(
        files={
            "a.yaml": config_map("beside-1"),
            "b.yaml": "apiVersion: none.example.com/v1\nkind: Thing\nmetadata: {name: t}\n",
        },
        operation=r"none\.example\.com/v1.*Thing.*(CustomResourceDefinition|apiVersion)",
        sync="OutOfSync",
    ),
    "kind-that-comes-later": Case(
        files={
            "a.yaml": config_map("beside-later"),
            "b.yaml": "apiVersion: none.example.com/v1\nkind: Thing\nmetadata:\n  name: t\n"
            "  annotations: {argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true}\n",
        },
        operation=r"none\.example\.com/v1.*Thing.*(CustomResourceDefinition|apiVersion)",
        exists=("beside-later",),
        sync="OutOfSync",
    ),
    "unreachable-repository": Case(
        spec={"source": {"repoURL": f"{CLOSED}/apps.git", "path": "x", "targetRevision": "main"}},
        condition=("ComparisonError", r"127\.0\.0\.1:9/apps"),
        sync="Unknown",
    ),
    "missing-branch": Case(
        spec={"branch": "no-such-branch"},
        condition=("ComparisonError", r"no-such-branch.*targetRevision"),
        sync="Unknown",
    ),
    "wrong-credentials": Case(
        prepare=_private_repository,
        spec={"repository": "private"},
        condition=("ComparisonError", r"private"),
        sync="Unknown",
    ),
    "unreachable-cluster": Case(
        prepare=_far_cluster,
        files={"a.yaml": config_map("x")},
        spec={"destination": {"name": "far", "namespace": "default"}},
        condition=("ComparisonError", r"far.*127\.0\.0\.1:9"),
        sync="Unknown",
    ),
    "unknown-cluster": Case(
        files={"a.yaml": config_map("x")},
        spec={"destination": {"name": "nowhere", "namespace": "default"}},
        condition=("InvalidSpecError", r"nowhere.*cluster Secret"),
        sync="Unknown",
    ),
    "unknown-project": Case(
        files={"a.yaml": config_map("x")},
        spec={"project": "none"},
        condition=("InvalidSpecError", r"project none which does not exist"),
        sync="Unknown",
    ),
    "several-sources": Case(
        spec={"sources": [{"repoURL": f"{CLOSED}/a.git", "path": "a"}, {"repoURL": f"{CLOSED}/b.git", "path": "b"}]},
        condition=("ComparisonError", r"source 1 of 2 \(.*/a.git a\): "),
        sync="Unknown",
    ),
    "forbidden-object": Case(
        prepare=_forbidden,
        files={"a.yaml": config_map("beside-2"), "b.yaml": config_map("forbidden-one")},
        operation=r"ConfigMap default/forbidden-one",
        exists=("beside-2",),
        sync="OutOfSync",
    ),
    "immutable-field": Case(
        files={"a.yaml": config_map("beside-3"), "b.yaml": job("fixed", "work:1")},
        then={"a.yaml": config_map("beside-3", "2"), "b.yaml": job("fixed", "work:2")},
        operation=r"Job.batch default/fixed.*immutable.*Force=true",
        changed=("beside-3",),
        sync="OutOfSync",
    ),
    "invalid-value": Case(
        files={"a.yaml": config_map("beside-5"), "b.yaml": config_map("keyed")},
        then={"a.yaml": config_map("beside-5", "2"), "b.yaml": config_map("keyed") + "  a/b: x\n"},
        operation=r"ConfigMap default/keyed.*data\[a/b\].*Correct the manifest",
        exists=("keyed",),
        changed=("beside-5",),
        sync="OutOfSync",
    ),
    "unknown-field": Case(
        files={"a.yaml": config_map("beside-6"), "b.yaml": job("misspelt", "work:1")},
        then={"a.yaml": config_map("beside-6", "2"), "b.yaml": job("misspelt", "work:1") + "  paralelism: 3\n"},
        operation=r"Job.batch default/misspelt.*spec.paralelism.*Nothing of this sync was applied",
        exists=("beside-6",),
        sync="OutOfSync",
    ),
    "duplicate-object": Case(
        files={"a.yaml": config_map("twice", "1"), "b.yaml": config_map("twice", "2")},
        condition=(
            "RepeatedResourceWarning",
            r"ConfigMap/default/twice appeared 2 times.* Keep one of .*a\.yaml:1, .*b\.yaml:1\.",
        ),
        exists=("twice",),
        sync="Synced",
    ),
    "second-owner": Case(
        prepare=_other_owner,
        files={"a.yaml": config_map("contested", "2")},
        spec={"syncPolicy": {}},
        condition=("SharedResourceWarning", r"contested.*second-owner.*first-owner"),
        exists=("contested",),
        sync="OutOfSync",
    ),
    "not-permitted-kind": Case(
        prepare=_narrow_project,
        files={"a.yaml": config_map("beside-4"), "b.yaml": job("not-permitted", "work:1")},
        spec={"project": "narrow"},
        condition=("ExcludedResourceWarning", r"Job.*narrow"),
        operation=r"Job",  # nothing of the sync is applied, as test_runtime_projects has it
    ),
    "emptied": Case(
        files={"a.yaml": config_map("kept-5"), "note.txt": "keeps the directory"},
        then={"a.yaml": None},
        condition=("SyncError", r"allowEmpty"),
        exists=("kept-5",),
        sync="OutOfSync",
    ),
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world_and_rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    folder: Path = tmp_path_factory.mktemp("bad-input")
    async with running_sandbox_rig(folder) as (world, rig):
        await rig.push({"fine/a.yaml": config_map("fine")})
        await rig.create_application("fine", syncPolicy=AUTOMATED)
        await rig.until("fine", synced_and_healthy)
        yield world, rig


def _spec_of(name: str, case: Case, world: World) -> dict[str, Any]:
    spec = dict(case.spec)
    repository, branch = spec.pop("repository", "apps"), spec.pop("branch", "main")
    source = {"repoURL": world.host.clone_url(repository), "path": name, "targetRevision": branch}
    return {"source": source, "syncPolicy": AUTOMATED, **spec}


def _said(case: Case, body: dict[str, Any]) -> bool:
    """Whether the application says what the case expects."""
    if case.condition is not None:
        type_, pattern = case.condition
        if not any(one == type_ and re.search(pattern, message) for one, message in conditions_of(body)):
            return False
    if case.operation:
        state = (body.get("status") or {}).get("operationState") or {}
        messages = [one.get("message", "") for one in (state.get("syncResult") or {}).get("resources") or ()]
        if not any(re.search(case.operation, message, re.DOTALL) for message in [state.get("message", ""), *messages]):
            return False
    return not case.sync or body["status"]["sync"]["status"] == case.sync


@pytest.mark.parametrize("name", CASES)
async def test_what_is_wrong_is_said_and_nothing_else_suffers(world_and_rig: tuple[World, Rig], name: str) -> None:
    world, rig = world_and_rig
    case = CASES[name]
    if case.prepare is not None:
        await case.prepare(world, rig)
    if case.files:
        await rig.push({f"{name}/{path}": text for path, text in case.files.items()})
    await rig.cluster.create(application("", name, **_spec_of(name, case, world)))
    if case.then:
        await rig.until(name, lambda body: phase_of(body) == "Succeeded")
        await rig.push({f"{name}/{path}": text for path, text in case.then.items()})
    await rig.until(name, lambda body: _said(case, body))
    for config in (*case.exists, *case.changed):
        found = await rig.get("v1", "ConfigMap", "default", config)
        assert found is not None, f"{config} was lost"
        assert config not in case.changed or found["data"]["value"] == "2", f"{config} did not go on"
    assert rig.runtime.supervisor.faults == 0


async def test_an_application_with_a_refused_object_takes_every_later_commit_for_the_others(
    world_and_rig: tuple[World, Rig],
) -> None:
    world, rig = world_and_rig
    world.sandbox.faults.add(Fault(method="PATCH", path="configmaps/never-let-in", status=403))
    await rig.push({"stubborn/a.yaml": config_map("stubborn"), "stubborn/b.yaml": config_map("never-let-in")})
    await rig.create_application("stubborn", syncPolicy=AUTOMATED)
    await rig.until("stubborn", lambda body: "never-let-in" in json.dumps(body.get("status", {})))
    for value in ("2", "3"):
        commit = await rig.push({"stubborn/a.yaml": config_map("stubborn", value)})
        body = await rig.until("stubborn", partial(_synced_at, name="stubborn", commit=commit))
        found = await rig.get("v1", "ConfigMap", "default", "stubborn")
        assert found is not None
        assert found["data"]["value"] == value
        assert body["status"]["sync"]["status"] == "OutOfSync"


def _synced_at(body: dict[str, Any], name: str, commit: str) -> bool:
    """Whether the last sync, whatever became of the rest of it, has applied this object at this commit."""
    state = (body.get("status") or {}).get("operationState") or {}
    result = state.get("syncResult") or {}
    applied = [one["name"] for one in result.get("resources") or () if one["status"] == "Synced"]
    return result.get("revision") == commit and name in applied


async def test_an_application_beside_all_that_follows_git_as_ever(world_and_rig: tuple[World, Rig]) -> None:
    _, rig = world_and_rig
    commit = await rig.push({"fine/a.yaml": config_map("fine", "2")})
    await rig.until("fine", lambda body: synced_and_healthy(body) and body["status"]["sync"]["revision"] == commit)
