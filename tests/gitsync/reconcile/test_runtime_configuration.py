"""The runtime follows argocd-cm: what it says holds at once, and what it cannot say is told."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from gitsync.kube.errors import NotFound
from gitsync.manifest.object import JsonObject
from gitsync.reporting.link import Refused
from model.identity import ApplicationKey, GroupVersionKind, ResourceKey
from model.link import GetResource, GetTree, ObjectRef, ResourceAnswer, RunAction, TreeAnswer
from tests.support.runtime import NAMESPACE, Rig, conditions_of, synced_and_healthy
from tests.support.sandbox_rig import World, running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

CONFIG_MAP = GroupVersionKind("", "v1", "ConfigMap")
AUTOMATED = {"automated": {"prune": True, "selfHeal": True}}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("configuration")) as (world, rig):
        yield world, rig


@pytest.fixture
def rig(both: tuple[World, Rig]) -> Rig:
    return both[1]


async def configure(rig: Rig, **data: str) -> None:
    """argocd-cm with just these keys; `__` in a key stands for a dot."""
    with contextlib.suppress(NotFound):
        await rig.cluster.delete(CONFIG_MAP, NAMESPACE, "argocd-cm")
    if data:
        body = {key.replace("__", "."): text for key, text in data.items()}
        metadata = {"name": "argocd-cm", "namespace": NAMESPACE}
        await rig.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": body})


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - what is looked at has no event
            await asyncio.sleep(0.02)


DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: below}
spec:
  selector: {matchLabels: {app: below}}
  template:
    metadata: {labels: {app: below}}
    spec: {containers: [{name: app, image: "shop/web:1"}]}
"""


def config_map(name: str, value: str = "1") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{value: '{value}'}}\n"


async def test_a_key_that_cannot_be_read_is_told_and_forgotten_when_it_is_corrected(rig: Rig) -> None:
    await rig.push({"broken/a.yaml": config_map("broken")})
    await rig.create_application("broken", syncPolicy=AUTOMATED)
    await rig.until("broken", synced_and_healthy)
    key = "resource.customizations.ignoreDifferences.apps_Deployment"
    await configure(rig, **{key: "jsonPointers: ["})

    def unknown(body: JsonObject) -> bool:
        return body["status"]["sync"]["status"] == "Unknown" and any(key in text for _, text in conditions_of(body))

    await rig.until("broken", unknown)
    await configure(rig)
    await rig.until("broken", lambda body: synced_and_healthy(body) and not conditions_of(body))


async def test_excluded_kinds_are_let_go_and_followed_again(rig: Rig) -> None:
    cache = next(iter(rig.runtime.fleet)).cache
    assert cache.follows("", "ServiceAccount")
    await configure(rig, resource__exclusions="- kinds: [ServiceAccount]")
    await eventually(lambda: not cache.follows("", "ServiceAccount") and cache.follows("", "Endpoints"))
    await configure(rig)
    await eventually(lambda: cache.follows("", "ServiceAccount") and not cache.follows("", "Endpoints"))
    assert cache.get(ResourceKey("", "ServiceAccount", NAMESPACE, "default")) is not None


async def test_hosts_are_asked_as_often_as_it_says(rig: Rig) -> None:
    await configure(rig, timeout__reconciliation="7s")
    await eventually(lambda: rig.runtime.home.config.reconciliation_seconds == 7.0)
    await configure(rig)
    await eventually(lambda: rig.runtime.home.config.reconciliation_seconds is None)


async def test_a_home_cluster_that_is_shut_out_is_no_destination_until_it_is_let_in(rig: Rig) -> None:
    await rig.push({"shut/a.yaml": config_map("shut")})
    await rig.create_application(
        "shut", syncPolicy=AUTOMATED, metadata={"labels": {"codefresh.io/entity": "git-source"}}
    )
    await rig.until("shut", synced_and_healthy)
    await configure(rig, cluster__inClusterEnabled="false")

    def shut_out(body: JsonObject) -> bool:
        return body["status"]["sync"]["status"] == "Unknown" and any(
            kind == "InvalidSpecError" and "inClusterEnabled" in text and "Git Sources included" in text
            for kind, text in conditions_of(body)
        )

    await rig.until("shut", shut_out)
    await configure(rig)
    await rig.until("shut", lambda body: synced_and_healthy(body) and not conditions_of(body))


