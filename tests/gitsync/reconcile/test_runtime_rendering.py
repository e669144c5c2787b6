"""What argocd-cm, the project and files beside the manifests say of rendering, in the runtime."""

import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from model.identity import ResourceKey
from tests.support.runtime import NAMESPACE, Rig, conditions_of, phase_of, synced_and_healthy
from tests.support.sandbox_rig import World, running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

AUTOMATED: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
JSONNET = "{apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'evaluated'}, data: {value: std.extVar('v')}}"
needs_kustomize = pytest.mark.skipif(shutil.which("kustomize") is None, reason="kustomize is not installed")
LABEL = "app.kubernetes.io/managed-by"


def config_map(name: str, value: str = "1") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{value: '{value}'}}\n"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("rendering")) as (world, rig):
        await rig.cluster.create(
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "argocd-cm", "namespace": NAMESPACE}}
        )
        yield world, rig


@pytest.fixture
def rig(both: tuple[World, Rig]) -> Rig:
    return both[1]


async def configure(rig: Rig, data: dict[str, str | None]) -> None:
    await rig.cluster.patch(ResourceKey("", "ConfigMap", NAMESPACE, "argocd-cm"), "v1", {"data": data})


async def labels_of(rig: Rig, name: str) -> dict[str, str]:
    body = await rig.get("v1", "ConfigMap", "default", name)
    return (body or {}).get("metadata", {}).get("labels") or {}


def kinds(body: JsonObject) -> list[str]:
    return [one["name"] for one in (body.get("status") or {}).get("resources") or ()]


async def test_a_tool_that_is_switched_off_degrades_to_plain_files_and_back(rig: Rig) -> None:
    await rig.push({"off/a.jsonnet": JSONNET, "off/b.yaml": config_map("written")})
    directory = {"jsonnet": {"extVars": [{"name": "v", "value": "x"}]}}
    source = {"repoURL": rig.host.clone_url("apps"), "path": "off", "targetRevision": "main", "directory": directory}
    await rig.create_application("off", source=source, syncPolicy=AUTOMATED)
    await rig.until("off", lambda body: synced_and_healthy(body) and kinds(body) == ["evaluated", "written"])
    await configure(rig, {"jsonnet.enable": "false"})
    await rig.until("off", lambda body: synced_and_healthy(body) and kinds(body) == ["written"])
    await configure(rig, {"jsonnet.enable": None})
    await rig.until("off", lambda body: synced_and_healthy(body) and kinds(body) == ["evaluated", "written"])


@needs_kustomize
async def test_build_options_for_all_render_again_only_what_kustomize_renders(rig: Rig) -> None:
    await rig.push(
        {
            "built/kustomization.yaml": "resources: [a.yaml]\nnamePrefix: x-\n",
            "built/a.yaml": config_map("built"),
            "unbuilt/a.yaml": config_map("unbuilt"),
        }
    )
    for name in ("built", "unbuilt"):
        await rig.create_application(name, syncPolicy=AUTOMATED)
        await rig.until(name, synced_and_healthy)
    renders = rig.runtime.cache.counter.renders_total
    await configure(rig, {"kustomize.buildOptions": "--enable-managedby-label"})
    while LABEL not in await labels_of(rig, "x-built"):
        await rig.until("built", synced_and_healthy)
    assert rig.runtime.cache.counter.renders_total == renders + 1
    await configure(rig, {"kustomize.buildOptions": None})
    while LABEL in await labels_of(rig, "x-built"):
        await rig.until("built", synced_and_healthy)


@needs_kustomize
async def test_flags_of_one_application_are_what_its_project_allows(rig: Rig) -> None:
    await rig.push({"flags/kustomization.yaml": "resources: [a.yaml]\n", "flags/a.yaml": config_map("flags")})
    source = {
        "repoURL": rig.host.clone_url("apps"),
        "path": "flags",
        "targetRevision": "main",
        "kustomize": {"buildOptions": "--enable-managedby-label"},
    }
    await rig.create_application("flags", source=source, syncPolicy=AUTOMATED)
    body = await rig.until("flags", lambda body: bool(conditions_of(body)))
    assert "is not allowed to this application" in conditions_of(body)[0][1]
    await allow(rig, "--enable-helm, --enable-managedby-label")
    await rig.until("flags", synced_and_healthy)
    assert LABEL in await labels_of(rig, "flags")
    await allow(rig, None)
    body = await rig.until("flags", lambda body: bool(conditions_of(body)))
    assert "is not allowed to this application" in conditions_of(body)[0][1]


async def allow(rig: Rig, flags: str | None) -> None:
    project = ResourceKey("argoproj.io", "AppProject", NAMESPACE, "default")
    await rig.cluster.patch(
        project, "v1alpha1", {"metadata": {"annotations": {"argosy.io/kustomize-build-flags": flags}}}
    )


async def test_a_file_beside_the_manifests_changes_options_of_one_application(rig: Rig) -> None:
    await rig.push({"over/a.yaml": config_map("over-a"), "over/b.yaml": config_map("over-b")})
    await rig.create_application("over", syncPolicy=AUTOMATED)
    await rig.until("over", lambda body: synced_and_healthy(body) and kinds(body) == ["over-a", "over-b"])
    await rig.push({"over/.argocd-source-other.yaml": "directory: {exclude: '*'}\n"})
    await rig.push({"over/.argocd-source-over.yaml": "directory: {exclude: 'b*'}\n"})
    await rig.until("over", lambda body: synced_and_healthy(body) and kinds(body) == ["over-a"])
    await rig.push({"over/.argocd-source-over.yaml": None})
    await rig.until("over", lambda body: synced_and_healthy(body) and kinds(body) == ["over-a", "over-b"])


async def test_commits_that_the_project_does_not_trust_are_not_deployed_however_they_are_asked_for(rig: Rig) -> None:
    commit = await rig.push({"trust/a.yaml": config_map("trust")})
    gpg = {"mode": "head", "keys": ["D56C4FCA57A46444"]}
    spec = {"sourceRepos": ["*"], "destinations": [{"server": "*", "name": "*", "namespace": "*"}]}
    project = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "careful", "namespace": NAMESPACE},
        "spec": spec,
    }
    await rig.cluster.create(project)
    await rig.create_application("trust", project="careful")
    await rig.until("trust", lambda body: bool(body.get("status")))
    address = ResourceKey("argoproj.io", "AppProject", NAMESPACE, "careful")
    policies = {"git": {"policies": [{"repos": ["*"], "gpg": gpg}]}}
    await rig.cluster.patch(address, "v1alpha1", {"spec": {"sourceIntegrity": policies}})
    body = await rig.until("trust", lambda body: bool(conditions_of(body)))
    ((kind, message),) = conditions_of(body)
    assert kind == "ComparisonError"
    assert "is not trusted: it is not signed" in message
    assert body["status"]["sync"]["status"] == "Unknown"
    for sync in ({}, {"revision": commit}):
        await rig.patch("trust", {"operation": {"sync": sync}})
        body = await rig.until("trust", lambda body: phase_of(body) == "Error" and "operation" not in body)
        assert "is not trusted" in body["status"]["operationState"]["message"]
        assert conditions_of(body)[0][0] == "ComparisonError"
    assert await rig.get("v1", "ConfigMap", "default", "trust") is None
    await rig.cluster.patch(address, "v1alpha1", {"spec": {"sourceIntegrity": None}})
    await rig.until("trust", lambda body: not conditions_of(body) and body["status"]["sync"]["status"] == "OutOfSync")
