"""Objects that are, or were, applied on the client's side: compared by what was applied last, against the sandbox."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gitsync.manifest.object import JsonObject
from model.identity import ResourceKey
from tests.support.runtime import Rig, phase_of, synced_and_healthy
from tests.support.sandbox_rig import World, running_sandbox_rig

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
AUTOMATED = {"automated": {"prune": True, "selfHeal": True}}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, Rig]]:
    async with running_sandbox_rig(tmp_path_factory.mktemp("client-side")) as (world, rig):
        yield world, rig


@pytest.fixture
def rig(both: tuple[World, Rig]) -> Rig:
    return both[1]


def config_map(name: str, **data: str) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})


def deployment(name: str, **spec: int) -> JsonObject:
    labels = {"app": name}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "shop/web:1"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": pod, **spec},
    }


async def test_who_insists_on_client_side_apply_gets_it_and_stays_synced(rig: Rig) -> None:
    await rig.push({"mine/a.yaml": config_map("mine", a="1", b="1")})
    policy = {**AUTOMATED, "syncOptions": ["ServerSideApply=false"]}
    await rig.create_application("mine", syncPolicy=policy)
    await rig.until("mine", synced_and_healthy)
    made = await rig.get("v1", "ConfigMap", "default", "mine")
    assert made is not None
    assert json.loads(made["metadata"]["annotations"][LAST_APPLIED])["data"] == {"a": "1", "b": "1"}
    assert {entry["operation"] for entry in made["metadata"]["managedFields"]} == {"Update"}
    theirs = ResourceKey("", "ConfigMap", "default", "mine")
    await rig.cluster.patch(theirs, "v1", {"data": {"c": "1"}}, manager="somebody")
    commit = await rig.push({"mine/a.yaml": config_map("mine", a="1")})
    await rig.until("mine", lambda body: body["status"]["sync"].get("revision") == commit and synced_and_healthy(body))
    changed = await rig.get("v1", "ConfigMap", "default", "mine")
    assert changed is not None
    assert changed["data"] == {"a": "1", "c": "1"}


async def test_what_argo_cd_applied_and_git_has_no_more_is_a_difference_until_it_is_synced(rig: Rig) -> None:
    mark = {"argocd.argoproj.io/tracking-id": "adopted:apps/Deployment:default/adopted"}
    applied = deployment("adopted", minReadySeconds=1)
    applied["metadata"]["annotations"] = {**mark, LAST_APPLIED: json.dumps(applied)}
    await rig.cluster.create(applied, manager="argocd-controller")
    await rig.push({"adopted/a.yaml": json.dumps(deployment("adopted"))})
    await rig.create_application("adopted")
    await rig.until("adopted", lambda body: body.get("status", {}).get("sync", {}).get("status") == "OutOfSync")
    await rig.patch("adopted", {"operation": {"sync": {}}})
    await rig.until("adopted", synced_and_healthy)
    live = await rig.get("apps/v1", "Deployment", "default", "adopted")
    assert live is not None
    assert not live["spec"].get("minReadySeconds")


async def test_what_argo_cd_applied_and_git_still_wants_is_no_difference(rig: Rig) -> None:
    mark = {"argocd.argoproj.io/tracking-id": "settled:apps/Deployment:default/settled"}
    applied = deployment("settled", minReadySeconds=1)
    applied["metadata"]["annotations"] = {**mark, LAST_APPLIED: json.dumps(applied)}
    await rig.cluster.create(applied, manager="argocd-controller")
    await rig.push({"settled/a.yaml": json.dumps(deployment("settled", minReadySeconds=1))})
    await rig.create_application("settled")
    await rig.until("settled", synced_and_healthy)


async def test_a_variable_that_is_set_twice_is_applied_as_argo_cd_applies_it(rig: Rig) -> None:
    body = deployment("twice")
    container = body["spec"]["template"]["spec"]["containers"][0]
    for names in (("a", "b", "a"), ("a", "c", "a")):
        container["env"] = [{"name": name, "value": str(place)} for place, name in enumerate(names)]
        commit = await rig.push({"twice/a.yaml": json.dumps(body)})
        if names[1] == "b":
            await rig.create_application("twice", syncPolicy=AUTOMATED)
        await rig.until(
            "twice",
            lambda body, commit=commit: (  # type: ignore[misc]  # mypy does not infer defaults of a lambda
                (body.get("status") or {}).get("sync", {}).get("revision") == commit and synced_and_healthy(body)
            ),
        )
        live = await rig.get("apps/v1", "Deployment", "default", "twice")
        assert live is not None
        env = live["spec"]["template"]["spec"]["containers"][0]["env"]
        assert [one["name"] for one in env] == list(names)


KUBECTL = "kubectl-client-side-apply"


async def kubectl_apply(rig: Rig, name: str, **data: str) -> None:
    """As `kubectl apply` without `--server-side` does it, for data that only grows."""
    applied = json.loads(config_map(name, **data))
    notes = {"annotations": {LAST_APPLIED: json.dumps(applied)}}
    if await rig.get("v1", "ConfigMap", "default", name) is None:
        metadata = {**applied["metadata"], **notes, "namespace": "default"}
        await rig.cluster.create({**applied, "metadata": metadata}, manager=KUBECTL)
    else:
        key = ResourceKey("", "ConfigMap", "default", name)
        await rig.cluster.patch(key, "v1", {"metadata": notes, "data": data}, manager=KUBECTL)


async def data_of(rig: Rig, name: str) -> JsonObject:
    found = await rig.get("v1", "ConfigMap", "default", name)
    assert found is not None
    return dict(found["data"])


def is_out_of_sync(body: JsonObject) -> bool:
    return bool((body.get("status") or {}).get("sync", {}).get("status") == "OutOfSync")


async def test_what_kubectl_applied_and_git_does_not_want_goes_when_the_object_is_taken_over(rig: Rig) -> None:
    await kubectl_apply(rig, "taken", kept="1", gone="1")
    await rig.push({"taken/a.yaml": config_map("taken", kept="1")})
    await rig.create_application("taken", syncPolicy=AUTOMATED)
    await rig.until("taken", synced_and_healthy)
    assert await data_of(rig, "taken") == {"kept": "1"}


async def test_what_somebody_adds_with_kubectl_apply_is_a_difference_that_a_sync_settles(rig: Rig) -> None:
    await rig.push({"hotfix/a.yaml": config_map("hotfix", a="1")})
    await rig.create_application("hotfix", syncPolicy={"automated": {}})
    await rig.until("hotfix", synced_and_healthy)
    await kubectl_apply(rig, "hotfix", a="1", b="1")
    await rig.until("hotfix", is_out_of_sync)
    await rig.patch("hotfix", {"operation": {"sync": {}}})
    await rig.until("hotfix", synced_and_healthy)
    assert await data_of(rig, "hotfix") == {"a": "1"}


async def test_who_does_not_take_over_leaves_what_kubectl_applied(rig: Rig) -> None:
    await kubectl_apply(rig, "left", a="1", b="1")
    await rig.push({"left/a.yaml": config_map("left", a="1")})
    await rig.create_application("left", syncPolicy={**AUTOMATED, "syncOptions": ["ClientSideApplyMigration=false"]})
    await rig.until("left", lambda body: synced_and_healthy(body) and phase_of(body) == "Succeeded")
    assert await data_of(rig, "left") == {"a": "1", "b": "1"}


def secret(name: str, **values: str) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values})


async def test_a_secret_value_that_leaves_git_leaves_the_cluster(rig: Rig) -> None:
    await rig.push({"vault/a.yaml": secret("vault", kept="1", gone="2")})
    await rig.create_application("vault", syncPolicy=AUTOMATED)
    await rig.until("vault", synced_and_healthy)
    commit = await rig.push({"vault/a.yaml": secret("vault", kept="1")})
    await rig.until("vault", lambda body: body["status"]["sync"].get("revision") == commit and synced_and_healthy(body))
    live = await rig.get("v1", "Secret", "default", "vault")
    assert live is not None
    assert live["data"] == {"kept": "MQ=="}
