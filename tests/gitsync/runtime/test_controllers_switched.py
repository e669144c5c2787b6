"""Each controller of the runtime can be switched off, and then leaves its kind alone."""

from pathlib import Path

import pytest

from gitsync.manifest.object import JsonObject
from model.identity import GroupVersionKind
from tests.support.runtime import NAMESPACE, Rig, synced_and_healthy
from tests.support.sandbox_rig import running_sandbox_rig

pytestmark = [pytest.mark.e2e]

APPLICATION_SET = GroupVersionKind("argoproj.io", "v1alpha1", "ApplicationSet")
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {a: b}\n"


async def create_set(rig: Rig, name: str) -> None:
    template = {
        "metadata": {"name": "{{name}}"},
        "spec": {
            "project": "default",
            "source": {"repoURL": rig.host.clone_url("apps"), "path": "one", "targetRevision": "main"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
            "syncPolicy": {"automated": {}},
        },
    }
    spec: JsonObject = {"generators": [{"list": {"elements": [{"name": name}]}}], "template": template}
    meta = {"name": name, "namespace": NAMESPACE}
    await rig.cluster.create(
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": meta, "spec": spec}
    )


async def test_sets_are_left_alone_where_only_applications_are_wanted(tmp_path: Path) -> None:
    async with running_sandbox_rig(tmp_path, controllers=frozenset({"applications"})) as (_, rig):
        await create_set(rig, "set")
        await rig.push({"one/a.yaml": CONFIG.replace("NAME", "one")})
        await rig.create_application("one", syncPolicy={"automated": {}})
        await rig.until("one", synced_and_healthy)
        assert await rig.application("set") is None
        assert "status" not in (await rig.cluster.get(APPLICATION_SET, NAMESPACE, "set") or {})


async def test_applications_are_written_and_not_synced_where_only_sets_are_wanted(tmp_path: Path) -> None:
    async with running_sandbox_rig(tmp_path, controllers=frozenset({"applicationsets"})) as (_, rig):
        await rig.push({"one/a.yaml": CONFIG.replace("NAME", "one")})
        await create_set(rig, "set")
        await rig.until("set", lambda _: True)
        record = next(iter(rig.runtime.records))
        assert rig.runtime.loop.watching_only
        assert record.raw.get("status") is None
        assert await rig.get("v1", "ConfigMap", "default", "one") is None


async def test_sets_stand_by_while_another_controller_is_at_work(tmp_path: Path) -> None:
    async with running_sandbox_rig(tmp_path) as (_, rig):
        labels = {"matchLabels": {"a": "b"}}
        pod = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "a", "image": "a:1"}]}}
        meta = {"name": "argocd-applicationset-controller", "namespace": NAMESPACE}
        spec = {"replicas": 1, "selector": labels, "template": pod}
        await rig.cluster.create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec})
        await rig.runtime.in_charge.look()
        assert "argocd-applicationset-controller" in rig.runtime.application_sets.standing_by
        assert rig.runtime.loop.watching_only == ""
