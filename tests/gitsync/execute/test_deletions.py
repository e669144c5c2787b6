"""Nothing is deleted that does not carry this application's mark at the moment of the deletion."""

import asyncio
import random
from typing import Any

import pytest
from aiohttp import web

from gitsync.execute.delete_application import Deletion, delete_application
from gitsync.execute.migrate import migrated
from gitsync.execute.ownership import why_not_ours
from gitsync.manifest.object import JsonObject, LiveObject
from gitsync.manifest.tracking import FIELD_MANAGER
from model.identity import ResourceKey
from model.operation import Phase
from tests.gitsync.execute.conftest import Rig
from tests.support.kube_api import CONFIG_MAP, answer
from tests.support.plans import apply, plan, prune

MARK = "argocd.argoproj.io/tracking-id"
KEY = ResourceKey("", "ConfigMap", "shop", "a")


def config_map(name: str = "a", application: str = "app", **metadata: Any) -> JsonObject:
    annotations = {MARK: f"{application}:/ConfigMap:shop/{name}"} | metadata.pop("annotations", {})
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"namespace": "shop", "name": name, "annotations": annotations, **metadata},
    }


def there(rig: Rig) -> set[str]:
    return {name for _, name in rig.api.objects["configmaps"]}


async def test_a_prune_deletes_what_carries_the_mark(rig: Rig) -> None:
    live = await rig.put(config_map())
    outcome = await rig.run(plan(prune(live)))
    assert (outcome.phase, outcome.results[0].status) == (Phase.SUCCEEDED, "Pruned")
    assert there(rig) == set()


@pytest.mark.parametrize(
    ("mark", "why"),
    [
        ("other:/ConfigMap:shop/a", "belongs to application other"),
        ("app:/ConfigMap:shop/b", "is a copy of ConfigMap shop/b"),
        ("app:apps/Deployment:shop/a", "is a copy of Deployment.apps shop/a"),
        ("app", "carries no tracking mark"),
        ("", "carries no tracking mark"),
        ("app2:/ConfigMap:shop/a", "belongs to application app2"),
    ],
)
async def test_a_prune_keeps_objects_of_others(rig: Rig, mark: str, why: str) -> None:
    live = await rig.put(config_map(annotations={MARK: mark}))
    outcome = await rig.run(plan(prune(live)))
    assert outcome.results[0].status == "PruneSkipped"
    assert why in outcome.results[0].message
    assert there(rig) == {"a"}


async def test_a_prune_notices_that_the_object_was_taken_over_a_moment_ago(rig: Rig) -> None:
    """The cache has not heard of it yet; the deletion is bound to the state that was checked."""
    live = await rig.put(config_map())

    async def taken_over(request: web.Request) -> web.StreamResponse:
        rig.api.put(config_map(application="other"))
        return await rig.api.handle(request)

    rig.api.fault(taken_over, method="DELETE")
    outcome = await rig.run(plan(prune(live)))
    assert "belongs to application other" in outcome.results[0].message
    assert there(rig) == {"a"}


async def test_a_prune_never_hits_a_namesake_that_was_created_since(rig: Rig) -> None:
    live = await rig.put(config_map())

    async def created_anew(request: web.Request) -> web.StreamResponse:
        rig.api.remove(CONFIG_MAP, "shop", "a")
        rig.api.put({**config_map(), "metadata": {"namespace": "shop", "name": "a"}})
        return await rig.api.handle(request)

    rig.api.fault(created_anew, method="DELETE")
    outcome = await rig.run(plan(prune(live)))
    assert outcome.results[0].status == "PruneSkipped"
    assert there(rig) == {"a"}


async def test_a_prune_of_an_object_whose_status_changes_all_the_time_gets_through(rig: Rig) -> None:
    live = await rig.put(config_map())

    async def restless(request: web.Request) -> web.StreamResponse:
        rig.api.put(config_map() | {"data": {"x": str(random.random())}})
        return await rig.api.handle(request)

    rig.api.fault(restless, method="DELETE", times=3)
    outcome = await rig.run(plan(prune(live)))
    assert outcome.results[0].status == "Pruned"
    assert there(rig) == set()


async def test_a_prune_of_what_is_gone_already_is_done(rig: Rig) -> None:
    live = await rig.put(config_map())
    rig.api.remove(CONFIG_MAP, "shop", "a")
    assert (await rig.run(plan(prune(live)))).results[0].status == "Pruned"


async def test_the_next_wave_waits_until_a_pruned_object_is_gone(rig: Rig) -> None:
    live = await rig.put(config_map(finalizers=["example.com/slow"]))
    running = asyncio.create_task(rig.run(plan(prune(live), apply(config_map("b"), wave=1))))
    await rig.hears("waiting for deletion of ConfigMap shop/a")
    assert there(rig) == {"a"}
    rig.api.remove(CONFIG_MAP, "shop", "a")
    assert (await running).phase is Phase.SUCCEEDED
    assert there(rig) == {"b"}


async def test_a_forbidden_prune_fails_alone(rig: Rig) -> None:
    a, b = await rig.put(config_map("a")), await rig.put(config_map("b"))
    rig.api.fault(answer(403, "Forbidden", "no"), method="DELETE", path="/a")
    outcome = await rig.run(plan(prune(a), prune(b)))
    assert [result.status for result in outcome.results] == ["SyncFailed", "Pruned"]
    assert "permission" in outcome.results[0].message


@pytest.mark.parametrize("application", ["app", "argosy_app"])
def test_marks_name_applications_exactly(application: str) -> None:
    assert why_not_ours(f"{application}:/ConfigMap:shop/a", KEY, application) == ""
    assert why_not_ours(f"{application}x:/ConfigMap:shop/a", KEY, application)


