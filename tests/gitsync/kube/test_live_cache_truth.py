"""After any sequence of changes and faults the cache equals the cluster, and its events add up to the cache."""

import asyncio
import random

import pytest

from gitsync.kube.cache import LiveCache
from gitsync.kube.client import Cluster
from gitsync.kube.index import LiveEvent
from gitsync.manifest.object import Facts, LiveObject
from model.identity import ResourceKey
from tests.gitsync.kube.conftest import PACES, TIMES
from tests.support.kube_api import CONFIG_MAP, POD, Body, Kind, KubeApi, answer, cut, hang, serving

KINDS = (CONFIG_MAP, POD)
APPLICATIONS = ("", "one", "two")
FAULTS = (
    cut,
    hang,
    answer(500, "InternalError", "boom"),
    answer(429, "", "", retryAfterSeconds=0.001),
    answer(410, "Expired", ""),
)


def change(api: KubeApi, seeded: random.Random) -> None:
    """One thing that happens to a cluster or to the line to it."""
    kind = seeded.choice(KINDS)
    name = f"n{seeded.randrange(12)}"
    known = api.get(kind, "shop", name)
    match seeded.randrange(10):
        case 0 | 1 | 2 | 3:
            api.put(body(kind, name, seeded, known))
        case 4 | 5 if known:
            api.remove(kind, "shop", name)
        case 6 if known:
            # Deleted and created anew under the same name, maybe before anybody looks.
            api.remove(kind, "shop", name)
            api.put(body(kind, name, seeded, None))
        case 7:
            api.drop_watches()
        case 8:
            api.compact()
        case 9:
            api.fault(seeded.choice(FAULTS), times=seeded.randint(1, 4), watch=seeded.choice([None, True, False]))


def body(kind: Kind, name: str, seeded: random.Random, known: Body | None) -> Body:
    metadata: Body = {"namespace": "shop", "name": name, "labels": {"step": str(seeded.random())}}
    if application := seeded.choice(APPLICATIONS):
        mark = f"{application}:{kind.group}/{kind.kind}:shop/{name}"
        metadata["annotations"] = {"argocd.argoproj.io/tracking-id": mark}
    if seeded.random() < 0.3:
        uid = f"uid-{seeded.randrange(1, 20)}"
        metadata["ownerReferences"] = [{"kind": "Pod", "name": "x", "uid": uid}]
    return {"apiVersion": "v1", "kind": kind.kind, "metadata": metadata}


def truth(api: KubeApi) -> dict[ResourceKey, tuple[str, str]]:
    return {
        ResourceKey("", kind.kind, "shop", name): (one["metadata"]["uid"], one["metadata"]["resourceVersion"])
        for kind in KINDS
        for (_, name), one in api.objects.get(kind.plural, {}).items()
    }


def shown(objects: dict[ResourceKey, LiveObject]) -> dict[ResourceKey, tuple[str, str]]:
    return {key: (live.uid, live.resource_version) for key, live in objects.items()}


class Told:
    """What somebody who only hears events believes to be there."""

    def __init__(self, cache: LiveCache) -> None:
        self.objects: dict[ResourceKey, LiveObject] = {}
        self.stir = asyncio.Event()
        cache.listen(self.hear)

    def hear(self, event: LiveEvent) -> None:
        key = event.object.key
        assert self.objects.get(key) is event.old, "an event was lost or invented"
        if event.old and event.new:
            assert int(event.new.resource_version) > int(event.old.resource_version), "time ran backwards"
        if event.new is None:
            del self.objects[key]
        else:
            self.objects[key] = event.new
        self.stir.set()


def check_indexes(cache: LiveCache, objects: dict[ResourceKey, LiveObject]) -> None:
    for application in APPLICATIONS[1:]:
        owned = {live.key for live in objects.values() if live.owner.startswith(f"{application}:")}
        assert {live.key for live in cache.owned_by(application)} == owned
    for uid in {f"uid-{number}" for number in range(1, 20)}:
        children = {live.key for live in objects.values() if any(owner.uid == uid for owner in live.owners)}
        assert {live.key for live in cache.children_of(uid)} == children
    assert len(cache.index) == len(objects)


@pytest.mark.parametrize("seed", range(24))
async def test_the_cache_equals_the_cluster_after_any_sequence_of_events_and_faults(seed: int) -> None:
    seeded = random.Random(seed)
    async with serving(KubeApi(KINDS)) as api:
        for _ in range(seeded.randrange(10)):
            change(api, random.Random(seeded.random()))
        cluster = Cluster(api.access, times=TIMES, jitter=random.Random(seed))
        cache = LiveCache(cluster, facts_of=lambda _: Facts(), paces=PACES)
        told = Told(cache)
        await cache.start()
        for _ in range(40):
            change(api, seeded)
            for _ in range(seeded.choice([0, 0, 1, 5, 40])):
                await asyncio.sleep(0)  # lets the cache run in between, more or less far
        api.faults.clear()
        while shown(told.objects) != truth(api):
            told.stir.clear()
            await told.stir.wait()
        assert all(cache.get(key) is live for key, live in told.objects.items())
        check_indexes(cache, told.objects)
        await cache.stop()
        await cluster.close()