async def test_health_follows_the_scripts_of_the_configuration(rig: Rig) -> None:
    await rig.push({"judged/a.yaml": config_map("judged")})
    await rig.create_application("judged", syncPolicy=AUTOMATED)
    await rig.until("judged", synced_and_healthy)
    script = "if obj.data.value == '1' then return {status = 'Degraded', message = 'one is bad'} end"
    await configure(rig, resource__customizations__health__ConfigMap=script)
    await rig.until("judged", lambda body: body["status"]["health"]["status"] == "Degraded")
    record = rig.runtime.records.get(ApplicationKey(NAMESPACE, "judged"))
    assert record is not None
    assert "one is bad" in record.state.health_message()
    await configure(rig)
    await rig.until("judged", synced_and_healthy)


async def test_health_of_objects_whose_bodies_are_not_kept_follows_too(rig: Rig) -> None:
    """ReplicaSets and pods are only known by their metadata; their kinds are listed again."""
    await rig.push({"below/a.yaml": DEPLOYMENT})
    await rig.create_application("below", syncPolicy=AUTOMATED)
    await rig.until("below", synced_and_healthy)
    cache = next(iter(rig.runtime.fleet)).cache

    def told() -> set[str]:
        found = (live.facts.health for live in cache.index.of_kind("apps", "ReplicaSet"))
        return {report.message for report in found if report is not None}

    await configure(
        rig, resource__customizations__health__apps_ReplicaSet="return {status = 'Healthy', message = 'scripted'}"
    )
    await eventually(lambda: told() == {"scripted"})
    await configure(rig)
    await eventually(lambda: "scripted" not in told())


async def test_differences_ignored_for_all_applications_follow(rig: Rig) -> None:
    await rig.push({"drifting/a.yaml": config_map("drifting")})
    await rig.create_application("drifting", syncPolicy={"automated": {}})
    await rig.until("drifting", synced_and_healthy)
    address = ResourceKey("", "ConfigMap", "default", "drifting")
    await rig.cluster.patch(address, "v1", {"data": {"value": "drifted"}})
    await rig.until("drifting", lambda body: body["status"]["sync"]["status"] == "OutOfSync")
    await configure(rig, resource__customizations__ignoreDifferences__ConfigMap="jsonPointers: [/data/value]")
    await rig.until("drifting", synced_and_healthy)
    await configure(rig)
    await rig.until("drifting", lambda body: body["status"]["sync"]["status"] == "OutOfSync")


ACTIONS = """
mergeBuiltinActions: true
discovery.lua: |
  return {rotate = {disabled = obj.data.value == 'off'}}
definitions:
- name: rotate
  action.lua: |
    obj.data.value = 'rotated'
    local log = {apiVersion = 'v1', kind = 'ConfigMap', metadata = {name = obj.metadata.name .. '-log'}}
    return {{operation = 'patch', resource = obj}, {operation = 'create', resource = log}}
- name: escape
  action.lua: |
    local role = {apiVersion = 'rbac.authorization.k8s.io/v1', kind = 'ClusterRole', metadata = {name = 'mighty'}}
    return {{operation = 'create', resource = role}}
"""


async def test_actions_of_the_configuration_are_shown_and_run(rig: Rig) -> None:
    await rig.push({"acting/a.yaml": config_map("acting")})
    project = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}
    metadata = {"name": "narrow", "namespace": NAMESPACE}
    await rig.cluster.create(
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": metadata, "spec": project}
    )
    await rig.create_application("acting", syncPolicy={"automated": {}}, project="narrow")
    await rig.until("acting", synced_and_healthy)
    await configure(rig, resource__customizations__actions__ConfigMap=ACTIONS)
    key, ref = ApplicationKey(NAMESPACE, "acting"), ObjectRef("", "v1", "ConfigMap", "default", "acting")
    await eventually(lambda: rig.runtime.rules.actions.has_actions("", "ConfigMap"))
    answer = await rig.runtime.requests.answer(GetResource(key, ref))
    assert isinstance(answer, ResourceAnswer)
    assert [(action.name, action.disabled) for action in answer.node.actions] == [("rotate", False)]
    await rig.runtime.requests.answer(RunAction(key, ref, "rotate", "", "one"))
    body = await rig.get("v1", "ConfigMap", "default", "acting")
    assert body is not None
    assert body["data"]["value"] == "rotated"
    assert await rig.get("v1", "ConfigMap", "default", "acting-log") is not None
    with pytest.raises(Refused, match="not permitted in project"):
        await rig.runtime.requests.answer(RunAction(key, ref, "escape", "", "two"))
    with pytest.raises(Refused, match="no action"):
        await rig.runtime.requests.answer(RunAction(key, ref, "restart", "", "three"))
    await configure(rig)


