"""Which kinds a cluster serves, aggregated or group by group; a server that is away for a moment loses none."""

import asyncio

import pytest

from gitsync.kube.client import Cluster
from gitsync.kube.discovery import ALL_VERBS, ApiResource, version_priority
from gitsync.kube.errors import ClusterError, UnknownKind
from model.identity import GroupVersionKind
from tests.support.kube_api import CONFIG_MAP, DEPLOYMENT, Kind, KubeApi, answer, serving

GADGET_OLD = Kind("example.com", "v1beta1", "Gadget", "gadgets")
GADGET = Kind("example.com", "v1", "Gadget", "gadgets", namespaced=False)
GVK = GroupVersionKind("example.com", "v1", "Gadget")


@pytest.mark.parametrize("aggregated", [True, False])
async def test_both_kinds_of_discovery_find_the_same(aggregated: bool) -> None:
    async with serving(KubeApi((CONFIG_MAP, DEPLOYMENT, GADGET, GADGET_OLD), aggregated=aggregated)) as api:
        cluster = await Cluster.connect(api.access)
        discovery = cluster.discovery
        assert discovery.server_version == "v1.99.0"
        assert discovery.is_namespaced(GroupVersionKind("apps", "v1", "Deployment")) is True
        assert discovery.is_namespaced(GVK) is False
        assert discovery.is_namespaced(GroupVersionKind("apps", "v2", "Deployment")) is True, "as in other versions"
        assert discovery.is_namespaced(GroupVersionKind("apps", "v1", "Boat")) is None
        with pytest.raises(UnknownKind, match="serves no apps/v2 Deployment, but it serves Deployment as apps/v1"):
            await discovery.require(GroupVersionKind("apps", "v2", "Deployment"))
        preferred = [r.gvk for r in discovery.resources() if r.kind == "Gadget" and r.preferred]
        assert preferred == [GVK]
        assert len(api.requests) == (3 if aggregated else 7)
        await cluster.close()


async def test_a_group_that_is_away_for_a_moment_keeps_its_kinds() -> None:
    async with serving(KubeApi((CONFIG_MAP, GADGET), aggregated=False)) as api:
        cluster = await Cluster.connect(api.access)
        away = api.fault(answer(503, "ServiceUnavailable", ""), times=9, path="/apis/example.com/v1")
        await cluster.discovery.refresh()
        assert cluster.discovery.resource(GVK)
        away.times = 0
        api.kinds.remove(GADGET)
        await cluster.discovery.refresh()
        assert cluster.discovery.resource(GVK) is None
        await cluster.close()


async def test_looks_at_the_same_time_are_one_look(api: KubeApi, cluster: Cluster) -> None:
    await asyncio.gather(*(cluster.discovery.refresh() for _ in range(10)))
    assert len(api.requests) == 3


async def test_a_look_that_fails_fails_for_all_who_wait_and_the_next_one_works(api: KubeApi, cluster: Cluster) -> None:
    api.fault(answer(500, "InternalError", "boom"))
    results = await asyncio.gather(*(cluster.discovery.refresh() for _ in range(3)), return_exceptions=True)
    assert all(isinstance(result, ClusterError) for result in results)
    await cluster.discovery.refresh()
    assert cluster.discovery.resources()


async def test_what_a_definition_says_wins_over_an_older_look(cluster: Cluster) -> None:
    await cluster.discovery.refresh()
    new = ApiResource("example.com", "v1", "Gadget", "gadgets", False, ALL_VERBS)
    cluster.discovery.learn("example.com", "Gadget", [new])
    assert await cluster.discovery.require(GVK) is new
    await cluster.discovery.refresh()
    assert cluster.discovery.resource(GVK) is new
    cluster.discovery.forget("example.com", "Gadget")
    assert cluster.discovery.resource(GVK) is None


def test_versions_are_ordered_as_kubernetes_orders_them() -> None:
    versions = ["foo1", "v1alpha1", "v1", "v10", "v2", "v2beta3", "v2beta11"]
    assert sorted(versions, key=version_priority) == ["v10", "v2", "v1", "v2beta11", "v2beta3", "v1alpha1", "foo1"]


def test_paths_are_those_of_kubernetes() -> None:
    core = ApiResource("", "v1", "Pod", "pods", True)
    group = ApiResource("apps", "v1", "Deployment", "deployments", True)
    assert (core.path("shop"), core.path()) == ("/api/v1/namespaces/shop/pods", "/api/v1/pods")
    assert group.path("shop") == "/apis/apps/v1/namespaces/shop/deployments"
