"""The adapter and the execution against API servers that nobody scripted: the sandbox, and a real kube-apiserver."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gitsync.diff.compute import compute_diff
from gitsync.diff.normalize import LAST_APPLIED
from gitsync.execute.apply_plan import Execution, Outcome
from gitsync.execute.delete_application import delete_application
from gitsync.kube.access import access_from_kubeconfig
from gitsync.kube.cache import LiveCache
from gitsync.kube.client import Cluster
from gitsync.kube.errors import Conflict, Immutable, Invalid, NamespaceMissing
from gitsync.kube.index import LiveEvent
from gitsync.manifest.object import Facts, JsonObject, LiveObject, managed_fields
from gitsync.manifest.tracking import FIELD_MANAGER
from gitsync.plan.values import Plan
from model.identity import GroupVersionKind, ResourceKey
from model.operation import Phase
from tests.support.plans import APPLICATION, apply, plan, prune
from tests.support.real_apiserver import require_assets, running_real_cluster
from tests.support.sandbox import running_sandbox

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
WIDGET = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"namespace": "shop", "name": "w"}, "spec": {}}
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


def config_map(name: str, **data: str) -> JsonObject:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "shop", "name": name}, "data": data}


def deployment(selector: str) -> JsonObject:
    labels = {"app": selector}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "nginx"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": "shop", "name": "web"},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": pod},
    }


class Rig:
    def __init__(self, cluster: Cluster, cache: LiveCache) -> None:
        self.cluster, self.cache = cluster, cache
        self.events: list[LiveEvent] = []
        cache.listen(self.events.append)

    def live(self, kind: str, name: str, group: str = "") -> LiveObject:
        live = self.cache.get(ResourceKey(group, kind, "shop", name))
        assert live
        return live

    async def seen(self, kind: str, name: str, group: str = "", *, after: LiveObject | None = None) -> LiveObject:
        """The object as the cache has it, newer than `after`."""
        key, old = ResourceKey(group, kind, "shop", name), after.resource_version if after else ""
        while (live := self.cache.get(key)) is None or live.resource_version == old:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        return live

    async def run(self, steps: Plan, **settings: Any) -> Outcome:
        return await Execution(steps, cluster=self.cluster, live=self.cache, application=APPLICATION, **settings).run()


@pytest.fixture(
    params=["sandbox", pytest.param("real", marks=[pytest.mark.controlplane, pytest.mark.e2e])],
)
async def kubeconfig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Path]:
    if request.param == "sandbox":
        async with running_sandbox() as sandbox:
            yield sandbox.kubeconfig
    else:
        async with running_real_cluster(require_assets("etcd", "kube-apiserver"), tmp_path / "real") as real:
            yield real.kubeconfig


@pytest.fixture
async def rig(kubeconfig: Path) -> AsyncIterator[Rig]:
    cluster = await Cluster.connect(access_from_kubeconfig(kubeconfig))
    cache = LiveCache(cluster, facts_of=lambda _: Facts())
    await cache.start()
    await cache.synced.wait()
    yield Rig(cluster, cache)
    await cache.stop()
    await cluster.close()


@pytest.mark.cpu_seconds(20)  # a real API server takes seconds to start
async def test_the_life_of_an_application(rig: Rig) -> None:
    """Everything in one story, since a real API server is dear to start."""
    assert rig.cache.incomplete == {}
    await first_sync(rig)
    await sync_again(rig)
    await refusals(rig)
    await take_over(rig)
    await client_side(rig)
    await duplicates(rig)
    await undeclared_fields(rig)
    await dumped_manifests(rig)
    await prune_and_delete(rig)


async def first_sync(rig: Rig) -> None:
    # The namespace is nobody's: with it, everything in it would go when the application goes.
    await rig.cluster.apply(NAMESPACE, manager="m")
    steps = plan(
        apply(config_map("a", x="1")),
        apply(deployment("web"), rank=1),
        apply(DEFINITION, wave=1),
        apply(WIDGET, wave=1, rank=1),
        apply(config_map("late"), wave=2),
    )
    checked = await rig.run(steps, dry_run=True)
    assert checked.phase is Phase.SUCCEEDED, checked
    assert not [event for event in rig.events if event.roots]
    done = await rig.run(steps)
    assert done.phase is Phase.SUCCEEDED, done
    assert {result.message.rpartition(" ")[2] for result in done.results} == {"created"}
    assert managed_fields(rig.live("ConfigMap", "a").body())[0].manager == FIELD_MANAGER


async def sync_again(rig: Rig) -> None:
    before = rig.cluster.requests.copy()
    live = rig.live("ConfigMap", "a")
    same = await rig.run(plan(apply(config_map("a", x="1"), live=live)))
    assert same.results[0].message == "configmap/a unchanged"
    assert rig.cluster.requests - before == {"apply": 1}
    removed = await rig.run(plan(apply(config_map("a"), live=live), apply(config_map("b"), wave=1)))
    assert removed.phase is Phase.SUCCEEDED
    assert not rig.live("ConfigMap", "a").body().get("data"), "a field that left Git leaves the cluster"
    replaced = await rig.run(plan(apply(config_map("b", z="1"), live=rig.live("ConfigMap", "a"), replace=True)))
    assert replaced.phase is Phase.SUCCEEDED, replaced


async def refusals(rig: Rig) -> None:
    with pytest.raises(NamespaceMissing):
        await rig.cluster.apply(config_map("a") | {"metadata": {"namespace": "none", "name": "a"}}, manager="m")
    with pytest.raises(Immutable, match=r"spec\.selector"):
        await rig.cluster.apply(deployment("other"), manager=FIELD_MANAGER)
    odd = deployment("web")
    with pytest.raises(Invalid, match="replicaz"):
        await rig.cluster.apply(odd | {"spec": odd["spec"] | {"replicaz": 1}}, manager="m")
    with pytest.raises(Conflict):
        await rig.cluster.delete(GroupVersionKind("", "v1", "ConfigMap"), "shop", "a", uid="another")
    old = rig.live("Deployment", "web", "apps")
    forced = await rig.run(plan(apply(deployment("other"), live=old, force=True)))
    assert forced.phase is Phase.SUCCEEDED, forced


async def take_over(rig: Rig) -> None:
    """An object of client-side apply: after our first sync, a field that leaves Git leaves the cluster."""
    wanted = apply(config_map("old", keep="1", drop="1")).desired
    assert wanted
    await rig.cluster.create(wanted.body, manager="kubectl-client-side-apply")
    steps = plan(apply(config_map("marker"), wave=0))
    while rig.cache.get(wanted.key) is None:
        await rig.run(steps)  # any round trip lets the cache catch up
    first = await rig.run(plan(apply(config_map("old", keep="1"), live=rig.live("ConfigMap", "old"))))
    assert first.phase is Phase.SUCCEEDED, first
    body = await rig.cluster.get(GroupVersionKind("", "v1", "ConfigMap"), "shop", "old")
    assert body
    assert body["data"] == {"keep": "1"}


def with_env(*names: str, **labels: str) -> JsonObject:
    """A Deployment named `side` whose container has these variables."""
    body = deployment("side")
    container = {"name": "main", "image": "nginx", "env": [{"name": name, "value": "1"} for name in names]}
    pod = {"metadata": {"labels": {"app": "side"}}, "spec": {"containers": [container]}}
    metadata = {"namespace": "shop", "name": "side", "labels": labels}
    return body | {"metadata": metadata, "spec": body["spec"] | {"template": pod}}


async def client_side(rig: Rig) -> None:
    """Who insists on it gets what `kubectl apply` does: an annotation to go by, and nothing that is others' touched."""
    made = await rig.run(plan(apply(with_env("a", "b", tier="web"), server_side=False)))
    assert made.results[0].message == "deployment.apps/side created", made
    live = await rig.seen("Deployment", "side", "apps")
    ours = [entry for entry in managed_fields(live.body()) if not entry.subresource]
    assert [(entry.manager, entry.operation) for entry in ours] == [(FIELD_MANAGER, "Update")]
    applied = msgspec.json.decode(live.body()["metadata"]["annotations"][LAST_APPLIED])
    assert applied["metadata"]["labels"] == {"tier": "web"}
    container = {"name": "main", "env": [{"name": "theirs", "value": "1"}]}
    extra = {"metadata": {"labels": {"extra": "1"}}, "spec": {"template": {"spec": {"containers": [container]}}}}
    await rig.cluster.patch(live.key, "v1", extra, kind="strategic", manager="somebody")
    live = await rig.seen("Deployment", "side", "apps", after=live)
    changed = await rig.run(plan(apply(with_env("b", "c"), live=live, server_side=False)))
    assert changed.results[0].message == "deployment.apps/side configured", changed
    live = await rig.seen("Deployment", "side", "apps", after=live)
    assert live.labels == {"extra": "1"}
    env = live.body()["spec"]["template"]["spec"]["containers"][0]["env"]
    assert sorted(one["name"] for one in env) == ["b", "c", "theirs"]
    before = rig.cluster.requests.copy()
    same = await rig.run(plan(apply(with_env("b", "c"), live=live, server_side=False)))
    assert same.results[0].message == "deployment.apps/side unchanged"
    assert not rig.cluster.requests - before
    taken = await rig.run(plan(apply(with_env("c"), live=live)))
    assert taken.phase is Phase.SUCCEEDED, taken
    body = await rig.cluster.get(live.gvk, "shop", "side")
    assert body
    env = body["spec"]["template"]["spec"]["containers"][0]["env"]
    assert sorted(one["name"] for one in env) == ["c", "theirs"], "the server's side takes over what the client applied"


