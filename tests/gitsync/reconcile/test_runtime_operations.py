"""Operations as users of Argo CD ask for them: confirmations, rollbacks, local manifests, what is refused and why."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from gitsync.syncing.refusal import LOCAL_MANIFESTS_ANNOTATION
from model.identity import ResourceKey
from tests.support.runtime import APPLICATION, NAMESPACE, Rig, conditions_of, phase_of, synced_and_healthy
from tests.support.sandbox_rig import running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

AUTOMATED: dict[str, Any] = {"automated": {"prune": True, "selfHeal": True}}
FINALIZER = "resources-finalizer.argocd.argoproj.io"
APPROVED = "argocd.argoproj.io/deletion-approved"
LATER = "2100-01-01T00:00:00Z"  # clocks of the sandbox run fast


def config_map(name: str, value: str = "1", options: str = "") -> str:
    notes = f"  annotations: {{argocd.argoproj.io/sync-options: '{options}'}}\n" if options else ""
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n{notes}data: {{value: '{value}'}}\n"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("operations")) as (_, rig):
        yield rig


def message_of(body: JsonObject) -> str:
    return str((body.get("status") or {}).get("operationState", {}).get("message", ""))


def ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="seconds")


async def approve(rig: Rig, name: str, when: str) -> None:
    await rig.patch(name, {"metadata": {"annotations": {APPROVED: when}}})


async def exists(rig: Rig, name: str) -> bool:
    return await rig.get("v1", "ConfigMap", "default", name) is not None


async def seen(rig: Rig, name: str, **spec: Any) -> None:
    await rig.create_application(name, **spec)
    await rig.until(name, lambda body: bool(body.get("status")))


async def test_a_prune_that_needs_a_word_waits_for_one_given_since(rig: Rig) -> None:
    await rig.push({"ask/a.yaml": config_map("ask-a", options="Prune=confirm"), "ask/b.yaml": config_map("ask-b")})
    await rig.create_application("ask", syncPolicy=AUTOMATED)
    await rig.until("ask", synced_and_healthy)
    await approve(rig, "ask", ago(3600))
    await rig.push({"ask/a.yaml": None})
    body = await rig.until("ask", lambda body: message_of(body).startswith("Waiting for pruning confirmation"))
    assert phase_of(body) == "Running"
    assert message_of(body).endswith("ConfigMap default/ask-a")
    (resource,) = [one for one in body["status"]["resources"] if one["name"] == "ask-a"]
    assert resource["requiresDeletionConfirmation"] is True
    assert await exists(rig, "ask-a")
    await approve(rig, "ask", LATER)
    await rig.until("ask", lambda body: phase_of(body) == "Succeeded" and synced_and_healthy(body))
    assert not await exists(rig, "ask-a")


async def test_a_deletion_that_needs_a_word_says_so_and_goes_on_with_it(rig: Rig) -> None:
    await rig.push({"farewell/a.yaml": config_map("farewell", options="Delete=confirm")})
    await rig.create_application("farewell", metadata={"finalizers": [FINALIZER]}, syncPolicy=AUTOMATED)
    await rig.until("farewell", synced_and_healthy)
    await delete(rig, "farewell")
    body = await rig.until("farewell", lambda body: "DeletionError" in dict(conditions_of(body)))
    assert "waits for somebody to approve its deletion" in dict(conditions_of(body))["DeletionError"]
    await approve(rig, "farewell", LATER)
    await gone(rig, "farewell")
    assert not await exists(rig, "farewell")


async def test_the_application_may_keep_everything_and_helm_single_objects(rig: Rig) -> None:
    kept = config_map("keep-b").replace("\ndata:", "\n  annotations: {helm.sh/resource-policy: keep}\ndata:")
    files = {"keep/a.yaml": config_map("keep-a", options="Delete=true"), "keep/b.yaml": kept}
    await rig.push(files | {"keep/c.yaml": config_map("keep-c")})
    policy = AUTOMATED | {"syncOptions": ["Delete=false"]}
    await rig.create_application("keep", metadata={"finalizers": [FINALIZER]}, syncPolicy=policy)
    await rig.until("keep", synced_and_healthy)
    await delete(rig, "keep")
    await gone(rig, "keep")
    assert [await exists(rig, f"keep-{name}") for name in "abc"] == [False, True, True]


async def test_labels_of_the_namespace_follow_the_policy(rig: Rig) -> None:
    await rig.push({"room/a.yaml": config_map("room")})
    policy: dict[str, Any] = AUTOMATED | {"syncOptions": ["CreateNamespace=true"]}
    policy["managedNamespaceMetadata"] = {"labels": {"team": "a", "tier": "x"}, "annotations": {"note": "1"}}
    destination = {"server": "https://kubernetes.default.svc", "namespace": "room"}
    await rig.create_application("room", syncPolicy=policy, destination=destination)
    body = await rig.until("room", synced_and_healthy)
    assert body["status"]["operationState"]["syncResult"]["managedNamespaceMetadata"]["labels"] == {
        "team": "a",
        "tier": "x",
    }
    anew = {"managedNamespaceMetadata": {"labels": {"team": "b", "tier": None}}}
    await rig.patch("room", {"spec": {"syncPolicy": anew}})

    def labelled_anew(body: JsonObject) -> bool:
        result = body["status"]["operationState"]["syncResult"]
        return result["managedNamespaceMetadata"]["labels"] == {"team": "b"} and synced_and_healthy(body)

    await rig.until("room", labelled_anew)
    namespace = await rig.get("v1", "Namespace", "", "room")
    assert namespace is not None
    assert namespace["metadata"]["labels"]["team"] == "b"
    assert "tier" not in namespace["metadata"]["labels"]
    assert not namespace["metadata"]["annotations"].get("argocd.argoproj.io/tracking-id")


async def test_a_rollback_beside_automated_sync_is_refused_with_the_way_out(rig: Rig) -> None:
    first = await rig.push({"stay/a.yaml": config_map("stay", "1"), "old/a.yaml": config_map("stay", "0")})
    await rig.create_application("stay", syncPolicy=AUTOMATED)
    body = await rig.until("stay", synced_and_healthy)
    source = body["status"]["history"][0]["source"] | {"path": "old"}
    await rig.patch("stay", {"operation": {"sync": {"revision": first, "source": source}}})
    body = await rig.until("stay", lambda body: phase_of(body) == "Error" and "operation" not in body)
    assert message_of(body).startswith("rollback cannot be initiated when auto-sync is enabled")
    await rig.patch("stay", {"spec": {"syncPolicy": {"automated": {"enabled": False}}}})
    await rig.patch("stay", {"operation": {"sync": {"revision": first, "source": source}}})
    body = await rig.until("stay", lambda body: phase_of(body) == "Succeeded" and "operation" not in body)
    assert body["status"]["history"][-1]["source"]["path"] == "old"


async def test_local_manifests_need_a_project_that_permits_them(rig: Rig) -> None:
    await rig.push({"local/a.yaml": config_map("local", "git")})
    await seen(rig, "local")
    operation = {"operation": {"sync": {"manifests": [config_map("local", "disk")]}}}
    await rig.patch("local", operation)
    body = await rig.until("local", lambda body: phase_of(body) == "Error")
    assert "project default does not permit local manifests" in message_of(body)
    assert not await exists(rig, "local")
    await permit_local_manifests(rig, "true")
    await rig.patch("local", operation)
    await rig.until("local", lambda body: phase_of(body) == "Succeeded" and "operation" not in body)
    made = await rig.get("v1", "ConfigMap", "default", "local")
    assert made is not None
    assert made["data"] == {"value": "disk"}
    body = await rig.until("local", lambda body: body["status"]["sync"]["status"] == "OutOfSync")
    await permit_local_manifests(rig, None)


async def permit_local_manifests(rig: Rig, word: str | None) -> None:
    project = ResourceKey("argoproj.io", "AppProject", NAMESPACE, "default")
    await rig.cluster.patch(project, "v1alpha1", {"metadata": {"annotations": {LOCAL_MANIFESTS_ANNOTATION: word}}})


async def test_a_frozen_application_is_left_alone_until_it_is_thawed(rig: Rig) -> None:
    await rig.push({"ice/a.yaml": config_map("ice", "1")})
    await rig.create_application("ice", syncPolicy=AUTOMATED)
    before = await rig.until("ice", synced_and_healthy)
    await rig.patch("ice", {"metadata": {"annotations": {"argocd.argoproj.io/skip-reconcile": "true"}}})
    await rig.push({"ice/a.yaml": config_map("ice", "2"), "thaw/a.yaml": config_map("thaw")})
    await rig.create_application("thaw", syncPolicy=AUTOMATED)
    await rig.until("thaw", synced_and_healthy)  # the push has been seen
    body = await rig.application("ice")
    assert body is not None
    assert body["status"] == before["status"]
    await rig.patch("ice", {"metadata": {"annotations": {"argocd.argoproj.io/skip-reconcile": None}}})
    revision = before["status"]["sync"]["revision"]
    await rig.until("ice", lambda body: body["status"]["sync"]["revision"] != revision and synced_and_healthy(body))


DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, annotations: {argocd.argoproj.io/sync-options: "OPTIONS"}}
spec:
  replicaz: 3
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec: {containers: [{name: app, image: "shop/web:1"}]}
"""