async def test_a_jq_expression_that_cannot_be_used_makes_the_comparison_unknown(rig: Rig) -> None:
    await rig.push({"jq/a.yaml": config_map("jq")})

    def ignoring(expression: str) -> list[JsonObject]:
        return [{"group": "", "kind": "ConfigMap", "jqPathExpressions": [expression]}]

    await rig.create_application("jq", syncPolicy={"automated": {}}, ignoreDifferences=ignoring(".data | keys"))

    def told(body: JsonObject) -> bool:
        return any(kind == "ComparisonError" and ".data | keys" in text for kind, text in conditions_of(body))

    body = await rig.until("jq", told)
    assert body["status"]["sync"]["status"] == "Unknown"
    await rig.patch("jq", {"spec": {"ignoreDifferences": ignoring('.data | .["value"]')}})
    await rig.until("jq", lambda body: synced_and_healthy(body) and not conditions_of(body))
    await rig.cluster.patch(ResourceKey("", "ConfigMap", "default", "jq"), "v1", {"data": {"value": "2"}})
    await rig.patch("jq", {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}})
    await rig.until("jq", lambda body: synced_and_healthy(body) and not body["metadata"].get("annotations"))


async def test_the_api_server_is_asked_where_a_compare_option_wants_it(rig: Rig) -> None:
    await rig.push({"asked/a.yaml": config_map("asked")})
    await rig.create_application("asked", syncPolicy={"automated": {}})
    await rig.until("asked", synced_and_healthy)
    before = rig.runtime.comparer.dry_runs
    annotations = {"argocd.argoproj.io/compare-options": "ServerSideDiff=true,IncludeMutationWebhook=true"}
    annotations["argocd.argoproj.io/refresh"] = "normal"
    await rig.patch("asked", {"metadata": {"annotations": annotations}})
    await eventually(lambda: rig.runtime.comparer.dry_runs == before + 1)
    await rig.until("asked", lambda body: synced_and_healthy(body) and len(body["metadata"]["annotations"]) == 1)
    await rig.patch("asked", {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}})
    await rig.until("asked", lambda body: synced_and_healthy(body) and len(body["metadata"]["annotations"]) == 1)
    assert rig.runtime.comparer.dry_runs == before + 1, "an answer is remembered"
    address = ResourceKey("", "ConfigMap", "default", "asked")
    await rig.cluster.patch(address, "v1", {"metadata": {"annotations": {"example.org/beat": "1"}}})
    await eventually(lambda: rig.runtime.comparer.dry_runs == before + 2)
    ignored = "jsonPointers: [/metadata/annotations/example.org~1beat]"
    await configure(rig, resource__customizations__ignoreResourceUpdates__ConfigMap=ignored)
    await eventually(lambda: rig.runtime.home.config.ignore_updates != ())
    await rig.cluster.patch(address, "v1", {"metadata": {"annotations": {"example.org/beat": "2"}}})
    await eventually(lambda: rig.runtime.comparer.dry_runs == before + 3)  # the first one after the rule came
    for beat in ("3", "4", "5"):
        body = await rig.cluster.patch(address, "v1", {"metadata": {"annotations": {"example.org/beat": beat}}})
    version = body["metadata"]["resourceVersion"]
    record = rig.runtime.records.get(ApplicationKey(NAMESPACE, "asked"))
    assert record is not None

    def compared() -> bool:
        verdict = record.state.get(address)
        return verdict is not None and verdict.memo.live.endswith(f"/{version}")

    await eventually(compared)
    assert rig.runtime.comparer.dry_runs == before + 3, "such changes are no reason to ask again"
    await configure(rig)


async def test_a_copy_with_somebody_elses_mark_is_shown_and_left_alone(rig: Rig) -> None:
    await rig.push({"copied/a.yaml": config_map("copied")})
    await rig.create_application("copied", syncPolicy=AUTOMATED)
    await rig.until("copied", synced_and_healthy)
    original = await rig.get("v1", "ConfigMap", "default", "copied")
    assert original is not None
    metadata = {"name": "copy", "namespace": "default", "annotations": original["metadata"]["annotations"]}
    await rig.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    body = await rig.until("copied", lambda body: len(body["status"]["resources"]) == 2)
    assert synced_and_healthy(body)
    shown = {one["name"]: one.get("status") for one in body["status"]["resources"]}
    assert shown == {"copied": "Synced", "copy": None}
    await rig.push({"copied/a.yaml": config_map("copied", "2")})
    await rig.until("copied", lambda body: synced_and_healthy(body) and len(body["status"]["history"]) == 2)
    assert await rig.get("v1", "ConfigMap", "default", "copy") is not None


