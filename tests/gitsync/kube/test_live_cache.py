"""The live cache tells the truth through every fault, costs nothing extra, and one bad kind holds nothing up."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from gitsync.kube.cache import LiveCache
from gitsync.kube.client import Cluster
from gitsync.kube.connection import Reach
from gitsync.kube.index import LiveEvent
from gitsync.manifest.object import Facts, JsonObject
from model.health import Health, HealthReport
from model.identity import GroupVersionKind, ResourceKey
from tests.gitsync.kube.conftest import PACES, TIMES
from tests.support.kube_api import (
    CONFIG_MAP,
    DEFINITION,
    Kind,
    KubeApi,
    answer,
    cut,
    hang,
    serving,
)

TRACKING = "argocd.argoproj.io/tracking-id"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def config_map(name: str, application: str = "", **metadata: Any) -> JsonObject:
    marks = {"annotations": {TRACKING: f"{application}:/ConfigMap:shop/{name}"}} if application else {}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"namespace": "shop", "name": name, **marks, **metadata},
    }


def key(name: str) -> ResourceKey:
    return ResourceKey("", "ConfigMap", "shop", name)


class Following:
    """A cache with everything that it told, and a way to wait for it."""

    def __init__(self, cache: LiveCache, computed: list[JsonObject], shown: list[bytes]) -> None:
        self.cache = cache
        self.computed = computed
        self.shown = shown
        self.events: list[LiveEvent] = []
        self._told = asyncio.Event()
        cache.listen(self._hear)

    def _hear(self, event: LiveEvent) -> None:
        self.events.append(event)
        self._told.set()

    async def until(self, holds: Callable[[], object]) -> None:
        while not holds():
            self._told.clear()
            await self._told.wait()


@pytest.fixture
async def following(cluster: Cluster) -> AsyncIterator[Following]:
    computed: list[JsonObject] = []

    def facts_of(body: JsonObject) -> Facts:
        computed.append(body)
        return Facts(health=HealthReport(Health.HEALTHY, body["metadata"]["resourceVersion"]))

    shown: list[bytes] = []
    readers = {("example.com", "Widget"): shown.append}
    cache = LiveCache(cluster, facts_of=facts_of, clock=lambda: NOW, paces=PACES, readers=readers)
    yield Following(cache, computed, shown)
    await cache.stop()


async def start(following: Following) -> LiveCache:
    await following.cache.start()
    await following.cache.synced.wait()
    return following.cache


async def test_everything_is_listed_then_followed(api: KubeApi, following: Following) -> None:
    api.put(config_map("a"))
    cache = await start(following)
    assert cache.get(key("a"))
    api.put(config_map("b"))
    await following.until(lambda: cache.get(key("b")))
    api.remove(CONFIG_MAP, "shop", "a")
    await following.until(lambda: not cache.get(key("a")))
    assert [(bool(e.old), bool(e.new), e.object.key.name) for e in following.events] == [
        (False, True, "a"),
        (False, True, "b"),
        (True, False, "a"),
    ]
    assert cache.counts.objects == 1


async def test_only_marked_objects_keep_their_body(api: KubeApi, following: Following) -> None:
    api.put(config_map("mine", "app"))
    api.put(config_map("theirs"))
    cache = await start(following)
    mine, theirs = cache.get(key("mine")), cache.get(key("theirs"))
    assert mine
    assert theirs
    assert mine.body()["kind"] == "ConfigMap"
    assert theirs.raw is None
    body = await cache.body_of(theirs)
    assert body
    assert body["metadata"]["name"] == "theirs"
    assert list(cache.owned_by("app")) == [mine]


async def test_facts_are_computed_once_per_event_and_only_for_what_can_stand_in_a_tree(
    api: KubeApi, following: Following
) -> None:
    owner = api.put(config_map("mine", "app"))
    api.put(
        config_map("child", ownerReferences=[{"kind": "ConfigMap", "name": "mine", "uid": owner["metadata"]["uid"]}])
    )
    api.put(config_map("stranger"))
    cache = await start(following)
    assert sorted(body["metadata"]["name"] for body in following.computed) == ["child", "mine"]
    assert [live.key.name for live in cache.children_of(owner["metadata"]["uid"])] == ["child"]
    assert [live.key.name for live in cache.tree_of("app")] == ["mine", "child"]


async def test_a_copied_mark_makes_no_owned_object(api: KubeApi, following: Following) -> None:
    """Kubernetes copies a Deployment's annotations to its ReplicaSets."""
    copy = config_map("copy") | {}
    copy["metadata"]["annotations"] = {TRACKING: "app:apps/Deployment:shop/web"}
    api.put(copy)
    cache = await start(following)
    live = cache.get(key("copy"))
    assert live
    assert live.raw is None
    assert list(cache.owned_by("app")) == []
    assert cache.tree_of("app") == [live]