@pytest.mark.parametrize("options", ["", "Replace=true", "ServerSideApply=false"])
async def test_an_unknown_field_is_refused(rig: Rig, options: str) -> None:
    name = f"typo-{options.partition('=')[0].lower() or 'plain'}"
    await rig.push({f"{name}/a.yaml": DEPLOYMENT.replace("NAME", name).replace("OPTIONS", options)})
    await rig.create_application(name)
    await rig.patch(name, {"operation": {"sync": {}}})
    body = await rig.until(name, lambda body: phase_of(body) == "Failed")
    assert "replicaz" in body["status"]["operationState"]["message"]
    assert await rig.get("apps/v1", "Deployment", "default", name) is None


async def test_an_unknown_field_is_dropped_where_nothing_is_to_be_validated(rig: Rig) -> None:
    await rig.push({"odd/a.yaml": DEPLOYMENT.replace("NAME", "odd").replace("OPTIONS", "Validate=false")})
    await rig.create_application("odd", syncPolicy=AUTOMATED)
    body = await rig.until("odd", synced_and_healthy)
    assert len(body["status"]["history"]) == 1
    made = await rig.get("apps/v1", "Deployment", "default", "odd")
    assert made is not None
    assert "replicaz" not in made["spec"]


TWICE = """apiVersion: apps/v1
kind: Deployment
metadata: {name: twice}
spec:
  selector: {matchLabels: {app: twice}}
  template:
    metadata: {labels: {app: twice}}
    spec:
      containers:
      - name: app
        image: shop/web:1
        env: [{name: A, value: "VALUE"}, {name: B, value: "2"}, {name: A, value: "3"}]
        ports: [{containerPort: 80, name: http}, {containerPort: 80, name: web}]
"""