async def test_objects_are_marked_and_found_by_labels_where_the_configuration_says_so(rig: Rig) -> None:
    await rig.push({"labelled/a.yaml": config_map("labelled-a"), "labelled/b.yaml": config_map("labelled-b")})
    await rig.create_application("labelled", syncPolicy=AUTOMATED)
    await rig.until("labelled", synced_and_healthy)
    await configure(rig, application__resourceTrackingMethod="label", application__instanceLabelKey="example.org/app")

    async def labels(name: str) -> JsonObject | None:
        body = await rig.get("v1", "ConfigMap", "default", name)
        return body["metadata"].get("labels", {}) if body else None

    async def until_labels(name: str, wanted: JsonObject | None) -> None:
        async with asyncio.timeout(60):
            while await labels(name) != wanted:  # noqa: ASYNC110 - it is asked of the API server
                await asyncio.sleep(0.05)

    await until_labels("labelled-b", {"example.org/app": "labelled"})
    body = await rig.get("v1", "ConfigMap", "default", "labelled-b")
    assert body is not None
    assert "argocd.argoproj.io/tracking-id" not in body["metadata"].get("annotations", {})
    await rig.push({"labelled/b.yaml": None})
    await until_labels("labelled-b", None)
    await rig.until("labelled", synced_and_healthy)
    await configure(rig)
    await until_labels("labelled-a", {})
    await rig.until("labelled", synced_and_healthy)


CANARY = "c4n4ry-9f3e"
SECRET = f"""apiVersion: v1
kind: Secret
metadata:
  name: hidden
  annotations:
    example.org/token: {CANARY}-note
    kubectl.kubernetes.io/last-applied-configuration: 'no json {CANARY}'
stringData: {{password: {CANARY}-data}}
"""


async def test_secrets_are_masked_with_the_annotations_that_the_configuration_names(rig: Rig) -> None:
    await rig.push({"hidden/a.yaml": SECRET})
    await rig.create_application("hidden", syncPolicy={"automated": {}})
    await rig.until("hidden", synced_and_healthy)
    await configure(rig, resource__sensitive__mask__annotations="example.org/token")
    await eventually(lambda: rig.runtime.rules.settings.secret_annotations != ())
    secret = ResourceKey("", "Secret", "default", "hidden")
    drifted = {"metadata": {"annotations": {"example.org/token": f"{CANARY}-drift"}}, "data": {"password": "eA=="}}
    await rig.cluster.patch(secret, "v1", drifted)
    await rig.until("hidden", lambda body: body["status"]["sync"]["status"] == "OutOfSync")
    key, ref = ApplicationKey(NAMESPACE, "hidden"), ObjectRef("", "v1", "Secret", "default", "hidden")
    answer = await rig.runtime.requests.answer(GetResource(key, ref))
    assert isinstance(answer, ResourceAnswer)
    assert answer.diff is not None
    assert sorted(change.path for change in answer.diff.changes) == [
        "data.password",
        'metadata.annotations["example.org/token"]',
    ]
    told = repr(answer)
    assert CANARY not in told
    assert base64.b64encode(f"{CANARY}-data".encode()).decode() not in told
    assert "eA==" not in told
    await configure(rig)


async def test_orphans_are_shown_and_warned_of_where_the_project_asks(rig: Rig) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "lonely"}}
    await rig.cluster.create(namespace)
    spec = {
        "sourceRepos": ["*"],
        "destinations": [{"server": "*", "namespace": "*"}],
        "orphanedResources": {"ignore": [{"kind": "ConfigMap", "name": "noise-*"}]},
    }
    metadata = {"name": "watchful", "namespace": NAMESPACE}
    await rig.cluster.create(
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": metadata, "spec": spec}
    )
    await rig.push({"lonely/a.yaml": config_map("lonely")})
    server = "https://kubernetes.default.svc"
    destination = {"server": server, "namespace": "lonely"}
    await rig.create_application("lonely", project="watchful", destination=destination, syncPolicy=AUTOMATED)
    await rig.until("lonely", lambda body: synced_and_healthy(body) and not conditions_of(body))
    for name in ("noise-1", "forgotten"):
        metadata = {"name": name, "namespace": "lonely"}
        await rig.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    told = [("OrphanedResourceWarning", "Application has 1 orphaned resources")]
    body = await rig.until("lonely", lambda body: conditions_of(body) == told)
    assert synced_and_healthy(body)
    answer = await rig.runtime.requests.answer(GetTree(ApplicationKey(NAMESPACE, "lonely")))
    assert isinstance(answer, TreeAnswer)
    assert {node.ref.name: node.orphaned for node in answer.nodes} == {"lonely": False, "forgotten": True}
    await rig.cluster.delete(CONFIG_MAP, "lonely", "forgotten")
    await rig.until("lonely", lambda body: not conditions_of(body))
