"""What only the sandbox does: faults on demand, tokens with rules, house-keeping, snapshots."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from gitsync.sandbox.access import READ_ONLY, Rule
from gitsync.sandbox.faults import Fault
from gitsync.sandbox.objects import StoreEvent
from gitsync.sandbox.sandbox import Sandbox
from model.identity import ResourceKey
from tests.support.kubernetes_client import config_map, deployment, widget
from tests.support.sandbox import running_sandbox

_MAPS = "/api/v1/namespaces/default/configmaps"


@asynccontextmanager
async def _session(sandbox: Sandbox, token: str = "") -> AsyncIterator[aiohttp.ClientSession]:
    tls = ssl.create_default_context(cafile=str(sandbox.certificates.authority))
    headers = {"Authorization": f"Bearer {token or sandbox.settings.admin_token}"}
    connector = aiohttp.TCPConnector(ssl=tls)
    async with aiohttp.ClientSession(sandbox.url, headers=headers, connector=connector) as session:
        yield session


async def _until(sandbox: Sandbox, ready: Any) -> None:
    """Waits for a change of the store after which `ready` holds."""
    changed = asyncio.Event()

    def note(_event: StoreEvent) -> None:
        changed.set()

    unsubscribe = sandbox.objects.listen(note)
    try:
        async with asyncio.timeout(1.5):
            while not ready():
                changed.clear()
                await changed.wait()
    finally:
        unsubscribe()


def _in(namespace: str, body: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return body | {"metadata": body["metadata"] | {"namespace": namespace} | metadata}


async def test_a_fault_answers_as_often_as_asked() -> None:
    async with running_sandbox() as sandbox, _session(sandbox) as session:
        sandbox.faults.add(Fault(path="configmaps", status=429, retry_after_seconds=3, count=1))
        async with session.get(_MAPS) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "3")
            assert (await answer.json())["reason"] == "TooManyRequests"
        async with session.get(_MAPS) as answer:
            assert answer.status == 200


async def test_faults_are_set_over_http_too() -> None:
    async with running_sandbox() as sandbox, _session(sandbox) as session:
        async with session.post("/sandbox/faults", data=msgspec.json.encode(Fault(method="GET", status=500))) as answer:
            assert answer.status == 201
        async with session.get(_MAPS) as answer:
            assert answer.status == 500
        async with session.get("/sandbox/faults") as answer:
            assert (await answer.json())["faults"][0]["used"] == 1
        async with session.delete("/sandbox/faults") as answer:
            assert answer.status == 200
        async with session.get(_MAPS) as answer:
            assert answer.status == 200
        async with session.post("/sandbox/faults", data=b'{"status": "x"}') as answer:
            assert answer.status == 400


async def test_a_connection_can_be_cut_without_an_answer() -> None:
    async with running_sandbox() as sandbox, _session(sandbox) as session:
        sandbox.faults.add(Fault(method="POST", disconnect=True, count=1))
        with pytest.raises(aiohttp.ClientError):
            await session.post(_MAPS, json=config_map())


async def test_watches_can_be_dropped_and_expired() -> None:
    async with running_sandbox() as sandbox, _session(sandbox) as session:
        revision = str(sandbox.store.revision)
        watch = {"watch": "true", "resourceVersion": revision}
        async with session.get(_MAPS, params=watch) as answer:
            assert sandbox.faults.open_watches == 1
            sandbox.faults.drop_watches("configmaps")
            assert await answer.text() == ""
        sandbox.objects.create(_in("default", config_map()))
        sandbox.store.compact()
        async with session.get(_MAPS, params=watch) as answer:
            event = await answer.json(content_type=None)
        assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")


async def test_a_watch_can_be_cut_after_some_events() -> None:
    async with running_sandbox() as sandbox, _session(sandbox) as session:
        sandbox.faults.add(Fault(path="configmaps", watch_only=True, drop_after_events=1, count=1))
        params = {"watch": "true", "resourceVersion": str(sandbox.store.revision)}
        async with session.get(_MAPS, params=params) as answer:
            sandbox.objects.create(_in("default", config_map("one")))
            sandbox.objects.create(_in("default", config_map("two")))
            assert len((await answer.text()).splitlines()) == 1


async def test_tokens_may_do_what_their_rules_say() -> None:
    async with running_sandbox() as sandbox:
        sandbox.access.add("reading", "reader", READ_ONLY)
        sandbox.access.add("local", "maker", (Rule(resources=("configmaps",), namespaces=("default",)),))
        async with _session(sandbox, "reading") as session:
            async with session.get(_MAPS) as answer:
                assert answer.status == 200
            async with session.post(_MAPS, json=config_map()) as answer:
                body = await answer.json()
        assert (body["code"], body["reason"]) == (403, "Forbidden")
        assert body["message"] == (
            'configmaps is forbidden: User "reader" cannot create resource "configmaps" in API group "" in the '
            'namespace "default"'
        )
        async with _session(sandbox, "local") as session:
            async with session.post(_MAPS, json=config_map()) as answer:
                assert answer.status == 201
            async with session.get("/api/v1/configmaps") as answer:
                assert answer.status == 403


async def test_dependents_go_with_their_last_owner() -> None:
    async with running_sandbox() as sandbox:
        objects = sandbox.objects
        owners = [objects.create(_in("default", config_map(name))) for name in ("one", "two")]
        references = [
            {"apiVersion": "v1", "kind": "ConfigMap", "name": item["metadata"]["name"], "uid": item["metadata"]["uid"]}
            for item in owners
        ]
        objects.create(_in("default", config_map("child"), ownerReferences=references))
        child = ResourceKey("", "ConfigMap", "default", "child")
        objects.delete(ResourceKey("", "ConfigMap", "default", "one"))

        def owner_names() -> list[str]:
            body = objects.get(child)
            return [item["name"] for item in body["metadata"]["ownerReferences"]] if body else []

        await _until(sandbox, lambda: owner_names() == ["two"])
        objects.delete(ResourceKey("", "ConfigMap", "default", "two"))
        await _until(sandbox, lambda: objects.get(child) is None)


@pytest.mark.parametrize("policy", ["Foreground", "Orphan"])
async def test_an_owner_waits_for_or_lets_go_of_its_dependents(policy: Any) -> None:
    async with running_sandbox() as sandbox:
        objects = sandbox.objects
        owner = objects.create(_in("default", config_map("owner")))
        reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
        references = [reference | {"blockOwnerDeletion": True}]
        objects.create(_in("default", config_map("child"), ownerReferences=references))
        key, child = (ResourceKey("", "ConfigMap", "default", name) for name in ("owner", "child"))
        objects.delete(key, propagation=policy)
        assert objects.get(key) is not None
        await _until(sandbox, lambda: objects.get(key) is None)
        left = objects.get(child)
        assert (left is None) is (policy == "Foreground")
        assert left is None or not left["metadata"].get("ownerReferences")


async def test_a_namespace_goes_with_its_content_and_is_filled_when_made() -> None:
    async with running_sandbox() as sandbox:
        objects = sandbox.objects
        objects.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
        account = ResourceKey("", "ServiceAccount", "team", "default")
        await _until(sandbox, lambda: objects.get(account) is not None)
        objects.create(_in("team", deployment()))
        objects.delete(ResourceKey("", "Namespace", "", "team"))
        await _until(sandbox, lambda: objects.get(ResourceKey("", "Namespace", "", "team")) is None)
        assert objects.get(ResourceKey("apps", "Deployment", "team", "web")) is None


async def test_evictions_keep_to_the_budget() -> None:
    async with running_sandbox() as sandbox, _session(sandbox) as session:
        spec = {"containers": [{"name": "main", "image": "a:1"}]}
        metadata = {"name": "worker", "namespace": "default", "labels": {"app": "web"}}
        pod = sandbox.objects.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        sandbox.objects.update_status(pod | {"status": {"phase": "Running"}})
        budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget"}
        budget |= {"metadata": {"name": "budget", "namespace": "default"}}
        live = sandbox.objects.create(budget | {"spec": {"selector": {"matchLabels": {"app": "web"}}}})
        path = "/api/v1/namespaces/default/pods/worker/eviction"
        async with session.post(path, json={"apiVersion": "policy/v1", "kind": "Eviction"}) as answer:
            assert answer.status == 429
        sandbox.objects.update_status(live | {"status": {"disruptionsAllowed": 1}})
        async with session.post(path, json={"apiVersion": "policy/v1", "kind": "Eviction"}) as answer:
            assert answer.status == 201
        assert sandbox.objects.get(ResourceKey("", "Pod", "default", "worker")) is None


async def test_objects_survive_a_restart(tmp_path: Path) -> None:
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.contract.example.com"},
        "spec": {
            "group": "contract.example.com",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget"},
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
    async with running_sandbox(data_dir=tmp_path) as sandbox:
        sandbox.objects.create(definition)
        live = sandbox.objects.create(_in("default", widget(size=1)))
        revision = sandbox.store.revision
    async with running_sandbox(data_dir=tmp_path) as sandbox:
        assert sandbox.objects.get(ResourceKey("contract.example.com", "Widget", "default", "one")) == live
        assert sandbox.store.revision >= revision
        async with _session(sandbox) as session, session.get("/apis/contract.example.com/v1/widgets") as answer:
            assert len((await answer.json())["items"]) == 1