async def test_a_list_with_an_entry_twice_is_applied_as_it_is(rig: Rig) -> None:
    """Server-side apply refuses it, and Argo CD does not."""
    await rig.push({"twice/a.yaml": TWICE.replace("VALUE", "1")})
    await rig.create_application("twice", syncPolicy=AUTOMATED)
    await rig.until("twice", synced_and_healthy)
    for count, text in enumerate(
        (TWICE.replace("VALUE", "9"), TWICE.replace("VALUE", "9").replace(', {name: A, value: "3"}', "")), start=2
    ):
        commit = await rig.push({"twice/a.yaml": text})
        body = await rig.until(
            "twice", lambda body, at=commit: synced_and_healthy(body) and body["status"]["sync"]["revision"] == at
        )
        assert len(body["status"]["history"]) == count
    made = await rig.get("apps/v1", "Deployment", "default", "twice")
    assert made is not None
    (container,) = made["spec"]["template"]["spec"]["containers"]
    assert [(one["name"], one["value"]) for one in container["env"]] == [("A", "9"), ("B", "2")]
    assert [one["name"] for one in container["ports"]] == ["http", "web"]


async def test_an_object_is_compared_in_the_version_that_git_names(rig: Rig) -> None:
    """The cluster prefers another version of autoscalers, in which the same target has another field."""
    scaler = """apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: of-version-one}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: nobody}
  maxReplicas: 3
  targetCPUUtilizationPercentage: PERCENT
"""
    for count, percent in enumerate(("50", "70"), start=1):
        commit = await rig.push({"of-version-one/a.yaml": scaler.replace("PERCENT", percent)})
        if count == 1:
            await rig.create_application("of-version-one", syncPolicy=AUTOMATED)
        body = await rig.until(
            "of-version-one",
            lambda body, at=commit: (
                (body.get("status") or {}).get("sync", {}).get("status") == "Synced"
                and body["status"]["sync"]["revision"] == at
            ),
        )
        assert len(body["status"]["history"]) == count
    made = await rig.get("autoscaling/v1", "HorizontalPodAutoscaler", "default", "of-version-one")
    assert made is not None
    assert made["spec"]["targetCPUUtilizationPercentage"] == 70


async def test_an_object_of_an_excluded_kind_is_told_and_left_alone(rig: Rig) -> None:
    endpoints = "apiVersion: v1\nkind: Endpoints\nmetadata: {name: aside}\nsubsets: []\n"
    await rig.push({"aside/a.yaml": endpoints, "aside/b.yaml": config_map("aside")})
    await rig.create_application("aside", syncPolicy=AUTOMATED)
    body = await rig.until("aside", synced_and_healthy)
    assert [one["kind"] for one in body["status"]["resources"]] == ["ConfigMap"]
    ((kind, told),) = conditions_of(body)
    assert (kind, told) == ("ExcludedResourceWarning", "Endpoints default/aside is excluded in the settings")
    assert await rig.get("v1", "Endpoints", "default", "aside") is None


