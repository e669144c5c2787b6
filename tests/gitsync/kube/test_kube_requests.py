"""Requests: one PATCH for an apply, and a named error for every way in which a connection can fail."""

import asyncio
import contextlib
import random
import socket
from pathlib import Path

import pytest
from aiohttp import web

from gitsync.kube.access import ClusterAccess, Tls
from gitsync.kube.client import Cluster
from gitsync.kube.errors import (
    AccessUnusable,
    ClusterError,
    ClusterUnreachable,
    Conflict,
    ServerFailed,
    TooManyRequests,
    Unauthorized,
    UnknownKind,
)
from gitsync.kube.limits import Budget
from gitsync.kube.transport import TimeLimits
from model.identity import GroupVersionKind, ResourceKey
from tests.support.kube_api import CONFIG_MAP, KubeApi, answer, cut, hang

GVK = GroupVersionKind("", "v1", "ConfigMap")
BODY = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "shop", "name": "a"}, "data": {"x": "1"}}
MISSING = {**BODY, "kind": "Gadget"}


@pytest.fixture
def shop(api: KubeApi) -> KubeApi:
    api.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    return api


async def test_apply_is_one_patch_and_nothing_else(shop: KubeApi, cluster: Cluster) -> None:
    await cluster.discovery.refresh()
    shop.requests.clear()
    first = await cluster.apply(BODY, manager="m")
    again = await cluster.apply(BODY, manager="m")
    path = "/api/v1/namespaces/shop/configmaps/a?fieldManager=m&force=true&fieldValidation=Warn"
    assert shop.requests == [("PATCH", path)] * 2
    assert (first.created, again.created) == (True, False)
    assert cluster.requests["apply"] == 2


async def test_warnings_of_the_api_server_come_back(shop: KubeApi, cluster: Cluster) -> None:
    async def warn(_: web.Request) -> web.StreamResponse:
        return web.json_response(BODY, headers={"Warning": '299 - "unknown field \\"spec.x\\""'})

    shop.fault(warn, method="PATCH")
    written = await cluster.apply(BODY, manager="m")
    assert written.warnings == ('unknown field "spec.x"',)


async def test_reading_what_is_not_there_is_none(shop: KubeApi, cluster: Cluster) -> None:
    assert await cluster.get(GVK, "shop", "none") is None


async def test_deleting_what_is_not_there_says_so(shop: KubeApi, cluster: Cluster) -> None:
    shop.put(BODY)
    assert await cluster.delete(GVK, "shop", "a")
    assert not await cluster.delete(GVK, "shop", "a")


async def test_a_deletion_is_bound_to_the_uid(shop: KubeApi, cluster: Cluster) -> None:
    shop.put(BODY)
    with pytest.raises(Conflict):
        await cluster.delete(GVK, "shop", "a", uid="another")
    assert shop.get(CONFIG_MAP, "shop", "a")


async def test_a_list_comes_in_pages_with_apiversion_and_kind(shop: KubeApi, cluster: Cluster) -> None:
    for number in range(5):
        shop.put({**BODY, "metadata": {"namespace": "shop", "name": f"m{number}"}})
    pages = [page async for page in cluster.list_pages(GVK, limit=2)]
    assert [len(page.items) for page in pages] == [2, 2, 1]
    assert all(item.body()["kind"] == "ConfigMap" for page in pages for item in page.items)


async def test_a_patch_names_its_type(shop: KubeApi, cluster: Cluster) -> None:
    shop.put(BODY)
    patched = await cluster.patch(ResourceKey("", "ConfigMap", "shop", "a"), "v1", {"data": {"y": "2"}})
    assert patched["data"] == {"x": "1", "y": "2"}


async def test_an_unknown_kind_is_looked_for_once_and_then_refused(shop: KubeApi, cluster: Cluster) -> None:
    for _ in range(3):
        with pytest.raises(UnknownKind, match="v1 Gadget"):
            await cluster.apply(MISSING, manager="m")
    assert shop.requests.count(("GET", "/apis")) == 1


async def test_a_connection_that_the_server_just_closed_is_not_an_error(shop: KubeApi, cluster: Cluster) -> None:
    await cluster.apply(BODY, manager="m")
    shop.fault(cut, method="PATCH")
    await cluster.apply(BODY, manager="m")


async def test_a_creation_is_not_sent_twice(shop: KubeApi, cluster: Cluster) -> None:
    await cluster.discovery.refresh()
    shop.fault(cut, method="POST", times=9)
    with pytest.raises(ClusterUnreachable):
        await cluster.create(BODY)
    assert [method for method, _ in shop.requests].count("POST") == 1


async def test_a_server_that_hangs_is_given_up_with_the_name_of_the_wait(shop: KubeApi, cluster: Cluster) -> None:
    await cluster.discovery.refresh()
    shop.fault(hang, method="PATCH")
    with pytest.raises(ClusterUnreachable, match="sent nothing") as caught:
        await cluster.apply(BODY, manager="m")
    assert caught.value.waited_for == "first byte"


