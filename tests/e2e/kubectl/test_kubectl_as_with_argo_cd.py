"""What a user of Argo CD does with kubectl and Git, on a runtime of its own process: it behaves as they know it."""

import json
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from tests.support.apart import KUBECTL, Apart, running_apart
from tests.support.runtime import NAMESPACE, application, conditions_of, phase_of, synced_and_healthy

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed"),
]

FINALIZER = "resources-finalizer.argocd.argoproj.io"
AUTOMATED = {"automated": {"prune": True, "selfHeal": True}}
ONCE = {**AUTOMATED, "retry": {"limit": 0}}
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  replicas: 2
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec: {containers: [{name: main, image: "nginx:1.27"}]}
"""
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {key: value}\n"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def apart(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Apart]:
    async with running_apart(tmp_path_factory.mktemp("apart")) as apart:
        yield apart


async def make(apart: Apart, name: str, files: dict[str, str], **spec: object) -> None:
    """Commits files below the directory `name` and applies the Application with kubectl."""
    await apart.push({f"{name}/{path}": text.replace("NAME", name) for path, text in files.items()})
    body = application(apart.host.clone_url("apps"), name, **spec)
    await apart.kubectl("apply", "-f", "-", stdin=json.dumps(body))


async def kubectl_status(apart: Apart, name: str) -> JsonObject:
    body: JsonObject = json.loads(await apart.kubectl("-n", NAMESPACE, "get", "app", name, "-o", "json"))
    status: JsonObject = body["status"]
    return status


async def merge(apart: Apart, name: str, patch: JsonObject) -> None:
    await apart.kubectl("-n", NAMESPACE, "patch", "application", name, "--type", "merge", "-p", json.dumps(patch))


async def test_the_status_is_what_users_of_argo_cd_read(apart: Apart) -> None:
    await make(apart, "web", {"a.yaml": DEPLOYMENT, "b.yaml": CONFIG_MAP}, syncPolicy=AUTOMATED)
    await apart.until("web", synced_and_healthy)
    second = await apart.push({"web/b.yaml": CONFIG_MAP.replace("NAME", "web").replace("value", "other")})
    await apart.until("web", lambda body: body["status"]["sync"]["revision"] == second and synced_and_healthy(body))
    status = await kubectl_status(apart, "web")
    assert status["sourceType"] == "Directory"
    assert status["summary"]["images"] == ["nginx:1.27"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", status["reconciledAt"])
    assert [entry["id"] for entry in status["history"]] == [0, 1]
    assert status["history"][1]["revision"] == second
    assert status["history"][1]["source"]["path"] == "web"
    assert status["history"][1]["initiatedBy"] == {"automated": True}
    assert status["history"][1]["deployedAt"] >= status["history"][1]["deployStartedAt"]
    state = status["operationState"]
    assert (state["phase"], state["message"]) == ("Succeeded", "successfully synced (all tasks run)")
    assert state["operation"]["initiatedBy"] == {"automated": True}
    assert state["syncResult"]["revision"] == second
    assert {one["kind"]: (one["status"], one["syncPhase"]) for one in state["syncResult"]["resources"]} == {
        "ConfigMap": ("Synced", "Sync"),
        "Deployment": ("Synced", "Sync"),
    }
    assert status["sync"]["comparedTo"]["source"]["path"] == "web"
    assert status["sync"]["comparedTo"]["destination"]["namespace"] == "default"
    resources = {one["kind"]: one for one in status["resources"]}
    assert resources["Deployment"]["group"] == "apps"
    assert resources["Deployment"]["version"] == "v1"
    assert resources["Deployment"]["health"]["status"] == "Healthy"
    assert resources["ConfigMap"]["namespace"] == "default"
    assert status["controllerNamespace"] == NAMESPACE
    table = await apart.kubectl("-n", NAMESPACE, "get", "app", "web")
    assert table.split() == ["NAME", "SYNC", "STATUS", "HEALTH", "STATUS", "web", "Synced", "Healthy"]


async def test_a_manual_application_waits_for_the_operation_field(apart: Apart) -> None:
    await make(apart, "manual", {"a.yaml": CONFIG_MAP})
    body = await apart.until("manual", lambda body: body.get("status", {}).get("sync", {}).get("status") == "OutOfSync")
    assert body["status"]["health"]["status"] == "Missing"
    assert await apart.get("v1", "ConfigMap", "manual") is None
    await merge(apart, "manual", {"operation": {"sync": {"revision": "HEAD"}, "initiatedBy": {"username": "dana"}}})
    body = await apart.until("manual", synced_and_healthy)
    assert "operation" not in body
    assert body["status"]["operationState"]["operation"]["initiatedBy"] == {"username": "dana"}
    assert await apart.get("v1", "ConfigMap", "manual") is not None


@pytest.mark.parametrize("kind", ["normal", "hard"])
async def test_the_refresh_annotation_goes_when_it_is_done(apart: Apart, kind: str) -> None:
    key = "argocd.argoproj.io/refresh"
    await make(apart, f"refresh-{kind}", {"a.yaml": CONFIG_MAP}, syncPolicy=AUTOMATED)
    await apart.until(f"refresh-{kind}", synced_and_healthy)
    await apart.kubectl("-n", NAMESPACE, "annotate", "app", f"refresh-{kind}", f"{key}={kind}")
    await apart.until(f"refresh-{kind}", lambda body: key not in body["metadata"]["annotations"])


async def test_drift_is_healed_and_what_left_git_is_pruned(apart: Apart) -> None:
    await make(apart, "heal", {"a.yaml": DEPLOYMENT, "b.yaml": CONFIG_MAP}, syncPolicy=AUTOMATED)
    await apart.until("heal", synced_and_healthy)
    await apart.kubectl("scale", "deployment", "heal", "--replicas", "5")
    await apart.kubectl("wait", "deployment/heal", "--for", "jsonpath={.spec.replicas}=2", "--timeout", "15s")
    uid = (await apart.get("v1", "ConfigMap", "heal") or {})["metadata"]["uid"]
    await apart.kubectl("delete", "configmap", "heal")
    await apart.kubectl("wait", "configmap/heal", "--for", "create", "--timeout", "20s")
    assert (await apart.get("v1", "ConfigMap", "heal") or {})["metadata"]["uid"] != uid
    await apart.push({"heal/b.yaml": None})
    await apart.kubectl("wait", "configmap/heal", "--for", "delete", "--timeout", "15s")
    await apart.until("heal", synced_and_healthy)


@pytest.mark.parametrize("finalizers", [[], [FINALIZER]])
async def test_deletion_takes_the_objects_only_with_the_finalizer(apart: Apart, finalizers: list[str]) -> None:
    name = "taken" if finalizers else "left"
    await make(apart, name, {"a.yaml": CONFIG_MAP}, syncPolicy=AUTOMATED, metadata={"finalizers": finalizers})
    await apart.until(name, synced_and_healthy)
    await apart.kubectl("-n", NAMESPACE, "delete", "app", name, "--timeout", "15s")
    assert (await apart.get("v1", "ConfigMap", name) is None) is bool(finalizers)


async def test_two_applications_on_one_object_are_told(apart: Apart) -> None:
    await make(apart, "first", {"a.yaml": CONFIG_MAP}, syncPolicy=AUTOMATED)
    await apart.until("first", synced_and_healthy)
    await make(apart, "rival", {"a.yaml": CONFIG_MAP.replace("NAME", "first")})
    body = await apart.until("rival", lambda body: bool(conditions_of(body)))
    (kind, message) = conditions_of(body)[0]
    assert kind == "SharedResourceWarning"
    assert "ConfigMap" in message
    assert "first" in message


async def test_a_bad_commit_is_told_by_file_and_line_and_loses_nothing(apart: Apart) -> None:
    await make(apart, "bad", {"a.yaml": CONFIG_MAP, "b.yaml": DEPLOYMENT}, syncPolicy=AUTOMATED)
    await apart.until("bad", synced_and_healthy)
    await apart.push({"bad/b.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: [broken\nspec: {}\n"})
    body = await apart.until("bad", lambda body: bool(conditions_of(body)))
    (kind, message) = conditions_of(body)[0]
    assert kind == "ComparisonError"
    assert re.search(r"bad/b\.yaml:\d", message), message
    assert body["status"]["sync"]["status"] == "Unknown"
    assert await apart.get("apps/v1", "Deployment", "bad") is not None
    await apart.push({"bad/b.yaml": DEPLOYMENT.replace("NAME", "bad")})
    body = await apart.until("bad", synced_and_healthy)
    assert not conditions_of(body)


async def test_waves_go_in_order(apart: Apart) -> None:
    late = CONFIG_MAP.replace("{name: NAME}", '{name: NAME-late, annotations: {argocd.argoproj.io/sync-wave: "1"}}')
    await make(apart, "waves", {"a.yaml": late, "b.yaml": DEPLOYMENT}, syncPolicy=AUTOMATED)
    body = await apart.until("waves", synced_and_healthy)
    live = await apart.get("v1", "ConfigMap", "waves-late")
    deployment = await apart.get("apps/v1", "Deployment", "waves")
    assert live is not None
    assert deployment is not None
    available = next(c for c in deployment["status"]["conditions"] if c["type"] == "Available")
    assert available["status"] == "True"
    kinds = [one["kind"] for one in body["status"]["operationState"]["syncResult"]["resources"]]
    assert kinds == ["Deployment", "ConfigMap"]


async def test_a_pinned_commit_stays_where_it_is(apart: Apart) -> None:
    commit = await apart.push({"pinned/a.yaml": CONFIG_MAP.replace("NAME", "pinned")})
    source = {"repoURL": apart.host.clone_url("apps"), "path": "pinned", "targetRevision": commit}
    await make(apart, "pinned", {"b.yaml": DEPLOYMENT}, source=source, syncPolicy=AUTOMATED)
    body = await apart.until("pinned", synced_and_healthy)
    assert body["status"]["sync"]["revision"] == commit
    assert [one["kind"] for one in body["status"]["resources"]] == ["ConfigMap"]


BROKEN: dict[str, tuple[JsonObject, str, str]] = {
    "a missing path": ({"path": "nowhere"}, "nowhere", "there is no directory"),
    "a missing revision": ({"targetRevision": "no-such-branch"}, "no-such-branch", ""),
    "an unreachable host": ({"repoURL": "http://127.0.0.1:9/git/apps.git"}, "127.0.0.1:9", ""),
    "a repository that is not there": ({"repoURL": "REPOSITORY/nothing.git"}, "nothing.git", ""),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_a_source_that_cannot_be_read_says_so(apart: Apart, case: str) -> None:
    change, named, said = BROKEN[case]
    name = case.replace(" ", "-")
    source = {"repoURL": apart.host.clone_url("apps"), "path": "web", "targetRevision": "main", **change}
    source["repoURL"] = source["repoURL"].replace("REPOSITORY", apart.host.clone_url("apps").removesuffix("/apps.git"))
    await make(apart, name, {"a.yaml": CONFIG_MAP}, source=source, syncPolicy=AUTOMATED)
    body = await apart.until(name, lambda body: bool(conditions_of(body)))
    (kind, message) = conditions_of(body)[0]
    assert kind == "ComparisonError"
    assert named in message
    assert said in message
    assert body["status"]["sync"]["status"] == "Unknown"


REFUSED: dict[str, tuple[str, str]] = {
    "unknown-kind": (
        "apiVersion: shop.example.com/v1\nkind: Basket\nmetadata:\n  name: NAME\n"
        "  annotations: {argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true}\n",
        "Basket",
    ),
    "invalid": (DEPLOYMENT.replace("{app: NAME}", "{app: other}", 1), "selector"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_refused_object_fails_alone(apart: Apart, name: str) -> None:
    manifest, named = REFUSED[name]
    await make(apart, name, {"a.yaml": manifest, "b.yaml": CONFIG_MAP}, syncPolicy=ONCE)
    body = await apart.until(name, lambda body: phase_of(body) == "Failed")
    results = {one["kind"]: one for one in body["status"]["operationState"]["syncResult"]["resources"]}
    failed = [one for one in results.values() if one["status"] == "SyncFailed"]
    assert len(failed) == 1
    assert named in failed[0]["message"]
    assert results["ConfigMap"]["status"] == "Synced"


async def test_an_immutable_field_is_told_with_the_way_out(apart: Apart) -> None:
    await make(apart, "frozen", {"a.yaml": DEPLOYMENT, "b.yaml": CONFIG_MAP}, syncPolicy=ONCE)
    await apart.until("frozen", synced_and_healthy)
    changed = DEPLOYMENT.replace("NAME", "frozen").replace("{app: frozen}", "{app: melted}")
    await apart.push({"frozen/a.yaml": changed})
    body = await apart.until("frozen", lambda body: phase_of(body) == "Failed")
    (failed,) = (
        one for one in body["status"]["operationState"]["syncResult"]["resources"] if one["status"] == "SyncFailed"
    )
    assert "immutable" in failed["message"]
    assert "Replace=true" in failed["message"] or "Force=true" in failed["message"]
    assert await apart.get("apps/v1", "Deployment", "frozen") is not None
