"""What the control plane may ask the runtime, and what it gets: trees, resources, logs, events, acts of people."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import msgspec
import pytest
import pytest_asyncio

from gitsync.access.secret import Credential, PersonSecret
from gitsync.reporting.link import Refused
from gitsync.reporting.outbox import Subject
from gitsync.reporting.reporter import Reporter
from gitsync.runtime.runtime import utc_now
from gitsync.sandbox.githost import Access
from model.audit import AuditAnswer, CommitChanges, GetCommitChanges, ReadAudit
from model.health import Health
from model.identity import ApplicationKey, GroupVersionKind, ResourceKey
from model.link import (
    AccessAnswer,
    AnswerBody,
    DeepLinksAnswer,
    DeleteObject,
    EventInfo,
    GetDeepLinks,
    GetManagedResources,
    GetRendering,
    GetResource,
    GetTree,
    LogLines,
    ManagedAnswer,
    ObjectRef,
    OperationAnswer,
    ProbeAccess,
    ReadLogs,
    RefreshApplication,
    RenderingAnswer,
    RequestBody,
    ResourceAnswer,
    RunAction,
    StartSync,
    TerminateOperation,
    TreeAnswer,
    TreeChange,
    TreeNode,
    WatchEvents,
    WatchTree,
)
from model.operation import Phase
from model.report import SyncState
from tests.support.runtime import NAMESPACE, Rig, conditions_of, phase_of, synced_and_healthy
from tests.support.sandbox_rig import World, running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

SHOP = ApplicationKey(NAMESPACE, "shop")
WEB = ObjectRef("apps", "v1", "Deployment", "default", "web")
SECRET = ObjectRef("", "v1", "Secret", "default", "web")
CANARY = "canary-4711"
LINKS = {
    "application.links": """
- {url: "https://broken.example.test/{{.app", title: Broken}
- {url: "https://logs.example.test/{{.app.metadata.name}}/{{.cluster.name}}", title: Logs}
""",
    "project.links": "- {url: 'https://audit.example.test/{{.project.metadata.name}}', title: Audit}",
    "resource.links": """