async def test_a_port_where_nobody_listens_is_unreachable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        access = ClusterAccess("away", f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(ClusterUnreachable, match="cluster away"):
            await Cluster.connect(access)


async def test_a_listener_that_never_accepts_runs_into_the_connect_limit() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        times = TimeLimits(connect_seconds=0.1, first_byte_seconds=0.1)
        with pytest.raises(ClusterUnreachable) as caught:
            await Cluster.connect(ClusterAccess("full", f"http://127.0.0.1:{address[1]}"), times=times)
        for filler in fillers:
            filler.close()
    assert caught.value.waited_for == "connect"


async def test_plain_http_behind_an_https_address_is_a_tls_error(api: KubeApi) -> None:
    access = ClusterAccess("odd", api.url.replace("http:", "https:"))
    with pytest.raises(ClusterUnreachable):
        await Cluster.connect(access)


async def test_patience_with_429_ends_in_success(shop: KubeApi, cluster: Cluster) -> None:
    shop.fault(answer(429, "TooManyRequests", "slow", retryAfterSeconds=0.01), method="PATCH", times=3)
    before = cluster.limits.of(Budget.SYNC).width
    await cluster.apply(BODY, manager="m")
    assert cluster.limits.of(Budget.SYNC).width < before


async def test_patience_with_429_ends(shop: KubeApi, cluster: Cluster) -> None:
    shop.fault(answer(429, "TooManyRequests", "slow", retryAfterSeconds=0.01), method="PATCH", times=99)
    with pytest.raises(TooManyRequests):
        await cluster.apply(BODY, manager="m")


async def test_a_500_is_not_repeated(shop: KubeApi, cluster: Cluster) -> None:
    await cluster.discovery.refresh()
    shop.requests.clear()
    shop.fault(answer(500, "InternalError", "boom"), method="PATCH", times=9)
    with pytest.raises(ServerFailed, match="boom"):
        await cluster.apply(BODY, manager="m")
    assert len(shop.requests) == 1


async def test_a_token_file_is_read_again_after_a_401(api: KubeApi, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old\n")
    seen: list[str] = []

    async def refuse(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers["Authorization"])
        return await answer(401, "Unauthorized", "Unauthorized")(request)

    api.fault(refuse, times=2)
    cluster = Cluster(ClusterAccess("pod", api.url, user={"tokenFile": str(token)}))
    for text in ("new", "newer"):
        with pytest.raises(Unauthorized):
            await cluster.discovery.refresh()
        token.write_text(text)
    await cluster.discovery.refresh()
    await cluster.close()
    assert seen == ["Bearer old", "Bearer new"]


async def test_a_missing_token_file_is_an_unusable_access(api: KubeApi, tmp_path: Path) -> None:
    access = ClusterAccess("pod", api.url, user={"tokenFile": str(tmp_path / "none")})
    with pytest.raises(AccessUnusable, match="token file"):
        await Cluster.connect(access)


async def test_a_certificate_that_is_none_is_an_unusable_access() -> None:
    with pytest.raises(AccessUnusable, match="certificates"):
        await Cluster.connect(ClusterAccess("x", "https://127.0.0.1:1", tls=Tls(ca=b"nonsense")))


async def test_logs_come_line_by_line_however_long(shop: KubeApi, cluster: Cluster) -> None:
    async def log(request: web.Request) -> web.StreamResponse:
        assert dict(request.query) == {
            "container": "main",
            "timestamps": "true",
            "follow": "true",
            "tailLines": "5",
        }
        response = web.StreamResponse()
        await response.prepare(request)
        for part in (b"2026 a\n2026", b" b\n", b"2026 " + b"c" * 700_000, b"\nlast"):
            await response.write(part)
        return response

    shop.fault(log, path="/log")
    got = [line async for line in cluster.logs("shop", "p", "main", tail_lines=5, follow=True)]
    assert got[:2] == [b"2026 a", b"2026 b"]
    assert b"".join(got[2:-1]) == b"2026 " + b"c" * 700_000
    assert got[-1] == b"last"


async def test_many_requests_at_once_stay_within_the_budget(shop: KubeApi, cluster: Cluster) -> None:
    under_way = most = 0

    async def slow(request: web.Request) -> web.StreamResponse:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1
        return web.json_response(BODY)

    shop.fault(slow, method="PATCH", times=1000)
    await asyncio.gather(*(cluster.apply(BODY, manager="m") for _ in range(200)))
    assert most <= 64


async def test_no_foreign_exception_escapes_whatever_the_server_does(shop: KubeApi) -> None:
    """A fault at each stage, in random order: every call ends in an answer or a ClusterError."""

    async def nonsense(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"\xff\x00 not json", content_type="application/json")

    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"kind":')
        return await cut(request)

    seeded = random.Random(7)
    times = TimeLimits(connect_seconds=0.5, first_byte_seconds=0.03)
    cluster = Cluster(shop.access, times=times)
    await cluster.discovery.refresh()
    for _ in range(60):
        shop.faults.clear()
        shop.fault(seeded.choice([nonsense, half, cut, hang, answer(503, "", "")]), times=seeded.choice([1, 2, 9]))
        with contextlib.suppress(ClusterError):
            await seeded.choice(
                [
                    lambda: cluster.apply(BODY, manager="m"),
                    lambda: cluster.get(GVK, "shop", "a"),
                    lambda: cluster.list(GVK),
                    lambda: cluster.discovery.refresh(),
                    lambda: cluster.delete(GVK, "shop", "a"),
                ]
            )()
    await cluster.close()