async def test_a_dropped_watch_resumes_where_it_was(api: KubeApi, following: Following) -> None:
    cache = await start(following)
    api.drop_watches()
    api.put(config_map("while-away"))
    await following.until(lambda: cache.get(key("while-away")))
    lists = [path for method, path in api.requests if "configmaps?limit" in path]
    assert len(lists) == 1


async def test_after_410_vanished_objects_are_told_and_known_ones_are_not(api: KubeApi, following: Following) -> None:
    for name in ("stays", "goes", "changes"):
        api.put(config_map(name))
    cache = await start(following)
    following.events.clear()
    fault = api.fault(cut, times=float("inf"), path="configmaps")
    api.drop_watches()
    api.remove(CONFIG_MAP, "shop", "goes")
    api.put(config_map("changes", "app"))
    api.put(config_map("comes"))
    api.compact()
    fault.times = 0
    await following.until(lambda: not cache.get(key("goes")))
    told = sorted((e.object.key.name, bool(e.old), bool(e.new)) for e in following.events)
    assert told == [("changes", True, True), ("comes", False, True), ("goes", True, False)]


async def test_a_silent_watch_is_taken_for_a_dead_line(api: KubeApi, following: Following) -> None:
    """Half-open: the server's side is gone, ours does not know. Without bookmarks we connect again."""
    await start(following)
    opened = sum("watch=1" in path for _, path in api.requests)
    await api.until(lambda: sum("watch=1" in path for _, path in api.requests) > opened)


async def test_a_bookmark_moves_the_resume_point(api: KubeApi, following: Following) -> None:
    api.put(config_map("a"))
    cache = await start(following)
    await api.until(lambda: api.watching == len(api.kinds))
    api.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "later"}})
    api.bookmark()
    await following.until(lambda: cache.get(ResourceKey("", "Namespace", "", "later")))
    api.requests.clear()
    api.compact()  # without the bookmark, resuming config maps would now answer 410 and cost a list
    api.drop_watches()
    await api.until(lambda: sum("watch=1" in path for _, path in api.requests) >= len(api.kinds))
    api.put(config_map("after"))
    await following.until(lambda: cache.get(key("after")))
    assert not [path for _, path in api.requests if "limit=" in path]


async def test_an_unreachable_cluster_is_a_state_and_heals(api: KubeApi, following: Following) -> None:
    api.put(config_map("a"))
    cache = await start(following)
    assert cache.connection.state.reach is Reach.SUCCESSFUL
    reached: asyncio.Queue[Reach] = asyncio.Queue()
    cache.connection.listen(lambda state: reached.put_nowait(state.reach))
    away = api.fault(cut, times=float("inf"))
    api.drop_watches()
    assert await reached.get() is Reach.FAILED
    assert re.search("does not answer|did not open the watch", cache.connection.state.message)
    assert cache.get(key("a")), "what was known stays"
    away.times = 0
    assert await reached.get() is Reach.SUCCESSFUL
    api.put(config_map("b"))
    await following.until(lambda: cache.get(key("b")))


async def test_a_cluster_that_is_away_at_the_start_is_followed_when_it_comes(
    api: KubeApi, following: Following
) -> None:
    away = api.fault(cut, times=float("inf"))
    reached: asyncio.Queue[Reach] = asyncio.Queue()
    following.cache.connection.listen(lambda state: reached.put_nowait(state.reach))
    await following.cache.start()
    assert await reached.get() is Reach.FAILED
    assert not following.cache.synced.is_set()
    away.times = 0
    await following.cache.synced.wait()


async def test_forbidden_kinds_are_left_out_and_named(api: KubeApi, following: Following) -> None:
    forbidden = api.fault(answer(403, "Forbidden", "secrets is forbidden"), times=float("inf"), path="/secrets")
    api.put(config_map("a"))
    cache = await start(following)
    assert cache.get(key("a"))
    assert "secrets is forbidden" in cache.incomplete["", "Secret"]
    assert not cache.follows("", "Secret")
    assert cache.blind_to("", "Secret")
    forbidden.times = 0
    api.put({"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": "shop", "name": "s"}})
    await following.until(lambda: cache.follows("", "Secret") or following.events.clear())
    assert ("", "Secret") not in cache.incomplete


@pytest.mark.parametrize("fault", [answer(500, "InternalError", "conversion webhook"), answer(503, "", "")])
async def test_a_kind_that_the_cluster_cannot_list_holds_nothing_up(
    api: KubeApi, following: Following, fault: Any
) -> None:
    api.fault(fault, times=float("inf"), path="/secrets")
    cache = await start(following)
    assert list(cache.incomplete) == [("", "Secret")]
    assert cache.connection.state.reach is Reach.SUCCESSFUL


async def test_slow_lists_do_not_lose_anything(api: KubeApi, following: Following) -> None:
    api.put(config_map("a"))
    api.fault(hang, times=2, path="/configmaps")
    cache = await start(following)
    assert cache.get(key("a"))