- {url: "https://kinds.example.test/{{.resource.kind}}/{{.resource.metadata.name}}", title: Kind}
- {url: "https://thief.example.test/{{.resource.data.password}}", title: Stolen, if: resource.kind == "Secret"}
""",
}
MANIFESTS = f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers: [{{name: app, image: "shop/web:1"}}]
---
apiVersion: v1
kind: Secret
metadata: {{name: web, annotations: {{argocd.argoproj.io/sync-wave: "-2"}}}}
stringData: {{password: {CANARY}}}
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("requests")) as (world, rig):
        world.host.add_user("victor", "victor-password")
        world.host.set_access("apps", "victor", Access.READ)
        for person in ("dana", "victor"):
            secret = PersonSecret(person, world.host.clone_url("apps"), Credential(person, f"{person}-password"))
            rig.runtime.credentials.put_person(person, secret)
        await rig.push({"shop/web.yaml": MANIFESTS})
        await rig.create_application("shop", syncPolicy={"automated": {"prune": True}})
        await rig.until("shop", synced_and_healthy)
        yield world, rig


@pytest.fixture
def rig(both: tuple[World, Rig]) -> Rig:
    return both[1]


async def ask(rig: Rig, body: RequestBody) -> AnswerBody:
    answer = await rig.runtime.requests.answer(body)
    assert CANARY.encode() not in msgspec.msgpack.encode(answer)
    return answer


async def tree(rig: Rig) -> dict[str, list[TreeNode]]:
    answer = await ask(rig, GetTree(SHOP))
    assert isinstance(answer, TreeAnswer)
    kinds: dict[str, list[TreeNode]] = {}
    for node in answer.nodes:
        kinds.setdefault(node.ref.kind, []).append(node)
    return kinds


async def test_the_tree_reaches_from_git_to_pods(rig: Rig) -> None:
    kinds = await tree(rig)
    (deployment,), (replica_set,), pods = kinds["Deployment"], kinds["ReplicaSet"], kinds["Pod"]
    assert deployment.managed
    assert deployment.sync is SyncState.SYNCED
    assert deployment.health is Health.HEALTHY
    assert not deployment.parent_ids
    assert [action.name for action in deployment.actions] == ["restart", "scale", "pause", "resume"]
    assert replica_set.parent_ids == (deployment.id,)
    assert {pod.parent_ids for pod in pods} == {(replica_set.id,)}
    assert len(pods) == 2
    assert pods[0].images == ("shop/web:1",)
    answer = await ask(rig, GetTree(SHOP))
    assert isinstance(answer, TreeAnswer)
    assert sum(host.pod_count for host in answer.hosts) == 2


async def test_objects_of_the_last_sync_are_told_with_their_wave(rig: Rig) -> None:
    record = rig.runtime.records.get(SHOP)
    assert record is not None
    summary = rig.runtime.reporter.summary(record)
    assert summary.operation is not None
    assert summary.operation.sync_result is not None
    kinds = [one.kind for one in summary.operation.sync_result.resources]
    assert dict(zip(kinds, summary.operation_waves, strict=True)) == {"Secret": -2, "Deployment": 0}


async def test_a_resource_shows_both_sides_with_its_place_in_git(rig: Rig) -> None:
    answer = await ask(rig, GetResource(SHOP, WEB))
    assert isinstance(answer, ResourceAnswer)
    assert answer.desired is not None
    assert answer.live is not None
    assert answer.diff is not None
    assert not answer.diff.modified
    assert answer.location is not None
    assert (answer.location.path, answer.location.line) == ("shop/web.yaml", 1)
    assert any(event.reason == "ScalingReplicaSet" for event in answer.events)


async def test_secrets_come_masked(rig: Rig) -> None:
    answer = await ask(rig, GetResource(SHOP, SECRET))
    assert isinstance(answer, ResourceAnswer)
    assert answer.live is not None
    assert set(answer.live["data"]["password"]) == {"+"}


async def test_configured_links_are_those_of_what_is_looked_at_and_know_no_secret(rig: Rig) -> None:
    metadata = {"name": "argocd-cm", "namespace": NAMESPACE}
    await rig.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": LINKS})
    try:
        body = await rig.until("shop", conditions_of)
        ((kind, said),) = conditions_of(body)
        assert (kind, said.partition(" cannot")[0]) == ("ConfigurationWarning", "application.links of argocd-cm")
        assert "entry 1 (Broken)" in said
        found = await ask(rig, GetDeepLinks(SHOP))
        assert isinstance(found, DeepLinksAnswer)
        assert [(one.title, one.url) for one in found.links] == [
            ("Logs", "https://logs.example.test/shop/in-cluster"),
            ("Audit", "https://audit.example.test/default"),
        ]
        assert found.problems == ()
        of_secret = await ask(rig, GetResource(SHOP, SECRET))
        assert isinstance(of_secret, ResourceAnswer)
        assert [one.url for one in of_secret.links] == ["https://kinds.example.test/Secret/web"]
        (problem,) = of_secret.link_problems
        assert problem.startswith("resource.links of argocd-cm, entry 2 (Stolen) is not shown")
        of_web = await ask(rig, GetResource(SHOP, WEB))
        assert isinstance(of_web, ResourceAnswer)
        assert [one.url for one in of_web.links] == ["https://kinds.example.test/Deployment/web"]
    finally:
        await rig.cluster.delete(GroupVersionKind("", "v1", "ConfigMap"), NAMESPACE, "argocd-cm")
    await rig.until("shop", lambda body: not conditions_of(body))


async def test_only_objects_of_the_application_are_found(rig: Rig) -> None:
    for foreign in (
        ObjectRef("", "v1", "Service", "default", "kubernetes"),
        ObjectRef("", "v1", "Secret", NAMESPACE, "nobody"),
    ):
        with pytest.raises(Refused) as refusal:
            await ask(rig, GetResource(SHOP, foreign))
        assert refusal.value.code == "NOT_FOUND_ERROR"


async def test_managed_resources_with_their_differences(rig: Rig) -> None:
    answer = await ask(rig, GetManagedResources(SHOP))
    assert isinstance(answer, ManagedAnswer)
    assert [one.node.ref.kind for one in answer.resources] == ["Secret", "Deployment"]
    changed = await ask(rig, GetManagedResources(SHOP, only_changed=True))
    assert changed == ManagedAnswer(())


async def test_rendering_tells_what_was_read_and_which_blob_changed(rig: Rig) -> None:
    await rig.push({"told/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: told}\n"})
    await rig.create_application("told", syncPolicy={"automated": {"prune": True}})
    await rig.until("told", synced_and_healthy)
    first = await ask(rig, GetRendering(ApplicationKey(NAMESPACE, "told")))
    assert isinstance(first, RenderingAnswer)
    assert first.reasons == ("rendered for the first time",)
    assert ("blob", "told/a.yaml") in [(one.kind, one.path) for one in first.sources[0].reads]
    commit = await rig.push({"told/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: told}\ndata: {a: b}\n"})
    await rig.until("told", lambda body: body["status"]["sync"]["revision"] == commit)
    second = await ask(rig, GetRendering(ApplicationKey(NAMESPACE, "told")))
    assert isinstance(second, RenderingAnswer)
    assert second.reasons == ("blob told/a.yaml changed",)
    assert second.sources[0].commit == commit
    assert second.rendered_at is not None


async def test_a_watched_tree_follows_the_cluster(rig: Rig) -> None:
    async with aclosing(rig.runtime.requests.stream(WatchTree(SHOP))) as changes:  # type: ignore[type-var]
        first = await anext(changes)
        assert isinstance(first, TreeChange)
        assert first.snapshot
        version = first.version
        (pod, *_) = [node for node in first.upserted if node.ref.kind == "Pod"]
        relabelled = {"metadata": {"labels": {"looked-at": "yes"}}}
        await rig.cluster.patch(ResourceKey("", "Pod", "default", pod.ref.name), "v1", relabelled)
        async with asyncio.timeout(60):
            change = await anext(changes)
        assert isinstance(change, TreeChange)
        assert [(node.id, node.labels.get("looked-at")) for node in change.upserted] == [(pod.id, "yes")]
        version = change.version
        await ask(rig, RunAction(SHOP, WEB, "scale", "dana", "op-scale", {"replicas": 3}))
        nodes = {node.id: node for node in first.upserted}
        async with asyncio.timeout(60):
            while sum(node.ref.kind == "Pod" and node.health is Health.HEALTHY for node in nodes.values()) != 3:
                change = await anext(changes)
                assert isinstance(change, TreeChange)
                assert not change.snapshot
                assert change.version == version + 1, "versions have no gaps"
                version = change.version
                nodes.update({node.id: node for node in change.upserted})
                for gone in change.removed:
                    nodes.pop(gone, None)
    await ask(rig, StartSync(SHOP, "dana", "op-back"))
    await rig.until(
        "shop", lambda body: "op-back" in str(body["status"]["operationState"]) and phase_of(body) != "Running"
    )
    await rig.until("shop", synced_and_healthy)
    assert rig.runtime.feeds.open == 0


async def test_logs_of_a_pod_come_in_batches_and_end(rig: Rig) -> None:
    pod = (await tree(rig))["Pod"][0].ref
    lines: list[str] = []
    async with aclosing(
        rig.runtime.requests.stream(ReadLogs(SHOP, pod, follow=False))  # type: ignore[type-var]
    ) as batches:
        async for batch in batches:
            assert isinstance(batch, LogLines)
            lines += [text for _, text in batch.lines]
            assert all(time is not None for time, _ in batch.lines)
            if batch.last:
                break
    assert lines


async def test_events_of_one_object(rig: Rig) -> None:
    async with aclosing(
        rig.runtime.requests.stream(WatchEvents(SHOP, WEB))  # type: ignore[type-var]
    ) as events:
        async with asyncio.timeout(60):
            event = await anext(events)
    assert isinstance(event, EventInfo)
    assert event.object == WEB


@pytest.mark.parametrize(
    "body",
    [
        StartSync(SHOP, "victor", "v1"),
        RefreshApplication(SHOP, "victor", "v2"),
        TerminateOperation(SHOP, "victor", "v3"),
        DeleteObject(SHOP, WEB, "victor", "v4"),
        RunAction(SHOP, WEB, "restart", "victor", "v5"),
        StartSync(SHOP, "eve", "e1"),
    ],
    ids=lambda body: f"{type(body).__name__}-{body.actor}",
)
async def test_whoever_may_not_push_may_not_act(rig: Rig, body: RequestBody) -> None:
    before = await rig.application("shop")
    with pytest.raises(Refused) as refusal:
        await ask(rig, body)
    assert refusal.value.code == "FORBIDDEN_ERROR"
    after = await rig.application("shop")
    assert before is not None
    assert after is not None
    assert before["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"]


async def test_a_sync_asked_for_twice_with_one_id_is_one_sync(rig: Rig) -> None:
    started = rig.runtime.syncs.started
    first = await ask(rig, StartSync(SHOP, "dana", "op-1", reason="because"))
    second = await ask(rig, StartSync(SHOP, "dana", "op-1", reason="because"))
    assert isinstance(first, OperationAnswer)
    assert isinstance(second, OperationAnswer)
    assert first.phase is Phase.RUNNING
    assert first.summary is not None
    assert first.summary.sync is SyncState.SYNCING, "the asker reads its own write"
    body = await rig.until("shop", lambda body: "operation" not in body and phase_of(body) == "Succeeded")
    assert body["status"]["operationState"]["operation"]["initiatedBy"] == {"username": "dana"}
    third = await ask(rig, StartSync(SHOP, "dana", "op-1", reason="because"))
    assert isinstance(third, OperationAnswer)
    assert rig.runtime.syncs.started == started + 1


async def test_a_deleted_object_is_gone_and_shown_as_missing(rig: Rig) -> None:
    await rig.patch("shop", {"spec": {"syncPolicy": None}})
    await ask(rig, DeleteObject(SHOP, SECRET, "dana", "op-delete", propagation="Background"))
    body = await rig.until("shop", lambda body: body["status"]["sync"]["status"] == "OutOfSync")
    assert body["status"]["health"]["status"] == "Healthy", "missing objects do not count while others exist"
    assert (await tree(rig))["Secret"][0].health is Health.MISSING
    await ask(rig, StartSync(SHOP, "", "op-restore"))
    await rig.until("shop", lambda body: body["status"]["sync"]["status"] == "Synced")


async def test_impossible_acts_say_why(rig: Rig) -> None:
    with pytest.raises(Refused, match="not paused"):
        await ask(rig, RunAction(SHOP, WEB, "resume", "dana", "op-2"))
    with pytest.raises(Refused, match="no operation"):
        await ask(rig, TerminateOperation(SHOP, "dana", "op-3"))
    with pytest.raises(Refused, match="no application"):
        await ask(rig, StartSync(ApplicationKey(NAMESPACE, "none"), "dana", "op-4"))
    with pytest.raises(Refused, match="strategy"):
        await ask(rig, StartSync(SHOP, "dana", "op-5", strategy="magic"))


async def test_access_is_probed_with_the_persons_own_credential(rig: Rig) -> None:
    url = rig.host.clone_url("apps")
    for person, expected in (("dana", (True, True)), ("victor", (True, False))):
        answer = await ask(rig, ProbeAccess(person, (url,)))
        assert isinstance(answer, AccessAnswer)
        assert (answer.verdicts[0].read, answer.verdicts[0].write) == expected


async def test_reports_describe_the_application(rig: Rig) -> None:
    record = rig.runtime.records.get(SHOP)
    assert record is not None
    async with asyncio.timeout(60):
        while (summary := rig.runtime.reporter.summary(record)).commit is None:  # noqa: ASYNC110 - read when first asked
            await asyncio.sleep(0.02)
    assert summary.cluster == "in-cluster"
    assert summary.access_repo_url == rig.host.clone_url("apps")
    assert summary.images == ("shop/web:1",)
    assert summary.resources_total == 2
    assert summary.commit is not None
    assert summary.commit.author_name == "Dana"
    assert {subject[0] for subject in rig.runtime.reporter.subjects()} == {
        "application",
        "cluster",
        "repository",
        "runtime",
    }
    for subject in rig.runtime.reporter.subjects():
        assert rig.runtime.reporter.make(subject) is not None


async def test_commits_of_connected_repositories_are_the_audit_log(rig: Rig) -> None:
    answer = await ask(rig, ReadAudit((), wait_seconds=10))
    assert isinstance(answer, AuditAnswer)
    entries = [entry for batch in answer.batches for entry in batch.entries]
    pushed = next(entry for entry in entries if "shop/web.yaml" in entry.files)
    assert (pushed.action, pushed.entity_kind, pushed.actor_name) == ("COMMIT", "Repository", "Dana")
    changes = await ask(rig, GetCommitChanges(pushed.commit.repo_url, pushed.commit.sha))
    assert isinstance(changes, CommitChanges)
    assert [(file.path, file.masked) for file in changes.files] == [("shop/web.yaml", True)]
    with pytest.raises(Refused):
        await ask(rig, GetCommitChanges("https://git.example.com/not-connected.git", pushed.commit.sha))


def watching(rig: Rig, told: "asyncio.Queue[Subject]") -> Reporter:
    """Reports of the rig's runtime, which has no link, as they would be made."""
    runtime = rig.runtime
    return Reporter(
        records=runtime.records,
        sets=runtime.application_sets,
        tracking=lambda: runtime.rules.tracking,
        fleet=lambda: runtime.fleet,
        repositories=runtime.repositories,
        supervisor=runtime.supervisor,
        control_namespace=NAMESPACE,
        runtime=runtime.reporter.runtime(),
        changed=told.put_nowait,
        now=utc_now,
        environments=lambda: runtime.home.environments,
    )


