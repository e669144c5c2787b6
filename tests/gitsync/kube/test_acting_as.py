"""Requests in another user's name: the header travels, and what is known of the cluster is shared."""

from aiohttp import web

from gitsync.kube.client import Cluster
from tests.support.kube_api import KubeApi

USER = "system:serviceaccount:shop:deployer"
BODY = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "shop", "name": "a"}, "data": {"x": "1"}}


async def test_only_requests_of_that_user_carry_the_name(api: KubeApi, cluster: Cluster) -> None:
    api.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    names: list[str | None] = []

    async def note(request: web.Request) -> web.StreamResponse:
        names.append(request.headers.get("Impersonate-User"))
        return web.json_response(BODY)

    await cluster.discovery.refresh()
    api.fault(note, times=3, method="PATCH")
    await cluster.acting_as(USER).apply(BODY, manager="m")
    await cluster.apply(BODY, manager="m")
    await cluster.acting_as(USER).apply(BODY, manager="m")
    assert names == [USER, None, USER]
    assert cluster.requests["apply"] == 3


async def test_kinds_and_budgets_are_those_of_the_cluster(cluster: Cluster) -> None:
    other = cluster.acting_as(USER)
    assert other.discovery is cluster.discovery
    assert other.limits is cluster.limits
    assert cluster.acting_as(USER) is other
    assert cluster.acting_as("") is cluster