async def duplicates(rig: Rig) -> None:
    """What has two items of one key is stored by Kubernetes, and refused by server-side apply alone."""
    for names in (("a", "b", "a"), ("b", "c", "b")):
        done = await rig.run(plan(apply(with_env(*names), live=rig.live("Deployment", "side", "apps"))))
        assert done.phase is Phase.SUCCEEDED, done
        body = await rig.cluster.get(GroupVersionKind("apps", "v1", "Deployment"), "shop", "side")
        assert body
        env = body["spec"]["template"]["spec"]["containers"][0]["env"]
        assert [one["name"] for one in env] == list(names)
        wanted = apply(with_env(*names)).desired
        assert wanted
        assert not compute_diff(wanted, body).modified


async def undeclared_fields(rig: Rig) -> None:
    odd = deployment("odd")
    odd = odd | {"metadata": odd["metadata"] | {"name": "odd"}, "spec": odd["spec"] | {"replicaz": 1}}
    refused = await rig.run(plan(apply(odd)))
    assert refused.phase is Phase.FAILED, refused
    assert "replicaz" in refused.results[0].message
    taken = await rig.run(plan(apply(odd, validate=False, server_side=False)))
    assert taken.phase is Phase.SUCCEEDED, taken


async def dumped_manifests(rig: Rig) -> None:
    dumped = config_map("dumped", a="1")
    servers = {"uid": "abc", "resourceVersion": "1", "generation": 3, "creationTimestamp": "2020-01-01T00:00:00Z"}
    for _ in range(2):
        done = await rig.run(plan(apply(dumped | {"metadata": dumped["metadata"] | servers})))
        assert done.phase is Phase.SUCCEEDED, done


async def prune_and_delete(rig: Rig) -> None:
    live = rig.live("ConfigMap", "late")
    pruned = await rig.run(plan(prune(live, propagation="Background"), apply(config_map("after"), wave=1)))
    assert pruned.phase is Phase.SUCCEEDED, pruned
    assert rig.cache.get(live.key) is None
    foreign = {"metadata": {"annotations": {"argocd.argoproj.io/tracking-id": "other:/ConfigMap:shop/a"}}}
    await rig.cluster.patch(ResourceKey("", "ConfigMap", "shop", "a"), "v1", foreign)
    deletion = await delete_application(
        list(rig.cache.owned_by(APPLICATION)),
        cluster=rig.cluster,
        live=rig.cache,
        application=APPLICATION,
        propagation="Background",
    )
    assert deletion.complete, deletion
    kept = await rig.cluster.get(GroupVersionKind("", "v1", "ConfigMap"), "shop", "a")
    assert kept, "what another application has taken over stays"