async def test_an_environment_that_comes_or_goes_tells_of_the_applications_that_it_holds(rig: Rig) -> None:
    held = ApplicationKey(NAMESPACE, "held")  # other tests have applications, too, and none of them goes there
    destination = {"server": "https://kubernetes.default.svc", "namespace": "held"}
    await rig.create_application("held", destination=destination)
    await rig.until("held", lambda body: bool(body.get("status")))
    told: asyncio.Queue[Subject] = asyncio.Queue()
    record, reporter, home = rig.runtime.records.get(held), watching(rig, told), rig.runtime.home
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "live", "namespace": NAMESPACE, "labels": {"codefresh.io/entity": "environment"}},
        "data": {"kind": "non-production", "clusters": "- {cluster: in-cluster, namespaces: [he*]}"},
    }
    elsewhere = {**body, "metadata": {**body["metadata"], "name": "other"}}  # type: ignore[dict-item]
    elsewhere["data"] = {"kind": "production", "clusters": "- {cluster: in-cluster, namespaces: [shop]}"}
    address, before = ResourceKey("", "ConfigMap", NAMESPACE, "live"), home.on_environments_changed
    home.on_environments_changed = reporter.environments_changed
    try:
        async with asyncio.timeout(60):
            await rig.cluster.create(elsewhere)
            assert await told.get() == ("runtime", "")
            await rig.cluster.create(body)
            assert [await told.get() for _ in range(2)] == [("runtime", ""), ("application", held)]
            assert record is not None
            assert rig.runtime.reporter.summary(record).environments == ("live",)
            assert [one.name for one in rig.runtime.reporter.runtime().environments] == ["live", "other"]
            await rig.cluster.patch(address, "v1", {"data": {"kind": "production"}})
            assert await told.get() == ("runtime", "")
            await rig.cluster.delete(GroupVersionKind("", "v1", "ConfigMap"), NAMESPACE, "live")
            assert [await told.get() for _ in range(2)] == [("runtime", ""), ("application", held)]
            assert rig.runtime.reporter.summary(record).environments == ()
        assert told.empty()
    finally:
        home.on_environments_changed = before