async def test_a_large_object_in_one_line_of_the_watch(api: KubeApi, following: Following) -> None:
    cache = await start(following)
    api.put({**config_map("large", "app"), "data": {"x": "y" * 2_000_000}})
    await following.until(lambda: cache.get(key("large")))
    live = cache.get(key("large"))
    assert live
    assert len(live.body()["data"]["x"]) == 2_000_000


async def test_kinds_of_a_new_definition_are_followed_as_soon_as_they_are_established(
    api: KubeApi, following: Following, cluster: Cluster
) -> None:
    cache = await start(following)
    widget = Kind("example.com", "v1", "Widget", "widgets")
    gvk = GroupVersionKind("example.com", "v1", "Widget")
    api.requests.clear()
    api.put(definition(established=False))
    await following.until(lambda: cache.get(ResourceKey(DEFINITION.group, DEFINITION.kind, "", "widgets.example.com")))
    assert cluster.discovery.resource(gvk) is None
    api.kinds.append(widget)
    body = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"namespace": "shop", "name": "w"}}
    api.put(body | {"spec": {"size": 1}})
    api.put(definition(established=True))
    await following.until(lambda: cache.get(ResourceKey("example.com", "Widget", "shop", "w")))
    assert [b"size" in raw for raw in following.shown] == [True], "who reads its kind is shown the whole object"
    assert cluster.discovery.is_namespaced(gvk) is True
    assert not [path for _, path in api.requests if path in ("/api", "/apis")], "nothing had to be asked"
    api.kinds.remove(widget)
    api.remove(DEFINITION, "", "widgets.example.com")
    await following.until(lambda: cache.counts.kinds == len(api.kinds))
    assert cluster.discovery.resource(gvk) is None
    assert following.events[-1].new is None, "objects of a kind that went are told as gone"


async def test_excluded_kinds_are_never_asked_for(following: Following) -> None:
    events = Kind("", "v1", "Event", "events")
    async with serving(KubeApi((CONFIG_MAP, events))) as api:
        cluster = Cluster(api.access, times=TIMES)
        cache = LiveCache(cluster, facts_of=lambda _: Facts(), paces=PACES)
        await cache.start()
        await cache.synced.wait()
        assert cache.blind_to("", "Event")
        assert not [path for _, path in api.requests if "events" in path]
        await cache.stop()
        await cluster.close()


async def test_a_kind_that_cannot_be_watched_is_no_blemish() -> None:
    reviews = Kind("", "v1", "Review", "reviews", verbs=("create",))
    async with serving(KubeApi((CONFIG_MAP, reviews), aggregated=False)) as api:
        cluster = Cluster(api.access, times=TIMES)
        cache = LiveCache(cluster, facts_of=lambda _: Facts(), paces=PACES)
        await cache.start()
        await cache.synced.wait()
        assert cache.incomplete == {}
        assert cache.blind_to("", "Review")
        await cache.stop()
        await cluster.close()


async def test_a_listener_that_faults_costs_a_restart_of_that_kind_and_no_event(
    api: KubeApi, following: Following
) -> None:
    faults: list[str] = []

    async def guard(work: Any) -> None:
        try:
            await work
        except ZeroDivisionError:
            faults.append("one")

    cache = LiveCache(
        following.cache.cluster,
        facts_of=lambda _: Facts(),
        paces=PACES,
        spawn=lambda name, work: asyncio.create_task(guard(work), name=name),
    )
    await cache.start()
    await cache.synced.wait()
    heard: asyncio.Queue[LiveEvent] = asyncio.Queue()

    def faulty(event: LiveEvent) -> None:
        if not faults:
            raise ZeroDivisionError
        heard.put_nowait(event)

    cache.listen(faulty)
    api.put(config_map("a"))
    api.put(config_map("b"))
    assert (await heard.get()).object.key.name == "b"
    assert faults == ["one"]
    await cache.stop()


async def test_ownership_reaches_up_the_chain_of_owners(api: KubeApi, following: Following) -> None:
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment"}
    web = api.put(
        deployment
        | {"metadata": {"namespace": "shop", "name": "web", "annotations": {TRACKING: "app:apps/Deployment:shop/web"}}}
    )
    replica_set = api.put(
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {"namespace": "shop", "name": "web-1", **owned(web)},
        }
    )
    cache = await start(following)
    following.events.clear()
    api.put({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "shop", "name": "p", **owned(replica_set)}})
    await following.until(lambda: following.events)
    assert following.events[0].roots == ("app",)
    assert [live.key.kind for live in cache.tree_of("app")] == ["Deployment", "ReplicaSet", "Pod"]


def owned(owner: JsonObject) -> JsonObject:
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"]}
    return {"ownerReferences": [reference | {"uid": owner["metadata"]["uid"], "controller": True}]}


def definition(*, established: bool) -> JsonObject:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets"},
            "versions": [{"name": "v1alpha1", "served": False}, {"name": "v1", "served": True}],
        },
        "status": {"conditions": [{"type": "Established", "status": str(established)}]},
    }