async def test_a_kind_that_nobody_serves_stops_the_sync_before_anything_is_applied(rig: Rig) -> None:
    basket = "apiVersion: shop.example.com/v1\nkind: Basket\nmetadata: {name: NAME}\n"
    await rig.push({"whole/a.yaml": config_map("whole"), "whole/b.yaml": basket})
    await seen(rig, "whole")
    await rig.patch("whole", {"operation": {"sync": {}}})
    body = await rig.until("whole", lambda body: phase_of(body) == "Failed")
    assert message_of(body).startswith("one or more synchronization tasks are not valid")
    assert [one["kind"] for one in body["status"]["operationState"]["syncResult"]["resources"]] == ["Basket"]
    assert not await exists(rig, "whole")


async def delete(rig: Rig, name: str) -> None:
    await rig.cluster.delete(APPLICATION, NAMESPACE, name)


async def gone(rig: Rig, name: str) -> None:
    async with asyncio.timeout(60):
        while await rig.application(name) is not None:  # noqa: ASYNC110 - it goes when the cluster lets it go
            await asyncio.sleep(0.05)


def deployment(image: str, *, name: str) -> str:
    return f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: main, image: "{image}"}}]}}
"""


async def test_ignored_fields_are_applied_as_they_are_where_that_is_asked_for(rig: Rig) -> None:
    await rig.push({"scaled/a.yaml": deployment("web:1", name="scaled")})
    policy = AUTOMATED | {"syncOptions": ["RespectIgnoreDifferences=true"]}
    ignored = [{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}]
    await rig.create_application("scaled", syncPolicy=policy, ignoreDifferences=ignored)
    await rig.until("scaled", synced_and_healthy)
    key = ResourceKey("apps", "Deployment", "default", "scaled")
    await rig.cluster.patch(key, "v1", {"spec": {"replicas": 4}})
    commit = await rig.push({"scaled/a.yaml": deployment("web:2", name="scaled")})
    await rig.until("scaled", lambda body: body["status"]["sync"]["revision"] == commit and synced_and_healthy(body))
    made = await rig.get("apps/v1", "Deployment", "default", "scaled")
    assert made is not None
    assert made["spec"]["replicas"] == 4
    assert made["spec"]["template"]["spec"]["containers"][0]["image"] == "web:2"


async def test_only_what_changed_is_applied_at_an_older_revision_too(rig: Rig) -> None:
    first = await rig.push({"few/a.yaml": config_map("few-a", "1"), "few/b.yaml": config_map("few-b", "1")})
    await seen(rig, "few", syncPolicy={"syncOptions": ["ApplyOutOfSyncOnly=true"]})
    await rig.patch("few", {"operation": {"sync": {}}})
    await rig.until("few", synced_and_healthy)
    await rig.push({"few/a.yaml": config_map("few-a", "2")})
    await rig.patch("few", {"operation": {"sync": {}}})
    await rig.until("few", lambda body: synced_and_healthy(body) and body["status"]["sync"]["revision"] != first)
    await rig.patch("few", {"operation": {"sync": {"revision": first}}})
    body = await rig.until("few", lambda body: phase_of(body) == "Succeeded" and "operation" not in body)
    assert [one["name"] for one in body["status"]["operationState"]["syncResult"]["resources"]] == ["few-a"]


async def test_a_window_that_closes_between_waves_holds_the_next_one_back(rig: Rig) -> None:
    project = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "hours", "namespace": NAMESPACE},
        "spec": {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]},
    }
    await rig.cluster.create(project)
    later = config_map("pause-later").replace("\ndata:", "\n  annotations: {argocd.argoproj.io/sync-wave: '1'}\ndata:")
    await rig.push({"pause/a.yaml": deployment("shop/does-not-exist:1", name="pause"), "pause/b.yaml": later})
    await rig.create_application("pause", project="hours", syncPolicy=AUTOMATED)
    await rig.until("pause", lambda body: message_of(body).startswith("waiting for healthy state"))
    closed = [{"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": ["*"]}]
    key = ResourceKey("argoproj.io", "AppProject", NAMESPACE, "hours")
    await rig.cluster.patch(key, "v1alpha1", {"spec": {"syncWindows": closed}})
    repaired = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "web:1"}]}}}}
    await rig.cluster.patch(ResourceKey("apps", "Deployment", "default", "pause"), "v1", repaired)
    await rig.until("pause", lambda body: message_of(body).startswith("Sync operation blocked by sync window"))
    assert not await exists(rig, "pause-later")
    await rig.cluster.patch(key, "v1alpha1", {"spec": {"syncWindows": None}})
    await rig.until("pause", lambda body: phase_of(body) == "Succeeded")
    assert await exists(rig, "pause-later")