# deletion of an application


async def remove_all(rig: Rig, **settings: Any) -> Deletion:
    owned = rig.cache.owned_by("app")
    return await delete_application(list(owned), cluster=rig.cluster, live=rig.cache, application="app", **settings)


async def test_an_application_goes_highest_wave_first_and_each_wave_is_gone_before_the_next(rig: Rig) -> None:
    for name, wave in (("low", "-1"), ("mid", "0"), ("top", "5")):
        held = {"finalizers": ["example.com/slow"]} if name == "top" else {}
        await rig.put(config_map(name, annotations={"argocd.argoproj.io/sync-wave": wave}, **held))
    said: asyncio.Queue[str] = asyncio.Queue()
    running = asyncio.create_task(remove_all(rig, on_progress=said.put_nowait))
    assert "ConfigMap shop/top" in await said.get()
    assert there(rig) == {"low", "mid", "top"}
    rig.api.remove(CONFIG_MAP, "shop", "top")
    deletion = await running
    assert [key.name for key in deletion.deleted] == ["top", "mid", "low"]
    assert deletion.complete
    assert there(rig) == set()


async def test_deleting_an_application_keeps_what_others_own_or_asked_to_keep(rig: Rig) -> None:
    await rig.put(config_map("mine"))
    await rig.put(config_map("theirs", "other"))
    await rig.put(config_map("kept", annotations={"argocd.argoproj.io/sync-options": "Delete=false"}))
    deletion = await remove_all(rig)
    assert there(rig) == {"theirs", "kept"}
    assert [key.name for key in deletion.kept] == ["kept"]
    assert deletion.complete


async def test_an_unapproved_deletion_is_not_complete(rig: Rig) -> None:
    await rig.put(config_map("careful", annotations={"argocd.argoproj.io/sync-options": "Delete=confirm"}))
    assert not (await remove_all(rig)).complete
    assert there(rig) == {"careful"}
    assert (await remove_all(rig, approved=True)).complete
    assert there(rig) == set()


async def test_a_wave_that_fails_leaves_the_lower_ones_alone(rig: Rig) -> None:
    await rig.put(config_map("low"))
    await rig.put(config_map("top", annotations={"argocd.argoproj.io/sync-wave": "1"}))
    rig.api.fault(answer(403, "Forbidden", "no"), method="DELETE")
    deletion = await remove_all(rig)
    assert not deletion.complete
    assert "permission" in deletion.failed[ResourceKey("", "ConfigMap", "shop", "top")]
    assert there(rig) == {"low", "top"}


@pytest.mark.parametrize("policy", ["Foreground", "Background", "Orphan"])
async def test_the_propagation_policy_reaches_the_cluster(rig: Rig, policy: str) -> None:
    asked: list[str] = []

    async def look(request: web.Request) -> web.StreamResponse:
        asked.append((await request.json())["propagationPolicy"])
        return await rig.api.handle(request)

    await rig.put(config_map())
    rig.api.fault(look, method="DELETE")
    await remove_all(rig, propagation=policy)
    assert asked == [policy]


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_happens_meanwhile_no_foreign_object_is_ever_deleted(rig: Rig, seed: int) -> None:
    """Objects change hands at random while an application prunes and deletes all that it ever saw."""
    seeded = random.Random(seed)
    names = [f"n{number}" for number in range(12)]
    lives: list[LiveObject] = [await rig.put(config_map(name)) for name in names]
    foreign: set[str] = set()

    async def change_hands(request: web.Request) -> web.StreamResponse:
        name = seeded.choice(names)
        if seeded.random() < 0.5 and name in there(rig):
            rig.api.put(config_map(name, "other"))
            foreign.add(name)
        return await rig.api.handle(request)

    rig.api.fault(change_hands, times=seeded.randint(5, 30), method="DELETE")
    half = len(lives) // 2
    await asyncio.gather(
        rig.run(plan(*(prune(live) for live in lives[:half]))),
        delete_application(lives[half:], cluster=rig.cluster, live=rig.cache, application="app"),
    )
    assert foreign <= there(rig)


# fields of client-side apply


def entry(manager: str, operation: str, fields: JsonObject, **more: Any) -> JsonObject:
    return {"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": fields, **more}


def test_entries_of_client_side_apply_become_part_of_ours() -> None:
    last_applied = "f:kubectl.kubernetes.io/last-applied-configuration"
    theirs = entry(
        "kubectl-client-side-apply",
        "Update",
        {"f:data": {"f:x": {}}, "f:metadata": {"f:annotations": {last_applied: {}, "f:keep": {}}}},
    )
    ours = entry(FIELD_MANAGER, "Apply", {"f:data": {"f:y": {}}})
    status = entry("kube-controller-manager", "Update", {"f:status": {}}, subresource="status")
    assert migrated([theirs, status, ours]) == [
        entry(
            FIELD_MANAGER, "Apply", {"f:data": {"f:y": {}, "f:x": {}}, "f:metadata": {"f:annotations": {"f:keep": {}}}}
        )
        | {"fieldsType": "FieldsV1"},
        status,
    ]


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [entry(FIELD_MANAGER, "Apply", {"f:data": {}})],
        [entry("someone", "Update", {"f:data": {}})],
        [entry(FIELD_MANAGER, "Update", {"f:status": {}}, subresource="status")],
    ],
)
def test_nothing_is_taken_over_from_anybody_else(entries: list[JsonObject]) -> None:
    assert migrated(entries) is None
